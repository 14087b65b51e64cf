"""The API as machines read it: `/openapi.json` for programs, `/agents.md` for language models.

Gradio's own description calls a recording a string, says nothing of what comes back, and lists
everything that its server does; this one says what is called here, with examples that run.
"""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import gradio as gr
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from ... import __version__
from ..look import text
from ..server.gradio_api import Endpoint, Parameter, list_endpoints
from ..server.health import HEALTH
from ..server.inside import API, CALL_ROUTE, UPLOAD_ROUTE, find_address
from ..settings import LEAST_COMPARED, MOST_COMPARED, Settings

OPENAPI, AGENTS = "openapi.json", "/agents.md"
OPENAPI_ROUTES = (f"/{OPENAPI}", f"{API}{OPENAPI}")
EXAMPLE = {"path": "/examples/sad.mp3", "meta": {"_type": "gradio.FileData"}}
"""A recording that every server of this app has, where a call names an upload's path."""
GIVEN = {"format": "srt"}  # what an example has where there is no default

Json = dict[str, Any]


def describe_routes(demo: gr.Blocks, settings: Settings) -> list[Route]:
    """Make the routes at which the API is described.

    Args:
        demo: gr.Blocks with all its endpoints, when the first request comes.
        settings: Settings.
    """

    def answer(path: str, make: Callable[[str], Response]) -> Route:
        async def endpoint(request: Request) -> Response:
            return make(find_address(request, path, settings.root_path))

        return Route(path, endpoint)

    endpoints = cache(lambda: list_endpoints(demo))

    def as_json(address: str) -> Response:
        return JSONResponse(openapi(endpoints(), address))

    def as_words(address: str) -> Response:
        words = agents(endpoints(), address, settings)
        return PlainTextResponse(words, media_type="text/markdown")

    return [*(answer(path, as_json) for path in OPENAPI_ROUTES), answer(AGENTS, as_words)]


def openapi(endpoints: list[Endpoint], address: str) -> Json:
    """Describe the API by OpenAPI 3.1.

    Args:
        endpoints: what may be called.
        address: of the page, without a slash at its end.
    """
    schemas: Json = {"Recording": RECORDING, "Error": ERROR, "Call": CALL}
    paths: Json = {UPLOAD_ROUTE: {"post": UPLOAD}}
    for one in endpoints:
        answer = "".join(part.title() for part in one.name.split("_")) + "Answer"
        schemas[answer] = one.answer
        paths[f"{CALL_ROUTE}v2/{one.name}"] = {"post": _call(one)}
        paths[f"{CALL_ROUTE}{one.name}/{{event_id}}"] = {"get": _fetch(one, answer)}
    paths[HEALTH] = {"get": _operation("health", "Say which model answers.", HEALTHY)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": text.TITLE,
            "summary": text.SHARE_DESCRIPTION,
            "description": ABOUT,
            "version": __version__,
        },
        "servers": [{"url": address}],
        "paths": paths,
        "components": {"schemas": schemas},
    }


def agents(endpoints: list[Endpoint], address: str, settings: Settings) -> str:
    """Describe the API to a language model that calls it, in the form of the Hub's `agents.md`.

    Args:
        endpoints: what may be called.
        address: of the page, without a slash at its end.
        settings: Settings.
    """
    rows = [
        f"- `{one.name}({', '.join(_argument(p) for p in one.parameters)})`: {one.summary}"
        for one in endpoints
    ]
    limits = (
        f"At most {settings.max_seconds:g} s of sound in a call, {settings.max_timeline_seconds:g} "
        f"s for analyze and export, and {settings.max_megabytes} MB in a file."
    )
    tools = f"\nMCP server: {address}{API}mcp/" if settings.mcp else ""
    auth = (
        "a login of this server's, as the cookie that POST /login gives"
        if settings.auth
        else (
            "none; a private Space wants Bearer $HF_TOKEN (https://huggingface.co/settings/tokens)"
        )
    )
    return WORDS.format(
        title=text.TITLE,
        about=text.SHARE_DESCRIPTION,
        address=address,
        auth=auth,
        tools=tools,
        rows="\n".join(rows),
        limits=limits,
        file=json.dumps({**EXAMPLE, "path": "<returned-path>", "orig_name": "file.wav"}),
        example=json.dumps({"audio": EXAMPLE}),
    )


def _argument(parameter: Parameter) -> str:
    return parameter.name if parameter.is_required else f"{parameter.name}?"


