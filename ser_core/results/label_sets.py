"""The labels that answers are given in, and those of them that an answer cannot rule out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..config.abstention import threshold_among
from ..config.emotions import NEUTRAL
from ..config.feature_config import FeatureConfig
from ..config.schema import LONGEST_NAME
from ..errors import ArgumentError

Groups = Mapping[str, Iterable[str]]


@dataclass(frozen=True)
class LabelSet:
    """The labels that answers are given in: those of a model, some of them, or sums of them.

    Attributes:
        model_labels: the model's labels, in the order of its probabilities.
        labels: those of the answers. A group stands where the first of its labels stood.
        members: for each of `labels`, the positions in `model_labels` that it sums.
    """

    model_labels: tuple[str, ...]
    labels: tuple[str, ...]
    members: tuple[tuple[int, ...], ...]

    @classmethod
    def of(
        cls,
        model_labels: Sequence[str],
        labels: Iterable[str] | None = None,
        group: Groups | None = None,
    ) -> "LabelSet":
        """Make the set that was asked for; see `EmotionRecognizer.predict`.

        Args:
            model_labels: all labels of the model, in the order of its probabilities.
            labels: some of these, in any order; None for all.
            group: for each name, those of them that become one; None for no groups.

        Raises:
            ArgumentError: there is no such label, one is named twice, a list is empty or no list, a
                name is taken or is no name, or fewer than two labels are left.

        >>> LabelSet.of(["calm", "sad", "angry"], group={"low": ["angry", "sad"]}).labels
        ('calm', 'low')
        """
        known = tuple(model_labels)
        kept = known
        if labels is not None:
            asked = _labels("labels", labels, known)
            kept = tuple(label for label in known if label in asked)
        owners: dict[str, str] = {}
        for name, members in _groups(group):
            for label in _labels(f"group {name!r:.60}", members, known):
                if label not in kept:
                    raise ArgumentError(
                        f"group {name!r:.60} has {label!r}, which labels leaves out: add it to "
                        "labels, or take it out of the group."
                    )
                if label in owners:
                    raise ArgumentError(
                        f"{label!r} is in the groups {owners[label]!r:.60} and {name!r:.60}: a "
                        "label is in one of them at most."
                    )
                owners[label] = name
        for name in owners.values():
            if name in known and name not in owners:
                raise ArgumentError(
                    f"The group {name!r} has the name of a label that is in no group: give it "
                    f"another name, or put {name!r} into it."
                )
        positions: dict[str, list[int]] = {}
        for position, label in enumerate(known):
            if label in kept:
                positions.setdefault(owners.get(label, label), []).append(position)
        if len(positions) < 2:
            raise ArgumentError(
                f"Answers need two labels at least, and {next(iter(positions))!r:.60} is the only "
                "one left, whose probability would be 1 whatever the recording: ask for more."
            )
        return cls(known, tuple(positions), tuple(map(tuple, positions.values())))

    @property
    def is_whole(self) -> bool:
        """Whether these are the model's own labels, each for itself."""
        return self.labels == self.model_labels

    @property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """The model's labels that each label sums, where that is not just the one of its name."""
        summed = {
            label: tuple(self.model_labels[position] for position in own)
            for label, own in zip(self.labels, self.members, strict=True)
        }
        return {label: own for label, own in summed.items() if own != (label,)}

    def request(self) -> dict[str, Any]:
        """Give the arguments of `of` that make this set again, as JSON holds them."""
        kept = [self.model_labels[position] for own in self.members for position in own]
        return {"labels": kept, "group": {k: list(v) for k, v in self.groups.items()} or None}

    def describe(self) -> str:
        """Say what each label is made of.

        >>> LabelSet.of(["calm", "sad", "angry"], group={"low": ["angry", "sad"]}).describe()
        'calm, low = sad + angry'
        """
        groups = self.groups
        return ", ".join(
            f"{label} = {' + '.join(groups[label])}" if label in groups else label
            for label in self.labels
        )

    def combine(self, probabilities: np.ndarray) -> np.ndarray:
        """Give the labels' probabilities, from those of the model's labels.

        Args:
            probabilities: float array of shape (..., classes), rows sum to 1; a row of NaN stays
                one.

        Returns:
            float64 array of shape (..., labels), rows sum to 1: sums over each label's members
            and, where labels are left out, these divided by their sum. Where that is 0, nothing
            speaks for any of them, and all have the same.
        """
        values = np.asarray(probabilities, dtype=np.float64)
        if self.is_whole:
            return values
        sums = np.stack([values[..., list(own)].sum(axis=-1) for own in self.members], axis=-1)
        if sum(map(len, self.members)) == len(self.model_labels):
            return sums
        total = sums.sum(axis=-1, keepdims=True)
        even = np.full_like(sums, 1.0 / len(self.labels))
        shares: np.ndarray = np.divide(sums, total, out=even, where=total != 0)
        return shares

    def threshold(self, uncertain_below: float) -> float:
        """Give the confidence below which an answer in these labels is uncertain.

        Args:
            uncertain_below: float in [0, 1], the threshold for the model's labels.

        See `threshold_among`.

        >>> round(LabelSet.of(["calm", "sad", "angry"], ["calm", "sad"]).threshold(0.5), 3)
        0.625
        """
        return threshold_among(len(self.labels), uncertain_below, len(self.model_labels))


