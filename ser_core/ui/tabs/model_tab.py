"""The tab about the model: how good it is, how it works, how it was trained."""

from collections.abc import Callable
from math import log
from typing import Any, TypeVar

import gradio as gr

from ...model.architecture import Architecture
from ...model.files import COMPARISON, FEW_SHOT, FORMS, METRICS, NETWORK, RECIPE, ROBUSTNESS
from ...model.further_records import Compared, Comparison
from ...model.records import Metrics
from ...model.repository import Repository
from ..look import plots, text
from ..look.glyphs import swatch
from ..look.markup import Markup, facts, fill, in_english, join, paragraph, percent, section, table
from ..page import Page
from ..words.numbers import write_number
from . import measurements
from .feature_steps import feature_steps
from .glance import glance
from .measurements import unavailable

Record = TypeVar("Record")


def build(page: Page) -> None:
    """Build the tab inside the open Blocks: for a visitor, then for users, then for engineers."""
    metrics = page.repository.metrics
    if page.repository.report is not None:
        gr.HTML(measurements.taught(page.repository.report))
    elif metrics is None:
        gr.HTML(section(text.RESULTS, unavailable(page.repository, METRICS)))
    else:
        gr.HTML(glance(metrics))
    if page.repository.report is None:  # what was taught has none of these measurements
        with gr.Accordion(text.FOR_USERS, open=False, elem_id="model-users"):
            _for_users(page.repository)
    with gr.Accordion(text.FOR_ENGINEERS, open=False, elem_id="model-engineers"):
        if metrics is not None:
            _measured(metrics)
        _made(page)


def _for_users(repository: Repository) -> None:
    metrics = repository.metrics
    if metrics is not None:
        gr.HTML(
            section(text.PER_CLASS, per_class(metrics), note=text.PER_CLASS_NOTE, command="metrics")
        )
        gr.HTML(abstention(metrics))
    noise, taught = repository.robustness, repository.few_shot
    _show_optional(repository, ROBUSTNESS, text.ROBUSTNESS, noise, measurements.robustness)
    _show_optional(repository, FEW_SHOT, text.FEW_SHOT, taught, measurements.few_shot)
    if metrics is None:
        return
    if metrics.fairness is not None:
        gr.HTML(measurements.fairness(metrics.fairness))
    if metrics.adaptation is not None:
        gr.HTML(measurements.adaptation(metrics.adaptation))
    if metrics.intensity is not None:
        gr.HTML(measurements.intensity(metrics.intensity))


def _measured(metrics: Metrics) -> None:
    gr.HTML(section(text.FIGURES, figures(metrics), over_folds(metrics), command="metrics"))
    with gr.Row(equal_height=False):
        with gr.Column(min_width=300):
            gr.HTML(section(text.CONFUSION, note=text.CONFUSION_NOTE, command="metrics"))
            gr.Plot(
                plots.confusion_matrix(metrics.labels, metrics.confusion_matrix), show_label=False
            )
        if metrics.calibration_bins:
            with gr.Column(min_width=300):
                gr.HTML(section(text.RELIABILITY, note=text.RELIABILITY_NOTE, command="metrics"))
                bins = [row.model_dump() for row in metrics.calibration_bins]
                gr.Plot(plots.reliability_diagram(bins), show_label=False)
    if metrics.by_speaker:
        gr.HTML(section(text.SPEAKERS_TITLE, note=text.SPEAKERS_NOTE, command="metrics"))
        gr.Plot(plots.speaker_accuracy(metrics.by_speaker, metrics.accuracy), show_label=False)


def _made(page: Page) -> None:
    repository = page.repository
    _show_optional(
        repository,
        COMPARISON,
        text.COMPARISON,
        repository.comparison,
        comparison,
    )
    _show_optional(repository, FORMS, text.FORMS, repository.forms, measurements.forms)
    gr.HTML(section(text.FEATURES, feature_steps(page.recognizer.config), command="fit"))
    if repository.architecture is None:
        gr.HTML(section(text.ARCHITECTURE, unavailable(repository, NETWORK)))
    else:
        gr.HTML(section(text.ARCHITECTURE, stages(repository.architecture), command="fit"))
    if repository.recipe is None:
        gr.HTML(section(text.TRAINING, unavailable(repository, RECIPE)))
    else:
        gr.HTML(section(text.TRAINING, training(repository.recipe), command="fit"))


