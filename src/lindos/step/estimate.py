"""The time of one optimiser step in closed form, part by part, for one plan or for arrays of candidates."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated

from lindos.formulas import pipeline
from lindos.formulas.collectives import exposed_time, visible_time
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
    namespace,
)
from lindos.results import Why
from lindos.scenario.cluster import Pool
from lindos.scenario.job import Job
from lindos.scenario.plan import Plan, Recompute, Schedule, Sharding
from lindos.step.assumptions import Assumptions, assumptions
from lindos.step.communication import reachable
from lindos.step.compute import OperatorTime, Rates, operator_times, rates
from lindos.step.layout import Layout, at_least, layout, slowest_stage_excess, where
from lindos.step.operators import Operator, model_flops_per_token, operators
from lindos.step.traffic import Traffic, data_parallel_time, optimizer_time, stage_traffic
from lindos.step.unfused import unfused_attention


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
    job: Job, pool: Pool, plan: Plan, *, global_batch_size: Count, given: Assumptions | None = None
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

    Returns
    -------
    StepEstimate
        Numbers, or arrays of the shape that plan and pool broadcast to.

    Raises
    ------
    UnknownValueError
        If a number that the estimate needs is unknown, such as the FP8 peak of a device without FP8.
    """
    return Step(job, pool, plan, global_batch_size, given or assumptions()).estimate()


@dataclass(frozen=True, slots=True)
class _Passes:
    """Seconds of one micro-batch on all layers, forward and backward."""

    forward: Seconds
    backward: Seconds


