"""Send malformed requests to every route of the real app: none may end in a 5xx or a traceback.

    python -m benchmarks.routes

The routes are those of the installed Gradio's own router, with ours, so that a new version's are
seen. A seeded generator fills their places, queries, headers and bodies: names that are unknown,
5,000 characters long, no UTF-8 or paths out of the folder; bodies that are no JSON, JSON of every
other shape, nested deeply, with numbers no machine has; multipart without its boundary and with odd
names; wrong methods, types of content and lengths; and each event of the page and the API with
inputs of wrong kinds, all of them, and each in turn while the others are right. Each goes over a
connection of its own to `python app.py`, some at a time. A request may be answered or refused with
a sentence; what is taken up has to end in an answer or a sentence as well. The exit status is 1
where one ended otherwise or the log holds a traceback.
"""

import argparse
import json
import random
import re
import socket
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from benchmarks.load import App, machine, running_app

PATIENCE = 60.0  # [s] a busy machine may need for one answer
LISTEN = 0.3  # [s] that a stream is listened to once it has begun
CROWD = 8  # requests at a time
API = "/gradio_api"
LONG = "a" * 5_000
SECRET = "moonlit-divorce"  # stands in requests, and nowhere in the log
METHODS = ("GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "MOON")

PLACES = (
    *("", "x", "0", "-1", "1e999", "NaN", "null", "__proto__", "{}", "predict", "analyze"),
    *("..", "../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/app.py", "/etc/passwd"),
    *("%00", "a%00b", "%ff%fe", "%ed%a0%80", "%c0%ae", "a%0Ab", "%0d%0aX: y", "%F0%9F%8E%A4"),
    *("<b>", "%3Cscript%3E", "'; DROP TABLE", SECRET, LONG, "é", "file:///etc/passwd"),
    *("http://127.0.0.1/x", "9" * 400, "a/b/c", "a%2Fb", ".", "%", "%zz", "~", "con", "a\\b"),
)
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 10**30, 1e300, "", "x", LONG, "\0", "\ud800", SECRET),
    *([], {}, [[]], [None] * 300, {"path": None}, {"path": 5}, {"path": "\0"}, {"a": {"b": {}}}),
    {"path": LONG, "meta": {"_type": "gradio.FileData"}},
    {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}, "orig_name": LONG},
    {"path": 7, "meta": {"_type": "gradio.FileData"}, "url": 5},
    [{"path": "x", "meta": {"_type": "gradio.FileData"}}] * 3,
    {"meta": {"_type": "gradio.FileData"}},
    {"__type__": "update", "value": 1},
    {"headers": [], "data": [[float("nan")]]},
)
RAW = (
    *(b"", b"x", b"{", b"[]", b"null", b"5", b'"x"', b"{}", b"[1,", b"\xff\xfe", b"\x00" * 50),
    *(b'{"data": []}', b'{"data": null}', b'{"data": {}}', b'{"data": "x"}', b'{"data": 5}'),
    *(b'{"data": [NaN]}', b'{"data": [Infinity]}', b'{"data": [1e999]}', b'{"data": [-1e999]}'),
    b'{"data": [' + b"9" * 5_000 + b"]}",
    b'{"data": [' + b"9" * 30 + b"]}",
    b'{"data": ["\xff\xfe"]}',
    b'{"data": ["\\ud800"]}',
    b'{"data": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    b'{"data": ' + b"[" * 200_000,
    b'{"data": ' + b'{"a":' * 600 + b"1" + b"}" * 600 + b"}",
    b'{"data": [], "data": 5}',
    b'{"data": []}garbage',
    b"\xef\xbb\xbf" + b'{"data": []}',
    '{"data": []}'.encode("utf-16"),
    '{"data": []}'.encode("utf-32"),
    b'{"data": ["' + b"a" * 1_100_000 + b'"]}',
)
TYPES = (
    *("application/json", "application/json; charset=moon", "application/json;charset=utf-16"),
    *("text/plain", "multipart/form-data", "multipart/form-data; boundary=", "", "moon", "a/b/c"),
    *("application/x-www-form-urlencoded", "multipart/form-data; boundary=b; charset=moon"),
    "multipart/form-data; boundary=" + "b" * 300,
)
FILE_NAMES = (
    *("clip.wav", "", ".", "..", "...", ".wav", ".hidden.wav", "...and then.wav", "a/../b.wav"),
    *("../../x.wav", "/etc/passwd", "x\\y.wav", LONG, LONG + ".wav", "x." + LONG, "\0.wav", " "),
    *("\n.wav", "%2e%2e%2fx.wav", "\ud83c", "ä" * 300, "#.wav", "con", "a" * 254, ". .wav"),
)
HEADERS = (
    *(("Host", "moon:99999999"), ("Host", "[::1"), ("Host", "a b"), ("Host", "ä"), ("Host", "")),
    *(("Origin", "null"), ("Origin", "http://["), ("Origin", "\xff"), ("Origin", LONG)),
    *(("Cookie", "a=b; access-token=\xff"), ("Cookie", ";;;=,"), ("Range", "bytes=9-1,x")),
    *(("X-Forwarded-Host", "moon, [sun"), ("X-Forwarded-Proto", "moon"), ("X-Forwarded-For", "x")),
    *(("Host", "xn--"), ("X-Gradio-Server", "http://[::1"), ("Range", "bytes=0-1-2")),
    *(("X-Forwarded-Port", "x"), ("Forwarded", "for=["), ("Expect", "100-continue")),
    *(("Content-Encoding", "gzip"), ("Accept-Encoding", "br;q=x"), ("Accept", "\xff")),
    *(("Upgrade", "websocket"), ("Upgrade", "h2c"), ("Connection", "Upgrade, HTTP2-Settings")),
    *(("Referer", "http://["), ("Content-Type", "\xff"), ("If-None-Match", "\xff"), ("X", LONG)),
    *(("If-Modified-Since", "moon"), ("Accept-Language", "\xff"), ("X-Big", "b" * 70_000)),
    *(("x-gradio-user", "mcp"), ("x-zerogpu-uuid", "\xff"), ("Authorization", "Basic \xff")),
    *(("Sec-Fetch-Site", "cross-site"), ("Content-Length", "5"), ("Content-Length", "x")),
    *(("Content-Length", "-1"), ("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "moon")),
)
DIRECT_AND_QUEUED = ("run/predict", "queue/join")  # how an event is called by its number
QUERIES = ("session_hash", "upload_id", "fn_index", "deep_link", "page", "tools", "event_id", "x")
FILE = {"path": "/examples/sad.mp3", "meta": {"_type": "gradio.FileData"}}
"""A recording that the app itself has, as calls name it."""
FAULTS = re.compile(r"Traceback|Error\b|Exception|0x[0-9a-f]{6}|site-packages|pydantic|input_value")


@dataclass(frozen=True)
class Route:
    """A route of the app.

    Attributes:
        path: str, with places in braces.
        methods: tuple of str.
    """

    path: str
    methods: tuple[str, ...]


@dataclass(frozen=True)
class Event:
    """An event of the page or the API.

    Attributes:
        number: int.
        inputs: tuple, a right value of each of its inputs.
        is_live: bool, whether it goes on until it is ended, where it was queued.
    """

    number: int
    inputs: tuple[Any, ...]
    is_live: bool


@dataclass(frozen=True)
class Attempt:
    """A request that is sent.

    Attributes:
        route: str, the route's path.
        kind: str, what is odd about it.
        content: bytes, as they go over the wire.
        is_cut: bool, whether it may end before what its head announces.
    """

    route: str
    kind: str
    content: bytes
    is_cut: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of it.

    Attributes:
        attempt: Attempt.
        status: int, 0 where the connection was closed without an answer.
        fault: str, what is wrong with that; empty where nothing is.
    """

    attempt: Attempt
    status: int
    fault: str = ""


def all_routes() -> tuple[list[Route], list[Event]]:
    """The routes of the app as it is installed, and its events."""
    from ser_core import DEFAULT_MODEL, EmotionRecognizer
    from ser_core.ui.build import build_app
    from ser_core.ui.server import gradio_requests, inside
    from ser_core.ui.settings import Settings

    demo, _ = build_app(EmotionRecognizer(DEFAULT_MODEL), Settings())
    found = [Route(path, methods) for path, methods in gradio_requests.list_routes(demo)]
    ours = [Route("/health", ("GET",)), Route(f"{inside.TOOL_ROUTE}/", ("GET", "POST"))]
    ours += [Route(f"{inside.TOOL_ROUTE}/schema", ("GET",)), Route("/nowhere", ("GET",))]
    return found + ours, list_events(demo.get_config_file())


def list_events(config: Any) -> list[Event]:
    """List the events of a page, from what a browser is sent of it."""
    components = {one["id"]: one for one in config["components"]}
    return [
        Event(
            event["id"],
            tuple(right_value(components[one]) for one in event["inputs"]),
            event["connection"] == "stream",
        )
        for event in config["dependencies"]
    ]


def right_value(component: Any) -> Any:
    """A value that a component of the page or an argument of the API takes."""
    kind, props, described = component["type"], component["props"], component.get("api_info", {})
    if kind == "audio":
        return FILE
    if kind == "file" or "path" in described.get("items", {}).get("properties", {}):
        return [FILE, FILE]
    if kind == "api" and "path" in described.get("properties", {}):
        return FILE
    if props.get("choices"):
        return props["choices"][0][1]
    return "csv" if kind == "api" and props.get("value") is None else props.get("value")


def fill(path: str, rng: random.Random) -> str:
    """Fill the places of a route's path."""

    def place(_: re.Match[str]) -> str:
        one = rng.choice(PLACES)
        return one if "%" in one else quote(one, safe="/\\:")

    return re.sub(r"\{[^}]*\}", place, path)


def json_body(rng: random.Random, events: Sequence[Event]) -> bytes:
    """A body of right or nearly right form, for an event of the page, with odd values."""
    event = rng.choice(events)
    number, inputs = event.number, len(event.inputs)
    count = inputs if rng.random() < 0.8 else rng.randrange(12)
    body: dict[str, Any] = {"data": [rng.choice(VALUES) for _ in range(count)]}
    body["fn_index"] = number if rng.random() < 0.8 else rng.choice(VALUES)
    body["session_hash"] = f"fuzz{rng.randrange(40)}" if rng.random() < 0.8 else rng.choice(VALUES)
    names = ("event_id", "trigger_id", "event_data", "simple_format", "batched", "oauth_token", "x")
    for name in rng.sample(names, rng.randrange(4)):
        body[name] = rng.choice(VALUES)
    for name in ("audio", "recordings", "speakers"):
        if rng.random() < 0.2:
            body[name] = rng.choice(VALUES)
    if rng.random() < 0.15:
        del body[rng.choice(list(body))]
    return json.dumps(body).encode()


def multipart(rng: random.Random) -> tuple[str, bytes]:
    """A form with files of odd names, whole or cut: (type of content, body)."""
    parts = b""
    for _ in range(rng.randrange(4)):
        name = rng.choice(("files", "files", "other", "", LONG))
        given = rng.choice(FILE_NAMES).encode("utf-8", "surrogatepass").replace(b"\n", b"%0A")
        file = b'; filename="%s"' % given if rng.random() < 0.9 else b""
        parts += b'--b\r\nContent-Disposition: form-data; name="%s"%s\r\n' % (name.encode(), file)
        parts += rng.choice((b"", b"Content-Type: \xff\r\n", b"X: " + b"y" * 9_000 + b"\r\n"))
        parts += b"\r\n" + rng.randbytes(rng.choice((0, 10, 5_000))) + b"\r\n"
    whole = parts + b"--b--\r\n"
    if rng.random() < 0.3:
        whole = whole[: rng.randrange(len(whole))]
    return rng.choice(("multipart/form-data; boundary=b", "multipart/form-data")), whole


def odd_inputs(rounds: int, seed: int, events: Sequence[Event]) -> Iterator[Attempt]:
    """Call each event with each of its inputs odd in turn, while the others are right.

    Args:
        rounds: int, how many odd values each input has.
        seed: of the generator.
        events: Events.
    """
    rng = random.Random(seed)
    for event in events:
        for position in range(len(event.inputs)):
            for odd in rng.sample(VALUES, rounds):
                data = [*event.inputs[:position], odd, *event.inputs[position + 1 :]]
                session = f"odd{rng.randrange(10**9)}"
                body = {"data": data, "fn_index": event.number, "session_hash": session}
                content = json.dumps(body).encode()
                route = "run/predict" if event.is_live else rng.choice(DIRECT_AND_QUEUED)
                lines = (
                    *(f"POST {API}/{route} HTTP/1.1", "Host: 127.0.0.1", "Connection: close"),
                    *("Content-Type: application/json", f"Content-Length: {len(content)}"),
                )
                head = "\r\n".join(lines).encode()
                kind = f"input {position} of event {event.number}: {odd!r:.60}"
                yield Attempt(route, kind, head + b"\r\n\r\n" + content)


def attempts(
    number: int, seed: int, routes: Sequence[Route], events: Sequence[Event]
) -> Iterator[Attempt]:
    """Make requests, the same ones for the same seed; each route gets its turn.

    Args:
        number: how many.
        seed: of the generator.
        routes: Routes.
        events: Events of the page.
    """
    rng = random.Random(seed)
    order = list(routes)
    rng.shuffle(order)
    for position in range(number):
        route = order[position % len(order)]
        kinds, method = [], rng.choice(route.methods)
        if rng.random() < 0.1:
            method = rng.choice(METHODS)
            kinds.append("method")
        path = fill(route.path, rng)
        if "{" in route.path:
            kinds.append("place")
        if rng.random() < 0.4:
            pairs = [(rng.choice(QUERIES), rng.choice(PLACES)) for _ in range(rng.randrange(1, 4))]
            path += "?" + "&".join(f"{name}={quote(value, safe='%')}" for name, value in pairs)
            kinds.append("query")
        headers, body = {"Host": "127.0.0.1", "Connection": "close"}, b""
        if method not in ("GET", "HEAD", "OPTIONS", "TRACE") or rng.random() < 0.05:
            if "upload" in route.path and rng.random() < 0.8:
                headers["Content-Type"], body = multipart(rng)
                kinds.append("form")
            elif rng.random() < 0.6:
                headers["Content-Type"], body = "application/json", json_body(rng, events)
                kinds.append("values")
            else:
                headers["Content-Type"], body = rng.choice(TYPES[:1] * 6 + TYPES), rng.choice(RAW)
                kinds.append("body")
            headers["Content-Length"] = str(len(body))
        if rng.random() < 0.25:
            name, value = rng.choice(HEADERS)
            headers[name] = value
            kinds.append("header")
        lines = [f"{method} {path} HTTP/1.1", *(f"{n}: {v}" for n, v in headers.items())]
        head = "\r\n".join(lines).encode("latin-1", "replace")
        is_cut = headers.get("Transfer-Encoding") or headers.get("Content-Length") == "5"
        kind = "+".join(kinds) or "plain"
        yield Attempt(route.path, kind, head + b"\r\n\r\n" + body, bool(is_cut))


def exchange(address: tuple[str, int], attempt: Attempt) -> tuple[int, str, str]:
    """Send bytes, and read what comes: (status, head, body); a stream is left after a moment."""
    received = b""
    with socket.create_connection(address, timeout=PATIENCE) as connection:
        with suppress(OSError):  # refused before all was sent
            connection.sendall(attempt.content)
            if attempt.is_cut:
                connection.shutdown(socket.SHUT_WR)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if b"\r\n\r\n" in received and b"text/event-stream" in received:
                deadline = min(deadline, time.monotonic() + LISTEN)
                connection.settimeout(LISTEN)
            try:
                block = connection.recv(65_536)
            except OSError:
                break
            if not block:
                break
            received += block
    head, _, body = received.partition(b"\r\n\r\n")
    found = re.match(rb"HTTP/1\.1 (\d+)", head)
    return int(found[1]) if found else 0, head.decode("latin-1"), body.decode("utf-8", "replace")


def fault_of(status: int, head: str, body: str) -> str:
    """Say what is wrong with an answer; empty where it is one, or a sentence."""
    # What Gradio puts beside an event's sentence, for its page to show.
    body = re.sub(r',? ?"(?:duration|visible|title)": ?(?:"Error"|[\w.]+)', "", body)
    if not status:
        return "no answer"
    if status >= 500:
        return f"status {status}"
    if status >= 400 and body and not re.search(r"\.[\"}\]\s0\r\n]*$", body[-60:]):
        return f"no sentence: {body[:60]!r}"
    shown = body if status >= 400 or "event-stream" in head else ""
    if FAULTS.search(shown):
        return f"shows the inside: {FAULTS.search(shown)}"  # type: ignore[str-bytes-safe]
    if re.search(r'"error": ?null', shown) or re.search(r'"message": ?""', shown):
        return "an error without a sentence"
    return ""


def follow(address: tuple[str, int], attempt: Attempt, body: str) -> str:
    """Fetch what a call that was taken up comes to; returns what is wrong with that."""
    found = re.search(r'"event_id": ?"(\w+)"', body)
    if not found:
        return ""
    if "/call" in attempt.route:
        path = f"{API}/call/predict/{found[1]}"
    else:
        session = re.search(rb'"session_hash": "(\w+)"', attempt.content)
        path = f"{API}/queue/data?session_hash={session[1].decode() if session else ''}"
    status, head, told = exchange_whole(address, path)
    return fault_of(status, head, told)


def exchange_whole(address: tuple[str, int], path: str) -> tuple[int, str, str]:
    """Fetch a stream to its end."""
    received = b""
    with socket.create_connection(address, timeout=PATIENCE) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        connection.settimeout(PATIENCE)
        while True:
            try:
                block = connection.recv(65_536)
            except OSError:
                break
            received += block
            if not block or b"close_stream" in block or b"event: complete" in received:
                break
            if b"event: error" in received or b"event-stream" not in received:
                break
    head, _, body = received.partition(b"\r\n\r\n")
    found = re.match(rb"HTTP/1\.1 (\d+)", head)
    return int(found[1]) if found else 0, head.decode("latin-1"), body.decode("utf-8", "replace")


def send_all(app: App, sent: Sequence[Attempt]) -> list[Outcome]:
    """Send requests, some at a time, and say what became of each."""
    parts = urlsplit(app.url)
    address = (str(parts.hostname), int(parts.port or 80))

    def send(attempt: Attempt) -> Outcome:
        status, head, body = exchange(address, attempt)
        if attempt.is_cut and not status:
            return Outcome(attempt, status)  # whoever hangs up gets no answer
        fault = fault_of(status, head, body)
        if not fault and status == 200:
            fault = follow(address, attempt, body)
        return Outcome(attempt, status, fault)

    with ThreadPoolExecutor(CROWD) as pool:
        return list(pool.map(send, sent))


def faults_of_log(log: str) -> list[str]:
    """Lines of the log that no request may cause."""
    return [
        line
        for line in log.splitlines()
        if "Traceback" in line or SECRET in line or "ASGI" in line or len(line) > 400
    ]


def print_table(outcomes: Sequence[Outcome]) -> None:
    """Print, for each route, how many requests were answered in which way."""
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    for outcome in outcomes:
        rows[outcome.attempt.route][f"{outcome.status // 100}xx" if outcome.status else "none"] += 1
    names = ("2xx", "3xx", "4xx", "5xx", "none")
    print(f"{'route':<72}" + "".join(f"{name:>6}" for name in names))
    for route, counts in sorted(rows.items()):
        print(f"{route[:71]:<72}" + "".join(f"{counts[name]:>6}" for name in names))
    total = sum(rows.values(), Counter())
    print(f"{f'{len(rows)} routes':<72}" + "".join(f"{total[name]:>6}" for name in names))


def main() -> None:
    """Send, print the table, and exit with 1 where a request ended otherwise than it may."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--requests", type=int, default=2_000)
    parser.add_argument("--odd", type=int, default=5, help="odd values for each event's inputs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="file for what was treated otherwise")
    arguments = parser.parse_args()
    print(machine())
    routes, events = all_routes()
    with running_app(SER_MCP="1") as app:
        started = time.perf_counter()
        sent = list(attempts(arguments.requests, arguments.seed, routes, events))
        sent += odd_inputs(arguments.odd, arguments.seed, events)
        outcomes = send_all(app, sent)
        seconds = time.perf_counter() - started
        alive = exchange_whole(urlsplit(app.url).netloc.split(":"), "/health")[0]  # type: ignore[arg-type]
        status = app.end()
        log = app.log.read_text("utf-8", "replace")
    print_table(outcomes)
    wrong, lines = [one for one in outcomes if one.fault], faults_of_log(log)
    print(
        f"{len(outcomes)} requests in {seconds:.1f} s: {len(wrong)} ended otherwise than in an "
        f"answer or a sentence; {len(lines)} lines of the log of {len(log.splitlines())} are "
        f"tracebacks or worse; /health answers {alive}, exit status {status}"
    )
    for fault, count in Counter(f"{one.attempt.route}: {one.fault}" for one in wrong).most_common(
        40
    ):
        print(f"{count:>5} {fault}")
    if arguments.keep:
        arguments.keep.write_bytes(
            b"\n=====\n".join(f"{one.fault}\n".encode() + one.attempt.content for one in wrong)
        )
        arguments.keep.with_suffix(".log").write_text(log)
    if wrong or lines or alive != 200 or status:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
