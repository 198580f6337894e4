"""The time of one optimiser step in closed form, part by part, for one plan or for arrays of candidates."""

from dataclasses import dataclass, fields
from typing import Annotated

from lindos.formulas import pipeline
from lindos.formulas.collectives import exposed_time, visible_time
from lindos.problem.cluster import Pool
from lindos.problem.job import Job
from lindos.problem.plan import Plan, Recompute, Schedule, Sharding
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
    Watts,
)
from lindos.results import Why
from lindos.step.assumptions import Assumptions, assumptions
from lindos.step.communication import reachable
from lindos.step.compute import Rates
from lindos.step.layout import Layout, at_least, layout, slowest_stage_excess, where
from lindos.step.micro_batch import SPLITS, MicroBatch, Passes, job_operators, job_rates, micro_batch, total
from lindos.step.tile_cache import Runs
from lindos.step.traffic import data_parallel_time, optimizer_time, pipeline_time
from lindos.transformer.operators import Kind, Place
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
        return (
            self.matmul
            + self.attention
            + self.elementwise
            + self.recompute
            + self.exposed_tensor_parallel
            + self.exposed_context_parallel
            + self.exposed_expert_parallel
            + self.exposed_pipeline_parallel
            + self.exposed_data_parallel
            + self.pipeline_imbalance
            + self.pipeline_bubble
            + self.optimizer
        )

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


