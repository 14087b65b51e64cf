"""Which recordings: files, folders, globs and fsspec addresses, listed and opened.

    find_recordings(["calls/", "more/**/*.mp3", "s3://bucket/2026/"])

A path in a row is absolute, an address is as fsspec spells it, and both name one recording whatever
folder the command was started in. Secrets that stand in an address are used and never shown.
"""

import contextlib
import glob
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from ser_core.errors import AudioFileError, AudioLengthError, BatchError

SUFFIXES = frozenset(
    f".{name}"
    for name in (
        *("3gp", "aac", "aif", "aifc", "aiff", "amr", "au", "avi", "caf", "flac", "m4a", "m4b"),
        *("m4v", "mka", "mkv", "mov", "mp3", "mp4", "mpeg", "mpg", "oga", "ogg", "opus", "wav"),
        *("wave", "weba", "webm", "wma"),
    )
)
"""What a folder or a glob is searched for; a file named in full may be called anything."""

MEMORY_BYTES = 64_000_000  # [bytes] of a remote file that is held in memory; longer ones on disk
MAX_REMOTE_BYTES = 4_000_000_000  # [bytes] largest remote file that is fetched
_COPY_BYTES = 4_000_000  # [bytes] fetched at a time

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(://|::)")
_SECRET = re.compile(r"(?i)^(x-amz-|x-goog-|aws|sig|signature|expires|.*(token|key|secret|pass))")
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


def find_recordings(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
) -> list[Recording]:
    """List recordings.

    Args:
        paths: one or several of: files (whatever their names); folders, searched to the bottom for
            SUFFIXES; globs with `*`, `?`, `[...]` and `**`; and the same behind fsspec addresses
            (`s3://bucket/x`, `hf://datasets/user/name`, `zip://*.wav::/tmp/a.zip`). As in a shell,
            names that begin with a dot are passed over; links to folders are not followed.

    Returns:
        Each recording once, sorted by path.

    Raises:
        BatchError: a path matches nothing, a folder may not be read, or a store cannot be used.
    """
    if isinstance(paths, (str, os.PathLike)):
        paths = [paths]
    found: dict[str, Recording] = {}
    for path in (os.fspath(path) for path in paths):
        matches = list(_matches(path))
        for recording in matches:
            found.setdefault(recording.path, recording)
        if not matches:
            raise BatchError(
                f"{public_address(path)} matches no recording: expected a file, or a folder or "
                "pattern with audio in it (.wav, .mp3, .m4a, ...), got none; check the path."
            )
    return [found[path] for path in sorted(found)]


@contextlib.contextmanager
def open_recording(recording: Recording) -> Iterator[str | bytes | BinaryIO]:
    """Give what `predict` takes: a local path, or a remote file's bytes or temporary copy.

    Raises:
        AudioFileError: a remote file is gone, or cannot be fetched.
        AudioLengthError: a remote file is larger than MAX_REMOTE_BYTES.
    """
    if not _ADDRESS.match(recording.address):
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


def public_address(address: str) -> str:
    """Return an address without passwords, tokens and signatures.

    >>> public_address("https://user:pass@host/a.wav?id=5&X-Amz-Signature=abc")
    'https://host/a.wav?id=5'
    """
    if not _ADDRESS.match(address):
        # A name whose bytes are no text must still be one in a table.
        return os.fsencode(address).decode("utf-8", "backslashreplace")
    return "::".join(map(_public_link, address.split("::")))


def _public_link(link: str) -> str:
    if "?" not in link and "@" not in link:
        return link
    parts = urlsplit(link)
    kept = [(k, v) for k, v in parse_qsl(parts.query, True) if not _SECRET.match(k)]
    user, at, host = parts.netloc.rpartition("@")
    if at and ":" not in user and not parts.scheme.startswith("http"):
        host = parts.netloc  # "a@b.wav" in an archive is a name
    return urlunsplit((parts.scheme, host, parts.path, urlencode(kept), parts.fragment))


def _matches(path: str) -> Iterator[Recording]:
    if path.startswith("file://"):
        path = path.removeprefix("file://")
    if _ADDRESS.match(path) and not os.path.lexists(path):
        yield from _remote(path)
        return
    path = os.path.abspath(path)
    for name in _local(path):
        try:
            status = os.stat(name)
        except OSError:  # a link to nothing becomes a row with its error
            yield Recording(public_address(name), name, None, None)
        else:
            changed = datetime.fromtimestamp(status.st_mtime, UTC).isoformat(
                timespec="microseconds"
            )
            yield Recording(public_address(name), name, status.st_size, changed)


def _local(path: str) -> Iterator[str]:
    if os.path.isdir(path):
        yield from _walk(path)
    elif os.path.lexists(path):
        yield path
    elif glob.has_magic(path):
        for match in glob.iglob(path, recursive=True):
            if os.path.isdir(match):
                yield from _walk(os.path.normpath(match))
            elif _is_audio(match):
                yield match


def _walk(folder: str) -> Iterator[str]:
    def refuse(error: OSError) -> None:
        raise BatchError(
            f"The folder {public_address(error.filename)} may not be listed ({error.strerror}): "
            "grant that, or name the folders beside it."
        ) from error

    for parent, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (os.path.join(parent, name) for name in names if _is_audio(name))


def _is_audio(path: str) -> bool:
    name = path.rsplit("/", 1)[-1]
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in SUFFIXES


def _remote(address: str) -> Iterator[Recording]:
    try:
        system, path = _file_system(address)
        infos = list(_remote_infos(system, path))
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


def _remote_infos(system: Any, path: str) -> Iterator[dict[str, Any]]:
    """Yield fsspec's description of each file that a path without protocol matches."""
    if glob.has_magic(path) and system.protocol not in ("http", ("http", "https")):
        matches = system.glob(path, detail=True).values()
        folders = [info["name"] for info in matches if info["type"] == "directory"]
        infos = [info for info in matches if info["type"] == "file"]
    else:
        info = system.info(path)
        if info["type"] != "directory" and not path.endswith("/"):
            yield info
            return
        folders, infos = [path], []
    for folder in folders:
        infos.extend(system.find(folder, detail=True).values())
    yield from (info for info in infos if _is_audio(info["name"]))


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
