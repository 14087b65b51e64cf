"""How answers hold up outside a studio: each fold's network on degraded clips of its own speakers.

    python -m train robustness --recipe tiny --corpus ravdess=PATH --corpus nemo=PATH

Every clip is decoded, degraded, and then takes the way of the recognizer: speech gate, features,
network, pooled windows (or spans, of a network that gives its encoder's frames), the fold's
temperature. Where the gate finds no speech the app would not
answer; the row says how often it would, and its other figures are of all clips, so that conditions
compare. A fold's answers are kept as it ends, and a run that was stopped goes on at the next one.
"""

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from tqdm import tqdm

from ser_core.audio.load import load_audio
from ser_core.errors import ConfigError
from ser_core.model.files import ROBUSTNESS, save_content
from ser_core.speech.gate import WEIGHTS_FILE

from ..answers import out_of_fold
from ..answers.calibration import apply_temperature
from ..answers.markdown import markdown_table
from ..answers.metrics import accuracy_interval, intensity_auc, scores
from ..answers.sampling_units import name_voices
from ..corpora import Clip
from ..data import degradations, feature_cache
from ..data.processes import run_in_processes
from ..data.storage import read_arrays, read_finished, write_arrays
from ..fitting import inference
from ..fitting.loop import deterministic
from ..fitting.plan import Run, name_of
from ..fitting.summaries import encoder_file
from . import fold_networks
from .clip_inputs import ClipInputs, answering_part, prepare_clip, prepare_whole
from .conditions import CONDITIONS, degrade, generator
from .fold_networks import FoldNetwork

TALKER_CLIPS = 120  # training clips that babble is made of, spread over a fold's speakers
SAME = 0.01  # of a probability: what another machine's rounding leaves


@dataclass(frozen=True)
class Measured:
    """A fold's answers under every condition.

    Attributes:
        files: of the clips that were asked.
        speakers: of these clips.
        truth: int array of shape (clips,), index into the run's labels.
        probabilities: float array of shape (conditions, clips, classes), calibrated.
        answered: bool array of shape (conditions, clips), whether the gate found speech.
        strong: float array of shape (clips,): 1 strongly expressed, 0 not, -1 where nobody said.
        intensity: float array of shape (conditions, clips) in [0, 1]; NaN where the network tells
            none.
    """

    files: np.ndarray
    speakers: np.ndarray
    truth: np.ndarray
    probabilities: np.ndarray
    answered: np.ndarray
    strong: np.ndarray
    intensity: np.ndarray


def talkers_of(fold: FoldNetwork) -> list[np.ndarray]:
    """Read the training clips that a fold's babble is made of: never those of a test speaker."""
    spread = np.linspace(0, len(fold.train) - 1, min(TALKER_CLIPS, len(fold.train))).astype(int)
    rate = fold.config.sample_rate
    return [load_audio(fold.train[i].path, sample_rate=rate) for i in spread]


def answer(
    network: keras.Model, heard: Sequence[ClipInputs], fold: FoldNetwork
) -> tuple[np.ndarray, np.ndarray | None]:  # (clips, classes), (clips,)
    """Answer clips as the fold did, before any temperature; see `inference.answer`.

    The network is what `answering_part` gives.
    """
    probabilities, intensity = inference.answer(network, heard, fold.config)
    return fold.among_known(probabilities), intensity


def check_network(
    network: keras.Model,
    fold: FoldNetwork,
    run: Run,
    clips: Sequence[Clip],
    sounds: Sequence[np.ndarray],
    encoder: Path | None,
) -> None:
    """Raise ConfigError unless the network gives the answers that its fold wrote down."""
    written = out_of_fold.read_answers(run.results / "folds" / f"fold_{fold.number}.csv")
    places = [written.files.index(clip.file) for clip in clips]
    again, _ = answer(network, [prepare_whole(one, fold.config, encoder) for one in sounds], fold)
    difference = float(np.abs(again - written.probabilities[places]).max())
    if not difference <= SAME:
        raise ConfigError(
            f"{fold.weights} gives other answers than fold {fold.number} wrote down (by "
            f"{difference:.2g} in probability): the network or its features were changed since; "
            f"move {run.results} away and run fit again."
        )


def measure_fold(run: Run, fold: FoldNetwork, every: int, file: Path) -> None:
    """Let a fold's network answer its test clips under every condition, in a process of its own."""
    deterministic(threads=1)
    config = fold.config
    whole = fold.load(run)
    network = answering_part(whole, config)
    encoder = None if run.recipe.heads is None else encoder_file(run, whole)
    clips = fold.test[::every]
    sounds = [load_audio(clip.path, sample_rate=config.sample_rate) for clip in clips]
    check_network(network, fold, run, clips, sounds, encoder)
    talkers = talkers_of(fold)
    probabilities, answered, intensity = [], [], []
    for condition in tqdm(CONDITIONS, desc=name_of(fold.number), unit="condition"):
        heard = []
        for clip, samples in zip(clips, sounds, strict=True):
            rng = generator(condition.kind, clip.file)
            changed = degrade(samples, condition, config.sample_rate, talkers, rng)
            heard.append(prepare_clip(changed, config, encoder))
        given, strengths = answer(network, heard, fold)
        probabilities.append(apply_temperature(given, fold.temperature))
        intensity.append(np.full(len(clips), np.nan) if strengths is None else strengths)
        answered.append([one.answered for one in heard])
    arrays = {
        "files": [clip.file for clip in clips],
        "speakers": [clip.speaker for clip in clips],
        "truth": fold.truth[::every],
        "probabilities": probabilities,
        "answered": answered,
        "strong": feature_cache.intensity_targets(clips),
        "intensity": intensity,
    }
    write_arrays(file, arrays)


