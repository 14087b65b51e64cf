"""What an earlier fit finished: under which identity it is kept, and whether it is this run's.

Records of before `Run.identify` say nothing of the encoder and of the corpora beside, nor do the
names of what was kept then. Such work stays done where all of it is, and nothing is added to its
folds, which may have been learnt from something else.
"""

import logging
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from ser_core.errors import ConfigError

from ..answers import out_of_fold
from ..data.material import Material
from ..data.storage import has_weights, read_finished, read_object
from .plan import Run, final_files, read_config

log = logging.getLogger(__name__)


def identify_finished(run: Run, material: Material, wanted: Collection[int]) -> str:
    """Give the identity that the finished folds of a run are kept under.

    Where every wanted fold is finished this needs no encoder: without one, the folds are taken to
    be over the encoder that they are recorded with.

    Args:
        run: Run.
        material: the clips that folds count in.
        wanted: numbers of the folds.

    Raises:
        ConfigError: the results folder holds a fold of another recipe, other audio, another encoder
            or other corpora beside; or a fold is wanted that is not finished, and the encoder is
            not given, or the finished ones do not say what they were learnt from.
    """
    records = out_of_fold.read_records(run.results)
    known = None
    if set(wanted) <= set(records):
        known = _known_identity(run, run.digest(material))
    identity = known or run.identify(material)
    for number, record in records.items():
        _require_run(run.results, number, record, identity)
    if known and "-" not in known and (run.needs_encoder or run.list_uncounted()):
        log.warning(
            "The folds in %s are of before records said which encoder and corpora beside they were "
            "learnt from: they are taken to be of those that are given.",
            run.results,
        )
    return identity


def is_fold_finished(folder: Path, number: int, run: str) -> bool:
    """Say whether a fold of a run is finished.

    Args:
        folder: of the results.
        number: of the fold.
        run: the run's identity.

    Raises:
        ConfigError: the finished fold is of another recipe, other audio or another encoder, or does
            not say.
    """
    record = out_of_fold.read_record(folder, number)
    if record is not None:
        _require_run(folder, number, record, run)
    return record is not None


def _require_run(folder: Path, number: int, record: dict[str, Any], run: str) -> None:
    if record["run"] != run:
        raise ConfigError(
            f"{folder / 'folds' / f'fold_{number}.json'} is of another recipe or other audio, or "
            f"over another encoder, or does not say over which (run {record['run']}, now {run}): "
            f"move {folder} away, or give another folder with --results."
        )


def find_kept(
    run: Run,
    name: str,
    material: Material,
    is_whole: Callable[[Path], bool],
    without: frozenset[str] = frozenset(),
) -> Path:
    """Say where a run keeps something: under its identity, or as earlier, if it is there.

    Args:
        run: Run.
        name: file name with "{}" for the identity.
        material, without: as for `Run.identify`.
        is_whole: whether a file is there and can be read.

    Returns:
        Path in the work folder; there is nothing yet where it names no file.

    Raises:
        ConfigError: the encoder is not given, and nothing that is there says which it was.
    """
    known = _known_identity(run, run.digest(material, without=without))
    nowhere_else = run.needs_encoder and run.encoder is None
    if known and (nowhere_else or is_whole(run.work / name.format(known))):
        return run.work / name.format(known)
    return run.work / name.format(run.identify(material, without=without))


def find_final(run: Run, material: Material) -> tuple[Path, Path]:
    """Say where the shipped network's weights and feature config are, or are to be, kept."""
    weights = find_kept(run, final_files(run, "{}")[0].name, material, is_final)
    return weights, weights.with_suffix(".json")


def is_final(weights: Path) -> bool:
    """Say whether the shipped network is trained: its weights and its config can be read."""
    config = weights.with_suffix(".json")
    return has_weights(weights) and read_finished(config, read_config) is not None


def _known_identity(run: Run, digest: str) -> str | None:
    """Give what finished folds say of what is beside, behind a digest, without looking there."""
    files = out_of_fold.fold_files(run.results, "json")
    records = (read_finished(file, read_object) for file in files)
    found = {str(record.get("run")).partition("-")[2] for record in records if record is not None}
    if len(found) != 1:
        return None
    (beside,) = found
    if not beside:
        return digest
    return f"{digest}-{beside}" if run.encoder is None and run.needs_encoder else None
