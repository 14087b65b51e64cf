"""Recordings are decoded to their end, whatever their headers, tags and tracks say of it."""

import io
import struct
import subprocess
import sys
from functools import cache
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from ser_core.audio import isolate, joined, load_audio, stated_sizes
from ser_core.audio.mpeg_frames import stated_seconds
from ser_core.audio.source import AudioSource, UntrustedPath
from ser_core.errors import AudioError, AudioFormatError, TruncatedAudioError
from tests.support import attacks
from tests.support.encoding import encode_tracks
from tests.support.recordings import FIXTURES, noise, voice, wav_bytes

RATE = 16_000  # [Hz]


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a decoder may take long to start; what is tested here is what it says."""
    monkeypatch.setattr(isolate, "PATIENCE", 600.0)


def speech(seconds: float = 4.0, rate: int = RATE) -> np.ndarray:
    """Speech that does not end in silence, mono float32."""
    return np.resize(voice("speech_female.wav", rate), round(seconds * rate))


@cache
def encode(
    container: str, codec: str, rate: int = 44_100, layout: str = "mono", **options: str
) -> bytes:
    """Four seconds of speech, encoded by FFmpeg, or by libsndfile where it has no encoder."""
    file = io.BytesIO()
    if codec == "vorbis":
        channels = 1 if layout == "mono" else 2
        sound = np.repeat(speech(rate=rate)[:, np.newaxis], channels, axis=1)
        soundfile.write(file, sound, rate, format="OGG", subtype="VORBIS")
        return file.getvalue()
    with av.open(file, "w", format=container, options=options) as media:
        track = media.add_stream(codec, rate=rate, layout=layout, options=options)
        write(media, track, speech(rate=rate), rate, layout)
    return file.getvalue()


def write(media, track, samples: np.ndarray, rate: int, layout: str = "mono") -> None:
    """Encode samples into a track of an open container, to its end."""
    channels = 1 if layout == "mono" else 2
    packed = np.repeat(samples, channels).reshape(1, -1).astype(np.float32)
    frame = av.AudioFrame.from_ndarray(packed, format="flt", layout=layout)
    frame.sample_rate = rate
    for packet in [*track.encode(frame), *track.encode(None)]:
        media.mux(packet)


def read(data: bytes) -> tuple[float, list[str]]:
    """The seconds that are decoded of a file, and the notes on it."""
    notes: list[str] = []
    return len(load_audio(data, on_note=notes.append)) / RATE, notes


def id3(size: int, content: bytes = b"") -> bytes:
    length = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x04\0\0" + length + content[:size].ljust(size, b"\0")


def mp3_frames(mp3: bytes) -> bytes:
    """An MP3 without its tag."""
    return mp3[10 + (mp3[6] << 21 | mp3[7] << 14 | mp3[8] << 7 | mp3[9]) :]


# MP3


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100])
def test_variable_rate_without_a_header_is_read_to_the_end(rate: int) -> None:
    quiet_first = np.concatenate([0.001 * noise(6.0, rate) / 32768, speech(6.0, rate)])
    file = io.BytesIO()
    with av.open(file, "w", format="mp3", options={"write_xing": "0"}) as media:
        track = media.add_stream("libmp3lame", rate=rate, layout="mono")
        track.codec_context.flags |= 2  # AV_CODEC_FLAG_QSCALE: variable rate
        track.codec_context.global_quality = 4 * 118
        write(media, track, quiet_first, rate)
    assert read(file.getvalue())[0] == pytest.approx(12.0, abs=0.4)


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_a_header_that_counts_too_few_frames_is_not_believed(share: float) -> None:
    mp3 = bytearray(encode("mp3", "libmp3lame"))
    place = max(mp3.find(b"Xing"), mp3.find(b"Info")) + 8
    (count,) = struct.unpack_from(">I", mp3, place)
    mp3[place : place + 4] = struct.pack(">I", round(share * count))
    assert read(bytes(mp3))[0] == pytest.approx(4.0, abs=0.15)


def test_a_cut_file_is_cut_however_large_the_picture_before_it() -> None:
    mp3 = mp3_frames(encode("mp3", "libmp3lame"))
    for size in (0, 20_000, 1_000_000):
        tagged = id3(size, b"\xff\xfb\x90" * 100) + mp3
        assert read(tagged)[0] == pytest.approx(4.0, abs=0.1)
        with pytest.raises(TruncatedAudioError):
            load_audio(tagged[: len(tagged) - len(mp3) // 2])


@pytest.mark.parametrize("words", [b"Xing", b"Info", b"VBRI", b"fLaC", b"OggS", b"Information"])
def test_letters_of_a_header_in_a_tag_are_a_tag(words: bytes) -> None:
    plain = encode("mp3", "libmp3lame", write_xing="0", id3v2_version="0")
    tagged = id3(200, b"COMM" + words + b"\0\0\0\x0f\0\0\1\0") + plain
    np.testing.assert_array_equal(load_audio(tagged), load_audio(plain))


def test_nothing_is_printed_by_the_decoders(tmp_path: Path) -> None:
    file = io.BytesIO()
    soundfile.write(file, speech(), RATE, format="MP3")
    mp3 = file.getvalue()
    damaged = bytearray(mp3)
    damaged[3000:5000] = bytes(2000)
    for number, content in enumerate((mp3, damaged, mp3[:9000], b"\xff\xfb\x90\x44" * 500)):
        (tmp_path / f"{number}.mp3").write_bytes(content)
    program = (
        "import sys; from ser_core.audio import load_audio\n"
        "for path in sys.argv[1:]:\n"
        "    try: load_audio(path)\n"
        "    except ValueError: pass\n"
    )
    command = [sys.executable, "-c", program, *map(str, sorted(tmp_path.iterdir()))]
    done = subprocess.run(command, capture_output=True, cwd=FIXTURES.parents[1])
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


# Joined files, tags around them


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("mp3", "libmp3lame"), ("mp3", "libmp3lame")),
        (("mp3", "libmp3lame"), ("mp3", "libmp3lame", 22_050, "stereo")),
        (("ogg", "vorbis"), ("ogg", "vorbis")),
        (("ogg", "vorbis"), ("ogg", "vorbis", 16_000, "stereo")),
        (("ogg", "libopus", 48_000), ("ogg", "libopus", 48_000, "stereo")),
        (("ogg", "libopus", 48_000), ("ogg", "vorbis")),
        (("flac", "flac"), ("flac", "flac", 48_000, "stereo")),
        (("adts", "aac"), ("adts", "aac", 22_050, "stereo")),
        (("wav", "pcm_s16le"), ("wav", "pcm_s16le", 8_000)),
        (("aiff", "pcm_s16be"), ("aiff", "pcm_s16be", 8_000)),
        (("matroska", "libopus", 48_000), ("matroska", "libopus", 48_000)),
        (("mp4", "aac"), ("mp4", "aac", 22_050)),
        (("voc", "pcm_u8"), ("voc", "pcm_u8", 22_050)),
        (("wav", "pcm_s16le"), ("ogg", "vorbis")),
        (("ogg", "vorbis"), ("wav", "pcm_s16le")),
        (("ogg", "libopus", 48_000), ("mp3", "libmp3lame")),
    ],
)
def test_joined_files_are_read_one_after_the_other(first: tuple, second: tuple) -> None:
    files = [encode(*first), encode(*second)]
    alone = [read(file)[0] for file in files]
    both, notes = read(b"".join(files))
    assert both == pytest.approx(sum(alone), abs=0.1)
    assert notes == []


def test_a_file_joined_to_itself_is_read_twice(tmp_path: Path) -> None:
    for name in ("speech.mp3", "speech.ogg", "speech.opus", "speech.flac"):
        whole = (FIXTURES / name).read_bytes()
        path = tmp_path / name
        path.write_bytes(2 * whole)
        for given in (path, UntrustedPath(path)):
            assert len(load_audio(given)) == pytest.approx(2 * len(load_audio(whole)), abs=1600)


def test_of_joined_files_the_second_may_be_cut() -> None:
    whole = (FIXTURES / "speech.ogg").read_bytes()
    with pytest.raises(TruncatedAudioError) as caught:
        load_audio(whole + whole[: len(whole) // 2])
    assert 3.5 < caught.value.readable < 5.5


@pytest.mark.parametrize(
    "kind",
    [
        ("wav", "pcm_s16le"),
        ("flac", "flac"),
        ("ogg", "vorbis"),
        ("matroska", "libopus", 48_000),
        ("mp4", "aac"),
    ],
)
def test_of_too_many_joined_files_the_rest_is_noted(
    kind: tuple, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = encode(*kind)
    for most in (1, 3):
        monkeypatch.setattr(joined, "_MOST", most)
        assert read(most * file) == (pytest.approx(4.0 * most, abs=0.3), [])
        seconds, notes = read((most + 2) * file)
        assert seconds == pytest.approx(4.0 * most, abs=0.3)
        size = f"{2 * len(file) / 1000:.0f} kB"
        assert notes == [f"{size} behind the first {most} recordings in it were not read."]


@pytest.mark.parametrize(
    "name", ["speech.mp3", "speech.ogg", "speech.opus", "speech.flac", "speech_male.wav", "aac"]
)
def test_tags_on_either_side_are_passed_over(name: str) -> None:
    plain = encode("adts", "aac") if name == "aac" else (FIXTURES / name).read_bytes()
    expected = load_audio(plain)
    ape = b"APETAGEX" + struct.pack("<4I8x", 2000, 64, 0, 0)
    for before, behind in (
        (id3(300), b""),
        (id3(100_000) + id3(40), b"TAG" + bytes(125)),
        (b"", b"x" * 32 + ape),
        (id3(50, b"OggS fLaC \xff\xf1"), bytes(32) + ape + b"TAG".ljust(128, b"x")),
    ):
        samples = load_audio(before + plain + behind)
        assert len(samples) == pytest.approx(len(expected), abs=400)


@pytest.mark.parametrize(
    "kind",
    [
        ("mp3", "libmp3lame"),
        ("adts", "aac"),
        ("ac3", "ac3", 48_000),
        ("flac", "flac"),
        ("mp4", "aac"),
        ("wav", "pcm_s16le"),
    ],
)
def test_a_tag_takes_nothing_of_the_sound_whatever_size_it_states(kind: tuple) -> None:
    plain = encode(*kind, write_xing="0") if kind[0] == "mp3" else encode(*kind)
    expected = load_audio(plain)
    rng = np.random.default_rng(0)
    for tag in ("ape", "3di", *(["id3"] if kind[0] in ("mp3", "adts", "flac") else [])):
        notes: list[str] = []
        samples = load_audio(attacks.false_tag(tag)(plain, rng), on_note=notes.append)
        assert len(samples) == pytest.approx(len(expected), abs=400)
        assert notes == []


@pytest.mark.parametrize("first", [("mp3", "libmp3lame"), ("adts", "aac")])
def test_another_file_behind_frames_is_noted(first: tuple) -> None:
    seconds, notes = read(encode(*first) + encode("wav", "pcm_s16le"))
    assert seconds == pytest.approx(4.0, abs=0.1)
    (note,) = notes
    assert note.endswith("and were left out.")


def test_what_is_no_recording_behind_the_end_is_noted() -> None:
    behind = np.random.default_rng(0).bytes(5_000)
    for container in ("AU", "AIFF", "W64", "CAF"):
        file = io.BytesIO()
        soundfile.write(file, noise(), RATE, format=container, subtype="PCM_16")
        seconds, notes = read(file.getvalue() + behind)
        assert seconds == pytest.approx(1.0)
        assert "5 kB behind the end that its header states were not read." in notes


def test_thousands_of_chunks_behind_the_samples_are_not_gone_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stated_sizes, "_MAX_CHUNKS", 10)
    seconds, notes = read(wav_bytes(noise()) + 300 * b"junk\0\0\0\0")
    assert seconds == pytest.approx(1.0)
    assert notes == ["2 kB behind the end that its header states were not read."]


# Sizes and counts that are stated


@pytest.mark.parametrize("offset", [-1, 40, 2**63 - 1, 2**70])
def test_a_place_that_no_file_has_has_no_bytes(offset: int, tmp_path: Path) -> None:
    path = tmp_path / "clip.wav"
    path.write_bytes(bytes(range(40)))
    for given in (path, path.read_bytes()):
        with AudioSource(given) as source:
            source.seek(3)
            assert source.read_at(offset, 4) == b""
            assert source.part(10, 20).read_at(offset, 4) == b""


@pytest.mark.parametrize(("place", "words"), [(21, b"Xing"), (36, b"VBRI")])
def test_a_header_of_the_smallest_frames_counts_nothing(place: int, words: bytes) -> None:
    frame = b"\xff\xf3\x14\0".ljust(24, b"\0")
    head = bytearray(2 * frame)
    head[place : place + 4] = words
    assert stated_seconds(bytes(head[: max(28, place + 4)])) is None


@pytest.mark.parametrize("size", [0, 0x7F000008, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
@pytest.mark.parametrize("container", ["AIFF", "AU", "CAF", "W64", "RF64"])
def test_a_size_that_is_not_known_promises_nothing(container: str, size: int) -> None:
    file = io.BytesIO()
    soundfile.write(file, noise(), RATE, format=container, subtype="PCM_16")
    whole = bytearray(file.getvalue())
    long_size = struct.pack("<q", -1 if size else 0)
    if container == "AIFF":
        place = whole.find(b"SSND") + 4
        whole[4:8] = whole[place : place + 4] = struct.pack(">I", size)
        whole[22:26] = struct.pack(">I", min(size, 0x7F000000))
    elif container == "AU":
        whole[8:12] = struct.pack(">I", size)
    elif container == "CAF":
        place = whole.find(b"data", 60) + 4
        whole[place : place + 8] = long_size[::-1]
    else:
        place = 36 - 8 if container == "RF64" else whole.find(b"data\xf3\xac") + 16
        whole[place : place + 8] = long_size
    samples = load_audio(bytes(whole))
    np.testing.assert_array_equal(samples[:RATE], load_audio((RATE, noise())))


@pytest.mark.parametrize("container", ["AIFF", "AU", "CAF", "W64"])
def test_a_size_that_promises_more_is_a_cut_file(container: str) -> None:
    file = io.BytesIO()
    soundfile.write(file, noise(2.0), RATE, format=container, subtype="PCM_16")
    with pytest.raises(TruncatedAudioError) as caught:
        load_audio(file.getvalue()[:-32_000])
    assert caught.value.readable == pytest.approx(1.0, abs=0.01)


def test_an_mp3_in_a_piped_wav_is_whole() -> None:
    mp3 = encode("wav", "libmp3lame")
    place = mp3.find(b"data") + 4
    for size in (0, 0xFFFFFFFF, 0x7FFFF000):
        piped = mp3[:4] + b"\xff\xff\xff\xff" + mp3[8:place] + struct.pack("<I", size)
        assert read(piped + mp3[place + 4 :])[0] == pytest.approx(4.0, abs=0.1)
    with pytest.raises(TruncatedAudioError):
        load_audio(mp3[: len(mp3) // 2])


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_flac_that_counts_too_few_samples_is_read_to_the_end(share: float) -> None:
    flac = bytearray((FIXTURES / "speech.flac").read_bytes())
    count = int.from_bytes(flac[18:26], "big")
    total = count & 2**36 - 1
    flac[18:26] = (count - total + round(share * total)).to_bytes(8, "big")
    assert read(bytes(flac))[0] == pytest.approx(total / RATE, abs=0.01)


def test_missing_packets_are_noted() -> None:
    whole = io.BytesIO(encode("matroska", "libopus", 48_000))
    target = io.BytesIO()
    with av.open(whole) as source, av.open(target, "w", format="matroska") as copy:
        track = copy.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.dts is not None and not 0.7 < packet.pts * packet.time_base < 3.5:
                packet.stream = track
                copy.mux(packet)
    seconds, notes = read(target.getvalue())
    assert seconds == pytest.approx(1.2, abs=0.1)
    assert any("are missing or damaged" in note for note in notes)


# Tracks


def tracks(container: str, *tracks: tuple[float, bool]) -> bytes:
    """A file of several tracks of AAC, each of some amplitude, marked as the default or not."""
    file = io.BytesIO()
    sound = speech(rate=48_000)
    with av.open(file, "w", format=container) as media:
        streams = [media.add_stream("aac", rate=48_000, layout="mono") for _ in tracks]
        for stream, (_, is_default) in zip(streams, tracks, strict=True):
            stream.disposition = 1 if is_default else 0
        packets = []
        for stream, (amplitude, _) in zip(streams, tracks, strict=True):
            frame = av.AudioFrame.from_ndarray(
                (amplitude * sound)[np.newaxis].astype(np.float32), format="flt", layout="mono"
            )
            frame.sample_rate, frame.pts = 48_000, 0
            packets += [*stream.encode(frame), *stream.encode(None)]
        for packet in sorted(packets, key=lambda packet: packet.pts):
            media.mux(packet)
    return file.getvalue()


@pytest.mark.parametrize("container", ["mov", "mp4", "matroska"])
@pytest.mark.parametrize(
    ("given", "chosen", "said"),
    [
        (((0.0, True), (1.0, False)), 2, "track 1 (silent)"),
        (((1e-5, True), (1.0, False)), 2, "track 1 (silent)"),
        (((1.0, False), (0.5, True)), 2, "track 1 was"),
        (((0.2, False), (1.0, False)), 2, "track 1 was"),
        (((0.0, True), (0.3, False), (1.0, False)), 3, "tracks 1 (silent), 2 were"),
    ],
)
def test_the_track_with_sound_is_the_recording(
    container: str, given: tuple, chosen: int, said: str, tmp_path: Path
) -> None:
    if container != "matroska" and not any(is_default for _, is_default in given):
        pytest.skip("FFmpeg marks the first track of an MP4 where none is marked")
    path = tmp_path / f"clip.{container}"
    path.write_bytes(tracks(container, *given))
    for kind in (str, UntrustedPath):
        notes: list[str] = []
        samples = load_audio(kind(path), on_note=notes.append)
        level = np.abs(samples).max() / np.abs(speech()).max()
        assert level == pytest.approx(given[chosen - 1][0], rel=0.3)
        assert len(notes) == 1
        assert f"the answer is for number {chosen}; {said}" in notes[0]


@pytest.mark.parametrize("is_first", [True, False])
def test_a_track_that_speaks_later_is_not_called_silent(is_first: bool) -> None:
    """Tracks are compared over half a minute, and nothing is said of what comes behind it."""
    spoken = np.resize(speech(rate=48_000), (60 * 48_000, 1))
    late = spoken.copy()
    late[: 40 * 48_000] = 0
    movie = encode_tracks(
        "mp4", ["aac", "aac"], [late, spoken] if is_first else [spoken, late], 48_000
    )
    seconds, (note,) = read(movie)
    assert seconds == pytest.approx(60.0, abs=0.1)
    assert f"track {1 if is_first else 2} (silent in its first 30 s) was left out" in note


def test_a_cut_matroska_of_several_tracks_is_cut() -> None:
    movie = tracks("matroska", (1.0, True), (0.5, False))
    with pytest.raises(TruncatedAudioError) as caught:
        load_audio(movie[: len(movie) // 2])
    assert caught.value.readable == pytest.approx(2.0, abs=0.3)
    place = movie.find(b"\x18\x53\x80\x67") + 4
    live = movie[:place] + b"\x01" + 7 * b"\xff" + movie[place + 8 :]  # no size is stated
    assert read(live)[0] == pytest.approx(4.0, abs=0.1)
    assert read(live[: len(live) // 2])[0] == pytest.approx(2.0, abs=0.3)


@pytest.mark.parametrize("place", ["first", "only"])
def test_a_track_that_nobody_decodes_is_passed_over_and_named(place: str) -> None:
    amplitudes = [(1.0, True)] if place == "only" else [(1.0, True), (1.0, False)]
    movie = tracks("mp4", *amplitudes).replace(b"mp4a", b"zzzz", 1).replace(b"esds", b"xxxx", 1)
    if place == "first":
        seconds, notes = read(movie)
        assert seconds == pytest.approx(4.0, abs=0.1)
        assert "track 1 (in a coding that cannot be read here) was left out" in notes[0]
    else:
        with pytest.raises(AudioFormatError, match=r"a coding that cannot be read here \(zzzz\)"):
            load_audio(movie)


def test_of_a_video_the_coding_of_its_sound_is_named() -> None:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as media:
        pictures = media.add_stream("mpeg4", rate=25)
        pictures.width, pictures.height, pictures.pix_fmt = 32, 32, "yuv420p"
        sound = media.add_stream("aac", rate=48_000, layout="mono")
        picture = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
        for packet in [*pictures.encode(picture), *pictures.encode(None)]:
            media.mux(packet)
        write(media, sound, speech(rate=48_000), 48_000)
    movie = file.getvalue().replace(b"mp4a", b"zzzz").replace(b"esds", b"xxxx")
    with pytest.raises(AudioFormatError, match=r"a coding that cannot be read here \(zzzz\)"):
        load_audio(movie)


def test_an_unknown_coding_of_a_wav_is_named() -> None:
    wav = bytearray(wav_bytes(noise()))
    wav[20:22] = struct.pack("<H", 0x6789)
    with pytest.raises(AudioFormatError, match="format 0x6789 of WAV"):
        load_audio(bytes(wav))


@pytest.mark.parametrize(
    ("container", "codec"), [("mp4", "mpeg4"), ("webm", "libvpx"), ("avi", "mpeg4"), ("flv", "flv")]
)
def test_a_video_alone_says_so(container: str, codec: str) -> None:
    file = io.BytesIO()
    with av.open(file, "w", format=container) as media:
        track = media.add_stream(codec, rate=25)
        track.width, track.height, track.pix_fmt = 32, 32, "yuv420p"
        for _ in range(10):
            picture = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
            media.mux(track.encode(picture))
        media.mux(track.encode(None))
    with pytest.raises(AudioFormatError, match="has no audio track: expected sound, got a video"):
        load_audio(file.getvalue())


def test_damaged_bytes_of_joined_and_tagged_files_raise_nothing_else() -> None:
    rng = np.random.default_rng(0)
    names = ("speech.mp3", "speech.ogg", "speech.flac", "speech.m4a", "speech.webm")
    files = [(FIXTURES / name).read_bytes() for name in names]
    for _ in range(20):
        for file in files:
            joined = bytearray(id3(20) + file + id3(5) + file)
            for place in rng.integers(len(joined), size=8):
                joined[place] = rng.integers(256)
            try:
                load_audio(bytes(joined))
            except AudioError:
                continue
