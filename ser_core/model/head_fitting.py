"""Fit a head to a few labelled clips, and test it on clips that it was not taught.

The head is scikit-learn's logistic regression with an L2 penalty over two blocks of numbers, the
embedding and the logarithms of the network's own answer. Each block is standardised on the clips
that are taught, and scaled so that both count the same. The penalty is the same however many clips
there are, so nothing is chosen on the clips under test; the more clips, the less it weighs. Labels
count the same whatever their number of clips.

A label with the name of one of the network's own starts from what the network knows of it: beside
its clips stands an imagined one, to which the network answers that label, and which tells nothing
else. It weighs as much as a few clips do, so that many clips outweigh it.

With few clips and many numbers the weights lie in the space of the clips: the fit is done there,
with as many numbers as clips, which gives the same weights (the penalty does not change where the
axes are turned).

The temperature that divides the logits is that of the answers to clips that were not taught, with
Platt's targets, so that few clips, all answered rightly, do not make it certain.

Source: Platt (1999), Probabilistic Outputs for Support Vector Machines, section 2.2, for the
targets; Guo et al. (2017), On Calibration of Modern Neural Networks, ICML, for the temperature.
"""

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np

from ..errors import TeachingError
from .adaptation import centre_logs, normalise_logs

STRENGTH = 10.0
"""C of the regression, of inputs whose squares sum to 2 on average. From 1 to 100 all are about as
good with 3 to 30 clips a label of EMOVO's unseen speakers (python -m train teaching)."""
IMAGINED = 3.0  # clips that an imagined one weighs as much as
IMAGINED_SHARE = 0.5  # the probability that the network gives its label there
TEST_TOLERANCE = 1e-3  # of the many fits of a test, which need not be as exact
MOST_LEFT_OUT = 100  # clips, or speakers, of whom each is left out in turn; of more, groups are
GROUPS = 10  # that are left out in turn then
TEMPERATURES = np.exp(np.linspace(np.log(0.05), np.log(20.0), 241))


class LabelledClips(NamedTuple):
    """What a head is fitted to.

    Attributes:
        inputs: float64 array of shape (clips, width), as `head_inputs` gives.
        classes: int array of shape (clips,), from 0.
        size: int, how many of the inputs are the embedding.
        known: for each class, where among the network's labels the one of its name stands; None for
            a class of another name. Empty where no class has one.
    """

    inputs: np.ndarray
    classes: np.ndarray
    size: int
    known: tuple[int | None, ...] = ()

    def without(self, left_out: np.ndarray) -> "LabelledClips":
        """Leave out clips that are marked."""
        return self._replace(inputs=self.inputs[~left_out], classes=self.classes[~left_out])


class Layer(NamedTuple):
    """A linear layer.

    Attributes:
        weights: float64 array of shape (classes, width).
        bias: float64 array of shape (classes,).
    """

    weights: np.ndarray
    bias: np.ndarray

    def logits(self, inputs: np.ndarray) -> np.ndarray:  # (clips, classes)
        """Apply it to inputs, (clips, width)."""
        values: np.ndarray = inputs @ self.weights.T + self.bias
        return values


def require_scikit_learn() -> None:
    """Raise TeachingError, with the command that helps, unless scikit-learn is installed."""
    if find_spec("sklearn") is None:
        raise TeachingError(
            "Teaching needs scikit-learn, which is not installed: pip install 'ser-core[teach]'."
        )


def fit_layer(clips: LabelledClips, strength: float = STRENGTH, tolerance: float = 1e-4) -> Layer:
    """Fit a linear layer to clips.

    Args:
        clips: LabelledClips, of two classes at least.
        strength: float > 0, C of the regression.
        tolerance: float > 0, of its gradient, at which it ends.

    Returns:
        Layer, whose logits' softmax are probabilities; not calibrated.

    Raises:
        TeachingError: scikit-learn is not installed.
    """
    require_scikit_learn()
    from sklearn import config_context
    from sklearn.linear_model import LogisticRegression

    centre, scale = _standards(clips)
    imagined, its_classes = _imagine(clips)
    imagined = np.where(np.isnan(imagined), centre, imagined)
    standard = (np.concatenate([clips.inputs, imagined]) - centre) / scale
    classes = np.concatenate([clips.classes, its_classes])
    # The clips' own space: standard = turned @ axes, with at most as many columns as clips.
    turned, axes = _turn(standard)
    regression = LogisticRegression(C=strength, max_iter=1_000, tol=tolerance)
    with config_context(assume_finite=True):  # embeddings are: the network was asked
        regression.fit(turned, classes, sample_weight=_weigh(clips.classes, its_classes))
    weights, bias = regression.coef_ @ axes, regression.intercept_
    if len(weights) == 1:  # of two classes, scikit-learn gives the difference of the second's
        weights, bias = np.concatenate([-weights, weights]) / 2, np.array([-bias[0], bias[0]]) / 2
    weights = weights / scale
    return Layer(weights, bias - weights @ centre)


