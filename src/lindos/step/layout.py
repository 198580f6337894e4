"""Layout of a job on devices under a plan: tokens, shards and layers of one device, as numbers or arrays."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from lindos.formulas.pipeline import layers_on_slowest_stage
from lindos.problem.job import Job
from lindos.problem.plan import Plan, Schedule, Sharding
from lindos.quantities import Count, Real, Seconds, namespace


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Tokens of one device in one micro-batch, and the ranks that share its weights."""

    tokens: Count  # of a micro-batch, for one tensor-parallel group
    sequence_tokens: Count  # of a rank in the parts that sequence parallelism splits: all tokens without it
    rank_tokens: Count  # of a rank when experts exchange tokens: an equal part of the group's
    num_micro_batches: Count
    tensor_parallel: Count
    context_parallel: Count
    expert_parallel: Count
    expert_tensor_parallel: Count
    pipeline_parallel: Count
    dense_group: Count  # ranks with the same dense weights
    expert_group: Count  # ranks with the same expert weights
    dense_shards: Count  # ranks that share one copy of the sharded dense state
    expert_shards: Count


_NUMBERS = (int, float)


def select(condition: Any, value: Real, alternative: Real) -> Real:
    """Choose between two values; plain numbers give a plain number.

    Parameters
    ----------
    condition
        Truth value, or an array of them.
    value
        Result where the condition is true.
    alternative
        Result where it is false.
    """
    if isinstance(condition, (bool, np.bool_)) and isinstance(value, _NUMBERS) and isinstance(alternative, _NUMBERS):
        return value if condition else alternative
    condition = bool(condition) if isinstance(condition, np.generic) else condition
    chosen: Real = namespace(condition, value, alternative).where(condition, value, alternative)
    return chosen[()] if isinstance(chosen, np.ndarray) else chosen


def lay_out(job: Job, plan: Plan, global_batch_size: Count) -> Layout:
    """Lay out a job on the devices of a plan; a replica that gets a part of a micro-batch counts a whole one.

    Parameters
    ----------
    job
        Model and sequence length.
    plan
        Its fields may be arrays.
    global_batch_size
        Sequences of one optimiser step; may be an array.

    Returns
    -------
    Layout
        Counts, of the shape that plan and batch broadcast to.
    """
    t, c, e, et = plan.tensor_parallel, plan.context_parallel, plan.expert_parallel, plan.expert_tensor_parallel
    xp = namespace(t, c, e, et, plan.data_parallel, plan.micro_batch_size, global_batch_size)
    tokens = plan.micro_batch_size * job.sequence_length / c
    dense_group = c * plan.data_parallel
    expert_group = xp.maximum(t * dense_group / (e * et), 1.0)
    wanted = select(plan.sharding_group > 0, plan.sharding_group * 1.0, dense_group * 1.0)
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
    """Return 1 where a sharding reaches a level, else 0.

    Parameters
    ----------
    code
        Member of `Sharding`, or an array of codes.
    level
        Level to reach.
    """
    return select(code >= int(level), 1.0, 0.0)


def slowest_stage_excess(plan: Plan, layers: Seconds, last: Seconds, num_layers: int) -> Seconds:
    """Compute how much longer the slowest stage works on a micro-batch than the mean stage.

    Stages need not divide the layers: the fullest stage rounds up, and the last stage has the remaining layers. The
    result is that of the fastest among the splits in which head and embedding count as up to four layers, as
    practitioners choose it. Under DualPipe the device of the last stage also has the first and does half the work of
    each.

    Parameters
    ----------
    plan
        Its pipeline and schedule are read; fields may be arrays.
    layers
        Time of all layers on one micro-batch, in seconds.
    last
        Time of head and loss, in seconds.
    num_layers
        Layers of the model, with those of multi-token prediction.

    Returns
    -------
    Seconds
        Zero without a pipeline.
    """
    xp = namespace(layers, last, plan.pipeline_parallel, plan.virtual_stages)
    p, v = plan.pipeline_parallel, plan.virtual_stages
    layer_time = layers / num_layers
    mean = (layers + last) / p
    slowest: Real = layers + last
    for extra in (0, 1, 2, 4):
        fullest = layers_on_slowest_stage(num_layers + extra, p, v)
        on_last = xp.maximum(num_layers - fullest * (p - 1), 0.0)
        first = xp.minimum(fullest, num_layers) * layer_time
        ending = on_last * layer_time + last
        ending = select(plan.schedule == int(Schedule.DUAL_PIPE), (first + ending) / 2, ending)
        time = xp.maximum(first, ending)
        slowest = xp.minimum(slowest, time)
    return select(p > 1, xp.maximum(slowest - mean, 0.0), 0.0)
