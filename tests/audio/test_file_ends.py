"""How a file ends: within a packet, with another recording behind it, or where it says."""

import io
import pickle
import struct

import numpy as np
import pytest
import soundfile

from ser_core.audio import SAMPLE_RATE, flac_frames, load_audio, ogg_pages
from ser_core.audio.joined import find_parts
from ser_core.audio.source import AudioSource
from ser_core.audio.stated_sizes import stated_size
from ser_core.errors import AudioFormatError, TruncatedAudioError
from tests.support import attacks
from tests.support.attacks import Attack
from tests.support.encoding import Carrier, encode, sound
from tests.support.recording_cases import PIPED, PLAIN

CONTAINERS = ("flac", "mov", "matroska", "asf", "avi", "tta", "wv", "flv", "mpegts", "mpeg")


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("share", [0.76])
def test_a_cut_file_says_so_whatever_it_is(container: str, share: float) -> None:
    whole = encode(carrier_of(container))
    notes: list[str] = []
    load_audio(whole, on_note=notes.append)
    assert notes == []
    try:
        load_audio(whole[: int(share * len(whole))], on_note=notes.append)
    except TruncatedAudioError as error:
        notes.append(str(error))
    except AudioFormatError:  # without the tables behind its samples
        assert container == "mov"
        return
    (said,) = notes
    assert "cut off" in said


@pytest.mark.parametrize("container", CONTAINERS)
def test_another_container_behind_is_read_or_noted(container: str) -> None:
    first, second = encode(carrier_of(container)), encode(carrier_of("wav"))
    notes: list[str] = []
    try:
        samples = load_audio(first + second, on_note=notes.append)
    except TruncatedAudioError:
        assert container == "mpegts"
        return
    assert len(samples) / SAMPLE_RATE > 9.5 or notes


@pytest.mark.parametrize("container", [name for name in CONTAINERS if name != "mpegts"])
def test_padding_behind_is_no_loss(container: str) -> None:
    notes: list[str] = []
    samples = load_audio(encode(carrier_of(container)) + bytes(3_000), on_note=notes.append)
    assert len(samples) / SAMPLE_RATE > 4.5
    assert notes == []


@pytest.mark.parametrize("container", ["wv", "tta", "asf", "flac", "matroska"])
def test_what_is_joined_is_answered_whole(container: str) -> None:
    notes: list[str] = []
    samples = load_audio(2 * encode(carrier_of(container)), on_note=notes.append)
    assert len(samples) / SAMPLE_RATE > 9.5
    assert notes == []


RNG = np.random.default_rng(0)


def movie(options: str = "") -> bytes:
    return encode(Carrier(".m4a", "mp4", "aac", container_options=options))


@pytest.mark.parametrize("share", [0.3, 0.5, 0.9])
def test_a_cut_movie_says_so_where_its_duration_cannot_tell(share: float) -> None:
    fragments = movie("movflags=frag_keyframe+empty_moov frag_duration=500000")
    third = fragments.find(b"moof", fragments.find(b"moof", fragments.find(b"moof") + 1) + 1)
    files = [(fragments, round(share * len(fragments))), (fragments, third + 30)]
    for duration in (0, 1, 0.3, 0xFFFFFFFF):
        misstate = attacks.number_at(b"mdhd", 20, ">I", duration)
        file = misstate(attacks.table_first(movie(), RNG), RNG)
        files.append((file, round(share * len(file))))
    for file, length in files:
        notes: list[str] = []
        load_audio(file, on_note=notes.append)
        assert notes == []
        with pytest.raises(TruncatedAudioError):
            load_audio(file[:length])


@pytest.mark.parametrize("arrange", [attacks.cut(1), attacks.table_first])
def test_joined_movies_are_read_whether_or_not_they_name_a_brand(arrange: Attack) -> None:
    branded = arrange(movie(), RNG)
    bare = attacks.unbrand(branded, RNG)
    alone = load_audio(branded)
    for file in (bare, bare + bare, branded + bare, bare + branded, 3 * bare):
        samples = load_audio(file)
        assert len(samples) == pytest.approx(round(len(file) / len(bare)) * len(alone), abs=100)
        np.testing.assert_allclose(samples[-8_000:], alone[-8_000:], atol=1e-6)


