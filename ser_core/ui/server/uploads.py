"""Uploads that the API has used are deleted at once, and no upload that somebody still needs.

Gradio stores an upload under a digest of its bytes, so two people who send the same recording share
one file. A ledger therefore counts: each answered upload adds a claim on its file, each API call
that used it takes one away, and the last one deletes the file. Uploads of the page keep their
claim, because its player and its button need the file; those are left to the sweep by age.

Live sound comes as uploads too, a short one several times a second. Gradio hands over only the last
of those that came while it was busy; `LiveChunks` keeps the others, so that none is lost or left.
"""

import json
import os
import secrets
import stat
from asyncio import timeout
from collections import Counter, OrderedDict, deque
from pathlib import Path
from threading import Lock

import gradio as gr
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..look import text
from ..settings import UPLOAD_AGE, Settings
from .gradio_uploads import upload_parts
from .inside import STREAM_ROUTE, upload_folder
from .validation import RequestError, asks_upload

MOST_CLAIMS = 512  # beyond it, claims on files that the sweep has deleted are forgotten
MOST_LISTENERS = 1_000  # beyond it, the one who has not spoken for longest loses waiting sound
MOST_CHUNKS = 12  # of one visitor that may wait: a server too slow loses sound, but stays close
MOST_BYTES = 100_000  # of a request that says which chunk comes next; they have about 400


def is_upload(path: str | os.PathLike[str]) -> bool:
    """Whether a path is an existing file inside Gradio's own upload folder."""
    return is_among_uploads(path) and os.path.isfile(path)


def is_among_uploads(path: str | os.PathLike[str]) -> bool:
    """Whether a path leads into Gradio's own upload folder, where the file may be gone by now."""
    try:
        real = Path(os.path.realpath(path))
        return real.is_relative_to(os.path.realpath(upload_folder()))
    except (OSError, ValueError):
        # A path may come from a client, and not every string is one.
        return False


def may_be_upload(path: str | os.PathLike[str]) -> bool:
    """Whether a path among the uploads is a file's, though the file may be gone by now."""
    if not is_among_uploads(path):
        return False
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except FileNotFoundError:
        return True
    except OSError:  # below a file, say, or longer than any path is
        return False


def new_folder(prefix: str = "") -> Path:
    """Make a folder that nobody can guess among the uploads, to be swept away like them."""
    folder = upload_folder() / f"{prefix}{secrets.token_hex(16)}"
    folder.mkdir(parents=True)
    return folder


def too_large(settings: Settings) -> gr.Error:
    """Make the error that a caller gets for a recording over the limit."""
    return gr.Error(text.TOO_LARGE.format(megabytes=settings.max_megabytes), print_exception=False)


class UploadLedger:
    """Counts who still needs an uploaded file. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._claims: Counter[str] = Counter()
        self._arriving = 0  # uploads under way: one of them may be about to claim any file
        self._released: set[str] = set()  # files to look at again when none is
        self.known: set[str] = set()
        """The paths that the sweep by age would visit; those deleted here are taken out."""

    def begin(self) -> None:
        """An upload starts to arrive."""
        with self._lock:
            self._arriving += 1

    def end(self, paths: list[str]) -> None:
        """An upload has arrived, or failed and brought no paths."""
        with self._lock:
            self._arriving -= 1
            if len(self._claims) > MOST_CLAIMS:
                self._claims = Counter({p: n for p, n in self._claims.items() if is_upload(p)})
            self._claims.update(os.path.realpath(path) for path in paths)
            self._delete_unclaimed()

    def release(self, path: str, *, at_once: bool = False) -> None:
        """An API call is done with a file; it is deleted when nobody else has a claim on it.

        Args:
            path: the file; one outside Gradio's upload folder is left alone.
            at_once: whether not to wait until no upload is under way. With several listeners there
                hardly is such a moment, and of their chunks no two are the same, but for silence.
        """
        if not is_upload(path):
            return
        with self._lock:
            real = os.path.realpath(path)
            self._claims[real] -= 1
            self._released.add(real)
            if at_once:
                self._delete(real)
            self._delete_unclaimed()

    def _delete_unclaimed(self) -> None:
        if self._arriving:
            return
        for path in list(self._released):
            self._delete(path)

    def _delete(self, path: str) -> None:
        self._released.discard(path)
        if self._claims[path] > 0:
            return
        del self._claims[path]
        self.known.discard(path)
        Path(path).unlink(missing_ok=True)
        # Each upload has a folder of its own, which another file may still be in.
        if Path(path).parent.is_dir() and not any(Path(path).parent.iterdir()):
            Path(path).parent.rmdir()


class LiveChunks:
    """The chunks of live sound that have arrived and wait to be analyzed, by visitor.

    Safe to share between threads.
    """

    def __init__(self, ledger: UploadLedger) -> None:
        self._lock = Lock()
        self._ledger = ledger
        self._waiting: OrderedDict[str, deque[str]] = OrderedDict()

    def put(self, visitor: str, path: str) -> None:
        """A visitor's next chunk has arrived."""
        dropped = []
        with self._lock:
            waiting = self._waiting.setdefault(visitor, deque())
            self._waiting.move_to_end(visitor)
            waiting.append(path)
            if len(waiting) > MOST_CHUNKS:
                dropped.append(waiting.popleft())
            if len(self._waiting) > MOST_LISTENERS:
                dropped += self._waiting.popitem(last=False)[1]
        for path in dropped:
            self._ledger.release(path, at_once=True)

    def take(self, visitor: str, path: str) -> list[str]:
        """Take the chunk that is next, and before it those that were passed over.

        Args:
            visitor: str, the session's hash.
            path: the chunk that Gradio hands over. The same sound has the same path: the first one
                counts.

        Returns:
            Paths in the order of arrival, the last of them `path`.
        """
        with self._lock:
            waiting = self._waiting.get(visitor, deque())
            if path not in waiting:
                return [path]  # the first chunk comes another way
            taken = [waiting.popleft() for _ in range(waiting.index(path) + 1)]
            if not waiting:
                del self._waiting[visitor]
        return taken

    def drop(self, visitor: str) -> None:
        """Delete what a visitor has waiting."""
        with self._lock:
            waiting = self._waiting.pop(visitor, ())
        for path in waiting:
            self._ledger.release(path, at_once=True)


