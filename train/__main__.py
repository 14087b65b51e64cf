"""The command line of the training system: python -m train COMMAND."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from ser_core import DEFAULT_MODEL
from ser_core.errors import SpeechEmotionError

from . import corpora as corpus_modules
from . import recipe as recipes

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's notes about the processor

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Train, judge and describe speech emotion models.",
)


@app.callback()
def _commands() -> None:
    """Train, judge and describe speech emotion models."""


CorpusOption = Annotated[
    list[str], typer.Option("--corpus", help="A corpus as NAME=PATH; give one per corpus.")
]
RecipeOption = Annotated[str, typer.Option(help="A recipe's name, or a path to a TOML file.")]
SetOption = Annotated[
    list[str], typer.Option("--set", help="Override a recipe's value: section.key=value.")
]


@app.command()
def fit(
    corpus: CorpusOption,
    recipe: RecipeOption = "default",
    protocol: Annotated[str, typer.Option(help="How clips are split.")] = "speaker",
    override: SetOption = [],  # noqa: B006
    results: Annotated[Path, typer.Option(help="Where measured results go.")] = Path(
        "train/results"
    ),
    out: Annotated[Path, typer.Option(help="Where the finished model goes.")] = Path("runs/model"),
    work: Annotated[Path, typer.Option(help="Where weights of unfinished runs are kept.")] = Path(
        "runs"
    ),
    cache: Annotated[Path, typer.Option(help="Where features are kept.")] = Path(".cache/features"),
    fold: Annotated[list[int], typer.Option(help="Only these folds, and no final model.")] = [],  # noqa: B006
    jobs: Annotated[
        int, typer.Option(min=1, help="Networks trained at a time, one core each.")
    ] = os.cpu_count() or 1,
    validation_speakers: Annotated[
        int,
        typer.Option(
            help="Screen instead: hold out this many training speakers of --fold (or fold 1), "
            "report on them, and touch no test speaker."
        ),
    ] = 0,
) -> None:
    """Train a recipe on every fold, judge it, and write the model trained on all clips.

    A run that was stopped goes on at the next unfinished fold when the command is given again.
    """
    resolved = recipes.load(recipe, override)
    named = dict(corpus_modules.parse(argument) for argument in corpus)
    corpora = {name: corpus_modules.load(name, path) for name, path in named.items()}
    from . import fit as fitting  # only now: Keras takes seconds to import

    run = fitting.Run(
        recipe=resolved,
        protocol=protocol,
        corpora=corpora,
        results=results / resolved.name / protocol,
        work=work / resolved.name,
        cache=cache,
    )
    if validation_speakers:
        print(fitting.validate(run, fold[0] if fold else 1, validation_speakers))
        return
    fitting.fit(run, folds=tuple(fold), jobs=jobs)
    if not fold:
        from . import finish

        finish.finish(run, out)


@app.command()
def metrics(
    folder: Annotated[Path, typer.Argument(help="A results folder with out_of_fold.csv.")],
) -> None:
    """Recompute every figure from out_of_fold.csv alone, and compare it with metrics.json."""
    from . import records
    from .metrics import measure

    measured = measure(records.read_answers(folder / records.OUT_OF_FOLD))
    print(json.dumps(measured, indent=2))
    stored_file = folder / "metrics.json"
    if not stored_file.is_file():
        return
    stored = json.loads(stored_file.read_text(encoding="utf-8"))
    differing = [key for key in measured if stored.get(key) != measured[key]]
    if differing:
        raise SpeechEmotionError(
            f"{stored_file} does not follow from {records.OUT_OF_FOLD}: {', '.join(differing)} "
            "differ; run fit again to write it anew."
        )
    print(f"{stored_file} agrees with {records.OUT_OF_FOLD}.", file=sys.stderr)


@app.command()
def card(
    model: Annotated[Path, typer.Argument(help="A model repository.")] = Path(DEFAULT_MODEL),
    out: Annotated[Path, typer.Option(help="Where a second copy goes.")] = Path("model_card.md"),
) -> None:
    """Render the model card of a repository from its metrics, as its README.md and a copy."""
    from . import card as cards

    out.write_text(cards.write(model), encoding="utf-8")


def main() -> None:
    """Run a command; a known fault ends it with one sentence and exit status 1."""
    try:
        app(standalone_mode=True)
    except SpeechEmotionError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
