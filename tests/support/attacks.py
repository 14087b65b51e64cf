"""What becomes of recordings on their way: tags, cuts, joins, damage, and headers that are wrong.

Every attack takes a file's content and a random generator, and returns another content. None
changes what is said in the file, but those that cut or damage it.
"""

import io
import struct
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

Attack: TypeAlias = Callable[[bytes, np.random.Generator], bytes]

_WORDS = "Information on Xing, VBRI, OggS, fLaC, RIFF WAVE, ftyp, ID3 and Info"
_UNKNOWN = 0xFFFFFFFF  # a size that a program writes that cannot seek back
_AMR_SIZES = (13, 14, 16, 18, 20, 21, 27, 32, 6, *[1] * 7)  # [bytes] by type of frame
_AMR_PAUSE = (b"\x44" + bytes(5), *[b"\x7c"] * 7)  # a description of its noise, and nothing
AMR_PAUSE_SECONDS = 1.6


def cut(share: float) -> Attack:
    """Leave the first `share` of the bytes."""
    return lambda content, _: content[: round(share * len(content))]


def overwrite(share: float, length: int, *, zeros: bool = False) -> Attack:
    """Put noise, or zeros, over `length` bytes from `share` of the file on."""

    def apply(content: bytes, rng: np.random.Generator) -> bytes:
        start = round(share * len(content))
        size = min(length, len(content) - start)
        put = bytes(size) if zeros else rng.bytes(size)
        return content[:start] + put + content[start + size :]

    return apply


def remove(share: float, length: int) -> Attack:
    """Leave out `length` bytes from `share` of the file on."""

    def apply(content: bytes, _: np.random.Generator) -> bytes:
        start = round(share * len(content))
        return content[:start] + content[start + length :]

    return apply


def insert(share: float, length: int) -> Attack:
    """Put `length` bytes of noise in between."""

    def apply(content: bytes, rng: np.random.Generator) -> bytes:
        start = round(share * len(content))
        return content[:start] + rng.bytes(length) + content[start:]

    return apply


def append(length: int, *, zeros: bool = False) -> Attack:
    """Put noise, or zeros, behind."""
    return lambda content, rng: content + (bytes(length) if zeros else rng.bytes(length))


def damage_packets(container: str, begin: float, end: float, damage: Attack) -> Attack:
    """Put other bytes in the place of a share of the packets, whose times stay.

    Args:
        container: str, as FFmpeg calls it.
        begin, end: float, shares of the packets, between which they are damaged.
        damage: gives what a packet becomes.
    """

    def apply(content: bytes, rng: np.random.Generator) -> bytes:
        import av

        target = io.BytesIO()
        with av.open(io.BytesIO(content)) as source, av.open(target, "w", format=container) as copy:
            track = copy.add_stream_from_template(source.streams.audio[0])
            packets = [packet for packet in source.demux(audio=0) if packet.size]
            for number, packet in enumerate(packets):
                if begin <= number / len(packets) < end:
                    new = av.Packet(damage(bytes(packet), rng))
                    new.pts, new.dts, new.duration = packet.pts, packet.dts, packet.duration
                    new.time_base, new.is_keyframe = packet.time_base, packet.is_keyframe
                    packet = new
                packet.stream = track
                copy.mux(packet)
        return target.getvalue()

    return apply


def pause_amr(content: bytes, _: np.random.Generator) -> bytes:
    """Put a pause into AMR as telephones send it, that is, do not send it."""
    frames, position = [], len(b"#!AMR\n")
    while position < len(content):
        size = _AMR_SIZES[content[position] >> 3 & 15]
        frames.append(content[position : position + size])
        position += size
    pause = _AMR_PAUSE * round(50 * AMR_PAUSE_SECONDS / len(_AMR_PAUSE))
    return b"".join([b"#!AMR\n", *frames[:50], *pause, *frames[50:]])


def remux(container: str) -> Attack:
    """Copy the packets into another container."""
    return damage_packets(container, 0, 0, cut(1))


