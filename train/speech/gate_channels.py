"""What happens to an example's sound on its way: rooms, channels, codecs, levels, rumble."""

import numpy as np
from scipy.signal import fftconvolve, lfilter

from ..data.degradations import clip, mp3, opus, telephone
from .nonspeech import RATE, band_pass, log_uniform

CODEC_SHARE = 0.05
CLIPPED_SHARE = 0.05
# Of the examples; each of them on its own.
OFFSET_SHARE, RUMBLE_SHARE, HUM_SHARE = 0.2, 0.15, 0.15


def rms(x: np.ndarray) -> float:
    """Root mean square, never zero."""
    return float(np.sqrt(np.mean(np.square(x, dtype=np.float64)))) + 1e-12


def to_level(x: np.ndarray, dbfs: float) -> np.ndarray:
    """Scale to a root mean square of `dbfs` [dB re full scale]."""
    return x * (10 ** (dbfs / 20) / rms(x))


def finish(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Give a random level between -60 and -3 dBFS, then round and clip as files do."""
    if np.abs(x).max() > 1e-3 or rng.random() < 0.5:
        x = to_level(x, rng.uniform(-60, -3)) if rms(x) > 1e-9 else x
    if rng.random() < 0.5:
        x = np.round(x * 32767) / 32767
    changed: np.ndarray = np.clip(x, -1, 1).astype(np.float32)
    return changed


def disturb(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Add an offset, rumble below 60 Hz and mains hum, each of them seldom, as recorders do."""
    added = np.zeros(len(x))
    if rng.random() < OFFSET_SHARE:
        added += rng.uniform(-0.05, 0.05)
    if rng.random() < RUMBLE_SHARE:
        added += rumble(rng, len(x)) * 10 ** (rng.uniform(-60, -15) / 20)
    if rng.random() < HUM_SHARE:
        added += mains(rng, len(x)) * rms(x) * 10 ** (rng.uniform(-30, 5) / 20)
    disturbed: np.ndarray = (x + added).astype(np.float32)
    return disturbed


def rumble(rng: np.random.Generator, n: int) -> np.ndarray:
    """Make a wave or noise between 5 and 60 Hz, of unit root mean square."""
    if rng.random() < 0.5:
        wave = np.sin(2 * np.pi * log_uniform(rng, 5, 60) * np.arange(n) / RATE + rng.uniform(0, 6))
    else:
        wave = band_pass(rng.standard_normal(n + RATE), 8, rng.uniform(20, 50))[RATE:]
    unit: np.ndarray = wave / rms(wave)
    return unit


def mains(rng: np.random.Generator, n: int) -> np.ndarray:
    """Make the hum of a 50 or 60 Hz mains with some harmonics, of unit root mean square."""
    time = np.arange(n) / RATE
    base = float(rng.choice([50.0, 60.0]))
    orders = np.arange(1, int(rng.integers(1, 16)) + 1)
    fall = rng.uniform(0.5, 2.0)
    waves = [
        np.sin(2 * np.pi * base * order * time + rng.uniform(0, 6.3)) / order**fall
        for order in orders
    ]
    hum: np.ndarray = np.sum(waves, axis=0)
    unit: np.ndarray = hum / rms(hum)
    return unit


def random_room(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Reverberate with exponentially falling noise, reverberation time 0.1 to 0.9 s.

    The room is up to 6 dB louder than the direct sound, as far from a microphone.
    """
    time = rng.uniform(0.1, 0.9)
    t = np.arange(int(time * RATE)) / RATE
    tail = rng.standard_normal(len(t)) * np.exp(-6.9 * t / time)
    tail = lfilter([1.0], [1.0, -rng.uniform(0, 0.7)], tail)
    response = tail * (10 ** (-rng.uniform(-6, 12) / 20) / np.sqrt(np.sum(tail**2)))
    response[0] += 1.0
    changed: np.ndarray = fftconvolve(x, response)[: len(x)]
    return changed


def random_channel(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Pass through a room, a telephone, a muffled or a thin microphone, a codec, or nothing."""
    if rng.random() < 0.25:
        x = random_room(x, rng)
    choice = rng.random()
    if choice < 0.15:
        x = band_pass(x, rng.uniform(150, 400), rng.uniform(3000, 3800), order=3)
    elif choice < 0.3:
        x = lfilter([1.0], [1.0, -rng.uniform(0.2, 0.9)], x)
    elif choice < 0.4:
        x = lfilter([1.0, -rng.uniform(0.3, 0.95)], [1.0], x)
    elif choice < 0.45:
        x = band_pass(x, 60, rng.uniform(2500, 6000))
    if rng.random() < CLIPPED_SHARE:
        x = clip(x, rng.uniform(0.005, 0.1))
    if rng.random() < CODEC_SHARE:
        x = random_codec(x, rng)
    return x


def random_codec(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Pass through a telephone line's 8 bits, MP3 or Opus, at a peak of a half."""
    loudest = float(np.abs(x).max()) + 1e-12
    sound = (x * (0.5 / loudest)).astype(np.float32)
    choice = rng.integers(0, 3)
    if choice == 0:
        coded = telephone(sound, RATE)
    elif choice == 1:
        coded = mp3(sound, RATE, int(rng.choice([32_000, 64_000])))
    else:
        coded = opus(sound, RATE, int(rng.choice([12_000, 24_000])))
    coded = np.pad(coded, (0, max(0, len(x) - len(coded))))[: len(x)]
    return coded * (2.0 * loudest)
