"""The app under attack: a real server, and what a stranger could send to it."""

import errno
import http.client
import json
import logging
import re
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import gradio as gr
import httpx
import numpy as np
import pytest
import safehttpx
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from gradio_client.utils import is_file_obj_with_meta, traverse
from starlette.datastructures import UploadFile

from ser_core import DEFAULT_MODEL, EmotionRecognizer
from ser_core.config.emotions import LABELS
from ser_core.ui.look import text
from ser_core.ui.server.gradio_uploads import MOST_FIELD_BYTES
from tests.support.app import (
    HTTP,
    LIMITS,
    PATIENCE,
    ROOT,
    SPEECH,
    connect,
    file_data,
    left_in,
    post,
    running_app,
    serving,
    upload,
)
from tests.support.browser import choose, clear, open_tab
from tests.support.embedded import NETWORK_FILE

if TYPE_CHECKING:
    from playwright.sync_api import Page

SECRET = "nobody may read this"
USER = ("ann", "hush-hush")
ENDPOINTS = ("predict", "predict_all", "analyze", "export", "compare", "embed")
PUBLIC = "huggingface.co"  # Gradio takes its address for public without a look
NOT_AN_UPLOAD, NOT_FETCHED = (
    sentence.split(":")[0] for sentence in (text.NOT_AN_UPLOAD, text.NOT_FETCHED)
)
TAG = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def url(app: gr.Blocks) -> str:
    return app.local_url


@pytest.fixture(scope="module")
def permissive(uploads: Path, recognizer: EmotionRecognizer) -> Iterator[str]:
    """Address of an app that asks for a login, and fetches addresses for those who have one."""
    with serving(recognizer, **LIMITS, auth=(USER,), fetch=True) as demo:
        yield demo.local_url


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.wav"
    path.write_text(SECRET)
    return path


