"""The forms of a network for LiteRT: how large and fast each is, and what it costs in accuracy.

    python -m train forms --model DIR --recipe tiny --corpus ravdess=PATH --corpus nemo=PATH

The network that ships has heard every clip of the corpus it is judged on, so its accuracy there
says nothing about new speakers. With a recipe, the network of each fold is converted too, and
answers the speakers that it never heard.

A network that gives its encoder's frames is large, and ships in the forms that it was written in:
no other is written, and what it is compared with is Keras' own save where float32 is not there.
"""

import logging
import os
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import keras
import numpy as np
from tqdm import tqdm

from ser_core.audio.load import load_audio
from ser_core.config.feature_config import FeatureConfig
from ser_core.config.whole_files import settle, temporary_folder
from ser_core.model.files import CHECK, FORMS, LITERT_FORMS, files_in, save_content
from ser_core.model.keras_runtime import KerasRuntime, load_keras_network
from ser_core.model.litert_runtime import LiteRTRuntime
from ser_core.model.pooling import Answers, pool
from ser_core.model.predictor import Predictor
from ser_core.model.runtime import Runtime
from ser_core.timeline.spans import Span, answer_spans

from ..answers.calibration import apply_temperature
from ..answers.markdown import markdown_table
from ..answers.metrics import scores
from ..corpora import Clip, Corpus
from ..fitting.plan import Run
from ..networks.export import write_check
from ..networks.litert_files import write_litert
from . import fold_networks
from .clip_inputs import prepare_clip, prepare_spans
from .evaluate import trained_on

log = logging.getLogger(__name__)

Result = TypeVar("Result")

WHOLE = "float32"  # the form that others are compared with
SHIPPED = "int8"  # that of networks that give their encoder's frames
FIGURES = ("accuracy", "uar", "ece", "nll")


def measure_forms(
    model: Path, corpus: Corpus, run: Run | None = None, *, every: int = 1
) -> dict[str, Any]:
    """Measure the forms of a model, and write `forms.json` into its folder.

    A form that the folder has not is written first, from Keras' own save, but for networks that
    give their encoder's frames.

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
    if config.outputs.frames is None:
        write_missing(model, config)
    forms = [form for form, name in LITERT_FORMS.items() if (model / name).is_file()]
    clips = [clip for clip in corpus.clips if clip.emotion in config.labels][::every]
    asked = questions_of(clips, config)
    truth = np.array([config.labels.index(clip.emotion) for clip in clips])
    answers, milliseconds = {}, {}
    if WHOLE not in forms:
        answers[WHOLE], _ = answer(KerasRuntime(model, config), asked, config)
    for form in forms:
        answers[form], milliseconds[form] = answer(
            LiteRTRuntime(model, config, form), asked, config
        )
    sizes = {form: (model / LITERT_FORMS[form]).stat().st_size for form in forms}
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
            if row["form"] in forms
        ],
        "unseen": None if run is None else of_folds(run, every=every),
    }
    save_content(model, FORMS, measured)
    return measured


def write_missing(model: Path, config: FeatureConfig) -> None:
    """Write the forms that a model's folder does not have, and what all of them answer.

    The folder is a model that loads at every moment: `check.json` may say what a form answers that
    is not there yet, and a form that it does not know would be refused.
    """
    missing = [form for form, name in LITERT_FORMS.items() if not (model / name).is_file()]
    if not missing:
        return
    network = load_keras_network(model)
    with temporary_folder(model) as staging:
        for name in files_in(model):
            shutil.copyfile(model / name, staging / name)
        for form in missing:
            write_litert(network, config, staging, form)
        write_check(staging)
        for name in (CHECK, *(LITERT_FORMS[form] for form in missing)):
            settle(staging / name)
            os.replace(staging / name, model / name)
    settle(model)


Question = np.ndarray | list[Span]
"""What a clip is asked as: arrays of shape (inputs, frames, features); or spans, of a network that
gives its encoder's frames."""


def questions_of(clips: Sequence[Clip], config: FeatureConfig) -> list[Question]:
    """Make what a network is asked about clips."""
    asked: list[Question] = []
    for clip in tqdm(clips, desc="features", unit="clip", mininterval=1.0):
        samples = load_audio(clip.path, sample_rate=config.sample_rate)
        if config.outputs.frames is None:
            asked.append(prepare_clip(samples, config).windows)
        else:
            asked.append(prepare_spans(samples, config)[0])
    return asked


def answer(
    runtime: Runtime, asked: Sequence[Question], config: FeatureConfig
) -> tuple[np.ndarray, float]:
    """Answer clips window by window.

    Returns:
        float64 array of shape (clips, classes); and the median of the time that a window took, on
        one thread [ms].
    """
    timed = TimedRuntime(runtime)
    predictor = Predictor(config, timed)
    answers = [
        timed.run(one) if isinstance(one, np.ndarray) else answer_spans(predictor, one)
        for one in asked
    ]
    pooled = np.stack([pool(one.probabilities, config) for one in answers])
    return pooled, round(1000.0 * float(np.median(timed.seconds)), 3)


class TimedRuntime:
    """A runtime that takes one window after the other, and notes how long each took.

    Attributes:
        seconds: floats [s], of each window.
    """

    def __init__(self, runtime: Runtime) -> None:
        self.runtime, self.name = runtime, runtime.name
        self.embedding_size = runtime.embedding_size
        self.seconds: list[float] = []

    def run(self, windows: np.ndarray) -> Answers:
        """See `Runtime.run`; intensities and distances are left away."""
        given = [self._time(self.runtime.run, one).probabilities for one in windows]
        return Answers(np.concatenate(given), None)

    def encode(self, inputs: np.ndarray) -> np.ndarray:
        """See `Runtime.encode`."""
        return np.concatenate([self._time(self.runtime.encode, one) for one in inputs])

    def answer(self, summaries: np.ndarray) -> Answers:
        """See `Runtime.answer`."""
        return self.runtime.answer(summaries)

    def _time(self, work: Callable[[np.ndarray], Result], window: np.ndarray) -> Result:
        started = time.perf_counter()
        result = work(window[None])
        self.seconds.append(time.perf_counter() - started)
        return result


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
    forms = tuple(LITERT_FORMS) if run.recipe.heads is None else (SHIPPED,)
    answers: dict[str, list[np.ndarray]] = {form: [] for form in dict.fromkeys((WHOLE, *forms))}
    truth = []
    for fold in fold_networks.find(run):
        log.info("fold %s", fold.number)
        network = fold.load(run)
        asked = questions_of(fold.test[::every], fold.config)
        with temporary_folder() as folder:
            for form, of_form in answers.items():
                runtime = convert(network, fold.config, folder, form if form in forms else None)
                given = fold.among_known(answer(runtime, asked, fold.config)[0])
                of_form.append(apply_temperature(given, fold.temperature))
        truth.append(fold.truth[::every])
        keras.utils.clear_session()
    joined = {form: np.concatenate(parts) for form, parts in answers.items()}
    return {
        "recipe": run.recipe.name,
        "protocol": run.protocol,
        "labels": list(run.labels),
        "clips": sum(map(len, truth)),
        "forms": rows_of(joined, np.concatenate(truth)),
    }


def convert(network: keras.Model, config: FeatureConfig, folder: Path, form: str | None) -> Runtime:
    """Write a network in a form, or as Keras does where it is None, and load it."""
    if form is None:
        network.save(folder, zipped=False)
        return KerasRuntime(folder, config)
    write_litert(network, config, folder, form)
    return LiteRTRuntime(folder, config, form)


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
