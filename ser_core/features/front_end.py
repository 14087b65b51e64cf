"""Front ends: from samples to frames, and from the frames of a window to features.

A front end is chosen once, from the feature config, and whoever needs frames or features asks it.
Another kind of features is another class here and another kind of block in ser_core.config, and no
branch anywhere else.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from ..config.feature_config import FeatureConfig
from .frame_stream import FrameStream
from .log_mel_front_end import LogMelFrontEnd
from .waveform_front_end import WaveformFrontEnd


class FrontEnd(Protocol):
    """What stands between mono samples and the features of a window, in their own units.

    A frame is what a recording is cut in, `config.hop_length` samples long; what its columns hold
    is the front end's own affair. The level of a window are its features before standardisation.
    """

    def frames(self, samples: np.ndarray) -> np.ndarray:
        """Turn audio into one row per frame, from which windows are cut.

        Args:
            samples: float32 array of shape (n,), mono at `config.sample_rate`, full scale 1.

        Returns:
            float32 array of shape (frames, columns).
        """

    def stream(self) -> FrameStream:
        """Begin the frames of a recording that comes in pieces: the same ones, bit for bit."""

    def energy(self, frames: np.ndarray) -> np.ndarray:  # (frames,)
        """Return the power of each frame, by which silence before and after is trimmed."""

    def levels(self, window: np.ndarray) -> np.ndarray:
        """Compute the features of one window in their own units.

        A window shorter than `config.window_frames` is put in the middle, with silence around it,
        or at the beginning, with silence after it, where the network gives its encoder's frames;
        statistics are taken over what is there alone.

        Args:
            window: float32 array of shape (1 to config.window_frames, columns).

        Returns:
            float32 array of shape (config.level_frames, config.block_features).

        Raises:
            ModelError: a block needs a package that is not installed.
        """

    def cover(self, levels: np.ndarray, window: np.ndarray, begin: int, end: int) -> np.ndarray:
        """Return a window's levels with some of its frames silent, the others' level as it is.

        Args:
            levels: the window's, as `levels` gives them.
            window: its frames.
            begin, end: int, the frames of the window that are silent.
        """

    def pack(self, frames: np.ndarray) -> np.ndarray:
        """Return what training caches of a recording: what no random change comes before."""

    def unpack(self, packed: np.ndarray) -> Sequence[np.ndarray]:
        """Return the levels of each of a recording's windows, of what `pack` gave."""

    def observe(self, packed: np.ndarray) -> np.ndarray:  # (rows, config.block_features)
        """Return the rows that normalisation is measured on, without any silence put around."""

    @property
    def pack_parameters(self) -> dict[str, Any]:
        """What `pack` depends on beside sample rate, trimming and blocks."""


_FRONT_ENDS: dict[str, Callable[[FeatureConfig], FrontEnd]] = {
    "log_mel": LogMelFrontEnd,
    "waveform": WaveformFrontEnd,
}


def choose_front_end(config: FeatureConfig) -> FrontEnd:
    """Choose the front end that computes a config's blocks.

    >>> from ser_core.recognizer import DEFAULT_MODEL
    >>> front = choose_front_end(FeatureConfig.load(DEFAULT_MODEL))
    >>> front.frames(np.zeros(16_000, dtype=np.float32)).shape
    (101, 80)
    """
    return _FRONT_ENDS[config.front_end](config)
