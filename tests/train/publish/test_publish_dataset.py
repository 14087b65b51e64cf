"""Publishing a corpus and training on it from the Hub: the real client against a Hub of our own."""

import csv
import dataclasses
import hashlib
import io
import json
import re
import signal
import time
from pathlib import Path

import datasets
import numpy as np
import pytest
import soundfile
import yaml
from pyarrow import parquet

from ser_core.model.hub_faults import explain_push
from tests.support.commands import run_train
from tests.support.tiny_training import SMALL, make_corpus, recipe_without_pretraining
from train import corpora
from train.corpora import CORPORA, CorpusError, emodb, iemocap, published, ravdess
from train.corpora.hub_corpus import Address
from train.corpora.licences import LICENCES, licence_of
from train.publish.dataset_files import columns, shards, write_dataset
from train.publish.datasets import check_licence, publish_dataset
from train.publish.hub_card import FRONT_MATTER, merge_card

READ = """
import dataclasses, json, sys
from train import corpora

name, folder = corpora.locate(sys.argv[1])
corpus = corpora.load(name, folder)
print(json.dumps(dataclasses.asdict(corpus), default=str))
print("torch" in sys.modules, "keras" in sys.modules, file=sys.stderr)
"""

ERRORS = """
import json, sys
from train import corpora
from ser_core.errors import SpeechEmotionError

for argument in sys.argv[1:]:
    try:
        corpora.load(*corpora.locate(argument))
        print("loaded", argument)
    except SpeechEmotionError as error:
        print(type(error).__name__, error)
"""

FEATURES = """
import hashlib, json, sys
from pathlib import Path
from train import corpora, recipe
from train.data import feature_cache

config = feature_cache.feature_config(recipe.load("tiny"))
for argument in sys.argv[1:]:
    corpus = corpora.load(*corpora.locate(argument))
    found = feature_cache.compute(corpus.clips, config, cache=Path("cache"), quiet=True)
    values = hashlib.sha256(b"".join(clip.versions["original"].tobytes() for clip in found))
    files = [file.stat().st_mtime_ns for file in sorted(Path("cache").rglob("*.npz"))]
    print(json.dumps([values.hexdigest(), files]))
"""


def make_ravdess(root: Path, actors=(1, 2, 3)) -> Path:
    """Noise with RAVDESS' names, and a second copy of one file."""
    rng = np.random.default_rng(0)
    for actor in actors:
        for code in ("01-01", "05-01", "05-02", "08-02"):
            file = root / f"Actor_{actor:02d}" / f"03-01-{code}-02-01-{actor:02d}.wav"
            file.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(file, 0.1 * rng.standard_normal(8_000), 16_000)
    copy = root / "again" / "Actor_01" / "03-01-05-01-02-01-01.wav"
    copy.parent.mkdir(parents=True)
    copy.write_bytes((root / "Actor_01" / copy.name).read_bytes())
    return root


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """A tiny corpus in RAVDESS' layout."""
    return make_ravdess(tmp_path_factory.mktemp("corpus") / "ravdess")


@pytest.fixture(scope="module")
def corpus(root) -> corpora.Corpus:
    return corpora.load("ravdess", root)


@pytest.fixture(scope="module")
def files(corpus, tmp_path_factory) -> dict[str, bytes]:
    """What is published of it with its audio, in three shards."""
    folder = tmp_path_factory.mktemp("published") / "dataset"
    names = write_dataset(corpus, folder, "user/name", audio=True, shard_size=80_000)
    return {name: (folder / name).read_bytes() for name in names}


@pytest.fixture
def dataset_repository(hub, files):
    """The dataset user/name on the Hub."""
    made = hub.repo("dataset", "user/name")
    made.write(files)
    return made


@pytest.fixture
def publish(hub_environment, root, tmp_path):
    """Run the command; returns its status, and what it printed to stdout and to stderr."""

    def run(*arguments, corpus=f"ravdess={root}", **options) -> tuple[int, str, str]:
        words = ("publish-dataset", "--corpus", corpus, "--repo", "user/name", *arguments)
        done = run_train(*words, environment=hub_environment(**options), folder=tmp_path)
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.fixture
def sentences(hub_process):
    """Try to read corpora in a fresh process; returns a sentence for each."""

    def run(*arguments, **options) -> list[str]:
        output, errors = hub_process(ERRORS, *arguments, **options).communicate(timeout=300)
        told = output.splitlines()
        assert len(told) == len(arguments), errors
        for line in told:
            assert line.startswith("CorpusError "), line
        return [line.removeprefix("CorpusError ") for line in told]

    return run


