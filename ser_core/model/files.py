"""The files of a model repository: every name, what each holds, one reader and one writer.

A repository is one folder, local or on the Hub: Keras' own save, the same network for LiteRT, the
feature config, and what was measured. Nothing outside this module spells a file's name.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from ..config.documents import MOST_BYTES, file_fault, parse_json, read_bytes
from ..config.feature_config import FILE_NAME
from ..config.schema import validated_json
from ..config.whole_files import settle, temporary_folder, write_text
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
PREFERRED_FORMS = ("float32", "int8", "float16")
"""The order in which they are taken where nobody asks for one."""

WAVEFORM_FORMS = {
    "float32": "model.waveform.tflite",
    "int8": "model.waveform.int8.tflite",
}
"""The network with all before it, from samples to answers, for LiteRT: see docs/waveform.md."""
ONNX_FILE = "model.onnx"  # the same for ONNX Runtime
WAVEFORM_KERAS = "model.waveform.keras"  # and for bare Keras
WAVEFORM_FILES = (*WAVEFORM_FORMS.values(), ONNX_FILE, WAVEFORM_KERAS)
"""What others run, and this package neither fetches nor loads."""

METRICS, DATASET, RECIPE = "metrics.json", "dataset.json", "recipe.toml"
COMPARISON, ROBUSTNESS, FORMS = "comparison.json", "robustness.json", "forms.json"
FEW_SHOT = "few_shot.json"
HEAD = "head.json"  # what a model was taught; see ser_core.model.teaching
CHECK = "check.json"  # what the network answered as it was saved; see ser_core.model.check

REPOSITORY_FILES = (
    CARD,
    *KERAS_FILES,
    *LITERT_FORMS.values(),
    *WAVEFORM_FILES,
    FEATURE_CONFIG,
    HEAD,
    CHECK,
    METRICS,
    DATASET,
    RECIPE,
    COMPARISON,
    ROBUSTNESS,
    FORMS,
    FEW_SHOT,
)
"""Names of the files of a model repository; nothing else is saved or pushed."""

FETCHED_FILES = tuple(name for name in REPOSITORY_FILES if name not in WAVEFORM_FILES)
"""Those that are downloaded."""

OPTIONAL_FILES = frozenset(
    {COMPARISON, ROBUSTNESS, FORMS, FEW_SHOT, HEAD, *LITERT_FORMS.values(), *WAVEFORM_FILES}
)
"""Those that a published model may lack, if it has one for LiteRT."""

RECORDS = (METRICS, DATASET, COMPARISON, ROBUSTNESS, FORMS, FEW_SHOT)
"""Names of the JSON files that say what was measured, and on what."""

MOST_WEIGHTS = 2**30  # [bytes] of a network's file: the largest of ours has 63 MB
_WEIGHTS_FILES = frozenset({WEIGHTS, *LITERT_FORMS.values(), *WAVEFORM_FILES})

Record = TypeVar("Record", bound=BaseModel)


@cache
def record_kinds() -> Mapping[str, type[BaseModel]]:
    """Give what each of RECORDS holds.

    Whoever only predicts reads none of them, and making the classes takes as long as numpy.
    """
    from .further_records import Comparison, Dataset, FewShot, Forms, Robustness
    from .records import Metrics

    kinds = (Metrics, Dataset, Comparison, Robustness, Forms, FewShot)
    return dict(zip(RECORDS, kinds, strict=True))


def files_in(directory: str | PathLike[str]) -> tuple[str, ...]:
    """List which files of a repository a folder holds; none where there is no such folder."""
    return tuple(name for name in REPOSITORY_FILES if os.path.isfile(os.path.join(directory, name)))


def choose_form(names: Collection[str], form: str | None = None) -> str | None:
    """Choose the form of a network that is loaded.

    Args:
        names: of the files that its repository holds.
        form: a name in LITERT_FORMS that was asked for; None for the best that is there.

    Returns:
        A name in LITERT_FORMS; None for Keras' own save, which has float32 too.

    >>> choose_form({"model.int8.tflite"}), choose_form({"model.weights.h5"}, "float32")
    ('int8', None)
    """
    if form is None:
        there = (known for known in PREFERRED_FORMS if LITERT_FORMS[known] in names)
        return next(there, None)
    return None if form == "float32" and LITERT_FILE not in names else form


def network_files(names: Collection[str]) -> tuple[str, ...]:
    """Name the files of a network that are loaded, of those that its repository holds."""
    form = choose_form(names)
    return KERAS_FILES if form is None else (LITERT_FORMS[form],)


def require_usable(directory: Path, names: Iterable[str]) -> None:
    """Raise unless files of a repository may be read: regular files of its own, not too large.

    Raises:
        ModelError: one is missing, a link out of the folder, a device or the like, or too large.
    """
    for name in names:
        most = MOST_WEIGHTS if name in _WEIGHTS_FILES else MOST_BYTES
        fault = file_fault(directory / name, most)
        if fault is not None:
            raise ModelError(fault)


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
    if choose_form(names) is None and missing:
        raise ModelError(
            f"{source} is no model repository of ours: it has no {LITERT_FILE}, "
            f"and {', '.join(missing)} is missing too."
        )


def load_content(directory: Path, name: str) -> Any:
    """Read a JSON file of a repository as it stands, with the keys that its record leaves alone.

    Args:
        directory: the folder.
        name: one of RECORDS.

    Returns:
        The plain values, which make a valid record.

    Raises:
        ConfigError: the file is missing, cannot be read, or is not what its record says.
    """
    content = parse_json(read_bytes(directory / name), name)
    validated_json(record_kinds()[name], content, name)
    return content


def load_record(directory: Path, kind: type[Record]) -> Record:
    """Read a JSON file of a repository as a record.

    Args:
        directory: the folder.
        kind: one of the classes of `record_kinds`.

    Raises:
        ConfigError: the file is missing, cannot be read, or is not what its record says.
    """
    (name,) = (name for name, record in record_kinds().items() if record is kind)
    return validated_json(kind, parse_json(read_bytes(directory / name), name), name)


def save_content(directory: Path, name: str, content: Any) -> None:
    """Write a JSON file of a repository, so that people can read it.

    Args:
        directory: the folder.
        name: one of RECORDS.
        content: plain values; keys that the record leaves alone are written too.

    Raises:
        ConfigError: the content is not what its record says; nothing is written.
    """
    validated_json(record_kinds()[name], content, name)
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    write_text(directory / name, text)


def model_digest(directory: Path) -> str:
    """Digest what a model's answers depend on: feature config, network, and what it was taught.

    Returns:
        "sha256:" and the first 16 hexadecimal digits.
    """
    digest = hashlib.sha256()
    network = network_files(files_in(directory))
    for name in dict.fromkeys((FEATURE_CONFIG, HEAD, *network, *KERAS_FILES)):
        file = directory / name
        if file.is_file():
            digest.update(file.read_bytes())
    return f"sha256:{digest.hexdigest()[:16]}"


def own_files(directory: Path) -> tuple[str, ...]:
    """List the files of a repository, without those that take samples and are another network's.

    Nothing that loads a model notices these. Each says in plain bytes, whatever its form, which
    digest the model has that it was made of.

    Raises:
        ModelError: one that takes samples may not be read (see `require_usable`).
    """
    names = files_in(directory)
    waveforms = [name for name in names if name in WAVEFORM_FILES]
    require_usable(directory, waveforms)
    digest = model_digest(directory).encode() if waveforms else b""
    stale = [name for name in waveforms if digest not in (directory / name).read_bytes()]
    return tuple(name for name in names if name not in stale)


def copy_files(
    source: Path,
    target: Path,
    names: Collection[str] | None = None,
    texts: Mapping[str, str] | None = None,
) -> None:
    """Make a folder hold exactly the files of another one's model, or some of them and others.

    Files of a repository that the source lacks are deleted from the target; files of any other name
    stay. The feature config goes first and comes last, so that a folder in which this was cut short
    is no model, rather than half of two.

    Args:
        source: folder of the model repository.
        target: folder, there already.
        names: of the files that are taken; None for all that the source has.
        texts: what other files hold, by name.

    Raises:
        ModelError: a file of the source may not be read (see `require_usable`).
        OSError: a file cannot be read or written; what was in the target is still there if it
            was for want of space.
    """
    names = files_in(source) if names is None else names
    texts = texts or {}
    require_usable(source, names)
    with temporary_folder(target) as staging:
        for name in names:
            shutil.copyfile(source / name, staging / name)
            settle(staging / name)
        for name, text in texts.items():
            write_text(staging / name, text)
        for name in (FEATURE_CONFIG, *REPOSITORY_FILES):
            (target / name).unlink(missing_ok=True)
        for name in sorted({*names, *texts}, key=FEATURE_CONFIG.__eq__):
            os.replace(staging / name, target / name)
        settle(target)
