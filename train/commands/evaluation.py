"""The commands that judge finished networks: python -m train evaluate, robustness, forms, ..."""

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from ser_core import DEFAULT_MODEL
from ser_core.errors import ConfigError
from ser_core.model.files import FEW_SHOT, save_content

from .. import recipe as recipes
from ..corpora import Layout
from ..data import storage
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
    EveryOption,
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
def evaluate(
    corpus: CorpusOption,
    model: Annotated[str, typer.Option(help="A model repository: folder or Hub id.")] = str(
        DEFAULT_MODEL
    ),
    out: Annotated[Path | None, typer.Option(help="Folder for CORPUS.csv and CORPUS.json.")] = None,
    layout: Layout = LAYOUT,
) -> None:
    """Judge a finished model on corpora, from file to answer; says when it was trained on them."""
    corpora = load_corpora(corpus, layout)
    from ser_core import EmotionRecognizer

    from ..answers import out_of_fold
    from ..measure.evaluate import evaluate as judge

    recognizer = EmotionRecognizer.from_pretrained(model)
    for name, one in corpora.items():
        answers, measured = judge(recognizer, one)
        print(storage.to_json(measured), end="")
        if measured["trained_on_it"]:
            print(
                f"This model was trained on {name}: these figures say nothing about new speakers.",
                file=sys.stderr,
            )
        if out is not None:
            out_of_fold.write_answers(out / f"{name}.csv", answers)
            storage.write_json(out / f"{name}.json", measured)


@app.command()
@with_layout
def teaching(
    corpus: CorpusOption,
    model: Annotated[str, typer.Option(help="A model repository: folder or Hub id.")] = str(
        DEFAULT_MODEL
    ),
    draws: Annotated[int, typer.Option(min=1, help="Draws of clips for each speaker.")] = 5,
    most: Annotated[
        int | None, typer.Option(min=1, help="At most so many clips of a corpus, spread over it.")
    ] = None,
    egemaps: Annotated[
        bool, typer.Option("--egemaps", help="The same head on openSMILE's eGeMAPS, too.")
    ] = False,
    write: Annotated[list[Path], typer.Option(help="Put few_shot.json into this folder.")] = [],  # noqa: B006
    layout: Layout = LAYOUT,
) -> None:
    """Measure heads taught with 3, 5, 10 and 30 clips a label, on speakers they never met."""
    corpora = load_corpora(corpus, layout)
    require_speakers(corpora)
    from ser_core import EmotionRecognizer

    from ..measure import few_shot

    recognizer = EmotionRecognizer.from_pretrained(model)
    measured = few_shot.measure_teaching(
        recognizer,
        list(corpora.values()),
        draws=draws,
        most=most,
        describe=few_shot.load_egemaps(recognizer.config.sample_rate) if egemaps else None,
    )
    print(few_shot.teaching_table(measured), end="")
    for folder in write:
        folder.mkdir(parents=True, exist_ok=True)
        save_content(folder, FEW_SHOT, measured)


@app.command()
@with_layout
def robustness(
    corpus: CorpusOption,
    recipe: RecipeOption = "default",
    protocol: ProtocolOption = None,
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
    layout: Layout = LAYOUT,
) -> None:
    """Measure finished folds on degraded clips: noise, rooms, telephones, codecs, levels, speed.

    With all folds, robustness.json is written beside metrics.json. A run that was stopped
    goes on at the next fold when the command is given again.
    """
    resolved = recipes.load(recipe, override)
    corpora = load_corpora(corpus, layout, resolved)
    protocol = choose_protocol(protocol, resolved, corpora)
    from ..fitting import plan
    from ..measure import robustness as measuring  # only now: Keras takes seconds to import

    needed = plan.corpora_for(resolved, protocol, corpora)
    job = plan.make_run(
        resolved, protocol, needed, results=results, work=work, cache=cache, encoder=encoder
    )
    # Some folds alone write nothing there, so that several may be measured at a time.
    with nullcontext() if fold else lock_folder(job.results):
        measured = measuring.measure_robustness(job, folds=tuple(fold), jobs=jobs, every=every)
    print(measuring.robustness_table(measured), end="")
    for folder in write:
        measuring.write_robustness(measured, folder)


