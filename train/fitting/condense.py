"""Condense a pre-trained speech encoder into few enough parameters to ship, without any label.

    [condensing] of a recipe, whose network.parameters say how thin each matrix becomes

Each matrix of the convolutions and of attention becomes a product of two thin ones, and of the
position-wise networks some units are kept. By algebra, one after the other from the sound upwards:
what comes nearest to what the whole encoder has there, given what the condensed one has heard so
far, so that each makes up for those before it. Corpora other than the one that is judged on are
heard for it, so one condensed encoder serves all folds.

Source: reduced-rank regression, Izenman (1975), J. Multivariate Analysis 5(2).
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
from keras import layers, ops
from tqdm import tqdm

from ser_core.config.feature_config import FeatureConfig
from ser_core.config.whole_files import write_whole
from ser_core.errors import ConfigError

from ..data import feature_cache
from ..data.feature_cache import ORIGINAL
from ..data.material import Material
from ..data.storage import has_weights
from ..networks.pretrained_encoders import (
    ONE_OF_MANY,
    depth_of,
    install,
    weights_digest,
)
from ..networks.speech_encoder import SUMMARY
from .plan import Run, new_network, prepare_corpora
from .regression import Moments, Pairs, pursue, reduced_rank

BATCH = 64  # windows heard at a time
OF_THE_HEAD = ("units", "dropout", "intensity")
"""Parameters of a network of speech_encoder that its encoder does not depend on."""

Stage = Callable[[keras.Model, keras.Model, str, np.ndarray], None]
"""Sets one matrix of the condensed network from the whole one, by a layer's name and windows."""


def encoder_of(network: keras.Model) -> keras.Model:
    """The layers up to the summary, as a network of their own that shares their weights."""
    return keras.Model(network.input, network.get_layer(SUMMARY).output)


def encoder_name(run: Run) -> str:
    """Name the encoder of a run's recipe, which has one."""
    encoder = run.recipe.encoder
    assert encoder is not None, "only a recipe with an encoder installs one"
    return encoder.name


def install_encoder(run: Run, network: keras.Model) -> None:
    """Put the recipe's encoder, whole or condensed, into a network of its recipe, in place."""
    if run.recipe.condensing is None:
        install(network, encoder_name(run), run.encoder)
    else:
        encoder_of(network).load_weights(condense_encoder(run))


def condense_encoder(run: Run) -> Path:
    """Condense a run's encoder, once for all folds; returns the weights' file.

    Raises:
        ConfigError: the encoder is not there, or of another size than the recipe says; or the
            protocol holds out whole corpora, of which the encoder would have heard one.
    """
    settings = run.recipe.condensing
    assert settings is not None, "only a recipe that condenses its encoder asks for that"
    if run.protocol == "corpus":
        raise ConfigError(
            f"Recipe {run.recipe.name} condenses its encoder on {', '.join(settings.corpora)}, "
            "which the protocol corpus holds out in its turn: use another recipe, or protocol."
        )
    corpora = [run.corpora[name] for name in settings.corpora]
    material = prepare_corpora(run, corpora, (ORIGINAL,), quiet=True)
    weights = run.work / f"condensed-{digest(run, material)}.weights.h5"
    if has_weights(weights):
        return weights
    config = feature_cache.feature_config(run.recipe, run.labels)
    network, whole = new_network(run, config, 0), whole_network(run, config)
    windows = [window for clip in material.features for window in clip.inputs(config)]
    chosen = np.random.default_rng(run.recipe.seed).permutation(len(windows))[: settings.windows]
    approximate(network, whole, np.stack([windows[i] for i in chosen]))
    with write_whole(weights) as unfinished:
        encoder_of(network).save_weights(unfinished)
    return weights


def digest(run: Run, material: Material) -> str:
    """Identify what decides the condensed weights."""
    recipe, name = run.recipe, encoder_name(run)
    decisive = {
        "seed": recipe.seed,
        "encoder": name,
        "location": weights_digest(name, run.encoder) if name in ONE_OF_MANY else None,
        "features": recipe.features.model_dump(mode="json"),
        "network": {k: v for k, v in recipe.network.parameters.items() if k not in OF_THE_HEAD},
        "condensing": recipe.condensing and recipe.condensing.model_dump(mode="json"),
    }
    told = hashlib.sha256(json.dumps(decisive, sort_keys=True).encode())
    for clip in material.features:
        told.update(clip.digest.encode())
    return told.hexdigest()[:16]


def whole_network(run: Run, config: FeatureConfig) -> keras.Model:
    """The network as it would be with nothing condensed, with the encoder's weights."""
    parameters = run.recipe.network.parameters
    plain = {k: v for k, v in parameters.items() if k not in ("ranks", "convolution_ranks")}
    recipe = run.recipe.model_copy(
        update={"network": run.recipe.network.model_copy(update={"parameters": plain})}
    )
    whole = new_network(replace(run, recipe=recipe), config, 0)
    install(whole, encoder_name(run), run.encoder)
    return whole


def approximate(network: keras.Model, whole: keras.Model, windows: np.ndarray) -> None:
    """Set a condensed network's encoder by algebra, in place, from the sound upwards.

    Args:
        network: keras.Model of speech_encoder with ranks.
        whole: the same without, with the encoder's weights.
        windows: float32 array of shape (windows, frames, bands) to hear.
    """
    carry_over(network, whole)
    stages: list[tuple[str, Stage]] = [
        ("convolution1", convolution),
        ("convolution2", convolution),
    ]
    for index in range(1, depth_of(network) + 1):
        stages += [
            (f"layer{index}_attention", into_attention),
            (f"layer{index}_attention", out_of_attention),
            (f"layer{index}", position_wise),
        ]
    for name, stage in tqdm(stages, desc="condense", unit="matrix"):
        stage(network, whole, name, windows)


