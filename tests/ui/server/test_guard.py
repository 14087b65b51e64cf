"""What events may be given as a file."""

import asyncio
from pathlib import Path

import gradio as gr
import pytest

from ser_core.ui.look import text
from ser_core.ui.server.guard import check_file
from ser_core.ui.settings import Settings
from tests.support.app import file_data


def test_a_file_among_the_uploads_may_be_gone_but_no_other_thing(uploads: Path) -> None:
    folder = uploads / "digest"
    folder.mkdir()
    stored = folder / "clip.wav"
    stored.touch()
    (folder / "link.wav").symlink_to(stored)
    swept: set[str] = set()

    def check(path: Path) -> dict:
        return asyncio.run(check_file(file_data(str(path)), settings=Settings(), swept=swept))

    for path in (stored, folder / "gone.wav", uploads / "gone" / "clip.wav"):
        assert check(path)["path"] == str(path)
    for path in (stored / "x", folder, uploads, folder / "link.wav", folder / ("x" * 300)):
        with pytest.raises(gr.Error) as caught:
            check(path)
        assert caught.value.message == text.NOT_AN_UPLOAD
    assert swept == set()
