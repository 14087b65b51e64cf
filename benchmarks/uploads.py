"""Send damaged and random uploads to the real app: each must end in an answer or in our sentence.

    python -m benchmarks.uploads

Recordings in every format, from tests/fixtures and written by soundfile, are damaged by a seeded
generator: bits flipped, cut, blocks inserted, doubled or taken out, fields of the header set to
extremes, heads and tails exchanged, wrong or odd names; beside them random bytes and nothing at
all. Each goes to `python app.py` as curl sends it: an upload, a call of /predict, the stream with
its outcome; some at a time. None may take longer than --limit, and at the end the app must be
alive and say of a good recording what it said at the start. What was treated otherwise is written
to --keep, to be looked at, and the exit status is 1.
"""

import argparse
import io
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import soundfile

from benchmarks.load import FIXTURES, ROOT, App, machine, running_app

GOOD = FIXTURES / "speech_female.wav"
HEAD = 200  # [bytes] where most fields of a header are
LONGEST_SENTENCE = 400  # characters
# What soundfile makes, beside the fixtures, and makes the same each time: an OGG has a number of
# its own, and a WAV of floats the time of day. (container, coding, ending)
WRITTEN = (
    ("WAV", "PCM_24", "wav"),
    ("AU", "FLOAT", "au"),
    ("WAV", "ULAW", "wav"),
    ("WAVEX", "PCM_16", "wav"),
    ("RF64", "PCM_16", "wav"),
    ("W64", "PCM_16", "w64"),
    ("AIFF", "PCM_16", "aiff"),
    ("AU", "PCM_16", "au"),
    ("CAF", "PCM_16", "caf"),
)
ENDINGS = ("wav", "flac", "ogg", "opus", "mp3", "m4a", "webm", "mp4", "txt", "exe", "png", "")
NAMES = (
    "clip",
    "a b (1)",
    "ÄÖÜ 語 \N{MICROPHONE}",
    "../../etc/passwd",
    "<b>bold</b>",
    "'; DROP TABLE",
    "x" * 240,
    "{name}",
    "%s%n",
    ".",
)
SIGNATURES = (
    b"RIFF\xff\xff\xff\xffWAVEfmt ",
    b"fLaC\0\0\0\x22",
    b"OggS\0\2",
    b"ID3\4\0\0\0\0\0\0",
    b"\xff\xfb\x90\x64",
    b"\xff\xf1\x50\x80",
    b"\0\0\0\x20ftypM4A ",
    b"\x1aE\xdf\xa3",
    b"FORM\0\0\0\0AIFF",
    b".snd",
    b"caff\0\1",
    b"#EXTM3U\nhttp://127.0.0.1/\n",
)
EXTREMES = tuple(
    value.to_bytes(size, order)
    for size in (1, 2, 4, 8)
    for order in ("little", "big")
    for value in (0, 1, 2 ** (8 * size - 1) - 1, 2 ** (8 * size - 1), 2 ** (8 * size) - 1)
)

Damage = Callable[[bytearray, np.random.Generator], None]
"""Changes a recording's bytes in place."""


@dataclass(frozen=True)
class Upload:
    """What is sent.

    Attributes:
        number: int, its place in the sequence, the same for the same seed.
        name: str, of the file.
        content: bytes.
        damage: str, what was done to it.
    """

    number: int
    name: str
    content: bytes
    damage: str


@dataclass(frozen=True)
class Ending:
    """How it ended.

    Attributes:
        kind: str, the status that was answered, or the sentence without its name and numbers.
        seconds: float [s], from before the upload.
        fault: str, what is wrong with that; empty where nothing is.
    """

    kind: str
    seconds: float
    fault: str = ""


def sources() -> list[tuple[str, bytes]]:
    """Whole recordings to damage: (ending, bytes)."""
    whole = [
        (path.suffix[1:], path.read_bytes())
        for path in sorted(FIXTURES.iterdir())
        if path.suffix not in (".md", ".sh")
    ]
    samples, rate = soundfile.read(GOOD, dtype="float32")
    for container, coding, ending in WRITTEN:
        file = io.BytesIO()
        soundfile.write(file, samples, rate, format=container, subtype=coding)
        whole.append((ending, file.getvalue()))
    return whole


def _place(data: bytearray, rng: np.random.Generator) -> int:
    """A place in a recording: half of them in its header, where damage does the most."""
    reach = len(data) if rng.random() < 0.5 else min(len(data), HEAD)
    return int(rng.integers(max(1, reach)))


def flip_bits(data: bytearray, rng: np.random.Generator) -> None:
    """Flip one to twelve bits."""
    for _ in range(rng.integers(1, 13)):
        data[_place(data, rng)] ^= 1 << int(rng.integers(8))