class Canary(ThreadingHTTPServer):
    """A web server that counts who comes; it has a recording, and a stream without an end."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _CanaryHandler)
        self.hits: list[str] = []
        self.sent = 0
        self.url = f"http://127.0.0.1:{self.server_port}/"


class _CanaryHandler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.hits.append(self.path)
        self.send_response(302 if self.path.endswith("moved") else 200)
        self.send_header("Location", "clip.wav")
        self.end_headers()
        if self.path.endswith("clip.wav"):
            self.wfile.write(SPEECH.read_bytes())
        with suppress(OSError):
            while self.path.endswith("endless"):
                self.server.sent += self.wfile.write(bytes(65_536))

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def canary() -> Iterator[Canary]:
    server = Canary()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def looked_up(canary: Canary, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The hosts this process looks up; whatever it would ask of them, it would ask the canary."""
    hosts, real = set(), socket.getaddrinfo

    def watched(host: Any, *rest: Any, **options: Any) -> Any:
        hosts.add(host.decode() if isinstance(host, bytes) else host)
        return real(host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", watched)
    monkeypatch.setenv("HTTP_PROXY", canary.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    return hosts


def raw(url: str, path: str, method: str = "GET") -> tuple[int, bytes]:
    """Ask for a path as it stands: other clients tidy `..` up."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE)
    connection.request(method, path)
    answer = connection.getresponse()
    return answer.status, answer.read()


def hearing_events(url: str, live: bool = True) -> list[tuple[int, list[str]]]:
    """The page's events that take files: their numbers, and the kinds of what they take."""
    config = HTTP.get(f"{url}config").json()
    kinds = {one["id"]: one["type"] for one in config["components"]}
    events = [
        (one["id"], [kinds[i] for i in one["inputs"]])
        for one in config["dependencies"]
        if one["backend_fn"] and (live or "stream" not in dict(map(reversed, one["targets"])))
    ]
    return [event for event in events if {"audio", "file"} & set(event[1])]


def given(kinds: list[str], file: object) -> list[object]:
    return [{"audio": file, "file": [file]}.get(kind) for kind in kinds]


def answers_of(url: str, file: dict) -> Iterator[str]:
    """Send a file's data to all endpoints and all of the page's events; yields what they say."""
    for name in ENDPOINTS:
        data = {"compare": [[file, file]], "export": [file, "srt"]}.get(name, [file])
        yield json.dumps(post(url, name, *data))
    for number, kinds in hearing_events(url):
        body = {"data": given(kinds, file), "fn_index": number, "session_hash": "stranger"}
        yield HTTP.post(f"{url}gradio_api/run/predict", json=body).text


# No path of the server is readable


def test_no_file_of_the_server_is_served(url: str, uploads: Path, secret: Path) -> None:
    up = "../" * 20
    (mine,) = upload(url, "mine.wav", b"a stranger's").json()
    for path in (
        "/etc/passwd",
        f"{secret}",
        f"{uploads}{'/..' * 20}{secret}",
        f"{ROOT}/app.py",
        "app.py",
        f"{DEFAULT_MODEL}/{NETWORK_FILE}",
        f"{DEFAULT_MODEL}/metrics.json",
        "/proc/self/environ",
        f"file://{secret}",
        f"{up}etc/passwd",
        f"{uploads}",
        f"{Path(mine).parent}",
    ):
        forms = {path, quote(path, safe=""), quote(quote(path, safe=""), safe="")}
        for form in forms | {f"/{path}", path.replace("../", "..%2f"), path.replace("..", "%2e.")}:
            for route in ("gradio_api/file=", "gradio_api/file/", "static/", "assets/", "svelte/"):
                status, body = raw(url, f"/{route}{form}")
                assert status in (403, 404), (route, form)
                assert len(body) < 1_000
                assert SECRET.encode() not in body
    assert raw(url, f"/gradio_api/file={mine}") == (200, b"a stranger's")


def test_no_event_takes_a_path_that_is_no_upload(url: str, uploads: Path, secret: Path) -> None:
    before = left_in(uploads)
    (uploads / "link").symlink_to(secret)
    for path in (str(secret), f"{uploads}/../{secret.parent.name}/secret.wav", f"{uploads}/link"):
        for more in ({}, {"is_stream": True}, {"url": f"{url}gradio_api/file={secret}"}):
            for answer in answers_of(url, file_data(path) | more):
                assert NOT_AN_UPLOAD in answer
    (uploads / "link").unlink()
    assert secret.read_text() == SECRET
    assert left_in(uploads) == before


@pytest.mark.parametrize(
    "path",
    [
        f"file=http://{PUBLIC}/clip.wav",
        f"file/http://{PUBLIC}/clip.wav",
        f"file=https://{PUBLIC}/robots.txt",
        "deep_link?session_hash=stranger",
        "component_server",
        "process_recording",
        "custom_component/a%20The%20log%20says/client/b/c",
        "dev/reload",
        "vibe-edit",
        "run-history/buckets",
        f"proxy=http://{PUBLIC}/clip.wav",
        "proxy=http://[::1/x",
        "proxy=http://a:b/",
    ],
)
def test_what_the_page_does_not_need_is_closed(
    url: str, uploads: Path, canary: Canary, looked_up: set[str], path: str
) -> None:
    before = left_in(uploads)
    for method in ("GET", "POST"):
        assert raw(url, f"/gradio_api/{path}", method) == (404, text.CLOSED.encode())
    assert looked_up <= {"127.0.0.1", None}
    assert canary.hits == []
    assert left_in(uploads) == before


@pytest.mark.parametrize("path", ["vibe-code", "monitoring"])
def test_what_gradio_closes_stays_closed(
    url: str, canary: Canary, looked_up: set[str], path: str
) -> None:
    assert raw(url, f"/gradio_api/{path}")[0] in (400, 403, 404)
    assert raw(url, f"/{path}")[0] in (403, 404)
    assert looked_up <= {"127.0.0.1", None}
    assert canary.hits == []


def test_pages_and_pictures_among_the_uploads_are_not_shown_as_such(url: str) -> None:
    for name in ("page.html", "picture.svg", "script.js", "page.xhtml"):
        (path,) = upload(url, name, b"<script>alert(1)</script>").json()
        served = HTTP.get(f"{url}gradio_api/file={path}")
        assert served.headers["content-disposition"].startswith("attachment")
        assert served.headers["content-type"] == "application/octet-stream"
        Path(path).unlink()


@pytest.mark.parametrize("route", ["file=", "file/"])
@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("bytes=0-9", 206),
        ("bytes=5-2", 400),
        ("bytes=0-1-2", 400),
        ("bytes=0-0,5-6", 206),
        ("bytes=\xb2-5", 400),
        ("bytes=99-100", 416),
    ],
)
def test_a_range_of_an_upload_sends_no_header_back(
    url: str, route: str, asked: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "ser_core")
    (path,) = upload(url, "clip.wav", b"0123456789").json()
    headers = {"Range": asked.encode("latin-1"), "Cookie": "hush=hush", "X-Own": "hush"}
    answer = HTTP.get(f"{url}gradio_api/{route}{path}", headers=headers)
    assert answer.status_code == status
    assert "hush" not in str(answer.headers)
    assert len(caplog.messages) == (status >= 400)
    Path(path).unlink()


