"""A linear head that learns from corpora of different classes, and what is kept from it."""

import numpy as np
import pytest

from ser_core.config.emotions import LABELS
from train.fitting.invariance import corpus_covariance, shrink, speaker_covariance
from train.fitting.linear_head import (
    LabelSets,
    balanced_weights,
    fit_linear_head,
    label_sets,
)

WIDTH = 12
CENTRES = 3.0 * np.eye(8, WIDTH, dtype=np.float32)


def clips(labels, count, seed):
    """Summaries around the centre of each label."""
    rng = np.random.default_rng(seed)
    emotions = [label for label in labels for _ in range(count)]
    rows = CENTRES[[LABELS.index(emotion) for emotion in emotions]]
    return (rows + rng.normal(0, 0.5, rows.shape)).astype(np.float32), emotions


def joined(*parts):
    return LabelSets(
        np.concatenate([part.possible for part in parts]),
        np.concatenate([part.accepted for part in parts]),
    )


def test_classes_that_a_corpus_lacks_are_masked():
    sets = label_sets(["happy", "neutral"], ["neutral", "happy", "sad"], LABELS)
    known = {label for label, one in zip(LABELS, sets.possible[0], strict=True) if one}
    assert known == {"neutral", "calm", "happy", "sad"}
    assert sets.accepted.sum(axis=1).tolist() == [1, 2]
    whole = label_sets(["neutral", "calm"], LABELS, LABELS)
    assert whole.possible.all()
    assert whole.accepted.sum(axis=1).tolist() == [1, 1]


def test_a_corpus_without_calm_does_not_teach_that_there_is_none():
    few, few_labels = clips(LABELS, 10, 1)
    present = [label for label in LABELS if label not in ("calm", "disgust")]
    many, many_labels = clips(present, 300, 2)
    x = np.concatenate([few, many])
    sets = joined(label_sets(few_labels, LABELS, LABELS), label_sets(many_labels, present, LABELS))
    corpora = ["few"] * len(few) + ["many"] * len(many)
    weights = balanced_weights(corpora, few_labels + many_labels, {})
    head = fit_linear_head(x, sets, weights, strength=0.1)
    fresh, truth = clips(["calm", "disgust", "neutral"], 50, 3)
    answers = [LABELS[i] for i in head.probabilities(fresh).argmax(axis=1)]
    assert np.mean([a == b for a, b in zip(answers, truth, strict=True)]) > 0.9


def test_probabilities_add_up_and_the_gradient_is_followed():
    x, labels = clips(LABELS, 20, 4)
    head = fit_linear_head(x, label_sets(labels, LABELS, LABELS), np.ones(len(x)), strength=1.0)
    probabilities = head.probabilities(x)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-5)
    assert np.mean(probabilities.argmax(axis=1) == [LABELS.index(e) for e in labels]) > 0.99


def test_it_is_scikit_learns_logistic_regression_where_no_label_is_partial():
    from sklearn.linear_model import LogisticRegression

    x, labels = clips(LABELS, 20, 5)
    classes = [LABELS.index(label) for label in labels]
    ours = fit_linear_head(
        x, label_sets(labels, LABELS, LABELS), np.ones(len(x)), strength=0.01, iterations=500
    )
    # Ours weighs the mean loss by strength times the number of clips, as scikit-learn does the sum.
    theirs = LogisticRegression(C=0.01, max_iter=1000, tol=1e-8).fit(x, classes)
    np.testing.assert_allclose(ours.probabilities(x), theirs.predict_proba(x), atol=2e-3)


def test_corpora_have_their_shares_and_classes_equal_parts():
    corpora, emotions = ["a"] * 6 + ["b"] * 2, ["sad"] * 5 + ["happy", "sad", "happy"]
    weights = balanced_weights(corpora, emotions, {"a": 2.0})
    assert weights.mean() == pytest.approx(1.0)
    assert weights[:6].sum() == pytest.approx(2 * weights[6:].sum())
    assert weights[5] == pytest.approx(weights[:5].sum())


def test_offsets_of_speakers_and_corpora_are_shrunk_and_emotions_are_not():
    rng = np.random.default_rng(6)
    rows, groups, speakers = [], [], []
    for corpus, shift in (("a", 0.0), ("b", 5.0)):
        for person in range(6):
            offset = rng.normal(0, 4)
            for label in ("happy", "sad"):
                x, _ = clips([label], 10, rng.integers(1000))
                x[:, 10] += offset
                x[:, 11] += shift
                rows.append(x)
                groups += [(corpus, label)] * 10
                speakers += [f"{person}"] * 10
    x = np.concatenate(rows)
    covariance = speaker_covariance(x, groups, speakers) + corpus_covariance(x, groups)
    scales = np.diag(shrink(covariance))
    assert scales[10] < 0.5
    assert scales[11] < 0.5
    assert scales[[LABELS.index("happy"), LABELS.index("sad")]].min() > 0.9
    assert not corpus_covariance(x[:120], groups[:120]).any()