def leave_out(clips: LabelledClips, speakers: Sequence[str] | None) -> tuple[list[np.ndarray], str]:
    """Divide clips into parts of which each is left out in turn.

    Args:
        clips: LabelledClips.
        speakers: who speaks in each clip; None where nobody said.

    Returns:
        bool arrays of shape (clips,), which mark each clip once; and what the test is called.
    """
    owners = np.arange(len(clips.classes))
    if speakers is not None:
        owners = np.unique(np.array(speakers), return_inverse=True)[1]
    count = int(owners.max()) + 1
    name = "leave-one-out" if speakers is None else "leave-one-speaker-out"
    if count > MOST_LEFT_OUT:
        # In the order of the classes, so that each part has about as many of each.
        first = [int(clips.classes[owners == owner].min()) for owner in range(count)]
        ranks = np.argsort(np.argsort(first, kind="stable"), kind="stable")[owners]
        # More parts than that where all speakers of a class would be left out at once.
        fitting = (n for n in range(GROUPS, count) if _keeps_classes(clips.classes, ranks % n))
        count = next(fitting, count)
        owners = ranks % count
        name = f"{count}-fold" if speakers is None else f"{count}-fold over speakers"
    return [owners == owner for owner in range(count)], name


def _keeps_classes(classes: np.ndarray, parts: np.ndarray) -> bool:
    """Whether each class has clips in two parts at least: (clips,) and (clips,)."""
    pairs = np.unique(np.stack([classes, parts]), axis=1)
    return bool((np.bincount(pairs[0]) > 1).all())


def answer_left_out(
    clips: LabelledClips,
    parts: Sequence[np.ndarray],
    strength: float = STRENGTH,
    progress: Callable[[], None] = lambda: None,
) -> np.ndarray:
    """Answer each clip by a layer that was fitted to the others.

    Args:
        clips: LabelledClips.
        parts: as `leave_out` gives; what is left must have every class.
        strength: as for `fit_layer`.
        progress: called after each part.

    Returns:
        float64 array of shape (clips, classes), logits.
    """
    logits = np.empty((len(clips.classes), int(clips.classes.max()) + 1))
    for left_out in parts:
        layer = fit_layer(clips.without(left_out), strength, TEST_TOLERANCE)
        logits[left_out] = layer.logits(clips.inputs[left_out])
        progress()
    return logits


def fit_temperature(logits: np.ndarray, classes: np.ndarray) -> float:
    """Find the temperature at which answers to clips that were not taught are calibrated.

    Args:
        logits: float64 array of shape (clips, classes).
        classes: int array of shape (clips,), the truth.

    Returns:
        float from 0.05 to 20, that divides the logits.

    >>> sure = np.array([[4.0, 0.0], [0.0, 4.0]] * 50)
    >>> bool(fit_temperature(sure, np.array([0, 1] * 50)) < 1.0)
    True
    """
    clips, count = logits.shape
    doubt = count / (clips + count)
    targets = (1.0 - doubt) * np.eye(count)[classes] + doubt / count
    losses = [
        -np.sum(targets * np.log(np.maximum(normalise_logs(logits / t), 1e-300)))
        for t in TEMPERATURES
    ]
    return float(TEMPERATURES[int(np.argmin(losses))])


def _imagine(clips: LabelledClips) -> tuple[np.ndarray, np.ndarray]:
    """Imagine a clip of each class that the network knows, as the network would answer it.

    Returns:
        float64 array of shape (imagined, width), NaN where it tells nothing; and their classes.
    """
    classes = [number for number, label in enumerate(clips.known) if label is not None]
    rows = np.full((len(classes), clips.inputs.shape[1]), np.nan)
    count = clips.inputs.shape[1] - clips.size
    for row, number in zip(rows, classes, strict=True):
        shares = np.full(count, (1.0 - IMAGINED_SHARE) / max(1, count - 1))
        shares[clips.known[number]] = IMAGINED_SHARE
        row[clips.size :] = centre_logs(shares)
    return rows, np.array(classes, dtype=int)


def _weigh(classes: np.ndarray, imagined: np.ndarray) -> np.ndarray:  # (clips + imagined,)
    """Weigh clips, and imagined ones, so that all classes weigh the same."""
    counts = np.bincount(classes)
    totals = np.full(len(counts), len(classes) / len(counts))
    if len(imagined):
        totals += IMAGINED
        totals[imagined] -= IMAGINED
    return np.concatenate([(totals / counts)[classes], np.full(len(imagined), IMAGINED)])


def _standards(clips: LabelledClips) -> tuple[np.ndarray, np.ndarray]:  # (width,) each
    """Means, and what divides inputs so that each block's squares sum to 1 on average."""
    centre, deviation = clips.inputs.mean(axis=0), clips.inputs.std(axis=0)
    first, second = deviation[: clips.size], deviation[clips.size :]
    scale = np.ones_like(deviation)
    # The network's own answer is of a few numbers in one unit: one scale for all of them.
    scale[: clips.size] = np.maximum(first, 1e-6) * np.sqrt(max(1, first.size))
    if second.size:
        scale[clips.size :] = max(float(np.sqrt(np.square(second).sum())), 1e-6)
    return centre, scale


def _turn(standard: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Split a matrix into one of few columns and the axes, of unit length, that they lie on."""
    if standard.shape[0] >= standard.shape[1]:
        return standard, np.eye(standard.shape[1])
    values, vectors = np.linalg.eigh(standard @ standard.T)
    kept = values > values.max(initial=0.0) * 1e-10
    if not kept.any():  # all clips are the same: there is nothing to learn from
        kept[-1] = True
        values[-1] = 1.0
    lengths = np.sqrt(values[kept])
    axes = (vectors[:, kept] / lengths).T @ standard
    return vectors[:, kept] * lengths, axes
