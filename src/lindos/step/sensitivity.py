"""Sensitivity of a step to the hardware: its speed under the same plan with one number a tenth better."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated

from lindos.catalog.facts import Fact
from lindos.problem.cluster import Pool, Tier
from lindos.problem.job import Job
from lindos.problem.plan import Plan
from lindos.quantities import Fraction, Real
from lindos.results import Why
from lindos.step.assumptions import Assumptions, load_assumptions
from lindos.step.estimate import estimate

#: Factor of an improvement: bandwidths and rates are multiplied by it, latencies divided.
BETTER = 1.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """One number of the hardware and its effect on the speed of a plan."""

    name: str  # in words
    unit: str
    value: Annotated[Real, Why("as the catalogue has it")]
    gain: Annotated[Fraction, Why("speed won when it is a tenth better, under the same plan")]


def sensitivities(
    job: Job, pool: Pool, plan: Plan, *, global_batch_size: int, assumptions: Assumptions | None = None
) -> tuple[Sensitivity, ...]:
    """Compute the gain of speed from each number of the hardware, the largest gain first.

    The size of memory is not among them: it decides which plans are feasible, not how fast a plan is.

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
    """
    assumptions = assumptions or load_assumptions()

    def time(variant: Pool) -> float:
        return float(estimate(job, variant, plan, global_batch_size=global_batch_size, assumptions=assumptions).time)

    base = time(pool)
    gains = [
        Sensitivity(name=name, unit=unit, value=value, gain=base / time(better(pool, {name: BETTER})) - 1.0)
        for name, (value, unit) in hardware(job, pool).items()
    ]
    return tuple(sorted(gains, key=lambda sensitivity: -sensitivity.gain))


def hardware(job: Job, pool: Pool) -> dict[str, tuple[Real, str]]:
    """Get the numbers of the hardware that a step depends on, each with its unit, by name.

    Parameters
    ----------
    job
        Its precision is read.
    pool
        Equal devices and the network above them.
    """
    numbers: dict[str, tuple[Real, str]] = {
        "compute rate": (pool.accelerator.peak(job.precision).value, "FLOP/s"),
        "memory bandwidth": (pool.accelerator.memory_bandwidth.value, "B/s"),
        "latency of a kernel": (pool.kernels.launch_latency.value, "s"),
    }
    for tier in pool.tiers:
        numbers[f"bandwidth of {tier.name}"] = tier.bandwidth, "B/s"
        numbers[f"latency of {tier.name}"] = tier.latency, "s"
    return numbers


def better(pool: Pool, times: Mapping[str, Real]) -> Pool:
    """Improve numbers of the hardware of a pool: rates are multiplied, latencies divided.

    Parameters
    ----------
    pool
        Equal devices and the network above them.
    times
        Factors by the names that :func:`hardware` returns; other numbers stay as they are.
    """
    rate, memory = times.get("compute rate", 1.0), times.get("memory bandwidth", 1.0)
    device = replace(
        pool.accelerator,
        peak_bf16=_scaled(pool.accelerator.peak_bf16, rate),
        peak_fp8=_scaled(pool.accelerator.peak_fp8, rate),
        peak_fp4=_scaled(pool.accelerator.peak_fp4, rate),
        memory_bandwidth=_scaled(pool.accelerator.memory_bandwidth, memory),
    )
    launch = _scaled(pool.kernels.launch_latency, 1.0 / times.get("latency of a kernel", 1.0))
    tiers = tuple(
        _better_tier(tier, times.get(f"bandwidth of {tier.name}", 1.0), times.get(f"latency of {tier.name}", 1.0))
        for tier in pool.tiers
    )
    return replace(pool, accelerator=device, kernels=replace(pool.kernels, launch_latency=launch), tiers=tiers)


def _better_tier(tier: Tier, wider: Real, quicker: Real) -> Tier:
    adding = None if tier.reduction_bandwidth is None else tier.reduction_bandwidth * wider
    return replace(tier, bandwidth=tier.bandwidth * wider, latency=tier.latency / quicker, reduction_bandwidth=adding)


def _scaled(fact: Fact[Real], factor: Real) -> Fact[Real]:
    return replace(fact, content=fact.value * factor) if fact.is_known else fact
