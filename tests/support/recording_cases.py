"""A corpus of recordings, of every kind that the tools at hand can make, whole and attacked.

    for case in recording_cases():
        path.write_bytes(case.content())

Nothing is made before `content` is called, and everything is the same in every run.
"""

import math
import random
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tests.support import attacks
from tests.support.attacks import Attack
from tests.support.encoding import Carrier, encode, encode_tracks, sound

_VARIABLE = "flags=+qscale global_quality=472"
_NO_XING = "write_xing=0"
_FRAGMENTED = "movflags=frag_keyframe+empty_moov"
_FLV_HEADER = 13  # [bytes]


@dataclass(frozen=True)
class Case:
    """One file.

    Attributes:
        kind: what was done to it; a row of the table.
        name: of the file, unique.
        content: makes it.
        is_whole: whether all that was recorded is still in it, so that it must be answered.
        seconds: float [s] of sound that must be in it by construction; 0 where only a decoder can
            tell.
    """

    kind: str
    name: str
    content: Callable[[], bytes]
    is_whole: bool
    seconds: float = 0.0


PLAIN = (
    *(
        Carrier(".wav", "wav", codec, rate, channels)
        for codec, rate, channels in (
            ("pcm_s16le", 16_000, 1),
            ("pcm_s16le", 44_100, 2),
            ("pcm_s16le", 192_000, 1),
            ("pcm_u8", 8_000, 1),
            ("pcm_s24le", 48_000, 2),
            ("pcm_s32le", 96_000, 1),
            ("pcm_f32le", 22_050, 1),
            ("pcm_f64le", 16_000, 6),
            ("pcm_alaw", 8_000, 1),
            ("pcm_mulaw", 8_000, 2),
            ("adpcm_ms", 22_050, 1),
            ("adpcm_ima_wav", 16_000, 2),
            ("mp3", 16_000, 1),
            ("g726", 8_000, 1),
        )
    ),
    Carrier(".wav", "wav", "aac", 44_100, is_read=False),
    Carrier(".wav", "wav", "gsm_ms", 8_000, tool="ffmpeg"),
    Carrier(".wav", "wav", "pcm_s16le", container_options="rf64=always"),
    Carrier(".w64", "w64", "pcm_s16le"),
    Carrier(".w64", "w64", "pcm_f32le", 48_000, 2),
    Carrier(".aif", "aiff", "pcm_s16be"),
    Carrier(".aiff", "aiff", "pcm_s24be", 44_100, 2),
    Carrier(".aifc", "AIFF", "ULAW", 8_000, tool="soundfile"),
    Carrier(".au", "au", "pcm_s16be"),
    Carrier(".snd", "au", "pcm_mulaw", 8_000),
    Carrier(".au", "au", "pcm_f32be", 44_100, 2),
    Carrier(".caf", "caf", "pcm_s16be"),
    Carrier(".caf", "caf", "pcm_s24le", 48_000, 2),
    Carrier(".caf", "caf", "alac", 44_100),
    Carrier(".caf", "caf", "adpcm_ima_qt"),
    Carrier(".sph", "sph", "", tool="sox"),
    Carrier(".sph", "NIST", "PCM_16", tool="soundfile"),
    Carrier(".voc", "voc", "", tool="sox", is_read=False),
    Carrier(".8svx", "8svx", "", tool="sox", is_read=False),
    Carrier(".flac", "flac", "flac"),
    Carrier(".flac", "flac", "flac", 96_000, 2),
    Carrier(".flac", "FLAC", "PCM_24", 44_100, 6, tool="soundfile"),
    Carrier(".ogg", "OGG", "VORBIS", tool="soundfile"),
    Carrier(".ogg", "OGG", "VORBIS", 44_100, 2, tool="soundfile"),
    Carrier(".ogg", "ogg", "vorbis", 22_050, 2, options="strict=-2"),
    Carrier(".opus", "OGG", "OPUS", 48_000, tool="soundfile"),
    Carrier(".opus", "ogg", "libopus", 48_000, 2),
    Carrier(".oga", "ogg", "flac", tool="ffmpeg"),
    Carrier(".spx", "ogg", "libspeex", tool="ffmpeg"),
    Carrier(".spx", "ogg", "libspeex", 8_000, tool="ffmpeg"),
    Carrier(".mp3", "mp3", "libmp3lame"),
    Carrier(".mp3", "mp3", "libmp3lame", 44_100, 2),
    Carrier(".mp3", "mp3", "libmp3lame", 8_000),
    Carrier(".mp3", "mp3", "libmp3lame", 11_025, 2),
    Carrier(".mp3", "mp3", "libmp3lame", 48_000, container_options=_NO_XING),
    Carrier(".mp3", "mp3", "libmp3lame", options=_VARIABLE, sound="swing"),
    Carrier(".mp3", "MP3", "MPEG_LAYER_III", tool="soundfile"),
    Carrier(".mp2", "mp2", "mp2", 48_000),
    Carrier(".mp2", "mp2", "mp2", 16_000, 2),
    Carrier(".aac", "adts", "aac"),
    Carrier(".aac", "adts", "aac", 44_100, 2),
    Carrier(".aac", "adts", "aac", 8_000),
    Carrier(".m4a", "ipod", "aac"),
    Carrier(".m4a", "ipod", "aac", 48_000, 2),
    Carrier(".m4a", "ipod", "aac", 44_100, 6),
    Carrier(".m4a", "ipod", "alac", 44_100, 2),
    Carrier(".m4a", "mp4", "aac", container_options=_FRAGMENTED),
    Carrier(".mp4", "mp4", "mp3", 44_100),
    Carrier(".mp4", "mp4", "libopus", 48_000),
    Carrier(".mp4", "mp4", "ac3", 48_000, 2),
    Carrier(".mov", "mov", "pcm_s16le", 44_100, 2),
    Carrier(".mov", "mov", "adpcm_ima_qt"),
    Carrier(".qta", "mov", "alac", 44_100),
    Carrier(".3gp", "3gp", "libopencore_amrnb", 8_000),
    Carrier(".3gp", "3gp", "aac", 16_000),
    Carrier(".amr", "amr", "libopencore_amrnb", 8_000),
    Carrier(".mka", "matroska", "aac"),
    Carrier(".mka", "matroska", "flac", 44_100, 2),
    Carrier(".mka", "matroska", "pcm_s16le", 48_000),
    Carrier(".mka", "matroska", "libmp3lame", 44_100),
    Carrier(".mkv", "matroska", "ac3", 48_000, 2),
    Carrier(".webm", "webm", "libopus", 48_000),
    Carrier(".weba", "webm", "libopus", 48_000, 2),
    Carrier(".webm", "webm", "libvorbis", 44_100, 2, tool="ffmpeg"),
    Carrier(".wma", "asf", "wmav2", 44_100),
    Carrier(".wma", "asf", "wmav1", 44_100, 2),
    Carrier(".flv", "flv", "libmp3lame", 22_050),
    Carrier(".flv", "flv", "aac", 44_100, 2),
    Carrier(".flv", "flv", "nellymoser", 22_050),
    Carrier(".avi", "avi", "pcm_s16le"),
    Carrier(".avi", "avi", "libmp3lame", 44_100),
    Carrier(".ts", "mpegts", "aac"),
    Carrier(".mpg", "mpeg", "mp2", 48_000),
    Carrier(".ac3", "ac3", "ac3", 48_000),
    Carrier(".latm", "latm", "aac", is_read=False),
    Carrier(".tta", "tta", "tta"),
    Carrier(".wv", "wv", "wavpack"),
)
"""Every container and codec, at several rates and counts of channels."""

