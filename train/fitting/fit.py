"""Fit a recipe: pre-train once, one network per fold, then the network that ships.

    python -m train fit --recipe tiny --corpus ravdess=PATH --corpus nemo=PATH --out DIR

Every fold writes its answers as it ends, and a run that was killed goes on at the next unfinished
fold. The schedule is fixed in the recipe, so no fold ever looks at its test speakers to decide.
"""

import logging
import time
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from ser_core.config.feature_config import FeatureConfig
from ser_core.config.whole_files import write_text, write_whole
from ser_core.errors import ConfigError

from ..answers import out_of_fold
from ..answers.metrics import intensity_auc
from ..data.material import Material
from ..data.processes import run_in_processes
from ..data.protocols import Fold, find_folds, hold_out_speakers
from ..data.selection import project
from ..data.storage import has_weights
from ..recipe import Schedule
from .autoencoder import learn_encoder, melt
from .batches import Batches
from .condense import install_encoder
from .distil import prepare_teacher, teach_fold
from .finished_work import find_final, find_kept, identify_finished, is_final, is_fold_finished
from .inference import answer
from .joint import answer_clips, learn_heads, prepare_summaries
from .loop import deterministic, train
from .plan import (
    ALL_CLIPS,
    PRETRAINING,
    Run,
    final_files,
    fold_weights,
    learn_config,
    name_of,
    new_network,
    prepare,
    prepare_corpora,
)
from .prepare_features import prepare_features
from .probe import encode_clips, learn_head

log = logging.getLogger(__name__)


def pretrain(run: Run, *, quiet: bool = False) -> tuple[Path | None, Material | None]:
    """Pre-train on the other corpora, once for all folds.

    Returns:
        The weights' file, and the held-out speakers' clips; None, None without such a phase.
    """
    settings = run.pretraining
    if settings is None:
        return None, None
    corpora = [run.corpora[name] for name in settings.corpora]
    material = prepare_corpora(run, corpora, run.recipe.versions(settings), quiet=quiet)
    clips = [clip for corpus in corpora for clip in corpus.clips]
    positions, held = np.arange(len(clips)), np.array([], dtype=int)
    if settings.validation_speakers:
        positions, held = hold_out_speakers(
            clips, positions, settings.validation_speakers, run.recipe.seed
        )
    validation = material.take(held) if len(held) else None
    without = frozenset({"training", "distillation"})
    weights = find_kept(run, "pretrained-{}.weights.h5", material, has_weights, without)
    if not has_weights(weights):
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
    beside: Material | None = None,
) -> tuple[keras.Model, FeatureConfig, list[dict[str, float]]]:
    """Train one network on all of `material`, phase by phase, and save its last weights."""
    recipe, seed = run.recipe, (run.recipe.seed, fold)
    config = learn_config(run, material)
    network = new_network(run, config, fold)
    if initial is not None:
        fresh = network.get_layer(config.outputs.emotion).get_weights()
        network.load_weights(initial)
        # The last layer starts anew: other corpora lack some of the classes.
        network.get_layer(config.outputs.emotion).set_weights(fresh)
    if recipe.network.parameters.get("projection"):
        project(network, material, config)
    if recipe.encoder is not None:
        install_encoder(run, network)
        heard = encode_clips(run, material.features, recipe.versions(schedule))
        history = learn_head(
            run, network, replace(material, features=heard), config, schedule, seed, description
        )
    else:
        history = learn_all(
            run, network, material, config, schedule, seed, validation, description, beside
        )
    with write_whole(weights) as unfinished:
        network.save_weights(unfinished)
    return network, config, history


