"""Corpora on the Hugging Face Hub: fetched once, and unpacked into a local folder.

hub:user/name               its main branch
hub:user/name@REVISION      a branch, a tag, or a commit's hash
hub:user/name:CONFIG        one of several configurations of a dataset

The folder lies in huggingface_hub's cache of assets and belongs to one commit. Of a corpus that
this project published, shards are fetched one at a time and deleted when their clips are written,
so that neither memory nor disk has to hold it twice; a run that was stopped goes on with the next
shard. Of any other dataset, rows with a column of audio are streamed (hub_rows.py), and recordings
that lie there as files are fetched with the table or the folders that say what they are.
"""

import fnmatch
import functools
import hashlib
import re
import shutil
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import cached_assets_path, hf_hub_download
from huggingface_hub.utils import WeakFileLock  # type: ignore[attr-defined]  # it has no __all__
from tqdm import tqdm

from ser_core.audio.endings import has_audio_ending
from ser_core.config.whole_files import write_whole_folder
from ser_core.model.files import CARD
from ser_core.model.hub import Api, resolve
from ser_core.model.hub_faults import FAULTS, explain

from . import published
from .clip import CorpusError
from .hub_rows import LIBRARY, write_rows
from .own_folder import HOMEPAGE
from .own_recordings import TABLES

NAMESPACE = "corpora"  # where in the library's part of the cache of assets
DATASETS = "https://huggingface.co/datasets"
AT_A_TIME = 8  # files that are fetched
BATCH = 16  # clips in memory at a time
BUFFER = 65_536  # [bytes] read from a shard at a time
ADDRESS = re.compile(r"hub:([^@:/\s]+/[^@:/\s]+)(?::([^@\s]+))?(?:@(\S+))?")
FETCHING, SUFFIX = ".fetching", ".partial"


@dataclass(frozen=True)
class Address:
    """A dataset on the Hub.

    Attributes:
        repo: "user/name".
        revision: branch, tag or commit; None for main.
        configuration: of a dataset that has several; None for its only one.
    """

    repo: str
    revision: str | None
    configuration: str | None = None

    @classmethod
    def parse(cls, argument: str) -> "Address":
        """Read `hub:user/name` or `hub:user/name@REVISION`.

        Raises:
            CorpusError: it is neither.

        >>> Address.parse("hub:ada/voices@v1")
        Address(repo='ada/voices', revision='v1', configuration=None)
        """
        match = ADDRESS.fullmatch(argument)
        if match is None:
            raise CorpusError(
                "A corpus on the Hub is given as hub:user/name or hub:user/name@REVISION, not "
                f"{argument!r}."
            )
        return cls(match[1], match[3], match[2])


def fetch(address: Address) -> Path:
    """Download a corpus and unpack it, unless that was done before.

    Args:
        address: which dataset, at which revision.

    Returns:
        Folder of corpus.json, metadata.csv and one file per clip.

    Raises:
        CorpusError: there is no such dataset or revision, it cannot be seen or reached, it is no
            dataset with a column of audio, or its audio is not there or not what it should be.
    """
    api = Api()
    try:
        commit = resolve(api, address.repo, address.revision, repo_type="dataset").resolved
        shelf = cached_assets_path(LIBRARY, namespace=NAMESPACE, subfolder=address.repo)
        folder = shelf / "-".join(filter(None, (commit, address.configuration)))
        if not folder.is_dir():
            with WeakFileLock(shelf / f"{folder.name}.lock"):
                if not folder.is_dir():  # another process may have been faster
                    _unpack(api, address, commit, folder)
    except CorpusError:
        raise
    except FAULTS as error:
        sentence = explain(error, address.repo, address.revision, repo_type="dataset")
        raise CorpusError(sentence) from error
    return folder


