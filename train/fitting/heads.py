"""Two heads and a distance over summaries of recordings, learnt from several corpora at once.

Everything that is fitted here sees the clips that are given and no other: means, principal
components, offsets of speakers and corpora, both heads, and the points that distances are
measured to.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from sklearn.cluster import MiniBatchKMeans

from ..corpora import Clip, Corpus
from ..data.feature_cache import ORIGINAL, intensity_targets
from ..networks import two_heads
from ..networks.speech_encoder import SUMMARY
from ..recipe import Heads, Recipe
from .hidden_head import HeadData, fit_hidden_head
from .invariance import change_covariance, corpus_covariance, shrink, speaker_covariance
from .linear_head import LabelSets, balanced_weights, fit_linear_head, label_sets
from .summaries import Summaries

BASIS_CLIPS = 6000  # recordings that principal components are found on, at most
CLIPS_PER_CORPUS = 2500  # that centres stand for, at most
SMALLEST_STD = 1e-3
UPPER, MIDDLE = 0.95, 0.50  # quantiles of the distances of unseen home speakers
SHARPNESS = 6.0  # steps of the border between its quantiles
INTENSITY_STRENGTH = 0.001  # `C` of the logistic regression of the intensity


@dataclass(frozen=True, eq=False)
class Learnt:
    """Clips to learn from, of one corpus.

    Attributes:
        corpus: Corpus.
        clips: which of its clips.
        summaries: of each of them.
    """

    corpus: Corpus
    clips: Sequence[Clip]
    summaries: Sequence[Summaries]

    def take(self, positions: np.ndarray) -> "Learnt":
        """Return some of the clips."""
        return Learnt(
            self.corpus,
            [self.clips[i] for i in positions],
            [self.summaries[i] for i in positions],
        )

    def is_by(self, speakers: Sequence[str], corpus: Corpus) -> np.ndarray:  # (clips,)
        """Which clips are by these speakers of a corpus."""
        same = {corpus.info.name, *corpus.info.same_speakers_as}
        if self.corpus.info.name not in same:
            return np.zeros(len(self.clips), dtype=bool)
        return np.isin([clip.speaker for clip in self.clips], speakers)

    @property
    def names(self) -> list[str]:
        """Versions that the summaries are of, the original first."""
        return [ORIGINAL, *sorted(set(self.summaries[0]) - {ORIGINAL})]

    def version(self, name: str) -> np.ndarray:  # (clips, width)
        """Stack the summaries of one version."""
        return np.stack([one[name] for one in self.summaries])


@dataclass(frozen=True, eq=False)
class Space:
    """Standardised summaries, turned to their principal components.

    Attributes:
        mean, std: float32 arrays of shape (width,).
        basis: float32 array of shape (width, components), columns orthonormal.
    """

    mean: np.ndarray
    std: np.ndarray
    basis: np.ndarray

    def project(self, summaries: np.ndarray) -> np.ndarray:  # (clips, components)
        """Project float32 summaries of shape (clips, width)."""
        standard = (summaries - self.mean) / self.std
        return np.asarray(standard.astype(np.float32) @ self.basis)


def find_space(
    learnt: Sequence[Learnt],
    components: int,
    seed: int,
    read: Sequence[bool] = (True,),
) -> Space:
    """Find the principal components of clips as they are, each corpus counting alike.

    Args:
        learnt: Learnt of each corpus.
        components: int > 0, how many, the strongest first; at most the width of what counts.
        seed: int, from which the choice of clips derives.
        read: which of the equal parts of a summary count; the basis has zeros for others.
    """
    rng = np.random.default_rng([seed, 1])
    each = BASIS_CLIPS // len(learnt)
    chosen = []
    for one in learnt:
        positions = rng.permutation(len(one.clips))[:each]
        chosen.append(one.take(positions).version(ORIGINAL))
    values = np.concatenate(chosen)
    mean, std = values.mean(axis=0), values.std(axis=0) + SMALLEST_STD
    counts = np.repeat(read, len(mean) // len(read))
    standard = ((values - mean) / std).astype(np.float32)[:, counts]
    _, vectors = np.linalg.eigh(standard.T @ standard)
    components = min(components, int(counts.sum()))
    basis = np.zeros((len(mean), components), dtype=np.float32)
    basis[counts] = vectors[:, ::-1][:, :components]
    return Space(mean.astype(np.float32), std.astype(np.float32), basis)


def fit_heads(
    network: keras.Model,
    learnt: Sequence[Learnt],
    recipe: Recipe,
    labels: Sequence[str],
    seed: Sequence[int],
    voices: Learnt | None = None,
) -> None:
    """Fit both heads, the distance and the intensity, and put them into a network, in place.

    Args:
        network: keras.Model of train/networks/two_heads.py.
        learnt: Learnt of each corpus, first of the one that is judged.
        recipe: Recipe with heads.
        labels: the classes in output order.
        seed: what random draws derive from.
        voices: of which no emotion is learnt, only how speakers differ.
    """
    heads = recipe.heads
    assert heads is not None, "only a recipe with heads has any to fit"
    linear, bias = fit_linear(learnt, recipe, labels, seed[0], voices)
    space = find_space(learnt, heads.hidden.components, seed[0])
    data = [head_data(one, space, labels) for one in learnt]
    hidden = fit_hidden_head(data, recipe, labels, seed)
    components = int(recipe.network.parameters["components"])
    centres = int(recipe.network.parameters["centres"])
    plain = [one.versions[0][:, :components] for one in data]
    border, slope = find_border(learnt, plain, heads, centres, seed[0])
    basis = space.basis
    two_heads.set_heads(
        network,
        mean=space.mean,
        std=space.std,
        linear=(linear, bias),
        hidden=(basis @ hidden[0], *hidden[1:]),
        basis=basis[:, :components],
        centres=find_centres(plain, centres, seed[0]),
        border=border,
        slope=slope,
        home_temperature=heads.home_temperature,
        away_temperature=heads.away_temperature,
        intensity=fit_intensity(learnt, data, basis) if recipe.gives_intensity else None,
    )


def head_data(one: Learnt, space: Space, labels: Sequence[str]) -> HeadData:
    """Project a corpus' clips, version by version, beside what their labels say."""
    emotions = [clip.emotion for clip in one.clips]
    return HeadData(
        one.corpus.info.name,
        emotions,
        [space.project(one.version(name)) for name in one.names],
        label_sets(emotions, one.corpus.info.labels, labels),
    )


