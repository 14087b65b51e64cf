"""A network's smaller forms: written, loaded, and compared."""

import os
import shutil
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from ser_core import DEFAULT_MODEL, EmotionRecognizer
from ser_core.config.feature_config import FeatureConfig
from ser_core.errors import ModelError
from ser_core.model.files import LITERT_FORMS
from tests.support.tiny_models import write_tiny_model
from train.measure import forms
from train.measure.forms import rows_of, write_missing
from train.publish.model_card import ModelCard


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    """A tiny model with all its forms."""
    folder = write_tiny_model(tmp_path_factory.mktemp("forms") / "model")
    write_missing(folder, FeatureConfig.load(folder))
    return folder


@pytest.mark.parametrize("form", LITERT_FORMS)
def test_every_form_answers_as_the_whole_network_does(form, model, fixtures):
    path = fixtures / "speech_male.wav"
    whole = EmotionRecognizer.from_pretrained(model).predict(path)
    answer = EmotionRecognizer.from_pretrained(model, form=form).predict(path)
    for label, probability in whole.probabilities.items():
        assert answer.probabilities[label] == pytest.approx(probability, abs=0.02)


def test_a_form_that_is_not_there_is_named(tmp_path):
    folder = write_tiny_model(tmp_path / "model")
    with pytest.raises(ModelError, match=r"model has no model\.int8\.tflite: load it without form"):
        EmotionRecognizer.from_pretrained(folder, form="int8")
    with pytest.raises(ValueError, match="one of float32, float16, int8, got 'int4'"):
        EmotionRecognizer.from_pretrained(folder, form="int4")


def test_stopped_at_any_moment_it_leaves_a_folder_that_loads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copy(network: object, config: object, folder: Path, form: str) -> None:
        steps.append(form)
        if len(steps) == last:
            raise KeyboardInterrupt
        shutil.copyfile(folder / "model.tflite", folder / LITERT_FORMS[form])

    def replace(source: Path, target: Path) -> None:
        steps.append(target.name)
        if len(steps) == last:
            raise KeyboardInterrupt
        os.rename(source, target)

    monkeypatch.setattr(forms, "write_litert", copy)
    monkeypatch.setattr(forms, "os", SimpleNamespace(replace=replace))
    for last in range(1, 7):
        steps: list[str] = []
        folder = write_tiny_model(tmp_path / str(last))
        before = {path.name for path in folder.iterdir()}
        with pytest.raises(KeyboardInterrupt) if last < 6 else nullcontext():
            write_missing(folder, FeatureConfig.load(folder))
        for form in [None, *LITERT_FORMS]:
            if form is None or (folder / LITERT_FORMS[form]).is_file():
                EmotionRecognizer.from_pretrained(folder, form=form)
        after = {path.name for path in folder.iterdir()} - before
        assert after <= {"check.json", *LITERT_FORMS.values()}
    assert after >= {"model.float16.tflite", "model.int8.tflite"}


def test_rows_say_how_far_a_form_is_from_float32():
    whole = np.array([[0.9, 0.1], [0.6, 0.4]])
    other = np.array([[0.8, 0.2], [0.4, 0.6]])
    first, second = rows_of({"float32": whole, "int8": other}, np.array([0, 0]))
    assert (first["accuracy"], first["agreement"], first["largest_difference"]) == (1.0, 1.0, 0.0)
    assert (second["accuracy"], second["agreement"]) == (0.5, 0.5)
    assert second["largest_difference"] == pytest.approx(0.2)


@pytest.mark.parametrize("unseen", [True, False])
def test_the_card_shows_the_forms(unseen):
    rows = [
        {"form": form, "accuracy": 0.6, "uar": 0.6, "ece": 0.03, "nll": 1.0}
        | {"agreement": 0.99, "largest_difference": 0.012}
        for form in LITERT_FORMS
    ]
    shipped = [
        {**row, "file": LITERT_FORMS[row["form"]], "bytes": 2_000_000, "milliseconds": 1.5}
        for row in rows
    ]
    forms = {"corpus": "ravdess", "clips": 9, "trained_on_it": True, "forms": shipped}
    forms["unseen"] = {"clips": 1_440, "forms": rows} if unseen else None
    card = replace(ModelCard.of(Path(DEFAULT_MODEL), source="user/name"), forms=forms).render()
    section = card.split("### Smaller forms\n")[1].split("\n##")[0]
    assert "| `model.int8.tflite` | 2.00 MB | 1.50 ms |" in section
    assert ("unseen speakers" in section) == unseen
    assert ("which the network was trained on" in section) != unseen
    lines = [line for line in section.splitlines() if line.startswith("|")]
    assert len(lines) == 5
    assert len({line.count("|") for line in lines}) == 1
