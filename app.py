"""The Space: `python app.py` serves the page and its API at http://127.0.0.1:7860.

With no variable set it serves the embedded model, and needs no network and no token. The variables
are described in ser_core/ui/settings.py.
"""

import logging
import os

# Gradio reads this when it is imported: nothing is reported to anyone.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
# It would also redo a table of all calls, which nobody can see here, after each of them.
os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000000000")
os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "1")
# Visitors are answered side by side, so each takes one thread: more of them would spin against each
# other. numpy reads these, of whichever library its products come from.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")
# huggingface_hub reads this as well: a log gets plain lines, not bars that redraw themselves.
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")

from ser_core.errors import ConfigError, SpeechEmotionError
from ser_core.ui.settings import Settings
from ser_core.ui.startup import load_recognizer, log_to_output, prepare_folders, require_port

log_to_output()
logger = logging.getLogger("ser_core.app")

try:
    settings = Settings.from_environment()
    prepare_folders()
    require_port(settings)
except ConfigError as error:
    raise SystemExit(str(error)) from None

# They import Gradio, which reads then where uploads go.
from ser_core.ui.build import build_app, build_unavailable  # noqa: E402
from ser_core.ui.feedback import open_box  # noqa: E402
from ser_core.ui.server.serving import serve  # noqa: E402

try:
    recognizer = load_recognizer(settings)
except SpeechEmotionError as error:
    # The page then says why; it never answers with a model that nobody asked for.
    logger.error("The model could not be loaded: %s", error)
    demo, launch_options = build_unavailable(error, settings)
else:
    demo, launch_options = build_app(recognizer, settings, open_box(settings))

if __name__ == "__main__":
    serve(demo, launch_options)
