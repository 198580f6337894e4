"""Simulate trials until the 10th, 50th and 90th percentile of goodput are known to a tolerance."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lindos.campaign.problem import Problem
from lindos.campaign.simulate import Trials, concatenated, simulate, tile_rows
from lindos.quantities import Fraction, Real, Seconds

#: Percentiles that are reported of every number.
PERCENTILES = (10.0, 50.0, 90.0)
#: Trials of the first round.
_FIRST = 64
#: Standard deviations of the normal law that enclose 95 % of it.
_DEVIATIONS = 1.96


@dataclass(frozen=True, slots=True)
class Sampling:
    """Rule by which a simulation ends.

    Parameters
    ----------
    tolerance
        Largest half width of the 95 % confidence interval of a percentile of goodput.
    max_trials, min_trials
        Largest and smallest number of trials.
    seed
        Seed of the random numbers.
    threads
        Tiles that are simulated at the same time.
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
        Tolerance, and limits to the number of trials.
    report
        Called after each round with the number of trials so far and the confidence interval reached.
    """
    # A tile has at most the smallest number of trials, so that a small simulation draws no trials in vain.
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


def confidence(values: Real) -> float:
    """Compute half of the widest 95 % confidence interval of the percentiles of a sample.

    The interval follows from the order of the sample alone: the true percentile :math:`p` of ``n`` values lies between
    those at :math:`n p \\pm 1.96 \\sqrt{n p (1 - p)}` [1]_.

    Parameters
    ----------
    values
        The sample, in any unit.

    Returns
    -------
    float
        Half the width, in the unit of the values.

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
