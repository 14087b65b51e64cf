"""The commands that publish: python -m train card, check, publish, publish-space and the like."""

from pathlib import Path
from typing import Annotated

import typer

from ser_core import DEFAULT_MODEL
from ser_core.config.whole_files import write_text
from ser_core.errors import ConfigError

from ..corpora import Layout
from .options import (
    LAYOUT,
    DryRunOption,
    DryRunOutOption,
    PrivateOption,
    ReplaceCardOption,
    load_corpora,
    with_layout,
)

app = typer.Typer()


@app.command()
def card(
    model: Annotated[Path, typer.Argument(help="A model repository.")] = Path(DEFAULT_MODEL),
    out: Annotated[Path, typer.Option(help="Where a second copy goes.")] = Path("model_card.md"),
) -> None:
    """Render the model card of a repository from its metrics, as its README.md and a copy."""
    from ..publish import model_card as cards

    source = model.relative_to(Path.cwd()) if model.is_relative_to(Path.cwd()) else model
    write_text(out, cards.write_card(model, source=str(source)))


@app.command()
def check(
    model: Annotated[Path, typer.Argument(help="A model repository.")] = Path(DEFAULT_MODEL),
) -> None:
    """Record what a model answers now, in every form, as the check.json it is tried against."""
    from ..networks.export import write_check

    written = write_check(model)
    print(f"{model} is tried against its answers as {', '.join(written.answers)} from now on.")


@app.command()
def waveform(
    model: Annotated[Path, typer.Option(help="Folder of the model repository.")] = Path(
        DEFAULT_MODEL
    ),
    out: Annotated[
        Path | None, typer.Option(help="Where the files go; into the repository without it.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing: compare the files that are there.")
    ] = False,
) -> None:
    """Write the files that take samples (model.waveform.tflite, model.onnx), compared with Python.

    Prints the largest difference from what Python answers: each file in its runtime, by window.
    Ends with status 1 where one is larger than is allowed.
    """
    from ..networks import waveform_repository

    target = model if out is None else out
    if check:
        found = waveform_repository.measure_parity(model, target)
    elif target.resolve() == Path(DEFAULT_MODEL).resolve():
        raise ConfigError(
            "The embedded model comes with the package, whose size these files would double: give "
            "--out DIR for them."
        )
    else:
        found = waveform_repository.write_waveforms(model, target)
    print(waveform_repository.parity_table(found), end="")
    for one in found:
        one.require()


@app.command("browser-edition")
def browser_edition(
    out: Annotated[Path, typer.Option(help="A new or empty folder that the page goes to.")],
    model: Annotated[Path, typer.Option(help="Folder of the model repository.")] = Path(
        DEFAULT_MODEL
    ),
) -> None:
    """Write the page that answers in the browser alone; `make web` calls it."""
    from ..publish import browser_edition as edition

    sizes = edition.write_browser_edition(model, out)
    first = edition.first_visit(sizes) / 1e6
    print(f"Wrote {out}: {len(sizes)} files, of which a first visit fetches {first:.1f} MB.")


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
    waveform: Annotated[
        bool, typer.Option(help="Send the files that take samples, too, made anew if need be.")
    ] = True,
    dry_run: DryRunOption = False,
    out: DryRunOutOption = Path("runs/publication"),
) -> None:
    """Publish a model repository on the Hub in one commit, after loading it by every door."""
    from ..publish import models as publishing

    print(
        publishing.publish(
            model,
            repo,
            private=private,
            branch=branch,
            create_pr=create_pr,
            replace_card=replace_card,
            waveform=waveform,
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
    mcp: Annotated[
        bool, typer.Option(help="Whether its endpoints are tools for language models as well.")
    ] = True,
    static: Annotated[
        bool, typer.Option("--static", help="The browser edition, as a static Space.")
    ] = False,
    private: PrivateOption = None,
    dry_run: DryRunOption = False,
    out: DryRunOutOption = Path("runs/space"),
) -> None:
    """Create or update a Space that serves a model, in one commit: with Gradio, or static."""
    if static:
        from ..publish import static_spaces

        print(
            static_spaces.publish_static_space(
                repo,
                model=model,
                model_revision=model_revision,
                private=private,
                dry_run=out if dry_run else None,
            )
        )
        return
    from ..publish import spaces

    print(
        spaces.publish_space(
            repo,
            model=model,
            model_revision=model_revision,
            mcp=mcp,
            private=private,
            dry_run=out if dry_run else None,
        )
    )


@app.command("publish-dataset")
@with_layout
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
    layout: Layout = LAYOUT,
) -> None:
    """Publish a corpus on the Hub in one commit: its labels, and its audio where that is allowed.

    Each publication replaces the former one's rows, and its audio; words of people in the card
    stay. `--corpus hub:user/name` trains on what was published with its audio.
    """
    (found,) = load_corpora([corpus], layout).values()
    from ..publish import datasets as publishing

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
