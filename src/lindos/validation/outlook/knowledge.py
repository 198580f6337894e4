"""What was known on a day: readings of sites, the world's stock, announcements and outlooks, and nothing later.

A reading counts from the day that it describes, as in a test on revised data; an announcement counts from the day on
which it was published.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files

from lindos.catalog import Catalog
from lindos.catalog.records import Observation, Supply

WORLD = "world"
#: What is forecast of a site, and of the world.
QUANTITIES = ("facility_power", "h100_equivalents")
#: Vintage that read sites anew, and the day until which it did.
_LATEST, LAST = "2026-08", date(2026, 8, 1)
_MONTH, _DAY = len("2025-07"), len("2025-07-22")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What stood at a site, or in the world, on a day: in W, or in H100-equivalents (8-bit dense), or wafers a year.

    ``last_day`` is the last day for which it counts if nothing newer was read.
    """

    name: str
    day: date
    quantity: str
    value: float
    last_day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """What somebody said would stand there by a day; ``words`` are those of the source."""

    name: str
    published: date
    end: date
    quantity: str
    value: float
    words: str
    title: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """All that was known on a day.

    Parameters
    ----------
    origin
        The day.
    readings, announcements
        In the order of their days.
    """

    origin: date
    readings: tuple[Reading, ...]
    announcements: tuple[Announcement, ...]

    def readings_of(self, name: str, quantity: str) -> tuple[Reading, ...]:
        """List readings, oldest first.

        Parameters
        ----------
        name
            Site of the catalogue, or `WORLD`.
        quantity
            One of `QUANTITIES`, or ``packaging``.
        """
        return tuple(row for row in self.readings if (row.name, row.quantity) == (name, quantity))

    def announced(self, name: str, quantity: str) -> tuple[Announcement, ...]:
        """List announcements that were not met on the day, the earliest first.

        Parameters
        ----------
        name, quantity
            As in `readings_of`.
        """
        readings = self.readings_of(name, quantity)
        base = readings[-1].value if readings else 0.0
        rows = [row for row in self.announcements if (row.name, row.quantity) == (name, quantity) and row.value > base]
        return tuple(sorted(rows, key=lambda row: row.end))

    @property
    def targets(self) -> tuple[tuple[str, str], ...]:
        """Names and quantities of which something was known: read before, or announced."""
        read = {(row.name, row.quantity) for row in self.readings}
        announced_pairs = {(row.name, row.quantity) for row in self.announcements}
        return tuple(sorted(pair for pair in read | announced_pairs if pair[1] in QUANTITIES))


def known_on(origin: date, readings: Iterable[Reading], announcements: Iterable[Announcement]) -> Knowledge:
    """Cut everything that is dated after a day.

    Parameters
    ----------
    origin
        The day.
    readings, announcements
        All that is known today.
    """
    return Knowledge(
        origin=origin,
        readings=tuple(sorted((row for row in readings if row.day <= origin), key=lambda row: row.day)),
        announcements=tuple(row for row in announcements if row.published <= origin),
    )


def read_announcements() -> tuple[Announcement, ...]:
    """Read the announcements that are shipped, each with its source."""
    text = files("lindos.validation").joinpath("announcements.csv").read_text(encoding="utf-8")
    return tuple(
        Announcement(
            name=row["name"],
            published=date.fromisoformat(row["published"]),
            end=date.fromisoformat(row["by"]),
            quantity=row["quantity"],
            value=float(row["value"]),
            words=row["words"],
            title=row["title"],
            url=row["url"],
        )
        for row in csv.DictReader(text.splitlines())
    )


def read_readings(catalog: Catalog) -> tuple[Reading, ...]:
    """Read what was seen of sites and of the world.

    Parameters
    ----------
    catalog
        Records ``observations`` and ``supply``. Where a site was read anew in August 2026 only those rows count.
    """
    sites = [row for row in catalog.observations if row.status == "seen" and len(row.date) >= _MONTH]
    latest = {row.site for row in sites if row.vintage == _LATEST}
    listed = [row for row in sites if row.site not in latest or row.vintage == _LATEST]
    return (*_of_sites(listed), *_of_world(catalog.records("supply")))


def _of_sites(rows: Iterable[Observation]) -> Iterable[Reading]:
    for row in rows:
        for quantity in QUANTITIES:
            value = getattr(row, quantity).content
            if value is not None:
                day = _day(row.date)
                last_day = LAST if row.vintage == _LATEST else day
                yield Reading(name=row.site, day=day, quantity=quantity, value=float(value), last_day=last_day)


def _day(text: str) -> date:
    """Day of a reading; a month stands for its last day."""
    if len(text) == _DAY:
        return date.fromisoformat(text)
    year, month = (int(part) for part in text.split("-"))
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def _of_world(rows: Mapping[str, Supply]) -> Iterable[Reading]:
    for row in rows.values():
        if row.status != "seen" or row.name.endswith("first-count"):
            continue
        for quantity in (*QUANTITIES, "packaging"):
            value = getattr(row, quantity).content
            if value is not None:
                day = date.fromisoformat(row.date)
                yield Reading(name=WORLD, day=day, quantity=quantity, value=float(value), last_day=day)
