"""Files that take samples: one graph from sound to answer, equal to what Python answers."""

import json
import os
import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from click.testing import Result
from typer.testing import CliRunner

from ser_core import DEFAULT_MODEL, EmotionRecognizer, __version__
from ser_core.config.feature_config import FeatureConfig
from ser_core.config.frame_blocks import LogMelBlock, MfccBlock
from ser_core.config.outputs import Outputs
from ser_core.errors import ConfigError, ModelError
from ser_core.model.files import (
    CARD,
    ONNX_FILE,
    WAVEFORM_FILES,
    WAVEFORM_FORMS,
    WAVEFORM_KERAS,
    WEIGHTS,
    files_in,
)
from ser_core.model.keras_runtime import KerasRuntime, load_keras_network
from ser_core.model.predictor import Predictor
from tests.support.frame_models import write_frame_model
from tests.support.tiny_models import tiny_config, write_intense_model
from tests.support.waveform_models import write_waveform_model
from train.commands import evaluation, publication
from train.measure import forms
from train.networks import waveform_network, waveform_repository
from train.networks.waveform_files import append_facts, describe, read_facts
from train.networks.waveform_network import count_samples, require_waveform
from train.networks.waveform_parity import (
    ALLOWED,
    Difference,
    Parity,
    compare,
    run_keras,
    run_litert,
    run_network,
    run_onnx,
    windows,
)
from train.networks.waveform_repository import (
    add_waveforms,
    is_current,
    measure_parity,
    write_waveforms,
)
from train.publish import models

LICENCE = "cc-by-nc-sa-4.0"  # of the embedded model's card, which the light one has
WITHOUT_ONNX = tuple(name for name in WAVEFORM_FILES if name != ONNX_FILE)
PRECISE = 1e-4  # that the same numbers differ by at most, rounded in another order


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return write_waveform_model(tmp_path_factory.mktemp("waveform") / "model")


def runs(model: Path) -> dict[str, tuple]:
    """What runs each file, and its form."""
    found = {name: (run_litert(model / name), form) for form, name in WAVEFORM_FORMS.items()}
    found[WAVEFORM_KERAS] = (run_keras(model / WAVEFORM_KERAS), "float32")
    if (model / ONNX_FILE).is_file():
        found[ONNX_FILE] = (run_onnx(model / ONNX_FILE), "float32")
    return found


@pytest.mark.slow
def test_every_file_answers_a_window_as_the_recognizer_does(model):
    """Also where speech comes late, is clipped or quiet, or where nobody speaks."""
    config = FeatureConfig.load(model)
    recognizers = {
        form: EmotionRecognizer.from_pretrained(model, form=form) for form in WAVEFORM_FORMS
    }
    spoken = 0
    for sound, samples in windows(config).items():
        assert samples.shape == (count_samples(config),)
        for name, (run, form) in runs(model).items():
            expected = recognizers[form].predict((16_000, samples))
            given = run(samples[None])
            assert set(given) == {"emotion", "intensity", "distance", "speech", "embedding"}
            assert set(given) == set(describe(model, config)["outputs"])
            share = expected.speech_seconds / (config.window_frames - 1) * 100
            assert given["speech"][0, 0] == pytest.approx(share, abs=1e-5), (sound, name)
            if expected.status == "no_speech":
                assert share < read_facts(model / WAVEFORM_FORMS["int8"])["speech_at_least"]
                continue
            spoken += 1
            shares = list(expected.probabilities.values())
            np.testing.assert_allclose(given["emotion"][0], shares, atol=ALLOWED[form].answer)
            assert given["emotion"].sum() == pytest.approx(1.0, abs=1e-5)
            if expected.intensity is not None:  # which a neutral voice has not
                whole = pytest.approx(expected.intensity, abs=ALLOWED[form].beside)
                assert given["intensity"][0, 0] == whole, (sound, name)
    assert spoken >= 6 * len(runs(model))


