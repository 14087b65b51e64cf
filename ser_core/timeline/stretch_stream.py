"""A recording that comes in pieces, for a network that gives its encoder's frames.

A stretch begins where speech begins, less a margin, at or after the end of the one before. It is
`config.window` seconds long, or ends a margin after the last speech in it; then it reaches back, as
the last stretch of a clip does (see ser_core.features.cover). So every moment with speech is
encoded once, and silence never but for pauses within a stretch.

A window's summary is of the encoded frames in it that are speech or within the margin of it. An
encoder's frame stands where the first of ours does that it is of.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..config.feature_config import FeatureConfig
from ..features import Stretch
from .cells import LONGEST_CELL, CellGrid
from .recording_stream import RecordingStream
from .windows import MARGIN, Window, enough_speech, frames_of, mark_speech


@dataclass(frozen=True)
class SpokenStretch:
    """A stretch to encode.

    Attributes:
        stretch: Stretch, of the recording's frames.
        frames: float32 array of shape (n, columns), from its start to its stop.
        near: bool array of shape (n,), which of them count: those in speech or within the margin
            of it, and not before the stretch's `first`.
    """

    stretch: Stretch
    frames: np.ndarray
    near: np.ndarray


@dataclass(frozen=True)
class CellWindow:
    """A window that is answered from a summary.

    Attributes:
        window: Window.
        cells: the numbers of its cells; empty with too little speech to answer.
    """

    window: Window
    cells: range


class StretchStream(RecordingStream[SpokenStretch | CellWindow]):
    """The stretches of a recording that comes in pieces, and its windows.

    Windows begin every `hop` seconds; the last one ends where the recording ends, and begins where
    a cell begins, so that it may be up to `LONGEST_CELL` longer than the others. A recording no
    longer than one window is one window. A window comes after all stretches that it needs.

    Attributes:
        grid: CellGrid, the cells of its windows.
    """

    def __init__(
        self, config: FeatureConfig, window: float, hop: float, *, voices: bool = False
    ) -> None:
        """Begin a recording; the arguments are as for `WindowStream`."""
        super().__init__(config, voices=voices)
        length, step = frames_of(window, config), frames_of(hop, config)
        self.grid = CellGrid(length, step, frames_of(LONGEST_CELL, config))
        self.margin = round(MARGIN * self.rate)
        self.start = 0  # the frame where the next window begins
        self.next = 0  # the frame before which all speech is in a stretch

    def push(self, samples: np.ndarray) -> Iterator[SpokenStretch | CellWindow]:
        """Take the next mono float32 samples at `config.sample_rate`; give what is complete."""
        self.take(samples)
        known = self.settled - self.margin - 2  # whether there is speech within a margin of it
        yield from self._stretches(known)
        while self.start + self.grid.length < min(self.settled, self.next):
            yield self._window(self.start, self.start + self.grid.length)
            self.start += self.grid.step
        self.forget(max(0, self.next - self.config.window_frames))

    def finish(self) -> Iterator[SpokenStretch | CellWindow]:
        """End the recording, and give what is left."""
        self.end()
        yield from self._stretches(self.count, last=True)
        final = self.grid.begin(max(0, self.count - self.grid.length))
        while self.start < final:
            yield self._window(self.start, self.start + self.grid.length)
            self.start += self.grid.step
        yield self._window(final, self.count)

    def _stretches(self, known: int, *, last: bool = False) -> Iterator[SpokenStretch]:
        """Give the stretches whose speech is known, before a frame."""
        length = self.config.window_frames
        while self.next < known:
            near = self._near(self.next, known)
            if not near.any():
                self.next = known
                return
            begin = self.next + int(near.argmax())
            if begin + length > known and not last:
                self.next = begin
                return
            near = near[begin - self.next : begin - self.next + length]
            self.next = begin + int(np.flatnonzero(near)[-1]) + 1
            yield self._stretch(begin, self.next)

    def _stretch(self, first: int, stop: int) -> SpokenStretch:
        """Make a stretch whose counted part is from one frame to another."""
        earliest = max(0, stop - self.config.window_frames)
        start = first
        if earliest < first:
            start = earliest + int(np.append(self._near(earliest, first), True).argmax())
            start = first - (first - start) // 2 * 2  # an encoder's frame is two of ours
        near = self._near(start, stop)
        near[: first - start] = False
        return SpokenStretch(Stretch(start, first, stop), self.between(start, stop).copy(), near)

    def _near(self, first: int, stop: int) -> np.ndarray:  # (stop - first,)
        """Mark the frames that are speech or within the margin of it."""
        around = self.margin + 2
        begin, end = max(0, first - around), stop + around
        segments = self.speech.within(begin / self.rate, end / self.rate)
        wider = [
            (start - self.margin / self.rate, end + self.margin / self.rate)
            for start, end in segments
        ]
        return mark_speech(wider, first, stop - first, self.rate)

    def _window(self, first: int, stop: int) -> CellWindow:
        start, end = self.seconds_of(first, stop)
        seconds = sum(b - a for a, b in self.speech.within(start, end))
        cells = range(0)
        if enough_speech(seconds, self.config):
            cells = self.grid.between(first, stop)
        return CellWindow(Window(start, end, seconds), cells)
