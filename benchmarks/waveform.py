"""Measure the files that take samples beside features and network apart, on one core.

    python -m train waveform --model DIR --out FILES
    python -m benchmarks.waveform --model DIR --files FILES

Each answers the same window of speech, in turns, so that whatever else the machine does meets all
of them; the CPU time of this process is what is printed, as wall time suffers from the rest.
"""

import argparse
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.threads import one_thread

EMBEDDED = Path(__file__).parents[1] / "ser_core" / "pretrained"


def calls(
    model: Path, files: Path, folder: Path
) -> Iterator[tuple[str, str, Callable[[], object]]]:
    """Give what is measured: how it is called, its form, and the call."""
    from ser_core.config.feature_config import FeatureConfig
    from ser_core.model.files import LITERT_FORMS, ONNX_FILE, WAVEFORM_FORMS
    from ser_core.model.keras_runtime import load_keras_network
    from ser_core.model.litert_runtime import LiteRTRuntime
    from ser_core.model.predictor import Predictor
    from ser_core.timeline.predict import predict
    from train.networks.litert_files import write_litert
    from train.networks.waveform_parity import run_litert, run_onnx, windows

    config = FeatureConfig.load(model)
    speech = windows(config)["speech"]
    for form, name in WAVEFORM_FORMS.items():
        place = model
        if not (model / LITERT_FORMS[form]).is_file():
            write_litert(load_keras_network(model), config, folder, form)
            place = folder
        predictor = Predictor(config, LiteRTRuntime(place, config, form))
        yield "features and network apart, LiteRT", form, lambda p=predictor: predict(p, speech)
        run = run_litert(files / name)
        yield f"{name}, LiteRT", form, lambda run=run: run(speech[None])
    if (files / ONNX_FILE).is_file():
        of_onnx = run_onnx(files / ONNX_FILE)
        yield f"{ONNX_FILE}, ONNX Runtime", "float32", lambda: of_onnx(speech[None])


def main() -> None:
    """Measure all of them, in turns."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", type=Path, default=EMBEDDED, help="folder of a repository")
    parser.add_argument("--files", type=Path, help="folder of the files; the repository if none")
    parser.add_argument("--runs", type=int, default=30)
    arguments = parser.parse_args()
    one_thread("benchmarks.waveform")
    from ser_core.config.whole_files import temporary_folder
    from train.answers.markdown import markdown_table

    with temporary_folder() as folder:
        several = list(calls(arguments.model, arguments.files or arguments.model, folder))
        spent: list[list[float]] = [[] for _ in several]
        for number in range(arguments.runs + 2):
            for (_, _, call), times in zip(several, spent, strict=True):
                started = time.process_time()
                call()
                if number >= 2:  # the first ones allocate
                    times.append((time.process_time() - started) * 1e3)
    print(f"{platform.machine()}, Python {platform.python_version()}, one thread; CPU time, ms\n")
    rows = [
        [what, form, f"{statistics.median(times):.1f}", f"{min(times):.1f}"]
        for (what, form, _), times in zip(several, spent, strict=True)
    ]
    print(markdown_table(["a window", "form", "median", "least"], rows, text=2), end="")


if __name__ == "__main__":
    main()
