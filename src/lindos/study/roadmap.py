"""The path to a target, or many programmes against the world's supply."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lindos import roadmap
from lindos.catalog.gaps import Gap, joined, known_sum
from lindos.errors import InputError
from lindos.formulas.equivalents import h100_equivalents
from lindos.quantities import Count, Real, Watts, namespace
from lindos.roadmap import Delivery, Demand, Growth, Programme
from lindos.scenario.resolve import REFERENCE_DEVICE
from lindos.scenario.schema import ProgrammeSpec, RoadmapSpec, Scenario
from lindos.study.floor import Floor, World
from lindos.study.holdings import HOLDINGS, Holdings
from lindos.study.reference import built, purchase
from lindos.study.site import SITE, Built, SiteResult


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadmapResult:
    """A path, or the programmes of many buyers."""

    growth: Growth | None = None
    demand: Demand | None = None
    over_budget: Count | None = None  # total cost divided by the stated budget
    holdings: Holdings


@dataclass(frozen=True, slots=True)
class _Standing:
    """Machines that are online at the start."""

    h100_equivalents: Count
    power: Watts
    gaps: tuple[Gap, ...]


def compute(world: World, holdings: Holdings, site: SiteResult | None) -> RoadmapResult:
    """Compute the path to the target, or add up the programmes.

    Parameters
    ----------
    world
        Scenario with a roadmap, and catalogue.
    holdings
        Machines that are online at the start.
    site
        Site of the scenario's cluster; None if it has none.
    """
    spec = world.scenario.roadmap
    assert spec is not None
    if spec.programmes:
        return RoadmapResult(demand=_demand(world, spec), holdings=holdings)
    growth = _growth(world, spec, holdings, site)
    ratio = None if spec.budget is None else growth.total_capex / spec.budget
    return RoadmapResult(growth=growth, over_budget=ratio, holdings=holdings)


def _growth(world: World, spec: RoadmapSpec, holdings: Holdings, site: SiteResult | None) -> Growth:
    price = purchase(world.catalog)
    end = spec.by or spec.start
    increments = _increments(site.stages) if site else ()
    standing = _standing(world, spec, holdings, increments, site, price.facility_power)
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
    return roadmap.growth(
        start_h100_equivalents=standing.h100_equivalents,
        start_power=standing.power,
        target_h100_equivalents=_target(world, spec),
        target_power=spec.target_power,
        start=spec.start,
        end=end,
        trends=roadmap.trends(world.catalog),
        generations=roadmap.generations(world.catalog),
        price_per_equivalent=price.capex,
        power_per_equivalent=price.facility_power,
        deliveries=deliveries,
        gaps=joined(standing.gaps, site.estimate.gaps if site and deliveries else ()),
    )


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


def _standing(
    world: World,
    spec: RoadmapSpec,
    holdings: Holdings,
    increments: Iterable[Built],
    site: SiteResult | None,
    power_per_equivalent: Watts,
) -> _Standing:
    """Add up the start: a named cluster or the scenario's own as built, the rest as racks of today."""
    batches = [batch for batch in increments if holdings.is_online(batch.date)]
    clusters = [built(holdings.start_cluster, world.catalog)] if holdings.start_cluster else []
    counted = known_sum([*map(_counted, batches), *(cluster.h100_equivalents for cluster in clusters)])
    drawn = known_sum([*(batch.power for batch in batches), *(cluster.site.power.total for cluster in clusters)])
    estimates = [*([site.estimate] if site and batches else []), *(cluster.site for cluster in clusters)]
    gaps = joined(*(estimate.power.gaps_of("total") for estimate in estimates))
    start = spec.start_h100_equivalents
    if counted is None:
        if start is None:
            hint = "Write for example '275k', or give pools of a cluster that is online by then."
            raise InputError("roadmap.start_h100_equivalents", None, "given", hint)
        return _Standing(start, start * power_per_equivalent, ())
    if start is None:
        return _Standing(counted, _power(drawn), gaps)
    rest = namespace(counted).maximum(start - counted, 0.0)
    return _Standing(counted + rest, _power(known_sum((drawn, rest * power_per_equivalent))), gaps)


def _power(drawn: Real | None) -> Watts:
    if drawn is None:
        raise InputError("site", None, "a cluster whose power is known", "It is the power at the start.")
    return drawn


def _target(world: World, spec: RoadmapSpec) -> Count | None:
    if spec.target_h100_equivalents is not None or spec.target_gpus is None:
        return spec.target_h100_equivalents
    return _equivalents(world, float(spec.target_gpus), spec.target_accelerator or "", "roadmap.target_accelerator")


def _equivalents(world: World, gpus: float, accelerator: str, path: str) -> Count:
    """Compute the H100-equivalents (8-bit dense) of a number of devices."""
    device = world.catalog.accelerator(accelerator, path)
    return h100_equivalents(
        gpus, device.counted_peak("fp8").value, world.catalog.accelerator(REFERENCE_DEVICE).counted_peak("fp8").value
    )


def _demand(world: World, spec: RoadmapSpec) -> Demand:
    programmes = [_programme(world, plan, index) for index, plan in enumerate(spec.programmes)]
    power = purchase(world.catalog).facility_power
    trends = roadmap.trends(world.catalog)
    return roadmap.demand(programmes=programmes, start=spec.start, trends=trends, power_per_equivalent=power)


def _programme(world: World, spec: ProgrammeSpec, index: int) -> Programme:
    size: Count | None = spec.h100_equivalents
    if spec.gpus is not None:
        path = f"roadmap.programmes.{index}.accelerator"
        size = _equivalents(world, float(spec.gpus), spec.accelerator or "", path)
    return Programme(name=spec.name, h100_equivalents=size, facility_power=spec.facility_power, end=spec.by)


def is_asked(scenario: Scenario) -> bool:
    """Tell whether a scenario has a roadmap.

    Parameters
    ----------
    scenario
        Scenario as it was read.
    """
    return scenario.roadmap is not None


ROADMAP = Floor(
    name="roadmap",
    question="What has to be bought when, and can it be?",
    compute=compute,
    needs=(HOLDINGS,),
    wants=(SITE,),
    reads=("roadmap",),
    is_asked=is_asked,
)
