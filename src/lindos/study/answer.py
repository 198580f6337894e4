"""What a study hands to a report: figures, tables and charts as data, in sections that follow the floors."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lindos.catalog.facts import Source
from lindos.errors import UnknownNameError

#: A cell of a table: text as is; a number is rendered with its column's unit; None is "unknown".
Cell = str | float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number of the answer. ``low`` and ``high`` bound 80 % of the draws; a None value is unknown."""

    name: str  # dotted: "step.time.total"
    title: str  # for people: "Step time"
    value: float | None
    unit: str  # SI, as lindos.units spells it; "1" for a pure number, "%" is never used
    low: float | None = None
    high: float | None = None
    why: str = ""
    sources: tuple[str, ...] = ()  # ids into Answer.sources
    percent: bool = False  # show a fraction as a percentage


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

    ``kind``: "parts" (one stacked horizontal bar per x, a series per part), "bars", "lines", or "timeline" (rows x of
    stretches, a series per state; each begins at ``low`` and lasts ``y``; rows end with their number).
    """

    name: str
    title: str
    kind: str
    unit: str  # of y
    series: tuple[Series, ...]
    x_title: str = ""
    log: bool = False
    note: str = ""
    reference: tuple[tuple[str, float], ...] = ()  # labelled horizontal limits, such as memory capacity


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One floor's part of the answer; ``headline`` names the figures to show first, the others unfold."""

    name: str  # cluster, step, campaign, site, fleet, roadmap, claims, comparison
    title: str
    summary: str  # one sentence a person reads first
    headline: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    charts: tuple[Chart, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Everything one scenario asked for, with what is needed to run it again."""

    command: str
    version: str
    name: str
    title: str
    statement: str
    inputs: Mapping[str, Any]
    sections: tuple[Section, ...]
    warnings: tuple[str, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The figures of all sections, in order."""
        return tuple(figure for section in self.sections for figure in section.figures)

    def figure(self, name: str) -> Figure:
        """The figure of that name, such as ``"site.power.total"``.

        Raises
        ------
        UnknownNameError
            If the answer has none of that name.
        """
        known = {figure.name: figure for figure in self.figures}
        if name not in known:
            raise UnknownNameError("figure", name, known)
        return known[name]
