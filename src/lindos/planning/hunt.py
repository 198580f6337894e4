"""Branch and bound over the nodes of a space, for several questions at a time.

Questions differ in their batch, their devices and their limits, and share all that does not depend on these: one pass
over arrays answers many of them, where each alone would mostly wait for the next call of NumPy. Pairs of a split and a
number of stages are taken in the order of their bound, those of all questions together; nodes likewise, in tiles that
fit the cache. Tiles of one round do not hear of each other's findings, so that what is found and counted does not
depend on the number of cores.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from lindos.planning.ground import TILE, Ground
from lindos.planning.ranking import Found, Limits
from lindos.planning.space import Batch, Nodes, Pairs, inside, most_replicas, nodes, sharded, size, taken
from lindos.problem.plan import Plan
from lindos.quantities import Seconds
from lindos.step.estimate import estimate, least_time
from lindos.step.feasibility import OF_SPLITS, Reason, shape_codes
from lindos.step.memory import least_memory, memory
from lindos.step.tile_cache import joined, picked

#: Nodes of the first tile, of a tile at most; tiles of a round at most.
_FIRST_NODES, _NODES, _ROUND = 64, 1024, 4
#: Pairs laid out at first and at most.
_FIRST_PAIRS, _PAIRS = 256, 4096
#: Bounds of pairs, one for each question, that are held at a time.
_BOUNDS = 500_000
#: Splits laid out at a time where pairs have no bound: few at first, then ever more.
_FIRST_SPLITS, _SPLITS = 8, 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One batch on so many devices under some limits.

    Plans whose score is below ``floor`` are not looked for. Splits and stages of ``near``, a plan that was best under
    much the same conditions, are weighed first: it changes how long a search takes, not what it finds.
    """

    batch: Batch
    limits: Limits
    floor: float = -np.inf
    near: Plan | None = None


