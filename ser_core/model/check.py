"""Whether a network still answers as it did when it was saved, which `check.json` records.

A damaged file of weights often loads, and answers everything with something, or with numbers that
are none. So a network is tried once as it is loaded, on an input that a formula makes: its answer
has to be probabilities, and the one that was recorded for its form. What the features and the
labels are has to be what it was then, too: files of two models beside each other are neither. A
repository without that file is tried all the same, for an answer that is one.
"""

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from ..config.documents import is_there, parse_json, read_bytes
from ..config.feature_config import FeatureConfig
from ..config.schema import Fraction, Strict, validated_json
from ..config.whole_files import write_text
from ..errors import ConfigError, ModelError
from ..features import summarise
from .files import CHECK, FEATURE_CONFIG, HEAD, LITERT_FORMS
from .pooling import Answers
from .predictor import Predictor
from .runtime import Runtime

KERAS_FORM = "keras"
"""What Keras' own save is called beside the keys of LITERT_FORMS."""

TOLERANCE = {"float32": 5e-3, "float16": 5e-3, "int8": 5e-2, KERAS_FORM: 1e-2}
"""How far an answer may be from the recorded one: a probability or an intensity by so much, a
distance by so much of 1 more than itself. Rounded inputs of layers fall to the other side of a step
on another processor: answers of the embedded model's int8 by LiteRT's three kinds of kernels differ
by 0.0061 at most, those of 32 bits by 2e-7 (python -m benchmarks.foreign_models --kernels); it is
eight times that. Keras may run on a graphics card, whose products have ten bits."""

AFTERWARDS = frozenset({"speech", "uncertain_below", "adaptation", "domain", "conformal"})
"""Keys of the feature config that decide what is made of an answer: they may be set anew."""


class RecordedAnswer(Strict):
    """What a form of the network answered the fixed input.

    Attributes:
        probabilities: float in [0, 1] by label, in the order of the output.
        intensity: float in [0, 1]; None if the network has no such output.
        distance: float >= 0; None if the network has no such output.
    """

    probabilities: dict[str, Fraction]
    intensity: Fraction | None = None
    distance: Annotated[float, Field(ge=0)] | None = None


class Check(Strict):
    """`check.json`: what a repository's network answered as it was saved.

    Attributes:
        config: digests of what the feature config says of inputs and outputs, by key.
        answers: to the fixed input, by form; of a taught model the network's own.
        head: digest of what a model was taught; None for one that was not.
    """

    config: dict[str, str]
    answers: dict[Literal["float32", "float16", "int8", "keras"], RecordedAnswer]
    head: str | None = None

    @classmethod
    def load(cls, directory: Path) -> "Check | None":
        """Read a repository's `check.json`; None where an older one has none.

        Raises:
            ConfigError: it cannot be read, or is not what it should be.
        """
        file = directory / CHECK
        if not is_there(file):
            return None
        return validated_json(cls, parse_json(read_bytes(file), CHECK), CHECK)

    @classmethod
    def record(cls, config: FeatureConfig, runtimes: Mapping[str, Runtime]) -> "Check":
        """Try networks, and record what they answer.

        Args:
            config: FeatureConfig.
            runtimes: the forms of one network, by name.

        Raises:
            ModelError: an answer is none.
        """
        answers = {}
        for form, runtime in runtimes.items():
            given = answer_fixed_input(Predictor(config, runtime))
            shares = given.probabilities[0].astype(float).round(6).tolist()
            answers[form] = {
                "probabilities": dict(zip(config.labels, shares, strict=True)),
                "intensity": None if given.intensity is None else _rounded(given.intensity),
                "distance": None if given.distance is None else _rounded(given.distance),
            }
        return cls.model_validate({"config": digest_keys(config), "answers": answers})

    def to_json(self) -> str:
        """Return `check.json`."""
        without = {"head"} if self.head is None else None  # as it was before there were any
        content = self.model_dump(mode="json", exclude=without)
        return json.dumps(content, indent=2, ensure_ascii=False) + "\n"

    def digest_network(self) -> str:
        """Digest what is recorded of the network, whatever was taught on top."""
        content = self.model_dump(mode="json", exclude={"head"})
        return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]

    def save(self, directory: Path) -> None:
        """Write `check.json` into a repository's folder."""
        write_text(directory / CHECK, self.to_json())


def check_head_digest(check: Check | None, digest: str | None, directory: Path) -> None:
    """Raise ConfigError where what a model was taught is not what it was saved with.

    Args:
        check: what is recorded; None where nothing is.
        digest: of its head; None for one that was not taught.
        directory: its folder.
    """
    if check is not None and check.head != digest:
        raise ConfigError(
            f"{HEAD} in {directory.name} is {'not the one' if digest else 'missing, which is one'} "
            f"that the model was saved with, so it was edited, or is another model's: {_advice()}."
        )


