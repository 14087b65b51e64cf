"""The recipe with heads, and the corpora it learns from, as small as a test wants them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from ser_core.config.emotions import LABELS
from tests.support.commands import run_train
from tests.support.shared import keep
from tests.support.tiny_encoder import BANDS, DEPTH, HEADS, WIDTH
from tests.support.tiny_whisper import as_safetensors, tiny_whisper
from train import recipe as recipes
from train.corpora import Clip, Corpus, load, nemo, ravdess_song
from train.fitting.heads import Learnt
from train.fitting.plan import Run, make_run

SHAPE = {"width": WIDTH, "heads": HEADS, "depth": DEPTH, "kept": (1, 2), "units": 16}
SHAPE |= {"components": 8, "centres": 16, "statistics": ("mean", "slope", "max")}
SUMMARY_WIDTH = 3 * len(SHAPE["kept"]) * WIDTH
TINY_HEADS = [
    f"features.blocks=[{{name='log_mel', n_fft=400, hop_length=160, n_mels={BANDS}, fmin=0.0}}]",
    "features.window=1.0",
    "features.hop=0.5",
    f"network.parameters={{width={WIDTH}, heads={HEADS}, depth={DEPTH}, kept=[1, 2], units=16, "
    "components=8, centres=16, intensity=true, statistics=['mean', 'slope', 'max']}",
    "heads.corpora=['ravdess_song', 'nemo']",
    "heads.copies={ravdess=1, nemo=1}",
    "heads.wide={ravdess=1}",
    "heads.hidden.components=32",
    "heads.validation_speakers=1",
    "heads.linear.strength=0.1",
    "training.steps=100",
    "training.warmup=2",
    "training.learning_rate=0.005",
    "training.batch_size=16",
]
TUNING = (
    "tuning={layers=[2], rank=2, steps=6, batch_size=8, learning_rate=0.05, warmup=1, "
    "weight_decay=0.0, average=0.5, adversary=0.1, precision='mixed_bfloat16'}"
)
CORPORA = ("ravdess", "ravdess_song", "nemo", "voices")
RATE = 16_000


def buzz(emotion: str, speaker: int, take: int, seconds: float = 0.7) -> np.ndarray:
    """A sound whose pitch says the emotion and whose timbre says the speaker."""
    rng = np.random.default_rng([LABELS.index(emotion), speaker, take])
    time = np.arange(round(seconds * RATE)) / RATE
    pitch = 80.0 + 35.0 * LABELS.index(emotion) + 2.0 * take
    tones = (np.sin(2 * np.pi * pitch * k * time) / k ** (1 + speaker % 3) for k in range(1, 12))
    return 0.1 * sum(tones) + 0.001 * rng.standard_normal(len(time))


def write_acted(root: Path, channel: str, labels: Sequence[str], actors: Sequence[int]) -> Path:
    """Write clips under RAVDESS' names: "01" of speech, "02" of song; two strengths."""
    for actor in actors:
        folder = root / f"Actor_{actor:02d}"
        folder.mkdir(parents=True)
        for emotion in labels:
            for strength in (1,) if emotion == "neutral" else (1, 2):
                code = LABELS.index(emotion) + 1
                name = f"03-{channel}-{code:02d}-{strength:02d}-01-01-{actor:02d}.wav"
                seconds = 0.7 if channel == "01" else 0.8
                soundfile.write(folder / name, buzz(emotion, actor, strength, seconds), RATE)
    return root