PIPED = (
    *(
        Carrier(ending, container, codec, rate, piped=True)
        for ending, container, codec, rate in (
            (".wav", "wav", "pcm_s16le", 16_000),
            (".wav", "wav", "mp3", 44_100),
            (".wav", "wav", "adpcm_ms", 22_050),
            (".w64", "w64", "pcm_s16le", 16_000),
            (".aif", "aiff", "pcm_s16be", 16_000),
            (".au", "au", "pcm_s16be", 16_000),
            (".caf", "caf", "pcm_s16be", 16_000),
            (".flac", "flac", "flac", 44_100),
            (".mp3", "mp3", "libmp3lame", 44_100),
            (".opus", "ogg", "libopus", 48_000),
            (".aac", "adts", "aac", 16_000),
            (".mka", "matroska", "aac", 16_000),
            (".webm", "webm", "libopus", 48_000),
            (".flv", "flv", "aac", 44_100),
        )
    ),
    Carrier(".m4a", "mp4", "aac", container_options=_FRAGMENTED, piped=True),
    Carrier(".mp3", "mp3", "libmp3lame", 16_000, options=_VARIABLE, sound="swing", piped=True),
    Carrier(".wav", "wav", "", tool="sox", piped=True),
    Carrier(".au", "au", "", tool="sox", piped=True),
    Carrier(".wav", "wav", "", rate=44_100, channels=2, tool="sox", piped=True),
    Carrier(".caf", "caf", "", tool="sox", piped=True),  # these two write their header three times
    Carrier(".w64", "w64", "", rate=44_100, channels=2, tool="sox", piped=True),
)