def unbrand(content: bytes, _: np.random.Generator) -> bytes:
    """Take the first box from an MP4 of one track, as movies before 2004 have none."""
    size = int.from_bytes(content[:4], "big")
    assert content[4:8] == b"ftyp"
    return _shift_chunks(content, -size)[size:]


def table_first(content: bytes, _: np.random.Generator) -> bytes:
    """Put the table of an MP4 of one track, which is its last box, before its samples."""
    size, table = int.from_bytes(content[:4], "big"), content.rfind(b"moov") - 4
    content = _shift_chunks(content, len(content) - table)
    return content[:size] + content[table:] + content[size:table]


def _shift_chunks(content: bytes, by: int) -> bytes:
    """Have the table of an MP4 of one track say that all chunks are so many bytes further back."""
    table = content.rfind(b"stco") + 8
    count = int.from_bytes(content[table : table + 4], "big")
    changed = bytearray(content)
    for place in range(table + 4, table + 4 + 4 * count, 4):
        struct.pack_into(">I", changed, place, struct.unpack_from(">I", content, place)[0] + by)
    return bytes(changed)


def append_id3v1(content: bytes, _: np.random.Generator) -> bytes:
    """Put an ID3v1 tag behind, as old players do."""
    return content + (b"TAG" + _WORDS.encode()[:30].ljust(30)).ljust(128, b"\0")


def append_ape(content: bytes, _: np.random.Generator) -> bytes:
    """Put an APE tag behind."""
    value = _WORDS.encode()
    item = struct.pack("<II", len(value), 0) + b"Title\0" + value
    fields = struct.pack("<IIII8x", 2000, len(item) + 32, 1, 0)
    return content + item + b"APETAGEX" + fields


def prepend_id3(art: int, *, text: str = _WORDS, footer: bool = False) -> Attack:
    """Put an ID3v2.4 tag before, with a picture of `art` bytes."""

    def apply(content: bytes, rng: np.random.Generator) -> bytes:
        frames = _id3_frame(b"TIT2", b"\x03" + text.encode())
        if art:
            picture = b"\xff\xd8\xff\xe0" + rng.bytes(art)  # letters of any header may be in it
            frames += _id3_frame(b"APIC", b"\x03image/jpeg\0\x03\0" + picture)
        head = b"\x04\x00" + bytes([0x10 * footer]) + _synchsafe(len(frames))
        return b"ID3" + head + frames + (b"3DI" + head) * footer + content

    return apply


def prepend_id3_twice(content: bytes, rng: np.random.Generator) -> bytes:
    """Put two ID3 tags before, as two programs did in turn."""
    tag = prepend_id3(0)
    return tag(tag(content, rng), rng)


def prepend(length: int, *, zeros: bool = False) -> Attack:
    """Put noise, or zeros, before."""
    return lambda content, rng: (bytes(length) if zeros else rng.bytes(length)) + content


def false_tag(kind: str) -> Attack:
    """Put a tag on that states half of the recording for its own: "ape", "3di" or "id3"."""

    def apply(content: bytes, _: np.random.Generator) -> bytes:
        size = len(content) // 2
        if kind == "ape":
            return content + b"APETAGEX" + struct.pack("<4I8x", 2000, size, 1, 0)
        if kind == "3di":
            return content + b"3DI\x04\0\x10" + _synchsafe(size)
        frame = _id3_frame(b"TIT2", b"\x03hello")
        return b"ID3\x04\0\0" + _synchsafe(size) + frame + content

    return apply


def join(other: bytes) -> Attack:
    """Put another file behind."""
    return lambda content, _: content + other


def repeat(between: bytes) -> Attack:
    """Put it behind itself once more."""
    return lambda content, _: content + between + content


def xing_count(factor: float) -> Attack:
    """Have an MP3's first frame count other frames and bytes than there are."""

    def apply(content: bytes, _: np.random.Generator) -> bytes:
        place = max(content.find(b"Xing"), content.find(b"Info"))
        flags = struct.unpack_from(">I", content, place + 4)[0]
        changed = bytearray(content)
        for index in range((flags & 1) + (flags >> 1 & 1)):
            at = place + 8 + 4 * index
            count = round(factor * struct.unpack_from(">I", content, at)[0])
            struct.pack_into(">I", changed, at, min(count, _UNKNOWN))
        return bytes(changed)

    return apply