@app.command()
@with_layout
def forms(
    corpus: CorpusOption,
    model: Annotated[Path, typer.Option(help="Folder of the model repository.")] = Path(
        DEFAULT_MODEL
    ),
    recipe: Annotated[
        str | None,
        typer.Option(help="Convert this recipe's folds too, and judge them on unseen speakers."),
    ] = None,
    protocol: ProtocolOption = None,
    override: SetOption = [],  # noqa: B006
    results: ResultsOption = RESULTS,
    work: WorkOption = WORK,
    cache: CacheOption = CACHE,
    encoder: EncoderOption = None,
    every: EveryOption = 1,
    waveform: Annotated[
        bool | None,
        typer.Option(
            help="Write the files that take samples, too; without a word on it, into every model "
            "but the embedded one, which they would double."
        ),
    ] = None,
    layout: Layout = LAYOUT,
) -> None:
    """Measure a model's forms (float32, float16, int8): size, speed and accuracy; write forms.json.

    The first corpus is the one answered. A form that the folder has not is written first, and so
    are the files that take samples (see `waveform`).
    """
    resolved = None if recipe is None else recipes.load(recipe, override)
    corpora = load_corpora(corpus, layout, resolved)
    protocol = choose_protocol(protocol, resolved, corpora)
    from ..fitting import plan
    from ..measure import forms as measuring

    job = None
    if resolved is not None:
        needed = plan.corpora_for(resolved, protocol, corpora)
        job = plan.make_run(
            resolved, protocol, needed, results=results, work=work, cache=cache, encoder=encoder
        )
    measured = measuring.measure_forms(model, next(iter(corpora.values())), job, every=every)
    print(measuring.forms_table(measured), end="")
    if waveform is None:
        waveform = model.resolve() != Path(DEFAULT_MODEL).resolve()
    if waveform:
        from ..networks import waveform_repository

        found = waveform_repository.add_waveforms(model)
        if found:
            print(
                f"\nLargest differences from Python:\n\n{waveform_repository.parity_table(found)}",
                end="",
            )


@app.command()
@with_layout
def screen(
    corpus: CorpusOption,
    recipe: RecipeOption = "default",
    override: SetOption = [],  # noqa: B006
    unseen: Annotated[
        str | None, typer.Option(help="A corpus to validate on and never train on, NAME=PATH.")
    ] = None,
    instead: Annotated[
        list[str],
        typer.Option("--try", help="One more row: section.key=value, several with ; between."),
    ] = [],  # noqa: B006
    fold: Annotated[list[int], typer.Option(help="Only these folds.")] = [],  # noqa: B006
    cache: CacheOption = CACHE,
    work: WorkOption = WORK,
    encoder: EncoderOption = None,
    layout: Layout = LAYOUT,
) -> None:
    """Print rows of an ablation of a recipe with heads, on validation speakers.

    The first corpus is judged, by its folds; the test speakers of a fold are not looked at. The
    others are learnt from too. The first row is of the recipe as it is, then one for each --try.
    """
    variants = [[], *([part.strip() for part in one.split(";")] for one in instead)]
    resolved = [recipes.load(recipe, [*override, *one]) for one in variants]
    for one in resolved:
        if one.heads is None:
            raise ConfigError(f"A screen is of a recipe with heads, and {one.name} has none.")
    corpora = load_corpora(corpus, layout)
    strangers = load_corpora([unseen] if unseen else [])
    from ..fitting import plan
    from ..fitting.loop import deterministic
    from ..measure import screen as screening  # only now: Keras takes seconds to import

    deterministic()
    print(f"| {recipe} | {' | '.join(screening.COLUMNS)} |")
    print("|---|" + "---:|" * len(screening.COLUMNS))
    for one, variant in zip(resolved, variants, strict=True):
        needed = plan.corpora_for(one, "speaker", corpora)
        run = plan.make_run(
            one, "speaker", needed, results=RESULTS, work=work, cache=cache, encoder=encoder
        )
        rows = screening.screen(run, next(iter(strangers.values()), None), fold)
        print(screening.markdown_row(rows, "; ".join(variant) or "as it is"), flush=True)
