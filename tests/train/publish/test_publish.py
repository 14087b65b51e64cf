"""Publishing: the real command and client, against a Hub of our own."""

import json
import os
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from ser_core import DEFAULT_MODEL, FeatureConfig
from ser_core.model.files import CARD, OPTIONAL_FILES, REPOSITORY_FILES, WAVEFORM_FILES
from tests.support.commands import run_train
from tests.support.hub_server import HubServer
from tests.support.light_model import write_light_model

ROOT = Path(__file__).parents[3]


@pytest.fixture
def model(tmp_path) -> Path:
    """A model with all that goes with the embedded one, audited."""
    folder = write_light_model(tmp_path / "model")
    set_audit(folder, {"leaks": 0, "kinds": []})
    return folder


def set_audit(folder: Path, audit: dict | None) -> None:
    """Write or take away the audit's outcome."""
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    metrics.pop("audit", None)
    if audit is not None:
        metrics["audit"] = audit
    (folder / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")


def publish(
    model: Path, *more: str, hub: HubServer | None = None, token: str | None = None
) -> subprocess.CompletedProcess:
    """Run the command as a person does."""
    environment = os.environ | {
        "HF_ENDPOINT": hub.url if hub else "http://127.0.0.1:9",
        "HF_HOME": str(model.parent / "home"),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    environment.pop("HF_TOKEN", None)
    if hub:
        environment["HF_TOKEN"] = token or hub.token
    words = ["publish", "--no-waveform", "--model", model, "--repo", "user/voices", *more]
    return run_train(*words, environment=environment)


def test_a_dry_run_writes_everything_and_asks_nobody(model, tmp_path):
    done = publish(model, "--dry-run", "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr[-2000:]
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert {*REPOSITORY_FILES} - OPTIONAL_FILES <= written <= {*REPOSITORY_FILES}
    (network, *_) = sorted((tmp_path / "out").glob("*.tflite"))
    assert f"{network.name}  {network.stat().st_size:,} bytes" in done.stdout
    assert re.search(r"Would send \d+ files, [\d,]+ bytes, to user/voices", done.stdout)
    assert 'from_pretrained("user/voices")' in (tmp_path / "out" / "README.md").read_text()


def test_a_dry_run_leaves_a_folder_with_something_in_it_alone(model):
    """As the model's own, whose card and files that take samples it would replace."""
    (model / WAVEFORM_FILES[0]).write_bytes(b"dear to make")
    before = {path.name: path.read_bytes() for path in model.iterdir()}
    done = publish(model, "--dry-run", "--out", str(model))
    assert done.returncode == 1
    assert "is not an empty folder" in done.stderr
    assert {path.name: path.read_bytes() for path in model.iterdir()} == before


def test_the_embedded_model_is_published_as_it_is(tmp_path):
    out = tmp_path / "out"
    environment = os.environ | {"HF_ENDPOINT": "http://127.0.0.1:9"}
    words = ["publish", "--no-waveform", "--repo", "user/voices", "--dry-run", "--out", out]
    done = run_train(*words, environment=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    written = {path.name: path.read_bytes() for path in out.iterdir()}
    assert "user/voices" in written.pop(CARD).decode()
    for name, content in written.items():
        assert content == (Path(DEFAULT_MODEL) / name).read_bytes(), name
    assert {*REPOSITORY_FILES} - OPTIONAL_FILES <= {*written, CARD}


def test_two_pushes_renew_the_figures_and_keep_peoples_words(model, hub):
    done = publish(model, "--private", hub=hub)
    assert done.returncode == 0, done.stderr[-2000:]
    repository = hub.repo("model", "user/voices")
    assert repository.private
    assert {*REPOSITORY_FILES} - OPTIONAL_FILES <= set(repository.files())
    recipe = FeatureConfig.load(model).recipe
    pushed = [commit for commit in repository.history() if f"Publish {recipe}" in commit.title]
    assert len(pushed) == 1

    text = repository.files()["README.md"].decode()
    edited = text.replace("## Limits", "## Thanks\n\nTo Ada.\n\n## Limits")
    edited = re.sub(r"\*\*\d\d\.\d %\*\*", "**99.9 %**", edited)
    repository.write({"README.md": edited.encode()})
    done = publish(model, hub=hub)
    assert done.returncode == 0, done.stderr[-2000:]
    renewed = repository.files()["README.md"].decode()
    assert "To Ada." in renewed
    assert "99.9 %" not in renewed

    repository.write({"README.md": b"# Mine alone\n"})
    done = publish(model, hub=hub)
    assert done.returncode == 1
    assert "give --replace-card" in done.stderr
    assert repository.files()["README.md"] == b"# Mine alone\n"
    assert publish(model, "--replace-card", hub=hub).returncode == 0
    assert b"measured: evaluation" in repository.files()["README.md"]


def test_what_is_to_be_private_is_not_sent_where_all_see_it(model, hub):
    repository = hub.repo("model", "user/voices")
    done = publish(model, "--private", hub=hub)
    assert done.returncode == 1
    assert "The repository user/voices is there and public" in done.stderr
    assert repository.files() == {}


@pytest.mark.slow
def test_a_branch_and_a_pull_request_leave_main_alone(model, hub):
    assert publish(model, hub=hub).returncode == 0
    repository = hub.repo("model", "user/voices")
    before = repository.files()["metrics.json"]
    set_audit(model, {"leaks": 0, "kinds": [], "note": "again"})
    done = publish(model, "--branch", "next", hub=hub)
    assert done.returncode == 0, done.stderr[-2000:]
    assert b"again" in repository.files("next")["metrics.json"]
    done = publish(model, "--create-pr", hub=hub)
    assert done.returncode == 0, done.stderr[-2000:]
    assert repository.pull_requests
    assert repository.files()["metrics.json"] == before


def test_a_token_that_may_only_read_is_refused_in_a_sentence(model, hub):
    done = publish(model, hub=hub, token=hub.read_token)
    assert done.returncode == 1
    assert "The Hub did not take user/voices" in done.stderr
    assert "Traceback" not in done.stderr
    assert hub.read_token not in done.stderr + done.stdout


@pytest.mark.slow
def test_a_hub_that_fails_or_is_away_is_told_of_and_keeps_what_it_had(model, hub):
    assert publish(model, hub=hub).returncode == 0
    repository = hub.repo("model", "user/voices")
    before = repository.files()
    set_audit(model, {"leaks": 0, "kinds": [], "note": "again"})
    hub.fail("/commit/", 500, times=100)
    done = publish(model, hub=hub)
    assert done.returncode == 1
    assert "The Hub takes nothing for now (status 500), and keeps what it had of" in done.stderr
    hub.heal()
    away = publish(model)
    assert away.returncode == 1
    assert "The Hub cannot be reached, so nothing was sent of user/voices" in away.stderr
    assert "Traceback" not in done.stderr + away.stderr
    assert repository.files() == before


def test_what_is_missing_is_named(model):
    for form in model.glob("*.tflite"):
        form.unlink()
    done = publish(model, "--dry-run")
    assert done.returncode == 1
    assert "cannot be published without model.tflite" in done.stderr


def test_figures_with_a_leak_or_without_an_audit_are_not_published(model):
    set_audit(model, {"leaks": 3, "kinds": ["identical"]})
    done = publish(model, "--dry-run")
    assert done.returncode == 1
    assert "found 3 leaks between training and test (identical)" in done.stderr
    set_audit(model, None)
    done = publish(model, "--dry-run")
    assert done.returncode == 1
    assert "was not audited for leaks" in done.stderr


def test_doors_that_disagree_are_found(model):
    import keras

    network = keras.saving.load_model(model, compile=False)
    last = network.get_layer("emotion")
    last.set_weights([weights + 0.5 * np.sign(weights) for weights in last.get_weights()])
    network.save_weights(model / "model.weights.h5")
    done = publish(model, "--dry-run")
    assert done.returncode == 1
    assert "differ by" in done.stderr
    assert "are not of one network" in done.stderr
