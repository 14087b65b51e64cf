"""Speech in, calibrated emotion out."""

__version__ = "0.1.0"  # above the imports: what they import asks for it

from .config.feature_config import FeatureConfig
from .emotions import EMOTIONS, LABELS
from .errors import SpeechEmotionError
from .recognizer import DEFAULT_MODEL, EmotionRecognizer
from .results import EmotionPrediction, EmotionSegment
from .speech.turns import SpeakerShare, SpeakerTurn
from .timeline.live import LiveMoment, LiveSession
from .timeline.timeline import EmotionTimeline

__all__ = [
    "DEFAULT_MODEL",
    "EMOTIONS",
    "LABELS",
    "EmotionPrediction",
    "EmotionRecognizer",
    "EmotionSegment",
    "EmotionTimeline",
    "FeatureConfig",
    "LiveMoment",
    "LiveSession",
    "SpeakerShare",
    "SpeakerTurn",
    "SpeechEmotionError",
]
