r"""One pipeline over pools of different devices: every replica has stages in each pool, with unequal numbers of layers.

Replicas are as many as the pools can all take part in; each pool gives every replica as many stages as its devices
allow, and a stage holds as many layers as its device works through in the time of the slowest. A step is then the
passage of the first micro-batch through all stages and the slowest stage's work on the others, one forward one
backward, not interleaved:

.. math:: t = \sum_j s_j + (m - 1) \max_j s_j + \max_k \left(t^{DP}_k + t^{opt}_k\right)

Between pools activations pass the slowest of the outermost networks. Gradients are exchanged inside pools alone: the
ranks of one stage stand in one pool.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lindos.formats import BF16
from lindos.planning.kinds import are_alike
from lindos.planning.space import Batch, divisors, one, size, space, taken
from lindos.problem.cluster import Cluster, Pool
from lindos.problem.job import Job
from lindos.problem.plan import Plan, Recompute, Schedule, Sharding
from lindos.quantities import Seconds, TokensPerSecond
from lindos.step.assumptions import Assumptions, load_assumptions
from lindos.step.communication import levels, neighbour_time, reachable
from lindos.step.estimate import StepEstimate, estimate
from lindos.step.feasibility import OF_SPLITS, Reason, shape_codes
from lindos.step.layout import lay_out
from lindos.step.memory import capacity, memory
from lindos.step.micro_batch import job_rates, micro_batch

#: Replicas that are tried between one and the most, in steps of this factor where the batch is free.
_FEWER = 1.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Across:
    """The best pipeline over all pools."""

    plan: Plan  # pipeline_parallel counts the stages of all pools
    global_batch_size: int
    stages: tuple[int, ...]  # of a replica in each pool
    layers: tuple[int, ...]  # that a stage holds at most, in each pool
    num_devices: int
    time: Seconds
    tokens: float

    @property
    def tokens_per_second(self) -> TokensPerSecond:
        """Tokens trained on per second by all pools."""
        return self.tokens / self.time


def across(
    job: Job,
    cluster: Cluster,
    *,
    global_batch_size: int,
    batch_is_free: bool = False,
    fixed: Mapping[str, int] | None = None,
    assumptions: Assumptions | None = None,
) -> Across | None:
    """The fastest pipeline that has stages in every pool; None where none holds.

    Arguments as in :func:`lindos.step.decide`; a number of stages or a schedule that the user fixed is not looked at.
    """
    assumptions = assumptions or load_assumptions()
    degrees = {name: value for name, value in (fixed or {}).items() if name not in _OWN}
    domain = min(pool.tiers[0].size for pool in cluster.pools)
    batch = Batch(size=global_batch_size, is_free=batch_is_free)
    splits = space(job, cluster.num_devices, domain, batch, degrees).splits
    codes = shape_codes(job, cluster.num_devices, splits, splits.micro_batch_size, reasons=OF_SPLITS)
    splits = taken(splits, np.flatnonzero(codes == int(Reason.OK)))
    if not size(splits):
        return None
    return _Hunt(job, cluster.pools, splits, batch, degrees, assumptions).run()


_OWN = ("pipeline_parallel", "virtual_stages", "schedule")
_SHARDED = (Sharding.NONE, Sharding.OPTIMIZER)
_PLAIN = {"pipeline_parallel": 1.0, "virtual_stages": 1.0, "schedule": float(Schedule.ONE_F_ONE_B)}
#: Splits laid out at first and at most; nodes evaluated at a time.
_FIRST_SPLITS, _SPLITS, _NODES = 32, 512, 256


@dataclass(frozen=True, slots=True)
class _Nodes:
    """Splits with a number of replicas and a way to recompute; arrays, pools in the first axis where there are two."""

    plan: Plan
    order: Any  # place among all nodes: of equal ones the first is taken
    sizes: Any  # sequences of a step
    stages: Any  # of a replica, by pool
    each: Any  # seconds of a layer for a micro-batch, by pool
    bound: Any  # tokens per second that no node exceeds

    def take(self, index: Any) -> "_Nodes":
        """Some of them."""
        arrays = (self.order, self.sizes, self.stages, self.each, self.bound)
        return _Nodes(taken(self.plan, index), *(array[..., index] for array in arrays))

    def __len__(self) -> int:
        """How many."""
        return len(self.order)

    @property
    def num_micro_batches(self) -> Any:
        """Micro-batches of a step."""
        return self.sizes / np.asarray(self.plan.data_parallel * self.plan.micro_batch_size)


class _Hunt:
    """The search under way: splits in the order of their bounds, then nodes in the order of theirs."""

    def __init__(
        self,
        job: Job,
        pools: Sequence[Pool],
        splits: Plan,
        batch: Batch,
        own: Mapping[str, int],
        assumptions: Assumptions,
    ) -> None:
        self.job, self.pools, self.splits, self.batch, self.assumptions = job, pools, splits, batch, assumptions
        self.layers = job.model.num_layers + job.model.num_mtp_layers
        kinds = [next(i for i, model in enumerate(pools) if are_alike(pool, model)) for pool in pools]
        times = {kind: _layer_times(job, pools[kind], splits, assumptions) for kind in set(kinds)}
        self.times = np.asarray([times[kind] for kind in kinds])  # pools, recomputations, splits
        most = min(batch.size, *(pool.num_devices for pool in pools))
        self.replicas = np.asarray(_replicas(most, batch, own), dtype=float)
        self.recompute = [own["recompute"]] if "recompute" in own else [int(code) for code in Recompute]
        self.sharding = [own["sharding"]] if "sharding" in own else [int(code) for code in _SHARDED]
        self.best: Across | None = None
        self.place = (0.0, 0)  # tokens per second of the best, and its place, negative

    def run(self) -> Across | None:
        """Weigh splits, those of the best bound first, until none can be better."""
        ranks = np.asarray(self.splits.tensor_parallel * self.splits.context_parallel)
        tokens = np.asarray(self.splits.micro_batch_size) * self.job.sequence_length
        devices = np.asarray([pool.num_devices for pool in self.pools])[:, None]
        # All devices at work on nothing but the passes of their layers.
        plain = self.times[:, int(Recompute.NONE)]
        bound = (devices * tokens / (ranks * self.layers * plain)).sum(axis=0)
        order = np.argsort(-bound, kind="stable")
        start, width = 0, _FIRST_SPLITS
        while start < len(order) and bound[order[start]] >= self.place[0]:
            places = np.arange(start, min(start + width, len(order)))
            nodes = self._nodes(order[places], places)
            nodes = nodes.take(np.argsort(-nodes.bound, kind="stable"))
            while len(nodes):
                self._weigh(nodes.take(slice(0, _NODES)))
                nodes = nodes.take(slice(_NODES, None))
                nodes = nodes.take(np.flatnonzero(nodes.bound >= self.place[0]))
            start, width = start + width, min(2 * width, _SPLITS)
        return self.best

    def _nodes(self, splits: Any, places: Any) -> _Nodes:
        """Nodes of some splits that hold and whose bounds are among the best."""
        shape = len(splits), len(self.replicas), len(self.recompute)
        axes = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
        row, replica, recompute = (axis.ravel() for axis in axes)
        codes = np.asarray(self.recompute)[recompute]
        plan = replace(
            taken(self.splits, splits[row]),
            data_parallel=self.replicas[replica],
            recompute=codes.astype(float),
            **{name: np.full(len(row), value) for name, value in _PLAIN.items()},
        )
        each = self.times[:, codes, splits[row]]
        unit = np.asarray(plan.data_parallel * plan.micro_batch_size)
        ranks = np.asarray(plan.tensor_parallel * plan.context_parallel * plan.data_parallel)
        stages = np.asarray([np.floor(pool.num_devices / ranks) for pool in self.pools])
        # More stages than layers would stand idle.
        stages = np.floor(stages * np.minimum(1.0, self.layers / np.maximum(stages.sum(axis=0), 1.0)))
        sizes = unit * np.floor(self.batch.size / unit)
        holds = (stages.min(axis=0) >= 1) & (sizes >= 1) & (self.batch.is_free | (sizes == self.batch.size))
        order = (places[row] * shape[1] + replica) * shape[2] + recompute
        nodes = _Nodes(plan, order, sizes, stages, each, np.zeros(len(row))).take(np.flatnonzero(holds))
        nodes = replace(nodes, bound=self._bound(nodes))
        nodes = nodes.take(np.flatnonzero(nodes.bound >= self.place[0]))
        codes = shape_codes(self.job, 2**62, nodes.plan, nodes.sizes)
        return nodes.take(np.flatnonzero(codes == int(Reason.OK)))

    def _bound(self, nodes: _Nodes) -> Any:
        """Tokens per second that no placement of layers exceeds: every stage as slow as the slowest must be at least.

        All layers are held where stages take as long as each other; the slowest then holds a whole number of them.
        """
        level = self.layers / (nodes.stages / nodes.each).sum(axis=0) * (1 - 1e-9)
        slowest = (np.ceil(level / nodes.each) * nodes.each).min(axis=0)
        least = self.layers * nodes.each.min(axis=0) + (nodes.num_micro_batches - 1) * slowest
        return nodes.sizes * self.job.sequence_length / least

    def _weigh(self, nodes: _Nodes) -> None:
        """Lay layers on stages, and evaluate what is still among the best, under every sharding."""
        held = _layers(nodes.each, nodes.stages, self.layers)
        slowest = (held * nodes.each).max(axis=0)
        least = (nodes.stages * held * nodes.each).sum(axis=0) + (nodes.num_micro_batches - 1) * slowest
        # A pool too slow for a single layer has no part in it.
        fast = np.flatnonzero(
            (nodes.sizes * self.job.sequence_length >= self.place[0] * least) & (held.min(axis=0) >= 1)
        )
        if not len(fast):
            return
        wide = len(self.sharding)
        index = np.repeat(fast, wide)
        nodes, held = nodes.take(index), held[:, index]
        sharding = np.tile(np.asarray(self.sharding, dtype=float), len(fast))
        plan = replace(nodes.plan, sharding=sharding, pipeline_parallel=nodes.stages.sum(axis=0))
        time, fits = _time(self.job, self.pools, plan, nodes.sizes, nodes.stages, held, nodes.each, self.assumptions)
        speed = np.where(fits, nodes.sizes * self.job.sequence_length / time, 0.0)
        place = -(nodes.order * wide + np.tile(np.arange(wide), len(fast)))
        first = max(range(len(speed)), key=lambda i: (speed[i], place[i]))
        if speed[first] > 0 and (speed[first], place[first]) > self.place:
            self.place = (float(speed[first]), int(place[first]))
            self.best = self._across(one(plan, first), nodes, held, first, float(time[first]))

    def _across(self, plan: Plan, nodes: _Nodes, held: Any, index: int, time: float) -> Across:
        return Across(
            plan=plan,
            global_batch_size=int(nodes.sizes[index]),
            stages=tuple(int(count) for count in nodes.stages[:, index]),
            layers=tuple(int(count) for count in held[:, index]),
            num_devices=int(plan.num_devices),
            time=time,
            tokens=float(nodes.sizes[index] * self.job.sequence_length),
        )


def _replicas(most: int, batch: Batch, own: Mapping[str, int]) -> list[int]:
    if "data_parallel" in own:
        return [own["data_parallel"]]
    if not batch.is_free:
        return [d for d in divisors(batch.size) if d <= most]
    count = int(np.ceil(np.log(most) / np.log(_FEWER))) if most > 1 else 0
    return sorted({int(most / _FEWER**i) for i in range(count + 1)} - {0})


def _layer_times(job: Job, pool: Pool, splits: Plan, assumptions: Assumptions) -> Any:
    """Seconds of one micro-batch in one layer of a pool's devices, by recomputation; head and loss spread over them."""
    layout = lay_out(job, splits, splits.micro_batch_size)
    micro = micro_batch(job, pool, splits, layout, job_rates(job, pool, assumptions), assumptions)
    parts = (micro.matmul, micro.attention, micro.elementwise, micro.tensor, micro.context, micro.expert)
    passes = sum(part.forward + part.backward for part in parts)
    again = (0.0, micro.attention.forward, micro.layers + micro.expert.forward)
    layers = job.model.num_layers + job.model.num_mtp_layers
    return np.asarray([(passes + more) / layers for more in again])


