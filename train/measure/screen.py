"""A screen: what a linear head over an encoder's summaries makes of voices it never heard.

Each fold of the judged corpus gives up its test speakers, who are not looked at, and some training
speakers to validate on; the other corpora join whole, less the same people. A corpus given to
validate on is never trained on, and is answered by every fold's head.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ser_core.emotions import LABELS

from ..answers.metrics import expected_calibration_error, negative_log_likelihood
from ..corpora import Clip, Corpus
from ..data.protocols import by_speaker, hold_out_speakers
from ..fitting.invariance import corpus_covariance, shrink, speaker_covariance
from ..fitting.linear_head import (
    MERGED,
    LabelSets,
    LinearHead,
    balanced_weights,
    fit_linear_head,
    label_sets,
)
from ..fitting.plan import Run, prepare_corpora
from ..fitting.probe import encode_clips

FOUR = ("neutral", "happy", "sad", "angry")
VALIDATION_SPEAKERS = 5


@dataclass(frozen=True)
class HeadSettings:
    """How the head is fitted.

    Attributes:
        strength: float > 0, scikit-learn's `C`.
        speaker: float >= 0, weight of the speakers' covariance.
        corpus: float >= 0, weight of the corpora's covariance.
        shares: float > 0 by corpus, of the loss; 1 where none is given.
    """

    strength: float = 0.001
    speaker: float = 3.0
    corpus: float = 3.0
    shares: Mapping[str, float] | None = None


@dataclass(frozen=True, eq=False)
class Summaries:
    """A corpus as its encoder hears it.

    Attributes:
        corpus: Corpus.
        values: float32 array of shape (clips, width), mean over each clip's windows.
    """

    corpus: Corpus
    values: np.ndarray

    @property
    def clips(self) -> Sequence[Clip]:
        """The clips."""
        return self.corpus.clips


@dataclass(frozen=True)
class Row:
    """Figures of one fold and one draw of validation speakers.

    Attributes:
        fold: int, from 1.
        seed: int, of the draw.
        accuracy: of the judged corpus' validation speakers.
        nll: mean negative log-likelihood there.
        uar: of the corpus that is only validated on, over its own classes; None without one.
        uar_four: over neutral (or calm), happy, sad and angry, answers restricted to them.
        ece: expected calibration error there, calm counted as neutral.
    """

    fold: int
    seed: int
    accuracy: float
    nll: float
    uar: float | None = None
    uar_four: float | None = None
    ece: float | None = None


def summarise_corpora(run: Run, corpora: Sequence[Corpus]) -> list[Summaries]:
    """Compute or fetch the summaries of corpora, by the encoder of a run's recipe."""
    found = []
    for corpus in corpora:
        material = prepare_corpora(run, [corpus], ())
        clips = encode_clips(run, material.features, ())
        values = np.stack([clip.versions["original"].mean(axis=0) for clip in clips])
        found.append(Summaries(corpus, values))
    return found


def screen(
    judged: Summaries,
    beside: Sequence[Summaries],
    unseen: Summaries | None,
    settings: HeadSettings,
    *,
    seeds: Sequence[int] = (1,),
) -> list[Row]:
    """Fit and judge a head on each fold and draw of validation speakers.

    Args:
        judged: the corpus whose folds count.
        beside: corpora that are trained on too.
        unseen: a corpus that is only validated on.
        settings: HeadSettings.
        seeds: of the draws of validation speakers.
    """
    clips = judged.clips
    rows = []
    for fold in by_speaker(clips):
        for seed in seeds:
            kept, validation = hold_out_speakers(clips, fold.train, VALIDATION_SPEAKERS, seed)
            people = {clips[i].speaker for i in kept}
            training = [(judged, kept)]
            for other in beside:
                same = judged.corpus.info.name in other.corpus.info.same_speakers_as
                chosen = [not same or clip.speaker in people for clip in other.clips]
                training.append((other, np.flatnonzero(chosen)))
            answer = _fit(training, settings)
            truth = _truth([clips[i] for i in validation])
            answers = answer(judged.values[validation])
            figures = {} if unseen is None else _judge_unseen(answer(unseen.values), unseen)
            accuracy = float((answers.argmax(axis=1) == truth).mean())
            nll = negative_log_likelihood(answers, truth)
            rows.append(Row(fold.number, seed, accuracy, nll, **figures))
    return rows


