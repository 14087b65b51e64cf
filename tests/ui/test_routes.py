"""Malformed requests: whatever a stranger sends, it ends in an answer or a sentence."""

import json
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

import gradio as gr
import httpx
import pytest

from benchmarks.load import App
from benchmarks.routes import (
    Attempt,
    Route,
    attempts,
    faults_of_log,
    list_events,
    odd_inputs,
    send_all,
)
from ser_core import EmotionRecognizer
from ser_core.ui.look import text
from ser_core.ui.server import gradio_requests
from ser_core.ui.server.faults import describe_place
from ser_core.ui.server.validation import DEEPEST, RequestError, read_json
from tests.support.app import HTTP, serving

NUMBER = 270  # requests, three for each route
ODD = 2  # values for each input of each event
API = "gradio_api/"


@pytest.fixture(scope="module")
def app(uploads: Path, recognizer: EmotionRecognizer) -> Iterator[gr.Blocks]:
    with serving(recognizer, max_megabytes=1) as demo:
        yield demo


@pytest.fixture(scope="module")
def url(app: gr.Blocks) -> str:
    return str(app.local_url)


LIKE_OTHERS = list(product(("", "v2/"), ("upload", "mcp", "mcp/x", "run/predict")))
"""Ends of paths that are a call's, and look like those of other routes."""


