"""The Hub: what is pushed, what is pulled, and what is said when it does not work.

Each client is the real one in a process of its own; the server is tests/support/hub_server.py.
"""

import json
import re
import shutil
import signal
import time
from pathlib import Path

import pytest

from ser_core import EmotionRecognizer
from ser_core.model.files import CARD, KERAS_FILES, NETWORK, WAVEFORM_FILES
from tests.support.commands import run_train
from tests.support.embedded import NETWORK_FILE
from tests.support.hub_server import HubServer
from tests.support.hub_storage import Repository
from tests.support.light_model import write_light_model

LOAD = """
import json, sys
from ser_core import EmotionRecognizer

loaded = EmotionRecognizer.from_pretrained("user/name", **json.loads(sys.argv[2]))
print(json.dumps({
    "revision": loaded.revision,
    "source": loaded.source,
    "files": sorted(path.name for path in loaded.directory.iterdir()),
    "answer": loaded.predict(sys.argv[1]).to_dict(),
    "heavy": [name for name in ("tensorflow", "keras", "h5py") if name in sys.modules],
}))
"""

PUSH = """
import sys
from ser_core import EmotionRecognizer

print(EmotionRecognizer.from_pretrained(sys.argv[1]).push_to_hub("user/name"))
"""

SAVE = """
import sys
from ser_core import EmotionRecognizer

options = {"config": {"a": 1}, "push_to_hub": True, "commit_message": "Mine", "private": True}
recognizer = EmotionRecognizer.from_pretrained(sys.argv[1])
print(recognizer.save_pretrained(sys.argv[2], **options))
print(recognizer.save_pretrained(sys.argv[2], repo_id="user/other", **options))
"""

TEACH = """
import sys
from ser_core import EmotionRecognizer
from tests.support.recordings import voice

clips = {
    label: [(16_000, voice(name, rate=16_000 + 2_000 * n)[1_000 * n :]) for n in range(3)]
    for label, name in (("calm", sys.argv[1]), ("tired", sys.argv[2]))
}
taught = EmotionRecognizer.from_pretrained("user/name").teach(clips)
print(taught.push_to_hub("user/mine"))
print(taught.predict(sys.argv[3]).label, taught.report.total)
"""

PACK = """
import base64, pickle
from ser_core import EmotionRecognizer

loaded = EmotionRecognizer.from_pretrained("user/name", form="int8")
print(base64.b64encode(pickle.dumps(loaded)).decode())
"""

UNPACK = """
import base64, json, pickle, sys

loaded = pickle.loads(base64.b64decode(sys.argv[1]))
answer = loaded.predict(sys.argv[2]).to_dict()
print(json.dumps({"revision": loaded.revision, "source": loaded.source, "answer": answer}))
"""

ERRORS = """
import json, sys
from ser_core import EmotionRecognizer
from ser_core.errors import SpeechEmotionError

told = []
for name, options in json.loads(sys.argv[1]):
    try:
        told.append(["loaded", repr(EmotionRecognizer.from_pretrained(name, **options))])
    except SpeechEmotionError as error:
        told.append([type(error).__name__, str(error)])
print(json.dumps(told))
"""


