"""Any folder of recordings as a corpus: what is read of it, and what is refused in one sentence."""

import re
import shutil
import unicodedata
from collections import Counter
from pathlib import Path

import pyarrow
import pytest
import soundfile
from pyarrow import parquet

from ser_core.errors import AudioError
from tests.support.own_corpus import buzz, write_clips, write_metadata
from train.commands.options import describe_own
from train.corpora import NO_SPEAKER, Corpus, CorpusError, Layout, load, restrict
from train.corpora.label_map import normalise_label, read_label_map

DATA = Path(__file__).parents[3].parent / "shared" / "data"


def read(root: Path, **options) -> Corpus:
    return load("talks", root, Layout.of(**options))


def labels_of(corpus: Corpus) -> dict[str, str]:
    return {clip.file: clip.emotion for clip in corpus.clips}


def speakers_of(corpus: Corpus) -> dict[str, str]:
    return {clip.file: clip.speaker for clip in corpus.clips}


def refusal(root: Path, **options) -> str:
    with pytest.raises(CorpusError) as error:
        read(root, **options)
    sentence = str(error.value)
    assert "\n" not in sentence
    return sentence


def rows(*cells: tuple[str, object], column: str = "label") -> list[dict[str, object]]:
    return [{"file_name": name, column: label} for name, label in cells]


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """A folder with a.wav and b.wav."""
    write_clips(tmp_path, ["a.wav", "b.wav"])
    return tmp_path


@pytest.fixture(params=["metadata.csv", "metadata.jsonl", "metadata.parquet"])
def table(request: pytest.FixtureRequest) -> str:
    return request.param


def test_a_table_beside_recordings_says_labels_speakers_and_more(
    tmp_path: Path, table: str
) -> None:
    write_clips(tmp_path / "x", ["1.wav", "deep/2.wav"])
    told = [
        {"file_name": "1.wav", "mood": "Bored ", "who": "Ada", "gender": "F", "text": "one"},
        {"file_name": "deep/2.wav", "mood": "engaged", "who": "Ben", "gender": "", "text": "two"},
    ]
    write_metadata(tmp_path / "x", told, table)
    corpus = read(tmp_path, label_columns=["mood"], speaker_columns=["who"])
    assert labels_of(corpus) == {"x/1.wav": "bored", "x/deep/2.wav": "engaged"}
    assert [(clip.speaker, clip.gender) for clip in corpus.clips] == [
        ("Ada", "female"),
        ("Ben", "unknown"),
    ]
    assert corpus.info.labels == ("bored", "engaged")
    assert corpus.notes == ()


def test_tables_of_several_splits_count_together(tmp_path: Path) -> None:
    for split, label in (("train", "bored"), ("test", "engaged")):
        write_clips(tmp_path / split, [f"{split}.wav"])
        write_metadata(tmp_path / split, rows((f"{split}.wav", label)))
    assert labels_of(read(tmp_path)) == {"test/test.wav": "engaged", "train/train.wav": "bored"}


def test_a_folder_per_label_needs_no_table(tmp_path: Path) -> None:
    write_clips(tmp_path, ["Bored/a_1.wav", "engaged/ben/2.wav", "engaged/.hidden.wav"])
    (tmp_path / "__MACOSX").mkdir()
    corpus = read(tmp_path, speaker_from=r"/([a-z]+)[_/]\d")
    assert labels_of(corpus) == {"Bored/a_1.wav": "bored", "engaged/ben/2.wav": "engaged"}
    assert set(speakers_of(corpus).values()) == {"a", "ben"}


def test_folders_of_splits_are_no_labels(tmp_path: Path) -> None:
    write_clips(tmp_path, ["train/bored/1.wav", "validation/engaged/2.wav"])
    assert set(labels_of(read(tmp_path)).values()) == {"bored", "engaged"}


def test_any_recording_that_the_decoder_reads_counts(tmp_path: Path) -> None:
    for number, ending in enumerate((".wav", ".flac", ".ogg", ".mp3", ".aiff")):
        folder = tmp_path / f"label {number}"
        folder.mkdir()
        soundfile.write(folder / f"a{ending.upper()}", buzz(number, 0, 0), 16_000)
    fixtures = Path(__file__).parents[2] / "fixtures"
    phone = sorted(fixtures.glob("*.m4a"))
    for file in phone:
        (tmp_path / "phone").mkdir(exist_ok=True)
        shutil.copy(file, tmp_path / "phone")
    corpus = read(tmp_path)
    assert len(corpus.info.labels) == 5 + bool(phone)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_tables_of_spreadsheets_are_read(two: Path, separator: str) -> None:
    lines = ["file_name, Label", "a.wav, BORED ", '"b.wav","engaged"', ", "]
    text = "\n".join(lines).replace(",", separator)
    (two / "metadata.csv").write_text(text, encoding="utf-8-sig")
    assert labels_of(read(two)) == {"a.wav": "bored", "b.wav": "engaged"}


