"""A microphone that gives no sound, as a visitor meets it: said in words before any upload."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from ser_core.ui.look import text
from tests.support.browser import expect, launch_browser, open_page, open_tab, start_browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

RATE = 48_000  # [Hz]
PHONE = 390  # [px]
REFUSED = {
    "NotReadableError": text.MIC_BUSY,
    "AbortError": text.MIC_BUSY,
    "OverconstrainedError": text.MIC_MISSING,
    "TypeError": text.MIC_FAILED,
}
REFUSE = """name => MediaDevices.prototype.getUserMedia = async () => {
    throw new DOMException("", name);
}"""
# A microphone whose sound is as loud as wanted, and which may be muted or pulled out.
GIVE = """loud => MediaDevices.prototype.getUserMedia = async () => {
    const context = new AudioContext(), end = context.createMediaStreamDestination();
    const tone = context.createOscillator(), gain = context.createGain();
    gain.gain.value = loud;
    tone.connect(gain).connect(end);
    tone.start();
    window.volume = gain.gain;
    window.track = end.stream.getAudioTracks()[0];
    return end.stream;
}"""
# Nobody answers the question for the microphone before a test does.
ASK = """() => {
    const ask = MediaDevices.prototype.getUserMedia;
    const allowed = new Promise(resolve => { window.allow = resolve; });
    window.tracks = [];
    MediaDevices.prototype.getUserMedia = async function (constraints) {
        await allowed;
        const stream = await ask.call(this, constraints);
        tracks.push(...stream.getTracks());
        return stream;
    };
}"""
HURRY = """() => {
    const begin = setInterval;
    window.setInterval = (act, pause) => begin(act, pause === 250 ? 25 : pause);
}"""  # ten times as many looks at the sound
MUTE = """is_muted => Object.defineProperty(track, "muted",
    { value: is_muted, configurable: true })"""
PULL_OUT = "track.stop(); track.dispatchEvent(new Event('ended'))"


@pytest.fixture(scope="module")
def browser(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator["Browser"]:
    """One whose microphone is muted, and which is asked for it as people are."""
    sound = tmp_path_factory.mktemp("sound") / "silence.wav"
    soundfile.write(sound, np.zeros(4 * RATE), RATE, subtype="PCM_16")
    yield from start_browser(sound)


def record(page: "Page", recorder: str = "recording") -> None:
    page.locator(f"#{recorder} .record-button").click()


def wait_until_said(page: "Page", words: str, recorder: str = "recording") -> None:
    page.locator(f"#{recorder}-microphone [role=alert]:visible", has_text=words).wait_for()
    expect(page.locator(f"#{recorder}-microphone p:visible")).to_have_count(1)


def stop(page: "Page") -> None:
    page.locator("#recording .stop-button:visible").click()


def test_what_a_microphone_lacks_is_said_before_any_upload(browser: "Browser", url: str) -> None:
    for page in open_page(browser, url, PHONE, permissions=()):
        page.route("**/upload*", lambda route: pytest.fail(f"{route.request.url} is sent"))
        record(page)
        wait_until_said(page, text.MIC_DENIED)
        page.locator("[data-status=waiting]").wait_for()

        for name, words in REFUSED.items():
            page.evaluate(REFUSE, name)
            record(page)
            wait_until_said(page, words)

        page.evaluate(HURRY)
        page.evaluate(GIVE, 0.002)
        record(page)
        wait_until_said(page, text.MIC_FAINT)
        page.evaluate("volume.value = 0.5")
        alert = page.locator("#recording-microphone [role=alert]:visible")
        alert.wait_for(state="hidden")
        page.evaluate("volume.value = 0")  # a pause of whoever speaks
        page.wait_for_timeout(750)
        assert alert.count() == 0
        page.evaluate(MUTE, True)
        wait_until_said(page, text.MIC_MUTED)
        page.evaluate(MUTE, False)
        alert.wait_for(state="hidden")
        page.evaluate(PULL_OUT)
        wait_until_said(page, text.MIC_GONE)


def test_a_muted_microphone_is_said_while_it_records(browser: "Browser", url: str) -> None:
    for page in open_page(browser, url, PHONE):
        record(page)
        wait_until_said(page, text.MIC_MUTED)
        expect(page.locator("[data-status=waiting]")).to_be_visible()
        stop(page)
        page.wait_for_selector("[data-status=no_speech]")


def test_a_second_press_while_the_microphone_is_asked_for_does_nothing(
    browser: "Browser", url: str
) -> None:
    for page in open_page(browser, url, PHONE, scripts=[ASK]):
        page.locator("#recording .record-button").dblclick()
        page.evaluate("allow()")
        page.locator("#recording .stop-button:visible").wait_for()
        page.wait_for_timeout(1_000)  # in which the second press would end it
        assert page.evaluate("tracks.map(one => one.readyState)") == ["live"]
        stop(page)
        page.wait_for_selector("[data-status=no_speech]")


def test_no_microphone_at_all_is_said_at_every_recorder(browser: "Browser", url: str) -> None:
    without = launch_browser(browser.browser_type)
    for page in open_page(without, url):
        record(page)
        wait_until_said(page, text.MIC_MISSING)
        open_tab(page, text.LIVE_TAB)
        record(page, "microphone")
        wait_until_said(page, text.MIC_MISSING, "microphone")
        expect(page.locator("[data-live=waiting]")).to_be_visible()
    # Only this machine's own names are safe to a browser without a certificate.
    for page in open_page(without, url.replace("127.0.0.1", "0.0.0.0"), PHONE):
        record(page)
        wait_until_said(page, text.MIC_INSECURE)
    without.close()
