"""What is done in namespaces of a test's own stays there."""

import os
import shutil
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.clean_root import isolated

SLOW = """#!/bin/sh
# unshare, whose command is slow to start
while [ "$1" != sleep ]; do options="$options $1"; shift; done
exec {unshare} $options sh -c "sleep 1; exec sleep infinity"
"""


@pytest.mark.slow
def test_nothing_is_mounted_before_the_mounts_are_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """unshare parts them from the system's before it runs its command, and no earlier."""
    slow = tmp_path / "unshare"
    slow.write_text(SLOW.format(unshare=shutil.which("unshare")))
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with ExitStack() as held:
        try:
            inside = held.enter_context(isolated())
        except OSError as error:
            pytest.skip(f"No namespaces can be made here: {error}")
        assert Path(f"/proc/{inside.holder}/comm").read_text() == "sleep\n"
        inside.mount(Path("/usr"), tmp_path / "there")
        assert inside.run("ls", tmp_path / "there").stdout
        assert not list((tmp_path / "there").iterdir())
