"""Fetch a corpus' archive: resumed after a broken connection, checked by MD5, unpacked safely.

While it runs, the folder holds ARCHIVE.zip.partial (the bytes so far), then ARCHIVE.zip (whole and
checked), then ARCHIVE.unpacking; only the last step gives the unpacked folder its name. So a run
that was stopped anywhere goes on when it is started again, and a folder without a suffix is whole.
"""

import hashlib
import re
import shutil
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
from tqdm import tqdm

from ser_core.errors import SpeechEmotionError

from .clip import Archive

TIMEOUT = 30.0  # [s], to connect, and between two pieces of the answer
ATTEMPTS = 5  # in a row without a single byte
PAUSE = 2.0  # [s], before the second attempt; doubled before each further one


class DownloadError(SpeechEmotionError, OSError):
    """An archive cannot be fetched, is not the one that was expected, or cannot be unpacked."""


class _BrokenConnectionError(Exception):
    """The server failed in a way that may pass; the bytes so far are kept."""


@dataclass(frozen=True)
class Delivery:
    """What a download did; prints itself as one line.

    Attributes:
        folder: where the corpus is now.
        files: int, how many files were unpacked; 0 if they were there before.
        fetched: int, how much came over the network [bytes].
        resumed_at: int, how much was there before [bytes].
    """

    folder: Path
    files: int = 0
    fetched: int = 0
    resumed_at: int = 0

    def __str__(self) -> str:
        if not self.files:
            return f"{self.folder} is already there: nothing was fetched."
        before = f", after {_megabytes(self.resumed_at)} of before" if self.resumed_at else ""
        return (
            f"Fetched {_megabytes(self.fetched)}{before}; the MD5 digest is right; "
            f"{self.files:,} files were unpacked into {self.folder}."
        )


def download(
    archive: Archive,
    to: Path,
    *,
    url: str | None = None,
    pause: float = PAUSE,
    quiet: bool = False,
) -> Delivery:
    """Fetch, check and unpack an archive, or what of that is still to do.

    Args:
        archive: which one.
        to: folder, made if need be; the archive is unpacked into a folder below, then deleted.
        url: another address of the same file.
        pause: float >= 0, how long to wait after the first failure [s].
        quiet: whether to show no progress bar.

    Returns:
        Delivery.

    Raises:
        DownloadError: the server refuses or keeps failing, the MD5 digest is wrong, the zip file
            is damaged or would write elsewhere, or the disk cannot take it.
    """
    address = url or archive.url
    whole = to / archive.file
    partial = to / f"{archive.file}.partial"
    folder = to / archive.file.removesuffix(".zip")
    with _disk_errors(to):
        to.mkdir(parents=True, exist_ok=True)
        if folder.is_dir() and any(folder.iterdir()):
            return Delivery(folder)
        if whole.is_file():
            start = archive.size
            if (digest := _md5(whole)) != archive.md5:
                raise DownloadError(
                    f"{whole} has the MD5 digest {digest} where {archive.md5} was expected: move "
                    "it away and run the command again."
                )
        else:
            start = _fetch(archive, address, partial, pause=pause, quiet=quiet)
            if (digest := _md5(partial)) != archive.md5:
                partial.unlink()
                raise DownloadError(
                    f"{address} gave a file with the MD5 digest {digest} where {archive.md5} was "
                    "expected, and it was deleted: run the command again, or give another address "
                    "with --url."
                )
            partial.replace(whole)
        files = _unpack(whole, folder)
        whole.unlink()
    return Delivery(folder, files, fetched=archive.size - start, resumed_at=start)


