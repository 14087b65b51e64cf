"""A head that was taught labels from a few clips: `head.json`, and how it answers.

It is a linear layer over what a network makes of a recording: the embedding, and beside it the
logarithms of the probabilities that the network itself gives. Its answer stands in the place of the
network's own. Nothing but numpy answers; what fits one is in `head_fitting`.
"""

import json
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
from pydantic import Field, model_validator

from ..config.abstention import threshold_among
from ..config.documents import is_there, parse_json, read_bytes
from ..config.feature_config import FeatureConfig
from ..config.schema import Name, Positive, Strict, validated_json
from ..errors import ConfigError, ModelError
from ..results import Result, TeachingReport
from .adaptation import centre_logs, normalise_logs
from .files import FEATURE_CONFIG, HEAD
from .pooling import Answers

_DIGITS = 7  # of a weight in the file, as many as 32 bits have

Weight = Annotated[float, Field(ge=-1e6, le=1e6)]
Count = Annotated[int, Field(ge=0, le=10**6)]
Names = Annotated[tuple[Name, ...], Field(min_length=2, max_length=100)]


class ReportRecord(Strict):
    """What `head.json` holds of a TeachingReport, field by field."""

    labels: Names
    clips: dict[Name, Annotated[int, Field(gt=0, le=10**6)]]
    test: Name
    speakers: Annotated[int, Field(gt=0, le=10**6)] | None
    confusion: tuple[tuple[Count, ...], ...]

    @model_validator(mode="after")
    def _check(self) -> Self:
        if tuple(self.clips) != self.labels:
            raise ValueError("clips must be those of the labels, in their order")
        counts = tuple(self.clips.values())
        rows = self.confusion
        if tuple(map(sum, rows)) != counts or any(len(row) != len(counts) for row in rows):
            raise ValueError("confusion must have each label's clips in its row")
        return self


class HeadRecord(Strict):
    """`head.json`: a taught head.

    Attributes:
        labels: what it was taught, in the order of its answers.
        network_labels: the labels of the network's own answers, in their order.
        network_intensity: the network's output of an intensity, which is not one of these labels;
            None if it has none.
        weights: a row per label, a column per number of the embedding and per network label.
        bias: a number per label.
        temperature: float > 0, already folded into weights and bias; kept for the record.
        report: how it answers clips that it was not taught.
    """

    labels: Names
    network_labels: Names
    network_intensity: Name | None
    weights: tuple[tuple[Weight, ...], ...]
    bias: tuple[Weight, ...]
    temperature: Positive
    report: ReportRecord

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(set(self.labels)) != len(self.labels):
            raise ValueError("labels must differ from one another")
        if self.report.labels != self.labels:
            raise ValueError("report is of other labels")
        if len(self.bias) != len(self.labels) or len(self.weights) != len(self.labels):
            raise ValueError("weights and bias must have one row per label")
        if len({len(row) for row in self.weights}) != 1:
            raise ValueError("weights must have rows of one length")
        return self


