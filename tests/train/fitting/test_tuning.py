"""An encoder's upper layers, tuned: which change, from whom, and that all forms of them agree."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from ser_core.config.emotions import LABELS
from ser_core.errors import ConfigError
from tests.support.shared import keep
from tests.support.tiny_heads import TINY_HEADS, TUNING, heads_run, write_corpora
from train import recipe as recipes
from train.data import random_degradation
from train.fitting import tuning
from train.fitting.joint import answer_clips, gather, learn_heads, prepare_summaries
from train.fitting.lower_frames import boundary, keep_lower_frames, read_stretches, summarise_tuned
from train.fitting.summaries import encoder_file, install_encoder, summarise_clips
from train.networks.encoder_layers import cut, dense_layers, let_learn, read_layers, write_layers
from train.networks.two_heads import FRAMES

DEEP = "network.parameters={depth=4, "
SEED = (1, 1)


def write_prepared(folder) -> None:
    write_corpora(folder)
    prepare_summaries(heads_run(folder, TUNING))


@pytest.fixture(scope="module")
def run():
    """A run of the recipe with tuning, its summaries and lower frames computed."""
    return heads_run(keep("corpora with lower frames", write_prepared), TUNING)


@pytest.fixture
def apart(run, tmp_path):
    """The same run, which keeps what it tunes elsewhere."""
    for name in ("summaries", "lower_frames", "encoders"):
        (tmp_path / name).symlink_to(run.cache.parent / name)
    return replace(run, cache=tmp_path / "features", work=tmp_path / "work")


@pytest.fixture(scope="module")
def learnt(run):
    """What the first fold learns from."""
    return gather(run, run.folds[0].train)


@pytest.fixture
def network(run):
    """A network with the encoder as it is given."""
    return install_encoder(run)


@pytest.fixture
def learn_in_no_time(monkeypatch):
    """Layers that learn at once: each weight is what it was and as much more as the seed says."""
    done = []

    def learn(run, learnt, sources, seed):
        done.append(seed)
        layers = read_layers(install_encoder(run), run.recipe.tuning.layers)
        return {name: array + seed[-1] + 1.0 for name, array in layers.items()}

    monkeypatch.setattr(tuning, "learn_layers", learn)
    return done


def with_tuning(run, **changes):
    settings = run.recipe.tuning.model_copy(update=changes)
    return replace(run, recipe=run.recipe.model_copy(update={"tuning": settings}))


def test_both_parts_give_what_the_whole_encoder_gives(run, network):
    clips = run.corpora["nemo"].clips[:4]
    versions = ["original", "degraded 1"]
    whole = summarise_clips(run, clips, versions, quiet=True)
    parted = summarise_tuned(run, network, clips, versions)
    for one, other in zip(whole, parted, strict=True):
        for name in versions:
            np.testing.assert_allclose(other[name], one[name], rtol=0.02, atol=0.02)


def test_the_frames_that_count_are_those_of_the_sound(run):
    (file,) = keep_lower_frames(run, run.corpora["nemo"].clips[:1], quiet=True)
    stretches, counted = read_stretches(file, "original")
    assert stretches.dtype == np.float16
    assert stretches.shape == (1, 50, 16)
    first, last = counted[0]
    assert first == 0
    assert 30 < last < 49  # 0.9 s, trimmed, of a window of 1 s


def test_what_was_tuned_is_kept_for_every_share_of_it(apart, learnt, network, learn_in_no_time):
    before = read_layers(network, (1, 2))
    for share in (1.0, 0.5, 0.0):
        changed = install_encoder(apart)
        tuning.tune(with_tuning(apart, share=share), changed, learnt, SEED)
        for name, array in read_layers(changed, (1, 2)).items():
            expected = share if name.startswith("layer2") else 0.0
            np.testing.assert_allclose(array - before[name], expected, atol=1e-5)
    assert learn_in_no_time == [(*SEED, 0)]
    tuning.tune(with_tuning(apart, steps=7), network, learnt, SEED)
    assert learn_in_no_time == [(*SEED, 0)] * 2


def test_whatever_decides_tuned_layers_names_their_file(run, learnt, monkeypatch):
    def with_heads(**changes):
        heads = run.recipe.heads.model_copy(update=changes)
        return replace(run, recipe=run.recipe.model_copy(update={"heads": heads}))

    def with_info(**changes):
        corpus = replace(learnt[-1].corpus, info=replace(learnt[-1].corpus.info, **changes))
        return [*learnt[:-1], replace(learnt[-1], corpus=corpus)]

    labels = learnt[-1].corpus.info.labels
    files = [tuning.tuned_file(run, one, SEED) for one in (learnt, learnt[:-1])]
    files.append(tuning.tuned_file(with_heads(talkers="ravdess_song"), learnt, SEED))
    files += [
        tuning.tuned_file(run, with_info(**changes), SEED)
        for changes in ({"name": "other"}, {"labels": (*labels, "calm")})
    ]
    files.append(tuning.tuned_file(run, with_info(same_speakers_as=("ravdess",)), SEED))
    monkeypatch.setattr(random_degradation, "VERSION", random_degradation.VERSION + 1)
    files.append(tuning.tuned_file(run, learnt, SEED))
    assert len(set(files)) == len(files) == 7


def test_seeds_are_averaged(apart, learnt, network, learn_in_no_time):
    before = read_layers(network, (2,))
    tuning.tune(with_tuning(apart, seeds=3), network, learnt, SEED)
    assert learn_in_no_time == [(*SEED, 0), (*SEED, 1), (*SEED, 2)]
    for name, array in read_layers(network, (2,)).items():
        np.testing.assert_allclose(array - before[name], 2.0, atol=1e-5)


def test_adapters_or_whole_matrices_of_the_named_layers_learn(run, network):
    let_learn(network, (2,), 2)
    learning = {weight.path.rpartition("/")[2] for weight in network.trainable_weights}
    assert learning == {"lora_kernel_a", "lora_kernel_b"}
    assert len(network.trainable_weights) == 2 * len(dense_layers(network, (2,)))
    whole = install_encoder(run)
    let_learn(whole, (2,), 0)
    expected = {id(w) for layer in dense_layers(whole, (2,)).values() for w in layer.weights}
    assert {id(weight) for weight in whole.trainable_weights} == expected


def test_adapters_are_merged_into_the_matrices(run, network):
    adapted, plain = network, install_encoder(run)
    rng = np.random.default_rng(1)
    lower = rng.normal(size=(2, 50, 16)).astype(np.float32)
    unchanged = cut(plain, boundary(run), FRAMES, FRAMES)(lower)[FRAMES]
    let_learn(adapted, (2,), 3)
    for layer in dense_layers(adapted, (2,)).values():
        layer.lora_kernel_b.assign(rng.normal(0, 0.3, layer.lora_kernel_b.shape))
    write_layers(plain, read_layers(adapted, (2,)))
    one, other = (
        cut(network, boundary(run), FRAMES, FRAMES)(lower)[FRAMES] for network in (adapted, plain)
    )
    np.testing.assert_allclose(one, other, atol=1e-4)
    assert np.abs(np.asarray(one) - np.asarray(unchanged)).max() > 0.1


def test_training_begins_with_the_linear_head_over_the_encoder_as_it_was(run, learnt, network):
    encoder = cut(network, boundary(run), FRAMES, FRAMES)
    model = tuning.build_classifier(with_tuning(run, adversary=0.0), encoder, learnt, 1)
    clips = learnt[0].clips
    drawn = [read_stretches(file, "original") for file in keep_lower_frames(run, clips)]
    counted = np.zeros((len(drawn), 50, 1), dtype=np.float32)
    for row, (_, ranges) in zip(counted, drawn, strict=True):
        row[ranges[0][0] : ranges[0][1] + 1] = 1.0
    lower = np.stack([stretches[0] for stretches, _ in drawn]).astype(np.float32)
    logits = np.asarray(model({"lower": lower, "counted": counted})["emotion"])
    truth = np.array([LABELS.index(clip.emotion) for clip in clips])
    assert (logits.argmax(axis=1) == truth).mean() > 0.5  # by chance it would be 0.13


def test_summaries_are_kept_from_saying_who_speaks(run, learnt, network):
    changed = with_tuning(run, adversary=0.5)
    sources = tuning.gather_sources(changed, learnt)
    speech, song, other = sources
    assert set(speech.speakers) == set(song.speakers)
    assert not set(speech.speakers) & set(other.speakers)
    inputs, targets = next(tuning.draw_stretches(changed, sources, np.random.default_rng(1)))
    assert np.all(targets["speaker"].sum(axis=1) == 1)
    assert np.all(inputs["present"][targets["speaker"] > 0] == 1)  # each is of its clip's corpus
    encoder = cut(network, boundary(changed), FRAMES, FRAMES)
    model = tuning.build_classifier(changed, encoder, learnt, targets["speaker"].shape[1])
    found = model(inputs)["speaker"]
    assert np.all(np.asarray(found)[inputs["present"] == 0] < -1e6)


def test_gradients_of_the_adversary_are_turned_round():
    tf = pytest.importorskip("tensorflow")
    x = tf.constant([[1.0, -2.0]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        turned = tuning.turn_gradients(x, 0.5)
        total = keras.ops.sum(3.0 * turned)
    np.testing.assert_array_equal(turned, x)
    np.testing.assert_array_equal(tape.gradient(total, x), [[-1.5, -1.5]])


@pytest.mark.slow
def test_a_fold_is_tuned_on_its_training_speakers_alone(apart, monkeypatch):
    seen = []

    def spy(run, learnt, sources, seed, work=tuning.learn_layers):
        seen.append((learnt, sources))
        return work(run, learnt, sources, seed)

    monkeypatch.setattr(tuning, "learn_layers", spy)
    fold = apart.folds[0]
    weights = apart.work / "fold.weights.h5"
    network, config = learn_heads(apart, fold.train, fold.number, weights)
    ((learnt, sources),) = seen
    before = read_layers(install_encoder(apart), (1, 2))
    after = read_layers(network, (1, 2))
    changed = {name for name in before if not np.array_equal(before[name], after[name])}
    assert changed == {f"{name}_kernel" for name in dense_layers(network, (2,))}
    under_test = {apart.clips[i].speaker for i in fold.test}
    for one, source in zip(learnt, sources, strict=True):
        assert len(one.clips) == len(source.files)
        if one.corpus.info.name != "nemo":
            assert not {clip.speaker for clip in one.clips} & under_test
    tested = keep_lower_frames(apart, [apart.clips[i] for i in fold.test])
    assert not {file for source in sources for file in source.files} & set(tested)

    given = answer_clips(apart, network, fold.test)
    assert given["emotion"].shape == (len(fold.test), len(LABELS))
    # What was saved answers the same, and so does its encoder in one file.
    loaded = install_encoder(apart)
    loaded.load_weights(weights)
    again = answer_clips(apart, loaded, fold.test)
    np.testing.assert_allclose(again["emotion"], given["emotion"], atol=1e-5)
    assert encoder_file(apart, loaded) != encoder_file(apart)
    assert config.outputs.frames == FRAMES


def test_another_backend_is_refused_before_a_fold_is_tuned(run, monkeypatch):
    prepare_summaries(run)  # everything is kept already, so nothing else needs TensorFlow
    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    with pytest.raises(ConfigError, match=r"Keras runs on torch: .* KERAS_BACKEND=tensorflow"):
        prepare_summaries(run)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ("tuning.layers=[1]", "tuning.layers is \\[1\\]: name some of 2 to 2"),
        ("tuning.layers=[2, 3]", "name some of 2 to 2"),
        (
            "tuning.layers=[2, 4];" + DEEP + "kept=[2, 3]}",
            "\\[2, 4\\]: name some of 2 to 3, .*kept",
        ),
        (DEEP + "kept=[2, 9]}", "network.parameters.kept is \\[2, 9\\]: name some of 1 to 4"),
        (DEEP + "kept=[]}", "network.parameters.kept is \\[\\]: name some of 1 to 4"),
        ("network.parameters.statistics=['slope', 'max']", "mean"),
    ],
)
def test_a_tuning_that_cannot_be_is_one_sentence(changes, sentence):
    with pytest.raises(ConfigError, match=sentence):
        recipes.load("default", [*TINY_HEADS, TUNING, *changes.split(";")])
