"""Which of several audio tracks is the recording: the one that players play, if it has sound.

Screen recorders write a track for the microphone and one for the computer, of which one is often
silent; cameras and editors keep tracks in codings of their own, which nobody else decodes.
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ser_core.audio.containers import READABLE_FORMATS
from ser_core.audio.packets import decode_packet, demux
from ser_core.audio.source import AudioSource
from ser_core.errors import AudioFormatError

if TYPE_CHECKING:
    import av

_COMPARED_SECONDS = 30.0  # [s] of sound after which tracks are compared
# Share of the loudest track's energy that a track has at least if it is more than hiss: 40 dB.
_AUDIBLE = 1e-4
_LEAST_POWER = 1e-9  # mean square of what is silence however quiet the others are: -90 dBFS
_SEARCHED = 2**20  # [bytes] at either end of a file, where its tracks are described
# How MP4 and Matroska name the coding of a track of sound.
_CODINGS = (rb"hdlr.{8}soun.{0,400}?stsd.{12}([\w -]{4})", rb"\x86.(A_[\w/.]{2,30})")


@dataclass
class _Level:
    """How loud a track is, as far as it was decoded.

    Attributes:
        energy: float, the sum of its squared samples times their length [s].
        seconds: float [s], decoded.
        is_whole: bool, whether that is all of it.
    """

    energy: float = 0.0
    seconds: float = 0.0
    is_whole: bool = False


def choose_track(media: "av.container.InputContainer", source: AudioSource) -> int:
    """Choose a track, and note the others.

    Args:
        media: PyAV's open container, which may be read to its end.
        source: AudioSource that it reads, which takes the note.

    Returns:
        The index of the track that is marked as the default one, where it has sound, or else of
        the loudest.

    Raises:
        AudioFormatError: there is no audio track, or none that can be decoded.
    """
    tracks = list(media.streams.audio)
    if not tracks:
        raise AudioFormatError(
            f"{source.label} has no audio track: expected sound, got a video or picture without; "
            "choose a recording with sound."
        )
    readable = [track for track in tracks if track.codec_context is not None]
    if not readable:
        raise AudioFormatError(
            f"{source.label} holds audio in a coding that cannot be read here"
            f"{_name_codings(source)}: expected {READABLE_FORMATS}; convert it to WAV."
        )
    levels = {track.index: _Level(energy=1.0) for track in readable}
    if len(readable) > 1:
        levels = _measure(media, readable, source)
    least = max(_AUDIBLE * max(level.energy for level in levels.values()), 1e-300)
    audible = [track for track in readable if levels[track.index].energy >= least]
    chosen = max(
        audible or readable, key=lambda track: (is_default(track), levels[track.index].energy)
    )
    if len(tracks) > 1:
        source.notes.append(_note(tracks, levels, chosen, least))
    return int(chosen.index)


def is_default(track: "av.AudioStream") -> bool:
    """Say whether a container marks a track as the one to play."""
    return bool(track.disposition & 1)  # AV_DISPOSITION_DEFAULT


def _measure(
    media: "av.container.InputContainer", tracks: "list[av.AudioStream]", source: AudioSource
) -> dict[int, _Level]:
    """Measure each track's first half minute from the first sound on, by its index."""
    levels = {track.index: _Level() for track in tracks}
    begin: float | None = None  # [s] of the first sound
    for packet in demux(media, tracks, source):
        level = levels[packet.stream.index]
        for _, rate, samples in decode_packet(packet) or ():
            power = float((samples.astype("f4") ** 2).mean()) if samples.size else 0.0
            if power > _LEAST_POWER:
                level.energy += power * len(samples) / rate
                begin = level.seconds if begin is None else begin
            level.seconds += len(samples) / rate
        if begin is not None and level.seconds > begin + _COMPARED_SECONDS:
            break
    else:
        for level in levels.values():
            level.is_whole = True
    return levels


def _note(
    tracks: "list[av.AudioStream]",
    levels: dict[int, _Level],
    chosen: "av.AudioStream",
    least: float,
) -> str:
    """Say which of the tracks is used, and what the others are; `least` is what is audible."""
    others = []
    for number, track in enumerate(tracks, start=1):
        if track.index == chosen.index:
            continue
        level, kind = levels.get(track.index), ""
        if level is None:
            kind = " (in a coding that cannot be read here)"
        elif level.energy < least and level.is_whole:
            kind = " (silent)"
        elif level.energy < least and level.seconds >= 1:
            kind = f" (silent in its first {level.seconds:.0f} s)"
        others.append(f"{number}{kind}")
    used = 1 + [track.index for track in tracks].index(chosen.index)
    names = f"track {others[0]} was" if len(others) == 1 else f"tracks {', '.join(others)} were"
    return f"Of {len(tracks)} audio tracks the answer is for number {used}; {names} left out."


def _name_codings(source: AudioSource) -> str:
    """Name the codings that a file says it holds, for a sentence; nothing where none is found."""
    ends = [source.read_at(0, _SEARCHED)]
    if source.size > _SEARCHED:
        ends.append(source.read_at(max(_SEARCHED, source.size - _SEARCHED), _SEARCHED))
    found: list[str] = []
    for text in ends:
        for pattern in _CODINGS:
            found += [name.decode() for name in re.findall(pattern, text, re.DOTALL)]
    if source.head[8:12] == b"WAVE" and (place := source.head.find(b"fmt ")) >= 0:
        tag = int.from_bytes(source.head[place + 8 : place + 10], "little")
        found.append(f"format {tag:#06x} of WAV")
    if source.head[8:12] == b"AIFC" and (place := source.head.find(b"COMM")) >= 0:
        found.append(source.head[place + 26 : place + 30].decode("latin-1"))
    names = [name.strip() for name in dict.fromkeys(found) if name.strip().isprintable()]
    return f" ({', '.join(names)})" if names else ""
