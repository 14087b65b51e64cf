"""What may go wrong with the browser edition: damaged files, a new build, a worker that is gone."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ser_core.ui.tabs.examples import FOLDER as CLIPS
from tests.support.browser_edition import (
    BUILD,
    CONTROLLED,
    READY,
    ROOT,
    TIMELINE,
    ask,
    open_edition,
    served,
    shares,
)
from tests.support.node import NODE, require_node

USUAL = 48_000  # [Hz], of what says no rate
ESBUILD = ROOT / "web" / "node_modules" / ".bin" / "esbuild"
READ = """
const { readRate } = require(process.argv[1]);
const { readFileSync } = require('node:fs');
const rates = process.argv.slice(2).map((file) => {
  const bytes = readFileSync(file);
  return readRate(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
});
console.log(JSON.stringify(rates));
"""


def read_rates(files: list[Path], folder: Path) -> list[int]:
    """Read the rate of each file as the page does, in Node."""
    require_node()
    if not ESBUILD.exists():
        pytest.skip("there is no esbuild in web/node_modules: make web")
    module = folder / "headers.cjs"
    options = ("--bundle", "--format=cjs", "--log-level=error", f"--outfile={module}")
    subprocess.run([ESBUILD, ROOT / "web" / "src" / "headers.ts", *options], check=True)
    done = subprocess.run(
        [NODE, "-e", READ, module, *files], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_the_rate_of_a_file_is_what_its_header_says(tmp_path, fixtures):
    plain = [fixtures / f"speech.{kind}" for kind in ("flac", "mp3", "ogg")]
    plain += [fixtures / "speech_48k_stereo.wav", fixtures / "speech_male.wav"]
    plain += sorted(CLIPS.glob("*.mp3"))
    others = [fixtures / name for name in ("speech.m4a", "speech.webm", "speech_video.mp4")]
    rates = read_rates([*plain, *others], tmp_path)
    assert rates[: len(plain)] == [soundfile.info(file).samplerate for file in plain]
    assert set(rates[len(plain) :]) == {USUAL}


def test_noise_has_the_usual_rate(tmp_path):
    draw = np.random.default_rng(0)
    files = [tmp_path / str(number) for number in range(200)]
    for file in files:
        file.write_bytes(draw.bytes(8_192))
    files += [tmp_path / "empty", tmp_path / "cut.wav", tmp_path / "cut.mp3"]
    for file, content in zip(files[-3:], (b"", b"RIFF\0\0\0\0WAVE", b"ID3\4\0\0\0\0"), strict=True):
        file.write_bytes(content)
    assert set(read_rates(files, tmp_path)) == {USUAL}


def test_a_model_that_was_damaged_where_it_is_kept_is_fetched_again(page, address):
    damaged = """async () => {
      const store = await caches.open('undertone-files');
      const kept = await store.keys();
      for (const one of kept) await store.put(one, new Response('damaged'));
      return kept.length;
    }"""
    assert page.evaluate(damaged) == 4
    open_edition(page, address)
    assert shares(ask(page, CLIPS / "plain.mp3"))


def test_a_new_build_is_there_after_a_reload(browser, tmp_path):
    folder = tmp_path / "dist"
    shutil.copytree(BUILD, folder)
    with served(folder) as address:
        context = browser.new_context(locale="en-GB")
        page = context.new_page()
        page.goto(address)
        page.evaluate(CONTROLLED)
        known = folder / "known.json"
        known.write_text(known.read_text("utf-8").replace("What does this voice", "How does this"))
        worker = folder / "service_worker.js"
        worker.write_text(worker.read_text("utf-8").replace('"undertone-', '"undertone-1'))
        changed = """() => new Promise((done) => {
          navigator.serviceWorker.addEventListener('controllerchange', () => done());
          navigator.serviceWorker.ready.then((one) => one.update());
        })"""
        page.evaluate(changed)
        page.goto(address)
        assert page.locator("h1").inner_text().startswith("How does this")
        context.close()


@pytest.mark.parametrize("missing", ["worker.js", "known.json"])
def test_what_is_missing_is_said_in_a_sentence(browser, address, missing):
    context = browser.new_context(locale="en-GB", service_workers="block")
    page = context.new_page()
    page.route(f"**/{missing}", lambda route: route.abort())
    page.goto(address)
    if missing == "worker.js":
        page.wait_for_selector("#state[data-state=unavailable]")
        assert "could not be loaded" in page.locator("#state").inner_text()
        assert "went wrong" in ask(page, CLIPS / "plain.mp3").inner_text()
    else:
        page.locator("#failed").wait_for()
        assert "could not be loaded" in page.locator("#failed").inner_text()
    assert page.locator(READY).count() == 0
    context.close()


@pytest.mark.slow
def test_sixteen_minutes_are_answered_as_python_answers_them(page, recognizer, tmp_path):
    """Longer than the page's own filter takes: the browser's decoder resamples."""
    speech, rate = soundfile.read(CLIPS / "sad.mp3", dtype="float32")
    file = tmp_path / "long.flac"
    soundfile.write(file, np.concatenate([np.zeros(rate * 960, np.float32), speech]), rate)
    expected = recognizer.analyze(file).distribution
    shown = ask(page, file, TIMELINE)
    label = shown.locator("[data-label]").get_attribute("data-label")
    assert label == max(expected, key=lambda one: expected[one])
