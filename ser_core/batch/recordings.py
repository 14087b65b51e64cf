"""Which recordings: files, folders, globs and fsspec addresses, listed and opened.

    find_recordings(["calls/", "more/**/*.mp3", "s3://bucket/2026/"])

Folders are searched for what is called as recordings are (`ser_core.audio.endings`), and what is
passed over there is counted; a file or a pattern that somebody typed may call it anything.

A path in a row is absolute, an address is as fsspec spells it, and both name one recording whatever
folder the command was started in. Secrets that stand in an address are used and never shown.
"""

import contextlib
import errno
import glob
import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO

from ser_core.audio.audio_input import expand_home
from ser_core.audio.endings import has_audio_ending
from ser_core.audio.source import printable_name
from ser_core.errors import AudioFileError, AudioLengthError, BatchError

from .addresses import is_address, public_address

MEMORY_BYTES = 64_000_000  # [bytes] of a remote file that is held in memory; longer ones on disk
MAX_REMOTE_BYTES = 4_000_000_000  # [bytes] largest remote file that is fetched
_COPY_BYTES = 4_000_000  # [bytes] fetched at a time

_SAYS_A_NAME = re.compile(r"[^*?.]")  # in the last part of a pattern
_SHOWN = 5  # endings that a summary names of those that were passed over
_VERSIONS = ("ETag", "etag", "xet_hash", "blob_id", "mtime", "LastModified", "last_modified")


@dataclass(frozen=True, slots=True)
class Recording:
    """One file of an archive.

    Attributes:
        path: str, what rows call it: an absolute path or an address, unique, without secrets.
        address: str, what is opened.
        size: int [bytes], or None if the store does not say.
        version: str, what tells one state of the file from the next: the time of its last change
            (UTC), or the store's hash, or None if there is neither.
    """

    path: str
    address: str
    size: int | None
    version: str | None


@dataclass(frozen=True, slots=True)
class Listing:
    """What an archive holds.

    Attributes:
        recordings: each once, sorted by path.
        passed_over: how many files, or folders, were found and not taken, by why: "hidden" (names
            with a dot before them), "linked folder", or the ending of a name that is no
            recording's ("" where it has none).
    """

    recordings: list[Recording]
    passed_over: Counter[str]


def list_recordings(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
) -> Listing:
    """List recordings, and count what is passed over.

    Args:
        paths: one or several of: files (whatever their names); folders, searched to the bottom for
            names with AUDIO_ENDINGS; globs with `*`, `?`, `[...]` and `**`, which may ask for
            files of any name (`*.dat`), but for `*`, `**` and `*.*`, which search as folders are
            searched; and the same behind fsspec addresses (`s3://bucket/x`,
            `hf://datasets/user/name`, `zip://*.wav::/tmp/a.zip`). As in a shell, names that begin
            with a dot are passed over; links to folders are not followed.

    Returns:
        Listing.

    Raises:
        BatchError: a path matches nothing, a folder may not be read, or a store cannot be used.
    """
    if isinstance(paths, (str, os.PathLike)):
        paths = [paths]
    found: dict[str, Recording] = {}
    passed_over: dict[str, str] = {}
    for path in (os.fspath(expand_home(path)) for path in paths):
        passed_here: dict[str, str] = {}
        matches = list(_matches(path, passed_here)) if path else []
        for recording in matches:
            found.setdefault(recording.path, recording)
        if not matches:
            others = describe_passed_over(Counter(passed_here.values()))
            named = printable_name(os.fsencode(public_address(path))) or "An empty path"
            raise BatchError(
                f"{named} matches no recording: expected a file, or a folder or pattern with audio "
                "in it (.wav, .mp3, .m4a, ...), got none"
                f"{others and f' ({others} passed over)'}; check the path."
            )
        passed_over |= passed_here
    left = Counter(why for path, why in passed_over.items() if path not in found)
    return Listing([found[path] for path in sorted(found)], left)


def find_recordings(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
) -> list[Recording]:
    """List recordings, each once, sorted by path, as `list_recordings` does."""
    return list_recordings(paths).recordings


