"""Conversations made of several people's clips, and how wrong a diarisation of them is.

Clips are cut to their own speech and put in turns of one to three, with pauses between them. What a
clip's own speech is, its level says and not the speech gate, so that the gate's errors count too.

Source: NIST (2009), The 2009 Rich Transcription Meeting Recognition Evaluation Plan, for the
diarisation error rate: missed speech, false alarms and confused speakers over the true speech.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment

from ser_core.speech.gate import THRESHOLD
from ser_core.speech.gate_stream import SpeechStream, gate_mel
from ser_core.speech.voices import VoiceStream

from ..corpora import Clip
from .gate_teacher import read_mono

FRAME = 160  # [samples] of 10 ms
SPOKEN_DB = -35.0  # frames up to this far below a clip's loudest one are speech
BRIDGED = 30  # [frames] a softer moment this short, between two of speech, is speech as well
MARGIN = 10  # [frames] left before and after a clip's speech
PAUSES = (0, 60)  # [frames] between two clips, drawn evenly, besides their margins
PAUSE_LEVEL = 1e-4  # root mean square of the noise in them: -80 dBFS
MOST_IN_TURN = 3  # clips
COLLAR = 25  # [frames] to either side of a true border that are not scored


@dataclass(frozen=True)
class Mixture:
    """A made-up conversation.

    Attributes:
        kind: str, how it is reported, such as "two speakers, same gender".
        speakers: names such as "ravdess/17".
        truth: int array of shape (frames,) of 10 ms: the speaker's index, -1 where nobody speaks.
        bounds: int array of shape (pieces, 2), where the gate hears speech, in pieces.
        sums: float32 array of shape (pieces, statistics), as `VoiceStream` gives them.
    """

    kind: str
    speakers: tuple[str, ...]
    truth: np.ndarray
    bounds: np.ndarray
    sums: np.ndarray


@dataclass(frozen=True)
class Errors:
    """What is wrong with a diarisation [frames], out of `speech` frames that count.

    Two can be added.
    """

    speech: int
    missed: int
    false_alarm: int
    confusion: int

    def __add__(self, other: "Errors") -> "Errors":
        return Errors(*(a + b for a, b in zip(self.counts(), other.counts(), strict=True)))

    def counts(self) -> tuple[int, int, int, int]:
        return self.speech, self.missed, self.false_alarm, self.confusion

    @property
    def rate(self) -> float:
        """The diarisation error rate."""
        return (self.missed + self.false_alarm + self.confusion) / max(1, self.speech)

    def table(self) -> dict[str, float]:
        """The rate and its parts, as shares of the speech."""
        parts = {name: getattr(self, name) for name in ("missed", "false_alarm", "confusion")}
        shares = {name: round(count / max(1, self.speech), 4) for name, count in parts.items()}
        return {"der": round(self.rate, 4), **shares}


def own_speech(samples: np.ndarray) -> np.ndarray:  # (frames,)
    """Say in which frames of a clean clip its speaker speaks, by their level."""
    count = len(samples) // FRAME
    power: np.ndarray = np.square(samples[: count * FRAME].reshape(count, FRAME)).mean(axis=1)
    spoken: np.ndarray = power > power.max(initial=1e-12) * 10 ** (SPOKEN_DB / 10)
    places = np.flatnonzero(spoken)
    for one, two in pairwise(places.tolist()):
        if two - one <= BRIDGED:
            spoken[one:two] = True
    return spoken


@lru_cache(maxsize=4_096)
def cut_clip(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read a clip, and cut it to its speech and a margin: samples, and which frames are speech."""
    samples = read_mono(path)
    spoken = own_speech(samples)
    places = np.flatnonzero(spoken)
    first, end = max(0, places[0] - MARGIN), min(len(spoken), places[-1] + 1 + MARGIN)
    return samples[first * FRAME : end * FRAME], spoken[first:end]


def listen(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the pieces of speech that the gate hears, and their sums; see `VoiceStream`."""
    return listen_to_mel(gate_mel(samples))


def listen_to_mel(
    mel: np.ndarray, change: Callable[[np.ndarray], np.ndarray] = lambda mel: mel
) -> tuple[np.ndarray, np.ndarray]:
    """The same for mel power; `change` is done to it after the gate."""
    speech, voices = SpeechStream(THRESHOLD), VoiceStream()
    speech.push(mel, last=True)
    voices.push(change(mel), speech.segments, speech.settled)
    return voices.arrays()


def mix(kind: str, people: Sequence[Sequence[Clip]], each: int, seed: int) -> Mixture:
    """Make a conversation.

    Args:
        kind: str, how it is reported.
        people: each speaker's clips.
        each: int > 0, how many clips of each speaker are in it.
        seed: int, of which clips, in which turns, after which pauses.
    """
    rng = np.random.default_rng(seed)
    left = [[clips[i] for i in rng.permutation(len(clips))[:each]] for clips in people]
    parts, truth = [], []
    who = int(rng.integers(len(people)))
    while any(left):
        for _ in range(min(len(left[who]), int(rng.integers(1, MOST_IN_TURN + 1)))):
            samples, spoken = cut_clip(left[who].pop().path)
            pause = int(rng.integers(*PAUSES))
            noise = PAUSE_LEVEL * rng.standard_normal(pause * FRAME)
            parts += [samples, noise.astype(np.float32)]
            truth += [np.where(spoken, who, -1), np.full(pause, -1)]
        others = [i for i in range(len(people)) if left[i] and i != who]
        who = int(rng.choice(others)) if others else who
    names = tuple(f"{clips[0].corpus}/{clips[0].speaker}" for clips in people)
    return Mixture(kind, names, np.concatenate(truth), *listen(np.concatenate(parts)))


def score(mixture: Mixture, owner: np.ndarray, collar: int = 0) -> Errors:
    """Compare a diarisation with the truth, under the assignment of names that fits best.

    Args:
        mixture: Mixture.
        owner: int array of shape (pieces,), who speaks in each.
        collar: int >= 0 [frames], to either side of a true border, that are not scored.
    """
    truth = mixture.truth
    found = np.full(len(truth), -1)
    for (first, end), speaker in zip(mixture.bounds.tolist(), owner.tolist(), strict=True):
        found[first:end] = speaker
    scored = np.ones(len(truth), dtype=bool)
    for border in np.flatnonzero(np.diff(truth)) + 1:
        scored[max(0, border - collar) : border + collar] = False
    truth, found = truth[scored], found[scored]
    both = (truth >= 0) & (found >= 0)
    together = np.zeros((len(mixture.speakers), int(owner.max(initial=0)) + 1), dtype=np.int64)
    np.add.at(together, (truth[both], found[both]), 1)
    right = together[linear_sum_assignment(together, maximize=True)].sum()
    return Errors(
        speech=int((truth >= 0).sum()),
        missed=int(((truth >= 0) & (found < 0)).sum()),
        false_alarm=int(((truth < 0) & (found >= 0)).sum()),
        confusion=int(both.sum() - right),
    )
