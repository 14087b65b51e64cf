"""The Gradio page and its API; the only part of the package that knows Gradio.

The page is built by `ser_core.ui.build` and served by `ser_core.ui.server.serving`. Of this package
only `look.plots`, which needs no Gradio, may be imported by others than `app.py`; importing the
package imports nothing.
"""
