"""Who speaks when: turns, their speakers, and what the forms of a timeline say of them."""

import json
import pickle
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from ser_core import SpeakerTurn
from ser_core.speech.clusters import Clustering, cluster, cut_tree, ward_merges
from ser_core.speech.turns import NAMES, diarise, viterbi_path
from ser_core.speech.voices import CELL, CEPSTRA, VoiceStream, embed, load_map, pool_neighbours
from ser_core.timeline import analyze as analysing
from tests.support.recordings import conversation, voice

PAUSES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@pytest.fixture(scope="module")
def talk(recognizer):
    """Three voices that speak twice each in turn, and the timeline of their turns."""
    samples = conversation(PAUSES)
    return samples, recognizer.analyze((16_000, samples), speakers=3)


def owners() -> list[tuple[float, float, str]]:
    """When each of the three voices is to be heard in `conversation(PAUSES)`."""
    found, time = [], 0.0
    names = ("speech_female.wav", "speech_male.wav", "speech_polish.wav")
    for number, pause in enumerate(PAUSES):
        length = len(voice(names[number % 3])) / 16_000
        found.append((time + pause, time + pause + length, "ABC"[number % 3]))
        time += pause + length
    return found


def wrong(timeline, truth) -> float:
    """Seconds of turns that are the wrong person's."""
    return sum(
        max(0.0, min(turn.end, end) - max(turn.start, start))
        for turn in timeline.turns
        for start, end, name in truth
        if name != turn.speaker
    )


def same(one, other) -> None:
    """Assert that two timelines are equal to the last bit."""
    np.testing.assert_array_equal(one.answers, other.answers)
    assert one.to_json() == other.to_json()
    assert one.turns == other.turns


def test_each_turn_is_the_right_persons(talk):
    _, timeline = talk
    assert wrong(timeline, owners()) < 0.05 * timeline.speech_seconds
    assert {turn.speaker for turn in timeline.turns} == {"A", "B", "C"}
    firsts = list(dict.fromkeys(turn.speaker for turn in timeline.turns))
    assert firsts == ["A", "B", "C"]  # in order of appearance


def test_how_many_speak_is_found_out(recognizer):
    pause = np.zeros(8_000, np.float32)
    parts = [pause, voice("speech_female.wav"), pause, voice("speech_male.wav")] * 3
    samples = (16_000, np.concatenate(parts))
    timeline = recognizer.analyze(samples, speakers="auto")
    assert {turn.speaker for turn in timeline.turns} == {"A", "B"}
    assert timeline.turns == recognizer.analyze(samples, speakers=2).turns


def test_turns_are_the_stretches_of_speech(talk):
    _, timeline = talk
    assert sum(turn.end - turn.start for turn in timeline.turns) == pytest.approx(
        timeline.speech_seconds, abs=0.01
    )
    assert all(one.end <= two.start for one, two in pairwise(timeline.turns))
    for turn in timeline.turns:
        assert any(start <= turn.start < turn.end <= end for start, end in timeline.speech)


def test_segments_are_cut_where_the_speaker_changes(talk):
    _, timeline = talk
    assert timeline.segments
    for segment in timeline.segments:
        inside = [t for t in timeline.turns if t.start <= segment.start and segment.end <= t.end]
        assert [turn.speaker for turn in inside] == [segment.speaker]


def test_one_voice_is_one_speaker(recognizer):
    parts = [np.zeros(8_000, np.float32), voice("speech_male.wav")] * 4
    timeline = recognizer.analyze((16_000, np.concatenate(parts)), speakers="auto")
    assert {turn.speaker for turn in timeline.turns} == {"A"}
    assert timeline.by_speaker["A"].seconds == pytest.approx(timeline.speech_seconds, abs=0.01)


def test_one_person_given_is_one_speaker_whoever_speaks(recognizer, talk):
    timeline = recognizer.analyze((16_000, talk[0]), speakers=1)
    assert {turn.speaker for turn in timeline.turns} == {"A"}
    assert tuple((turn.start, turn.end) for turn in timeline.turns) == timeline.speech


@pytest.mark.parametrize("speakers", [1, 2, "auto"])
@pytest.mark.parametrize("level", [0.0, 1e-4])
def test_silence_has_no_speakers(recognizer, speakers, level):
    noise = level * np.random.default_rng(0).standard_normal(5 * 16_000)
    timeline = recognizer.analyze((16_000, noise.astype(np.float32)), speakers=speakers)
    assert timeline.turns == ()
    assert timeline.by_speaker == {}
    assert timeline.to_dict()["turns"] == []
    assert timeline.to_webvtt() == "WEBVTT\n"


def test_more_people_than_are_heard_are_no_error(recognizer):
    timeline = recognizer.analyze((16_000, voice("speech_female.wav")[:32_000]), speakers=26)
    assert 1 <= len({turn.speaker for turn in timeline.turns}) <= 5
    assert timeline.turns[0].speaker == "A"


