"""What a shortage of spares costs on average: devices in repair follow a Poisson law, whatever the law of repairs."""

from typing import Any, NamedTuple

import numpy as np

from lindos.campaign.problem import Problem
from lindos.quantities import Count, Fraction

#: Shares of the run that a closed form must leave, so that it stays finite.
_LEAST_STAFFED, _MOST_MISSING = 1e-12, 0.999


class InRepair(NamedTuple):
    """Repairs under way on average, and devices that one of them keeps out of service."""

    repairs: Count
    devices_per_repair: Count


def in_repair(problem: Problem, pool: int | None = None) -> InRepair:
    """Return what is in repair on average, in one pool (by index) or in all."""
    broken = [cause for cause in problem.causes if cause.devices and pool in (None, cause.pool)]
    repairs = sum((cause.rate * cause.repair_time for cause in broken), start=0.0 * problem.failure_rate)
    devices = sum((cause.rate * cause.repair_time * cause.devices for cause in broken), start=0.0 * repairs)
    return InRepair(repairs, devices / np.maximum(repairs, 1e-300))


def staffed_share(problem: Problem) -> Fraction:
    """Share of the time that spares stand in for all that is in repair, in every pool."""
    share: Any = 1.0
    for index, pool in enumerate(problem.pools):
        repairs, size = in_repair(problem, index)
        if np.isfinite(pool.spares):
            share = share * _at_most(_whole(_stock(problem, index) / np.maximum(size, 1.0)), repairs)
    staffed: Fraction = np.maximum(share, _LEAST_STAFFED)
    return staffed


def short_of_replicas(problem: Problem) -> Fraction:
    """Share of the data-parallel replicas that is missing on average because no spare stands in.

    Missing devices of a pool add up to whole replicas: on average half a replica more than they are.
    """
    missing: Any = 0.0
    for index, pool in enumerate(problem.pools):
        if not np.isfinite(pool.spares):
            continue
        repairs, size = in_repair(problem, index)
        size = np.maximum(size, 1.0)
        spares = _whole(_stock(problem, index) / size)
        short = 1 - _at_most(spares, repairs)
        # Mean excess of a Poisson number over the spares: m P(N >= k) - k P(N > k).
        excess = size * (repairs * (1 - _at_most(spares - 1, repairs)) - spares * short)
        per_replica = np.maximum(excess, 0.0) / problem.replica_devices
        rounded = 0.5 * short * np.minimum(1.0, problem.replica_devices / size)
        missing = missing + np.maximum(per_replica + rounded, short) / problem.num_replicas
    share: Fraction = np.minimum(missing, _MOST_MISSING)
    return share


def _stock(problem: Problem, index: int) -> float:
    """Devices that stand by for one pool, those inside its racks among them."""
    pool = problem.pools[index]
    return float(pool.spares + pool.rack_spares * pool.num_racks)


def _whole(value: Any) -> Any:
    return np.floor(np.asarray(value, dtype=float) + 1e-9)


def _at_most(count: Any, mean: Any) -> Any:
    """Probability that a Poisson number of this mean is at most `count`."""
    if np.all(np.asarray(count) <= 0):
        return np.where(np.asarray(count) < 0, 0.0, np.exp(-np.asarray(mean, dtype=float)))
    # Loading scipy.special takes longer than the closed form of a small campaign.
    from scipy.special import pdtr

    return np.where(np.asarray(count) < 0, 0.0, pdtr(np.maximum(count, 0.0), mean))
