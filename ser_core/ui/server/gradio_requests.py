"""What a request may name of Gradio, and what is read out of one: the other half of `inside`.

Which routes, pages, events, sessions, calls and logins there are, whom Gradio believes, and what
tools are sent and told. As in `inside`, each function says what it takes for granted, and
`tests/ui/server/test_gradio_contract.py` checks it.
"""

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio import route_utils
from gradio.block_function import BlockFunction
from gradio.components.api_component import Api
from gradio_client.exceptions import AppError
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Scope

TITLE = "Error: "  # before what an event said

ConvertFiles = Callable[[dict[str, Any], list[list[str | int]]], dict[str, Any]]
"""Takes a tool's arguments and where files stand in them; returns them with the files stored."""


def site_headers(scope: Scope) -> dict[str, str]:
    """Headers with which an answer may be read by scripts of the site that asks, if Gradio lets it.

    Takes for granted that `CustomCORSMiddleware`, which adds them to all answers that pass it,
    decides by the headers of the request alone.

    Args:
        scope: of the request; its headers may be anything.
    """
    asked = Headers(scope=scope)
    rules = route_utils.CustomCORSMiddleware(lambda *_: None)  # type: ignore[arg-type]
    told = MutableHeaders(rules.simple_headers)
    try:
        if not rules.is_valid_origin(asked):
            return {}
        rules.allow_explicit_origin(told, asked["origin"])
    except (LookupError, ValueError):  # one of the two headers is missing, or names no host
        return {}
    return dict(told)


def with_ranges(scope: Scope) -> Scope:
    """Have ranges of a file answered by Starlette, whose answers are made for it.

    Gradio's own answer to one sends all headers of the request back, cookies included, and trips
    over most ranges. Takes for granted that it knows them by the unit in lower case, while
    Starlette, as HTTP has it, takes it in any.

    Args:
        scope: of the request.
    """
    headers = [
        (name, value.replace(b"bytes=", b"Bytes=") if name == b"range" else value)
        for name, value in scope["headers"]
    ]
    return {**scope, "headers": headers}


def without_server(scope: Scope) -> Scope:
    """Take from a request what it says of the page's address in a header of Gradio's own.

    Takes for granted that only Gradio's proxy in Node.js, which is not used here, says it so, and
    that Gradio believes whoever does.

    Args:
        scope: of the request.
    """
    headers = [one for one in scope["headers"] if one[0] != b"x-gradio-server"]
    return {**scope, "headers": headers}


