"""Timelines: times, votes, segments and gaps, whatever the form and the length."""

import io
import json
import re
import threading
import time
import wave
from itertools import pairwise

import numpy as np
import pytest
import soundfile

from ser_core import LABELS, EmotionRecognizer
from ser_core.config.feature_config import Normalisation
from ser_core.config.frame_blocks import MfccBlock
from ser_core.errors import AnalysisCancelledError, AudioFormatError, AudioLengthError, ExportError
from ser_core.features import choose_front_end
from ser_core.model.pooling import Pooled
from ser_core.results.wilson import wilson_interval
from ser_core.speech.gate import find_segments, speech_probability
from ser_core.speech.gate_stream import SpeechStream, gate_mel
from ser_core.timeline import analyze as analysing
from ser_core.timeline.builder import TimelineBuilder
from ser_core.timeline.windows import Window, WindowStream
from tests.support.recordings import FIXTURES, conversation, voice
from tests.support.tiny_models import write_tiny_model


@pytest.fixture(scope="module")
def talk(recognizer):
    """Half a minute of speech and pauses, and its timeline."""
    samples = conversation((1.5, 2.0, 0.7, 3.0, 1.0, 0.3, 4.0, 1.0))
    return samples, recognizer.analyze((16_000, samples))


def same(one, other) -> None:
    """Assert that two timelines are equal to the last bit."""
    np.testing.assert_array_equal(one.answers, other.answers)
    np.testing.assert_array_equal(one.bounds, other.bounds)
    assert one.to_json() == other.to_json()


def test_a_timeline_says_who_sounds_how_and_when(recognizer, talk):
    samples, timeline = talk
    says_intensity = recognizer.config.outputs.intensity is not None
    assert timeline.duration == pytest.approx(len(samples) / 16_000, abs=1e-3)
    assert timeline.segments
    for segment in timeline.segments:
        assert sum(segment.probabilities.values()) == pytest.approx(1.0)
        assert segment.label == max(segment.probabilities, key=segment.probabilities.get)
        assert segment.confidence == segment.probabilities[segment.label]
        told = says_intensity and segment.label != "neutral"
        assert (segment.intensity is not None) == told
    edges = [(segment.start, segment.end) for segment in timeline.segments]
    assert all(0 <= start < end <= timeline.duration for start, end in edges)
    assert all(one[1] <= two[0] for one, two in pairwise(edges))
    assert sum(timeline.distribution.values()) == pytest.approx(1.0)
    assert tuple(timeline.distribution) == tuple(timeline.votes) == LABELS
    total = sum(timeline.votes.values())
    assert timeline.dominance == timeline.votes[timeline.dominant] / total
    assert timeline.votes[timeline.dominant] == max(timeline.votes.values())
    low, high = timeline.dominance_interval
    assert 0 < low < timeline.dominance < high <= 1


def test_pauses_are_gaps_and_not_emotions(talk):
    _, timeline = talk
    spoken = np.zeros(round(timeline.duration * 100) + 1, dtype=bool)
    for start, end in timeline.speech:
        spoken[round(start * 100) : round(end * 100)] = True
    shown = np.zeros_like(spoken)
    for segment in timeline.segments:
        shown[round(segment.start * 100) : round(segment.end * 100)] = True
    assert not (shown & ~spoken).any()
    assert shown.sum() > 0.9 * spoken.sum()  # single short words alone have no answer
    longest_pause = max(two[0] - one[1] for one, two in pairwise(timeline.speech))
    assert longest_pause > 2.0


def test_windows_follow_the_config_and_may_be_overridden(recognizer, talk):
    samples, timeline = talk
    assert (timeline.window, timeline.hop) == (recognizer.config.window, recognizer.config.hop)
    starts = timeline.bounds[:-1, 0]
    np.testing.assert_allclose(np.diff(starts), timeline.hop, atol=1e-9)
    assert timeline.bounds[-1, 1] == pytest.approx(timeline.duration, abs=0.011)
    other = recognizer.analyze((16_000, samples), window=3.0, hop=1.0)
    np.testing.assert_allclose(np.diff(other.bounds[:-1, 0]), 1.0, atol=1e-9)
    np.testing.assert_allclose(other.bounds[0, :2], [0.0, 3.0])


