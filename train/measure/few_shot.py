"""How good taught heads are with few clips a label, on speakers that the head never met.

    python -m train teaching --corpus nemo=PATH --corpus emovo=PATH

For each speaker of a corpus in turn, clips of the other speakers are drawn, so many an emotion; a
head is fitted to them as `EmotionRecognizer.teach` fits one, and answers all clips of that speaker.
Beside it stand the same regression on the embeddings alone, without the network's answers; the same
on openSMILE's eGeMAPS (Eyben et al., 2016, IEEE Transactions on Affective Computing 7(2)), if the
package opensmile is installed; and the network as it is, its answers restricted to the corpus'
emotions. All draws are the same for all of them.

Intervals are over speakers: with draws, the mean of each speaker's; Student's t.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats
from tqdm import tqdm

from ser_core import EmotionRecognizer
from ser_core.audio.load import load_audio
from ser_core.errors import ConfigError
from ser_core.model.adaptation import normalise_logs
from ser_core.model.head_fitting import LabelledClips, fit_layer
from ser_core.model.teaching import head_inputs
from ser_core.results.label_sets import LabelSet

from ..answers.markdown import markdown_table
from ..corpora import Corpus
from .evaluate import trained_on

COUNTS = (3, 5, 10, 30)  # clips a label
DRAWS = 5
TAUGHT, EMBEDDING, EGEMAPS = "taught", "embedding", "egemaps"

Describe = Callable[[np.ndarray], np.ndarray]
"""From samples, (n,), to a recording's functionals, (88,)."""


@dataclass(frozen=True)
class DescribedClips:
    """What is made of a corpus' clips with speech.

    Attributes:
        labels: the corpus' emotions, in the model's order.
        classes: int array of shape (clips,), index into `labels`.
        speakers: str array of shape (clips,).
        shares: float array of shape (clips, labels), the network's answers restricted to these.
        known: where each of them stands among the model's labels.
        inputs: by the name of what is compared, its inputs, (clips, width), and how many of these
            are an embedding.
        silent: int, clips in which no speech was found.
    """

    labels: tuple[str, ...]
    classes: np.ndarray
    speakers: np.ndarray
    shares: np.ndarray
    known: tuple[int, ...]
    inputs: dict[str, tuple[np.ndarray, int]]
    silent: int


def describe_clips(
    recognizer: EmotionRecognizer, corpus: Corpus, most: int | None, describe: Describe | None
) -> DescribedClips:
    """Embed the clips of a corpus whose emotion the model knows.

    Args:
        recognizer: EmotionRecognizer.
        corpus: Corpus.
        most: int > 0, at most so many clips, evenly spread over the corpus; None for all.
        describe: gives eGeMAPS; None to leave that out.

    Raises:
        ConfigError: fewer than two emotions, or speakers, are left.
    """
    asked = [clip for clip in corpus.clips if clip.emotion in recognizer.labels]
    if most is not None and len(asked) > most:
        asked = [asked[index] for index in np.linspace(0, len(asked) - 1, most).astype(int)]
    kept, vectors, logits, functionals = [], [], [], []
    for clip in tqdm(asked, desc=corpus.info.name, unit="clip", mininterval=1.0):
        samples = load_audio(clip.path, sample_rate=recognizer.config.sample_rate)
        one = recognizer.embed((recognizer.config.sample_rate, samples))
        if one.vector is None or one.logits is None:
            continue
        kept.append(clip)
        vectors.append(one.vector)
        logits.append(one.logits)
        if describe is not None:
            functionals.append(describe(samples))
    emotions = {clip.emotion for clip in kept}
    labels = tuple(label for label in recognizer.labels if label in emotions)
    speakers = np.array([clip.speaker for clip in kept])
    if len(labels) < 2 or len(set(speakers.tolist())) < 2:
        raise ConfigError(f"{corpus.info.name} has no two emotions of two speakers to teach.")
    embedded, answered = np.stack(vectors), np.stack(logits)
    inputs = {
        TAUGHT: (head_inputs(embedded, answered), embedded.shape[1]),
        EMBEDDING: (embedded.astype(np.float64), embedded.shape[1]),
    }
    if describe is not None:
        given = np.stack(functionals).astype(np.float64)
        inputs[EGEMAPS] = (given, given.shape[1])
    return DescribedClips(
        labels=labels,
        classes=np.array([labels.index(clip.emotion) for clip in kept]),
        speakers=speakers,
        shares=LabelSet.of(recognizer.labels, labels).combine(normalise_logs(answered)),
        known=tuple(recognizer.labels.index(label) for label in labels),
        inputs=inputs,
        silent=len(asked) - len(kept),
    )


