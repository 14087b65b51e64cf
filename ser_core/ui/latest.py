"""What a tab asks of the server, so that no late answer stands beside another recording.

A visitor may take a recording away, or give another, while the one before waits for its turn or is
worked on. So each call says when it was made, by the browser's clock, and each answer what it is
of: the server goes on with no call after which a recording was given or taken away, and the browser
shows no answer beside other recordings than its own.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

import gradio as gr

from .page import QUICK, in_browser

_NOW = "(...given) => [...given.slice(0, -1), performance.now()]"
_IS_BESIDE = """(given, answered) => {
  const paths = [given ?? []].flat().map(one => encodeURIComponent(one.path));
  return answered ? JSON.stringify(paths) === JSON.stringify(answered) : paths.length > 0;
}"""
_UNQUOTED = "!*'()"  # beside letters, digits and _.-~, by encodeURIComponent


class Latest:
    """When a visitor last gave or took away a recording on a tab."""

    def __init__(self) -> None:
        self._time = 0.0  # [ms]

    def note(self, made: object) -> Callable[[], bool]:
        """Note that a call was made.

        Args:
            made: float [ms], when, by the clock of the visitor's page; None, as anything else, is
                before all others.

        Returns:
            Function that says whether there was none after it.
        """
        # A client may send anything, of which gr.Number keeps even what is no number.
        time = made if isinstance(made, int | float) else 0.0
        self._time = max(self._time, time)
        return lambda: time >= self._time


class Calls:
    """What the calls of a tab carry; to be made inside the open Blocks.

    Attributes:
        carried: components that are the last inputs of each call: the visitor's Latest, and when
            the call was made.
        answered: gr.JSON, the last output of each that answers, by `while_latest`: of what.
    """

    def __init__(self) -> None:
        self.carried = [gr.State(Latest()), gr.Number(visible=False)]
        self.answered = gr.JSON(visible=False)

    def carry(self, *inputs: Any) -> dict[str, Any]:
        """Options of an event that is such a call: what it takes, and when it was made."""
        return {"inputs": [*inputs, *self.carried], "js": _NOW}

    def forget_on(self, triggers: Sequence[Any], outputs: Any, *shown: Any) -> None:
        """Go on with no call that was made before one of these events.

        Args:
            triggers: events that take a recording away.
            outputs: what shows the answer.
            shown: what each shows without a recording, as for `in_browser`.
        """

        def forget(latest: Latest, made: float | None) -> None:
            latest.note(made)

        # In this order: Gradio begins with the second once the first is answered.
        gr.on(list(triggers), outputs=outputs, **in_browser(*shown))
        gr.on(list(triggers), forget, trigger_mode="multiple", **self.carry(), **QUICK)


def while_latest(
    is_latest: Callable[[], bool],
    given: str | Sequence[str] | None,
    shown: Iterator[Sequence[Any]],
) -> Iterator[list[Any]]:
    """Say what an answer is of, and end it once it is late.

    Args:
        is_latest: what Latest.note returned.
        given: path or paths of what is answered.
        shown: values of the event's outputs, one after the other.

    Yields:
        The same, and the value of `Calls.answered`.
    """
    answered = name_answered(given)
    values: Sequence[Any] = ()
    for values in shown:
        if not is_latest():
            break
        yield [*values, answered]
    if not is_latest():  # Gradio sends the last once more at the end
        yield [gr.skip()] * (len(values) + 1)


def name_answered(given: str | Sequence[str] | None) -> list[str]:
    """Name recordings as `Calls.answered` does, by their paths.

    >>> name_answered("uploads/<b>.wav"), name_answered(None)
    (['uploads%2F%3Cb%3E.wav'], [])
    """
    paths = [given] if isinstance(given, str) else given or ()
    # A file's name may be HTML, and an answer has none but ours.
    return [quote(path, safe=_UNQUOTED) for path in paths]


def only_beside(
    given: gr.Audio | gr.File,
    *shown: tuple[gr.blocks.Block, Any],
    answered: gr.JSON | None = None,
) -> dict[str, Any]:
    """Options of an event after an answer: there must be none beside other recordings.

    Args:
        given: the recording, or recordings, that are there.
        shown: what shows the answer, and what each shows where it is of something else.
        answered: that of the tab's Calls; None where there may be anything but nothing.
    """
    kept = json.dumps([gr.skip()] * len(shown))
    empty = json.dumps([value for _, value in shown])
    return {
        "fn": None,
        "js": f"(given, answered) => ({_IS_BESIDE})(given, answered) ? {kept} : {empty}",
        "inputs": [given] if answered is None else [given, answered],
        "outputs": [component for component, _ in shown],
        **QUICK,
    }
