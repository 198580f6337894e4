"""Device generations, announced ones included, and when each can be bought."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from lindos.catalog import Catalog
from lindos.formulas import equivalents
from lindos.quantities import Count

#: What a buyer of NVIDIA racks gets over the years; other vendors by name.
DEFAULT = ("h100-sxm", "h200-sxm", "gb200", "gb300", "rubin-vr200", "rubin-ultra-vr300", "feynman")
_REFERENCE = "h100-sxm"
_LAUNCH = re.compile(r"^(\d{4})(?:-(?:(\d{2})(?:-(\d{2}))?|H([12])|Q([1-4])))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One device with the first day of its sale; ``h100_equivalents`` is None if no rate is published."""

    name: str
    title: str
    available: date
    h100_equivalents: Count | None


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
        listed.append(Generation(name=device.name, title=device.title, available=available, h100_equivalents=amount))
    return tuple(sorted(listed, key=lambda generation: generation.available))


def newest(generations: Sequence[Generation], day: date) -> Generation | None:
    """Return the newest generation that can be bought on a day, or None before the first.

    Parameters
    ----------
    generations
        Oldest first.
    day
        Day of purchase.
    """
    sold = [generation for generation in generations if generation.available <= day]
    return sold[-1] if sold else None


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
