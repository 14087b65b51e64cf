"""The Space: `python app.py` serves the page and its API at http://127.0.0.1:7860.

With no variable set it serves the embedded model, and needs no network and no token. The variables
are described in ser_core/settings.py.
"""

import os

# Gradio reads this when it is imported: nothing is reported to anyone.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

from ser_core.errors import ConfigError, SpeechEmotionError
from ser_core.recognizer import EmotionRecognizer
from ser_core.settings import Settings
from ser_core.ui import build_app, build_unavailable

try:
    settings = Settings.from_environment()
except ConfigError as error:
    raise SystemExit(str(error)) from error

try:
    recognizer = EmotionRecognizer.from_pretrained(
        settings.model_id, revision=settings.model_revision
    )
except SpeechEmotionError as error:
    # The page then says why; it never answers with a model that nobody asked for.
    demo, launch_options = build_unavailable(error, settings)
else:
    demo, launch_options = build_app(recognizer, settings)

if __name__ == "__main__":
    demo.launch(**launch_options)
