"""What is minimised: cross-entropies that leave out what a corpus does not say."""

import keras
from keras import ops


def masked_crossentropy(targets: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
    """Cross-entropy among the classes that the clip's corpus has.

    On logits: a class that a corpus lacks gets no gradient, so its probability may drift to one,
    and the logarithm of what then remains for the others would have none either.

    Args:
        targets: float tensor of shape (batch, classes), -1 where the corpus lacks the class.
        logits: float tensor of the same shape.

    Returns:
        float tensor of shape (batch,) [nats].
    """
    present = ops.cast(targets >= 0, logits.dtype)
    log_probabilities = ops.log_softmax(logits - 1e9 * (1.0 - present), axis=-1)
    return -ops.sum(ops.maximum(targets, 0.0) * present * log_probabilities, axis=-1)


def masked_binary_crossentropy(
    targets: keras.KerasTensor, logits: keras.KerasTensor
) -> keras.KerasTensor:
    """Cross-entropy of a yes or no, where it is known.

    Args:
        targets: float tensor of shape (batch, 1) in [0, 1], -1 where it is not known.
        logits: float tensor of the same shape.

    Returns:
        float tensor of shape (batch,) [nats], 0 where it is not known.
    """
    known = ops.cast(targets >= 0, logits.dtype)
    wanted = ops.maximum(targets, 0.0)
    losses = ops.maximum(logits, 0.0) - logits * wanted + ops.log1p(ops.exp(-ops.abs(logits)))
    return ops.sum(losses * known, axis=-1)
