"""Datasets of anybody's, from the Hub and from a folder of their files, as corpora."""

import functools
import json
from pathlib import Path

import datasets
import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.support.own_corpus import write_clips
from train import corpora
from train.corpora import CorpusError, Layout, hub_rows
from train.corpora.hub_corpus import Address
from train.corpora.hub_rows import unpack_folder
from train.corpora.metadata_tables import read_table

NAMES = ("x/one.wav", "y/two.wav", "x/three.ogg")
README = "---\nlicense: cc-by-4.0\nlanguage: de\n---\n"
READ = """
import json, sys
from train import corpora
from train.corpora import CorpusError, Layout

for argument in sys.argv[1:]:
    try:
        columns = ["mood"] * argument.endswith("moods")
        found = corpora.load(*corpora.locate(argument), Layout.of(label_columns=columns))
        clips = [[clip.file, clip.emotion, clip.speaker] for clip in found.clips]
        print(json.dumps([found.info.name, found.info.homepage, clips]))
    except CorpusError as error:
        print(json.dumps(str(error)))
"""


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    place = functools.partial(hub_rows.cached_assets_path, assets_dir=tmp_path / "assets")
    monkeypatch.setattr(hub_rows, "cached_assets_path", place)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "datasets")
    return tmp_path / "assets"


def write_parquet(folder: Path, *, audio: bool = True, second: bool = False) -> Path:
    """Write a dataset as `push_to_hub` does: Parquet with the audio inside, and class labels."""
    sounds = folder.parent / "sounds"
    write_clips(sounds, NAMES)
    contents = [{"bytes": (sounds / name).read_bytes(), "path": name} for name in NAMES]
    contents[2]["path"] = "one.wav"  # again, and no Ogg by its name
    told = {"mood": [1, 0, -1], "who": ["ada", "ben", "ada"], "length": [1.0, None, 2.5]}
    kinds = {
        "mood": datasets.ClassLabel(names=["bored", "engaged"]),
        "who": datasets.Value("string"),
        "length": datasets.Value("float64"),
    }
    for column in ["audio"] * audio + ["again"] * second:
        told[column], kinds[column] = contents, datasets.Audio(decode=False)
    (folder / "data").mkdir(parents=True)
    made = pa.Table.from_pydict(told, schema=datasets.Features(kinds).arrow_schema)
    parquet.write_table(made, folder / "data" / "train-00000-of-00001.parquet")
    (folder / "README.md").write_text(README, encoding="utf-8")
    return folder


def test_a_clone_of_a_dataset_is_a_corpus(cache: Path, tmp_path: Path) -> None:
    root = write_parquet(tmp_path / "clone")
    name, folder = corpora.locate(f"talks={root}")
    layout = Layout.of(label_columns=["mood"], speaker_columns=["who"], drop_unknown=True)
    corpus = corpora.load(name, folder, layout)
    assert [(clip.file, clip.emotion, clip.speaker) for clip in corpus.clips] == [
        ("train/one.wav", "engaged", "ada"),
        ("train/two.wav", "bored", "ben"),
    ]
    assert dict(corpus.dropped) == {"(none)": 1}
    assert (corpus.info.licence, corpus.info.language) == ("CC-BY-4.0", "de")
    assert folder.is_relative_to(cache)
    assert (folder / "train" / "one.wav").read_bytes() == (
        tmp_path / "sounds" / NAMES[0]
    ).read_bytes()
    assert (folder / "train" / "000003" / "one.wav").is_file()
    assert (folder / "metadata.csv").read_text().splitlines() == [
        "file_name,split,mood,who,length",
        "train/one.wav,train,engaged,ada,1",
        "train/two.wav,train,bored,ben,",
        "train/000003/one.wav,train,,ada,2.5",
    ]
    assert corpora.locate(f"talks={root}")[1] == folder


def test_a_line_end_in_a_cell_ends_no_row(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "clone").mkdir()
    write_clips(tmp_path / "sounds", NAMES[:1])
    sound = {"bytes": (tmp_path / "sounds" / NAMES[0]).read_bytes(), "path": "one\rtake.wav"}
    told = {"audio": [sound], "label": ["bored"], "text\rsaid": ["so,\rlong"], "why": ["a\r\nb\n"]}
    parquet.write_table(pa.Table.from_pydict(told), tmp_path / "clone" / "a.parquet")
    folder = unpack_folder(tmp_path / "clone")
    (row,) = read_table(folder / "metadata.csv").rows
    assert row == {
        "file_name": "train/one\rtake.wav",
        "split": "train",
        "label": "bored",
        "text\rsaid": "so,\rlong",
        "why": "a\r\nb",
    }


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"audio": False}, "has no column of audio, and one is needed: its columns are mood, who"),
        ({"second": True}, "has the columns of audio audio, again, and one is needed"),
    ],
)
def test_a_dataset_needs_one_column_of_audio(
    cache: Path, tmp_path: Path, columns: dict[str, bool], sentence: str
) -> None:
    root = write_parquet(tmp_path / "clone", **columns)
    with pytest.raises(CorpusError, match=sentence):
        corpora.locate(f"talks={root}")
    assert not [path for path in cache.rglob("*") if path.is_file()]


def test_a_damaged_dataset_is_one_sentence(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "clone").mkdir()
    (tmp_path / "clone" / "a.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(CorpusError, match="cannot be read as a dataset: "):
        unpack_folder(tmp_path / "clone")


def test_an_address_on_the_hub_may_name_a_configuration_and_a_revision() -> None:
    assert Address.parse("hub:a/b:en@v1") == Address("a/b", "v1", "en")
    assert Address.parse("hub:a/b@refs/pr/1") == Address("a/b", "refs/pr/1")
    with pytest.raises(CorpusError, match="given as hub:user/name"):
        Address.parse("hub:a")


@pytest.mark.slow
def test_datasets_of_others_are_streamed_from_the_hub(hub, hub_run, tmp_path: Path) -> None:
    root = write_parquet(tmp_path / "clone")
    files = [path for path in root.rglob("*") if path.is_file()]
    content = {path.relative_to(root).as_posix(): path.read_bytes() for path in files}
    hub.repo("dataset", "user/moods").write(content)
    folders = {f"train/{name}": (tmp_path / "sounds" / name).read_bytes() for name in NAMES}
    hub.repo("dataset", "user/nemo").write(folders | {"train/notes.txt": b"none"})
    hub.repo("dataset", "user/text").write({"data.csv": b"a,b\n1,2\n"})
    arguments = ("hub:user/moods", "talks=hub:user/nemo", "hub:user/nemo", "hub:user/text")
    said, named, unnamed, text = map(json.loads, hub_run(READ, *arguments).splitlines())
    assert "1 of 3 recordings in" in said
    expected = sorted([f"train/{name}", name[0], ""] for name in NAMES)
    home = "https://huggingface.co/datasets/user/nemo"
    assert (named, unnamed) == (["talks", home, expected], ["user_nemo", home, expected])
    assert "user/text holds no recordings" in text
    asked = len(hub.requests)
    hub_run(READ, "hub:user/nemo")
    paths = {request.path for request in hub.requests[asked:]}
    assert not any(path.endswith((".wav", ".ogg")) for path in paths)
