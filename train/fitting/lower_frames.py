"""What the lower layers of an encoder make of recordings, kept, so that the upper ones can learn.

The layers below those that a recipe tunes never change: they run once for each copy of a recording,
as they ship, with weights of eight bits. What is above runs over what they gave, in training and
in the summaries that heads learn from.
"""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from ser_core.audio.load import load_audio
from ser_core.config.feature_config import FeatureConfig
from ser_core.config.outputs import SUMMARY_STATISTICS
from ser_core.features import counted_frames, summarise

from ..corpora import Clip
from ..data.digests import seed_of
from ..data.feature_cache import ORIGINAL
from ..data.storage import read_arrays, read_finished, write_arrays
from ..networks.encoder_layers import cut
from ..networks.two_heads import FRAMES
from .clip_files import cache_missing, clip_files
from .plan import Run
from .summaries import (
    Summaries,
    change,
    cover_samples,
    encoders_folder,
    export_encoder,
    identify_encoder,
    install_encoder,
    load_encoder,
    open_encoder,
    select,
    summary_folder,
)

COUNTED = " counted"
"""Behind a version's name: the first and the last of each stretch's frames that count."""


def last_lower(run: Run) -> int:
    """Number of the highest layer that is below all that learn and that summaries need."""
    assert run.recipe.tuning is not None, "only a recipe with tuning parts its encoder"
    kept = run.recipe.network.parameters["kept"]
    return int(min(*kept, *(layer - 1 for layer in run.recipe.tuning.layers)))


def boundary(run: Run) -> str:
    """Name of the layer that ends the lower part."""
    return f"layer{last_lower(run)}_add"


def lower_file(run: Run) -> Path:
    """Export the lower part of the encoder for LiteRT, unless it is there."""
    file = encoders_folder(run) / f"{identify_encoder(run)}-to-{last_lower(run)}.tflite"
    if read_finished(file, open_encoder) is None:
        export_encoder(cut(install_encoder(run), None, boundary(run), FRAMES), file)
    return file


def upper_file(run: Run, network: keras.Model) -> Path:
    """Export the upper part of a tuned network's encoder for LiteRT, unless it is there."""
    name = f"{identify_encoder(run, network)}-from-{last_lower(run)}.tflite"
    file = encoders_folder(run) / name
    if read_finished(file, open_encoder) is None:
        export_encoder(cut(network, boundary(run), FRAMES, FRAMES), file)
    return file


def keep_lower_frames(
    run: Run,
    clips: Sequence[Clip],
    versions: Sequence[str] = (ORIGINAL,),
    *,
    quiet: bool = False,
    workers: int = 2,
) -> list[Path]:
    """Compute what the lower layers make of clips, where it is not kept yet.

    Args:
        run: Run of a recipe with tuning.
        clips, versions, quiet, workers: as for `summaries.summarise_clips`.

    Returns:
        The file of each clip, for `read_stretches`.

    Raises:
        AudioError: a clip cannot be read.
        ConfigError: as `summaries.encoder_file`.
    """
    lower = lower_file(run)
    files = clip_files(clips, run.cache.parent / "lower_frames" / summary_folder(run, lower).name)
    cache_missing(
        run,
        dict(zip(files, clips, strict=True)),
        versions,
        {file: read_finished(file, name_versions) or () for file in files},
        lower,
        cache_lower_frames,
        None if quiet else "lower layers",
        workers,
    )
    return files


def name_versions(file: Path) -> list[str]:
    """Name the versions that a file of lower frames holds."""
    with np.load(file, allow_pickle=False) as stored:
        return [name for name in stored.files if not name.endswith(COUNTED)]


def cache_lower_frames(
    recording: Path,
    file: Path,
    config: FeatureConfig,
    versions: Sequence[str],
    lower: Path,
    talkers: tuple[Path, ...],
) -> None:
    """Compute what the lower layers make of a recording, and keep it in a file.

    Raises:
        AudioError: the recording cannot be read.
    """
    arrays = read_finished(file, read_arrays) or {}
    samples = load_audio(recording, sample_rate=config.sample_rate)
    encode = load_encoder(lower)
    for name in versions:
        if name in arrays:
            continue
        rng = np.random.default_rng(seed_of(f"{recording.name} {name}".encode()))
        inputs, stretches = cover_samples(change(samples, name, config, talkers, rng), config)
        encoded = np.stack([encode(one[None]) for one in inputs])
        places = np.arange(encoded.shape[1])
        counted = [counted_frames(places, stretch, config) for stretch in stretches]
        arrays[name] = encoded.astype(np.float16)  # (stretches, encoder's frames, width)
        arrays[name + COUNTED] = np.array([[one[0], one[-1]] for one in counted])
    write_arrays(file, arrays)


def read_stretches(file: Path, version: str) -> tuple[np.ndarray, np.ndarray]:
    """Read what the lower layers made of one version of a recording.

    Returns:
        float16 array of shape (stretches, encoder's frames, width); int array of shape
        (stretches, 2), the first and the last frame that counts.
    """
    with np.load(file, allow_pickle=False) as stored:
        return stored[version], stored[version + COUNTED]


def summarise_tuned(
    run: Run,
    network: keras.Model,
    clips: Sequence[Clip],
    versions: Sequence[str] = (ORIGINAL,),
) -> list[Summaries]:
    """Compute or fetch the summaries of clips by the encoder of a tuned network.

    Args:
        run: Run of a recipe with tuning.
        network: keras.Model.
        clips, versions: as for `summaries.summarise_clips`.

    Returns:
        Summaries of each clip, in order.
    """
    upper = upper_file(run, network)
    folder = summary_folder(run, upper)
    found: list[Summaries] = []
    for lower in keep_lower_frames(run, clips, versions, quiet=True):
        file = folder / lower.name
        arrays = read_finished(file, read_arrays) or {}
        missing = [name for name in versions if name not in arrays]
        for name in missing:
            arrays[name] = summarise_stretches(*read_stretches(lower, name), upper)
        if missing:
            write_arrays(file, arrays)
        found.append({name: select(arrays[name], run.recipe.summary) for name in versions})
    return found


def summarise_stretches(lower: np.ndarray, counted: np.ndarray, upper: Path) -> np.ndarray:
    """Summarise a recording by all statistics there are; arguments as `read_stretches` gives.

    Returns:
        float16 array of shape (width of the summary,).
    """
    encode = load_encoder(upper)
    pieces = [
        encode(stretch[None].astype(np.float32))[first : last + 1]
        for stretch, (first, last) in zip(lower, counted, strict=True)
    ]
    return summarise(np.concatenate(pieces), SUMMARY_STATISTICS).astype(np.float16)
