"""Corpora and protocols on made-up folders."""

import numpy as np
import pytest

from train import corpora
from train.corpora import CorpusError, load
from train.protocols import RAVDESS_FOLDS, by_speaker, hold_out_speakers


def make_ravdess(root, actors=range(1, 25), repeats=1):
    """Empty files with RAVDESS' names: two emotions of each actor."""
    for copy in range(repeats):
        for actor in actors:
            folder = root / f"copy_{copy}" / f"Actor_{actor:02d}"
            folder.mkdir(parents=True)
            for emotion in ("01", "05"):
                (folder / f"03-01-{emotion}-01-02-01-{actor:02d}.wav").touch()
    return root


def test_ravdess_names_become_rows(tmp_path):
    corpus = load("ravdess", make_ravdess(tmp_path))
    assert len(corpus.clips) == 48
    clip = next(clip for clip in corpus.clips if clip.file == "03-01-05-01-02-01-03.wav")
    assert (clip.emotion, clip.speaker, clip.gender) == ("angry", "03", "male")
    assert (clip.statement, clip.intensity) == ("02", "normal")


def test_neutral_has_no_intensity(tmp_path):
    corpus = load("ravdess", make_ravdess(tmp_path))
    assert {clip.intensity for clip in corpus.clips if clip.emotion == "neutral"} == {None}


def test_a_second_copy_of_every_file_is_left_out(tmp_path):
    assert len(load("ravdess", make_ravdess(tmp_path, repeats=2)).clips) == 48


def test_song_and_video_are_not_speech(tmp_path):
    make_ravdess(tmp_path, actors=[1])
    for name in ("03-02-05-01-02-01-01.wav", "01-01-05-01-02-01-01.wav", "notes.wav"):
        (tmp_path / name).touch()
    assert len(load("ravdess", tmp_path).clips) == 2


def test_unknown_codes_wrong_and_empty_folders_are_named(tmp_path):
    with pytest.raises(CorpusError, match="is not a folder: ravdess was looked for there"):
        load("ravdess", tmp_path / "none")
    with pytest.raises(CorpusError, match=r"holds no clip of ravdess: looked for Actor_NN/03-01"):
        load("ravdess", tmp_path)
    with pytest.raises(CorpusError, match=r"holds no clip of nemo: looked for data\.tsv"):
        load("nemo", tmp_path)
    (tmp_path / "03-01-09-01-01-01-01.wav").touch()
    with pytest.raises(CorpusError, match="a code that RAVDESS does not have"):
        load("ravdess", tmp_path)


@pytest.mark.parametrize("argument", ["ravdess", "ravdess=", "foo=bar"])
def test_a_corpus_is_given_as_name_and_path(argument):
    with pytest.raises(CorpusError):
        corpora.parse(argument)


def make_nemo(root, rows):
    (root / "samples").mkdir()
    lines = ["file_id\temotion\traw_text\tnormalized_text\tspeaker_id\tgender\tage"]
    for file, emotion in rows:
        lines.append(f"{file}.wav\t{emotion}\tTak.\ttak\t   AB0\tmale\t30")
        (root / "samples" / f"{file}.ogg").touch()
    (root / "data.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


def test_nemo_rows_are_read_whatever_the_container(tmp_path):
    corpus = load("nemo", make_nemo(tmp_path, [("AB0_fear_1", "fear"), ("AB0_anger_1", "anger")]))
    assert [clip.emotion for clip in corpus.clips] == ["angry", "fearful"]
    assert {clip.speaker for clip in corpus.clips} == {"AB0"}


def test_nemo_faults_are_named(tmp_path):
    make_nemo(tmp_path, [("AB0_fear_1", "boredom")])
    with pytest.raises(CorpusError, match="unknown emotion 'boredom'"):
        load("nemo", tmp_path)
    (tmp_path / "samples" / "AB0_fear_1.ogg").unlink()
    with pytest.raises(CorpusError, match="is not in samples"):
        load("nemo", tmp_path)


def test_ravdess_folds_are_the_published_ones_and_share_no_speaker(tmp_path):
    clips = load("ravdess", make_ravdess(tmp_path)).clips
    folds = by_speaker(clips)
    assert [{clips[i].speaker for i in fold.test} for fold in folds] == [
        set(actors) for actors in RAVDESS_FOLDS
    ]
    for fold in folds:
        train, test = ({clips[i].speaker for i in part} for part in (fold.train, fold.test))
        assert not train & test
        assert len(fold.train) + len(fold.test) == len(clips)


def test_other_corpora_are_folded_by_speaker_too(tmp_path):
    clips = load("ravdess", make_ravdess(tmp_path, actors=range(1, 8))).clips
    folds = by_speaker(clips)
    assert len(folds) == 5
    assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(len(clips)))
    for fold in folds:
        assert not {clips[i].speaker for i in fold.train} & {clips[i].speaker for i in fold.test}


def test_validation_speakers_come_from_the_training_side_alone(tmp_path):
    clips = load("ravdess", make_ravdess(tmp_path)).clips
    fold = by_speaker(clips)[0]
    learn, held = hold_out_speakers(clips, fold.train, 4, seed=1)
    names = {clips[i].speaker for i in held}
    assert len(names) == 4
    assert {clips[i].gender for i in held} == {"male", "female"}
    assert not names & {clips[i].speaker for i in learn}
    assert set(learn) | set(held) == set(fold.train)
