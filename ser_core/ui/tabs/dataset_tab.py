"""The tab about the recordings the model learned from."""

from collections.abc import Sequence

import gradio as gr

from ...config.emotions import LABELS, are_the_eight
from ...model.files import DATASET
from ...model.further_records import Corpus, Dataset
from ..look import plots, text
from ..look.glyphs import swatch
from ..look.markup import Markup, capitalize, in_english, paragraph, section, table
from ..page import Page
from ..words.languages import name_language
from ..words.numbers import write_number
from .measurements import unavailable


def build(page: Page) -> None:
    """Build the tab inside the open Blocks."""
    dataset = page.repository.dataset
    if dataset is None:
        gr.HTML(unavailable(page.repository, DATASET))
    else:
        gr.HTML(paragraph(text.DATASET_INTRO) + corpora(dataset))
    gr.HTML(emotions(dataset, page.recognizer.labels))
    if dataset is not None:
        with gr.Accordion(text.DATASET_MORE, open=False, elem_id="dataset-more"):
            for corpus in dataset.corpora:
                with gr.Row(equal_height=False):
                    _pictures(corpus, page.recognizer.labels)
            gr.HTML(sources(dataset))


def _pictures(corpus: Corpus, labels: Sequence[str]) -> None:
    name = short_name(corpus)
    if corpus.by_emotion_and_gender:
        with gr.Column(min_width=300):
            gr.HTML(section(text.DISTRIBUTION.format(corpus=name)))
            gr.Plot(plots.class_distribution(by_label(corpus, labels)), show_label=False)
    if corpus.seconds is not None:
        seconds = corpus.seconds
        note = text.DURATIONS_NOTE.format(**seconds.model_dump())
        with gr.Column(min_width=300):
            gr.HTML(section(text.DURATIONS.format(corpus=name), note=note))
            gr.Plot(
                plots.duration_histogram(seconds.histogram_edges, seconds.histogram_counts),
                show_label=False,
            )


def by_label(corpus: Corpus, labels: Sequence[str] = LABELS) -> dict[str, dict[str, int]]:
    """Clips by label and gender, in the order of the model's labels, others after them."""
    given = corpus.by_emotion_and_gender
    known = [label for label in labels if label in given]
    return {label: given[label] for label in known + [x for x in given if x not in labels]}


def short_name(corpus: Corpus) -> str:
    """What people call a corpus: its title up to the first comma, and what is last in brackets."""
    first, _, rest = corpus.title.partition(",")
    bracket = rest.rpartition(" (")[2] if rest.endswith(")") else ""
    return f"{first} ({bracket}" if bracket else first


def corpora(dataset: Dataset) -> Markup:
    """Tabulate what was used: speakers, clips, hours."""
    rows = [
        (
            in_english(short_name(corpus)),
            capitalize(text.ROLES.get(corpus.role, corpus.role)) or text.NOT_STATED,
            capitalize(name_language(corpus.language)) or text.NOT_STATED,
            _speakers(corpus),
            _clips_by_speaker(corpus),
            write_number(corpus.clips),
            write_number(corpus.hours, ".1f"),
        )
        for corpus in dataset.corpora
    ]
    return section(
        text.CORPORA, table(text.CORPORA_HEADERS, rows, numeric=3, stack=True), command="fit"
    )


def _speakers(corpus: Corpus) -> str:
    counts = corpus.speakers_by_gender
    if not counts:
        return text.NOT_STATED
    parts = ", ".join(
        text.GENDERS_COUNTED[gender].format(count=count)
        if gender in text.GENDERS_COUNTED
        else f"{count} {gender}"
        for gender, count in sorted(counts.items())
    )
    return text.SPEAKERS.format(count=sum(counts.values()), parts=parts)


def _clips_by_speaker(corpus: Corpus) -> str:
    counts = corpus.by_speaker.values()
    if not counts:
        return text.NOT_STATED
    words = text.CLIPS_EACH if min(counts) == max(counts) else text.CLIPS_FROM_TO
    return words.format(least=min(counts), most=max(counts))


def sources(dataset: Dataset) -> Markup:
    """Tabulate whose recordings these are, and under which licence."""
    rows = [
        (
            in_english(corpus.title),
            in_english(corpus.licence) or text.NOT_STATED,
            in_english(corpus.citation) or text.NOT_STATED,
        )
        for corpus in dataset.corpora
    ]
    return section(text.SOURCES, table(text.SOURCES_HEADERS, rows, stack=True))


def emotions(dataset: Dataset | None, labels: Sequence[str] = LABELS) -> Markup:
    """Tabulate a model's labels: what is known of each, and its clips in all corpora together.

    Args:
        dataset: Dataset; None where nothing is known of it.
        labels: the model's.
    """
    totals: dict[str, int] = {}
    for corpus in dataset.corpora if dataset else ():
        for label, count in corpus.by_emotion.items():
            totals[label] = totals.get(label, 0) + count
    words = [text.SOUNDS.get(label, "") for label in labels]
    counts = [write_number(totals[label]) if label in totals else "" for label in labels]
    columns: list[list[str]] = [[swatch(label) for label in labels], words, counts]
    shown = [column for column in columns if any(column)]
    title, names = text.EMOTIONS, text.EMOTIONS_HEADERS
    if not are_the_eight(labels):
        title, names = text.EMOTIONS_OTHER, text.EMOTIONS_OTHER_HEADERS
    headers = [names[columns.index(column)] for column in shown]
    rows = list(zip(*shown, strict=True))
    return section(title, table(headers, rows, numeric=1 if any(counts) else 0))
