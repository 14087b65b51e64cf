"""A head with a hidden layer over summaries, learnt from corpora that have different classes."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers, ops
from scipy.special import expit, softmax

from ser_core.errors import ConfigError

from ..recipe import HiddenHead, Recipe
from .linear_head import NEVER, LabelSets

TAUGHT = 0.5  # of the loss, where there are teachers, is that of their answers

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


def partial_loss(smoothing: float | Sequence[float], taught: float = 0.0) -> "keras.losses.Loss":
    """Make the loss of logits under targets of `draw_batches`.

    Cross-entropy over the classes that the corpus tells apart, where any of those that the label
    may mean is right; smoothed over the former; of two clips where two are mixed.

    Args:
        smoothing: in [0, 1), how much; of each class in output order where several are given.
        taught: in [0, 1], how much of the loss is that of the answers of teachers.
    """

    def of_sets(
        logits: keras.KerasTensor, possible: keras.KerasTensor, accepted: keras.KerasTensor
    ) -> keras.KerasTensor:
        total = ops.logsumexp(ops.where(possible > 0, logits, NEVER), axis=1)
        right = ops.logsumexp(ops.where(accepted > 0, logits, NEVER), axis=1)
        even = ops.sum(possible * logits, axis=1) / ops.sum(possible, axis=1)
        if isinstance(smoothing, float):
            return (1.0 - smoothing) * (total - right) + smoothing * (total - even)
        each = ops.convert_to_tensor(smoothing, dtype=logits.dtype)
        share = ops.sum(accepted * each, axis=1) / ops.sum(accepted, axis=1)
        return (1.0 - share) * (total - right) + share * (total - even)

    def of_clip(targets: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
        possible, accepted, *soft = ops.split(targets, 3 if taught else 2, axis=1)
        loss = of_sets(logits, possible, accepted)
        if not soft:
            return loss
        total = ops.logsumexp(ops.where(possible > 0, logits, NEVER), axis=1)
        return (1.0 - taught) * loss + taught * (total - ops.sum(soft[0] * logits, axis=1))

    def loss(targets: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
        one, other = ops.split(targets[:, :-1], 2, axis=1)
        share = targets[:, -1]
        return share * of_clip(one, logits) + (1.0 - share) * of_clip(other, logits)

    return loss


def corpus_odds(settings: HiddenHead, corpora: Sequence[str]) -> np.ndarray:  # (corpora,)
    """Say how likely each corpus is drawn, by its share of a batch.

    Args:
        settings: HiddenHead.
        corpora: names of those that are learnt from.

    Returns:
        float array, all odds together 1.

    Raises:
        ConfigError: each of them has a share of 0.
    """
    shares = np.array([settings.shares.get(name, 1.0) for name in corpora])
    if not shares.any():
        raise ConfigError(
            f"heads.hidden.shares gives 0 to all that the hidden head learns from, "
            f"{', '.join(corpora)}: give one of them a share above 0."
        )
    return np.asarray(shares / shares.sum())


def draw_batches(
    data: Sequence[HeadData],
    settings: HiddenHead,
    size: int,
    rng: np.random.Generator,
    teachers: Sequence[Arrays] = (),
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Draw batches without end: corpora by their shares, classes evenly, versions, mixed or not.

    Yields:
        float32 arrays of shape (size, components), and (size, 4 * classes + 1): possible and
        accepted classes of a clip and of the one that it is mixed with, and the first one's share;
        with teachers (size, 6 * classes + 1), behind the sets of each what they answer.
    """
    of_corpora = corpus_odds(settings, [one.corpus for one in data])
    odds = [even_odds(one.emotions) for one in data]
    while True:
        corpora = rng.choice(len(data), size, p=of_corpora)
        draws = rng.random(size)
        values = np.empty((size, data[0].versions[0].shape[1]), dtype=np.float32)
        sets = np.empty((size, 2 * data[0].sets.possible.shape[1]), dtype=np.float32)
        for row, corpus in enumerate(corpora):
            one = data[corpus]
            copies = len(one.versions) - 1
            clip, version = draw_version(odds[corpus], draws[row], copies, settings.original, rng)
            values[row] = one.versions[version][clip]
            sets[row] = np.concatenate([one.sets.possible[clip], one.sets.accepted[clip]])
        told = sets
        if teachers:
            told = np.concatenate([sets, answer_together(teachers, values, sets)], axis=1)
        drawn = rng.beta(settings.mixup, settings.mixup, size)
        drawn = np.where(rng.random(size) < settings.mixup_share, np.maximum(drawn, 1 - drawn), 1.0)
        share = drawn.astype(np.float32)[:, None]
        other = rng.permutation(size)
        mixed = share * values + (1.0 - share) * values[other]
        yield mixed, np.concatenate([told, told[other], share], axis=1)


