"""Summaries of recordings: computed once, and what the encoder would give by hand."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ser_core.audio.load import load_audio
from ser_core.errors import AudioError
from ser_core.features import assemble, choose_front_end, trim_range
from tests.support.shared import keep
from tests.support.tiny_heads import RATE, SUMMARY_WIDTH, buzz, heads_run, write_corpora
from tests.support.tiny_whisper import as_safetensors, tiny_whisper
from train.data.feature_cache import feature_config
from train.fitting import summaries
from train.fitting.clip_files import talker_paths
from train.fitting.summaries import (
    change,
    encoder_file,
    load_encoder,
    read_talkers,
    summarise_clips,
    summarise_samples,
    summary_folder,
)


def write_with_encoder(folder: Path) -> None:
    write_corpora(folder, actors=(1, 2))
    encoder_file(heads_run(folder))


COPY = ("original", "degraded 1")
COPIES = (*COPY, "degraded 2", "wide 1")


@pytest.fixture(scope="module")
def folder() -> Path:
    """Tiny corpora, and the encoder of eight bits."""
    return keep("corpora with an encoder", write_with_encoder)


@pytest.fixture
def run(folder, tmp_path):
    """A run whose cache is empty, but for the encoder."""
    (tmp_path / "encoders").mkdir()
    made = heads_run(folder)
    file = encoder_file(made)
    (tmp_path / "encoders" / file.name).symlink_to(file)
    return replace(made, cache=tmp_path / "features")


def test_an_encoder_is_known_by_its_weights_wherever_they_lie(run, tmp_path):
    here, there = Path(run.encoder), tmp_path / "there" / "again.safetensors"
    there.parent.mkdir()
    shutil.copy(here, there)
    file = encoder_file(run)
    for spelt in (there, here.parent / ".." / here.parent.name / here.name):
        assert encoder_file(replace(run, encoder=str(spelt))) == file
    weights = tiny_whisper()
    weights["conv1.bias"][0] += 0.5
    other = tmp_path / "other.safetensors"
    other.write_bytes(as_safetensors(weights, "F16"))
    assert encoder_file(replace(run, encoder=str(other))) != file


def test_what_is_there_is_not_computed_again(run, monkeypatch):
    clips = run.corpora["ravdess"].clips[:6]
    first = summarise_clips(run, clips, COPY, quiet=True)
    assert [set(one) for one in first] == [{"original", "degraded 1"}] * 6

    def refuse(*_):
        raise AssertionError("computed again")

    monkeypatch.setattr(summaries, "summarise_samples", refuse)
    again = summarise_clips(run, clips, COPY, quiet=True)
    for one, other in zip(first, again, strict=True):
        for name, values in one.items():
            assert values.dtype == np.float32
            assert values.shape == (SUMMARY_WIDTH,)
            assert np.array_equal(values, other[name])


def test_only_what_is_missing_is_computed(run, monkeypatch):
    clips = run.corpora["ravdess"].clips[:3]
    before = summarise_clips(run, clips, quiet=True)
    done = []
    work = summaries.summarise_samples
    monkeypatch.setattr(
        summaries, "summarise_samples", lambda *a: done.append(len(a[0])) or work(*a)
    )
    after = summarise_clips(run, run.corpora["ravdess"].clips[:4], COPY, quiet=True)
    assert len(done) == 3 + 2  # a copy each, and both of the clip that is new
    for one, other in zip(before, after, strict=False):
        assert np.array_equal(one["original"], other["original"])


def test_files_of_the_same_bytes_are_summarised_once(run, tmp_path):
    clip = run.corpora["ravdess"].clips[0]
    copy = tmp_path / "copy.wav"
    copy.write_bytes(clip.path.read_bytes())
    twin = replace(clip, path=copy, file="copy/twin.wav")
    one, other = summarise_clips(run, [clip, twin], quiet=True)
    assert np.array_equal(one["original"], other["original"])
    encoder = encoder_file(run)
    assert len(list(summary_folder(run, encoder).iterdir())) == 1


def test_a_summary_is_that_of_the_trimmed_sound(run):
    clip = run.corpora["nemo"].clips[0]
    (found,) = summarise_clips(run, [clip], quiet=True)
    config = feature_config(run.recipe)
    frames = choose_front_end(config).frames(load_audio(clip.path, sample_rate=RATE))
    frames = frames[trim_range(frames, config)]
    assert len(frames) < config.window_frames  # one stretch
    levels = choose_front_end(config).levels(frames)
    inputs = assemble([levels], config)
    encoded = load_encoder(encoder_file(run))(inputs)[: -(-len(frames) // 2)]
    places = (np.arange(len(encoded)) + 0.5) / len(encoded) * 2 - 1
    slope = (places[:, None] * encoded).mean(axis=0)
    expected = np.concatenate([encoded.mean(axis=0), slope, encoded.max(axis=0)])
    np.testing.assert_allclose(found["original"], expected, rtol=2e-3, atol=2e-3)


def test_how_much_silence_is_around_changes_nothing(run):
    config, encoder = feature_config(run.recipe), encoder_file(run)
    sound = buzz("sad", 1, 0).astype(np.float32)
    some, more = np.zeros(4_800, np.float32), np.zeros(RATE, np.float32)
    one, other = (
        summarise_samples(np.concatenate([quiet, sound, quiet]), config, encoder)
        for quiet in (some, more)
    )
    np.testing.assert_allclose(one, other, atol=1e-4)


def test_of_a_long_recording_the_middle_counts(run, monkeypatch):
    config, encoder = feature_config(run.recipe), encoder_file(run)
    monkeypatch.setattr(summaries, "LONGEST", 1.0)
    sides = [buzz(label, 1, 0, 1.0).astype(np.float32) for label in ("sad", "happy", "angry")]
    whole = summarise_samples(np.concatenate(sides), config, encoder)
    middle = summarise_samples(sides[1], config, encoder)
    side = summarise_samples(sides[0], config, encoder)
    assert np.abs(whole - middle).mean() < 0.3 * np.abs(whole - side).mean()


def test_degraded_copies_differ_and_are_the_same_again(run, tmp_path):
    clips = run.corpora["ravdess"].clips[:3]
    found = summarise_clips(run, clips, COPIES, quiet=True)
    gaps = [np.abs(one["degraded 1"] - one["degraded 2"]).max() for one in found]
    gaps += [np.abs(one["original"] - one["degraded 1"]).max() for one in found]
    assert np.sum(np.array(gaps) > 1e-3) >= 5  # now and then a level is all that is drawn
    assert all(np.abs(one["original"] - one["wide 1"]).max() > 1e-3 for one in found)
    (tmp_path / "second" / "encoders").mkdir(parents=True)
    file = encoder_file(run)
    (tmp_path / "second" / "encoders" / file.name).symlink_to(file)
    elsewhere = replace(run, cache=tmp_path / "second" / "features")
    for one, other in zip(
        found, summarise_clips(elsewhere, clips, COPIES, quiet=True), strict=True
    ):
        for name in one:
            assert np.array_equal(one[name], other[name])


@pytest.mark.parametrize("version", ["degraded 1", "wide 1"])
def test_a_copy_is_never_too_short_to_be_heard(run, version):
    config = feature_config(run.recipe)
    click = np.zeros(400, np.float32)
    click[200] = 0.5
    for seed in range(8):
        changed = change(click, version, config, (), np.random.default_rng(seed))
        assert changed.dtype == np.float32
        assert len(changed) >= RATE // 10 // 1.5  # may be played faster
        assert np.isfinite(changed).all()


def test_an_original_stays_as_it_is(run):
    sound = buzz("sad", 1, 0).astype(np.float32)
    config = feature_config(run.recipe)
    assert change(sound, "original", config, (), np.random.default_rng(0)) is sound


def test_babble_is_of_the_corpus_that_the_recipe_names(run):
    paths = talker_paths(run)
    assert paths
    assert {path.parent.parent.name for path in paths} == {"nemo"}
    voices = read_talkers(tuple(paths[:2]), RATE)
    assert [voice.dtype for voice in voices] == [np.float32] * 2
    corpora = {name: one for name, one in run.corpora.items() if name != "nemo"}
    assert talker_paths(replace(run, corpora=corpora)) == []


def test_what_is_no_audio_is_said_so(run, tmp_path):
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"no audio")
    clip = replace(run.corpora["ravdess"].clips[0], path=broken)
    with pytest.raises(AudioError, match=r"broken\.wav"):
        summarise_clips(run, [clip], quiet=True)


def test_another_encoder_or_other_babble_has_another_place(run, folder):
    one = encoder_file(run)
    assert summary_folder(run, one) == summary_folder(run, one)
    assert summary_folder(run, one) != summary_folder(run, one.with_name("other.tflite"))
    others = heads_run(folder, "heads.talkers='ravdess_song'")
    assert summary_folder(replace(others, cache=run.cache), one) != summary_folder(run, one)


def test_statistics_that_a_recipe_names_are_taken_from_what_is_kept(run, folder, monkeypatch):
    clips = run.corpora["ravdess"].clips[:2]
    whole = summarise_clips(run, clips, quiet=True)
    monkeypatch.setattr(summaries, "summarise_samples", None)
    name = 'network.parameters.statistics=["max", "mean"]'
    other = replace(heads_run(folder, name), cache=run.cache)
    for one, part in zip(whole, summarise_clips(other, clips, quiet=True), strict=True):
        mean, _, peak = np.split(one["original"], 3)
        assert np.array_equal(part["original"], np.concatenate([peak, mean]))
