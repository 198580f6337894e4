"""The best plans of the whole space, found without evaluating all of it.

Branch and bound over nested loops (:mod:`lindos.planning.space`). Plans are set aside only where it is proved that
none of them belongs among the best:

* no plan of a *split* takes less device time for a sequence than its micro-batch does in kernels and in collectives
  that stay visible (:mod:`lindos.step.micro_batch`);
* no plan of a *node* (a split with a pipeline and a number of micro-batches) takes less time than these micro-batches
  one after the other and the smallest bubble of any schedule, or less than :func:`lindos.step.memory.least_memory`;
* no sharding makes a plan faster than :func:`lindos.step.estimate.least_time`.

Splits are taken in the order of their bound, nodes likewise, in tiles that fit the cache (see `side_by_side`).
Tiles of one round do not hear of each other's findings, so that what is found and counted does not depend on the number
of cores. Memory is bounded by the splits that are expanded at a time, whatever the size of the space.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache, cached_property
from typing import Any

import numpy as np

from lindos.errors import InputError
from lindos.formulas import pipeline
from lindos.planning.ranking import Found, Limits
from lindos.planning.space import Batch, Nodes, Space, inside, nodes, sharded, size, space, taken
from lindos.problem.cluster import Pool
from lindos.problem.job import Job
from lindos.problem.plan import Plan
from lindos.quantities import Seconds
from lindos.step.assumptions import Assumptions
from lindos.step.estimate import estimate, least_time
from lindos.step.feasibility import OF_SPLITS, Reason, shape_codes
from lindos.step.layout import layout
from lindos.step.memory import least_memory, memory
from lindos.step.micro_batch import MicroBatch, job_rates, micro_batch
from lindos.step.tile_cache import joined, picked

#: Candidates evaluated at a time: their arrays fit the second-level cache.
TILE = 32_000
#: Nodes of a tile while little is known to beat, and later; tiles of a round.
_FIRST_NODES, _NODES, _ROUND = 16, 1024, 4
#: Splits expanded into nodes at a time: few at first, then ever more.
_FIRST_SPLITS, _SPLITS = 8, 128


class Search:
    """A space with its splits evaluated; `best` may then be asked again and again under other limits."""

    def __init__(self, job: Job, pool: Pool, batch: Batch, fixed: Mapping[str, int], given: Assumptions) -> None:
        """Lay out the space."""
        self.job, self.pool, self.given = job, pool, given
        self.space: Space = space(job, pool.num_devices, pool.tiers[0].size, batch, fixed)
        #: Sequences that count at most: what a batch is rounded up by is done for nothing.
        self.counted = float(batch.size) if batch.is_free and batch.round_up else np.inf

    @cached_property
    def codes(self) -> Any:
        """Reasons for which splits alone do not hold."""
        splits = self.space.splits
        return shape_codes(self.job, self.pool.num_devices, splits, splits.micro_batch_size, only=OF_SPLITS)

    @cached_property
    def micro(self) -> MicroBatch:
        """One micro-batch of every split."""
        splits, rate = self.space.splits, job_rates(self.job, self.pool, self.given)
        count = size(splits)
        parts = [taken(splits, slice(start, start + TILE // 4)) for start in range(0, count, TILE // 4)]

        def evaluated(some: Plan) -> MicroBatch:
            at = layout(self.job, some, some.micro_batch_size)
            return micro_batch(self.job, self.pool, some, at, rate, self.given)

        found: list[MicroBatch] = list(side_by_side()(evaluated, parts))
        return joined(found, [size(part) for part in parts])

    @cached_property
    def passes(self) -> tuple[Any, Any]:
        """Forward and backward pass of a micro-batch of every split, experts hidden as well as any schedule hides."""
        one = self.micro
        parts = (one.matmul, one.attention, one.other, one.tensor, one.context, one.expert_dual)
        return sum(part.forward for part in parts), sum(part.backward for part in parts)

    @cached_property
    def speed_per_device(self) -> Any:
        """Tokens per second and device that no plan of each split exceeds; zero where it does not hold."""
        splits = self.space.splits
        ranks = splits.tensor_parallel * splits.context_parallel
        speed = splits.micro_batch_size * self.job.sequence_length / (sum(self.passes) * ranks)
        return np.where(self.codes == int(Reason.OK), speed, 0.0)

    def best(self, limits: Limits, *, minimise: str = "time", top: int = 1, floor: float = -np.inf) -> Found:
        """The first ``top`` plans by ``minimise``, one of `OBJECTIVES`, that keep to ``limits``.

        Plans whose score is below ``floor`` are not looked for.
        """
        if top < 1:
            raise InputError("top", top, "at least 1")
        return _Hunt(self, limits, minimise, Found(top=top, floor=floor, num_candidates=self.space.size)).run()


class _Hunt:
    """One question to a `Search`, under way."""

    def __init__(self, search: Search, limits: Limits, minimise: str, found: Found) -> None:
        self.search, self.space, self.limits, self.minimise, self.found = search, search.space, limits, minimise, found
        self.job, self.pool, self.given = search.job, search.pool, search.given
        self.wide = _FIRST_NODES if found.bar == -np.inf else _NODES // 4  # nodes of a tile, ever more

    def run(self) -> Found:
        """Take splits in the order of their bounds until none can be better."""
        each = len(self.space.stages) * self.space.num_slots * self.space.each
        splits, codes = self.space.splits, self.search.codes
        for reason in OF_SPLITS:
            fallen = np.flatnonzero(codes == int(reason))
            some = taken(splits, fallen)
            batch = np.full(len(fallen), self.space.batch.size)
            self.found.reject(reason, len(fallen) * each, some.num_devices, some, batch)
        bound = self._split_bounds(each)
        order = np.argsort(-bound, kind="stable")
        order = order[bound[order] > -np.inf]
        start, width = 0, _FIRST_SPLITS
        while start < len(order) and bound[order[start]] >= self.found.bar:
            some = order[start : start + width]
            self._expand(some[bound[some] >= self.found.bar])
            start, width = start + width, min(2 * width, _SPLITS)
        return self.found

    def _score(self, speed: Any, devices: Any) -> Any:
        """What is maximised; where devices are minimised, speed decides between equal numbers of them."""
        if self.minimise == "time":
            return speed
        if self.minimise == "device_time":
            return speed / devices
        return -devices + speed / (1.0 + speed)

    def _is_late(self, speed: Any, devices: Any) -> Any:
        return (speed < self.limits.speed) | (speed < self.limits.speed_per_device * devices)

    def _split_bounds(self, plans: int) -> Any:
        """Best score that any plan of each split can have: all devices at work on nothing but its micro-batches."""
        splits, each = self.space.splits, self.search.speed_per_device
        ranks, most = splits.tensor_parallel * splits.context_parallel, float(self.limits.devices)
        speed = each * most
        fewest = most
        if self.minimise == "devices":
            fewest = np.maximum(np.ceil(self.limits.speed / np.maximum(each, 1e-300) * (1 - 1e-12)), ranks)
        holds, wide = self.search.codes == int(Reason.OK), ranks > most
        late = self._is_late(speed, most) & holds & ~wide
        self.found.reject(Reason.REPLICAS, int(np.sum(holds & wide)) * plans)
        self.found.reject(Reason.LIMITS, int(np.sum(late)) * plans)
        return np.where(holds & ~wide & ~late, self._score(speed, fewest), -np.inf)

    def _expand(self, splits: Any) -> None:
        """Weigh the nodes of some splits, those of the best bound first."""
        stages = np.tile(self.space.stages, len(splits))
        splits = np.repeat(splits, len(self.space.stages))
        pairs = np.flatnonzero(self._pair_bounds(splits, stages) >= self.found.bar)
        fewest, most = self._fewest(splits[pairs])
        devices = self.limits.devices
        some, looked = nodes(self.space, splits[pairs], stages[pairs], devices=devices, fewest=fewest, most=most)
        if not np.any(fewest > 1):
            # Numbers of micro-batches that leave no replica are not even listed.
            looked = len(pairs) * self.space.num_slots * (2 if some.alone else 1)
        self.found.reject(Reason.REPLICAS, (looked - len(some)) * some.plans(self.space))
        speed = self._speed(some.plan, some.batch, self._node_time(some))
        late = self._is_late(speed, some.plan.num_devices)
        self.found.reject(Reason.LIMITS, int(np.sum(late)) * some.plans(self.space))
        score = np.where(late, -np.inf, self._score(speed, some.plan.num_devices))
        order = np.flatnonzero((score >= self.found.bar) & ~late)
        order = order[np.argsort(-score[order], kind="stable")]
        start = 0
        while start < len(order) and score[order[start]] >= self.found.bar:
            wide = self.wide
            rest = order[start : start + wide * _ROUND]
            rest = rest[score[rest] >= self.found.bar]
            tiles = [some.take(np.sort(rest[i : i + wide])) for i in range(0, len(rest), wide)]
            for part in side_by_side()(self._weigh, tiles, [self.found.bar] * len(tiles)):
                self.found.add(part)
            start, self.wide = start + wide * _ROUND, min(2 * wide, _NODES)

    def _fewest(self, splits: Any) -> tuple[Any, int]:
        """Fewest devices that a plan of each split needs to be among the best, and the most it may take."""
        each, bar, most = self.search.speed_per_device[splits], self.found.bar, self.limits.devices
        fewest = np.full(len(splits), self.limits.speed) / each
        if self.minimise == "time" and bar > 0:
            fewest = np.maximum(fewest, bar / each)
        if self.minimise == "devices" and bar > -np.inf:
            most = min(most, int(np.ceil(-bar)))
        return np.floor(fewest * (1 - 1e-9)), most

    def _pair_bounds(self, splits: Any, stages: Any) -> Any:
        """Best score that any plan of a split with so many stages can have.

        So many replicas as fit, each with its part of the batch, one micro-batch after the other: fewer of them have
        more to do, and a smaller batch has the bubble weigh more.
        """
        if self.minimise != "time":
            return np.full(len(splits), np.inf)
        few = taken(self.space.splits, splits)
        room = np.floor(self.limits.devices / (few.tensor_parallel * few.context_parallel * stages))
        rounds = np.maximum(self.space.batch.size / (few.micro_batch_size * np.maximum(room, 1.0)), 1.0)
        each, bubble = self._bubble(splits, stages, np.inf, True)
        least = rounds * each + bubble + self.given.step_overhead.value
        tokens = self.space.batch.size * self.job.sequence_length
        return np.where(room >= 1, tokens / least * (1 + 1e-12), -np.inf)

    def _bubble(self, splits: Any, stages: Any, micro_batches: Any, interleaved: Any) -> tuple[Any, Any]:
        """Time of a micro-batch on one stage, and the smallest bubble that any schedule can have."""
        forward, backward = (one[splits] / stages for one in self.search.passes)
        weight = np.asarray(self.search.micro.weight)[splits] / stages
        model = self.job.model
        chunks = np.maximum(np.floor((model.num_layers + model.num_mtp_layers + 2) / stages), 1.0)
        chunks = np.where(interleaved, np.minimum(chunks, float(np.max(self.space.inner.virtual_stages))), 1.0)
        bubble = pipeline.one_f_one_b_bubble_time(forward, backward, stages, chunks)
        zero = pipeline.zero_bubble_time(forward, backward - weight, weight, stages)
        dual = pipeline.dual_pipe_bubble_time(forward, backward - weight, weight, stages)
        bubble = np.where(micro_batches >= stages, np.minimum(bubble, zero), bubble)
        return forward + backward, np.where(micro_batches >= 2 * stages, np.minimum(bubble, dual), bubble)

    def _node_time(self, some: Nodes) -> Seconds:
        """A time that no plan of each node beats."""
        m = some.num_micro_batches
        each, bubble = self._bubble(some.split, some.plan.pipeline_parallel, m, some.interleaved)
        least: Seconds = m * each + bubble + self.given.step_overhead.value
        return least

    def _speed(self, plan: Plan, batch: Any, time: Any) -> Any:
        """Tokens per second that count."""
        return np.minimum(batch, self.search.counted) * self.job.sequence_length / time

    def _weigh(self, some: Nodes, bar: float) -> Found:
        """The best plans of a tile of nodes."""
        part = Found(top=self.found.top, floor=bar)
        codes = shape_codes(self.job, self.limits.devices, some.plan, some.batch)
        some = self._without(part, some, codes, some.plan.num_devices)
        if not len(some):
            return part
        needed = least_memory(self.job, self.pool, some.plan, global_batch_size=some.batch, given=self.given)
        large = np.where(np.asarray(needed) > self.limits.memory, int(Reason.MEMORY), int(Reason.OK))
        some = self._without(part, some, large, np.asarray(needed))
        for plan, batch, split in self._tiles(some, bar, part):
            self._evaluate(plan, batch, split, part)
        return part

    def _without(self, part: Found, some: Nodes, codes: Any, short: Any) -> Nodes:
        """The nodes that hold; the others with all plans inside them are noted by reason."""
        for code in np.unique(codes[codes != int(Reason.OK)]):
            which = np.flatnonzero(codes == code)
            fallen = some.take(which)
            part.reject(Reason(code), len(which) * some.plans(self.space), short[which], fallen.plan, fallen.batch)
        return some.take(np.flatnonzero(codes == int(Reason.OK)))

    def _tiles(self, some: Nodes, bar: float, part: Found) -> Iterator[tuple[Plan, Any, Any]]:
        """Plans of the nodes that no bound sets aside, a tile at a time, with the split of each."""
        wide = len(self.space.sharding)
        step = max(1, TILE // size(self.space.inner))
        left: list[tuple[Plan, Any, Any]] = []
        for start in range(0, len(some), step):
            few = some.take(slice(start, start + step))
            plan, batch, node = inside(self.space, few)
            codes = shape_codes(self.job, self.limits.devices, plan, batch)
            for code in np.unique(codes[codes != int(Reason.OK)]):
                which = np.flatnonzero(codes == code)
                fallen = taken(plan, which)
                part.reject(Reason(code), len(which) * wide, fallen.num_devices, fallen, batch[which])
            holds = np.flatnonzero(codes == int(Reason.OK))
            plan, batch, split = taken(plan, holds), batch[holds], few.split[node[holds]]
            speed = self._speed(plan, batch, self._least_time(plan, batch, split))
            late = self._is_late(speed, plan.num_devices)
            part.reject(Reason.LIMITS, int(np.sum(late)) * wide)
            kept = np.flatnonzero(~late & (self._score(speed, plan.num_devices) >= bar))
            left.append((taken(plan, kept), batch[kept], split[kept]))
        yield from retiled(left, max(1, TILE // wide))

    def _least_time(self, plan: Plan, batch: Any, split: Any) -> Seconds:
        micro = picked(self.search.micro, split)
        return least_time(self.job, self.pool, plan, global_batch_size=batch, given=self.given, micro=micro)

    def _evaluate(self, plan: Plan, batch: Any, split: Any, part: Found) -> None:
        """Memory and time of some plans under every sharding; the best join those of ``part``."""
        plan, index = sharded(self.space, plan)
        batch, split = batch[index], split[index]
        codes = shape_codes(self.job, self.limits.devices, plan, batch, only=(Reason.SHARDING_GROUP,))
        needed = np.asarray(memory(self.job, self.pool, plan, global_batch_size=batch, given=self.given).total)
        codes = np.where((codes == int(Reason.OK)) & (needed > self.limits.memory), int(Reason.MEMORY), codes)
        for code in np.unique(codes[codes != int(Reason.OK)]):
            which = np.flatnonzero(codes == code)
            part.reject(Reason(code), len(which), needed[which], taken(plan, which), batch[which])
        fits = np.flatnonzero(codes == int(Reason.OK))
        if not len(fits):
            return
        plan, batch, micro = taken(plan, fits), batch[fits], picked(self.search.micro, split[fits])
        step = estimate(self.job, self.pool, plan, global_batch_size=batch, given=self.given, micro=micro)
        speed = self._speed(plan, batch, step.time)
        late = self._is_late(speed, plan.num_devices)
        part.reject(Reason.LIMITS, int(np.sum(late)))
        part.num_weighed += int(np.sum(~late))
        part.rank(plan, batch, np.where(late, -np.inf, self._score(speed, plan.num_devices)))


def retiled(parts: list[tuple[Plan, Any, Any]], size: int) -> Iterator[tuple[Plan, Any, Any]]:
    """The same plans in tiles of about ``size``: what bounds leave of many tiles is evaluated together."""
    waiting: list[tuple[Plan, Any, Any]] = []
    for part in parts:
        waiting.append(part)
        if sum(len(batch) for _, batch, _ in waiting) >= size:
            yield _joined(waiting)
            waiting = []
    if any(len(batch) for _, batch, _ in waiting):
        yield _joined(waiting)


def _joined(parts: list[tuple[Plan, Any, Any]]) -> tuple[Plan, Any, Any]:
    plans, batches, splits = zip(*parts, strict=True)
    sizes = [len(batch) for batch in batches]
    return joined(list(plans), sizes), np.concatenate(batches), np.concatenate(splits)


def side_by_side() -> Callable[..., Iterable[Any]]:
    """How tiles are worked off: one thread per core where Python has no global lock, else one after the other.

    With the lock a search took 1.3 times as long in two threads as in one: they wait for each other between calls of
    NumPy that take some ten microseconds.
    """
    if getattr(sys, "_is_gil_enabled", lambda: True)():
        return map
    return _threads().map


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())
