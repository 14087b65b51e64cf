"""What can be wrong with a run over an archive, as against one recording of it."""

from ser_core.errors import SpeechEmotionError


class BatchError(SpeechEmotionError, ValueError):
    """The run cannot start, go on or be written; the sentence says why and what to do."""
