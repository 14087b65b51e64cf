"""What every tab is built from."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import gradio as gr
import numpy as np
import numpy.typing as npt

from ..audio.channels import Channels
from ..audio.load import load_audio
from ..audio.source import UntrustedPath
from ..errors import AudioError
from ..model.repository import Repository
from ..recognizer import EmotionRecognizer
from ..results import Embedding, EmotionPrediction, LabelSet
from ..timeline.timeline import EmotionTimeline
from .feedback import FeedbackBox
from .look import microphone, text
from .server.uploads import LiveChunks, UploadLedger
from .settings import UPLOAD_AGE, Settings

CONCURRENCY_ID = "recordings"
"""Name of the one queue that the page's button and the API's endpoints share."""

TIMELINE_CONCURRENCY_ID = "timelines"
"""Of the one for long recordings: one at a time, as each is answered on all cores by itself."""

Samples = npt.NDArray[np.float32]

QUICK: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
"""Options of every event that predicts nothing: it waits for no turn."""


def in_browser(*shown: Any) -> dict[str, Any]:
    """Options of an event after which always the same is shown: the browser needs no server for it.

    What a server answers may come after the answer to what a visitor did next, and would replace
    it; this is there before they can do anything.

    Args:
        shown: values of the event's outputs, or what gr.update makes.
    """
    return {"fn": None, "js": f"() => {json.dumps(shown)}", **QUICK}


def replace_in_browser(replaced: Mapping[str, str]) -> dict[str, Any]:
    """Options of an event that replaces what its one input shows, in the browser as well.

    Args:
        replaced: what is to be shown, by what is shown; anything else stays.
    """
    return {"fn": None, "js": f"shown => ({json.dumps(replaced)})[shown] ?? shown", **QUICK}


MINUTES = UPLOAD_AGE / 60  # [min] a recording stays on the server


@dataclass(frozen=True)
class HeldAnswer:
    """An answer as a visitor's session holds it, until the next one or for some minutes.

    Attributes:
        path: str, the recording's file, which may be gone by now.
        prediction: EmotionPrediction.
        adapted: bool, whether the answer allows for the visitor's voice.
    """

    path: str
    prediction: EmotionPrediction
    adapted: bool = False


@dataclass(frozen=True)
class Page:
    """What every tab is built from.

    Attributes:
        recognizer: EmotionRecognizer that answers.
        settings: Settings, among them the limits.
        repository: Repository, what the model's folder says about it.
        ledger: UploadLedger, who still needs which upload.
        feedback: FeedbackBox; None if visitors are asked nothing.
    """

    recognizer: EmotionRecognizer
    settings: Settings
    repository: Repository
    ledger: UploadLedger = field(default_factory=UploadLedger)
    feedback: FeedbackBox | None = None

    @property
    def coverage(self) -> float | None:
        """How often the truth is among the labels that an answer cannot rule out, if known."""
        conformal = self.recognizer.config.conformal
        return None if conformal is None else conformal.coverage

    def queue_options(self, turn: gr.HTML) -> dict[str, Any]:
        """Options of every event that predicts: all of them wait in one queue.

        Args:
            turn: gr.HTML that `build_turn` built, which shows how many are before a visitor.
        """
        return {
            "show_progress": "minimal",
            "show_progress_on": turn,
            "concurrency_limit": self.settings.concurrency,
            "concurrency_id": CONCURRENCY_ID,
            "api_visibility": "private",
        }

    # Nothing else under ui/ decodes a recording that was uploaded: none is trusted.

    def decode(self, path: str) -> tuple[int, Samples]:
        """Decode an upload: its rate [Hz], and float32 samples of shape (n,) in [-1, 1]."""
        rate, limit = self.recognizer.config.sample_rate, self.settings.max_seconds
        return rate, load_audio(UntrustedPath(path), sample_rate=rate, max_seconds=limit)

    def predict(
        self,
        path: str,
        own: EmotionRecognizer | None = None,
        labels: LabelSet | None = None,
    ) -> EmotionPrediction:
        """Predict an upload as a whole.

        Args:
            path: str, the upload.
            own: EmotionRecognizer, the visitor's own; None for everybody's.
            labels: LabelSet that the answer is in; None for the model's own labels.
        """
        recognizer = own or self.recognizer
        wanted = {} if labels is None else labels.request()
        limit = self.settings.max_seconds
        return recognizer.predict(UntrustedPath(path), max_seconds=limit, **wanted)

    def analyze(
        self, path: str, *, speakers: int = 0, channels: Channels = "mix", **following: Any
    ) -> EmotionTimeline:
        """Predict an upload along time.

        Args:
            path: str, the upload.
            speakers: int, how many people to split the speech between; 0 not to.
            channels: as for EmotionRecognizer.analyze; separate, each is a speaker.
            following: `labels`, `group`, `progress` and `cancelled` of EmotionRecognizer.analyze.
        """
        return self.recognizer.analyze(
            UntrustedPath(path),
            speakers=None if channels == "separate" else speakers or None,
            channels=channels,
            max_seconds=self.settings.max_timeline_seconds,
            **following,
        )

    def embed(self, path: str) -> Embedding:
        """Embed an upload."""
        limit = self.settings.max_seconds
        return self.recognizer.embed(UntrustedPath(path), max_seconds=limit)

    def adapt(self, paths: Sequence[str]) -> EmotionRecognizer:
        """Adapt the recognizer to the one voice of some uploads."""
        limit = self.settings.max_seconds
        return self.recognizer.adapt([UntrustedPath(path) for path in paths], max_seconds=limit)

    @cached_property
    def chunks(self) -> LiveChunks:
        """The live sound that waits for its turn."""
        return LiveChunks(self.ledger)


def build_recorder(
    label: str,
    elem_id: str,
    sources: Sequence[Literal["microphone", "upload"]] = ("microphone", "upload"),
    **options: Any,
) -> gr.Audio:
    """Build a recorder whose file reaches the server as it is, without further buttons.

    Under it stands what is wrong with the microphone, where something is.

    Args:
        label: what it is called.
        elem_id: its id in the page.
        sources: what it offers, the first at once.
        options: further ones of gr.Audio.
    """
    recorder = gr.Audio(
        sources=list(sources),
        type="filepath",
        format=None,
        label=label,
        buttons=[],
        elem_id=elem_id,
        **options,
    )
    gr.HTML(
        microphone.draw_faults(),
        elem_id=f"{elem_id}-microphone",
        elem_classes=microphone.CLASS,
        min_height=0,
    )
    return recorder


def build_turn() -> gr.HTML:
    """Build the place that says whose turn it is while others are before a visitor.

    Gradio writes the position there; theme.py has the words around it, and hides it at first, as
    hardly anybody waits for longer than a moment.
    """
    return gr.HTML("", elem_classes="ser-turn", min_height=0)


def require_recording(path: str | None) -> str:
    """Return the path of a visitor's recording.

    Args:
        path: the recording's file, if there is one.

    Raises:
        AudioError: there is none, or none any more; the sentence says what to do.
    """
    if path is None:
        raise AudioError(text.NO_RECORDING)
    if not Path(path).exists():
        raise AudioError(text.GONE.format(minutes=MINUTES))
    return path
