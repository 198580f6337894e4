"""Power and money of the site: totals, parts, published figures, and the dates on which pools come online."""

from collections.abc import Iterator
from functools import partial
from operator import attrgetter
from typing import Any

from lindos.catalog.records import SiteFacts
from lindos.elements import Cell, Chart, Number, Section, Table
from lindos.problem.cluster import Cluster
from lindos.results import rows
from lindos.scenario.schema import PoolSpec, SiteSpec
from lindos.site import SiteCapex, SiteEstimate, SitePower, provenance, published
from lindos.study.cluster import CLUSTER, ClusterResult
from lindos.study.fill import Limit, limits
from lindos.study.floor import Outcome
from lindos.study.ranges import number
from lindos.study.site import SITE, SiteResult
from lindos.units import render
from lindos.views.figures import Figures, parts_series, share_of_draws, titled
from lindos.views.gaps import gaps_table, gaps_warning, with_gaps
from lindos.views.view import Context, View

TITLE = "Power and money"
_TITLES = {
    "power.total": "Facility power, full load",
    "power.it_power": "IT power, full load",
    "power.mean": "Facility power while training",
    "power.it_mean": "IT power while training",
    "power.yearly_energy": "Energy of a year",
    "capex.total": "Capital cost",
    "capex.it": "Capital cost of IT",
    "year.total": "Cost of a year, capital included",
    "year.opex": "Running cost of a year",
    "device_cost": "Cost of a GPU-hour",
    "capex_per_device": "Capital cost per GPU",
    "facility_power_per_device": "Facility power per GPU",
    "total_cost_of_ownership": "Total cost of ownership",
    "present_value": "The same, discounted to today",
}
#: Quantities of figures that other floors show of the same machines.
QUANTITIES = {"power.total": "facility_power", "capex.total": "capital_cost", "num_devices": "num_devices"}
#: Convention of power and price of machines that are online or ordered, in site, roadmap and claims.
AS_BUILT = "built up from parts, at the prices of today"
_HEADLINE = (
    "site.power.total",
    "site.power.mean",
    "site.capex.total",
    "site.capex_per_device",
    "site.capex_per_h100_equivalent",
    "site.year.opex",
    "site.device_cost",
    "site.total_cost_of_ownership",
    "site.power_margin",
    "site.budget_margin",
)
_POWER_PARTS = ("systems", "switches", "optics", "storage", "overhead")
_CAPEX_PARTS = ("systems", "switches", "optics", "storage", "construction")
_YEAR_PARTS = ("it", "construction", "energy", "maintenance")
_PARTS = {"it": "IT, written off", "overhead": "cooling and distribution"}
_PERCENT = ("power.training_duty", "discount_rate")


def view(context: Context, outcome: Outcome[SiteResult], cluster: Outcome[ClusterResult] | None) -> Section:
    """Show power and money of the site.

    Parameters
    ----------
    context
        Scenario and catalogue.
    outcome
        Power, costs and stages of the site.
    cluster
        Pools of the cluster; None if unknown.
    """
    result = outcome.point
    estimate = result.estimate
    pools = cluster.point.cluster if cluster else Cluster(name="", pools=())
    spec = context.scenario.site or SiteSpec()
    return Section(
        name="site",
        title=TITLE,
        summary=" ".join((_summary(estimate), *_held(context, outcome))),
        headline=_HEADLINE,
        figures=_figures(context, outcome, built_by(pools)).all(),
        tables=(
            *_comparison(context, result, pools),
            _parts_table(estimate),
            *_timeline(result),
            *gaps_table("site.gaps", estimate.gaps),
        ),
        charts=(
            _chart("site.power", "What draws the power", "W", "facility power", estimate.power, _POWER_PARTS),
            _chart("site.capex", "What it costs to build", "USD", "capital cost", estimate.capex, _CAPEX_PARTS),
            _chart("site.year", "What a year costs", "USD", "a year", estimate.year, _YEAR_PARTS),
        ),
        notes=(
            "Built up from parts; totals published for a site are compared with, never used.",
            f"The cost of ownership covers {spec.years:g} years. Land, power generation on site, taxes and staff of "
            "research are not in it.",
            f"Volume discount on nodes and racks: {100 * spec.volume_discount:g} %.",
        ),
        warnings=gaps_warning(estimate.gaps),
    )


def built_by(cluster: Cluster) -> str:
    """Return the day from which all pools work; empty if the scenario gives none.

    Parameters
    ----------
    cluster
        Pools with their dates.
    """
    return max((pool.online for pool in cluster.pools), default="")