def test_nobody_asked_is_nobody_named(recognizer, talk):
    samples, asked = talk
    timeline = recognizer.analyze((16_000, samples))
    assert timeline.turns is None
    assert timeline.by_speaker == {}
    assert {segment.speaker for segment in timeline.segments} == {None}
    assert not {"turns", "by_speaker"} & timeline.to_dict().keys()
    assert "speaker" not in timeline.to_csv().splitlines()[0]
    assert "<v" not in timeline.to_webvtt()
    np.testing.assert_array_equal(timeline.answers, asked.answers)
    assert timeline.overall == asked.overall


@pytest.mark.parametrize("block", [0.1, 0.37, 2.0, 1_000.0])
def test_turns_do_not_depend_on_how_a_recording_is_cut(recognizer, talk, monkeypatch, block):
    samples, timeline = talk
    monkeypatch.setattr(analysing, "BLOCK_SECONDS", block)
    same(timeline, recognizer.analyze((16_000, samples), speakers=3, threads=2))


def test_turns_do_not_depend_on_the_level(recognizer, talk):
    samples, timeline = talk
    quiet = recognizer.analyze((16_000, samples * np.float32(0.125)), speakers=3)
    assert wrong(quiet, owners()) < 0.05 * timeline.speech_seconds


@pytest.mark.parametrize("speakers", [0, -1, 27, 2.0, True, "two", "A"])
def test_speakers_out_of_range_are_named(recognizer, speakers):
    with pytest.raises(ValueError, match=r"^speakers must"):
        recognizer.analyze((16_000, np.zeros(16_000, np.float32)), speakers=speakers)


def test_each_speaker_has_emotions_of_their_own(talk):
    _, timeline = talk
    assert list(timeline.by_speaker) == ["A", "B", "C"]
    total = sum(share.seconds for share in timeline.by_speaker.values())
    assert total == pytest.approx(timeline.speech_seconds, abs=0.01)
    for name, share in timeline.by_speaker.items():
        assert sum(share.distribution.values()) == pytest.approx(1.0)
        own = {segment.label for segment in timeline.segments if segment.speaker == name}
        assert {label for label, value in share.distribution.items() if value} == own
        assert pickle.loads(pickle.dumps(share)) == share
    with pytest.raises(TypeError):
        timeline.by_speaker["A"].distribution["sad"] = 1.0


def test_every_form_says_who(talk, tmp_path):
    _, timeline = talk
    said = [segment.speaker for segment in timeline.segments]
    read = json.loads(timeline.save(tmp_path / "talk.json").read_text())
    assert [segment["speaker"] for segment in read["segments"]] == said
    assert [SpeakerTurn(**turn) for turn in read["turns"]] == list(timeline.turns)
    assert read["by_speaker"] == {k: v.to_dict() for k, v in timeline.by_speaker.items()}
    assert list(timeline.to_dataframe()["speaker"]) == said
    head, *lines = timeline.save(tmp_path / "talk.csv").read_text().splitlines()
    column = head.split(",").index("speaker")
    assert [line.split(",")[column] for line in lines] == said
    cues = timeline.to_webvtt().strip().split("\n\n")[1:]
    pattern = r"\d\d:[0-5]\d:[\d.]{6} --> \d\d:[0-5]\d:[\d.]{6}\n<v ([ABC])>(perhaps )?\w+ \d+ %"
    pattern += r"(, intensity \d+ %)?"
    assert [re.fullmatch(pattern, cue).group(1) for cue in cues] == said
    assert re.findall(r"^([ABC]): (?:perhaps )?\w+ \d+ %", timeline.to_srt(), re.M) == said
    assert re.findall(r"^[\d:.]+ - [\d:.]+  ([ABC])  ", str(timeline), re.M) == said
    assert re.search(r"^B: [\d.]+ s of speech, mostly \w+$", str(timeline), re.M)
    segment = timeline.segments[0]
    assert pickle.loads(pickle.dumps(segment)) == segment


def test_a_word_leaves_a_small_vector_each_half_second():
    stream = VoiceStream()
    mel = np.ones((3 * CELL, 80), np.float32)
    stream.push(mel, [[10, 120]], len(mel))
    bounds, sums = stream.arrays()
    assert bounds.tolist() == [[10, 50], [50, 100], [100, 120]]
    assert sums.shape == (3, 1 + 2 * CEPSTRA)
    assert sums[:, 0].tolist() == [40.0, 50.0, 20.0]
    assert len(stream.mel) == 0
    assert pool_neighbours(bounds, sums)[:, 0].tolist() == [110.0] * 3


