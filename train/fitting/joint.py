"""Heads over an encoder, frozen or tuned first, learnt from several corpora at once.

That is the judged corpus' training side, and others.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import keras
import numpy as np

from ser_core.config.feature_config import FeatureConfig
from ser_core.config.whole_files import write_whole
from ser_core.errors import ConfigError

from ..corpora import CORPORA, Clip, Corpus
from ..data import feature_cache
from ..data.feature_cache import ORIGINAL
from ..networks.litert_files import require_tensorflow
from ..networks.pretrained_encoders import install
from .heads import Learnt, answer_summaries, fit_heads, head_inputs
from .hidden_head import corpus_odds
from .lower_frames import keep_lower_frames, summarise_tuned
from .plan import Run, new_network
from .summaries import Summaries, summarise_clips
from .tuning import tune


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
    learnt, voices = gather(run, positions), gather_voices(run)
    if run.recipe.tuning is not None:
        tune(run, network, learnt, seed)
        learnt = [summarise_again(run, network, one) for one in learnt]
        voices = voices and summarise_again(run, network, voices)
    fit_heads(network, learnt, run.recipe, run.labels, seed, voices)
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


def gather_voices(run: Run) -> Learnt | None:
    """Gather the voices of which heads learn no emotion, if there are any."""
    return None if run.voices is None else take(run, run.voices, run.voices.clips)


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
    for corpus in run.beside_heads:
        same = any(one.info.name in corpus.info.same_speakers_as for one in run.judged)
        clips = [clip for clip in corpus.clips if not same or clip.speaker in people]
        chosen[corpus.info.name] = clips
    return chosen


def take(run: Run, corpus: Corpus, clips: Sequence[Clip]) -> Learnt:
    """Take some clips of a corpus, with their summaries."""
    return Learnt(corpus, clips, summarise_clips(run, clips, versions_of(run, corpus), quiet=True))


def check_heads(run: Run) -> None:
    """Check what a recipe says by corpus and by label against those that there are.

    Args:
        run: Run of a recipe with heads.

    Raises:
        ConfigError: a name is none of the corpora, or none of the labels; a fold's hidden head
            would have no corpus to learn from; or the encoder is tuned, and Keras does not run on
            TensorFlow.
    """
    heads = run.recipe.heads
    assert heads is not None, "only a recipe with heads has any to check"
    if run.recipe.tuning is not None:
        require_tensorflow()  # for the files of each fold's encoder: said before the first is tuned
    by_corpus: dict[str, Mapping[str, float]] = {
        "heads.copies": heads.copies,
        "heads.wide": heads.wide,
        "heads.linear.shares": heads.linear.shares,
        "heads.hidden.shares": heads.hidden.shares,
    }
    corpora = [corpus.info.name for corpus in run.corpora.values()]
    for section, named in by_corpus.items():
        # One that is known and not given is of another trial of the same recipe.
        for name in sorted(named.keys() - {*corpora, *CORPORA}):
            raise ConfigError(
                f"{section} names {name!r}, which is no corpus here: name some of "
                f"{', '.join(corpora)}."
            )
    for label in sorted(heads.hidden.smoothing.keys() - set(run.labels)):
        raise ConfigError(
            f"heads.hidden.smoothing names {label!r}, which is no label here: name some of "
            f"{', '.join(run.labels)}."
        )
    beside = [corpus.info.name for corpus in run.learnt_beside]
    clips = run.clips
    for fold in run.folds:
        own = {clips[i].corpus for i in fold.train}
        corpus_odds(heads.hidden, [*sorted(own), *beside])


def prepare_summaries(run: Run) -> None:
    """Compute the summaries of all clips that any fold learns from or is asked about.

    Where the encoder is tuned too, what its lower layers make of them beside.

    Raises:
        AudioError: a clip cannot be read.
        ConfigError: as `check_heads` and `summaries.encoder_file`.
    """
    check_heads(run)
    for corpus in [*run.judged, *run.beside_heads]:
        versions = versions_of(run, corpus)
        summarise_clips(run, corpus.clips, versions)
        if run.recipe.tuning is not None:
            keep_lower_frames(run, corpus.clips, versions)


def versions_of(run: Run, corpus: Corpus) -> list[str]:
    """Name the versions of a corpus' clips that the recipe learns from."""
    heads, name = run.recipe.heads, corpus.info.name
    if heads is None:
        return [ORIGINAL]
    degraded = [f"degraded {number}" for number in range(1, heads.copies.get(name, 0) + 1)]
    wide = [f"wide {number}" for number in range(1, heads.wide.get(name, 0) + 1)]
    return [ORIGINAL, *degraded, *wide]


def summarise_again(run: Run, network: keras.Model, one: Learnt) -> Learnt:
    """Summarise what is learnt from by an encoder that was tuned."""
    return Learnt(one.corpus, one.clips, summarise_tuned(run, network, one.clips, one.names))


def summarise_for(run: Run, network: keras.Model, clips: Sequence[Clip]) -> list[Summaries]:
    """Compute or fetch the summaries of clips as they are, by the encoder of a fold's network."""
    if run.recipe.tuning is not None:
        return summarise_tuned(run, network, clips)
    return summarise_clips(run, clips, quiet=True)


def answer_clips(run: Run, network: keras.Model, positions: np.ndarray) -> dict[str, np.ndarray]:
    """Answer clips as they are, from their summaries; see `heads.answer_summaries`."""
    clips = [run.clips[i] for i in positions]
    return answer_summaries(network, head_inputs(summarise_for(run, network, clips)))