# No address is fetched on a visitor's word


def test_no_address_is_fetched_unless_the_owner_allows_it(
    url: str, uploads: Path, canary: Canary, looked_up: set[str]
) -> None:
    before = left_in(uploads)
    for address in (f"http://{PUBLIC}/clip.wav", f"{canary.url}clip.wav"):
        for answer in answers_of(url, file_data(address)):
            assert NOT_FETCHED in answer
        for answer in answers_of(url, file_data("clip.wav") | {"url": address}):
            assert NOT_AN_UPLOAD in answer
    assert looked_up <= {"127.0.0.1", None}
    with pytest.raises(AppError, match="SER_FETCH=1"):
        connect(url).predict(handle_file(f"http://{PUBLIC}/clip.wav"), api_name="/predict")
    assert canary.hits == []
    assert left_in(uploads) == before


def test_where_addresses_are_allowed_they_are_public_and_end(
    permissive: str, uploads: Path, canary: Canary, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"timeout": PATIENCE}
    client = Client(permissive, auth=USER, verbose=False, httpx_kwargs=options)

    def ask(name: str) -> dict:
        return client.predict(file_data(f"{canary.url}{name}"), api_name="/predict")

    before = left_in(uploads)
    with pytest.raises(AppError, match="a public http"):
        ask("clip.wav")
    assert canary.hits == []
    monkeypatch.setattr(safehttpx, "is_public_ip", lambda _: True)
    assert ask("clip.wav")["label"] in LABELS
    assert ask("moved")["label"] in LABELS
    with pytest.raises(AppError, match=f"expected at most {LIMITS['max_megabytes']} MB"):
        ask("endless")
    assert canary.sent < 4 * LIMITS["max_megabytes"] * 1_000_000
    assert left_in(uploads) == before


# No HTML from names or tags


def tagged(path: Path) -> Path:
    """Write a recording whose every tag is HTML, and in which nobody speaks."""
    import av

    with av.open(str(path), "w", format="mp4") as file:
        for name in ("title", "artist", "comment", "album"):
            file.metadata[name] = TAG
        track = file.add_stream("aac", rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 32_000), np.float32), "flt", "mono")
        frame.sample_rate = 16_000
        file.mux(track.encode(frame))
        file.mux(track.encode(None))
    return path


