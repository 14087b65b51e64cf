"""The commands that measure finished networks: python -m train robustness, forms, together."""

from pathlib import Path
from typing import Annotated

import typer

from ser_core import DEFAULT_MODEL

from .. import recipe as recipes
from .options import (
    CACHE,
    JOBS,
    RESULTS,
    WORK,
    CacheOption,
    CorpusOption,
    EncoderOption,
    EveryOption,
    JobsOption,
    ProtocolOption,
    RecipeOption,
    ResultsOption,
    SetOption,
    WorkOption,
    load_corpora,
)

app = typer.Typer()


@app.command()
def robustness(
    corpus: CorpusOption,
    recipe: RecipeOption = "default",
    protocol: ProtocolOption = "speaker",
    override: SetOption = [],  # noqa: B006
    results: ResultsOption = RESULTS,
    work: WorkOption = WORK,
    cache: CacheOption = CACHE,
    encoder: EncoderOption = None,
    fold: Annotated[list[int], typer.Option(help="Only these folds; nothing is written.")] = [],  # noqa: B006
    jobs: JobsOption = JOBS,
    every: EveryOption = 1,
    write: Annotated[
        list[Path], typer.Option(help="Put the outcome into this model's folder too.")
    ] = [],  # noqa: B006
) -> None:
    """Measure finished folds on degraded clips: noise, rooms, telephones, codecs, levels, speed.

    With all folds, robustness.json is written beside metrics.json. A run that was stopped
    goes on at the next fold when the command is given again.
    """
    resolved = recipes.load(recipe, override)
    corpora = load_corpora(corpus)
    from ..fitting import plan
    from ..measure import robustness as measuring  # only now: Keras takes seconds to import

    needed = plan.corpora_for(resolved, protocol, corpora)
    folders = {"results": results, "work": work, "cache": cache}
    job = plan.make(resolved, protocol, needed, **folders, encoder=encoder)
    measured = measuring.measure(job, folds=tuple(fold), jobs=jobs, every=every)
    print(measuring.table(measured), end="")
    for folder in write:
        measuring.write(measured, folder)


@app.command()
def forms(
    corpus: CorpusOption,
    model: Annotated[Path, typer.Option(help="Folder of the model repository.")] = Path(
        DEFAULT_MODEL
    ),
    recipe: Annotated[
        str | None,
        typer.Option(help="Convert this recipe's folds too, and judge them on unseen speakers."),
    ] = None,
    protocol: ProtocolOption = "speaker",
    override: SetOption = [],  # noqa: B006
    results: ResultsOption = RESULTS,
    work: WorkOption = WORK,
    cache: CacheOption = CACHE,
    encoder: EncoderOption = None,
    every: EveryOption = 1,
) -> None:
    """Measure a model's forms (float32, float16, int8): size, speed and accuracy; write forms.json.

    The first corpus is the one answered. A form that the folder has not is written first.
    """
    resolved = None if recipe is None else recipes.load(recipe, override)
    corpora = load_corpora(corpus)
    from ..fitting import plan
    from ..measure import forms as measuring

    job = None
    if resolved is not None:
        needed = plan.corpora_for(resolved, protocol, corpora)
        folders = {"results": results, "work": work, "cache": cache}
        job = plan.make(resolved, protocol, needed, **folders, encoder=encoder)
    measured = measuring.measure(model, next(iter(corpora.values())), job, every=every)
    print(measuring.table(measured), end="")


@app.command()
def together(
    recipe: Annotated[list[str], typer.Option(help="Recipes with finished folds; several.")],
    protocol: ProtocolOption = "speaker",
    results: ResultsOption = RESULTS,
) -> None:
    """Measure what recipes would answer together, from the folds that each has written."""
    from ..measure import ensemble

    loaded = [recipes.load(name) for name in recipe]
    folders = {one.name: results / one.name / protocol for one in loaded}
    print(ensemble.table(folders, loaded[0].abstention.target_accuracy), end="")
