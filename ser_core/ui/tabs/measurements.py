"""Tables of what else was measured: each is there if the repository has it."""

from ...model.further_records import Accuracy, FewShot, Forms, Robustness
from ...model.records import AdaptationGains, Enrolment, Fairness, IntensityScores
from ...model.repository import Repository
from ...results import TeachingReport
from ..look import text
from ..look.glyphs import swatch
from ..look.markup import (
    Markup,
    capitalize,
    facts,
    in_english,
    name_gender,
    notice,
    paragraph,
    percent,
    section,
    table,
)
from ..words.numbers import write_list, write_number
from .lesson import show_report


def unavailable(repository: Repository, name: str) -> Markup:
    """Say why a file of the model's repository is not shown: it is not there, or broken."""
    if name not in repository.faults:
        return notice(text.FILE_MISSING.format(name=name))
    return notice(text.FILE_UNREADABLE.format(name=name, reason=repository.faults[name]))


def adaptation(gains: AdaptationGains) -> Markup:
    """Tabulate what it gains to make the model one's own."""
    without = gains.without
    rows = [
        (
            text.ADAPTATION_WITHOUT,
            percent(without.accuracy),
            "",
            percent(without.uar),
            percent(without.ece),
        )
    ] + [
        (
            adapted_to(row),
            percent(row.accuracy),
            text.GAIN.format(gain=points(100 * row.gain), interval=span(row.gain_interval)),
            percent(row.uar),
            percent(row.ece),
        )
        for row in gains.enrolments
    ]
    rows_shown = table(text.ADAPTATION_HEADERS, rows, numeric=4, stack=True)
    return section(text.ADAPTATION, rows_shown, note=text.ADAPTATION_NOTE, command="adaptation")


def adapted_to(row: Enrolment) -> str:
    """Say what a row of the table was adapted to.

    >>> from ser_core.model.records import Enrolment
    >>> scores = dict(accuracy=0.7, uar=0.7, ece=0.0, gain=0.0, gain_interval=(0.0, 0.0))
    >>> adapted_to(Enrolment(kind="neutral", clips=3, **scores))
    '3 recordings, all neutral'
    """
    count = text.ADAPTATION_ALL if row.clips is None else text.VOICE_COUNT.format(count=row.clips)
    return text.ADAPTATION_KINDS[row.kind].format(recordings=count)


def fairness(measured: Fairness) -> Markup:
    """Tabulate the accuracy by gender, and for the best and the worst speaker."""
    rows = [
        (
            capitalize(name_gender(gender)),
            write_number(group.speakers),
            write_number(group.clips),
            percent(group.accuracy),
            text.INTERVAL.format(low=percent(group.interval[0]), high=percent(group.interval[1])),
        )
        for gender, group in measured.genders.items()
    ]
    for words, name in ((text.BEST, measured.best), (text.WORST, measured.worst)):
        voice = measured.speakers[name]
        rows.append(
            (
                words.format(name=name, gender=name_gender(voice.gender)),
                "1",
                write_number(voice.clips),
                percent(voice.accuracy),
                text.INTERVAL.format(
                    low=percent(voice.interval[0]), high=percent(voice.interval[1])
                ),
            )
        )
    parts = [table(text.FAIRNESS_HEADERS, rows, numeric=4, stack=True)]
    if measured.difference is not None:
        apart = measured.difference
        low, high = apart.interval
        words = text.FAIRNESS_DIFFERENCE.format(
            of=name_gender(apart.of),
            against=name_gender(apart.against),
            points=points(apart.points),
            low=points(low),
            high=points(high),
        )
        parts.insert(0, paragraph(words))
    return section(text.FAIRNESS, *parts, note=text.FAIRNESS_NOTE, command="metrics")


def intensity(measured: IntensityScores) -> Markup:
    """Show how well strong expression ranks above normal, over all and by emotion."""
    low, high = measured.auc_interval
    means = text.INTENSITY_MEANS.format(low=low, high=high)
    parts = [facts([(text.INTENSITY_AUC, write_number(measured.auc, ".2f"), means)])]
    if measured.auc_by_emotion:
        rows = [
            (swatch(label), write_number(auc, ".2f"))
            for label, auc in measured.auc_by_emotion.items()
        ]
        parts.append(table(text.INTENSITY_HEADERS, rows, numeric=1))
    note = text.INTENSITY_NOTE.format(clips=measured.clips)
    return section(text.INTENSITY_TITLE, *parts, note=note, command="metrics")


