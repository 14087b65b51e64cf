"""How often the speech gate is wrong: clips missed, sounds called speech, and by whom else."""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ser_core.features.log_mel import mel_spectrogram
from ser_core.speech.gate import HOP, find_segments, speech_probability

from .gate_mixtures import active_rms, rms, to_level
from .gate_teacher import (
    CHUNK,
    TEACHER_THRESHOLD,
    SpeechClip,
    read_mono,
    teacher_probability,
)
from .nonspeech import RATE, Generator, band_pass, coloured_noise

PROMPTS = 100  # files of a folder of real speech that are looked at
REAL_SECONDS = 10.0  # [s] of a real sound that are looked at
# Files of game and desktop sounds in which a human voice, or an actor playing a creature, is heard:
# spoken channel names, comments, screams, grunts. Chosen by their names, not by listening, in the
# packages sound-theme-freedesktop, wesnoth-1.16-data and freedroidrpg-data.
VOICES = re.compile(
    r"audio-channel-|(human|dwarf|elf|orc|goblin|mermaid|mermen|naga|ogre|troll|lich|zombie|yeti"
    r"|drake|ghoul|wose|skeleton)[-_a-z]*-?(hit|die|attack|laugh)|laugh|groan|wail|ugg\.|petrified"
    r"|tux_ingame_comments|voice_samples|Influencer_Scream|First_Contact|Start_Attack|death_sound"
    r"|ThouArtDefeated|titles/",
    re.IGNORECASE,
)
MUSIC = re.compile(r"/music/|wardrums|fanfare")

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


CONDITIONS: dict[str, Condition] = {
    "clean": lambda clip, rng: clip.samples,
    "at -40 dBFS": at_level(-40),
    "at -50 dBFS": at_level(-50),
    "white noise, 10 dB SNR": in_noise(0.0, 10),
    "pink noise, 10 dB SNR": in_noise(1.0, 10),
    "telephone band": lambda clip, rng: band_pass(clip.samples, 300, 3400, order=4),
}
# Harder than what is promised, so that the threshold chosen keeps a margin.
HARDER_CONDITIONS: dict[str, Condition] = {
    "white noise, 5 dB SNR": in_noise(0.0, 5),
    "pink noise, 5 dB SNR": in_noise(1.0, 5),
}


def gate(samples: np.ndarray) -> np.ndarray:  # (frames,)
    """Frame probabilities of a recording, 16 kHz."""
    return speech_probability(mel_spectrogram(samples.astype(np.float32)))


def speech_answers(
    clips: Sequence[SpeechClip], seed: int, names: Sequence[str] = tuple(CONDITIONS)
) -> dict[str, list[np.ndarray]]:
    """Frame probabilities of every clip in every condition."""
    return {
        name: [
            gate((CONDITIONS | HARDER_CONDITIONS)[name](clip, np.random.default_rng([seed, index])))
            for index, clip in enumerate(clips)
        ]
        for name in names
    }


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


def real_sounds(folders: Sequence[Path]) -> dict[str, dict[str, np.ndarray]]:
    """Read folders of real sounds, sorted into effects, music and voices by their names.

    Returns:
        group -> file name -> float32 samples, 16 kHz, at most `REAL_SECONDS`; silent and very
        short files (under 0.1 s) are left out.
    """
    groups: dict[str, dict[str, np.ndarray]] = {"effects": {}, "music": {}, "voices": {}}
    files = sorted(f for d in folders for f in d.rglob("*") if f.suffix in {".wav", ".ogg", ".oga"})
    for file in files:
        if file.is_symlink():
            continue
        samples = read_mono(file)[: int(REAL_SECONDS * RATE)]
        if len(samples) < 0.1 * RATE or np.abs(samples).max() < 1e-4:
            continue
        name = str(file)
        group = "voices" if VOICES.search(name) else "music" if MUSIC.search(name) else "effects"
        groups[group]["/".join(file.parts[-2:])] = samples
    return groups


def real_table(
    folders: Sequence[Path], threshold: float, min_speech: float
) -> dict[str, dict[str, Any]]:
    """False alarms on real sounds, of the gate and of its teacher on the same files.

    Each group is also given without the files in which the teacher hears speech, since nobody
    listened to every file.
    """
    table = {}
    for group, sounds in real_sounds(folders).items():
        ours = {
            name: find_segments(gate(x), threshold=threshold, min_speech=min_speech)
            for name, x in sounds.items()
        }
        theirs = {
            name: float((teacher_probability(x) >= TEACHER_THRESHOLD).sum() * CHUNK / RATE)
            for name, x in sounds.items()
        }
        alarms = {name for name, activity in ours.items() if activity.has_speech}
        teacher_alarms = {name for name, seconds in theirs.items() if seconds > 0.25}
        count, clean = len(sounds), len(sounds) - len(teacher_alarms)
        table[group] = {
            "items": count,
            "speech_found_rate": round(len(alarms) / max(1, count), 5),
            "teacher_speech_found_rate": round(len(teacher_alarms) / max(1, count), 5),
            "items_teacher_finds_silent": clean,
            "speech_found_rate_where_teacher_finds_none": round(
                len(alarms - teacher_alarms) / max(1, clean), 5
            ),
            "files": sorted(alarms),
            "teacher_files": sorted(teacher_alarms),
        }
    return table


def real_speech_table(folder: Path, threshold: float, min_speech: float) -> dict[str, float]:
    """Misses on real speech from elsewhere, such as a telephone exchange's spoken prompts.

    At most `PROMPTS` files of the folder, picked once for all by a seed, and of them those in which
    the teacher hears half a second of speech.
    """
    files = sorted(f for f in folder.rglob("*") if f.suffix in {".wav", ".ogg", ".flac"})
    files = [file for file in files if not file.is_symlink()]
    picked = np.random.default_rng(0).permutation(len(files))[:PROMPTS]
    missed, covered = [], []
    for index in sorted(picked):
        samples = read_mono(files[index])[: int(REAL_SECONDS * RATE)]
        seconds = float((teacher_probability(samples) >= TEACHER_THRESHOLD).sum() * CHUNK / RATE)
        if seconds >= 0.5:
            answer = gate(samples)
            activity = find_segments(answer, threshold=threshold, min_speech=min_speech)
            missed.append(not activity.has_speech)
            covered.append(float((answer >= threshold).sum()) * HOP / seconds)
    return {
        "items": len(missed),
        "miss_rate": round(float(np.mean(missed)), 5),
        "seconds_found_of_teachers": round(float(np.mean(covered)), 5),
    }
