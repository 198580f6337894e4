"""The same evaluation compiled by JAX, for CPU or GPU, and its gradients (extra ``jax``).

Nothing is written twice: :func:`lindos.step.estimate`, :func:`lindos.step.memory` and the rules of feasibility are
traced once per job and pool. Numbers are 64 bits wide, so that whole numbers of sequences and devices stay whole.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from lindos.errors import InputError
from lindos.problem.axes import Loop
from lindos.problem.cluster import Pool
from lindos.problem.job import Job
from lindos.problem.plan import Plan, axes_in
from lindos.step.assumptions import Assumptions, load_assumptions
from lindos.step.estimate import StepEstimate, estimate
from lindos.step.feasibility import reason_codes
from lindos.step.memory import StepMemory, memory
from lindos.step.sensitivity import better, hardware


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Everything about some plans, as NumPy arrays: where the time goes, what memory is for, and which plans hold."""

    estimate: StepEstimate
    memory: StepMemory
    codes: Any  # of `lindos.step.Reason`


_PLAN = tuple(field.name for field in fields(Plan))
_FIXED = axes_in(Loop.FIXED)
#: Fields of an estimate that are numbers of the job or the devices, not of a plan.
_SAME = ("peak", "peak_bf16", "board_power")


def compiled(job: Job, pool: Pool, assumptions: Assumptions | None = None) -> Callable[[Plan, Any], Evaluation]:
    """Evaluate plans of ``job`` on ``pool`` under ``jax.jit``: call the result with plans as arrays and their batches.

    A second call with as many plans takes no time to compile.

    Raises
    ------
    InputError
        If JAX is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from lindos.catalog import load_catalog
    >>> from lindos.scenario.resolve import pool_from_system
    >>> catalog = load_catalog()
    >>> job = Job(model=catalog.model("llama-3.1-8b"), sequence_length=8192, precision="bf16",
    ...           stack=catalog.stack("megatron-core"))
    >>> evaluate = compiled(job, pool_from_system(catalog, "hgx-h100", 64))
    >>> found = evaluate(Plan(tensor_parallel=np.array([1.0, 8.0]), data_parallel=np.array([64.0, 8.0])), 256.0)
    >>> [bool(code == 0) for code in found.codes]
    [True, True]
    >>> bool(found.estimate.time[0] < found.estimate.time[1])
    True
    """
    jax, assumptions = _jax(), assumptions or load_assumptions()

    def evaluate(values: dict[str, Any], batch: Any) -> tuple[dict[str, Any], dict[str, Any], Any]:
        plan = Plan(**values)
        step = estimate(job, pool, plan, global_batch_size=batch, assumptions=assumptions)
        needed = memory(job, pool, plan, global_batch_size=batch, assumptions=assumptions)
        codes = reason_codes(job, pool, plan, batch, needed)
        return _parts(step, _SAME), _parts(needed), codes

    run = jax.jit(evaluate)

    def call(plan: Plan, global_batch_size: Any) -> Evaluation:
        with jax.enable_x64(True):
            # An axis that no search varies stays out of the trace where it is left out: nothing is computed for it.
            used = [name for name in _PLAN if name not in _FIXED or np.any(getattr(plan, name))]
            values = {name: jax.numpy.asarray(getattr(plan, name), dtype=float) for name in used}
            found = run(values, jax.numpy.asarray(global_batch_size, dtype=float))
            step, needed, codes = jax.tree.map(np.asarray, found)
        return Evaluation(estimate=StepEstimate(**step, **_same(job, pool)), memory=StepMemory(**needed), codes=codes)

    return call


def elasticities(
    job: Job, pool: Pool, plan: Plan, *, global_batch_size: int, assumptions: Assumptions | None = None
) -> dict[str, float]:
    r"""Per cent of speed won for every per cent that a number of the hardware is better, by the gradient of the step.

    .. math:: e_i = -\frac{\partial \log t}{\partial \log x_i}

    Keys are those of :func:`lindos.step.sensitivity.hardware`; latencies count as better when lower.
    """
    jax, assumptions = _jax(), assumptions or load_assumptions()
    names = list(hardware(job, pool))

    def slowness(times: Any) -> Any:
        where = better(pool, dict(zip(names, times, strict=True)))
        return jax.numpy.log(
            estimate(job, where, plan, global_batch_size=global_batch_size, assumptions=assumptions).time
        )

    with jax.enable_x64(True):
        slopes = jax.jit(jax.grad(slowness))([jax.numpy.asarray(1.0) for _ in names])
    return {name: -float(slope) for name, slope in zip(names, slopes, strict=True)}


def _same(job: Job, pool: Pool) -> dict[str, Any]:
    power = pool.accelerator.board_power
    values = (
        pool.accelerator.peak(job.precision).value,
        pool.accelerator.peak_bf16.value,
        power.value if power.is_known else None,
    )
    return dict(zip(_SAME, values, strict=True))


def _parts(result: Any, without: tuple[str, ...] = ()) -> dict[str, Any]:
    return {f.name: getattr(result, f.name) for f in fields(result) if f.name not in without}


def _jax() -> Any:
    try:
        import jax
    except ImportError:
        raise InputError("jax", None, "installed to compile plans", "Run pip install 'lindos[jax]'.") from None
    return jax
