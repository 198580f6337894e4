"""Mean cost of a shortage of spares: devices in repair follow a Poisson law, whatever the law of repair times."""

from typing import NamedTuple

import numpy as np

from lindos.campaign.problem import Problem
from lindos.formulas import reliability
from lindos.quantities import Count, Fraction

#: Smallest staffed share and largest missing share of a closed form, so that it stays finite.
_LEAST_STAFFED, _MOST_MISSING = 1e-12, 0.999


class InRepair(NamedTuple):
    """Repairs under way on average, and devices that one of them keeps out of service."""

    repairs: Count
    devices_per_repair: Count


def in_repair(problem: Problem, pool: int | None = None) -> InRepair:
    """Return the mean number of repairs under way, and of devices per repair.

    Parameters
    ----------
    problem
        The campaign.
    pool
        Index of one pool; all pools if None.
    """
    broken = [cause for cause in problem.causes if cause.devices and pool in (None, cause.pool)]
    repairs = sum((cause.rate * cause.repair_time for cause in broken), start=0.0 * problem.failure_rate)
    devices = sum((cause.rate * cause.repair_time * cause.devices for cause in broken), start=0.0 * repairs)
    return InRepair(repairs, devices / np.maximum(repairs, 1e-300))


def staffed_share(problem: Problem) -> Fraction:
    """Return the share of the time in which spares stand in for all devices in repair, in every pool.

    Parameters
    ----------
    problem
        The campaign.
    """
    share: Fraction = 1.0
    for index, pool in enumerate(problem.pools):
        repairs, size = in_repair(problem, index)
        if np.isfinite(pool.spares):
            share = share * _at_most(_rounded_down(_stock(problem, index) / np.maximum(size, 1.0)), repairs)
    staffed: Fraction = np.maximum(share, _LEAST_STAFFED)
    return staffed


def short_of_replicas(problem: Problem) -> Fraction:
    """Return the mean share of the data-parallel replicas that is missing because no spare stands in.

    The missing devices of a pool are rounded up to whole replicas, which adds half a replica on average.

    Parameters
    ----------
    problem
        The campaign.
    """
    missing: Fraction = 0.0
    for index, pool in enumerate(problem.pools):
        if not np.isfinite(pool.spares):
            continue
        repairs, size = in_repair(problem, index)
        size = np.maximum(size, 1.0)
        spares = _rounded_down(_stock(problem, index) / size)
        short = 1 - _at_most(spares, repairs)
        # Mean excess of a Poisson number over the spares: m P(N >= k) - k P(N > k).
        excess = size * (repairs * (1 - _at_most(spares - 1, repairs)) - spares * short)
        per_replica = np.maximum(excess, 0.0) / problem.replica_devices
        rounded = 0.5 * short * np.minimum(1.0, problem.replica_devices / size)
        missing = missing + np.maximum(per_replica + rounded, short) / problem.num_replicas
    share: Fraction = np.minimum(missing, _MOST_MISSING)
    return share


def _stock(problem: Problem, index: int) -> float:
    """Return the spare devices of one pool, those inside its racks included."""
    pool = problem.pools[index]
    return float(pool.spares + pool.rack_spares * pool.num_racks)


def _rounded_down(value: Count) -> Count:
    return np.floor(np.asarray(value, dtype=float) + 1e-9)


def _at_most(count: Count, mean: Count) -> Fraction:
    """Return the probability that a Poisson number of this mean is at most `count`."""
    if np.all(np.asarray(count) <= 0):
        return np.where(np.asarray(count) < 0, 0.0, np.exp(-np.asarray(mean, dtype=float)))
    return np.where(np.asarray(count) < 0, 0.0, reliability.poisson_at_most(np.maximum(count, 0.0), mean))
