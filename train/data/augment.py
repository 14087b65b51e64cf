"""Augmentation: random changes to training windows, in the mel-power domain.

Speed is changed on the audio before (train/data/feature_cache.py). What follows is exact for a
spectral tilt and other filters, close for a noise floor, a telephone, another tempo and another
vocal tract, and costs milliseconds a batch instead of seconds. A gain needs no augmentation: the
features are relative to the window's own level.

Source: SpecAugment masks, Park et al. (2019), arXiv:1904.08779; mixup, Zhang et al. (2018),
arXiv:1710.09412; vocal-tract length perturbation, Jaitly and Hinton (2013), ICML workshop on deep
learning for audio; random filters, Nam et al. (2022), arXiv:2110.03282.
"""

from dataclasses import dataclass

import numpy as np
from scipy.signal import sosfreqz

from ser_core.config.feature_config import FeatureConfig
from ser_core.features import TINY, mel_blocks
from ser_core.features.log_mel import hz_to_mel, mel_filters, mel_to_hz

from ..recipe import Augmentation
from .degradations import MU, STEPS, TELEPHONE_RATE, telephone_line

UNKNOWN = -1.0
"""A target that nobody gave: a class that a corpus lacks, an intensity that was not noted."""

ROUNDING = np.float32((np.log1p(MU) / STEPS) ** 2 / 12.0)
"""Power of what a telephone's 8 bits round off, against the speech's: a logarithmic step is in
proportion to the sample, and rounding is even within half a step."""


@dataclass(frozen=True)
class Bands:
    """The mel bands of a feature config, block by block.

    Attributes:
        blocks: where each block's bands stand among all.
        centres: float array of shape (bands,), their frequencies [Hz], rising within a block.
        heights: float array of shape (bands,), where they lie on the mel scale: 0 is the lowest
            band of the first block, 1 its highest.
        gains: float32 array of shape (bands,), power of steady noise against that in the first
            block: it grows with the energy of the Hann window, and with the bins of a mel band,
            whose weights have a unit area in Hz.
    """

    blocks: tuple[slice, ...]
    centres: np.ndarray
    heights: np.ndarray
    gains: np.ndarray

    @classmethod
    def for_config(cls, config: FeatureConfig) -> "Bands":
        """Say where the bands of a feature config lie, whose blocks are all log_mel."""
        blocks = mel_blocks(config)
        by_block = [
            np.linspace(hz_to_mel(block.fmin), hz_to_mel(block.fmax), block.n_mels + 2)[1:-1]
            for block in blocks
        ]
        lowest, highest = by_block[0][0], by_block[0][-1]
        mels = np.concatenate(by_block)
        gains = [np.full(b.n_mels, b.win_length * b.n_fft) for b in blocks]
        return cls(
            config.columns,
            mel_to_hz(mels),
            (mels - lowest) / (highest - lowest),
            (np.concatenate(gains) / gains[0][0]).astype(np.float32),
        )


def crop(power: np.ndarray, frames: int, rng: np.random.Generator) -> tuple[np.ndarray, int]:
    """Choose where a clip stands in a window.

    Args:
        power: float32 array of shape (n, bands).
        frames: int, length of the window.
        rng: source of randomness.

    Returns:
        The rows that are seen, and the frame of the window where they start.
    """
    if len(power) > frames:
        start = int(rng.integers(0, len(power) - frames + 1))
        return power[start : start + frames], 0
    return power, int(rng.integers(0, frames - len(power) + 1))


