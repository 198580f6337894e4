"""A path cut into years: what arrives in each, what is bought in it, and what that costs and draws."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from itertools import pairwise

from lindos.errors import InconsistentError
from lindos.quantities import Count, Fraction, Real, Usd, Watts, namespace
from lindos.roadmap.calendar import day, seconds_between
from lindos.roadmap.trends import Trends
from lindos.units import render

#: Halvings of the interval that holds the target of a power: more than the digits of a float.
_HALVINGS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Machines that are ordered already: when they work, and what they are, draw and cost as built."""

    date: str
    num_devices: Count
    h100_equivalents: Count
    power: Watts | None
    capex: Usd | None


@dataclass(frozen=True, slots=True)
class PathYear:
    """One stretch of the path and what a purchase in its middle costs and draws, per H100-equivalent."""

    begin: date
    end: date
    middle: date
    price: Usd
    power: Watts
    deliveries: tuple[Delivery, ...]


def path_years(
    days: Sequence[date], trends: Trends, price: Usd, power: Watts, deliveries: Sequence[Delivery]
) -> tuple[PathYear, ...]:
    """Cut a path at ``days``; ``price`` (USD) and ``power`` (W) of an H100-equivalent are those of `PRICE_DATE`."""
    years = []
    for begin, end in pairwise(days):
        middle = begin + (end - begin) / 2
        arriving = tuple(order for order in deliveries if begin < day(order.date, "cluster.pools.online") <= end)
        years.append(PathYear(begin, end, middle, trends.price(price, middle), trends.power(power, middle), arriving))
    return tuple(years)


def beyond(start: Count, target: Count, ordered: Count) -> Count:
    """H100-equivalents that the target asks beyond what stands and is ordered."""
    rest: Count = namespace(start, target, ordered).maximum(target - start - ordered, 0.0)
    return rest


def yearly_shares(start: Count, target: Count, years: Sequence[PathYear]) -> list[Fraction]:
    """Part of all purchases that falls in each year under constant growth from start to target."""
    xp = namespace(start, target)
    first, whole = years[0].begin, seconds_between(years[0].begin, years[-1].end)
    gain = target - start
    # Where nothing is to be bought no share matters; even ones keep the division defined.
    still = gain <= 0.0
    shares: list[Fraction] = []
    before: Real = start
    for year in years:
        passed = seconds_between(first, year.end) / whole
        reached = start * (target / start) ** passed
        even = seconds_between(year.begin, year.end) / whole
        shares.append(xp.where(still, even, (reached - before) / xp.where(still, 1.0, gain)))
        before = reached
    return shares


def target_of_power(start: Count, ordered: Count, wanted: Watts, standing: Watts, years: Sequence[PathYear]) -> Count:
    """H100-equivalents at which the facility draws ``wanted`` W, with all that stands and is ordered."""
    if isinstance(standing, (int, float)) and wanted <= standing:
        raise InconsistentError(
            *("roadmap.target_power", render(float(wanted), "W"), "the power of what stands and is ordered"),
            *(render(float(standing), "W"), "be more than the second", "Raise the target, or start from less."),
        )
    xp = namespace(start, ordered, wanted, standing, *(year.power for year in years))
    # Draws in which the target is met already buy nothing.
    lacking = xp.maximum(wanted - standing, 0.0)
    draws = [year.power for year in years]
    most = reduce(xp.maximum, draws)
    least = reduce(xp.minimum, draws)
    low, high = lacking / most, lacking / least
    for _ in range(_HALVINGS):
        rest = 0.5 * (low + high)
        parts = yearly_shares(start, start + ordered + rest, years)
        drawn = rest * total(share * power for share, power in zip(parts, draws, strict=True))
        enough = drawn >= lacking
        low, high = xp.where(enough, low, rest), xp.where(enough, rest, high)
    target: Count = start + ordered + 0.5 * (low + high)
    return target


def total(values: Iterable[Real | None]) -> Real:
    """Add what is known; zero where nothing is added."""
    result: Real = 0.0
    for value in values:
        result = result if value is None else result + value
    return result
