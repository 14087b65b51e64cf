"""The training loop: one phase of a schedule, repeatable, with progress and validation figures."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
from tqdm import tqdm

from ser_core.config.feature_config import FeatureConfig

from ..data.material import Material
from .batches import Batches, Reconstructions
from .inference import output_names, predict
from .losses import masked_binary_crossentropy, masked_crossentropy
from .steps import copy_to_learn, take_steps

LOSS_EVERY = 20  # steps
VALIDATION_EVERY = 400  # steps
VALIDATION_CLIPS = 240  # at most, spread evenly, so that watching costs little


class Progress(keras.callbacks.Callback):  # type: ignore[misc]  # Keras publishes no types
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

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self.bar.update()
        self.losses.append(float((logs or {})["loss"]))
        last = batch + 1 == self.bar.total
        if (batch + 1) % LOSS_EVERY == 0 or last:
            self.figures["loss"] = f"{np.mean(self.losses[-LOSS_EVERY:]):.3f}"
            self.bar.set_postfix(self.figures, refresh=False)
        if (batch + 1) % VALIDATION_EVERY == 0 or last:
            row = {"step": batch + 1, "loss": round(float(np.mean(self.losses)), 4)}
            self.losses.clear()
            if self.validation is not None:
                row |= self.validate(self.validation)
                self.figures |= {key: f"{row[key]:.3f}" for key in ("val_loss", "val_accuracy")}
            self.history.append(row)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self.bar.set_postfix(self.figures)
        self.bar.close()

    def validate(self, held: Material) -> dict[str, float]:
        """Measure loss and accuracy on the validation speakers, among their corpus' classes."""
        answers = predict(self.model, held.features, self.config, logits=True)
        targets = held.targets
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
    rate = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0,
        decay_steps=max(1, schedule.steps - schedule.warmup),
        warmup_target=schedule.learning_rate,
        warmup_steps=schedule.warmup,
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=schedule.weight_decay)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    progress = Progress(description, schedule.steps, batches.config, validation)
    callbacks: list[keras.callbacks.Callback] = [progress]
    if log_folder is not None:
        callbacks.append(keras.callbacks.TensorBoard(log_folder, update_freq=LOSS_EVERY))
    outputs: list[str] = []
    loss: Any = "mean_squared_error"
    weights = None
    if not isinstance(batches, Reconstructions):
        outputs = output_names(batches.config)
        loss = [masked_crossentropy, masked_binary_crossentropy][: len(outputs)]
        weights = [1.0, schedule.intensity_weight][: len(outputs)]
    learner = copy_to_learn(network, outputs)
    compiled = keras.backend.backend() == "jax"  # whose steps take seconds otherwise
    learner.compile(optimizer, loss, loss_weights=weights, jit_compile=compiled)
    take_steps(learner, batches, callbacks)
    network.set_weights(learner.get_weights())
    return progress.history


def deterministic(threads: int | None = None) -> None:
    """Make the same seed give the same weights on the same machine.

    Args:
        threads: int, how many threads the backend may use; None for its own choice.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
        if threads is not None:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
