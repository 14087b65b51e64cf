"""The packets of a container, and the sound in each, through PyAV.

What cannot be decoded costs its own packet alone, as in players.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np

from ser_core.audio.samples import as_float32
from ser_core.audio.source import AudioSource

if TYPE_CHECKING:
    import av

# PyAV looks for the end of a frame's planes in a list of eight: with none free it reads on into
# other memory and crashes the process. Interleaved by FFmpeg first, such a frame has one plane.
_UNSAFE_PLANES = 8
# Frame types of AMR that stand for 20 ms of a pause, which telephones do not send; FFmpeg decodes
# them not at all. Source: RFC 4867, sections 3.6 and 4.3.2.
_AMR_PAUSES = {"amr_nb": (8, 15), "amr_wb": (9, 15)}
_AMR_FRAMES = 50  # per second


class Sound(NamedTuple):
    """A frame as it was decoded.

    Attributes:
        start: float [s], on the container's clock; None where it does not say.
        rate: int [Hz]
        samples: float32 [shape=(frames, channels)]; may share the frame's memory.
    """

    start: float | None
    rate: int
    samples: np.ndarray


def demux(
    media: "av.container.InputContainer", tracks: "Sequence[av.AudioStream]", source: AudioSource
) -> "Iterator[av.Packet[av.AudioStream]]":
    """Read the packets of some tracks to the end, and note where other tracks begin on the way."""
    try:
        yield from cast("Iterator[av.Packet[av.AudioStream]]", media.demux(tracks))
    except IndexError:  # PyAV's, of the others, behind the last packet of those that are wanted
        note = "Another track begins on the way, and was left out."
        if note not in source.notes:
            source.notes.append(note)


def decode_packet(packet: "av.Packet[av.AudioStream]") -> list[Sound] | None:
    """Decode a packet; None where it is damaged."""
    from av.error import FFmpegError

    try:
        frames = packet.decode()
        return [Sound(frame.time, frame.sample_rate, _frame_samples(frame)) for frame in frames]
    except (ValueError, FFmpegError):  # the first is PyAV's for a frame that it cannot convert
        return _amr_pause(packet)


def _amr_pause(packet: "av.Packet[av.AudioStream]") -> list[Sound] | None:
    """Give the silence that a packet stands for; None where it is no pause of AMR."""
    context = packet.stream.codec_context
    types = _AMR_PAUSES.get(context.codec.canonical_name)
    if types is None or not packet.size:
        return None
    header = bytes(packet)[0]
    if header >> 3 & 15 not in types or header & 0x83:  # the padding of whole frames is zero
        return None
    start = None if packet.pts is None else float(packet.pts * packet.time_base)
    rate = context.sample_rate
    return [Sound(start, rate, np.zeros((rate // _AMR_FRAMES, context.channels), np.float32))]


def _frame_samples(frame: "av.AudioFrame") -> np.ndarray:
    """Return a frame's samples as float32 [shape=(frames, channels)]; may share its memory."""
    channels, name = frame.layout.nb_channels, frame.format.name
    if frame.sample_rate <= 0 or channels <= 0:
        raise ValueError(f"a frame of {channels} channels at {frame.sample_rate} Hz")
    if channels == 1 and name in ("flt", "fltp"):  # most frames; there are 40 and more a second
        plane = memoryview(frame.planes[0])
        return np.frombuffer(plane, np.float32, frame.samples)[:, np.newaxis]
    is_unsafe = frame.format.is_planar and channels >= _UNSAFE_PLANES
    if is_unsafe or name.startswith("s64"):  # numpy conversion lacks 64-bit integers
        from av import AudioResampler

        (frame,) = AudioResampler(format="flt").resample(frame)
    samples = frame.to_ndarray()  # (channels, frames), or (1, frames x channels) when packed
    return as_float32(samples.T if frame.format.is_planar else samples.reshape(-1, channels))
