"""Predict the step time of one run; measured values are never read here."""

import math
from dataclasses import dataclass, replace

from lindos.catalog import Catalog
from lindos.errors import LindosError
from lindos.problem.cluster import Pool
from lindos.problem.job import Job, stack_for
from lindos.step import Assumptions, StepEstimate, StepMemory, estimate, load_assumptions, memory
from lindos.transformer import active_params
from lindos.units import render
from lindos.validation.facts import with_stated_facts
from lindos.validation.machine import pool_of
from lindos.validation.plan import Chosen, plan_of
from lindos.validation.precision import precision_of
from lindos.validation.refusal import NotPredictedError
from lindos.validation.run import OneTime, Run
from lindos.validation.shape import model_of
from lindos.validation.sizes import Sizes, sizes_of
from lindos.validation.sources import Recipe, recipes_of, stack_of

#: Workloads that train adapters beside frozen weights, and the rank where the row does not state it (NeMo's default).
_PARTIAL = ("lora", "peft")
ADAPTER_RANK = 32
#: Routers that give every expert the same load: by force, or by a capacity that each fills.
_EVEN = ("balanced", "dropped")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A run as inputs of the step model, and what was filled in."""

    job: Job
    pool: Pool
    sizes: Sizes
    chosen: Chosen
    assumptions: Assumptions
    filled: tuple[str, ...]
    balanced: bool = False  # every expert has the same load
    stated: tuple[str, ...] = ()  # parameters of the catalogue that the run or its recipe states itself

    @property
    def model_kind(self) -> str:
        """Dense, or mixture of experts."""
        return "moe" if self.job.model.num_experts else "dense"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """The predicted time of a run's step, its parts, memory and plan; or the reason why the run has no prediction."""

    id: str
    stack: str
    prepared: Prepared | None = None
    step: StepEstimate | None = None
    category: str = ""  # of the reason, where there is no prediction
    detail: str = ""

    @property
    def time(self) -> OneTime | None:
        """Seconds of the step."""
        return None if self.step is None else float(self.step.time)

    @property
    def reason(self) -> str:
        """What was filled in, or why there is no prediction; empty where the row states everything."""
        if self.prepared is None:
            return self.detail
        parts = []
        if self.prepared.filled:
            parts.append("filled in: " + "; ".join(self.prepared.filled))
        if not self.prepared.chosen.fits:
            chosen = self.prepared.chosen
            needed, available = (render(float(size), "B") for size in (chosen.needed, chosen.capacity))
            parts.append(f"by Lindos's model of memory it needs {needed} of {available}")
        return ". ".join(parts)

    def memory(self) -> StepMemory | None:
        """Estimate the memory of the fullest device, in bytes; None without a prediction."""
        if self.prepared is None:
            return None
        ready = self.prepared
        batch = ready.sizes.global_batch_size
        return memory(ready.job, ready.pool, ready.chosen.plan, global_batch_size=batch, assumptions=ready.assumptions)


def predict(run: Run, catalog: Catalog, assumptions: Assumptions | None = None, stack: str = "") -> Prediction:
    """Predict the step time of a run under its own plan; no measured value is read.

    Parameters
    ----------
    run
        The run.
    catalog
        Catalogue with devices, models and software.
    assumptions
        Assumptions of the step model; those of ``catalog`` where left out.
    stack
        Software profile; that of the run's source where left out.

    Returns
    -------
    Prediction
        With a reason in place of a time where Lindos cannot predict the run.

    Examples
    --------
    >>> from lindos.catalog import load_catalog
    >>> from lindos.validation import read_runs
    >>> prediction = predict(read_runs()[0].run, load_catalog())
    >>> prediction.time > 0
    True
    """
    stack = profile_of(run, catalog, stack)
    assumptions = assumptions or load_assumptions(catalog)
    try:
        ready = prepare(run, catalog, assumptions, stack)
        return Prediction(id=run.id, stack=stack, prepared=ready, step=timed(ready))
    except NotPredictedError as error:
        return Prediction(id=run.id, stack=stack, category=error.category, detail=error.detail)
    except LindosError as error:
        return Prediction(id=run.id, stack=stack, category="the step model refuses the row", detail=str(error))


