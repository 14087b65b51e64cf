"""Connections that only wait: they end, make room, and never keep /health from answering."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.server import ServerState

from ser_core.ui.look import text
from ser_core.ui.server import connections
from tests.support.ports import free_port

PATIENCE = 120.0  # [s] a busy machine may need
ROOT = Path(__file__).parents[3]
SOON = 0.3  # [s] in place of the seconds that a request may take


async def _health(request: Request) -> PlainTextResponse:
    return PlainTextResponse("well")


async def _echo(request: Request) -> PlainTextResponse:
    try:
        return PlainTextResponse(str(len(await request.body())))
    except ClientDisconnect:
        return PlainTextResponse("nobody reads this")


async def _stream(request: Request) -> StreamingResponse:
    async def blocks() -> object:
        while True:
            yield b"x" * 100_000
            await asyncio.sleep(0)

    return StreamingResponse(blocks())


APP = Starlette(
    routes=[
        Route("/health", _health),
        Route("/echo", _echo, methods=["POST"]),
        Route("/stream", _stream),
    ]
)


@contextmanager
def served(most: int) -> Iterator[int]:
    """Serve a little app that holds so many connections; gives its port."""
    config = uvicorn.Config(APP, port=free_port(), log_level="warning", lifespan="off")
    connections.bound(config, most)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield config.port
    finally:
        server.should_exit = server.force_exit = True
        thread.join(PATIENCE)


def connect(port: int, sent: bytes = b"") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), PATIENCE)
    connection.sendall(sent)
    return connection


def ask(port: int, path: str = "/health", more: str = "") -> bytes:
    head = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{more}\r\n"
    with closing(connect(port, head.encode())) as connection:
        return read(connection)


def read(connection: socket.socket) -> bytes:
    """Read until the other side closes."""
    received = b""
    try:
        while block := connection.recv(65_536):
            received += block
    except ConnectionResetError:
        pass
    return received


HALF_HEAD = b"GET /health HTTP/1.1\r\nHost: x\r\nX: "
HALF_BODY = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc"


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HEAD", "BODY", "UNREAD"):
        monkeypatch.setattr(connections, name, SOON)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("sent", [b"", HALF_HEAD, HALF_BODY, HALF_HEAD[:20]])
def test_half_a_request_is_ended_with_a_sentence(sent: bytes) -> None:
    with served(10) as port, closing(connect(port, sent)) as connection:
        said = read(connection)
        assert said.startswith(b"HTTP/1.1 408")
        assert text.TOO_SLOW.encode() in said
        assert b"well" in ask(port)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("sent", [HALF_HEAD, HALF_BODY])
def test_bytes_now_and_then_do_not_make_it_last(sent: bytes) -> None:
    with served(10) as port, closing(connect(port, sent)) as connection:
        connection.settimeout(SOON / 10)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                if connection.send(b"x") and b"408" in connection.recv(100):
                    return
            except TimeoutError:
                continue
            except OSError:
                return
        pytest.fail("it is still open")


@pytest.mark.usefixtures("hasty")
def test_a_body_that_keeps_coming_may_take_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "RATE", 1e-3)  # each byte is worth a thousand seconds
    with served(10) as port, closing(connect(port, HALF_BODY)) as connection:
        time.sleep(5 * SOON)
        connection.sendall(b"x" * 997)
        assert connection.recv(1_000).startswith(b"HTTP/1.1 200")


@pytest.mark.usefixtures("hasty")
def test_an_answer_that_nobody_reads_is_ended(caplog: pytest.LogCaptureFixture) -> None:
    with served(10) as port, closing(connect(port, b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")):
        deadline = time.monotonic() + PATIENCE
        while text.LOG_UNREAD not in caplog.text and time.monotonic() < deadline:
            time.sleep(0.05)
    assert text.LOG_UNREAD in caplog.text


class Waiting(asyncio.Transport):
    """A transport whose client has not read so many bytes."""

    left, aborted = 200_000, False

    def get_write_buffer_size(self) -> int:
        return self.left

    def is_closing(self) -> bool:
        return self.aborted

    def abort(self) -> None:
        self.aborted = True


@pytest.mark.parametrize(("rate", "is_ended"), [(2_000, False), (100, True)])
def test_an_answer_that_is_read_slowly_is_not_ended(rate: float, is_ended: bool) -> None:
    loop, client = asyncio.new_event_loop(), Waiting()
    protocol = connections.BoundedProtocol(
        connections=connections.Connections(8),
        config=uvicorn.Config(APP, log_config=None),
        server_state=ServerState(),
        app_state={},
        _loop=loop,
    )
    protocol.transport, protocol.flow = client, FlowControl(client)
    began = loop.time()
    protocol.pause_writing()
    for second in range(90):
        client.left = 200_000 - int(second * rate)
        protocol.look(began + second)
    assert client.aborted == is_ended
    loop.close()


def test_the_longest_silent_makes_room_and_the_log_has_one_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with served(8) as port:
        silent = [connect(port, HALF_HEAD) for _ in range(30)]
        assert b"well" in ask(port)
        assert read(silent[0]) == b""  # closed, and nothing said
        deadline = time.monotonic() + PATIENCE
        while text.LOG_MADE_ROOM not in caplog.text and time.monotonic() < deadline:
            time.sleep(0.05)
        assert caplog.text.count("Connections closed") == 1
        for one in silent:
            one.close()


def test_where_all_are_in_use_only_the_health_is_told() -> None:
    with served(8) as port:
        busy, said = [], b""
        while not said.startswith(b"HTTP/1.1 503"):
            # One whose request was not read yet may make room for the next.
            busy.append(connect(port, HALF_BODY))
            said = ask(port, "/echo", "Origin: https://elsewhere.example\r\n")
        assert json.loads(said.partition(b"\r\n\r\n")[2])["error"] == text.CROWDED
        assert b"access-control-allow-origin: https://elsewhere.example" in said.lower()
        assert b"well" in ask(port)
        for one in busy:
            one.close()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"moon\r\n\r\n", b"400"),
        (b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", b"400"),
        (b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 6\r\n\r\n", b"400"),
        (b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nmoon\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 70_000, b"431"),
        (b"\x16\x03\x01\x02\x00\r\n\r\n", b"400"),  # TLS
    ],
)
def test_what_is_no_http_is_a_sentence_and_no_traceback(
    sent: bytes, status: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    with served(10) as port, closing(connect(port)) as connection:
        connection.sendall(sent)
        said = read(connection)
        assert said.startswith(b"HTTP/1.1 " + status)
        assert said.rstrip().endswith(b".")
        assert b"well" in ask(port)
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(
    ("end", "status"),
    [
        (b"X: ", 408),
        (b"Content-Length: 1000\r\n\r\nabc", 408),
        (b"X: " + b"a" * 70_000, 431),
    ],
)
def test_a_site_s_script_may_read_why_it_is_refused(end: bytes, status: int) -> None:
    asked = [
        [(b"host", b"space.example"), (b"origin", b"https://elsewhere.example")],
        [(b"host", b"localhost"), (b"origin", b"https://elsewhere.example")],
        [(b"host", b"space.example")],
    ]
    for headers in asked if status == 431 else asked[:1]:  # the other status takes its time
        told = connections.site_headers({"type": "http", "headers": headers})
        lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
        with served(10) as port, closing(connect(port)) as connection:
            connection.sendall(b"POST /echo HTTP/1.1\r\n" + lines + end)
            said = read(connection).decode().lower()
        assert said.startswith(f"http/1.1 {status}")
        for name, value in told.items():
            assert f"\r\n{name}: {value}\r\n".lower() in said
        assert ("access-control" in said) == bool(told)
        is_allowed = headers[1:] and headers[0][1] != b"localhost"
        assert bool(told) == bool(is_allowed)


def test_who_asks_for_a_websocket_is_answered() -> None:
    with served(10) as port:
        assert b"well" in ask(port, more="Upgrade: websocket\r\nSec-WebSocket-Key: x\r\n")


@pytest.mark.skipif(os.name != "posix", reason="needs a limit of open files")
def test_more_connections_than_descriptors_leave_the_health_answering(tmp_path: Path) -> None:
    port, few = free_port(), connections.OWN_DESCRIPTORS + 60
    code = f"""
