"""Recorded sounds of Debian's packages: who is on which side, and what counts as a voice."""

from itertools import combinations

import numpy as np
import pytest
import soundfile

from train.corpora import CorpusError
from train.speech.gate_recordings import load_sounds
from train.speech.sound_packages import PROMPTS, SOUNDS, package_folders, sort_by_name

RATE = 16_000  # [Hz]


def write_sound(file, *, seconds: float = 0.3, level: float = 0.1) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(len(file.name)).standard_normal(round(seconds * RATE))
    soundfile.write(file, level * noise, RATE)


def test_no_package_is_on_two_sides():
    sides = [set(names) for names in SOUNDS.values()] + [set(PROMPTS)]
    assert all(not one & other for one, other in combinations(sides, 2))
    assert sum(len(names) for names in SOUNDS.values()) == len(set.union(*sides[:-1]))


def test_missing_packages_are_named_with_how_to_get_them(tmp_path):
    (tmp_path / "here").mkdir()
    assert package_folders(tmp_path, ["here"]) == [tmp_path / "here"]
    with pytest.raises(CorpusError, match=r"none for away, gone; .*apt-get download"):
        package_folders(tmp_path, ["away", "here", "gone"])


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("wesnoth-1.16-data/usr/share/sounds/orc-grunt-hit.ogg", "voices"),
        ("wesnoth-1.16-data/usr/share/sounds/human-female-die-1.ogg", "voices"),
        ("tuxpaint-stamps-default/usr/share/stamps/animals/cat_desc_fr.ogg", "voices"),
        ("netpanzer-data/usr/share/sound/scream_1.wav", "voices"),
        ("tuxpaint-stamps-default/usr/share/stamps/animals/cat.ogg", "effects"),
        ("wesnoth-1.16-data/usr/share/sounds/wolf-growl-1.ogg", "effects"),
        ("asterisk-moh-opsound-wav/usr/share/moh/reno_project-system.wav", "music"),
    ],
)
def test_a_voice_without_words_is_a_voice_and_an_animal_is_a_sound(name, group):
    assert sort_by_name(name) == group


def test_sounds_to_learn_from_are_no_voices_and_not_more_than_wanted(tmp_path):
    folder = tmp_path / "game-data"
    for number in range(6):
        write_sound(folder / "sounds" / f"click{number}.wav")
        write_sound(folder / "sounds" / f"laugh{number}.wav")
    (folder / "sounds" / "broken.wav").write_bytes(b"RIFF")
    chosen = load_sounds([folder], tmp_path / "cache", 4)
    assert len(chosen) <= 4
    assert all("click" in sound.name for sound in chosen)
    again = load_sounds([folder], tmp_path / "cache", 4)
    assert [sound.name for sound in chosen] == [sound.name for sound in again]
    every = load_sounds([folder], tmp_path / "cache")
    assert [sound.group for sound in every] == 6 * ["effects"] + 6 * ["voices"]


def test_silent_and_very_short_sounds_are_left_out(tmp_path):
    folder = tmp_path / "game-data"
    write_sound(folder / "good.wav")
    write_sound(folder / "short.wav", seconds=0.05)
    write_sound(folder / "silent.wav", level=0.0)
    assert [sound.name for sound in load_sounds([folder], tmp_path / "cache")] == [
        "game-data/good.wav"
    ]
