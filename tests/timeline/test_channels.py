"""Calls with a speaker on each channel: a lane for each, and which recordings are such calls."""

import io
import json
import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import soundfile

from ser_core.audio import load_audio
from ser_core.audio.channel_levels import measure_levels
from ser_core.audio.channels import CHANNELS, MOST_CHANNELS, read_channels
from ser_core.audio.crosstalk import find_crosstalk, silence_crosstalk
from ser_core.errors import (
    AnalysisCancelledError,
    ArgumentError,
    AudioContentError,
    AudioFormatError,
    AudioLengthError,
)
from ser_core.timeline import analyze as analysing
from tests.support.recordings import call, voice

RATE = 16_000  # [Hz]


def leak(talk: np.ndarray, decibels: float, delay: float = 0.0) -> np.ndarray:
    """Put a copy of each channel on the other one."""
    late = np.roll(talk[:, ::-1], round(delay * RATE), axis=0)
    return talk + np.float32(10 ** (decibels / 20)) * late


def spoken(stretches, duration: float) -> np.ndarray:
    """Mark the hundredths of a second that stretches cover."""
    marks = np.zeros(round(duration * 100) + 1, dtype=bool)
    for start, end in stretches:
        marks[round(start * 100) : round(end * 100)] = True
    return marks


def lane(timeline, name: str) -> np.ndarray:
    return spoken(
        [(t.start, t.end) for t in timeline.turns if t.speaker == name], timeline.duration
    )


@pytest.fixture(scope="module")
def talk():
    return call()


@pytest.fixture(scope="module")
def apart(recognizer, talk):
    """A call, each channel on its own."""
    return recognizer.analyze((RATE, talk), channels="separate")


def test_each_lane_is_what_its_channel_alone_is(recognizer, talk, apart):
    assert apart.channels == "separate"
    assert list(apart.by_speaker) == ["channel 1", "channel 2"]
    each = len(apart.bounds) // 2
    for number, name in enumerate(apart.by_speaker):
        alone = recognizer.analyze((RATE, talk[:, number]))
        np.testing.assert_array_equal(apart.bounds[number * each :][:each], alone.bounds)
        np.testing.assert_array_equal(apart.answers[number * each :][:each], alone.answers)
        own = [turn for turn in apart.turns if turn.speaker == name]
        assert [(turn.start, turn.end) for turn in own] == list(alone.speech)
        assert [
            (segment.start, segment.end, segment.label, segment.confidence)
            for segment in apart.segments
            if segment.speaker == name
        ] == [(one.start, one.end, one.label, one.confidence) for one in alone.segments]
        assert {window.speaker for window in apart.windows[number * each :][:each]} == {name}


def test_nobody_is_given_what_the_other_one_says(recognizer, talk, apart):
    one, other = lane(apart, "channel 1"), lane(apart, "channel 2")
    assert one.sum() > 300
    assert other.sum() > 300
    assert not (one & other).any()


def test_both_at_once_is_both(recognizer):
    said = [voice("speech_female.wav"), voice("speech_male.wav")]
    length = min(map(len, said))
    both = np.stack([one[:length] for one in said], axis=1)
    timeline = recognizer.analyze((RATE, both), channels="separate")
    together = lane(timeline, "channel 1") & lane(timeline, "channel 2")
    assert together.mean() > 0.5
    assert timeline.speech_seconds <= timeline.duration
    assert sum(share.seconds for share in timeline.by_speaker.values()) > timeline.speech_seconds
    starts = [segment.start for segment in timeline.segments]
    assert starts == sorted(starts)
    assert all(one[1] < two[0] for one, two in pairwise(timeline.speech))


@pytest.mark.parametrize("delay", [0.0, 0.2])
def test_what_leaks_into_the_other_channel_is_nobodys_turn(recognizer, talk, apart, delay):
    timeline = recognizer.analyze((RATE, leak(talk, -30.0, delay)), channels="separate")
    for name in ("channel 1", "channel 2"):
        one, other = lane(timeline, name), lane(apart, name)
        assert (one != other).mean() < 0.03
    held = measure_levels((RATE, leak(talk, -30.0, delay)))
    assert held is not None
    assert held.holds_a_speaker_each


