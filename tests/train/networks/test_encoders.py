"""Pre-trained encoders: read, put into our network, heard, and learnt from."""

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ser_core.errors import ConfigError
from tests.support.tiny_encoder import (
    BANDS,
    DEPTH,
    TINY,
    reference_layers,
    tiny_network,
    write_tiny_encoder,
)
from tests.support.tiny_training import make_corpus
from train import recipe as recipes
from train.networks.pretrained_encoders import SMART_TURN, install, read_weights


@pytest.fixture(scope="module")
def encoder(tmp_path_factory) -> Path:
    """A tiny encoder's file."""
    return write_tiny_encoder(tmp_path_factory.mktemp("encoder") / "tiny.onnx")


def test_encoder_in_our_network_is_whisper(encoder):
    import keras

    network = tiny_network()
    install(network, "smart_turn", str(encoder))
    x = np.random.default_rng(1).normal(0, 1, (100, BANDS)).astype(np.float32)
    ends = [network.get_layer(f"layer{index + 1}_add").output for index in range(DEPTH)]
    ours = keras.Model(network.input, ends).predict(x[None], verbose=0)
    wanted = reference_layers(read_weights("smart_turn", str(encoder)), x)
    for one, other in zip(ours, wanted, strict=True):
        np.testing.assert_allclose(one[0], other, rtol=1e-3, atol=1e-3)


def test_encoder_is_read_from_a_wheel(encoder, tmp_path):
    wheel = tmp_path / "pipecat_ai-1.14.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(encoder, SMART_TURN)
    from_wheel, from_file = (
        read_weights("smart_turn", str(wheel)),
        read_weights("smart_turn", str(encoder)),
    )
    assert from_wheel.keys() == from_file.keys()
    assert all(np.array_equal(from_wheel[name], from_file[name]) for name in from_file)


def test_what_is_no_encoder_is_said_in_one_sentence(encoder, tmp_path):
    with pytest.raises(ConfigError, match="pip download"):
        read_weights("smart_turn", None)
    with pytest.raises(ConfigError, match="could not be read"):
        read_weights("smart_turn", str(tmp_path / "missing.whl"))
    noise = tmp_path / "noise.whl"
    noise.write_bytes(b"no wheel")
    with pytest.raises(ConfigError, match="could not be read"):
        read_weights("smart_turn", str(noise))
    from train.networks import speech_encoder

    other = speech_encoder.build(100, BANDS, 8, width=32, heads=2, depth=2)
    with pytest.raises(ConfigError, match="not as wide"):
        install(other, "smart_turn", str(encoder))


@pytest.fixture(scope="module")
def taught_run(encoder, tmp_path_factory):
    """A run whose teacher stands on the tiny encoder, with a corpus beside it."""
    from train import corpora
    from train.fitting import distil
    from train.fitting import plan as running

    folder = tmp_path_factory.mktemp("taught")
    large = recipes.load("large", TINY)
    (folder / "large.toml").write_text(large.to_toml(), encoding="utf-8")
    changes = [
        f"distillation.teacher='{folder / 'large.toml'}'",
        "distillation.beside=[]",
        "distillation.share_beside=0.0",
        "augmentation.speeds=[1.0, 1.04]",
        "training.steps=2",
        "training.batch_size=8",
    ]
    pupil = recipes.load("taught", changes).model_copy(update={"pretraining": None})
    corpus = corpora.load("ravdess", make_corpus(folder / "corpus", actors=(1, 2, 3, 4, 5, 6)))
    folders = {name: folder / name for name in ("results", "work", "cache")}
    run = running.make_run(pupil, "speaker", {"ravdess": corpus}, **folders, encoder=str(encoder))
    distil.prepare_teacher(run)  # as a fit does first
    return run


