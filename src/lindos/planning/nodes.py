"""Nodes of a search: splits with stages and micro-batches, made from pairs and expanded to plans.

A *pair* is a split with a number of stages, and a *node* is a pair with a number of micro-batches. A node contains
plans with every schedule, number of virtual stages, recomputation and sharding.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from lindos.planning.space import INNER, NEXT_ROUNDS, OCTAVES, Batch, Space, divisors, size, subset
from lindos.problem.plan import AXES, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Nodes:
    """Splits with a number of stages and of micro-batches: all axes but the inner ones and sharding."""

    plan: Plan  # without interleaving; one forward one backward
    batch: Any  # sequences of a step
    split: Any  # index of the split
    question: Any  # index of the question
    interleaved: Any  # whether a plan may have several virtual stages
    only_interleaved: bool  # whether such a plan must have several virtual stages

    @property
    def num_micro_batches(self) -> Any:
        """Count the micro-batches of a step."""
        return np.ceil(self.batch / (self.plan.data_parallel * self.plan.micro_batch_size))

    def plans(self, space: "Space") -> int:
        """Count the plans of a node, in the mean of nodes with and without interleaving."""
        return space.plans_per_node // 2 if self.only_interleaved else space.plans_per_node

    def take(self, index: Any) -> "Nodes":
        """Take the rows at ``index``."""
        return Nodes(
            plan=subset(self.plan, index),
            batch=self.batch[index],
            split=self.split[index],
            question=self.question[index],
            interleaved=self.interleaved[index],
            only_interleaved=self.only_interleaved,
        )

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.batch)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Splits with a number of stages, and the sequences and devices of each."""

    split: Any  # index of the split
    stages: Any
    question: Any  # index of the question
    interleaved: Any  # whether a plan may have several virtual stages; of a free batch it then must
    batch: Any  # sequences of a step, as `Batch.size`
    round_up: Any  # as `Batch.round_up`
    devices: Any  # available devices
    fewest: Any  # smallest number of devices of a plan
    most: Any  # largest number of devices of a plan

    def take(self, index: Any) -> "Pairs":
        """Take the rows at ``index``."""
        return Pairs(**{field.name: getattr(self, field.name)[index] for field in fields(Pairs)})

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.split)


def make_pairs(
    space: Space, split: Any, stages: Any, *, devices: int, fewest: int = 0, batch: Batch | None = None
) -> Pairs:
    """Make the pairs of one question.

    Parameters
    ----------
    space
        Space of plans.
    split
        Indices of splits.
    stages
        Number of stages of each pair.
    devices
        Available devices.
    fewest
        Smallest number of devices of a plan.
    batch
        Sequences of a step; those of the space by default.
    """
    batch, stages = batch or space.batch, np.asarray(stages, dtype=float)
    interleaved = np.ones(len(split), dtype=bool)
    if batch.is_free:
        multi_stage = np.flatnonzero(stages > 1)
        interleaved = np.concatenate([np.zeros(len(split), dtype=bool), np.ones(len(multi_stage), dtype=bool)])
        split, stages = np.concatenate([split, split[multi_stage]]), np.concatenate([stages, stages[multi_stage]])
    count = len(split)
    return Pairs(
        split=split,
        stages=stages,
        question=np.zeros(count, dtype=int),
        interleaved=interleaved,
        batch=np.full(count, float(batch.size)),
        round_up=np.full(count, batch.round_up),
        devices=np.full(count, float(devices)),
        fewest=np.full(count, float(fewest)),
        most=np.full(count, float(devices)),
    )


def make_nodes(space: Space, pair: Pairs) -> tuple[Nodes, Any]:
    """Make the nodes of pairs.

    Parameters
    ----------
    space
        Space of plans.
    pair
        Splits with a number of stages.

    Returns
    -------
    tuple
        Nodes with ``fewest`` to ``most`` devices, and the number of candidate degrees of each pair, without those of
        too few devices.
    """
    splits, stages = subset(space.splits, pair.split), pair.stages
    ranks = np.asarray(splits.tensor_parallel * splits.context_parallel) * stages
    room, least = np.floor(pair.devices / ranks), pair.fewest / ranks
    unit = np.asarray(splits.micro_batch_size) * np.where(pair.interleaved & space.batch.is_free, stages, 1.0)
    degrees, sizes = _replicas(space, pair, unit, room, least, least_multiple(splits))
    suffices = degrees >= least[:, None]
    feasible = suffices & (degrees >= 1) & (sizes >= 1) & (degrees * ranks[:, None] <= pair.most[:, None])
    row, slot = np.nonzero(feasible)
    plan = replace(
        subset(splits, row),
        pipeline_parallel=stages[row],
        data_parallel=degrees[row, slot],
        **_NODE,
    )
    chosen = Nodes(
        plan=plan,
        batch=sizes[row, slot],
        split=pair.split[row],
        question=pair.question[row],
        interleaved=pair.interleaved[row],
        only_interleaved=space.batch.is_free,
    )
    return chosen, np.sum(suffices | (degrees < 1), axis=-1)


#: Values of the inner axes for the bound of a node.
_NODE = {name: axis.node for name, axis in AXES.items() if axis.node is not None}


def least_multiple(splits: Plan) -> Any:
    """Compute the number that divides all data-parallel degrees, so that experts divide among the ranks of a stage.

    Parameters
    ----------
    splits
        Splits as arrays.
    """
    spread = splits.expert_parallel * splits.expert_tensor_parallel
    return np.maximum(np.ceil(spread / (splits.tensor_parallel * splits.context_parallel)), 1.0)


