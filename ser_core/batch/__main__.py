"""Predict the emotions in an archive of recordings, and write one table.

python -m ser_core.batch recordings/ --out results.parquet

However it was stopped, the same command continues where it was.
"""

import argparse
import math
import os
import signal
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any, NoReturn

from . import interrupts

if __name__ == "__main__":
    interrupts.stop_while_importing()

from ser_core.audio.channels import CHANNELS
from ser_core.audio.source import printable_name
from ser_core.errors import SpeechEmotionError
from ser_core.recognizer import DEFAULT_MODEL
from ser_core.results.label_sets import parse_groups, parse_labels
from ser_core.timeline.exports import FORMATS

from .archive import ENGINES, TOO_MANY_FILES, run
from .pool import TIMEOUT
from .rows import ROW_KINDS

PROGRAM = "python -m ser_core.batch"


def main(words: Sequence[str] | None = None, program: str = PROGRAM) -> None:
    """Run the command line.

    Args:
        words: the arguments; None for those of this process.
        program: what to call the command in its help and its errors.
    """
    arguments = vars(_parser(program).parse_args(words))
    arguments["progress"] = not arguments.pop("quiet")
    signal.signal(signal.SIGTERM, _interrupt)
    interrupts.run_until_interrupted(partial(_answer, arguments))


def _answer(arguments: dict[str, Any]) -> None:
    """Answer an archive; what is wrong ends the command with one sentence and status 1."""
    try:
        arguments["group"] = parse_groups(arguments["group"])
        summary = run(**arguments)
    except SpeechEmotionError as error:
        sys.exit(printable_name(os.fsencode(str(error))))
    except OSError as error:
        advice = ""
        if error.errno in TOO_MANY_FILES:
            advice = ": raise the limit with `ulimit -n 4096`, or use fewer --workers"
        sys.exit(
            f"The run stopped ({error.strerror or error}){advice}; the same command goes on where "
            "this one was."
        )
    print(summary)


def _parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=program,
        description="Predict the emotions in an archive of recordings, and write one table.",
    )
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="file, folder, glob in quotes, or address (s3://..., hf://datasets/..., zip://...)",
    )
    parser.add_argument(
        "--out",
        required=True,
        metavar="FILE",
        help="table to write or to add to: .parquet, .csv or .jsonl",
    )
    parser.add_argument(
        "--model", default=DEFAULT_MODEL, help="folder or Hub id (default: the embedded model)"
    )
    parser.add_argument("--revision", help="branch, tag or commit of the model's Hub repository")
    parser.add_argument(
        "--rows",
        choices=ROW_KINDS,
        default="files",
        help="one row per file, per stretch of one emotion, or per file with its embedding "
        "(default: files)",
    )
    parser.add_argument(
        "--channels",
        choices=CHANNELS,
        default="mix",
        help="with --rows segments: take each channel for a speaker (separate), where the channels "
        "differ (auto), or never (default: mix)",
    )
    parser.add_argument(
        "--labels",
        type=parse_labels,
        metavar="LABEL,LABEL",
        help="choose between these labels of the model alone (default: all)",
    )
    parser.add_argument(
        "--group",
        action="append",
        metavar="NAME=LABEL,LABEL",
        help="count these labels as one called NAME; may be given again for another",
    )
    parser.add_argument(
        "--annotations",
        choices=[form.name for form in FORMATS],
        help="with --rows segments: write a file for each recording, too, in a folder beside the "
        "table",
    )
    parser.add_argument(
        "--workers", type=_count, metavar="N", help="processes (default: one per usable core)"
    )
    parser.add_argument(
        "--timeout",
        type=_seconds,
        default=TIMEOUT,
        metavar="SECONDS",
        help="give up on a file after this long (default: %(default)g)",
    )
    parser.add_argument(
        "--retry-errors", action="store_true", help="try files again that ended in an error"
    )
    parser.add_argument(
        "--engine", choices=ENGINES, default="local", help="where to run (default: local)"
    )
    parser.add_argument(
        "--address", help="of a Ray cluster: auto, or HOST:PORT (default: start one here)"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, got {text!r}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"expected seconds above 0, got {text!r}")
    return seconds


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
