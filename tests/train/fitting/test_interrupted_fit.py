"""A fit that is stopped, killed, started twice, or finds what a crash left of its records."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.commands import ROOT
from tests.support.live_processes import PATIENCE, of_session, wait_until
from tests.support.records import damage
from tests.support.tiny_training import (
    fit_words,
    fitted_whole,
    make_corpus,
    recipe_without_pretraining,
    run_fit,
)

RESULTS = Path("results") / "tiny" / "speaker"


def start_fit(folder: Path) -> subprocess.Popen[str]:
    """Start a fit that would take hours, in a session of its own, and wait until both networks that
    are trained at a time have begun."""
    make_corpus(folder / "corpus")
    recipe_without_pretraining(folder)
    log = folder / "log.txt"
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "train", *fit_words(folder), "--set", "training.steps=1000000"],
            stdout=out,
            stderr=out,
            cwd=ROOT,
            start_new_session=True,
        )
    wait_until(lambda: process.poll() is not None or log.read_text().count("fold 2:") > 1)
    assert process.poll() is None, log.read_text()
    return process


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_stopped_fit_leaves_no_process_and_keeps_nobody_out(tmp_path, number):
    process = start_fit(tmp_path)
    second = run_fit(tmp_path, check=False)
    assert second.returncode == 1
    assert f"is being worked in by process {process.pid}: wait" in second.stderr
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal does
        assert process.wait(PATIENCE) == 130
        log = (tmp_path / "log.txt").read_text()
        assert log.splitlines()[-1].startswith("Stopped;")
        assert "Traceback" not in log
        assert not list(tmp_path.rglob(".unfinished-*"))
    else:
        process.send_signal(number)
        assert process.wait(PATIENCE) == -number
    wait_until(lambda: not of_session(process.pid))
    assert run_fit(tmp_path, "--fold", "1").returncode == 0
    assert not list(tmp_path.rglob(".unfinished-*"))
    assert not list(tmp_path.rglob(".lock"))


@pytest.mark.slow
def test_a_fit_makes_damaged_records_again_and_says_so(tmp_path):
    trained = fitted_whole()
    folder = tmp_path / "again"
    shutil.copytree(trained, folder)
    folds, work = folder / RESULTS / "folds", folder / "work" / "tiny"
    damaged = [folds / "fold_1.json", folds / "fold_2.csv", *work.glob("all-*.json")]
    damaged += [next((folder / "cache").rglob("*.npz")), folder / RESULTS / "metrics.json"]
    for file, kind in zip(damaged, ["cut off", "no UTF-8", "empty", "empty", "empty"], strict=True):
        damage(file, kind)
    done = run_fit(folder)
    for file in damaged[:-1]:
        assert f"{file.name} cannot be read, and counts as undone" in done.stderr, file
    assert "fold 3 is done" in done.stderr
    for name in ("folds/fold_2.csv", "out_of_fold.csv"):
        assert (folder / RESULTS / name).read_bytes() == (trained / RESULTS / name).read_bytes()
    for name in ("model.tflite", "feature_config.json"):
        assert (folder / "model" / name).read_bytes() == (trained / "model" / name).read_bytes()
