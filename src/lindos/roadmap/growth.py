"""The closed form of a growth path: constant growth, prices and power on their trends, against the world's supply."""

import math
from collections.abc import Sequence
from datetime import date
from functools import reduce
from typing import Any

from lindos.catalog.gaps import Gap
from lindos.errors import InconsistentError, InputError
from lindos.formulas import growth as formulas
from lindos.quantities import Count, Usd, Watts, namespace
from lindos.roadmap.calendar import YEAR, seconds_between, year_ends
from lindos.roadmap.generations import Generation, check_start
from lindos.roadmap.path import (
    Delivery,
    PathYear,
    path_years,
    remaining_purchases,
    target_of_power,
    total,
    yearly_shares,
)
from lindos.roadmap.result import Growth, GrowthYear
from lindos.roadmap.supply import World
from lindos.roadmap.trends import Trends


def growth(
    *,
    start_h100_equivalents: Count,
    start_power: Watts,
    start: str,
    end: str,
    trends: Trends,
    world: World,
    generations: Sequence[Generation],
    target_h100_equivalents: Count | None = None,
    target_power: Watts | None = None,
    deliveries: Sequence[Delivery] = (),
    gaps: tuple[Gap, ...] = (),
) -> Growth:
    """Follow constant growth from today to a target, year by year.

    Machines that are online at the start keep their power. Ordered machines come online on their day, at their own
    price and power. The rest of the target is bought as the newest generation on sale, at its price and power.

    Parameters
    ----------
    start_h100_equivalents
        Online at the start, 8-bit dense; above zero.
    start_power
        Facility power of the machines that are online at the start, W.
    start
        First day, ISO.
    end
        Last day, ISO.
    trends
        Prices and power (:func:`lindos.roadmap.trends`).
    world
        Deliveries of the world (:func:`lindos.roadmap.world`).
    generations
        What can be bought when (:func:`lindos.roadmap.generations`), with the cost and power of an H100-equivalent.
    target_h100_equivalents
        Target at the end; the machines that are online or ordered if neither target is given.
    target_power
        Facility power at the end, W; an alternative to `target_h100_equivalents`.
    deliveries
        Ordered machines; those that arrive after the last day are left out.
    gaps
        Facts missing from the power and cost of machines that are online or ordered; then totals are lower bounds.

    Returns
    -------
    Growth
        One record a year, and the totals.

    Raises
    ------
    InputError
        If the start or target is a number that is not above zero, or a day is no date or before the first device.
    InconsistentError
        If the last day is not after the first, or the target is below the machines that are online or ordered.

    Notes
    -----
    Purchases of a year are the newest generation on sale in its middle. After the last generation of known price and
    power both follow their trends from its launch. Devices stay in service to the end of the path. Not modelled:
    shortages and their prices, retirement, lead times of power; the trends are those of the past.
    """
    days = year_ends(start, end)
    check_start(days[0], generations)
    years = path_years(days, generations, trends, deliveries)
    ordered = total(delivery.h100_equivalents for year in years for delivery in year.deliveries)
    ordered_power = total(delivery.power for year in years for delivery in year.deliveries)
    if target_power is not None:
        target = target_of_power(start_h100_equivalents, ordered, target_power, start_power + ordered_power, years)
    elif target_h100_equivalents is None:
        target = start_h100_equivalents + ordered
    else:
        target = target_h100_equivalents
    _check(start_h100_equivalents, target, days)
    duration = seconds_between(days[0], days[-1])
    rest = remaining_purchases(start_h100_equivalents, target, ordered)
    parts = yearly_shares(start_h100_equivalents, target, years)
    records = _records(start_h100_equivalents, start_power, [rest * part for part in parts], years, world)
    reached = records[-1].h100_equivalents
    return Growth(
        start=start,
        end=end,
        start_h100_equivalents=start_h100_equivalents,
        ordered_h100_equivalents=ordered,
        bought_h100_equivalents=rest,
        start_power=start_power,
        ordered_power=ordered_power,
        bought_power=rest * total(part * year.purchase.facility_power for part, year in zip(parts, years, strict=True)),
        ordered_capex=total(delivery.capex for year in years for delivery in year.deliveries),
        bought_capex=rest * total(part * year.purchase.capex for part, year in zip(parts, years, strict=True)),
        required_growth=formulas.growth_factor(start_h100_equivalents, reached, duration, YEAR),
        record_growth=trends.record_growth,
        leading_growth=trends.leading_growth,
        time_at_record_growth=_time_to_reach(start_h100_equivalents, reached, trends.record_growth),
        peak_share_of_supply=_largest([year.share_of_supply for year in records]),
        peak_share_of_flat_supply=_largest([year.share_of_flat_supply for year in records]),
        years=records,
        gaps=gaps,
    )


