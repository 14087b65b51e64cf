"""The commands about corpora: python -m train corpus info CORPUS, corpus download NAME."""

from pathlib import Path
from typing import Annotated

import typer

from .. import corpora
from ..corpora import Layout
from .options import LAYOUT, load_located, locate_corpora, with_layout

app = typer.Typer(no_args_is_help=True, help="Look into speech emotion corpora, and fetch them.")


@app.command()
@with_layout
def info(
    corpus: Annotated[
        str,
        typer.Argument(help="A corpus as NAME=PATH or hub:user/name.", metavar="CORPUS"),
    ],
    out: Annotated[Path, typer.Option(help="Where the table and the picture go.")] = Path(
        "runs/corpora"
    ),
    layout: Layout = LAYOUT,
) -> None:
    """Count a corpus, and write its metadata table and a picture of its distribution."""
    folders = locate_corpora([corpus])
    (root,) = folders.values()
    (found,) = load_located(folders, layout).values()
    from ..corpora import overview

    seconds = overview.durations(found.clips)
    print("\n".join(overview.describe(found, seconds)))
    try:
        out.mkdir(parents=True, exist_ok=True)
        table = overview.write_table(found, seconds, root, out)
        page = overview.write_page(found, seconds, out)
        picture, lacking = overview.write_picture(found, out)
    except OSError as error:
        raise corpora.CorpusError(
            f"{out} cannot take the table and the picture ({error.strerror or error}): give "
            "another folder with --out."
        ) from error
    if lacking:
        print(f"There is no PNG of the picture, because {lacking}.")
    print(f"Wrote {', '.join(str(file) for file in (table, page, picture) if file)}.")


@app.command()
def download(
    name: Annotated[str, typer.Argument(help="A corpus' name.")],
    to: Annotated[Path, typer.Option(help="The folder to unpack it into.")],
    url: Annotated[str | None, typer.Option(help="Another address of the same archive.")] = None,
) -> None:
    """Fetch a corpus' archive, check it and unpack it; a run that was stopped goes on.

    For a corpus that has no free archive, this says where to get it or to apply for it.
    """
    about = corpora.find(name).INFO
    if about.archive is None:
        raise corpora.CorpusError(f"{name} cannot be downloaded by this command: {about.access}.")
    from ..corpora.download import download as fetch

    print(f"{about.title}, licence {about.licence}, {about.homepage}")
    print(fetch(about.archive, to, url=url))
