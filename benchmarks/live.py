"""Measure the delay of live listening: in the process, and through the real Gradio server.

    python -m benchmarks.live

The sound is the voices in tests/fixtures with pauses, in chunks of a quarter of a second as
browsers send them, at 16 kHz mono and 48 kHz stereo. In the process: from a chunk's file to the
HTML of the answer. Through the server: from before the chunk is uploaded to the answer's arrival,
over HTTP on this machine, by a client that sends in real time; --visitors of them at once. What a
browser adds, capturing and drawing, is not in it; nor is the quarter of a second that a chunk takes
to be spoken.
"""

import argparse
import io
import json
import os
import platform
import queue
import socket
import statistics
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Self

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

import httpx
import numpy as np
import soundfile
import soxr

FIXTURES = Path(__file__).parents[1] / "tests" / "fixtures"
VOICES = ("speech_female.wav", "speech_male.wav", "speech_polish.wav")
CHUNK = 0.25  # [s]
FORMS = ((16_000, 1), (48_000, 2))  # (rate [Hz], channels)
PATIENCE = 60.0  # [s]


def chunks(rate: int, channels: int, seconds: float) -> Iterator[bytes]:
    """Cut voices with pauses into chunks, each the bytes a browser would send."""
    parts = []
    for name in VOICES:
        samples, its_rate = soundfile.read(FIXTURES / name, dtype="float32")
        parts += [soxr.resample(samples, its_rate, rate), np.zeros(rate // 2, np.float32)]
    cycle = np.concatenate(parts)
    whole = np.tile(cycle, int(seconds * rate / len(cycle)) + 1)[: int(seconds * rate)]
    step = round(CHUNK * rate)
    for start in range(0, len(whole) - step + 1, step):
        yield wav(np.stack([whole[start : start + step]] * channels, axis=1), rate)


def wav(samples: np.ndarray, rate: int) -> bytes:
    """Write a chunk with the header that a browser writes: its lengths are not known yet."""
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format="WAV", subtype="PCM_16")
    content = bytearray(buffer.getvalue())
    content[4:8], content[40:44] = b"\xf7\xff\xff\xff", b"\xd3\xff\xff\xff"
    return bytes(content)


class Visitor:
    """Drives the Live tab as its page does: uploads, a place in the queue, a stream of answers."""

    def __init__(self, url: str) -> None:
        self.url = f"{url.rstrip('/')}/gradio_api/"
        self.http = httpx.Client(timeout=PATIENCE)
        self.session = uuid.uuid4().hex
        config = self.http.get(f"{url.rstrip('/')}/config").json()
        events = {target[1]: d for d in config["dependencies"] for target in d["targets"]}
        self.stream = events["stream"]["id"]
        microphone = events["stream"]["targets"][0][0]
        self.stopping = next(
            d["id"]
            for d in config["dependencies"]
            if [microphone, "stop_recording"] in d["targets"]
        )
        self.event = ""
        self.answers: queue.Queue[tuple[float, dict]] = queue.Queue()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def send(self, content: bytes) -> str:
        """Send a chunk; return the path it was stored under."""
        (path,) = self.http.post(
            f"{self.url}upload", files={"files": ("audio.wav", content, "audio/wav")}
        ).json()
        meta = {"_type": "gradio.FileData"}
        data = [{"path": path, "orig_name": "audio.wav", "is_stream": True, "meta": meta}, None]
        body = {"data": data, "fn_index": self.stream, "session_hash": self.session}
        if self.event:
            self.http.post(f"{self.url}stream/{self.event}", json=body)
        else:
            self.event = self.http.post(f"{self.url}queue/join", json=body).json()["event_id"]
            threading.Thread(target=self._listen, daemon=True).start()
        return path

    def _listen(self) -> None:
        address = f"{self.url}queue/data?session_hash={self.session}"
        with httpx.stream("GET", address, timeout=PATIENCE) as stream:
            for line in stream.iter_lines():
                if line.startswith("data:"):
                    message = json.loads(line[5:])
                    if message["msg"] in ("process_streaming", "process_completed"):
                        self.answers.put((time.perf_counter(), message))
                    if message["msg"] in ("process_completed", "close_stream"):
                        return

    def answer(self) -> tuple[float, dict]:
        """Wait for the next answer: when it came, and the message."""
        return self.answers.get(timeout=PATIENCE)

    def stop(self) -> list:
        """Stop as the button does; return what stands on the page then."""
        self.http.post(f"{self.url}stream/{self.event}/close")
        body = {"data": [None], "fn_index": self.stopping, "session_hash": self.session}
        return self.http.post(f"{self.url}run/predict", json=body).json()["data"]


def told(name: str, milliseconds: list[float]) -> None:
    """Print the median and the 95th percentile."""
    print(
        f"{name:<47}median {statistics.median(milliseconds):6.1f} ms, 95th percentile "
        f"{np.percentile(milliseconds, 95):6.1f} ms, {len(milliseconds)} chunks"
    )


def in_process(recognizer, settings, seconds: float) -> None:
    """Time a chunk's file to the answer's HTML: chunks that complete half a second, and all."""
    from ser_core.model.repository import Repository
    from ser_core.ui.page import Page
    from ser_core.ui.tabs import live_tab

    page = Page(recognizer, settings, Repository.load(recognizer.directory))
    with tempfile.TemporaryDirectory() as folder:
        for rate, channels in FORMS:
            state, with_answer, times = None, [], []
            for number, content in enumerate(chunks(rate, channels, seconds)):
                path = Path(folder) / f"{rate}_{number}.wav"
                path.write_bytes(content)
                started = time.perf_counter()
                shown, _, state = live_tab.answer_chunks(page, str(path), state, "visitor")
                times.append(1e3 * (time.perf_counter() - started))
                if isinstance(shown, str):
                    with_answer.append(times[-1])
            form = f"{rate // 1000} kHz, {channels} channel{'s' * (channels > 1)}"
            told(f"in the process, {form}, answers", with_answer[2:])
            told(f"in the process, {form}, all chunks", times[2:])


def speak(url: str, rate: int, channels: int, seconds: float, delays: list[float]) -> None:
    """Send sound in real time; collect the delay of every answer."""
    with Visitor(url) as visitor:
        begun = time.perf_counter()
        for number, content in enumerate(chunks(rate, channels, seconds)):
            time.sleep(max(0.0, begun + number * CHUNK - time.perf_counter()))
            started = time.perf_counter()
            visitor.send(content)
            arrived, message = visitor.answer()
            if number > 2 and isinstance(message["output"]["data"][0], str):
                delays.append(1e3 * (arrived - started))
        visitor.stop()


def through_server(recognizer, settings, seconds: float, visitors: int) -> None:
    """Time from sending a chunk to receiving the answer, with one visitor and with several."""
    from ser_core.ui.build import build_app

    demo, options = build_app(recognizer, settings)
    _, url, _ = demo.launch(**options, prevent_thread_lock=True, quiet=True)
    for rate, channels in FORMS:
        for count in sorted({1, visitors}):
            delays: list[float] = []
            threads = [
                threading.Thread(target=speak, args=(url, rate, channels, seconds, delays))
                for _ in range(count)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            people = f"{count} visitor{'s' * (count > 1)}"
            told(f"through the server, {rate // 1000} kHz, {people}", delays)
    demo.close()


def main() -> None:
    """Run all measurements."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=20.0, help="of sound in each measurement")
    parser.add_argument("--visitors", type=int, default=4)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GRADIO_TEMP_DIR"] = folder
        from ser_core import DEFAULT_MODEL, EmotionRecognizer
        from ser_core.ui.settings import Settings

        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            settings = Settings(port=listener.getsockname()[1])
        load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
        print(
            f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; "
            f"load average {load}"
        )
        recognizer = EmotionRecognizer.from_pretrained(DEFAULT_MODEL)
        in_process(recognizer, settings, arguments.seconds)
        through_server(recognizer, settings, arguments.seconds, arguments.visitors)
        left = [path for path in Path(folder).rglob("*") if path.is_file()]
        print(f"files of sound left on the disk: {len(left)}")


if __name__ == "__main__":
    main()
