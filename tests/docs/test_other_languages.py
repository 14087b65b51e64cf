"""docs/other_languages.md: its programs answer as Python does, each in its own language."""

import json
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ser_core import EmotionRecognizer
from ser_core.model.files import CARD, ONNX_FILE, WAVEFORM_FORMS, WAVEFORM_KERAS
from tests.support.environments import INSTALLED, fill_environment
from tests.support.node import PACKAGES, require_node
from tests.support.waveform_models import write_waveform_model
from train.networks.waveform_parity import run_litert

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "other_languages.md").read_text(encoding="utf-8")
COUNT = 99 * 160  # samples in a window of the light model
ALLOWED = {"float32": 1e-3, "int8": 2e-2}


def listings(language: str) -> list[str]:
    """The page's programs in a language, in order."""
    return re.findall(rf"^```{language}\n(.+?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


TEN_LINES, LONGER, KERAS = listings("python")
AS_A_REPOSITORY = """
other = keras.saving.load_model("hf://user/name-waveform", compile=False)
again = other.predict(samples[None], verbose=0)
assert all((again[name] == given[name]).all() for name in given)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the programs run, with a model's files."""
    place = write_waveform_model(tmp_path_factory.mktemp("languages") / "files")
    yield place
    shutil.rmtree(place)


@pytest.fixture(scope="module")
def speech(fixtures: Path) -> np.ndarray:
    """Somebody speaks for a bit longer than two windows."""
    samples, rate = soundfile.read(fixtures / "speech_female.wav", dtype="float32")
    assert rate == 16_000
    return samples[8_000:]


def put(samples: np.ndarray, folder: Path) -> None:
    """Have the programs find samples in the files that they read."""
    soundfile.write(folder / "speech.wav", samples, 16_000, subtype="FLOAT")
    samples.astype("<f4").tofile(folder / "speech.f32")


def run(program: Sequence[str | Path], folder: Path, **options: object) -> str:
    """Run a program to its end; returns what it printed."""
    done = subprocess.run(program, cwd=folder, capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def assert_answers(
    program: Sequence[str | Path], folder: Path, sounds: Sequence[np.ndarray], form: str
) -> None:
    """Hold what a program prints of windows against what this package says of them."""
    recognizer = EmotionRecognizer.from_pretrained(folder, form=form)
    for samples in sounds:
        put(samples, folder)
        label, *rows = run(program, folder).strip().splitlines()
        given = {name: float(value) for name, value in (row.split() for row in rows)}
        whole = np.pad(samples, (0, COUNT - len(samples)))  # as the programs fill it
        expected = recognizer.predict((16_000, whole))
        assert label == (expected.label or "no speech")
        assert list(given) == list(recognizer.labels)
        if expected.label is not None:
            assert given == pytest.approx(expected.probabilities, abs=ALLOWED[form])


@pytest.fixture(scope="module")
def sounds(speech: np.ndarray) -> tuple[np.ndarray, ...]:
    """A window of speech, one of silence, and half a window of speech."""
    return speech[:COUNT], np.zeros(COUNT, np.float32), speech[: COUNT // 2]


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with what the page says alone, which cannot import this package."""
    place = tmp_path_factory.mktemp("python")
    fill_environment(["ai-edge-litert", "soundfile", "numpy"], place)
    python = place / "bin" / "python"
    assert cannot_import(python)
    return python


def cannot_import(python: Path) -> bool:
    """Whether an environment lacks this package."""
    command = [python, "-c", "import ser_core"]
    done = subprocess.run(command, cwd=python.parent, capture_output=True, text=True)
    return "No module named 'ser_core'" in done.stderr


@pytest.mark.slow
def test_ten_lines_of_python_answer(folder: Path, bare_python: Path, sounds) -> None:
    lines = [line for line in TEN_LINES.splitlines() if line and "import" not in line]
    assert len(lines) <= 10
    assert_answers([bare_python, "-c", TEN_LINES], folder, sounds, "int8")


@pytest.mark.slow
def test_a_longer_recording_is_pooled(folder: Path, bare_python: Path, speech: np.ndarray) -> None:
    put(speech, folder)
    printed = run([bare_python, "-c", f"{TEN_LINES}\n{LONGER}"], folder)
    given = [float(number) for number in re.findall(r"float32\((.+?)\)", printed.splitlines()[-1])]
    answer, logs = run_litert(folder / WAVEFORM_FORMS["int8"]), []
    padded = np.pad(speech, (0, -len(speech) % COUNT)).reshape(-1, 1, COUNT)
    for window in padded:
        found = answer(window)
        if found["speech"][0, 0] * COUNT / 16_000 >= 0.3:
            logs.append(np.log(found["emotion"][0]))
    assert len(logs) >= 2
    pooled = np.exp(np.mean(logs, axis=0))
    np.testing.assert_allclose(given, pooled / pooled.sum(), atol=1e-5)


@pytest.mark.slow
def test_bare_keras_answers_a_published_file(
    folder: Path, hub, hub_environment, tmp_path: Path, sounds
) -> None:
    """From a repository on the Hub, or as one, in a Python that cannot import this package."""
    repository = hub.repo("model", "user/name")
    repository.write({path.name: path.read_bytes() for path in folder.glob("*.keras")})
    with zipfile.ZipFile(folder / WAVEFORM_KERAS) as archive:  # as the page's `unzip` does
        members = {name: archive.read(name) for name in archive.namelist()}
    card = (folder / CARD).read_bytes()
    hub.repo("model", "user/name-waveform").write({**members, CARD: card})
    lines = (ROOT / "requirements-test.txt").read_text(encoding="utf-8").splitlines()
    wanted = [line for line in lines if re.match("keras|tensorflow", line)]
    fill_environment([*wanted, "huggingface-hub", "soundfile"], tmp_path / "python")
    python = tmp_path / "python" / "bin" / "python"
    assert cannot_import(python)
    given = [f"{name}={text}" for name, text in hub_environment(PYTHONPATH="").items()]
    assert 'load_model("hf://user/name-waveform")' in PAGE
    program = ["env", "-i", *given, python, "-c", KERAS + AS_A_REPOSITORY]
    assert_answers(program, folder, sounds[:1], "float32")


@pytest.mark.slow
def test_node_answers(folder: Path, sounds) -> None:
    node = require_node("onnxruntime-node")
    if not (folder / ONNX_FILE).is_file():
        pytest.skip("what writes model.onnx is not installed")
    (code,) = listings("js")
    (folder / "node_modules").symlink_to(PACKAGES)
    assert_answers([node, "-e", code], folder, sounds, "float32")


@pytest.mark.slow
def test_cpp_answers(folder: Path, sounds) -> None:
    if shutil.which("g++") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("there is no g++")
        pytest.skip("there is no g++")
    (code,) = listings("cpp")
    (command,) = (block for block in listings("sh") if block.startswith("g++"))
    (folder / "emotion.cpp").write_text(code, encoding="utf-8")
    built, _, program = command.replace("LIB", str(INSTALLED / "ai_edge_litert")).partition(" && ")
    run(["sh", "-c", built], folder)
    assert_answers(["sh", "-c", program], folder, sounds, "float32")


@pytest.mark.parametrize("language", ["kotlin", "swift"])
def test_a_phones_program_is_of_its_language(language: str) -> None:
    tree_sitter = pytest.importorskip("tree_sitter", reason="nothing reads it: no tree-sitter")
    grammar = pytest.importorskip(f"tree_sitter_{language}", reason=f"nothing reads {language}")
    parser = tree_sitter.Parser(tree_sitter.Language(grammar.language()))
    (code,) = listings(language)
    root = parser.parse(code.encode()).root_node
    assert not root.has_error, str(root)
    broken = parser.parse(code.replace("}", ")", 1).encode()).root_node
    assert broken.has_error


@pytest.mark.slow
def test_kotlin_compiles(tmp_path: Path) -> None:
    """Against the few declarations of LiteRT's and Android's that it uses."""
    kotlinc = shutil.which("kotlinc")
    if kotlinc is None:
        pytest.skip("there is no kotlinc")
    (code,) = listings("kotlin")
    (tmp_path / "Emotion.kt").write_text(code, encoding="utf-8")
    declared = sorted((ROOT / "tests" / "docs" / "android").glob("*.kt"))
    run([kotlinc, "-Werror", "-d", "classes", "Emotion.kt", *declared], tmp_path)


def test_every_program_of_the_page_is_tested() -> None:
    languages = {"python", "js", "cpp", "kotlin", "swift", "sh"}
    assert set(re.findall(r"^```(\w+)$", PAGE, flags=re.MULTILINE)) == languages
    assert {block.split()[0] for block in listings("sh")} == {"g++", "unzip"}


def test_the_facts_are_text_at_the_end(folder: Path) -> None:
    """As programs read them that have no reader of archives."""
    content = (folder / WAVEFORM_FORMS["int8"]).read_bytes()[-65_536:]
    text = content[content.rfind(b'{\n  "labels"') :]
    facts = json.loads(text[: text.find(b"\n}\n") + 2])
    assert facts["samples"] == COUNT
