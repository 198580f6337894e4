"""Cost and power of machines, for site, roadmap and claims.

A named cluster is priced as built: with its own racks, network and site. A device without a cluster is priced as a
share of a large cluster at a generic site. A later purchase starts from racks that are sold today;
:class:`lindos.roadmap.Trends` carry its price to its date.
"""

from dataclasses import dataclass

from lindos import site
from lindos.catalog import Catalog
from lindos.catalog.lookup import system_with
from lindos.errors import InputError, UnknownNameError, UnknownValueError
from lindos.formulas.equivalents import h100_equivalents
from lindos.problem.cluster import Cluster
from lindos.quantities import Count, Usd, Watts
from lindos.scenario.read import builtin_names, read_scenario
from lindos.scenario.resolve import REFERENCE_DEVICE, cluster_of, counted, pool_from_system, site_of
from lindos.scenario.schema import Scenario, SiteSpec
from lindos.site import SiteEstimate
from lindos.study.cluster import equivalents

#: Size of the cluster that a device is priced in: large enough for a network of three levels.
NUM_DEVICES = 100_800
SITE = "generic-us"
#: System whose price and power represent purchases of today.
SYSTEM = "gb200-nvl72"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCost:
    """Facility power and capital cost of one device with its share of network and building; None is unknown."""

    facility_power: Watts | None
    capex: Usd | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """Capital cost and facility power of one H100-equivalent (8-bit dense) of racks sold on `PRICE_DATE`, all in."""

    capex: Usd
    facility_power: Watts


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltCluster:
    """A cluster at its site; None is unknown."""

    name: str
    title: str
    cluster: Cluster
    site: SiteEstimate
    h100_equivalents: Count | None


def priced(cluster: Cluster, spec: SiteSpec | None, catalog: Catalog) -> SiteEstimate:
    """Estimate power and money of a cluster at a site.

    Parameters
    ----------
    cluster
        Pools of devices.
    spec
        Site and terms of the scenario; a generic site of the United States if None.
    catalog
        Sites and costs.
    """
    terms = spec or SiteSpec()
    return site.estimate(
        cluster,
        site_of(terms, catalog),
        site.costs(catalog),
        volume_discount=terms.volume_discount,
        years=terms.years,
    )


def settled(name: str, catalog: Catalog, path: str) -> Scenario:
    """Read a built-in scenario, with the sizes of its pools as numbers of GPUs.

    Parameters
    ----------
    name
        Name of the scenario.
    catalog
        Catalogue that GPUs are counted with.
    path
        Field that names the scenario, for messages.

    Raises
    ------
    InputError
        If there is no such scenario, or it has no cluster.
    """
    if name not in builtin_names():
        raise UnknownNameError(path, name, builtin_names())
    scenario = counted(read_scenario(name)[0], catalog)
    if scenario.cluster is None:
        raise InputError(path, name, "a scenario that has a cluster")
    return scenario


def built(scenario: Scenario, catalog: Catalog) -> BuiltCluster:
    """Build the cluster of a settled scenario at the site of that scenario.

    Parameters
    ----------
    scenario
        Scenario whose pools are numbers of GPUs.
    catalog
        Systems, fabrics and sites; a sampled one gives arrays of draws.
    """
    assert scenario.cluster is not None
    cluster = cluster_of(scenario.cluster, scenario.name, catalog)
    return BuiltCluster(
        name=scenario.name,
        title=scenario.title,
        cluster=cluster,
        site=priced(cluster, scenario.site, catalog),
        h100_equivalents=equivalents(cluster, catalog),
    )


def device_cost(catalog: Catalog, accelerator: str) -> DeviceCost:
    """Estimate power (W) and cost (USD) of one device in a cluster of 100,800 at a generic site.

    Parameters
    ----------
    catalog
        Systems and costs.
    accelerator
        Name of the device.
    """
    system = system_with(catalog, accelerator)
    if system is None:
        return DeviceCost(facility_power=None, capex=None)
    return _share(catalog, system.name)


def purchase(catalog: Catalog) -> Purchase:
    """Estimate cost (USD) and power (W) of one H100-equivalent of today's racks.

    Parameters
    ----------
    catalog
        Systems and costs.

    Raises
    ------
    InputError
        If the price or power of the racks is unknown.
    """
    share = _share(catalog, SYSTEM)
    if share.capex is None or share.facility_power is None:
        raise InputError(f"systems.{SYSTEM}", None, "known in price and power", "Later purchases are priced by it.")
    device = catalog.accelerator(catalog.system(SYSTEM).accelerator)
    equivalent = h100_equivalents(
        1.0, device.counted_peak("fp8").value, catalog.accelerator(REFERENCE_DEVICE).counted_peak("fp8").value
    )
    return Purchase(capex=share.capex / equivalent, facility_power=share.facility_power / equivalent)


def _share(catalog: Catalog, system: str) -> DeviceCost:
    try:
        cluster = Cluster(name=system, pools=(pool_from_system(catalog, system, NUM_DEVICES),))
    except UnknownValueError:
        return DeviceCost(facility_power=None, capex=None)
    built = priced(cluster, SiteSpec(name=SITE), catalog)
    power, capex = built.facility_power_per_device, built.capex_per_device
    return DeviceCost(
        facility_power=None if built.power.gaps_of("total") else power, capex=None if built.gaps else capex
    )
