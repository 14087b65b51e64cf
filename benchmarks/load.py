"""Measure many API clients at once on the real app: answers, waiting, memory and files left.

    python -m benchmarks.load

The app is `python app.py` in a process of its own, as it is without any variable set; the clients
are gradio_client's, a thread each, and all call /predict. Every answer is compared with what
EmotionRecognizer says of the same file in this process, to the last bit. The recordings are those
of tests/fixtures and cuts of their voices, so that clients send the same bytes at the same time. A
prediction lasts from before its upload to its answer. The alternative is one client, one call after
another, in the same run. Exit status 1 where an answer is lost or wrong, or a file is left.
"""

import argparse
import contextlib
import os
import platform
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx
import numpy as np
import soundfile
from gradio_client import Client, handle_file

ROOT = Path(__file__).parents[1]
FIXTURES = ROOT / "tests" / "fixtures"
VOICES = ("speech_female.wav", "speech_male.wav", "speech_polish.wav")
PATIENCE = 120.0  # [s] a busy machine may need, to start or for one answer
EARLY = 100  # predictions after which memory is looked at for the first time
SETTLING = 20.0  # [s] within which the last uploads must be gone


@dataclass
class App:
    """`python app.py` as it runs.

    Attributes:
        process: subprocess.Popen.
        url: str, with a slash at its end.
        uploads: Path, its upload folder, empty at the start.
        log: Path, what it printed.
        seconds: float [s], from its start to its first answer at /health.
    """

    process: subprocess.Popen
    url: str
    uploads: Path
    log: Path
    seconds: float = 0.0

    @property
    def memory(self) -> float:
        """Resident memory [MB of 10^6 bytes]; NaN where there is no /proc."""
        with contextlib.suppress(OSError, StopIteration):
            lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
            return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1e3
        return float("nan")

    def files(self) -> list[Path]:
        """The files in its upload folder."""
        return [path for path in self.uploads.rglob("*") if path.is_file()]

    def settled(self) -> int:
        """Wait for the last uploads to be deleted; returns how many files are left."""
        deadline = time.monotonic() + SETTLING
        while self.files() and time.monotonic() < deadline:
            time.sleep(0.1)
        return len(self.files())

    def connect(self) -> Client:
        """A new client of the API."""
        return Client(
            self.url,
            verbose=False,
            analytics_enabled=False,
            # Each request would load all certificates, for an address without any.
            ssl_verify=False,
            httpx_kwargs={"timeout": PATIENCE},
        )

    def end(self) -> int:
        """End it as Docker does; returns its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


@contextlib.contextmanager
def running_app(*command: str, **environment: str) -> Iterator[App]:
    """Run `python app.py` until it answers, on a free port and with an upload folder of its own.

    Args:
        *command: what python runs instead of app.py.
        **environment: variables beside those of this process.
    """
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        uploads, log = Path(folder) / "uploads", Path(folder) / "log"
        uploads.mkdir()
        own = {"GRADIO_SERVER_PORT": str(port), "GRADIO_TEMP_DIR": str(uploads)}
        started = time.perf_counter()
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, *(command or ("app.py",))],
                cwd=ROOT,
                env={**os.environ, **own, **environment},
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        app = App(process, f"http://127.0.0.1:{port}/", uploads, log)
        try:
            while True:
                with contextlib.suppress(httpx.TransportError):
                    httpx.get(f"{app.url}health", timeout=PATIENCE).raise_for_status()
                    break
                app.seconds = time.perf_counter() - started
                if process.poll() is not None or app.seconds > PATIENCE:
                    raise SystemExit(f"The app did not start: {log.read_text()}")
                time.sleep(0.05)
            app.seconds = time.perf_counter() - started
            yield app
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()


def recordings(folder: Path, cuts: int) -> list[Path]:
    """The fixtures with sound, and cuts of their voices, each from another place.

    Args:
        folder: where the cuts are written.
        cuts: how many.
    """
    files = [path for path in sorted(FIXTURES.glob("speech*")) if path.is_file()]
    for number in range(cuts):
        samples, rate = soundfile.read(FIXTURES / VOICES[number % len(VOICES)], dtype="int16")
        path = folder / f"cut_{number}.flac"
        soundfile.write(path, samples[number * rate // 40 :], rate)
        files.append(path)
    return files


def expectations(files: Sequence[Path]) -> dict[Path, dict]:
    """What EmotionRecognizer says of each file, in the words of /predict."""
    from ser_core import DEFAULT_MODEL, EmotionRecognizer
    from ser_core.ui.api.endpoints import brief

    recognizer = EmotionRecognizer.from_pretrained(DEFAULT_MODEL)
    return {path: brief(recognizer.predict(path)) for path in files}


@dataclass
class Outcome:
    """What became of some predictions.

    Attributes:
        seconds: of each that was answered, [s].
        lost: list of str, why there was no answer.
        wrong: list of str, whose answer was another one.
        memory: dict, predictions done -> resident memory of the server [MB].
        elapsed: float [s], from the first call to the last answer.
    """

    seconds: list[float] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    memory: dict[int, float] = field(default_factory=dict)
    elapsed: float = 0.0

    @property
    def rate(self) -> float:
        """Predictions a second."""
        return len(self.seconds) / self.elapsed


def predict_all(
    app: App,
    expected: dict[Path, dict],
    *,
    clients: int,
    predictions: int,
    looks: Sequence[int] = (),
) -> Outcome:
    """Let clients predict at the same time, each one call after another.

    Args:
        app: App.
        expected: the recordings and what is to be answered.
        clients: how many at a time.
        predictions: how many in all.
        looks: numbers of predictions after which the server's memory is looked at.
    """
    outcome, lock, number = Outcome(), threading.Lock(), count()
    files = list(expected)
    with ThreadPoolExecutor(clients) as pool:
        connected = list(pool.map(lambda _: app.connect(), range(clients)))

        def work(client: Client) -> None:
            while (position := next(number)) < predictions:
                ask(client, files[position % len(files)])

        def ask(client: Client, path: Path) -> None:
            started = time.perf_counter()
            try:
                answer = client.predict(handle_file(path), api_name="/predict")
            except Exception as error:
                # Whatever it was: the visitor has no answer.
                outcome.lost.append(f"{path.name}: {type(error).__name__}: {error}")
                return
            seconds = time.perf_counter() - started
            with lock:
                outcome.seconds.append(seconds)
                if answer != expected[path]:
                    outcome.wrong.append(f"{path.name}: {answer}")
                if len(outcome.seconds) in looks:
                    outcome.memory[len(outcome.seconds)] = app.memory

        started = time.perf_counter()
        list(pool.map(work, connected))
        outcome.elapsed = time.perf_counter() - started
        for client in connected:
            client.close()
    return outcome


def told(name: str, outcome: Outcome, log: Callable[[str], None] = print) -> None:
    """Print the times of some predictions."""
    milliseconds = [1e3 * seconds for seconds in outcome.seconds]
    if milliseconds:
        log(
            f"{name:<24}median {statistics.median(milliseconds):7.1f} ms, 95th percentile "
            f"{np.percentile(milliseconds, 95):7.1f} ms, longest {max(milliseconds):7.1f} ms, "
            f"{outcome.rate:5.1f} a second, {len(milliseconds)} predictions"
        )


def machine() -> str:
    """What these figures were measured on."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; "
        f"load average {load}"
    )