_FRAGMENTS = Carrier(".m4a", "mp4", "aac", container_options=f"{_FRAGMENTED} frag_duration=500000")

_SWING = tuple(
    Carrier(".mp3", "mp3", "libmp3lame", rate, channels, "av", options, _NO_XING, sound="swing")
    for rate, channels in ((16_000, 1), (44_100, 1), (48_000, 2), (22_050, 2), (8_000, 1))
    for options in (_VARIABLE, "abr=1 b=32000")
)
"""MP3 of a variable rate that do not say how long they are."""

_OPPOSITE = tuple(
    Carrier(ending, container, codec, rate, 2, sound="opposite")
    for ending, container, codec, rate in (
        (".wav", "wav", "pcm_s16le", 16_000),
        (".flac", "flac", "flac", 44_100),
        (".mp3", "mp3", "libmp3lame", 44_100),
        (".m4a", "ipod", "aac", 48_000),
        (".webm", "webm", "libopus", 48_000),
    )
)

_CUTS = (0.35, 0.7, 0.97)
# Containers that say how long they are, or end within a packet where they are cut.
_KNOWN_CUTS = (
    "avi",
    "asf",
    "tta",
    "wv",
    "flv",
    "mpegts",
    "mpeg",
    "ipod",
    "matroska",
    "webm",
    "OGG",
)
_CONTAINERS = ("wav", "w64", "aiff", "caf", "flac", "OGG", "mp3", "ipod", "mov", "matroska", "webm")
_CONTAINERS += ("asf", "flv", "avi", "mpegts", "mpeg", "tta", "wv")
_ENDLESS = ("mpegts", "mpeg")  # what lies between packets of these is passed over
_BEFORE_FRAMES = (".mp3", ".mp2", ".aac", ".flac")  # where ID3 is read by more than its size
_BEHIND = (".wav", ".flac", ".ogg", ".mp3")
_STREAMS = (".mp3", ".mp2", ".aac", ".amr", ".ogg", ".opus", ".oga", ".spx", ".flac")


# Of which copies keep the times of the packets.
_PACKETS = (
    ("asf", "wmav2"),
    ("avi", "libmp3lame"),
    ("flv", "aac"),
    ("flv", "libmp3lame"),
    ("matroska", "ac3"),
    ("matroska", "flac"),
    ("matroska", "aac"),
    ("ipod", "alac"),
    ("ipod", "aac"),
    ("mpegts", "aac"),
    ("mpeg", "mp2"),
    ("ogg", "flac"),
    ("caf", "alac"),
    ("ac3", "ac3"),
)

# Whose packets FFmpeg cuts anew: of what has no frame's header, it gives none.
_PARSED = (
    ("avi", "libmp3lame"),
    ("flv", "libmp3lame"),
    ("mpegts", "aac"),
    ("mpeg", "mp2"),
    ("ac3", "ac3"),
)


def recording_cases() -> list[Case]:
    """Return the corpus, in an order that is the same in every run."""
    groups = (
        _whole,
        _damaged,
        _cut_movies,
        _rare_headers,
        _in_packets,
        _tagged,
        _joined,
        _misstated,
        _tracks,
        _later_tracks,
        _reported,
    )
    return [case for group in groups for case in group()]


def a_tenth(cases: list[Case], seed: int = 0) -> list[Case]:
    """Return a tenth of each kind of case, one at least, the same for the same seed."""
    kinds: dict[str, list[Case]] = {}
    for case in cases:
        kinds.setdefault(case.kind, []).append(case)
    chance = random.Random(seed)
    return [
        case for kind in kinds.values() for case in chance.sample(kind, math.ceil(len(kind) / 10))
    ]


