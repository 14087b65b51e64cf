"""Visitors' feedback: the real client sends it to a Hub of the test's own, and nothing else."""

import io
import json
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
import soundfile
from huggingface_hub import HfApi

from ser_core import EmotionRecognizer, __version__
from ser_core.config.emotions import LABELS
from ser_core.errors import ConfigError
from ser_core.model.repository import Repository
from ser_core.ui import feedback
from ser_core.ui.build import build_app
from ser_core.ui.feedback import OTHER, Feedback, FeedbackBox, open_box
from ser_core.ui.look import text
from ser_core.ui.page import HeldAnswer, Page
from ser_core.ui.settings import Settings
from ser_core.ui.tabs.feedback_form import give_feedback
from tests.support.app import SPEECH
from tests.support.browser import (
    SIZES,
    assert_answered,
    assert_fits,
    choose,
    clear,
    expect,
    require_browser,
    shoot,
    start_browser,
)
from tests.support.hub_server import HubServer
from tests.support.ports import free_port

REPO = "user/voices"
NEVER = 1_000.0  # [min] between two commits that no test waits for
RATE = 16_000  # [Hz]
WORD = Feedback(
    said="sad",
    status="emotion",
    answered="happy",
    probabilities={"happy": 0.75, "sad": 0.25},
    adapted=False,
    model="embedded",
    revision=None,
    version=__version__,
)
KEYS = {"date", *Feedback.model_fields, "audio"}


@pytest.fixture
def api(hub: HubServer) -> HfApi:
    return HfApi(endpoint=hub.url, token=hub.token)


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """What the package has logged; huggingface_hub says things of its own."""
    return lambda: [
        record.getMessage() for record in caplog.records if record.name.startswith("ser_core")
    ]


@pytest.fixture
def box(api: HfApi) -> Iterator[FeedbackBox]:
    made = opened(api)
    yield made
    made.close()


def opened(api: HfApi, **options: Any) -> FeedbackBox:
    """A box that has looked for something to send once, which it does at the start."""
    made = FeedbackBox(REPO, api=api, every=NEVER, **options)
    while not hasattr(made._scheduler, "last_future"):
        time.sleep(0.01)
    made._scheduler.last_future.result()
    return made


@pytest.fixture
def page(recognizer: EmotionRecognizer, box: FeedbackBox) -> Page:
    return Page(recognizer, Settings(), Repository.load(recognizer.directory), feedback=box)


@pytest.fixture
def held(recognizer: EmotionRecognizer, tmp_path: Path) -> HeldAnswer:
    path = tmp_path / "my own name.wav"
    path.write_bytes(SPEECH.read_bytes())
    return HeldAnswer(str(path), recognizer.predict(path), adapted=True)


def received(hub: HubServer) -> tuple[list[dict], dict[str, bytes]]:
    """The words, and the recordings by path, that the data set holds."""
    files = hub.repo("dataset", REPO).files()
    words = [json.loads(c) for path, c in files.items() if path.startswith("feedback/")]
    return words, {path: c for path, c in files.items() if path.startswith("audio/")}


def test_the_data_set_is_made_private_and_an_existing_one_is_left_as_it_is(
    hub: HubServer, api: HfApi
) -> None:
    FeedbackBox(REPO, api=api, every=NEVER).close()
    assert hub.repo("dataset", REPO).private
    assert received(hub) == ([], {})
    hub.repo("dataset", "user/open").write({"README.md": b"mine"})
    FeedbackBox("user/open", api=api, every=NEVER).close()
    assert not hub.repo("dataset", "user/open").private
    assert hub.repo("dataset", "user/open").files() == {"README.md": b"mine"}


def test_what_was_said_arrives_in_one_commit_and_is_kept_nowhere_else(
    hub: HubServer, box: FeedbackBox
) -> None:
    assert box.put(WORD)
    sound = np.sin(np.arange(RATE) / 20).astype(np.float32) / 2
    assert box.put(WORD, (RATE, sound))
    assert box.waiting == 2
    box._scheduler.trigger().result()
    assert box.waiting == 0
    assert [path for path in box._folder.rglob("*") if path.is_file()] == []
    words, audio = received(hub)
    assert len(hub.repo("dataset", REPO).history()) == 2  # with the one that made it
    assert [set(word) for word in words] == [KEYS, KEYS]
    plain, spoken = sorted(words, key=lambda word: word["audio"] is not None)
    assert plain == {**WORD.model_dump(), "date": f"{datetime.now(UTC):%Y-%m-%d}", "audio": None}
    assert set(audio) == {spoken["audio"]}
    samples, rate = soundfile.read(io.BytesIO(audio[spoken["audio"]]))
    assert (rate, len(samples)) == (RATE, RATE)
    assert np.allclose(samples, sound, atol=1e-4)
    box.put(WORD)
    box._scheduler.trigger().result()
    assert len(received(hub)[0]) == 3