def facts(corpus: corpora.Corpus) -> dict:
    """Return all of a corpus but where its files lie, as JSON has it."""
    told = json.loads(json.dumps(dataclasses.asdict(corpus), default=str))
    for clip in told["clips"]:
        del clip["path"]
    return told


def test_a_corpus_comes_back_from_the_hub_as_it_was(hub, publish, hub_process, corpus):
    status, output, errors = publish("--audio", "--private")
    assert status == 0, errors
    repository = hub.repo("dataset", "user/name")
    assert repository.private
    assert len(repository.history()) == 2  # with the one that made it
    told = repository.files()
    for name, content in told.items():
        assert f"{name}  {len(content):,} bytes" in output
        assert hub.token.encode() not in content
    assert re.search(r"Sent 4 files, [\d,]+ bytes, with 12 clips, to the dataset user/name", output)
    assert "CC BY-NC-SA 4.0 lets it be passed on for non-commercial purposes" in output
    assert output.rstrip().endswith(f"{hub.url}/datasets/user/name")

    process = hub_process(READ, "hub:user/name")
    read, modules = process.communicate(timeout=300)
    assert process.returncode == 0, modules
    assert modules.splitlines()[-1] == "False False"  # neither torch nor Keras
    back = json.loads(read)
    contents = {clip["file"]: Path(clip.pop("path")).read_bytes() for clip in back["clips"]}
    assert back == facts(corpus)
    assert back["second_copies"] == 1
    assert contents == {clip.file: clip.path.read_bytes() for clip in corpus.clips}


def test_what_is_to_be_private_is_not_sent_where_all_see_it(hub, publish):
    repository = hub.repo("dataset", "user/name")
    status, _, errors = publish("--private")
    assert status == 1
    assert "The dataset user/name is there and public" in errors
    assert repository.files() == {}


@pytest.mark.slow
def test_features_are_the_same_and_come_from_the_same_cache(dataset_repository, hub_run, root):
    here, there = hub_run(FEATURES, f"ravdess={root}", "hub:user/name").splitlines()
    assert here == there
    _, written = json.loads(here)
    assert len(written) == 12


@pytest.mark.slow
def test_a_fit_from_the_hub_is_the_fit_from_the_folder(hub_environment, publish, tmp_path):
    folder = make_corpus(tmp_path / "corpus", actors=(1, 2))
    recipe = recipe_without_pretraining(tmp_path)
    status, _, errors = publish("--audio", corpus=f"ravdess={folder}")
    assert status == 0, errors
    words = [word for value in SMALL for word in ("--set", value)]
    answers, written = [], []
    for corpus in (f"ravdess={folder}", "hub:user/name"):
        fit = ("fit", "--recipe", recipe, "--corpus", corpus, *words, "--jobs", "1")
        done = run_train(*fit, environment=hub_environment(), folder=tmp_path)
        assert done.returncode == 0, done.stderr
        answers.append(sorted(tmp_path.rglob("out_of_fold.csv"))[0].read_bytes())
        written.append([file.stat().st_mtime_ns for file in sorted(tmp_path.rglob("fold_?.csv"))])
    assert answers[0] == answers[1]
    # The second run knew the folds of the first for its own, and trained none again.
    assert written[0] == written[1]
    assert len(written[0]) == 2


@pytest.mark.slow
def test_what_was_fetched_once_is_not_fetched_again(hub, dataset_repository, hub_run):
    first = hub_run(READ, "hub:user/name")
    hub.requests.clear()
    assert hub_run(READ, "hub:user/name") == first
    assert [request.path for request in hub.requests] == ["/api/datasets/user/name"]
    hub.requests.clear()
    pinned = f"hub:user/name@{dataset_repository.resolve().oid}"
    assert hub_run(READ, pinned) == first
    assert hub_run(READ, "hub:user/name", HF_HUB_OFFLINE="1") == first
    assert hub_run(READ, "hub:user/name", HF_ENDPOINT="http://127.0.0.1:9") == first
    assert hub.requests == []


