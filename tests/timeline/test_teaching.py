"""Teaching labels: what is learnt, what is said of it, what is saved, and what is refused."""

import io
import json
import os
import pickle
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ser_core import (
    AdaptationError,
    ArgumentError,
    ConfigError,
    EmotionRecognizer,
    ModelError,
    SpeechEmotionError,
    TeachingError,
    TeachingReport,
)
from ser_core.config.feature_config import Adaptation, FeatureConfig
from ser_core.model import files, head_fitting
from ser_core.model.head_fitting import LabelledClips, answer_left_out, fit_layer, leave_out
from ser_core.model.repository import card_licence
from ser_core.model.taught_repository import render_card
from ser_core.model.teaching import TaughtHead
from ser_core.timeline import labelled_clips
from tests.support.damage import DAMAGES, mutate
from tests.support.frame_models import write_frame_model
from tests.support.recordings import VOICES, conversation, voice, wav_bytes
from tests.support.tiny_models import write_intense_model
from train.networks.export import write_check

RATE = 16_000  # [Hz]
ADAPTATION = Adaptation(mean=(0.0,) * 8, prior_clips=1.0, least_clips=1)
LABELS = {"calm": VOICES[0], "tired": VOICES[1]}
SILENCE = (RATE, np.zeros(RATE, np.float32))


