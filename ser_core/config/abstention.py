"""The confidence below which an answer is uncertain, among more or fewer labels."""


def threshold_among(count: int, threshold: float, labels: int) -> float:
    """Move a threshold to another number of labels.

    It lies as far between guessing and certainty as before: of two labels, one is always given half
    of the probability. One below guessing, with which every answer counts, stays below it.

    Args:
        count: int > 1, the labels that it is wanted for.
        threshold: float in [0, 1], below which an answer among `labels` labels is uncertain.
        labels: int > 1.

    Source: agreement less what chance gives, Cohen (1960), A Coefficient of Agreement for Nominal
    Scales, Educational and Psychological Measurement 20(1).

    >>> round(threshold_among(2, 0.5, labels=3), 3)
    0.625
    """
    if count == labels:
        return threshold
    way = (threshold - 1 / labels) / (1 - 1 / labels)
    return max(0.0, 1 / count + way * (1 - 1 / count))
