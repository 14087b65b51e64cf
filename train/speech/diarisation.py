"""Learn what tells voices apart, choose how they are clustered, and measure who speaks when.

    python -m train diarisation --corpus ravdess=DIR --corpus nemo=DIR [--evaluate-only]

Each corpus is split by speaker, in the order of their names: the first half teaches the map, the
next sixth chooses the settings, and the rest is measured on (RAVDESS: actors 01 to 12, 13 to 16 and
17 to 24, nEMO: five, two and two, as for the speech gate). Each training voice comes in three
sizes, its frequencies scaled, which count as three people.

The number of cepstra and of outputs, the shrinkage and the seconds an embedding hears were chosen
on training and validation speakers while this was made. What "auto" goes by was changed twice after
the test speakers had been measured: centres' cosine alone found one speaker in 7 of 12 mixtures of
two of one gender, and the lowest error rate on validation speakers as the rule split 3 of 8
recordings of one. So take the figures for "auto" as slightly hopeful; those with the number of
speakers given did not depend on that.

Source: Jaitly and Hinton (2013), ICML Workshop on Deep Learning for Audio (scaled frequencies).
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations, product
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
from scipy.linalg import eigh

from ser_core.config.whole_files import write_whole
from ser_core.features.log_mel import hz_to_mel, mel_to_hz
from ser_core.model.files import METRICS
from ser_core.speech import clusters, gate, turns, voices
from ser_core.speech.gate_stream import GATE_MEL, gate_mel

from .. import corpora
from ..corpora import Clip
from ..data.storage import write_json
from .conversations import COLLAR, Errors, Mixture, listen_to_mel, mix, score
from .gate_teacher import read_mono

log = logging.getLogger(__name__)

RESULTS = Path("train/results/speakers") / METRICS
TRAINING_CLIPS = 60  # of each speaker, at most
SCALES = (1.0, 0.88, 1.13)  # of a training voice's frequencies
OUTPUTS = 32  # of the map
SHRINKAGE = 0.03  # of the scatter within speakers, towards its mean variance
CLIPS_MIXED = 40  # of each speaker, in a mixture of one or two people; 30 with three
VALIDATION_SEED, TEST_SEED = 1_000_001, 2_000_002
ONE, SAME, APART, THREE = (
    "one speaker",
    "two speakers, same gender",
    "two speakers, different gender",
    "three speakers",
)
MOST_OF_A_KIND = {ONE: 8, SAME: 12, APART: 12, THREE: 8}  # test mixtures of a corpus
STAYS = (0.05, 0.1, 0.2, 0.4)
STAYS_OVER_PAUSE = (0.0, 0.05)
ALIKES = (0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7, 1.1)
APARTS = (0.0, 3.4, 3.8, 4.2, 4.6, 5.0, 5.4)  # [deviations]
SMALLESTS = (0.04, 0.08)  # no more: these mixtures have equal shares, but talks do not


def split(clips: Sequence[Clip]) -> dict[str, list[list[Clip]]]:
    """Split a corpus by speaker: "train", "validation" and "test", each a list of their clips."""
    names = sorted({clip.speaker for clip in clips})
    training, validation = ceil(len(names) / 2), round(len(names) / 6)
    people = [[clip for clip in clips if clip.speaker == name] for name in names]
    return {
        "train": people[:training],
        "validation": people[training : training + validation],
        "test": people[training + validation :],
    }


def scale_frequencies(mel: np.ndarray, factor: float) -> np.ndarray:  # (frames, 80)
    """Move mel power to frequencies `factor` times as high, as of a smaller or larger speaker."""
    edges = hz_to_mel(GATE_MEL.fmin), hz_to_mel(GATE_MEL.fmax)
    centres = np.linspace(*edges, gate.BANDS + 2)[1:-1]
    sources = np.array([hz_to_mel(hz) for hz in mel_to_hz(centres) / factor])
    places = np.interp(sources, centres, np.arange(gate.BANDS))
    lower = np.minimum(places.astype(int), gate.BANDS - 2)
    share = (places - lower).astype(np.float32)
    logs = np.log(mel + np.float32(gate.FLOOR))
    moved: np.ndarray = np.exp(logs[:, lower] * (1 - share) + logs[:, lower + 1] * share)
    return moved


def training_statistics(people: Sequence[Sequence[Clip]]) -> list[np.ndarray]:
    """Give the statistics of each training voice: per speaker and scale, (pieces, statistics)."""
    rows = []
    for number, clips in enumerate(people):
        order = np.random.default_rng(number).permutation(len(clips))[:TRAINING_CLIPS]
        mels = [gate_mel(read_mono(clips[index].path)) for index in order]
        for factor in SCALES:
            parts = []
            for mel in mels:
                bounds, sums = listen_to_mel(mel, partial(scale_frequencies, factor=factor))
                pooled = voices.pool_neighbours(bounds, sums)
                heard = pooled[:, 0] >= 2 * voices.FEWEST_FRAMES
                parts.append(voices.cepstral_statistics(pooled[heard]))
            rows.append(np.concatenate(parts))
    return rows


def learn(by_corpus: Sequence[Sequence[np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Learn the map: directions in which speakers differ most against what varies within them.

    Speakers are compared within their corpus, so that a studio is no voice.

    Args:
        by_corpus: statistics of each voice of each corpus, as `training_statistics` gives them.

    Returns:
        projection, float64 of shape (statistics, OUTPUTS), and mean, (statistics,).
    """
    rows = [voice for people in by_corpus for voice in people]
    within = np.mean([np.cov(voice.T, bias=True) for voice in rows], axis=0)
    within += SHRINKAGE * np.trace(within) / len(within) * np.eye(len(within))
    means = [np.array([voice.mean(axis=0) for voice in people]) for people in by_corpus]
    apart = np.concatenate([corpus - corpus.mean(axis=0) for corpus in means])
    _, directions = eigh(apart.T @ apart / len(apart), within)  # scatter within becomes 1
    return directions[:, ::-1][:, :OUTPUTS], np.concatenate(means).mean(axis=0)


