"""The feature cache: one file for each content, and clips that cannot be read."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from ser_core.errors import SpeechEmotionError
from train import recipe as recipes
from train.corpora import Clip
from train.data import feature_cache, processes


def clips_in(folder: Path, count: int, *, alike: bool = False) -> list[Clip]:
    """Clips of noise, each another one or all of the same bytes."""
    clips = []
    for number in range(count):
        noise = 0.1 * np.random.default_rng(0 if alike else number).standard_normal(8_000)
        file = folder / f"{number:02d}.wav"
        soundfile.write(file, noise, 16_000)
        clips.append(Clip(file, file.name, "made", "happy", "1", "female"))
    return clips


@pytest.fixture(scope="module")
def config():
    return feature_cache.feature_config(recipes.load("tiny"))


def test_files_of_the_same_bytes_are_computed_once(tmp_path, config):
    clips = clips_in(tmp_path, processes.FEW + 6, alike=True)
    features = feature_cache.compute(clips, config, cache=tmp_path / "cache", quiet=True)
    assert len({clip.digest for clip in features}) == 1
    assert len([file for file in (tmp_path / "cache").rglob("*") if file.is_file()]) == 1


def test_several_processes_give_what_one_gives(tmp_path, config):
    clips = clips_in(tmp_path, processes.FEW + 1)
    one = feature_cache.compute(clips, config, cache=tmp_path / "one", quiet=True)
    two = feature_cache.compute(clips, config, cache=tmp_path / "two", workers=2)
    for first, second in zip(one, two, strict=True):
        assert first.digest == second.digest
        assert np.array_equal(first.versions["original"], second.versions["original"])


@pytest.mark.parametrize("workers", [1, 2])
def test_a_clip_that_is_cut_off_ends_the_work_with_its_name(tmp_path, config, workers):
    clips = clips_in(tmp_path, processes.FEW + 6)
    content = clips[3].path.read_bytes()
    clips[3].path.write_bytes(content[: len(content) // 2])
    with pytest.raises(SpeechEmotionError, match=r"03\.wav"):
        feature_cache.compute(clips, config, cache=tmp_path / "cache", workers=workers)
