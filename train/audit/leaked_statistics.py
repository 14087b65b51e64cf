"""Whether what was measured before training was measured on training clips alone.

A mean, a deviation and a choice of features that were fitted on test clips too tell a network about
them. Both are fitted again here, on the training side of a fold and on all of its clips, and what a
run wrote down must be the former.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ser_core.config.feature_config import FeatureConfig, Normalisation

from ..data import feature_cache
from ..data.material import Material
from ..data.protocols import Fold
from ..data.selection import select
from ..data.storage import read_finished, read_object
from .finding import Finding

TOLERANCE = 1e-4  # of a feature's deviation: what six digits and another machine's rounding leave


@dataclass(frozen=True)
class Fitted:
    """What was measured before training.

    Attributes:
        normalisation: Normalisation.
        selected: indices of the features that were kept, or None for all.
    """

    normalisation: Normalisation
    selected: tuple[int, ...] | None = None


def fit_again(material: Material, config: FeatureConfig, count: int | None) -> Fitted:
    """Measure mean and deviation, and choose features, as `train.fitting.plan.learn_config` does.

    Args:
        material: the clips to measure on.
        config: FeatureConfig; its own normalisation and selection are not used.
        count: int, how many features to keep; None for all.
    """
    normalisation = feature_cache.fit_normalisation(material.features, config)
    if count is None:
        return Fitted(normalisation)
    plain = config.model_copy(update={"normalisation": normalisation, "selected": None})
    return Fitted(normalisation, select(material, plain, count))


def distance(one: Normalisation, other: Normalisation) -> float:
    """Give the largest difference of a mean or a deviation, in deviations of `other`; inf if widths
    differ."""
    if len(one.mean) != len(other.mean):
        return np.inf
    scale = np.array(other.std)
    mean = np.abs(np.array(one.mean) - np.array(other.mean)) / scale
    return float(max(mean.max(), (np.abs(np.array(one.std) - scale) / scale).max()))


def judge(
    stored: Fitted, material: Material, config: FeatureConfig, fold: Fold
) -> tuple[list[Finding], str]:
    """Say on which clips of a fold what a run wrote down was measured.

    Args:
        stored: what the run wrote down.
        material: the clips that folds count in.
        config: FeatureConfig that features are computed with.
        fold: Fold of positions in `material`.

    Returns:
        Findings of the kind statistics, and what the check came to: `fitted on training clips`,
        `fitted on test clips` or `fitted on neither`.
    """
    count = None if stored.selected is None else len(stored.selected)
    sides = {
        "the training clips": fold.train,
        "training and test clips": np.concatenate([fold.train, fold.test]),
        "the test clips": fold.test,
    }
    fitted = {side: fit_again(material.take(rows), config, count) for side, rows in sides.items()}
    training, *leaks = sides
    apart = {
        side: distance(stored.normalisation, found.normalisation) for side, found in fitted.items()
    }
    findings = []
    for side in leaks:
        if apart[side] <= TOLERANCE < apart[training]:
            text = f"mean and deviation are those of {side}, not of the training clips"
            findings.append(Finding("statistics", fold.number, ("normalisation",), text))
        if stored.selected == fitted[side].selected != fitted[training].selected:
            text = f"the {count} features were selected on {side}, not on the training clips"
            findings.append(Finding("statistics", fold.number, ("selected",), text))
    if findings:
        return findings, "fitted on test clips"
    right = apart[training] <= TOLERANCE and stored.selected == fitted[training].selected
    return [], "fitted on training clips" if right else "fitted on neither"


def read_fold(results: Path, number: int) -> Fitted | None:
    """Read what a fold of a run wrote down; None where it is not there, cannot be read, or is older
    than this."""
    return read_finished(results / "folds" / f"fold_{number}.json", _read_fitted)


def _read_fitted(file: Path) -> Fitted | None:
    record = read_object(file)
    if not record.get("normalisation"):
        return None
    selected = record.get("selected")
    normalisation = Normalisation.model_validate_json(json.dumps(record["normalisation"]))
    return Fitted(normalisation, None if selected is None else tuple(selected))