def mixtures(people: Sequence[Sequence[Clip]], seed: int, most: dict[str, int]) -> list[Mixture]:
    """Make conversations of all kinds of a corpus' people; of many groups, a part by chance."""
    rng = np.random.default_rng(seed)
    groups: dict[str, list[Sequence[Sequence[Clip]]]] = {ONE: [], SAME: [], APART: [], THREE: []}
    for size, kind in ((1, ONE), (2, None), (3, THREE)):
        for group in combinations(people, size):
            genders = {clips[0].gender for clips in group}
            groups[kind or (SAME if len(genders) == 1 else APART)].append(group)
    made = []
    for kind, found in groups.items():
        chosen = sorted(rng.permutation(len(found))[: most[kind]])
        each = 30 if kind == THREE else CLIPS_MIXED
        for index in chosen:
            made.append(mix(kind, found[index], each, int(rng.integers(2**31))))
    return made


Answer = Callable[[Mixture], np.ndarray]


def diarise_with_count(settings: clusters.Clustering) -> Answer:
    """Diarise a mixture, told how many people it has."""
    return lambda m: turns.diarise(m.bounds, m.sums, len(m.speakers), settings)


def diarise_without_count(settings: clusters.Clustering) -> Answer:
    """Diarise a mixture that nobody says the number of people of."""
    return lambda m: turns.diarise(m.bounds, m.sums, "auto", settings)


def mean_rate(errors: Sequence[tuple[str, Errors]]) -> float:
    """The mean over kinds of the diarisation error rate, of each mixture's kind and errors."""
    totals: dict[str, Errors] = {}
    for kind, more in errors:
        totals[kind] = totals.get(kind, Errors(0, 0, 0, 0)) + more
    return float(np.mean([total.rate for total in totals.values()]))


def error_rate(made: Sequence[Mixture], answer: Answer) -> float:
    """The mean over kinds of the diarisation error rate, without collar."""
    return mean_rate([(mixture.kind, score(mixture, answer(mixture))) for mixture in made])


def choose(made: Sequence[Mixture]) -> tuple[clusters.Clustering, dict[str, Any]]:
    """Choose the settings on validation mixtures: the prices of a change, then what "auto" needs.

    Returns:
        Clustering, and what it was chosen from.
    """
    several = [mixture for mixture in made if len(mixture.speakers) > 1]
    prices = []
    for stay, over in product(STAYS, STAYS_OVER_PAUSE):
        settings = clusters.Clustering(stay=stay, stay_over_pause=over)
        prices.append((error_rate(several, diarise_with_count(settings)), stay, over))
    _, stay, over = min(prices)
    settings = clusters.Clustering(stay=stay, stay_over_pause=over)
    counts = range(clusters.MOST_SPEAKERS, 0, -1)
    rows = []  # kind; clusters and errors by how many people are said to speak
    for mixture in made:
        vectors = turns.sample_embeddings(
            voices.embed(voices.pool_neighbours(mixture.bounds, mixture.sums))
        )
        pairs = clusters.ward_merges(vectors)
        levels = [clusters.make_clusters(vectors, pairs, count) for count in counts]
        owners = [turns.diarise(mixture.bounds, mixture.sums, n, settings) for n in counts]
        rows.append((mixture.kind, levels, [score(mixture, owner) for owner in owners]))
    numbers = []
    for alike, apart, smallest in product(ALIKES, APARTS, SMALLESTS):
        trial = replace(settings, alike=alike, apart=apart, smallest=smallest)
        places = [[level.distinct(trial) for level in levels].index(True) for _, levels, _ in rows]
        errors = [(kind, of[place]) for (kind, _, of), place in zip(rows, places, strict=True)]
        more = sum(
            kind == ONE and counts[place] > 1
            for (kind, _, _), place in zip(rows, places, strict=True)
        )
        numbers.append((more, mean_rate(errors), alike, apart, smallest))
    _, _, alike, apart, smallest = min(numbers)
    grid = {
        "rule": "lowest error rate without collar, mean over kinds of mixtures; the prices with "
        "the number of speakers given, the rest with it found out, among those that split the "
        "fewest recordings of one speaker",
        "mixtures": dict(Counter(mixture.kind for mixture in made)),
        "seed": VALIDATION_SEED,
        "prices": [{"der": round(r, 4), "stay": s, "stay_over_pause": o} for r, s, o in prices],
        "numbers": [
            {"one_split": m, "der": round(r, 4), "alike": a, "apart": d, "smallest": s}
            for m, r, a, d, s in numbers
        ],
    }
    return replace(settings, alike=alike, apart=apart, smallest=smallest), grid


