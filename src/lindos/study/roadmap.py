"""The path from today to a target, or many targets against what the world ships."""

import math
from datetime import date, timedelta

import numpy as np

from lindos import roadmap as floor
from lindos.elements import Cell, Chart, Section, Series, Table
from lindos.errors import InconsistentError, InputError
from lindos.formulas.equivalents import h100_equivalents
from lindos.quantities import Count, Usd, Watts
from lindos.roadmap import Demand, Growth, Programme
from lindos.scenario.resolve import REFERENCE_DEVICE
from lindos.scenario.schema import ProgrammeSpec, RoadmapSpec
from lindos.site import SiteEstimate
from lindos.study.cluster import ClusterSize
from lindos.study.figures import figure, figures_of, number, sources_of, span
from lindos.study.reference import SYSTEM, device_cost
from lindos.study.world import Pair, World, Worlds, both
from lindos.units import YEAR, render

_TITLES = {
    "required_growth": "Growth needed, times a year",
    "record_growth": "Growth of the largest site, times a year",
    "leading_growth": "Growth of leading supercomputers, times a year",
    "final_power": "Facility power at the target",
    "total_capex": "Spent from start to target",
    "peak_share_of_supply": "Most of a year's world supply",
    "peak_share_of_flat_supply": "The same, if supply stops growing",
    "time_at_record_growth": "Time to the target at record growth",
    "start_h100_equivalents": "H100-equivalents at the start",
    "target_h100_equivalents": "H100-equivalents at the target",
    "pace": "Growth needed over the record",
}
_PATH_HEADLINE = (
    "roadmap.target_h100_equivalents",
    "roadmap.required_growth",
    "roadmap.record_growth",
    "roadmap.total_capex",
    "roadmap.final_power",
    "roadmap.peak_share_of_supply",
    "roadmap.over_budget",
)
_DEMAND_HEADLINE = (
    "roadmap.total_demand",
    "roadmap.total_supply",
    "roadmap.world_stock",
    "roadmap.share_of_supply",
    "roadmap.peak_share_of_supply",
)
#: Logarithm of the fastest growth a year that is written as a number.
_FASTEST = 230.0
_SHARES = ("peak_share_of_supply", "peak_share_of_flat_supply", "share_of_supply")


def _spec(world: World) -> RoadmapSpec:
    if world.scenario.roadmap is None:
        raise LookupError("the scenario has no roadmap")
    return world.scenario.roadmap


def equivalents_of(world: World, gpus: float, accelerator: str, path: str) -> Count:
    """H100-equivalents (8-bit dense) of a number of devices."""
    device = world.catalog.accelerator(accelerator, path)
    return h100_equivalents(gpus, device.peak_fp8.value, world.catalog.accelerator(REFERENCE_DEVICE).peak_fp8.value)


def unit_costs(world: World) -> tuple[Usd, Watts]:
    """Capital cost and facility power of one H100-equivalent: the scenario's own cluster, or today's racks."""
    built: SiteEstimate | None = world.results.get("site")
    if built is not None:
        size: ClusterSize = world.results["cluster"]
        equivalents: Count = size.h100_equivalents  # type: ignore[assignment]
        return built.capex.total / equivalents, built.power.total / equivalents
    each = device_cost(world.catalog, SYSTEM)
    device = world.catalog.system(SYSTEM).accelerator
    one = equivalents_of(world, 1.0, device, "system")
    if each.capex is None or each.facility_power is None:
        raise InputError(f"systems.{SYSTEM}", None, "known in price and power", "It prices the path.")
    return each.capex / one, each.facility_power / one


