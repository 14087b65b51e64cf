"""The fork server that the tests' commands start, see tests/support/commands.py."""

import subprocess
import sys

import pytest

from tests.support.commands import ROOT

pytest.importorskip("resource", reason="there are no limits here")

PROGRAM = """
import json, os, resource, socket, sys
from tests.support.commands import _wait_to_serve
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
ours, theirs = socket.socketpair()
aside = os.fork()
if not aside:
    _wait_to_serve(theirs, ours)
read, write = os.pipe()
socket.send_fds(ours, [json.dumps([sys.argv[1], [100]]).encode()], [write])
os.close(write)
print(os.read(read, 100), os.waitstatus_to_exitcode(os.waitpid(aside, 0)[1]))
"""


def serve(code: str) -> subprocess.CompletedProcess[str]:
    """Let a server of few descriptors run code that is passed one, as number 100."""
    words = [sys.executable, "-c", PROGRAM, code]
    return subprocess.run(words, capture_output=True, text=True, cwd=ROOT, timeout=300)


def test_server_works_where_few_descriptors_are_allowed():
    done = serve("import os; os.write(100, b'here')")
    assert done.stdout == "b'here' 0\n", done.stderr


def test_server_says_what_it_failed_at():
    done = serve("1 / 0")
    assert done.stdout == "b'' 1\n"
    assert "ZeroDivisionError" in done.stderr
