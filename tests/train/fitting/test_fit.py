"""Training, whole: a tiny corpus of noises, a tiny schedule, real networks and real files."""

import json
import shutil
import subprocess
import tomllib
from pathlib import Path

import h5py
import numpy as np
import pytest
import soundfile

from ser_core import LABELS, EmotionRecognizer, FeatureConfig
from ser_core.errors import ConfigError
from tests.support.commands import run_train, start_train
from tests.support.tiny_training import (
    SMALL,
    fitted_whole,
    make_corpus,
    recipe_without_pretraining,
    run_fit,
)
from train import recipe as recipes
from train.data.folder_lock import lock_folder

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def trained() -> Path:
    """A folder in which a whole fit has run."""
    return fitted_whole()


def read_weights(path: Path) -> dict[str, np.ndarray]:
    """Every array of a file of weights, by its name in it."""
    found = {}
    with h5py.File(path) as file:
        file.visititems(
            lambda name, item: found.update({name: item[()]} if hasattr(item, "shape") else {})
        )
    return found


def test_fit_writes_results_and_a_model_that_loads(trained):
    results = trained / "results" / "tiny" / "speaker"
    table = (results / "out_of_fold.csv").read_text().splitlines()
    assert table[0] == "file,speaker,fold,truth," + ",".join(LABELS)
    assert len(table) == 25
    metrics = json.loads((results / "metrics.json").read_text())
    assert metrics["clips"] == 24
    assert set(metrics["calibration"]["fold_temperatures"]) == {"1", "2", "3"}
    assert metrics == json.loads((trained / "model" / "metrics.json").read_text())

    recognizer = EmotionRecognizer.from_pretrained(trained / "model")
    assert recognizer.runtime == "LiteRT"
    assert recognizer.config.temperature == metrics["calibration"]["temperature"]
    stored = tomllib.loads((trained / "model" / "recipe.toml").read_text())
    assert stored["training"]["steps"] == 2
    described = json.loads((trained / "model" / "dataset.json").read_text())["corpora"][0]
    assert described["by_gender"] == {"female": 8, "male": 16}
    assert "24 clips" in (trained / "model" / "README.md").read_text()


def test_saved_networks_use_built_in_layers_alone(trained):
    config = json.loads((trained / "model" / "config.json").read_text())
    layers = config["config"]["layers"]
    assert all(layer["module"].startswith("keras.") for layer in layers)
    assert not any(layer.get("registered_name") for layer in layers)


def test_metrics_command_recomputes_what_fit_wrote(trained):
    results = trained / "results" / "tiny" / "speaker"
    done = run_train("metrics", results)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["clips"] == 24
    assert "agrees with out_of_fold.csv" in done.stderr


def test_metrics_command_finds_figures_that_do_not_follow(trained, tmp_path):
    results = tmp_path / "speaker"
    shutil.copytree(trained / "results" / "tiny" / "speaker", results)
    metrics = json.loads((results / "metrics.json").read_text())
    (results / "metrics.json").write_text(json.dumps(metrics | {"accuracy": 0.95}))
    done = run_train("metrics", results)
    assert done.returncode == 1
    assert "accuracy differ" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_stopped_fit_goes_on_as_people_start_it_and_gives_what_an_unbroken_one_gives(
    trained, tmp_path
):
    shutil.copytree(trained, tmp_path / "again")
    folder = tmp_path / "again"
    folds = folder / "results" / "tiny" / "speaker" / "folds"
    kept = (folds / "fold_1.csv").stat().st_mtime_ns
    undone = [path for name in ("fold_2*", "all*") for path in (folder / "work").rglob(name)]
    for path in (folds / "fold_2.csv", folds / "fold_2.json", *undone):
        path.unlink()
    shutil.rmtree(folder / "model")
    done = run_fit(folder, run=start_train)
    assert "loss=" in done.stderr
    assert "fold 1 is done" in done.stderr
    assert (folds / "fold_1.csv").stat().st_mtime_ns == kept
    for name in ("folds/fold_2.csv", "out_of_fold.csv"):
        path = Path("results") / "tiny" / "speaker" / name
        assert (folder / path).read_bytes() == (trained / path).read_bytes()
    weights, again = (place / "model" / "model.weights.h5" for place in (trained, folder))
    first, second = read_weights(weights), read_weights(again)
    assert first.keys() == second.keys()
    assert len(first) > 4
    for name, array in first.items():
        np.testing.assert_array_equal(array, second[name], name)


