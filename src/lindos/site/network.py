"""The scale-out network of a cluster as parts: switches and link ends of a folded Clos."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from lindos.catalog.records import Fabric
from lindos.formulas.clos import clos_levels, clos_link_ends, clos_switches
from lindos.problem.cluster import Cluster, Pool
from lindos.quantities import Count, Usd, Watts
from lindos.results import Why


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Switches, transceivers and cables between nodes or racks; network cards belong to those."""

    endpoints: Annotated[Count, Why("ports of devices on the scale-out network")]
    levels: Annotated[Count, Why("levels of switches")]
    switches: Annotated[Count, Why("switches of all levels")]
    link_ends: Annotated[Count, Why("transceivers or plugs, two a link")]
    switch_power: Annotated[Watts, Why("switches without their optics")]
    optic_power: Annotated[Watts, Why("transceivers at both ends of every link")]
    switch_price: Annotated[Usd, Why("switches")]
    optic_price: Annotated[Usd, Why("transceivers and cables")]


def networks(cluster: Cluster) -> tuple[tuple[str, Network], ...]:
    """One network per fabric: pools on the same fabric share its switches."""
    groups: dict[str, list[Pool]] = {}
    for pool in cluster.pools:
        groups.setdefault(pool.fabric.name, []).append(pool)
    return tuple((name, _network(pools[0].fabric, pools)) for name, pools in groups.items())


def _network(fabric: Fabric, pools: Iterable[Pool]) -> Network:
    endpoints: Count = 0.0
    oversubscription = 1.0
    for pool in pools:
        # A pool that is one scale-up domain has no network outside it.
        if len(pool.tiers) > 1:
            endpoints = endpoints + pool.num_devices * pool.system.nic_bandwidth.value / fabric.port_bandwidth.value
            oversubscription = max(oversubscription, *(_plain(tier.oversubscription) for tier in pool.tiers))
    radix = fabric.switch_ports.value
    levels = clos_levels(endpoints, radix)
    switches = clos_switches(endpoints, radix, levels, oversubscription)
    ends = clos_link_ends(endpoints, levels, oversubscription)
    return Network(
        endpoints=endpoints,
        levels=levels,
        switches=switches,
        link_ends=ends,
        switch_power=switches * fabric.switch_power.value,
        optic_power=ends * fabric.optic_power.value,
        switch_price=switches * fabric.switch_price.value,
        optic_price=ends * fabric.optic_price.value,
    )


def _plain(oversubscription: object) -> float:
    """Oversubscription is the scenario's own number, never a draw."""
    return float(oversubscription)  # type: ignore[arg-type]
