"""The time of one optimiser step in closed form, part by part, for one plan or for arrays of candidates."""

from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Annotated, get_type_hints

from lindos.formulas.collectives import visible_time
from lindos.problem.cluster import Pool, Tier
from lindos.problem.job import Job
from lindos.problem.plan import SPLITS, Offload, Plan, Reader, Sharding, axes_read, readable
from lindos.quantities import (
    Count,
    Flop,
    FlopPerSecond,
    Fraction,
    Joules,
    Real,
    Seconds,
    Tokens,
    TokensPerSecond,
    Unit,
    Watts,
)
from lindos.results import Why
from lindos.step.activations import offloads
from lindos.step.assumptions import Assumptions, load_assumptions
from lindos.step.communication import reachable
from lindos.step.compute import Rates
from lindos.step.layout import Layout, at_least, lay_out, select
from lindos.step.micro_batch import MicroBatch, job_rates, micro_batch
from lindos.step.offload import offload_time
from lindos.step.passage import Passage, pipeline_passage, recomputed_flop
from lindos.step.tile_cache import Runs
from lindos.step.traffic import data_parallel_time, optimizer_time
from lindos.transformer.adapters import adapter_flops_per_token
from lindos.transformer.parameters import model_flops_per_token


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEstimate:
    """Where the time of one optimiser step goes on a mean device; the times are disjoint and add up to ``time``.

    Model FLOPs count causal attention half and exclude recomputation; hardware FLOPs include it.
    Energy is that of the devices alone at board power: hosts, network and cooling belong to the site.
    """

    matmul: Annotated[Seconds, Why("Matrix products of linear layers and vocabulary head, forward and backward")]
    attention: Annotated[Seconds, Why("Scores and weighted sums of attention, forward and backward")]
    elementwise: Annotated[Seconds, Why("Norms, activations, routing, loss and quantisation, bound by memory")]
    recompute: Annotated[Seconds, Why("Activations computed again, with the communication that repeats")]
    exposed_tensor_parallel: Annotated[
        Seconds, Why("Tensor-parallel collectives: what compute does not hide, and compute they slow")
    ]
    exposed_context_parallel: Annotated[
        Seconds, Why("Keys and values exchanged: what attention does not hide, and what they slow")
    ]
    exposed_expert_parallel: Annotated[
        Seconds, Why("Tokens sent to experts and back: what compute does not hide, and compute they slow")
    ]
    exposed_pipeline_parallel: Annotated[Seconds, Why("Activations sent between stages that compute does not hide")]
    exposed_data_parallel: Annotated[
        Seconds, Why("Gradients and parameters: what compute does not hide, and compute they slow")
    ]
    exposed_offload: Annotated[Seconds, Why("Traffic with the host's memory that compute does not hide")]
    exposed_host: Annotated[Seconds, Why("Devices waiting for the host to launch kernels")]
    pipeline_imbalance: Annotated[Seconds, Why("Waiting for the stage with the most layers")]
    pipeline_bubble: Annotated[Seconds, Why("Stages idle while the pipeline fills and drains")]
    optimizer: Annotated[Seconds, Why("Optimizer reads and writes its states")]
    tokens: Annotated[Tokens, Why("Tokens of the global batch")]
    model_flops: Annotated[Flop, Why("FLOP the model needs for the batch, causal attention counted half")]
    recomputed_flops: Annotated[Flop, Why("FLOP computed a second time")]
    num_devices: Annotated[Count, Why("Devices that work under the plan")]
    peak: Annotated[FlopPerSecond, Why("Dense peak of one device in the precision of the job")]
    peak_bf16: Annotated[FlopPerSecond, Why("Dense BF16 peak of one device")]
    board_power: Annotated[Watts | None, Why("Board power of one device")]

    @property
    def time(self) -> Seconds:
        """Wall-clock time of one optimiser step."""
        total: Seconds = reduce(add, (getattr(self, name) for name in TIMES))
        return total

    @property
    def tokens_per_second(self) -> TokensPerSecond:
        """Tokens trained on per second by all devices of the plan."""
        return self.tokens / self.time

    @property
    def hardware_flops(self) -> Flop:
        """FLOP that the devices compute, including recomputation."""
        return self.model_flops + self.recomputed_flops

    @property
    def mfu(self) -> Fraction:
        """Model FLOPs over the dense peak in the precision of the job."""
        return self.model_flops / (self.time * self.num_devices * self.peak)

    @property
    def mfu_bf16(self) -> Fraction:
        """Model FLOPs over the dense BF16 peak, for any precision of the job."""
        return self.model_flops / (self.time * self.num_devices * self.peak_bf16)

    @property
    def hfu(self) -> Fraction:
        """Hardware FLOPs over the dense peak in the precision of the job."""
        return self.hardware_flops / (self.time * self.num_devices * self.peak)

    @property
    def energy(self) -> Joules | None:
        """Energy of the devices alone, at board power for the whole step; None where board power is unknown."""
        return None if self.board_power is None else self.time * self.num_devices * self.board_power


