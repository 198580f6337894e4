"""What a study tells claims that the catalogue does not hold: costs and power per device, built up from parts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lindos.catalog import Catalog
from lindos.catalog.facts import Fact
from lindos.claims.schema import Claim
from lindos.claims.span import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The catalogue, and what the floor above has computed for each accelerator (its id is the key).

    ``facility_power`` is facility watts per device and ``unit_cost`` all-in dollars per device (device, its share of
    system, network and building). Where a number is missing, the check falls back on the chip alone and says so.
    """

    catalog: Catalog
    facility_power: Mapping[str, Span | Fact[Any] | float] = field(default_factory=dict)
    unit_cost: Mapping[str, Span | Fact[Any] | float] = field(default_factory=dict)


def accelerators_of(claims: Iterable[Claim], catalog: Catalog) -> tuple[str, ...]:
    """Ids of the accelerators whose facility power or all-in cost the checks of ``claims`` ask for, sorted."""
    names: set[str] = set()
    for claim in claims:
        for part in claim.checks:
            if part.kind in ("power", "money", "equivalents"):
                names |= {devices.accelerator for devices in part.devices or ()}
                names |= {name for name in (getattr(part, "accelerator", None),) if name}
    return tuple(sorted({catalog.accelerator(name).name for name in names}))
