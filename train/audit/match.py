"""Whether two recordings are one: lay their pictures over each other, and look how well they fit.

People repeat a sentence at another pitch and pace, and both wander; a copy's do not, whatever was
done to it. So two things are asked: how alike the pictures are once the best speed, pitch and delay
are undone, and how much the pitch of one still wanders around the other's from part to part.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft2, next_fast_len, rfft2

from .sound import COARSE, FINE, band_power, picture, stretch

# Set on copies of a few dozen clips of RAVDESS and nEMO, and on takes of one sentence by one actor;
# benchmarks/audit.py measures what they give on all clips.
MIN_COARSE = 0.60  # correlation of the coarse pictures, below which nothing more is looked at
MIN_SCORE = 0.72  # correlation of the fine pictures
MAX_WANDER = 0.17  # semitones
MIN_OVERLAP = 0.5  # of the shorter recording

SPEEDS = (0.88, 0.9, 0.92, 0.94, 0.96, 0.98, 1.0, 1.02, 1.04, 1.06, 1.08, 1.1, 1.12, 1.14)
NEARBY = (-0.02, 0.0, 0.02)  # around a speed that is known to the nearest 0.03
LARGEST_SHIFT = 6  # coarse bands either way: six semitones
PART = 30  # fine frames: 0.3 s
SAME_SPEED, SAME_PITCH = 0.01, 0.25  # how near is the same; the second in semitones
NOISE_STEP, NOISE_LEVEL = 6.0, -45.0  # dB: how much, and how loud, a floor is that was added


@dataclass(frozen=True)
class Match:
    """How one recording becomes another.

    Attributes:
        score: float in [-1, 1], correlation of the pictures where they overlap.
        wander: float [semitones], how far parts of 0.3 s differ in pitch from the whole; infinite
            where that was not looked at.
        speed: float, how many times as fast the second is.
        pitch: float [semitones], how much higher the second is.
        overlap: float, share of the shorter recording that both have.
        noisier: whether one has a noise floor that the other has not.
    """

    score: float
    wander: float = np.inf
    speed: float = 1.0
    pitch: float = 0.0
    overlap: float = 0.0
    noisier: bool = False

    @property
    def is_copy(self) -> bool:
        """Whether it is one recording, changed or not."""
        alike = self.score >= MIN_SCORE and self.overlap >= MIN_OVERLAP
        return bool(alike and self.wander <= MAX_WANDER)

    @property
    def kind(self) -> str:
        """`re-encoded` where speed, pitch and noise are the same, else `augmented`."""
        same = abs(self.speed - 1.0) < SAME_SPEED and abs(self.pitch) < SAME_PITCH
        return "re-encoded" if same and not self.noisier else "augmented"

    def __str__(self) -> str:
        changes = []
        if abs(self.speed - 1.0) >= SAME_SPEED:
            changes.append(f"speed {self.speed:.2f}")
        if abs(self.pitch) >= SAME_PITCH:
            changes.append(f"pitch {self.pitch:+.1f} semitones")
        if self.noisier:
            changes.append("noise")
        return ", ".join(changes) or "another file of it"


def match(first: np.ndarray, second: np.ndarray, *, near: float | None = None) -> Match:
    """Compare two recordings.

    Args:
        first, second: float32 arrays of shape (n,), mono at 16 kHz.
        near: float > 0, about how many times as fast the second is; None to try all of SPEEDS.

    Returns:
        Match; where the coarse pictures already differ, only its score is filled in.
    """
    coarse = [picture(band_power(samples, COARSE), COARSE) for samples in (first, second)]
    speeds = SPEEDS if near is None else [near + step for step in NEARBY]
    score, longer, late, higher = place(coarse[0], coarse[1], speeds)
    if score < MIN_COARSE:
        return Match(score)
    power = [band_power(samples, FINE) for samples in (first, second)]
    one, other = (picture(rows, FINE) for rows in power)
    length, delay, shift = refine(one, other, longer, late, higher)
    laid, rows, columns = lay(one, length, delay, shift, len(other))
    under = other[rows][:, columns]
    return Match(
        score=correlation(laid, under),
        wander=wander(laid, under),
        speed=1.0 / length,
        pitch=12.0 * shift / FINE.per_octave,
        overlap=min(1.0, len(laid) / min(len(one) * length, len(other))),
        noisier=noisier(power[0], power[1][rows]),
    )


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Cosine of the angle between two pictures of one shape; 0 for silence or for nothing."""
    lengths = np.linalg.norm(one) * np.linalg.norm(other)
    return float(np.vdot(one, other) / lengths) if lengths > 0 else 0.0


def place(
    one: np.ndarray, other: np.ndarray, speeds: Sequence[float]
) -> tuple[float, float, int, int]:
    """Find the speed, delay and shift at which one coarse picture lies best on another.

    All delays and shifts are tried at once, by a two-dimensional Fourier transform.

    Args:
        one, other: float32 arrays of shape (frames, bands).
        speeds: how many times as fast the second may be.

    Returns:
        Correlation where they overlap, how many times as long `one` is made, delay [frames], shift
        in frequency [bands].
    """
    longest = round(len(one) / min(speeds)) + len(other)
    size = (next_fast_len(longest, real=True), one.shape[1] + LARGEST_SHIFT)
    spectrum = rfft2(other, size)
    best = (-1.0, 1.0, 0, 0)
    for speed in speeds:
        longer = stretch(one, 1.0 / speed)
        products = irfft2(rfft2(longer, size).conj() * spectrum, size)
        near = np.roll(products, LARGEST_SHIFT, axis=1)[:, : 2 * LARGEST_SHIFT + 1]
        row, column = divmod(int(np.argmax(near)), near.shape[1])
        delay = row - (size[0] if row >= len(other) else 0)
        shift = column - LARGEST_SHIFT
        laid, rows, columns = lay(longer, 1.0, delay, shift, len(other))
        if len(laid) >= MIN_OVERLAP * min(len(longer), len(other)):
            score = correlation(laid, other[rows][:, columns])
            best = max(best, (score, 1.0 / speed, delay, shift))
    return best


