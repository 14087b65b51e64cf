"""Answer the windows of a recording on several threads, in order."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

import numpy as np

from ..features import assemble, choose_front_end
from ..features.frame_sums import FrameSums, summarise_sums
from ..model.pooling import Pooled, select_rows
from ..model.predictor import Predictor
from .cells import CellGrid
from .in_order import InOrder
from .stretch_stream import CellWindow, SpokenStretch
from .windows import Window

WINDOWS = 16  # that a thread answers in one go
STRETCHES = 4  # that a thread encodes in one go

AnsweredWindow = tuple[Window, Pooled | None]

Taken = TypeVar("Taken", contravariant=True)


class Answering(Protocol[Taken]):
    """Takes what a recording's stream gives, and gives its windows, answered, in order."""

    def put(self, items: Iterable[Taken]) -> Iterator[AnsweredWindow]:
        """Take items, and give back the windows that are answered."""

    def finish(self) -> Iterator[AnsweredWindow]:
        """Give back all windows that are left."""

    def close(self) -> None:
        """Drop what has not been begun."""


class WindowAnswering(InOrder[Window, Pooled | None]):
    """Answers windows from their inputs."""

    def __init__(self, predictor: Predictor, threads: int) -> None:
        super().__init__(self.answer, threads, items=WINDOWS)
        self.predictor = predictor

    def answer(self, windows: list[Window]) -> list[Pooled | None]:
        """Give each window's answer, pooled over its inputs; None for one without inputs."""
        inputs = [window.inputs for window in windows if window.inputs is not None]
        if not inputs:
            return [None] * len(windows)
        owners = np.repeat(np.arange(len(inputs)), [len(own) for own in inputs])
        given = self.predictor.run(np.concatenate(inputs))
        pooled = [
            self.predictor.pool(select_rows(given, owners == index)) for index in range(len(inputs))
        ]
        answers = iter(pooled)
        return [None if window.inputs is None else next(answers) for window in windows]


Cells = dict[int, FrameSums]


class SummaryAnswering:
    """Encodes stretches on several threads, and answers windows from summaries of their frames."""

    def __init__(self, predictor: Predictor, threads: int, grid: CellGrid) -> None:
        """Begin a recording.

        Args:
            predictor: Predictor of a network that gives its encoder's frames.
            threads: int > 0.
            grid: CellGrid of the windows.
        """
        self.predictor, self.grid = predictor, grid
        self._encoding = InOrder(self._encode, threads, items=STRETCHES)
        self._cells: Cells = {}
        self._given = self._done = 0  # stretches
        self._pending: deque[tuple[int, CellWindow]] = deque()  # with the stretches it needs

    def put(self, items: Iterable[SpokenStretch | CellWindow]) -> Iterator[AnsweredWindow]:
        """Take stretches and windows, and give back the windows that are answered."""
        for item in items:
            if isinstance(item, CellWindow):
                self._pending.append((self._given, item))
            else:
                self._given += 1
                self._keep(self._encoding.put([item]))
            yield from self._answer_pending()

    def finish(self) -> Iterator[AnsweredWindow]:
        """Give back all windows that are left."""
        self._keep(self._encoding.finish())
        yield from self._answer_pending()

    def close(self) -> None:
        """Drop what has not been begun."""
        self._encoding.close()

    def _encode(self, stretches: list[SpokenStretch]) -> list[Cells]:
        """Encode stretches, and sum up the frames of each that count by the cells they are in."""
        config = self.predictor.config
        front = choose_front_end(config)
        inputs = assemble([front.levels(one.frames) for one in stretches], config)
        encoded = self.predictor.encode(inputs)  # (stretches, encoder's frames, width)
        ratio = config.frames // encoded.shape[1]  # frames of ours to one of the encoder's
        kept = []
        for one, rows in zip(stretches, encoded, strict=True):
            marks = np.append(one.counted, np.zeros(-len(one.counted) % ratio, dtype=bool))
            counted = np.flatnonzero(marks.reshape(-1, ratio).any(axis=1))
            numbers = self.grid.number(one.stretch.start + counted * ratio)
            borders = np.flatnonzero(np.diff(numbers)) + 1
            parts = zip(np.split(counted, borders), np.split(numbers, borders), strict=True)
            kept.append({int(cell[0]): FrameSums.of(rows[own]) for own, cell in parts})
        return kept

    def _keep(self, encoded: Iterable[tuple[SpokenStretch, Cells]]) -> None:
        for _, cells in encoded:
            self._done += 1
            for number, sums in cells.items():
                former = self._cells.get(number)
                self._cells[number] = sums if former is None else former.join(sums)

    def _answer_pending(self) -> Iterator[AnsweredWindow]:
        while self._pending and self._pending[0][0] <= self._done:
            _, item = self._pending.popleft()
            yield item.window, self._answer(item.cells)

    def _answer(self, numbers: range) -> Pooled | None:
        for number in [number for number in self._cells if number < numbers.start]:
            del self._cells[number]
        sums = [self._cells[number] for number in numbers if number in self._cells]
        if not sums:
            return None
        summary = summarise_sums(sums, self.predictor.config.outputs.summary)
        return self.predictor.pool(self.predictor.answer(summary[None]))
