"""Waveform features: equal to plain librosa and SciPy calls, true to definitions, always finite."""

import subprocess
import sys

import numpy as np
import pytest
import scipy.stats

from benchmarks.plain_features import Plain
from ser_core.config.frame_blocks import ChromaBlock, TonnetzBlock
from ser_core.errors import AudioContentError, ConfigError
from ser_core.features.reference.analysis import FEATURES, Analysis
from ser_core.features.reference.statistics import STATISTICS, entropy, renyi_entropy
from ser_core.features.reference.waveform import summarise, waveform_features
from train import recipe

RATE = 22_050
RECIPE_BLOCKS = recipe.load("autoencoder_bilstm").features.blocks
BLOCKS = (*RECIPE_BLOCKS, ChromaBlock(), TonnetzBlock())
BY_NAME = {block.name: block for block in BLOCKS}


def speech_like(rate: int = RATE, seconds: float = 3.0) -> np.ndarray:
    """Voiced syllables of moving pitch, a hiss between them, faint noise; float32 (n,)."""
    rng = np.random.default_rng(0)
    time = np.arange(round(seconds * rate)) / rate
    pitch = 140 + 40 * np.sin(2 * np.pi * 1.3 * time)
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    voice = sum(np.sin(k * phase) / k for k in range(1, 30))
    syllables = np.clip(np.sin(2 * np.pi * 2 * time), 0, None)
    hiss = np.clip(-np.sin(2 * np.pi * 2 * time), 0, None) ** 8
    noise = rng.standard_normal((2, len(time)))
    return (0.1 * syllables * voice + 0.05 * hiss * noise[0] + 1e-3 * noise[1]).astype(np.float32)


def tone(frequency: float, seconds: float = 1.0) -> np.ndarray:
    """A sine of amplitude 0.5; float32 (n,)."""
    time = np.arange(round(seconds * RATE)) / RATE
    return (0.5 * np.sin(2 * np.pi * frequency * time)).astype(np.float32)


def value(name: str, samples: np.ndarray, **parameters) -> np.ndarray:
    """What an utterance block gives, float32 (width,)."""
    block = type(BY_NAME[name])(**parameters)
    return waveform_features(samples, [block], sample_rate=RATE)[0]


def test_every_block_has_its_function():
    assert set(FEATURES) == set(BY_NAME)


