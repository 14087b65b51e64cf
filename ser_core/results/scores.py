"""A prediction as the pipelines of `transformers` give it: labels with their scores."""

from typing import TypedDict

from .predictions import EmotionPrediction


class Score(TypedDict):
    """A label, and its probability in [0, 1]."""

    label: str
    score: float


def score_labels(prediction: EmotionPrediction, top_k: int | None = None) -> list[Score]:
    """Give a prediction's labels with their probabilities, likeliest first.

    Args:
        prediction: EmotionPrediction.
        top_k: int > 0, how many at most; None for all.

    Returns:
        Empty without speech.
    """
    count = len(prediction.probabilities) if top_k is None else top_k
    return [{"label": label, "score": share} for label, share in prediction.top(count)]
