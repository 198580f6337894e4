"""Feasibility of plans: one code per plan, each with its sentence and its remedy."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from enum import IntEnum
from functools import reduce
from operator import or_
from typing import Any

import numpy as np

from lindos.catalog.model import Model
from lindos.errors import InconsistentError, InfeasibleError
from lindos.problem.cluster import Pool
from lindos.problem.job import Job
from lindos.problem.plan import AXES, SPLITS, Plan, Recompute, Schedule, Sharding
from lindos.problem.software import layers_are_equal
from lindos.quantities import Count, Real, namespace
from lindos.step.assumptions import Assumptions
from lindos.step.host_memory import exceeds_host, host_memory_error
from lindos.step.layout import select
from lindos.step.memory import StepMemory, capacity, memory
from lindos.transformer.composition import divisors, of_model
from lindos.transformer.table import shape
from lindos.units import render


class Reason(IntEnum):
    """Why a plan is not feasible, or OK if it is. A plan gets the first reason that applies."""

    OK = 0
    TOO_MANY_DEVICES = 1
    HEADS = 2
    KV_HEADS = 3
    FFN = 4
    EXPERTS = 5
    EXPERT_FFN = 6
    EXPERT_RANKS = 7
    STAGES = 8
    BATCH = 9
    SEQUENCE = 10
    INTERLEAVING = 11
    DUAL_PIPE = 12
    ZERO_BUBBLE = 13
    SHARDING_GROUP = 14
    MEMORY = 15
    # Reasons of a search:
    REPLICAS = 16
    LIMITS = 17
    SOFTWARE = 18
    HOST_MEMORY = 19
    REPEATED = 20


#: The violated rule, and its remedy.
SENTENCES: dict[Reason, tuple[str, str]] = {
    Reason.OK: ("the plan is feasible", ""),
    Reason.TOO_MANY_DEVICES: ("the plan takes more GPUs than there are", "Lower data_parallel or another degree"),
    Reason.HEADS: ("tensor_parallel does not divide num_attention_heads", "Take a divisor of the heads"),
    Reason.KV_HEADS: ("tensor_parallel fits no multiple of num_kv_heads", "Take a divisor or a multiple of them"),
    Reason.FFN: ("tensor_parallel does not divide the feed-forward", "Take a divisor of ffn_hidden_size"),
    Reason.EXPERTS: ("expert_parallel does not divide num_experts", "Take a divisor; 1 for a dense model"),
    Reason.EXPERT_FFN: (
        "expert_tensor_parallel does not divide the width of experts",
        "Take a divisor; 1 for a dense model",
    ),
    Reason.EXPERT_RANKS: (
        "the ranks of a stage are not a multiple of expert_parallel x expert_tensor_parallel",
        "Change expert or data parallel",
    ),
    Reason.STAGES: ("there are more stages than layers", "Lower pipeline_parallel or virtual_stages"),
    Reason.BATCH: ("data_parallel x micro_batch_size does not divide the batch", "Change one of the three"),
    Reason.SEQUENCE: (
        "the sequence is not divisible by its parallel degrees",
        "Lower context_parallel or tensor_parallel",
    ),
    Reason.INTERLEAVING: (
        "micro-batches are not a multiple of the stages",
        "Set virtual_stages to 1 or change the batch",
    ),
    Reason.DUAL_PIPE: ("DualPipe needs an even pipeline and two micro-batches a stage", "Use another schedule"),
    Reason.ZERO_BUBBLE: ("a zero-bubble schedule has fewer micro-batches than stages", "Use another schedule"),
    Reason.SHARDING_GROUP: ("sharding_group does not divide the data-parallel ranks", "Change or leave out one"),
    Reason.MEMORY: ("the step does not fit in device memory", "Use more GPUs, or devices with more memory"),
    Reason.HOST_MEMORY: (
        "what is offloaded does not fit in the memory of the host",
        "Offload less, or use more GPUs",
    ),
    Reason.REPLICAS: (
        "no whole number of their replicas fits the GPUs and divides the batch",
        "Use more GPUs, or a batch with more divisors",
    ),
    Reason.LIMITS: ("they are too slow for the deadline or the budget", "Allow more time, money or GPUs"),
    Reason.SOFTWARE: (
        "the software does not support this split of layers over stages",
        "Set any_software to look beyond it, or take stages that divide the layers",
    ),
    Reason.REPEATED: ("another plan is the same: an axis has no effect at their degrees", "None is needed"),
}


#: Axes of a plan that a reason reads; the reasons of a search read none.
AXES_OF: Mapping[Reason, tuple[str, ...]] = {
    Reason.TOO_MANY_DEVICES: tuple(name for name, axis in AXES.items() if axis.multiplies),
    Reason.HEADS: ("tensor_parallel",),
    Reason.KV_HEADS: ("tensor_parallel",),
    Reason.FFN: ("tensor_parallel",),
    Reason.EXPERTS: ("expert_parallel",),
    Reason.EXPERT_FFN: ("expert_tensor_parallel",),
    Reason.EXPERT_RANKS: (
        *("tensor_parallel", "context_parallel", "data_parallel"),
        *("expert_parallel", "expert_tensor_parallel"),
    ),
    Reason.STAGES: ("pipeline_parallel", "virtual_stages"),
    Reason.BATCH: ("data_parallel", "micro_batch_size"),
    Reason.SEQUENCE: ("tensor_parallel", "context_parallel", "sequence_parallel"),
    Reason.INTERLEAVING: ("pipeline_parallel", "virtual_stages", "data_parallel", "micro_batch_size"),
    Reason.DUAL_PIPE: ("pipeline_parallel", "virtual_stages", "schedule", "data_parallel", "micro_batch_size"),
    Reason.ZERO_BUBBLE: ("pipeline_parallel", "virtual_stages", "schedule", "data_parallel", "micro_batch_size"),
    Reason.SHARDING_GROUP: ("data_parallel", "context_parallel", "sharding", "sharding_group"),
    Reason.MEMORY: tuple(AXES),
    Reason.SOFTWARE: ("pipeline_parallel", "virtual_stages"),
    Reason.HOST_MEMORY: tuple(AXES),
}
#: Reasons that read the split of layers alone.
OF_SPLITS = tuple(reason for reason, names in AXES_OF.items() if set(names) <= set(SPLITS))


def feasibility(
    job: Job, pool: Pool, plan: Plan, *, global_batch_size: Count, assumptions: Assumptions | None = None
) -> Any:
    """Decide for each plan whether it is feasible.

    The pool must have plain numbers; arrays of draws are not supported.

    Parameters
    ----------
    job
        Model, sequence length, precision and software profile.
    pool
        Equal devices.
    plan
        Its fields may be arrays of candidates.
    global_batch_size
        Sequences of one optimiser step; may be an array.
    assumptions
        Parameters of the catalogue; those that Lindos ships by default.

    Returns
    -------
    array of int
        Code of `Reason` for each plan, of the shape of the plans.
    """
    needed = memory(job, pool, plan, global_batch_size=global_batch_size, assumptions=assumptions)
    codes = np.asarray(reason_codes(job, pool, plan, global_batch_size, needed), dtype=int)
    full = exceeds_host(job, pool, plan, global_batch_size=global_batch_size, assumptions=assumptions)
    return np.where((codes == int(Reason.OK)) & full, int(Reason.HOST_MEMORY), codes)


def reason_codes(job: Job, pool: Pool, plan: Plan, global_batch_size: Count, needed: StepMemory) -> Any:
    """Decide the same for plans whose memory has been evaluated; arrays may be NumPy's or JAX's.

    Parameters
    ----------
    job
        Model and sequence length.
    pool
        Equal devices.
    plan
        Its fields may be arrays of candidates.
    global_batch_size
        Sequences of one optimiser step; may be an array.
    needed
        Memory of the fullest device under each plan, in bytes.
    """
    codes = _codes(_violations(job, pool.num_devices, plan, global_batch_size * 1.0), tuple(Reason))
    xp = namespace(codes, needed.total)
    return xp.where((codes == int(Reason.OK)) & (needed.total > capacity(pool)), int(Reason.MEMORY), codes)


def shape_codes(
    job: Job, num_devices: Count, plan: Plan, global_batch_size: Count, reasons: Collection[Reason] = tuple(Reason)
) -> Any:
    """Get the code of each plan by all rules except that of memory.

    Parameters
    ----------
    job
        Model and sequence length.
    num_devices
        Devices that a plan may take; may be an array.
    plan
        Its fields may be arrays of candidates.
    global_batch_size
        Sequences of one optimiser step; may be an array.
    reasons
        Reasons to look for; all of them by default.
    """
    wrong = _violations(job, num_devices, plan, np.asarray(global_batch_size, dtype=float))
    shape = np.zeros(np.shape(plan.num_devices), dtype=int)
    return np.asarray(_codes(wrong, reasons) + shape, dtype=int)


def _codes(wrong: Mapping[Reason, Callable[[], Any]], reasons: Collection[Reason]) -> Any:
    """Return the first of the reasons that apply."""
    codes: Any = 0
    for reason in reversed(Reason):
        if reason in wrong and reason in reasons:
            applies = wrong[reason]()
            codes = namespace(applies, codes).where(applies, int(reason), codes)
    return codes


def _violations(job: Job, num_devices: Count, plan: Plan, batch: Any) -> dict[Reason, Callable[[], Any]]:
    """Make the rules, each a function that tells which plans break it."""
    model: Model = job.model
    xp = namespace(plan.num_devices, batch)
    t, p, v = plan.tensor_parallel, plan.pipeline_parallel, plan.virtual_stages
    c, e, et, d = plan.context_parallel, plan.expert_parallel, plan.expert_tensor_parallel, plan.data_parallel
    micro_batches = batch / (d * plan.micro_batch_size)
    kv = model.num_kv_heads if model.attention == "gqa" else model.num_attention_heads
    width = model.ffn_hidden_size if _has_dense_ffn(model) else 0
    expert_width = model.expert_ffn_hidden_size if model.num_experts else 1
    group, heads = plan.sharding_group, divisors(shape(model))

    def uneven(number: Count, divisor: Count) -> Any:
        # Exact for whole numbers, and several times as fast as the remainder of the C library.
        return xp.floor(number / divisor) * divisor != number

    def too_few() -> Any:
        return micro_batches < fewest_micro_batches(plan.schedule, p)

    return {
        Reason.TOO_MANY_DEVICES: lambda: plan.num_devices > num_devices,
        Reason.HEADS: lambda: reduce(or_, (uneven(number, t) for number in heads)),
        Reason.KV_HEADS: lambda: uneven(kv, t) & uneven(t, kv),
        Reason.FFN: lambda: uneven(width, t),
        Reason.EXPERTS: lambda: uneven(max(model.num_experts, 1), e),
        Reason.EXPERT_FFN: lambda: uneven(expert_width, et),
        # The ranks of a stage must be a multiple of the ranks that share its experts.
        Reason.EXPERT_RANKS: lambda: uneven(t * c * d, e * et),
        Reason.STAGES: lambda: p * v > model.num_layers + model.num_mtp_layers + 2,
        Reason.BATCH: lambda: uneven(batch, d * plan.micro_batch_size) | (micro_batches < 1),
        Reason.SEQUENCE: lambda: uneven(job.sequence_length, xp.where(c > 1, 2 * c, 1) * _split(plan)),
        Reason.INTERLEAVING: lambda: (v > 1) & ((p == 1) | uneven(micro_batches, p)),
        Reason.DUAL_PIPE: lambda: (plan.schedule == int(Schedule.DUAL_PIPE)) & (uneven(p, 2) | too_few() | (v > 1)),
        Reason.ZERO_BUBBLE: lambda: (plan.schedule == int(Schedule.ZERO_BUBBLE)) & (too_few() | (v > 1)),
        Reason.SHARDING_GROUP: lambda: (
            (group > 0) & (uneven(d * c, xp.where(group > 0, group, 1)) | (plan.sharding == int(Sharding.NONE)))
        ),
        Reason.SOFTWARE: lambda: (p > 1) & _splits_layers_otherwise(job, p, p * v),
    }


def _splits_layers_otherwise(job: Job, stages: Count, chunks: Count) -> Any:
    """Tell whether the job's software cannot split the layers in this way; no run has more stages than layers."""
    if job.any_software:
        return False
    layers = job.model.num_layers
    if layers_are_equal(job):
        return namespace(chunks).fmod(float(layers), chunks * 1.0) != 0
    return stages > layers + job.model.num_mtp_layers