def set_fields(data: bytearray, rng: np.random.Generator) -> None:
    """Set one to four fields, of one to eight bytes, to the least or largest they can hold."""
    for _ in range(rng.integers(1, 5)):
        value = EXTREMES[rng.integers(len(EXTREMES))]
        place = _place(data, rng) // len(value) * len(value)
        data[place : place + len(value)] = value


def cut(data: bytearray, rng: np.random.Generator) -> None:
    """Keep the beginning."""
    del data[_place(data, rng) :]


def cut_head(data: bytearray, rng: np.random.Generator) -> None:
    """Keep the end."""
    del data[: _place(data, rng)]


def insert(data: bytearray, rng: np.random.Generator) -> None:
    """Insert random bytes."""
    place = _place(data, rng)
    data[place:place] = rng.bytes(int(rng.integers(1, 2_000)))


def double(data: bytearray, rng: np.random.Generator) -> None:
    """Insert a block that is there already, once or often."""
    start = _place(data, rng)
    block = data[start : start + int(rng.integers(1, 5_000))]
    place = _place(data, rng)
    data[place:place] = block * int(rng.choice([1, 2, 50]))


def take_out(data: bytearray, rng: np.random.Generator) -> None:
    """Take a block out."""
    start = _place(data, rng)
    del data[start : start + int(rng.integers(1, 5_000))]


def blank(data: bytearray, rng: np.random.Generator) -> None:
    """Set a block to zeros or ones."""
    start = _place(data, rng)
    length = min(len(data) - start, int(rng.integers(1, 5_000)))
    data[start : start + length] = bytes([int(rng.choice([0, 255]))]) * length


DAMAGES: tuple[Damage, ...] = (
    flip_bits,
    set_fields,
    cut,
    cut_head,
    insert,
    double,
    take_out,
    blank,
)


def uploads(number: int, seed: int) -> Iterator[Upload]:
    """Make damaged and random uploads, the same ones for the same seed."""
    rng = np.random.default_rng(seed)
    whole = sources()
    for position in range(number):
        ending, original = whole[rng.integers(len(whole))]
        data = bytearray(original)
        draw = rng.random()
        if draw < 0.02:
            data, damage = bytearray(), "empty"
        elif draw < 0.06:
            data, damage = bytearray(rng.bytes(int(rng.integers(1, 20_000)))), "random"
        elif draw < 0.12:
            signature = SIGNATURES[rng.integers(len(SIGNATURES))]
            data, damage = bytearray(signature + rng.bytes(int(rng.integers(5_000)))), "signature"
        elif draw < 0.18:
            other = whole[rng.integers(len(whole))][1]
            data[_place(data, rng) :] = other[int(rng.integers(len(other))) :]
            damage = "exchange"
        else:
            chosen = [DAMAGES[k] for k in rng.integers(len(DAMAGES), size=rng.integers(1, 4))]
            for one in chosen:
                if data:
                    one(data, rng)
            damage = "+".join(one.__name__ for one in chosen)
        if rng.random() < 0.2:
            ending = ENDINGS[rng.integers(len(ENDINGS))]
        stem = NAMES[rng.integers(len(NAMES))] if rng.random() < 0.2 else f"clip{position}"
        yield Upload(position, f"{stem}.{ending}" if ending else stem, bytes(data), damage)


def fault_of(sentence: object) -> str:
    """Say what is wrong with an error that a visitor is told; empty where it is a sentence."""
    if not isinstance(sentence, str) or not sentence:
        return f"no sentence but {sentence!r}"
    checks = {
        "it does not end as a sentence does": sentence.endswith("."),
        "it is too long": len(sentence) <= LONGEST_SENTENCE,
        "it holds what cannot be printed": sentence.isprintable(),
        "it shows the server's inside": not re.search(
            r"Traceback|Error\b|Exception|0x[0-9a-f]{6}|b'|\\x|/tmp/|site-packages", sentence
        ),
        "it is of few words": len(sentence.split()) > 4,
    }
    return "; ".join(f"{words}: {sentence!r}" for words, holds in checks.items() if not holds)


def kind_of(sentence: str) -> str:
    """Take out of a sentence what differs from one recording to the next."""
    for start in (" is ", " has ", " holds ", " changes ", " cannot "):
        _, found, rest = sentence.partition(start)
        if found and ": expected" in rest:
            return re.sub(r"\d+(\.\d+)?", "N", f"...{start}{rest}")
    return re.sub(r"\d+(\.\d+)?", "N", sentence)