def _show_optional(
    repository: Repository,
    name: str,
    title: str,
    record: Record | None,
    draw: Callable[[Record], Markup],
) -> None:
    """Show what a repository need not have; where it is there and cannot be read, say why."""
    if record is not None:
        gr.HTML(draw(record))
    elif name in repository.faults:
        gr.HTML(section(title, unavailable(repository, name)))


def over_folds(metrics: Metrics) -> Markup:
    """Say how the figures differ between the folds, and what the audit for leaks found."""
    words = []
    if metrics.mean is not None and metrics.std is not None:
        names = {"accuracy": text.ACCURACY, "uar": text.UAR, "ece": text.ECE}
        spreads = ", ".join(
            f"{name.lower() if name != text.UAR else name} "
            + text.ACCURACY_SPREAD.format(
                mean=percent(getattr(metrics.mean, key)), std=percent(getattr(metrics.std, key))
            )
            for key, name in names.items()
        )
        words.append(text.FOLDS.format(spreads=spreads))
    if metrics.audit is not None:
        found = text.AUDIT_LEAKS.format(
            count=metrics.audit.leaks, kinds=", ".join(metrics.audit.kinds)
        )
        words.append(found if metrics.audit.leaks else text.AUDIT_CLEAN)
    return paragraph(" ".join(words)) if words else join([])


def figures(metrics: Metrics) -> Markup:
    """Show the headline numbers, each with what it means."""
    classes = len(metrics.labels)
    chance = percent(1 / classes)
    accuracy = text.ACCURACY_MEANS.format(chance=chance)
    if metrics.accuracy_interval is not None:
        low, high = metrics.accuracy_interval
        accuracy = text.INTERVAL_MEANS.format(low=percent(low), high=percent(high), chance=chance)
    return facts(
        [
            (text.ACCURACY, percent(metrics.accuracy), accuracy),
            (text.UAR, percent(metrics.uar), text.UAR_MEANS),
            (text.MACRO_F1, percent(metrics.macro_f1), text.MACRO_F1_MEANS),
            (text.TOP3, percent(metrics.top3_accuracy), text.TOP3_MEANS),
            (text.ECE, percent(metrics.ece), text.ECE_MEANS),
            (
                text.NLL,
                write_number(metrics.nll, ".2f"),
                text.NLL_MEANS.format(chance=log(classes)),
            ),
        ]
    )


def per_class(metrics: Metrics) -> Markup:
    """Tabulate precision, recall, F1 and clips of every emotion."""
    rows = [
        (
            swatch(label),
            percent(scores.precision),
            percent(scores.recall),
            percent(scores.f1),
            write_number(scores.clips),
        )
        for label in metrics.labels
        for scores in [metrics.per_class[label]]
    ]
    return table(text.PER_CLASS_HEADERS, rows, numeric=4)


def abstention(metrics: Metrics) -> Markup:
    """Show the accuracy where the model answers only what it is surest of."""
    parts = []
    if metrics.selective_accuracy:
        rows = [(percent(1.0), percent(metrics.accuracy))] + [
            (percent(float(share)), percent(accuracy))
            for share, accuracy in metrics.selective_accuracy.items()
            if accuracy is not None
        ]
        parts.append(paragraph(text.SELECTIVE_NOTE))
        parts.append(table(text.SELECTIVE_HEADERS, rows, numeric=1))
    if metrics.calibration is not None:
        rule = metrics.calibration
        words = text.ABSTENTION.format(
            threshold=percent(rule.uncertain_below), answered=percent(rule.answered)
        )
        if rule.answered_accuracy is not None and rule.answered > 0:
            right = text.ABSTENTION_ACCURACY.format(accuracy=percent(rule.answered_accuracy))
            words = f"{words} {right}"
        parts.append(paragraph(words))
    return section(text.SELECTIVE, *parts, command="metrics") if parts else join([])


