"""A small Hugging Face Hub for tests, spoken to by the real huggingface_hub client.

with HubServer() as hub:
    hub.repo("model", "user/name").write({"config.json": b"{}"})
    hub.fail("config.json", "truncate", times=2)
    ...                       # a client in another process, with HF_ENDPOINT=hub.url
    print(hub.requests)

Answers, error codes and headers are those of the real Hub: large files are sent to another host,
private repositories are "not found", gated ones are seen but not read, and a commit is whole or
is not there.
"""

import json
import re
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import unquote, urlsplit

from tests.support.hub_api import HubApi
from tests.support.hub_files import Answer
from tests.support.hub_storage import HubError, Repository

FaultKind = Literal["drop", "cut", "lose", "truncate", "shorten", "hang"]


@dataclass(frozen=True)
class Request:
    """A request as it came.

    Attributes:
        method: str, such as "GET".
        path: str, unquoted, without the query.
        user: the name that its token stands for, or None.
        status: int that was answered, 0 where the connection was closed instead.
    """

    method: str
    path: str
    user: str | None
    status: int


@dataclass
class _Fault:
    pattern: re.Pattern
    kind: FaultKind | int
    method: str | None
    times: int
    headers: Mapping[str, str] = field(default_factory=dict)


class HubServer(ThreadingHTTPServer):
    """The Hub: a context manager that serves on a free port of this machine.

    Attributes:
        url: str, what HF_ENDPOINT is to be.
        token: str, of "user", may write.
        read_token: str, of "user", may read only.
        other_token: str, of "other".
        requests: list of Request, in the order they came.
        watch: called twice for each request, before it is looked at and before it is answered.
    """

    token = "hf_write"
    read_token = "hf_read"
    other_token = "hf_other"
    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        # Another name of this machine is another host to the client, as the real storage's is.
        self.api = HubApi(self.url, storage=f"http://localhost:{self.server_port}")
        self.api.tokens = {
            self.token: ("user", True),
            self.read_token: ("user", False),
            self.other_token: ("other", True),
        }
        self.requests: list[Request] = []
        self.watch: Callable[[], object] = lambda: None
        self.closing = threading.Event()
        self._faults: list[_Fault] = []
        self._lock = threading.Lock()

    def __enter__(self) -> "HubServer":
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.closing.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address) -> None:
        """Say nothing of clients that went away: tests make them do so."""

    def repo(self, kind: str, name: str, **attributes) -> Repository:
        """Return a repository; make it where it is not there.

        Args:
            kind: "model", "dataset" or "space".
            name: its id, "user/name".
            **attributes: to set, such as private=True, gated=True, granted={"other"}.
        """
        repository = self.api.repositories.setdefault((kind, name), Repository(kind, name))
        for key, value in attributes.items():
            setattr(repository, key, value)
        return repository

    def has(self, kind: str, name: str) -> bool:
        """Whether there is such a repository."""
        return (kind, name) in self.api.repositories

    def fail(
        self,
        pattern: str,
        kind: FaultKind | int,
        *,
        method: str | None = None,
        times: int = 1,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Answer the next requests with a fault.

        Args:
            pattern: regular expression that is searched in the path.
            kind: a status, as 500; or "drop" (close at once), "cut" (close when half of the
                request's body has come), "lose" (do what is asked, close with no answer),
                "truncate" (close after half of the body), "shorten" (half of the body, and a
                Content-Length that says so), "hang" (say nothing until the server ends).
            method: such as "GET"; any where None.
            times: int, how many requests.
            headers: of a status, such as {"Retry-After": "7"}.
        """
        with self._lock:
            fault = _Fault(re.compile(pattern), kind, method, times, headers or {})
            self._faults.append(fault)

    def heal(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._faults.clear()

    def next_fault(self, method: str, path: str) -> _Fault | None:
        with self._lock:
            for fault in self._faults:
                if (
                    fault.times > 0
                    and fault.method in (None, method)
                    and fault.pattern.search(path)
                ):
                    fault.times -= 1
                    return fault
        return None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else kept connections wait 40 ms for each answer
    server: HubServer

    def log_message(self, format: str, *args) -> None:
        """Say nothing: `requests` is the log."""

    def _serve(self) -> None:
        self.server.watch()
        split = urlsplit(self.path)
        path = unquote(split.path)
        fault = self.server.next_fault(self.command, path)
        kind = fault.kind if fault else None
        token = self.headers.get("Authorization", "").removeprefix("Bearer ") or None
        user = self.server.api.tokens.get(token, (None, False))[0]
        if kind in ("drop", "cut", "hang"):
            self.server.requests.append(Request(self.command, path, user, 0))
            if kind == "cut":
                self.rfile.read(int(self.headers["Content-Length"]) // 2)
            if kind == "hang":
                self.server.closing.wait()
            self._close()
            return
        body = self._body()
        if body is None:
            self.server.requests.append(Request(self.command, path, user, 0))
            self._close()
            return
        if isinstance(kind, int):
            message = json.dumps({"error": f"the test asked for {kind}"}).encode()
            answer = Answer(kind, message, dict(fault.headers))
        else:
            try:
                answer = self.server.api.answer(
                    self.command, split.path, split.query, self.headers, body, token
                )
            except HubError as error:
                answer = Answer.of_error(error)
        self.server.watch()
        status = 0 if kind == "lose" else answer.status
        self.server.requests.append(Request(self.command, path, user, status))
        if kind == "lose":
            self._close()
            return
        self._send(answer, kind)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815

    def _body(self) -> bytes | None:
        """Return the request's body, or None where the client went away before its end."""
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline() or b"0", 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            return body
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        return body if len(body) == length else None

    def _send(self, answer: Answer, kind: str | None) -> None:
        body = answer.body
        half = len(body) // 2
        if kind == "shorten":
            body = body[:half]
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[:half] if kind == "truncate" else body)
        if kind == "truncate":
            self._close()

    def _close(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)
