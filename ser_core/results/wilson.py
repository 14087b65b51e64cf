"""How far a share of few votes can be trusted."""

CONFIDENCE = 1.959964  # standard deviations of a normal distribution that hold 95 %


def wilson_interval(share: float, count: float) -> tuple[float, float]:
    """Give the 95 % Wilson score interval of a share of few votes.

    Args:
        share: float in [0, 1], of the votes that agree.
        count: float > 0, independent votes.

    Returns:
        Lower and upper bound, in [0, 1].

    Source: Wilson (1927), Journal of the American Statistical Association 22(158).

    >>> [round(bound, 3) for bound in wilson_interval(1.0, 1)]
    [0.207, 1.0]
    """
    z2 = CONFIDENCE**2
    centre = (share + z2 / (2 * count)) / (1 + z2 / count)
    spread = share * (1 - share) / count + z2 / (4 * count**2)
    half = CONFIDENCE / (1 + z2 / count) * spread**0.5
    return max(0.0, centre - half), min(1.0, centre + half)
