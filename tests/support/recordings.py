"""Recordings for tests, put together from the fixtures' voices and silence."""

import os
import struct
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


def call(*, rounds: int = 2, pause: float = 0.4, noise: float = 1e-4) -> np.ndarray:
    """A woman and a man in turn at 16 kHz, each on a channel: float32 of shape (n, 2)."""
    silence = np.zeros(round(pause * 16_000), np.float32)
    parts = []
    for _ in range(rounds):
        for channel, name in enumerate(VOICES[:2]):
            said = np.concatenate([silence, voice(name)])
            parts.append(np.zeros((len(said), 2), np.float32))
            parts[-1][:, channel] = said
    talk = np.concatenate(parts)
    faint = noise * np.random.default_rng(0).standard_normal(talk.shape)
    return talk + faint.astype(np.float32)


ENCODED = [
    "speech.flac",
    "speech.mp3",
    "speech.ogg",
    "speech.opus",
    "speech.m4a",
    "speech.webm",
    "speech_video.mp4",
]


def wav_bytes(
    samples: np.ndarray,
    *,
    rate: int = 16_000,
    data_size: int | None = None,
    riff_size: int | None = None,
    channels: int = 1,
    after: bytes = b"",
) -> bytes:
    """A 16-bit WAV whose header says what the test wants it to say."""
    data = samples.astype("<i2").tobytes()
    data_size = len(data) if data_size is None else data_size
    riff_size = (36 + data_size) % 2**32 if riff_size is None else riff_size
    layout = struct.pack("<HHIIHH", 1, channels, rate, rate * channels * 2, channels * 2, 16)
    head = b"RIFF" + struct.pack("<I", riff_size) + b"WAVEfmt " + struct.pack("<I", 16) + layout
    return head + b"data" + struct.pack("<I", data_size) + data + after


def noise(seconds: float = 1.0, rate: int = 16_000, channels: int | None = None) -> np.ndarray:
    frames = round(seconds * rate)
    shape = frames if channels is None else (frames, channels)
    return np.random.default_rng(0).normal(0, 3000, shape).clip(-32768, 32767).astype(np.int16)


def make_many(folder: Path, count: int, *, seconds: float) -> Path:
    """Fill a folder with recordings of three voices that repeat themselves."""
    folder.mkdir()
    for index, name in enumerate(VOICES):
        voice, rate = soundfile.read(FIXTURES / name, dtype="int16")
        soundfile.write(folder / f"{index:03d}.wav", np.resize(voice, round(seconds * rate)), rate)
    for index in range(len(VOICES), count):
        os.link(folder / f"{index % len(VOICES):03d}.wav", folder / f"{index:03d}.wav")
    return folder
