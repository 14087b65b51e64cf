"""What the page takes for granted of Gradio's inside, checked against the Gradio that is installed.

Every use of it stands in `ser_core/ui/server/`, in `inside` and `gradio_*` beside it. Where a new
version breaks one, a test here fails and says which, of which version, and what depends on it.
"""

import ast
import asyncio
import functools
import inspect
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import gradio as gr
import gradio_client.client
import httpx
import pytest
from gradio import http_server, route_utils, routes
from gradio.mcp import GradioMCPServer
from gradio.queueing import Queue
from gradio.state_holder import SessionState
from gradio_client.exceptions import AppError
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from ser_core.ui.look import text
from ser_core.ui.server import gradio_api, gradio_pages, gradio_requests, gradio_uploads, inside
from ser_core.ui.words import languages
from tests.support.app import HTTP, PATIENCE, ROOT, file_data, upload
from tests.support.ports import free_port

INSIDE = (inside, gradio_api, gradio_requests, gradio_uploads, gradio_pages)
COVERED: set[str] = set()
"""Names of the modules in INSIDE that a test here checks."""


def assumes(*names: str, that: str, on_it: str) -> Callable[[Any], Any]:
    """Make a test say what it means that it failed.

    Args:
        names: what of the modules in INSIDE takes it for granted.
        that: the assumption about Gradio.
        on_it: what depends on it.
    """
    COVERED.update(names)

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(test)
        def checked(*arguments: Any, **fixtures: Any) -> None:
            try:
                test(*arguments, **fixtures)
            except Exception as error:
                modules = [next(one for one in INSIDE if hasattr(one, name)) for name in names]
                pairs = zip(modules, names, strict=True)
                places = ", ".join(f"{module.__name__}.{name}" for module, name in pairs)
                pytest.fail(
                    f"Gradio {gr.__version__} broke an assumption: {that}. "
                    f"{places} takes it for granted, and on it depends {on_it}. "
                    f"({type(error).__name__}: {error})"
                )

        return checked

    return decorate


class Stage:
    """A little app whose one endpoint waits until it may go on.

    Attributes:
        demo: the Blocks, launched.
        url: where it answers.
        go: set where calls may go on.
        checked: the files that were looked at.
        taken: what the endpoint was called with.
        lived: what became of the lifespan.
    """

    def __init__(self) -> None:
        self.go = threading.Event()
        self.checked: list[dict[str, Any]] = []
        self.taken: list[tuple[Any, ...]] = []
        self.lived: list[str] = []
        with inside.CheckedBlocks() as self.demo:
            gr.api(self.wait, api_name="wait", concurrency_limit=1)
            sent, shown = gr.File(type="filepath"), gr.Textbox()
            self.button = gr.Button()
            self.button.click(self.source, outputs=shown, api_name="source", queue=False)
            sent.upload(str, inputs=sent, outputs=shown, api_name="page", queue=False)
        self.demo.check_file = self.check
        self.configured: list[Any] = []
        self.demo.configure_server = self.configured.append
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/"
        self.demo.launch(
            server_port=port,
            quiet=True,
            prevent_thread_lock=True,
            app_kwargs={
                "lifespan": self.live,
                "routes": [Route("/{ours:path}x", lambda _: PlainTextResponse("ours"))],
            },
            **inside.LAUNCH,
        )

    async def check(self, file: dict[str, Any]) -> dict[str, Any]:
        self.checked.append(file)
        return file

    def wait(self, audio: gr.FileData, speakers: int = 3) -> str:
        self.taken.append((audio, speakers))
        assert self.go.wait(PATIENCE)
        return "done"

    def source(self, event: gr.EventData) -> str:
        return str(inside.source_key(event))

    @asynccontextmanager
    async def live(self, app: Any) -> AsyncIterator[None]:
        self.lived.append("begun")
        yield
        self.lived.append("ended")

    def store(self, content: bytes = b"sound") -> str:
        (path,) = upload(self.url, "clip.wav", content).json()
        return str(path)

    def call(self, *data: object) -> str:
        url = f"{self.url.rstrip('/')}{inside.CALL_ROUTE}wait"
        return str(HTTP.post(url, json={"data": list(data)}).raise_for_status().json()["event_id"])

    def fetch(self, event: str) -> str:
        return HTTP.get(f"{self.url.rstrip('/')}{inside.CALL_ROUTE}wait/{event}").text


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)


