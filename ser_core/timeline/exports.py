"""A timeline as files: JSON, CSV, a pandas table, and subtitles that a player shows."""

import csv
import io
import json
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import SpeechEmotionError

if TYPE_CHECKING:
    import pandas


class ExportError(SpeechEmotionError, ValueError):
    """A timeline cannot be written in the form that was asked for."""


class TimelineExports:
    """The forms that an EmotionTimeline can be written in."""

    def to_dict(self, *, windows: bool = True) -> dict[str, Any]:
        """Return plain JSON types.

        Args:
            windows: whether to give what every window was answered, too.
        """
        result = {
            "duration": self.duration,
            "speech_seconds": self.speech_seconds,
            "truncated": self.truncated,
            "window": self.window,
            "hop": self.hop,
            "smoothing": self.smoothing,
            "overall": self.overall.to_dict(),
            "dominant": self.dominant,
            "dominance": self.dominance,
            "dominance_interval": list(self.dominance_interval),
            "votes": dict(self.votes),
            "distribution": dict(self.distribution),
            "speech": [list(stretch) for stretch in self.speech],
            "segments": [segment.to_dict() for segment in self.segments],
        }
        if self.turns is not None:
            result["turns"] = [turn.to_dict() for turn in self.turns]
            result["by_speaker"] = {k: share.to_dict() for k, share in self.by_speaker.items()}
        if windows:
            result["windows"] = [window.to_dict() for window in self.windows]
        return result

    def rows(self) -> list[dict[str, Any]]:
        """Return one flat row a segment: what CSV and tables hold."""
        return [
            {
                "start": segment.start,
                "end": segment.end,
                **({} if self.turns is None else {"speaker": segment.speaker}),
                "status": segment.status,
                "label": segment.label,
                "confidence": round(segment.confidence, 6),
                "intensity": segment.intensity,
                **{label: round(value, 6) for label, value in segment.probabilities.items()},
            }
            for segment in self.segments
        ]

    def to_dataframe(self) -> "pandas.DataFrame":
        """Return a table with one row a segment, also where there is none.

        Raises:
            ExportError: pandas is not installed.
        """
        try:
            import pandas
        except ImportError as error:
            raise ExportError("A table needs pandas, which is not installed.") from error
        return pandas.DataFrame(self.rows(), columns=self._columns())

    def _columns(self) -> list[str]:
        speaker = [] if self.turns is None else ["speaker"]
        rest = ["status", "label", "confidence", "intensity"]
        return ["start", "end", *speaker, *rest, *self.labels]

    def to_csv(self) -> str:
        """Return one line a segment below a line of names, times in seconds."""
        text = io.StringIO()
        table = csv.DictWriter(text, self._columns(), lineterminator="\n")
        table.writeheader()
        table.writerows(self.rows())
        return text.getvalue()

    def to_json(self) -> str:
        """Return `to_dict` as JSON text."""
        return json.dumps(self.to_dict(), indent=1) + "\n"

    def to_webvtt(self) -> str:
        """Return WebVTT subtitles: the emotion under the recording, nothing where nobody speaks.

        Where it is known who speaks, a cue is in that voice ("<v A>").

        Source: WebVTT, https://www.w3.org/TR/webvtt1/.
        """
        return "\n\n".join(["WEBVTT", *self._cues(".", "<v {}>")]) + "\n"

    def to_srt(self) -> str:
        """Return SubRip subtitles, for players that read no WebVTT."""
        cues = [f"{number}\n{cue}" for number, cue in enumerate(self._cues(",", "{}: "), start=1)]
        return "\n\n".join(cues) + "\n"

    def _cues(self, point: str, voice: str) -> list[str]:
        cues = []
        for segment in self.segments:
            doubt = "perhaps " if segment.status == "uncertain" else ""
            said = voice.format(segment.speaker) if segment.speaker else ""
            times = f"{clock(segment.start, point)} --> {clock(segment.end, point)}"
            cues.append(f"{times}\n{said}{doubt}{segment.label} {100 * segment.confidence:.0f} %")
        return cues

    def save(self, path: str | PathLike) -> Path:
        """Write the timeline in the form that the path's ending names.

        Args:
            path: ends in .json, .csv, .vtt or .srt.

        Returns:
            The path.

        Raises:
            ExportError: another ending.
        """
        forms = {
            ".json": self.to_json,
            ".csv": self.to_csv,
            ".vtt": self.to_webvtt,
            ".srt": self.to_srt,
        }
        path = Path(path)
        if path.suffix.lower() not in forms:
            known = ", ".join(forms)
            raise ExportError(
                f"A timeline is written as {known}: {path.name} ends in none of them."
            )
        path.write_text(forms[path.suffix.lower()](), encoding="utf-8")
        return path

    def __str__(self) -> str:
        spoken = f"{self.speech_seconds:.1f} s of speech in {self.duration:.1f} s"
        if self.dominant is None:
            return f"no speech ({spoken})"
        low, high = (100 * bound for bound in self.dominance_interval)
        lines = [
            f"{clock(segment.start)} - {clock(segment.end)}  "
            f"{f'{segment.speaker}  ' if segment.speaker else ''}"
            f"{'perhaps ' if segment.status == 'uncertain' else ''}{segment.label} "
            f"{segment.confidence:.2f}"
            for segment in self.segments
        ]
        lines.append(
            f"mostly {self.dominant}: {100 * self.dominance:.0f} % of {sum(self.votes.values())} "
            f"windows, 95 % interval {low:.0f} to {high:.0f} % ({spoken})"
        )
        for name, share in self.by_speaker.items():
            mostly = max(share.distribution, key=share.distribution.get)
            sounds = f", mostly {mostly}" if share.distribution[mostly] else ""
            lines.append(f"{name}: {share.seconds:.1f} s of speech{sounds}")
        return "\n".join([*lines, *([self.truncated] if self.truncated else [])])


def clock(seconds: float, point: str = ".") -> str:
    """Write a time as subtitles do.

    >>> clock(3723.5)
    '01:02:03.500'
    """
    milliseconds = round(1000 * seconds)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{rest // 1000:02d}{point}{rest % 1000:03d}"
