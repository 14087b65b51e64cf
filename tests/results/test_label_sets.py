"""Answers in other labels than the model's: some of them, sums of them, or under other names."""

import io
import json
import pickle

import numpy as np
import pytest

from ser_core import EmotionRecognizer
from ser_core.config.feature_config import Outputs
from ser_core.config.reliability import Conformal
from ser_core.errors import ArgumentError, SpeechEmotionError
from ser_core.model.pooling import Pooled
from ser_core.results import EmotionPrediction, LabelSet, reported_intensity
from ser_core.timeline.builder import TimelineBuilder
from ser_core.timeline.timeline import EmotionTimeline
from ser_core.timeline.windows import Window
from tests.support.frame_models import write_frame_model
from tests.support.recordings import FIXTURES
from tests.support.tiny_models import make_config

LABELS = ("neutral", "calm", "happy", "sad", "angry")
NEGATIVE = {"negative": ["angry", "sad"]}
CONFIG = make_config(
    labels=LABELS,
    uncertain_below=0.4,
    outputs=Outputs(intensity="intensity"),
    conformal=Conformal(coverage=0.9, threshold=0.25),
)
SHARES = np.array([0.1, 0.2, 0.25, 0.15, 0.3])


def say(probabilities: np.ndarray = SHARES, **asked: object) -> EmotionPrediction:
    labels = LabelSet.of(LABELS, **asked)
    return EmotionPrediction.of(
        probabilities, CONFIG, intensity=0.5, speech_seconds=1.0, duration=2.0, labels=labels
    )


def test_restricted_labels_share_the_probability_in_the_models_order() -> None:
    said = say(labels=["angry", "calm"])
    assert dict(said.probabilities) == pytest.approx({"calm": 0.4, "angry": 0.6})
    assert list(said.probabilities) == ["calm", "angry"]
    assert said.label == "angry"
    assert said.confidence == said.probabilities["angry"]


def test_groups_sum_and_the_others_stay_as_they_are() -> None:
    said = say(group=NEGATIVE)
    assert list(said.probabilities) == ["neutral", "calm", "happy", "negative"]
    assert said.probabilities["negative"] == pytest.approx(0.45)
    assert said.probabilities["happy"] == 0.25
    assert said.top(2) == [("negative", pytest.approx(0.45)), ("happy", 0.25)]
    assert say(labels=["sad", "angry", "calm"], group=NEGATIVE).probabilities == pytest.approx(
        {"calm": 0.2 / 0.65, "negative": 0.45 / 0.65}
    )


def test_renamed_label_is_a_group_of_one_and_changes_nothing_else() -> None:
    plain = say()
    renamed = say(group={"wütend": ["angry"]})
    assert renamed.label == "wütend"
    assert list(renamed.probabilities.values()) == list(plain.probabilities.values())
    assert (renamed.status, renamed.confidence) == (plain.status, plain.confidence)
    assert renamed.likely == ("wütend", "happy")
    swapped = say(group={"sad": ["angry"], "angry": ["sad"]})
    assert (swapped.label, swapped.probabilities["angry"]) == ("sad", 0.15)


def test_own_labels_in_any_order_change_nothing() -> None:
    assert say(labels=LABELS[::-1]) == say()


@pytest.mark.parametrize("rest", [0.0, 1e-320])
def test_labels_that_nothing_speaks_for_are_alike_and_uncertain(rest: float) -> None:
    said = say(np.array([rest, 0.0, 1.0, 0.0, rest]), labels=["neutral", "angry"])
    assert dict(said.probabilities) == {"neutral": 0.5, "angry": 0.5}
    assert said.status == "uncertain"


def test_uncertain_among_other_labels_is_as_far_above_guessing() -> None:
    # 0.4 of five labels is a quarter of the way from 0.2 to 1, which 0.625 is from 0.5 to 1.
    assert LabelSet.of(LABELS, ["calm", "sad"]).threshold(0.4) == pytest.approx(0.625)
    said = [
        say(np.array([0, share, 0, 1 - share, 0]), labels=["calm", "sad"]) for share in (0.62, 0.63)
    ]
    assert [one.status for one in said] == ["uncertain", "emotion"]
    assert LabelSet.of(LABELS, ["calm", "sad"]).threshold(0.0) < 0.5  # who never abstains does not


