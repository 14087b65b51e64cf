"""Bombs, endless streams and stuck decoders: a sentence, and little of anything."""

import io
import os
import re
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import gradio as gr
import httpx
import numpy as np
import pytest
import soundfile
from gradio_client import handle_file

from ser_core import EmotionRecognizer
from ser_core.audio import isolate
from ser_core.audio.load import decoded_blocks, load_audio
from ser_core.audio.source import AudioSource, UntrustedPath
from ser_core.config.emotions import LABELS
from ser_core.errors import AudioLengthError, TruncatedAudioError
from ser_core.ui.look import text
from tests.support.app import (
    HTTP,
    connect,
    event_of,
    file_data,
    left_in,
    post,
    upload,
)
from tests.support.recordings import ENCODED, noise, wav_bytes

FIXTURES = Path(__file__).parents[1] / "fixtures"
needs_proc = pytest.mark.skipif(
    not Path("/proc/self/statm").is_file(), reason="needs /proc for the memory"
)


@pytest.fixture(scope="module")
def url(app: gr.Blocks) -> str:
    return app.local_url


def started() -> list[str]:
    """The processes that this one has started and that still run."""
    children = [path.read_text() for path in Path("/proc/self/task").glob("*/children")]
    return " ".join(children).split()


def work() -> float:
    """Processor time that this process and those it started have taken so far [s]."""
    ticks = 0
    for process in started():
        with suppress(OSError):
            fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
    return sum(os.times()[:4]) + ticks / os.sysconf("SC_CLK_TCK")


