"""Uncertainty of a step time: an 80 % interval from the residuals of measured runs.

The method is split-conformal. A residual is the logarithm of measured over predicted step time, divided by the
difficulty of its run. The 10th and 90th percentile of the residuals, times the difficulty of another step, bound that
step. The catalogue has the two percentiles as ratios. The difficulty is 1 for a step like the measured ones and grows
with every kind of distance from them.
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
    """Load the facts of an interval.

    Parameters
    ----------
    catalog
        Catalogue to read; the one that Lindos ships by default.
    """
    source = catalog or load_catalog()
    names = IntervalFacts.__dataclass_fields__
    return IntervalFacts(**{name: source.parameter(f"training.{name}", "1") for name in names})


#: Families of devices that most measured runs used.
MEASURED_FAMILIES = ("ampere", "hopper", "blackwell")
#: Number of unstated choices at which the full addition for them is reached.
MOST_FILLED = 6


def difficulty(job: Job, pool: Pool, plan: Plan, *, num_filled: int = 0, facts: IntervalFacts) -> Real:
    """Compute the distance of a step from the measured runs: 1 for a step like them, more with every difference.

    Parameters
    ----------
    job
        Model and precision.
    pool
        Devices; their family is read.
    plan
        Its number of devices may be an array.
    num_filled
        Choices about the step that its run does not state and that were filled in.
    facts
        Facts of an interval.
    """
    xp = namespace(plan.num_devices)
    far = xp.log2(xp.maximum(plan.num_devices / facts.interval_most_devices.value, 1.0))
    distance: Real = 1.0 + facts.interval_scale.value * far
    if job.model.num_experts:
        distance = distance + facts.interval_moe.value
    if pool.accelerator.family not in MEASURED_FAMILIES:
        distance = distance + facts.interval_family.value
    if number_format(job.precision).bits < 8:
        distance = distance + facts.interval_precision.value
    return distance + facts.interval_filled.value * min(num_filled, MOST_FILLED) / MOST_FILLED


def interval(time: Seconds, traits: Fraction, facts: IntervalFacts) -> tuple[Seconds, Seconds]:
    """Compute the 80 % interval of a step time.

    Parameters
    ----------
    time
        Predicted step time, in seconds.
    traits
        Its `difficulty`.
    facts
        Facts of an interval.

    Returns
    -------
    tuple of Seconds
        Low end, high end.
    """
    return time * facts.interval_low.value**traits, time * facts.interval_high.value**traits