@pytest.fixture(scope="module")
def stage(uploads: Path) -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.go.set()
    stage.demo.close()


@assumes(
    "upload_folder",
    "UPLOAD_ROUTE",
    that="an upload lies in a folder of its own under GRADIO_TEMP_DIR, and the answer is its path",
    on_it="that uploads are told from other files, and deleted once they are used",
)
def test_uploads_lie_in_the_upload_folder(stage: Stage, uploads: Path) -> None:
    path = Path(stage.store())
    assert inside.upload_folder() == uploads
    assert path.is_file()
    assert path.parent.parent.resolve() == uploads.resolve()


@assumes(
    "swept_files",
    that="the sweep by age visits a set of paths to which every upload is added",
    on_it="that recordings of the page, of tools and of broken-off uploads are deleted",
)
def test_uploads_are_known_to_the_sweep(stage: Stage) -> None:
    paths = inside.swept_files(stage.demo)
    assert stage.store(b"swept") in paths
    assert paths is inside.swept_files(stage.demo)
    assert any(paths is swept for swept in stage.demo.temp_file_sets)


@assumes(
    "delete_files",
    that="the sweep by age and the end of the app call delete_files_created_by_app",
    on_it="that recordings are deleted, whatever a visitor has called one",
)
def test_the_sweep_passes_over_what_is_no_file(uploads: Path) -> None:
    with gr.Blocks() as demo:
        gr.Textbox()

    class App:
        @staticmethod
        def get_blocks() -> gr.Blocks:
            return demo

    async def sweep() -> None:
        task = asyncio.create_task(route_utils.delete_files_on_schedule(App, 0, -1))  # type: ignore
        while any(demo.temp_file_sets) and not task.done():
            await asyncio.sleep(0.01)
        assert not task.done()
        task.cancel()

    async def live() -> None:
        async with route_utils._lifespan_handler(App, 3_600, 3_600):  # type: ignore
            assert all(file.exists() for file in files)

    for run in (sweep, live):
        folder = uploads / "swept"
        folder.mkdir(exist_ok=True)
        files = [folder / name for name in "ab"]
        for file, paths in zip(files, demo.temp_file_sets, strict=True):
            file.touch()
            odd = (folder, file / "x", folder / "gone", folder / ("x" * 300))
            paths.update(map(str, (*odd, file)))
        asyncio.run(run())
        assert [file for file in files if file.exists()] == []
        assert not any(demo.temp_file_sets)


@assumes(
    "CheckedBlocks",
    "CheckFile",
    that="preprocess_data gets the inputs of every event, of the page and of the API, as they came",
    on_it="that a visitor can name no file of the server",
)
def test_files_of_every_event_are_looked_at(stage: Stage) -> None:
    stage.go.set()
    named = {**file_data(stage.store()), "orig_name": "mine"}
    stage.fetch(stage.call(named))
    assert stage.checked[-1]["path"] == named["path"]
    body = {"data": [named | {"orig_name": "page"}]}
    HTTP.post(f"{stage.url}gradio_api/run/page", json=body).raise_for_status()
    assert stage.checked[-1]["orig_name"] == "page"


@assumes(
    "CheckedBlocks",
    that="a plain request that leaves out an argument with a default has too few inputs, and the "
    "argument's component is an Api with that default",
    on_it="that curl may call /analyze without the number of speakers",
)
def test_arguments_left_out_have_their_defaults(stage: Stage) -> None:
    stage.go.set()
    stage.fetch(stage.call(file_data(stage.store())))
    assert stage.taken[-1][1] == 3


@assumes(
    "count_waiting",
    "is_busy",
    "is_expected",
    "QUEUE_ROUTES",
    "CALL_ROUTE",
    that="the queue says what runs, what waits, and whose answer is still to be fetched",
    on_it="that a full app turns callers away, and that an app that ends answers what has begun",
)
def test_the_queue_says_what_runs_and_waits(stage: Stage) -> None:
    stage.go.clear()
    assert not inside.is_busy(stage.demo)
    before = len(stage.taken)
    events = [stage.call(file_data(stage.store())) for _ in range(3)]
    wait_until(lambda: len(stage.taken) > before)
    wait_until(lambda: inside.count_waiting(stage.demo) == 2)
    assert inside.is_busy(stage.demo)
    stage.go.set()
    wait_until(lambda: not inside.is_busy(stage.demo))
    assert inside.count_waiting(stage.demo) == 0
    assert inside.is_expected(stage.demo)
    for event in events:
        assert "done" in stage.fetch(event)
    wait_until(lambda: not inside.is_expected(stage.demo))


