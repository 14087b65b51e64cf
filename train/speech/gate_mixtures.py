"""Training examples of the speech gate: speech in all conditions, and sounds that are not speech.

The label stays the teacher's answer for the clean clip, whatever is done to the sound afterwards.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.signal import fftconvolve, lfilter

from ser_core.features.log_mel import mel_spectrogram
from ser_core.speech.gate import gate_input

from .gate_teacher import CHUNK, TEACHER_THRESHOLD, SpeechClip, teacher_steps
from .nonspeech import RATE, TRAINING_KINDS, band_pass, coloured_noise

LENGTH = 3 * RATE  # [samples] of a training example
STEPS = 151  # network steps of a training example: ceil((1 + 48000 / 160) / 2)
# Where noise covers a syllable this much, nobody could say it is there; such steps count little.
COVERED_DB = -8.0
COVERED_WEIGHT = 0.1
# Tuneful sounds are the nearest to speech and the most various, so they come more often.
KINDS = [*TRAINING_KINDS, "music", "music", "harmonic_tones", "bells"]
ROOM_TONE_SHARE = 0.1
PAUSE_MARGIN = 4  # [chunks] of a pause left out next to speech


@dataclass(frozen=True)
class Examples:
    """Training examples.

    Attributes:
        inputs: float16 array of shape (items, 151, 64), from `ser_core.speech.gate_input`.
        labels: float32 array of shape (items, 151), the teacher's probability of speech.
        weights: float32 array of shape (items, 151), how much each step counts.
    """

    inputs: np.ndarray
    labels: np.ndarray
    weights: np.ndarray


def rms(x: np.ndarray) -> float:
    """Root mean square, never zero."""
    return float(np.sqrt(np.mean(np.square(x, dtype=np.float64)))) + 1e-12


def to_level(x: np.ndarray, dbfs: float) -> np.ndarray:
    """Scale to a root mean square of `dbfs` [dB re full scale]."""
    return x * (10 ** (dbfs / 20) / rms(x))


def active_rms(samples: np.ndarray, teacher: np.ndarray) -> float:
    """Root mean square over the chunks the teacher calls speech; over all where there are none."""
    active = np.repeat(teacher >= TEACHER_THRESHOLD, CHUNK)[: len(samples)]
    return rms(samples[active]) if active.any() else rms(samples)


def finish(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Give a random level between -60 and -3 dBFS, then round and clip as files do."""
    if np.abs(x).max() > 1e-3 or rng.random() < 0.5:
        x = to_level(x, rng.uniform(-60, -3)) if rms(x) > 1e-9 else x
    if rng.random() < 0.5:
        x = np.round(x * 32767) / 32767
    changed: np.ndarray = np.clip(x, -1, 1).astype(np.float32)
    return changed


