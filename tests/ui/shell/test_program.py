"""`ser` as a whole: help, statuses, and streams that are closed, full or narrow."""

import errno
import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer

from ser_core import DEFAULT_MODEL, __version__
from ser_core.batch.__main__ import _parser
from ser_core.errors import ConfigError
from ser_core.model.litert_notice import NOTICE
from ser_core.ui import opening
from ser_core.ui.server import serving
from ser_core.ui.shell import program
from ser_core.ui.shell.program import app
from ser_core.ui.shell.serve_command import VARIABLES
from tests.support.embedded import NETWORK_FILE
from tests.support.hub_server import HubServer
from tests.support.shell import ROOT, ForkedSer, run_ser

CLIP = Path("tests/fixtures/speech_female.wav")
COMMANDS = typer.main.get_command(app).commands


@pytest.fixture(autouse=True)
def _folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_the_program_says_its_version_and_its_commands() -> None:
    assert run_ser("--version") == (0, f"ser {__version__}\n", "")
    done = run_ser("--help")
    assert done.status == 0
    assert all(re.search(rf"^  {name} ", done.out, flags=re.MULTILINE) for name in COMMANDS)
    for status in (0, 1, 2, 130, 141):
        assert re.search(rf"\b{status} ", done.out)
    assert run_ser().status == 2


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_examples_of_the_command(name: str) -> None:
    done = run_ser(name, "--help")
    assert done.status == 0
    if name != "batch":  # whose help is that of python -m ser_core.batch
        assert f"Examples:\n    ser {name}" in done.out
        assert "\x1b" not in done.out


def test_batch_is_the_batch_command(tmp_path: Path) -> None:
    assert run_ser("batch", "--help").out == _parser("ser batch").format_help()
    out = tmp_path / "table.jsonl"
    done = run_ser("batch", "--quiet", CLIP, "--out", out, "--workers", 1)
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith(f"{out}: 1 recordings answered")
    assert json.loads(out.read_text())["path"] == str(ROOT / CLIP)
    done = run_ser("batch", CLIP, "--workers", 0)
    assert done.status == 2
    assert "ser batch: error:" in done.err
    assert run_ser("batch", "no/such", "--out", out).status == 1


@pytest.mark.parametrize(
    "words", [["nonsense"], ["predict"], ["predict", "--nonsense"], ["live", "--hop"], ["-x"]]
)
def test_wrong_usage_is_status_2_and_no_traceback(words: list[str]) -> None:
    done = run_ser(*words)
    assert (done.status, done.out) == (2, "")
    assert "--help" in done.err or "-h" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    "error", [ZeroDivisionError("x\ny"), MemoryError(), RecursionError("deep"), OSError(5, "I/O")]
)
def test_whatever_happens_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(program, "app", fail)
    done = run_ser()
    assert (done.status, done.out, len(done.err.splitlines())) == (1, "", 1)
    monkeypatch.setenv("SER_DEBUG", "1")
    assert "Traceback" in run_ser().err


def test_a_full_disk_is_not_blamed_on_what_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OSError(errno.EFBIG, "File too large", str(CLIP))

    monkeypatch.setattr(program, "app", fail)
    done = run_ser()
    assert done.status == 1
    assert "The disk is full" in done.err
    assert CLIP.name not in done.err


def test_completion_is_there_for_the_shell() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from ser_core.ui.shell.program import app; app(prog_name='ser')"],
        env=os.environ
        | {"_SER_COMPLETE": "complete_bash", "COMP_WORDS": "ser p", "COMP_CWORD": "1"},
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.stdout.split() == ["predict"]


# Streams


def test_into_a_pipe_go_answers_and_nothing_else() -> None:
    command = [sys.executable, "-m", "ser_core", "predict", CLIP, CLIP]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count(f"{CLIP}: ") == len(done.stdout.splitlines()) == 2