class Step:
    """One estimate under way: what its parts share."""

    def __init__(self, job: Job, pool: Pool, plan: Plan, batch: Count, given: Assumptions) -> None:
        """Evaluate the operator table and the collectives of a micro-batch."""
        self.job, self.pool, self.plan, self.batch, self.given = job, pool, plan, batch, given
        self.table: tuple[Operator, ...] = operators(job.model, sequence_length=job.sequence_length)
        if job.stack.experts_in_bf16:
            self.table = tuple(
                replace(row, low_precision=row.low_precision and row.kind != "grouped-gemm") for row in self.table
            )
        self.at: Layout = layout(job, plan, batch)
        self.rate: Rates = rates(
            pool,
            job.precision,
            share=given.kernel_share_in_step.value * job.stack.kernel_share.value,
            memory_share=given.memory_share_in_step.value * job.stack.memory_share.value,
            bf16_share=given.nvfp4_bf16_share.value if job.precision == "nvfp4" else 0.0,
        )
        imbalance = given.expert_load_imbalance.value if job.model.num_experts else 1.0
        self.rows: list[OperatorTime] = operator_times(self.table, self.at, self.rate, imbalance)
        self.rows = [self.own_rate(row) for row in self.rows]
        self.tiers = reachable(pool.tiers)
        self.traffic: Traffic = stage_traffic(job, self.tiers, plan, self.at, self.table, imbalance)

    def own_rate(self, row: OperatorTime) -> OperatorTime:
        """The row as the job's software computes it: attention at its own rate, experts with what each one costs."""
        stack, kind = self.job.stack, row.operator.kind
        if kind == "attention":
            if not stack.fused_attention:
                row = unfused_attention(row.operator, self.at, self.rate)
                return row.at_rate(stack.attention_share.value)
            is_old = stack.attention_kernels == "ampere" and self.pool.accelerator.family != "ampere"
            kernels = self.given.ampere_attention_share.value if is_old else 1.0
            return row.at_rate(stack.attention_share.value * kernels)
        if kind == "grouped-gemm":
            local = row.operator.num_matrices / self.at.expert_parallel
            return row.longer(row.operator.count * (stack.routing_time.value + local * stack.expert_time.value))
        return row

    def of(self, *kinds: str) -> list[OperatorTime]:
        """Rows of some kinds."""
        return [row for row in self.rows if row.operator.kind in kinds]

    def estimate(self) -> StepEstimate:
        """Put the parts together."""
        plan, p = self.plan, self.plan.pipeline_parallel
        matmul, attention = self.of("gemm", "grouped-gemm"), self.of("attention")
        other = self.of("elementwise", "embedding")
        weight = _sum(row.backward_weight for row in matmul)
        matmul_time = _Passes(_sum(r.forward for r in matmul), _sum(r.backward_input for r in matmul) + weight)
        attention_time = _Passes(_sum(r.forward for r in attention), _sum(r.backward_input for r in attention))
        quantise = _sum(row.quantise for row in matmul)
        other_time = _Passes(
            _sum(r.forward for r in other) + quantise / 2, _sum(r.backward_input for r in other) + quantise / 2
        )
        busy = _Passes(
            matmul_time.forward + attention_time.forward + other_time.forward,
            matmul_time.backward + attention_time.backward + other_time.backward,
        )
        tensor, context, expert = self.exposed(matmul_time, attention_time, busy)
        again = self.recomputed_time(attention_time, tensor, context, expert)
        forward = busy.forward + tensor.forward + context.forward + expert.forward
        backward = busy.backward + tensor.backward + context.backward + expert.backward + again
        sends = self.sends(forward + backward)
        excess = self.excess(forward + backward)
        bubble = self.bubble(forward / p + sends / 2, (backward - weight) / p + sends / 2, weight / p)
        m = self.at.num_micro_batches
        reduce_time = data_parallel_time(self.job, self.tiers, plan, self.at, self.given)
        # Stages that accumulate whole gradients hide only behind the last micro-batch; sharded ones behind the step.
        once = (forward + backward) / p + sends + excess
        hiding = where(at_least(plan.sharding, Sharding.GRADIENTS) > 0, m * once + bubble, once)
        overlap = self.job.stack.overlap_data_parallel.value
        tokens = self.batch * self.job.sequence_length
        power = self.pool.accelerator.board_power
        each = m / p
        return StepEstimate(
            matmul=each * (matmul_time.forward + matmul_time.backward),
            attention=each * (attention_time.forward + attention_time.backward),
            elementwise=each * (other_time.forward + other_time.backward),
            recompute=each * again,
            exposed_tensor_parallel=each * (tensor.forward + tensor.backward),
            exposed_context_parallel=each * (context.forward + context.backward),
            exposed_expert_parallel=each * (expert.forward + expert.backward),
            exposed_pipeline_parallel=m * sends,
            exposed_data_parallel=self.visible(reduce_time, hiding, overlap),
            pipeline_imbalance=m * excess,
            pipeline_bubble=bubble,
            optimizer=optimizer_time(self.job, plan, self.at, self.rate) + self.given.step_overhead.value,
            tokens=tokens,
            model_flops=tokens * model_flops_per_token(self.job.model, self.job.sequence_length),
            recomputed_flops=tokens * self.recomputed_flop(),
            num_devices=plan.num_devices,
            peak=self.pool.accelerator.peak(self.job.precision).value,
            peak_bf16=self.pool.accelerator.peak_bf16.value,
            board_power=power.value if power.known else None,
        )

    def exposed(self, matmul: _Passes, attention: _Passes, busy: _Passes) -> tuple[_Passes, _Passes, _Passes]:
        """Tensor, context and expert traffic that stays visible, over all layers and one micro-batch.

        The last hides behind compute and what the others left visible, so that no compute hides two transfers.
        """
        stack, traffic = self.job.stack, self.traffic
        share, ring = stack.overlap_tensor_parallel.value, self.given.context_parallel_overlap.value
        tensor = _Passes(
            self.visible(traffic.tensor_forward, matmul.forward, share),
            self.visible(traffic.tensor_backward, matmul.backward, share),
        )
        context = _Passes(
            self.visible(traffic.context_forward, attention.forward, ring),
            self.visible(traffic.context_backward, attention.backward, ring),
        )
        sent = self.expert_overlap()
        expert = _Passes(
            self.visible(traffic.expert_forward, busy.forward + tensor.forward + context.forward, sent),
            self.visible(traffic.expert_backward, busy.backward + tensor.backward + context.backward, sent),
        )
        return tensor, context, expert

    def visible(self, communication: Seconds, compute: Seconds, overlap: Fraction) -> Seconds:
        """What a collective adds to the step beside ``compute``."""
        return visible_time(communication, compute, overlap, self.given.contention_share.value)

    def expert_overlap(self) -> Fraction:
        """What the software hides, or DualPipe where the plan uses it."""
        xp = namespace(self.plan.schedule)
        usual = self.job.stack.overlap_expert_parallel.value
        if not self.job.model.num_experts:
            return usual
        dual = self.given.dual_pipe_overlap.value
        chosen: Fraction = where(self.plan.schedule == int(Schedule.DUAL_PIPE), xp.maximum(usual, dual), usual)
        return chosen

    def recomputed_time(self, attention: _Passes, tensor: _Passes, context: _Passes, expert: _Passes) -> Seconds:
        """Forward work that the backward pass repeats: the attention core, or all layers."""
        layers = _sum(row.forward + row.quantise / 2 for row in self.rows if row.operator.place == "layer")
        full = layers + tensor.forward + context.forward + expert.forward
        return self.by_recompute(attention.forward, full)

    def recomputed_flop(self) -> Real:
        """FLOP per token that the backward pass repeats."""
        layers = sum(row.forward_flop for row in self.table if row.place == "layer")
        return self.by_recompute(sum(row.forward_flop for row in self.table if row.kind == "attention"), layers)

    def by_recompute(self, selective: Real, full: Real) -> Real:
        """Zero, ``selective`` or ``full`` as the plan says."""
        code = self.plan.recompute
        some = where(code == int(Recompute.SELECTIVE), selective, 0.0)
        chosen: Real = where(code == int(Recompute.FULL), full, some)
        return chosen

    def sends(self, whole: Seconds) -> Seconds:
        """Visible time of the sends of one micro-batch between stages, over all chunks of a device."""
        p = self.plan.pipeline_parallel
        return exposed_time(
            self.traffic.pipeline,
            whole / p,
            self.job.stack.overlap_pipeline_parallel.value,
        )

    def excess(self, whole: Seconds) -> Seconds:
        """Seconds a micro-batch waits for the fullest stage."""
        model = self.job.model
        head = ("head", "mtp.head")
        last = _sum(
            r.forward + r.backward_input + r.backward_weight for r in self.rows if r.operator.name.startswith(head)
        )
        return slowest_stage_excess(self.plan, whole - last, last, model.num_layers + model.num_mtp_layers)

    def bubble(self, forward: Seconds, inputs: Seconds, weight: Seconds) -> Seconds:
        """Idle time of the plan's schedule."""
        plan = self.plan
        p, v = plan.pipeline_parallel, plan.virtual_stages
        plain = pipeline.one_f_one_b_bubble_time(forward, inputs + weight, p, v)
        zero = pipeline.zero_bubble_time(forward, inputs, weight, p)
        dual = pipeline.dual_pipe_bubble_time(forward, inputs, weight, p)
        idle: Seconds = where(
            plan.schedule == int(Schedule.DUAL_PIPE),
            dual,
            where(plan.schedule == int(Schedule.ZERO_BUBBLE), zero, plain),
        )
        return idle


def _sum(values: Iterable[Seconds]) -> Seconds:
    total: Seconds = 0.0
    for value in values:
        total = total + value
    return total