def random_room(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Reverberate with exponentially falling noise, reverberation time 0.1 to 0.9 s."""
    time = rng.uniform(0.1, 0.9)
    t = np.arange(int(time * RATE)) / RATE
    tail = rng.standard_normal(len(t)) * np.exp(-6.9 * t / time)
    tail = lfilter([1.0], [1.0, -rng.uniform(0, 0.7)], tail)
    response = tail * (10 ** (-rng.uniform(0, 12) / 20) / np.sqrt(np.sum(tail**2)))
    response[0] += 1.0
    changed: np.ndarray = fftconvolve(x, response)[: len(x)]
    return changed


def random_channel(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Pass through a room, a telephone, a muffled or a thin microphone, or nothing."""
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
    return x


def room_tones(clips: list[SpeechClip], seed: int) -> list[np.ndarray]:
    """Cut the pauses out of the corpora: at least 0.3 s in which the teacher hears nobody."""
    tones = []
    for clip in clips:
        quiet = clip.teacher < 0.05
        edges = np.flatnonzero(np.diff(quiet.astype(np.int8), prepend=0, append=0))
        pauses = zip(edges[0::2] + PAUSE_MARGIN, edges[1::2] - PAUSE_MARGIN, strict=True)
        for start, end in pauses:
            if (end - start) * CHUNK >= 0.3 * RATE:
                tones.append(clip.samples[start * CHUNK : end * CHUNK])
    order = np.random.default_rng(seed).permutation(len(tones))[:1500]
    return [tones[index] for index in order]


def extend_tone(tone: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Make `n` samples of a pause: overlapping grains from random places of it."""
    grain = 3200
    window = np.sqrt(np.hanning(grain))
    out = np.zeros(n + 2 * grain)
    for start in range(0, n + grain, grain // 2):
        at = int(rng.integers(0, len(tone) - grain))
        out[start : start + grain] += window * tone[at : at + grain]
    return out[grain : grain + n]


def nonspeech_sound(
    rng: np.random.Generator, tones: list[np.ndarray], n: int = LENGTH
) -> np.ndarray:
    """Make one sound of a random training kind, or room tone, or two of them together."""

    def one() -> np.ndarray:
        if rng.random() < ROOM_TONE_SHARE:
            return extend_tone(tones[int(rng.integers(0, len(tones)))], n, rng)
        return TRAINING_KINDS[KINDS[int(rng.integers(0, len(KINDS)))]](rng, n)

    sound = one()
    if rng.random() < 0.25:
        other = one()
        sound = sound / rms(sound) + other / rms(other) * rng.uniform(0.05, 1)
    elif rng.random() < 0.3:
        noise = coloured_noise(rng, n)
        sound = sound / rms(sound) + noise / rms(noise) * 10 ** (-rng.uniform(0, 40) / 20)
    return sound


def nonspeech_example(
    rng: np.random.Generator, tones: list[np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Make (input, label, weight) of a sound without speech."""
    sound = nonspeech_sound(rng, tones)
    if rng.random() < 0.7:
        sound = random_channel(sound, rng)
    if rng.random() < 0.15:
        sound = silence_part(sound, rng)
    inputs = gate_input(mel_spectrogram(finish(sound, rng)))
    return inputs, np.zeros(STEPS, np.float32), np.ones(STEPS, np.float32)


def silence_part(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Set the beginning, the end or a part in the middle to zero, as editors do."""
    start, end = sorted(rng.integers(0, len(x), 2))
    choice = rng.integers(0, 3)
    x = x.copy()
    x[(slice(0, start), slice(end, None), slice(start, end))[choice]] = 0
    return x


def speech_example(
    rng: np.random.Generator, clip: SpeechClip, tones: list[np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Make (input, label, weight) of a clip in a random channel, noise and level."""
    labels = teacher_steps(clip.teacher, len(clip.samples) // 320 + 1)
    speech, labels = random_crop(clip.samples, labels, rng)
    speech = random_channel(speech, rng)
    if rng.random() < 0.15:
        kept = silence_part(np.ones(LENGTH), rng)
        speech = speech * kept
        labels = labels * kept[np.minimum(np.arange(STEPS) * 320, LENGTH - 1)]
    weights = np.ones(STEPS, np.float32)
    if rng.random() < 0.75:
        loud = active_rms(clip.samples, clip.teacher)
        noise, snr = coloured_noise(rng, LENGTH), rng.uniform(-5, 40)
        if rng.random() < 0.5:
            noise, snr = nonspeech_sound(rng, tones), rng.uniform(0, 40)
        noise = noise * (loud / rms(noise) * 10 ** (-snr / 20))
        local = step_power(speech) / (step_power(noise) + 1e-12)
        covered = (10 * np.log10(local + 1e-9) < COVERED_DB) & (labels > 0.3)
        weights[covered] = COVERED_WEIGHT
        speech = speech + noise
    return gate_input(mel_spectrogram(finish(speech, rng))), labels, weights


def step_power(x: np.ndarray) -> np.ndarray:  # (steps,)
    """Mean power of each network step, smoothed over 100 ms."""
    power = np.append(np.mean(np.square(x[:LENGTH]).reshape(-1, 320), axis=1), 0.0)
    return np.convolve(power, np.full(5, 0.2), mode="same")


def random_crop(
    samples: np.ndarray, labels: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Cut 3 s out of a clip, or place a shorter one somewhere in 3 s of silence."""
    spare = len(labels) - STEPS
    if spare >= 0:
        start = int(rng.integers(0, spare + 1))
        cut, kept = samples[start * 320 : start * 320 + LENGTH], labels[start : start + STEPS]
    else:
        start = int(rng.integers(0, -spare + 1))
        cut = np.pad(samples, (start * 320, 0))[:LENGTH]
        kept = np.pad(labels, (start, STEPS - start - len(labels)))
    return np.pad(cut, (0, LENGTH - len(cut))), kept.astype(np.float32)


def build(
    count: int, make: Callable[[int], tuple[np.ndarray, np.ndarray, np.ndarray]], description: str
) -> Examples:
    """Make `count` examples; `make(index)` gives one."""
    from tqdm import trange

    inputs = np.empty((count, STEPS, 64), np.float16)
    labels = np.empty((count, STEPS), np.float32)
    weights = np.empty((count, STEPS), np.float32)
    for index in trange(count, desc=description, mininterval=10):
        inputs[index], labels[index], weights[index] = make(index)
    return Examples(inputs, labels, weights)


def training_examples(clips: list[SpeechClip], count: int, seed: int) -> Examples:
    """Make `count` examples with speech and as many without, in a fixed random order.

    Args:
        clips: the training speakers' clips.
        count: int, examples of each of the two.
        seed: int; the same seed gives the same examples.

    Returns:
        Examples, 2 * count of them.
    """
    tones = room_tones(clips, seed)
    # RAVDESS is what the gate will mostly hear and what varies most, so it gets two thirds.
    pools = [[c for c in clips if c.corpus == "ravdess"], [c for c in clips if c.corpus == "nemo"]]
    pools = [pool for pool in pools if pool]

    def make(index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        rng = np.random.default_rng([seed, index])
        if index % 2:
            return nonspeech_example(rng, tones)
        pool = pools[0] if rng.random() < 0.66 else pools[-1]
        return speech_example(rng, pool[int(rng.integers(0, len(pool)))], tones)

    return build(2 * count, make, "examples")
