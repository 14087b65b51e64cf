"""The training loop: batches from features, the loss, one phase of a schedule, predictions.

Reads top to bottom: what a batch is, what is minimised, how a phase runs. Every random draw derives
from (seed, fold, step), so that a resumed run equals an unbroken one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from keras import ops
from tqdm import tqdm

from ser_core.config.feature_config import FeatureConfig
from ser_core.features import choose_front_end, place, sequences, split, standardise
from ser_core.model.pooling import pool

from ..data import augment
from ..data.feature_cache import ORIGINAL, Features
from ..recipe import Recipe, Schedule, at_speeds

LOSS_EVERY = 20  # steps
VALIDATION_EVERY = 400  # steps
VALIDATION_CLIPS = 240  # at most, spread evenly, so that watching costs little


@dataclass(frozen=True)
class Material:
    """Clips to learn from or to look at.

    Attributes:
        features: one Features per clip.
        targets: float32 array of shape (clips, classes), -1 where a corpus lacks the class.
        intensity: float32 array of shape (clips,): 1 strong, 0 normal, -1 where nobody said.
        taught: None, or by clip and by version what a teacher answers: float32 arrays of shape
            (classes,), probabilities.
    """

    features: Sequence[Features]
    targets: np.ndarray
    intensity: np.ndarray
    taught: Sequence[Mapping[str, np.ndarray]] | None = None

    def take(self, positions: np.ndarray) -> "Material":
        """Return the clips at these positions."""
        return Material(
            [self.features[i] for i in positions],
            self.targets[positions],
            self.intensity[positions],
            None if self.taught is None else [self.taught[i] for i in positions],
        )


class Batches:
    """Augmented network inputs and smoothed targets, one item per step."""

    def __init__(
        self,
        material: Material,
        config: FeatureConfig,
        recipe: Recipe,
        schedule: Schedule,
        seed: Sequence[int],
        beside: Material | None = None,
    ) -> None:
        """Draw batches from `material` and, where a teacher answers them, from clips `beside` it.

        Args:
            material: the clips to learn.
            config: FeatureConfig.
            recipe: Recipe; its `distillation` says how many clips of a batch are from `beside`,
                and how much a teacher's answers weigh against labels.
            schedule: how many steps, of how many clips.
            seed: what random draws derive from.
            beside: further clips, with a teacher's answers alone, or None.
        """
        self.material, self.config, self.schedule = material, config, schedule
        self.augmentation, self.seed = recipe.augmentation, list(seed)
        self.bands = self.telephone = None
        if recipe.augmentation is not None:
            self.bands = augment.Bands.for_config(config)
            if recipe.augmentation.telephone:
                self.telephone = augment.Telephone.for_config(config)
        self.versions = recipe.versions(schedule)
        self.distillation, self.beside = recipe.distillation, beside
        self.clips = np.arange(len(material.features))
        if schedule.balanced:
            self.clips = balance(material.targets.argmax(axis=1))
        share = recipe.distillation.share_beside if beside is not None else 0.0
        self.guests = round(share * schedule.batch_size)  # clips of a batch that are from beside

    def __len__(self) -> int:
        return self.schedule.steps

    def order(self, step: int) -> np.ndarray:
        """Which clips of the material are in a step: passes over all, each in a new order."""
        count = self.schedule.batch_size - self.guests
        return passes(self.clips, count, step, [*self.seed, 0])

    def drawn(self, step: int, rng: np.random.Generator) -> Iterator[tuple[Material, int, str]]:
        """Say which clips are in a step, and draw a version of each."""
        for clip in self.order(step):
            yield self.material, clip, self.versions[int(rng.integers(len(self.versions)))]
        if self.guests:
            others = np.arange(len(self.beside.features))
            versions = at_speeds(self.distillation.speeds)
            for clip in passes(others, self.guests, step, [*self.seed, 2]):
                yield self.beside, clip, versions[int(rng.integers(len(versions)))]

    def __getitem__(self, step: int) -> tuple[np.ndarray, np.ndarray | tuple[np.ndarray, ...]]:
        rng = np.random.default_rng([*self.seed, 1, step])
        inputs, emotions, strengths = [], [], []
        for material, clip, version in self.drawn(step, rng):
            inputs.append(self.levels(material.features[clip].versions[version], rng))
            emotions.append(self.target(material, clip, version))
            strengths.append(material.intensity[clip])
        inputs = self.finished(np.stack(inputs), rng)
        targets = [np.stack(emotions)]
        if self.config.outputs.intensity is not None:
            targets.append(np.array(strengths, dtype=np.float32)[:, None])
        if self.augmentation is not None and rng.random() < self.augmentation.mixup_share:
            inputs, targets = augment.mixup(inputs, targets, self.augmentation.mixup, rng)
        return inputs, tuple(targets) if len(targets) > 1 else targets[0]

    def finished(self, inputs: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Standardise the inputs of a step, and blank spans of them; same shape."""
        inputs = standardise(inputs, self.config)  # (batch, frames, features)
        if self.augmentation is not None:
            augment.mask(inputs, self.augmentation, rng)
        return inputs

    def target(self, material: Material, clip: int, version: str) -> np.ndarray:  # (classes,)
        """What a clip's answer should be: its label, a teacher's answer, or between the two."""
        if material is self.beside:
            return material.taught[clip][version]
        label = smooth(material.targets[clip], self.schedule.label_smoothing)
        if material.taught is None:
            return label
        weight = self.distillation.weight
        return (weight * material.taught[clip][version] + (1.0 - weight) * label).astype(np.float32)

    def levels(self, version: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """One randomly changed and placed network input, (frames, features) in its own units."""
        if self.augmentation is None:
            windows = choose_front_end(self.config).unpack(version)
            return one_of(sequences(np.stack(windows), self.config), rng)
        # Nothing is drawn where a recipe does without a change: its networks stay what they were.
        if self.augmentation.stretch:
            version = augment.stretch(version, self.augmentation.stretch, rng)
        if self.config.sequence == 1:
            power, start = augment.crop(version, self.config.window_frames, rng)
            return place(self.changed(power, rng), start, self.config)
        power = self.changed(augment.shift(version, self.config.hop_frames, rng), rng)
        windows = [place(window, 0, self.config) for window in split(power, self.config)]
        return one_of(sequences(np.stack(windows), self.config), rng)

    def changed(self, power: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Change voice and room; now and then add a noise floor, or send it over a telephone."""
        if self.augmentation.warp:
            power = augment.warp(power, self.augmentation.warp, self.bands, rng)
        if self.augmentation.filter:
            power = augment.random_filter(power, self.augmentation.filter, self.bands, rng)
        power = augment.tilt(power, self.augmentation.tilt, self.bands, rng)
        if rng.random() < self.augmentation.noise:
            power = augment.add_noise_floor(power, self.augmentation.snr, self.bands, rng)
        if self.telephone is not None and rng.random() < self.augmentation.telephone:
            power = self.telephone.carry(power, self.bands)
        return power


class Reconstructions(Batches):
    """Network inputs that are their own targets, for an autoencoder."""

    def __getitem__(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        inputs, _ = super().__getitem__(step)
        return inputs, inputs


def passes(clips: np.ndarray, count: int, step: int, seed: Sequence[int]) -> np.ndarray:
    """Say which clips are in a step: passes over all of them, each in a new order.

    Args:
        clips: int array of shape (n,), positions.
        count: int > 0, clips per step.
        step: int >= 0.
        seed: what each pass's order derives from.

    Returns:
        int array of shape (count,).
    """
    wanted = np.arange(step * count, (step + 1) * count)
    orders = {
        number: np.random.default_rng([*seed, int(number)]).permutation(clips)
        for number in np.unique(wanted // len(clips))
    }
    return np.array([orders[i // len(clips)][i % len(clips)] for i in wanted])


def one_of(inputs: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Choose one of several inputs of a clip."""
    return inputs[int(rng.integers(len(inputs)))]


def balance(classes: np.ndarray) -> np.ndarray:
    """Repeat the clips of rarer classes until each class is seen about equally often.

    Args:
        classes: int array of shape (clips,).

    Returns:
        int array, positions of clips, each at least once.

    >>> balance(np.array([0, 0, 0, 0, 1, 1])).tolist()
    [0, 1, 2, 3, 4, 5, 4, 5]
    """
    most = np.bincount(classes).max()
    members = [np.flatnonzero(classes == name) for name in np.unique(classes)]
    return np.concatenate([np.resize(clips, most) for clips in members])


def smooth(targets: np.ndarray, amount: float) -> np.ndarray:
    """Move `amount` of each target's weight evenly onto all classes its corpus has."""
    present = targets >= 0
    even = amount / present.sum(axis=-1, keepdims=True)
    return np.where(present, targets * (1.0 - amount) + even, -1.0).astype(np.float32)


def masked_crossentropy(targets, logits):
    """Cross-entropy among the classes that the clip's corpus has.

    On logits: a class that a corpus lacks gets no gradient, so its probability may drift to one,
    and the logarithm of what then remains for the others would have none either.

    Args:
        targets: float tensor of shape (batch, classes), -1 where the corpus lacks the class.
        logits: float tensor of the same shape.

    Returns:
        float tensor of shape (batch,) [nats].
    """
    present = ops.cast(targets >= 0, logits.dtype)
    log_probabilities = ops.log_softmax(logits - 1e9 * (1.0 - present), axis=-1)
    return -ops.sum(ops.maximum(targets, 0.0) * present * log_probabilities, axis=-1)


def masked_binary_crossentropy(targets, logits):
    """Cross-entropy of a yes or no, where it is known.

    Args:
        targets: float tensor of shape (batch, 1) in [0, 1], -1 where it is not known.
        logits: float tensor of the same shape.

    Returns:
        float tensor of shape (batch,) [nats], 0 where it is not known.
    """
    known = ops.cast(targets >= 0, logits.dtype)
    wanted = ops.maximum(targets, 0.0)
    losses = ops.maximum(logits, 0.0) - logits * wanted + ops.log1p(ops.exp(-ops.abs(logits)))
    return ops.sum(losses * known, axis=-1)


class Progress(keras.callbacks.Callback):
    """A progress bar with the training loss and, where speakers are held out, their figures."""

    def __init__(
        self, description: str, steps: int, config: FeatureConfig, validation: Material | None
    ) -> None:
        super().__init__()
        self.config, self.validation = config, validation
        if validation is not None and len(validation.features) > VALIDATION_CLIPS:
            spread = np.linspace(0, len(validation.features) - 1, VALIDATION_CLIPS).astype(int)
            self.validation = validation.take(spread)
        self.bar = tqdm(total=steps, desc=description, unit="step", mininterval=1.0)
        self.figures: dict[str, str] = {}
        self.losses: list[float] = []  # since the last row of the history
        self.history: list[dict[str, float]] = []

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self.bar.update()
        self.losses.append(float(logs["loss"]))
        last = batch + 1 == self.bar.total
        if (batch + 1) % LOSS_EVERY == 0 or last:
            self.figures["loss"] = f"{np.mean(self.losses[-LOSS_EVERY:]):.3f}"
            self.bar.set_postfix(self.figures, refresh=False)
        if (batch + 1) % VALIDATION_EVERY == 0 or last:
            row = {"step": batch + 1, "loss": round(float(np.mean(self.losses)), 4)}
            self.losses.clear()
            if self.validation is not None:
                row |= self.validate()
                self.figures |= {key: f"{row[key]:.3f}" for key in ("val_loss", "val_accuracy")}
            self.history.append(row)

    def on_train_end(self, logs: dict | None = None) -> None:
        self.bar.set_postfix(self.figures)
        self.bar.close()

    def validate(self) -> dict[str, float]:
        """Measure loss and accuracy on the validation speakers, among their corpus' classes."""
        answers = predict(self.model, self.validation.features, self.config, logits=True)
        targets = self.validation.targets
        among = np.where(targets >= 0, answers, 0.0)
        truth = targets.argmax(axis=1)
        right = among[np.arange(len(among)), truth] / among.sum(axis=1)
        return {
            "val_loss": round(float(-np.log(np.maximum(right, 1e-7)).mean()), 4),
            "val_accuracy": round(float((among.argmax(axis=1) == truth).mean()), 4),
        }


def train(
    network: keras.Model,
    batches: Batches,
    *,
    validation: Material | None = None,
    description: str = "train",
    log_folder: Path | None = None,
) -> list[dict[str, float]]:
    """Run one phase of training, in place.

    Args:
        network: keras.Model from (batch, frames, features) to probabilities, or to its own input
            where the batches are reconstructions.
        batches: what to learn from, with its schedule.
        validation: clips of held-out speakers to show figures of, or None.
        description: str, what the progress bar says.
        log_folder: folder for TensorBoard's logs, or None for none.

    Returns:
        One row per VALIDATION_EVERY steps: step, mean loss since the last row, validation figures.
    """
    schedule = batches.schedule
    reconstructing = isinstance(batches, Reconstructions)
    rate = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0,
        decay_steps=max(1, schedule.steps - schedule.warmup),
        warmup_target=schedule.learning_rate,
        warmup_steps=schedule.warmup,
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=schedule.weight_decay)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    progress = Progress(description, schedule.steps, batches.config, validation)
    callbacks = [progress]
    if log_folder is not None:
        callbacks.append(keras.callbacks.TensorBoard(log_folder, update_freq=LOSS_EVERY))
    if reconstructing:
        outputs, loss, weights = [], "mean_squared_error", None
    else:
        outputs = output_names(batches.config)
        loss = [masked_crossentropy, masked_binary_crossentropy][: len(outputs)]
        weights = [1.0, schedule.intensity_weight][: len(outputs)]
    learner = copy_to_learn(network, outputs)
    compiled = keras.backend.backend() == "jax"  # whose steps take seconds otherwise
    learner.compile(optimizer, loss, loss_weights=weights, jit_compile=compiled)
    take_steps(learner, batches, callbacks)
    network.set_weights(learner.get_weights())
    return progress.history


class FusedBatchNormalization(keras.layers.BatchNormalization):
    """Batch normalisation of images as one operation of TensorFlow's while it learns.

    Keras makes it of a dozen, each a pass over all values: benchmarks/training.py measures what
    that takes. Not for saving: a network that is to be kept has Keras' own layer.
    """

    def call(self, inputs, training=None, mask=None):
        """Normalise; in training, by the batch's own mean and variance, which are then tracked."""
        if not (training and self.trainable and len(inputs.shape) == 4):
            return super().call(inputs, training=training, mask=mask)
        from tensorflow import raw_ops

        nothing = ops.zeros((0,))
        normalised, mean, variance, *_ = raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=ops.convert_to_tensor(self.gamma),
            offset=ops.convert_to_tensor(self.beta),
            mean=nothing,
            variance=nothing,
            epsilon=self.epsilon,
        )
        # TensorFlow gives the unbiased variance, Keras tracks the batch's.
        count = ops.cast(ops.size(inputs) // inputs.shape[-1], variance.dtype)
        variance = variance * (count - 1.0) / count
        for tracked, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            tracked.assign(tracked * self.momentum + value * (1.0 - self.momentum))
        return normalised


def copy_to_learn(network: keras.Model, outputs: Sequence[str]) -> keras.Model:
    """Copy a network into the form in which it learns fastest.

    Args:
        network: keras.Model.
        outputs: names of the layers that give logits instead of probabilities, as losses want them.

    Returns:
        keras.Model with the same weights in the same order.
    """
    fused = keras.backend.backend() == "tensorflow"

    def copy(layer: keras.layers.Layer) -> keras.layers.Layer:
        config, kind = layer.get_config(), type(layer)
        if layer.name in outputs:
            config["activation"] = "linear"
        if fused and kind is keras.layers.BatchNormalization:
            kind = FusedBatchNormalization
        return kind.from_config(config)

    learner = keras.models.clone_model(network, clone_function=copy)
    learner.set_weights(network.get_weights())
    return learner


def take_steps(
    network: keras.Model,
    batches: Sequence[tuple],
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> None:
    """Take a step of training with each batch, in place.

    Keras' fit() does the same, but its steps take longer on a CPU: benchmarks/training.py measures
    how much.

    Args:
        network: keras.Model, compiled.
        batches: inputs and targets, one item per step.
        callbacks: told of the beginning, of every step with its loss, and of the end.
    """
    make_variables(network)
    told = keras.callbacks.CallbackList(list(callbacks), model=network)
    told.on_train_begin()
    for step in range(len(batches)):
        told.on_train_batch_begin(step)
        told.on_train_batch_end(step, network.train_on_batch(*batches[step], return_dict=True))
    told.on_train_end()


def make_variables(network: keras.Model) -> None:
    """Make what a compiled network keeps while it learns: its optimizer's state, its losses' means.

    The first step would make them, and TensorFlow traces it a second time where it made any.
    """
    network.optimizer.build(network.trainable_variables)
    nothing = keras.tree.map_structure(lambda one: ops.zeros((1, *one.shape[1:])), network.output)
    network.compute_loss(y=nothing, y_pred=nothing)


def output_names(config: FeatureConfig) -> list[str]:
    """Names of the layers that give the outputs: emotion, and intensity where there is one."""
    names = [config.outputs.emotion, config.outputs.intensity]
    return [name for name in names if name is not None]


def predict(
    network: keras.Model,
    features: Sequence[Features],
    config: FeatureConfig,
    *,
    logits: bool = False,
    version: str = ORIGINAL,
) -> np.ndarray:  # (clips, classes)
    """Answer each clip as the recognizer does; see `answer`.

    Returns:
        float64 array of shape (clips, classes), rows sum to 1.
    """
    return answer(network, features, config, logits=logits, version=version)[0]


def answer(
    network: keras.Model,
    features: Sequence[Features],
    config: FeatureConfig,
    *,
    logits: bool = False,
    version: str = ORIGINAL,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Answer each clip as the recognizer does: windows, network, pooled answers.

    Args:
        network: keras.Model.
        features: one per clip.
        config: FeatureConfig, with the statistics the network was trained with.
        logits: whether the network gives logits, as it does while it is trained.
        version: which version of each recording.

    Returns:
        float64 array of shape (clips, classes), rows sum to 1; and float64 array of shape (clips,)
        of intensities, their mean over windows, or None where the network gives none.
    """
    inputs = [clip.inputs(config, version) for clip in features]
    return answer_inputs(network, inputs, config, logits=logits)


def answer_inputs(
    network: keras.Model,
    inputs: Sequence[np.ndarray],
    config: FeatureConfig,
    *,
    logits: bool = False,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Answer clips from the network's inputs for each, and pool; see `answer`.

    Args:
        network: keras.Model.
        inputs: by clip, float32 arrays of shape (inputs, ...), as the network takes them.
        config: FeatureConfig.
        logits: whether the network gives logits.
    """
    owners = np.repeat(np.arange(len(inputs)), [len(of_clip) for of_clip in inputs])
    answers = network.predict(np.concatenate(inputs), batch_size=64, verbose=0)
    strengths = None
    if isinstance(answers, list):
        strengths = answers[1] if config.outputs.intensity is not None else None
        answers = answers[0]
    if logits:
        answers = np.exp(answers - answers.max(axis=1, keepdims=True))
        answers /= answers.sum(axis=1, keepdims=True)
        strengths = None if strengths is None else 1.0 / (1.0 + np.exp(-strengths))
    pooled = np.stack([pool(answers[owners == i], config) for i in range(len(inputs))])
    if strengths is None:
        return pooled, None
    return pooled, np.array([strengths[owners == i].mean() for i in range(len(inputs))])
