"""How much of a recording is answered, held against how much FFmpeg itself decodes of it."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from ser_core.audio import SAMPLE_RATE, load_audio
from ser_core.errors import AudioError, TruncatedAudioError
from tests.support.recording_cases import Case

TOLERANCE = 0.1  # [s]
FAINT = 0.01  # full scale 1; what stays of opposite channels that were averaged, or of no sound

Outcome = Literal["whole", "said", "refused", "short", "silent", "refused though whole", "crash"]
FAULTS: tuple[Outcome, ...] = ("short", "silent", "refused though whole", "crash")


@dataclass(frozen=True)
class Verdict:
    """What became of one file.

    Attributes:
        outcome: "whole": answered from all that FFmpeg decodes; "said": from less, and that is
        said; "refused": with a sentence. The rest are faults: "short", answered from less
        without a word; "silent", from another track or channel than the one with sound;
        "refused though whole"; "crash", an error that is none of the house's.
    answered: float [s] of sound in the answer.
        decoded: float [s] that FFmpeg decodes of it, or that are in it by construction.
        sentence: str, the error or the notes.
    """

    case: Case
    outcome: Outcome
    answered: float
    decoded: float
    sentence: str = ""

    def __str__(self) -> str:
        return (
            f"{self.outcome}: {self.case.name}: {self.answered:.2f} of {self.decoded:.2f} s "
            f"{self.sentence}"
        )


def judge(case: Case, folder: Path) -> Verdict:
    """Write a case's file, decode it here and by FFmpeg alone, and compare."""
    path = folder / case.name
    path.write_bytes(case.content())
    # Of what is known by construction FFmpeg may count more: joined parts of other rates.
    decoded = case.seconds or ffmpeg_seconds(path)
    notes: list[str] = []
    try:
        samples = load_audio(path, on_note=notes.append)
    except TruncatedAudioError as error:
        # The page and `analyze` answer from what is there, and say this.
        outcome: Outcome = "refused though whole" if case.is_whole else "refused"
        return Verdict(case, outcome, error.readable, decoded, str(error))
    except AudioError as error:
        outcome = "refused though whole" if case.is_whole else "refused"
        return Verdict(case, outcome, 0.0, decoded, str(error))
    except Exception as error:
        return Verdict(case, "crash", 0.0, decoded, repr(error))
    finally:
        path.unlink()
    answered = len(samples) / SAMPLE_RATE
    if case.is_whole and np.abs(samples).max() < FAINT:
        return Verdict(case, "silent", answered, decoded, " ".join(notes))
    if answered >= decoded - TOLERANCE:
        return Verdict(case, "whole", answered, decoded, " ".join(notes))
    return Verdict(case, "said" if notes else "short", answered, decoded, " ".join(notes))


def ffmpeg_seconds(path: Path) -> float:
    """Decode a file as FFmpeg does by itself.

    Returns:
        float [s]: of its longest audio track; 0.0 where FFmpeg takes it for no audio. Frames that
        cannot be decoded are passed over.
    """
    import av

    seconds: dict[int, float] = defaultdict(float)
    try:
        with av.open(str(path), "r", metadata_errors="ignore") as media:
            tracks = [t for t in media.streams.audio if t.codec_context is not None]
            for packet in media.demux(tracks) if tracks else ():
                try:
                    frames = packet.decode()
                except (av.error.FFmpegError, ValueError):
                    continue
                for frame in frames:
                    if frame.sample_rate > 0:
                        seconds[packet.stream.index] += frame.samples / frame.sample_rate
    except (av.error.FFmpegError, ValueError):
        pass
    return max(seconds.values(), default=0.0)
