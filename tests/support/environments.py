"""Environments of some requirements and nothing else, made of what is installed where tests run.

What a registry would send once more is there already, with its modules compiled. An environment is
links to it: to the distributions that the requirements name, to those that these require, and to no
other.
"""

import sysconfig
import venv
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path, PurePath

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

INSTALLED = Path(sysconfig.get_path("purelib"))


def fill_environment(requirements: Iterable[str], folder: Path) -> None:
    """Make an environment of some requirements, which must be installed here.

    Args:
        requirements: lines of a requirements.txt.
        folder: where to.

    Raises:
        PackageNotFoundError: one is not installed.
        AssertionError: one is installed in a version that is not asked for.
    """
    venv.create(folder)
    (there,) = folder.glob("lib/python*/site-packages")
    wanted = required(requirements)
    foreign = {
        place
        for one in distributions(path=[str(INSTALLED)])
        if canonicalize_name(one.name) not in wanted
        for file in files(one)
        for place in (file, *file.parents)
    }
    for one in wanted.values():
        for file in files(one):
            # The widest folder that is its own: what several share is linked part by part.
            place = next(at for at in (*reversed(file.parents), file) if at not in foreign)
            link = there / place
            if not link.exists():
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(INSTALLED / place)


def required(requirements: Iterable[str]) -> dict[str, Distribution]:
    """Find the distributions that requirements name, and those that these require, by name."""
    found, seen = {}, set()
    waiting = [Requirement(line) for line in requirements]
    for one in waiting:
        if one.marker is not None and not one.marker.evaluate({"extra": ""}):
            continue
        installed = distribution(one.name)
        assert one.specifier.contains(installed.version, prereleases=True), (one, installed.version)
        waiting.extend(further(installed, one.extras, seen))
        found[canonicalize_name(one.name)] = installed
    return found


def further(
    one: Distribution, extras: Iterable[str], seen: set[tuple[str, str]]
) -> Iterator[Requirement]:
    """Say what a distribution requires, with some extras, but for what was said before."""
    for extra in ("", *extras):
        if (one.name, extra) in seen:
            continue
        seen.add((one.name, extra))
        for requirement in map(Requirement, one.requires or ()):
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                requirement.marker = None
                yield requirement


def files(one: Distribution) -> Iterator[PurePath]:
    """Say which files a distribution has among the packages; not its scripts."""
    return (PurePath(file) for file in one.files or () if ".." not in file.parts)
