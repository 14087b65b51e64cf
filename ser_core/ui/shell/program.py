"""The commands of `ser`, joined; what ends one is a sentence and a status, never a traceback.

Statuses: 0 all is answered; 1 a recording, a model or an output could not be used; 2 wrong usage;
130 Ctrl-C; 141 nobody reads the output any more.
"""

import os
import sys
import traceback
from typing import Annotated, NoReturn

import typer

from ...config.disk_faults import explain_refusal
from ...errors import ArgumentError, ExportError, SpeechEmotionError
from . import batch_command
from .analyze_command import analyze
from .embed_command import embed
from .info_command import info
from .live_command import live
from .predict_command import predict
from .serve_command import serve
from .teach_command import teach
from .terminal import complain, prepare_streams

FAILED, MISUSED = 1, 2  # statuses
DEBUG = "SER_DEBUG"
"""Environment variable: where it is set, what ends a command comes with its traceback."""

app = typer.Typer(
    name="ser",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # help is plain text, which needs no rich to be drawn
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (predict, analyze, teach, embed, live, info, serve):
    app.command()(command)
app.command(context_settings=batch_command.SETTINGS, add_help_option=False)(batch_command.batch)


def _print_version(wanted: bool) -> None:
    if wanted:
        from ser_core import __version__

        print(f"ser {__version__}")
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print it, and end."
        ),
    ] = False,
) -> None:
    """Which emotion a voice expresses, and how sure that is.

    \b
    Examples:
      ser predict clip.wav
      ser analyze call.mp3 --speakers 2 --out call.TextGrid
      ser live
      ser serve

    \b
    Status: 0 all is answered, 1 something could not be used, 2 wrong usage, 130 Ctrl-C,
    141 nobody reads the output any more.
    """


def run_program() -> None:
    """Run the command that the arguments name.

    Raises:
        SystemExit: with its status.
    """
    prepare_streams()
    # Read by TensorFlow, where a model needs it: errors, but nothing about the processor.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        app()
    except SpeechEmotionError as error:
        is_misuse = isinstance(error, ArgumentError | ExportError)
        _end(str(error), MISUSED if is_misuse else FAILED)
    except OSError as error:
        _end(explain_refusal(error), FAILED)
    except Exception as error:
        words = " ".join(str(error).split())
        _end(
            f"Unexpected {type(error).__name__}{words and f' ({words:.200})'}: this is a fault of "
            f"ser's; please report it with what the same command prints after {DEBUG}=1.",
            FAILED,
        )
    finally:
        sys.stdout.flush()


def is_debugging() -> bool:
    """Whether tracebacks are wanted."""
    return bool(os.environ.get(DEBUG))


def _end(sentence: str, status: int) -> NoReturn:
    if is_debugging():
        traceback.print_exc()
    complain(sentence)
    raise SystemExit(status)
