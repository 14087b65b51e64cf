"""A recording that comes in pieces, for a network that gives its encoder's frames.

What counts is speech and a margin around it, less the quiet ends of that, as in a clip that is
predicted as a whole (see ser_core.features.trim). A stretch begins with the first frame that counts
at or after the end of the one before. It is `config.window` seconds long, or ends with the last
frame in it that counts; then it reaches back, as the last stretch of a clip does (see
ser_core.features.cover). So every moment with speech is encoded once, and silence never but for
pauses within a stretch.

A window's summary is of the encoded frames in it that count. An encoder's frame stands where the
first of ours does that it is of.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..config.feature_config import FeatureConfig
from ..features import Stretch, choose_front_end
from .cells import LONGEST_CELL, CellGrid
from .recording_stream import RecordingStream
from .windows import MARGIN, Window, enough_speech, frames_of, mark_speech


@dataclass(frozen=True)
class SpokenStretch:
    """A stretch to encode.

    Attributes:
        stretch: Stretch, of the recording's frames.
        frames: float32 array of shape (n, columns), from its start to its stop.
        counted: bool array of shape (n,), which of them count, none before the stretch's `first`.
    """

    stretch: Stretch
    frames: np.ndarray
    counted: np.ndarray


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
        self.next = 0  # the frame before which all that counts is in a stretch
        self.known = 0  # the frame before which it was known what counts

    def push(self, samples: np.ndarray) -> Iterator[SpokenStretch | CellWindow]:
        """Take the next mono float32 samples at `config.sample_rate`; give what is complete."""
        self.take(samples)
        reach = self.config.window_frames
        # Whether a frame counts depends on speech up to one window after it, and how loud two are.
        yield from self._stretches(
            min(self.settled - reach - self.margin - 2, self.count - 2 * reach)
        )
        while self.start + self.grid.length < min(self.settled, self.next):
            yield self._window(self.start, self.start + self.grid.length)
            self.start += self.grid.step
        self.forget(max(0, self.next - 3 * reach))

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
        """Give the stretches before a frame, where it is known until there what counts."""
        length = self.config.window_frames
        if known <= self.known and not last:
            return
        self.known = known
        while self.next < known:
            counted = self._counted(self.next, known)
            if not counted.any():
                self.next = known
                return
            begin = self.next + int(counted.argmax())
            if begin + length > known and not last:
                self.next = begin
                return
            counted = counted[begin - self.next : begin - self.next + length]
            self.next = begin + int(np.flatnonzero(counted)[-1]) + 1
            yield self._stretch(begin, self.next)

    def _stretch(self, first: int, stop: int) -> SpokenStretch:
        """Make a stretch whose counted part is from one frame to another."""
        earliest = max(0, stop - self.config.window_frames)
        start = first
        if earliest < first:
            start = earliest + int(np.append(self._counted(earliest, first), True).argmax())
            start = first - (first - start) // 2 * 2  # an encoder's frame is two of ours
        counted = self._counted(start, stop)
        counted[: first - start] = False
        frames = self.between(start, stop).copy()
        return SpokenStretch(Stretch(start, first, stop), frames, counted)

    def _counted(self, first: int, stop: int) -> np.ndarray:  # (stop - first,)
        """Mark the frames that count: near speech, and not the quiet ends of that.

        A frame near speech is loud if it is within `config.trim` of the loudest one near speech
        that is less than a window away. One counts if a loud one of the same stretch of speech is
        less than a window before it, or it, and one after it, or it.
        """
        reach = self.config.window_frames
        begin, end = max(0, first - 2 * reach), min(self.count, stop + 2 * reach)
        near = self._near(begin, end)
        energy = choose_front_end(self.config).energy(self.between(begin, end)) * near
        around = np.pad(energy, (reach, reach - 1))
        loudest = sliding_window_view(around, 2 * reach).max(axis=1)
        loud = near & (energy >= loudest * 10.0 ** (-self.config.trim / 10.0))
        counted = near & _follows(loud, near, reach)
        counted &= _follows(loud[::-1], near[::-1], reach)[::-1]
        wanted: np.ndarray = counted[first - begin : stop - begin]
        return wanted

    def _near(self, first: int, stop: int) -> np.ndarray:  # (stop - first,)
        """Mark the frames that are speech or within the margin of it."""
        around, margin = self.margin + 2, self.margin / self.rate
        begin, end = max(0, first - around), stop + around
        segments = self.speech.within(begin / self.rate, end / self.rate)
        wider = [(start - margin, end + margin) for start, end in segments]
        return mark_speech(wider, first, stop - first, self.rate)

    def _window(self, first: int, stop: int) -> CellWindow:
        start, end = self.seconds_of(first, stop)
        seconds = sum(b - a for a, b in self.speech.within(start, end))
        cells = range(0)
        if enough_speech(seconds, self.config):
            cells = self.grid.between(first, stop)
        return CellWindow(Window(start, end, seconds), cells)


def _follows(loud: np.ndarray, near: np.ndarray, reach: int) -> np.ndarray:  # (frames,)
    """Mark the frames that are loud, or less than `reach` after a loud one with speech between."""
    places = np.arange(len(loud))
    last_loud = np.maximum.accumulate(np.where(loud, places, -reach))
    last_pause = np.maximum.accumulate(np.where(near, -1, places))
    follows: np.ndarray = (last_loud > last_pause) & (places - last_loud < reach)
    return follows