WITHOUT_WAITING = """
import time

def sleep(seconds):
    raise AssertionError(f"It waits for {seconds} s.")

time.sleep = sleep
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    """A model with all that goes with the embedded one."""
    return write_light_model(tmp_path_factory.mktemp("light") / "model")


@pytest.fixture(scope="module")
def files(model) -> dict[str, bytes]:
    """What its repository holds."""
    return {path.name: path.read_bytes() for path in model.iterdir()}


@pytest.fixture
def repository(hub, files) -> Repository:
    """A repository on the Hub that holds the model."""
    made = hub.repo("model", "user/name")
    made.write(files)
    return made


@pytest.fixture
def load(hub_run, fixtures):
    """Load user/name in a fresh process; returns what LOAD tells."""

    def run(environment_token: str | None = HubServer.token, **options) -> dict:
        speech = fixtures / "speech_male.wav"
        return json.loads(hub_run(LOAD, speech, json.dumps(options), token=environment_token))

    return run


@pytest.fixture
def errors(hub_run):
    """Try to load in a fresh process; returns (name of the error, its sentence) of each call."""

    def run(*calls, program=ERRORS, **options) -> list[tuple[str, str]]:
        pairs = [(call, {}) if isinstance(call, str) else call for call in calls]
        told = json.loads(hub_run(program, json.dumps(pairs), **options))
        for kind, sentence in told:
            assert kind != "loaded", sentence
            assert "\n" not in sentence
        return [tuple(pair) for pair in told]

    return run


def downloads(hub: HubServer) -> list[str]:
    """Names of the files whose content was asked for."""
    return [
        request.path.rsplit("/", 1)[-1]
        for request in hub.requests
        if request.method == "GET" and ("/resolve/" in request.path or "/stored/" in request.path)
    ]


def test_a_push_is_one_commit_of_exactly_the_files_of_a_repository(
    hub, hub_run, tmp_path, model, files
):
    folder = tmp_path / "model"
    shutil.copytree(model, folder)
    (folder / "notes.txt").write_text("not for others")
    address = hub_run(PUSH, folder).strip()
    repository = hub.repo("model", "user/name")
    assert repository.files() == files
    newest, *before = repository.history()
    assert [commit.title for commit in before] == ["initial commit"]
    assert address == f"{hub.url}/user/name/commit/{newest.oid}"


@pytest.mark.parametrize("is_bare", [False, True], ids=["whole", "bare"])
def test_saving_takes_the_options_of_the_client(hub, hub_run, tmp_path, model, is_bare):
    """And writes what they ask for beside a model that has neither Keras' save nor a card."""
    left_out = shutil.ignore_patterns(*((*KERAS_FILES, CARD) if is_bare else ()))
    source, saved = shutil.copytree(model, tmp_path / "model", ignore=left_out), tmp_path / "mine"
    addresses = hub_run(SAVE, source, saved).split()
    content = {path.name: path.read_bytes() for path in saved.iterdir()}
    assert set(content) - {path.name for path in source.iterdir()} == (
        {NETWORK, CARD} if is_bare else set()
    )
    assert (json.loads(content[NETWORK]) == {"a": 1}) == is_bare
    for name, address in zip(("user/mine", "user/other"), addresses, strict=True):
        repository = hub.repo("model", name)
        newest, *_ = repository.history()
        assert (newest.title, repository.private) == ("Mine", True)
        assert address == f"{hub.url}/{name}/commit/{newest.oid}"
        assert repository.files() == content


def test_a_second_push_deletes_what_the_model_no_longer_has(repository, hub_run, model, files):
    repository.write({"comparison.json": b"{}", "samples/one.txt": b"kept"})
    hub_run(PUSH, model)
    assert repository.files() == files | {"samples/one.txt": b"kept"}
    assert len(repository.history()) == 4  # the first, two of the test's own, and the push


def test_a_pulled_model_answers_as_the_one_that_was_pushed(hub, hub_run, load, fixtures, model):
    hub_run(PUSH, model, home="pusher")
    here = EmotionRecognizer.from_pretrained(model)
    pulled = load()
    assert pulled["answer"] == here.predict(fixtures / "speech_male.wav").to_dict()
    assert pulled["revision"] == hub.repo("model", "user/name").resolve().oid
    assert pulled["source"] == "user/name"
    assert pulled["heavy"] == []
    assert (here.revision, here.source) == (None, str(model))


def test_what_was_taught_is_pushed_as_a_repository_that_names_its_base(
    hub, hub_run, repository, fixtures, monkeypatch
):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    voices, speech = ("speech_female.wav", "speech_male.wav"), fixtures / "speech_male.wav"
    address, told = hub_run(TEACH, *voices, speech).strip().splitlines()[-2:]
    assert address.startswith(f"{hub.url}/user/mine/commit/")
    pushed = hub.repo("model", "user/mine").files()
    own = {"feature_config.json", "head.json", "check.json", "README.md"}
    network = {"config.json", "metadata.json", "model.weights.h5", NETWORK_FILE}
    assert set(pushed) == own | network
    card = pushed["README.md"].decode()
    assert "base_model: user/name" in card
    assert "license: cc-by-nc-sa-4.0" in card
    assert str(Path.home()) not in card
    program = LOAD.replace("user/name", "user/mine")
    loaded = json.loads(hub_run(program, speech, "{}", home="another"))
    assert f"{loaded['answer']['label']} 6" == told
    assert set(loaded["answer"]["probabilities"]) == {"calm", "tired"}
    assert loaded["heavy"] == []


