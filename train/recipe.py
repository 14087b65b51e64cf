"""Recipes: a training run as TOML, validated before anything is computed."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import tomli_w
from pydantic import Field, model_validator

from ser_core.config.blocks import Block, Statistic
from ser_core.config.schema import Positive, Strict, validated
from ser_core.errors import ConfigError

RECIPES = Path(__file__).parent / "recipes"

Count = Annotated[int, Field(gt=0)]
Probability = Annotated[float, Field(ge=0, lt=1)]


class Scale(Strict):
    """A mean and a deviation for every feature, in the features' unit."""

    mean: float
    std: Positive


class Features(Strict):
    """What the network sees (see ser_core.config.FeatureConfig for the units).

    Attributes:
        select: int or None, how many features to keep: those whose ANOVA F-score between the
            emotions is highest on the training clips.
        scale: None where features are standardised by the training clips' statistics; else the one
            mean and deviation [dB] for all of them that a pre-trained encoder is used to.
    """

    sample_rate: Count
    window: Positive
    hop: Positive
    sequence: Count = 1
    trim: Positive
    blocks: Annotated[tuple[Block, ...], Field(min_length=1)]
    statistics: tuple[Statistic, ...] | None = None
    pooling: Literal["geometric_mean", "votes"] = "geometric_mean"
    select: Count | None = None
    scale: Scale | None = None


class Network(Strict):
    """Which network, and its own parameters (see train/networks)."""

    name: Literal[
        "residual_cnn",
        "conformer",
        "speech_encoder",
        "autoencoder_bilstm",
        "kbest_dense",
        "cnn_lstm",
        "mfcc_lstm",
    ]
    parameters: dict[str, Any] = Field(default_factory=dict)


class Encoder(Strict):
    """A pre-trained speech encoder that is not trained further; train/networks/pretrained_encoders.

    Attributes:
        name: which one; --encoder says where it is.
    """

    name: Literal["smart_turn", "whisper", "keras_hub"]


class Distillation(Strict):
    """A teacher whose answers are learnt beside the labels (see train/fitting/distil.py).

    Attributes:
        teacher: a recipe with an encoder.
        weight: float in [0, 1), what the teacher's answers weigh against labels.
        beside: corpora that are heard with the teacher's answers alone.
        share_beside: float in [0, 1), share of each batch that is from these.
        speeds: playback speeds of these to choose from.
    """

    teacher: str
    weight: Probability
    beside: tuple[str, ...] = ()
    share_beside: Probability = 0.0
    speeds: tuple[Positive, ...] = (1.0,)


class Augmentation(Strict):
    """Random changes to training windows of mel power (see train/data/augment.py).

    Attributes:
        speeds: playback speeds to choose from; pitch moves with them.
        tilt: float [dB], largest spectral tilt from the lowest to the highest band, either way.
        snr: (low, high) [dB], range of the noise floor's distance from the speech.
        noise: float in [0, 1), share of the windows that get a noise floor.
        telephone: float in [0, 1), share of the windows that are heard over a telephone line.
        stretch: float, by what share at most a window is spoken faster or slower, pitch unchanged.
        warp: float, by what share at most a window's frequencies move, as with the length of the
            vocal tract.
        filter: float [dB], largest gain or loss of a filter of a random shape.
        time_masks, time_mask: how many, and the longest [frames].
        band_masks, band_mask: how many, and the widest [bands].
        mixup: float > 0, parameter of the beta distribution.
        mixup_share: float in [0, 1), share of the batches that are mixed.
    """

    speeds: tuple[Positive, ...]
    tilt: Annotated[float, Field(ge=0)]
    snr: tuple[float, float]
    noise: Probability
    telephone: Probability = 0.0
    stretch: Annotated[float, Field(ge=0)] = 0.0
    warp: Annotated[float, Field(ge=0)] = 0.0
    filter: Annotated[float, Field(ge=0)] = 0.0
    time_masks: Annotated[int, Field(ge=0)]
    time_mask: Count
    band_masks: Annotated[int, Field(ge=0)]
    band_mask: Count
    mixup: Positive
    mixup_share: Probability