def _case(kind: str, carrier: Carrier, label: str, attack: Attack, is_whole: bool) -> Case:
    name = f"{kind}.{label}.{carrier.name}".replace(" ", "_") + carrier.ending

    def content() -> bytes:
        return attack(encode(carrier), np.random.default_rng(zlib.crc32(name.encode())))

    seconds = _seconds(carrier) if is_whole else 0.0
    return Case(kind, name, content, is_whole and carrier.is_read, seconds)


def _seconds(carrier: Carrier) -> float:
    return len(sound(carrier.sound, 16_000, 1)) / 16_000


def _here(carriers: tuple[Carrier, ...]) -> list[Carrier]:
    return [carrier for carrier in carriers if carrier.is_available]


def _whole() -> Iterator[Case]:
    for carrier in _here(PLAIN):
        yield _case("nothing", carrier, "as-it-is", lambda content, _: content, True)
    for carrier in _here(PIPED):
        yield _case("written to a pipe", carrier, "as-it-is", lambda content, _: content, True)
        if carrier.container in ("matroska", "webm", "flv"):
            for share in _CUTS:
                case = _case("live, cut", carrier, str(share), attacks.cut(share), False)
                yield replace(case, seconds=_seconds(carrier))
    for carrier in _OPPOSITE:
        yield _case("opposite phase", carrier, "as-it-is", lambda content, _: content, True)
    for carrier in _SWING:
        kind = "variable rate, no length"
        yield _case(kind, carrier, "as-it-is", lambda content, _: content, True)
        yield _case(f"{kind}, cut", carrier, "half", attacks.cut(0.5), False)


def _damaged() -> Iterator[Case]:
    for index, carrier in enumerate(_here(PLAIN)):
        for share in _CUTS:
            case = _case("cut", carrier, str(share), attacks.cut(share), False)
            is_known = carrier.container in _KNOWN_CUTS and carrier.is_read
            yield replace(case, seconds=_seconds(carrier)) if is_known else case
        damages = {
            "noise": attacks.overwrite(0.5, 3_000),
            "zeros": attacks.overwrite(0.6, 3_000, zeros=True),
            "gap": attacks.remove(0.4, 2_500),
            "insert": attacks.insert(0.4, 2_500),
        }
        for label in list(damages)[index % 2 :: 2]:
            yield _case("damage inside", carrier, label, damages[label], False)
        yield _case("junk behind", carrier, "noise", attacks.append(5_000), False)


def _cut_movies() -> Iterator[Case]:
    """MP4 that are cut, and whose durations do not tell."""
    (m4a,) = (c for c in PLAIN if (c.container, c.codec, c.rate) == ("ipod", "aac", 16_000))
    for share in (0.3, 0.5, 0.7):
        cases = [_case("cut", _FRAGMENTS, str(share), attacks.cut(share), False)]
        for value in (0, 1, 0.3, 0xFFFFFFFF):
            misstate = _then(attacks.table_first, attacks.number_at(b"mdhd", 20, ">I", value))
            attack = _then(misstate, attacks.cut(share))
            cases.append(_case("cut", m4a, f"{share}-mdhd-{value:g}", attack, False))
        for case in cases:
            yield replace(case, seconds=_seconds(m4a))


def _rare_headers() -> Iterator[Case]:
    wav = next(c for c in PLAIN if c.ending == ".wav")
    nist = next(c for c in PLAIN if c.container == "NIST")
    kinds = ((wav, "RIFX", attacks.big_endian_wav), (nist, "TIMIT", attacks.forget_nist_coding))
    for carrier, label, attack in kinds:
        yield _case("nothing", carrier, label, attack, True)
        cut = _case("cut", carrier, label, _then(attack, attacks.cut(0.5)), False)
        yield replace(cut, seconds=_seconds(carrier))
    divided = _case("two chunks of samples", wav, "half", attacks.divide_wav, False)
    yield replace(divided, seconds=_seconds(wav))


