"""What was finished before records said over which encoder stays done, and nothing is mixed in."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from ser_core.config.emotions import LABELS
from ser_core.errors import ConfigError
from tests.support.tiny_heads import heads_run, write_corpora
from train import corpora
from train import recipe as recipes
from train.answers import out_of_fold
from train.data import feature_cache
from train.data.feature_cache import Features
from train.data.material import Material
from train.data.storage import has_weights
from train.fitting import fit as fitting
from train.fitting import plan
from train.fitting.finished_work import find_final, find_kept
from train.fitting.plan import ALL_CLIPS, Run, make_run, prepare

RECORD = {"train_seconds": 1.0, "versions": {}, "history": []}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Corpora, and a cache of their features."""
    folder = tmp_path_factory.mktemp("corpora")
    write_corpora(folder)
    return folder


@pytest.fixture
def run(folder: Path, tmp_path: Path) -> Run:
    return replace(heads_run(folder), results=tmp_path / "results", work=tmp_path / "work")


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The networks that a fit would train."""
    numbers: list[int] = []
    monkeypatch.setattr(fitting, "deterministic", lambda: None)
    monkeypatch.setattr(fitting, "prepare_features", lambda run, material: None)
    monkeypatch.setattr(
        fitting,
        "run_in_processes",
        lambda work, calls, **how: numbers.extend(number for _, number in calls),
    )
    return numbers


def write_folds(run: Run, identity: str, numbers: Sequence[int] = ()) -> None:
    """Write folds as if they had been finished; all of them where no number is given."""
    even = np.full((1, len(LABELS)), 1 / len(LABELS))
    for number in numbers or [fold.number for fold in run.folds]:
        record = RECORD | {"fold": number, "run": identity, "seed": [1, number]}
        out_of_fold.write_fold(run.results, number, [run.clips[0]], LABELS, even, None, record)


def write_weights(run: Run, name: str) -> Path:
    run.work.mkdir(exist_ok=True)
    with h5py.File(run.work / f"{name}.weights.h5", "w") as file:
        file["bias"] = np.zeros(1)
    if name.startswith("all-"):
        config = feature_cache.feature_config(run.recipe, run.labels)
        (run.work / f"{name}.weights.json").write_text(config.to_json(), encoding="utf-8")
    return run.work / f"{name}.weights.h5"


@pytest.mark.parametrize("is_old", [True, False])
def test_finished_work_stays_done_without_its_encoder(run, trained, caplog, is_old):
    caplog.set_level(logging.WARNING, logger="train")
    material = prepare(run, quiet=True)
    identity = run.digest(material) if is_old else run.identify(material)
    write_folds(run, identity)
    weights = write_weights(run, f"all-{identity}")
    without = replace(run, encoder=None)
    for one in (run, without):
        fitting.fit(one, final=True)
        assert find_final(one, material) == (weights, weights.with_suffix(".json"))
    assert trained == []
    assert ("of before records said which encoder" in caplog.text) is is_old


def test_what_old_folds_lack_is_kept_under_the_encoder_it_is_of(run, trained):
    material = prepare(run, quiet=True)
    write_folds(run, run.digest(material))
    fitting.fit(run, final=True)
    assert trained == [ALL_CLIPS]
    weights = write_weights(run, f"all-{run.identify(material)}")
    assert find_final(run, material)[0] == weights
    with pytest.raises(ConfigError, match="give --encoder"):
        fitting.fit(replace(run, encoder=None), final=True)


def test_weights_of_an_old_fold_are_found(run):
    material = prepare(run, quiet=True)
    old = write_weights(run, f"fold_1-{run.digest(material)}")
    name = "fold_1-{}.weights.h5"
    assert find_kept(run, name, material, has_weights).name == name.format(run.identify(material))
    write_folds(run, run.digest(material))
    assert find_kept(run, name, material, has_weights) == old


def test_no_fold_is_added_to_those_that_do_not_say_what_they_are_over(run, trained):
    write_folds(run, run.digest(prepare(run, quiet=True)), [1])
    fitting.fit(run, folds=(1,))
    with pytest.raises(ConfigError, match="does not say over which"):
        fitting.fit(run, folds=(2,))
    assert trained == []


def test_no_fold_is_added_to_those_of_another_encoder(run, trained):
    write_folds(run, run.digest(prepare(run, quiet=True)) + "-another", [1])
    with pytest.raises(ConfigError, match="over another encoder"):
        fitting.fit(run, folds=(2,))
    assert trained == []


def test_files_are_read_once_and_another_teacher_pretrains_the_same(folder, monkeypatch):
    given = {name: corpora.load(name, folder / name) for name in ("ravdess", "nemo")}
    folders = {"results": folder, "work": folder, "cache": folder / "cache" / "features"}
    recipe = recipes.load("taught", ["distillation.teacher='backbone'"])
    runs = [
        make_run(recipe, "speaker", given, **folders, encoder=encoder) for encoder in ("one", "two")
    ]
    material = Material([Features("a clip", 1.0, {})], np.zeros((1, 8)), np.zeros(1))
    read: list[Path] = []
    digest = plan.file_digest
    monkeypatch.setattr(plan, "file_digest", lambda path: read.append(path) or digest(path))
    monkeypatch.setattr(plan, "weights_digest", lambda name, location: location)
    without = frozenset({"training", "distillation"})
    assert len({run.identify(material) for run in runs}) == 2
    assert len({run.identify(material, without=without) for run in runs}) == 1
    assert sorted(read) == sorted(2 * [clip.path for clip in given["nemo"].clips])