@pytest.mark.slow
def test_a_revision_is_one_state_of_the_corpus(dataset_repository, files, hub_run):
    before = dataset_repository.resolve().oid
    other = {**files, "metadata.csv": files["metadata.csv"].replace(b"angry", b"happy")}
    dataset_repository.write(other)
    now, then = (
        json.loads(hub_run(READ, argument))
        for argument in ("hub:user/name", f"hub:user/name@{before}")
    )
    assert {clip["emotion"] for clip in now["clips"]} == {"neutral", "happy", "surprised"}
    assert {clip["emotion"] for clip in then["clips"]} == {"neutral", "angry", "surprised"}


@pytest.mark.slow
def test_the_card_s_snippet_streams_without_torch(dataset_repository, files, hub_run):
    (snippet,) = re.findall(r"```python\n(.*?)```", files["README.md"].decode(), re.DOTALL)
    code = snippet + (
        "import hashlib, sys\n"
        "rows = list(clips)\n"
        "assert all(hashlib.sha256(r['audio']['bytes']).hexdigest() == r['sha256'] for r in rows)\n"
        "print(len(rows), 'torch' in sys.modules, sorted(rows[0]))\n"
        "print(len(load_dataset('user/name', split='train')))\n"
    )
    first, streamed, whole = hub_run(code).splitlines()
    assert first == "neutral 01 (8000,) 16000"
    assert streamed == f"12 False {sorted(columns(True))}"
    assert whole == "12"