def test_an_embedding_stops_at_a_long_pause():
    bounds = np.array([[0, 40], [60, 100], [140, 150]])
    sums = np.zeros((3, 1 + 2 * CEPSTRA), np.float32)
    sums[:, 0] = [40, 40, 10]
    pooled = pool_neighbours(bounds, sums)
    assert pooled[:, 0].tolist() == [80.0, 80.0, 10.0]
    lengths = np.linalg.norm(embed(pooled), axis=1)
    np.testing.assert_allclose(lengths, [1.0, 1.0, 0.0], atol=1e-5)  # too little speech is none


def test_clusters_that_are_far_apart_are_found():
    rng = np.random.default_rng(3)
    outputs = load_map()[0].shape[1]
    directions = np.linalg.qr(rng.standard_normal((outputs, 4)))[0].T
    vectors = np.repeat(directions, 30, axis=0) + 0.05 * rng.standard_normal((120, outputs))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert len(ward_merges(vectors)) == 119
    vectors = vectors.astype(np.float32)
    found = cluster(vectors, "auto")
    assert len(found.centres) == 4
    assert (found.centres @ directions.T).max(axis=0).min() > 0.95
    assert found.smallest == 0.25
    assert found.alike < 0.2
    assert found.apart > 10.0
    for strict in (Clustering(alike=-2.0), Clustering(apart=1e9), Clustering(smallest=0.9)):
        assert len(cluster(vectors, "auto", strict).centres) == 1


def test_merging_is_wards():
    from scipy.cluster.hierarchy import fcluster, linkage

    vectors = np.random.default_rng(5).standard_normal((60, 4))
    tree = linkage(vectors, "ward")
    for count in (2, 3, 7, 20):
        ours, theirs = cut_tree(ward_merges(vectors), count), fcluster(tree, count, "maxclust")
        assert len(set(zip(ours.tolist(), theirs.tolist(), strict=True))) == count


def test_the_path_is_the_best_of_all_paths():
    rng = np.random.default_rng(1)
    scores, prices = rng.standard_normal((6, 3)), rng.uniform(0, 1, 5)
    paths = np.stack(np.meshgrid(*[range(3)] * 6, indexing="ij"), axis=-1).reshape(-1, 6)
    worth = scores[np.arange(6), paths].sum(axis=1)
    worth -= ((np.diff(paths, axis=1) != 0) * prices).sum(axis=1)
    assert viterbi_path(scores, prices).tolist() == paths[worth.argmax()].tolist()


def test_a_long_recording_clusters_a_thousand_vectors(monkeypatch):
    seen = []

    def counted(vectors: np.ndarray) -> list[tuple[int, int]]:
        seen.append(len(vectors))
        return ward_merges(vectors)

    monkeypatch.setattr("ser_core.speech.clusters.ward_merges", counted)
    pieces = 5_000
    rng = np.random.default_rng(0)
    means = np.repeat(5.0 * rng.standard_normal((2, CEPSTRA)), pieces // 2, axis=0)
    means += 0.1 * rng.standard_normal(means.shape)
    frames = np.full((pieces, 1), CELL)
    sums = np.concatenate([frames, CELL * means, CELL * (means**2 + 1.0)], axis=1)
    starts = np.arange(pieces) * CELL
    owner = diarise(np.stack([starts, starts + CELL], axis=1), sums.astype(np.float32), 2)
    assert seen == [1_000]
    assert set(owner[:2_490].tolist()) == {0}
    assert set(owner[2_510:].tolist()) == {1}


def test_names_are_letters():
    assert len(set(NAMES)) == 26


def test_the_settings_are_those_that_were_chosen_and_measured():
    results = Path(__file__).parents[2] / "train" / "results" / "speakers" / "metrics.json"
    report = json.loads(results.read_text())
    assert report["selection"]["chosen"] == vars(Clustering())
    kinds = report["test"]["ravdess"]["kinds"]
    assert sum(kind["mixtures"] for kind in kinds.values()) >= 20
    for kind in kinds.values():
        assert kind["given"]["no_collar"]["der"] <= kind["all_one_speaker"]["no_collar"]["der"]


def test_two_actors_of_ravdess_are_told_apart(recognizer, ravdess):
    from train.corpora import load
    from train.speech.conversations import cut_clip

    clips = load("ravdess", ravdess).clips
    parts, truth, time = [], [], 0.0
    people = [[c for c in clips if c.speaker == name][::3] for name in ("17", "24")]
    for number in range(20):
        samples, _ = cut_clip(people[number // 2 % 2][number].path)
        parts += [samples, np.zeros(6_400, np.float32)]
        truth.append((time, time + len(samples) / 16_000, "AB"[number // 2 % 2]))
        time += len(samples) / 16_000 + 0.4
    timeline = recognizer.analyze((16_000, np.concatenate(parts)), speakers=2)
    assert wrong(timeline, truth) < 0.1 * timeline.speech_seconds