def test_samples_that_are_counted_a_little_too_long_are_no_cut() -> None:
    notes: list[str] = []
    file = attacks.table_first(movie(), RNG)
    place = file.find(b"mdat") - 4
    size = int.from_bytes(file[place : place + 4], "big") + 8
    load_audio(file[:place] + size.to_bytes(4, "big") + file[place + 4 :], on_note=notes.append)
    assert notes == []


def ogg(codec: str) -> bytes:
    """A recording in Ogg, whole."""
    wanted = (one for one in PLAIN if one.codec == codec and one.ending in (".ogg", ".opus"))
    return encode(next(wanted))


@pytest.mark.parametrize("name", ["libopus", "VORBIS"])
@pytest.mark.parametrize("position", [-1, 0])
def test_ogg_whose_pages_count_nothing_is_read_to_the_end(name: str, position: int) -> None:
    whole = ogg(name)
    uncounted = attacks.ogg_positions(position)(whole, np.random.default_rng(0))
    assert uncounted != whole
    notes: list[str] = []
    samples = load_audio(uncounted, on_note=notes.append)
    assert len(samples) == pytest.approx(len(load_audio(whole)), abs=0.05 * SAMPLE_RATE)
    assert notes == []


@pytest.mark.parametrize("codec", ["VORBIS", "OPUS"])
@pytest.mark.parametrize("seconds", [0.5, 2.0])
def test_a_last_page_that_states_too_little_is_read_whole(codec: str, seconds: float) -> None:
    rate = 16_000 if codec == "VORBIS" else 48_000
    samples = np.resize(sound("voices", rate, 1)[:, 0], round(seconds * rate))
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="OGG", subtype=codec)
    whole = file.getvalue()
    expected = load_audio(whole)
    assert len(expected) == round(seconds * SAMPLE_RATE)
    for step in (400, 2_400, -400):
        if step < 0 and seconds < 1:
            continue  # there is no page before to count back from
        notes: list[str] = []
        read = load_audio(attacks.last_ogg_step(step)(whole, RNG), on_note=notes.append)
        assert len(expected) <= len(read) < len(expected) + 0.03 * SAMPLE_RATE
        np.testing.assert_allclose(read[: len(expected) - 100], expected[:-100], atol=1e-6)
        assert notes == []


@pytest.mark.parametrize("longest", [1, 100])
@pytest.mark.parametrize("behind", [0, 5_000])
def test_a_flac_whose_header_is_wrong_twice_is_read_whole(longest: int, behind: int) -> None:
    whole = encode(carrier_of("flac"))
    wrong = attacks.flac_longest(longest)(attacks.flac_count(0.3)(whole, RNG), RNG)
    assert len(load_audio(wrong + bytes(behind))) == len(load_audio(whole))


def test_frames_of_flac_behind_those_that_are_counted_are_noted() -> None:
    notes: list[str] = []
    load_audio(attacks.repeat_flac_frames(encode(carrier_of("flac")), RNG), on_note=notes.append)
    (note,) = notes
    assert note.endswith("kB behind the end that its header states were not read.")


@pytest.mark.parametrize("block", [1024, 4096, 8192])
@pytest.mark.parametrize("codec", ["adpcm_ms", "adpcm_ima_wav"])
def test_a_last_block_that_is_not_all_there_is_read(codec: str, block: int) -> None:
    whole = encode(Carrier(".wav", "wav", codec, 22_050, options=f"block_size={block}"))
    halved = attacks.halve_last_block(block)(whole, RNG)
    read = len(load_audio(halved)) / SAMPLE_RATE
    per_byte = len(load_audio(whole)) / SAMPLE_RATE / len(whole)
    assert read == pytest.approx(len(halved) * per_byte, abs=0.05)


@pytest.mark.parametrize("share", [0.0, 0.3, 3.0])
def test_an_rf64_is_read_to_the_end_that_is_there(share: float) -> None:
    whole = encode(next(one for one in PLAIN if one.container_options.startswith("rf64")))
    notes: list[str] = []
    samples = load_audio(attacks.rf64_sizes(share)(whole, RNG), on_note=notes.append)
    np.testing.assert_array_equal(samples, load_audio(whole))
    assert notes == []


