"""What several tests look at and is dear to make: made once for all processes of a test run."""

import shutil
from collections.abc import Callable
from functools import partial, wraps
from hashlib import sha256
from pathlib import Path

from filelock import FileLock

_folder: Path | None = None


def keep_in(folder: Path) -> None:
    """Say where it is kept: a folder that all processes of a test run have in common."""
    global _folder
    _folder = folder
    folder.mkdir(exist_ok=True)


def keep(name: str, make: Callable[[Path], object]) -> Path:
    """Return a folder that is made by the first who asks for it, and that nobody may change.

    Args:
        name: what it is; one of another name is another folder.
        make: fills the folder, whose path it is given and which it may have to create.
    """
    assert _folder is not None, "conftest.py says where"
    place = _folder / sha256(name.encode()).hexdigest()[:16]
    with FileLock(place.with_suffix(".lock")):
        if not place.is_dir():
            unfinished = place.with_suffix(".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            make(unfinished)
            unfinished.rename(place)
    return place


def written_once(write: Callable[..., Path]) -> Callable[..., Path]:
    """Have a function that writes a folder work once for the same arguments, and copy then."""

    @wraps(write)
    def copy(directory: Path, **arguments: object) -> Path:
        name = f"{write.__name__} {sorted(arguments.items())}"
        shutil.copytree(keep(name, partial(write, **arguments)), directory, dirs_exist_ok=True)
        return directory

    return copy
