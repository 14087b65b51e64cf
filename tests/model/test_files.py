"""The files of a model repository: one owner for their names, one reader, one writer."""

import ast
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ser_core import DEFAULT_MODEL, EmotionRecognizer
from ser_core.errors import ConfigError, ModelError, SpeechEmotionError
from ser_core.model import files
from ser_core.model.files import REPOSITORY_FILES
from ser_core.model.further_records import Comparison
from ser_core.model.repository import Repository
from tests.support.damage import DAMAGES, mutate
from tests.support.frame_models import write_frame_model
from tests.support.light_model import write_light_model

ROOT = Path(__file__).parents[2]


def spelled(module: Path) -> Iterator[str]:
    """Every constant of a module that is a repository's file name, or a path that ends in one."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            name = node.value.rsplit("/", 1)[-1]
            if name in REPOSITORY_FILES:
                yield name


def test_every_name_is_spelled_once():
    found = sorted(
        (name, module.relative_to(ROOT).as_posix())
        for folder in ("ser_core", "train")
        for module in (ROOT / folder).rglob("*.py")
        for name in spelled(module)
    )
    assert [name for name, _ in found] == sorted(REPOSITORY_FILES)
    assert {module for _, module in found} == {
        "ser_core/model/files.py",
        "ser_core/config/feature_config.py",  # which stands below the model room
    }


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model with all that goes with the embedded one."""
    return write_light_model(tmp_path / "model")


@pytest.mark.parametrize("folder", sorted((ROOT / "train" / "results").glob("*/*/")), ids=str)
def test_all_results_are_what_their_records_say(folder: Path, tmp_path: Path):
    """And are written as they were read, to the byte."""
    for name in files.RECORDS:
        if (folder / name).is_file():
            files.save_content(tmp_path, name, files.load_content(folder, name))
            assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


def test_the_comparison_is_what_its_record_says():
    comparison = files.load_record(ROOT / "train" / "results", Comparison)
    assert {row.protocol for row in comparison.rows} >= {"speaker", "random"}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize(
    "name", [*files.RECORDS, files.RECIPE, files.NETWORK, files.CARD, files.HEAD]
)
def test_a_damaged_file_is_one_sentence(model: Path, name: str, damage: str):
    if not (model / name).is_file():
        (model / name).write_text("{}")
    DAMAGES[damage](model / name)
    repository = Repository.load(model)
    assert set(repository.faults) <= {name}
    kept = {files.RECIPE: repository.recipe, files.CARD: repository.licence}
    if damage == "missing":
        assert not repository.faults
    elif name not in kept:
        assert name in repository.faults
    for sentence in repository.faults.values():
        assert sentence
        assert "\n" not in sentence
        assert len(sentence) < 300


@pytest.mark.parametrize(
    "name",
    [
        files.METRICS,
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in (*files.RECORDS, files.NETWORK)
            if name != files.METRICS
        ),
    ],
)
def test_a_hostile_value_anywhere_is_shown_or_one_sentence(model: Path, name: str):
    content = (model / name).read_text()
    for seed in range(300):
        (model / name).write_text(mutate(content, seed))
        repository = Repository.load(model)
        assert set(repository.faults) <= {name}
        assert "\n" not in repository.faults.get(name, "")


def test_what_is_no_record_is_not_written(tmp_path: Path):
    metrics = files.load_content(Path(DEFAULT_MODEL), files.METRICS)
    with pytest.raises(ConfigError, match=r"metrics\.json is not valid: accuracy is nan"):
        files.save_content(tmp_path, files.METRICS, metrics | {"accuracy": float("nan")})
    assert not list(tmp_path.iterdir())


def fault_of(call: Callable[[], object]) -> str | None:
    """The sentence that a call ends with, if it does not succeed."""
    try:
        call()
    except SpeechEmotionError as error:
        sentence = str(error)
    else:
        return None
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", [files.FEATURE_CONFIG, *files.LITERT_FORMS.values()])
def test_a_recognizer_loads_or_says_in_a_sentence_why_not(tmp_path: Path, name: str, damage: str):
    model = write_frame_model(tmp_path / "model")  # which has all forms
    for other in files.KERAS_FILES:
        (model / other).unlink()  # or a missing LiteRT file would be made up for, by TensorFlow
    DAMAGES[damage](model / name)
    form = {file: form for form, file in files.LITERT_FORMS.items()}.get(name)
    with pytest.raises(SpeechEmotionError) as caught:
        EmotionRecognizer.from_pretrained(model, form=form)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", files.KERAS_FILES)
