"""Many buyers at once: what their plans add up to, against what suppliers can ship."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from itertools import pairwise
from typing import Annotated, Any

import numpy as np

from lindos.errors import InconsistentError, InputError
from lindos.quantities import Count, Fraction, Usd, Watts, namespace
from lindos.results import Why
from lindos.roadmap.calendar import YEAR, day, seconds_between, share_between, year_ends
from lindos.roadmap.demand_quarters import DemandQuarter, demand_quarters
from lindos.roadmap.generations import Generation, check_start, purchase
from lindos.roadmap.sharing import Share, Wanted, shared
from lindos.roadmap.supply import World
from lindos.roadmap.trends import Trends
from lindos.units import render


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """One buyer's plan: an amount that is bought evenly from the start to its last day.

    The amount is ``h100_equivalents``, or ``facility_power`` in W: then purchases draw the power of their years.
    """

    name: str
    h100_equivalents: Count | None = None
    facility_power: Watts | None = None
    end: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandYear:
    """One year of all programmes together."""

    begin: str
    end: str
    demand: Annotated[Count, Why("H100-equivalents that all programmes buy in the year, 8-bit dense")]
    supply: Annotated[Count, Why("what all suppliers deliver in it")]
    flat_supply: Annotated[Count, Why("what they ship if they only keep the pace of the year before the start")]

    @property
    def share_of_supply(self) -> Fraction:
        """Demand over supply."""
        return self.demand / self.supply

    @property
    def share_of_flat_supply(self) -> Fraction:
        """Demand over supply that no longer grows."""
        return self.demand / self.flat_supply


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Programmes against supply."""

    total_demand: Annotated[Count, Why("H100-equivalents of all programmes, 8-bit dense")]
    total_supply: Annotated[Count, Why("what suppliers deliver until the last programme is done")]
    flat_supply: Annotated[Count, Why("the same if supply no longer grows")]
    world_stock: Annotated[Count, Why("H100-equivalents ever shipped until the start")]
    peak_share_of_supply: Annotated[Fraction, Why("largest share of a year's supply that they take")]
    programmes: tuple[Wanted, ...]
    years: tuple[DemandYear, ...]
    shares: tuple[Share, ...]
    quarters: tuple[DemandQuarter, ...] = ()

    @property
    def total_power(self) -> Watts:
        """Facility power of all programmes, at the power of the generations that are made when they buy."""
        power: Watts = _sum(quarter.power for quarter in self.quarters)
        return power

    @property
    def total_capex(self) -> Usd:
        """Cost of all programmes at list prices of these generations, with network and building."""
        capex: Usd = _sum(quarter.capex for quarter in self.quarters)
        return capex

    @property
    def share_of_supply(self) -> Fraction:
        """Demand over supply, over the whole time."""
        return self.total_demand / self.total_supply

    @property
    def statement(self) -> str:
        """The comparison in one sentence; an array counts with its median."""
        worst = max(self.years, key=lambda year: _middle(year.share_of_supply))
        late = [row for row in self.shares if row.rule == self.shares[0].rule and not row.is_in_time]
        return (
            f"{len(self.programmes)} programmes want {render(_middle(self.total_demand), '1')} H100-equivalents (8-bit "
            f"dense): {_percent(self.share_of_supply)} of what wafers, power and money let the world deliver until "
            f"{self.years[-1].end[:4]}, {render(_middle(self.total_demand / self.flat_supply), '1')} times what "
            f"suppliers deliver if they only keep pace. Bought evenly, they take most in the year to {worst.end}: "
            f"{_percent(worst.share_of_supply)} of its supply. Shared {self.shares[0].rule}, {len(late)} of "
            f"{len(self.programmes)} are late."
        )


