"""Fit a recipe: pre-train once, one network per fold, then the network that ships.

    python -m train fit --recipe default --corpus ravdess=PATH --corpus nemo=PATH

Every fold writes its answers as it ends, and a run that was killed goes on at the next unfinished
fold. The schedule is fixed in the recipe, so no fold ever looks at its test speakers to decide.
"""

import hashlib
import json
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from ser_core.config import FeatureConfig
from ser_core.emotions import LABELS
from ser_core.errors import ConfigError

from . import dataset, records
from .corpora import Corpus
from .loop import Batches, Material, predict, train
from .networks import NETWORKS
from .protocols import PROTOCOLS, Fold, hold_out_speakers
from .recipe import Pretraining, Recipe, Schedule

PRETRAINING, ALL_CLIPS = 0, 99  # stand in for a fold's number where seeds are derived


@dataclass(frozen=True)
class Run:
    """What a fit works on.

    Attributes:
        recipe: Recipe.
        protocol: a name in PROTOCOLS.
        corpora: by name; the first that is not for pre-training is the one judged on.
        results: folder of the results that count, with a folder `folds` inside.
        work: folder for weights of unfinished runs.
        cache: folder of the feature cache.
    """

    recipe: Recipe
    protocol: str
    corpora: dict[str, Corpus]
    results: Path
    work: Path
    cache: Path

    @property
    def corpus(self) -> Corpus:
        """The corpus that folds are made of."""
        pretraining = self.recipe.pretraining.corpora if self.recipe.pretraining else ()
        main = [corpus for name, corpus in self.corpora.items() if name not in pretraining]
        if len(main) != 1:
            raise ConfigError(
                f"Recipe {self.recipe.name} needs exactly one corpus to be judged on beside "
                f"{', '.join(pretraining) or 'none'} for pre-training, got "
                f"{', '.join(self.corpora) or 'none'}: give each as --corpus NAME=PATH."
            )
        return main[0]

    def digest(self, material: Material, *, without: frozenset[str] = frozenset()) -> str:
        """Identify what decides the weights, so that folds of another run are never mixed in.

        Args:
            material: the clips that are learnt from.
            without: further sections of the recipe that do not matter.
        """
        skipped = {"description", "abstention", *without}
        decisive = self.recipe.model_dump(mode="json", exclude=skipped)
        digest = hashlib.sha256(json.dumps([self.protocol, decisive], sort_keys=True).encode())
        for clip in material.features:
            digest.update(clip.digest.encode())
        return digest.hexdigest()[:16]


def prepare(
    run: Run, corpus: Corpus, speeds: tuple[float, ...], *, quiet: bool = False
) -> Material:
    """Compute or fetch the features and targets of a corpus."""
    config = dataset.feature_config(run.recipe)
    features = dataset.compute(corpus.clips, config, speeds, cache=run.cache, quiet=quiet)
    present = {corpus.info.name: corpus.info.labels}
    return Material(features, dataset.targets(corpus.clips, LABELS, present))


def new_network(run: Run, config: FeatureConfig, fold: int) -> keras.Model:
    """Build the recipe's network with a fold's own seed."""
    keras.utils.set_random_seed(run.recipe.seed * 1000 + fold)
    build = NETWORKS[run.recipe.network.name]
    parameters = run.recipe.network.parameters
    return build(config.frames, config.features, len(config.labels), **parameters)


def pretrain(run: Run, *, quiet: bool = False) -> tuple[Path | None, Material | None]:
    """Pre-train on the other corpora, once for all folds.

    Returns:
        The weights' file, and the held-out speakers' clips; None, None without such a phase.
    """
    settings = run.recipe.pretraining
    if settings is None:
        return None, None
    missing = [name for name in settings.corpora if name not in run.corpora]
    if missing:
        raise ConfigError(
            f"Recipe {run.recipe.name} pre-trains on {missing[0]}: "
            f"give --corpus {missing[0]}=PATH too."
        )
    corpora = [run.corpora[name] for name in settings.corpora]
    parts = [prepare(run, corpus, settings.speeds, quiet=quiet) for corpus in corpora]
    clips = [clip for corpus in corpora for clip in corpus.clips]
    material = Material(
        [clip for part in parts for clip in part.features],
        np.concatenate([part.targets for part in parts]),
    )
    positions, held = np.arange(len(clips)), np.array([], dtype=int)
    if settings.validation_speakers:
        positions, held = hold_out_speakers(
            clips, positions, settings.validation_speakers, run.recipe.seed
        )
    validation = material.take(held) if len(held) else None
    digest = run.digest(material, without=frozenset({"training"}))
    weights = run.work / f"pretrained-{digest}.weights.h5"
    if not weights.is_file():
        learning = material.take(positions)
        train_network(run, learning, settings, PRETRAINING, validation, weights, "pre-training")
    return weights, validation


def train_network(
    run: Run,
    material: Material,
    schedule: Schedule,
    fold: int,
    validation: Material | None,
    weights: Path,
    description: str,
    initial: Path | None = None,
) -> tuple[keras.Model, FeatureConfig, list[dict[str, float]]]:
    """Train one network on all of `material` and save its last weights."""
    identity = dataset.feature_config(run.recipe)
    statistics = dataset.statistics(material.features, identity)
    config = dataset.feature_config(run.recipe, normalisation=statistics)
    network = new_network(run, config, fold)
    if initial is not None:
        fresh = network.get_layer(config.outputs.emotion).get_weights()
        network.load_weights(initial)
        # The last layer starts anew: other corpora lack some of the classes.
        network.get_layer(config.outputs.emotion).set_weights(fresh)
    augmentation = run.recipe.augmentation
    speeds = schedule.speeds if isinstance(schedule, Pretraining) else augmentation.speeds
    seed = (run.recipe.seed, fold)
    batches = Batches(material, config, augmentation, schedule, speeds, seed)
    history = train(network, batches, validation=validation, description=description)
    weights.parent.mkdir(parents=True, exist_ok=True)
    unfinished = weights.with_name(f"unfinished-{weights.name}")
    network.save_weights(unfinished)
    unfinished.replace(weights)
    return network, config, history