def assert_answered(
    url: str,
    sent: Sequence[Attempt],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> Counter[int]:
    """Each request must end in an answer or a sentence; returns how often each status did."""
    caplog.set_level(logging.INFO)
    running = App(None, url, Path(), Path())  # type: ignore[arg-type]  # in this process
    outcomes = send_all(running, sent)
    assert [(one.attempt.route, one.attempt.kind, one.fault) for one in outcomes if one.fault] == []
    printed = "".join(capfd.readouterr()) + caplog.text
    assert faults_of_log(printed) == []
    assert "Refused POST" in printed
    return Counter(outcome.status for outcome in outcomes)


def test_no_route_of_gradio_s_answers_a_5xx_or_prints_a_traceback(
    app: gr.Blocks,
    url: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    routes = [Route(path, methods) for path, methods in gradio_requests.list_routes(app)]
    assert len({route.path for route in routes}) > 60
    sent = list(attempts(NUMBER, 7, routes, list_events(app.get_config_file())))
    assert len(assert_answered(url, sent, caplog, capfd)) > 5


def test_each_input_of_each_event_may_be_odd_while_the_others_are_right(
    app: gr.Blocks,
    url: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    events = list_events(app.get_config_file())
    sent = list(odd_inputs(ODD, 7, events))
    assert len(sent) > ODD * len(events)
    statuses = assert_answered(url, sent, caplog, capfd)
    assert {200, 400} <= set(statuses)


def refused(answer: httpx.Response, status: int, sentence: str) -> bool:
    return (answer.status_code, answer.json()["error"]) == (status, sentence)


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("queue/data?session_hash=nobody", 404, text.NO_SESSION),
        ("queue/data", 404, text.NO_SESSION),
        ("call/predict/deadbeef", 404, text.NO_CALL),
        ("call/v2/predict/deadbeef", 404, text.NO_CALL),
        *((f"call/{call}gradio_api/{name}", 404, text.NO_CALL) for call, name in LIKE_OTHERS),
        ("upload_progress?upload_id=" + "a" * 900, 400, text.NO_IDENTITY),
        ("heartbeat/a%20b", 400, text.NO_IDENTITY),
        ("heartbeat/" + "a" * 5_000, 414, text.LONG_ADDRESS),
        ("file=" + "a" * 300, 404, text.LONG_NAME),
        ("file=%ff", 400, text.NO_UTF8),
        ("file=%00", 400, text.CONTROL_CHARACTERS),
        ("queue/data?session_hash=%ff", 400, text.NO_UTF8),
        ("info?page=moon", 404, text.NO_PAGE),
        ("stream/a/b/5/moon.mp3", 400, text.BAD_REQUEST),
        ("moon", 404, text.NOT_HERE),
    ],
)
def test_what_is_not_there_is_a_sentence(
    url: str, path: str, status: int, sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "ser_core")
    assert refused(HTTP.get(f"{url}{API}{path}"), status, sentence)
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith("Refused GET ")
    assert caplog.messages[0].endswith(f": {status}. {sentence}")


@pytest.mark.parametrize(
    ("route", "body", "status", "sentence"),
    [
        ("call/predict", {"data": []}, 400, text.WRONG_COUNT.format(wanted="1 to 3", given=0)),
        ("call/analyze", {"data": []}, 400, text.WRONG_COUNT.format(wanted="1 to 5", given=0)),
        ("call/predict", {"data": [0] * 4}, 400, text.WRONG_COUNT.format(wanted="1 to 3", given=4)),
        ("call/predict", {"data": {}}, 400, text.WRONG_FIELD.format(name="data", kind="list")),
        ("call/predict", {}, 400, text.NO_FIELD.format(name="data")),
        ("call/predict", [], 400, text.NO_OBJECT),
        ("call/moon", {"data": []}, 404, text.NO_EVENT),
        ("call/v2/moon", {}, 404, text.NO_EVENT),
        (
            "call/v2/predict",
            {"moon": 1},
            400,
            text.WRONG_ARGUMENTS.format(names="audio, labels, group"),
        ),
        ("call/v2/predict", {}, 400, text.WRONG_ARGUMENTS.format(names="audio, labels, group")),
        ("call/v2/predict", [], 400, text.NO_OBJECT),
        ("run/predict", {"data": [5]}, 400, text.NOT_AN_UPLOAD),
        ("run/predict", {"data": [5], "batched": True}, 400, text.BATCHED),
        ("run/moon", {"data": [5], "fn_index": 999}, 404, text.NO_EVENT),
        ("run/x", {"data": [], "fn_index": True}, 400, None),
        ("queue/join", {"data": [], "fn_index": 0}, 400, None),
        ("queue/join", {"data": [], "fn_index": 0, "session_hash": "a" * 5_000}, 400, None),
        ("queue/join", {"data": [], "fn_index": -1, "session_hash": "a"}, 404, text.NO_EVENT),
        ("cancel", {}, 400, text.NO_FIELD.format(name="session_hash")),
        ("reset", {"event_id": 5}, 400, text.WRONG_FIELD.format(name="event_id", kind="str")),
    ],
)
def test_a_call_that_lacks_what_it_needs_is_a_sentence(
    url: str, route: str, body: object, status: int, sentence: str | None
) -> None:
    answer = HTTP.post(f"{url}{API}{route}", json=body)
    assert answer.status_code == status
    said = answer.json()["error"]
    assert said.endswith(".")
    assert sentence in (None, said)


def test_what_browsers_do_by_themselves_cannot_be_called(url: str) -> None:
    events = HTTP.get(f"{url}config").json()["dependencies"]
    numbers = [event["id"] for event in events if not event["backend_fn"]]
    assert numbers
    for number in numbers:
        body = {"data": [], "fn_index": number, "session_hash": "a"}
        for route in ("run/predict", "queue/join"):
            assert refused(HTTP.post(f"{url}{API}{route}", json=body), 404, text.NO_EVENT)


def test_live_sound_that_is_none_is_a_sentence(url: str, caplog: pytest.LogCaptureFixture) -> None:
    (live,) = [one for one in list_events(HTTP.get(f"{url}config").json()) if one.is_live]
    body = {"data": list(live.inputs), "fn_index": live.number, "session_hash": "listener"}
    nothing = [None] * len(live.inputs)
    for route, status in (("run/predict", 400), ("queue/join", 200)):
        answer = HTTP.post(f"{url}{API}{route}", json=body | {"data": nothing})
        assert answer.status_code == status
        assert status == 200 or refused(answer, status, text.WRONG_INPUT)
    said = HTTP.get(f"{url}{API}queue/data?session_hash=listener").text
    assert f'"error":{json.dumps(text.WRONG_INPUT)}' in said
    call = HTTP.post(f"{url}{API}queue/join", json=body).json()["event_id"]
    chunk = f"{url}{API}stream/{call}"
    wrong = text.WRONG_COUNT.format(wanted=len(nothing), given=9)
    assert refused(HTTP.post(chunk, json={"data": [None] * 9}), 400, wrong)
    assert refused(HTTP.post(chunk, json={}), 400, text.NO_FIELD.format(name="data"))
    assert refused(HTTP.post(chunk), 400, text.NO_OBJECT)
    assert refused(HTTP.post(f"{chunk}x", json={"data": nothing}), 404, text.NO_CALL)
    assert HTTP.post(chunk, json={"data": nothing}).status_code == httpx.codes.OK
    said = HTTP.get(f"{url}{API}queue/data?session_hash=listener").text
    assert f'"error":{json.dumps(text.WRONG_INPUT)}' in said
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", text.NO_OBJECT),
        (b"{", text.NO_JSON),
        (b'{"data": [NaN]}', text.NO_NUMBER),
        (b'{"data": [-Infinity]}', text.NO_NUMBER),
        (b'{"data": [1e999]}', text.NO_NUMBER),
        (b'{"data": [' + b"9" * 30 + b"]}", text.NO_NUMBER),
        (b'{"data": [' + b"9" * 5_000 + b"]}", text.NO_JSON),
        (b'{"data": ["\xff"]}', text.NO_UTF8),
        (b'{"data": ["\\ud800"]}', text.NO_UTF8),
        ('{"data": []}'.encode("utf-16"), text.NO_UTF8),
        (b"[" * 100 + b"]" * 100, text.DEEP_JSON.format(levels=DEEPEST)),
        (b"[" * 100_000, text.DEEP_JSON.format(levels=DEEPEST)),
        (b'{"data": []} x', text.NO_JSON),
    ],
)
def test_json_that_no_machine_has_is_a_sentence(url: str, body: bytes, sentence: str) -> None:
    headers = {"Content-Type": "application/json"}
    for route in ("call/predict", "queue/join", "stream/x", "cancel"):
        answer = HTTP.post(f"{url}{API}{route}", content=body, headers=headers)
        assert refused(answer, 400, sentence), (route, answer.text)


