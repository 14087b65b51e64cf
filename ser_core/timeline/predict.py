"""Predict one emotion for a recording as a whole, whatever kind of network answers."""

import numpy as np

from ..model.pooling import Pooled
from ..model.predictor import Predictor
from ..speech.gate import SpeechActivity
from .spans import answer_spans, speech_spans
from .windows import speech_frames, speech_inputs


def predict(predictor: Predictor, samples: np.ndarray) -> tuple[SpeechActivity, Pooled | None]:
    """Find where somebody speaks in a recording, and answer that.

    Args:
        predictor: Predictor.
        samples: float32 array of shape (n,), n > 0, mono at `predictor.config.sample_rate`.

    Returns:
        Where somebody speaks; and the answer, or None if nobody does.
    """
    config = predictor.config
    activity, frames, spoken = speech_frames(samples, config)
    if not activity.has_speech:
        return activity, None
    if config.outputs.frames is None:
        return activity, predictor.predict(speech_inputs(frames, spoken, config))
    spans = speech_spans(frames, spoken, config)
    return activity, predictor.pool(answer_spans(predictor, spans))
