"""Speech in, calibrated emotion out."""

from .config import FeatureConfig
from .emotions import EMOTIONS, LABELS
from .errors import SpeechEmotionError
from .live import LiveMoment, LiveSession
from .recognizer import DEFAULT_MODEL, EmotionRecognizer
from .results import EmotionPrediction, EmotionSegment
from .speakers import SpeakerShare, SpeakerTurn
from .timeline import EmotionTimeline
from .version import VERSION

__version__ = VERSION

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
