"""A path cut into years: deliveries and purchases of each year, with their cost and power."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from itertools import pairwise

from lindos.errors import InconsistentError
from lindos.quantities import Count, Fraction, Real, Usd, Watts, namespace
from lindos.roadmap.calendar import day, seconds_between
from lindos.roadmap.generations import Generation, Purchase, purchase
from lindos.roadmap.trends import Trends
from lindos.units import render

#: Halvings of the interval that contains the target: more than the digits of a float.
_HALVINGS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Ordered machines: the date they come online, their number, power (W) and capital cost (USD)."""

    date: str
    num_devices: Count
    h100_equivalents: Count
    power: Watts | None
    capex: Usd | None


@dataclass(frozen=True, slots=True)
class PathYear:
    """One year of the path, and what an H100-equivalent costs and draws that is bought in its middle."""

    begin: date
    end: date
    purchase: Purchase
    deliveries: tuple[Delivery, ...]


def path_years(
    days: Sequence[date], generations: Sequence[Generation], trends: Trends, deliveries: Sequence[Delivery]
) -> tuple[PathYear, ...]:
    """Cut a path into years, each with its purchase and the deliveries that arrive in it.

    Parameters
    ----------
    days
        First day, anniversaries and last day.
    generations
        What can be bought when, with cost and power.
    trends
        How cost and power fall after the last generation that has both.
    deliveries
        Ordered machines; those that arrive outside the path are left out.
    """
    years = []
    for begin, end in pairwise(days):
        middle = begin + (end - begin) / 2
        arriving = tuple(order for order in deliveries if begin < day(order.date, "cluster.pools.online") <= end)
        years.append(PathYear(begin, end, purchase(generations, middle, trends), arriving))
    return tuple(years)


def remaining_purchases(start: Count, target: Count, ordered: Count) -> Count:
    """Compute the H100-equivalents that the target requires beyond the machines that are online or ordered.

    Parameters
    ----------
    start, target, ordered
        H100-equivalents online at the start, at the end, and ordered.
    """
    rest: Count = namespace(start, target, ordered).maximum(target - start - ordered, 0.0)
    return rest


def yearly_shares(start: Count, target: Count, years: Sequence[PathYear]) -> list[Fraction]:
    """Compute the share of all purchases that falls in each year under constant growth.

    Parameters
    ----------
    start, target
        H100-equivalents at the start and at the end.
    years
        Years of the path.

    Returns
    -------
    list of float or array
        One share per year; they add up to 1.
    """
    xp = namespace(start, target)
    first, duration = years[0].begin, seconds_between(years[0].begin, years[-1].end)
    gain = target - start
    # If nothing is bought the shares do not matter; equal ones keep the division defined.
    still = gain <= 0.0
    shares: list[Fraction] = []
    previous: Real = start
    for year in years:
        passed = seconds_between(first, year.end) / duration
        reached = start * (target / start) ** passed
        even = seconds_between(year.begin, year.end) / duration
        shares.append(xp.where(still, even, (reached - previous) / xp.where(still, 1.0, gain)))
        previous = reached
    return shares


def target_of_power(start: Count, ordered: Count, wanted: Watts, standing: Watts, years: Sequence[PathYear]) -> Count:
    """Solve for the H100-equivalents at which the facility draws the wanted power.

    Parameters
    ----------
    start, ordered
        H100-equivalents online at the start, and ordered.
    wanted
        Facility power at the end, in W.
    standing
        Facility power of the machines that are online or ordered, in W.
    years
        Years of the path, with the power of a purchase in each.

    Raises
    ------
    InconsistentError
        If the machines that are online or ordered already draw the wanted power.
    """
    if isinstance(standing, (int, float)) and wanted <= standing:
        raise InconsistentError(
            *("roadmap.target_power", render(float(wanted), "W"), "the power of machines online or ordered"),
            *(render(float(standing), "W"), "be more than the second", "Raise the target, or start from less."),
        )
    xp = namespace(start, ordered, wanted, standing, *(year.purchase.facility_power for year in years))
    # Draws that meet the target already buy nothing.
    lacking = xp.maximum(wanted - standing, 0.0)
    draws = [year.purchase.facility_power for year in years]
    most = reduce(xp.maximum, draws)
    least = reduce(xp.minimum, draws)
    low, high = lacking / most, lacking / least
    for _ in range(_HALVINGS):
        rest = 0.5 * (low + high)
        parts = yearly_shares(start, start + ordered + rest, years)
        drawn = rest * total(share * power for share, power in zip(parts, draws, strict=True))
        suffices = drawn >= lacking
        low, high = xp.where(suffices, low, rest), xp.where(suffices, rest, high)
    target: Count = start + ordered + 0.5 * (low + high)
    return target


def total(values: Iterable[Real | None]) -> Real:
    """Add the known values; zero if there are none.

    Parameters
    ----------
    values
        Numbers of one unit; None is unknown.
    """
    result: Real = 0.0
    for value in values:
        result = result if value is None else result + value
    return result
