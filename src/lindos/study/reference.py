"""What one device costs and draws, all in, where a question needs it without a cluster of its own."""

from dataclasses import dataclass

from lindos import site as floor
from lindos.catalog import Catalog
from lindos.catalog.records import SiteFacts
from lindos.errors import UnknownNameError, UnknownValueError
from lindos.problem.cluster import Cluster
from lindos.quantities import Usd, Watts
from lindos.scenario.resolve import pool_from_system, site_of
from lindos.site import SiteCosts
from lindos.study.world import World

#: Size of the cluster that a device is priced in: large enough for a network of three levels.
NUM_DEVICES = 100_800
SITE = "generic-us"
#: System whose price and power stand for what is bought today.
SYSTEM = "gb200-nvl72"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCost:
    """Facility power and capital cost of one device with its share of network and building."""

    facility_power: Watts | None
    capex: Usd | None


def system_of(catalog: Catalog, accelerator: str) -> str | None:
    """The first system of the catalogue that is built with ``accelerator``."""
    try:
        name = catalog.accelerator(accelerator).name
    except UnknownNameError:
        return None
    systems = (catalog.system(system) for system in catalog.names("systems"))
    return next((system.name for system in systems if catalog.accelerator(system.accelerator).name == name), None)


def pool_cost(world: World, accelerator: str) -> DeviceCost | None:
    """One device of the scenario's own pools of that accelerator, at its site; None where it has none."""
    if world.scenario.cluster is None or world.scenario.site is None:
        return None
    name = world.catalog.accelerator(accelerator).name
    pools = tuple(pool for pool in world.cluster.pools if pool.accelerator.name == name)
    if not pools:
        return None
    place = site_of(world.scenario.site, world.catalog)
    return _cost(Cluster(name=name, pools=pools), place, floor.costs(world.catalog))


def device_cost(catalog: Catalog, system: str) -> DeviceCost:
    """One device of ``system`` in a cluster of 100,800 at a generic site; None where a number is unknown."""
    try:
        cluster = Cluster(name=system, pools=(pool_from_system(catalog, system, NUM_DEVICES),))
    except UnknownValueError:
        return DeviceCost(facility_power=None, capex=None)
    return _cost(cluster, catalog.site(SITE), floor.costs(catalog))


def _cost(cluster: Cluster, place: SiteFacts, costs: SiteCosts) -> DeviceCost:
    try:
        power = floor.site_power(cluster, place, costs).total / cluster.num_devices
    except UnknownValueError:
        return DeviceCost(facility_power=None, capex=None)
    try:
        capex = floor.estimate(cluster, place, costs).capex_per_device
    except UnknownValueError:
        return DeviceCost(facility_power=power, capex=None)
    return DeviceCost(facility_power=power, capex=capex)