def test_windows_separators_are_separators(tmp_path: Path) -> None:
    write_clips(tmp_path, ["in/a.wav", "in/b.wav"])
    write_metadata(tmp_path, rows(("in\\a.wav", "x"), ("in\\b.wav", "y")))
    assert labels_of(read(tmp_path)) == {"in/a.wav": "x", "in/b.wav": "y"}


@pytest.mark.parametrize(
    "name",
    ["/etc/a.wav", "../a.wav", "in/../../a.wav", "C:\\a.wav", "\\\\host\\a.wav", "..\\a.wav"],
)
def test_a_table_names_nothing_outside_its_folder(two: Path, name: str) -> None:
    write_metadata(two, rows(("a.wav", "x"), (name, "y")))
    assert f"names {name!r}, and file_name is a path from the table's own folder" in refusal(two)


def test_what_a_table_lacks_is_said(two: Path) -> None:
    write_metadata(two, rows(("a.wav", "x"), ("b.wav", "y"), column="Mood"))
    said = refusal(two, label_columns=["emotion"])
    assert "has no column emotion: it has Mood; name the one with the labels" in said
    assert "has no column label or emotion: it has Mood" in refusal(two)
    said = refusal(two, label_columns=["mood"], speaker_columns=["who"])
    assert "has no column who: it has Mood; name the one with the speakers" in said
    assert labels_of(read(two, label_columns=["mood"])) == {"a.wav": "x", "b.wav": "y"}
    (two / "metadata.csv").write_text("path,label\na.wav,x\n", encoding="utf-8")
    assert "has no column file_name" in refusal(two)
    (two / "metadata.csv").write_text("file_name,label\n", encoding="utf-8")
    assert "names no recording" in refusal(two)
    (two / "metadata.csv").write_text("", encoding="utf-8")
    assert "has no column file_name" in refusal(two)


def test_two_columns_that_may_be_the_label_are_asked_about(two: Path) -> None:
    told = [{"file_name": "a.wav", "label": "x", "emotion": "y"}]
    write_metadata(two, told)
    assert "has the columns label and emotion: say which" in refusal(two)
    assert labels_of(read(two, label_columns=["emotion"])) == {"a.wav": "y"}


def test_two_tables_in_one_folder_are_refused(two: Path) -> None:
    for name in ("metadata.csv", "metadata.jsonl"):
        write_metadata(two, rows(("a.wav", "x"), ("b.wav", "y")), name)
    assert "has metadata.csv and metadata.jsonl, and one of them says what counts" in refusal(two)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"file_name,label\na.wav,\xe4rger\n", "is no UTF-8: save it as UTF-8"),
        (b"file_name,label,label\na.wav,x,y\n", "has the column label twice"),
        (b"file_name,label\na.wav,x, with comma\n", "has 3 cells in line 2, and 2 columns"),
        (b"file_name,label\n,x\n", "has no file_name in row 1"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS"),
    ],
)
def test_a_damaged_csv_is_one_sentence(two: Path, content: bytes, sentence: str) -> None:
    (two / "metadata.csv").write_bytes(content)
    assert sentence in refusal(two)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [("{oops", "has no JSON in line 2"), ("[1]", "has no JSON object in line 2")],
)
def test_a_damaged_line_of_json_is_named(two: Path, line: str, sentence: str) -> None:
    text = f'{{"file_name": "a.wav", "label": "x"}}\n{line}\n'
    (two / "metadata.jsonl").write_text(text, encoding="utf-8")
    assert sentence in refusal(two)


def test_a_damaged_parquet_is_one_sentence(two: Path) -> None:
    (two / "metadata.parquet").write_bytes(b"PAR1 nothing")
    assert "cannot be read as Parquet" in refusal(two)


@pytest.mark.parametrize(
    "told",
    [
        "{oops",
        "[]",
        '{"info": null}',
        '{"info": {"features": {"a": {"_type": "ClassLabel", "names": 7}}}}',
    ],
)
def test_a_damaged_description_of_parquet_is_one_sentence(two: Path, told: str) -> None:
    table = pyarrow.table({"file_name": ["a.wav"], "label": ["x"]})
    described = table.replace_schema_metadata({"huggingface": told})
    parquet.write_table(described, two / "metadata.parquet")
    assert "describes its columns as `datasets` never does" in refusal(two)


