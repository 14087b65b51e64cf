"""The Gradio page and its API; the only part of the package that knows Gradio."""

from .build import TABS, build_app, build_unavailable
from .server.serving import serve

__all__ = ["TABS", "build_app", "build_unavailable", "serve"]
