"""Device memory of a step, part by part, on the fullest stage of the pipeline.

Conventions of states and of activations stand in :mod:`lindos.step.states` and :mod:`lindos.step.activations`.

* Logits exist while no layer is at work, so what a layer at work needs for a moment counts as far as it exceeds them.
* The device stores two layers of offloaded activations and weights, and no state of an offloaded optimizer. If the
  software offloads by itself, full recomputation stores the inputs of two layers on the device.
* Not modelled: saved activations narrower than stated.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import reduce

from lindos.formats import BF16
from lindos.formulas import memory as formulas
from lindos.problem.cluster import Pool
from lindos.problem.job import Job
from lindos.problem.plan import Plan, Reader, Recompute, axes_read, lightest, readable
from lindos.quantities import Bytes, Count, Fraction, namespace
from lindos.step.activations import SavedActivations, offloaded_share, saved_activations
from lindos.step.assumptions import Assumptions, load_assumptions
from lindos.step.layout import Layout, lay_out, select
from lindos.step.stages import Stage, pipeline_stages
from lindos.step.states import StepMemory, gradient_width, left, stage_params, stage_states
from lindos.step.tile_cache import Runs

__all__ = ["StepMemory", "capacity", "least_memory", "memory", "needed_memory", "stage_memories"]


def capacity(pool: Pool) -> Bytes:
    """Get the memory of a device that a step may fill, in bytes.

    Parameters
    ----------
    pool
        Equal devices.
    """
    return pool.accelerator.usable_memory.value


def memory(
    job: Job, pool: Pool, plan: Plan, *, global_batch_size: Count, assumptions: Assumptions | None = None
) -> StepMemory:
    """Estimate the memory of the fullest device under a plan.

    Parameters
    ----------
    job
        Model, sequence length, precision and software profile.
    pool
        Equal devices; their numbers may be arrays of draws.
    plan
        Its fields may be arrays of candidates.
    global_batch_size
        Sequences of one optimiser step.
    assumptions
        Parameters of the catalogue; those that Lindos ships by default.
    """
    assumptions = assumptions or load_assumptions()
    stages = list(stage_memories(job, plan, lay_out(job, plan, global_batch_size), assumptions))
    totals = [stage.total for stage in stages]
    most = reduce(namespace(*totals).maximum, totals)
    narrower = select(most > capacity(pool), _narrowed(job, assumptions), 0.0)
    freed = [stage.gradients * narrower for stage in stages]
    narrow = [replace(stage, gradients=stage.gradients - size) for stage, size in zip(stages, freed, strict=True)]
    return _fullest(narrow, [total - size for total, size in zip(totals, freed, strict=True)])


def needed_memory(
    job: Job, pool: Pool, plan: Plan, *, global_batch_size: Count, assumptions: Assumptions | None = None
) -> Bytes:
    """Estimate the total of :func:`memory` alone, for searches: one stage after another, without its parts.

    Parameters
    ----------
    job
        Model, sequence length, precision and software profile.
    pool
        Equal devices.
    plan
        Its fields may be arrays of candidates.
    global_batch_size
        Sequences of one optimiser step.
    assumptions
        Parameters of the catalogue; those that Lindos ships by default.

    Returns
    -------
    Bytes
        The memory of the fullest device, of the shape of the plan.
    """
    assumptions = assumptions or load_assumptions()
    narrowed = _narrowed(job, assumptions)
    stages = stage_memories(job, plan, lay_out(job, plan, global_batch_size), assumptions)
    totals, narrow = zip(*((stage.total, stage.total - stage.gradients * narrowed) for stage in stages), strict=True)
    most, least = (reduce(namespace(*sizes).maximum, sizes) for sizes in (totals, narrow))
    return select(most > capacity(pool), least, most)


def stage_memories(job: Job, plan: Plan, layout: Layout, assumptions: Assumptions) -> Iterator[StepMemory]:
    """Estimate the memory of a device on the three stages of `pipeline_stages`, with gradients at their full width.

    All parts but activations are computed once for neighbours with equal axes of states.

    Parameters
    ----------
    job
        Model, sequence length, precision and software profile.
    plan
        Its fields may be arrays of candidates.
    layout
        Layout of ``job`` under ``plan``.
    assumptions
        Parameters of the catalogue.
    """
    runs = Runs([*(getattr(plan, name) for name in axes_read(Reader.STATES)), layout.num_micro_batches])
    distinct, distinct_layout = runs.first(readable(plan, Reader.STATES)), runs.first(layout)
    visible, params = readable(plan, Reader.ACTIVATIONS), stage_params(job.model)
    saved = saved_activations(job, visible, layout, assumptions)
    for stage in pipeline_stages(job, distinct, distinct_layout):
        states = runs.spread(stage_states(job, distinct, distinct_layout, assumptions, stage, params))
        yield _with_activations(job, visible, layout, assumptions, runs.spread(stage), saved, states)


def _narrowed(job: Job, assumptions: Assumptions) -> Fraction:
    """Compute the share of the bytes of gradients that BF16 frees, where the software does not fix their width."""
    if job.stack.gradients != "usual":
        return 0.0
    wide = gradient_width(job.stack, assumptions)
    freed: Fraction = 1.0 - namespace(wide).minimum(float(BF16) / wide, 1.0)
    return freed


def least_memory(
    job: Job, pool: Pool, plan: Plan, *, global_batch_size: Count, assumptions: Assumptions | None = None
) -> Bytes:
    """Compute a lower bound on the memory under any schedule, sharding and recomputation.

    The bound covers every value of the axes that declare a lightest value. It is the memory of the first stage, with
    gradients in BF16 and no gathered layer; other stages may need more.

    Parameters
    ----------
    job
        Model, sequence length, precision and software profile.
    pool
        Equal devices.
    plan
        Its fields may be arrays of candidates.
    global_batch_size
        Sequences of one optimiser step.
    assumptions
        Parameters of the catalogue; those that Lindos ships by default.

    Returns
    -------
    Bytes
        The bound, of the shape of the plan.
    """
    assumptions = assumptions or load_assumptions()
    lighter = [replace(plan, **values) for values in lightest()]
    layout = lay_out(job, lighter[0], global_batch_size)
    first, params = pipeline_stages(job, lighter[0], layout)[0], stage_params(job.model)
    states = stage_states(job, lighter[0], layout, assumptions, first, params)
    passing = states.gathered * (1.0 + _fragmentation(job, assumptions))
    activations = [saved_activations(job, candidate, layout, assumptions) for candidate in lighter]
    needed = [
        _with_activations(job, candidate, layout, assumptions, first, saved, states)
        for candidate, saved in zip(lighter, activations, strict=True)
    ]
    sizes = [parts.total - passing - parts.gradients * _narrowed(job, assumptions) for parts in needed]
    least: Bytes = reduce(namespace(*sizes).minimum, sizes)
    return least


def _fullest(stages: Sequence[StepMemory], totals: Sequence[Bytes]) -> StepMemory:
    """Choose the stage with the largest total, for every plan and every draw."""
    fullest, most = stages[0], totals[0]
    for stage, total in zip(stages[1:], totals[1:], strict=True):
        fuller = total > most
        fullest = StepMemory(**{name: select(fuller, getattr(stage, name), getattr(fullest, name)) for name in _PARTS})
        most = select(fuller, total, most)
    return fullest


_PARTS = tuple(StepMemory.__dataclass_fields__)


def _with_activations(
    job: Job,
    plan: Plan,
    layout: Layout,
    assumptions: Assumptions,
    stage: Stage,
    saved: SavedActivations,
    states: StepMemory,
) -> StepMemory:
    """Add the activations that the plan saves to the states of a stage."""
    activations = _activations(job, plan, layout, stage, saved, states.logits)
    passing = activations + states.logits + states.gathered
    return replace(
        states,
        activations=activations,
        fragmentation=formulas.fragmented_bytes(passing, _fragmentation(job, assumptions)),
    )


def _fragmentation(job: Job, assumptions: Assumptions) -> Fraction:
    """Get the share lost between blocks by the allocator of the job's software."""
    if job.stack.segments == "planned":
        return 0.0
    if job.stack.segments == "fixed":
        return assumptions.fragmentation_fixed.value
    return assumptions.fragmentation.value