def fewest_micro_batches(schedule: Real, pipeline_parallel: Count) -> Count:
    """Count the micro-batches that a schedule needs; with fewer it has no work to fill its bubble.

    Zero-bubble puts a weight gradient of another micro-batch into each of ``pipeline_parallel - 1`` gaps; DualPipe
    feeds as many micro-batches from either end as there are stages.

    Parameters
    ----------
    schedule
        Member of :class:`lindos.problem.plan.Schedule`, or an array of codes.
    pipeline_parallel
        Stages; may be an array.
    """
    zero = select(schedule == int(Schedule.ZERO_BUBBLE), pipeline_parallel, 1)
    fewest: Count = select(schedule == int(Schedule.DUAL_PIPE), 2 * pipeline_parallel, zero)
    return fewest


def _heads(model: Model, plan: Plan) -> tuple[str, int]:
    """Name the first number of heads that tensor parallelism does not divide."""
    numbers = divisors(shape(model))
    odd = next((number for number in numbers if number % int(plan.tensor_parallel)), model.num_attention_heads)
    return "model.num_attention_heads" if odd == model.num_attention_heads else "heads of model.layers", odd


def _has_dense_ffn(model: Model) -> bool:
    if model.layers:
        return bool(of_model(model).dense)
    return not model.num_experts or model.num_moe_layers < model.num_layers or model.dense_ffn_beside_experts


