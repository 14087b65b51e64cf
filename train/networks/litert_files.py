"""Write a network's files for LiteRT, in any of its forms."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from ser_core.config.feature_config import FeatureConfig
from ser_core.config.whole_files import temporary_folder, write_whole
from ser_core.errors import ConfigError
from ser_core.model.files import LITERT_FORMS
from ser_core.model.keras_runtime import cut_head
from ser_core.model.litert_runtime import HEAD, WHOLE
from ser_core.model.network_outputs import SUMMARY


def write_litert(
    network: keras.Model, config: FeatureConfig, out: Path, form: str = "float32"
) -> None:
    """Write the network for LiteRT, for one input at a time, with the config's outputs named.

    One input at a time because recurrent layers of any other form need operations that LiteRT does
    not have. The form int8 has weights of eight bits and layers that round their inputs to eight
    bits as they come (TensorFlow's dynamic range): with ranges measured beforehand on 230 clips,
    the recipe tiny was no faster, and answered 2 % of the clips otherwise instead of none.

    The file of a network that gives its encoder's frames has a second signature, `head`: from
    `summary`, statistics over time of any of the frames, to the answers.

    Args:
        network: keras.Model.
        config: FeatureConfig.
        out: the folder.
        form: a name in LITERT_FORMS.

    Raises:
        ConfigError: Keras runs on JAX or PyTorch, which cannot write such files.
        ModelError: the network gives frames, and has no head that could be cut off.
    """
    require_tensorflow()
    file = out / LITERT_FORMS[form]
    outputs = dict(zip(network.output_names, network.outputs, strict=True))
    named = keras.Model(network.inputs, {name: outputs[name] for name in config.outputs.names})
    if config.outputs.frames is not None:
        parts = {WHOLE: named, HEAD: cut_head(network, config)}
        with write_whole(file) as unfinished:
            unfinished.write_bytes(_convert(parts, form))
        return
    signature = [keras.InputSpec(shape=(1, config.frames, config.features), dtype="float32")]
    with write_whole(file) as unfinished:
        named.export(
            str(unfinished),
            format="litert",
            input_signature=signature,
            verbose=False,
            **converter_settings(form),
        )


def require_tensorflow() -> None:
    """Raise ConfigError unless Keras runs on TensorFlow, which alone writes LiteRT files."""
    if keras.backend.backend() != "tensorflow":
        raise ConfigError(
            f"LiteRT files are written by TensorFlow, and Keras runs on {keras.backend.backend()}: "
            "give the same command once more with KERAS_BACKEND=tensorflow; nothing is trained "
            "again."
        )


def converter_settings(form: str) -> dict[str, Any]:
    """Return the options of TensorFlow's converter for a form."""
    import tensorflow as tf  # only now: this module may run beside other backends

    smaller: dict[str, Any] = {"optimizations": [tf.lite.Optimize.DEFAULT]}
    settings = {
        "float32": {},
        "float16": smaller | {"target_spec": {"supported_types": [tf.float16]}},
        "int8": smaller,
    }
    return settings[form]


def _convert(parts: Mapping[str, keras.Model], form: str) -> bytes:
    """Convert a network and its head to one file with a signature each.

    Keras' exporter writes one signature. Weights are made constants first: the converter keeps
    variables as variables, several signatures given, and rounds none of them.
    """
    import tensorflow as tf

    module = tf.Module()
    names = {WHOLE: parts[WHOLE].inputs[0].name, HEAD: SUMMARY}
    module.functions = {key: _freeze(parts[key], name) for key, name in names.items()}
    signatures = {name: f.get_concrete_function() for name, f in module.functions.items()}
    with temporary_folder() as folder:
        options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
        tf.saved_model.save(module, str(folder), signatures=signatures, options=options)
        converter = tf.lite.TFLiteConverter.from_saved_model(
            str(folder), signature_keys=list(parts)
        )
        settings = converter_settings(form)
        for name, value in settings.pop("target_spec", {}).items():
            setattr(converter.target_spec, name, value)
        for name, value in settings.items():
            setattr(converter, name, value)
        content: bytes = converter.convert()
    return content


def _freeze(network: keras.Model, name: str) -> Any:
    """Make a network a TensorFlow function of one row of that name, its weights constants."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    (tensor,) = network.inputs
    spec = tf.TensorSpec((1, *tensor.shape[1:]), tf.float32, name=name)
    whole = tf.function(lambda row: network(row, training=False)).get_concrete_function(spec)
    frozen = convert_variables_to_constants_v2(whole)

    def answer(row: Any) -> Any:
        return tf.nest.pack_sequence_as(whole.structured_outputs, tf.nest.flatten(frozen(row)))

    return tf.function(answer, input_signature=[spec])