def test_only_files_of_a_repository_are_downloaded(hub, repository, load, files):
    """And none of those that take samples, which this package does not load."""
    repository.write({"weights.pkl": b"cos\nsystem\n", "pytorch_model.bin": b"0" * 4096})
    repository.write(dict.fromkeys(WAVEFORM_FILES, b"0" * 4096))
    pulled = load()
    assert set(pulled["files"]) == set(files)
    assert sorted(downloads(hub)) == sorted(files)


@pytest.mark.slow
def test_the_token_is_not_shown_to_the_large_file_storage(hub, repository, load, files):
    repository.private = True
    load()
    stored = [request for request in hub.requests if request.path.startswith("/stored/")]
    names = {request.path.rpartition("/")[2] for request in stored}
    forms = {name for name in files if name.endswith(".tflite")}
    assert names == {"model.weights.h5", *forms}
    assert {request.user for request in stored} == {None}
    assert {request.user for request in hub.requests if request not in stored} == {"user"}


def test_a_branch_costs_one_request_when_cached_and_a_commit_none(hub, repository, load):
    first = load()
    hub.requests.clear()
    again = load()
    assert [request.path for request in hub.requests] == ["/api/models/user/name"]
    assert again == first
    hub.requests.clear()
    assert load(revision=first["revision"]) == first
    assert load(local_files_only=True) == first
    assert hub.requests == []


def test_starting_up_asks_no_more_than_loading_does(hub, repository, hub_run, files):
    def start(**environment) -> list[str]:
        hub.requests.clear()
        program = "from ser_core.ui.startup import main; main()"
        return hub_run(program, SER_MODEL_ID="user/name", **environment).splitlines()

    size = sum(map(len, files.values())) / 1e6
    fetching, loaded = start()
    assert fetching == (
        f"Fetching {len(files)} of {len(files)} files of user/name, {size:.1f} MB: "
        f"{', '.join(sorted(files))}."
    )
    asked = [request.path for request in hub.requests if request.path.startswith("/api/models/")]
    assert asked.count("/api/models/user/name") == 1
    assert not any("/revision/" in path for path in asked)
    commit = repository.resolve().oid
    assert loaded.startswith(f"Loaded user/name at revision {commit} in ")
    assert start()[0] == f"All {len(files)} files of user/name are in the local cache."
    assert [request.path for request in hub.requests] == ["/api/models/user/name"]
    assert len(start(SER_MODEL_REVISION=commit)) == 1
    assert hub.requests == []


def test_a_branch_that_moved_is_followed_and_only_its_news_are_downloaded(
    hub, repository, load, files
):
    first = load()
    hub.requests.clear()
    card = {"README.md": files["README.md"] + b"\nMore words.\n"}
    moved = repository.write(card)
    assert load()["revision"] == moved
    assert downloads(hub) == ["README.md"]
    assert load(revision=first["revision"]) == first


def test_a_pickle_holds_the_commit_and_the_form_that_it_was_loaded_from(
    hub, repository, hub_run, load, fixtures, files
):
    speech, commit = fixtures / "speech_male.wav", repository.resolve().oid
    expected = load(revision=commit, form="int8")["answer"]
    packed = hub_run(PACK).strip()
    repository.write({"README.md": files["README.md"] + b"\nMore words.\n"})
    hub.requests.clear()
    here = json.loads(hub_run(UNPACK, packed, speech))
    assert hub.requests == []  # the commit is in the cache
    elsewhere = json.loads(hub_run(UNPACK, packed, speech, home="elsewhere"))
    assert here == elsewhere == {"revision": commit, "source": "user/name", "answer": expected}


