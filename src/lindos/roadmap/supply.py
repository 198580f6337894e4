"""What the world can deliver: wafers, packages, memory, power and money bound the H100-equivalents of every year.

Deliveries of a quarter are what the wafers of advanced packaging of half a year before carry, of the generations that
are then made. A later year delivers no more than its memory, its logic, the power that is added in it and the money
that is spent in it allow. All numbers may be arrays of draws.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce
from typing import Any

from lindos.catalog import Catalog
from lindos.catalog.records import Supply
from lindos.quantities import Count, Fraction, Real, Seconds, Usd, Watts, namespace
from lindos.roadmap.calendar import YEAR, seconds_between, span
from lindos.roadmap.expansion import Period, quarters
from lindos.roadmap.generations import Generation

#: First day of the model: the stock of that day is published.
FIRST = date(2022, 12, 31)
#: Last year that is history: power and money bound the years after it.
HISTORY = 2025
#: Name of the parameter of packages per wafer, and dies of a package, by device.
_PACKAGES: Mapping[str, tuple[str, int]] = {
    "a100-80gb-sxm": ("ampere", 1),
    "h100-sxm": ("hopper", 1),
    "h200-sxm": ("hopper", 1),
    "b200-sxm": ("blackwell", 2),
    "gb200": ("blackwell", 2),
    "gb300": ("blackwell", 2),
    "rubin-vr200": ("rubin", 2),
    "rubin-ultra-vr300": ("rubin_ultra", 4),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldYear:
    """One calendar year of the world.

    Parameters
    ----------
    year
        The year.
    delivered
        H100-equivalents, 8-bit dense.
    power, capex
        Facility power that they draw in W, and what they cost in USD.
    bounds
        H100-equivalents that each input allows: "packaging", "memory", "logic", "power", "money".
    """

    year: int
    delivered: Count
    power: Watts
    capex: Usd
    bounds: Mapping[str, Count]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Deliveries of the world by quarter, from the end of 2022.

    Parameters
    ----------
    periods
        Calendar quarters.
    generations
        Names of the generations, oldest first.
    mix
        Share of each generation in the H100-equivalents of a quarter, by quarter and generation.
    delivered
        H100-equivalents of each quarter.
    start
        H100-equivalents ever delivered until the first quarter.
    years
        The same by calendar year, with what bounds it.
    power_added
        Facility power for AI that is added in each quarter in W, as published.
    """

    periods: tuple[Period, ...]
    generations: tuple[str, ...]
    mix: tuple[tuple[Real, ...], ...]
    delivered: tuple[Count, ...]
    start: Count
    years: tuple[WorldYear, ...]
    power_added: tuple[Watts, ...]

    def stock(self, day: date) -> Count:
        """Compute the H100-equivalents ever delivered until a day.

        Parameters
        ----------
        day
            Day until which deliveries count.
        """
        return self.start + self.delivered_in(self.periods[0].begin, day)

    def pace_before(self, day: date) -> Count:
        """Compute the H100-equivalents delivered in the year before a day.

        Parameters
        ----------
        day
            End of that year.
        """
        return self.delivered_in(day - timedelta(seconds=YEAR), day)

    def delivered_in(self, first: date, last: date, generation: str | None = None) -> Count:
        """Compute the H100-equivalents delivered between two days.

        Parameters
        ----------
        first, last
            Days; deliveries of a quarter are even.
        generation
            Only those of one generation.
        """
        index = None if generation is None else self.generations.index(generation)
        amount: Count = 0.0
        for period, delivered, mix in zip(self.periods, self.delivered, self.mix, strict=True):
            part = delivered * _overlap(period, first, last)
            amount = amount + (part if index is None else part * mix[index])
        return amount

    def power_between(self, first: date, last: date) -> Watts:
        """Compute the facility power for AI that is added between two days, in W.

        Parameters
        ----------
        first, last
            Days.
        """
        rows = zip(self.periods, self.power_added, strict=True)
        added: Watts = sum_of(added * _overlap(period, first, last) for period, added in rows)
        return added


def world(catalog: Catalog, generations: Sequence[Generation], last: date) -> World:
    """Compute what the world delivers until a day.

    Parameters
    ----------
    catalog
        Rows ``supply`` and parameters ``supply.*``.
    generations
        Devices, oldest first, with H100-equivalents, cost and power at a usual site where they have a data sheet, and
        those of a prior where they have none.
    last
        Last day; its calendar year is completed.
    """
    return _Inputs(catalog, generations).world(quarters(FIRST, date(max(last.year, HISTORY + 1), 12, 31)))


