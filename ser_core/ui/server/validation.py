"""What a request has to be before Gradio sees it, as Gradio trusts what it is sent.

Unknown sessions, calls and events, JSON that is none or holds what no machine can, and names longer
than any name is are refused here, each with a sentence that repeats nothing of what was sent.
"""

import json
import re
import sys
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

import gradio as gr
import httpx
from starlette.datastructures import Headers
from starlette.types import Scope

from ..look import text
from .gradio_requests import (
    Event,
    event_called,
    event_named,
    event_numbered,
    has_call,
    has_page,
    has_session,
)
from .inside import API, TOOL_ROUTE, UPLOAD_ROUTE

MOST_BYTES = 1_000_000  # of a request that brings no recording: a history of 200 answers has 40,000
MOST_TOOL_BYTES = 4 * 2**20  # of a tool's call, as the package mcp takes; recordings are text in it
DEEPEST = 60  # levels of lists and objects in JSON
LONGEST_ADDRESS = 4_000  # [bytes] of path and query, each
LONGEST_NAME = 255  # [bytes] of a part of a path, as of a file's name
LARGEST: Mapping[type, float] = {bool: 1, int: 2**63 - 1, float: sys.float_info.max}
IDENTITY = re.compile(r"[\w.:-]{1,128}", re.ASCII)  # of a session, an event or an upload
CONTROLS = re.compile(r"[\0-\x1f\x7f]")

FIELDS: Mapping[str, tuple[type, ...]] = {
    "data": (list,),
    "session_hash": (str,),
    "event_id": (str,),
    "fn_index": (int,),
    "trigger_id": (int,),
    "simple_format": (bool,),
    "batched": (bool,),
    "oauth_token": (str,),
}
"""Kinds of what a body of Gradio's has, where it is there and not null."""


class RequestError(Exception):
    """A request is refused.

    Attributes:
        status: int, of HTTP.
        sentence: str, for whoever sent it.
    """

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


def page_path(scope: Scope) -> str:
    """What a request asks for, as seen from the page: without where a proxy has it, nor a slash.

    Returns:
        str that begins with a slash, which nothing follows in the page's own.
    """
    path, root = str(scope["path"]), str(scope.get("root_path", "")).rstrip("/")
    if path == root or path.startswith(f"{root}/"):
        path = path.removeprefix(root)
    return path.rstrip("/") or "/"


def asks_upload(scope: Scope) -> bool:
    """Whether a request is to Gradio's route for uploads."""
    return page_path(scope) == UPLOAD_ROUTE


def asks_tool(scope: Scope) -> bool:
    """Whether a request is to the tools for language models."""
    return f"{page_path(scope)}/".startswith(f"{TOOL_ROUTE}/")


def check_head(scope: Scope, demo: gr.Blocks) -> None:
    """Look at a request's address and its headers.

    Args:
        scope: of the request.
        demo: gr.Blocks, whose pages may be named.

    Raises:
        RequestError: Gradio could not read it.
    """
    raw, query = scope.get("raw_path") or b"", scope.get("query_string", b"")
    if len(raw) > LONGEST_ADDRESS or len(query) > LONGEST_ADDRESS:
        raise RequestError(414, text.LONG_ADDRESS)
    try:
        path = unquote_to_bytes(raw).decode()
        values = query_values(scope)
    except ValueError:
        raise RequestError(400, text.NO_UTF8) from None
    if any(CONTROLS.search(one) for one in (path, *values, *values.values())):
        raise RequestError(400, text.CONTROL_CHARACTERS)
    if any(len(part.encode()) > LONGEST_NAME for part in path.split("/")):
        raise RequestError(404, text.LONG_NAME)
    if "page" in values and not has_page(demo, values["page"]):
        raise RequestError(404, text.NO_PAGE)
    _check_hosts(scope)


def query_values(scope: Scope) -> dict[str, str]:
    """Give a query's values by their names; ValueError where it is no UTF-8."""
    query = scope.get("query_string", b"").decode()
    return dict(parse_qsl(query, keep_blank_values=True, errors="strict"))


def read_json(body: bytes) -> Any:
    """Read JSON as its standard has it, of what every part of the app can hold.

    Args:
        body: bytes, UTF-8.

    Returns:
        The value.

    Raises:
        RequestError: it is none, is nested deeply, or holds a number or a text that no machine has.
    """
    try:
        value = json.loads(body.decode())
    except UnicodeDecodeError:
        raise RequestError(400, text.NO_UTF8) from None
    except RecursionError:
        raise RequestError(400, text.DEEP_JSON.format(levels=DEEPEST)) from None
    except ValueError:  # of a number with thousands of digits, too
        raise RequestError(400, text.NO_JSON) from None
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for one in level for inner in _parts(one)]
        if not level:
            return value
    raise RequestError(400, text.DEEP_JSON.format(levels=DEEPEST))


