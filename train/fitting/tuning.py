"""Tune the upper layers of an encoder on a fold's training clips, before heads learn over it.

A linear head is fitted on the encoder as it is, and is where training begins: layers under a head
that knows nothing yet would first be led away from what they know. Then it and the layers learn
together from stretches of all corpora and their copies, and a moving average of the weights is what
counts. Adapters are merged into the matrices, so the network is as large and as fast as before.

Source: low-rank adapters, Hu et al. (2021), arXiv:2106.09685; the head first, Kumar et al. (2022),
arXiv:2202.10054; the share between the encoder as it was and as tuned, Wortsman et al. (2022),
arXiv:2109.01903; reversed gradients, Ganin and Lempitsky (2015), arXiv:1409.7495.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from ..corpora import Clip
from ..data.digests import file_digest
from ..data.storage import read_arrays, read_finished, write_arrays
from ..networks.encoder_layers import cut, let_learn, read_layers, write_layers
from ..networks.two_heads import FRAMES
from .heads import Learnt, find_space, fit_linear
from .hidden_head import corpus_odds, draw_version, even_odds, partial_loss
from .linear_head import NEVER, LabelSets, label_sets
from .lower_frames import boundary, keep_lower_frames, lower_file, read_stretches
from .plan import Run
from .summaries import install_encoder, summary_folder

MASKED = 0.2  # of a stretch at most, which is replaced by its mean in half of the clips
ADVERSARY_UNITS = 128


@dataclass(frozen=True, eq=False)
class Source:
    """Clips of one corpus to learn from.

    Attributes:
        corpus: str, its name.
        files: what the lower layers made of each clip, for `read_stretches`.
        versions: names of what each file holds.
        odds: float array of shape (clips,), how likely each is drawn, all up to it together.
        sets: LabelSets of the clips.
        speakers: int array of shape (clips,), who speaks, among those of all corpora.
    """

    corpus: str
    files: Sequence[Path]
    versions: Sequence[str]
    odds: np.ndarray
    sets: LabelSets
    speakers: np.ndarray


def tune(run: Run, network: keras.Model, learnt: Sequence[Learnt], seed: Sequence[int]) -> None:
    """Tune the upper layers of a network's encoder, in place.

    What was tuned is kept beside the summaries, by all that decides it, and is not tuned again.

    Args:
        run: Run of a recipe with tuning.
        network: keras.Model of train/networks/two_heads.py with the encoder as it is given.
        learnt: Learnt of each corpus, summaries by the encoder as it is given.
        seed: what random draws derive from.

    Raises:
        AudioError, ConfigError: as `keep_lower_frames`.
    """
    settings = run.recipe.tuning
    assert settings is not None, "only a recipe with tuning tunes"
    before = read_layers(network, settings.layers)
    sources: list[Source] = []
    several = []
    for number in range(settings.seeds):
        of_seed = (*seed, number)
        file = tuned_file(run, learnt, of_seed)
        tuned = read_finished(file, read_arrays)
        if tuned is None or tuned.keys() != before.keys():
            sources = sources or gather_sources(run, learnt)
            tuned = learn_layers(run, learnt, sources, of_seed)
            write_arrays(file, tuned)
        several.append(tuned)
    mixed = {
        name: array + settings.share * (np.mean([one[name] for one in several], axis=0) - array)
        for name, array in before.items()
    }
    write_layers(network, mixed)


def tuned_file(run: Run, learnt: Sequence[Learnt], seed: Sequence[int]) -> Path:
    """Say where tuned layers are kept: a file for all that decides them."""
    recipe = run.recipe
    assert recipe.heads is not None, "as `tune` says"
    assert recipe.tuning is not None, "as `tune` says"
    parts: list[Any] = [
        recipe.tuning.model_dump(mode="json", exclude={"share", "seeds"}),
        recipe.heads.linear.model_dump(mode="json"),
        recipe.heads.hidden.shares,
        recipe.heads.hidden.original,
        run.labels,
        summary_folder(run, lower_file(run)).name,
        list(seed),
    ]
    for one in learnt:
        info = one.corpus.info
        parts += [info.name, info.labels, sorted(info.same_speakers_as), one.names]
        parts.append([[file_digest(c.path), c.emotion, c.speaker] for c in one.clips])
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
    return run.cache.parent / "tuned_layers" / f"{digest}.npz"


def gather_sources(run: Run, learnt: Sequence[Learnt]) -> list[Source]:
    """Find what the lower layers made of the clips that are learnt from, and what labels say."""
    people = sorted({person(one, clip) for one in learnt for clip in one.clips})
    number = {name: place for place, name in enumerate(people)}
    sources = []
    for one in learnt:
        emotions = [clip.emotion for clip in one.clips]
        sources.append(
            Source(
                one.corpus.info.name,
                keep_lower_frames(run, one.clips, one.names),
                one.names,
                even_odds(emotions),
                label_sets(emotions, one.corpus.info.labels, run.labels),
                np.array([number[person(one, clip)] for clip in one.clips]),
            )
        )
    return sources


def person(one: Learnt, clip: Clip) -> str:
    """Name who speaks, the same in all corpora that have the same people."""
    corpora = {one.corpus.info.name, *one.corpus.info.same_speakers_as}
    return f"{min(corpora)}/{clip.speaker}"


@contextmanager
def arithmetic(precision: str) -> Iterator[None]:
    """Let layers that are built meanwhile compute with this precision."""
    former = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(former)


def learn_layers(
    run: Run, learnt: Sequence[Learnt], sources: Sequence[Source], seed: Sequence[int]
) -> dict[str, np.ndarray]:
    """Let the layers learn, by the recipe's schedule.

    Returns:
        Their weights, as `read_layers` names them, adapters merged.
    """
    settings = run.recipe.tuning
    assert settings is not None, "only a recipe with tuning tunes"
    with arithmetic(settings.precision):
        network = install_encoder(run)
    keras.utils.set_random_seed(int(np.random.default_rng([*seed, 5]).integers(2**31)))
    let_learn(network, settings.layers, settings.rank)
    encoder = cut(network, boundary(run), FRAMES, FRAMES)
    speakers = 1 + max(int(one.speakers.max()) for one in sources)
    model = build_classifier(run, encoder, learnt, speakers)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0,
        max(1, settings.steps - settings.warmup),
        warmup_target=settings.learning_rate,
        warmup_steps=settings.warmup,
    )
    optimizer = keras.optimizers.AdamW(
        rate,
        weight_decay=settings.weight_decay,
        use_ema=settings.average > 0,
        ema_momentum=settings.average,
        clipnorm=1.0,
    )
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    losses = {"emotion": partial_loss(settings.label_smoothing)}
    if settings.adversary:
        losses["speaker"] = keras.losses.CategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, losses, jit_compile=False)
    batches = draw_stretches(run, sources, np.random.default_rng([*seed, 6]))
    model.fit(batches, steps_per_epoch=settings.steps, epochs=1, shuffle=False, verbose=0)
    return read_layers(network, settings.layers)


def build_classifier(
    run: Run, encoder: keras.Model, learnt: Sequence[Learnt], speakers: int
) -> keras.Model:
    """Build what is trained: the upper layers, their mean over time, and the layer that answers.

    Args:
        run: Run of a recipe with tuning.
        encoder: the upper part.
        learnt: on whose summaries the layer that answers is fitted first.
        speakers: int, how many there are.

    Returns:
        keras.Model from `lower`, (batch, frames, width), and `counted`, (batch, frames), 1 where a
        frame counts, to logits: `emotion`; with an adversary `speaker`, of those in the corpus.
    """
    settings = run.recipe.tuning
    assert settings is not None, "only a recipe with tuning tunes"
    frames, width = encoder.input_shape[1:]
    lower = keras.Input((frames, width), name="lower")
    counted = keras.Input((frames, 1), name="counted")
    encoded = layers.Activation("linear", dtype="float32")(encoder(lower)[FRAMES])
    pooled = ops.sum(encoded * counted, axis=1) / ops.sum(counted, axis=1)
    mean, std, kernel, bias = probe(run, learnt)
    standard = layers.Rescaling(1.0 / std, -mean / std, dtype="float32")(pooled)
    answer = layers.Dense(len(bias), name="emotion", dtype="float32")
    outputs = {"emotion": answer(layers.Dropout(settings.dropout)(standard))}
    answer.set_weights([kernel, bias])
    if settings.adversary:
        turned = turn_gradients(standard, settings.adversary)
        guess = layers.Dense(ADVERSARY_UNITS, activation="relu", dtype="float32")(turned)
        guess = layers.Dense(speakers, dtype="float32")(guess)
        present = keras.Input((speakers,), name="present")
        outputs["speaker"] = layers.Add(name="speaker")([guess, NEVER * (1.0 - present)])
        return keras.Model({"lower": lower, "counted": counted, "present": present}, outputs)
    return keras.Model({"lower": lower, "counted": counted}, outputs)


def turn_gradients(values: keras.KerasTensor, strength: float) -> keras.KerasTensor:
    """Give values as they are, through which gradients go back turned round, times a strength."""
    return ops.stop_gradient((1.0 + strength) * values) - strength * values


def probe(
    run: Run, learnt: Sequence[Learnt]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Fit the linear head on means of the encoder's frames as it is given.

    Returns:
        Mean and deviation, (width,), of these means; float32 kernel (width, classes) and bias.
    """
    assert run.recipe.heads is not None, "as `tune` says"
    changed = {"statistics": ("mean",)}
    linear = run.recipe.heads.linear.model_copy(update=changed)
    heads = run.recipe.heads.model_copy(update={"linear": linear})
    recipe = run.recipe.model_copy(update={"heads": heads})
    kernel, bias = fit_linear(learnt, recipe, run.labels, recipe.seed)
    read = [name == "mean" for name in recipe.summary]
    space = find_space(learnt, 1, recipe.seed, read)
    is_mean = np.repeat(read, len(space.mean) // len(read))
    return space.mean[is_mean], space.std[is_mean], kernel[is_mean], bias


def draw_stretches(
    run: Run, sources: Sequence[Source], rng: np.random.Generator
) -> Iterator[tuple[dict[str, np.ndarray], dict[str, np.ndarray]]]:
    """Draw batches without end: corpora by their shares, classes evenly, versions, stretches.

    Yields:
        Inputs and targets of `build_classifier`, float32; `emotion` as `partial_loss` takes it.
    """
    recipe = run.recipe
    assert recipe.heads is not None, "as `tune` says"
    assert recipe.tuning is not None, "as `tune` says"
    settings, hidden = recipe.tuning, recipe.heads.hidden
    of_corpora = corpus_odds(hidden, [one.corpus for one in sources])
    count = 1 + max(int(one.speakers.max()) for one in sources)
    present = np.zeros((len(sources), count), dtype=np.float32)
    for row, one in zip(present, sources, strict=True):
        row[one.speakers] = 1.0
    while True:
        corpora = rng.choice(len(sources), settings.batch_size, p=of_corpora)
        drawn = [
            draw_clip(sources[corpus], hidden.original, settings.noise, rng) for corpus in corpora
        ]
        sets = np.stack([one.sets for one in drawn])
        inputs = {
            "lower": np.stack([one.lower for one in drawn]),
            "counted": np.stack([one.counted for one in drawn]),
        }
        # Mixed with nothing: the clip beside it is itself, with no share.
        targets = {"emotion": np.concatenate([sets, sets, np.ones((len(sets), 1))], axis=1)}
        if settings.adversary:
            inputs["present"] = present[corpora]
            targets["speaker"] = np.eye(count)[[one.speaker for one in drawn]]
        yield inputs, {name: values.astype(np.float32) for name, values in targets.items()}


@dataclass(frozen=True, eq=False)
class Drawn:
    """A stretch of a clip.

    Attributes:
        lower: float32 array of shape (frames, width).
        counted: float32 array of shape (frames, 1), 1 where a frame counts.
        sets: bool array of shape (2 * classes,), which are possible, and which are accepted.
        speaker: int.
    """

    lower: np.ndarray
    counted: np.ndarray
    sets: np.ndarray
    speaker: int


def draw_clip(one: Source, original: float, noise: float, rng: np.random.Generator) -> Drawn:
    """Draw a clip of a corpus, one of its versions, and a stretch of that, and disturb it."""
    clip, version = draw_version(one.odds, rng.random(), len(one.versions) - 1, original, rng)
    stretches, ranges = read_stretches(one.files[clip], one.versions[version])
    chosen = int(rng.integers(len(stretches)))
    lower, (first, last) = stretches[chosen].astype(np.float32), ranges[chosen]
    lower += noise * lower.std() * rng.standard_normal(lower.shape, dtype=np.float32)
    longest = int(MASKED * (last + 1 - first))
    if longest > 1 and rng.random() < 0.5:
        start = int(rng.integers(first, last + 2 - longest))
        lower[start : start + int(rng.integers(1, longest + 1))] = lower[first : last + 1].mean(
            axis=0
        )
    counted = np.zeros((len(lower), 1), dtype=np.float32)
    counted[first : last + 1] = 1.0
    sets = np.concatenate([one.sets.possible[clip], one.sets.accepted[clip]])
    return Drawn(lower, counted, sets, int(one.speakers[clip]))