def written(value: Any, unit: str, *, is_bound: bool = False) -> str:
    """Write a number for a sentence.

    Parameters
    ----------
    value
        Number, array of one element, or None.
    unit
        SI unit of the number.
    is_bound
        Whether the number is a lower bound.
    """
    plain = number(value)
    if plain is None:
        return "unknown"
    return f"at least {render(plain, unit)}" if is_bound else render(plain, unit)


def _summary(estimate: SiteEstimate) -> str:
    power = written(estimate.power.total, "W", is_bound=bool(estimate.gaps_of("power.total")))
    money = written(estimate.capex.total, "USD", is_bound=bool(estimate.gaps_of("capex.total")))
    hourly = written(estimate.device_cost, "USD/s", is_bound=bool(estimate.gaps_of("device_cost")))
    return f"{power} at full load, {money} to build; a GPU costs {hourly}, capital included."


def _held(context: Context, outcome: Outcome[SiteResult]) -> Iterator[str]:
    """Say whether the limits of the site hold, by how much, and which of them a pool fills."""
    scenario = context.scenario
    bounds = limits(scenario, context.catalog)
    margins = {limit.path: number(_margin(limit, outcome.point)) for limit in bounds}
    for limit in bounds:
        margin = margins[limit.path]
        if margin is None:
            yield f"Whether the {limit.text()} holds is unknown."
            continue
        amount = render(abs(margin), limit.unit)
        result = f"holds: {amount} left" if margin >= 0 else f"does not hold: {amount} missing"
        yield f"The {limit.text()} {result}{share_of_draws(_margin(limit, outcome.sampled))}."
    filling = [pool for pool in (scenario.cluster.pools if scenario.cluster else ()) if pool.fill]
    if filling and bounds:
        tight = min(bounds, key=lambda limit: (margins[limit.path] or 0.0) / limit.value)
        pool, unit = filling[0], _unit_word(context, filling[0])
        yield f"{pool.gpus or 0:,} GPUs of {pool.system} fit: the {tight.noun} binds, one more {unit} would exceed it."


def _unit_word(context: Context, pool: PoolSpec) -> str:
    return str(context.catalog.system(pool.system).unit)


def _margin(limit: Limit, result: SiteResult) -> Any:
    """Compute the limit less what the site comes to; None if that is unknown."""
    estimate = result.estimate
    reached = estimate.power.total if limit.unit == "W" else estimate.capex.total
    return None if reached is None else limit.value - reached


def _figures(context: Context, outcome: Outcome[SiteResult], date: str) -> Figures[SiteResult]:
    estimate = outcome.point.estimate
    figures = Figures(outcome, subject=context.scenario.name, date=date)
    gaps = estimate.gaps_of("capex.total")
    figures.add(
        "site.capex_per_h100_equivalent",
        "Capital cost per H100-equivalent",
        "USD",
        lambda result: result.capex_per_h100_equivalent,
        why=with_gaps("everything bought and built, over H100-equivalents in 8-bit dense", gaps),
        convention=AS_BUILT,
        bound="least" if gaps else "",
    )
    for limit in limits(context.scenario, context.catalog):
        words = {"W": ("power", "Power limit less facility power"), "USD": ("budget", "Budget less capital cost")}
        name, title = words[limit.unit]
        why = f"below zero the {limit.text()} does not hold"
        figures.add(f"site.{name}_margin", title, limit.unit, partial(_margin, limit), why=why)
    for row in rows(estimate):
        gaps = estimate.gaps_of(row.name)
        figures.add(
            f"site.{row.name}",
            _TITLES.get(row.name, titled(row.name)),
            row.unit,
            attrgetter(f"estimate.{row.name}"),
            why=with_gaps(row.why, gaps),
            percent=row.name in _PERCENT,
            quantity=QUANTITIES.get(row.name, ""),
            convention=AS_BUILT,
            bound="least" if gaps and row.value is not None else "",
        )
    return figures


