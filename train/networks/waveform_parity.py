"""Do the files that take samples answer as this package does? Windows of many kinds, compared.

What Python answers to a recording of exactly one window, features and network apart, is held
against each file, run by the runtime it was written for.
"""

import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np

import ser_core
from ser_core.audio.load import load_audio
from ser_core.audio.resample import Resampler
from ser_core.config.feature_config import FeatureConfig
from ser_core.errors import ConfigError, ModelError
from ser_core.model.litert_runtime import MALFORMED
from ser_core.model.predictor import Predictor
from ser_core.timeline.predict import predict

from .waveform_network import SAMPLES, SPEECH, count_samples

CLIPS = Path(ser_core.__file__).parent / "ui" / "clips"
"""The page's examples: speech, and a room in which nobody speaks."""
SPOKEN = CLIPS / "plain.mp3"
"""Somebody speaks."""


class Difference(NamedTuple):
    """How far a file's answer to a window is from Python's.

    Attributes:
        answer: the largest difference of a probability, or that of the share of speech.
        beside: the largest of the others: of the intensity; of the distance, relative to 1 more
            than itself; of the embedding, relative to its largest number.
    """

    answer: float
    beside: float


ALLOWED = {"float32": Difference(1e-3, 1e-3), "int8": Difference(2e-2, 5e-2)}
"""The largest differences. Layers of the form int8 round what goes into them, and a little less or
more is another step there: the intensity of the embedded model differs by 0.015, its probabilities
by 0.008."""

NO_RUN = "{file} cannot be run: write it anew with `python -m train waveform`."

Answer = Mapping[str, np.ndarray]
Run = Callable[[np.ndarray], Answer]
"""From float32 samples of shape (1, n) to a file's outputs by name."""


@dataclass(frozen=True)
class Parity:
    """How far a file is from Python.

    Attributes:
        file: str, its name.
        runtime: str, what ran it.
        form: str, a name in ALLOWED.
        differences: of each window, by the window's name.
    """

    file: str
    runtime: str
    form: str
    differences: Mapping[str, Difference]

    def require(self) -> None:
        """Raise ModelError where a difference is larger than is allowed."""
        for window, found in self.differences.items():
            for difference, allowed in zip(found, ALLOWED[self.form], strict=True):
                if not difference <= allowed:
                    raise ModelError(
                        f"{self.file} in {self.runtime} and Python differ by {difference:.2g} on "
                        f"{window!r}, at most {allowed:g} is allowed: the file is wrong."
                    )


