"""A model of a recipe that stands, as large as that says: real files, nothing learnt."""

import os
from pathlib import Path

from tests.support.shared import written_once

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@written_once
def write_recipe_model(directory: Path, *, recipe: str) -> Path:
    """Write the feature config and `model.tflite` of a recipe's network.

    Args:
        directory: where to; made if it is not there.
        recipe: its name.

    Returns:
        The directory.
    """
    import keras

    from ser_core.config.feature_config import Normalisation
    from train import recipe as recipes
    from train.data.feature_cache import feature_config
    from train.networks import NETWORKS
    from train.networks.litert_files import write_litert

    keras.utils.set_random_seed(3)
    found = recipes.load(recipe)
    width = sum(block.width for block in found.features.blocks)
    scale = Normalisation(mean=(-25.0,) * width, std=(15.0,) * width)
    config = feature_config(found, normalisation=scale)
    build = NETWORKS[found.network.name]
    shape = (config.frames, config.features, len(config.labels))
    network = build(*shape, **found.network.parameters)
    directory.mkdir(parents=True, exist_ok=True)
    write_litert(network, config, directory)
    config.save(directory)
    return directory
