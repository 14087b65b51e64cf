"""A corpus of one's own, as people have them: a folder per label, or a table beside recordings."""

import csv
import json
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

RATE = 16_000


def buzz(label: int, speaker: int, take: int, seconds: float = 0.6) -> np.ndarray:
    """A sound whose pitch says the label, its timbre the speaker, and whose noise is its own."""
    rng = np.random.default_rng([label, speaker, take])
    time = np.arange(round(seconds * RATE)) / RATE
    pitch = 90.0 + 25.0 * label + 2.0 * take
    tones = (np.sin(2 * np.pi * pitch * k * time) / k ** (1 + speaker % 3) for k in range(1, 12))
    return 0.1 * sum(tones) + 0.003 * rng.standard_normal(len(time))


def write_folders(
    root: Path,
    labels: Sequence[str],
    speakers: Sequence[str] = ("ada", "ben", "cy"),
    takes: int = 2,
) -> Path:
    """Write LABEL/SPEAKER_TAKE.wav."""
    for number, label in enumerate(labels):
        folder = root / label
        folder.mkdir(parents=True)
        for voice, speaker in enumerate(speakers):
            for take in range(takes):
                sound = buzz(number, voice, take)
                soundfile.write(folder / f"{speaker}_{take}.wav", sound, RATE)
    return root


def write_clips(root: Path, names: Sequence[str]) -> None:
    """Write recordings of these names, no two alike."""
    for name in names:
        number = zlib.crc32(name.encode())
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(file, buzz(number % 14, number % 3, number, 0.2), RATE)


def write_metadata(
    root: Path, rows: Sequence[dict[str, object]], name: str = "metadata.csv"
) -> None:
    """Write rows as metadata.csv, .jsonl or .parquet."""
    root.mkdir(parents=True, exist_ok=True)
    if name.endswith(".jsonl"):
        lines = [json.dumps(row, ensure_ascii=False) for row in rows]
        (root / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    elif name.endswith(".parquet"):
        import pyarrow as pa
        from pyarrow import parquet

        parquet.write_table(pa.Table.from_pylist(list(rows)), root / name)
    else:
        with (root / name).open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, list(rows[0]))
            table.writeheader()
            table.writerows(rows)
