"""Megawatts and money of a cluster at a site, from parts: nodes, racks, switches, optics, building, energy."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from lindos.catalog.facts import Fact
from lindos.catalog.gaps import Gaps, known_sum, require
from lindos.catalog.records import SiteFacts
from lindos.errors import InfeasibleError
from lindos.formulas import money, power
from lindos.problem.cluster import Cluster, Pool
from lindos.quantities import Count, Fraction, Real, Seconds, Usd, UsdPerWatt, Watts
from lindos.results import Why
from lindos.site.costs import SiteCosts
from lindos.site.network import Network, networks
from lindos.site.result import SiteCapex, SiteEstimate, SitePower, SiteYear
from lindos.units import render


def estimate(
    cluster: Cluster, site: SiteFacts, costs: SiteCosts, *, volume_discount: float = 0.0, years: float = 5.0
) -> SiteEstimate:
    """Add up power, capital cost and yearly cost of ``cluster`` at ``site``.

    A power or price that nobody has published leaves a gap: the totals are lower bounds then, and the result lists
    what is missing.

    Parameters
    ----------
    cluster
        Pools of devices; numbers of their records may be arrays of draws.
    site
        PUE, electricity price and what construction costs there; its published totals are not read.
    costs
        What building, powering and financing cost.
    volume_discount
        Share off the price of nodes and racks.
    years
        Years of the total cost of ownership.

    Returns
    -------
    SiteEstimate
        Parts in W and USD.
    """
    drawn = site_power(cluster, site, costs)
    bought = _capex(cluster, site, costs, drawn, volume_discount)
    paid = Gaps()
    energy = drawn.yearly_energy
    yearly = SiteYear(
        it=_yearly(bought.it, costs.discount_rate, costs.it_life_years),
        construction=_yearly(bought.construction, costs.discount_rate, costs.facility_life_years),
        energy=None if energy is None else paid.term("energy", lambda price: energy * price, site.electricity_price),
        maintenance=None if bought.total is None else bought.total * costs.maintenance_share,
    )
    return SiteEstimate(
        num_devices=float(cluster.num_devices),
        power=drawn,
        capex=bought,
        year=yearly,
        years=years,
        discount_rate=costs.discount_rate,
        energy_gaps=paid.of_parts(),
    )


def _yearly(price: Usd | None, discount_rate: Fraction, life: Count) -> Usd | None:
    return None if price is None else money.annuity(price, discount_rate, life)


def site_power(cluster: Cluster, site: SiteFacts, costs: SiteCosts) -> SitePower:
    """Add up the power of a cluster; no price is read.

    Parameters
    ----------
    cluster
        Pools of devices.
    site
        Its PUE is read.
    costs
        Its training duty and storage power share are read (fractions).

    Returns
    -------
    SitePower
        Parts in W; parts whose facts are unknown are listed in ``gaps``.
    """
    gaps = Gaps()
    nets = networks(cluster, gaps)
    rated = _of_systems(cluster.pools, "power", "board_power", gaps)
    systems = None if rated is None else rated * costs.provisioned_over_rated
    switches = _of_network(nets, "switches", "switch_power", gaps)
    optics = _of_network(nets, "optics", "optic_power", gaps)
    storage = None if systems is None else systems * costs.storage_power_share
    drawn = known_sum((systems, switches, optics, storage))
    design = site.design_pue if site.design_pue.is_known else site.pue
    overhead = None if drawn is None else gaps.term("overhead", lambda pue: power.overhead_power(drawn, pue), design)
    return SitePower(
        systems=systems,
        switches=switches,
        optics=optics,
        storage=storage,
        overhead=overhead,
        systems_mean=None if systems is None else _systems_mean(cluster.pools, costs, gaps),
        pue=site.pue.value if site.pue.is_known else None,
        design_pue=design.value if design.is_known else None,
        gaps=gaps.by_part(),
    )


def _capex(cluster: Cluster, site: SiteFacts, costs: SiteCosts, drawn: SitePower, volume_discount: float) -> SiteCapex:
    gaps = Gaps()
    nets = networks(cluster, gaps)
    listed = _of_systems(cluster.pools, "price", "price", gaps)
    systems = None if listed is None else listed * (1.0 - volume_discount)
    switches = _of_network(nets, "switches", "switch_price", gaps)
    optics = _of_network(nets, "optics", "optic_price", gaps)
    per_watt = _construction_per_watt(site, costs)
    construction = None if drawn.it_power is None else drawn.it_power * per_watt
    rest = known_sum((systems, switches, optics, construction))
    # The share is that of the total with storage, so storage is s / (1 - s) of the rest.
    storage = None if rest is None else rest * costs.storage_share / (1.0 - costs.storage_share)
    it_gaps = drawn.gaps_of("it_power")
    return SiteCapex(
        systems=systems,
        switches=switches,
        optics=optics,
        storage=storage,
        construction=construction,
        gaps={**gaps.by_part(), **({"construction": it_gaps} if it_gaps else {})},
    )


def _of_systems(pools: Sequence[Pool], field: str, device_field: str, gaps: Gaps) -> Real | None:
    """Sum a property over nodes and racks.

    If the value of a system is unknown, the values of its devices alone count: a lower bound.
    """

    def of_pool(pool: Pool) -> Real | None:
        fact: Fact[Real] = getattr(pool.system, field)
        rated = gaps.term("systems", lambda amount: pool.num_systems * amount, fact)
        device: Fact[Real] = getattr(pool.accelerator, device_field)
        return pool.num_devices * device.value if rated is None and device.is_known else rated

    return known_sum(of_pool(pool) for pool in pools)


def _systems_mean(pools: Sequence[Pool], costs: SiteCosts, gaps: Gaps) -> Watts | None:
    """Sum the draw of nodes and racks while training."""

    def of_pool(pool: Pool) -> Watts | None:
        load, board = pool.system.load_over_boards, pool.accelerator.board_power
        if load.is_known and board.is_known:
            return pool.num_devices * board.value * load.value
        rated = _of_systems((pool,), "power", "board_power", gaps)
        return None if rated is None else power.mean_power(rated, costs.training_duty)

    return known_sum(of_pool(pool) for pool in pools)


def _of_network(nets: Sequence[Network], part: str, field: str, gaps: Gaps) -> Real | None:
    """Sum a property over switches or optics: zero if the cluster has no network, None if nothing about it is known."""

    def of_network(net: Network) -> Real | None:
        count = net.switches if part == "switches" else net.link_ends
        return gaps.term(part, lambda amount: count * amount, getattr(net.fabric, field))

    return known_sum(of_network(net) for net in nets) if nets or gaps.of_parts(part) else 0.0


def run_cost(estimate: SiteEstimate, device_seconds: Real, *, utilisation: Fraction = 1.0) -> Usd:
    """Compute the cost of a run in USD, capital included; a lower bound if that of a device is one.

    Parameters
    ----------
    estimate
        Cost of the site.
    device_seconds
        Device time that the run occupies, in device-seconds.
    utilisation
        Share of the year in which the site has work (0 to 1); the cost of idle time is shared among the runs.

    Raises
    ------
    UnknownValueError
        If nothing of the cost of a device is known.
    """
    cost = estimate.device_cost
    if cost is None:
        require(estimate.gaps_of("device_cost"))
    assert cost is not None  # a cost without gaps is known
    return cost * device_seconds / utilisation


def run_energy(estimate: SiteEstimate, num_devices: Real, duration: Seconds) -> Real:
    """Compute the energy of a run at the meter in J, with its share of network and cooling.

    It is a lower bound if the power is one.

    Parameters
    ----------
    estimate
        Power of the site.
    num_devices
        Devices that train.
    duration
        Time that they train, in s.

    Raises
    ------
    UnknownValueError
        If nothing of the power is known.
    """
    mean = estimate.power.mean
    if mean is None:
        require(estimate.power.gaps_of("mean"))
    assert mean is not None  # a power without gaps is known
    return power.energy(mean * (num_devices / estimate.num_devices), duration)


def check_power(cluster: Cluster, site: SiteFacts, drawn: SitePower) -> None:
    """Refuse a cluster that draws more than the site can deliver.

    If the power is only known as a lower bound and that already exceeds the limit, the cluster is refused too.

    Parameters
    ----------
    cluster
        Pools of devices; their number tells how many would fit.
    site
        Its power limit (W) is read; without one every cluster passes.
    drawn
        Power of the cluster, in W.

    Raises
    ------
    InfeasibleError
        With the shortfall, and how many devices would fit.
    """
    if not site.power_limit.is_known or drawn.total is None:
        return
    limit, wanted = float(site.power_limit.value), float(drawn.total)
    if wanted > limit:
        size = max(int(pool.system.num_devices.value) for pool in cluster.pools)
        # Whole nodes or racks, since a part of one draws as much as all of it.
        fit = int(cluster.num_devices * limit / wanted) // size * size
        fewer = f"Use at most about {fit:,} of the {cluster.num_devices:,} GPUs, or raise" if fit else "Raise"
        raise InfeasibleError(
            f"The cluster draws more power than site.power_limit of {site.name}",
            f"it needs {render(wanted, 'W')} and may draw {render(limit, 'W')}, {render(wanted - limit, 'W')} too much",
            f"{fewer} site.power_limit",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A date on which pools come online, and the site up to it."""

    date: str
    num_devices: int
    power: Annotated[Watts, Why("facility power of all that works")] | None
    capex: Annotated[Usd, Why("capital cost of all that works")] | None


