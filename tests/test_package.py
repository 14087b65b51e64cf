"""The package as somebody gets it: what `make dist` builds, installed where nothing else is."""

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from email import message_from_string
from pathlib import Path

import pytest
import yaml

import ser_core
from ser_core import __version__
from tests.support.embedded import NETWORK_FILE
from tests.support.shared import keep

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
BUILDING = 600  # [s] for an environment from a registry, on a busy machine
ASK = """
import sys
import ser_core
prediction = ser_core.EmotionRecognizer.from_pretrained(ser_core.DEFAULT_MODEL).predict(sys.argv[1])
print(ser_core.__file__, prediction.status, sum(prediction.probabilities.values()))
print(sorted({"tensorflow", "keras", "gradio", "librosa", "pandas"} & sys.modules.keys()))
"""


def run(*command: object, **options: object) -> str:
    """Run a command as from a shell in which nothing of these tests is set; return its output."""
    plain = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        timeout=BUILDING,
        env=plain,
        **options,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_importing_the_package_imports_what_is_asked_for_alone() -> None:
    code = "import sys, ser_core; print('numpy' in sys.modules, 'Explanation' in dir(ser_core)); "
    code += "print(ser_core.audio.SAMPLE_RATE, ser_core.results.Result.__name__)"
    assert run(sys.executable, "-c", code, cwd=ROOT) == "False True\n16000 Result\n"
    with pytest.raises(AttributeError, match="module 'ser_core' has no attribute 'nothing'"):
        ser_core.nothing  # noqa: B018
    assert all(hasattr(ser_core, name) for name in ser_core.__all__)


@pytest.fixture(scope="module")
def dist() -> Path:
    """Folder with the wheel and the sdist of the working tree, which twine has checked."""
    return keep("wheel and sdist", build)


def build(folder: Path) -> None:
    run("make", "dist", f"DIST={folder}", f"PYTHON={sys.executable}", cwd=ROOT)


@pytest.mark.slow
def test_the_wheel_holds_the_library_and_nothing_else(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    assert wheel.name == f"ser_core-{__version__}-py3-none-any.whl"
    names = set(zipfile.ZipFile(wheel).namelist())
    tracked = run("git", "ls-files", "-co", "--exclude-standard", "ser_core", cwd=ROOT).split()
    assert {name for name in names if ".dist-info/" not in name} == {
        name for name in tracked if (ROOT / name).is_file()
    }
    assert {"ser_core/py.typed", f"ser_core/pretrained/{NETWORK_FILE}"} <= names
    assert any(name.endswith(".npz") for name in names)
    assert any(name.endswith(".mp3") for name in names)
    assert any(name.endswith(".css") for name in names)
    assert any(name.endswith("words/en.toml") for name in names)


@pytest.mark.slow
def test_the_package_introduces_itself_without_what_a_space_reads(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    metadata = zipfile.ZipFile(wheel).read(f"ser_core-{__version__}.dist-info/METADATA").decode()
    told = message_from_string(metadata)
    assert told["Name"] == "ser-core"
    assert told["Description-Content-Type"] == "text/markdown"
    assert told.get_payload().lstrip().startswith("# Speech emotion recognition")
    assert set(told.get_all("Provides-Extra")) == set(PROJECT["optional-dependencies"])


@pytest.mark.slow
def test_the_sdist_holds_what_the_wheel_is_built_from(dist: Path) -> None:
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "setup.py", "README.md", "LICENSE", "ser_core/py.typed"} <= names
    assert not {name for name in names if name.startswith(("tests/", "train/", "docs/"))}


@pytest.mark.slow
def test_the_wheel_predicts_in_a_clean_environment(
    dist: Path, fixtures: Path, tmp_path: Path
) -> None:
    (wheel,) = dist.glob("*.whl")
    venv.create(tmp_path / "clean")
    python = tmp_path / "clean" / "bin" / "python"
    run(
        sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-compile", wheel
    )
    printed = run(python, "-I", "-c", ASK, fixtures / "speech_female.wav", cwd=tmp_path)
    answer, heavy = printed.strip().splitlines()
    assert answer.startswith(str(tmp_path / "clean"))
    assert re.search(r" (emotion|uncertain) (1\.0|0\.999)", answer)
    assert heavy == "[]"
    script = python.with_name("ser")
    clip = fixtures / "speech_female.wav"
    assert run(script, "predict", clip, cwd=tmp_path).startswith(f"{clip}: ")


def test_every_extra_is_described() -> None:
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    rows = re.search(r"^\| extra \| for \|\n\|---\|---\|\n((?:\|.*\n)+)", page, flags=re.MULTILINE)
    told = re.findall(r"^\| `(\w+)` \|", rows[1], flags=re.MULTILINE)
    assert sorted(told) == sorted(PROJECT["optional-dependencies"])


def test_the_extra_backbone_is_what_its_requirements_say() -> None:
    text = (ROOT / "requirements-backbone.txt").read_text(encoding="utf-8")
    required = {line for line in text.splitlines() if line and not line.startswith("#")}
    extras = PROJECT["optional-dependencies"]
    own = {line for line in extras["backbone"] if not line.startswith("ser-core")}
    assert required == {*PROJECT["dependencies"], *extras["reference"], *own}


def test_the_citation_names_this_version() -> None:
    told = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert told["version"] == __version__
    assert told["license"] == PROJECT["license"]
