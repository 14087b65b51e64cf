"""Options that several commands share, and what they mean."""

import functools
import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from ser_core.errors import ConfigError

from .. import corpora as corpus_modules
from ..corpora import CORPORA, Corpus, Layout
from ..recipe import Recipe

CorpusOption = Annotated[
    list[str],
    typer.Option(
        "--corpus",
        help="A corpus as NAME=PATH, NAME=hub:user/name or hub:user/name; one each. Any folder "
        "with a metadata.csv (or .jsonl, .parquet), or with one folder per label.",
    ),
]
RecipeOption = Annotated[str, typer.Option(help="A recipe's name, or a path to a TOML file.")]
ProtocolOption = Annotated[
    str | None,
    typer.Option(
        help="How clips are split: speaker, random, duplicated, corpus or emobox; speaker where "
        "the corpus names speakers, else random."
    ),
]
SetOption = Annotated[
    list[str], typer.Option("--set", help="Override a recipe's value: section.key=value.")
]
ResultsOption = Annotated[Path, typer.Option(help="Where measured results go.")]
WorkOption = Annotated[Path, typer.Option(help="Where weights of unfinished runs are kept.")]
CacheOption = Annotated[Path, typer.Option(help="Where features are kept.")]
EncoderOption = Annotated[
    str | None, typer.Option(help="Where the pre-trained encoder is that a recipe learns from.")
]
JobsOption = Annotated[int, typer.Option(min=1, help="Networks at a time, one core each.")]
EveryOption = Annotated[int, typer.Option(min=1, help="Ask only every n-th clip.")]

PrivateOption = Annotated[
    bool | None,
    typer.Option(
        help="Whether it is private, where it is made anew; nothing that is to be private is sent "
        "to one that is there and public."
    ),
]
ReplaceCardOption = Annotated[
    bool, typer.Option(help="Write the card anew, losing what people wrote into it.")
]
DryRunOption = Annotated[
    bool, typer.Option(help="Send nothing; write into --out and say what would be sent.")
]
DryRunOutOption = Annotated[Path, typer.Option(help="Where a dry run writes.")]

RESULTS, WORK, CACHE = Path("train/results"), Path("runs"), Path(".cache/features")
JOBS = os.cpu_count() or 1


LAYOUT = Layout()
_OWN = "Of recordings of one's own: "
LAYOUT_OPTIONS: dict[str, tuple[Any, Any]] = {
    "label_column": (
        Annotated[
            list[str],
            typer.Option(
                help=f"{_OWN}the column with the label; of several the first that is "
                "there. Else label or emotion."
            ),
        ],
        [],
    ),
    "speaker_column": (
        Annotated[
            list[str],
            typer.Option(help=f"{_OWN}the column with the speaker, likewise. Else speaker."),
        ],
        [],
    ),
    "label_from": (
        Annotated[
            str | None,
            typer.Option(metavar="REGEX", help=f"{_OWN}where the path has the label: its group."),
        ],
        None,
    ),
    "speaker_from": (
        Annotated[
            str | None,
            typer.Option(metavar="REGEX", help=f"{_OWN}where the path has the speaker: its group."),
        ],
        None,
    ),
    "label_map": (
        Annotated[
            Path | None,
            typer.Option(
                metavar="FILE",
                help=f'{_OWN}TOML with [labels] and lines such as joy = "happy".',
            ),
        ],
        None,
    ),
    "drop_unknown": (
        Annotated[
            bool,
            typer.Option(
                "--drop-unknown",
                help="Drop and count clips whose label is empty, not in the label map, or none of "
                "the recipe's classes.",
            ),
        ],
        False,
    ),
}
"""By parameter, its type and default: what says where recordings of one's own have their labels."""