class Packaging:
    """What the wafers of advanced packaging carry.

    Parameters
    ----------
    catalog
        Parameters ``supply.packages_*``, ``supply.packaging_time`` and ``supply.ramp_time``.
    generations
        Devices with a rate, oldest first.
    wafers
        Wafers of calendar years, by the last day of the year.
    growth
        Factor a year after the last of them.
    """

    def __init__(
        self, catalog: Catalog, generations: Sequence[Generation], wafers: Mapping[date, Real], growth: Real
    ) -> None:
        """Read how long packaging and a new generation take."""
        self._catalog, self._generations, self._growth = catalog, generations, growth
        # A year's wafers count in its middle.
        self._wafers = {date(end.year, 7, 2): value for end, value in wafers.items()}
        self._ramp = catalog.parameter("supply.ramp_time", "s").value
        self._time = catalog.parameter("supply.packaging_time", "s").value

    def mix(self, day: date) -> list[Real]:
        """Compute the share of the wafers of a day that each generation takes: the newer displaces the older.

        Parameters
        ----------
        day
            The day.
        """
        shares = ramped_shares([item.available for item in self._generations], self._ramp, day)
        rest = 1.0 - sum_of(shares)
        # Before the first of the list is at volume, an older one fills the rest: that is what the wafers carry.
        shares[0] = shares[0] + rest
        return shares

    def carried(self, period: Period, delivered_share: Fraction) -> list[Count]:
        """Compute the H100-equivalents that the wafers of half a year before carry, by generation.

        Parameters
        ----------
        period
            The period.
        delivered_share
            Share of what they carry that is counted as delivered.
        """
        made = period.middle - span(self._time)
        wafers = _interpolated(self._wafers, made, self._growth)
        wafers = wafers * (seconds_between(period.begin, period.end) / YEAR)
        share = wafers * delivered_share
        mix = zip(self._generations, self.mix(period.middle), strict=True)
        return [share * part * self._packages(item) * counted(item) for item, part in mix]

    def _packages(self, generation: Generation) -> Count:
        """Packages of a wafer; without a data sheet it carries as many operations as that of the last that has one."""
        if generation.name in _PACKAGES:
            name = f"supply.packages_{_PACKAGES[generation.name][0]}"
            packages: Count = self._catalog.parameter(name, "1").value
            return packages
        last = next(item for item in reversed(self._generations) if item.name in _PACKAGES)
        return self._packages(last) * counted(last) / counted(generation)


class _Inputs:
    """Rows and parameters of the catalogue, as numbers by year."""

    def __init__(self, catalog: Catalog, generations: Sequence[Generation]) -> None:
        self._catalog = catalog
        self._generations = [item for item in generations if item.h100_equivalents is not None and item.is_priced]
        rows: Sequence[Supply] = list(catalog.records("supply").values())
        self._start = _values_of(rows, "h100_equivalents")[FIRST]
        self._rates = {name: _values_of(rows, name) for name in ("packaging", "memory", "yearly_capex")}
        self._standing = _values_of(rows, "facility_power")
        growth = self._parameter("packaging_growth")
        self._packaging = Packaging(catalog, self._generations, self._rates["packaging"], growth)

    def _parameter(self, name: str, unit: str = "1") -> Real:
        value: Real = self._catalog.parameter(f"supply.{name}", unit).value
        return value

    def world(self, periods: tuple[Period, ...]) -> World:
        """Compute deliveries by quarter, then bound every later year."""
        share, error = self._parameter("delivered_share"), self._parameter("outlook_error")
        carried = []
        for period in periods:
            is_outlook = period.middle.year > HISTORY
            carried.append(self._packaging.carried(period, share * error if is_outlook else share))
        packed = [sum_of(amounts) for amounts in carried]
        years, factors = [], {}
        for year in sorted({period.middle.year for period in periods}):
            times = [index for index, period in enumerate(periods) if period.middle.year == year]
            record, factors[year] = self._year(year, [carried[index] for index in times], periods, times)
            years.append(record)
        return World(
            periods=periods,
            generations=tuple(item.name for item in self._generations),
            mix=tuple(tuple(part / total for part in parts) for parts, total in zip(carried, packed, strict=True)),
            delivered=tuple(
                amount * factors[period.middle.year] for amount, period in zip(packed, periods, strict=True)
            ),
            start=self._start,
            years=tuple(years),
            power_added=tuple(self._power_added(period.begin, period.end) for period in periods),
        )

    def _rate(self, name: str, day: date, growth: str) -> Real:
        """Yearly rate on a day: published years count in their middle, growth is constant between and after them."""
        middles = {date(end.year, 7, 2): value for end, value in self._rates[name].items()}
        return _interpolated(middles, day, self._parameter(growth))

    def _year(
        self, year: int, carried: Sequence[Sequence[Count]], periods: Sequence[Period], times: Sequence[int]
    ) -> tuple[WorldYear, Real]:
        """Bound a year; also the share of what is packaged that is delivered."""
        amounts = [sum_of(column) for column in zip(*carried, strict=True)]
        total = sum_of(amounts)
        power = sum_of(amount * item.facility_power for amount, item in zip(amounts, self._generations, strict=True))
        price = sum_of(amount * item.capex for amount, item in zip(amounts, self._generations, strict=True))
        price = price * self._parameter("cost_share")
        part = sum(periods[index].years for index in times)
        bounds = {"packaging": total, **self._inputs(year, amounts, total, part)}
        if year > HISTORY:
            bounds["power"] = total * self._power_added(periods[times[0]].begin, periods[times[-1]].end) / power
            bounds["money"] = total * self._money(year) * part / price
        xp = namespace(*bounds.values())
        least = reduce(xp.minimum, bounds.values()) if year > HISTORY else total
        factor = least / total
        return (
            WorldYear(year=year, delivered=least, power=power * factor, capex=price * factor, bounds=bounds),
            factor,
        )

    def _inputs(self, year: int, amounts: Sequence[Count], total: Count, part: float) -> dict[str, Count]:
        """Memory and logic of a year over what its mix needs of an H100-equivalent."""
        if year <= HISTORY:
            return {}
        devices = [amount / counted(item) for amount, item in zip(amounts, self._generations, strict=True)]
        rows = list(zip(self._generations, devices, strict=True))
        memory = sum_of(count * item.memory for item, count in rows)
        dies = sum_of(count * _PACKAGES.get(item.name, ("", 4))[1] for item, count in rows)
        shipped = self._rate("memory", date(year, 7, 2), "memory_growth") * part
        last = self._rates["packaging"][date(HISTORY, 12, 31)] * self._parameter("packages_blackwell") * 2
        logic = last / self._parameter("logic_share") * self._parameter("logic_growth") ** (year - HISTORY) * part
        return {"memory": total * shipped / memory, "logic": total * logic / dies}

    def _money(self, year: int) -> Usd:
        rows = self._rates["yearly_capex"]
        return rows.get(date(year, 12, 31), rows[max(rows)])

    def _power_added(self, first: date, last: date) -> Watts:
        growth = self._last_growth()
        return _interpolated(self._standing, last, growth) - _interpolated(self._standing, first, growth)

    def _last_growth(self) -> Real:
        """Yearly factor of the last published span: 2027 to 2030."""
        first, last = sorted(self._standing)[-2:]
        return (self._standing[last] / self._standing[first]) ** (YEAR / seconds_between(first, last))