import resource, uvicorn
from tests.ui.server.test_connections import APP, connections
resource.setrlimit(resource.RLIMIT_NOFILE, ({few}, {few}))
config = uvicorn.Config(APP, port={port}, log_level="warning", lifespan="off")
connections.bound(config, 1_000)
uvicorn.Server(config).run()
"""
    log = tmp_path / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", code], cwd=ROOT, stdout=out, stderr=subprocess.STDOUT
        )
    held = []
    try:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                assert b"well" in ask(port)
                break
            except ConnectionRefusedError:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline
                time.sleep(0.1)
        held = [connect(port, HALF_HEAD) for _ in range(few + 100)]
        for _ in range(5):
            assert b"well" in ask(port)
        said = log.read_text()
        assert "raise the limit" in said
        assert "Traceback" not in said
        assert len(said) < 2_000
    finally:
        for one in held:
            one.close()
        process.kill()
        process.wait()


def test_the_limit_is_raised_as_far_as_it_may_be() -> None:
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = 2 * 30 + connections.OWN_DESCRIPTORS
    if limits[1] != resource.RLIM_INFINITY and limits[1] < needed:
        pytest.skip("this system allows fewer open files")
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed - 1, limits[1]))
        assert connections.raise_descriptor_limit(30) == 30
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == needed
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
