"""The time of one optimiser step in closed form, part by part, for one plan or for arrays of candidates."""

from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Annotated, get_type_hints

from lindos.formulas.collectives import visible_time
from lindos.problem.cluster import Pool, Tier
from lindos.problem.job import Job
from lindos.problem.plan import SPLITS, Plan, Reader, Sharding, axes_read, readable
from lindos.quantities import (
    Count,
    Flop,
    FlopPerSecond,
    Fraction,
    Joules,
    Seconds,
    Tokens,
    TokensPerSecond,
    Unit,
    Watts,
)
from lindos.results import Why
from lindos.step.assumptions import Assumptions, load_assumptions
from lindos.step.communication import reachable
from lindos.step.compute import Rates
from lindos.step.layout import Layout, at_least, layout, where
from lindos.step.micro_batch import MicroBatch, job_rates, micro_batch
from lindos.step.offload import offload_time
from lindos.step.passage import passage, recomputed_flop
from lindos.step.tile_cache import Runs
from lindos.step.traffic import data_parallel_time, optimizer_time
from lindos.transformer.parameters import model_flops_per_token


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEstimate:
    """Where the time of one optimiser step goes on a mean device; the times are disjoint and add up to ``time``.

    Model FLOPs count causal attention half and nothing that is recomputed; hardware FLOPs add what is recomputed.
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
    pipeline_imbalance: Annotated[Seconds, Why("Waiting for the stage that holds most layers")]
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
        whole: Seconds = reduce(add, (getattr(self, name) for name in TIMES))
        return whole

    @property
    def tokens_per_second(self) -> TokensPerSecond:
        """Tokens trained on per second by all devices of the plan."""
        return self.tokens / self.time

    @property
    def hardware_flops(self) -> Flop:
        """FLOP the devices compute, what is recomputed included."""
        return self.model_flops + self.recomputed_flops

    @property
    def mfu(self) -> Fraction:
        """Model FLOPs over the dense peak in the precision of the job."""
        return self.model_flops / (self.time * self.num_devices * self.peak)

    @property
    def mfu_bf16(self) -> Fraction:
        """Model FLOPs over the dense BF16 peak, whatever the precision of the job."""
        return self.model_flops / (self.time * self.num_devices * self.peak_bf16)

    @property
    def hfu(self) -> Fraction:
        """Hardware FLOPs, what is recomputed included, over the dense peak in the precision of the job."""
        return self.hardware_flops / (self.time * self.num_devices * self.peak)

    @property
    def energy(self) -> Joules | None:
        """Energy of the devices alone, at board power for the whole step; None where board power is unknown."""
        return None if self.board_power is None else self.time * self.num_devices * self.board_power


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
    """Time of one optimiser step of ``job`` on ``pool`` under ``plan``.

    Parameters
    ----------
    job
        Model, sequence length, precision and software profile.
    pool
        Equal devices and the network above them; its numbers may be arrays of draws.
    plan
        How the step is spread; its fields may be arrays of candidates. Whether a plan fits memory or divides the model
        is not asked here.
    global_batch_size
        Sequences of one optimiser step.
    assumptions
        Parameters of the catalogue that the scenario uses; those that Lindos ships if not given.
    micro
        One micro-batch of every plan, where it is known already.

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
    tiers, rate, at = reachable(pool.tiers), job_rates(job, pool, assumptions), layout(job, plan, global_batch_size)
    micro = micro or shared_micro_batch(job, pool, plan, at, rate, assumptions)
    passed = passage(job, tiers, plan, at, micro)
    exchange, optimizer = exchange_times(job, tiers, plan, at, rate, assumptions)
    p, m = plan.pipeline_parallel, at.num_micro_batches
    # Stages that accumulate whole gradients hide only behind the last micro-batch; sharded ones behind the step.
    once = (passed.forward + passed.backward) / p + passed.sends + passed.excess
    hiding = where(at_least(plan.sharding, Sharding.GRADIENTS) > 0, m * once + passed.bubble, once)
    overlap = job.stack.overlap_data_parallel.value
    tokens = global_batch_size * job.sequence_length
    device = pool.accelerator
    per_stage = m / p
    return StepEstimate(
        matmul=per_stage * (micro.matmul.forward + micro.matmul.backward),
        attention=per_stage * (micro.attention.forward + micro.attention.backward),
        elementwise=per_stage * (micro.other.forward + micro.other.backward),
        recompute=per_stage * passed.recompute,
        exposed_tensor_parallel=per_stage * (micro.tensor.forward + micro.tensor.backward),
        exposed_context_parallel=per_stage * (micro.context.forward + micro.context.backward),
        exposed_expert_parallel=per_stage * (passed.expert.forward + passed.expert.backward),
        exposed_pipeline_parallel=m * passed.sends,
        exposed_data_parallel=visible_time(exchange, hiding, overlap, assumptions.contention_share.value),
        exposed_offload=offload_time(job, pool, plan, at, passed, assumptions),
        pipeline_imbalance=m * passed.excess,
        pipeline_bubble=passed.bubble,
        optimizer=optimizer + assumptions.step_overhead.value,
        tokens=tokens,
        model_flops=tokens * model_flops_per_token(job.model, job.sequence_length),
        recomputed_flops=tokens * recomputed_flop(job, plan),
        num_devices=plan.num_devices,
        peak=device.peak(job.precision).value,
        peak_bf16=device.peak_bf16.value,
        board_power=device.board_power.value if device.board_power.is_known else None,
    )


def least_time(
    job: Job,
    pool: Pool,
    plan: Plan,
    *,
    global_batch_size: Count,
    assumptions: Assumptions,
    micro: MicroBatch | None = None,
) -> Seconds:
    """Lower bound on the step time under any sharding: the step without sends between stages or replicas.

    Every part of a step that is left out here adds time, and no part that is counted shrinks with it.
    """
    tiers, at = reachable(pool.tiers), layout(job, plan, global_batch_size)
    micro = micro or shared_micro_batch(job, pool, plan, at, job_rates(job, pool, assumptions), assumptions)
    passed = passage(job, tiers, plan, at, micro, has_sends=False)
    once = (passed.forward + passed.backward) / plan.pipeline_parallel + passed.excess
    return at.num_micro_batches * once + passed.bubble + assumptions.step_overhead.value


def shared_micro_batch(
    job: Job, pool: Pool, plan: Plan, at: Layout, rate: Rates, assumptions: Assumptions
) -> MicroBatch:
    """One micro-batch of every plan; neighbours that split layers alike share it."""
    runs = Runs([getattr(plan, name) for name in SPLITS])
    return runs.spread(micro_batch(job, pool, runs.first(plan), runs.first(at), rate, assumptions))


def exchange_times(
    job: Job, tiers: tuple[Tier, ...], plan: Plan, at: Layout, rate: Rates, assumptions: Assumptions
) -> tuple[Seconds, Seconds]:
    """Exchange between data-parallel ranks in a step before any overlap, and the pass of the optimizer."""
    runs = Runs([*(getattr(plan, name) for name in axes_read(Reader.EXCHANGE)), at.num_micro_batches])
    few, at = runs.first(readable(plan, Reader.EXCHANGE)), runs.first(at)
    sent = data_parallel_time(job, tiers, few, at, assumptions)
    return runs.spread(sent), runs.spread(optimizer_time(job, few, at, rate))
