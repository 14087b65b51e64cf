"""The Space: `python app.py` serves the page and its API at http://127.0.0.1:7860.

With no variable set it serves the embedded model, and needs no network and no token. The variables
are described in ser_core/settings.py.
"""

import os
from functools import partial

# Gradio reads this when it is imported: nothing is reported to anyone.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
# So does huggingface_hub: a log gets plain lines, not bars that redraw themselves.
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")

from ser_core.errors import ConfigError, SpeechEmotionError
from ser_core.feedback import open_box
from ser_core.settings import Settings
from ser_core.startup import load_recognizer
from ser_core.ui import build_app, build_unavailable

log = partial(print, flush=True)

try:
    settings = Settings.from_environment()
except ConfigError as error:
    raise SystemExit(str(error)) from error

try:
    recognizer = load_recognizer(settings, log)
except SpeechEmotionError as error:
    # The page then says why; it never answers with a model that nobody asked for.
    log(f"The model could not be loaded: {error}")
    demo, launch_options = build_unavailable(error, settings)
else:
    demo, launch_options = build_app(recognizer, settings, open_box(settings, log))

if __name__ == "__main__":
    demo.launch(**launch_options)
