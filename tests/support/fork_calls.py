"""A program that forks after every public call of ser_core, and calls the same again in the fork.

python -m tests.support.fork_calls MODEL RECORDING SCRATCH
"""

import inspect
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import ser_core
import ser_core.batch
from ser_core import Embedding, EmotionRecognizer, LiveSession
from ser_core.audio.load import load_audio
from tests.support.forked import in_fork

ELSEWHERE = {"push_to_hub", "generate_model_card"}
"""Methods of a recognizer that are not called here: of the Hub's client, which has tests."""


def public_calls(model: Path, recording: Path, scratch: Path) -> dict[str, Callable[[], Any]]:
    """Everything public, by its name, as a call that gives what can be compared."""
    recognizer = EmotionRecognizer.from_pretrained(model)
    compressed = recording.with_name("speech.m4a")
    samples = load_audio(recording, sample_rate=recognizer.config.sample_rate)
    block = (recognizer.config.sample_rate, samples)

    def save() -> list[str]:
        with tempfile.TemporaryDirectory(dir=scratch) as folder:
            recognizer.save_pretrained(folder)
            return sorted(path.name for path in Path(folder).iterdir())

    def batch() -> str:
        with tempfile.TemporaryDirectory(dir=scratch) as folder:
            out = Path(folder) / "out.csv"
            ser_core.batch.run([str(recording)], out, model=str(model), workers=1, progress=False)
            return out.read_text(encoding="utf-8")

    return {
        "from_pretrained": lambda: repr(EmotionRecognizer.from_pretrained(model)),
        "predict": lambda: recognizer.predict(recording),
        "predict_batch": lambda: recognizer.predict_batch([recording, compressed]),
        "predict_samples": lambda: recognizer.predict_samples(samples),
        "analyze": lambda: recognizer.analyze(recording, hop=0.02, threads=2),
        "explain": lambda: recognizer.explain(recording),
        "stream": lambda: list(recognizer.stream([block])),
        "embed": lambda: recognizer.embed(recording, windows=True),
        "teach": lambda: repr(recognizer.teach(_clips(recognizer.embed(recording)))),
        "adapt": lambda: repr(recognizer.adapt([recording] * 3)),
        "save_pretrained": save,
        "load_audio": lambda: load_audio(compressed, sample_rate=16_000).tolist(),
        "LiveSession": lambda: list(LiveSession(recognizer).push(block)),
        "run": batch,
    }


def _clips(one: Embedding) -> dict[str, list[Embedding]]:
    """Six embeddings that are not alike, under two labels."""
    several = [
        replace(one, vector=np.roll(one.vector, number), fingerprint=str(number))
        for number in range(6)
    ]
    return {"one": several[:3], "two": several[3:]}


def main(model: str, recording: str, scratch: str) -> None:
    """Call everything here, in a fork after each, and all in one fork at the end."""
    calls = public_calls(Path(model), Path(recording), Path(scratch))
    methods = inspect.getmembers(EmotionRecognizer, callable)
    named = {name for name, _ in methods if not name.startswith("_")} - ELSEWHERE
    assert named <= set(calls), named - set(calls)
    given = {}
    for name, call in calls.items():
        given[name] = call()
        assert in_fork(call) == given[name], name
    assert threading.active_count() > 1, "the threads that a fork loses"

    def call_all() -> dict[str, Any]:
        return {name: call() for name, call in calls.items() if name != "run"}

    assert in_fork(call_all) == {name: given[name] for name in calls if name != "run"}
    forked: list[Any] = []
    thread = threading.Thread(target=lambda: forked.append(in_fork(calls["analyze"])))
    thread.start()
    thread.join()
    assert forked == [given["analyze"]]
    assert calls["analyze"]() == given["analyze"], "and this process has lost nothing"
    print("all came back")


if __name__ == "__main__":
    main(*sys.argv[1:])
