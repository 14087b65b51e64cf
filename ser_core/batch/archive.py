"""One run over an archive: list it, skip what is answered, answer the rest, write the table."""

import errno
import os
import sys
import time
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any, Literal, NoReturn, get_args

from tqdm import tqdm

from ser_core.audio.channels import Channels, check_channels
from ser_core.errors import ArgumentError, BatchError, SpeechEmotionError, check_number
from ser_core.model.files import model_digest
from ser_core.recognizer import DEFAULT_MODEL, EmotionRecognizer
from ser_core.results import LabelSet
from ser_core.results.label_sets import Groups
from ser_core.timeline.embedding import require_embeddings
from ser_core.timeline.in_order import usable_cores

from .annotation_files import AnnotationFiles, AnnotationWriter
from .checkpoint import Checkpoint
from .output_table import require_writable, table_columns
from .pool import TIMEOUT, WorkerPool
from .recordings import Recording, describe_passed_over, list_recordings
from .rows import ROW_KINDS, Row, RowKind

Engine = Literal["local", "ray"]
ENGINES: tuple[Engine, ...] = get_args(Engine)

TOO_MANY_FILES = (errno.EMFILE, errno.ENFILE)  # open in this process, or on the whole machine

_REDRAW = 0.2  # [s] of the progress bar on a terminal
_REDRAW_IN_LOGS = 30.0  # [s]


@dataclass
class Summary:
    """What a run did.

    Attributes:
        out: Path of the table.
        kept: int, recordings that an earlier run had answered.
        statuses: recordings answered in this run, by status; of several segments, the last one's.
        audio_seconds: float [s] of audio in them.
        seconds: float [s] that answering took, start of the workers included.
        passed_over: files of the folders that were not taken for recordings, by why; see
            `ser_core.batch.recordings.Listing`.
    """

    out: Path
    kept: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    audio_seconds: float = 0.0
    seconds: float = 0.0
    passed_over: Counter[str] = field(default_factory=Counter)

    def count(self, rows: list[Row]) -> None:
        """Take one recording's rows into account."""
        self.statuses[rows[-1]["status"]] += 1
        self.audio_seconds += rows[0].get("duration", 0.0)

    def __str__(self) -> str:
        answered = self.statuses.total()
        parts = [f"{count:,} {status}" for status, count in sorted(self.statuses.items())]
        others = describe_passed_over(self.passed_over)
        return (
            f"{self.out}: {answered:,} recordings answered ({', '.join(parts) or 'none was new'}), "
            f"{self.kept:,} kept from before; {self.audio_seconds / 3600:.2f} h of audio in "
            f"{self.seconds:.1f} s{others and f'; passed over by name: {others}'}"
        )


def run(
    paths: str | PathLike[str] | Iterable[str | PathLike[str]],
    out: str | PathLike[str],
    *,
    model: str | PathLike[str] = DEFAULT_MODEL,
    revision: str | None = None,
    rows: RowKind = "files",
    channels: Channels = "mix",
    labels: Iterable[str] | None = None,
    group: Groups | None = None,
    annotations: str | None = None,
    engine: Engine = "local",
    workers: int | None = None,
    address: str | None = None,
    timeout: float = TIMEOUT,
    retry_errors: bool = False,
    progress: bool = True,
) -> Summary:
    """Answer every recording of an archive, and write a table.

    Started again after it was stopped in whatever way, it goes on where it was. Started again with
    a finished table, it adds what is new: recordings whose size or version changed are answered
    again, and rows of recordings that are no longer named are kept.

    Args:
        paths: one or several files, folders, globs or addresses; see
            `ser_core.batch.recordings.list_recordings`.
        out: the table, .parquet, .csv or .jsonl; rows are sorted by path.
        model: a folder, or the id of a Hub repository.
        revision: branch, tag or commit of that repository.
        rows: "files" for a row per recording, "segments" for one per stretch of one emotion,
            "embeddings" for a row per recording with its embedding, of ten minutes at most.
        channels: "mix"; or "separate" or "auto", as for `EmotionRecognizer.analyze`, for rows
            "segments", which say in a column `speaker` which channel each is of.
        labels, group: as for `EmotionRecognizer.predict`; the table has a column for each of these
            labels, and its `revision` says what they are made of.
        annotations: name of a format of `ser_core.timeline.exports.FORMATS`, such as "textgrid",
            for rows "segments": each recording gets a file of it, too, in a folder beside the
            table, `results_textgrid` for `results.csv`. Those whose file is missing are answered
            again.
        engine: "local", or "ray" for a Ray cluster.
        workers: int > 0, processes or actors; None for one per usable core.
        address: of the Ray cluster; None starts one on this machine or takes RAY_ADDRESS.
        timeout: float > 0 [s], after which one recording is given up.
        retry_errors: whether to answer again what ended in an error.
        progress: whether to draw a progress bar on stderr.

    Returns:
        Summary.

    Raises:
        ArgumentError: an argument is out of range.
        BatchError: a path matches nothing, or the output is another run's, or cannot be written.
        ModelError: the model is not there or cannot be run.
    """
    check_number("timeout", timeout, above=0)
    if workers is not None:
        check_number("workers", workers, least=1, whole=True)
    _require_choice("rows", rows, ROW_KINDS)
    _require_choice("engine", engine, ENGINES)
    check_channels(channels)
    if channels != "mix" and rows != "segments":
        raise ArgumentError(
            f"channels {channels} is for rows segments, each of which says whose it is, and got "
            f"rows {rows}: take rows segments, or leave channels out."
        )
    if annotations is not None and rows != "segments":
        raise ArgumentError(
            f"annotations {annotations} is for rows segments, and got rows {rows}: take rows "
            "segments, or leave annotations out."
        )
    paths = [paths] if isinstance(paths, (str, PathLike)) else list(paths)
    # Relative to where it was started, even if somebody changes the folder meanwhile.
    out = Path(os.path.abspath(out))
    require_writable(out)
    listing = list_recordings(paths)
    recordings = listing.recordings
    files = writer = None
    if annotations is not None:
        files = AnnotationFiles.beside(out, annotations, paths, has_speakers=channels == "separate")
        writer = AnnotationWriter(files, recordings)
    recognizer = EmotionRecognizer.from_pretrained(model, revision=revision)
    name, revision = model_identity(recognizer)
    label_set = LabelSet.of(recognizer.labels, labels, group)
    if rows == "embeddings":
        require_embeddings(recognizer.network_predictor)
        if not label_set.is_whole:
            raise ArgumentError(
                "labels and group are for answers, and rows embeddings have none: leave them out."
            )
    wanted = None
    if not label_set.is_whole:
        wanted = label_set.request()
        revision = f"{revision} ({label_set.describe()})"
    columns = table_columns(label_set.labels, rows, channels)
    options = {"model": name, "revision": revision, "rows": rows}
    if channels != "mix":  # tables of mixed channels are from before there were others, too
        options["channels"] = channels
    summary = Summary(out, passed_over=listing.passed_over)
    with _writing(out):
        checkpoint = Checkpoint(out, options, columns)
    with closing(checkpoint):
        todo = [r for r in recordings if not _is_answered(r, checkpoint, retry_errors, writer)]
        summary.kept = len(recordings) - len(todo)
        started = time.monotonic()
        if todo:
            if engine == "ray":
                from . import cluster

                answers = cluster.answer_recordings(
                    todo,
                    recognizer.directory,
                    rows,
                    count=workers,
                    address=address,
                    timeout=timeout,
                    channels=channels,
                    wanted=wanted,
                    annotations=None if files is None else asdict(files),
                )
            else:
                answers = _answer_here(
                    todo, recognizer.directory, rows, workers, timeout, channels, wanted, files
                )
            with closing(answers), _progress_bar(len(recordings), summary.kept, progress) as bar:
                for recording, answered in answers:
                    if writer is not None:
                        with _writing(Path(writer.files.folder)):
                            writer.take(recording.path, answered)
                    with _writing(out):
                        checkpoint.add(recording, answered)
                    summary.count(answered)
                    bar.update()
                    _show_hours(bar, summary, time.monotonic() - started)
        summary.seconds = time.monotonic() - started
        with _writing(out):
            checkpoint.join({"model": name, "revision": revision})
    return summary


