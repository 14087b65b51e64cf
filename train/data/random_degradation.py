"""Random degradation of training recordings: what a stranger's microphone, room and line may do.

Before an encoder, where features that a fixed encoder computes can still be changed. What is drawn
is drawn from a generator that is given, so a copy is the same on every machine.

Source: the chain of Ko et al. (2017), A study on data augmentation of reverberant speech for robust
speech recognition, ICASSP, and of Snyder et al. (2018), X-vectors, ICASSP; random filters after Nam
et al. (2022), arXiv:2110.03282.
"""

from collections.abc import Sequence

import numpy as np
from scipy.signal import butter, fftconvolve, sosfilt

from . import degradations

VERSION = 2  # raised whenever the same draws would give another recording

SPEEDS = (0.89, 1.12)  # playback
WIDE_SPEEDS = (0.78, 1.28)  # playback, of a voice whose colour is no cue
SNR = (3.0, 35.0)  # [dB]
LEVEL = (-42.0, -12.0)  # [dBFS] RMS
RT60 = (0.12, 0.9)  # [s]
DIRECT = (-3.0, 15.0)  # [dB] direct sound against what the room adds
NOISES = ("coloured", "coloured", "babble", "hum", "modulated", "bursts")


def degrade_at_random(
    samples: np.ndarray,
    sample_rate: int,
    talkers: Sequence[np.ndarray],
    rng: np.random.Generator,
) -> np.ndarray:
    """Degrade a recording by a random choice of what may happen to one, in the order it happens.

    Args:
        samples: float32 array of shape (n,), n > 0, mono.
        sample_rate: int [Hz].
        talkers: float32 arrays of shape (any > 0,), recordings that babble is made of.
        rng: numpy Generator.

    Returns:
        float32 array of shape (m,), within full scale but for an offset and rumble.
    """
    x = samples
    if rng.random() < 0.7:
        x = degradations.at_speed(x, rng.uniform(*SPEEDS), sample_rate)
    if rng.random() < 0.5:
        x = random_equaliser(x, sample_rate, rng)
    if rng.random() < 0.4:
        x = random_room(x, sample_rate, rng)
    if rng.random() < 0.6:
        x = degradations.at_snr(
            x, random_noise(len(x), sample_rate, talkers, rng), rng.uniform(*SNR)
        )
    if rng.random() < 0.2:
        x = random_line(x, sample_rate, rng)
    if rng.random() < 0.1:
        x = random_codec(x, sample_rate, rng)
    x = x * np.float32(10.0 ** (rng.uniform(*LEVEL) / 20.0) / root_mean_square(x))
    if rng.random() < 0.1:
        x = degradations.clip(x, rng.uniform(0.001, 0.03))
    x = np.clip(x, -1.0, 1.0)
    if rng.random() < 0.2:
        x = x + np.float32(rng.uniform(-0.03, 0.03))
    if rng.random() < 0.15:
        rumble = np.sin(2.0 * np.pi * rng.uniform(8.0, 45.0) * np.arange(len(x)) / sample_rate)
        x = x + root_mean_square(x) * np.float32(rng.uniform(0.1, 1.0)) * rumble
    return np.asarray(x, dtype=np.float32)


def recolour_at_random(
    samples: np.ndarray, sample_rate: int, rng: np.random.Generator
) -> np.ndarray:
    """Change a voice's colour far beyond what rooms and microphones do, so that none is a cue.

    Playback speed, which moves pitch and formants, then a strong random filter with a tilt, and
    half of the time some noise.

    Args:
        samples: float32 array of shape (n,), n > 0, mono.
        sample_rate: int [Hz].
        rng: numpy Generator.

    Returns:
        float32 array of shape (m,), of any level.
    """
    speed = float(np.exp(rng.uniform(*np.log(WIDE_SPEEDS))))
    x = degradations.at_speed(samples, speed, sample_rate)
    x = amplify(x, smooth_gain(frequencies_of(x, sample_rate), 7, 5.0, 6.0, rng))
    if rng.random() < 0.5:
        noise = coloured_noise(len(x), rng.uniform(-2.0, 0.5), sample_rate, rng)
        x = degradations.at_snr(x, noise, rng.uniform(10.0, 40.0))
    return np.asarray(x, dtype=np.float32)


def root_mean_square(samples: np.ndarray) -> np.float32:
    """Root mean square, never 0."""
    return np.float32(max(np.sqrt(np.mean(np.square(samples, dtype=np.float64))), 1e-7))


def coloured_noise(
    count: int, slope: float, sample_rate: int, rng: np.random.Generator
) -> np.ndarray:  # (count,)
    """Noise whose power goes with frequency to the power of `slope`; of unit variance."""
    spectrum = np.fft.rfft(rng.standard_normal(max(count, 2)))
    frequencies = np.fft.rfftfreq(max(count, 2), 1.0 / sample_rate)
    spectrum *= np.maximum(frequencies, 30.0) ** (slope / 2.0)
    noise = np.fft.irfft(spectrum, max(count, 2))[:count]
    return np.asarray(noise / max(noise.std(), 1e-12), dtype=np.float32)