def check_call(demo: gr.Blocks, scope: Scope, body: Any, query: Mapping[str, str]) -> None:
    """Look at what a request wants of a route of Gradio's.

    Args:
        demo: gr.Blocks.
        scope: of the request.
        body: what its JSON holds; None where it brings none.
        query: what `query_values` gives.

    Raises:
        RequestError: it names what is not there, or does not bring what is needed.
    """
    route, _, rest = scope["path"].partition(API)[2].partition("/")
    names = [one for one in rest.split("/") if one]
    if scope["method"] == "POST":
        _check_post(demo, route, names, body)
        return
    for name in ("session_hash", "upload_id"):
        if name in query:
            _require_identity(query[name])
    if route == "heartbeat" and names:
        _require_identity(names[0])
    if (route, names) == ("queue", ["data"]) and not has_session(demo, query.get("session_hash")):
        raise RequestError(404, text.NO_SESSION)
    if route == "call" and len(names) > 1 and not has_call(demo, names[-1]):
        raise RequestError(404, text.NO_CALL)


def _check_post(demo: gr.Blocks, route: str, names: list[str], body: Any) -> None:
    is_chunk = route == "stream" and len(names) == 1  # of live sound, for a call that is under way
    if not isinstance(body, dict):
        if is_chunk or route in ("run", "api", "call", "queue", "cancel", "reset"):
            raise RequestError(400, text.NO_OBJECT)
        return
    if (route, names[:1]) == ("call", ["v2"]):
        _check_named(_require_event(event_named(demo, "/".join(names[1:]))), body)
        return
    for name, kinds in FIELDS.items():
        value = body.get(name)
        if value is not None and (type(value) not in kinds):
            raise RequestError(400, text.WRONG_FIELD.format(name=name, kind=kinds[0].__name__))
    for name in ("session_hash", "event_id"):
        if body.get(name) is not None:
            _require_identity(body[name])
    if body.get("batched"):
        raise RequestError(400, text.BATCHED)
    required = {"cancel": ("session_hash", "fn_index", "event_id"), "reset": ("event_id",)}
    if (route, names) == ("queue", ["join"]):
        required[route] = ("session_hash", "fn_index", "data")
    elif is_chunk or route in ("run", "api", "call"):
        required[route] = ("data",)
    for name in required.get(route, ()):
        if body.get(name) is None:
            raise RequestError(400, text.NO_FIELD.format(name=name))
    if is_chunk:
        event = event_called(demo, names[0])
        if event is None:
            raise RequestError(404, text.NO_CALL)
        _check_count(event, len(body["data"]), short=False)
    elif route in ("run", "api", "call", "queue"):
        number = body.get("fn_index") if route != "call" else None
        event = event_named(demo, "/".join(names)) if number is None else None
        event = event if number is None else event_numbered(demo, number)
        _check_count(_require_event(event), len(body["data"]), short=route == "call")


def _check_named(event: Event, body: Mapping[str, Any]) -> None:
    unknown = [name for name in body if name not in event.names and name != "oauth_token"]
    missing = [name for name in event.names[: event.required] if name not in body]
    if unknown or missing:
        raise RequestError(400, text.WRONG_ARGUMENTS.format(names=", ".join(event.names) or "none"))


def _check_count(event: Event, count: int, *, short: bool) -> None:
    """Require as many inputs as an event has.

    Args:
        event: Event.
        count: int, how many came.
        short: bool, whether those that hold a state may be left out.
    """
    fits = event.required <= count <= event.inputs
    if fits or event.cancels or (short and count == len(event.names)):
        return
    wanted = f"{event.inputs}"
    if event.required < event.inputs:
        wanted = f"{event.required} to {event.inputs}"
    raise RequestError(400, text.WRONG_COUNT.format(wanted=wanted, given=count))


def _require_event(event: Event | None) -> Event:
    if event is None:
        raise RequestError(404, text.NO_EVENT)
    return event


def _require_identity(value: str) -> None:
    if not IDENTITY.fullmatch(value):
        raise RequestError(400, text.NO_IDENTITY)


def _check_hosts(scope: Scope) -> None:
    """Require that the page's own address can be made of what the headers say of it."""
    headers = Headers(scope=scope)
    for name in ("host", "x-forwarded-host"):
        for host in headers.get(name, "").split(","):
            scheme = headers.get("x-forwarded-proto", "http").split(",")[0].strip()
            try:
                named = httpx.URL(f"{scheme}://{host.strip()}/").host  # decodes letters of any kind
            except (httpx.InvalidURL, ValueError):
                named = None
            if named is None or (host and not named) or not host.isprintable():
                raise RequestError(400, text.NO_HOST)


def _parts(value: Any) -> list[Any]:
    """What a value of JSON holds; refuses one that is no text or no number."""
    if isinstance(value, dict):
        return [*value, *value.values()]
    if isinstance(value, list):
        return value
    if isinstance(value, str):
        if not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise RequestError(400, text.NO_UTF8) from None
    elif isinstance(value, (int, float)) and not abs(value) <= LARGEST[type(value)]:
        raise RequestError(400, text.NO_NUMBER)
    return []
