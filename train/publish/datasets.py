"""Publish a corpus on the Hub: its labels always, its audio where the licence allows that.

python -m train publish-dataset --corpus ravdess=data/ravdess --repo user/name --audio
python -m train publish-dataset --corpus iemocap=data/iemocap --repo user/name --dry-run --out DIR

What is written is described in train/corpora/published.py; `--corpus hub:user/name` reads it back.
"""

import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import datasets
import pyarrow as pa
from huggingface_hub import HfApi
from pyarrow import parquet
from tqdm import tqdm

from ser_core.errors import SpeechEmotionError
from ser_core.model.files import CARD
from ser_core.model.hub_faults import PUSH_FAULTS, explain_push

from ..corpora import Clip, Corpus, CorpusError, published
from ..corpora.licences import licence_of
from ..corpora.overview import durations
from ..corpora.published import Description, Row
from . import model_card
from .dataset_card import DatasetCard

SHARD = 500_000_000  # [bytes] of audio in a Parquet file, at most
GROUP = 32_000_000  # [bytes] of audio in memory at a time, and in a row group of the file
GROUP_ROWS = 100  # what `datasets` uses for audio, so that a single row can be fetched quickly


@dataclass(frozen=True)
class DatasetPublication:
    """What is sent, or would be.

    Attributes:
        repo: id of the dataset.
        sizes: path in the dataset -> size [bytes].
        clips: int, how many rows it has.
        about_audio: sentence that says whether the audio is among them, and why not.
        address: where it stands now; None after a dry run.
    """

    repo: str
    sizes: Mapping[str, int]
    clips: int
    about_audio: str
    address: str | None = None

    def __str__(self) -> str:
        verb = "Sent" if self.address else "Would send"
        lines = [f"{name}  {size:,} bytes" for name, size in self.sizes.items()]
        lines.append(
            f"{verb} {len(self.sizes)} files, {sum(self.sizes.values()):,} bytes, with "
            f"{self.clips:,} clips, to the dataset {self.repo}."
        )
        lines.append(self.about_audio)
        return "\n".join([*lines, *([self.address] if self.address else [])])


def publish_dataset(
    corpus: Corpus,
    repo: str,
    *,
    audio: bool = False,
    private: bool | None = None,
    replace_card: bool = False,
    dry_run: Path | None = None,
    shard_size: int = SHARD,
) -> DatasetPublication:
    """Publish a corpus in one commit that replaces what an earlier one held.

    Args:
        corpus: Corpus.
        repo: "user/name" on the Hub, made if it is not there.
        audio: whether to send the audio too.
        private: whether a new dataset is private; None for the account's own choice.
        replace_card: whether to write the card anew, losing what people wrote into it.
        dry_run: empty folder to write everything into instead of sending it.
        shard_size: int > 0, audio in a Parquet file at most [bytes].

    Returns:
        DatasetPublication.

    Raises:
        CorpusError: the licence does not allow what is asked for, a clip cannot be read, the folder
            is not empty, or the Hub does not take it.
        ConfigError: the card on the Hub is not one of ours.
    """
    about_audio = check_licence(corpus, audio)
    if dry_run is not None:
        if dry_run.exists() and (not dry_run.is_dir() or any(dry_run.iterdir())):
            raise CorpusError(f"{dry_run} is not an empty folder: name another with --out.")
        sizes = write(corpus, dry_run, repo, audio=audio, shard_size=shard_size)
        return DatasetPublication(repo, sizes, len(corpus.clips), about_audio)
    with tempfile.TemporaryDirectory() as folder:
        staging = Path(folder) / "dataset"
        # Before the work: a card of others, or no way to the Hub, is known at once.
        before = None if replace_card else _ask(model_card.on_hub, repo, repo_type="dataset")
        if before is not None:
            model_card.merge(before, before)
        write(corpus, staging, repo, audio=audio, shard_size=shard_size)
        if before is not None:
            merged = model_card.merge(before, (staging / CARD).read_text(encoding="utf-8"))
            (staging / CARD).write_text(merged, encoding="utf-8")
        address = _ask(_send, repo, staging, corpus, private)
        return DatasetPublication(repo, _sizes(staging), len(corpus.clips), about_audio, address)


def check_licence(corpus: Corpus, audio: bool) -> str:
    """Say in a sentence whether the audio is published.

    Raises:
        CorpusError: it was asked for, and the licence does not allow it.
    """
    info, licence = corpus.info, licence_of(corpus.info)
    if licence.terms is None and audio:
        raise CorpusError(
            f"The audio of {info.name} is not published, because its licence ({info.licence}) does "
            f"not allow passing it on, see {licence.url}: leave out --audio to publish its labels."
        )
    if audio:
        return f"The audio is among them: {licence.title} lets it be passed on {licence.terms}."
    if licence.terms is None:
        return (
            f"The audio is not among them, because its licence ({info.licence}) does not allow "
            "passing it on."
        )
    return (
        f"The audio is not among them: {licence.title} lets it be passed on {licence.terms}; "
        "give --audio if you want that."
    )


