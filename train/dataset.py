"""From rows to features: trimmed mel power per clip and playback speed, cached on disk.

Features are computed once per audio content and feature parameters: the cache's key is the SHA-256
of the file's bytes, a digest of the parameters, and the feature code's version.
"""

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import soxr
from tqdm import tqdm

from ser_core.audio import load_audio
from ser_core.config import FEATURE_VERSION, FeatureConfig, Normalisation, SpeechSettings
from ser_core.features import place, spectra, split, trim
from ser_core.speech import MIN_SPEECH, THRESHOLD

from .corpora import Clip
from .recipe import Recipe

CACHE = Path(".cache") / "features"


@dataclass(frozen=True)
class Features:
    """The features of one clip.

    Attributes:
        digest: str, SHA-256 of the audio file's bytes.
        seconds: float, duration of the recording [s].
        power: per playback speed, a float32 array of shape (frames, bands), trimmed mel power.
    """

    digest: str
    seconds: float
    power: dict[float, np.ndarray]


def feature_config(
    recipe: Recipe,
    *,
    normalisation: Normalisation | None = None,
    temperature: float = 1.0,
    uncertain_below: float = 0.0,
) -> FeatureConfig:
    """Make the feature config of a recipe; without statistics, features stay as they are [dB]."""
    features = recipe.features
    bands = sum(block.n_mels for block in features.blocks)
    identity = Normalisation(mean=(0.0,) * bands, std=(1.0,) * bands)
    return FeatureConfig(
        recipe=recipe.name,
        sample_rate=features.sample_rate,
        window=features.window,
        hop=features.hop,
        frames=round(features.window * features.sample_rate / features.blocks[0].hop_length),
        trim=features.trim,
        blocks=features.blocks,
        normalisation=normalisation or identity,
        temperature=temperature,
        speech=SpeechSettings(threshold=THRESHOLD, min_seconds=MIN_SPEECH),
        uncertain_below=uncertain_below,
    )


def compute(
    clips: Sequence[Clip],
    config: FeatureConfig,
    speeds: Sequence[float],
    *,
    cache: Path = CACHE,
    workers: int = 2,
    quiet: bool = False,
) -> list[Features]:
    """Compute or fetch the features of many clips, with a progress bar.

    Args:
        clips: which clips.
        config: FeatureConfig; only sample rate, blocks and trim matter here.
        speeds: floats > 0, playback speeds; 1.0 is the recording as it is.
        cache: folder of the cache.
        workers: int, processes.
        quiet: whether to read the cache without a bar and without further processes.

    Returns:
        One Features per clip, in order.

    Raises:
        AudioError: a clip cannot be read.
    """
    wanted = tuple(sorted({1.0, *speeds}))
    work = partial(_features, config=config, speeds=wanted, cache=cache)
    paths = [clip.path for clip in clips]
    bar = partial(
        tqdm, total=len(paths), desc="features", unit="clip", mininterval=1.0, disable=quiet
    )
    if workers < 2 or quiet:
        return list(bar(map(work, paths)))
    with ProcessPoolExecutor(workers) as pool:
        return list(bar(pool.map(work, paths, chunksize=16)))


def _features(
    path: Path, config: FeatureConfig, speeds: tuple[float, ...], cache: Path
) -> Features:
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    key = {
        "version": FEATURE_VERSION,
        "sample_rate": config.sample_rate,
        "trim": config.trim,
        "blocks": [block.model_dump() for block in config.blocks],
        "speeds": speeds,
    }
    folder = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:16]
    file = cache / folder / f"{digest}.npz"
    if file.is_file():
        with np.load(file, allow_pickle=False) as stored:
            power = {speed: stored[f"{speed}"] for speed in speeds}
            return Features(digest, float(stored["seconds"]), power)
    samples = load_audio(content, sample_rate=config.sample_rate)
    power = {
        speed: trim(spectra(at_speed(samples, speed, config.sample_rate), config), config.trim)
        for speed in speeds
    }
    seconds = len(samples) / config.sample_rate
    file.parent.mkdir(parents=True, exist_ok=True)
    partial_file = file.with_suffix(".partial")
    with partial_file.open("wb") as out:
        np.savez(out, seconds=seconds, **{f"{speed}": array for speed, array in power.items()})
    partial_file.replace(file)
    return Features(digest, seconds, power)


def at_speed(samples: np.ndarray, speed: float, sample_rate: int) -> np.ndarray:
    """Play faster (speed > 1) or slower by resampling; pitch and formants move along."""
    if speed == 1.0:
        return samples
    return soxr.resample(samples, sample_rate * speed, sample_rate)


def statistics(features: Sequence[Features], config: FeatureConfig) -> Normalisation:
    """Measure mean and standard deviation of each feature over training clips.

    Args:
        features: of training clips only.
        config: FeatureConfig, whose own normalisation is not applied.

    Returns:
        Normalisation of `config.block_features` values each, rounded to float32.
    """
    levels = np.concatenate(
        [
            place(window, 0, config)[: len(window)]
            for clip in features
            for window in split(clip.power[1.0], config)
        ]
    ).astype(np.float64)  # (all frames, bands)
    std = np.maximum(levels.std(axis=0), 1e-3)
    return Normalisation(
        mean=tuple(round(float(value), 4) for value in levels.mean(axis=0)),
        std=tuple(round(float(value), 4) for value in std),
    )


def targets(
    clips: Sequence[Clip], labels: Sequence[str], present: dict[str, Sequence[str]]
) -> np.ndarray:  # (clips, classes)
    """One row per clip: 1 at its class, 0 at other classes its corpus has, -1 where it has none.

    Args:
        clips: which clips.
        labels: the classes in output order.
        present: corpus name -> the labels that corpus has.

    Returns:
        float32 array of shape (clips, classes).
    """
    rows = np.full((len(clips), len(labels)), -1.0, dtype=np.float32)
    for row, clip in zip(rows, clips, strict=True):
        for column, label in enumerate(labels):
            if label in present[clip.corpus]:
                row[column] = float(label == clip.emotion)
    return rows
