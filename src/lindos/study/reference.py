"""What one device costs and draws, all in, where a question needs it without a cluster of its own."""

from dataclasses import dataclass

from lindos import site as floor
from lindos.catalog import Catalog
from lindos.errors import UnknownNameError, UnknownValueError
from lindos.quantities import Usd, Watts
from lindos.scenario.cluster import Cluster
from lindos.scenario.resolve import pool_from_system

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


def device_cost(catalog: Catalog, system: str) -> DeviceCost:
    """One device of ``system`` in a cluster of 100,800 at a generic site; None where a number is unknown."""
    place, costs = catalog.site(SITE), floor.costs(catalog)
    try:
        cluster = Cluster(name=system, pools=(pool_from_system(catalog, system, NUM_DEVICES),))
        power = floor.site_power(cluster, place, costs).total / NUM_DEVICES
    except UnknownValueError:
        return DeviceCost(facility_power=None, capex=None)
    try:
        capex = floor.estimate(cluster, place, costs).capex_per_device
    except UnknownValueError:
        return DeviceCost(facility_power=power, capex=None)
    return DeviceCost(facility_power=power, capex=capex)
