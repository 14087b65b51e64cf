"""One visitor of the Live tab: the sound as it arrives, and what was predicted of it."""

from collections import defaultdict
from dataclasses import dataclass, field

import soundfile

from ...audio.samples import MAX_SAMPLE_RATE
from ...errors import AudioFormatError
from ...results import EmotionPrediction
from ...timeline.live import LiveBlock, LiveSession
from ..look import text
from ..look.markup import name_label, say_label

LONGEST_CHUNK = 10.0  # [s] that is used of a chunk: the page sends some quarter of a second
STEADY = 2  # answers in a row that have to agree before a screen reader is told


@dataclass
class Listener:
    """One visitor: the session, and counts of what it has predicted.

    It is the same one for as long as they stay, so that what they do reaches a chunk that is worked
    on meanwhile.

    Attributes:
        session: LiveSession, which holds a few seconds of sound and a minute of answers; another
            one once the visitor stopped or began anew, and what was in work is for nobody then.
        seconds: float [s] in which somebody spoke, by label, since the beginning.
        fault: str, what was wrong with the last chunk; empty where nothing was.
        steady: str, the last answer that a screen reader was told; empty before the first.
        over: bool, whether the visitor has stopped: sound that arrives late is left out.
    """

    session: LiveSession
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    fault: str = ""
    steady: str = ""
    over: bool = False

    @property
    def latest(self) -> EmotionPrediction | None:
        """The last answer, if there is one."""
        return self.session.history[-1].prediction if self.session.history else None

    @property
    def hop(self) -> float:
        """Time between two answers [s]."""
        return self.session.hop / self.session.rate

    @property
    def shares(self) -> dict[str, float]:
        """Share of the time of speech since the beginning, by label in the model's order."""
        total = sum(self.seconds.values())
        labels = self.session.recognizer.labels
        return {label: self.seconds.get(label, 0.0) / total if total else 0.0 for label in labels}

    def push(self, block: LiveBlock) -> bool:
        """Take the next sound; return whether there is something new to show."""
        session, seconds = self.session, self.seconds
        news = bool(self.fault)
        self.fault = ""
        for moment in session.push(block):
            news = True
            if moment.prediction.label is not None:
                seconds[moment.prediction.label] += self.hop
        last = [in_short(moment.prediction) for moment in list(session.history)[-STEADY:]]
        if self.session is session and len(last) == STEADY and len(set(last)) == 1:
            self.steady = last[0]
        return news

    def end(self) -> None:
        """Take no further sound, and forget the sound and its answers."""
        self.over = True
        self.session = LiveSession(self.session.recognizer)

    def begin_anew(self) -> None:
        """Forget all that there was, and listen."""
        self.session = LiveSession(self.session.recognizer)
        self.seconds = defaultdict(float)
        self.fault = self.steady = ""
        self.over = False


def in_short(prediction: EmotionPrediction) -> str:
    """Say an answer in two or three words."""
    if prediction.label is None:
        return text.LIVE_NO_SPEECH_TITLE
    if prediction.status == "uncertain":
        return text.LIVE_UNCERTAIN_SHORT.format(label=name_label(prediction.label))
    return say_label(prediction.label)


def read_chunk(path: str) -> LiveBlock:
    """Read a chunk as it is. The lengths in its header are not true, as in any sound under way.

    Returns:
        Its rate [Hz], and float32 samples of shape (frames, channels).

    Raises:
        AudioError: it is no sound.
    """
    try:
        with soundfile.SoundFile(path) as sound:
            rate = sound.samplerate
            # A few kilobytes of it can stand for hours.
            most = round(LONGEST_CHUNK * min(rate, MAX_SAMPLE_RATE))
            samples = sound.read(most, dtype="float32", always_2d=True)
    # A TypeError where the file's name makes it headerless samples.
    except (soundfile.LibsndfileError, OSError, TypeError) as error:
        raise AudioFormatError(text.LIVE_FAULT) from error
    if not len(samples):
        raise AudioFormatError(text.LIVE_FAULT)
    return rate, samples
