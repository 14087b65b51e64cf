"""What a visitor teaches: clips under labels, of which a session keeps the embeddings alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ...config.schema import LONGEST_NAME
from ...results import Embedding, FrozenMapping, TeachingReport
from ...results.teaching_report import FEWEST_SPEAKERS
from ..look import text
from ..look.glyphs import swatch
from ..look.markup import Markup, fill, join, notice, paragraph, percent, small, table
from ..look.palette import label_css
from ..words.numbers import write_list, write_share

MOST_LABELS = 12
MOST_CLIPS = 240  # of all labels together: 40 of each of six
LEAST_CLIPS = 3  # of a label, to be taught
SCOPE = ".ser-taught"


class LessonError(ValueError):
    """A clip or a label cannot be taken; the sentence says why and what to do."""


@dataclass(frozen=True)
class Lesson:
    """The labels that a visitor has named, with their clips.

    Attributes:
        clips: Embeddings by label, in the order in which labels were named.
    """

    clips: FrozenMapping[str, tuple[Embedding, ...]] = field(default_factory=FrozenMapping)

    @property
    def count(self) -> int:
        """Number of clips of all labels."""
        return sum(map(len, self.clips.values()))

    @property
    def is_enough(self) -> bool:
        """Whether there are two labels or more, with enough clips each."""
        least = min(map(len, self.clips.values()), default=0)
        return len(self.clips) > 1 and least >= LEAST_CLIPS

    def name(self, given: object) -> str:
        """Return a label as it is kept: one that differs in capitals alone is the former one.

        Args:
            given: what a visitor wrote, which may be anything.

        Raises:
            LessonError: it is no label, or one too many.
        """
        label = " ".join(given.split()) if isinstance(given, str) else ""
        if not label:
            raise LessonError(text.TEACH_NO_LABEL)
        if len(label) > LONGEST_NAME or not label.isprintable():
            raise LessonError(text.TEACH_LONG_LABEL.format(most=LONGEST_NAME))
        for known in self.clips:
            if known.casefold() == label.casefold():
                return known
        if len(self.clips) >= MOST_LABELS:
            raise LessonError(text.TEACH_MANY_LABELS.format(most=MOST_LABELS))
        return label

    def add(self, label: str, clip: Embedding) -> "Lesson":
        """Add a clip to a label that `name` returned.

        Raises:
            LessonError: nobody speaks in it, it is there already, or it is one too many.
        """
        if clip.vector is None:
            raise LessonError(text.TEACH_NO_SPEECH)
        for known, clips in self.clips.items():
            if any(one.fingerprint == clip.fingerprint for one in clips):
                raise LessonError(text.TEACH_TWICE.format(label=known))
        if self.count >= MOST_CLIPS:
            raise LessonError(text.TEACH_MANY_CLIPS.format(most=MOST_CLIPS))
        grown = dict(self.clips)
        grown[label] = (*grown.get(label, ()), clip)
        return replace(self, clips=FrozenMapping(grown))

    def drop(self, label: str) -> "Lesson":
        """Forget a label and its clips."""
        kept = {known: clips for known, clips in self.clips.items() if known != label}
        return replace(self, clips=FrozenMapping(kept))


def show_lesson(lesson: Lesson) -> Markup:
    """Tabulate labels with their clips, and say what is lacking."""
    if not lesson.clips:
        return notice(text.TEACH_EMPTY)
    rows = [
        (
            swatch(label),
            text.TEACH_LACKING.format(count=LEAST_CLIPS - len(clips))
            if len(clips) < LEAST_CLIPS
            else "",
            len(clips),
        )
        for label, clips in lesson.clips.items()
    ]
    lacks = "" if len(lesson.clips) > 1 else small(text.TEACH_ONE_LABEL)
    shown = join([table(text.TEACH_HEADERS, rows, numeric=1), lacks])
    return coloured(list(lesson.clips), shown)


def show_report(report: TeachingReport, title: str = "") -> Markup:
    """Say how good a taught model is, by clips that it was not taught, and which it confuses."""
    recall = report.recall
    rows = [
        (
            swatch(label),
            _confused(report.labels, row, index),
            report.clips[label],
            percent(recall[label]),
        )
        for index, (label, row) in enumerate(zip(report.labels, report.confusion, strict=True))
    ]
    headers = text.TEACH_REPORT_HEADERS
    body = join(
        [
            paragraph(say_verdict(report)),
            table(headers, rows, numeric=2, stack=True),
            paragraph(say_advice(report)),
            # With speakers, those of one are left out at a time.
            small(text.TEACH_REPORT_NOTE) if report.speakers is None else "",
        ]
    )
    shown = fill(
        '<section class="ser-section" data-report="{better}"><h2>{title}</h2>{body}</section>',
        better="better" if report.is_better_than_guessing else "unproven",
        title=title or text.TEACH_REPORT,
        body=body,
    )
    return coloured(report.labels, shown)


def say_verdict(report: TeachingReport) -> str:
    """Say how often it was right, whether that is better than guessing, and what may be behind."""
    shares = (report.accuracy, *report.interval, report.chance)
    accuracy, low, high, chance = (write_share(share, 0) for share in shares)
    if report.is_better_than_guessing:
        verdict = text.TEACH_BETTER
    elif report.is_above_guessing:
        verdict = text.TEACH_FEW_SPEAKERS
    else:
        is_worse = report.interval[1] < report.chance
        verdict = text.TEACH_WORSE if is_worse else text.TEACH_UNPROVEN
    sentences = [
        text.TEACH_VERDICT.format(
            right=report.right,
            total=report.total,
            accuracy=accuracy,
            low=low,
            high=high,
        ),
        verdict.format(chance=chance, speakers=report.speakers, least=FEWEST_SPEAKERS),
    ]
    if report.speakers is None:
        sentences.append(text.TEACH_VOICES)
    return " ".join(sentences)


def say_advice(report: TeachingReport) -> str:
    """Say how many more clips it would want, and of how many speakers."""
    wanted = [
        text.TEACH_WANTED_CLIPS.format(count=count, label=label)
        for label, count in report.wanted.items()
        if count
    ]
    sentences = [text.TEACH_WANTED.format(clips=write_list(wanted))] if wanted else []
    if report.has_few_speakers:
        sentences.append(text.TEACH_WANTED_SPEAKERS.format(least=FEWEST_SPEAKERS))
    if wanted and not report.is_above_guessing:
        sentences.append(text.TEACH_ALIKE)
    return " ".join(sentences or [text.TEACH_ENOUGH])


def coloured(labels: Sequence[str], shown: Markup) -> Markup:
    """Give labels that the page did not know their colours, inside what is shown."""
    css = label_css(labels, SCOPE)
    style = fill("<style>{css}</style>", css=Markup(css)) if css else ""
    return fill('<div class="ser-taught">{style}{shown}</div>', style=style, shown=shown)


def _confused(labels: Sequence[str], row: Sequence[int], own: int) -> str:
    """Say what a label's clips were taken for instead, the commonest first."""
    wrong = [(count, labels[at]) for at, count in enumerate(row) if count and at != own]
    wrong.sort(key=lambda one: -one[0])
    return ", ".join(f"{label} {count}" for count, label in wrong)
