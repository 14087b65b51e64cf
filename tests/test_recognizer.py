"""The recognizer: one answer whatever the door, the thread or the container."""

import json
import os
import pickle
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ser_core import DEFAULT_MODEL, LABELS, EmotionPrediction, EmotionRecognizer
from ser_core.config.outputs import Outputs
from ser_core.errors import AudioError, ConfigError, ModelError, ModelNotFoundError
from ser_core.model.files import REPOSITORY_FILES
from ser_core.model.runtime import load_runtime
from tests.support.embedded import FORM
from tests.support.tiny_models import write_tiny_model

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def recognizer() -> EmotionRecognizer:
    return EmotionRecognizer.from_pretrained(DEFAULT_MODEL)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("tiny") / "model")


@pytest.mark.parametrize("name", ["speech_male.wav", "speech_female.wav", "speech_polish.wav"])
def test_speech_gets_an_answer_with_probabilities_that_sum_to_one(recognizer, fixtures, name):
    answer = recognizer.predict(fixtures / name)
    assert answer.status in ("emotion", "uncertain")
    assert tuple(answer.probabilities) == LABELS
    assert sum(answer.probabilities.values()) == pytest.approx(1.0)
    assert answer.label == max(answer.probabilities, key=answer.probabilities.get)
    assert answer.confidence == answer.probabilities[answer.label]
    assert 0.3 < answer.speech_seconds <= answer.duration
    threshold = recognizer.config.uncertain_below
    assert (answer.status == "uncertain") == (answer.confidence < threshold)


@pytest.mark.parametrize("kind", ["silence", "white noise", "tone", "hum", "click"])
def test_what_is_not_speech_gets_no_emotion(recognizer, kind):
    time = np.arange(32_000) / 16_000
    click = np.zeros(32_000)
    click[8_000] = 0.9
    sounds = {
        "silence": np.zeros(32_000),
        "white noise": 0.1 * np.random.default_rng(0).standard_normal(32_000),
        "tone": 0.3 * np.sin(2 * np.pi * 440 * time),
        "hum": sum(0.1 / k * np.sin(2 * np.pi * 50 * k * time) for k in range(1, 8)),
        "click": click,
    }
    answer = recognizer.predict((16_000, sounds[kind].astype(np.float32)))
    assert answer.status == "no_speech"
    assert answer.label is None
    assert answer.confidence == 0.0
    assert dict(answer.probabilities) == {}
    assert answer.top(3) == []
    assert answer.duration == 2.0


def test_path_bytes_and_array_give_the_same_answer(recognizer, fixtures):
    path = fixtures / "speech_48k_stereo.wav"
    rate, samples = (soundfile.read(path, dtype="int16")[i] for i in (1, 0))
    answers = [
        recognizer.predict(path),
        recognizer.predict(str(path)),
        recognizer.predict(path.read_bytes()),
        recognizer.predict((rate, samples)),
    ]
    assert all(answer == answers[0] for answer in answers)


def test_gain_changes_no_answer(recognizer, fixtures):
    samples, rate = soundfile.read(fixtures / "speech_male.wav", dtype="float32")
    plain = recognizer.predict((rate, samples))
    quiet = recognizer.predict((rate, samples * np.float32(0.02)))
    assert quiet.label == plain.label
    for label in LABELS:
        assert quiet.probabilities[label] == pytest.approx(plain.probabilities[label], abs=0.02)


def test_silence_around_speech_changes_no_answer(recognizer, fixtures):
    samples, rate = soundfile.read(fixtures / "speech_male.wav", dtype="float32")
    silence = np.zeros(3 * rate, dtype=np.float32)
    plain = recognizer.predict((rate, samples))
    padded = recognizer.predict((rate, np.concatenate([silence, samples, silence])))
    assert padded.label == plain.label
    assert padded.confidence == pytest.approx(plain.confidence, abs=0.1)


def test_batch_gives_what_single_predictions_give(recognizer, fixtures):
    paths = [fixtures / "speech_male.wav", fixtures / "speech_polish.wav"]
    assert recognizer.predict_batch(paths) == [recognizer.predict(path) for path in paths]
    assert recognizer.predict_batch([]) == []


