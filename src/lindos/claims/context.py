"""What a study tells claims that the catalogue does not hold: costs and power per device, built up from parts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lindos.catalog import Catalog
from lindos.catalog.facts import Fact
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
