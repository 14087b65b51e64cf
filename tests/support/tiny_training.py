"""A training as people run it, as small as a test wants it: a corpus of buzzes, a few steps."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from tests.support.commands import run_train
from tests.support.shared import keep

ROOT = Path(__file__).parents[2]
# TensorFlow 2.21's oneDNN crashes on convolutions of eight channels or fewer, hence sixteen.
SMALL = [
    "training.steps=2",
    "training.warmup=1",
    "training.batch_size=8",
    "network.parameters.stem=16",
    # One block, as most of the time goes into describing the network to TensorFlow.
    "network.parameters.channels=[16]",
    "network.parameters.squeeze_ratio=2",
    "augmentation.speeds=[1.0]",
]


def make_corpus(root: Path, actors: tuple[int, ...] = (1, 2, 3)) -> Path:
    """Eight emotions of some actors, as buzzes whose pitch says the emotion."""
    rng = np.random.default_rng(0)
    time = np.arange(12_000) / 16_000
    for actor in actors:
        folder = root / f"Actor_{actor:02d}"
        folder.mkdir(parents=True)
        for code in range(1, 9):
            buzz = sum(np.sin(2 * np.pi * (80 + 30 * code) * k * time) / k for k in range(1, 12))
            sound = 0.1 * buzz + 0.001 * rng.standard_normal(len(time))
            file = folder / f"03-01-{code:02d}-01-01-01-{actor:02d}.wav"
            soundfile.write(file, sound, 16_000)
    return root


def recipe_without_pretraining(folder: Path) -> Path:
    """The recipe tiny as a file of its own, less its first phase."""
    text = (ROOT / "train" / "recipes" / "tiny.toml").read_text(encoding="utf-8")
    before, rest = text.split("[pretraining]")
    path = folder / "small.toml"
    path.write_text(before + rest[rest.index("[training]") :], encoding="utf-8")
    return path


def fit_words(folder: Path) -> list[str]:
    """The command and its options, such that results, work and model go into `folder`."""
    words = ["fit", "--corpus", f"ravdess={folder / 'corpus'}"]
    words += ["--recipe", str(folder / "small.toml"), "--jobs", "2"]
    for part in ("results", "work", "cache"):
        words += [f"--{part}", str(folder / part)]
    words += ["--out", str(folder / "model")]
    for value in SMALL:
        words += ["--set", value]
    return words


def run_fit(
    folder: Path, *more: str, check: bool = True, run: Callable = run_train
) -> subprocess.CompletedProcess:
    """Run the command as a person does."""
    done = run(*fit_words(folder), *more)
    assert not check or done.returncode == 0, done.stderr[-3000:]
    return done


def fitted_whole() -> Path:
    """A folder in which a whole fit has run; nobody may change it."""
    return keep("fit", fit_whole)


def fit_whole(folder: Path) -> None:
    """Run a whole fit in a folder."""
    make_corpus(folder / "corpus")
    recipe_without_pretraining(folder)
    done = run_fit(folder)
    assert "loss=" in done.stderr  # the progress bar