def clip(name: str, number: int) -> tuple[int, np.ndarray]:
    """One of a voice's clips: another part of what it says, at another pace, in other noise."""
    samples = voice(name, rate=(16_000, 19_000, 13_500, 23_000)[number])
    samples = samples[len(samples) // 8 * number :]
    noise = np.random.default_rng(number).standard_normal(len(samples))
    return RATE, (samples + 0.003 * number * noise).astype(np.float32)


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> EmotionRecognizer:
    """A tiny model that gives frames and adapts, in all forms."""
    folder = write_frame_model(tmp_path_factory.mktemp("base") / "model")
    FeatureConfig.load(folder).model_copy(update={"adaptation": ADAPTATION}).save(folder)
    (folder / files.CARD).write_text("---\nlicense: cc-by-4.0\n---\n# Mine\n")
    return EmotionRecognizer.from_pretrained(folder)


@pytest.fixture(scope="module")
def clips(base: EmotionRecognizer) -> dict:
    """Four clips of each label, embedded."""
    return {
        label: [base.embed(clip(name, number)) for number in range(4)]
        for label, name in LABELS.items()
    }


@pytest.fixture(scope="module")
def taught(base: EmotionRecognizer, clips: dict) -> EmotionRecognizer:
    return base.teach(clips)


def test_a_taught_recognizer_answers_the_taught_labels_everywhere(
    base: EmotionRecognizer, taught: EmotionRecognizer
) -> None:
    assert taught.labels == ("calm", "tired")
    assert "2 taught labels" in repr(taught)
    for label, name in LABELS.items():
        prediction = taught.predict((RATE, voice(name)))
        assert (prediction.label, tuple(prediction.probabilities)) == (label, taught.labels)
        assert sum(prediction.probabilities.values()) == pytest.approx(1.0, abs=1e-6)
        assert prediction.intensity is None
        assert prediction.distance == base.predict((RATE, voice(name))).distance
        assert prediction.likely is None
    recording = RATE, conversation()
    timeline = taught.analyze(recording)
    assert {segment.label for segment in timeline.segments} == set(taught.labels)
    assert all(segment.intensity is None for segment in timeline.segments)
    assert taught.explain(recording).label in taught.labels
    moments = list(taught.stream([recording]))
    assert {moment.prediction.label for moment in moments if moment.prediction.label} <= set(
        taught.labels
    )
    grouped = taught.predict(recording, group={"either": ["calm"]})
    assert tuple(grouped.probabilities) == ("either", "tired")
    assert base.labels != taught.labels, "and the one that taught it stays what it was"


def test_its_answer_is_the_heads_on_the_embedding(taught: EmotionRecognizer) -> None:
    """Of a recording of several spans, too: pooling and the head can be exchanged."""
    recording = RATE, conversation((0.2, 0.2, 0.2, 0.2, 0.2, 0.2))
    embedding = taught.embed(recording)
    assert embedding.speech_seconds > 8.0
    inputs = np.concatenate([embedding.vector, embedding.logits]).astype(np.float64)
    logits = taught.head.weights @ inputs + taught.head.bias
    expected = np.exp(logits) / np.exp(logits).sum()
    assert np.allclose(list(taught.predict(recording).probabilities.values()), expected, atol=1e-4)


def test_a_window_network_is_taught_alike(tmp_path: Path) -> None:
    base = EmotionRecognizer.from_pretrained(write_intense_model(tmp_path / "model"))
    taught = base.teach({k: [clip(v, n) for n in range(3)] for k, v in LABELS.items()})
    recording = RATE, conversation()
    assert taught.predict(recording).intensity is None
    assert set(taught.predict(recording).probabilities) == set(LABELS)
    assert taught.explain(recording).moments
    saved = tmp_path / "saved"
    taught.save_pretrained(saved)
    again = EmotionRecognizer.from_pretrained(saved)
    assert again.predict(recording) == taught.predict(recording)
    assert again.analyze(recording) == taught.analyze(recording)


def test_sound_and_embeddings_teach_the_same(base: EmotionRecognizer, clips: dict) -> None:
    steps: list[tuple[int, int]] = []
    sounds = {k: [clip(v, n) for n in range(4)] for k, v in LABELS.items()}
    taught = base.teach(sounds, progress=lambda done, total: steps.append((done, total)))
    assert taught.head == base.teach(clips).head
    assert steps == [(done, 8) for done in range(1, 9)]


def test_it_can_be_taught_again_and_from_an_adapted_one(
    base: EmotionRecognizer, taught: EmotionRecognizer, clips: dict
) -> None:
    """Always the network below; a voice's offset is of other labels."""
    adapted = base.adapt([clip(VOICES[0], 0)])
    again = taught.teach(clips)
    assert again.head == taught.head == adapted.teach(clips).head
    assert adapted.teach(clips).adapted_to == 0
    with pytest.raises(AdaptationError, match="teach it with clips of that voice"):
        taught.adapt([clip(VOICES[0], 0)])


def test_it_pickles_and_copies(taught: EmotionRecognizer) -> None:
    recording = RATE, conversation()
    again = pickle.loads(pickle.dumps(taught))
    assert (again.labels, again.report, again.head) == (taught.labels, taught.report, taught.head)
    assert again.predict(recording) == taught.predict(recording)


def test_what_is_saved_is_an_ordinary_repository_and_is_read_without_scikit_learn(
    taught: EmotionRecognizer, tmp_path: Path
) -> None:
    folder = tmp_path / "taught"
    (tmp_path / "clip.wav").write_bytes(wav_bytes(32_000 * voice(VOICES[0])))
    taught.save_pretrained(folder)
    kept = {*files.KERAS_FILES, *files.LITERT_FORMS.values()}
    own = {files.FEATURE_CONFIG, files.HEAD, files.CHECK, files.CARD}
    assert {path.name for path in folder.iterdir()} == kept | own
    for name in kept:
        assert (folder / name).read_bytes() == (taught.directory / name).read_bytes()
    code = (
        "import sys; sys.modules['sklearn'] = None\n"
        "from ser_core import EmotionRecognizer as E\n"
        "r = E.from_pretrained(sys.argv[1]); print(r.predict(sys.argv[2]).label, r.runtime)\n"
        "print(r.report.total, 'keras' in sys.modules, 'scipy' in sys.modules)\n"
        "try: r.teach({k: [r.embed(sys.argv[2])] * 3 for k in 'ab'})\n"
        "except Exception as error: print(type(error).__name__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder), str(tmp_path / "clip.wav")],
        capture_output=True,
        text=True,
    )
    assert done.stdout == "calm LiteRT\n8 False False\nTeachingError\n", done.stderr
    again = EmotionRecognizer.from_pretrained(folder)
    assert (again.config, again.head, again.report) == (taught.config, taught.head, taught.report)
    assert again.embed(FEW[0]).model == taught.embed(FEW[0]).model, "it is the network's own"
    copied = tmp_path / "copied"
    again.save_pretrained(copied)
    for file in folder.iterdir():
        assert (copied / file.name).read_bytes() == file.read_bytes(), file.name
    # What it was taught from it can be taught again, and saved.
    again.teach({k: [again.embed(clip(v, n)) for n in range(3)] for k, v in LABELS.items()})


@pytest.mark.parametrize("form", files.LITERT_FORMS)
def test_a_saved_one_answers_in_every_form(
    taught: EmotionRecognizer, tmp_path: Path, form: str
) -> None:
    taught.save_pretrained(tmp_path / "taught")
    again = EmotionRecognizer.from_pretrained(tmp_path / "taught", form=form)
    expected = taught.predict((RATE, voice(VOICES[0]))).probabilities["calm"]
    found = again.predict((RATE, voice(VOICES[0]))).probabilities["calm"]
    assert found == pytest.approx(expected, abs=0.05)


def edit(folder: Path, name: str, **changes: object) -> None:
    content = json.loads((folder / name).read_text(encoding="utf-8"))
    (folder / name).write_text(json.dumps(content | changes), encoding="utf-8")


def test_a_head_that_is_not_the_saved_one_is_refused(
    taught: EmotionRecognizer, base: EmotionRecognizer, tmp_path: Path
) -> None:
    folder = tmp_path / "taught"
    taught.save_pretrained(folder)
    whole = (folder / files.HEAD).read_text()
    weights = json.loads(whole)["weights"]
    weights[0][0] *= 1.001
    edit(folder, files.HEAD, weights=weights)
    with pytest.raises(ConfigError, match=r"head\.json in taught is not the one that the model"):
        EmotionRecognizer.from_pretrained(folder)
    (folder / files.HEAD).write_text(whole)
    edit(folder, files.FEATURE_CONFIG, labels=["tired", "calm"])
    with pytest.raises(ConfigError, match=r"lists other labels than head\.json"):
        EmotionRecognizer.from_pretrained(folder)
    taught.save_pretrained(folder)
    (folder / files.HEAD).unlink()
    with pytest.raises(ConfigError, match=r"head\.json in taught is missing"):
        EmotionRecognizer.from_pretrained(folder)
    taught.save_pretrained(folder)
    (folder / files.CHECK).unlink()
    edit(folder, files.HEAD, weights=[row[:-1] for row in weights])
    with pytest.raises(ModelError, match=r"takes embeddings of 7 numbers, and the network gives 8"):
        EmotionRecognizer.from_pretrained(folder)
    # And a head beside a model that was not taught.
    base.save_pretrained(tmp_path / "base")
    (tmp_path / "base" / files.HEAD).write_text(whole)
    with pytest.raises(ConfigError, match=r"head\.json in base is not the one"):
        EmotionRecognizer.from_pretrained(tmp_path / "base")


def test_a_head_is_known_by_its_file_and_not_by_what_this_version_would_write(
    taught: EmotionRecognizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next version may write one field more, and reads what this one wrote."""
    taught.save_pretrained(tmp_path)
    later = json.loads(taught.head.to_json()) | {"later": 1}
    monkeypatch.setattr(TaughtHead, "to_json", lambda self: json.dumps(later))
    assert EmotionRecognizer.from_pretrained(tmp_path).head == taught.head


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_head_is_one_sentence(
    taught: EmotionRecognizer, tmp_path: Path, damage: str
) -> None:
    taught.save_pretrained(tmp_path)
    DAMAGES[damage](tmp_path / files.HEAD)
    with pytest.raises(SpeechEmotionError) as caught:
        EmotionRecognizer.from_pretrained(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_hostile_value_anywhere_in_a_head_is_one_sentence_or_does_no_harm(
    taught: EmotionRecognizer, tmp_path: Path
) -> None:
    """Without check.json, which would refuse every change: as of an older repository."""
    taught.save_pretrained(tmp_path)
    (tmp_path / files.CHECK).unlink()
    content = (tmp_path / files.HEAD).read_text()
    for seed in range(60):
        (tmp_path / files.HEAD).write_text(mutate(content, seed))
        assert "\n" not in what_a_head_does(tmp_path), seed


def what_a_head_does(folder: Path) -> str:
    """The label of a prediction, once all else was looked at; or the sentence why there is none."""
    try:
        again = EmotionRecognizer.from_pretrained(folder)
        prediction = again.predict((RATE, voice(VOICES[0])))
    except SpeechEmotionError as error:
        return str(error)
    assert set(prediction.probabilities) == set(again.labels)
    assert str(again.report)
    assert again.report.to_markdown()
    return str(prediction.label)


def test_a_head_that_was_changed_on_purpose_is_recorded_anew(
    taught: EmotionRecognizer, tmp_path: Path
) -> None:
    taught.save_pretrained(tmp_path)
    before = (tmp_path / files.CHECK).read_text()
    assert write_check(tmp_path).to_json() == before
    edit(tmp_path, files.HEAD, bias=[0.5, -0.5])
    write_check(tmp_path)
    assert EmotionRecognizer.from_pretrained(tmp_path).head.bias.tolist() == [0.5, -0.5]


def test_saving_over_another_model_leaves_nothing_of_it(
    base: EmotionRecognizer, taught: EmotionRecognizer, tmp_path: Path
) -> None:
    taught.save_pretrained(tmp_path)
    base.save_pretrained(tmp_path)
    assert EmotionRecognizer.from_pretrained(tmp_path).head is None
    assert not (tmp_path / files.HEAD).exists()
    with pytest.raises(ModelError, match="already is in"):
        taught.save_pretrained(base.directory)


def test_the_card_says_what_it_was_taught_by_which_test_and_under_which_licence(
    taught: EmotionRecognizer, tmp_path: Path
) -> None:
    taught.save_pretrained(tmp_path)
    card = (tmp_path / files.CARD).read_text(encoding="utf-8")
    assert card_licence(tmp_path) == "cc-by-4.0"
    for words in (
        "taught: calm, tired",
        "8 clips",
        "leave-one-out",
        "Who speaks was not said: if each label has voices of its own",
        "under cc-by-4.0",
        "The network alone answers its own labels",
        "| calm | 4 |",
    ):
        assert words in card, words
    assert str(taught.directory) not in card
    hostile = render_card(
        TaughtHead(
            ("<b>|x`", "y"),
            ("sad", "calm"),
            None,
            np.zeros((2, 3)),
            np.zeros(2),
            1.0,
            TeachingReport(("<b>|x`", "y"), {"<b>|x`": 3, "y": 3}, "t", None, ((3, 0), (0, 3))),
        ),
        None,
        "",
    )
    assert "<b>" not in hostile.replace("\\<b\\>", "")
    assert "states no licence" in hostile


def test_speakers_are_left_out_whole(base: EmotionRecognizer, clips: dict) -> None:
    speakers = {label: ["anna", "anna", "ben", "ben "] for label in clips}
    report = base.teach(clips, speakers=speakers).report
    assert (report.test, report.speakers) == ("leave-one-speaker-out", 2)
    card = render_card(base.teach(clips, speakers=speakers).head, None, "")
    assert "not taught the clip's speaker" in card
    assert "Who speaks was not said" not in card + str(report)
    labelled = LabelledClips(np.zeros((5, 2)), np.array([0, 0, 1, 1, 1]), 2)
    parts, _ = leave_out(labelled, ["a", "b", "a", "b", "b"])
    assert [np.flatnonzero(part).tolist() for part in parts] == [[0, 2], [1, 3, 4]]


def test_the_report_says_what_to_think_of_it() -> None:
    good = TeachingReport(("a", "b"), {"a": 5, "b": 5}, "leave-one-out", None, ((5, 0), (0, 5)))
    assert (good.accuracy, good.chance, good.is_better_than_guessing) == (1.0, 0.5, True)
    assert good.interval == pytest.approx((0.722, 1.0), abs=1e-3)
    assert "better than guessing, which is right in 50 %" in good.verdict
    assert good.wanted == {"a": 5, "b": 5}
    doubtful = TeachingReport(("a", "b"), {"a": 3, "b": 3}, "t", None, ((2, 1), (1, 2)))
    assert "cannot be told from guessing" in doubtful.verdict
    assert "the labels sound alike" in doubtful.advice
    bad = TeachingReport(("a", "b"), {"a": 10, "b": 10}, "t", None, ((1, 9), (9, 1)))
    assert "worse than guessing" in bad.verdict
    enough = TeachingReport(("a", "b"), {"a": 99, "b": 99}, "t", None, ((95, 4), (4, 95)))
    assert enough.advice == "It has as many clips as it needs."
    assert set(enough.wanted.values()) == {0}
    assert json.loads(json.dumps(good.to_dict()))["wanted"] == {"a": 5, "b": 5}
    assert good.to_markdown().splitlines()[2] == "| a | 5 | 100 % | 5 | 0 |"
    assert "<table>" in good._repr_html_()


def test_what_may_be_voices_is_said_of_every_head_that_may_know_them() -> None:
    for right in (0, 5, 10):
        rows = ((right, 10 - right), (10 - right, right))
        report = TeachingReport(("a", "b"), {"a": 10, "b": 10}, "leave-one-out", None, rows)
        assert "Who speaks was not said" in report.verdict
        assert report.verdict in str(report)
        assert report.to_dict()["verdict"] == report.verdict


def test_few_speakers_are_not_enough_however_many_their_clips() -> None:
    reports = [
        TeachingReport(
            ("a", "b"), {"a": 99, "b": 99}, "leave-one-speaker-out", count, ((95, 4), (4, 95))
        )
        for count in (2, 4, 5)
    ]
    for report, count in zip(reports[:2], (2, 4), strict=True):
        assert not report.is_better_than_guessing
        assert "better than guessing" not in report.verdict
        assert f"{count} speakers are too few" in report.verdict
        assert report.advice == "It needs clips of at least 5 speakers."
    assert "That is better than guessing" in reports[2].verdict
    few = TeachingReport(("a", "b"), {"a": 9, "b": 9}, "t", 2, ((9, 0), (0, 9)))
    assert few.advice == (
        "It needs more clips: 1 of a and 1 of b, with those of at least 5 speakers in all."
    )


def noise_clips(count: int, classes: int, width: int = 40) -> LabelledClips:
    rng = np.random.default_rng(3)
    owners = np.repeat(np.arange(classes), count)
    return LabelledClips(rng.standard_normal((len(owners), width)), owners, width - 8)


def test_what_cannot_be_told_apart_is_not_said_to_be() -> None:
    """The test is of clips that were not taught: noise, which is learnt by heart, is at chance."""
    clips = noise_clips(12, 3)
    assert (fit_layer(clips).logits(clips.inputs).argmax(axis=1) == clips.classes).all()
    parts, _ = leave_out(clips, None)
    right = answer_left_out(clips, parts).argmax(axis=1) == clips.classes
    assert 0.1 < right.mean() < 0.6
    assert head_fitting.fit_temperature(answer_left_out(clips, parts), clips.classes) > 1.5


def test_the_fit_among_the_clips_is_the_fit_among_all_numbers() -> None:
    from sklearn.linear_model import LogisticRegression

    for classes in (2, 3):
        clips = noise_clips(5, classes)
        layer = fit_layer(clips)
        centre, scale = head_fitting._standards(clips)
        plain = LogisticRegression(C=head_fitting.STRENGTH, class_weight="balanced", tol=1e-8)
        plain.fit((clips.inputs - centre) / scale, clips.classes)
        logits = layer.logits(clips.inputs)
        shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        expected = plain.predict_proba((clips.inputs - centre) / scale)
        assert np.allclose(shares, expected, atol=2e-3)


def test_a_label_that_the_network_knows_starts_from_what_it_knows() -> None:
    """Of noise, with a few clips: else such a label would be worse than before it was taught."""
    clips = noise_clips(3, 2)
    known = clips._replace(known=(5, 2))
    sure = np.zeros((2, 40))  # to what the network answers the one, or the other
    sure[[0, 1], [32 + 5, 32 + 2]] = 4.0
    assert fit_layer(known).logits(sure).argmax(axis=1).tolist() == [0, 1]
    gain = fit_layer(known).logits(sure) - fit_layer(clips).logits(sure)
    assert gain[0, 0] > gain[0, 1]
    assert gain[1, 1] > gain[1, 0]
    half = clips._replace(known=(5, None))
    logits = fit_layer(half).logits(np.zeros((1, 40)))
    assert abs(logits[0, 0] - logits[0, 1]) < 1.0, "and the other is no less likely for it"
    weights = head_fitting._weigh(np.array([0, 0, 0, 1]), np.array([0]))
    assert weights[:3].sum() + weights[4] == pytest.approx(weights[3])


def test_many_clips_are_left_out_in_groups() -> None:
    clips = noise_clips(60, 2)
    parts, name = leave_out(clips, None)
    assert name == "10-fold"
    assert sum(parts).tolist() == [1] * 120
    for part in parts:
        assert np.bincount(clips.classes[part]).tolist() == [6, 6]


def test_no_part_leaves_out_all_speakers_of_a_label() -> None:
    """Of two speakers who are ten apart, too."""
    speakers = [f"{number:03d}" for number in range(120)]
    classes = np.zeros(len(speakers) + 2, dtype=int)
    classes[-2:] = 1  # which speakers 30 and 40 alone have
    clips = LabelledClips(np.zeros((len(classes), 2)), classes, 2)
    parts, name = leave_out(clips, [*speakers, "030", "040"])
    assert name == "11-fold over speakers"
    assert sum(parts).tolist() == [1] * len(classes)
    for part in parts:
        assert len(np.unique(classes[~part])) == 2


FEW = [clip(VOICES[0], number) for number in range(3)]
WRONG_CALLS = {
    "one label": ({"calm": FEW}, "at least two labels, and got calm"),
    "no label": ({}, "at least two labels, and got none"),
    "no clip": ({"a": [], "b": FEW}, "'a' has no clip, and a label takes at least 3: add 3"),
    "one clip": ({"a": FEW[:1], "b": FEW}, "'a' has one clip"),
    "two clips": ({"a": FEW, "b": FEW[:2]}, "'b' has 2 clips, .* add 1 more"),
    "empty": ({" ": FEW, "b": FEW}, "A label is empty"),
    "same": ({"a": FEW, " A ": FEW}, "'a' and 'A' are the same but for spaces or capitals"),
    "long": ({"a" * 81: FEW, "b": FEW}, "81 characters, and at most are 80"),
    "line break": ({"a\nb": FEW, "b": FEW}, "cannot be printed"),
    "too many labels": ({str(n): FEW for n in range(51)}, "at most 50 labels, and got 51"),
}


@pytest.mark.parametrize("case", WRONG_CALLS)
def test_what_cannot_be_taught_is_refused_in_a_sentence(case: str, base: EmotionRecognizer) -> None:
    given, sentence = WRONG_CALLS[case]
    with pytest.raises(TeachingError, match=sentence) as caught:
        base.teach(given)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ([FEW, FEW], "a dict from label to its clips"),
        ({1: FEW, "b": FEW}, "A label is text, got 1"),
        ({"a": "clip.wav", "b": FEW}, "for 'a' a list of clips, and got one str: give \\[it\\]"),
        ({"a": FEW, "b": FEW[0]}, "for 'b' a list of clips, and got one"),
        ({"a": FEW, "b": {"c": FEW}}, "for 'b' a list of clips, and got one dict"),
    ],
)
def test_what_is_of_another_type_is_refused(
    given: object, sentence: str, base: EmotionRecognizer
) -> None:
    with pytest.raises(ArgumentError, match=sentence):
        base.teach(given)


def test_too_many_clips_are_refused_before_any_is_read(
    base: EmotionRecognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labelled_clips, "MOST_CLIPS", 5)
    endless = iter(lambda: b"no audio", None)
    with pytest.raises(TeachingError, match="at most 5 clips in all, and got more"):
        base.teach({"a": endless, "b": FEW})


def test_a_clip_that_cannot_be_used_is_named(base: EmotionRecognizer, tmp_path: Path) -> None:
    bad = tmp_path / "broken.wav"
    bad.write_bytes(b"no audio")
    with pytest.raises(TeachingError, match=r"Clip 2 of 'a' \(broken\.wav\) cannot be used: "):
        base.teach({"a": [FEW[0], bad, FEW[1]], "b": FEW})
    with pytest.raises(TeachingError, match=r"Clip 1 of 'a' \(broken\.wav\) cannot be used: "):
        base.teach({"a": np.array([bad] * 3, dtype=object), "b": FEW})
    with pytest.raises(TeachingError, match=r"No speech was found in clip 1 of 'a': leave it out"):
        base.teach({"a": [SILENCE, *FEW], "b": [clip(VOICES[1], n) for n in range(3)]})
    with pytest.raises(TeachingError, match="clip 2 of 'b' and 1 more: leave them out"):
        base.teach({"a": [SILENCE, *FEW], "b": [SILENCE] * 3})


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("https://host/clip.wav?X-Amz-Signature=secret", "(clip.wav)"),
        (os.fsdecode(b"caf\xe9.wav"), r"(caf\xe9.wav)"),
        ("two\nlines.wav", r"(two\nlines.wav)"),
    ],
)
def test_a_clips_name_is_printable_and_without_secrets(
    path: str, name: str, base: EmotionRecognizer
) -> None:
    for audio in (path, {"path": path}):
        with pytest.raises(TeachingError) as caught:
            base.teach({"a": [audio, *FEW], "b": FEW})
        assert f"Clip 1 of 'a' {name} cannot be used: " in str(caught.value)
        assert str(caught.value).isprintable()
        assert "secret" not in str(caught.value)


def test_what_was_taught_goes_with_no_other_network(
    clips: dict, base: EmotionRecognizer, tmp_path: Path
) -> None:
    base.save_pretrained(tmp_path / "base")
    taught = EmotionRecognizer.from_pretrained(tmp_path / "base").teach(clips)
    sent = pickle.dumps(taught)
    taught.save_pretrained(tmp_path / "before")
    config = FeatureConfig.load(tmp_path / "base")
    config.model_copy(update={"uncertain_below": 0.45}).save(tmp_path / "base")
    with pytest.raises(ModelError, match="have changed since labels were taught on them"):
        taught.save_pretrained(tmp_path / "after")
    with pytest.raises(ModelError, match="load them and teach again"):
        pickle.loads(sent).predict(SILENCE)


def test_a_clip_twice_is_refused_by_its_sound(base: EmotionRecognizer, tmp_path: Path) -> None:
    """Whatever its name or encoding: a copy in the other file would pass every test."""
    rate, samples = FEW[0]
    lossless, encoded = tmp_path / "other.flac", io.BytesIO()
    soundfile.write(lossless, samples, rate, subtype="PCM_24")
    soundfile.write(encoded, samples, rate, format="OGG", subtype="VORBIS")
    others = [clip(VOICES[1], number) for number in range(3)]
    found = "(same sound|taken for one recording)"
    for copy in (FEW[0], lossless, encoded.getvalue(), (rate, 0.7 * samples)):
        with pytest.raises(TeachingError, match=f"Clip 1 of 'a' .*{found} under two"):
            base.teach({"a": FEW, "b": [*others, copy]})
        with pytest.raises(TeachingError, match=f"clip 4 of 'a'.*{found}: leave one out"):
            base.teach({"a": [*FEW, copy], "b": others})


def test_clips_are_no_copies_because_another_label_was_recorded_elsewhere(
    base: EmotionRecognizer, clips: dict
) -> None:
    """A label that is far away makes the others no nearer to one another; a copy is one still."""
    rng = np.random.default_rng(5)
    takes = rng.standard_normal((2, 4, base.embedding_size)).astype(np.float32)
    takes[1] += 100.0
    given = {
        label: [
            replace(one, vector=vector, fingerprint="")
            for one, vector in zip(clips[label], vectors, strict=True)
        ]
        for label, vectors in zip(clips, takes, strict=True)
    }
    assert base.teach(given).report.total == 8
    copy = replace(given["calm"][0], vector=1.01 * takes[0, 0])
    with pytest.raises(TeachingError, match="clip 5 of 'calm' are so alike that they are taken"):
        base.teach(given | {"calm": [*given["calm"], copy]})


def test_speakers_that_are_not_those_of_the_clips_are_refused(
    base: EmotionRecognizer, clips: dict
) -> None:
    names = ["x", "y", "x", "y"]
    wrong = [
        ({"calm": names}, TeachingError, "lack label 'tired'"),
        ({"calm": names, "tired": names, "c": names}, TeachingError, "name label 'c', too"),
        ({"calm": names, "tired": names[:3]}, TeachingError, "3 names for the 4 clips of 'tired'"),
        ({"calm": names, "tired": [1, 2, 1, None]}, TeachingError, "what is no name"),
        ({"calm": names, "tired": [True, False] * 2}, TeachingError, "what is no name"),
        ({"calm": names, "tired": ["x"] * 4}, TeachingError, "All clips of 'tired' are of .*'x'"),
        ({"calm": names, "tired": "xyxy"}, ArgumentError, "a list of names"),
        (names, ArgumentError, "must be a dict"),
    ]
    for speakers, kind, sentence in wrong:
        with pytest.raises(kind, match=sentence):
            base.teach(clips, speakers=speakers)


def test_speakers_may_be_a_tables_column_of_numbers(base: EmotionRecognizer, clips: dict) -> None:
    named = ["1", "2", "1", "2"]
    report = base.teach(clips, speakers=dict.fromkeys(clips, named)).report
    for column in ([1, 2, 1, 2], np.array([1, 2, 1, 2]), np.array(named, dtype=object)):
        assert base.teach(clips, speakers=dict.fromkeys(clips, column)).report == report


def test_a_speaker_is_one_however_the_name_is_spelled(base: EmotionRecognizer, clips: dict) -> None:
    """Else the speaker under test was taught: by capitals, spaces, or as a Mac stores accents."""
    for one, other in (("Anna", "anna "), ("Ren\u00e9", "Rene\u0301"), ("STRASSE", "straße")):
        speakers = {label: [one, "ben", other, "ben"] for label in clips}
        assert base.teach(clips, speakers=speakers).report.speakers == 2
        with pytest.raises(TeachingError, match=f"All clips of 'calm' are of speaker '{one}'"):
            base.teach(clips, speakers=speakers | {"calm": [one, other, other, one]})


def test_embeddings_of_another_model_are_refused(
    base: EmotionRecognizer, clips: dict, recognizer: EmotionRecognizer
) -> None:
    foreign = recognizer.embed(clip(VOICES[2], 0))
    with pytest.raises(TeachingError, match=r"clip 5 of 'tired' is of another model: .* 1536"):
        base.teach({**clips, "tired": [*clips["tired"], foreign]})
    same_size = replace(clips["tired"][0], model=foreign.model)
    for other in (same_size, replace(same_size, model="")):
        with pytest.raises(TeachingError, match="is of another model, or of another version"):
            base.teach({**clips, "tired": [*clips["tired"][1:], other]})
    assert "" != base.embed(FEW[0]).model == clips["calm"][0].model != foreign.model


def test_labels_with_spaces_and_accents_are_what_they_were(
    base: EmotionRecognizer, clips: dict, tmp_path: Path
) -> None:
    names = (" müde und alt ", "gełąd, \U0001f600")
    taught = base.teach(dict(zip(names, clips.values(), strict=True)))
    assert taught.labels == tuple(name.strip() for name in names)
    taught.save_pretrained(tmp_path)
    assert EmotionRecognizer.from_pretrained(tmp_path).labels == taught.labels
    assert re.search(r"müde", (tmp_path / files.CARD).read_text(encoding="utf-8"))
