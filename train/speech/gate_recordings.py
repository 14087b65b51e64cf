"""Recorded sounds without speech, and speech from elsewhere, such as games and telephones have.

Folders of Debian's packages (see sound_packages.py); nobody listened to every file, so the teacher
is asked which of them hold speech, and what it said is kept in a cache.
"""

import hashlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from tqdm import tqdm

from ser_core.speech.gate import HOP, find_segments

from ..data.storage import read_arrays, read_finished, write_arrays
from .gate_evaluation import gate
from .gate_teacher import TEACHER_THRESHOLD, read_mono, teacher_probability
from .nonspeech import RATE
from .silero import CHUNK
from .sound_packages import sort_by_name

log = logging.getLogger(__name__)

PROMPTS = 100  # files of a folder of real speech that are looked at
REAL_SECONDS = 10.0  # [s] of a real sound that are looked at
AUDIO = {".wav", ".ogg", ".oga", ".flac", ".opus", ".mp3"}
SILENT_RATE = "speech_found_rate_where_teacher_finds_none"
TEACHER_ALARM = 0.25  # [s] of speech from which the teacher is said to find some


@dataclass(frozen=True)
class RecordedSound:
    """A sound of a folder.

    Attributes:
        name: str, the file's name and its folder's.
        group: str, "effects", "music" or "voices", by the name.
        samples: float32 array of shape (n,), 16 kHz, at most `REAL_SECONDS`.
        teacher_seconds: float, seconds in which the teacher finds speech.
    """

    name: str
    group: str
    samples: np.ndarray
    teacher_seconds: float

    @property
    def without_speech(self) -> bool:
        """Whether neither its name nor the teacher says that somebody speaks."""
        return self.group != "voices" and self.teacher_seconds <= TEACHER_ALARM


def load_sounds(
    folders: Sequence[Path], cache: Path, most: int | None = None
) -> list[RecordedSound]:
    """Read folders of recorded sounds, sorted into effects, music and voices by their names.

    Args:
        folders: of sound files at any depth. Silent and very short ones (under 0.1 s) are left out.
        cache: folder for what the teacher says.
        most: int > 0, files of a folder that are read, none of them a voice by its name, picked
            once for all by a seed; all when None.

    Returns:
        list of RecordedSound, folder by folder, in the order of the files' names.
    """
    kept_file = cache / "teacher_sounds.npz"
    kept = read_finished(kept_file, read_arrays) or {}
    known = len(kept)
    sounds = []
    files = list(sound_files(folders, most, without_voices=most is not None))
    for folder, file in tqdm(files, desc="sounds", mininterval=10):
        try:
            samples = read_mono(file, REAL_SECONDS)
        except soundfile.LibsndfileError:
            log.warning("left out, as libsndfile cannot read it: %s", file)
            continue
        if len(samples) < 0.1 * RATE or np.abs(samples).max() < 1e-4:
            continue
        digest = hashlib.sha256(samples.tobytes()).hexdigest()
        if digest not in kept:
            kept[digest] = teacher_probability(samples)
        seconds = float((kept[digest] >= TEACHER_THRESHOLD).sum() * CHUNK / RATE)
        name = "/".join(file.parts[-2:])
        sounds.append(RecordedSound(name, sort_file(folder, file), samples, seconds))
    if len(kept) > known:
        write_arrays(kept_file, kept)
    return sounds


def sound_files(
    folders: Sequence[Path], most: int | None, *, without_voices: bool = False
) -> Iterator[tuple[Path, Path]]:
    """List (folder, file) of each sound in some folders, at most so many a folder; no links."""
    for folder in folders:
        files = sorted(
            file
            for file in folder.rglob("*")
            if file.suffix.lower() in AUDIO and file.is_file() and not file.is_symlink()
        )
        if without_voices:
            files = [file for file in files if sort_file(folder, file) != "voices"]
        picked = np.random.default_rng(0).permutation(len(files))[:most]
        yield from ((folder, files[index]) for index in sorted(picked))


def sort_file(folder: Path, file: Path) -> str:
    """Say what a file of a package's folder is: "voices", "music" or "effects"."""
    return sort_by_name(file.relative_to(folder.parent).as_posix())


def sounds_table(
    sounds: Sequence[RecordedSound], threshold: float, min_speech: float
) -> dict[str, dict[str, Any]]:
    """False alarms on recorded sounds, of the gate and of its teacher on the same files.

    Each group is also given without the files in which the teacher hears speech, since nobody
    listened to every file.
    """
    table = {}
    for group in ("effects", "music", "voices"):
        chosen = [sound for sound in sounds if sound.group == group]
        alarms = {
            sound.name
            for sound in chosen
            if find_segments(
                gate(sound.samples), threshold=threshold, min_speech=min_speech
            ).has_speech
        }
        teacher_alarms = {s.name for s in chosen if s.teacher_seconds > TEACHER_ALARM}
        count, clean = len(chosen), len(chosen) - len(teacher_alarms)
        table[group] = {
            "items": count,
            "speech_found_rate": round(len(alarms) / max(1, count), 5),
            "teacher_speech_found_rate": round(len(teacher_alarms) / max(1, count), 5),
            "items_teacher_finds_silent": clean,
            SILENT_RATE: round(len(alarms - teacher_alarms) / max(1, clean), 5),
            "files": sorted(alarms),
            "teacher_files": sorted(teacher_alarms),
        }
    return table


def prompts_table(folder: Path, threshold: float, min_speech: float) -> dict[str, float]:
    """Misses on real speech from elsewhere, such as a telephone exchange's spoken prompts.

    At most `PROMPTS` files of the folder, picked once for all by a seed, and of them those in which
    the teacher hears half a second of speech.
    """
    missed, covered = [], []
    for _, file in sound_files([folder], PROMPTS):
        samples = read_mono(file, REAL_SECONDS)
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