@pytest.mark.slow
def test_the_cached_folder_is_an_audiofolder(dataset_repository, hub_run):
    folder = hub_run("from train import corpora; print(corpora.locate('hub:user/name')[1])").strip()
    with (Path(folder) / "metadata.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    # Column file_name is what makes the Hub's viewer and `audiofolder` find the clips.
    assert {row["file_name"] for row in rows} | {"metadata.csv", "corpus.json"} == {
        path.name for path in Path(folder).iterdir()
    }


def test_corpus_info_describes_what_is_on_the_hub(dataset_repository, hub_environment):
    environment = hub_environment(BROWSER_PATH="/none")
    done = run_train("corpus", "info", "hub:user/name", environment=environment)
    assert done.returncode == 0, done.stderr
    table = [line.split() for line in done.stdout.split("\n\n")[1].splitlines()]
    assert table[0] == ["female", "male", "total"]
    assert table[-2:] == [["clips", "4", "8", "12"], ["speakers", "1", "2", "3"]]
    assert "1 further file is a second copy of one of these and was left out." in done.stdout


def test_without_being_asked_no_audio_is_sent(hub, publish, sentences, hub_run):
    status, output, errors = publish()
    assert status == 0, errors
    assert "The audio is not among them: CC BY-NC-SA 4.0 lets it be passed on" in output
    assert "give --audio if you want that." in output
    told = hub.repo("dataset", "user/name").files()
    assert set(told) == {
        "README.md",
        "corpus.json",
        "metadata.csv",
        "data/train-00000-of-00001.parquet",
    }
    table = parquet.read_table(io.BytesIO(told["data/train-00000-of-00001.parquet"]))
    assert table.column_names == list(columns(False)) == list(published.COLUMNS)
    assert table["speaker"].to_pylist()[:3] == ["01", "02", "03"]
    (sentence,) = sentences("hub:user/name")
    assert sentence == (
        "user/name holds the labels of ravdess and no audio, so it cannot be trained or judged on: "
        f"{ravdess.INFO.access}, and give it as ravdess=PATH."
    )
    (snippet,) = re.findall(r"```python\n(.*?)```", told["README.md"].decode(), re.DOTALL)
    assert hub_run(snippet).strip() == "03-01-01-01-02-01-01.wav neutral 01"


def test_the_licence_decides_about_the_audio(corpus):
    allowed = {name for name, module in CORPORA.items() if licence_of(module.INFO).terms}
    assert set(CORPORA) - allowed == {"emovo", "iemocap", "savee", "voices"}
    assert {module.INFO.licence for module in CORPORA.values()} - set(LICENCES) == {
        "LicenseRef-Debian-voices",
        "LicenseRef-EMOVO",
        "LicenseRef-IEMOCAP",
        "LicenseRef-SAVEE",
    }
    closed = dataclasses.replace(corpus, info=iemocap.INFO)
    with pytest.raises(CorpusError, match=r"audio of iemocap is not .* \(LicenseRef-IEMOCAP\)"):
        check_licence(closed, audio=True)
    assert "does not allow passing it on" in check_licence(closed, audio=False)
    # A licence nobody has looked up allows nothing.
    unknown = dataclasses.replace(corpus.info, licence="CC-BY-9.0")
    with pytest.raises(CorpusError, match="leave out --audio"):
        check_licence(dataclasses.replace(corpus, info=unknown), audio=True)


def test_what_was_said_is_not_published_where_the_terms_forbid_it(corpus, tmp_path):
    clips = [dataclasses.replace(clip, statement="secret words") for clip in corpus.clips]
    closed = dataclasses.replace(corpus, info=iemocap.INFO, clips=tuple(clips))
    publication = publish_dataset(closed, "user/name", dry_run=tmp_path / "out")
    assert publication.address is None
    for name in publication.sizes:
        assert b"secret" not in (tmp_path / "out" / name).read_bytes()
    text = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    front = yaml.safe_load(FRONT_MATTER.match(text)[1])
    assert front["license"] == "other"
    assert front["license_name"] == "iemocap"
    assert front["license_link"] == iemocap.INFO.homepage
    assert "These terms do not\nallow passing on the audio." in text


def test_the_card_says_what_the_hub_asks_for(files, corpus):
    text = files["README.md"].decode()
    front = yaml.safe_load(FRONT_MATTER.match(text)[1])
    assert front["license"] == "cc-by-nc-sa-4.0"
    assert front["language"] == ["en"]
    assert front["task_categories"] == ["audio-classification"]
    assert front["size_categories"] == ["n<1K"]
    assert {"speech-emotion-recognition", "ravdess"} <= set(front["tags"])
    (config,) = front["configs"]
    assert config["data_files"] == [{"split": "train", "path": "data/*.parquet"}]
    described = front["dataset_info"]
    assert [feature["name"] for feature in described["features"]] == list(columns(True))
    assert described["splits"][0]["num_examples"] == 12
    assert "| angry | 2 | 4 | 6 |" in text
    assert "| speakers | 1 | 2 | 3 |" in text
    assert "they are second copies of others: 1 files" in text
    assert "in ravdess_song: do not train" in text
    assert ravdess.INFO.citation in text
    for words in ("5(1)(f)", "50(3)", "non-commercial", "hub:user/name"):
        assert words in text
    # Nothing is left of the template, and no line is a stray blank.
    assert not re.search(r"\{[{%]|%\}|\n\n\n", text)
    assert merge_card(text, text).split("---\n", 2)[2] == text.split("---\n", 2)[2]


@pytest.mark.slow
def test_a_second_publication_replaces_the_rows_and_keeps_peoples_words(
    hub, publish, files, dataset_repository, tmp_path
):
    assert len([name for name in files if name.endswith(".parquet")]) == 3
    card = files["README.md"].decode().replace("## How to use it", "## Thanks\n\nTo Ada.\n\n## How")
    card = card.replace("tags:\n", "tags:\n- mine\n").replace("0.00 h, by", "9.99 h, by")
    dataset_repository.write({"README.md": card.encode(), "notes.txt": b"kept"})
    more = make_ravdess(tmp_path / "more", actors=(1, 2, 3, 4))
    status, _, errors = publish("--audio", corpus=f"ravdess={more}")
    assert status == 0, errors
    now = dataset_repository.files()
    assert [name for name in now if name.endswith(".parquet")] == [
        "data/train-00000-of-00001.parquet"
    ]
    assert now["notes.txt"] == b"kept"
    assert len(now["metadata.csv"].splitlines()) == 17
    text = now["README.md"].decode()
    assert "To Ada." in text
    assert "- mine" in text
    assert "9.99 h" not in text
    assert "16 recordings" in text
    assert "datasets: []" not in text

    dataset_repository.write({"README.md": b"# Mine alone\n"})
    status, _, errors = publish()
    assert status == 1
    assert "give --replace-card" in errors
    assert dataset_repository.files()["README.md"] == b"# Mine alone\n"
    assert publish("--replace-card")[0] == 0
    assert b"measured: licence" in dataset_repository.files()["README.md"]


def test_a_dry_run_writes_everything_and_asks_nobody(publish, tmp_path):
    out = tmp_path / "out"
    status, output, errors = publish(
        *("--audio", "--dry-run", "--out", out), token=None, HF_ENDPOINT="http://127.0.0.1:9"
    )
    assert status == 0, errors
    size = (out / "metadata.csv").stat().st_size
    assert f"metadata.csv  {size:,} bytes" in output
    assert "Would send 4 files" in output
    status, _, errors = publish("--dry-run", "--out", out)
    assert status == 1
    assert "is not an empty folder" in errors


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("offline", "The Hub cannot be reached, so nothing was sent of the dataset user/name"),
        ("reader", "The Hub did not take the dataset user/name"),
        ("id", "the dataset a/b/c cannot be published: its id is not of the form user/name"),
        (
            "upload",
            "The Hub did not take the dataset user/name, and keeps what it had: the test asked for",
        ),
        ("commit", r"The Hub takes nothing for now \(status 500\)"),
    ],
)
def test_what_cannot_be_sent_is_said_in_a_sentence(hub, publish, kind, words):
    options, more = {}, ()
    if kind == "offline":
        options["HF_ENDPOINT"] = "http://127.0.0.1:9"
    if kind == "reader":
        options["token"] = hub.read_token
    if kind == "id":
        more = ("--repo", "a/b/c")
    if kind == "upload":
        hub.fail("/upload/", 400, times=100)
    if kind == "commit":
        hub.fail("/commit/", 500, times=100)
    status, output, errors = publish("--audio", *more, **options)
    assert status == 1
    assert re.search(f"error: {words}", errors)
    assert hub.token not in output + errors
    if hub.has("dataset", "user/name"):
        assert hub.repo("dataset", "user/name").files() == {}


