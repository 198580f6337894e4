"""From an outcome to figures: the value of the point world, the range of the draws, the sources of what moves it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar

import numpy as np

from lindos.catalog.facts import Fact
from lindos.elements import Figure, Series
from lindos.results import rows
from lindos.study.floor import Outcome
from lindos.study.ranges import number, span

R = TypeVar("R")
#: A column of the varied world that differs by less than this share differs by rounding alone.
_ROUNDING = 1e-12


def moved(varied: Any) -> list[int]:
    """Get the columns of a number of the varied world that differ from its first.

    >>> moved(np.array([2.0, 2.0, 2.0002])), moved(7.0), moved(None)
    ([2], [], [])
    """
    if varied is None:
        return []
    values = np.atleast_1d(np.asarray(varied, dtype=float)).ravel()
    if values.size < 2:
        return []
    base = values[0]
    differs = np.abs(values - base) > _ROUNDING * np.maximum(np.abs(values), abs(base))
    return [int(index) for index in np.nonzero(differs | (np.isfinite(values) != np.isfinite(base)))[0]]


def facts_behind(outcome: Outcome[Any], read: Callable[[Any], Any]) -> tuple[Fact[Any], ...]:
    """Get the facts that a number of a result rests on: those whose change moves it."""
    if outcome.varied is None:
        return ()
    varied = tuple(outcome.columns[index - 1] for index in moved(read(outcome.varied)))
    point = read(outcome.point)
    return varied + tuple(fact for fact, result in outcome.enlarged if moved([number(point), number(read(result))]))


def sources_of(facts: Iterable[Fact[Any]]) -> tuple[str, ...]:
    """Get the ids of the sources of ``facts``, each once, in order."""
    return tuple(dict.fromkeys(source for fact in facts for source in fact.sources))


class Figures(Generic[R]):
    """The figures of one outcome, in the order in which they are added.

    Parameters
    ----------
    outcome
        The result in the three worlds.
    subject
        What the figures are about: the name of the scenario, or of one pool.
    date
        Day that they hold for, ISO; empty where they hold for no day in particular.
    """

    def __init__(self, outcome: Outcome[R], *, subject: str = "", date: str = "") -> None:
        """Start without figures."""
        self._outcome = outcome
        self._subject = subject
        self._date = date
        self._figures: dict[str, Figure] = {}

    def add(
        self,
        name: str,
        title: str,
        unit: str,
        read: Callable[[R], Any],
        *,
        why: str = "",
        percent: bool = False,
        quantity: str = "",
        subject: str = "",
        date: str = "",
        convention: str = "",
        bound: str = "",
        low: Any = None,
        high: Any = None,
    ) -> None:
        """Add the number that ``read`` gets from a result.

        Parameters
        ----------
        name, title, unit, why, percent, quantity, subject, date, convention, bound
            As in :class:`~lindos.elements.Figure`; the quantity is the name where it is left out.
        read
            Applied to the result of each world.
        low, high
            Range, where it does not come from the draws.
        """
        outcome = self._outcome
        value = number(read(outcome.point))
        if low is None and high is None:
            low, high = (None, None) if value is None else span(read(outcome.sampled))
        if value is not None and low is not None and high is not None:
            # Most draws of several facts at once may lie on one side of the value: the range takes it in.
            low, high = min(low, value), max(high, value)
        facts = () if value is None else facts_behind(outcome, read)
        self._figures[name] = Figure(
            name=name,
            title=title,
            value=value,
            unit=unit,
            low=low,
            high=high,
            why=why,
            sources=sources_of(facts),
            facts=tuple(fact.path for fact in facts),
            percent=percent,
            quantity=quantity or name,
            subject=subject or self._subject,
            date=date or self._date,
            convention=convention,
            bound=bound,
        )

    def add_unknown(self, name: str, title: str, unit: str, why: str) -> None:
        """Add a figure without a value, and why it has none."""
        self._figures[name] = Figure(name=name, title=title, value=None, unit=unit, why=why, subject=self._subject)

    def add_declared(
        self,
        prefix: str,
        part: Callable[[R], Any],
        titles: Mapping[str, str] | None = None,
        percent: Iterable[str] = (),
        skip: Iterable[str] = (),
        quantities: Mapping[str, str] | None = None,
    ) -> None:
        """Add every number that a part of the result declares, as figures named ``prefix.field``.

        Parameters
        ----------
        prefix
            Start of the names.
        part
            Gets the part from a result.
        titles
            Titles by field; the name of the field, in words, for others.
        percent
            Fields that are fractions to show as percentages.
        skip
            Fields to leave out.
        quantities
            Quantities by field, for numbers that other figures show too.
        """
        names, left_out, percentages = titles or {}, frozenset(skip), frozenset(percent)
        for row in rows(part(self._outcome.point)):
            if row.name in left_out:
                continue
            self.add(
                f"{prefix}.{row.name}",
                names.get(row.name, titled(row.name)),
                row.unit,
                _reader(part, row.name),
                why=row.why,
                percent=row.name in percentages,
                quantity=(quantities or {}).get(row.name, ""),
            )

    def __getitem__(self, name: str) -> Figure:
        """The figure of that name."""
        return self._figures[name]

    def all(self) -> tuple[Figure, ...]:
        """Get the figures in order."""
        return tuple(self._figures.values())


def _reader(part: Callable[[Any], Any], name: str) -> Callable[[Any], Any]:
    """Get a function that reads the dotted field ``name`` of a part of a result."""
    fields = name.split(".")

    def read(result: Any) -> Any:
        value = part(result)
        for field in fields:
            value = getattr(value, field)
        return value

    return read


def titled(name: str) -> str:
    """Write ``exposed_data_parallel`` as a person does."""
    text = name.replace("_", " ").replace(".", ": ")
    return text[:1].upper() + text[1:]


def parts_series(labels: Iterable[str], parts: Iterable[Mapping[str, float | None]]) -> tuple[Series, ...]:
    """Make the series of a "parts" chart: one per part over the labelled bars, without parts that are zero everywhere.

    Parameters
    ----------
    labels
        Names of the bars.
    parts
        Values of each bar by part.
    """
    bars, columns = tuple(labels), list(parts)
    names = dict.fromkeys(name for column in columns for name in column)
    return tuple(
        Series(name=name, x=bars, y=tuple(column.get(name, 0.0) for column in columns))
        for name in names
        if any(column.get(name) for column in columns)
    )
