"""Sounds that are not speech, made from random numbers: what the speech gate learns to pass over.

Every generator is `make(rng, n) -> float32 array of shape (n,)`, 16 kHz mono at any level.
`TRAINING_KINDS` are trained on; `TEST_KINDS` are only ever tested on.
"""

from collections.abc import Callable

import numpy as np
from scipy.signal import butter, lfilter, sosfilt

RATE = 16_000  # [Hz]
Generator = Callable[[np.random.Generator, int], np.ndarray]
CHORDS = ([0], [0], [0], [0, 12], [0, 7], [0, 4, 7], [0, 3, 7], [0, 3, 7, 10])  # [semitones]


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw a number whose logarithm is uniform."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def coloured_noise(rng: np.random.Generator, n: int, slope: float | None = None) -> np.ndarray:
    """Noise whose power falls as frequency ** -slope: 0 white, 1 pink, 2 brown, -1 blue."""
    slope = rng.uniform(-0.7, 2.5) if slope is None else slope
    size = 1 << max(8, int(n - 1).bit_length())
    spectrum = np.fft.rfft(rng.standard_normal(size))
    frequency = np.maximum(np.arange(len(spectrum)) * RATE / size, 20.0)
    return np.fft.irfft(spectrum * frequency ** (-slope / 2), size)[:n]


def slow_curve(rng: np.random.Generator, n: int, rate: float) -> np.ndarray:
    """A smooth random curve, roughly normal, that changes about `rate` [Hz] times a second."""
    knots = rng.standard_normal(int(n / RATE * rate) + 3)
    return np.interp(np.arange(n) * rate / RATE, np.arange(len(knots)), knots)


def band_pass(x: np.ndarray, low: float, high: float, order: int = 2) -> np.ndarray:
    """Butterworth band-pass between two frequencies [Hz]."""
    sos = butter(order, [low, min(high, 0.49 * RATE)], "bandpass", fs=RATE, output="sos")
    return np.asarray(sosfilt(sos, x))


