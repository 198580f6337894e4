"""Power and cost per device that a study computes from parts, for claims; the catalogue does not have them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lindos.catalog import Catalog
from lindos.catalog.facts import Fact
from lindos.claims.schema import Claim
from lindos.claims.span import Span

#: Share by which a number of devices may differ from that of a cluster, which has whole nodes and racks.
_ROUNDING = 1e-3


def are_equal(counted: Mapping[str, float], devices: Mapping[str, int]) -> bool:
    """Tell whether counts of devices are those of a cluster, up to whole nodes and racks.

    Parameters
    ----------
    counted
        Numbers by id of the accelerator.
    devices
        Those of the cluster.
    """
    return set(counted) == set(devices) and all(
        abs(counted[name] / devices[name] - 1.0) <= _ROUNDING for name in counted
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterFacts:
    """Power and cost of a named cluster from its own site; None is unknown, and a bound leaves some parts out.

    ``negotiable`` is the part of ``capex`` that a discount on nodes and racks applies to, None where that is a bound.
    """

    title: str
    devices: Mapping[str, int]  # by id of the accelerator
    facility_power: Span | None
    power_is_bound: bool = False
    capex: Span | None
    capex_is_bound: bool = False
    negotiable: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The catalogue, and what a study has computed for each accelerator (its id is the key).

    ``facility_power`` is facility watts per device and ``unit_cost`` all-in dollars per device (device, its share of
    system, network and building), of which ``negotiable`` is what a discount on nodes and racks applies to. Where a
    number is missing, the check falls back on the chip alone and says so. ``clusters`` are the clusters that checks
    name, by the name of their scenario.
    """

    catalog: Catalog
    facility_power: Mapping[str, Span | Fact[Any] | float] = field(default_factory=dict)
    unit_cost: Mapping[str, Span | Fact[Any] | float] = field(default_factory=dict)
    negotiable: Mapping[str, Span | Fact[Any] | float] = field(default_factory=dict)
    clusters: Mapping[str, ClusterFacts] = field(default_factory=dict)


def accelerators_of(claims: Iterable[Claim], catalog: Catalog) -> tuple[str, ...]:
    """Return the ids of the accelerators whose facility power or all-in cost some checks need, sorted.

    Parameters
    ----------
    claims
        Statements with their checks.
    catalog
        Turns names into ids.
    """
    names: set[str] = set()
    for claim in claims:
        for part in claim.checks:
            if part.kind in ("power", "money", "equivalents"):
                names |= {devices.accelerator for devices in part.devices or ()}
                names |= {name for name in (getattr(part, "accelerator", None),) if name}
                names |= set(getattr(part, "generations", ()))
    return tuple(sorted({catalog.accelerator(name).name for name in names}))


def clusters_of(claims: Iterable[Claim]) -> tuple[str, ...]:
    """Return the names of the scenarios whose clusters some checks are about, sorted.

    Parameters
    ----------
    claims
        Statements with their checks.
    """
    named = (getattr(part, "cluster", None) for claim in claims for part in claim.checks)
    return tuple(sorted({name for name in named if name}))
