"""From a file to blocks of float samples: by libsndfile where it is good at it, or by FFmpeg.

libsndfile (through soundfile) reads WAV, FLAC, OGG and their like, and is cheap to import. FFmpeg
reads MP3, of which libsndfile believes the header, and what libsndfile refuses; in a process of its
own where a stranger sent the file.
"""

from collections.abc import Generator

import numpy as np
import soundfile

from ser_core.audio import containers
from ser_core.audio.ffmpeg import ffmpeg_blocks
from ser_core.audio.isolate import isolated_blocks
from ser_core.audio.joined import Part, find_parts
from ser_core.audio.samples import BLOCK_SAMPLES
from ser_core.audio.source import AudioSource, say_reason
from ser_core.audio.stated_sizes import STATED_END
from ser_core.errors import AudioFileError, AudioFormatError, TruncatedAudioError

TRUNCATION_TOLERANCE = 0.1  # seconds; MP3 and AAC encoders miscount by a frame or two

_FRAMES_UNKNOWN = 2**62  # libsndfile reports 2**63 - 1 where a FLAC header does not say


def decode(source: AudioSource) -> Generator[tuple[int, np.ndarray]]:
    """Decode a recording, in order, a block at a time.

    Memory does not grow with the length of the recording, nor with what its header promises. Files
    that were joined are decoded one after the other. What was not heard is said in `source.notes`.

    Args:
        source: the opened bytes.

    Yields:
        (sample rate [Hz], float32 array [shape=(frames, channels)], full scale 1); rate and number
        of channels may change on the way.

    Raises:
        AudioFileError: reading the bytes failed on the way.
        AudioFormatError: the bytes are no audio, or have no audio track.
        TruncatedAudioError: the recording ends before its header says, or is damaged from some
            point on; everything readable has been yielded by then. Known for WAV, RF64, W64, AIFF,
            AU, CAF, FLAC, MP3 with a Xing header, OGG (a page cut in two), MP4, WebM, AVI, WMA, TTA
            and WavPack. Where FLV, MPEG-TS, MPEG-PS or live WebM end within a packet, a note says
            so. An MP3 or AAC stream with no declared length is accepted as far as it goes, as are
            piped WAV and their like.
    """
    seconds = 0.0
    failure = None
    try:
        for part in find_parts(source):
            before = seconds
            try:
                for rate, block in _decode_part(part):
                    seconds += len(block) / rate
                    yield rate, block
            except (AudioFormatError, TruncatedAudioError) as error:
                failure = part.source.failure
                if failure is None and before:
                    raise source.truncation(seconds) from error
                if failure is None:
                    raise
            failure = failure or part.source.failure
            if failure is not None:
                break
    except (AudioFormatError, TruncatedAudioError):
        if source.failure is None:
            raise
    failure = failure or source.failure
    if failure is not None:
        raise AudioFileError(
            f"{source.label} stopped being readable on the way ({say_reason(failure)}); "
            "check the disk or the connection, and try again."
        ) from failure


def _decode_part(part: Part) -> Generator[tuple[int, np.ndarray]]:
    """Decode one of the recordings of a file."""
    source, container, stated = part.source, part.container, part.stated
    if container is None:
        raise _unreadable(source)
    seconds, is_known = 0.0, False
    if stated is not None and stated.is_mpeg:
        source, container = source.part(stated.start, min(stated.stop, source.size)), "mp3"
    elif container in containers.LIBSNDFILE_CONTAINERS and not part.needs_ffmpeg:
        for rate, block in _libsndfile_blocks(source, may_be_empty=stated is not None):
            is_known = True
            seconds += len(block) / rate
            yield rate, block
        if is_known and container == "flac":  # libsndfile reads as many samples as are stated
            source.note_unread(source.tell(), STATED_END)
    if not is_known:
        # FFmpeg allocates what the chunk before missing data says: 2 GB for a file of 7 kB.
        if container == "wav" and stated is None:
            raise _unreadable(source)
        blocks = isolated_blocks if source.is_untrusted else ffmpeg_blocks
        for rate, block in blocks(source, container):
            seconds += len(block) / rate
            yield rate, block
    missing = 0.0
    if stated is not None:
        there = max(1, source.size - stated.start)
        missing = seconds * stated.missing(part.source) / there
    if part.is_cut or missing > TRUNCATION_TOLERANCE or (missing and not seconds):
        raise source.truncation(seconds)


def _unreadable(source: AudioSource) -> AudioFormatError:
    return AudioFormatError(
        f"{source.label} cannot be read as audio: expected {containers.READABLE_FORMATS}; choose a "
        "sound file, or convert it to WAV."
    )


def _libsndfile_blocks(
    source: AudioSource, *, may_be_empty: bool
) -> Generator[tuple[int, np.ndarray]]:
    """Yield what libsndfile reads; nothing at all where it refuses, for FFmpeg to try."""
    try:
        sound = soundfile.SoundFile(source)
    except soundfile.LibsndfileError:
        return
    with sound:
        if sound.frames > _FRAMES_UNKNOWN:
            return
        rate, declared = sound.samplerate, sound.frames
        frames, damage = 0, None
        while damage is None:
            block, damage = _read_block(sound)
            if len(block) == 0:
                break
            frames += len(block)
            yield rate, block
        if declared == 0 and may_be_empty:
            # Truly empty, and not to be tried again: FFmpeg takes a WAV's tags for its samples.
            yield rate, np.empty((0, sound.channels), np.float32)
            return
    if frames == 0 and not damage:
        return
    if (damage and frames < declared) or (declared - frames) / rate > TRUNCATION_TOLERANCE:
        raise source.truncation(frames / rate) from damage


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
        # The frames before the damage are in the buffer; how many, nothing says.
        unfilled = np.isnan(buffer).any(axis=1)
        return buffer[: int(unfilled.argmax()) if unfilled.any() else length], error