def even_odds(emotions: Sequence[str]) -> np.ndarray:  # (clips,)
    """Say how likely each clip is drawn, all up to it together, where classes are drawn evenly."""
    counts = Counter(emotions)
    chance = np.array([1.0 / counts[label] for label in emotions])
    return np.asarray(np.cumsum(chance / chance.sum()))


def draw_version(
    odds: np.ndarray, draw: float, copies: int, original: float, rng: np.random.Generator
) -> tuple[int, int]:
    """Draw a clip, by a number in [0, 1), and its version: 0 as it is, or one of its copies.

    Args:
        odds: as `even_odds` gives them.
        draw: the number.
        copies: int >= 0, how many there are.
        original: float in [0, 1], how often it is the clip as it is.
        rng: numpy Generator.
    """
    clip = min(int(np.searchsorted(odds, draw)), len(odds) - 1)
    changed = copies and rng.random() >= original
    return clip, 1 + int(rng.integers(copies)) if changed else 0


def answer_together(
    heads: Sequence[Arrays], values: np.ndarray, sets: np.ndarray
) -> np.ndarray:  # (clips, classes)
    """Average the probabilities that several heads give, among possible classes.

    Args:
        heads: as `fit_hidden_head` gives.
        values: float32 array of shape (clips, components).
        sets: float32 array of shape (clips, 2 * classes), possible and accepted classes.
    """
    possible = sets[:, : sets.shape[1] // 2] > 0
    answers = []
    for kernel, bias, last_kernel, last_bias in heads:
        inner = values @ kernel + bias
        logits = (inner * expit(inner)) @ last_kernel + last_bias
        answers.append(softmax(np.where(possible, logits, NEVER), axis=1))
    return np.asarray(np.mean(answers, axis=0), dtype=np.float32)


def fit_hidden_head(
    data: Sequence[HeadData], recipe: Recipe, labels: Sequence[str], seed: Sequence[int]
) -> Arrays:
    """Train the head by the recipe's schedule, and its teachers before it, if it has any.

    Args:
        data: HeadData of each corpus.
        recipe: Recipe with heads.
        labels: the classes in output order.
        seed: what random draws derive from.

    Returns:
        float32 kernel (components, units) and bias (units,) of the hidden layer, kernel
        (units, classes) and bias (classes,) of the last.
    """
    assert recipe.heads is not None, "only a recipe with heads has a hidden one"
    settings = recipe.heads.hidden
    teachers = [
        train_hidden_head(data, recipe, labels, (*seed, number))
        for number in range(1, settings.teachers + 1)
    ]
    return train_hidden_head(data, recipe, labels, seed, teachers)


def train_hidden_head(
    data: Sequence[HeadData],
    recipe: Recipe,
    labels: Sequence[str],
    seed: Sequence[int],
    teachers: Sequence[Arrays] = (),
) -> Arrays:
    """Train one head; see `fit_hidden_head`."""
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
    smoothing: float | list[float] = schedule.label_smoothing
    if settings.smoothing:
        smoothing = [settings.smoothing.get(label, schedule.label_smoothing) for label in labels]
    loss = partial_loss(smoothing, TAUGHT if teachers else 0.0)
    head.compile(optimizer, loss, jit_compile=False)
    rng = np.random.default_rng([*seed, 4])
    batches = draw_batches(data, settings, schedule.batch_size, rng, teachers)
    head.fit(batches, steps_per_epoch=schedule.steps, epochs=1, shuffle=False, verbose=0)
    found = [np.asarray(one, dtype=np.float32) for one in head.get_weights()]
    return found[0], found[1], found[2], found[3]