def test_results_of_another_recipe_are_never_mixed_in(trained):
    done = run_fit(trained, "--set", "training.learning_rate=0.1", check=False)
    assert done.returncode == 1
    assert "is of another recipe or other audio" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_corpus_for_pretraining_is_said_so(trained):
    done = run_fit(trained, "--recipe", "tiny", check=False)
    assert done.returncode == 1
    assert "learns from nemo too: give --corpus nemo=PATH" in done.stderr


def test_an_intensity_that_nobody_noted_is_not_learnt(tmp_path):
    from train.corpora import load
    from train.fitting import plan as running
    from train.fitting.fit import fit

    for file in make_corpus(tmp_path / "corpus").rglob("*.wav"):
        if "-01-01-01-01-" not in file.name:  # of neutral there is one intensity only
            file.unlink()
    recipe = recipes.load(str(recipe_without_pretraining(tmp_path)), SMALL)
    folders = {name: tmp_path / name for name in ("results", "work", "cache")}
    corpora = {"ravdess": load("ravdess", tmp_path / "corpus")}
    with pytest.raises(ConfigError, match=r"network\.parameters\.intensity=false"):
        fit(running.make_run(recipe, "speaker", corpora, **folders))


@pytest.mark.parametrize(
    ("fold", "speakers", "sentence"),
    [
        (0, 1, "There is no fold 0: the folds are 1, 2, 3"),
        (9, 1, "There is no fold 9: the folds are 1, 2, 3"),
        (1, 2, "trains on 2 speakers, of whom 2 cannot be held out"),
    ],
)
def test_a_screen_names_a_fold_there_is_and_leaves_somebody_to_learn_from(
    tmp_path, fold, speakers, sentence
):
    from train.corpora import load
    from train.fitting import plan as running
    from train.fitting.fit import fit, validate

    recipe = recipes.load(str(recipe_without_pretraining(tmp_path)), SMALL)
    folders = {name: tmp_path / name for name in ("results", "work", "cache")}
    corpora = {"ravdess": load("ravdess", make_corpus(tmp_path / "corpus"))}
    run = running.make_run(recipe, "speaker", corpora, **folders)
    with pytest.raises(ConfigError, match=sentence):
        validate(run, fold, speakers)
    if fold != 1:
        with pytest.raises(ConfigError, match=sentence):
            fit(run, folds=(fold,))


def test_model_names_the_labels_that_its_folds_could_not_rule_out(trained):
    folder = trained / "results" / "tiny" / "speaker"
    measured = json.loads((folder / "metrics.json").read_text())["conformal"]
    settings = FeatureConfig.load(trained / "model").conformal
    assert (settings.coverage, settings.threshold) == (0.9, measured["threshold"])
    assert 0.0 <= measured["coverage"] <= 1.0
    assert 1.0 <= measured["labels"] <= 8.0


def test_compare_makes_a_row_of_what_is_there(trained, capsys):
    from train.measure.compare import COLUMNS, compare, comparison_table

    (row,) = compare(trained / "results")
    metrics = json.loads((trained / "results" / "tiny" / "speaker" / "metrics.json").read_text())
    assert row["accuracy_mean"] == metrics["mean"]["accuracy"]
    assert (row["protocol"], row["folds"], row["seeds"]) == ("speaker", 3, [1])
    assert row["epochs"] == 1.0  # two steps of eight clips, sixteen to learn from
    assert row["litert_megabytes"] > 0
    assert row["feature_milliseconds"] > 0
    assert json.loads((trained / "results" / "comparison.json").read_text()) == [row]
    lines = (trained / "results" / "comparison.md").read_text().splitlines()
    assert len(lines) == 3
    assert all(line.count("|") == len(COLUMNS) + 1 for line in lines)
    assert comparison_table([row]).splitlines() == lines


def test_figures_are_drawn_from_a_results_folder(trained, tmp_path):
    from train.measure import figures

    drawn = figures.draw(trained / "results" / "tiny" / "speaker")
    assert [trace.name for trace in drawn["learning_curves"].data] == ["Fold 1", "Fold 2", "Fold 3"]
    files = figures.write_figures(drawn, tmp_path)
    assert {file.name for file in files} == {
        "learning_curves.html",
        "confusion_matrix.html",
        "reliability.html",
    }
    with pytest.raises(ConfigError, match=r"has no metrics\.json"):
        figures.draw(tmp_path)


