"""The scale-out network of a cluster as parts: switches and link ends of a folded Clos."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from lindos.catalog.gaps import Gaps
from lindos.catalog.records import Fabric
from lindos.formulas.clos import clos_levels, clos_link_ends, clos_switches
from lindos.problem.cluster import Cluster, Pool
from lindos.quantities import Count
from lindos.results import Why


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Switches, transceivers and cables between nodes or racks; network cards belong to those."""

    fabric: Fabric
    endpoints: Annotated[Count, Why("ports of devices on the scale-out network")]
    levels: Annotated[Count, Why("levels of switches")]
    switches: Annotated[Count, Why("switches of all levels")]
    link_ends: Annotated[Count, Why("transceivers or plugs, two a link")]


def networks(cluster: Cluster, gaps: Gaps) -> tuple[Network, ...]:
    """Count the switches and link ends of each fabric; pools on the same fabric share its switches.

    A pool that is one scale-up domain has no network outside it. A network whose ports cannot be counted is left out.

    Parameters
    ----------
    cluster
        Pools of devices with their network tiers and fabrics.
    gaps
        Receives the facts that a network lacks, under switches and optics.

    Returns
    -------
    tuple of Network
        One per fabric.
    """
    groups: dict[str, list[Pool]] = {}
    for pool in cluster.pools:
        if len(pool.tiers) > 1:
            groups.setdefault(pool.fabric.name, []).append(pool)
    counted = (_network(pools[0].fabric, pools, gaps) for pools in groups.values())
    return tuple(network for network in counted if network is not None)


def _network(fabric: Fabric, pools: Sequence[Pool], gaps: Gaps) -> Network | None:
    facts = (fabric.port_bandwidth, fabric.switch_ports, *(pool.system.nic_bandwidth for pool in pools))
    if not all(fact.is_known for fact in facts):
        for part in ("switches", "optics"):
            gaps.term(part, lambda *values: values[0], *facts)
        return None
    endpoints: Count = 0.0
    for pool in pools:
        endpoints = endpoints + pool.num_devices * pool.system.nic_bandwidth.value / fabric.port_bandwidth.value
    # Oversubscription is the scenario's own number, never a draw.
    oversubscription = max(float(tier.oversubscription) for pool in pools for tier in pool.tiers)
    radix = fabric.switch_ports.value
    levels = clos_levels(endpoints, radix)
    return Network(
        fabric=fabric,
        endpoints=endpoints,
        levels=levels,
        switches=clos_switches(endpoints, radix, levels, oversubscription),
        link_ends=clos_link_ends(endpoints, levels, oversubscription),
    )