def carry_over(network: keras.Model, whole: keras.Model) -> None:
    """Give the condensed network what is not condensed: normalisations and positions."""
    for layer in network.layers:
        if layer.name == "positions" or layer.name.endswith(("_attention_norm", "_dense_norm")):
            layer.set_weights(whole.get_layer(layer.name).get_weights())
    network.get_layer("positions").finalize_state()


def batches_of(
    windows: np.ndarray, *taps: tuple[keras.Model, str]
) -> Iterator[tuple[np.ndarray, ...]]:
    """Let networks hear windows; yields what each tapped layer gives, a batch at a time."""
    models = [keras.Model(network.input, network.get_layer(name).output) for network, name in taps]
    for start in range(0, len(windows), BATCH):
        batch = windows[start : start + BATCH]
        yield batch, *(model.predict_on_batch(batch) for model in models)


def convolution(network: keras.Model, whole: keras.Model, name: str, windows: np.ndarray) -> None:
    """Set a convolution: thin channels of three frames, and a dense layer after them."""
    thin = network.get_layer(f"{name}_in")
    stride = thin.strides[0]
    before = {"convolution1": None, "convolution2": "convolution2_pad"}[name]

    def pairs() -> Pairs:
        taps = [(whole, name)] if before is None else [(whole, name), (network, before)]
        for batch, target, *heard in batches_of(windows, *taps):
            x = heard[0] if heard else np.pad(batch, ((0, 0), (1, 1), (0, 0)))
            last = stride * (target.shape[1] - 1) + 1
            yield np.concatenate([x[:, i : i + last : stride] for i in range(3)], axis=-1), target

    first, second, bias = reduced_rank(pairs(), thin.filters)
    thin.set_weights([first.reshape(3, -1, thin.filters)])
    network.get_layer(name).set_weights([second, bias])


def into_attention(
    network: keras.Model, whole: keras.Model, name: str, windows: np.ndarray
) -> None:
    """Set what queries, keys and values are made of."""
    attention, original = network.get_layer(name), whole.get_layer(name)
    query, query_bias, key, key_bias, value, value_bias = original.get_weights()[:6]
    width, heads, each = query.shape
    matrix = np.concatenate([a.reshape(width, -1) for a in (query, key, value)], axis=1)
    biases = np.concatenate([a.reshape(-1) for a in (query_bias, key_bias, value_bias)])

    def pairs() -> Pairs:
        taps = ((network, f"{name}_norm"), (whole, f"{name}_norm"))
        for _, heard, normalised in batches_of(windows, *taps):
            yield heard, normalised @ matrix + biases

    rank = network.get_layer(f"{name}_in").units
    first, second, bias = reduced_rank(pairs(), rank)
    network.get_layer(f"{name}_in").set_weights([first])
    arrays = []
    for part, offset in zip(np.split(second, 3, axis=1), np.split(bias, 3), strict=True):
        arrays += [part.reshape(rank, heads, each), offset.reshape(heads, each)]
    attention.set_weights([*arrays, *attention.get_weights()[6:]])


def out_of_attention(
    network: keras.Model, whole: keras.Model, name: str, windows: np.ndarray
) -> None:
    """Set what becomes of what was attended to: it makes up for all that is amiss so far."""
    attention, layer = network.get_layer(name), name.removesuffix("_attention")
    before = network.get_layer(f"{layer}_attention_add").input[0]
    stream = keras.Model(network.input, before)

    def pairs() -> Pairs:
        taps = ((network, f"{name}_in"), (whole, f"{layer}_attention_add"))
        for batch, thin, wanted in batches_of(windows, *taps):
            yield attend(attention, thin), wanted - stream.predict_on_batch(batch)

    out = attention.get_weights()[6]  # (heads, each, rank)
    first, second, bias = reduced_rank(pairs(), out.shape[-1])
    arrays = [first.reshape(out.shape), np.zeros(out.shape[-1], dtype=np.float32)]
    attention.set_weights([*attention.get_weights()[:6], *arrays])
    network.get_layer(f"{name}_out").set_weights([second, bias])


def attend(attention: layers.MultiHeadAttention, x: np.ndarray) -> np.ndarray:
    """What self-attention has before its last matrix, (batch, frames, heads * each)."""
    parts = attention.get_weights()[:6]
    query, key, value = (
        ops.einsum("bti,ihd->bhtd", x, parts[i]) + parts[i + 1][:, None] for i in (0, 2, 4)
    )
    scores = ops.einsum("bhtd,bhsd->bhts", query, key) / np.sqrt(parts[0].shape[-1])
    context = ops.einsum("bhts,bhsd->bthd", ops.softmax(scores), value)
    context = ops.convert_to_numpy(context)
    result: np.ndarray = context.reshape(*context.shape[:2], -1)
    return result


def position_wise(network: keras.Model, whole: keras.Model, name: str, windows: np.ndarray) -> None:
    """Keep the units that tell the most together, and have them make up for all that is amiss."""
    into, out = network.get_layer(f"{name}_dense_in"), network.get_layer(f"{name}_dense_out")
    matrix, offset = whole.get_layer(f"{name}_dense_in").get_weights()

    def pairs() -> Pairs:
        taps = (
            (network, f"{name}_dense_norm"),
            (whole, f"{name}_add"),
            (network, f"{name}_attention_add"),
        )
        for _, heard, wanted, stream in batches_of(windows, *taps):
            units = keras.activations.gelu(ops.convert_to_tensor(heard @ matrix + offset))
            yield ops.convert_to_numpy(units), wanted - stream

    moments = Moments.of(pairs())
    kept = pursue(moments, into.units)
    into.set_weights([matrix[:, kept], offset[kept]])
    out.set_weights(moments.regress(kept))
