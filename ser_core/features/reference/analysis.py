"""What the feature blocks share: one window of audio, its STFT and what follows from it.

Everything is computed when it is first asked for, and once. Arrays are time first, (frames, ...),
where librosa's are (..., frames).
"""

from collections.abc import Callable, Hashable
from functools import cached_property, lru_cache, wraps
from typing import Any, TypeAlias

import librosa
import numpy as np

from ...config.frame_blocks import WaveformBlock
from ..log_mel import mel_bands
from .running_median import running_median

BLOCK_FRAMES = 32  # transformed at a time: what stands between is small enough for the cache
TINY = np.finfo(np.float32).tiny  # power
ZERO_CROSSING_THRESHOLD = 1e-10  # full scale; librosa counts what is nearer to zero as zero

Compute: TypeAlias = Callable[..., np.ndarray]

FEATURES: dict[str, Compute] = {}
"""The function that computes each block, by the block's name."""


def computes(block: type[WaveformBlock]) -> Callable[[Compute], Compute]:
    """Register a function as the one that computes a block, of an Analysis and its parameters."""

    def register(compute: Compute) -> Compute:
        FEATURES[block.model_fields["name"].default] = compute
        return compute

    return register


def once(compute: Compute) -> Compute:
    """Compute a function of an Analysis and parameters once for each set of parameters."""

    @wraps(compute)
    def remembered(analysis: "Analysis", **parameters: Any) -> np.ndarray:
        key = (compute, *sorted(parameters.items()))
        if key not in analysis.results:
            analysis.results[key] = compute(analysis, **parameters)
        return analysis.results[key]

    return remembered


@lru_cache(maxsize=8)
def hann(n_fft: int) -> np.ndarray:  # (n_fft,)
    """Make librosa's periodic Hann window, float64."""
    return librosa.filters.get_window("hann", n_fft)


@lru_cache(maxsize=128)  # tuning comes in steps of a hundredth of a semitone
def chroma_filters(sample_rate: int, n_fft: int, tuning: float) -> np.ndarray:
    """Make librosa's chroma filter bank, float32 of shape (n_fft // 2 + 1, 12)."""
    filters = librosa.filters.chroma(sr=sample_rate, n_fft=n_fft, tuning=tuning)
    return np.ascontiguousarray(filters.T)


