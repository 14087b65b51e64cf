"""Sections of a recipe: features, network, encoder, augmentation, schedules."""

from typing import Annotated, Any, Literal

from pydantic import Field

from ser_core.config.blocks import Block, Statistic
from ser_core.config.schema import Positive, Strict

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
        "two_heads",
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
        at_least: float in [0, 1), the least confidence of an answer, even where the judged corpus
            reaches the target with less: of other voices fewer answers are right.
    """

    target_accuracy: Probability
    at_least: Probability = 0.0