def test_evaluate_answers_from_the_file_and_says_what_was_trained_on(trained, tmp_path):
    folder = tmp_path / "corpus" / "Actor_01"
    folder.mkdir(parents=True)
    for code, name in ((3, "speech_male"), (5, "speech_female")):
        sound, rate = soundfile.read(ROOT / "tests" / "fixtures" / f"{name}.wav")
        soundfile.write(folder / f"03-01-{code:02d}-01-01-01-01.wav", sound, rate)
    soundfile.write(folder / "03-01-06-01-01-01-01.wav", np.zeros(16_000), 16_000)
    options = ["--corpus", f"ravdess={tmp_path / 'corpus'}", "--out", tmp_path]
    done = run_train("evaluate", "--model", trained / "model", *options)
    assert done.returncode == 0, done.stderr[-2000:]
    measured = json.loads((tmp_path / "ravdess.json").read_text())
    assert (measured["asked"], measured["clips"], measured["no_speech"]) == (3, 2, 1)
    assert measured["accuracy_of_asked"] <= 2 / 3
    assert measured["trained_on_it"]
    assert "say nothing about new speakers" in done.stderr
    assert len((tmp_path / "ravdess.csv").read_text().splitlines()) == 3


def run_measure(folder: Path, name: str, *more: str) -> subprocess.CompletedProcess:
    """Run a command that measures the networks of the folds in `folder`."""
    words = [name, "--corpus", f"ravdess={folder / 'corpus'}"]
    words += ["--recipe", str(folder / "small.toml")]
    for part in ("results", "work", "cache"):
        words += [f"--{part}", str(folder / part)]
    for value in SMALL:
        words += ["--set", value]
    return run_train(*words, *more)


@pytest.mark.slow
def test_robustness_measures_the_folds_and_goes_on_where_it_stopped(trained, tmp_path):
    from train.measure.conditions import CONDITIONS

    folder = tmp_path / "again"
    shutil.copytree(trained, folder)
    done = run_measure(folder, "robustness", "--jobs", "2", "--write", str(folder / "model"))
    assert done.returncode == 0, done.stderr[-3000:]
    assert len(done.stdout.splitlines()) == len(CONDITIONS) + 2
    results = folder / "results" / "tiny" / "speaker"
    measured = json.loads((results / "robustness.json").read_text())
    assert measured == json.loads((folder / "model" / "robustness.json").read_text())
    assert [row["condition"] for row in measured["rows"]] == list(map(str, CONDITIONS))
    assert measured["clips"] == 24
    assert measured["folds"] == [1, 2, 3]
    clean, *others = measured["rows"]
    assert clean["change"] == 0.0
    for row in others:
        assert row["change"] == pytest.approx(100 * (row["accuracy"] - clean["accuracy"]), abs=0.1)

    kept = {file: file.stat().st_mtime_ns for file in (folder / "work").rglob("robustness_*.npz")}
    assert len(kept) == 3
    stopped, *_ = kept
    stopped.unlink()
    (results / "robustness.json").unlink()
    done = run_measure(folder, "robustness", "--jobs", "1")
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads((results / "robustness.json").read_text()) == measured
    again = {file: file.stat().st_mtime_ns for file in (folder / "work").rglob("robustness_*.npz")}
    assert {file for file in kept if again[file] != kept[file]} == {stopped}

    next((folder / "work").rglob("fold_2-*.weights.h5")).unlink()
    with lock_folder(results):  # which some folds alone do not care about
        done = run_measure(folder, "robustness", "--fold", "2", "--every", "4")
    assert done.returncode == 1
    assert "the network of fold 2 was trained elsewhere" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_forms_are_measured_on_speakers_that_the_folds_never_heard(trained, tmp_path):
    folder = tmp_path / "again"
    shutil.copytree(trained, folder)
    done = run_measure(folder, "forms", "--model", str(folder / "model"), "--no-waveform")
    assert done.returncode == 0, done.stderr[-3000:]
    measured = json.loads((folder / "model" / "forms.json").read_text())
    whole, half, eighths = measured["forms"]
    assert [row["form"] for row in measured["forms"]] == ["float32", "float16", "int8"]
    assert whole["bytes"] > half["bytes"]
    assert whole["bytes"] > eighths["bytes"]
    assert whole["agreement"] == 1.0
    assert half["largest_difference"] < 0.01
    assert measured["trained_on_it"]
    metrics = json.loads((folder / "model" / "metrics.json").read_text())
    assert measured["unseen"]["clips"] == metrics["clips"]
    assert len(measured["unseen"]["forms"]) == 3
    assert "The networks of the folds of tiny" in done.stdout


