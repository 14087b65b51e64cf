"""The commands that train: python -m train features, fit, compare."""

from pathlib import Path
from typing import Annotated

import typer

from ser_core.errors import ConfigError

from .. import recipe as recipes
from ..corpora import Layout
from ..data.folder_lock import lock_folder
from .options import (
    CACHE,
    JOBS,
    LAYOUT,
    RESULTS,
    WORK,
    CacheOption,
    CorpusOption,
    EncoderOption,
    JobsOption,
    ProtocolOption,
    RecipeOption,
    ResultsOption,
    SetOption,
    WorkOption,
    choose_protocol,
    load_corpora,
    require_speakers,
    with_layout,
)

app = typer.Typer()


@app.command()
@with_layout
def features(
    corpus: CorpusOption,
    recipe: RecipeOption = "default",
    protocol: ProtocolOption = None,
    override: SetOption = [],  # noqa: B006
    cache: CacheOption = CACHE,
    encoder: EncoderOption = None,
    layout: Layout = LAYOUT,
) -> None:
    """Compute what a recipe learns from and keep it in the cache, so that a fit begins at once.

    Whatever is there already is not computed again, so a stopped command goes on where it was.
    """
    resolved = recipes.load(recipe, override)
    corpora = load_corpora(corpus, layout, resolved)
    protocol = choose_protocol(protocol, resolved, corpora)
    from ..fitting import plan
    from ..fitting.prepare_features import prepare_features

    needed = plan.corpora_for(resolved, protocol, corpora)
    job = plan.make_run(
        resolved, protocol, needed, results=RESULTS, work=WORK, cache=cache, encoder=encoder
    )
    prepare_features(job, plan.prepare(job))


@app.command()
@with_layout
def fit(
    corpus: CorpusOption,
    recipe: RecipeOption = "default",
    protocol: ProtocolOption = None,
    override: SetOption = [],  # noqa: B006
    results: ResultsOption = RESULTS,
    out: Annotated[
        Path | None,
        typer.Option(help="Train on all clips too, and write that model's repository here."),
    ] = None,
    push_to: Annotated[
        str | None, typer.Option(help="Publish what --out wrote as this Hub repository: user/name.")
    ] = None,
    work: WorkOption = WORK,
    cache: CacheOption = CACHE,
    fold: Annotated[list[int], typer.Option(help="Only these folds, and no report.")] = [],  # noqa: B006
    encoder: EncoderOption = None,
    jobs: JobsOption = JOBS,
    validation_speakers: Annotated[
        int,
        typer.Option(
            help="Screen instead: hold out this many training speakers of --fold (or fold 1), "
            "report on them, and touch no test speaker."
        ),
    ] = 0,
    tensorboard: Annotated[
        Path | None, typer.Option(help="Write TensorBoard's logs into this folder.")
    ] = None,
    layout: Layout = LAYOUT,
) -> None:
    """Train a recipe on every fold and judge it; with --out, write the model of all clips too.

    A run that was stopped goes on at the next unfinished fold when the command is given again.
    """
    if push_to is not None and (out is None or fold):
        raise ConfigError("--push-to publishes what --out writes: give --out DIR, and no --fold.")
    resolved = recipes.load(recipe, override)
    corpora = load_corpora(corpus, layout, resolved)
    protocol = choose_protocol(protocol, resolved, corpora)
    from ..answers.restricted import held_out_table
    from ..fitting import fit as fitting  # only now: Keras takes seconds to import
    from ..fitting import plan
    from ..fitting.report import report

    job = plan.make_run(
        resolved,
        protocol,
        corpora,
        results=results,
        work=work,
        cache=cache,
        logs=tensorboard,
        encoder=encoder,
    )
    if validation_speakers:
        require_speakers(corpora)
        print(fitting.validate(job, fold[0] if fold else 1, validation_speakers))
        return
    final = out is not None and not fold
    with lock_folder(job.results):
        fitting.fit(job, folds=tuple(fold), final=final, jobs=jobs)
        if out is not None and not fold:
            from ..publish.finish import finish

            finish(job, out)
        elif not fold:
            measured, _ = report(job)
            if held_out := measured.get("held_out"):
                print(held_out_table(held_out), end="")
    if out is not None and push_to is not None:
        from ..publish.models import publish as send

        print(send(out, push_to))


@app.command()
@with_layout
def compare(
    recipe: Annotated[list[str], typer.Option(help="A recipe; give one per recipe.")] = [],  # noqa: B006
    protocol: Annotated[list[str], typer.Option(help="A protocol; give one each.")] = [],  # noqa: B006
    corpus: CorpusOption = [],  # noqa: B006
    results: ResultsOption = RESULTS,
    work: WorkOption = WORK,
    cache: CacheOption = CACHE,
    fold: Annotated[
        list[int], typer.Option(help="Only these folds; the row says how many there are.")
    ] = [],  # noqa: B006
    encoder: EncoderOption = None,
    jobs: JobsOption = JOBS,
    layout: Layout = LAYOUT,
) -> None:
    """Train recipes under protocols where that is still to do, and write the comparison.

    The first corpus is the one judged on; under the protocol corpus, each is held out in turn.
    Without --recipe, only comparison.json and comparison.md are made of what is there.
    """
    resolved = [recipes.load(name) for name in recipe]
    corpora = load_corpora(corpus, layout)
    from ..fitting import fit as fitting
    from ..fitting import plan
    from ..fitting.report import report
    from ..measure import compare as comparing

    for one in resolved:
        for name in protocol or [choose_protocol(None, one, corpora)]:
            needed = plan.corpora_for(one, name, corpora)
            job = plan.make_run(
                one, name, needed, results=results, work=work, cache=cache, encoder=encoder
            )
            print(f"{one.name} under {name}", flush=True)
            with lock_folder(job.results):
                fitting.fit(job, folds=tuple(fold), jobs=jobs)
                report(job)
    print(comparing.comparison_table(comparing.compare(results)), end="")
