"""Node and npm for tests: the environment's own before the machine's, and packages beside it."""

import os
import shutil
import sys
from pathlib import Path

import pytest

PLACES = os.pathsep.join((str(Path(sys.prefix, "bin")), os.environ.get("PATH", os.defpath)))
NODE, NPM = (shutil.which(name, path=PLACES) for name in ("node", "npm"))
PACKAGES = Path(sys.prefix, "node", "node_modules")
"""Where the Makefile puts the packages of tests/docs/node."""


def require_node(*packages: str) -> str:
    """Say where Node is, once some packages are there; otherwise the test is skipped, but in CI.

    Args:
        packages: names of npm's, of those in PACKAGES.

    Returns:
        Path of `node`.
    """
    lacking = [f"npm's {name}" for name in packages if not (PACKAGES / name).is_dir()]
    lacking += [] if NODE else ["Node"]
    if lacking and os.environ.get("CI") == "true":
        pytest.fail(f"There is no {' and no '.join(lacking)}.")
    if lacking:
        pytest.skip(
            f"There is no {' and no '.join(lacking)}: `make node` installs what is lacking."
        )
    return str(NODE)