def ramped_shares(launches: Sequence[date], ramp: Seconds, day: date) -> list[Real]:
    """Compute the share of a maker's wafers that each device takes: the newer displaces the older.

    Parameters
    ----------
    launches
        First days of sale, oldest first.
    ramp
        Time from the first sale to all wafers, in s.
    day
        The day.
    """
    xp = namespace(ramp)
    shares: list[Real] = []
    newer: Real = 0.0 * ramp
    for launch in reversed(launches):
        risen = xp.clip(seconds_between(launch, day) / ramp, 0.0, 1.0)
        shares.append(xp.maximum(risen - newer, 0.0))
        newer = xp.maximum(newer, risen)
    return shares[::-1]


def _overlap(period: Period, first: date, last: date) -> float:
    """Share of a period that lies between two days."""
    days = (min(period.end, last) - max(period.begin, first)).days
    return max(0, days) / (period.end - period.begin).days


def _values_of(rows: Sequence[Supply], field: str) -> dict[date, Real]:
    """Known values of a field by date; a superseded count is left out."""
    values = {}
    for row in rows:
        fact = getattr(row, field)
        if fact.is_known and not row.name.endswith("first-count"):
            values[date.fromisoformat(row.date)] = fact.value
    return values


def _interpolated(rows: Mapping[date, Real], day: date, growth: Real) -> Real:
    """Interpolate at constant growth between dates, follow a growth beyond the last, and the first span before it."""
    days = sorted(rows)
    if day >= days[-1]:
        return rows[days[-1]] * growth ** (seconds_between(days[-1], day) / YEAR)
    later = next(index for index, date_of_row in enumerate(days) if index > 0 and date_of_row > day)
    first, last = days[later - 1], days[later]
    passed = seconds_between(first, day) / seconds_between(first, last)
    return rows[first] * (rows[last] / rows[first]) ** passed


def counted(generation: Generation) -> Count:
    """Get the H100-equivalents of a device whose rate is known.

    Parameters
    ----------
    generation
        The device.
    """
    assert generation.h100_equivalents is not None
    return generation.h100_equivalents


def sum_of(values: Any) -> Any:
    """Add numbers or arrays.

    Parameters
    ----------
    values
        Numbers of one unit.
    """
    return reduce(lambda total, value: total + value, values, 0.0)
