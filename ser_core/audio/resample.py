"""One streaming resampler for everybody, so that the same audio gives the same samples to the bit.

Source: libsoxr, https://sourceforge.net/p/soxr, through python-soxr.
"""

import numpy as np
import soxr

# For 3 s from 48 kHz: QQ 0.3 ms, LQ 0.4, MQ 0.45, HQ 0.5, VHQ 0.6, of 1.5 ms for the whole call.
# HQ is near enough the cheapest that filters properly; QQ lets what is above half the rate through.
QUALITY = "HQ"


class Resampler:
    """Audio from one sample rate to another, piece by piece.

    What comes out, joined, does not depend on how the input was cut.
    """

    def __init__(self, source_rate: int, target_rate: int, *, channels: int | None = None) -> None:
        """Begin a recording.

        Args:
            source_rate: int > 0 [Hz], of what comes in.
            target_rate: int > 0 [Hz], of what comes out; the same rate passes samples through.
            channels: int > 0, of samples of shape (n, channels); None for mono ones of shape (n,).
        """
        self._shape = (0,) if channels is None else (0, channels)
        self._stream = (
            None
            if source_rate == target_rate
            else soxr.ResampleStream(
                source_rate, target_rate, channels or 1, dtype="float32", quality=QUALITY
            )
        )

    def push(self, samples: np.ndarray, *, last: bool = False) -> np.ndarray:
        """Take the next samples, and give those that are complete with them.

        Args:
            samples: float32 [shape=(n,) or (n, channels)], none included.
            last: whether the recording ends with them.

        Returns:
            float32 [shape=(m,) or (m, channels)].
        """
        if self._stream is None:
            return samples
        resampled: np.ndarray = self._stream.resample_chunk(samples, last=last)
        return resampled

    def finish(self) -> np.ndarray:
        """End the recording, and give the samples that are left: float32, shaped alike."""
        return self.push(np.empty(self._shape, np.float32), last=True)
