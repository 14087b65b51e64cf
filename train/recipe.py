"""Recipes: a training run as TOML, validated before anything is computed."""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import tomli_w
from pydantic import Field

from ser_core.config import LogMelBlock, Positive, Strict, validated
from ser_core.errors import ConfigError

RECIPES = Path(__file__).parent / "recipes"

Count = Annotated[int, Field(gt=0)]
Probability = Annotated[float, Field(ge=0, lt=1)]


class Features(Strict):
    """What the network sees (see ser_core.config.FeatureConfig for the units)."""

    sample_rate: Count
    window: Positive
    hop: Positive
    trim: Positive
    blocks: tuple[LogMelBlock, ...]


class Network(Strict):
    """Which network, and its own parameters (see train/networks)."""

    name: Literal["residual_cnn"]
    parameters: dict[str, Any] = Field(default_factory=dict)


class Augmentation(Strict):
    """Random changes to training windows (see train/augment.py).

    Attributes:
        speeds: playback speeds to choose from; pitch moves with them.
        tilt: float [dB], largest spectral tilt from the lowest to the highest band, either way.
        snr: (low, high) [dB], range of the noise floor's distance from the speech.
        noise: float in [0, 1), share of the windows that get a noise floor.
        time_masks, time_mask: how many, and the longest [frames].
        band_masks, band_mask: how many, and the widest [bands].
        mixup: float > 0, parameter of the beta distribution.
        mixup_share: float in [0, 1), share of the batches that are mixed.
    """

    speeds: tuple[Positive, ...]
    tilt: Annotated[float, Field(ge=0)]
    snr: tuple[float, float]
    noise: Probability
    time_masks: Annotated[int, Field(ge=0)]
    time_mask: Count
    band_masks: Annotated[int, Field(ge=0)]
    band_mask: Count
    mixup: Positive
    mixup_share: Probability


class Schedule(Strict):
    """One phase of training: AdamW, linear warm-up, then cosine to zero.

    Attributes:
        steps: int, batches.
        batch_size: int, clips.
        learning_rate: float, at the end of the warm-up.
        warmup: int, steps.
        weight_decay: float.
        label_smoothing: float in [0, 1).
    """

    steps: Count
    batch_size: Count
    learning_rate: Positive
    warmup: Count
    weight_decay: Annotated[float, Field(ge=0)]
    label_smoothing: Probability


class Pretraining(Schedule):
    """A phase on other corpora before the main one.

    Attributes:
        corpora: which ones; each is given by --corpus NAME=PATH.
        speeds: playback speeds to choose from.
        validation_speakers: int, speakers per corpus kept out for the validation figures.
    """

    corpora: Annotated[tuple[str, ...], Field(min_length=1)]
    speeds: tuple[Positive, ...]
    validation_speakers: Annotated[int, Field(ge=0)] = 1


class Abstention(Strict):
    """When to answer "uncertain".

    Attributes:
        target_accuracy: float in [0, 1), wanted on the recordings that are answered.
    """

    target_accuracy: Probability


class Recipe(Strict):
    """A whole training run.

    Attributes:
        name: the recipe's name.
        description: one sentence.
        seed: int; each fold's seed derives from (seed, fold).
    """

    name: str
    description: str
    seed: Annotated[int, Field(ge=0)]
    features: Features
    network: Network
    augmentation: Augmentation
    pretraining: Pretraining | None = None
    training: Schedule
    abstention: Abstention

    def to_toml(self) -> str:
        """Return the resolved recipe as TOML."""
        return tomli_w.dumps(self.model_dump(mode="json", exclude_none=True))


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
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        known = ", ".join(sorted(recipe.stem for recipe in RECIPES.glob("*.toml")))
        raise ConfigError(f"There is no recipe {name!r}: use one of {known}, or a path.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path.name} is not valid TOML: {error}.") from error
    for override in overrides or []:
        _set(data, override)
    return validated(Recipe, data, path.name)


def _set(data: dict, override: str) -> None:
    """Apply one `section.key=value` override in place."""
    key, separator, value = override.partition("=")
    if not separator:
        raise ConfigError(f"An override is given as section.key=value, not {override!r}.")
    try:
        parsed = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        parsed = value  # a bare word is a string
    *sections, last = key.split(".")
    for section in sections:
        data = data.setdefault(section, {})
        if not isinstance(data, dict):
            raise ConfigError(f"The override {override!r} goes through {section}, a plain value.")
    data[last] = parsed
