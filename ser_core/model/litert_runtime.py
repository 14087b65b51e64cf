"""Run a network's file through LiteRT, which answers in milliseconds and starts in hundredths."""

import threading
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from ..config.feature_config import FeatureConfig
from ..errors import ModelError, refuse_lfs_pointer
from .files import LITERT_FORMS, require_usable
from .network_outputs import (
    check_head,
    check_shapes,
    embedding_size,
    frames_output,
    split_outputs,
)
from .pooling import Answers

WHOLE, HEAD = "serving_default", "head"
"""Signatures of the file: the network; and, if it gives frames, from their summary to answers."""

MALFORMED = (ValueError, RuntimeError, MemoryError, LookupError, StopIteration)
"""What LiteRT raises for a file that it cannot run, and this module for one without inputs."""

IDENTIFIER = slice(4, 8), b"TFL3"  # where a FlatBuffers file says that it is one of these


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


class _Part(NamedTuple):
    """A signature's runner, and the name of its input."""

    runner: SignatureRunner
    argument: str

    @property
    def inputs(self) -> dict[str, tuple[int, ...]]:
        """Shapes of what it takes, by name."""
        return {n: tuple(d["shape"]) for n, d in self.runner.get_input_details().items()}

    @property
    def outputs(self) -> dict[str, tuple[int, ...]]:
        """Shapes of what it gives, by name."""
        return {n: tuple(d["shape"]) for n, d in self.runner.get_output_details().items()}

    def require_floats(self, what: str) -> None:
        """Raise ModelError unless it takes and gives numbers of 32 bits."""
        details = [*self.runner.get_input_details().values()]
        details += self.runner.get_output_details().values()
        if any(one["dtype"] is not np.float32 for one in details):
            raise ModelError(f"{what} takes or gives other numbers than those of 32 bits.")

    def run(self, rows: np.ndarray, names: tuple[str, ...]) -> dict[str, np.ndarray]:
        """Run it on one row after the other, and give some of its outputs, joined."""
        given = [
            self.runner(**{self.argument: row[None].astype(np.float32, copy=False)}) for row in rows
        ]
        return {name: np.concatenate([one[name] for one in given]) for name in names}


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
            ModelError: not a LiteRT model but, say, a Git LFS pointer, or its signatures do not
                match the config.
        """
        self._file = LITERT_FORMS[form]
        require_usable(Path(directory), [self._file])
        self._model = (Path(directory) / self._file).read_bytes()
        refuse_lfs_pointer(self._model, self._file, ModelError)
        place, identifier = IDENTIFIER
        if self._model[place] != identifier:
            raise ModelError(f"{self._file} is not a LiteRT model that runs here.")
        self._config = config
        self._local = threading.local()
        parts = self._parts()
        for part in parts.values():
            part.require_floats(self._file)
        check_shapes(self._file, parts[WHOLE].inputs, parts[WHOLE].outputs, config)
        self.embedding_size = embedding_size(parts[WHOLE].outputs, config)
        if config.outputs.frames is not None:
            frames = parts[WHOLE].outputs[config.outputs.frames]
            check_head(self._file, parts[HEAD].inputs, parts[HEAD].outputs, frames, config)

    def run(self, windows: np.ndarray) -> Answers:
        """See `Runtime.run`."""
        outputs = self._parts()[WHOLE].run(windows, self._config.outputs.answers)
        return split_outputs(outputs, self._config)

    def encode(self, inputs: np.ndarray) -> np.ndarray:
        """See `Runtime.encode`."""
        name = frames_output(self._config)
        return self._parts()[WHOLE].run(inputs, (name,))[name]

    def answer(self, summaries: np.ndarray) -> Answers:
        """See `Runtime.answer`."""
        frames_output(self._config)
        outputs = self._parts()[HEAD].run(summaries, self._config.outputs.answers)
        return split_outputs(outputs, self._config)

    def _parts(self) -> dict[str, _Part]:
        """Return this thread's signatures."""
        if not hasattr(self._local, "parts"):
            self._local.interpreter, self._local.parts = self._open()  # parts keep it not alive
        parts: dict[str, _Part] = self._local.parts
        return parts

    def _open(self) -> tuple[object, dict[str, _Part]]:
        from ai_edge_litert.interpreter import Interpreter

        try:
            interpreter = Interpreter(model_content=self._model, num_threads=1)
            interpreter.allocate_tensors()
            if self._config.outputs.frames is None:
                runners = {WHOLE: interpreter.get_signature_runner()}
            else:
                runners = {n: interpreter.get_signature_runner(n) for n in (WHOLE, HEAD)}
        except MALFORMED as error:
            raise ModelError(f"{self._file} is not a LiteRT model that runs here.") from error
        parts = {
            name: _Part(runner, next(iter(runner.get_input_details())))
            for name, runner in runners.items()
        }
        return interpreter, parts