def _call(endpoint: Endpoint) -> Json:
    names = {one.name: _schema(one) for one in endpoint.parameters}
    required = [one.name for one in endpoint.parameters if one.is_required]
    example = {one.name: _example(one) for one in endpoint.parameters if one.is_required}
    body: Json = {"type": "object", "properties": names, "additionalProperties": False}
    content = {"schema": body | {"required": required}, "examples": {"short": {"value": example}}}
    operation = _operation(endpoint.name, endpoint.summary, {"$ref": "#/components/schemas/Call"})
    return operation | {
        "description": endpoint.description,
        "requestBody": {"required": True, "content": {"application/json": content}},
    }


def _fetch(endpoint: Endpoint, answer: str) -> Json:
    identity = {"name": "event_id", "in": "path", "required": True, "schema": {"type": "string"}}
    words = (
        'Server-sent events. The last is "complete", with a JSON list of one value, a '
        f'#/components/schemas/{answer}; or "error", with {{"error": a sentence}}.'
    )
    operation = _operation(f"{endpoint.name}_answer", f"Wait for the answer of {endpoint.name}.")
    operation["responses"]["200"] = {
        "description": f"{words} {endpoint.returns}".strip(),
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
    return operation | {"parameters": [identity]}


def _operation(name: str, summary: str, answer: Json | None = None) -> Json:
    wrong = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    given = {"application/json": {"schema": answer}} if answer else {}
    return {
        "operationId": name,
        "summary": summary,
        "responses": {
            "200": {"description": "What was asked for.", "content": given},
            "4XX": {"description": "A sentence says what is wrong.", "content": wrong},
            "503": {"description": "Too many wait, or none answers: try later.", "content": wrong},
        },
    }


def _schema(parameter: Parameter) -> Json:
    recording: Json = {"$ref": "#/components/schemas/Recording"}
    schema: Json = parameter.schema
    if parameter.is_file:
        schema = recording
    elif parameter.is_files:
        schema = {"type": "array", "items": recording}
        schema |= {"minItems": LEAST_COMPARED, "maxItems": MOST_COMPARED}
    words = {"description": parameter.description} if parameter.description else {}
    return schema | words | ({} if parameter.is_required else {"default": parameter.default})


def _example(parameter: Parameter) -> Any:
    if parameter.is_file:
        return EXAMPLE
    return [EXAMPLE] * LEAST_COMPARED if parameter.is_files else GIVEN[parameter.name]


RECORDING: Json = {
    "type": "object",
    "description": "An upload, or a recording that the server has.",
    "properties": {
        "path": {
            "type": "string",
            "description": "What the upload answered, which counts for one call; or "
            f"{EXAMPLE['path']}, a synthetic voice to try with.",
        },
        "meta": {"type": "object", "properties": {"_type": {"const": "gradio.FileData"}}},
        "orig_name": {"type": ["string", "null"]},
    },
    "required": ["path", "meta"],
}
ERROR: Json = {
    "type": "object",
    "properties": {"error": {"type": "string"}, "detail": {"type": "string"}},
    "required": ["error"],
}
CALL: Json = {
    "type": "object",
    "properties": {"event_id": {"type": "string"}},
    "required": ["event_id"],
}
HEALTHY: Json = {
    "type": "object",
    "properties": {
        "status": {"const": "ok"},
        "model": {"type": "string"},
        "revision": {"type": ["string", "null"]},
        "version": {"type": "string"},
    },
    "required": ["status", "model", "revision", "version"],
}
UPLOAD: Json = _operation(
    "upload",
    "Upload recordings: the paths to call with.",
    {"type": "array", "items": {"type": "string"}},
) | {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "files": {"type": "array", "items": {"type": "string", "format": "binary"}}
                    },
                    "required": ["files"],
                }
            }
        },
    }
}
ABOUT = (
    "Upload a recording, call an endpoint with its path, and fetch the answer by the event_id that "
    "the call returns. An answer describes how a voice sounds, not what a person feels."
)
WORDS = """\
# {title}

{about}

To use this application:
API schema: GET {address}/gradio_api/openapi.json
Call endpoint: POST {address}/gradio_api/call/v2/{{endpoint}} {{"param_name": value, ...}}
Poll result: GET {address}/gradio_api/call/{{endpoint}}/{{event_id}}
File inputs: POST {address}/gradio_api/upload -F "files=@file.wav", use as: {file}
Auth: {auth}{tools}

## Endpoints

{rows}

Only what has no question mark is needed. An upload is deleted once it is answered: upload again for
another call. {limits}

## Example

```sh
url={address}/gradio_api
event=$(curl -s $url/call/v2/predict -H 'Content-Type: application/json' \\
  -d '{example}' | cut -d'"' -f4)
curl -sN $url/call/predict/$event
```

The last event is `complete`, with a JSON list of one answer, or `error`, with a sentence. A status
of "uncertain" is a guess, and "no_speech" has no label: say so, and do not read more into it. The
answer describes how a voice sounds, not what a person feels. Do not use it to judge people.
"""
