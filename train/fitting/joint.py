"""Heads over a frozen encoder, learnt from the judged corpus' training side and others at once."""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from ser_core.config.feature_config import FeatureConfig
from ser_core.config.whole_files import write_whole

from ..corpora import Clip, Corpus
from ..data import feature_cache
from ..data.feature_cache import ORIGINAL
from ..networks.pretrained_encoders import install
from .heads import Learnt, answer_summaries, fit_heads, head_inputs
from .plan import Run, new_network
from .summaries import summarise_clips


def learn_heads(
    run: Run, positions: np.ndarray, fold: int, weights: Path
) -> tuple[keras.Model, FeatureConfig]:
    """Fit a fold's heads, and save the network.

    Args:
        run: Run of a recipe with heads.
        positions: int array, the training clips among `run.clips`.
        fold: int, its number, from which seeds derive.
        weights: where the network's weights are kept.

    Returns:
        The network and its config.
    """
    assert run.recipe.encoder is not None, "a recipe with heads has an encoder"
    config = feature_cache.feature_config(run.recipe, run.labels)
    network = new_network(run, config, fold)
    install(network, run.recipe.encoder.name, run.encoder)
    seed = (run.recipe.seed, fold)
    fit_heads(network, gather(run, positions), run.recipe, run.labels, seed)
    with write_whole(weights) as unfinished:
        network.save_weights(unfinished)
    return network, config


def gather(run: Run, positions: np.ndarray) -> list[Learnt]:
    """Gather what a fold learns from: its training clips, and other corpora whole.

    Of a corpus with the same people as the judged one, only those on the training side count.
    """
    clips = [run.clips[i] for i in positions]
    gathered = []
    for corpus in run.judged:
        own = [clip for clip in clips if clip.corpus == corpus.info.name]
        if own:
            gathered.append(take(run, corpus, own))
    chosen = choose_beside(run, positions)
    return gathered + [take(run, corpus, chosen[corpus.info.name]) for corpus in run.learnt_beside]


def choose_beside(run: Run, positions: np.ndarray) -> dict[str, list[Clip]]:
    """Choose the clips of corpora beside the judged one that a fold learns from.

    Args:
        run: Run.
        positions: int array, the training clips among `run.clips`.

    Returns:
        Clips by corpus: all, or those of the people on the training side where it has the same.
    """
    people = {run.clips[i].speaker for i in positions}
    chosen = {}
    for corpus in run.learnt_beside:
        same = any(one.info.name in corpus.info.same_speakers_as for one in run.judged)
        clips = [clip for clip in corpus.clips if not same or clip.speaker in people]
        chosen[corpus.info.name] = clips
    return chosen


def take(run: Run, corpus: Corpus, clips: Sequence[Clip]) -> Learnt:
    """Take some clips of a corpus, with their summaries."""
    return Learnt(corpus, clips, summarise_clips(run, clips, versions_of(run, corpus), quiet=True))


def prepare_summaries(run: Run) -> None:
    """Compute the summaries of all clips that any fold learns from or is asked about."""
    for corpus in [*run.judged, *run.learnt_beside]:
        summarise_clips(run, corpus.clips, versions_of(run, corpus))


def versions_of(run: Run, corpus: Corpus) -> list[str]:
    """Name the versions of a corpus' clips that the recipe learns from."""
    heads, name = run.recipe.heads, corpus.info.name
    if heads is None:
        return [ORIGINAL]
    degraded = [f"degraded {number}" for number in range(1, heads.copies.get(name, 0) + 1)]
    wide = [f"wide {number}" for number in range(1, heads.wide.get(name, 0) + 1)]
    return [ORIGINAL, *degraded, *wide]


def answer_clips(run: Run, network: keras.Model, positions: np.ndarray) -> dict[str, np.ndarray]:
    """Answer clips as they are, from their summaries; see `heads.answer_summaries`."""
    clips = [run.clips[i] for i in positions]
    return answer_summaries(network, head_inputs(summarise_clips(run, clips, quiet=True)))
