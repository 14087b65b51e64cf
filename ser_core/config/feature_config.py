"""The feature-config JSON: all between a file and the network's input, and after its output.

One frozen pydantic model. Unknown keys, wrong shapes and future schema versions raise a
`ConfigError` of one sentence. Nothing about the machine or the run that wrote it stands here.
"""

import json
from itertools import accumulate
from os import PathLike
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from ..errors import ConfigError
from .blocks import Block, Statistic
from .documents import parse_json_object, read_bytes
from .emotions import LABELS
from .outputs import Outputs
from .reliability import Conformal, Domain
from .schema import Fraction, Name, Positive, Strict, validated_json
from .whole_files import write_text

SCHEMA_VERSION = 1
FEATURE_VERSION = 1  # raised whenever the same audio and parameters would give other numbers
VERSIONS = {"schema_version": SCHEMA_VERSION, "feature_version": FEATURE_VERSION}
FILE_NAME = "feature_config.json"


LARGEST_INPUT = 2**20  # values of one input of a network; the largest of ours has 82,000
MOST_COMPUTED = 400_000  # values for one second of a recording; the most of ours are 24,000
LARGEST_VALUE = 1e15  # of a feature; powers of a window's spectra reach 1e10

Statistics = Annotated[float, Field(ge=-LARGEST_VALUE, le=LARGEST_VALUE)]
Deviation = Annotated[float, Field(ge=1e-9, le=LARGEST_VALUE)]
Seconds = Annotated[float, Field(ge=0.01, le=60)]
Nats = Annotated[float, Field(ge=-100, le=100)]


class Normalisation(Strict):
    """Per-feature statistics of the training speakers: features become (x - mean) / std.

    Attributes:
        mean: floats, one per feature, in the feature's own unit.
        std: floats >= 1e-9, one per feature.
    """

    mean: tuple[Statistics, ...]
    std: tuple[Deviation, ...]


class SpeechSettings(Strict):
    """When a recording counts as speech (see ser_core.speech).

    Attributes:
        threshold: float in [0, 1], speech probability from which a frame is speech.
        min_seconds: float >= 0 [s], how much speech there must be at least.
    """

    threshold: Fraction
    min_seconds: Annotated[float, Field(ge=0, le=600)]


class Adaptation(Strict):
    """How answers are adapted to a voice (see ser_core.model.adaptation).

    Attributes:
        mean: floats, one per label: mean over unseen speakers of their recordings' centred
            log-probabilities [nats].
        prior_clips: float > 0 [recordings], how many of a voice count as much as what is known of
            voices in general.
        least_clips: int > 0 [recordings], the smallest number that helped unseen speakers.

    Source: the credibility weight of Buehlmann (1967), Experience Rating and Credibility, ASTIN
    Bulletin 4(3), an empirical Bayes shrinkage.
    """

    mean: tuple[Nats, ...]
    prior_clips: Positive
    least_clips: Annotated[int, Field(gt=0)]