def path(world: World) -> Growth:
    """The path in one world."""
    spec = _spec(world)
    price, power = unit_costs(world)
    trends = floor.trends(world.catalog)
    start = spec.start_h100_equivalents
    if start is None:
        raise InputError("roadmap.start_h100_equivalents", None, "given", "Write for example '275k'.")
    target = _target(world, spec, start, power)
    duration = _seconds(spec.start, spec.by or spec.start)
    if not world.is_sampled and math.log(max(float(target) / start, 1.0)) * YEAR > _FASTEST * duration:
        expected = f"later: from {start:,.0f} to {float(target):,.0f} H100-equivalents takes more than a few days"
        raise InputError("roadmap.by", spec.by, expected)
    return floor.growth(
        start_h100_equivalents=start,
        target_h100_equivalents=target,
        start=spec.start,
        by=spec.by or spec.start,
        trends=trends,
        generations=floor.generations(world.catalog),
        price_per_equivalent=price,
        power_per_equivalent=power,
    )


def _target(world: World, spec: RoadmapSpec, start: float, power: Watts) -> Count:
    if spec.target_h100_equivalents is not None:
        return spec.target_h100_equivalents
    if spec.target_gpus is not None:
        accelerator = spec.target_accelerator or ""
        return equivalents_of(world, float(spec.target_gpus), accelerator, "roadmap.target_accelerator")
    # A target in watts: what is added draws the power of the middle of the path.
    later = floor.trends(world.catalog).power(power, _middle(spec.start, spec.by or spec.start))
    wanted, there = spec.target_power or 0.0, start * power
    if not world.is_sampled and wanted <= float(there):
        drawn = render(float(there), "W")
        raise InconsistentError(
            *("roadmap.target_power", render(wanted, "W"), "the power of roadmap.start_h100_equivalents", drawn),
            *("be more than the second", "Raise the target, or start from less."),
        )
    # Draws of a start that already draws the target stay where they are.
    return start + np.maximum(wanted - there, 0.0) / later


def _middle(begin: str, end: str) -> date:
    first, last = date.fromisoformat(begin), date.fromisoformat(end)
    return first + max(last - first, timedelta(0)) / 2


def _seconds(begin: str, end: str) -> float:
    return (date.fromisoformat(end) - date.fromisoformat(begin)).days * 86_400.0


def demand(world: World) -> Demand:
    """All programmes in one world."""
    spec = _spec(world)
    programmes = [_programme(world, spec, one, index) for index, one in enumerate(spec.programmes)]
    return floor.demand(programmes=programmes, start=spec.start, trends=floor.trends(world.catalog))


def _programme(world: World, spec: RoadmapSpec, one: ProgrammeSpec, index: int) -> Programme:
    if one.h100_equivalents is not None:
        size: Count = one.h100_equivalents
    elif one.gpus is not None:
        field = f"roadmap.programmes.{index}.accelerator"
        size = equivalents_of(world, float(one.gpus), one.accelerator or "", field)
    else:
        _, power = unit_costs(world)
        later = floor.trends(world.catalog).power(power, _middle(spec.start, one.by))
        size = (one.facility_power or 0.0) / later
    return Programme(name=one.name, h100_equivalents=size, by=one.by)


def section(worlds: Worlds) -> Section:
    """The path to the target, or programmes against supply."""
    if _spec(worlds.point).programmes:
        return _demand_section(worlds)
    return _path_section(worlds)


def _path_section(worlds: Worlds) -> Section:
    pair = both(worlds, "roadmap", path)
    found = pair.point
    figures = figures_of("roadmap", pair, _TITLES, percent=_SHARES)
    budget = _spec(worlds.point).budget
    if budget is not None:
        figures.append(
            figure(
                "roadmap.over_budget",
                "Spent over the budget stated",
                "1",
                found.total_capex / budget,
                pair.sampled.total_capex / budget,
                why=f"against a budget of {render(budget, 'USD')}; above 1 it does not suffice",
                sources=sources_of(pair.facts),
            )
        )
    rows: tuple[tuple[Cell, ...], ...] = found.table()
    columns = (
        *("until", "newest device", "H100e online", "H100e added", "GPUs bought", "facility power"),
        *("spent", "spent so far", "of world supply", "of flat supply"),
    )
    table = Table(
        name="roadmap.years",
        key=True,
        title="Year by year",
        columns=columns,
        units=("", "", "1", "1", "1", "W", "USD", "USD", "%", "%"),
        rows=rows,
        note="H100-equivalents (H100e) count dense 8-bit rates. Flat supply: shipments that no longer grow.",
    )
    return Section(
        name="roadmap",
        title="The path to the target",
        summary=found.statement,
        headline=_PATH_HEADLINE,
        figures=tuple(figures),
        tables=(table,),
        charts=_charts(pair),
        notes=(
            f"Prices and power are those of {_origin(worlds.point)}, taken to hold in the middle of "
            f"{floor.PRICE_DATE.year}, and follow published trends from there; shortages, retirement and lead times of "
            "power are not in it.",
        ),
    )


