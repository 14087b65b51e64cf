"""Options that several commands share, and what they mean."""

import os
from pathlib import Path
from typing import Annotated

import typer

from .. import corpora as corpus_modules

CorpusOption = Annotated[
    list[str], typer.Option("--corpus", help="A corpus as NAME=PATH or hub:user/name; one each.")
]
RecipeOption = Annotated[str, typer.Option(help="A recipe's name, or a path to a TOML file.")]
ProtocolOption = Annotated[
    str, typer.Option(help="How clips are split: speaker, random, duplicated, corpus or emobox.")
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
    bool | None, typer.Option(help="Whether it is private, where it is made anew.")
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


def load_corpora(arguments: list[str]) -> dict[str, corpus_modules.Corpus]:
    """Read the corpora given as NAME=PATH, or as hub:user/name or hub:user/name@REVISION."""
    named = dict(corpus_modules.locate(argument) for argument in arguments)
    return {name: corpus_modules.load(name, path) for name, path in named.items()}
