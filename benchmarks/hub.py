"""Measure how long a model takes from the Hub: the first time, and from the local cache.

    python -m benchmarks.hub

The Hub is tests/support/hub_server.py on this machine, so that what is measured is the client, the
checks and the loading, without anybody's network; the model is the embedded one. Each client is a
new process with an empty cache, and its import is timed apart.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
SPEECH = ROOT / "tests" / "fixtures" / "speech_male.wav"
FIRST, AGAIN = 1.0, 0.050  # [s] bounds: the first load beyond the import, and a load from the cache

CLIENT = """
import json, sys, time
started = time.perf_counter()
from ser_core import EmotionRecognizer
seconds = [time.perf_counter() - started]
for _ in range(int(sys.argv[2])):
    started = time.perf_counter()
    recognizer = EmotionRecognizer.from_pretrained("user/name")
    seconds.append(time.perf_counter() - started)
recognizer.predict(sys.argv[1])
heavy = [name for name in ("tensorflow", "keras") if name in sys.modules]
print(json.dumps({"seconds": seconds, "heavy": heavy}))
"""


def client(url: str, home: Path, loads: int) -> dict:
    """Load the model in a new process; returns what CLIENT tells."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    own = {
        "HF_ENDPOINT": url,
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "NO_PROXY": "localhost,127.0.0.1",
    }
    command = [sys.executable, "-c", CLIENT, str(SPEECH), str(loads)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=ROOT, env=kept | own
    )
    return json.loads(done.stdout)


def told(name: str, seconds: list[float], bound: float | None = None) -> bool:
    """Print the median of some times [s] and their range; return whether it keeps the bound."""
    median = statistics.median(seconds)
    limit = "" if bound is None else f"   (bound {bound * 1e3:.0f} ms)"
    print(
        f"{name:<37}median {median * 1e3:7.1f} ms "
        f"({min(seconds) * 1e3:.1f} to {max(seconds) * 1e3:.1f}){limit}"
    )
    return bound is None or median <= bound


def main() -> None:
    """Measure, print, and exit with 1 where a bound is not kept."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=7, help="Processes with an empty cache.")
    parser.add_argument("--loads", type=int, default=10, help="Loads in each.")
    arguments = parser.parse_args()
    from ser_core import DEFAULT_MODEL
    from ser_core.model.files import REPOSITORY_FILES
    from tests.support.hub_server import HubServer

    present = [Path(DEFAULT_MODEL) / name for name in REPOSITORY_FILES]
    files = {path.name: path.read_bytes() for path in present if path.is_file()}
    size = sum(map(len, files.values())) / 1e6
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"{len(files)} files, {size:.1f} MB; {arguments.runs} processes")
    imports, first, again, elsewhere, heavy, downloads = [], [], [], [], set(), 0
    with HubServer() as hub, tempfile.TemporaryDirectory() as folder:
        hub.repo("model", "user/name").write(files)
        for run in range(arguments.runs):
            home = Path(folder) / str(run)
            answer = client(hub.url, home, 1 + arguments.loads)
            imports.append(answer["seconds"][0])
            first.append(answer["seconds"][1])
            again += answer["seconds"][2:]
            hub.requests.clear()
            elsewhere.append(client(hub.url, home, 1)["seconds"][1])
            downloads += sum("/resolve/" in request.path for request in hub.requests)
            heavy |= set(answer["heavy"])
    told("import ser_core", imports)
    kept = told("first load, downloaded", first, FIRST)
    kept &= told("load again, from the cache", again, AGAIN)
    told("first load of a new process, cached", elsewhere)
    print(f"requests for files when cached: {downloads}")
    print(f"heavy packages imported after a prediction: {', '.join(sorted(heavy)) or 'none'}")
    if not kept or downloads or heavy:
        raise SystemExit("A bound is not kept.")


if __name__ == "__main__":
    main()