def shift(power: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """Cut up to `most` frames off the beginning, but no more than half of the clip."""
    return power[int(rng.integers(0, min(most, len(power) // 2) + 1)) :]


def stretch(power: np.ndarray, largest: float, rng: np.random.Generator) -> np.ndarray:
    """Speak up to 1 + `largest` times as fast or as slowly, at the same pitch.

    Args:
        power: float32 array of shape (n, bands).
        largest: float >= 0.
        rng: source of randomness.

    Returns:
        float32 array of shape (m, bands), between frames as a straight line has it.
    """
    reach = np.log1p(largest)
    frames = max(1, round(len(power) * np.exp(rng.uniform(-reach, reach))))
    return between(power, np.linspace(0.0, len(power) - 1.0, frames))


def between(rows: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Read rows at positions that need not be whole, along straight lines.

    Args:
        rows: float32 array of shape (n, columns).
        positions: float array of shape (m,), in [0, n - 1].

    Returns:
        float32 array of shape (m, columns).

    >>> between(np.float32([[0, 0], [2, 4]]), np.array([0.0, 0.25, 1.0])).tolist()
    [[0.0, 0.0], [0.5, 1.0], [2.0, 4.0]]
    """
    below = np.floor(positions).astype(int)
    share = (positions - below).astype(np.float32)[:, None]
    above = np.minimum(below + 1, len(rows) - 1)
    result: np.ndarray = rows[below] * (1 - share) + rows[above] * share
    return result


def warp(power: np.ndarray, largest: float, bands: Bands, rng: np.random.Generator) -> np.ndarray:
    """Speak through a vocal tract up to 1 + `largest` times as long or as short.

    Args:
        power: float32 array of shape (frames, bands).
        largest: float >= 0.
        bands: Bands.
        rng: source of randomness.

    Returns:
        float32 array of the same shape: every frequency moved by one factor; a band that would
        come from beyond a block's outermost has what that one has.
    """
    reach = np.log1p(largest)
    factor = np.exp(rng.uniform(-reach, reach))
    moved = np.empty_like(power)
    for block in bands.blocks:
        centres = bands.centres[block]
        positions = np.interp(centres * factor, centres, np.arange(len(centres)))
        moved[:, block] = between(power[:, block].T, positions).T
    return moved


def random_filter(
    power: np.ndarray, largest: float, bands: Bands, rng: np.random.Generator
) -> np.ndarray:
    """Pass the window through a smooth filter of a random shape.

    Args:
        power: float32 array of shape (frames, bands).
        largest: float >= 0 [dB], gain or loss at the filter's corners.
        bands: Bands.
        rng: source of randomness.

    Returns:
        float32 array of the same shape; between 3 to 6 corners the gain [dB] is a straight line
        over mels.
    """
    inner = np.sort(rng.uniform(size=int(rng.integers(1, 5))))
    corners = np.concatenate([[0.0], inner, [1.0]])
    decibels = np.interp(bands.heights, corners, rng.uniform(-largest, largest, len(corners)))
    return amplify(power, decibels)


def tilt(power: np.ndarray, largest: float, bands: Bands, rng: np.random.Generator) -> np.ndarray:
    """Tilt the spectrum by up to `largest` dB between the lowest and the highest band."""
    return amplify(power, rng.uniform(-largest, largest) * (bands.heights - 0.5))


def amplify(power: np.ndarray, decibels: np.ndarray) -> np.ndarray:
    """Amplify each band of mel power by its number of decibels, float array of shape (bands,)."""
    return power * (10.0 ** (decibels / 10.0)).astype(np.float32)


def add_noise_floor(
    power: np.ndarray, snr: tuple[float, float], bands: Bands, rng: np.random.Generator
) -> np.ndarray:
    """Add stationary noise of a random colour, `snr` dB below the clip's mean power.

    The power of a noise band scatters from frame to frame; a gamma distribution of shape 2 stands
    for a band that averages a few bins of the Fourier transform.
    """
    colour = 10.0 ** (rng.uniform(-30.0, 15.0) * bands.heights / 10.0)
    first = bands.blocks[0]
    level = power[:, first].mean() * 10.0 ** (-rng.uniform(*snr) / 10.0) / colour[first].mean()
    scatter = rng.standard_gamma(2.0, size=power.shape, dtype=np.float32) / 2.0
    result: np.ndarray = power + scatter * (colour * bands.gains * level).astype(np.float32) + TINY
    return result


@dataclass(frozen=True)
class Telephone:
    """A telephone line as mel bands hear it; see `train.data.degradations.telephone`.

    Attributes:
        gain: float32 array of shape (bands,), what the line's filter leaves of each band's power.
        reach: float32 array of shape (bands,), share of a band that lies below half the line's
            sampling rate, where what its 8 bits round off is heard.
    """

    gain: np.ndarray
    reach: np.ndarray

    @classmethod
    def for_config(cls, config: FeatureConfig) -> "Telephone":
        """Measure the line in the bands of a feature config, whose blocks are all log_mel."""
        gains, reaches = [], []
        for block in mel_blocks(config):
            filters = mel_filters(
                config.sample_rate, block.n_fft, block.n_mels, block.fmin, block.fmax
            )
            shares = filters / np.maximum(filters.sum(axis=0), TINY)  # (bins, bands)
            bins = np.linspace(0.0, config.sample_rate / 2, len(filters))  # [Hz]
            carried = bins <= TELEPHONE_RATE / 2
            _, response = sosfreqz(telephone_line(), bins[carried], fs=TELEPHONE_RATE)
            gains.append(np.abs(response) ** 2 @ shares[carried])
            reaches.append(shares[carried].sum(axis=0))
        return cls(
            np.concatenate(gains).astype(np.float32),
            np.concatenate(reaches).astype(np.float32),
        )

    def carry(self, power: np.ndarray, bands: Bands) -> np.ndarray:
        """Send mel power over the line.

        Args:
            power: float32 array of shape (frames, bands).
            bands: Bands.

        Returns:
            float32 array of the same shape.
        """
        heard = power * self.gain
        noise = heard[:, bands.blocks[0]].mean(axis=1, keepdims=True) * ROUNDING
        result: np.ndarray = heard + noise * (self.reach * bands.gains)
        return result


@dataclass(frozen=True)
class Augmenter:
    """The random changes of a recipe, in the bands of a feature config.

    Attributes:
        settings: Augmentation.
        bands: Bands.
        telephone: Telephone, or None where the recipe has none.
    """

    settings: Augmentation
    bands: Bands
    telephone: Telephone | None

    @classmethod
    def for_config(cls, settings: Augmentation, config: FeatureConfig) -> "Augmenter":
        """Measure the bands, and the telephone line in them, once."""
        telephone = Telephone.for_config(config) if settings.telephone else None
        return cls(settings, Bands.for_config(config), telephone)

    def change(self, power: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Change voice and room; now and then add a noise floor, or send it over a telephone.

        Args:
            power: float32 array of shape (frames, bands).
            rng: source of randomness; nothing is drawn for a change that the recipe lacks.
        """
        settings, bands = self.settings, self.bands
        if settings.warp:
            power = warp(power, settings.warp, bands, rng)
        if settings.filter:
            power = random_filter(power, settings.filter, bands, rng)
        power = tilt(power, settings.tilt, bands, rng)
        if rng.random() < settings.noise:
            power = add_noise_floor(power, settings.snr, bands, rng)
        if self.telephone is not None and rng.random() < settings.telephone:
            power = self.telephone.carry(power, bands)
        return power


def mask(windows: np.ndarray, settings: Augmentation, rng: np.random.Generator) -> None:
    """Blank random spans of time and of bands, in place, to the mean of standardised features.

    Args:
        windows: float32 array of shape (batch, frames, features).
    """
    frames, features = windows.shape[1:]
    for window in windows:
        for _ in range(settings.time_masks):
            width = int(rng.integers(0, settings.time_mask + 1))
            start = int(rng.integers(0, frames - width + 1))
            window[start : start + width] = 0.0
        for _ in range(settings.band_masks):
            width = int(rng.integers(0, settings.band_mask + 1))
            start = int(rng.integers(0, features - width + 1))
            window[:, start : start + width] = 0.0


def mixup(
    windows: np.ndarray, targets: list[np.ndarray], alpha: float, rng: np.random.Generator
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Blend each window and its targets with those of another one of the batch.

    Targets in [0, 1] that are -1 (a class that a corpus does not have, an intensity that nobody
    gave) stay -1 where either side has one.

    Args:
        windows: float32 array of shape (batch, frames, features), or of another one per clip.
        targets: of emotion, and of intensity: float32 arrays of shape (batch, n).
        alpha: float > 0, parameter of the beta distribution.
        rng: source of randomness.

    Returns:
        The windows and the targets, blended.
    """
    share = rng.beta(alpha, alpha, size=len(windows)).astype(np.float32)
    share = np.maximum(share, 1.0 - share)
    other = rng.permutation(len(windows))
    of_window = share.reshape(-1, *[1] * (windows.ndim - 1))
    mixed = of_window * windows + (1 - of_window) * windows[other]
    return mixed, [blend(one, one[other], share) for one in targets]


def blend(first: np.ndarray, second: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Blend targets, `share` of the first; what is -1 (not known) on either side stays so."""
    absent = (first == UNKNOWN) | (second == UNKNOWN)
    blended = share[:, None] * first + (1 - share)[:, None] * second
    return np.where(absent, UNKNOWN, blended).astype(np.float32)