@pytest.mark.slow
def test_branches_tags_and_pull_requests_are_revisions(
    hub, repository, hub_run, load, model, files
):
    program = (
        "import sys; from huggingface_hub import HfApi; from ser_core import *; api = HfApi(); "
        "api.create_tag('user/name', tag='v1'); api.create_branch('user/name', branch='a/b'); "
        "model = EmotionRecognizer.from_pretrained(sys.argv[1]); "
        "model.push_to_hub('user/name', create_pr=True); "
        "model.push_to_hub('user/name', branch='a/b')"
    )
    before = repository.write({"README.md": b"---\nlicense: mit\n---\nOther words.\n"})
    hub_run(program, model)
    assert load(revision="v1")["revision"] == before
    assert load(revision="a/b")["revision"] == repository.resolve("a/b").oid
    assert load(revision="refs/pr/1")["revision"] == repository.resolve("refs/pr/1").oid
    assert b"Other words" in repository.files()["README.md"]
    assert repository.files("refs/pr/1") == files


def test_a_repository_that_may_not_be_seen_is_said_so(hub, repository, errors):
    repository.private = True
    names = ("user/name", "user/nothing")
    for name, told in zip(names, errors(*names, token=None), strict=True):
        assert told[0] == "ModelNotFoundError"
        assert told[1].startswith(f"There is no Hub repository {name} that can be seen without a")
        assert "hf auth login" in told[1]
    for name, told in zip(names, errors(*names, token=hub.other_token), strict=True):
        assert told[1].startswith(f"There is no Hub repository {name} that the token may see")
    assert "does not know the token" in errors("user/name", token="hf_wrong")[0][1]
    assert downloads(hub) == []


def test_a_token_that_is_none_is_told_of_whoever_asks(hub, errors, hub_environment, tmp_path):
    """No header takes other letters than ASCII's: to read, to write, and for a Space."""
    token = "hf_\N{LATIN SMALL LETTER A WITH DIAERESIS}secret"
    ((_, sentence),) = errors("user/name", token=token)
    assert "The token for the Hub" in sentence
    words = ("publish-space", "--repo", "user/space")
    done = run_train(*words, environment=hub_environment(token=token))
    assert done.returncode == 1
    assert "error: The token for the Hub" in done.stderr
    assert "Traceback" not in done.stderr
    assert "secret" not in sentence + done.stderr + done.stdout
    assert hub.requests == []


def test_a_token_can_be_given_in_the_call(hub, repository, load):
    repository.private = True
    assert load(environment_token=None, token=hub.token)["source"] == "user/name"


def test_a_gated_repository_says_how_to_get_in(hub, repository, errors, load):
    repository.gated = True
    ((kind, sentence),) = errors("user/name", token=None)
    assert kind == "ModelNotFoundError"
    assert sentence.startswith(
        f"user/name is gated: ask for access at {hub.url}/user/name, and log"
    )
    ((_, sentence),) = errors("user/name", token=hub.other_token)
    assert sentence == (
        f"user/name is gated, and the token has no access to it: ask for it at {hub.url}/user/name."
    )
    repository.granted.add("other")
    assert load(environment_token=hub.other_token)["source"] == "user/name"


def test_names_and_revisions_that_are_none_are_said_so(hub, repository, errors):
    commit = "0123456789" * 4
    told = errors(
        ("user/name", {"revision": "v9"}),
        ("user/name", {"revision": commit}),
        "no/such/folder",
    )
    assert told == [
        ("ModelNotFoundError", "The Hub repository user/name has no revision 'v9'."),
        ("ModelNotFoundError", f"The Hub repository user/name has no revision '{commit}'."),
        (
            "ModelNotFoundError",
            "no/such/folder is neither a folder here nor the id of a Hub repository (user/name).",
        ),
    ]


def test_a_repository_of_another_kind_is_refused_before_it_is_downloaded(hub, errors):
    hub.repo("model", "user/bare").write({"config.json": b"{}", "model.weights.h5": b"0" * 10**6})
    hub.repo("model", "user/half").write({"feature_config.json": b"{}", "config.json": b"{}"})
    assert errors("user/bare", "user/half") == [
        ("ModelError", "user/bare is no model repository of ours: it has no feature_config.json."),
        (
            "ModelError",
            "user/half is no model repository of ours: it has no model.tflite, and metadata.json, "
            "model.weights.h5 is missing too.",
        ),
    ]
    assert downloads(hub) == []