def timeline(cluster: Cluster, site: SiteFacts, costs: SiteCosts, *, volume_discount: float = 0.0) -> tuple[Stage, ...]:
    """Estimate facility power and capital cost at each date on which pools come online.

    Parameters
    ----------
    cluster
        Pools with their dates; pools without a date come first.
    site
        PUE and electricity price.
    costs
        What building, powering and financing cost.
    volume_discount
        Share off the price of nodes and racks (0 to 1).

    Returns
    -------
    tuple of Stage
        In the order of their dates; each stage counts every pool up to its date, power in W and capital cost in USD.
    """
    dates = sorted({pool.online for pool in cluster.pools})
    stages = []
    for date in dates:
        working: tuple[Pool, ...] = tuple(pool for pool in cluster.pools if pool.online <= date)
        part = Cluster(name=cluster.name, pools=working)
        built = estimate(part, site, costs, volume_discount=volume_discount)
        stages.append(Stage(date=date, num_devices=part.num_devices, power=built.power.total, capex=built.capex.total))
    return tuple(stages)


def _construction_per_watt(site: SiteFacts, costs: SiteCosts) -> UsdPerWatt:
    """Cost of the building per watt of IT power: the site's own figure, or an ordinary hall made dense."""
    if site.construction_cost.is_known:
        return site.construction_cost.value
    market = site.market_construction_cost
    return (market.value if market.is_known else costs.construction_cost) * costs.dense_factor
