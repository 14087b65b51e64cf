"""Run the saved network: LiteRT first, Keras where a repository has no LiteRT file.

LiteRT answers in a millisecond and starts in a hundredth of a second. TensorFlow is imported only
by `KerasRuntime`, and only when it is needed.
"""

import threading
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ..config.feature_config import FeatureConfig
from ..errors import ArgumentError, ModelError
from .extras import KERAS, install_command
from .files import LITERT_FILE, LITERT_FORMS
from .pooling import Answers


class Runtime(Protocol):
    """A loaded network. Safe to call from several threads at once."""

    name: str

    def run(self, windows: np.ndarray) -> Answers:
        """Answer windows.

        Args:
            windows: float32 array of shape (windows, frames, features).

        Returns:
            Answers.
        """
        ...


class SignatureRunner(Protocol):
    """What this module uses of LiteRT's signature runner."""

    def __call__(self, **inputs: np.ndarray) -> dict[str, np.ndarray]:
        """Run the network on inputs by their names; returns its outputs by theirs."""
        ...

    def get_input_details(self) -> dict[str, dict[str, Any]]:
        """What the network takes, by name."""
        ...

    def get_output_details(self) -> dict[str, dict[str, Any]]:
        """What the network gives, by name."""
        ...


def split_outputs(outputs: Mapping[str, np.ndarray], config: FeatureConfig) -> Answers:
    """Split the outputs of a network by what they stand for.

    Args:
        outputs: float32 arrays of shape (windows, width), by the output's name.
        config: FeatureConfig, which says what each name stands for.

    Returns:
        Answers.
    """
    emotion, intensity = config.outputs.emotion, config.outputs.intensity
    return Answers(outputs[emotion], None if intensity is None else outputs[intensity][:, 0])


class LiteRTRuntime:
    """A form of the network through LiteRT, one thread an interpreter, one interpreter a thread.

    An interpreter holds its tensors, so two threads must never share one.
    """

    name = "LiteRT"

    def __init__(
        self, directory: str | PathLike[str], config: FeatureConfig, form: str = "float32"
    ) -> None:
        """Load the file and check it against the config.

        Args:
            directory: a local folder with the file.
            config: FeatureConfig.
            form: a name in LITERT_FORMS.

        Raises:
            ModelError: not a LiteRT model, or its signature does not match the config.
        """
        self._file = LITERT_FORMS[form]
        self._model = (Path(directory) / self._file).read_bytes()
        self._config = config
        self._local = threading.local()
        self._runner()

    def run(self, windows: np.ndarray) -> Answers:
        """See `Runtime.run`."""
        runner, argument = self._runner()
        outputs = [
            runner(**{argument: window[None].astype(np.float32, copy=False)}) for window in windows
        ]
        names = self._config.outputs.names
        joined = {name: np.concatenate([one[name] for one in outputs]) for name in names}
        return split_outputs(joined, self._config)

    def _runner(self) -> tuple[SignatureRunner, str]:
        """Return this thread's signature runner and the name of its input."""
        if not hasattr(self._local, "runner"):
            runner: SignatureRunner
            self._local.interpreter, runner = self._open()  # the runner does not keep it alive
            self._local.runner = runner, next(iter(runner.get_input_details()))
        runner_and_input: tuple[SignatureRunner, str] = self._local.runner
        return runner_and_input

    def _open(self) -> tuple[object, SignatureRunner]:
        from ai_edge_litert.interpreter import Interpreter

        try:
            interpreter = Interpreter(model_content=self._model, num_threads=1)
            interpreter.allocate_tensors()
            runner: SignatureRunner = interpreter.get_signature_runner()
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"{self._file} is not a LiteRT model that runs here.") from error
        inputs = {n: tuple(d["shape"]) for n, d in runner.get_input_details().items()}
        outputs = {n: tuple(d["shape"]) for n, d in runner.get_output_details().items()}
        _check_shapes(self._file, inputs, outputs, self._config)
        return interpreter, runner


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
)
"""What Keras raises for files of a network that it cannot make sense of."""