def model_identity(recognizer: EmotionRecognizer) -> tuple[str, str]:
    """Return a model's name, and what its answers depend on: a commit, or a digest of its files."""
    if recognizer.revision is not None:
        return recognizer.source, recognizer.revision
    directory = recognizer.directory
    return directory.absolute().name, model_digest(directory)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Turn what the system refuses while a table, or a part of it, is written into a BatchError.

    An OSError stays one where too many files are open, which is no fault of the table's.
    """
    try:
        yield
    except OSError as error:
        if isinstance(error, SpeechEmotionError) or error.errno in TOO_MANY_FILES:
            raise
        raise BatchError(
            f"{path} cannot be written ({error.strerror or error}); the same command goes on once "
            "it can be."
        ) from error


def _require_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ArgumentError(f"{name} must be {' or '.join(choices)}, got {value!r:.60}.")


def _answer_here(
    recordings: list[Recording],
    directory: Path,
    kind: RowKind,
    count: int | None,
    timeout: float,
    channels: Channels,
    wanted: Mapping[str, Any] | None,
    files: AnnotationFiles | None,
) -> Generator[tuple[Recording, list[Row]]]:
    with WorkerPool(
        directory,
        kind,
        count=min(count or usable_cores(), len(recordings)),
        timeout=timeout,
        channels=channels,
        wanted=wanted,
        annotations=None if files is None else asdict(files),
    ) as pool:
        yield from pool.answer(recordings)


def _is_answered(
    recording: Recording,
    checkpoint: Checkpoint,
    retry_errors: bool,
    writer: AnnotationWriter | None,
) -> bool:
    entry = checkpoint.entries.get(recording.path)
    if entry is None or (retry_errors and entry.failed):
        return False
    if writer is not None and not entry.failed and not writer.has(recording.path):
        return False
    return (entry.size, entry.version) == (recording.size, recording.version)


def _progress_bar(total: int, kept: int, progress: bool) -> "tqdm[NoReturn]":
    return tqdm(
        total=total,
        initial=kept,
        disable=not progress,
        unit=" files",
        # tqdm's own format turns into seconds a file where those are long.
        bar_format="{l_bar}{bar}| {n_fmt}/{total_fmt} "
        "[{elapsed}<{remaining}, {rate_noinv_fmt}{postfix}]",
        dynamic_ncols=True,
        mininterval=_REDRAW if sys.stderr.isatty() else _REDRAW_IN_LOGS,
    )


def _show_hours(bar: "tqdm[NoReturn]", summary: Summary, seconds: float) -> None:
    """Show hours of audio an hour beside the files a second; drawn when the bar is."""
    if not bar.disable and seconds > 0:
        rate = summary.audio_seconds / seconds
        bar.set_postfix_str(f"{rate:,.0f} h of audio/h", refresh=False)
