"""A Git LFS pointer is called that, wherever it stands: for a recording, a model or a table."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ser_core import DEFAULT_MODEL, EmotionRecognizer
from ser_core.audio import load_audio
from ser_core.errors import (
    AudioFormatError,
    ConfigError,
    ModelError,
    SpeechEmotionError,
    refuse_lfs_pointer,
)
from ser_core.model.files import FEATURE_CONFIG, METRICS, load_content
from ser_core.model.keras_runtime import load_keras_network
from train.corpora import crema_d, emovo, nemo
from train.networks.whisper_weights import whisper

POINTER = (
    b"version https://git-lfs.github.com/spec/v1\n"
    b"oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\n"
    b"size 12345\n"
)
SENTENCE = r"is a Git LFS pointer, not the file itself: run `git lfs pull`"


@pytest.mark.parametrize(
    "content",
    [
        POINTER,
        POINTER.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + POINTER,
        POINTER.replace(b"git-lfs", b"hawser"),
        POINTER.replace(b"\noid", b"\next-0-foo sha256:12\noid"),
    ],
)
def test_every_form_of_a_pointer_is_known(content):
    with pytest.raises(SpeechEmotionError, match=f"^x.wav {SENTENCE}"):
        refuse_lfs_pointer(content, "x.wav", SpeechEmotionError)


@pytest.mark.parametrize("content", [b"", b"version 2", b"# version https://git-lfs.github.com/"])
def test_other_content_is_none(content):
    refuse_lfs_pointer(content, "x.wav", SpeechEmotionError)


def test_as_a_recording_by_path_and_as_bytes(tmp_path):
    (tmp_path / "clip.wav").write_bytes(POINTER)
    with pytest.raises(AudioFormatError, match=f"^clip.wav {SENTENCE}"):
        load_audio(tmp_path / "clip.wav")
    with pytest.raises(AudioFormatError, match=f"^The audio {SENTENCE}"):
        load_audio(POINTER)


@pytest.mark.parametrize("name", ["model.int8.tflite", FEATURE_CONFIG])
def test_as_a_file_that_a_model_needs(tmp_path, name):
    folder = shutil.copytree(DEFAULT_MODEL, tmp_path / "model")
    (folder / name).write_bytes(POINTER)
    with pytest.raises((ModelError, ConfigError), match=f"^{name} {SENTENCE}"):
        EmotionRecognizer.from_pretrained(folder)


@pytest.mark.parametrize("name", ["config.json", "model.weights.h5"])
def test_as_a_file_that_keras_would_read(tmp_path, name):
    for part in ("config.json", "metadata.json", "model.weights.h5"):
        (tmp_path / part).write_bytes(POINTER if part == name else b"{}")
    with pytest.raises(ModelError, match=f"^{name} {SENTENCE}"):
        load_keras_network(tmp_path)


def test_as_what_was_measured(tmp_path):
    (tmp_path / METRICS).write_bytes(POINTER)
    with pytest.raises(ConfigError, match=f"^{METRICS} {SENTENCE}"):
        load_content(tmp_path, METRICS)


def test_as_an_encoder(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(POINTER)
    with pytest.raises(ConfigError, match=SENTENCE):
        whisper(str(tmp_path))


@pytest.mark.parametrize(
    ("read", "name"),
    [
        (crema_d.read_clips, "AudioWAV/1001_DFA_ANG_XX.wav"),
        (emovo.read_clips, "dis-f1-b1.wav"),
        (emovo.read_clips, "metadata.csv"),
        (nemo.read_clips, "data.tsv"),
    ],
)
def test_as_a_file_of_a_corpus(tmp_path, read: Callable[[Path], object], name):
    (tmp_path / "samples").mkdir()
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(POINTER)
    with pytest.raises(SpeechEmotionError, match=f"{name} {SENTENCE}"):
        read(tmp_path)