def file_of(run: Run, fold: FoldNetwork, every: int) -> Path:
    """Say where a fold's answers are kept; another network, degradation or gate has another."""
    fields = [field.name for field in dataclasses.fields(Measured)]
    parts = [fold.weights.name, f"{fold.temperature:g}", str(every), *map(str, CONDITIONS), *fields]
    digest = hashlib.sha256(json.dumps(parts).encode())
    digest.update(Path(degradations.__file__).read_bytes())
    digest.update(WEIGHTS_FILE.read_bytes())
    return run.work / f"robustness_{fold.number}-{digest.hexdigest()[:16]}.npz"


def measure_robustness(
    run: Run, *, folds: tuple[int, ...] = (), jobs: int = 1, every: int = 1
) -> dict[str, Any]:
    """Measure a run's folds under every condition, several folds at a time.

    Args:
        run: Run whose folds are finished, and whose weights are kept.
        folds: numbers of the folds, all of them if empty.
        jobs: int > 0, folds measured at a time, one core each.
        every: int > 0, ask only every n-th test clip.

    Returns:
        JSON-ready dict with a row per condition; also written into the results when it is of all
        folds.

    Raises:
        ConfigError: as `fold_networks.find`, or a network does not give its fold's answers.
    """
    found = fold_networks.find(run, folds)
    files = {fold.number: file_of(run, fold, every) for fold in found}
    pending = [f for f in found if read_finished(files[f.number], read_measured) is None]
    calls = [(run, fold, every, files[fold.number]) for fold in pending]
    names = [name_of(fold.number) for fold in pending]
    run_in_processes(measure_fold, calls, jobs=jobs, names=names, fresh=True)
    measured = summarise([read_measured(file) for file in files.values()]) | {
        "recipe": run.recipe.name,
        "protocol": run.protocol,
        "labels": list(run.labels),
        "folds": list(files),
        "every": every,
    }
    if len(files) == len(run.folds):
        save_content(run.results, ROBUSTNESS, measured)
    return measured


def write_robustness(measured: dict[str, Any], model: Path) -> None:
    """Put what was measured into a model's folder, for its card."""
    save_content(model, ROBUSTNESS, measured)


def read_measured(file: Path) -> Measured:
    """Read a fold's answers."""
    return Measured(**read_arrays(file))


def summarise(folds: Sequence[Measured]) -> dict[str, Any]:
    """Pool the folds, and measure each condition.

    Returns:
        `clips`, `talkers` in babble, `direct_to_reverberant` [dB], and `rows`: condition, kind,
        level, unit, the figures of `metrics.scores`, accuracy_interval, mean confidence, answered
        (share of the clips in which the gate found speech), change [points] of the accuracy
        against clean, and intensity_auc of strong expression against normal, None where the
        networks tell no intensity.
    """
    truth = np.concatenate([fold.truth for fold in folds])
    voices = np.concatenate(
        [name_voices(fold.speakers.tolist(), fold.files.tolist()) for fold in folds]
    )
    probabilities = np.concatenate([fold.probabilities for fold in folds], axis=1)
    answered = np.concatenate([fold.answered for fold in folds], axis=1)
    strong = np.concatenate([fold.strong for fold in folds])
    intensity = np.concatenate([fold.intensity for fold in folds], axis=1)
    rows: list[dict[str, Any]] = []
    for condition, given, heard, strengths in zip(
        CONDITIONS, probabilities, answered, intensity, strict=True
    ):
        figures = scores(given, truth)
        correct = given.argmax(axis=1) == truth
        clean = rows[0]["accuracy"] if rows else figures["accuracy"]
        rows.append(
            {
                "condition": str(condition),
                "kind": condition.kind,
                "level": condition.level,
                "unit": condition.unit,
                **figures,
                "accuracy_interval": list(accuracy_interval(correct, voices)),
                "confidence": round(float(given.max(axis=1).mean()), 4),
                "answered": round(float(heard.mean()), 4),
                "change": round(100.0 * (figures["accuracy"] - clean), 1),
                "intensity_auc": intensity_auc(strong, strengths),
            }
        )
    return {
        "clips": len(truth),
        "talkers": degradations.TALKERS,
        "direct_to_reverberant": degradations.DIRECT_TO_REVERBERANT,
        "rows": rows,
    }


def robustness_table(measured: dict[str, Any]) -> str:
    """Write what was measured as a Markdown table."""
    cells = []
    for row in measured["rows"]:
        auc = row["intensity_auc"]
        cells.append(
            [
                row["condition"],
                f"{row['accuracy']:.1%}",
                f"{row['change']:+.1f}",
                f"{row['uar']:.1%}",
                f"{row['ece']:.3f}",
                f"{row['nll']:.3f}",
                f"{row['confidence']:.1%}",
                f"{row['answered']:.1%}",
                "" if auc is None else f"{auc:.3f}",
            ]
        )
    head = ["condition", "accuracy", "change", "UAR", "ECE", "NLL", "mean confidence"]
    return markdown_table([*head, "app answers", "intensity, AUC"], cells)