def _fit(
    training: Sequence[tuple[Summaries, np.ndarray]], settings: HeadSettings
) -> Callable[[np.ndarray], np.ndarray]:
    """Fit a head on chosen clips of corpora; returns a function from summaries to answers."""
    values = np.concatenate([one.values[chosen] for one, chosen in training])
    clips = [one.clips[i] for one, chosen in training for i in chosen]
    parts = [
        label_sets([one.clips[i].emotion for i in chosen], one.corpus.info.labels)
        for one, chosen in training
    ]
    sets = LabelSets(
        np.concatenate([part.possible for part in parts]),
        np.concatenate([part.accepted for part in parts]),
    )
    emotions = [clip.emotion for clip in clips]
    weights = balanced_weights([clip.corpus for clip in clips], emotions, settings.shares or {})
    mean = np.average(values, axis=0, weights=weights)
    std = np.sqrt(np.average((values - mean) ** 2, axis=0, weights=weights)) + 1e-3
    standard = ((values - mean) / std).astype(np.float32)
    groups = [(clip.corpus, clip.emotion) for clip in clips]
    nuisance = np.zeros((values.shape[1], values.shape[1]))
    if settings.speaker:
        people = [clip.speaker for clip in clips]
        nuisance += settings.speaker * speaker_covariance(standard, groups, people)
    if settings.corpus:
        nuisance += settings.corpus * corpus_covariance(standard, groups)
    map_ = shrink(nuisance) if nuisance.any() else np.eye(values.shape[1], dtype=np.float32)
    head: LinearHead = fit_linear_head(standard @ map_, sets, weights, strength=settings.strength)
    return lambda x: head.probabilities(((x - mean) / std).astype(np.float32) @ map_)


def _judge_unseen(answers: np.ndarray, unseen: Summaries) -> dict[str, float]:
    labels = [_merge(label) for label in unseen.corpus.info.labels]
    truth = np.array([LABELS.index(_merge(clip.emotion)) for clip in unseen.clips])
    merged = merge_answers(answers)
    return {
        "uar": restricted_uar(merged, truth, labels),
        "uar_four": restricted_uar(merged, truth, FOUR),
        "ece": expected_calibration_error(merged, truth),
    }


def _merge(label: str) -> str:
    return MERGED.get(label, label)


def _truth(clips: Sequence[Clip]) -> np.ndarray:
    return np.array([LABELS.index(clip.emotion) for clip in clips])


def merge_answers(answers: np.ndarray) -> np.ndarray:  # (clips, classes)
    """Add the probability of calm to neutral's, for corpora that do not tell them apart."""
    merged = answers.copy()
    for label, other in MERGED.items():
        merged[:, LABELS.index(other)] += merged[:, LABELS.index(label)]
        merged[:, LABELS.index(label)] = 0.0
    return merged


def restricted_uar(answers: np.ndarray, truth: np.ndarray, labels: Sequence[str]) -> float:
    """Unweighted average recall among some classes: other clips left out, other answers barred.

    >>> round(restricted_uar(np.eye(8)[[0, 2, 5]], np.array([0, 2, 3]), ["neutral", "happy"]), 6)
    1.0
    """
    columns = sorted({LABELS.index(label) for label in labels})
    chosen = np.isin(truth, columns)
    given = np.array(columns)[answers[chosen][:, columns].argmax(axis=1)]
    return float(np.mean([(given[truth[chosen] == c] == c).mean() for c in set(truth[chosen])]))


def markdown_row(rows: Sequence[Row], title: str) -> str:
    """One row of a Markdown table: mean and deviation over folds and draws, in per cent."""

    def spread(name: str, scale: float = 100.0, digits: int = 1) -> str:
        values = [getattr(row, name) for row in rows]
        if any(value is None for value in values):
            return ""
        mean, deviation = scale * np.mean(values), scale * np.std(values)
        return f"{mean:.{digits}f} ± {deviation:.{digits}f}"

    cells = [spread("accuracy"), spread("nll", 1.0, 3), spread("uar"), spread("uar_four")]
    return " | ".join([f"| {title}", *cells, f"{spread('ece', 1.0, 3)} |"])