def fit_fold(
    run: Run,
    fold: Fold,
    material: Material,
    digest: str,
    initial: Path | None,
    validation: Material | None,
) -> None:
    """Train on a fold's training speakers and write the answers for its test speakers."""
    started = time.monotonic()
    network, config, history = train_network(
        run,
        material.take(fold.train),
        run.recipe.training,
        fold.number,
        validation,
        run.work / f"fold_{fold.number}-{digest}.weights.h5",
        name_of(fold.number),
        initial,
    )
    probabilities = predict(network, [material.features[i] for i in fold.test], config)
    records.write_fold(
        run.results,
        fold.number,
        [run.corpus.clips[i] for i in fold.test],
        probabilities,
        {
            "fold": fold.number,
            "run": digest,
            "seed": [run.recipe.seed, fold.number],
            "train_clips": len(fold.train),
            "test_clips": len(fold.test),
            "train_seconds": round(time.monotonic() - started, 1),
            "history": history,
            "versions": records.versions(),
        },
    )


def fit(run: Run, *, folds: tuple[int, ...] = (), jobs: int = 1) -> None:
    """Train whatever is not there yet: pre-training, folds, and the network on all clips.

    Networks are trained side by side, each on one core: a core that waits for no other does more
    steps a second, and the result does not depend on how many cores there are.

    Args:
        run: Run.
        folds: numbers of the folds to train, all of them and the shipped network if empty.
        jobs: int > 0, networks trained at a time.

    Raises:
        ConfigError: the results folder holds folds of another recipe or other audio.
    """
    deterministic()
    digest = run.digest(prepare(run, run.corpus, run.recipe.augmentation.speeds))
    pretrain(run)
    numbers = [fold.number for fold in PROTOCOLS[run.protocol](run.corpus.clips)]
    unknown = set(folds) - set(numbers)
    if unknown:
        raise ConfigError(f"There is no fold {min(unknown)}: the folds are {numbers}.")
    wanted = list(folds) or [*numbers, ALL_CLIPS]
    pending = [number for number in wanted if not is_done(run, number, digest)]
    for number in sorted(set(wanted) - set(pending)):
        print(f"{name_of(number)} is done")
    # A fresh process per network: TensorFlow's thread count can be set only once in each.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, max_tasks_per_child=1) as pool:
        tasks = [pool.submit(train_one, run, number) for number in pending]
        for task in as_completed(tasks):
            task.result()


def name_of(number: int) -> str:
    """What a network is called on the progress bar."""
    return "all clips" if number == ALL_CLIPS else f"fold {number}"


def is_done(run: Run, number: int, digest: str) -> bool:
    """Say whether a network of this run is trained."""
    if number == ALL_CLIPS:
        return all(path.is_file() for path in final_files(run, digest))
    return records.fold_is_done(run.results, number, digest)


def train_one(run: Run, number: int) -> None:
    """Train one network in a process of its own, on one core."""
    deterministic(threads=1)
    material = prepare(run, run.corpus, run.recipe.augmentation.speeds, quiet=True)
    digest = run.digest(material)
    initial, validation = pretrain(run, quiet=True)
    if number == ALL_CLIPS:
        fit_all(run, material, digest, initial, validation)
    else:
        fold = PROTOCOLS[run.protocol](run.corpus.clips)[number - 1]
        fit_fold(run, fold, material, digest, initial, validation)


def final_files(run: Run, digest: str) -> tuple[Path, Path]:
    """Say where the shipped network's weights and feature config are kept."""
    weights = run.work / f"all-{digest}.weights.h5"
    return weights, weights.with_suffix(".json")


def fit_all(
    run: Run, material: Material, digest: str, initial: Path | None, validation: Material | None
) -> None:
    """Train the network that ships, on all clips."""
    weights, config_file = final_files(run, digest)
    _, config, _ = train_network(
        run,
        material,
        run.recipe.training,
        ALL_CLIPS,
        validation,
        weights,
        name_of(ALL_CLIPS),
        initial,
    )
    config_file.write_text(config.to_json(), encoding="utf-8")


def validate(run: Run, fold_number: int, speakers: int) -> dict[str, float]:
    """Screen a recipe: hold out speakers of a fold's training side and report on them alone.

    The fold's test speakers are not looked at; this is what choices are made on.
    """
    deterministic()
    material = prepare(run, run.corpus, run.recipe.augmentation.speeds)
    initial, _ = pretrain(run)
    fold = PROTOCOLS[run.protocol](run.corpus.clips)[fold_number - 1]
    learn, held = hold_out_speakers(run.corpus.clips, fold.train, speakers, run.recipe.seed)
    _, _, history = train_network(
        run,
        material.take(learn),
        run.recipe.training,
        fold_number,
        material.take(held),
        run.work / f"screen_{fold_number}.weights.h5",
        f"screen fold {fold_number}",
        initial,
    )
    return history[-1]


def deterministic(threads: int | None = None) -> None:
    """Make the same seed give the same weights on the same machine.

    Args:
        threads: int, how many threads the backend may use; None for its own choice.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
        if threads is not None:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
