"""Files of what encoders make of clips: computed once by several processes, and kept."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

import numpy as np

from ..corpora import Clip
from ..data.digests import file_digest
from ..data.feature_cache import feature_config
from ..data.processes import run_in_processes
from .plan import Run

TALKERS = 60  # recordings that babble is made of
CHUNK = 16  # recordings that a process takes at a time


def clip_files(clips: Sequence[Clip], folder: Path) -> list[Path]:
    """Say where a folder keeps what is computed of clips: files by what is in them."""
    return [folder / f"{file_digest(clip.path)}.npz" for clip in clips]


def cache_missing(
    run: Run,
    clips: Mapping[Path, Clip],
    versions: Sequence[str],
    held: Mapping[Path, Collection[str]],
    encoder: Path,
    compute: Callable[..., None],
    description: str | None,
    workers: int,
) -> list[Path]:
    """Compute what files of clips lack.

    Args:
        run: Run of a recipe with heads.
        clips: by the file of each.
        versions: which each file is to hold.
        held: the versions that files hold already.
        encoder: file of what encodes.
        compute: takes a recording, its file, the features, the versions, the encoder and the
            recordings that babble is made of, and writes the file.
        description: of the bar; None to do without one and without further processes.
        workers: int > 0, processes.

    Returns:
        The files that lacked something.

    Raises:
        AudioError: a clip cannot be read.
    """
    config, talkers = feature_config(run.recipe), tuple(talker_paths(run))
    calls = [
        (clip.path, file, config, versions, encoder, talkers)
        for file, clip in clips.items()
        if not set(versions) <= set(held.get(file, ()))
    ]
    run_in_processes(
        compute,
        calls,
        jobs=1 if description is None else workers,
        names=[call[0].name for call in calls],
        chunk=CHUNK,
        description=description if calls else None,
    )
    return [call[1] for call in calls]


def talker_paths(run: Run) -> list[Path]:
    """Which recordings babble is made of: some of a corpus that is learnt from as a whole."""
    assert run.recipe.heads is not None, "only a recipe with heads has summaries"
    name = run.recipe.heads.talkers
    clips = run.corpora[name].clips if name in run.corpora else ()
    spread = np.linspace(0, len(clips) - 1, min(TALKERS, len(clips))).astype(int)
    return [clips[i].path for i in spread]
