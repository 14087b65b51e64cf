"""Which of several audio tracks is the recording: the one that players play, if it has sound.

Screen recorders write a track for the microphone and one for the computer, of which one is often
silent; cameras and editors keep tracks in codings of their own, which nobody else decodes.
"""

import re
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
    energies = {track.index: 1.0 for track in readable}
    if len(readable) > 1:
        energies = _measure(media, readable, source)
    loudest = max(energies.values())
    audible = [
        track for track in readable if energies[track.index] >= max(_AUDIBLE * loudest, 1e-300)
    ]
    chosen = max(audible or readable, key=lambda track: (is_default(track), energies[track.index]))
    if len(tracks) > 1:
        source.notes.append(_note(tracks, readable, energies, chosen, loudest))
    return int(chosen.index)


def is_default(track: "av.AudioStream") -> bool:
    """Say whether a container marks a track as the one to play."""
    return bool(track.disposition & 1)  # AV_DISPOSITION_DEFAULT


def _measure(
    media: "av.container.InputContainer", tracks: "list[av.AudioStream]", source: AudioSource
) -> dict[int, float]:
    """Sum the squares of each track's samples, of its first half minute that is not silent."""
    energies = dict.fromkeys((track.index for track in tracks), 0.0)
    clocks = dict(energies)
    begin: float | None = None  # [s] of the first sound
    for packet in demux(media, tracks, source):
        index = packet.stream.index
        for _, rate, samples in decode_packet(packet) or ():
            power = float((samples.astype("f4") ** 2).mean()) if samples.size else 0.0
            if power > _LEAST_POWER:
                energies[index] += power * len(samples) / rate
                begin = clocks[index] if begin is None else begin
            clocks[index] += len(samples) / rate
        if begin is not None and clocks[index] > begin + _COMPARED_SECONDS:
            break
    return energies


def _note(
    tracks: "list[av.AudioStream]",
    readable: "list[av.AudioStream]",
    energies: dict[int, float],
    chosen: "av.AudioStream",
    loudest: float,
) -> str:
    """Say which of the tracks is used, and what the others are."""
    others = []
    for number, track in enumerate(tracks, start=1):
        if track.index == chosen.index:
            continue
        kind = ""
        if all(track.index != one.index for one in readable):
            kind = " (in a coding that cannot be read here)"
        elif energies[track.index] < max(_AUDIBLE * loudest, 1e-300):
            kind = " (silent)"
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
