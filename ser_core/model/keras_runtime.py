"""Run Keras' own save of a network. TensorFlow is imported here alone, and only when needed."""

import math
import threading
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from ..audio.forks import reset_after_fork
from ..config.documents import parse_json_object, read_bytes
from ..config.feature_config import FeatureConfig
from ..errors import ModelError, refuse_lfs_pointer_file
from .extras import KERAS, install_command
from .files import KERAS_FILES, NETWORK, WEIGHTS, require_usable
from .network_outputs import (
    SUMMARY,
    check_head,
    check_shapes,
    embedding_size,
    frames_output,
    split_outputs,
)
from .pooling import Answers

LARGEST_OUTPUT = 2**28  # values that one layer may give for one input: a gigabyte
SIGNATURE = b"\x89HDF\r\n\x1a\n"  # that a file of weights begins with

KERAS_FAULTS = (
    ValueError,
    TypeError,
    OSError,
    LookupError,
    NameError,  # of a file of weights that is no HDF5, as Keras 3.15 then uses what it never opened
    AttributeError,
    ArithmeticError,
    ImportError,
    RuntimeError,
    MemoryError,
)
"""What Keras raises for files of a network that it cannot make sense of."""

_has_run = False  # Keras, in this process
_is_lost = False  # it had run in the process that this one was forked from, and would hang here


@reset_after_fork
def _leave_keras_to_the_parent() -> None:
    """Note, in a process just forked, whether TensorFlow's threads stayed with its parent."""
    global _is_lost
    _is_lost = _has_run


def _use_keras() -> None:
    """Note that Keras runs in this process.

    Raises:
        ModelError: it cannot, as it ran in the one that this process was forked from.
    """
    global _has_run
    if _is_lost:
        raise ModelError(
            "Keras cannot run in a process that was forked from one in which it ran already: start "
            "processes by spawn, or load a repository with a file for LiteRT."
        )
    _has_run = True


def load_keras_network(directory: str | PathLike[str]) -> Any:
    """Load Keras' own save of a network; imports Keras, and with it TensorFlow.

    Args:
        directory: a local folder with Keras' files.

    Returns:
        keras.Model, not compiled.

    Raises:
        ModelError: Keras is not installed or cannot run in this process; it refuses the files, or
            one is a Git LFS pointer.
    """
    folder = Path(directory)
    require_usable(folder, KERAS_FILES)
    for name in KERAS_FILES:
        refuse_lfs_pointer_file(folder / name, name, ModelError)
    _use_keras()
    try:
        import keras
    except ImportError as error:
        raise ModelError(
            f"Keras cannot be imported to read the network's files: {install_command([KERAS])}."
        ) from error
    try:
        _check_size(folder)
        return keras.saving.load_model(directory, compile=False, safe_mode=True)
    except ModelError:
        raise
    except KERAS_FAULTS as error:
        raise ModelError(f"Keras cannot load the network in {folder.name}.") from error


def _check_size(directory: Path) -> None:
    """Raise ModelError where a described network cannot have the weights that are there.

    The layers are built without their weights, so that one of 1e8 units takes no memory.
    """
    import keras

    weights = directory / WEIGHTS
    with weights.open("rb") as file:
        if file.read(len(SIGNATURE)) != SIGNATURE:
            raise ModelError(f"{WEIGHTS} is no file of weights.")
    described = parse_json_object(read_bytes(directory / NETWORK), NETWORK)
    described.pop("compile_config", None)
    with keras.StatelessScope(initialize_variables=False):
        network = keras.saving.deserialize_keras_object(described, safe_mode=True)
    if not isinstance(network, keras.Model) or not network.layers or not network.inputs:
        raise ModelError(f"{NETWORK} describes no network of layers.")
    count = sum(math.prod(variable.shape) for variable in network.variables)
    if count > 2 * weights.stat().st_size:  # with half a byte for each there would be room
        raise ModelError(
            f"{NETWORK} describes {count:,} numbers, which {WEIGHTS} cannot hold: they are not of "
            "one network."
        )
    for layer in network.layers:
        for tensor in keras.tree.flatten(layer.output):
            if math.prod(size or 1 for size in tensor.shape) > LARGEST_OUTPUT:
                raise ModelError(f"{NETWORK} describes a layer that gives {tensor.shape}.")


def cut_head(network: Any, config: FeatureConfig) -> Any:
    """Cut the head off a network that gives its encoder's frames.

    Args:
        network: keras.Model with a layer `summary`.
        config: FeatureConfig.

    Returns:
        keras.Model from `summary`, float32 (batch, width of a summary), to the network's answers by
        name; it shares the network's weights.

    Raises:
        ModelError: the answers are not made of the output of such a layer.
    """
    import keras

    outputs = dict(zip(network.output_names, network.outputs, strict=True))
    try:
        summary = network.get_layer(SUMMARY).output
        return keras.Model(summary, {name: outputs[name] for name in config.outputs.answers})
    except KERAS_FAULTS as error:
        raise ModelError(
            f"The network's answers are not made of a layer {SUMMARY!r} alone, which is where a "
            "network that gives its encoder's frames is cut."
        ) from error


class KerasRuntime:
    """Keras' own save, for a repository without a LiteRT file; imports TensorFlow when made."""

    name = "Keras"

    def __init__(self, directory: str | PathLike[str], config: FeatureConfig) -> None:
        """Load the network and check it against the config.

        Raises:
            ModelError: Keras is not installed, refuses the files, or the shapes do not match.
        """
        self._network = load_keras_network(directory)
        import keras

        self._keras = keras
        self._config = config
        self._lock = threading.Lock()
        what = "The Keras network"
        outputs = _output_shapes(self._network)
        check_shapes(what, _input_shapes(self._network), outputs, config)
        self.embedding_size = embedding_size(outputs, config)
        self._head: Any = None
        if config.outputs.frames is not None:
            self._head = head = cut_head(self._network, config)
            frames = outputs[config.outputs.frames]
            check_head(
                "the Keras network", _input_shapes(head), _output_shapes(head), frames, config
            )

    def run(self, windows: np.ndarray) -> Answers:
        """See `Runtime.run`."""
        return split_outputs(self._call(self._network, windows), self._config)

    def encode(self, inputs: np.ndarray) -> np.ndarray:
        """See `Runtime.encode`."""
        return self._call(self._network, inputs)[frames_output(self._config)]

    def answer(self, summaries: np.ndarray) -> Answers:
        """See `Runtime.answer`."""
        frames_output(self._config)
        return split_outputs(self._call(self._head, summaries), self._config)

    def _call(self, network: Any, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Call a network, and give its outputs by name."""
        _use_keras()
        with self._lock:
            outputs = network(rows.astype(np.float32, copy=False), training=False)
        tensors = zip(network.output_names, self._keras.tree.flatten(outputs), strict=True)
        return {name: self._keras.ops.convert_to_numpy(tensor) for name, tensor in tensors}


def _input_shapes(network: Any) -> dict[str, tuple[int | None, ...]]:
    return {tensor.name: tensor.shape for tensor in network.inputs}


def _output_shapes(network: Any) -> dict[str, tuple[int | None, ...]]:
    shapes = (tensor.shape for tensor in network.outputs)
    return dict(zip(network.output_names, shapes, strict=True))