def load_keras_network(directory: str | PathLike[str]) -> Any:
    """Load Keras' own save of a network; imports Keras, and with it TensorFlow.

    Args:
        directory: a local folder with Keras' files.

    Returns:
        keras.Model, not compiled.

    Raises:
        ModelError: Keras is not installed or refuses the files.
    """
    try:
        import keras
    except ImportError as error:
        raise ModelError(
            f"Keras cannot be imported to read the network's files: {install_command([KERAS])}."
        ) from error
    try:
        return keras.saving.load_model(directory, compile=False, safe_mode=True)
    except KERAS_FAULTS as error:
        raise ModelError(f"Keras cannot load the network in {Path(directory).name}.") from error


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
        inputs = {tensor.name: tensor.shape for tensor in self._network.inputs}
        outputs = dict(
            zip(self._network.output_names, (t.shape for t in self._network.outputs), strict=True)
        )
        _check_shapes("The Keras network", inputs, outputs, config)

    def run(self, windows: np.ndarray) -> Answers:
        """See `Runtime.run`."""
        with self._lock:
            outputs = self._network(windows.astype(np.float32, copy=False), training=False)
        tensors = zip(self._network.output_names, self._keras.tree.flatten(outputs), strict=True)
        convert = self._keras.ops.convert_to_numpy
        return split_outputs({name: convert(tensor) for name, tensor in tensors}, self._config)


def check_form(form: str) -> None:
    """Raise ArgumentError unless a network may have this form."""
    if form not in LITERT_FORMS:
        raise ArgumentError(f"form must be one of {', '.join(LITERT_FORMS)}, got {form!r:.60}.")


def load_runtime(
    directory: str | PathLike[str], config: FeatureConfig, form: str = "float32"
) -> Runtime:
    """Load the network of a model repository.

    Args:
        directory: a local folder with the repository's files, enough of them to predict with.
        config: its FeatureConfig.
        form: a name in LITERT_FORMS.

    Returns:
        LiteRTRuntime where the form's file is there, else, for float32, KerasRuntime.

    Raises:
        ModelError: the form's file is missing, cannot be run, or does not match the config.
        ArgumentError: there is no such form.
    """
    check_form(form)
    directory = Path(directory)
    if form != "float32":
        if not (directory / LITERT_FORMS[form]).is_file():
            raise ModelError(
                f"{directory.name} has no {LITERT_FORMS[form]}: load it without form={form!r}."
            )
        return LiteRTRuntime(directory, config, form)
    if (directory / LITERT_FILE).is_file():
        return LiteRTRuntime(directory, config)
    return KerasRuntime(directory, config)


def _check_shapes(
    what: str,
    inputs: Mapping[str, Sequence[int | None]],
    outputs: Mapping[str, Sequence[int | None]],
    config: FeatureConfig,
) -> None:
    """Raise ModelError unless the network takes and gives what the config says."""
    wanted = (config.frames, config.features)
    shapes = [tuple(shape[1:]) for shape in inputs.values()]
    if shapes != [wanted]:
        raise ModelError(
            f"{what} takes inputs of shape {shapes}, but feature_config.json describes "
            f"{wanted[0]} frames of {wanted[1]} features."
        )
    for name in config.outputs.names:
        if name not in outputs:
            raise ModelError(
                f"{what} has outputs {sorted(outputs)}, but feature_config.json names {name!r}."
            )
    emotion, intensity = config.outputs.emotion, config.outputs.intensity
    if outputs[emotion][-1] != len(config.labels):
        raise ModelError(
            f"{what} gives {outputs[emotion][-1]} probabilities, but feature_config.json lists "
            f"{len(config.labels)} labels."
        )
    if intensity is not None and outputs[intensity][-1] != 1:
        raise ModelError(
            f"{what} gives {outputs[intensity][-1]} values as {intensity!r}, but an intensity is "
            "one value a window."
        )
