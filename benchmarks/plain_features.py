"""The 203 features as published systems compute them: one librosa or SciPy call after the other.

Every function is given the samples, and takes its own STFT where it needs one. Nothing is shared
and nothing is remembered. The tests hold ser_core's blocks against these.
"""

from itertools import pairwise

import librosa
import numpy as np
import scipy.signal
import scipy.stats

BAND_EDGES = (0.0, 500.0, 1_000.0, 2_000.0)  # Hz
SUB_BANDS = 10


class Plain:
    """One method for each block, named as the block is.

    Each returns (frames, width), or (width,) where the block is of the whole window.

    Attributes:
        y: float32 array of shape (n,).
        sr: int [Hz].
        stft: n_fft and hop_length, for the functions that take them.
    """

    def __init__(self, y: np.ndarray, sr: int, n_fft: int = 2048, hop_length: int = 512) -> None:
        self.y = y
        self.sr = sr
        self.n_fft = n_fft
        self.stft = {"n_fft": n_fft, "hop_length": hop_length}
        self.frame = {"frame_length": n_fft, "hop_length": hop_length}

    def mfcc(self) -> np.ndarray:
        """40 coefficients and 20 first and second differences."""
        mfcc = librosa.feature.mfcc(y=self.y, sr=self.sr, n_mfcc=40, **self.stft)
        delta = librosa.feature.delta(mfcc[:20])
        return np.concatenate([mfcc, delta, librosa.feature.delta(mfcc[:20], order=2)]).T

    def mel_db(self) -> np.ndarray:
        """40 mel bands relative to the loudest."""
        mel = librosa.feature.melspectrogram(y=self.y, sr=self.sr, n_mels=40, **self.stft)
        return librosa.power_to_db(mel, ref=np.max).T

    def spectral_contrast(self) -> np.ndarray:
        """7 bands."""
        return librosa.feature.spectral_contrast(y=self.y, sr=self.sr, **self.stft).T

    def zero_crossing_rate(self) -> np.ndarray:
        """1 value a frame."""
        return librosa.feature.zero_crossing_rate(self.y, **self.frame).T

    def onset_strength(self) -> np.ndarray:
        """1 value a frame."""
        return librosa.onset.onset_strength(y=self.y, sr=self.sr, **self.stft)[:, None]

    def chroma(self) -> np.ndarray:
        """12 pitch classes."""
        return librosa.feature.chroma_stft(y=self.y, sr=self.sr, **self.stft).T

    def tonnetz(self) -> np.ndarray:
        """6 coordinates, of the STFT's chroma."""
        chroma = librosa.feature.chroma_stft(y=self.y, sr=self.sr, **self.stft)
        return librosa.feature.tonnetz(chroma=chroma).T

    def _mean_power(self) -> np.ndarray:
        return np.mean(np.abs(librosa.stft(self.y, **self.stft)).astype(float) ** 2, axis=1)

    def spectral_entropy(self) -> np.ndarray:
        """Shannon's, of the mean power spectrum."""
        return np.array([scipy.stats.entropy(self._mean_power(), base=2)])

    def renyi_entropy(self) -> np.ndarray:
        """Order 2, of the mean power spectrum."""
        power = self._mean_power()
        return np.array([-np.log2(np.sum((power / power.sum()) ** 2))])

    def teager_energy(self) -> np.ndarray:
        """Mean, deviation, entropy."""
        y = self.y.astype(float)
        return self._spread(y[1:-1] ** 2 - y[:-2] * y[2:])

    def _spread(self, values: np.ndarray) -> np.ndarray:
        values = np.asarray(values, dtype=float).ravel()
        return np.array(
            [np.mean(values), np.std(values), scipy.stats.entropy(np.abs(values), base=2)]
        )

    def harmonic_percussive(self) -> np.ndarray:
        """RMS ratio and the two RMS."""
        parts = librosa.effects.hpss(self.y, **self.stft)
        harmonic, percussive = (np.sqrt(np.mean(part.astype(float) ** 2)) for part in parts)
        return np.array([harmonic / percussive, harmonic, percussive])

    def zero_crossing_statistics(self) -> np.ndarray:
        """Mean, deviation, entropy."""
        return self._spread(self.zero_crossing_rate())

    def contrast_statistics(self) -> np.ndarray:
        """7 means and 7 deviations."""
        contrast = self.spectral_contrast()
        return np.concatenate([contrast.mean(axis=0), contrast.std(axis=0)])

    def flux_statistics(self) -> np.ndarray:
        """Mean, deviation, entropy."""
        return self._spread(self.onset_strength())

    def analytic_signal(self) -> np.ndarray:
        """Envelope's mean and deviation, instantaneous frequency's mean and deviation."""
        analytic = scipy.signal.hilbert(self.y.astype(float))
        envelope = np.abs(analytic)
        frequency = np.diff(np.unwrap(np.angle(analytic))) / (2 * np.pi) * self.sr
        return np.array([envelope.mean(), envelope.std(), frequency.mean(), frequency.std()])

    def rms_statistics(self) -> np.ndarray:
        """Mean, deviation, entropy."""
        return self._spread(librosa.feature.rms(y=self.y, **self.frame))

    def total_energy(self) -> np.ndarray:
        """Sum of squares."""
        return np.array([np.sum(self.y.astype(float) ** 2)])

    def energy_entropy(self) -> np.ndarray:
        """Shannon's, of the frames' energies."""
        rms = librosa.feature.rms(y=self.y, **self.frame)[0].astype(float)
        return np.array([scipy.stats.entropy(rms**2, base=2)])

    def spectral_energy_entropy(self) -> np.ndarray:
        """Shannon's, of ten bands' powers."""
        bands = [band.sum() for band in np.array_split(self._mean_power(), SUB_BANDS)]
        return np.array([scipy.stats.entropy(bands, base=2)])

    def band_energies(self) -> np.ndarray:
        """Four bands."""
        power = np.abs(librosa.stft(self.y, **self.stft)).astype(float) ** 2
        frequencies = librosa.fft_frequencies(sr=self.sr, n_fft=self.n_fft)
        return np.array(
            [
                power[(low <= frequencies) & (frequencies < high)].sum()
                for low, high in pairwise((*BAND_EDGES, np.inf))
            ]
        )

    def permutation_entropy(self) -> np.ndarray:
        """Patterns of three samples."""
        triples = np.lib.stride_tricks.sliding_window_view(self.y, 3)
        patterns = np.argsort(triples, axis=1, kind="stable")
        _, counts = np.unique(patterns @ [9, 3, 1], return_counts=True)
        return np.array([scipy.stats.entropy(counts, base=2)])

    def moments(self) -> np.ndarray:
        """Skewness and excess kurtosis."""
        y = self.y.astype(float)
        return np.array([scipy.stats.skew(y), scipy.stats.kurtosis(y)])

    def rolloff(self) -> np.ndarray:
        """Mean and deviation."""
        values = librosa.feature.spectral_rolloff(
            y=self.y, sr=self.sr, roll_percent=0.85, **self.stft
        )
        return np.array([values.mean(), values.std()])

    def pitch(self) -> np.ndarray:
        """Mean, deviation, entropy of each frame's strongest peak."""
        pitches, heights = librosa.piptrack(y=self.y, sr=self.sr, **self.stft)
        strongest = pitches[heights.argmax(axis=0), np.arange(pitches.shape[1])]
        return self._spread(strongest[strongest > 0])

    def chroma_statistics(self) -> np.ndarray:
        """12 means and 12 deviations."""
        chroma = self.chroma()
        return np.concatenate([chroma.mean(axis=0), chroma.std(axis=0)])


def plain_features(y: np.ndarray, sr: int, names: list[str]) -> np.ndarray:
    """Compute features one call after the other.

    Args:
        y: float32 array of shape (n,).
        sr: int [Hz].
        names: block names, in column order.

    Returns:
        float32 array of shape (frames, features).
    """
    plain = Plain(y, sr)
    blocks = [getattr(plain, name)() for name in names]
    frames = 1 + len(y) // plain.stft["hop_length"]
    return np.concatenate(
        [np.broadcast_to(block, (frames, block.shape[-1])) for block in blocks], axis=1
    ).astype(np.float32)
