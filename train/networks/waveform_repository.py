"""Write the files that take samples into a model repository, and prove that they answer as it does.

python -m train waveform --model DIR [--out DIR]
"""

import logging
import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import keras

from ser_core.config.feature_config import FeatureConfig
from ser_core.config.whole_files import settle, temporary_folder
from ser_core.errors import ConfigError, ModelError
from ser_core.model.files import (
    KERAS_FILES,
    LITERT_FORMS,
    ONNX_FILE,
    WAVEFORM_FILES,
    WAVEFORM_FORMS,
    WAVEFORM_KERAS,
    files_in,
    require_usable,
)
from ser_core.model.keras_runtime import KerasRuntime, load_keras_network
from ser_core.model.litert_runtime import LiteRTRuntime
from ser_core.model.origin import load_model
from ser_core.model.predictor import Predictor
from ser_core.model.runtime import Runtime
from ser_core.model.teaching import TaughtHead

from ..answers.markdown import markdown_table
from . import waveform_network
from .litert_files import require_tensorflow, write_litert
from .waveform_files import convert_keras, convert_litert, convert_onnx, describe, says
from .waveform_parity import Parity, compare, run_keras, run_litert, run_onnx, windows

log = logging.getLogger(__name__)

ONNX_PACKAGES = ("onnx", "tf2onnx", "onnxruntime")
"""What writes `model.onnx`, and what it is tried with."""


def is_current(model: Path) -> bool:
    """Whether a repository has these files, and each says of it what `describe` says now.

    So a file is not current that was made of another network, by another version of this package,
    or under another licence. `model.onnx` is wanted where its packages are installed.
    """
    names = [name for name in WAVEFORM_FILES if name in files_in(model)]
    if any(name not in names for name in _expected()):
        return False
    facts = describe(model, FeatureConfig.load(model))
    return all(says(model / name, facts) for name in names)


def add_waveforms(model: Path) -> list[Parity]:
    """Write these files into a repository where they are missing, or of another network.

    Args:
        model: folder of a model repository.

    Returns:
        As `write_waveforms`; nothing where there is nothing to do, or where there can be none: of
        such features, without Keras' own save, or as Keras runs on JAX or PyTorch. A log says why.

    Raises:
        ModelError, ConfigError: as `write_waveforms`.
    """
    if is_current(model):
        return []
    try:
        _config(model)
        require_usable(model, KERAS_FILES)
        require_tensorflow()
    except (ModelError, ConfigError) as error:
        log.warning("No file of it takes samples. %s", error)
        return []
    return write_waveforms(model)


def write_waveforms(model: Path, out: Path | None = None) -> list[Parity]:
    """Write the files that take samples, execute them, and compare them with Python.

    `model.onnx` is left out, with a warning, where its packages are not installed.

    Args:
        model: folder of a model repository with Keras' own save.
        out: folder that they go to; None for the repository itself.

    Returns:
        How far each is from Python.

    Raises:
        ModelError: a file answers otherwise than Python, the folder holds no model, one that is not
            what was saved, or one whose features are not log-mel bands at 16 kHz; nothing is
            written then.
        ConfigError: Keras runs on JAX or PyTorch, or the feature config is not what was saved.
    """
    config = _config(model)
    network = _load_network(model)
    graph = waveform_network.build(network, config)
    facts = describe(model, config)
    target = model if out is None else out
    target.mkdir(parents=True, exist_ok=True)
    with temporary_folder(target) as staging:
        for form, name in WAVEFORM_FORMS.items():
            (staging / name).write_bytes(convert_litert(graph, form, facts))
        (staging / WAVEFORM_KERAS).write_bytes(convert_keras(graph, facts))
        if ONNX_FILE in _expected():
            (staging / ONNX_FILE).write_bytes(convert_onnx(graph, facts))
        else:
            log.warning("%s is left out: it needs %s.", ONNX_FILE, ", ".join(ONNX_PACKAGES))
        found = measure_parity(model, staging, network)
        for one in found:
            one.require()
        for name in WAVEFORM_FILES:  # all, so that none of another network is left
            (target / name).unlink(missing_ok=True)
        for name in _expected():
            settle(staging / name)
            os.replace(staging / name, target / name)
    settle(target)
    return found