class Copies(Strict):
    """Changed copies of each training clip, for features that are computed from the waveform.

    They are made of a fold's training clips alone, so none ever stands across the split.

    Attributes:
        snr: floats [dB], one copy each with white noise this far below the recording.
        pitch: floats [semitones], one copy each with the pitch shifted by this much.
    """

    snr: tuple[float, ...] = ()
    pitch: tuple[float, ...] = ()


class Schedule(Strict):
    """One phase of training: AdamW, linear warm-up, then cosine to zero.

    Attributes:
        steps: int, batches.
        batch_size: int, clips.
        learning_rate: float, at the end of the warm-up.
        warmup: int, steps.
        weight_decay: float.
        label_smoothing: float in [0, 1).
        balanced: whether rarer classes are seen as often as the most frequent one.
        intensity_weight: float >= 0, what the loss of the intensity weighs beside the emotion's.
    """

    steps: Count
    batch_size: Count
    learning_rate: Positive
    warmup: Count
    weight_decay: Annotated[float, Field(ge=0)]
    label_smoothing: Probability = 0.0
    balanced: bool = False
    intensity_weight: Annotated[float, Field(ge=0)] = 0.3


class FineTuning(Schedule):
    """A last phase in which some frozen layers learn again.

    Attributes:
        layers: prefixes of the names of those layers.
    """

    layers: Annotated[tuple[str, ...], Field(min_length=1)]


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


class Condensing(Strict):
    """How a pre-trained encoder is condensed into fewer parameters (see train/fitting/condense.py).

    Attributes:
        corpora: which ones it is heard on; each is given by --corpus NAME=PATH.
        windows: int > 0, how many windows of them.
    """

    corpora: Annotated[tuple[str, ...], Field(min_length=1)]
    windows: Count = 1200


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
        claim: what the system's own documents claim, where it is a published one.
        seed: int; each fold's seed derives from (seed, fold).
        autoencoder: a first phase in which the encoder learns to rebuild the training clips; the
            encoder is then frozen while the classifier is trained.
        fine_tuning: a last phase in which part of the encoder learns too.
        encoder: a pre-trained encoder under the network's own layers.
        condensing: how that encoder is made smaller first.
        distillation: a teacher to learn from.
    """

    name: str
    description: str
    claim: str = ""
    seed: Annotated[int, Field(ge=0)]
    features: Features
    network: Network
    encoder: Encoder | None = None
    condensing: Condensing | None = None
    augmentation: Augmentation | None = None
    copies: Copies = Copies()
    pretraining: Pretraining | None = None
    distillation: Distillation | None = None
    autoencoder: Schedule | None = None
    training: Schedule
    fine_tuning: FineTuning | None = None
    abstention: Abstention

    @model_validator(mode="after")
    def _check(self) -> Self:
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
        if is_mel and self.augmentation is None:
            raise ValueError("augmentation is missing")
        return self

    @property
    def further_corpora(self) -> tuple[str, ...]:
        """Names of the corpora that are learnt from and not judged on."""
        pretraining = self.pretraining.corpora if self.pretraining else ()
        beside = self.distillation.beside if self.distillation else ()
        condensing = self.condensing.corpora if self.condensing else ()
        return tuple(dict.fromkeys((*pretraining, *condensing, *beside)))

    @property
    def gives_intensity(self) -> bool:
        """Whether the network says how strongly an emotion is expressed."""
        return bool(self.network.parameters.get("intensity"))

    def versions(self, schedule: Schedule) -> tuple[str, ...]:
        """Name the versions of each clip that a phase draws from."""
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
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        known = ", ".join(sorted(recipe.stem for recipe in RECIPES.glob("*.toml")))
        raise ConfigError(f"There is no recipe {name!r}: use one of {known}, or a path.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path.name} is not valid TOML: {error}.") from error
    for override in overrides or []:
        _set(data, override)
    return validated(Recipe, data, path.name)


def _set(data: dict[str, Any], override: str) -> None:
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
