"""nEMO: nine Polish actors, ninety sentences, six emotions; labels in `data.tsv`.

    label neutral  happiness  sadness  anger  fear     surprised
    class neutral  happy      sad      angry  fearful  surprised

Source: Christop (2024), LREC-COLING; the table's columns at the homepage.
"""

import csv
from pathlib import Path

from ser_core.errors import refuse_lfs_pointer_file

from .clip import Clip, CorpusError, CorpusInfo, Reading

EMOTIONS = {
    "neutral": "neutral",
    "happiness": "happy",
    "sadness": "sad",
    "anger": "angry",
    "fear": "fearful",
    "surprised": "surprised",
}
COLUMNS = ("file_id", "emotion", "normalized_text", "speaker_id", "gender")

INFO = CorpusInfo(
    name="nemo",
    title="nEMO, a dataset of emotional speech in Polish",
    language="pl",
    licence="CC-BY-NC-SA-4.0",
    citation="Christop I (2024). nEMO: Dataset of Emotional Speech in Polish. LREC-COLING 2024.",
    pattern="data.tsv and samples/SPK_emotion_N.wav (or .ogg)",
    labels=tuple(EMOTIONS.values()),
    homepage="https://github.com/amu-cai/nEMO",
    access="clone https://github.com/amu-cai/nEMO, which holds data.tsv and samples/",
    hub="amu-cai/nEMO",
)


def read_clips(root: Path) -> Reading:
    """Read the rows of `data.tsv`.

    Args:
        root: the folder of data.tsv and samples/.

    Returns:
        Reading with one Clip per row; `statement` is the normalised text.

    Raises:
        CorpusError: data.tsv, samples/, a column or a file named in a row is missing, data.tsv is
            a Git LFS pointer, or a row has an unknown emotion or gender.
    """
    table = root / "data.tsv"
    samples = root / "samples"
    if not table.is_file() or not samples.is_dir():
        raise CorpusError(f"{root} holds no clip of nemo: looked for {INFO.pattern}.")
    refuse_lfs_pointer_file(table, str(table), CorpusError)
    files = {path.stem: path for path in sorted(samples.iterdir()) if path.is_file()}
    clips: dict[Path, Clip] = {}
    rows = 0
    with table.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines, delimiter="\t")
        missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
        if missing:
            raise CorpusError(
                f"{table} has no column {missing[0]}: its columns should be {', '.join(COLUMNS)}."
            )
        for row in reader:
            rows += 1
            clip = _clip(row, files, table)
            clips.setdefault(clip.path, clip)
    return Reading(list(clips.values()), second_copies=rows - len(clips))


def _clip(row: dict[str, str], files: dict[str, Path], table: Path) -> Clip:
    values = {column: (row[column] or "").strip() for column in COLUMNS}
    path = files.get(Path(values["file_id"]).stem)
    if path is None:
        raise CorpusError(f"{table} names {values['file_id']}, which is not in samples/.")
    if values["emotion"] not in EMOTIONS:
        raise CorpusError(
            f"{table} has the unknown emotion {values['emotion']!r} at {values['file_id']}: "
            f"nemo has {', '.join(EMOTIONS)}."
        )
    if values["gender"] not in ("female", "male"):
        raise CorpusError(
            f"{table} has the unknown gender {values['gender']!r} at {values['file_id']}: "
            "nemo has female and male."
        )
    return Clip(
        path=path,
        file=path.name,
        corpus=INFO.name,
        emotion=EMOTIONS[values["emotion"]],
        speaker=values["speaker_id"],
        gender=values["gender"],
        statement=values["normalized_text"],
    )
