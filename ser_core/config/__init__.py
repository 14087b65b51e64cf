"""The feature-config JSON as pydantic records: all between a file and a network's answer.

Holds the base of everything that is read from outside, the emotions, the feature blocks' names and
parameters, and `FeatureConfig`. Imports only errors; every other room may import it.
"""

from .feature_config import (
    FEATURE_VERSION,
    FILE_NAME,
    SCHEMA_VERSION,
    Adaptation,
    FeatureConfig,
    Normalisation,
    SpeechSettings,
)
from .outputs import Outputs

__all__ = [
    "FEATURE_VERSION",
    "FILE_NAME",
    "SCHEMA_VERSION",
    "Adaptation",
    "FeatureConfig",
    "Normalisation",
    "Outputs",
    "SpeechSettings",
]
