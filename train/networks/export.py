"""Write a trained network as a model repository, and prove that all its forms answer the same."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ser_core.config.feature_config import FeatureConfig
from ser_core.errors import ModelError
from ser_core.features import summarise
from ser_core.model.check import KERAS_FORM, Check
from ser_core.model.files import CHECK, LITERT_FORMS, WEIGHTS
from ser_core.model.keras_runtime import KerasRuntime
from ser_core.model.litert_runtime import LiteRTRuntime
from ser_core.model.pooling import Answers
from ser_core.model.runtime import Runtime
from ser_core.model.teaching import TaughtHead, read_head_digest

from .litert_files import write_litert

EMBEDDING = "embedding"
"""The output with what a network's last layer takes."""
LARGEST_DIFFERENCE = 1e-4  # between the outputs of two forms of one network, all in [0, 1]
ALLOWED = {"float32": LARGEST_DIFFERENCE, "float16": 1e-2, "int8": 1e-1}
"""The same of each form against Keras: rounded weights answer a little otherwise, and those of an
encoder more so: 0.060 at most and 0.0045 on average for the recipe default, whose heads learnt
from the rounded one."""
HALF_DIFFERENCE = 1e-3  # the same of Keras with weights of 16 bits against Keras with all of them
LARGEST_HALF = float(np.finfo(np.float16).max)


def fold_temperature(network: keras.Model, config: FeatureConfig) -> None:
    """Divide the last layer's weights by the temperature, in place.

    So bare Keras and a phone get calibrated probabilities without knowing of a temperature.
    """
    last = network.get_layer(config.outputs.emotion)
    last.set_weights([weight / config.temperature for weight in last.get_weights()])


def add_embedding(network: keras.Model, config: FeatureConfig) -> tuple[keras.Model, FeatureConfig]:
    """Give a network that answers windows an output more: what its last layer takes.

    A network that gives its encoder's frames stays as it is, as its embedding is their mean, and so
    does one that has such an output, or whose last layer takes more than one row of numbers.

    Args:
        network: keras.Model.
        config: FeatureConfig.

    Returns:
        keras.Model that shares the weights, and the FeatureConfig that names the output.
    """
    outputs = config.outputs
    taken = network.get_layer(outputs.emotion).input
    if outputs.frames is not None or outputs.embedding is not None or len(taken.shape) != 2:
        return network, config
    embedding = keras.layers.Identity(name=EMBEDDING, dtype="float32")(taken)
    whole = keras.Model(network.input, [*network.outputs, embedding], name=network.name)
    named = outputs.model_copy(update={"embedding": EMBEDDING})
    return whole, config.model_copy(update={"outputs": named})


def export(
    network: keras.Model,
    config: FeatureConfig,
    out: Path,
    windows: np.ndarray,
    *,
    forms: Iterable[str] = tuple(LITERT_FORMS),
    half_weights: bool = False,
) -> None:
    """Write the network's files, its feature config, and what it answers (`check.json`).

    One that answers windows gets an output with their embeddings (see `add_embedding`).

    Args:
        network: keras.Model with the temperature already folded in.
        config: FeatureConfig.
        out: folder, made if it is not there.
        windows: float32 array of shape (windows, frames, features), real inputs to compare on.
        forms: names in LITERT_FORMS, those that are written for LiteRT.
        half_weights: whether Keras' weights are written with 16 bits (see `halve_weights`).

    Raises:
        ModelError: LiteRT and Keras answer differently, or a file cannot be run.
    """
    out.mkdir(parents=True, exist_ok=True)
    network, config = add_embedding(network, config)
    network.save(out, zipped=False)
    config.save(out)
    (out / CHECK).unlink(missing_ok=True)
    runtimes: dict[str, Runtime] = {KERAS_FORM: KerasRuntime(out, config)}
    whole = answer_both_ways(runtimes[KERAS_FORM], windows, config)
    for form in forms:
        write_litert(network, config, out, form)
        runtimes[form] = LiteRTRuntime(out, config, form)
        given = answer_both_ways(runtimes[form], windows, config)
        for one, other in zip(whole, given, strict=True):
            check_differences(LITERT_FORMS[form], differences(one, other), ALLOWED[form])
    if half_weights:
        halve_weights(out, config, windows)
        runtimes[KERAS_FORM] = KerasRuntime(out, config)
    Check.record(config, runtimes).save(out)


