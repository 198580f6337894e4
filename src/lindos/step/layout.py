"""How a plan lays a job over devices: tokens, shards and layers of one device, as numbers or arrays."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from lindos.formulas.pipeline import layers_on_slowest_stage
from lindos.problem.job import Job
from lindos.problem.plan import Plan, Schedule, Sharding
from lindos.quantities import Count, Real, Seconds, namespace


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What one device holds and handles in one micro-batch."""

    tokens: Count  # of a micro-batch that one tensor-parallel group works on
    sequence_tokens: Count  # of these on one rank where the sequence is split (or not)
    rank_tokens: Count  # of these that are one rank's own, as experts see them
    num_micro_batches: Count
    tensor_parallel: Count
    context_parallel: Count
    expert_parallel: Count
    expert_tensor_parallel: Count
    pipeline_parallel: Count
    dense_group: Count  # ranks that hold the same dense weights
    expert_group: Count  # ranks that hold the same expert weights
    dense_shards: Count  # ranks that share one copy of the sharded dense state
    expert_shards: Count


def where(condition: Any, yes: Real, no: Real) -> Real:
    """``yes`` where the condition holds, else ``no``; a plain number out of plain numbers."""
    held = bool(condition) if isinstance(condition, np.generic) else condition
    chosen: Real = namespace(held, yes, no).where(held, yes, no)
    return chosen[()] if isinstance(chosen, np.ndarray) else chosen


def layout(job: Job, plan: Plan, global_batch_size: Count) -> Layout:
    """Lay ``job`` out under ``plan``; a replica that gets a part of a micro-batch takes the time of a whole one."""
    t, c, e, et = plan.tensor_parallel, plan.context_parallel, plan.expert_parallel, plan.expert_tensor_parallel
    xp = namespace(t, c, e, et, plan.data_parallel, plan.micro_batch_size, global_batch_size)
    tokens = plan.micro_batch_size * job.sequence_length / c
    dense_group = c * plan.data_parallel
    expert_group = xp.maximum(t * dense_group / (e * et), 1.0)
    wanted = where(plan.sharding_group > 0, plan.sharding_group * 1.0, dense_group * 1.0)
    return Layout(
        tokens=tokens,
        sequence_tokens=tokens / (1 + plan.sequence_parallel * (t - 1)),
        rank_tokens=tokens / t,
        num_micro_batches=xp.ceil(global_batch_size / (plan.data_parallel * plan.micro_batch_size)),
        tensor_parallel=t,
        context_parallel=c,
        expert_parallel=e,
        expert_tensor_parallel=et,
        pipeline_parallel=plan.pipeline_parallel,
        dense_group=dense_group,
        expert_group=expert_group,
        dense_shards=xp.minimum(wanted, dense_group),
        expert_shards=xp.minimum(wanted, expert_group),
    )


def at_least(code: Real, level: Sharding) -> Real:
    """1 where the sharding ``code`` reaches ``level``, else 0; for arrays of plans."""
    return where(code >= int(level), 1.0, 0.0)


def slowest_stage_excess(plan: Plan, layers: Seconds, last: Seconds, num_layers: int) -> Seconds:
    """How much longer the slowest stage works on a micro-batch than the mean stage.

    ``layers`` is the time of all layers, ``last`` that of head and loss. Layers need not divide: the fullest stage
    rounds up, the last stage holds what is left. Of the splits in which head and embedding count as up to four layers,
    the fastest is taken, as practitioners do. Under DualPipe the device of the last stage also holds the first and does
    half of the work of each. Zero without a pipeline.
    """
    xp = namespace(layers, last, plan.pipeline_parallel, plan.virtual_stages)
    p, v = plan.pipeline_parallel, plan.virtual_stages
    each = layers / num_layers
    mean = (layers + last) / p
    slowest: Real = layers + last
    for extra in (0, 1, 2, 4):
        fullest = layers_on_slowest_stage(num_layers + extra, p, v)
        on_last = xp.maximum(num_layers - fullest * (p - 1), 0.0)
        first = xp.minimum(fullest, num_layers) * each
        ending = on_last * each + last
        ending = where(plan.schedule == int(Schedule.DUAL_PIPE), (first + ending) / 2, ending)
        time = xp.maximum(first, ending)
        slowest = xp.minimum(slowest, time)
    return where(p > 1, xp.maximum(slowest - mean, 0.0), 0.0)
