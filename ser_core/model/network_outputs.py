"""What a network takes and gives: its outputs by what they stand for, and their shapes."""

from collections.abc import Mapping, Sequence

import numpy as np

from ..config.feature_config import FeatureConfig
from ..errors import ModelError
from .pooling import Answers

SUMMARY = "summary"
"""The layer whose output the answers are made of, and what the network's head takes, by name."""

Shapes = Mapping[str, Sequence[int | None]]
"""Shapes of inputs or of outputs, the batch first, by name."""


def split_outputs(outputs: Mapping[str, np.ndarray], config: FeatureConfig) -> Answers:
    """Split the outputs of a network by what they stand for.

    Args:
        outputs: float32 arrays of shape (windows, width), by the output's name.
        config: FeatureConfig, which says what each name stands for.

    Returns:
        Answers.
    """
    names = config.outputs
    intensity, distance, embedding = (
        None if name is None else outputs[name]
        for name in (names.intensity, names.distance, names.embedding)
    )
    return Answers(
        outputs[names.emotion],
        None if intensity is None else intensity[:, 0],
        None if distance is None else distance[:, 0],
        embedding,
    )


def embedding_of(summaries: np.ndarray, config: FeatureConfig) -> np.ndarray | None:
    """Take the embedding out of summaries of encoded frames: the mean of these.

    Args:
        summaries: float32 array of shape (n, width of a summary).
        config: FeatureConfig of a network that gives its encoder's frames.

    Returns:
        View of shape (n, embedding size); None where a summary has no mean.
    """
    statistics = config.outputs.summary
    if "mean" not in statistics:
        return None
    width = summaries.shape[1] // len(statistics)
    first = statistics.index("mean") * width
    return summaries[:, first : first + width]


def embedding_size(outputs: Shapes, config: FeatureConfig) -> int | None:
    """Say how many numbers an embedding has; None where a network gives none.

    Args:
        outputs: what the network gives.
        config: FeatureConfig.
    """
    if config.outputs.frames is not None:
        name = config.outputs.frames if "mean" in config.outputs.summary else None
    else:
        name = config.outputs.embedding
    return None if name is None else outputs[name][-1]


def frames_output(config: FeatureConfig) -> str:
    """Return the name of the output with the encoder's frames.

    Raises:
        ModelError: the network has none.
    """
    if config.outputs.frames is None:
        raise ModelError(
            f"A network of recipe {config.recipe!r} gives no frames of an encoder: it answers "
            "windows, by run()."
        )
    return config.outputs.frames


def check_shapes(what: str, inputs: Shapes, outputs: Shapes, config: FeatureConfig) -> None:
    """Check that a network takes and gives what the config says.

    Args:
        what: what to call it in an error.
        inputs, outputs: what it takes and gives.
        config: FeatureConfig.

    Raises:
        ModelError: it does not.
    """
    wanted = (config.frames, config.features)
    shapes = [tuple(shape[1:]) for shape in inputs.values()]
    if not outputs:
        raise ModelError(f"{what} gives no outputs: it is empty.")
    if shapes != [wanted]:
        raise ModelError(
            f"{what} takes inputs of shape {shapes}, but feature_config.json describes "
            f"{wanted[0]} frames of {wanted[1]} features."
        )
    _check_answers(what, outputs, config.outputs.names, config)
    if config.outputs.frames is not None:
        if len(outputs[config.outputs.frames]) != 3:
            raise ModelError(
                f"{what} gives {config.outputs.frames!r} of shape "
                f"{tuple(outputs[config.outputs.frames])}, and frames are three-dimensional."
            )
        encoded = outputs[config.outputs.frames][1]
        if not encoded or config.frames % encoded:
            raise ModelError(
                f"{what} makes {encoded} frames of the {config.frames} that it takes, and each of "
                "its frames is of as many of those."
            )


def check_head(
    what: str, inputs: Shapes, outputs: Shapes, frames: Sequence[int | None], config: FeatureConfig
) -> None:
    """Check that a network's head takes a summary of its frames, and gives its answers.

    Args:
        what, inputs, outputs, config: as for `check_shapes`.
        frames: shape of the output with the frames.

    Raises:
        ModelError: it does not.
    """
    width = frames[-1]
    shapes = {name: tuple(shape[1:]) for name, shape in inputs.items()}
    summary = config.outputs.summary
    if width is None or list(shapes.values()) != [(len(summary) * width,)]:
        raise ModelError(
            f"The head of {what} takes {shapes}, but a summary is the {' and the '.join(summary)} "
            f"over time of {width} values a frame."
        )
    _check_answers(f"The head of {what}", outputs, config.outputs.answers, config)


def _check_answers(what: str, outputs: Shapes, names: Sequence[str], config: FeatureConfig) -> None:
    for name in names:
        if name not in outputs:
            raise ModelError(
                f"{what} has outputs {sorted(outputs)}, but feature_config.json names {name!r}."
            )
        if name != config.outputs.frames and len(outputs[name]) != 2:
            raise ModelError(
                f"{what} gives {name!r} of shape {tuple(outputs[name])}: expected one row an input."
            )
    emotion = outputs[config.outputs.emotion]
    if emotion[-1] != len(config.labels):
        raise ModelError(
            f"{what} gives {emotion[-1]} probabilities, but feature_config.json lists "
            f"{len(config.labels)} labels."
        )
    numbers = {"an intensity": config.outputs.intensity, "a distance": config.outputs.distance}
    for words, number in numbers.items():
        if number is not None and outputs[number][-1] != 1:
            raise ModelError(
                f"{what} gives {outputs[number][-1]} values as {number!r}, but {words} is "
                "one value a window."
            )
