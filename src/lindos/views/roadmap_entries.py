"""A plan for machines: what is bought, stands, draws and costs, by quarter, place and generation, with ranges."""

from collections.abc import Iterator
from typing import Any

from lindos.elements import Entry
from lindos.roadmap import PlanQuarter
from lindos.study.floor import Outcome
from lindos.study.ranges import number, span
from lindos.study.roadmap import RoadmapResult

#: Title and unit of what an order has, and of what a quarter has, by field.
_ORDER = {
    "devices": ("GPUs bought", "1"),
    "h100_equivalents": ("H100-equivalents bought", "1"),
    "power": ("facility power of what is bought", "W"),
    "capex": ("machines and network", "USD"),
}
_QUARTER = {
    "h100_equivalents": ("H100-equivalents online at the end", "1"),
    "power": ("facility power at the end", "W"),
    "capex": ("spent in the quarter", "USD"),
    "cumulative_capex": ("spent since the start", "USD"),
    "share_of_supply": ("purchases over what the world delivers", "1"),
}
_DEMAND = {
    "wanted": ("H100-equivalents that all programmes want", "1"),
    "delivered": ("H100-equivalents that all suppliers deliver", "1"),
    "power": ("facility power of what is wanted", "W"),
    "capex": ("cost of what is wanted, at list prices", "USD"),
}


def entries(outcome: Outcome[RoadmapResult]) -> tuple[Entry, ...]:
    """List every number of a plan by quarter, place and generation.

    Parameters
    ----------
    outcome
        The plan in all worlds.
    """
    point, sampled = outcome.point.plan, outcome.sampled.plan
    assert point is not None
    assert sampled is not None
    pairs = zip(point.quarters, sampled.quarters, strict=True)
    return tuple(entry for quarter, draws in pairs for entry in _of_quarter(quarter, draws))


def demand_entries(outcome: Outcome[RoadmapResult]) -> tuple[Entry, ...]:
    """List what many programmes want by quarter and generation.

    Parameters
    ----------
    outcome
        Programmes in all worlds.
    """
    point, sampled = outcome.point.demand, outcome.sampled.demand
    if point is None or sampled is None:
        return ()
    listed = []
    for quarter, draws in zip(point.quarters, sampled.quarters, strict=True):
        for field, (title, unit) in _DEMAND.items():
            amounts = (getattr(quarter, field), getattr(draws, field))
            listed.append(_entry(f"roadmap.demand.{field}", title, unit, quarter.name, *amounts))
        for name, amount in quarter.devices.items():
            if number(amount):
                drawn = draws.devices[name]
                title = "GPUs wanted"
                listed.append(_entry("roadmap.demand.devices", title, "1", quarter.name, amount, drawn, item=name))
    return tuple(listed)


def _of_quarter(quarter: PlanQuarter, draws: PlanQuarter) -> Iterator[Entry]:
    for field, (title, unit) in _QUARTER.items():
        yield _entry(f"roadmap.plan.{field}", title, unit, quarter.name, getattr(quarter, field), getattr(draws, field))
    for place, amount in quarter.energised.items():
        yield _entry("roadmap.site.energised", "facility power that is ready", "W", quarter.name, amount, None, place)
    for place, power in quarter.sites.items():
        drawn = draws.sites[place]
        yield _entry("roadmap.site.power", "facility power of purchases", "W", quarter.name, power, drawn, place)
    for generation, amount in quarter.stock.items():
        if amount:
            title = "GPUs bought that work"
            yield _entry("roadmap.stock.devices", title, "1", quarter.name, amount, None, item=generation)
    for order, drawn_order in zip(quarter.orders, draws.orders, strict=True):
        for field, (title, unit) in _ORDER.items():
            amounts = (getattr(order, field), getattr(drawn_order, field))
            name = f"roadmap.order.{field}"
            yield _entry(name, title, unit, quarter.name, *amounts, order.place, order.generation)


def _entry(
    name: str, title: str, unit: str, period: str, value: Any, draws: Any, place: str = "", item: str = ""
) -> Entry:
    low, high = span(draws)
    return Entry(
        name=name,
        title=title,
        value=number(value),
        unit=unit,
        low=low,
        high=high,
        period=period,
        place=place,
        item=item,
    )