@pytest.mark.slow
def test_the_files_say_what_they_are(model):
    for name in WITHOUT_ONNX:
        facts = read_facts(model / name)
        assert facts["labels"] == list(FeatureConfig.load(model).labels)
        assert (facts["sample_rate"], facts["samples"]) == (16_000, 99 * 160)
        assert (facts["version"], facts["licence"]) == (__version__, LICENCE)
    assert f"| {WAVEFORM_KERAS} | Keras |" in (model / "parity.md").read_text()


@pytest.mark.slow
def test_the_onnx_file_says_what_it_is(model):
    onnxruntime = pytest.importorskip("onnxruntime", reason="model.onnx needs ONNX Runtime")
    pytest.importorskip("tf2onnx", reason="nothing writes model.onnx without tf2onnx")
    session = onnxruntime.InferenceSession(model / ONNX_FILE, providers=["CPUExecutionProvider"])
    (taken,) = session.get_inputs()
    assert (taken.name, taken.shape, taken.type) == ("samples", [1, 99 * 160], "tensor(float)")
    said = session.get_modelmeta().custom_metadata_map
    assert json.loads(said["labels"]) == list(FeatureConfig.load(model).labels)
    assert said["licence"] == LICENCE
    assert said["version"] == __version__


@pytest.mark.slow
def test_files_that_say_something_else_than_the_repository_are_not_current(model, tmp_path):
    """Each file on its own, and whatever it says: its network, its version, its licence."""
    folder = Path(shutil.copytree(model, tmp_path / "model"))
    assert is_current(folder)

    def spoil(name: str, content: bytes) -> None:
        before = (folder / name).read_bytes()
        (folder / name).write_bytes(content)
        assert not is_current(folder), name
        (folder / name).write_bytes(before)
        assert is_current(folder)

    int8, config = WAVEFORM_FORMS["int8"], FeatureConfig.load(folder)
    spoil(int8, b"no archive")
    facts = describe(folder, config)
    for other in ({"model": "sha256:0"}, {"version": "0.0.1"}, {"licence": None}):
        spoil(int8, append_facts(b"TFL3", facts | other))
    card = (folder / CARD).read_text(encoding="utf-8")
    spoil(CARD, card.replace(LICENCE, "mit").encode())
    config.model_copy(update={"uncertain_below": 0.3}).save(folder)
    assert not is_current(folder)


@pytest.mark.slow
def test_an_onnx_file_of_another_network_is_not_current(model, tmp_path):
    onnx = pytest.importorskip("onnx", reason="nothing writes model.onnx without onnx")
    if not (model / ONNX_FILE).is_file():
        pytest.skip("nothing writes model.onnx without tf2onnx and onnxruntime")
    folder = Path(shutil.copytree(model, tmp_path / "model"))
    proto = onnx.load(folder / ONNX_FILE)
    (said,) = (one for one in proto.metadata_props if one.key == "model")
    said.value = "sha256:0"
    for content in (proto.SerializeToString(), b"no ONNX"):
        (folder / ONNX_FILE).write_bytes(content)
        assert not is_current(folder)
    (folder / ONNX_FILE).unlink()
    assert not is_current(folder)


@pytest.fixture
def unconverted(tmp_path, monkeypatch) -> Path:
    """A model with old files, whose new ones are written without a conversion; ONNX's cannot be."""
    folder = write_frame_model(tmp_path / "model", forms=("int8",))
    for name in WAVEFORM_FILES:
        (folder / name).write_bytes(b"old")
    monkeypatch.setattr(waveform_repository, "load_keras_network", lambda model: None)
    monkeypatch.setattr(waveform_network, "build", lambda network, config: None)
    monkeypatch.setattr(waveform_repository, "convert_litert", lambda *_: b"new")
    monkeypatch.setattr(waveform_repository, "convert_keras", lambda *_: b"new")
    right = Parity("a.tflite", "LiteRT", "float32", {"speech": Difference(0.0, 0.0)})
    monkeypatch.setattr(waveform_repository, "measure_parity", lambda *_: [right])
    monkeypatch.setattr(waveform_repository, "ONNX_PACKAGES", ("no_such_package",))
    return folder