def test_where_nothing_leaks_nothing_is_silenced(talk):
    for samples in (talk, np.stack([voice("speech_female.wav")] * 2, axis=1)):
        levels = measure_levels((RATE, samples))
        assert levels is not None
        assert not find_crosstalk(levels).any()


@pytest.mark.parametrize("piece", [1_000, 16_000, 10**9])
def test_what_is_silenced_does_not_depend_on_blocks(talk, piece):
    loud = leak(talk, -25.0)
    levels = measure_levels((RATE, loud))
    assert levels is not None
    copied = find_crosstalk(levels)
    pieces = (loud[at : at + piece] for at in range(0, len(loud), piece))
    quiet = np.concatenate(list(silence_crosstalk(pieces, copied, levels.seconds, RATE)))
    whole = np.concatenate(
        list(silence_crosstalk((b for b in [loud]), copied, levels.seconds, RATE))
    )
    np.testing.assert_array_equal(quiet, whole)
    kept = np.repeat(~copied, round(levels.seconds * RATE), axis=0)[: len(loud)]
    np.testing.assert_array_equal(quiet[: len(kept)][kept], loud[: len(kept)][kept])
    assert np.abs(quiet[: len(kept)][~kept]).mean() < 0.1 * np.abs(loud[: len(kept)][~kept]).mean()


def mono() -> np.ndarray:
    return call().sum(axis=1)


def panned(share: float) -> np.ndarray:
    """Two people before two microphones, each louder in one of them: (n, 2)."""
    talk = call()
    return talk + np.float32(share) * talk[:, ::-1]


