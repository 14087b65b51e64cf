"""The page: a header, one tab per module, the API behind it.

demo, launch_options = build_app(recognizer, settings)
demo.launch(**launch_options)
"""

from asyncio import to_thread
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, NoReturn

import gradio as gr
from starlette.middleware import Middleware
from starlette.routing import Route

from ..config.emotions import are_the_eight
from ..errors import SpeechEmotionError
from ..model.repository import Repository
from ..recognizer import EmotionRecognizer
from .api import endpoints, info, upload_answers
from .feedback import FeedbackBox
from .look import text
from .look.cards import card
from .look.glyphs import LOGO
from .look.markup import fill
from .look.palette import label_css
from .look.theme import CSS, THEME
from .page import Page
from .server import announce, any_file, inside, links
from .server.boundary import Boundary, CallCheck
from .server.connections import bound
from .server.guard import check_file, describe_fault, guard
from .server.health import ServedModel, health_route, hide_folder
from .server.login import LoginGate
from .server.serving import while_full
from .server.sessions import MOST as MOST_SESSIONS
from .server.sessions import SessionWatch
from .server.tools import keep_no_files
from .server.uploads import ChunkWatch, UploadLedger, UploadWatch
from .settings import SWEEP_PERIOD, UPLOAD_AGE, Settings
from .tabs import (
    about_tab,
    compare_tab,
    dataset_tab,
    live_tab,
    moments,
    predict_tab,
    teach_tab,
    timeline_tab,
)
from .tabs import model_tab as model

TABS = (
    (text.PREDICT_TAB, predict_tab.build),
    (text.LIVE_TAB, live_tab.build),
    (text.TIMELINE_TAB, timeline_tab.build),
    (text.COMPARE_TAB, compare_tab.build),
    (text.TEACH_TAB, teach_tab.build),
    (text.DATASET_TAB, dataset_tab.build),
    (text.MODEL_TAB, model.build),
    (text.ABOUT_TAB, about_tab.build),
)
"""The tabs from left to right: what stands on each, and what builds it from a Page."""

SCRIPTS = (timeline_tab, moments, announce, any_file, links)
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
    with _blocks(settings) as demo:
        labels = recognizer.labels
        _header(text.LEAD if are_the_eight(labels) else text.LEAD_OTHER.format(count=len(labels)))
        with gr.Tabs():
            for title, build in TABS:
                with gr.Tab(title):
                    build(page)
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
    with _blocks(settings) as demo:
        ledger.known = inside.swept_files(demo)
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
    watches = [Middleware(UploadWatch, ledger=ledger)]
    return demo, _launch_options(demo, settings, watches, health_route(reason))


def _blocks(settings: Settings) -> gr.Blocks:
    blocks = inside.CheckedBlocks(
        title=text.TITLE, analytics_enabled=False, delete_cache=(SWEEP_PERIOD, UPLOAD_AGE)
    )
    blocks.check_file = partial(check_file, settings=settings, swept=inside.swept_files(blocks))
    blocks.describe_fault = describe_fault
    blocks.configure_server = partial(bound, most=settings.connections)
    return blocks


def _header(lead: str) -> None:
    gr.HTML(
        fill(
            '<header class="ser-header">{logo}<h1>{title}</h1><p>{lead}</p></header>',
            logo=LOGO,
            title=text.QUESTION,
            lead=lead,
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
        "auth_message": text.LOGIN,
        "theme": THEME,
        "css": CSS,
        "head": f"<script>{''.join(module.SCRIPT for module in SCRIPTS)}</script>",
        "max_file_size": settings.max_bytes,
        "state_session_capacity": MOST_SESSIONS,
        "app_kwargs": {
            # Inside those, so that what they see is what came through, and they learn of its end.
            "middleware": [*watches, guard(settings), *_gates(demo, settings)],
            "routes": [health],  # before Gradio's own, one of which would take any path
            "lifespan": partial(_lifespan, demo, feedback),
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
        **inside.LAUNCH,
    }


def _gates(demo: gr.Blocks, settings: Settings) -> list[Middleware]:
    """What asks for a login, where one is needed, and looks at what is wanted of Gradio then."""
    is_secure = settings.root_path.startswith("https://")
    login = [Middleware(LoginGate, demo=demo, is_secure=is_secure)] if settings.auth else []
    return [*login, Middleware(CallCheck, demo=demo)]


@asynccontextmanager
async def _lifespan(demo: gr.Blocks, feedback: FeedbackBox | None, app: Any) -> AsyncIterator[None]:
    inside.wrap_app(app, partial(Boundary, demo=demo))
    async with keep_no_files(demo, app):
        try:
            yield
        finally:
            if feedback is not None:
                await to_thread(feedback.close)
