"""Heads over toy summaries: what they learn, from whom, and what distances are measured to."""

import keras
import numpy as np
import pytest
from scipy.special import expit

from ser_core.config.emotions import LABELS
from tests.support.tiny_encoder import BANDS
from tests.support.tiny_heads import SHAPE, SUMMARY_WIDTH, TINY_HEADS, toy
from train import recipe as recipes
from train.corpora import debian_voices, nemo, ravdess, ravdess_song
from train.data.feature_cache import intensity_targets
from train.fitting import heads
from train.fitting.heads import (
    answer_summaries,
    distances,
    find_border,
    find_centres,
    find_space,
    fit_heads,
    head_inputs,
)
from train.fitting.invariance import change_covariance
from train.networks.two_heads import build

TRAINED, STRANGERS = [f"{n:02d}" for n in range(1, 9)], ["21", "22"]


def toy_corpora():
    """Speech, song of the same people, and another corpus without calm and disgust."""
    return [
        toy(ravdess.INFO, LABELS, TRAINED, copies=1),
        toy(ravdess_song.INFO, ravdess_song.INFO.labels, TRAINED),
        toy(nemo.INFO, nemo.INFO.labels, ["91", "92", "93"], takes=4),
    ]


@pytest.fixture(scope="module")
def recipe():
    return recipes.load("default", [*TINY_HEADS, "heads.linear.strength=0.1"])


@pytest.fixture(scope="module")
def network(recipe) -> keras.Model:
    keras.utils.set_random_seed(1)
    made = build(100, BANDS, 8, **SHAPE)
    fit_heads(made, toy_corpora(), recipe, LABELS, (1, 1))
    return made


def test_strangers_are_answered_rightly(network):
    fresh = toy(ravdess.INFO, LABELS, STRANGERS)
    given = answer_summaries(network, head_inputs(fresh.summaries))
    assert set(given) == {"emotion", "intensity", "distance"}
    truth = np.array([LABELS.index(clip.emotion) for clip in fresh.clips])
    right = given["emotion"].argmax(axis=1) == truth
    assert right.mean() > 0.9
    assert right[np.isin(truth, [1, 6])].mean() > 0.7  # calm and disgust, which one corpus lacks
    np.testing.assert_allclose(given["emotion"].sum(axis=1), 1.0, atol=1e-5)
    known = intensity_targets(fresh.clips)
    strong, normal = (given["intensity"][known == value, 0] for value in (1, 0))
    assert (strong[:, None] > normal).mean() > 0.95


def test_what_is_like_nothing_that_was_learnt_is_far_away(network):
    fresh = toy(ravdess.INFO, LABELS, STRANGERS)
    values = head_inputs(fresh.summaries)
    far = values + 20.0 * np.random.default_rng(1).normal(size=SUMMARY_WIDTH).astype(np.float32)
    near_by, away = (answer_summaries(network, one)["distance"][:, 0] for one in (values, far))
    assert near_by.max() < away.min()
    slope, border = weights_of_border(network)
    assert expit(slope * (away.min() - border)) > 0.99
    assert np.mean(near_by < border) > 0.5


def weights_of_border(network) -> tuple[float, float]:
    kernel, bias = network.get_layer("away").get_weights()
    return float(kernel[0, 0]), float(-bias[0] / kernel[0, 0])


def test_the_network_measures_distances_as_the_fit_does(network):
    fresh = head_inputs(toy(ravdess.INFO, LABELS, STRANGERS).summaries)
    layer = network.get_layer("standard")
    mean, variance = (np.asarray(w) for w in layer.get_weights()[:2])
    (basis,) = network.get_layer("components").get_weights()
    u = (fresh - mean) / np.sqrt(variance) @ basis
    centres = network.get_layer("centres").get_weights()[0].T / 2.0
    given = answer_summaries(network, fresh)["distance"][:, 0]
    np.testing.assert_allclose(given, distances(u, centres), rtol=1e-3, atol=1e-4)


def test_the_same_seed_fits_the_same_heads(network, recipe):
    other = build(100, BANDS, 8, **SHAPE)
    fit_heads(other, toy_corpora(), recipe, LABELS, (1, 1))
    for name in ("linear", "hidden", "hidden_logits", "centres", "away", "intensity"):
        for one, two in zip(
            network.get_layer(name).get_weights(), other.get_layer(name).get_weights(), strict=True
        ):
            np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-5, err_msg=name)


def test_components_are_orthonormal_and_of_the_clips_as_they_are():
    learnt = toy_corpora()
    space = find_space(learnt, 6, 1)
    np.testing.assert_allclose(space.basis.T @ space.basis, np.eye(6), atol=1e-5)
    every = np.concatenate([one.version("original") for one in learnt])
    spread = np.square(space.project(every)).mean(axis=0)
    assert (np.diff(spread) <= 1e-3).all()  # the largest first
    assert spread[0] > np.square((every - space.mean) / space.std).mean()
    changed = [{**one, "degraded 1": one["original"] + 100.0} for one in learnt[0].summaries]
    other = heads.Learnt(learnt[0].corpus, learnt[0].clips, changed)
    np.testing.assert_array_equal(find_space([other, *learnt[1:]], 6, 1).basis, space.basis)
    np.testing.assert_allclose(space.project(space.mean[None]), np.zeros((1, 6)), atol=1e-5)