def robustness(measured: Robustness) -> Markup:
    """Tabulate what worse recordings do to the answers."""
    has_intensity = all(row.intensity_auc is not None for row in measured.rows)
    headers = text.ROBUSTNESS_HEADERS + ((text.ROBUSTNESS_INTENSITY,) if has_intensity else ())
    rows = [
        (
            capitalize(text.CONDITIONS.get(row.condition, row.condition)),
            percent(row.accuracy),
            points(row.change) if row.change or index else "",
            percent(row.ece),
            percent(row.confidence),
            percent(row.answered),
            *((write_number(row.intensity_auc or 0.0, ".2f"),) if has_intensity else ()),
        )
        for index, row in enumerate(measured.rows)
    ]
    note = text.ROBUSTNESS_NOTE.format(clips=measured.clips)
    rows_shown = table(headers, rows, numeric=len(headers) - 1, stack=True)
    return section(text.ROBUSTNESS, rows_shown, note=note, command="robustness")


def few_shot(measured: FewShot) -> Markup:
    """Tabulate how good heads are that were taught with a few clips."""
    rows = []
    for corpus in measured.corpora:
        for index, row in enumerate(corpus.rows):
            rows.append(
                (
                    in_english(corpus.title or corpus.corpus),
                    str(row.clips),
                    *(_accuracy(one) for one in (row.taught, row.embedding, row.egemaps)),
                    _accuracy(None if index else corpus.zero_shot),
                    "" if index else percent(corpus.chance),
                )
            )
    note = text.FEW_SHOT_NOTE.format(draws=measured.draws)
    seen = [one.title or one.corpus for one in measured.corpora if one.trained_on_it]
    if seen:
        note = f"{note} {text.FEW_SHOT_SEEN.format(corpora=write_list(seen))}"
    shown = table(text.FEW_SHOT_HEADERS, rows, stack=True)
    return section(text.FEW_SHOT, shown, note=note, command="teaching")


def taught(report: TeachingReport) -> Markup:
    """Say what a model was taught, and how it answers clips that it was not taught."""
    return show_report(report, text.TAUGHT)


def _accuracy(score: Accuracy | None) -> str:
    if score is None:
        return ""
    low, high = map(percent, score.interval)
    interval = text.INTERVAL.format(low=low, high=high)
    return str(text.GAIN.format(gain=percent(score.accuracy), interval=interval))


def forms(measured: Forms) -> Markup:
    """Tabulate the network's forms: how large, how fast, and what they cost."""
    unseen = {row.form: row for row in measured.unseen.forms} if measured.unseen else {}
    rows = []
    for row in measured.forms:
        judged = unseen.get(row.form, row)
        rows.append(
            (
                in_english(row.form),
                text.MEGABYTES.format(size=row.bytes / 1e6),
                text.MILLISECONDS.format(time=row.milliseconds),
                percent(judged.accuracy),
                percent(judged.ece),
                percent(judged.agreement),
                percent(judged.largest_difference),
            )
        )
    if measured.unseen:
        note = text.FORMS_UNSEEN.format(clips=measured.unseen.clips)
    else:
        words = text.FORMS_TRAINED if measured.trained_on_it else text.FORMS_MEASURED
        note = words.format(clips=measured.clips, corpus=measured.corpus)
    rows_shown = table(text.FORMS_HEADERS, rows, numeric=6, stack=True)
    return section(text.FORMS, rows_shown, paragraph(text.FORMS_LOAD), note=note, command="forms")


def points(value: float) -> str:
    """Say percentage points with their sign.

    >>> points(3.14), points(-0.04)
    ('+3.1', '-0.0')
    """
    return write_number(value, "+.1f")


def span(interval: tuple[float, float]) -> str:
    """Say an interval of shares in percentage points."""
    low, high = interval
    return text.INTERVAL.format(low=points(100 * low), high=points(100 * high))