def test_windows_are_answered_as_predict_answers_those_cuts(recognizer, talk):
    samples, _ = talk
    dense = recognizer.analyze((16_000, samples), hop=0.2)
    differences = []
    for window in dense.windows:
        if window.speech_seconds > 2.0:
            cut = samples[round(window.start * 16e3) :][: round(2.4 * 16e3)]
            alone = recognizer.predict((16_000, cut)).probabilities
            assert max(alone, key=alone.get) == max(LABELS, key=window.probabilities.get)
            differences.append(max(abs(alone[k] - window.probabilities[k]) for k in LABELS))
    assert len(differences) > 5
    assert np.mean(differences) < 0.15  # a cut has no past, and the gate hears less around it


def test_a_recording_of_one_window_is_one_vote_and_says_how_little_that_is(recognizer):
    samples = voice("speech_female.wav")[: round(2.4 * 16_000)]
    timeline = recognizer.analyze((16_000, samples))
    assert sum(timeline.votes.values()) == 1
    assert timeline.dominance == 1.0
    assert timeline.dominance_interval == pytest.approx((0.2065, 1.0), abs=1e-3)
    assert timeline.overall.label == timeline.dominant
    alone = recognizer.predict((16_000, samples))
    assert timeline.overall.probabilities == pytest.approx(dict(alone.probabilities))


def test_wilson_interval_is_that_of_the_formula():
    assert wilson_interval(0.8, 100) == pytest.approx((0.7112, 0.8666), abs=1e-4)
    assert wilson_interval(0.0, 3)[0] == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("seconds", [0.1, 1.0, 2.4, 11.0])
def test_silence_of_any_length_is_a_timeline_of_none(recognizer, seconds):
    timeline = recognizer.analyze((16_000, np.zeros(round(seconds * 16_000), np.float32)))
    assert timeline.segments == ()
    assert timeline.dominant is None
    assert timeline.dominance_interval == (0.0, 1.0)
    assert timeline.overall.status == "no_speech"
    assert set(timeline.distribution.values()) == {0.0}
    assert timeline.to_webvtt() == "WEBVTT\n"
    assert timeline.to_srt().strip() == ""
    assert len(timeline.to_dataframe()) == 0
    assert "no speech" in str(timeline)
    json.loads(timeline.to_json())


def test_a_word_in_a_long_silence_is_found_where_it_is(recognizer):
    samples = np.zeros(300 * 16_000, np.float32)
    word = voice("speech_male.wav")[8_000 : 8_000 + 16_000]
    samples[200 * 16_000 : 200 * 16_000 + len(word)] = word
    timeline = recognizer.analyze((16_000, samples))
    assert timeline.segments
    assert all(199.5 < segment.start < segment.end < 201.5 for segment in timeline.segments)


def test_less_than_half_a_millisecond_of_an_answer_is_no_segment(recognizer):
    config = recognizer.config
    builder = TimelineBuilder(config, window=1.0, hop=1.0, smoothing="none")
    answer = Pooled(np.full(len(config.labels), 1 / len(config.labels)), 0.5)
    for start in range(3):
        builder.add(Window(start, start + 1.0, 1.0, None), None if start == 1 else answer)
    timeline = builder.build(3.0, [(0.9998, 1.8), (2.5, 3.0)])
    assert [(one.start, one.end) for one in timeline.segments] == [(2.5, 3.0)]


def test_a_fifth_of_a_second_of_speech_is_too_little_to_answer(recognizer):
    samples = np.zeros(600 * 16_000, np.float32)
    samples[200 * 16_000 :][:3_200] = voice("speech_male.wav")[12_000:15_200]
    timeline = recognizer.analyze((16_000, samples))
    assert timeline.speech_seconds < 1.0
    assert all(199.0 < segment.start < segment.end < 201.5 for segment in timeline.segments)
    assert (timeline.overall.status == "no_speech") == (not timeline.segments)