def with_layout(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of LAYOUT_OPTIONS, which reach its parameter `layout` as one."""
    signature = inspect.signature(command)
    own = [p for p in signature.parameters.values() if p.name != "layout"]
    more = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, (kind, default) in LAYOUT_OPTIONS.items()
    ]

    @functools.wraps(command)
    def run(**values: Any) -> None:
        given = {name: values.pop(name) for name in LAYOUT_OPTIONS}
        columns = {f"{what}_columns": given.pop(f"{what}_column") for what in ("label", "speaker")}
        command(**values, layout=Layout.of(**columns, **given))

    own = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own]
    run.__signature__ = signature.replace(parameters=[*own, *more])  # type: ignore[attr-defined]
    kinds = {name: kind for name, (kind, _) in LAYOUT_OPTIONS.items()}
    told = {name: kind for name, kind in command.__annotations__.items() if name != "layout"}
    run.__annotations__ = told | kinds
    return run


def load_corpora(
    arguments: Sequence[str], layout: Layout = LAYOUT, recipe: Recipe | None = None
) -> dict[str, Corpus]:
    """Read the corpora that a command is given, and say on stderr what is to be known of them.

    Args:
        arguments: each as NAME=PATH, NAME=hub:user/name or hub:user/name, all with @REVISION.
        layout: where recordings of one's own say what they are.
        recipe: whose classes count, if it names any.

    Raises:
        CorpusError: a corpus cannot be read; two have one name; or there is a layout and all of
            them are known corpora.
    """
    return load_located(locate_corpora(arguments), layout, recipe)


def locate_corpora(arguments: Sequence[str]) -> dict[str, Path]:
    """Find the folders of the corpora that a command is given, by name; fetch them if need be.

    Raises:
        CorpusError: a corpus cannot be found, or two have one name.
    """
    named: dict[str, Path] = {}
    for argument in arguments:
        name, path = corpus_modules.locate(argument)
        if name in named:
            raise corpus_modules.CorpusError(
                f"Two corpora are called {name}, {named[name]} and {path}: give one another name."
            )
        named[name] = path
    return named


def load_located(
    named: Mapping[str, Path], layout: Layout = LAYOUT, recipe: Recipe | None = None
) -> dict[str, Corpus]:
    """Read corpora by their folders; otherwise as `load_corpora`."""
    if layout.is_given and named and not set(named) - set(CORPORA):
        raise corpus_modules.CorpusError(
            "The options about columns, patterns and label maps are of recordings of one's own, "
            f"and {', '.join(named)} has a layout that is known: leave them out, or give the "
            "folder under another name."
        )
    corpora = {name: corpus_modules.load(name, path, layout) for name, path in named.items()}
    if recipe is not None and recipe.labels is not None:
        corpora = {
            name: corpus_modules.restrict(one, recipe.labels, drop_unknown=layout.drop_unknown)
            for name, one in corpora.items()
        }
    for corpus in corpora.values():
        for line in describe_own(corpus):
            typer.echo(line, err=True)
    return corpora


def require_speakers(corpora: dict[str, Corpus]) -> None:
    """Raise CorpusError where a corpus does not say who speaks."""
    for name, corpus in corpora.items():
        if not corpus.names_speakers:
            raise corpus_modules.CorpusError(
                f"This needs to know who speaks, and {name} does not say: give --speaker-column "
                "COLUMN or --speaker-from REGEX."
            )


def describe_own(corpus: Corpus) -> list[str]:
    """Say what was read as recordings of one's own, so that a mistake is seen at once.

    Returns:
        Lines of text; none for a known corpus.
    """
    if corpus.info.name in CORPORA:
        return []
    counts = dict.fromkeys(corpus.info.labels, 0)
    for clip in corpus.clips:
        counts[clip.emotion] += 1
    speakers = len({clip.speaker for clip in corpus.clips} - {corpus_modules.NO_SPEAKER})
    told = ", ".join(f"{label} {count:,}" for label, count in counts.items())
    lines = [
        f"{corpus.info.name}: {len(corpus.clips):,} recordings, {speakers or 'no'} "
        f"{'speaker' if speakers == 1 else 'speakers'}, {len(counts)} "
        f"{'label' if len(counts) == 1 else 'labels'}: {told}."
    ]
    if corpus.dropped:
        dropped = ", ".join(f"{label} {count:,}" for label, count in corpus.dropped.items())
        lines.append(f"{corpus.info.name}: dropped by their label: {dropped}.")
    if corpus.second_copies:
        lines.append(f"{corpus.info.name}: {corpus.second_copies:,} second copies were left out.")
    lines += [f"WARNING: {note}" for note in corpus.notes]
    if not corpus.names_speakers:
        lines.append(
            "Give --speaker-column COLUMN or --speaker-from REGEX if a table or a path says who "
            "speaks."
        )
    return lines


def choose_protocol(given: str | None, recipe: Recipe | None, corpora: dict[str, Corpus]) -> str:
    """Choose how clips are split: as it was given, else by speaker where speakers are named.

    Raises:
        ConfigError: folds of speakers are asked for, and a corpus names none.
    """
    further = recipe.further_corpora if recipe is not None else ()
    nameless = [
        name
        for name, corpus in corpora.items()
        if name not in further and not corpus.names_speakers
    ]
    if given is None:
        if nameless:
            typer.echo(
                f"WARNING: {nameless[0]} names no speakers, so folds are of random clips "
                "(--protocol random).",
                err=True,
            )
        return "random" if nameless else "speaker"
    if given == "speaker" and nameless:
        raise ConfigError(
            f"Protocol speaker holds out speakers, and {nameless[0]} names none: give "
            "--speaker-column or --speaker-from, or --protocol random."
        )
    return given
