"""The roadmap: a path year by year with its parts, or many programmes against the supply."""

from collections.abc import Iterator
from operator import attrgetter
from typing import Any

from lindos.elements import Cell, Chart, Number, Section, Series, Table
from lindos.problem.cluster import Cluster
from lindos.results import rows
from lindos.roadmap import Demand, Growth, GrowthYear
from lindos.scenario.schema import RoadmapSpec
from lindos.study.cluster import CLUSTER, ClusterResult
from lindos.study.floor import Outcome
from lindos.study.ranges import number, span
from lindos.study.reference import SYSTEM
from lindos.study.roadmap import ROADMAP, RoadmapResult
from lindos.study.site import SITE, SiteResult
from lindos.units import render
from lindos.views.figures import Figures, titled
from lindos.views.gaps import gaps_table, gaps_warning, with_gaps
from lindos.views.site import AS_BUILT, built_by, written
from lindos.views.view import Context, View

TITLE = "Roadmap"
_PATH_TITLE = "The path to the target"
_DEMAND_TITLE = "All programmes against the world's supply"
_TITLES = {
    "required_growth": "Growth needed, times a year",
    "record_growth": "Growth of the largest site, times a year",
    "leading_growth": "Growth of leading supercomputers, times a year",
    "final_power": "Facility power at the target",
    "total_capex": "Spent from start to target",
    "peak_share_of_supply": "Largest share of a year's world supply",
    "peak_share_of_flat_supply": "The same, if supply stops growing",
    "time_at_record_growth": "Time to the target at record growth",
    "start_h100_equivalents": "H100-equivalents at the start",
    "start_power": "Facility power at the start",
    "ordered_h100_equivalents": "H100-equivalents that come online as ordered",
    "ordered_power": "Facility power of ordered machines",
    "ordered_capex": "Capital cost of ordered machines",
    "bought_h100_equivalents": "H100-equivalents bought beyond that",
    "bought_power": "Facility power of purchases",
    "bought_capex": "Cost of purchases",
    "target_h100_equivalents": "H100-equivalents at the target",
    "pace": "Growth needed over the record",
}
_DEMAND_TITLES = {
    "total_demand": "H100-equivalents wanted",
    "total_supply": "H100-equivalents shipped, on trend",
    "flat_supply": "H100-equivalents shipped, without growth",
    "world_stock": "H100-equivalents in the world at the start",
    "share_of_supply": "Wanted over shipped",
    "peak_share_of_supply": "Largest share of a year's world supply",
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
_SHARES = frozenset(("peak_share_of_supply", "peak_share_of_flat_supply", "share_of_supply"))
#: Totals that are lower bounds if power or price of machines that are online or ordered is unknown.
_POWER = ("start_power", "ordered_power", "final_power")
_MONEY = ("ordered_capex", "total_capex")


def view(
    context: Context,
    outcome: Outcome[RoadmapResult],
    cluster: Outcome[ClusterResult] | None,
    site: Outcome[SiteResult] | None,
) -> Section:
    """Show the path to the target, or programmes against supply.

    Parameters
    ----------
    context
        Scenario and catalogue.
    outcome
        Path or programmes.
    cluster, site
        Cluster and site of the scenario; None if it has none.
    """
    if outcome.point.demand is not None:
        return _demand_section(context, outcome, outcome.point.demand)
    growth = outcome.point.growth
    assert growth is not None
    pools = cluster.point.cluster if cluster else Cluster(name="", pools=())
    spec = context.scenario.roadmap
    assert spec is not None
    return Section(
        name="roadmap",
        title=_PATH_TITLE,
        summary=_statement(growth),
        headline=_PATH_HEADLINE,
        figures=_path_figures(context, outcome, pools, spec).all(),
        tables=(_holdings(context, growth, outcome.point), _years(growth), *gaps_table("roadmap.gaps", growth.gaps)),
        charts=_charts(outcome),
        notes=(*_notes(context, outcome.point, growth, site),),
        warnings=gaps_warning(growth.gaps),
    )


def _path_figures(
    context: Context, outcome: Outcome[RoadmapResult], cluster: Cluster, spec: RoadmapSpec
) -> Figures[RoadmapResult]:
    growth = outcome.point.growth
    end = spec.by or spec.start
    figures = Figures(outcome, subject=f"roadmap of {context.scenario.name}", date=end)
    for row in rows(growth):
        is_bound = bool(growth and growth.gaps) and row.name in (*_POWER, *_MONEY)
        figures.add(
            f"roadmap.{row.name}",
            _TITLES.get(row.name, titled(row.name)),
            row.unit,
            attrgetter(f"growth.{row.name}"),
            why=with_gaps(row.why, growth.gaps if growth and is_bound else ()),
            percent=row.name in _SHARES,
            bound="least" if is_bound else "",
            follows=True,
            **_of_machines(context, outcome.point, cluster, spec, row.name),
        )
    if spec.budget is not None:
        figures.add(
            "roadmap.over_budget",
            "Total cost over the stated budget",
            "1",
            lambda result: result.over_budget,
            why=f"against a budget of {render(spec.budget, 'USD')}; above 1 the budget is exceeded",
        )
    return figures


def _of_machines(
    context: Context, result: RoadmapResult, cluster: Cluster, spec: RoadmapSpec, name: str
) -> dict[str, str]:
    """Return what a figure describes, if it is a total of a cluster that a site states too."""
    holdings, dates = result.holdings, [pool.online for pool in cluster.pools]
    as_site = {"subject": context.scenario.name, "date": built_by(cluster), "convention": AS_BUILT}
    if name == "start_power":
        named = holdings.start_cluster
        if named is not None and not any(holdings.is_online(date) for date in dates):
            pools = named.cluster.pools if named.cluster else []
            online = max((pool.online or "" for pool in pools), default="")
            return {"quantity": "facility_power", "subject": named.name, "date": online, "convention": AS_BUILT}
        is_own = bool(dates) and all(holdings.is_online(date) for date in dates) and spec.start_h100_equivalents is None
        return {"quantity": "facility_power", **as_site} if named is None and is_own else {"date": spec.start}
    of_cluster = {"ordered_power": "facility_power", "ordered_capex": "capital_cost"}
    is_whole = bool(dates) and all(spec.start < date <= (spec.by or spec.start) for date in dates)
    return {"quantity": of_cluster[name], **as_site} if name in of_cluster and is_whole else {}


def _statement(growth: Growth) -> str:
    """Write the path in one or two sentences."""
    share, flat = number(growth.peak_share_of_supply), number(growth.peak_share_of_flat_supply)
    pace = number(growth.pace)
    faster = "slower" if pace is None or pace <= 1 else "faster"
    bound = bool(growth.gaps)
    sentence = (
        f"From {written(growth.start_h100_equivalents, '1')} to {written(growth.target_h100_equivalents, '1')} "
        f"H100-equivalents (8-bit dense) takes {_times(growth.required_growth)} a year, {faster} than the record of "
        f"{_times(growth.record_growth)}; it ends at {written(growth.final_power, 'W', is_bound=bound)} and "
        f"{written(growth.total_capex, 'USD', is_bound=bound)}, and takes up to {_percent(share)} of a year's world "
        f"supply if that grows as it did until {growth.trend_end[:4]}, {_percent(flat)} if it only keeps pace."
    )
    return sentence + (" That is more than suppliers ship." if share is not None and share > 1 else "")


def _times(factor: Any) -> str:
    plain = number(factor)
    return "an unknown factor" if plain is None else f"{render(plain, '1')}x"


def _percent(share: float | None) -> str:
    return "an unknown share" if share is None else f"{render(100 * share, '1', 2)} %"


def _holdings(context: Context, growth: Growth, result: RoadmapResult) -> Table:
    """Tabulate the parts of the path: online at the start, ordered and bought, each at its price."""
    bound = "least" if growth.gaps else ""
    body: list[tuple[Cell, ...]] = [
        (
            f"online on {growth.start}: {_origin(context, result)}",
            number(growth.start_h100_equivalents),
            Number(value=number(growth.start_power), bound=bound),
            "",
        )
    ]
    if number(growth.ordered_h100_equivalents):
        body.append(
            (
                "ordered: the cluster's pools, as they come online",
                number(growth.ordered_h100_equivalents),
                Number(value=number(growth.ordered_power), bound=bound),
                Number(value=number(growth.ordered_capex), bound=bound),
            )
        )
    if number(growth.bought_h100_equivalents):
        body.append(
            (
                "bought beyond that, as the newest system of its year",
                number(growth.bought_h100_equivalents),
                number(growth.bought_power),
                number(growth.bought_capex),
            )
        )
    body.append(
        (
            f"online on {growth.end}",
            number(growth.target_h100_equivalents),
            Number(value=number(growth.final_power), bound=bound),
            Number(value=number(growth.total_capex), bound=bound),
        )
    )
    return Table(
        name="roadmap.holdings",
        title="Parts of the path",
        columns=("", "H100-equivalents, 8-bit dense", "facility power", "capital cost"),
        units=("", "1", "W", "USD"),
        rows=tuple(body),
    )


def _origin(context: Context, result: RoadmapResult) -> str:
    holdings, spec = result.holdings, context.scenario.roadmap
    pools = context.scenario.cluster.pools if context.scenario.cluster else []
    parts = []
    if holdings.start_cluster is not None:
        parts.append(f"the cluster of {holdings.start_cluster.name}, as built")
    if any(holdings.is_online(pool.online or "") for pool in pools):
        parts.append("the cluster above, as built")
    if spec is not None and spec.start_h100_equivalents is not None:
        parts.append(f"{'others' if parts else 'taken'} as {SYSTEM} racks")
    return " and ".join(parts) or "nothing"


def _years(growth: Growth) -> Table:
    bound = "least" if growth.gaps else ""
    body = [
        (
            year.end,
            year.device,
            _priced_as(year),
            number(year.h100_equivalents),
            number(year.added),
            number(year.num_devices),
            Number(value=number(year.power), bound=bound),
            Number(value=number(year.capex), bound=bound),
            Number(value=number(year.cumulative_capex), bound=bound),
            number(year.share_of_supply),
            number(year.share_of_flat_supply),
        )
        for year in growth.years
    ]
    columns = (
        *("until", "newest device", "priced as", "H100e online", "H100e added", "GPUs added", "facility power"),
        *("spent", "spent so far", "of world supply", "of flat supply"),
    )
    return Table(
        name="roadmap.years",
        key=True,
        title="Year by year",
        columns=columns,
        units=("", "", "", "1", "1", "1", "W", "USD", "USD", "%", "%"),
        rows=tuple(body),
        note=(
            "H100-equivalents (H100e) count dense 8-bit rates. Flat supply: shipments that no longer grow. On trend: "
            "price or power of the newest device is unknown; those of the system have followed their trends since its "
            "launch."
        ),
    )


def _priced_as(year: GrowthYear) -> str:
    """Name the system that gives price and power of a year's purchases."""
    if not number(year.bought):
        return ""
    return f"{year.priced_as}, on trend" if year.is_on_trend else year.priced_as


def _notes(context: Context, result: RoadmapResult, growth: Growth, site: Outcome[SiteResult] | None) -> Iterator[str]:
    yield (
        "Machines that are online or ordered have the price and power of their own site. Further purchases are the "
        "newest system on sale, with network and building, at the price and power that this site gives for a cluster "
        "of as many. Shortages, retirement and lead times of power are not modelled."
    )
    if result.holdings.is_hypothetical and site is not None:
        estimate = site.point.estimate
        yield (
            f"The cluster of {context.scenario.name} answers another question: all of it is built at once from its own "
            f"racks, at today's prices ({written(estimate.capex.total, 'USD')} and "
            f"{written(estimate.power.total, 'W')}). The path buys from {growth.start} to {growth.end}."
        )


def _charts(outcome: Outcome[RoadmapResult]) -> tuple[Chart, ...]:
    point, sampled = outcome.point.growth, outcome.sampled.growth
    assert point is not None
    assert sampled is not None

    def line(name: str, title: str, unit: str, field: str, *, log: bool = False) -> Chart:
        spans = [span(getattr(year, field)) for year in sampled.years]
        series = Series(
            name=title,
            x=tuple(year.end for year in point.years),
            y=tuple(number(getattr(year, field)) for year in point.years),
            low=tuple(low for low, _ in spans),
            high=tuple(high for _, high in spans),
        )
        return Chart(name=name, title=title, kind="lines", unit=unit, series=(series,), x_title="end of year", log=log)

    return (
        line("roadmap.online", "H100-equivalents online (8-bit dense)", "1", "h100_equivalents", log=True),
        line("roadmap.power", "Facility power", "W", "power"),
        line("roadmap.capex", "Spent in the year", "USD", "capex"),
    )


def _demand_section(context: Context, outcome: Outcome[RoadmapResult], demand: Demand) -> Section:
    figures = Figures(outcome, subject=f"roadmap of {context.scenario.name}", date=demand.years[-1].end)
    for row in rows(demand):
        figures.add(
            f"roadmap.{row.name}",
            _DEMAND_TITLES.get(row.name, titled(row.name)),
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
        title=_DEMAND_TITLE,
        summary=demand.statement,
        headline=_DEMAND_HEADLINE,
        figures=figures.all(),
        tables=(programmes, _demand_years(demand)),
        charts=(_demand_chart(demand),),
        notes=("Buyers outside the list take their share as well: every share is a lower bound.",),
    )


def _demand_years(demand: Demand) -> Table:
    return Table(
        name="roadmap.years",
        title="Year by year, each programme bought evenly",
        columns=("until", "wanted", "shipped, on trend", "shipped, without growth", "wanted over shipped"),
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
        title="Wanted and shipped, H100-equivalents a year (8-bit dense)",
        kind="bars",
        unit="1",
        series=tuple(
            Series(name=name, x=ends, y=tuple(number(getattr(year, field)) for year in demand.years))
            for name, field in (
                ("wanted", "demand"),
                ("shipped, on trend", "supply"),
                ("shipped, without growth", "flat_supply"),
            )
        ),
        x_title="year to",
        log=True,
    )


VIEW = View(floor=ROADMAP, title=TITLE, show=view, supplements=(CLUSTER, SITE))
