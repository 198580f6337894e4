"""The error of the step model itself, drawn from the residuals of measured runs that its fit left out."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from lindos.step import ClusterStep
from lindos.step.interval import MEASURED_FAMILIES, difficulty, interval_facts
from lindos.study.world import World

#: Standard deviations from the middle to either end of an 80 % interval.
_DEVIATIONS = 1.2815515655446004
_SEED = 20_260_101


def difficulty_of(world: World, found: ClusterStep) -> float:
    """How far the step is from those measured, the farthest of its pools; 1 for one like them."""
    facts = interval_facts(world.catalog)
    return max(
        float(np.median(np.asarray(difficulty(world.job, pool, part.plan, facts=facts))))
        for pool, part in zip(world.cluster.pools, found.pools, strict=True)
    )


def with_residuals(point: World, found: ClusterStep, drawn: ClusterStep, num_draws: int) -> ClusterStep:
    """``drawn`` at times whose spread is that of measured over predicted ones.

    On devices of measured families the residuals already hold what the uncertain facts of the step do, so the times of
    ``found``, in which nothing is drawn, are multiplied by them; on others those of ``drawn``. Either half of the draws
    is a half of a normal law in the logarithm, with the 10th and the 90th percentile of the interval.
    """
    facts = interval_facts(point.catalog)
    away = np.random.default_rng(_SEED).standard_normal(num_draws) / _DEVIATIONS * difficulty_of(point, found)
    low, high = float(facts.interval_low.value), float(facts.interval_high.value)
    factor: Any = np.where(away < 0, low ** -np.minimum(away, 0.0), high ** np.maximum(away, 0.0))
    measured = all(pool.accelerator.family in MEASURED_FAMILIES for pool in point.cluster.pools)
    base = found if measured else drawn
    return replace(
        drawn,
        slowest=base.slowest * factor,
        synchronisation=base.synchronisation * factor,
        unsynchronised=base.unsynchronised / factor,
    )


def notes(world: World, found: ClusterStep) -> Iterator[str]:
    """What the interval of the step time rests on."""
    facts, wider = interval_facts(world.catalog), difficulty_of(world, found)
    low, high = 100 * (1 - float(facts.interval_low.value)), 100 * (float(facts.interval_high.value) - 1)
    yield (
        f"80 % of measured runs like those of the fit, but left out of it, took {low:.2g} % less to {high:.2g} % more "
        "time than predicted; the range of the step time follows them"
        + (f", {wider:.2g} times as wide since this step is further from them." if wider >= 1.05 else ".")
    )


def warnings(world: World, found: ClusterStep) -> Iterator[str]:
    """In which way the step lies outside of what was measured."""
    most = float(interval_facts(world.catalog).interval_most_devices.value)
    if float(np.median(np.asarray(found.num_devices))) > most:
        yield (
            "The step is outside the validated range: published runs that it was held against use at most "
            f"{most:,.0f} GPUs."
        )
    for title in dict.fromkeys(
        pool.accelerator.title for pool in world.cluster.pools if pool.accelerator.family not in MEASURED_FAMILIES
    ):
        yield (
            f"The step is outside the validated range: no kernel of {title} was measured, its rates are estimates from "
            "other devices."
        )