def test_labels_that_cannot_be_ruled_out_are_of_the_new_ones() -> None:
    assert say().likely == ("angry", "happy")
    assert say(group=NEGATIVE).likely == ("negative", "happy")
    assert say(labels=["neutral", "calm", "sad"]).likely == ("calm", "sad")


def test_intensity_is_none_for_neutral_under_another_name_and_there_alone() -> None:
    still = np.array([0.9, 0.1, 0, 0, 0])
    assert say(still).intensity is None
    assert say(still, group={"flat": ["neutral"]}).intensity is None
    assert say(still, group={"neutral": ["neutral", "calm"]}).intensity == 0.5
    assert reported_intensity("neutral", 0.9) is None
    assert reported_intensity("sad", 0.9) == 0.9


WRONG = [
    ({"labels": ["angry", "mad"]}, "labels has 'mad', which is no label of this model: it has neu"),
    ({"labels": ["angry", 3]}, "labels has 3, which is no label"),
    ({"labels": []}, "labels is an empty list: name labels of neutral, calm"),
    ({"labels": "angry"}, "must be a list of labels, got 'angry': give ['angry']"),
    ({"labels": {"angry": 1}}, "must be a list of labels, got {'angry': 1}"),
    ({"labels": 7}, "must be a list of labels, got 7"),
    ({"labels": ["sad", "sad"]}, "'sad' twice"),
    ({"labels": ["sad"]}, "Answers need two labels at least, and 'sad' is the only one"),
    ({"group": {"all": LABELS}}, "Answers need two labels at least, and 'all'"),
    ({"group": [["angry", "sad"]]}, "group must be a dict"),
    ({"group": {}}, "group is empty"),
    ({"group": {"bad": []}}, "group 'bad' is an empty list"),
    ({"group": {"bad": "angry"}}, "group 'bad' must be a list of labels, got 'angry'"),
    ({"group": {"bad": ["mad"]}}, "group 'bad' has 'mad', which is no label of this model: it has"),
    ({"group": {"bad": [None]}}, "group 'bad' has None"),
    ({"group": {3: ["sad"]}}, "a name of 1 to 80 letters, got 3"),
    ({"group": {" ": ["sad"]}}, "a name of 1 to 80 letters"),
    ({"group": {"a\nb": ["sad"]}}, "a name that can be printed"),
    ({"group": {"happy": ["angry", "sad"]}}, "'happy' has the name of a label that is in no group"),
    ({"group": {"a": ["sad"], "b": ["sad", "calm"]}}, "'sad' is in the groups 'a' and 'b'"),
    ({"group": {"a": ["sad", "sad"]}}, "'sad' twice"),
    ({"labels": ["sad", "calm"], "group": NEGATIVE}, "'angry', which labels leaves out"),
    (
        {"labels": ["sad", "calm", "angry"], "group": {"happy": ["angry", "sad"]}},
        "'happy' has the name of a label that is in no group",
    ),
]


