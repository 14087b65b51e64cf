"""The speech gate's teacher, Silero VAD, which labels speech frame by frame.

It misses some of the highest shouts (11 of actor 06's clips for one), and finds them slowed down,
which lowers the pitch. So where much of a clip's sound is not called speech, it is asked again.

Source: Silero VAD, https://github.com/snakers4/silero-vad.
"""

from pathlib import Path

import numpy as np
import soundfile
import soxr

from .silero import CHUNK, silero_probability

SAMPLE_RATE = 16_000  # [Hz]
STEP = 320  # [samples] one step of the gate's network
TEACHER_THRESHOLD = 0.5  # the teacher's own default
TEACHER_PEAK = 0.5  # every clip is scaled to this peak first, so quiet voices are labelled too
SLOWDOWNS = (1.2, 1.5, 2.0)  # how much slower, where the teacher is asked again
LOUD_DB = -30.0  # sound less than 30 dB below a clip's loudest 25 ms must be somebody's voice
SLIGHT_SLOWDOWNS = (1.3, 1.7)  # the same, of a recording with other sounds in it
FEW_CHUNKS = 10  # of speech: with fewer, the teacher is asked again
COVERAGE = 0.75  # share of that sound which the teacher should call speech


def read_mono(path: Path, seconds: float | None = None) -> np.ndarray:  # (n,)
    """Read an audio file, or its first seconds, as float32 mono at 16 kHz."""
    with soundfile.SoundFile(path) as file:
        count = -1 if seconds is None else round(seconds * file.samplerate)
        samples = file.read(count, dtype="float32", always_2d=True)
        rate = file.samplerate
    mono: np.ndarray = samples.mean(axis=1)
    if rate != SAMPLE_RATE:
        mono = soxr.resample(mono, rate, SAMPLE_RATE)
    return mono


def teacher_probability(samples: np.ndarray, *, peak: float | None = None) -> np.ndarray:
    """Ask Silero VAD about a recording.

    Args:
        samples: float32 array of shape (n,), 16 kHz mono.
        peak: float, scale the recording to this peak first; as it is when None.

    Returns:
        float32 array of shape (ceil(n / 512),), 0 to 1, one value per 32 ms.
    """
    if peak is not None:
        samples = samples * (peak / max(1e-9, float(np.abs(samples).max(initial=0.0))))
    return silero_probability(samples)


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
        answer = np.maximum(answer, _ask_slowed(samples, slowdown, len(first)))
    if coverage(answer) < COVERAGE:
        answer = np.maximum(answer, loud)
    return answer.astype(np.float32)


def slower_opinion(samples: np.ndarray, first: np.ndarray) -> np.ndarray:  # (chunks,)
    """Ask the teacher again about a slowed-down clip in which it found little.

    Args:
        samples: float32 array of shape (n,), 16 kHz mono, with any other sounds in it.
        first: float32 array of shape (chunks,), the teacher's first answer.

    Returns:
        float32 array of shape (chunks,), the highest of the answers: where speech is possible.
    """
    if (first >= TEACHER_THRESHOLD).sum() >= FEW_CHUNKS:
        return first
    slowed = [_ask_slowed(samples, slowdown, len(first)) for slowdown in SLIGHT_SLOWDOWNS]
    highest: np.ndarray = np.max([first, *slowed], axis=0).astype(np.float32)
    return highest


def teacher_steps(teacher: np.ndarray, steps: int) -> np.ndarray:  # (steps,)
    """Move the teacher's answers (one per 32 ms) to the gate's steps (one per 20 ms)."""
    chunk_centres = (np.arange(len(teacher)) + 0.5) * CHUNK
    step_centres = np.arange(steps) * STEP + STEP / 4  # between the centres of its two frames
    answers: np.ndarray = np.interp(step_centres, chunk_centres, teacher).astype(np.float32)
    return answers


def _ask_slowed(samples: np.ndarray, slowdown: float, chunks: int) -> np.ndarray:  # (chunks,)
    """Ask the teacher about a slowed-down clip, and move its answers to the clip's own chunks."""
    slow = soxr.resample(samples, SAMPLE_RATE, SAMPLE_RATE * slowdown)
    again = teacher_probability(slow, peak=TEACHER_PEAK)
    places = (np.arange(chunks) + 0.5) * slowdown - 0.5
    answers: np.ndarray = np.interp(places, np.arange(len(again)), again)
    return answers
