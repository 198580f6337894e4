"""As many replicas as an answer needs: until its 10th, 50th and 90th percentile are known well enough."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lindos.campaign.course import Course
from lindos.campaign.simulate import Replicas, joined, rows_of, simulate
from lindos.quantities import Count, Fraction, Seconds

#: Percentiles that are asked of every number.
PERCENTILES = (10.0, 50.0, 90.0)
#: Replicas of the first round.
_FIRST = 64
#: Deviations of the normal law on either side of 95 % of it.
_DEVIATIONS = 1.96


@dataclass(frozen=True, slots=True)
class Precision:
    """When enough replicas are simulated.

    Parameters
    ----------
    tolerance
        Half of the 95 % confidence interval that a percentile of goodput may have.
    most
        Replicas at most.
    fewest
        Replicas at least.
    seed
        Of the random numbers.
    threads
        Tiles side by side.
    """

    tolerance: Fraction = 0.01
    most: int = 1024
    fewest: int = _FIRST
    seed: int = 0
    threads: int = 1


def until_known(
    course: Course,
    *,
    expected: Seconds,
    precision: Precision,
    told: Callable[[int, float], None] | None = None,
) -> Replicas:
    """Simulate replicas until the percentiles of goodput are known as well as asked.

    Parameters
    ----------
    course, expected
        As for :func:`lindos.campaign.simulate`.
    precision
        How well is enough.
    told
        Called after each round with the replicas so far and the confidence reached: progress to show.
    """
    rows = rows_of(course, expected)
    parts: list[Replicas] = []
    done, wanted = 0, precision.fewest
    while True:
        wanted = min(-(-wanted // rows) * rows, precision.most)
        parts.append(
            simulate(
                course,
                expected=expected,
                num_replicas=wanted - done,
                seed=precision.seed,
                first=done // rows,
                rows=rows,
                threads=precision.threads,
            )
        )
        ran, done = joined(parts), wanted
        reached = float(confidence(ran.goodput))
        if told is not None:
            told(done, reached)
        if reached <= precision.tolerance or done >= precision.most:
            return ran
        wanted = min(2 * done, precision.most)


def confidence(values: Any) -> Count:
    """Half of the widest 95 % confidence interval of the percentiles of a sample.

    From the order of the sample alone: the true percentile :math:`p` of ``n`` values lies between those at
    :math:`n p \\pm 1.96 \\sqrt{n p (1 - p)}` [1]_.

    References
    ----------
    .. [1] H. A. David and H. N. Nagaraja, "Order Statistics," 3rd ed., Wiley, 2003, section 7.1.

    Examples
    --------
    >>> round(float(confidence(np.linspace(0.0, 1.0, 10_001))), 4)
    0.0098
    """
    ordered = np.sort(np.asarray(values, dtype=float))
    last = ordered.size - 1
    widest = 0.0
    for percentile in PERCENTILES:
        share = percentile / 100
        spread = _DEVIATIONS * (ordered.size * share * (1 - share)) ** 0.5
        low, high = (int(np.clip(share * last + sign * spread, 0, last)) for sign in (-1, 1))
        widest = max(widest, float(ordered[high] - ordered[low]) / 2)
    return widest
