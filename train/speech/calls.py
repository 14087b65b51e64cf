"""Calls with a side on each channel, and how many seconds go to the wrong side.

    python -m train calls --corpus ravdess=DIR

The calls are made of clips of the speakers that diarisation is tested on (see diarisation.py): two
of one gender, with a channel each, in turn or with some of their turns at once. Each call is
analysed channel by channel, as it is and with a copy of each side on the other channel (LEAK), and
with its channels mixed, where diarisation is told that there are two people.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations, permutations
from pathlib import Path
from typing import Any

import numpy as np

from ser_core.recognizer import DEFAULT_MODEL, EmotionRecognizer
from ser_core.timeline.timeline import EmotionTimeline

from .. import corpora
from ..corpora import Clip
from ..data.storage import write_json
from .conversations import FRAME, MOST_IN_TURN, PAUSE_LEVEL, PAUSES, cut_clip
from .diarisation import split

RESULTS = Path("train/results/speakers/calls.json")
RATE = 16_000  # [Hz]
SEED = 3_000_001
TURNS = 10  # of a call
CALLS = 6  # of a kind
LEAK = -30.0  # [dB] of the copy
AT_ONCE = 0.5  # chance that a turn begins before the other's is over, in calls of that kind
EARLIER = (50, 150)  # [frames] by which it does


def make_call(
    people: Sequence[Sequence[Clip]], seed: int, *, at_once: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Make a call of two people.

    Args:
        people: each one's clips.
        seed: int, of which clips and pauses.
        at_once: whether some turns begin before the other's is over.

    Returns:
        float32 samples of shape (n, 2), and a bool array of shape (frames, 2) of 10 ms: who speaks.
    """
    rng = np.random.default_rng(seed)
    placed: list[tuple[int, int, np.ndarray, np.ndarray]] = []  # who, first frame, samples, speech
    frame = 0
    for turn in range(TURNS):
        who = turn % 2
        if at_once and turn and rng.random() < AT_ONCE:
            frame = max(0, frame - int(rng.integers(*EARLIER)))
        for _ in range(int(rng.integers(1, MOST_IN_TURN + 1))):
            clip = people[who][int(rng.integers(len(people[who])))]
            samples, spoken = cut_clip(clip.path)
            placed.append((who, frame, samples, spoken))
            frame += len(spoken) + int(rng.integers(*PAUSES))
    frames = max(first + len(spoken) for _, first, _, spoken in placed)
    call = (PAUSE_LEVEL * rng.standard_normal((frames * FRAME, 2))).astype(np.float32)
    truth = np.zeros((frames, 2), dtype=bool)
    for who, first, samples, spoken in placed:
        call[first * FRAME : (first + len(spoken)) * FRAME, who] += samples[: len(spoken) * FRAME]
        truth[first : first + len(spoken), who] |= spoken
    return call, truth


def lanes_of(timeline: EmotionTimeline, frames: int) -> np.ndarray:
    """Mark in which frames of 10 ms each of two speakers has a turn: bool of shape (frames, 2)."""
    lanes = np.zeros((frames, 2), dtype=bool)
    names = list(timeline.by_speaker)
    for turn in timeline.turns or ():
        lanes[round(turn.start * 100) : round(turn.end * 100), names.index(turn.speaker)] = True
    return lanes


def count_errors(lanes: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Count the seconds that went wrong.

    Args:
        lanes, truth: bool arrays of shape (frames, 2) of 10 ms; a lane is the person of its column.

    Returns:
        speech: seconds of speech, both at once twice; wrong: of turns in which the other one speaks
        and their own person does not; missed: of speech that is in no turn of its person.
    """
    return {
        "speech": round(float(truth.sum()) / 100, 2),
        "wrong": round(float((lanes & ~truth & truth[:, ::-1]).sum()) / 100, 2),
        "missed": round(float((truth & ~lanes).sum()) / 100, 2),
    }


def measure_call(
    recognizer: EmotionRecognizer, call: np.ndarray, truth: np.ndarray
) -> dict[str, dict[str, float]]:
    """Count what goes wrong in each way of analysing a call."""
    leaky = call + np.float32(10.0 ** (LEAK / 20.0)) * call[:, ::-1]
    mixed = recognizer.analyze((RATE, call), speakers=2)
    named = [lanes_of(mixed, len(truth))[:, list(order)] for order in permutations(range(2))]
    counts = {"mix": min((count_errors(one, truth) for one in named), key=lambda c: c["wrong"])}
    for name, samples in (("separate", call), ("separate_with_leak", leaky)):
        timeline = recognizer.analyze((RATE, samples), channels="separate")
        counts[name] = count_errors(lanes_of(timeline, len(truth)), truth)
        chosen = recognizer.analyze((RATE, samples), channels="auto").channels
        counts[name]["auto_takes_it"] = int(chosen == "separate")
    return counts


def calls_table(report: Mapping[str, Any]) -> str:
    """Write the rows that docs/evaluation.md shows of what `measure_calls` wrote of RAVDESS."""
    ways = {
        "mix": "mixed, diarised",
        "separate": "each on its own",
        "separate_with_leak": f"each on its own, leaks at {report['leak_db']:g} dB",
    }
    return "".join(
        f"| {kind} | {ways_of[way]['speech']:.0f} | {name} | {ways_of[way]['wrong']:.1f} "
        f"| {ways_of[way]['missed']:.1f} |\n"
        for kind, ways_of in report["ravdess"].items()
        for way, name in ways.items()
    )


def measure_calls(loaded: Mapping[str, corpora.Corpus], model: str = DEFAULT_MODEL) -> Path:
    """Make calls of each corpus' test speakers, measure them, and write RESULTS.

    Args:
        loaded: corpora by name.
        model: folder or Hub id.

    Returns:
        The file written.
    """
    recognizer = EmotionRecognizer.from_pretrained(model)
    report: dict[str, Any] = {"seed": SEED, "leak_db": LEAK, "turns": TURNS}
    for name, corpus in loaded.items():
        people = split(corpus.clips)["test"]
        pairs = [pair for pair in combinations(people, 2) if pair[0][0].gender == pair[1][0].gender]
        chosen = np.random.default_rng(SEED).permutation(len(pairs))[:CALLS]
        report[name] = {}
        for kind, at_once in (("in turn", False), ("at once in part", True)):
            calls = [make_call(pairs[i], SEED + int(i), at_once=at_once) for i in chosen]
            measured = [measure_call(recognizer, *call) for call in calls]
            report[name][kind] = {"calls": len(calls)} | {
                way: {
                    key: round(sum(one[way][key] for one in measured), 2)
                    for key in measured[0][way]
                }
                for way in measured[0]
            }
    write_json(RESULTS, report)
    return RESULTS