def timed(ready: Prepared) -> StepEstimate:
    """Estimate the step of a prepared run.

    Parameters
    ----------
    ready
        The run as inputs of the step model.

    Raises
    ------
    NotPredictedError
        If the model gives no time above zero.
    """
    batch = ready.sizes.global_batch_size
    step = estimate(ready.job, ready.pool, ready.chosen.plan, global_batch_size=batch, assumptions=ready.assumptions)
    if not (math.isfinite(float(step.time)) and float(step.time) > 0):
        raise NotPredictedError("the step model gives no time for the row")
    return step


def profile_of(run: Run, catalog: Catalog, stack: str = "") -> str:
    """Get the name of the software profile of a run.

    Parameters
    ----------
    run
        The run.
    catalog
        Catalogue with the profiles.
    stack
        A profile by name; where left out, that which the run names as its software, or that of its source.
    """
    if stack:
        return catalog.stack(stack).name
    word = run.software.strip().lower()
    return word if not run.source and word in catalog.names("stacks") else stack_of(run)


def prepare(run: Run, catalog: Catalog, assumptions: Assumptions, stack_name: str = "") -> Prepared:
    """Turn a run into inputs of the step model.

    Parameters
    ----------
    run
        The run.
    catalog
        Catalogue with devices, models and software.
    assumptions
        Assumptions of the step model.
    stack_name
        Software profile; that of the run's source where left out.

    Raises
    ------
    NotPredictedError
        If the row does not state enough, or states something that Lindos does not model.
    """
    recipes = recipes_of(run)
    run, recompute_filled = _as_meant(run, recipes)
    model, shape_filled = model_of(run, catalog, recipes)
    profile = stack_for(catalog.stack(profile_of(run, catalog, stack_name)), model)
    stack, stack_filled = with_stated_facts(profile, run, recipes)
    sizes = sizes_of(run, stack, recipes, model.max_sequence_length)
    pool, pool_filled = pool_of(run, catalog, sizes.num_devices)
    precision, pool, precision_filled = precision_of(run, pool, recipes)
    rank = ADAPTER_RANK if run.workload.lower() in _PARTIAL else 0
    adapters = (f"adapters of rank {rank}",) if rank else ()
    job = Job(
        model=model,
        sequence_length=sizes.sequence_length,
        precision=precision,
        stack=stack,
        global_batch_size=sizes.global_batch_size,
        state_bytes=run.optimizer_state_bytes or 12.0,
        adapter_rank=rank,
        any_software=True,  # the run shows that its software does what it did
    )
    even = next((recipe.balanced for recipe in recipes if recipe.balanced is not None), False)
    balanced = run.router in _EVEN if run.router else even
    if balanced:
        assumptions = replace(
            assumptions, expert_load_imbalance=replace(assumptions.expert_load_imbalance, content=1.0)
        )
    share = next((recipe.bf16_share for recipe in recipes if recipe.bf16_share is not None), None)
    if share is not None:
        assumptions = replace(assumptions, nvfp4_bf16_share=replace(assumptions.nvfp4_bf16_share, content=share))
    chosen = plan_of(run, job, pool, sizes, recipes, assumptions)
    stated = (
        *adapters,
        *recompute_filled,
        *stack_filled,
        *sizes.filled,
        *precision_filled,
        *shape_filled,
        *pool_filled,
    )
    filled = (*stated, *chosen.filled)
    return Prepared(
        job=job,
        pool=pool,
        sizes=sizes,
        chosen=chosen,
        assumptions=assumptions,
        filled=filled,
        balanced=balanced,
        stated=() if share is None else ("training.nvfp4_bf16_share",),
    )


def _as_meant(run: Run, recipes: tuple[Recipe, ...]) -> tuple[Run, tuple[str, ...]]:
    """Replace the row's word for recomputation where its software means something else by it."""
    recipe = next((recipe for recipe in recipes if recipe.recompute_means), None)
    if recipe is None or run.recompute in ("", recipe.recompute_means):
        return run, ()
    return replace(run, recompute=recipe.recompute_means), (f"{recipe.recompute_means} recompute ({recipe.why})",)


def size_class(prediction: Prediction) -> str:
    """Name the size class of a prediction's model, by its active parameters.

    Parameters
    ----------
    prediction
        The prediction of a run.
    """
    if prediction.prepared is None:
        return "unknown"
    count = active_params(prediction.prepared.job.model)
    bounds = ((1.5e9, "below 1.5B"), (12e9, "1.5B to 12B"), (60e9, "12B to 60B"), (200e9, "60B to 200B"))
    return next((name for bound, name in bounds if count < bound), "200B and more")
