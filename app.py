"""The Space: `python app.py` serves the page and its API at http://127.0.0.1:7860.

With no variable set it serves the embedded model, and needs no network and no token. The variables
are described in ser_core/ui/settings.py.
"""

from ser_core.errors import ConfigError
from ser_core.ui.opening import open_app

try:
    recognizer, demo, launch_options = open_app()
except ConfigError as error:
    raise SystemExit(str(error)) from None

if __name__ == "__main__":
    from ser_core.ui.server.serving import serve

    serve(demo, launch_options)