def test_a_newer_schema_and_files_that_do_not_match_are_refused(hub, repository, errors, files):
    config = json.loads(files["feature_config.json"])
    newer = json.dumps(config | {"schema_version": 99}).encode()
    hub.repo("model", "user/newer").write(files | {"feature_config.json": newer})
    fewer = {"labels": config["labels"][:7], "adaptation": None}
    other = json.dumps(config | fewer).encode()
    hub.repo("model", "user/other").write(files | {"feature_config.json": other})
    hub.repo("model", "user/broken").write(files | {NETWORK_FILE: b"not a network"})
    newer, other, broken = errors("user/newer", "user/other", "user/broken")
    assert newer[0] == "ConfigError"
    assert "schema_version 99, and this package reads up to 1: upgrade" in newer[1]
    assert other[0] == broken[0] == "ModelError"
    assert "gives 8 probabilities, but feature_config.json lists 7 labels" in other[1]
    assert f"{NETWORK_FILE} is not a LiteRT model" in broken[1]


@pytest.mark.parametrize(
    ("status", "headers", "words"),
    [
        (429, {"Retry-After": "77"}, "takes no more requests for now, .* try again in 77 seconds"),
        (503, {}, r"out of order \(status 503\), and user/name is not in the local cache"),
        (403, {}, "did not give user/name: the test asked for 403"),
    ],
)
def test_a_hub_that_refuses_is_told_of_or_the_cache_serves(
    hub, repository, errors, load, status, headers, words
):
    hub.fail("/api/models/", status, times=100, headers=headers)
    ((kind, sentence),) = errors("user/name")
    assert kind == "ModelNotFoundError"
    assert re.search(words, sentence)
    if status == 403:
        return
    hub.heal()
    first = load()
    hub.fail("/api/models/", status, times=100, headers=headers)
    assert load() == first


@pytest.mark.parametrize(
    "kind",
    [
        "offline",
        "unreachable",
        *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("hanging", "dropping")),
    ],
)
def test_without_the_hub_the_cache_serves_and_says_so(hub, repository, load, hub_process, kind):
    first = load()
    environment = {}
    if kind == "offline":
        environment["HF_HUB_OFFLINE"] = "1"
    if kind == "unreachable":
        environment["HF_ENDPOINT"] = "http://127.0.0.1:9"
    if kind == "hanging":
        environment["HF_HUB_ETAG_TIMEOUT"] = "1"
        hub.fail("/api/", "hang", times=100)
    if kind == "dropping":
        hub.fail("/api/", "drop", times=100)
    program = (
        "from ser_core import *; print(EmotionRecognizer.from_pretrained('user/name').revision)"
    )
    output, log = hub_process(program, **environment).communicate(timeout=60)
    assert output.strip() == first["revision"]
    assert "Using cached commit hash for 'user/name'" in log


def test_without_the_hub_and_the_cache_it_is_said_at_once(hub, repository, errors):
    pinned = ("user/name", {"revision": repository.resolve().oid})
    local = ("user/name", {"local_files_only": True})
    told = []
    # The client alone would wait between its attempts.
    for calls, setting in (
        (["user/name", pinned, local], {"HF_ENDPOINT": "http://127.0.0.1:9"}),
        (["user/name", pinned], {"HF_HUB_OFFLINE": "1"}),
    ):
        told += errors(*calls, program=WITHOUT_WAITING + ERRORS, **setting)
    for kind, sentence in told:
        assert kind == "ModelNotFoundError"
        assert "is not in the local cache, and the Hub cannot be reached" in sentence


def test_an_address_that_is_no_hub_is_said_so(hub, errors):
    hub.fail("/api/models/user/name", 200)
    ((kind, sentence),) = errors("user/name")
    assert kind == "ModelNotFoundError"
    assert sentence.startswith(f"What answered for user/name at {hub.url} is no Hub")


@pytest.mark.parametrize("file", [NETWORK_FILE, "feature_config.json"])
def test_a_body_cut_short_is_resumed(hub, repository, load, file):
    hub.fail(f"/(stored|resolve)/.*{file}", "truncate", method="GET")
    assert load()["revision"] == repository.resolve().oid
    assert downloads(hub).count(file) == 2