def test_it_is_sent_by_itself_from_time_to_time(hub: HubServer, api: HfApi) -> None:
    box = FeedbackBox(REPO, api=api, every=1 / 600)
    box.put(WORD)
    deadline = time.monotonic() + 60
    while not received(hub)[0] and time.monotonic() < deadline:
        time.sleep(0.1)
    assert len(received(hub)[0]) == 1
    box.close()


def test_what_waits_while_the_hub_is_away_is_bounded_and_sent_later(
    hub: HubServer, box: FeedbackBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feedback, "MOST_WAITING", 3)
    hub.fail("/commit/", 400)
    assert [box.put(WORD) for _ in range(5)] == [True, True, True, False, False]
    with pytest.raises(Exception, match="400"):
        box._scheduler.trigger().result()
    assert box.waiting == 3
    hub.heal()
    box._scheduler.trigger().result()
    assert len(received(hub)[0]) == 3
    assert box.put(WORD)


def test_closing_sends_what_is_left_and_leaves_no_file(hub: HubServer, api: HfApi) -> None:
    box = FeedbackBox(REPO, api=api, every=NEVER)
    box.put(WORD)
    box.close()
    assert len(received(hub)[0]) == 1
    assert not box._folder.exists()


def test_what_is_lost_at_the_end_is_said_in_the_log(
    hub: HubServer, api: HfApi, logged: Callable[[], list[str]]
) -> None:
    box = opened(api)
    box.put(WORD)
    hub.fail("/commit/", 403)
    box.close()
    assert "1 visitors' feedback is lost" in logged()[0]
    assert hub.token not in logged()[0]
    assert not box._folder.exists()


@pytest.mark.parametrize("token", ["hf_read", "hf_other", "hf_wrong"])
def test_a_token_that_may_not_write_means_a_page_without_feedback(
    hub: HubServer, logged: Callable[[], list[str]], token: str
) -> None:
    settings = Settings(feedback_repo=REPO)
    assert open_box(settings, api=HfApi(endpoint=hub.url, token=token)) is None
    assert "No feedback is collected." in logged()[0]
    assert token not in logged()[0]
    assert open_box(Settings()) is None
    assert len(logged()) == 1


@pytest.mark.parametrize("value", ["voices", "user/a/b", "user/<b>", "https://example.com/a"])
def test_a_wrong_id_is_one_sentence(value: str) -> None:
    with pytest.raises(ConfigError, match="SER_FEEDBACK_REPO is"):
        Settings.from_environment({"SER_FEEDBACK_REPO": value})


def test_only_what_the_page_says_is_kept_of_a_visitors_word(
    hub: HubServer, page: Page, held: HeldAnswer
) -> None:
    assert give_feedback(page, page.feedback, held, "sad", audio=False) == (
        text.FEEDBACK_THANKS,
        True,
    )
    assert give_feedback(page, page.feedback, held, OTHER, audio=True) == (
        text.FEEDBACK_THANKS_AUDIO,
        True,
    )
    page.feedback._scheduler.trigger().result()
    words, audio = received(hub)
    assert sorted(word["said"] for word in words) == [OTHER, "sad"]
    for word in words:
        assert set(word) == KEYS
        assert word["answered"] == held.prediction.label
        assert word["adapted"] is True
        assert (word["model"], word["version"]) == ("embedded", __version__)
        assert word["probabilities"] == pytest.approx(dict(held.prediction.probabilities), abs=1e-4)
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", word["date"])
    assert len(audio) == 1
    stored = json.dumps(words) + repr(list(audio.values()))
    assert "own name" not in stored