def test_a_full_disk_is_not_taken_for_the_hub():
    error = OSError(28, "No space left on device")
    assert explain_push(error, "user/name") == (
        "The files of user/name cannot be read or written here: No space left on device."
    )


@pytest.mark.slow
def test_what_cannot_be_read_is_said_in_a_sentence(hub, files, sentences, dataset_repository):
    hub.repo("dataset", "user/hidden", private=True).write(files)
    hub.repo("dataset", "user/gated", gated=True).write(files)
    hub.repo("dataset", "user/strange").write({"train.csv": b"a,b\n"})
    told = sentences(
        "hub:user/none",
        "hub:user/hidden",
        "hub:user/gated",
        "hub:user/strange",
        "hub:user/name@v9",
        "hub:user/name@" + "0123456789" * 4,
        "hub:name",
        "hub:",
        "user/name",
        token=None,
    )
    assert told[0].startswith("There is no Hub dataset user/none that can be seen without a token")
    assert told[1].startswith("There is no Hub dataset user/hidden that can be seen without a")
    assert told[2].startswith(
        f"user/gated is gated: ask for access at {hub.url}/datasets/user/gated, and log in"
    )
    assert told[3] == (
        "user/strange holds no recordings: a corpus has Parquet with a column of audio, or "
        "recordings as files beside a metadata.csv or in one folder per label."
    )
    assert told[4] == "The Hub dataset user/name has no revision 'v9'."
    assert told[5].startswith("The Hub dataset user/name has no revision '0123456789")
    assert told[6].startswith("A corpus on the Hub is given as hub:user/name or")
    assert told[7].endswith("not 'hub:'.")
    assert told[8] == "A corpus is given as NAME=PATH or hub:user/name, not 'user/name'."
    assert not any(request.path.endswith(".parquet") for request in hub.requests)
    for sentence in sentences(
        "hub:user/name", f"hub:user/name@{dataset_repository.resolve().oid}", HF_HUB_OFFLINE="1"
    ):
        assert "user/name is not in the local cache, and the Hub cannot be reached" in sentence
        assert "a folder as NAME=PATH" in sentence


def rows_of(files: dict[str, bytes], change) -> bytes:
    """Change the text of metadata.csv."""
    return change(files["metadata.csv"].decode()).encode()


