"""What comes out: frozen results that travel, compare, print themselves and turn into JSON types.

`Result` is the base of all of them; those that no engine of its own makes stand here. Imports only
config and emotions; every other room may import it.
"""

from .embeddings import EmbeddedWindow, Embedding
from .frozen_mapping import FrozenMapping
from .label_sets import LabelSet, conformal_sets, reported_intensity
from .predictions import (
    EmotionPrediction,
    EmotionSegment,
    Status,
    TimelineWindow,
)
from .result import Result
from .speakers import SpeakerShare, SpeakerTurn
from .teaching_report import TeachingReport

__all__ = [
    "EmbeddedWindow",
    "Embedding",
    "EmotionPrediction",
    "EmotionSegment",
    "FrozenMapping",
    "LabelSet",
    "Result",
    "SpeakerShare",
    "SpeakerTurn",
    "Status",
    "TeachingReport",
    "TimelineWindow",
    "conformal_sets",
    "reported_intensity",
]
