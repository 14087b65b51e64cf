"""A finished model judged on a corpus: what its thresholds do there, too."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from ser_core import EmotionRecognizer
from ser_core.config.reliability import Conformal, Domain
from tests.support.frame_models import write_frame_model
from tests.support.recordings import FIXTURES
from train import corpora
from train.corpora import Corpus
from train.measure.evaluate import evaluate


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Two people who speak, and a clip of silence."""
    root = tmp_path_factory.mktemp("ravdess")
    for actor, name in ((1, "speech_male"), (2, "speech_female")):
        folder = root / f"Actor_{actor:02d}"
        folder.mkdir()
        sound, rate = soundfile.read(FIXTURES / f"{name}.wav")
        soundfile.write(folder / f"03-01-03-01-01-01-{actor:02d}.wav", sound, rate)
    soundfile.write(root / "Actor_01" / "03-01-06-01-01-01-01.wav", np.zeros(16_000), 16_000)
    return corpora.load("ravdess", root)


def model(folder: Path, **changes: object) -> EmotionRecognizer:
    return EmotionRecognizer.from_pretrained(write_frame_model(folder / "model", **changes))


def test_sets_and_domain_are_measured_with_the_thresholds_that_ship(
    corpus: Corpus, tmp_path: Path
) -> None:
    everything = Conformal(coverage=0.9, threshold=0.0)
    answers, measured = evaluate(
        model(tmp_path, domain=Domain(familiar_below=1e6), conformal=everything), corpus
    )
    assert answers.distances is not None
    assert len(answers.distances) == 2
    assert measured["conformal"]["coverage"] == 1.0
    assert measured["conformal"]["labels"] == 8.0
    assert (measured["conformal"]["target"], measured["conformal"]["threshold"]) == (0.9, 0.0)
    assert (measured["domain"]["familiar_below"], measured["domain"]["familiar"]) == (1e6, 1.0)


def test_model_without_them_is_measured_without(corpus: Corpus, tmp_path: Path) -> None:
    _, measured = evaluate(model(tmp_path), corpus)
    assert not {"conformal", "domain"} & set(measured)
    assert measured["accuracy_of_answered"] == measured["accuracy"]


def test_accuracy_of_answered_leaves_out_what_is_uncertain(corpus: Corpus, tmp_path: Path) -> None:
    _, measured = evaluate(model(tmp_path, uncertain_below=1.0), corpus)
    assert (measured["uncertain"], measured["no_speech"]) == (2, 1)
    assert measured["accuracy_of_answered"] is None