@pytest.fixture
def memory() -> Iterator[Callable[[], float]]:
    """Says by how many megabytes this process and those that it starts now have grown at most."""
    earlier = set(started())  # a fork server of another test's may still import what it serves
    own = Path("/proc/self/cmdline").read_bytes()

    def resident() -> float:
        pages = 0
        for process in ["self", *(one for one in started() if one not in earlier)]:
            with suppress(OSError):
                if process != "self" and Path(f"/proc/{process}/cmdline").read_bytes() == own:
                    continue  # just forked: what it seems to hold is this process' memory
                pages += int(Path(f"/proc/{process}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    peak, ended, before = 0.0, threading.Event(), resident()

    def watch() -> None:
        nonlocal peak
        while not ended.wait(0.01):
            peak = max(peak, resident() - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    yield lambda: peak
    ended.set()
    watcher.join()


def box(name: bytes, *parts: bytes) -> bytes:
    return struct.pack(">I", 8 + sum(map(len, parts))) + name + b"".join(parts)


def mp4_bomb(samples: int = 85_000_000) -> bytes:
    """Six kilobytes of which FFmpeg makes an index of `samples` entries: three gigabytes."""
    whole = (FIXTURES / "speech.m4a").read_bytes()
    start = whole.find(b"stsd") - 4
    coding = whole[start : start + struct.unpack_from(">I", whole, start)[0]]
    index = box(
        b"stbl",
        coding,
        box(b"stts", struct.pack(">4I", 0, 1, samples, 1024)),
        box(b"stsc", struct.pack(">5I", 0, 1, 1, samples, 1)),
        box(b"stsz", struct.pack(">3I", 0, 1, samples)),
        box(b"stco", struct.pack(">3I", 0, 1, 40)),
    )
    references = box(b"dinf", box(b"dref", struct.pack(">2I", 0, 1), box(b"url ", b"\0\0\0\1")))
    media = box(
        b"mdia",
        box(b"mdhd", struct.pack(">5I2H", 0, 0, 0, 16_000, 16_000, 0x55C4, 0)),
        box(b"hdlr", bytes(8), b"soun", bytes(14)),
        box(b"minf", box(b"smhd", bytes(8)), references, index),
    )
    track = box(b"trak", box(b"tkhd", struct.pack(">6I", 7, 0, 0, 1, 0, 1000), bytes(60)), media)
    movie = box(b"moov", box(b"mvhd", struct.pack(">5I", 0, 0, 0, 1000, 1000), bytes(80)), track)
    return box(b"ftyp", b"M4A ", bytes(4), b"M4A ") + box(b"mdat", bytes(5000)) + movie


@cache
def minutes_of_silence(minutes: int, container: str, subtype: str) -> bytes:
    """Three hours are half a megabyte as FLAC."""
    file = io.BytesIO()
    with soundfile.SoundFile(file, "w", 16_000, 1, format=container, subtype=subtype) as sound:
        for _ in range(minutes):
            sound.write(np.zeros(16_000 * 60, np.int16))
    return file.getvalue()


def damaged_frames(megabytes: float) -> bytes:
    """AAC of which every frame is damaged: FFmpeg takes three seconds for a megabyte."""
    return b"\xff\xf1\x50\x80\x01\x1f\xfc\x00" * round(megabytes * 125_000)


@needs_proc
@pytest.mark.parametrize("endpoint", ["predict", pytest.param("analyze", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("name", "make", "sentence"),
    [
        ("index.m4a", mp4_bomb, "damaged|too short"),
        (
            "hours.flac",
            lambda: minutes_of_silence(180, "FLAC", "PCM_16"),
            "too long: expected",
        ),
        (
            "minutes.opus",
            lambda: minutes_of_silence(5, "OGG", "OPUS"),
            "too long: expected",
        ),
        ("4gb.wav", lambda: wav_bytes(noise(40), data_size=0xFFFFFFFF), "too long: expected at"),
        ("2gb.wav", lambda: wav_bytes(noise(0.01), data_size=0x7FFE0000), "cut off|too short"),
    ],
)
def test_a_bomb_is_a_sentence_in_little_time_and_memory(
    url: str, memory: Callable[[], float], name: str, make: Callable, sentence: str, endpoint: str
) -> None:
    (path,) = upload(url, name, make()).json()
    before = work()
    event, answer = post(url, endpoint, file_data(path))
    # A timeline is made of what there is, and says so.
    said = answer[0]["truncated"] if event == "complete" else answer["error"]
    assert re.search(sentence, said)
    assert work() - before < 25
    assert memory() < 400
    assert not Path(path).exists()


@needs_proc
def test_hours_in_a_live_chunk_take_no_memory(
    url: str, memory: Callable[[], float], uploads: Path
) -> None:
    (path,) = upload(url, "chunk.flac", minutes_of_silence(180, "FLAC", "PCM_16")).json()
    event = event_of(url, "microphone", "stream")
    body = {"data": [file_data(path), None], "fn_index": event, "session_hash": "loud"}
    answer = HTTP.post(f"{url}gradio_api/run/predict", json=body).json()
    assert text.LIVE_NO_SPEECH_TITLE in answer["data"][0]
    assert memory() < 200
    assert left_in(uploads) == []


@needs_proc
@pytest.mark.parametrize("route", ["call/predict", "queue/join", "upload", "upload?fields"])
def test_a_request_without_an_end_is_cut_off(
    url: str, uploads: Path, memory: Callable[[], float], route: str
) -> None:
    sent = 0
    start = b'--b\r\nContent-Disposition: form-data; name="files"%s\r\n\r\n'

    def endless() -> Iterator[bytes]:
        nonlocal sent
        yield start % (b"" if route == "upload?fields" else b'; filename="a.wav"')
        while sent < 300_000_000:
            sent += 65_536
            yield bytes(65_536)

    kind = "multipart/form-data; boundary=b" if "upload" in route else "application/json"
    with suppress(httpx.TransportError):  # the server may hang up before it is heard
        headers = {"Content-Type": kind}
        answer = HTTP.post(f"{url}gradio_api/{route}", content=endless(), headers=headers)
        assert answer.status_code == 413
    assert memory() < 150
    assert left_in(uploads) == []


def test_a_stuck_decoder_is_ended_with_a_sentence(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isolate, "PATIENCE", 2.0)
    (path,) = upload(url, "stuck.aac", damaged_frames(5)).json()
    before = work()
    event, answer = post(url, "predict", file_data(path))
    assert work() - before < 8
    assert event == "error"
    assert "stuck.aac takes too long to decode: expected WAV" in answer["error"]


@pytest.mark.parametrize(
    ("does", "says"),
    [("exec sleep 1000", "takes too long to decode"), ("kill -SEGV $$", "cannot be decoded")],
)
def test_a_decoder_that_hangs_or_crashes_takes_nobody_with_it(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does: str, says: str
) -> None:
    broken = tmp_path / "decoder"
    broken.write_text(f"#!/bin/sh\n{does}\n")
    broken.chmod(0o755)
    clip = FIXTURES / "speech.m4a"
    monkeypatch.setattr(isolate, "_idle", [])
    with monkeypatch.context() as patch:
        patch.setattr(isolate, "PATIENCE", 1.0)
        patch.setattr(sys, "executable", str(broken))
        (path,) = upload(url, "clip.m4a", clip.read_bytes()).json()
        event, answer = post(url, "predict", file_data(path))
    assert event == "error"
    assert says in answer["error"]
    assert connect(url).predict(handle_file(clip), api_name="/predict")["label"] in LABELS


@pytest.mark.parametrize("name", ENCODED)
def test_a_strangers_recording_is_heard_as_any_other(name: str) -> None:
    path = FIXTURES / name
    np.testing.assert_array_equal(load_audio(UntrustedPath(path)), load_audio(path))


def test_a_strangers_cut_recording_says_what_is_there(tmp_path: Path) -> None:
    cut = tmp_path / "cut.webm"
    cut.write_bytes((FIXTURES / "speech.webm").read_bytes()[:8_000])
    said = []
    for path in (cut, UntrustedPath(cut)):
        with pytest.raises(TruncatedAudioError) as caught:
            load_audio(path)
        said.append((str(caught.value), caught.value.readable))
    assert said[0] == said[1]
    assert isolate._idle


def test_a_process_that_did_its_work_takes_the_next_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolate, "_idle", [])
    clip = UntrustedPath(FIXTURES / "speech.m4a")
    load_audio(clip)
    (first,) = isolate._idle
    load_audio(clip)
    assert isolate._idle == [first]
    first.end()


@pytest.mark.parametrize("wanted", [0, 1, 2])
def test_a_process_leaves_a_file_of_which_nobody_wants_the_rest(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, wanted: int
) -> None:
    monkeypatch.setattr(isolate, "_idle", [])
    monkeypatch.setattr(isolate, "LEAVING", 60.0)  # on a busy machine, too
    clip = FIXTURES / "speech.m4a"
    (tmp_path / "long.opus").write_bytes(minutes_of_silence(5, "OGG", "OPUS"))
    load_audio(UntrustedPath(clip))
    (first,) = isolate._idle
    for path in (clip, tmp_path / "long.opus"):
        blocks = decoded_blocks(UntrustedPath(path), None)
        for _ in range(wanted):
            next(blocks)
        blocks.close()
        assert isolate._idle == [first]
    with pytest.raises(AudioLengthError):
        load_audio(UntrustedPath(tmp_path / "long.opus"), max_seconds=1)
    np.testing.assert_array_equal(load_audio(UntrustedPath(clip)), load_audio(clip))
    assert isolate._idle == [first]
    first.end()


def test_a_process_that_does_not_leave_its_file_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolate, "_idle", [])
    monkeypatch.setattr(isolate, "LEAVING", 0.2)
    made = []

    def make(decoder=isolate._Decoder):
        made.append(decoder())
        return made[-1]

    monkeypatch.setattr(isolate, "_Decoder", make)
    blocks = decoded_blocks(UntrustedPath(FIXTURES / "speech.m4a"), None)
    next(blocks)
    process = made[0]._process
    os.kill(process.pid, signal.SIGSTOP)
    blocks.close()
    assert isolate._idle == []
    assert process._process.poll() is not None


@pytest.mark.parametrize("wrong", [struct.error, TypeError])
def test_what_is_no_message_hides_no_error(
    monkeypatch: pytest.MonkeyPatch, wrong: type[Exception]
) -> None:
    monkeypatch.setattr(isolate, "_idle", [])

    def receive(*_: object) -> tuple[object, bytes]:
        raise wrong

    with AudioSource(UntrustedPath(FIXTURES / "speech.m4a")) as source:
        blocks = isolate.isolated_blocks(source, "mov")
        next(blocks)
        monkeypatch.setattr(isolate.ChildProcess, "receive", receive)
        blocks.close()
    assert isolate._idle == []


def test_a_recording_of_one_channel_is_analysed_by_one_process(
    monkeypatch: pytest.MonkeyPatch, recognizer: EmotionRecognizer
) -> None:
    monkeypatch.setattr(isolate, "_idle", [])
    begun = []
    monkeypatch.setattr(
        isolate, "_Decoder", lambda make=isolate._Decoder: begun.append(1) or make()
    )
    recognizer.analyze(UntrustedPath(FIXTURES / "speech.m4a"), channels="auto")
    assert len(begun) == 1
    isolate._idle[0].end()


def test_a_process_that_died_while_it_waited_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolate, "_idle", [])
    clip = FIXTURES / "speech.m4a"
    load_audio(UntrustedPath(clip))
    (first,) = isolate._idle
    os.kill(first._process.pid, signal.SIGKILL)
    np.testing.assert_array_equal(load_audio(UntrustedPath(clip)), load_audio(clip))
    (second,) = isolate._idle
    assert second is not first
    second.end()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_after_a_fork_each_side_decodes_on_its_own() -> None:
    code = """
import contextlib, os, sys
import numpy as np
from ser_core.audio import isolate, load_audio, read_blocks
from ser_core.audio.source import UntrustedPath
from ser_core.errors import AudioFileError

expected = [load_audio(path) for path in sys.argv[1:]]
strange = [UntrustedPath(path) for path in sys.argv[1:]]
load_audio(strange[0])
(idle,) = isolate._idle
opened = read_blocks(strange[0], block_seconds=0.5)
begun = next(opened)
child = os.fork()
if child == 0:
    assert not isolate._idle
    with contextlib.suppress(AudioFileError):
        list(opened)
        os._exit(1)
for _ in range(5):  # both at once
    for path, samples in zip(strange, expected):
        assert np.array_equal(load_audio(path), samples)
if child == 0:
    isolate._idle[0].end()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
assert np.array_equal(np.concatenate([begun, *opened]), expected[0])
assert idle in isolate._idle and len(isolate._idle) == 2
"""
    names = [str(FIXTURES / name) for name in ("speech.m4a", "speech.webm")]
    done = subprocess.run([sys.executable, "-c", code, *names], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
