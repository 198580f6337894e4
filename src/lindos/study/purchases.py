"""Growth from what stands to a target: machines online, ordered and bought, each priced as a site prices them."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from lindos import roadmap
from lindos.catalog import Catalog
from lindos.catalog.gaps import Gap, joined, known_sum
from lindos.catalog.lookup import system_with
from lindos.errors import InputError
from lindos.quantities import Count, Real, Watts, namespace
from lindos.roadmap import Delivery, Generation, Growth
from lindos.scenario.schema import RoadmapSpec, SiteSpec
from lindos.study.floor import Floor, World
from lindos.study.holdings import HOLDINGS, Holdings
from lindos.study.reference import NUM_DEVICES, built, equivalents_per_device, stated_power, system_cost
from lindos.study.site import SITE, Built, SiteResult

#: Passes until the sizes of the purchases and the network that they need agree; sizes change by levels of a network.
_MAX_PASSES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchases:
    """Number of devices that a path buys of each system: they share one network, whose levels follow from it."""

    num_devices: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Standing:
    """Machines that are online at the start."""

    h100_equivalents: Count
    power: Watts
    gaps: tuple[Gap, ...]


def compute(world: World, holdings: Holdings, site: SiteResult | None) -> Purchases:
    """Determine how many devices of each system the path buys.

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
    sizes = Purchases(num_devices={})
    if spec.programmes:
        return sizes
    for _ in range(_MAX_PASSES):
        path = growth(world, spec, holdings, sizes, site)
        bought = Purchases(num_devices=_num_devices(world.catalog, path))
        if bought == sizes:
            break
        sizes = bought
    return sizes


def _num_devices(catalog: Catalog, path: Growth) -> dict[str, int]:
    """Count the devices by system, in whole nodes or racks."""
    totals: dict[str, float] = {}
    for year in path.years:
        if float(year.bought) > 0:
            totals[year.priced_as] = totals.get(year.priced_as, 0.0) + float(year.bought)
    counts = {}
    for name, bought in totals.items():
        system = catalog.system(name)
        size = int(system.num_devices.value)
        devices = bought / float(equivalents_per_device(catalog, system.accelerator))
        counts[name] = size * max(1, math.ceil(round(devices / size, 6)))
    return counts


def growth(
    world: World, spec: RoadmapSpec, holdings: Holdings, purchases: Purchases, site: SiteResult | None
) -> Growth:
    """Follow the path from the machines online at the start to the target.

    Parameters
    ----------
    world
        Scenario and catalogue.
    spec
        The roadmap of the scenario.
    holdings
        Machines that are online at the start.
    purchases
        Devices bought of each system.
    site
        Site of the scenario's cluster; None if it has none.
    """
    end = spec.by or spec.start
    increments = _increments(site.stages) if site else ()
    standing = _standing(world, spec, holdings, increments, site)
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
        generations=generations(world, end, purchases),
        deliveries=deliveries,
        gaps=joined(standing.gaps, site.estimate.gaps if site and deliveries else ()),
    )


def generations(world: World, end: str, purchases: Purchases | None = None) -> tuple[Generation, ...]:
    """List the devices on sale until a day, those that the path may buy with the cost and power of their system.

    Parameters
    ----------
    world
        Scenario with a roadmap, and catalogue.
    end
        Last day of purchase, ISO.
    purchases
        Devices bought of each system.
    """
    spec = world.scenario.roadmap
    assert spec is not None
    sizes = purchases.num_devices if purchases else {}
    listed: list[Generation] = []
    is_covered = False
    for generation in reversed(roadmap.generations(world.catalog)):
        if generation.available.isoformat() <= end and not is_covered:
            generation = _with_cost(world, generation, sizes)
            is_covered = generation.is_priced and generation.available.isoformat() <= spec.start
        listed.append(generation)
    return tuple(reversed(listed))


def _with_cost(world: World, generation: Generation, sizes: Mapping[str, int]) -> Generation:
    """Add the system of a device with the cost and power of one H100-equivalent; unknown if a part is."""
    system = system_with(world.catalog, generation.name)
    if system is None or generation.h100_equivalents is None:
        return generation
    size = sizes.get(system.name, NUM_DEVICES)
    cost = system_cost(world.catalog, system.name, world.scenario.site or SiteSpec(), size)
    if cost.capex is None or cost.facility_power is None:
        return replace(generation, system=system.name)
    return replace(
        generation,
        system=system.name,
        capex=cost.capex / generation.h100_equivalents,
        facility_power=cost.facility_power / generation.h100_equivalents,
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
) -> _Standing:
    """Add up the start: a named cluster or the scenario's own as built, the rest as racks of today."""
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
        return _Standing(start, start * stated_power(world.catalog, terms), ())
    if start is None:
        return _Standing(counted, _power(drawn), gaps)
    rest = namespace(counted).maximum(start - counted, 0.0)
    power = rest * stated_power(world.catalog, terms)
    return _Standing(counted + rest, _power(known_sum((drawn, power))), gaps)


def _power(drawn: Real | None) -> Watts:
    if drawn is None:
        raise InputError("site", None, "a cluster whose power is known", "It is the power at the start.")
    return drawn


def _target(world: World, spec: RoadmapSpec) -> Count | None:
    if spec.target_h100_equivalents is not None or spec.target_gpus is None:
        return spec.target_h100_equivalents
    return stated_equivalents(
        world, float(spec.target_gpus), spec.target_accelerator or "", "roadmap.target_accelerator"
    )


def stated_equivalents(world: World, gpus: float, accelerator: str, path: str) -> Count:
    """Compute the H100-equivalents (8-bit dense) of a number of devices.

    Parameters
    ----------
    world
        Scenario and catalogue.
    gpus
        Number of devices.
    accelerator
        Name of the device.
    path
        Field that names it, for messages.
    """
    return gpus * equivalents_per_device(world.catalog, accelerator, path)


PURCHASES = Floor(
    name="purchases",
    question="How many devices of each system does the path buy?",
    compute=compute,
    needs=(HOLDINGS,),
    wants=(SITE,),
    reads=("roadmap", "site"),
    is_decision=True,
    decides="the systems that are bought, and the size of their network",
    section="roadmap",
)