@pytest.mark.parametrize("name", [f"{TAG}.wav", "tagged.m4a"])
def test_names_and_tags_never_become_html(url: str, uploads: Path, name: str) -> None:
    # Gradio takes such letters out of the names of uploads, but who knows for how long.
    folder = Path(tempfile.mkdtemp(dir=uploads))
    file = folder / name
    data, said = file_data(str(file)) | {"orig_name": name}, ""
    for number, kinds in hearing_events(url, live=False):
        session = f"visitor{number}"
        body = {"data": given(kinds, data), "fn_index": number, "session_hash": session}
        folder.mkdir(exist_ok=True)  # some events delete what they have used
        if name == "tagged.m4a":
            tagged(file)
        else:
            file.write_bytes(b"no sound" * 100)
        HTTP.post(f"{url}gradio_api/queue/join", json=body).raise_for_status()
        stream = HTTP.get(f"{url}gradio_api/queue/data?session_hash={session}").text
        lines = [line[5:] for line in stream.splitlines() if line.startswith("data:")]
        outputs = [json.loads(line).get("output") for line in lines]
        # What a file component is given is data, which it shows as text.
        said += json.dumps(traverse(outputs, lambda _: None, is_file_obj_with_meta))
    assert ("&lt;img" in said) is (name != "tagged.m4a")
    assert "<img" not in said
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
def test_a_browser_makes_nothing_of_names_and_tags(page: "Page", tmp_path: Path) -> None:
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    broken, fine = tmp_path / f"{TAG}.wav", tagged(tmp_path / f"{TAG}.m4a")
    broken.write_bytes(b"no sound" * 100)
    choose(page, broken)
    page.wait_for_selector("[data-status=failed]")
    clear(page)
    choose(page, fine)
    page.wait_for_selector("[data-status=no_speech]")
    open_tab(page, text.COMPARE_TAB)
    page.set_input_files("#compare-recordings input[type=file]", [broken, fine])
    page.wait_for_selector("[data-compare=done]")
    assert page.locator("img[src=x], [onerror]").count() == 0
    assert dialogs == []


# Uploads and the log


def assert_left(uploads: Path, files: list[Path]) -> None:
    """Nothing else must be left there, once the server is done with what it has answered."""
    deadline = time.monotonic() + PATIENCE
    while left_in(uploads) != files and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left_in(uploads) == files


def test_an_upload_that_is_broken_off_leaves_nothing(app: gr.Blocks, uploads: Path) -> None:
    before = left_in(uploads)
    with socket.create_connection(("127.0.0.1", app.server_port)) as stranger:
        stranger.sendall(
            b"POST /gradio_api/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n"
            b"Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\nContent-Disposition: "
            b'form-data; name="files"; filename="a.wav"\r\n\r\n' + bytes(100_000)
        )
        while left_in(uploads) == before:
            time.sleep(0.01)
    HTTP.post(f"{app.local_url}gradio_api/upload", files={"other": ("b.wav", b"b")})
    assert_left(uploads, before)


def test_a_field_without_an_end_is_refused_while_it_arrives(app: gr.Blocks, uploads: Path) -> None:
    before = left_in(uploads)
    part = b'--b\r\nContent-Disposition: form-data; name="files"'
    with socket.create_connection(("127.0.0.1", app.server_port), PATIENCE) as stranger:
        stranger.sendall(
            b"POST /gradio_api/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n"
            b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
            + (part + b'; filename="a.wav"\r\n\r\nx\r\n')
            + (part + b"\r\n\r\n" + bytes(MOST_FIELD_BYTES + 1))
        )
        answer = stranger.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert text.LARGE_REQUEST.encode() in answer
    assert_left(uploads, before)


@pytest.mark.parametrize("name", [".wav", ".hidden.wav", "...and then.wav", "..", "../.wav"])
def test_a_hidden_file_is_refused_and_deleted(app: gr.Blocks, uploads: Path, name: str) -> None:
    before = left_in(uploads)
    answer = upload(app.local_url, name, SPEECH.read_bytes())
    assert answer.status_code == httpx.codes.BAD_REQUEST
    assert answer.json()["error"] in (text.DOT_NAME, text.BAD_REQUEST)
    assert_left(uploads, before)