def _layers(each: Any, stages: Any, layers: int) -> Any:
    """Layers a stage of each pool holds at most: as many as take no longer than the slowest stage must.

    Of every pool the fewest layers are looked for with which its stage is the slowest and all layers are held; the
    least time of these is taken.
    """

    def held(limit: Any) -> Any:
        return np.floor(limit / each * (1 + 1e-12))

    limits = np.full(each.shape, np.inf)
    for pool in range(len(each)):
        low, high = np.zeros(each.shape[1]), np.full(each.shape[1], float(layers))
        for _ in range(int(layers).bit_length()):
            middle = np.ceil((low + high) / 2)
            enough = (held(middle * each[pool]) * stages).sum(axis=0) >= layers
            low, high = np.where(enough, low, middle), np.where(enough, middle, high)
        enough = (held(high * each[pool]) * stages).sum(axis=0) >= layers
        limits[pool] = np.where(enough, each[pool] * high, np.inf)
    return np.minimum(held(limits.min(axis=0)), layers)


def _time(
    job: Job, pools: Sequence[Pool], plan: Plan, sizes: Any, stages: Any, held: Any, each: Any, assumptions: Assumptions
) -> tuple[Any, Any]:
    """Step time, and whether every pool's devices hold their stages."""
    m = sizes / np.asarray(plan.data_parallel * plan.micro_batch_size)
    layers = job.model.num_layers + job.model.num_mtp_layers
    p = np.asarray(plan.pipeline_parallel)
    hop = _hop(job, pools, plan)
    slowest: Any = np.zeros(p.shape)
    passing: Any = np.zeros(p.shape)
    after: Any = np.zeros(p.shape)
    fits: Any = np.ones(p.shape, dtype=bool)
    for pool, count, mine, layer in zip(pools, stages, held, each, strict=True):
        # A stage with its layers is one of as many equal ones as hold the model so.
        own = replace(plan, pipeline_parallel=layers / mine)
        found: StepEstimate = estimate(job, pool, own, global_batch_size=sizes, assumptions=assumptions)
        stage = mine * layer + hop
        slowest = np.maximum(slowest, stage)
        passing = passing + count * stage
        after = np.maximum(after, found.exposed_data_parallel + found.optimizer)
        needed = memory(job, pool, own, global_batch_size=sizes, assumptions=assumptions)
        # In flight are as many micro-batches as the whole pipeline has stages.
        more = needed.activations * np.maximum(np.minimum(m, p) / np.minimum(m, layers / mine) - 1.0, 0.0)
        fits &= needed.total + more <= float(capacity(pool))
    return passing + (m - 1) * slowest + after, fits


def _hop(job: Job, pools: Sequence[Pool], plan: Plan) -> Any:
    """Visible sends of a micro-batch between stages, both ways, over the slowest outermost network."""
    split = np.where(np.asarray(plan.sequence_parallel) > 0, plan.tensor_parallel, 1.0)
    message = plan.micro_batch_size * job.sequence_length / plan.context_parallel / split * job.model.hidden_size * BF16
    sent = np.asarray(
        [neighbour_time(message, levels(reachable(pool.tiers), 2.0, float(pool.num_devices) / 2)) for pool in pools]
    )
    return 2 * (1.0 - float(job.stack.overlap_pipeline_parallel.value)) * sent.max(axis=0)
