"""The plan of a run: its row states a part, and the rest is what a practitioner would choose."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np

from lindos.errors import LindosError
from lindos.planning import best_plan
from lindos.problem.axes import Kind
from lindos.problem.cluster import Pool
from lindos.problem.job import Job
from lindos.problem.plan import AXES, Offload, Plan, Recompute, Schedule, Sharding
from lindos.quantities import Bytes
from lindos.step import Assumptions, estimate, memory
from lindos.step.memory import capacity
from lindos.validation.refusal import NotPredictedError
from lindos.validation.run import Run
from lindos.validation.sharding import sharding_of
from lindos.validation.sizes import Sizes
from lindos.validation.sources import Recipe

_MICRO_BATCHES = (1, 2, 4, 8, 16)
_MOST_VIRTUAL_STAGES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A complete plan, the choices that the row did not state, and the memory that the plan needs."""

    plan: Plan
    filled: tuple[str, ...]
    needed: Bytes
    capacity: Bytes

    @property
    def fits(self) -> bool:
        """Whether the plan fits in memory."""
        return bool(self.needed <= self.capacity)


def plan_of(
    run: Run, job: Job, pool: Pool, sizes: Sizes, recipes: tuple[Recipe, ...], assumptions: Assumptions
) -> Chosen:
    """Choose the plan of a run among the plans that its row leaves open.

    The choice is the fastest plan that fits in memory, or the plan that needs least memory where none fits.

    Parameters
    ----------
    run
        The run; the plan keeps every axis that it states.
    job
        Model, precision and software of the run.
    pool
        Devices and network.
    sizes
        Number of devices, sequence length and batch size.
    recipes
        What the recipes of the source fix.
    assumptions
        Assumptions of the step model.

    Raises
    ------
    NotPredictedError
        If no plan uses exactly that many devices.
    """
    filled: list[str] = []
    base = _degrees(run, job, pool, sizes, recipes, assumptions, filled)
    base = _least_offload(run, job, pool, base, sizes.global_batch_size, assumptions, filled)
    options = _options(run, job, base, sizes, recipes, filled)
    candidates = [replace(base, micro_batch_size=b, virtual_stages=v, recompute=r) for b, v, r in options]
    best, needed = _best(job, pool, candidates, sizes.global_batch_size, assumptions)
    plan = candidates[best]
    if not run.recompute:
        word = Recompute(int(plan.recompute)).name.lower()
        filled.append(f"{'no' if word == 'none' else word} recompute")
    if run.micro_batch_size is None:
        filled.append(f"micro-batch {int(plan.micro_batch_size)}")
    if run.virtual_stages is None and plan.virtual_stages > 1:
        filled.append(f"{int(plan.virtual_stages)} virtual stages")
    if int(plan.num_devices) != sizes.num_devices:
        filled.append(f"the plan as stated takes {int(plan.num_devices):,} devices, not {sizes.num_devices:,}")
    return Chosen(plan=plan, filled=tuple(filled), needed=needed, capacity=capacity(pool))


#: Shares of the layers whose activations a practitioner may offload, tried from the least.
_OFFLOADED = 8