def _in_packets() -> Iterator[Case]:
    (amr,) = (carrier for carrier in PLAIN if carrier.ending == ".amr")
    seconds = _seconds(amr) + attacks.AMR_PAUSE_SECONDS
    in_3gp = _then(attacks.pause_amr, attacks.remux("3gp"))
    for carrier, attack in ((amr, attacks.pause_amr), (replace(amr, ending=".3gp"), in_3gp)):
        yield replace(_case("pauses not sent", carrier, "amr", attack, True), seconds=seconds)
    damages: dict[str, Attack] = {
        "noise": lambda packet, rng: rng.bytes(len(packet)),
        "zeros": lambda packet, _: bytes(len(packet)),
        "short": lambda packet, _: packet[:16],
    }
    for container, codec in _PACKETS:
        for place, begin, end in (("front", 0, 0.4), ("middle", 0.3, 0.6), ("tail", 0.6, 1.1)):
            for carrier in _here(PLAIN):
                if (carrier.container, carrier.codec) != (container, codec):
                    continue
                for label, damage in damages.items():
                    if label != "noise" and (container, codec) in _PARSED:
                        continue
                    attack = attacks.damage_packets(container, begin, end, damage)
                    case = _case("damaged packets", carrier, f"{place}-{label}", attack, False)
                    yield replace(case, seconds=_seconds(carrier))


def _tagged() -> Iterator[Case]:
    tags: dict[str, Attack] = {
        "small": attacks.prepend_id3(0),
        "art-20k": attacks.prepend_id3(20_000),
        "art-300k": attacks.prepend_id3(300_000),
        "art-2m": attacks.prepend_id3(2_000_000),
        "footer": attacks.prepend_id3(0, footer=True),
        "twice": attacks.prepend_id3_twice,
    }
    streams = [c for c in _here((*PLAIN, _SWING[0])) if c.ending in _STREAMS and c.is_read]
    for index, carrier in enumerate(streams):
        chosen = tags if carrier.ending in (".mp3", ".aac") else list(tags)[index % 2 :: 2]
        for label in ("ape", "3di", *(["id3"] if carrier.ending in _BEFORE_FRAMES else [])):
            attack = attacks.false_tag(label)
            yield _case("tag states too much", carrier, label, attack, carrier.ending != ".amr")
        for label in chosen:
            # Only MPEG audio and FLAC are known to bear ID3; elsewhere a refusal is fine as well.
            bears = carrier.ending in (".mp3", ".mp2", ".aac", ".flac", ".ogg", ".opus")
            yield _case("tag before", carrier, label, tags[label], bears)
        if carrier.ending in (".mp3", ".mp2", ".aac", ".flac"):
            yield _case("tag behind", carrier, "id3v1", attacks.append_id3v1, True)
            yield _case("tag behind", carrier, "ape", attacks.append_ape, True)
        if carrier.ending in (".mp3", ".mp2", ".aac"):
            yield _case("junk before", carrier, "noise", attacks.prepend(700), False)
            yield _case("junk before", carrier, "zeros", attacks.prepend(900, zeros=True), False)
            cut = _then(attacks.cut(0.6), attacks.prepend_id3(250_000))
            yield _case("cut, with art before", carrier, "250k", cut, False)


def _then(first: Attack, second: Attack) -> Attack:
    return lambda content, rng: second(first(content, rng), rng)


def _joined() -> Iterator[Case]:
    streams = [c for c in _here(PLAIN) if c.ending in _STREAMS and c.is_read]
    for carrier in streams:
        yield _pair("joined", carrier, carrier)
        others = [c for c in streams if c.ending == carrier.ending and c is not carrier]
        for other in others[:2]:
            alike = (carrier.rate, carrier.channels) == (other.rate, other.channels)
            kind = "joined" if alike else "joined, of other rate or channels"
            yield _pair(kind, carrier, other)
    for carrier in _here(PLAIN):
        if carrier.ending in (".wav", ".m4a", ".webm", ".aif", ".au", ".caf"):
            kind = "joined, as no player reads"
            yield _case(kind, carrier, "itself", lambda content, _: 2 * content, False)
    mov = next(c for c in PLAIN if c.container == "mov")
    orders: dict[str, Attack] = {"behind": attacks.cut(1), "before": attacks.table_first}
    for order, arrange in orders.items():
        for label, bare in {"00": (True, True), "01": (True, False), "10": (False, True)}.items():
            attack = _then(arrange, _join_unbranded(*bare))
            case = _case("joined", mov, f"table-{order}-ftyp-{label}", attack, False)
            yield replace(case, seconds=2 * _seconds(mov))
    yield _pair("joined", *([next(c for c in _here(PLAIN) if c.container == "wv")] * 2))
    wav = next(c for c in PLAIN if c.ending == ".wav")
    for carrier in _kinds():
        apart = _case("joined, zeros between", carrier, "20k", attacks.repeat(bytes(20_000)), False)
        yield replace(apart, seconds=2 * _seconds(carrier))
        if carrier.container not in _ENDLESS:
            attack = _around(wav)
            case = _case("another container between", carrier, "wav", attack, False)
            yield replace(case, seconds=2 * _seconds(carrier) + _seconds(wav))
    behind = [next(c for c in _here(PLAIN) if c.ending == ending) for ending in _BEHIND]
    for container in _CONTAINERS:
        for other in behind:
            carrier = next((c for c in _here(PLAIN) if c.container == container), None)
            if carrier is not None and carrier.ending != other.ending:
                yield _pair("another container behind", carrier, other)


