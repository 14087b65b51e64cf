"""Work that is killed at every step: before each of its writes, and at each of its requests.

Killed there and started again, a process takes seconds to import what it works with. So one process
imports it all and works itself never: for every kill it is forked, and the fork dies by SIGKILL,
either of its own hand before its N-th write (Python's audit events say where those are), or of the
Hub's, before the N-th request is looked at or answered.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.hub_server import HubServer

ROOT = Path(__file__).parents[2]
WRITES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate"}

STARTER = """
import json, os, signal, sys
from tests.support.kills import count_writes

work = {}
exec(sys.argv[1], work)
for line in sys.stdin:
    at, call = json.loads(line)
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(told)
            sys.stdin.readline()  # until whoever kills it knows it
            counted = count_writes(at)
            eval(call, work)
            os.write(tell, str(len(counted)).encode())
            status = 0
        except BaseException as error:
            os.write(tell, repr(error).encode())
        finally:
            os._exit(status)
    os.close(tell)
    print(child, flush=True)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(json.dumps([status, os.read(told, 10_000).decode()]), flush=True)
    os.close(told)
"""


def count_writes(at: int | None) -> list[str]:
    """Note every write from now on; die before the one of that number, counted from 1."""
    counted: list[str] = []

    def note(event: str, arguments: tuple) -> None:
        # Opened to be written to: flags, where the mode is unknown to os.open.
        is_open = event == "open" and (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR)
        if (is_open and str(arguments[0]) != os.devnull) or event in WRITES:
            counted.append(f"{event} {arguments[0]}")
            if len(counted) == at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(note)
    return counted


@dataclass(frozen=True)
class Outcome:
    """How a call ended.

    Attributes:
        killed: whether it died by SIGKILL.
        writes: how many it made, where it ended by itself.
        moments: how many there were to kill it at requests.
    """

    killed: bool
    writes: int
    moments: int


class Starter:
    """A process that has imported what work needs, and is forked for each try; a context manager.

    The code given imports and defines; a call is an expression in its names.
    """

    def __init__(self, code: str, environment: Mapping[str, str], hub: HubServer | None = None):
        self._hub = hub
        self._process = subprocess.Popen(
            [sys.executable, "-c", STARTER, code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=dict(environment) | {"PYTHONPATH": str(ROOT), "HF_HUB_DISABLE_PROGRESS_BARS": "1"},
            cwd=ROOT,
        )

    def __enter__(self) -> "Starter":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def run(
        self, call: str, *, at_write: int | None = None, at_moment: int | None = None
    ) -> Outcome:
        """Fork, and let the fork make a call.

        Args:
            call: an expression.
            at_write: before which write it dies, from 1; None for none.
            at_moment: at which moment of its requests it dies, from 1, two a request: before it is
                looked at, and before it is answered; None for none.

        Raises:
            AssertionError: it failed without being killed.
        """
        moments: list[int] = []
        self._send(json.dumps([at_write, call]))
        child = int(self._process.stdout.readline())

        def watch() -> None:
            moments.append(1)
            if len(moments) == at_moment:
                os.kill(child, signal.SIGKILL)

        if self._hub is not None:
            self._hub.watch = watch
        self._send("go")
        status, said = json.loads(self._process.stdout.readline())
        if self._hub is not None:
            self._hub.watch = lambda: None
        assert status in (0, -signal.SIGKILL), said
        return Outcome(status != 0, int(said) if status == 0 else 0, len(moments))

    def _send(self, line: str) -> None:
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
