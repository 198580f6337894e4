"""The error of the step model, sampled from the residuals of measured runs that were left out of its fit."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lindos.catalog import Catalog
from lindos.problem.cluster import Cluster
from lindos.problem.job import Job
from lindos.quantities import Count, Fraction, Real
from lindos.step import ClusterStep
from lindos.step.interval import MEASURED_FAMILIES, difficulty, interval_facts

#: Standard deviations from the middle to either end of an 80 % interval.
_DEVIATIONS = 1.2815515655446004
_SEED = 20_260_101
#: Power of the residuals by which the varied world shows that a time rests on them.
_TRACE = 1e-2


@dataclass(frozen=True, slots=True, kw_only=True)
class Residual:
    """Measured over predicted step time: the ends of an 80 % interval at difficulty 1, and the step's difficulty."""

    low: Fraction
    high: Fraction
    difficulty: Real
    most_devices: Count
    is_measured: bool


def residual(catalog: Catalog, job: Job, cluster: Cluster, step: ClusterStep) -> Residual:
    """Compute the residual of a step; its difficulty is that of the pool farthest from the measured runs.

    Parameters
    ----------
    catalog
        Interval of measured over predicted times.
    job, cluster
        Job and its cluster.
    step
        Step with the plans of the pools.
    """
    facts = interval_facts(catalog)
    farthest: Real = 1.0
    for pool, part in zip(cluster.pools, step.pools, strict=True):
        farthest = np.maximum(farthest, difficulty(job, pool, part.plan, facts=facts))
    return Residual(
        low=facts.interval_low.value,
        high=facts.interval_high.value,
        difficulty=farthest,
        most_devices=facts.interval_most_devices.value,
        is_measured=all(pool.accelerator.family in MEASURED_FAMILIES for pool in cluster.pools),
    )


def with_draws(point: ClusterStep, drawn: ClusterStep, error: Residual, num_draws: int) -> ClusterStep:
    """Return a step whose times have the spread of measured over predicted times.

    On devices of measured families the residuals already contain the effect of uncertain facts, so they multiply the
    times of ``point``; on other devices those of ``drawn``. The logarithm of the factor is normal on either side of
    zero, and reaches the ends of the interval at the 10th and the 90th percentile.

    Parameters
    ----------
    point
        Step with the catalogue's own values.
    drawn
        Step in the sampled world.
    error
        Residual of the step.
    num_draws
        Number of draws.
    """
    deviations = np.random.default_rng(_SEED).standard_normal(num_draws) / _DEVIATIONS * error.difficulty
    factor: Any = np.where(
        deviations < 0, error.low ** -np.minimum(deviations, 0.0), error.high ** np.maximum(deviations, 0.0)
    )
    return _scaled(drawn, point if error.is_measured else drawn, factor)


def with_trace(varied: ClusterStep, error: Residual) -> ClusterStep:
    """Return a step whose times move with the residuals, so that a time cites the facts of its range.

    Parameters
    ----------
    varied
        Step in the varied world.
    error
        Residual in the varied world.
    """
    return _scaled(varied, varied, (error.high * error.low) ** (_TRACE * error.difficulty))


def _scaled(step: ClusterStep, base: ClusterStep, factor: Any) -> ClusterStep:
    return replace(
        step,
        slowest=base.slowest * factor,
        synchronisation=base.synchronisation * factor,
        unsynchronised=base.unsynchronised / factor,
    )