@pytest.mark.slow
def test_teacher_answers_training_clips_alone(taught_run):
    from train.fitting.distil import teach_fold
    from train.fitting.plan import prepare

    material = prepare(taught_run, quiet=True)
    fold = taught_run.folds[0]
    learnt, beside = teach_fold(taught_run, material, fold.train, fold.number)
    assert beside is None
    assert len(learnt.teachings) == len(fold.train)
    for answers in learnt.teachings:
        assert set(answers) == {"original", "speed 1.04"}
        for row in answers.values():
            assert row.shape == (8,)
            assert row.sum() == pytest.approx(1.0, abs=1e-5)
    again, _ = teach_fold(taught_run, material, fold.train, fold.number)
    assert np.array_equal(again.teachings[0]["original"], learnt.teachings[0]["original"])


def test_teacher_of_a_clip_has_not_heard_its_speaker(taught_run, monkeypatch):
    """Each share's teacher learns from clips of none of the speakers that it answers."""
    from train.fitting import distil
    from train.fitting.plan import prepare

    learnt_from, answered = [], []
    learn, answer = distil.learn_teacher, distil.answer_encoded

    def learn_and_note(teacher, heard, fold, share):
        learnt_from.append({clip.digest for clip in heard.features})
        return learn(teacher, heard, fold, share)

    def answer_and_note(head, heard, config, version="original"):
        answered.append((len(learnt_from) - 1, {clip.digest for clip in heard}))
        return answer(head, heard, config, version)

    monkeypatch.setattr(distil, "learn_teacher", learn_and_note)
    monkeypatch.setattr(distil, "answer_encoded", answer_and_note)
    material = prepare(taught_run, quiet=True)
    fold = taught_run.folds[0]
    distil.answers_to(taught_run, fold.number, fold.train, ("original",), ("original",))
    speaker = {material.features[i].digest: clip.speaker for i, clip in enumerate(taught_run.clips)}
    tested = {taught_run.clips[i].speaker for i in fold.test}
    assert answered
    for index, digests in answered:
        heard = {speaker[digest] for digest in learnt_from[index]}
        asked = {speaker[digest] for digest in digests}
        assert heard
        assert asked
        assert not heard & asked
        assert not (heard | asked) & tested


@pytest.mark.slow
def test_targets_lie_between_label_and_teacher(taught_run):
    from train.fitting.batches import Batches
    from train.fitting.distil import teach_fold
    from train.fitting.plan import learn_config, prepare

    material = prepare(taught_run, quiet=True)
    learnt, _ = teach_fold(taught_run, material, np.arange(16), 1)
    config = learn_config(taught_run, learnt)
    recipe = taught_run.recipe
    batches = Batches(learnt, config, recipe, recipe.training, (1, 1))
    target = batches.target(learnt, 3, "original")
    weight, answer = recipe.distillation.weight, learnt.teachings[3]["original"]
    smoothing = recipe.training.label_smoothing
    label = (1 - smoothing) * learnt.targets[3] + smoothing / 8
    np.testing.assert_allclose(target, weight * answer + (1 - weight) * label, rtol=1e-5)
    inputs, targets = batches[0]
    assert inputs.shape == (8, config.frames, config.features)
    assert [one.shape for one in targets] == [(8, 8), (8, 1)]


def test_network_over_an_encoder_learns_in_its_own_layers_only(encoder, tmp_path):
    from train import corpora
    from train.fitting import fit as fitting
    from train.fitting import plan as running
    from train.networks.speech_encoder import SUMMARY

    corpus = corpora.load("ravdess", make_corpus(tmp_path / "corpus", actors=(1, 2, 3)))
    folders = {name: tmp_path / name for name in ("results", "work", "cache")}
    recipe = recipes.load("large", TINY)
    run = running.make_run(recipe, "speaker", {"ravdess": corpus}, **folders, encoder=str(encoder))
    material = running.prepare(run, quiet=True)
    network, config, history = fitting.train_network(
        run, material, recipe.training, 1, None, tmp_path / "one.weights.h5", "test"
    )
    fresh = running.new_network(run, config, 1)
    install(fresh, "smart_turn", str(encoder))
    names = [layer.name for layer in network.layers]
    for name in names[: names.index(SUMMARY) + 1]:
        pairs = zip(
            network.get_layer(name).get_weights(), fresh.get_layer(name).get_weights(), strict=True
        )
        assert all(np.array_equal(one, other) for one, other in pairs), name
    assert not np.array_equal(
        network.get_layer("emotion").get_weights()[0], fresh.get_layer("emotion").get_weights()[0]
    )
    assert history[-1]["step"] == 4
    again = running.new_network(run, config, 1)
    again.load_weights(tmp_path / "one.weights.h5")
    inputs = material.features[0].inputs(config)
    np.testing.assert_allclose(
        again.predict(inputs, verbose=0)[0], network.predict(inputs, verbose=0)[0], rtol=1e-5
    )


