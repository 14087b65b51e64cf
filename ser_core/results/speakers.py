"""Who speaks when in a recording, and what each speaker sounds like."""

from collections.abc import Mapping
from dataclasses import dataclass

from .result import Result


@dataclass(frozen=True, eq=False, repr=False)
class SpeakerTurn(Result):
    """A stretch of speech of one speaker.

    Attributes:
        start, end: float [s].
        speaker: str, "A" for the first to speak, "B" for the next, and so on; "channel 1" and so on
            where each channel was analysed on its own.
    """

    start: float
    end: float
    speaker: str


@dataclass(frozen=True, eq=False, repr=False)
class SpeakerShare(Result):
    """What one speaker sounds like in a recording as a whole.

    Attributes:
        seconds: float [s] of speech.
        distribution: read-only mapping from label to its share of the time of the speaker's
            segments, sum 1; all 0 without segments.
    """

    seconds: float
    distribution: Mapping[str, float]
