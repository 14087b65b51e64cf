"""The app from its environment variables to what is served: one way for `app.py` and `ser serve`.

It must be imported before numpy and Gradio, whose own variables it sets.
"""

import logging
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import gradio as gr

    from ..recognizer import EmotionRecognizer

VARIABLES = {
    # Gradio would redo a table of all calls, which nobody can see here, after each of them.
    "GRADIO_ANALYTICS_CACHE_FREQUENCY": "1000000000",
    "GRADIO_ANALYTICS_MAX_EVENTS": "1",
    # Visitors are answered side by side, so each takes one thread: more of them would spin against
    # each other. numpy reads these, of whichever library its products come from.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # huggingface_hub reads this as well: a log gets plain lines, not bars that redraw themselves.
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
}
"""What libraries are told, unless the environment says otherwise."""


def open_app() -> "tuple[EmotionRecognizer | None, gr.Blocks, dict[str, Any]]":
    """Load the model that the environment names, and build the page; see `ser_core.ui.settings`.

    Returns:
        The recognizer, None where it cannot be loaded; the page, which then says why; and the
        options to serve it with.

    Raises:
        ConfigError: the environment is not valid, or lacks what the app needs to start.
    """
    for name, value in VARIABLES.items():
        os.environ.setdefault(name, value)
    # Gradio reads this when it is imported: nothing is reported to anyone.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    from ..errors import SpeechEmotionError
    from .settings import Settings
    from .startup import load_recognizer, log_to_output, prepare_folders, require_port

    log_to_output()
    settings = Settings.from_environment()
    prepare_folders()
    require_port(settings)
    # They import Gradio, which reads then where uploads go.
    from .build import build_app, build_unavailable
    from .feedback import open_box

    try:
        recognizer = load_recognizer(settings)
    except SpeechEmotionError as error:
        # It never answers with a model that nobody asked for.
        logging.getLogger("ser_core.app").error("The model could not be loaded: %s", error)
        return None, *build_unavailable(error, settings)
    return recognizer, *build_app(recognizer, settings, open_box(settings))
