"""Recordings in every container and codec that the tools at hand can write.

PyAV and libsndfile are always there; the ffmpeg and sox commands write what those two cannot, where
somebody installed them.
"""

import io
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import soundfile
import soxr

from tests.support.recordings import voice

Tool = Literal["av", "soundfile", "ffmpeg", "sox"]

LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 6: "5.1"}


@dataclass(frozen=True)
class Carrier:
    """One way to write a recording.

    Attributes:
        ending: of the file's name.
        container: as the tool calls it.
        codec: as the tool calls it.
        rate: [Hz]
        channels: int
        tool: which writes it.
        options: of the codec, or what the command takes: "name=value name=value".
        container_options: of the container, in the same form.
        piped: whether it is written to where nobody can seek back, so that sizes stay unknown.
        sound: "voices", or another of `sound`.
        is_read: whether the decoder says that it reads this; others may be refused.
    """

    ending: str
    container: str
    codec: str
    rate: int = 16_000
    channels: int = 1
    tool: Tool = "av"
    options: str = ""
    container_options: str = ""
    piped: bool = False
    sound: str = "voices"
    is_read: bool = True

    @property
    def name(self) -> str:
        """Its parameters, in a form for the name of a file."""
        words = f"{self.container}-{self.codec}-{self.rate}x{self.channels}-{self.options}"
        words += f"-{self.container_options}-{self.sound}{'-piped' if self.piped else ''}"
        return re.sub("-+", "-", re.sub("[^A-Za-z0-9_]", "-", words))

    @property
    def is_available(self) -> bool:
        """Whether the tool that writes it is at hand."""
        return self.tool in ("av", "soundfile") or shutil.which(self.tool) is not None


@cache
def sound(name: str, rate: int, channels: int) -> np.ndarray:
    """A recording's samples, float32 [shape=(n, channels)] at `rate` [Hz].

    Args:
        name: "voices", 5 s of speech; "swing", 2 s of noise and 12 s that are all but silent;
            "silence", as long as "voices"; "opposite", "voices" with every other channel upside
            down.
        rate: [Hz]
        channels: int, each a little softer than the one before.
    """
    rng = np.random.default_rng(7)
    if name == "swing":
        loud, faint = 0.4 * rng.standard_normal(32_000), 1e-3 * rng.standard_normal(192_000)
        mono = np.concatenate([loud, faint]).astype(np.float32)
    else:
        mono = np.concatenate([voice("speech_female.wav"), voice("speech_polish.wav")])
        mono = 0 * mono if name == "silence" else mono
    mono = soxr.resample(mono, 16_000, rate) if rate != 16_000 else mono
    softer = (-1.0 if name == "opposite" else 0.9) ** np.arange(channels)
    return (mono[:, None] * softer).clip(-1, 1).astype(np.float32)  # (n, channels)


@cache
def encode(carrier: Carrier) -> bytes:
    """Write a recording; returns the file's content."""
    samples = sound(carrier.sound, carrier.rate, carrier.channels)
    if carrier.tool == "av":
        return _encode_av(carrier, [samples])
    if carrier.tool == "soundfile":
        file = io.BytesIO()
        form = {"format": carrier.container, "subtype": carrier.codec}
        soundfile.write(file, samples, carrier.rate, **form)
        return file.getvalue()
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "source.wav", Path(folder) / f"target{carrier.ending}"
        soundfile.write(source, samples, carrier.rate, subtype="PCM_16")
        if carrier.tool == "sox":
            words = ["sox", "-D", source, *_words(carrier.options), "-t", carrier.container]
        else:
            words = ["ffmpeg", "-v", "error", "-strict", "-2", "-i", source, "-c:a", carrier.codec]
            words += [*_words(carrier.options), *_words(carrier.container_options)]
            words += ["-f", carrier.container]
        words.append("-" if carrier.piped else target)
        done = subprocess.run(words, capture_output=True, check=True)
        return done.stdout if carrier.piped else target.read_bytes()


def encode_tracks(
    container: str, codecs: list[str], sounds: list[np.ndarray], rate: int, *, video: bool = False
) -> bytes:
    """Write several audio tracks, and a picture before them if asked for, into one container."""
    carrier = Carrier("", container, codecs[0], rate, sounds[0].shape[1])
    return _encode_av(carrier, sounds, codecs, video=video)


def _dictionary(options: str) -> dict[str, str]:
    return dict(option.split("=", 1) for option in options.split())


def _words(options: str) -> list[str]:
    return [word for name, value in _dictionary(options).items() for word in (f"-{name}", value)]


class _Pipe:
    """A file that cannot seek."""

    def __init__(self) -> None:
        self.content = bytearray()

    def write(self, data: bytes) -> int:
        self.content += data
        return len(data)


def _encode_av(
    carrier: Carrier,
    sounds: list[np.ndarray],
    codecs: list[str] | None = None,
    *,
    video: bool = False,
) -> bytes:
    import av

    pipe, file = _Pipe(), io.BytesIO()
    rate, target = carrier.rate, pipe if carrier.piped else file
    with av.open(
        target, "w", format=carrier.container, options=_dictionary(carrier.container_options)
    ) as output:
        picture = None
        if video:
            picture = output.add_stream("flv" if carrier.container == "flv" else "mpeg4", rate=10)
            picture.width = picture.height = 32
            picture.pix_fmt = "yuv420p"
        streams = []
        for samples, codec in zip(sounds, codecs or [carrier.codec], strict=True):
            layout = LAYOUTS[samples.shape[1]]
            streams.append(
                output.add_stream(
                    codec, rate=rate, layout=layout, options=_dictionary(carrier.options)
                )
            )
            if carrier.codec in ("wmav1", "wmav2"):
                streams[-1].bit_rate = 48_000
        if picture is not None:
            for _ in range(10 * len(sounds[0]) // rate):
                frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
                output.mux(picture.encode(frame))
            output.mux(picture.encode(None))
        # Second by second and in turns, as tracks lie in a file.
        for start in range(0, max(map(len, sounds)), rate):
            for stream, samples in zip(streams, sounds, strict=True):
                piece = samples[start : start + rate]
                if not len(piece):
                    continue
                layout = LAYOUTS[samples.shape[1]]
                planes = np.ascontiguousarray(piece.T)
                frame = av.AudioFrame.from_ndarray(planes, format="fltp", layout=layout)
                frame.sample_rate, frame.pts = rate, start
                output.mux(stream.encode(frame))
        for stream in streams:
            output.mux(stream.encode(None))
    return bytes(pipe.content) if carrier.piped else file.getvalue()
