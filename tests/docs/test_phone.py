"""docs/phone.md: what it says about the network's input is what ser_core computes."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from ser_core import DEFAULT_MODEL

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "phone.md").read_text(encoding="utf-8")
CONFIG = json.loads((Path(DEFAULT_MODEL) / "feature_config.json").read_text(encoding="utf-8"))
(BLOCK,) = CONFIG["blocks"]
CODE = re.search(r"```python\n(.+?)```", PAGE, flags=re.DOTALL)[1]


@pytest.mark.parametrize("recording", ["speech_female.wav", "speech_48k_stereo.wav"])
def test_the_steps_by_hand_give_the_networks_input(
    monkeypatch: pytest.MonkeyPatch, recording: str
) -> None:
    monkeypatch.chdir(ROOT)
    found: dict = {}
    exec(compile(CODE.replace("speech_female.wav", recording), "phone.md", "exec"), found)
    assert found["expected"].shape == found["windows"].shape
    assert found["difference"] < 1e-3
    assert np.abs(found["expected"]).max() > 1.0
    assert found["pooled"].sum() == pytest.approx(1.0)


def test_a_short_recording_is_put_in_the_middle(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    found: dict = {}
    cut = CODE.replace('config["sample_rate"])  # 1, 2', 'config["sample_rate"])[8_000:24_001]')
    assert cut != CODE
    exec(compile(cut, "phone.md", "exec"), found)
    assert len(found["power"]) < found["length"]
    assert found["difference"] < 1e-3


def test_the_figures_are_those_of_the_feature_config() -> None:
    cells = [re.split(r" *\| *", line) for line in re.findall(r"^\| +\d.+$", PAGE, re.MULTILINE)]
    said = {int(row[1]): [float(x) for x in re.findall(r"-?\d+\.?\d*", row[3])] for row in cells}
    assert list(said) == list(range(1, 13))
    assert said[2] == [CONFIG["sample_rate"]]
    assert said[3] == [BLOCK["n_fft"], BLOCK["hop_length"]]
    assert said[4] == [BLOCK["win_length"]]
    assert said[6] == [BLOCK["n_mels"], BLOCK["fmin"], BLOCK["fmax"]]
    assert said[7] == [CONFIG["speech"]["min_seconds"]]
    assert said[8] == [CONFIG["trim"]]
    assert said[9] == [CONFIG["window"], CONFIG["hop"]]
    assert said[10] == [BLOCK["floor"]]
    assert said[12] == [len(CONFIG["normalisation"]["mean"])]


def test_the_signature_is_the_one_described() -> None:
    network = Interpreter(str(Path(DEFAULT_MODEL) / "model.tflite"))
    assert list(network.get_signature_list()) == ["serving_default"]
    runner = network.get_signature_runner("serving_default")
    (taken,) = runner.get_input_details().values()
    frames, features = CONFIG["frames"], BLOCK["n_mels"]
    assert f"float32, shape (1, {frames}, {features})" in PAGE
    assert (tuple(taken["shape"]), taken["dtype"]) == ((1, frames, features), np.float32)
    for name, given in runner.get_output_details().items():
        assert f"`{name}`, float32, shape (1, {given['shape'][-1]})" in PAGE