@assumes(
    "forget_session",
    that="a call's session is named as its event, and is held by the queue and the state holder",
    on_it="that memory does not grow with the number of calls",
)
def test_a_session_can_be_forgotten(stage: Stage) -> None:
    stage.go.set()
    event = stage.call(file_data(stage.store()))
    stage.fetch(event)
    assert event in stage.demo.state_holder
    wait_until(lambda: not stage.demo._queue.pending_event_ids_session.get(event))
    inside.forget_session(stage.demo, event)
    assert event not in stage.demo.state_holder
    assert event not in stage.demo.state_holder.time_last_used
    assert event not in stage.demo._queue.pending_event_ids_session
    assert event not in stage.demo._queue.pending_messages_per_session


@assumes(
    "leave_no_copies",
    that="a file component hands over each file through _process_single_file, which leaves another",
    on_it="that the recordings of one voice, and those to compare, leave nothing on the disk",
)
def test_a_file_component_leaves_no_copies(uploads: Path) -> None:
    from gradio.components.file import ListFiles

    folder = uploads / "files"
    folder.mkdir()
    files = []
    for name in "ab":
        (folder / name).write_bytes(b"sound")
        files.append({"path": str(folder / name), "meta": {"_type": "gradio.FileData"}})
    sent = ListFiles.model_validate(files)

    def strays(component: gr.File) -> int:
        before = set(uploads.rglob("*"))
        assert component.preprocess(sent) == [file["path"] for file in files]
        left = set(uploads.rglob("*")) - before
        for path in left:
            path.unlink()
        return len(left)

    assert strays(gr.File(file_count="multiple")) == 2, "it leaves none: the way round can go"
    assert strays(inside.leave_no_copies(gr.File(file_count="multiple"))) == 0


@assumes(
    "component_key",
    "source_key",
    that="an event knows the component that a client says it comes from",
    on_it="that one event serves all the buttons of the examples",
)
def test_an_event_knows_its_button(stage: Stage) -> None:
    key = inside.component_key(stage.button)
    for trigger, expected in ((key, str(key)), (None, "None"), (10_000, "None")):
        body = {"data": [], "trigger_id": trigger}
        answer = HTTP.post(f"{stage.url}gradio_api/run/source", json=body).json()
        assert answer["data"] == [expected]


@assumes(
    "replace_tool_files",
    "ConvertFiles",
    that="the MCP server stores a tool's files by convert_strings_to_filedata",
    on_it="that recordings which come to a tool are deleted, and that /compare takes a list",
)
def test_tools_store_their_files_where_we_can_look() -> None:
    parameters = list(inspect.signature(GradioMCPServer.convert_strings_to_filedata).parameters)
    assert len(parameters) == 3
    assert ".convert_strings_to_filedata(" in inspect.getsource(GradioMCPServer)

    class Demo:
        mcp_server_obj: Any = None

    demo: Any = Demo()
    gradio_requests.replace_tool_files(demo, lambda convert: convert)
    server = object.__new__(GradioMCPServer)
    demo.mcp_server_obj = server
    gradio_requests.replace_tool_files(
        demo, lambda convert: lambda arguments, at: {**convert(arguments, at), "seen": True}
    )
    assert server.convert_strings_to_filedata({"a": "b"}, []) == {"a": "b", "seen": True}
    assert gr.Blocks().mcp_server_obj is None


@assumes(
    "erase_script",
    that="a BrowserState lies in localStorage under its own key",
    on_it="that a visitor's history can be erased",
)
def test_a_browser_state_is_stored_under_its_key() -> None:
    state = gr.BrowserState(None, storage_key="history", secret="none")
    assert state.get_config()["storage_key"] == "history"
    erase = inside.erase_script(["history"], (None, False))
    assert erase == '() => { localStorage.removeItem("history"); return [null, false]; }'