def tune() -> np.ndarray:
    """Notes that are panned anywhere, with a beat in the middle: (n, 2)."""
    rng = np.random.default_rng(1)
    song = np.zeros((12 * RATE, 2), np.float32)
    time = np.arange(RATE // 2) / RATE
    for start in range(0, len(song) - len(time), RATE // 4):
        left = rng.uniform(0.1, 0.9)
        note = 0.1 * np.sin(2 * np.pi * rng.choice([220, 330, 440]) * time) * np.exp(-5 * time)
        beat = 0.2 * rng.standard_normal(len(time)) * np.exp(-40 * time)
        song[start : start + len(time), 0] += np.sqrt(left) * note + beat
        song[start : start + len(time), 1] += np.sqrt(1 - left) * note + beat
    return song


def noisy(samples: np.ndarray, level: float) -> np.ndarray:
    return samples + level * np.random.default_rng(2).standard_normal(samples.shape)


MIXED = {
    "one channel": mono,
    "the same on both": lambda: np.stack([mono()] * 2, axis=1),
    "opposite phase": lambda: np.stack([mono(), -mono()], axis=1),
    "the same, softer": lambda: np.stack([mono(), 0.1 * mono()], axis=1),
    "the same, 20 ms later": lambda: np.stack([mono(), np.roll(mono(), 320)], axis=1),
    "the same, 0.5 s later": lambda: np.stack([mono(), np.roll(mono(), 8_000)], axis=1),
    "a silent channel": lambda: np.stack([mono(), 0 * mono()], axis=1),
    "a channel of noise": lambda: np.stack([mono(), noisy(0 * mono(), 1e-2)], axis=1),
    "a room in stereo": lambda: panned(0.5),
    "a wide room in stereo": lambda: panned(0.3),
    "music": tune,
    "three channels": lambda: np.concatenate([call(), call()[:, :1]], axis=1),
    "silence": lambda: np.zeros((RATE, 2)),
}
SEPARATE = {
    "a call": call,
    "a call with leaks": lambda: leak(call(), -30.0),
    "a call with an echo": lambda: leak(call(), -30.0, 0.25),
    "a soft side": lambda: call() * np.float32([1.0, 0.1]),
    "a noisy call": lambda: noisy(call(), 3e-3),
    "a call with an offset": lambda: call() + np.float32([0.02, -0.02]),
    "one side of opposite sign": lambda: call() * np.float32([1.0, -1.0]),
}


@pytest.mark.parametrize("kind", [*MIXED, *SEPARATE])
def test_auto_separates_channels_with_a_speaker_each(kind):
    samples = (MIXED | SEPARATE)[kind]().astype(np.float32)
    levels = measure_levels((RATE, samples))
    assert (levels is not None and levels.holds_a_speaker_each) == (kind in SEPARATE)


def without_notes(timeline):
    return replace(timeline, notes=(), overall=replace(timeline.overall, notes=()))


def test_auto_is_one_of_the_other_two_and_says_which(recognizer, talk, apart):
    found = recognizer.analyze((RATE, talk), channels="auto")
    assert without_notes(found) == apart
    assert found.notes == found.overall.notes == (analysing.APART,)
    same = np.stack([talk.sum(axis=1)] * 2, axis=1)
    mixed = recognizer.analyze((RATE, same), channels="auto", speakers=2)
    assert without_notes(mixed) == recognizer.analyze((RATE, same), speakers=2)
    assert mixed.notes == (analysing.MIXED,)
    assert recognizer.analyze((RATE, same[:, 0]), channels="auto").notes == ()
    assert mixed.channels == "mix"
    assert json.loads(mixed.to_json())["channels"] == "mix"
    assert json.loads(found.to_json())["channels"] == "separate"


def test_the_mix_is_not_read_twice(recognizer, talk, monkeypatch):
    monkeypatch.setattr(analysing, "measure_levels", None)
    assert recognizer.analyze((RATE, talk)).channels == "mix"


def test_one_channel_apart_is_one_lane(recognizer, talk):
    timeline = recognizer.analyze((RATE, talk[:, 0]), channels="separate")
    assert list(timeline.by_speaker) == ["channel 1"]
    assert timeline.channels == "separate"


def test_a_silent_channel_has_a_lane(recognizer, talk):
    three = np.concatenate([talk, np.zeros((len(talk), 1), np.float32)], axis=1)
    timeline = recognizer.analyze((RATE, three), channels="separate")
    assert list(timeline.by_speaker) == ["channel 1", "channel 2", "channel 3"]
    assert timeline.by_speaker["channel 3"].seconds == 0.0
    assert {turn.speaker for turn in timeline.turns} == {"channel 1", "channel 2"}
    silent = recognizer.analyze((RATE, np.zeros((RATE, 2))), channels="separate")
    assert silent.segments == silent.turns == ()
    assert silent.overall.status == "no_speech"


@pytest.mark.parametrize("block", [0.3, 1_000.0])
def test_lanes_do_not_depend_on_how_a_recording_is_cut(recognizer, talk, apart, monkeypatch, block):
    monkeypatch.setattr(analysing, "BLOCK_SECONDS", block)
    assert recognizer.analyze((RATE, talk), channels="separate", threads=2) == apart


@pytest.mark.parametrize("channels", ["separate", "auto"])
@pytest.mark.parametrize("form", ["path", "bytes", "file", "pipe"])
def test_every_form_of_a_recording_is_read_twice(recognizer, talk, tmp_path, channels, form):
    path = tmp_path / "call.flac"
    soundfile.write(path, talk[: len(talk) // 2], RATE)
    data = path.read_bytes()

    class Pipe(io.RawIOBase):
        """What can be read once."""

        def __init__(self) -> None:
            self.rest = io.BytesIO(data)

        def readable(self) -> bool:
            return True

        def readinto(self, buffer) -> int:
            return self.rest.readinto(buffer)

    audio = {"path": path, "bytes": data, "file": io.BytesIO(data), "pipe": Pipe()}[form]
    timeline = recognizer.analyze(audio, channels=channels)
    assert list(timeline.by_speaker) == ["channel 1", "channel 2"]


def test_channels_at_another_rate_are_those_of_a_file_of_each(tmp_path):
    rng = np.random.default_rng(0)
    samples = (0.1 * rng.standard_normal((44_100 * 2, 2))).astype(np.float32)
    both = np.concatenate(list(read_channels((44_100, samples), block_seconds=0.3)))
    for channel in (0, 1):
        np.testing.assert_array_equal(both[:, channel], load_audio((44_100, samples[:, channel])))


def test_every_export_says_whose_channel(apart, tmp_path):
    said = [segment.speaker for segment in apart.segments]
    read = json.loads(apart.save(tmp_path / "call.json").read_text())
    assert [segment["speaker"] for segment in read["segments"]] == said
    assert list(read["by_speaker"]) == ["channel 1", "channel 2"]
    assert {window["speaker"] for window in read["windows"]} == {"channel 1", "channel 2"}
    head, *lines = apart.save(tmp_path / "call.csv").read_text().splitlines()
    column = head.split(",").index("speaker")
    assert [line.split(",")[column] for line in lines] == said
    assert re.findall(r"<v (channel \d)>", apart.to_webvtt()) == said
    assert re.findall(r"^(channel \d): (?:perhaps )?\w+ \d+ %", apart.to_srt(), re.M) == said
    assert re.search(r"^channel 2: [\d.]+ s of speech, mostly \w+$", str(apart), re.M)


def test_a_call_that_is_cut_off_gives_what_could_be_read(recognizer, talk, tmp_path):
    soundfile.write(tmp_path / "call.wav", talk, RATE)
    cut = (tmp_path / "call.wav").read_bytes()[: len(talk) * 2]
    timeline = recognizer.analyze(cut, channels="auto")
    assert timeline.truncated
    assert timeline.channels == "separate"
    assert timeline.duration == pytest.approx(len(talk) / RATE / 2, abs=0.1)


@pytest.mark.parametrize("channels", ["both", "", None, 2, True])
def test_channels_that_are_none_of_the_three_are_named(recognizer, channels):
    with pytest.raises(ArgumentError, match=r"^channels must be one of mix, separate, auto"):
        recognizer.analyze((RATE, np.zeros(RATE, np.float32)), channels=channels)


@pytest.mark.parametrize("channels", CHANNELS)
def test_a_limit_out_of_range_is_refused_alike(recognizer, talk, channels):
    with pytest.raises(ArgumentError, match=r"^max_seconds must be"):
        recognizer.analyze((RATE, talk), channels=channels, max_seconds=-1.0)


def test_channels_are_read_by_arguments_in_range(talk):
    with pytest.raises(ArgumentError, match=r"^block_seconds must be"):
        read_channels((RATE, talk), block_seconds=0.0)


def test_bad_calls_get_a_sentence(recognizer, talk):
    with pytest.raises(ArgumentError, match=r"^speakers is for channels that are mixed"):
        recognizer.analyze((RATE, talk), channels="separate", speakers=2)
    many = np.zeros((RATE, MOST_CHANNELS + 1), np.float32)
    with pytest.raises(AudioFormatError, match="9 channels: expected at most 8"):
        recognizer.analyze((RATE, many), channels="separate")
    assert recognizer.analyze((RATE, many), channels="auto").channels == "mix"
    bad = talk.copy()
    bad[RATE, 1] = np.nan
    for channels in ("separate", "auto"):
        with pytest.raises(AudioContentError, match="not finite"):
            recognizer.analyze((RATE, bad), channels=channels)
        with pytest.raises(AudioLengthError, match="too long"):
            recognizer.analyze((RATE, talk), channels=channels, max_seconds=2.0)
        with pytest.raises(AudioLengthError, match="too short"):
            recognizer.analyze((RATE, talk[:800]), channels=channels)


def test_the_number_of_channels_may_not_change(monkeypatch):
    blocks = [("call.ogg", RATE, np.zeros((RATE, 2), np.float32))] * 2
    blocks.append(("call.ogg", RATE, np.zeros((RATE, 1), np.float32)))
    for module in ("channels", "channel_levels"):
        monkeypatch.setattr(
            f"ser_core.audio.{module}.decoded_blocks", lambda *_: (block for block in blocks)
        )
    with pytest.raises(AudioFormatError, match="changes its number of channels"):
        list(read_channels("call.ogg"))
    assert measure_levels("call.ogg") is None


def test_progress_goes_on_through_both_readings_and_each_can_be_cancelled(recognizer, talk):
    fractions: list[float] = []
    recognizer.analyze(
        (RATE, talk), channels="auto", progress=lambda state: fractions.append(state.fraction)
    )
    assert fractions == sorted(fractions)
    assert fractions[0] <= analysing.LOOK
    assert fractions[-1] == 1.0
    with pytest.raises(AnalysisCancelledError, match="after 0 s"):
        recognizer.analyze((RATE, talk), channels="auto", cancelled=lambda: True)