def test_what_keras_cannot_load_is_one_sentence(model: Path, name: str, damage: str):
    for form in files.LITERT_FORMS.values():
        (model / form).unlink(missing_ok=True)
    DAMAGES[damage](model / name)
    fault = fault_of(lambda: EmotionRecognizer.from_pretrained(model))
    # metadata.json says the version of Keras, and no more.
    assert fault or name == "metadata.json"


def test_a_feature_config_with_a_hostile_value_answers_or_is_one_sentence(
    model: Path, fixtures: Path
):
    content, speech = (model / files.FEATURE_CONFIG).read_text(), fixtures / "speech_male.wav"
    for seed in range(200):
        (model / files.FEATURE_CONFIG).write_text(mutate(content, seed))
        fault_of(lambda: EmotionRecognizer.from_pretrained(model).predict(speech))


def test_the_best_form_that_is_there_is_loaded(tmp_path: Path):
    """And one that is asked for, or none."""
    model = write_frame_model(tmp_path / "model")
    expected = ["model.tflite", "model.int8.tflite", "model.float16.tflite"]
    for name in expected:
        assert files.network_files(files.files_in(model)) == (name,)
        recognizer = EmotionRecognizer.from_pretrained(model)
        assert (recognizer.runtime, recognizer.predictor.runtime._file) == ("LiteRT", name)
        (model / name).unlink()
    assert files.network_files(files.files_in(model)) == files.KERAS_FILES
    assert EmotionRecognizer.from_pretrained(model).runtime == "Keras"
    assert EmotionRecognizer.from_pretrained(model, form="float32").runtime == "Keras"
    with pytest.raises(
        ModelError, match=r"has no model\.int8\.tflite: load it without form='int8'"
    ):
        EmotionRecognizer.from_pretrained(model, form="int8")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_saving_over_another_model_leaves_exactly_the_new_one(model: Path, tmp_path: Path):
    for name in (files.LITERT_FORMS["float16"], files.COMPARISON):
        (model / name).unlink(missing_ok=True)
    target = write_light_model(tmp_path / "target")
    (target / "notes.txt").write_text("mine")
    EmotionRecognizer.from_pretrained(model).save_pretrained(target)
    assert contents(target) == contents(model) | {"notes.txt": b"mine"}
    with pytest.raises(ModelError, match=r"has no model\.float16\.tflite"):
        EmotionRecognizer.from_pretrained(target, form="float16")


def test_of_files_that_take_samples_those_of_the_model_are_saved(model: Path, tmp_path: Path):
    """Each says in its own form of which network it is."""
    saved = tmp_path / "saved"
    current, *stale = files.WAVEFORM_FILES
    for folder in (model, write_light_model(saved)):
        for name in stale:
            (folder / name).write_bytes(b'{"model": "sha256:0123456789abcdef"}')
        (folder / current).write_bytes(b'{"model": "%s"}' % files.model_digest(model).encode())
    EmotionRecognizer.from_pretrained(model).save_pretrained(saved)
    assert set(contents(saved)) == set(contents(model)) - set(stale)


def test_saving_that_is_cut_short_leaves_what_was_there_or_no_model(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    target = write_light_model(tmp_path / "target")
    before = contents(target)
    recognizer = EmotionRecognizer.from_pretrained(model)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfile", fail)
        with pytest.raises(OSError, match="No space left"):
            recognizer.save_pretrained(target)
    assert contents(target) == before
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", fail)
        with pytest.raises(OSError, match="No space left"):
            recognizer.save_pretrained(target)
    with pytest.raises(ModelError, match=r"has no feature_config\.json"):
        EmotionRecognizer.from_pretrained(target)
