"""Speech in, calibrated emotion out."""

__version__ = "0.1.0"  # above the imports: what they import asks for it

from .audio.load import AudioInput
from .config.feature_config import FeatureConfig
from .emotions import EMOTIONS, LABELS
from .errors import (
    AdaptationError,
    AnalysisCancelledError,
    ArgumentError,
    AudioError,
    ConfigError,
    ExportError,
    ModelError,
    ModelNotFoundError,
    SpeechEmotionError,
    TruncatedAudioError,
)
from .recognizer import DEFAULT_MODEL, EmotionRecognizer
from .results import (
    EmotionPrediction,
    EmotionSegment,
    SpeakerShare,
    SpeakerTurn,
    TimelineWindow,
)
from .timeline.analyze import AnalysisProgress
from .timeline.live import LiveMoment, LiveSession
from .timeline.occlusion import Explanation, MomentSaliency
from .timeline.timeline import EmotionTimeline

__all__ = [
    "DEFAULT_MODEL",
    "EMOTIONS",
    "LABELS",
    "AdaptationError",
    "AnalysisCancelledError",
    "AnalysisProgress",
    "ArgumentError",
    "AudioError",
    "AudioInput",
    "ConfigError",
    "EmotionPrediction",
    "EmotionRecognizer",
    "EmotionSegment",
    "EmotionTimeline",
    "Explanation",
    "ExportError",
    "FeatureConfig",
    "LiveMoment",
    "LiveSession",
    "ModelError",
    "ModelNotFoundError",
    "MomentSaliency",
    "SpeakerShare",
    "SpeakerTurn",
    "SpeechEmotionError",
    "TimelineWindow",
    "TruncatedAudioError",
]
