"""The forms of a network for LiteRT: how large and fast each is, and what it costs in accuracy.

    python -m train forms --model DIR --recipe tiny --corpus ravdess=PATH --corpus nemo=PATH

The network that ships has heard every clip of the corpus it is judged on, so its accuracy there
says nothing about new speakers. With a recipe, the network of each fold is converted too, and
answers the speakers that it never heard.
"""

import logging
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from tqdm import tqdm

from ser_core.audio.load import load_audio
from ser_core.config.feature_config import FeatureConfig
from ser_core.emotions import LABELS
from ser_core.model.files import FORMS, LITERT_FORMS, save_content
from ser_core.model.keras_runtime import load_keras_network
from ser_core.model.litert_runtime import LiteRTRuntime
from ser_core.model.pooling import pool

from ..answers.calibration import apply_temperature
from ..answers.markdown import markdown_table
from ..answers.metrics import scores
from ..corpora import Clip, Corpus
from ..fitting.plan import Run
from ..networks.litert_files import write_litert
from . import fold_networks
from .evaluate import trained_on
from .robustness import prepare_clip

log = logging.getLogger(__name__)

WHOLE = "float32"  # the form that others are compared with
FIGURES = ("accuracy", "uar", "ece", "nll")


def measure_forms(
    model: Path, corpus: Corpus, run: Run | None = None, *, every: int = 1
) -> dict[str, Any]:
    """Measure the forms of a model, and write `forms.json` into its folder.

    A form that the folder has not is written first, from Keras' own save.

    Args:
        model: folder of a model repository.
        corpus: Corpus to answer.
        run: Run whose folds' networks are converted and judged on unseen speakers, or None.
        every: int > 0, ask only every n-th clip.

    Returns:
        JSON-ready dict: corpus, clips, trained_on_it; `forms`, a row per form with its file, bytes,
        milliseconds a window (median, one thread), accuracy, and against float32 the share of the
        clips answered alike and the largest difference of a probability; `unseen`, the same of the
        folds' networks, or None.

    Raises:
        ConfigError, ModelError: the folder holds no model; the folds' networks are not there.
    """
    config = FeatureConfig.load(model)
    write_missing(model, config)
    clips = [clip for clip in corpus.clips if clip.emotion in config.labels][::every]
    inputs = inputs_of(clips, config)
    truth = np.array([config.labels.index(clip.emotion) for clip in clips])
    answers, milliseconds = {}, {}
    for form in LITERT_FORMS:
        answers[form], milliseconds[form] = answer(
            LiteRTRuntime(model, config, form), inputs, config
        )
    sizes = {form: (model / name).stat().st_size for form, name in LITERT_FORMS.items()}
    measured = {
        "corpus": corpus.info.name,
        "clips": len(clips),
        "trained_on_it": corpus.info.name in trained_on(model),
        "forms": [
            {
                "form": row["form"],
                "file": LITERT_FORMS[row["form"]],
                "bytes": sizes[row["form"]],
                "milliseconds": milliseconds[row["form"]],
                **row,
            }
            for row in rows_of(answers, truth)
        ],
        "unseen": None if run is None else of_folds(run, every=every),
    }
    save_content(model, FORMS, measured)
    return measured


def write_missing(model: Path, config: FeatureConfig) -> None:
    """Write the forms that a model's folder does not have."""
    missing = [form for form, name in LITERT_FORMS.items() if not (model / name).is_file()]
    if missing:
        network = load_keras_network(model)
        for form in missing:
            write_litert(network, config, model, form)


def inputs_of(clips: Sequence[Clip], config: FeatureConfig) -> list[np.ndarray]:
    """Make the network's inputs of clips: arrays of shape (inputs, frames, features)."""
    bar = tqdm(clips, desc="features", unit="clip", mininterval=1.0)
    return [
        prepare_clip(load_audio(c.path, sample_rate=config.sample_rate), config).windows
        for c in bar
    ]


