"""Branch and bound over the nodes of a space, for several questions at a time.

Questions differ in batch, devices and limits and share everything else. One pass over arrays answers many of them,
since a single question would spend most of its time in the overhead of NumPy calls. Pairs of a split and a number of
stages are evaluated in the order of their bounds, for all questions together; so are nodes, in tiles that fit the
cache. Tiles of one round run independently, so that results and counts do not depend on the number of cores.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lindos.planning.ground import TILE, Ground
from lindos.planning.nodes import Nodes, Pairs, expand_nodes, make_nodes, most_replicas, sharded
from lindos.planning.ranking import Limits, Tally
from lindos.planning.repeats import repeats_pipeline, repeats_sharding
from lindos.planning.space import Batch, size, subset
from lindos.planning.tiles import retiled, side_by_side
from lindos.problem.plan import Plan
from lindos.quantities import Seconds
from lindos.step.estimate import Pace, estimate, least_time, pace_of_plans, sharded_time
from lindos.step.feasibility import OF_SPLITS, Reason, shape_codes
from lindos.step.host_memory import exceeds_host
from lindos.step.memory import least_memory, needed_memory
from lindos.step.tile_cache import picked

#: Nodes of the first tile, largest number of nodes of a tile, largest number of tiles of a round: the fewer, the more
#: tiles know the best plans of those before them.
_FIRST_NODES, _NODES, _ROUND = 64, 1024, 2
#: Number of pairs in the first round, and largest number in one round.
_FIRST_PAIRS, _PAIRS = 256, 4096
#: Largest number of bounds of pairs and questions in memory.
_BOUNDS = 500_000
#: Splits in one round if pairs have no bounds: number in the first round, and largest number.
_FIRST_SPLITS, _SPLITS = 8, 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One batch under limits.

    The search skips plans with a score below ``floor``. It evaluates the split and stages of ``warm_start`` first, a
    plan that was best under similar conditions; this changes the duration of a search, not its result.
    """

    batch: Batch
    limits: Limits
    floor: float = -np.inf
    warm_start: Plan | None = None


