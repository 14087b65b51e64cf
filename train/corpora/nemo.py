"""nEMO: nine Polish actors, ninety sentences, six emotions; labels in `data.tsv`."""

import csv
from pathlib import Path

from .clip import Clip, CorpusError, CorpusInfo

EMOTIONS = {
    "neutral": "neutral",
    "happiness": "happy",
    "sadness": "sad",
    "anger": "angry",
    "fear": "fearful",
    "surprised": "surprised",
}

INFO = CorpusInfo(
    name="nemo",
    title="nEMO, a dataset of emotional speech in Polish",
    language="pl",
    licence="CC-BY-NC-SA-4.0",
    citation="Christop I (2024). nEMO: Dataset of Emotional Speech in Polish. LREC-COLING 2024.",
    pattern="data.tsv and samples/SPK_emotion_N.wav (or .ogg)",
    labels=tuple(EMOTIONS.values()),
)


def read(root: Path) -> list[Clip]:
    """Read the rows of `data.tsv` whose file is there.

    Args:
        root: the folder of data.tsv and samples/.

    Returns:
        One Clip per row.

    Raises:
        CorpusError: data.tsv is missing, a label is unknown, or a file named in it is missing.
    """
    table = root / "data.tsv"
    if not table.is_file():
        raise CorpusError(f"{root} holds no clip of nemo: looked for {INFO.pattern}.")
    files = {path.stem: path for path in (root / "samples").iterdir() if path.is_file()}
    clips = []
    with table.open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows, delimiter="\t"):
            path = files.get(Path(row["file_id"]).stem)
            if path is None:
                raise CorpusError(f"{table} names {row['file_id']}, which is not in samples/.")
            if row["emotion"] not in EMOTIONS:
                raise CorpusError(f"{table} has the unknown emotion {row['emotion']!r}.")
            clips.append(
                Clip(
                    path=path,
                    file=path.name,
                    corpus=INFO.name,
                    emotion=EMOTIONS[row["emotion"]],
                    speaker=row["speaker_id"].strip(),
                    gender=row["gender"].strip(),
                    statement=row["normalized_text"],
                )
            )
    return clips
