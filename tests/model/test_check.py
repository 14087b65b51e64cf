"""A model is tried as it is loaded: what is damaged, mixed or made to do harm is refused."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.foreign_models import attack
from ser_core import DEFAULT_MODEL, EmotionRecognizer
from ser_core.config.feature_config import FeatureConfig, Normalisation
from ser_core.errors import ConfigError, ModelError
from ser_core.model import files
from ser_core.model.check import KERAS_FORM, Check, answer_fixed_input, digest_keys, fixed_input
from ser_core.model.pooling import Answers
from ser_core.model.repository import Repository
from tests.support.frame_models import frame_config, write_frame_model
from tests.support.recordings import voice
from tests.support.tiny_models import make_config, write_intense_model, write_tiny_model


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A tiny model in all forms, with frames."""
    return write_frame_model(tmp_path / "model")


def strip(folder: Path, *kept: str) -> Path:
    """Leave of a repository what is needed with one file of its network."""
    for name in files.files_in(folder):
        if name not in (files.FEATURE_CONFIG, files.CHECK, *kept):
            (folder / name).unlink()
    return folder


def edit(folder: Path, name: str = files.FEATURE_CONFIG, **changes: object) -> None:
    """Change keys of a JSON file."""
    content = json.loads((folder / name).read_text(encoding="utf-8"))
    (folder / name).write_text(json.dumps(content | changes), encoding="utf-8")


def load(folder: Path, form: str | None = None) -> EmotionRecognizer:
    return EmotionRecognizer.from_pretrained(folder, form=form)


def test_a_model_is_saved_with_what_it_answers_in_every_form(model: Path) -> None:
    check = Check.load(model)
    assert check is not None
    assert set(check.answers) == {*files.LITERT_FORMS, KERAS_FORM}
    for form in files.LITERT_FORMS:
        given = answer_fixed_input(load(model, form).predictor)
        recorded = list(check.answers[form].probabilities.values())
        assert np.allclose(given.probabilities[0], recorded, atol=1e-5)


def test_the_embedded_model_is_tried_against_its_answers() -> None:
    check = Check.load(Path(DEFAULT_MODEL))
    assert check is not None
    names = files.files_in(Path(DEFAULT_MODEL))
    there = {form for form, name in files.LITERT_FORMS.items() if name in names}
    assert set(check.answers) == there | {KERAS_FORM}
    assert max(check.answers["int8"].probabilities.values()) < 0.9, "an answer that tells models"
    load(Path(DEFAULT_MODEL))


def test_the_input_is_the_same_everywhere() -> None:
    inputs = fixed_input(make_config())
    assert (inputs.dtype, inputs.shape) == (np.float32, (1, 20, 8))
    assert np.allclose(
        inputs[0, :2, :3],
        [[1.336, 1.0473044, 0.7586087], [1.2588853, 0.9701896, 0.6814939]],
        atol=1e-6,
    )
    assert np.abs(fixed_input(frame_config())).max() < 1.5


@pytest.mark.parametrize("form", files.LITERT_FORMS)
def test_another_networks_file_is_refused(form: str, tmp_path: Path) -> None:
    """As is a file that came after the check."""
    one = write_intense_model(tmp_path / "one")
    other = write_intense_model(tmp_path / "other", likeliest="sad")
    name = files.LITERT_FORMS[form]
    shutil.copyfile(other / name, one / name)
    with pytest.raises(ModelError, match=r"does not answer as it did .*`python -m train check"):
        load(one, form)
    edit(other, files.CHECK, answers={})
    with pytest.raises(ModelError, match="says nothing of"):
        load(other, form)


def test_labels_in_another_order_are_refused(model: Path) -> None:
    labels = list(FeatureConfig.load(model).labels)
    edit(model, labels=labels[::-1])
    with pytest.raises(ConfigError, match=r"\(labels changed\)"):
        load(model)
    edit(model, files.CHECK, config=digest_keys(FeatureConfig.load(model)))
    with pytest.raises(ModelError, match="other labels"):
        load(model)


