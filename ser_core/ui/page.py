"""What every tab is built from."""

from dataclasses import dataclass

from ..recognizer import EmotionRecognizer
from ..settings import Settings
from .repository import Repository

CONCURRENCY_ID = "recordings"
"""Name of the one queue that the page's button and the API's endpoints share."""


@dataclass(frozen=True)
class Page:
    """What every tab is built from.

    Attributes:
        recognizer: EmotionRecognizer that answers.
        settings: Settings, among them the limits.
        repository: Repository, what the model's folder says about it.
    """

    recognizer: EmotionRecognizer
    settings: Settings
    repository: Repository
