"""From any container to blocks of float samples: libsndfile first, FFmpeg for what it cannot read.

libsndfile (through soundfile) reads WAV, FLAC, OGG and MP3 and is cheap to import. PyAV, which
brings FFmpeg, is imported only when libsndfile has refused and the first bytes name a container
FFmpeg knows. It is then told which one: left to guess, FFmpeg takes noise for MP3, text for
subtitles, and a playlist for permission to open other files and addresses.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from ser_core.audio import containers
from ser_core.audio.source import AudioSource
from ser_core.errors import AudioFileError, AudioFormatError, TruncatedAudioError

if TYPE_CHECKING:
    import av

READABLE_FORMATS = "WAV, FLAC, OGG, MP3, M4A, WebM or MP4"
# Frames x channels decoded at a time. Larger blocks are slower (3 s of 48 kHz mono: 1.5 ms at
# 2**15, 2.6 ms at 2**18), because each one is fresh memory that has to be mapped in.
BLOCK_SAMPLES = 2**15
TRUNCATION_TOLERANCE = 0.1  # seconds; MP3 and AAC encoders miscount by a frame or two
_FFMPEG_TOLERANCE = 0.25  # seconds; a container's clock may run on a little after its audio

# libsndfile also takes MATLAB files, sampler patches and the like for sound.
_LIBSNDFILE_FORMATS = frozenset(
    {"WAV", "WAVEX", "RF64", "W64", "NIST", "AIFF", "AU", "CAF", "FLAC", "OGG", "MP3"}
)
# PyAV looks for the end of a frame's planes in a list of eight: with none free it reads on into
# other memory and crashes the process. Interleaved by FFmpeg first, such a frame has one plane.
_UNSAFE_PLANES = 8
_FRAMES_UNKNOWN = 2**62  # libsndfile reports 2**63 - 1 where a FLAC header does not say


def decode(source: AudioSource) -> Iterator[tuple[int, np.ndarray]]:
    """Decode the first audio track, in order, a block at a time.

    Memory does not grow with the length of the recording, nor with what its header promises.

    Args:
        source: the opened bytes.

    Yields:
        (sample rate [Hz], float32 array [shape=(frames, channels)], full scale 1).

    Raises:
        AudioFileError: reading the bytes failed on the way.
        AudioFormatError: the bytes are no audio, or have no audio track.
        TruncatedAudioError: the recording ends before its header says, or is damaged from some
            point on; everything readable has been yielded by then. Known for WAV, RF64, AIFF,
            AU, FLAC, MP3 with a Xing header, OGG (a page cut in two), MP4 and WebM. An MP3 or AAC
            stream with no declared length is accepted as far as it goes.
    """
    try:
        is_refused = True
        for block in _libsndfile_blocks(source):
            is_refused = False
            yield block
        if is_refused and source.is_untrusted:
            _ffmpeg_container(source)
            from ser_core.audio.isolate import (
                isolated_blocks,  # here, because it imports this module
            )

            yield from isolated_blocks(source)
        elif is_refused:
            yield from ffmpeg_blocks(source)
    except (AudioFormatError, TruncatedAudioError):
        if source.failure is None:
            raise
    if source.failure is not None:
        raise AudioFileError(
            f"{source.label} stopped being readable on the way ({source.failure.strerror}); "
            "check the disk or the connection, and try again."
        ) from source.failure


def as_float32(samples: np.ndarray) -> np.ndarray:
    """Scale integer samples by their type's range, as libsndfile does; floats stay as they are.

    Args:
        samples: int8, int16, int32, uint8 or floating, any shape.

    Returns:
        float32, the same shape; may share memory with `samples`.

    Raises:
        TypeError: any other dtype.

    >>> as_float32(np.array([-32768, 16384], dtype=np.int16)).tolist()
    [-1.0, 0.5]
    """
    kind, size = samples.dtype.kind, samples.dtype.itemsize
    if kind == "f":
        with np.errstate(over="ignore", invalid="ignore"):
            return samples.astype(np.float32, copy=False)
    if kind == "i" and size in (1, 2, 4):
        return samples.astype(np.float32) * np.float32(2.0 ** (1 - 8 * size))
    if kind == "u" and size == 1:
        return (samples.astype(np.float32) - np.float32(128)) * np.float32(2.0**-7)
    raise TypeError(f"no audio scale for samples of type {samples.dtype}")


def _libsndfile_blocks(source: AudioSource) -> Iterator[tuple[int, np.ndarray]]:
    """Yield what libsndfile reads; nothing at all where it refuses, for FFmpeg to try."""
    missing_bytes = containers.missing_bytes(source)
    try:
        sound = soundfile.SoundFile(source)
    except soundfile.LibsndfileError:
        return
    with sound:
        if sound.format not in _LIBSNDFILE_FORMATS or sound.frames > _FRAMES_UNKNOWN:
            return
        rate, declared = sound.samplerate, sound.frames
        frames, damage = 0, None
        while damage is None:
            block, damage = _read_block(sound)
            if len(block) == 0:
                break
            frames += len(block)
            yield rate, block
        if declared == 0 and not missing_bytes and sound.format not in ("OGG", "MP3"):
            # Truly empty, and not to be tried again: FFmpeg takes a WAV's tags for its samples.
            yield rate, np.empty((0, sound.channels), np.float32)
            return
        states_length = sound.format != "MP3" or containers.states_mp3_length(source.head)
    if frames == 0 and not missing_bytes:
        return
    if missing_bytes:
        missing = frames / rate * missing_bytes / source.size
    else:
        missing = (declared - frames) / rate if states_length else 0.0
    is_cut = frames == 0 or containers.ends_inside_ogg_page(source)
    if damage or is_cut or missing > TRUNCATION_TOLERANCE:
        raise _truncated(source, frames / rate) from damage


def _read_block(
    sound: soundfile.SoundFile,
) -> tuple[np.ndarray, soundfile.LibsndfileError | None]:
    """Read on; returns the block and the damage that ended it, if any."""
    # A buffer of our own: without one soundfile allocates what the header promises.
    length = max(1, BLOCK_SAMPLES // sound.channels)
    buffer = np.full((length, sound.channels), np.nan, np.float32)
    try:
        return sound.read(out=buffer), None
    except soundfile.LibsndfileError as error:
        # The frames before the damage are in the buffer, but how many is not told.
        unfilled = np.isnan(buffer).any(axis=1)
        return buffer[: int(unfilled.argmax()) if unfilled.any() else length], error


@dataclass
class _Progress:
    """How far FFmpeg has come: seconds decoded, where the last frame ends, packets by outcome."""

    seconds: float = 0.0
    end: float = 0.0
    good: int = 0
    damaged: int = 0


def _ffmpeg_container(source: AudioSource) -> str:
    """Name the container that FFmpeg is to read."""
    container = containers.ffmpeg_container(source.head)
    # FFmpeg allocates what the chunk before missing data says: 2 GB for a file of 7 kB.
    if container is None or (container == "wav" and not containers.wav_data_chunk(source)):
        raise AudioFormatError(
            f"{source.label} cannot be read as audio: expected {READABLE_FORMATS}; "
            "choose a sound file, or convert it to WAV."
        )
    return container


def ffmpeg_blocks(source: AudioSource) -> Iterator[tuple[int, np.ndarray]]:
    """Yield what FFmpeg reads of the first audio track; raises what `decode` does."""
    container = _ffmpeg_container(source)
    import av  # here, because it costs a WAV file's user 0.1 s and 30 MB for nothing

    progress, cause, stated_end = _Progress(), None, None
    source.seek(0)  # libsndfile left it where it gave up
    try:
        # Nothing but these bytes: no file or address that a container might refer to.
        options = {"protocol_whitelist": "none"}
        with av.open(source, format=container, options=options, metadata_errors="ignore") as media:
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
    if cause or missing > _FFMPEG_TOLERANCE or containers.ends_inside_ogg_page(source):
        raise _truncated(source, progress.seconds) from cause


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
    """Return where the container says its audio ends [s]; None where it says nothing reliable."""
    if media.duration is None:
        return None
    media_end = media.duration / 1e6
    if container == "mov" and track.duration is not None:
        track_end = float(((track.start_time or 0) + track.duration) * track.time_base)
        return min(track_end, media_end)
    # Matroska states one length for all its tracks, and a picture may outlast the sound.
    is_audio_only = len(media.streams) == len(media.streams.audio)
    return media_end if container == "matroska" and is_audio_only else None


def _track_blocks(
    media: "av.container.InputContainer", track: "av.AudioStream", progress: _Progress
) -> Iterator[tuple[int, np.ndarray]]:
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


def _truncated(source: AudioSource, readable: float) -> TruncatedAudioError:
    return TruncatedAudioError(
        f"{source.label} is cut off or damaged: expected a whole recording, but only its first "
        f"{readable:.1f} s can be read; record or send it again.",
        readable=readable,
    )
