"""From any container that FFmpeg knows to blocks of float samples, through PyAV.

PyAV, which brings FFmpeg, is imported only when something is decoded here. FFmpeg is told which
container it reads: left to guess, it takes noise for MP3, text for subtitles, and a playlist for
permission to open other files and addresses.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ser_core.audio import containers
from ser_core.audio.containers import READABLE_FORMATS
from ser_core.audio.samples import as_float32
from ser_core.audio.source import AudioSource
from ser_core.errors import AudioFormatError

if TYPE_CHECKING:
    import av

_TOLERANCE = 0.25  # seconds; a container's clock may run on a little after its audio
# PyAV looks for the end of a frame's planes in a list of eight: with none free it reads on into
# other memory and crashes the process. Interleaved by FFmpeg first, such a frame has one plane.
_UNSAFE_PLANES = 8


@dataclass
class _Progress:
    """How far FFmpeg has come: seconds decoded, where the last frame ends, packets by outcome."""

    seconds: float = 0.0
    end: float = 0.0
    good: int = 0
    damaged: int = 0


def require_container(source: AudioSource) -> str:
    """Name the container that FFmpeg is to read, as FFmpeg calls it.

    Raises:
        AudioFormatError: the first bytes are those of none that it reads.
    """
    container = containers.ffmpeg_container(source.head)
    # FFmpeg allocates what the chunk before missing data says: 2 GB for a file of 7 kB.
    if container is None or (container == "wav" and not containers.wav_data_chunk(source)):
        raise AudioFormatError(
            f"{source.label} cannot be read as audio: expected {READABLE_FORMATS}; "
            "choose a sound file, or convert it to WAV."
        )
    return container


def ffmpeg_blocks(source: AudioSource) -> Generator[tuple[int, np.ndarray]]:
    """Decode the first audio track with FFmpeg, in this process.

    Args:
        source: the opened bytes.

    Yields:
        (sample rate [Hz], float32 array [shape=(frames, channels)], full scale 1).

    Raises:
        AudioFormatError, TruncatedAudioError: as `decode.decode`.
    """
    container = require_container(source)
    import av  # here, because it costs a WAV file's user 0.1 s and 30 MB for nothing

    progress, cause, stated_end = _Progress(), None, None
    source.seek(0)  # libsndfile left it where it gave up
    try:
        # Nothing but these bytes: no file or address that a container might refer to.
        options = {"protocol_whitelist": "none"}
        with av.open(
            source, "r", format=container, options=options, metadata_errors="ignore"
        ) as media:
            track = _audio_track(media, source)
            stated_end = _stated_end(media, track, container)
            yield from _track_blocks(media, track, progress)
    except av.error.FFmpegError as error:
        cause = error
    if progress.damaged > progress.good or (cause and progress.seconds == 0):
        raise AudioFormatError(
            f"{source.label} is damaged or incomplete: expected {READABLE_FORMATS}, but nothing in "
            "it can be decoded; record or send it again."
        ) from cause
    missing = 0.0 if stated_end is None else stated_end - progress.end
    if cause or missing > _TOLERANCE or containers.ends_inside_ogg_page(source):
        raise source.truncation(progress.seconds) from cause


def _audio_track(media: "av.container.InputContainer", source: AudioSource) -> "av.AudioStream":
    if not media.streams.audio:
        raise AudioFormatError(
            f"{source.label} has no audio track: expected sound, got a video or picture without; "
            "choose a recording with sound."
        )
    track = media.streams.audio[0]
    if track.codec_context is None:
        raise AudioFormatError(
            f"{source.label} holds audio in a coding that cannot be read here: expected "
            f"{READABLE_FORMATS}; convert it to WAV."
        )
    return track


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
    # Matroska states one length for all its tracks, and a picture may outlast the sound.
    is_audio_only = len(media.streams) == len(media.streams.audio)
    return media_end if container == "matroska" and is_audio_only else None


def _track_blocks(
    media: "av.container.InputContainer", track: "av.AudioStream", progress: _Progress
) -> Generator[tuple[int, np.ndarray]]:
    """Decode packet by packet, passing over single damaged ones as players do."""
    for packet in media.demux(track):
        try:
            decoded = [(frame, _frame_samples(frame)) for frame in packet.decode()]
        except ValueError:  # FFmpeg's InvalidDataError, and PyAV's for a frame it cannot convert
            progress.damaged += 1
            continue
        for frame, samples in decoded:
            seconds = len(samples) / frame.sample_rate
            progress.good += 1
            progress.seconds += seconds
            progress.end = seconds + (progress.end if frame.time is None else frame.time)
            yield frame.sample_rate, samples


def _frame_samples(frame: "av.AudioFrame") -> np.ndarray:
    """Return a frame's samples as float32 [shape=(frames, channels)]."""
    channels = frame.layout.nb_channels
    if frame.sample_rate <= 0 or channels <= 0:
        raise ValueError(f"a frame of {channels} channels at {frame.sample_rate} Hz")
    is_unsafe = frame.format.is_planar and channels >= _UNSAFE_PLANES
    if is_unsafe or frame.format.name.startswith("s64"):  # numpy conversion lacks 64-bit integers
        from av import AudioResampler

        (frame,) = AudioResampler(format="flt").resample(frame)
    samples = frame.to_ndarray()  # (channels, frames), or (1, frames x channels) when packed
    return as_float32(samples.T if frame.format.is_planar else samples.reshape(-1, channels))
