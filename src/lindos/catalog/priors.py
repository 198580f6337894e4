"""Priors: the power and the price of systems and switches that nobody has published, computed from what is published.

A system draws, and costs, so many times its devices as the published systems of its kind do, nodes or racks. A device
without a published power or price has that of its peers per 8-bit operation a second, carried to its year: devices of
its family, else of its maker, else all. Low and high span the middle 80 % of the peers, and at least half as much again
each way (a third for a system over its devices). A switch or a transceiver without a published figure has that of the
other networks per bit a second. The note of each such value says that it is a prior, and what it was computed from.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from statistics import linear_regression, median

from lindos.catalog.facts import Fact
from lindos.catalog.records import Accelerator, Fabric, System
from lindos.quantities import Real
from lindos.units import render

#: Beginning of the note of every prior.
PRIOR = "prior"
#: Least number of peers of one family or maker that speak for it.
_LEAST_PEERS = 3
#: Least ratio of high to middle and of middle to low: priors are wide.
_LEAST_SPREAD = 1.5
#: The same for a system over its devices: four in five published systems lie inside the prior that they would have.
_LEAST_OVERHEAD_SPREAD = 1.35
#: Share of the peers between low and high.
_COVERED = 0.8
#: Fields of a record that a prior can fill.
_SYSTEM_FIELDS = {"power": "board_power", "price": "price"}
_FABRIC_FIELDS = ("switch_power", "switch_price", "optic_power", "optic_price")
_DATE = re.compile(r"(\d{4})(?:-(?:(\d{2})|H([12])|Q([1-4])))?")


@dataclass(frozen=True, slots=True)
class _Peer:
    """A published value over the size that it goes with, such as watts per FLOP/s."""

    name: str
    ratio: float
    sources: tuple[str, ...]
    groups: tuple[str, ...] = ()  # family and maker
    year: float = 0.0


@dataclass(frozen=True, slots=True)
class _Estimate:
    """Middle, low and high, with the sources and the names that they rest on."""

    value: float
    low: float
    high: float
    sources: tuple[str, ...]
    basis: str

    def __mul__(self, factor: "_Estimate | float") -> "_Estimate":
        if isinstance(factor, _Estimate):
            sources = tuple(dict.fromkeys((*self.sources, *factor.sources)))
            product = self.value * factor.value, self.low * factor.low, self.high * factor.high
            return _Estimate(*product, sources, f"{self.basis} times {factor.basis}")
        return _Estimate(self.value * factor, self.low * factor, self.high * factor, self.sources, self.basis)


def is_prior(fact: Fact[object]) -> bool:
    """Tell whether a value is a prior of this module.

    Parameters
    ----------
    fact
        Any fact.
    """
    return fact.estimate and fact.note.startswith(PRIOR)


def year_of(date: str) -> float | None:
    """Get the year of a date with its fraction, or None where the text is no date.

    Parameters
    ----------
    date
        ``2025``, ``2025-H2``, ``2025-Q3``, ``2025-07`` or ``2025-07-22``.

    Examples
    --------
    >>> year_of("2026-H2"), year_of("2025-07-22")
    (2026.75, 2025.5)
    """
    match = _DATE.match(date)
    if match is None:
        return None
    year, month, half, quarter = match.groups()
    if half or quarter:
        part = (int(half) - 0.5) / 2 if half else (int(quarter) - 0.5) / 4
    else:
        part = (int(month) - 1) / 12 if month else 0.5
    return int(year) + part


def is_incomplete(record: object) -> bool:
    """Tell whether a record lacks a value that `complete_systems` or `complete_fabrics` may fill.

    Parameters
    ----------
    record
        A record of any kind.
    """
    if isinstance(record, System):
        return not all(getattr(record, field).is_known for field in _SYSTEM_FIELDS)
    if isinstance(record, Fabric):
        return record.kind == "scale-out" and not all(getattr(record, field).is_known for field in _FABRIC_FIELDS)
    return False


def complete_systems(
    systems: Mapping[str, System],
    accelerators: Mapping[str, Accelerator],
    device_of: Callable[[str], str | None],
    left_unknown: Set[str] = frozenset(),
) -> dict[str, System]:
    """Fill the unknown power and price of systems with priors, where their devices allow one.

    Parameters
    ----------
    systems
        All systems, published and not.
    accelerators
        All devices, whose published power, price and launch date are the peers.
    device_of
        Id of a device by any of its names; None where there is none.
    left_unknown
        Paths of facts that the user states as unknown; they stay so.
    """
    devices = {name: accelerators.get(device_of(system.accelerator) or "") for name, system in systems.items()}
    completed = {}
    for name, system in systems.items():
        changes = {
            field: prior
            for field, device_field in _SYSTEM_FIELDS.items()
            if not getattr(system, field).is_known
            and f"systems.{name}.{field}" not in left_unknown
            and (prior := _of_system(system, devices[name], field, device_field, systems, devices, accelerators))
        }
        completed[name] = replace(system, **changes) if changes else system  # type: ignore[arg-type]
    return completed


def complete_fabrics(fabrics: Mapping[str, Fabric], left_unknown: Set[str] = frozenset()) -> dict[str, Fabric]:
    """Fill the unknown power and price of scale-out switches and transceivers with priors.

    Parameters
    ----------
    fabrics
        All networks; power and price of one inside a system are parts of that system, and stay unknown.
    left_unknown
        Paths of facts that the user states as unknown; they stay so.
    """
    completed = {}
    for name, fabric in fabrics.items():
        changes = {
            field: prior
            for field in (_FABRIC_FIELDS if fabric.kind == "scale-out" else ())
            if not getattr(fabric, field).is_known
            and f"fabrics.{name}.{field}" not in left_unknown
            and (prior := _of_fabric(fabric, field, fabrics))
        }
        completed[name] = replace(fabric, **changes) if changes else fabric  # type: ignore[arg-type]
    return completed


def _of_system(
    system: System,
    device: Accelerator | None,
    field: str,
    device_field: str,
    systems: Mapping[str, System],
    devices: Mapping[str, Accelerator | None],
    accelerators: Mapping[str, Accelerator],
) -> Fact[Real] | None:
    if device is None or not system.num_devices.is_known:
        return None
    single = _of_device(device, device_field, accelerators.values())
    peers = [
        _Peer(member.name, _content(whole) / (_content(member.num_devices) * _content(part)), whole.sources)
        for name, member in systems.items()
        if member.unit == system.unit and (peer := devices[name]) is not None
        for whole, part in [(getattr(member, field), getattr(peer, device_field))]
        if whole.is_known and part.is_known and member.num_devices.is_known
    ]
    if single is None or not peers:
        return None
    overhead = _spanned(peers, f"over its devices as {system.unit}s do", least_spread=_LEAST_OVERHEAD_SPREAD)
    estimate = single * overhead * _content(system.num_devices)
    return _fact(getattr(system, field), estimate, f"{_content(system.num_devices):g} devices, {estimate.basis}")


def _of_device(device: Accelerator, field: str, accelerators: Iterable[Accelerator]) -> _Estimate | None:
    """Power or price of one device: as published, or of its peers per operation a second, carried to its year."""
    fact: Fact[Real] = getattr(device, field)
    unit = fact.unit
    if fact.is_known:
        middle = _content(fact)
        low, high = (middle if end is None else float(end) for end in (fact.low, fact.high))
        return _Estimate(middle, low, high, fact.sources, render(middle, unit))
    size, year = device.counted_peak("fp8"), _launched(device)
    if not size.is_known or year is None:
        return None
    peers = [
        _Peer(member.name, _content(stated) / _content(rate), stated.sources, (member.family, member.vendor), launched)
        for member in accelerators
        for stated, rate, launched in [(getattr(member, field), member.counted_peak("fp8"), _launched(member))]
        if stated.is_known and rate.is_known and launched is not None
    ]
    if len(peers) < _LEAST_PEERS:
        return None
    group, chosen = _nearest(peers, (device.family, device.vendor))
    slope = linear_regression([peer.year for peer in peers], [math.log(peer.ratio) for peer in peers]).slope
    carried = [replace(peer, ratio=peer.ratio * math.exp(slope * (year - peer.year))) for peer in chosen]
    estimate = _spanned(carried, "", least_spread=_LEAST_SPREAD) * _content(size)
    basis = f"{render(estimate.value, unit)} each by {group or 'all'} devices per 8-bit FLOP/s, in {year:.0f}"
    return replace(estimate, basis=basis)


def _of_fabric(fabric: Fabric, field: str, fabrics: Mapping[str, Fabric]) -> Fact[Real] | None:
    def size(of: Fabric) -> float | None:
        parts = (of.port_bandwidth, of.switch_ports) if field.startswith("switch") else (of.port_bandwidth,)
        return math.prod(_content(part) for part in parts) if all(part.is_known for part in parts) else None

    peers = [
        _Peer(member.name, _content(stated) / amount, stated.sources)
        for member in fabrics.values()
        for stated, amount in [(getattr(member, field), size(member))]
        if member.kind == "scale-out" and stated.is_known and amount
    ]
    wanted = size(fabric)
    if wanted is None or not peers:
        return None
    estimate = _spanned(peers, "", least_spread=_LEAST_SPREAD) * wanted
    return _fact(getattr(fabric, field), estimate, f"the bandwidth of {', '.join(peer.name for peer in peers)}")


def _nearest(peers: Sequence[_Peer], groups: Sequence[str]) -> tuple[str, Sequence[_Peer]]:
    """Peers of the first group that has enough of them, with its name; all peers where none has."""
    for group in groups:
        members = [peer for peer in peers if group in peer.groups]
        if len(members) >= _LEAST_PEERS:
            return group, members
    return "", peers


def _spanned(peers: Sequence[_Peer], basis: str, least_spread: float) -> _Estimate:
    """Median of the peers with the span of most of them, which is at least so wide on either side."""
    ratios = [peer.ratio for peer in peers]
    middle = median(ratios)
    sources = tuple(dict.fromkeys(source for peer in peers for source in peer.sources))
    tail = (1 - _COVERED) / 2
    low = min(_quantile(ratios, tail), middle / least_spread)
    high = max(_quantile(ratios, 1 - tail), middle * least_spread)
    return _Estimate(middle, low, high, sources, f"{middle:.2f} ({low:.2f} to {high:.2f}) {basis}".strip())


def _quantile(numbers: Sequence[float], share: float) -> float:
    """Value lower which a share of the numbers lies, interpolated between them."""
    ordered = sorted(numbers)
    place = share * (len(ordered) - 1)
    lower = ordered[math.floor(place)]
    return lower + (place % 1) * (ordered[math.ceil(place)] - lower)


def _fact(unknown: Fact[Real], estimate: _Estimate, basis: str) -> Fact[Real]:
    reason = f" ({unknown.note})" if unknown.note else ""
    return replace(
        unknown,
        content=estimate.value,
        low=estimate.low,
        high=estimate.high,
        sources=estimate.sources,
        note=f"{PRIOR}{reason}: {basis}",
        estimate=True,
    )


def _launched(device: Accelerator) -> float | None:
    return year_of(device.launch_date.content) if device.launch_date.content else None


def _content(fact: Fact[Real]) -> float:
    """Plain number of a known fact; nothing is noted as read, for a prior is its own fact."""
    assert fact.content is not None
    return float(fact.content)