@assumes(
    "API",
    "STREAM_ROUTE",
    "START_ROUTES",
    "UNUSED_ROUTES",
    "TOOL_ROUTE",
    "DIRECT_ROUTES",
    "list_routes",
    that="Gradio's routes are those by whose names requests are let in, measured and refused",
    on_it="the guard, the limits of a request's size, and who is let in while the app is full",
)
def test_routes_have_the_names_we_know_them_by(stage: Stage) -> None:
    known = {path for path, _ in gradio_requests.list_routes(stage.demo)}
    text = " ".join(known)
    for route in (*inside.START_ROUTES, inside.STREAM_ROUTE):
        name = "/" + route.removeprefix(inside.API)
        assert any(path.removeprefix("/gradio_api").startswith(name) for path in known), (
            f"{route} is not among {text}"
        )
    for unused in inside.UNUSED_ROUTES:
        name = unused.removesuffix("http").rstrip("=/")
        assert any(name in path for path in known), f"{unused} is not among {text}"
    assert inside.TOOL_ROUTE.startswith(inside.API)
    assert "/gradio_api/mcp" in inspect.getsource(inspect.getmodule(GradioMCPServer))


@assumes(
    "Event",
    "event_named",
    "event_numbered",
    "has_page",
    that="an event has inputs, a name and a number, and a page knows its events by them",
    on_it="that a call which names no event, or brings too little for it, is refused",
)
def test_events_are_known_by_name_and_number(stage: Stage) -> None:
    event = gradio_requests.event_named(stage.demo, "wait")
    assert event == gradio_requests.Event(2, 1, ("audio", "speakers"), cancels=False)
    numbers = [one["id"] for one in stage.demo.get_config_file()["dependencies"]]
    found = [gradio_requests.event_numbered(stage.demo, number) for number in numbers]
    assert sorted(one.inputs for one in found if one is not None) == [0, 1, 2]
    assert gradio_requests.event_named(stage.demo, "moon") is None
    assert gradio_requests.event_numbered(stage.demo, 99) is None
    assert gradio_requests.has_page(stage.demo, "")
    assert not gradio_requests.has_page(stage.demo, "moon")


@assumes(
    "has_session",
    "has_call",
    "event_called",
    that="the queue holds a call and its session until the answer is fetched",
    on_it="that who asks for an answer that there is not is told so, and others get theirs",
)
def test_calls_and_sessions_are_known_until_they_are_fetched(stage: Stage) -> None:
    stage.go.clear()
    call = stage.call(file_data(stage.store()))
    assert gradio_requests.has_call(stage.demo, call)
    named = gradio_requests.event_named(stage.demo, "wait")
    assert gradio_requests.event_called(stage.demo, call) == named is not None
    assert gradio_requests.event_called(stage.demo, "nobody") is None
    stage.go.set()
    assert gradio_requests.has_session(stage.demo, call)  # it brought none, so that is its name
    assert "done" in stage.fetch(call)
    inside.forget_session(stage.demo, call)
    wait_until(lambda: not gradio_requests.has_call(stage.demo, call))
    assert not gradio_requests.has_session(stage.demo, "nobody")


@assumes(
    "login_of",
    "end_login",
    that="an app with logins knows them by tokens, in two cookies with its own id in their names",
    on_it="that nothing is answered without a login, and that none lasts for ever",
)
def test_logins_are_known_by_their_cookies() -> None:
    class App:
        cookie_id, tokens = "x", {"token": "ann"}

    class Demo:
        app = App

    demo: Any = Demo()
    for name in ("access-token-x", "access-token-unsecure-x"):
        assert gradio_requests.login_of(demo, {name: "token"}) == "token"
        assert gradio_requests.login_of(demo, {name: "moon"}) is None
        assert f'"{name.removesuffix("x")}{{app.cookie_id}}"' in inspect.getsource(routes)
    assert gradio_requests.login_of(demo, {}) is None
    gradio_requests.end_login(demo, "token")
    assert gradio_requests.login_of(demo, {"access-token-x": "token"}) is None


@assumes(
    "upload_parts",
    that="a part of an upload is written to a NamedTemporaryFile of route_utils, and then moved",
    on_it="that nothing stays of an upload that was broken off",
)
def test_parts_of_uploads_are_known() -> None:
    assert "NamedTemporaryFile(delete=False, dir=" in inspect.getsource(
        route_utils.GradioMultiPartParser
    )
    with gradio_uploads.upload_parts() as parts:
        file = route_utils.NamedTemporaryFile(delete=False)
        assert parts == [Path(file.name)]
    file.close()
    parts[0].unlink()


