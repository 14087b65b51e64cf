"""Speech in, calibrated emotion out."""

from .config import FeatureConfig
from .emotions import EMOTIONS, LABELS
from .errors import SpeechEmotionError
from .recognizer import DEFAULT_MODEL, EmotionRecognizer
from .results import EmotionPrediction
from .version import VERSION

__version__ = VERSION

__all__ = [
    "DEFAULT_MODEL",
    "EMOTIONS",
    "LABELS",
    "EmotionPrediction",
    "EmotionRecognizer",
    "FeatureConfig",
    "SpeechEmotionError",
]
