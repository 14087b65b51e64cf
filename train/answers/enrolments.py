"""Draw, for every clip of a table of answers, other clips of its speaker to adapt its answer to.

Where the clip under test would have been drawn itself, another of its speaker and emotion stands
in: leaving it out would make its emotion rarer among the drawn, and so tell it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ser_core.model.adaptation import centre_logs, credibility, subtract_offset

from .out_of_fold import Answers

COUNTS = (1, 3, 10, 30)
DRAWS = 20
SEED = 0
NEUTRAL = "neutral"

Drawn = tuple[np.ndarray, np.ndarray]
"""Counts of shape (draws, clips, 1), and means of shape (draws, clips, classes)."""
Draw = Callable[[np.ndarray, np.ndarray], Drawn]
"""From which clips are a speaker's, and how many of each emotion, to what is drawn for them."""


@dataclass(frozen=True)
class Enrolment:
    """What every clip of a table is adapted to, drawn several times.

    Attributes:
        kind: "mixed", clips of any emotion; "neutral", neutral ones; "one_emotion", ones of an
            emotion drawn at random.
        clips: int, how many; None for all others of the speaker.
        counts: float array of shape (draws, clips, 1), how many there were.
        means: float64 array of shape (draws, clips, classes), mean of their centred
            log-probabilities [nats].
    """

    kind: str
    clips: int | None
    counts: np.ndarray
    means: np.ndarray

    def probabilities(
        self, answers: np.ndarray, rows: np.ndarray, mean: np.ndarray, prior_clips: float
    ) -> np.ndarray:
        """Adapt the answers of some rows.

        Args:
            answers: float array of shape (clips, classes), of all rows.
            rows: bool array of shape (clips,).
            mean: float array of shape (classes,), of other speakers.
            prior_clips: float > 0.

        Returns:
            float64 array of shape (draws, rows, classes).
        """
        leaning = self.means[:, rows] - mean
        return subtract_offset(
            answers[rows], credibility(self.counts[:, rows], prior_clips) * leaning
        )


def draw_clips(
    logs: np.ndarray, truth: np.ndarray, count: int, rng: np.random.Generator, draws: int = DRAWS
) -> tuple[np.ndarray, np.ndarray]:
    """Draw clips of one speaker for each of them to be adapted to, never itself.

    Args:
        logs: float64 array of shape (clips, classes), centred log-probabilities of the speaker.
        truth: int array of shape (clips,).
        count: int, how many; all where there are fewer.
        rng: numpy Generator.
        draws: int, how often.

    Returns:
        counts of shape (draws, clips, 1), and means of shape (draws, clips, classes).
    """
    clips = len(logs)
    count = min(count, clips)
    rank = rng.random((draws, clips)).argsort(axis=1).argsort(axis=1)  # place of each clip
    chosen = rank < count  # (draws, clips)
    total = np.einsum("dc,ck->dk", chosen.astype(float), logs)[:, None]  # (draws, 1, classes)
    alike = (truth[:, None] == truth) & ~np.eye(clips, dtype=bool)
    # The next clip of its emotion in the order drawn; where all are drawn, the last one again.
    place = np.where(rank >= count, rank, rank - clips + 1e6)[:, None]
    substitute = np.where(alike, place, np.inf).argmin(axis=2)  # (draws, clips)
    missing = ~alike.any(axis=1)
    stands_in = np.where(missing[:, None], 0.0, logs[substitute])
    own = chosen[:, :, None]
    counts = count - (own & missing[:, None]).astype(float)
    sums = total + np.where(own, stands_in - logs, 0.0)
    return counts, sums / np.maximum(counts, 1.0)


def draw_alike(
    logs: np.ndarray,
    allowed: np.ndarray,
    count: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw clips of one speaker among those allowed, as many for each clip, never itself.

    Args:
        logs: float64 array of shape (clips, classes).
        allowed: bool array of shape (draws, clips).
        count: int > 0, fewer than are allowed in any draw.
        rng: numpy Generator.

    Returns:
        As `draw_clips`.
    """
    draws, clips = allowed.shape
    order = np.where(allowed, rng.random((draws, clips)), np.inf)[:, None].repeat(clips, axis=1)
    order[:, np.arange(clips), np.arange(clips)] = np.inf
    first = np.argpartition(order, count - 1, axis=2)[:, :, :count]
    return np.full((draws, clips, 1), float(count)), logs[first].mean(axis=2)


def enrolments(answers: Answers) -> list[Enrolment]:
    """Draw, for every clip of a table, what it is adapted to."""
    rng = np.random.default_rng(SEED)
    logs, speakers = centre_logs(answers.probabilities), np.array(answers.speakers)
    owners = [speakers == name for name in np.unique(speakers)]
    sizes = np.array([np.bincount(answers.truth[o], minlength=logs.shape[1]) for o in owners])
    fewest = int(sizes.sum(axis=1).min())
    neutral = answers.labels.index(NEUTRAL) if NEUTRAL in answers.labels else None
    neutrals = 0 if neutral is None else int(sizes[:, neutral].min()) - 1
    alike = int(sizes.max(axis=1).min()) - 1  # of one emotion, as many as every speaker has

    def gather(kind: str, clips: int | None, draw: Draw) -> Enrolment:
        counts = np.empty((DRAWS, len(logs), 1))
        means = np.empty((DRAWS, *logs.shape))
        for owner, size in zip(owners, sizes, strict=True):
            counts[:, owner], means[:, owner] = draw(owner, size)
        return Enrolment(kind, clips, counts, means)

    def mixed(count: int | None) -> Draw:
        def draw(own: np.ndarray, size: np.ndarray) -> Drawn:
            return draw_clips(logs[own], answers.truth[own], count or int(own.sum()), rng)

        return draw

    def only_neutral(own: np.ndarray, size: np.ndarray) -> Drawn:
        allowed = np.tile(answers.truth[own] == neutral, (DRAWS, 1))
        return draw_alike(logs[own], allowed, neutrals, rng)

    def one_emotion(own: np.ndarray, size: np.ndarray) -> Drawn:
        emotions = rng.choice(np.flatnonzero(size > alike), size=(DRAWS, 1))
        return draw_alike(logs[own], answers.truth[own] == emotions, alike, rng)

    found = [gather("mixed", count, mixed(count)) for count in COUNTS if count < fewest]
    found.append(gather("mixed", None, mixed(None)))
    if neutrals > 0:
        found.append(gather("neutral", neutrals, only_neutral))
    if alike > 0:
        found.append(gather("one_emotion", alike, one_emotion))
    return found
