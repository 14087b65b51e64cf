"""The app under load, and at its end: the real process, real clients, a real signal."""

import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.client import Job
from gradio_client.utils import QueueError, Status

from benchmarks.load import App, expectations, predict_all, recordings, running_app
from benchmarks.uploads import ask_good, fault_of, kind_of, send_all, uploads
from ser_core import EmotionRecognizer
from ser_core.config.emotions import LABELS
from ser_core.ui.look import text
from ser_core.ui.server.serving import GRACE
from tests.support.app import (
    HTTP,
    SPEECH,
    connect,
    file_data,
    left_in,
    post,
    serving,
    upload,
)
from tests.support.browser import (
    ANSWERED,
    choose,
    expect,
    open_page,
    require_browser,
    start_browser,
)
from tests.support.held_app import hold

if TYPE_CHECKING:
    from playwright.sync_api import Page

LIMIT = 60.0  # [s] that a damaged upload may take here, where other tests may run
PATIENCE = 120.0  # [s] a busy machine may need
FLAT = 25.0  # [MB] that memory may grow by; each call kept 0.25 before sessions were forgotten
QUEUE = 2


@pytest.fixture(scope="module")
def app() -> Iterator[App]:
    with running_app() as running:
        yield running


def test_many_clients_at_once_lose_nothing_and_get_their_own_answers(
    app: App, tmp_path: Path
) -> None:
    expected = expectations(recordings(tmp_path, cuts=4))
    assert len({str(answer) for answer in expected.values()}) > 8
    outcome = predict_all(app, expected, clients=8, predictions=40)
    assert (outcome.lost, outcome.wrong) == ([], [])
    assert len(outcome.seconds) == 40
    assert app.settled() == 0


@pytest.mark.slow
def test_damaged_uploads_end_in_an_answer_or_a_sentence(app: App) -> None:
    before = ask_good(app, LIMIT)
    endings = send_all(app, 100, 1, limit=LIMIT, clients=8)
    assert len(endings) == 100
    assert [ending.fault for ending in endings if ending.fault] == []
    assert len({ending.kind for ending in endings}) > 4
    assert ask_good(app, LIMIT) == before
    assert app.settled() == 0
    assert "Traceback" not in app.log.read_text("utf-8", "replace")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_memory_does_not_grow_with_the_number_of_calls(app: App) -> None:
    sound = SPEECH.read_bytes()

    def ask(_: int) -> None:
        (stored,) = upload(app.url, "clip.wav", sound).json()
        assert post(app.url, "predict", file_data(stored))[0] == "complete"

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ask, range(50)))
        before = app.memory
        list(pool.map(ask, range(170)))
    assert app.memory - before < FLAT


def test_damage_is_the_same_for_the_same_seed_and_of_every_kind() -> None:
    first, again = list(uploads(60, 3)), list(uploads(60, 3))
    assert first == again
    assert first != list(uploads(60, 4))
    assert len({upload.damage for upload in first}) > 15


def test_only_a_sentence_is_taken_for_one() -> None:
    sentence = "clip.wav is empty: expected a recording, got 0 bytes; record it again."
    assert fault_of(sentence) == ""
    assert kind_of(sentence) == "... is empty: expected a recording, got N bytes; record it again."
    for other in (
        None,
        "",
        "Error",
        "ValueError: math domain error.",
        "b'\\x00' is no sound here.",
    ):
        assert fault_of(other)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def begun(client: Client, path: Path, endpoint: str) -> Job:
    """Start a call, and wait until it is worked on."""
    job = client.submit(handle_file(path), api_name=endpoint)
    wait_until(lambda: job.status().code == Status.PROCESSING or job.done())
    assert not job.done()
    return job


def held_app(until: Path, **environment: str) -> AbstractContextManager[App]:
    """The app, in a process of its own, whose predictions wait for a file."""
    return running_app("-m", "tests.support.held_app", HELD_UNTIL=str(until), **environment)


def test_an_app_that_is_told_to_end_answers_what_has_begun_and_nothing_new(tmp_path: Path) -> None:
    go = tmp_path / "go"
    with held_app(go, GRACE=str(PATIENCE)) as app:
        (kept,) = upload(app.url, "nobody's.wav", SPEECH.read_bytes()).json()
        client = connect(app.url)
        job = begun(client, SPEECH, "/predict")
        app.process.send_signal(signal.SIGTERM)
        wait_until(lambda: HTTP.get(f"{app.url}health").is_server_error)
        assert HTTP.get(f"{app.url}health").json()["error"] == text.ENDING
        refused = upload(app.url, "late.wav", SPEECH.read_bytes())
        assert refused.status_code == httpx.codes.SERVICE_UNAVAILABLE
        assert refused.json()["detail"] == text.ENDING
        assert not job.done()
        go.touch()
        assert job.result(PATIENCE)["label"] in LABELS
        assert app.process.wait(PATIENCE) == 0
        assert not Path(kept).exists()
        assert app.files() == []
        assert "Traceback" not in app.log.read_text("utf-8", "replace")


