"""One pass over the sound: windows from encoded frames, by hand and by the library."""

from itertools import pairwise

import numpy as np
import pytest

from ser_core import EmotionRecognizer
from ser_core.config.feature_config import Normalisation
from ser_core.config.frame_blocks import LogMelBlock
from ser_core.features import choose_front_end, standardise, summarise
from ser_core.model.pooling import pool_windows
from ser_core.model.predictor import Predictor
from ser_core.speech.gate import detect_speech
from ser_core.timeline import analyze as analysing
from ser_core.timeline.answering import SummaryAnswering
from ser_core.timeline.cells import CellGrid
from ser_core.timeline.in_order import InOrder
from ser_core.timeline.stretch_stream import SpokenStretch, StretchStream
from tests.support.frame_models import SUMMARY, write_frame_model
from tests.support.recordings import conversation, voice

RATE = 16_000  # [Hz]
STRETCH, MARGIN = 100, 30  # frames
PAUSES = (1.5, 2.0, 0.7, 3.0, 1.0, 0.3, 4.0, 1.0)
# Another spectrogram than the one that the speech gate reads.
OWN_BANDS = {
    "blocks": (LogMelBlock(n_fft=400, n_mels=40, fmin=0.0),),
    "normalisation": Normalisation(mean=(-30.0,) * 40, std=(15.0,) * 40),
}


@pytest.fixture(scope="module")
def recognizer(tmp_path_factory) -> EmotionRecognizer:
    model = write_frame_model(tmp_path_factory.mktemp("frames") / "model")
    return EmotionRecognizer.from_pretrained(model)


@pytest.fixture(scope="module")
def talk(recognizer):
    """Half a minute of speech and pauses, and its timeline."""
    samples = conversation(PAUSES)
    return samples, recognizer.analyze((RATE, samples))


class CountingRuntime:
    """A runtime that keeps how many stretches it was asked to encode."""

    name = "a runtime for tests"

    def __init__(self, runtime) -> None:
        self.runtime, self.encoded = runtime, 0

    def encode(self, inputs):
        self.encoded += len(inputs)
        return self.runtime.encode(inputs)

    def answer(self, summaries):
        return self.runtime.answer(summaries)


def analyze(runtime, recognizer, samples, **options):
    """An analysis with another runtime."""
    defaults = {"window": None, "hop": None, "smoothing": "overlap", "speakers": None}
    defaults |= {"channels": "mix"}
    defaults |= {"max_seconds": None, "threads": 1, "progress": None, "cancelled": None}
    predictor = Predictor(recognizer.config, runtime)
    return analysing.analyze(predictor, (RATE, samples), **(defaults | options))


def counted_frames(frames: np.ndarray, config) -> np.ndarray:
    """Which frames are speech or within a margin of it, and not the quiet ends of that."""
    near = np.zeros(len(frames), dtype=bool)
    for start, end in detect_speech(frames, threshold=config.speech.threshold).segments:
        near[max(0, round(start * 100) - MARGIN) : round(end * 100) + MARGIN] = True
    energy = frames.sum(axis=1) * near
    loud = np.zeros_like(near)
    for place in np.flatnonzero(near):
        around = energy[max(0, place - STRETCH) : place + STRETCH]
        loud[place] = energy[place] >= around.max() * 10 ** (-config.trim / 10)
    counted = np.zeros_like(near)
    edges = np.flatnonzero(np.diff(near.astype(int), prepend=0, append=0))
    for begin, end in edges.reshape(-1, 2):
        for place in range(begin, end):
            before = loud[max(begin, place - STRETCH + 1) : place + 1].any()
            counted[place] = before and loud[place : min(end, place + STRETCH)].any()
    return counted


