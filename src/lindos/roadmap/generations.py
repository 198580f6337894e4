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
    """One device with the day it can be bought from; ``h100_equivalents`` is None where no rate is published."""

    name: str
    title: str
    available: date
    h100_equivalents: Count | None


def generations(catalog: Catalog, names: Sequence[str] = DEFAULT) -> tuple[Generation, ...]:
    """Devices with a launch date, oldest first; a half-year counts from its middle, a year from its middle."""
    reference = catalog.accelerator(_REFERENCE).peak_fp8.value
    found = []
    for name in names:
        device = catalog.accelerator(name)
        available = _launch(device.launch_date.value) if device.launch_date.known else None
        if available is None:
            continue
        known = device.peak_fp8.known
        each = equivalents.h100_equivalents(1.0, device.peak_fp8.value, reference) if known else None
        found.append(Generation(name=device.name, title=device.title, available=available, h100_equivalents=each))
    return tuple(sorted(found, key=lambda generation: generation.available))


def newest(known: Sequence[Generation], when: date) -> Generation | None:
    """The newest generation that can be bought on a day."""
    sold = [generation for generation in known if generation.available <= when]
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
