"""Models from strangers: what becomes of a repository that is damaged, mixed or made to do harm.

    python -m benchmarks.foreign_models [--model DIR] [--other DIR] [--attacks 2000]
    python -m benchmarks.foreign_models --kernels [--model DIR]

A copy of a model repository with files for LiteRT is damaged in a seeded way, loaded, and asked. It
has to be refused with a sentence (ModelError, ConfigError), or to answer as the whole one does; a
wrong answer, any other error, and a sentence of several lines are faults. With `--other`, files are
swapped with those of another repository, too. `--kernels` prints what the check at load takes, and
how far the answers to its input differ between LiteRT's kinds of kernels, as they do between
processors.
"""

import argparse
import contextlib
import json
import os
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile

from ser_core import DEFAULT_MODEL, EmotionRecognizer
from ser_core.config.feature_config import FeatureConfig
from ser_core.errors import ConfigError, ModelError, SpeechEmotionError
from ser_core.model.check import TOLERANCE, answer_fixed_input
from ser_core.model.files import CHECK, FEATURE_CONFIG, LITERT_FORMS, files_in
from ser_core.model.litert_runtime import LiteRTRuntime
from ser_core.model.predictor import Predictor
from tests.support.damage import mutate

SPEECH = Path(__file__).parents[1] / "tests" / "fixtures" / "speech_male.wav"
HUGE = 2**40  # [bytes] of a file that holds nothing

Attack = Callable[[Path, random.Random], None]


def rewrite(change: Callable[[bytearray, random.Random], bytes | bytearray]) -> Attack:
    """Make an attack that changes a file's bytes."""

    def attack(file: Path, chance: random.Random) -> None:
        file.write_bytes(change(bytearray(file.read_bytes()), chance))

    return attack


def flip(content: bytearray, chance: random.Random) -> bytearray:
    """Turn over one bit."""
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    return content


def overwrite(fill: Callable[[random.Random, int], bytes]) -> Attack:
    """Make an attack that writes over a stretch of a file."""

    def change(content: bytearray, chance: random.Random) -> bytearray:
        start = chance.randrange(len(content))
        length = len(content[start : start + chance.choice((4, 64, 1024))])
        content[start : start + length] = fill(chance, length)
        return content

    return rewrite(change)


def replace(make: Callable[[Path], None]) -> Attack:
    """Make an attack that puts something else in a file's place."""

    def attack(file: Path, _: random.Random) -> None:
        file.unlink()
        make(file)

    return attack


def make_huge(file: Path) -> None:
    """Make a file of a terabyte that takes no room."""
    with file.open("wb") as huge:
        huge.truncate(HUGE)


BYTES: dict[str, Attack] = {
    "a bit turned over": rewrite(flip),
    "random bytes": overwrite(lambda chance, length: chance.randbytes(length)),
    "zeros": overwrite(lambda _, length: bytes(length)),
    "numbers that are none": overwrite(lambda _, length: b"\xff" * length),
    "cut": rewrite(lambda content, chance: content[: chance.randrange(len(content))]),
    "grown": rewrite(lambda content, chance: content + chance.randbytes(1000)),
    "empty": rewrite(lambda *_: b""),
}
PLACES: dict[str, Attack] = {
    "missing": replace(lambda _: None),
    "a folder": replace(lambda file: file.mkdir()),
    "a pipe": replace(os.mkfifo),
    "a device": replace(lambda file: file.symlink_to("/dev/zero")),
    "a link out": replace(lambda file: file.symlink_to(SPEECH)),
    "a link in a circle": replace(lambda file: file.symlink_to(file.name)),
    "a terabyte": replace(make_huge),
}


def hostile_value(file: Path, chance: random.Random) -> None:
    """Put a hostile value, or nothing, in one place of JSON."""
    file.write_text(mutate(file.read_text(), chance.randrange(2**32)))


def reverse_labels(file: Path, chance: random.Random) -> None:
    """Give the labels in another order."""
    content = json.loads(file.read_text())
    while content["labels"] == json.loads(file.read_text())["labels"]:
        content["labels"] = chance.sample(content["labels"], len(content["labels"]))
    file.write_text(json.dumps(content))


def absurd_statistics(file: Path, chance: random.Random) -> None:
    """Give statistics that no feature has."""
    content = json.loads(file.read_text())
    values = content["normalisation"][chance.choice(("mean", "std"))]
    values[chance.randrange(len(values))] = chance.choice((1e300, -1e300, 1e-300, 1e40, 3e38))
    file.write_text(json.dumps(content))


DOCUMENT = {"a hostile value": hostile_value}
CONFIG = DOCUMENT | {"labels reversed": reverse_labels, "absurd statistics": absurd_statistics}


def attacks_on(folder: Path, other: Path | None) -> dict[tuple[str, str], Attack]:
    """List the attacks on a repository's files: (what is attacked, how)."""
    (network,) = [name for name in files_in(folder) if name in LITERT_FORMS.values()][:1]
    listed = {
        (kind, how): attack
        for kind, more in (("network", {}), (FEATURE_CONFIG, CONFIG), (CHECK, DOCUMENT))
        for how, attack in (BYTES | PLACES | more).items()
        if (kind, how) != (CHECK, "missing")  # which is an older repository
    }
    if other is not None:

        def swap(file: Path, _: random.Random) -> None:
            shutil.copyfile(other / (network if file.name == network else file.name), file)

        listed |= {(kind, "another model's"): swap for kind in ("network", FEATURE_CONFIG, CHECK)}
    return listed