@pytest.mark.slow
def test_what_takes_too_long_is_broken_off_and_its_upload_deleted(tmp_path: Path) -> None:
    with held_app(tmp_path / "never") as app:
        job = begun(connect(app.url), SPEECH, "/predict")
        started = time.monotonic()
        app.process.send_signal(signal.SIGTERM)
        assert app.process.wait(PATIENCE) == 0
        assert GRACE < time.monotonic() - started < GRACE + 10
        assert app.files() == []
        assert job.exception(PATIENCE) is not None


@pytest.mark.slow
def test_ctrl_c_ends_an_idle_app_too() -> None:
    with running_app() as app:
        app.process.send_signal(signal.SIGINT)
        assert app.process.wait(PATIENCE) == 0


@pytest.fixture
def held(recognizer: EmotionRecognizer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Predictions are held up until this event is set."""
    go = threading.Event()
    held = hold(recognizer.predict, lambda: go.wait(PATIENCE))
    monkeypatch.setattr(recognizer, "predict", held)
    yield go
    go.set()


@pytest.fixture(scope="module")
def url(uploads: Path, recognizer: EmotionRecognizer) -> Iterator[str]:
    with serving(recognizer, queue=QUEUE, concurrency=1) as demo:
        yield demo.local_url


def wait_in_line(url: str, waiting: int) -> list[Job]:
    """Have one recording worked on, and others wait."""
    client = connect(url)
    first = begun(client, SPEECH, "/predict")
    others = [client.submit(handle_file(SPEECH), api_name="/predict") for _ in range(waiting)]
    wait_until(lambda: all(job.status().code == Status.IN_QUEUE for job in others))
    return [first, *others]


def test_those_who_wait_are_told_their_place_and_who_is_too_many_is_told_so(
    url: str, uploads: Path, held: Any
) -> None:
    jobs = wait_in_line(url, QUEUE)
    places = [job.status() for job in jobs[1:]]
    assert sorted(place.rank for place in places) == [0, 1]
    (path,) = upload(url, "clip.wav", SPEECH.read_bytes()).json()
    refused = HTTP.post(f"{url}gradio_api/call/predict", json={"data": [file_data(path)]})
    assert refused.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert refused.json()["detail"] == text.FULL.format(most=QUEUE)
    with pytest.raises(QueueError, match="Queue is full"):
        connect(url).predict(handle_file(SPEECH), api_name="/predict")
    assert HTTP.get(f"{url}health").status_code == httpx.codes.OK
    held.set()
    assert all(job.result(PATIENCE)["label"] in LABELS for job in jobs)
    # Whoever was refused may try again with the same upload.
    assert post(url, "predict", file_data(path))[0] == "complete"
    for file in left_in(uploads):
        file.unlink()  # of the client that was refused; the sweep by age would take it


@pytest.fixture
def pages(url: str) -> Iterator[list["Page"]]:
    require_browser()
    for browser in start_browser(SPEECH):
        first, second = open_page(browser, url), open_page(browser, url)
        opened = [next(first), next(second)]
        yield opened
        for page in opened:
            page.context.close()


@pytest.mark.slow
def test_a_visitor_sees_the_place_and_is_told_when_too_many_wait(
    url: str, pages: list["Page"], held: Any
) -> None:
    jobs = wait_in_line(url, QUEUE - 1)
    waits, refused = pages
    choose(waits, SPEECH)
    place = waits.locator(".ser-turn .progress-text").first
    place.wait_for()
    assert place.get_attribute("data-place") == f"{QUEUE}/{QUEUE}"
    shown = place.evaluate("one => getComputedStyle(one, '::before').content")
    assert text.TURN in shown
    choose(refused, SPEECH)
    refused.get_by_text("currently busy").first.wait_for()
    refused.wait_for_selector("#answer [data-status=busy]")
    assert refused.locator(".ser-turn .error:visible").count() == 0
    held.set()
    waits.wait_for_selector(ANSWERED)
    expect(place).to_be_hidden()
    assert all(job.result(PATIENCE)["label"] in LABELS for job in jobs)


@pytest.mark.slow
def test_uploads_in_flight_at_the_end_print_no_traceback() -> None:
    with running_app() as app:
        address = ("127.0.0.1", int(app.url.rstrip("/").rpartition(":")[2]))
        held = [socket.create_connection(address, PATIENCE) for _ in range(30)]
        for one in held:
            one.sendall(
                b"POST /gradio_api/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n"
                b"Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\nContent-Disposition: "
                b'form-data; name="files"; filename="a.wav"\r\n\r\n' + bytes(10_000)
            )
        deadline = time.monotonic() + PATIENCE
        while len(app.files()) < len(held) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert app.end() == 0
        log = app.log.read_text()
        assert app.files() == []
    assert "Traceback" not in log
    assert "ASGI" not in log
    assert all(b"503" in one.recv(100) for one in held)
    for one in held:
        one.close()
