"""Elements of an answer: figures, tables, charts and sections, all of them data.

A cell of a table and a point of a chart are numbers with a unit, or text. ``views`` chooses the words around numbers;
``report`` decides how a number is written.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from lindos.errors import UnknownNameError


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number in a cell of a table.

    Parameters
    ----------
    value
        In SI; None is unknown.
    unit
        As :mod:`lindos.units` spells it; ``"%"`` is a fraction that is read as a percentage. The unit of the column
        where left out.
    low, high
        Ends of its range, in the same unit.
    share
        Its share of a whole, a fraction.
    bound
        ``"least"`` where the value is a lower bound, ``"most"`` where it is an upper one.
    suffix
        Text after the number, ``"x"`` for a ratio.
    """

    value: float | None
    unit: str = ""
    low: float | None = None
    high: float | None = None
    share: float | None = None
    bound: str = ""
    suffix: str = ""


#: A cell of a table: text as is; a number is written with the unit of its column; None is "unknown".
Cell: TypeAlias = str | float | Number | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """An uncertain fact, its range in SI, and the share of the variance of a number that goes with it."""

    fact: str
    share: float
    low: float
    high: float
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cite:
    """A fact that a number rests on: its path, its name in words, and the id of its source."""

    fact: str
    words: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number of the answer.

    Parameters
    ----------
    name
        Dotted, ``"step.time"``; unique in an answer.
    title
        For people: ``"Step time"``.
    value, low, high
        In SI. ``low`` and ``high`` bound 80 % of the draws; None is unknown.
    unit
        As :mod:`lindos.units` spells it; ``"1"`` for a pure number.
    why
        What the number is, in one sentence.
    sources
        Ids of the sources of the facts that entered the number, and of no others.
    facts
        Paths of these facts in the catalogue.
    decided_by
        Decisions that the number follows from, such as ``"plan"``: facts that a decision weighed move the number if
        they change the decision.
    drivers
        Uncertain facts that most of the range comes from, the largest first.
    cites
        Facts that move the number most, the strongest first, each with its source.
    percent
        Whether a fraction is shown as a percentage.
    quantity, subject, date, convention
        What is counted, of what, when, and how. Two figures that share the four are one number.
    bound
        ``"least"`` where parts are unknown and the value is a lower bound.
    """

    name: str
    title: str
    value: float | None
    unit: str
    low: float | None = None
    high: float | None = None
    why: str = ""
    sources: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    decided_by: tuple[str, ...] = ()
    drivers: tuple[Driver, ...] = ()
    cites: tuple[Cite, ...] = ()
    percent: bool = False
    quantity: str = ""
    subject: str = ""
    date: str = ""
    convention: str = ""
    bound: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A choice that figures follow from, such as the parallel plan.

    Parameters
    ----------
    name
        Name that figures cite in ``decided_by``.
    decides
        What is decided, in words.
    facts
        Paths of the facts that were weighed. Their change moves the figures if it changes the decision.
    sources
        Ids of the sources of these facts.
    """

    name: str
    decides: str
    facts: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table to read; ``units`` has one SI unit a column, "" for text, "%" for a fraction shown as a percentage."""

    name: str
    title: str
    columns: tuple[str, ...]
    units: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    key: bool = False  # short and important enough for a summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One line, or the bars of one colour, of a chart."""

    name: str
    x: tuple[float | str, ...]
    y: tuple[float | None, ...]
    low: tuple[float | None, ...] = ()
    high: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart as data.

    ``kind``: "parts" (one stacked horizontal bar per x, a series per part), "stack" (the same upright, along time),
    "bars", "lines", "timeline" (rows x of stretches, a series per state; each begins at ``low`` and lasts ``y``; rows
    end with their number), or "waterfall" (one series: a total, what is added to it one after the other, and the total
    that is reached).
    """

    name: str
    title: str
    kind: str
    unit: str  # of y
    series: tuple[Series, ...]
    x_title: str = ""
    x_unit: str = ""  # of numbers along x, if they are not pure
    log: bool = False
    note: str = ""
    reference: tuple[tuple[str, float], ...] = ()  # labelled horizontal limits, such as memory capacity


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A part of a text with a verdict on it; characters are counted from zero."""

    start: int
    end: int
    verdict: str  # consistent, wrong, unchecked or unread
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A text with marks, which are in order and do not overlap."""

    name: str
    text: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer to a scenario's own question, before its sections.

    Parameters
    ----------
    sentence
        The answer in one sentence.
    figures
        Names of the numbers that matter, at most six.
    limits
        Sentences on what binds: what to change first for another answer.
    """

    sentence: str
    figures: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One number of a plan, for machines: what is bought or stands in a period, at a place, of a kind.

    Parameters
    ----------
    name, title
        Dotted, ``"roadmap.plan.devices"``, and for people; shared by all periods, places and items.
    value, low, high
        In SI. ``low`` and ``high`` bound 80 % of the draws; None where there is no range.
    unit
        As :mod:`lindos.units` spells it.
    period
        Such as ``"2027 Q1"``.
    place, item
        Site and generation; empty for all of them.
    """

    name: str
    title: str
    value: float | None
    unit: str
    low: float | None = None
    high: float | None = None
    period: str
    place: str = ""
    item: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The part of the answer about one floor; ``headline`` names the figures to show first."""

    name: str  # cluster, step, campaign, site, fleet, roadmap, claims, comparison
    title: str
    summary: str  # one sentence a person reads first
    headline: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    charts: tuple[Chart, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    passages: tuple[Passage, ...] = ()
    entries: tuple[Entry, ...] = ()


def figure_of(sections: tuple[Section, ...], name: str) -> Figure:
    """Get a figure by its name.

    Parameters
    ----------
    sections
        Sections of an answer.
    name
        Dotted name of the figure, ``"step.time"``.

    Raises
    ------
    UnknownNameError
        If no section has it.
    """
    figures = {figure.name: figure for figure in figures_in(sections)}
    if name not in figures:
        raise UnknownNameError("figure", name, figures)
    return figures[name]


def figures_in(sections: tuple[Section, ...]) -> Iterator[Figure]:
    """Yield every figure, section by section.

    Parameters
    ----------
    sections
        Sections of an answer.
    """
    for section in sections:
        yield from section.figures
