"""Uploads that the API has used are deleted at once, and no upload that somebody still needs.

Gradio stores an upload under a digest of its bytes, so two people who send the same recording share
one file. A ledger therefore counts: each answered upload adds a claim on its file, each API call
that used it takes one away, and the last one deletes the file. Uploads of the page keep their
claim, because its player and its button need the file; those are left to Gradio's sweep by age.
"""

import json
import os
from collections import Counter
from pathlib import Path
from threading import Lock
from typing import Any

from gradio.utils import get_upload_folder

UPLOAD_ROUTE = "/gradio_api/upload"
MOST_CLAIMS = 512  # beyond it, claims on files that the sweep has deleted are forgotten


def is_upload(path: str | os.PathLike) -> bool:
    """Whether a path is an existing file inside Gradio's own upload folder."""
    try:
        real = Path(os.path.realpath(path))
        folder = Path(os.path.realpath(get_upload_folder()))
        return real.is_file() and real.is_relative_to(folder)
    except (OSError, ValueError):
        # A path may come from a client, and not every string is one.
        return False


class UploadLedger:
    """Counts who still needs an uploaded file. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._claims: Counter[str] = Counter()
        self._arriving = 0  # uploads under way: one of them may be about to claim any file
        self._released: set[str] = set()  # files to look at again when none is

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

    def release(self, path: str) -> None:
        """An API call is done with a file; it is deleted when nobody else has a claim on it.

        Args:
            path: the file; one outside Gradio's upload folder is left alone.
        """
        if not is_upload(path):
            return
        with self._lock:
            real = os.path.realpath(path)
            self._claims[real] -= 1
            self._released.add(real)
            self._delete_unclaimed()

    def _delete_unclaimed(self) -> None:
        if self._arriving:
            return
        for path in self._released:
            if self._claims[path] <= 0:
                del self._claims[path]
                Path(path).unlink(missing_ok=True)
                # Each upload has a folder of its own, which another file may still be in.
                if not any(Path(path).parent.iterdir()):
                    Path(path).parent.rmdir()
        self._released.clear()


class UploadWatch:
    """ASGI middleware that tells a ledger of every upload, before the client hears of it."""

    def __init__(self, app: Any, ledger: UploadLedger) -> None:
        self._app = app
        self._ledger = ledger

    async def __call__(self, scope: dict, receive: Any, send: Any) -> None:
        """Pass a request on, and read the paths out of an upload's answer."""
        if scope["type"] != "http" or not scope["path"].endswith(UPLOAD_ROUTE):
            await self._app(scope, receive, send)
            return
        body = bytearray()
        ended = False

        async def watched(message: dict) -> None:
            nonlocal ended
            if message["type"] == "http.response.body" and not ended:
                body.extend(message.get("body", b""))
                if not message.get("more_body", False):
                    ended = True
                    self._ledger.end(_paths(bytes(body)))
            await send(message)

        self._ledger.begin()
        try:
            await self._app(scope, receive, watched)
        finally:
            if not ended:
                self._ledger.end([])


def _paths(body: bytes) -> list[str]:
    """Read the paths an upload was stored under; a refused upload answers no list."""
    try:
        answer = json.loads(body)
    except ValueError:
        return []
    return [path for path in answer if isinstance(path, str)] if isinstance(answer, list) else []
