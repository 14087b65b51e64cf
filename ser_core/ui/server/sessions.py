"""What the server holds of each session, which Gradio never lets go by itself.

It is a copy of the whole page's settings, a quarter of a megabyte, for each visitor and for each
call that comes as curl's do: a thousand calls would stay as 250 MB.
"""

import gradio as gr
from starlette.types import ASGIApp, Receive, Scope, Send

from .inside import CALL_ROUTE, forget_session

MOST = 300  # sessions held; beyond it, the one that was used longest ago is forgotten


class SessionWatch:
    """ASGI middleware that forgets the session of a call once its answer has been fetched."""

    def __init__(self, app: ASGIApp, demo: gr.Blocks) -> None:
        self._app = app
        self._demo = demo

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; where it fetched an answer, forget what that was for."""
        try:
            await self._app(scope, receive, send)
        finally:
            if scope["type"] == "http" and scope["method"] == "GET":
                _, found, call = scope["path"].rpartition(CALL_ROUTE)
                if found:
                    # Such a call's session has the name of its event, unless it brought another.
                    forget_session(self._demo, call.rpartition("/")[2])
