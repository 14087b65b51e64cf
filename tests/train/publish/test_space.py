"""Publishing the Space: what it consists of, and the push by the real client to a test Hub."""

import json
import os
import re
import subprocess
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from huggingface_hub import constants
from packaging.requirements import Requirement

from ser_core import DEFAULT_MODEL
from ser_core.errors import ConfigError
from ser_core.model.files import WAVEFORM_FILES
from tests.support.commands import run_train
from tests.support.hub_server import HubServer
from train.publish.space_model import HubModel
from train.publish.spaces import TOOLS_REQUIREMENT, front_matter, publish_space, write_space

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


def test_what_tools_need_is_what_the_extra_says() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["optional-dependencies"]["mcp"] == ["ser-core[app]", TOOLS_REQUIREMENT]


def test_front_matter_names_the_model_its_files_and_its_commit() -> None:
    said = read(front_matter(MODEL))
    assert said["models"] == ["user/name"]
    assert said["preload_from_hub"] == [f"user/name README.md,model.tflite {COMMIT}"]
    assert not {"models", "preload_from_hub"} & read(front_matter()).keys()


def test_front_matter_has_the_picture_and_the_tag_of_where_it_is_published() -> None:
    said = read(front_matter(MODEL, repo="user/space", mcp=True))
    home, _, picture = said["thumbnail"].partition("/resolve/main/")
    assert home == f"{constants.ENDPOINT}/spaces/user/space"
    assert (ROOT / picture).stat().st_size < 60_000
    assert "mcp-server" in said["tags"]
    bare = read(front_matter(MODEL))
    assert "thumbnail" not in bare
    assert "mcp-server" not in bare["tags"]


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


def test_the_readme_of_a_space_says_the_labels_of_its_model(tmp_path: Path) -> None:
    write_space(tmp_path / "own", replace(MODEL, labels=("bored", "very_tired")))
    text = " ".join((tmp_path / "own" / "README.md").read_text("utf-8").split())
    assert "which of 2 labels fits it, and how sure the model is: bored, very\\_tired." in text
    assert "emotions a listener" not in text
    write_space(tmp_path / "embedded")
    text = " ".join((tmp_path / "embedded" / "README.md").read_text("utf-8").split())
    assert "which of 8 emotions a listener would hear in it" in text
    assert ": neutral, calm, happy," in text


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
        dear = dict.fromkeys(WAVEFORM_FILES, b"0" * 4096)  # which no Space loads
        revision = hub.repo("model", "user/name").write(EMBEDDED_FILES | dear)
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
        pinned = {"SER_MODEL_ID": "user/name", "SER_MODEL_REVISION": first}
        assert space.variables == pinned | {"SER_MCP": "1"}
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
        assert space.variables == {"SER_MCP": "1"}
        assert TOOLS_REQUIREMENT in space.files()["requirements.txt"].decode()
        space.variables["SER_MODEL_REVISION"] = first  # without a model, as a person may leave it
        assert publish("--no-mcp").returncode == 0
        assert space.variables == {}
        assert TOOLS_REQUIREMENT not in space.files()["requirements.txt"].decode()
        assert "mcp-server" not in space.files()["README.md"].decode()
        space.secrets["SER_AUTH"] = "ann:secret"
        before = space.files()
        ran = publish()
        assert ran.returncode == 1
        assert "has a login (SER_AUTH)" in ran.stderr
        assert "--no-mcp" in ran.stderr
        assert (space.files(), space.variables) == (before, {})
        assert "preload_from_hub" not in space.files()["README.md"].decode()
        for content in space.files().values():
            assert hub.token.encode() not in content


@pytest.mark.parametrize(
    ("sdk", "arguments", "sentence"),
    [
        ("static", [], "of another kind (its SDK is static, not gradio)"),  # weights would stay
        ("gradio", ["--private"], "The Space user/space is there and public"),
    ],
)
def test_a_space_of_another_kind_or_that_all_see_is_left_alone(
    tmp_path: Path, sdk: str, arguments: list[str], sentence: str
) -> None:
    with HubServer() as hub:
        space = hub.repo("space", "user/space", sdk=sdk)
        before = {"index.html": b"mine", "network-0123456789ab.bin": b"weights"}
        space.write(before)
        ran = command(
            *("--repo", "user/space", *arguments),
            home=tmp_path,
            HF_ENDPOINT=hub.url,
            HF_TOKEN=hub.token,
        )
        assert {request.method for request in hub.requests} == {"GET"}
    assert ran.returncode == 1
    assert sentence in ran.stderr
    assert space.files() == before


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