def test_a_corpus_that_contradicts_itself_is_refused(hub, files, sentences):
    told = json.loads(files["corpus.json"])
    shard = "data/train-00001-of-00003.parquet"
    info = told["info"]
    broken = {
        "newer": {"corpus.json": json.dumps(told | {"schema_version": 2}).encode()},
        "odd": {"corpus.json": json.dumps(told | {"extra": 1}).encode()},
        "text": {"corpus.json": b"[]"},
        "empty": {"corpus.json": json.dumps(told | {"clips": 0}).encode()},
        "labels": {
            "corpus.json": json.dumps(told | {"info": info | {"labels": ["bored"]}}).encode()
        },
        "short": {"metadata.csv": rows_of(files, lambda text: text.rsplit("\n", 2)[0] + "\n")},
        "outside": {
            "metadata.csv": rows_of(
                files, lambda text: text.replace("03-01-05-01-02-01-01.wav", "../../evil.wav")
            )
        },
        "emotion": {"metadata.csv": rows_of(files, lambda text: text.replace("angry", "bored"))},
        "digest": {
            "metadata.csv": rows_of(files, lambda text: re.sub(r"[0-9a-f]{64}", "0" * 64, text))
        },
        "column": {"metadata.csv": rows_of(files, lambda text: text.replace("sha256", "md5"))},
        "shard": {shard: b"no Parquet"},
    }
    for name, changed in broken.items():
        hub.repo("dataset", f"user/{name}").write(files | changed)
    lacking = {name: content for name, content in files.items() if name != shard}
    hub.repo("dataset", "user/lacking").write(lacking)
    said = dict(
        zip(
            [*broken, "lacking"],
            sentences(*(f"hub:user/{name}" for name in [*broken, "lacking"])),
            strict=True,
        )
    )
    assert "has the form 2 of a published corpus, and this project reads up to 1" in said["newer"]
    assert "unknown key extra" in said["odd"]
    assert "its corpus.json describes none" in said["text"]
    assert "clips is 0" in said["empty"]
    assert "has the emotion 'neutral' at " in said["labels"]
    assert "has 11 rows where corpus.json says 12" in said["short"]
    assert "has '../../evil.wav' where a file's plain name belongs" in said["outside"]
    assert "has the emotion 'bored' at 03-01-05-01-02-01-01.wav: expected" in said["emotion"]
    assert "another SHA-256 digest" in said["digest"]
    assert "has no column sha256" in said["column"]
    assert "cannot be read as Parquet with a column audio" in said["shard"]
    assert re.search(r"holds no audio for \d of 12 clips, the first of them", said["lacking"])


@pytest.mark.slow
def test_a_fetch_that_was_killed_goes_on_with_the_next_shard(
    hub, dataset_repository, hub_process, hub_run
):
    hub.fail("/stored/.*train-00001", "hang", method="GET")
    process = hub_process(READ, "hub:user/name")
    end = time.monotonic() + 60
    while not any("train-00001" in r.path and r.method == "GET" for r in hub.requests):
        assert time.monotonic() < end, hub.requests
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    hub.requests.clear()
    assert len(json.loads(hub_run(READ, "hub:user/name"))["clips"]) == 12
    fetched = {r.path.rsplit("/", 1)[-1] for r in hub.requests if r.path.startswith("/stored/")}
    assert fetched == {"train-00001-of-00003.parquet", "train-00002-of-00003.parquet"}


@pytest.mark.slow
def test_a_body_cut_short_is_resumed_and_one_of_the_wrong_length_is_not_used(
    hub, dataset_repository, hub_run, sentences
):
    hub.fail("/stored/.*train-00002", "shorten", method="GET")
    (sentence,) = sentences("hub:user/name")
    assert sentence == "The download of user/name broke off, and nothing of it is used: try again."
    hub.fail("/stored/.*train-00002", "truncate", method="GET")
    assert len(json.loads(hub_run(READ, "hub:user/name"))["clips"]) == 12


@pytest.mark.slow
def test_several_processes_may_fetch_one_corpus_at_once(hub, dataset_repository, hub_process):
    processes = [hub_process(READ, "hub:user/name") for _ in range(3)]
    told = [process.communicate(timeout=300) for process in processes]
    assert [process.returncode for process in processes] == [0] * 3, told
    assert len({output for output, _ in told}) == 1
    stored = [r.path for r in hub.requests if r.path.startswith("/stored/")]
    assert len(stored) == len(set(stored)) == 3