@pytest.mark.parametrize("piece", [1, 777, 16_000, 163_840, 10**9])
def test_frames_of_pieces_are_those_of_the_whole(recognizer, piece):
    samples = conversation()[: 16_000 if piece == 1 else None]
    front = choose_front_end(recognizer.config)
    stream = front.stream()
    parts = [stream.push(samples[i : i + piece]) for i in range(0, len(samples), piece)]
    frames = np.concatenate([*parts, stream.finish()])
    np.testing.assert_array_equal(frames, front.frames(samples))


@pytest.mark.parametrize("piece", [100, 1_000, 4_097])
def test_speech_found_in_pieces_is_that_of_the_whole(recognizer, piece):
    samples = np.tile(conversation((0.4, 0.2, 3.0)), 8)
    mel = gate_mel(samples)
    stream = SpeechStream(recognizer.config.speech.threshold)
    for start in range(0, len(mel), piece):
        stream.push(mel[start : start + piece])
    stream.push(mel[:0], last=True)
    whole = find_segments(
        speech_probability(mel), threshold=recognizer.config.speech.threshold
    ).segments
    found = [(round(a * 0.01, 3), round(b * 0.01, 3)) for a, b in stream.segments]
    assert [tuple(stretch) for stretch in found] == list(whole)


@pytest.mark.parametrize("block", [0.1, 0.37, 2.0, 1_000.0])
@pytest.mark.parametrize("threads", [1, 3])
def test_the_answer_does_not_depend_on_how_a_recording_is_cut(
    recognizer, talk, monkeypatch, block, threads
):
    samples, timeline = talk
    monkeypatch.setattr(analysing, "BLOCK_SECONDS", block)
    same(timeline, recognizer.analyze((16_000, samples), threads=threads))


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100, 96_000])
def test_odd_sample_rates_give_what_the_whole_gives(recognizer, monkeypatch, rate):
    samples = conversation((1.0, 2.0), rate)
    whole = recognizer.analyze((rate, samples))
    monkeypatch.setattr(analysing, "BLOCK_SECONDS", 0.7)
    same(whole, recognizer.analyze((rate, samples)))
    assert whole.segments


@pytest.mark.parametrize(
    "name",
    [
        *("speech.flac", "speech.m4a", "speech.mp3", "speech.ogg", "speech.opus", "speech.webm"),
        *("speech_48k_stereo.wav", "speech_video.mp4"),
    ],
)
def test_every_container_gives_block_by_block_what_it_gives_whole(recognizer, monkeypatch, name):
    whole = recognizer.analyze(FIXTURES / name)
    assert whole.segments
    monkeypatch.setattr(analysing, "BLOCK_SECONDS", 0.3)
    same(whole, recognizer.analyze((FIXTURES / name).read_bytes()))


def test_six_channels_at_96_khz(recognizer, tmp_path):
    samples = conversation((1.0, 0.5), 96_000)
    path = tmp_path / "surround.wav"
    soundfile.write(path, np.repeat(samples[:, None], 6, axis=1), 96_000, subtype="PCM_24")
    timeline = recognizer.analyze(path)
    mono = recognizer.analyze((96_000, samples))
    assert [s.label for s in timeline.segments] == [s.label for s in mono.segments]


def test_a_variable_rate_mp3(recognizer, tmp_path):
    path = tmp_path / "talk.mp3"
    samples = conversation((1.0, 2.0, 1.0), 44_100)
    with soundfile.SoundFile(
        path, "w", 44_100, 1, format="MP3", bitrate_mode="VARIABLE", compression_level=0.5
    ) as file:
        file.write(samples)
    timeline = recognizer.analyze(path)
    assert timeline.duration == pytest.approx(len(samples) / 44_100, abs=0.1)
    assert timeline.truncated is None
    assert timeline.segments