def measure_diarisation(made: Sequence[Mixture], settings: clusters.Clustering) -> dict[str, Any]:
    """Measure the stored map on mixtures, each kind apart, beside calling all of it one speaker."""
    tables = {}
    for kind in dict.fromkeys(mixture.kind for mixture in made):
        chosen = [mixture for mixture in made if mixture.kind == kind]
        minutes = sum(len(mixture.truth) for mixture in chosen) / 6_000
        table: dict[str, Any] = {"mixtures": len(chosen), "minutes": round(minutes, 1)}
        owners = {
            "given": [diarise_with_count(settings)(mixture) for mixture in chosen],
            "auto": [diarise_without_count(settings)(mixture) for mixture in chosen],
            "all_one_speaker": [np.zeros(len(m.bounds), dtype=np.int64) for m in chosen],
        }
        for name, answers in owners.items():
            pairs = list(zip(chosen, answers, strict=True))
            none = sum((score(*pair) for pair in pairs), Errors(0, 0, 0, 0))
            collar = sum((score(*pair, COLLAR) for pair in pairs), Errors(0, 0, 0, 0))
            rates = sorted(score(*pair).rate for pair in pairs)
            table[name] = {
                "no_collar": none.table(),
                "collar_0.25_s": collar.table(),
                "worst_mixture_der": round(rates[-1], 4),
            }
        counts = Counter(len(np.unique(owner)) for owner in owners["auto"])
        table["auto"]["speakers_found"] = {str(k): counts[k] for k in sorted(counts)}
        tables[kind] = table
    return tables


def train_diarisation(loaded: Mapping[str, corpora.Corpus], *, evaluate_only: bool = False) -> Path:
    """Learn, store, choose, measure, and write RESULTS.

    Args:
        loaded: corpora by name.
        evaluate_only: whether to measure the stored map and learn none.

    Returns:
        The file written.
    """
    splits = {name: split(corpus.clips) for name, corpus in loaded.items()}
    if not evaluate_only:
        projection, mean = learn([training_statistics(parts["train"]) for parts in splits.values()])
        arrays = {"projection": projection, "mean": mean}
        with write_whole(voices.MAP_FILE) as unfinished:
            np.savez_compressed(
                unfinished,
                allow_pickle=False,
                **{name: array.astype(np.float32) for name, array in arrays.items()},
            )
        voices.load_map.cache_clear()
        log.info("wrote %s", voices.MAP_FILE.name)
    every = dict.fromkeys(MOST_OF_A_KIND, 100)
    validation = []
    for parts in splits.values():
        for turn in range(2):
            validation += mixtures(parts["validation"], VALIDATION_SEED + turn, every)
    settings, selection = choose(validation)
    if settings != clusters.DEFAULTS:
        log.warning("Chosen: %s; write it into ser_core/speech/clusters.py.", settings)
    report = {
        "training": {
            "speakers": {n: [c[0].speaker for c in p["train"]] for n, p in splits.items()},
            "clips_each": TRAINING_CLIPS,
            "scales": SCALES,
            "outputs": OUTPUTS,
            "shrinkage": SHRINKAGE,
        },
        "selection": {
            "speakers": {n: [c[0].speaker for c in p["validation"]] for n, p in splits.items()},
            "chosen": vars(settings),
            **selection,
        },
        "test": {"seed": TEST_SEED, "collar_s": COLLAR / 100},
    }
    for name, parts in splits.items():
        made = mixtures(parts["test"], TEST_SEED, MOST_OF_A_KIND)
        report["test"][name] = {
            "speakers": [clips[0].speaker for clips in parts["test"]],
            "kinds": measure_diarisation(made, settings),
        }
    write_json(RESULTS, report)
    return RESULTS
