"""Many programmes against the world's supply."""

from collections.abc import Iterator
from operator import attrgetter

from lindos.elements import Cell, Chart, Section, Series, Table
from lindos.results import rows
from lindos.roadmap import Demand
from lindos.study.floor import Outcome
from lindos.study.ranges import number
from lindos.study.roadmap import RoadmapResult
from lindos.views.figures import Figures, titled
from lindos.views.roadmap_entries import demand_entries
from lindos.views.roadmap_tables import ranged, world_table
from lindos.views.view import Context

_TITLE = "All programmes against the world's supply"
_TITLES = {
    "total_demand": "H100-equivalents wanted",
    "total_supply": "H100-equivalents delivered",
    "flat_supply": "H100-equivalents delivered, without growth",
    "world_stock": "H100-equivalents in the world at the start",
    "share_of_supply": "Wanted over delivered",
    "peak_share_of_supply": "Largest share of a year's world supply",
    "total_power": "Facility power wanted",
    "total_capex": "Cost of what is wanted, at list prices",
}
_HEADLINE = (
    "roadmap.total_demand",
    "roadmap.total_power",
    "roadmap.total_capex",
    "roadmap.total_supply",
    "roadmap.world_stock",
    "roadmap.share_of_supply",
    "roadmap.peak_share_of_supply",
)
_SHARES = frozenset(("peak_share_of_supply", "share_of_supply"))


def demand_section(context: Context, outcome: Outcome[RoadmapResult], demand: Demand) -> Section:
    """Show programmes against the world's supply, and when each is complete under each rule.

    Parameters
    ----------
    context
        Scenario and catalogue.
    outcome
        Programmes.
    demand
        The same in the point world.
    """
    figures = Figures(outcome, subject=f"roadmap of {context.scenario.name}", date=demand.years[-1].end)
    for row in rows(demand):
        figures.add(
            f"roadmap.{row.name}",
            _TITLES.get(row.name, titled(row.name)),
            row.unit,
            attrgetter(f"demand.{row.name}"),
            why=row.why,
            percent=row.name in _SHARES,
        )
    programmes = Table(
        name="roadmap.programmes",
        key=True,
        title="Programmes",
        columns=("programme", "H100-equivalents, 8-bit dense", "by"),
        units=("", "1", ""),
        rows=tuple((plan.name, number(plan.h100_equivalents), plan.end) for plan in demand.programmes),
        note="A programme stated in watts is bought evenly at the power of each year, until it draws that much.",
    )
    return Section(
        name="roadmap",
        title=_TITLE,
        summary=demand.statement,
        headline=_HEADLINE,
        figures=figures.all(),
        tables=(
            *(programmes, _sharing(demand), _demand_years(demand)),
            *_quarters(outcome, demand),
            world_table(outcome),
        ),
        charts=(_demand_chart(demand),),
        entries=demand_entries(outcome),
        notes=(
            "Buyers outside the list take their share as well: every share is a lower bound, and nobody is earlier "
            "than the table says. Numbers of GPUs are converted to H100-equivalents once, by dense 8-bit rates.",
        ),
    )


def _quarters(outcome: Outcome[RoadmapResult], demand: Demand) -> Iterator[Table]:
    """What all programmes want by quarter: devices by generation, power and money with their ranges."""
    sampled = outcome.sampled.demand
    if sampled is None or not demand.quarters:
        return
    names = [name for name in demand.quarters[0].devices if any(number(row.devices[name]) for row in demand.quarters)]
    body = tuple(
        (
            quarter.name,
            *(number(quarter.devices[name]) for name in names),
            *(number(quarter.power), ranged(draws.power)),
            *(number(quarter.capex), ranged(draws.capex)),
            *(number(quarter.wanted), number(quarter.delivered), number(quarter.share_of_supply)),
        )
        for quarter, draws in zip(demand.quarters, sampled.quarters, strict=True)
    )
    yield Table(
        name="roadmap.quarters",
        title="Quarter by quarter, each programme bought evenly",
        columns=(
            *("quarter", *names, "power", "its range", "cost", "its range"),
            *("H100e wanted", "H100e delivered", "wanted over delivered"),
        ),
        units=("", *("1" for _ in names), "W", "W", "USD", "USD", "1", "1", "%"),
        rows=body,
        note=(
            "GPUs of the generations that are made in the quarter, in NVIDIA's packages; cost at list prices with "
            "network and building. What is wanted beyond what is delivered comes later, or not at all."
        ),
    )


def _demand_years(demand: Demand) -> Table:
    return Table(
        name="roadmap.years",
        title="Year by year, each programme bought evenly",
        columns=("until", "wanted", "delivered", "delivered, without growth", "wanted over delivered"),
        units=("", "1", "1", "1", "%"),
        rows=tuple(
            (
                year.end,
                number(year.demand),
                number(year.supply),
                number(year.flat_supply),
                number(year.share_of_supply),
            )
            for year in demand.years
        ),
    )


def _demand_chart(demand: Demand) -> Chart:
    ends = tuple(year.end for year in demand.years)
    return Chart(
        name="roadmap.demand",
        title="Wanted and delivered, H100-equivalents a year (8-bit dense)",
        kind="bars",
        unit="1",
        series=tuple(
            Series(name=name, x=ends, y=tuple(number(getattr(year, field)) for year in demand.years))
            for name, field in (
                ("wanted", "demand"),
                ("delivered", "supply"),
                ("delivered, without growth", "flat_supply"),
            )
        ),
        x_title="year to",
        log=True,
    )


def _sharing(demand: Demand) -> Table:
    rules = tuple(dict.fromkeys(row.rule for row in demand.shares))
    by_rule = [[row for row in demand.shares if row.rule == rule] for rule in rules]
    body = []
    for rows_of_programme in zip(*by_rule, strict=True):
        cells: list[Cell] = [rows_of_programme[0].name, rows_of_programme[0].end]
        for row in rows_of_programme:
            cells += [row.delivered, row.complete or "not by the last day"]
        body.append(tuple(cells))
    titles = [title for rule in rules for title in (f"there by then, shared {rule}", "complete in")]
    return Table(
        name="roadmap.sharing",
        key=True,
        title="When each programme is complete, by rule",
        columns=("programme", "wanted by", *titles),
        units=("", "", *("%", "") * len(rules)),
        rows=tuple(body),
        note=(
            "Each programme wants what it lacks evenly over the time that it has left, and gets no more than the "
            "largest owner does."
        ),
    )
