"""What the app needs before it can serve: folders, a free port, and its model.

python -m ser_core.ui.startup    # fetches and loads the model that SER_MODEL_ID names, and ends

What is not there is said in one sentence. In the log stands what is fetched and how long it took.
"""

import getpass
import logging
import os
import socket
import sys
import tempfile
import time
from collections.abc import MutableMapping, Sequence
from pathlib import Path

from huggingface_hub import try_to_load_from_cache
from huggingface_hub.hf_api import RepoSibling

from ..errors import ConfigError, SpeechEmotionError
from ..model import hub
from ..model.files import FETCHED_FILES
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
    # It warns of each form that it then refuses.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)


def prepare_folders(environment: MutableMapping[str, str] = os.environ) -> Path:
    """Choose the folder for uploads and make it, before Gradio is imported, which reads it then.

    By default it is one of this user's own: Gradio's is the same for all of a machine's users, and
    belongs to the first of them.

    Args:
        environment: variables, of which GRADIO_TEMP_DIR is read; set where it is not.

    Returns:
        The folder.

    Raises:
        ConfigError: it cannot be made or written to, it is another user's, or the working directory
            is gone.
    """
    try:
        os.getcwd()
    except OSError as error:
        raise ConfigError(
            f"The working directory cannot be used ({error.strerror}): start the app in a folder "
            "that exists."
        ) from error
    given = environment.get("GRADIO_TEMP_DIR")
    try:
        folder = Path(given or Path(tempfile.gettempdir()) / f"gradio-{_user()}")
        folder.mkdir(mode=0o777 if given else 0o700, parents=True, exist_ok=True)
        if not given and hasattr(os, "getuid") and folder.lstat().st_uid != os.getuid():
            raise PermissionError(0, "it is another user's")
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        named = f"The folder for uploads, {given}," if given else "The folder for uploads"
        raise ConfigError(
            f"{named} cannot be used ({error.strerror or error}): set GRADIO_TEMP_DIR to a folder "
            "that this user may write to."
        ) from error
    environment["GRADIO_TEMP_DIR"] = str(folder)
    return folder


def require_port(settings: Settings) -> None:
    """Require that the app can listen where the settings say.

    Raises:
        ConfigError: it cannot: something else listens there, or the address is not this machine's.
    """
    host = settings.host.strip("[]")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as listener:
            if os.name == "posix":  # elsewhere it would take a port that is in use
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except OSError as error:
        raise ConfigError(
            f"The app cannot listen on {settings.host}, port {settings.port} ({error.strerror}): "
            "end what listens there, or set GRADIO_SERVER_NAME and GRADIO_SERVER_PORT to others."
        ) from error


def _user() -> str:
    """What tells this user from others: a number, or where there is none, the name."""
    return str(os.getuid()) if hasattr(os, "getuid") else getpass.getuser()


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
    ours = [file for file in files if file.rfilename in FETCHED_FILES]
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
