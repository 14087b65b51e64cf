"""Speech in, calibrated emotion out. What stands here is imported when it is first asked for."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .errors import (
    AdaptationError,
    AnalysisCancelledError,
    ArgumentError,
    AudioError,
    ConfigError,
    EmbeddingError,
    ExportError,
    ModelError,
    ModelNotFoundError,
    SpeechEmotionError,
    TeachingError,
    TruncatedAudioError,
)

if TYPE_CHECKING:
    from .audio.audio_input import AudioInput
    from .config.emotions import EMOTIONS, LABELS
    from .config.feature_config import FeatureConfig
    from .recognizer import DEFAULT_MODEL, EmotionRecognizer
    from .results import (
        EmbeddedWindow,
        Embedding,
        EmotionPrediction,
        EmotionSegment,
        SpeakerShare,
        SpeakerTurn,
        TeachingReport,
        TimelineWindow,
    )
    from .timeline.analyze import AnalysisProgress
    from .timeline.live import LiveMoment, LiveSession
    from .timeline.occlusion import Explanation, MomentSaliency
    from .timeline.timeline import EmotionTimeline

__version__ = "0.1.0"

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
    "EmbeddedWindow",
    "Embedding",
    "EmbeddingError",
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
    "TeachingError",
    "TeachingReport",
    "TimelineWindow",
    "TruncatedAudioError",
]

_HOMES = {
    "audio.audio_input": ("AudioInput",),
    "config.emotions": ("EMOTIONS", "LABELS"),
    "config.feature_config": ("FeatureConfig",),
    "recognizer": ("DEFAULT_MODEL", "EmotionRecognizer"),
    "results": (
        *("EmbeddedWindow", "Embedding", "EmotionPrediction", "EmotionSegment", "SpeakerShare"),
        *("SpeakerTurn", "TeachingReport", "TimelineWindow"),
    ),
    "timeline.analyze": ("AnalysisProgress",),
    "timeline.live": ("LiveMoment", "LiveSession"),
    "timeline.occlusion": ("Explanation", "MomentSaliency"),
    "timeline.timeline": ("EmotionTimeline",),
}
_ROOMS = ("audio", "config", "features", "model", "recognizer", "results", "speech", "timeline")


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """Import what is asked for: a command that starts should not wait for what it lacks."""
        if name in _ROOMS:
            return import_module(f".{name}", __name__)
        for home, names in _HOMES.items():
            if name in names:
                value = getattr(import_module(f".{home}", __name__), name)
                globals()[name] = value
                return value
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
