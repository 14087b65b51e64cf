"""Sounds that are not speech and that the speech gate is never trained on: only tested with.

The standard noises and hums everybody checks, and generators built differently from those in
`train.speech.nonspeech`. Every generator is `make(rng, n) -> float array of shape (n,)`, 16 kHz
mono.
"""

import numpy as np
from scipy.signal import butter, lfilter, sosfilt

from .nonspeech import RATE, Generator, coloured_noise, events, log_uniform


def white_noise(rng: np.random.Generator, n: int) -> np.ndarray:
    """Equal power at all frequencies."""
    return rng.standard_normal(n)


def pink_noise(rng: np.random.Generator, n: int) -> np.ndarray:
    """Power falls by 3 dB an octave."""
    return coloured_noise(rng, n, 1.0)


def brown_noise(rng: np.random.Generator, n: int) -> np.ndarray:
    """Power falls by 6 dB an octave."""
    return coloured_noise(rng, n, 2.0)


def silence(rng: np.random.Generator, n: int) -> np.ndarray:
    """Digital silence."""
    return np.zeros(n)


def faint_dither(rng: np.random.Generator, n: int) -> np.ndarray:
    """The last bit of a 16-bit file flickering: what an unplugged microphone records."""
    return np.round(rng.uniform(-1, 1, n)) / 32768


def steady_tone(rng: np.random.Generator, n: int) -> np.ndarray:
    """One sine."""
    return np.sin(2 * np.pi * log_uniform(rng, 60, 6000) * np.arange(n) / RATE)


def mains_hum(rng: np.random.Generator, n: int) -> np.ndarray:
    """50 or 60 Hz clipped by a bad supply, which makes its harmonics."""
    wave = np.sin(2 * np.pi * rng.choice([50, 60]) * np.arange(n) / RATE)
    sound: np.ndarray = np.tanh(rng.uniform(0.5, 8) * wave + rng.uniform(0, 0.3))
    return sound


def single_click(rng: np.random.Generator, n: int) -> np.ndarray:
    """One or two samples out of place, once."""
    out = np.zeros(n)
    out[int(rng.integers(100, n - 100))] = 1.0
    return out


def click_train(rng: np.random.Generator, n: int) -> np.ndarray:
    """Clicks at a steady pace, 1 to 60 a second."""
    out = np.zeros(n)
    out[int(rng.integers(0, 200)) :: int(RATE / log_uniform(rng, 1, 60))] = 1.0
    return out


def dialling(rng: np.random.Generator, n: int) -> np.ndarray:
    """Telephone key tones (DTMF)."""

    def key(rng: np.random.Generator, size: int) -> np.ndarray:
        t = np.arange(size) / RATE
        low, high = rng.choice([697, 770, 852, 941]), rng.choice([1209, 1336, 1477])
        sound: np.ndarray = np.sin(2 * np.pi * low * t) + np.sin(2 * np.pi * high * t)
        return sound

    return events(rng, n, key, rng.uniform(1.5, 6), (0.06, 0.3))


def telephone_ring(rng: np.random.Generator, n: int) -> np.ndarray:
    """A bell or two tones that alternate 10 to 25 times a second, one second on, one off."""
    t = np.arange(n) / RATE
    first, ratio, rate = log_uniform(rng, 400, 1800), rng.uniform(1.05, 1.35), rng.uniform(10, 25)
    turn = np.sin(2 * np.pi * rate * t) > 0
    tone = np.where(turn, np.sin(2 * np.pi * first * t), np.sin(2 * np.pi * first * ratio * t))
    return tone * (np.sin(np.pi * (t + rng.uniform(0, 2))) > -0.2)


def birdsong(rng: np.random.Generator, n: int) -> np.ndarray:
    """Fast whistled syllables between 1.5 and 7 kHz."""

    def chirp(rng: np.random.Generator, size: int) -> np.ndarray:
        t = np.linspace(0, 1, size)
        start, sweep = log_uniform(rng, 1500, 5500), rng.uniform(-0.5, 0.5)
        wobble = rng.uniform(0, 0.08) * np.sin(
            2 * np.pi * rng.uniform(20, 50) * np.arange(size) / RATE
        )
        phase = 2 * np.pi * np.cumsum(start * 2 ** (sweep * t) * (1 + wobble)) / RATE
        return np.sin(phase) * np.sin(np.pi * t)

    return events(rng, n, chirp, rng.uniform(2, 12), (0.03, 0.3))