def test_a_full_disk_is_a_sentence_and_leaves_nothing(
    app: gr.Blocks, uploads: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/secret")

    before = left_in(uploads)
    for name in ("write", "seek"):
        with monkeypatch.context() as patch:
            patch.setattr(UploadFile, name, full)
            answer = upload(app.local_url, "clip.wav", SPEECH.read_bytes())
        assert answer.status_code == httpx.codes.INSUFFICIENT_STORAGE
        assert answer.json()["error"] == text.DISK_FULL
        assert left_in(uploads) == before
    assert upload(app.local_url, "clip.wav", b"sound").status_code == httpx.codes.OK


def test_the_log_names_no_file_of_a_visitors(tmp_path: Path) -> None:
    name = "my-divorce"
    with running_app(GRADIO_TEMP_DIR=str(tmp_path)) as (url, log):
        for recording in (SPEECH.read_bytes(), b"no sound" * 100):
            for endpoint in ("predict", "analyze"):
                (path,) = upload(url, f"{name}.wav", recording).json()
                post(url, endpoint, file_data(path))
        for path in (f"/home/ann/{name}.wav", f"http://{PUBLIC}/{name}.wav", f"{tmp_path}/{name}"):
            list(answers_of(url, file_data(path)))
            raw(url, f"/gradio_api/file={path}")
        form = {"Content-Type": f"multipart/form-data; boundary={name}"}
        HTTP.post(f"{url}gradio_api/upload", content=f"--{name}?".encode(), headers=form)
        HTTP.post(f"{url}gradio_api/upload", content=b"moon", headers=form)
    assert log
    assert not [line for line in log if "boundary" in line]
    assert not [line for line in log if name in line or "Traceback" in line]


# Addresses that a request gives the page

SERVERS = ("http://evil.example", "http://[::1", "http://a:b/", "http://xn--", "moon")


@pytest.mark.parametrize("server", SERVERS)
def test_nobody_but_the_page_s_own_proxy_says_where_it_is(
    url: str, server: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    header = {"X-Gradio-Server": server}
    for path in ("", "config", "openapi.json", "agents.md", "gradio_api/info", "logout"):
        answer = HTTP.get(f"{url}{path}", headers=header, follow_redirects=True)
        assert answer.status_code == httpx.codes.OK, path
        assert "evil.example" not in answer.text
    body = {"data": []}
    run = HTTP.post(f"{url}gradio_api/run/model_info", json=body, headers=header)
    assert run.status_code == httpx.codes.OK
    assert post(url, "model_info", headers=header)[0] == "complete"
    printed = "".join(capfd.readouterr()) + caplog.text
    assert "Traceback" not in printed


@pytest.mark.parametrize("path", ["gradio_api/info", "gradio_api/info?page=", ""])
def test_the_api_is_described_to_each_by_the_address_that_they_know(url: str, path: str) -> None:
    for host in ("one.example", "two.example", "three.example"):
        assert set(re.findall(r"(\w+)\.example", page_of(url, path, host))) == {host[:-8]}
    assert ".example" not in page_of(url, path, "localhost")


def page_of(url: str, path: str, host: str) -> str:
    """What is answered to those who call the page by a host's name."""
    return HTTP.get(f"{url}{path}", headers={"Host": host}).raise_for_status().text


# Frames, and other sites


def test_spaces_may_frame_the_page_and_other_sites_may_not(url: str) -> None:
    for path in ("", "config", "gradio_api/info", "gradio_api/file=/etc/passwd", "health"):
        headers = HTTP.get(f"{url}{path}").headers
        assert "x-frame-options" not in headers  # it cannot name sites
        name, *sites = headers["content-security-policy"].split()
        assert name == "frame-ancestors"
        assert {"'self'", "https://huggingface.co", "https://*.hf.space"} <= set(sites)
        assert "*" not in sites
        assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("comes_from", "mode", "status"),
    [
        ("same-origin", "cors", 200),
        ("none", "navigate", 200),
        ("cross-site", "navigate", 200),  # a link to the page, and a Space's frame
        (None, None, 200),  # clients that are no browsers
        ("cross-site", "cors", 401),
        ("cross-site", "no-cors", 401),
        ("same-site", "cors", 401),
    ],
)
def test_another_sites_page_cannot_use_a_visitors_login(
    permissive: str, comes_from: str | None, mode: str | None, status: int
) -> None:
    with httpx.Client(base_url=permissive, timeout=PATIENCE) as visitor:
        visitor.post("login", data=dict(zip(("username", "password"), USER, strict=True)))
        said = {"Sec-Fetch-Site": comes_from, "Sec-Fetch-Mode": mode}
        headers = {name: value for name, value in said.items() if value}
        assert visitor.get("config", headers=headers).status_code == status
        name = visitor.get("gradio_api/user", headers=headers).json()
        assert name == (USER[0] if status == 200 else None)
