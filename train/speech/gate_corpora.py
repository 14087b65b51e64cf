"""Which clips the speech gate learns from, is chosen by and is measured on, with their labels.

Split by speaker, and EmoSpeech by place as well: most of its clips have no speaker's name, so those
of a place go together. EMOVO is measured on and never learnt from. What the teacher said is kept
in a cache.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ..corpora import emospeech, emovo
from ..corpora.audio_folder import audio_rows
from ..data.storage import read_arrays, read_finished, write_arrays
from .gate_teacher import (
    SAMPLE_RATE,
    TEACHER_PEAK,
    TEACHER_THRESHOLD,
    read_mono,
    second_opinion,
    slower_opinion,
    teacher_probability,
)
from .silero import CHUNK

# Weights from `train`, thresholds from `validation`, error rates from `test`.
RAVDESS_SPLITS = {"train": range(1, 13), "validation": range(13, 17), "test": range(17, 25)}
NEMO_PER_SPEAKER = 200  # clips labelled; nEMO has about 500 a speaker
# Of the clips whose speaker is not known; those of other places are trained on.
EMOSPEECH_PLACES = {
    "Misc": "validation",
    "Roads": "test",
    "Near Lake": "test",
    "Railway": "test",
    "Metro": "test",
}
EMOSPEECH_SPLITS = ("train", "train", "train", "validation", "test")  # of named speakers, in turn
PLACES = ("House", "webservice", *EMOSPEECH_PLACES)
UNKNOWN = "unknown"
STUDIO = ("ravdess", "nemo", "emovo")  # corpora in which only voices are loud
SAVED_EVERY = 500  # clips
_KEY = re.compile("[0-9a-f]{64}(/again)?")  # of a clip's samples

Row = tuple[Path, str, str]  # file, speaker, split


@dataclass(frozen=True)
class SpeechClip:
    """A labelled recording of one person.

    Attributes:
        name: str, file name without its folder.
        speaker: str, such as "ravdess/01", or "emospeech/Roads" where only the place is known.
        split: str, "train", "validation" or "test".
        samples: float32 array of shape (n,), 16 kHz mono.
        teacher: float32 array of shape (ceil(n / 512),), the teacher's probability of speech.
        possible: float32 array of the same shape, its highest answer when asked more than once.
        teacher_seconds: float, seconds the teacher called speech when asked once.
    """

    name: str
    speaker: str
    split: str
    samples: np.ndarray
    teacher: np.ndarray
    possible: np.ndarray
    teacher_seconds: float

    @property
    def speech_seconds(self) -> float:
        """Seconds labelled speech: in a studio, more than what the teacher finds at once."""
        return float((self.teacher >= TEACHER_THRESHOLD).sum() * CHUNK / SAMPLE_RATE)

    @property
    def corpus(self) -> str:
        """The corpus the clip is from: "ravdess", "nemo", "emospeech" or "emovo"."""
        return self.speaker.split("/")[0]

    @property
    def place(self) -> str:
        """Where it was recorded, if only that is known and not by whom; else empty."""
        name = self.speaker.split("/")[1]
        return name if self.corpus == "emospeech" and name in PLACES else ""


def load_speech(folders: Mapping[str, Path | None], cache: Path) -> list[SpeechClip]:
    """Load corpora with the teacher's labels, asking the teacher only what is not cached.

    Args:
        folders: of "ravdess" (with Actor_NN folders), "nemo" (with a samples folder), "emospeech"
            and "emovo" (with metadata.csv); None leaves one out.
        cache: folder for the labels.

    Returns:
        list of SpeechClip, in the order of the file names, corpus by corpus.
    """
    clips: list[SpeechClip] = []
    for corpus, folder in folders.items():
        if folder is not None:
            clips += _label(corpus, FILES[corpus](folder), cache)
    return clips


def ravdess_files(folder: Path) -> list[Row]:
    """List (path, speaker, split) of every RAVDESS clip."""
    split_of = {actor: split for split, actors in RAVDESS_SPLITS.items() for actor in actors}
    return [
        (path, f"ravdess/{path.parent.name[-2:]}", split_of[int(path.parent.name[-2:])])
        for path in sorted(folder.glob("Actor_*/03-01-*.*"))
    ]


def nemo_files(folder: Path) -> list[Row]:
    """List (path, speaker, split) of a fixed share of nEMO: speakers 1-5, 6-7 and 8-9 by name."""
    by_speaker: dict[str, list[Path]] = {}
    for path in sorted((folder / "samples").iterdir()):
        by_speaker.setdefault(path.name.split("_")[0], []).append(path)
    rows = []
    for order, (speaker, paths) in enumerate(sorted(by_speaker.items())):
        split = "train" if order < 5 else "validation" if order < 7 else "test"
        chosen = np.random.default_rng(order).permutation(len(paths))[:NEMO_PER_SPEAKER]
        rows += [(paths[index], f"nemo/{speaker}", split) for index in sorted(chosen)]
    return rows


def emospeech_files(folder: Path) -> list[Row]:
    """List (path, speaker or place, split) of EmoSpeech: both are held out."""
    columns = ("speaker", "place")
    found = sorted(
        (path, row["speaker"], row["place"])
        for path, row in audio_rows(folder, columns, emospeech.INFO)
    )
    named = sorted({speaker for _, speaker, _ in found if speaker != UNKNOWN})
    split_of = {
        speaker: EMOSPEECH_SPLITS[order % len(EMOSPEECH_SPLITS)]
        for order, speaker in enumerate(named)
    }
    rows = []
    for path, speaker, place in found:
        if speaker == UNKNOWN:
            rows.append((path, f"emospeech/{place}", EMOSPEECH_PLACES.get(place, "train")))
        else:
            rows.append((path, f"emospeech/{speaker}", split_of[speaker]))
    return rows


def emovo_files(folder: Path) -> list[Row]:
    """List (path, speaker, split) of EMOVO, all of it to measure on."""
    rows = audio_rows(folder, ("speaker",), emovo.INFO)
    return sorted((path, f"emovo/{row['speaker']}", "test") for path, row in rows)


FILES: dict[str, Callable[[Path], list[Row]]] = {
    "ravdess": ravdess_files,
    "nemo": nemo_files,
    "emospeech": emospeech_files,
    "emovo": emovo_files,
}


def _label(corpus: str, files: Iterable[Row], cache: Path) -> list[SpeechClip]:
    """Read the files of one corpus and give each the teacher's answers."""
    kept_file = cache / f"teacher_{corpus}.npz"
    kept = {
        key: answers
        for key, answers in (read_finished(kept_file, read_arrays) or {}).items()
        if _KEY.fullmatch(key)  # older ones go by a clip's name, whatever was in it
    }
    again = second_opinion if corpus in STUDIO else slower_opinion
    asked = 0
    clips = []
    for path, speaker, split in tqdm(list(files), desc=corpus, mininterval=10):
        samples = read_mono(path)
        name = f"{path.parent.name}-{path.stem}" if corpus == "emovo" else path.stem
        digest = hashlib.sha256(samples.tobytes()).hexdigest()
        if f"{digest}/again" not in kept:
            kept[digest] = teacher_probability(samples, peak=TEACHER_PEAK)
            kept[f"{digest}/again"] = again(samples, kept[digest])
            asked += 1
            if asked % SAVED_EVERY == 0:
                write_arrays(kept_file, kept)
        first, possible = kept[digest], kept[f"{digest}/again"]
        seconds = float((first >= TEACHER_THRESHOLD).sum() * CHUNK / SAMPLE_RATE)
        # In a studio what the teacher finds when asked again is speech; in a street it may be.
        teacher = possible if corpus in STUDIO else first
        clips.append(SpeechClip(name, speaker, split, samples, teacher, possible, seconds))
    if asked:
        write_arrays(kept_file, kept)
    return clips
