"""Feature blocks that give values for a whole window, repeated on each of its frames.

Every entropy is in bits, 0 for silence; every standard deviation is the population's. Sums and
means are over the window, full scale is 1. Only parameters stand here: the arrays come from
ser_core.features.reference.utterance_features.
"""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from .frame_blocks import OctaveBlock, WaveformBlock
from .schema import Positive


class UtteranceBlock(WaveformBlock):
    """Base of the blocks with one value, or one row of values, for the whole window."""

    per_utterance: ClassVar[bool] = True


class SpreadBlock(UtteranceBlock):
    """Base of the blocks that give mean, standard deviation and entropy of one quantity."""

    @property
    def parts(self) -> tuple[str | int, ...]:
        """Mean, standard deviation and entropy."""
        return "mean", "std", "entropy"


class SpectralEntropyBlock(UtteranceBlock):
    """Feature block `spectral_entropy`: how evenly power is spread over frequency. Width 1 [bits].

    Shannon entropy of the window's mean power spectrum, in [0, log2(n_fft / 2 + 1)].

    Source: Shannon (1948); Inouye et al. (1991), Electroenceph. Clin. Neurophysiol. 79(3).
    """

    name: Literal["spectral_entropy"] = "spectral_entropy"


class RenyiEntropyBlock(UtteranceBlock):
    """Feature block `renyi_entropy`: Rényi's entropy of the mean power spectrum. Width 1 [bits].

    Attributes:
        alpha: float > 0, not 1, the order; 2 is the collision entropy.

    Source: Rényi (1961), On measures of entropy and information.
    """

    name: Literal["renyi_entropy"] = "renyi_entropy"
    alpha: Positive = 2.0

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.alpha == 1.0:
            raise ValueError("alpha must differ from 1: block spectral_entropy is that limit")
        return self


class TeagerEnergyBlock(SpreadBlock):
    """Feature block `teager_energy`: x[n] ** 2 - x[n - 1] * x[n + 1]. Width 3.

    Mean and standard deviation over samples, entropy [bits] of how its absolute values are spread
    over time.

    Source: Kaiser (1990), ICASSP.
    """

    name: Literal["teager_energy"] = "teager_energy"


class HarmonicPercussiveBlock(UtteranceBlock):
    """Feature block `harmonic_percussive`: what is tone and what is click. Width 3.

    RMS of the harmonic part / RMS of the percussive part, and the two RMS.

    Attributes:
        kernel_size: int, odd [frames, and frequency bins], width of the median filters.

    Source: librosa.effects.hpss; FitzGerald (2010), DAFx.
    """

    name: Literal["harmonic_percussive"] = "harmonic_percussive"
    kernel_size: Annotated[int, Field(gt=0, le=101)] = 31

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.kernel_size % 2 == 0:
            raise ValueError(f"kernel_size {self.kernel_size} must be odd")
        return self

    @property
    def parts(self) -> tuple[str | int, ...]:
        """The ratio and the two RMS."""
        return "ratio", "harmonic_rms", "percussive_rms"


class ZeroCrossingStatisticsBlock(SpreadBlock):
    """Feature block `zero_crossing_statistics`: of block `zero_crossing_rate`. Width 3.

    Mean, standard deviation, and entropy [bits] of how the rate is spread over frames.
    """

    name: Literal["zero_crossing_statistics"] = "zero_crossing_statistics"


class ContrastStatisticsBlock(OctaveBlock, UtteranceBlock):
    """Feature block `contrast_statistics`: of block `spectral_contrast`. Width 2 * (n_bands + 1).

    The bands' means [dB], then their standard deviations [dB].
    """

    name: Literal["contrast_statistics"] = "contrast_statistics"

    @property
    def parts(self) -> tuple[str | int, ...]:
        """Means, then standard deviations."""
        bands = range(self.n_bands + 1)
        return tuple(f"{part}_{band}" for part in ("mean", "std") for band in bands)


class FluxStatisticsBlock(SpreadBlock):
    """Feature block `flux_statistics`: of block `onset_strength`. Width 3.

    Mean [dB], standard deviation [dB], and entropy [bits] of how the flux is spread over frames.

    Attributes:
        n_mels: int, mel bands from 0 Hz to half the sample rate.
    """

    name: Literal["flux_statistics"] = "flux_statistics"
    n_mels: Annotated[int, Field(gt=0, le=512)] = 128


class AnalyticSignalBlock(UtteranceBlock):
    """Feature block `analytic_signal`: envelope and instantaneous frequency. Width 4.

    Mean and standard deviation of the envelope [full scale], then of the frequency [Hz].

    Source: scipy.signal.hilbert; Gabor (1946), J. IEE 93(3).
    """

    name: Literal["analytic_signal"] = "analytic_signal"

    @property
    def parts(self) -> tuple[str | int, ...]:
        """Of the envelope, then of the frequency."""
        return "envelope_mean", "envelope_std", "frequency_mean", "frequency_std"


class RmsStatisticsBlock(SpreadBlock):
    """Feature block `rms_statistics`: of the frames' root mean squares. Width 3.

    Mean and standard deviation [full scale], entropy [bits] of how the RMS is spread over frames.

    Source: librosa.feature.rms (frame_length=n_fft).
    """

    name: Literal["rms_statistics"] = "rms_statistics"


class TotalEnergyBlock(UtteranceBlock):
    """Feature block `total_energy`: the sum of squared samples. Width 1 [full scale ** 2]."""

    name: Literal["total_energy"] = "total_energy"