def try_network(
    predictor: Predictor, form: str | None, check: Check | None, directory: Path
) -> None:
    """Try a network that was just loaded.

    Args:
        predictor: Predictor, neither adapted nor taught.
        form: a name in LITERT_FORMS; None for Keras' own save.
        check: what is recorded; None to see only whether it answers.
        directory: its folder.

    Raises:
        ModelError: it gives no answer, or another than the recorded one.
    """
    config, form = predictor.config, form or KERAS_FORM
    if check is not None:
        _check_config(check, config, directory)
    given = answer_fixed_input(predictor)
    if check is None:
        return
    network = LITERT_FORMS.get(form, "Keras' own save")
    recorded = next((answer for name, answer in check.answers.items() if name == form), None)
    if recorded is None:
        raise ModelError(f"{CHECK} says nothing of {network}, which came later: {_advice()}.")
    for what, now, then, scale in _compare(given, recorded, config):
        allowed = TOLERANCE[form] * scale
        if not abs(now - then) <= allowed:
            raise ModelError(
                f"{network} in {directory.name} does not answer as it did when it was saved "
                f"({what} {now:.4g} instead of {then:.4g}), so it is damaged, or another "
                f"model's: {_advice()}."
            )


def fixed_input(config: FeatureConfig) -> np.ndarray:
    """Make the input that every network is tried on: standardised features that resemble speech.

    Syllables, partials that glide, two wide peaks, and less power at the top, all of triangles in
    whole numbers: the same on every machine, whatever the features are.

    Args:
        config: FeatureConfig.

    Returns:
        float32 array of shape (1, config.frames, config.features), within [-1.5, 1.5].
    """
    t = np.arange(config.frames)[:, None]
    f = np.arange(config.features)[None]
    syllables = 2 * _triangle(t, 25) + _triangle(t, 61)
    partials = _triangle(8 * f + t // 4, 40)
    peaks = 1.4 * _triangle(f + t // 6, 23)
    tilt = 1.28 - 3.2 * f / config.features
    values: np.ndarray = 0.2 * (syllables + partials + peaks + tilt)
    return values.astype(np.float32)[None]


def answer_fixed_input(predictor: Predictor) -> Answers:
    """Answer the fixed input as recordings are answered.

    Raises:
        ModelError: the answer is none.
    """
    inputs = fixed_input(predictor.config)
    if predictor.config.outputs.frames is None:
        return predictor.run(inputs)
    frames = predictor.encode(inputs)[0]
    return predictor.answer(summarise(frames, predictor.config.outputs.summary)[None])


def digest_keys(config: FeatureConfig) -> dict[str, str]:
    """Digest what a config says of a network's inputs and outputs, key by key.

    What has its default counts as absent, so that a key which comes later changes nothing.
    """
    plain = config.model_dump(mode="json", exclude_defaults=True, exclude=set(AFTERWARDS))
    return {
        key: sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
        for key, value in plain.items()
    }


def _check_config(check: Check, config: FeatureConfig, directory: Path) -> None:
    now, then = digest_keys(config), check.config
    changed = sorted(key for key in now.keys() | then if now.get(key) != then.get(key))
    if changed:
        more = f" and {len(changed) - 3} more" if changed[3:] else ""
        raise ConfigError(
            f"{FEATURE_CONFIG} in {directory.name} is not the one that the model was saved with "
            f"({', '.join(changed[:3])}{more} changed), so it was edited, or is another model's: "
            f"{_advice()}."
        )


def _compare(
    given: Answers, recorded: RecordedAnswer, config: FeatureConfig
) -> Iterator[tuple[str, float, float, float]]:
    """Give what is compared: its name, its value now and then, and what a difference is of."""
    if tuple(recorded.probabilities) != config.labels:
        raise ModelError(f"{CHECK} is of other labels than {FEATURE_CONFIG}: {_advice()}.")
    shares = given.probabilities[0].tolist()
    for label, share in zip(config.labels, shares, strict=True):
        yield f"probability of {label}", share, recorded.probabilities[label], 1.0
    for what, values, then in (
        ("intensity", given.intensity, recorded.intensity),
        ("distance", given.distance, recorded.distance),
    ):
        if (values is None) != (then is None):
            raise ModelError(f"{CHECK} and {FEATURE_CONFIG} differ in {what}: {_advice()}.")
        if values is not None and then is not None:
            yield what, float(values[0]), then, 1.0 if what == "intensity" else 1.0 + then


def _triangle(numbers: np.ndarray, period: int) -> np.ndarray:
    """A triangular wave, from -1 to 1."""
    wave: np.ndarray = 2 * np.abs(2 * (numbers % period) - period) / period - 1
    return wave


def _rounded(values: Any) -> float:
    return round(float(values[0]), 6)


def _advice() -> str:
    return (
        "get the repository again, whole; or, if you changed it, write what it answers anew with "
        "`python -m train check DIR`"
    )
