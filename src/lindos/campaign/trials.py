"""As many trials as an answer needs: until the 10th, 50th and 90th percentile of goodput are known well enough."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lindos.campaign.problem import Problem
from lindos.campaign.simulate import Trials, concatenated, simulate, tile_rows
from lindos.quantities import Count, Fraction, Seconds

#: Percentiles that are reported of every number.
PERCENTILES = (10.0, 50.0, 90.0)
#: Trials of the first round.
_FIRST = 64
#: Deviations of the normal law on either side of 95 % of it.
_DEVIATIONS = 1.96


@dataclass(frozen=True, slots=True)
class Sampling:
    """When enough trials are simulated.

    Parameters
    ----------
    tolerance
        Half of the 95 % confidence interval that a percentile of goodput may have.
    max_trials, min_trials
        Largest and smallest number of trials.
    seed
        Of the random numbers.
    threads
        Tiles that are simulated side by side.
    """

    tolerance: Fraction = 0.01
    max_trials: int = 1024
    min_trials: int = _FIRST
    seed: int = 0
    threads: int = 1


def simulate_until(
    problem: Problem,
    *,
    expected: Seconds,
    sampling: Sampling,
    observed: bool = False,
    traced: bool = False,
    report: Callable[[int, float], None] | None = None,
) -> Trials:
    """Simulate trials until the percentiles of goodput are known well enough.

    Parameters
    ----------
    problem, expected, observed, traced
        As for :func:`lindos.campaign.simulate`.
    sampling
        How well is enough.
    report
        Called after each round with the trials so far and the confidence reached: progress to show.
    """
    # A tile holds no more trials than are wanted at first, so that few trials cost no more than they must.
    rows = min(tile_rows(problem, expected), sampling.min_trials)
    parts: list[Trials] = []
    done, wanted = 0, sampling.min_trials
    while True:
        wanted = min(-(-wanted // rows) * rows, sampling.max_trials)
        parts.append(
            simulate(
                problem,
                expected=expected,
                num_trials=wanted - done,
                seed=sampling.seed,
                first=done // rows,
                rows=rows,
                threads=sampling.threads,
                observed=observed,
                traced=traced,
            )
        )
        trials, done = concatenated(parts), wanted
        reached = float(confidence(trials.goodput))
        if report is not None:
            report(done, reached)
        if reached <= sampling.tolerance or done >= sampling.max_trials:
            return trials
        wanted = min(2 * done, sampling.max_trials)


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
