"""Whether voices are heard equally well: accuracy by speaker and by gender, with intervals.

All follows from out_of_fold.csv and from who is of which gender, which is written down beside it.
"""

from collections.abc import Mapping

import numpy as np

from ser_core.timeline.wilson import wilson_interval

from .metrics import DRAWS, SEED, accuracy_interval, scores
from .out_of_fold import Answers


def wilson(right: int, count: int) -> tuple[float, float]:
    """95 % interval of so many right ones of a count, with four decimals.

    >>> wilson(5, 10)
    (0.2366, 0.7634)
    """
    low, high = wilson_interval(right / count, count)
    return round(low, 4), round(high, 4)


def measure(answers: Answers, genders: Mapping[str, str]) -> dict:
    """Measure answers by speaker and by gender.

    Args:
        answers: Answers.
        genders: of every speaker.

    Returns:
        JSON-ready dict: `speakers`, each with gender, clips, accuracy and Wilson's interval, over
        its clips; `best` and `worst` of them; `genders`, each with speakers, clips, accuracy, its
        interval over speakers, and uar; and, where there are two, `difference`: by how much the
        second is heard better [points], with its interval over speakers.
    """
    correct = answers.probabilities.argmax(axis=1) == answers.truth
    speakers = np.array(answers.speakers)
    of_clip = np.array([genders[name] for name in answers.speakers])
    by_speaker = {}
    for name in sorted(set(answers.speakers)):
        right = correct[speakers == name]
        by_speaker[name] = {
            "gender": genders[name],
            "clips": len(right),
            "accuracy": round(float(right.mean()), 4),
            "interval": list(wilson(int(right.sum()), len(right))),
        }
    by_gender = {}
    for gender in sorted(set(of_clip.tolist())):
        own = of_clip == gender
        figures = scores(answers.probabilities[own], answers.truth[own])
        by_gender[gender] = {
            "speakers": len(set(speakers[own])),
            "clips": int(own.sum()),
            "accuracy": figures["accuracy"],
            "interval": list(accuracy_interval(correct[own], speakers[own])),
            "uar": figures["uar"],
        }
    order = sorted(by_speaker, key=lambda name: by_speaker[name]["accuracy"])
    measured = {
        "speakers": by_speaker,
        "best": order[-1],
        "worst": order[0],
        "genders": by_gender,
    }
    if len(by_gender) == 2:
        first, second = by_gender
        low, high = difference_interval(correct, speakers, of_clip == second)
        apart = by_gender[second]["accuracy"] - by_gender[first]["accuracy"]
        measured["difference"] = {
            "of": second,
            "against": first,
            "points": round(100.0 * apart, 1),
            "interval": [low, high],
        }
    return measured


def difference_interval(
    correct: np.ndarray, speakers: np.ndarray, second: np.ndarray
) -> tuple[float, float]:
    """95 % interval of what one group's accuracy is above another's, drawing speakers again.

    Args:
        correct: bool array of shape (clips,).
        speakers: array of shape (clips,).
        second: bool array of shape (clips,), which clips are of the second group.

    Returns:
        Low and high [points].
    """
    rng = np.random.default_rng(SEED)
    drawn = []
    for group in (second, ~second):
        _, owner = np.unique(speakers[group], return_inverse=True)
        right, count = np.bincount(owner, weights=correct[group]), np.bincount(owner)
        again = rng.integers(0, len(count), size=(DRAWS, len(count)))
        drawn.append(right[again].sum(axis=1) / count[again].sum(axis=1))
    low, high = np.percentile(100.0 * (drawn[0] - drawn[1]), [2.5, 97.5])
    return round(float(low), 1), round(float(high), 1)
