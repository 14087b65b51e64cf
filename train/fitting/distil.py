"""What a teacher answers to the clips that its pupil learns from.

The teacher is a recipe whose encoder was pre-trained on far more speech and is far too slow to
ship. A fold's teacher hears that fold's training speakers and no others, so its pupil hears of no
test speaker through it. A training clip is answered by a teacher that has not heard its speaker, so
its answers doubt where a listener to a new voice would; clips of other corpora, which have no
labels of ours, are answered by one that has heard all training speakers.

Source: knowledge distillation, Hinton et al. (2015), arXiv:1503.02531.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from ser_core.config.feature_config import FeatureConfig
from ser_core.errors import ConfigError

from ..corpora import Corpus
from ..data.material import Material
from ..data.storage import read_arrays, read_finished, write_arrays
from ..recipe import at_speeds
from .finished_work import find_kept
from .plan import Run, learn_config, new_network, prepare_corpora
from .probe import answer_encoded, encode_clips, head_of, learn_head

SHARES = 5  # of the training speakers: the teachers of each have heard the others'


def teach_fold(
    run: Run, material: Material, positions: np.ndarray, fold: int
) -> tuple[Material, Material | None]:
    """Take a fold's training clips, with the answers of the fold's teachers if it has any.

    Args:
        run: Run.
        material: the clips that folds count in.
        positions: int array, the fold's training clips.
        fold: int, its number.

    Returns:
        The training clips; and the clips of the corpora beside them, or None.
    """
    learnt = material.take(positions)
    if run.teacher is None:
        return learnt, None
    versions = run.recipe.versions(run.recipe.training)
    speeds = versions_beside(run)
    beside = prepare_corpora(run, run.beside, speeds, quiet=True) if run.beside else None
    file = find_kept(run, f"taught_{fold}-{{}}.npz", material, is_readable)
    stored = read_finished(file, read_arrays)
    if stored is None:
        write_arrays(file, answers_to(run, fold, positions, versions, speeds))
        stored = read_arrays(file)
    learnt = replace(learnt, teachings=by_clip(stored, "learnt", versions))
    if beside is not None:
        beside = replace(beside, teachings=by_clip(stored, "beside", speeds))
    return learnt, beside


def is_readable(file: Path) -> bool:
    """Say whether a file of answers is there and can be read."""
    return read_finished(file, read_arrays) is not None


def prepare_teacher(run: Run) -> None:
    """Compute what the teacher's encoder gives for all that it will be asked, for all folds."""
    if run.teacher is not None:
        encode_corpora(run.teacher, run.teacher.judged, run.recipe.versions(run.recipe.training))
        if run.beside:
            encode_corpora(run.teacher, run.beside, versions_beside(run))


def versions_beside(run: Run) -> tuple[str, ...]:
    """Name the versions of the clips that a teacher alone answers."""
    settings = run.recipe.distillation
    return () if settings is None else at_speeds(settings.speeds)


def by_clip(
    stored: Mapping[str, np.ndarray], side: str, versions: tuple[str, ...]
) -> list[dict[str, np.ndarray]]:
    """Turn arrays per version into answers per clip and version."""
    arrays = [stored[f"{side} {name}"] for name in versions]
    return [dict(zip(versions, rows, strict=True)) for rows in zip(*arrays, strict=True)]


def answers_to(
    run: Run,
    fold: int,
    positions: np.ndarray,
    versions: tuple[str, ...],
    speeds: tuple[str, ...],
) -> dict[str, np.ndarray]:
    """Train a fold's teachers, and let them answer.

    Returns:
        By side and version ("learnt speed 1.04"), float32 arrays of shape (clips, classes).
    """
    teacher = run.teacher
    assert teacher is not None, "only a run with a teacher asks for its answers"
    heard = encode_corpora(teacher, teacher.judged, versions)
    heard = heard.take(np.resize(np.arange(len(heard.features)), len(run.clips))).take(positions)
    speakers = np.array([run.clips[i].speaker for i in positions])
    order = np.random.default_rng([run.recipe.seed, fold, 3]).permutation(np.unique(speakers))
    answers = {
        f"learnt {name}": np.zeros((len(positions), heard.targets.shape[1]), dtype=np.float32)
        for name in versions
    }
    shares = min(SHARES, len(order))
    if shares < 2:
        raise ConfigError(
            f"Fold {fold} has clips of one training speaker only: a teacher answers those whom it "
            "has not heard, so there must be two or more."
        )
    for share in range(shares):
        asked = np.isin(speakers, order[share::shares])
        head, config = learn_teacher(teacher, heard.take(np.flatnonzero(~asked)), fold, share + 1)
        questions = heard.take(np.flatnonzero(asked)).features
        for name in versions:
            answers[f"learnt {name}"][asked] = answer_encoded(head, questions, config, name)
    if run.beside:
        head, config = learn_teacher(teacher, heard, fold, 0)
        others = encode_corpora(teacher, run.beside, speeds)
        for name in speeds:
            told = answer_encoded(head, others.features, config, name)
            answers[f"beside {name}"] = told.astype(np.float32)
    return answers


def learn_teacher(
    teacher: Run, heard: Material, fold: int, share: int
) -> tuple[keras.Model, FeatureConfig]:
    """Train the teacher's own layers on what its encoder heard; give them and their config."""
    config = learn_config(teacher, heard)
    network = new_network(teacher, config, fold * 10 + share)
    seed = (teacher.recipe.seed, fold, share)
    name = f"teacher of fold {fold}, {share} of {SHARES}"
    learn_head(teacher, network, heard, config, teacher.recipe.training, seed, name)
    return head_of(network), config


def encode_corpora(run: Run, corpora: list[Corpus], versions: tuple[str, ...]) -> Material:
    """Hear all clips of some corpora through the run's encoder."""
    material = prepare_corpora(run, corpora, versions, quiet=True)
    return replace(material, features=encode_clips(run, material.features, versions))
