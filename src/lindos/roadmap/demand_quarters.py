"""What many programmes want together, quarter by quarter: devices by generation, power and money."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from lindos.quantities import Count, Fraction, Usd, Watts
from lindos.results import Why
from lindos.roadmap.calendar import day, share_between
from lindos.roadmap.generations import Generation
from lindos.roadmap.sharing import Wanted
from lindos.roadmap.supply import World, counted, sum_of


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandQuarter:
    """One quarter of all programmes together; ``devices`` are those of the generations that are then made."""

    name: str
    end: str
    devices: Mapping[str, Count]
    wanted: Annotated[Count, Why("H100-equivalents that all programmes buy in the quarter, 8-bit dense")]
    delivered: Annotated[Count, Why("what all suppliers deliver in it")]
    power: Annotated[Watts, Why("facility power of what they buy in it")]
    capex: Annotated[Usd, Why("cost of that at list prices, with network and building")]

    @property
    def share_of_supply(self) -> Fraction:
        """Wanted over delivered."""
        return self.wanted / self.delivered


def demand_quarters(
    programmes: Sequence[Wanted], first: date, world: World, line: Sequence[Generation]
) -> tuple[DemandQuarter, ...]:
    """Split what programmes want, each bought evenly, by quarter and by the generations that are made in it.

    Parameters
    ----------
    programmes
        Programmes in H100-equivalents.
    first
        First day of purchase.
    world
        Deliveries of the world.
    line
        The generations of that world, with cost and power of an H100-equivalent.
    """
    named = {item.name: item for item in line}
    items = [named[name] for name in world.generations]
    last = max(day(programme.end, "by") for programme in programmes)
    listed = []
    for period, mix in zip(world.periods, world.mix, strict=True):
        begin, end = max(period.begin, first), min(period.end, last)
        if begin >= end:
            continue
        wanted = sum_of(
            programme.h100_equivalents * share_between(first, day(programme.end, "by"), begin, end)
            for programme in programmes
        )
        rows = list(zip(items, mix, strict=True))
        listed.append(
            DemandQuarter(
                name=period.name,
                end=end.isoformat(),
                devices={item.name: wanted * part / counted(item) for item, part in rows},
                wanted=wanted,
                delivered=world.delivered_in(begin, end),
                power=wanted * sum_of(part * _priced(item)[0] for item, part in rows),
                capex=wanted * sum_of(part * _priced(item)[1] for item, part in rows),
            )
        )
    return tuple(listed)


def _priced(item: Generation) -> tuple[Watts, Usd]:
    """Power and cost of an H100-equivalent; every generation of the world has them."""
    assert item.facility_power is not None
    assert item.capex is not None
    return item.facility_power, item.capex