@pytest.mark.slow
def test_networks_trained_side_by_side_find_what_was_heard(taught_run, encoder, tmp_path):
    """The encoder hears every clip before they start, so that none of them has to."""
    from train.fitting import fit as fitting
    from train.fitting import plan as running
    from train.fitting.plan import prepare
    from train.fitting.probe import encode_clips

    folders = {name: tmp_path / name for name in ("results", "work", "cache")}
    recipe, corpora = recipes.load("large", TINY), taught_run.corpora
    run = running.make_run(recipe, "speaker", corpora, **folders, encoder=str(encoder))
    fitting.fit(run, folds=(1, 2), jobs=2)
    assert {file.name for file in (run.results / "folds").glob("*.json")} == {
        "fold_1.json",
        "fold_2.json",
    }
    heard = [file for file in (tmp_path / "heard").rglob("*") if file.is_file()]
    assert {file.suffix for file in heard} == {".npz"}
    assert len(heard) == len(run.clips)
    # Without the encoder, nothing can be heard anew.
    features = prepare(run, quiet=True).features
    again = encode_clips(replace(run, encoder=None), features, recipe.versions(recipe.training))
    assert len(again) == len(run.clips)


@pytest.mark.slow
def test_a_condensed_encoder_is_heard_and_learnt_over(encoder, tmp_path):
    from train import corpora
    from train.data.feature_cache import feature_config
    from train.fitting import fit as fitting
    from train.fitting import plan as running
    from train.fitting.condense import condense_encoder, encoder_of

    corpus = corpora.load("ravdess", make_corpus(tmp_path / "corpus", actors=(1, 2, 3)))
    aside = corpora.load("ravdess", make_corpus(tmp_path / "aside", actors=(7, 8)))
    ranks = {"convolution_ranks": [12, 12], "ranks": [[12, 12, 20], [8, 8, 12]], "every": 2}
    recipe = recipes.load("compact", TINY)
    parameters = recipe.network.parameters | ranks
    recipe = recipe.model_copy(
        update={"network": recipe.network.model_copy(update={"parameters": parameters})}
    )
    folders = {name: tmp_path / name for name in ("results", "work", "cache")}
    both = {"ravdess": corpus, "nemo": aside}
    run = running.make_run(recipe, "speaker", both, **folders, encoder=str(encoder))
    fitting.fit(run, folds=(1,))
    weights = condense_encoder(run)
    written = weights.stat().st_mtime_ns
    assert condense_encoder(replace(run, encoder=None)) == weights  # it is there: nothing is read
    assert weights.stat().st_mtime_ns == written
    config = feature_config(recipe)
    fold = running.new_network(run, config, 1)
    (file,) = (tmp_path / "work" / recipe.name).glob("fold_1-*.weights.h5")
    fold.load_weights(file)
    small = running.new_network(run, config, 1)
    encoder_of(small).load_weights(weights)
    windows = np.random.default_rng(0).normal(size=(3, config.frames, BANDS)).astype(np.float32)
    ours, theirs = (encoder_of(one).predict(windows, verbose=0) for one in (fold, small))
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)
    with pytest.raises(ConfigError, match="holds out"):
        condense_encoder(running.make_run(recipe, "corpus", both, **folders, encoder=str(encoder)))
