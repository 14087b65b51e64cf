"""From rows to features: a Hugging Face dataset of clips, and their features, cached on disk.

Features are computed once per audio content and feature parameters. The cache's key is the SHA-256
of the file's bytes, a digest of the parameters, and the feature code's version: the fingerprint of
`datasets.map` knows neither, and gives stale results when an imported function changes.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import datasets
import numpy as np
import soxr

from ser_core.audio.load import load_audio
from ser_core.config.feature_config import (
    FEATURE_VERSION,
    FeatureConfig,
    Normalisation,
    Outputs,
    SpeechSettings,
)
from ser_core.features import assemble, choose_front_end, trim
from ser_core.speech.gate import MIN_SPEECH, THRESHOLD

from ..corpora import Clip
from ..recipe import Recipe, Scale

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
    *,
    normalisation: Normalisation | None = None,
    selected: tuple[int, ...] | None = None,
    temperature: float = 1.0,
    uncertain_below: float = 0.0,
) -> FeatureConfig:
    """Make the feature config of a recipe; without statistics, features keep their own units."""
    features = recipe.features
    width = sum(block.width for block in features.blocks) * len(features.statistics or (None,))
    scale = features.scale or Scale(mean=0.0, std=1.0)
    same = Normalisation(mean=(scale.mean,) * width, std=(scale.std,) * width)
    settings = {
        "recipe": recipe.name,
        **features.model_dump(exclude={"select", "scale"}),
        "outputs": Outputs(intensity="intensity" if recipe.gives_intensity else None),
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


def rows(clips: Sequence[Clip]) -> datasets.Dataset:
    """Make a dataset of clips, one row each, with a column per field of `Clip`."""
    return datasets.Dataset.from_list(
        [vars(clip) | {"path": str(clip.path)} for clip in clips],
        features=datasets.Features({name: datasets.Value("string") for name in vars(clips[0])}),
    )


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
    wanted = sorted({ORIGINAL, *versions})
    key = {
        "version": FEATURE_VERSION,
        "sample_rate": config.sample_rate,
        "trim": config.trim,
        "blocks": [block.model_dump() for block in config.blocks],
        "versions": wanted,
    }
    key |= choose_front_end(config).pack_parameters
    folder = cache / hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    table = rows(clips)
    if quiet:
        datasets.disable_progress_bars()
    try:
        computed = table.map(
            cached,
            fn_kwargs={"config": config, "versions": wanted, "folder": folder},
            num_proc=None if quiet or workers < 2 else min(workers, len(clips)),
            remove_columns=table.column_names,
            load_from_cache_file=False,  # the cache is ours
            desc="features",
        )
    finally:
        datasets.enable_progress_bars()
    return [read(folder / f"{digest}.npz", digest, wanted) for digest in computed["digest"]]


def cached(row: dict, config: FeatureConfig, versions: Sequence[str], folder: Path) -> dict:
    """Compute the features of one row unless the cache has them; return the audio's SHA-256."""
    content = Path(row["path"]).read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    file = folder / f"{digest}.npz"
    if not file.is_file():
        samples = load_audio(content, sample_rate=config.sample_rate)
        arrays = {name: version(samples, name, config) for name in versions}
        seconds = len(samples) / config.sample_rate
        unfinished = file.with_suffix(".partial")
        with unfinished.open("wb") as out:
            np.savez(out, seconds=seconds, **arrays)
        unfinished.replace(file)
    return {"digest": digest}


def read(file: Path, digest: str, versions: Sequence[str]) -> Features:
    """Read one clip's features from the cache."""
    with np.load(file, allow_pickle=False) as stored:
        return Features(digest, float(stored["seconds"]), {name: stored[name] for name in versions})


def version(samples: np.ndarray, name: str, config: FeatureConfig) -> np.ndarray:
    """Compute the features of one version of a recording; see Features.versions."""
    front = choose_front_end(config)
    return front.pack(trim(front.frames(change(samples, name, config.sample_rate)), config))


def change(samples: np.ndarray, name: str, sample_rate: int) -> np.ndarray:
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
        return soxr.resample(samples, sample_rate * float(value), sample_rate)
    if kind == "snr":
        level = np.sqrt(np.mean(np.square(samples)) * 10.0 ** (-float(value) / 10.0))
        seed = int.from_bytes(hashlib.sha256(samples.tobytes()).digest()[:8], "little")
        noise = np.random.default_rng(seed).standard_normal(len(samples))
        return samples + (level * noise).astype(np.float32)
    if kind == "pitch":
        from librosa.effects import pitch_shift  # only now: librosa takes a second to import

        return pitch_shift(samples, sr=sample_rate, n_steps=float(value)).astype(np.float32)
    raise ValueError(f"There is no version of a recording called {name!r}.")


def statistics(features: Sequence[Features], config: FeatureConfig) -> Normalisation:
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


def intensities(clips: Sequence[Clip]) -> np.ndarray:  # (clips,)
    """How strongly each clip's emotion is expressed: 1 strong, 0 normal, -1 where nobody said.

    Neutral has no strength: RAVDESS has it in one only, from which nothing can be learnt.

    Returns:
        float32 array of shape (clips,).
    """
    known = {"strong": 1.0, "normal": 0.0}
    return np.array(
        [-1.0 if c.emotion == "neutral" else known.get(c.intensity, -1.0) for c in clips],
        dtype=np.float32,
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