def _split(plan: Plan) -> Any:
    return select(plan.sequence_parallel > 0, plan.tensor_parallel, 1)


def check(job: Job, pool: Pool, plan: Plan, *, global_batch_size: int, assumptions: Assumptions | None = None) -> None:
    """Refuse a single plan that is not feasible.

    Parameters
    ----------
    job
        Model, sequence length, precision and software profile.
    pool
        Equal devices.
    plan
        One plan of plain numbers.
    global_batch_size
        Sequences of one optimiser step.
    assumptions
        Parameters of the catalogue; those that Lindos ships by default.

    Raises
    ------
    InconsistentError
        If degrees contradict the model or the batch; both are named.
    InfeasibleError
        If the plan needs more devices or memory than there are.
    """
    code = Reason(int(feasibility(job, pool, plan, global_batch_size=global_batch_size, assumptions=assumptions)))
    if code is Reason.OK:
        return
    if code is Reason.MEMORY:
        raise memory_error(job, pool, plan, global_batch_size, assumptions)
    if code is Reason.HOST_MEMORY:
        raise host_memory_error(job, pool, plan, global_batch_size, assumptions)
    if code is Reason.TOO_MANY_DEVICES:
        used = int(plan.num_devices)
        raise InfeasibleError(
            "The plan takes more GPUs than there are",
            f"tensor_parallel x context_parallel x pipeline_parallel x data_parallel is {used:,} of "
            f"{pool.num_devices:,}",
            f"Lower a degree, or use at least {used:,} GPUs, spares not counted",
        )
    raise contradiction(code, job, plan, global_batch_size)


