"""Judge a finished model on a corpus, from file to answer, as its users meet it.

python -m train evaluate --model user/name --corpus nemo=PATH
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from ser_core import EmotionRecognizer, FeatureConfig
from ser_core.config.emotions import LABELS
from ser_core.errors import ConfigError
from ser_core.model.files import DATASET, files_in, load_record
from ser_core.model.further_records import Dataset

from ..answers.conformal import measure_sets
from ..answers.domain import measure_familiar
from ..answers.metrics import measure_answers
from ..answers.out_of_fold import Answers
from ..answers.restricted import measure_restricted
from ..corpora import Clip, Corpus


def evaluate(recognizer: EmotionRecognizer, corpus: Corpus) -> tuple[Answers, dict[str, Any]]:
    """Let a recognizer answer every clip of a corpus whose emotion it knows.

    Args:
        recognizer: EmotionRecognizer.
        corpus: Corpus.

    Returns:
        The answers for clips with speech, and what was measured: as `measure`, and `asked`,
        `no_speech`, `uncertain`, `unknown_emotion` (clips left out, since the model has no such
        label), `accuracy_of_asked` (a clip called silent counts as wrong), `accuracy_of_answered`
        (of what is not "uncertain"; None if that is nothing), `trained_on_it`; and where the model
        has sets or a domain, `conformal` and `domain`, what they do on this corpus; `restricted`,
        recall among the corpus' own classes and the four that most corpora share.

    Raises:
        ConfigError: the model knows none of the corpus' emotions, or heard no speech at all.
    """
    known = [clip for clip in corpus.clips if clip.emotion in recognizer.labels]
    if not known:
        raise ConfigError(
            f"The model has none of the emotions of {corpus.info.name}, which are "
            f"{', '.join(corpus.info.labels)}: it answers {', '.join(recognizer.labels)}; name "
            "them alike with --label-map."
        )
    statuses: Counter[str] = Counter()
    heard: list[Clip] = []
    probabilities, distances, answered = [], [], []
    for clip in tqdm(known, desc="evaluate", unit="clip", mininterval=1.0):
        answer = recognizer.predict(clip.path)
        statuses[answer.status] += 1
        if answer.status != "no_speech":
            heard.append(clip)
            probabilities.append([answer.probabilities[label] for label in recognizer.labels])
            distances.append(answer.distance)
            answered.append(answer.status == "emotion")
    if not heard:
        raise ConfigError(f"The model heard no speech in any clip of {corpus.info.name}.")
    answers = replace(
        answers_of(heard, np.array(probabilities), recognizer.labels),
        distances=None if None in distances else np.array(distances, dtype=float),
    )
    right = answers.probabilities.argmax(axis=1) == answers.truth
    return answers, {
        "corpus": corpus.info.name,
        "asked": len(known),
        "no_speech": statuses["no_speech"],
        "uncertain": statuses["uncertain"],
        "unknown_emotion": len(corpus.clips) - len(known),
        "accuracy_of_asked": round(float(right.sum() / len(known)), 4),
        "accuracy_of_answered": round(float(right[answered].mean()), 4) if any(answered) else None,
        "trained_on_it": corpus.info.name in trained_on(recognizer.directory),
        **measure_answers(answers),
        **measure_sets_and_domain(answers, recognizer.config),
        **({"restricted": measure_restricted(answers)} if recognizer.labels == LABELS else {}),
    }


def measure_sets_and_domain(answers: Answers, config: FeatureConfig) -> dict[str, Any]:
    """Measure what the thresholds that a model ships with do on some answers of it."""
    measured: dict[str, Any] = {}
    if config.conformal is not None:
        target, threshold = config.conformal.coverage, config.conformal.threshold
        told = {"target": target, "threshold": threshold}
        measured["conformal"] = told | measure_sets(answers, threshold)
    if config.domain is not None:
        border = config.domain.familiar_below
        measured["domain"] = {"familiar_below": border} | measure_familiar(answers, border)
    return measured


def answers_of(
    clips: Sequence[Clip], probabilities: np.ndarray, labels: tuple[str, ...]
) -> Answers:
    """Put a model's answers into a table of one fold."""
    return Answers(
        files=tuple(clip.file for clip in clips),
        speakers=tuple(clip.speaker for clip in clips),
        folds=np.ones(len(clips), dtype=int),
        truth=np.array([labels.index(clip.emotion) for clip in clips]),
        probabilities=probabilities,
        labels=labels,
    )


def trained_on(directory: Path) -> set[str]:
    """Name the corpora that a model repository says it was trained on."""
    if DATASET not in files_in(directory):
        return set()
    return {corpus.name for corpus in load_record(directory, Dataset).corpora}
