"""Protocols: what is held out, and that nothing else is."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from ser_core import LABELS
from ser_core.errors import ConfigError
from train.corpora import Clip, CorpusError
from train.data.protocols import (
    EMOBOX_FOLDS,
    PROTOCOLS,
    RAVDESS_FOLDS,
    clips_of,
    find_folds,
)


def clips(corpus: str = "ravdess", speakers: int = 24, labels=LABELS) -> list[Clip]:
    """Two clips of each emotion for each speaker."""
    return [
        Clip(
            path=Path(f"{speaker}-{label}-{take}.wav"),
            file=f"{speaker}-{label}-{take}.wav",
            corpus=corpus,
            emotion=label,
            speaker=f"{speaker:02d}",
            gender="male" if speaker % 2 else "female",
        )
        for speaker in range(1, speakers + 1)
        for label in labels
        for take in (1, 2)
    ]


@pytest.mark.parametrize("protocol", ["speaker", "random", "duplicated"])
def test_each_clip_is_tested_once_and_never_trained_on_then(protocol):
    all_clips = clips_of(protocol, clips())
    folds = PROTOCOLS[protocol](all_clips)
    assert [fold.number for fold in folds] == [1, 2, 3, 4, 5]
    assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(len(all_clips)))
    for fold in folds:
        assert not set(fold.train) & set(fold.test)
        assert len(fold.train) + len(fold.test) == len(all_clips)


def test_speaker_holds_out_the_published_actors_of_ravdess():
    all_clips = clips()
    for fold, actors in zip(PROTOCOLS["speaker"](all_clips), RAVDESS_FOLDS, strict=True):
        assert {all_clips[i].speaker for i in fold.test} == set(actors)
        assert not {all_clips[i].speaker for i in fold.train} & set(actors)


def test_emobox_holds_out_its_published_actors_of_ravdess():
    all_clips = clips()
    folds = PROTOCOLS["emobox"](all_clips)
    tested = [{all_clips[i].speaker for i in fold.test} for fold in folds]
    assert tested == [set(actors) for actors in EMOBOX_FOLDS]
    assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(len(all_clips)))
    with pytest.raises(CorpusError, match="24 actors"):
        PROTOCOLS["emobox"](all_clips[: len(all_clips) // 2])


def test_random_has_the_speakers_on_both_sides_and_spreads_the_emotions():
    all_clips = clips()
    for fold in PROTOCOLS["random"](all_clips):
        assert {all_clips[i].speaker for i in fold.test} <= {
            all_clips[i].speaker for i in fold.train
        }
        counts = Counter(all_clips[i].emotion for i in fold.test)
        assert max(counts.values()) - min(counts.values()) <= 1


def test_duplicated_has_most_test_clips_in_training_too():
    all_clips = clips_of("duplicated", clips())
    assert len({clip.file for clip in all_clips}) == 2 * len({clip.path for clip in all_clips})
    for fold in PROTOCOLS["duplicated"](all_clips):
        trained = {all_clips[i].path for i in fold.train}
        seen = np.mean([all_clips[i].path in trained for i in fold.test])
        assert 0.7 < seen < 0.95


def test_corpus_holds_out_each_corpus_and_asks_only_what_was_taught():
    six = tuple(label for label in LABELS if label not in ("calm", "disgust"))
    all_clips = [*clips(), *clips("nemo", 4, six)]
    first, second = PROTOCOLS["corpus"](all_clips)
    assert {all_clips[i].corpus for i in first.test} == {"ravdess"}
    assert {all_clips[i].corpus for i in first.train} == {"nemo"}
    assert {all_clips[i].emotion for i in first.test} == set(six)
    assert {all_clips[i].corpus for i in second.test} == {"nemo"}
    assert {all_clips[i].emotion for i in second.train} == set(LABELS)


def test_corpus_of_one_corpus_is_refused():
    with pytest.raises(CorpusError, match="give two or more"):
        PROTOCOLS["corpus"](clips())


def test_a_fold_is_named_by_its_number():
    folds = PROTOCOLS["speaker"](clips())
    assert [fold.number for fold in find_folds(folds)] == [1, 2, 3, 4, 5]
    assert [fold.number for fold in find_folds(folds, (4, 2))] == [2, 4]
    for number in (0, -1, 6, 9):
        with pytest.raises(ConfigError, match=f"no fold {number}: the folds are 1, 2, 3, 4, 5"):
            find_folds(folds, (number,))


def test_one_speaker_is_too_few_to_hold_any_out():
    with pytest.raises(CorpusError, match="give two or more"):
        PROTOCOLS["speaker"](clips("nemo", speakers=1))
