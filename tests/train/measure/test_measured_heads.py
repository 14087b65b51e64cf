"""Commands that judge finished networks, with networks that give their encoder's frames."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from ser_core import EmotionRecognizer
from ser_core.audio.load import load_audio
from ser_core.model.files import LITERT_FORMS
from ser_core.model.predictor import Predictor
from ser_core.timeline.predict import predict
from tests.support.commands import run_train
from tests.support.recordings import FIXTURES, VOICES
from tests.support.tiny_heads import RATE, command_words, fitted_folder, heads_run
from train.audit.split import add_training_clips, split_by_protocol
from train.data.protocols import by_speaker
from train.fitting.inference import answer
from train.fitting.joint import choose_beside
from train.fitting.run_audit import audit_run
from train.fitting.summaries import encoder_file
from train.measure import fold_networks
from train.measure.clip_inputs import answering_part, prepare_clip, prepare_whole
from train.measure.compare import measure_costs
from train.measure.conditions import CONDITIONS
from train.publish.model_card import ModelCard


@pytest.fixture(scope="module")
def fitted() -> Path:
    return fitted_folder()


@pytest.fixture(scope="module")
def folder(fitted, tmp_path_factory) -> Path:
    """The same, to write into."""
    copy = tmp_path_factory.mktemp("measured") / "again"
    shutil.copytree(fitted, copy)
    return copy


def test_what_ships_is_in_eight_bits_and_names_what_it_learnt_from(fitted):
    model = fitted / "model"
    assert (model / LITERT_FORMS["int8"]).is_file()
    assert not (model / LITERT_FORMS["float32"]).exists()
    recognizer = EmotionRecognizer.from_pretrained(model)
    given = recognizer.predict(FIXTURES / "speech_male.wav")
    assert given.status != "no_speech"
    assert given.distance is not None
    assert recognizer.config.domain is not None
    assert recognizer.config.conformal is not None
    rows = json.loads((model / "dataset.json").read_text())["corpora"]
    assert [(row["name"], row["role"]) for row in rows] == [
        ("ravdess", "training and evaluation"),
        ("ravdess_song", "training"),
        ("nemo", "training"),
        ("voices", "differences between voices"),
    ]
    assert rows[2]["clips"] == 12
    assert rows[2]["seconds"]["median"] == pytest.approx(0.9)
    assert "or LiteRT (`model.int8.tflite`);" in (model / "README.md").read_text()


def test_degraded_clips_take_the_way_of_the_recognizer(fitted):
    run = heads_run(fitted)
    (fold,) = fold_networks.find(run, (1,))
    network, encoder = fold.load(run), encoder_file(run)
    part = answering_part(network, fold.config)

    class AsItShips:
        """The fold's network, its encoder in eight bits."""

        name = "test"

        def encode(self, inputs):
            from train.fitting.summaries import load_encoder

            return np.stack([load_encoder(encoder)(one[None]) for one in inputs])

        def answer(self, summaries):
            from ser_core.model.pooling import Answers

            probabilities, intensity, distance = part.predict(summaries, verbose=0)
            return Answers(probabilities, intensity[:, 0], distance[:, 0])

    predictor = Predictor(fold.config, AsItShips())
    voices = [load_audio(FIXTURES / name, sample_rate=RATE) for name in VOICES]
    voices.append(np.tile(voices[0], 4))  # several spans
    asked = [prepare_clip(samples, fold.config, encoder) for samples in voices]
    assert len(asked[-1].windows) > len(asked[0].windows)
    given, strengths = answer(part, asked, fold.config)
    for samples, probabilities, strength in zip(voices, given, strengths, strict=True):
        activity, pooled = predict(predictor, samples)
        assert activity.has_speech
        np.testing.assert_allclose(probabilities, pooled.probabilities, atol=1e-4)
        assert strength == pytest.approx(pooled.intensity, abs=1e-4)


def test_clips_are_summarised_by_what_the_config_names(fitted):
    run = heads_run(fitted)
    (fold,) = fold_networks.find(run, (1,))
    outputs = fold.config.outputs.model_copy(update={"summary": ("max", "mean")})
    config = fold.config.model_copy(update={"outputs": outputs})
    voice = load_audio(FIXTURES / VOICES[0], sample_rate=RATE)
    for prepare in (prepare_clip, prepare_whole):
        all_, some = (
            prepare(voice, one, encoder_file(run)).windows for one in (fold.config, config)
        )
        mean, _, peak = np.split(all_, 3, axis=1)
        assert np.array_equal(some, np.concatenate([peak, mean], axis=1))


