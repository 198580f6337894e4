"""Communication of a plan: the collectives of one micro-batch and of one step, and the pass of the optimizer."""

from dataclasses import dataclass

from lindos.catalog.model import Model
from lindos.formats import BF16, FP32, number_format
from lindos.problem.cluster import Tier
from lindos.problem.job import Job
from lindos.problem.plan import Plan, Sharding
from lindos.quantities import Bytes, Count, Fraction, Real, Seconds, namespace
from lindos.step.assumptions import Assumptions
from lindos.step.communication import (
    all_gather_time,
    all_reduce_time,
    copies_exchange_time,
    expert_exchange_time,
    gather_and_reduce_times,
    levels,
    neighbour_time,
)
from lindos.step.compute import Rates
from lindos.step.layout import Layout, at_least, select
from lindos.step.states import gradient_width
from lindos.transformer.adapters import trained_share
from lindos.transformer.operators import Kind, Operator, Role, Split
from lindos.transformer.parameters import weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Seconds of the collectives inside all layers of one micro-batch, before any overlap."""

    tensor_forward: Seconds
    tensor_backward: Seconds
    context_forward: Seconds
    context_backward: Seconds
    expert_forward: Seconds
    expert_backward: Seconds


def layer_traffic(
    job: Job, tiers: tuple[Tier, ...], plan: Plan, layout: Layout, table: tuple[Operator, ...], imbalance: Fraction
) -> Traffic:
    """Compute the time of the collectives inside the layers of one micro-batch, before any overlap.

    Parameters
    ----------
    job
        Model and precision.
    tiers
        Networks above a device, as :func:`lindos.step.communication.reachable` returns them.
    plan
        Its sequence parallelism is read; the field may be an array.
    layout
        Layout of ``job`` under ``plan``.
    table
        Operators of the model.
    imbalance
        Load of the busiest expert rank over the mean load.

    Returns
    -------
    Traffic
        Times by kind of parallelism and pass, in seconds.
    """
    tensor = _tensor_traffic(job.model, tiers, plan, layout, table)
    context = _context_traffic(tiers, layout, table)
    expert = _expert_traffic(job, tiers, plan, layout, table, imbalance)
    # What expert tensor parallelism sends counts as tensor parallel.
    return Traffic(
        tensor_forward=tensor[0] + expert[2],
        tensor_backward=tensor[1] + expert[2],
        context_forward=context,
        context_backward=2 * context,
        expert_forward=expert[0],
        expert_backward=expert[1],
    )


def _tensor_traffic(
    model: Model, tiers: tuple[Tier, ...], plan: Plan, layout: Layout, table: tuple[Operator, ...]
) -> tuple[Seconds, Seconds]:
    """Compute the tensor-parallel collectives, forward and backward.

    A block that ends in a product split along its depth needs one gather and one scatter, or one all-reduce. Under
    sequence parallelism the backward pass gathers the block's input again for the gradient of its weights.
    """
    products = [row for row in table if row.kind is Kind.GEMM]
    blocks = sum(row.count for row in products if row.split is Split.DEPTH)
    blocks += sum(row.count for row in products if row.role is Role.HEAD)
    spread = levels(tiers, layout.tensor_parallel, 1.0)
    message = layout.tokens * model.hidden_size * BF16
    gather, reduce = gather_and_reduce_times(message, spread)
    split = plan.sequence_parallel > 0
    return blocks * select(split, 2 * gather, reduce), blocks * select(split, 3 * gather, reduce)


def _context_traffic(tiers: tuple[Tier, ...], layout: Layout, table: tuple[Operator, ...]) -> Seconds:
    """Compute the forward exchange of context parallelism: every rank gathers all keys and values of the sequence.

    The backward pass also returns their gradients, so it takes twice as long.
    """
    xp = namespace(layout.tokens, layout.tensor_parallel, layout.context_parallel)
    spread = levels(tiers, layout.context_parallel, layout.tensor_parallel)
    attention: dict[tuple[int, float], float] = {}  # layers by heads of keys, and dimensions of a head
    time: Seconds = 0.0
    for row in table:
        if row.kind is Kind.ATTENTION and row.num_kv_heads:
            key = row.num_kv_heads, row.head_dims / row.num_heads
            attention[key] = attention.get(key, 0.0) + row.count
        elif row.kind is Kind.SCAN:  # every rank passes the state of its part of the sequence on to all
            state = layout.context_parallel * row.state / layout.tensor_parallel * FP32
            time = time + row.count * all_gather_time(state, spread)
    for (heads, dims), layers in attention.items():
        local = xp.maximum(heads / layout.tensor_parallel, 1.0)
        time = time + layers * all_gather_time(layout.tokens * layout.context_parallel * local * dims * BF16, spread)
    return time


def _expert_traffic(
    job: Job, tiers: tuple[Tier, ...], plan: Plan, layout: Layout, table: tuple[Operator, ...], imbalance: Fraction
) -> tuple[Seconds, Seconds, Seconds]:
    """Compute dispatch and combine, forward and backward, and the gather and scatter of expert tensor parallelism."""
    model = job.model
    layers = sum(row.count for row in table if row.kind is Kind.GROUPED_GEMM and row.expert_split is Split.COLUMNS)
    if not layers:
        return 0.0, 0.0, 0.0
    stride = layout.expert_tensor_parallel
    spread = levels(tiers, layout.expert_parallel, stride)
    elements = layout.rank_tokens * model.expert_input_size * select(layout.expert_parallel > 1, imbalance, 1.0)

    def exchange(size: Bytes) -> Seconds:
        if job.stack.dispatcher == "all-gather":
            tokens = elements * size * layout.expert_parallel
            return all_gather_time(tokens, spread)
        if job.stack.dispatcher == "all-to-all":
            return copies_exchange_time(elements * size * model.experts_per_token, spread)
        return expert_exchange_time(
            elements * size, model.experts_per_token, spread, model.num_expert_groups, model.expert_groups_per_token
        )

    # Results and gradients of results come back in BF16.
    low = exchange(number_format(job.precision).dispatch_bytes if job.stack.low_precision_dispatch else BF16)
    full = exchange(BF16)
    copies = elements * BF16 * model.experts_per_token * stride
    tensor = 2 * all_gather_time(copies, levels(tiers, stride, 1.0))
    return layers * (low + full), layers * (low + full), layers * tensor


def pipeline_time(model: Model, tiers: tuple[Tier, ...], plan: Plan, layout: Layout) -> Seconds:
    """Compute the time that one device sends one micro-batch between stages, before any overlap.

    Every chunk of layers on a device sends once forward and once backward.

    Parameters
    ----------
    model
        Shape of the transformer.
    tiers
        Networks above a device, as :func:`lindos.step.communication.reachable` returns them.
    plan
        Its virtual stages are read; the field may be an array.
    layout
        Layout of the job under ``plan``.

    Returns
    -------
    Seconds
        Zero without a pipeline.
    """
    stride = layout.tensor_parallel * layout.dense_group
    message = layout.sequence_tokens * model.hidden_size * BF16
    return 2 * plan.virtual_stages * neighbour_time(message, levels(tiers, layout.pipeline_parallel, stride))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """A part of the weights on one device, and the ranks with the same part."""

    params: Count
    linear: Count  # of these in linear layers
    group: Count
    shards: Count
    stride: Count


def weight_shards(model: Model, layout: Layout) -> tuple[Shard, ...]:
    """Count the weights of the mean device: those that all data-parallel ranks share, and those of its experts.

    Parameters
    ----------
    model
        Shape of the transformer.
    layout
        Layout of the job under a plan.

    Returns
    -------
    tuple of Shard
        One shard for a dense model, two with experts; sizes are numbers of parameters.
    """
    counts = weights(model)
    p, t = layout.pipeline_parallel, layout.tensor_parallel
    dense = (counts.split + counts.embedding + counts.head) / t + counts.replicated
    linear = counts.split / t + counts.replicated
    parts = [Shard(params=dense / p, linear=linear / p, group=layout.dense_group, shards=layout.dense_shards, stride=t)]
    if counts.expert:
        spread = layout.expert_parallel * layout.expert_tensor_parallel
        params = counts.expert / (p * spread)
        parts.append(
            Shard(params=params, linear=params, group=layout.expert_group, shards=layout.expert_shards, stride=spread)
        )
    return tuple(parts)


def data_parallel_time(
    job: Job, tiers: tuple[Tier, ...], plan: Plan, layout: Layout, assumptions: Assumptions
) -> Seconds:
    """Compute the time to reduce gradients and distribute parameters in one step, before any overlap.

    Without sharding, gradients are all-reduced. With sharding, gradients are reduce-scattered and parameters gathered.
    From ZeRO 2 on gradients are scattered in every micro-batch; under ZeRO 3 parameters are gathered for both passes of
    every micro-batch. If a smaller group of ranks shares one copy (HSDP), the shards are then all-reduced over the
    copies. The time is that of the mean stage; all stages are assumed to reduce at the same time.

    Parameters
    ----------
    job
        Model and precision.
    tiers
        Networks above a device, as :func:`lindos.step.communication.reachable` returns them.
    plan
        Its sharding is read; the field may be an array.
    layout
        Layout of ``job`` under ``plan``.
    assumptions
        Parameters of the catalogue: the bytes of one gradient.

    Returns
    -------
    Seconds
        Time of one step.
    """
    m = layout.num_micro_batches
    gradient_bytes = gradient_width(job.stack, assumptions)
    narrower = BF16 - gather_width(job)
    scatters = select(at_least(plan.sharding, Sharding.GRADIENTS) > 0, m, 1.0)
    gathers = select(at_least(plan.sharding, Sharding.PARAMETERS) > 0, 2.0 * m, 1.0)
    sharded = at_least(plan.sharding, Sharding.OPTIMIZER)
    trained = trained_share(job.model, job.adapter_rank)
    # Without sharded parameters only what the optimizer has changed is handed out.
    handed = select(at_least(plan.sharding, Sharding.PARAMETERS) > 0, 1.0, trained)
    total: Seconds = 0.0
    for part in weight_shards(job.model, layout):
        shards = 1 + sharded * (part.shards - 1)  # without sharding every rank has a whole copy
        gradients: Bytes = part.params * trained * gradient_bytes
        shard_levels = levels(tiers, shards, part.stride)
        copy_levels = levels(tiers, part.group / shards, part.stride * shards)
        total = (
            total
            + scatters * all_gather_time(gradients, shard_levels)
            + all_reduce_time(gradients / shards, copy_levels)
            + gathers * all_gather_time(_gathered(part, narrower) * handed, shard_levels)
        )
    return total


def gather_width(job: Job) -> Bytes:
    """Get the bytes of one weight of a linear layer that data-parallel ranks gather.

    Parameters
    ----------
    job
        Precision and software profile.
    """
    recipe = number_format(job.precision)
    return recipe.size if job.stack.low_precision_gather else recipe.gather_bytes


def _gathered(part: Shard, narrower: Real) -> Bytes:
    """Count the bytes of weights that ranks gather; those of linear layers are ``narrower`` than BF16 by some bytes."""
    return part.params * BF16 - part.linear * narrower if narrower else part.params * BF16


def optimizer_time(job: Job, plan: Plan, layout: Layout, rate: Rates) -> Seconds:
    """Compute the time of one optimizer pass over the states that a device owns; memory bandwidth bounds it.

    Parameters
    ----------
    job
        Model.
    plan
        Its sharding is read; the field may be an array.
    layout
        Layout of ``job`` under ``plan``.
    rate
        Attainable rates of a device.

    Returns
    -------
    Seconds
        Time of one step, without traffic to the host.
    """
    # Adam reads the gradient in FP32 and its states, and writes the states and a BF16 weight.
    moved = FP32 + 2 * job.state_bytes + BF16
    return owned_params(job, plan, layout) * moved / rate.memory + rate.launch


def owned_params(job: Job, plan: Plan, layout: Layout) -> Count:
    """Count the parameters whose optimizer states belong to the mean device.

    Parameters
    ----------
    job
        Model, precision and software profile.
    plan
        Its fields may be arrays.
    layout
        Layout of ``job`` under ``plan``.
    """
    shared = at_least(plan.sharding, Sharding.OPTIMIZER)
    owned: Real = 0.0
    for part in weight_shards(job.model, layout):
        owned = owned + part.params / (1 + shared * (part.shards - 1))
    return owned * trained_share(job.model, job.adapter_rank)