def resonate(x: np.ndarray, centres: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """Sum of two-pole resonators at `centres` with bandwidths `widths` [Hz]."""
    out = np.zeros(len(x))
    for centre, width in zip(centres, widths, strict=True):
        radius = np.exp(-np.pi * width / RATE)
        a = [1.0, -2 * radius * np.cos(2 * np.pi * centre / RATE), radius**2]
        y = lfilter([1.0 - radius], a, x)
        out += y / (np.abs(y).max() + 1e-9)
    return out


def harmonics(f0: np.ndarray, amplitudes: np.ndarray) -> np.ndarray:
    """A harmonic tone: `f0` [Hz] of shape (n,), one amplitude for each harmonic."""
    phase = 2 * np.pi * np.cumsum(f0) / RATE
    out = np.zeros(len(f0))
    for order, amplitude in enumerate(amplitudes, start=1):
        out += amplitude * np.sin(order * phase) * (order * f0 < 0.48 * RATE)
    return out


def events(
    rng: np.random.Generator, n: int, make: Generator, rate: float, length: tuple[float, float]
) -> np.ndarray:
    """Place sounds at irregular times, `rate` [Hz] on average, each `length` [s] long."""
    out = np.zeros(n)
    position = int(rng.uniform(0, min(n, RATE / rate)))
    regular = rng.random() < 0.4  # steps, machines and music keep time; the rest does not
    while position < n:
        size = min(int(log_uniform(rng, *length) * RATE), n - position)
        if size > 32:
            sound = make(rng, size)
            loudness = rng.uniform(0.3, 1.0) / (np.abs(sound).max() + 1e-9)
            out[position : position + size] += loudness * sound
        gap = 1.0 / rate if regular else rng.exponential(1.0 / rate)
        position += max(160, int(gap * RATE))
    return out


def digital_silence(rng: np.random.Generator, n: int) -> np.ndarray:
    """Nothing at all, or a constant offset, with or without some of it being faint noise."""
    out = np.full(n, rng.choice([0.0, 0.0, 0.01]))
    if rng.random() < 0.5:
        start, end = sorted(rng.integers(0, n, 2))
        out[start:end] += 1e-4 * rng.standard_normal(end - start)
    return out


def modulated_noise(rng: np.random.Generator, n: int) -> np.ndarray:
    """Noise whose loudness moves: slowly, at the pace of syllables, or fast."""
    noise = coloured_noise(rng, n)
    if rng.random() < 0.5:
        low = log_uniform(rng, 80, 3000)
        noise = band_pass(noise, low, low * log_uniform(rng, 1.3, 8))
    rate = log_uniform(rng, 0.3, 30)
    depth = rng.uniform(1, 5)
    if rng.random() < 0.5:
        wave = np.sin(2 * np.pi * rate * np.arange(n) / RATE + rng.uniform(0, 6.3))
        return noise * np.exp(0.5 * depth * wave)
    return noise * np.exp(0.5 * depth * slow_curve(rng, n, rate))


def noise_bursts(rng: np.random.Generator, n: int) -> np.ndarray:
    """Bursts of band-passed noise: hisses, steam, swishes."""

    def burst(rng: np.random.Generator, size: int) -> np.ndarray:
        low = log_uniform(rng, 60, 4000)
        noise = band_pass(rng.standard_normal(size), low, low * log_uniform(rng, 1.2, 6))
        return noise * np.hanning(size) ** rng.uniform(0.2, 2)

    return events(rng, n, burst, log_uniform(rng, 0.7, 8), (0.03, 1.0))


def pure_tones(rng: np.random.Generator, n: int) -> np.ndarray:
    """One to six steady or beeping tones."""
    t = np.arange(n) / RATE
    out = np.zeros(n)
    for _ in range(rng.integers(1, 7) if rng.random() < 0.6 else 1):
        tone = np.sin(2 * np.pi * log_uniform(rng, 40, 7500) * t + rng.uniform(0, 6.3))
        if rng.random() < 0.4:
            tone = tone * (
                np.sin(2 * np.pi * log_uniform(rng, 0.5, 12) * t) > rng.uniform(-0.7, 0.7)
            )
        out += rng.uniform(0.2, 1) * tone
    return out


def timbre(rng: np.random.Generator) -> np.ndarray:
    """Amplitudes of harmonics: a random slope, perhaps odd ones only, some ups and downs."""
    count = int(rng.integers(3, 40))
    amplitudes = np.arange(1, count + 1) ** -rng.uniform(0.3, 2.5)
    amplitudes *= np.exp(rng.uniform(0, 1.0) * rng.standard_normal(count))
    if rng.random() < 0.25:
        amplitudes[1::2] *= 0.05
    return amplitudes


def harmonic_tones(rng: np.random.Generator, n: int) -> np.ndarray:
    """Held tones with overtones, vibrato and tremolo: horns, organs, reeds, transformers."""

    def tone(rng: np.random.Generator, size: int) -> np.ndarray:
        t = np.arange(size) / RATE
        vibrato = rng.choice([0.0, rng.uniform(0, 0.04)]) * np.sin(
            2 * np.pi * rng.uniform(3, 8) * t
        )
        f0 = log_uniform(rng, 50, 1500) * (1 + vibrato)
        tremolo = 1 + rng.uniform(0, 0.8) * np.sin(2 * np.pi * rng.uniform(2, 10) * t)
        edge = np.minimum(1, np.minimum(t, t[::-1]) / rng.uniform(0.005, 0.1))
        return harmonics(f0, timbre(rng)) * tremolo * edge

    if rng.random() < 0.4:
        return tone(rng, n)
    return events(rng, n, tone, log_uniform(rng, 0.5, 5), (0.08, 1.5))


def glides(rng: np.random.Generator, n: int) -> np.ndarray:
    """Sirens, chirps and sweeps, pure or with overtones."""
    base, t = log_uniform(rng, 80, 3000), np.arange(n) / RATE
    octaves, rate = rng.uniform(0.1, 2), log_uniform(rng, 0.15, 8)
    shape = int(rng.integers(0, 4))
    cycle = (rate * t + rng.random()) % 1.0
    wave = [np.sin(2 * np.pi * cycle), 2 * cycle - 1, 1 - 2 * cycle, np.sign(cycle - 0.5)][shape]
    if rng.random() < 0.25:
        wave = slow_curve(rng, n, rate)
    f0 = np.clip(base * 2 ** (octaves * wave), 30, 7500)
    amplitudes = timbre(rng) if rng.random() < 0.6 else np.ones(1)
    return np.asarray(harmonics(f0, amplitudes) * (0.3 + np.abs(slow_curve(rng, n, 1.0))))


def bells(rng: np.random.Generator, n: int) -> np.ndarray:
    """Struck metal, glass and wood: decaying partials that are no harmonics of one another."""

    def strike(rng: np.random.Generator, size: int) -> np.ndarray:
        t, out = np.arange(size) / RATE, np.zeros(size)
        base, decay = log_uniform(rng, 80, 3000), log_uniform(rng, 0.03, 1.5)
        for partial in np.sort(rng.uniform(1, 8, rng.integers(2, 12))):
            frequency = base * partial
            if frequency < 7800:
                fall = np.exp(-t * partial**0.5 / decay)
                out += rng.uniform(0.1, 1) * fall * np.sin(2 * np.pi * frequency * t)
        return out

    return events(rng, n, strike, log_uniform(rng, 0.5, 8), (0.1, 2.5))


def melody(rng: np.random.Generator, n: int) -> np.ndarray:
    """Notes or chords of a scale, all by one instrument: plucked, blown, bowed or synthetic."""
    amplitudes, root = timbre(rng), log_uniform(rng, 60, 700)
    attack, decay = log_uniform(rng, 0.002, 0.1), log_uniform(rng, 0.08, 2)
    damping = rng.choice([0.0, rng.uniform(0, 1.5)])  # how much faster high harmonics fall
    chord = CHORDS[int(rng.integers(0, len(CHORDS)))]
    vibrato = rng.choice([0.0, 0.01, 0.02])
    sweep = rng.choice([0.0, 0.0, rng.uniform(0.5, 4)])  # a filter that opens or closes

    def note(rng: np.random.Generator, size: int) -> np.ndarray:
        t, sound = np.arange(size) / RATE, np.zeros(size)
        degree = int(rng.choice([0, 2, 4, 5, 7, 9, 11, 12]))
        order = np.arange(1, len(amplitudes) + 1)
        focus = order[-1] * rng.random()
        for interval in chord:
            f0 = root * 2 ** ((degree + interval) / 12)
            f0 = f0 * (1 + vibrato * np.sin(2 * np.pi * 5.5 * t))
            phase = 2 * np.pi * np.cumsum(f0) / RATE
            for k in order[order * f0.max() < 0.48 * RATE]:
                fall = np.exp(-t * k**damping / decay)
                if sweep:
                    fall *= np.exp(-sweep * (k - focus * t / t[-1]) ** 2 / order[-1])
                sound += amplitudes[k - 1] * fall * np.sin(k * phase)
        return sound * np.minimum(1.0, t / attack)

    loudness = rng.uniform(0.3, 1)
    return loudness * events(rng, n, note, log_uniform(rng, 1, 8), (0.1, 1.0))


def music(rng: np.random.Generator, n: int) -> np.ndarray:
    """One or two melodies or sequences of chords, with drums or without."""
    out = np.zeros(n)
    for _ in range(rng.integers(1, 3)):
        out += melody(rng, n)
    return out + (drums(rng, n) * rng.uniform(0, 1) if rng.random() < 0.3 else 0.0)


def drums(rng: np.random.Generator, n: int) -> np.ndarray:
    """Thuds, knocks, snares and cymbals; doors and steps are not far from them."""

    def hit(rng: np.random.Generator, size: int) -> np.ndarray:
        t = np.arange(size) / RATE
        pitch = log_uniform(rng, 40, 900) * (1 + rng.uniform(0, 2) * np.exp(-t / 0.02))
        body = np.sin(2 * np.pi * np.cumsum(pitch) / RATE) * np.exp(
            -t / log_uniform(rng, 0.01, 0.2)
        )
        low = log_uniform(rng, 100, 5000)
        rattle = band_pass(rng.standard_normal(size), low, low * rng.uniform(1.5, 6))
        rattle *= np.exp(-t / log_uniform(rng, 0.005, 0.3)) / (np.abs(rattle).max() + 1e-9)
        return rng.uniform(0, 1) * body + rng.uniform(0, 1) * rattle

    return events(rng, n, hit, log_uniform(rng, 0.7, 10), (0.05, 0.6))


def clicks(rng: np.random.Generator, n: int) -> np.ndarray:
    """Single clicks, and trains of them at a steady or irregular pace."""
    out, rate = np.zeros(n), log_uniform(rng, 0.3, 150)
    steps = rng.exponential(RATE / rate, 4000) if rng.random() < 0.4 else np.full(4000, RATE / rate)
    places = (np.cumsum(steps) - rng.random() * steps[0]).astype(int)
    places = places[(places >= 0) & (places < n)]
    if not len(places):
        places = rng.integers(0, n, 1)
    out[places] = rng.uniform(0.2, 1, len(places)) * rng.choice([-1, 1], len(places))
    if rng.random() < 0.5:
        count = int(rng.integers(1, 4))
        centres = np.array([log_uniform(rng, 200, 6000) for _ in range(count)])
        return resonate(out, centres, np.array([log_uniform(rng, 100, 2000) for _ in centres]))
    return out


def hum(rng: np.random.Generator, n: int) -> np.ndarray:
    """Mains hum: 50 or 60 Hz with harmonics, over a little noise."""
    f0 = np.full(n, rng.choice([50.0, 60.0]) * rng.uniform(0.995, 1.005))
    count = int(rng.integers(1, 30))
    amplitudes = np.exp(rng.standard_normal(count)) * np.arange(1, count + 1) ** -rng.uniform(0, 2)
    tone = harmonics(f0, amplitudes)
    noise = rng.choice([0, 0.01, 0.1]) * rng.standard_normal(n)
    return np.asarray(tone / np.abs(tone).max() + noise)


def engine(rng: np.random.Generator, n: int) -> np.ndarray:
    """Uneven pulses at 8 to 90 Hz through resonances: motors, saws, propellers, purring."""
    speed = log_uniform(rng, 8, 90) * np.exp(rng.uniform(0, 0.4) * slow_curve(rng, n, 0.7))
    phase = np.cumsum(speed) / RATE
    fires = np.flatnonzero(np.diff(np.floor(phase), prepend=0) > 0)
    pulses = np.zeros(n)
    pulses[fires] = rng.uniform(0.6, 1, len(fires))
    count = int(rng.integers(1, 6))
    centres = np.array([log_uniform(rng, 60, 4000) for _ in range(count)])
    body = resonate(pulses, centres, centres * rng.uniform(0.05, 0.8, count))
    noise = coloured_noise(rng, n, rng.uniform(0.5, 2))
    return np.asarray(body + rng.uniform(0, 0.6) * noise / np.abs(noise).max())


def wind_water(rng: np.random.Generator, n: int) -> np.ndarray:
    """Gusts and streams: noise through resonances that wander, and drops or bubbles."""
    out = np.zeros(n)
    noise = coloured_noise(rng, n, rng.uniform(0, 1.5))
    for _ in range(rng.integers(1, 4)):
        centre = log_uniform(rng, 100, 3000)
        width = centre * rng.uniform(0.1, 0.8)
        band = resonate(noise, np.array([centre]), np.array([width]))
        out += band * np.exp(rng.uniform(0.2, 1.2) * slow_curve(rng, n, log_uniform(rng, 0.4, 5)))
    if rng.random() < 0.4:

        def drop(rng: np.random.Generator, size: int) -> np.ndarray:
            t = np.arange(size) / RATE
            pitch = log_uniform(rng, 300, 3000) * (1 + t / t[-1] * rng.uniform(0, 1))
            return np.sin(2 * np.pi * np.cumsum(pitch) / RATE) * np.exp(-t / 0.02)

        out += rng.uniform(0.2, 2) * events(rng, n, drop, log_uniform(rng, 2, 30), (0.02, 0.1))
    return out


def crackle(rng: np.random.Generator, n: int) -> np.ndarray:
    """Many small impulses: fire, rain, paper, gravel, applause far away."""
    rate = log_uniform(rng, 5, 3000)
    impulses = rng.standard_normal(n) * (rng.random(n) < rate / RATE)
    impulses *= np.exp(rng.uniform(0, 1.5) * slow_curve(rng, n, log_uniform(rng, 0.5, 8)))
    count = int(rng.integers(1, 5))
    centres = np.array([log_uniform(rng, 150, 6500) for _ in range(count)])
    return resonate(impulses, centres, np.array([log_uniform(rng, 100, 3000) for _ in centres]))


def scrapes(rng: np.random.Generator, n: int) -> np.ndarray:
    """Sticking and slipping: creaking doors, squeaks, ratchets."""

    def scrape(rng: np.random.Generator, size: int) -> np.ndarray:
        rate = log_uniform(rng, 15, 600) * np.exp(0.6 * slow_curve(rng, size, 4))
        jitter = 1 + rng.uniform(0, 0.5) * rng.standard_normal(size)
        fires = np.diff(np.floor(np.cumsum(rate * jitter) / RATE), prepend=0) > 0
        count = int(rng.integers(2, 7))
        centres = np.array([log_uniform(rng, 200, 6500) for _ in range(count)])
        sound = resonate(fires.astype(float), centres, centres * rng.uniform(0.01, 0.3, count))
        return sound * np.hanning(size) ** rng.uniform(0.2, 1)

    return events(rng, n, scrape, log_uniform(rng, 0.5, 4), (0.1, 1.2))


def calls(rng: np.random.Generator, n: int) -> np.ndarray:
    """Voiced calls without words: one pitch gesture through resonances that hardly move."""
    species, size_factor = log_uniform(rng, 60, 3000), rng.uniform(0.5, 3)
    centres = np.sort(np.array([log_uniform(rng, 250, 4500) for _ in range(rng.integers(1, 4))]))

    def call(rng: np.random.Generator, size: int) -> np.ndarray:
        bend = np.interp(np.linspace(0, 3, size), np.arange(4), rng.normal(0, 0.4, 4))
        f0 = np.clip(species * 2**bend, 30, 6000)
        rough = 1 + rng.choice([0.0, 0.5]) * slow_curve(rng, size, 60)
        source = harmonics(f0, np.arange(1, 40) ** -rng.uniform(0.5, 1.5)) * rough
        source += rng.uniform(0, 0.5) * rng.standard_normal(size)
        sound = resonate(source, centres, centres * 0.15 * size_factor)
        return sound * np.hanning(size) ** rng.uniform(0.3, 1)

    return events(rng, n, call, log_uniform(rng, 0.5, 4), (0.08, 1.2))


TRAINING_KINDS: dict[str, Generator] = {
    make.__name__: make
    for make in (
        digital_silence, coloured_noise, modulated_noise, noise_bursts, pure_tones,
        harmonic_tones, glides, bells, music, drums, clicks, hum, engine, wind_water, crackle,
        scrapes, calls,
    )
}  # fmt: skip