class ChunkWatch:
    """ASGI middleware that tells LiveChunks of every chunk, before Gradio sees it."""

    def __init__(self, app: ASGIApp, chunks: LiveChunks) -> None:
        self._app = app
        self._chunks = chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and read the chunk's path out of it."""
        _, found, event = scope.get("path", "").rpartition(STREAM_ROUTE)
        if scope["type"] != "http" or scope["method"] != "POST" or not found or "/" in event:
            await self._app(scope, receive, send)
            return
        body = bytearray()

        async def watched() -> Message:
            message = await receive()
            if message["type"] == "http.request" and len(body) <= MOST_BYTES:
                body.extend(message.get("body", b""))
                chunk = None if message.get("more_body", False) else _chunk(bytes(body))
                if chunk is not None:
                    self._chunks.put(*chunk)
            return message

        await self._app(scope, watched, send)


class UploadWatch:
    """ASGI middleware that tells a ledger of every upload, before the client learns of it.

    What Gradio wrote of one that was broken off or refused is deleted at once.
    """

    def __init__(self, app: ASGIApp, ledger: UploadLedger) -> None:
        self._app = app
        self._ledger = ledger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and read the paths out of an upload's answer.

        Raises:
            RequestError: a file's name cannot be kept, or it did not arrive within `UPLOAD_AGE`.
        """
        if scope["type"] != "http" or not asks_upload(scope):
            await self._app(scope, receive, send)
            return
        body = bytearray()
        held: list[Message] = []
        ended = False

        async def watched(message: Message) -> None:
            nonlocal ended
            held.append(message)
            body.extend(message.get("body", b""))
            if ended or message["type"] == "http.response.start" or message.get("more_body", False):
                return
            ended = True
            paths = _paths(bytes(body))
            self._ledger.end(paths)
            if not all(map(_is_kept, paths)):
                for path in paths:
                    self._ledger.release(path)
                raise RequestError(400, text.DOT_NAME)
            for one in held:
                await send(one)

        self._ledger.begin()
        with upload_parts() as parts:
            try:
                # One that never ends would keep all others from being deleted.
                async with timeout(UPLOAD_AGE):
                    await self._app(scope, receive, watched)
            except TimeoutError:
                raise RequestError(408, text.TOO_SLOW) from None
            finally:
                if not ended:
                    self._ledger.end([])
                # Those of a whole upload have been moved; of any other one nothing is to stay.
                for part in parts:
                    part.unlink(missing_ok=True)


def _is_kept(path: str) -> bool:
    """Whether a file was stored under a name that events may use: Gradio hides some from them.

    It may be gone by now, where somebody else's chunk of the same silence was used and deleted.
    """
    return not (os.path.isdir(path) or Path(path).name.startswith("."))


def _paths(body: bytes) -> list[str]:
    """Read the paths an upload was stored under; a refused upload answers no list."""
    try:
        answer = json.loads(body)
    except ValueError:
        return []
    return [path for path in answer if isinstance(path, str)] if isinstance(answer, list) else []


def _chunk(body: bytes) -> tuple[str, str] | None:
    """Read (visitor, path) of a chunk of live sound, if it is one."""
    try:
        request = json.loads(body)
        visitor, path = request["session_hash"], request["data"][0]["path"]
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        return None
    # A client could name any file of the server.
    known = isinstance(visitor, str) and isinstance(path, str) and is_upload(path)
    return (visitor, path) if known else None
