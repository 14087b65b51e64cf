"""Embed a recording, whole or window by window; see `EmotionRecognizer.embed`."""

import hashlib
from contextlib import closing

import numpy as np

from ..errors import ModelError
from ..model.adaptation import centre_logs
from ..model.predictor import Predictor
from ..results import EmbeddedWindow, Embedding
from .analyze import ChannelAnalysis, usual_hop
from .predict import predict


def require_embeddings(predictor: Predictor) -> int:
    """Return how many numbers a model's embeddings have.

    Raises:
        ModelError: it gives none.
    """
    size = predictor.runtime.embedding_size
    if size is None:
        raise ModelError(
            f"This model (recipe {predictor.config.recipe!r}) gives no embeddings: expected "
            "outputs.embedding or outputs.frames in its feature_config.json, and it has neither; "
            "take the embedded model, or train it with this version."
        )
    return size


def embed(predictor: Predictor, samples: np.ndarray, *, windows: bool) -> Embedding:
    """Embed a recording.

    Args:
        predictor: Predictor, neither adapted nor taught.
        samples: float32 array of shape (n,), n > 0, mono at `predictor.config.sample_rate`.
        windows: whether to embed its windows, too.

    Returns:
        Embedding, without notes and without model.

    Raises:
        ModelError: the model gives no embeddings.
    """
    require_embeddings(predictor)
    activity, answer = predict(predictor, samples)
    return Embedding(
        vector=None if answer is None else answer.embedding,
        logits=None if answer is None else centre_logs(answer.probabilities).astype(np.float32),
        speech_seconds=round(activity.speech_seconds, 3),
        duration=round(len(samples) / predictor.config.sample_rate, 3),
        windows=tuple(_embed_windows(predictor, samples)) if windows else (),
        fingerprint=hashlib.sha256(np.ascontiguousarray(samples).tobytes()).hexdigest()[:32],
    )


def _embed_windows(predictor: Predictor, samples: np.ndarray) -> list[EmbeddedWindow]:
    """Embed the windows that `analyze` answers."""
    config = predictor.config
    window = config.input_seconds
    hop = usual_hop(config, window)
    with closing(ChannelAnalysis(predictor, window, hop, threads=1, voices=False)) as channel:
        answered = [*channel.push(samples), *channel.finish()]
    return [
        EmbeddedWindow(
            round(one.start, 3),
            round(one.end, 3),
            round(one.speech_seconds, 3),
            None if answer is None else answer.embedding,
        )
        for one, answer in answered
    ]
