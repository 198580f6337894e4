"""The plan of a space that needs least memory, whether or not it fits."""

from typing import NamedTuple

import numpy as np

from lindos.planning.ground import TILE
from lindos.planning.search import Search
from lindos.planning.space import Nodes, inside, nodes, one, pairs, sharded, size, taken
from lindos.problem.plan import Plan
from lindos.step.feasibility import Reason, shape_codes
from lindos.step.memory import StepMemory, least_memory, memory

#: Splits laid out at a time, and nodes of these evaluated in full.
_SPLITS, _NODES = 64, 64


class Lightest(NamedTuple):
    """A plan, its sequences, and the memory of its fullest device."""

    plan: Plan
    batch: int
    memory: StepMemory


def lightest(search: Search, devices: int) -> Lightest | None:
    """The plan on at most ``devices`` that needs least memory of each; None where no plan splits the job so far.

    Nodes are evaluated in the order of :func:`lindos.step.memory.least_memory` until none can need less.
    """
    job, pool, assumptions, space = search.job, search.pool, search.assumptions, search.space
    holds = np.flatnonzero((search.codes == int(Reason.OK)) & (search.ground.ranks <= devices))
    best: Lightest | None = None
    for start in range(0, len(holds), _SPLITS):
        splits = holds[start : start + _SPLITS]
        pair = pairs(space, np.repeat(splits, len(space.stages)), np.tile(space.stages, len(splits)), devices=devices)
        part, _ = nodes(space, pair)
        part = part.take(np.flatnonzero(shape_codes(job, devices, part.plan, part.batch) == int(Reason.OK)))
        if not len(part):
            continue
        bound = np.asarray(least_memory(job, pool, part.plan, global_batch_size=part.batch, assumptions=assumptions))
        order = np.argsort(bound, kind="stable")
        while len(order) and (best is None or bound[order[0]] < best.memory.total):
            few = _lightest(search, part.take(order[:_NODES]), devices)
            if few is not None and (best is None or few.memory.total < best.memory.total):
                best = few
            order = order[_NODES:]
    return best


def _lightest(search: Search, part: Nodes, devices: int) -> Lightest | None:
    """The lightest plan of some nodes."""
    job, pool, assumptions, space = search.job, search.pool, search.assumptions, search.space
    plan, batch, _ = inside(space, part)
    plan, index = sharded(space, plan)
    batch = batch[index]
    holds = np.flatnonzero(shape_codes(job, devices, plan, batch) == int(Reason.OK))
    if not len(holds):
        return None
    plan, batch = taken(plan, holds), batch[holds]
    totals = np.concatenate(
        [
            np.asarray(
                memory(job, pool, taken(plan, tile), global_batch_size=batch[tile], assumptions=assumptions).total
            )
            for tile in (slice(start, start + TILE) for start in range(0, size(plan), TILE))
        ]
    )
    first = int(np.argmin(totals))
    chosen, sequences = one(plan, first), int(batch[first])
    return Lightest(chosen, sequences, memory(job, pool, chosen, global_batch_size=sequences, assumptions=assumptions))