class Analysis:
    """One window of audio, seen in frames.

    Frame t looks at `n_fft` samples around sample t * hop_length, with zeros beyond both ends.

    Attributes:
        samples: float32 array of shape (n,), mono, full scale 1, at least one sample.
        sample_rate: int [Hz].
        n_fft: int, even [samples], length of a frame.
        hop_length: int <= n_fft / 2 [samples], step between frames.
        frames: int, 1 + n // hop_length.
        results: what `once` remembers.

    >>> Analysis(np.zeros(66_150, dtype=np.float32), 22_050, 2048, 512).magnitude.shape
    (130, 1025)
    """

    def __init__(self, samples: np.ndarray, sample_rate: int, n_fft: int, hop_length: int) -> None:
        self.samples = samples
        self.sample_rate = sample_rate
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.frames = 1 + len(samples) // hop_length
        self.results: dict[Hashable, np.ndarray] = {}

    @cached_property
    def framed(self) -> np.ndarray:  # (frames, n_fft)
        """The samples of each frame, a float32 view."""
        padded = np.pad(self.samples, self.n_fft // 2)
        return np.lib.stride_tricks.sliding_window_view(padded, self.n_fft)[:: self.hop_length]

    @cached_property
    def stft(self) -> np.ndarray:  # (frames, bins)
        """Short-time Fourier transform, complex64; Hann window, bins = n_fft // 2 + 1.

        Source: librosa.stft, which also computes in double precision and rounds the result.
        """
        stft = np.empty((self.frames, self.n_fft // 2 + 1), dtype=np.complex64)
        for start in range(0, self.frames, BLOCK_FRAMES):
            block = slice(start, start + BLOCK_FRAMES)
            stft[block] = np.fft.rfft(self.framed[block] * hann(self.n_fft), axis=1)
        return stft

    @cached_property
    def power(self) -> np.ndarray:  # (frames, bins)
        """Squared magnitude of the STFT, float32."""
        power: np.ndarray = self.stft.real**2 + self.stft.imag**2
        return power

    @cached_property
    def magnitude(self) -> np.ndarray:  # (frames, bins)
        """Magnitude of the STFT, float32."""
        magnitude: np.ndarray = np.abs(self.stft)
        return magnitude

    @cached_property
    def mean_power(self) -> np.ndarray:  # (bins,)
        """Power spectrum averaged over the frames, float64."""
        mean: np.ndarray = self.power.mean(axis=0, dtype=np.float64)
        return mean

    @cached_property
    def frequencies(self) -> np.ndarray:  # (bins,)
        """Centre of each bin [Hz], float64."""
        return np.fft.rfftfreq(self.n_fft, 1.0 / self.sample_rate)

    @once
    def mel(self, *, n_mels: int) -> np.ndarray:  # (frames, n_mels)
        """Mel power from 0 Hz to half the sample rate, float32; librosa.feature.melspectrogram."""
        bands = mel_bands(self.sample_rate, self.n_fft, n_mels, 0.0, self.sample_rate / 2)
        mel = np.empty((self.frames, n_mels), dtype=np.float32)
        for band, (bins, weights) in enumerate(bands):
            mel[:, band] = self.power[:, bins] @ weights
        return mel

    @once
    def mel_level(self, *, n_mels: int) -> np.ndarray:  # (frames, n_mels)
        """Mel power in dB re 1, at most 80 dB below the window's largest; librosa.power_to_db."""
        return librosa.power_to_db(self.mel(n_mels=n_mels))

    @cached_property
    def rms(self) -> np.ndarray:  # (frames,)
        """Root mean square of each frame's samples, float32; librosa.feature.rms."""
        energy = np.einsum("ij,ij->i", self.framed, self.framed)
        rms: np.ndarray = np.sqrt(energy / np.float32(self.n_fft))
        return rms

    @cached_property
    def zero_crossing_rate(self) -> np.ndarray:  # (frames,)
        """Share of each frame's samples whose sign is not the one before's, float64 in [0, 1].

        Source: librosa.feature.zero_crossing_rate, which repeats the first and the last sample
        beyond the ends; signs are compared once here, and counted for each frame by differences.
        """
        padded = np.pad(self.samples, self.n_fft // 2, mode="edge")
        negative = padded < -ZERO_CROSSING_THRESHOLD
        crossings = np.concatenate([[0], np.cumsum(negative[1:] != negative[:-1])])
        starts = np.arange(self.frames) * self.hop_length
        rate: np.ndarray = (crossings[starts + self.n_fft - 1] - crossings[starts]) / self.n_fft
        return rate

    @cached_property
    def tuning(self) -> float:
        """Deviation from A440 [semitones], in [-0.5, 0.5); librosa.estimate_tuning of the power."""
        peaks = spectral_peaks(self.power, self, fmin=150.0, fmax=4_000.0, threshold=0.1)
        _, _, frequencies, heights = peaks
        if not len(frequencies):
            return 0.0
        return float(librosa.pitch_tuning(frequencies[heights >= np.median(heights)]))

    @cached_property
    def chroma(self) -> np.ndarray:  # (frames, 12)
        """Energy of the pitch classes, C first, each frame's largest 1; librosa's chroma_stft."""
        raw = self.power @ chroma_filters(self.sample_rate, self.n_fft, self.tuning)
        return librosa.util.normalize(raw, norm=np.inf, axis=1)

    @once
    def harmonic(self, *, kernel_size: int) -> np.ndarray:  # (n,)
        """The samples' harmonic part, float32; librosa.effects.harmonic.

        What is left of the samples is the percussive part, as the two masks add to one.
        """
        along_time = running_median(self.magnitude, kernel_size)
        along_frequency = running_median(np.ascontiguousarray(self.magnitude.T), kernel_size).T
        tone = np.square(along_time) + TINY  # where there is neither, each part gets a half
        click = np.square(along_frequency) + TINY
        mask = tone / (tone + click)
        return librosa.istft(
            (self.stft * mask).T,
            n_fft=self.n_fft,
            hop_length=self.hop_length,
            length=len(self.samples),
        )


def spectral_peaks(
    spectrum: np.ndarray, analysis: Analysis, *, fmin: float, fmax: float, threshold: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Find each frame's spectral peaks, to a fraction of a bin.

    Args:
        spectrum: float32 array of shape (frames, bins), magnitude or power.
        analysis: Analysis, for sample rate and bins.
        fmin: float > 0 [Hz], lowest bin.
        fmax: float > fmin [Hz], below which the highest bin is.
        threshold: float, peaks are above this share of the frame's largest value.

    Returns:
        Four arrays of one length: frame (int), bin (int), frequency (float32 [Hz]) and height
        (float32) of each peak.

    Source: librosa.piptrack; the parabola through a peak and its neighbours is fitted at the peaks
    alone, where librosa fits one at every bin.
    """
    fmax = min(fmax, analysis.sample_rate / 2)
    low, high = np.searchsorted(analysis.frequencies, [fmin, fmax])
    centre = spectrum[:, low:high]
    before = spectrum[:, low - 1 : high - 1]
    after = spectrum[:, low + 1 : high + 1]
    least = np.float32(threshold) * spectrum.max(axis=1, keepdims=True)
    frames, bins = np.nonzero((centre > least) & (centre > before) & (centre >= after))
    peak, left, right = (part[frames, bins] for part in (centre, before, after))
    slope = (right - left) / 2
    curvature = right + left - 2 * peak
    shift = np.zeros_like(peak)
    np.divide(-slope, curvature, out=shift, where=np.abs(slope) < np.abs(curvature))
    bins += low
    step = analysis.sample_rate / analysis.n_fft
    frequencies = ((bins + shift) * step).astype(np.float32)
    return frames, bins, frequencies, peak + np.float32(0.5) * slope * shift
