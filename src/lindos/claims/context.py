"""What a study tells claims that the catalogue does not hold: costs and power per device, built up from parts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lindos.catalog import Catalog
from lindos.catalog.facts import Fact
from lindos.claims.schema import Claim
from lindos.claims.span import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterFacts:
    """A named cluster as its own site has it; None is unknown, and a bound leaves something out."""

    title: str
    devices: Mapping[str, int]  # by id of the accelerator
    facility_power: Span | None
    power_is_bound: bool = False
    capex: Span | None
    capex_is_bound: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The catalogue, and what the floor above has computed for each accelerator (its id is the key).

    ``facility_power`` is facility watts per device and ``unit_cost`` all-in dollars per device (device, its share of
    system, network and building). Where a number is missing, the check falls back on the chip alone and says so.
    ``clusters`` are those that checks name, by the name of their scenario.
    """

    catalog: Catalog
    facility_power: Mapping[str, Span | Fact[Any] | float] = field(default_factory=dict)
    unit_cost: Mapping[str, Span | Fact[Any] | float] = field(default_factory=dict)
    clusters: Mapping[str, ClusterFacts] = field(default_factory=dict)


def accelerators_of(claims: Iterable[Claim], catalog: Catalog) -> tuple[str, ...]:
    """Ids of the accelerators whose facility power or all-in cost the checks of ``claims`` ask for, sorted."""
    names: set[str] = set()
    for claim in claims:
        for part in claim.checks:
            if part.kind in ("power", "money", "equivalents"):
                names |= {devices.accelerator for devices in part.devices or ()}
                names |= {name for name in (getattr(part, "accelerator", None),) if name}
                names |= set(getattr(part, "generations", ()))
    return tuple(sorted({catalog.accelerator(name).name for name in names}))


def clusters_of(claims: Iterable[Claim]) -> tuple[str, ...]:
    """Names of the scenarios whose clusters the checks of ``claims`` are about, sorted."""
    named = (getattr(part, "cluster", None) for claim in claims for part in claim.checks)
    return tuple(sorted({name for name in named if name}))
