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
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from lindos.formats import BF16
from lindos.planning.space import Batch, divisors, one, size, space, taken
from lindos.problem.cluster import Cluster, Pool
from lindos.problem.job import Job
from lindos.problem.plan import Plan, Recompute, Schedule, Sharding
from lindos.quantities import Seconds, TokensPerSecond
from lindos.step.assumptions import Assumptions, assumptions
from lindos.step.communication import levels, neighbour_time, reachable
from lindos.step.estimate import StepEstimate, estimate
from lindos.step.feasibility import OF_SPLITS, Reason, shape_codes
from lindos.step.layout import layout
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
    given: Assumptions | None = None,
) -> Across | None:
    """The fastest pipeline that has stages in every pool; None where none holds.

    Arguments as in :func:`lindos.step.decide`; a number of stages or a schedule that the user fixed is not looked at.
    """
    book = given or assumptions()
    own = {name: value for name, value in (fixed or {}).items() if name not in _OWN}
    domain = min(pool.tiers[0].size for pool in cluster.pools)
    batch = Batch(size=global_batch_size, is_free=batch_is_free)
    splits = space(job, cluster.num_devices, domain, batch, own).splits
    codes = shape_codes(job, cluster.num_devices, splits, splits.micro_batch_size, only=OF_SPLITS)
    splits = taken(splits, np.flatnonzero(codes == int(Reason.OK)))
    if not size(splits):
        return None
    each = [_layer_times(job, pool, splits, book) for pool in cluster.pools]
    ranks = np.asarray(splits.tensor_parallel * splits.context_parallel)
    tokens = np.asarray(splits.micro_batch_size) * job.sequence_length
    layers = job.model.num_layers + job.model.num_mtp_layers
    # All devices at work on nothing but the passes of their layers.
    bound = sum(
        pool.num_devices * tokens / (ranks * layers * times[int(Recompute.NONE)])
        for pool, times in zip(cluster.pools, each, strict=True)
    )
    inner = _Inner(batch, own, min(pool.num_devices for pool in cluster.pools))
    best: Across | None = None
    for index in np.argsort(-bound, kind="stable"):
        if best is not None and bound[index] <= best.tokens_per_second:
            break
        times = np.asarray([of_pool[:, index] for of_pool in each])
        found = _fastest(job, cluster.pools, inner.of(one(splits, int(index))), times, batch, book, best)
        best = found or best
    return best


_OWN = ("pipeline_parallel", "virtual_stages", "schedule")
_SHARDED = (Sharding.NONE, Sharding.OPTIMIZER)


class _Inner:
    """What is tried under every split: replicas, recomputation and sharding, every combination as arrays."""

    def __init__(self, batch: Batch, own: Mapping[str, int], most: int) -> None:
        axes = np.meshgrid(
            _replicas(min(batch.size, most), batch, own),
            [own["recompute"]] if "recompute" in own else [int(code) for code in Recompute],
            [own["sharding"]] if "sharding" in own else [int(code) for code in _SHARDED],
            indexing="ij",
        )
        self.replicas, self.recompute, self.sharding = (axis.ravel().astype(float) for axis in axes)

    def of(self, split: Plan) -> Plan:
        """One split with all of it, as if without a pipeline."""
        count = len(self.replicas)
        arrays = {f.name: np.full(count, float(getattr(split, f.name))) for f in fields(Plan)}
        own = {"data_parallel": self.replicas, "recompute": self.recompute, "sharding": self.sharding}
        return Plan(**{**arrays, **own, **{name: np.full(count, value) for name, value in _PLAIN.items()}})


def _replicas(most: int, batch: Batch, own: Mapping[str, int]) -> list[int]:
    if "data_parallel" in own:
        return [own["data_parallel"]]
    if not batch.is_free:
        return [d for d in divisors(batch.size) if d <= most]
    count = int(np.ceil(np.log(most) / np.log(_FEWER))) if most > 1 else 0
    return sorted({int(most / _FEWER**i) for i in range(count + 1)} - {0})


def _layer_times(job: Job, pool: Pool, splits: Plan, book: Assumptions) -> Any:
    """Seconds of one micro-batch in one layer of a pool's devices, by recomputation; head and loss spread over them."""
    at = layout(job, splits, splits.micro_batch_size)
    micro = micro_batch(job, pool, splits, at, job_rates(job, pool, book), book)
    parts = (micro.matmul, micro.attention, micro.other, micro.tensor, micro.context, micro.expert)
    passes = sum(part.forward + part.backward for part in parts)
    again = (0.0, micro.attention.forward, micro.layers + micro.expert.forward)
    layers = job.model.num_layers + job.model.num_mtp_layers
    return np.asarray([(passes + more) / layers for more in again])


