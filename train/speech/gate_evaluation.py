"""How often the speech gate is wrong: clips missed, sounds called speech, and what changes that."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ser_core.speech.gate import find_segments, speech_probability
from ser_core.speech.gate_stream import gate_mel

from ..data.degradations import clip as clip_peaks
from ..data.degradations import mains_hum, opus, reverberate, telephone
from .gate_channels import rms, to_level
from .gate_corpora import SpeechClip
from .gate_mixtures import active_rms
from .gate_teacher import TEACHER_THRESHOLD, teacher_probability
from .nonspeech import RATE, Generator, band_pass, coloured_noise
from .silero import CHUNK

Condition = Callable[[SpeechClip, np.random.Generator], np.ndarray]


def in_noise(slope: float, snr: float) -> Condition:
    """Add coloured noise `snr` dB below the level of the parts that are speech."""

    def mix(clip: SpeechClip, rng: np.random.Generator) -> np.ndarray:
        noise = coloured_noise(rng, len(clip.samples), slope)
        loud = active_rms(clip.samples, clip.teacher)
        return clip.samples + noise * (loud / rms(noise) * 10 ** (-snr / 20))

    return mix


def at_level(dbfs: float) -> Condition:
    """Bring to a level and round to 16 bits, as a file would."""
    return lambda clip, rng: np.round(to_level(clip.samples, dbfs) * 32767) / 32767


def wave(frequency: float, n: int) -> np.ndarray:
    """A sine [Hz] at -20 dBFS."""
    sine: np.ndarray = 0.1 * np.sqrt(2.0) * np.sin(2 * np.pi * frequency * np.arange(n) / RATE)
    return sine


def low_noise(clip: SpeechClip, rng: np.random.Generator) -> np.ndarray:
    """Noise below 50 Hz at -20 dBFS, as long as a clip."""
    noise = band_pass(rng.standard_normal(len(clip.samples) + RATE), 5, 40, order=4)[RATE:]
    return 0.1 * noise / rms(noise)


CONDITIONS: dict[str, Condition] = {
    "clean": lambda clip, rng: clip.samples,
    "at -40 dBFS": at_level(-40),
    "at -50 dBFS": at_level(-50),
    "white noise, 10 dB SNR": in_noise(0.0, 10),
    "pink noise, 10 dB SNR": in_noise(1.0, 10),
    "telephone band": lambda clip, rng: band_pass(clip.samples, 300, 3400, order=4),
}
# Elsewhere than in a studio.
DISTANT_CONDITIONS: dict[str, Condition] = {
    "room, 0.3 s": lambda clip, rng: reverberate(clip.samples, 0.3, RATE, rng),
    "room, 0.8 s": lambda clip, rng: reverberate(clip.samples, 0.8, RATE, rng),
    "telephone, 8-bit mu-law": lambda clip, rng: telephone(clip.samples, RATE),
    "Opus, 12 kbit/s": lambda clip, rng: opus(clip.samples, RATE, 12_000),
    "5 % of the samples clipped": lambda clip, rng: clip_peaks(clip.samples, 0.05),
    "mains hum, 0 dB SNR": lambda clip, rng: mains_hum(clip.samples, 0.0, RATE, rng),
}
# What a cheap recorder adds; it should not change what is found.
DISTURBANCES: dict[str, Condition] = {
    "offset of 0.02": lambda clip, rng: clip.samples + np.float32(0.02),
    "30 Hz at -20 dBFS": lambda clip, rng: clip.samples + wave(30.0, len(clip.samples)),
    "noise below 50 Hz at -20 dBFS": lambda clip, rng: clip.samples + low_noise(clip, rng),
    "mains hum, 20 dB SNR": lambda clip, rng: mains_hum(clip.samples, 20.0, RATE, rng),
}
# Harder than what is promised, so that the threshold chosen keeps a margin.
HARDER_CONDITIONS: dict[str, Condition] = {
    "white noise, 5 dB SNR": in_noise(0.0, 5),
    "pink noise, 5 dB SNR": in_noise(1.0, 5),
}


def gate(samples: np.ndarray) -> np.ndarray:  # (frames,)
    """Frame probabilities of a recording, 16 kHz."""
    return speech_probability(gate_mel(samples.astype(np.float32)))


def speech_answers(
    clips: Sequence[SpeechClip], seed: int, names: Sequence[str] = tuple(CONDITIONS)
) -> dict[str, list[np.ndarray]]:
    """Frame probabilities of every clip in every condition."""
    known = CONDITIONS | HARDER_CONDITIONS | DISTANT_CONDITIONS | DISTURBANCES
    return {
        name: [
            gate(known[name](clip, np.random.default_rng([seed, index])))
            for index, clip in enumerate(clips)
        ]
        for name in names
    }


def cut_to_speech(clip: SpeechClip, seconds: float) -> SpeechClip:
    """Keep this much of a clip [s] around where the teacher finds most speech."""
    count = max(1, round(seconds * RATE / CHUNK))
    spoken = (clip.teacher >= TEACHER_THRESHOLD).astype(float)
    sums = np.convolve(spoken, np.ones(count), mode="valid")
    best = np.flatnonzero(sums == sums.max()) if len(sums) else np.zeros(1, dtype=int)
    start = int(best[len(best) // 2])
    chunks = slice(start, start + count)
    return replace(
        clip,
        samples=clip.samples[start * CHUNK : (start + count) * CHUNK],
        teacher=clip.teacher[chunks],
        possible=clip.possible[chunks],
        teacher_seconds=float(spoken[chunks].sum() * CHUNK / RATE),
    )


def disturbance_table(
    clips: Sequence[SpeechClip], seed: int, threshold: float, min_speech: float
) -> dict[str, dict[str, Any]]:
    """How much each of DISTURBANCES changes of what is found in clips.

    Returns:
        For each, the items, the share of them in which speech is found with it or without it but
        not both, and the mean change of the seconds of speech.
    """
    answers = speech_answers(clips, seed, ["clean", *DISTURBANCES])
    found = {
        name: [find_segments(p, threshold=threshold, min_speech=min_speech) for p in items]
        for name, items in answers.items()
    }
    clean = found.pop("clean")
    return {
        name: {
            "items": len(items),
            "changed_rate": share(
                a.has_speech != b.has_speech for a, b in zip(items, clean, strict=True)
            ),
            "seconds_changed": share(
                abs(a.speech_seconds - b.speech_seconds) for a, b in zip(items, clean, strict=True)
            ),
        }
        for name, items in found.items()
    }


def share(values: Iterable[float]) -> float:
    """Mean, to five decimals."""
    return round(float(np.mean(list(values))), 5)


def nonspeech_sounds(
    kinds: dict[str, Generator], each: int, seed: int, seconds: float = 3.0
) -> Iterator[tuple[str, np.ndarray]]:
    """Make `each` sounds of every kind, at -60 to -3 dBFS, with the name of the kind."""
    for order, (name, make) in enumerate(kinds.items()):
        for index in range(each):
            rng = np.random.default_rng([seed, order, index])
            sound = make(rng, int(seconds * RATE))
            # Silence and dither have the level they have.
            loud = to_level(sound, rng.uniform(-60, -3)) if np.abs(sound).max() > 1e-4 else sound
            yield name, np.clip(loud, -1, 1).astype(np.float32)


def nonspeech_answers(
    kinds: dict[str, Generator], each: int, seed: int
) -> dict[str, list[np.ndarray]]:
    """Frame probabilities of `each` sounds of every kind."""
    answers: dict[str, list[np.ndarray]] = {name: [] for name in kinds}
    for name, sound in nonspeech_sounds(kinds, each, seed):
        answers[name].append(gate(sound))
    return answers


def teacher_nonspeech_table(
    kinds: dict[str, Generator], each: int, seed: int
) -> dict[str, dict[str, Any]]:
    """Items and the teacher's false alarm rate of each kind: over 0.25 s called speech."""
    alarms: dict[str, list[bool]] = {name: [] for name in kinds}
    for name, sound in nonspeech_sounds(kinds, each, seed):
        called = (teacher_probability(sound) >= TEACHER_THRESHOLD).sum() * CHUNK / RATE
        alarms[name].append(bool(called > 0.25))
    return {
        name: {"items": len(found), "false_alarm_rate": round(float(np.mean(found)), 5)}
        for name, found in alarms.items()
    }


def speech_rate(answers: Sequence[np.ndarray], threshold: float, min_speech: float) -> float:
    """Share of recordings in which speech is found."""
    found = [
        find_segments(p, threshold=threshold, min_speech=min_speech).has_speech for p in answers
    ]
    return float(np.mean(found))


def speech_table(
    answers: dict[str, list[np.ndarray]], threshold: float, min_speech: float
) -> dict[str, dict[str, Any]]:
    """Items and miss rate of each condition."""
    return {
        name: {
            "items": len(items),
            "miss_rate": round(1.0 - speech_rate(items, threshold, min_speech), 5),
        }
        for name, items in answers.items()
    }


def nonspeech_table(
    answers: dict[str, list[np.ndarray]], threshold: float, min_speech: float
) -> dict[str, dict[str, Any]]:
    """Items and false alarm rate of each kind."""
    return {
        name: {
            "items": len(items),
            "false_alarm_rate": round(speech_rate(items, threshold, min_speech), 5),
        }
        for name, items in answers.items()
    }