def test_a_config_of_another_model_is_refused(tmp_path: Path) -> None:
    one = write_frame_model(tmp_path / "one")
    config = FeatureConfig.load(one)
    width = len(config.normalisation.mean)
    scale = Normalisation(mean=(-20.0,) * width, std=(15.0,) * width)
    for changes in ({"normalisation": scale}, {"temperature": 1.5}, {"recipe": "another"}):
        config.model_copy(update=changes).save(one)
        with pytest.raises(ConfigError, match=f"{next(iter(changes))} changed"):
            load(one)


def test_what_is_made_of_an_answer_may_be_set_anew(model: Path) -> None:
    speech = {"threshold": 0.4, "min_seconds": 0.2}
    edit(model, uncertain_below=0.9, speech=speech, adaptation=None)
    assert load(model).config.uncertain_below == 0.9


def test_an_older_repository_loads_but_not_with_a_damaged_network(model: Path) -> None:
    strip(model, files.LITERT_FILE)
    (model / files.CHECK).unlink()
    assert load(model).runtime == "LiteRT"
    content = bytearray((model / files.LITERT_FILE).read_bytes())
    half = len(content) // 2
    content[half : half + 2048] = b"\xff" * 2048  # numbers that are none
    (model / files.LITERT_FILE).write_bytes(content)
    with pytest.raises(ModelError):
        load(model)


class Broken:
    """A network that gives what it is told to."""

    name = "broken"

    def __init__(self, answers: Answers, frame: float = 0.0) -> None:
        self.answers, self.frame = answers, frame

    def run(self, windows: np.ndarray) -> Answers:
        """Give it."""
        return Answers(*(v if v is None else v.repeat(len(windows), 0) for v in self.answers))

    def encode(self, inputs: np.ndarray) -> np.ndarray:
        """Give frames."""
        return np.full((len(inputs), 50, 8), self.frame, dtype=np.float32)

    def answer(self, summaries: np.ndarray) -> Answers:
        """Give it."""
        return self.run(summaries)


EVEN, ONE = np.full((1, 8), 0.125, dtype=np.float32), np.ones(1, dtype=np.float32)
NONE = np.float32("nan")
CALLS: dict[str, Callable[[EmotionRecognizer, tuple], object]] = {
    "predict": lambda recognizer, sound: recognizer.predict(sound),
    "analyze": lambda recognizer, sound: recognizer.analyze(sound),
    "explain": lambda recognizer, sound: recognizer.explain(sound),
    "stream": lambda recognizer, sound: list(recognizer.stream([sound])),
    "adapt": lambda recognizer, sound: recognizer.adapt([sound]),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("network", "sentence"),
    [
        (Broken(Answers(EVEN * NONE, ONE, ONE)), "not finite"),
        (Broken(Answers(EVEN, ONE * NONE, ONE)), "not finite"),
        (Broken(Answers(EVEN, ONE, ONE * np.float32("inf"))), "not finite"),
        (Broken(Answers(EVEN, ONE, ONE), frame=NONE), "not finite"),
        (Broken(Answers(EVEN * 2, ONE, ONE)), "do not sum to 1"),
        (Broken(Answers(EVEN, ONE * 3, ONE)), "intensity outside"),
        (Broken(Answers(EVEN, ONE, -ONE)), "negative distance"),
    ],
    ids=["probability", "intensity", "distance", "frame", "sum", "outside", "negative"],
)
def test_no_run_gives_what_is_no_answer(
    model: Path, network: Broken, sentence: str, call: str
) -> None:
    adaptation = {"mean": [0.0] * 8, "prior_clips": 1.0, "least_clips": 1}
    edit(model, adaptation=adaptation, uncertain_below=0.0)
    recognizer = load(model)
    recognizer._loaded = recognizer._loaded._replace(runtime=network)
    with pytest.raises(ModelError, match=sentence):
        CALLS[call](recognizer, (16_000, voice("speech_male.wav")))


def test_features_that_are_not_finite_are_not_answered(model: Path) -> None:
    """A network with rounded inputs would give something for them."""
    predictor = load(model, "int8").predictor
    for value in (np.nan, np.inf):
        inputs = np.full((1, 100, 64), value, dtype=np.float32)
        for call in (predictor.run, predictor.encode):
            with pytest.raises(ModelError, match="features that are not finite"):
                call(inputs)