def test_where_nobody_speaks_all_there_is_is_asked(fitted):
    run = heads_run(fitted)
    (fold,) = fold_networks.find(run, (1,))
    hiss = np.random.default_rng(0).normal(0, 0.001, RATE).astype(np.float32)
    asked = prepare_clip(hiss, fold.config, encoder_file(run))
    assert not asked.answered
    assert asked.windows.shape == prepare_whole(hiss, fold.config, encoder_file(run)).windows.shape


def test_robustness_is_measured_of_every_fold(folder):
    words = command_words(folder)
    words += ["--results", folder / "results", "--every", "5", "--jobs", "1"]
    done = run_train("robustness", *words, "--write", folder / "model")
    assert done.returncode == 0, done.stderr[-3000:]
    lines = done.stdout.splitlines()
    assert len(lines) == len(CONDITIONS) + 2
    measured = json.loads((folder / "model" / "robustness.json").read_text())
    assert measured["rows"][0]["change"] == 0.0
    assert measured["clips"] == 4 * 3
    assert measured["rows"][0]["intensity_auc"] is not None


def test_forms_are_those_that_are_there(folder):
    words = ["forms", "--no-waveform", "--model", folder / "model", *command_words(folder)]
    done = run_train(*words, "--results", folder / "results", "--every", "3")
    assert done.returncode == 0, done.stderr[-3000:]
    measured = json.loads((folder / "model" / "forms.json").read_text())
    assert [row["file"] for row in measured["forms"]] == ["model.int8.tflite"]
    assert measured["forms"][0]["agreement"] > 0.8
    assert measured["forms"][0]["milliseconds"] > 0
    assert not (folder / "model" / "model.tflite").exists()
    unseen = {row["form"]: row for row in measured["unseen"]["forms"]}
    assert set(unseen) == {"float32", "int8"}
    assert unseen["int8"]["largest_difference"] < 0.2
    card = ModelCard.of(folder / "model", source="user/name").render()
    assert "same prediction as Keras' own save" in card
    assert "another form than" not in card


def test_evaluate_says_that_it_was_trained_on_a_corpus(fitted):
    for name in ("ravdess", "nemo"):
        words = ["--model", fitted / "model", "--corpus", f"{name}={fitted / name}"]
        done = run_train("evaluate", *words)
        # Buzzes are hardly speech to the gate, and there may be none to judge by.
        assert (
            done.returncode == 0
            or "heard no speech at all" in done.stderr
            or ("heard no speech in any clip" in done.stderr)
        )
        if done.returncode == 0:
            assert f"was trained on {name}" in done.stderr


def test_compare_makes_a_row_of_it(folder):
    done = run_train("compare", "--results", folder / "results")
    assert done.returncode == 0, done.stderr[-3000:]
    (row,) = json.loads((folder / "results" / "comparison.json").read_text())
    assert row["recipe"] == "default"
    assert row["clips"] == 60
    assert row["litert_megabytes"] > 0
    assert row["network_milliseconds"] > 0


def test_costs_are_of_the_form_that_ships(fitted):
    costs = measure_costs(heads_run(fitted).recipe)
    size = (fitted / "model" / LITERT_FORMS["int8"]).stat().st_size
    assert costs["litert_megabytes"] == pytest.approx(size / 1e6, rel=0.3)


def test_the_audit_sees_who_is_learnt_from_beside(fitted):
    run = heads_run(fitted)
    found = audit_run(run, quiet=True)
    assert found.summary()["leaks"] == 0
    assert found.summary()["checked"]["speaker"] == "8 speakers"
    split = split_by_protocol(run.protocol, run.judged, [])
    chosen = {fold.number: choose_beside(run, fold.train) for fold in by_speaker(run.clips)}
    joined = add_training_clips(split, run.beside_heads, chosen)
    song = 3 * 11  # clips of the three singers on the training side
    nemo, voices = 12, 4
    for before, after in zip(split.folds, joined.folds, strict=True):
        assert len(after.train) == len(before.train) + song + nemo + voices
        assert np.array_equal(after.test, before.test)
    wrong = choose_beside(run, np.arange(len(run.clips)))  # who is under test sings too
    leaking = add_training_clips(split, run.beside_heads, dict.fromkeys(chosen, wrong))
    from train.audit.audit import audit

    assert "speaker" in audit(leaking, quiet=True).summary()["kinds"]