def describe_passed_over(passed_over: Counter[str]) -> str:
    """Say in words what was passed over; nothing where nothing was.

    >>> describe_passed_over(Counter({".txt": 1200, "": 1, "hidden": 2}))
    '1,200 .txt, 1 without ending, 2 hidden'
    """
    endings = [(why, count) for why, count in passed_over.most_common() if why.startswith(".")]
    parts = [f"{count:,} {ending}" for ending, count in endings[:_SHOWN]]
    if endings[_SHOWN:]:
        parts.append(f"{sum(count for _, count in endings[_SHOWN:]):,} of other endings")
    words = {"": "without ending", "hidden": "hidden", "linked folder": "linked folders"}
    parts += [f"{passed_over[why]:,} {word}" for why, word in words.items() if passed_over[why]]
    return ", ".join(parts)


@contextlib.contextmanager
def open_recording(recording: Recording) -> Iterator[str | bytes | BinaryIO]:
    """Give what `predict` takes: a local path, or a remote file's bytes or temporary copy.

    Raises:
        AudioFileError: a remote file is gone, or cannot be fetched.
        AudioLengthError: a remote file is larger than MAX_REMOTE_BYTES.
    """
    if not is_address(recording.address):
        yield recording.address
        return
    with contextlib.ExitStack() as stack:
        # Fetched before it is given, so that what goes wrong in the caller is not caught here.
        try:
            audio = stack.enter_context(_fetched(recording))
        except (AudioFileError, AudioLengthError):
            raise
        except FileNotFoundError as error:
            raise AudioFileError(
                f"{recording.path} does not exist: expected a sound file; check the address."
            ) from error
        except Exception as error:  # each of fsspec's stores has errors of its own
            raise AudioFileError(
                f"{recording.path} cannot be fetched ({type(error).__name__}); check the network "
                "and the permissions, then start again with --retry-errors."
            ) from error
        yield audio


def _matches(path: str, passed_over: dict[str, str]) -> Iterator[Recording]:
    """Yield what a path matches, and note what it passes over, with why."""
    if path.startswith("file://"):
        path = path.removeprefix("file://")
    if is_address(path):
        yield from _remote(path, passed_over)
        return
    path = os.path.abspath(path)
    for name in _local(path, passed_over):
        try:
            status = os.stat(name)
        except OSError:  # a link to nothing becomes a row with its error
            yield Recording(public_address(name), name, None, None)
        else:
            changed = datetime.fromtimestamp(status.st_mtime, UTC).isoformat(
                timespec="microseconds"
            )
            yield Recording(public_address(name), name, status.st_size, changed)


def _local(path: str, passed_over: dict[str, str]) -> Iterator[str]:
    if os.path.isdir(path):
        yield from _walk(path, passed_over)
    elif os.path.lexists(path):
        yield path
    elif glob.has_magic(path):
        is_typed = _SAYS_A_NAME.search(os.path.basename(path))
        for match in _glob(path):
            if os.path.isdir(match):
                yield from _walk(os.path.normpath(match), passed_over)
            elif is_typed or _is_taken(match, passed_over):
                yield match


def _glob(pattern: str) -> Iterator[str]:
    """Yield what a pattern matches; of `**` as the last part, the folder that it begins in.

    `glob.glob` follows links to folders on its way through `**`, and so finds a folder with a link
    to itself forty times.
    """
    parts = pattern.split("/")
    if "**" not in parts:
        yield from glob.iglob(pattern)
        return
    place = parts.index("**")
    rest = parts[place + 1 :]
    for start in glob.iglob("/".join(parts[:place]) or "/"):
        if not rest:
            yield start
            continue
        for folder, folders, _ in os.walk(start, onerror=_refuse):
            folders[:] = [name for name in folders if not name.startswith(".")]
            yield from _glob("/".join((glob.escape(folder), *rest)))


