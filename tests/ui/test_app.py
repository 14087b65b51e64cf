"""The app as its callers meet it: a real Gradio server, the real client, and plain HTTP."""

import asyncio
import json
import re
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from starlette.middleware import Middleware

from benchmarks.live import Visitor, chunks
from ser_core import DEFAULT_MODEL, EmotionRecognizer, __version__
from ser_core.config.emotions import LABELS
from ser_core.ui.build import build_app
from ser_core.ui.look import text
from ser_core.ui.settings import Settings
from tests.support.app import (
    CARRIED,
    HTTP,
    LIMITS,
    PATIENCE,
    RATE,
    SPEECH,
    connect,
    event_of,
    file_data,
    left_in,
    post,
    running_app,
    serving,
    shown,
    start_app,
    upload,
    visit,
    wav,
)
from tests.support.embedded import NETWORK_FILE
from tests.support.hub_server import HubServer
from tests.support.ports import free_port
from tests.support.recordings import call, conversation

ROOT = Path(__file__).parents[2]
FIXTURES = Path(__file__).parents[1] / "fixtures"


@pytest.fixture(scope="module")
def url(uploads: Path, recognizer: EmotionRecognizer) -> Iterator[str]:
    with serving(recognizer, **LIMITS | {"max_megabytes": 1}) as demo:
        yield demo.local_url


@pytest.fixture(scope="module")
def client(url: str) -> Client:
    return connect(url)


@pytest.mark.parametrize(
    "name",
    ["speech_female.wav", "speech.mp3", "speech.m4a", "speech.webm", "speech_48k_stereo.wav"],
)
def test_predict_answers_what_the_recognizer_answers(
    client: Client, recognizer: EmotionRecognizer, name: str
) -> None:
    expected = recognizer.predict(FIXTURES / name)
    answer = client.predict(handle_file(FIXTURES / name), api_name="/predict")
    assert answer == {
        "status": expected.status,
        "label": expected.label,
        "confidence": pytest.approx(expected.confidence),
        "top": [
            {"label": label, "probability": pytest.approx(probability)}
            for label, probability in expected.top(3)
        ],
        "notes": [],
    }


def test_a_voice_is_one_visitors_until_it_is_forgotten(url: str, uploads: Path) -> None:
    # Of no other test: the page's claim on an upload stays, and would keep theirs.
    (path,) = upload(url, "clip.wav", (FIXTURES / "speech_male.wav").read_bytes()).json()
    adapt = event_of(url, "voice-recordings", "upload")
    hear = event_of(url, "run", "click")
    note = text.VOICE_ANSWER.format(used="1 recording")
    status, *_ = visit(url, "mine", adapt, [[file_data(path)], *CARRIED])
    assert text.VOICE_ADAPTED.format(used="1 recording") in status
    assert note in visit(url, "mine", hear, [file_data(path), None, *CARRIED])[0]
    assert note not in visit(url, "theirs", hear, [file_data(path), None, *CARRIED])[0]
    forget = event_of(url, "voice-forget", "click")
    body = {"data": [], "fn_index": forget, "session_hash": "mine"}
    HTTP.post(f"{url}gradio_api/run/predict", json=body).raise_for_status()
    assert note not in visit(url, "mine", hear, [file_data(path), None, *CARRIED])[0]
    Path(path).unlink()


def test_predict_all_answers_everything(client: Client, recognizer: EmotionRecognizer) -> None:
    answer = client.predict(audio=handle_file(SPEECH), api_name="/predict_all")
    assert answer == recognizer.predict(SPEECH).to_dict()
    assert list(answer["probabilities"]) == list(LABELS)
    assert sum(answer["probabilities"].values()) == pytest.approx(1.0)


