"""What runs a saved network: LiteRT first, Keras where a repository has no file for LiteRT."""

from os import PathLike
from pathlib import Path
from typing import Protocol

import numpy as np

from ..config.feature_config import FeatureConfig
from ..errors import ArgumentError, ModelError
from .files import LITERT_FORMS, choose_form, files_in
from .keras_runtime import KerasRuntime
from .litert_runtime import LiteRTRuntime
from .pooling import Answers


class Runtime(Protocol):
    """A loaded network. Safe to call from several threads at once.

    Attributes:
        name: str, what runs it.
        embedding_size: int, numbers of an embedding; None if the network gives none.
    """

    name: str
    embedding_size: int | None

    def run(self, windows: np.ndarray) -> Answers:
        """Answer windows.

        Args:
            windows: float32 array of shape (windows, frames, features).

        Returns:
            Answers; of a network that gives its encoder's frames, to the summary of all of them.
        """
        ...

    def encode(self, inputs: np.ndarray) -> np.ndarray:
        """Encode stretches, with a network that gives its encoder's frames.

        Args:
            inputs: float32 array of shape (stretches, config.frames, config.features).

        Returns:
            float32 array of shape (stretches, encoder's frames, width).

        Raises:
            ModelError: the network gives no frames.
        """
        ...

    def answer(self, summaries: np.ndarray) -> Answers:
        """Answer summaries of encoded frames, with the head of a network that gives those.

        Args:
            summaries: float32 array of shape (n, width of a summary), as
                ser_core.features.summarise gives.

        Raises:
            ModelError: the network gives no frames.
        """
        ...


def check_form(form: str | None) -> None:
    """Raise ArgumentError unless a network may have this form, or nobody asks for one."""
    if form is not None and form not in LITERT_FORMS:
        raise ArgumentError(f"form must be one of {', '.join(LITERT_FORMS)}, got {form!r:.60}.")


def load_runtime(
    directory: str | PathLike[str], config: FeatureConfig, form: str | None = None
) -> Runtime:
    """Load the network of a model repository.

    Args:
        directory: a local folder with the repository's files, enough of them to predict with.
        config: its FeatureConfig.
        form: a name in LITERT_FORMS; None for the first of PREFERRED_FORMS that is there.

    Returns:
        LiteRTRuntime where the form's file is there; KerasRuntime where there is no file for
        LiteRT, or none of float32 and that was asked for.

    Raises:
        ModelError: the form's file is missing, cannot be run, or does not match the config.
        ArgumentError: there is no such form.
    """
    check_form(form)
    directory, names = Path(directory), files_in(directory)
    chosen = choose_form(names, form)
    if chosen is None:
        return KerasRuntime(directory, config)
    if LITERT_FORMS[chosen] not in names:
        raise ModelError(
            f"{directory.name} has no {LITERT_FORMS[chosen]}: load it without form={form!r}."
        )
    return LiteRTRuntime(directory, config, chosen)
