"""What the server holds of each session, which Gradio never lets go by itself.

It is a copy of the whole page's settings, a quarter of a megabyte, for each visitor and for each
call that comes as curl's do: a thousand calls would stay as 250 MB.
"""

from typing import Any

import gradio as gr

from .uploads import API

MOST = 300  # sessions held; beyond it, the one that was used longest ago is forgotten
CALL_ROUTE = f"{API}call/"


class SessionWatch:
    """ASGI middleware that forgets the session of a call once its answer has been fetched."""

    def __init__(self, app: Any, demo: gr.Blocks) -> None:
        self._app = app
        self._demo = demo

    async def __call__(self, scope: dict, receive: Any, send: Any) -> None:
        """Pass a request on; where it fetched an answer, forget what that was for."""
        try:
            await self._app(scope, receive, send)
        finally:
            if scope["type"] == "http" and scope["method"] == "GET":
                _, found, call = scope["path"].rpartition(CALL_ROUTE)
                if found:
                    # Such a call's session has the name of its event, unless it brought another.
                    self._forget(call.rpartition("/")[2])

    def _forget(self, session: str) -> None:
        queue = self._demo._queue
        if queue.pending_event_ids_session.get(session):
            return  # broken off, and still to be fetched
        queue.pending_event_ids_session.pop(session, None)
        queue.pending_messages_per_session.pop(session, None)
        self._demo.state_holder.session_data.pop(session, None)
        self._demo.state_holder.time_last_used.pop(session, None)