def test_a_recording_that_is_cut_off_gives_what_was_readable_and_says_so(recognizer, tmp_path):
    path = tmp_path / "cut.wav"
    samples = conversation((1.0, 1.0, 1.0))
    soundfile.write(path, samples, 16_000, subtype="PCM_16")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    timeline = recognizer.analyze(path)
    assert "cut off" in timeline.truncated
    assert timeline.overall.notes == timeline.notes == (timeline.truncated,)
    assert timeline.duration == pytest.approx(len(samples) / 16_000 * 2 / 3, abs=0.1)
    assert timeline.segments
    assert timeline.to_dict()["truncated"] == timeline.truncated
    assert timeline.truncated in str(timeline)


def test_a_header_that_lies_about_the_length_changes_nothing(recognizer):
    samples = (conversation((1.0, 1.0)) * 32_767).astype("<i2")
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(samples.tobytes())
    data = bytearray(buffer.getvalue())
    honest = recognizer.analyze(bytes(data))
    data[40:44] = (3 * len(samples)).to_bytes(4, "little")  # half as much again
    lying = recognizer.analyze(bytes(data))
    assert lying.truncated is not None
    assert lying.segments == honest.segments


@pytest.mark.parametrize("data", [b"", b"RIFF", b"no sound at all" * 100])
def test_what_is_no_recording_gets_a_sentence(recognizer, data):
    with pytest.raises(AudioFormatError) as caught:
        recognizer.analyze(data)
    assert re.fullmatch(r"The audio .+: expected .+[;,] .+\.", str(caught.value))


def test_too_short_and_too_long_get_a_sentence(recognizer):
    with pytest.raises(AudioLengthError, match="too short"):
        recognizer.analyze((16_000, np.zeros(100, np.float32)))
    with pytest.raises(AudioLengthError, match="too long"):
        recognizer.analyze((16_000, np.zeros(160_000, np.float32)), max_seconds=5)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"window": 0.0}, "window"),
        ({"hop": 9.0}, "hop"),
        ({"hop": 0.0}, "hop"),
        ({"smoothing": "median"}, "smoothing"),
        ({"threads": 0}, "threads"),
    ],
)
def test_arguments_out_of_range_are_named(recognizer, arguments, named):
    with pytest.raises(ValueError, match=f"^{named} must"):
        recognizer.analyze((16_000, np.zeros(16_000, np.float32)), **arguments)


def test_progress_rises_to_the_end(recognizer, tmp_path):
    path = tmp_path / "talk.wav"
    soundfile.write(path, np.tile(conversation(), 6), 16_000)
    seen = []
    timeline = recognizer.analyze(path, progress=seen.append)
    assert len(seen) > 3
    fractions = [step.fraction for step in seen]
    assert fractions == sorted(fractions)
    assert 0 < fractions[0] < 0.7
    assert fractions[-1] == 1.0
    assert seen[-1].remaining == 0.0
    assert seen[0].remaining > 0.0
    assert seen[-1].seconds == pytest.approx(timeline.duration, abs=1e-3)


def test_cancelling_stops_at_once_and_leaves_no_thread_working(recognizer):
    samples = np.tile(conversation(), 40)
    calls = []

    def cancelled() -> bool:
        calls.append(time.monotonic())
        return len(calls) == 2

    with pytest.raises(AnalysisCancelledError, match="cancelled after 20 s"):
        recognizer.analyze((16_000, samples), cancelled=cancelled)
    assert len(calls) == 2
    names = [thread.name for thread in threading.enumerate()]
    assert all("answering" in name for name in names if "MainThread" not in name and "asyn" in name)
    assert recognizer.analyze((16_000, samples[:80_000])).segments  # and goes on working