def send(http: httpx.Client, app: App, upload: Upload, limit: float) -> Ending:
    """Send an upload as curl does, and see how it ends."""
    started = time.perf_counter()
    api = f"{app.url}gradio_api"
    try:
        stored = http.post(f"{api}/upload", files={"files": (upload.name, upload.content)})
        if stored.status_code == 400:  # a name that nothing may be stored by
            return Ending("refused by its name", 0.0, fault_of(stored.json().get("error")))
        if stored.status_code != 200:
            fault = f"the upload was answered {stored.status_code}: {stored.text[:200]!r}"
            return Ending("refused as an upload", time.perf_counter() - started, fault)
        data = {"path": stored.json()[0], "meta": {"_type": "gradio.FileData"}}
        event = http.post(f"{api}/call/predict", json={"data": [data]}).json()["event_id"]
        stream = http.get(f"{api}/call/predict/{event}").text
        lines = dict(line.split(": ", 1) for line in stream.strip().splitlines() if line)
        what, told = lines["event"], json.loads(lines["data"])
    except (httpx.HTTPError, ValueError, KeyError) as error:
        fault = f"no answer: {type(error).__name__}: {error}"
        return Ending("no answer", time.perf_counter() - started, fault)
    seconds = time.perf_counter() - started
    fault = f"it took {seconds:.1f} s" if seconds > limit else ""
    if what == "complete":
        answer = told[0]
        if answer["status"] not in ("emotion", "uncertain", "no_speech"):
            fault = fault or f"an answer without status: {answer}"
        return Ending(f"answered: {answer['status']}", seconds, fault)
    sentence = told.get("error") if isinstance(told, dict) else told
    fault = fault or fault_of(sentence)
    return Ending(kind_of(str(sentence)), seconds, fault)


def send_all(
    app: App, number: int, seed: int, *, limit: float, clients: int, keep: Path | None = None
) -> list[Ending]:
    """Send uploads, some at a time, until all have ended or the app has.

    Args:
        app: App.
        number, seed: as for `uploads`.
        limit: [s], the longest that one may take.
        clients: how many are sent at a time.
        keep: folder for what was not treated as it should be; None to keep nothing.

    Returns:
        One ending for each that was sent.
    """
    endings: list[Ending] = []
    each, lock = uploads(number, seed), threading.Lock()

    def work(_: int) -> None:
        with httpx.Client(timeout=6 * limit) as http:
            while app.process.poll() is None:
                with lock:
                    upload = next(each, None)
                if upload is None:
                    return
                ending = send(http, app, upload, limit)
                endings.append(ending)
                if ending.fault and keep is not None:
                    keep.mkdir(parents=True, exist_ok=True)
                    stem = keep / f"{seed}_{upload.number}"
                    Path(f"{stem}.bin").write_bytes(upload.content)
                    about = f"{upload.name}\n{upload.damage}\n{ending.seconds:.2f} s\n"
                    Path(f"{stem}.txt").write_text(f"{about}{ending.fault}\n", "utf-8")

    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(work, range(clients)))
    return endings


def ask_good(app: App, limit: float) -> str:
    """What the app says of a good recording."""
    with httpx.Client(timeout=6 * limit) as http:
        upload = Upload(0, GOOD.name, GOOD.read_bytes(), "")
        return send(http, app, upload, limit).kind


def main() -> None:
    """Send them, count how they ended, and exit with 1 where one did not end as it should."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=5_000, help="uploads")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--clients", type=int, default=8, help="uploads at a time")
    parser.add_argument("--limit", type=float, default=30.0, help="[s] that one may take")
    parser.add_argument("--keep", type=Path, default=ROOT / "artifacts" / "uploads")
    arguments = parser.parse_args()
    print(machine())
    with running_app() as app:
        before = ask_good(app, arguments.limit)
        first = app.memory
        started = time.perf_counter()
        endings = send_all(
            app,
            arguments.count,
            arguments.seed,
            limit=arguments.limit,
            clients=arguments.clients,
            keep=arguments.keep,
        )
        elapsed = time.perf_counter() - started
        died = app.process.poll() is not None
        healthy = not died and httpx.get(f"{app.url}health").status_code == 200
        after = ask_good(app, arguments.limit) if healthy else "nothing"
        left = app.settled()
        print(f"{len(endings)} uploads in {elapsed:.0f} s, seed {arguments.seed}")
        for kind, number in Counter(ending.kind for ending in endings).most_common():
            print(f"{number:6d}  {kind}")
        print(f"slowest: {max(ending.seconds for ending in endings):.2f} s")
        print(f"memory of the server: {first:.0f} MB before, {app.memory:.0f} MB after")
        print(f"files of sound left: {left}; alive: {'yes' if healthy else 'no'}")
        if died:
            print(app.log.read_text("utf-8", "replace")[-2_000:])
        traces = app.log.read_text("utf-8", "replace").count("Traceback")
        print(f"tracebacks in the log: {traces}")
    faults = [ending.fault for ending in endings if ending.fault]
    for fault in faults[:10]:
        print(fault)
    if faults or not healthy or after != before or left or traces:
        raise SystemExit(f"{len(faults)} uploads did not end as they should; see {arguments.keep}.")


if __name__ == "__main__":
    main()
