"""What of the catalogue should be looked at again: values whose newest source is old, and ranges of a single source."""

import datetime
from collections.abc import Iterator
from typing import NamedTuple

from lindos.catalog.grades import best
from lindos.catalog.load import Catalog
from lindos.catalog.priors import is_prior, year_of

#: Years after which a value is old.
OLD = 1.0


class Remark(NamedTuple):
    """A value that should be looked at again: its path, why, and the best grade among its sources."""

    path: str
    reason: str
    grade: str


def remarks(catalog: Catalog, day: datetime.date) -> Iterator[Remark]:
    """List values whose sources are all older than a year, and ranges that rest on a single source.

    Parameters
    ----------
    catalog
        The facts.
    day
        Day from which age counts.
    """
    today = day.year + (day.timetuple().tm_yday - 1) / 365
    for kind, name, _ in catalog.entries():
        for field, fact in catalog.facts(kind, name):
            if not fact.is_known or not fact.sources or not fact.unit or is_prior(fact):
                continue
            sources = [catalog.source(source) for source in fact.sources]
            grade = best(catalog.grade(source.id) for source in sources)
            years = [year for source in sources if (year := year_of(source.date)) is not None]
            path = f"{kind}.{name}.{field}"
            if len(years) == len(sources) and max(years) < today - OLD:
                yield Remark(path, f"newest source of {max(source.date for source in sources)}", grade)
            if fact.low is not None and fact.low != fact.high and len(sources) == 1:
                yield Remark(path, f"a range of one source, {sources[0].id}", grade)
