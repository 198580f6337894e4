"""A forecast of the world's stock from the wafers, outlooks and counts that were known on a day."""

from collections.abc import Sequence
from datetime import date

import numpy as np

from lindos.catalog import Catalog
from lindos.catalog.records import Supply
from lindos.roadmap.expansion import quarters
from lindos.roadmap.generations import Generation
from lindos.roadmap.supply import Packaging
from lindos.validation.outlook.knowledge import WORLD, Knowledge, Reading
from lindos.validation.outlook.sites import Floats


def drawn_world(
    knowledge: Knowledge, catalog: Catalog, generations: Sequence[Generation], day: date
) -> tuple[Floats, Floats]:
    """Draw the world's stock in H100-equivalents and what it draws in W on a day.

    Parameters
    ----------
    knowledge
        What was known: counts of the stock, wafers of packaging of past years, and outlooks on the next ones.
    catalog
        A sampled catalogue: packages of a wafer, and how long packaging and a new generation take.
    generations
        Devices with the facility power of an H100-equivalent, oldest first.
    day
        Day of the forecast.

    Returns
    -------
    ndarray, ndarray
        One value for each draw of the catalogue.

    Notes
    -----
    The share that is delivered is fitted to the counts that were known, within their ranges; its own spread is that of
    the catalogue. Machines that stood at the last count draw what the oldest generation does.
    """
    counts = knowledge.readings_of(WORLD, "h100_equivalents")
    packaging = Packaging(catalog, generations, *_wafers(knowledge))
    first, last = counts[0].day, counts[-1].day
    stock = {row.date: np.asarray(row.h100_equivalents.content, dtype=float) for row in _counts(catalog, (first, last))}
    begin, end = stock[first.isoformat()], stock[last.isoformat()]
    carried = np.median(_packaged(packaging, generations, first, last)[0])
    spread = np.asarray(catalog.parameter("supply.delivered_share", "1").value, dtype=float)
    share = np.maximum(end - begin, 0.0) / carried * spread / np.median(spread)
    delivered, drawn = _packaged(packaging, generations, last, day)
    standing = np.asarray(generations[0].facility_power, dtype=float) * end
    return end + share * delivered, standing + share * drawn


def _counts(catalog: Catalog, days: Sequence[date]) -> list[Supply]:
    """Counts of the world's stock on some days, each within its range."""
    wanted = {day.isoformat() for day in days}
    rows = catalog.records("supply").values()
    return [row for row in rows if row.date in wanted and row.h100_equivalents.is_known and row.status == "seen"]


def _packaged(
    packaging: Packaging, generations: Sequence[Generation], first: date, last: date
) -> tuple[Floats, Floats]:
    """H100-equivalents that wafers carry between two days, and the power of these."""
    amount, power = np.zeros(1), np.zeros(1)
    for period in quarters(first, last):
        for item, part in zip(generations, packaging.carried(period, 1.0), strict=True):
            amount = amount + part
            power = power + part * np.asarray(item.facility_power, dtype=float)
    return amount, power


def _wafers(knowledge: Knowledge) -> tuple[dict[date, float], float]:
    """Wafers by year, as last published for it, and their growth from the last year but one to the last."""
    rows: list[Reading] = list(knowledge.readings_of(WORLD, "packaging"))
    wafers = {row.day: row.value for row in rows}
    outlooks = sorted(
        (row for row in knowledge.announcements if (row.name, row.quantity) == (WORLD, "packaging")),
        key=lambda row: row.published,
    )
    # A reading of a past year counts before an outlook on it.
    wafers = {row.end: row.value for row in outlooks} | wafers
    days = sorted(wafers)
    return wafers, wafers[days[-1]] / wafers[days[-2]]
