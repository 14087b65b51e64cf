"""The formats that a timeline is written in: one table, which every way to it reads."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Literal, TypeAlias

from ...errors import ExportError
from .delimited import audacity_text, rttm_text
from .elan import eaf_text
from .label_studio import label_studio_config, label_studio_text
from .subtitles import srt_text, webvtt_text
from .textgrid import textgrid_text

if TYPE_CHECKING:
    from ..timeline import EmotionTimeline

Encoding = Literal["utf-8", "utf-8-sig"]
Need = Literal["speakers", "recording"]
Writer: TypeAlias = Callable[["EmotionTimeline", str | None, Encoding], str]

_MISSING: dict[Need, str] = {
    "speakers": (
        "{title} says who speaks, which nobody asked for: expected how many people speak, as in "
        "speakers=2, or channels='separate'."
    ),
    "recording": (
        "{title} names the recording, and got none: expected its address or path, as in "
        "recording='https://example.org/talk.wav'."
    ),
}


@dataclass(frozen=True)
class ExportFormat:
    """A format that a timeline is written in.

    Attributes:
        name: str, what the API and the command line call it.
        title: str, what people call it.
        ending: str, of its files' names; the longest one that fits a name counts.
        media_type: str, such as "text/csv".
        programs: str, what opens it.
        write: makes its text of a timeline, the recording's path or address (or None), and the
            encoding.
        needs: "speakers" where the timeline must say who speaks, "recording" where the recording
            must be named.
        encodings: the encodings that its readers take; "utf-8-sig" is for Excel.
    """

    name: str
    title: str
    ending: str
    media_type: str
    programs: str
    write: Writer
    needs: tuple[Need, ...] = ()
    encodings: tuple[Encoding, ...] = ("utf-8",)

    def find_missing(self, timeline: "EmotionTimeline", recording: str | None) -> str | None:
        """Say what it needs and has not; None where it can be written."""
        if "speakers" in self.needs and timeline.turns is None:
            return _MISSING["speakers"].format(title=self.title)
        if "recording" in self.needs and not recording:
            return _MISSING["recording"].format(title=self.title)
        return None


FORMATS: tuple[ExportFormat, ...] = (
    ExportFormat(
        "csv",
        "CSV",
        ".csv",
        "text/csv",
        "spreadsheets, pandas, R",
        lambda timeline, _, encoding: timeline.to_csv(for_spreadsheets=encoding == "utf-8-sig"),
        encodings=("utf-8", "utf-8-sig"),
    ),
    ExportFormat(
        "json",
        "JSON",
        ".json",
        "application/json",
        "any language; the one that holds everything",
        lambda timeline, *_: timeline.to_json(),
    ),
    ExportFormat(
        "webvtt",
        "WebVTT",
        ".vtt",
        "text/vtt",
        "browsers, VLC",
        lambda timeline, *_: webvtt_text(timeline),
    ),
    ExportFormat(
        "srt",
        "SubRip",
        ".srt",
        "application/x-subrip",
        "video players and editors",
        lambda timeline, *_: srt_text(timeline),
    ),
    ExportFormat(
        "textgrid",
        "TextGrid",
        ".TextGrid",
        "text/plain",
        "Praat",
        lambda timeline, *_: textgrid_text(timeline),
    ),
    ExportFormat(
        "eaf",
        "ELAN",
        ".eaf",
        "application/xml",
        "ELAN",
        lambda timeline, recording, _: eaf_text(timeline, recording),
    ),
    ExportFormat(
        "audacity",
        "Audacity labels",
        ".txt",
        "text/plain",
        "Audacity (File > Import > Labels)",
        lambda timeline, *_: audacity_text(timeline),
    ),
    ExportFormat(
        "rttm",
        "RTTM",
        ".rttm",
        "text/plain",
        "pyannote, dscore and other tools for diarisation",
        lambda timeline, recording, _: rttm_text(timeline, recording),
        needs=("speakers",),
    ),
    ExportFormat(
        "label-studio",
        "Label Studio",
        ".labelstudio.json",
        "application/json",
        "Label Studio (Import)",
        lambda timeline, recording, _: label_studio_text(timeline, recording or ""),
        needs=("recording",),
    ),
    ExportFormat(
        "label-studio-config",
        "Label Studio setup",
        ".labelstudio.xml",
        "application/xml",
        "Label Studio (Settings > Labeling Interface > Code)",
        lambda timeline, *_: label_studio_config(timeline),
    ),
)
"""Every format, those first that most people open."""


def find_format(name: str) -> ExportFormat:
    """Find a format by its name, or by a file's name that ends as its files' do.

    Raises:
        ExportError: there is none of that name or ending.

    >>> find_format("talk.TextGrid").title, find_format("srt").title
    ('TextGrid', 'SubRip')
    """
    named = {form.name: form for form in FORMATS}
    if name in named:
        return named[name]
    file = PurePath(name).name
    fitting = [
        form
        for form in FORMATS
        if file.lower().endswith(form.ending.lower()) and len(file) > len(form.ending)
    ]
    if not fitting:
        endings = ", ".join(form.ending for form in FORMATS)
        raise ExportError(
            f"A timeline is written as {', '.join(named)}, into files that end in {endings}: "
            f"{file or name!r:.60} is none of them; use one that is."
        )
    return max(fitting, key=lambda form: len(form.ending))


def write_export(
    timeline: "EmotionTimeline",
    form: ExportFormat,
    *,
    recording: str | None = None,
    encoding: Encoding = "utf-8",
) -> bytes:
    """Write a timeline in a format.

    Args:
        timeline: EmotionTimeline.
        form: ExportFormat.
        recording: str, path of the recording from where the file will lie, or its address.
        encoding: one of `form.encodings`; "utf-8-sig" for Excel, which then shows accents and
            computes no text.

    Returns:
        bytes, the file's content.

    Raises:
        ExportError: it needs what there is not, or has no such encoding.
    """
    if encoding not in form.encodings:
        raise ExportError(
            f"{form.title} is written in {' or '.join(form.encodings)}, got {encoding!r:.60}."
        )
    missing = form.find_missing(timeline, recording)
    if missing is not None:
        raise ExportError(missing)
    # A file's name may hold what is no text in any encoding.
    return form.write(timeline, recording, encoding).encode(encoding, "replace")


def relative_place(recording: str | os.PathLike[str], folder: Path) -> str:
    """Give the place of a recording from a folder, with slashes; an address stays what it is.

    >>> relative_place("talks/one.wav", Path("talks/annotations"))
    '../one.wav'
    >>> relative_place("https://example.org/one.wav", Path("talks"))
    'https://example.org/one.wav'
    """
    place = os.fspath(recording)
    if "://" in place:
        return place
    try:
        return Path(os.path.relpath(place, folder)).as_posix()
    except ValueError:  # on another drive
        return Path(place).as_posix()