def footsteps(rng: np.random.Generator, n: int) -> np.ndarray:
    """Heel and sole on gravel or boards."""

    def step(rng: np.random.Generator, size: int) -> np.ndarray:
        grains = rng.standard_normal(size) * (rng.random(size) < 0.05)
        thud = np.sin(2 * np.pi * rng.uniform(50, 140) * np.arange(size) / RATE)
        crunch = sosfilt(butter(2, rng.uniform(500, 5000), fs=RATE, output="sos"), grains)
        sound: np.ndarray = (3 * crunch + 0.3 * thud) * np.exp(-np.arange(size) / (0.05 * RATE))
        return sound

    return events(rng, n, step, rng.uniform(1.3, 3), (0.15, 0.4))


def applause(rng: np.random.Generator, n: int) -> np.ndarray:
    """Five to fifty people clapping, each at their own pace."""
    out, t = np.zeros(n), np.arange(400) / RATE
    for _ in range(rng.integers(5, 50)):
        clap = np.sin(2 * np.pi * rng.uniform(700, 2200) * t) * np.exp(
            -t / rng.uniform(0.002, 0.006)
        )
        clap += 0.5 * rng.standard_normal(400) * np.exp(-t / 0.003)
        places = (np.arange(rng.random(), n / RATE, 1 / rng.uniform(2.5, 5)) * RATE).astype(int)
        places += rng.integers(0, 800, len(places))
        impulses = np.zeros(n)
        impulses[places[places < n]] = rng.uniform(0.3, 1)
        out += np.convolve(impulses, clap)[:n] if len(places) else 0.0
    return out


def helicopter(rng: np.random.Generator, n: int) -> np.ndarray:
    """Low noise chopped 8 to 22 times a second over a turbine's whine."""
    t = np.arange(n) / RATE
    chop = np.maximum(0, np.sin(2 * np.pi * rng.uniform(8, 22) * t)) ** rng.uniform(1, 6)
    low = sosfilt(butter(2, rng.uniform(150, 900), fs=RATE, output="sos"), rng.standard_normal(n))
    sound: np.ndarray = low * chop + rng.uniform(0, 0.05) * np.sin(
        2 * np.pi * rng.uniform(800, 4000) * t
    )
    return sound


def strings(rng: np.random.Generator, n: int) -> np.ndarray:
    """Detuned sawtooth chords behind a low-pass filter that opens and closes slowly."""
    t, out = np.arange(n) / RATE, np.zeros(n)
    root = log_uniform(rng, 80, 400)
    for interval in rng.choice([0, 3, 4, 7, 10, 12], int(rng.integers(1, 5)), replace=False):
        for _ in range(3):
            f0 = root * 2 ** (interval / 12) * (1 + 0.004 * rng.standard_normal())
            out += 2 * ((f0 * t + rng.random()) % 1.0) - 1
    dark = lfilter([0.05], [1, -0.95], out)
    mix = 0.5 + 0.5 * np.sin(2 * np.pi * rng.uniform(0.1, 2) * t)
    sound: np.ndarray = dark * 4 * (1 - mix) + out * mix * 0.5
    return sound


def acid_bass(rng: np.random.Generator, n: int) -> np.ndarray:
    """Sawtooth notes through a sharp resonance that falls during each of them."""

    def note(rng: np.random.Generator, size: int) -> np.ndarray:
        t = np.arange(size) / RATE
        saw = 2 * ((55 * 2 ** (rng.integers(0, 24) / 12) * t) % 1.0) - 1
        top, out, low, band = rng.uniform(800, 4000), np.zeros(size), 0.0, 0.0
        coefficient = 2 * np.sin(np.pi * (150 + top * np.exp(-t / rng.uniform(0.05, 0.3))) / RATE)
        for i, (x, c) in enumerate(zip(saw.tolist(), coefficient.tolist(), strict=True)):
            low += c * band
            band += c * (x - low - 0.25 * band)
            out[i] = low
        return out * np.minimum(1, t[::-1] / 0.01)

    return events(rng, n, note, rng.uniform(2, 8), (0.1, 0.4))