@dataclass(frozen=True, eq=False, repr=False)
class TaughtHead(Result):
    """A linear layer over a network's embedding and the logarithms of its own answer.

    Attributes:
        labels: what it was taught, in the order of its answers.
        network_labels: the labels of the network's own answers.
        network_intensity: the network's output of an intensity; None if it has none.
        weights: float64 array of shape (labels, embedding size + network labels).
        bias: float64 array of shape (labels,).
        temperature: float > 0, already folded into both.
        report: TeachingReport.
    """

    labels: tuple[str, ...]
    network_labels: tuple[str, ...]
    network_intensity: str | None
    weights: np.ndarray
    bias: np.ndarray
    temperature: float
    report: TeachingReport

    def answer(self, answers: Answers) -> Answers:
        """Answer in the network's place.

        Args:
            answers: the network's own, with embeddings.

        Returns:
            Answers with the taught labels' probabilities, and without intensity, which was of the
            network's labels.
        """
        assert answers.embedding is not None  # checked as the head came to the network
        inputs = head_inputs(answers.embedding, centre_logs(answers.probabilities))
        probabilities = normalise_logs(inputs @ self.weights.T + self.bias)
        return answers._replace(probabilities=probabilities.astype(np.float32), intensity=None)

    def network_config(self, config: FeatureConfig) -> FeatureConfig:
        """Return the feature config of the network below a taught model's.

        Raises:
            ConfigError: the config is not that of a model with this head.
        """
        if config.labels != self.labels:
            raise ConfigError(
                f"{FEATURE_CONFIG} lists other labels than {HEAD}: the two are of different "
                "models; get the repository again, whole."
            )
        outputs = config.outputs.model_copy(update={"intensity": self.network_intensity})
        changes = {"labels": self.network_labels, "outputs": outputs}
        return config.model_copy(update=changes)

    def taught_config(self, network: FeatureConfig) -> FeatureConfig:
        """Return the feature config of a taught model, made of that of the network below.

        The abstention threshold lies as far between guessing and certainty as the network's does;
        what was measured of the network's own labels, its adaptation and conformal sets, is left
        out.
        """
        threshold = threshold_among(len(self.labels), network.uncertain_below, len(network.labels))
        values = network.model_dump()
        values |= {
            "labels": self.labels,
            "outputs": values["outputs"] | {"intensity": None},
            "uncertain_below": round(threshold, 4),
            "adaptation": None,
            "conformal": None,
        }
        return FeatureConfig.model_validate(values)

    def check_size(self, embedding_size: int | None) -> None:
        """Raise ModelError unless a network's embeddings have the size that the head takes."""
        wanted = self.weights.shape[1] - len(self.network_labels)
        if embedding_size != wanted:
            raise ModelError(
                f"{HEAD} takes embeddings of {wanted} numbers, and the network gives "
                f"{embedding_size or 'none'}: the two are of different models; get the repository "
                "again, whole."
            )

    def to_json(self) -> str:
        """Return `head.json`: numbers, and nothing that would run."""
        content = self.to_dict()
        content["weights"] = [[_shorten(x) for x in row] for row in self.weights.tolist()]
        content["bias"] = [_shorten(x) for x in self.bias.tolist()]
        content["report"] = Result.to_dict(self.report)
        return json.dumps(content, ensure_ascii=False, allow_nan=False) + "\n"

    @classmethod
    def load(cls, directory: Path) -> Self | None:
        """Read `head.json` of a folder; None where there is none, as the model was not taught.

        Raises:
            ConfigError: it cannot be read, or is not what it should be.
        """
        file = directory / HEAD
        if not is_there(file):
            return None
        record = validated_json(HeadRecord, parse_json(read_bytes(file), HEAD), HEAD)
        report = record.report
        return cls(
            labels=record.labels,
            network_labels=record.network_labels,
            network_intensity=record.network_intensity,
            weights=np.array(record.weights, dtype=np.float64),
            bias=np.array(record.bias, dtype=np.float64),
            temperature=record.temperature,
            report=TeachingReport(
                report.labels, report.clips, report.test, report.speakers, report.confusion
            ),
        )

    def rounded(self) -> Self:
        """Return the head as its file will have it."""
        weights = [[_shorten(x) for x in row] for row in self.weights.tolist()]
        bias = [_shorten(x) for x in self.bias.tolist()]
        return replace(self, weights=np.array(weights), bias=np.array(bias))


def digest_head(content: str | bytes) -> str:
    """Digest what a `head.json` says, whatever its spaces, and whichever version wrote it.

    Raises:
        ConfigError: it is no JSON.
    """
    plain = json.dumps(parse_json(content, HEAD), sort_keys=True)
    return sha256(plain.encode()).hexdigest()[:32]


def read_head_digest(directory: Path) -> str | None:
    """Digest `head.json` of a folder; None where there is none, as the model was not taught.

    Raises:
        ConfigError: it cannot be read, or is no JSON.
    """
    file = directory / HEAD
    if not is_there(file):
        return None
    return digest_head(read_bytes(file))


def head_inputs(embeddings: np.ndarray, logs: np.ndarray) -> np.ndarray:
    """Make what a head takes.

    Args:
        embeddings: float array of shape (n, size).
        logs: float array of shape (n, network labels), centred [nats].

    Returns:
        float64 array of shape (n, size + network labels).
    """
    joined: np.ndarray = np.concatenate([embeddings, logs], axis=1, dtype=np.float64)
    return joined


def _shorten(value: Any) -> float:
    return float(f"{value:.{_DIGITS}g}")
