"""Batches of augmented network inputs and smoothed targets, one for each step.

Every random draw derives from (seed, fold, step), so that a resumed run equals an unbroken one.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from ser_core.config.feature_config import FeatureConfig
from ser_core.features import choose_front_end, place, sequences, split, standardise

from ..data import augment
from ..data.material import Material
from ..recipe import Recipe, Schedule, at_speeds


class Batches:
    """Augmented network inputs and smoothed targets, one item per step."""

    def __init__(
        self,
        material: Material,
        config: FeatureConfig,
        recipe: Recipe,
        schedule: Schedule,
        seed: Sequence[int],
        beside: Material | None = None,
    ) -> None:
        """Draw batches from `material` and, where a teacher answers them, from clips `beside` it.

        Args:
            material: the clips to learn.
            config: FeatureConfig.
            recipe: Recipe; its `distillation` says how many clips of a batch are from `beside`,
                and how much a teacher's answers weigh against labels.
            schedule: how many steps, of how many clips.
            seed: what random draws derive from.
            beside: further clips, with a teacher's answers alone, or None.
        """
        self.material, self.config, self.schedule = material, config, schedule
        self.augmentation, self.seed = recipe.augmentation, list(seed)
        self.augmenter = None
        if recipe.augmentation is not None:
            self.augmenter = augment.Augmenter.for_config(recipe.augmentation, config)
        self.versions = recipe.versions(schedule)
        self.distillation, self.beside = recipe.distillation, beside
        self.clips = np.arange(len(material.features))
        if schedule.balanced:
            self.clips = balance(material.targets.argmax(axis=1))
        self.guests = 0  # clips of a batch that are from beside
        if beside is not None and recipe.distillation is not None:
            self.guests = round(recipe.distillation.share_beside * schedule.batch_size)

    def __len__(self) -> int:
        return self.schedule.steps

    def order(self, step: int) -> np.ndarray:
        """Which clips of the material are in a step: passes over all, each in a new order."""
        count = self.schedule.batch_size - self.guests
        return passes(self.clips, count, step, [*self.seed, 0])

    def draw(self, step: int, rng: np.random.Generator) -> Iterator[tuple[Material, int, str]]:
        """Choose the clips of a step, and a version of each."""
        for clip in self.order(step).tolist():
            yield self.material, clip, self.versions[int(rng.integers(len(self.versions)))]
        if self.beside is not None and self.distillation is not None and self.guests:
            others = np.arange(len(self.beside.features))
            versions = at_speeds(self.distillation.speeds)
            for clip in passes(others, self.guests, step, [*self.seed, 2]).tolist():
                yield self.beside, clip, versions[int(rng.integers(len(versions)))]

    def __getitem__(self, step: int) -> tuple[np.ndarray, np.ndarray | tuple[np.ndarray, ...]]:
        rng = np.random.default_rng([*self.seed, 1, step])
        rows, emotions, strengths = [], [], []
        for material, clip, version in self.draw(step, rng):
            rows.append(self.place_clip(material.features[clip].versions[version], rng))
            emotions.append(self.target(material, clip, version))
            strengths.append(material.intensity[clip])
        inputs = self.finish(np.stack(rows), rng)
        targets = [np.stack(emotions)]
        if self.config.outputs.intensity is not None:
            targets.append(np.array(strengths, dtype=np.float32)[:, None])
        if self.augmentation is not None and rng.random() < self.augmentation.mixup_share:
            inputs, targets = augment.mixup(inputs, targets, self.augmentation.mixup, rng)
        return inputs, tuple(targets) if len(targets) > 1 else targets[0]

    def finish(self, inputs: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Standardise the inputs of a step, and blank spans of them; same shape."""
        inputs = standardise(inputs, self.config)  # (batch, frames, features)
        if self.augmentation is not None:
            augment.mask(inputs, self.augmentation, rng)
        return inputs

    def target(self, material: Material, clip: int, version: str) -> np.ndarray:  # (classes,)
        """What a clip's answer should be: its label, a teacher's answer, or between the two."""
        if material is self.beside and material.teachings is not None:
            return material.teachings[clip][version]
        label = smooth(material.targets[clip], self.schedule.label_smoothing)
        if material.teachings is None or self.distillation is None:
            return label
        teaching, weight = material.teachings[clip][version], self.distillation.weight
        between: np.ndarray = (weight * teaching + (1.0 - weight) * label).astype(np.float32)
        return between

    def place_clip(self, version: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """One randomly changed and placed network input, (frames, features) in its own units."""
        if self.augmentation is None or self.augmenter is None:
            windows = choose_front_end(self.config).unpack(version)
            return one_of(sequences(np.stack(windows), self.config), rng)
        # Nothing is drawn where a recipe does without a change: its networks stay what they were.
        if self.augmentation.stretch:
            version = augment.stretch(version, self.augmentation.stretch, rng)
        if self.config.sequence == 1:
            power, start = augment.crop(version, self.config.window_frames, rng)
            return place(self.augmenter.change(power, rng), start, self.config)
        power = augment.shift(version, self.config.hop_frames, rng)
        power = self.augmenter.change(power, rng)
        windows = [place(window, 0, self.config) for window in split(power, self.config)]
        return one_of(sequences(np.stack(windows), self.config), rng)


class Reconstructions(Batches):
    """Network inputs that are their own targets, for an autoencoder."""

    def __getitem__(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        inputs, _ = super().__getitem__(step)
        return inputs, inputs


def passes(clips: np.ndarray, count: int, step: int, seed: Sequence[int]) -> np.ndarray:
    """Say which clips are in a step: passes over all of them, each in a new order.

    Args:
        clips: int array of shape (n,), positions.
        count: int > 0, clips per step.
        step: int >= 0.
        seed: what each pass's order derives from.

    Returns:
        int array of shape (count,).
    """
    wanted = np.arange(step * count, (step + 1) * count)
    orders = {
        number: np.random.default_rng([*seed, int(number)]).permutation(clips)
        for number in np.unique(wanted // len(clips))
    }
    return np.array([orders[i // len(clips)][i % len(clips)] for i in wanted])


def one_of(inputs: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Choose one of several inputs of a clip."""
    result: np.ndarray = inputs[int(rng.integers(len(inputs)))]
    return result


def balance(classes: np.ndarray) -> np.ndarray:
    """Repeat the clips of rarer classes until each class is seen about equally often.

    Args:
        classes: int array of shape (clips,).

    Returns:
        int array, positions of clips, each at least once.

    >>> balance(np.array([0, 0, 0, 0, 1, 1])).tolist()
    [0, 1, 2, 3, 4, 5, 4, 5]
    """
    most = np.bincount(classes).max()
    members = [np.flatnonzero(classes == name) for name in np.unique(classes)]
    return np.concatenate([np.resize(clips, most) for clips in members])


def smooth(targets: np.ndarray, amount: float) -> np.ndarray:
    """Move `amount` of each target's weight evenly onto all classes its corpus has."""
    present = targets >= 0
    even = amount / present.sum(axis=-1, keepdims=True)
    return np.where(present, targets * (1.0 - amount) + even, -1.0).astype(np.float32)
