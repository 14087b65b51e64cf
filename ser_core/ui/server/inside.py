"""What we use of Gradio that it does not promise: nothing but this and `gradio_*` beside it does.

Each function says in its own words what it takes for granted. The tests in
`tests/ui/server/test_gradio_contract.py` check that against the Gradio that is installed, so that a
new version that breaks one of them is found by the test that says which, and what depends on it.
"""

import json
import os
import re
import socket
import threading
from collections.abc import Awaitable, Callable, Hashable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
import jinja2
import uvicorn
from gradio import http_server, route_utils, routes
from gradio.block_function import BlockFunction
from gradio.components.api_component import Api
from gradio.utils import get_upload_folder
from gradio_client.utils import async_traverse, is_file_obj_with_meta
from starlette.requests import Request

API = "/gradio_api/"  # where Gradio has its routes
UPLOAD_ROUTE = f"{API}upload"
STREAM_ROUTE = f"{API}stream/"  # a chunk of live sound comes here
CALL_ROUTE = f"{API}call/"  # a call of the API begins and is fetched here
QUEUE_ROUTES = (f"{API}queue/join", CALL_ROUTE)
DIRECT_ROUTES = (f"{API}run/", f"{API}api/")  # an event that is called without the queue
START_ROUTES = (*QUEUE_ROUTES, *DIRECT_ROUTES, UPLOAD_ROUTE)
TOOL_ROUTE = f"{API}mcp"

BACKLOG = 2_048  # connections that the system keeps until the server takes them up

UNUSED_ROUTES = (
    # These two fetch any public address, and stream it to whoever asks.
    "file=http",
    "file/http",
    # This fetches addresses of another app that a page shows, and trips over what is none.
    "proxy=",
    # Runs FFmpeg on whatever it is sent.
    "process_recording",
    # Writes what a session shows to the disk, to stay there.
    "deep_link",
    # For components that this page does not have; what is asked for would stand in the log.
    "component_server",
    "custom_component",
    # For whoever develops an app: they stream without an end, or change the app.
    "dev/",
    "vibe-",
    "undo-vibe-",
    # Of calls, which are nobody's business here.
    "run-history",
    "runs",
)
"""How the routes of Gradio's under `API` begin that nothing here uses."""

LAUNCH: dict[str, Any] = {
    # Gradio would ask itself for the page, and give up after three seconds on a busy machine.
    "_frontend": False,
}
"""What `launch` takes without saying so."""

TEMPLATE = "frontend/index.html"
ROOT = "{{ config.root }}"
_LOADER: Any = routes.templates.env.loader
_SHARED = re.compile(r'<meta\s+(property="og:|name="twitter:)[^>]*>|<link rel="manifest"[^>]*>')
_CHARSET = '<meta charset="utf-8" />'  # has to stand among the first bytes

CheckFile = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
"""Takes a file among an event's inputs, as Gradio's JSON has it; returns what is to be used."""


class CheckedBlocks(gr.Blocks):
    """Blocks that look at every file among the inputs of any event before Gradio does.

    Takes for granted that `preprocess_data` is called for each event of the page, the API and MCP,
    with the inputs as they came, and that an endpoint's arguments are `Api` components.

    Attributes:
        check_file: what looks at a file; it may raise gr.Error.
        describe_fault: makes of what a component raised for its input what the caller is told.
        configure_server: what looks at the server before it begins, and may change how it works.
    """

    check_file: CheckFile
    describe_fault: Callable[[Exception], Exception] = staticmethod(lambda error: error)
    configure_server: Callable[[uvicorn.Config], None] = staticmethod(lambda config: None)

    def launch(self, *arguments: Any, **options: Any) -> Any:
        """Launch the page, as Gradio does, on a server that was configured.

        However many connections that takes up in one go, the system keeps more for it. Takes for
        granted that the server is made by `http_server.Server(config=...)`.
        """
        configure, made = self.configure_server, http_server.Server

        class ConfiguredServer(made):  # type: ignore[misc,valid-type]
            def __init__(self, config: uvicorn.Config, *more: Any, **named: Any) -> None:
                configure(config)
                super().__init__(config, *more, **named)

            async def startup(self, *more: Any, **named: Any) -> None:
                await super().startup(*more, **named)
                for listener in (one for server in self.servers for one in server.sockets):
                    with socket.socket(fileno=os.dup(listener.fileno())) as same:
                        same.listen(BACKLOG)

        http_server.Server = ConfiguredServer  # type: ignore[misc]
        try:
            return super().launch(*arguments, **options)
        finally:
            http_server.Server = made  # type: ignore[misc]

    async def preprocess_data(
        self,
        block_fn: BlockFunction,
        inputs: list[Any],
        state: Any,
        explicit_call: bool = False,
    ) -> list[Any]:
        """Look at the files among an event's inputs, and fill in what a plain request left out."""
        checked = await async_traverse(inputs, self.check_file, is_file_obj_with_meta)
        # The clients fill in last values that have a default; Gradio does not.
        for left_out in block_fn.inputs[len(checked) :]:
            if not isinstance(left_out, Api) or left_out.value is None:
                break
            checked.append(left_out.value)
        try:
            values: list[Any] = await super().preprocess_data(
                block_fn, checked, state, explicit_call
            )
            # Where one is chosen from the beginning, the page has no way to choose none, and Gradio
            # takes that as a choice.
            chosen = zip(block_fn.inputs, values, strict=True)
            if any(value is None and _is_always_chosen(one) for one, value in chosen):
                raise ValueError("none of the choices")
        except Exception as error:
            # A component trusts what it is sent, and raises anything where it may not; gr.Error
            # says then what was sent, and is printed.
            raise self.describe_fault(error) from error
        return values


