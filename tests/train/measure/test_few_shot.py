"""The few-shot table: of speakers that the head never met, with the same draws for all."""

import numpy as np
import pytest

from ser_core.config.schema import validated_json
from ser_core.model.further_records import FewShot
from train.measure import few_shot
from train.measure.few_shot import EGEMAPS, EMBEDDING, TAUGHT, DescribedClips


def clips(separable: bool, per_speaker: int = 6) -> DescribedClips:
    """Two labels of three speakers; each speaker's own offset is larger than the labels'."""
    rng = np.random.default_rng(1)
    speakers = np.repeat(["a", "b", "c"], 2 * per_speaker)
    classes = np.tile(np.repeat([0, 1], per_speaker), 3)
    inputs = rng.standard_normal((len(classes), 12))
    if separable:
        inputs[:, :6] += 8.0 * classes[:, None]
    shares = np.eye(2)[classes]
    both = {TAUGHT: (inputs, 10), EMBEDDING: (inputs[:, 6:], 6)}
    return DescribedClips(("calm", "sad"), classes, speakers, shares, (0, 1), both, silent=1)


def test_what_can_be_learnt_from_few_clips_is_measured_and_no_more() -> None:
    found = few_shot.measure_corpus(clips(separable=True), draws=2)
    assert [row["clips"] for row in found["rows"]] == [3, 5, 10], "30 there are not"
    assert (found["speakers"], found["chance"], found["silent"]) == (3, 0.5, 1)
    assert found["zero_shot"]["accuracy"] == 1.0
    first = found["rows"][0]
    assert first[TAUGHT]["accuracy"] > 0.9 > first[EMBEDDING]["accuracy"]
    low, high = first[EMBEDDING]["interval"]
    assert low < first[EMBEDDING]["accuracy"] < high
    assert EGEMAPS not in first


def test_a_speaker_under_test_is_never_taught(monkeypatch: pytest.MonkeyPatch) -> None:
    described = clips(separable=True)
    taught: list[set[str]] = []
    fit = few_shot.fit_layer

    def watch(given, *rest):
        rows = (described.inputs[TAUGHT][0][:, None] == given.inputs[None]).all(-1).any(1)
        taught.append(set(described.speakers[rows]))
        return fit(given, *rest)

    described.inputs.pop(EMBEDDING)
    monkeypatch.setattr(few_shot, "fit_layer", watch)
    few_shot.measure_corpus(described, draws=1)
    assert taught == [{"b", "c"}, {"a", "c"}, {"a", "b"}] * 3


def test_the_table_and_the_record_say_the_same() -> None:
    measured = {
        "draws": 2,
        "corpora": [
            {
                "corpus": "nemo",
                "title": "nEMO",
                "trained_on_it": True,
                **few_shot.measure_corpus(clips(separable=False), draws=2),
            }
        ],
    }
    record = validated_json(FewShot, measured, "few_shot.json")
    lines = few_shot.teaching_table(measured).splitlines()
    assert len(lines) == 2 + 3
    assert "nemo, 3 speakers | 3 |" in lines[2]
    assert f"{100 * record.corpora[0].zero_shot.accuracy:.1f} %" in lines[2]


def test_egemaps_without_the_package_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "opensmile", None)
    with pytest.raises(ValueError, match="which is not installed: pip install opensmile"):
        few_shot.load_egemaps(16_000)