def test_missing_and_empty_recordings_are_named(two: Path) -> None:
    write_metadata(two, rows(("a.wav", "x"), ("c.wav", "y"), ("d.wav", "y")))
    assert "names 2 of 3 recordings that are not there, the first of them 'c.wav'" in refusal(two)
    (two / "c.wav").touch()
    write_metadata(two, rows(("a.wav", "x"), ("c.wav", "y")))
    assert "c.wav is an empty file" in refusal(two)


def test_a_recording_that_nobody_can_decode_is_named_with_its_folder(tmp_path: Path) -> None:
    from train import recipe
    from train.data import feature_cache

    write_clips(tmp_path, ["x/1.wav", "y/1.wav"])
    (tmp_path / "y" / "1.wav").write_bytes(b"no audio at all, whatever it is called")
    clips, config = read(tmp_path).clips, feature_cache.feature_config(recipe.load("own"))
    with pytest.raises(AudioError, match=rf"{tmp_path}/y: 1\.wav cannot be read as audio"):
        feature_cache.compute(clips, config, cache=tmp_path / "cache", quiet=True)


def test_recordings_that_no_table_names_are_counted(two: Path) -> None:
    write_clips(two, ["c.wav"])
    write_metadata(two, rows(("a.wav", "x"), ("b.wav", "y")))
    assert "1 recordings of talks are in no table, and were left out." in read(two).notes


def test_a_recording_counts_once_and_under_one_label(two: Path) -> None:
    shutil.copy(two / "a.wav", two / "copy.wav")
    write_metadata(two, rows(("a.wav", "x"), ("b.wav", "y"), ("a.wav", "X"), ("copy.wav", "x")))
    corpus = read(two)
    assert labels_of(corpus) == {"a.wav": "x", "b.wav": "y"}
    assert corpus.second_copies == 2
    write_metadata(two, rows(("a.wav", "x"), ("b.wav", "y"), ("a.wav", "y")))
    assert "a.wav is named twice, as 'x' and as 'y'" in refusal(two)
    write_metadata(two, rows(("a.wav", "x"), ("b.wav", "y"), ("copy.wav", "y")))
    said = refusal(two)
    assert "a.wav and copy.wav are the same recording under two labels, 'x' and 'y'" in said


def test_empty_labels_are_refused_or_dropped_and_counted(two: Path, table: str) -> None:
    write_clips(two, ["c.wav"])
    write_metadata(two, rows(("a.wav", "x"), ("b.wav", ""), ("c.wav", "y")), table)
    assert "1 of 3 recordings in" in refusal(two)
    corpus = read(two, drop_unknown=True)
    assert dict(corpus.dropped) == {"(none)": 1}
    assert labels_of(corpus) == {"a.wav": "x", "c.wav": "y"}


def test_numbers_are_no_labels_unless_somebody_names_them(two: Path, table: str) -> None:
    write_metadata(two, rows(("a.wav", 0), ("b.wav", 1)), table)
    assert "has labels that are numbers, '0', '1', and nothing says" in refusal(two)
    map_ = two / "map.toml"
    map_.write_text('[labels]\n0 = "bored"\n1 = "engaged"\n', encoding="utf-8")
    assert labels_of(read(two, label_map=map_)) == {"a.wav": "bored", "b.wav": "engaged"}
    (two / "README.md").write_text(
        "---\nlicense: cc-by-4.0\nlanguage: [pl]\npretty_name: Talks\ndataset_info:\n  features:\n"
        "  - name: label\n    dtype:\n      class_label:\n        names:\n"
        "          '0': Bored\n          '1': engaged\n---\n",
        encoding="utf-8",
    )
    corpus = read(two)
    assert labels_of(corpus) == {"a.wav": "bored", "b.wav": "engaged"}
    info = corpus.info
    assert (info.title, info.language, info.licence) == ("Talks", "pl", "CC-BY-4.0")
    write_metadata(two, rows(("a.wav", 0), ("b.wav", 7)), table)
    assert "label '7', which is none of the 2 class labels" in refusal(two)


def test_class_labels_of_datasets_have_their_names(two: Path) -> None:
    import datasets

    kinds = {
        "file_name": datasets.Value("string"),
        "emotion": datasets.ClassLabel(names=["x", "y"]),
    }
    told = {"file_name": ["a.wav", "b.wav"], "emotion": [1, 0]}
    made = datasets.Dataset.from_dict(told, features=datasets.Features(kinds))
    made.to_parquet(str(two / "metadata.parquet"))
    assert labels_of(read(two)) == {"a.wav": "y", "b.wav": "x"}


