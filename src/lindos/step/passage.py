"""Passage of micro-batches through the pipeline: sends between stages, the bubble, uneven stages, recomputation."""

from dataclasses import dataclass

from lindos.formulas import pipeline
from lindos.formulas.collectives import exposed_time
from lindos.problem.cluster import Tier
from lindos.problem.job import Job
from lindos.problem.plan import Plan, Reader, Recompute, Schedule, readable
from lindos.quantities import Real, Seconds
from lindos.step.layout import Layout, slowest_stage_excess, where
from lindos.step.micro_batch import MicroBatch, Passes, job_operators, total
from lindos.step.traffic import pipeline_time
from lindos.transformer.operators import Kind, Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """Seconds of one micro-batch over all stages, and of the whole pipeline where said."""

    forward: Seconds
    backward: Seconds  # with what is recomputed
    expert: Passes  # part of both: expert traffic that stays visible
    recompute: Seconds  # part of backward
    sends: Seconds  # between stages, for one of them
    excess: Seconds  # that the fullest stage works longer than the mean one
    bubble: Seconds  # of the whole pipeline


def passage(
    job: Job, tiers: tuple[Tier, ...], plan: Plan, at: Layout, micro: MicroBatch, *, has_sends: bool = True
) -> Passage:
    """Send micro-batches through the stages of ``plan``, each as long as ``micro``.

    Parameters
    ----------
    job
        Model and software profile.
    tiers
        Networks above a device.
    plan
        Its pipeline, schedule and recomputation; fields may be arrays.
    at
        Layout of ``job`` under ``plan``.
    micro
        One micro-batch on all layers, in seconds.
    has_sends
        Whether sends between stages count; without them the passage is a lower bound.

    Returns
    -------
    Passage
        Its parts, in seconds.
    """
    plan = readable(plan, Reader.PASSAGE)
    p = plan.pipeline_parallel
    expert = _expert(job, plan, micro)
    recompute = by_recompute(plan, micro.attention.forward, micro.layers + expert.forward)
    parts = (micro.matmul, micro.attention, micro.other, micro.tensor, micro.context)
    forward = total(part.forward for part in parts) + expert.forward
    backward = total(part.backward for part in parts) + expert.backward + recompute
    whole = forward + backward
    sends: Seconds = 0.0
    if has_sends:
        sends = exposed_time(
            pipeline_time(job.model, tiers, plan, at), whole / p, job.stack.overlap_pipeline_parallel.value
        )
    layers = job.model.num_layers + job.model.num_mtp_layers
    return Passage(
        forward=forward,
        backward=backward,
        expert=expert,
        recompute=recompute,
        sends=sends,
        excess=slowest_stage_excess(plan, whole - micro.last, micro.last, layers),
        bubble=_bubble(plan, forward, backward, micro.weight, sends),
    )


def _expert(job: Job, plan: Plan, micro: MicroBatch) -> Passes:
    """Expert traffic that stays visible: DualPipe hides more of it."""
    if not job.model.num_experts:
        return micro.expert
    dual = plan.schedule == int(Schedule.DUAL_PIPE)
    return Passes(
        where(dual, micro.expert_dual.forward, micro.expert.forward),
        where(dual, micro.expert_dual.backward, micro.expert.backward),
    )


def _bubble(plan: Plan, forward: Seconds, backward: Seconds, all_weight: Seconds, sends: Seconds) -> Seconds:
    """Idle time of the plan's schedule, by the passes of the whole model and the sends of a stage."""
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


def recomputed_flop(job: Job, plan: Plan) -> Real:
    """FLOP per token that the backward pass repeats."""
    table = job_operators(job)
    layers = sum(row.forward_flop for row in table if row.place is Place.LAYER)
    return by_recompute(plan, sum(row.forward_flop for row in table if row.kind is Kind.ATTENTION), layers)


def by_recompute(plan: Plan, selective: Real, full: Real) -> Real:
    """Zero, ``selective`` or ``full`` as the plan says."""
    part = where(plan.recompute == int(Recompute.SELECTIVE), selective, 0.0)
    chosen: Real = where(plan.recompute == int(Recompute.FULL), full, part)
    return chosen
