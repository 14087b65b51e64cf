"""A head with a hidden layer: its loss by hand, its batches, and that it learns."""

import keras
import numpy as np
import pytest
from scipy.special import log_softmax, logsumexp

from ser_core.config.emotions import LABELS
from train import recipe as recipes
from train.fitting.hidden_head import HeadData, draw_batches, fit_hidden_head, partial_loss
from train.fitting.linear_head import label_sets

WIDTH = 12
SIX = [label for label in LABELS if label not in ("calm", "disgust")]
QUICK = ["training.steps=120", "training.warmup=5", "training.batch_size=32"]
QUICK += ["heads.hidden.components=12", "heads.hidden.dropout=0.1", "training.learning_rate=0.01"]


def corpus(name, labels, count, seed, copies=0):
    """Clips around the centre of each label."""
    rng = np.random.default_rng(seed)
    emotions = [label for label in labels for _ in range(count)]
    rows = 3.0 * np.eye(8, WIDTH)[[LABELS.index(emotion) for emotion in emotions]]
    versions = [
        (rows + rng.normal(0, 0.4, rows.shape)).astype(np.float32) for _ in range(copies + 1)
    ]
    return HeadData(name, emotions, versions, label_sets(emotions, labels, LABELS))


def settings(**changes):
    recipe = recipes.load("default", QUICK)
    return recipe.heads.hidden.model_copy(update=changes)


def targets(first, second=None, share=1.0):
    """Targets of one row: possible and accepted classes of a clip, of its partner, and a share."""
    sets = label_sets([first[0]], first[1], LABELS)
    parts = [sets.possible[0], sets.accepted[0]]
    other = label_sets([second[0]], second[1], LABELS) if second else sets
    parts += [other.possible[0], other.accepted[0]]
    return np.concatenate([*parts, [share]]).astype(np.float32)[None]


def value(smoothing, row, logits):
    loss = partial_loss(smoothing)(keras.ops.array(row), keras.ops.array(logits[None]))
    return float(np.asarray(loss)[0])


def test_the_loss_is_cross_entropy_where_all_classes_are_known():
    logits = np.linspace(-1, 2, 8).astype(np.float32)
    logs = log_softmax(logits)
    assert value(0.0, targets(("sad", LABELS)), logits) == pytest.approx(-logs[3], rel=1e-4)
    smoothed = -0.9 * logs[3] - 0.1 * logs.mean()
    assert value(0.1, targets(("sad", LABELS)), logits) == pytest.approx(smoothed, rel=1e-4)


def test_neutral_of_a_corpus_without_calm_is_either_and_what_it_lacks_does_not_count():
    logits = np.array([0.3, 1.1, -0.5, 0.0, 2.0, 0.7, 9.0, -1.0], np.float32)
    known = [i for i, label in enumerate(LABELS) if label != "disgust"]
    expected = logsumexp(logits[known]) - logsumexp(logits[[0, 1]])
    assert value(0.0, targets(("neutral", SIX)), logits) == pytest.approx(expected, rel=1e-4)
    even = logsumexp(logits[known]) - logits[known].mean()
    smoothed = 0.8 * expected + 0.2 * even
    assert value(0.2, targets(("neutral", SIX)), logits) == pytest.approx(smoothed, rel=1e-4)


def test_a_mixed_clip_has_its_shares_of_both_losses():
    logits = np.linspace(1, -1, 8).astype(np.float32)
    one, other = (value(0.1, targets(pair), logits) for pair in (("sad", LABELS), ("happy", SIX)))
    mixed = value(0.1, targets(("sad", LABELS), ("happy", SIX), 0.7), logits)
    assert mixed == pytest.approx(0.7 * one + 0.3 * other, rel=1e-4)


def test_corpora_have_their_shares_and_classes_equal_parts():
    few, many = corpus("few", LABELS, 2, 1), corpus("many", SIX, 40, 2)
    chosen = settings(shares={"few": 3.0, "many": 1.0}, mixup_share=0.0)
    batches = draw_batches([few, many], chosen, 2_000, np.random.default_rng(0))
    values, rows = next(batches)
    assert values.shape == (2_000, WIDTH)
    assert values.dtype == rows.dtype == np.float32
    assert rows.shape == (2_000, 4 * len(LABELS) + 1)
    whole = rows[:, :8].all(axis=1)
    assert whole.mean() == pytest.approx(0.75, abs=0.04)
    accepted = rows[whole][:, 8:16]
    assert (accepted.sum(axis=1) == 1).all()
    np.testing.assert_allclose(accepted.mean(axis=0), 1 / 8, atol=0.03)
    assert (rows[:, -1] == 1.0).all()


def test_rare_classes_are_drawn_as_often_as_others():
    emotions = ["happy"] * 90 + ["sad"] * 10
    rows = [np.zeros((100, WIDTH), np.float32)]
    one = HeadData("a", emotions, rows, label_sets(emotions, LABELS, LABELS))
    batches = draw_batches([one], settings(mixup_share=0.0), 2_000, np.random.default_rng(0))
    accepted = next(batches)[1][:, 8:16].mean(axis=0)
    np.testing.assert_allclose(accepted[[2, 3]], 0.5, atol=0.04)


def test_copies_and_mixtures_are_drawn_as_often_as_the_recipe_says():
    emotions = ["happy"] * 50
    versions = [np.full((50, WIDTH), level, np.float32) for level in (0.0, 1.0, 2.0)]
    one = HeadData("a", emotions, versions, label_sets(emotions, LABELS, LABELS))
    plain = settings(original=0.4, mixup_share=0.0)
    values, _ = next(draw_batches([one], plain, 3_000, np.random.default_rng(0)))
    shares = [(values[:, 0] == level).mean() for level in (0.0, 1.0, 2.0)]
    np.testing.assert_allclose(shares, [0.4, 0.3, 0.3], atol=0.04)
    mixing = settings(mixup_share=0.5)
    _, rows = next(draw_batches([one], mixing, 3_000, np.random.default_rng(0)))
    assert (rows[:, -1] < 1.0).mean() == pytest.approx(0.5, abs=0.05)
    assert rows[:, -1].min() >= 0.5  # a clip is never the lesser part of itself


def test_it_learns_what_corpora_with_different_classes_teach_together():
    data = [corpus("ravdess", LABELS, 12, 1, copies=1), corpus("nemo", SIX, 20, 2)]
    recipe = recipes.load("default", [*QUICK, "network.parameters.units=16"])
    kernel, bias, last, last_bias = fit_hidden_head(data, recipe, (1, 1))
    assert kernel.shape == (WIDTH, 16)
    assert last.shape == (16, 8)
    fresh = corpus("fresh", LABELS, 20, 9)
    hidden = fresh.versions[0] @ kernel + bias
    logits = (hidden / (1.0 + np.exp(-hidden))) @ last + last_bias
    truth = np.array([LABELS.index(emotion) for emotion in fresh.emotions])
    right = logits.argmax(axis=1) == truth
    assert right.mean() > 0.9
    assert right[truth == LABELS.index("calm")].mean() > 0.8
    assert right[truth == LABELS.index("disgust")].mean() > 0.8
    again = fit_hidden_head(data, recipe, (1, 1))
    assert all(map(np.array_equal, (kernel, bias, last, last_bias), again))
