"""A screen: what a recipe with heads makes of voices that it never heard, without the test folds.

Each fold of the judged corpus gives up its test speakers, who are not looked at, and some training
speakers to validate on; the other corpora join as in a fit, less the same people. A corpus given to
validate on is never trained on, and is answered by every fold's network.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from ser_core.config.emotions import LABELS

from ..answers.metrics import area, expected_calibration_error, negative_log_likelihood
from ..answers.restricted import FOUR, merge_answers, merge_label, restricted_uar
from ..corpora import Clip, Corpus
from ..data.protocols import find_folds, hold_out_speakers
from ..fitting.heads import answer_summaries, head_inputs
from ..fitting.joint import answer_clips, learn_heads, prepare_summaries, summarise_for
from ..fitting.lower_frames import keep_lower_frames
from ..fitting.plan import Run
from ..fitting.summaries import summarise_clips

VALIDATION_SPEAKERS = 5
COLUMNS = ("accuracy", "NLL", "ECE", "UAR unseen", "4 classes", "ECE unseen", "AUC unseen")


@dataclass(frozen=True)
class Row:
    """Figures of one fold.

    Attributes:
        fold: int, from 1.
        accuracy: of the judged corpus' validation speakers.
        nll: mean negative log-likelihood there.
        ece: expected calibration error there.
        uar: of the corpus that is only validated on, over its own classes; None without one.
        uar_four: over neutral (or calm), happy, sad and angry, answers restricted to them.
        ece_unseen: expected calibration error there, calm counted as neutral.
        auc_unseen: area under the ROC curve of the distance, that corpus against the validation
            speakers.
    """

    fold: int
    accuracy: float
    nll: float
    ece: float
    uar: float | None = None
    uar_four: float | None = None
    ece_unseen: float | None = None
    auc_unseen: float | None = None


def screen(run: Run, unseen: Corpus | None = None, folds: Collection[int] = ()) -> list[Row]:
    """Fit and judge a recipe's heads on each fold's validation speakers.

    Args:
        run: Run of a recipe with heads.
        unseen: a corpus that is only validated on.
        folds: numbers of the folds, all of them if empty.

    Raises:
        ConfigError: there is no such fold.
    """
    chosen = find_folds(run.folds, folds)
    prepare_summaries(run)
    if unseen is not None:  # by several processes, and kept
        (summarise_clips if run.recipe.tuning is None else keep_lower_frames)(run, unseen.clips)
    rows = []
    for fold in chosen:
        learn, held = hold_out_speakers(run.clips, fold.train, VALIDATION_SPEAKERS, run.recipe.seed)
        weights = run.work / f"screen_{fold.number}.weights.h5"
        network, _ = learn_heads(run, learn, fold.number, weights)
        answers = answer_clips(run, network, held)
        probabilities = answers["emotion"].astype(np.float64)
        truth = _truth([run.clips[i] for i in held], run.labels)
        figures: dict[str, float] = {}
        if unseen is not None:
            away = head_inputs(summarise_for(run, network, unseen.clips))
            given = answer_summaries(network, away)
            figures = _judge_unseen(given["emotion"].astype(np.float64), unseen)
            figures["auc_unseen"] = area(answers["distance"][:, 0], given["distance"][:, 0])
        rows.append(
            Row(
                fold.number,
                float((probabilities.argmax(axis=1) == truth).mean()),
                negative_log_likelihood(probabilities, truth),
                expected_calibration_error(probabilities, truth),
                **figures,
            )
        )
    return rows


def _judge_unseen(answers: np.ndarray, unseen: Corpus) -> dict[str, float]:
    labels = [merge_label(label) for label in unseen.info.labels]
    truth = np.array([LABELS.index(merge_label(clip.emotion)) for clip in unseen.clips])
    merged = merge_answers(answers)
    return {
        "uar": restricted_uar(merged, truth, labels),
        "uar_four": restricted_uar(merged, truth, FOUR),
        "ece_unseen": expected_calibration_error(merged, truth),
    }


def _truth(clips: Sequence[Clip], labels: Sequence[str]) -> np.ndarray:
    return np.array([labels.index(clip.emotion) for clip in clips])


def markdown_row(rows: Sequence[Row], title: str) -> str:
    """One row of a Markdown table: mean and deviation over folds, rates in per cent."""

    def spread(name: str, scale: float, digits: int) -> str:
        values = [getattr(row, name) for row in rows]
        if any(value is None for value in values):
            return ""
        mean, deviation = scale * np.mean(values), scale * np.std(values)
        return f"{mean:.{digits}f} ± {deviation:.{digits}f}"

    cells = [
        spread("accuracy", 100.0, 1),
        spread("nll", 1.0, 3),
        spread("ece", 1.0, 3),
        spread("uar", 100.0, 1),
        spread("uar_four", 100.0, 1),
        spread("ece_unseen", 1.0, 3),
        spread("auc_unseen", 1.0, 3),
    ]
    return f"| {title} | {' | '.join(cells)} |"