def attack(
    model: Path, count: int, *, other: Path | None = None
) -> Iterator[tuple[str, str, str, str]]:
    """Attack a model again and again.

    Args:
        model: folder of a repository with a file for LiteRT and `check.json`.
        count: int > 0, how many attacks, all kinds in turn.
        other: folder of another such repository; None to swap no files.

    Yields:
        What was attacked, how, what became of it ("refused", "right answer", or a fault), and the
        sentence or what else is to be said.
    """
    names = files_in(model)
    (network,) = [name for name in names if name in LITERT_FORMS.values()][:1]
    whole = EmotionRecognizer.from_pretrained(model)
    samples, rate = soundfile.read(SPEECH, dtype="float32")
    listed = attacks_on(model, other)
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(count):
            (kind, how), damage = list(listed.items())[seed % len(listed)]
            copied = Path(folder) / "model"
            copied.mkdir()
            for name in (network, FEATURE_CONFIG, CHECK):
                shutil.copyfile(model / name, copied / name)
            damage(copied / (network if kind == "network" else kind), random.Random(seed))
            yield kind, how, *judge(copied, whole, (rate, samples))
            with contextlib.suppress(OSError):
                (copied / kind).rmdir()
            shutil.rmtree(copied)


def judge(folder: Path, whole: EmotionRecognizer, sound: tuple[int, np.ndarray]) -> tuple[str, str]:
    """Load and ask a repository, and say what became of it."""
    try:
        recognizer = EmotionRecognizer.from_pretrained(folder)
        given, expected = (answer_fixed_input(one.predictor) for one in (recognizer, whole))
        difference = np.abs(given.probabilities - expected.probabilities).max()
        if recognizer.labels != whole.labels or not difference <= TOLERANCE["int8"]:
            return "wrong answer", f"{difference:.3g}"
        answers = list(recognizer.predict(sound).probabilities.values())
        if not np.isfinite(answers).all():
            return "no answer", str(answers)
    except (ModelError, ConfigError) as error:
        sentence = str(error)
        is_one = "\n" not in sentence and 10 < len(sentence) < 600
        return "refused" if is_one else "no sentence", sentence
    except SpeechEmotionError as error:
        return "another of our errors", repr(error)
    except Exception as error:
        return "traceback", repr(error)
    return "right answer", ""


def print_attacks(model: Path, other: Path | None, count: int) -> None:
    """Attack, and print a table and every fault."""
    started = time.perf_counter()
    became: dict[tuple[str, str], Counter[str]] = {}
    for kind, how, what, words in attack(model, count, other=other):
        became.setdefault((kind, how), Counter())[what] += 1
        if what not in ("refused", "right answer"):
            print(f"{kind}, {how}: {what}: {words}")
    print(f"{'what':20} {'how':24} {'attacks':>8} {'refused':>8} {'right':>8} {'faults':>8}")
    for (kind, how), counts in became.items():
        refused, right = counts["refused"], counts["right answer"]
        faults = counts.total() - refused - right
        print(f"{kind:20} {how:24} {counts.total():8} {refused:8} {right:8} {faults:8}")
    print(f"{count} attacks in {time.perf_counter() - started:.0f} s")


def print_kernels(model: Path) -> None:
    """Print what the check takes, and how LiteRT's kinds of kernels differ on its input."""
    from ai_edge_litert import interpreter

    config = FeatureConfig.load(model)
    plain = interpreter.Interpreter
    for form, name in LITERT_FORMS.items():
        if not (model / name).is_file():
            continue
        answers = {}
        for kernels in ("BUILTIN", "BUILTIN_WITHOUT_DEFAULT_DELEGATES", "BUILTIN_REF"):
            resolver = getattr(interpreter.OpResolverType, kernels)
            interpreter.Interpreter = lambda resolver=resolver, **options: plain(
                experimental_op_resolver_type=resolver, **options
            )
            predictor = Predictor(config, LiteRTRuntime(model, config, form))
            interpreter.Interpreter = plain
            seconds = []
            for _ in range(5):
                started = time.perf_counter()
                answers[kernels] = answer_fixed_input(predictor)
                seconds.append(time.perf_counter() - started)
            first, *others = answers.values()
            shares = max(
                [float(np.abs(one.probabilities - first.probabilities).max()) for one in others],
                default=0.0,
            )
            distances = [
                float(abs(one.distance - first.distance)[0] / (1 + first.distance[0]))
                for one in others
                if one.distance is not None and first.distance is not None
            ]
            print(
                f"{form}, {kernels}: the first run {1e3 * seconds[0]:.1f} ms, the best "
                f"{1e3 * min(seconds):.1f} ms; differs by {shares:.2g} in a probability, "
                f"{max(distances, default=0.0):.2g} in the distance"
            )


def main() -> None:
    """Attack, or compare kernels."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=Path(DEFAULT_MODEL))
    parser.add_argument("--other", type=Path)
    parser.add_argument("--attacks", type=int, default=2000)
    parser.add_argument("--kernels", action="store_true")
    options = parser.parse_args()
    if options.kernels:
        print_kernels(options.model)
    else:
        print_attacks(options.model, options.other, options.attacks)


if __name__ == "__main__":
    main()
