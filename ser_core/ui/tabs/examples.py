"""Recordings that come with the app, one click away: synthetic voices, and a room without any.

docs/examples.py made them. A visitor is given a copy that lies among the uploads and is deleted
like one; nothing that a visitor does reaches the file itself.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path

import gradio as gr
from gradio.events import Dependency
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from ..latest import Calls, Latest
from ..look import text
from ..look.markup import subheading
from ..page import QUICK
from ..server.inside import component_key, source_key
from ..server.uploads import new_folder

FOLDER = Path(__file__).parents[1] / "clips"
SUFFIX = ".mp3"
SHORT = ("plain", "angry", "sad", "happy", "afraid", "room")
LONG = ("conversation",)
SERVED = "/examples/"  # where they are served
BY_ADDRESS = {f"{SERVED}{name}{SUFFIX}": name for name in (*SHORT, *LONG)}
COPIES = "example-"  # how the folders of copies begin


def build(recording: gr.Audio, names: Sequence[str], calls: Calls) -> Dependency:
    """Build a button for each example inside the open Blocks.

    Args:
        recording: what an example is put into.
        names: of files in FOLDER.
        calls: Calls of the tab: an example goes on with none that was made before.

    Returns:
        The event that puts it there; whoever listens to its success may answer it.
    """
    gr.HTML(subheading(text.EXAMPLES, text.EXAMPLES_NOTE))
    with gr.Row(elem_classes="ser-example-row"):
        buttons = [
            gr.Button(text.EXAMPLE_NAMES[name], size="sm", min_width=130, elem_id=f"example-{name}")
            for name in names
        ]
    named = {component_key(button): name for button, name in zip(buttons, names, strict=True)}

    def load(latest: Latest, made: float | None, event: gr.EventData) -> str:
        latest.note(made)
        # Which button it was comes from the client, and may be anything.
        return copy_example(named.get(source_key(event), names[0]))

    loaded: Dependency = gr.on(
        [button.click for button in buttons],
        load,
        outputs=recording,
        **calls.carry(),
        trigger_mode="always_last",
        **QUICK,
    )
    return loaded


def copy_example(name: str) -> str:
    """Copy an example to among the uploads; returns the copy's path."""
    file = f"{name}{SUFFIX}"
    return str(shutil.copyfile(FOLDER / file, new_folder(COPIES) / file))


def copy_by_address(path: str) -> str | None:
    """Copy an example that a call names by where it is served; None where it names none.

    >>> copy_by_address("/examples/nobody.mp3")
    """
    name = BY_ADDRESS.get(path)
    return copy_example(name) if name else None


def examples_route() -> Route:
    """Make the route that serves the recordings themselves."""

    async def serve(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in BY_ADDRESS.values():
            return Response(status_code=404)
        return FileResponse(FOLDER / f"{name}{SUFFIX}", media_type="audio/mpeg")

    return Route(f"{SERVED}{{name}}{SUFFIX}", serve)


def is_example(path: str) -> bool:
    """Whether a recording is a copy of an example.

    >>> is_example("uploads/example-0123/sad.mp3"), is_example("uploads/0123/sad.mp3")
    (True, False)
    """
    return Path(path).parent.name.startswith(COPIES)