def random_noise(
    count: int, sample_rate: int, talkers: Sequence[np.ndarray], rng: np.random.Generator
) -> np.ndarray:  # (count,)
    """Noise of a random kind: coloured, babble, hum, one that comes and goes, or bursts."""
    kind = rng.choice(NOISES)
    if kind == "babble" and talkers:
        quiet = np.full(count, 1e-6, dtype=np.float32)
        return degradations.babble(quiet, -90.0, talkers, rng)
    if kind == "hum":
        quiet = np.full(count, 1e-6, dtype=np.float32)
        hum = degradations.mains_hum(quiet, -90.0, sample_rate, rng)
        hiss = coloured_noise(count, -1.0, sample_rate, rng)
        return np.asarray(hum + 0.3 * hum.std() * hiss, dtype=np.float32)
    noise = coloured_noise(count, rng.uniform(-2.0, 0.5), sample_rate, rng)
    if kind == "modulated":
        steps = np.arange(0, count + sample_rate // 10, sample_rate // 10)
        noise = noise * np.interp(np.arange(count), steps, rng.uniform(0.05, 1.0, len(steps)) ** 2)
    if kind == "bursts":
        for _ in range(int(rng.integers(1, 5))):
            width = min(count, int(rng.uniform(0.02, 0.3) * sample_rate))
            start = int(rng.integers(0, count - width + 1))
            burst = coloured_noise(width, rng.uniform(-2.0, 0.0), sample_rate, rng)
            decay = np.exp(-4.0 * np.arange(width) / max(width, 1))
            noise[start : start + width] += rng.uniform(1.0, 5.0) * burst * decay
    return np.asarray(noise, dtype=np.float32)


def random_equaliser(samples: np.ndarray, sample_rate: int, rng: np.random.Generator) -> np.ndarray:
    """Pass through a smooth random filter with a tilt, and now and then a low-pass."""
    frequencies = frequencies_of(samples, sample_rate)
    decibels = smooth_gain(frequencies, 6, 3.0, 3.0, rng)
    if rng.random() < 0.3:
        decibels -= 40.0 * np.clip((frequencies - rng.uniform(3000.0, 7500.0)) / 400.0, 0.0, 1.0)
    return amplify(samples, decibels)


def frequencies_of(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    """Frequencies of the bins of a recording's spectrum [Hz]."""
    return np.asarray(np.fft.rfftfreq(len(samples), 1.0 / sample_rate))


def smooth_gain(
    frequencies: np.ndarray, count: int, spread: float, tilt: float, rng: np.random.Generator
) -> np.ndarray:  # (bins,)
    """Draw a smooth filter with a tilt.

    Args:
        frequencies: float64 array of shape (bins,) [Hz].
        count: int > 1, corners between which the gain is a straight line over octaves.
        spread: float >= 0 [dB], standard deviation of the gain at a corner.
        tilt: float >= 0 [dB / octave], largest tilt, either way.
        rng: numpy Generator.

    Returns:
        float64 array of shape (bins,) [dB].
    """
    octaves = np.log2(np.maximum(frequencies, 50.0) / 1000.0)
    corners = np.linspace(octaves.min(), octaves.max(), count)
    decibels = np.interp(octaves, corners, rng.normal(0.0, spread, count))
    return np.asarray(decibels + rng.uniform(-tilt, tilt) * octaves)


def amplify(samples: np.ndarray, decibels: np.ndarray) -> np.ndarray:
    """Amplify each bin of a recording's spectrum by its number of decibels."""
    spectrum = np.fft.rfft(samples) * 10.0 ** (decibels / 20.0)
    return np.asarray(np.fft.irfft(spectrum, len(samples)), dtype=np.float32)


def random_room(samples: np.ndarray, sample_rate: int, rng: np.random.Generator) -> np.ndarray:
    """Put into a room of a random size, at a random distance; its end is kept in part."""
    rt60, direct = rng.uniform(*RT60), rng.uniform(*DIRECT)
    response = degradations.room_response(rt60, sample_rate, rng)
    gap = int(rng.uniform(0.002, 0.02) * sample_rate)
    response[1 : 1 + gap] = 0.0
    response[1:] *= 10.0 ** ((degradations.DIRECT_TO_REVERBERANT - direct) / 20.0)
    kept = len(samples) + int(0.3 * len(response))
    return np.asarray(fftconvolve(samples, response)[:kept], dtype=np.float32)


def random_line(samples: np.ndarray, sample_rate: int, rng: np.random.Generator) -> np.ndarray:
    """Send through a narrow band of random edges, mostly with the steps of 8-bit mu-law."""
    band = [rng.uniform(200.0, 400.0), rng.uniform(2600.0, 3800.0)]
    narrow = sosfilt(butter(4, band, btype="bandpass", fs=sample_rate, output="sos"), samples)
    if rng.random() < 0.7:
        peak = max(float(np.abs(narrow).max()), 1e-9)
        scaled, mu = narrow / peak, degradations.MU
        companded = np.sign(scaled) * np.log1p(mu * np.abs(scaled)) / np.log1p(mu)
        coded = np.round(companded * degradations.STEPS) / degradations.STEPS
        narrow = peak * np.sign(coded) * np.expm1(np.abs(coded) * np.log1p(mu)) / mu
    return np.asarray(narrow, dtype=np.float32)


def random_codec(samples: np.ndarray, sample_rate: int, rng: np.random.Generator) -> np.ndarray:
    """Encode at a random low rate as MP3 or Opus, and decode."""
    loud = samples * np.float32(0.1 / root_mean_square(samples))  # nothing to clip
    if rng.random() < 0.5:
        return degradations.mp3(loud, sample_rate, int(rng.choice([24_000, 32_000, 48_000])))
    return degradations.opus(loud, sample_rate, int(rng.choice([12_000, 16_000, 24_000])))
