"""Machines that stand when a roadmap starts, and those that are ordered, each with the power and cost of its site."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lindos.catalog.gaps import Gap, joined, known_sum
from lindos.errors import InputError
from lindos.quantities import Count, Real, Watts, namespace
from lindos.roadmap import Delivery
from lindos.scenario.roadmap import RoadmapSpec
from lindos.scenario.schema import SiteSpec
from lindos.study.floor import World
from lindos.study.holdings import Holdings
from lindos.study.reference import built, stated_power
from lindos.study.site import Built, SiteResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Machines that are online at the start, and those that come online until the last day.

    Parameters
    ----------
    h100_equivalents, power
        At the start, 8-bit dense and W.
    deliveries
        What is ordered.
    gaps
        Facts that power and cost lack: they are lower bounds then.
    """

    h100_equivalents: Count
    power: Watts
    deliveries: tuple[Delivery, ...]
    gaps: tuple[Gap, ...]


def standing(world: World, spec: RoadmapSpec, holdings: Holdings, site: SiteResult | None) -> Standing:
    """Add up what is there at the start and what is ordered.

    Parameters
    ----------
    world
        Scenario and catalogue.
    spec
        The roadmap of the scenario.
    holdings
        Machines that are online at the start.
    site
        Site of the scenario's cluster; None if it has none.
    """
    end = spec.by or spec.start
    increments = _increments(site.stages) if site else ()
    deliveries = tuple(
        Delivery(
            date=batch.date,
            num_devices=batch.num_devices,
            h100_equivalents=_counted(batch),
            power=batch.power,
            capex=batch.capex,
        )
        for batch in increments
        if spec.start < batch.date <= end
    )
    count, power, gaps = _at_start(world, spec, holdings, increments, site)
    ordered = site.estimate.gaps if site and deliveries else ()
    return Standing(h100_equivalents=count, power=power, deliveries=deliveries, gaps=joined(gaps, ordered))


def _increments(stages: Sequence[Built]) -> tuple[Built, ...]:
    """Compute the additions of each date."""
    added: list[Built] = []
    previous: Built | None = None
    for stage in stages:
        added.append(
            stage
            if previous is None
            else Built(
                date=stage.date,
                num_devices=stage.num_devices - previous.num_devices,
                h100_equivalents=_less(stage.h100_equivalents, previous.h100_equivalents),
                power=_less(stage.power, previous.power),
                capex=_less(stage.capex, previous.capex),
            )
        )
        previous = stage
    return tuple(added)


def _less(total: Real | None, part: Real | None) -> Real | None:
    return None if total is None or part is None else total - part


def _counted(batch: Built) -> Count:
    assert batch.h100_equivalents is not None  # holdings are taken from devices with a known 8-bit peak
    return batch.h100_equivalents


def _at_start(
    world: World,
    spec: RoadmapSpec,
    holdings: Holdings,
    increments: Iterable[Built],
    site: SiteResult | None,
) -> tuple[Count, Watts, tuple[Gap, ...]]:
    """Add up the start: a named cluster or the scenario's own as built, the rest as racks of today."""
    if spec.start_sites:
        return *_seen(world, spec), ()
    batches = [batch for batch in increments if holdings.is_online(batch.date)]
    clusters = [built(holdings.start_cluster, world.catalog)] if holdings.start_cluster else []
    counted = known_sum([*map(_counted, batches), *(cluster.h100_equivalents for cluster in clusters)])
    drawn = known_sum([*(batch.power for batch in batches), *(cluster.site.power.total for cluster in clusters)])
    estimates = [*([site.estimate] if site and batches else []), *(cluster.site for cluster in clusters)]
    gaps = joined(*(estimate.power.gaps_of("total") for estimate in estimates))
    start = spec.start_h100_equivalents
    terms = world.scenario.site or SiteSpec()
    if counted is None:
        if start is None:
            hint = "Write for example '275k', or give pools of a cluster that is online by then."
            raise InputError("roadmap.start_h100_equivalents", None, "given", hint)
        return start, start * stated_power(world.catalog, terms), ()
    if start is None:
        return counted, _power(drawn), gaps
    rest = namespace(counted).maximum(start - counted, 0.0)
    power = rest * stated_power(world.catalog, terms)
    return counted + rest, _power(known_sum((drawn, power))), gaps


def _seen(world: World, spec: RoadmapSpec) -> tuple[Count, Watts]:
    """Add up what was last seen of some sites until the start; power that nobody read is that of racks of today."""
    count: Count = 0.0
    power: Watts = 0.0
    for index, text in enumerate(spec.start_sites):
        name = world.catalog.site(text, f"roadmap.start_sites.{index}").name
        rows = [
            row
            for row in world.catalog.records("observations").values()
            if row.site == name
            and row.status == "seen"
            and row.h100_equivalents.is_known
            # A reading of a month counts from its end.
            and row.date.ljust(len(spec.start), "~") <= spec.start
        ]
        if not rows:
            wanted = f"a site of which something had been counted by {spec.start}"
            raise InputError(f"roadmap.start_sites.{index}", text, wanted, "See `lindos catalog list observations`.")
        last = max(rows, key=lambda row: row.date)
        devices = last.h100_equivalents.value
        is_read = last.facility_power.is_known
        terms = world.scenario.site or SiteSpec()
        drawn = last.facility_power.value if is_read else devices * stated_power(world.catalog, terms)
        count, power = count + devices, power + drawn
    return count, power


def _power(drawn: Real | None) -> Watts:
    if drawn is None:
        raise InputError("site", None, "a cluster whose power is known", "It is the power at the start.")
    return drawn