def _kinds() -> list[Carrier]:
    """One carrier of each container that is read."""
    voc = Carrier(".voc", "voc", "pcm_u8")
    carriers = [c for c in _here(PLAIN) if c.is_read and c.tool in ("av", "soundfile")]
    return list({carrier.container: carrier for carrier in [*carriers, voc]}.values())


def _around(other: Carrier) -> Attack:
    """Put another recording between two of the same."""
    return lambda content, _: content + encode(other) + content


def _join_unbranded(first: bool, second: bool) -> Attack:
    """Join a movie to itself, without the `ftyp` of the first or of the second."""

    def apply(content: bytes, rng: np.random.Generator) -> bytes:
        unbranded = attacks.unbrand(content, rng)
        return (unbranded if first else content) + (unbranded if second else content)

    return apply


def _pair(kind: str, first: Carrier, second: Carrier) -> Case:
    case = _case(kind, first, second.name, lambda content, _: content + encode(second), False)
    return replace(case, seconds=_seconds(first) + _seconds(second))


def _misstated() -> Iterator[Case]:
    sizes: dict[str, Attack] = {
        "unknown": attacks.wav_sizes(0xFFFFFFFF),
        "unknown-riff-0": attacks.wav_sizes(0xFFFFFFFF, 0),
        "sox": attacks.wav_sizes(0x7FFFFFFF - 36, 0x7FFFFFFF),
        "arecord": attacks.wav_sizes(0x80000000, 0x80000024),
        "0": attacks.wav_sizes(0, 0),
        "0-riff-right": attacks.wav_sizes(0, None),
        "0-riff-36": attacks.wav_sizes(0, 36),
        "near-2g": attacks.wav_sizes(0x7FFFF000, 0x7FFFF024),
        "ffffff00": attacks.wav_sizes(0xFFFFFF00, 0xFFFFFF24),
    }
    chunks: dict[str, Attack] = {
        "JUNK-40k": attacks.wav_chunk_before(b"JUNK", 40_000),
        "LIST-odd": attacks.wav_chunk_before(b"LIST", 333),
        "bext": attacks.wav_chunk_before(b"bext", 602),
        "ID3": attacks.wav_chunk_before(b"id3 ", 120_001),
    }
    for carrier in _here(PLAIN):
        if carrier.container == "wav" and not carrier.container_options:
            for label, attack in sizes.items():
                yield _case("placeholder size", carrier, label, attack, True)
            for label, attack in chunks.items():
                yield _case("chunk before", carrier, label, attack, True)
            more = attacks.wav_sizes(1.5, None)
            yield _case("states too much", carrier, "1.5", more, False)
            yield _case("states too little", carrier, "0.5", attacks.wav_sizes(0.5, None), False)
    for block in (1024, 4096, 8192):
        options = f"block_size={block}"
        for codec in ("adpcm_ms", "adpcm_ima_wav"):
            carrier = Carrier(".wav", "wav", codec, 22_050, options=options)
            attack = attacks.halve_last_block(block)
            yield _case("ends within a block", carrier, str(block), attack, False)
    (rf64,) = (c for c in PLAIN if c.container_options.startswith("rf64"))
    for share in (0.3, 3.0):
        yield _case("states too little", rf64, f"{share:g}", attacks.rf64_sizes(share), True)
    for kind, label, is_whole, mark, offset, form, value, endings in _FIELDS:
        for carrier in _here(PLAIN):
            # A table of ALAC's packets stands behind the samples: then their size has to be known.
            if carrier.ending in endings and (label, carrier.codec) != ("caf-unknown", "alac"):
                attack = attacks.number_at(mark, offset, form, value)
                yield _case(kind, carrier, label, attack, is_whole)
    for carrier in _here(PLAIN):
        if carrier.ending == ".mp3" and _NO_XING not in carrier.container_options:
            for factor in (0.0, 0.3, 3.0, 1e9):
                attack = attacks.xing_count(factor)
                yield _case("MP3 counts wrong", carrier, f"{factor:g}", attack, factor < 1)
        if carrier.ending == ".flac":
            for factor in (0.0, 0.3, 3.0):
                attack = attacks.flac_count(factor)
                yield _case("FLAC counts wrong", carrier, f"{factor:g}", attack, factor < 1)
            for longest in (1, 100):
                count = _then(attacks.flac_count(0.3), attacks.flac_longest(longest))
                for behind in (0, 5_000):
                    attack = _then(count, attacks.append(behind, zeros=True))
                    label = f"0.3-longest-{longest}-zeros-{behind}"
                    yield _case("FLAC counts wrong", carrier, label, attack, True)
            again = attacks.repeat_flac_frames
            yield _case("FLAC counts wrong", carrier, "frames-again", again, False)
        if carrier.ending in (".ogg", ".opus", ".spx"):
            for factor in (0.3, 3.0):
                attack = attacks.last_ogg_position(factor)
                yield _case("Ogg states a wrong end", carrier, f"{factor:g}", attack, False)
            if carrier.ending != ".spx":
                attack = attacks.last_ogg_step(400)
                yield _case("Ogg states a wrong end", carrier, "step-400", attack, True)
            for label, attack in {
                "no-position": attacks.ogg_positions(-1),
                "position-0": attacks.ogg_positions(0),
                "no-end": attacks.ogg_positions(None, ends=False),
                "nothing": attacks.ogg_positions(-1, ends=False),
            }.items():
                yield _case("Ogg states no end", carrier, label, attack, True)


