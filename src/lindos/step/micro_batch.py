"""One micro-batch through the whole model: its kernels, and the collectives inside its layers.

All of it follows from how layers are split: tensor, context and expert degrees and the size of a micro-batch. Pipeline,
schedule, recomputation and data-parallel ranks come on top of it in :mod:`lindos.step.estimate`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from lindos.catalog.records import Stack
from lindos.formats import number_format
from lindos.formulas.collectives import visible_time
from lindos.problem.cluster import Pool
from lindos.problem.job import Job
from lindos.problem.plan import Plan, Reader, readable
from lindos.quantities import Fraction, Real, Seconds, namespace
from lindos.step.assumptions import Assumptions
from lindos.step.communication import reachable
from lindos.step.compute import OperatorTime, Rates, operator_times, rates
from lindos.step.layout import Layout
from lindos.step.traffic import layer_traffic
from lindos.step.unfused_attention import unfused_attention
from lindos.transformer.operators import Kind, Operator, Place, Role
from lindos.transformer.table import operators


@dataclass(frozen=True, slots=True)
class Passes:
    """Seconds of one micro-batch on all layers, forward and backward."""

    forward: Seconds
    backward: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class MicroBatch:
    """Seconds of one micro-batch over all layers, as if one group of tensor- and context-parallel ranks held them."""

    matmul: Passes
    weight: Seconds  # gradients of weights, part of the backward pass of matmul
    attention: Passes
    other: Passes  # norms, activation functions, loss, quantisation
    tensor: Passes  # collectives: what compute does not hide
    context: Passes
    expert: Passes
    expert_dual: Passes  # under DualPipe
    layers: Seconds  # forward pass of the layers, which full recompute repeats; without expert exchange
    last: Seconds  # head and loss


def job_rates(job: Job, pool: Pool, assumptions: Assumptions) -> Rates:
    """What kernels of a pool's devices attain inside a step of ``job``."""
    recipe = number_format(job.precision)
    return rates(
        pool,
        job.precision,
        share=assumptions.kernel_share_in_step.value * job.stack.kernel_share.value,
        memory_share=assumptions.memory_share_in_step.value * job.stack.memory_share.value,
        bf16_share=assumptions.share(recipe.bf16_share) if recipe.bf16_share else None,
        low_share=assumptions.share(recipe.rate_share) if recipe.rate_share else 1.0,
    )


def job_operators(job: Job) -> tuple[Operator, ...]:
    """The operator table of ``job``, as its software computes it."""
    table = operators(job.model, sequence_length=job.sequence_length)
    if job.stack.experts_in_bf16:
        return tuple(replace(row, low_precision=False) if row.kind is Kind.GROUPED_GEMM else row for row in table)
    return table


def job_operator_times(job: Job, pool: Pool, at: Layout, rate: Rates, assumptions: Assumptions) -> list[OperatorTime]:
    """Time of every row of the table: attention at the software's own rate, experts with what each one costs."""
    rows = operator_times(job_operators(job), at, rate, load_imbalance(job, assumptions))
    return [_own_rate(row, job.stack, pool, at, rate, assumptions) for row in rows]


def load_imbalance(job: Job, assumptions: Assumptions) -> Fraction:
    """Load of the busiest expert rank over the mean."""
    return assumptions.expert_load_imbalance.value if job.model.num_experts else 1.0


def _own_rate(
    row: OperatorTime, stack: Stack, pool: Pool, at: Layout, rate: Rates, assumptions: Assumptions
) -> OperatorTime:
    kind = row.operator.kind
    if kind is Kind.ATTENTION:
        if not stack.fused_attention:
            return unfused_attention(row.operator, at, rate).at_rate(stack.attention_share.value)
        is_old = stack.attention_kernels == "ampere" and pool.accelerator.family != "ampere"
        kernels = assumptions.ampere_attention_share.value if is_old else 1.0
        return row.at_rate(stack.attention_share.value * kernels)
    if kind is Kind.GROUPED_GEMM:
        local = row.operator.num_matrices / at.expert_parallel
        return row.longer(row.operator.count * (stack.routing_time.value + local * stack.expert_time.value))
    return row


