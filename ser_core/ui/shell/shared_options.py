"""Options that several commands have, and the model that they name."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ...recognizer import EmotionRecognizer

ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="MODEL",
        help="Folder or Hub id (user/name) of the model.",
        show_default="the embedded one",
    ),
]
RevisionOption = Annotated[
    str | None,
    typer.Option(
        "--revision", metavar="REV", help="Branch, tag or commit of the model's Hub repository."
    ),
]
TopOption = Annotated[
    int, typer.Option("--top", min=1, metavar="N", help="How many emotions to name.")
]
LabelsOption = Annotated[
    str | None,
    typer.Option(
        "--labels",
        metavar="LABEL,LABEL",
        help="Choose between these labels of the model alone.",
        show_default="all",
    ),
]
GroupOption = Annotated[
    list[str] | None,
    typer.Option(
        "--group",
        metavar="NAME=LABEL,LABEL",
        help="Count these labels as one called NAME; may be given again.",
    ),
]


def wanted_labels(labels: str | None, group: list[str] | None) -> dict[str, Any]:
    """Return `labels` and `group` of `EmotionRecognizer.predict`, as the options name them.

    Raises:
        ArgumentError: they are no labels or groups.
    """
    from ...results.label_sets import parse_groups, parse_labels

    return {
        "labels": None if labels is None else parse_labels(labels),
        "group": parse_groups(group),
    }


def load_model(model: str | None, revision: str | None) -> "EmotionRecognizer":
    """Load the model that the options name.

    Raises:
        SpeechEmotionError: there is none, or it cannot be run.
    """
    from ...model.litert_notice import without_notice
    from ...recognizer import DEFAULT_MODEL, EmotionRecognizer

    with without_notice():
        return EmotionRecognizer.from_pretrained(model or DEFAULT_MODEL, revision=revision)