def test_a_file_of_the_wrong_size_is_not_kept(hub, repository, errors, load):
    hub.fail(f"/stored/.*{NETWORK_FILE}", "shorten", method="GET")
    assert errors("user/name") == [
        (
            "ModelNotFoundError",
            "The download of user/name broke off, and nothing of it is used: try again.",
        )
    ]
    ((_, sentence),) = errors(("user/name", {"local_files_only": True}))
    assert "not in the local cache" in sentence
    assert load()["revision"] == repository.resolve().oid


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["drop", 500])
def test_a_download_that_never_succeeds_ends_in_a_sentence(hub, repository, errors, kind):
    hub.fail(f"/stored/.*{NETWORK_FILE}", kind, method="GET", times=100)
    ((name, sentence),) = errors("user/name")
    assert name == "ModelNotFoundError"
    assert "cannot be reached" in sentence or "broke off" in sentence or "status 500" in sentence


def test_a_pull_that_was_killed_leaves_nothing_half_written(
    hub, repository, errors, load, hub_process
):
    hub.fail(f"/stored/.*{NETWORK_FILE}", "hang", method="GET")
    program = "from ser_core import EmotionRecognizer as E; E.from_pretrained('user/name')"
    process = hub_process(program)
    wait_for(hub, "feature_config.json", "GET")
    wait_for(hub, NETWORK_FILE, "GET")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    ((_, sentence),) = errors(("user/name", {"local_files_only": True}))
    assert "not in the local cache" in sentence
    assert load()["revision"] == repository.resolve().oid


@pytest.mark.slow
def test_several_processes_may_pull_one_repository_at_once(hub, repository, hub_process, fixtures):
    speech = fixtures / "speech_male.wav"
    processes = [hub_process(LOAD, speech, "{}") for _ in range(4)]
    told = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, told
    assert len({output for output, _ in told}) == 1


@pytest.mark.slow
def test_a_push_that_breaks_off_leaves_the_last_whole_commit(
    hub, repository, hub_run, tmp_path, model, files
):
    folder = tmp_path / "model"
    shutil.copytree(model, folder)
    (folder / "README.md").write_text("---\nlicense: mit\n---\nA new card.\n")
    before = repository.resolve()
    for fault in ("cut", "drop", 500):
        hub.fail("/commit/", fault)
    program = """
import sys
from ser_core import EmotionRecognizer

recognizer = EmotionRecognizer.from_pretrained(sys.argv[1])
for _ in range(4):
    try:
        recognizer.push_to_hub("user/name")
        print("pushed")
    except Exception:
        print("failed")
"""
    assert hub_run(program, folder).split() == ["failed", "failed", "failed", "pushed"]
    assert repository.resolve().parent == before
    assert repository.files() == files | {"README.md": (folder / "README.md").read_bytes()}


@pytest.mark.slow
def test_a_push_killed_while_it_uploads_leaves_the_last_whole_commit(
    hub, repository, hub_process, model, files
):
    before = repository.resolve()
    hub.fail("/upload/", "hang", times=2)
    process = hub_process(PUSH, model)
    wait_for(hub, "/upload/", "PUT")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert repository.resolve() == before
    assert repository.files() == files


def test_a_push_whose_answer_is_lost_is_there_whole(hub, hub_process, model, files):
    hub.fail("/commit/", "lose")
    process = hub_process(PUSH, model)
    process.communicate(timeout=60)
    assert process.returncode != 0
    assert hub.repo("model", "user/name").files() == files


def test_a_first_load_takes_a_second_and_a_second_one_a_moment(hub, repository, hub_run):
    program = (
        "import time; from ser_core import EmotionRecognizer as E\n"
        "for _ in range(5):\n"
        "    start = time.process_time()\n"
        "    E.from_pretrained('user/name')\n"
        "    print(time.process_time() - start)\n"
    )
    first, *more = map(float, hub_run(program).split())
    other_process, *_ = map(float, hub_run(program).split())
    print(f"first {first:.3f} s, again {min(more) * 1e3:.1f} ms, elsewhere {other_process:.3f} s")
    # Measured 0.44 s and 7 ms while both cores trained; only the first bound needs room for that.
    assert first < 5
    assert min(more) < 0.05


