"""Publishing the Space: what it consists of, and the push by the real client to a test Hub."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from ser_core import DEFAULT_MODEL
from ser_core.errors import ConfigError
from tests.support.commands import run_train
from tests.support.hub_server import HubServer
from train.publish.space_model import HubModel
from train.publish.spaces import front_matter, publish_space, write_space

ROOT = Path(__file__).parents[3]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
MODEL = HubModel("user/name", COMMIT, ("README.md", "model.tflite"), ("amu-cai/nEMO",))
EMBEDDED_FILES = {
    path.name: path.read_bytes() for path in Path(DEFAULT_MODEL).iterdir() if path.is_file()
}


def read(front: str) -> dict:
    return yaml.safe_load(front.removeprefix("---\n").removesuffix("---\n"))


def command(*arguments: str, home: Path, **environment: str) -> subprocess.CompletedProcess:
    """Run `python -m train publish-space`, with no token but the given one."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    kept |= {"HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    return run_train("publish-space", *arguments, environment=kept | environment)


@pytest.mark.parametrize("model", [None, MODEL])
def test_front_matter_has_what_spaces_ask_for(model: HubModel | None) -> None:
    said = read(front_matter(model))
    assert said["sdk"] == "gradio"
    assert said["python_version"] == "3.11"
    assert (ROOT / said["app_file"]).is_file()
    assert len(said["short_description"]) <= 60
    assert len(said["emoji"]) == 1
    assert {said["colorFrom"], said["colorTo"]} <= {"blue", "gray"}
    assert said["suggested_hardware"] == "cpu-basic"
    assert {"title", "license", "tags"} <= said.keys()
    assert said["datasets"] == ["amu-cai/nEMO"]


def test_front_matter_names_the_model_its_files_and_its_commit() -> None:
    said = read(front_matter(MODEL))
    assert said["models"] == ["user/name"]
    assert said["preload_from_hub"] == [f"user/name README.md,model.tflite {COMMIT}"]
    assert not {"models", "preload_from_hub"} & read(front_matter()).keys()


def test_a_model_that_needs_a_token_is_not_fetched_at_build() -> None:
    closed = HubModel("user/name", COMMIT, ("model.tflite",), closed=True)
    assert "preload_from_hub" not in read(front_matter(closed))


def test_the_gradio_of_the_space_is_one_that_requirements_allow() -> None:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    required = [Requirement(line) for line in lines if line.startswith("gradio")]
    assert len(required) == 1
    assert required[0].specifier.contains(read(front_matter())["sdk_version"])


def test_this_repositorys_readme_has_the_same_front_matter() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.match(r"---\n.*?\n---\n", readme, flags=re.DOTALL)[0] == front_matter()


def test_a_space_holds_the_app_and_nothing_that_lies_about(tmp_path: Path) -> None:
    names = set(write_space(tmp_path / "space", MODEL))
    assert names == {
        path.relative_to(tmp_path / "space").as_posix()
        for path in (tmp_path / "space").rglob("*")
        if path.is_file()
    }
    assert {"app.py", "requirements.txt", "README.md", "LICENSE"} <= names
    assert {"ser_core/speech/speech_gate.npz", "ser_core/pretrained/metrics.json"} <= names
    assert any(re.fullmatch(r"ser_core/pretrained/model.*\.tflite", name) for name in names)
    assert {f"ser_core/pretrained/{name}" for name in EMBEDDED_FILES} <= names
    tracked = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "ser_core/*.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert {name for name in names if name.endswith(".py")} == {"app.py", *tracked}
    assert not any("cache" in name or name.endswith(".pyc") for name in names)
    card = (tmp_path / "space" / "README.md").read_text(encoding="utf-8")
    assert card.startswith(front_matter(MODEL))
    assert f"https://huggingface.co/user/name/tree/{COMMIT}" in card


