"""How far a step time may be off: an 80 % interval from the residuals of measured runs, wider where none is near.

Split-conformal: the residuals are logarithms of measured over predicted step time, each divided by the difficulty of
its run; their 10th and 90th percentile, times the difficulty of another step, bound it. The catalogue holds them as
ratios. Difficulty is one for a step like those measured and grows with every kind of distance from them.
"""

from dataclasses import dataclass

from lindos.catalog import Catalog, load_catalog
from lindos.catalog.facts import Fact
from lindos.formats import number_format
from lindos.problem.cluster import Pool
from lindos.problem.job import Job
from lindos.problem.plan import Plan
from lindos.quantities import Fraction, Real, Seconds, namespace


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalFacts:
    """Quantiles of measured residuals, and how much each kind of distance adds to the difficulty."""

    interval_low: Fact[Real]  # measured over predicted time: 10th percentile at difficulty 1
    interval_high: Fact[Real]  # 90th percentile
    interval_moe: Fact[Real]
    interval_family: Fact[Real]  # devices of a family with few measured runs
    interval_precision: Fact[Real]  # precisions below 8 bits
    interval_filled: Fact[Real]  # every choice that a run did not state
    interval_scale: Fact[Real]  # every doubling of devices beyond those measured
    interval_most_devices: Fact[Real]


def interval_facts(catalog: Catalog | None = None) -> IntervalFacts:
    """The facts of ``catalog``, or of the one that Lindos ships."""
    source = catalog or load_catalog()
    names = IntervalFacts.__dataclass_fields__
    return IntervalFacts(**{name: source.parameter(f"training.{name}", "1") for name in names})


#: Families of devices whose runs the residuals mostly come from.
MEASURED_FAMILIES = ("ampere", "hopper", "blackwell")
MOST_FILLED = 6


def difficulty(job: Job, pool: Pool, plan: Plan, *, num_filled: int = 0, facts: IntervalFacts) -> Real:
    """How far a step is from those measured: 1 for one like them, more with every kind of distance.

    ``num_filled`` is the number of choices about the step that its run does not state.
    """
    xp = namespace(plan.num_devices)
    far = xp.log2(xp.maximum(plan.num_devices / facts.interval_most_devices.value, 1.0))
    found: Real = 1.0 + facts.interval_scale.value * far
    if job.model.num_experts:
        found = found + facts.interval_moe.value
    if pool.accelerator.family not in MEASURED_FAMILIES:
        found = found + facts.interval_family.value
    if number_format(job.precision).bits < 8:
        found = found + facts.interval_precision.value
    return found + facts.interval_filled.value * min(num_filled, MOST_FILLED) / MOST_FILLED


def interval(time: Seconds, traits: Fraction, facts: IntervalFacts) -> tuple[Seconds, Seconds]:
    """80 % interval of a step's ``time`` at a `difficulty`."""
    return time * facts.interval_low.value**traits, time * facts.interval_high.value**traits