def test_what_cannot_be_sent_is_a_sentence_and_nothing_is(
    hub: HubServer, page: Page, held: HeldAnswer
) -> None:
    assert give_feedback(page, page.feedback, None, "sad", audio=False) == (
        text.FEEDBACK_NONE,
        True,
    )
    assert give_feedback(page, page.feedback, held, None, audio=False) == (
        text.FEEDBACK_CHOOSE,
        False,
    )
    Path(held.path).unlink()
    words, done = give_feedback(page, page.feedback, held, "sad", audio=True)
    assert "no longer on the server" in words
    assert not done
    assert page.feedback.waiting == 0


def contents(demo: gr.Blocks) -> str:
    return json.dumps(demo.get_config_file(), default=str).replace("&#x27;", "'")


def test_a_page_without_a_data_set_says_and_asks_nothing(
    recognizer: EmotionRecognizer, page: Page
) -> None:
    demo, _ = build_app(recognizer, Settings())
    shown = contents(demo)
    for words in (text.FEEDBACK, text.FEEDBACK_SEND, text.LIMITS_FEEDBACK, "feedback that you"):
        assert words not in shown
    demo, _ = build_app(recognizer, Settings(), page.feedback)
    shown = contents(demo)
    assert text.FEEDBACK_NOTE.format(repo=REPO) in shown
    assert text.PRIVACY_FEEDBACK.format(repo=REPO) in shown
    assert text.PRIVACY_NOTE_FEEDBACK in shown
    (tick,) = [b for b in demo.blocks.values() if b.elem_id == "feedback-audio"]
    assert tick.value is False
    private = [fn for fn in demo.fns.values() if fn.name in ("ask", "give")]
    assert {fn.api_visibility for fn in private} == {"private"}


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 390])
def test_a_visitor_sends_it_only_by_the_button(
    hub: HubServer,
    api: HfApi,
    recognizer: EmotionRecognizer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    width: int,
) -> None:
    require_browser()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    box = FeedbackBox(REPO, api=api, every=NEVER)
    demo, options = build_app(recognizer, Settings(port=free_port()), box)
    demo.launch(**options, prevent_thread_lock=True, quiet=True)
    for browser in start_browser(SPEECH):
        page = browser.new_page(viewport={"width": width, "height": SIZES[width]})
        page.set_default_timeout(60_000)
        page.goto(demo.local_url)
        page.wait_for_selector("[data-status=waiting]")
        send = page.get_by_role("button", name=text.FEEDBACK_SEND)
        expect(send).to_be_hidden()
        page.get_by_role("button", name=text.EXAMPLE_NAMES["sad"], exact=True).click()
        assert_answered(page)
        page.wait_for_timeout(1_500)
        expect(send).to_be_hidden()
        clear(page)
        choose(page, SPEECH)
        assert_answered(page)
        send.wait_for()
        tick = page.get_by_label(text.FEEDBACK_AUDIO)
        expect(tick).not_to_be_checked()
        send.click()
        page.get_by_text(text.FEEDBACK_CHOOSE).wait_for()
        page.get_by_label("Sad", exact=True).focus()
        page.keyboard.press("Space")
        assert_fits(page)
        shoot(page, "feedback")
        send.focus()
        page.keyboard.press("Enter")
        page.get_by_text(text.FEEDBACK_THANKS).wait_for()
        expect(send).to_be_hidden()
        clear(page)
        choose(page, SPEECH)
        send.wait_for()
        tick.check()
        page.get_by_label(text.FEEDBACK_OTHER, exact=True).check()
        send.click()
        page.get_by_text(text.FEEDBACK_THANKS_AUDIO).wait_for()
        clear(page)
        choose(page, SPEECH)
        send.wait_for()
        expect(tick, "each recording is asked for by itself").not_to_be_checked()
    demo.close()  # which sends what is left
    words, audio = received(hub)
    assert sorted(word["said"] for word in words) == [OTHER, "sad"]
    assert len(audio) == 1
    assert not box._folder.exists()
    assert set(words[0]["probabilities"]) == set(LABELS)


def test_the_app_collects_where_its_variables_say_so(hub: HubServer, hub_process) -> None:
    code = (
        "import app\n"
        "print([b.elem_id for b in app.demo.blocks.values() if b.elem_id == 'feedback'])\n"
    )
    for token, expected in ((hub.read_token, "[]"), (hub.token, "['feedback']")):
        process = hub_process(code, token=token, SER_FEEDBACK_REPO=REPO)
        printed, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
        assert printed.splitlines()[-1] == expected
        assert ("No feedback is collected." in printed) == (expected == "[]")
        assert token not in printed + errors
    assert hub.has("dataset", REPO)