def contradiction(code: Reason, job: Job, plan: Plan, batch: int) -> InconsistentError:
    """Make the error that names the two contradicting inputs of a plan.

    Parameters
    ----------
    code
        Reason of the plan; neither memory nor the number of devices.
    job
        Model and sequence length.
    plan
        One plan of plain numbers.
    batch
        Sequences of one optimiser step.
    """
    model = job.model
    stages = int(plan.pipeline_parallel * plan.virtual_stages)
    replicas = int(plan.data_parallel * plan.micro_batch_size)
    spread = int(plan.expert_parallel * plan.expert_tensor_parallel)
    ranks = int(plan.tensor_parallel * plan.context_parallel * plan.data_parallel)
    tensor = ("plan.tensor_parallel", int(plan.tensor_parallel))
    named: dict[Reason, tuple[Any, ...]] = {
        Reason.HEADS: (*tensor, *_heads(model, plan), "divide the second"),
        Reason.KV_HEADS: (*tensor, "model.num_kv_heads", model.num_kv_heads, "divide it or be a multiple of it"),
        Reason.FFN: (*tensor, "model.ffn_hidden_size", model.ffn_hidden_size, "divide the second"),
        Reason.EXPERTS: (
            *("plan.expert_parallel", int(plan.expert_parallel), "model.num_experts", model.num_experts),
            "divide the second" if model.num_experts else "be 1 for a dense model",
        ),
        Reason.EXPERT_FFN: (
            *("plan.expert_tensor_parallel", int(plan.expert_tensor_parallel)),
            *("model.expert_ffn_hidden_size", model.expert_ffn_hidden_size),
            "divide the second" if model.num_experts else "be 1 for a dense model",
        ),
        Reason.EXPERT_RANKS: (
            *("plan.expert_parallel x expert_tensor_parallel", spread),
            *("plan.tensor_parallel x context_parallel x data_parallel", ranks, "divide the second"),
        ),
        Reason.STAGES: (
            *("plan.pipeline_parallel x virtual_stages", stages, "model.num_layers", model.num_layers),
            "be at most the second plus two",
        ),
        Reason.BATCH: (
            *("plan.data_parallel x micro_batch_size", replicas, "job.global_batch_size", batch, "divide the second"),
        ),
        Reason.SEQUENCE: (
            *("plan.context_parallel x tensor_parallel", int(plan.context_parallel * plan.tensor_parallel)),
            *("job.sequence_length", job.sequence_length),
            "divide the second, and twice over where context_parallel is above 1",
        ),
        Reason.INTERLEAVING: (
            *("plan.virtual_stages", int(plan.virtual_stages), "plan.pipeline_parallel", int(plan.pipeline_parallel)),
            "be 1, unless the micro-batches of a step are a multiple of the second, above 1",
        ),
        Reason.DUAL_PIPE: (
            *("plan.schedule", "dual-pipe", "plan.pipeline_parallel", int(plan.pipeline_parallel)),
            "meet an even number of stages, without virtual ones, and twice as many micro-batches",
        ),
        Reason.ZERO_BUBBLE: (
            *("plan.schedule", "zero-bubble", "plan.pipeline_parallel", int(plan.pipeline_parallel)),
            "meet at most as many stages as there are micro-batches, without virtual ones",
        ),
        Reason.SHARDING_GROUP: (
            *("plan.sharding_group", int(plan.sharding_group)),
            *_against_group(plan),
        ),
    }
    named[Reason.SOFTWARE] = (
        *("plan.pipeline_parallel x virtual_stages", stages, "model.num_layers", model.num_layers),
        f"divide the second, or leave no stage without a layer, under {job.stack.name}",
    )
    path, value, counterpart, counterpart_value, relation = named[code]
    remedy = _divided_batch(plan, batch) if code is Reason.BATCH else SENTENCES[code][1]
    return InconsistentError(path, value, counterpart, counterpart_value, relation, f"{remedy}.")