def flac_count(factor: float) -> Attack:
    """Have a FLAC's header count other samples than there are; 0 stands for not known."""

    def apply(content: bytes, _: np.random.Generator) -> bytes:
        at = content.find(b"fLaC") + 8 + 10
        fields = int.from_bytes(content[at : at + 8])
        count = round(factor * (fields & 0xFFFFFFFFF))
        fields = fields >> 36 << 36 | min(count, 0xFFFFFFFFF)
        return content[:at] + fields.to_bytes(8) + content[at + 8 :]

    return apply


def flac_longest(size: int) -> Attack:
    """Have a FLAC's header say that its longest frame is shorter, or longer, than it is."""

    def apply(content: bytes, _: np.random.Generator) -> bytes:
        at = content.find(b"fLaC") + 8 + 7
        return content[:at] + size.to_bytes(3) + content[at + 3 :]

    return apply


def repeat_flac_frames(content: bytes, _: np.random.Generator) -> bytes:
    """Put a FLAC's frames behind it once more, without its header."""
    position, is_last = content.find(b"fLaC") + 4, False
    while not is_last:
        is_last = bool(content[position] & 0x80)
        position += 4 + int.from_bytes(content[position + 1 : position + 4])
    return content + content[position:]


def last_ogg_position(factor: float) -> Attack:
    """Have the last page of an Ogg file state another end than it has."""

    def apply(content: bytes, _: np.random.Generator) -> bytes:
        at = content.rfind(b"OggS")
        page = bytearray(content[at:])
        position = round(factor * struct.unpack_from("<q", page, 6)[0])
        struct.pack_into("<q", page, 6, position)
        struct.pack_into("<I", page, 22, 0)
        struct.pack_into("<I", page, 22, _ogg_crc(page))
        return content[:at] + bytes(page)

    return apply


def last_ogg_step(samples: int) -> Attack:
    """Have the last page of an Ogg file state so many samples more than the page before it."""

    def apply(content: bytes, _: np.random.Generator) -> bytes:
        at = content.rfind(b"OggS")
        page = bytearray(content[at:])
        former = struct.unpack_from("<q", content, content.rfind(b"OggS", 0, at) + 6)[0]
        struct.pack_into("<q", page, 6, former + samples)
        struct.pack_into("<I", page, 22, 0)
        struct.pack_into("<I", page, 22, _ogg_crc(page))
        return content[:at] + bytes(page)

    return apply


def ogg_positions(value: int | None, *, ends: bool = True) -> Attack:
    """Give all pages with sound of an Ogg file one position, or leave it, and mark its end or not.

    Two pages of headers are taken for granted.
    """

    def apply(content: bytes, _: np.random.Generator) -> bytes:
        changed, start, number = b"", 0, 0
        while start < len(content):
            table = content[start + 27 : start + 27 + content[start + 26]]
            page = bytearray(content[start : start + 27 + len(table) + sum(table)])
            start += len(page)
            if value is not None and number >= 2:
                struct.pack_into("<q", page, 6, value)
            page[5] &= 0xFF if ends else 0xFB
            struct.pack_into("<I", page, 22, 0)
            struct.pack_into("<I", page, 22, _ogg_crc(page))
            changed += page
            number += 1
        return changed

    return apply


def wav_sizes(data: int | float, riff: int | None = _UNKNOWN) -> Attack:
    """Have a WAV state other sizes: numbers, or where float, that share of the true one."""

    def apply(content: bytes, _: np.random.Generator) -> bytes:
        at = content.find(b"data")
        true = len(content) - at - 8
        size = data if isinstance(data, int) else round(data * true)
        outer = struct.pack("<I", riff) if riff is not None else content[4:8]
        return (
            content[:4] + outer + content[8 : at + 4] + struct.pack("<I", size) + content[at + 8 :]
        )

    return apply


