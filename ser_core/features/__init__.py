"""From samples to what a network sees, for training, the app, the API and batch alike.

A front end makes frames of samples and features of windows; all else is the same for all of them.
Imports audio and config; speech, timeline, the recognizer and training import it.
"""

from .front_end import FrontEnd, choose_front_end
from .inputs import assemble, network_inputs, sequences, standardise, trim, trim_range
from .log_mel_front_end import TINY, mel_blocks, place, relative_level
from .tiling import split, window_starts

__all__ = [
    "TINY",
    "FrontEnd",
    "assemble",
    "choose_front_end",
    "mel_blocks",
    "network_inputs",
    "place",
    "relative_level",
    "sequences",
    "split",
    "standardise",
    "trim",
    "trim_range",
    "window_starts",
]