class Hunt:
    """Search for the answers to questions on a `Ground`; ``best`` has the tally of each."""

    def __init__(
        self, ground: Ground, questions: Sequence[Question], minimise: str, top: int, kind: tuple[str, ...] = ()
    ) -> None:
        """Store the questions; nothing is evaluated yet."""
        self.ground, self.space, self.minimise = ground, ground.space, minimise
        self.job, self.pool, self.assumptions = ground.job, ground.pool, ground.assumptions
        self.best = [
            Tally(
                top=top,
                kind=kind,
                floor=question.floor,
                num_candidates=replace(self.space, batch=question.batch).size,
            )
            for question in questions
        ]

        def array(read: Callable[[Question], Any]) -> Any:
            return np.asarray([read(question) for question in questions], dtype=float)

        self.sizes = array(lambda question: question.batch.size)
        self.round_up = array(lambda question: question.batch.round_up) > 0
        is_free = array(lambda question: question.batch.is_free) > 0
        #: Largest number of sequences that count: those added by rounding up do not.
        self.counted = np.where(is_free & self.round_up, self.sizes, np.inf)
        self.memory = array(lambda question: question.limits.memory)
        self.devices = array(lambda question: question.limits.devices)
        self.fewest_devices = array(lambda question: question.limits.fewest_devices)
        self.speed = array(lambda question: question.limits.speed)
        self.speed_per_device = array(lambda question: question.limits.speed_per_device)
        self.scale = np.ones(len(questions))  # divides the scores of each question to compare them
        self.width = _FIRST_NODES
        self.warm_starts = [question.warm_start for question in questions]
        self.seeds: list[tuple[int, int, int]] = []  # split, stage and question of the warm starts

    @property
    def bars(self) -> Any:
        """Smallest score among the best plans, by question."""
        return np.asarray([best.bar for best in self.best])

    def run(self) -> list[Tally]:
        """Evaluate splits in the order of their bounds until no other split can be better."""
        plans = len(self.space.stages) * self.space.num_slots * self.space.plans_per_node
        splits, codes = self.space.splits, self.ground.codes
        for reason in OF_SPLITS:
            fallen = np.flatnonzero(codes == int(reason))
            unfit = subset(splits, fallen)
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
        """Evaluate the pairs of the warm starts."""
        for number, plan in enumerate(self.warm_starts):
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
        """Compute the score to maximise; with the fewest devices as objective, speed decides ties."""
        if self.minimise == "time":
            return speed
        if self.minimise == "device_time":
            return speed / devices
        return -devices + speed / (1.0 + speed)

    def _is_late(self, speed: Any, devices: Any, question: Any) -> Any:
        return (speed < self.speed[question]) | (speed < self.speed_per_device[question] * devices)

    def _split_bounds(self, plans: int) -> Any:
        """Compute an upper bound on the score of the plans of each split (rows) for each question (columns).

        The bound lets all devices compute micro-batches all the time.
        """
        most, ranks = self.devices[None, :], self.ground.ranks[:, None]
        pace = self.ground.speed_per_device[:, None]
        speed = pace * most
        fewest = most
        if self.minimise == "devices":
            fewest = np.maximum(np.ceil(self.speed / np.maximum(pace, 1e-300) * (1 - 1e-12)), ranks)
        feasible, wide = (self.ground.codes == int(Reason.OK))[:, None], ranks > most
        late = self._is_late(speed, most, slice(None)) & feasible & ~wide
        for index, best in enumerate(self.best):
            best.reject(Reason.REPLICAS, int(np.sum((feasible & wide)[:, index])) * plans)
            best.reject(Reason.LIMITS, int(np.sum(late[:, index])) * plans)
        return np.where(feasible & ~wide & ~late, self._score(speed, fewest), -np.inf)

    def _expand(self, splits: Any, bounds: Any) -> None:
        """Evaluate the pairs of splits in the order of their bounds, for all questions together."""
        score = np.minimum(self._pair_bounds(splits), bounds[:, None, :])
        for split, stage, question in self.seeds:
            score[splits == split, stage, question] = -np.inf
        if self.minimise == "time" and np.any(self.bars == -np.inf):
            # A first plan per question makes the tighter bounds below worth their time.
            for number in np.flatnonzero(self.bars == -np.inf):
                column = score[:, :, number].ravel()
                first = _largest(column, _FIRST_PAIRS)
                first = first[column[first] > -np.inf]
                row, stage = np.unravel_index(first, score.shape[:2])
                self.width = _FIRST_NODES
                self._lay_out(self._pairs(splits[row], self.space.stages[stage], np.full(len(first), number)))
                score[row, stage, number] = -np.inf
        flat = np.flatnonzero((score >= self.bars) & (score > -np.inf))
        pair = self._pairs_at(splits, score, flat)
        if self.minimise == "time":
            parts = [pair.take(slice(start, start + TILE)) for start in range(0, len(pair), TILE)]
            tight = np.concatenate([np.empty(0), *(self._tight_bounds(part) for part in parts)])
            order = np.flatnonzero(tight >= self.bars[pair.question])
            order = order[np.argsort(-tight[order] / self.scale[pair.question[order]], kind="stable")]
            self._lay_out_all(pair.take(order), tight[order])
        else:
            self._lay_out_all(pair, np.full(len(pair), np.inf))

    def _pairs_at(self, splits: Any, score: Any, flat: Any) -> Pairs:
        """Make the pairs at positions of an array over splits, stages and questions."""
        row, column, question = np.unravel_index(flat, score.shape)
        return self._pairs(splits[row], self.space.stages[column], question)

    def _lay_out_all(self, pair: Pairs, score: Any) -> None:
        """Evaluate pairs in their order, in rounds, as long as their bounds are among the best."""
        width = _FIRST_PAIRS if np.any(self.bars == -np.inf) else _PAIRS
        while len(pair):
            self._lay_out(pair.take(slice(0, width)))
            rest = np.arange(width, len(pair))
            rest = rest[score[rest] >= self.bars[pair.question[rest]]]
            pair, score, width = pair.take(rest), score[rest], min(4 * width, _PAIRS)

    def _pairs(self, split: Any, stages: Any, question: Any) -> Pairs:
        """Make pairs, for free batches once with and once without virtual stages."""
        interleaved = np.ones(len(split), dtype=bool)
        if self.space.batch.is_free:
            multi_stage = np.flatnonzero(stages > 1)
            interleaved = np.concatenate([np.zeros(len(split), dtype=bool), np.ones(len(multi_stage), dtype=bool)])
            split, stages, question = (
                np.concatenate([array, array[multi_stage]]) for array in (split, stages, question)
            )
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
        """Compute an upper bound on the score of the plans of pairs, for each question.

        The bound has the most replicas that fit, each with its part of the batch. Fewer replicas have more
        micro-batches, and a smaller batch has a larger share of bubble.
        """
        ranks = self.ground.ranks[splits][:, None] * self.space.stages
        micro_batch = np.asarray(self.space.splits.micro_batch_size)[splits][:, None]
        score = np.empty((*ranks.shape, len(self.best)))
        stage, bubble = self.ground.pair_bounds(splits)
        rest = bubble + self.assumptions.step_overhead.value
        for devices in np.unique(self.devices):
            room = np.floor(devices / ranks)
            sequences = micro_batch * np.maximum(room, 1.0)
            # One question after the other: the arrays of one fit the cache.
            for question in np.flatnonzero(self.devices == devices):
                tokens = self.sizes[question] * self.job.sequence_length * (1 + 1e-12)
                rounds = np.maximum(self.sizes[question] / sequences, 1.0)
                bound = tokens / (rounds * stage + rest) if self.minimise == "time" else np.inf
                score[:, :, question] = np.where(room >= 1, bound, -np.inf)
        return score

    def _tight_bounds(self, pair: Pairs) -> Any:
        """Compute the same bound with whole micro-batches, and as many as the schedule needs."""
        is_free = self.space.batch.is_free
        most = most_replicas(self.space, pair)
        micro_batch = np.asarray(self.space.splits.micro_batch_size)[pair.split]
        rounds = pair.batch / (micro_batch * np.maximum(most, 1.0))
        # A batch that is rounded down loses tokens; other batches round their micro-batches up.
        is_whole = pair.round_up | (not is_free)
        rounds = np.maximum(np.where(is_whole, np.ceil(rounds * (1 - 1e-12)), rounds), 1.0)
        longest = np.ceil(pair.batch / micro_batch)
        longest = np.where(pair.round_up, np.ceil(longest / pair.stages) * pair.stages, longest)
        bounds = self.ground.pipelines(pair.split, pair.stages)
        least = bounds.least(rounds, pair.interleaved, only_interleaved=is_free, most=longest, is_whole=is_whole)
        tokens = pair.batch * self.job.sequence_length * (1 + 1e-12)
        return np.where(most >= 1, tokens / (least + self.assumptions.step_overhead.value), -np.inf)

    def _lay_out(self, pair: Pairs) -> None:
        """Evaluate the nodes of pairs in the order of their bounds."""
        pair = self._bounded(pair)
        candidates, looked = make_nodes(self.space, pair)
        if not np.any(pair.fewest > 1):
            # Numbers of micro-batches without a replica are not listed, but count.
            looked = np.full(len(pair), self.space.num_slots)
        looked = np.bincount(pair.question, looked, len(self.best)) - self._counts(candidates.question)
        self._reject_all(Reason.REPLICAS, looked * candidates.plans(self.space))
        speed = self._speed(candidates.question, candidates.batch, self._node_bounds(candidates)[1])
        devices = candidates.plan.num_devices
        late = self._is_late(speed, devices, candidates.question)
        self._reject_all(Reason.LIMITS, self._counts(candidates.question[late]) * candidates.plans(self.space))
        score = np.where(late, -np.inf, self._score(speed, devices))
        order = np.flatnonzero((score >= self.bars[candidates.question]) & ~late)
        scale = self.scale[candidates.question[order]] if self.minimise == "time" else 1.0
        self._weigh_all(candidates, score, order[np.argsort(-score[order] / scale, kind="stable")])

    def _bounded(self, pair: Pairs) -> Pairs:
        """Limit pairs to the numbers of devices with which a plan can be among the best."""
        pace, bar, most = self.ground.speed_per_device[pair.split], self.bars[pair.question], pair.most
        fewest = np.maximum(self.speed[pair.question] / pace, self.fewest_devices[pair.question])
        if self.minimise == "time":
            fewest = np.maximum(fewest, np.maximum(bar, 0.0) / pace)
        if self.minimise == "devices":
            most = np.minimum(most, np.ceil(-bar))
        return replace(pair, fewest=np.floor(fewest * (1 - 1e-9)), most=most)

    def _weigh_all(self, candidates: Nodes, score: Any, order: Any) -> None:
        """Evaluate nodes in an order, in rounds of tiles."""
        start = 0
        while start < len(order):
            width = self.width
            num_tiles = _ROUND if width == _NODES else 1
            part = order[start : start + width * num_tiles]
            part = part[score[part] >= self.bars[candidates.question[part]]]
            tiles = [candidates.take(np.sort(part[i : i + width])) for i in range(0, len(part), width)]
            for tallies in side_by_side()(self._weigh, tiles, [self.bars] * len(tiles)):
                for best, tally in zip(self.best, tallies, strict=True):
                    best.add(tally)
            start, self.width = start + width * num_tiles, min(4 * width, _NODES)

    def _node_bounds(self, candidates: Nodes) -> tuple[Any, Any]:
        """Compute lower bounds on the time of a micro-batch on the slowest stage and of a step, in seconds, by node."""
        bounds = self.ground.pipelines(candidates.split, candidates.plan.pipeline_parallel)
        least = bounds.least(
            candidates.num_micro_batches, candidates.interleaved, only_interleaved=candidates.only_interleaved
        )
        return bounds.stage, least + self.assumptions.step_overhead.value

    def _speed(self, question: Any, batch: Any, time: Any) -> Any:
        """Compute the tokens per second that count."""
        return np.minimum(batch, self.counted[question]) * self.job.sequence_length / time

    def _counts(self, question: Any) -> Any:
        return np.bincount(question, minlength=len(self.best))

    def _count_repeats(self, tallies: Sequence[Tally], question: Any, plans: int) -> None:
        for tally, count in zip(tallies, self._counts(question), strict=True):
            tally.reject(Reason.REPEATED, int(count) * plans)

    def _reject_all(self, reason: Reason, counts: Any) -> None:
        for best, count in zip(self.best, counts, strict=True):
            best.reject(reason, int(count))

    def _weigh(self, candidates: Nodes, bars: Any) -> list[Tally]:
        """Search for the best plans of a tile of nodes, for each question."""
        tallies = [
            Tally(top=best.top, kind=best.kind, floor=float(bar)) for best, bar in zip(self.best, bars, strict=True)
        ]
        plan, batch, question = candidates.plan, candidates.batch, candidates.question
        least = self._least_with_exchange(candidates)
        fast = self._in_time(plan, batch, question, least, bars, candidates.plans(self.space), tallies)
        candidates = candidates.take(fast)
        codes = shape_codes(self.job, self.devices[candidates.question], candidates.plan, candidates.batch)
        candidates = self._feasible_nodes(tallies, candidates, codes, candidates.plan.num_devices)
        if not len(candidates):
            return tallies
        plan, batch = candidates.plan, candidates.batch
        needed = np.asarray(
            least_memory(self.job, self.pool, plan, global_batch_size=batch, assumptions=self.assumptions)
        )
        codes = np.where(needed > self.memory[candidates.question], int(Reason.MEMORY), int(Reason.OK))
        candidates = self._feasible_nodes(tallies, candidates, codes, needed)
        for part in self._tiles(candidates, bars, tallies):
            self._evaluate(*part, tallies)
        return tallies

    def _least_with_exchange(self, candidates: Nodes) -> Seconds:
        """Compute a lower bound on the step time of each node under its best sharding, in seconds.

        The bound of a node's passes counts as its pace: time never falls by more than the passes gain, since exchange
        is hidden for at most as long as they last.
        """
        stage, least = self._node_bounds(candidates)
        bubble = least - self.assumptions.step_overhead.value - candidates.num_micro_batches * stage
        plan, index = sharded(self.space, candidates.plan)
        time = sharded_time(
            self.job,
            self.pool,
            plan,
            Pace(micro_batch=stage[index], bubble=bubble[index]),
            global_batch_size=candidates.batch[index],
            assumptions=self.assumptions,
        )
        shortest: Seconds = np.min(np.reshape(time, (len(self.space.sharding), -1)), axis=0)
        return shortest

    def _feasible_nodes(self, tallies: list[Tally], candidates: Nodes, codes: Any, short: Any) -> Nodes:
        """Keep the feasible nodes, and count the plans of the other nodes by reason."""
        plans = candidates.plans(self.space)
        _note(tallies, codes, candidates.question, plans, short, candidates.plan, candidates.batch)
        return candidates.take(np.flatnonzero(codes == int(Reason.OK)))

    def _tiles(self, candidates: Nodes, bars: Any, tallies: list[Tally]) -> Iterator[tuple[Plan, Any, Any, Any, Pace]]:
        """Yield tiles of plans that pass all bounds: plan, batch, split, question and pace of each."""
        wide = len(self.space.sharding)
        step = max(1, TILE // size(self.space.inner))
        left: list[tuple[Any, ...]] = []
        for start in range(0, len(candidates), step):
            part = candidates.take(slice(start, start + step))
            plan, batch, node = expand_nodes(self.space, part)
            repeats = repeats_pipeline(self.space, plan)
            self._count_repeats(tallies, part.question[node[repeats]], wide)
            plan, batch, node = subset(plan, ~repeats), batch[~repeats], node[~repeats]
            question = part.question[node]
            codes = shape_codes(self.job, self.devices[question], plan, batch)
            _note(tallies, codes, question, wide, plan.num_devices, plan, batch)
            feasible = np.flatnonzero(codes == int(Reason.OK))
            plan, batch, question, split = (
                subset(plan, feasible),
                batch[feasible],
                question[feasible],
                part.split[node[feasible]],
            )
            pace = self._pace(plan, batch, split)
            least = least_time(self.job, plan, pace, global_batch_size=batch, assumptions=self.assumptions)
            good = self._in_time(plan, batch, question, least, bars, wide, tallies)
            left.append((subset(plan, good), batch[good], split[good], question[good], picked(pace, good)))
        yield from retiled(left, max(1, TILE // wide))

    def _pace(self, plan: Plan, batch: Any, split: Any) -> Pace:
        micro = picked(self.ground.micro, split)
        return pace_of_plans(
            self.job, self.pool, plan, global_batch_size=batch, assumptions=self.assumptions, micro=micro
        )

    def _in_time(
        self, plan: Plan, batch: Any, question: Any, least: Seconds, bars: Any, plans: int, tallies: list[Tally]
    ) -> Any:
        """List the positions of plans that may be among the best by a bound on their time.

        Those that miss the limits are counted, as ``plans`` plans each.
        """
        speed = self._speed(question, batch, least * (1 - 1e-12))
        late = self._is_late(speed, plan.num_devices, question)
        for tally, count in zip(tallies, self._counts(question[late]), strict=True):
            tally.reject(Reason.LIMITS, int(count) * plans)
        return np.flatnonzero(~late & (self._score(speed, plan.num_devices) >= bars[question]))

    def _evaluate(self, plan: Plan, batch: Any, split: Any, question: Any, pace: Pace, tallies: list[Tally]) -> None:
        """Evaluate time and memory of plans under every sharding, and merge them into the tallies.

        The memory of a plan is evaluated only if its time is among the best.
        """
        plan, index = sharded(self.space, plan)
        repeats = repeats_sharding(self.space, plan, batch[index])
        self._count_repeats(tallies, question[index[repeats]], 1)
        plan, index = subset(plan, ~repeats), index[~repeats]
        batch, split, question, pace = batch[index], split[index], question[index], picked(pace, index)
        time = sharded_time(self.job, self.pool, plan, pace, global_batch_size=batch, assumptions=self.assumptions)
        bars = np.asarray([tally.bar for tally in tallies])
        fast = self._in_time(plan, batch, question, time, bars, 1, tallies)
        plan, batch, split, question = subset(plan, fast), batch[fast], split[fast], question[fast]
        fits = self._that_fit(plan, batch, question, tallies)
        if not len(fits):
            return
        plan, batch, question, micro = subset(plan, fits), batch[fits], question[fits], split[fits]
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

    def _that_fit(self, plan: Plan, batch: Any, question: Any, tallies: list[Tally]) -> Any:
        """List the positions of plans that fit the memory of devices and hosts, and count the others by reason."""
        if not len(batch):
            return np.zeros(0, dtype=int)
        codes = shape_codes(self.job, 2**62, plan, batch, reasons=(Reason.SHARDING_GROUP,))
        needed = np.asarray(
            needed_memory(self.job, self.pool, plan, global_batch_size=batch, assumptions=self.assumptions)
        )
        codes = np.where((codes == int(Reason.OK)) & (needed > self.memory[question]), int(Reason.MEMORY), codes)
        full = exceeds_host(self.job, self.pool, plan, global_batch_size=batch, assumptions=self.assumptions)
        codes = np.where((codes == int(Reason.OK)) & full, int(Reason.HOST_MEMORY), codes)
        _note(tallies, codes, question, 1, needed, plan, batch)
        return np.flatnonzero(codes == int(Reason.OK))


def _largest(values: Any, count: int) -> Any:
    """List the positions of the largest values, the largest first."""
    chosen = np.argpartition(-values, count)[:count] if count < len(values) else np.arange(len(values))
    return chosen[np.lexsort((chosen, -values[chosen]))]


def _note(tallies: Sequence[Tally], codes: Any, question: Any, plans: int, short: Any, plan: Plan, batch: Any) -> None:
    """Count infeasible candidates of ``plans`` plans each, by question and reason, and record the nearest of each."""
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
        tallies[number].reject(Reason(code), int(count) * plans, least, subset(plan, nearest), batch[nearest])
