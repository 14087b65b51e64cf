"""One leak, in a sentence."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One way in which a tested clip, or what is known of it, reached the training side.

    Attributes:
        kind: identical, re-encoded, augmented, upsampled, speaker or statistics.
        fold: int, number of the fold.
        between: the tested and the training clip's names, or the speaker's or statistic's name.
        text: what was found, as the end of a sentence.
    """

    kind: str
    fold: int
    between: tuple[str, ...]
    text: str
