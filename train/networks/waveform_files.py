"""Write the files that take samples: for LiteRT, in two forms, for ONNX Runtime, and for Keras.

Each holds what the model is, too: `labels` and the like as JSON, in ONNX's `metadata_props`, in the
zip archive that a file of Keras' is, and in one at the end of a file for LiteRT, where TensorFlow
Lite keeps what goes with a model:

    unzip -p model.waveform.tflite about.json

Source: https://ai.google.dev/edge/litert/conversion/tensorflow/metadata (associated files);
tensorflow-onnx, https://github.com/onnx/tensorflow-onnx.
"""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ser_core import __version__
from ser_core.config.feature_config import FeatureConfig
from ser_core.config.whole_files import temporary_folder
from ser_core.errors import ConfigError
from ser_core.model.files import (
    CARD,
    KERAS_FILES,
    NETWORK,
    ONNX_FILE,
    WEIGHTS,
    files_in,
    model_digest,
)
from ser_core.model.repository import card_licence
from ser_core.speech.gate import HOP

from .export import copy_halved
from .litert_files import converter_settings, require_tensorflow
from .waveform_frames import FRONT
from .waveform_network import EMBEDDING, SAMPLES, SPEECH, count_samples

FACTS = "about.json"
"""Its name in the archive."""
OPSET = 17  # of ONNX, of 2022: what runtimes of phones and browsers have by now
FLOAT32, INT8 = 0, 9  # TensorType of LiteRT's schema


def describe(model: Path, config: FeatureConfig) -> dict[str, Any]:
    """Describe a model as its files for samples do.

    Args:
        model: folder of the model repository.
        config: its FeatureConfig.

    Returns:
        JSON-ready dict: `labels` in output order; `sample_rate` [Hz], `samples`, how many go in;
        `outputs`, what each is that the network has; `speech_at_least`, the share of speech below
        which there is no answer; `uncertain_below` and `familiar_below` as in
        `feature_config.json`; `recipe`; `version` of the package; `licence`, or None; `model`, the
        digest of the network that it was made of.
    """
    duration = (config.window_frames - 1) * HOP
    there, framed = config.outputs, config.outputs.frames is not None
    lacking = {
        "intensity": there.intensity is None,
        "distance": there.distance is None,
        EMBEDDING: "mean" not in there.summary if framed else there.embedding is None,
    }
    outputs = {
        "emotion": "probability of each label",
        "intensity": "how strongly the emotion is expressed, 0 to 1",
        "distance": "how far the sound is from what was trained on: beyond familiar_below, far",
        SPEECH: "share of the window that is speech, 0 to 1",
        EMBEDDING: "the window in numbers",
    }
    return {
        "labels": list(config.labels),
        "sample_rate": config.sample_rate,
        "samples": count_samples(config),
        "outputs": {name: one for name, one in outputs.items() if not lacking.get(name)},
        "speech_at_least": round(config.speech.min_seconds / duration, 6),
        "uncertain_below": config.uncertain_below,
        "familiar_below": None if config.domain is None else config.domain.familiar_below,
        "recipe": config.recipe,
        "version": __version__,
        "licence": card_licence(model) if CARD in files_in(model) else None,
        "model": model_digest(model),
    }


def convert_litert(network: keras.Model, form: str, facts: dict[str, Any]) -> bytes:
    """Convert a network of samples for LiteRT.

    Args:
        network: keras.Model of `waveform_network.build`.
        form: a name in WAVEFORM_FORMS.
        facts: as `describe` gives.

    Raises:
        ConfigError: Keras runs on JAX or PyTorch, which cannot write such files.
    """
    require_tensorflow()
    signature = [keras.InputSpec("float32", (1, *network.input_shape[1:]), name=SAMPLES)]
    with temporary_folder() as folder:
        file = folder / f"{form}.tflite"
        network.export(
            str(file),
            format="litert",
            input_signature=signature,
            verbose=False,
            **converter_settings(form),
        )
        content = file.read_bytes()
    if form != "float32":
        content = restore_front(content, network)
    return append_facts(content, facts)


