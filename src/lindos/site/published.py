"""What was published of a site, for a comparison; no answer is computed from it."""

from dataclasses import dataclass

from lindos.catalog.facts import Fact
from lindos.catalog.records import SiteFacts
from lindos.quantities import Real

#: A published count that differs less from that of the cluster counts as the same.
SAME_COUNT = 0.05
#: How a basis of records is called.
BASIS = {
    "company": "by the company",
    "filing": "by a filing",
    "observed": "observed from outside",
    "derived": "derived from the other figures",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A published figure with its range, for as many devices as the cluster has."""

    value: float
    low: float | None
    high: float | None
    factor: float  # devices of the cluster over the published count; one if that is the same or unknown


def published(place: SiteFacts, fact: Fact[Real], num_devices: float) -> Published | None:
    """Scale a published total to the devices of a cluster; None if it is unknown.

    Parameters
    ----------
    place
        Site with its published count of devices.
    fact
        Published total.
    num_devices
        Devices of the cluster.
    """
    if fact.content is None:
        return None
    count = place.published_devices.content
    factor = 1.0 if count is None else num_devices / float(count)
    if abs(factor - 1.0) < SAME_COUNT:
        factor = 1.0

    def scaled(value: Real | None) -> float | None:
        return None if value is None else factor * float(value)

    return Published(value=factor * float(fact.content), low=scaled(fact.low), high=scaled(fact.high), factor=factor)


def provenance(place: SiteFacts) -> str:
    """Say of which day, from when and on which basis the published figures are; empty if nothing says so.

    Parameters
    ----------
    place
        Site with its published figures.
    """
    parts = []
    if place.published_date.content is not None:
        parts.append(f"they describe {place.published_date.content}")
    if place.vintage.content is not None:
        parts.append(f"were published {place.vintage.content}")
    bases = [
        f"{what} {BASIS[basis]}"
        for what, basis in (("the count of devices is", place.count_basis), ("power is", place.power_basis))
        if basis
    ]
    return "; ".join((" and ".join(parts), *bases)).strip("; ")
