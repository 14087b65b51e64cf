"""Training on recordings and labels of one's own, from the command line to a model that answers."""

import json
import os
import re
import shlex
import shutil
import tomllib
from pathlib import Path

import pytest

from ser_core import LABELS, EmotionRecognizer
from tests.support.commands import run_train
from tests.support.own_corpus import write_folders
from tests.support.recordings import FIXTURES
from tests.support.shared import keep
from tests.support.tiny_training import SMALL
from train.corpora import Layout, load
from train.recipe import load as load_recipe

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "train.md").read_text(encoding="utf-8")
FOURTEEN = ("happy", "angry", *(f"mood {number:02d}" for number in range(12)))


def documented() -> list[list[str]]:
    """The commands of the page's section, as words behind `python -m train`."""
    section = PAGE.partition("## Train on your own recordings\n")[2].partition("\n## ")[0]
    (block,) = re.findall(r"```sh\n(.*?)```", section, flags=re.DOTALL)
    lines = [shlex.split(line) for line in block.splitlines()]
    return [words[3:] for words in lines if words[:3] == ["python", "-m", "train"]]


def run(folder: Path, *words: str) -> str:
    environment = dict(os.environ) | {"BROWSER_PATH": str(folder / "none"), "PYTHONPATH": str(ROOT)}
    done = run_train(*words, environment=environment, folder=folder)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout + done.stderr


def follow_the_page(folder: Path) -> None:
    """Do what the page says, with a network and a schedule as small as a test wants them."""
    root = write_folders(folder / "recordings", ("bored", "engaged"), ("ada", "ben"))
    shutil.copy(FIXTURES / "speech_female.wav", root / "bored" / "ada_9.wav")
    shutil.copy(FIXTURES / "speech_male.wav", root / "engaged" / "ben_9.wav")
    for words in documented():
        small = [word for value in SMALL for word in ("--set", value)]
        more = [*small, "--jobs", "1"] if words[0] == "fit" else []
        said = run(folder, *words, *more)
        (folder / f"{words[0]}.txt").write_text(said, encoding="utf-8")


def fit_fourteen(folder: Path) -> None:
    """Fit fourteen labels of recordings that name no speakers, with another recipe."""
    write_folders(folder / "moods", FOURTEEN, ("who",))
    words = ["fit", "--recipe", "kbest_dense", "--corpus", "moods=moods", "--jobs", "1"]
    for value in ("features.blocks=[{name='mfcc', n_mfcc=8}]", "features.select=12"):
        words += ["--set", value]
    words += ["--set", "training.steps=2", "--set", "training.warmup=1", "--results", "results"]
    (folder / "fit.txt").write_text(run(folder, *words, "--out", "model"), encoding="utf-8")


@pytest.fixture(scope="module")
def followed() -> Path:
    return keep("own labels", follow_the_page)


@pytest.fixture(scope="module")
def fourteen() -> Path:
    return keep("fourteen labels", fit_fourteen)


def test_the_page_s_commands_are_those_that_are_run() -> None:
    assert [words[0] for words in documented()] == ["corpus", "fit", "evaluate", "publish"]


@pytest.mark.slow
def test_following_the_page_gives_a_model_of_one_s_own_labels(followed: Path) -> None:
    told = (followed / "corpus.txt").read_text()
    assert "mine: 10 recordings, 2 speakers, 2 labels: bored 5, engaged 5." in told
    recognizer = EmotionRecognizer.from_pretrained(followed / "runs" / "mine")
    assert recognizer.labels == ("bored", "engaged")
    answer = recognizer.predict(FIXTURES / "speech_male.wav")
    assert list(answer.probabilities) == ["bored", "engaged"]
    metrics = json.loads((followed / "runs" / "mine" / "metrics.json").read_text())
    assert (metrics["protocol"], metrics["speakers"], metrics["clips"]) == ("speaker", 2, 10)
    assert metrics["labels"] == ["bored", "engaged"]
    assert "notes" not in metrics
    (described,) = json.loads((followed / "runs" / "mine" / "dataset.json").read_text())["corpora"]
    assert described["by_emotion"] == {"bored": 5, "engaged": 5}
    table = (followed / "runs" / "results" / "own" / "speaker" / "out_of_fold.csv").read_text()
    assert table.startswith("file,speaker,fold,truth,bored,engaged\nbored/ben_0.wav,ben,1,bored,")
    assert "say nothing about new speakers" in (followed / "evaluate.txt").read_text()
    assert "Would send" in (followed / "publish.txt").read_text()