def halve_last_block(block: int) -> Attack:
    """Leave out half of a WAV's last block, and state that."""

    def apply(content: bytes, _: np.random.Generator) -> bytes:
        at = content.find(b"data")
        samples = content[at + 8 :]
        samples = samples[: (len(samples) // block - 1) * block + block // 2]
        sizes = struct.pack("<I", at + len(samples)), struct.pack("<I", len(samples))
        return content[:4] + sizes[0] + content[8 : at + 4] + sizes[1] + samples

    return apply


def rf64_sizes(share: float) -> Attack:
    """Have the long size of an RF64 state a share of the samples, and the short one the truth."""

    def apply(content: bytes, _: np.random.Generator) -> bytes:
        at, long_at = content.find(b"data") + 4, content.find(b"ds64") + 16
        changed = bytearray(content)
        true = len(content) - at - 4
        struct.pack_into("<I", changed, at, true)
        struct.pack_into("<Q", changed, long_at, round(share * true))
        return bytes(changed)

    return apply


def big_endian_wav(content: bytes, _: np.random.Generator) -> bytes:
    """Turn a WAV of 16 bits, of the chunks fmt and data, into one of the other byte order."""
    at, start = content.find(b"fmt ") + 8, content.find(b"data") + 8
    fields = struct.unpack_from("<HHIIHH", content, at)
    samples = np.frombuffer(content[start:], "<i2").astype(">i2").tobytes()
    form = b"fmt " + struct.pack(">IHHIIHH", 16, *fields)
    data = b"data" + struct.pack(">I", len(samples)) + samples
    return b"RIFX" + struct.pack(">I", 4 + len(form) + len(data)) + b"WAVE" + form + data


def divide_wav(content: bytes, _: np.random.Generator) -> bytes:
    """Put a WAV's samples into two chunks."""
    start = content.find(b"data") + 8
    samples = content[start:]
    half = len(samples) // 4 * 2
    chunks = [b"data" + struct.pack("<I", len(s)) + s for s in (samples[:half], samples[half:])]
    size = struct.pack("<I", len(content))
    return content[:4] + size + content[8 : start - 8] + chunks[0] + chunks[1]


def forget_nist_coding(content: bytes, _: np.random.Generator) -> bytes:
    """Take the coding out of a NIST header, as TIMIT has none."""
    before, coding, behind = content[:1024].partition(b"sample_coding ")
    line, _, rest = behind.partition(b"\n")
    return (before + rest).ljust(len(before + coding + line) + 1 + len(rest), b"\n") + content[
        1024:
    ]


def wav_chunk_before(name: bytes, length: int) -> Attack:
    """Put a chunk before a WAV's samples."""

    def apply(content: bytes, rng: np.random.Generator) -> bytes:
        at = content.find(b"data")
        body = (b"data OggS ID3 fLaC " + rng.bytes(length))[:length]
        chunk = name + struct.pack("<I", length) + body + bytes(length % 2)
        riff = struct.pack("<I", len(content) + len(chunk) - 8)
        return b"RIFF" + riff + content[8:at] + chunk + content[at:]

    return apply


def number_at(mark: bytes, offset: int, form: str, value: int | float) -> Attack:
    """Overwrite a number that stands `offset` bytes after `mark`.

    Args:
        mark: bytes, looked for from the start.
        offset: int [bytes] from the start of the mark.
        form: of the number, as `struct` spells it.
        value: int, or a float: that many times what stands there.
    """

    def apply(content: bytes, _: np.random.Generator) -> bytes:
        at = content.find(mark)
        assert at >= 0, mark
        changed = bytearray(content)
        there = struct.unpack_from(form, content, at + offset)[0]
        number = value if isinstance(value, int) else type(there)(round(value * there))
        struct.pack_into(form, changed, at + offset, number)
        return bytes(changed)

    return apply


def _id3_frame(name: bytes, body: bytes) -> bytes:
    return name + _synchsafe(len(body)) + b"\0\0" + body


def _synchsafe(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def _ogg_crc(page: bytes | bytearray) -> int:
    crc = 0
    for byte in page:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1) ^ (0x104C11DB7 if crc & 0x80000000 else 0)
    return crc & 0xFFFFFFFF
