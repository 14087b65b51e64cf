"""`ser teach`: other labels, from a folder of recordings for each."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from ...config.path_patterns import compile_pattern, find_in_path
from ...errors import ArgumentError, TeachingError
from ...model.head_fitting import require_scikit_learn
from .shared_options import ModelOption, RevisionOption, load_model
from .terminal import board, complain, print_data, printable


def teach(
    folder: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", help="A folder with one folder of recordings per label."),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="Where the taught model goes.")
    ],
    speaker_from: Annotated[
        str | None,
        typer.Option(
            metavar="REGEX",
            help="Finds the speaker's name in a recording's path, as its first group: then the "
            "test is on speakers that it was not taught.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON.")] = False,
    model: ModelOption = None,
    revision: RevisionOption = None,
) -> None:
    """Teach a model other labels from a few recordings of each; needs the extra teach.

    Prints how well it answers recordings that it was not taught, against guessing, and how many
    more it would want. What it writes is a model as any other.

    \b
    Examples:
      ser teach calls/ --out runs/mine
      ser teach calls/ --out runs/mine --speaker-from '([^/]+)_\\d+[.]wav$'
      ser predict --model runs/mine clip.wav

    \b
    Status: 0 it was taught, 1 it could not be, 2 wrong usage.
    """
    clips = _list_clips(folder)
    speakers = None if speaker_from is None else _find_speakers(clips, speaker_from)
    _require_place(out, folder)
    require_scikit_learn()
    recognizer = load_model(model, revision)
    with board(moving=True) as screen:
        taught = recognizer.teach(
            clips,
            speakers=speakers,
            progress=lambda done, total: screen.advance(done=done, total=total),
        )
    taught.save_pretrained(out)
    report = taught.report
    assert report is not None  # it was taught
    if as_json:
        print_data(json.dumps(report.to_dict(), indent=1, ensure_ascii=False) + "\n")
    else:
        print(report)
        for label, share in report.recall.items():
            print(f"  {label}: {100 * share:.0f} % of {report.clips[label]} right")
    complain(f"The model is in {out}: ser predict --model {out} FILE")


def _list_clips(folder: Path) -> dict[str, list[str]]:
    """List the recordings of each folder in a folder, by its name.

    Raises:
        TeachingError: there are no folders in it.
        BatchError: there is no recording in one of them.
    """
    from ...batch.recordings import list_recordings

    try:
        inside = sorted(folder.iterdir())
    except OSError as error:
        raise TeachingError(
            f"{printable(str(folder))} cannot be listed ({error.strerror}): expected a folder with "
            "one folder of recordings per label."
        ) from error
    labels = [one for one in inside if one.is_dir() and not one.name.startswith(".")]
    if not labels:
        raise TeachingError(
            f"{printable(str(folder))} has no folders in it: expected one per label, such as "
            f"{printable(str(folder / 'calm'))} and {printable(str(folder / 'tired'))}, with "
            "recordings in each."
        )
    return {
        one.name: [recording.address for recording in list_recordings(one).recordings]
        for one in labels
    }


def _find_speakers(clips: dict[str, list[str]], pattern: str) -> dict[str, list[str]]:
    """Find the speaker of each recording in its path.

    Raises:
        ArgumentError: the pattern is none, has no group, or does not match.
    """
    compiled = compile_pattern(pattern, "--speaker-from", "speaker")

    def find(path: str) -> str:
        speaker = find_in_path(compiled, "speaker", path)
        if speaker is None:
            raise ArgumentError(
                f"--speaker-from {pattern!r} finds nobody in {printable(path)}: give a pattern "
                "that fits all recordings."
            )
        return speaker

    return {label: [find(path) for path in paths] for label, paths in clips.items()}


def _require_place(out: Path, folder: Path) -> None:
    """Raise, before any work is done, where no model can be written to.

    Raises:
        ArgumentError: it is a file, or would be a label the next time.
    """
    if os.path.lexists(out) and not out.is_dir():
        raise ArgumentError(f"--out {printable(str(out))} is no folder: name another.")
    if out.resolve().is_relative_to(folder.resolve()):
        raise ArgumentError(
            f"--out {printable(str(out))} is in the folder of the recordings, where it would be "
            "one of the labels: name another."
        )
