"""The page: a header, one tab per module, the API behind it.

demo, launch_options = build_app(recognizer, settings)
demo.launch(**launch_options)
"""

import json
from asyncio import to_thread
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, NoReturn

import gradio as gr
from starlette.middleware import Middleware
from starlette.routing import Route

from ..config.emotions import are_the_eight
from ..errors import SpeechEmotionError
from ..model.further_records import Dataset
from ..model.repository import Repository
from ..recognizer import EmotionRecognizer
from .api import endpoints, info, upload_answers
from .api.openapi import describe_routes
from .feedback import FeedbackBox
from .look import microphone, navigation, text, turn
from .look.cards import card
from .look.glyphs import LOGO
from .look.markup import Markup, fill
from .look.palette import label_css
from .look.theme import CSS, THEME
from .page import Page
from .server import announce, any_file, console, inside, links
from .server.boundary import Boundary, CallCheck
from .server.connections import bound
from .server.frames import is_in_hub, security_headers
from .server.gradio_pages import SpokenBlocks
from .server.guard import check_file, describe_fault, guard
from .server.health import ServedModel, health_route, hide_folder
from .server.login import LoginGate
from .server.manifest import identity_routes, page_head
from .server.serving import while_full
from .server.sessions import MOST as MOST_SESSIONS
from .server.sessions import SessionWatch
from .server.spoken import MarkLanguage, SpeakLanguage
from .server.tools import keep_no_files
from .server.uploads import ChunkWatch, UploadLedger, UploadWatch
from .settings import SWEEP_PERIOD, UPLOAD_AGE, Settings
from .tabs import (
    about_tab,
    compare_tab,
    dataset_tab,
    examples,
    language_switch,
    live_tab,
    moments,
    predict_tab,
    teach_tab,
    timeline_player,
    timeline_tab,
)
from .tabs import model_tab as model
from .words.languages import current_language

EXAMPLES = dict.fromkeys(examples.SHORT, "predict") | dict.fromkeys(examples.LONG, "timeline")
"""The tab that each example is on."""

SCRIPTS = (
    timeline_player,
    moments,
    announce,
    any_file,
    links,
    microphone,
    navigation,
    language_switch,
    turn,
    console,
)
"""What the page runs in a browser beside Gradio's own."""


def build_app(
    recognizer: EmotionRecognizer, settings: Settings, feedback: FeedbackBox | None = None
) -> tuple[gr.Blocks, dict[str, Any]]:
    """Build the page and its API around a loaded model.

    Args:
        recognizer: EmotionRecognizer that answers; the page shows what its folder says.
        settings: Settings.
        feedback: FeedbackBox, closed when the app ends; None for a page that asks for none.

    Returns:
        The Blocks, and the arguments its `launch` needs: Gradio takes look and limits there.
    """
    page = Page(recognizer, settings, Repository.load(recognizer.directory), feedback=feedback)
    served = ServedModel.of(recognizer, settings)

    def draw(demo: gr.Blocks) -> None:
        demo.title = text.TITLE
        labels = recognizer.labels
        lead = text.LEAD if are_the_eight(labels) else text.LEAD_OTHER.format(count=len(labels))
        _header(lead, page.repository.dataset)
        listed = list_tabs()
        with gr.Tabs() as tabs:
            for name, title, build in listed:
                with gr.Tab(title, id=name, elem_id=f"tab-{name}"):
                    build(page)
        titles = {name: title for name, title, _ in listed}
        links.open_linked_tab(demo, tabs, titles, EXAMPLES)
        _footer(served.describe())
        endpoints.add_endpoints(
            partial(upload_answers.predict_upload, page=page),
            partial(upload_answers.analyze_upload, page=page),
            partial(upload_answers.export_upload, page=page),
            partial(upload_answers.compare_uploads, page=page),
            partial(upload_answers.embed_upload, page=page),
            partial(info.model_info, page, served),
            settings,
        )

    with _blocks(settings) as demo:
        draw(demo)
    demo.draw = draw
    page.ledger.known = inside.swept_files(demo)
    # Waiting costs memory for the upload; beyond this, visitors are told to come back.
    demo.queue(max_size=settings.queue, default_concurrency_limit=settings.concurrency)
    watches = [
        while_full(demo, settings.queue),
        Middleware(SessionWatch, demo=demo),
        Middleware(UploadWatch, ledger=page.ledger),
        Middleware(ChunkWatch, chunks=page.chunks),
    ]
    options = _launch_options(demo, settings, watches, health_route(served), feedback)
    return demo, options | {"css": CSS + label_css(recognizer.labels)}


