"""Which moments spoke for an answer: shown for networks of which it is known."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from ser_core import DEFAULT_MODEL, EmotionRecognizer
from ser_core.model.pooling import Answers
from ser_core.model.predictor import Predictor
from ser_core.timeline.occlusion import MOST_PIECES, PIECE, cover, occlude
from tests.support.recordings import conversation, voice
from tests.support.tiny_models import tiny_config

RATE = 16_000  # [Hz]
BAND = 62  # of 64: about 7.5 kHz, where the low-passed voice has nothing
BURST = (0.9, 1.15)  # [s]


class BurstNetwork:
    """A network that says "angry" the surer, the more of one mel band there is, and else nothing.

    It is a Runtime whose answer is known for every input, which no trained network's is.
    """

    name = "a network for tests"

    def __init__(self) -> None:
        self.asked = 0

    def run(self, windows: np.ndarray) -> Answers:
        self.asked += len(windows)
        above = np.maximum(windows[:, :, BAND] - windows[:, :, BAND].min(), 0.0)
        logits = np.zeros((len(windows), 8))
        logits[:, 4] = above.mean(axis=1)
        likelihoods = np.exp(logits)
        return Answers(likelihoods / likelihoods.sum(axis=1, keepdims=True), None)


# That of a network that answers windows, with the bands that its answers are made of.
CONFIG = tiny_config(window=2.4, hop=0.8, frames=240)


@pytest.fixture
def recognizer() -> EmotionRecognizer:
    return EmotionRecognizer(DEFAULT_MODEL)


def with_burst() -> np.ndarray:
    """Speech without high frequencies, and a quarter of a second of a high tone in it."""
    spectrum = np.fft.rfft(voice("speech_female.wav"))
    spectrum[np.fft.rfftfreq(len(voice("speech_female.wav")), 1 / RATE) > 4_000] = 0.0
    samples = np.fft.irfft(spectrum).astype(np.float32)
    begin, end = (round(time * RATE) for time in BURST)
    time = np.arange(end - begin) / RATE
    samples[begin:end] += (0.1 * np.sin(2 * np.pi * 7_500 * time)).astype(np.float32)
    return samples


def test_the_only_moment_that_speaks_for_the_answer_is_shown() -> None:
    found = occlude(Predictor(CONFIG, BurstNetwork()), with_burst())
    assert found.label == "angry"
    apart = PIECE  # a piece that covers a bit of the burst reaches so far beside it
    for moment in found.moments:
        if moment.end < BURST[0] - apart or moment.start > BURST[1] + apart:
            assert abs(moment.drop) < 0.02
    strongest = found.strongest
    assert BURST[0] - 0.1 < strongest.start < strongest.end < BURST[1] + 0.1
    assert strongest.drop > 5 * 0.02


def test_moments_follow_one_another_over_all_that_is_heard(recognizer) -> None:
    samples = conversation((0.5, 0.5, 0.5))
    found = recognizer.explain((RATE, samples))
    assert found.label == recognizer.predict((RATE, samples)).label
    assert [m.end for m in found.moments[:-1]] == [m.start for m in found.moments[1:]]
    # What is far below the loudest frame is cut before, so speech may begin some frames earlier.
    assert found.moments[0].start == pytest.approx(found.speech[0][0], abs=0.4)
    assert found.moments[-1].end == pytest.approx(found.speech[-1][1], abs=0.4)
    assert found.duration == pytest.approx(len(samples) / RATE, abs=0.001)


def test_of_a_short_recording_some_twenty_windows_are_asked() -> None:
    network = BurstNetwork()
    samples = voice("speech_female.wav")[: 2 * RATE]
    found = occlude(Predictor(CONFIG, network), samples)
    assert network.asked <= len(found.moments) + 3 <= 24


def test_a_minute_costs_no_more_pieces_than_a_limit() -> None:
    samples = np.tile(voice("speech_female.wav"), 30)[: 60 * RATE]
    assert len(occlude(Predictor(CONFIG, BurstNetwork()), samples).moments) <= MOST_PIECES


def test_silence_has_no_moments(recognizer) -> None:
    found = recognizer.explain((RATE, np.zeros(2 * RATE, np.float32)))
    assert (found.label, found.moments, found.strongest) == (None, (), None)


def test_what_is_covered_is_the_floor_and_the_rest_stays() -> None:
    config = CONFIG
    levels = np.full((config.level_frames, config.block_features), -10.0, np.float32)
    rows = np.ones((100, config.block_features), np.float32)
    covered = cover(levels, rows, -5, 10, config)
    before = (config.window_frames - 100) // 2
    assert (covered[before : before + 10] == config.blocks[0].floor).all()
    assert (np.delete(covered, range(before, before + 10), axis=0) == -10.0).all()
    assert cover(levels, rows, 100, 120, config) is levels


def test_an_adapted_recognizer_explains_its_own_answer(recognizer, tmp_path: Path) -> None:
    adapted = recognizer.adapt([(RATE, voice("speech_male.wav"))] * 3)
    file = tmp_path / "clip.wav"
    soundfile.write(file, voice("speech_female.wav"), RATE)
    assert adapted.explain(file).label == adapted.predict(file).label


def test_an_explanation_carries_the_notes_on_its_recording(recognizer) -> None:
    samples = conversation((1.0,))
    opposite = np.stack([samples, -samples], axis=1)
    found = recognizer.explain((16_000, opposite))
    assert found.notes == recognizer.predict((16_000, opposite)).notes
    assert "opposite phase" in found.notes[0]
