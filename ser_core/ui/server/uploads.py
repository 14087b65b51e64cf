"""Uploads that the API has used are deleted at once, and no upload that somebody still needs.

An API call deletes the uploads that it has used. Those of the page stay, because its player and its
button need them, and are left to the sweep by age.

Live sound comes as uploads too, a short one several times a second. Gradio hands over only the last
of those that came while it was busy; `LiveChunks` keeps the others, so that none is lost or left.
"""

import json
import os
import secrets
import stat
from asyncio import timeout
from collections import OrderedDict, deque
from contextlib import suppress
from pathlib import Path
from threading import Lock

import gradio as gr
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..look import text
from ..settings import UPLOAD_AGE, Settings
from .gradio_uploads import upload_parts
from .inside import STREAM_ROUTE, upload_folder
from .validation import RequestError, asks_upload

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
    """Deletes uploads that are done with. Safe to share between threads."""

    def __init__(self) -> None:
        self.known: set[str] = set()
        """The paths that the sweep by age would visit; those deleted here are taken out."""

    def release(self, path: str) -> None:
        """Delete a file that a call has used.

        Args:
            path: the file; one outside Gradio's upload folder is left alone.
        """
        if not is_upload(path):
            return
        real = Path(os.path.realpath(path))
        self.known.discard(str(real))
        real.unlink(missing_ok=True)
        with suppress(OSError):  # another file of the same upload may be in its folder
            real.parent.rmdir()


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
            self._ledger.release(path)

    def take(self, visitor: str, path: str) -> list[str]:
        """Take the chunk that is next, and before it those that were passed over.

        Args:
            visitor: str, the session's hash.
            path: the chunk that Gradio hands over.

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
            self._ledger.release(path)


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
    """ASGI middleware that looks at every upload, before the client learns of it.

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
            if not all(map(_is_kept, paths)):
                for path in paths:
                    self._ledger.release(path)
                raise RequestError(400, text.DOT_NAME)
            for one in held:
                await send(one)

        with upload_parts() as parts:
            try:
                async with timeout(UPLOAD_AGE):
                    await self._app(scope, receive, watched)
            except TimeoutError:
                raise RequestError(408, text.TOO_SLOW) from None
            finally:
                # Those of a whole upload have been moved; of any other one nothing is to stay.
                for part in parts:
                    part.unlink(missing_ok=True)


def _is_kept(path: str) -> bool:
    """Whether a file was stored under a name that events may use: Gradio hides some from them."""
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
