"""Rank the plan of a measured run among all feasible plans: compare practitioners with the search."""

from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np

from lindos.planning import Batch, Limits, Search, pool_limits
from lindos.planning.nodes import expand_nodes, make_nodes, make_pairs, sharded
from lindos.planning.space import size
from lindos.quantities import Fraction
from lindos.results import Why
from lindos.step import estimate, feasibility
from lindos.step.tile_cache import joined, picked
from lindos.validation.predict import Prepared

#: Number of plans drawn from a space.
_DRAWN = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rank:
    """Rank of one plan among the feasible plans on as many devices and with the same batch."""

    share: Annotated[Fraction, Why("share of the feasible plans that are predicted to be faster")]
    gain: Annotated[Fraction, Why("how much faster the best plan is predicted to be")]
    num_feasible: int  # feasible plans among those drawn


def rank(ready: Prepared, seed: int = 0) -> Rank | None:
    """Rank a run's plan by predicted speed.

    The space is that of the search on exactly as many devices as the run used, and its plans are drawn evenly. The best
    plan is the best that the search finds in the whole space.

    Parameters
    ----------
    ready
        The run in the words of the step model.
    seed
        Seed of the draws.

    Returns
    -------
    Rank or None
        None where no plan in the space is feasible on the run's devices.
    """
    job, pool, plan, assumptions = ready.job, ready.pool, ready.chosen.plan, ready.assumptions
    used, batch = int(plan.num_devices), int(ready.sizes.global_batch_size)
    pool = replace(pool, num_devices=max(used, 1))
    search = Search(job, pool, Batch(size=batch), {}, assumptions)
    time = float(estimate(job, pool, plan, global_batch_size=batch, assumptions=assumptions).time)
    splits = np.flatnonzero(search.codes == 0)
    stages = np.tile(search.space.stages, len(splits))
    split = np.repeat(splits, len(search.space.stages))
    candidates, _ = make_nodes(search.space, make_pairs(search.space, split, stages, devices=used, fewest=used))
    if not len(candidates):
        return None
    rng = np.random.default_rng(seed)
    # Draw a node, then a plan inside it: all combinations are equally likely.
    drawn = candidates.take(np.sort(rng.integers(0, len(candidates), _DRAWN)))
    parts = []
    width = size(search.space.inner)
    for start in range(0, _DRAWN, 1000):
        tile, _, _ = expand_nodes(search.space, drawn.take(slice(start, start + 1000)))
        parts.append(picked(tile, np.arange(1000) * width + rng.integers(0, width, 1000)))
    plans, _ = sharded(search.space, joined(parts, [1000] * len(parts)))
    plans = picked(plans, np.arange(_DRAWN) + _DRAWN * rng.integers(0, len(search.space.sharding), _DRAWN))
    holds = feasibility(job, pool, plans, global_batch_size=float(batch), assumptions=assumptions) == 0
    if not np.any(holds):
        return None
    times = np.asarray(estimate(job, pool, picked(plans, holds), global_batch_size=batch, assumptions=assumptions).time)
    best = search.best(Limits(memory=pool_limits(pool).memory, devices=used)).best
    fastest = batch * job.sequence_length / best[0].score if best else time
    return Rank(share=float(np.mean(times < time)), gain=time / fastest - 1.0, num_feasible=int(np.sum(holds)))
