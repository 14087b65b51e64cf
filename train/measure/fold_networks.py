"""The networks of finished folds, each with the clips of the speakers that it never heard."""

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from ser_core.config.feature_config import FeatureConfig
from ser_core.errors import ConfigError

from ..answers import out_of_fold
from ..answers.calibration import calibrate
from ..audit import leaked_statistics
from ..corpora import Clip
from ..data import feature_cache
from ..data.protocols import find_folds
from ..data.storage import has_weights
from ..fitting.finished_work import find_kept, identify_finished
from ..fitting.plan import Run, fold_weights, new_network, prepare


@dataclass(frozen=True)
class FoldNetwork:
    """Where a fold's network is, and what belongs to it; small enough for another process.

    Attributes:
        number: int, the fold's.
        weights: Path of the weights.
        config: FeatureConfig, with the statistics of the training clips.
        temperature: float, fitted on the other folds.
        known: bool array of shape (classes,), which were learnt.
        train: the clips that the network learnt from.
        test: the clips of the speakers that it did not hear.
    """

    number: int
    weights: Path
    config: FeatureConfig
    temperature: float
    known: np.ndarray
    train: tuple[Clip, ...]
    test: tuple[Clip, ...]

    @property
    def truth(self) -> np.ndarray:  # (test clips,)
        """Index of each test clip's label among those of the network."""
        return np.array([self.config.labels.index(clip.emotion) for clip in self.test])

    def among_known(self, probabilities: np.ndarray) -> np.ndarray:
        """Share probabilities among the classes that were learnt, as the fold itself does.

        Args:
            probabilities: float array of shape (clips, classes).

        Returns:
            float64 array of the same shape, rows sum to 1.
        """
        known = np.where(self.known, probabilities, 0.0)
        result: np.ndarray = known / known.sum(axis=1, keepdims=True)
        return result

    def load(self, run: Run) -> keras.Model:
        """Build the network, with its weights."""
        network = new_network(run, self.config, self.number)
        network.load_weights(self.weights)
        return network


def find(run: Run, numbers: tuple[int, ...] = ()) -> list[FoldNetwork]:
    """Find the networks of a run's folds.

    Args:
        run: Run.
        numbers: of folds; all of them if empty.

    Returns:
        One FoldNetwork per fold, in order.

    Raises:
        ConfigError: there is no such fold; it is not finished, is of another recipe or other audio,
            or its weights are not kept; fewer than two folds are finished, so that no temperature
            can be fitted without the one that is judged.
    """
    clips, material = run.clips, prepare(run, quiet=True)
    folds = {fold.number: fold for fold in find_folds(run.folds, numbers)}
    wanted = list(folds)
    for number in wanted:
        if out_of_fold.read_record(run.results, number) is None:
            raise ConfigError(f"{run.results} has no finished fold {number}: run fit first.")
    identify_finished(run, material, wanted)
    names = {number: fold_weights(run, number, "{}").name for number in wanted}
    weights = {n: find_kept(run, name, material, has_weights) for n, name in names.items()}
    for number, file in weights.items():
        if not has_weights(file):
            raise ConfigError(
                f"{file} is not there or is damaged: the network of fold {number} was trained "
                f"elsewhere, or its weights were deleted. Bring them, or move {run.results} away "
                "and run fit again."
            )
    raw = out_of_fold.read_folds(run.results, out_of_fold.read_records(run.results))
    if len(np.unique(raw.folds)) < 2:
        raise ConfigError(
            f"{run.results} has one finished fold: the temperature of a fold is fitted on the "
            "others, so run fit for at least two."
        )
    _, calibration = calibrate(raw, run.recipe.abstention.target_accuracy)
    return [
        FoldNetwork(
            number,
            weights[number],
            config_of(run, number),
            calibration.fold_temperatures[number],
            (material.targets[folds[number].train] >= 0).any(axis=0),
            tuple(clips[i] for i in folds[number].train),
            tuple(clips[i] for i in folds[number].test),
        )
        for number in wanted
    ]


def config_of(run: Run, number: int) -> FeatureConfig:
    """Make the feature config of a fold from what it wrote down.

    Raises:
        ConfigError: it is of before folds wrote that down.
    """
    fitted = leaked_statistics.read_fold(run.results, number)
    if fitted is None:
        raise ConfigError(
            f"{run.results / 'folds' / f'fold_{number}.json'} does not say what features were "
            f"standardised with, as fit writes it now: move {run.results} away and run fit again."
        )
    return feature_cache.feature_config(
        run.recipe, run.labels, normalisation=fitted.normalisation, selected=fitted.selected
    )
