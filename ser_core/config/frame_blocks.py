"""Feature blocks that give values for each frame: their names, parameters and widths.

The arrays come from ser_core.features; this module imports neither librosa nor SciPy.
"""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from ..errors import ConfigError
from .feature_block import Count, FeatureBlock, Samples
from .schema import Positive


class LogMelBlock(FeatureBlock):
    """Feature block `log_mel`: mel power in dB relative to the window's own level.

    Attributes:
        n_fft: int [samples], length of the Fourier transform.
        win_length: int [samples], length of the Hann window.
        hop_length: int [samples], step between frames.
        n_mels: int, number of mel bands.
        fmin: float [Hz], lower edge of the first band.
        fmax: float [Hz], upper edge of the last band.
        detrend: int, how many polynomials are subtracted from each frame, which removes an offset
            and rumble; see ser_core.features.log_mel.trends.
        floor: float < 0 [dB re the window's mean power per band], what is quieter is set to it.
    """

    front_end: ClassVar[str] = "log_mel"
    can_be_summarised: ClassVar[bool] = False  # its level is the window's, not a frame's

    name: Literal["log_mel"] = "log_mel"
    n_fft: Samples = 512
    win_length: Annotated[int, Field(gt=0)] = 400
    hop_length: Samples = 160
    n_mels: Count = 64
    fmin: Annotated[float, Field(ge=0)] = 50.0
    fmax: Positive = 8_000.0
    detrend: Annotated[int, Field(ge=0, le=8)] = 0
    floor: Annotated[float, Field(lt=0, ge=-300)] = -60.0

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.win_length > self.n_fft:
            raise ValueError(f"win_length {self.win_length} must be at most n_fft {self.n_fft}")
        if self.fmin >= self.fmax:
            raise ValueError(f"fmin {self.fmin} Hz must be below fmax {self.fmax} Hz")
        return self

    @property
    def parts(self) -> tuple[str | int, ...]:
        """Bands, from the lowest."""
        return tuple(range(self.n_mels))

    @property
    def mel_parameters(self) -> dict[str, Any]:
        """What `mel_spectrogram` takes; blocks that agree in it can share one."""
        return self.model_dump(exclude={"name", "floor"})

    def check_rate(self, sample_rate: int) -> None:
        """Raise ConfigError where the last band reaches beyond half the sample rate [Hz]."""
        half = sample_rate / 2
        if self.fmax > half:
            raise ConfigError(f"fmax must be at most half the sample rate, {half} Hz")


class WaveformBlock(FeatureBlock):
    """Base of the blocks that are computed from one window of audio as it is.

    Frame t looks at `n_fft` samples around sample t * hop_length, through a Hann window where a
    spectrum is taken, so a window of n samples has 1 + n // hop_length frames.

    Attributes:
        name: str, the block's name.
        n_fft: int, even [samples], length of a frame and of the Fourier transform.
        hop_length: int <= n_fft / 2 [samples], step between frames.
    """

    front_end: ClassVar[str] = "waveform"
    extra_frames: ClassVar[int] = 1  # librosa's frames are centred: one stands at either end

    name: str
    n_fft: Annotated[Samples, Field(multiple_of=2)] = 2048
    hop_length: Samples = 512

    @model_validator(mode="after")
    def _check_hop(self) -> Self:
        if 2 * self.hop_length > self.n_fft:
            raise ValueError(
                f"hop_length {self.hop_length} must be at most half of n_fft {self.n_fft}"
            )
        return self

    def _require_below_nyquist(self, frequency: float, sample_rate: int) -> None:
        """Raise ConfigError unless a frequency [Hz] is below half the sample rate."""
        if frequency >= sample_rate / 2:
            raise ConfigError(
                f"block {self.name} begins a band at {frequency:g} Hz, which must be below half "
                f"the sample rate, {sample_rate / 2:g} Hz."
            )


class MfccBlock(WaveformBlock):
    """Feature block `mfcc`: mel-frequency cepstral coefficients, and how they change.

    Shape (frames, n_mfcc + 2 * deltas): n_mfcc coefficients [dB], then the first `deltas` of them
    as first differences [dB / frame], then as second differences [dB / frame ** 2].

    Attributes:
        n_mfcc: int <= n_mels, number of coefficients, from the 0th (the level) on.
        deltas: int <= n_mfcc, how many of them are given as differences too.
        n_mels: int, mel bands from 0 Hz to half the sample rate.

    Source: librosa.feature.mfcc and librosa.feature.delta (width 9 frames, orders 1 and 2);
    Davis and Mermelstein (1980), IEEE TASSP 28(4).

    >>> MfccBlock(deltas=20).width
    80
    """

    name: Literal["mfcc"] = "mfcc"
    n_mfcc: Count = 40
    deltas: Annotated[int, Field(ge=0)] = 0
    n_mels: Count = 128

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.n_mfcc > self.n_mels:
            raise ValueError(f"n_mfcc {self.n_mfcc} must be at most n_mels {self.n_mels}")
        if self.deltas > self.n_mfcc:
            raise ValueError(f"deltas {self.deltas} must be at most n_mfcc {self.n_mfcc}")
        return self

    @property
    def parts(self) -> tuple[str | int, ...]:
        """0, 1, ..., delta_0, ..., delta_delta_0, ..."""
        delta = tuple(f"delta_{i}" for i in range(self.deltas))
        return (*range(self.n_mfcc), *delta, *(f"delta_{part}" for part in delta))


