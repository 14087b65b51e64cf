"""Features of a whole window, one function for each utterance block.

Each takes the Analysis of a window and the block's own parameters, and returns a float64 array of
shape (width,). Units, ranges and sources stand with the blocks, in
ser_core.config.utterance_blocks.
"""

import itertools

import numpy as np
import scipy.fft

from ...config.utterance_blocks import (
    AnalyticSignalBlock,
    BandEnergiesBlock,
    ChromaStatisticsBlock,
    ContrastStatisticsBlock,
    EnergyEntropyBlock,
    FluxStatisticsBlock,
    HarmonicPercussiveBlock,
    MomentsBlock,
    PermutationEntropyBlock,
    PitchBlock,
    RenyiEntropyBlock,
    RmsStatisticsBlock,
    RolloffBlock,
    SpectralEnergyEntropyBlock,
    SpectralEntropyBlock,
    TeagerEnergyBlock,
    TotalEnergyBlock,
    ZeroCrossingStatisticsBlock,
)
from . import statistics
from .analysis import Analysis, computes, spectral_peaks
from .frame_features import onset_strength, spectral_contrast
from .statistics import entropy, spread, standard_moment

SILENT = 1e-10  # full scale; a percussive part below it counts as this much


@computes(SpectralEntropyBlock)
def spectral_entropy(analysis: Analysis) -> np.ndarray:
    """Shannon entropy of the mean power spectrum [bits]."""
    return np.array([entropy(analysis.mean_power)])


@computes(RenyiEntropyBlock)
def renyi_entropy(analysis: Analysis, *, alpha: float) -> np.ndarray:
    """Rényi entropy of the mean power spectrum [bits]."""
    return np.array([statistics.renyi_entropy(analysis.mean_power, alpha)])


@computes(TeagerEnergyBlock)
def teager_energy(analysis: Analysis) -> np.ndarray:
    """Mean, deviation and entropy of Teager's energy; zeros below three samples."""
    samples = analysis.samples.astype(np.float64)
    return spread(samples[1:-1] ** 2 - samples[:-2] * samples[2:])


@computes(HarmonicPercussiveBlock)
def harmonic_percussive(analysis: Analysis, *, kernel_size: int) -> np.ndarray:
    """RMS of the harmonic part over RMS of the percussive part, and the two; zeros for silence."""
    harmonic = analysis.harmonic(kernel_size=kernel_size)
    tone, click = (
        np.sqrt(np.mean(np.square(part), dtype=np.float64))
        for part in (harmonic, analysis.samples - harmonic)
    )
    return np.array([tone / max(click, SILENT), tone, click])


@computes(ZeroCrossingStatisticsBlock)
def zero_crossing_statistics(analysis: Analysis) -> np.ndarray:
    """Mean, deviation and entropy of the frames' zero-crossing rates."""
    return spread(analysis.zero_crossing_rate)


@computes(ContrastStatisticsBlock)
def contrast_statistics(analysis: Analysis, *, n_bands: int, fmin: float) -> np.ndarray:
    """The octave bands' mean contrasts, then their deviations [dB]."""
    return mean_and_std(spectral_contrast(analysis, n_bands=n_bands, fmin=fmin))


@computes(FluxStatisticsBlock)
def flux_statistics(analysis: Analysis, *, n_mels: int) -> np.ndarray:
    """Mean, deviation and entropy of the frames' onset strengths."""
    return spread(onset_strength(analysis, n_mels=n_mels)[:, 0])


@computes(AnalyticSignalBlock)
def analytic_signal(analysis: Analysis) -> np.ndarray:
    """Mean and deviation of the envelope, then of the instantaneous frequency [Hz].

    The imaginary part comes from one real transform and back, and the step of phase between
    neighbours from their product, which needs no unwrapping.
    """
    real = analysis.samples.astype(np.float64)
    imaginary = scipy.fft.irfft(-1j * scipy.fft.rfft(real), len(real))
    envelope = np.sqrt(real * real + imaginary * imaginary)
    across = real[:-1] * imaginary[1:] - imaginary[:-1] * real[1:]
    along = real[:-1] * real[1:] + imaginary[:-1] * imaginary[1:]
    frequency = np.arctan2(across, along) * (analysis.sample_rate / (2.0 * np.pi))
    return np.concatenate([spread(envelope)[:2], spread(frequency)[:2]])


