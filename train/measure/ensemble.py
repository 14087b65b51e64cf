"""What several recipes would answer together: the geometric mean of their folds' answers.

    python -m train together --recipe tiny --recipe compact

Nothing is trained: recipes that were judged on the same folds have written down what each of their
networks answered to speakers that none of them had heard.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ser_core.errors import ConfigError

from ..answers import out_of_fold
from ..answers.calibration import calibrate
from ..answers.markdown import markdown_table
from ..answers.metrics import measure_answers
from ..answers.out_of_fold import Answers


def join_answers(folders: Sequence[Path]) -> Answers:
    """Join what recipes answered to the same clips.

    Args:
        folders: results folders with finished folds.

    Returns:
        Answers, clips in the order of the first folder.

    Raises:
        ConfigError: a folder has no finished fold, or has other clips or other folds.
    """
    first, *others = (out_of_fold.read_folds(folder) for folder in folders)
    places = tested(first)
    logs = [np.log(np.maximum(first.probabilities, 1e-12))]
    for folder, other in zip(folders[1:], others, strict=True):
        order = {clip: i for i, clip in enumerate(tested(other))}
        if set(order) != set(places):
            raise ConfigError(
                f"{folder} and {folders[0]} hold other clips or other folds: only recipes that "
                "were judged on the same folds can answer together."
            )
        logs.append(
            np.log(np.maximum(other.probabilities[[order[clip] for clip in places]], 1e-12))
        )
    joint = np.exp(np.mean(logs, axis=0))
    return first.with_probabilities(joint / joint.sum(axis=1, keepdims=True))


def tested(answers: Answers) -> list[tuple[str, int]]:
    """Name each clip, with the fold that tested it."""
    return [(file, int(fold)) for file, fold in zip(answers.files, answers.folds, strict=True)]


def ensemble_table(folders: dict[str, Path], target_accuracy: float) -> str:
    """Write a Markdown table of recipes alone and together, each calibrated on the other folds.

    Args:
        folders: results folder by recipe, at least one.
        target_accuracy: float in [0, 1), of what is answered, as recipes have it.

    Returns:
        Accuracy of every fold, and over folds the mean and its deviation; NLL and ECE are pooled.
    """
    rows = {name: [folder] for name, folder in folders.items()}
    if len(folders) > 1:
        rows[" + ".join(folders)] = list(folders.values())
    cells = []
    for name, members in rows.items():
        calibrated, _ = calibrate(join_answers(members), target_accuracy)
        measured = measure_answers(calibrated)
        folds = ", ".join(f"{100 * fold['accuracy']:.1f}" for fold in measured["folds"])
        mean, std = 100 * measured["mean"]["accuracy"], 100 * measured["std"]["accuracy"]
        spread = f"{mean:.1f} ± {std:.1f}"
        cells.append([name, folds, spread, f"{measured['nll']:.3f}", f"{measured['ece']:.3f}"])
    return markdown_table(["recipes", "folds", "accuracy", "NLL", "ECE"], cells, text=2)