def restore_front(content: bytes, network: keras.Model) -> bytes:
    """Give the layers before the encoder their weights of 32 bits back.

    The converter rounds every layer, and what goes into it; powers of a spectrum span ten decades,
    of which eight bits leave two.

    Args:
        content: of a file for LiteRT, as the converter wrote it.
        network: the keras.Model that it was made of.

    Raises:
        ConfigError: the file has not those weights, so the converter is one that nobody tried.
    """
    from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
    rounded = [
        tensor
        for graph in model.subgraphs
        for tensor in graph.tensors
        if tensor.type == INT8 and tensor.quantization.scale is not None
    ]
    for layer in network.layers:
        if not layer.name.startswith(FRONT):
            continue
        for weight in layer.get_weights():
            if weight.ndim < 2 or weight.size < 1024:  # which are not rounded
                continue
            values = np.ascontiguousarray(np.moveaxis(weight, -1, 0))  # outputs first, as there
            found = [one for one in rounded if _is_rounded(one, values, model.buffers)]
            if len(found) != 1:
                raise ConfigError(
                    f"The weights of {layer.name} are {len(found)} times among those that were "
                    "rounded to eight bits, and were expected once: this version of TensorFlow "
                    "converts otherwise than the one that this was written for."
                )
            (tensor,) = found
            tensor.type, tensor.quantization = FLOAT32, None
            model.buffers[tensor.buffer].data = np.frombuffer(
                values.astype("<f4").tobytes(), np.uint8
            )
            rounded.remove(tensor)
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def _is_rounded(tensor: Any, values: np.ndarray, buffers: list[Any]) -> bool:
    """Whether a tensor is these values with eight bits."""
    if int(np.prod(tensor.shape)) != values.size or tensor.shape[0] != values.shape[0]:
        return False
    whole = np.frombuffer(np.asarray(buffers[tensor.buffer].data).tobytes(), np.int8)
    rows = whole.reshape(len(values), -1).astype(np.float64)
    scale = np.asarray(tensor.quantization.scale, np.float64).reshape(-1, 1)
    if len(scale) not in (1, len(rows)):
        return False
    return bool(np.all(np.abs(rows * scale - values.reshape(len(values), -1)) <= 0.51 * scale))


def convert_keras(network: keras.Model, facts: dict[str, Any]) -> bytes:
    """Write a network of samples as bare Keras loads it, from a name that ends in ".keras".

    Its matrices have 16 bits where those of the repository had no more.

    Args:
        network: keras.Model of `waveform_network.build`.
        facts: as `describe` gives.
    """
    _, metadata, _ = KERAS_FILES
    with temporary_folder() as folder:
        network.save(folder / "whole", zipped=False)
        copy_halved(folder / "whole" / WEIGHTS, folder / WEIGHTS, exactly=True)
        files = {
            NETWORK: (folder / "whole" / NETWORK).read_bytes(),
            metadata: json.dumps({"keras_version": keras.__version__}).encode(),  # no date
            WEIGHTS: (folder / WEIGHTS).read_bytes(),
        }
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return append_facts(whole.getvalue(), facts)


def append_facts(content: bytes, facts: dict[str, Any]) -> bytes:
    """Append what the model is to a file for LiteRT or Keras, in a zip archive at its end."""
    whole = io.BytesIO(content)
    with zipfile.ZipFile(whole, "a") as archive:
        entry = zipfile.ZipInfo(FACTS)  # of a fixed date, so that the same model is the same file
        archive.writestr(entry, json.dumps(facts, ensure_ascii=False, indent=2) + "\n")
    return whole.getvalue()


def read_facts(file: Path) -> dict[str, Any]:
    """Read what a file for LiteRT or Keras says of its model.

    Raises:
        OSError, ValueError, KeyError, zipfile.BadZipFile: it says nothing.
    """
    with zipfile.ZipFile(file) as archive:
        facts: dict[str, Any] = json.loads(archive.read(FACTS))
    return facts