@pytest.mark.slow
def test_bare_keras_loads_the_same_network_by_its_address(
    hub, repository, hub_run, tmp_path, model
):
    program = (
        "import sys, keras, numpy as np\n"
        "inputs = np.random.default_rng(0).standard_normal((2, *map(int, sys.argv[1:3])))\n"
        "for place in ('hf://user/name', sys.argv[3]):\n"
        "    network = keras.saving.load_model(place, compile=False)\n"
        "    outputs = keras.tree.flatten(network.predict(inputs, verbose=0))\n"
        "    print([one.tolist() for one in outputs])\n"
    )
    config = EmotionRecognizer.from_pretrained(model).config
    output = hub_run(program, config.frames, config.features, model)
    there, here = output.splitlines()[-2:]
    assert there == here


def test_this_hub_speaks_to_the_client_as_the_real_one(hub, hub_run):
    program = """
import io
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

api = HfApi()
assert api.whoami()["name"] == "user"
api.create_repo("user/space", repo_type="space", space_sdk="gradio",
                space_variables=[{"key": "A", "value": "1"}], private=True)
api.add_space_variable("user/space", "SER_MODEL_ID", "user/name")
api.add_space_secret("user/space", "HF_TOKEN", "hidden")
assert {k: v.value for k, v in api.get_space_variables("user/space").items()} == {
    "A": "1", "SER_MODEL_ID": "user/name"}
api.delete_space_variable("user/space", "A")
api.restart_space("user/space")
assert api.space_info("user/space").sdk == "gradio"
api.create_repo("user/corpus", repo_type="dataset")
for path in ("data/train.parquet", "data/more/words.txt", "words.txt"):
    api.upload_file(path_or_fileobj=io.BytesIO(path.encode()), path_in_repo=path,
                    repo_id="user/corpus", repo_type="dataset")
corpus = {"repo_id": "user/corpus", "repo_type": "dataset"}
assert open(api.hf_hub_download(filename="data/train.parquet", **corpus)).read() == (
    "data/train.parquet")
assert {entry.path for entry in api.list_repo_tree(**corpus)} == {
    ".gitattributes", "data", "words.txt"}
assert {entry.path for entry in api.list_repo_tree(path_in_repo="data", recursive=True, **corpus)
        } == {"data/more", "data/train.parquet", "data/more/words.txt"}
assert [info.lfs is not None for info in api.get_paths_info(
    paths=["words.txt", "data/train.parquet"], **corpus)] == [False, True]
api.create_branch(branch="next", **corpus)
assert [ref.name for ref in api.list_repo_refs(**corpus).branches] == ["main", "next"]
assert len(api.list_repo_commits(**corpus)) == 4
api.delete_file("words.txt", **corpus)
assert not api.file_exists(filename="words.txt", **corpus)
api.create_repo("user/corpus", repo_type="dataset", exist_ok=True)
for fault, call in {
    409: lambda: api.create_repo("user/corpus", repo_type="dataset"),
    403: lambda: HfApi(token="hf_read").add_space_variable("user/space", "A", "2"),
    404: lambda: HfApi(token="hf_other").space_info("user/space"),
    401: lambda: HfApi(token=False).space_info("user/space"),
    412: lambda: api.upload_file(path_or_fileobj=b"", path_in_repo="x", parent_commit="0" * 40,
                                 **corpus),
}.items():
    try:
        call()
    except HfHubHTTPError as error:
        assert error.response.status_code == fault, (fault, error)
        assert isinstance(error, RepositoryNotFoundError) == (fault in (401, 404))
    else:
        raise AssertionError(fault)
api.delete_repo("user/space", repo_type="space")
assert not api.repo_exists("user/space", repo_type="space")
"""
    space = hub.repo("space", "user/other")
    hub_run(program)
    assert not hub.has("space", "user/space")
    assert space.restarts == 0
    assert set(hub.repo("dataset", "user/corpus").files()) == {
        "data/train.parquet",
        "data/more/words.txt",
    }


def wait_for(hub: HubServer, part: str, method: str) -> None:
    """Wait until a request has come."""
    end = time.monotonic() + 60
    while not any(part in request.path and request.method == method for request in hub.requests):
        assert time.monotonic() < end, hub.requests
        time.sleep(0.02)