@assumes(
    "_name_apart",
    that="an upload's folder is called by the digest of its bytes, and of what came before them",
    on_it="that what one visitor has done with is not deleted while another's arrives",
)
def test_the_same_bytes_are_stored_apart(stage: Stage) -> None:
    file = ("files", ("audio.wav", b"silence"))
    answers = [HTTP.post(f"{stage.url}gradio_api/upload", files=[file, file]) for _ in range(2)]
    paths = [Path(path) for answer in answers for path in answer.json()]
    assert len({path.parent for path in paths}) == 4
    assert {path.name for path in paths} == {"audio.wav"}


@assumes(
    "MOST_FIELD_BYTES",
    that="an upload's parts come by on_part_data, and those without a file's name are fields",
    on_it="that no upload fills the memory",
)
def test_fields_of_uploads_are_bounded(stage: Stage) -> None:
    half = b"x" * (gradio_uploads.MOST_FIELD_BYTES // 2)
    file = ("files", ("clip.wav", half * 3))
    for fields, status in (([half], 200), ([half, half], 200), ([half, half, b"x"], 413)):
        parts = [("other", (None, one)) for one in fields]
        answer = HTTP.post(f"{stage.url}gradio_api/upload", files=[*parts, file])
        assert answer.status_code == status


@assumes(
    "site_headers",
    that="which sites' scripts may read an answer is decided by the headers of the request",
    on_it="that they may read why they are refused",
)
@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("emotion.example", "https://elsewhere.example"),
        ("127.0.0.1", "https://elsewhere.example"),
        ("localhost:7860", "http://localhost:5000"),
        ("emotion.example", None),
    ],
)
def test_refusals_are_shared_as_answers_are(stage: Stage, host: str, origin: str | None) -> None:
    headers = {"host": host} | ({} if origin is None else {"origin": origin})
    answered = HTTP.get(f"{stage.url}theme.css", headers=headers).headers
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    given = gradio_requests.site_headers({"type": "http", "headers": raw})
    assert given.get("access-control-allow-origin") == answered.get("access-control-allow-origin")
    assert all(answered[name] == value for name, value in given.items() if name != "vary")


@assumes(
    "with_ranges",
    that="a range of a file is Gradio's where its unit is in lower case, and else Starlette's",
    on_it="that no answer sends back the headers, and with them the cookies, of its request",
)
@pytest.mark.parametrize(
    ("asked", "status", "content"),
    [
        ("bytes=1-2", 206, b"ou"),
        ("bytes=1-", 206, b"ound"),
        ("bytes=-2", 206, b"nd"),
        ("\xa0bytes=0-9", 206, b"sound"),
        ("bytes=5-2", 416, None),
        ("bytes=3-2", 400, None),
        ("bytes=0-1-2", 400, None),
        ("bytes=0-0,2-2", 206, None),
        ("bytes=\xb2-5", 400, None),
        ("bytes=", 400, None),
        ("moon=1-2", 400, None),
    ],
)
def test_ranges_are_answered_by_starlette(
    stage: Stage, asked: str, status: int, content: bytes | None
) -> None:
    file = f"{stage.url}gradio_api/file={stage.store()}"
    headers = [(b"range", asked.encode("latin-1")), (b"cookie", b"a=hush")]
    scope = gradio_requests.with_ranges({"type": "http", "headers": headers})
    answer = HTTP.get(file, headers=scope["headers"])
    assert answer.status_code == status
    assert content in (None, answer.content)
    assert "cookie" not in answer.headers


@assumes(
    "without_server",
    that="a header x-gradio-server says where the page is",
    on_it="that nobody is sent a page which calls another site",
)
def test_a_header_says_where_the_page_is(stage: Stage) -> None:
    told = [(b"x-gradio-server", b"http://evil.example"), (b"accept-language", b"en")]
    scope: dict[str, Any] = {"type": "http", "headers": told}
    assert "http://evil.example" in HTTP.get(stage.url, headers=told).text
    kept = gradio_requests.without_server(scope)["headers"]
    assert kept == told[1:]
    assert "evil.example" not in HTTP.get(stage.url, headers=kept).text


