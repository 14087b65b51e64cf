"""The same work on a Ray cluster: Ray Data sends recordings to actors that hold the model.

Every actor has one worker process of the local engine beside it, so a recording that kills or
stops its decoder costs what it costs there, and gives the same row. An actor or a node that is lost
is replaced by Ray, which gives its recordings to the others. The model's files and this package
travel with the job: a node needs what is in `requirements-cluster.txt`, and to reach the recordings
by the paths they are named by.
"""

import json
import logging
import os
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

import ser_core
from ser_core.audio.channels import Channels
from ser_core.errors import BatchError
from ser_core.model.files import CHECK, FEATURE_CONFIG, files_in, network_files

from .pool import WorkerPool
from .recordings import Recording
from .rows import Row, RowKind

# A task of Ray costs about as much as a short clip: enough clips to make that little, and few
# enough that every actor gets several tasks and all end together.
_MOST_IN_TASK = 64
_TASKS_AN_ACTOR = 8


class Answerer:
    """An actor: a worker process with the model, for as long as Ray keeps it."""

    def __init__(
        self,
        files: dict[str, bytes],
        kind: RowKind,
        timeout: float,
        channels: Channels,
        wanted: Mapping[str, Any] | None = None,
        annotations: Mapping[str, Any] | None = None,
    ) -> None:
        """Start the worker.

        Args:
            files: contents by name, of a model repository.
            kind: which rows to make.
            timeout: float > 0 [s], after which a recording is given up.
            channels, wanted: as for `answer_recording`.
            annotations: as for WorkerPool.
        """
        self._pool = WorkerPool(
            files,
            kind,
            count=1,
            timeout=timeout,
            channels=channels,
            wanted=wanted,
            annotations=annotations,
        )

    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Answer a batch.

        Args:
            batch: "index" and "recording", whose fields stand in a JSON list.

        Returns:
            "index", int64 array of shape (recordings,), and "rows", JSON text for each of them.
        """
        recordings = [Recording(*json.loads(text)) for text in batch["recording"]]
        index = dict(zip(recordings, batch["index"].tolist(), strict=True))
        answered = [(index[r], json.dumps(rows)) for r, rows in self._pool.answer(recordings)]
        return {
            "index": np.array([number for number, _ in answered], dtype=np.int64),
            "rows": np.array([text for _, text in answered], dtype=object),
        }


def answer_recordings(
    recordings: list[Recording],
    directory: Path,
    kind: RowKind,
    *,
    count: int | None,
    address: str | None,
    timeout: float,
    channels: Channels = "mix",
    wanted: Mapping[str, Any] | None = None,
    annotations: Mapping[str, Any] | None = None,
) -> Generator[tuple[Recording, list[Row]]]:
    """Answer recordings on a cluster, in whichever order they get done.

    Args:
        recordings: what to answer.
        directory: folder of the model.
        kind: which rows to make.
        count: int > 0, how many actors; None for as many as the cluster has CPUs now.
        address: of the cluster, as `ray.init` takes it; None starts one here, or takes RAY_ADDRESS.
            A connection that this process has already is used.
        timeout: float > 0 [s], after which a recording is given up.
        channels, wanted: as for `answer_recording`.
        annotations: as for WorkerPool.

    Yields:
        Each recording with its rows.

    Raises:
        BatchError: Ray is not installed, the cluster cannot be reached, or it gave up.
    """
    ray = _ray()
    is_ours = not ray.is_initialized()
    if is_ours:
        _connect(ray, address)
    try:
        settings = (kind, timeout, channels, wanted, annotations)
        for index, rows in _results(ray, recordings, directory, settings, count):
            yield recordings[index], rows
    except ray.exceptions.RayError as error:
        raise BatchError(
            f"The Ray cluster gave up ({type(error).__name__}: {str(error).splitlines()[0]}); what "
            "it had answered is kept: see to the cluster, and give the same command again."
        ) from error
    finally:
        if is_ours:
            ray.shutdown()


def runtime_environment() -> dict[str, Any]:
    """Return the Ray runtime environment that carries this package to every node."""
    return {"py_modules": [str(Path(ser_core.__file__).parent)]}


def _results(
    ray: Any,
    recordings: list[Recording],
    directory: Path,
    settings: tuple[RowKind, float, Channels, Mapping[str, Any] | None, Mapping[str, Any] | None],
    count: int | None,
) -> Iterator[tuple[int, list[Row]]]:
    """Yield each recording's index and rows; `settings` are an Answerer's, but for the files."""
    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)  # the command has a bar of its own
    cpus = max(1, int(ray.cluster_resources().get("CPU", 1)))
    actors = min(count or cpus, len(recordings))
    size = min(max(len(recordings) // (actors * _TASKS_AN_ACTOR), 1), _MOST_IN_TASK)
    items = [
        {"index": index, "recording": json.dumps([r.path, r.address, r.size, r.version])}
        for index, r in enumerate(recordings)
    ]
    dataset = ray.data.from_items(items, override_num_blocks=-(-len(items) // size)).map_batches(
        Answerer,
        batch_size=None,  # a block, as it was cut above
        compute=ray.data.ActorPoolStrategy(size=actors),
        num_cpus=1,
        fn_constructor_args=(_files(directory), *settings),
    )
    for row in dataset.iter_rows():
        yield int(row["index"]), json.loads(row["rows"])


def _files(directory: Path) -> dict[str, bytes]:
    present = files_in(directory)
    names = (FEATURE_CONFIG, *{CHECK}.intersection(present), *network_files(present))
    return {name: (directory / name).read_bytes() for name in names}


def _ray() -> Any:
    try:
        import ray.data
    except ImportError as error:
        raise BatchError(
            "The engine ray needs Ray, which is not installed: pip install 'ser-core[cluster]', or "
            "leave --engine out."
        ) from error
    return ray


def _connect(ray: Any, address: str | None) -> None:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # no reports to Ray's makers
    try:
        ray.init(
            address=address,
            logging_level=logging.ERROR,
            log_to_driver=False,
            runtime_env=runtime_environment(),
        )
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise BatchError(
            f"The Ray cluster at {address or 'RAY_ADDRESS'} cannot be reached "
            f"({type(error).__name__}): expected auto or the HOST:PORT that `ray start --head` "
            "printed; check that it runs."
        ) from error
