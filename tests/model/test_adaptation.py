"""Adapting to a voice: the arithmetic, the recognizer, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ser_core import LABELS, EmotionPrediction, EmotionRecognizer
from ser_core.config.feature_config import Adaptation, FeatureConfig
from ser_core.errors import (
    AdaptationError,
    ArgumentError,
    AudioError,
    ConfigError,
    SpeechEmotionError,
)
from ser_core.model.adaptation import (
    centre_logs,
    credibility,
    enrol,
    estimate_offset,
    subtract_offset,
)
from tests.support.recordings import VOICES, conversation, voice
from tests.support.tiny_models import make_config, write_tiny_model

MEAN = (0.3, -0.2, 0.1, 0.0, -0.4, 0.2, 0.1, -0.1)
SETTINGS = Adaptation(mean=MEAN, prior_clips=2.0, least_clips=2)
RATE = 16_000  # [Hz]
SILENCE = (RATE, np.zeros(2 * RATE, np.float32))
POSITIVE = arrays(np.float64, (5, 8), elements=st.floats(1e-4, 1.0))


@pytest.fixture(scope="module")
def recognizer(tmp_path_factory) -> EmotionRecognizer:
    """A tiny model that adapts, from two recordings on."""
    folder = tmp_path_factory.mktemp("adaptive") / "model"
    return EmotionRecognizer(write_tiny_model(folder, adaptation=SETTINGS))


@pytest.fixture(scope="module")
def clips() -> list[tuple[int, np.ndarray]]:
    return [(RATE, voice(name)) for name in VOICES]


@pytest.fixture(scope="module")
def adapted(recognizer, clips) -> EmotionRecognizer:
    return recognizer.adapt(clips)


def row(prediction: EmotionPrediction) -> np.ndarray:
    return np.array(list(prediction.probabilities.values()))


@given(POSITIVE, arrays(np.float64, 8, elements=st.floats(-5, 5)))
def test_a_shift_gives_probabilities_and_is_undone_by_its_opposite(table, shift):
    table /= table.sum(axis=1, keepdims=True)
    moved = subtract_offset(table, shift)
    np.testing.assert_allclose(moved.sum(axis=1), 1.0)
    np.testing.assert_allclose(subtract_offset(moved, -shift), table, atol=1e-9)
    np.testing.assert_allclose(
        moved, subtract_offset(table, shift + 3.0), atol=1e-12
    )  # only contrasts count


@given(POSITIVE)
def test_centred_logarithms_sum_to_nothing_and_ignore_scale(table):
    np.testing.assert_allclose(centre_logs(table).sum(axis=1), 0.0, atol=1e-9)
    np.testing.assert_allclose(centre_logs(table), centre_logs(0.5 * table), atol=1e-9)
    assert np.isfinite(centre_logs(np.zeros(8))).all()


@given(st.integers(1, 500), st.floats(0.1, 100))
def test_more_recordings_are_believed_more_and_never_wholly(count, prior):
    assert 0 < credibility(count, prior) < credibility(count + 1, prior) < 1


def test_a_voice_like_all_others_changes_nothing():
    logs = np.tile(MEAN, (4, 1))
    np.testing.assert_allclose(estimate_offset(logs, SETTINGS), 0.0)
    assert subtract_offset(np.array([0.2, 0.8]), None).tolist() == [0.2, 0.8]


def test_what_a_voice_leans_towards_is_taken_off_by_its_credibility():
    leaning = np.eye(8)[3]
    found = estimate_offset(np.tile(MEAN + 2 * leaning, (6, 1)), SETTINGS)
    np.testing.assert_allclose(found, 6 / (6 + 2.0) * 2 * leaning, atol=1e-12)


def test_adapting_shifts_every_answer_by_what_the_recordings_lean_towards(
    recognizer, adapted, clips
):
    logs = centre_logs(np.array([row(recognizer.predict(clip)) for clip in clips]))
    shift = estimate_offset(logs, SETTINGS)
    assert np.abs(shift).max() > 0.05
    for clip in clips:
        expected = subtract_offset(row(recognizer.predict(clip)), shift)
        np.testing.assert_allclose(row(adapted.predict(clip)), expected, rtol=1e-9)
    (batched,) = adapted.predict_batch(clips[:1])
    assert batched == adapted.predict(clips[0])


def test_timelines_and_streams_are_adapted_as_recordings_are(recognizer, adapted, clips):
    shift = adapted.predictor.offset
    long = (RATE, conversation())
    before, after = recognizer.analyze(long), adapted.analyze(long)
    np.testing.assert_allclose(after.answers, subtract_offset(before.answers, shift), rtol=1e-9)
    np.testing.assert_allclose(
        row(after.overall), subtract_offset(row(before.overall), shift), rtol=1e-9
    )
    rate, samples = clips[0]
    live = [
        (row(one.prediction), row(two.prediction))
        for one, two in zip(
            recognizer.stream([(rate, samples)]), adapted.stream([(rate, samples)]), strict=True
        )
        if one.prediction.status != "no_speech"
    ]
    assert live
    for plain, mine in live:
        np.testing.assert_allclose(mine, subtract_offset(plain, shift), rtol=1e-9)


def test_the_original_is_left_alone_and_shares_its_network(recognizer, adapted, clips):
    assert (recognizer.adapted_to, adapted.adapted_to) == (0, 3)
    assert adapted.predictor.runtime is recognizer.predictor.runtime
    assert recognizer.predictor.offset is None
    assert "adapted to 3 of a voice's recordings" in repr(adapted)
    assert "adapted" not in repr(recognizer)


def test_adapting_again_starts_anew(recognizer, adapted, clips):
    again, fresh = adapted.adapt(clips[:2]), recognizer.adapt(clips[:2])
    np.testing.assert_array_equal(again.predictor.offset, fresh.predictor.offset)
    assert again.adapted_to == 2


def test_recordings_without_speech_are_left_out(recognizer, adapted, clips):
    more = recognizer.adapt([SILENCE, *clips])
    assert more.adapted_to == 3
    np.testing.assert_array_equal(more.predictor.offset, adapted.predictor.offset)


@pytest.mark.parametrize(
    ("recordings", "sentence"),
    [
        ([], "no recording to adapt to"),
        ([SILENCE], "No speech was found in 1 recording to"),
        ([SILENCE, SILENCE], "No speech was found in 2 recordings to"),
        (
            [(RATE, voice(VOICES[0])), SILENCE],
            "at least 2 recordings with speech, and got 1: add 1",
        ),
    ],
)
def test_what_cannot_be_adapted_to_is_said_in_one_sentence(recognizer, recordings, sentence):
    with pytest.raises(AdaptationError, match=sentence) as caught:
        recognizer.adapt(recordings)
    assert isinstance(caught.value, SpeechEmotionError)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("one", ["clip.wav", Path("clip.wav"), b"RIFF", SILENCE, SILENCE[1], 3])
def test_one_recording_instead_of_several_is_said_so(recognizer, one):
    with pytest.raises(ArgumentError, match="adapt takes a list of recordings, and got one"):
        recognizer.adapt(one)


def test_a_broken_recording_is_named(recognizer, clips):
    with pytest.raises(AudioError) as caught:
        recognizer.adapt([clips[0], b"not audio at all"])
    assert caught.value.__notes__ == ["This was recording 1 of the batch."]


def test_a_model_without_the_section_says_so(clips, tmp_path):
    plain = EmotionRecognizer(write_tiny_model(tmp_path / "plain"))
    with pytest.raises(AdaptationError, match="does not adapt to voices"):
        plain.adapt(clips)
    with pytest.raises(AdaptationError, match="does not adapt to voices"):
        enrol([], make_config())


def test_a_voice_is_neither_saved_nor_pushed(recognizer, adapted, tmp_path, hub):
    with pytest.raises(AdaptationError, match="somebody's voice"):
        adapted.save_pretrained(tmp_path / "mine")
    with pytest.raises(AdaptationError, match="somebody's voice"):
        adapted.push_to_hub("user/mine")
    assert not (tmp_path / "mine").exists()
    recognizer.save_pretrained(tmp_path / "plain")
    assert EmotionRecognizer.from_pretrained(tmp_path / "plain").config.adaptation == SETTINGS


def test_a_config_of_before_has_no_adaptation_and_still_loads():
    stored = json.loads(make_config().to_json())
    del stored["adaptation"]
    assert FeatureConfig.from_json(json.dumps(stored)).adaptation is None


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"mean": MEAN[:7]}, "adaptation.mean has 7 values for 8 labels"),
        ({"prior_clips": 0}, "adaptation.prior_clips is 0"),
        ({"least_clips": 0}, "adaptation.least_clips is 0"),
        ({"speaker": "01"}, "unknown key adaptation.speaker"),
    ],
)
def test_a_wrong_section_raises_one_sentence(change, sentence):
    stored = json.loads(make_config(adaptation=SETTINGS).to_json())
    stored["adaptation"] |= change
    with pytest.raises(ConfigError, match=sentence):
        FeatureConfig.from_json(json.dumps(stored))
    assert len(MEAN) == len(LABELS)