def waveform_contents(folder: Path) -> dict[str, bytes]:
    return {
        name: (folder / name).read_bytes() for name in WAVEFORM_FILES if name in files_in(folder)
    }


def test_files_of_a_former_network_go_where_they_are_not_written_anew(unconverted, caplog):
    write_waveforms(unconverted)
    assert waveform_contents(unconverted) == dict.fromkeys(WITHOUT_ONNX, b"new")
    assert "model.onnx is left out: it needs no_such_package." in caplog.text


def test_what_is_cut_short_leaves_no_file_of_a_former_network(unconverted, monkeypatch):
    replace, done = os.replace, []

    def cut(source, target):
        if done:
            raise KeyboardInterrupt
        done.append(target)
        replace(source, target)

    monkeypatch.setattr(waveform_repository.os, "replace", cut)
    with pytest.raises(KeyboardInterrupt):
        write_waveforms(unconverted)
    assert waveform_contents(unconverted) == {WAVEFORM_FORMS["float32"]: b"new"}


def test_nothing_is_written_that_answers_otherwise(unconverted, monkeypatch):
    wrong = Parity("a.tflite", "LiteRT", "float32", {"speech": Difference(0.1, 0.0)})
    monkeypatch.setattr(waveform_repository, "measure_parity", lambda *_: [wrong])
    with pytest.raises(ModelError, match="differ by"):
        write_waveforms(unconverted)
    assert waveform_contents(unconverted) == dict.fromkeys(WAVEFORM_FILES, b"old")


def test_nothing_is_written_or_compared_of_a_model_that_the_loader_refuses(unconverted):
    """As one whose labels were put in another order since it was saved."""
    config = FeatureConfig.load(unconverted)
    config.model_copy(update={"labels": config.labels[::-1]}).save(unconverted)
    for call in (write_waveforms, add_waveforms, lambda model: measure_parity(model, model)):
        with pytest.raises(ConfigError, match=r"not the one .* saved with \(labels changed\)"):
            call(unconverted)
    assert waveform_contents(unconverted) == dict.fromkeys(WAVEFORM_FILES, b"old")


def test_a_network_that_answers_windows_takes_samples_too(tmp_path):
    """With bands of its own beside the gate's, two blocks, and short speech put in the middle."""
    config_changes = {
        "outputs": Outputs(intensity="intensity"),
        "blocks": (LogMelBlock(n_mels=40), LogMelBlock(n_fft=1024, win_length=800, n_mels=20)),
        "normalisation": tiny_config().normalisation.model_copy(
            update={"mean": (-30.0,) * 60, "std": (15.0,) * 60}
        ),
        "selected": tuple(range(0, 60, 2)),
    }
    folder = write_intense_model(tmp_path / "model", **config_changes)
    config = FeatureConfig.load(folder)
    graph = waveform_network.build(load_keras_network(folder), config)
    predictor = Predictor(config, KerasRuntime(folder, config))
    assert set(graph.output_names) == set(describe(folder, config)["outputs"])
    found = compare(predictor, run_network(graph), windows(config))
    assert max(map(max, found.values())) < PRECISE, found


def test_what_answers_otherwise_is_refused():
    def require(form: str, answer: float, beside: float = 0.0) -> None:
        found = {"noise": Difference(0.0, 0.0), "speech": Difference(answer, beside)}
        Parity("a.tflite", "LiteRT", form, found).require()

    require("int8", 0.015, 0.04)
    with pytest.raises(ModelError, match=r"a\.tflite in LiteRT and Python differ by 0\.015 on 'sp"):
        require("float32", 0.015)
    with pytest.raises(ModelError, match=r"differ by 0\.06 on 'speech', at most 0\.05"):
        require("int8", 0.015, 0.06)
    with pytest.raises(ModelError, match="differ by nan"):
        require("int8", float("nan"))


