"""An encoder that learns to rebuild its input first, is frozen, and learns again at the end."""

from collections.abc import Sequence

import keras

from ser_core.config.feature_config import FeatureConfig
from ser_core.errors import ConfigError

from ..data.material import Material
from ..networks import autoencoder_bilstm
from ..recipe import Recipe
from .batches import Reconstructions
from .loop import train


def learn_encoder(
    network: keras.Model,
    recipe: Recipe,
    material: Material,
    config: FeatureConfig,
    seed: Sequence[int],
    description: str,
) -> None:
    """Train an autoencoder, put its encoder's weights into the network, and freeze them there.

    Args:
        network: keras.Model, the classifier.
        recipe: Recipe with an `autoencoder` schedule.
        material: training clips only.
        config: FeatureConfig.
        seed: what random draws derive from.
        description: str, what the progress bar says.

    Raises:
        ConfigError: the recipe's network has no autoencoder.
    """
    if recipe.network.name != "autoencoder_bilstm":
        raise ConfigError(
            f"The network {recipe.network.name} has no autoencoder: leave the section out."
        )
    autoencoder = autoencoder_bilstm.build_autoencoder(
        config.frames, config.features, **recipe.network.parameters
    )
    assert recipe.autoencoder is not None, "only a recipe with this phase runs it"
    batches = Reconstructions(material, config, recipe, recipe.autoencoder, (*seed, 1))
    train(autoencoder, batches, description=description)
    autoencoder_bilstm.carry_encoder(autoencoder, network)
    for layer in network.layers:
        if layer.name.startswith(autoencoder_bilstm.ENCODER):
            layer.trainable = False


def melt(network: keras.Model, prefixes: Sequence[str]) -> None:
    """Let the layers learn again whose names begin with one of these.

    Raises:
        ConfigError: no layer's name begins so.
    """
    chosen = [layer for layer in network.layers if layer.name.startswith(tuple(prefixes))]
    if not chosen:
        raise ConfigError(f"No layer's name begins with {' or '.join(prefixes)}.")
    for layer in chosen:
        layer.trainable = True
