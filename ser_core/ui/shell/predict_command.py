"""`ser predict`: the emotion of each recording, a line a file."""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...errors import ArgumentError, SpeechEmotionError
from .shared_options import (
    GroupOption,
    LabelsOption,
    ModelOption,
    RevisionOption,
    TopOption,
    load_model,
    wanted_labels,
)
from .terminal import Board, board, print_data, print_json_line, printable

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ...recognizer import EmotionRecognizer
    from ...results import EmotionPrediction
    from .named_recordings import Named

TOP = 3  # emotions that a line names
BAR = 20  # [columns] of a bar for probability 1
_HASTE = 2  # recordings from which a progress bar is worth its place


def predict(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE",
            help="Recordings; folders, searched to the bottom; patterns in quotes; addresses "
            "(s3://..., hf://datasets/...); - for standard input.",
        ),
    ],
    top: TopOption = TOP,
    as_json: Annotated[bool, typer.Option("--json", help="JSON Lines, an object a file.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV, a row a file.")] = False,
    labels: LabelsOption = None,
    group: GroupOption = None,
    model: ModelOption = None,
    revision: RevisionOption = None,
) -> None:
    """Predict the emotion of recordings, a line a file.

    Files that cannot be used are named on standard error, or, with --json and --csv, are lines
    with status "error"; the others are answered all the same.

    \b
    Examples:
      ser predict clip.wav
      ser predict --top 1 calls/ 'more/**/*.mp3'
      ser predict --json clip.wav | jq .label
      ser predict --group bad=angry,sad,fearful,disgust clip.wav
      ffmpeg -i film.mkv -f wav - | ser predict -

    \b
    Status: 0 all were answered, 1 some could not be used, 2 wrong usage.
    """
    if as_json and as_csv:
        raise ArgumentError("--json and --csv are two forms of one answer: give one of them.")
    if as_csv and top != TOP:
        raise ArgumentError("--top is for lines: a CSV table has a column for each emotion.")
    wanted = wanted_labels(labels, group)
    recognizer = load_model(model, revision)
    from ...results.label_sets import LabelSet
    from .named_recordings import list_named

    answered = LabelSet.of(recognizer.labels, **wanted).labels
    named = list_named(files)
    with board(moving=len(named) >= _HASTE) as screen:
        if as_csv:
            show = _csv_rows(answered)
        elif as_json:
            show = _json_lines(None if top == TOP else top)
        else:
            show = _lines(screen, top, alone=len(named) == 1)
        failures = 0
        for done, one in enumerate(named):
            screen.advance(done=done, total=len(named))
            answer = _answer(recognizer, one, wanted)
            failures += isinstance(answer, str)
            show(one.name, answer)
    if failures:
        raise typer.Exit(1)


def _answer(
    recognizer: "EmotionRecognizer", named: "Named", wanted: Mapping[str, Any]
) -> "EmotionPrediction | str":
    """Predict one recording; the sentence that says why not where it cannot be used."""
    from ...batch.rows import describe_bug, predict_any_length
    from .named_recordings import open_named
    from .program import is_debugging

    try:
        with open_named(named) as audio:
            return predict_any_length(recognizer, audio, wanted)
    except SpeechEmotionError as error:
        return " ".join([str(error), *getattr(error, "notes", ())])
    except Exception as error:  # one recording must not stop the others
        if is_debugging():
            raise
        return describe_bug(printable(named.name), error)


Show = Callable[[str, "EmotionPrediction | str"], None]


def _lines(screen: Board, top: int, *, alone: bool) -> Show:
    """Print a line a file; of one file alone, on a terminal, a table."""

    def show(name: str, answer: "EmotionPrediction | str") -> None:
        shown = printable(name)
        if isinstance(answer, str):
            screen.print_fault(answer if answer.startswith(shown) else f"{shown}: {answer}")
        elif screen.is_terminal:
            screen.print_answer(
                _table(shown, answer, top) if alone else _styled(shown, answer.describe(top))
            )
        else:
            screen.print_answer(f"{shown}: {answer.describe(top)}")

    return show


def _styled(name: str, words: str) -> "RenderableType":
    from rich.text import Text

    return Text.assemble((name, "bold"), ": ", words)


def _table(name: str, answer: "EmotionPrediction", top: int) -> "RenderableType":
    """Draw the likeliest emotions as bars, between the file's name and what is to be said of it."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    bars = Table.grid(padding=(0, 2))
    bars.add_column()
    bars.add_column(justify="right")
    for label, probability in answer.top(top):
        bar = "█" * max(1, round(BAR * probability))
        bars.add_row(f"  {label}", f"{100 * probability:.0f} %", Text(bar, style="cyan"))
    return Group(Text(name, style="bold"), bars, Text(f"  {answer.describe(0)}", style="dim"))


def _json_lines(top: int | None) -> Show:
    from ...batch.addresses import public_address

    def show(name: str, answer: "EmotionPrediction | str") -> None:
        row: dict[str, Any] = {"path": public_address(name)}
        if isinstance(answer, str):
            row |= {"status": "error", "error": answer}
        else:
            row |= answer.to_dict()
            if top is not None:
                row["probabilities"] = dict(answer.top(top))
        print_json_line(row)

    return show


def _csv_rows(labels: Sequence[str]) -> Show:
    from ...batch.addresses import public_address
    from ...batch.output_table import csv_appender, table_columns
    from ...batch.rows import error_row, prediction_row

    archive = {"size", "version", "model", "revision"}
    columns = [name for name in table_columns(labels, "files") if name not in archive]
    print_data("")
    append = csv_appender(sys.stdout, columns)

    def show(name: str, answer: "EmotionPrediction | str") -> None:
        row: Mapping[str, Any] = (
            error_row(answer) if isinstance(answer, str) else prediction_row(answer)
        )
        append({"path": public_address(name), **row})
        sys.stdout.flush()

    return show
