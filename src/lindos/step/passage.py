"""Passage of micro-batches through the pipeline: sends between stages, the bubble, uneven stages, recomputation."""

from dataclasses import dataclass

from lindos.formulas import pipeline
from lindos.formulas.collectives import exposed_time
from lindos.problem.cluster import Tier
from lindos.problem.job import Job
from lindos.problem.plan import Plan, Reader, Recompute, Schedule, readable
from lindos.quantities import Real, Seconds
from lindos.step.layout import Layout, select, slowest_stage_excess
from lindos.step.micro_batch import MicroBatch, Passes, job_operators, total
from lindos.step.selective import modules_of, repeated, repeated_in_full
from lindos.step.traffic import pipeline_time


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """Times of one micro-batch over all stages, in seconds, and the bubble of the whole pipeline."""

    forward: Seconds
    backward: Seconds  # includes recomputation
    expert: Passes  # included in forward and backward: expert traffic that no compute hides
    recompute: Seconds  # included in backward
    sends: Seconds  # of one stage to its neighbours
    excess: Seconds  # of the fullest stage over the mean stage
    bubble: Seconds  # idle time of a stage in a whole step


def pipeline_passage(job: Job, tiers: tuple[Tier, ...], plan: Plan, layout: Layout, micro: MicroBatch) -> Passage:
    """Compute the passage of micro-batches through the stages of a pipeline.

    Parameters
    ----------
    job
        Model and software profile.
    tiers
        Networks above a device.
    plan
        Its pipeline, schedule and recomputation are read; fields may be arrays.
    layout
        Layout of ``job`` under ``plan``.
    micro
        One micro-batch on all layers, in seconds.
    """
    plan = readable(plan, Reader.PASSAGE)
    p = plan.pipeline_parallel
    expert = _expert(job, plan, micro)
    repeats = "experts" in modules_of(job.stack.selective)
    selective = micro.selective + expert.forward if repeats else micro.selective
    recompute = by_recompute(plan, selective, micro.layers + expert.forward)
    forward = total(part.forward for part in micro.parts) + expert.forward
    backward = total(part.backward for part in micro.parts) + expert.backward + recompute
    duration = forward + backward
    sends = exposed_time(
        pipeline_time(job.model, tiers, plan, layout), duration / p, job.stack.overlap_pipeline_parallel.value
    )
    layers = job.model.num_layers + job.model.num_mtp_layers
    return Passage(
        forward=forward,
        backward=backward,
        expert=expert,
        recompute=recompute,
        sends=sends,
        excess=slowest_stage_excess(plan, duration - micro.last, micro.last, layers),
        bubble=_bubble(plan, forward, backward, micro.weight, sends),
    )


def _expert(job: Job, plan: Plan, micro: MicroBatch) -> Passes:
    """Compute the expert traffic that no compute hides; DualPipe hides more of it than other schedules."""
    if not job.model.num_experts:
        return micro.expert
    dual = plan.schedule == int(Schedule.DUAL_PIPE)
    return Passes(
        select(dual, micro.expert_dual.forward, micro.expert.forward),
        select(dual, micro.expert_dual.backward, micro.expert.backward),
    )


def _bubble(plan: Plan, forward: Seconds, backward: Seconds, all_weight: Seconds, sends: Seconds) -> Seconds:
    """Compute the idle time of the plan's schedule from the passes of the whole model and the sends of a stage."""
    p, v = plan.pipeline_parallel, plan.virtual_stages
    forward, inputs, weight = forward / p + sends / 2, (backward - all_weight) / p + sends / 2, all_weight / p
    plain = pipeline.one_f_one_b_bubble_time(forward, inputs + weight, p, v)
    zero = pipeline.zero_bubble_time(forward, inputs, weight, p)
    dual = pipeline.dual_pipe_bubble_time(forward, inputs, weight, p)
    idle: Seconds = select(
        plan.schedule == int(Schedule.DUAL_PIPE),
        dual,
        select(plan.schedule == int(Schedule.ZERO_BUBBLE), zero, plain),
    )
    return idle


def recomputed_flop(job: Job, plan: Plan) -> Real:
    """Count the FLOP per token that the backward pass repeats.

    Parameters
    ----------
    job
        Model, sequence length and software profile.
    plan
        Its recomputation is read; the field may be an array.
    """
    table, stops_early = job_operators(job), job.stack.stops_early
    layers = sum(row.forward_flop for row in table if repeated_in_full(row, stops_early))
    modules = modules_of(job.stack.selective)
    part = sum(row.forward_flop * repeated(row, modules, stops_early) for row in table)
    return by_recompute(plan, part, layers)


def by_recompute(plan: Plan, selective: Real, full: Real) -> Real:
    """Choose a value by the recomputation of a plan: zero, ``selective`` or ``full``.

    Parameters
    ----------
    plan
        Its recomputation is read; the field may be an array.
    selective
        Value under selective recomputation, in any unit.
    full
        Value under full recomputation, in the same unit.
    """
    part = select(plan.recompute == int(Recompute.SELECTIVE), selective, 0.0)
    chosen: Real = select(plan.recompute == int(Recompute.FULL), full, part)
    return chosen
