"""Layers that learn emotion over an encoder that stays as it was pre-trained.

Nothing under the layer `summary` changes while they learn, so what the encoder hears in each
version of each clip is computed once and kept, and a fold takes seconds.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np
from tqdm import tqdm

from ser_core.config.feature_config import FeatureConfig

from ..data import feature_cache
from ..data.feature_cache import ORIGINAL, Features
from ..data.material import Material
from ..data.storage import read_arrays, read_finished, write_arrays
from ..networks.pretrained_encoders import ONE_OF_MANY, weights_digest
from ..networks.speech_encoder import SUMMARY
from ..recipe import Schedule
from .batches import Batches, one_of
from .condense import OF_THE_HEAD, condense_encoder, encoder_of, install_encoder
from .inference import answer_inputs
from .loop import train
from .plan import Run, new_network


def encode_clips(run: Run, features: Sequence[Features], versions: Sequence[str]) -> list[Features]:
    """Compute or fetch what a recipe's encoder hears.

    Args:
        run: Run of a recipe with an encoder.
        features: of the clips, as the recipe's network sees them.
        versions: which versions of each.

    Returns:
        One Features per clip whose versions are float32 arrays of shape (windows, width of the
        summary).
    """
    recipe = run.recipe
    assert recipe.encoder is not None, "only a recipe with an encoder has anything to encode"
    layers = {k: v for k, v in recipe.network.parameters.items() if k not in OF_THE_HEAD}
    decisive: list[Any] = [recipe.features.model_dump(mode="json"), recipe.encoder.name, layers]
    if recipe.condensing is not None:
        decisive.append(condense_encoder(run).name)
    if recipe.encoder.name in ONE_OF_MANY:
        decisive.append(weights_digest(recipe.encoder.name, run.encoder))
    digest = hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()[:16]
    folder = run.cache.parent / "heard" / digest
    files = [folder / f"{clip.digest}.npz" for clip in features]
    wanted = sorted({ORIGINAL, *versions})
    kept = [read_finished(file, read_arrays) or {} for file in files]
    missing = [i for i, stored in enumerate(kept) if not set(wanted) <= set(stored)]
    if missing:
        config = feature_cache.feature_config(recipe, run.labels)
        network = new_network(run, config, 0)
        install_encoder(run, network)
        encoder = encoder_of(network)
        for i in tqdm(missing, desc="encoder", unit="clip"):
            kept[i] |= {
                name: encoder.predict_on_batch(features[i].inputs(config, name))
                for name in wanted
                if name not in kept[i]
            }
            kept[i] = {n: a.astype(np.float16) for n, a in kept[i].items()}
            write_arrays(files[i], kept[i])
    return [
        replace(clip, versions={n: a.astype(np.float32) for n, a in stored.items()})
        for clip, stored in zip(features, kept, strict=True)
    ]


class SummaryBatches(Batches):
    """What the encoder heard in clips, and smoothed targets; one item per step."""

    def place_clip(self, version: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """What was heard in one of a clip's windows, (width of the summary,)."""
        return one_of(version, rng)

    def finish(self, inputs: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A summary is neither standardised nor masked."""
        return inputs


def head_of(network: keras.Model) -> keras.Model:
    """The layers over the summary, as a network of their own that shares their weights."""
    return keras.Model(network.get_layer(SUMMARY).output, network.outputs)


def learn_head(
    run: Run,
    network: keras.Model,
    heard: Material,
    config: FeatureConfig,
    schedule: Schedule,
    seed: Sequence[int],
    description: str,
) -> list[dict[str, float]]:
    """Train the layers over the encoder, in place.

    Args:
        run: Run.
        network: keras.Model of train/networks/speech_encoder.py.
        heard: training clips, with features from `encode_clips`.
        config: FeatureConfig.
        schedule: Schedule.
        seed: what random draws derive from.
        description: str, what the progress bar says.
    """
    batches = SummaryBatches(heard, config, run.recipe, schedule, seed)
    return train(head_of(network), batches, description=description)


def answer_encoded(
    head: keras.Model, heard: Sequence[Features], config: FeatureConfig, version: str = ORIGINAL
) -> np.ndarray:  # (clips, classes)
    """Answer clips from what the encoder heard in all their windows, pooled."""
    return answer_inputs(head, [clip.versions[version] for clip in heard], config)[0]