def _records(
    start: Count,
    start_power: Watts,
    purchases: Sequence[Count],
    years: Sequence[PathYear],
    world: World,
) -> tuple[GrowthYear, ...]:
    """Add up each year: ordered machines arrive, the rest is bought."""
    first = years[0].begin
    records: list[GrowthYear] = []
    online, power = start, start_power
    spent: Usd = 0.0
    for year, bought in zip(years, purchases, strict=True):
        arrived = total(delivery.h100_equivalents for delivery in year.deliveries)
        capex = total(delivery.capex for delivery in year.deliveries) + bought * year.purchase.capex
        online = online + arrived + bought
        power = power + total(delivery.power for delivery in year.deliveries) + bought * year.purchase.facility_power
        spent = spent + capex
        device, priced = year.purchase.newest, year.purchase.priced
        equivalent = device.h100_equivalents
        counted = total(delivery.num_devices for delivery in year.deliveries)
        records.append(
            GrowthYear(
                begin=year.begin.isoformat(),
                end=year.end.isoformat(),
                device=device.name,
                priced_as=priced.system or priced.name,
                is_on_trend=priced is not device,
                h100_equivalents=online,
                added=arrived + bought,
                bought=bought,
                num_devices=None if equivalent is None else counted + bought / equivalent,
                power=power,
                capex=capex,
                cumulative_capex=spent,
                world_added=world.delivered_in(year.begin, year.end),
                flat_added=world.pace_before(first) * (seconds_between(year.begin, year.end) / YEAR),
            )
        )
    return tuple(records)


#: Natural logarithm of the largest growth factor per year that a float can express.
_FASTEST = 230.0


def _check(start: Count, target: Count, days: Sequence[date]) -> None:
    """Refuse plain numbers between which no path exists; arrays of draws are not checked."""
    path, start_path = "roadmap.target_h100_equivalents", "roadmap.start_h100_equivalents"
    for name, value in ((start_path, start), (path, target)):
        if isinstance(value, (int, float)) and not (value > 0 and math.isfinite(value)):
            raise InputError(name, value, "a finite number above zero")
    if not (isinstance(start, (int, float)) and isinstance(target, (int, float))):
        return
    if target < start:
        raise InconsistentError(path, target, start_path, start, "be at least the second", "The target is met already.")
    if math.log(target / start) * YEAR > _FASTEST * seconds_between(days[0], days[-1]):
        expected = f"later: from {start:,.0f} to {target:,.0f} H100-equivalents takes more than a few days"
        raise InputError("roadmap.by", days[-1].isoformat(), expected)


def _largest(values: Sequence[Any]) -> Any:
    return reduce(lambda most, value: namespace(most, value).maximum(most, value), values)


def _time_to_reach(start: Count, target: Count, factor: Count) -> Any:
    """Compute the time from one amount to another at a yearly growth factor, in s."""
    xp = namespace(start, target, factor)
    return xp.log2(target / start) * formulas.doubling_time(factor, YEAR)
