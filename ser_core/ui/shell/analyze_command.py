"""`ser analyze`: emotions over time, as a table or as a file for another program."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...errors import ArgumentError
from .shared_options import (
    GroupOption,
    LabelsOption,
    ModelOption,
    RevisionOption,
    load_model,
    wanted_labels,
)
from .terminal import board, complain, console, is_terminal, print_data, printable

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ...timeline.analyze import AnalysisProgress
    from ...timeline.exports import Encoding, ExportFormat
    from ...timeline.timeline import EmotionTimeline

OUTPUT = "-"
"""How standard output is named."""


def _channels() -> tuple[str, ...]:
    from ...audio.channels import CHANNELS

    return CHANNELS


def _formats() -> list[str]:
    from ...timeline.exports import FORMATS

    return [form.name for form in FORMATS]


def analyze(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A recording; - for standard input.")],
    speakers: Annotated[
        str | None,
        typer.Option(
            metavar="N",
            help="Tell so many people apart; auto to estimate how many.",
            autocompletion=lambda: ["2", "3", "4", "5", "6", "auto"],
        ),
    ] = None,
    channels: Annotated[
        str,
        typer.Option(
            metavar="HOW",
            help="mix; separate, where each channel is a speaker; auto, where they differ.",
            autocompletion=_channels,
        ),
    ] = "mix",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="FILE", help="File to write, in the format of its ending."
        ),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="csv, json, textgrid, eaf and so on, whatever the ending says.",
            autocompletion=_formats,
        ),
    ] = None,
    recording: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="What ELAN's, RTTM and Label Studio files call the recording.",
            show_default="FILE",
        ),
    ] = None,
    excel: Annotated[
        bool, typer.Option("--excel", help="CSV that Excel opens with its accents.")
    ] = False,
    window: Annotated[
        float | None,
        typer.Option(metavar="S", help="Length of a window.", show_default="the model's"),
    ] = None,
    hop: Annotated[
        float | None,
        typer.Option(metavar="S", help="Step between windows.", show_default="the model's"),
    ] = None,
    labels: LabelsOption = None,
    group: GroupOption = None,
    model: ModelOption = None,
    revision: RevisionOption = None,
) -> None:
    """Follow the emotions of a recording of any length over time.

    Prints a table, or with --out writes a file for Praat, ELAN, Audacity, a spreadsheet or a
    player.

    \b
    Examples:
      ser analyze talk.mp3
      ser analyze talk.mp3 --speakers 2 --out talk.TextGrid
      ser analyze call.wav --channels auto --out call.eaf
      ser analyze talk.mp3 --format csv | cut -d, -f1-4

    \b
    Status: 0 it was analysed, 1 it could not be, or is cut off, 2 wrong usage.
    """
    from .named_recordings import INPUT, Named, open_named

    named = Named(file, None if file == INPUT else file)
    to = None if out is None or str(out) == OUTPUT else out
    if to is not None and to.is_dir():
        raise ArgumentError(f"--out {printable(str(to))} is a folder: expected a file's name.")
    written = _choose_format(form, to, has_speakers=speakers is not None or channels != "mix")
    count = int(speakers) if speakers is not None and speakers.isdecimal() else speakers
    wanted = wanted_labels(labels, group)
    recognizer = load_model(model, revision)
    with board(moving=True) as screen, open_named(named) as audio:

        def show(progress: "AnalysisProgress") -> None:
            screen.advance(done=progress.fraction, total=1.0)

        timeline = recognizer.analyze(
            audio,
            speakers=count,  # type: ignore[arg-type]  # which analyze checks
            channels=channels,  # type: ignore[arg-type]
            window=window,
            hop=hop,
            progress=show,
            **wanted,
        )
    encoding: Encoding = "utf-8-sig" if excel else "utf-8"
    place = recording or (None if file == INPUT else file)
    if written is None:
        _print_table(timeline, printable(file))
    elif to is None:
        from ...timeline.exports import write_export

        print_data(write_export(timeline, written, recording=place, encoding=encoding).decode())
    else:
        timeline.save(to, format=written.name, recording=place, encoding=encoding)
    for note in timeline.notes if written is not None else ():
        complain(printable(note))
    if timeline.truncated:
        raise typer.Exit(1)


def _choose_format(
    form: str | None, out: Path | None, *, has_speakers: bool
) -> "ExportFormat | None":
    """Choose what is written, before any work is done for it; None for a table to look at.

    Raises:
        ExportError: there is no such format.
        ArgumentError: it says who speaks, and nobody is to be told apart.
    """
    if form is None and out is None:
        return None
    from ...timeline.exports import find_format

    found = find_format(form or str(out))
    if "speakers" in found.needs and not has_speakers:
        raise ArgumentError(
            f"{found.title} says who speaks: give --speakers 2 (or auto), or --channels separate."
        )
    return found


def _print_table(timeline: "EmotionTimeline", name: str) -> None:
    if not is_terminal(sys.stdout):
        print(timeline)
        return
    screen = console()
    if timeline.segments:
        screen.print(_table(timeline, name))
    screen.print("\n".join(str(timeline).splitlines()[len(timeline.segments) :]))


def _table(timeline: "EmotionTimeline", name: str) -> "RenderableType":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    from ...timeline.exports.subtitles import clock

    is_spoken = any(segment.speaker for segment in timeline.segments)
    table = Table(box=SIMPLE_HEAD, title=Text(name, style="bold"), title_justify="left")
    for title in ("from", "to", *(["speaker"] if is_spoken else []), "emotion", "probability"):
        table.add_column(title, justify="right" if title == "probability" else "left")
    for segment in timeline.segments:
        doubt = "perhaps " if segment.status == "uncertain" else ""
        table.add_row(
            clock(segment.start),
            clock(segment.end),
            *([Text(segment.speaker or "")] if is_spoken else []),
            Text(f"{doubt}{segment.label}"),
            f"{100 * segment.confidence:.0f} %",
        )
    return table
