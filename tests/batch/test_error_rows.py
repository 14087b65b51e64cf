"""Rows of recordings that cannot be used say what else is known of them."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from ser_core.batch.recordings import Recording
from ser_core.batch.rows import answer_recording
from tests.support.recordings import voice


@pytest.mark.parametrize("kind", ["files", "segments"])
def test_a_cut_recording_that_is_clipped_says_both(recognizer, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "loud.wav"
    loud = np.clip(8 * np.resize(voice("speech_male.wav"), 64_000), -1, 1)
    soundfile.write(path, loud, 16_000, subtype="PCM_16")
    path.write_bytes(path.read_bytes()[:100_000])
    *_, row = answer_recording(recognizer, Recording(str(path), str(path), None, None), kind)
    assert row["status"] == "error"
    assert "cut off" in row["error"]
    assert "clipped" in row["notes"]