def test_fit_says_how_well_each_voice_is_heard(trained):
    fairness = json.loads((trained / "model" / "metrics.json").read_text())["fairness"]
    assert {name: row["gender"] for name, row in fairness["speakers"].items()} == {
        "01": "male",
        "02": "female",
        "03": "male",
    }
    assert "### By speaker and by gender" in (trained / "model" / "README.md").read_text()


def test_push_to_needs_a_model_to_publish(trained):
    done = run_train("fit", "--corpus", "ravdess=.", "--push-to", "a/b")
    assert done.returncode == 1
    assert "give --out DIR" in done.stderr


def test_an_unknown_protocol_names_the_known_ones(trained):
    done = run_fit(trained, "--protocol", "alphabetical", check=False)
    assert done.returncode == 1
    assert "use one of speaker, random, duplicated, corpus, emobox" in done.stderr


def tensorboard_tags(logs: Path) -> set[str]:
    """Read what TensorBoard would show."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    tags: set[str] = set()
    for events in logs.rglob("events.out.*"):
        accumulator = EventAccumulator(str(events))
        accumulator.Reload()
        tags |= set(accumulator.Tags()["tensors"])
    return tags


@pytest.mark.slow
def test_duplicated_has_every_clip_twice(trained, tmp_path):
    shutil.copytree(trained / "corpus", tmp_path / "corpus")
    recipe_without_pretraining(tmp_path)
    words = ["fit", "--protocol", "duplicated", "--jobs", "2"]
    words += ["--recipe", str(tmp_path / "small.toml"), "--fold", "1"]
    words += ["--corpus", f"ravdess={tmp_path / 'corpus'}"]
    for part in ("results", "work", "cache"):
        words += [f"--{part}", str(tmp_path / part)]
    words += ["--tensorboard", str(tmp_path / "logs")]
    for value in [*SMALL, "training.steps=20"]:
        words += ["--set", value]
    done = run_train(*words)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "batch_loss" in tensorboard_tags(tmp_path / "logs")
    folds = tmp_path / "results" / "tiny" / "duplicated" / "folds"
    rows = (folds / "fold_1.csv").read_text().splitlines()[1:]
    assert any(row.startswith("copy/") for row in rows)
    assert json.loads((folds / "fold_1.json").read_text())["train_clips"] + len(rows) == 48


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("training.steps=0", "training.steps is 0"),
        ("training.stepz=1", "unknown key training.stepz"),
        ("network.name=resnet", "network.name is 'resnet'"),
        ("nonsense", "section.key=value"),
        ("name.first=1", "goes through name, a plain value"),
    ],
)
def test_a_wrong_override_raises_one_sentence(override, sentence):
    with pytest.raises(ConfigError, match=sentence):
        recipes.load("tiny", [override])


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ('heads.linear.statistics=["mean", "slope"]', "linear.statistics names 'slope'"),
        ('network.parameters.statistics=["max"]', "linear.statistics names 'mean'"),
        ('network.parameters.statistics=["mean", "median"]', "give a list of mean, slope, max"),
        ('network.parameters.statistics=["mean", "mean"]', "each at most once"),
        ('network.parameters.statistics="mean"', "give a list of mean"),
        ("network.parameters.statistics=[]", "give a list of mean"),
    ],
)
def test_heads_read_statistics_that_summaries_have(override, sentence):
    with pytest.raises(ConfigError, match=sentence):
        recipes.load("default", [override])


def test_an_unknown_recipe_names_the_known_ones():
    with pytest.raises(ConfigError, match=r"use one of .*tiny"):
        recipes.load("deep")


def test_a_resolved_recipe_reads_back_as_itself(tmp_path):
    recipe = recipes.load("tiny", ["training.steps=7"])
    (tmp_path / "again.toml").write_text(recipe.to_toml(), encoding="utf-8")
    assert recipes.load(str(tmp_path / "again.toml")) == recipe
