"""Publishing the browser edition as a static Space, by the real client to a test Hub."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from ser_core import DEFAULT_MODEL, FeatureConfig
from ser_core.errors import ConfigError, ModelError
from ser_core.model.files import CHECK, FEATURE_CONFIG, FETCHED_FILES
from ser_core.ui.words.languages import LANGUAGES
from tests.support.browser_edition import BUNDLE, require_build
from tests.support.commands import run_train
from tests.support.hub_server import HubServer
from tests.support.light_model import write_light_model
from train.publish import browser_edition
from train.publish.static_spaces import publish_static_space, static_front_matter

EMBEDDED = {
    name: (Path(DEFAULT_MODEL) / name).read_bytes()
    for name in FETCHED_FILES
    if (Path(DEFAULT_MODEL) / name).is_file()
}


def publish(hub: HubServer, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m train publish-space --static`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    kept |= {"HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    kept |= {"HF_ENDPOINT": hub.url, "HF_TOKEN": hub.token}
    return run_train(
        "publish-space", "--static", "--repo", "user/space", *arguments, environment=kept
    )


def test_front_matter_has_what_static_spaces_ask_for() -> None:
    said = yaml.safe_load(static_front_matter().strip("-\n"))
    assert (said["sdk"], said["app_file"]) == ("static", "index.html")
    assert said["license"] == "cc-by-nc-sa-4.0"
    assert len(said["short_description"]) <= 60
    assert not {"sdk_version", "python_version", "suggested_hardware", "models"} & said.keys()


@pytest.mark.slow
def test_a_static_space_is_created_then_updated_with_the_model_that_was_chosen(
    tmp_path: Path,
) -> None:
    require_build()
    with HubServer() as hub:
        revision = hub.repo("model", "user/name").write(EMBEDDED)
        ran = publish(hub, tmp_path, "--model", "user/name")
        assert ran.returncode == 0, ran.stderr
        space = hub.repo("space", "user/space")
        assert (space.sdk, space.variables) == ("static", {})
        assert f"{hub.url}/spaces/user/space" in ran.stdout
        files = space.files()
        card = files["README.md"].decode()
        front = yaml.safe_load(re.match(r"---\n(.*?)\n---\n", card, re.DOTALL)[1])
        assert (front["sdk"], front["models"]) == ("static", ["user/name"])
        assert front["thumbnail"] == f"{hub.url}/spaces/user/space/resolve/main/icons/thumbnail.png"
        assert f"user/name/tree/{revision}" in card
        assert {"index.html", "main.js", "service_worker.js", "icons/thumbnail.png"} <= files.keys()
        known = json.loads(files["known.json"])["facts"]
        assert f"{known['files']['network']}" in files
        assert not any(name.endswith((".py", ".h5", ".tflite")) for name in files)
        assert hub.token.encode() not in b"".join(files.values())

        space.write({"network-0123456789ab.bin": b"of a former model", "mine.txt": b"mine"})
        ran = publish(hub, tmp_path)
        assert ran.returncode == 0, ran.stderr
        files = space.files()
        assert "mine.txt" in files
        assert "network-0123456789ab.bin" not in files
        assert "models" not in files["README.md"].decode().split("---")[1]


def test_no_app_is_replaced_and_no_closed_model_given_away(tmp_path: Path) -> None:
    with HubServer() as hub:
        closed = hub.repo("model", "user/name")
        closed.write(EMBEDDED)
        closed.private = True
        ran = publish(hub, tmp_path, "--model", "user/name")
        assert ran.returncode == 1
        assert "gives its weights to everybody" in ran.stderr
        assert not hub.has("space", "user/space")
        shown = hub.repo("space", "user/space")
        ran = publish(hub, tmp_path, "--model", "user/name", "--private")
        assert ran.returncode == 1
        assert "is there and public" in ran.stderr
        shown.sdk = "gradio"
        ran = publish(hub, tmp_path)
        assert ran.returncode == 1
        assert "of another kind (its SDK is gradio, not static)" in ran.stderr
        assert shown.files() == {}


def test_a_model_that_the_loader_refuses_is_put_into_no_edition(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one whose labels were put in another order since it was saved."""
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "main.js").touch()
    monkeypatch.setattr(browser_edition, "BUNDLE", tmp_path / "bundle")
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    for name in (FEATURE_CONFIG, CHECK, browser_edition.NETWORK):
        (mixed / name).write_bytes(EMBEDDED[name])
    config = FeatureConfig.load(mixed)
    config.model_copy(update={"labels": config.labels[::-1]}).save(mixed)
    with pytest.raises(ConfigError, match=r"not the one .* saved with \(labels changed\)"):
        browser_edition.write_browser_edition(mixed, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_nothing_of_uploads(language: str) -> None:
    said = json.dumps(browser_edition.words(language), ensure_ascii=False)
    assert re.findall(r"[Uu]pload|\bhoch\b|hochgeladen|\b[Ss]ub(?:e|es|ir|as)\b", said) == []


def test_what_the_page_cannot_run_is_one_sentence(tmp_path: Path, monkeypatch) -> None:
    if not BUNDLE.is_dir():
        bundle = tmp_path / "bundle"
        bundle.mkdir()
        (bundle / "main.js").touch()
        monkeypatch.setattr(browser_edition, "BUNDLE", bundle)
    write_light_model(tmp_path / "light")
    with pytest.raises(ModelError, match="gives its encoder's frames"):
        browser_edition.write_browser_edition(tmp_path / "light", tmp_path / "out")
    monkeypatch.setattr(browser_edition, "BUNDLE", tmp_path / "nothing")
    with pytest.raises(ConfigError, match="make web"):
        publish_static_space("user/space", dry_run=tmp_path / "out")
    assert not (tmp_path / "out").exists()
    with pytest.raises(ConfigError, match="give --model"):
        publish_static_space("user/space", model_revision="main")