def demand(
    *,
    programmes: Sequence[Programme],
    start: str,
    trends: Trends,
    world: World,
    generations: Sequence[Generation] = (),
    line: Sequence[Generation] = (),
    largest_share: Fraction = 1.0,
) -> Demand:
    """Add programmes up, year by year, against what the world can ship.

    Parameters
    ----------
    programmes
        At least one; each is bought evenly from the start to its day.
    start
        First day, ISO.
    trends
        How the power of purchases falls.
    world
        Deliveries of the world (:func:`lindos.roadmap.world`).
    generations
        What can be bought when, with the power of an H100-equivalent; sizes the programmes that are given in watts.
    line
        The generations of the world's deliveries, with cost and power of an H100-equivalent; without them quarters,
        power and cost are left out.
    largest_share
        Most of a quarter's deliveries that one programme gets.

    Raises
    ------
    InputError
        If there is no programme, or a day is no date.
    InconsistentError
        If a programme ends before the start.

    Notes
    -----
    Not modelled: buyers outside the list, who take their share of supply as well; so every share is a lower bound.
    """
    if not programmes:
        raise InputError("roadmap.programmes", None, "at least one programme")
    first = day(start, "roadmap.start")
    if any(programme.facility_power is not None for programme in programmes):
        check_start(first, generations)
    for programme in programmes:
        if day(programme.end, f"roadmap.programmes.{programme.name}.by") <= first:
            path = f"roadmap.programmes.{programme.name}.by"
            raise InconsistentError(path, programme.end, "roadmap.start", start, "be later than the second")
    days = year_ends(start, max(programme.end for programme in programmes))
    pace = world.pace_before(first)
    sized = sized_programmes(programmes, start, trends, generations)
    years = []
    for begin, end in pairwise(days):
        wanted: Any = 0.0
        for plan in sized:
            wanted = wanted + plan.h100_equivalents * share_between(first, day(plan.end, "by"), begin, end)
        years.append(
            DemandYear(
                begin=begin.isoformat(),
                end=end.isoformat(),
                demand=wanted,
                supply=world.delivered_in(begin, end),
                flat_supply=pace * (seconds_between(begin, end) / YEAR),
            )
        )
    return Demand(
        total_demand=_sum(year.demand for year in years),
        total_supply=_sum(year.supply for year in years),
        flat_supply=_sum(year.flat_supply for year in years),
        world_stock=world.stock(first),
        peak_share_of_supply=reduce(
            lambda most, year: namespace(most, year.share_of_supply).maximum(most, year.share_of_supply), years, 0.0
        ),
        programmes=sized,
        years=tuple(years),
        shares=shared(sized, first, world, largest_share),
        quarters=demand_quarters(sized, first, world, line) if line else (),
    )


def sized_programmes(
    programmes: Sequence[Programme], start: str, trends: Trends, generations: Sequence[Generation]
) -> tuple[Wanted, ...]:
    """Convert programmes to H100-equivalents.

    Parameters
    ----------
    programmes
        At least one; each is bought evenly from the start to its day.
    start
        First day, ISO.
    trends
        How the power of purchases falls.
    generations
        What can be bought when, with the power of an H100-equivalent.
    """
    days = year_ends(start, max(programme.end for programme in programmes))
    return tuple(_sized(programme, days, trends, generations) for programme in programmes)


def _sized(programme: Programme, days: Sequence[date], trends: Trends, generations: Sequence[Generation]) -> Wanted:
    """Convert a programme in watts to H100-equivalents: all of its purchases together draw that power."""
    if programme.facility_power is None:
        if programme.h100_equivalents is None:
            raise InputError(f"roadmap.programmes.{programme.name}", None, "h100_equivalents or facility_power")
        return Wanted(name=programme.name, h100_equivalents=programme.h100_equivalents, end=programme.end)
    last = day(programme.end, "by")
    mean: Watts = 0.0
    for begin, end in pairwise(days):
        middle = begin + (min(end, last) - begin) / 2
        mean = mean + share_between(days[0], last, begin, end) * purchase(generations, middle, trends).facility_power
    return Wanted(name=programme.name, h100_equivalents=programme.facility_power / mean, end=programme.end)


def _sum(values: Any) -> Any:
    return reduce(lambda total, value: total + value, values, 0.0)


def _percent(share: Any) -> str:
    return f"{render(100 * _middle(share), '1', 2)} %"


def _middle(value: Any) -> float:
    return float(np.median(np.asarray(value, dtype=float)))