def says(file: Path, facts: dict[str, Any]) -> bool:
    """Whether a file that takes samples says exactly this of its model.

    Args:
        file: Path of the file.
        facts: as `describe` gives.

    Returns:
        Also False where the file cannot be read, or is ONNX's and onnx is not installed.
    """
    try:
        if file.name == ONNX_FILE:
            return _read_properties(file) == _as_properties(facts)
        return read_facts(file) == facts
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, ImportError):
        return False


def _read_properties(file: Path) -> dict[str, str]:
    """Read `metadata_props` of a file for ONNX Runtime; raise ValueError where it is none."""
    import onnx
    from google.protobuf.message import DecodeError  # comes with onnx

    try:
        proto = onnx.load(file, load_external_data=False)
    except DecodeError as error:
        raise ValueError(f"{file.name} is no file of ONNX.") from error
    return {one.key: one.value for one in proto.metadata_props}


def _as_properties(facts: dict[str, Any]) -> dict[str, str]:
    """Write facts as `metadata_props` has them: text as it is, all else as JSON."""
    return {key: one if isinstance(one, str) else json.dumps(one) for key, one in facts.items()}


def convert_onnx(network: keras.Model, facts: dict[str, Any]) -> bytes:
    """Convert a network of samples for ONNX Runtime, with 32 bits.

    Args:
        network: keras.Model of `waveform_network.build`.
        facts: as `describe` gives; `metadata_props` has each, text as it is, all else as JSON.

    Raises:
        ConfigError: a package is missing, or Keras runs on JAX or PyTorch.
    """
    require_tensorflow()
    try:
        import onnx
        import tf2onnx
    except ImportError as error:
        raise ConfigError(
            "Files for ONNX Runtime need onnx and tf2onnx: pip install onnx tf2onnx."
        ) from error
    import tensorflow as tf

    signature = [tf.TensorSpec((1, *network.input_shape[1:]), tf.float32, name=SAMPLES)]
    answer = tf.function(lambda samples: network(samples, training=False))
    proto, _ = tf2onnx.convert.from_function(
        answer,
        input_signature=signature,
        opset=OPSET,
        custom_op_handlers={"Erfc": (_convert_erfc, [])},
    )
    _keep_captured(proto, answer.get_concrete_function(*signature))
    proto.producer_name, proto.producer_version = "ser-core", __version__
    proto.doc_string = f"Speech emotion recognition, recipe {facts['recipe']}: samples to answer."
    onnx.helper.set_model_props(proto, _as_properties(facts))
    onnx.checker.check_model(proto)
    content: bytes = proto.SerializeToString()
    return content


def _keep_captured(proto: Any, function: Any) -> None:
    """Put tensors that a function holds, and tf2onnx takes for inputs, into ONNX's file.

    Keras' Normalization holds its mean and deviation so, once it is adapted.
    """
    import onnx

    held = {inside.name: outside for outside, inside in function.graph.captures}
    used = {name for node in proto.graph.node for name in node.input}
    for one in [one for one in proto.graph.input if one.name in held]:
        if one.name in used:
            values = onnx.numpy_helper.from_array(held[one.name].numpy(), one.name)
            proto.graph.initializer.append(values)
        proto.graph.input.remove(one)


def _convert_erfc(graph: Any, node: Any, name: str, _: Any) -> None:
    """Make TensorFlow's Erfc, which its GELU has and ONNX has not, of ONNX's Erf."""
    taken, shapes, kinds = node.input[0], node.output_shapes, node.output_dtypes
    outputs = list(node.output)
    graph.remove_node(name)
    one = graph.make_const(f"{name}_one", np.float32(1.0))
    erf = graph.make_node("Erf", [taken], shapes=shapes, dtypes=kinds)
    graph.make_node(
        "Sub",
        [one.output[0], erf.output[0]],
        name=name,
        outputs=outputs,
        shapes=shapes,
        dtypes=kinds,
    )