# (kind, label, whether all must be answered, mark, offset from it, form, value, endings)
_FIELDS: tuple[tuple[str, str, bool, bytes, int, str, int | float, tuple[str, ...]], ...] = (
    ("placeholder size", "form-unknown", True, b"FORM", 4, ">I", 0xFFFFFFFF, (".aif", ".aifc")),
    ("placeholder size", "form-0", True, b"FORM", 4, ">I", 0, (".aif", ".aifc")),
    ("placeholder size", "ssnd-0", True, b"SSND", 4, ">I", 0, (".aif", ".aiff")),
    ("placeholder size", "ssnd-unknown", True, b"SSND", 4, ">I", 0xFFFFFFFF, (".aif", ".aiff")),
    ("placeholder size", "comm-frames-0", True, b"COMM", 10, ">I", 0, (".aif", ".aiff")),
    ("states too little", "comm-frames", False, b"COMM", 10, ">I", 0.4, (".aif", ".aiff")),
    ("placeholder size", "au-unknown", True, b".snd", 8, ">I", 0xFFFFFFFF, (".au", ".snd")),
    ("placeholder size", "au-0", True, b".snd", 8, ">I", 0, (".au", ".snd")),
    ("states too little", "au", False, b".snd", 8, ">I", 0.4, (".au", ".snd")),
    ("states too much", "au", False, b".snd", 8, ">I", 1.5, (".au", ".snd")),
    ("placeholder size", "caf-unknown", True, b"data", 4, ">q", -1, (".caf",)),
    ("states too little", "caf", False, b"data", 4, ">q", 0.4, (".caf",)),
    ("states too much", "caf", False, b"data", 4, ">q", 1.5, (".caf",)),
    ("placeholder size", "w64-riff-0", True, b"riff", 16, "<Q", 0, (".w64",)),
    ("placeholder size", "w64-unknown", True, b"data\xf3", 16, "<Q", 2**63 - 1, (".w64",)),
    ("placeholder size", "w64-0", True, b"data\xf3", 16, "<Q", 0, (".w64",)),
    ("placeholder size", "w64-24", True, b"data\xf3", 16, "<Q", 24, (".w64",)),
    ("states too much", "w64", False, b"data\xf3", 16, "<Q", 1.5, (".w64",)),
    ("states too little", "mdhd", False, b"mdhd", 20, ">I", 0.3, (".m4a", ".mov", ".3gp")),
    ("states too much", "mdhd", False, b"mdhd", 20, ">I", 3.0, (".m4a", ".mov", ".3gp")),
    ("states too little", "mvhd", False, b"mvhd", 20, ">I", 0.3, (".m4a", ".mov", ".mp4")),
    ("states too little", "matroska", False, b"\x44\x89\x88", 3, ">d", 0.3, (".mka", ".webm")),
    ("states too much", "matroska", False, b"\x44\x89\x88", 3, ">d", 3.0, (".mka", ".webm")),
    ("states too little", "nist", False, b"sample_count -i ", 16, ">B", 0x30, (".sph",)),
)