@pytest.mark.parametrize(("asked", "sentence"), WRONG)
def test_what_cannot_be_asked_for_is_said_in_one_sentence(asked: dict, sentence: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        LabelSet.of(LABELS, **asked)
    message = str(caught.value)
    assert sentence in message
    assert "\n" not in message


def follow(rows: list[list[float]], **asked: object) -> EmotionTimeline:
    """A timeline of windows of a second, answered with these probabilities."""
    builder = TimelineBuilder(
        CONFIG, window=1.0, hop=1.0, smoothing="none", labels=LabelSet.of(LABELS, **asked)
    )
    for second, row in enumerate(rows):
        window = Window(float(second), second + 1.0, 1.0 if row else 0.0, None)
        builder.add(window, Pooled(np.array(row), 0.5) if row else None)
    return builder.build(float(len(rows)), [(0.0, float(len(rows)))])


ROWS = [
    [0.0, 0.1, 0.1, 0.2, 0.6],
    [0.0, 0.1, 0.1, 0.6, 0.2],
    [],
    [0.9, 0.1, 0.0, 0.0, 0.0],
]


def test_segments_of_one_group_are_one_segment() -> None:
    assert [one.label for one in follow(ROWS).segments] == ["angry", "sad", "neutral"]
    timeline = follow(ROWS, group=NEGATIVE | {"flat": ["neutral"]})
    assert [(one.start, one.end, one.label) for one in timeline.segments] == [
        (0.0, 2.0, "negative"),
        (3.0, 4.0, "flat"),
    ]
    assert timeline.labels == ("flat", "calm", "happy", "negative")
    assert timeline.votes == {"flat": 1, "calm": 0, "happy": 0, "negative": 2}
    assert timeline.dominant == "negative"
    assert sum(timeline.distribution.values()) == pytest.approx(1.0)
    assert list(timeline.overall.probabilities) == list(timeline.labels)
    assert list(timeline.windows[0].probabilities) == list(timeline.labels)
    assert timeline.windows[2].probabilities == {}
    assert [one.intensity for one in timeline.windows] == [0.5, 0.5, None, None]
    assert timeline.groups["flat"] == ("neutral",)
    assert pickle.loads(pickle.dumps(timeline)) == timeline


def test_exports_are_in_the_labels_that_were_asked_for() -> None:
    timeline = follow(ROWS, labels=["sad", "angry", "calm"], group=NEGATIVE)
    assert "negative" in timeline.to_webvtt()
    header = timeline.to_csv().splitlines()[0]
    assert header == "start,end,status,label,confidence,intensity,calm,negative"
    written = json.loads(timeline.to_json())
    assert written["groups"] == {"negative": ["sad", "angry"]}
    assert set(written["distribution"]) == {"calm", "negative"}
    assert "groups" not in follow(ROWS).to_dict()


def test_label_with_the_name_of_a_column_has_a_column_of_its_own() -> None:
    timeline = follow(ROWS, group={"start": ["angry"], "label": ["sad"]})
    assert timeline.to_csv().splitlines()[0].endswith("happy,prob_label,prob_start")
    assert timeline.rows()[0]["start"] == 0.0
    assert "0.6" in timeline.to_csv().splitlines()[1]
    assert "start" in timeline._repr_html_()


@pytest.fixture(scope="module")
def recognizer(tmp_path_factory: pytest.TempPathFactory) -> EmotionRecognizer:
    return EmotionRecognizer.from_pretrained(write_frame_model(tmp_path_factory.mktemp("frames")))


def test_every_way_to_answer_takes_the_same_labels(recognizer: EmotionRecognizer) -> None:
    clip = FIXTURES / "speech.flac"
    asked = {"labels": ["calm", "sad", "angry"], "group": NEGATIVE}
    plain = recognizer.predict(clip).probabilities
    kept = plain["calm"] + plain["sad"] + plain["angry"]
    wanted = {"calm": plain["calm"] / kept, "negative": (plain["sad"] + plain["angry"]) / kept}
    said = recognizer.predict(clip, **asked)
    assert said.probabilities == pytest.approx(wanted)
    assert recognizer.predict_batch([clip, clip], **asked) == [said, said]
    timeline = recognizer.analyze(clip, **asked)
    assert timeline.labels == ("calm", "negative")
    assert set(timeline.overall.probabilities) == {"calm", "negative"}


def test_wrong_labels_are_said_before_a_recording_is_read(recognizer: EmotionRecognizer) -> None:
    for call in (
        recognizer.predict,
        recognizer.analyze,
        lambda audio, **k: recognizer.predict_batch([audio], **k),
    ):
        file = io.BytesIO(b"no sound")
        with pytest.raises(SpeechEmotionError, match="no label of this model") as caught:
            call(file, labels=["mad"])
        assert not getattr(caught.value, "__notes__", [])
        assert file.tell() == 0
