"""Networks that give their encoder's frames: recordings as a whole, by hand and by the library."""

from pathlib import Path

import numpy as np
import pytest

from ser_core import EmotionRecognizer
from ser_core.batch.recordings import Recording
from ser_core.batch.rows import answer_recording
from ser_core.errors import ArgumentError
from ser_core.features import choose_front_end, cover, standardise, summarise
from ser_core.features.frame_sums import FrameSums, summarise_sums
from ser_core.model.files import KERAS_FILES, LITERT_FORMS
from ser_core.model.pooling import pool_windows
from ser_core.model.predictor import Predictor
from ser_core.timeline.occlusion import occlude
from ser_core.timeline.spans import LONGEST, speech_spans
from ser_core.timeline.windows import speech_frames, speech_range
from tests.support.frame_models import SUMMARY, WIDTH, write_frame_model
from tests.support.recordings import conversation, voice

RATE = 16_000  # [Hz]
STRETCH = 100  # frames of a stretch
ENCODED = 50  # an encoder's frames of it


class CountingRuntime:
    """A runtime that counts what it is asked."""

    name = "a runtime for tests"

    def __init__(self, runtime) -> None:
        self.runtime, self.encoded, self.answered = runtime, 0, 0

    def run(self, windows):
        raise AssertionError("windows are not answered one by one")

    def encode(self, inputs):
        self.encoded += len(inputs)
        return self.runtime.encode(inputs)

    def answer(self, summaries):
        self.answered += len(summaries)
        return self.runtime.answer(summaries)


@pytest.fixture(scope="module")
def recognizer(tmp_path_factory) -> EmotionRecognizer:
    model = write_frame_model(tmp_path_factory.mktemp("frames") / "model")
    return EmotionRecognizer.from_pretrained(model)


def counting(recognizer) -> tuple[Predictor, CountingRuntime]:
    runtime = CountingRuntime(recognizer.predictor.runtime)
    return Predictor(recognizer.config, runtime), runtime


