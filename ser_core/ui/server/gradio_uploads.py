"""What we use and replace of how Gradio takes up uploads and deletes them.

Where their parts are written, how much comes beside the files, and the sweep by age. As in
`inside`, each function says what it takes for granted, and
`tests/ui/server/test_gradio_contract.py` checks it.
"""

import os
import secrets
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import gradio as gr
from gradio import route_utils
from starlette.formparsers import MultiPartException

MOST_FIELD_BYTES = 1_000_000  # of what an upload brings beside its files, which nothing here uses

_PARTS: ContextVar[list[Path] | None] = ContextVar("parts", default=None)


@contextmanager
def upload_parts() -> Iterator[list[Path]]:
    """Collect the files that Gradio writes an upload's parts to while it arrives.

    Takes for granted that they are made by `route_utils.NamedTemporaryFile`, in the task that the
    request came in, and moved elsewhere once the upload is whole.
    """
    parts: list[Path] = []
    token = _PARTS.set(parts)
    try:
        yield parts
    finally:
        _PARTS.reset(token)


def _note_parts(make: Callable[..., Any]) -> Callable[..., Any]:
    def noted(*arguments: Any, **options: Any) -> Any:
        file = make(*arguments, **options)
        parts = _PARTS.get()
        if parts is not None:
            parts.append(Path(file.name))
        return file

    return noted


vars(route_utils)["NamedTemporaryFile"] = _note_parts(vars(route_utils)["NamedTemporaryFile"])


def _bound_fields(take: Callable[..., None]) -> Callable[..., None]:
    """Have an upload end at what it brings without a file's name, which is held in memory.

    Takes for granted that `on_part_data` is called with each piece of a part, whose `file` is None
    where it has no name, and that the exception is answered by 413.
    """

    def bounded(parser: Any, data: bytes, start: int, end: int) -> None:
        if parser._current_part.file is None:
            held = vars(parser)["field_bytes"] = vars(parser).get("field_bytes", 0) + end - start
            if held > MOST_FIELD_BYTES:
                raise MultiPartException("Fields exceeded maximum allowed size.")
        take(parser, data, start, end)

    return bounded


def _name_apart(make: Callable[..., None]) -> Callable[..., None]:
    """Have each upload stored in a folder of its own, though others bring the same bytes.

    Otherwise two people whose microphones are silent share each chunk, which one of them may delete
    while the other's arrives; and whoever knows a recording knows where it lies. Takes for granted
    that the folder is called by the digest `sha`, which a file has before any bytes come.
    """

    def made(self: Any, *arguments: Any, **options: Any) -> None:
        make(self, *arguments, **options)
        self.sha.update(secrets.token_bytes(32))

    return made


_FILE: Any = route_utils.GradioUploadFile
_FILE.__init__ = _name_apart(_FILE.__init__)
_PARSER: Any = route_utils.GradioMultiPartParser
_PARSER.on_part_data = _bound_fields(_PARSER.on_part_data)


def delete_files(demo: gr.Blocks, age: float | None) -> None:
    """Delete the files that the page was sent or made, whatever stands among their paths.

    Gradio's own way ends for good at the first path that it cannot delete, and a path may be what
    a visitor calls a file, or one that becomes a folder later. Takes for granted that its sweep by
    age and its end call `delete_files_created_by_app`, which this replaces, and that the paths are
    in `temp_file_sets`, as those of the app's own components would be in `keep_in_cache`.

    Args:
        demo: gr.Blocks.
        age: float [s] from which a file is deleted; None for all of them.
    """
    blocks = list(demo.blocks.values())
    kept = {path for one in blocks for path in getattr(one, "keep_in_cache", ())}
    for paths in list(demo.temp_file_sets):
        for path in paths.copy() - kept:
            if _is_due(path, age):
                paths.discard(path)
                try:
                    os.remove(path)
                except OSError:
                    if os.path.isfile(path):
                        paths.add(path)  # still open, on Windows


def _is_due(path: str, age: float | None) -> bool:
    """Whether a file is so old, or there is none that could ever be."""
    try:
        status = os.lstat(path)
    except (OSError, ValueError):
        return True
    is_file = not stat.S_ISDIR(status.st_mode)
    return age is None or not is_file or time.time() - status.st_ctime > age


vars(route_utils)["delete_files_created_by_app"] = delete_files