def test_a_bad_recording_in_a_batch_is_named_by_its_place(recognizer, fixtures):
    with pytest.raises(AudioError) as caught:
        recognizer.predict_batch([fixtures / "speech_male.wav", b"not audio"])
    assert "recording 1 of the batch" in caught.value.__notes__[0]


def test_eight_threads_give_the_answers_of_one(recognizer, fixtures):
    paths = [fixtures / f"speech_{name}.wav" for name in ("male", "female", "polish")] * 16
    alone = [recognizer.predict(path) for path in paths]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(recognizer.predict, paths))
    assert together == alone


def test_too_long_a_recording_is_refused_with_the_limit(recognizer):
    with pytest.raises(AudioError, match="2"):
        recognizer.predict((16_000, np.zeros(48_000, dtype=np.float32)), max_seconds=2.0)


def test_predicting_imports_nothing_heavy(fixtures):
    program = (
        "import sys; from ser_core import *; "
        "print(EmotionRecognizer.from_pretrained(DEFAULT_MODEL).predict(sys.argv[1]).status); "
        "print([m for m in ('tensorflow', 'keras', 'gradio', 'plotly', 'pandas', 'librosa', "
        "'scipy', 'av') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(fixtures / "speech_male.wav")],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_saving_and_loading_gives_the_same_files_and_answers(recognizer, fixtures, tmp_path):
    recognizer.save_pretrained(tmp_path / "copy")
    copied = {path.name for path in (tmp_path / "copy").iterdir()}
    assert copied <= set(REPOSITORY_FILES)
    for name in copied:
        original = Path(DEFAULT_MODEL) / name
        assert (tmp_path / "copy" / name).read_bytes() == original.read_bytes()
    again = EmotionRecognizer.from_pretrained(tmp_path / "copy")
    path = fixtures / "speech_female.wav"
    assert again.predict(path) == recognizer.predict(path)


def test_saving_onto_itself_is_refused_and_loses_nothing(tiny):
    before = {path.name: path.read_bytes() for path in tiny.iterdir()}
    with pytest.raises(ModelError, match="already is in"):
        EmotionRecognizer.from_pretrained(tiny).save_pretrained(tiny)
    assert {path.name: path.read_bytes() for path in tiny.iterdir()} == before


def test_embedded_model_holds_only_files_of_a_repository():
    assert {path.name for path in Path(DEFAULT_MODEL).iterdir()} <= {
        *REPOSITORY_FILES,
        "__pycache__",
    }


def test_litert_and_keras_give_the_same_answer(tiny, fixtures, tmp_path):
    without = tmp_path / "keras_only"
    shutil.copytree(tiny, without)
    (without / "model.tflite").unlink()
    fast = EmotionRecognizer.from_pretrained(tiny)
    slow = EmotionRecognizer.from_pretrained(without)
    assert (fast.runtime, slow.runtime) == ("LiteRT", "Keras")
    path = fixtures / "speech_male.wav"
    for label, probability in fast.predict(path).probabilities.items():
        assert slow.predict(path).probabilities[label] == pytest.approx(probability, abs=1e-4)


def test_embedded_model_answers_alike_through_bare_keras(recognizer, fixtures):
    import keras

    from ser_core.audio.load import load_audio
    from ser_core.features import network_inputs
    from train.networks.export import ALLOWED

    network = keras.saving.load_model(DEFAULT_MODEL, compile=False, safe_mode=True)
    windows = network_inputs(load_audio(fixtures / "speech_male.wav"), recognizer.config)
    bare = keras.tree.flatten(network.predict(windows, verbose=0))
    outputs = dict(zip(network.output_names, bare, strict=True))
    probabilities = load_runtime(recognizer.directory, recognizer.config).run(windows).probabilities
    np.testing.assert_allclose(outputs["emotion"], probabilities, atol=ALLOWED[FORM])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"output": "mood"}, "has outputs .*mood.*names 'emotion'"),
        ({"classes": 5}, "gives 5 probabilities, .* lists 8 labels"),
        ({"features": 32}, "100 frames of 64 features"),
        ({"outputs": Outputs(intensity="strength")}, "has outputs .*emotion.*names 'strength'"),
        ({"outputs": Outputs(intensity="emotion")}, "8 values as 'emotion', .* one value a window"),
    ],
)
def test_a_network_that_does_not_match_its_config_is_refused(changes, sentence, tmp_path):
    directory = write_tiny_model(tmp_path / "model", **changes)
    with pytest.raises(ModelError, match=sentence):
        EmotionRecognizer.from_pretrained(directory)
    (directory / "model.tflite").unlink()
    with pytest.raises(ModelError, match=sentence):
        EmotionRecognizer.from_pretrained(directory)


