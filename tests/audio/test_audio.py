"""Reading audio: every format gives the same samples however it comes, or one plain error."""

import contextlib
import gzip
import io
import os
import re
import struct
import subprocess
import sys
import tempfile
import time
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ser_core.audio.load import load_audio, read_blocks
from ser_core.errors import (
    AudioContentError,
    AudioError,
    AudioFileError,
    AudioFormatError,
    AudioLengthError,
    TruncatedAudioError,
)
from tests.support.recordings import ENCODED, noise, wav_bytes

FIXTURES = Path(__file__).parents[1] / "fixtures"
SPEECH_48K = FIXTURES / "speech_48k_stereo.wav"
WAV_SUBTYPES = ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ALAW", "ULAW"]


def tone(hertz: float, rate: int, seconds: float = 1.0, amplitude: float = 0.5) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def level_at(samples: np.ndarray, hertz: float, rate: int = 16_000) -> float:
    """Amplitude of one tone, measured away from the ends."""
    middle = samples[len(samples) // 4 : -len(samples) // 4]
    time_axis = np.arange(len(middle)) / rate
    window = np.hanning(len(middle))
    return float(
        2 * abs(np.sum(window * middle * np.exp(-2j * np.pi * hertz * time_axis))) / window.sum()
    )


def run_python(program: str, **kwargs) -> subprocess.CompletedProcess:
    """Run a program in a fresh interpreter, from the repository's root."""
    command = [sys.executable, "-c", program]
    return subprocess.run(command, capture_output=True, cwd=FIXTURES.parents[1], **kwargs)


def open_files() -> list[str]:
    found = []
    for entry in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            found.append(os.readlink(f"/proc/self/fd/{entry}"))
    return sorted(found)


# One recording, many forms


def test_path_bytes_file_object_and_array_give_the_same_samples():
    expected = load_audio(str(SPEECH_48K))
    array, rate = soundfile.read(SPEECH_48K, dtype="int16")
    with open(SPEECH_48K, "rb") as file:
        from_file = load_audio(file)
        again = load_audio(file)
        assert not file.closed
    for samples in (
        load_audio(SPEECH_48K),
        load_audio(SPEECH_48K.read_bytes()),
        load_audio(io.BytesIO(SPEECH_48K.read_bytes())),
        from_file,
        again,
        load_audio((rate, array)),
        load_audio((rate, np.asfortranarray(array))),
        load_audio((rate, array.T)),
        load_audio((np.int64(rate), array.astype(">i2"))),
        load_audio((rate, array / 32768)),
        load_audio((rate, (array / 32768).astype(np.float32))),
    ):
        np.testing.assert_array_equal(samples, expected)
    assert expected.shape == (48_000,)
    assert expected.dtype == np.float32


@pytest.mark.parametrize("subtype", WAV_SUBTYPES)
@pytest.mark.parametrize("container", ["WAV", "WAVEX"])
def test_every_wav_subtype_is_read_as_the_array_is(tmp_path, subtype, container):
    path = tmp_path / "clip.wav"
    soundfile.write(path, noise() / 32768, 22_050, subtype=subtype, format=container)
    array, rate = soundfile.read(path, dtype="float64")
    np.testing.assert_array_equal(load_audio(path), load_audio((rate, array)))


@pytest.mark.parametrize(
    ("dtype", "subtype"), [("uint8", "PCM_U8"), ("int16", "PCM_16"), ("int32", "PCM_32")]
)
def test_integer_arrays_are_scaled_by_their_range(tmp_path, dtype, subtype):
    path = tmp_path / "clip.wav"
    limits = np.iinfo(dtype)
    array = np.random.default_rng(1).integers(limits.min, limits.max, 8000, dtype, endpoint=True)
    if dtype == "uint8":
        path.write_bytes(
            b"RIFF"
            + struct.pack("<I", 36 + 8000)
            + b"WAVEfmt "
            + struct.pack("<IHHIIHH", 16, 1, 1, 16_000, 16_000, 1, 8)
            + b"data"
            + struct.pack("<I", 8000)
            + array.tobytes()
        )
    else:
        soundfile.write(path, array, 16_000, subtype=subtype)
    samples = load_audio((16_000, array))
    np.testing.assert_array_equal(load_audio(path), samples)
    assert -1 <= samples.min() < -0.99
    assert 0.99 < samples.max() <= 1


def test_int8_full_scale_is_one():
    assert load_audio((16_000, np.full(4000, -128, np.int8)))[0] == -1


@pytest.mark.parametrize("name", ENCODED)
def test_every_format_holds_the_same_speech(name):
    reference = load_audio(FIXTURES / "speech.flac")
    path = FIXTURES / name
    samples = load_audio(path)
    assert len(samples) == pytest.approx(48_000, abs=1600)
    shifted = np.correlate(np.pad(samples, 200)[: len(reference) + 400], reference, "valid")
    similarity = shifted.max() / (np.linalg.norm(reference) * np.linalg.norm(samples))
    assert similarity > 0.9
    np.testing.assert_array_equal(load_audio(path.read_bytes()), samples)
    with open(path, "rb") as file:
        np.testing.assert_array_equal(load_audio(file), samples)


def test_eight_channels_of_aac_are_read_and_do_not_crash():
    import av

    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as video:
        track = video.add_stream("aac", rate=48_000, layout="7.1")
        samples = np.repeat(tone(500, 48_000).astype(np.float32), 8)[np.newaxis]  # interleaved
        frame = av.AudioFrame.from_ndarray(samples, format="flt", layout="7.1")
        frame.sample_rate = 48_000
        video.mux(track.encode(frame))
        video.mux(track.encode(None))
    # One of the eight, the low-frequency channel, passes nothing above 120 Hz.
    assert level_at(load_audio(file.getvalue()), 500) == pytest.approx(0.5 * 7 / 8, rel=0.15)


@pytest.mark.parametrize("container", ["AIFF", "AU", "CAF", "W64", "RF64"])
def test_rarer_containers_are_read(container):
    file = io.BytesIO()
    soundfile.write(file, noise(), 16_000, format=container, subtype="PCM_16")
    np.testing.assert_array_equal(load_audio(file.getvalue()), load_audio((16_000, noise())))


def test_mp3_with_a_large_cover_picture_or_junk_in_front_is_read():
    mp3 = (FIXTURES / "speech.mp3").read_bytes()
    plain = load_audio(mp3)
    tagged = b"ID3\x03\0\0" + bytes([0, 6, 0, 0]) + bytes(6 * 128 * 128) + mp3
    np.testing.assert_array_equal(load_audio(tagged), plain)
    for damaged_start in (
        b"ID3\x03\0\0" + bytes(4) + bytes(128) + mp3,
        mp3[1000:],
        np.random.default_rng(0).bytes(300) + mp3,
    ):
        assert len(load_audio(damaged_start)) == pytest.approx(48_000, abs=4000)


# Sample rates and channels


@pytest.mark.parametrize(
    "rate", [8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000, 192_000]
)
def test_a_tone_keeps_its_pitch_level_and_length(rate, tmp_path):
    path = tmp_path / "tone.wav"
    soundfile.write(path, tone(1000, rate), rate, subtype="FLOAT")
    samples = load_audio(path)
    assert len(samples) == pytest.approx(16_000, abs=1)
    assert level_at(samples, 1000) == pytest.approx(0.5, rel=1e-3)
    assert np.abs(np.fft.rfft(samples)).argmax() == 1000


def test_what_lies_above_half_the_rate_is_removed():
    rate = 48_000
    samples = load_audio((rate, tone(1000, rate) + tone(11_000, rate)))
    assert level_at(samples, 1000) == pytest.approx(0.5, rel=1e-3)
    assert level_at(samples, 5000) < 1e-5  # where 11 kHz would fold to
    assert np.abs(load_audio((rate, tone(11_000, rate)))[800:-800]).max() < 1e-4


def test_another_target_rate_is_served():
    assert len(load_audio(SPEECH_48K, sample_rate=22_050)) == 66_150


@pytest.mark.parametrize("channels", range(1, 9))
def test_channels_are_averaged(tmp_path, channels):
    path = tmp_path / "clip.wav"
    samples = noise(channels=channels)
    soundfile.write(path, samples, 16_000)
    mono = load_audio(path)
    np.testing.assert_allclose(mono, samples.mean(axis=1) / 32768, atol=1e-6)
    np.testing.assert_array_equal(load_audio((16_000, samples)), mono)
    np.testing.assert_array_equal(load_audio((16_000, samples.T)), mono)


def test_the_array_is_left_as_it_was_and_not_shared():
    array = noise().astype(np.float32) / 32768
    before = array.copy()
    samples = load_audio((16_000, array))
    samples[:] = 0
    np.testing.assert_array_equal(array, before)


# Block by block


@pytest.mark.parametrize("block_seconds", [0.1, 0.1237, 0.5, 1, 2.999, 3.0, 30.0])
@pytest.mark.parametrize("name", ["speech_48k_stereo.wav", *ENCODED])
def test_blocks_join_to_the_whole(name, block_seconds):
    blocks = list(read_blocks(FIXTURES / name, block_seconds=block_seconds))
    np.testing.assert_array_equal(np.concatenate(blocks), load_audio(FIXTURES / name))
    assert {len(block) for block in blocks[:-1]} <= {round(block_seconds * 16_000)}
    assert all(block.dtype == np.float32 and len(block) for block in blocks)


@pytest.mark.parametrize("rate", [8001, 11_025, 16_000, 16_001, 44_100, 47_999, 191_999])
@pytest.mark.parametrize("sample_rate", [16_000, 22_050])
def test_blocks_join_to_the_whole_at_odd_rates(rate, sample_rate):
    audio = (rate, noise(1.7, rate, channels=3))
    whole = load_audio(audio, sample_rate=sample_rate)
    blocks = list(read_blocks(audio, sample_rate=sample_rate, block_seconds=0.3331))
    np.testing.assert_array_equal(np.concatenate(blocks), whole)
    assert len(whole) == pytest.approx(1.7 * sample_rate, abs=1)


def test_an_hour_is_read_in_constant_memory(tmp_path):
    path = tmp_path / "hour.wav"
    size = 3600 * 24_000 * 2
    with open(path, "wb") as file:  # a sparse file: the hour of silence takes no disk
        file.write(wav_bytes(np.zeros(0), rate=24_000, data_size=size))
        file.truncate(44 + size)
    with at_most(megabytes=8):  # a block of 30 s is 2 MB, the hour would be 230
        assert sum(len(block) for block in read_blocks(path)) == 3600 * 16_000


@pytest.mark.parametrize("block_seconds", [0, -1, 0.01, float("nan"), float("inf")])
def test_a_block_length_out_of_range_is_refused_at_once(block_seconds):
    with pytest.raises(ValueError, match=r"block_seconds must be at least 0\.1"):
        read_blocks(SPEECH_48K, block_seconds=block_seconds)


@pytest.mark.parametrize("argument", ["sample_rate", "max_seconds"])
@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_an_argument_out_of_range_is_refused(argument, value):
    with pytest.raises(ValueError, match=f"{argument} must be a positive number"):
        load_audio(SPEECH_48K, **{argument: value})


# Headers that do not know, and headers that lie


@pytest.mark.parametrize("riff_size", [None, 0, 8, 36, 0xFFFFFFFF])
@pytest.mark.parametrize(
    "data_size", [0, 0x7FFFF000, 0x7FFFFFDB, 0x7FFFFFFF, 0x80000000, 0xFFFFFF00, 0xFFFFFFFF]
)
def test_a_streamed_wav_is_read_to_its_end(data_size, riff_size, tmp_path):
    streamed = wav_bytes(noise(), data_size=data_size, riff_size=riff_size)
    expected = load_audio((16_000, noise()))
    np.testing.assert_array_equal(load_audio(streamed), expected)
    path = tmp_path / "streamed.wav"
    path.write_bytes(streamed)
    np.testing.assert_array_equal(load_audio(path), expected)


def test_an_empty_wav_with_tags_behind_is_empty_not_streamed():
    tags = b"LIST" + struct.pack("<I", 8000) + bytes(8000)
    with pytest.raises(AudioLengthError, match=re.escape("expected at least 0.1 s, got 0.000 s")):
        load_audio(wav_bytes(noise(0), after=tags))


def test_a_wav_cut_short_says_what_is_there():
    whole = wav_bytes(noise(3.0))
    with pytest.raises(
        TruncatedAudioError, match=r"cut off or damaged: .* only its first 1\.2 s"
    ) as caught:
        load_audio(whole[: 44 + 38_400])
    assert caught.value.readable == pytest.approx(1.2)


def test_blocks_give_everything_readable_before_the_truncation():
    whole = wav_bytes(noise(3.0, 48_000), rate=48_000)
    blocks = []
    with pytest.raises(TruncatedAudioError):
        blocks.extend(read_blocks(whole[: 44 + 96_000], block_seconds=0.3))
    assert len(np.concatenate(blocks)) == 16_000


@pytest.mark.parametrize("name", ["speech.flac", "speech.mp3", "speech.ogg", "speech.webm"])
@pytest.mark.parametrize("kept", [0.5, 0.8])
def test_a_cut_recording_is_called_truncated(name, kept):
    whole = (FIXTURES / name).read_bytes()
    with pytest.raises(TruncatedAudioError, match="cut off or damaged") as caught:
        load_audio(whole[: int(kept * len(whole))])
    assert 0 <= caught.value.readable < 3 * kept + 0.3


def test_a_cut_flac_says_how_much_is_readable():
    whole = (FIXTURES / "speech.flac").read_bytes()
    blocks = []
    with pytest.raises(TruncatedAudioError) as caught:
        blocks.extend(read_blocks(whole[: len(whole) // 2], block_seconds=0.1))
    readable = np.concatenate(blocks)
    assert len(readable) == round(caught.value.readable * 16_000) > 16_000
    np.testing.assert_array_equal(readable, load_audio(whole)[: len(readable)])


def test_an_m4a_without_its_index_is_damaged():
    whole = (FIXTURES / "speech.m4a").read_bytes()
    with pytest.raises(AudioFormatError, match="damaged or incomplete"):
        load_audio(whole[: len(whole) // 2])


def test_a_cut_m4a_with_its_index_in_front_is_truncated(tmp_path):
    path = tmp_path / "front.m4a"
    move_index_to_front(FIXTURES / "speech.m4a", path)
    assert len(load_audio(path)) == len(load_audio(FIXTURES / "speech.m4a"))
    whole = path.read_bytes()
    with pytest.raises(TruncatedAudioError) as caught:
        load_audio(whole[: len(whole) * 2 // 3])
    assert 1 < caught.value.readable < 2.5


def move_index_to_front(path: Path, target: Path) -> None:
    """Copy the audio into an MP4 with its index in front, as the web serves it."""
    import av

    with (
        av.open(path) as source,
        av.open(target, "w", format="mp4", options={"movflags": "faststart"}) as copy,
    ):
        track = copy.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.dts is not None:
                packet.stream = track
                copy.mux(packet)


@contextlib.contextmanager
def at_most(megabytes: float):
    """Fail when Python and numpy together allocate more than this within the block."""
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < megabytes * 1e6


@pytest.mark.parametrize("data_size", [10**6, 1_900_000_000])
def test_a_header_that_promises_gigabytes_allocates_nothing(data_size):
    audio = wav_bytes(noise(), data_size=data_size)
    with at_most(megabytes=1), pytest.raises(TruncatedAudioError):
        load_audio(audio)


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="needs /proc for the peak")
def test_a_wav_whose_tags_promise_gigabytes_allocates_nothing():
    wav = wav_bytes(noise())
    tags = b"LIST" + struct.pack("<I", 0x7F00001A) + b"INFOISFT" + struct.pack("<I", 0x7F00000E)
    program = (
        "import sys; from ser_core.audio import load_audio\n"
        "try: load_audio(sys.stdin.buffer)\n"
        "except ValueError as error: print(type(error).__name__)\n"
        # Not getrusage's peak, which a child process inherits from the one that started it.
        "peak = next(line for line in open('/proc/self/status') if line.startswith('VmHWM'))\n"
        "print(int(peak.split()[1]) < 500_000)"
    )
    done = run_python(program, input=wav[:36] + tags + wav[36:])
    assert done.stdout.decode().split() == ["AudioFormatError", "True"], done.stderr


def test_a_flac_that_promises_hours_allocates_nothing():
    flac = bytearray((FIXTURES / "speech.flac").read_bytes())
    flac[22:26] = struct.pack(">I", 0xFFFFFFF0)  # total samples in STREAMINFO
    with at_most(megabytes=2), pytest.raises(TruncatedAudioError) as caught:
        load_audio(bytes(flac))
    assert caught.value.readable == pytest.approx(3.0)


# What is refused


@pytest.mark.parametrize(
    ("make", "kind", "sentence"),
    [
        (lambda path: path, AudioFileError, "clip.wav does not exist"),
        (lambda path: path.mkdir() or path, AudioFileError, "clip.wav is a folder"),
        (lambda path: os.mkfifo(path) or path, AudioFileError, "clip.wav is a pipe or a device"),
        (lambda path: f"{path}\0", AudioFileError, "cannot be read"),
        (lambda path: str(path) + "x" * 300, AudioFileError, "cannot be read"),
        (lambda path: path.touch() or path, AudioFormatError, "clip.wav is empty: .* 0 bytes"),
        (lambda path: b"", AudioFormatError, "The audio is empty"),
        (lambda path: io.BytesIO(), AudioFormatError, "The audio is empty"),
        (lambda path: io.StringIO("text"), AudioFormatError, "opened as text"),
        (lambda path: None, AudioContentError, "wrong type: .* got NoneType"),
        (lambda path: 7, AudioContentError, "wrong type: .* got int"),
    ],
)
def test_what_is_no_file_is_refused(tmp_path, make, kind, sentence):
    with pytest.raises(kind, match=sentence) as caught:
        load_audio(make(tmp_path / "clip.wav"))
    assert str(tmp_path) not in str(caught.value)


def test_a_closed_file_is_refused():
    file = io.BytesIO(b"RIFF")
    file.close()
    with pytest.raises(AudioFileError, match="cannot be read"):
        load_audio(file)


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="permissions are POSIX")
def test_a_file_one_may_not_read_is_refused(tmp_path):
    path = tmp_path / "clip.wav"
    path.write_bytes(wav_bytes(noise()))
    path.chmod(0)
    user = os.geteuid()
    if user == 0:  # root may read anything, so be nobody for a moment
        os.seteuid(65_534)
    try:
        with pytest.raises(AudioFileError, match=r"clip\.wav may not be read"):
            load_audio(path)
    finally:
        os.seteuid(user)


PNG = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\x06\0\0\0\x1f\x15\xc4\x89"
    b"\0\0\0\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\0\x05\0\x01\xff\x89\x99=\x1d\0\0\0\0IEND\xaeB`\x82"
)


@pytest.mark.parametrize(
    "data",
    [
        b"x",
        b"RIFF",
        b"Dear all,\nplease find the recording attached.\n" * 50,
        b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
        PNG,
        b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(3000),
        b"%PDF-1.7\n" + bytes(3000),
        b"PK\x03\x04" + bytes(3000),
        bytes(100_000),
        np.random.default_rng(0).bytes(100_000),
        b"\xff\xfb\x90\x00" + np.random.default_rng(0).bytes(5000),
        b"ID3\x03\0\0\0\0\0\0" + np.random.default_rng(0).bytes(5000),
        wav_bytes(noise(), channels=0),
        wav_bytes(noise(), channels=2000),
        wav_bytes(noise(), rate=0),
    ],
)
def test_what_is_not_audio_is_refused(data):
    with pytest.raises(AudioFormatError, match="expected WAV, FLAC, OGG, MP3, M4A, WebM or MP4"):
        load_audio(data)


def test_noise_and_text_never_pass_for_audio():
    rng = np.random.default_rng(3)
    for length in rng.integers(1, 50_000, 300):
        with pytest.raises(AudioFormatError):
            load_audio(rng.bytes(int(length)))


def test_a_video_without_sound_is_refused():
    with pytest.raises(AudioFormatError, match=r"silent_video\.mp4 has no audio track"):
        load_audio(FIXTURES / "silent_video.mp4")


@pytest.mark.parametrize("rate", [1, 4000, 7999, 192_001, 384_000, 10**9])
def test_a_sample_rate_out_of_range_is_refused(rate):
    sentence = f"sample rate of {rate} Hz: expected 8000 to 192000 Hz"
    with pytest.raises(AudioFormatError, match=sentence):
        load_audio((rate, noise()))
    with pytest.raises(AudioFormatError, match=sentence):
        load_audio(wav_bytes(noise(), rate=rate))


@pytest.mark.parametrize(
    ("pair", "sentence"),
    [
        ((16_000, np.zeros(0)), r"not audio: .* got shape \(0,\)"),
        ((16_000, np.zeros((100, 0))), r"got shape \(100, 0\)"),
        ((16_000, np.zeros(())), r"got shape \(\)"),
        ((16_000, np.zeros((2, 3, 4000))), r"got shape \(2, 3, 4000\)"),
        ((16_000, np.zeros(4000, bool)), "wrong type: .* got bool"),
        ((16_000, np.zeros(4000, complex)), "wrong type: .* got complex128"),
        ((16_000, np.zeros(4000, object)), "wrong type: .* got object"),
        ((16_000, np.zeros(4000, np.int64)), "wrong type: .* got int64"),
        ((16_000, np.full(4000, "a")), "wrong type: .* got <U1"),
        ((16_000, [0.0] * 4000), r"no array: .* got \(int, list\)"),
        ((16_000,), "no array"),
        ((np.zeros(4000), 16_000), r"no array: .* got \(ndarray, int\)"),
        ((16_000.5, np.zeros(4000)), "no whole number"),
        ((True, np.zeros(4000)), "no whole number"),
        ((None, np.zeros(4000)), "no whole number"),
    ],
)
def test_an_array_that_is_not_audio_is_refused(pair, sentence):
    with pytest.raises(AudioContentError, match=sentence):
        load_audio(pair)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e38, 1e300])
@pytest.mark.parametrize("rate", [16_000, 48_000])
def test_samples_that_are_not_finite_are_refused(tmp_path, value, rate):
    samples = np.zeros(rate)
    samples[rate // 2] = value
    path = tmp_path / "clip.wav"
    soundfile.write(path, samples, rate, subtype="DOUBLE")
    for audio in (path, (rate, samples), (rate, np.stack([samples, samples], axis=1))):
        with pytest.raises(AudioContentError, match="not finite numbers"):
            load_audio(audio)


@pytest.mark.parametrize("frames", [1, 1599])
def test_less_than_a_tenth_of_a_second_is_refused(frames):
    for audio in ((16_000, np.zeros(frames)), wav_bytes(np.zeros(frames))):
        with pytest.raises(AudioLengthError, match=r"too short: expected at least 0\.1 s, got 0\."):
            load_audio(audio)
        with pytest.raises(AudioLengthError):
            list(read_blocks(audio))
    assert load_audio((16_000, np.zeros(1600))).shape == (1600,)


def test_longer_than_the_limit_is_refused_without_decoding_the_rest(tmp_path):
    assert len(load_audio(SPEECH_48K, max_seconds=3.0)) == 48_000
    with pytest.raises(AudioLengthError, match=r"speech\.m4a is too long: .* at most 2\.5 s"):
        load_audio(FIXTURES / "speech.m4a", max_seconds=2.5)
    path = tmp_path / "hours.wav"
    size = 2_000_000_000
    with open(path, "wb") as file:
        file.write(wav_bytes(np.zeros(0), data_size=size))
        file.truncate(44 + size)
    start = time.process_time()
    with pytest.raises(AudioLengthError, match="at most 5 s"):
        load_audio(path, max_seconds=5)
    assert time.process_time() - start < 1


def test_an_error_on_the_way_keeps_its_cause():
    class Unplugged(io.BytesIO):
        def read(self, size=-1):
            if self.tell() > 100_000:
                raise OSError(5, "Input/output error")
            return super().read(size)

    with pytest.raises(AudioFileError, match="stopped being readable") as caught:
        load_audio(Unplugged(SPEECH_48K.read_bytes()))
    assert isinstance(caught.value.__cause__, OSError)


def test_what_a_callers_file_raises_is_an_error_of_the_file():
    wav = wav_bytes(noise(2.0))
    half = gzip.compress(wav)[: len(wav) // 3]
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("clip.wav", wav)
    damaged = bytearray(zipped.getvalue())
    damaged[5_000] ^= 1

    class Remote(io.BytesIO):
        def read(self, size=-1):
            if self.tell() > 20_000 or size > 20_000:
                raise RuntimeError("the session is over")
            return super().read(size)

    with contextlib.ExitStack() as opened:
        for file, words in (
            (gzip.GzipFile(fileobj=io.BytesIO(half)), "ended before"),
            (zipfile.ZipFile(io.BytesIO(damaged)).open("clip.wav"), "Bad CRC-32"),  # noqa: SIM115
            (Remote(wav), "the session is over"),
        ):
            opened.enter_context(file)
            with pytest.raises(AudioFileError, match=words):
                load_audio(file)


# Nothing left behind


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_no_file_stays_open(tmp_path):
    cut = tmp_path / "cut.wav"
    cut.write_bytes(wav_bytes(noise(), data_size=10**6))
    text = tmp_path / "text.mp3"
    text.write_text("no sound")
    load_audio(FIXTURES / "speech.m4a")  # whatever PyAV opens once and for all
    before = open_files()
    for name in ENCODED:
        load_audio(FIXTURES / name)
        abandoned = read_blocks(FIXTURES / name, block_seconds=0.5)
        next(abandoned)
        assert open_files() != before
        del abandoned
        closed = read_blocks(FIXTURES / name, block_seconds=0.5)
        next(closed)
        closed.close()
        assert open_files() == before
    for path in (cut, text, FIXTURES / "silent_video.mp4"):
        with pytest.raises(AudioError):
            load_audio(path)
        assert open_files() == before


def test_no_file_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    temporary = Path(tempfile.gettempdir())
    before = set(temporary.iterdir())
    for name in [*ENCODED, "speech_male.wav"]:
        load_audio((FIXTURES / name).read_bytes())
    with pytest.raises(AudioError):
        load_audio((FIXTURES / "speech.m4a").read_bytes()[:5000])
    assert list(tmp_path.iterdir()) == []
    assert not [path for path in set(temporary.iterdir()) - before if "speech" in path.name]


def test_ffmpeg_is_not_loaded_for_a_wav_or_for_text():
    program = (
        "import sys; from ser_core.audio import load_audio\n"
        f"for name in {['speech_male.wav', 'speech.flac', 'speech.ogg']}:\n"
        f"    load_audio(r'{FIXTURES}/' + name)\n"
        "try: load_audio(b'some text')\n"
        "except ValueError: pass\n"
        "print(sorted({'av', 'librosa', 'scipy', 'tensorflow', 'pandas'} & set(sys.modules)))"
    )
    done = run_python(program)
    assert done.stdout.decode().strip() == "[]", done.stderr


# Damage of every kind


def assert_only_audio_errors(data: bytes) -> None:
    start = time.process_time()
    with contextlib.suppress(AudioError):
        samples = load_audio(data, max_seconds=60)
        assert np.isfinite(samples).all()
    assert time.process_time() - start < 5


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    changed = bytearray(data)
    # Half of the changes hit the header, where they do the most.
    reach = len(changed) if rng.random() < 0.5 else min(len(changed), 200)
    for _ in range(rng.integers(1, 12)):
        changed[rng.integers(reach)] = rng.integers(256)
    if rng.random() < 0.3:
        del changed[int(rng.integers(len(changed))) :]
    if rng.random() < 0.2:
        place = int(rng.integers(len(changed) + 1))
        changed[place:place] = rng.bytes(int(rng.integers(1, 100)))
    return bytes(changed)


def fuzz(rounds: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    whole = [(FIXTURES / name).read_bytes() for name in [*ENCODED, "silent_video.mp4"]]
    whole += [wav_bytes(noise(0.5)), wav_bytes(noise(0.5), data_size=0)]
    for container in ("AIFF", "AU", "CAF", "W64", "RF64", "WAVEX"):
        file = io.BytesIO()
        soundfile.write(file, noise(0.5), 16_000, format=container, subtype="PCM_16")
        whole.append(file.getvalue())
    for _ in range(rounds):
        for data in whole:
            assert_only_audio_errors(mutated(data, rng))


def test_damaged_files_raise_nothing_but_audio_errors():
    fuzz(rounds=8, seed=0)


@pytest.mark.slow
def test_thousands_of_damaged_files_raise_nothing_but_audio_errors():
    fuzz(rounds=300, seed=1)


SIGNATURES = [
    b"",
    b"RIFF\0\0\0\0WAVEfmt ",
    b"fLaC",
    b"OggS",
    b"ID3\3\0\0",
    b"\0\0\0\x20ftypM4A ",
    b"\x1aE\xdf\xa3",
    b"FORM\0\0\0\0AIFF",
    b".snd",
    b"caff",
    b"\xff\xfb\x90\x64",
    b"\xff\xf1",
]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(SIGNATURES), st.binary(max_size=2000))
def test_any_bytes_raise_nothing_but_audio_errors(signature, data):
    assert_only_audio_errors(signature + data)
