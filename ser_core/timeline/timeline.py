"""The emotions of a recording over time: what each moment sounds like, and for how long."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from ..config.whole_files import write_bytes
from ..errors import ExportError
from ..results import (
    EmotionPrediction,
    EmotionSegment,
    FrozenMapping,
    Result,
    SpeakerShare,
    SpeakerTurn,
    TimelineWindow,
    reported_intensity,
)
from .exports import Encoding, find_format, relative_place, write_export
from .exports.delimited import audacity_text, csv_text, rttm_text
from .exports.elan import eaf_text
from .exports.intervals import place_segments
from .exports.label_studio import label_studio_config, label_studio_text
from .exports.subtitles import clock, list_subtitles, srt_text, webvtt_text
from .exports.textgrid import textgrid_text
from .shares import time_shares

if TYPE_CHECKING:
    import pandas

Smoothing = Literal["overlap", "none"]
SMOOTHINGS: tuple[str, ...] = get_args(Smoothing)

_COLUMNS = ("start", "end", "speaker", "status", "label", "confidence", "intensity")


@dataclass(frozen=True, eq=False, repr=False)
class EmotionTimeline(Result):
    """The emotions of a recording over time.

    Attributes:
        duration: float [s], of what could be read.
        speech: (start, end) of each stretch of speech [s].
        segments: EmotionSegments in order of time; gaps between them are pauses. Those of one
            channel never overlap.
        overall: EmotionPrediction for the recording as a whole: all windows with speech, pooled.
        distribution: read-only mapping from label to its share of the time of all segments, sum 1;
            all 0 without speech.
        votes: read-only mapping from label to the number of windows in which it is the likeliest.
        dominant: str, the label with the most votes, of several the likeliest; None without speech.
            `overall.label` is the label with the highest pooled probability.
        dominance: float in [0, 1], the share of the votes that `dominant` has.
        dominance_interval: 95 % Wilson interval of it, (0, 1) without speech. Overlapping windows
            share audio, so only as many count as fit side by side.
        window, hop: float [s], length of the windows and step between them.
        smoothing: "overlap" or "none".
        truncated: str, a sentence if the recording is cut off or damaged, else None.
        labels: the classes in the order of every mapping.
        bounds: read-only float64 array of shape (windows, 3): start, end and seconds of speech of
            each [s].
        answers: read-only float64 array of shape (windows, classes), probabilities before any
            smoothing; NaN with too little speech.
        turns: SpeakerTurns in order of time, which together are the stretches of speech; None
            without diarisation, unless each channel was analysed on its own.
        intensities: read-only float64 array of shape (windows,), the network's outputs, whatever
            the label, before any smoothing; NaN with too little speech; None if the model has no
            such output.
        notes: sentences on what was not heard of the recording or is wrong with it; `truncated` is
            the first of them.
        channel_names: "channel 1" and so on, the speakers' names where each channel was analysed on
            its own; empty where they were mixed. Each has as many rows of `bounds`, `answers` and
            `intensities`, one channel's after the other's.
        groups: read-only mapping from each label that was asked for as a group, or under another
            name, to the model's labels that it sums.
    """

    duration: float
    speech: tuple[tuple[float, float], ...] = field(repr=False)
    segments: tuple[EmotionSegment, ...]
    overall: EmotionPrediction
    distribution: Mapping[str, float] = field(repr=False)
    votes: Mapping[str, int]
    dominant: str | None
    dominance: float
    dominance_interval: tuple[float, float]
    window: float
    hop: float
    smoothing: Smoothing
    truncated: str | None
    labels: tuple[str, ...] = field(repr=False)
    bounds: np.ndarray = field(repr=False)
    answers: np.ndarray
    turns: tuple[SpeakerTurn, ...] | None = None
    intensities: np.ndarray | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()
    channel_names: tuple[str, ...] = field(default=(), repr=False)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=FrozenMapping, repr=False)

    @property
    def channels(self) -> Literal["mix", "separate"]:
        """Whether the channels were mixed, or each was analysed on its own."""
        return "separate" if self.channel_names else "mix"

    @property
    def by_speaker(self) -> Mapping[str, SpeakerShare]:
        """What each speaker or channel sounds like as a whole; empty where nobody is named."""
        turns = self.turns or ()
        shares = {}
        for name in self.channel_names or sorted({turn.speaker for turn in turns}):
            seconds = sum(turn.end - turn.start for turn in turns if turn.speaker == name)
            segments = [segment for segment in self.segments if segment.speaker == name]
            shares[name] = SpeakerShare(round(seconds, 3), time_shares(segments, self.labels))
        return FrozenMapping(shares)

    @property
    def speech_seconds(self) -> float:
        """How much of the recording is speech [s]."""
        return self.overall.speech_seconds

    @property
    def windows(self) -> tuple[TimelineWindow, ...]:
        """What each window was answered, in order, one channel's after the other's."""
        windows = []
        each = len(self.bounds) // max(1, len(self.channel_names))
        for index, (bounds, row) in enumerate(zip(self.bounds.tolist(), self.answers, strict=True)):
            probabilities: dict[str, float] = {}
            intensity = None
            if not np.isnan(row[0]):
                probabilities = dict(zip(self.labels, row.tolist(), strict=True))
                if self.intensities is not None:
                    label = self.labels[int(row.argmax())]
                    members = self.groups.get(label, (label,))
                    intensity = reported_intensity(members, self.intensities[index])
            start, end, speech_seconds = (round(value, 3) for value in bounds)
            speaker = self.channel_names[index // each] if self.channel_names else None
            windows.append(
                TimelineWindow(start, end, speech_seconds, probabilities, intensity, speaker)
            )
        return tuple(windows)

    def to_dict(self, *, windows: bool = True) -> dict[str, Any]:
        """Return plain JSON types.

        Args:
            windows: whether to give what every window was answered, too.
        """
        result = {
            "duration": self.duration,
            "speech_seconds": self.speech_seconds,
            "truncated": self.truncated,
            "notes": list(self.notes),
            "window": self.window,
            "hop": self.hop,
            "smoothing": self.smoothing,
            "channels": self.channels,
            "overall": self.overall.to_dict(),
            "dominant": self.dominant,
            "dominance": self.dominance,
            "dominance_interval": list(self.dominance_interval),
            "votes": dict(self.votes),
            "distribution": dict(self.distribution),
            "speech": [list(stretch) for stretch in self.speech],
            "segments": [segment.to_dict() for segment in self.segments],
        }
        if self.groups:
            result["groups"] = {name: list(members) for name, members in self.groups.items()}
        if self.turns is not None:
            result["turns"] = [turn.to_dict() for turn in self.turns]
            result["by_speaker"] = {k: share.to_dict() for k, share in self.by_speaker.items()}
        if windows:
            result["windows"] = [window.to_dict() for window in self.windows]
        return result

    def rows(self) -> list[dict[str, Any]]:
        """Return one flat row a segment: what CSV and data frames hold, in whole milliseconds."""
        placed = [(one.start / 1000, one.end / 1000, one.segment) for one in place_segments(self)]
        return [
            {
                "start": start,
                "end": end,
                **({} if self.turns is None else {"speaker": segment.speaker}),
                "status": segment.status,
                "label": segment.label,
                "confidence": round(segment.confidence, 6),
                "intensity": segment.intensity,
                **{
                    _column(label): round(value, 6)
                    for label, value in segment.probabilities.items()
                },
            }
            for start, end, segment in placed
        ]

    def to_dataframe(self) -> "pandas.DataFrame":
        """Return a data frame with one row a segment, also where there is none.

        Raises:
            ExportError: pandas is not installed.
        """
        try:
            import pandas
        except ImportError as error:
            raise ExportError(
                "A data frame needs pandas, which is not installed: pip install pandas."
            ) from error
        return pandas.DataFrame(self.rows(), columns=self._columns())

    def to_csv(self, *, for_spreadsheets: bool = False) -> str:
        """Return one line a segment below a line of names, times in seconds.

        Args:
            for_spreadsheets: whether labels that a spreadsheet would take for a formula begin with
                an apostrophe.
        """
        return csv_text(self._columns(), self.rows(), for_spreadsheets=for_spreadsheets)

    def to_json(self) -> str:
        """Return `to_dict` as JSON text."""
        return json.dumps(self.to_dict(), indent=1) + "\n"

    def to_webvtt(self) -> str:
        """Return WebVTT subtitles: the emotion under the recording, nothing where nobody speaks."""
        return webvtt_text(self)

    def to_srt(self) -> str:
        """Return SubRip subtitles, for players that read no WebVTT."""
        return srt_text(self)

    def to_subtitles(self) -> list[dict[str, Any]]:
        """Return texts and timestamps for `gr.Audio(subtitles=...)` and `gr.Video`."""
        return list_subtitles(self)

    def to_textgrid(self, *, short: bool = False) -> str:
        """Return a TextGrid for Praat, in its long or its short form."""
        return textgrid_text(self, short=short)

    def to_eaf(self, recording: str | None = None) -> str:
        """Return an annotation file for ELAN, which opens the recording of that relative path."""
        return eaf_text(self, recording)

    def to_audacity(self) -> str:
        """Return labels for Audacity."""
        return audacity_text(self)

    def to_rttm(self, recording: str | None = None) -> str:
        """Return who speaks when, as RTTM; nothing where nobody asked.

        Args:
            recording: str, path of the recording, whose name the file's lines hold.
        """
        return rttm_text(self, recording)

    def to_label_studio(self, recording: str) -> str:
        """Return a task for Label Studio, with a prediction to be corrected.

        Args:
            recording: str, address from which Label Studio is to load the recording; of a path
                it becomes /data/local-files/?d=..., from which it loads files of its own machine.
        """
        return label_studio_text(self, recording)

    def to_label_studio_config(self) -> str:
        """Return the labelling configuration that goes with `to_label_studio`."""
        return label_studio_config(self)

    def save(
        self,
        path: str | PathLike[str],
        *,
        format: str | None = None,
        recording: str | PathLike[str] | None = None,
        encoding: Encoding = "utf-8",
    ) -> Path:
        """Write the timeline into a file, in one of `ser_core.timeline.exports.FORMATS`.

        Args:
            path: where to; its folder is made if need be.
            format: str, a format's name; None for the one that the path's ending says.
            recording: path or address of the recording, for the formats that refer to it: ELAN's,
                RTTM and Label Studio's.
            encoding: "utf-8", or for CSV "utf-8-sig", by which Excel shows accents; labels that it
                would compute then begin with an apostrophe.

        Returns:
            The path.

        Raises:
            ExportError: no such format, or it needs what the timeline does not say.
            OSError: it cannot be written; what was there stays.
        """
        path = Path(path)
        form = find_format(str(path) if format is None else format)
        place = None if recording is None else relative_place(recording, path.parent)
        write_bytes(path, write_export(self, form, recording=place, encoding=encoding))
        return path

    def __str__(self) -> str:
        lines = [
            f"{clock(segment.start)} - {clock(segment.end)}  "
            f"{f'{segment.speaker}  ' if segment.speaker else ''}"
            f"{'perhaps ' if segment.status == 'uncertain' else ''}{segment.label} "
            f"{segment.confidence:.2f}"
            for segment in self.segments
        ]
        lines.append(self._headline())
        for name, share in self.by_speaker.items():
            mostly = max(share.distribution, key=lambda label: share.distribution[label])
            sounds = f", mostly {mostly}" if share.distribution[mostly] else ""
            lines.append(f"{name}: {share.seconds:.1f} s of speech{sounds}")
        return "\n".join([*lines, *self.notes])

    def _headline(self) -> str:
        spoken = f"{self.speech_seconds:.1f} s of speech in {self.duration:.1f} s"
        if self.dominant is None:
            return f"no speech ({spoken})"
        low, high = (100 * bound for bound in self.dominance_interval)
        return (
            f"mostly {self.dominant}: {100 * self.dominance:.0f} % of {sum(self.votes.values())} "
            f"windows, 95 % interval {low:.0f} to {high:.0f} % ({spoken})"
        )

    def _table(self) -> Iterable[Sequence[str]]:
        columns = self._columns()[: -len(self.labels)]
        return [columns, *([str(row[name]) for name in columns] for row in self.rows())]

    def _columns(self) -> list[str]:
        own = [name for name in _COLUMNS if name != "speaker" or self.turns is not None]
        return [*own, *map(_column, self.labels)]


def _column(label: str) -> str:
    """Name the column of a label's probability, which may not be that of something else.

    >>> _column("sad"), _column("start")
    ('sad', 'prob_start')
    """
    return f"prob_{label}" if label in _COLUMNS else label


def name_channel(number: int) -> str:
    """Name a channel, counted from 0, as players and telephone systems do: from 1."""
    return f"channel {number + 1}"