def test_silence_is_no_speech_and_no_label(client: Client, tmp_path: Path) -> None:
    silence = tmp_path / "silence.wav"
    silence.write_bytes(wav(np.zeros(3 * RATE)))
    answer = client.predict(handle_file(silence), api_name="/predict")
    assert answer == {
        "status": "no_speech",
        "label": None,
        "confidence": 0.0,
        "top": [],
        "notes": [],
    }
    assert client.predict(handle_file(silence), api_name="/predict_all")["probabilities"] == {}


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("garbage.wav", b"this is not audio" * 100, r"garbage\.wav"),
        ("empty.wav", b"", "is empty: expected a recording, got 0 bytes"),
        ("long.wav", wav(np.zeros(31 * RATE)), "too long: expected at most [13]0 s"),
        ("short.wav", wav(np.zeros(RATE // 100)), "too short: expected at least 0.1 s"),
        ("cut.wav", SPEECH.read_bytes()[:20_000], r"cut\.wav"),
    ],
)
@pytest.mark.parametrize("endpoint", ["/predict", "/predict_all", "/analyze"])
def test_what_cannot_be_used_is_an_exception_with_our_sentence(
    client: Client,
    uploads: Path,
    tmp_path: Path,
    name: str,
    content: bytes,
    sentence: str,
    endpoint: str,
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    if (name, endpoint) == ("cut.wav", "/analyze"):
        answer = client.predict(handle_file(file), api_name=endpoint)
        assert re.search(sentence, answer["truncated"])
        assert answer["segments"]
        return
    with pytest.raises(AppError, match=sentence) as caught:
        client.predict(handle_file(file), api_name=endpoint)
    assert "Traceback" not in str(caught.value)
    assert str(uploads) not in str(caught.value)
    assert left_in(uploads) == []


def test_an_upload_over_the_limit_is_refused_with_413(url: str, uploads: Path) -> None:
    assert upload(url, "big.wav", bytes(1_100_000)).status_code == 413
    assert left_in(uploads) == []


def test_eight_clients_at_once_get_equal_answers(url: str, uploads: Path) -> None:
    def ask(_: int) -> dict:
        return connect(url).predict(handle_file(SPEECH), api_name="/predict_all")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    assert all(answer == answers[0] for answer in answers)
    assert left_in(uploads) == []


def test_analyze_answers_the_timeline(client: Client, recognizer: EmotionRecognizer) -> None:
    timeline = recognizer.analyze(SPEECH)
    answer = client.predict(handle_file(SPEECH), api_name="/analyze")
    assert answer == json.loads(timeline.to_json())
    assert [segment["label"] for segment in answer["segments"]]
    assert answer["dominant"] in LABELS


def test_analyze_says_who_speaks_where_asked(
    client: Client, recognizer: EmotionRecognizer, uploads: Path, tmp_path: Path
) -> None:
    talk = tmp_path / "talk.wav"
    talk.write_bytes(wav(conversation((0.5, 0.6, 0.7))))
    answer = client.predict(handle_file(talk), speakers=3, api_name="/analyze")
    assert answer == json.loads(recognizer.analyze(talk, speakers=3).to_json())
    voices = [voice for voice, _ in groupby(turn["speaker"] for turn in answer["turns"])]
    assert voices == ["A", "B", "C"]  # a pause within what somebody says may part two turns
    assert left_in(uploads) == []


def test_analyze_takes_each_channel_for_a_speaker_where_asked(
    client: Client, recognizer: EmotionRecognizer, uploads: Path, tmp_path: Path
) -> None:
    path = tmp_path / "call.wav"
    soundfile.write(path, call(rounds=1), 16_000)
    answer = client.predict(handle_file(path), channels="separate", api_name="/analyze")
    assert answer == json.loads(recognizer.analyze(path, channels="separate").to_json())
    assert list(answer["by_speaker"]) == ["channel 1", "channel 2"]
    for wrong in ("both", 2, None):
        with pytest.raises(AppError, match="one of mix, separate, auto"):
            client.predict(handle_file(path), channels=wrong, api_name="/analyze")
    with pytest.raises(AppError, match="apart only without a number of speakers"):
        client.predict(handle_file(path), 2, "separate", api_name="/analyze")
    assert left_in(uploads) == []


@pytest.mark.parametrize("speakers", [1, 7, -2, 2.5, "two", True, None, [2]])
def test_analyze_says_how_many_people_it_tells_apart(
    client: Client, uploads: Path, speakers: object
) -> None:
    with pytest.raises(AppError, match=r"0, where .*, or 2 to 6, got"):
        client.predict(handle_file(SPEECH), speakers=speakers, api_name="/analyze")
    assert left_in(uploads) == []


def test_analyze_finds_no_emotion_in_silence_and_takes_what_predict_refuses(
    client: Client, uploads: Path, tmp_path: Path
) -> None:
    silence = tmp_path / "silence.wav"
    silence.write_bytes(wav(np.zeros(12 * RATE)))
    answer = client.predict(handle_file(silence), api_name="/analyze")
    assert (answer["dominant"], answer["segments"]) == (None, [])
    assert answer["overall"]["status"] == "no_speech"
    assert left_in(uploads) == []


def test_live_sound_is_answered_twice_a_second_and_leaves_no_file(url: str, uploads: Path) -> None:
    with Visitor(url) as visitor:
        shown = []
        for content in chunks(48_000, 2, 4.25):
            visitor.send(content)
            _, message = visitor.answer()
            shown.append(message["output"]["data"][0])
        cards = [one for one in shown if isinstance(one, str)]
        # Gradio answers a chunk with nothing new by an update that says so.
        assert len(cards) == 8
        assert 'data-live="emotion"' in "".join(cards)
        assert left_in(uploads) == []
        answer, strip, *_ = visitor.stop()
        assert text.LIVE_STOPPED_TITLE in answer
        assert "ser-piece" in strip


def test_live_sound_that_comes_too_fast_is_heard_whole_and_leaves_no_file(
    url: str, uploads: Path
) -> None:
    with Visitor(url) as visitor:
        sound = list(chunks(16_000, 1, 6.0))
        visitor.send(sound[0])
        visitor.answer()
        # Without waiting for the answers: Gradio hears of some of these chunks only.
        for content in sound[1:]:
            visitor.send(content)
            time.sleep(0.02)
        visitor.send(sound[0])
        deadline = time.monotonic() + PATIENCE
        while left_in(uploads) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert left_in(uploads) == []
        answer, *_ = visitor.stop()
        assert text.LIVE_STOPPED.split("{")[0] + "6 s" in answer


def test_a_chunk_that_is_no_sound_is_a_sentence_and_the_next_one_is_heard(
    url: str, uploads: Path
) -> None:
    with Visitor(url) as visitor:
        sound = list(chunks(48_000, 1, 1.0))
        states = []
        for content in (sound[0], b"this is not audio" * 100, b"", *sound[1:]):
            visitor.send(content)
            shown = visitor.answer()[1]["output"]["data"][0]
            states.append(shown if isinstance(shown, str) else "")
        assert text.LIVE_FAULT in states[1]
        assert "Traceback" not in states[1]
        assert "data-live" in states[3]
        assert text.LIVE_FAULT not in "".join(states[3:])
        assert left_in(uploads) == []


def test_the_api_is_exactly_the_seven_documented_endpoints(url: str) -> None:
    info = HTTP.get(f"{url}gradio_api/info").json()
    heard = {"/predict", "/predict_all", "/analyze"}
    others = {"/export", "/compare", "/embed", "/model_info"}
    assert set(info["named_endpoints"]) == heard | others
    assert info["unnamed_endpoints"] == {}
    analyze = info["named_endpoints"]["/analyze"]
    for endpoint in map(info["named_endpoints"].get, heard):
        assert endpoint["description"].startswith("Predict the emotion in a recording")
        parameter, *further = endpoint["parameters"]
        assert parameter["parameter_name"] == "audio"
        assert parameter["python_type"]["type"] == "filepath"
        names = [(one["parameter_name"], one["parameter_default"]) for one in further]
        about_speakers = [("speakers", 0), ("channels", "mix")] if endpoint is analyze else []
        assert names == [*about_speakers, ("labels", []), ("group", {})]
        (returned,) = endpoint["returns"]
        named = set(returned["type"]["properties"])
        assert named >= {"status", "label", "confidence"} or named >= {"segments", "overall"}


@pytest.mark.parametrize("endpoint", ["predict", "predict_all", "analyze"])
def test_curl_needs_an_upload_a_call_and_a_get(url: str, endpoint: str) -> None:
    (path,) = upload(url, "clip.wav", SPEECH.read_bytes()).json()
    event, (answer,) = post(url, endpoint, file_data(path))
    assert event == "complete"
    assert answer.get("overall", answer)["label"] in LABELS
    assert not Path(path).exists()


def test_an_upload_is_good_for_one_call(url: str) -> None:
    (path,) = upload(url, "clip.wav", SPEECH.read_bytes()).json()
    assert post(url, "predict", file_data(path))[0] == "complete"
    event, answer = post(url, "predict", file_data(path))
    assert (event, answer["error"]) == ("error", text.NOT_AN_UPLOAD)


def test_one_callers_upload_outlives_another_callers_use_of_the_same_sound(url: str) -> None:
    (first,) = upload(url, "clip.wav", SPEECH.read_bytes()).json()
    (second,) = upload(url, "clip.wav", SPEECH.read_bytes()).json()
    assert post(url, "predict", file_data(first)) == post(url, "predict", file_data(second))


@pytest.mark.parametrize("data", [None, "clip.wav", 3, {}, {"path": None}, {"path": "\0"}, []])
def test_anything_but_an_upload_is_refused(url: str, data: object) -> None:
    event, answer = post(url, "predict", data)
    assert (event, answer["error"]) == ("error", text.NOT_AN_UPLOAD)


def test_a_file_of_the_server_is_neither_read_nor_deleted(url: str, tmp_path: Path) -> None:
    mine = tmp_path / "mine.wav"
    mine.write_bytes(SPEECH.read_bytes())
    for data in ({"path": str(mine)}, file_data(str(mine))):
        event, answer = post(url, "predict", data)
        assert event == "error"
        assert answer["error"] in (text.NOT_AN_UPLOAD, None)
    assert mine.exists()


def test_the_page_is_served_and_names_nothing_outside(url: str) -> None:
    page = HTTP.get(url)
    assert page.status_code == 200
    config = HTTP.get(f"{url}config").json()
    assert config["analytics_enabled"] is False
    # Gradio links fonts by address unless the theme names local ones.
    assert not any("://" in sheet for sheet in config.get("stylesheets") or [])
    assert all(event["api_visibility"] == "private" for event in config["dependencies"][:-7])


def healthy(model: str, revision: str | None = None) -> dict:
    return {"status": "ok", "model": model, "revision": revision, "version": __version__}


class Slow:
    """ASGI middleware that takes longer to begin an answer than Gradio waits for its own page."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: dict, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] == "/":
            await asyncio.sleep(4.0)
        await self._app(scope, receive, send)


def test_a_slow_machine_starts_the_app_too(recognizer: EmotionRecognizer) -> None:
    demo, launch_options = build_app(recognizer, Settings(port=free_port()))
    launch_options["app_kwargs"]["middleware"].append(Middleware(Slow))
    _, address, _ = demo.launch(**launch_options, prevent_thread_lock=True, quiet=True)
    try:
        assert HTTP.get(address).status_code == httpx.codes.OK
    finally:
        demo.close()


def test_health_names_the_model(url: str) -> None:
    answer = HTTP.get(f"{url}health")
    assert answer.status_code == 200
    assert answer.json() == healthy("embedded")


def test_app_serves_a_folder_and_tells_its_name_only(tmp_path: Path) -> None:
    folder = tmp_path / "my-model"
    shutil.copytree(DEFAULT_MODEL, folder)
    with running_app(SER_MODEL_ID=str(folder)) as (url, log):
        assert "Model: my-model." in shown(url)
        assert HTTP.get(f"{url}health").json() == healthy("my-model")
        answer = connect(url).predict(handle_file(SPEECH), api_name="/predict")
        assert answer["label"] in LABELS
        assert str(tmp_path) not in shown(url)
    assert any(line.startswith(f"Loaded {folder} in ") for line in log)


@pytest.mark.parametrize("model", ["", pytest.param("no-such-folder", marks=pytest.mark.slow)])
def test_app_without_its_model_says_why_wherever_it_is_asked(tmp_path: Path, model: str) -> None:
    folder = tmp_path / model
    with running_app(SER_MODEL_ID=str(folder)) as (url, log):
        answer = HTTP.get(f"{url}health")
        sentence = answer.json()["error"]
        assert answer.status_code == 503
        assert answer.json()["status"] == "unavailable"
        assert folder.name in sentence
        assert str(tmp_path) not in sentence
        assert text.UNAVAILABLE_TITLE in shown(url)
        assert sentence in shown(url)
        for endpoint in ("/predict", "/predict_all", "/analyze"):
            with pytest.raises(AppError) as caught:
                connect(url).predict(handle_file(SPEECH), api_name=endpoint)
            assert str(caught.value) == sentence
        for endpoint, given in (
            ("/compare", [[handle_file(SPEECH)] * 2]),
            ("/export", [handle_file(SPEECH), "srt"]),
            ("/embed", [handle_file(SPEECH)]),
            ("/model_info", []),
        ):
            with pytest.raises(AppError) as caught:
                connect(url).predict(*given, api_name=endpoint)
            assert str(caught.value) == sentence
    assert any(line.startswith("The model could not be loaded: ") for line in log)


@pytest.mark.slow
def test_app_pulls_its_model_from_the_hub_and_starts_from_the_cache_without_it(
    tmp_path: Path,
) -> None:
    environment = {"SER_MODEL_ID": "user/name", "HF_HOME": str(tmp_path), "HF_TOKEN": ""}
    with HubServer() as hub:
        repository = hub.repo("model", "user/name")
        files = [path for path in Path(DEFAULT_MODEL).iterdir() if path.is_file()]
        revision = repository.write({path.name: path.read_bytes() for path in files})
        environment["HF_ENDPOINT"] = hub.url
        with running_app(**environment) as (url, log):
            assert f"Model: user/name, revision {revision}." in shown(url)
            served = healthy("user/name", revision)
            assert HTTP.get(f"{url}health").json() == served
        (fetching,) = (line for line in log if line.startswith("Fetching "))
        assert f"Fetching {len(files)} of {len(files)} files of user/name, " in fetching
        assert NETWORK_FILE in fetching
        loaded = f"Loaded user/name at revision {revision} in "
        assert any(line.startswith(loaded) for line in log)
    with running_app(**environment) as (url, log):
        assert HTTP.get(f"{url}health").json() == served
        label = connect(url).predict(handle_file(SPEECH), api_name="/predict")["label"]
        assert label in LABELS
    assert any(line.startswith("The Hub lists no files of user/name") for line in log)


@pytest.mark.slow
def test_app_without_hub_and_cache_says_so_soon(tmp_path: Path) -> None:
    environment = {"HF_HOME": str(tmp_path), "HF_ENDPOINT": f"http://127.0.0.1:{free_port()}"}
    with running_app(SER_MODEL_ID="user/name", **environment) as (url, log):
        answer = HTTP.get(f"{url}health")
        assert answer.status_code == 503
        assert "user/name is not in the local cache" in answer.json()["error"]
    assert not any("Retry" in line for line in log)


@pytest.mark.slow
def test_app_behind_a_proxy_gives_addresses_under_its_path() -> None:
    with running_app(GRADIO_ROOT_PATH="/emotion") as (url, _):
        assert HTTP.get(f"{url}config").json()["root"].endswith("/emotion")
        assert HTTP.get(f"{url}health").status_code == 200


def test_a_page_on_this_machine_is_closed_to_scripts_of_other_sites(url: str) -> None:
    def allowed(host: str, origin: str) -> str | None:
        answer = HTTP.get(f"{url}config", headers={"Host": host, "Origin": origin})
        return answer.headers.get("access-control-allow-origin")

    assert allowed("127.0.0.1", "https://elsewhere.example") is None
    assert allowed("emotion.example", "https://elsewhere.example") == "https://elsewhere.example"


def test_app_refuses_a_wrong_variable_with_one_sentence() -> None:
    app = start_app(SER_MAX_SECONDS="forever")
    _, errors = app.communicate(timeout=120)
    assert app.returncode == 1
    assert (
        errors.strip().splitlines()[-1].startswith("The environment is not valid: SER_MAX_SECONDS")
    )
    assert "Traceback" not in errors