@computes(RmsStatisticsBlock)
def rms_statistics(analysis: Analysis) -> np.ndarray:
    """Mean, deviation and entropy of the frames' RMS."""
    return spread(analysis.rms)


@computes(TotalEnergyBlock)
def total_energy(analysis: Analysis) -> np.ndarray:
    """Sum of squared samples."""
    return np.array([np.square(analysis.samples).sum(dtype=np.float64)])


@computes(EnergyEntropyBlock)
def energy_entropy(analysis: Analysis) -> np.ndarray:
    """Shannon entropy of the frames' shares of energy [bits]."""
    return np.array([entropy(np.square(analysis.rms, dtype=np.float64))])


@computes(SpectralEnergyEntropyBlock)
def spectral_energy_entropy(analysis: Analysis, *, n_bands: int) -> np.ndarray:
    """Shannon entropy of the shares of power in equally wide bands [bits]."""
    bands = np.array_split(analysis.mean_power, n_bands)
    return np.array([entropy(np.array([band.sum() for band in bands]))])


@computes(BandEnergiesBlock)
def band_energies(analysis: Analysis, *, edges: tuple[float, ...]) -> np.ndarray:
    """STFT power from each edge to the next, summed over bins and frames."""
    starts = np.searchsorted(analysis.frequencies, edges)
    bands = itertools.pairwise([*starts, None])
    energies = [analysis.mean_power[low:high].sum() for low, high in bands]
    return analysis.frames * np.array(energies)


@computes(PermutationEntropyBlock)
def permutation_entropy(analysis: Analysis, *, order: int, delay: int) -> np.ndarray:
    """Shannon entropy of the order patterns of neighbouring samples [bits]; 0 where none fit.

    A pattern is known from which of each two of its samples is larger, so comparing whole arrays
    pair by pair gives each pattern its number, and nothing is sorted.
    """
    count = len(analysis.samples) - (order - 1) * delay
    patterns = np.zeros(max(count, 0), dtype=np.uint16)
    for bit, (first, second) in enumerate(itertools.combinations(range(order), 2)):
        earlier, later = (analysis.samples[place * delay :][:count] for place in (first, second))
        patterns |= (earlier > later).astype(np.uint16) << np.uint16(bit)
    return np.array([entropy(np.bincount(patterns))])


@computes(MomentsBlock)
def moments(analysis: Analysis) -> np.ndarray:
    """Skewness and excess kurtosis of the samples."""
    samples = analysis.samples.astype(np.float64)
    return np.array([standard_moment(samples, 3), standard_moment(samples, 4) - 3.0])


@computes(RolloffBlock)
def rolloff(analysis: Analysis, *, roll_percent: float) -> np.ndarray:
    """Mean and deviation of the frequency that `roll_percent` of a frame's magnitude is below."""
    below = np.cumsum(analysis.magnitude, axis=1)
    reached = below >= np.float32(roll_percent) * below[:, -1:]
    return spread(analysis.frequencies[reached.argmax(axis=1)])[:2]


@computes(PitchBlock)
def pitch(analysis: Analysis, *, fmin: float, fmax: float, threshold: float) -> np.ndarray:
    """Mean, deviation and entropy of the frequency of each frame's strongest peak."""
    peaks = spectral_peaks(analysis.magnitude, analysis, fmin=fmin, fmax=fmax, threshold=threshold)
    frames, bins, frequencies, heights = peaks
    order = np.lexsort((bins, -heights, frames))  # each frame's strongest first
    _, first = np.unique(frames[order], return_index=True)
    return spread(frequencies[order][first])


@computes(ChromaStatisticsBlock)
def chroma_statistics(analysis: Analysis) -> np.ndarray:
    """The twelve pitch classes' means, then their deviations."""
    return mean_and_std(analysis.chroma)


def mean_and_std(values: np.ndarray) -> np.ndarray:
    """Give each column's mean, then each column's deviation, as float64 of shape (2 * columns,)."""
    return np.concatenate([f(values, axis=0, dtype=np.float64) for f in (np.mean, np.std)])