def test_numbers_that_pandas_made_floats_are_the_same_labels(two: Path) -> None:
    write_metadata(two, rows(("a.wav", "0.0"), ("b.wav", "1.0")))
    map_ = two / "map.toml"
    map_.write_text('[labels]\n0 = "bored"\n1 = "engaged"\n', encoding="utf-8")
    assert labels_of(read(two, label_map=map_)) == {"a.wav": "bored", "b.wav": "engaged"}


def test_labels_differ_neither_by_case_nor_by_blanks_nor_by_form() -> None:
    decomposed = unicodedata.normalize("NFD", " Ärger  laut\t")
    assert normalise_label(decomposed) == "ärger laut"


@pytest.mark.parametrize("label", ["truth", "a|b", "<b>", "x" * 81, "be\u200bll"])
def test_labels_that_could_not_be_written_down_are_refused(two: Path, label: str) -> None:
    write_metadata(two, rows(("a.wav", label), ("b.wav", "y")))
    assert "has the label" in refusal(two)


def test_a_label_map_renames_drops_and_knows(two: Path) -> None:
    write_clips(two, ["c.wav", "d.wav", "e.wav"])
    told = rows(
        ("a.wav", "Joy"), ("b.wav", "happy"), ("c.wav", "rage"), ("d.wav", "x"), ("e.wav", "?")
    )
    write_metadata(two, told)
    map_ = two / "map.toml"
    map_.write_text(
        'drop = ["x"]\n[labels]\nJOY = "happy"\nrage = "angry"\n"?" = ""\nglee = "happy"\n',
        encoding="utf-8-sig",
    )
    corpus = read(two, label_map=map_)
    assert labels_of(corpus) == {"a.wav": "happy", "b.wav": "happy", "c.wav": "angry"}
    assert dict(corpus.dropped) == {"?": 1, "x": 1}
    assert any("names 'glee', which no recording has" in note for note in corpus.notes)
    map_.write_text('[labels]\njoy = "happy"\n', encoding="utf-8")
    said = refusal(two, label_map=map_)
    assert "does not know the labels '?', 'rage', 'x'" in said
    corpus = read(two, label_map=map_, drop_unknown=True)
    assert dict(corpus.dropped) == {"?": 1, "rage": 1, "x": 1}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("labels", "is not valid TOML"),
        ("x = " + 9_000 * "[" + 9_000 * "]", "is nested more than 50 levels deep"),
        ("", "maps no label"),
        ('[label]\nx = "y"\n', "unknown key label"),
        ("[labels]\nx = 3\n", "labels.x is 3"),
        ('[labels]\ndrop = ["x"]\n', "has drop = [...] at its top"),
        ('drop = ["X"]\n[labels]\nx = "y"\n', "makes 'y' and 'nothing' of the label 'x'"),
        ('[labels]\nx = "truth"\n', "is what a column of results is called"),
    ],
)
def test_a_label_map_that_is_none_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    map_ = tmp_path / "map.toml"
    map_.write_text(text, encoding="utf-8")
    with pytest.raises(CorpusError, match=re.escape(sentence)):
        read_label_map(map_)
    with pytest.raises(CorpusError, match="cannot be read"):
        read_label_map(tmp_path)


def test_without_speakers_it_says_so_and_offers_a_pattern(tmp_path: Path) -> None:
    write_clips(tmp_path, ["x/ada-1.wav", "y/ben-2.wav"])
    corpus = read(tmp_path)
    assert {clip.speaker for clip in corpus.clips} == {NO_SPEAKER}
    assert not corpus.names_speakers
    assert "one voice may stand on both sides of a split" in corpus.notes[0]
    said = describe_own(corpus)
    assert f"WARNING: {corpus.notes[0]}" in said
    assert "--speaker-from REGEX" in said[-1]
    found = read(tmp_path, speaker_from=r"(?P<take>\d)?/(?P<speaker>[a-z]+)-")
    assert set(speakers_of(found).values()) == {"ada", "ben"}
    assert found.notes == ()


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        (r"nobody-(\d)", "finds no speaker in 'x/ada-1.wav'"),
        (r"(ada)-", "finds no speaker in 'y/ben-2.wav'"),
        (r"/( *)[a-z]", "finds no speaker in 'x/ada-1.wav'"),
        (r"[a-z]+-", "has no group"),
        (r"([a-z", "is no regular expression"),
    ],
)
def test_a_pattern_that_finds_not_every_speaker_is_one_sentence(
    tmp_path: Path, pattern: str, sentence: str
) -> None:
    write_clips(tmp_path, ["x/ada-1.wav", "y/ben-2.wav"])
    assert sentence in refusal(tmp_path, speaker_from=pattern)


