"""Recordings as points in a space: what a network makes of one before it names an emotion."""

from dataclasses import dataclass, field

import numpy as np

from ..errors import EmbeddingError
from .result import Result


@dataclass(frozen=True, eq=False, repr=False)
class EmbeddedWindow(Result):
    """The embedding of one window.

    Attributes:
        start, end: float [s].
        speech_seconds: float [s], how much of it is speech.
        vector: float32 array of shape (size,); None with too little speech.
    """

    start: float
    end: float
    speech_seconds: float
    vector: np.ndarray | None


@dataclass(frozen=True, eq=False, repr=False)
class Embedding(Result):
    """The embedding of one recording; to numpy it is its vector, so `np.stack` takes several.

    Attributes:
        vector: float32 array of shape (size,), as many as the recognizer's `embedding_size`; None
            when there is no speech.
        logits: float32 array of shape (labels,), the logarithms of the probabilities that the
            network itself gives its labels, less their mean [nats]; None when there is no speech.
        speech_seconds: float [s], how much of the recording is speech.
        duration: float [s], length of the recording.
        windows: EmbeddedWindows in order, where they were asked for.
        notes: sentences on what was not heard of the recording or is wrong with it, as of
            EmotionPrediction.
        fingerprint: str, a digest of the recording's sound, by which a copy under another name is
            known.
        model: str, a digest of the network that made it, whatever was taught on top; empty where
            its repository records none (`check.json`).
    """

    vector: np.ndarray | None
    logits: np.ndarray | None
    speech_seconds: float
    duration: float
    windows: tuple[EmbeddedWindow, ...] = ()
    notes: tuple[str, ...] = ()
    fingerprint: str = field(default="", repr=False)
    model: str = field(default="", repr=False)

    def __array__(
        self, dtype: np.dtype | type | None = None, copy: bool | None = None
    ) -> np.ndarray:
        """Return the vector, for numpy.

        Raises:
            EmbeddingError: there is none, as nobody speaks.
        """
        if self.vector is None:
            raise EmbeddingError(
                f"No speech was found in these {self.duration:.1f} s, so there is no embedding: "
                "leave the recording out (its vector is None)."
            )
        return np.array(self.vector, dtype=dtype)  # what numpy gives may be written to
