"""What a model needs beside the light core, and the command that installs it."""

import platform
import sys
from collections.abc import Collection, Sequence
from importlib.util import find_spec

from ..config.feature_config import FeatureConfig
from ..config.frame_blocks import LogMelBlock
from ..errors import ModelError
from .files import choose_form

REFERENCE, KERAS, TEACH = "reference", "keras", "teach"

_CPU_WHEELS = 'sys_platform == "linux" and platform_machine == "x86_64"'
_OTHER_WHEELS = 'sys_platform != "linux" or platform_machine != "x86_64"'

EXTRAS = {
    REFERENCE: ("librosa>=0.10.2,<1",),
    KERAS: (
        "keras>=3.15.1,<4",
        f"tensorflow-cpu>=2.21,<3; {_CPU_WHEELS}",
        f"tensorflow>=2.21,<3; {_OTHER_WHEELS}",
    ),
    TEACH: ("scikit-learn>=1.5,<2",),
}
"""Requirements by the extra of ser-core that has them; pyproject.toml says the same, and why."""

_MODULES = {REFERENCE: "librosa", KERAS: "keras", TEACH: "sklearn"}


def needed_extras(
    config: FeatureConfig, names: Collection[str], form: str | None = None
) -> tuple[str, ...]:
    """Name the extras of ser-core that a model needs to answer.

    Args:
        config: FeatureConfig of the model.
        names: of the files that its repository holds.
        form: as for `load_runtime`.

    Returns:
        Keys of EXTRAS: "reference" for features that librosa computes, "keras" for a network
        without a file for LiteRT.
    """
    needs = {
        REFERENCE: config.front_end != LogMelBlock.front_end,
        KERAS: choose_form(names, form) is None,
    }
    return tuple(extra for extra, needed in needs.items() if needed)


def requirements(extras: Sequence[str]) -> tuple[str, ...]:
    """List the requirements of extras, as lines of a requirements file."""
    return tuple(line for extra in extras for line in EXTRAS[extra])


def require_extras(extras: Sequence[str], name: str) -> None:
    """Raise unless what a model needs is installed.

    Args:
        extras: keys of EXTRAS.
        name: what to call the model in the error.

    Raises:
        ModelError: with the command that helps.
    """
    missing = [extra for extra in extras if find_spec(_MODULES[extra]) is None]
    if missing:
        packages = " and ".join(_MODULES[extra] for extra in missing)
        raise ModelError(
            f"{name} needs {packages}, which this environment lacks: {install_command(missing)}."
        )


def install_command(extras: Sequence[str]) -> str:
    """Return the command that installs extras on this machine.

    >>> install_command(["reference"])
    "pip install 'librosa>=0.10.2,<1'"
    """
    light = sys.platform == "linux" and platform.machine() == "x86_64"
    other = _OTHER_WHEELS if light else _CPU_WHEELS
    wanted = [line.partition("; ") for line in requirements(extras)]
    packages = " ".join(f"'{package}'" for package, _, marker in wanted if marker != other)
    return f"pip install {packages}"
