"""Cost and power of machines, for site, roadmap and claims.

A named cluster is priced as built: with its own racks, network and site. A device without a cluster is priced as a
share of a large cluster at a generic site. A purchase of a roadmap is priced as a cluster of its own racks at the site
of the scenario; :class:`lindos.roadmap.Trends` carry the last known price to later dates.
"""

from dataclasses import dataclass

from lindos import site
from lindos.catalog import Catalog
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
#: System whose power represents machines of which only the H100-equivalents are stated.
SYSTEM = "gb200-nvl72"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCost:
    """Facility power and cost of one device with its share of network and building; None is unknown.

    ``construction`` is the part of ``capex`` for the building and its plant; ``running`` is energy and maintenance of a
    year; ``negotiable`` is the part of ``capex`` that a discount on nodes and racks applies to, with the storage that
    follows from it.
    """

    facility_power: Watts | None
    capex: Usd | None
    construction: Usd | None = None
    running: Usd | None = None
    negotiable: Usd | None = None


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
    system = catalog.largest_system(accelerator)
    if system is None:
        return DeviceCost(facility_power=None, capex=None)
    return system_cost(catalog, system.name, SiteSpec(name=SITE))


def system_cost(catalog: Catalog, system: str, spec: SiteSpec, num_devices: int = NUM_DEVICES) -> DeviceCost:
    """Estimate power (W) and cost (USD) of one device of a system, as the site of a cluster of it has them.

    Parameters
    ----------
    catalog
        Systems and costs.
    system
        Name of the node or rack.
    spec
        Site and terms.
    num_devices
        Size of the cluster: it decides the levels of the network.
    """
    try:
        cluster = Cluster(name=system, pools=(pool_from_system(catalog, system, num_devices),))
    except UnknownValueError:
        return DeviceCost(facility_power=None, capex=None)
    estimate = priced(cluster, spec, catalog)
    power, capex = estimate.facility_power_per_device, estimate.capex_per_device
    if estimate.gaps:
        return DeviceCost(facility_power=None if estimate.power.gaps_of("total") else power, capex=None)
    count = estimate.num_devices
    construction, running = estimate.capex.construction, estimate.year.opex
    return DeviceCost(
        facility_power=power,
        capex=capex,
        construction=None if construction is None else construction / count,
        running=None if running is None or estimate.energy_gaps else running / count,
        negotiable=negotiable_of(estimate) / count,
    )


def negotiable_of(estimate: SiteEstimate) -> Usd:
    """Compute the part of the capital cost that a discount on nodes and racks applies to, with storage in proportion.

    Parameters
    ----------
    estimate
        Power and money of a cluster whose prices are known.
    """
    capex = estimate.capex
    assert capex.systems is not None and capex.storage is not None and capex.total is not None
    return capex.systems * capex.total / (capex.total - capex.storage)


def stated_power(catalog: Catalog, spec: SiteSpec) -> Watts:
    """Estimate the facility power (W) of an H100-equivalent of machines that nothing else is known of.

    Parameters
    ----------
    catalog
        Systems and costs.
    spec
        Site and terms.

    Raises
    ------
    InputError
        If the power of the racks that represent them is unknown.
    """
    power = system_cost(catalog, SYSTEM, spec).facility_power
    if power is None:
        raise InputError(f"systems.{SYSTEM}", None, "known in power", "Machines without a system are counted with it.")
    return power / equivalents_per_device(catalog, catalog.system(SYSTEM).accelerator)


def equivalents_per_device(catalog: Catalog, accelerator: str, path: str = "accelerator") -> Count:
    """Compute the H100-equivalents (8-bit dense) of one device.

    Parameters
    ----------
    catalog
        Devices, with the H100.
    accelerator
        Name of the device.
    path
        Field that names it, for messages.
    """
    device = catalog.accelerator(accelerator, path)
    reference = catalog.accelerator(REFERENCE_DEVICE).counted_peak("fp8")
    return h100_equivalents(1.0, device.counted_peak("fp8").value, reference.value)