@assumes(
    "KeptForOne",
    that="the app keeps the description of its API as api_info, once it was made for a request",
    on_it="that it names to each visitor the address by which they know the page",
)
def test_the_api_is_described_anew_for_each_request(stage: Stage) -> None:
    assert "app.api_info = prepare_api_info(" in inspect.getsource(routes)
    for host in ("one.example", "two.example"):
        info = HTTP.get(f"{stage.url}gradio_api/info", headers={"host": host}).text
        assert f"http://{host}" in info
    assert stage.demo.app.api_info is None


@assumes(
    "wrap_app",
    that="an app that has begun keeps all its middleware, Gradio's own included, in one place",
    on_it="that whatever a request is, it ends in an answer or a sentence",
)
def test_the_whole_app_can_be_wrapped(stage: Stage) -> None:
    app = stage.demo.app
    kept, asked = app.middleware_stack, []

    async def outermost(scope: Any, receive: Any, send: Any) -> None:
        asked.append(scope["type"])
        await kept(scope, receive, send)

    inside.wrap_app(app, lambda inner: outermost)
    try:
        assert HTTP.get(f"{stage.url}theme.css").status_code == httpx.codes.OK
        assert asked == ["http"]
    finally:
        app.middleware_stack = kept


@assumes(
    "ArgumentFault",
    "TITLE",
    "argument_fault",
    "event_sentence",
    "say_tool_faults",
    that="what is wrong with a tool's call is said by `_make_error_result`, in the handler of the "
    "exception, which is jsonschema's, Gradio's or its client's",
    on_it="that a tool's error is a sentence of ours, which repeats nothing that was sent",
)
def test_what_tools_say_is_wrong_can_be_replaced() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    lowlevel = pytest.importorskip("mcp.server.lowlevel")
    source = inspect.getsource(lowlevel.Server.call_tool)
    assert "except Exception as e:\n                    return self._make_error_result" in source
    assert "except jsonschema.ValidationError as e:" in source
    schema = {"properties": {"audio": {"type": "string"}}, "required": ["audio"]}
    for given, fault in (
        ({"audio": 5}, gradio_requests.ArgumentFault("audio", "string")),
        ({}, gradio_requests.ArgumentFault(needed=("audio",))),
    ):
        with pytest.raises(jsonschema.ValidationError) as caught:
            jsonschema.validate(given, schema)
        assert gradio_requests.argument_fault(caught.value) == fault
    assert gradio_requests.argument_fault(ValueError("x")) is None
    assert gradio_requests.event_sentence(gr.Error("It is so.")) == "It is so."
    assert gradio_requests.event_sentence(AppError("It is so.")) == "It is so."
    assert gradio_requests.event_sentence(RuntimeError("Error: It is so.")) == "It is so."
    assert gradio_requests.event_sentence(AppError("The upstream Gradio app has raised")) is None
    assert "The upstream Gradio app" in inspect.getsource(gradio_client.client)

    class Demo:
        mcp_server_obj: Any = type("Tools", (), {})()

    demo: Any = Demo()
    demo.mcp_server_obj.mcp_server = lowlevel.Server("x")
    gradio_requests.say_tool_faults(demo, lambda error: f"{type(error).__name__}.")
    try:
        raise ValueError
    except ValueError:
        result = demo.mcp_server_obj.mcp_server._make_error_result("secret")
    assert result.root.content[0].text == "ValueError."


@assumes(
    "BACKLOG",
    "CheckedBlocks",
    that="the server is made by http_server.Server, of a configuration",
    on_it="that connections which only wait are ended",
)
def test_the_server_can_be_configured(stage: Stage) -> None:
    assert stage.configured == [stage.demo.server.config]
    assert http_server.Server in type(stage.demo.server).__mro__


@assumes(
    "LAUNCH",
    that="launch takes `_frontend`, and `app_kwargs` with routes that come before Gradio's own",
    on_it="that the app starts on a busy machine, and /health",
)
def test_launch_takes_what_we_give_it(stage: Stage) -> None:
    parameters = inspect.signature(gr.Blocks.launch).parameters
    assert set(inside.LAUNCH) <= set(parameters)
    assert HTTP.get(f"{stage.url}anything-x").text == "ours"
    assert stage.lived == ["begun"]


