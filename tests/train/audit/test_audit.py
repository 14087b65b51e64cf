"""The audit: every kind of leak is planted and found, and what is no leak is left alone."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from librosa.effects import pitch_shift

from ser_core import DEFAULT_MODEL, LABELS
from ser_core.audio.load import load_audio
from ser_core.config.feature_config import Normalisation
from ser_core.errors import ConfigError
from tests.support.commands import run_train
from train import corpora
from train import recipe as recipes
from train.audit import copies
from train.audit.audit import Audit, audit, audit_corpora, audit_split
from train.audit.copies import same_content
from train.audit.leaked_statistics import Fitted, fit_again, judge
from train.audit.match import Match, match
from train.audit.sound import fingerprint, fingerprints_if_changed
from train.audit.split import Item, Split, item_of, split_by_protocol
from train.corpora.clip import Clip
from train.data import feature_cache
from train.data.material import Material
from train.data.protocols import Fold

ROOT = Path(__file__).parents[3]
RATE = 16_000  # Hz


@pytest.fixture(scope="module")
def voices() -> list[np.ndarray]:
    """Three recordings of different voices, about 2.5 s each."""
    folder = ROOT / "tests" / "fixtures"
    names = ("speech_male.wav", "speech_female.wav", "speech_polish.wav")
    return [load_audio(folder / name)[: int(2.5 * RATE)] for name in names]


def write_split(file: Path, rows: list[tuple[str, int, str]]) -> Path:
    """Write a split file."""
    with file.open("w", encoding="utf-8", newline="") as out:
        table = csv.writer(out)
        table.writerow(["file", "fold", "side"])
        table.writerows(rows)
    return file


def noisy(samples: np.ndarray, decibels: float) -> np.ndarray:
    """Add white noise so many dB below the recording."""
    level = np.sqrt(np.mean(samples**2)) * 10.0 ** (-decibels / 20.0)
    noise = np.random.default_rng(0).standard_normal(len(samples))
    return (samples + level * noise).astype(np.float32)


def plant(folder: Path, name: str, samples: np.ndarray) -> str:
    """Write a copy as 16-bit WAV."""
    soundfile.write(folder / name, samples, RATE, subtype="PCM_16")
    return name


def found(folder: Path, original: np.ndarray, copy: str) -> Audit:
    """Audit a split of an original in training and a copy in test."""
    plant(folder, "original.wav", original)
    rows = [("original.wav", 1, "train"), (copy, 1, "test")]
    return audit_split(write_split(folder / "split.csv", rows), {}, quiet=True)


def test_two_voices_are_no_leak(voices, tmp_path):
    outcome = found(tmp_path, voices[0], plant(tmp_path, "other.wav", voices[1]))
    assert outcome.leaks == 0
    assert "nobody says who speaks in 2 of 2 rows" in outcome.checked["speaker"]
    assert outcome.checked["statistics"] == "not recorded"
    outcome.require_none()


def test_the_same_bytes_are_identical(voices, tmp_path):
    outcome = found(tmp_path, voices[0], plant(tmp_path, "again.wav", voices[0]))
    assert outcome.kinds == ["identical"]


def test_the_same_samples_in_another_file_format_are_identical(voices, tmp_path):
    soundfile.write(tmp_path / "again.flac", voices[0], RATE, subtype="PCM_16")
    outcome = found(tmp_path, voices[0], "again.flac")
    assert outcome.kinds == ["identical"]


@pytest.mark.parametrize("ending", ["mp3", "ogg"])
def test_another_codec_is_re_encoded(voices, tmp_path, ending):
    soundfile.write(tmp_path / f"again.{ending}", voices[0], RATE)
    assert found(tmp_path, voices[0], f"again.{ending}").kinds == ["re-encoded"]


def test_another_rate_gain_and_beginning_are_re_encoded(voices, tmp_path):
    late = np.concatenate([np.zeros(1_500, np.float32), 0.3 * voices[1][2_000:]])
    resampled = soxr.resample(late, RATE, 11_025)
    soundfile.write(tmp_path / "again.wav", resampled, 11_025)
    outcome = found(tmp_path, voices[1], "again.wav")
    assert outcome.kinds == ["re-encoded"]
    assert outcome.findings[0].between == ("again.wav", "original.wav")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda y: pitch_shift(y, sr=RATE, n_steps=2).astype(np.float32), "pitch +2"),
        (lambda y: pitch_shift(y, sr=RATE, n_steps=-2).astype(np.float32), "pitch -2"),
        (lambda y: soxr.resample(y, RATE * 0.9, RATE), "speed 0.90"),
        (lambda y: soxr.resample(noisy(y, 20), RATE * 1.1, RATE), "speed 1.10"),
        (lambda y: noisy(y, 15), "noise"),
    ],
)
def test_pitch_speed_and_noise_are_augmented(voices, tmp_path, change, said):
    copy = plant(tmp_path, "again.wav", change(voices[0]))
    outcome = found(tmp_path, voices[0], copy)
    assert outcome.kinds == ["augmented"]
    assert said in outcome.findings[0].text


def test_a_clip_listed_several_times_on_both_sides_is_upsampled(voices, tmp_path):
    plant(tmp_path, "rare.wav", voices[0])
    plant(tmp_path, "common.wav", voices[1])
    sides = [("rare.wav", "train"), ("rare.wav", "train"), ("rare.wav", "test")]
    rows = [(name, 1, side) for name, side in [*sides, ("common.wav", "train")]]
    outcome = audit_split(write_split(tmp_path / "split.csv", rows), {}, quiet=True)
    assert outcome.kinds == ["upsampled"]
    assert outcome.leaks == 1
    assert "3 times" in outcome.findings[0].text


def test_a_clip_repeated_on_the_training_side_alone_is_no_leak(voices, tmp_path):
    plant(tmp_path, "rare.wav", voices[0])
    plant(tmp_path, "common.wav", voices[1])
    rows = [("rare.wav", 1, "train"), ("rare.wav", 1, "train"), ("common.wav", 1, "test")]
    assert audit_split(write_split(tmp_path / "split.csv", rows), {}, quiet=True).leaks == 0


def make_ravdess(root: Path, voices: list[np.ndarray], actors: int = 5) -> corpora.Corpus:
    """Five actors with two recordings each; all recordings are different noises over speech."""
    rng = np.random.default_rng(1)
    for actor in range(1, actors + 1):
        folder = root / f"Actor_{actor:02d}"
        folder.mkdir(parents=True, exist_ok=True)
        for code in range(3, 7):
            samples = 0.2 * rng.standard_normal(RATE).astype(np.float32)
            samples *= np.repeat(rng.random(20), RATE // 20) ** 2
            soundfile.write(folder / f"03-01-{code:02d}-01-01-01-{actor:02d}.wav", samples, RATE)
    return corpora.load("ravdess", root)


def test_protocols_fail_or_pass_as_they_should(voices, tmp_path):
    corpus = {"ravdess": make_ravdess(tmp_path, voices)}
    assert audit_corpora(corpus, "speaker", quiet=True).leaks == 0
    by_clip = audit_corpora(corpus, "random", quiet=True)
    assert by_clip.kinds == ["speaker"]
    assert len({(f.fold, f.between) for f in by_clip.findings}) == by_clip.leaks  # one line each
    assert audit_corpora(corpus, "duplicated", quiet=True).kinds == ["identical", "speaker"]


def test_corpora_of_the_same_people_share_speakers():
    speech = Clip(Path("a.wav"), "a.wav", "ravdess", "happy", "01", "male")
    song = Clip(Path("b.wav"), "b.wav", "ravdess_song", "happy", "01", "male")
    polish = Clip(Path("c.wav"), "c.wav", "nemo", "happy", "01", "male")
    voice, singing, other = (
        item_of(clip, corpora.find(clip.corpus).INFO).speaker for clip in (speech, song, polish)
    )
    assert voice == singing
    assert voice != other


@pytest.mark.slow
def test_pretraining_clips_are_compared_with_test_clips(voices, tmp_path):
    judged = make_ravdess(tmp_path / "one", voices)
    samples = tmp_path / "two" / "samples"
    samples.mkdir(parents=True)
    copy = load_audio(judged.clips[0].path)
    soundfile.write(samples / "XX0_anger_1.wav", soxr.resample(copy, RATE * 0.9, RATE), RATE)
    table = "file_id\temotion\tnormalized_text\tspeaker_id\tgender\n"
    table += "XX0_anger_1.wav\tanger\ttekst\tXX0\tfemale\n"
    (tmp_path / "two" / "data.tsv").write_text(table, encoding="utf-8")
    other = corpora.load("nemo", tmp_path / "two")
    split = split_by_protocol("speaker", [judged], [other])
    assert split.judged == len(judged.clips)
    outcome = audit(split, quiet=True)
    assert outcome.kinds == ["augmented"]
    assert outcome.findings[0].between[1] == "nemo/XX0_anger_1.wav"


@pytest.mark.slow
def test_out_of_fold_tables_are_split_files(voices, tmp_path):
    corpus = make_ravdess(tmp_path / "ravdess", voices)
    lines = ["file,speaker,fold,truth"]
    lines += [f"{c.file},{c.speaker},{1 + int(c.speaker) % 2},{c.emotion}" for c in corpus.clips]
    file = tmp_path / "out_of_fold.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    outcome = audit_split(file, {tmp_path / "ravdess": corpus}, quiet=True)
    assert (outcome.leaks, outcome.checked["folds"]) == (0, "2")
    lines[1] = lines[1].replace(",2,", ",1,")
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert audit_split(file, {tmp_path / "ravdess": corpus}, quiet=True).kinds == ["speaker"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,fold\na.wav,1\n", "must have the columns file and fold"),
        ("file,fold,side\na.wav,1,train\n", "is in no given corpus"),
        ("file,fold,side\noriginal.wav,1,left\n", "has the side 'left'"),
        ("file,fold,side\noriginal.wav,one,test\n", "no whole number"),
    ],
)
def test_a_split_file_that_is_none_is_said_so(voices, tmp_path, text, said):
    plant(tmp_path, "original.wav", voices[0])
    (tmp_path / "split.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        audit_split(tmp_path / "split.csv", {}, quiet=True)


@pytest.fixture(scope="module")
def measured() -> tuple[Material, Fold]:
    """Forty clips of eight emotions whose features differ by clip; thirty to train on."""
    rng = np.random.default_rng(0)
    config = feature_cache.feature_config(recipes.load("kbest_dense"))
    features = [
        feature_cache.Features(
            str(i),
            2.0,
            {
                "original": rng.normal(
                    rng.normal(i % 8, 0.5, config.block_features),
                    size=(3, config.level_frames, config.block_features),
                ).astype(np.float32)
            },
        )
        for i in range(40)
    ]
    targets = np.eye(len(LABELS), dtype=np.float32)[np.arange(40) % 8]
    return Material(features, targets, np.full(len(targets), -1.0)), Fold(
        1, np.arange(30), np.arange(30, 40)
    )


def test_statistics_fitted_on_test_clips_are_found(measured):
    material, fold = measured
    config = feature_cache.feature_config(recipes.load("kbest_dense"))
    count = 20
    honest = fit_again(material.take(fold.train), config, count)
    leaked = fit_again(material, config, count)
    assert judge(honest, material, config, fold) == ([], "fitted on training clips")
    findings, verdict = judge(leaked, material, config, fold)
    assert verdict == "fitted on test clips"
    assert {f.between for f in findings} >= {("normalisation",)}
    assert {f.kind for f in findings} == {"statistics"}


def test_a_selection_made_on_test_clips_is_found(measured):
    material, fold = measured
    config = feature_cache.feature_config(recipes.load("kbest_dense"))
    honest = fit_again(material.take(fold.train), config, 20)
    leaked = fit_again(material, config, 20)
    assert honest.selected != leaked.selected
    mixed = Fitted(honest.normalisation, leaked.selected)
    findings, _ = judge(mixed, material, config, fold)
    assert [f.between for f in findings] == [("selected",)]


def test_statistics_of_other_clips_are_said_to_fit_neither(measured):
    material, fold = measured
    config = feature_cache.feature_config(recipes.load("kbest_dense"))
    width = config.block_features
    foreign = Fitted(Normalisation(mean=(5.0,) * width, std=(2.0,) * width))
    assert judge(foreign, material, config, fold) == ([], "fitted on neither")


def test_fingerprints_ignore_gain_and_delay_and_follow_speed(voices):
    plain = fingerprint(voices[0])
    late = np.concatenate([np.zeros(3_200, np.float32), 0.1 * voices[0]])
    assert fingerprint(late) @ plain > 0.99
    faster = fingerprint(soxr.resample(voices[0], RATE * 1.09, RATE))
    assert (fingerprints_if_changed(voices[0]) @ faster).max() > 0.8
    assert fingerprint(voices[1]) @ plain < 0.5
    assert not fingerprint(np.zeros(RATE, np.float32)).any()


def test_silence_and_short_sounds_are_compared_without_a_fault(voices):
    silence, click = np.zeros(RATE, np.float32), voices[0][:1_600]
    assert not match(silence, silence).is_copy
    assert not match(click, silence).is_copy
    assert not match(click, voices[1]).is_copy


def test_what_fits_one_way_round_alone_is_chance(voices, tmp_path, monkeypatch):
    one, other = tmp_path / "one.wav", tmp_path / "other.wav"
    soundfile.write(one, voices[0], 16_000)
    soundfile.write(other, soxr.resample(voices[0], 16_000, 15_000), 16_000)
    assert copies.match_files(one, other, 1.06).is_copy
    given = iter([Match(0.9, wander=0.1, overlap=1.0), Match(0.9, wander=0.8, overlap=1.0)])
    asked = []
    monkeypatch.setattr(copies, "match", lambda *two, near: asked.append(near) or next(given))
    assert not copies.match_files(one, other, 1.25).is_copy
    assert asked == [1.25, 0.8]


def test_many_findings_are_cut_in_print_and_whole_in_json(voices):
    items = tuple(Item(Path(f"{i}.wav"), f"{i}.wav", None) for i in range(60))
    split = Split(items, (Fold(1, np.arange(30), np.arange(30, 60)),), 60)
    outcome = Audit(tuple(same_content(split, np.tile(np.arange(30), 2))))
    assert "and 10 more" in str(outcome)
    assert len(outcome.to_dict()["findings"]) == 30
    assert outcome.summary() == {"leaks": 30, "kinds": ["identical"], "checked": {}}


def test_the_command_fails_in_a_sentence_and_writes_what_it_found(voices, tmp_path):
    make_ravdess(tmp_path / "ravdess", voices)
    before = (Path(DEFAULT_MODEL) / "metrics.json").read_text(encoding="utf-8")
    (tmp_path / "metrics.json").write_text(before, encoding="utf-8")
    words = ["audit", "--jobs", "1"]
    words += ["--corpus", f"ravdess={tmp_path / 'ravdess'}", "--write", str(tmp_path)]
    done = run_train(*words, "--protocol", "random")
    assert done.returncode == 1
    assert "leaks between training and test (speaker)" in done.stderr
    assert "Traceback" not in done.stderr
    assert "is in training, and in test with" in done.stdout
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert metrics["accuracy"] == json.loads(before)["accuracy"]
    assert metrics["audit"]["kinds"] == ["speaker"]
    done = run_train(*words)
    assert done.returncode == 0, done.stderr
    assert "no leaks found" in done.stdout


def test_two_takes_of_one_sentence_by_one_actor_are_no_copies(ravdess):
    folder = ravdess / "Actor_01"
    takes = [load_audio(folder / f"03-01-05-0{i}-01-0{r}-01.flac") for i in (1, 2) for r in (1, 2)]
    pairs = [(one, other) for i, one in enumerate(takes) for other in takes[i + 1 :]]
    assert not any(match(one, other).is_copy for one, other in pairs)
