"""Hold connections open that never bring a whole request: others must be answered all the same.

    python -m benchmarks.connections

`python app.py` may have --descriptors open files, and is given more connections than that: some say
nothing, some send half of a request's head, some a byte of it now and then, some half of a body.
/health is asked all the while, each time over a connection of its own. It has to answer within
--limit, and the log must not grow with the crowd. The exit status is 1 where it does otherwise. It
needs /proc.
"""

import argparse
import http.client
import resource
import socket
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.load import App, machine, running_app

HEAD = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "
BODY = (
    b"POST /gradio_api/upload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 900000\r\n"
    b"Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\nContent-Disposition: form-data; "
    b'name="files"; filename="a.wav"\r\n\r\n'
)
CALL = (
    b"POST /gradio_api/call/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 90000\r\n"
    b'Content-Type: application/json\r\n\r\n{"data": ['
)
KINDS = {"silent": b"", "half a head": HEAD, "half an upload": BODY, "half a call": CALL}
DRIBBLE = "a byte of a head now and then"
PATIENCE = 30.0  # [s] for one answer of /health, however busy the machine is
WATCHED = 8.0  # [s] that /health is asked for
MOST_LOG = 4_000  # [bytes] that the log may grow by


@dataclass
class Siege:
    """What came of connections that were held open.

    Attributes:
        kind: str, what they sent.
        seconds: of each answer of /health meanwhile, [s]; infinite where there was none.
        log: int [bytes], by how much the log grew.
        cpu: float [s/s], how much of a core the app took.
        left: int, connections that were still open at the end.
    """

    kind: str
    seconds: list[float]
    log: int
    cpu: float
    left: int


@contextmanager
def limited_app(descriptors: int, **environment: str) -> Iterator[App]:
    """Run the app with no more than some open files, hard limit and soft limit alike."""
    limit = (
        f"import resource, runpy; resource.setrlimit(resource.RLIMIT_NOFILE, ({descriptors}, "
        f"{descriptors})); runpy.run_path('app.py', run_name='__main__')"
    )
    with running_app("-c", limit, **environment) as app:
        yield app


def ask_health(app: App) -> float:
    """Ask for /health over a connection of its own; returns how long it took [s]."""
    connection = http.client.HTTPConnection(urlsplit(app.url).netloc, timeout=PATIENCE)
    started = time.perf_counter()
    try:
        connection.request("GET", "/health")
        return time.perf_counter() - started if connection.getresponse().status == 200 else 1e9
    except OSError:
        return 1e9
    finally:
        connection.close()


def processor_time(app: App) -> float:
    """Time that the app's threads had a core [s]."""
    fields = Path(f"/proc/{app.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def besiege(app: App, kind: str, number: int, seconds: float) -> Siege:
    """Hold connections open, and ask for /health meanwhile.

    Args:
        app: App.
        kind: str, a key of KINDS, or DRIBBLE.
        number: int, connections.
        seconds: float [s], for how long.
    """
    parts = urlsplit(app.url)
    held: list[socket.socket] = []
    before, cpu, log = time.perf_counter(), processor_time(app), app.log.stat().st_size
    times = []
    try:
        for _ in range(number):
            with suppress(OSError):
                held.append(
                    socket.create_connection((str(parts.hostname), int(parts.port or 80)), 5.0)
                )
                held[-1].sendall(KINDS.get(kind, HEAD))
        while time.perf_counter() - before < seconds:
            times.append(ask_health(app))
            for one in held if kind == DRIBBLE else ():
                with suppress(OSError):
                    one.send(b"x")
            time.sleep(0.2)
        spent = (processor_time(app) - cpu) / (time.perf_counter() - before)
        left = sum(map(_is_open, held))
    finally:
        for one in held:
            one.close()
    return Siege(kind, times, app.log.stat().st_size - log, spent, left)


def _is_open(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        while connection.recv(65_536):
            pass
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def main() -> None:
    """Besiege, print, and exit with 1 where /health was late or the log grew with the crowd."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--connections", type=int, default=1_100)
    parser.add_argument("--descriptors", type=int, default=1_024)
    parser.add_argument("--limit", type=float, default=1.0, help="for an answer of /health [s]")
    arguments = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 2 * arguments.connections + 100), hard))
    print(f"{machine()}; {arguments.connections} connections, {arguments.descriptors} descriptors")
    wrong = 0
    with limited_app(arguments.descriptors) as app:
        for kind in (*KINDS, DRIBBLE):
            siege = besiege(app, kind, arguments.connections, WATCHED)
            wrong += max(siege.seconds) > arguments.limit or siege.log > MOST_LOG
            print(
                f"{kind:<30} /health: median {1e3 * statistics.median(siege.seconds):6.0f} ms, "
                f"longest {1e3 * max(siege.seconds):6.0f} ms of {len(siege.seconds)}; log "
                f"+{siege.log} bytes, {siege.cpu:.2f} of a core, {siege.left} still open"
            )
        print(f"afterwards: /health after {1e3 * ask_health(app):.0f} ms")
        status = app.end()
    if wrong or status:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
