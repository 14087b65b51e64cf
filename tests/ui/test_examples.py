"""The examples that come with the app: what they are, and that a visitor's copy goes, not they."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import httpx
import numpy as np
import pytest

from docs.examples import CLIPS, CONVERSATION, speak
from ser_core import EmotionRecognizer
from ser_core.audio.load import load_audio
from ser_core.config.emotions import LABELS
from ser_core.ui.look import text
from ser_core.ui.server.uploads import UploadLedger
from ser_core.ui.tabs import examples
from tests.support.app import CARRIED, HTTP, event_of, file_data, left_in, post, serving, visit
from train.publish.spaces import write_space

ROOT = Path(__file__).parents[2]
NAMES = (*examples.SHORT, *examples.LONG)
MOST_BYTES = 400_000  # of all of them, which every installation and every Space carries
RATE = 16_000  # [Hz]


@pytest.fixture
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    return tmp_path / "uploads"


@pytest.fixture
def url(uploads: Path, recognizer: EmotionRecognizer, monkeypatch) -> Iterator[str]:
    # Neither the package's folder nor the repository's: an installed app may be started anywhere.
    monkeypatch.chdir(uploads.parent)
    with serving(recognizer) as demo:
        yield demo.local_url


def shipped() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in examples.FOLDER.iterdir()}


def test_examples_are_small_and_each_has_a_button_and_a_name() -> None:
    assert set(shipped()) == {f"{name}.mp3" for name in NAMES}
    assert sum(map(len, shipped().values())) <= MOST_BYTES
    assert set(text.EXAMPLE_NAMES) == set(NAMES)


def test_examples_hold_speech_but_for_the_room_and_the_long_one_many_moments(
    recognizer: EmotionRecognizer,
) -> None:
    answers = {name: recognizer.predict(examples.FOLDER / f"{name}.mp3") for name in NAMES}
    assert {name for name, said in answers.items() if said.status == "no_speech"} == {"room"}
    result = recognizer.analyze(examples.FOLDER / "conversation.mp3")
    assert len(result.segments) > len(CONVERSATION)
    assert f"{result.duration:.0f} seconds" in text.EXAMPLE_NAMES["conversation"]


def test_no_name_says_that_somebody_feels_something() -> None:
    words = " ".join(text.EXAMPLE_NAMES.values()).lower()
    assert not any(label in words.split() for label in LABELS)
    assert "synthesizer" in text.EXAMPLES_NOTE
    assert "prove nothing" in text.EXAMPLES_NOTE


@pytest.mark.skipif(which("espeak-ng") is None, reason="needs espeak-ng, which makes the voices")
def test_the_script_makes_what_is_shipped() -> None:
    for name, (style, words) in CLIPS.items():
        made = speak(style, words)
        clip = load_audio(examples.FOLDER / f"{name}.mp3", sample_rate=RATE)
        alike = np.correlate(clip, made, mode="valid").max()
        norm = np.linalg.norm(made) * np.linalg.norm(clip)
        assert alike / norm > 0.9, name


def test_a_click_gives_a_copy_that_is_answered_and_deleted_like_an_upload(
    url: str, uploads: Path
) -> None:
    before = shipped()
    config = HTTP.get(f"{url}config").json()
    load = event_of(url, "example-sad", "click")
    assert load == event_of(url, "example-room", "click")
    (hear,) = [
        d["id"] for d in config["dependencies"] if d["trigger_after"] == load and d["backend_fn"]
    ]
    buttons = {c["props"].get("elem_id"): c["id"] for c in config["components"]}
    given = {}
    for name in ("sad", "room"):
        file = press(url, load, buttons[f"example-{name}"])
        assert Path(file["path"]).name == f"{name}.mp3"
        assert Path(file["path"]).is_relative_to(uploads)
        assert examples.is_example(file["path"])
        assert HTTP.get(f"{url}gradio_api/file={file['path']}").content == before[f"{name}.mp3"]
        given[name] = file
    for name, status in (("sad", "emotion"), ("room", "no_speech")):
        data = visit(url, "visitor", hear, [given[name], None, *CARRIED])
        assert f'data-status="{status}"' in json.dumps(data).replace('\\"', '"')
    ledger = UploadLedger()
    for file in given.values():
        ledger.release(file["path"])
    assert left_in(uploads) == []
    assert shipped() == before


def press(url: str, event: int, button: int | None) -> dict:
    """Press a button as the page does; returns the file that the recording then is."""
    body = {"data": CARRIED, "fn_index": event, "trigger_id": button, "session_hash": "visitor"}
    answer = HTTP.post(f"{url}gradio_api/run/predict", json=body)
    return answer.raise_for_status().json()["data"][0]


def test_what_button_it_was_may_be_anything(url: str) -> None:
    load = event_of(url, "example-sad", "click")
    for pressed in (None, 0, 10_000):
        assert Path(press(url, load, pressed)["path"]).name == "plain.mp3"


def test_no_client_can_have_a_shipped_file_deleted(url: str) -> None:
    before = shipped()
    path = str(examples.FOLDER / "sad.mp3")
    UploadLedger().release(path)
    assert post(url, "predict", file_data(path))[0] == "error"
    assert HTTP.get(f"{url}gradio_api/file={path}").status_code == httpx.codes.FORBIDDEN
    assert shipped() == before


def test_an_installed_package_has_them() -> None:
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    patterns = tool["setuptools"]["package-data"]["*"]
    taken = {path.name for pattern in patterns for path in examples.FOLDER.glob(pattern)}
    assert taken == set(shipped())


def test_a_space_has_them(tmp_path: Path) -> None:
    written = write_space(tmp_path / "space")
    for name, content in shipped().items():
        assert written[f"ser_core/ui/clips/{name}"] == len(content)