def write_check(directory: Path) -> Check:
    """Write a repository's `check.json` anew, from what its network answers now in every form.

    Args:
        directory: folder of a model repository with Keras' own save.

    Raises:
        ConfigError, ModelError: the folder holds no model, or a form gives no answer.
    """
    config, head = FeatureConfig.load(directory), TaughtHead.load(directory)
    if head is not None:
        config = head.network_config(config)
    forms = [form for form, name in LITERT_FORMS.items() if (directory / name).is_file()]
    runtimes: dict[str, Runtime] = {KERAS_FORM: KerasRuntime(directory, config)}
    runtimes |= {form: LiteRTRuntime(directory, config, form) for form in forms}
    check = Check.record(config, runtimes).model_copy(update={"head": read_head_digest(directory)})
    check.save(directory)
    return check


def answer_both_ways(runtime: Runtime, windows: np.ndarray, config: FeatureConfig) -> list[Answers]:
    """Answer windows as a whole, and from their frames, if the network gives those."""
    answers = [runtime.run(windows)]
    if config.outputs.frames is not None:
        encoded = runtime.encode(windows)
        summaries = [summarise(frames, config.outputs.summary) for frames in encoded]
        answers.append(runtime.answer(np.stack(summaries)))
    return answers


def differences(one: Answers, other: Answers) -> dict[str, float]:
    """The largest difference between two forms' answers, by what differs.

    A distance has no upper end, so its difference is relative to 1 more than the distance.
    """
    found = {"probability": float(np.abs(one.probabilities - other.probabilities).max())}
    if one.intensity is not None:
        found["intensity"] = float(np.abs(one.intensity - other.intensity).max())
    if one.distance is not None:
        relative = np.abs(one.distance - other.distance) / (1.0 + one.distance)
        found["distance"] = float(relative.max())
    return found


def check_differences(what: str, found: dict[str, float], allowed: float) -> None:
    """Raise ModelError if a file's answers differ from Keras' by more than is allowed."""
    for name, difference in found.items():
        if not difference <= allowed:
            raise ModelError(
                f"{what} and Keras differ by {difference:.2g} in {name}, at most "
                f"{allowed:g} is allowed: the export is wrong."
            )


def halve_weights(out: Path, config: FeatureConfig, windows: np.ndarray) -> dict[str, float]:
    """Write the weights of Keras' own save with 16 bits; Keras loads them into 32 as ever.

    Vectors and what 16 bits cannot hold stay as they are.

    Args:
        out: folder with Keras' unzipped save; its file of weights is replaced.
        config: FeatureConfig.
        windows: float32 array of shape (windows, frames, features), real inputs to compare on.

    Returns:
        The largest differences of the answers, by what differs.

    Raises:
        ModelError: the answers differ by more than HALF_DIFFERENCE; the file is left as it was.
    """
    file, former = out / WEIGHTS, out / f"{WEIGHTS}.former"
    before = answer_both_ways(KerasRuntime(out, config), windows, config)
    os.replace(file, former)
    try:
        copy_halved(former, file)
        after = answer_both_ways(KerasRuntime(out, config), windows, config)
        several = [differences(one, other) for one, other in zip(before, after, strict=True)]
        found = {name: max(one[name] for one in several) for name in several[0]}
        check_differences(f"{WEIGHTS} with 16 bits", found, HALF_DIFFERENCE)
    except BaseException:
        os.replace(former, file)
        raise
    former.unlink()
    return found


def copy_halved(source: Path, target: Path, *, exactly: bool = False) -> None:
    """Copy an HDF5 file, matrices of float32 made float16 where that is in its range.

    Vectors are added as they are, and a distance is a small difference of large sums: they stay.

    Args:
        source: the file.
        target: the copy.
        exactly: whether only matrices are halved that 16 bits hold as they are, because they had no
            more before.
    """
    import h5py  # comes with Keras

    with h5py.File(source) as whole, h5py.File(target, "w") as half:

        def copy(name: str, item: Any) -> None:
            if isinstance(item, h5py.Group):
                copied = half.require_group(name)
            else:
                values = item[()]
                is_matrix = values.dtype == np.float32 and values.ndim > 1
                if is_matrix and np.all(np.abs(values) <= LARGEST_HALF):
                    halved = values.astype(np.float16)
                    values = values if exactly and np.any(halved != values) else halved
                copied = half.create_dataset(name, data=values)
            for key, value in item.attrs.items():
                copied.attrs[key] = value

        for key, value in whole.attrs.items():
            half.attrs[key] = value
        whole.visititems(copy)
