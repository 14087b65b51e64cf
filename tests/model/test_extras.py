"""What a model needs beside the light core: known from its repository, asked for at load."""

import tomllib
from pathlib import Path

import pytest

from ser_core import DEFAULT_MODEL, EmotionRecognizer
from ser_core.config.feature_config import Normalisation
from ser_core.config.frame_blocks import LogMelBlock, MfccBlock
from ser_core.errors import ModelError
from ser_core.model import extras
from ser_core.model.extras import EXTRAS, KERAS, REFERENCE, needed_extras, require_extras
from ser_core.model.files import FEATURE_CONFIG, KERAS_FILES, LITERT_FILE, LITERT_FORMS
from tests.support.embedded import NETWORK_FILE
from tests.support.tiny_models import tiny_config

ROOT = Path(__file__).parents[2]
REFERENCE_BLOCKS = {
    "blocks": (MfccBlock(n_mfcc=13),),
    "normalisation": Normalisation(mean=(0.0,) * 13, std=(1.0,) * 13),
    "sample_rate": 16_000,
    "frames": 32,
}


def test_the_package_has_the_same_extras():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for name, lines in EXTRAS.items():
        stated = project["optional-dependencies"][name]
        assert list(lines) == [line.replace("'", '"') for line in stated]


def test_a_repository_says_what_it_needs():
    plain, reference = tiny_config(), tiny_config(**REFERENCE_BLOCKS)
    assert isinstance(plain.blocks[0], LogMelBlock)
    assert needed_extras(plain, {LITERT_FILE}) == ()
    assert needed_extras(plain, KERAS_FILES) == (KERAS,)
    assert needed_extras(plain, KERAS_FILES, "float16") == ()
    assert needed_extras(plain, {LITERT_FORMS["int8"]}) == ()
    assert needed_extras(plain, {LITERT_FORMS["int8"]}, "float32") == (KERAS,)
    assert needed_extras(reference, {LITERT_FILE}) == (REFERENCE,)
    assert needed_extras(reference, KERAS_FILES) == (REFERENCE, KERAS)


def test_a_model_is_refused_at_load_with_the_command_that_helps(tmp_path, monkeypatch):
    tiny_config(**REFERENCE_BLOCKS).save(tmp_path)
    (tmp_path / LITERT_FILE).write_bytes((Path(DEFAULT_MODEL) / NETWORK_FILE).read_bytes())
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    with pytest.raises(ModelError) as caught:
        EmotionRecognizer.from_pretrained(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path.name} needs librosa, which this environment lacks: "
        "pip install 'librosa>=0.10.2,<1'."
    )
    for name in KERAS_FILES:
        (tmp_path / name).write_text("{}")
    (tmp_path / LITERT_FILE).unlink()
    with pytest.raises(ModelError, match=r"needs librosa and keras, .*'keras>=3.*'tensorflow"):
        EmotionRecognizer.from_pretrained(tmp_path)
    assert (tmp_path / FEATURE_CONFIG).is_file()


def test_a_command_installs_one_tensorflow():
    assert extras.install_command([KERAS]).count("tensorflow") == 1
    assert extras.install_command([REFERENCE, KERAS]).startswith("pip install 'librosa")


def test_nothing_is_refused_that_is_there():
    require_extras((REFERENCE, KERAS), "user/name")
