"""Generations without a data sheet: a prior of rate, power and price by year of launch, and how good it has been."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from lindos.catalog import Catalog
from lindos.errors import InputError
from lindos.quantities import Count, Fraction, Real, Usd, Watts
from lindos.roadmap.calendar import YEAR, seconds_between, span
from lindos.roadmap.generations import Generation
from lindos.roadmap.trends import Trends


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What the prior says of a generation from its forerunner, beside what was announced.

    Parameters
    ----------
    name, base
        The generation, and the forerunner that the prior starts from.
    h100_equivalents, power, price
        Forecast of a device in H100-equivalents, and W and USD of one H100-equivalent.
    announced_equivalents, announced_power, announced_price
        The same as announced.
    """

    name: str
    base: str
    h100_equivalents: Count
    power: Watts
    price: Usd
    announced_equivalents: Count
    announced_power: Watts
    announced_price: Usd


def complete(generations: Sequence[Generation], catalog: Catalog, trends: Trends, last: date) -> tuple[Generation, ...]:
    """Give every generation a rate, a power and a price, and add successors until a day.

    Parameters
    ----------
    generations
        Oldest first, with cost and power of an H100-equivalent where they are published.
    catalog
        Parameters ``supply.performance_growth`` and ``supply.successor_interval``.
    trends
        How cost and power of the same performance fall.
    last
        Day until which successors are added.

    Raises
    ------
    InputError
        If no generation has a rate, a power and a price.
    """
    published = [item for item in generations if item.h100_equivalents is not None and item.is_priced]
    if not published:
        raise InputError("roadmap.devices", None, "given: a device of published rate, power and price")
    base = published[-1]
    growth = catalog.parameter("supply.performance_growth", "1").value
    # Only what comes after the last data sheet follows from it: an older device without a price is not on offer.
    unknown = [item for item in generations if item not in published and item.available > base.available]
    completed = [*published, *(extrapolated(base, item, growth, trends) for item in unknown)]
    interval = span(catalog.parameter("supply.successor_interval", "s").value)
    while (launch := completed[-1].available + interval) <= last:
        successor = Generation(
            name=f"successor-{launch.year}",
            title=f"A successor of {launch.year}, prior",
            available=launch,
            h100_equivalents=None,
            vendor=base.vendor,
        )
        completed.append(extrapolated(base, successor, growth, trends))
    return tuple(completed)


def extrapolated(base: Generation, item: Generation, growth: Fraction, trends: Trends) -> Generation:
    """Give a generation what its forerunner has, carried to its year of launch.

    Parameters
    ----------
    base
        Forerunner with a rate, a power and a price.
    item
        The generation.
    growth
        Rate of a device a year.
    trends
        How cost and power of the same performance fall.
    """
    assert base.h100_equivalents is not None
    assert base.capex is not None
    assert base.facility_power is not None
    gained = growth ** (seconds_between(base.available, item.available) / YEAR)
    power = trends.power(base.facility_power, base.available, item.available)
    share = power / base.facility_power

    def carried(amount: Real | None) -> Real | None:
        return None if amount is None else amount * share

    capex, construction = trends.price(base.capex, base.available, item.available), carried(base.construction)
    machines = _machines(capex, construction) / _machines(base.capex, base.construction)
    return replace(
        item,
        h100_equivalents=base.h100_equivalents * gained,
        system=base.system,
        capex=capex,
        facility_power=power,
        construction=construction,
        running=carried(base.running),
        negotiable=None if base.negotiable is None else base.negotiable * machines,
        memory=base.memory * gained,
        is_prior=True,
    )


def _machines(capex: Usd, construction: Usd | None) -> Usd:
    return capex if construction is None else capex - construction


def backtest(
    generations: Sequence[Generation], catalog: Catalog, trends: Trends, pairs: Sequence[tuple[str, str]]
) -> tuple[Forecast, ...]:
    """Forecast published generations from their forerunners.

    Parameters
    ----------
    generations
        With rate, power and price.
    catalog, trends
        As in `complete`.
    pairs
        Names of a forerunner and of the generation to forecast.
    """
    named = {item.name: item for item in generations}
    growth = catalog.parameter("supply.performance_growth", "1").value
    listed = []
    for first, second in pairs:
        item = named[second]
        guess = extrapolated(named[first], item, growth, trends)
        assert guess.h100_equivalents is not None and guess.facility_power is not None and guess.capex is not None
        assert item.h100_equivalents is not None and item.facility_power is not None and item.capex is not None
        listed.append(
            Forecast(
                name=second,
                base=first,
                h100_equivalents=guess.h100_equivalents,
                power=guess.facility_power,
                price=guess.capex,
                announced_equivalents=item.h100_equivalents,
                announced_power=item.facility_power,
                announced_price=item.capex,
            )
        )
    return tuple(listed)