def _walk(folder: str, passed_over: dict[str, str]) -> Iterator[str]:
    for parent, folders, names in os.walk(folder, onerror=_refuse):
        for name in list(folders):
            path = os.path.join(parent, name)
            if name.startswith("."):
                folders.remove(name)
                passed_over[public_address(path)] = "hidden"
            elif os.path.islink(path):
                passed_over[public_address(path)] = "linked folder"
        paths = (os.path.join(parent, name) for name in names)
        yield from (path for path in paths if _is_taken(path, passed_over))


def _refuse(error: OSError) -> None:
    if error.errno in (errno.EMFILE, errno.ENFILE):
        raise error  # no fault of the folder's
    raise BatchError(
        f"The folder {public_address(error.filename)} may not be listed ({error.strerror}): "
        "grant that, or name the folders beside it."
    ) from error


def _is_taken(path: str, passed_over: dict[str, str]) -> bool:
    """Say whether a search takes a file, by its name, and note why where it does not."""
    name = path.rsplit("/", 1)[-1]
    if not name.startswith(".") and has_audio_ending(name):
        return True
    ending = os.path.splitext(name)[1].lower()
    passed_over[public_address(path)] = "hidden" if name.startswith(".") else ending
    return False


def _remote(address: str, passed_over: dict[str, str]) -> Iterator[Recording]:
    try:
        system, path = _file_system(address)
        infos = list(_remote_infos(system, path, passed_over))
    except ImportError as error:
        raise BatchError(
            f"{public_address(address)} needs a package that is not installed ({error}): pip "
            "install it, s3fs for s3://, gcsfs for gs://, adlfs for az://, aiohttp for https://."
        ) from error
    except FileNotFoundError:
        return
    except Exception as error:  # each of fsspec's stores has errors of its own
        raise BatchError(
            f"{public_address(address)} cannot be listed ({type(error).__name__}): check the "
            "address, the network and the permissions."
        ) from error
    first, separator, rest = address.partition("::")
    chain = separator + rest if "://" in first else ""
    for info in infos:
        name = info["name"]
        # A query that signs the address is part of what is opened.
        full = name if "://" in name else system.unstrip_protocol(name)
        version = next((info[key] for key in _VERSIONS if info.get(key)), info.get("created"))
        version = version.isoformat() if isinstance(version, datetime) else version
        yield Recording(
            public_address(full + chain), full + chain, info.get("size"), version and str(version)
        )


def _remote_infos(system: Any, path: str, passed_over: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Yield fsspec's description of each file that a path without protocol matches."""
    if glob.has_magic(path) and system.protocol not in ("http", ("http", "https")):
        matches = system.glob(path, detail=True).values()
        folders = [info["name"] for info in matches if info["type"] == "directory"]
        infos = [info for info in matches if info["type"] == "file"]
        if _SAYS_A_NAME.search(path.rsplit("/", 1)[-1]):
            yield from infos
            infos = []
    else:
        info = system.info(path)
        if info["type"] != "directory" and not path.endswith("/"):
            yield info
            return
        folders, infos = [path], []
    for folder in folders:
        infos.extend(system.find(folder, detail=True).values())
    yield from (info for info in infos if _is_taken(info["name"], passed_over))


def _file_system(address: str) -> tuple[Any, str]:
    import fsspec

    system, path = fsspec.core.url_to_fs(address)
    return system, path


@contextlib.contextmanager
def _fetched(recording: Recording) -> Iterator[bytes | BinaryIO]:
    """Copy a remote file into memory, or, where it is large, into a temporary file."""
    system, path = _file_system(recording.address)
    _require_size(recording, recording.size or 0)
    if recording.size is not None and recording.size <= MEMORY_BYTES:
        yield system.cat_file(path)
        return
    with tempfile.TemporaryFile(prefix="recording-") as copy:
        with system.open(path, "rb") as file:
            while piece := file.read(_COPY_BYTES):
                copy.write(piece)
                _require_size(recording, copy.tell())
        yield copy


def _require_size(recording: Recording, size: int) -> None:
    if size > MAX_REMOTE_BYTES:
        raise AudioLengthError(
            f"{recording.path} is too large: expected at most {MAX_REMOTE_BYTES / 1e9:g} GB of a "
            f"remote file, got {size / 1e9:.1f} GB or more; download it, and name the copy."
        )
