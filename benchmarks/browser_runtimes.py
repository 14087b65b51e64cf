"""LiteRT.js beside ONNX Runtime Web: python -m benchmarks.browser_runtimes FILES --modules MODULES

FILES is the folder that `python -m train waveform --out FILES` wrote. Both run the file that takes
samples with weights of eight bits, on one thread of a worker in Chromium, without cross-origin
isolation: model.waveform.int8.tflite, and model.onnx after ONNX Runtime's dynamic quantisation of
the dense layers of its encoder. Printed are what a visitor fetches, packed by gzip, and CPU times:
until the first window of 2.4 s is answered, and of each. It needs `make web` (esbuild, LiteRT.js),
onnx, onnxruntime, Chromium, and onnxruntime-web:

    npm install --prefix MODULES onnxruntime-web
    python -m benchmarks.browser_runtimes FILES --modules MODULES
"""

import argparse
import gzip
import subprocess
import tempfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from playwright.sync_api import sync_playwright

from benchmarks.load import machine
from tests.support.browser import launch_browser
from tests.support.browser_edition import ROOT, cpu_time

WEB = ROOT / "web"
RUNS = 20
SAMPLES = 38_240  # of a window
WINDOW = f"Float32Array.from({{ length: {SAMPLES} }}, (_, n) => 0.1 * Math.sin(n * n * 1e-5))"
ANSWER = f"""
  await answer({WINDOW});
  onmessage = async () => {{
    for (let run = 0; run < {RUNS}; run++) await answer({WINDOW});
    postMessage('answered');
  }};
  postMessage('loaded');
"""
WORKERS = {
    "LiteRT.js": """
import { loadAndCompile, loadLiteRt, Tensor } from '@litertjs/core';
(async () => {
  await loadLiteRt('/litert_wasm_internal.js');
  const model = await loadAndCompile('/model.tflite', { accelerator: 'wasm' });
  const answer = async (samples) => {
    const input = new Tensor(samples, [1, samples.length]);
    const given = await model.run({ samples: input });
    for (const one of [input, ...Object.values(given)]) one.delete();
  };""",
    "ONNX Runtime Web": """
import * as ort from 'onnxruntime-web/wasm';
ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = '/';
(async () => {
  const model = await ort.InferenceSession.create('/model.onnx', { executionProviders: ['wasm'] });
  const answer = async (samples) => {
    await model.run({ samples: new ort.Tensor('float32', samples, [1, samples.length]) });
  };""",
}
FETCHED = {
    "LiteRT.js": ("litert_wasm_internal.wasm", "model.tflite"),
    "ONNX Runtime Web": ("ort-wasm-simd-threaded.wasm", "model.onnx"),
}
KINDS = {"LiteRT.js": "classic", "ONNX Runtime Web": "module"}
"""Of workers: the former fetches its runtime with importScripts."""
LOAD = """([worker, type]) => new Promise((told, failed) => {
  window.worker = new Worker(worker, { type });
  window.worker.onmessage = (event) => told(event.data);
  window.worker.onerror = (event) => failed(event.message);
})"""
RUN = """() => new Promise((told) => {
  window.worker.onmessage = (event) => told(event.data);
  window.worker.postMessage('answer');
})"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of each request."""


def main() -> None:
    """Print sizes and times of both."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("files", type=Path, help="folder of the files that take samples")
    parser.add_argument("--modules", type=Path, default=WEB, help="where onnxruntime-web is")
    given = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        _prepare(folder, given.files, given.modules)
        handler = partial(_Quiet, directory=name)
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            Thread(target=server.serve_forever, daemon=True).start()
            browser = launch_browser(playwright.chromium)
            for number, runtime in enumerate(WORKERS):
                page = browser.new_page()
                page.goto(f"http://127.0.0.1:{server.server_port}/index.html")
                clock = [cpu_time(page)]
                page.evaluate(LOAD, [f"/worker_{number}.js", KINDS[runtime]])
                clock.append(cpu_time(page))
                page.evaluate(RUN)
                clock.append(cpu_time(page))
                size = sum(
                    len(gzip.compress((folder / one).read_bytes())) for one in FETCHED[runtime]
                )
                first, each = clock[1] - clock[0], 1e3 * (clock[2] - clock[1]) / RUNS
                print(
                    f"{runtime}: {size / 1e6:.1f} MB fetched, first window after "
                    f"{first:.2f} s, each in {each:.0f} ms"
                )
                page.close()
            browser.close()
            server.shutdown()


def _prepare(folder: Path, files: Path, modules: Path) -> None:
    """Put together what the page of a runtime asks for."""
    (folder / "index.html").write_text("<!doctype html><title>Runtimes</title>")
    (folder / "model.tflite").write_bytes((files / "model.waveform.int8.tflite").read_bytes())
    _quantise(files / "model.onnx", folder / "model.onnx")
    places = {"LiteRT.js": WEB, "ONNX Runtime Web": modules}
    litert = WEB / "node_modules" / "@litertjs" / "core" / "wasm"
    runtimes = [*litert.glob("litert_wasm_internal.*")]
    runtimes += (modules / "node_modules" / "onnxruntime-web" / "dist").glob(
        "ort-wasm-simd-threaded.*m*"
    )
    for file in runtimes:
        (folder / file.name).write_bytes(file.read_bytes())
    for number, (runtime, code) in enumerate(WORKERS.items()):
        source = places[runtime] / f".benchmark_{number}.js"
        source.write_text(f"{code}{ANSWER}}})();")
        try:
            esbuild = WEB / "node_modules" / ".bin" / "esbuild"
            out = folder / f"worker_{number}.js"
            kind = "iife" if KINDS[runtime] == "classic" else "esm"
            options = ("--bundle", f"--format={kind}", "--log-level=error", f"--outfile={out}")
            subprocess.run([esbuild, source, *options], check=True)
        finally:
            source.unlink()


def _quantise(source: Path, target: Path) -> None:
    """Give the dense layers of the encoder weights of eight bits."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    graph = onnx.load(source).graph
    weights = {one.name for one in graph.initializer}
    dense = [
        node.name
        for node in graph.node
        if node.op_type in ("MatMul", "Gemm")
        and any(name in weights and "encoder" in name for name in node.input)
    ]
    quantize_dynamic(
        source,
        target,
        nodes_to_quantize=dense,
        per_channel=True,
        weight_type=QuantType.QInt8,
        extra_options={"MatMulConstBOnly": True},
    )


if __name__ == "__main__":
    main()
