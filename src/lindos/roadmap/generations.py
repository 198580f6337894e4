"""Device generations, announced ones included, and when each can be bought."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from lindos.catalog import Catalog
from lindos.errors import InputError, UnknownValueError
from lindos.formulas import equivalents
from lindos.quantities import Bytes, Count, Usd, Watts
from lindos.roadmap.trends import Trends

#: What a buyer of NVIDIA racks gets over the years; other vendors by name.
DEFAULT = ("h100-sxm", "b200-sxm", "gb200", "gb300", "rubin-vr200", "rubin-ultra-vr300", "feynman")
_REFERENCE = "h100-sxm"
_LAUNCH = re.compile(r"^(\d{4})(?:-(?:(\d{2})(?:-(\d{2}))?|H([12])|Q([1-4])))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One device, the first day of its sale, and what an H100-equivalent of it costs and draws.

    Parameters
    ----------
    name, title
        Device of the catalogue.
    available
        First day of its sale.
    h100_equivalents
        Dense 8-bit peak over that of one H100; None if it is not published.
    system
        Node or rack that is bought; empty if the catalogue has none.
    capex, facility_power
        Capital cost (USD) and facility power (W) of one H100-equivalent of that system at its site; None if unknown.
    construction, running
        Of these, building and plant (USD), and energy and maintenance (USD a year) of one H100-equivalent.
    negotiable
        Of the capital cost, what a discount on nodes and racks applies to (USD).
    vendor
        Its maker.
    memory
        High-bandwidth memory of one device in bytes.
    is_prior
        Whether its performance has no data sheet, and follows its forerunners.
    """

    name: str
    title: str
    available: date
    h100_equivalents: Count | None
    system: str = ""
    capex: Usd | None = None
    facility_power: Watts | None = None
    construction: Usd | None = None
    running: Usd | None = None
    negotiable: Usd | None = None
    vendor: str = ""
    memory: Bytes = 0.0
    is_prior: bool = False

    @property
    def is_priced(self) -> bool:
        """Whether both cost and power of a purchase are known."""
        return self.capex is not None and self.facility_power is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """Capital cost (USD) and facility power (W) of one H100-equivalent that is bought on a day, all in.

    ``priced`` is the generation that gives them. If it is not the newest on sale, it is the last whose price and power
    are known, and both have followed their trends since it went on sale.
    """

    newest: Generation
    priced: Generation
    capex: Usd
    facility_power: Watts


def generations(catalog: Catalog, names: Sequence[str] = DEFAULT) -> tuple[Generation, ...]:
    """List the devices that have a launch date, oldest first.

    A launch date that names only a half-year or a year counts from the middle of it.

    Parameters
    ----------
    catalog
        Catalogue with the devices and the H100 that they are compared with.
    names
        Catalogue names of the devices.

    Returns
    -------
    tuple of Generation
        H100-equivalents compare dense 8-bit rates.
    """
    reference = catalog.accelerator(_REFERENCE).counted_peak("fp8").value
    listed = []
    for name in names:
        device = catalog.accelerator(name)
        available = _launch(device.launch_date.value) if device.launch_date.is_known else None
        if available is None:
            continue
        peak = device.counted_peak("fp8")
        amount = equivalents.h100_equivalents(1.0, peak.value, reference) if peak.is_known else None
        memory = device.memory.value if device.memory.is_known else 0.0
        listed.append(
            Generation(
                name=device.name,
                title=device.title,
                available=available,
                h100_equivalents=amount,
                vendor=device.vendor,
                memory=memory,
            )
        )
    return tuple(sorted(listed, key=lambda generation: generation.available))


def purchase(generations: Sequence[Generation], day: date, trends: Trends) -> Purchase:
    """Determine what an H100-equivalent costs and draws if it is bought on a day.

    Parameters
    ----------
    generations
        Oldest first, with cost and power where they are known.
    day
        Day of purchase.
    trends
        How cost and power fall after the last generation that has both.

    Raises
    ------
    InputError
        If nothing is on sale yet.
    UnknownValueError
        If no generation that is on sale has a known cost and power.
    """
    sold = [generation for generation in generations if generation.available <= day]
    priced = next((generation for generation in reversed(sold) if generation.is_priced), None)
    if not sold:
        check_start(day, generations)
    if priced is None or priced.capex is None or priced.facility_power is None:
        newest = sold[-1]
        names = ", ".join(generation.system or generation.name for generation in sold)
        note = f"a purchase of {day} needs a system of known price and power; on sale are {names}"
        raise UnknownValueError(f"systems.{newest.system or newest.name}.price", note)
    if priced is sold[-1]:
        return Purchase(newest=priced, priced=priced, capex=priced.capex, facility_power=priced.facility_power)
    return Purchase(
        newest=sold[-1],
        priced=priced,
        capex=trends.price(priced.capex, priced.available, day),
        facility_power=trends.power(priced.facility_power, priced.available, day),
    )


def check_start(start: date, generations: Sequence[Generation]) -> None:
    """Refuse purchases before the first device was on sale.

    Parameters
    ----------
    start
        First day of purchase.
    generations
        Oldest first.

    Raises
    ------
    InputError
        If the first device was not on sale yet, or there is none.
    """
    first = generations[0] if generations else None
    if first is None:
        raise InputError("roadmap.start", str(start), "a day on which something is on sale")
    if start < first.available:
        raise InputError("roadmap.start", str(start), f"{first.available} or later, when {first.title} went on sale")


def _launch(text: str) -> date | None:
    match = _LAUNCH.match(text)
    if match is None:
        return None
    year, month, day, half, quarter = match.groups()
    if month:
        return date(int(year), int(month), int(day or 15))
    if half:
        return date(int(year), 4 if half == "1" else 10, 1)
    if quarter:
        return date(int(year), 3 * int(quarter) - 1, 15)
    return date(int(year), 7, 1)