def test_the_space_runs_by_itself(tmp_path: Path) -> None:
    write_space(tmp_path / "space")
    code = "import app; print(app.__file__, app.recognizer.predict('clip.wav').status)"
    (tmp_path / "space" / "clip.wav").write_bytes(
        (ROOT / "tests" / "fixtures" / "speech_female.wav").read_bytes()
    )
    printed = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path / "space",
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    ).stdout
    assert str(tmp_path) in printed
    assert "emotion" in printed or "uncertain" in printed


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ConfigError, match="is not an empty folder"):
        publish_space("user/space", dry_run=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_revision_needs_a_model() -> None:
    with pytest.raises(ConfigError, match="give --model"):
        publish_space("user/space", model_revision="main")


def test_a_dry_run_sends_nothing_and_writes_no_token(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with HubServer() as hub:
        revision = hub.repo("model", "user/name").write(EMBEDDED_FILES)
        arguments = ["--repo", "user/space", "--model", "user/name", "--dry-run", "--out", str(out)]
        ran = command(*arguments, home=tmp_path, HF_ENDPOINT=hub.url, HF_TOKEN=hub.token)
        assert ran.returncode == 0, ran.stderr
        assert {request.method for request in hub.requests} <= {"GET", "HEAD"}
        assert not hub.has("space", "user/space")
        for path in out.rglob("*"):
            assert not path.is_file() or hub.token.encode() not in path.read_bytes(), path
        assert hub.token not in ran.stdout + ran.stderr
    assert f"SER_MODEL_REVISION = {revision}" in ran.stdout
    said = read(re.match(r"---\n.*?\n---\n", (out / "README.md").read_text("utf-8"), re.DOTALL)[0])
    (preloaded,) = said["preload_from_hub"]
    repo, files, commit = preloaded.split()
    assert (repo, commit) == ("user/name", revision)
    assert set(files.split(",")) == set(EMBEDDED_FILES)


def test_a_space_is_created_then_updated_each_time_in_one_commit(tmp_path: Path) -> None:
    with HubServer() as hub:
        model = hub.repo("model", "user/name")
        first = model.write(EMBEDDED_FILES)
        second = model.write({"README.md": b"newer"})

        def publish(*arguments: str) -> subprocess.CompletedProcess:
            return command(
                *("--repo", "user/space", *arguments),
                home=tmp_path,
                HF_ENDPOINT=hub.url,
                HF_TOKEN=hub.token,
            )

        model_options = ("--model", "user/name", "--model-revision", first)
        ran = publish(*model_options, "--private")
        assert ran.returncode == 0, ran.stderr
        space = hub.repo("space", "user/space")
        assert (space.sdk, space.private) == ("gradio", True)
        assert space.variables == {"SER_MODEL_ID": "user/name", "SER_MODEL_REVISION": first}
        assert len(space.history()) == 2  # with the one that made it
        assert set(space.files()) == set(write_space(tmp_path / "written", MODEL))
        assert f"{hub.url}/spaces/user/space" in ran.stdout

        space.write({"ser_core/gone.py": b"", "examples/mine.wav": b""})
        ran = publish("--model", "user/name")
        assert ran.returncode == 0, ran.stderr
        assert space.variables["SER_MODEL_REVISION"] == second
        assert len(space.history()) == 4
        assert "ser_core/gone.py" not in space.files()
        assert "examples/mine.wav" in space.files()

        ran = publish()
        assert ran.returncode == 0, ran.stderr
        assert space.variables == {}
        space.variables["SER_MODEL_REVISION"] = first  # without a model, as a person may leave it
        assert publish().returncode == 0
        assert space.variables == {}
        assert "preload_from_hub" not in space.files()["README.md"].decode()
        for content in space.files().values():
            assert hub.token.encode() not in content


@pytest.mark.parametrize(
    ("arguments", "token", "sentence"),
    [
        (["--model", "user/none"], "hf_write", "There is no Hub repository user/none"),
        (["--model", "user/name", "--model-revision", "v9"], "hf_write", "has no revision 'v9'"),
        (["--model", "user/other"], "hf_write", "user/other has no feature_config.json"),
        (["--model", "runs/some/model"], "hf_write", "a Space cannot read a folder"),
        (["--model", "user/name"], "hf_read", "did not take the Space user/space"),
    ],
)
def test_what_cannot_be_published_is_one_sentence(
    tmp_path: Path, arguments: list[str], token: str, sentence: str
) -> None:
    with HubServer() as hub:
        hub.repo("model", "user/name").write(EMBEDDED_FILES)
        hub.repo("model", "user/other").write({"config.json": json.dumps({}).encode()})
        options = ["--repo", "user/space", *arguments]
        ran = command(*options, home=tmp_path, HF_ENDPOINT=hub.url, HF_TOKEN=token)
        assert not hub.has("space", "user/space")
    assert ran.returncode == 1
    assert sentence in ran.stderr
    assert "Traceback" not in ran.stderr
    assert token not in ran.stderr


@pytest.mark.parametrize(
    "model", [["--model", "user/name"], pytest.param([], marks=pytest.mark.slow)]
)
def test_without_the_hub_it_is_one_sentence(tmp_path: Path, model: list[str]) -> None:
    away = {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_TOKEN": "hf_write"}
    ran = command("--repo", "user/space", *model, home=tmp_path, **away)
    assert ran.returncode == 1
    assert "The Hub cannot be reached" in ran.stderr
    assert "Traceback" not in ran.stderr
