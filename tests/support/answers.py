"""Held-out answers made up for tests, of which it is known how many are right."""

import numpy as np

from train.answers.out_of_fold import Answers

GENDERS = {"01": "male", "02": "female", "03": "male", "04": "female"}


def answers(right: dict[str, int], clips: int = 40) -> Answers:
    """Answers of which each speaker has so many right, of two classes."""
    truth, speakers, probabilities = [], [], []
    for name, count in right.items():
        for clip in range(clips):
            truth.append(clip % 2)
            speakers.append(name)
            said = clip % 2 if clip < count else 1 - clip % 2
            probabilities.append([0.8, 0.2] if said == 0 else [0.2, 0.8])
    return Answers(
        files=tuple(f"{i}.wav" for i in range(len(truth))),
        speakers=tuple(speakers),
        folds=np.ones(len(truth), dtype=int),
        truth=np.array(truth),
        probabilities=np.array(probabilities),
        labels=("happy", "sad"),
    )
