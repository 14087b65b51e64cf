"""Names of recordings: every container that is read has its endings, each once."""

from collections import Counter

import pytest

from ser_core.audio import containers
from ser_core.audio.endings import AUDIO_ENDINGS, ENDINGS, has_audio_ending


def test_every_container_that_is_read_has_endings():
    by_signature = {name for _, _, name in containers._SIGNATURES}
    assert by_signature | {"mp3", "mpegts", "eac3"} == set(ENDINGS)
    assert set(ENDINGS) >= containers.LIBSNDFILE_CONTAINERS


def test_every_ending_stands_once_and_in_small_letters():
    assert all(ending == ending.lower() and ending[0] == "." for ending in AUDIO_ENDINGS)
    assert max(Counter(AUDIO_ENDINGS).values()) == 1


@pytest.mark.parametrize(
    "ending", ["w64", "sph", "mp2", "snd", "spx", "flv", "qta", "WAV", "m4b", "weba", "caf", "amr"]
)
def test_recordings_are_known_by_their_endings(ending):
    assert has_audio_ending(f"a.b.{ending}")


@pytest.mark.parametrize("name", ["notes.txt", "wav", "clip.wav.part", "app.ts", "x.mp3/y"])
def test_other_files_are_not(name):
    assert not has_audio_ending(name)