def encode_by_hand(samples, recognizer) -> tuple[np.ndarray, np.ndarray, int]:
    """The encoded frames that count, where they stand, and how many stretches they are of."""
    config, runtime = recognizer.config, recognizer.predictor.runtime
    front = choose_front_end(config)
    frames = front.frames(samples)
    near = counted_frames(frames, config)
    rows, places, count, position = [], [], 0, 0
    while near[position:].any():
        begin = position + int(np.flatnonzero(near[position:])[0])
        stop = begin + int(np.flatnonzero(near[begin : begin + STRETCH])[-1]) + 1
        earliest = max(0, stop - STRETCH)
        start = min([begin, *(earliest + np.flatnonzero(near[earliest:begin]))])
        start += (begin - start) % 2
        encoded = runtime.encode(standardise(front.levels(frames[start:stop])[None], config))[0]
        for index in range(-(-(stop - start) // 2)):
            place = start + 2 * index
            if place >= begin and near[place : min(place + 2, stop)].any():
                rows.append(encoded[index])
                places.append(place)
        position, count = stop, count + 1
    return np.stack(rows), np.array(places), count


@pytest.mark.parametrize(("window", "hop"), [(None, None), (1.5, 0.4), (3.1, 0.33), (1.0, 0.05)])
def test_a_windows_answer_is_that_to_the_summary_of_its_frames(recognizer, talk, window, hop):
    samples, _ = talk
    timeline = recognizer.analyze((RATE, samples), window=window, hop=hop)
    rows, places, _ = encode_by_hand(samples, recognizer)
    answered = 0
    for (start, end, seconds), answer in zip(timeline.bounds, timeline.answers, strict=True):
        first, last = round(start * 100), round(end * 100)
        if end == timeline.bounds[-1, 1]:
            last = np.inf
        inside = (places >= first) & (places < last)
        if seconds < recognizer.config.speech.min_seconds - 1e-9 or not inside.any():
            assert np.isnan(answer).all()
            continue
        expected = recognizer.predictor.runtime.answer(summarise(rows[inside], SUMMARY)[None])
        np.testing.assert_allclose(answer, expected.probabilities[0], atol=1e-5)
        answered += 1
    assert answered > 10


def test_windows_begin_every_hop_and_the_last_one_ends_with_the_recording(recognizer, talk):
    samples, timeline = talk
    starts = timeline.bounds[:-1, 0]
    np.testing.assert_allclose(np.diff(starts), timeline.hop, atol=1e-9)
    np.testing.assert_allclose(np.diff(timeline.bounds[:-1, :2]), timeline.window, atol=1e-9)
    assert timeline.bounds[-1, 1] == pytest.approx(len(samples) / RATE, abs=1e-6)
    length = timeline.bounds[-1, 1] - timeline.bounds[-1, 0]
    assert timeline.window - 0.011 <= length <= timeline.window + 0.2


def test_each_moment_is_encoded_once_however_much_windows_overlap(recognizer, talk):
    samples, _ = talk
    _, _, expected = encode_by_hand(samples, recognizer)
    for hop in (1.0, 0.5, 0.1):
        runtime = CountingRuntime(recognizer.predictor.runtime)
        analyze(runtime, recognizer, samples, hop=hop)
        assert runtime.encoded == expected


@pytest.mark.parametrize("block", [0.1, 0.37, 2.0, 1_000.0])
@pytest.mark.parametrize("threads", [1, 3])
def test_the_answer_does_not_depend_on_how_a_recording_is_cut(
    recognizer, talk, monkeypatch, block, threads
):
    samples, timeline = talk
    monkeypatch.setattr(analysing, "BLOCK_SECONDS", block)
    again = recognizer.analyze((RATE, samples), threads=threads)
    np.testing.assert_array_equal(again.answers, timeline.answers)
    np.testing.assert_array_equal(again.bounds, timeline.bounds)
    assert again.to_json() == timeline.to_json()


def test_nor_where_the_gate_reads_another_spectrogram(tmp_path, monkeypatch):
    model = write_frame_model(tmp_path / "model", **OWN_BANDS)
    recognizer = EmotionRecognizer.from_pretrained(model)
    samples = conversation((1.0, 0.4, 2.0), 22_050)
    whole = recognizer.analyze((22_050, samples), window=2.0, hop=0.7)
    monkeypatch.setattr(analysing, "BLOCK_SECONDS", 0.23)
    again = recognizer.analyze((22_050, samples), window=2.0, hop=0.7)
    assert again.to_json() == whole.to_json()
    assert whole.segments


@pytest.mark.parametrize("seconds", [0.1, 1.0, 2.4, 11.0])
def test_silence_is_not_encoded(recognizer, seconds):
    runtime = CountingRuntime(recognizer.predictor.runtime)
    timeline = analyze(runtime, recognizer, np.zeros(round(seconds * RATE), np.float32))
    assert timeline.overall.status == "no_speech"
    assert runtime.encoded == 0


def test_a_word_in_a_long_silence_is_one_stretch_and_found_where_it_is(recognizer):
    samples = np.zeros(300 * RATE, np.float32)
    word = voice("speech_male.wav")[8_000 : 8_000 + 6_000]
    samples[200 * RATE : 200 * RATE + len(word)] = word
    runtime = CountingRuntime(recognizer.predictor.runtime)
    timeline = analyze(runtime, recognizer, samples)
    assert timeline.segments
    assert all(199.5 < segment.start < segment.end < 201.5 for segment in timeline.segments)
    assert runtime.encoded == 1


def test_a_clip_of_one_stretch_is_answered_as_predict_answers_it(recognizer):
    samples = voice("speech_female.wav")[8_000:][: round(0.9 * RATE)]
    timeline = recognizer.analyze((RATE, samples))
    assert sum(timeline.votes.values()) == 1
    alone = recognizer.predict((RATE, samples))
    assert timeline.overall.probabilities == pytest.approx(dict(alone.probabilities), abs=1e-5)


def test_memory_does_not_grow_with_the_length(recognizer):
    """Frames, cells and windows that wait are as many after ten minutes as after two."""
    config = recognizer.config
    stream = StretchStream(config, 1.0, 0.5)
    runtime = CountingRuntime(recognizer.predictor.runtime)
    answering = SummaryAnswering(Predictor(config, runtime), 1, stream.grid)
    piece = np.tile(conversation((0.5, 1.5, 0.5)), 4)
    most = []
    for _ in range(14):
        for first in range(0, len(piece), RATE):
            list(answering.put(stream.push(piece[first : first + RATE])))
            held = len(stream.frames), len(answering._cells), len(answering._pending)
            most.append(held)
    early, late = (np.max(part, axis=0) for part in (most[: len(most) // 5], most))
    assert (late <= 1.1 * early + 5).all()
    assert late[0] < 60 * 100


def test_stretches_follow_one_another_and_every_moment_near_speech_is_in_one(recognizer, talk):
    samples, _ = talk
    stream = StretchStream(recognizer.config, 1.0, 0.5)
    items = [*stream.push(samples), *stream.finish()]
    stretches = [item.stretch for item in items if isinstance(item, SpokenStretch)]
    near = counted_frames(choose_front_end(recognizer.config).frames(samples), recognizer.config)
    assert near.any()
    counted = np.zeros_like(near)
    for one in stretches:
        assert 0 < one.stop - one.start <= STRETCH
        assert (one.first - one.start) % 2 == 0
        counted[one.first : one.stop] = True
    assert not (near & ~counted).any()
    assert all(one.stop <= other.first for one, other in pairwise(stretches))
    assert sum(one.stop - one.first for one in stretches) < 1.15 * near.sum()


def test_keras_analyzes_alike(talk, recognizer, tmp_path):
    samples, timeline = talk
    slow = EmotionRecognizer.from_pretrained(write_frame_model(tmp_path / "keras", forms=()))
    assert slow.runtime == "Keras"
    other = slow.analyze((RATE, samples))
    np.testing.assert_allclose(other.answers, timeline.answers, atol=1e-4)
    np.testing.assert_array_equal(other.bounds, timeline.bounds)


def test_overlap_is_smoothed_and_the_whole_pooled_as_ever(talk, recognizer):
    _, timeline = talk
    spoken = timeline.answers[~np.isnan(timeline.answers[:, 0])]
    overall = list(timeline.overall.probabilities.values())
    np.testing.assert_allclose(overall, pool_windows(spoken), atol=1e-6)
    assert timeline.overall.distance is not None


@pytest.mark.parametrize(("length", "step"), [(240, 80), (100, 33), (50, 50), (7, 3), (500, 1)])
def test_every_window_is_whole_cells(length, step):
    grid = CellGrid(length, step, longest=20)
    numbers = grid.number(np.arange(3_000))
    assert set(np.diff(numbers)) <= {0, 1}
    assert np.bincount(numbers).max() <= 20
    for first in range(0, 2_000, step):
        inside = set(numbers[first : first + length])
        assert inside == set(grid.between(first, first + length))
        assert not inside & {*numbers[:first], *numbers[first + length :]}
    for frame in range(0, 1_000, 7):
        begin = grid.begin(frame)
        assert numbers[begin] == numbers[frame]
        assert begin == 0 or numbers[begin - 1] < numbers[begin]


@pytest.mark.parametrize("threads", [1, 3])
def test_work_comes_back_in_order(threads):
    order = InOrder(lambda items: [item * item for item in items], threads, items=4)
    done = [*order.put(range(50)), *order.finish()]
    assert done == [(item, item * item) for item in range(50)]
    assert list(order.finish()) == []
