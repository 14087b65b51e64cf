"""What a recording sounds like, so that a changed copy is found among thousands of others.

The picture compared is a log-frequency spectrogram, compressed and freed of what varies slowly:
gain, room, codec and microphone do little to it, a change of pitch shifts it in frequency, a change
of speed stretches it in time. Its fingerprint keeps, of each band's spectrum over time, the product
with its neighbour band's conjugate: a delay turns both by the same angle and leaves the product.

Source: after Wang (2003), An Industrial-Strength Audio Search Algorithm, ISMIR, in that time and
frequency differences identify a recording; here as one vector per clip, compared by matrix product.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.ndimage import uniform_filter

from ser_core.audio.load import SAMPLE_RATE

FMIN = 110.0  # Hz, centre of the lowest band
COMPRESSION = 0.3  # exponent of the power
FOLDED = 256  # frames; longer clips are wrapped around, 5.12 s of coarse frames
MODULATIONS = slice(4, 52)  # bins of a spectrum over FOLDED coarse frames: 0.8 to 10 Hz
POOLED = 3  # coarse bands in one band of a fingerprint: a quarter of an octave
WIDTH = 256  # values of a fingerprint
SPEEDS = tuple(round(0.88 + 0.03 * step, 2) for step in range(9))  # 0.88 to 1.12
PITCHES = (-4, -3, -2, -1, 1, 2, 3, 4)  # semitones
CHANGES = (
    (1.0, 0),
    *((1.0, pitch) for pitch in PITCHES),
    *((speed, 0) for speed in SPEEDS if speed != 1.0),
    *((speed, round(12.0 * np.log2(speed))) for speed in SPEEDS if speed != 1.0),
)  # (speed, semitones): one at a time, and speed with the pitch that moves along
QUIET = 1e-12  # power of what counts as digital silence


@dataclass(frozen=True)
class Resolution:
    """How finely a picture is drawn.

    Attributes:
        n_fft: int [samples], length of the Hann window and of the Fourier transform.
        hop_length: int [samples].
        per_octave: int, bands.
        bands: int.
        neighbourhood: int [frames and bands], side of the square whose mean is taken away.
    """

    n_fft: int
    hop_length: int
    per_octave: int
    bands: int
    neighbourhood: int


COARSE = Resolution(n_fft=1024, hop_length=320, per_octave=12, bands=72, neighbourhood=15)
# The long window smears copies as a phase vocoder does, so that its copies stay alike.
FINE = Resolution(n_fft=2048, hop_length=160, per_octave=24, bands=144, neighbourhood=21)


@lru_cache(maxsize=4)
def filters(resolution: Resolution) -> np.ndarray:  # (n_fft // 2 + 1, bands)
    """Make triangular filters on a logarithmic axis, each at least one bin wide, of unit sum."""
    bins = np.arange(resolution.n_fft // 2 + 1) * (SAMPLE_RATE / resolution.n_fft)
    steps = np.arange(resolution.bands + 1) / resolution.per_octave
    centres = FMIN * 2.0**steps
    widths = np.maximum(np.diff(centres), SAMPLE_RATE / resolution.n_fft)
    triangles = np.maximum(0.0, 1.0 - np.abs(bins[:, None] - centres[:-1]) / widths)
    weights: np.ndarray = (triangles / triangles.sum(axis=0)).astype(np.float32)
    return weights


def band_power(samples: np.ndarray, resolution: Resolution) -> np.ndarray:  # (frames, bands)
    """Compute the power in bands of a logarithmic frequency axis.

    Args:
        samples: float32 array of shape (n,), mono at 16 kHz.
        resolution: Resolution.

    Returns:
        float32 array of shape (1 + n // hop_length, bands).
    """
    padded = np.pad(np.asarray(samples, dtype=np.float32), resolution.n_fft // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, resolution.n_fft)
    window = np.hanning(resolution.n_fft + 1)[:-1].astype(np.float32)
    spectrum = np.fft.rfft(frames[:: resolution.hop_length] * window, axis=1)
    power: np.ndarray = (spectrum.real**2 + spectrum.imag**2) @ filters(resolution)
    return power


def picture(power: np.ndarray, resolution: Resolution) -> np.ndarray:  # (frames, bands)
    """Compress band power and subtract each point's neighbourhood; silence gives zeros.

    Args:
        power: float32 array of shape (frames, bands).
        resolution: Resolution.

    Returns:
        float32 array of the same shape, the same for any gain.
    """
    loud = np.percentile(power, 99.5)
    if loud < QUIET:
        return np.zeros_like(power)
    compressed = (power / loud) ** np.float32(COMPRESSION)
    around = uniform_filter(compressed, resolution.neighbourhood, mode="nearest")
    contrast: np.ndarray = compressed - around
    return contrast


def stretch(rows: np.ndarray, factor: float) -> np.ndarray:
    """Make a picture `factor` times as long, by linear interpolation."""
    if factor == 1.0 or len(rows) < 2:
        return rows
    places = np.linspace(0.0, len(rows) - 1.0, max(2, round(len(rows) * factor)))
    before = np.minimum(places.astype(int), len(rows) - 2)
    share = (places - before)[:, None].astype(np.float32)
    stretched: np.ndarray = rows[before] * (1.0 - share) + rows[before + 1] * share
    return stretched


@lru_cache(maxsize=1)
def projection() -> np.ndarray:  # (products, WIDTH)
    """Make the fixed random matrix that shortens fingerprints and keeps their angles."""
    pairs = COARSE.bands // POOLED - 1
    products = 2 * pairs * (MODULATIONS.stop - MODULATIONS.start)
    return np.random.default_rng(0).standard_normal((products, WIDTH)).astype(np.float32)


def modulations(rows: np.ndarray) -> np.ndarray:  # (modulations, bands), complex
    """Compute each band's spectrum over time, after wrapping clips longer than FOLDED frames."""
    turns = -(-len(rows) // FOLDED)
    padded = np.pad(rows, ((0, turns * FOLDED - len(rows)), (0, 0)))
    return np.fft.rfft(padded.reshape(turns, FOLDED, -1).sum(axis=0), axis=0)[MODULATIONS]


def vector(spectra: np.ndarray, pitch: int = 0) -> np.ndarray:  # (WIDTH,)
    """Turn spectra over time into one vector of unit length, after shifting them in frequency.

    Args:
        spectra: complex array of shape (modulations, bands), as `modulations` gives.
        pitch: int, how many bands up.

    Returns:
        float32 array of shape (WIDTH,); zeros for silence.
    """
    shifted = np.zeros_like(spectra)
    if pitch >= 0:
        shifted[:, pitch:] = spectra[:, : spectra.shape[1] - pitch]
    else:
        shifted[:, :pitch] = spectra[:, -pitch:]
    pooled = shifted.reshape(len(spectra), -1, POOLED).sum(axis=2)
    products = pooled[:, 1:] * pooled[:, :-1].conj()
    products = products / np.sqrt(np.abs(products) + 1e-6)
    values: np.ndarray = (
        np.stack([products.real, products.imag]).ravel().astype(np.float32) @ projection()
    )
    length = np.linalg.norm(values)
    return values / length if length > 0 else values


def fingerprint(samples: np.ndarray) -> np.ndarray:  # (WIDTH,)
    """Compute the fingerprint of a recording.

    Args:
        samples: float32 array of shape (n,), mono at 16 kHz.

    Returns:
        float32 array of shape (WIDTH,), of length 1, or zeros for silence.
    """
    return vector(modulations(picture(band_power(samples, COARSE), COARSE)))


def fingerprints_if_changed(samples: np.ndarray) -> np.ndarray:  # (changes, WIDTH)
    """Compute the fingerprints that a recording would have at other speeds and pitches.

    Args:
        samples: float32 array of shape (n,), mono at 16 kHz.

    Returns:
        float32 array, one row for each of CHANGES.
    """
    rows = picture(band_power(samples, COARSE), COARSE)
    spectra = {speed: modulations(stretch(rows, 1.0 / speed)) for speed in SPEEDS}
    return np.stack([vector(spectra[speed], pitch) for speed, pitch in CHANGES])
