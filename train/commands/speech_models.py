"""The commands about speech and voices: python -m train speech-gate, diarisation, calls."""

from pathlib import Path
from typing import Annotated

import typer

from ..corpora import Layout
from .options import LAYOUT, CorpusOption, load_corpora, require_speakers, with_layout

app = typer.Typer()


@app.command("speech-gate")
def speech_gate(
    ravdess: Annotated[Path, typer.Option(help="Folder of RAVDESS, with Actor_NN folders.")],
    nemo: Annotated[Path, typer.Option(help="Folder of nEMO, with a samples folder.")],
    emospeech: Annotated[Path, typer.Option(help="Folder of EmoSpeech, with metadata.csv.")],
    recordings: Annotated[
        Path, typer.Option(help="Folder of the Debian packages in train/speech/sound_packages.py.")
    ],
    emovo: Annotated[Path | None, typer.Option(help="Folder of EMOVO, to test with.")] = None,
    examples: Annotated[
        int, typer.Option(min=1, help="Training examples with speech, and as many without.")
    ] = 12_000,
    epochs: Annotated[int, typer.Option(min=1)] = 24,
    channels: Annotated[int, typer.Option(min=1)] = 60,
    seed: Annotated[int, typer.Option(help="Seed of the examples.")] = 5,
    evaluate_only: Annotated[
        bool, typer.Option("--evaluate-only", help="Measure the stored weights.")
    ] = False,
) -> None:
    """Train the speech gate, choose its thresholds, and write train/results/speech_gate."""
    from ..speech import gate_training

    settings = gate_training.GateTraining(examples, epochs, channels, seed)
    corpora = {"ravdess": ravdess, "nemo": nemo, "emospeech": emospeech, "emovo": emovo}
    report = gate_training.train_gate(corpora, recordings, settings, evaluate_only=evaluate_only)
    print(f"wrote {report}")


@app.command()
@with_layout
def diarisation(
    corpus: CorpusOption,
    evaluate_only: Annotated[
        bool, typer.Option("--evaluate-only", help="Measure the stored map.")
    ] = False,
    layout: Layout = LAYOUT,
) -> None:
    """Learn what distinguishes voices, choose how to cluster them; write train/results/speakers."""
    corpora = load_corpora(corpus, layout)
    require_speakers(corpora)
    from ..speech import diarisation as learning

    print(f"wrote {learning.train_diarisation(corpora, evaluate_only=evaluate_only)}")


@app.command()
@with_layout
def calls(corpus: CorpusOption, layout: Layout = LAYOUT) -> None:
    """Count the seconds that go to the wrong side of calls; write train/results/speakers."""
    corpora = load_corpora(corpus, layout)
    require_speakers(corpora)
    from ..speech import calls as measuring

    print(f"wrote {measuring.measure_calls(corpora)}")