def measure_parity(model: Path, files: Path, network: keras.Model | None = None) -> list[Parity]:
    """Compare the files that take samples with Python, each in its runtime.

    Args:
        model: folder of the model repository.
        files: folder with the files.
        network: Keras' network of the repository; None to load it.

    Raises:
        ModelError: a file for LiteRT is missing, one cannot be run or gives no finite answer, or
            the folder holds no model, or one that is not what was saved.
        ConfigError: the feature config is not what was saved.
    """
    missing = [name for name in WAVEFORM_FORMS.values() if not (files / name).is_file()]
    if missing:
        raise ModelError(
            f"{files} has no {' and no '.join(missing)}: write what takes samples with `python -m "
            "train waveform`."
        )
    config = _config(model)
    network = _load_network(model) if network is None else network
    sounds = windows(config)
    found = []
    with temporary_folder() as folder:
        python = {form: _python(model, config, network, form, folder) for form in WAVEFORM_FORMS}
    for form, name in WAVEFORM_FORMS.items():
        given = compare(python[form], run_litert(files / name), sounds)
        found.append(Parity(name, "LiteRT", form, given))
    if (files / WAVEFORM_KERAS).is_file():
        given = compare(python["float32"], run_keras(files / WAVEFORM_KERAS), sounds)
        found.append(Parity(WAVEFORM_KERAS, "Keras", "float32", given))
    if (files / ONNX_FILE).is_file() and find_spec("onnxruntime") is None:
        log.warning("%s is not compared: it needs onnxruntime.", ONNX_FILE)
    elif (files / ONNX_FILE).is_file():
        given = compare(python["float32"], run_onnx(files / ONNX_FILE), sounds)
        found.append(Parity(ONNX_FILE, "ONNX Runtime", "float32", given))
    return found


def parity_table(several: Sequence[Parity]) -> str:
    """Write what was compared as a Markdown table, file by window.

    A window's column has the largest difference of a probability or of the share of speech; the
    last one the largest of all other outputs.
    """
    rows = [
        [
            one.file,
            one.runtime,
            *(f"{found.answer:.1e}" for found in one.differences.values()),
            f"{max(found.beside for found in one.differences.values()):.1e}",
        ]
        for one in several
    ]
    head = ["file", "runtime", *several[0].differences, "other outputs"]
    return markdown_table(head, rows, text=2)


def _expected() -> tuple[str, ...]:
    """Name the files that can be written here."""
    has_onnx = all(find_spec(package) is not None for package in ONNX_PACKAGES)
    return tuple(name for name in WAVEFORM_FILES if name != ONNX_FILE or has_onnx)


def _config(model: Path) -> FeatureConfig:
    """Read the config of a repository's network, which may have been taught other labels since."""
    config, head = FeatureConfig.load(model), TaughtHead.load(model)
    if head is not None:
        raise ModelError(
            f"The model in {model.name} was taught labels ({', '.join(head.labels)}), which its "
            "network does not give: a file that takes samples can be made of the model it was "
            "taught on."
        )
    waveform_network.require_waveform(config)
    return config


def _load_network(model: Path) -> keras.Model:
    """Load Keras' network of a repository that the recognizer loads, too (see `check.json`)."""
    load_model(model, None, model.absolute().name)
    return load_keras_network(model)


def _python(
    model: Path, config: FeatureConfig, network: keras.Model, form: str, folder: Path
) -> Predictor:
    """Load a network that takes features, in a form; write it first where the model has it not."""
    runtime: Runtime
    if (model / LITERT_FORMS[form]).is_file():
        runtime = LiteRTRuntime(model, config, form)
    elif form == "float32":
        runtime = KerasRuntime(model, config)
    else:
        write_litert(network, config, folder, form)
        runtime = LiteRTRuntime(folder, config, form)
    return Predictor(config, runtime)
