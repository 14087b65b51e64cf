"""IEMOCAP: ten English actors in five dialogues by two, improvised and scripted.

The label of a turn is the annotators' majority in SessionN/dialog/EmoEvaluation/DIALOGUE.txt:

    label neu      hap    exc    sad  ang    fea      dis      sur        fru  oth  xxx
    class neutral  happy  happy  sad  angry  fearful  disgust  surprised  -    -    -

Excited counts as happy, as in most of the literature; its four-class subset (neutral, happy with
excited, sad, angry: 5,531 turns) follows from these rows by leaving out the other classes.
Frustrated, other and no majority (xxx) have no class here: they are dropped and counted.

Source: Busso et al. (2008), Language Resources and Evaluation 42(4): 335-359.
"""

import re
from collections import Counter
from pathlib import Path

from ser_core.audio.endings import AUDIO_ENDINGS

from .clip import Clip, CorpusError, CorpusInfo, Reading
from .names import decode

EMOTION_CODES = {
    "neu": "neutral",
    "hap": "happy",
    "exc": "happy",
    "sad": "sad",
    "ang": "angry",
    "fea": "fearful",
    "dis": "disgust",
    "sur": "surprised",
}
WITHOUT_CLASS = {"fru": "frustrated", "oth": "other", "xxx": "no majority"}
GENDERS = {"F": "female", "M": "male"}

INFO = CorpusInfo(
    name="iemocap",
    title="IEMOCAP, the Interactive Emotional Dyadic Motion Capture Database",
    language="en",
    licence="LicenseRef-IEMOCAP",
    citation="Busso C, Bulut M, Lee CC, Kazemzadeh A, Mower E, Kim S, Chang JN, Lee S, Narayanan "
    "SS (2008). IEMOCAP: Interactive emotional dyadic motion capture database. Language Resources "
    "and Evaluation 42(4): 335-359.",
    pattern="SessionN/dialog/EmoEvaluation/SesNN*.txt and SessionN/sentences/wav/SesNN*/*.wav",
    labels=tuple(dict.fromkeys(EMOTION_CODES.values())),
    homepage="https://sail.usc.edu/iemocap/",
    access="apply with the signed release form at "
    "https://sail.usc.edu/iemocap/iemocap_release.htm, which lends it for research and forbids "
    "passing it on",
)

TURN = re.compile(r"\[\d+\.\d+ - \d+\.\d+\]\s+(Ses\d\d\w+_([A-Z])\w+)\s+(\w+)\s+\[")
TRANSCRIPT = re.compile(r"(Ses\w+) \[[\d.]+-[\d.]+\]: (.+)")


def read_clips(root: Path) -> Reading:
    """Read the labelled turns of every session below `root`.

    Args:
        root: a folder that holds Session1 to Session5 at any depth.

    Returns:
        Reading with one Clip per turn; `statement` is the transcript where it is there.

    Raises:
        CorpusError: an evaluation cannot be read, has an unknown label, or names a turn whose
            recording is missing.
    """
    clips: dict[str, Clip] = {}
    dropped: dict[str, str] = {}
    second_copies = 0
    for evaluations in sorted(root.rglob("EmoEvaluation")):
        for evaluation in sorted(evaluations.glob("Ses*.txt")):
            transcripts = _transcripts(evaluation)
            for turn, gender, code in _turns(evaluation):
                if turn in clips or turn in dropped:
                    second_copies += 1
                    continue
                if code in WITHOUT_CLASS:
                    dropped[turn] = WITHOUT_CLASS[code]
                    continue
                path = _recording(evaluation, turn)
                clips[turn] = Clip(
                    path=path,
                    file=path.name,
                    corpus=INFO.name,
                    emotion=decode(EMOTION_CODES, code, what="label", path=evaluation, info=INFO),
                    speaker=turn[:5] + gender,
                    gender=decode(GENDERS, gender, what="gender", path=evaluation, info=INFO),
                    statement=transcripts.get(turn),
                )
    return Reading(list(clips.values()), Counter(dropped.values()), second_copies)


def _turns(evaluation: Path) -> list[tuple[str, str, str]]:
    """Name, gender letter and label of every turn in an evaluation."""
    turns = []
    # The annotators' remarks are not all in one encoding; the lines wanted here are ASCII.
    text = evaluation.read_text(encoding="utf-8", errors="replace")
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.startswith("["):
            continue
        match = TURN.match(line)
        if match is None:
            raise CorpusError(
                f"{evaluation} has no turn in line {number}, where "
                f"'[START - END] TURN LABEL [V, A, D]' was looked for: {line[:60]!r}."
            )
        turns.append((match[1], match[2], match[3]))
    return turns


def _transcripts(evaluation: Path) -> dict[str, str]:
    """Text by turn, from the dialogue's transcription; empty where there is none."""
    file = evaluation.parents[1] / "transcriptions" / evaluation.name
    if not file.is_file():
        return {}
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    return {match[1]: match[2].strip() for match in map(TRANSCRIPT.match, lines) if match}


def _recording(evaluation: Path, turn: str) -> Path:
    folder = evaluation.parents[2] / "sentences" / "wav" / evaluation.stem
    for suffix in AUDIO_ENDINGS:
        if (folder / f"{turn}{suffix}").is_file():
            return folder / f"{turn}{suffix}"
    raise CorpusError(f"{evaluation} names {turn}, but {folder / turn}.wav is not there.")