def test_another_type_of_content_and_too_much_of_it_are_sentences(url: str) -> None:
    address = f"{url}{API}call/predict"
    assert refused(HTTP.post(address, data={"data": "x"}), 415, text.WRONG_TYPE)
    assert refused(HTTP.post(address, json={"data": ["a" * 1_100_000]}), 413, text.LARGE_REQUEST)
    assert refused(HTTP.put(address), 405, text.WRONG_METHOD)
    assert refused(HTTP.get(url, headers={"Host": "[::1"}), 400, text.NO_HOST)


@pytest.mark.parametrize(
    ("host", "allowed"), [("emotion.example", "https://elsewhere.example"), ("127.0.0.1", None)]
)
@pytest.mark.parametrize("path", ["call/moon", "moon", "file=%ff"])
def test_scripts_of_other_sites_may_read_refusals_as_they_may_answers(
    url: str, path: str, host: str, allowed: str | None
) -> None:
    headers = {"Host": host, "Origin": "https://elsewhere.example"}
    answer = HTTP.post(f"{url}{API}{path}", json={"data": []}, headers=headers)
    assert 400 <= answer.status_code < 500
    assert answer.headers.get("access-control-allow-origin") == allowed
    if allowed:
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize("host", ["[::1", "xn--", "xn--.example", "a:b"])
@pytest.mark.parametrize("name", ["Host", "X-Forwarded-Host"])
def test_a_host_that_is_none_is_refused_in_one_line(
    url: str, name: str, host: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "ser_core")
    answer = HTTP.get(f"{url}config", headers={name: host.encode("latin-1")})
    assert refused(answer, 400, text.NO_HOST)
    assert len(caplog.messages) == 1


def test_a_host_that_is_none_is_refused_to_other_sites_too(url: str) -> None:
    answer = HTTP.get(url, headers={"Host": "[::1", "Origin": "https://elsewhere.example"})
    assert refused(answer, 400, text.NO_HOST)


@pytest.mark.parametrize("value", [5, "é", None, [1.5, {"a": [True]}], [[]] * 3])
def test_json_is_read_as_it_is(value: object) -> None:
    assert read_json(json.dumps(value).encode()) == value
    assert read_json(json.dumps(value, ensure_ascii=False).encode()) == value


def test_json_may_be_as_deep_as_it_says() -> None:
    assert read_json(b"[" * DEEPEST + b"]" * DEEPEST)
    with pytest.raises(RequestError):
        read_json(b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1))


def test_the_log_is_told_where_an_error_was_raised() -> None:
    with pytest.raises(RuntimeError) as caught:
        raise RuntimeError("it failed")
    assert describe_place(caught.value).startswith("RuntimeError in test_routes.py, line ")
