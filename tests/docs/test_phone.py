"""docs/phone.md: what it says about the network's input is what ser_core computes."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from tests.support.recipe_models import write_recipe_model

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "phone.md").read_text(encoding="utf-8")
CODE = re.search(r"```python\n(.+?)```", PAGE, flags=re.DOTALL)[1]


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    """A model of the recipe that the page is about."""
    return write_recipe_model(tmp_path_factory.mktemp("phone") / "model", recipe="tiny")


@pytest.fixture
def config(model: Path) -> dict:
    return json.loads((model / "feature_config.json").read_text(encoding="utf-8"))


def run(code: str, model: Path, monkeypatch: pytest.MonkeyPatch) -> dict:
    """Run the page's code on a model, and return what it names."""
    monkeypatch.chdir(ROOT)
    given = code.replace('Path("model")', f"Path({str(model)!r})")
    assert given != code
    found: dict = {}
    exec(compile(given, "phone.md", "exec"), found)
    return found


@pytest.mark.parametrize("recording", ["speech_female.wav", "speech_48k_stereo.wav"])
def test_the_steps_by_hand_give_the_networks_input(
    model: Path, monkeypatch: pytest.MonkeyPatch, recording: str
) -> None:
    found = run(CODE.replace("speech_female.wav", recording), model, monkeypatch)
    assert found["expected"].shape == found["windows"].shape
    assert found["difference"] < 1e-3
    assert np.abs(found["expected"]).max() > 1.0
    assert found["pooled"].sum() == pytest.approx(1.0)


def test_a_short_recording_is_put_in_the_middle(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = CODE.replace('config["sample_rate"])  # 1, 2', 'config["sample_rate"])[8_000:24_001]')
    assert cut != CODE
    found = run(cut, model, monkeypatch)
    assert len(found["power"]) < found["length"]
    assert found["difference"] < 1e-3


def test_the_figures_are_those_of_the_feature_config(config: dict) -> None:
    (block,) = config["blocks"]
    cells = [re.split(r" *\| *", line) for line in re.findall(r"^\| +\d.+$", PAGE, re.MULTILINE)]
    said = {int(row[1]): [float(x) for x in re.findall(r"-?\d+\.?\d*", row[3])] for row in cells}
    assert list(said) == list(range(1, 13))
    assert said[2] == [config["sample_rate"]]
    assert said[3] == [block["n_fft"], block["hop_length"]]
    assert said[4] == [block["win_length"]]
    assert said[6] == [block["n_mels"], block["fmin"], block["fmax"]]
    assert said[7] == [config["speech"]["min_seconds"]]
    assert said[8] == [config["trim"]]
    assert said[9] == [config["window"], config["hop"]]
    assert said[10] == [block["floor"]]
    assert said[12] == [len(config["normalisation"]["mean"])]


def test_the_signature_is_the_one_described(model: Path, config: dict) -> None:
    network = Interpreter(str(model / "model.tflite"))
    assert list(network.get_signature_list()) == ["serving_default"]
    runner = network.get_signature_runner("serving_default")
    (taken,) = runner.get_input_details().values()
    frames, features = config["frames"], config["blocks"][0]["n_mels"]
    assert f"float32, shape (1, {frames}, {features})" in PAGE
    assert (tuple(taken["shape"]), taken["dtype"]) == ((1, frames, features), np.float32)
    for name, given in runner.get_output_details().items():
        assert f"`{name}`, float32, shape (1, {given['shape'][-1]})" in PAGE