def job_flops_per_token(job: Job) -> Real:
    """Count the FLOP that training on one token needs; frozen weights have no gradients of their own.

    Parameters
    ----------
    job
        Model, sequence length and adapters.
    """
    if job.adapter_rank:
        return adapter_flops_per_token(job.model, job.sequence_length, job.adapter_rank)
    return model_flops_per_token(job.model, job.sequence_length)


#: Disjoint parts of the time of a step, in the order in which they are shown.
TIMES = tuple(
    name
    for name, hint in get_type_hints(StepEstimate, include_extras=True).items()
    if Unit("s") in getattr(hint, "__metadata__", ())
)


def estimate(
    job: Job,
    pool: Pool,
    plan: Plan,
    *,
    global_batch_size: Count,
    assumptions: Assumptions | None = None,
    micro: MicroBatch | None = None,
) -> StepEstimate:
    """Estimate the time of one optimiser step.

    Parameters
    ----------
    job
        Model, sequence length, precision and software profile.
    pool
        Equal devices and the network above them; its numbers may be arrays of draws.
    plan
        How the step is spread; its fields may be arrays of candidates. The function does not check that a plan fits
        memory or divides the model.
    global_batch_size
        Sequences of one optimiser step.
    assumptions
        Parameters of the catalogue; those that Lindos ships by default.
    micro
        One micro-batch of every plan, if the caller has evaluated it already.

    Returns
    -------
    StepEstimate
        Numbers, or arrays of the shape that plan and pool broadcast to.

    Raises
    ------
    UnknownValueError
        If a number that the estimate needs is unknown, such as the FP8 peak of a device without FP8.
    """
    assumptions = assumptions or load_assumptions()
    tiers, rate, layout = (
        reachable(pool.tiers),
        job_rates(job, pool, assumptions),
        lay_out(job, plan, global_batch_size),
    )
    micro = micro or shared_micro_batch(job, pool, plan, layout, rate, assumptions)
    passage = pipeline_passage(job, tiers, plan, layout, micro)
    exchange, optimizer = exchange_times(job, tiers, plan, layout, rate, assumptions)
    p, m = plan.pipeline_parallel, layout.num_micro_batches
    tokens = global_batch_size * job.sequence_length
    device = pool.accelerator
    per_stage = m / p
    return StepEstimate(
        matmul=per_stage * (micro.matmul.forward + micro.matmul.backward),
        attention=per_stage * (micro.attention.forward + micro.attention.backward),
        elementwise=per_stage * (micro.elementwise.forward + micro.elementwise.backward),
        recompute=per_stage * passage.recompute,
        exposed_tensor_parallel=per_stage * (micro.tensor.forward + micro.tensor.backward),
        exposed_context_parallel=per_stage * (micro.context.forward + micro.context.backward),
        exposed_expert_parallel=per_stage * (passage.expert.forward + passage.expert.backward),
        exposed_pipeline_parallel=m * passage.sends,
        exposed_data_parallel=_visible_exchange(job, plan, m, _pace(plan, passage), exchange, assumptions),
        exposed_offload=offload_time(job, pool, plan, layout, passage, assumptions),
        exposed_host=per_stage * (micro.host.forward + micro.host.backward),
        pipeline_imbalance=m * passage.excess,
        pipeline_bubble=passage.bubble,
        optimizer=optimizer * (1.0 - offloads(plan, Offload.OPTIMIZER)) + assumptions.step_overhead.value,
        tokens=tokens,
        model_flops=tokens * job_flops_per_token(job),
        recomputed_flops=tokens * recomputed_flop(job, plan),
        num_devices=plan.num_devices,
        peak=device.peak(job.precision).value,
        peak_bf16=device.peak_bf16.value,
        board_power=device.board_power.value if device.board_power.is_known else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Times of a plan that are equal under every sharding, in seconds."""

    micro_batch: Seconds  # on the fullest stage, with its sends
    bubble: Seconds  # idle time of a stage in a whole step


def _pace(plan: Plan, passage: Passage) -> Pace:
    stage = (passage.forward + passage.backward) / plan.pipeline_parallel
    return Pace(micro_batch=stage + passage.sends + passage.excess, bubble=passage.bubble)


def pace_of_plans(
    job: Job,
    pool: Pool,
    plan: Plan,
    *,
    global_batch_size: Count,
    assumptions: Assumptions,
    micro: MicroBatch | None = None,
) -> Pace:
    """Compute the times of plans that are equal under every sharding.

    Parameters
    ----------
    job
        Model, sequence length, precision and software profile.
    pool
        Equal devices and the network above them.
    plan
        Its fields may be arrays of candidates; sharding is not read.
    global_batch_size
        Sequences of one optimiser step.
    assumptions
        Parameters of the catalogue.
    micro
        One micro-batch of every plan, if the caller has evaluated it already.
    """
    layout = lay_out(job, plan, global_batch_size)
    micro = micro or shared_micro_batch(job, pool, plan, layout, job_rates(job, pool, assumptions), assumptions)
    return _pace(plan, pipeline_passage(job, reachable(pool.tiers), plan, layout, micro))


def least_time(job: Job, plan: Plan, pace: Pace, *, global_batch_size: Count, assumptions: Assumptions) -> Seconds:
    """Compute a lower bound on the step time under any sharding.

    The bound is the step without exchange between replicas, offload and the optimizer. Each of these parts adds time to
    a step and shortens no other part.

    Parameters
    ----------
    job
        Sequence length.
    plan
        Its fields may be arrays of candidates.
    pace
        Times of the plan.
    global_batch_size
        Sequences of one optimiser step.
    assumptions
        Parameters of the catalogue.

    Returns
    -------
    Seconds
        The bound, of the shape of the plan.
    """
    m = lay_out(job, plan, global_batch_size).num_micro_batches
    return m * pace.micro_batch + pace.bubble + assumptions.step_overhead.value


def sharded_time(
    job: Job, pool: Pool, plan: Plan, pace: Pace, *, global_batch_size: Count, assumptions: Assumptions
) -> Seconds:
    """Compute the step time under the sharding of the plan, without offload.

    This is the time of :func:`estimate` up to rounding, without its parts; with offload it is a lower bound.

    Parameters
    ----------
    job
        Model, sequence length, precision and software profile.
    pool
        Equal devices and the network above them.
    plan
        Its fields may be arrays of candidates.
    pace
        Times of the plan.
    global_batch_size
        Sequences of one optimiser step.
    assumptions
        Parameters of the catalogue.

    Returns
    -------
    Seconds
        The time, of the shape of the plan.
    """
    tiers, rate, layout = (
        reachable(pool.tiers),
        job_rates(job, pool, assumptions),
        lay_out(job, plan, global_batch_size),
    )
    exchange, optimizer = exchange_times(job, tiers, plan, layout, rate, assumptions)
    visible = _visible_exchange(job, plan, layout.num_micro_batches, pace, exchange, assumptions)
    least = least_time(job, plan, pace, global_batch_size=global_batch_size, assumptions=assumptions)
    return least + visible + optimizer * (1.0 - offloads(plan, Offload.OPTIMIZER))


def _visible_exchange(
    job: Job, plan: Plan, micro_batches: Count, pace: Pace, exchange: Seconds, assumptions: Assumptions
) -> Seconds:
    """Compute the time that the exchange between data-parallel ranks adds to a step."""
    # The exchange of whole gradients overlaps with the last micro-batch alone, that of sharded ones with all of them.
    hiding = select(
        at_least(plan.sharding, Sharding.GRADIENTS) > 0,
        micro_batches * pace.micro_batch + pace.bubble,
        pace.micro_batch,
    )
    overlap = job.stack.overlap_data_parallel.value
    return visible_time(exchange, hiding, overlap, assumptions.contention_share.value)


def shared_micro_batch(
    job: Job, pool: Pool, plan: Plan, layout: Layout, rate: Rates, assumptions: Assumptions
) -> MicroBatch:
    """Evaluate one micro-batch of every plan, once for neighbours with equal splits of layers.

    Parameters
    ----------
    job
        Model, sequence length, precision and software profile.
    pool
        Equal devices and the network above them.
    plan
        Its fields may be arrays of candidates.
    layout
        Layout of ``job`` under ``plan``.
    rate
        Attainable rates of a device.
    assumptions
        Parameters of the catalogue.
    """
    runs = Runs([getattr(plan, name) for name in SPLITS])
    return runs.spread(micro_batch(job, pool, runs.first(plan), runs.first(layout), rate, assumptions))


def exchange_times(
    job: Job, tiers: tuple[Tier, ...], plan: Plan, layout: Layout, rate: Rates, assumptions: Assumptions
) -> tuple[Seconds, Seconds]:
    """Compute the exchange between data-parallel ranks in a step, before any overlap, and the pass of the optimizer.

    Parameters
    ----------
    job
        Model, sequence length, precision and software profile.
    tiers
        Networks above a device, as :func:`lindos.step.communication.reachable` returns them.
    plan
        Its fields may be arrays of candidates.
    layout
        Layout of ``job`` under ``plan``.
    rate
        Attainable rates of a device.
    assumptions
        Parameters of the catalogue.

    Returns
    -------
    tuple of Seconds
        Exchange, optimizer.
    """
    runs = Runs([*(getattr(plan, name) for name in axes_read(Reader.EXCHANGE)), layout.num_micro_batches])
    distinct, layout = runs.first(readable(plan, Reader.EXCHANGE)), runs.first(layout)
    exchange = data_parallel_time(job, tiers, distinct, layout, assumptions)
    return runs.spread(exchange), runs.spread(optimizer_time(job, distinct, layout, rate))
