"""A recipe as a whole, and how it is read from TOML."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Self

import tomli_w
from pydantic import Field, model_validator

from ser_core.config.documents import parse_toml
from ser_core.config.outputs import SUMMARY_STATISTICS, Outputs, SummaryStatistic
from ser_core.config.schema import Name, Strict, validated
from ser_core.errors import ConfigError

from .head_sections import Heads, Tuning
from .sections import (
    Abstention,
    Augmentation,
    Condensing,
    Copies,
    Distillation,
    Encoder,
    Features,
    FineTuning,
    Network,
    Pretraining,
    Schedule,
)

RECIPES = Path(__file__).parents[1] / "recipes"


class Recipe(Strict):
    """A whole training run.

    Attributes:
        name: the recipe's name.
        description: one sentence.
        claim: what the system's own documents claim, where it is a published one.
        labels: the classes in output order; None for all that the corpora have.
        seed: int; each fold's seed derives from (seed, fold).
        autoencoder: a first phase in which the encoder learns to rebuild the training clips; the
            encoder is then frozen while the classifier is trained.
        fine_tuning: a last phase in which part of the encoder learns too.
        encoder: a pre-trained encoder under the network's own layers.
        condensing: how that encoder is made smaller first.
        distillation: a teacher to learn from.
        heads: heads over summaries of whole recordings, learnt from several corpora at once.
        tuning: how upper layers of the encoder under them learn first.
    """

    name: str
    description: str
    claim: str = ""
    labels: Annotated[tuple[Name, ...], Field(min_length=2, max_length=100)] | None = None
    seed: Annotated[int, Field(ge=0)]
    features: Features
    network: Network
    encoder: Encoder | None = None
    condensing: Condensing | None = None
    augmentation: Augmentation | None = None
    copies: Copies = Copies()
    pretraining: Pretraining | None = None
    distillation: Distillation | None = None
    heads: Heads | None = None
    tuning: Tuning | None = None
    autoencoder: Schedule | None = None
    training: Schedule
    fine_tuning: FineTuning | None = None
    abstention: Abstention

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.labels is not None and len(set(self.labels)) < len(self.labels):
            raise ValueError("labels must differ from one another")
        is_mel = self.features.blocks[0].front_end == "log_mel"
        if not is_mel and (self.augmentation or self.pretraining):
            raise ValueError(
                "augmentation and pretraining are of mel power: blocks from the waveform take "
                "copies instead"
            )
        if is_mel and (self.copies != Copies() or self.features.select):
            raise ValueError("copies and select are of blocks from the waveform, not of log_mel")
        if self.condensing is not None and self.encoder is None:
            raise ValueError("condensing is of an encoder, which is missing")
        if is_mel and self.augmentation is None and self.heads is None:
            raise ValueError("augmentation is missing")
        if (self.heads is not None) != (self.network.name == "two_heads"):
            raise ValueError("heads are of the network two_heads, and it needs them")
        if self.heads is not None and self.encoder is None:
            raise ValueError("heads are over an encoder, which is missing")
        if self.heads is not None:
            self._check_statistics(self.heads)
        if self.tuning is not None:
            self._check_tuning(self.tuning)
        return self

    def _check_tuning(self, tuning: Tuning) -> None:
        if self.heads is None:
            raise ValueError("tuning is of the encoder under heads, which are missing")
        depth = self.network.parameters.get("depth")
        kept = self.network.parameters.get("kept")
        if not isinstance(depth, int) or not isinstance(kept, (list, tuple)):
            raise ValueError("tuning needs network.parameters.depth and network.parameters.kept")
        if "mean" not in self.summary:
            raise ValueError(
                'tuning reads means: name "mean" in network.parameters.statistics as well'
            )
        of_encoder = range(1, depth + 1)
        if not kept or any(layer not in of_encoder for layer in kept):
            raise ValueError(
                f"network.parameters.kept is {list(kept)}: name some of 1 to {depth}, the layers "
                "of the encoder"
            )
        # What is above all that summaries are made of is not in the network.
        if min(tuning.layers) < 2 or max(tuning.layers) > max(kept):
            raise ValueError(
                f"tuning.layers is {list(tuning.layers)}: name some of 2 to {max(kept)}, the "
                "encoder's layers above its first, up to the highest of network.parameters.kept"
            )

    def _check_statistics(self, heads: Heads) -> None:
        given = self.network.parameters.get("statistics", list(Outputs().summary))
        one_each = isinstance(given, list) and [n for n in SUMMARY_STATISTICS if n in given]
        if not one_each or len(one_each) != len(given):
            raise ValueError(
                f"network.parameters.statistics is {given!r}: give a list of "
                f"{', '.join(SUMMARY_STATISTICS)}, each at most once"
            )
        for name in heads.linear.statistics:
            if name not in given:
                raise ValueError(
                    f"heads.linear.statistics names {name!r}, which summaries do not have: name "
                    f"some of network.parameters.statistics, {', '.join(given)}"
                )

    @property
    def further_corpora(self) -> tuple[str, ...]:
        """Names of the corpora that are learnt from and not judged on."""
        pretraining = self.pretraining.corpora if self.pretraining else ()
        beside = self.distillation.beside if self.distillation else ()
        condensing = self.condensing.corpora if self.condensing else ()
        joint = self.heads.corpora if self.heads else ()
        voices = () if self.voices is None else (self.voices,)
        return tuple(dict.fromkeys((*pretraining, *condensing, *beside, *joint, *voices)))

    @property
    def voices(self) -> str | None:
        """Name of the corpus of which heads learn no emotion, only how its speakers differ."""
        return self.heads.voices if self.heads and self.heads.linear.voices else None

    @property
    def summary(self) -> tuple[SummaryStatistic, ...]:
        """What the summaries are made of that heads learn from, in order."""
        return tuple(self.network.parameters.get("statistics", Outputs().summary))

    @property
    def gives_intensity(self) -> bool:
        """Whether the network says how strongly an emotion is expressed."""
        return bool(self.network.parameters.get("intensity", self.heads is not None))

    def versions(self, schedule: Schedule) -> tuple[str, ...]:
        """Name the versions of each clip that a phase draws from."""
        if self.heads is not None:
            return ("original",)
        if self.augmentation is None:
            noisy = [f"snr {value:g}" for value in self.copies.snr]
            shifted = [f"pitch {value:g}" for value in self.copies.pitch]
            return ("original", *noisy, *shifted)
        phase = schedule if isinstance(schedule, Pretraining) else self.augmentation
        return at_speeds(phase.speeds)

    def to_toml(self) -> str:
        """Return the resolved recipe as TOML."""
        return tomli_w.dumps(self.model_dump(mode="json", exclude_none=True))


def at_speeds(speeds: Sequence[float]) -> tuple[str, ...]:
    """Name the versions of a clip at some playback speeds."""
    return tuple("original" if s == 1.0 else f"speed {s:g}" for s in speeds)


def load(name: str, overrides: list[str] | None = None) -> Recipe:
    """Read a recipe by name or path.

    Args:
        name: a recipe in train/recipes without its ending, or a path to a TOML file.
        overrides: `section.key=value` strings, the value in TOML.

    Returns:
        Recipe.

    Raises:
        ConfigError: no such recipe, not TOML, or not valid.
    """
    path = Path(name) if name.endswith(".toml") else RECIPES / f"{name}.toml"
    try:
        data = parse_toml(path.read_bytes(), path.name)
    except FileNotFoundError as error:
        known = ", ".join(sorted(recipe.stem for recipe in RECIPES.glob("*.toml")))
        raise ConfigError(f"There is no recipe {name!r}: use one of {known}, or a path.") from error
    except OSError as error:
        raise ConfigError(f"The recipe {path} cannot be read ({error.strerror}).") from error
    for override in overrides or []:
        _set(data, override)
    return validated(Recipe, data, path.name)


def _set(data: dict[str, Any], override: str) -> None:
    """Apply one `section.key=value` override in place."""
    key, separator, value = override.partition("=")
    if not separator:
        raise ConfigError(f"An override is given as section.key=value, not {override!r}.")
    try:
        parsed = parse_toml(f"value = {value}".encode(), override)["value"]
    except ConfigError:
        parsed = value  # a bare word is a string
    *sections, last = key.split(".")
    for section in sections:
        data = data.setdefault(section, {})
        if not isinstance(data, dict):
            raise ConfigError(f"The override {override!r} goes through {section}, a plain value.")
    data[last] = parsed