@pytest.mark.parametrize(
    ("rate", "n_fft", "hop_length"), [(22_050, 2048, 512), (16_000, 1024, 160)]
)
@pytest.mark.parametrize("name", BY_NAME)
def test_a_block_equals_the_plain_call(name, rate, n_fft, hop_length):
    samples = speech_like(rate)
    block = BY_NAME[name].model_copy(update={"n_fft": n_fft, "hop_length": hop_length})
    ours = waveform_features(samples, [block], sample_rate=rate)
    plain = getattr(Plain(samples, rate, n_fft, hop_length), name)()
    assert ours.shape == (1 + len(samples) // hop_length, block.width)
    assert plain.shape[-1] == block.width
    scale = np.abs(plain).max()
    np.testing.assert_allclose(
        ours, np.broadcast_to(plain, ours.shape), rtol=2e-5, atol=4e-6 * scale
    )


def test_blocks_stand_side_by_side_in_the_given_order_from_one_transform(monkeypatch):
    transformed = []  # frames in each call
    rfft = np.fft.rfft
    monkeypatch.setattr(np.fft, "rfft", lambda x, **k: transformed.append(len(x)) or rfft(x, **k))
    samples = speech_like(seconds=1.0)
    every = waveform_features(samples, BLOCKS, sample_rate=RATE)
    assert sum(transformed) == len(every)
    assert every.dtype == np.float32
    assert every.shape == (1 + len(samples) // 512, 203 + 12 + 6)
    turned = waveform_features(samples, BLOCKS[::-1], sample_rate=RATE)
    np.testing.assert_array_equal(turned[:, :6], every[:, -6:])
    np.testing.assert_array_equal(turned[:, -80:], every[:, :80])
    utterance = every[:, 129:203]
    np.testing.assert_array_equal(utterance, np.tile(utterance[:1], (len(every), 1)))


def click(length: int) -> np.ndarray:
    samples = np.zeros(length, dtype=np.float32)
    samples[length // 2] = 1.0
    return samples


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("length", [1, 2, 3, 100, 511, 512, 2_047, 4_095, 4_096, 30_000])
@pytest.mark.parametrize(
    "make",
    [
        lambda length: np.zeros(length, dtype=np.float32),
        lambda length: np.full(length, 0.3, dtype=np.float32),
        click,
        lambda length: speech_like()[:length],
        lambda length: speech_like()[:length] * np.float32(1e-30),
    ],
    ids=["silence", "constant", "click", "speech", "denormal"],
)
def test_features_are_finite_whatever_the_window(make, length):
    features = waveform_features(make(length), BLOCKS, sample_rate=RATE)
    assert features.shape == (1 + length // 512, 221)
    assert np.isfinite(features).all()


def test_silence_has_no_entropy_energy_moments_or_pitch():
    silence = np.zeros(RATE, dtype=np.float32)
    zero = set(BY_NAME) - {"mfcc"}  # whose 0th coefficient is the level, -100 dB
    for name in zero:
        features = waveform_features(silence, [BY_NAME[name]], sample_rate=RATE)
        assert not features.any(), name


@pytest.mark.parametrize(("order", "bits"), [(2, 0.918), (3, 1.522)])
def test_permutation_entropy_is_bandt_and_pompes_example(order, bits):
    series = np.array([4, 7, 9, 10, 6, 11, 3], dtype=np.float32)
    assert value("permutation_entropy", series, order=order)[0] == pytest.approx(bits, abs=5e-4)


@pytest.mark.parametrize("order", [2, 3, 4, 6])
def test_permutation_entropy_counts_patterns_as_sorting_does(order):
    samples = speech_like(seconds=0.2)
    embedded = np.lib.stride_tricks.sliding_window_view(samples, 2 * order - 1)[:, ::2]
    patterns = np.argsort(embedded, axis=1, kind="stable")
    _, counts = np.unique(patterns, axis=0, return_counts=True)
    ours = value("permutation_entropy", samples, order=order, delay=2)[0]
    assert ours == pytest.approx(scipy.stats.entropy(counts, base=2), rel=1e-6)


def test_a_rising_ramp_has_one_pattern_and_noise_all_of_them():
    assert value("permutation_entropy", np.linspace(0, 1, 999, dtype=np.float32))[0] == 0.0
    noise = np.random.default_rng(1).standard_normal(20_000).astype(np.float32)
    assert value("permutation_entropy", noise)[0] == pytest.approx(np.log2(6), abs=1e-3)


def test_entropies_follow_their_definitions():
    shares = np.array([0.5, 0.25, 0.125, 0.125, 0.0])
    assert entropy(8 * shares) == pytest.approx(1.75)
    assert renyi_entropy(8 * shares, 2.0) == pytest.approx(-np.log2((shares**2).sum()))
    assert renyi_entropy(shares, 0.9999) == pytest.approx(1.75, abs=1e-3)
    assert renyi_entropy(shares, 60.0) == pytest.approx(1.0, abs=0.02)


def test_noise_is_spread_over_frequency_and_a_tone_is_not():
    noise = 0.1 * np.random.default_rng(1).standard_normal(5 * RATE).astype(np.float32)
    assert value("spectral_entropy", noise)[0] == pytest.approx(np.log2(1025), abs=0.05)
    assert value("renyi_entropy", noise)[0] == pytest.approx(np.log2(1025), abs=0.05)
    assert value("spectral_energy_entropy", noise)[0] == pytest.approx(np.log2(10), abs=0.01)
    assert value("spectral_entropy", tone(700.0))[0] < 2.5
    assert value("spectral_energy_entropy", tone(700.0))[0] < 0.01


def test_steady_energy_is_spread_over_all_frames_and_a_click_over_few():
    frames = 1 + 5 * RATE // 512
    steady = value("energy_entropy", tone(700.0, 5.0))[0]
    assert steady == pytest.approx(np.log2(frames), abs=0.02)
    assert value("energy_entropy", click(5 * RATE))[0] == pytest.approx(2.0)  # four frames see it


def test_a_tone_has_its_own_energy_envelope_and_frequency():
    samples = tone(700.0)
    envelope, deviation, frequency, _ = value("analytic_signal", samples)
    assert envelope == pytest.approx(0.5, abs=1e-3)
    assert deviation < 0.01
    assert frequency == pytest.approx(700.0, abs=0.5)
    assert value("teager_energy", samples)[0] == pytest.approx(
        0.25 * np.sin(2 * np.pi * 700.0 / RATE) ** 2, rel=1e-3
    )
    assert value("total_energy", samples)[0] == pytest.approx(0.125 * RATE, rel=1e-3)
    assert value("pitch", samples)[0] == pytest.approx(700.0, abs=2.0)
    bands = value("band_energies", samples)
    assert bands.argmax() == 1
    assert bands[1] > 0.99 * bands.sum()


def test_a_tone_is_harmonic_and_clicks_are_percussive():
    clicks = np.zeros(2 * RATE, dtype=np.float32)
    clicks[:: RATE // 4] = 1.0
    assert value("harmonic_percussive", tone(700.0, 2.0))[0] > 10.0
    assert value("harmonic_percussive", clicks)[0] < 0.1


def test_parts_of_the_window_are_computed_once():
    analysis = Analysis(speech_like(seconds=0.5), RATE, 2048, 512)
    assert analysis.mel(n_mels=40) is analysis.mel(n_mels=40)
    assert analysis.mel(n_mels=40) is not analysis.mel(n_mels=128)


def test_summaries_equal_scipys_statistic_by_statistic():
    frames = speech_like()[:1_200].reshape(300, 4)
    expected = {
        "mean": frames.mean(axis=0),
        "std": frames.std(axis=0),
        "min": frames.min(axis=0),
        "max": frames.max(axis=0),
        "median": np.median(frames, axis=0),
        "skewness": scipy.stats.skew(frames.astype(float)),
        "kurtosis": scipy.stats.kurtosis(frames.astype(float)),
    }
    ours = summarise(frames, list(expected))
    assert ours.shape == (1, 28)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours[0], np.concatenate(list(expected.values())), rtol=1e-4)
    np.testing.assert_array_equal(summarise(frames, ["max", "min"])[0, :4], frames.max(axis=0))


@pytest.mark.parametrize("frames", [np.zeros((5, 2)), np.full((5, 2), 0.1), np.ones((1, 2))])
def test_summaries_of_what_does_not_vary_are_finite(frames):
    summary = summarise(frames.astype(np.float32), list(STATISTICS)).reshape(-1, 2)
    assert np.isfinite(summary).all()
    assert not summary[-2:].any()


def test_a_window_without_samples_is_refused():
    for samples in (np.zeros(0), np.zeros((2, 100))):
        with pytest.raises(AudioContentError, match=r"shape \(n,\) with samples"):
            waveform_features(samples, RECIPE_BLOCKS[:5], sample_rate=RATE)


def test_blocks_of_two_hop_lengths_are_refused():
    mixed = [ChromaBlock(), TonnetzBlock(hop_length=256)]
    with pytest.raises(ConfigError, match=r"one hop_length, got \[256, 512\]"):
        waveform_features(speech_like(), mixed, sample_rate=RATE)


def test_without_librosa_one_sentence_says_what_to_install():
    code = """
import sys
sys.modules["librosa"] = None
from ser_core.errors import SpeechEmotionError
try:
    import ser_core.features.reference.waveform
except SpeechEmotionError as error:
    print(error)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install librosa" in run.stdout
