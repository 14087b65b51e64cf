"""Measure start-up, memory and warm latency, beside openSMILE's eGeMAPS in the same run.

    python -m benchmarks.latency            # pip install opensmile for the comparison
    python -m benchmarks.latency --model DIR

The recording is tests/fixtures/speech_48k_stereo.wav made mono: 3 s, 48 kHz, 16 bit. openSMILE's
licence is non-commercial; it is measured here and used nowhere else.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
EMBEDDED = str(ROOT / "ser_core" / "pretrained")
SOURCE = ROOT / "tests" / "fixtures" / "speech_48k_stereo.wav"
HEAVY = ("tensorflow", "gradio", "plotly", "pandas", "librosa", "scipy")

COLD = """
import time; started = time.perf_counter()
import resource, sys
from ser_core import EmotionRecognizer
answer = EmotionRecognizer.from_pretrained(sys.argv[2]).predict(sys.argv[1])
seconds = time.perf_counter() - started
megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
heavy = [name for name in {heavy!r} if name in sys.modules]
print(seconds, megabytes, ",".join(heavy) or "none", sep="|")
"""


def one_thread() -> None:
    """Keep numerical libraries to one thread; must run before they are imported."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"


def cold_start(path: Path, model: str, runs: int) -> None:
    """Import to first answer in new processes."""
    rows = []
    for _ in range(runs):
        result = subprocess.run(
            [sys.executable, "-c", COLD.format(heavy=HEAVY), str(path), model],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
        )
        rows.append(result.stdout.strip().split("|"))
    seconds = [float(row[0]) for row in rows]
    megabytes = [float(row[1]) for row in rows]
    print(
        f"import to first answer    median {statistics.median(seconds):.2f} s "
        f"({min(seconds):.2f} to {max(seconds):.2f}), peak {max(megabytes):.0f} MB, "
        f"heavy packages imported: {rows[-1][2]}"
    )


def timed(name: str, call, runs: int) -> float:
    """Time a call after a warm-up; print and return the median [ms]."""
    for _ in range(3):
        call()
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        call()
        times.append((time.perf_counter() - started) * 1e3)
    median = statistics.median(times)
    print(f"{name:<26}median {median:.2f} ms ({min(times):.2f} to {max(times):.2f})")
    return median


def warm(path: Path, model: str, runs: int) -> None:
    """Each step of a prediction, the whole, and openSMILE's features alone."""
    import numpy as np

    from ser_core import EmotionRecognizer, features
    from ser_core.audio.load import load_audio
    from ser_core.speech.gate import BANDS, detect_speech
    from ser_core.speech.gate_stream import gate_mel, shares_gate

    recognizer = EmotionRecognizer.from_pretrained(model)
    config = recognizer.config
    samples = load_audio(path, sample_rate=config.sample_rate)
    front = features.choose_front_end(config)
    window = features.network_inputs(samples, config)[:1]
    runtime = recognizer.predictor.runtime
    timed("decode and resample", lambda: load_audio(path, sample_rate=config.sample_rate), runs)
    timed("mel spectrogram", lambda: front.frames(samples), runs)
    if shares_gate(config):
        mel = front.frames(samples)[:, :BANDS]
    else:
        timed("the gate's own", lambda: gate_mel(samples), runs)
        mel = gate_mel(samples)
    timed("speech gate", lambda: detect_speech(mel), runs)
    timed("network, one window", lambda: runtime.run(window), runs)
    whole = timed("predict(path)", lambda: recognizer.predict(path), runs)
    print(f"windows in this recording: {len(features.network_inputs(samples, config))}")
    try:
        import opensmile
    except ImportError:
        print("openSMILE is not installed: pip install opensmile for the comparison")
        return
    extractor = opensmile.Smile(
        feature_set=opensmile.FeatureSet.eGeMAPSv02,
        feature_level=opensmile.FeatureLevel.Functionals,
        num_workers=1,
    )
    import soundfile

    signal, rate = soundfile.read(path, dtype="float32")
    signal = np.ascontiguousarray(signal)
    other = timed("openSMILE eGeMAPS alone", lambda: extractor.process_signal(signal, rate), runs)
    print(f"openSMILE / predict(path) = {other / whole:.1f}")


def main() -> None:
    """Run all measurements on one file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", default=EMBEDDED, help="folder of a model repository")
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--cold-runs", type=int, default=5)
    arguments = parser.parse_args()
    one_thread()
    import soundfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        samples, rate = soundfile.read(SOURCE, dtype="int16")
        soundfile.write(path, samples[:, 0], rate, subtype="PCM_16")
        print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
        print(f"{path.name}: {len(samples) / rate:.2f} s, {rate} Hz, mono, 16 bit; one thread")
        cold_start(path, arguments.model, arguments.cold_runs)
        warm(path, arguments.model, arguments.runs)


if __name__ == "__main__":
    main()