def list_routes(demo: gr.Blocks) -> list[tuple[str, tuple[str, ...]]]:
    """List the routes of the app's own router: (path with its places in braces, methods).

    Takes for granted that the app is made with the page, and that a router may hold others.
    """

    def paths(routes: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
        for route in routes:
            inner = getattr(route, "original_router", None) or getattr(route, "routes", None)
            if inner is not None:
                yield from paths(getattr(inner, "routes", inner))
            elif hasattr(route, "path"):
                path = route.path if route.path.startswith("/") else f"/{route.path}"
                yield path, tuple(sorted(getattr(route, "methods", None) or ("GET",)))

    return list(paths(demo.app.routes))


@dataclass(frozen=True)
class Event:
    """What an event of the page or the API takes.

    Attributes:
        inputs: int, how many.
        required: int, how many of them have to come.
        names: tuple of str, those that callers of the API may name.
        cancels: bool, whether it only cancels others, whatever comes.
    """

    inputs: int
    required: int
    names: tuple[str, ...]
    cancels: bool


def event_numbered(demo: gr.Blocks, number: int) -> Event | None:
    """Find an event by its number; None where the server has none, as browsers do it by themselves.

    Takes for granted that such an event has no function, and that Gradio trips over its call.
    """
    fn = demo.fns.get(number)
    return None if fn is None or (fn.fn is None and not fn.cancels) else _event_of(fn)


def event_named(demo: gr.Blocks, name: str) -> Event | None:
    """Find an event by its name in the API; None where there is none."""
    found = (fn for fn in demo.fns.values() if fn.api_name == name)
    return next(map(_event_of, found), None)


def event_called(demo: gr.Blocks, call: str) -> Event | None:
    """Find the event of a call that waits or runs; None where there is no such call."""
    found = demo._queue.event_ids_to_events.get(call)
    return None if found is None else _event_of(found.fn)


def _event_of(fn: BlockFunction) -> Event:
    inputs, required = list(fn.inputs), len(fn.inputs)
    while required and isinstance(one := inputs[required - 1], Api) and one.value is not None:
        required -= 1
    shown = [number for number, one in enumerate(inputs) if not one.skip_api]
    named: list[str] = []
    with suppress(TypeError, ValueError):  # no function, or one that is not Python's
        named = list(inspect.signature(fn.fn).parameters)  # type: ignore[arg-type]
    names = tuple(named[number] for number in shown if number < len(named))
    return Event(len(inputs), required, names, bool(fn.cancels))


def login_of(demo: gr.Blocks, cookies: Mapping[str, str]) -> str | None:
    """Find the token of a login among cookies; None where there is none that is valid.

    Takes for granted that the app knows tokens by two cookies that have its own id in their names.
    """
    app = demo.app
    for name in (f"access-token-{app.cookie_id}", f"access-token-unsecure-{app.cookie_id}"):
        token = cookies.get(name)
        if token is not None and app.tokens.get(token) is not None:
            return token
    return None


def end_login(demo: gr.Blocks, token: str) -> None:
    """Forget a login."""
    demo.app.tokens.pop(token, None)


def has_page(demo: gr.Blocks, name: str) -> bool:
    """Whether there is a page of that name; the one there is has none."""
    return name in {page[0] for page in demo.pages}


def has_session(demo: gr.Blocks, session: str | None) -> bool:
    """Whether a session has called anything."""
    return session in demo._queue.pending_messages_per_session


def has_call(demo: gr.Blocks, call: str) -> bool:
    """Whether a call waits, runs, or has an answer that was not fetched."""
    queue = demo._queue
    return (
        call in queue.event_ids_to_events
        or call in queue.pending_messages_per_session
        or any(call in calls for calls in queue.pending_event_ids_session.copy().values())
    )


def replace_tool_files(demo: gr.Blocks, make: Callable[[ConvertFiles], ConvertFiles]) -> None:
    """Replace how the files among a tool's arguments are stored; nothing where there are no tools.

    Takes for granted that the MCP server turns arguments into files by
    `convert_strings_to_filedata`, looked up anew for each call.

    Args:
        demo: gr.Blocks, launched.
        make: takes Gradio's own way, and returns ours.
    """
    server = demo.mcp_server_obj
    if server is not None:
        server.__dict__["convert_strings_to_filedata"] = make(server.convert_strings_to_filedata)


@dataclass(frozen=True)
class ArgumentFault:
    """What is wrong with the arguments of a tool's call.

    Attributes:
        name: str, of the argument, one of the tool's own.
        kind: str, what it should be in the words of JSON's schemas.
        needed: tuple of str, the arguments that have to come, where one is missing.
    """

    name: str = ""
    kind: str = ""
    needed: tuple[str, ...] = ()


def argument_fault(error: BaseException) -> ArgumentFault | None:
    """Read what is wrong with a tool's arguments out of an exception; None where it says nothing.

    Takes for granted that they are validated by jsonschema.
    """
    if type(error).__module__.partition(".")[0] != "jsonschema":
        return None
    validator, value = getattr(error, "validator", ""), getattr(error, "validator_value", "")
    path = list(getattr(error, "absolute_path", ()))
    if validator == "required":
        return ArgumentFault(needed=tuple(value))
    return ArgumentFault(str(path[0]) if path else "", str(value) if validator == "type" else "")


def event_sentence(error: BaseException) -> str | None:
    """Find the sentence in what an event raised, here or to a client; None where it says none.

    Takes for granted that Gradio's client raises an AppError with what an event said, and one with
    a text of its own where it said nothing.
    """
    if isinstance(error, RuntimeError) and str(error).startswith(TITLE):
        return str(error).removeprefix(TITLE)  # to a client that follows the progress
    if not isinstance(error, (gr.Error, AppError)):
        return None
    message = str(error.message)
    return None if message.startswith("The upstream Gradio app") else message


def say_tool_faults(demo: gr.Blocks, say: Callable[[BaseException | None], str]) -> None:
    """Replace what callers of a tool are told is wrong; nothing where there are no tools.

    Takes for granted that the package mcp makes such an answer by `_make_error_result`, while it
    handles the exception that is the reason.

    Args:
        demo: gr.Blocks, launched.
        say: makes a sentence of the exception; of None where there is none.
    """
    server = demo.mcp_server_obj
    if server is not None:
        tools = server.mcp_server
        make = tools._make_error_result
        tools.__dict__["_make_error_result"] = lambda _: make(say(sys.exception()))