def accordion(rng: np.random.Generator, n: int) -> np.ndarray:
    """Pairs of reeds slightly out of tune, in chords, pushed by a bellows."""

    def chord(rng: np.random.Generator, size: int) -> np.ndarray:
        t, out = np.arange(size) / RATE, np.zeros(size)
        for interval in (0, 4, 7)[: rng.integers(1, 4)]:
            f0 = 220 * 2 ** ((rng.integers(-5, 12) + interval) / 12)
            for detune in (0.995, 1.005):
                out += np.sign(np.sin(2 * np.pi * f0 * detune * t) - 0.6)
        sound: np.ndarray = lfilter([0.3], [1, -0.7], out - out.mean()) * np.minimum(1, t / 0.05)
        return sound

    return events(rng, n, chord, rng.uniform(1, 4), (0.2, 1.0))


def whistling(rng: np.random.Generator, n: int) -> np.ndarray:
    """A tune whistled with slides between its notes, and some breath."""
    knots = 1200 * 2 ** (rng.choice([0, 2, 4, 5, 7, 9, 12], 12) / 12)
    places = np.minimum(np.arange(n) / RATE * rng.uniform(2, 5), 10.999)
    slide = np.clip((places % 1 - 0.7) / 0.3, 0, 1)
    f0 = knots[places.astype(int)] * (1 - slide) + knots[places.astype(int) + 1] * slide
    tone = np.sin(2 * np.pi * np.cumsum(f0) / RATE)
    return tone * (places % 1 > 0.08) + 0.02 * rng.standard_normal(n)


def synthesizer(rng: np.random.Generator, n: int) -> np.ndarray:
    """Melodies by frequency modulation: brass, electric piano, toy organs."""
    ratio = rng.choice([0.5, 1, 1.41, 2, 3, 3.5, 7])
    index, fall = rng.uniform(0.5, 8), log_uniform(rng, 0.05, 1)

    def note(rng: np.random.Generator, size: int) -> np.ndarray:
        t = np.arange(size) / RATE
        f0 = 220 * 2 ** (rng.integers(-12, 20) / 12)
        modulation = index * np.exp(-t / fall) * np.sin(2 * np.pi * ratio * f0 * t)
        sound: np.ndarray = (
            np.sin(2 * np.pi * f0 * t + modulation) * np.minimum(1, t / 0.01) * np.exp(-t / fall)
        )
        return sound

    return events(rng, n, note, rng.uniform(1.5, 8), (0.1, 0.8))


def plucked_strings(rng: np.random.Generator, n: int) -> np.ndarray:
    """Guitar-like notes by Karplus and Strong's delay line."""

    def pluck(rng: np.random.Generator, size: int) -> np.ndarray:
        period = int(RATE / (82 * 2 ** (rng.integers(0, 36) / 12)))
        excitation = np.zeros(size)
        excitation[: min(period, size)] = rng.uniform(-1, 1, min(period, size))
        a = np.zeros(period + 2)
        a[0], a[period], a[period + 1] = 1.0, -0.498, -0.498
        sound: np.ndarray = lfilter([1.0], a, excitation)
        return sound

    return events(rng, n, pluck, rng.uniform(1.5, 7), (0.2, 1.2))


def typing(rng: np.random.Generator, n: int) -> np.ndarray:
    """Keys pressed and let go, in bursts."""

    def key(rng: np.random.Generator, size: int) -> np.ndarray:
        t = np.arange(size) / RATE
        fall = np.exp(-t / rng.uniform(0.002, 0.01)) + 0.4 * np.exp(-np.abs(t - 0.08) / 0.003)
        return rng.standard_normal(size) * fall

    return events(rng, n, key, rng.uniform(3, 12), (0.09, 0.12))


def zaps(rng: np.random.Generator, n: int) -> np.ndarray:
    """Falling electronic sweeps, as games and alarms have them."""

    def zap(rng: np.random.Generator, size: int) -> np.ndarray:
        t = np.arange(size) / RATE
        f0 = log_uniform(rng, 300, 6000) * np.exp(-t / rng.uniform(0.05, 0.5)) + 60
        wave = np.sin(2 * np.pi * np.cumsum(f0) / RATE)
        return (wave if rng.random() < 0.5 else np.sign(wave)) * np.exp(-t / 0.3)

    return events(rng, n, zap, rng.uniform(0.7, 5), (0.1, 0.8))


TEST_KINDS: dict[str, Generator] = {
    make.__name__: make
    for make in (
        silence, faint_dither, white_noise, pink_noise, brown_noise, steady_tone, mains_hum,
        single_click, click_train, dialling, telephone_ring, birdsong, footsteps, applause,
        helicopter, synthesizer, strings, plucked_strings, acid_bass, accordion, whistling, typing,
        zaps,
    )
}  # fmt: skip