def test_smoothing_is_named_and_can_be_turned_off(recognizer, talk):
    samples, timeline = talk
    raw = recognizer.analyze((16_000, samples), smoothing="none")
    assert (timeline.smoothing, raw.smoothing) == ("overlap", "none")
    np.testing.assert_array_equal(raw.answers, timeline.answers)  # of windows, never smoothed
    assert raw.votes == timeline.votes
    assert raw.overall == timeline.overall
    confidences = [[s.confidence for s in t.segments] for t in (raw, timeline)]
    assert confidences[0] != confidences[1]


def test_csv_json_and_table_hold_the_same_segments(talk, tmp_path):
    _, timeline = talk
    table = timeline.to_dataframe()
    assert list(table.columns)[:6] == ["start", "end", "status", "label", "confidence", "intensity"]
    assert list(table["label"]) == [segment.label for segment in timeline.segments]
    lines = timeline.save(tmp_path / "talk.csv").read_text().splitlines()
    assert lines[0] == ",".join(table.columns)
    assert len(lines) == 1 + len(timeline.segments)
    read = json.loads(timeline.save(tmp_path / "talk.json").read_text())
    assert [s["label"] for s in read["segments"]] == list(table["label"])
    assert len(read["windows"]) == len(timeline.bounds)
    assert read["overall"] == timeline.overall.to_dict()
    assert "windows" not in timeline.to_dict(windows=False)
    with pytest.raises(ExportError, match=r"\.csv, \.json, \.vtt, \.srt, \.TextGrid, \.eaf"):
        timeline.save(tmp_path / "talk.doc")


def test_subtitles_follow_their_standards(talk, tmp_path):
    _, timeline = talk
    vtt = timeline.save(tmp_path / "talk.vtt").read_text()
    head, *cues = vtt.strip().split("\n\n")
    assert head == "WEBVTT"
    pattern = r"\d\d:[0-5]\d:[0-5]\d\.\d{3} --> \d\d:[0-5]\d:[0-5]\d\.\d{3}\n(perhaps )?\w+ \d+ %"
    pattern += r"(, intensity \d+ %)?"
    assert len(cues) == len(timeline.segments)
    assert all(re.fullmatch(pattern, cue) for cue in cues)
    srt = timeline.save(tmp_path / "talk.srt").read_text().strip().split("\n\n")
    assert srt[0].splitlines()[0] == "1"
    assert re.fullmatch(r"[\d:]+,\d{3} --> [\d:]+,\d{3}", srt[-1].splitlines()[1])


def test_sequences_of_windows_go_through_the_same_code(tmp_path):
    folder = write_tiny_model(
        tmp_path / "tiny", sequence=5, frames=500, pooling="votes", window=1.0, hop=0.5
    )
    recognizer = EmotionRecognizer.from_pretrained(folder)
    timeline = recognizer.analyze((16_000, conversation((0.5,) * 6)))
    assert (timeline.window, timeline.hop) == (3.0, 2.5)
    np.testing.assert_allclose(np.diff(timeline.bounds[:-1, 0]), 2.5)
    assert timeline.segments


def test_features_from_the_waveform_at_another_rate_go_through_the_same_code(tmp_path, monkeypatch):
    folder = write_tiny_model(
        tmp_path / "tiny",
        sample_rate=22_050,
        blocks=(MfccBlock(n_mfcc=13),),
        features=13,
        normalisation=Normalisation(mean=(0.0,) * 13, std=(100.0,) * 13),
        frames=44,
    )
    recognizer = EmotionRecognizer.from_pretrained(folder)
    samples = conversation((1.0, 1.0))
    whole = recognizer.analyze((16_000, samples))
    assert whole.segments
    monkeypatch.setattr(analysing, "BLOCK_SECONDS", 0.4)
    same(whole, recognizer.analyze((16_000, samples)))


def test_memory_does_not_grow_with_the_length(recognizer):
    stream = WindowStream(recognizer.config, 2.4, 0.8)
    piece = conversation()
    held = []
    for _ in range(30):
        for _window in stream.push(piece):
            pass
        held.append(len(stream.frames) + len(stream.speech.mel) + len(stream.stream.samples) // 64)
    assert max(held[15:]) <= max(held[3:15])