def test_models_of_other_features_take_no_samples():
    rate = {"sample_rate": 8_000, "blocks": (LogMelBlock(fmax=4_000.0),), "frames": 50}
    with pytest.raises(ModelError, match="takes 8000 Hz in steps of 160 samples, and the speech"):
        require_waveform(tiny_config(**rate))
    with pytest.raises(ModelError, match="its features are those of mfcc, which librosa computes"):
        require_waveform(tiny_config().model_copy(update={"blocks": (MfccBlock(),)}))
    with pytest.raises(ModelError, match="it takes sequences of 3 windows"):
        require_waveform(tiny_config().model_copy(update={"sequence": 3}))


def test_the_graph_needs_nothing_but_keras(tmp_path):
    """No layer of it is of a class that this project defines."""
    folder = write_frame_model(tmp_path / "model", forms=("int8",))
    graph = waveform_network.build(load_keras_network(folder), FeatureConfig.load(folder))
    nested = [layer for part in graph.layers for layer in getattr(part, "layers", [part])]
    assert all(type(layer).__module__.startswith("keras.") for layer in nested)
    assert keras.saving.get_custom_objects() == {}


def test_they_are_written_where_they_are_missing_and_can_be(tmp_path, monkeypatch, caplog):
    asked = []
    monkeypatch.setattr(waveform_repository, "write_waveforms", asked.append)
    folder = write_frame_model(tmp_path / "model", forms=("int8",))
    add_waveforms(folder)
    assert asked == [folder]

    with monkeypatch.context() as there:
        there.setattr(keras.backend, "backend", lambda: "jax")
        assert add_waveforms(folder) == []
    assert "No file of it takes samples. LiteRT files are written by TensorFlow" in caplog.text
    caplog.clear()
    (folder / WEIGHTS).rename(tmp_path / WEIGHTS)
    assert add_waveforms(folder) == []
    assert "No file of it takes samples." in caplog.text
    assert WEIGHTS in caplog.text
    (tmp_path / WEIGHTS).rename(folder / WEIGHTS)
    config = FeatureConfig.load(folder).model_copy(update={"sample_rate": 8_000})
    monkeypatch.setattr(FeatureConfig, "load", lambda directory: config)
    assert add_waveforms(folder) == []
    assert "No file of it takes samples. The model of recipe 'tiny' cannot" in caplog.text
    assert asked == [folder]


def test_a_taught_model_takes_no_samples(tmp_path, monkeypatch):
    folder = write_frame_model(tmp_path / "model", forms=("int8",))
    taught = SimpleNamespace(labels=("yes", "no"))
    monkeypatch.setattr(waveform_repository.TaughtHead, "load", lambda directory: taught)
    with pytest.raises(ModelError, match=r"was taught labels \(yes, no\), which its network"):
        write_waveforms(folder)


@pytest.fixture
def publishable(model, tmp_path, monkeypatch) -> Path:
    """A model with its files; nothing is converted, and its doors are others' business."""

    def refuse(*_):
        raise AssertionError("what is current was converted again")

    monkeypatch.setattr(waveform_repository, "write_waveforms", refuse)
    monkeypatch.setattr(models, "verify", lambda directory: 0.0)
    return Path(shutil.copytree(model, tmp_path / "model"))


@pytest.mark.slow
@pytest.mark.parametrize("waveform", [True, False])
def test_what_is_published_has_them_unless_they_are_not_wanted(publishable, tmp_path, waveform):
    there = waveform_contents(publishable)
    out = tmp_path / "out"
    sent = models.publish(publishable, "user/voices", waveform=waveform, dry_run=out)
    assert there
    assert waveform_contents(out) == (there if waveform else {})
    assert set(WAVEFORM_FILES) & set(sent.sizes) == set(there if waveform else ())
    assert waveform_contents(publishable) == there
    card = (out / CARD).read_text(encoding="utf-8")
    assert all((f"`{name}`" in card) == waveform for name in there)


@pytest.mark.slow
def test_what_is_published_has_none_of_another_network(publishable, tmp_path, monkeypatch):
    """As where Keras runs on a backend that cannot write them anew."""
    config = FeatureConfig.load(publishable)
    config.model_copy(update={"uncertain_below": 0.3}).save(publishable)
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    models.publish(publishable, "user/voices", dry_run=tmp_path / "out")
    assert waveform_contents(tmp_path / "out") == {}