def write(
    corpus: Corpus, folder: Path, repo: str, *, audio: bool, shard_size: int = SHARD
) -> dict[str, int]:
    """Write all files of the dataset into a folder; at most GROUP bytes of audio are in memory.

    Args:
        corpus: Corpus.
        folder: made if it is not there.
        repo: "user/name", for the card.
        audio: whether with the audio.
        shard_size: int > 0, audio in a Parquet file at most [bytes].

    Returns:
        Path in the dataset -> size [bytes].

    Raises:
        CorpusError: a clip cannot be read.
    """
    with_statement = licence_of(corpus.info).terms is not None
    features = columns(audio)
    rows: list[Row] = []
    seconds = durations(corpus.clips)
    lengths = [clip.path.stat().st_size for clip in corpus.clips]
    parts = shards(lengths, shard_size) if audio else [slice(0, len(lengths))]
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    with tqdm(total=len(corpus.clips), desc="clips", unit="clip", disable=None) as bar:
        for number, part in enumerate(parts):
            file = data / f"train-{number:05d}-of-{len(parts):05d}.parquet"
            with _writer(file, features) as out:
                for batch in _batches(corpus.clips[part], lengths[part]):
                    contents = [clip.path.read_bytes() for clip in batch]
                    new = [
                        Row.of(
                            clip,
                            seconds[len(rows) + index],
                            hashlib.sha256(content).hexdigest(),
                            with_statement=with_statement,
                        )
                        for index, (clip, content) in enumerate(zip(batch, contents, strict=True))
                    ]
                    out.write_table(_table(new, contents, features))
                    rows += new
                    bar.update(len(batch))
    published.write_rows(rows, folder / published.METADATA)
    description = Description(
        info=corpus.info,
        clips=len(rows),
        audio=audio,
        dropped=dict(corpus.dropped),
        second_copies=corpus.second_copies,
    )
    (folder / published.DESCRIPTION).write_text(description.to_json(), encoding="utf-8")
    size = sum(file.stat().st_size for file in data.iterdir())
    text = DatasetCard(repo, corpus, rows, features, audio, with_statement, size).render()
    (folder / CARD).write_text(text, encoding="utf-8")
    return _sizes(folder)


def columns(audio: bool) -> datasets.Features:
    """The columns of the Parquet files: those of metadata.csv, and the audio where it is sent."""
    kinds = {name: "float64" if name == "seconds" else "string" for name in published.COLUMNS}
    described = {name: datasets.Value(kind) for name, kind in kinds.items()}
    # Not decoded by itself: that would need torch.
    return datasets.Features(({"audio": datasets.Audio(decode=False)} if audio else {}) | described)


def shards(lengths: Sequence[int], size: int) -> list[slice]:
    """Divide clips into runs of at most `size` bytes; a longer clip is a run of its own.

    >>> shards([4, 4, 4, 9, 1], 8)
    [slice(0, 2, None), slice(2, 3, None), slice(3, 4, None), slice(4, 5, None)]
    """
    starts, total = [0], 0
    for index, length in enumerate(lengths):
        if total + length > size and index > starts[-1]:
            starts.append(index)
            total = 0
        total += length
    return [slice(*ends) for ends in zip(starts, [*starts[1:], len(lengths)], strict=True)]


def _batches(clips: Sequence[Clip], lengths: Sequence[int]) -> Iterator[Sequence[Clip]]:
    """Divide the clips of a file into row groups."""
    for part in shards(lengths, GROUP):
        for start in range(part.start, part.stop, GROUP_ROWS):
            yield clips[start : min(start + GROUP_ROWS, part.stop)]


def _writer(file: Path, features: datasets.Features) -> parquet.ParquetWriter:
    """Open a Parquet file as `datasets` writes them: a small change leaves most of it the same."""
    return parquet.ParquetWriter(
        file,
        features.arrow_schema,
        use_dictionary=[name for name in features if name != "audio"],
        write_page_index=True,
        use_content_defined_chunking=True,
    )


def _table(rows: Sequence[Row], contents: Sequence[bytes], features: datasets.Features) -> pa.Table:
    table = [vars(row) for row in rows]
    if "audio" in features:
        table = [
            {"audio": {"bytes": content, "path": row["file_name"]}} | row
            for row, content in zip(table, contents, strict=True)
        ]
    return pa.Table.from_pylist(table, schema=features.arrow_schema)


def _send(repo: str, folder: Path, corpus: Corpus, private: bool | None) -> str:
    """Send a folder, and return the dataset's address."""
    api = HfApi()  # its token is the environment's, or that of `hf auth login`
    address = api.create_repo(repo, repo_type="dataset", private=private, exist_ok=True)
    api.upload_folder(
        repo_id=repo,
        repo_type="dataset",
        folder_path=folder,
        commit_message=f"Publish {corpus.info.name}, {len(corpus.clips):,} clips",
        # Shards of an earlier publication go in the same commit.
        delete_patterns=[published.PARQUET],
    )
    return str(address)


def _ask(call, repo: str, *arguments, **options):
    """Speak to the Hub; what goes wrong is one sentence."""
    try:
        return call(repo, *arguments, **options)
    except SpeechEmotionError:
        raise
    except PUSH_FAULTS as error:
        raise CorpusError(explain_push(error, f"the dataset {repo}")) from error


def _sizes(folder: Path) -> dict[str, int]:
    """List what a folder holds: path -> size [bytes]."""
    written = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in written}
