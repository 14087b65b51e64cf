"""Packets that cannot be decoded cost what is in them and no more, and that is said."""

from pathlib import Path

import numpy as np
import pytest

from ser_core.audio import SAMPLE_RATE, load_audio
from ser_core.audio.source import AudioSource, UntrustedPath
from ser_core.errors import TruncatedAudioError
from tests.support import attacks
from tests.support.encoding import Carrier, encode
from tests.support.recording_cases import PLAIN, recording_cases

RNG = np.random.default_rng(0)
SECONDS = 4.9  # of every recording here
AMR = next(one for one in PLAIN if one.ending == ".amr")


def carrier(container: str, codec: str) -> Carrier:
    return next(one for one in PLAIN if (one.container, one.codec) == (container, codec))


def noise(packet: bytes, rng: np.random.Generator) -> bytes:
    return rng.bytes(len(packet))


@pytest.mark.parametrize("container", ["amr", "3gp"])
def test_a_pause_that_a_telephone_does_not_send_is_silence(container: str) -> None:
    paused = attacks.pause_amr(encode(AMR), RNG)
    notes: list[str] = []
    samples = load_audio(attacks.remux(container)(paused, RNG), on_note=notes.append)
    pause = attacks.AMR_PAUSE_SECONDS
    assert len(samples) / SAMPLE_RATE == pytest.approx(SECONDS + pause, abs=0.02)
    silence = samples[round(1.1 * SAMPLE_RATE) : round((0.9 + pause) * SAMPLE_RATE)]
    assert np.abs(silence).max() < 1e-6
    assert notes == []


def test_amr_that_is_mostly_pauses_is_answered() -> None:
    frames = attacks.pause_amr(encode(AMR), RNG)
    pause = frames[len(encode(AMR)[: 6 + 50 * 13]) :][: len(frames) - len(encode(AMR))]
    samples = load_audio(frames + 30 * pause)
    assert len(samples) / SAMPLE_RATE > 30 * attacks.AMR_PAUSE_SECONDS


@pytest.mark.parametrize(
    ("container", "codec"), [("ac3", "ac3"), ("ipod", "alac"), ("matroska", "flac")]
)
def test_what_follows_damaged_packets_is_read(container: str, codec: str) -> None:
    content = encode(carrier(container, codec))
    damaged = attacks.damage_packets(container, 0.4, 0.5, noise)(content, RNG)
    notes: list[str] = []
    samples = load_audio(damaged, on_note=notes.append)
    assert len(samples) / SAMPLE_RATE > 0.8 * SECONDS
    assert len(notes) == 1


@pytest.mark.parametrize("container", ["flv", "mpegts", "mpeg", "avi", "caf", "matroska"])
@pytest.mark.parametrize(("begin", "end"), [(0.0, 0.4), (0.6, 1.1)])
def test_damage_is_said_wherever_it_is(container: str, begin: float, end: float) -> None:
    codecs = {"flv": "aac", "mpegts": "aac", "mpeg": "mp2", "avi": "libmp3lame"}
    codec = codecs.get(container, "alac" if container == "caf" else "flac")
    content = encode(carrier(container, codec))
    damaged = attacks.damage_packets(container, begin, end, noise)(content, RNG)
    notes: list[str] = []
    try:
        samples = load_audio(damaged, on_note=notes.append)
    except TruncatedAudioError as error:
        notes.append(str(error))
    else:
        assert len(samples) / SAMPLE_RATE < 0.8 * SECONDS
    assert notes


def test_a_track_that_begins_later_costs_nothing_of_the_first(tmp_path: Path) -> None:
    (case,) = (one for one in recording_cases() if one.name == "another_track_later.picture.6.flv")
    path = tmp_path / "later.flv"
    path.write_bytes(case.content())
    for given in (path, UntrustedPath(path)):
        assert len(load_audio(given)) / SAMPLE_RATE == pytest.approx(7 * SECONDS, rel=0.03)


def test_a_track_that_begins_later_is_noted_once() -> None:
    from ser_core.audio.packets import demux

    class Media:
        def demux(self, _: object) -> object:
            yield "packet"
            raise IndexError("list index out of range")

    with AudioSource(encode(carrier("flv", "aac"))) as source:
        for _ in range(2):
            assert list(demux(Media(), [], source)) == ["packet"]  # type: ignore[arg-type]
        assert source.notes == ["Another track begins on the way, and was left out."]