def write_nemo(root: Path, speakers: Sequence[str] = ("AB0", "CD1")) -> Path:
    """Write clips under nEMO's names, each emotion once a speaker."""
    (root / "samples").mkdir(parents=True)
    lines = ["\t".join(nemo.COLUMNS)]
    for number, speaker in enumerate(speakers):
        for label, emotion in nemo.EMOTIONS.items():
            name = f"{speaker}_{label}_1"
            sound = buzz(emotion, 50 + number, 0, 0.9)
            soundfile.write(root / "samples" / f"{name}.wav", sound, RATE)
            gender = "female" if number % 2 else "male"
            lines.append("\t".join([f"{name}.wav", label, "tak", speaker, gender]))
    (root / "data.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


def write_voices(root: Path, languages: Sequence[str] = ("da", "uk")) -> Path:
    """Write two words each of some voices, as a package of Debian has them."""
    for number, language in enumerate(languages):
        folder = root / "klettres-data" / "usr" / "share" / "klettres" / language / "alpha"
        folder.mkdir(parents=True)
        for take in range(2):
            soundfile.write(folder / f"{take}.wav", buzz("neutral", 70 + number, take), RATE)
    return root


def write_corpora(folder: Path, actors: Sequence[int] = (1, 2, 3, 4)) -> None:
    """Fill a folder with speech and song of the same actors, nEMO, and ordinary voices."""
    write_acted(folder / "ravdess", "01", LABELS, actors)
    write_acted(folder / "ravdess_song", "02", ravdess_song.INFO.labels, actors)
    write_nemo(folder / "nemo")
    write_voices(folder / "voices")


def encoder_location() -> str:
    """Where a tiny Whisper is, the same for all: what is cached is of a location."""
    return str(keep("tiny Whisper", write_encoder) / "tiny.safetensors")


def write_encoder(folder: Path) -> None:
    folder.mkdir()
    (folder / "tiny.safetensors").write_bytes(as_safetensors(tiny_whisper(), "F16"))


def heads_run(folder: Path, *overrides: str, protocol: str = "speaker") -> Run:
    """A run of the recipe on what `write_corpora` wrote; all it keeps is in the folder."""
    recipe = recipes.load("default", [*TINY_HEADS, *overrides])
    names = ("ravdess", "nemo", "voices") if protocol == "corpus" else CORPORA
    corpora = {name: load(name, folder / name) for name in names}
    folders = {"results": folder / "results", "work": folder / "work"}
    cache = folder / "cache" / "features"
    where = encoder_location()
    return make_run(recipe, protocol, corpora, **folders, cache=cache, encoder=where)


def command_words(folder: Path, *names: str) -> list[str]:
    """Options of a command that works on what `write_corpora` wrote."""
    words = ["--recipe", "default", "--encoder", encoder_location()]
    words += ["--work", folder / "work", "--cache", folder / "cache" / "features"]
    for name in names or CORPORA:
        words += ["--corpus", f"{name}={folder / name}"]
    for value in TINY_HEADS:
        words += ["--set", value]
    return [str(word) for word in words]


def fitted_folder() -> Path:
    """A folder in which a whole fit of the recipe has run; nobody may change it."""
    return keep("fit of heads", fit_whole)


def fit_whole(folder: Path) -> None:
    """Run a whole fit of the recipe in a folder: every fold, and the model that ships."""
    write_corpora(folder)
    words = ["fit", *command_words(folder), "--results", folder / "results", "--jobs", "1"]
    done = run_train(*words, "--out", folder / "model")
    assert done.returncode == 0, done.stderr[-3000:]


def toy(
    info, labels: Sequence[str], speakers: Sequence[str], *, copies: int = 0, takes: int = 3
) -> Learnt:
    """Clips without files, whose summaries say the emotion, a little of who speaks, and strength.

    The first eight values say the emotion, the ninth the strength; the rest is noise.
    """
    rng = np.random.default_rng(len(info.name) + len(speakers))
    clips, summaries = [], []
    for speaker in speakers:
        offset = rng.normal(0, 0.3, SUMMARY_WIDTH)
        for label in labels:
            for take in range(takes):
                name = f"{info.name}-{speaker}-{label}-{take}.wav"
                strength = "strong" if take % 2 else "normal"
                gender = "male" if int(speaker, 36) % 2 else "female"
                where = Path("nowhere") / name
                one = Clip(where, name, info.name, label, speaker, gender, intensity=strength)
                row = offset + rng.normal(0, 0.2, SUMMARY_WIDTH)
                row[LABELS.index(label)] += 3.0
                row[8] += 2.0 * (take % 2)
                versions = {"original": row.astype(np.float32)}
                for copy in range(1, copies + 1):
                    changed = row + rng.normal(0, 0.1, SUMMARY_WIDTH)
                    versions[f"degraded {copy}"] = changed.astype(np.float32)
                clips.append(one)
                summaries.append(versions)
    return Learnt(Corpus(info, tuple(clips)), clips, summaries)