def learn_all(
    run: Run,
    network: keras.Model,
    material: Material,
    config: FeatureConfig,
    schedule: Schedule,
    seed: tuple[int, int],
    validation: Material | None,
    description: str,
    beside: Material | None,
) -> list[dict[str, float]]:
    """Train every layer that is not frozen, phase by phase, in place."""
    recipe = run.recipe
    log_folder = run.logs and run.logs / recipe.name / run.protocol / description
    if recipe.autoencoder is not None:
        learn_encoder(network, recipe, material, config, seed, f"{description}, autoencoder")
    batches = Batches(material, config, recipe, schedule, seed, beside)
    history = train(
        network, batches, validation=validation, description=description, log_folder=log_folder
    )
    if recipe.fine_tuning is not None:
        melt(network, recipe.fine_tuning.layers)
        batches = Batches(material, config, recipe, recipe.fine_tuning, (*seed, 2))
        later = train(
            network, batches, validation=validation, description=f"{description}, fine-tuning"
        )
        history += [row | {"step": row["step"] + schedule.steps} for row in later]
    return history


def learn(
    run: Run,
    material: Material,
    positions: np.ndarray,
    fold: int,
    weights: Path,
    description: str,
    initial: Path | None,
    validation: Material | None,
) -> tuple[keras.Model, FeatureConfig, list[dict[str, float]]]:
    """Train a fold's network on the clips at these positions; heads have no history."""
    if run.recipe.heads is not None:
        return *learn_heads(run, positions, fold, weights), []
    learnt, beside = teach_fold(run, material, positions, fold)
    schedule = run.recipe.training
    return train_network(
        run, learnt, schedule, fold, validation, weights, description, initial, beside
    )


