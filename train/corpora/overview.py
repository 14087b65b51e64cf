"""What a corpus holds: counts as text, a table of its clips, and pictures of their distribution."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ser_core.audio.load import SAMPLE_RATE, load_audio
from ser_core.config.whole_files import write_text, write_whole
from ser_core.errors import AudioError

from . import CORPORA, NO_SPEAKER, Corpus
from .clip import Clip, CorpusError, order_labels

if TYPE_CHECKING:
    import plotly.graph_objects as go

BIN = 0.5  # [s], of the histogram of durations
PICTURE_WIDTH = 800  # [px], of the PNG


def durations(clips: Sequence[Clip]) -> list[float]:
    """Read how long clips are: from their headers, or by decoding what libsndfile does not know.

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
            try:
                seconds.append(len(load_audio(clip.path)) / SAMPLE_RATE)
            except AudioError:
                broken.append(clip.path)
    if broken:
        raise CorpusError(
            f"{len(broken):,} of {len(clips):,} files cannot be read as audio, the first of them "
            f"{broken[0]}: fetch or unpack the corpus again."
        )
    return seconds


def tabulate_clips(corpus: Corpus) -> pd.DataFrame:
    """Make a table of a corpus: one row per clip, one column per field of `Clip`."""
    return pd.DataFrame([vars(clip) for clip in corpus.clips])


def by_emotion_and_gender(corpus: Corpus) -> dict[str, dict[str, int]]:
    """Count clips by label, in the order of a model's outputs, then by gender."""
    clips = tabulate_clips(corpus)
    counts = pd.crosstab(clips["emotion"], clips["gender"])
    counts = counts.loc[list(order_labels(counts.index))]
    return {
        label: {str(gender): int(number) for gender, number in zip(counts, numbers, strict=True)}
        for label, numbers in zip(counts.index, counts.to_numpy().tolist(), strict=True)
    }


def describe(corpus: Corpus, seconds: Sequence[float]) -> list[str]:
    """Put into lines what a corpus holds.

    Args:
        corpus: Corpus.
        seconds: duration of each clip [s].

    Returns:
        Lines of text.
    """
    about, clips = corpus.info, tabulate_clips(corpus)
    counts = pd.DataFrame(by_emotion_and_gender(corpus)).T
    counts.loc["clips"] = counts.sum()
    # A speaker's name counts once for each gender, were it ever given to two people.
    people = clips[["speaker", "gender"]].drop_duplicates()
    people = people[people["speaker"] != NO_SPEAKER]
    counts.loc["speakers"] = people["gender"].value_counts().reindex(counts.columns, fill_value=0)
    counts["total"] = counts.sum(axis=1)
    lines = [
        f"{about.name}: {about.title}",
        f"language {about.language}, licence {about.licence}, {about.homepage}",
        *([about.citation] if about.citation else []),
        "",
        *counts.map("{:,.0f}".format).to_string().splitlines(),
        "",
        f"{sum(seconds) / 3600:.2f} h in all; clips last {min(seconds):.2f} to "
        f"{max(seconds):.2f} s, the median is {np.median(seconds):.2f} s.",
    ]
    strengths = clips["intensity"].value_counts()
    if len(strengths):
        told = ", ".join(f"{count:,} {strength}" for strength, count in strengths.items())
        lines.append(f"Intensity: {told}, {len(clips) - strengths.sum():,} without.")
    if about.same_speakers_as:
        others = " and ".join(about.same_speakers_as)
        lines.append(f"The speakers are the same people, under the same names, as in {others}.")
    if corpus.dropped:
        told = ", ".join(f"{count:,} {label}" for label, count in sorted(corpus.dropped.items()))
        known = about.name in CORPORA
        why = ", because their label is none of the eight classes" if known else " by their label"
        lines.append(f"Left out{why}: {told}.")
    if corpus.second_copies:
        one = corpus.second_copies == 1
        lines.append(
            f"{corpus.second_copies:,} further "
            + ("file is a second copy of one" if one else "files are second copies")
            + f" of these and {'was' if one else 'were'} left out."
        )
    return lines


def write_table(corpus: Corpus, seconds: Sequence[float], root: Path, out: Path) -> Path:
    """Write one row per clip into `NAME_metadata.csv`; what a corpus does not say is empty."""
    clips = tabulate_clips(corpus)
    clips["path"] = [clip.path.relative_to(root).as_posix() for clip in corpus.clips]
    clips["seconds"] = np.round(seconds, 3)
    clips.insert(0, "file", clips.pop("file"))
    file = out / f"{corpus.info.name}_metadata.csv"
    with write_whole(file) as unfinished:
        clips.to_csv(unfinished, index=False, lineterminator="\n")
    return file


def write_page(corpus: Corpus, seconds: Sequence[float], out: Path) -> Path:
    """Write `NAME_distribution.html`: clips by emotion and gender, and by duration."""
    from ser_core.ui.look import plots

    edges = np.arange(max(seconds) // BIN + 2) * BIN  # [s]
    counts, _ = np.histogram(seconds, edges)
    lengths = plots.duration_histogram(edges.tolist(), counts.tolist())
    # The first figure brings plotly's script along, so that the page needs no network.
    first = _distribution(corpus).to_html(full_html=False, include_plotlyjs=True)
    second = lengths.to_html(full_html=False, include_plotlyjs=False)
    title = f"{corpus.info.title}: {len(corpus.clips):,} clips"
    file = out / f"{corpus.info.name}_distribution.html"
    write_text(
        file,
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f"<body>\n<h1>{title}</h1>\n{first}\n{second}\n</body>\n</html>\n",
    )
    return file


def write_picture(corpus: Corpus, out: Path) -> tuple[Path | None, str]:
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
        with write_whole(file) as unfinished:
            write_fig_sync(figure, path=unfinished, opts=size, kopts={"mathjax": False})
    except (BrowserFailedError, ChromeNotFoundError, TimeoutError):
        return None, "kaleido finds no Chrome or Chromium that runs and answers"
    return file, ""


def _distribution(corpus: Corpus) -> "go.Figure":
    from ser_core.ui.look import plots

    return plots.class_distribution(by_emotion_and_gender(corpus))