@pytest.mark.slow
def test_a_corpus_unknown_here_brings_its_own_facts(hub, corpus, hub_run, tmp_path):
    info = dataclasses.replace(corpus.info, name="mine", language="fi", same_speakers_as=())
    clips = tuple(dataclasses.replace(clip, corpus="mine") for clip in corpus.clips)
    dropped = {"boredom": 3}
    mine = dataclasses.replace(corpus, info=info, clips=clips, dropped=dropped)
    names = write_dataset(mine, tmp_path / "mine", "user/mine", audio=True)
    hub.repo("dataset", "user/mine").write(
        {name: (tmp_path / "mine" / name).read_bytes() for name in names}
    )
    back = json.loads(hub_run(READ, "hub:user/mine"))
    for clip in back["clips"]:
        del clip["path"]
    assert back == facts(mine)


def test_a_published_folder_is_a_corpus_by_its_own_name(corpus, tmp_path):
    write_dataset(corpus, tmp_path, "user/name", audio=False)
    with pytest.raises(CorpusError, match="has no audio for 12 of 12 clips"):
        corpora.load("ravdess", tmp_path)
    for clip in corpus.clips:
        (tmp_path / clip.file).write_bytes(clip.path.read_bytes())
    assert facts(corpora.load("ravdess", tmp_path)) == facts(corpus)
    with pytest.raises(CorpusError, match="holds ravdess and not emodb"):
        corpora.load("emodb", tmp_path)


def test_a_known_corpus_keeps_the_labels_that_are_known_here(corpus, tmp_path):
    wrong = dataclasses.replace(corpus.info, labels=emodb.INFO.labels)
    happy = tuple(dataclasses.replace(clip, emotion="happy") for clip in corpus.clips)
    write_dataset(
        dataclasses.replace(corpus, info=wrong, clips=happy), tmp_path, "a/b", audio=False
    )
    for clip in corpus.clips:
        (tmp_path / clip.file).write_bytes(clip.path.read_bytes())
    with pytest.raises(CorpusError, match="publish it again with this version"):
        corpora.load("ravdess", tmp_path)


def test_memory_holds_a_row_group_and_no_more(corpus, tmp_path, monkeypatch):
    longest = max(clip.path.stat().st_size for clip in corpus.clips)
    monkeypatch.setattr("train.publish.dataset_files.GROUP", 2 * longest)
    held, most = [], []
    read_bytes = Path.read_bytes

    def counted(path):
        held.append(path)
        most.append(len(held))
        return read_bytes(path)

    written = []

    class Writer:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def write_table(self, table):
            written.append(table)
            held.clear()

    monkeypatch.setattr(Path, "read_bytes", counted)
    monkeypatch.setattr("train.publish.dataset_files._open_parquet", lambda *_: Writer())
    write_dataset(corpus, tmp_path, "user/name", audio=True)
    assert sum(len(table) for table in written) == 12
    assert max(most) == 2


def test_shards_and_row_groups_are_bounded(files):
    names = [name for name in files if name.endswith(".parquet")]
    assert names == [f"data/train-{number:05d}-of-00003.parquet" for number in range(3)]
    for name in names:
        table = parquet.read_table(io.BytesIO(files[name]))
        sizes = [len(audio["bytes"]) for audio in table["audio"].to_pylist()]
        assert sum(sizes) <= 80_000
        features = datasets.Features.from_arrow_schema(table.schema)
        assert features == columns(True)
    assert shards([], 10) == [slice(0, 0)]


def test_the_same_corpus_gives_the_same_bytes(corpus, files, tmp_path):
    names = write_dataset(corpus, tmp_path / "again", "user/name", audio=True, shard_size=80_000)
    assert {name: (tmp_path / "again" / name).read_bytes() for name in names} == files
    row = files["metadata.csv"].decode().splitlines()[1].split(",")
    (clip,) = (clip for clip in corpus.clips if clip.file == row[0])
    assert row[-1] == hashlib.sha256(clip.path.read_bytes()).hexdigest()


def test_an_address_is_a_name_and_perhaps_a_revision():
    assert Address.parse("hub:a/b") == Address("a/b", None)
    assert Address.parse("hub:a/b@refs/pr/1") == Address("a/b", "refs/pr/1")