def most_replicas(space: Space, pair: Pairs) -> Any:
    """Compute an upper bound on the data-parallel degree of each pair; zero if no replica fits.

    Parameters
    ----------
    space
        Space of plans.
    pair
        Splits with a number of stages.
    """
    splits = subset(space.splits, pair.split)
    room = np.floor(pair.devices / (splits.tensor_parallel * splits.context_parallel * pair.stages))
    if space.data_parallel is not None:
        return np.where(room >= space.data_parallel, float(space.data_parallel), 0.0)
    multiple = least_multiple(splits)
    if not space.batch.is_free:
        return np.where(room >= multiple, room, 0.0)
    unit = np.asarray(splits.micro_batch_size) * np.where(pair.interleaved, pair.stages, 1.0)
    return np.floor(np.minimum(room, np.ceil(pair.batch / unit)) / multiple) * multiple


def _replicas(space: Space, pair: Pairs, unit: Any, room: Any, least: Any, multiple: Any) -> tuple[Any, Any]:
    """Compute data-parallel degrees and batches by pair and, in the last axis, by slot; zero in unused slots.

    Slots without a degree of at least ``least`` may be missing.
    """
    size, unit = pair.batch[:, None], unit[:, None]
    if space.data_parallel is not None:
        degrees = np.full(unit.shape, float(space.data_parallel))
        return degrees, _whole_rounds(degrees * unit, size, pair.round_up[:, None], is_free=space.batch.is_free)
    if not space.batch.is_free:
        degrees = np.asarray(divisors(space.batch.size), dtype=float)
        degrees = degrees[degrees >= np.min(least, initial=np.inf)]
        fits = (degrees <= room[:, None]) & (np.fmod(size / degrees, unit) == 0)
        return np.where(fits, degrees, 0.0), np.where(fits, size, 0.0)
    step, round_up = multiple[:, None], pair.round_up[:, None]
    most = np.floor(np.minimum(room[:, None], np.ceil(size / unit)) / step) * step
    most = np.where(most >= 1, most, 0.0)
    rounds = size / (unit * np.maximum(most, 1.0))
    fewest = np.where(round_up, np.ceil(rounds), np.maximum(np.floor(rounds), 1.0))
    # A half-octave more micro-batches needs a half-octave fewer replicas.
    drop = np.max(room / np.maximum(least, 1.0), initial=1.0)
    halves = min(2 * OCTAVES, int(np.ceil(2 * np.log2(max(drop, 1.0)))) + 1)
    later = np.concatenate([np.arange(NEXT_ROUNDS), np.zeros(halves)])
    times = np.concatenate([np.ones(NEXT_ROUNDS), 2.0 ** (np.arange(1, halves + 1) / 2)])
    rounds = np.ceil((fewest + later) * times)
    wanted = size / (unit * rounds) / step
    degrees = np.minimum(np.where(round_up, np.ceil(wanted), np.floor(wanted)) * step, most)
    repeats = np.zeros(degrees.shape, dtype=bool)
    repeats[:, 1:] = degrees[:, 1:] == degrees[:, :-1]
    # The first half-octaves fall among the next few numbers, which have their degrees already.
    repeats[:, NEXT_ROUNDS:] |= degrees[:, NEXT_ROUNDS:] >= degrees[:, NEXT_ROUNDS - 1, None]
    degrees = np.where(repeats, 0.0, degrees)
    return degrees, np.where(degrees >= 1, _whole_rounds(degrees * unit, size, round_up, is_free=True), 0.0)


def _whole_rounds(unit: Any, batch: Any, round_up: Any, *, is_free: bool) -> Any:
    """Round a free batch to whole multiples of ``unit``; other batches stay as they are."""
    if not is_free:
        return np.broadcast_to(batch, unit.shape).astype(float)
    unit = np.maximum(unit, 1.0)
    return unit * np.where(round_up, np.ceil(batch / unit), np.floor(batch / unit))


def expand_nodes(space: Space, parents: Nodes) -> tuple[Plan, Any, Any]:
    """Expand nodes by every schedule, number of virtual stages and recomputation.

    Parameters
    ----------
    space
        Space of plans.
    parents
        Nodes to expand.

    Returns
    -------
    tuple
        Plans, their batches, and the index of the node of each plan.
    """
    count, width = len(parents), size(space.inner)
    node = np.repeat(np.arange(count), width)
    plan = replace(
        subset(parents.plan, node),
        **{name: np.tile(getattr(space.inner, name), count) for name in INNER},
    )
    if parents.only_interleaved:
        valid = parents.interleaved[node] == (plan.virtual_stages > 1)
        plan, node = subset(plan, valid), node[valid]
    return plan, parents.batch[node], node


def sharded(space: Space, plan: Plan) -> tuple[Plan, Any]:
    """Expand plans by every sharding; sharding is the outer loop, so that neighbours stay equal in other fields.

    Parameters
    ----------
    space
        Space of plans.
    plan
        Plans of arrays.

    Returns
    -------
    tuple
        Expanded plans, and the index of the original of each.
    """
    count = size(plan)
    index = np.tile(np.arange(count), len(space.sharding))
    return replace(subset(plan, index), sharding=np.repeat(space.sharding, count)), index


def every_plan(space: Space, devices: int) -> Iterator[tuple[Plan, Any]]:
    """Yield all plans of the space with their batches, split by split.

    Combinations without a replica are the only ones that are missing.

    Parameters
    ----------
    space
        Space of plans.
    devices
        Available devices.
    """
    for index in range(size(space.splits)):
        split = np.full(len(space.stages), index)
        part, _ = make_nodes(space, make_pairs(space, split, space.stages, devices=devices))
        if len(part):
            plan, batch, _ = expand_nodes(space, part)
            plan, index = sharded(space, plan)
            yield plan, batch[index]