def test_the_notice_is_what_litert_says() -> None:
    code = (
        "from ser_core import *; "
        f"EmotionRecognizer.from_pretrained(DEFAULT_MODEL).predict({str(CLIP)!r})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=ROOT, check=True)
    assert done.stderr in (NOTICE, b"")  # the second, where LiteRT says it no more


def test_all_but_the_notice_is_passed_on() -> None:
    code = (
        "import os, sys\n"
        "from ser_core.model.litert_notice import NOTICE, without_notice\n"
        "try:\n"
        "    with without_notice():\n"
        "        os.write(2, b'WARNING: one\\n' + NOTICE)\n"
        "        print('two', file=sys.stderr)\n"
        "        1 / 0\n"
        "finally:\n"
        "    os.write(2, NOTICE)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=ROOT)
    before, _, after = done.stderr.partition(NOTICE)
    assert before == b"WARNING: one\ntwo\n"
    assert b"ZeroDivisionError" in after


def test_a_reader_that_has_enough_ends_the_command_quietly() -> None:
    read, write = os.pipe()
    os.close(read)
    started = ForkedSer("predict", *([CLIP] * 3), streams={1: write})
    os.close(write)
    assert started.end() == (141, "", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_a_full_disk_is_a_sentence() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    done = ForkedSer("predict", CLIP, streams={1: full}).end()
    os.close(full)
    assert done.status == 1
    assert done.err.startswith("Standard output cannot be written to (No space left on device)")
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize("stream", [0, 1, 2])
def test_a_stream_that_is_closed_is_no_crash(stream: int) -> None:
    done = ForkedSer("predict", CLIP, "-", streams={stream: None}).end()
    assert "Traceback" not in done.err
    assert done.status == 1  # there is no recording in standard input
    assert done.out.count(f"{CLIP}: ") == (stream != 1)
    assert len(done.err.splitlines()) == (stream != 2)


def test_a_plain_locale_gets_codes_and_json_stays_json(tmp_path: Path) -> None:
    (tmp_path / "ż.wav").write_bytes((ROOT / CLIP).read_bytes())
    for words, expected in (((), r"\u017c.wav: "), (("--json",), '{"path": "ż.wav", ')):
        done = ForkedSer("predict", *words, "ż.wav", folder=tmp_path, encoding="ascii").end()
        assert (done.status, done.err) == (0, "")
        assert done.out.startswith(expected)


def test_ctrl_c_is_one_line_and_status_130(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    started = ForkedSer("predict", CLIP, tmp_path / "pipe")  # which waits for somebody to write
    assert started.read_line().startswith(str(CLIP))
    os.kill(started.process, signal.SIGINT)
    done = started.end()
    assert (done.status, done.out, done.err.strip()) == (130, "", "Stopped.")


# A terminal


def on_terminal(*words: object, columns: int = 80, **variables: str) -> tuple[int, str]:
    """Run `ser WORDS` on a terminal of its own; returns its status and what stood there."""
    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    started = ForkedSer(
        *words, streams=dict.fromkeys(range(3), side), **{"TERM": "xterm-256color", **variables}
    )
    os.close(side)
    shown = b"".join(_read(main))
    os.close(main)
    return started.end().status, shown.decode()


def _read(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            piece = os.read(terminal, 65_536)
        except OSError:  # as Linux says that nobody writes any more
            return
        if not piece:
            return
        yield piece


def test_on_a_terminal_one_file_is_a_table_of_bars() -> None:
    status, shown = on_terminal("predict", CLIP, columns=30)
    assert status == 0
    assert "█" in shown
    assert "\x1b[" in shown
    plain = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", shown)
    bars = [line for line in plain.replace("\r", "").splitlines() if " %" in line]
    assert len(bars) == 3
    assert max(map(len, bars)) <= 30  # names and sentences are left to the terminal to fold
    assert "Traceback" not in shown


def test_no_color_is_heeded() -> None:
    status, shown = on_terminal("predict", CLIP, NO_COLOR="1")
    assert status == 0
    assert not re.search(r"\x1b\[(?:3|4|9|10)\d", shown)


def test_on_a_terminal_a_bar_moves_below_the_answers() -> None:
    status, shown = on_terminal("predict", CLIP, "gone.wav", CLIP)
    assert status == 1
    assert "━" in shown
    assert shown.count(str(CLIP)) == 2
    assert shown.count("gone.wav does not exist") == 1
    status, shown = on_terminal("predict", CLIP, CLIP, TERM="dumb")
    assert (status, "━" in shown, "\x1b" in shown) == (0, False, False)


def test_standard_input_that_is_a_terminal_is_a_sentence() -> None:
    status, shown = on_terminal("predict", "-")
    assert status == 1
    assert "Standard input is a terminal" in shown


def test_a_model_of_the_hub_is_described(hub: HubServer, hub_process: Callable) -> None:
    small = {path.name: path.read_bytes() for path in Path(DEFAULT_MODEL).glob("*.json")}
    hub.repo("model", "user/voices").write(small | {NETWORK_FILE: b"which is not run"})
    code = "from ser_core.__main__ import main; main()"
    out, err = hub_process(code, "info", "user/voices", "--json").communicate()
    assert err == ""
    facts = json.loads(out)
    assert facts["model"] == "user/voices"
    assert re.fullmatch(r"[\da-f]{40}", facts["commit"])


def test_serving_is_what_the_app_does(monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[object] = []
    monkeypatch.setattr(opening, "open_app", lambda: (None, "page", {"option": 1}))
    monkeypatch.setattr(serving, "serve", lambda *given: served.append(given))
    for variable in VARIABLES:
        monkeypatch.setenv(variable, "")
    done = run_ser("serve", "--host", "0.0.0.0", "--port", 8000, "--model", "user/name")
    assert done == (0, "", "")
    assert served == [("page", {"option": 1})]
    values = [os.environ[variable] for variable in VARIABLES]
    assert values == ["user/name", "", "0.0.0.0", "8000"]


@pytest.mark.parametrize(
    ("error", "status", "sentence"),
    [
        (ModuleNotFoundError("no gradio", name="gradio"), 2, "pip install 'ser-core[app]'"),
        (ConfigError("The app cannot listen on 127.0.0.1."), 1, "The app cannot listen"),
    ],
)
def test_what_keeps_the_app_from_starting_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, sentence: str
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(opening, "open_app", fail)
    done = run_ser("serve")
    assert (done.status, done.out, len(done.err.splitlines())) == (status, "", 1)
    assert sentence in done.err


def test_what_a_model_is(tmp_path: Path) -> None:
    done = run_ser("info")
    assert (done.status, done.err) == (0, "")
    told = dict(line.split(": ", 1) for line in done.out.splitlines())
    facts = json.loads(run_ser("info", DEFAULT_MODEL, "--json").out)
    assert list(told) == [name for name in facts if name != "faults"]
    metrics = json.loads((Path(DEFAULT_MODEL) / "metrics.json").read_text())
    assert facts["accuracy"] == metrics["accuracy"]
    assert facts["accuracy_interval"] == metrics["accuracy_interval"]
    assert facts["labels"] == metrics["labels"]
    assert facts["licence"] == "cc-by-nc-sa-4.0"
    assert re.fullmatch(r"sha256:[\da-f]{16}", facts["digest"])
    assert re.fullmatch(r"[\d.]+ to [\d.]+ % \(95 %\)", told["accuracy_interval"])
    done = run_ser("info", tmp_path)
    assert (done.status, len(done.err.splitlines())) == (1, 1)