def test_missing_and_broken_files_are_named(tiny, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(tiny, broken)
    (broken / "model.tflite").write_bytes(b"not a network")
    with pytest.raises(ModelError, match=r"model\.tflite is not a LiteRT model"):
        EmotionRecognizer.from_pretrained(broken)
    (broken / "model.tflite").unlink()
    (broken / "config.json").unlink()
    with pytest.raises(ModelError, match=r"no model\.tflite, and config\.json is missing too"):
        EmotionRecognizer.from_pretrained(broken)
    (broken / "feature_config.json").unlink()
    with pytest.raises(ModelError, match=r"no feature_config\.json"):
        EmotionRecognizer.from_pretrained(broken)


def test_an_unknown_key_in_the_config_is_refused(tiny, tmp_path):
    changed = tmp_path / "changed"
    shutil.copytree(tiny, changed)
    config = json.loads((changed / "feature_config.json").read_text())
    (changed / "feature_config.json").write_text(json.dumps(config | {"magic": 1}))
    with pytest.raises(ConfigError, match="unknown key magic"):
        EmotionRecognizer.from_pretrained(changed)


def test_a_name_that_is_no_folder_and_no_repository_is_said_so():
    with pytest.raises(ModelNotFoundError, match="neither a folder here nor the id"):
        EmotionRecognizer.from_pretrained("/no/such/folder")


def test_a_repository_that_is_not_cached_is_said_so_when_offline(tmp_path):
    with pytest.raises(ModelNotFoundError, match="not in the local cache"):
        EmotionRecognizer.from_pretrained("user/name", cache_dir=tmp_path, local_files_only=True)


def test_results_are_frozen_print_themselves_and_travel(recognizer, fixtures):
    answer = recognizer.predict(fixtures / "speech_male.wav")
    with pytest.raises(AttributeError):
        answer.label = "happy"
    with pytest.raises(TypeError):
        answer.probabilities["happy"] = 1.0
    assert answer.label in str(answer)
    assert "s of speech in" in str(answer)
    assert pickle.loads(pickle.dumps(answer)) == answer
    assert EmotionPrediction(**json.loads(json.dumps(answer.to_dict()))) == answer
    ranked = answer.top(3)
    assert [p for _, p in ranked] == sorted(answer.probabilities.values(), reverse=True)[:3]


def test_the_recognizer_says_what_it_is(recognizer):
    assert "LiteRT" in repr(recognizer)
    assert "16000 Hz" in repr(recognizer)


def test_real_emotions_are_heard_in_clips_the_network_was_trained_on(recognizer, ravdess):
    # Not a measure of quality, which is in train/results: a check that labels are not swapped.
    clips = sorted(ravdess.glob("Actor_0[12]/*.flac")) or sorted(ravdess.glob("Actor_0[12]/*.wav"))
    right = [
        recognizer.predict(clip).label == LABELS[int(clip.stem.split("-")[2]) - 1]
        for clip in clips[::3]
    ]
    assert np.mean(right) > 0.8


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc to count open files")
def test_predicting_leaves_no_file_open(recognizer, fixtures):
    recognizer.predict(fixtures / "speech_male.wav")
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        recognizer.predict(fixtures / "speech_male.wav")
    assert len(os.listdir("/proc/self/fd")) == before
