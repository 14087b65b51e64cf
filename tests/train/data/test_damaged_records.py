"""What earlier runs left: a damaged record counts as undone, and the log says so."""

import json
import logging
from pathlib import Path

import h5py
import numpy as np
import pytest

from ser_core.config.emotions import LABELS
from ser_core.config.feature_config import FeatureConfig
from ser_core.errors import ConfigError
from tests.support.records import DAMAGE, damage
from tests.support.tiny_training import make_corpus
from train import recipe as recipes
from train.answers import out_of_fold
from train.audit.leaked_statistics import read_fold
from train.corpora import Clip, load
from train.data import feature_cache
from train.data.storage import has_weights, read_arrays, read_finished, write_arrays
from train.fitting.finished_work import is_fold_finished

ARRAYS = [kind for kind in DAMAGE if kind != "no UTF-8"]  # a zip file may have anything before it
RECORD = {
    "run": "0",
    "train_seconds": 1.5,
    "versions": {"python": "3.11.7"},
    "history": [{"step": 2, "loss": 1.0, "val_loss": None}],
    "normalisation": {"mean": [0.0], "std": [1.0]},
    "selected": None,
}


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.WARNING, logger="train")
    return caplog


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A results folder with two finished folds, with intensities."""
    for number in (1, 2):
        clip = Clip(tmp_path / "a.wav", "a.wav", "ravdess", "sad", "01", "male", intensity="strong")
        even = np.full((1, len(LABELS)), 1 / len(LABELS))
        record = RECORD | {"fold": number, "seed": [1, number]}
        out_of_fold.write_fold(tmp_path, number, [clip], LABELS, even, np.ones(1), record)
    return tmp_path


@pytest.mark.parametrize("kind", DAMAGE)
@pytest.mark.parametrize("ending", ["json", "csv", "intensity.csv"])
def test_a_fold_with_a_damaged_record_or_answers_is_undone(results, ending, kind, said):
    assert list(out_of_fold.read_records(results)) == [1, 2]
    damage(results / "folds" / f"fold_1.{ending}", kind)
    assert not is_fold_finished(results, 1, "0")
    assert is_fold_finished(results, 2, "0")
    assert f"fold_1.{ending} cannot be read, and counts as undone" in said.text
    records = out_of_fold.read_records(results)
    assert list(records) == [2]
    assert out_of_fold.read_folds(results, records).folds.tolist() == [2]
    assert list(out_of_fold.read_intensities(results, records)["fold"]) == ["2"]
    if ending == "json":
        assert read_fold(results, 1) is None
    with pytest.raises(ConfigError, match="of another recipe"):
        is_fold_finished(results, 2, "1")


def test_a_fold_killed_between_its_answers_and_its_record_is_undone(results):
    (results / "folds" / "fold_1.json").unlink()
    (results / "folds" / "fold_2.csv").unlink()
    assert out_of_fold.read_records(results) == {}
    with pytest.raises(ConfigError, match="no finished fold"):
        out_of_fold.read_folds(results, {})


def test_records_in_this_repository_are_read(said):
    records = list(Path("train/results").glob("*/*/folds/fold_*.json"))
    assert len(records) >= 80
    for folder in {record.parents[1] for record in records}:
        count = sum(record.parents[1] == folder for record in records)
        assert len(out_of_fold.read_records(folder)) == count, folder
    assert not said.text


@pytest.mark.parametrize("kind", ARRAYS)
def test_damaged_features_are_computed_again(tmp_path, kind, said):
    clips = load("ravdess", make_corpus(tmp_path / "corpus", actors=(1,))).clips[:1]
    config = feature_cache.feature_config(recipes.load("tiny"))
    (before,) = feature_cache.compute(clips, config, cache=tmp_path / "cache", quiet=True)
    (file,) = (tmp_path / "cache").rglob("*.npz")
    whole = file.read_bytes()
    damage(file, kind)
    (after,) = feature_cache.compute(clips, config, cache=tmp_path / "cache", quiet=True)
    np.testing.assert_array_equal(after.versions["original"], before.versions["original"])
    assert file.read_bytes() == whole
    assert "counts as undone" in said.text


@pytest.mark.parametrize("kind", ARRAYS)
def test_damaged_arrays_and_weights_are_none(tmp_path, kind, said):
    arrays, weights = tmp_path / "kept.npz", tmp_path / "fold_1.weights.h5"
    write_arrays(arrays, {"rows": np.arange(500.0)})
    with h5py.File(weights, "w") as file:
        file.create_dataset("layers/dense/vars/0", data=np.ones((40, 40), np.float32))
    assert read_finished(arrays, read_arrays)["rows"].tolist() == list(range(500))
    assert has_weights(weights)
    assert not said.text
    damage(arrays, kind)
    damage(weights, kind)
    assert read_finished(arrays, read_arrays) is None
    assert not has_weights(weights)
    assert said.text.count("counts as undone") == 2


@pytest.mark.parametrize("kind", [*DAMAGE, "another shape"])
def test_a_damaged_config_or_metrics_of_finished_work_is_undone(tmp_path, kind, said):
    from train.fitting.plan import read_config
    from train.measure.compare import finished_rows

    folder = tmp_path / "speaker"
    folder.mkdir()
    committed = Path("train/results/tiny/speaker")
    for name in ("metrics.json", "recipe.toml"):
        (folder / name).write_bytes((committed / name).read_bytes())
    assert len(finished_rows(folder)) == 1
    config = tmp_path / "all-0.json"
    made = feature_cache.feature_config(recipes.load("tiny"))
    config.write_text(made.to_json(), encoding="utf-8")
    assert isinstance(read_finished(config, read_config), FeatureConfig)
    assert not said.text
    for file in (folder / "metrics.json", config):
        if kind == "another shape":
            content = json.loads(file.read_text(encoding="utf-8"))
            file.write_text(json.dumps(dict.fromkeys(content, "x")), encoding="utf-8")
        else:
            damage(file, kind)
    assert finished_rows(folder) == []
    assert read_finished(config, read_config) is None
    assert said.text.count("counts as undone") == 2
