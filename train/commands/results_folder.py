"""The commands about a results folder, which need no network.

python -m train metrics, adaptation, together, figures
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from ser_core.errors import SpeechEmotionError
from ser_core.model.files import METRICS, load_content

from .. import recipe as recipes
from ..data import storage
from ..data.folder_lock import lock_folder
from .options import (
    RESULTS,
    ProtocolOption,
    ResultsOption,
)

app = typer.Typer()


@app.command()
def metrics(
    folder: Annotated[Path, typer.Argument(help="A results folder with out_of_fold.csv.")],
) -> None:
    """Recompute every figure from out_of_fold.csv alone, and compare it with metrics.json."""
    from ..answers import conformal, domain, fairness, out_of_fold, restricted
    from ..answers.metrics import measure_answers

    answers = out_of_fold.read_answers(folder / out_of_fold.OUT_OF_FOLD)
    measured = measure_answers(answers)
    print(storage.to_json(measured), end="")
    stored_file = folder / METRICS
    if not stored_file.is_file():
        return
    stored = load_content(folder, METRICS)
    if "fairness" in stored:  # which says of what gender each speaker is
        genders = {name: row["gender"] for name, row in stored["fairness"]["speakers"].items()}
        measured["fairness"] = fairness.measure_fairness(answers, genders)
    if "conformal" in stored:
        measured["conformal"] = conformal.measure_conformal(answers, stored["conformal"]["target"])
    if "domain" in stored:
        measured["domain"] = domain.measure_domain(answers, stored["domain"]["target"])
    if "held_out" in stored:
        corpora = stored["corpus"].split(", ")
        measured["held_out"] = restricted.measure_held_out(answers, corpora)
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
    from ..answers import adaptation_gain as adapting

    measured = adapting.measure_results(folder)
    print(adapting.adaptation_table(measured), end="")
    for target in [folder, *model] if write else ():
        with lock_folder(target):
            adapting.write_adaptation(measured, target)


@app.command()
def together(
    recipe: Annotated[list[str], typer.Option(help="Recipes with finished folds; several.")],
    protocol: ProtocolOption = "speaker",
    results: ResultsOption = RESULTS,
) -> None:
    """Measure what recipes would answer together, from the folds that each has written."""
    from ..measure import ensemble

    loaded = [recipes.load(name) for name in recipe]
    folders = {one.name: results / one.name / (protocol or "speaker") for one in loaded}
    print(ensemble.ensemble_table(folders, loaded[0].abstention.target_accuracy), end="")


@app.command()
def figures(
    folder: Annotated[Path, typer.Argument(help="A results folder with metrics.json.")],
    out: Annotated[Path, typer.Option(help="Where the pictures go.")] = Path("runs/figures"),
    png: Annotated[bool, typer.Option(help="PNG too; needs kaleido and a browser.")] = False,
) -> None:
    """Draw learning curves, confusion matrix and reliability diagram of a results folder."""
    from ..measure import figures as drawing

    for file in drawing.write_figures(drawing.draw(folder), out, png=png):
        print(file)
