"""A head with a hidden layer over summaries, learnt from corpora that have different classes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers, ops

from ..recipe import HiddenHead, Recipe
from .linear_head import NEVER, LabelSets

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class HeadData:
    """Clips of one corpus, as a head sees them.

    Attributes:
        corpus: str, its name.
        emotions: label of each clip.
        versions: float32 arrays of shape (clips, components), the original first.
        sets: LabelSets of the clips.
    """

    corpus: str
    emotions: Sequence[str]
    versions: Sequence[np.ndarray]
    sets: LabelSets


def partial_loss(smoothing: float) -> "keras.losses.Loss":
    """Make the loss of logits under targets of `draw_batches`.

    Cross-entropy over the classes that the corpus tells apart, where any of those that the label
    may mean is right; smoothed over the former; of two clips where two are mixed.
    """

    def of_sets(
        logits: keras.KerasTensor, possible: keras.KerasTensor, accepted: keras.KerasTensor
    ) -> keras.KerasTensor:
        total = ops.logsumexp(ops.where(possible > 0, logits, NEVER), axis=1)
        right = ops.logsumexp(ops.where(accepted > 0, logits, NEVER), axis=1)
        even = ops.sum(possible * logits, axis=1) / ops.sum(possible, axis=1)
        return (1.0 - smoothing) * (total - right) + smoothing * (total - even)

    def loss(targets: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
        one, other = ops.split(targets[:, :-1], 2, axis=1)
        share = targets[:, -1]
        first = of_sets(logits, *ops.split(one, 2, axis=1))
        second = of_sets(logits, *ops.split(other, 2, axis=1))
        return share * first + (1.0 - share) * second

    return loss


def draw_batches(
    data: Sequence[HeadData], settings: HiddenHead, size: int, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Draw batches without end: corpora by their shares, classes evenly, versions, mixed or not.

    Yields:
        float32 arrays of shape (size, components), and (size, 4 * classes + 1): possible and
        accepted classes of a clip and of the one that it is mixed with, and the first one's share.
    """
    shares = np.array([settings.shares.get(one.corpus, 1.0) for one in data])
    odds = []
    for one in data:
        counts = {label: one.emotions.count(label) for label in set(one.emotions)}
        chance = np.array([1.0 / counts[label] for label in one.emotions])
        odds.append(np.cumsum(chance / chance.sum()))
    while True:
        corpora = rng.choice(len(data), size, p=shares / shares.sum())
        draws = rng.random(size)
        values = np.empty((size, data[0].versions[0].shape[1]), dtype=np.float32)
        sets = np.empty((size, 2 * data[0].sets.possible.shape[1]), dtype=np.float32)
        for row, corpus in enumerate(corpora):
            one = data[corpus]
            clip = min(int(np.searchsorted(odds[corpus], draws[row])), len(one.emotions) - 1)
            copies = len(one.versions) - 1
            changed = copies and rng.random() >= settings.original
            version = 1 + int(rng.integers(copies)) if changed else 0
            values[row] = one.versions[version][clip]
            sets[row] = np.concatenate([one.sets.possible[clip], one.sets.accepted[clip]])
        drawn = rng.beta(settings.mixup, settings.mixup, size)
        drawn = np.where(rng.random(size) < settings.mixup_share, np.maximum(drawn, 1 - drawn), 1.0)
        share = drawn.astype(np.float32)[:, None]
        other = rng.permutation(size)
        mixed = share * values + (1.0 - share) * values[other]
        yield mixed, np.concatenate([sets, sets[other], share], axis=1)


def fit_hidden_head(data: Sequence[HeadData], recipe: Recipe, seed: Sequence[int]) -> Arrays:
    """Train the head by the recipe's schedule.

    Args:
        data: HeadData of each corpus.
        recipe: Recipe with heads.
        seed: what random draws derive from.

    Returns:
        float32 kernel (components, units) and bias (units,) of the hidden layer, kernel
        (units, classes) and bias (classes,) of the last.
    """
    assert recipe.heads is not None, "only a recipe with heads has a hidden one"
    settings, schedule = recipe.heads.hidden, recipe.training
    width = data[0].versions[0].shape[1]
    keras.utils.set_random_seed(int(np.random.default_rng([*seed, 3]).integers(2**31)))
    head = keras.Sequential(
        [
            keras.Input((width,)),
            layers.Dropout(settings.dropout),
            layers.Dense(recipe.network.parameters["units"], activation="silu"),
            layers.Dropout(settings.dropout),
            layers.Dense(data[0].sets.possible.shape[1]),
        ]
    )
    rate = keras.optimizers.schedules.CosineDecay(
        0.0,
        schedule.steps - schedule.warmup,
        warmup_target=schedule.learning_rate,
        warmup_steps=schedule.warmup,
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=schedule.weight_decay)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    head.compile(optimizer, partial_loss(schedule.label_smoothing), jit_compile=False)
    batches = draw_batches(data, settings, schedule.batch_size, np.random.default_rng([*seed, 4]))
    head.fit(batches, steps_per_epoch=schedule.steps, epochs=1, shuffle=False, verbose=0)
    found = [np.asarray(one, dtype=np.float32) for one in head.get_weights()]
    return found[0], found[1], found[2], found[3]
