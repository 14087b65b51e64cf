"""How far an answer can be relied on: whether it is of a familiar sound, and its set of labels."""

import json

import numpy as np
import pytest

from ser_core.config.feature_config import FeatureConfig
from ser_core.config.outputs import Outputs
from ser_core.config.reliability import Conformal, Domain
from ser_core.errors import ConfigError
from ser_core.model.pooling import Answers, Pooled, pool_answers
from ser_core.results import EmotionPrediction, conformal_sets
from ser_core.timeline.builder import TimelineBuilder
from ser_core.timeline.windows import Window
from tests.support.tiny_models import make_config

LABELS = ("calm", "sad", "happy", "angry")
CONFIG = make_config(
    labels=LABELS,
    outputs=Outputs(distance="distance"),
    domain=Domain(familiar_below=1.5),
    conformal=Conformal(coverage=0.9, threshold=0.2),
)
PROBABILITIES = np.array([0.3, 0.45, 0.05, 0.2])


def say(
    config: FeatureConfig = CONFIG,
    probabilities: np.ndarray | None = PROBABILITIES,
    distance: float | None = 1.0,
) -> EmotionPrediction:
    return EmotionPrediction.of(
        probabilities, config, distance=distance, speech_seconds=1.0, duration=2.0
    )


def test_set_holds_what_is_likely_enough_likeliest_first() -> None:
    assert say().likely == ("sad", "calm", "angry")


def test_likeliest_label_is_in_the_set_however_unlikely() -> None:
    even = np.array([0.1, 0.4, 0.3, 0.2])
    strict = CONFIG.model_copy(update={"conformal": Conformal(coverage=0.5, threshold=0.9)})
    assert say(strict, even).likely == ("sad",)
    np.testing.assert_array_equal(
        conformal_sets(np.stack([even, even[::-1]]), 0.9),
        [[False, True, False, False], [False, False, True, False]],
    )


@pytest.mark.parametrize(("distance", "familiar"), [(1.5, True), (1.50004, True), (1.6, False)])
def test_recording_is_familiar_up_to_the_distance_of_the_config(
    distance: float, familiar: bool
) -> None:
    said = say(distance=distance)
    assert (said.distance, said.familiar) == (round(distance, 4), familiar)
    assert ("unlike the training recordings" in str(said)) is not familiar


def test_model_that_measured_neither_says_neither() -> None:
    said = say(make_config(labels=LABELS), distance=None)
    assert (said.distance, said.familiar, said.likely) == (None, None, None)
    far = say(make_config(labels=LABELS, outputs=Outputs(distance="distance")), distance=9.0)
    assert (far.distance, far.familiar) == (9.0, None)


def test_silence_is_neither_familiar_nor_strange() -> None:
    said = say(probabilities=None)
    assert (said.distance, said.familiar, said.likely) == (None, None, None)


def test_both_travel_as_json() -> None:
    plain = json.loads(json.dumps(say().to_dict()))
    assert (plain["distance"], plain["familiar"]) == (1.0, True)
    assert plain["likely"] == ["sad", "calm", "angry"]
    assert EmotionPrediction(**plain) == say()


def test_distance_of_a_recording_is_the_mean_of_its_windows() -> None:
    rows = np.tile(PROBABILITIES.astype(np.float32), (2, 1))
    pooled = pool_answers(Answers(rows, None, np.array([1.0, 3.0])), CONFIG)
    assert pooled.distance == 2.0
    assert pool_answers(Answers(rows, None), CONFIG).distance is None


def test_timeline_as_a_whole_says_both_of_its_windows_with_speech() -> None:
    builder = TimelineBuilder(CONFIG, window=1.0, hop=1.0, smoothing="none")
    for start, distance in enumerate((1.0, None, 4.0)):
        answer = None if distance is None else Pooled(PROBABILITIES, None, distance)
        builder.add(Window(start, start + 1.0, 1.0, None), answer)
    overall = builder.build(3.0, [(0.0, 1.0), (2.0, 3.0)]).overall
    assert (overall.distance, overall.familiar) == (2.5, False)
    assert overall.likely == ("sad", "calm", "angry")
    silent = TimelineBuilder(CONFIG, window=1.0, hop=1.0, smoothing="none")
    assert silent.build(3.0, []).overall.distance is None


def test_config_says_both_and_refuses_what_cannot_be() -> None:
    assert FeatureConfig.from_json(CONFIG.to_json()) == CONFIG

    def refuse(**changes: object) -> str:
        with pytest.raises(ConfigError) as caught:
            FeatureConfig.from_json(json.dumps(json.loads(CONFIG.to_json()) | changes))
        return str(caught.value)

    assert "outputs.distance names no output" in refuse(outputs={"emotion": "emotion"})
    assert "domain.familiar_below is -1" in refuse(domain={"familiar_below": -1.0})
    assert "conformal.coverage is 1.0" in refuse(conformal={"coverage": 1.0, "threshold": 0.2})
    assert "conformal.threshold is 1.5" in refuse(conformal={"coverage": 0.9, "threshold": 1.5})
    assert "unknown key domain.far" in refuse(domain={"familiar_below": 1.0, "far": 2.0})
