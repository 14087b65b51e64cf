"""Choose the speech gate's thresholds on validation speakers, places and sounds alone."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ser_core.errors import ModelError
from ser_core.speech import gate as speech

from .gate_corpora import STUDIO, SpeechClip
from .gate_evaluation import (
    CONDITIONS,
    HARDER_CONDITIONS,
    gate,
    nonspeech_answers,
    speech_answers,
    speech_rate,
)
from .gate_mixtures import LEAST_SPEECH, cut_pauses, extend_pause
from .gate_recordings import RecordedSound
from .gate_teacher import TEACHER_THRESHOLD, teacher_steps
from .nonspeech import TRAINING_KINDS, Generator

SOUNDS_PER_KIND = 60
VALIDATION_SEED = 1_000_001  # apart from any training seed
# What is chosen from: the pair that misses the fewest single words of noisy places, and clean
# sentences, which weigh more, among those that call few recorded sounds speech, miss at most this
# share of sentences in the worst condition and find this share of the speech frames of clean
# sentences: so that the segments are right too, and to keep a margin, because voices from outside
# these corpora are found less surely. Of the clean sentences, those learnt from are asked too, as
# shouts are few.
THRESHOLDS = np.round(np.arange(0.05, 0.91, 0.05), 2)
MIN_SPEECHES = (0.08, 0.1, 0.15, 0.2, 0.3)  # [s]
ALARMS_ALLOWED = 0.04
MISSES_ALLOWED = 0.004
CLEAN_WEIGHT = 10
RECALL_NEEDED = 0.96


def choose_thresholds(
    clips: Sequence[SpeechClip], sounds: Sequence[RecordedSound]
) -> dict[str, Any]:
    """Choose the frame threshold and the seconds of speech needed, on validation data alone.

    Args:
        clips: all clips; those of the validation speakers and places are used.
        sounds: recorded sounds to validate on; those without speech are used.

    Returns:
        dict: the pair, how it was chosen and the error rates it was chosen by.
    """
    held_out = [c for c in clips if c.split == "validation"]
    sentences = [c for c in held_out if c.corpus in STUDIO]
    words = [c for c in held_out if c.corpus == "emospeech" and c.teacher_seconds >= LEAST_SPEECH]
    learnt = [c for c in clips if c.split == "train" and c.corpus in STUDIO]
    clean = [gate(clip.samples) for clip in learnt]
    spoken = speech_answers(sentences, VALIDATION_SEED, [*CONDITIONS, *HARDER_CONDITIONS])
    word_answers = [gate(clip.samples) for clip in words]
    generated = nonspeech_answers(validation_kinds(held_out), SOUNDS_PER_KIND, VALIDATION_SEED)
    recorded = [gate(sound.samples) for sound in sounds if sound.without_speech]
    rows = []
    for threshold in THRESHOLDS.tolist():
        recall = frame_recall(sentences, spoken["clean"], threshold)
        for min_speech in MIN_SPEECHES:
            pair = (threshold, min_speech)
            misses = max(1 - speech_rate(p, *pair) for p in spoken.values())
            alarms = np.mean([speech_rate(p, *pair) for p in generated.values()])
            rows.append(
                {
                    "threshold": threshold,
                    "min_speech": min_speech,
                    "clean_miss_rate": round(1 - speech_rate([*clean, *spoken["clean"]], *pair), 5),
                    "worst_miss_rate": round(misses, 5),
                    "word_miss_rate": round(1 - speech_rate(word_answers, *pair), 5),
                    "mean_false_alarm_rate": round(float(alarms), 5),
                    "recorded_false_alarm_rate": round(speech_rate(recorded, *pair), 5),
                    "frame_recall": round(recall, 5),
                }
            )
    return {
        "chosen": choose_row(rows),
        "rule": f"fewest words missed, and {CLEAN_WEIGHT} times the clean sentences of training "
        f"and validation speakers, where <= {ALARMS_ALLOWED} of the recorded sounds are called "
        f"speech, the worst condition misses <= {MISSES_ALLOWED} of the validation sentences and "
        f"frame recall on them, clean, >= {RECALL_NEEDED}",
        "speakers": speakers(clips, "validation"),
        "clips": len(sentences),
        "words": len(words),
        "recorded_sounds": len(recorded),
        "conditions": list(spoken),
        "sounds_per_kind": SOUNDS_PER_KIND,
        "kinds": list(generated),
        "seed": VALIDATION_SEED,
        "grid": rows,
    }


def choose_row(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    """Choose the row of the grid by the rule above.

    Raises:
        ModelError: none is allowed.
    """
    allowed = [
        row
        for row in rows
        if row["recorded_false_alarm_rate"] <= ALARMS_ALLOWED
        and row["worst_miss_rate"] <= MISSES_ALLOWED
        and row["frame_recall"] >= RECALL_NEEDED
    ]
    if not allowed:
        raise ModelError(
            f"expected a threshold that calls at most {ALARMS_ALLOWED:.0%} of recorded sounds "
            f"speech, misses at most {MISSES_ALLOWED:.1%} of the sentences and finds "
            f"{RECALL_NEEDED:.0%} of their speech, found none; train on more examples"
        )
    return min(
        allowed, key=lambda row: row["word_miss_rate"] + CLEAN_WEIGHT * row["clean_miss_rate"]
    )


def speakers(clips: Sequence[SpeechClip], split: str) -> list[str]:
    """The speakers of a split, such as "ravdess/01"."""
    return sorted({clip.speaker for clip in clips if clip.split == split})


def frame_recall(clips: Sequence[SpeechClip], answers: list[np.ndarray], threshold: float) -> float:
    """Share of the steps the teacher calls speech which the gate calls speech as well."""
    found, count = 0, 0
    for clip, answer in zip(clips, answers, strict=True):
        ours = answer[:: speech.FRAMES_PER_STEP]
        spoken = teacher_steps(clip.teacher, len(ours)) >= TEACHER_THRESHOLD
        found += int((ours[spoken] >= threshold).sum())
        count += int(spoken.sum())
    return found / max(1, count)


def validation_kinds(clips: Sequence[SpeechClip]) -> dict[str, Generator]:
    """The training kinds, and the pauses of these clips as room tone."""
    tones = cut_pauses(clips, VALIDATION_SEED)

    def room_tone(rng: np.random.Generator, n: int) -> np.ndarray:
        return extend_pause(tones[int(rng.integers(0, len(tones)))], n, rng)

    return TRAINING_KINDS | {"room_tone": room_tone}
