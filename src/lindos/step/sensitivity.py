"""What better hardware buys: the step under the same plan with each number of the hardware a tenth better."""

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

#: How much better: a bandwidth or rate so many times as high, a latency so many times as low.
BETTER = 1.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """One number of the hardware, and what it does to the speed of a plan."""

    name: str  # in words
    unit: str
    value: Annotated[Real, Why("as it stands")]
    gain: Annotated[Fraction, Why("speed won when it is a tenth better, under the same plan")]


def sensitivities(
    job: Job, pool: Pool, plan: Plan, *, global_batch_size: int, assumptions: Assumptions | None = None
) -> tuple[Sensitivity, ...]:
    """Every number of the hardware that a step depends on, the one that binds most first.

    Arguments as in :func:`lindos.step.estimate`. Memory is not among them: it decides which plans hold, not how fast
    one is.
    """
    assumptions = assumptions or load_assumptions()

    def time(where: Pool) -> float:
        return float(estimate(job, where, plan, global_batch_size=global_batch_size, assumptions=assumptions).time)

    base = time(pool)
    found = [
        Sensitivity(name=name, unit=unit, value=value, gain=base / time(better(pool, {name: BETTER})) - 1.0)
        for name, (value, unit) in hardware(job, pool).items()
    ]
    return tuple(sorted(found, key=lambda one: -one.gain))


def hardware(job: Job, pool: Pool) -> dict[str, tuple[Real, str]]:
    """Numbers of the hardware that a step depends on, each with its unit, by what they are called."""
    found: dict[str, tuple[Real, str]] = {
        "compute rate": (pool.accelerator.peak(job.precision).value, "FLOP/s"),
        "memory bandwidth": (pool.accelerator.memory_bandwidth.value, "B/s"),
        "latency of a kernel": (pool.kernels.launch_latency.value, "s"),
    }
    for tier in pool.tiers:
        found[f"bandwidth of {tier.name}"] = tier.bandwidth, "B/s"
        found[f"latency of {tier.name}"] = tier.latency, "s"
    return found


def better(pool: Pool, times: Mapping[str, Real]) -> Pool:
    """The pool with some numbers of :func:`hardware` so many times better: rates higher, latencies lower."""
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


def _scaled(fact: Fact[Real], by: Real) -> Fact[Real]:
    return replace(fact, content=fact.value * by) if fact.is_known else fact
