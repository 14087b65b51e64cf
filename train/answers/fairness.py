"""Whether voices are heard equally well: accuracy by speaker and by gender, with intervals.

All follows from out_of_fold.csv and from who is of which gender, which is written down beside it.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ser_core.results.wilson import wilson_interval

from .metrics import SEED, accuracy_interval, interval, resample_speakers, scores
from .out_of_fold import Answers


def wilson(right: int, count: int) -> tuple[float, float]:
    """95 % interval of so many right ones of a count, with four decimals.

    >>> wilson(5, 10)
    (0.2366, 0.7634)
    """
    low, high = wilson_interval(right / count, count)
    return round(low, 4), round(high, 4)


def measure_fairness(answers: Answers, genders: Mapping[str, str]) -> dict[str, Any]:
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
    clips = pd.DataFrame(
        {
            "speaker": answers.speakers,
            "gender": [genders[name] for name in answers.speakers],
            "correct": answers.probabilities.argmax(axis=1) == answers.truth,
        }
    )
    by_speaker: dict[str, dict[str, Any]] = {
        str(name): {
            "gender": genders[str(name)],
            "clips": len(right),
            "accuracy": round(float(right.mean()), 4),
            "interval": list(wilson(int(right.sum()), len(right))),
        }
        for name, right in clips.groupby("speaker")["correct"]
    }
    by_gender: dict[str, dict[str, Any]] = {}
    for gender, own in clips.groupby("gender"):
        figures = scores(answers.probabilities[own.index], answers.truth[own.index])
        by_gender[str(gender)] = {
            "speakers": own["speaker"].nunique(),
            "clips": len(own),
            "accuracy": figures["accuracy"],
            "interval": list(accuracy_interval(own["correct"].to_numpy(), own["speaker"])),
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
        low, high = difference_interval(clips, second)
        apart = by_gender[second]["accuracy"] - by_gender[first]["accuracy"]
        measured["difference"] = {
            "of": second,
            "against": first,
            "points": round(100.0 * apart, 1),
            "interval": [low, high],
        }
    return measured


def difference_interval(clips: pd.DataFrame, gender: str) -> tuple[float, float]:
    """95 % interval of one gender's accuracy above the other's, drawing speakers again.

    Args:
        clips: one row each, with the columns speaker, gender and correct.
        gender: whose accuracy is compared with the others'.

    Returns:
        Low and high [points].
    """
    rng = np.random.default_rng(SEED)  # one for both groups, in this order
    own = clips["gender"] == gender
    first, other = (
        resample_speakers(group["correct"].to_numpy(), group["speaker"], rng)
        for group in (clips[own], clips[~own])
    )
    return interval(100.0 * (first - other), decimals=1)