def _comparison(context: Context, result: SiteResult, cluster: Cluster) -> tuple[Table, ...]:
    place, estimate = result.place, result.estimate
    body: list[tuple[Cell, ...]] = []
    factors = []
    for words, fact, name, unit in (
        ("IT power", place.published_it_power, "power.it_power", "W"),
        ("facility power", place.published_facility_power, "power.total", "W"),
        ("capital cost", place.published_capex, "capex.total", "USD"),
    ):
        built = Number(
            value=number(attrgetter(name)(estimate)), unit=unit, bound="least" if estimate.gaps_of(name) else ""
        )
        figure = published(place, fact, float(cluster.num_devices))
        if figure is not None and built.value is not None:
            factors.append(figure.factor)
            body.append((words, *_compared(built, figure.value, figure.low, figure.high)))
    body += _each_device(context, estimate, cluster)
    if not body:
        return ()
    table = Table(
        name="site.comparison",
        key=True,
        title=f"Beside what was published for {place.title}" if factors else "Beside what was published",
        columns=("what", "built from parts", "published", "published range", "ratio"),
        units=("", "1", "1", "1", "1"),
        rows=tuple(body),
        note=_comparison_note(place, factors),
    )
    return (table,)


def _comparison_note(place: SiteFacts, factors: list[float]) -> str:
    """Say where the published figures come from, and how they were brought to the size of the cluster."""
    note = "Published figures are estimates from outside, often of another date; none of them enters the answer."
    origin = provenance(place)
    if factors and origin:
        note += f" Here {origin}."
    if factors and factors[0] != 1.0:
        count = render(float(place.published_devices.content or 0.0), "1")
        note += f" They are for {count} devices, and are shown for as many as the cluster has: {factors[0]:.3g} times."
    return note


def _compared(built: Number, published: float | None, low: float | None, high: float | None) -> tuple[Cell, ...]:
    ratio = None if built.value is None or not published else built.value / published
    figure = Number(value=published, unit=built.unit)
    is_range = low is not None and high is not None and low != high
    span: Cell = Number(value=None, unit=built.unit, low=low, high=high) if is_range else ""
    return built, figure, span, Number(value=ratio, suffix="x")


def _each_device(context: Context, estimate: SiteEstimate, cluster: Cluster) -> Iterator[tuple[Cell, ...]]:
    """Compare the facility power per device with a published model, if that covers all devices of the cluster."""
    total, published = 0.0, set(context.catalog.names("parameters"))
    for pool in cluster.pools:
        name = f"comparison.facility_power_per_{pool.accelerator.name.removesuffix('-sxm').replace('-', '_')}"
        if name not in published:
            return
        total += pool.num_devices * float(context.catalog.parameter(name, "W").value)
    built = number(estimate.facility_power_per_device)
    if built is not None and cluster.num_devices:
        yield (
            "facility power per GPU",
            *_compared(Number(value=built, unit="W"), total / cluster.num_devices, None, None),
        )


def _timeline(result: SiteResult) -> tuple[Table, ...]:
    if len(result.stages) < 2 or not all(stage.date for stage in result.stages):
        return ()
    gaps = result.estimate
    power, money = ("least" if gaps.gaps_of(name) else "" for name in ("power.total", "capex.total"))
    table = Table(
        name="site.timeline",
        title="As batches come online",
        columns=("from", "GPUs", "facility power", "capital cost so far"),
        units=("", "1", "W", "USD"),
        rows=tuple(
            (
                stage.date,
                stage.num_devices,
                Number(value=number(stage.power), bound=power),
                Number(value=number(stage.capex), bound=money),
            )
            for stage in result.stages
        ),
    )
    return (table,)


def _parts_table(estimate: SiteEstimate) -> Table:
    """Tabulate power and capital cost by part, with shares."""

    def cell(result: SitePower | SiteCapex, part: str) -> Cell:
        if not hasattr(result, part):
            return "none"
        value, total = number(getattr(result, part)), number(result.total)
        bound = "least" if result.gaps_of(part) and value is not None else ""
        return Number(value=value, share=value / total if value is not None and total else None, bound=bound)

    parts = dict.fromkeys((*_POWER_PARTS, *_CAPEX_PARTS))
    return Table(
        name="site.parts",
        title="Power and capital cost by part",
        columns=("", "facility power", "capital cost"),
        units=("", "W", "USD"),
        rows=tuple(
            (titled(_PARTS.get(part, part)), cell(estimate.power, part), cell(estimate.capex, part)) for part in parts
        ),
    )


def _chart(name: str, title: str, unit: str, label: str, result: object, parts: tuple[str, ...]) -> Chart:
    values = {_PARTS.get(part, titled(part).lower()): number(getattr(result, part)) for part in parts}
    return Chart(name=name, title=title, kind="parts", unit=unit, series=parts_series((label,), (values,)))


VIEW = View(floor=SITE, title=TITLE, show=view, supplements=(CLUSTER,))
