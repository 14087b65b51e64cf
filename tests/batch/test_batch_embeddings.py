"""An archive's embeddings: one row a recording, in every format, to the bit."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from pyarrow import parquet

from ser_core import ArgumentError, EmotionRecognizer, ModelError
from ser_core.batch import output_table, run
from ser_core.batch.output_table import read_table, table_columns
from tests.support.recordings import VOICES
from tests.support.tiny_models import write_tiny_model


@pytest.fixture
def archive(tmp_path: Path, fixtures: Path) -> Path:
    folder = tmp_path / "archive"
    folder.mkdir()
    for name in VOICES:
        shutil.copy(fixtures / name, folder / name)
    soundfile.write(folder / "a silence.wav", np.zeros(32_000), 16_000)
    (folder / "broken.wav").write_bytes(b"RIFF, or so it says")
    return folder


def test_every_format_holds_the_embeddings_to_the_bit(
    archive: Path, tmp_path: Path, recognizer: EmotionRecognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output_table, "_VECTORS", 2)  # several groups of a Parquet file
    expected = {str(archive / name): recognizer.embed(archive / name).vector for name in VOICES}
    columns = table_columns(recognizer.labels, "embeddings")
    for suffix in (".parquet", ".jsonl", ".csv"):
        out = tmp_path / f"out{suffix}"
        for _ in range(2):  # again, which takes its rows out of the table
            summary = run([archive], out, rows="embeddings", workers=1, progress=False)
            rows = {row["path"]: row for row in read_table(out, columns)}
        assert summary.kept == 5
        for path, vector in expected.items():
            assert rows[path]["status"] == "embedded"
            assert np.array_equal(np.array(rows[path]["embedding"], np.float32), vector)
        assert rows[str(archive / "a silence.wav")]["status"] == "no_speech"
        assert rows[str(archive / "a silence.wav")]["embedding"] is None
        assert rows[str(archive / "broken.wav")]["status"] == "error"
        assert rows[str(archive / "broken.wav")]["error"]
    table = parquet.read_table(tmp_path / "out.parquet")
    assert str(table.schema.field("embedding").type) == "list<element: float>"
    assert parquet.ParquetFile(tmp_path / "out.parquet").num_row_groups == 3
    first = json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    assert len(first["embedding"]) == recognizer.embedding_size


def test_what_has_no_embeddings_is_refused_before_any_work(archive: Path, tmp_path: Path) -> None:
    old = write_tiny_model(tmp_path / "model")
    with pytest.raises(ModelError, match="gives no embeddings"):
        run([archive], tmp_path / "out.csv", model=old, rows="embeddings", progress=False)
    with pytest.raises(ArgumentError, match="rows embeddings have none: leave them out"):
        run([archive], tmp_path / "out.csv", rows="embeddings", labels=["sad", "calm"])
    with pytest.raises(ArgumentError, match="channels auto is for rows segments"):
        run([archive], tmp_path / "out.csv", rows="embeddings", channels="auto")
