"""`ser teach` and `ser embed`: other labels from folders, and vectors."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from ser_core import EmotionRecognizer
from ser_core.model import head_fitting
from tests.support.shell import ROOT, run_ser

VOICES = {
    "still": ["tests/fixtures/speech_male.wav", "tests/fixtures/speech_polish.wav"],
    "loud": ["ser_core/ui/clips/angry.mp3", "ser_core/ui/clips/happy.mp3"],
}
MORE = {"still": "ser_core/ui/clips/plain.mp3", "loud": "ser_core/ui/clips/afraid.mp3"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that commands run in, with two labels of three recordings each."""
    for label, paths in VOICES.items():
        (tmp_path / "voices" / label).mkdir(parents=True)
        for number, path in enumerate([*paths, MORE[label]]):
            name = f"{'ann' if number else 'bob'}_{Path(path).name}"
            shutil.copy(ROOT / path, tmp_path / "voices" / label / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_folder_of_folders_becomes_a_model(folder: Path) -> None:
    done = run_ser("teach", "voices", "--out", "mine")
    assert done.status == 0, done.err
    assert "The model is in mine: ser predict --model mine FILE" in done.err
    assert all(f"  {label}: " in done.out for label in VOICES)
    taught = EmotionRecognizer.from_pretrained("mine")
    assert sorted(taught.labels) == sorted(VOICES)
    facts = json.loads(run_ser("info", "mine", "--json").out)
    assert sorted(facts["labels"]) == sorted(VOICES)
    assert facts["accuracy"] == taught.report.accuracy
    assert facts["accuracy_interval"] == list(taught.report.interval)
    clip = ROOT / VOICES["loud"][0]
    assert run_ser("predict", "--model", "mine", clip).out == f"{clip}: {taught.predict(clip)}\n"


def test_the_report_is_json_and_knows_speakers(folder: Path) -> None:
    pattern = r"(ann|bob)_[^/]*$"
    done = run_ser("teach", "voices", "--out", "mine", "--json", "--speaker-from", pattern)
    report = json.loads(done.out)
    assert report["clips"] == {"loud": 3, "still": 3}
    assert report["speakers"] == 2


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (["nowhere"], 1, "nowhere cannot be listed"),
        (["voices/still"], 1, "voices/still has no folders in it"),
        (["voices", "--speaker-from", "("], 2, "is no regular expression"),
        (["voices", "--speaker-from", "ann"], 2, "has no group"),
        (["voices", "--speaker-from", "(ann)_"], 2, "finds nobody in"),
        (["voices", "--out", "voices/mine"], 2, "would be one of the labels"),
        (["voices", "--out", "voices/still/ann_plain.mp3"], 2, "is no folder"),
        (["single"], 1, "at least two labels"),
        (["hollow"], 1, "matches no recording"),
    ],
)
def test_what_cannot_be_taught_is_one_sentence(
    folder: Path, words: list[str], status: int, sentence: str
) -> None:
    shutil.copytree("voices/still", "single/still")
    shutil.copytree("voices", "hollow")
    (folder / "hollow" / "empty").mkdir()
    out = [] if "--out" in words else ["--out", "mine"]
    done = run_ser("teach", *words, *out)
    assert (done.status, done.out, len(done.err.splitlines())) == (status, "", 1)
    assert sentence in done.err
    assert not (folder / "mine").exists()


def test_without_scikit_learn_one_sentence_comes_before_any_work(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(head_fitting, "find_spec", lambda _: None)
    done = run_ser("teach", "voices", "--out", "mine")
    assert (done.status, len(done.err.splitlines())) == (1, 1)
    assert "pip install 'ser-core[teach]'" in done.err


def test_embeddings_are_those_of_the_library(folder: Path, recognizer: EmotionRecognizer) -> None:
    names = ["voices/loud/bob_angry.mp3", "gone.wav", "voices/still/bob_speech_male.wav"]
    expected = [np.asarray(recognizer.embed(name)) for name in names[::2]]
    done = run_ser("embed", *names)
    first, second, third = map(json.loads, done.out.splitlines())
    assert done.status == 1
    np.testing.assert_array_equal([first["embedding"], third["embedding"]], expected)
    assert second["embedding"] is None
    assert "gone.wav does not exist" in done.err
    for out in ("x.npy", "x.npz"):
        assert run_ser("embed", *names, "--out", out).status == 1
    with np.load("x.npz") as kept:
        assert kept["paths"].tolist() == names
        np.testing.assert_array_equal(kept["embeddings"], np.load("x.npy"))
        np.testing.assert_array_equal(kept["embeddings"][::2], expected)
        assert np.isnan(kept["embeddings"][1]).all()
    done = run_ser("embed", names[0], "--out", "x.txt")
    assert (done.status, len(done.err.splitlines())) == (2, 1)