def parse_groups(texts: Sequence[str] | None) -> dict[str, list[str]] | None:
    """Read groups as command lines have them; None for none.

    Raises:
        ArgumentError: one is no group, or two have one name.

    >>> parse_groups(["negative=angry, sad", "good=happy"])
    {'negative': ['angry', 'sad'], 'good': ['happy']}
    """
    if not texts:
        return None
    groups: dict[str, list[str]] = {}
    for text in texts:
        name, equals, members = (part.strip() for part in text.partition("="))
        if not equals:
            raise ArgumentError(
                f"A group is NAME=LABEL,LABEL, such as bad=angry,sad; got {text!r}."
            )
        if name in groups:
            raise ArgumentError(f"The group {name!r} is there twice: name its labels in one.")
        groups[name] = parse_labels(members)
    return groups


def parse_labels(text: str) -> list[str]:
    """Read labels as command lines have them, with commas between; an empty text has none.

    >>> parse_labels("angry, sad")
    ['angry', 'sad']
    """
    return [label.strip() for label in text.split(",")] if text.strip() else []


def reported_intensity(members: str | Sequence[str], intensity: float | None) -> float | None:
    """Round an intensity to four decimals, and drop it for neutral, which has none.

    Args:
        members: the model's labels that the answer's label sums, or the one that it is.
        intensity: float in [0, 1]; None where the model has no such output.

    >>> reported_intensity(["sad"], 0.123456), reported_intensity(["neutral"], 0.9)
    (0.1235, None)
    """
    labels = (members,) if isinstance(members, str) else members
    if intensity is None or all(label == NEUTRAL for label in labels):
        return None
    return round(float(intensity), 4)


def conformal_sets(probabilities: np.ndarray, threshold: float) -> np.ndarray:
    """Find the labels that are likely enough, and the likeliest one in any case.

    Args:
        probabilities: float array of shape (n, classes), calibrated.
        threshold: float in [0, 1], the probability from which a label belongs to the set.

    Returns:
        bool array of shape (n, classes), at least one a row.

    Source: Sadinle, Lei and Wasserman (2019), Least ambiguous set-valued classifiers with bounded
    error levels, Journal of the American Statistical Association 114(525).

    >>> conformal_sets(np.array([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]]), 0.25).astype(int).tolist()
    [[1, 1, 0], [0, 0, 1]]
    """
    members: np.ndarray = probabilities >= threshold
    members[np.arange(len(members)), probabilities.argmax(axis=1)] = True
    return members


def likely_labels(
    probabilities: np.ndarray, labels: Sequence[str], config: FeatureConfig
) -> tuple[str, ...] | None:
    """Name the labels of an answer's set, likeliest first; None where the config has no sets.

    Neither merging nor restricting makes a label less likely, so the same threshold keeps the truth
    in the set at least as often, where it is among the labels.

    Args:
        probabilities: float array of shape (labels,), sum 1.
        labels: their names.
        config: FeatureConfig.
    """
    if config.conformal is None:
        return None
    (members,) = conformal_sets(probabilities[None], config.conformal.threshold)
    ranked = np.argsort(-probabilities, kind="stable")
    return tuple(labels[index] for index in ranked if members[index])


def _groups(group: object) -> list[tuple[str, object]]:
    """Return groups by name; raises ArgumentError where they are none."""
    if group is None:
        return []
    if not isinstance(group, Mapping):
        raise ArgumentError(
            "group must be a dict from names to lists of labels, such as "
            f"{{'bad': ['angry', 'sad']}}, got {group!r:.60}."
        )
    if not group:
        raise ArgumentError("group is empty: name a group and its labels, or leave group out.")
    for name in group:
        if not isinstance(name, str) or not 0 < len(name.strip()) == len(name) <= LONGEST_NAME:
            raise ArgumentError(
                f"A group needs a name of 1 to {LONGEST_NAME} letters, got {name!r:.60}."
            )
        if not name.isprintable():
            raise ArgumentError(f"A group needs a name that can be printed, got {name!r:.60}.")
    return list(group.items())


def _labels(what: str, labels: Any, known: Sequence[str]) -> tuple[str, ...]:
    """Return some of a model's labels; raises ArgumentError where they are not such, each once."""
    if isinstance(labels, str | bytes | Mapping) or not isinstance(labels, Iterable):
        instead = f": give [{labels!r:.60}]" if isinstance(labels, str) else ""
        raise ArgumentError(f"{what} must be a list of labels, got {labels!r:.60}{instead}.")
    given = list(labels)
    if not given:
        raise ArgumentError(f"{what} is an empty list: name labels of {', '.join(known)}.")
    for label in given:
        if not isinstance(label, str) or label not in known:
            raise ArgumentError(
                f"{what} has {label!r:.60}, which is no label of this model: it has "
                f"{', '.join(known)}."
            )
    twice = next((label for label in given if given.count(label) > 1), None)
    if twice is not None:
        raise ArgumentError(f"{what} has {twice!r} twice: name each label once.")
    return tuple(map(str, given))