def estimate(
    job: Job,
    pool: Pool,
    plan: Plan,
    *,
    global_batch_size: Count,
    given: Assumptions | None = None,
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
    given
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
    book = given or assumptions()
    return _Step(job, pool, plan, global_batch_size, book, micro).estimate(global_batch_size)


#: Fields of a plan that the exchange between data-parallel ranks does not depend on.
_NOT_EXCHANGED = ("virtual_stages", "recompute", "schedule")


def least_time(
    job: Job,
    pool: Pool,
    plan: Plan,
    *,
    global_batch_size: Count,
    given: Assumptions,
    micro: MicroBatch | None = None,
) -> Seconds:
    """A time that ``plan`` beats under no sharding: its step with nothing sent between stages or replicas.

    Every part of a step that is left out here adds time, and no part that is counted shrinks with it.
    """
    return _Step(job, pool, plan, global_batch_size, given, micro).least()


class _Step:
    """One estimate under way: what its parts share."""

    def __init__(
        self, job: Job, pool: Pool, plan: Plan, batch: Count, given: Assumptions, micro: MicroBatch | None
    ) -> None:
        self.job, self.pool, self.plan, self.given = job, pool, plan, given
        self.tiers = reachable(pool.tiers)
        self.rate: Rates = job_rates(job, pool, given)
        self.at: Layout = layout(job, plan, batch)
        self.micro: MicroBatch = micro or self.of_runs()

    def of_runs(self) -> MicroBatch:
        """One micro-batch of every plan; neighbours that split layers alike share it."""
        runs = Runs([getattr(self.plan, name) for name in SPLITS])
        return runs.spread(
            micro_batch(self.job, self.pool, runs.first(self.plan), runs.first(self.at), self.rate, self.given)
        )

    def estimate(self, batch: Count) -> StepEstimate:
        """Put the parts together."""
        plan, micro, p, m = self.plan, self.micro, self.plan.pipeline_parallel, self.at.num_micro_batches
        expert = self.expert()
        again = self.again(expert)
        forward, backward = self.passes(expert)
        backward = backward + again
        sends = self.sends(forward + backward)
        excess = self.excess(forward + backward)
        bubble = self.bubble(forward, backward, sends)
        # Stages that accumulate whole gradients hide only behind the last micro-batch; sharded ones behind the step.
        once = (forward + backward) / p + sends + excess
        hiding = where(at_least(plan.sharding, Sharding.GRADIENTS) > 0, m * once + bubble, once)
        exchange, optimizer = self.exchange()
        overlap = self.job.stack.overlap_data_parallel.value
        tokens = batch * self.job.sequence_length
        power = self.pool.accelerator.board_power
        each = m / p
        return StepEstimate(
            matmul=each * (micro.matmul.forward + micro.matmul.backward),
            attention=each * (micro.attention.forward + micro.attention.backward),
            elementwise=each * (micro.other.forward + micro.other.backward),
            recompute=each * again,
            exposed_tensor_parallel=each * (micro.tensor.forward + micro.tensor.backward),
            exposed_context_parallel=each * (micro.context.forward + micro.context.backward),
            exposed_expert_parallel=each * (expert.forward + expert.backward),
            exposed_pipeline_parallel=m * sends,
            exposed_data_parallel=visible_time(exchange, hiding, overlap, self.given.contention_share.value),
            pipeline_imbalance=m * excess,
            pipeline_bubble=bubble,
            optimizer=optimizer + self.given.step_overhead.value,
            tokens=tokens,
            model_flops=tokens * model_flops_per_token(self.job.model, self.job.sequence_length),
            recomputed_flops=tokens * self.recomputed_flop(),
            num_devices=plan.num_devices,
            peak=self.pool.accelerator.peak(self.job.precision).value,
            peak_bf16=self.pool.accelerator.peak_bf16.value,
            board_power=power.value if power.known else None,
        )

    def least(self) -> Seconds:
        """Passes of all micro-batches, imbalance and bubble."""
        expert = self.expert()
        forward, backward = self.passes(expert)
        backward = backward + self.again(expert)
        each = (forward + backward) / self.plan.pipeline_parallel + self.excess(forward + backward)
        bubble = self.bubble(forward, backward, 0.0)
        return self.at.num_micro_batches * each + bubble + self.given.step_overhead.value

    def again(self, expert: Passes) -> Seconds:
        """Forward work that the backward pass repeats."""
        return self.by_recompute(self.micro.attention.forward, self.micro.layers + expert.forward)

    def expert(self) -> Passes:
        """Expert traffic that stays visible: DualPipe hides more of it."""
        micro = self.micro
        if not self.job.model.num_experts:
            return micro.expert
        dual = self.plan.schedule == int(Schedule.DUAL_PIPE)
        return Passes(
            where(dual, micro.expert_dual.forward, micro.expert.forward),
            where(dual, micro.expert_dual.backward, micro.expert.backward),
        )

    def passes(self, expert: Passes) -> tuple[Seconds, Seconds]:
        """Forward and backward pass of one micro-batch with its visible traffic, nothing recomputed."""
        parts = (self.micro.matmul, self.micro.attention, self.micro.other, self.micro.tensor, self.micro.context)
        return (
            total(part.forward for part in parts) + expert.forward,
            total(part.backward for part in parts) + expert.backward,
        )

    def exchange(self) -> tuple[Seconds, Seconds]:
        """What data-parallel ranks send each other in a step, and the pass of the optimizer."""
        shared = [getattr(self.plan, field.name) for field in fields(Plan) if field.name not in _NOT_EXCHANGED]
        runs = Runs([*shared, self.at.num_micro_batches])
        plan, at = runs.first(self.plan), runs.first(self.at)
        sent = data_parallel_time(self.job, self.tiers, plan, at, self.given)
        own = optimizer_time(self.job, plan, at, self.rate)
        return runs.spread(sent), runs.spread(own)

    def recomputed_flop(self) -> Real:
        """FLOP per token that the backward pass repeats."""
        table = job_operators(self.job)
        layers = sum(row.forward_flop for row in table if row.place is Place.LAYER)
        return self.by_recompute(sum(row.forward_flop for row in table if row.kind is Kind.ATTENTION), layers)

    def by_recompute(self, selective: Real, full: Real) -> Real:
        """Zero, ``selective`` or ``full`` as the plan says."""
        code = self.plan.recompute
        some = where(code == int(Recompute.SELECTIVE), selective, 0.0)
        chosen: Real = where(code == int(Recompute.FULL), full, some)
        return chosen

    def sends(self, whole: Seconds) -> Seconds:
        """Visible time of the sends of one micro-batch between stages, over all chunks of a device."""
        p = self.plan.pipeline_parallel
        sent = pipeline_time(self.job.model, self.tiers, self.plan, self.at)
        return exposed_time(sent, whole / p, self.job.stack.overlap_pipeline_parallel.value)

    def excess(self, whole: Seconds) -> Seconds:
        """Seconds a micro-batch waits for the fullest stage."""
        model, last = self.job.model, self.micro.last
        return slowest_stage_excess(self.plan, whole - last, last, model.num_layers + model.num_mtp_layers)

    def bubble(self, forward: Seconds, backward: Seconds, sends: Seconds) -> Seconds:
        """Idle time of the plan's schedule, by the passes of the whole model and the sends of a stage."""
        plan, all_weight = self.plan, self.micro.weight
        p, v = plan.pipeline_parallel, plan.virtual_stages
        forward, inputs, weight = forward / p + sends / 2, (backward - all_weight) / p + sends / 2, all_weight / p
        plain = pipeline.one_f_one_b_bubble_time(forward, inputs + weight, p, v)
        zero = pipeline.zero_bubble_time(forward, inputs, weight, p)
        dual = pipeline.dual_pipe_bubble_time(forward, inputs, weight, p)
        idle: Seconds = where(
            plan.schedule == int(Schedule.DUAL_PIPE),
            dual,
            where(plan.schedule == int(Schedule.ZERO_BUBBLE), zero, plain),
        )
        return idle
