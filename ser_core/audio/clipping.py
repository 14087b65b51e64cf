"""Whether a recording is clipped: samples that stay at full scale, where a peak was cut off."""

import numpy as np

from ser_core.audio.samples import find_runs

FULL_SCALE = 0.999  # of an amplitude from here up, a converter may have given all that it has
# Share of the samples from which on it is said. A tone that just fits turns at its peaks and rests
# there for a sample or two; half a percent is one loud word in a recording of speech.
NOTED_SHARE = 0.002
_LEAST = 3  # samples at full scale in a row that count: a single one is a peak


class Clipping:
    """Counts the clipped samples of a recording that comes in pieces."""

    def __init__(self) -> None:
        self.clipped = 0
        self.total = 0

    def push(self, block: np.ndarray) -> None:
        """Take the next samples: float32 [shape=(frames, channels)]."""
        self.total += block.size
        if not block.size or max(block.max(), -block.min()) < FULL_SCALE:
            return
        at_limit = np.abs(block) >= FULL_SCALE
        for channel in at_limit.T:
            lengths = np.diff(find_runs(channel), axis=1)
            self.clipped += int(lengths[lengths >= _LEAST].sum())

    @property
    def note(self) -> str | None:
        """A sentence if it is clipped, else None."""
        share = self.clipped / self.total if self.total else 0.0
        if share < NOTED_SHARE:
            return None
        return (
            f"The recording is clipped: {100 * share:.1f} % of its samples are at full scale, "
            "which sounds distorted; record it at a lower level."
        )
