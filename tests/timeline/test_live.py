"""Live speech: answers twice a second, from bounded state, from any microphone."""

import sys
import time

import numpy as np
import pytest

from ser_core import LiveSession
from ser_core.errors import AudioContentError, AudioFormatError
from ser_core.timeline.live import HISTORY
from tests.support.recordings import conversation


def blocks(samples: np.ndarray, rate: int, length: int):
    for start in range(0, len(samples), length):
        yield rate, samples[start : start + length]


def test_there_is_an_answer_twice_a_second(recognizer):
    samples = conversation((1.0, 2.0))
    moments = list(recognizer.stream(blocks(samples, 16_000, 1_000)))
    times = [moment.time for moment in moments]
    assert times == [0.5 * k for k in range(1, int(len(samples) / 8_000) + 1)]
    assert moments[0].prediction.status == "no_speech"
    assert any(moment.prediction.status == "emotion" for moment in moments)
    assert set(moments[-1].to_dict()) >= {"time", "status", "label", "probabilities", "intensity"}


@pytest.mark.parametrize("length", [1, 160, 4_800, 10**7])
def test_it_does_not_matter_how_sound_is_cut_into_blocks(recognizer, length):
    samples = conversation((0.3,))[:24_000]
    wanted = list(recognizer.stream(blocks(samples, 16_000, 1_234)))
    assert list(recognizer.stream(blocks(samples, 16_000, length))) == wanted


def test_an_answer_is_what_predict_says_of_the_last_seconds(recognizer):
    samples = conversation((0.5, 0.5))
    moment = list(recognizer.stream(blocks(samples, 16_000, 800)))[-1]
    end = round(moment.time * 16_000)
    window = round(recognizer.config.window * 16_000)
    cut = samples[end - window : end]
    centred = (cut - cut.mean(dtype=np.float64)).astype(np.float32)
    assert moment.prediction == recognizer.predict((16_000, centred))


def test_an_offset_of_the_microphone_changes_nothing(recognizer):
    samples = conversation((0.3, 0.6))
    plain, moved = (
        list(recognizer.stream(blocks(x, 16_000, 800)))
        for x in (samples, samples + np.float32(0.05))
    )
    assert any(moment.prediction.label for moment in plain)
    for one, other in zip(plain, moved, strict=True):
        assert one.prediction.label == other.prediction.label
        for label, probability in one.prediction.probabilities.items():
            assert other.prediction.probabilities[label] == pytest.approx(probability, abs=0.03)


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000])
def test_microphones_of_other_rates_and_channels(recognizer, rate):
    samples = conversation((0.5, 0.5), rate)
    stereo = (np.stack([samples, samples], axis=1) * 32_767).astype(np.int16)
    moments = list(recognizer.stream(blocks(stereo, rate, rate // 10)))
    assert len(moments) == pytest.approx(2 * len(samples) / rate, abs=2)
    assert any(moment.prediction.label for moment in moments)


def test_state_stays_small_for_ever(recognizer):
    session = LiveSession(recognizer)
    silence = np.zeros(48_000, np.int16)
    for _ in range(200):
        for _moment in session.push((48_000, silence)):
            pass
    assert session.time == pytest.approx(200, abs=0.1)
    assert len(session.history) == HISTORY
    assert len(session._samples) <= session.window
    assert sys.getsizeof(session._samples) < 200_000


def test_a_block_that_is_no_sound_gets_a_sentence_and_the_session_goes_on(recognizer):
    session = LiveSession(recognizer)
    with pytest.raises(AudioContentError, match="not finite"):
        list(session.push((16_000, np.full(1_600, np.nan, np.float32))))
    with pytest.raises(AudioFormatError, match="sample rate of 100 Hz"):
        list(session.push((100, np.zeros(1_600, np.float32))))
    assert list(session.push((16_000, np.empty(0, np.int16)))) == []
    assert len(list(session.push((16_000, np.zeros(8_000, np.int16))))) == 1


@pytest.mark.parametrize(("hop", "window"), [(0.0, 2.0), (61.0, 2.0), (0.5, 0.1), (0.5, 100.0)])
def test_arguments_out_of_range_are_refused(recognizer, hop, window):
    with pytest.raises(ValueError, match=r"(hop|window) must be"):
        LiveSession(recognizer, hop=hop, window=window)


def test_an_answer_takes_a_fraction_of_the_time_between_two(recognizer):
    session = LiveSession(recognizer)
    samples = conversation((0.5, 0.5))
    for block in blocks(samples, 16_000, 8_000):
        list(session.push(block))
    started = time.process_time()
    count = sum(len(list(session.push(block))) for block in blocks(samples, 16_000, 8_000))
    assert (time.process_time() - started) / count < 0.25


@pytest.mark.parametrize("length", [160, 4_410, 10**6])
def test_channels_of_opposite_phase_are_heard_however_they_are_cut(recognizer, length):
    samples = conversation((0.3,), 44_100)[:66_150]
    both = np.stack([samples, -samples], axis=1)
    wanted = list(recognizer.stream(blocks(samples, 44_100, 10**6)))
    assert list(recognizer.stream(blocks(both, 44_100, length))) == wanted
    assert any(moment.prediction.label for moment in wanted)