class Hunt:
    """Some questions to a `Ground`, under way; what each finds is in ``best``."""

    def __init__(self, ground: Ground, questions: Sequence[Question], minimise: str, top: int) -> None:
        """Take the questions; nothing is evaluated yet."""
        self.ground, self.space, self.minimise = ground, ground.space, minimise
        self.job, self.pool, self.assumptions = ground.job, ground.pool, ground.assumptions
        self.best = [
            Found(top=top, floor=question.floor, num_candidates=replace(self.space, batch=question.batch).size)
            for question in questions
        ]

        def array(read: Callable[[Question], Any]) -> Any:
            return np.asarray([read(question) for question in questions], dtype=float)

        self.sizes = array(lambda question: question.batch.size)
        self.round_up = array(lambda question: question.batch.round_up) > 0
        is_free = array(lambda question: question.batch.is_free) > 0
        #: Sequences that count at most: what a batch is rounded up by is done for nothing.
        self.counted = np.where(is_free & self.round_up, self.sizes, np.inf)
        self.memory = array(lambda question: question.limits.memory)
        self.devices = array(lambda question: question.limits.devices)
        self.speed = array(lambda question: question.limits.speed)
        self.speed_per_device = array(lambda question: question.limits.speed_per_device)
        self.scale = np.ones(len(questions))  # score of each question that counts as much as that of the others
        self.width = _FIRST_NODES
        self.near = [question.near for question in questions]
        self.seeds: list[tuple[int, int, int]] = []  # split, stage and question of what was weighed first

    @property
    def bars(self) -> Any:
        """Score that a plan needs to be among the best of each question."""
        return np.asarray([best.bar for best in self.best])

    def run(self) -> list[Found]:
        """Take splits in the order of their bounds until none can be better."""
        plans = len(self.space.stages) * self.space.num_slots * self.space.each
        splits, codes = self.space.splits, self.ground.codes
        for reason in OF_SPLITS:
            fallen = np.flatnonzero(codes == int(reason))
            unfit = taken(splits, fallen)
            for best, batch in zip(self.best, self.sizes, strict=True):
                best.reject(reason, len(fallen) * plans, unfit.num_devices, unfit, np.full(len(fallen), batch))
        bounds = self._split_bounds(plans)
        if self.minimise == "time":
            self.scale = np.maximum(bounds.max(axis=0, initial=-np.inf), 1e-300)
            self._sow()
        order = np.argsort(-(bounds / self.scale).max(axis=1), kind="stable")
        start, width = 0, self._first_splits
        while start < len(order):
            block = order[start : start + width]
            block = block[np.any((bounds[block] >= self.bars) & (bounds[block] > -np.inf), axis=1)]
            if not len(block):
                break
            self._expand(block, bounds[block])
            start, width = start + width, width if self.minimise == "time" else min(2 * width, _SPLITS)
        return self.best

    def _sow(self) -> None:
        """Weigh the pairs of plans that were best under much the same conditions."""
        for number, plan in enumerate(self.near):
            if plan is None:
                continue
            position = self.ground.index(plan)
            place = np.flatnonzero(self.space.stages == plan.pipeline_parallel)
            if position is not None and len(place):
                self.seeds.append((position, int(place[0]), number))
        if self.seeds:
            split, stage, question = (np.asarray(column) for column in zip(*self.seeds, strict=True))
            self._lay_out(self._pairs(split, self.space.stages[stage], question))

    @property
    def _first_splits(self) -> int:
        if self.minimise != "time":
            return _FIRST_SPLITS
        return max(1, _BOUNDS // (len(self.space.stages) * len(self.best)))

    def _score(self, speed: Any, devices: Any) -> Any:
        """What is maximised; where devices are minimised, speed decides between equal numbers of them."""
        if self.minimise == "time":
            return speed
        if self.minimise == "device_time":
            return speed / devices
        return -devices + speed / (1.0 + speed)

    def _is_late(self, speed: Any, devices: Any, question: Any) -> Any:
        return (speed < self.speed[question]) | (speed < self.speed_per_device[question] * devices)

    def _split_bounds(self, plans: int) -> Any:
        """Best score that any plan of each split can have, a column for each question.

        All devices are at work on nothing but its micro-batches.
        """
        most, ranks = self.devices[None, :], self.ground.ranks[:, None]
        pace = self.ground.speed_per_device[:, None]
        speed = pace * most
        fewest = most
        if self.minimise == "devices":
            fewest = np.maximum(np.ceil(self.speed / np.maximum(pace, 1e-300) * (1 - 1e-12)), ranks)
        holds, wide = (self.ground.codes == int(Reason.OK))[:, None], ranks > most
        late = self._is_late(speed, most, slice(None)) & holds & ~wide
        for index, best in enumerate(self.best):
            best.reject(Reason.REPLICAS, int(np.sum((holds & wide)[:, index])) * plans)
            best.reject(Reason.LIMITS, int(np.sum(late[:, index])) * plans)
        return np.where(holds & ~wide & ~late, self._score(speed, fewest), -np.inf)

    def _expand(self, splits: Any, bounds: Any) -> None:
        """Weigh the pairs of some splits, those of the best bound first, whichever question they are of."""
        score = np.minimum(self._pair_bounds(splits), bounds[:, None, :])
        for split, stage, question in self.seeds:
            score[splits == split, stage, question] = -np.inf
        if self.minimise == "time" and np.any(self.bars == -np.inf):
            # Something to beat, before bounds that take longer are worth their time.
            for number in np.flatnonzero(self.bars == -np.inf):
                column = score[:, :, number].ravel()
                first = np.argsort(-column, kind="stable")[:_FIRST_PAIRS]
                first = first[column[first] > -np.inf]
                row, stage = np.unravel_index(first, score.shape[:2])
                self._lay_out(self._pairs(splits[row], self.space.stages[stage], np.full(len(first), number)))
                score[row, stage, number] = -np.inf
        flat = np.flatnonzero((score >= self.bars) & (score > -np.inf))
        pair = self._at(splits, score, flat)
        if self.minimise == "time":
            tight = self._tight_bounds(pair)
            order = np.flatnonzero(tight >= self.bars[pair.question])
            order = order[np.argsort(-tight[order] / self.scale[pair.question[order]], kind="stable")]
            self._lay_out_all(pair.take(order), tight[order])
        else:
            self._lay_out_all(pair, np.full(len(pair), np.inf))

    def _at(self, splits: Any, score: Any, flat: Any) -> Pairs:
        """Pairs at positions of an array over splits, stages and questions."""
        row, column, question = np.unravel_index(flat, score.shape)
        return self._pairs(splits[row], self.space.stages[column], question)

    def _lay_out_all(self, pair: Pairs, score: Any) -> None:
        """Weigh pairs in their order, some at a time, as long as their bounds are among the best."""
        width = _FIRST_PAIRS if np.any(self.bars == -np.inf) else _PAIRS
        while len(pair):
            self._lay_out(pair.take(slice(0, width)))
            rest = np.arange(width, len(pair))
            rest = rest[score[rest] >= self.bars[pair.question[rest]]]
            pair, score, width = pair.take(rest), score[rest], min(4 * width, _PAIRS)

    def _pairs(self, split: Any, stages: Any, question: Any) -> Pairs:
        """Pairs with and without virtual stages, where the batch decides which."""
        interleaved = np.ones(len(split), dtype=bool)
        if self.space.batch.is_free:
            several = np.flatnonzero(stages > 1)
            interleaved = np.concatenate([np.zeros(len(split), dtype=bool), np.ones(len(several), dtype=bool)])
            split, stages, question = (np.concatenate([array, array[several]]) for array in (split, stages, question))
        return Pairs(
            split=split,
            stages=stages,
            question=question,
            interleaved=interleaved,
            batch=self.sizes[question],
            round_up=self.round_up[question],
            devices=self.devices[question],
            fewest=np.zeros(len(split)),
            most=self.devices[question],
        )

    def _pair_bounds(self, splits: Any) -> Any:
        """Best score that any plan of a split with so many stages can have, for each question.

        So many replicas as fit, each with its part of the batch, one micro-batch after the other: fewer of them have
        more to do, and a smaller batch has the bubble weigh more.
        """
        stages = self.space.stages
        ranks = self.ground.ranks[splits][:, None, None] * stages[None, :, None]
        room = np.floor(self.devices / ranks)
        if self.minimise != "time":
            return np.where(room >= 1, np.inf, -np.inf)
        micro_batch = np.asarray(self.space.splits.micro_batch_size)[splits][:, None, None]
        rounds = np.maximum(self.sizes / (micro_batch * np.maximum(room, 1.0)), 1.0)
        stage, bubble = self.ground.pair_bounds(splits)
        least = rounds * stage[:, :, None] + bubble[:, :, None] + self.assumptions.step_overhead.value
        tokens = self.sizes * self.job.sequence_length * (1 + 1e-12)
        return np.where(room >= 1, tokens / least, -np.inf)

    def _tight_bounds(self, pair: Pairs) -> Any:
        """The same for pairs whose micro-batches are whole, and as many as a schedule needs."""
        is_free = self.space.batch.is_free
        most = most_replicas(self.space, pair)
        micro_batch = np.asarray(self.space.splits.micro_batch_size)[pair.split]
        rounds = pair.batch / (micro_batch * np.maximum(most, 1.0))
        # A batch that is rounded down gives up tokens where others do a part of a micro-batch more.
        is_whole = pair.round_up | (not is_free)
        rounds = np.maximum(np.where(is_whole, np.ceil(rounds * (1 - 1e-12)), rounds), 1.0)
        longest = np.ceil(pair.batch / micro_batch)
        longest = np.where(pair.round_up, np.ceil(longest / pair.stages) * pair.stages, longest)
        bounds = self.ground.pipelines(pair.split, pair.stages)
        least = bounds.least(rounds, pair.interleaved, alone=is_free, most=longest, is_whole=is_whole)
        tokens = pair.batch * self.job.sequence_length * (1 + 1e-12)
        return np.where(most >= 1, tokens / (least + self.assumptions.step_overhead.value), -np.inf)

    def _lay_out(self, pair: Pairs) -> None:
        """Weigh the nodes of some pairs, those of the best bound first."""
        pair = self._bounded(pair)
        candidates, looked = nodes(self.space, pair)
        if not np.any(pair.fewest > 1):
            # Numbers of micro-batches that leave no replica are not even listed.
            looked = np.full(len(pair), self.space.num_slots)
        looked = np.bincount(pair.question, looked, len(self.best)) - self._counts(candidates.question)
        self._reject_all(Reason.REPLICAS, looked * candidates.plans(self.space))
        speed = self._speed(candidates.question, candidates.batch, self._node_time(candidates))
        devices = candidates.plan.num_devices
        late = self._is_late(speed, devices, candidates.question)
        self._reject_all(Reason.LIMITS, self._counts(candidates.question[late]) * candidates.plans(self.space))
        score = np.where(late, -np.inf, self._score(speed, devices))
        order = np.flatnonzero((score >= self.bars[candidates.question]) & ~late)
        scale = self.scale[candidates.question[order]] if self.minimise == "time" else 1.0
        self._weigh_all(candidates, score, order[np.argsort(-score[order] / scale, kind="stable")])

    def _bounded(self, pair: Pairs) -> Pairs:
        """Pairs with the fewest devices that a plan of each needs to be among the best, and the most it may take."""
        pace, bar, most = self.ground.speed_per_device[pair.split], self.bars[pair.question], pair.most
        fewest = self.speed[pair.question] / pace
        if self.minimise == "time":
            fewest = np.maximum(fewest, np.maximum(bar, 0.0) / pace)
        if self.minimise == "devices":
            most = np.minimum(most, np.ceil(-bar))
        return replace(pair, fewest=np.floor(fewest * (1 - 1e-9)), most=most)

    def _weigh_all(self, candidates: Nodes, score: Any, order: Any) -> None:
        """Weigh nodes in an order, in rounds of tiles."""
        start = 0
        while start < len(order):
            width = self.width
            several = _ROUND if width == _NODES else 1
            part = order[start : start + width * several]
            part = part[score[part] >= self.bars[candidates.question[part]]]
            tiles = [candidates.take(np.sort(part[i : i + width])) for i in range(0, len(part), width)]
            for tallies in side_by_side()(self._weigh, tiles, [self.bars] * len(tiles)):
                for best, tally in zip(self.best, tallies, strict=True):
                    best.add(tally)
            start, self.width = start + width * several, min(4 * width, _NODES)

    def _node_time(self, candidates: Nodes) -> Seconds:
        """A time that no plan of each node beats."""
        bounds = self.ground.pipelines(candidates.split, candidates.plan.pipeline_parallel)
        least = bounds.least(candidates.num_micro_batches, candidates.interleaved, alone=candidates.alone)
        return least + self.assumptions.step_overhead.value

    def _speed(self, question: Any, batch: Any, time: Any) -> Any:
        """Tokens per second that count."""
        return np.minimum(batch, self.counted[question]) * self.job.sequence_length / time

    def _counts(self, question: Any) -> Any:
        return np.bincount(question, minlength=len(self.best))

    def _reject_all(self, reason: Reason, counts: Any) -> None:
        for best, count in zip(self.best, counts, strict=True):
            best.reject(reason, int(count))

    def _weigh(self, candidates: Nodes, bars: Any) -> list[Found]:
        """The best plans of a tile of nodes, for each question."""
        tallies = [Found(top=best.top, floor=float(bar)) for best, bar in zip(self.best, bars, strict=True)]
        devices = self.devices[candidates.question]
        codes = shape_codes(self.job, devices, candidates.plan, candidates.batch)
        candidates = self._without(tallies, candidates, codes, candidates.plan.num_devices)
        if not len(candidates):
            return tallies
        plan, batch = candidates.plan, candidates.batch
        needed = np.asarray(
            least_memory(self.job, self.pool, plan, global_batch_size=batch, assumptions=self.assumptions)
        )
        codes = np.where(needed > self.memory[candidates.question], int(Reason.MEMORY), int(Reason.OK))
        candidates = self._without(tallies, candidates, codes, needed)
        for part in self._tiles(candidates, bars, tallies):
            self._evaluate(*part, tallies)
        return tallies

    def _without(self, tallies: list[Found], candidates: Nodes, codes: Any, short: Any) -> Nodes:
        """The nodes that hold; the others with all plans inside them are noted by reason."""
        plans = candidates.plans(self.space)
        _note(tallies, codes, candidates.question, plans, short, candidates.plan, candidates.batch)
        return candidates.take(np.flatnonzero(codes == int(Reason.OK)))

    def _tiles(self, candidates: Nodes, bars: Any, tallies: list[Found]) -> Iterator[tuple[Plan, Any, Any, Any]]:
        """Plans of the nodes that no bound sets aside, a tile at a time, with batch, split and question of each."""
        wide = len(self.space.sharding)
        step = max(1, TILE // size(self.space.inner))
        left: list[tuple[Plan, Any, Any, Any]] = []
        for start in range(0, len(candidates), step):
            few = candidates.take(slice(start, start + step))
            plan, batch, node = inside(self.space, few)
            question = few.question[node]
            codes = shape_codes(self.job, self.devices[question], plan, batch)
            _note(tallies, codes, question, wide, plan.num_devices, plan, batch)
            holds = np.flatnonzero(codes == int(Reason.OK))
            plan, batch, question, split = taken(plan, holds), batch[holds], question[holds], few.split[node[holds]]
            speed = self._speed(question, batch, self._least_time(plan, batch, split))
            late = self._is_late(speed, plan.num_devices, question)
            for best, count in zip(tallies, self._counts(question[late]), strict=True):
                best.reject(Reason.LIMITS, int(count) * wide)
            good = np.flatnonzero(~late & (self._score(speed, plan.num_devices) >= bars[question]))
            left.append((taken(plan, good), batch[good], split[good], question[good]))
        yield from retiled(left, max(1, TILE // wide))

    def _least_time(self, plan: Plan, batch: Any, split: Any) -> Seconds:
        micro = picked(self.ground.micro, split)
        return least_time(self.job, self.pool, plan, global_batch_size=batch, assumptions=self.assumptions, micro=micro)

    def _evaluate(self, plan: Plan, batch: Any, split: Any, question: Any, tallies: list[Found]) -> None:
        """Memory and time of some plans under every sharding; the best join those of their question."""
        plan, index = sharded(self.space, plan)
        batch, split, question = batch[index], split[index], question[index]
        codes = shape_codes(self.job, 2**62, plan, batch, reasons=(Reason.SHARDING_GROUP,))
        needed = np.asarray(
            memory(self.job, self.pool, plan, global_batch_size=batch, assumptions=self.assumptions).total
        )
        codes = np.where((codes == int(Reason.OK)) & (needed > self.memory[question]), int(Reason.MEMORY), codes)
        _note(tallies, codes, question, 1, needed, plan, batch)
        fits = np.flatnonzero(codes == int(Reason.OK))
        if not len(fits):
            return
        plan, batch, question, micro = taken(plan, fits), batch[fits], question[fits], split[fits]
        micro = picked(self.ground.micro, micro)
        step = estimate(self.job, self.pool, plan, global_batch_size=batch, assumptions=self.assumptions, micro=micro)
        speed = self._speed(question, batch, step.time)
        late = self._is_late(speed, plan.num_devices, question)
        score = np.where(late, -np.inf, self._score(speed, plan.num_devices))
        late_counts, counts = self._counts(question[late]), self._counts(question)
        for number in np.flatnonzero(counts):
            tally = tallies[number]
            tally.reject(Reason.LIMITS, int(late_counts[number]))
            tally.num_weighed += int(counts[number] - late_counts[number])
            tally.rank(plan, batch, np.where(question == number, score, -np.inf) if len(tallies) > 1 else score)


def _note(tallies: Sequence[Found], codes: Any, question: Any, plans: int, short: Any, plan: Plan, batch: Any) -> None:
    """Note candidates that do not hold, ``plans`` each, by question and reason; the least ``short`` is remembered."""
    fallen = np.flatnonzero(codes != int(Reason.OK))
    if not len(fallen):
        return
    kind = question[fallen] * len(Reason) + codes[fallen]
    short = np.asarray(short)[fallen]
    order = np.lexsort((short, kind))
    kinds, first, counts = np.unique(kind[order], return_index=True, return_counts=True)
    for value, index, count in zip(kinds, fallen[order[first]], counts, strict=True):
        number, code = divmod(int(value), len(Reason))
        nearest = slice(index, index + 1)
        least = short[order[first[kinds == value]]]
        tallies[number].reject(Reason(code), int(count) * plans, least, taken(plan, nearest), batch[nearest])


def retiled(parts: Sequence[tuple[Any, ...]], width: int) -> Iterator[tuple[Any, ...]]:
    """The same plans in tiles of about ``width``: what bounds leave of many tiles is evaluated together.

    A part is a plan of arrays and arrays beside it.
    """
    waiting: list[tuple[Any, ...]] = []
    for part in parts:
        waiting.append(part)
        if sum(len(batch) for _, batch, *_ in waiting) >= width:
            yield _joined(waiting)
            waiting = []
    if any(len(batch) for _, batch, *_ in waiting):
        yield _joined(waiting)


def _joined(parts: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    plans, *arrays = zip(*parts, strict=True)
    sizes = [len(batch) for batch in arrays[0]]
    return joined(list(plans), sizes), *(np.concatenate(pieces) for pieces in arrays)


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