def _later_tracks() -> Iterator[Case]:
    """Sound, and behind it tags of another codec, or of a picture and of more of the same sound."""
    (first,) = (c for c in PLAIN if (c.container, c.codec) == ("flv", "libmp3lame"))
    (other,) = (c for c in PLAIN if (c.container, c.codec) == ("flv", "aac"))
    behind = {
        "sound": lambda: encode(other),
        "picture": lambda: encode_tracks(
            "flv", ["libmp3lame"], [sound("voices", 22_050, 1)], 22_050, video=True
        ),
    }
    for label, make in behind.items():
        # Behind more, FFmpeg has not seen the other track when PyAV counts them.
        for copies in (1, 2, 6, 30) if label == "picture" else (1,):

            def content(copies: int = copies, make: Callable[[], bytes] = make) -> bytes:
                file = encode(first)
                return file + (copies - 1) * file[_FLV_HEADER:] + make()[_FLV_HEADER:]

            seconds = (copies + 1) * _seconds(first)
            kind = "another track later"
            yield Case(kind, f"another_track_later.{label}.{copies}.flv", content, True, seconds)


def _tracks() -> Iterator[Case]:
    rate = 48_000
    voices, silence = sound("voices", rate, 1), sound("silence", rate, 1)
    short = voices[: rate // 2]
    layouts: dict[str, list[np.ndarray]] = {
        "silent-first": [silence, voices],
        "short-first": [short, voices],
        "short-second": [voices, short],
        "three": [silence, short, voices],
        "stereo-second": [voices, sound("voices", rate, 2)],
    }
    containers = (
        (".mp4", "mp4", "aac"),
        (".mov", "mov", "pcm_s16le"),
        (".mka", "matroska", "libopus"),
        (".webm", "webm", "libopus"),
        (".wma", "asf", "wmav2"),
    )
    for ending, container, codec in containers:
        for label, sounds in layouts.items():
            yield _tracks_case("several tracks", label, ending, container, codec, sounds)
    for ending, container, codec in containers[:3]:
        yield _tracks_case("with a picture", "one", ending, container, codec, [voices], video=True)
        two = [silence, voices]
        yield _tracks_case("with a picture", "two", ending, container, codec, two, video=True)


def _tracks_case(
    kind: str,
    label: str,
    ending: str,
    container: str,
    codec: str,
    sounds: list[np.ndarray],
    *,
    video: bool = False,
) -> Case:
    name = f"{kind}.{label}.{container}-{codec}".replace(" ", "_") + ending
    longest = max(map(len, sounds)) / 48_000
    codecs = [codec] * len(sounds)
    return Case(
        kind,
        name,
        lambda: encode_tracks(container, codecs, sounds, 48_000, video=video),
        True,
        longest,
    )


# What is in ../shared/cases, and whether all of it must be answered.
_REPORTED = {
    "mp3_vbr_no_header.mp3": True,
    "mp3_word_information_in_tag.mp3": True,
    "mp3_cut_with_cover_art.mp3": False,
    "id3_before_aac.aac": True,
    "two_mp3_joined.mp3": False,
    "two_ogg_joined.ogg": False,
    "silent_first_track.mov": True,
    "unknown_codec_first_track.mov": True,
    "opposite_phase.flac": True,
    "piped_mp3_in_wav.wav": True,
    "cut.wav": False,
    "memo.qta": True,
    "voice.spx": True,
    "voice.webm": True,
    "lfs_pointer.wav": False,
}


def _reported() -> Iterator[Case]:
    folder = Path(__file__).parents[3] / "shared" / "cases"
    for name, is_whole in _REPORTED.items():
        if (folder / name).is_file():
            yield Case("reported", name, (folder / name).read_bytes, is_whole)