def test_some_clips_without_a_speaker_stand_together(two: Path) -> None:
    write_clips(two, ["c.wav"])
    told = rows(("a.wav", "x"), ("b.wav", "y"), ("c.wav", "x"))
    for row, speaker in zip(told, ("Ada", "", "ada "), strict=True):
        row["speaker"] = speaker
    write_metadata(two, told)
    corpus = read(two)
    assert speakers_of(corpus) == {"a.wav": "Ada", "b.wav": "unknown", "c.wav": "Ada"}
    assert "1 of 3 recordings of talks name no speaker" in corpus.notes[0]


def test_a_speaker_per_folder_is_asked_about(tmp_path: Path) -> None:
    write_clips(tmp_path, [f"{who}/{label}/1.wav" for who in ("ada", "ben") for label in "xy"])
    said = refusal(tmp_path)
    assert "either 'ada' or 'x' may be the label of ada/x/1.wav" in said
    corpus = read(tmp_path, label_from="([^/]+)/[^/]+$", speaker_from="^([^/]+)/")
    assert corpus.info.labels == ("x", "y")
    assert set(speakers_of(corpus).values()) == {"ada", "ben"}


def test_folders_without_labels_are_refused(tmp_path: Path) -> None:
    assert "holds no recording: looked for metadata.csv" in refusal(tmp_path)
    assert "is not a folder" in refusal(tmp_path / "none")
    write_clips(tmp_path, ["x/1.wav", "y/2.wav", "3.wav"])
    said = refusal(tmp_path)
    assert "1 of 3 recordings in" in said
    assert "lie in no label's folder, the first of them 3.wav" in said
    assert "has no table whose column mood" in refusal(tmp_path, label_columns=["mood"])
    assert labels_of(read(tmp_path, label_from=r"(\d)(?=\.)" "()", label_map=numbers(tmp_path)))


def numbers(folder: Path) -> Path:
    file = folder / "numbers.toml"
    file.write_text('[labels]\n1 = "one"\n2 = "two"\n3 = "three"\n', encoding="utf-8")
    return file


def test_a_column_and_a_pattern_contradict_each_other() -> None:
    for what in ("label", "speaker"):
        with pytest.raises(CorpusError, match=f"--{what}-column and --{what}-from both say"):
            Layout.of(**{f"{what}_columns": ["x"], f"{what}_from": "(x)"})


def test_the_classes_of_a_recipe_restrict_a_corpus(tmp_path: Path) -> None:
    write_clips(tmp_path, ["x/1.wav", "y/2.wav", "z/3.wav"])
    corpus = read(tmp_path)
    assert restrict(corpus, ("z", "y", "x")) is corpus
    with pytest.raises(
        CorpusError, match="has the labels z beside the classes of the recipe, x, y"
    ):
        restrict(corpus, ("x", "y"))
    kept = restrict(corpus, ("x", "y"), drop_unknown=True)
    assert (kept.info.labels, dict(kept.dropped)) == (("x", "y"), {"z": 1})
    with pytest.raises(CorpusError, match="has none of the labels"):
        restrict(corpus, ("a", "b"), drop_unknown=True)


def shared(name: str) -> Path:
    if not (DATA / name).is_dir():
        pytest.skip(f"needs the corpus {name}, which its licence keeps out of this repository")
    return DATA / name


def test_emovo_is_read_as_anybody_s_folder(tmp_path: Path) -> None:
    root = shared("emovo")
    corpus, known = read(root, label_columns=["emotion"]), load("emovo", root)
    assert Counter(clip.emotion for clip in corpus.clips) == dict.fromkeys(known.info.labels, 84)
    assert {clip.speaker for clip in corpus.clips} == {clip.speaker for clip in known.clips}
    assert {clip.path: clip.gender for clip in corpus.clips} == {
        clip.path: clip.gender for clip in known.clips
    }


def test_nemo_is_read_by_patterns_alone(tmp_path: Path) -> None:
    map_ = tmp_path / "nemo.toml"
    map_.write_text(
        '[labels]\nsadness = "sad"\nanger = "angry"\nhappiness = "happy"\nfear = "fearful"\n'
        'neutral = "neutral"\nsurprised = "surprised"\n',
        encoding="utf-8",
    )
    root = shared("nemo")
    options = {"label_from": "_([a-z]+)_", "speaker_from": "([A-Z]{2}[0-9])_", "label_map": map_}
    corpus, known = read(root, **options), load("nemo", root)
    found = {clip.path: (clip.emotion, clip.speaker) for clip in corpus.clips}
    assert found == {clip.path: (clip.emotion, clip.speaker) for clip in known.clips}
