"""How good a head is that was taught labels from a few clips, by clips that it was not taught."""

from collections.abc import Mapping
from dataclasses import dataclass

from .result import Result
from .wilson import wilson_interval

CLIPS_WANTED = 10  # of a label: up to there, each doubling of clips gains most (docs/python.md)
WIDTH_WANTED = 0.2  # of the accuracy's interval: 10 points to either side
FEWEST_SPEAKERS = 5  # below which an interval that counts clips says nothing of other speakers
VOICES_MAY_TELL = (
    "Who speaks was not said: if each label has voices of its own, this may be the voices."
)


@dataclass(frozen=True, eq=False, repr=False)
class TeachingReport(Result):
    """What a taught recognizer was taught, and how it answers clips that it was not taught.

    Every clip is answered by a head that was taught the other clips alone; where speakers were
    given, those of the other speakers.

    Attributes:
        labels: the taught labels, in order.
        clips: read-only mapping from label to its number of clips.
        test: str, such as "leave-one-out" or "leave-one-speaker-out".
        speakers: int, how many there were; None where nobody said.
        confusion: counts, one row per true label, one column per answer, in the labels' order.
    """

    labels: tuple[str, ...]
    clips: Mapping[str, int]
    test: str
    speakers: int | None
    confusion: tuple[tuple[int, ...], ...]

    @property
    def total(self) -> int:
        """Number of clips."""
        return sum(self.clips.values())

    @property
    def right(self) -> int:
        """Number of clips that were answered rightly."""
        return sum(row[index] for index, row in enumerate(self.confusion))

    @property
    def accuracy(self) -> float:
        """Share of the clips that were answered rightly, in [0, 1]."""
        return self.right / self.total

    @property
    def interval(self) -> tuple[float, float]:
        """95 % Wilson interval of the accuracy.

        It takes clips to be independent of one another: those of one person, said in one go, are
        not, and then it is too narrow.
        """
        return wilson_interval(self.accuracy, self.total)

    @property
    def chance(self) -> float:
        """Accuracy of who always guesses the label with most clips, in [0, 1]."""
        return max(self.clips.values()) / self.total

    @property
    def recall(self) -> dict[str, float]:
        """Share of each label's clips that were answered rightly, in [0, 1]."""
        return {
            label: row[index] / sum(row)
            for index, (label, row) in enumerate(zip(self.labels, self.confusion, strict=True))
        }

    @property
    def is_better_than_guessing(self) -> bool:
        """Whether the whole interval of the accuracy is above guessing.

        False where speakers were given and are fewer than 5: the interval takes clips to be
        independent, and says nothing of other speakers then.
        """
        return self.is_above_guessing and not self.has_few_speakers

    @property
    def has_few_speakers(self) -> bool:
        """Whether there are too few speakers for the interval to say anything of others."""
        return self.speakers is not None and self.speakers < FEWEST_SPEAKERS

    @property
    def is_above_guessing(self) -> bool:
        """Whether the interval of the accuracy lies above guessing."""
        return self.interval[0] > self.chance

    @property
    def wanted(self) -> dict[str, int]:
        """How many more clips of each label it would want, 0 for enough.

        As many as make 10 of each label, and as many as it takes for an interval of the accuracy no
        wider than 10 points to either side if the accuracy stays as it is, divided among the labels
        alike.
        """
        total = self.total
        while True:
            low, high = wilson_interval(self.accuracy, total)
            if high - low <= WIDTH_WANTED:
                break
            total += 1
        each = max(CLIPS_WANTED, -(-total // len(self.labels)))
        return {label: max(0, each - count) for label, count in self.clips.items()}

    @property
    def verdict(self) -> str:
        """How good it is, whether that is better than guessing, and what may be behind it."""
        low, high = self.interval
        said = (
            f"{self.right} of {self.total} clips were answered rightly by heads that were not "
            f"taught them ({100 * self.accuracy:.0f} %, 95 % interval {100 * low:.0f} to "
            f"{100 * high:.0f} %; {self.test})."
        )
        guess = f"guessing, which is right in {100 * self.chance:.0f} %"
        if self.is_better_than_guessing:
            verdict = f"That is better than {guess}."
        elif self.is_above_guessing:
            verdict = (
                f"The interval is above {guess}, but it counts clips, and {self.speakers} "
                "speakers are too few to say that others would be answered as well: at least "
                f"{FEWEST_SPEAKERS} are needed."
            )
        elif high < self.chance:
            verdict = f"That is worse than {guess}: do not use it."
        else:
            verdict = f"That cannot be told from {guess}: do not believe it yet."
        return f"{said} {verdict}" + ("" if self.speakers is not None else f" {VOICES_MAY_TELL}")

    @property
    def advice(self) -> str:
        """What would help, in a sentence."""
        wanted = {label: count for label, count in self.wanted.items() if count}
        people = f"at least {FEWEST_SPEAKERS} speakers" if self.has_few_speakers else ""
        if not wanted and people:
            return f"It needs clips of {people}."
        if not wanted:
            return "It has as many clips as it needs."
        items = [f"{count} of {label}" for label, count in wanted.items()]
        listed = " and ".join([", ".join(items[:-1]), items[-1]] if items[1:] else items)
        more = f", with those of {people} in all" if people else ""
        if not self.is_above_guessing:
            more += "; if they do not help, the labels sound alike to this model"
        return f"It needs more clips: {listed}{more}."

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON types: every field, and the figures that follow from them."""
        return super().to_dict() | {
            "accuracy": self.accuracy,
            "interval": list(self.interval),
            "chance": self.chance,
            "is_better_than_guessing": self.is_better_than_guessing,
            "recall": self.recall,
            "wanted": self.wanted,
            "verdict": self.verdict,
            "advice": self.advice,
        }

    def to_markdown(self) -> str:
        """Return the table of true labels and answers, as Markdown."""
        header, *rows = ([_cell(value) for value in row] for row in self.table())
        lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
        return "".join(f"| {' | '.join(line)} |\n" for line in lines)

    def _headline(self) -> str:
        return self.verdict

    def _table(self) -> list[tuple[str, ...]]:
        return self.table()

    def table(self) -> list[tuple[str, ...]]:
        """Return the table of true labels and answers as text, its header first."""
        recall = self.recall
        return [
            ("label", "clips", "right", *(f"answered {label}" for label in self.labels)),
            *(
                (label, str(self.clips[label]), f"{100 * recall[label]:.0f} %", *map(str, row))
                for label, row in zip(self.labels, self.confusion, strict=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verdict} {self.advice}"


def _cell(text: str) -> str:
    """Escape what would end a cell of a Markdown table, or begin an element of HTML."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
