"""Power and money of the scenario's site."""

from lindos import site as floor
from lindos.catalog.records import SiteFacts
from lindos.elements import Cell, Chart, Figure, Section, Table
from lindos.errors import UnknownValueError
from lindos.formulas.equivalents import h100_equivalents
from lindos.problem.cluster import Cluster
from lindos.scenario.resolve import REFERENCE_DEVICE, site_of
from lindos.scenario.schema import SiteSpec
from lindos.site import SiteCapex, SiteEstimate, SitePower
from lindos.study.cluster import peak
from lindos.study.figures import figure, figures_of, number, parts_chart_series, sources_of, titled
from lindos.study.world import Pair, World, Worlds, both
from lindos.units import render

_TITLES = {
    "power.total": "Facility power, full load",
    "power.it_power": "IT power, full load",
    "power.mean": "Facility power while training",
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
_HEADLINE = (
    "site.power.total",
    "site.power.mean",
    "site.capex.total",
    "site.capex_per_device",
    "site.capex_per_h100_equivalent",
    "site.year.opex",
    "site.device_cost",
    "site.total_cost_of_ownership",
)
_POWER_PARTS = ("systems", "switches", "optics", "storage", "overhead")
_CAPEX_PARTS = ("systems", "switches", "optics", "storage", "construction")
_YEAR_PARTS = ("it", "construction", "energy", "maintenance")
_PARTS = {"it": "IT, written off", "overhead": "cooling and distribution"}


def terms(world: World) -> SiteSpec:
    """The scenario's terms; a site of the United States in general where it names none."""
    return world.scenario.site or SiteSpec()


def place(world: World) -> SiteFacts:
    """The site as the scenario has it."""
    return site_of(terms(world), world.catalog)


def estimate(world: World) -> SiteEstimate:
    """Power and money in one world."""
    spec = terms(world)
    costs = floor.costs(world.catalog)
    return floor.estimate(world.cluster, place(world), costs, volume_discount=spec.volume_discount, years=spec.years)


def drawn(world: World) -> SitePower:
    """Power alone, where prices are unknown."""
    return floor.site_power(world.cluster, place(world), floor.costs(world.catalog))


def section(worlds: Worlds) -> Section:
    """The site as figures, charts and a comparison with what was published."""
    power = both(worlds, "power", drawn)
    floor.check_power(worlds.point.cluster, place(worlds.point), power.point)
    try:
        pair = both(worlds, "site", estimate)
    except UnknownValueError as error:
        return _power_only(worlds, power, str(error))
    found = pair.point
    spec = terms(worlds.point)
    figures = figures_of("site", pair, _TITLES, percent=("power.training_duty", "discount_rate"))
    figures.insert(0, _per_equivalent(worlds, pair))
    watts, dollars = number(found.power.total) or 0.0, number(found.capex.total) or 0.0
    hourly = render(number(found.device_cost) or 0.0, "USD/s")
    summary = (
        f"{render(watts, 'W')} at full load, {render(dollars, 'USD')} to build; a GPU costs {hourly}, capital included."
    )
    return Section(
        name="site",
        title="Power and money",
        summary=summary,
        headline=_HEADLINE,
        figures=tuple(figures),
        tables=(*_comparison(worlds.point, found.power, found), _parts_table(found), *_timeline(worlds.point)),
        charts=_charts(found),
        notes=(
            "Built up from parts; totals published for a site are compared with, never used.",
            f"The cost of ownership covers {spec.years:g} years. Land, power generation on site, taxes and staff of "
            "research are not in it.",
            f"Volume discount on nodes and racks: {100 * spec.volume_discount:g} %.",
        ),
    )


def _power_only(worlds: Worlds, power: Pair[SitePower], reason: str) -> Section:
    """What can be said without prices."""
    titles = {name.removeprefix("power."): title for name, title in _TITLES.items() if name.startswith("power.")}
    figures = figures_of("site.power", power, titles, percent=("training_duty",))
    unknown = figure("site.capex.total", "Capital cost", "USD", None, why=reason)
    return Section(
        name="site",
        title="Power and money",
        summary=f"{render(number(power.point.total) or 0.0, 'W')} at full load; its cost is unknown.",
        headline=("site.power.total", "site.power.mean", "site.capex.total"),
        figures=(*figures, unknown),
        tables=_comparison(worlds.point, power.point, None),
        charts=(_power_chart(power.point),),
        notes=(f"Money: {reason}",),
    )


def _per_equivalent(worlds: Worlds, pair: Pair[SiteEstimate]) -> Figure:
    def each(world: World, found: SiteEstimate) -> object:
        reference = world.catalog.accelerator(REFERENCE_DEVICE)
        return found.capex.total / h100_equivalents(1.0, peak(world.cluster, "fp8"), reference.peak_fp8.value)

    name = "site.capex_per_h100_equivalent"
    title = "Capital cost per H100-equivalent"
    why = "everything bought and built, over H100-equivalents in 8-bit dense"
    sources = sources_of(pair.facts)
    try:
        point, sampled = each(worlds.point, pair.point), each(worlds.sampled, pair.sampled)
    except UnknownValueError:
        return figure(name, title, "USD", None, why=why)
    return figure(name, title, "USD", point, sampled, why=why, sources=sources)


def _comparison(world: World, power: SitePower, found: SiteEstimate | None) -> tuple[Table, ...]:
    site = place(world)
    rows: list[tuple[Cell, ...]] = []
    if site.published_facility_power.known:
        fact = site.published_facility_power
        rows.append(("facility power", *_beside(number(power.total), fact.content, fact.low, fact.high, "W")))
    if site.published_capex.known and found is not None:
        fact = site.published_capex
        rows.append(
            (
                "capital cost",
                *_beside(number(found.capex.total), fact.content, fact.low, fact.high, "USD"),
            )
        )
    rows += _each_device(world, power)
    if not rows:
        return ()
    table = Table(
        name="site.comparison",
        key=True,
        title=f"Beside what was published for {site.title}" if len(rows) > 1 else "Beside what was published",
        columns=("what", "built from parts", "published", "published range", "ratio"),
        units=("", "", "", "", "1"),
        rows=tuple(rows),
        note="Published figures are estimates from outside, often of another date; none of them enters the answer.",
    )
    return (table,)


def _each_device(world: World, power: SitePower) -> list[tuple[Cell, ...]]:
    """Facility power per device beside a published model's, where that knows all devices of the cluster."""
    total, known = 0.0, set(world.catalog.names("parameters"))
    for pool in world.cluster.pools:
        name = f"comparison.facility_power_per_{pool.accelerator.name.removesuffix('-sxm').replace('-', '_')}"
        if name not in known:
            return []
        total += pool.num_devices * float(world.catalog.parameter(name, "W").value)
    count = world.cluster.num_devices
    ours = number(power.total)
    each = None if ours is None else ours / count
    return [("facility power per GPU", *_beside(each, total / count, None, None, "W"))]


def _beside(ours: float | None, theirs: object, low: object, high: object, unit: str) -> tuple[Cell, ...]:
    value = number(theirs)
    if ours is None or value is None:
        return (None, None, None, None)
    span = (
        ""
        if low is None or low == high
        else f"{render(number(low) or 0.0, unit)} to {render(number(high) or 0.0, unit)}"
    )
    return render(ours, unit), render(value, unit), span, ours / value


def _timeline(world: World) -> tuple[Table, ...]:
    cluster: Cluster = world.cluster
    if len({pool.online for pool in cluster.pools}) < 2 or not all(pool.online for pool in cluster.pools):
        return ()
    spec = terms(world)
    costs = floor.costs(world.catalog)
    stages = floor.timeline(cluster, place(world), costs, volume_discount=spec.volume_discount)
    rows = tuple((s.date, float(s.num_devices), number(s.power), number(s.capex)) for s in stages)
    table = Table(
        name="site.timeline",
        title="As batches come online",
        columns=("from", "GPUs", "facility power", "capital cost so far"),
        units=("", "1", "W", "USD"),
        rows=rows,
    )
    return (table,)


def _parts_table(found: SiteEstimate) -> Table:
    """Power and capital by part, with the shares."""

    def beside(result: SitePower | SiteCapex, part: str, unit: str) -> str:
        value = number(getattr(result, part, None)) or 0.0
        share = 100 * value / (number(result.total) or 1.0)
        return f"{render(value, unit)} ({share:.2g} %)" if value else "none"

    parts = dict.fromkeys((*_POWER_PARTS, *_CAPEX_PARTS))
    return Table(
        name="site.parts",
        title="Power and capital cost by part",
        columns=("", "facility power", "capital cost"),
        units=("", "", ""),
        rows=tuple(
            (titled(_PARTS.get(part, part)), beside(found.power, part, "W"), beside(found.capex, part, "USD"))
            for part in parts
        ),
    )


def _charts(found: SiteEstimate) -> tuple[Chart, ...]:
    return (
        _power_chart(found.power),
        _parts("site.capex", "What it costs to build", "USD", "capital cost", found.capex, _CAPEX_PARTS),
        _parts("site.year", "What a year costs", "USD", "a year", found.year, _YEAR_PARTS),
    )


def _power_chart(power: SitePower) -> Chart:
    return _parts("site.power", "What draws the power", "W", "facility power", power, _POWER_PARTS)


def _parts(name: str, title: str, unit: str, label: str, result: object, parts: tuple[str, ...]) -> Chart:
    values = {_PARTS.get(part, titled(part).lower()): number(getattr(result, part)) or 0.0 for part in parts}
    return Chart(name=name, title=title, kind="parts", unit=unit, series=parts_chart_series((label,), (values,)))