def _unpack(api: Api, address: Address, commit: str, folder: Path) -> None:
    """Fill a folder that gets its name when all is there."""
    source = address.repo
    present = [file.rfilename for file in api.files(source, commit, repo_type="dataset")]
    if published.DESCRIPTION not in present:
        _fetch_foreign(address, commit, folder, present)
        return
    missing = [name for name in published.OURS if name not in present]
    if missing:
        raise CorpusError(
            f"{source} is no corpus that this project published: it has no {missing[0]}; make one "
            "with `python -m train publish-dataset`."
        )
    unfinished = folder.with_name(f"{commit}{SUFFIX}")
    parts = unfinished / FETCHING
    parts.mkdir(parents=True, exist_ok=True)
    for name in published.OURS:
        shutil.copyfile(_download(source, commit, name, parts), unfinished / name)
    description = published.describe(unfinished, source)
    if not description.audio:
        raise CorpusError(
            f"{source} holds the labels of {description.info.name} and no audio, so it cannot be "
            f"trained or judged on: {description.info.access}, and give it as "
            f"{description.info.name}=PATH."
        )
    digests = {row.file_name: row.sha256 for row in published.rows(unfinished, description, source)}
    for shard in fnmatch.filter(present, published.PARQUET):
        done = parts / f"{shard}.done"
        if not done.is_file():
            file = _download(source, commit, shard, parts)
            _write_clips(file, unfinished, digests, source)
            file.unlink()
            done.touch()
    absent = [name for name in digests if not (unfinished / name).is_file()]
    if absent:
        raise CorpusError(
            f"{source} holds no audio for {len(absent):,} of {len(digests):,} clips, the first of "
            f"them {absent[0]}: publish it again."
        )
    shutil.rmtree(parts)
    unfinished.rename(folder)


def _fetch_foreign(address: Address, commit: str, folder: Path, present: Collection[str]) -> None:
    """Fill a folder with the clips of a dataset that others published.

    Recordings that lie there as files are fetched as they are; rows of Parquet are streamed.
    """
    sounds = [name for name in present if has_audio_ending(name)]
    tables = [name for name in present if name.rpartition("/")[2].lower() in TABLES]
    rows = [name for name in present if name.endswith(".parquet") and name not in tables]
    if not sounds and not rows:
        raise CorpusError(
            f"{address.repo} holds no recordings: a corpus has Parquet with a column of audio, or "
            "recordings as files beside a metadata.csv or in one folder per label."
        )
    with write_whole_folder(folder) as staging:
        if sounds and not rows:
            fetch = functools.partial(_download, address.repo, commit, to=staging)
            with ThreadPoolExecutor(AT_A_TIME) as pool:
                asked = pool.map(fetch, [*tables, *sounds])
                for _ in tqdm(asked, "clips", len(tables) + len(sounds), unit="clip", disable=None):
                    pass
        else:
            name = address.configuration
            write_rows(address.repo, staging, address.repo, revision=commit, configuration=name)
        if CARD in present:
            _download(address.repo, commit, CARD, to=staging)
        (staging / HOMEPAGE).write_text(f"{DATASETS}/{address.repo}", encoding="utf-8")
        shutil.rmtree(staging / ".cache", ignore_errors=True)  # of the client's


def _download(repo: str, commit: str, name: str, to: Path) -> Path:
    """Fetch one file, or the rest of it."""
    file = hf_hub_download(repo, name, repo_type="dataset", revision=commit, local_dir=to)
    return Path(file)


def _write_clips(shard: Path, folder: Path, digests: dict[str, str], source: str) -> None:
    """Write the files that a shard holds, each after a look at its SHA-256 digest."""
    import pyarrow
    from pyarrow import parquet

    try:
        # Else the whole shard is read ahead, and stays in memory.
        with parquet.ParquetFile(shard, pre_buffer=False, buffer_size=BUFFER) as rows:
            for group in range(rows.num_row_groups):
                for batch in rows.iter_batches(BATCH, row_groups=[group], columns=["audio"]):
                    for audio in batch.column(0).to_pylist():
                        _write_clip(audio, folder, digests, source)
    except pyarrow.ArrowException as error:
        raise CorpusError(
            f"{source} has a {shard.name} that cannot be read as Parquet with a column audio: "
            "publish it again."
        ) from error


def _write_clip(
    audio: dict[str, Any] | None, folder: Path, digests: dict[str, str], source: str
) -> None:
    name = (audio or {}).get("path")
    content = (audio or {}).get("bytes")
    if name not in digests:
        raise CorpusError(
            f"{source} has audio of {name!r}, which is not in its {published.METADATA}: publish "
            "it again."
        )
    if content is None or hashlib.sha256(content).hexdigest() != digests[name]:
        raise CorpusError(
            f"{source} has audio of {name} that is not the one its {published.METADATA} describes "
            "(another SHA-256 digest): publish it again."
        )
    part = folder / FETCHING / "clip"
    part.write_bytes(content)
    part.replace(folder / name)
