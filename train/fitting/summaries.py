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
from ..data.digests import file_digest, seed_of
from ..data.feature_cache import ORIGINAL, feature_config
from ..data.processes import run_in_processes
from ..data.random_degradation import degrade_at_random, recolour_at_random
from ..data.storage import read_arrays, read_finished, write_arrays
from ..networks.litert_files import converter_settings, require_tensorflow
from ..networks.pretrained_encoders import install, weights_digest
from ..networks.two_heads import FRAMES
from .plan import Run, new_network

MARGIN = 0.4  # [s] at most kept before and after the sound of a degraded copy
TALKERS = 60  # recordings that babble is made of
CHUNK = 16  # recordings that a process takes at a time

Summaries = Mapping[str, np.ndarray]
"""float32 arrays of shape (width of the summary,) by version; see `summarise_clips`."""


def encoder_file(run: Run) -> Path:
    """Export the recipe's encoder for LiteRT, with weights of eight bits, unless it is there.

    Raises:
        ConfigError: the encoder cannot be read, or Keras does not run on TensorFlow.
    """
    recipe = run.recipe
    assert recipe.encoder is not None, "a recipe with heads has an encoder"
    layers = {k: recipe.network.parameters.get(k) for k in ("width", "heads", "depth", "kept")}
    weights = weights_digest(recipe.encoder.name, run.encoder)
    decisive = [recipe.features.model_dump(mode="json"), recipe.encoder.name, weights, layers]
    digest = hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()[:16]
    file = run.cache.parent / "encoders" / f"{digest}.tflite"
    if read_finished(file, open_encoder) is None:
        require_tensorflow()
        config = feature_config(recipe)
        network = new_network(run, config, 0)
        install(network, recipe.encoder.name, run.encoder)
        encoder = keras.Model(network.inputs, {FRAMES: network.get_layer(FRAMES).output})
        shape = (1, config.frames, config.features)
        with write_whole(file) as unfinished:
            encoder.export(
                str(unfinished),
                format="litert",
                input_signature=[keras.InputSpec(shape=shape, dtype="float32")],
                verbose=False,
                **converter_settings("int8"),
            )
    return file


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
    config, encoder = feature_config(run.recipe), encoder_file(run)
    folder = summary_folder(run, encoder)
    digests = [file_digest(clip.path) for clip in clips]
    files = [folder / f"{digest}.npz" for digest in digests]
    kept = {file: read_finished(file, read_arrays) for file in files}
    stored = {file: arrays for file, arrays in kept.items() if arrays is not None}
    talkers = tuple(talker_paths(run))
    missing = {
        file: (clip.path, file, config, versions, encoder, talkers)
        for clip, file in zip(clips, files, strict=True)
        if not set(versions) <= set(stored.get(file, ()))
    }
    run_in_processes(
        cache_summaries,
        list(missing.values()),
        jobs=1 if quiet else workers,
        names=[call[0].name for call in missing.values()],
        chunk=CHUNK,
        description=None if quiet or not missing else "summaries",
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


def talker_paths(run: Run) -> list[Path]:
    """Which recordings babble is made of: some of a corpus that is learnt from as a whole."""
    assert run.recipe.heads is not None, "only a recipe with heads has summaries"
    name = run.recipe.heads.talkers
    clips = run.corpora[name].clips if name in run.corpora else ()
    spread = np.linspace(0, len(clips) - 1, min(TALKERS, len(clips))).astype(int)
    return [clips[i].path for i in spread]


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
    frames = choose_front_end(config).frames(samples)
    frames = frames[trim_range(frames, config)]
    longest = round(LONGEST * config.frame_rate)
    start = max(0, (len(frames) - longest) // 2)
    frames = frames[start : start + longest]
    stretches = cover(len(frames), config)
    run_encoder = load_encoder(encoder)
    pieces = [
        counted_frames(run_encoder(one[None]), stretch, config)
        for one, stretch in zip(stretch_inputs(frames, stretches, config), stretches, strict=True)
    ]
    return summarise(np.concatenate(pieces), SUMMARY_STATISTICS)


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
