"""One micro-batch through the whole model: its kernels, and the collectives inside its layers.

These times follow from the split of layers: tensor, context and expert degrees and the size of a micro-batch.
:mod:`lindos.step.estimate` adds the pipeline, its schedule, recomputation and data-parallel ranks.
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
from lindos.step.attention_kernels import attention_time, scan_share
from lindos.step.clocks import flop_energy, share_in_step
from lindos.step.communication import reachable
from lindos.step.compute import OperatorTime, Rates, operator_times, rates
from lindos.step.experts import expert_row
from lindos.step.host import host_times, waiting
from lindos.step.layout import Layout
from lindos.step.selective import modules_of, repeated, repeated_in_full
from lindos.step.traffic import layer_traffic
from lindos.transformer.adapters import adapter_operators
from lindos.transformer.operators import Kind, Operator, Role
from lindos.transformer.table import has_scans, operators


@dataclass(frozen=True, slots=True)
class Passes:
    """Seconds of one micro-batch on all layers, forward and backward."""

    forward: Seconds
    backward: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class MicroBatch:
    """Times of one micro-batch over all layers on one group of tensor- and context-parallel ranks, in seconds."""

    matmul: Passes
    weight: Seconds  # gradients of weights; included in the backward pass of matmul
    attention: Passes
    elementwise: Passes  # norms, activation functions, loss, quantisation
    tensor: Passes  # collectives that compute does not hide, here and below
    context: Passes
    expert: Passes
    expert_dual: Passes  # under DualPipe
    host: Passes  # waiting for the host to launch kernels
    layers: Seconds  # forward pass of the layers, which full recomputation repeats; without expert exchange
    selective: Seconds  # forward pass that selective recomputation repeats; without expert exchange
    last: Seconds  # head and loss

    @property
    def parts(self) -> tuple[Passes, ...]:
        """Disjoint parts of both passes, without expert exchange."""
        return self.matmul, self.attention, self.elementwise, self.tensor, self.context, self.host


def job_rates(job: Job, pool: Pool, assumptions: Assumptions) -> Rates:
    """Compute the attainable rates of a pool's devices inside a step of a job.

    Parameters
    ----------
    job
        Precision and software profile.
    pool
        Equal devices with their kernels.
    assumptions
        Parameters of the catalogue.
    """
    recipe, family = number_format(job.precision), pool.accelerator.family
    return rates(
        pool,
        job.precision,
        share=share_in_step(family, job.stack, assumptions),
        energy=flop_energy(family, assumptions),
        memory_share=assumptions.memory_share_in_step.value * job.stack.memory_share.value,
        scan_share=scan_share(family, assumptions) if has_scans(job.model) else 1.0,
        bf16_share=assumptions.share(recipe.bf16_share) if recipe.bf16_share else None,
        low_share=assumptions.share(recipe.rate_share) if recipe.rate_share else 1.0,
    )


def job_operators(job: Job) -> tuple[Operator, ...]:
    """Get the operator table of a job, with the adapters that it trains.

    Parameters
    ----------
    job
        Model, sequence length and software profile.
    """
    table = operators(job.model, sequence_length=job.sequence_length)
    if job.adapter_rank:
        table = (*table, *adapter_operators(table, job.adapter_rank))
    if job.stack.low_precision_head:
        return tuple(replace(row, low_precision=True) if _is_head(row) else row for row in table)
    return table


def _is_head(row: Operator) -> bool:
    return row.role is Role.HEAD and row.kind is Kind.GEMM


def job_operator_times(
    job: Job, pool: Pool, layout: Layout, rate: Rates, assumptions: Assumptions
) -> list[OperatorTime]:
    """Compute the time of every row of the table, with the software's rate of attention and its overhead per expert.

    Parameters
    ----------
    job
        Model, sequence length, precision and software profile.
    pool
        Equal devices with their kernels.
    layout
        Layout of ``job`` under a plan.
    rate
        Attainable rates of a device.
    assumptions
        Parameters of the catalogue.
    """
    rows = operator_times(job_operators(job), layout, rate, load_imbalance(job, assumptions))
    if job.adapter_rank:
        rows = [row.frozen() for row in rows]
    return [_own_rate(row, job, pool, layout, rate, assumptions) for row in rows]


def load_imbalance(job: Job, assumptions: Assumptions) -> Fraction:
    """Get the load of the busiest expert rank over the mean load.

    Parameters
    ----------
    job
        Model.
    assumptions
        Parameters of the catalogue.
    """
    return assumptions.expert_load_imbalance.value if job.model.num_experts else 1.0


def _own_rate(
    row: OperatorTime, job: Job, pool: Pool, layout: Layout, rate: Rates, assumptions: Assumptions
) -> OperatorTime:
    kind, stack = row.operator.kind, job.stack
    if kind is Kind.ATTENTION:
        return attention_time(row, stack, pool.accelerator.family, layout, rate, assumptions)
    if kind is Kind.ELEMENTWISE and _is_eager(row.operator, job):
        row = row.at_rate(1 / assumptions.eager_traffic.value)
    if row.operator.role is Role.EXPERT:
        return expert_row(row, stack, job.precision)
    return row


def _unfused_quantisation(stack: Stack, assumptions: Assumptions) -> Fraction:
    """Get the share of quantisation that no other kernel carries; compilers fuse none of it, since it needs a scale."""
    return 1.0 if stack.compiled or not stack.fused_norms else assumptions.quantise_share.value


def _is_eager(row: Operator, job: Job) -> bool:
    """Tell whether an elementwise row runs one function after the other.

    PyTorch has single kernels for the norms and activation functions of models without gates.
    """
    if row.role is Role.HEAD:
        return job.stack.loss == "torch"
    fused = job.stack.fused_norms if row.role is Role.NORM else job.stack.fused_activations
    return job.model.gated and not fused


def micro_batch(job: Job, pool: Pool, plan: Plan, layout: Layout, rate: Rates, assumptions: Assumptions) -> MicroBatch:
    """Evaluate the operator table and the collectives inside layers.

    Parameters
    ----------
    job
        Model, sequence length, precision and software profile.
    pool
        Equal devices and the network above them.
    plan
        Its split of layers is read; fields may be arrays.
    layout
        Layout of ``job`` under ``plan``.
    rate
        Attainable rates of a device.
    assumptions
        Parameters of the catalogue.
    """
    plan = readable(plan, Reader.LAYERS)
    rows = job_operator_times(job, pool, layout, rate, assumptions)

    def rows_of(*kinds: Kind) -> list[OperatorTime]:
        return [row for row in rows if row.operator.kind in kinds]

    matmul, attention = rows_of(Kind.GEMM, Kind.GROUPED_GEMM), rows_of(Kind.ATTENTION, Kind.SCAN)
    elementwise = rows_of(Kind.ELEMENTWISE, Kind.EMBEDDING)
    modules = modules_of(job.stack.selective)
    weight = total(row.backward_weight for row in matmul)
    unfused = _unfused_quantisation(job.stack, assumptions)
    quantise = unfused * total(r.quantise for r in rows if r.operator.role is not Role.EXPERT)
    quantise = quantise + total(r.quantise for r in rows if r.operator.role is Role.EXPERT)
    matmul_time = Passes(total(r.forward for r in matmul), total(r.backward_input for r in matmul) + weight)
    attention_time = Passes(total(r.forward for r in attention), total(r.backward_input for r in attention))
    elementwise_time = Passes(
        total(r.forward for r in elementwise) + quantise / 2,
        total(r.backward_input for r in elementwise) + quantise / 2,
    )
    busy = Passes(
        matmul_time.forward + attention_time.forward + elementwise_time.forward,
        matmul_time.backward + attention_time.backward + elementwise_time.backward,
    )
    tensor, context, expert, dual = _exposed(job, pool, plan, layout, assumptions, matmul_time, attention_time, busy)
    forward, backward = host_times(job.stack, job_operators(job), layout, assumptions)
    host = Passes(
        waiting(busy.forward + tensor.forward + context.forward + expert.forward, forward),
        waiting(busy.backward + tensor.backward + context.backward + expert.backward, backward),
    )
    stops = job.stack.stops_early
    layers = total(r.forward + unfused / 2 * r.quantise for r in rows if repeated_in_full(r.operator, stops))
    head = [row for row in rows if row.operator.role is Role.HEAD]
    return MicroBatch(
        matmul=matmul_time,
        weight=weight,
        attention=attention_time,
        elementwise=elementwise_time,
        tensor=tensor,
        context=context,
        expert=expert,
        expert_dual=dual,
        host=host,
        selective=total(
            r.forward * share for r in rows if (share := repeated(r.operator, modules, job.stack.stops_early))
        ),
        layers=layers + tensor.forward + context.forward + host.forward,
        last=total(row.forward + row.backward_input + row.backward_weight for row in head),
    )


def _exposed(
    job: Job,
    pool: Pool,
    plan: Plan,
    layout: Layout,
    assumptions: Assumptions,
    matmul: Passes,
    attention: Passes,
    busy: Passes,
) -> tuple[Passes, Passes, Passes, Passes]:
    """Compute the tensor, context and expert traffic that compute does not hide; the last also under DualPipe.

    Expert traffic overlaps with compute and with the visible part of tensor and context traffic, so that no compute
    hides two transfers.
    """
    traffic = layer_traffic(
        job, reachable(pool.tiers), plan, layout, job_operators(job), load_imbalance(job, assumptions)
    )

    def visible(sent: Passes, hiding: Passes, overlap: Fraction) -> Passes:
        share = assumptions.contention_share.value
        return Passes(
            visible_time(sent.forward, hiding.forward, overlap, share),
            visible_time(sent.backward, hiding.backward, overlap, share),
        )

    tensor = visible(
        Passes(traffic.tensor_forward, traffic.tensor_backward), matmul, job.stack.overlap_tensor_parallel.value
    )
    context = visible(
        Passes(traffic.context_forward, traffic.context_backward), attention, assumptions.context_parallel_overlap.value
    )
    hiding = Passes(busy.forward + tensor.forward + context.forward, busy.backward + tensor.backward + context.backward)
    rate = 1.0 if job.stack.saturates_links else assumptions.exchange_share.value
    sent = Passes(traffic.expert_forward / rate, traffic.expert_backward / rate)
    usual = job.stack.overlap_expert_parallel.value
    if job.stack.overlaps_experts:
        usual = assumptions.expert_overlap.value
    expert = visible(sent, hiding, usual)
    if not job.model.num_experts:
        return tensor, context, expert, expert
    dual = assumptions.dual_pipe_overlap.value
    return tensor, context, expert, visible(sent, hiding, namespace(usual, dual).maximum(usual, dual))


def total(values: Iterable[Seconds]) -> Seconds:
    """Add up numbers or arrays.

    Parameters
    ----------
    values
        Times, in seconds.

    Returns
    -------
    Seconds
        Zero if there are no values.
    """
    accumulated: Real = 0.0
    for value in values:
        accumulated = accumulated + value
    return accumulated
