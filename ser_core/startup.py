"""Load the app's model, and say in the log what is fetched and how long it took.

python -m ser_core.startup    # fetches and loads the model that SER_MODEL_ID names, and ends
"""

import time
from collections.abc import Callable
from pathlib import Path

import httpx2
from huggingface_hub import HfApi, try_to_load_from_cache
from huggingface_hub.constants import HF_HUB_ETAG_TIMEOUT

from .errors import SpeechEmotionError
from .recognizer import REPOSITORY_FILES, EmotionRecognizer
from .settings import Settings

Log = Callable[[str], None]


def load_recognizer(settings: Settings, log: Log) -> EmotionRecognizer:
    """Load the model that the settings name, from its folder, the local cache or the Hub.

    Args:
        settings: Settings, of which `model_id` and `model_revision` count.
        log: takes one plain line at a time.

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
        _announce(settings, log)
        recognizer = EmotionRecognizer.from_pretrained(what, revision=settings.model_revision)
        what = f"{what} at revision {recognizer.revision}"
    log(f"Loaded {what} in {time.monotonic() - start:.1f} s.")
    return recognizer


def _announce(settings: Settings, log: Log) -> None:
    """Say which files are about to be fetched."""
    model = settings.model_id
    try:
        info = HfApi().model_info(
            model,
            revision=settings.model_revision,
            files_metadata=True,
            timeout=HF_HUB_ETAG_TIMEOUT,
        )
    except (httpx2.HTTPError, OSError, ValueError):
        # Loading meets the same fault, and either finds the cache or says what is wrong.
        log(f"The Hub lists no files of {model}: looking in the local cache.")
        return
    files = [file for file in info.siblings or () if file.rfilename in REPOSITORY_FILES]
    fetched = [
        file
        for file in files
        if not isinstance(try_to_load_from_cache(model, file.rfilename, revision=info.sha), str)
    ]
    if not fetched:
        log(f"All {len(files)} files of {model} are in the local cache.")
        return
    size = sum(file.size or 0 for file in fetched) / 1e6  # [MB]
    names = ", ".join(sorted(file.rfilename for file in fetched))
    log(f"Fetching {len(fetched)} of {len(files)} files of {model}, {size:.1f} MB: {names}.")


def main() -> None:
    """Put the model into the local cache; where it cannot be loaded, end with one sentence."""
    try:
        load_recognizer(Settings.from_environment(), print)
    except SpeechEmotionError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
