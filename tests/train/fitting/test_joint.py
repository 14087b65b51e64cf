"""A fit of heads from several corpora, as people run it, and from whom each fold learns."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ser_core.config.emotions import LABELS
from ser_core.errors import ConfigError
from tests.support.commands import run_train
from tests.support.shared import keep
from tests.support.tiny_heads import command_words, fitted_folder, heads_run, write_corpora
from train.data.storage import read_arrays
from train.fitting.joint import (
    answer_clips,
    check_heads,
    gather,
    gather_voices,
    learn_heads,
    prepare_summaries,
)


@pytest.fixture(scope="module")
def fitted() -> Path:
    """A folder in which all folds were fitted."""
    return fitted_folder()


@pytest.fixture(scope="module")
def written() -> Path:
    """A folder with corpora, of which nothing was computed; nobody may change it."""
    return keep("corpora alone", write_corpora)


def test_every_fold_answers_its_own_speakers(fitted):
    results = fitted / "results" / "default" / "speaker"
    rows = (results / "out_of_fold.csv").read_text().splitlines()
    assert len(rows) == 1 + 4 * 15
    assert rows[0] == "file,speaker,fold,truth,distance," + ",".join(LABELS)
    metrics = json.loads((results / "metrics.json").read_text())
    assert metrics["corpus"] == "ravdess"
    assert metrics["clips"] == 60
    assert metrics["accuracy"] > 0.3  # pitches say the emotion; by chance it would be 0.13
    assert metrics["intensity"]["clips"] > 0
    assert metrics["audit"]["leaks"] == 0
    assert metrics["conformal"]["coverage"] > 0
    assert metrics["domain"]["familiar_below"] > 0
    assert len(list((fitted / "work" / "default").glob("fold_*.weights.h5"))) == 4


def test_a_second_run_has_nothing_to_do(fitted, tmp_path):
    shutil.copytree(fitted, tmp_path / "again")
    folder = tmp_path / "again"
    words = command_words(folder)
    done = run_train("fit", *words, "--results", folder / "results", "--jobs", "1")
    assert done.returncode == 0, done.stderr[-3000:]
    assert "fold 4 is done" in done.stderr
    table = Path("results") / "default" / "speaker" / "out_of_fold.csv"
    assert (folder / table).read_bytes() == (fitted / table).read_bytes()


def test_who_is_under_test_is_heard_neither_speaking_nor_singing(fitted):
    run = heads_run(fitted)
    assert len(run.folds) == 4
    for fold in run.folds:
        under_test = {run.clips[i].speaker for i in fold.test}
        speech, song, other = gather(run, fold.train)
        assert [one.corpus.info.name for one in (speech, song, other)] == [
            "ravdess",
            "ravdess_song",
            "nemo",
        ]
        for one in (speech, song):
            people = {clip.speaker for clip in one.clips}
            assert len(people) == 3
            assert not people & under_test
        assert len(other.clips) == len(run.corpora["nemo"].clips)
        assert speech.names == ["original", "degraded 1", "wide 1"]
        assert other.names == ["original", "degraded 1"]
        assert song.names == ["original"]


def test_of_ordinary_voices_no_emotion_is_learnt(fitted, tmp_path):
    run = heads_run(fitted)
    voices = gather_voices(run)
    assert voices.corpus is run.corpora["voices"]
    assert voices.names == ["original"]
    assert len(voices.clips) == 4
    assert run.labels == LABELS
    told = json.loads((fitted / "model" / "dataset.json").read_text())["corpora"]
    assert [(one["name"], one["role"]) for one in told][-1] == (
        "voices",
        "differences between voices",
    )
    corpora = {name: one for name, one in run.corpora.items() if name != "voices"}
    without = replace(heads_run(fitted, "heads.linear.voices=0.0"), corpora=corpora)
    assert gather_voices(without) is None
    assert "voices" not in without.recipe.further_corpora
    fold = run.folds[0]
    given, other = (
        answer_clips(one, learn_heads(one, fold.train, 1, tmp_path / "w.weights.h5")[0], fold.test)
        for one in (run, without)
    )
    assert np.abs(given["emotion"] - other["emotion"]).max() > 1e-3
    np.testing.assert_array_equal(given["distance"], other["distance"])


def test_voices_that_a_recipe_asks_for_have_to_be_given(written):
    run = heads_run(written)
    corpora = {name: one for name, one in run.corpora.items() if name != "voices"}
    with pytest.raises(ConfigError, match="learns from voices too: give --corpus voices=PATH"):
        prepare_summaries(replace(run, corpora=corpora))


def test_classes_of_voices_are_none_of_the_model_s(written):
    run = heads_run(written)
    voices = run.corpora["voices"]
    strange = replace(voices, info=replace(voices.info, labels=("bored",)))
    assert "bored" not in replace(run, corpora={**run.corpora, "voices": strange}).labels


def test_under_the_protocol_corpus_one_is_held_out(fitted, tmp_path):
    run = heads_run(fitted, protocol="corpus")
    first, second = run.folds
    for fold, learnt in ((first, "nemo"), (second, "ravdess")):
        gathered = gather(run, fold.train)
        assert [one.corpus.info.name for one in gathered] == [learnt]
        assert len(gathered[0].clips) == len(fold.train)
        assert gather_voices(run).corpus is run.corpora["voices"]
    assert {run.clips[i].corpus for fold in run.folds for i in fold.test} == {"ravdess", "nemo"}
    network, config = learn_heads(run, first.train, 1, tmp_path / "w.weights.h5")
    given = answer_clips(run, network, first.test)
    np.testing.assert_array_equal(given["intensity"], 0.5)  # nobody said it of what was learnt from
    network, config = learn_heads(run, second.train, 2, tmp_path / "w.weights.h5")
    given = answer_clips(run, network, second.test)
    assert given["emotion"].shape == (len(second.test), len(LABELS))
    assert np.ptp(given["intensity"]) > 0.01
    assert config.outputs.distance == "distance"
    assert (tmp_path / "w.weights.h5").is_file()


@pytest.mark.parametrize(
    ("override", "protocol", "sentence"),
    [
        ("heads.hidden.smoothing={neutal=0.3}", "speaker", "smoothing names 'neutal', .* no label"),
        ("heads.hidden.shares={nemmo=0.0}", "speaker", "hidden.shares names 'nemmo', .* no corpus"),
        ("heads.linear.shares={nemmo=2.0}", "speaker", "linear.shares names 'nemmo', .* no corpus"),
        ("heads.copies={nemmo=2}", "speaker", "heads.copies names 'nemmo', .* no corpus"),
        ("heads.wide={nemmo=2}", "speaker", "heads.wide names 'nemmo', .* no corpus"),
        (
            "heads.hidden.shares={ravdess=0.0, ravdess_song=0.0, nemo=0.0, emospeech=2.0}",
            "speaker",
            "gives 0 to all .* ravdess, ravdess_song, nemo: give",
        ),
        ("heads.hidden.shares={nemo=0.0}", "corpus", "gives 0 to all .* nemo: give"),
    ],
)
def test_what_cannot_be_of_heads_is_said_before_anything_is_computed(
    written, override, protocol, sentence
):
    run = heads_run(written, override, protocol=protocol)
    with pytest.raises(ConfigError, match=sentence):
        prepare_summaries(run)
    assert not run.cache.parent.exists()


def test_a_head_may_learn_from_the_corpora_that_are_not_named(written):
    check_heads(heads_run(written, "heads.hidden.shares={ravdess=0.0, emospeech=0.0}"))
    check_heads(heads_run(written, "heads.hidden.smoothing={neutral=0.3, calm=0.3}"))


def test_a_fold_is_the_same_again(fitted, tmp_path):
    run = heads_run(fitted)
    prepare_summaries(run)
    fold = run.folds[0]
    given = [
        answer_clips(run, learn_heads(run, fold.train, 1, tmp_path / "w.weights.h5")[0], fold.test)
        for _ in range(2)
    ]
    for name, values in given[0].items():
        np.testing.assert_allclose(given[1][name], values, atol=1e-5, err_msg=name)
    rows = (run.results / "folds" / "fold_1.csv").read_text().splitlines()
    written = np.array([row.split(",")[-8:] for row in rows[1:]], dtype=float)
    np.testing.assert_allclose(given[0]["emotion"], written, atol=1e-3)


@pytest.mark.parametrize("validation", [1])
def test_a_validation_touches_no_test_speaker(fitted, validation):
    done = run_train(
        "fit",
        *command_words(fitted),
        "--results",
        fitted / "results",
        "--validation-speakers",
        validation,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "'clips': 15" in done.stdout


def test_features_are_computed_once_and_kept(fitted, tmp_path):
    folder = Path(shutil.copytree(fitted, tmp_path / "again"))
    kept = sorted((folder / "cache" / "summaries").rglob("*.npz"))
    assert len(kept) == 60 + 44 + 12 + 4
    lost, others = kept[0], {file: file.stat().st_mtime_ns for file in kept[1:]}
    before = read_arrays(lost)
    lost.unlink()
    words = command_words(folder)
    place = words.index("--work")
    done = run_train("features", *words[:place], *words[place + 2 :])
    assert done.returncode == 0, done.stderr[-3000:]
    again = read_arrays(lost)
    assert again.keys() == before.keys()
    assert all(np.array_equal(again[name], values) for name, values in before.items())
    assert {file: file.stat().st_mtime_ns for file in others} == others


def test_a_missing_corpus_is_named(fitted):
    words = command_words(fitted, "ravdess", "nemo")
    done = run_train("fit", *words, "--results", fitted / "results")
    assert done.returncode == 1
    assert "learns from ravdess_song too: give --corpus ravdess_song=PATH" in done.stderr