class MelDbBlock(WaveformBlock):
    """Feature block `mel_db`: mel power in dB relative to the loudest value of the window.

    Shape (frames, n_mels), in [-80, 0] dB.

    Attributes:
        n_mels: int, mel bands from 0 Hz to half the sample rate.

    Source: librosa.power_to_db(librosa.feature.melspectrogram(...), ref=np.max).
    """

    name: Literal["mel_db"] = "mel_db"
    n_mels: Count = 40

    @property
    def parts(self) -> tuple[str | int, ...]:
        """Bands, from the lowest."""
        return tuple(range(self.n_mels))


class OctaveBlock(WaveformBlock):
    """Base of the blocks over octave bands: 0 to fmin, then `n_bands` octaves.

    The last band reaches half the sample rate.

    Attributes:
        n_bands: int, number of octaves above fmin.
        fmin: float [Hz], upper edge of the first band.
    """

    n_bands: Annotated[int, Field(gt=0, le=12)] = 6
    fmin: Positive = 200.0

    def check_rate(self, sample_rate: int) -> None:
        """Raise ConfigError where an octave lies too high, or the first band holds no bin."""
        self._require_below_nyquist(self.fmin * 2 ** (self.n_bands - 1), sample_rate)
        if sample_rate / self.n_fft > self.fmin:
            raise ConfigError(
                f"block {self.name} needs n_fft of at least {sample_rate / self.fmin:.0f} at "
                f"{sample_rate} Hz, got {self.n_fft}."
            )


class SpectralContrastBlock(OctaveBlock):
    """Feature block `spectral_contrast`: peaks less valleys of the spectrum, octave by octave.

    Shape (frames, n_bands + 1) [dB], at least 0; the bands are OctaveBlock's.

    Source: librosa.feature.spectral_contrast; Jiang et al. (2002), ICME, vol. 1.
    """

    name: Literal["spectral_contrast"] = "spectral_contrast"

    @property
    def parts(self) -> tuple[str | int, ...]:
        """Bands, from the lowest."""
        return tuple(range(self.n_bands + 1))


class ZeroCrossingRateBlock(WaveformBlock):
    """Feature block `zero_crossing_rate`: the share of a frame's samples where the sign changes.

    Shape (frames, 1), in [0, 1].

    Source: librosa.feature.zero_crossing_rate (frame_length=n_fft).
    """

    name: Literal["zero_crossing_rate"] = "zero_crossing_rate"


class OnsetStrengthBlock(WaveformBlock):
    """Feature block `onset_strength`: spectral flux, the mean rise of mel bands over a frame.

    Shape (frames, 1) [dB], at least 0. librosa delays it by n_fft // (2 * hop_length) frames, so
    that a rise stands where it is heard.

    Attributes:
        n_mels: int, mel bands from 0 Hz to half the sample rate.

    Source: librosa.onset.onset_strength; Böck and Widmer (2013), DAFx.
    """

    name: Literal["onset_strength"] = "onset_strength"
    n_mels: Count = 128


class ChromaBlock(WaveformBlock):
    """Feature block `chroma`: energy of the twelve pitch classes, C to B.

    Shape (frames, 12), in [0, 1]: each frame's largest is 1. Tuning is estimated from the window.

    Source: librosa.feature.chroma_stft; Ellis (2007), Chroma feature analysis and synthesis.
    """

    name: Literal["chroma"] = "chroma"

    @property
    def parts(self) -> tuple[str | int, ...]:
        """Pitch classes, from C."""
        return tuple(range(12))


class TonnetzBlock(WaveformBlock):
    """Feature block `tonnetz`: tonal centroids, on the circles of fifths, minor and major thirds.

    Shape (frames, 6), each about -1 to 1. Taken from `chroma` as above, where
    librosa.feature.tonnetz(y=...) takes a constant-Q chroma at about thirty times the cost.

    Source: librosa.feature.tonnetz(chroma=chroma_stft); Harte, Sandler and Gasser (2006), AMCMM.
    """

    name: Literal["tonnetz"] = "tonnetz"

    @property
    def parts(self) -> tuple[str | int, ...]:
        """Sine and cosine on each circle."""
        circles = ("fifth", "minor", "major")
        return tuple(f"{circle}_{axis}" for circle in circles for axis in ("x", "y"))
