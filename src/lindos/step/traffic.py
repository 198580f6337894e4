"""What a plan sends: the collectives of one micro-batch, of one step, and the pass of the optimizer."""

from dataclasses import dataclass

from lindos.catalog.model import Model
from lindos.formats import BF16, number_format
from lindos.problem.cluster import Tier
from lindos.problem.job import Job
from lindos.problem.plan import Plan, Sharding
from lindos.quantities import Bytes, Count, Fraction, Real, Seconds, namespace
from lindos.step.assumptions import Assumptions
from lindos.step.communication import (
    all_gather_time,
    all_reduce_time,
    expert_exchange_time,
    gather_and_reduce_times,
    levels,
    neighbour_time,
)
from lindos.step.compute import Rates
from lindos.step.layout import Layout, at_least, where
from lindos.transformer.operators import Kind, Operator, Role, Split
from lindos.transformer.parameters import weights
from lindos.transformer.table import attention_dims, mean_kv_heads

#: Adam in mixed precision: reads gradient, weight and two moments in FP32, writes the last three and a BF16 weight.
OPTIMIZER_BYTES = 4 * 4 + 3 * 4 + BF16


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Collectives inside all layers of one micro-batch, before any overlap."""

    tensor_forward: Seconds
    tensor_backward: Seconds
    context_forward: Seconds
    context_backward: Seconds
    expert_forward: Seconds
    expert_backward: Seconds


def layer_traffic(
    job: Job, tiers: tuple[Tier, ...], plan: Plan, at: Layout, table: tuple[Operator, ...], imbalance: Fraction
) -> Traffic:
    """Collectives inside the layers of a micro-batch."""
    tensor = _tensor_traffic(job.model, tiers, plan, at, table)
    context = _context_traffic(job.model, tiers, at, table)
    expert = _expert_traffic(job, tiers, plan, at, table, imbalance)
    return Traffic(
        tensor_forward=tensor[0] + expert[2],
        tensor_backward=tensor[1] + expert[2],
        context_forward=context,
        context_backward=2 * context,
        expert_forward=expert[0],
        expert_backward=expert[1],
    )


def _tensor_traffic(
    model: Model, tiers: tuple[Tier, ...], plan: Plan, at: Layout, table: tuple[Operator, ...]
) -> tuple[Seconds, Seconds]:
    """A block that ends in a product split along its depth needs one gather and one scatter, or one all-reduce.

    Under sequence parallelism the backward pass gathers the block's input again for the gradient of its weights.
    """
    products = [row for row in table if row.kind is Kind.GEMM]
    blocks = sum(row.count for row in products if row.split is Split.DEPTH)
    blocks += sum(row.count for row in products if row.role is Role.HEAD)
    spread = levels(tiers, at.tensor_parallel, 1.0)
    message = at.tokens * model.hidden_size * BF16
    gather, reduce = gather_and_reduce_times(message, spread)
    split = plan.sequence_parallel > 0
    return blocks * where(split, 2 * gather, reduce), blocks * where(split, 3 * gather, reduce)


def _context_traffic(model: Model, tiers: tuple[Tier, ...], at: Layout, table: tuple[Operator, ...]) -> Seconds:
    """Keys and values of the whole sequence pass every rank; backward also returns their gradients."""
    xp = namespace(at.tokens, at.tensor_parallel, at.context_parallel)
    layers = sum(row.count for row in table if row.kind is Kind.ATTENTION)
    kv_heads = mean_kv_heads(model, model.num_layers, model.num_windowed_layers)
    heads = model.num_attention_heads if model.attention == "mla" else kv_heads
    local = xp.maximum(heads / at.tensor_parallel, 1.0)
    message = at.tokens * at.context_parallel * local * sum(attention_dims(model)) * BF16
    time: Seconds = layers * all_gather_time(message, levels(tiers, at.context_parallel, at.tensor_parallel))
    return time


def _expert_traffic(
    job: Job, tiers: tuple[Tier, ...], plan: Plan, at: Layout, table: tuple[Operator, ...], imbalance: Fraction
) -> tuple[Seconds, Seconds, Seconds]:
    """Dispatch and combine, forward and backward; last, gather and scatter inside expert tensor parallelism."""
    model = job.model
    layers = sum(row.count for row in table if row.kind is Kind.GROUPED_GEMM and row.expert_split is Split.COLUMNS)
    if not layers:
        return 0.0, 0.0, 0.0
    stride = at.expert_tensor_parallel
    spread = levels(tiers, at.expert_parallel, stride)
    elements = at.rank_tokens * model.hidden_size * where(at.expert_parallel > 1, imbalance, 1.0)

    def exchange(size: Bytes) -> Seconds:
        return expert_exchange_time(
            elements * size, model.experts_per_token, spread, model.num_expert_groups, model.expert_groups_per_token
        )

    # Results and gradients of results come back in BF16.
    low, full = exchange(number_format(job.precision).dispatch_bytes), exchange(BF16)
    copies = elements * BF16 * model.experts_per_token * stride
    inside = 2 * all_gather_time(copies, levels(tiers, stride, 1.0))
    return layers * (low + full), layers * (low + full), layers * inside


def pipeline_time(model: Model, tiers: tuple[Tier, ...], plan: Plan, at: Layout) -> Seconds:
    """Sends of one micro-batch between stages, for one device, before any overlap.

    One send forward and one backward for every chunk of layers that a device holds.
    """
    stride = at.tensor_parallel * at.dense_group
    message = at.sequence_tokens * model.hidden_size * BF16
    return 2 * plan.virtual_stages * neighbour_time(message, levels(tiers, at.pipeline_parallel, stride))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """Weights that one device holds, and the ranks that hold the same."""

    params: Count
    linear: Count  # of these in linear layers
    group: Count
    shards: Count
    stride: Count


def weight_shards(model: Model, at: Layout) -> tuple[Shard, ...]:
    """Weights of the mean device: those that data-parallel ranks share, and those of its experts."""
    held = weights(model)
    p, t = at.pipeline_parallel, at.tensor_parallel
    dense = (held.split + held.embedding + held.head) / t + held.replicated
    linear = held.split / t + held.replicated
    found = [Shard(params=dense / p, linear=linear / p, group=at.dense_group, shards=at.dense_shards, stride=t)]
    if held.expert:
        spread = at.expert_parallel * at.expert_tensor_parallel
        params = held.expert / (p * spread)
        found.append(Shard(params=params, linear=params, group=at.expert_group, shards=at.expert_shards, stride=spread))
    return tuple(found)


def data_parallel_time(job: Job, tiers: tuple[Tier, ...], plan: Plan, at: Layout, assumptions: Assumptions) -> Seconds:
    """Time to reduce gradients and hand out parameters in one step, before any overlap.

    Without sharding gradients are all-reduced. Sharded, they are scattered and parameters gathered; from ZeRO 2 on
    gradients are scattered every micro-batch, and under ZeRO 3 parameters are gathered for both its passes. Where a
    group of fewer ranks holds a whole copy (HSDP), its pieces are then all-reduced over the copies. The mean stage
    counts; its peers are taken to reduce at the same time.
    """
    m = at.num_micro_batches
    gradient_bytes = assumptions.gradient_bytes.value
    narrower = BF16 - number_format(job.precision).gather_bytes
    scatters = where(at_least(plan.sharding, Sharding.GRADIENTS) > 0, m, 1.0)
    gathers = where(at_least(plan.sharding, Sharding.PARAMETERS) > 0, 2.0 * m, 1.0)
    sharded = at_least(plan.sharding, Sharding.OPTIMIZER)
    total: Seconds = 0.0
    for part in weight_shards(job.model, at):
        shards = 1 + sharded * (part.shards - 1)  # unsharded, every rank holds a whole copy to all-reduce
        gradients: Bytes = part.params * gradient_bytes
        inside = levels(tiers, shards, part.stride)
        across = levels(tiers, part.group / shards, part.stride * shards)
        total = (
            total
            + scatters * all_gather_time(gradients, inside)
            + all_reduce_time(gradients / shards, across)
            + gathers * all_gather_time(_gathered(part, narrower), inside)
        )
    return total


def _gathered(part: Shard, narrower: float) -> Bytes:
    """Bytes of weights that data-parallel ranks gather, those of linear layers so much ``narrower`` than BF16."""
    return part.params * BF16 - part.linear * narrower if narrower else part.params * BF16


def optimizer_time(job: Job, plan: Plan, at: Layout, rate: Rates) -> Seconds:
    """One pass over the states that a device owns, bound by memory."""
    sharded = at_least(plan.sharding, Sharding.OPTIMIZER)
    owned: Real = 0.0
    for part in weight_shards(job.model, at):
        owned = owned + part.params / (1 + sharded * (part.shards - 1))
    return owned * OPTIMIZER_BYTES / rate.memory + rate.launch
