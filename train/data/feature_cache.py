"""From clips to features, cached on disk.

Features are computed once per audio content and feature parameters. The cache's key is the SHA-256
of the file's bytes, a digest of the parameters, and the feature code's version.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr

from ser_core.audio.load import load_audio
from ser_core.config.feature_config import (
    FEATURE_VERSION,
    FeatureConfig,
    Normalisation,
    SpeechSettings,
)
from ser_core.config.outputs import Outputs
from ser_core.errors import AudioError
from ser_core.features import assemble, choose_front_end, trim
from ser_core.speech.gate import MIN_SPEECH, THRESHOLD

from ..corpora import Clip
from ..recipe import Recipe, Scale
from .digests import file_digest, seed_of
from .processes import run_in_processes
from .storage import read_arrays, read_finished, write_arrays

CACHE = Path(".cache") / "features"
ORIGINAL = "original"


@dataclass(frozen=True)
class Features:
    """The features of one clip, in their own units.

    Attributes:
        digest: str, SHA-256 of the audio file's bytes.
        seconds: float, duration of the recording [s].
        versions: by name, "original" and whatever augmentation asks for ("speed 1.04", "snr 20",
            "pitch -2"). Each is a float32 array: trimmed mel power of shape (frames, bands) where
            the block is log_mel, else the levels of its windows, (windows, rows, features).
    """

    digest: str
    seconds: float
    versions: dict[str, np.ndarray]

    def inputs(self, config: FeatureConfig, version: str = ORIGINAL) -> np.ndarray:
        """The network's inputs for a version of the recording, as the recognizer makes them.

        Returns:
            float32 array of shape (inputs, frames, features).
        """
        return assemble(choose_front_end(config).unpack(self.versions[version]), config)


def feature_config(
    recipe: Recipe,
    labels: Sequence[str] | None = None,
    *,
    normalisation: Normalisation | None = None,
    selected: tuple[int, ...] | None = None,
    temperature: float = 1.0,
    uncertain_below: float = 0.0,
) -> FeatureConfig:
    """Make the feature config of a recipe; without statistics, features keep their own units.

    Args:
        recipe: Recipe.
        labels: the classes in output order, `Run.labels`; None where only features matter.
        normalisation: statistics of the training clips.
        selected: indices of the features that are kept; None for all.
        temperature: float > 0, folded into the last layer.
        uncertain_below: float in [0, 1].

    Raises:
        ConfigError: the labels are fewer than two, or cannot be written down.
    """
    features = recipe.features
    width = sum(block.width for block in features.blocks) * len(features.statistics or (None,))
    scale = features.scale or Scale(mean=0.0, std=1.0)
    same = Normalisation(mean=(scale.mean,) * width, std=(scale.std,) * width)
    settings = {
        "recipe": recipe.name,
        **({} if labels is None else {"labels": tuple(labels)}),
        **features.model_dump(exclude={"select", "scale"}),
        "outputs": Outputs(
            intensity="intensity" if recipe.gives_intensity else None,
            distance="distance" if recipe.heads else None,
            frames="frames" if recipe.heads else None,
            summary=recipe.summary if recipe.heads else Outputs().summary,
        ),
        "normalisation": normalisation or same,
        "selected": selected,
        "temperature": temperature,
        "speech": SpeechSettings(threshold=THRESHOLD, min_seconds=MIN_SPEECH),
        "uncertain_below": uncertain_below,
    }
    # How many frames a window has follows from the rest.
    draft = FeatureConfig.model_construct(**settings | {"blocks": features.blocks})
    frames = features.sequence * draft.level_frames
    return FeatureConfig.model_validate(settings | {"frames": frames})


def compute(
    clips: Sequence[Clip],
    config: FeatureConfig,
    versions: Sequence[str] = (ORIGINAL,),
    *,
    cache: Path = CACHE,
    workers: int = 2,
    quiet: bool = False,
) -> list[Features]:
    """Compute or fetch the features of many clips, with a progress bar.

    Args:
        clips: which clips.
        config: FeatureConfig; only what decides features before standardisation matters here.
        versions: which versions of each recording beside the original.
        cache: folder of the cache.
        workers: int, processes.
        quiet: whether to do without a bar and without further processes.

    Returns:
        One Features per clip, in order.

    Raises:
        AudioError: a clip cannot be read.
    """
    wanted = tuple(sorted({ORIGINAL, *versions}))
    folder = cache / _digest_of(config, wanted)
    digests = [file_digest(clip.path) for clip in clips]
    # Files of the same bytes have the same features, so one of them is enough.
    paths = dict(zip(digests, (clip.path for clip in clips), strict=True))
    kept = {digest: _fetch(folder, digest, wanted) for digest in paths}
    missing = {digest: path for digest, path in paths.items() if kept[digest] is None}
    run_in_processes(
        cache_features,
        [(path, folder / f"{digest}.npz", config, wanted) for digest, path in missing.items()],
        jobs=1 if quiet else workers,
        names=[path.name for path in missing.values()],
        description=None if quiet or not missing else "features",
    )
    return [
        kept[digest] or read_features(folder / f"{digest}.npz", digest, wanted)
        for digest in digests
    ]


def _fetch(folder: Path, digest: str, versions: Sequence[str]) -> Features | None:
    def read(file: Path) -> Features:
        return read_features(file, digest, versions)

    return read_finished(folder / f"{digest}.npz", read)


def _digest_of(config: FeatureConfig, versions: Sequence[str]) -> str:
    """Identify what decides features before standardisation."""
    key = {
        "version": FEATURE_VERSION,
        "sample_rate": config.sample_rate,
        "trim": config.trim,
        "blocks": [block.model_dump() for block in config.blocks],
        "versions": list(versions),
    }
    key |= choose_front_end(config).pack_parameters
    return hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:16]


def cache_features(
    recording: Path, file: Path, config: FeatureConfig, versions: Sequence[str]
) -> None:
    """Compute the features of one recording, and keep them in a file.

    Raises:
        AudioError: the recording cannot be read.
    """
    try:
        samples = load_audio(recording, sample_rate=config.sample_rate)
    except AudioError as error:  # which names the file without its folders
        raise AudioError(f"{recording.parent}: {error}") from error
    arrays = {name: compute_version(samples, name, config) for name in versions}
    write_arrays(file, {"seconds": len(samples) / config.sample_rate, **arrays})


def read_features(file: Path, digest: str, versions: Sequence[str]) -> Features:
    """Read one clip's features from the cache."""
    stored = read_arrays(file)
    return Features(digest, float(stored["seconds"]), {name: stored[name] for name in versions})


