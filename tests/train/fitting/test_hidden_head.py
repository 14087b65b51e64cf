"""A head with a hidden layer: its loss by hand, its batches, and that it learns."""

import keras
import numpy as np
import pytest
from scipy.special import log_softmax, logsumexp

from ser_core.config.emotions import LABELS
from ser_core.errors import ConfigError
from train import recipe as recipes
from train.fitting.hidden_head import (
    HeadData,
    answer_together,
    corpus_odds,
    draw_batches,
    fit_hidden_head,
    partial_loss,
)
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


def test_labels_may_be_smoothed_by_different_amounts():
    logits = np.linspace(-1, 2, 8).astype(np.float32)
    amounts = [0.05 * place for place in range(8)]
    for label in ("neutral", "sad", "surprised"):
        same = value(amounts[LABELS.index(label)], targets((label, LABELS)), logits)
        assert value(amounts, targets((label, LABELS)), logits) == pytest.approx(same, rel=1e-4)
    both = np.mean(amounts[:2])  # of a corpus without calm, neutral may mean either
    same = value(float(both), targets(("neutral", SIX)), logits)
    assert value(amounts, targets(("neutral", SIX)), logits) == pytest.approx(same, rel=1e-4)


def test_what_teachers_answer_is_half_of_what_is_learnt():
    rng = np.random.default_rng(4)
    teachers = [
        tuple(rng.normal(size=shape).astype(np.float32) for shape in ((WIDTH, 5), 5, (5, 8), 8))
        for _ in range(2)
    ]
    one = corpus("a", SIX, 4, 1)
    values, rows = next(draw_batches([one], settings(), 6, np.random.default_rng(0), teachers))
    plain = next(draw_batches([one], settings(), 6, np.random.default_rng(0)))
    np.testing.assert_array_equal(values, plain[0])
    soft = rows[:, 16:24]
    np.testing.assert_array_equal(rows[:, :16], plain[1][:, :16])
    np.testing.assert_allclose(soft.sum(axis=1), 1.0, atol=1e-5)
    assert np.all(soft[:, LABELS.index("disgust")] == 0.0)  # which the corpus lacks
    alone = [answer_together([teacher], values, rows[:, :16]) for teacher in teachers]
    together = answer_together(teachers, values, rows[:, :16])
    np.testing.assert_allclose(together, np.mean(alone, axis=0), atol=1e-6)

    logits = rng.normal(size=(6, 8)).astype(np.float32)
    rows[:, -1] = plain[1][:, -1] = 1.0
    known = rows[:, :8] > 0
    logs = log_softmax(np.where(known, logits, -1e9), axis=1)
    expected = 0.5 * np.asarray(partial_loss(0.1)(plain[1], logits))
    expected -= 0.5 * np.where(known, soft * logs, 0.0).sum(axis=1)
    found = partial_loss(0.1, 0.5)(rows, logits)
    np.testing.assert_allclose(found, expected, rtol=1e-4)


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


def test_a_corpus_without_a_share_is_never_drawn():
    data = [corpus("one", LABELS, 2, 1), corpus("other", SIX, 40, 2)]
    batches = draw_batches(
        data,
        settings(shares={"one": 1.0, "other": 0.0}, mixup_share=0.0),
        200,
        np.random.default_rng(0),
    )
    _, rows = next(batches)
    assert np.all(rows[:, :8] == 1)  # the other lacks two classes


def test_a_head_with_nothing_to_learn_from_is_one_sentence():
    data = [corpus("one", LABELS, 2, 1), corpus("other", SIX, 2, 2)]
    without = settings(shares={"one": 0.0, "other": 0.0, "absent": 1.0})
    with pytest.raises(
        ConfigError, match=r"gives 0 to all .* one, other: give one of them a share"
    ):
        next(draw_batches(data, without, 2, np.random.default_rng(0)))
    # A corpus that is not named has a share of 1.
    assert corpus_odds(settings(shares={"one": 0.0}), ["one", "other"]).tolist() == [0.0, 1.0]
    recipe = recipes.load("default", ["heads.hidden.shares={ravdess=0.0}"])
    assert corpus_odds(recipe.heads.hidden, ["ravdess", "nemo"]).tolist() == [0.0, 1.0]


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
    kernel, bias, last, last_bias = fit_hidden_head(data, recipe, LABELS, (1, 1))
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
    again = fit_hidden_head(data, recipe, LABELS, (1, 1))
    assert all(map(np.array_equal, (kernel, bias, last, last_bias), again))
    several = ["heads.hidden.teachers=1", "heads.hidden.smoothing={calm=0.3}"]
    taught = recipes.load("default", [*QUICK, "network.parameters.units=16", *several])
    other = fit_hidden_head(data, taught, LABELS, (1, 1))
    assert not np.array_equal(other[0], kernel)
    hidden = fresh.versions[0] @ other[0] + other[1]
    logits = (hidden / (1.0 + np.exp(-hidden))) @ other[2] + other[3]
    assert (logits.argmax(axis=1) == truth).mean() > 0.9