def answer(
    runtime: LiteRTRuntime, inputs: Sequence[np.ndarray], config: FeatureConfig
) -> tuple[np.ndarray, float]:
    """Answer clips window by window.

    Returns:
        float64 array of shape (clips, classes); and the median of the time that a window took, on
        one thread [ms].
    """
    pooled, seconds = [], []
    for windows in inputs:
        given = []
        for window in windows:
            started = time.perf_counter()
            given.append(runtime.run(window[None]).probabilities)
            seconds.append(time.perf_counter() - started)
        pooled.append(pool(np.concatenate(given), config))
    return np.stack(pooled), round(1000.0 * float(np.median(seconds)), 3)


def rows_of(answers: dict[str, np.ndarray], truth: np.ndarray) -> list[dict[str, Any]]:
    """Measure each form's answers, and compare them with those of float32.

    Args:
        answers: float arrays of shape (clips, classes), by form.
        truth: int array of shape (clips,).
    """
    whole = answers[WHOLE]
    rows = []
    for form, given in answers.items():
        figures = scores(given, truth)
        alike = (given.argmax(axis=1) == whole.argmax(axis=1)).mean()
        rows.append(
            {
                "form": form,
                **{name: figures[name] for name in FIGURES},
                "agreement": round(float(alike), 4),
                "largest_difference": round(float(np.abs(given - whole).max()), 4),
            }
        )
    return rows


def of_folds(run: Run, *, every: int = 1) -> dict[str, Any]:
    """Convert the network of every fold, and judge its forms on the speakers it never heard.

    Returns:
        JSON-ready dict: recipe, protocol, clips, and a row per form, pooled over folds.
    """
    answers: dict[str, list[np.ndarray]] = {form: [] for form in LITERT_FORMS}
    truth = []
    for fold in fold_networks.find(run):
        log.info("fold %s", fold.number)
        network = fold.load(run)
        inputs = inputs_of(fold.test[::every], fold.config)
        with tempfile.TemporaryDirectory() as folder:
            for form, of_form in answers.items():
                write_litert(network, fold.config, Path(folder), form)
                runtime = LiteRTRuntime(folder, fold.config, form)
                given = fold.among_known(answer(runtime, inputs, fold.config)[0])
                of_form.append(apply_temperature(given, fold.temperature))
        truth.append(fold.truth[::every])
        keras.utils.clear_session()
    joined = {form: np.concatenate(parts) for form, parts in answers.items()}
    return {
        "recipe": run.recipe.name,
        "protocol": run.protocol,
        "labels": list(LABELS),
        "clips": sum(map(len, truth)),
        "forms": rows_of(joined, np.concatenate(truth)),
    }


def forms_table(measured: dict[str, Any]) -> str:
    """Write what was measured as Markdown tables."""
    heard = ", which it was trained on" if measured["trained_on_it"] else ""
    text = f"The model, on {measured['clips']} clips of {measured['corpus']}{heard}:\n\n"
    text += markdown_table(
        ["form", "file", "size", "a window", "accuracy", "as float32", "largest difference"],
        [
            [
                row["form"],
                row["file"],
                f"{row['bytes'] / 1e6:.2f} MB",
                f"{row['milliseconds']:.2f} ms",
                f"{row['accuracy']:.1%}",
                f"{row['agreement']:.1%}",
                f"{row['largest_difference']:.4f}",
            ]
            for row in measured["forms"]
        ],
        text=2,
    )
    unseen = measured["unseen"]
    if unseen is None:
        return text
    text += (
        f"\nThe networks of the folds of {unseen['recipe']}, protocol {unseen['protocol']}, on "
        f"{unseen['clips']} clips:\n\n"
    )
    return text + markdown_table(
        ["form", "accuracy", "UAR", "ECE", "NLL", "as float32", "largest difference"],
        [
            [
                row["form"],
                f"{row['accuracy']:.1%}",
                f"{row['uar']:.1%}",
                f"{row['ece']:.3f}",
                f"{row['nll']:.3f}",
                f"{row['agreement']:.1%}",
                f"{row['largest_difference']:.4f}",
            ]
            for row in unseen["forms"]
        ],
    )
