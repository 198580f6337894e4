"""The closed form of a growth path: constant growth, prices and power on their trends, against the world's supply."""

import math
from collections.abc import Sequence
from datetime import date
from functools import reduce
from itertools import pairwise
from typing import Any

from lindos.errors import InconsistentError, InputError
from lindos.formulas import equivalents
from lindos.formulas import growth as formulas
from lindos.quantities import Count, Usd, Watts, namespace
from lindos.roadmap.calendar import YEAR, seconds_between, year_ends
from lindos.roadmap.generations import Generation, newest
from lindos.roadmap.result import Growth, GrowthYear
from lindos.roadmap.trends import Trends


def growth(
    *,
    start_h100_equivalents: Count,
    target_h100_equivalents: Count,
    start: str,
    by: str,
    trends: Trends,
    generations: Sequence[Generation],
    price_per_equivalent: Usd,
    power_per_equivalent: Watts,
) -> Growth:
    """Follow constant growth from today to a target, year by year.

    Parameters
    ----------
    start_h100_equivalents
        Online at the start, 8-bit dense; above zero.
    target_h100_equivalents
        Wanted at the end.
    start
        First day, ISO.
    by
        Last day, ISO.
    trends
        World supply, prices and power (:func:`lindos.roadmap.trends`).
    generations
        What can be bought when (:func:`lindos.roadmap.generations`).
    price_per_equivalent
        All-in capital cost of one H100-equivalent on `PRICE_DATE`: devices, network, building.
    power_per_equivalent
        Facility power of one H100-equivalent bought on `PRICE_DATE`; what stands at the start draws as much.

    Raises
    ------
    InputError
        If the start or target is a number that is not above zero, or a day is no date or before the first device.
    InconsistentError
        If the last day is not after the first, or the target is below the start.

    Notes
    -----
    What a year adds is paid at the price of its middle. Devices stay in service to the end of the path. Not modelled:
    shortages and the prices they make, retirement, lead times of power; the trends are those of the past.
    """
    _check(start_h100_equivalents, target_h100_equivalents)
    days = year_ends(start, by)
    _check_start(days[0], generations)
    whole = seconds_between(days[0], days[-1])
    factor = equivalents.growth_factor(start_h100_equivalents, target_h100_equivalents, whole, YEAR)
    years: list[GrowthYear] = []
    power = start_h100_equivalents * power_per_equivalent
    before = start_h100_equivalents
    spent: Any = 0.0
    for begin, end in pairwise(days):
        online = equivalents.extrapolated(start_h100_equivalents, factor, seconds_between(days[0], end), YEAR)
        middle = begin + (end - begin) / 2
        price, draw = trends.price(price_per_equivalent, middle), trends.power(power_per_equivalent, middle)
        added = online - before
        before, power = online, power + added * draw
        spent = spent + added * price
        device = newest(generations, middle)
        each = device.h100_equivalents if device else None
        years.append(
            GrowthYear(
                begin=begin.isoformat(),
                end=end.isoformat(),
                device=device.name if device else "unknown",
                h100_equivalents=online,
                added=added,
                num_devices=None if each is None else added / each,
                power=power,
                capex=added * price,
                cumulative_capex=spent,
                world_added=trends.world_stock(end) - trends.world_stock(begin),
                flat_added=trends.pace_before(days[0]) * (seconds_between(begin, end) / YEAR),
            )
        )
    return Growth(
        start=start,
        by=by,
        trend_end=trends.trend_end.isoformat(),
        start_h100_equivalents=start_h100_equivalents,
        target_h100_equivalents=target_h100_equivalents,
        required_growth=factor,
        record_growth=trends.record_growth,
        leading_growth=trends.leading_growth,
        time_at_record_growth=_time_to_reach(start_h100_equivalents, target_h100_equivalents, trends.record_growth),
        final_power=power,
        total_capex=spent,
        peak_share_of_supply=_largest([year.share_of_supply for year in years]),
        peak_share_of_flat_supply=_largest([year.share_of_flat_supply for year in years]),
        years=tuple(years),
    )


def _check(start: Count, target: Count) -> None:
    """Refuse plain numbers that make no path; draws of a sampled catalogue stem from values that do."""
    path, other = "roadmap.target_h100_equivalents", "roadmap.start_h100_equivalents"
    for name, value in ((other, start), (path, target)):
        if isinstance(value, (int, float)) and not (value > 0 and math.isfinite(value)):
            raise InputError(name, value, "a finite number above zero")
    if isinstance(start, (int, float)) and isinstance(target, (int, float)) and target < start:
        raise InconsistentError(path, target, other, start, "be at least the second", "The target is met already.")


def _check_start(start: date, generations: Sequence[Generation]) -> None:
    """Refuse a path from before the devices whose trends it follows."""
    first = generations[0] if generations else None
    if first and start < first.available:
        raise InputError("roadmap.start", str(start), f"{first.available} or later, when {first.title} went on sale")


def _largest(values: Sequence[Any]) -> Any:
    return reduce(lambda most, value: namespace(most, value).maximum(most, value), values)


def _time_to_reach(start: Count, target: Count, factor: Count) -> Any:
    """Doublings between two amounts, times the time of one."""
    xp = namespace(start, target, factor)
    return xp.log2(target / start) * formulas.doubling_time(factor, YEAR)
