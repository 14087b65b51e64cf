"""From a file to blocks of float samples: libsndfile first, FFmpeg for what it cannot read.

libsndfile (through soundfile) reads WAV, FLAC, OGG and MP3 and is cheap to import. FFmpeg comes in
only when libsndfile has refused and the first bytes name a container FFmpeg knows, and in a process
of its own where a stranger sent the file.
"""

from collections.abc import Generator

import numpy as np
import soundfile

from ser_core.audio import containers
from ser_core.audio.ffmpeg import ffmpeg_blocks, require_container
from ser_core.audio.isolate import isolated_blocks
from ser_core.audio.samples import BLOCK_SAMPLES
from ser_core.audio.source import AudioSource
from ser_core.errors import AudioFileError, AudioFormatError, TruncatedAudioError

TRUNCATION_TOLERANCE = 0.1  # seconds; MP3 and AAC encoders miscount by a frame or two

# libsndfile also takes MATLAB files, sampler patches and the like for sound.
_LIBSNDFILE_FORMATS = frozenset(
    {"WAV", "WAVEX", "RF64", "W64", "NIST", "AIFF", "AU", "CAF", "FLAC", "OGG", "MP3"}
)
_FRAMES_UNKNOWN = 2**62  # libsndfile reports 2**63 - 1 where a FLAC header does not say


def decode(source: AudioSource) -> Generator[tuple[int, np.ndarray]]:
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
        if is_refused:
            require_container(source)
            yield from isolated_blocks(source) if source.is_untrusted else ffmpeg_blocks(source)
    except (AudioFormatError, TruncatedAudioError):
        if source.failure is None:
            raise
    if source.failure is not None:
        raise AudioFileError(
            f"{source.label} stopped being readable on the way ({source.failure.strerror}); "
            "check the disk or the connection, and try again."
        ) from source.failure


def _libsndfile_blocks(source: AudioSource) -> Generator[tuple[int, np.ndarray]]:
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