def _is_always_chosen(component: Any) -> bool:
    """Whether a component is a choice of which the page can only make another."""
    return isinstance(component, gr.Radio) and component.value is not None


def replace_head(head: str) -> None:
    """Put our head into the page, in the place of what Gradio says of itself where it is shared.

    Takes for granted that the page is rendered from the template `TEMPLATE`, with its address as
    `ROOT`, and that it has one manifest and its words for others in tags of their own.

    Args:
        head: HTML; `ROOT` in it stands for the page's address, without a slash at its end.
    """
    environment = routes.templates.env
    source, _, _ = _LOADER.get_source(environment, TEMPLATE)
    opened, begins, rest = _SHARED.sub("", source).partition("<head>")
    ours = "".join(
        ROOT if part == ROOT else f"{{% raw %}}{part}{{% endraw %}}"
        for part in re.split(f"({re.escape(ROOT)})", head)
    )
    whole = {TEMPLATE: f"{opened}{begins}{_CHARSET}{ours}{rest}"}
    environment.loader = jinja2.ChoiceLoader([jinja2.DictLoader(whole), _LOADER])
    if environment.cache is not None:
        environment.cache.clear()


def find_address(request: Request, path: str, root_path: str) -> str:
    """Find the address that visitors know the page by, without a slash at its end.

    Takes for granted that `get_root_url` makes it of the request's headers.

    Args:
        request: Request.
        path: that it asks for.
        root_path: of the settings.
    """
    return str(route_utils.get_root_url(request, path, root_path or None))


def wrap_app(app: Any, wrap: Callable[[Any], Any]) -> None:
    """Put a middleware around all others, Gradio's own included.

    Takes for granted that an app that has begun keeps them all as `middleware_stack`.
    """
    app.middleware_stack = wrap(app.middleware_stack)


def upload_folder() -> Path:
    """Folder that Gradio stores uploads in, each in a folder of its own.

    Takes for granted that GRADIO_TEMP_DIR is read anew each time.
    """
    return Path(get_upload_folder())


def swept_files(demo: gr.Blocks) -> set[str]:
    """Paths that the sweep by age visits: the set itself, to be added to and taken from.

    Takes for granted that every upload is added to it, and that it stays the same set.
    """
    paths: set[str] = demo.upload_file_set
    return paths


def count_waiting(demo: gr.Blocks) -> int:
    """Count the events that wait for their turn, in all queues together."""
    return len(demo._queue)


def is_busy(demo: gr.Blocks) -> bool:
    """Whether a recording is worked on or waits; live sound, which has no end, does not count."""
    # Copies, as the server's thread goes on changing these.
    running = [event for job in list(demo._queue.active_jobs) for event in job or ()]
    queues = list(demo._queue.event_queue_per_concurrency_id.values())
    return any(one.queue for one in queues) or not all(event.streaming for event in running)


def is_expected(demo: gr.Blocks) -> bool:
    """Whether somebody has not fetched an answer yet."""
    return any(demo._queue.pending_event_ids_session.copy().values())


def forget_session(demo: gr.Blocks, session: str) -> None:
    """Forget what is held of a session, unless an answer of its waits to be fetched.

    Takes for granted that nothing else holds it, and that the session of a call that brought no
    other is named as the call's event.
    """
    queue = demo._queue
    if queue.pending_event_ids_session.get(session):
        return  # broken off, and still to be fetched
    queue.pending_event_ids_session.pop(session, None)
    queue.pending_messages_per_session.pop(session, None)
    demo.state_holder.session_data.pop(session, None)
    demo.state_holder.time_last_used.pop(session, None)


def end_server(demo: gr.Blocks, patience: float) -> None:
    """End the server, and wait until its thread has ended, lifespans and all.

    Takes for granted that it is a uvicorn server in a thread.

    Args:
        demo: gr.Blocks, launched.
        patience: float [s], how long to wait.
    """
    server = demo.server
    # Those who only listen, to a heartbeat or a live answer, would keep it up.
    server.config.timeout_graceful_shutdown = 1
    demo.close(verbose=False)
    thread: threading.Thread = server.thread
    thread.join(patience)


def leave_no_copies(files: gr.File) -> gr.File:
    """Keep a file component from leaving an empty file behind for each one that it hands over.

    Gradio makes them for their names' sake, and never deletes them. Takes for granted that each
    file goes through `_process_single_file`.
    """
    files.__dict__["_process_single_file"] = lambda file: file.path
    return files


def component_key(component: gr.components.Component) -> Hashable:
    """What a component is known by among those of its page."""
    return component._id


def source_key(event: gr.EventData) -> Hashable | None:
    """Key of the component that an event says it comes from, if it names one.

    It comes from the client, and may be any component's.
    """
    key: Hashable | None = getattr(event.target, "_id", None)
    return key


def erase_script(storage_keys: Sequence[str], shown: Sequence[Any]) -> str:
    """JavaScript that removes the value of a BrowserState, which Gradio only ever overwrites.

    Takes for granted that it lies in localStorage under the component's own key.

    Args:
        storage_keys: str, the component's, and those of what else is to go.
        shown: values of the event's outputs, any that JSON has; null for the component itself.
    """
    erased = " ".join(f"localStorage.removeItem({json.dumps(key)});" for key in storage_keys)
    return f"() => {{ {erased} return {json.dumps(shown)}; }}"