def build_unavailable(
    error: SpeechEmotionError, settings: Settings
) -> tuple[gr.Blocks, dict[str, Any]]:
    """Build the page that says why there is no model; its API says the same to every call.

    Args:
        error: what loading the model raised.
        settings: Settings.

    Returns:
        As `build_app`.
    """
    reason = hide_folder(str(error), settings)
    ledger = UploadLedger()

    def draw(demo: gr.Blocks) -> None:
        demo.title = text.TITLE
        _header("")
        gr.HTML(
            card(
                "status",
                "unavailable",
                text.UNAVAILABLE_TITLE,
                reason,
                below=text.UNAVAILABLE_HINT,
                role="alert",
            )
        )

        def refuse(audio: object = None, *_: object) -> NoReturn:
            upload_answers.refuse(audio, reason, ledger)

        endpoints.add_endpoints(refuse, refuse, refuse, refuse, refuse, refuse, settings)

    with _blocks(settings) as demo:
        draw(demo)
    demo.draw = draw
    ledger.known = inside.swept_files(demo)
    watches = [Middleware(UploadWatch, ledger=ledger)]
    return demo, _launch_options(demo, settings, watches, health_route(reason))


def list_tabs() -> tuple[tuple[str, str, Callable[[Page], None]], ...]:
    """The tabs from left to right: what a link calls it, its title, what builds it from a Page."""
    return (
        ("predict", text.PREDICT_TAB, predict_tab.build),
        ("timeline", text.TIMELINE_TAB, timeline_tab.build),
        ("live", text.LIVE_TAB, live_tab.build),
        ("compare", text.COMPARE_TAB, compare_tab.build),
        ("teach", text.TEACH_TAB, teach_tab.build),
        ("model", text.MODEL_TAB, model.build),
        ("dataset", text.DATASET_TAB, dataset_tab.build),
        ("about", text.ABOUT_TAB, about_tab.build),
    )


def _blocks(settings: Settings) -> SpokenBlocks:
    blocks = SpokenBlocks(analytics_enabled=False, delete_cache=(SWEEP_PERIOD, UPLOAD_AGE))
    inside.replace_head(page_head())
    blocks.check_file = partial(
        check_file,
        settings=settings,
        swept=inside.swept_files(blocks),
        copy_known=examples.copy_by_address,
    )
    blocks.describe_fault = describe_fault
    blocks.say_login = lambda: str(text.LOGIN)
    blocks.configure_server = partial(bound, most=settings.connections)
    return blocks


def _header(lead: str, dataset: Dataset | None = None) -> None:
    gr.HTML(
        fill(
            "<style>:root {{ --turn-words: {turn}; }}</style>"
            '<header class="ser-header" data-language="{language}">'
            "{logo}<h1>{title}</h1>{switch}<p>{lead}</p></header>",
            language=current_language(),
            turn=Markup(json.dumps(text.TURN, ensure_ascii=False)),
            logo=LOGO,
            title=text.QUESTION,
            lead=lead,
            switch=language_switch.draw_switch(dataset),
        )
    )


def _footer(model: str) -> None:
    gr.HTML(
        fill(
            '<p class="ser-small ser-footer">{words} {model}</p>',
            words=text.FOOTER,
            model=text.MODEL_LINE.format(model=model),
        )
    )


def _launch_options(
    demo: gr.Blocks,
    settings: Settings,
    watches: list[Middleware],
    health: Route,
    feedback: FeedbackBox | None = None,
) -> dict[str, Any]:
    return {
        "server_name": settings.host,
        "server_port": settings.port,
        "root_path": settings.root_path,
        "auth": list(settings.auth) or None,
        "theme": THEME,
        "css": CSS,
        "head": f"<script>{''.join(module.SCRIPT for module in SCRIPTS)}</script>",
        "max_file_size": settings.max_bytes,
        "state_session_capacity": MOST_SESSIONS,
        "app_kwargs": {
            # Inside those, so that what they see is what came through, and they learn of its end.
            "middleware": [*watches, guard(settings), *_gates(demo, settings)],
            # Before Gradio's own, one of which would take any path.
            "routes": [
                health,
                *identity_routes(),
                *describe_routes(demo, settings),
                examples.examples_route(),
            ],
            "lifespan": partial(_lifespan, demo, security_headers(settings), feedback),
        },
        "footer_links": ["api"],
        "mcp_server": settings.mcp,
        # Only sentences we wrote reach a visitor, never the text of an unforeseen error.
        "show_error": False,
        "share": False,
        # Its process would need Node.js and a second port, for a page this small.
        "ssr_mode": False,
        # It would keep visitors' recordings in their browser's store.
        "run_history": False,
        "enable_monitoring": False,
        "pwa": True,
        **inside.LAUNCH,
    }


def _gates(demo: gr.Blocks, settings: Settings) -> list[Middleware]:
    """What asks for a login, where one is needed, and looks at what is wanted of Gradio then."""
    is_secure = settings.root_path.startswith("https://")
    gate = Middleware(LoginGate, demo=demo, is_secure=is_secure, is_framed=is_in_hub(settings))
    return [
        *([gate] if settings.auth else []),
        Middleware(CallCheck, demo=demo),
        Middleware(MarkLanguage),
    ]


@asynccontextmanager
async def _lifespan(
    demo: gr.Blocks, headers: Mapping[str, str], feedback: FeedbackBox | None, app: Any
) -> AsyncIterator[None]:
    inside.wrap_app(app, lambda inner: SpeakLanguage(Boundary(inner, demo=demo, headers=headers)))
    async with keep_no_files(demo, app):
        try:
            yield
        finally:
            if feedback is not None:
                await to_thread(feedback.close)
