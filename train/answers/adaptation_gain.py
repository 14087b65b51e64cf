"""What adapting to a voice gains on speakers the networks never heard, from out_of_fold.csv alone.

python -m train adaptation train/results/tiny/speaker --write

What serves a fold, the mean of voices and `prior_clips`, is of the other folds' speakers alone.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ser_core.config.feature_config import Adaptation, FeatureConfig
from ser_core.errors import ConfigError
from ser_core.model.adaptation import centre_logs
from ser_core.model.files import FEATURE_CONFIG, METRICS, files_in, load_content, save_content

from ..corpora import NO_SPEAKER
from . import out_of_fold
from .enrolments import DRAWS, Enrolment, enrolments
from .markdown import markdown_table
from .metrics import interval, resample_speakers, scores
from .out_of_fold import Answers

PRIOR_CLIPS = (0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0, 30.0, 50.0, 100.0)  # to choose from
FIGURES = ("accuracy", "uar", "ece", "nll")


def applies(answers: Answers) -> bool:
    """Whether folds hold whole speakers, three folds at least: else a voice is not a new one."""
    if NO_SPEAKER in answers.speakers:
        return False
    pairs = set(zip(answers.speakers, answers.folds.tolist(), strict=True))
    return len(set(answers.folds.tolist())) >= 3 and len(pairs) == len(set(answers.speakers))


def mean_of_voices(logs: np.ndarray, speakers: np.ndarray) -> np.ndarray:
    """Mean over speakers of their mean, so that each counts the same; (classes,) [nats]."""
    result: np.ndarray = np.mean(
        [logs[speakers == name].mean(axis=0) for name in np.unique(speakers)], axis=0
    )
    return result


def choose_prior(answers: Answers, drawn: Sequence[Enrolment], known: np.ndarray) -> float:
    """Choose how many clips the mean of voices is worth: see `prior_losses`."""
    return PRIOR_CLIPS[int(prior_losses(answers, drawn, known).argmin())]


def prior_losses(answers: Answers, drawn: Sequence[Enrolment], known: np.ndarray) -> np.ndarray:
    """Say how unlikely the truth is with each of PRIOR_CLIPS.

    Each fold that is known is adapted with the mean of the other known ones; all of `drawn`
    count the same, but for those of one emotion, which nobody should be asked for.

    Args:
        answers: Answers.
        drawn: Enrolments of `answers`.
        known: bool array of shape (clips,), of at least two folds; no other row is looked at.

    Returns:
        float64 array of shape (priors,): -log p(truth), summed over clips and enrolments [nats].
    """
    logs, speakers = centre_logs(answers.probabilities), np.array(answers.speakers)
    losses = np.zeros(len(PRIOR_CLIPS))
    for fold in np.unique(answers.folds[known]):
        rows = known & (answers.folds == fold)
        others = known & ~rows
        mean = mean_of_voices(logs[others], speakers[others])
        truth = answers.truth[rows][None, :, None]
        for one in drawn:
            if one.kind == "one_emotion":
                continue
            for index, prior in enumerate(PRIOR_CLIPS):
                adapted = one.probabilities(answers.probabilities, rows, mean, prior)
                chosen = np.take_along_axis(adapted, truth, axis=2)
                losses[index] -= np.log(np.maximum(chosen, 1e-12)).mean(axis=0).sum()
    return losses


def measure_adaptation(answers: Answers) -> dict[str, Any]:
    """Measure what adapting gains on unseen speakers.

    Args:
        answers: calibrated out-of-fold Answers for which `applies` is true.

    Returns:
        JSON-ready dict: figures `without`, one row an enrolment, `fold_prior_clips`, and
        `settings` for the feature config, None where no number of clips helped. Figures are means
        over draws; `gain` is in accuracy, its `gain_std` and 95 % `gain_interval` are of a
        bootstrap over speakers.

    Raises:
        ConfigError: speakers stand in several folds, or there are fewer than three.
    """
    if not applies(answers):
        raise ConfigError(
            "Adaptation is measured on at least three folds of whole speakers, and these folds are "
            "not: give the results of the protocol speaker."
        )
    logs, speakers = centre_logs(answers.probabilities), np.array(answers.speakers)
    before = answers.probabilities.argmax(axis=1) == answers.truth
    drawn = enrolments(answers)
    adapted = [np.empty(one.means.shape) for one in drawn]
    priors = {}
    for fold in np.unique(answers.folds):
        own = answers.folds == fold
        priors[int(fold)] = prior = choose_prior(answers, drawn, ~own)
        mean = mean_of_voices(logs[~own], speakers[~own])
        for one, probabilities in zip(drawn, adapted, strict=True):
            probabilities[:, own] = one.probabilities(answers.probabilities, own, mean, prior)
    rows = []
    for one, probabilities in zip(drawn, adapted, strict=True):
        measured = [scores(draw, answers.truth) for draw in probabilities]
        right = (probabilities.argmax(axis=2) == answers.truth).mean(axis=0)
        rows.append(
            {
                "kind": one.kind,
                "clips": one.clips,
                **{name: round(float(np.mean([m[name] for m in measured])), 4) for name in FIGURES},
                **gain(right - before, speakers),
            }
        )
    without = scores(answers.probabilities, answers.truth)
    least = least_clips(rows)
    return {
        "draws": DRAWS,
        "without": {name: without[name] for name in FIGURES},
        "enrolments": rows,
        "fold_prior_clips": priors,
        "settings": None
        if least is None
        else {
            "mean": mean_of_voices(logs, speakers).round(4).tolist(),
            "prior_clips": choose_prior(answers, drawn, np.ones(len(logs), dtype=bool)),
            "least_clips": least,
        },
    }


def gain(gains: np.ndarray, speakers: np.ndarray) -> dict[str, Any]:
    """Sum up gains in accuracy, and say how they vary when other speakers are drawn.

    Args:
        gains: float array of shape (clips,), in [-1, 1].
        speakers: str array of shape (clips,).

    Returns:
        gain, gain_std, gain_interval, and the share of speakers_better and speakers_worse.
    """
    means = resample_speakers(gains, speakers)
    _, owner = np.unique(speakers, return_inverse=True)
    total = np.bincount(owner, weights=gains)
    return {
        "gain": round(float(gains.mean()), 4),
        "gain_std": round(float(means.std()), 4),
        "gain_interval": list(interval(means)),
        "speakers_better": round(float((total > 0).mean()), 4),
        "speakers_worse": round(float((total < 0).mean()), 4),
    }


def least_clips(rows: Sequence[dict[str, Any]]) -> int | None:
    """The fewest mixed clips from which on the whole 95 % interval of the gain is above zero."""
    least = None
    for row in reversed([row for row in rows if row["kind"] == "mixed"]):
        if row["gain_interval"][0] <= 0:
            break
        least = row["clips"] or least
    return least


def settings_of(measured: dict[str, Any] | None) -> Adaptation | None:
    """Return the feature config's section, or None if adapting did not help."""
    found = (measured or {}).get("settings")
    return None if found is None else Adaptation.model_validate(found)


