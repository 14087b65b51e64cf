"""The app for tests: served from this process or run as people do, and called over HTTP."""

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import numpy as np
import soundfile
from gradio_client import Client

from ser_core import EmotionRecognizer
from ser_core.ui.build import build_app
from ser_core.ui.settings import Settings
from tests.support.ports import free_port
from tests.support.recordings import FIXTURES

ROOT = Path(__file__).parents[2]
RATE = 16_000  # [Hz]
SPEECH = FIXTURES / "speech_female.wav"
PATIENCE = 120  # [s] a busy machine may need for one request
HTTP = httpx.Client(timeout=PATIENCE)
LIMITS = {"max_seconds": 10, "max_timeline_seconds": 30, "max_megabytes": 6}
"""Settings under which what is too long or too large is small."""
CARRIED = (None, None)
"""What a call of the page carries beside its inputs, where it says nothing of when it was made."""


def wav(samples: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, RATE, format="WAV", subtype="PCM_16")
    return buffer.getvalue()


def connect(url: str) -> Client:
    options = {"timeout": PATIENCE}
    return Client(url, verbose=False, analytics_enabled=False, httpx_kwargs=options)


def left_in(folder: Path) -> list[Path]:
    # Unlike rglob, a walk passes over folders that the server deletes meanwhile.
    return [Path(at, name) for at, _, names in os.walk(folder) for name in names]


def post(
    url: str, name: str, *data: object, headers: dict[str, str] | None = None
) -> tuple[str, Any]:
    """curl's second and third step: the call, and the stream with its answer."""
    call = f"{url}gradio_api/call/{name}"
    event = HTTP.post(call, json={"data": data}, headers=headers).json()["event_id"]
    return wait_for_answer(f"{call}/{event}", headers)


def wait_for_answer(address: str, headers: dict[str, str] | None = None) -> tuple[str, Any]:
    """The stream with a call's answer: the name of its last event, and what that says."""
    stream = HTTP.get(address, headers=headers).text
    last = stream.strip().split("\n\n")[-1]  # after heartbeats, where the machine is busy
    lines = dict(line.split(": ", 1) for line in last.splitlines())
    return lines["event"], json.loads(lines["data"])


def upload(url: str, name: str, content: bytes) -> httpx.Response:
    return HTTP.post(f"{url}gradio_api/upload", files={"files": (name, content)})


def file_data(path: str) -> dict:
    return {"path": path, "meta": {"_type": "gradio.FileData"}}


def event_of(url: str, element: str, trigger: str) -> int:
    """The number of the page's event that an element triggers on the server."""
    config = HTTP.get(f"{url}config").json()
    ids = [c["id"] for c in config["components"] if c["props"].get("elem_id") == element]
    on_server = [event for event in config["dependencies"] if event["backend_fn"]]
    (found,) = [event["id"] for event in on_server if [ids[0], trigger] in event["targets"]]
    return found


def visit(url: str, session: str, event: int, data: list) -> list:
    """Do what a visitor's page does, and return what it then shows."""
    body = {"data": data, "fn_index": event, "session_hash": session}
    HTTP.post(f"{url}gradio_api/queue/join", json=body).raise_for_status()
    stream = HTTP.get(f"{url}gradio_api/queue/data?session_hash={session}").text
    messages = [json.loads(line[5:]) for line in stream.splitlines() if line.startswith("data:")]
    (done,) = [m for m in messages if m["msg"] == "process_completed"]
    assert done["success"], done
    return done["output"]["data"]


def start_app(
    python: str | Path = sys.executable, folder: Path = ROOT, **environment: str
) -> subprocess.Popen:
    return subprocess.Popen(
        [python, "app.py"],
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def running_app(
    python: str | Path = sys.executable, folder: Path = ROOT, **environment: str
) -> Iterator[tuple[str, list[str]]]:
    """Run a folder's `app.py` until it answers; its log is in the list once it has ended."""
    url, log = f"http://127.0.0.1:{(port := free_port())}/", []
    app = start_app(python, folder, GRADIO_SERVER_PORT=str(port), **environment)
    try:
        for _ in range(10 * PATIENCE):
            with suppress(httpx.TransportError):
                HTTP.get(f"{url}config")
                break
            assert app.poll() is None, app.stderr.read()
            time.sleep(0.1)
        yield url, log
    finally:
        app.terminate()
        log += "".join(app.communicate(timeout=30)).splitlines()


def shown(url: str) -> str:
    return json.dumps(HTTP.get(f"{url}config").json()["components"])


@contextmanager
def serving(recognizer: EmotionRecognizer, **options: Any) -> Iterator[gr.Blocks]:
    """Serve the app from this process; `options` are fields of its settings."""
    demo, launch_options = build_app(recognizer, Settings(port=free_port(), **options))
    demo.launch(**launch_options, prevent_thread_lock=True, quiet=True)
    try:
        yield demo
    finally:
        demo.close()


def contents(demo: gr.Blocks) -> str:
    """Everything that stands on the page, as the browser is sent it."""
    return json.dumps(demo.get_config_file()["components"], default=str)