@pytest.mark.parametrize("kind", ["frames", "windows"])
def test_a_damaged_repository_is_refused_or_answers_rightly(kind: str, tmp_path: Path) -> None:
    if kind == "frames":
        whole = write_frame_model(tmp_path / "whole")
        other = None
    else:
        whole = write_intense_model(tmp_path / "whole")
        other = write_intense_model(tmp_path / "other", likeliest="sad")
    became = list(attack(strip(whole, files.LITERT_FILE), 240, other=other))
    faults = [one for one in became if one[2] not in ("refused", "right answer")]
    assert faults == []
    assert 150 < sum(what == "refused" for _, _, what, _ in became) < 240


def link_out(file: Path) -> None:
    elsewhere = file.parent.parent / "elsewhere"
    shutil.move(file, elsewhere)
    file.symlink_to(elsewhere)


def make_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


@pytest.mark.parametrize("harm", [link_out, make_pipe])
@pytest.mark.parametrize("name", [files.METRICS, files.CARD, files.NETWORK])
def test_a_record_that_is_no_file_of_its_folder_is_neither_shown_nor_saved(
    name: str, harm: Callable[[Path], None], tmp_path: Path
) -> None:
    folder = shutil.copytree(DEFAULT_MODEL, tmp_path / "model")
    recognizer = load(folder)
    harm(folder / name)
    repository = Repository.load(folder)
    assert set(repository.faults) == {name}
    if harm is link_out:
        with pytest.raises(ModelError, match="is a link out of its folder"):
            recognizer.save_pretrained(tmp_path / "saved")
        assert not (tmp_path / "saved" / files.FEATURE_CONFIG).exists()


def test_links_within_the_folder_and_into_the_hubs_cache_are_followed(
    model: Path, tmp_path: Path
) -> None:
    strip(model, files.LITERT_FILE)
    (model / files.LITERT_FILE).rename(model / "weights")
    (model / files.LITERT_FILE).symlink_to("weights")
    assert load(model).runtime == "LiteRT"
    cache = tmp_path / "models--user--name"
    snapshot = cache / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (cache / "blobs").mkdir()
    for name in files.files_in(model):
        shutil.copyfile(model / name, cache / "blobs" / name)
        (snapshot / name).symlink_to(f"../../blobs/{name}")
    assert load(snapshot).runtime == "LiteRT"


def keras_model(folder: Path) -> Path:
    """A tiny model that Keras alone can load."""
    return write_tiny_model(folder, litert=False)


def change_layers(folder: Path, change: Callable[[dict], None]) -> None:
    described = json.loads((folder / files.NETWORK).read_text())
    change(described["config"])
    (folder / files.NETWORK).write_text(json.dumps(described))


def many_units(network: dict) -> None:
    network["layers"][-1]["config"]["units"] = 10**8


def no_layers(network: dict) -> None:
    network.update(layers=[], input_layers=[], output_layers=[])


@pytest.mark.slow
def test_keras_files_of_another_size_are_refused_before_they_take_memory(tmp_path: Path) -> None:
    import resource

    for name, change in (("units", many_units), ("empty", no_layers)):
        folder = keras_model(tmp_path / name)
        load(folder)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        change_layers(folder, change)
        with pytest.raises(ModelError) as caught:
            load(folder)
        assert "\n" not in str(caught.value)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before  # [kB]
        assert grown < 500_000


@pytest.mark.slow
def test_damaged_weights_are_refused_by_keras_too(tmp_path: Path) -> None:
    """Also whole ones of another network."""
    whole = write_intense_model(tmp_path / "whole")
    other = write_intense_model(tmp_path / "other", likeliest="sad")
    for folder in (whole, other):
        strip(folder, *files.KERAS_FILES)
    assert load(whole).runtime == "Keras"
    content = (whole / files.WEIGHTS).read_bytes()
    half = len(content) // 2
    for damaged in (
        content[:half],
        content[:8],
        b"",
        bytes(200) + content[200:],
        (other / files.WEIGHTS).read_bytes(),
    ):
        (whole / files.WEIGHTS).write_bytes(damaged)
        with pytest.raises(ModelError) as caught:
            load(whole)
        assert "\n" not in str(caught.value)
