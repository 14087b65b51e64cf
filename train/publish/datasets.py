"""Publish a corpus on the Hub: its labels always, its audio where the licence allows that.

python -m train publish-dataset --corpus ravdess=data/ravdess --repo user/name --audio
python -m train publish-dataset --corpus iemocap=data/iemocap --repo user/name --dry-run --out DIR

What is written is described in train/corpora/published.py; `--corpus hub:user/name` reads it back.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from huggingface_hub import HfApi

from ser_core.config.whole_files import temporary_folder, write_text, write_whole_folder
from ser_core.errors import SpeechEmotionError
from ser_core.model.files import CARD
from ser_core.model.hub_faults import PUSH_FAULTS, explain_push

from ..corpora import Corpus, CorpusError, published
from ..corpora.licences import licence_of
from .dataset_files import SHARD, write_dataset
from .hub_card import fetch_card, merge_card
from .hub_place import require_place
from .sent_files import folder_sizes, list_files, require_empty

Answer = TypeVar("Answer")


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
        where = f"with {self.clips:,} clips, to the dataset {self.repo}."
        return list_files(self.sizes, f"{where}\n{self.about_audio}", self.address)


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
        CorpusError: the licence does not allow what is asked for, a clip cannot be read, or the Hub
            does not take it.
        ConfigError: the card on the Hub is not one of ours, the folder is not empty, or as
            `require_place`.
    """
    about_audio = check_licence(corpus, audio)
    if dry_run is not None:
        require_empty(dry_run)
        with write_whole_folder(dry_run) as staging:
            sizes = write_dataset(corpus, staging, repo, audio=audio, shard_size=shard_size)
        return DatasetPublication(repo, sizes, len(corpus.clips), about_audio)
    with temporary_folder() as folder:
        staging = folder / "dataset"
        # Before the work: a card of others, or no way to the Hub, is known at once.
        _ask(repo, lambda: require_place(repo, "dataset", private=private))
        before = None if replace_card else _ask(repo, lambda: fetch_card(repo, repo_type="dataset"))
        if before is not None:
            merge_card(before, before)
        write_dataset(corpus, staging, repo, audio=audio, shard_size=shard_size)
        if before is not None:
            merged = merge_card(before, (staging / CARD).read_text(encoding="utf-8"))
            write_text(staging / CARD, merged)
        address = _ask(repo, lambda: _send(repo, staging, corpus, private))
        return DatasetPublication(
            repo, folder_sizes(staging), len(corpus.clips), about_audio, address
        )


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


def _ask(repo: str, call: Callable[[], Answer]) -> Answer:
    """Speak to the Hub; what goes wrong is one sentence."""
    try:
        return call()
    except SpeechEmotionError:
        raise
    except PUSH_FAULTS as error:
        raise CorpusError(explain_push(error, f"the dataset {repo}")) from error
