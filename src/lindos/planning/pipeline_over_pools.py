r"""One pipeline over pools of different devices: every replica has stages in each pool, with unequal numbers of layers.

Each pool gives every replica as many stages as its devices allow, and a stage has as many layers as its device
computes in the time of the slowest stage. The schedule is one forward one backward without interleaving. A step is the
passage of the first micro-batch through all stages, plus the time of the slowest stage for the other micro-batches:

.. math:: t = \sum_j s_j + (m - 1) \max_j s_j + \max_k \left(t^{DP}_k + t^{opt}_k\right)

Activations between pools cross the slowest of the outermost networks. Gradients are exchanged inside pools alone, since
all ranks of a stage are in one pool.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lindos.formats import BF16
from lindos.planning.kinds import are_alike
from lindos.planning.space import Batch, candidate, divisors, make_space, size, subset
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

#: Factor between candidate numbers of replicas of a free batch.
_REPLICA_STEP = 1.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Across:
    """The best pipeline over all pools."""

    plan: Plan  # pipeline_parallel counts the stages of all pools
    global_batch_size: int
    stages: tuple[int, ...]  # of a replica in each pool
    layers: tuple[int, ...]  # of the fullest stage in each pool
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
    """Search for the fastest pipeline with stages in every pool.

    Parameters
    ----------
    job
        Model, sequence length, precision and software profile.
    cluster
        Pools of equal devices, with plain numbers.
    global_batch_size
        Sequences of one optimiser step; the largest number if ``batch_is_free``.
    batch_is_free
        Whether the batch may be rounded down to whole micro-batches of all replicas.
    fixed
        Fields of a plan that the user set; stages and schedule are ignored.
    assumptions
        Parameters of the catalogue; those that Lindos ships by default.

    Returns
    -------
    Across or None
        None if no such pipeline is feasible.
    """
    assumptions = assumptions or load_assumptions()
    degrees = {name: value for name, value in (fixed or {}).items() if name not in _PIPELINE_AXES}
    domain = min(pool.tiers[0].size for pool in cluster.pools)
    batch = Batch(size=global_batch_size, is_free=batch_is_free)
    splits = make_space(job, cluster.num_devices, domain, batch, degrees).splits
    codes = shape_codes(job, cluster.num_devices, splits, splits.micro_batch_size, reasons=OF_SPLITS)
    splits = subset(splits, np.flatnonzero(codes == int(Reason.OK)))
    if not size(splits):
        return None
    return _Hunt(job, cluster.pools, splits, batch, degrees, assumptions).run()


_PIPELINE_AXES = ("pipeline_parallel", "virtual_stages", "schedule")
_SHARDED = (Sharding.NONE, Sharding.OPTIMIZER)
_PLAIN = {"pipeline_parallel": 1.0, "virtual_stages": 1.0, "schedule": float(Schedule.ONE_F_ONE_B)}
#: Number of splits in the first round, largest number in one round; nodes in one evaluation.
_FIRST_SPLITS, _SPLITS, _NODES = 32, 512, 256


@dataclass(frozen=True, slots=True)
class _Nodes:
    """Splits with a number of replicas and a recomputation, as arrays; of two axes the first is that of pools."""

    plan: Plan
    order: Any  # position among all nodes; ties go to the first
    sizes: Any  # sequences of a step
    stages: Any  # of a replica, by pool
    layer_time: Any  # seconds of one layer and micro-batch, by pool
    bound: Any  # upper bound on tokens per second

    def take(self, index: Any) -> "_Nodes":
        """Take the nodes at ``index``."""
        arrays = (self.order, self.sizes, self.stages, self.layer_time, self.bound)
        return _Nodes(subset(self.plan, index), *(array[..., index] for array in arrays))

    def __len__(self) -> int:
        """Count the nodes."""
        return len(self.order)

    @property
    def num_micro_batches(self) -> Any:
        """Count the micro-batches of a step."""
        return self.sizes / np.asarray(self.plan.data_parallel * self.plan.micro_batch_size)


class _Hunt:
    """Branch and bound over splits, then over their nodes."""

    def __init__(
        self,
        job: Job,
        pools: Sequence[Pool],
        splits: Plan,
        batch: Batch,
        fixed: Mapping[str, int],
        assumptions: Assumptions,
    ) -> None:
        self.job, self.pools, self.splits, self.batch, self.assumptions = job, pools, splits, batch, assumptions
        self.layers = job.model.num_layers + job.model.num_mtp_layers
        kinds = [next(i for i, model in enumerate(pools) if are_alike(pool, model)) for pool in pools]
        times = {kind: _layer_times(job, pools[kind], splits, assumptions) for kind in set(kinds)}
        self.times = np.asarray([times[kind] for kind in kinds])  # pools, recomputations, splits
        most = min(batch.size, *(pool.num_devices for pool in pools))
        self.replicas = np.asarray(_replicas(most, batch, fixed), dtype=float)
        self.recompute = [fixed["recompute"]] if "recompute" in fixed else [int(code) for code in Recompute]
        self.sharding = [fixed["sharding"]] if "sharding" in fixed else [int(code) for code in _SHARDED]
        self.best: Across | None = None
        self.place = (0.0, 0)  # tokens per second and negative position of the best

    def run(self) -> Across | None:
        """Evaluate splits in the order of their bounds until no other split can be better."""
        ranks = np.asarray(self.splits.tensor_parallel * self.splits.context_parallel)
        tokens = np.asarray(self.splits.micro_batch_size) * self.job.sequence_length
        devices = np.asarray([pool.num_devices for pool in self.pools])[:, None]
        # The bound lets all devices compute the passes of layers all the time.
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
        """Make the feasible nodes of splits whose bounds are among the best."""
        shape = len(splits), len(self.replicas), len(self.recompute)
        axes = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
        row, replica, recompute = (axis.ravel() for axis in axes)
        codes = np.asarray(self.recompute)[recompute]
        plan = replace(
            subset(self.splits, splits[row]),
            data_parallel=self.replicas[replica],
            recompute=codes.astype(float),
            **{name: np.full(len(row), value) for name, value in _PLAIN.items()},
        )
        layer_time = self.times[:, codes, splits[row]]
        unit = np.asarray(plan.data_parallel * plan.micro_batch_size)
        ranks = np.asarray(plan.tensor_parallel * plan.context_parallel * plan.data_parallel)
        stages = np.asarray([np.floor(pool.num_devices / ranks) for pool in self.pools])
        # There are at most as many stages as layers.
        stages = np.floor(stages * np.minimum(1.0, self.layers / np.maximum(stages.sum(axis=0), 1.0)))
        sizes = unit * np.floor(self.batch.size / unit)
        feasible = (stages.min(axis=0) >= 1) & (sizes >= 1) & (self.batch.is_free | (sizes == self.batch.size))
        order = (places[row] * shape[1] + replica) * shape[2] + recompute
        nodes = _Nodes(plan, order, sizes, stages, layer_time, np.zeros(len(row))).take(np.flatnonzero(feasible))
        nodes = replace(nodes, bound=self._bound(nodes))
        nodes = nodes.take(np.flatnonzero(nodes.bound >= self.place[0]))
        codes = shape_codes(self.job, 2**62, nodes.plan, nodes.sizes)
        return nodes.take(np.flatnonzero(codes == int(Reason.OK)))

    def _bound(self, nodes: _Nodes) -> Any:
        """Compute an upper bound on the tokens per second of any placement of layers.

        The slowest stage takes at least the time at which all stages are equally slow, rounded up to a whole number of
        layers.
        """
        level = self.layers / (nodes.stages / nodes.layer_time).sum(axis=0) * (1 - 1e-9)
        slowest = (np.ceil(level / nodes.layer_time) * nodes.layer_time).min(axis=0)
        least = self.layers * nodes.layer_time.min(axis=0) + (nodes.num_micro_batches - 1) * slowest
        return nodes.sizes * self.job.sequence_length / least

    def _weigh(self, nodes: _Nodes) -> None:
        """Place layers on stages, and evaluate the nodes that can still be the best under every sharding."""
        stage_layers = _layers(nodes.layer_time, nodes.stages, self.layers)
        slowest = (stage_layers * nodes.layer_time).max(axis=0)
        least = (nodes.stages * stage_layers * nodes.layer_time).sum(axis=0) + (nodes.num_micro_batches - 1) * slowest
        # Every stage needs at least one layer.
        fast = np.flatnonzero(
            (nodes.sizes * self.job.sequence_length >= self.place[0] * least) & (stage_layers.min(axis=0) >= 1)
        )
        if not len(fast):
            return
        wide = len(self.sharding)
        index = np.repeat(fast, wide)
        nodes, stage_layers = nodes.take(index), stage_layers[:, index]
        sharding = np.tile(np.asarray(self.sharding, dtype=float), len(fast))
        plan = replace(nodes.plan, sharding=sharding, pipeline_parallel=nodes.stages.sum(axis=0))
        time = _time(self.job, self.pools, plan, nodes, stage_layers, self.assumptions)
        speed = nodes.sizes * self.job.sequence_length / time
        quick, fits = np.flatnonzero(speed >= self.place[0]), np.zeros(len(speed), dtype=bool)
        if not len(quick):
            return
        fits[quick] = _fits(
            self.job, self.pools, subset(plan, quick), nodes.sizes[quick], stage_layers[:, quick], self.assumptions
        )
        speed = np.where(fits, speed, 0.0)
        place = -(nodes.order * wide + np.tile(np.arange(wide), len(fast)))
        first = max(range(len(speed)), key=lambda i: (speed[i], place[i]))
        if speed[first] > 0 and (speed[first], place[first]) > self.place:
            self.place = (float(speed[first]), int(place[first]))
            self.best = self._across(candidate(plan, first), nodes, stage_layers, first, float(time[first]))

    def _across(self, plan: Plan, nodes: _Nodes, stage_layers: Any, index: int, time: float) -> Across:
        return Across(
            plan=plan,
            global_batch_size=int(nodes.sizes[index]),
            stages=tuple(int(count) for count in nodes.stages[:, index]),
            layers=tuple(int(count) for count in stage_layers[:, index]),
            num_devices=int(plan.num_devices),
            time=time,
            tokens=float(nodes.sizes[index] * self.job.sequence_length),
        )


def _replicas(most: int, batch: Batch, fixed: Mapping[str, int]) -> list[int]:
    if "data_parallel" in fixed:
        return [fixed["data_parallel"]]
    if not batch.is_free:
        return [d for d in divisors(batch.size) if d <= most]
    count = int(np.ceil(np.log(most) / np.log(_REPLICA_STEP))) if most > 1 else 0
    return sorted({int(most / _REPLICA_STEP**i) for i in range(count + 1)} - {0})


def _layer_times(job: Job, pool: Pool, splits: Plan, assumptions: Assumptions) -> Any:
    """Compute the seconds of one micro-batch in one layer, by recomputation; head and loss are divided among layers."""
    layout = lay_out(job, splits, splits.micro_batch_size)
    micro = micro_batch(job, pool, splits, layout, job_rates(job, pool, assumptions), assumptions)
    passes = sum(part.forward + part.backward for part in (*micro.parts, micro.expert))
    recomputed = (0.0, micro.selective, micro.layers + micro.expert.forward)
    layers = job.model.num_layers + job.model.num_mtp_layers
    return np.asarray([(passes + extra) / layers for extra in recomputed])


def _layers(layer_time: Any, stages: Any, layers: int) -> Any:
    """Compute the largest number of layers of a stage in each pool so that the slowest stage is as fast as possible.

    For every pool a bisection finds the fewest layers with which its stage is the slowest and the stages have all
    layers. The smallest time of these limits the stages of all pools.
    """

    def layers_within(limit: Any) -> Any:
        return np.floor(limit / layer_time * (1 + 1e-12))

    limits = np.full(layer_time.shape, np.inf)
    for pool in range(len(layer_time)):
        low, high = np.zeros(layer_time.shape[1]), np.full(layer_time.shape[1], float(layers))
        for _ in range(int(layers).bit_length()):
            middle = np.ceil((low + high) / 2)
            suffices = (layers_within(middle * layer_time[pool]) * stages).sum(axis=0) >= layers
            low, high = np.where(suffices, low, middle), np.where(suffices, middle, high)
        suffices = (layers_within(high * layer_time[pool]) * stages).sum(axis=0) >= layers
        limits[pool] = np.where(suffices, layer_time[pool] * high, np.inf)
    return np.minimum(layers_within(limits.min(axis=0)), layers)


def _time(
    job: Job, pools: Sequence[Pool], plan: Plan, nodes: _Nodes, stage_layers: Any, assumptions: Assumptions
) -> Any:
    """Compute the step time, in seconds."""
    m = nodes.num_micro_batches
    p = np.asarray(plan.pipeline_parallel)
    hop = _hop(job, pools, plan)
    slowest: Any = np.zeros(p.shape)
    passing: Any = np.zeros(p.shape)
    after: Any = np.zeros(p.shape)
    for pool, count, layers, layer in zip(pools, nodes.stages, stage_layers, nodes.layer_time, strict=True):
        equal = _equal_stages(job, plan, layers)
        step: StepEstimate = estimate(job, pool, equal, global_batch_size=nodes.sizes, assumptions=assumptions)
        stage = layers * layer + hop
        slowest = np.maximum(slowest, stage)
        passing = passing + count * stage
        after = np.maximum(after, step.exposed_data_parallel + step.optimizer)
    return passing + (m - 1) * slowest + after


def _fits(job: Job, pools: Sequence[Pool], plan: Plan, sizes: Any, stage_layers: Any, assumptions: Assumptions) -> Any:
    """Tell whether the stages fit in the memory of every pool."""
    m = sizes / np.asarray(plan.data_parallel * plan.micro_batch_size)
    p = np.asarray(plan.pipeline_parallel)
    fits: Any = np.ones(p.shape, dtype=bool)
    for pool, layers in zip(pools, stage_layers, strict=True):
        equal = _equal_stages(job, plan, layers)
        needed = memory(job, pool, equal, global_batch_size=sizes, assumptions=assumptions)
        # The number of micro-batches in flight is that of the stages of the whole pipeline.
        in_flight = np.minimum(m, p) / np.minimum(m, equal.pipeline_parallel)
        fits &= needed.total + needed.activations * np.maximum(in_flight - 1.0, 0.0) <= float(capacity(pool))
    return fits


def _equal_stages(job: Job, plan: Plan, layers: Any) -> Plan:
    """Make the plan whose stages have all this number of layers: a stage has its memory and its exchange."""
    return replace(plan, pipeline_parallel=(job.model.num_layers + job.model.num_mtp_layers) / layers)


def _hop(job: Job, pools: Sequence[Pool], plan: Plan) -> Any:
    """Compute the visible sends of a micro-batch between stages, both ways, over the slowest outermost network."""
    split = np.where(np.asarray(plan.sequence_parallel) > 0, plan.tensor_parallel, 1.0)
    message = plan.micro_batch_size * job.sequence_length / plan.context_parallel / split * job.model.hidden_size * BF16
    sent = np.asarray(
        [neighbour_time(message, levels(reachable(pool.tiers), 2.0, float(pool.num_devices) / 2)) for pool in pools]
    )
    return 2 * (1.0 - float(job.stack.overlap_pipeline_parallel.value)) * sent.max(axis=0)