def test_centres_are_found_among_the_clips_and_none_is_made_up():
    rng = np.random.default_rng(0)
    spots = np.float32([[0, 0], [10, 0], [0, 10]])
    plain = [np.repeat(spots, 20, axis=0) + rng.normal(0, 0.1, (60, 2)).astype(np.float32)]
    centres = find_centres(plain, 3, 1)
    assert distances(spots, centres).max() < 0.05
    few = find_centres([spots], 5, 1)
    assert few.shape == (5, 2)
    assert distances(spots, few).max() < 20.0
    assert (np.abs(few) > 100).all(axis=1).sum() == 2  # stand for none, and are far from all


def test_distances_are_mean_squares_to_the_nearest():
    values, centres = np.float32([[1, 1], [4, 0]]), np.float32([[0, 0], [4, 2]])
    np.testing.assert_allclose(distances(values, centres), [1.0, 2.0])


def test_nobody_whose_distance_is_measured_is_among_the_centres(monkeypatch, recipe):
    learnt = toy_corpora()
    space = find_space(learnt, 8, 1)
    plain = [space.project(one.version("original")) for one in learnt]
    seen = []

    def spy(values, count, seed, find=find_centres):
        rows = {row.tobytes() for row in np.concatenate(values)}
        seen.append(([len(one) for one in values], rows))
        return find(values, count, seed)

    monkeypatch.setattr(heads, "find_centres", spy)
    settings = recipe.heads.model_copy(update={"validation_speakers": 2})
    border, slope = find_border(learnt, plain, settings, 16, 1)
    assert border > 0
    assert slope > 0
    assert len(seen) == len(TRAINED) // 2
    nearer, same = find_border(learnt, plain, settings.model_copy(update={"border": 0.5}), 16, 1)
    assert nearer < border
    assert same == slope  # which is of other quantiles
    del seen[len(TRAINED) // 2 :]
    left_out = []
    for counts, rows in seen:
        assert counts[2] == len(learnt[2].clips)  # other people stay
        for one, values in zip(learnt[:2], plain, strict=False):
            there = np.array([row.tobytes() in rows for row in values])
            people = {clip.speaker for clip, kept in zip(one.clips, there, strict=True) if not kept}
            assert len(people) == 2
            kept = {clip.speaker for clip, kept in zip(one.clips, there, strict=True) if kept}
            assert not people & kept
            left_out.append(people)
    speech, song = left_out[::2], left_out[1::2]
    assert speech == song  # who speaks and sings is left out of both
    assert set().union(*speech) == set(TRAINED)


def test_speakers_of_another_corpus_are_not_the_same_people():
    speech, song, other = toy_corpora()
    assert song.is_by(["01", "02"], speech.corpus).sum() == 2 * 3 * len(ravdess_song.INFO.labels)
    assert not other.is_by(["91", "01"], speech.corpus).any()


def test_what_degrading_changes_is_shrunk():
    changes = np.zeros((50, 4))
    changes[:, 1] = np.linspace(-1, 1, 50)
    found = change_covariance(changes)
    assert found[1, 1] == pytest.approx(np.mean(changes[:, 1] ** 2))
    assert np.count_nonzero(found) == 1
    learnt = toy_corpora()
    for one in learnt[0].summaries:  # degrading moves what says "sad"
        one["degraded 1"] = one["original"] + 30.0 * np.eye(SUMMARY_WIDTH, dtype=np.float32)[3]
    strong, weak = (
        heads.fit_linear(learnt, recipes.load("default", [*TINY_HEADS, more]), LABELS, 1)[0]
        for more in ("heads.linear.degradation=10.0", "heads.linear.degradation=0.0")
    )
    assert np.abs(strong[3]).sum() < 0.5 * np.abs(weak[3]).sum()


def test_how_ordinary_voices_differ_is_shrunk():
    voices = toy(debian_voices.INFO, ["neutral"], ["danish", "ukrainian"])
    for one, clip in zip(voices.summaries, voices.clips, strict=True):  # voices differ in one thing
        sign = 1.0 if clip.speaker == "danish" else -1.0
        one["original"] = 30.0 * sign * np.eye(SUMMARY_WIDTH, dtype=np.float32)[3]
    learnt = toy_corpora()
    strong, weak, none = (
        heads.fit_linear(learnt, recipes.load("default", [*TINY_HEADS, more]), LABELS, 1, given)[0]
        for more, given in (
            ("heads.linear.voices=10.0", voices),
            ("heads.linear.voices=0.0", voices),
            ("heads.linear.voices=10.0", None),
        )
    )
    assert np.abs(strong[3]).sum() < 0.5 * np.abs(weak[3]).sum()
    np.testing.assert_array_equal(weak, none)


def test_the_linear_head_reads_the_statistics_that_its_recipe_names():
    part = SUMMARY_WIDTH // 3
    for statistics, read in (
        ('["mean"]', slice(0, part)),
        ('["slope", "max"]', slice(part, None)),
    ):
        more = f"heads.linear.statistics={statistics}"
        kernel, _ = heads.fit_linear(
            toy_corpora(), recipes.load("default", [*TINY_HEADS, more]), LABELS, 1
        )
        assert kernel.shape == (SUMMARY_WIDTH, len(LABELS))
        assert np.abs(kernel[read]).min() > 0.0
        kernel[read] = 0.0
        assert not kernel.any()