def windows(config: FeatureConfig) -> dict[str, np.ndarray]:
    """Make windows of every kind that changes how one is answered.

    Args:
        config: FeatureConfig.

    Returns:
        float32 arrays of shape (count_samples(config),), by what they are.
    """
    count, rate = count_samples(config), config.sample_rate
    spoken = load_audio(SPOKEN, sample_rate=rate)
    loud = spoken[int(np.argmax(np.abs(spoken))) :]  # so that a short window has speech, too
    speech = _fit(np.resize(loud, count), count)
    drawn = np.random.default_rng(0)
    noise = drawn.standard_normal(count).astype(np.float32)
    seconds = np.arange(count) / rate
    narrow = Resampler(rate, 8_000).push(speech, last=True)
    return {
        "speech": speech,
        "speech after a pause": _fit(np.pad(speech, (count // 3, 0)), count),
        "speech in noise": speech + 0.02 * noise,
        "noise": 0.1 * noise,
        "silence": np.zeros(count, np.float32),
        "clipped": np.clip(40.0 * speech, -1.0, 1.0),
        "born at 8 kHz": _fit(Resampler(8_000, rate).push(narrow, last=True), count),
        "very quiet": speech * np.float32(1e-3),
        "offset and hum": (speech + 0.1 + 0.05 * np.sin(2 * np.pi * 50 * seconds)).astype("f4"),
    }


def _fit(samples: np.ndarray, count: int) -> np.ndarray:
    return np.pad(samples[:count], (0, max(0, count - len(samples)))).astype(np.float32)


def compare(
    predictor: Predictor, run: Run, sounds: Mapping[str, np.ndarray]
) -> dict[str, Difference]:
    """Compare a file's answers with Python's.

    Args:
        predictor: Predictor, neither adapted nor taught.
        run: runs the file.
        sounds: windows, by name.

    Returns:
        The differences of each window; where Python finds too little speech for an answer, that of
        the share of speech alone.

    Raises:
        ModelError: the file gives no finite answer, or not all outputs.
    """
    return {name: _difference(predictor, run(one[None]), one) for name, one in sounds.items()}


def _difference(predictor: Predictor, given: Answer, samples: np.ndarray) -> Difference:
    activity, answer = predict(predictor, samples)
    if not all(np.isfinite(values).all() for values in given.values()):
        raise ModelError("The file gives an answer that is not finite: it is wrong.")
    share = abs(float(given[SPEECH][0, 0]) - activity.speech_seconds / activity.duration)
    if answer is None:
        return Difference(share, 0.0)
    probability = float(np.abs(given["emotion"][0] - answer.probabilities).max())
    beside = [0.0]
    for name in ("intensity", "distance", "embedding"):
        expected = getattr(answer, name)
        if (expected is None) != (name not in given):
            raise ModelError(f"The file and Python are not at one on whether there is {name!r}.")
        if expected is not None:
            scale = 1.0 if name == "intensity" else float(np.abs(expected).max())
            scale += 1.0 if name == "distance" else 0.0
            beside.append(float(np.abs(given[name][0] - expected).max()) / max(scale, 1e-9))
    return Difference(max(share, probability), max(beside))


def run_litert(file: Path) -> Run:
    """Load a file for LiteRT, on one thread.

    Raises:
        ModelError: LiteRT cannot run it; so does what is returned.
    """
    from ai_edge_litert.interpreter import Interpreter

    try:
        interpreter = Interpreter(model_path=str(file), num_threads=1)
        runner = interpreter.get_signature_runner()
        (name,) = runner.get_input_details()
    except MALFORMED as error:
        raise ModelError(NO_RUN.format(file=file.name)) from error

    # The runner does not keep the interpreter: a default argument does, as long as there is a run.
    def run(samples: np.ndarray, _kept: Interpreter = interpreter) -> Answer:
        try:
            given: Answer = runner(**{name: samples})
        except MALFORMED as error:
            raise ModelError(NO_RUN.format(file=file.name)) from error
        return given

    return run


def run_onnx(file: Path) -> Run:
    """Load a file for ONNX Runtime, on one thread.

    Raises:
        ConfigError: ONNX Runtime is not installed.
        ModelError: it cannot run the file; so does what is returned.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise ConfigError("onnxruntime is not installed: pip install onnxruntime.") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors have no class in common but this one
        raise ModelError(NO_RUN.format(file=file.name)) from error
    names = [output.name for output in session.get_outputs()]

    def run(samples: np.ndarray) -> Answer:
        try:
            given = session.run(names, {SAMPLES: samples})
        except Exception as error:
            raise ModelError(NO_RUN.format(file=file.name)) from error
        return dict(zip(names, given, strict=True))

    return run


def run_keras(file: Path) -> Run:
    """Load a file for bare Keras.

    Raises:
        ModelError: Keras cannot load it.
    """
    try:
        network = keras.saving.load_model(file, compile=False, safe_mode=True)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise ModelError(NO_RUN.format(file=file.name)) from error
    return run_network(network)


def run_network(network: Any) -> Run:
    """Run a network of Keras."""

    def run(samples: np.ndarray) -> Answer:
        given = network(samples, training=False)
        return {name: keras.ops.convert_to_numpy(one) for name, one in given.items()}

    return run
