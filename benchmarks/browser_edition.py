"""How fast the browser edition answers, and how near Python.

    python -m benchmarks.browser_edition --minutes 60
    python -m benchmarks.browser_edition --compare PATH...

Visit: from the address to a model that is ready and to the first answer, in a browser that was
never there, and again after that. Then what an answer takes, and a conversation along time. CPU
time is that of the page and its worker: times on the clock are those of whatever else the machine
does, too. `--compare` answers recordings in Python and in the browser, and prints how far apart the
probabilities are, beside how far Python's own move where its features move by 0.00001. It needs a
build (`make web`), playwright and Chromium.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from unittest import mock

import numpy as np
import soundfile
from playwright.sync_api import Page, sync_playwright

from benchmarks.load import FIXTURES, machine
from ser_core import DEFAULT_MODEL, EmotionRecognizer
from ser_core.audio.load import load_audio
from ser_core.model.predictor import Predictor
from ser_core.ui.look.markup import say_label
from ser_core.ui.tabs.examples import FOLDER as CLIPS
from tests.support.browser import launch_browser
from tests.support.browser_edition import (
    TIMELINE,
    ask,
    cpu_time,
    open_edition,
    resident,
    served,
    shares,
)

SOURCE = FIXTURES / "speech_48k_stereo.wav"  # 3 s
RATE = 16_000  # [Hz]
VISITS, ANSWERS = 3, 9
PATIENCE = 7_200_000  # [ms]
KINDS = (".wav", ".flac", ".mp3", ".ogg", ".opus", ".webm")
NUDGE = 1e-5  # of features, whose standard deviation is 1


def main() -> None:
    """Print what a visitor waits for, or how equal answers are."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--minutes", type=float, nargs="*", default=[1.0], help="to follow")
    parser.add_argument("--compare", type=Path, nargs="+", help="recordings, or their folders")
    given = parser.parse_args()
    print(machine())
    with served() as address, sync_playwright() as playwright:
        browser = launch_browser(playwright.chromium)
        if given.compare:
            page = browser.new_context(locale="en-GB").new_page()
            open_edition(page, address)
            _compare(page, given.compare)
            return
        cold, warm = [], []
        page = None
        for _ in range(VISITS):
            if page is not None:
                page.context.close()
            page = browser.new_context(locale="en-GB").new_page()
            page.set_default_timeout(PATIENCE)
            cold.append(_visit(page, address))
            warm.append(_visit(page, address))
        assert page is not None, "there is a visit"
        for name, visits in (("first visit", cold), ("later visit", warm)):
            ready, answered, cpu = (median(one) for one in zip(*visits, strict=True))
            print(
                f"{name}: model ready after {ready:.2f} s, first answer after {answered:.2f} s, "
                f"{cpu:.2f} s of CPU time"
            )
        answers = [_timed(page, SOURCE) for _ in range(ANSWERS)]
        clock, cpu = (median(one) for one in zip(*answers, strict=True))
        print(f"answer to 3 s at 48 kHz, stereo: {clock:.2f} s, {cpu:.2f} s of CPU time")
        for minutes in given.minutes:
            _follow(page, minutes)
        browser.close()


def _visit(page: Page, address: str) -> tuple[float, float, float]:
    """Open the page and ask it something; return when each was there, and the CPU time [s]."""
    before, began = cpu_time(page), time.perf_counter()
    open_edition(page, address)
    ready = time.perf_counter() - began
    ask(page, SOURCE, patience=PATIENCE)
    answered = time.perf_counter() - began
    return ready, answered, cpu_time(page) - before


def _timed(page: Page, file: Path, tab: int = 0) -> tuple[float, float]:
    """Return how long an answer took [s], and how much CPU time of the page [s]."""
    before, began = cpu_time(page), time.perf_counter()
    ask(page, file, tab, PATIENCE)
    return time.perf_counter() - began, cpu_time(page) - before


def _follow(page: Page, minutes: float) -> None:
    """Follow a conversation along time, and print what it took."""
    samples = np.resize(load_audio(CLIPS / "conversation.mp3"), round(minutes * 60 * RATE))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "long.flac"
        soundfile.write(file, samples, RATE)
        clock, cpu = _timed(page, file, TIMELINE)
    speed, memory = minutes * 60 / cpu, resident(page) / 1e6
    print(
        f"{minutes:g} min along time: {clock:.1f} s, {cpu:.1f} s of CPU time, {speed:.0f} times "
        f"real time; {memory:.0f} MB resident"
    )


def _compare(page: Page, paths: list[Path]) -> None:
    """Print how far answers are from Python's, and Python's from its own after a nudge."""
    recognizer = EmotionRecognizer(DEFAULT_MODEL)
    apart, moved, others = [], [], 0
    for file in _recordings(paths):
        expected = recognizer.predict(file)
        with _nudged():
            again = recognizer.predict(file)
        found = shares(ask(page, file, patience=PATIENCE))
        if bool(found) != bool(expected.probabilities):
            others += 1
            print(f"{file.name}: {expected.status} in Python, otherwise in the browser")
            continue
        for label, share in expected.probabilities.items():
            apart.append(abs(found[say_label(label)] - share))
            moved.append(abs(again.probabilities[label] - share))
        likeliest = max(found, key=lambda one: found[one], default=None)
        if likeliest is not None and likeliest != say_label(expected.label or likeliest):
            others += 1
            print(f"{file.name}: {expected.label} in Python, {likeliest} in the browser")
    for name, values in (("browser", apart), ("Python after a nudge", moved)):
        print(f"{name}: largest difference {max(values):.4f}, 99th percentile "
              f"{np.percentile(values, 99):.4f}, median {median(values):.4f}")  # fmt: skip
    print(f"{len(_recordings(paths))} recordings, {others} with another label")


def _recordings(paths: list[Path]) -> list[Path]:
    """List recordings, and those in folders."""
    return [
        file
        for path in paths
        for file in (sorted(path.rglob("*")) if path.is_dir() else [path])
        if file.suffix in KINDS
    ]


@contextmanager
def _nudged() -> Iterator[None]:
    """Move the network's inputs by what two ways of computing them may differ in."""
    encode, draw = Predictor.encode, np.random.default_rng(0).standard_normal

    def nudge(self: Predictor, inputs: np.ndarray) -> np.ndarray:
        return encode(self, inputs + (NUDGE * draw(inputs.shape)).astype(np.float32))

    with mock.patch.object(Predictor, "encode", nudge):
        yield


if __name__ == "__main__":
    main()
