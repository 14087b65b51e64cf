"""What visitors say of their answers, on its way to a data set on the Hub that the owner named.

box = open_box(settings)             # None unless SER_FEEDBACK_REPO is set
box.put(Feedback(...), samples)      # waits in a folder of its own, and leaves it when sent
box.close()

In the data set each is one file `feedback/{date}-{random}.json`, and its recording, where the
visitor wanted to give it, `audio/{date}-{random}.flac`: the samples alone, and no name or tag.
"""

import atexit
import io
import json
import logging
import secrets
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import soundfile
from huggingface_hub import CommitInfo, CommitScheduler, HfApi

from ..config.schema import Fraction, Strict
from ..config.whole_files import write_whole
from ..model.hub_faults import PUSH_FAULTS, explain_push
from .settings import Settings

logger = logging.getLogger(__name__)

EVERY = 5.0  # [min] between two commits, where there is anything to send
MOST_WAITING = 500  # that a Hub out of reach may leave here; the next one is not taken
OTHER = "other"  # what a visitor says who would call it none of the labels
NONE_OF_THEM = "none of these"  # the same, where one of the labels is "other"


class Feedback(Strict):
    """All that is kept of one visitor's word.

    Attributes:
        said: str, the label that the visitor chose, OTHER or NONE_OF_THEM.
        status: as in EmotionPrediction.
        answered: str, the label of the answer; None without speech.
        probabilities: float in [0, 1] by label.
        adapted: bool, whether the answer allowed for the visitor's voice.
        model, revision, version: what answered; version is ser_core's.
    """

    said: str
    status: Literal["emotion", "uncertain", "no_speech"]
    answered: str | None
    probabilities: dict[str, Fraction]
    adapted: bool
    model: str
    revision: str | None
    version: str


class FeedbackBox:
    """Holds feedback until the Hub has it. Safe to share between threads."""

    def __init__(self, repo: str, *, api: HfApi | None = None, every: float = EVERY) -> None:
        """Open a box, and make its data set where there is none, private.

        Args:
            repo: "user/name".
            api: of huggingface_hub; its own by default, with the token of the environment.
            every: float > 0 [min], between two commits.

        Raises:
            One of hub_faults.PUSH_FAULTS: the Hub does not let us.
        """
        self.repo = repo
        self._folder = Path(tempfile.mkdtemp(prefix="feedback-"))
        # Where nobody closes it; before the scheduler's own, which sends and so has to run first.
        atexit.register(shutil.rmtree, self._folder, ignore_errors=True)
        try:
            self._scheduler = _Scheduler(
                repo_id=repo,
                repo_type="dataset",
                folder_path=self._folder,
                every=every,
                private=True,
                hf_api=api,
            )
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise

    def put(
        self, feedback: Feedback, sound: tuple[int, npt.NDArray[np.float32]] | None = None
    ) -> bool:
        """Put feedback into the box.

        Args:
            feedback: Feedback.
            sound: (sample rate [Hz], mono float32), only where the visitor wants to give it.

        Returns:
            Whether there was room for it.
        """
        # No time of day, which could tell whose it is; the Hub knows when a commit came.
        date = f"{datetime.now(UTC):%Y-%m-%d}"
        name = f"{date}-{secrets.token_hex(8)}"
        audio = None if sound is None else f"audio/{name}.flac"
        kept = json.dumps({"date": date, **feedback.model_dump(), "audio": audio})
        with self._scheduler.lock:
            if self.waiting >= MOST_WAITING:
                return False
            if audio is not None and sound is not None:
                _store(self._folder / audio, _flac(*sound))
            _store(self._folder / "feedback" / f"{name}.json", kept.encode())
        return True

    @property
    def waiting(self) -> int:
        """How many have not been sent."""
        return len(list(self._folder.glob("feedback/*.json")))

    def close(self) -> None:
        """Send what is left, and delete it here whether or not that worked."""
        try:
            self._scheduler.trigger().result()
        except PUSH_FAULTS as error:
            lost = f"{self.waiting} visitors' feedback is lost"
            logger.warning("%s %s.", explain_push(error, f"the data set {self.repo}"), lost)
        finally:
            self._scheduler.stop()
            shutil.rmtree(self._folder, ignore_errors=True)


class _Scheduler(CommitScheduler):
    """A scheduler that leaves nothing behind of what it has sent."""

    def push_to_hub(self) -> CommitInfo | None:
        sent = super().push_to_hub()
        with self.lock:
            # Each file is written once and whole, under this lock.
            for path in list(self.last_uploaded):
                path.unlink(missing_ok=True)
                del self.last_uploaded[path]
        return sent


def open_box(settings: Settings, *, api: HfApi | None = None) -> FeedbackBox | None:
    """Open the box that the settings name.

    Args:
        settings: Settings, of which `feedback_repo` counts.
        api: as for FeedbackBox.

    Returns:
        FeedbackBox; None where there is to be none, or, which the log says, where the Hub does not
        let us: a page without feedback is better than no page.
    """
    if settings.feedback_repo is None:
        return None
    try:
        return FeedbackBox(settings.feedback_repo, api=api)
    except PUSH_FAULTS as error:
        what = f"the data set {settings.feedback_repo}"
        logger.warning("No feedback is collected. %s", explain_push(error, what))
        return None


def _store(path: Path, content: bytes) -> None:
    with write_whole(path, durable=False) as unfinished:  # sent by another thread
        unfinished.write_bytes(content)


def _flac(rate: int, samples: npt.NDArray[np.float32]) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format="FLAC", subtype="PCM_16")
    return buffer.getvalue()