def _divided_batch(plan: Plan, batch: int) -> str:
    """Name the nearest batches that replicas and micro-batches divide, and the next fewer replicas that divide it."""
    replicas, micro_batch = int(plan.data_parallel * plan.micro_batch_size), int(plan.micro_batch_size)
    less = batch // replicas * replicas
    sizes = " or ".join(f"{size:,}" for size in (less, less + replicas) if size)
    remedy = f"Take a global_batch_size of {sizes}"
    fewer = batch // micro_batch if batch % micro_batch == 0 else 0
    divisors = [count for count in range(1, min(int(plan.data_parallel), fewer + 1)) if fewer % count == 0]
    return f"{remedy}, or {divisors[-1]:,} for data_parallel" if divisors else remedy


def _against_group(plan: Plan) -> tuple[Any, ...]:
    if plan.sharding == int(Sharding.NONE):
        return ("plan.sharding", "none", "be left out where nothing is sharded")
    ranks = int(plan.data_parallel * plan.context_parallel)
    return ("plan.data_parallel x context_parallel", ranks, "divide the second")


def memory_error(
    job: Job, pool: Pool, plan: Plan, global_batch_size: int, assumptions: Assumptions | None = None
) -> InfeasibleError:
    """Make the error of a plan that lacks memory: the lack, the largest part, and a change that mends it.

    Parameters
    ----------
    job
        Model, sequence length, precision and software profile.
    pool
        Equal devices.
    plan
        One plan of plain numbers.
    global_batch_size
        Sequences of one optimiser step.
    assumptions
        Parameters of the catalogue; those that Lindos ships by default.
    """
    needed = memory(job, pool, plan, global_batch_size=global_batch_size, assumptions=assumptions)
    total, available = float(needed.total), float(capacity(pool))
    parts = {name: float(getattr(needed, name)) for name in StepMemory.__dataclass_fields__}
    most = max(parts, key=lambda name: parts[name])
    helps: list[str] = []
    for words, changes in _LIGHTER:
        lighter = replace(plan, **changes)
        if (
            lighter != plan
            and int(feasibility(job, pool, lighter, global_batch_size=global_batch_size, assumptions=assumptions)) == 0
        ):
            helps.append(words)
    return InfeasibleError(
        f"{job.model.title} does not fit in the memory of {pool.accelerator.title}",
        f"a device needs {render(total, 'B')} of {render(available, 'B')}, {render(parts[most], 'B')} of it for {most}",
        helps[0] if helps else "Leave a degree open, or use more GPUs or such with more memory",
    )


#: Changes that need less memory under the same degrees, the smallest change first.
_RECOMPUTED, _SHARDED = {"recompute": int(Recompute.FULL)}, {"sharding": int(Sharding.PARAMETERS)}
_LIGHTER: tuple[tuple[str, dict[str, int]], ...] = (
    ("Set recompute to selective", {"recompute": int(Recompute.SELECTIVE)}),
    ("Set sharding to optimizer", {"sharding": int(Sharding.OPTIMIZER)}),
    ("Set recompute to full", _RECOMPUTED),
    ("Set sharding to parameters", _SHARDED),
    ("Lower micro_batch_size to 1", {"micro_batch_size": 1}),
    ("Set recompute to full and sharding to parameters", {**_RECOMPUTED, **_SHARDED}),
    (
        "Set recompute to full, sharding to parameters and micro_batch_size to 1",
        {**_RECOMPUTED, **_SHARDED, "micro_batch_size": 1},
    ),
)