def by_hand(rows: np.ndarray, recognizer) -> np.ndarray:
    """The probabilities of a clip's frames, without what the library has for it."""
    config, runtime = recognizer.config, recognizer.predictor.runtime
    front = choose_front_end(config)
    kept = []
    for begin in range(0, len(rows), STRETCH):
        end = min(begin + STRETCH, len(rows))
        start = max(0, begin - (STRETCH - (end - begin)) // 2 * 2)
        levels = standardise(front.levels(rows[start:end])[None], config)
        encoded = runtime.encode(levels)[0]
        assert encoded.shape == (ENCODED, WIDTH)
        kept.append(encoded[(begin - start) // 2 : -(-(end - start) // 2)])
    frames = np.concatenate(kept)
    assert len(frames) == -(-len(rows) // 2)
    return runtime.answer(summarise(frames, SUMMARY)[None]).probabilities[0]


@pytest.mark.parametrize("seconds", [0.6, 1.0, 2.4, 3.0])
def test_a_clip_has_one_answer_from_one_summary_of_all_its_frames(recognizer, seconds):
    samples = voice("speech_female.wav")[8_000:][: round(seconds * RATE)]
    _, frames, spoken = speech_frames(samples, recognizer.config)
    cut = speech_range(frames, spoken, recognizer.config)
    expected = by_hand(frames[cut], recognizer)
    given = recognizer.predict((RATE, samples))
    np.testing.assert_allclose(list(given.probabilities.values()), expected, atol=1e-5)
    assert given.intensity is None or 0.0 < given.intensity < 1.0
    assert given.distance >= 0.0


def test_each_stretch_is_encoded_once_and_a_clip_answered_once(recognizer):
    samples = voice("speech_female.wav")
    predictor, runtime = counting(recognizer)
    recognizer._loaded = recognizer._load()._replace(runtime=runtime)
    try:
        recognizer.predict((RATE, samples))
    finally:
        recognizer._loaded = recognizer._loaded._replace(runtime=runtime.runtime)
    _, frames, spoken = speech_frames(samples, recognizer.config)
    cut = speech_range(frames, spoken, recognizer.config)
    assert runtime.encoded == len(cover(cut.stop - cut.start, recognizer.config))
    assert runtime.encoded == -(-(cut.stop - cut.start) // STRETCH)
    assert runtime.answered == 1
    assert predictor.config is recognizer.config


def test_a_long_recording_is_pooled_over_equal_spans(recognizer):
    samples = np.tile(voice("speech_female.wav"), 10)[: 20 * RATE]
    config = recognizer.config
    _, frames, spoken = speech_frames(samples, config)
    spans = speech_spans(frames, spoken, config)
    assert len(spans) == 3
    lengths = [len(span.frames) for span in spans]
    assert max(lengths) - min(lengths) <= 1
    assert max(lengths) <= LONGEST * 100
    expected = pool_windows(np.stack([by_hand(span.frames, recognizer) for span in spans]))
    given = recognizer.predict((RATE, samples))
    np.testing.assert_allclose(list(given.probabilities.values()), expected, atol=1e-5)


def test_minutes_of_silence_are_not_encoded(recognizer):
    word = voice("speech_male.wav")[:RATE]
    samples = np.concatenate([word, np.zeros(120 * RATE, np.float32), word])
    config = recognizer.config
    _, frames, spoken = speech_frames(samples, config)
    assert len(speech_spans(frames, spoken, config)) == 2


def test_sums_of_parts_make_the_summary_of_the_whole():
    frames = np.random.default_rng(0).standard_normal((30, WIDTH)).astype(np.float32)
    parts = [FrameSums.of(frames[:7]), FrameSums.of(frames[7:20]).join(FrameSums.of(frames[20:]))]
    np.testing.assert_allclose(
        summarise_sums(parts, SUMMARY), summarise(frames, SUMMARY), atol=1e-6
    )


@pytest.mark.parametrize("form", ["int8", "float16", None])
def test_other_forms_and_keras_predict_alike(recognizer, form, tmp_path):
    forms = () if form is None else (form,)
    model = write_frame_model(tmp_path / "model", forms=forms, half_weights=True)
    names = {path.name for path in model.iterdir()}
    assert names == {
        *KERAS_FILES,
        "feature_config.json",
        "check.json",
        *(LITERT_FORMS[one] for one in forms),
    }
    other = EmotionRecognizer.from_pretrained(model)
    assert other.runtime == ("Keras" if form is None else "LiteRT")
    samples = conversation((0.5, 0.5))
    given, expected = (one.predict((RATE, samples)) for one in (other, recognizer))
    for label, probability in expected.probabilities.items():
        assert given.probabilities[label] == pytest.approx(probability, abs=0.02)
    assert given.distance == pytest.approx(expected.distance, abs=0.05)


def test_silence_is_no_speech(recognizer):
    silence = (RATE, np.zeros(2 * RATE, np.float32))
    assert recognizer.predict(silence).status == "no_speech"
    assert recognizer.explain(silence).moments == ()


def test_an_explanation_encodes_the_stretches_again_that_a_piece_is_in(recognizer):
    samples = np.tile(voice("speech_female.wav"), 3)[: 6 * RATE]
    predictor, runtime = counting(recognizer)
    found = occlude(predictor, samples)
    assert found.label == recognizer.predict((RATE, samples)).label
    pieces = len(found.moments) + 1
    stretches = 6
    # A piece of a quarter of a second is in one stretch, in two across their border, and now and
    # then in the last one too, which reaches back.
    assert stretches + pieces <= runtime.encoded <= stretches + 1.6 * pieces
    drops = [moment.drop for moment in found.moments]
    assert np.ptp(drops) > 0.0


def test_a_covered_piece_lowers_what_a_prediction_of_the_covered_sound_says(recognizer):
    """Its drop is the difference that covering it makes by hand."""
    samples = voice("speech_female.wav")[8_000:][: round(0.9 * RATE)]
    config = recognizer.config
    _, frames, spoken = speech_frames(samples, config)
    cut = speech_range(frames, spoken, config)
    rows = frames[cut]
    assert len(rows) <= STRETCH  # one stretch, so that this is easy to do by hand
    front, runtime = choose_front_end(config), recognizer.predictor.runtime
    found = recognizer.explain((RATE, samples))
    step = 12  # frames; a piece is two of these

    def log_probability(begin: int, end: int) -> float:
        levels = front.levels(rows)
        if end > max(begin, 0):
            levels = front.cover(levels, rows, max(begin, 0), min(end, len(rows)))
        encoded = runtime.encode(standardise(levels[None], config))[0]
        kept = encoded[: -(-len(rows) // 2)]
        answer = runtime.answer(summarise(kept, SUMMARY)[None]).probabilities[0]
        return float(np.log(answer[config.labels.index(found.label)]))

    plain = log_probability(0, 0)
    moment = found.moments[3]
    assert moment.start == pytest.approx((cut.start + 3 * step) / 100, abs=1e-6)
    pieces = [log_probability(step * k, step * (k + 2)) for k in (2, 3)]
    assert moment.drop == pytest.approx(plain - np.mean(pieces), abs=1e-4)


def test_a_voice_is_adapted_to(tmp_path: Path):
    from ser_core.config.feature_config import Adaptation

    settings = Adaptation(mean=(0.0,) * 8, prior_clips=1.0, least_clips=1)
    model = write_frame_model(tmp_path / "model", adaptation=settings)
    plain = EmotionRecognizer.from_pretrained(model)
    clip = (RATE, voice("speech_male.wav"))
    adapted = plain.adapt([clip])
    assert adapted.predict(clip) != plain.predict(clip)
    assert adapted.explain(clip).label == adapted.predict(clip).label


def test_live_speech_and_archives_have_the_same_answers(recognizer, fixtures):
    samples = voice("speech_female.wav")[: 2 * RATE]
    moments = list(recognizer.stream([(RATE, samples)], hop=1.0, window=1.5))
    assert [moment.time for moment in moments] == [1.0, 2.0]
    last = samples[-round(1.5 * RATE) :]
    centred = (last - last.mean(dtype=np.float64)).astype(np.float32)
    assert moments[-1].prediction == recognizer.predict((RATE, centred))
    path = str(fixtures / "speech_male.wav")
    (row,) = answer_recording(recognizer, Recording(path, path, None, None), "files")
    assert row["label"] == recognizer.predict(path).label
    assert row["distance"] == recognizer.predict(path).distance


@pytest.mark.parametrize(
    "asked", [{"labels": ["calm", "angry", "sad"]}, {"group": {"low": ["sad", "calm", "neutral"]}}]
)
def test_explanations_and_live_speech_are_in_the_labels_asked_for(recognizer, asked):
    sound = (RATE, voice("speech_female.wav")[8_000:][: 2 * RATE])
    given = recognizer.predict(sound, **asked)
    found = recognizer.explain(sound, **asked)
    assert found.label == max(given.probabilities, key=given.probabilities.get)
    drops = [moment.drop for moment in found.moments]
    assert drops != [moment.drop for moment in recognizer.explain(sound).moments]
    (*_, last) = recognizer.stream([sound], hop=0.5, **asked)
    assert list(last.prediction.probabilities) == list(given.probabilities)
    with pytest.raises(ArgumentError, match="no label of this model"):
        recognizer.stream([sound], labels=["glad", "calm"])
    with pytest.raises(ArgumentError, match="no label of this model"):
        recognizer.explain(sound, labels=["glad", "calm"])