@assumes(
    "end_server",
    that="the server is uvicorn's, in a thread, and its lifespan ends with it",
    on_it="that an app that is told to end deletes uploads and sends feedback before it does",
)
def test_the_server_can_be_ended(uploads: Path) -> None:
    stage = Stage()
    # One who only listens does not keep it up.
    with HTTP.stream("GET", f"{stage.url}gradio_api/heartbeat/nobody"):
        inside.end_server(stage.demo, PATIENCE)
    assert not stage.demo.server.thread.is_alive()
    assert stage.lived == ["begun", "ended"]
    with pytest.raises(httpx.TransportError):
        HTTP.get(stage.url)


@assumes(
    "TEMPLATE",
    "ROOT",
    "replace_head",
    that="the page is rendered from one template, with its address among what it is given",
    on_it="the icons, the manifest, what is shown with a link, and that the page begins in frames",
)
def test_the_page_has_our_head(stage: Stage) -> None:
    for words in ("first", "<&'{{ 7 * 7 }}"):
        inside.replace_head(f'<meta name="x" content="{inside.ROOT}/{words}" />')
        html = HTTP.get(stage.url, headers={"x-forwarded-host": "a.example:7"}).text
        head = html.partition("<script")[0]
        assert f'<meta name="x" content="http://a.example:7/{words}" />' in head
    assert html.count('name="x"') == 1
    assert not any(tag in html for tag in ('"og:', '"twitter:', 'rel="manifest"'))
    assert html.index("charset") < html.index('name="x"') < html.index('type="module"')


@assumes(
    "SpokenBlocks",
    "draw_again",
    that="a browser is sent `config`, and a page's words stand in `title`, `props` and `js`",
    on_it="a page in each of its languages",
)
def test_a_page_can_be_drawn_again_with_other_words() -> None:
    def draw(blocks: gr.Blocks, more: int = 0) -> None:
        blocks.title = words[0]
        button = gr.Button(words[0])
        for _ in range(1 + more):
            gr.update(value=words[0])
            gr.HTML(words[0], render=False)  # as an event makes one meanwhile
            gr.HTML(words[0])
        button.click(lambda: None, js=f"() => '{words[0]}'", api_visibility="private")

    words = ["one"]
    with gradio_pages.SpokenBlocks() as demo:
        draw(demo)
    words[0] = "two"
    again = gradio_pages.draw_again(demo.config, draw)
    assert [one["props"]["value"] for one in again["components"]] == ["two", "two"]
    assert [one["props"]["value"] for one in demo.config["components"]] == ["one", "one"]
    assert (again["title"], demo.config["title"]) == ("two", "one")
    assert [one["js"] for one in again["dependencies"]] == ["() => 'two'"]
    for entry, words_of in (("components", "props"), ("dependencies", "js")):
        for one, other in zip(again[entry], demo.config[entry], strict=True):
            assert one | {words_of: None} == other | {words_of: None}
    assert gradio_pages.draw_again(demo.config, lambda blocks: draw(blocks, 1)) == {}