def lay(
    one: np.ndarray, length: float, delay: float, shift: float, frames: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Stretch, delay and shift a picture, by linear interpolation.

    Args:
        one: float32 array of shape (n, bands).
        length: float > 0, how many times as long it becomes.
        delay: float [frames], of its beginning, then.
        shift: float [bands], upwards.
        frames: int, length of the picture that it is laid on.

    Returns:
        The part that lies on the other, and which rows and columns of the other it lies on, as
        boolean arrays of shape (frames,) and (bands,).
    """
    places = (np.arange(frames) - delay) / length
    heights = np.arange(one.shape[1]) - shift
    rows = (places >= 0) & (places <= len(one) - 1)
    columns = (heights >= 0) & (heights <= one.shape[1] - 1)
    return between(between(one, places[rows]).T, heights[columns]).T, rows, columns


def between(rows: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Read rows at fractional places, by linear interpolation."""
    before = np.minimum(places.astype(int), max(0, len(rows) - 2))
    share = (places - before)[:, None].astype(np.float32)
    after = np.minimum(before + 1, len(rows) - 1)
    read: np.ndarray = rows[before] * (1.0 - share) + rows[after] * share
    return read


def refine(
    one: np.ndarray, other: np.ndarray, length: float, delay: int, shift: int
) -> tuple[float, float, float]:
    """Go from a coarse place to the best one nearby, in ever smaller steps.

    Args:
        one, other: fine pictures, float32 arrays of shape (frames, bands).
        length, delay, shift: as `place` gives them, in coarse frames and bands.

    Returns:
        length, delay [fine frames], shift [fine bands].
    """
    frames = COARSE.hop_length / FINE.hop_length
    bands = FINE.per_octave / COARSE.per_octave
    here = (length, delay * frames, shift * bands)
    middle = len(one) / 2.0

    def score(at: tuple[float, float, float]) -> float:
        laid, rows, columns = lay(one, *at, len(other))
        return correlation(laid, other[rows][:, columns]) if len(laid) > PART else -1.0

    best = score(here)
    for step in (1.0, 0.5, 0.25, 0.125):
        for _ in range(8):
            longer = 0.01 * step
            steps = [(sign * longer, -sign * longer * middle, 0.0) for sign in (-1, 1)]
            steps += [(0.0, sign * step, 0.0) for sign in (-1, 1)]
            steps += [(0.0, 0.0, sign * step) for sign in (-1, 1)]
            there = [tuple(np.add(here, move)) for move in steps]
            scores = [score(at) for at in there]
            if max(scores) <= best:
                break
            best, here = max(scores), there[int(np.argmax(scores))]
    return here


def wander(one: np.ndarray, other: np.ndarray) -> float:
    """Measure how far parts of a picture are off in frequency, after the whole was laid right.

    Args:
        one, other: float32 arrays of shape (frames, bands), laid on each other.

    Returns:
        Root mean square over parts of 0.3 s of the best local shift [semitones], the median part's
        taken away; infinite where there is less than three parts.
    """
    lags, shifts = (-4, -2, 0, 2, 4), np.arange(-3, 4)
    still = other[4:-4, 3:-3]
    parts = len(still) // PART
    if parts < 3:
        return np.inf

    def by_part(values: np.ndarray) -> np.ndarray:
        sums: np.ndarray = values[: parts * PART].reshape(parts, -1).sum(axis=1)
        return sums

    energy = by_part(still**2)
    fit = np.empty((parts, len(lags), len(shifts)))
    for i, lag in enumerate(lags):
        for j, shift in enumerate(shifts):
            moved = one[4 + lag : 4 + lag + len(still), 3 + shift : 3 + shift + still.shape[1]]
            fit[:, i, j] = by_part(moved * still) / np.sqrt(by_part(moved**2) * energy + 1e-12)
    best_lag = fit.max(axis=2).argmax(axis=1)
    curves = fit[np.arange(parts), best_lag]  # (parts, shifts)
    peaks = np.array([peak(curve) for curve in curves])
    counted = peaks[energy >= 0.15 * np.median(np.sort(energy)[parts // 2 :])]
    off = counted - np.median(counted)
    return float(np.sqrt(np.mean(off**2)) * 12.0 / FINE.per_octave)


def peak(curve: np.ndarray) -> float:
    """Give the place of a curve's maximum, between points by a parabola."""
    top = int(np.argmax(curve))
    if top in (0, len(curve) - 1):
        return float(top)
    left, middle, right = curve[top - 1 : top + 2]
    bend = left - 2.0 * middle + right
    return top + 0.5 * (left - right) / bend if bend < 0 else float(top)


def noisier(one: np.ndarray, other: np.ndarray) -> bool:
    """Say whether most bands' quietest tenth is much louder in one recording than in the other.

    Args:
        one, other: float32 arrays of shape (frames, bands), fine band power.
    """
    floors = []
    for power in (one, other):
        quiet = np.quantile(power, 0.1, axis=0) / max(float(power.mean()), 1e-20)
        floors.append(10.0 * np.log10(quiet + 1e-10))  # (bands,)
    step = np.median(floors[0] - floors[1])
    return bool(abs(step) > NOISE_STEP and np.median(floors[0 if step > 0 else 1]) > NOISE_LEVEL)