@pytest.mark.parametrize("container", ["wav", "ipod", "aiff", "au", "caf", "w64", "NIST", "wv"])
def test_zeros_between_two_recordings_are_no_end(container: str) -> None:
    whole = encode(carrier_of(container))
    notes: list[str] = []
    samples = load_audio(attacks.repeat(bytes(20_000))(whole, RNG), on_note=notes.append)
    assert len(samples) == pytest.approx(2 * len(load_audio(whole)), abs=2)
    assert notes == []


@pytest.mark.parametrize("container", ["flac", "asf", "tta", "voc", "amr", "matroska"])
def test_another_container_between_two_recordings_is_read(container: str) -> None:
    voc = Carrier(".voc", "voc", "pcm_u8")
    whole = encode(voc if container == "voc" else carrier_of(container))
    between = encode(carrier_of("wav"))
    notes: list[str] = []
    samples = load_audio(attacks.repeat(between)(whole, RNG), on_note=notes.append)
    expected = 2 * len(load_audio(whole)) + len(load_audio(between))
    assert len(samples) == pytest.approx(expected, abs=20)
    assert notes == []


def test_a_long_pause_behind_a_size_that_is_not_true_hides_nothing() -> None:
    speech = (sound("voices", 8_000, 1)[:16_000, 0] * 32_767).astype("<i2").tobytes()
    file = io.BytesIO()
    soundfile.write(file, np.frombuffer(speech, "<i2"), 8_000, format="WAV", subtype="PCM_16")
    notes: list[str] = []
    load_audio(file.getvalue() + bytes(66_000) + speech, on_note=notes.append)
    assert notes == ["32 kB behind the end that its header states were not read."]


def test_what_is_behind_a_low_bit_rate_is_little_and_noted() -> None:
    whole = encode(Carrier(".wav", "wav", "g726", 8_000))
    place = whole.find(b"data") + 4
    size = int.from_bytes(whole[place : place + 4], "little") - 780
    notes: list[str] = []
    short = whole[:place] + size.to_bytes(4, "little") + whole[place + 4 :]
    load_audio(short, on_note=notes.append)
    assert notes == ["780 bytes behind the end that its header states were not read."]