def _fetch(archive: Archive, url: str, partial: Path, *, pause: float, quiet: bool) -> int:
    """Bring `partial` to the archive's length; return how much of it was there before [bytes]."""
    if _length(partial) > archive.size:
        partial.unlink()
    kept = farthest = _length(partial)
    failures = 0
    bar = tqdm(
        total=archive.size,
        initial=kept,
        desc=archive.file,
        unit="B",
        unit_scale=True,
        mininterval=1.0,
        disable=quiet,
    )
    client = httpx2.Client(follow_redirects=True, timeout=httpx2.Timeout(TIMEOUT))
    with bar, client, partial.open("ab") as file:
        while file.tell() < archive.size:
            reason = "the connection ended early"
            try:
                for offset, piece in _pieces(client, archive, url, file.tell()):
                    if offset < file.tell():
                        # A server that does not do ranges starts at the beginning.
                        file.seek(file.truncate(offset))
                        bar.reset()
                        kept = offset
                    file.write(piece)
                    bar.update(len(piece))
                    if file.tell() > archive.size:
                        return kept  # Too much cannot be right, and could fill the disk.
            except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
                raise DownloadError(
                    f"{url!r} is no address to fetch from ({error}): it begins with https://."
                ) from error
            except (httpx2.RequestError, _BrokenConnectionError) as error:
                reason = str(error) or type(error).__name__
            if file.tell() >= archive.size:
                break
            failures = failures + 1 if file.tell() <= farthest else 0
            farthest = max(farthest, file.tell())
            if failures >= ATTEMPTS:
                raise DownloadError(
                    f"{url} failed {ATTEMPTS} times in a row ({reason}): run the command again to "
                    f"go on at {_megabytes(file.tell())}, or give another address with --url."
                )
            time.sleep(pause * 2 ** max(failures - 1, 0))
    return kept


def _pieces(
    client: httpx2.Client, archive: Archive, url: str, start: int
) -> Iterator[tuple[int, bytes]]:
    """Ask once for the bytes from `start` on; give where each piece of the answer belongs."""
    # Byte ranges count the bytes of the file itself, so it may not be compressed on the way.
    headers = {"Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    with client.stream("GET", url, headers=headers) as response:
        status = response.status_code
        answer = f"{status} {response.reason_phrase}"
        if status == httpx2.codes.TOO_MANY_REQUESTS or status >= 500:
            raise _BrokenConnectionError(f"the server answered {answer}")
        if status not in (httpx2.codes.OK, httpx2.codes.PARTIAL_CONTENT):
            raise DownloadError(
                f"{url} answered {answer} and not with {archive.file}: look at the address in a "
                "browser, or give another one with --url."
            )
        offer = _offered(response, start)
        if offer.size not in (None, archive.size):
            raise DownloadError(
                f"{url} offers {offer.size:,} bytes where {archive.file} has {archive.size:,}, "
                "so it is another file: give another address with --url."
            )
        offset = offer.start
        for piece in response.iter_raw():
            yield offset, piece
            offset += len(piece)


@dataclass(frozen=True)
class _Offer:
    start: int  # [bytes]
    size: int | None  # of the whole file [bytes]


def _offered(response: httpx2.Response, start: int) -> _Offer:
    """Read from an answer which part of how long a file follows."""
    if response.status_code == httpx2.codes.PARTIAL_CONTENT:
        content_range = re.fullmatch(
            r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", "")
        )
        if content_range is None or int(content_range[1]) != start:
            raise _BrokenConnectionError("the server sent another part than it was asked for")
        return _Offer(start, None if content_range[2] == "*" else int(content_range[2]))
    length = response.headers.get("Content-Length", "")
    return _Offer(0, int(length) if length.isdecimal() else None)


def _md5(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _unpack(whole: Path, folder: Path) -> int:
    """Unpack a zip file into a folder that gets its name when all is there; count the files."""
    unpacking = folder.with_name(f"{folder.name}.unpacking")
    if unpacking.exists():
        shutil.rmtree(unpacking)  # of a run that was stopped
    try:
        with zipfile.ZipFile(whole) as content:
            members = [member for member in content.infolist() if not member.is_dir()]
            for member in members:
                if not (unpacking / member.filename).resolve().is_relative_to(unpacking.resolve()):
                    raise DownloadError(
                        f"{whole} would write {member.filename!r} outside {folder}, so nothing of "
                        "it was unpacked: delete it, and fetch it from its publisher."
                    )
            unpacking.mkdir()
            for member in members:
                content.extract(member, unpacking)
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise DownloadError(
            f"{whole} cannot be unpacked ({error}): delete it and run the command again."
        ) from error
    unpacking.rename(folder)
    return len(members)


@contextmanager
def _disk_errors(to: Path) -> Iterator[None]:
    """Turn what the disk refuses into one sentence."""
    try:
        yield
    except DownloadError:
        raise
    except OSError as error:
        raise DownloadError(
            f"{to} cannot take the archive ({error.strerror or error}): make room there, or give "
            "another folder with --to."
        ) from error


def _length(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"