@pytest.mark.slow
def test_the_card_speaks_of_these_labels_alone(followed: Path) -> None:
    card = (followed / "runs" / "publication" / "README.md").read_text(encoding="utf-8")
    assert "Recognises 2 labels in recordings of speech (bored, engaged)" in card
    assert "## Evaluation: unseen speakers" in card
    assert "| mine | training and evaluation | 10 |" in card
    own = card.partition("## Speech gate")[0] + card.partition("## Limits")[2]
    for word in ("RAVDESS", "actors", " eight ", "calm", "top three"):
        assert word not in own


@pytest.mark.slow
def test_fourteen_labels_without_speakers_are_judged_by_random_folds(fourteen: Path) -> None:
    told = (fourteen / "fit.txt").read_text()
    assert "WARNING: moods names no speakers, so folds are of random clips" in told
    folder = fourteen / "results" / "kbest_dense" / "random"
    metrics = json.loads((folder / "metrics.json").read_text())
    assert (metrics["speakers"], metrics["by_speaker"]) == (0, {})
    assert len(metrics["folds"]) == 2  # as many as a label has clips
    low, high = metrics["accuracy_interval"]
    assert low < high  # over clips
    assert "one voice may stand on both sides" in metrics["notes"][0]
    assert not {"fairness", "adaptation"} & set(metrics)
    card = (fourteen / "model" / "README.md").read_text(encoding="utf-8")
    assert "## Evaluation: random clips" in card
    assert f"**{metrics['notes'][0]}**" in card
    recognizer = EmotionRecognizer.from_pretrained(fourteen / "model")
    assert recognizer.labels == FOURTEEN
    assert len(recognizer.predict(FIXTURES / "speech_male.wav").probabilities) == 14
    done = run_train("metrics", folder)
    assert "agrees with out_of_fold.csv" in done.stderr


@pytest.mark.slow
def test_other_labels_of_the_same_recordings_are_another_run(
    fourteen: Path, tmp_path: Path
) -> None:
    shutil.copytree(fourteen, tmp_path / "again")
    renamed = tmp_path / "again" / "moods"
    (renamed / "happy").rename(renamed / "glad")
    words = ["fit", "--recipe", "kbest_dense", "--corpus", "moods=moods", "--results", "results"]
    for value in ("features.blocks=[{name='mfcc', n_mfcc=8}]", "features.select=12"):
        words += ["--set", value]
    words += ["--set", "training.steps=2", "--set", "training.warmup=1"]
    done = run_train(*words, folder=tmp_path / "again", environment=dict(os.environ))
    assert done.returncode == 1
    assert "is of another recipe or other audio" in done.stderr


def make_run(root: Path, *overrides: str):
    from train.fitting.plan import make_run

    recipe = load_recipe("own", list(overrides))
    folders = {name: root / name for name in ("results", "work", "cache")}
    corpus = load("talks", write_folders(root / "talks", ("happy", "bored"), takes=1), Layout())
    return make_run(recipe, "random", {"talks": corpus}, **folders)


def test_the_classes_of_a_run_come_from_its_corpora_unless_the_recipe_names_them(tmp_path):
    assert make_run(tmp_path / "a").labels == ("happy", "bored")
    assert make_run(tmp_path / "b", 'labels=["bored", "happy"]').labels == ("bored", "happy")
    stored = tomllib.loads(load_recipe("own").to_toml())
    assert "labels" not in stored


def test_one_label_is_nothing_to_learn_from(tmp_path: Path) -> None:
    corpus = tmp_path / "talks"
    write_folders(corpus, ("bored",), takes=1)
    words = ["fit", "--recipe", "own", "--corpus", f"talks={corpus}", "--results", tmp_path]
    done = run_train(*words, "--protocol", "random")
    assert done.returncode == 1
    assert "error: talks has one label, bored, from which there is nothing to learn" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_eight_emotions_are_those_of_the_corpora_they_come_from() -> None:
    from train.corpora import CORPORA, order_labels

    found = order_labels(label for module in CORPORA.values() for label in module.INFO.labels)
    assert found == LABELS