def _fastest(
    job: Job, pools: Sequence[Pool], plan: Plan, times: Any, batch: Batch, book: Assumptions, best: Across | None
) -> Across | None:
    """The fastest of one split, if it is faster than the ``best`` so far."""
    layers = job.model.num_layers + job.model.num_mtp_layers
    each = times[:, np.asarray(plan.recompute).astype(int)]
    ranks = np.asarray(plan.tensor_parallel * plan.context_parallel * plan.data_parallel)
    unit = np.asarray(plan.data_parallel * plan.micro_batch_size)
    stages = np.asarray([np.floor(pool.num_devices / ranks) for pool in pools])
    # More stages than layers would stand idle.
    stages = np.floor(stages * np.minimum(1.0, layers / np.maximum(stages.sum(axis=0), 1.0)))
    sizes = unit * np.floor(batch.size / unit)
    holds = (stages.min(axis=0) >= 1) & (sizes >= 1) & (batch.is_free | (sizes == batch.size))
    holds &= shape_codes(job, 2**62, plan, sizes) == int(Reason.OK)
    bar = 0.0 if best is None else float(best.tokens_per_second)
    if not np.any(holds):
        return None
    plan, stages, each, sizes, unit = _kept(np.flatnonzero(holds), plan, stages, each, sizes, unit)
    held = _layers(each, stages, layers)
    m = sizes / unit
    least = (stages * held * each).sum(axis=0) + (m - 1) * (held * each).max(axis=0)
    # A pool too slow for a single layer has no part in it.
    fast = np.flatnonzero((sizes * job.sequence_length > bar * least) & (held.min(axis=0) >= 1))
    if not len(fast):
        return None
    plan, stages, each, sizes, held = _kept(fast, plan, stages, each, sizes, held)
    plan = replace(plan, pipeline_parallel=stages.sum(axis=0))
    time, fits = _time(job, pools, plan, sizes, stages, held, each, book)
    speed = np.where(fits, sizes * job.sequence_length / time, 0.0)
    first = int(np.argmax(speed))
    if speed[first] <= bar:
        return None
    chosen = one(plan, first)
    return Across(
        plan=chosen,
        global_batch_size=int(sizes[first]),
        stages=tuple(int(count) for count in stages[:, first]),
        layers=tuple(int(count) for count in held[:, first]),
        num_devices=int(chosen.num_devices),
        time=float(time[first]),
        tokens=float(sizes[first] * job.sequence_length),
    )


_PLAIN = {"pipeline_parallel": 1.0, "virtual_stages": 1.0, "schedule": float(Schedule.ONE_F_ONE_B)}


def _kept(index: Any, plan: Plan, *arrays: Any) -> tuple[Any, ...]:
    return (taken(plan, index), *(array[..., index] for array in arrays))


def _layers(each: Any, stages: Any, layers: int) -> Any:
    """Layers a stage of each pool holds at most: as many as take no longer than the slowest stage must.

    Tried is every number of layers of every pool as the slowest stage; the least time that holds them all is taken.
    """
    counts = np.arange(1, layers + 1)
    limits = (each[:, None, :] * counts[None, :, None]).reshape(-1, each.shape[1])
    held = np.floor(limits[None] / each[:, None, :] * (1 + 1e-12))
    enough = (held * stages[:, None, :]).sum(axis=0) >= layers
    least = np.argmin(np.where(enough, limits, np.inf), axis=0)
    return np.minimum(np.take_along_axis(held, least[None, None, :], axis=1)[:, 0, :], layers)


def _time(
    job: Job, pools: Sequence[Pool], plan: Plan, sizes: Any, stages: Any, held: Any, each: Any, book: Assumptions
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
        found: StepEstimate = estimate(job, pool, own, global_batch_size=sizes, given=book)
        stage = mine * layer + hop
        slowest = np.maximum(slowest, stage)
        passing = passing + count * stage
        after = np.maximum(after, found.exposed_data_parallel + found.optimizer)
        needed = memory(job, pool, own, global_batch_size=sizes, given=book)
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
