"""What the width of a range comes from: the share of the variance of the draws that goes with each uncertain fact."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lindos.catalog.facts import Fact
from lindos.catalog.sampling import sampled_fact
from lindos.elements import Driver
from lindos.study.floor import NUM_DRAWS

#: Smallest share that is named: below it a share is hardly more than chance among so many draws.
_LEAST_SHARE = 0.05
_MOST_NAMED = 3


def drivers(draws: Any, facts: Sequence[Fact[Any]]) -> tuple[Driver, ...]:
    """List the uncertain facts that most of a range comes from, the largest first.

    Parameters
    ----------
    draws
        Draws of a number, shape (num_draws,).
    facts
        Facts that the number depends on.

    Returns
    -------
    tuple of Driver
        Shares of the variance of the ranks. Facts are drawn independently of each other, so that shares add up to at
        most one; the rest is the error of the step time, ranges of the scenario, and what facts do together.
    """
    values = np.ravel(np.asarray(draws, dtype=float)) if draws is not None else np.zeros(0)
    uncertain = [fact for fact in facts if _is_uncertain(fact)]
    if values.size != NUM_DRAWS or not uncertain or not np.all(np.isfinite(values)) or np.ptp(values) == 0:
        return ()
    ranks = np.stack([_ranks(fact) for fact in uncertain])
    shares = (ranks @ _standard(values) / NUM_DRAWS) ** 2
    # Chance correlates draws of independent facts a little: shares never add up to more than the whole.
    shares = shares / max(float(shares.sum()), 1.0)
    named = [index for index in np.argsort(-shares) if shares[index] >= _LEAST_SHARE][:_MOST_NAMED]
    return tuple(
        Driver(
            fact=uncertain[index].path,
            share=float(shares[index]),
            low=float(uncertain[index].low),
            high=float(uncertain[index].high),
            unit=uncertain[index].unit,
        )
        for index in named
    )


def _is_uncertain(fact: Fact[Any]) -> bool:
    """Tell whether a fact is an array of draws in the sampled world."""
    return isinstance(fact.content, float) and fact.low is not None and fact.high is not None and fact.low < fact.high


@lru_cache(maxsize=1024)
def _ranks(fact: Fact[Any]) -> NDArray[np.float64]:
    return _standard(np.asarray(sampled_fact(fact, NUM_DRAWS, 0).content, dtype=float))


def _standard(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the ranks of values, less their mean and over their standard deviation."""
    ranks = np.empty(values.size)
    ranks[np.argsort(values, kind="stable")] = np.arange(values.size, dtype=float)
    standard: NDArray[np.float64] = (ranks - ranks.mean()) / ranks.std()
    return standard
