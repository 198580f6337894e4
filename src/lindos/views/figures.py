"""Figures of an outcome: value of the point world, range of the draws, sources of the facts that move it."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar

import numpy as np

from lindos.catalog.facts import Fact
from lindos.elements import Figure, Series
from lindos.results import rows
from lindos.study.floor import Outcome
from lindos.study.ranges import number, span
from lindos.units import render
from lindos.views.cites import cites
from lindos.views.drivers import drivers

R = TypeVar("R")
#: Relative difference of a column of the varied world that counts as rounding.
_ROUNDING = 1e-12


def moved(varied: Any) -> list[int]:
    """List the columns of a number of the varied world that differ from column 0.

    >>> moved(np.array([2.0, 2.0, 2.0002])), moved(7.0), moved(None)
    ([2], [], [])

    Parameters
    ----------
    varied
        Number of the varied world: an array of shape (num_columns,), a plain number, or None.
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
    """List the facts that a number of a result depends on: those whose change moves it.

    Parameters
    ----------
    outcome
        Results of a floor in all worlds.
    read
        Function from a result to the number.
    """
    if outcome.varied is None:
        return ()
    varied = tuple(fact for _, fact in columns_behind(outcome, read))
    point = number(read(outcome.point))
    return varied + tuple(fact for fact, result in outcome.enlarged if _differs(point, number(read(result))))


def _differs(value: float | None, base: float | None) -> bool:
    """Tell whether two numbers differ by more than rounding, or one of them alone is known and finite."""
    if value is None or base is None or not (math.isfinite(value) and math.isfinite(base)):
        return _is_finite(value) != _is_finite(base)
    return abs(value - base) > _ROUNDING * max(abs(value), abs(base))


def _is_finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def columns_behind(outcome: Outcome[Any], read: Callable[[Any], Any]) -> list[tuple[int, Fact[Any]]]:
    """List the columns of the varied world in which a number differs, each with its fact.

    Parameters
    ----------
    outcome
        Results of a floor in all worlds.
    read
        Function from a result to the number.
    """
    if outcome.varied is None:
        return []
    return [(index, outcome.columns[index - 1]) for index in moved(read(outcome.varied))]


def sources_of(facts: Iterable[Fact[Any]]) -> tuple[str, ...]:
    """List the ids of the sources of facts, each once, in order.

    Parameters
    ----------
    facts
        Facts of the catalogue.
    """
    return tuple(dict.fromkeys(source for fact in facts for source in fact.sources))


class Figures(Generic[R]):
    """The figures of one outcome, in the order in which they are added.

    Parameters
    ----------
    outcome
        The result in the three worlds.
    subject
        Subject of the figures: the name of the scenario, or of one pool.
    date
        ISO day that the figures describe; empty if they do not depend on a day.
    counted
        Whether a draw enters ranges, by draw; all of them by default.
    """

    def __init__(self, outcome: Outcome[R], *, subject: str = "", date: str = "", counted: Any = True) -> None:
        """Start without figures."""
        self._outcome = outcome
        self._subject = subject
        self._date = date
        self._counted = np.atleast_1d(np.asarray(counted, dtype=bool))
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
        follows: bool = True,
        low: Any = None,
        high: Any = None,
    ) -> None:
        """Add a number of a result as a figure.

        Parameters
        ----------
        name, title, unit, why, percent, quantity, subject, date, convention, bound
            As in :class:`~lindos.elements.Figure`; the quantity is the name if it is empty.
        read
            Function from the result of a world to the number.
        follows
            Whether the number follows from the decisions that the result rests on.
        low, high
            Range, if it does not come from the draws.
        """
        outcome = self._outcome
        value = number(read(outcome.point))
        if low is None and high is None:
            low, high = (None, None) if value is None else span(selected(read(outcome.sampled), self._counted))
        if value is not None and low is not None and high is not None:
            # Draws of several facts can lie mostly beside the point value: the range is widened to contain it.
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
            drivers=() if low is None else drivers(read(outcome.sampled), facts),
            cites=() if not facts else cites(read(outcome.varied), columns_behind(outcome, read)),
            decided_by=() if value is None or not follows else tuple(decision.name for decision in outcome.decisions),
            percent=percent,
            quantity=quantity or name,
            subject=subject or self._subject,
            date=date or self._date,
            convention=convention,
            bound=bound,
        )

    def add_unknown(self, name: str, title: str, unit: str, why: str) -> None:
        """Add a figure without a value, with the reason.

        Parameters
        ----------
        name, title, unit, why
            As in :class:`~lindos.elements.Figure`.
        """
        self._figures[name] = Figure(name=name, title=title, value=None, unit=unit, why=why, subject=self._subject)

    def add_declared(
        self,
        prefix: str,
        part: Callable[[R], Any],
        titles: Mapping[str, str] | None = None,
        percent: Iterable[str] = (),
        skip: Iterable[str] = (),
        quantities: Mapping[str, str] | None = None,
        bounds: Mapping[str, str] | None = None,
    ) -> None:
        """Add every number that a part of the result declares, as figures named ``prefix.field``.

        Parameters
        ----------
        prefix
            Start of the names.
        part
            Function from a result to the part.
        titles
            Titles by field; the default is the name of the field in words.
        percent
            Fields that are fractions to show as percentages.
        skip
            Fields to leave out.
        quantities
            Quantities by field, for numbers that other floors show too.
        bounds
            ``least`` by field, for numbers that are lower bounds.
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
                bound=(bounds or {}).get(row.name, ""),
            )

    def __getitem__(self, name: str) -> Figure:
        """Return the figure of a name."""
        return self._figures[name]

    def all(self) -> tuple[Figure, ...]:
        """Return the figures in order."""
        return tuple(self._figures.values())


def selected(draws: Any, counted: Any) -> Any:
    """Select the draws of a number that count; a number that does not differ by draw stays as it is.

    >>> selected(np.array([1.0, 2.0, 3.0]), np.array([True, False, True])), selected(4.0, np.array([True, False]))
    (array([1., 3.]), 4.0)

    Parameters
    ----------
    draws
        Array of draws, shape (num_draws,), in any unit; or a number, or None.
    counted
        Whether a draw counts, shape (num_draws,), or (1,) for all.
    """
    if draws is None or np.all(counted):
        return draws
    values = np.asarray(draws)
    return values[counted] if values.shape == np.shape(counted) else draws


def _reader(part: Callable[[Any], Any], name: str) -> Callable[[Any], Any]:
    """Return a function that reads a dotted field of a part of a result."""
    fields = name.split(".")

    def read(result: Any) -> Any:
        value = part(result)
        for field in fields:
            value = getattr(value, field)
        return value

    return read


def share_of_draws(margin: Any) -> str:
    """Say in which share of the draws a margin is not below zero; nothing if it is so in all or in none.

    >>> share_of_draws(np.array([1.0, 2.0, -1.0, 0.0])), share_of_draws(3.0)
    (' (it holds in 75 % of the draws)', '')

    Parameters
    ----------
    margin
        Draws of a limit less what is held against it; a number, or None if unknown.
    """
    if margin is None:
        return ""
    draws = np.atleast_1d(np.asarray(margin, dtype=float))
    share = float(np.mean(draws >= 0))
    return f" (it holds in {render(100 * share, '1', 2)} % of the draws)" if 0 < share < 1 else ""


def titled(name: str) -> str:
    """Write a name such as ``exposed_data_parallel`` as words.

    Parameters
    ----------
    name
        Name of a field, dotted if it is nested.
    """
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
