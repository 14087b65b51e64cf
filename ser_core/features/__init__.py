"""From samples to what a network sees, for training, the app, the API and batch alike.

A front end makes frames of samples and features of windows; all else is the same for all of them.
Imports audio and config; speech, timeline, the recognizer and training import it.
"""

from .frame_sums import FrameSums, summarise, summarise_sums
from .front_end import FrontEnd, choose_front_end
from .inputs import assemble, network_inputs, sequences, standardise, trim, trim_range
from .log_mel_front_end import TINY, mel_blocks, place, relative_level
from .stretches import Stretch, counted_frames, cover, stretch_inputs
from .tiling import split, window_starts

__all__ = [
    "TINY",
    "FrameSums",
    "FrontEnd",
    "Stretch",
    "assemble",
    "choose_front_end",
    "counted_frames",
    "cover",
    "mel_blocks",
    "network_inputs",
    "place",
    "relative_level",
    "sequences",
    "split",
    "standardise",
    "stretch_inputs",
    "summarise",
    "summarise_sums",
    "trim",
    "trim_range",
    "window_starts",
]
