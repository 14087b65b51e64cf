"""Fewer features: the k best by F-score, or principal components; fitted on training clips."""

import keras
import numpy as np
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectKBest, f_classif

from ser_core.config.feature_config import FeatureConfig
from ser_core.errors import ConfigError

from .material import Material

PROJECTION = "projection"  # the layer that holds principal components


def rows_of(material: Material, config: FeatureConfig) -> tuple[np.ndarray, np.ndarray]:
    """Stack the standardised feature rows of clips, and each row's class."""
    inputs = [clip.inputs(config) for clip in material.features]
    frames = [len(of_clip) * of_clip.shape[1] for of_clip in inputs]
    classes = np.repeat(material.targets.argmax(axis=1), frames)
    return np.concatenate(inputs).reshape(-1, config.features), classes


def select(material: Material, config: FeatureConfig, count: int) -> tuple[int, ...]:
    """Choose the features whose means differ most between the emotions.

    Args:
        material: training clips only.
        config: FeatureConfig without a selection.
        count: int > 0, how many to keep.

    Returns:
        Their indices, ascending.

    Raises:
        ConfigError: more are wanted than there are.

    Source: one-way ANOVA F-score, sklearn.feature_selection.f_classif.
    """
    if count > config.features:
        raise ConfigError(f"features.select is {count}, but there are {config.features} features.")
    rows, classes = rows_of(material, config)
    chosen = SelectKBest(f_classif, k=count).fit(rows, classes).get_support(indices=True)
    return tuple(int(index) for index in chosen)


def project(network: keras.Model, material: Material, config: FeatureConfig) -> None:
    """Put principal components of the training clips' features into the layer `projection`.

    The layer is part of the network and is not trained, so that whoever loads the network has it.

    Args:
        network: keras.Model with a Dense layer named `projection`.
        material: training clips only.
        config: FeatureConfig.

    Raises:
        ConfigError: more components are wanted than clips or features allow.

    Source: principal component analysis, sklearn.decomposition.PCA, whitened.
    """
    layer = network.get_layer(PROJECTION)
    rows, _ = rows_of(material, config)
    if layer.units > min(rows.shape):
        raise ConfigError(
            f"network.parameters.projection is {layer.units}, but {rows.shape[0]} rows of "
            f"{rows.shape[1]} features have at most {min(rows.shape)} components."
        )
    pca = PCA(layer.units, random_state=0).fit(rows.astype(np.float64))
    kernel = pca.components_.T / np.sqrt(pca.explained_variance_)
    layer.set_weights([kernel, -pca.mean_ @ kernel])