def _origin(world: World) -> str:
    if "site" in world.results:
        return "the cluster above with its network and building"
    return f"{SYSTEM} racks with network and building at a generic site"


def _charts(pair: Pair[Growth]) -> tuple[Chart, ...]:
    def line(name: str, title: str, unit: str, field: str, *, log: bool = False) -> Chart:
        point, sampled = pair.point.years, pair.sampled.years
        spans = [span(getattr(year, field)) for year in sampled]
        series = Series(
            name=title,
            x=tuple(year.end for year in point),
            y=tuple(number(getattr(year, field)) for year in point),
            low=tuple(low for low, _ in spans),
            high=tuple(high for _, high in spans),
        )
        return Chart(name=name, title=title, kind="lines", unit=unit, series=(series,), x_title="end of year", log=log)

    return (
        line("roadmap.online", "H100-equivalents online (8-bit dense)", "1", "h100_equivalents", log=True),
        line("roadmap.power", "Facility power", "W", "power"),
        line("roadmap.capex", "Spent in the year", "USD", "capex"),
    )


def _demand_section(worlds: Worlds) -> Section:
    pair = both(worlds, "roadmap", demand)
    found = pair.point
    titles = {
        "total_demand": "H100-equivalents wanted",
        "total_supply": "H100-equivalents shipped, on trend",
        "flat_supply": "H100-equivalents shipped, without growth",
        "world_stock": "H100-equivalents in the world at the start",
        "share_of_supply": "Wanted over shipped",
        "peak_share_of_supply": "Most of a year's world supply",
    }
    programmes = Table(
        name="roadmap.programmes",
        key=True,
        title="Who wants what",
        columns=("programme", "H100-equivalents, 8-bit dense", "by"),
        units=("", "1", ""),
        rows=tuple((one.name, number(one.h100_equivalents), one.by) for one in found.programmes),
        note="Programmes stated in watts are counted at today's racks on the published trend of efficiency.",
    )
    years = Table(
        name="roadmap.years",
        title="Year by year, each programme bought evenly",
        columns=("until", "wanted", "shipped, on trend", "shipped, without growth", "wanted over shipped"),
        units=("", "1", "1", "1", "%"),
        rows=found.table(),
    )
    ends = tuple(year.end for year in found.years)
    chart = Chart(
        name="roadmap.demand",
        title="Wanted and shipped, H100-equivalents a year (8-bit dense)",
        kind="bars",
        unit="1",
        series=tuple(
            Series(name=name, x=ends, y=tuple(number(getattr(year, field)) for year in found.years))
            for name, field in (
                ("wanted", "demand"),
                ("shipped, on trend", "supply"),
                ("shipped, without growth", "flat_supply"),
            )
        ),
        x_title="year to",
        log=True,
    )
    return Section(
        name="roadmap",
        title="Everybody's plans against what can be shipped",
        summary=found.statement,
        headline=_DEMAND_HEADLINE,
        figures=tuple(figures_of("roadmap", pair, titles, percent=_SHARES)),
        tables=(programmes, years),
        charts=(chart,),
        notes=("Buyers outside the list take their share as well: every share is a lower bound.",),
    )