class FeatureConfig(Strict):
    """From a file to the network's input, and from its output to the answer.

    Attributes:
        schema_version: int, version of this file's form.
        feature_version: int, version of the feature code that the network was trained with.
        recipe: str, name of the training recipe.
        sample_rate: int [Hz], mono audio at this rate enters the features.
        window: float [s], 0.01 to 60, length of one window.
        hop: float [s], at least 0.01, step between windows where the recording is longer than one.
        sequence: int, consecutive windows that make one network input, one after the other.
        frames: int, frames of one network input.
        trim: float > 0 [dB], leading and trailing frames this much below the loudest are cut.
        blocks: the feature blocks, side by side in this order.
        statistics: None, or what a window's frames are summarised to: one row a window.
        normalisation: statistics that the features are standardised with.
        selected: indices of the features that a recipe selected, or None for all.
        labels: the classes in output order.
        outputs: the network's output names.
        pooling: how the answers for several inputs of one recording become one: their
            "geometric_mean", or that of those which vote with the majority ("votes").
        temperature: float > 0, already folded into the network's last layer; kept for the record.
        speech: thresholds of the speech gate.
        uncertain_below: float in [0, 1], below this confidence the status is "uncertain".
        adaptation: how answers are adapted to a voice; None where that was not measured to help.
        domain: which recordings sound like those that were trained on; None where nobody measured.
        conformal: which labels are named beside the likeliest; None where nobody measured.
    """

    schema_version: int = SCHEMA_VERSION
    feature_version: int = FEATURE_VERSION
    recipe: Name
    sample_rate: Annotated[int, Field(ge=8_000, le=192_000)] = 16_000
    window: Seconds
    hop: Seconds
    sequence: Annotated[int, Field(gt=0, le=64)] = 1
    frames: Annotated[int, Field(gt=0)]
    trim: Annotated[float, Field(gt=0, le=300)]
    blocks: Annotated[tuple[Block, ...], Field(min_length=1, max_length=64)]
    statistics: Annotated[tuple[Statistic, ...], Field(min_length=1)] | None = None
    normalisation: Normalisation
    selected: tuple[Annotated[int, Field(ge=0)], ...] | None = None
    labels: Annotated[tuple[Name, ...], Field(min_length=2, max_length=100)] = LABELS
    outputs: Outputs = Outputs()
    pooling: Literal["geometric_mean", "votes"] = "geometric_mean"
    temperature: Positive = 1.0
    speech: SpeechSettings
    uncertain_below: Fraction
    adaptation: Adaptation | None = None
    domain: Domain | None = None
    conformal: Conformal | None = None

    @property
    def block_features(self) -> int:
        """Features per frame before selection."""
        return sum(block.width for block in self.blocks) * len(self.statistics or ("level",))

    @property
    def columns(self) -> tuple[slice, ...]:
        """Where each block's features stand in a frame, before statistics and selection."""
        ends = list(accumulate(block.width for block in self.blocks))
        return tuple(map(slice, [0, *ends], ends))

    @property
    def features(self) -> int:
        """Features per frame as the network sees them."""
        return self.block_features if self.selected is None else len(self.selected)

    @property
    def front_end(self) -> str:
        """The front end of ser_core.features that computes the blocks, by name."""
        return self.blocks[0].front_end

    @property
    def frame_rate(self) -> float:
        """Steps of hop_length a second [frames / s]."""
        return self.sample_rate / self.hop_length

    @property
    def hop_length(self) -> int:
        """Step between frames [samples]."""
        return self.blocks[0].hop_length

    @property
    def window_frames(self) -> int:
        """How many steps of hop_length a window covers [frames]."""
        return round(self.window * self.sample_rate / self.hop_length)

    @property
    def hop_frames(self) -> int:
        """Step between windows [frames]."""
        return max(1, round(self.hop * self.sample_rate / self.hop_length))

    @property
    def input_seconds(self) -> float:
        """How much of a recording one network input covers [s]: a window, or a sequence of them."""
        return self.window + (self.sequence - 1) * self.hop

    @property
    def level_frames(self) -> int:
        """Rows of features that one window gives."""
        if self.statistics is not None:
            return 1
        return self.window_frames + self.blocks[0].extra_frames

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(set(self.labels)) != len(self.labels):
            raise ValueError("labels must differ from one another")
        hop_lengths = {block.hop_length for block in self.blocks}
        if len(hop_lengths) > 1:
            raise ValueError(f"all blocks need one hop_length, got {sorted(hop_lengths)}")
        front_ends = {block.front_end for block in self.blocks}
        if len(front_ends) > 1:
            raise ValueError(f"all blocks need one front end, got {sorted(front_ends)}")
        if self.statistics is not None:
            for block in self.blocks:
                if not block.can_be_summarised:
                    raise ValueError(f"statistics are of blocks other than {block.name}")
        frames = self.sequence * self.level_frames
        if frames != self.frames:
            windows = "a window" if self.sequence == 1 else f"a sequence of {self.sequence} windows"
            raise ValueError(
                f"frames is {self.frames}, but {windows} of {self.window} s has {frames}"
            )
        if self.outputs.frames is not None and (self.sequence > 1 or self.front_end != "log_mel"):
            raise ValueError(
                "outputs.frames is for a network that takes one window of log_mel at a time"
            )
        if self.hop > self.window:
            raise ValueError(f"hop {self.hop} s must not be longer than window {self.window} s")
        for block in self.blocks:
            block.check_rate(self.sample_rate)
        self._check_size()
        if self.selected is not None and any(i >= self.block_features for i in self.selected):
            raise ValueError(f"selected names a feature beyond the {self.block_features} there are")
        for name in ("mean", "std"):
            count = len(getattr(self.normalisation, name))
            if count != self.block_features:
                raise ValueError(
                    f"normalisation.{name} has {count} values for {self.block_features} features"
                )
        if self.adaptation is not None and len(self.adaptation.mean) != len(self.labels):
            raise ValueError(
                f"adaptation.mean has {len(self.adaptation.mean)} values for {len(self.labels)} "
                "labels"
            )
        if self.domain is not None and self.outputs.distance is None:
            raise ValueError("domain is of distances, but outputs.distance names no output")
        return self

    def _check_size(self) -> None:
        """Raise ValueError where an input, or what a recording is made of, would take gigabytes."""
        values = max(self.features, self.block_features) * self.frames
        if values > LARGEST_INPUT:
            raise ValueError(f"one input has {values:,} values, and at most are {LARGEST_INPUT:,}")
        computed = max(self.features, self.block_features) * self.level_frames / self.hop
        if computed > MOST_COMPUTED:
            raise ValueError(
                f"hop {self.hop} s makes {computed:,.0f} values of each second of a recording, and "
                f"at most are {MOST_COMPUTED:,}"
            )

    def to_json(self) -> str:
        """Return the config as JSON text, keys in the order above."""
        return json.dumps(self.model_dump(mode="json"), indent=2) + "\n"

    def save(self, directory: str | PathLike[str]) -> Path:
        """Write `feature_config.json` into a directory and return its path."""
        path = Path(directory) / FILE_NAME
        write_text(path, self.to_json())
        return path

    @classmethod
    def from_json(cls, text: str | bytes, *, source: str = FILE_NAME) -> Self:
        """Read and validate a config.

        Args:
            text: JSON.
            source: str, what to call it in an error.

        Returns:
            FeatureConfig.

        Raises:
            ConfigError: not JSON, an unknown or missing key, a wrong value, or a newer version.
        """
        data = parse_json_object(text, source)
        for key, known in VERSIONS.items():
            _check_version(data.get(key, known), key, known, source)
        config = validated_json(cls, data, source)
        for key in VERSIONS:
            if key not in data:
                raise ConfigError(
                    f"{source} is not valid: key {key} is missing, so nobody can say how the "
                    "features of this model are computed."
                )
        return config

    @classmethod
    def load(cls, directory: str | PathLike[str]) -> Self:
        """Read `feature_config.json` from a directory; raises ConfigError as `from_json` does."""
        return cls.from_json(read_bytes(Path(directory) / FILE_NAME))


def _check_version(version: object, key: str, known: int, source: str) -> None:
    """Raise ConfigError unless a version is the whole number that this package knows."""
    if type(version) is not int:
        raise ConfigError(
            f"{source} has {key} {version!r:.60}, and a version is a whole number: {known} here."
        )
    if version > known:
        raise ConfigError(
            f"{source} has {key} {version}, and this package reads up to {known}: "
            "upgrade the package to use this model."
        )
    if version < known:
        raise ConfigError(
            f"{source} has {key} {version}, and this package needs {known}: "
            "train the model again, or install the package version it was made with."
        )
