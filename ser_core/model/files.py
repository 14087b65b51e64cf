"""The files of a model repository: every name, and what a folder must hold to be one.

A repository is one folder, local or on the Hub: Keras' own save, the same network for LiteRT, the
feature config, and what was measured. Nothing outside this module spells a file's name.
"""

import os
from collections.abc import Iterable
from os import PathLike

from ..config.feature_config import FILE_NAME
from ..errors import ModelError

FEATURE_CONFIG = FILE_NAME
CARD = "README.md"
NETWORK = "config.json"  # Keras' description of the layers
WEIGHTS = "model.weights.h5"
KERAS_FILES = (NETWORK, "metadata.json", WEIGHTS)

LITERT_FILE = "model.tflite"
LITERT_FORMS = {
    "float32": LITERT_FILE,
    "float16": "model.float16.tflite",
    "int8": "model.int8.tflite",
}
"""The network's forms for LiteRT, by how its weights are kept; inputs and outputs are float32."""

METRICS, DATASET, RECIPE = "metrics.json", "dataset.json", "recipe.toml"
COMPARISON, ROBUSTNESS, FORMS = "comparison.json", "robustness.json", "forms.json"

REPOSITORY_FILES = (
    CARD,
    *KERAS_FILES,
    *LITERT_FORMS.values(),
    FEATURE_CONFIG,
    METRICS,
    DATASET,
    RECIPE,
    COMPARISON,
    ROBUSTNESS,
    FORMS,
)
"""Names of the files of a model repository; nothing else is downloaded, saved or pushed."""

OPTIONAL_FILES = frozenset({COMPARISON, ROBUSTNESS, FORMS, *LITERT_FORMS.values()} - {LITERT_FILE})
"""Those that a published model may lack."""


def files_in(directory: str | PathLike[str]) -> tuple[str, ...]:
    """List which files of a repository a folder holds; none where there is no such folder."""
    return tuple(name for name in REPOSITORY_FILES if os.path.isfile(os.path.join(directory, name)))


def require_files(names: Iterable[str], source: str) -> None:
    """Raise unless there are files enough to predict with.

    Args:
        names: of the files there are.
        source: what to call the repository in the error.

    Raises:
        ModelError: with the names of what is missing.
    """
    names = set(names)
    if FEATURE_CONFIG not in names:
        raise ModelError(f"{source} is no model repository of ours: it has no {FEATURE_CONFIG}.")
    missing = [name for name in KERAS_FILES if name not in names]
    if LITERT_FILE not in names and missing:
        raise ModelError(
            f"{source} is no model repository of ours: it has no {LITERT_FILE}, "
            f"and {', '.join(missing)} is missing too."
        )
