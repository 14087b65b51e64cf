"""The files of a published corpus: Parquet with or without audio, the table of labels, the card.

What stands in them is described in train/corpora/published.py.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import datasets
import pyarrow as pa
from pyarrow import parquet
from tqdm import tqdm

from ser_core.config.whole_files import write_text
from ser_core.model.files import CARD

from ..corpora import Clip, Corpus, CorpusError, published
from ..corpora.licences import licence_of
from ..corpora.overview import durations
from ..corpora.published import Description, Row
from .dataset_card import DatasetCard
from .sent_files import folder_sizes

SHARD = 500_000_000  # [bytes] of audio in a Parquet file, at most
GROUP = 32_000_000  # [bytes] of audio in memory at a time, and in a row group of the file
GROUP_ROWS = 100  # what `datasets` uses for audio, so that a single row can be fetched quickly


def write_dataset(
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
            with _open_parquet(file, features) as out:
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
                    out.write_table(_make_table(new, contents, features))
                    rows += new
                    bar.update(len(batch))
    twice = [name for name, count in Counter(row.file_name for row in rows).items() if count > 1]
    if twice:
        raise CorpusError(
            f"{corpus.info.name} has two clips that would be called {twice[0]} in one folder: "
            "rename one."
        )
    published.write_rows(rows, folder / published.METADATA)
    description = Description(
        info=corpus.info,
        clips=len(rows),
        audio=audio,
        dropped=dict(corpus.dropped),
        second_copies=corpus.second_copies,
    )
    write_text(folder / published.DESCRIPTION, description.to_json())
    size = sum(file.stat().st_size for file in data.iterdir())
    text = DatasetCard(repo, corpus, rows, features, audio, with_statement, size).render()
    write_text(folder / CARD, text)
    return folder_sizes(folder)


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


def _open_parquet(file: Path, features: datasets.Features) -> parquet.ParquetWriter:
    """Open a Parquet file as `datasets` writes them: a small change leaves most of it the same."""
    return parquet.ParquetWriter(
        file,
        features.arrow_schema,
        use_dictionary=[name for name in features if name != "audio"],
        write_page_index=True,
        use_content_defined_chunking=True,
    )


def _make_table(
    rows: Sequence[Row], contents: Sequence[bytes], features: datasets.Features
) -> pa.Table:
    table = [vars(row) for row in rows]
    if "audio" in features:
        table = [
            {"audio": {"bytes": content, "path": row["file_name"]}} | row
            for row, content in zip(table, contents, strict=True)
        ]
    return pa.Table.from_pylist(table, schema=features.arrow_schema)
