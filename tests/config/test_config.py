"""The feature config: what is accepted, and the sentence for everything that is not."""

import json

import pytest
from pydantic import model_validator

from ser_core.config.emotions import LABELS
from ser_core.config.feature_config import FeatureConfig
from ser_core.config.outputs import Outputs
from ser_core.config.path_patterns import compile_pattern
from ser_core.config.schema import Strict, validated
from ser_core.errors import ArgumentError, ConfigError
from tests.support.tiny_models import make_config


def changed(**changes) -> str:
    """The JSON of the small config with some keys changed."""
    return json.dumps(json.loads(make_config().to_json()) | changes)


def test_config_survives_being_written_and_read(tmp_path):
    config = make_config(selected=(0, 3), labels=("happy", "sad"), temperature=0.9)
    config.save(tmp_path)
    assert FeatureConfig.load(tmp_path) == config
    assert config.features == 2


def test_a_config_from_before_there_was_an_intensity_is_read():
    outputs = FeatureConfig.from_json(changed(outputs={"emotion": "mood"})).outputs
    assert (outputs.names, outputs.intensity) == (("mood",), None)
    assert Outputs(intensity="strength").names == ("emotion", "strength")


def test_json_names_nothing_of_the_machine():
    assert set(json.loads(make_config().to_json())) == set(FeatureConfig.model_fields)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "not valid JSON"),
        ("[]", "must hold a JSON object, not a list"),
        (changed(colour="red"), "unknown key colour"),
        (changed(blocks=[{"name": "log_meh"}]), "blocks.0 is of the kind 'log_meh': expected one"),
        (changed(**{"a\nb" + 5_000 * "x": 1}), "unknown key a\\nb" + 117 * "x" + "."),
        (changed(schema_version=2), "schema_version 2, and this package reads up to 1: upgrade"),
        (changed(feature_version=9), "feature_version 9, and this package reads up to"),
        (changed(schema_version=0), "schema_version 0, and this package needs 1"),
        (changed(sample_rate=4_000), "sample_rate is 4000"),
        (changed(sample_rate="fast"), "sample_rate is 'fast'"),
        (changed(frames=21), "frames is 21, but a window of 0.2 s has 20"),
        (changed(hop=0.3), "hop 0.3 s must not be longer than window 0.2 s"),
        (changed(labels=["happy", "happy"]), "labels must differ"),
        (changed(labels=["happy"]), "labels is"),
        (changed(selected=[8]), "beyond the 8 there are"),
        (changed(normalisation={"mean": [0.0] * 7, "std": [1.0] * 8}), "mean has 7 values for 8"),
        (changed(normalisation={"mean": [0.0] * 8, "std": [0.0] * 8}), "normalisation.std.0"),
        (changed(blocks=[]), "blocks is"),
        (changed(blocks=[{"name": "loudness"}]), "blocks.0"),
        (changed(blocks=[{"name": "log_mel", "n_mels": 8, "fmax": 9e3}]), "half the sample rate"),
        (changed(blocks=[{"name": "log_mel", "win_length": 600}]), "win_length 600 must be at mo"),
        (changed(uncertain_below=1.5), "uncertain_below is 1.5"),
        (changed(temperature=0), "temperature is 0"),
        (json.dumps({"schema_version": 1}), "is missing (and"),
        (changed(frames=20.0), "frames is 20.0"),
        (changed(frames="20"), "frames is '20'"),
        (changed(sequence=True), "sequence is True"),
        (changed(trim="35"), "trim is '35'"),
        (changed(hop=1e-9), "hop is 1e-09"),
        (changed(window=1e9), "window is 1000000000.0"),
        (changed(hop=0.01, blocks=[{"name": "log_mel", "hop_length": 1, "n_mels": 8}]), "frames"),
        (changed(blocks=[{"name": "log_mel", "hop_length": 10**400}]), "hop_length"),
        (changed(labels=["happy", "sad\n"]), "labels.1"),
        (changed(labels=["happy", "\u202esad"]), "no name that can be printed"),
        (changed(labels=["happy", ""]), "labels.1"),
        (changed(labels=["happy", "x" * 81]), "labels.1"),
        (changed(labels=[str(one) for one in range(101)]), "labels is"),
        (changed(recipe="two\nlines"), "recipe"),
        (changed(normalisation={"mean": [1e300] * 8, "std": [1.0] * 8}), "normalisation.mean.0"),
        (changed(normalisation={"mean": [0.0] * 8, "std": [1e-300] * 8}), "normalisation.std.0"),
        (changed(hop=0.01, window=60.0, frames=6_000, selected=[0] * 1_000), "one input has"),
        (changed(hop=0.01, window=2.0, frames=200, selected=[0] * 900), "of each second"),
    ],
)
def test_a_wrong_config_raises_one_sentence(text, sentence):
    with pytest.raises(ConfigError) as caught:
        FeatureConfig.from_json(text)
    message = str(caught.value)
    assert sentence in message
    assert message.startswith("feature_config.json")
    assert "\n" not in message


@pytest.mark.parametrize("key", ["schema_version", "feature_version"])
@pytest.mark.parametrize("version", [1.0, "1", True, None, [1], 2.0, "2", False, 10**300])
def test_a_version_is_a_whole_number(key, version):
    with pytest.raises(ConfigError) as caught:
        FeatureConfig.from_json(changed(**{key: version}))
    message = str(caught.value)
    assert message.startswith(f"feature_config.json has {key} ")
    assert "\n" not in message


@pytest.mark.parametrize("key", ["schema_version", "feature_version"])
def test_a_missing_version_is_refused(key):
    values = json.loads(make_config().to_json())
    del values[key]
    with pytest.raises(ConfigError, match=f"key {key} is missing"):
        FeatureConfig.from_json(json.dumps(values))


def test_nan_is_refused():
    with pytest.raises(ConfigError, match="uncertain_below"):
        FeatureConfig.from_json(make_config().to_json().replace("0.4", "NaN"))


def test_missing_config_raises_a_sentence(tmp_path):
    with pytest.raises(ConfigError, match=r"feature_config\.json could not be read"):
        FeatureConfig.load(tmp_path)


def test_labels_default_to_the_eight_classes_in_ravdess_order():
    assert make_config().labels == LABELS
    assert LABELS[0] == "neutral"
    assert LABELS[-1] == "surprised"


class Rising(Strict):
    """What a check of its own refuses, and names its input whole."""

    values: dict[str, tuple[float, ...]]

    @model_validator(mode="after")
    def check(self) -> "Rising":
        raise ValueError(f"edges must rise, got {list(self.values.values())}")


@pytest.mark.parametrize(
    "values",
    [{"a": (1.0,) * 10_000}, {"\U000e0001" * 10_000: ("no number",)}],
    ids=["value", "key"],
)
def test_a_sentence_on_what_is_not_valid_is_short(values):
    with pytest.raises(ConfigError) as caught:
        validated(Rising, {"values": values}, "x.json")
    assert len(str(caught.value)) < 700
    assert str(caught.value).startswith("x.json is not valid: ")


@pytest.mark.parametrize("pattern", ["a" * 10_000, "(" * 90], ids=["no group", "no pattern"])
def test_a_sentence_on_a_pattern_is_short(pattern):
    with pytest.raises(ArgumentError) as caught:
        compile_pattern(pattern, "--speaker-from", "speaker")
    assert len(str(caught.value)) < 400
