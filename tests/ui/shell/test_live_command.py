"""`ser live`: from a microphone, a recording or a pipe, in lines or in bars."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from ser_core import EmotionRecognizer
from ser_core.ui.shell import live_command
from tests.support.shell import ROOT, run_ser

CLIP = ROOT / "tests" / "fixtures" / "speech_female.wav"


class PortAudioError(Exception):
    """What sounddevice raises."""


class Stream:
    """A microphone that hears a recording, and then nothing any more."""

    def __init__(self, callback, samplerate, blocksize, **options) -> None:
        samples, rate = soundfile.read(CLIP, dtype="float32")
        assert (rate, options) == (samplerate, {"device": None, "channels": 1, "dtype": "float32"})
        self._blocks = [
            samples[start : start + blocksize, None] for start in range(0, len(samples), blocksize)
        ]
        self._callback = callback

    def __enter__(self) -> None:
        for block in self._blocks:
            self._callback(block, len(block), None, None)

    def __exit__(self, *_: object) -> None:
        pass


def query_devices(device=None, kind=None):
    devices = [
        {"name": "speaker", "max_input_channels": 0, "default_samplerate": 48_000.0},
        {"name": "headset", "max_input_channels": 1, "default_samplerate": 16_000.0},
    ]
    if kind is None:
        return devices
    if device is not None:
        raise ValueError(f"No input device matching {device!r}")
    return devices[1]


@pytest.fixture
def microphone(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    fake = SimpleNamespace(
        PortAudioError=PortAudioError,
        InputStream=Stream,
        query_devices=query_devices,
        default=SimpleNamespace(device=(1, 0)),
    )
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    monkeypatch.setattr(live_command, "PATIENCE", 0.05)
    return fake


def moments(recognizer: EmotionRecognizer) -> list[dict]:
    samples, rate = soundfile.read(CLIP, dtype="float32")
    return [moment.to_dict() for moment in recognizer.stream([(rate, samples)])]


def test_a_recording_is_followed_as_the_library_follows_it(recognizer: EmotionRecognizer) -> None:
    done = run_ser("live", "--from", CLIP, "--json")
    assert (done.status, done.err) == (0, "")
    answers = [json.loads(line) for line in done.out.splitlines()]
    expected = moments(recognizer)
    assert [one["time"] for one in answers] == [one["time"] for one in expected]
    assert [one["label"] for one in answers] == [one["label"] for one in expected]


def test_lines_name_the_likeliest_emotions() -> None:
    done = run_ser("live", "--from", CLIP, "--top", 1, "--seconds", 1)
    first, second = done.out.splitlines()
    assert first.startswith("0.5 s: ")
    assert second.startswith("1.0 s: ")


def test_bare_samples_come_through_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    samples, rate = soundfile.read(CLIP, dtype="int16")
    done = run_ser("live", "--from", "-", "--rate", rate, "--json", stdin=samples.tobytes())
    assert (done.status, done.err) == (0, "")
    whole = run_ser("live", "--from", "-", "--json", stdin=CLIP.read_bytes())
    assert done.out.count("\n") == whole.out.count("\n") > 2
    done = run_ser("live", "--from", CLIP, "--rate", rate)
    assert (done.status, done.out) == (2, "")


def test_a_microphone_is_followed_until_it_is_gone(
    microphone: SimpleNamespace, recognizer: EmotionRecognizer
) -> None:
    done = run_ser("live", "--json")
    answers = [json.loads(line) for line in done.out.splitlines()]
    assert [one["time"] for one in answers] == [one["time"] for one in moments(recognizer)]
    assert done.status == 1
    assert done.err.startswith("The microphone gave nothing for")
    assert run_ser("live", "--seconds", 1).status == 0


def test_microphones_are_listed(microphone: SimpleNamespace) -> None:
    assert run_ser("live", "--list-devices") == (0, "* 1  headset\n", "")
    microphone.query_devices = lambda *_: []
    done = run_ser("live", "--list-devices")
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("There is no microphone")


def test_a_microphone_that_cannot_be_used_is_one_sentence(microphone: SimpleNamespace) -> None:
    def refuse(*_: object) -> None:
        raise PortAudioError("Error querying device -1")

    for words in (["--device", "tin can"], []):
        done = run_ser("live", *words)
        assert (done.status, done.out, len(done.err.splitlines())) == (1, "", 1)
        assert "ser live --list-devices" in done.err
        microphone.query_devices = refuse


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise ImportError", "pip install 'ser-core[live]'"),
        ("raise OSError('PortAudio library not found')", "apt-get install libportaudio2"),
    ],
)
def test_without_what_records_there_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: str, words: str
) -> None:
    (tmp_path / "sounddevice.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    for options in ([], ["--list-devices"]):
        done = run_ser("live", *options)
        assert (done.status, done.out, len(done.err.splitlines())) == (1, "", 1)
        assert words in done.err


def test_bars_fit_any_terminal(recognizer: EmotionRecognizer) -> None:
    from rich.console import Console

    (first, *_) = recognizer.stream([(16_000, np.zeros(16_000, np.float32))])
    (*_, last) = recognizer.stream([soundfile.read(CLIP, dtype="float32")[::-1]])
    for width in (20, 80, 300):
        for moment in (first, last):
            console = Console(width=width, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
            console.print(live_command._bars(moment, 8, width))
            lines = console.export_text().splitlines()
            assert len(lines) == 9
            assert all(len(line) <= width for line in lines)
    assert "no speech" not in lines[0]
