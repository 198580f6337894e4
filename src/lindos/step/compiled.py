"""The same evaluation compiled by JAX, for CPU or GPU, and its gradients (extra ``jax``).

JAX traces :func:`lindos.step.estimate`, :func:`lindos.step.memory` and the rules of feasibility once per job and pool.
Numbers are 64 bits wide, so that counts of sequences and devices stay exact.
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
    """Time, memory and feasibility of plans, as NumPy arrays."""

    estimate: StepEstimate
    memory: StepMemory
    codes: Any  # of `lindos.step.Reason`


_PLAN = tuple(field.name for field in fields(Plan))
_FIXED = axes_in(Loop.FIXED)
#: Fields of an estimate that are numbers of the job or the devices, not of a plan.
_POOL_NUMBERS = ("peak", "peak_bf16", "board_power")


def compiled(job: Job, pool: Pool, assumptions: Assumptions | None = None) -> Callable[[Plan, Any], Evaluation]:
    """Compile the evaluation of plans under ``jax.jit``.

    Parameters
    ----------
    job
        Model, sequence length, precision and software profile.
    pool
        Equal devices and the network above them.
    assumptions
        Parameters of the catalogue; those that Lindos ships by default.

    Returns
    -------
    callable
        Function of a plan of arrays and of global batch sizes in sequences. A second call with the same number of plans
        compiles nothing.

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
        return _parts(step, _POOL_NUMBERS), _parts(needed), codes

    run = jax.jit(evaluate)

    def call(plan: Plan, global_batch_size: Any) -> Evaluation:
        with jax.enable_x64(True):
            # An unused axis that no search varies is not traced, so that no code is generated for it.
            used = [name for name in _PLAN if name not in _FIXED or np.any(getattr(plan, name))]
            values = {name: jax.numpy.asarray(getattr(plan, name), dtype=float) for name in used}
            arrays = run(values, jax.numpy.asarray(global_batch_size, dtype=float))
            step, needed, codes = jax.tree.map(np.asarray, arrays)
        return Evaluation(
            estimate=StepEstimate(**step, **_pool_numbers(job, pool)), memory=StepMemory(**needed), codes=codes
        )

    return call


def elasticities(
    job: Job, pool: Pool, plan: Plan, *, global_batch_size: int, assumptions: Assumptions | None = None
) -> dict[str, float]:
    r"""Compute the elasticities of speed: per cent of speed for one per cent of improvement of the hardware.

    .. math:: e_i = -\frac{\partial \log t}{\partial \log x_i}

    Parameters
    ----------
    job
        Model, sequence length, precision and software profile.
    pool
        Equal devices and the network above them.
    plan
        One plan of plain numbers.
    global_batch_size
        Sequences of one optimiser step.
    assumptions
        Parameters of the catalogue; those that Lindos ships by default.

    Returns
    -------
    dict
        Elasticities by the names of :func:`lindos.step.sensitivity.hardware`; a lower latency is an improvement.

    Raises
    ------
    InputError
        If JAX is not installed.
    """
    jax, assumptions = _jax(), assumptions or load_assumptions()
    names = list(hardware(job, pool))

    def slowness(times: Any) -> Any:
        improved = better(pool, dict(zip(names, times, strict=True)))
        return jax.numpy.log(
            estimate(job, improved, plan, global_batch_size=global_batch_size, assumptions=assumptions).time
        )

    with jax.enable_x64(True):
        slopes = jax.jit(jax.grad(slowness))([jax.numpy.asarray(1.0) for _ in names])
    return {name: -float(slope) for name, slope in zip(names, slopes, strict=True)}


def _pool_numbers(job: Job, pool: Pool) -> dict[str, Any]:
    power = pool.accelerator.board_power
    values = (
        pool.accelerator.peak(job.precision).value,
        pool.accelerator.peak_bf16.value,
        power.value if power.is_known else None,
    )
    return dict(zip(_POOL_NUMBERS, values, strict=True))


def _parts(result: Any, excluded: tuple[str, ...] = ()) -> dict[str, Any]:
    return {f.name: getattr(result, f.name) for f in fields(result) if f.name not in excluded}


def _jax() -> Any:
    try:
        import jax
    except ImportError:
        raise InputError("jax", None, "installed to compile plans", "Run pip install 'lindos[jax]'.") from None
    return jax
