"""Search for the plan with the least memory, whether or not it fits."""

from typing import NamedTuple

import numpy as np

from lindos.planning.ground import TILE
from lindos.planning.nodes import Nodes, expand_nodes, make_nodes, make_pairs, sharded
from lindos.planning.search import Search
from lindos.planning.space import candidate, size, subset
from lindos.problem.plan import Plan
from lindos.step.feasibility import Reason, shape_codes
from lindos.step.memory import StepMemory, least_memory, memory, needed_memory

#: Splits whose nodes are made in one round, and nodes evaluated in full in one round.
_SPLITS, _NODES = 64, 64


class Lightest(NamedTuple):
    """A plan, its sequences, and the memory of its fullest device."""

    plan: Plan
    batch: int
    memory: StepMemory


def lightest(search: Search, devices: int) -> Lightest | None:
    """Search for the plan whose fullest device needs the least memory.

    Nodes are evaluated in the order of :func:`lindos.step.memory.least_memory` until no other node can need less.

    Parameters
    ----------
    search
        Space with its splits.
    devices
        Largest number of devices of a plan.

    Returns
    -------
    Lightest or None
        None if no plan on these devices divides the model and the batch.
    """
    job, pool, assumptions, space = search.job, search.pool, search.assumptions, search.space
    feasible = np.flatnonzero((search.codes == int(Reason.OK)) & (search.ground.ranks <= devices))
    best: Lightest | None = None
    for start in range(0, len(feasible), _SPLITS):
        splits = feasible[start : start + _SPLITS]
        pair = make_pairs(
            space, np.repeat(splits, len(space.stages)), np.tile(space.stages, len(splits)), devices=devices
        )
        part, _ = make_nodes(space, pair)
        part = part.take(np.flatnonzero(shape_codes(job, devices, part.plan, part.batch) == int(Reason.OK)))
        if not len(part):
            continue
        bound = np.asarray(least_memory(job, pool, part.plan, global_batch_size=part.batch, assumptions=assumptions))
        order = np.argsort(bound, kind="stable")
        while len(order) and (best is None or bound[order[0]] < best.memory.total):
            candidate = _lightest(search, part.take(order[:_NODES]), devices)
            if candidate is not None and (best is None or candidate.memory.total < best.memory.total):
                best = candidate
            order = order[_NODES:]
    return best


def _lightest(search: Search, part: Nodes, devices: int) -> Lightest | None:
    """Evaluate nodes in full, and return their lightest plan."""
    job, pool, assumptions, space = search.job, search.pool, search.assumptions, search.space
    plan, batch, _ = expand_nodes(space, part)
    plan, index = sharded(space, plan)
    batch = batch[index]
    feasible = np.flatnonzero(shape_codes(job, devices, plan, batch) == int(Reason.OK))
    if not len(feasible):
        return None
    plan, batch = subset(plan, feasible), batch[feasible]
    totals = np.concatenate(
        [
            np.asarray(
                needed_memory(job, pool, subset(plan, tile), global_batch_size=batch[tile], assumptions=assumptions)
            )
            for tile in (slice(start, start + TILE) for start in range(0, size(plan), TILE))
        ]
    )
    first = int(np.argmin(totals))
    chosen, sequences = candidate(plan, first), int(batch[first])
    return Lightest(chosen, sequences, memory(job, pool, chosen, global_batch_size=sequences, assumptions=assumptions))