def compute_version(samples: np.ndarray, name: str, config: FeatureConfig) -> np.ndarray:
    """Compute the features of one version of a recording; see Features.versions."""
    front = choose_front_end(config)
    changed = change_recording(samples, name, config.sample_rate)
    return front.pack(trim(front.frames(changed), config))


def change_recording(samples: np.ndarray, name: str, sample_rate: int) -> np.ndarray:
    """Change a recording as a version's name says.

    Args:
        samples: float32 array of shape (n,), mono.
        name: "original"; "speed S": played S times as fast, pitch and formants moving along;
            "snr D": white noise D dB below the recording's mean power; "pitch P": P semitones up.
        sample_rate: int [Hz].

    Returns:
        float32 array of shape (m,).
    """
    kind, _, value = name.partition(" ")
    if kind == ORIGINAL:
        return samples
    if kind == "speed":
        faster: np.ndarray = soxr.resample(samples, sample_rate * float(value), sample_rate)
        return faster
    if kind == "snr":
        level = np.sqrt(np.mean(np.square(samples)) * 10.0 ** (-float(value) / 10.0))
        rng = np.random.default_rng(seed_of(samples.tobytes()))
        noise = rng.standard_normal(len(samples))
        noisy: np.ndarray = samples + (level * noise).astype(np.float32)
        return noisy
    if kind == "pitch":
        from librosa.effects import pitch_shift  # only now: librosa takes a second to import

        higher = pitch_shift(samples, sr=sample_rate, n_steps=float(value))
        return np.asarray(higher, dtype=np.float32)
    raise ValueError(f"There is no version of a recording called {name!r}.")


def fit_normalisation(features: Sequence[Features], config: FeatureConfig) -> Normalisation:
    """Measure mean and standard deviation of each feature over training clips.

    Args:
        features: of training clips only.
        config: FeatureConfig, whose own normalisation is not applied.

    Returns:
        Normalisation of `config.block_features` values each, of six significant digits; a feature
        that never changes gets the deviation 1.
    """
    front = choose_front_end(config)
    observed = [front.observe(clip.versions[ORIGINAL]) for clip in features]
    values = np.concatenate(observed).astype(np.float64)  # (all frames, features)
    mean, std = values.mean(axis=0), values.std(axis=0)
    std = np.where(std < 1e-8, 1.0, std)
    return Normalisation(
        mean=tuple(float(f"{value:.6g}") for value in mean),
        std=tuple(float(f"{value:.6g}") for value in std),
    )


def intensity_targets(clips: Sequence[Clip]) -> np.ndarray:  # (clips,)
    """How strongly each clip's emotion is expressed: 1 strong, 0 normal, -1 where nobody said.

    Neutral has no strength: RAVDESS has it in one only, from which nothing can be learnt.

    Returns:
        float32 array of shape (clips,).
    """
    known = {"strong": 1.0, "normal": 0.0}
    return np.array(
        [-1.0 if c.emotion == "neutral" else known.get(c.intensity or "", -1.0) for c in clips],
        dtype=np.float32,
    )


def emotion_targets(
    clips: Sequence[Clip], labels: Sequence[str], present: Mapping[str, Sequence[str]]
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
