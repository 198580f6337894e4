"""Where a plan that people ran stands among all plans that hold: practitioners held against the search."""

from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np

from lindos.planning import Batch, Limits, Search, limits
from lindos.planning.space import inside, nodes, pairs, sharded, size
from lindos.quantities import Fraction
from lindos.results import Why
from lindos.step import estimate, feasibility
from lindos.step.tile_cache import joined, picked
from lindos.validation.predict import Prepared

#: Plans that are drawn of a space.
_DRAWN = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rank:
    """One plan among those that hold on as many devices and with the same batch."""

    share: Annotated[Fraction, Why("plans that are predicted to be faster, of all that hold")]
    gain: Annotated[Fraction, Why("how much faster the best plan is predicted to be")]
    num_holding: int  # plans drawn that hold


def rank(ready: Prepared, seed: int = 0) -> Rank | None:
    """Rank of a run's own plan by predicted speed; None where the space on its devices has no plan that holds.

    The space is that of the search on exactly as many devices as the run used, of which plans are drawn evenly; the
    best plan is the search's, over the whole space.
    """
    job, pool, plan, given = ready.job, ready.pool, ready.chosen.plan, ready.given
    used, batch = int(plan.num_devices), int(ready.sizes.global_batch_size)
    pool = replace(pool, num_devices=max(used, 1))
    search = Search(job, pool, Batch(size=batch), {}, given)
    own = float(estimate(job, pool, plan, global_batch_size=batch, given=given).time)
    splits = np.flatnonzero(search.codes == 0)
    stages = np.tile(search.space.stages, len(splits))
    split = np.repeat(splits, len(search.space.stages))
    some, _ = nodes(search.space, pairs(search.space, split, stages, devices=used, fewest=used))
    if not len(some):
        return None
    rng = np.random.default_rng(seed)
    # A node, then a plan inside it: all combinations are drawn alike.
    drawn = some.take(np.sort(rng.integers(0, len(some), _DRAWN)))
    plans = []
    width = size(search.space.inner)
    for start in range(0, _DRAWN, 1000):
        part, _, _ = inside(search.space, drawn.take(slice(start, start + 1000)))
        plans.append(picked(part, np.arange(1000) * width + rng.integers(0, width, 1000)))
    every, _ = sharded(search.space, joined(plans, [1000] * len(plans)))
    every = picked(every, np.arange(_DRAWN) + _DRAWN * rng.integers(0, len(search.space.sharding), _DRAWN))
    holds = feasibility(job, pool, every, global_batch_size=float(batch), given=given) == 0
    if not np.any(holds):
        return None
    times = np.asarray(estimate(job, pool, picked(every, holds), global_batch_size=batch, given=given).time)
    best = search.best(Limits(memory=limits(pool).memory, devices=used)).best
    fastest = batch * job.sequence_length / best[0].score if best else own
    return Rank(share=float(np.mean(times < own)), gain=own / fastest - 1.0, num_holding=int(np.sum(holds)))
