"""What `python -m train evaluate --out FOLDER` wrote about corpora a model never met, as a table.

Its rows stand in docs/evaluation.md, between the marks `unseen`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..data.storage import read_finished, read_object
from .markdown import markdown_table

COLUMNS = (
    "corpus",
    "clips",
    "speech missed",
    "UAR",
    "UAR, four classes",
    "ECE",
    "commits itself",
    "right where it does",
    "truth in `likely`",
    "labels in it",
    "familiar",
)


def read_evaluations(folder: Path) -> list[dict[str, Any]]:
    """Read what `evaluate` wrote into a folder, in the order of the files' names."""
    files = sorted(folder.glob("[!.]*.json"))
    found = (read_finished(file, read_object) for file in files)
    return [measured for measured in found if measured is not None]


def unseen_table(measured: Sequence[dict[str, Any]]) -> str:
    """Tabulate what was measured on corpora that a model was not trained on.

    Args:
        measured: what `train.measure.evaluate.evaluate` measured, a corpus each, of a model with
            all eight labels.

    Returns:
        A Markdown table; "-" for what the model does not say, or the corpus cannot show.
    """
    return markdown_table(COLUMNS, [_row(one) for one in measured if not one["trained_on_it"]])


def _row(one: dict[str, Any]) -> list[str]:
    restricted, sets = one["restricted"], one.get("conformal", {})
    return [
        one["corpus"],
        f"{one['asked']:,}",
        _percent(one["no_speech"] / one["asked"]),
        _percent(restricted["uar"]),
        _percent(restricted["uar_four"]),
        f"{restricted['ece']:.3f}",
        _percent((one["asked"] - one["no_speech"] - one["uncertain"]) / one["asked"]),
        _percent(one["accuracy_of_answered"]),
        _percent(sets.get("coverage")),
        f"{sets['labels']:.2f}" if sets else "-",
        _percent(one.get("domain", {}).get("familiar")),
    ]


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"
