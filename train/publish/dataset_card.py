"""The card of a published corpus: rendered from its rows, never from anything typed in."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import datasets
from datasets.info import DatasetInfosDict
from datasets.splits import SplitDict, SplitInfo
from huggingface_hub import DatasetCardData

from ..corpora import Corpus, published
from ..corpora.licences import licence_of
from ..corpora.overview import by_emotion_and_gender
from ..corpora.published import Row
from .hub_card import markdown_environment

TEMPLATE = Path(__file__).with_name("dataset_card.md.jinja")
TAGS = ("speech-emotion-recognition", "emotion", "speech")
SIZES = {  # the Hub's words, by the number of rows they end before
    1_000: "n<1K",
    10_000: "1K<n<10K",
    100_000: "10K<n<100K",
    1_000_000: "100K<n<1M",
}
SPLIT = "train"


@dataclass(frozen=True)
class DatasetCard:
    """Everything the card says.

    Attributes:
        repo: "user/name".
        corpus: Corpus.
        rows: of metadata.csv, one per clip.
        features: the columns of the Parquet files.
        audio: whether the audio is among them.
        with_statement: whether the column statement is filled.
        bytes: int, size of the Parquet files.
    """

    repo: str
    corpus: Corpus
    rows: Sequence[Row]
    features: datasets.Features
    audio: bool
    with_statement: bool
    bytes: int

    def front_matter(self) -> str:
        """What the Hub and `datasets` read: licence, task, size, files and columns."""
        info, licence = self.corpus.info, licence_of(self.corpus.info)
        size = next((word for end, word in SIZES.items() if len(self.rows) < end), "n>1M")
        own_terms: dict[str, Any] = {}
        if licence.hub == "other":
            name = info.licence.removeprefix("LicenseRef-").lower()
            own_terms = {"license_name": name, "license_link": licence.url}
        data = DatasetCardData(
            pretty_name=info.title,
            language=[info.language],
            license=licence.hub,
            **own_terms,
            task_categories=["audio-classification"],
            size_categories=[size],
            tags=[*TAGS, info.name],
            configs=[
                {
                    "config_name": "default",
                    "data_files": [{"split": SPLIT, "path": published.PARQUET}],
                }
            ],
        )
        splits = SplitDict()
        splits.add(SplitInfo(SPLIT, num_bytes=self.bytes, num_examples=len(self.rows)))
        about = datasets.DatasetInfo(
            features=self.features,
            splits=splits,
            download_size=self.bytes,
            dataset_size=self.bytes,
        )
        DatasetInfosDict({"default": about}).to_dataset_card_data(data)
        return data.to_yaml()

    def render(self) -> str:
        """Return the card as Markdown with front matter."""
        environment = markdown_environment()
        clips = self.corpus.clips
        people = {(clip.speaker, clip.gender) for clip in clips}
        counts = by_emotion_and_gender(self.corpus)
        seconds = [row.seconds for row in self.rows]
        template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
        return template.render(
            front_matter=self.front_matter(),
            repo=self.repo,
            info=self.corpus.info,
            licence=licence_of(self.corpus.info),
            audio=self.audio,
            with_statement=self.with_statement,
            clips=len(clips),
            hours=f"{sum(seconds) / 3600:.2f}",
            labels=list(counts),
            genders=sorted({clip.gender for clip in clips}),
            counts=counts,
            people=Counter(gender for _, gender in people),
            speakers=len(people),
            shortest=min(seconds),
            longest=max(seconds),
            middle=median(seconds),
            formats=Counter(clip.path.suffix[1:].upper() for clip in clips),
            dropped=dict(sorted(self.corpus.dropped.items())),
            second_copies=self.corpus.second_copies,
            left_out=sum(self.corpus.dropped.values()) + self.corpus.second_copies,
        )