def main() -> None:
    """Measure, print, and exit with 1 where an answer is lost or wrong, or a file is left."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--clients", type=int, default=50, help="at a time")
    parser.add_argument("--predictions", type=int, default=1_000, help="of all clients together")
    parser.add_argument("--alone", type=int, default=100, help="predictions of one client alone")
    parser.add_argument("--cuts", type=int, default=12, help="recordings beside the fixtures")
    arguments = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as folder, running_app() as app:
        expected = expectations(recordings(Path(folder), arguments.cuts))
        print(f"{len(expected)} recordings; /health answers {app.seconds:.1f} s after the start")
        alone = predict_all(app, expected, clients=1, predictions=arguments.alone)
        told("one client", alone)
        looks = (EARLY, arguments.predictions)
        crowd = predict_all(
            app,
            expected,
            clients=arguments.clients,
            predictions=arguments.predictions,
            looks=looks,
        )
        told(f"{arguments.clients} clients", crowd)
        if alone.seconds and crowd.seconds:
            print(f"predictions a second, against one client: {crowd.rate / alone.rate:.2f} times")
        early, late = (crowd.memory.get(look, float("nan")) for look in looks)
        print(
            f"memory of the server: {early:.0f} MB after {looks[0]} predictions, {late:.0f} MB "
            f"after {looks[1]} ({late - early:+.1f} MB)"
        )
        left = app.settled()
        lost, wrong = alone.lost + crowd.lost, alone.wrong + crowd.wrong
        print(f"lost: {len(lost)}, wrong: {len(wrong)}, files of sound left: {left}")
        started = time.perf_counter()
        status = app.end()
        print(f"ended {time.perf_counter() - started:.1f} s after SIGTERM, exit status {status}")
    for line in (lost + wrong)[:10]:
        print(line)
    if lost or wrong or left or status:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
