"""Comparing, describing and the ways in: a real server, and every snippet of the page run on it."""

import html
import io
import json
import logging
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import numpy as np
import pytest
from gradio.route_utils import delete_files_created_by_app
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from ser_core import DEFAULT_MODEL, EmotionRecognizer, __version__
from ser_core.config.emotions import LABELS
from ser_core.model.repository import Repository
from ser_core.timeline.exports import FORMATS, ExportFormat, write_export
from ser_core.ui.api.snippets import ADDRESS, SNIPPETS
from ser_core.ui.look import text
from ser_core.ui.page import Page
from ser_core.ui.server.validation import DEEPEST, MOST_TOOL_BYTES
from ser_core.ui.settings import Settings
from ser_core.ui.tabs import about_tab, compare_tab
from tests.support.app import (
    HTTP,
    PATIENCE,
    SPEECH,
    connect,
    file_data,
    left_in,
    post,
    serving,
    upload,
    wav,
)
from tests.support.language_tools import HAS_MCP, data_address, needs_mcp, with_tools
from tests.support.recordings import FIXTURES

OTHER = FIXTURES / "speech.mp3"
SOON = 30  # [s] within which what needs no queue is answered, on a busy machine
METRICS = json.loads((Path(DEFAULT_MODEL) / "metrics.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def app(uploads: Path, recognizer: EmotionRecognizer) -> Iterator[gr.Blocks]:
    with serving(recognizer, max_seconds=10, max_megabytes=1, mcp=HAS_MCP) as demo:
        yield demo


@pytest.fixture(scope="module")
def url(app: gr.Blocks) -> str:
    return app.local_url


@pytest.fixture(scope="module")
def client(url: str) -> Client:
    return connect(url)


@pytest.fixture
def clips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with the recordings that the snippets name."""
    shutil.copy(SPEECH, tmp_path / "clip.wav")
    shutil.copy(FIXTURES / "speech_48k_stereo.wav", tmp_path / "other.wav")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_compare_answers_each_and_one_bad_file_does_not_lose_the_others(
    client: Client, recognizer: EmotionRecognizer, uploads: Path, tmp_path: Path
) -> None:
    garbage = tmp_path / "garbage.wav"
    garbage.write_bytes(b"this is not audio" * 100)
    files = [handle_file(path) for path in (SPEECH, garbage, OTHER)]
    first, second, third = client.predict(files, api_name="/compare")
    assert first == {"position": 0, **recognizer.predict(SPEECH).to_dict()}
    assert third == {"position": 2, **recognizer.predict(OTHER).to_dict()}
    assert set(second) == {"position", "error"}
    assert second["position"] == 1
    assert "garbage.wav cannot be read as audio" in second["error"]
    assert left_in(uploads) == []


def test_the_same_recording_twice_is_answered_twice(client: Client, uploads: Path) -> None:
    first, second = client.predict([handle_file(SPEECH)] * 2, api_name="/compare")
    assert first["probabilities"] == second["probabilities"]
    assert left_in(uploads) == []


@pytest.mark.parametrize("count", [0, 1, 7])
def test_too_few_and_too_many_recordings_are_a_sentence(
    client: Client, uploads: Path, count: int
) -> None:
    with pytest.raises(AppError, match=f"Expected 2 to 6 recordings to compare, got {count}"):
        client.predict([handle_file(SPEECH)] * count, api_name="/compare")
    assert left_in(uploads) == []


@pytest.mark.parametrize("data", [None, "clip.wav", 3, {"path": "clip.wav"}])
def test_what_is_no_list_cannot_be_compared(url: str, data: object) -> None:
    event, answer = post(url, "compare", data)
    assert (event, answer["error"]) == ("error", text.NOT_A_LIST)


def test_what_is_no_upload_says_so_in_its_place(url: str) -> None:
    (path,) = upload(url, "clip.wav", SPEECH.read_bytes()).json()
    event, (answers,) = post(url, "compare", [file_data(path), {"path": "/etc/passwd"}, 3])
    assert event == "complete"
    assert answers[0]["label"] in LABELS
    errors = [{"position": at, "error": text.NOT_AN_UPLOAD} for at in (1, 2)]
    assert answers[1:] == errors


ASKED = {"labels": ["sad", "angry", "calm"], "group": {"negative": ["angry", "sad"]}}


def test_every_endpoint_answers_in_the_labels_that_were_asked_for(
    client: Client, recognizer: EmotionRecognizer
) -> None:
    clip = handle_file(SPEECH)
    expected = recognizer.predict(SPEECH, **ASKED).to_dict()
    assert client.predict(clip, **ASKED, api_name="/predict_all") == expected
    assert client.predict(clip, [], ASKED["group"], api_name="/predict")["top"] == [
        {"label": label, "probability": probability}
        for label, probability in recognizer.predict(SPEECH, group=ASKED["group"]).top(3)
    ]
    first, _ = client.predict([clip, clip], **ASKED, api_name="/compare")
    assert first == {"position": 0, **expected}
    timeline = client.predict(clip, **ASKED, api_name="/analyze")
    assert timeline == json.loads(recognizer.analyze(SPEECH, **ASKED).to_json())
    assert timeline["groups"] == {"negative": ["sad", "angry"]}


@pytest.mark.parametrize(
    ("endpoint", "asked", "sentence"),
    [
        ("predict", (["mad", "sad"],), "labels has 'mad', which is no label of this model"),
        ("predict", ("sad",), "labels must be a list of labels, got 'sad'"),
        ("predict", (7,), "labels must be a list of labels, got 7"),
        ("predict_all", ([["sad"], {}],), "labels has ['sad'], which is no label"),
        ("analyze", (0, "mix", [], ["sad"]), "group must be a dict"),
        ("compare", ([], {"happy": ["sad"]}), "'happy' has the name of a label that is in no"),
    ],
)
def test_labels_that_cannot_be_are_a_sentence_and_the_upload_goes(
    url: str, uploads: Path, endpoint: str, asked: tuple, sentence: str
) -> None:
    (path,) = upload(url, "clip.wav", SPEECH.read_bytes()).json()
    audio = [file_data(path)] * 2 if endpoint == "compare" else file_data(path)
    event, answer = post(url, endpoint, audio, *asked)
    assert event == "error"
    assert sentence in answer["error"]
    assert left_in(uploads) == []


def test_model_info_tells_what_answers_and_how_it_was_measured(
    client: Client, recognizer: EmotionRecognizer
) -> None:
    told = client.predict(api_name="/model_info")
    assert (told["model"], told["revision"], told["version"]) == ("embedded", None, __version__)
    assert told["labels"] == list(LABELS)
    assert told["recipe"] == METRICS["recipe"]
    assert (told["window"], told["sample_rate"]) == (recognizer.config.window, 16_000)
    assert told["parameters"] > 0
    for name in ("protocol", "accuracy", "accuracy_interval", "uar", "ece", "clips", "speakers"):
        assert told["metrics"][name] == METRICS[name]
    assert told["licence"] == "cc-by-nc-sa-4.0"
    assert told["limits"] == {
        "max_seconds": 10.0,
        "max_timeline_seconds": 3600.0,
        "max_megabytes": 1,
        "min_compared": 2,
        "max_compared": 6,
    }


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_a_timeline_is_exported_as_python_writes_it(
    client: Client, recognizer: EmotionRecognizer, uploads: Path, form: ExportFormat
) -> None:
    clip = handle_file(SPEECH)
    told = client.predict(clip, form.name, channels="separate", api_name="/export")
    timeline = recognizer.analyze(SPEECH, channels="separate")
    assert told == {
        "name": SPEECH.stem + form.ending,
        "media_type": form.media_type,
        "text": write_export(timeline, form, recording=SPEECH.name).decode("utf-8"),
    }
    assert left_in(uploads) == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["docx"], "A timeline is written as csv, json, .+; got 'docx'"),
        ([7], "A timeline is written as csv, json, .+; got 7"),
        (["rttm"], "RTTM says who speaks, which nobody asked for: expected .+ speakers=2"),
        (["csv", 99], "99"),
    ],
)
def test_what_cannot_be_exported_is_a_sentence(
    client: Client, uploads: Path, arguments: list[Any], sentence: str
) -> None:
    with pytest.raises(AppError, match=sentence):
        client.predict(handle_file(SPEECH), *arguments, api_name="/export")
    assert left_in(uploads) == []


def test_an_embedding_is_that_of_python(
    client: Client, recognizer: EmotionRecognizer, uploads: Path
) -> None:
    told = client.predict(handle_file(SPEECH), api_name="/embed")
    expected = recognizer.embed(SPEECH)
    assert np.array_equal(np.array(told["embedding"], np.float32), expected.vector)
    assert (told["speech_seconds"], told["duration"]) == (
        expected.speech_seconds,
        expected.duration,
    )
    assert left_in(uploads) == []


def test_the_new_endpoints_are_typed_and_documented(url: str) -> None:
    endpoints = HTTP.get(f"{url}gradio_api/info").json()["named_endpoints"]
    compared, described = endpoints["/compare"], endpoints["/model_info"]
    parameter, labels, group = compared["parameters"]
    assert parameter["parameter_name"] == "recordings"
    assert parameter["type"]["type"] == "array"
    assert (labels["type"]["type"], group["type"]["type"]) == ("array", "object")
    assert labels["parameter_has_default"]
    assert group["parameter_has_default"]
    assert compared["description"].startswith(
        "Predict the emotion in each of two to six recordings"
    )
    answered, failed = compared["returns"][0]["type"]["items"]["anyOf"]
    assert {"position", "label", "probabilities"} <= set(answered["properties"])
    assert set(failed["properties"]) == {"position", "error"}
    assert described["parameters"] == []
    assert described["description"].startswith("Describe the model")
    assert {"metrics", "licence", "limits"} <= set(described["returns"][0]["type"]["properties"])


def test_health_and_model_info_answer_while_predictions_run(
    url: str, recognizer: EmotionRecognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, held = threading.Event(), threading.Event()
    predict = recognizer.predict

    def slow(*audio: Any, **options: Any) -> Any:
        running.set()
        held.wait()
        return predict(*audio, **options)

    def ask(_: int) -> dict:
        return connect(url).predict(handle_file(SPEECH), api_name="/predict_all")

    monkeypatch.setattr(recognizer, "predict", slow)
    with ThreadPoolExecutor(4) as pool:
        answers = pool.map(ask, range(4))
        try:
            assert running.wait(4 * SOON)
            health = HTTP.get(f"{url}health", timeout=SOON)
            assert health.json() == {
                "status": "ok",
                "model": "embedded",
                "revision": None,
                "version": __version__,
            }
            assert connect(url).predict(api_name="/model_info")["version"] == __version__
        finally:
            held.set()
        assert all(answer["label"] in LABELS for answer in answers)


def test_the_python_snippet_runs(url: str, clips: Path, capsys: pytest.CaptureFixture) -> None:
    address = f'"{url.rstrip("/")}"'
    assert f'"{ADDRESS}"' in SNIPPETS["python"]
    # As it stands it gives up after some seconds, which a busy machine may need.
    patient = f'{address}, httpx_kwargs={{"timeout": {PATIENCE}}}'
    code = SNIPPETS["python"].replace(f'"{ADDRESS}"', patient)
    exec(compile(code, "python", "exec"), {})
    printed = capsys.readouterr().out.splitlines()
    assert printed[-3].split()[1] in LABELS
    assert [line.split()[0] for line in printed[-2:]] == ["0", "1"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_curl_snippet_runs(url: str, clips: Path) -> None:
    code = SNIPPETS["curl"].replace(ADDRESS, url.rstrip("/"))
    done = subprocess.run(["sh", "-c", code], capture_output=True, text=True, check=True)
    event, data = done.stdout.strip().splitlines()[-2:]  # after heartbeats, where it takes long
    assert event == "event: complete"
    assert json.loads(data.removeprefix("data: "))[0]["label"] in LABELS


def test_snippets_and_table_name_the_endpoints_there_are(url: str) -> None:
    endpoints = set(HTTP.get(f"{url}gradio_api/info").json()["named_endpoints"])
    assert {name for name, *_ in text.ENDPOINTS} == endpoints | {"/health"}
    assert 'client.predict("/predict", { audio:' in SNIPPETS["javascript"]
    for on in (False, True):
        assert (text.MCP_OFF in html.unescape(about_tab.snippets(mcp=on))) is not on
    assert [language for language, *_ in text.SNIPPET_NAMES] == list(SNIPPETS)


@pytest.mark.slow
def test_the_javascript_snippet_runs(url: str, clips: Path) -> None:
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    fetched = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "@gradio/client"],
        cwd=clips,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "npm_config_cache": str(clips / "npm")},
    )
    if fetched.returncode:
        pytest.skip("npm cannot fetch @gradio/client")
    (clips / "snippet.mjs").write_text(SNIPPETS["javascript"].replace(ADDRESS, url.rstrip("/")))
    done = subprocess.run(
        ["node", "snippet.mjs"], cwd=clips, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[1] in LABELS


@needs_mcp
def test_every_endpoint_is_a_tool_with_its_description(url: str) -> None:
    tools = {tool.name: tool for tool in with_tools(url, lambda one: one.list_tools()).tools}
    assert set(tools) == {
        *("predict", "predict_all", "analyze", "export", "compare", "embed", "model_info")
    }
    assert tools["predict"].description.startswith("Predict the emotion in a recording")
    assert tools["compare"].inputSchema["required"] == ["recordings"]
    assert tools["analyze"].inputSchema["required"] == ["audio"]
    assert tools["export"].inputSchema["required"] == ["audio", "format"]


@needs_mcp
def test_tools_answer_what_the_endpoints_answer_and_keep_no_file(
    app: gr.Blocks, url: str, recognizer: EmotionRecognizer
) -> None:
    clip = data_address(SPEECH)

    async def ask(session: Any) -> list[Any]:
        return [
            await session.call_tool("predict_all", {"audio": clip}),
            await session.call_tool("compare", {"recordings": [clip, clip]}),
            await session.call_tool("model_info", {}),
        ]

    alone, both, told = with_tools(url, ask)
    expected = recognizer.predict(SPEECH).to_dict()
    assert not any(answer.isError for answer in (alone, both, told))
    assert alone.content[0].text == str(expected)
    assert both.content[0].text == str([{"position": at, **expected} for at in (0, 1)])
    assert f"'version': '{__version__}'" in told.content[0].text
    files = [Path(path) for path in app.upload_file_set]
    assert files
    delete_files_created_by_app(app, None)  # what Gradio does to files of some age
    assert not any(file.exists() for file in files)


@needs_mcp
@pytest.mark.parametrize(
    ("tool", "arguments", "sentence"),
    [
        ("predict", {"audio": "data:audio/wav;base64,AAAA"}, "cannot be read as audio"),
        ("predict", {"audio": "/etc/passwd"}, text.TOOL_FILE),
        ("predict", {"audio": "x" * 95_000}, text.TOOL_FILE),
        ("predict", {"audio": "data:"}, "cannot be read as audio"),
        ("predict", {"audio": 5}, text.TOOL_KIND.format(name="audio", kind="string")),
        ("predict", {"audio": ["x" * 900]}, text.TOOL_KIND.format(name="audio", kind="string")),
        ("predict", {}, text.TOOL_NEEDS.format(names="audio")),
        ("model_info", {"xxxxx": 1}, text.TOOL_UNKNOWN),
        ("xxxxx" * 90, {}, text.TOOL_UNKNOWN),
        ("compare", {"recordings": []}, "Expected 2 to 6 recordings to compare, got 0"),
        (
            "compare",
            {"recordings": "x" * 90},
            text.TOOL_KIND.format(name="recordings", kind="array"),
        ),
        ("compare", {"recordings": ["x" * 90] * 2}, text.TOOL_FILE),
    ],
)
def test_a_tools_error_is_a_sentence(url: str, tool: str, arguments: dict, sentence: str) -> None:
    answer = with_tools(url, lambda session: session.call_tool(tool, arguments))
    assert answer.isError
    said = answer.content[0].text
    assert sentence in said
    assert said.endswith(".")
    assert "xxxxx" not in said
    assert "Traceback" not in said


@needs_mcp
@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", text.NO_JSON),
        (b"{", text.NO_JSON),
        (b"\xff", text.NO_UTF8),
        (b"[" * 100_000, text.DEEP_JSON.format(levels=DEEPEST)),
        (b'{"id": ' + b"9" * 5_000 + b"}", text.NO_JSON),
        (b'{"id": 1e999}', text.NO_NUMBER),
        (b'{"id": "\\ud800", "method": "tools/list"}', text.NO_UTF8),
        (b'{"id": 1, "params": {"arguments": {"speakers": 1' + b"0" * 30 + b"}}}", text.NO_NUMBER),
        (b'"' + b"a" * MOST_TOOL_BYTES + b'"', text.LARGE_REQUEST),
    ],
)
@pytest.mark.parametrize("path", ["mcp/", "mcp/messages/?session_id=moon"])
def test_a_tools_call_that_no_machine_can_read_is_a_sentence(
    url: str, path: str, body: bytes, sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    headers = {
        "Accept": "application/json, text/event-stream",
        "Content-Type": "application/json",
    }
    answer = HTTP.post(f"{url}gradio_api/{path}", content=body, headers=headers)
    assert answer.status_code == (413 if sentence == text.LARGE_REQUEST else 400)
    assert answer.json()["error"]["message"] == sentence
    lines = [one for one in caplog.messages if not one.startswith("HTTP Request")]
    assert len(lines) == 1
    assert lines[0].endswith(sentence)


@needs_mcp
def test_the_log_repeats_nothing_that_a_tool_was_sent(url: str) -> None:
    # Not caplog, which hears loggers that the log does not.
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    logging.getLogger().addHandler(handler)
    address = httpx.URL(f"{url}gradio_api/mcp/")
    answered = {"jsonrpc": "2.0", "id": 1, "result": {"moonlit": 1}}
    accepts = {"Accept": "application/json, text/event-stream"}
    HTTP.post(address, content=b"{}", headers=accepts | {"Content-Type": "moonlit"})
    HTTP.post(address, json=answered, headers=accepts)
    HTTP.post(address, json={"jsonrpc": "2.0", "id": 1, "method": "moonlit"}, headers=accepts)

    def told() -> bool:
        return log.getvalue().count(text.LOG_NO_CALL) >= 3

    deadline = time.monotonic() + 120
    while not told() and time.monotonic() < deadline:
        time.sleep(0.05)
    logging.getLogger().removeHandler(handler)
    assert told()
    assert "moonlit" not in log.getvalue()
    assert "Traceback" not in log.getvalue()


@pytest.fixture(scope="module")
def page(recognizer: EmotionRecognizer) -> Page:
    return Page(recognizer, Settings(), Repository.load(recognizer.directory))


def test_the_tab_shows_each_recording_and_says_which_cannot_be_used(
    page: Page, tmp_path: Path
) -> None:
    garbage = tmp_path / "<b>garbage.wav"
    garbage.write_bytes(b"not audio at all" * 50)
    *working, last = compare_tab.answers(page, [str(SPEECH), str(garbage), "gone.wav"])
    assert [shown[0].count('data-status="working"') for shown in working] == [3, 2, 1]
    cards, picture, rows = last
    label = page.recognizer.predict(SPEECH).label
    assert 'data-compare="done"' in cards
    assert 'style="--emotion:' in cards
    assert label in cards.lower()
    assert cards.count('data-status="failed"') == 2
    assert "1. speech_female.wav" in cards
    assert "<b>" not in cards
    assert "no longer on the server" in cards
    (bars,) = json.loads(picture.value["plot"])["data"]
    assert bars["name"] == "Recording 1"
    assert rows.count("<tr>") == 1 + len(LABELS)


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, text.COMPARE_WAITING), (1, text.COMPARE_ONE_MORE), (7, "Expected 2 to 6 recordings")],
)
def test_the_tab_says_how_many_it_takes(page: Page, count: int, words: str) -> None:
    ((cards, picture, rows),) = compare_tab.answers(page, [str(SPEECH)] * count)
    assert words in cards
    assert (picture["visible"], rows) == (False, "")


def test_silence_is_compared_without_a_picture(page: Page, tmp_path: Path) -> None:
    silence = tmp_path / "silence.wav"
    silence.write_bytes(wav(np.zeros(48_000)))
    *_, (cards, picture, rows) = compare_tab.answers(page, [str(silence)] * 2)
    assert cards.count(text.NO_SPEECH_TITLE) == 2
    assert not any(label in cards.lower() for label in LABELS)
    assert (picture["visible"], rows) == (False, "")
