"""What we use of Gradio that it does not promise, to draw a page in several languages.

See `inside`: the same holds here, and the same tests check it.
"""

import logging
import threading
from collections.abc import Callable
from typing import Any

import gradio as gr

from ...audio.forks import reset_after_fork
from ..words import languages
from .inside import CheckedBlocks

_DRAWING = threading.Lock()  # what is being drawn is the process's

logger = logging.getLogger(__name__)


@reset_after_fork
def _let_go() -> None:
    """Open the lock in a process just forked: whoever held it stayed with the parent."""
    global _DRAWING
    _DRAWING = threading.Lock()


class SpokenBlocks(CheckedBlocks):
    """Blocks whose page and whose own events are in the language of whoever asks.

    The page is drawn once a language, when the first request asks for it. Where that comes to
    another page, or fails, it is in English, and the log says so.

    Takes for granted that what a browser is sent of a page is `config`, or where it has to log in
    `auth_message`, and that each event comes to `process_api` with its request.

    Attributes:
        draw: makes all components and events inside the open Blocks, in the language that is
            spoken; None for a page in English alone.
        say_login: says what the page that asks for a login does; None for what `launch` is told.
    """

    draw: Callable[[gr.Blocks], None] | None = None
    say_login: Callable[[], str] | None = None

    def __init__(self, **options: Any) -> None:
        self._auth_message: str | None = None
        self._drawn: dict[str, dict[str, Any]] = {}
        super().__init__(**options)

    @property
    def config(self) -> Any:
        """What a browser is sent, in the language that is spoken."""
        language = languages.current_language()
        if language == languages.ENGLISH or self.draw is None:
            return self._english
        if language not in self._drawn:
            with _DRAWING:
                if language not in self._drawn:
                    self._draw(language, self.draw)
        return self._english | self._drawn.get(language, {})

    @config.setter
    def config(self, config: Any) -> None:
        self._english = config

    @property
    def auth_message(self) -> str | None:
        """What the page that asks for a login says, in the language that is spoken."""
        return self.say_login() if self.say_login else self._auth_message

    @auth_message.setter
    def auth_message(self, message: str | None) -> None:
        self._auth_message = message

    def _draw(self, language: str, draw: Callable[[gr.Blocks], None]) -> None:
        try:
            drawn = draw_again(self._english, draw)
        except Exception:
            logger.exception("The page cannot be drawn in the language %s.", language)
        else:
            self._drawn[language] = drawn
            if not drawn:
                logger.error("The page in the language %s is not the one in English.", language)

    async def process_api(self, block_fn: Any, *arguments: Any, **named: Any) -> dict[str, Any]:
        """Answer an event: the page's own in its visitor's language."""
        request, language = named.get("request"), languages.ENGLISH
        if isinstance(request, gr.Request) and not is_endpoint(self, block_fn):
            language = languages.choose_language(
                request.query_params,
                request.cookies,
                request.headers,
                page=request.headers.get("referer", ""),
            )
        with languages.speaking(language):
            return await super().process_api(block_fn, *arguments, **named)


def draw_again(config: Any, draw: Callable[[gr.Blocks], None]) -> dict[str, Any]:
    """Draw a page once more, with other words in it.

    Its components get numbers of their own, and events that are answered meanwhile take some
    between them: only the words are taken over, by the order in which components are made. Takes
    for granted that they stand in the `title`, the `props` of components and the `js` of events.

    Args:
        config: what a browser is sent of the page as it was drawn.
        draw: makes its components and events inside open Blocks.

    Returns:
        Those entries of the config that have words; none where another page came out.
    """
    with gr.Blocks(analytics_enabled=False) as again:
        draw(again)
    if _outline(again.config) != _outline(config):
        return {}
    return {"title": again.config["title"]} | {
        entry: [
            one | {words: other[words]}
            for one, other in zip(config[entry], again.config[entry], strict=True)
        ]
        for entry, words in (("components", "props"), ("dependencies", "js"))
    }


def _outline(config: Any) -> object:
    """What there is on a page and what calls what, each component by its place among all."""
    places = {one["id"]: place for place, one in enumerate(config["components"])}

    def place(layout: Any) -> object:
        return places.get(layout["id"]), [place(child) for child in layout.get("children") or ()]

    return (
        [one["type"] for one in config["components"]],
        [
            (
                [(places.get(number), trigger) for number, trigger in one["targets"]],
                [[places.get(number) for number in one[ends]] for ends in ("inputs", "outputs")],
                one["api_name"],
            )
            for one in config["dependencies"]
        ],
        place(config["layout"]),
    )


def is_endpoint(demo: gr.Blocks, event: Any) -> bool:
    """Whether an event is one that programs call by its name.

    Takes for granted that an event is given by itself or by its number.
    """
    function = demo.fns[event] if isinstance(event, int) else event
    visibility: str = function.api_visibility
    return visibility == "public"
