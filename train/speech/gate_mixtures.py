"""Training examples of the speech gate: speech in all conditions, and sounds that are not speech.

The label stays the teacher's answer for the clip as it is, whatever is done to the sound
afterwards. Where the teacher found speech only when asked again, a step counts little.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import soxr

from ser_core.audio.samples import find_runs
from ser_core.speech.gate import BANDS, gate_input
from ser_core.speech.gate_stream import gate_mel

from .gate_channels import disturb, finish, random_channel, rms
from .gate_corpora import SpeechClip
from .gate_teacher import STEP, TEACHER_THRESHOLD, teacher_steps
from .nonspeech import RATE, TRAINING_KINDS, coloured_noise, log_uniform
from .silero import CHUNK

# Network steps of an example, in turn: 3 s, and single words and short sounds of 0.3 to 1.2 s.
LENGTHS = (151, 151, 151, 61, 41, 31, 21, 16)
# Of the examples with speech. RAVDESS is what varies most, EmoSpeech the hardest.
SHARES = {"ravdess": 0.4, "nemo": 0.25, "emospeech": 0.35}
SHOUT_REPEATS = 5  # of a clip whose speech the teacher found only when asked again: few, and hard
LEAST_SPEECH = 0.2  # [s] the teacher found in a clip that is learnt from
# Where noise covers a syllable this much, nobody could say it is there; such steps count little.
COVERED_DB = -5.0
LITTLE_WEIGHT = 0.1
# Tuneful sounds are the nearest to speech and the most various, so they come more often; and noise,
# because words in it are learnt as well.
MORE_OFTEN = ("music", "music", "harmonic_tones", "bells", "coloured_noise", "coloured_noise")
KINDS = [*TRAINING_KINDS, *MORE_OFTEN]
PAUSE_SHARE = 0.15  # of the sounds without speech
SOUND_SHARE = 0.5  # of them, where there are recorded sounds
FILLED_SHARE = 0.7  # of recorded sounds that are a bit shorter than an example
ALONE_SHARE = 0.4  # of recorded sounds after which no other one follows
# Share of the clips to which noise is added; EmoSpeech was recorded in it.
NOISY = {"ravdess": 0.75, "nemo": 0.75, "emospeech": 0.4}
MOST_PAUSES = 3_000
PAUSE_MARGIN = 4  # [chunks] of a pause left out next to speech


@dataclass(frozen=True)
class Examples:
    """Training examples of one length.

    Attributes:
        inputs: float16 array of shape (items, steps, 80), from `ser_core.speech.gate.gate_input`.
        labels: float32 array of shape (items, steps), the teacher's probability of speech.
        weights: float32 array of shape (items, steps), how much each step counts.
    """

    inputs: np.ndarray
    labels: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True)
class Backgrounds:
    """Sounds without speech that were recorded.

    Attributes:
        pauses: float32 arrays of at least 0.3 s each, of rooms and streets in which nobody speaks.
        sounds: float32 arrays of any length, of effects and music.
    """

    pauses: Sequence[np.ndarray]
    sounds: Sequence[np.ndarray]


def active_rms(samples: np.ndarray, teacher: np.ndarray) -> float:
    """Root mean square over the chunks the teacher calls speech; over all where there are none."""
    active = np.repeat(teacher >= TEACHER_THRESHOLD, CHUNK)[: len(samples)]
    return rms(samples[active]) if active.any() else rms(samples)


def cut_pauses(clips: Sequence[SpeechClip], seed: int) -> list[np.ndarray]:
    """Cut the pauses out of the corpora: at least 0.3 s in which the teacher finds nobody."""
    pauses = []
    for clip in clips:
        quiet = clip.possible < 0.05
        for start, end in find_runs(quiet) + np.array([PAUSE_MARGIN, -PAUSE_MARGIN]):
            if (end - start) * CHUNK >= 0.3 * RATE:
                pauses.append(clip.samples[start * CHUNK : end * CHUNK])
    order = np.random.default_rng(seed).permutation(len(pauses))[:MOST_PAUSES]
    return [pauses[index] for index in order]


def extend_pause(pause: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Make `n` samples of a pause: overlapping grains from random places of it."""
    grain = 3200
    window = np.sqrt(np.hanning(grain))
    out = np.zeros(n + 2 * grain)
    for start in range(0, n + grain, grain // 2):
        at = int(rng.integers(0, max(1, len(pause) - grain)))
        out[start : start + grain] += window * pause[at : at + grain]
    return out[grain : grain + n]


def place_sounds(
    sounds: Sequence[np.ndarray], n: int, rng: np.random.Generator
) -> np.ndarray:  # (n,)
    """Cut `n` samples out of a recorded sound, or put shorter ones in a row; at any speed.

    A sound of nearly this length may fill it whole: files often end where their sound does.
    """
    out = np.zeros(n)
    place = 0
    while place < n:
        one, other = (sounds[int(rng.integers(0, len(sounds)))] for _ in range(2))
        # Music is long and various; there are many more clicks.
        sound = max(one, other, key=len) if n > 2 * RATE else one
        if rng.random() < 0.4:
            sound = soxr.resample(sound, RATE, round(RATE * log_uniform(rng, 0.65, 1.5)))
        if place == 0 and 0.6 * n < len(sound) < n and rng.random() < FILLED_SHARE:
            sound = soxr.resample(sound, len(sound), n)
        around = int(np.abs(sound).argmax()) - int(rng.integers(0, n))
        start = int(np.clip(around, 0, max(0, len(sound) - n)))
        cut = sound[start : start + n]
        if place == 0:
            place = int(rng.integers(0, n - len(cut) + 1))
        cut = cut[: n - place]
        out[place : place + len(cut)] += cut * (10 ** (rng.uniform(-9, 0) / 20) / rms(cut))
        place += len(cut) + int(rng.integers(0, RATE))
        if rng.random() < ALONE_SHARE:
            break
    return out


def nonspeech_sound(rng: np.random.Generator, recorded: Backgrounds, n: int) -> np.ndarray:
    """Make one sound of a random training kind, a pause or a recorded one, or two together."""

    def one() -> np.ndarray:
        choice = rng.random()
        if choice < PAUSE_SHARE:
            return extend_pause(recorded.pauses[int(rng.integers(0, len(recorded.pauses)))], n, rng)
        if recorded.sounds and choice < PAUSE_SHARE + SOUND_SHARE:
            return place_sounds(recorded.sounds, n, rng)
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
    rng: np.random.Generator, recorded: Backgrounds, steps: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Make (input, label, weight) of a sound without speech."""
    sound = nonspeech_sound(rng, recorded, (steps - 1) * STEP)
    if rng.random() < 0.7:
        sound = random_channel(sound, rng)
    if rng.random() < 0.15:
        sound = silence_part(sound, rng)
    inputs = gate_input(gate_mel(disturb(finish(sound, rng), rng)))
    return inputs, np.zeros(steps, np.float32), np.ones(steps, np.float32)


def silence_part(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Set the beginning, the end or a part in the middle to zero, as editors do."""
    start, end = sorted(rng.integers(0, len(x), 2))
    choice = rng.integers(0, 3)
    x = x.copy()
    x[(slice(0, start), slice(end, None), slice(start, end))[choice]] = 0
    return x


def speech_example(
    rng: np.random.Generator, clip: SpeechClip, recorded: Backgrounds, steps: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Make (input, label, weight) of a clip in a random channel, noise and level."""
    length = (steps - 1) * STEP
    speech, labels, weights = random_crop(clip, steps, rng)
    speech = random_channel(speech, rng)
    if rng.random() < 0.15:
        kept = silence_part(np.ones(length), rng)
        speech = speech * kept
        labels = labels * kept[np.minimum(np.arange(steps) * STEP, length - 1)]
    if rng.random() < NOISY[clip.corpus]:
        loud = active_rms(clip.samples, clip.teacher)
        noise, snr = coloured_noise(rng, length), rng.uniform(-5, 40)
        if rng.random() < 0.5:
            noise, snr = nonspeech_sound(rng, recorded, length), rng.uniform(0, 40)
        noise = noise * (loud / rms(noise) * 10 ** (-snr / 20))
        local = step_power(speech) / (step_power(noise) + 1e-12)
        covered = (10 * np.log10(local + 1e-9) < COVERED_DB) & (labels > 0.3)
        weights[covered] = LITTLE_WEIGHT
        speech = speech + noise
    return gate_input(gate_mel(disturb(finish(speech, rng), rng))), labels, weights


def step_power(x: np.ndarray) -> np.ndarray:  # (steps,)
    """Mean power of each network step, smoothed over 100 ms."""
    power = np.append(np.mean(np.square(x).reshape(-1, STEP), axis=1), 0.0)
    return np.convolve(power, np.full(5, 0.2), mode="same")


def random_crop(
    clip: SpeechClip, steps: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cut (samples, label, weight) around some speech of a clip, in silence where it is shorter."""
    count = len(clip.samples) // STEP + 1
    labels = teacher_steps(clip.teacher, count)
    unsure = (labels < TEACHER_THRESHOLD) & (
        teacher_steps(clip.possible, count) >= TEACHER_THRESHOLD
    )
    weights = np.where(unsure, LITTLE_WEIGHT, 1.0)
    if count >= steps:
        spoken = np.flatnonzero(labels >= TEACHER_THRESHOLD)
        around = int(rng.choice(spoken)) if len(spoken) else int(rng.integers(0, count))
        start = int(np.clip(around - rng.integers(0, steps), 0, count - steps))
        before = after = 0
    else:
        start, before = 0, int(rng.integers(0, steps - count + 1))
        after = steps - count - before
    cut = slice(start, start + steps)
    sound = clip.samples[start * STEP : (start + steps - 1) * STEP]
    sound = np.pad(sound, (before * STEP, 0))
    sound = np.pad(sound[: (steps - 1) * STEP], (0, max(0, (steps - 1) * STEP - len(sound))))
    return (
        sound,
        np.pad(labels[cut], (before, after)).astype(np.float32),
        np.pad(weights[cut], (before, after), constant_values=1.0).astype(np.float32),
    )


def training_examples(
    clips: Sequence[SpeechClip], sounds: Sequence[np.ndarray], count: int, seed: int
) -> list[Examples]:
    """Make `count` examples with speech and as many without, in a fixed random order.

    Args:
        clips: the training speakers' clips.
        sounds: float32 arrays of shape (any,), recorded sounds without speech.
        count: int, examples of each of the two.
        seed: int; the same seed gives the same examples.

    Returns:
        For each of the lengths, Examples; 2 * count of them in all.
    """
    recorded = Backgrounds(cut_pauses(clips, seed), sounds)
    pools = {
        corpus: [
            clip
            for clip in clips
            if clip.corpus == corpus and clip.speech_seconds >= LEAST_SPEECH
            for _ in range(SHOUT_REPEATS if clip.teacher_seconds < LEAST_SPEECH else 1)
        ]
        for corpus in SHARES
    }
    pools = {corpus: pool for corpus, pool in pools.items() if pool}
    shares = np.array([SHARES[corpus] for corpus in pools])

    def make(index: int, steps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        rng = np.random.default_rng([seed, index])
        if index % 2:
            return nonspeech_example(rng, recorded, steps)
        pool = pools[rng.choice(list(pools), p=shares / shares.sum())]
        return speech_example(rng, pool[int(rng.integers(0, len(pool)))], recorded, steps)

    lengths = [LENGTHS[index // 2 % len(LENGTHS)] for index in range(2 * count)]
    return [
        build([index for index, length in enumerate(lengths) if length == steps], steps, make)
        for steps in sorted(set(lengths))
    ]


def build(
    indices: Sequence[int],
    steps: int,
    make: Callable[[int, int], tuple[np.ndarray, np.ndarray, np.ndarray]],
) -> Examples:
    """Make the examples of one length; `make(index, steps)` gives one."""
    from tqdm import tqdm

    inputs = np.empty((len(indices), steps, BANDS), np.float16)
    labels = np.empty((len(indices), steps), np.float32)
    weights = np.empty((len(indices), steps), np.float32)
    rows = tqdm(indices, desc=f"examples of {steps} steps", mininterval=10)
    for row, index in enumerate(rows):
        inputs[row], labels[row], weights[row] = make(index, steps)
    return Examples(inputs, labels, weights)
