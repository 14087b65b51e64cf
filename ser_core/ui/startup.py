"""Load the app's model, and say in the log what is fetched and how long it took.

python -m ser_core.ui.startup    # fetches and loads the model that SER_MODEL_ID names, and ends
"""

import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from huggingface_hub import try_to_load_from_cache
from huggingface_hub.hf_api import RepoSibling

from ..errors import SpeechEmotionError
from ..model import hub
from ..model.files import REPOSITORY_FILES
from ..recognizer import EmotionRecognizer
from .settings import Settings

logger = logging.getLogger(__name__)


def log_to_output() -> None:
    """Write what the package and the app log to stdout, one plain line each, as servers do."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(message)s"))
    ours = logging.getLogger("ser_core")
    ours.handlers = [handler]
    ours.setLevel(logging.INFO)
    ours.propagate = False


def load_recognizer(settings: Settings) -> EmotionRecognizer:
    """Load the model that the settings name, from its folder, the local cache or the Hub.

    Args:
        settings: Settings, of which `model_id` and `model_revision` count.

    Returns:
        EmotionRecognizer.

    Raises:
        SpeechEmotionError: there is no such model, it cannot be reached, or it cannot be run.
    """
    start = time.monotonic()
    what = settings.model_id
    if settings.embedded or Path(what).is_dir():
        recognizer = EmotionRecognizer.from_pretrained(what)
    else:
        snapshot = hub.fetch(
            what,
            revision=settings.model_revision,
            announce=lambda files, commit: logger.info(
                "%s", _describe_download(what, files, commit)
            ),
        )
        recognizer = EmotionRecognizer(snapshot.directory, source=what, revision=snapshot.revision)
        what = f"{what} at revision {recognizer.revision}"
    logger.info("Loaded %s in %.1f s.", what, time.monotonic() - start)
    return recognizer


def _describe_download(model: str, files: Sequence[RepoSibling] | None, commit: str) -> str:
    """Say which files are about to be fetched."""
    if files is None:
        return f"The Hub lists no files of {model}: looking in the local cache."
    ours = [file for file in files if file.rfilename in REPOSITORY_FILES]
    fetched = [
        file
        for file in ours
        if not isinstance(try_to_load_from_cache(model, file.rfilename, revision=commit), str)
    ]
    if not fetched:
        return f"All {len(ours)} files of {model} are in the local cache."
    size = sum(file.size or 0 for file in fetched) / 1e6  # [MB]
    names = ", ".join(sorted(file.rfilename for file in fetched))
    return f"Fetching {len(fetched)} of {len(ours)} files of {model}, {size:.1f} MB: {names}."


def main() -> None:
    """Put the model into the local cache; where it cannot be loaded, end with one sentence."""
    try:
        log_to_output()
        load_recognizer(Settings.from_environment())
    except SpeechEmotionError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