def run_command(*words: object) -> Result:
    return CliRunner().invoke(publication.app, ["waveform", *map(str, words)])


@pytest.mark.slow
def test_check_compares_the_files_that_are_there(model, tmp_path, monkeypatch, caplog):
    """And says so of ONNX's, where there is nothing that runs it."""
    for name in WAVEFORM_FORMS.values():
        shutil.copy(model / name, tmp_path)
    (tmp_path / ONNX_FILE).write_bytes(b"old")
    monkeypatch.setattr(waveform_repository, "find_spec", lambda package: None)
    done = run_command("--model", model, "--out", tmp_path, "--check")
    assert done.exit_code == 0, done.output
    assert all(f"| {name} | LiteRT |" in done.output for name in WAVEFORM_FORMS.values())
    assert "model.onnx is not compared: it needs onnxruntime." in caplog.text
    assert (tmp_path / ONNX_FILE).read_bytes() == b"old"


def test_check_ends_in_a_sentence_where_a_file_is_missing_broken_or_wrong(
    unconverted, tmp_path, monkeypatch
):
    wrong = Parity("a.tflite", "LiteRT", "float32", {"speech": Difference(0.1, 0.0)})
    with monkeypatch.context() as patched:
        patched.setattr(waveform_repository, "measure_parity", lambda *_: [wrong])
        done = run_command("--model", unconverted, "--check")
    assert "1.0e-01" in done.output  # what was found, before it ends
    assert isinstance(done.exception, ModelError)
    with pytest.raises(ModelError, match=r"has no model\.waveform\.tflite and no model"):
        measure_parity(unconverted, tmp_path)
    for name, run in (("model.waveform.tflite", run_litert), (WAVEFORM_KERAS, run_keras)):
        (tmp_path / name).write_bytes(b"old")
        with pytest.raises(ModelError, match=f"^{re.escape(name)} cannot be run: write it anew"):
            run(tmp_path / name)


def test_the_command_writes_beside_the_repository_where_it_is_told(unconverted, tmp_path):
    done = run_command("--model", unconverted, "--out", tmp_path / "out")
    assert done.exit_code == 0
    assert "| a.tflite | LiteRT |" in done.output
    new = dict.fromkeys(WITHOUT_ONNX, b"new")
    assert waveform_contents(tmp_path / "out") == new
    assert waveform_contents(unconverted) == dict.fromkeys(WAVEFORM_FILES, b"old")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--model", "mine"), ["mine"]),
        (("--model", "mine", "--no-waveform"), []),
        (("--model", DEFAULT_MODEL), []),
        (("--model", DEFAULT_MODEL, "--waveform"), [str(DEFAULT_MODEL)]),
    ],
)
def test_forms_writes_them_too_but_for_the_embedded_model(monkeypatch, words, expected):
    asked = []
    monkeypatch.setattr(evaluation, "load_corpora", lambda *_: {"mine": None})
    monkeypatch.setattr(evaluation, "choose_protocol", lambda *_: "folds")
    monkeypatch.setattr(forms, "measure_forms", lambda *_, **__: None)
    monkeypatch.setattr(forms, "forms_table", lambda measured: "measured\n")
    monkeypatch.setattr(
        waveform_repository, "add_waveforms", lambda model: asked.append(str(model))
    )
    done = CliRunner().invoke(evaluation.app, ["forms", "--corpus", "mine=mine", *map(str, words)])
    assert (done.exit_code, done.output) == (0, "measured\n"), done.output
    assert asked == expected


@pytest.mark.parametrize("words", [(), ("--out", DEFAULT_MODEL)])
def test_the_command_writes_nothing_into_the_package(monkeypatch, words):
    asked = []
    monkeypatch.setattr(waveform_repository, "write_waveforms", lambda *_: asked.append(1))
    done = run_command(*words)
    assert isinstance(done.exception, ConfigError)
    assert "give --out DIR" in str(done.exception)
    assert asked == []
