"""What the speech gate learns from: who is held out, how examples are cut, what is chosen."""

from pathlib import Path

import numpy as np
import pytest

from ser_core.errors import ModelError
from train.data.storage import read_arrays, write_arrays
from train.speech import gate_corpora, gate_selection
from train.speech.gate_channels import disturb
from train.speech.gate_corpora import SpeechClip, emospeech_files, load_speech
from train.speech.gate_evaluation import cut_to_speech
from train.speech.gate_mixtures import (
    LENGTHS,
    Examples,
    cut_pauses,
    random_crop,
    training_examples,
)
from train.speech.gate_network import shuffled_batches
from train.speech.gate_teacher import STEP
from train.speech.silero import CHUNK

RATE = 16_000  # [Hz]


def clip(
    begin: float,
    end: float,
    *,
    seconds: float = 3.0,
    speaker: str = "ravdess/01",
    unsure: float = 0,
) -> SpeechClip:
    """A clip in which the teacher finds speech from `begin` to `end` [s]."""
    rng = np.random.default_rng(0)
    samples = (0.1 * rng.standard_normal(round(seconds * RATE))).astype(np.float32)
    times = (np.arange(-(-len(samples) // CHUNK)) + 0.5) * CHUNK / RATE
    teacher = ((times >= begin) & (times < end)).astype(np.float32)
    possible = np.maximum(teacher, times < unsure).astype(np.float32)
    found = float((teacher > 0).sum() * CHUNK / RATE)
    return SpeechClip("a", speaker, "train", samples, teacher, possible, found)


def write_emospeech(folder: Path, rows: list[tuple[str, str]]) -> None:
    (folder / "audio").mkdir()
    lines = ["file_name,emotion,speaker,statement,environment,place"]
    for number, (speaker, place) in enumerate(rows):
        (folder / "audio" / f"{number:04d}.ogg").touch()
        lines.append(f"audio/{number:04d}.ogg,calm,{speaker},word,safe,{place}")
    (folder / "metadata.csv").write_text("\n".join(lines), encoding="utf-8")


def test_no_speaker_and_no_place_of_emospeech_is_on_two_sides(tmp_path):
    people = [(f"speaker{number}", "webservice") for number in range(20) for _ in range(2)]
    places = ["House", "webservice", "Misc", "Roads", "Near Lake", "Railway", "Metro"]
    write_emospeech(tmp_path, people + [("unknown", place) for place in places])
    splits: dict[str, set[str]] = {}
    for _, who, split in emospeech_files(tmp_path):
        splits.setdefault(who, set()).add(split)
    assert len(splits) == 20 + len(places)
    assert all(len(sides) == 1 for sides in splits.values())
    assert {who for who, sides in splits.items() if sides == {"test"}} >= {
        "emospeech/Roads",
        "emospeech/Near Lake",
    }
    assert set.union(*splits.values()) == {"train", "validation", "test"}


def test_emovo_is_never_trained_on_nor_chosen_by(tmp_path):
    (tmp_path / "f1").mkdir()
    (tmp_path / "f1" / "a.ogg").touch()
    lines = ["file_name,emotion,speaker,gender,statement", "f1/a.ogg,sad,f1,female,b1"]
    (tmp_path / "metadata.csv").write_text("\n".join(lines), encoding="utf-8")
    assert [split for _, _, split in gate_corpora.emovo_files(tmp_path)] == ["test"]


def test_the_teacher_is_asked_once(tmp_path, monkeypatch):
    import soundfile

    folder = tmp_path / "ravdess" / "Actor_01"
    folder.mkdir(parents=True)
    soundfile.write(folder / "03-01-01-01-01-01-01.wav", np.zeros(RATE), RATE)
    asked = []

    def teacher(samples: np.ndarray, *, peak: float) -> np.ndarray:
        asked.append(len(samples))
        return np.ones(-(-len(samples) // CHUNK), np.float32)

    monkeypatch.setattr(gate_corpora, "teacher_probability", teacher)
    monkeypatch.setattr(gate_corpora, "second_opinion", lambda samples, first: first)
    folders = {"ravdess": tmp_path / "ravdess", "nemo": None}
    kept_file = tmp_path / "cache" / "teacher_ravdess.npz"
    name = "03-01-01-01-01-01-01"  # what answers were kept by, whatever the clip was
    write_arrays(kept_file, {name: np.zeros(32), f"{name}/again": np.zeros(32)})
    first, second = (load_speech(folders, tmp_path / "cache") for _ in range(2))
    assert asked == [RATE]
    np.testing.assert_array_equal(first[0].teacher, second[0].teacher)
    soundfile.write(folder / "03-01-01-01-01-01-01.wav", np.zeros(RATE // 2), RATE)
    load_speech(folders, tmp_path / "cache")
    assert asked == [RATE, RATE // 2]
    kept = read_arrays(kept_file)
    assert len(kept) == 4
    assert not any(key.startswith(name) for key in kept)
    assert first[0].teacher_seconds == pytest.approx(1.024)


@pytest.mark.parametrize("steps", sorted(set(LENGTHS)))
@pytest.mark.parametrize("seconds", [0.5, 1.0, 3.0, 5.0])
def test_a_crop_holds_speech_and_keeps_its_labels_in_place(steps, seconds):
    source = clip(0.2, 0.4, seconds=seconds)
    for seed in range(20):
        sound, labels, weights = random_crop(source, steps, np.random.default_rng(seed))
        assert (len(sound), len(labels), len(weights)) == ((steps - 1) * STEP, steps, steps)
        assert labels.max() == 1.0
        middle = int(np.median(np.flatnonzero(labels == 1.0))) * STEP
        assert np.abs(sound[middle : middle + STEP]).max() > 0


def test_where_the_teacher_found_speech_only_when_asked_again_a_step_counts_little():
    _, labels, weights = random_crop(clip(2.0, 2.5, unsure=1.0), 151, np.random.default_rng(0))
    assert np.all(weights[:45] < 0.5)
    assert np.all(labels[:45] < 0.5)
    assert np.all(weights[55:] == 1.0)


def test_pauses_hold_nothing_that_may_be_speech():
    pauses = cut_pauses([clip(2.0, 2.5, unsure=1.0)], 0)
    assert [len(pause) / RATE for pause in pauses] == [pytest.approx(0.75, abs=0.1)]


def test_examples_are_the_same_for_the_same_seed():
    clips = [clip(0.5, 1.5), clip(0.5, 1.5, speaker="emospeech/House")]
    sounds = [np.random.default_rng(1).standard_normal(4_000).astype(np.float32)]
    first, second = (training_examples(clips, sounds, 14, 3) for _ in range(2))
    assert [group.inputs.shape[1] for group in first] == sorted(set(LENGTHS))
    assert sum(len(group.labels) for group in first) == 28
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.inputs, other.inputs)
    assert sum(int((group.labels.max(axis=1) > 0.5).sum()) for group in first) == 14


def test_each_example_comes_once_an_epoch_in_batches_of_one_length():
    groups = [
        Examples(
            np.zeros((count, steps, 80), np.float16),
            np.full((count, steps), number, np.float32) + np.arange(count)[:, None] / 100,
            np.ones((count, steps), np.float32),
        )
        for number, (count, steps) in enumerate([(10, 5), (7, 3)])
    ]
    batches = list(shuffled_batches(groups, 4, 2))
    assert len(batches) == 2 * (3 + 2)
    seen = np.sort(np.concatenate([labels[:, 0, 0] for _, labels, _ in batches]))
    wanted = np.sort(np.tile(np.concatenate([group.labels[:, 0] for group in groups]), 2))
    np.testing.assert_allclose(seen, wanted)


def test_a_cut_holds_most_of_the_speech():
    cut = cut_to_speech(clip(1.0, 1.5), 0.4)
    assert len(cut.samples) / RATE == pytest.approx(0.4, abs=CHUNK / RATE)
    assert cut.teacher.min() == 1.0
    assert cut.teacher_seconds == pytest.approx(len(cut.samples) / RATE)


def test_disturbances_lie_below_speech_or_are_hum():
    changes = [
        disturb(np.zeros(RATE, np.float32), np.random.default_rng(seed)) for seed in range(60)
    ]
    assert 10 < sum(np.abs(change).max() > 1e-6 for change in changes) < 50
    assert np.abs(changes).max() < 1.0


def row(
    word_misses: float, alarms: float, recall: float = 0.97, misses: float = 0.0, clean: float = 0
):
    return {
        "threshold": 0.5,
        "min_speech": 0.2,
        "clean_miss_rate": clean,
        "worst_miss_rate": misses,
        "word_miss_rate": word_misses,
        "mean_false_alarm_rate": alarms,
        "recorded_false_alarm_rate": alarms,
        "frame_recall": recall,
    }


def test_the_fewest_words_are_missed_among_few_false_alarms_and_few_sentences_missed():
    rows = [row(0.01, 0.05), row(0.03, 0.02), row(0.09, 0.0), row(0.0, 0.0, 0.5), row(0, 0, 1, 0.1)]
    rows.append(row(0.02, 0.01, clean=0.01))
    assert gate_selection.choose_row(rows) == rows[1]


def test_where_nothing_may_be_chosen_it_says_so():
    with pytest.raises(ModelError, match="found none; train on more examples"):
        gate_selection.choose_row([row(0.0, 0.0, recall=0.9)])
