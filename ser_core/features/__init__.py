"""From samples to what a network sees, for training, the app, the API and batch alike.

Imports audio and config; speech, timeline, the recognizer and training import it.
"""

from .inputs import (
    TINY,
    assemble,
    levels,
    network_inputs,
    place,
    relative_level,
    sequences,
    split,
    standardise,
    to_frames,
    trim,
    trim_range,
    window_starts,
)

__all__ = [
    "TINY",
    "assemble",
    "levels",
    "network_inputs",
    "place",
    "relative_level",
    "sequences",
    "split",
    "standardise",
    "to_frames",
    "trim",
    "trim_range",
    "window_starts",
]