def _least_offload(
    run: Run, job: Job, pool: Pool, base: Plan, batch: int, assumptions: Assumptions, filled: list[str]
) -> Plan:
    """Choose the fewest layers whose activations must be offloaded, where a run offloads them and states no number."""
    if not int(base.offload) & Offload.ACTIVATIONS or base.offload_layers:
        return base
    layers = job.model.num_layers
    word = run.recompute or "none"
    wanted = replace(
        base,
        recompute=AXES["recompute"].code(word),
        micro_batch_size=run.micro_batch_size or 1,
        virtual_stages=run.virtual_stages or 1,
    )
    for part in range(1, _OFFLOADED):
        option = replace(wanted, offload_layers=-(-layers * part // _OFFLOADED))
        if memory(job, pool, option, global_batch_size=batch, assumptions=assumptions).total <= capacity(pool):
            filled.append(f"offloads the activations of {int(option.offload_layers)} layers, the fewest that fit")
            return replace(base, offload_layers=option.offload_layers)
    return base


def _best(job: Job, pool: Pool, plans: list[Plan], batch: int, assumptions: Assumptions) -> tuple[int, Bytes]:
    """Index and memory of the fastest plan that fits, or of the plan that needs least memory if none does."""

    def needed(plan: Plan) -> Any:
        return memory(job, pool, plan, global_batch_size=batch, assumptions=assumptions).total

    if len(plans) == 1:
        return 0, float(needed(plans[0]))
    variants = replace(plans[0], **{name: np.array([float(getattr(plan, name)) for plan in plans]) for name in _OPEN})
    sizes = needed(variants) + np.zeros(len(plans))
    fits = sizes <= capacity(pool)
    if not np.any(fits):
        best = int(np.argmin(sizes))
    else:
        time = estimate(job, pool, variants, global_batch_size=batch, assumptions=assumptions).time
        best = int(np.argmin(np.where(fits, time, np.inf)))
    return best, float(sizes[best])


#: Axes that a row may leave open.
_OPEN = ("micro_batch_size", "virtual_stages", "recompute")


def _degrees(
    run: Run,
    job: Job,
    pool: Pool,
    sizes: Sizes,
    recipes: tuple[Recipe, ...],
    assumptions: Assumptions,
    filled: list[str],
) -> Plan:
    """Degrees that multiply to the number of devices, sharding and schedule; the other axes are still open."""
    stack, model, devices = job.stack, job.model, sizes.num_devices
    sharding, group, is_stated = sharding_of(run.sharding, stack.sharding)
    if not is_stated:
        filled.append(f"sharding {Sharding(sharding).name.lower()}")
    t, p, c = run.tensor_parallel, run.pipeline_parallel, run.context_parallel
    if t is None and p is None:
        if stack.accumulates:
            return _searched(run, job, pool, sizes, assumptions, filled)
        t, p = _unaccumulated(devices, sizes.global_batch_size), 1
        filled.append(f"tensor parallel {t}, no pipeline")
    elif t is None or p is None:
        filled.append("no tensor parallelism" if t is None else "no pipeline")
    t, p, c = t or 1, p or 1, c or 1
    d = run.data_parallel
    if d is None:
        d = devices // (t * p * c)
        if d < 1:
            raise NotPredictedError("the degrees take more devices than the row has")
        filled.append(f"data parallel {d}")
    wide = sizes.global_batch_size // (run.micro_batch_size or 1)
    if 0 < wide < d and d % wide == 0:
        c, d = c * (d // wide), wide
        filled.append(f"context parallel {c}: the batch has {wide} micro-batches for all replicas")
    e, et = _experts(run, model.num_experts, t, c, d, stack.splits_experts, recipes, filled)
    sequence = run.sequence_parallel
    if sequence is None:
        sequence = stack.sequence_parallel
    schedule = AXES["schedule"].code(stack.schedule) if p > 1 else int(Schedule.ONE_F_ONE_B)
    return Plan(
        tensor_parallel=t,
        pipeline_parallel=p,
        context_parallel=c,
        data_parallel=d,
        expert_parallel=e,
        expert_tensor_parallel=et,
        sharding=sharding,
        sharding_group=group if group and (d * c) % group == 0 else 0,
        sequence_parallel=int(sequence and t > 1),
        schedule=schedule,
        **_stated(run, recipes, filled),
    )


def _stated(run: Run, recipes: tuple[Recipe, ...], filled: list[str]) -> dict[str, int]:
    """Axes that the row states by their names, and what recipes of its source offload where it does not say."""
    stated = dict(run.stated)
    recipe = next((recipe for recipe in recipes if recipe.offload), None)
    if recipe is not None and "offload" not in stated:
        stated["offload"] = AXES["offload"].code(recipe.offload)
        filled.append(f"offloads {recipe.offload} ({recipe.why})")
    if recipe is not None and recipe.offload_layers and stated.get("offload") and "offload_layers" not in stated:
        stated["offload_layers"] = recipe.offload_layers
        filled.append(f"of {recipe.offload_layers} layers ({recipe.why})")
    return stated


def _experts(
    run: Run, experts: int, t: int, c: int, d: int, splits: bool, recipes: tuple[Recipe, ...], filled: list[str]
) -> tuple[int, int]:
    """Expert parallelism, and tensor parallelism inside experts."""
    if not experts:
        return 1, 1
    fixed = next((r for r in recipes if r.expert_parallel), None)
    e, ranks = fixed.expert_parallel if fixed else run.expert_parallel, t * c * d
    if fixed:
        filled.append(f"expert parallel {e} ({fixed.why})")
    if e is None:
        e = max(n for n in range(1, min(experts, ranks) + 1) if experts % n == 0 and ranks % n == 0)
        filled.append(f"expert parallel {e}")
    recipe = next((r.expert_tensor_parallel for r in recipes if r.expert_tensor_parallel), None)
    inner = run.expert_tensor_parallel or recipe or (t if splits else 1)
    if inner > 1 and ranks % (e * inner):
        inner = 1
    if inner > 1 and not run.expert_tensor_parallel:
        filled.append(f"expert tensor parallel {inner}")
    return e, inner


def _unaccumulated(devices: int, batch: int) -> int:
    """Smallest power of two of tensor parallelism for which every replica has at least one sequence."""
    t = 1
    while t < devices and (devices % t or batch < devices // t):
        t *= 2
    return t


def _searched(run: Run, job: Job, pool: Pool, sizes: Sizes, assumptions: Assumptions, filled: list[str]) -> Plan:
    """The fastest feasible plan, for a row that states almost nothing of its plan."""
    stated = {
        name: getattr(run, name)
        for name, axis in AXES.items()
        if axis.column and axis.kind is Kind.DEGREE and getattr(run, name, None) is not None
    } | dict(run.stated)
    if run.recompute:
        stated["recompute"] = AXES["recompute"].code(run.recompute)
    try:
        decision = best_plan(
            job, pool, global_batch_size=sizes.global_batch_size, fixed=stated, assumptions=assumptions
        )
    except LindosError as error:
        raise NotPredictedError("no feasible plan", str(error)) from None
    plan = decision.plan
    filled.append(
        f"the fastest feasible plan: tensor {plan.tensor_parallel}, pipeline {plan.pipeline_parallel}, "
        f"context {plan.context_parallel}, data {plan.data_parallel}"
    )
    return plan


def _options(
    run: Run, job: Job, base: Plan, sizes: Sizes, recipes: tuple[Recipe, ...], filled: list[str]
) -> list[tuple[int, int, int]]:
    """Micro-batch, virtual stages and recomputation: the stated value, else the values to choose from."""
    sequences = sizes.global_batch_size / float(base.data_parallel)
    if run.micro_batch_size is not None:
        micro = [run.micro_batch_size]
    elif not job.stack.accumulates:
        micro = [max(math.ceil(sequences), 1)]
    else:
        micro = [b for b in _MICRO_BATCHES if sequences % b == 0] or [1]
    default = job.stack.recompute
    word = run.recompute or ("" if default == "least" else default)
    recompute = [AXES["recompute"].code(word)] if word else [int(code) for code in Recompute]
    usual = next((recipe.recompute for recipe in recipes if recipe.recompute), "")
    if usual and not word:  # the recipe's, or more where that does not fit
        recompute = [code for code in recompute if code >= AXES["recompute"].code(usual)]
    virtual = _virtual_stages(run, job, base, recipes)
    return [
        (b, v, r)
        for b, v, r in product(micro, virtual, recompute)
        if v == 1 or run.virtual_stages is not None or (sequences / b) % float(base.pipeline_parallel) == 0
    ] or [(micro[0], 1, recompute[0])]


def _virtual_stages(run: Run, job: Job, base: Plan, recipes: tuple[Recipe, ...]) -> list[int]:
    p = int(base.pipeline_parallel)
    if p == 1 or base.schedule != int(Schedule.ONE_F_ONE_B):
        return [1]
    if run.virtual_stages is not None:
        return [run.virtual_stages]
    recipe = next((r.virtual_stages for r in recipes if r.virtual_stages), None)
    if recipe is not None or not job.stack.interleaves:
        return [recipe or 1]
    return list(_even_chunks(job.model.num_layers, p)) or [1]


def _even_chunks(layers: int, stages: int) -> Iterator[int]:
    """Numbers of virtual stages that give every chunk the same number of layers."""
    for virtual in range(1, _MOST_VIRTUAL_STAGES + 1):
        if layers % (stages * virtual) == 0:
            yield virtual
