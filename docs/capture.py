"""Take the animated picture of the README again: a recording, its answer, a timeline.

    python -m docs.capture

`capture.webp` shows the real page on a phone's screen, fifteen seconds of it: a browser whose
microphone hears one of the examples records, is answered, and follows a conversation along time.
Frames are those that the browser draws; where it only waits, it is cut short. Needs what
`docs.screenshot` needs.
"""

import base64
import io
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import soundfile
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from docs.screenshot import DOCS, PATIENCE, PHONE
from ser_core import DEFAULT_MODEL, EmotionRecognizer
from ser_core.audio.load import load_audio
from ser_core.ui.build import build_app
from ser_core.ui.settings import Settings
from ser_core.ui.tabs.examples import FOLDER
from tests.support.browser import launch_browser

SOUND = FOLDER / "sad.mp3"
RATE = 48_000  # [Hz] of a browser's microphone
LENGTH = 15.0  # [s] of the picture
STEP = 0.12  # [s] between two frames at least
REST = 2.5  # [s] that one frame stands at most
LAST = 1.0  # [s] that the last one stands
QUALITY = 55  # of WebP, of 100
LARGEST = 2_000_000  # [bytes] of the picture

Frame = tuple[float, bytes]
"""When a browser drew it [s], and the JPEG."""


class Camera:
    """Films a page, except while it is paused.

    Attributes:
        frames: those filmed so far, in order of time; a pause is cut out.
    """

    def __init__(self, page: Page) -> None:
        """Prepare to film a page."""
        self.frames: list[Frame] = []
        self._page = page
        self._session = page.context.new_cdp_session(page)
        self._session.on("Page.screencastFrame", self._keep)
        self._left_out, self._paused = 0.0, 0.0

    def _keep(self, event: dict) -> None:
        self._session.send("Page.screencastFrameAck", {"sessionId": event["sessionId"]})
        drawn = event["metadata"]["timestamp"] - self._left_out
        self.frames.append((drawn, base64.b64decode(event["data"])))

    def run(self) -> None:
        """Begin to film, or go on."""
        if self._paused:
            self._left_out += time.time() - self._paused
        self._session.send("Page.startScreencast", {"format": "jpeg", "quality": 90})

    def pause(self) -> None:
        """Film nothing for now."""
        self._session.send("Page.stopScreencast")
        self._paused = time.time()

    def wait_for(self, selector: str, shown: int = 500) -> None:
        """Wait for something, of which the picture shows so much at most [ms]."""
        self._page.wait_for_timeout(shown)
        self.pause()
        self._page.wait_for_selector(selector)
        self.run()


def act(page: Page, camera: Camera) -> None:
    """Do what the picture shows."""
    camera.run()
    page.wait_for_timeout(900)
    page.locator("#recording .record-button").click()
    page.wait_for_timeout(2_400)
    page.locator("#recording .stop-button:visible").click()
    camera.wait_for("#moments [data-explained=yes]")
    page.wait_for_timeout(3_000)
    page.locator("[role=tab]#tab-timeline-button").click()
    page.wait_for_timeout(500)
    page.locator("#example-conversation").click()
    camera.wait_for("[data-timeline=done]")
    page.wait_for_timeout(1_200)
    box = page.locator(".ser-window").bounding_box()
    assert box is not None, "the timeline is drawn"
    middle = box["y"] + box["height"] / 2
    for part in (0.2, 0.35, 0.5, 0.65, 0.8):
        page.mouse.move(box["x"] + part * box["width"], middle, steps=4)
        page.wait_for_timeout(250)
    for _ in range(2):
        page.locator("[data-zoom=in]").click()
        page.wait_for_timeout(600)
    page.wait_for_timeout(1_000)
    camera.pause()


def cut(frames: Sequence[Frame]) -> tuple[list[Image.Image], list[int]]:
    """Leave out what comes too fast, cut short what stands too long, and fit all into LENGTH.

    Args:
        frames: in order of time.

    Returns:
        The pictures, and how long each is shown [ms].
    """
    chosen = [frames[0]]
    for frame in frames[1:]:
        if frame[0] - chosen[-1][0] >= STEP:
            chosen.append(frame)
    ends = [time for time, _ in chosen[1:]] + [frames[-1][0] + LAST]
    lengths = [min(REST, end - time) for (time, _), end in zip(chosen, ends, strict=True)]
    scale = min(1.0, LENGTH / sum(lengths))
    pictures = [Image.open(io.BytesIO(jpeg)).convert("RGB") for _, jpeg in chosen]
    return pictures, [round(1_000 * scale * length) for length in lengths]


def main() -> None:
    """Serve the page, film it, and write the picture."""
    demo, launch_options = build_app(EmotionRecognizer(DEFAULT_MODEL), Settings(port=7898))
    _, url, _ = demo.launch(**launch_options, prevent_thread_lock=True, quiet=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        sound = Path(folder) / "sound.wav"
        soundfile.write(sound, load_audio(SOUND, sample_rate=RATE), RATE, subtype="PCM_16")
        browser = launch_browser(playwright.chromium, sound)
        page = browser.new_page(viewport=PHONE, permissions=["microphone"], color_scheme="light")
        page.set_default_timeout(PATIENCE)
        page.goto(f"{url}?lang=en")
        page.wait_for_selector("[data-status=waiting]")
        page.wait_for_timeout(2_000)  # Gradio loads its recorder after the page
        camera = Camera(page)
        act(page, camera)
        pictures, lengths = cut(camera.frames)
        browser.close()
    demo.close()
    path = DOCS / "capture.webp"
    first, *rest = pictures
    first.save(
        path, save_all=True, append_images=rest, duration=lengths, loop=0, quality=QUALITY, method=6
    )
    size = path.stat().st_size
    print(f"{path.name}: {len(pictures)} frames, {sum(lengths) / 1_000:.1f} s, {size:,} bytes")
    if size > LARGEST:
        raise SystemExit(f"Expected at most {LARGEST:,} bytes: lower QUALITY.")


if __name__ == "__main__":
    main()
