"""Megawatts and money of a cluster at a site, from parts: nodes, racks, switches, optics, building, energy."""

from typing import NamedTuple

from lindos.catalog.records import SiteFacts
from lindos.errors import InfeasibleError
from lindos.formulas import money, power
from lindos.problem.cluster import Cluster, Pool
from lindos.quantities import Fraction, Real, Seconds, Usd, Watts
from lindos.site.costs import SiteCosts
from lindos.site.network import networks
from lindos.site.result import SiteCapex, SiteEstimate, SitePower, SiteYear
from lindos.units import render


def estimate(
    cluster: Cluster, site: SiteFacts, costs: SiteCosts, *, volume_discount: float = 0.0, years: float = 5.0
) -> SiteEstimate:
    """Power, capital cost and yearly cost of ``cluster`` at ``site``.

    Parameters
    ----------
    cluster
        Pools of devices; numbers of their records may be arrays of draws.
    site
        PUE and electricity price; its published totals are not read.
    costs
        What building, powering and financing cost.
    volume_discount
        Share off the price of nodes and racks.
    years
        Years of the total cost of ownership.

    Raises
    ------
    UnknownValueError
        If a power or price that is needed is unknown.
    """
    drawn = site_power(cluster, site, costs)
    bought = _capex(cluster, costs, drawn, volume_discount)
    yearly = SiteYear(
        it=money.annuity(bought.it, costs.discount_rate, costs.it_life_years),
        construction=money.annuity(bought.construction, costs.discount_rate, costs.facility_life_years),
        energy=money.energy_cost(drawn.yearly_energy, site.electricity_price.value),
        maintenance=bought.total * costs.maintenance_share,
    )
    return SiteEstimate(
        num_devices=float(cluster.num_devices),
        power=drawn,
        capex=bought,
        year=yearly,
        years=years,
        discount_rate=costs.discount_rate,
    )


def site_power(cluster: Cluster, site: SiteFacts, costs: SiteCosts) -> SitePower:
    """Power alone: it needs no price."""
    nets = [net for _, net in networks(cluster)]
    systems = _sum(pool.num_systems * pool.system.power.value for pool in cluster.pools)
    switches, optics = _sum(net.switch_power for net in nets), _sum(net.optic_power for net in nets)
    storage = systems * costs.storage_power_share
    pue = site.pue.value
    return SitePower(
        systems=systems,
        switches=switches,
        optics=optics,
        storage=storage,
        overhead=power.overhead_power(systems + switches + optics + storage, pue),
        training_duty=costs.training_duty,
        pue=pue,
    )


def _capex(cluster: Cluster, costs: SiteCosts, drawn: SitePower, volume_discount: float) -> SiteCapex:
    nets = [net for _, net in networks(cluster)]
    systems = _sum(pool.num_systems * pool.system.price.value for pool in cluster.pools) * (1.0 - volume_discount)
    switches, optics = _sum(net.switch_price for net in nets), _sum(net.optic_price for net in nets)
    construction = drawn.it_power * costs.construction_cost
    # The share is of the whole, storage included.
    storage = (systems + switches + optics + construction) * costs.storage_share / (1.0 - costs.storage_share)
    return SiteCapex(systems=systems, switches=switches, optics=optics, storage=storage, construction=construction)


def run_cost(found: SiteEstimate, device_seconds: Real, *, utilisation: Fraction = 1.0) -> Usd:
    """Cost of a run that holds devices for ``device_seconds`` in all, capital included.

    ``utilisation`` is the share of the year in which the site has work: what it costs while idle is shared out over
    the runs.
    """
    return found.device_cost * device_seconds / utilisation


def run_energy(found: SiteEstimate, num_devices: Real, duration: Seconds) -> Real:
    """Energy at the meter of ``num_devices`` that train for ``duration``, with their share of network and cooling."""
    return power.energy(found.power.mean * (num_devices / found.num_devices), duration)


def check_power(cluster: Cluster, site: SiteFacts, drawn: SitePower) -> None:
    """Refuse a cluster that draws more than the site can deliver.

    Raises
    ------
    InfeasibleError
        With the shortfall, and how many devices would fit.
    """
    if not site.power_limit.known:
        return
    limit, wanted = float(site.power_limit.value), float(drawn.total)
    if wanted > limit:
        fit = int(cluster.num_devices * limit / wanted)
        raise InfeasibleError(
            f"The cluster draws more power than site.power_limit of {site.name}",
            f"it needs {render(wanted, 'W')} and may draw {render(limit, 'W')}, {render(wanted - limit, 'W')} too much",
            f"Use at most about {fit:,} of the {cluster.num_devices:,} GPUs, or raise site.power_limit",
        )


class Stage(NamedTuple):
    """A date from which more of the cluster works, and what has been built by then."""

    date: str
    num_devices: int
    power: Watts
    capex: Usd


def timeline(cluster: Cluster, site: SiteFacts, costs: SiteCosts, *, volume_discount: float = 0.0) -> tuple[Stage, ...]:
    """Facility power and capital cost as pools come online, in the order of their dates."""
    dates = sorted({pool.online for pool in cluster.pools})
    stages = []
    for date in dates:
        there: tuple[Pool, ...] = tuple(pool for pool in cluster.pools if pool.online <= date)
        part = Cluster(name=cluster.name, pools=there)
        found = estimate(part, site, costs, volume_discount=volume_discount)
        stages.append(Stage(date, part.num_devices, found.power.total, found.capex.total))
    return tuple(stages)


def _sum(values: object) -> Real:
    total: Real = 0.0
    for value in values:  # type: ignore[attr-defined]
        total = total + value
    return total
