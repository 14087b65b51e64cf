"""From any container that FFmpeg knows to blocks of float samples, through PyAV.

PyAV, which brings FFmpeg, is imported only when something is decoded here. FFmpeg is told which
container it reads: left to guess, it takes noise for MP3, text for subtitles, and a playlist for
permission to open other files and addresses.
"""

import contextlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ser_core.audio.containers import READABLE_FORMATS
from ser_core.audio.last_packet import look_behind
from ser_core.audio.mpeg_frames import stated_seconds
from ser_core.audio.packets import decode_packet, demux
from ser_core.audio.samples import BLOCK_SAMPLES
from ser_core.audio.source import AudioSource
from ser_core.audio.tracks import choose_track
from ser_core.errors import AudioFormatError

if TYPE_CHECKING:
    import av

_TOLERANCE = 0.25  # seconds; a container's clock may run on a little after its audio
# Samples that an encoder of MP3 adds at both ends, which its header counts and FFmpeg leaves out.
_MP3_PADDING = 3_000
_NOTED_SECONDS = 0.1  # of sound that cannot be decoded, from which on it is said
# Nothing but frames, without a container around them.
_STREAMS = ("mp3", "aac", "amr", "ac3", "eac3")
_RUN = 25  # packets in a row that noise never has by chance
_ENDINGS = {
    "cut": "It ends within a packet, so it may be cut off.",
    "more": "What is behind its last packet was not read.",
}


@dataclass
class _Progress:
    """How far FFmpeg has come.

    Attributes:
        seconds: float [s], decoded.
        begin, end, damaged_end: float [s], on the container's clock: the first packet, the end of
            the last frame and of the last damaged packet.
        rate: int [Hz], of the last frame.
        good, damaged: int, frames and packets by outcome.
        run, longest_run: int, packets that could be decoded one after the other.
        size: int [bytes], of all packets that are not damaged.
        position: int [bytes], where the last packet begins; None where that is not known.
    """

    seconds: float = 0.0
    begin: float | None = None
    end: float = 0.0
    damaged_end: float = 0.0
    rate: int = 1
    good: int = 0
    damaged: int = 0
    run: int = 0
    longest_run: int = 0
    size: int = 0
    position: int | None = None


def ffmpeg_blocks(source: AudioSource, container: str) -> Generator[tuple[int, np.ndarray]]:
    """Decode one audio track with FFmpeg, in this process.

    Args:
        source: the opened bytes; takes notes on other tracks and on what is damaged.
        container: str, as FFmpeg calls it.

    Yields:
        (sample rate [Hz], float32 array [shape=(frames, channels)], full scale 1).

    Raises:
        AudioFormatError, TruncatedAudioError: as `decode.decode`.
    """
    import av  # here, because it costs a WAV file's user 0.1 s and 30 MB for nothing

    progress, joiner, cause, stated_end = _Progress(), _Joiner(), None, None
    try:
        with contextlib.ExitStack() as opened:
            media = opened.enter_context(_open_media(source, container))
            index = choose_track(media, source)
            if len(media.streams.audio) > 1:  # it was read to compare them
                media = opened.enter_context(_open_media(source, container))
            track = next(one for one in media.streams.audio if one.index == index)
            stated_end = _stated_end(media, track, container)
            for rate, block in _track_blocks(media, track, source, progress):
                yield from joiner.push(rate, block)
    except av.error.FFmpegError as error:
        cause = error
    yield from joiner.finish()
    is_noise = progress.damaged > progress.good and progress.longest_run < _RUN
    if is_noise or (cause and progress.seconds == 0):
        raise AudioFormatError(
            f"{source.label} is damaged or incomplete: expected {READABLE_FORMATS}, but nothing in "
            "it can be decoded; record or send it again."
        ) from cause
    _note_losses(progress, source, container)
    if container == "mp3":
        stated = stated_seconds(source.head) or 0.0
        is_short = stated - progress.seconds > max(_TOLERANCE, _MP3_PADDING / progress.rate)
    else:
        end = max(progress.end, progress.damaged_end)
        is_short = stated_end is not None and stated_end - end > _TOLERANCE
    if (cause and container not in _STREAMS) or is_short:
        raise source.truncation(progress.seconds) from cause
    note = _ENDINGS.get(look_behind(source, container, progress.position))
    if note is not None:
        source.notes.append(note)