def test_a_page_is_drawn_in_a_language_whatever_went_wrong_before(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def draw(_: gr.Blocks) -> None:
        if faults and languages.current_language() != languages.ENGLISH:
            raise faults.pop()
        for _ in range(2):
            gr.HTML(languages.current_language())
            gr.HTML("", render=False)

    faults = [OSError("no such file")]
    with gradio_pages.SpokenBlocks() as demo:
        draw(demo)
    demo.draw = draw
    with languages.speaking("de"):
        assert [one["props"]["value"] for one in demo.config["components"]] == ["en", "en"]
        assert "cannot be drawn in the language de" in caplog.text
        assert [one["props"]["value"] for one in demo.config["components"]] == ["de", "de"]


def test_a_page_that_differs_by_language_stays_in_english(caplog: pytest.LogCaptureFixture) -> None:
    def draw(_: gr.Blocks) -> None:
        gr.HTML(languages.current_language())
        if languages.current_language() == "es":
            gr.HTML("")

    with gradio_pages.SpokenBlocks() as demo:
        draw(demo)
    demo.draw = draw
    with languages.speaking("es"):
        assert [one["props"]["value"] for one in demo.config["components"]] == ["en"]
    assert "language es is not the one in English" in caplog.text


@assumes(
    "is_endpoint",
    that="an event says whether it is public",
    on_it="that programs are answered in English, and visitors in their language",
)
def test_endpoints_are_told_from_the_page_s_events(stage: Stage) -> None:
    with gr.Blocks() as demo:
        gr.api(lambda: "", api_name="public")
        gr.Button().click(lambda: None, api_visibility="private")
    assert [gradio_pages.is_endpoint(demo, number) for number in demo.fns] == [True, False]


@assumes(
    "Parameter",
    "Endpoint",
    "list_endpoints",
    "find_address",
    that="the API is described by kinds, defaults and docstrings, and an address by headers",
    on_it="what /openapi.json and /agents.md say, and that it is true",
)
def test_the_api_can_be_described() -> None:
    def greet(sound: gr.FileData, times: int = 2) -> str:
        """Greet somebody. Twice, that is.

        Args:
            sound: who it is.

        Returns:
            a greeting.
        """
        return str(sound) * times

    def hidden(word: str) -> str:
        return word

    with gr.Blocks() as demo:
        gr.api(greet, api_name="greet")
        gr.api(hidden, api_name="hidden", api_visibility="private")
        gr.api(hidden, api_name="quiet", api_visibility="undocumented")
    (one,) = gradio_api.list_endpoints(demo)
    sound, times = one.parameters
    assert (one.name, one.summary, one.returns) == ("greet", "Greet somebody.", "a greeting.")
    assert (sound.name, sound.is_file, sound.is_files) == ("sound", True, False)
    assert (sound.is_required, sound.description) == (True, "who it is.")
    assert (times.schema, times.is_required, times.default) == ({"type": "integer"}, False, 2)
    assert one.answer == {"type": "string"}
    scope = {
        "type": "http",
        "path": "/x",
        "headers": [(b"host", b"a.example")],
        "query_string": b"",
    }
    scope |= {"server": ("a.example", 80), "scheme": "http", "method": "GET"}
    request = Request(scope)
    assert inside.find_address(request, "/x", "") == "http://a.example"
    assert inside.find_address(request, "/x", "/under") == "http://a.example/under"
    scope["headers"] += [(b"x-forwarded-host", b"b.example"), (b"x-forwarded-proto", b"https")]
    assert inside.find_address(Request(scope), "/x", "") == "https://b.example"


PRIVATE = {"_queue", "fns", "mcp_server_obj", "server_app", "state_holder", "upload_file_set"}
"""Attributes of gr.Blocks that its documentation does not name."""


@pytest.mark.parametrize(
    "path", sorted((ROOT / "ser_core" / "ui").rglob("*.py")), ids=lambda path: path.stem
)
def test_no_other_module_reaches_into_gradio(path: Path) -> None:
    if path in {Path(str(module.__file__)) for module in INSIDE}:
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module is not None and not node.level:
            is_gradio = node.module.split(".")[0] in ("gradio", "gradio_client")
            assert not is_gradio or node.module == "gradio.events", node.module
        if isinstance(node, ast.Attribute):
            assert node.attr not in PRIVATE, f"line {node.lineno}"


@pytest.mark.parametrize("module", INSIDE, ids=lambda module: module.__name__)
def test_everything_that_reaches_into_gradio_is_checked_here(module: ModuleType) -> None:
    names = {
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and (getattr(value, "__module__", module.__name__) == module.__name__)
        and not inspect.ismodule(value)
    }
    assert {name for name in names if name.isupper() or callable(getattr(module, name))} <= COVERED


def test_what_a_closed_page_left_is_kept_for_as_long_as_the_page_says() -> None:
    with gr.Blocks() as demo:
        gr.State()
    assert SessionState(demo).STATE_TTL_WHEN_CLOSED == 60 * 60
    for words in (text.VOICE_LIMITS, text.TEACH_LIMITS, *text.PRIVACY_POINTS[1:2]):
        assert " an hour" in words


def test_a_broken_assumption_is_said_with_version_and_consequence(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(Queue, "__len__")

    @assumes("count_waiting", that="a queue has a length", on_it="that a full app says so")
    def check() -> None:
        inside.count_waiting(stage.demo)

    with pytest.raises(pytest.fail.Exception) as caught:
        check()
    words = str(caught.value)
    assert words.startswith(f"Gradio {gr.__version__} broke an assumption: a queue has a length.")
    assert "inside.count_waiting" in words
    assert "that a full app says so" in words