class EnergyEntropyBlock(UtteranceBlock):
    """Feature block `energy_entropy`: how evenly energy is spread over time. Width 1 [bits].

    Shannon entropy of the frames' shares of energy (RMS ** 2), in [0, log2(frames)].

    Source: Giannakopoulos and Pikrakis (2014), Introduction to Audio Analysis, section 4.3.
    """

    name: Literal["energy_entropy"] = "energy_entropy"


class SpectralEnergyEntropyBlock(UtteranceBlock):
    """Feature block `spectral_energy_entropy`: evenness over a few wide bands. Width 1 [bits].

    Shannon entropy of the shares of power in `n_bands` equally wide bands of the mean power
    spectrum, in [0, log2(n_bands)]; coarser than `spectral_entropy`, so harmonics do not count.

    Attributes:
        n_bands: int, number of bands between 0 Hz and half the sample rate.

    Source: Giannakopoulos and Pikrakis (2014), Introduction to Audio Analysis, section 4.4.
    """

    name: Literal["spectral_energy_entropy"] = "spectral_energy_entropy"
    n_bands: Annotated[int, Field(gt=0, le=64)] = 10


class BandEnergiesBlock(UtteranceBlock):
    """Feature block `band_energies`: STFT power summed over each band and all frames. Width 4.

    Attributes:
        edges: floats >= 0, rising [Hz], where bands begin; the last reaches half the sample rate.
    """

    name: Literal["band_energies"] = "band_energies"
    edges: Annotated[tuple[Annotated[float, Field(ge=0)], ...], Field(min_length=1)] = (
        0.0,
        500.0,
        1_000.0,
        2_000.0,
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if list(self.edges) != sorted(set(self.edges)):
            raise ValueError(f"edges must rise, got {list(self.edges)}")
        return self

    @property
    def parts(self) -> tuple[str | int, ...]:
        """Where each band begins [Hz]."""
        return tuple(f"{edge:g}_hz" for edge in self.edges)

    def check_rate(self, sample_rate: int) -> None:
        """Raise ConfigError where the last band begins above half the sample rate."""
        self._require_below_nyquist(self.edges[-1], sample_rate)


class PermutationEntropyBlock(UtteranceBlock):
    """Feature block `permutation_entropy`: how many ways neighbours are ordered. Width 1 [bits].

    Shannon entropy of the order patterns of `order` samples, in [0, log2(order!)]; equal samples
    count in order of time.

    Attributes:
        order: int, samples in a pattern.
        delay: int [samples], step between the samples of a pattern.

    Source: Bandt and Pompe (2002), Physical Review Letters 88, 174102.
    """

    name: Literal["permutation_entropy"] = "permutation_entropy"
    order: Annotated[int, Field(ge=2, le=6)] = 3
    delay: Annotated[int, Field(gt=0, le=16_384)] = 1


class MomentsBlock(UtteranceBlock):
    """Feature block `moments`: skewness and excess kurtosis of the samples. Width 2.

    Biased, as scipy.stats.skew and scipy.stats.kurtosis are; 0 for a constant signal.
    """

    name: Literal["moments"] = "moments"

    @property
    def parts(self) -> tuple[str | int, ...]:
        """The third and the fourth moment."""
        return "skewness", "kurtosis"


class RolloffBlock(UtteranceBlock):
    """Feature block `rolloff`: mean and deviation of the frames' spectral roll-off. Width 2 [Hz].

    Attributes:
        roll_percent: float in (0, 1), the share of magnitude that lies below the roll-off.

    Source: librosa.feature.spectral_rolloff.
    """

    name: Literal["rolloff"] = "rolloff"
    roll_percent: Annotated[float, Field(gt=0, lt=1)] = 0.85

    @property
    def parts(self) -> tuple[str | int, ...]:
        """Mean and standard deviation."""
        return "mean", "std"


class PitchBlock(SpreadBlock):
    """Feature block `pitch`: of the strongest spectral peak of each frame that has one. Width 3.

    Mean [Hz], standard deviation [Hz], and entropy [bits] of how frequency is spread over those
    frames. A peak is a partial, not always the fundamental; with librosa's range, as the reference
    systems call it, a low voice's fundamental is below fmin. 0 where no frame has a peak.

    Attributes:
        fmin: float [Hz], lowest frequency of a peak.
        fmax: float [Hz], highest frequency of a peak.
        threshold: float in [0, 1), a peak is above this share of its frame's largest magnitude.

    Source: librosa.piptrack; Smith (2011), Spectral Audio Signal Processing, parabolic peaks.
    """

    name: Literal["pitch"] = "pitch"
    fmin: Positive = 150.0
    fmax: Positive = 4_000.0
    threshold: Annotated[float, Field(ge=0, lt=1)] = 0.1

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.fmin >= self.fmax:
            raise ValueError(f"fmin {self.fmin} Hz must be below fmax {self.fmax} Hz")
        return self

    def check_rate(self, sample_rate: int) -> None:
        """Raise ConfigError where no peak can be found below half the sample rate."""
        self._require_below_nyquist(self.fmin, sample_rate)


class ChromaStatisticsBlock(UtteranceBlock):
    """Feature block `chroma_statistics`: of block `chroma`. Width 24.

    The twelve pitch classes' means, then their standard deviations.
    """

    name: Literal["chroma_statistics"] = "chroma_statistics"

    @property
    def parts(self) -> tuple[str | int, ...]:
        """Means, then standard deviations."""
        return tuple(f"{part}_{pitch}" for part in ("mean", "std") for pitch in range(12))