def _activations(job: Job, plan: Plan, layout: Layout, stage: Stage, saved: SavedActivations, logits: Bytes) -> Bytes:
    """Compute the activations of all micro-batches that a stage has in flight, and of its layer at work, in bytes."""
    xp = namespace(layout.tokens, stage.dense_layers)
    passes = (stage.dense_layers + stage.expert_layers) * stage.in_flight
    offloaded = offloaded_share(job, plan)
    # Offloaded inputs return one layer ahead of their use.
    inputs = xp.minimum(passes, 2.0) if job.stack.offloads_inputs else left(passes, offloaded, passes)
    has_dense, has_experts = stage.dense_layers > 0, stage.expert_layers > 0
    recomputed = xp.maximum(
        (saved.dense + saved.dense_work) * has_dense, (saved.experts + saved.experts_work) * has_experts
    )
    work = xp.maximum(saved.dense_work * has_dense, saved.experts_work * has_experts)
    usual = formulas.activation_bytes(saved.dense, 1.0, stage.dense_layers, stage.in_flight)
    usual = usual + formulas.activation_bytes(saved.experts, 1.0, stage.expert_layers, stage.in_flight)
    is_full = plan.recompute == int(Recompute.FULL)
    stored = select(is_full, saved.inputs * inputs, left(usual, offloaded, passes))
    size: Bytes = stored + xp.maximum(select(is_full, recomputed, work) - logits, 0.0)
    return size