class _Joiner:
    """Joins FFmpeg's short blocks into fewer that are worth handing on."""

    def __init__(self) -> None:
        self.blocks: list[np.ndarray] = []
        self.rate = self.size = 0

    def push(self, rate: int, block: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """Take the next block; gives those before it that are enough, or of another form."""
        if self.blocks and (rate, block.shape[1]) != (self.rate, self.blocks[0].shape[1]):
            yield from self.finish()
        self.rate = rate
        self.blocks.append(block)
        self.size += block.size
        if self.size >= BLOCK_SAMPLES:
            yield from self.finish()

    def finish(self) -> Iterator[tuple[int, np.ndarray]]:
        """Give what is left."""
        if self.blocks:
            joined = np.concatenate(self.blocks)
            self.blocks, self.size = [], 0
            yield self.rate, joined


def _open_media(source: AudioSource, container: str) -> "av.container.InputContainer":
    import av

    source.seek(0)
    # Nothing but these bytes: no file or address that a container might refer to.
    options = {"protocol_whitelist": "none"}
    return av.open(source, "r", format=container, options=options, metadata_errors="ignore")


def _stated_end(
    media: "av.container.InputContainer", track: "av.AudioStream", container: str
) -> float | None:
    """Return where the container says its audio ends [s], or None if it says nothing reliable."""
    if media.duration is None:
        return None
    media_end = media.duration / 1e6
    if container == "mov" and track.duration is not None and track.time_base is not None:
        track_end = float(((track.start_time or 0) + track.duration) * track.time_base)
        return min(track_end, media_end)
    # Matroska states one length for all its tracks, and another one may outlast the sound.
    return media_end if container == "matroska" and len(media.streams) == 1 else None


def _track_blocks(
    media: "av.container.InputContainer",
    track: "av.AudioStream",
    source: AudioSource,
    progress: _Progress,
) -> Generator[tuple[int, np.ndarray]]:
    """Decode packet by packet, passing over single damaged ones as players do."""
    for packet in demux(media, [track], source):
        if progress.begin is None and packet.pts is not None:
            progress.begin = float(packet.pts * packet.time_base)
        if packet.size and packet.pos is not None:
            progress.position = packet.pos
        decoded = decode_packet(packet)
        if decoded is None:
            progress.damaged += 1
            progress.run = 0
            # What the file's end has cut is no damage, but said as that.
            if packet.pts is not None and not packet.is_corrupt:
                end = float((packet.pts + (packet.duration or 0)) * packet.time_base)
                progress.damaged_end = max(progress.damaged_end, end)
            continue
        progress.size += packet.size
        progress.run += 1
        progress.longest_run = max(progress.longest_run, progress.run)
        for start, rate, samples in decoded:
            seconds = len(samples) / rate
            progress.good += 1
            progress.rate = rate
            progress.seconds += seconds
            progress.end = seconds + (progress.end if start is None else start)
            yield rate, samples


def _note_losses(progress: _Progress, source: AudioSource, container: str) -> None:
    """Note what of a track could not be decoded."""
    # Streams of frames have no times of their own: of those, what is no frame is counted in bytes.
    end = progress.end if container in _STREAMS else max(progress.end, progress.damaged_end)
    span = end - (progress.begin or 0.0)
    lost = span - progress.seconds
    if lost > _NOTED_SECONDS:
        source.notes.append(
            f"{lost:.1f} of {span:.1f} s are missing or damaged, and were left out."
        )
        return
    between = source.size - progress.size
    if container in _STREAMS and between * progress.seconds > _NOTED_SECONDS * progress.size > 0:
        source.notes.append(f"{between / 1000:.1f} kB in it cannot be decoded, and were left out.")
