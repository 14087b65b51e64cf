"""Who counts as one where clips are drawn again or weighed: a speaker, or a clip of nobody's."""

from collections.abc import Sequence

from ..corpora import NO_SPEAKER


def name_voices(speakers: Sequence[str], files: Sequence[str]) -> tuple[str, ...]:
    """Name who counts as one where clips are drawn again or weighed.

    Args:
        speakers: of each clip; NO_SPEAKER where nobody says.
        files: name of each clip.

    >>> name_voices(["ada", "", ""], ["1.wav", "2.wav", "3.wav"])
    ('ada', 'clip 2.wav', 'clip 3.wav')
    """
    return tuple(
        f"clip {file}" if speaker == NO_SPEAKER else speaker
        for speaker, file in zip(speakers, files, strict=True)
    )
