"""What a model repository says about itself, read for the page.

The app has only the repository's folder: nothing here knows how training works. A repository may
come from anyone, so its files are validated, and one that is missing or not in the expected form
becomes a sentence for the page instead of an error.
"""

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import Field, model_validator

from ..config.schema import validated
from ..errors import ConfigError
from ..model.files import COMPARISON, DATASET, FORMS, METRICS, NETWORK, RECIPE, ROBUSTNESS
from ..model.records import (
    AdaptationGains,
    Audit,
    Fairness,
    Forms,
    IntensityScores,
    Robustness,
    Scores,
    Shown,
)
from .look import text
from .tabs.architecture import Architecture


class ClassScores(Shown):
    """Scores of one emotion, each in [0, 1], and how many clips of it there were."""

    precision: float
    recall: float
    f1: float
    clips: int


class CalibrationBin(Shown):
    """Answers of similar confidence: how many, how sure on average, how often right."""

    count: int
    confidence: float
    accuracy: float


class Abstention(Shown):
    """What the threshold below which the model is "not sure" does to the measured answers."""

    uncertain_below: float
    answered: float
    answered_accuracy: float


class Metrics(Shown):
    """`metrics.json`: what was measured, on which protocol, with which data.

    Attributes:
        accuracy, uar, macro_f1, top3_accuracy: floats in [0, 1].
        accuracy_interval: (low, high), 95 % interval.
        ece: float in [0, 1], expected calibration error.
        nll: float [nats], negative log-likelihood.
        confusion_matrix: counts, one row per true emotion, one column per answer.
        selective_accuracy: accuracy on the surest share of the answers, by share.
        by_speaker: accuracy by speaker.
        parameters: int, numbers in the network that training sets.
        mean, std: Scores over the folds.
        audit: Audit, whether training knew anything of the test.
        adaptation: AdaptationGains, what adapting to a voice gains.
        fairness: Fairness, by gender and by speaker.
        intensity: IntensityScores, of the network's second output.
    """

    recipe: str = ""
    protocol: str
    corpus: str
    clips: int
    speakers: int
    labels: tuple[str, ...]
    accuracy: float
    accuracy_interval: tuple[float, float] | None = None
    uar: float
    macro_f1: float
    top3_accuracy: float
    ece: float
    nll: float
    per_class: dict[str, ClassScores]
    confusion_matrix: tuple[tuple[int, ...], ...]
    calibration_bins: tuple[CalibrationBin, ...] = ()
    selective_accuracy: dict[str, float] = Field(default_factory=dict)
    by_speaker: dict[str, float] = Field(default_factory=dict)
    calibration: Abstention | None = None
    parameters: int | None = None
    mean: Scores | None = None
    std: Scores | None = None
    audit: Audit | None = None
    adaptation: AdaptationGains | None = None
    fairness: Fairness | None = None
    intensity: IntensityScores | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        count = len(self.labels)
        rows = self.confusion_matrix
        if len(rows) != count or any(len(row) != count for row in rows):
            raise ValueError(f"confusion_matrix must have {count} rows of {count} numbers")
        missing = [label for label in self.labels if label not in self.per_class]
        if missing:
            raise ValueError(f"per_class lacks {missing[0]}")
        return self


class Seconds(Shown):
    """Lengths of the recordings [s], and a histogram of them: one more edge than counts."""

    shortest: float
    median: float
    longest: float
    histogram_edges: tuple[float, ...]
    histogram_counts: tuple[int, ...]

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(self.histogram_edges) != len(self.histogram_counts) + 1:
            raise ValueError("histogram_edges must be one more than histogram_counts")
        return self


class Corpus(Shown):
    """One corpus of recordings and what it was used for.

    Attributes:
        by_emotion: clips by emotion.
        by_emotion_and_gender: clips by emotion, then by the speaker's gender.
        speakers_by_gender: speakers by gender.
        by_speaker: clips by speaker.
    """

    name: str
    title: str
    role: str = ""
    language: str = ""
    licence: str = ""
    citation: str = ""
    clips: int
    hours: float
    by_emotion: dict[str, int]
    by_emotion_and_gender: dict[str, dict[str, int]] = Field(default_factory=dict)
    speakers_by_gender: dict[str, int] = Field(default_factory=dict)
    by_speaker: dict[str, int] = Field(default_factory=dict)
    seconds: Seconds | None = None


class Dataset(Shown):
    """`dataset.json`: what the model was trained on."""

    labels: tuple[str, ...]
    corpora: tuple[Corpus, ...] = Field(min_length=1)


class Compared(Shown):
    """One row of `comparison.json`: a recipe under a protocol.

    Attributes:
        accuracy_mean, accuracy_std, uar_mean: floats in [0, 1], over the folds.
        folds: int, how many there are; None where that is not told.
        epochs: float, passes over the training clips.
        published_claim: what the system's authors say, where it is a published one.
    """

    recipe: str
    protocol: str
    corpus: str
    accuracy_mean: float
    accuracy_std: float
    uar_mean: float
    ece: float
    epochs: float
    folds: int | None = None
    published_claim: str = ""


class Comparison(Shown):
    """`comparison.json`: the reference systems under each protocol."""

    rows: tuple[Compared, ...]


Record = TypeVar("Record", bound=Shown)


@dataclass(frozen=True)
class Repository:
    """The files of a model repository that the page shows; None for one that cannot be shown.

    Attributes:
        metrics: Metrics of `metrics.json`.
        dataset: Dataset of `dataset.json`.
        recipe: dict of `recipe.toml`.
        architecture: Architecture of Keras' `config.json`.
        comparison: Comparison of `comparison.json`, which is optional.
        robustness: Robustness of `robustness.json`, which is optional.
        forms: Forms of `forms.json`, which is optional.
        faults: why a file is None, in one sentence each, by file name.
    """

    metrics: Metrics | None
    dataset: Dataset | None
    recipe: dict[str, Any] | None
    architecture: Architecture | None
    comparison: Comparison | None
    robustness: Robustness | None
    forms: Forms | None
    faults: dict[str, str]

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read what there is in a folder; raises nothing for what is missing or malformed."""
        faults: dict[str, str] = {}

        def read(name: str, parse: Any) -> Any:
            try:
                return parse((directory / name).read_text(encoding="utf-8"))
            except FileNotFoundError:
                faults[name] = text.FILE_MISSING.format(name=name)
            except OSError as error:
                faults[name] = text.FILE_UNREADABLE.format(name=name, reason=error.strerror)
            except ValueError as error:
                # Covers broken JSON and TOML, wrong encoding and ConfigError alike.
                faults[name] = text.FILE_UNREADABLE.format(name=name, reason=error)
            return None

        return cls(
            metrics=read(METRICS, lambda content: _record(Metrics, content, METRICS)),
            dataset=read(DATASET, lambda content: _record(Dataset, content, DATASET)),
            recipe=read(RECIPE, tomllib.loads),
            architecture=read(NETWORK, Architecture.from_json),
            comparison=read(
                COMPARISON,
                lambda content: validated(Comparison, {"rows": json.loads(content)}, COMPARISON),
            ),
            robustness=read(ROBUSTNESS, lambda content: _record(Robustness, content, ROBUSTNESS)),
            forms=read(FORMS, lambda content: _record(Forms, content, FORMS)),
            faults=faults,
        )


def _record(model: type[Record], content: str, name: str) -> Record:
    data = json.loads(content)
    if not isinstance(data, dict):
        raise ConfigError(f"{name} must hold a JSON object.")
    return validated(model, data, name)
