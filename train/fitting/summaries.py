"""Summaries of whole recordings: what a frozen encoder makes of them, computed once and kept.

The encoder runs as it ships, with weights of eight bits, so that the heads learn from what they
will be given. A recording is trimmed, and covered with stretches, as the recognizer does it.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ser_core.audio.load import load_audio
from ser_core.config.feature_config import FEATURE_VERSION, FeatureConfig
from ser_core.config.outputs import SUMMARY_STATISTICS
from ser_core.config.whole_files import write_whole
from ser_core.features import (
    Stretch,
    choose_front_end,
    counted_frames,
    cover,
    stretch_inputs,
    summarise,
    trim_range,
)
from ser_core.timeline.spans import LONGEST

from ..corpora import Clip
from ..data import random_degradation
from ..data.digests import seed_of
from ..data.feature_cache import ORIGINAL, feature_config
from ..data.random_degradation import degrade_at_random, recolour_at_random
from ..data.storage import read_arrays, read_finished, write_arrays
from ..networks.encoder_layers import cut, read_layers
from ..networks.litert_files import converter_settings, require_tensorflow
from ..networks.pretrained_encoders import install, weights_digest
from ..networks.two_heads import FRAMES
from .clip_files import cache_missing, clip_files
from .plan import Run, new_network

MARGIN = 0.4  # [s] at most kept before and after the sound of a degraded copy

Summaries = Mapping[str, np.ndarray]
"""float32 arrays of shape (width of the summary,) by version; see `summarise_clips`."""


def encoder_file(run: Run, network: keras.Model | None = None) -> Path:
    """Export the recipe's encoder for LiteRT, with weights of eight bits, unless it is there.

    Args:
        run: Run of a recipe with heads.
        network: the network whose encoder it is, where the recipe tunes it; None for the encoder as
            it is given.

    Raises:
        ConfigError: the encoder cannot be read, or Keras does not run on TensorFlow.
    """
    if run.recipe.tuning is None:
        network = None  # whosever it is, its encoder is as it is given
    file = encoders_folder(run) / f"{identify_encoder(run, network)}.tflite"
    if read_finished(file, open_encoder) is None:
        whole = install_encoder(run) if network is None else network
        export_encoder(cut(whole, None, FRAMES, FRAMES), file)
    return file


def encoders_folder(run: Run) -> Path:
    """Where encoders for LiteRT are kept."""
    return run.cache.parent / "encoders"


def install_encoder(run: Run) -> keras.Model:
    """Build the recipe's network with the encoder that is given, and heads that learnt nothing."""
    assert run.recipe.encoder is not None, "a recipe with heads has an encoder"
    network = new_network(run, feature_config(run.recipe, run.labels), 0)
    install(network, run.recipe.encoder.name, run.encoder)
    return network


def identify_encoder(run: Run, network: keras.Model | None = None) -> str:
    """Identify what decides an encoder's frames: features, layers and weights.

    Args:
        run: Run of a recipe with heads.
        network: the network whose tuned layers count too; None for the encoder as it is given.

    Returns:
        16 hexadecimal digits.
    """
    recipe = run.recipe
    assert recipe.encoder is not None, "a recipe with heads has an encoder"
    layers = {k: recipe.network.parameters.get(k) for k in ("width", "heads", "depth", "kept")}
    weights = weights_digest(recipe.encoder.name, run.encoder)
    decisive = [recipe.features.model_dump(mode="json"), recipe.encoder.name, weights, layers]
    digest = hashlib.sha256(json.dumps(decisive, sort_keys=True).encode())
    if network is not None and recipe.tuning is not None:
        for name, array in sorted(read_layers(network, recipe.tuning.layers).items()):
            digest.update(f"{name} {array.shape}".encode() + np.float32(array).tobytes())
    return digest.hexdigest()[:16]


def export_encoder(part: keras.Model, file: Path) -> None:
    """Write an encoder, or a part of one, for LiteRT, with weights of eight bits.

    Args:
        part: keras.Model of one input, to a dictionary with the output FRAMES.
        file: where.

    Raises:
        ConfigError: Keras does not run on TensorFlow.
    """
    require_tensorflow()
    (given,) = part.inputs
    with write_whole(file) as unfinished:
        part.export(
            str(unfinished),
            format="litert",
            input_signature=[keras.InputSpec(shape=(1, *given.shape[1:]), dtype="float32")],
            verbose=False,
            **converter_settings("int8"),
        )


def summarise_clips(
    run: Run,
    clips: Sequence[Clip],
    versions: Sequence[str] = (ORIGINAL,),
    *,
    quiet: bool = False,
    workers: int = 2,
) -> list[Summaries]:
    """Compute or fetch the summaries of clips.

    Args:
        run: Run of a recipe with heads.
        clips: which clips.
        versions: which of each: ORIGINAL, "degraded N" (see degrade_at_random), "wide N" (see
            recolour_at_random), N from 1.
        quiet: whether to do without a bar and without further processes.
        workers: int > 0, processes.

    Returns:
        Summaries of each clip, in order.

    Raises:
        AudioError: a clip cannot be read.
        ConfigError: as `encoder_file`.
    """
    encoder = encoder_file(run)
    files = clip_files(clips, summary_folder(run, encoder))
    kept = {file: read_finished(file, read_arrays) for file in files}
    stored = {file: arrays for file, arrays in kept.items() if arrays is not None}
    missing = cache_missing(
        run,
        dict(zip(files, clips, strict=True)),
        versions,
        stored,
        encoder,
        cache_summaries,
        None if quiet else "summaries",
        workers,
    )
    stored |= {file: read_arrays(file) for file in missing}
    return [
        {name: select(stored[file][name], run.recipe.summary) for name in versions}
        for file in files
    ]