def fit_linear(
    learnt: Sequence[Learnt],
    recipe: Recipe,
    labels: Sequence[str],
    seed: int,
    voices: Learnt | None = None,
) -> tuple[np.ndarray, np.ndarray]:  # (width, classes), (classes,)
    """Fit the linear head on all versions, where speakers, corpora and degradations matter less.

    Args:
        learnt: Learnt of each corpus.
        recipe: Recipe with heads.
        labels: the classes in output order.
        seed: int, from which the choice of clips for the principal components derives.
        voices: as for `fit_heads`.

    Returns:
        float32 kernel, for standardised summaries, and bias.
    """
    assert recipe.heads is not None, "only a recipe with heads has a linear one"
    settings = recipe.heads.linear
    read = [name in settings.statistics for name in recipe.summary]
    space = find_space(learnt, settings.components, seed, read)
    data = [head_data(one, space, labels) for one in learnt]
    plain = np.concatenate([one.versions[0] for one in data])
    groups = [(one.corpus, emotion) for one in data for emotion in one.emotions]
    people = [clip.speaker for one in learnt for clip in one.clips]
    nuisance = settings.speaker * speaker_covariance(plain, groups, people)
    nuisance += settings.corpus * corpus_covariance(plain, groups)
    changes = [v - one.versions[0] for one in data for v in one.versions[1:]]
    if changes and settings.degradation:
        nuisance += settings.degradation * change_covariance(np.concatenate(changes))
    if voices is not None:
        values = space.project(voices.version(ORIGINAL))
        all_alike = [(voices.corpus.info.name, "")] * len(values)
        speakers = [clip.speaker for clip in voices.clips]
        nuisance += settings.voices * speaker_covariance(values, all_alike, speakers)
    map_ = shrink(nuisance)
    inputs, possible, accepted, weights = [], [], [], []
    for one in data:
        shares = {one.corpus: 1.0}
        weight = balanced_weights([one.corpus] * len(one.emotions), one.emotions, shares)
        weight *= settings.shares.get(one.corpus, 1.0) / len(one.versions) / len(one.emotions)
        for version in one.versions:
            inputs.append(version @ map_)
            possible.append(one.sets.possible)
            accepted.append(one.sets.accepted)
            weights.append(weight)
    weights_ = np.concatenate(weights)
    head = fit_linear_head(
        np.concatenate(inputs),
        LabelSets(np.concatenate(possible), np.concatenate(accepted)),
        weights_ / weights_.mean(),
        # `C` weighs clips against the penalty, and a copy is not another clip.
        strength=settings.strength * len(plain) / len(weights_),
        iterations=settings.iterations,
    )
    return space.basis @ (map_ @ head.kernel), head.bias