def comparison(found: Comparison) -> Markup:
    """Tabulate the recipes under each protocol beside what their authors claim."""
    rows = [
        (
            in_english(row.recipe),
            text.COMPARISON_PROTOCOLS.get(row.protocol, row.protocol),
            in_english(row.corpus),
            _accuracy(row),
            percent(row.uar_mean),
            percent(row.ece),
            in_english(row.published_claim),
        )
        for row in found.rows
    ]
    shown = table(text.COMPARISON_HEADERS, rows, stack=True)
    return section(text.COMPARISON, shown, note=text.COMPARISON_NOTE, command="compare")


def _accuracy(row: Compared) -> str:
    mean = percent(row.accuracy_mean)
    if row.folds == 1:
        return mean  # one fold has no spread
    return text.ACCURACY_SPREAD.format(mean=mean, std=percent(row.accuracy_std))


def stages(architecture: Architecture) -> Markup:
    """Tabulate the network's stages from input to output."""
    layers = sum(len(stage.layers) for stage in architecture.stages)
    has_intensity = any(stage.name == "intensity" for stage in architecture.stages)
    note = text.ARCHITECTURE_NOTE.format(
        name=architecture.name,
        parameters=_count(architecture.parameters),
        layers=layers,
        shape=_shape(architecture.stages[0].output),
        outputs=text.ARCHITECTURE_INTENSITY if has_intensity else text.ARCHITECTURE_EMOTION,
    )
    rows = [
        (
            in_english(stage.name),
            in_english(
                ", ".join(f"{n} {kind}" if n > 1 else kind for kind, n in stage.kinds.items())
            ),
            _shape(stage.output),
            _count(stage.parameters),
        )
        for stage in architecture.stages
    ]
    return join([paragraph(note), table(text.ARCHITECTURE_HEADERS, rows, numeric=2, stack=True)])


def _shape(shape: tuple[int | None, ...] | None) -> str:
    if shape is None:
        return text.NOT_STATED
    return " x ".join("any" if size is None else str(size) for size in shape)


def _count(number: int | None) -> str:
    return text.NOT_STATED if number is None else write_number(number)


def training(recipe: dict[str, Any]) -> Markup:
    """Tabulate the recipe, a table for each of its parts; the features have their own section.

    What a recipe does not use, as the claim of a system that has none, is left out.
    """
    general = {key: value for key, value in recipe.items() if not isinstance(value, dict)}
    parts = {text.GENERAL: _flat(general)} | {
        key: _flat(value)
        for key, value in recipe.items()
        if isinstance(value, dict) and key != "features"
    }
    tables = join(
        fill(
            '<div class="ser-part"><h3>{part}</h3>{rows}</div>',
            part=part if part == text.GENERAL else in_english(_words(part)),
            rows=table(
                text.TRAINING_HEADERS,
                [
                    (text.SETTINGS.get(key) or in_english(_words(key)), _value(value))
                    for key, value in settings
                ],
            ),
        )
        for part, settings in parts.items()
        if settings
    )
    return fill('<div class="ser-parts">{tables}</div>', tables=tables)


def _flat(settings: dict[str, Any]) -> list[tuple[str, object]]:
    """Turn nested settings that say something into one list, naming the inner ones alone."""
    pairs: list[tuple[str, object]] = []
    for key, value in settings.items():
        if isinstance(value, dict):
            pairs.extend(_flat(value))
        elif value not in ("", []):
            pairs.append((key, value))
    return pairs


def _words(key: str) -> str:
    return key.replace("_", " ").capitalize()


def _value(value: object) -> str:
    if isinstance(value, bool):
        return text.YES if value else text.NO
    if isinstance(value, str | list):  # the recipe's own words
        return in_english(value if isinstance(value, str) else ", ".join(map(str, value)))
    return write_number(value, "g") if isinstance(value, float) else str(value)
