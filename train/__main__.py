"""The command line of the training system: python -m train COMMAND."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from ser_core import DEFAULT_MODEL
from ser_core.errors import ConfigError, SpeechEmotionError
from ser_core.model.files import METRICS, load_content

from . import corpora as corpus_modules
from . import recipe as recipes
from .commands import corpus as corpus_commands
from .commands import measures
from .commands.options import (
    CACHE,
    JOBS,
    RESULTS,
    WORK,
    CacheOption,
    CorpusOption,
    DryRunOption,
    DryRunOutOption,
    EncoderOption,
    JobsOption,
    PrivateOption,
    ProtocolOption,
    RecipeOption,
    ReplaceCardOption,
    ResultsOption,
    SetOption,
    WorkOption,
    load_corpora,
)

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's notes about the processor
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # faster, but TensorFlow's choice on some only

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Train, judge and describe speech emotion models.",
)
app.add_typer(corpus_commands.app, name="corpus")
app.add_typer(measures.app)


@app.callback()
def _commands() -> None:
    """Train, judge and describe speech emotion models."""


@app.command()
def fit(
    corpus: CorpusOption,
    recipe: RecipeOption = "default",
    protocol: ProtocolOption = "speaker",
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
) -> None:
    """Train a recipe on every fold and judge it; with --out, write the model of all clips too.

    A run that was stopped goes on at the next unfinished fold when the command is given again.
    """
    if push_to is not None and (out is None or fold):
        raise ConfigError("--push-to publishes what --out writes: give --out DIR, and no --fold.")
    resolved = recipes.load(recipe, override)
    corpora = load_corpora(corpus)
    from .fitting import finish, plan  # only now: Keras takes seconds to import
    from .fitting import fit as fitting

    folders = {"results": results, "work": work, "cache": cache, "logs": tensorboard}
    job = plan.make(resolved, protocol, corpora, **folders, encoder=encoder)
    if validation_speakers:
        print(fitting.validate(job, fold[0] if fold else 1, validation_speakers))
        return
    final = out is not None and not fold
    fitting.fit(job, folds=tuple(fold), final=final, jobs=jobs)
    if final:
        finish.finish(job, out)
        if push_to is not None:
            from .publish.models import publish as send

            print(send(out, push_to))
    elif not fold:
        finish.report(job)


@app.command()
def audit(
    corpus: CorpusOption = [],  # noqa: B006
    protocol: ProtocolOption = "speaker",
    split: Annotated[
        Path | None, typer.Option(help="A split of your own: CSV with file, fold and side.")
    ] = None,
    pretraining: Annotated[
        list[str], typer.Option(help="Name of a given corpus that every fold trains on.")
    ] = [],  # noqa: B006
    results: Annotated[
        Path | None, typer.Option(help="A results folder: its recipe, protocol and statistics.")
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="With --split: the model that its one fold trained.")
    ] = None,
    write: Annotated[
        list[Path], typer.Option(help="Put the outcome into this folder's metrics.json.")
    ] = [],  # noqa: B006
    out: Annotated[Path | None, typer.Option(help="Write every finding as JSON here.")] = None,
    cache: CacheOption = CACHE,
    jobs: JobsOption = JOBS,
) -> None:
    """Look for leaks between training and test; exit status 1 on a leak."""
    from .audit import audit as auditing

    named = dict(corpus_modules.locate(argument) for argument in corpus)
    corpora = {name: corpus_modules.load(name, path) for name, path in named.items()}
    if split is not None:
        folders = {named[name]: one for name, one in corpora.items() if name not in pretraining}
        learnt = tuple(corpora[name] for name in pretraining if name in corpora)
        outcome = auditing.of_split(split, folders, pretraining=learnt, model=model, jobs=jobs)
    elif results is not None:
        outcome = auditing.of_results(results, corpora, cache=cache, jobs=jobs)
    else:
        outcome = auditing.of_corpora(corpora, protocol, pretraining=tuple(pretraining), jobs=jobs)
    print(outcome)
    if out is not None:
        out.write_text(json.dumps(outcome.to_dict(), indent=2) + "\n", encoding="utf-8")
    for folder in write:
        auditing.write(outcome, folder)
    outcome.require_none()


@app.command()
def compare(
    recipe: Annotated[list[str], typer.Option(help="A recipe; give one per recipe.")] = [],  # noqa: B006
    protocol: Annotated[list[str], typer.Option(help="A protocol; give one each.")] = ["speaker"],  # noqa: B006
    corpus: CorpusOption = [],  # noqa: B006
    results: ResultsOption = RESULTS,
    work: WorkOption = WORK,
    cache: CacheOption = CACHE,
    fold: Annotated[
        list[int], typer.Option(help="Only these folds; the row says how many there are.")
    ] = [],  # noqa: B006
    encoder: EncoderOption = None,
    jobs: JobsOption = JOBS,
) -> None:
    """Train recipes under protocols where that is still to do, and write the comparison.

    The first corpus is the one judged on; under the protocol corpus, each is held out in turn.
    Without --recipe, only comparison.json and comparison.md are made of what is there.
    """
    resolved = [recipes.load(name) for name in recipe]
    corpora = load_corpora(corpus)
    from .fitting import finish, plan
    from .fitting import fit as fitting
    from .measure import compare as comparing

    for one in resolved:
        for name in protocol:
            needed = plan.corpora_for(one, name, corpora)
            folders = {"results": results, "work": work, "cache": cache}
            job = plan.make(one, name, needed, **folders, encoder=encoder)
            print(f"{one.name} under {name}")
            fitting.fit(job, folds=tuple(fold), jobs=jobs)
            finish.report(job)
    print(comparing.table(comparing.compare(results)), end="")


@app.command()
def evaluate(
    corpus: CorpusOption,
    model: Annotated[str, typer.Option(help="A model repository: folder or Hub id.")] = str(
        DEFAULT_MODEL
    ),
    out: Annotated[Path | None, typer.Option(help="Folder for CORPUS.csv and CORPUS.json.")] = None,
) -> None:
    """Judge a finished model on corpora, from file to answer; says when it was trained on them."""
    corpora = load_corpora(corpus)
    from ser_core import EmotionRecognizer

    from .answers import out_of_fold
    from .measure.evaluate import evaluate as judge

    recognizer = EmotionRecognizer.from_pretrained(model)
    for name, one in corpora.items():
        answers, measured = judge(recognizer, one)
        print(json.dumps(measured, indent=2))
        if measured["trained_on_it"]:
            print(
                f"This model was trained on {name}: these figures say nothing about new speakers.",
                file=sys.stderr,
            )
        if out is not None:
            out_of_fold.write_answers(out / f"{name}.csv", answers)
            text = json.dumps(measured, indent=2) + "\n"
            (out / f"{name}.json").write_text(text, encoding="utf-8")


@app.command()
def figures(
    folder: Annotated[Path, typer.Argument(help="A results folder with metrics.json.")],
    out: Annotated[Path, typer.Option(help="Where the pictures go.")] = Path("runs/figures"),
    png: Annotated[bool, typer.Option(help="PNG too; needs kaleido and a browser.")] = False,
) -> None:
    """Draw learning curves, confusion matrix and reliability diagram of a results folder."""
    from .measure import figures as drawing

    for file in drawing.write(drawing.draw(folder), out, png=png):
        print(file)


@app.command()
def metrics(
    folder: Annotated[Path, typer.Argument(help="A results folder with out_of_fold.csv.")],
) -> None:
    """Recompute every figure from out_of_fold.csv alone, and compare it with metrics.json."""
    from .answers import fairness, out_of_fold
    from .answers.metrics import measure

    answers = out_of_fold.read_answers(folder / out_of_fold.OUT_OF_FOLD)
    measured = measure(answers)
    print(json.dumps(measured, indent=2))
    stored_file = folder / METRICS
    if not stored_file.is_file():
        return
    stored = load_content(folder, METRICS)
    if "fairness" in stored:  # which says of what gender each speaker is
        genders = {name: row["gender"] for name, row in stored["fairness"]["speakers"].items()}
        measured["fairness"] = fairness.measure(answers, genders)
    differing = [key for key in measured if stored.get(key) != measured[key]]
    if differing:
        raise SpeechEmotionError(
            f"{stored_file} does not follow from {out_of_fold.OUT_OF_FOLD}: {', '.join(differing)} "
            "differ; run fit again to write it anew."
        )
    print(f"{stored_file} agrees with {out_of_fold.OUT_OF_FOLD}.", file=sys.stderr)


@app.command()
def adaptation(
    folder: Annotated[Path, typer.Argument(help="A results folder with out_of_fold.csv.")],
    write: Annotated[
        bool, typer.Option("--write", help="Put the outcome into the folder's metrics.json.")
    ] = False,
    model: Annotated[
        list[Path],
        typer.Option(help="With --write: this model's metrics and feature config too."),
    ] = [],  # noqa: B006
) -> None:
    """Measure what adapting to a voice gains on unseen speakers, from out_of_fold.csv alone."""
    from .answers import adaptation_gain as adapting

    measured = adapting.of_results(folder)
    print(adapting.table(measured), end="")
    for target in [folder, *model] if write else ():
        adapting.write(measured, target)


@app.command()
def card(
    model: Annotated[Path, typer.Argument(help="A model repository.")] = Path(DEFAULT_MODEL),
    out: Annotated[Path, typer.Option(help="Where a second copy goes.")] = Path("model_card.md"),
) -> None:
    """Render the model card of a repository from its metrics, as its README.md and a copy."""
    from .publish import model_card as cards

    source = model.relative_to(Path.cwd()) if model.is_relative_to(Path.cwd()) else model
    out.write_text(cards.write(model, source=str(source)), encoding="utf-8")


@app.command()
def publish(
    repo: Annotated[str, typer.Option(help="The repository on the Hub: user/name.")],
    model: Annotated[Path, typer.Option(help="Folder of the model repository.")] = Path(
        DEFAULT_MODEL
    ),
    private: PrivateOption = None,
    branch: Annotated[str | None, typer.Option(help="Push to this branch.")] = None,
    create_pr: Annotated[bool, typer.Option(help="Open a pull request instead.")] = False,
    replace_card: ReplaceCardOption = False,
    dry_run: DryRunOption = False,
    out: DryRunOutOption = Path("runs/publication"),
) -> None:
    """Publish a model repository on the Hub in one commit, after loading it by every door."""
    from .publish import models as publishing

    print(
        publishing.publish(
            model,
            repo,
            private=private,
            branch=branch,
            create_pr=create_pr,
            replace_card=replace_card,
            dry_run=out if dry_run else None,
        )
    )


@app.command("publish-space")
def publish_space(
    repo: Annotated[str, typer.Option(help="The Space on the Hub: user/space.")],
    model: Annotated[
        str | None,
        typer.Option(help="The Hub repository it serves: user/name; else the embedded model."),
    ] = None,
    model_revision: Annotated[
        str | None, typer.Option(help="Branch, tag or commit of the model; its commit is pinned.")
    ] = None,
    private: PrivateOption = None,
    dry_run: DryRunOption = False,
    out: DryRunOutOption = Path("runs/space"),
) -> None:
    """Create or update a Gradio Space that serves a model, in one commit."""
    from .publish import spaces

    print(
        spaces.publish_space(
            repo,
            model=model,
            model_revision=model_revision,
            private=private,
            dry_run=out if dry_run else None,
        )
    )


@app.command("publish-dataset")
def publish_dataset(
    corpus: Annotated[
        str, typer.Option(help="The corpus as NAME=PATH.", metavar="NAME=PATH|hub:user/name")
    ],
    repo: Annotated[str, typer.Option(help="The dataset on the Hub: user/name.")],
    audio: Annotated[
        bool, typer.Option("--audio", help="Send the audio too, where its licence allows that.")
    ] = False,
    private: PrivateOption = None,
    replace_card: ReplaceCardOption = False,
    dry_run: DryRunOption = False,
    out: DryRunOutOption = Path("runs/dataset"),
) -> None:
    """Publish a corpus on the Hub in one commit: its labels, and its audio where that is allowed.

    Each publication replaces the former one's rows, and its audio; words of people in the card
    stay. `--corpus hub:user/name` trains on what was published with its audio.
    """
    (found,) = load_corpora([corpus]).values()
    from .publish import datasets as publishing

    print(
        publishing.publish_dataset(
            found,
            repo,
            audio=audio,
            private=private,
            replace_card=replace_card,
            dry_run=out if dry_run else None,
        )
    )


def main() -> None:
    """Run a command; a known fault ends it with one sentence and exit status 1."""
    try:
        app(standalone_mode=True)
    except SpeechEmotionError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
