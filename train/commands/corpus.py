"""The commands about corpora: python -m train corpus info CORPUS, corpus download NAME."""

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Annotated

import typer

from ser_core.emotions import LABELS

from .. import corpora

if TYPE_CHECKING:
    import plotly.graph_objects as go

BIN = 0.5  # [s], of the histogram of durations
PICTURE_WIDTH = 800  # [px], of the PNG
COLUMNS = (
    "file",
    "path",
    "corpus",
    "emotion",
    "speaker",
    "gender",
    "statement",
    "intensity",
    "seconds",
)

app = typer.Typer(no_args_is_help=True, help="Look into speech emotion corpora, and fetch them.")


@app.command()
def info(
    corpus: Annotated[
        str,
        typer.Argument(help="A corpus as NAME=PATH or hub:user/name.", metavar="CORPUS"),
    ],
    out: Annotated[Path, typer.Option(help="Where the table and the picture go.")] = Path(
        "runs/corpora"
    ),
) -> None:
    """Count a corpus, and write its metadata table and a picture of its distribution."""
    name, root = corpora.locate(corpus)
    found = corpora.load(name, root)
    seconds = durations(found.clips)
    print("\n".join(describe(found, seconds)))
    try:
        out.mkdir(parents=True, exist_ok=True)
        table = write_table(found, seconds, root, out)
        page = write_page(found, seconds, out)
        picture, lacking = write_picture(found, out)
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


def durations(clips: Sequence[corpora.Clip]) -> list[float]:
    """Read how long clips are from their files' headers.

    Returns:
        Duration of each clip [s].

    Raises:
        CorpusError: a file is no audio.
    """
    import soundfile

    seconds = []
    broken = []
    for clip in clips:
        try:
            seconds.append(soundfile.info(clip.path).duration)
        except soundfile.LibsndfileError:
            broken.append(clip.path)
    if broken:
        raise corpora.CorpusError(
            f"{len(broken):,} of {len(clips):,} files cannot be read as audio, the first of them "
            f"{broken[0]}: fetch or unpack the corpus again."
        )
    return seconds


def describe(corpus: corpora.Corpus, seconds: Sequence[float]) -> list[str]:
    """Put into lines what a corpus holds.

    Args:
        corpus: Corpus.
        seconds: duration of each clip [s].

    Returns:
        Lines of text.
    """
    about, clips = corpus.info, corpus.clips
    genders = sorted({clip.gender for clip in clips})
    counts = by_emotion_and_gender(corpus)
    rows = [("", *genders, "total")]
    rows += [
        (label, *(row[gender] for gender in genders), sum(row.values()))
        for label, row in counts.items()
    ]
    clips_by_gender = Counter(clip.gender for clip in clips)
    rows.append(("clips", *(clips_by_gender[gender] for gender in genders), len(clips)))
    # A speaker's name counts once for each gender, were it ever given to two people.
    people = Counter(gender for _, gender in {(clip.speaker, clip.gender) for clip in clips})
    rows.append(("speakers", *(people[gender] for gender in genders), people.total()))
    strengths = Counter(clip.intensity for clip in clips if clip.intensity)
    lines = [
        f"{about.name}: {about.title}",
        f"language {about.language}, licence {about.licence}, {about.homepage}",
        about.citation,
        "",
        *_table(rows),
        "",
        f"{sum(seconds) / 3600:.2f} h in all; clips last {min(seconds):.2f} to "
        f"{max(seconds):.2f} s, the median is {median(seconds):.2f} s.",
    ]
    if strengths:
        told = ", ".join(f"{count:,} {strength}" for strength, count in strengths.most_common())
        lines.append(f"Intensity: {told}, {len(clips) - strengths.total():,} without.")
    if about.same_speakers_as:
        others = " and ".join(about.same_speakers_as)
        lines.append(f"The speakers are the same people, under the same names, as in {others}.")
    if corpus.dropped:
        told = ", ".join(f"{count:,} {label}" for label, count in sorted(corpus.dropped.items()))
        lines.append(f"Left out, because their label is none of the eight classes: {told}.")
    if corpus.second_copies:
        one = corpus.second_copies == 1
        lines.append(
            f"{corpus.second_copies:,} further "
            + ("file is a second copy of one" if one else "files are second copies")
            + f" of these and {'was' if one else 'were'} left out."
        )
    return lines


