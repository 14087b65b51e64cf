"""The language of a request, which is spoken while it is answered and stands in the page it gets.

Programs, which call the named endpoints and the tools, are answered in English; an event of the
page's own is answered in its visitor's language by `gradio_pages.SpokenBlocks`.
"""

from collections.abc import MutableMapping
from html import escape
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..words.catalogue import load_catalogue
from ..words.languages import ENGLISH, choose_language, current_language, speaking
from .inside import API, CALL_ROUTE, TOOL_ROUTE
from .validation import page_path

PAGES = ("/", "/config")
OF_PROGRAMS = (TOOL_ROUTE, CALL_ROUTE, f"{API}info", f"{API}openapi.json")
OF_ITSELF = ("TITLE", "SHARE_DESCRIPTION", "SHARE_ALT")  # sentences in the head

CONFIG = b"window.gradio_config"  # what is no longer text follows it

SCRIPT = (
    "<script>for (const [name, value] of [['language', '{language}'], "
    "['languages', ['{language}']]])"
    " Object.defineProperty(navigator, name, {{ get: () => value }});</script>"
)
"""Has Gradio's own words in the page's language: it goes by what the browser says."""


class SpeakLanguage:
    """ASGI middleware around all others: what is said of a request is said in its language."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        with speaking(_language_of_request(scope) if scope["type"] == "http" else ENGLISH):
            await self._app(scope, receive, send)


def _language_of_request(scope: Scope) -> str:
    """The language of a request that the page makes, or that asks for it; English for programs.

    Browsers say that a request comes from the page itself, in a header that no page can set.
    """
    path, request = page_path(scope), HTTPConnection(scope)
    is_page = path in PAGES
    is_own = request.headers.get("sec-fetch-site") == "same-origin" and path.startswith(API)
    if not (is_page or is_own) or path.startswith(OF_PROGRAMS):
        return ENGLISH
    # Who asks for the page may come from anywhere.
    page = "" if is_page else request.headers.get("referer", "")
    return choose_language(request.query_params, request.cookies, request.headers, page=page)


class MarkLanguage:
    """ASGI middleware next to the app: the page's HTML says which language it is in.

    It looks at what is not compressed yet.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and write the language into the page that answers it."""
        if scope["type"] != "http" or page_path(scope) not in PAGES:
            await self._app(scope, receive, send)
            return
        language = current_language()
        held: list[Message] = []

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                _mark(message, language)
                if "text/html" in Headers(raw=message["headers"]).get("content-type", ""):
                    held.append(message)
                    return
            elif held:
                message["body"] = write_language(message.get("body", b""), language)
                headers = MutableHeaders(scope=held[0])
                if not message.get("more_body", False) and "content-length" in headers:
                    headers["content-length"] = str(len(message["body"]))
                await send(held.pop())
            await send(message)

        await self._app(scope, receive, marked)


def _mark(start: MutableMapping[str, Any], language: str) -> None:
    headers = MutableHeaders(scope=start)
    headers["content-language"] = language
    headers.add_vary_header("Accept-Language")
    headers.add_vary_header("Cookie")


def write_language(html: bytes, language: str) -> bytes:
    """Write a page's language, and what it says of itself in English, into its HTML."""
    head, config, rest = html.partition(CONFIG)
    tag = f'lang="{language}"'.encode()
    script = b"<head>" + SCRIPT.format(language=language).encode()
    head = head.replace(b'lang="en"', tag, 1).replace(b"<head>", script, 1)
    english, spoken = load_catalogue(ENGLISH), load_catalogue(language)
    for name in OF_ITSELF if language != ENGLISH else ():
        head = head.replace(escape(english[name]).encode(), escape(spoken[name]).encode())
    return head + config + rest