def micro_batch(job: Job, pool: Pool, plan: Plan, at: Layout, rate: Rates, assumptions: Assumptions) -> MicroBatch:
    """Evaluate the operator table and the collectives inside layers."""
    plan = readable(plan, Reader.LAYERS)
    rows = job_operator_times(job, pool, at, rate, assumptions)

    def of(*kinds: Kind) -> list[OperatorTime]:
        return [row for row in rows if row.operator.kind in kinds]

    matmul, attention = of(Kind.GEMM, Kind.GROUPED_GEMM), of(Kind.ATTENTION)
    other = of(Kind.ELEMENTWISE, Kind.EMBEDDING)
    weight = total(row.backward_weight for row in matmul)
    quantise = total(row.quantise for row in matmul)
    matmul_time = Passes(total(r.forward for r in matmul), total(r.backward_input for r in matmul) + weight)
    attention_time = Passes(total(r.forward for r in attention), total(r.backward_input for r in attention))
    other_time = Passes(
        total(r.forward for r in other) + quantise / 2, total(r.backward_input for r in other) + quantise / 2
    )
    busy = Passes(
        matmul_time.forward + attention_time.forward + other_time.forward,
        matmul_time.backward + attention_time.backward + other_time.backward,
    )
    tensor, context, expert, dual = _exposed(job, pool, plan, at, assumptions, matmul_time, attention_time, busy)
    layers = total(row.forward + row.quantise / 2 for row in rows if row.operator.place is Place.LAYER)
    head = [row for row in rows if row.operator.role is Role.HEAD]
    return MicroBatch(
        matmul=matmul_time,
        weight=weight,
        attention=attention_time,
        other=other_time,
        tensor=tensor,
        context=context,
        expert=expert,
        expert_dual=dual,
        layers=layers + tensor.forward + context.forward,
        last=total(row.forward + row.backward_input + row.backward_weight for row in head),
    )


def _exposed(
    job: Job,
    pool: Pool,
    plan: Plan,
    at: Layout,
    assumptions: Assumptions,
    matmul: Passes,
    attention: Passes,
    busy: Passes,
) -> tuple[Passes, Passes, Passes, Passes]:
    """Tensor, context and expert traffic that stays visible; the last also under DualPipe.

    Expert traffic hides behind compute and what the others left visible, so that no compute hides two transfers.
    """
    traffic = layer_traffic(job, reachable(pool.tiers), plan, at, job_operators(job), load_imbalance(job, assumptions))

    def visible(sent: Passes, behind: Passes, overlap: Fraction) -> Passes:
        share = assumptions.contention_share.value
        return Passes(
            visible_time(sent.forward, behind.forward, overlap, share),
            visible_time(sent.backward, behind.backward, overlap, share),
        )

    tensor = visible(
        Passes(traffic.tensor_forward, traffic.tensor_backward), matmul, job.stack.overlap_tensor_parallel.value
    )
    context = visible(
        Passes(traffic.context_forward, traffic.context_backward), attention, assumptions.context_parallel_overlap.value
    )
    behind = Passes(busy.forward + tensor.forward + context.forward, busy.backward + tensor.backward + context.backward)
    sent, usual = Passes(traffic.expert_forward, traffic.expert_backward), job.stack.overlap_expert_parallel.value
    expert = visible(sent, behind, usual)
    if not job.model.num_experts:
        return tensor, context, expert, expert
    dual = assumptions.dual_pipe_overlap.value
    return tensor, context, expert, visible(sent, behind, namespace(usual, dual).maximum(usual, dual))


def total(values: Iterable[Seconds]) -> Seconds:
    """Sum of numbers or arrays, zero of none."""
    found: Real = 0.0
    for value in values:
        found = found + value
    return found
