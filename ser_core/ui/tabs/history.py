"""A visitor's own past answers: kept in their browser if they ask for it, and nowhere else.

The server is sent them to draw them, and forgets them with its answer. Whatever changes them, an
answer, the switch or the eraser, does so in the browser at one blow: what a server answers may come
after the visitor erased them, and would bring them back. What comes from a browser's storage may be
anything, so all of it is checked; what is not ours is left out.
"""

import base64
import csv
import io
import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import gradio as gr
from gradio.events import Dependency
from pydantic import Field, ValidationError

from ...config.schema import Fraction, Strict
from ..look import text
from ..look.glyphs import swatch
from ..look.markup import Markup, fill, join, name_label, paragraph, percent, small, table
from ..page import QUICK, HeldAnswer, Page
from ..server.inside import erase_script
from ..words.numbers import write_moment, write_time
from .examples import is_example
from .strip import Piece, draw_lanes

MOST = 200  # answers: some 40 kB, of the 5 MB that a browser keeps for a page
SHOWN = 10  # of them in the table; the files hold all
STORAGE_KEY = "speech-emotion-history"
# Gradio encrypts what it stores, with a key that it sends to every visitor: this protects nothing,
# and is no secret. One that does not change lets a history outlive a restart of the server.
STORAGE_SECRET = "kept in this browser alone"
# Beside it lies which history it is, and whether it is on: another tab of this browser may have
# erased it, begun another or turned it off since this one read what is stored.
NOTE_KEY = f"{STORAGE_KEY}-note"
_KEY, _NOTE = json.dumps(STORAGE_KEY), json.dumps(NOTE_KEY)
# What they make of what is stored, which may be anything.
_ENTRIES = "Array.isArray(stored?.entries) ? stored.entries : []"
TURN = f"""(on, stored) => {{
  const [noted] = (localStorage.getItem({_NOTE}) ?? "").split(":");
  const same = localStorage.getItem({_KEY}) !== null && noted === (stored?.begun ?? "");
  const begun = same && noted ? noted : String(Math.random());
  localStorage.setItem({_NOTE}, `${{begun}}:${{on}}`);
  return {{on, begun, entries: same ? {_ENTRIES} : []}};
}}"""
ADD = f"""(entry, stored) => {{
  if (localStorage.getItem({_KEY}) === null) return null;
  const note = localStorage.getItem({_NOTE}) ?? ":true";
  if (!entry || stored?.on !== true || note !== `${{stored.begun ?? ""}}:true`)
    return {json.dumps(gr.skip())};
  return {{on: true, begun: stored.begun, entries: [...({_ENTRIES}), entry].slice(-{MOST})}};
}}"""
WIDTH = 0.012  # of an answer in the picture, as a share of its width
LEAST_SPAN = 300.0  # [s] that the picture's width stands for at least
TICKS = 5  # times written under it
DAY = 86_400.0  # [s]