def measure_teaching(
    recognizer: EmotionRecognizer,
    corpora: Sequence[Corpus],
    *,
    draws: int = DRAWS,
    most: int | None = None,
    describe: Describe | None = None,
) -> dict[str, Any]:
    """Measure heads taught with few clips of each corpus; see the module.

    Args:
        recognizer: EmotionRecognizer, not taught.
        corpora: Corpus objects.
        draws: int > 0, of clips for each count and speaker.
        most, describe: as for `describe_clips`.

    Returns:
        What `few_shot.json` holds.

    Raises:
        ConfigError: a corpus has too little to teach.
    """
    learnt = trained_on(recognizer.directory)
    return {
        "draws": draws,
        "corpora": [
            {
                "corpus": corpus.info.name,
                "title": corpus.info.title,
                "trained_on_it": corpus.info.name in learnt,
                **measure_corpus(describe_clips(recognizer, corpus, most, describe), draws),
            }
            for corpus in corpora
        ],
    }


def measure_corpus(clips: DescribedClips, draws: int) -> dict[str, Any]:
    """Measure heads taught with few clips of one corpus."""
    strangers = sorted(set(clips.speakers.tolist()))
    right = clips.shares.argmax(axis=1) == clips.classes
    rows = []
    for count in COUNTS:
        if any(len(pool) < count for s in strangers for pool in _pools(clips, s)):
            break
        found = {name: np.empty((len(strangers), draws)) for name in clips.inputs}
        for number, stranger in enumerate(strangers):
            under_test = clips.speakers == stranger
            for draw in range(draws):
                rng = np.random.default_rng([count, number, draw])
                drawn = np.concatenate(
                    [rng.choice(pool, count, replace=False) for pool in _pools(clips, stranger)]
                )
                for name, (inputs, size) in clips.inputs.items():
                    known = clips.known if name == TAUGHT else ()
                    given = LabelledClips(inputs[drawn], clips.classes[drawn], size, known)
                    answers = fit_layer(given).logits(inputs[under_test]).argmax(axis=1)
                    found[name][number, draw] = np.mean(answers == clips.classes[under_test])
        rows.append(
            {
                "clips": count,
                **{name: _summarise(own.mean(axis=1)) for name, own in found.items()},
            }
        )
    return {
        "clips": len(clips.classes),
        "silent": clips.silent,
        "speakers": len(strangers),
        "labels": list(clips.labels),
        "chance": round(float(np.bincount(clips.classes).max() / len(clips.classes)), 4),
        "zero_shot": _summarise(np.array([right[clips.speakers == s].mean() for s in strangers])),
        "rows": rows,
    }


def load_egemaps(sample_rate: int) -> Describe:
    """Load openSMILE's extended Geneva minimalistic acoustic parameter set.

    Raises:
        ConfigError: the package opensmile is not installed.
    """
    try:
        import opensmile
    except ImportError as error:
        raise ConfigError(
            "eGeMAPS are computed by the package opensmile, which is not installed: "
            "pip install opensmile, or leave --egemaps out."
        ) from error
    smile = opensmile.Smile(
        feature_set=opensmile.FeatureSet.eGeMAPSv02,
        feature_level=opensmile.FeatureLevel.Functionals,
    )

    def describe(samples: np.ndarray) -> np.ndarray:
        values: np.ndarray = np.nan_to_num(smile.process_signal(samples, sample_rate).values[0])
        return values

    return describe


COLUMNS = (
    "corpus",
    "clips a label",
    "taught",
    "embedding alone",
    "eGeMAPS",
    "not taught",
    "guessing",
)


def teaching_table(measured: dict[str, Any]) -> str:
    """Tabulate what `measure_teaching` gave, as Markdown."""
    rows = []
    for corpus in measured["corpora"]:
        for index, row in enumerate(corpus["rows"]):
            first = index == 0
            rows.append(
                (
                    f"{corpus['corpus']}, {corpus['speakers']} speakers" if first else "",
                    str(row["clips"]),
                    *(_cell(row.get(name)) for name in (TAUGHT, EMBEDDING, EGEMAPS)),
                    _cell(corpus["zero_shot"]) if first else "",
                    f"{100 * corpus['chance']:.0f} %" if first else "",
                )
            )
    return markdown_table(COLUMNS, rows)


def _pools(clips: DescribedClips, stranger: str) -> list[np.ndarray]:
    """Where the clips of each label stand that another speaker than this one spoke."""
    others = clips.speakers != stranger
    return [np.flatnonzero(others & (clips.classes == c)) for c in range(len(clips.labels))]


def _summarise(by_speaker: np.ndarray) -> dict[str, Any]:
    """Mean over speakers, and its 95 % interval."""
    mean = float(by_speaker.mean())
    error = float(by_speaker.std(ddof=1) / np.sqrt(len(by_speaker)))
    half = float(stats.t.ppf(0.975, len(by_speaker) - 1)) * error
    bounds = [round(max(0.0, mean - half), 4), round(min(1.0, mean + half), 4)]
    return {"accuracy": round(mean, 4), "interval": bounds}


def _cell(score: dict[str, Any] | None) -> str:
    if score is None:
        return ""
    low, high = score["interval"]
    return f"{100 * score['accuracy']:.1f} % ({100 * low:.0f} to {100 * high:.0f})"
