"""Uploads on their way: which are handed over, and which are refused and deleted."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import JSONResponse

from ser_core.ui.look import text
from ser_core.ui.server.inside import UPLOAD_ROUTE
from ser_core.ui.server.uploads import UploadLedger, UploadWatch
from ser_core.ui.server.validation import RequestError


def send(path: Path) -> list[dict[str, Any]]:
    """Send an upload that Gradio stores so; returns what is answered."""
    told: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def answer(message: Any) -> None:
        told.append(message)

    watch = UploadWatch(JSONResponse([str(path)]), UploadLedger())
    scope = {"type": "http", "method": "POST", "path": UPLOAD_ROUTE, "headers": []}
    asyncio.run(watch(scope, receive, answer))
    return told


def test_a_chunk_that_was_used_and_deleted_meanwhile_is_no_fault_of_its_name(
    uploads: Path,
) -> None:
    told = send(uploads / "digest" / "blob.wav")
    assert [one["type"] for one in told] == ["http.response.start", "http.response.body"]
    assert b"blob.wav" in told[1]["body"]


def test_a_name_that_is_hidden_or_a_folder_is_refused_and_deleted(uploads: Path) -> None:
    hidden = uploads / "digest" / ".wav"
    hidden.parent.mkdir()
    hidden.write_bytes(b"sound")
    for path in (hidden, uploads):
        with pytest.raises(RequestError) as caught:
            send(path)
        assert (caught.value.status, caught.value.sentence) == (400, text.DOT_NAME)
    assert not hidden.exists()