def answer_at(
    run: Run,
    network: keras.Model,
    material: Material,
    positions: np.ndarray,
    config: FeatureConfig,
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
    """Answer the clips at these positions: probabilities, intensities and distances, if any."""
    if run.recipe.heads is None:
        tested = [material.features[i] for i in positions]
        return *answer(network, tested, config), None
    outputs = answer_clips(run, network, positions)
    intensity = outputs.get("intensity")
    one_each = None if intensity is None else intensity[:, 0]
    return outputs["emotion"], one_each, outputs["distance"][:, 0]


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
    network, config, history = learn(
        run,
        material,
        fold.train,
        fold.number,
        fold_weights(run, fold.number, digest),
        name_of(fold.number),
        initial,
        validation,
    )
    probabilities, intensity, distances = answer_at(run, network, material, fold.test, config)
    if not (material.intensity[fold.train] >= 0).any():
        intensity = None  # what was never learnt is no answer
    known = (material.targets[fold.train] >= 0).any(axis=0)
    probabilities = np.where(known, probabilities, 0.0)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    clips, schedule = run.clips, run.recipe.training
    out_of_fold.write_fold(
        run.results,
        fold.number,
        [clips[i] for i in fold.test],
        run.labels,
        probabilities,
        intensity,
        {
            "fold": fold.number,
            "run": digest,
            "seed": [run.recipe.seed, fold.number],
            "train_clips": len(fold.train),
            "test_clips": len(fold.test),
            "passes": round(schedule.steps * schedule.batch_size / len(fold.train), 1),
            "train_seconds": round(time.monotonic() - started, 1),
            # What was fitted on the training clips, so that an audit can fit it again.
            "normalisation": config.normalisation.model_dump(),
            "selected": config.selected,
            "history": history,
            "versions": out_of_fold.versions(),
        },
        distances,
    )


def fit(run: Run, *, folds: tuple[int, ...] = (), final: bool = False, jobs: int = 1) -> None:
    """Train whatever is not there yet: pre-training, folds, and the network on all clips.

    Networks are trained side by side, each on one core: a core that waits for no other does more
    steps a second, and the result does not depend on how many cores there are.

    Args:
        run: Run.
        folds: numbers of the folds to train, all of them if empty.
        final: whether to train the network that ships too, on all clips.
        jobs: int > 0, networks trained at a time.

    Raises:
        ConfigError: the results folder holds folds of another recipe or other audio; or the
            network is to tell an intensity that no clip is labelled with.
    """
    deterministic()
    numbers = [fold.number for fold in find_folds(run.folds, folds)]
    material = prepare(run)
    if run.recipe.gives_intensity and (material.intensity < 0).all():
        raise ConfigError(
            f"Recipe {run.recipe.name} learns to tell the intensity, and no clip of "
            f"{', '.join(corpus.info.name for corpus in run.judged)} says how strongly it was "
            "acted: give --set network.parameters.intensity=false."
        )
    identity = identify_finished(run, material, numbers)
    wanted = [*numbers, *([ALL_CLIPS] if final else [])]
    pending = [number for number in wanted if not is_done(run, number, material, identity)]
    for number in sorted(set(wanted) - set(pending)):
        log.info("%s is done", name_of(number))
    if pending:
        run.identify(material)  # which raises where the encoder is missing
        pretrain(run)
        # Here, as the networks that are trained side by side would each do it, into the same files.
        prepare_teacher(run)
        prepare_features(run, material)
    # A fresh process per network: TensorFlow's thread count can be set only once in each.
    calls = [(run, number) for number in pending]
    names = [name_of(number) for number in pending]
    run_in_processes(train_one, calls, jobs=jobs, names=names, fresh=True)


def is_done(run: Run, number: int, material: Material, identity: str) -> bool:
    """Say whether a network of this run is trained."""
    if number == ALL_CLIPS:
        return is_final(find_final(run, material)[0])
    return is_fold_finished(run.results, number, identity)


def train_one(run: Run, number: int) -> None:
    """Train one network in a process of its own, on one core."""
    deterministic(threads=1)
    run = replace(run)  # what is known of its files is of another process
    material = prepare(run, quiet=True)
    digest = run.identify(material)
    initial, validation = pretrain(run, quiet=True)
    if number == ALL_CLIPS:
        fit_all(run, material, digest, initial, validation)
    else:
        (fold,) = find_folds(run.folds, (number,))
        fit_fold(run, fold, material, digest, initial, validation)


def fit_all(
    run: Run, material: Material, digest: str, initial: Path | None, validation: Material | None
) -> None:
    """Train the network that ships, on all clips."""
    weights, config_file = final_files(run, digest)
    everything = np.arange(len(material.features))
    _, config, _ = learn(
        run, material, everything, ALL_CLIPS, weights, name_of(ALL_CLIPS), initial, validation
    )
    write_text(config_file, config.to_json())


def validate(run: Run, fold_number: int, speakers: int) -> dict[str, float]:
    """Screen a recipe: hold out speakers of a fold's training side and report on them alone.

    The fold's test speakers are not looked at; this is what choices are made on.

    Raises:
        ConfigError: there is no such fold, or `speakers` would leave nobody to learn from.
    """
    (fold,) = find_folds(run.folds, (fold_number,))
    available = len({run.clips[i].speaker for i in fold.train})
    if not 0 < speakers < available:
        raise ConfigError(
            f"Fold {fold_number} trains on {available} speakers, of whom {speakers} cannot be held "
            f"out: give --validation-speakers from 1 to {available - 1}."
        )
    deterministic()
    material = prepare(run)
    initial, _ = pretrain(run)
    learners, held = hold_out_speakers(run.clips, fold.train, speakers, run.recipe.seed)
    weights = run.work / f"screen_{fold_number}.weights.h5"
    if run.recipe.heads is not None:
        prepare_summaries(run)
    name = f"screen fold {fold_number}"
    network, config, _ = learn(
        run, material, learners, fold_number, weights, name, initial, material.take(held)
    )
    probabilities, intensity, _ = answer_at(run, network, material, held, config)
    truth = material.targets[held].argmax(axis=1)
    told = {
        "accuracy": round(float((probabilities.argmax(axis=1) == truth).mean()), 4),
        "nll": round(float(-np.log(probabilities[np.arange(len(truth)), truth]).mean()), 4),
        "clips": len(held),
    }
    if intensity is not None:
        auc = intensity_auc(material.intensity[held], intensity)
        if auc is not None:
            told["intensity_auc"] = auc
    return told
