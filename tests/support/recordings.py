"""Recordings for tests, put together from the fixtures' voices and silence."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import soundfile
import soxr

FIXTURES = Path(__file__).parents[1] / "fixtures"
VOICES = ("speech_female.wav", "speech_male.wav", "speech_polish.wav")


def voice(name: str, rate: int = 16_000) -> np.ndarray:
    """One fixture's speech, mono float32 at `rate` [Hz]."""
    samples, its_rate = soundfile.read(FIXTURES / name, dtype="float32")
    return soxr.resample(samples, its_rate, rate).astype(np.float32)


def conversation(pauses: Iterable[float] = (1.5, 2.0, 0.7), rate: int = 16_000) -> np.ndarray:
    """Speech of the three voices in turn, each after a pause [s]; mono float32."""
    parts = []
    for number, pause in enumerate(pauses):
        faint = 1e-4 * np.random.default_rng(number).standard_normal(round(pause * rate))
        parts += [faint.astype(np.float32), voice(VOICES[number % len(VOICES)], rate)]
    return np.concatenate(parts)