def fit_intensity(
    learnt: Sequence[Learnt], data: Sequence[HeadData], basis: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:  # (width, 1), (1,)
    """Fit how strongly an emotion is expressed, on the first corpus that says it.

    Where none does, the answer is 0.5 for everything.
    """
    targets = [intensity_targets(one.clips) for one in learnt]
    chosen = next((place for place, known in enumerate(targets) if (known >= 0).any()), None)
    if chosen is None:
        return np.zeros((len(basis), 1), np.float32), np.zeros(1, np.float32)
    known, values, strong = targets[chosen], [], []
    for version in data[chosen].versions:
        values.append(version[known >= 0])
        strong.append(known[known >= 0])
    truth = np.concatenate(strong).astype(int)
    sets = np.eye(2, dtype=bool)[truth]
    head = fit_linear_head(
        np.concatenate(values),
        LabelSets(np.ones_like(sets), sets),
        np.ones(len(truth)),
        strength=INTENSITY_STRENGTH,
        iterations=60,
    )
    difference = head.kernel[:, 1] - head.kernel[:, 0]
    return (basis @ difference)[:, None], head.bias[1:] - head.bias[:1]


def find_centres(plain: Sequence[np.ndarray], count: int, seed: int) -> np.ndarray:
    """Find points that stand for the training clips, as they are, of all corpora.

    Args:
        plain: float32 arrays of shape (clips, components), one a corpus.
        count: int > 0, how many points, at most one a clip.
        seed: int.

    Returns:
        float32 array of shape (count, components).
    """
    rng = np.random.default_rng([seed, 2])
    chosen = [one[rng.permutation(len(one))[:CLIPS_PER_CORPUS]] for one in plain]
    values = np.concatenate(chosen).astype(np.float32)
    found = MiniBatchKMeans(
        min(count, len(values)), random_state=seed, n_init=1, batch_size=2048, max_iter=60
    ).fit(values)
    centres = found.cluster_centers_.astype(np.float32)
    # Fewer clips than centres: points far from everything, which are never the nearest.
    missing = np.full((count - len(centres), centres.shape[1]), 1e3, dtype=np.float32)
    return np.concatenate([centres, missing])


def distances(values: np.ndarray, centres: np.ndarray) -> np.ndarray:  # (clips,)
    """Mean squared distance per component to the nearest centre, as the network measures it."""
    squares = np.square(values).sum(axis=1)[:, None] + np.square(centres).sum(axis=1)
    found: np.ndarray = (squares - 2.0 * values @ centres.T).min(axis=1) / values.shape[1]
    return np.asarray(np.maximum(found, 0.0))


def find_border(
    learnt: Sequence[Learnt], plain: Sequence[np.ndarray], heads: Heads, centres: int, seed: int
) -> tuple[float, float]:
    """Find where voices stop to be like those of home: distances of home's speakers, left out.

    In turn some of home's speakers are left out of the centres, and their distances are measured.

    Returns:
        The distance at which a recording counts as half away, and logits a unit of distance there.
    """
    home = learnt[0]
    people = sorted({clip.speaker for clip in home.clips})
    count = max(1, len(people) // heads.validation_speakers)
    found = []
    for group in (people[start::count] for start in range(count)):
        kept = [
            values[~one.is_by(group, home.corpus)]
            for one, values in zip(learnt, plain, strict=True)
        ]
        out = home.is_by(group, home.corpus)
        found.append(distances(plain[0][out], find_centres(kept, centres, seed)))
    middle, border, upper = np.quantile(np.concatenate(found), [MIDDLE, heads.border, UPPER])
    return float(border), float(SHARPNESS / max(upper - middle, 1e-6))


def head_inputs(summaries: Sequence[Summaries]) -> np.ndarray:  # (clips, width)
    """Stack the summaries of recordings as they are."""
    return np.stack([one[ORIGINAL] for one in summaries])


def answer_summaries(network: keras.Model, summaries: np.ndarray) -> dict[str, np.ndarray]:
    """Answer recordings from their summaries, with the layers over them.

    Args:
        network: keras.Model of train/networks/two_heads.py.
        summaries: float32 array of shape (clips, width).

    Returns:
        float32 arrays of shape (clips, n) by the names of the network's outputs, without `frames`.
    """
    names = [name for name in network.output_names if name != two_heads.FRAMES]
    outputs = [network.get_layer(name).output for name in names]
    head = keras.Model(network.get_layer(SUMMARY).output, outputs)
    given = head.predict(summaries, batch_size=512, verbose=0)
    return dict(zip(names, map(np.asarray, given), strict=True))