def by_emotion_and_gender(corpus: corpora.Corpus) -> dict[str, Counter[str]]:
    """Count clips by label, in the order of LABELS and only those there are, then by gender."""
    counts = {label: Counter[str]() for label in LABELS}
    for clip in corpus.clips:
        counts[clip.emotion][clip.gender] += 1
    return {label: row for label, row in counts.items() if row}


def write_table(corpus: corpora.Corpus, seconds: Sequence[float], root: Path, out: Path) -> Path:
    """Write one row per clip into `NAME_metadata.csv`; what a corpus does not say is empty."""
    file = out / f"{corpus.info.name}_metadata.csv"
    with file.open("w", encoding="utf-8", newline="") as lines:
        table = csv.writer(lines, lineterminator="\n")
        table.writerow(COLUMNS)
        for clip, duration in zip(corpus.clips, seconds, strict=True):
            table.writerow(
                (
                    clip.file,
                    clip.path.relative_to(root).as_posix(),
                    clip.corpus,
                    clip.emotion,
                    clip.speaker,
                    clip.gender,
                    clip.statement,
                    clip.intensity,
                    round(duration, 3),
                )
            )
    return file


def write_page(corpus: corpora.Corpus, seconds: Sequence[float], out: Path) -> Path:
    """Write `NAME_distribution.html`: clips by emotion and gender, and by duration."""
    from ser_core.ui.look import plots

    bins = Counter(int(duration // BIN) for duration in seconds)
    edges = [number * BIN for number in range(max(bins) + 2)]  # [s]
    lengths = plots.duration_histogram(edges, [bins[number] for number in range(len(edges) - 1)])
    # The first figure brings plotly's script along, so that the page needs no network.
    first = _distribution(corpus).to_html(full_html=False, include_plotlyjs=True)
    second = lengths.to_html(full_html=False, include_plotlyjs=False)
    title = f"{corpus.info.title}: {len(corpus.clips):,} clips"
    file = out / f"{corpus.info.name}_distribution.html"
    file.write_text(
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f"<body>\n<h1>{title}</h1>\n{first}\n{second}\n</body>\n</html>\n",
        encoding="utf-8",
    )
    return file


def write_picture(corpus: corpora.Corpus, out: Path) -> tuple[Path | None, str]:
    """Write `NAME_distribution.png` where kaleido and a Chrome are there.

    Returns:
        The file and "", or None and what is lacking.
    """
    try:
        from choreographer.errors import BrowserFailedError, ChromeNotFoundError
        from kaleido import write_fig_sync
    except ImportError:
        return None, "kaleido 1 or newer is not installed"
    figure = _distribution(corpus).update_layout(paper_bgcolor="white")
    file = out / f"{corpus.info.name}_distribution.png"
    size = {"width": PICTURE_WIDTH, "height": figure.layout.height, "scale": 2}
    try:
        # Without this, kaleido fetches a script for formulas from the network.
        write_fig_sync(figure, path=file, opts=size, kopts={"mathjax": False})
    except (BrowserFailedError, ChromeNotFoundError, TimeoutError):
        return None, "kaleido finds no Chrome or Chromium that runs and answers"
    return file, ""


def _distribution(corpus: corpora.Corpus) -> "go.Figure":
    from ser_core.ui.look import plots

    return plots.class_distribution(by_emotion_and_gender(corpus))


def _table(rows: Sequence[tuple[str | int, ...]]) -> list[str]:
    """Align a table: names to the left, numbers to the right."""
    cells = [[f"{cell:,}" if isinstance(cell, int) else cell for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(
            [row[0].ljust(widths[0])]
            + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        )
        for row in cells
    ]