def select(summary: np.ndarray, statistics: Sequence[str]) -> np.ndarray:
    """Take from a summary with all statistics those that are wanted, as float32."""
    parts = summary.reshape(len(SUMMARY_STATISTICS), -1)
    rows = [SUMMARY_STATISTICS.index(name) for name in statistics]
    return np.asarray(parts[rows].ravel(), dtype=np.float32)


def summary_folder(run: Run, encoder: Path) -> Path:
    """Where summaries are kept: a folder for each encoder, features, and way to degrade."""
    assert run.recipe.heads is not None, "only a recipe with heads has summaries"
    versions = [FEATURE_VERSION, random_degradation.VERSION]
    parts = [encoder.stem, run.recipe.heads.talkers, *versions, LONGEST, MARGIN]
    parts += SUMMARY_STATISTICS
    digest = hashlib.sha256(json.dumps(parts).encode())
    return run.cache.parent / "summaries" / digest.hexdigest()[:16]


def cache_summaries(
    recording: Path,
    file: Path,
    config: FeatureConfig,
    versions: Sequence[str],
    encoder: Path,
    talkers: tuple[Path, ...],
) -> None:
    """Compute a recording's summaries, and keep them in a file.

    Raises:
        AudioError: the recording cannot be read.
    """
    arrays = read_finished(file, read_arrays) or {}
    samples = load_audio(recording, sample_rate=config.sample_rate)
    for name in versions:
        if name not in arrays:
            rng = np.random.default_rng(seed_of(f"{recording.name} {name}".encode()))
            changed = change(samples, name, config, talkers, rng)
            arrays[name] = summarise_samples(changed, config, encoder).astype(np.float16)
    write_arrays(file, arrays)


def change(
    samples: np.ndarray,
    version: str,
    config: FeatureConfig,
    talkers: tuple[Path, ...],
    rng: np.random.Generator,
) -> np.ndarray:
    """Cut a recording to its sound, and change it at random as its version says.

    Args:
        samples: float32 array of shape (n,), n > 0, mono at `config.sample_rate`.
        version: as in `summarise_clips`.
        config: FeatureConfig.
        talkers: recordings that babble is made of.
        rng: numpy Generator.

    Returns:
        float32 array of shape (m,).
    """
    if version == ORIGINAL:
        return samples
    rate, hop = config.sample_rate, config.hop_length
    wide = version.startswith("wide")
    kept = trim_range(choose_front_end(config).frames(samples), config)
    before, after = (0.0, 0.0) if wide else rng.uniform(0.0, MARGIN, 2)
    first = max(0, kept.start * hop - int(before * rate))
    last = min(len(samples), kept.stop * hop + int(after * rate))
    sound = samples[first:last]
    sound = np.pad(sound, (0, max(0, rate // 10 - len(sound))))
    if wide:
        return recolour_at_random(sound, rate, rng)
    return degrade_at_random(sound, rate, read_talkers(talkers, rate), rng)


def summarise_samples(samples: np.ndarray, config: FeatureConfig, encoder: Path) -> np.ndarray:
    """Summarise a recording, or its middle where it is long, by all statistics there are.

    Args:
        samples: float32 array of shape (n,), n > 0, mono at `config.sample_rate`.
        config: FeatureConfig.
        encoder: file of `encoder_file`.

    Returns:
        float32 array of shape (width of the summary,).
    """
    inputs, stretches = cover_samples(samples, config)
    run_encoder = load_encoder(encoder)
    pieces = [
        counted_frames(run_encoder(one[None]), stretch, config)
        for one, stretch in zip(inputs, stretches, strict=True)
    ]
    return summarise(np.concatenate(pieces), SUMMARY_STATISTICS)


def cover_samples(
    samples: np.ndarray, config: FeatureConfig
) -> tuple[np.ndarray, list[Stretch]]:  # (stretches, frames, features)
    """Trim a recording, and cover it, or its middle where it is long, with stretches.

    Args:
        samples: float32 array of shape (n,), n > 0, mono at `config.sample_rate`.
        config: FeatureConfig.

    Returns:
        The encoder's inputs, float32, and the stretches that they are of.
    """
    frames = choose_front_end(config).frames(samples)
    frames = frames[trim_range(frames, config)]
    longest = round(LONGEST * config.frame_rate)
    start = max(0, (len(frames) - longest) // 2)
    frames = frames[start : start + longest]
    stretches = cover(len(frames), config)
    return stretch_inputs(frames, stretches, config), stretches


def open_encoder(file: Path) -> Any:
    """Open an encoder; raises ValueError where the file is damaged."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(file), num_threads=1)
    interpreter.allocate_tensors()
    return interpreter


@lru_cache(maxsize=1)
def load_encoder(file: Path) -> Callable[[np.ndarray], np.ndarray]:
    """Open an encoder once a process: from one input, (1, frames, features), to its frames."""
    interpreter = open_encoder(file)
    runner = interpreter.get_signature_runner()
    (name,) = runner.get_input_details()

    def run(inputs: np.ndarray) -> np.ndarray:  # (encoder's frames, width)
        assert interpreter is not None  # the runner needs it, and does not keep it alive
        return np.asarray(runner(**{name: inputs})[FRAMES][0])

    return run


@lru_cache(maxsize=1)
def read_talkers(paths: tuple[Path, ...], sample_rate: int) -> list[np.ndarray]:
    """Read the recordings that babble is made of, once a process."""
    return [load_audio(path, sample_rate=sample_rate) for path in paths]