class Entry(Strict):
    """One past answer.

    Attributes:
        time: int [s] since 1970, UTC.
        status: "emotion" or "uncertain".
        label: str, the likeliest emotion.
        probabilities: float in [0, 1] by label.
    """

    time: Annotated[int, Field(ge=0, lt=4_102_444_800)]  # the year 2100
    status: Literal["emotion", "uncertain"]
    label: str
    probabilities: dict[str, Fraction]

    @classmethod
    def of(cls, held: HeldAnswer) -> "Entry":
        """Make one of an answer with an emotion, given now."""
        prediction = held.prediction
        if prediction.label is None or prediction.status == "no_speech":
            raise ValueError("without speech there is nothing to remember")
        return cls(
            time=int(time.time()),
            status=prediction.status,
            label=prediction.label,
            probabilities={k: round(v, 3) for k, v in prediction.probabilities.items()},
        )

    @property
    def confidence(self) -> float:
        """Probability of the label."""
        return self.probabilities[self.label]

    @property
    def moment(self) -> str:
        """When it was, as ISO 8601."""
        return datetime.fromtimestamp(self.time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class History(Strict):
    """What is kept.

    Attributes:
        on: bool, whether the visitor wants the next answer kept as well.
        entries: in order of time, MOST at most.
    """

    on: bool = False
    entries: tuple[Entry, ...] = ()

    @classmethod
    def from_browser(cls, stored: Any, labels: Sequence[str]) -> "History":
        """Read what a browser sent, whatever it is.

        Args:
            stored: any JSON value.
            labels: the emotions an entry must know, all of them and no other.

        Returns:
            History; without what is not an entry of ours.

        >>> History.from_browser("<script>", ["sad"])
        History(on=False, entries=())
        """
        if not isinstance(stored, dict):
            return cls()
        values = stored.get("entries")
        entries = []
        for one in values[-MOST:] if isinstance(values, list) else ():
            try:
                entry = Entry.model_validate(one)
            except (ValidationError, RecursionError):
                continue
            if set(entry.probabilities) == set(labels) and entry.label in labels:
                entries.append(entry)
        entries.sort(key=lambda entry: entry.time)
        return cls(on=stored.get("on") is True, entries=tuple(entries))


def build(page: Page) -> Callable[[Dependency, gr.State], None]:
    """Build it inside the open Blocks.

    Returns:
        Function that makes an event's answers be remembered: it takes the event, and the State with
        its HeldAnswer or None.
    """
    labels = page.recognizer.labels
    stored = gr.BrowserState(None, storage_key=STORAGE_KEY, secret=STORAGE_SECRET)
    with gr.Accordion(text.HISTORY, open=False, elem_id="history"):
        gr.HTML(paragraph(text.HISTORY_INTRO.format(most=MOST)))
        switch = gr.Checkbox(False, label=text.HISTORY_SWITCH, elem_id="history-switch")
        view = gr.HTML(nothing := show_history(History(), labels), elem_id="history-view")
        erase = gr.Button(text.HISTORY_ERASE, size="sm", elem_id="history-erase")

    def draw(kept: Any) -> tuple[bool, Markup]:
        history = History.from_browser(kept, labels)
        return history.on, show_history(history, labels)

    def entry_of(held: HeldAnswer | None, kept: Any) -> dict[str, Any] | None:
        history = History.from_browser(kept, labels)
        if not history.on or held is None or is_example(held.path):
            return None
        if held.prediction.label is None:
            return None  # without speech there is nothing to remember
        entry = Entry.of(held)
        if history.entries and history.entries[-1].probabilities == entry.probabilities:
            return None  # the last answer once more
        return entry.model_dump()

    # Whatever changes what is stored, so that the page never shows anything else.
    stored.change(draw, inputs=stored, outputs=[switch, view], **QUICK)
    switch.input(None, inputs=[switch, stored], outputs=stored, js=TURN, **QUICK)
    erase.click(
        None,
        outputs=[stored, switch, view],
        js=erase_script((STORAGE_KEY, NOTE_KEY), (None, False, nothing)),
        **QUICK,
    )

    def remember(event: Dependency, held: gr.State) -> None:
        entry = gr.JSON(visible=False)
        made = event.success(
            entry_of, inputs=[held, stored], outputs=entry, trigger_mode="multiple", **QUICK
        )
        made.success(None, inputs=[entry, stored], outputs=stored, js=ADD, **QUICK)

    return remember


def show_history(history: History, labels: Sequence[str]) -> Markup:
    """Show a history: a picture along time, the latest answers, and all of them as files.

    Args:
        history: History.
        labels: str, in the order in which they are drawn.
    """
    if not history.entries:
        words = text.HISTORY_EMPTY if history.on else text.HISTORY_OFF
        return small(words)
    latest = [
        (
            write_time(datetime.fromtimestamp(entry.time, UTC)),
            swatch(entry.label),
            percent(entry.confidence)
            + (f" ({text.TIMELINE_UNSURE})" if entry.status == "uncertain" else ""),
        )
        for entry in reversed(history.entries[-SHOWN:])
    ]
    return join(
        [
            _picture(history.entries, labels),
            small(text.HISTORY_NOTE),
            table(text.HISTORY_HEADERS, latest, numeric=1),
            fill(
                '<p class="ser-files">{files}</p>',
                files=join(
                    [
                        _file("emotions.csv", "text/csv", "CSV", as_csv(history, labels)),
                        _file("emotions.json", "application/json", "JSON", as_json(history)),
                    ]
                ),
            ),
        ]
    )


def as_csv(history: History, labels: Sequence[str]) -> str:
    """Write the answers as CSV: time (UTC), status, label, and a column for each probability."""
    rows = io.StringIO()
    writer = csv.writer(rows, lineterminator="\n")
    taken = ["time", "status", "label"]
    writer.writerow([*taken, *(f"prob_{one}" if one in taken else one for one in labels)])
    for entry in history.entries:
        shares = [entry.probabilities[label] for label in labels]
        writer.writerow([entry.moment, entry.status, entry.label, *shares])
    return rows.getvalue()


def as_json(history: History) -> str:
    """Write the answers as a JSON list."""
    return json.dumps(
        [entry.model_dump() | {"time": entry.moment} for entry in history.entries], indent=1
    )


def _file(name: str, kind: str, form: str, content: str) -> Markup:
    # The file is inside the link: the server keeps none.
    return fill(
        '<a class="ser-copy" download="{name}" href="data:{kind};base64,{content}">{words}</a>',
        name=name,
        kind=kind,
        content=base64.b64encode(content.encode()).decode(),
        words=text.TIMELINE_DOWNLOAD.format(form=form),
    )


def _picture(entries: Sequence[Entry], labels: Sequence[str]) -> Markup:
    first, last = float(entries[0].time), float(entries[-1].time)
    span = max(last - first, LEAST_SPAN)
    middle = (first + last) / 2
    start, end = middle - 0.52 * span, middle + 0.52 * span
    half = WIDTH / 2 * (end - start)
    counts = {label: sum(entry.label == label for entry in entries) for label in labels}
    return draw_lanes(
        [
            Piece(entry.time - half, entry.time + half, entry.label, entry.status == "uncertain")
            for entry in entries
        ],
        {label: count / len(entries) for label, count in counts.items()},
        start=start,
        end=end,
        ticks=_ticks(middle, span) if last > first else [(middle, _clock(middle, span))],
        summary=_in_words(counts, entries),
    )


def _ticks(middle: float, span: float) -> list[tuple[float, str]]:
    times = [middle + span * (k / (TICKS - 1) - 0.5) for k in range(TICKS)]
    return [(moment, _clock(moment, span)) for moment in times]


def _clock(moment: float, span: float) -> str:
    when = datetime.fromtimestamp(moment, UTC)
    parts = ["MMMd"] if span > TICKS * DAY else ["Hm"] if span < DAY else ["MMMd", "Hm"]
    return ", ".join(write_moment(when, part) for part in parts)


def _in_words(counts: Mapping[str, int], entries: Sequence[Entry]) -> str:
    shares = ", ".join(f"{name_label(label)} {count}" for label, count in counts.items() if count)
    return text.HISTORY_SUMMARY.format(
        count=len(entries),
        first=write_moment(datetime.fromtimestamp(entries[0].time, UTC), "yMMMd"),
        last=write_moment(datetime.fromtimestamp(entries[-1].time, UTC), "yMMMd"),
        shares=shares,
    )
