"""Features: equal to librosa's where librosa has them, and indifferent to what must not matter."""

import librosa
import numpy as np
import pytest

from ser_core import features
from ser_core.config.feature_config import Normalisation
from ser_core.config.frame_blocks import LogMelBlock
from ser_core.features.log_mel import hann, mel_filters, mel_spectrogram
from tests.support.tiny_models import make_config

RATE = 16_000


def voice_like(seconds: float = 2.0, seed: int = 0) -> np.ndarray:
    """A buzzing, slowly changing sound with noise; float32 (n,)."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    pitch = 140 + 40 * np.sin(2 * np.pi * 3 * time)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    sound = sum(np.sin(k * phase) / k for k in range(1, 20))
    return (0.1 * sound + 0.003 * rng.standard_normal(len(time))).astype(np.float32)


@pytest.mark.parametrize("n_mels", [40, 64, 128])
@pytest.mark.parametrize(("rate", "n_fft"), [(16_000, 512), (22_050, 2_048)])
def test_mel_filters_equal_librosas(rate, n_fft, n_mels):
    ours = mel_filters(rate, n_fft, n_mels, 50.0, rate / 2)
    theirs = librosa.filters.mel(sr=rate, n_fft=n_fft, n_mels=n_mels, fmin=50.0, fmax=rate / 2)
    np.testing.assert_allclose(ours, theirs.T, atol=1e-7)


def test_hann_window_equals_librosas():
    theirs = librosa.util.pad_center(librosa.filters.get_window("hann", 400), size=512)
    np.testing.assert_allclose(hann(400, 512), theirs, atol=1e-6)


@pytest.mark.filterwarnings("ignore:n_fft=512 is too large")  # which librosa does all the same
@pytest.mark.parametrize("length", [1, 159, 160, 511, 16_000, 48_001])
def test_mel_spectrogram_equals_librosas(length):
    samples = voice_like(4.0)[:length]
    theirs = librosa.feature.melspectrogram(
        y=samples,
        sr=RATE,
        n_fft=512,
        win_length=400,
        hop_length=160,
        n_mels=64,
        fmin=50.0,
        fmax=8_000.0,
        pad_mode="constant",
    ).T
    ours = mel_spectrogram(samples)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-7 * theirs.max())


def test_filters_narrower_than_a_bin_give_zero_and_no_error():
    assert mel_spectrogram(voice_like(0.2), n_mels=256).shape == (21, 256)


def test_gain_changes_nothing():
    config = make_config(blocks=(LogMelBlock(n_mels=8),))
    samples = voice_like()
    loud = features.network_inputs(samples, config)
    quiet = features.network_inputs(samples * np.float32(0.01), config)
    np.testing.assert_allclose(loud, quiet, atol=1e-3)


def test_digital_silence_gives_finite_features():
    inputs = features.network_inputs(np.zeros(RATE, dtype=np.float32), make_config())
    assert np.isfinite(inputs).all()


def test_silence_around_speech_is_trimmed():
    config = make_config()
    samples = voice_like()
    silence = np.zeros(RATE, dtype=np.float32)
    front = features.choose_front_end(config)
    padded = front.frames(np.concatenate([silence, samples, silence]))
    kept = features.trim(padded, config)
    assert abs(len(kept) - len(front.frames(samples))) <= 4


def test_windows_cover_every_frame_and_end_with_the_recording():
    config = make_config()  # 20 frames, every 10
    for frames in (20, 21, 29, 30, 31, 95):
        starts = features.window_starts(frames, config)
        covered = np.zeros(frames, dtype=bool)
        for start in starts:
            covered[start : start + 20] = True
        assert covered.all()
        assert starts[-1] + 20 == frames
        assert starts == sorted(set(starts))
    assert features.window_starts(7, config) == [0]


def test_a_short_recording_stands_in_the_middle_of_the_floor():
    config = make_config()
    window = np.ones((6, 8), dtype=np.float32)
    inputs = features.assemble([features.choose_front_end(config).levels(window)], config)[0]
    assert inputs.shape == (20, 8)
    np.testing.assert_allclose(inputs[7:13], 0.0, atol=1e-5)
    np.testing.assert_allclose(inputs[:7], -60.0)
    np.testing.assert_allclose(inputs[13:], -60.0)


def test_statistics_and_selection_are_applied_in_this_order():
    config = make_config(
        normalisation=Normalisation(mean=tuple(range(8)), std=(2.0,) * 8), selected=(7, 1)
    )
    levels = features.choose_front_end(config).levels(np.ones((20, 8), dtype=np.float32))
    inputs = features.assemble([levels], config)[0]
    np.testing.assert_allclose(inputs[0], [-3.5, -0.5], atol=1e-5)