def measure_results(folder: Path) -> dict[str, Any]:
    """Measure a results folder's out_of_fold.csv.

    Raises:
        ConfigError: it is missing, or not of folds of whole speakers.
    """
    return measure_adaptation(out_of_fold.read_answers(folder / out_of_fold.OUT_OF_FOLD))


def write_adaptation(measured: dict[str, Any], folder: Path) -> None:
    """Put what was measured into a folder's metrics.json and, where it has one, feature config.

    Raises:
        ConfigError: there is no metrics.json.
    """
    present = files_in(folder)
    if METRICS not in present:
        raise ConfigError(f"{folder} has no {METRICS} to write the adaptation into.")
    save_content(folder, METRICS, load_content(folder, METRICS) | {"adaptation": measured})
    if FEATURE_CONFIG in present:
        config = FeatureConfig.load(folder)
        config.model_copy(update={"adaptation": settings_of(measured)}).save(folder)


def adaptation_table(measured: dict[str, Any] | None) -> str:
    """Return what was measured as a Markdown table; nothing where nothing was."""
    if measured is None:
        return ""
    rows = [("nothing", measured["without"], "")]
    for row in measured["enrolments"]:
        spread = f"{100 * row['gain']:+.1f} ± {100 * row['gain_std']:.1f}"
        rows.append((name_of(row), row, spread))
    return markdown_table(
        ["adapted to", "accuracy", "gain", "UAR", "ECE", "NLL"],
        [
            [
                name,
                f"{100 * row['accuracy']:.1f} %",
                spread,
                f"{100 * row['uar']:.1f} %",
                f"{row['ece']:.3f}",
                f"{row['nll']:.3f}",
            ]
            for name, row, spread in rows
        ],
    )


def name_of(row: dict[str, Any]) -> str:
    """Name what a row of the table was adapted to.

    >>> name_of({"kind": "neutral", "clips": 3})
    '3 neutral clips'
    """
    count = "all others" if row["clips"] is None else row["clips"]
    noun = "" if row["clips"] is None else " clip" if row["clips"] == 1 else " clips"
    kinds = {"mixed": "{count}{noun}", "neutral": "{count} neutral{noun}"}
    kinds["one_emotion"] = "{count}{noun}, all of one emotion"
    return kinds[row["kind"]].format(count=count, noun=noun)
