"""The command that looks for leaks: python -m train audit."""

from pathlib import Path
from typing import Annotated

import typer

from ..corpora import Layout
from ..data import storage
from ..data.folder_lock import lock_folder
from .options import (
    CACHE,
    JOBS,
    LAYOUT,
    CacheOption,
    CorpusOption,
    JobsOption,
    ProtocolOption,
    choose_protocol,
    load_located,
    locate_corpora,
    with_layout,
)

app = typer.Typer()


@app.command()
@with_layout
def audit(
    corpus: CorpusOption = [],  # noqa: B006
    protocol: ProtocolOption = None,
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
    layout: Layout = LAYOUT,
) -> None:
    """Look for leaks between training and test; exit status 1 on a leak."""
    from ..audit import audit as auditing

    places = locate_corpora(corpus)
    corpora = load_located(places, layout)
    if split is not None:
        folders = {places[name]: one for name, one in corpora.items() if name not in pretraining}
        learnt = tuple(corpora[name] for name in pretraining if name in corpora)
        outcome = auditing.audit_split(split, folders, pretraining=learnt, model=model, jobs=jobs)
    elif results is not None:
        from ..fitting.run_audit import audit_results

        outcome = audit_results(results, corpora, cache=cache, jobs=jobs)
    else:
        judged = {name: one for name, one in corpora.items() if name not in pretraining}
        chosen = choose_protocol(protocol, None, judged)
        outcome = auditing.audit_corpora(corpora, chosen, pretraining=tuple(pretraining), jobs=jobs)
    print(outcome)
    if out is not None:
        storage.write_json(out, outcome.to_dict())
    for folder in write:
        with lock_folder(folder):
            auditing.write_summary(outcome, folder)
    outcome.require_none()