@pytest.mark.parametrize(
    ("container", "change"),
    [("wav", attacks.big_endian_wav), ("NIST", attacks.forget_nist_coding)],
)
def test_a_rare_header_is_read_for_its_size(container: str, change: Attack) -> None:
    whole = encode(carrier_of(container))
    changed = change(whole, RNG)
    notes: list[str] = []
    samples = load_audio(changed, on_note=notes.append)
    np.testing.assert_array_equal(samples, load_audio(whole))
    assert notes == []
    with pytest.raises(TruncatedAudioError):
        load_audio(changed[: len(changed) // 2])
    assert len(load_audio(2 * changed)) == 2 * len(samples)


def test_a_second_chunk_of_samples_is_noted() -> None:
    whole = encode(carrier_of("wav"))
    notes: list[str] = []
    samples = load_audio(attacks.divide_wav(whole, RNG), on_note=notes.append)
    np.testing.assert_array_equal(samples, load_audio(whole)[: len(samples)])
    assert notes == ["78 kB behind the end that its header states were not read."]


def test_false_marks_of_ogg_cost_little(monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[int] = []
    read_at = AudioSource.read_at
    monkeypatch.setattr(
        AudioSource, "read_at", lambda *given: reads.append(given[1]) or read_at(*given)
    )
    page = ogg("VORBIS")
    with AudioSource(page + b"OggS\0\xff" * 300_000) as source:
        find_parts(source)
    assert len(reads) < 1_000


NOT_COUNTED = "Its pages do not count its sound, so some of it may not be read."


def opus_without_positions() -> tuple[bytes, bytes]:
    """A recording in Opus, and the same one with pages that count nothing."""
    whole = ogg("libopus")
    return whole, attacks.ogg_positions(-1)(whole, np.random.default_rng(0))


def test_opus_of_too_many_pages_to_be_counted_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ogg_pages, "_MOST_PAGES", 1)
    whole, uncounted = opus_without_positions()
    notes: list[str] = []
    load_audio(whole, on_note=notes.append)
    assert notes == []
    load_audio(uncounted, on_note=notes.append)
    assert notes == [NOT_COUNTED]


def test_opus_beside_another_stream_that_counts_nothing_is_noted() -> None:
    for content, said in zip(opus_without_positions(), ([], [NOT_COUNTED]), strict=True):
        first = content[: 28 + content[27]]  # once more, as the first page of another stream
        other = first[:14] + b"else" + first[18:22] + bytes(4) + first[26:]
        checksum = struct.pack("<I", ogg_pages.page_checksum(other))
        source = AudioSource(io.BytesIO(other[:22] + checksum + other[26:] + content))
        find_parts(source)
        assert source.notes == said


@pytest.mark.parametrize(("container", "unsaid"), [("CAF", 4), ("W64", 24)])
@pytest.mark.parametrize("copies", [(1, 0), (1, 1), (2, 0), (2, 1)])
def test_a_header_that_a_pipe_has_repeated_is_no_sound(
    container: str, unsaid: int, copies: tuple[int, int]
) -> None:
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, 16_000)
    whole = io.BytesIO()
    soundfile.write(whole, samples, 16_000, format=container, subtype="PCM_16")
    size = struct.pack(*(("<q", unsaid) if container == "W64" else (">q", unsaid)))
    file = whole.getvalue()
    start = len(file) - 2 * len(samples)
    size_at = start - (8 if container == "W64" else 12)
    header = file[:size_at] + size + file[size_at + 8 : start]
    before, behind = copies
    notes: list[str] = []
    piped = header * before + file[start:] + header * behind
    assert len(load_audio(piped, on_note=notes.append)) == 16_000
    np.testing.assert_array_equal(load_audio(piped), load_audio(file))
    assert notes == []


def test_ogg_without_an_end_is_read_and_noted() -> None:
    for codec in ("libopus", "VORBIS"):
        whole = ogg(codec)
        endless = attacks.ogg_positions(None, ends=False)(whole, np.random.default_rng(0))
        notes: list[str] = []
        np.testing.assert_array_equal(load_audio(endless, on_note=notes.append), load_audio(whole))
        assert notes == ["Its last page is not marked as its end, so it may be cut off."]


def test_live_webm_that_is_cut_is_noted() -> None:
    (live,) = (one for one in PIPED if one.container == "webm")
    notes: list[str] = []
    load_audio(encode(live), on_note=notes.append)
    assert notes == []
    load_audio(encode(live)[:30_000], on_note=notes.append)
    assert notes == ["It ends within a packet, so it may be cut off."]


def test_a_crafted_structure_costs_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables, frames and blocks of which a file of megabytes can state millions."""
    tta = b"TTA1\x01\x00\x01\x00\x10\x00" + struct.pack("<3I", 1, 1_100_000, 0)
    with AudioSource(tta + b"\xff" * 4_500_000) as source:
        assert stated_size(source, "tta") is None
    with AudioSource(b"#!AMR\n" + b"\x7c" * 1_100_000) as source:
        assert stated_size(source, "amr") is None
    looked_at: list[bytes] = []
    monkeypatch.setattr(flac_frames, "_frame_number", looked_at.append)
    stream = b"fLaC\x00\x00\x00\x22" + bytes(7) + b"\xff\xff\xff" + bytes(24)
    for filling in (b"\xff" * 6, b"\xff\xf8\x18\x00\x00\x01"):
        with AudioSource(stream + filling * 100_000) as source:
            assert flac_frames.find_end(source) == source.size
    assert len(looked_at) <= 20_000
    block = b"wvpk" + struct.pack("<I", 24) + bytes(24)
    reads: list[int] = []
    read_at = AudioSource.read_at
    monkeypatch.setattr(
        AudioSource, "read_at", lambda *given: reads.append(given[1]) or read_at(*given)
    )
    with AudioSource(block * 150_000) as source:
        find_parts(source)
    assert len(reads) < 101_000


def test_an_error_carries_the_notes_on_its_recording() -> None:
    loud = (np.clip(3 * sound("voices", 16_000, 1), -1, 1) * 32_767).astype("<i2")
    file = io.BytesIO()
    soundfile.write(file, loud, 16_000, format="WAV", subtype="PCM_16")
    with pytest.raises(TruncatedAudioError) as caught:
        load_audio(file.getvalue()[:100_000])
    (note,) = caught.value.notes
    assert "clipped" in note
    assert pickle.loads(pickle.dumps(caught.value)).notes == (note,)


def carrier_of(container: str) -> Carrier:
    return next(one for one in PLAIN if one.container == container and one.is_available)
