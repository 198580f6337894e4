"""An answer as one JSON document with all that the page shows: strictly valid, in the answer's order.

The classes below are the document's schema; ``lindos schema --results`` prints it.
"""

import json
import math
from collections.abc import Callable, Mapping
from typing import Any, NotRequired

from typing_extensions import TypedDict

from lindos.answers.answer import Answer
from lindos.catalog.grades import grade_of
from lindos.elements import Cell, Chart, Decision, Driver, Figure, Number, Section, Series, Table


class SourceEntry(TypedDict):
    """A source of a fact. ``grade`` is primary, vendor, estimate, press or recalled, and own for a user's value."""

    id: str
    title: str
    url: str
    grade: str


class DriverEntry(TypedDict):
    """An uncertain fact with its range in SI, and the share of the variance of a figure that goes with it."""

    fact: str
    share: float
    low: float
    high: float
    unit: str


class CiteEntry(TypedDict):
    """A fact that moves a figure most: its path, its name in words, and the id of its source."""

    fact: str
    words: str
    source: str


class VerdictEntry(TypedDict):
    """The answer in one sentence, the names of the figures that matter most, and what binds."""

    sentence: str
    figures: list[str]
    limits: list[str]


class ResultEntry(TypedDict):
    """One figure. ``value`` is in SI, null where it is unknown; ``facts`` are the facts that move it, by path."""

    title: str
    value: float | None
    unit: str
    low: float | None
    high: float | None
    why: str
    sources: list[SourceEntry]
    facts: list[str]
    decided_by: list[str]
    drivers: list[DriverEntry]
    cites: list[CiteEntry]
    percent: bool
    quantity: str
    subject: str
    date: str
    convention: str
    bound: str


class NumberEntry(TypedDict):
    """A number in a table. ``percent`` marks a fraction read as a percentage; ``share`` is its share of a whole."""

    value: float | None
    unit: str
    low: NotRequired[float | None]
    high: NotRequired[float | None]
    share: NotRequired[float]
    percent: NotRequired[bool]
    bound: NotRequired[str]
    suffix: NotRequired[str]


class TableEntry(TypedDict):
    """A table; each cell is a number with its unit, or text. ``units`` are those of the columns, "" for text."""

    title: str
    columns: list[str]
    units: list[str]
    rows: list[list[NumberEntry | str]]
    note: str
    key: bool


class SeriesEntry(TypedDict):
    """One line, or the bars of one colour."""

    name: str
    x: list[float | str]
    y: list[float | None]
    low: list[float | None]
    high: list[float | None]


class ChartEntry(TypedDict):
    """A chart as data; ``kind`` is parts, bars, lines or timeline, and ``unit`` is the unit of y."""

    title: str
    kind: str
    unit: str
    x_title: str
    x_unit: str
    log: bool
    note: str
    series: list[SeriesEntry]
    reference: dict[str, float]


class SectionEntry(TypedDict):
    """One section of the page, with the names of its figures, tables and charts in the maps of the document."""

    name: str
    title: str
    summary: str
    headline: list[str]
    figures: list[str]
    tables: list[str]
    charts: list[str]
    notes: list[str]


class DecisionEntry(TypedDict):
    """A choice that figures follow from: what it decides, the facts that were weighed, and ids of their sources."""

    decides: str
    facts: list[str]
    sources: list[str]


class SwapEntry(TypedDict):
    """A reading under which a number of a text would be right."""

    reading: str
    value: Any
    unit: str
    factor: float | None


class NumeralEntry(TypedDict):
    """A number of an audited text: its place, its reading in SI, and its verdict."""

    text: str
    start: int
    value: Any
    unit: str
    subject: str
    verdict: str
    factor: float | None
    reading: str
    kind: str
    arithmetic: str
    sources: list[str]
    swaps: list[SwapEntry]


class PromiseEntry(TypedDict):
    """A promise of an audited text: its amount, its day, what was seen, and whether it was kept, late or is open."""

    text: str
    start: int
    by: str
    outcome: str
    evidence: str
    sources: list[str]


class TextEntry(TypedDict):
    """A number of an audited text that was not understood."""

    text: str
    start: int


class Document(TypedDict):
    """An answer; the answer to an audited text also has the numbers of the text."""

    command: str
    version: str
    name: str
    title: str
    statement: str
    verdict: VerdictEntry | None
    inputs: dict[str, Any]
    sections: list[SectionEntry]
    results: dict[str, ResultEntry]
    tables: dict[str, TableEntry]
    charts: dict[str, ChartEntry]
    warnings: list[str]
    sources: dict[str, SourceEntry]
    decisions: dict[str, DecisionEntry]
    language: NotRequired[str]
    date: NotRequired[str]
    numerals: NotRequired[list[NumeralEntry]]
    not_understood: NotRequired[list[TextEntry]]
    promises: NotRequired[list[PromiseEntry]]


#: Levels of a document that take a line for each member; what lies deeper stands on one line.
_OPEN_LEVELS = 6


def json_text(document: Any, *, ascii_only: bool = False) -> str:
    """Return a document as JSON text: outer levels a line for each member, inner ones a line as a whole.

    Parameters
    ----------
    document
        Mappings, lists, texts and finite numbers.
    ascii_only
        Whether other characters are escaped.

    Raises
    ------
    ValueError
        If a number is not finite.

    Examples
    --------
    >>> print(json_text({"a": [1, {"b": None}]}))
    {
     "a": [
      1,
      {
       "b": null
      }
     ]
    }
    """
    encode = json.JSONEncoder(ensure_ascii=ascii_only, allow_nan=False).encode
    return _lines(document, encode, 0)


def _lines(value: Any, encode: Callable[[Any], str], level: int) -> str:
    if level == _OPEN_LEVELS or not value or not isinstance(value, (dict, list)):
        return encode(value)
    indent = " " * (level + 1)
    if isinstance(value, dict):
        members = [f"{encode(key)}: {_lines(member, encode, level + 1)}" for key, member in value.items()]
        begin, end = "{", "}"
    else:
        members = [_lines(member, encode, level + 1) for member in value]
        begin, end = "[", "]"
    separator = f",\n{indent}"
    return f"{begin}\n{indent}{separator.join(members)}\n{' ' * level}{end}"


def json_document(answer: Answer) -> Document:
    """Return an answer as data that any strict JSON writer accepts; an unknown number is null.

    Parameters
    ----------
    answer
        The answer.
    """
    document: Document = {
        "command": answer.command,
        "version": answer.version,
        "name": answer.name,
        "title": answer.title,
        "statement": answer.statement,
        "verdict": None
        if answer.verdict is None
        else {
            "sentence": answer.verdict.sentence,
            "figures": list(answer.verdict.figures),
            "limits": list(answer.verdict.limits),
        },
        "inputs": plain(answer.inputs),
        "sections": [_section(section) for section in answer.sections],
        "results": {figure.name: _figure(figure, answer) for figure in answer.figures},
        "tables": {table.name: _table(table) for section in answer.sections for table in section.tables},
        "charts": {chart.name: _chart(chart) for section in answer.sections for chart in section.charts},
        "warnings": list(answer.warnings),
        "sources": {id: _source(id, answer) for id in answer.sources},
        "decisions": {name: _decision(decision) for name, decision in answer.decisions.items()},
    }
    document.update(plain(answer.extra))
    return document


def plain(value: Any) -> Any:
    """Reduce a value to what JSON and YAML can write.

    Parameters
    ----------
    value
        Any value; a number that is not finite becomes None, and an object of another type becomes its text.
    """
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return str(value)


def _section(section: Section) -> SectionEntry:
    return {
        "name": section.name,
        "title": section.title,
        "summary": section.summary,
        "headline": list(section.headline),
        "figures": [figure.name for figure in section.figures],
        "tables": [table.name for table in section.tables],
        "charts": [chart.name for chart in section.charts],
        "notes": list(section.notes),
    }


def _figure(figure: Figure, answer: Answer) -> ResultEntry:
    return {
        "title": figure.title,
        "value": plain(figure.value),
        "unit": figure.unit,
        "low": plain(figure.low),
        "high": plain(figure.high),
        "why": figure.why,
        "sources": [_source(id, answer) for id in figure.sources],
        "facts": list(figure.facts),
        "decided_by": list(figure.decided_by),
        "drivers": [_driver(driver) for driver in figure.drivers],
        "cites": [{"fact": cite.fact, "words": cite.words, "source": cite.source} for cite in figure.cites],
        "percent": figure.percent,
        "quantity": figure.quantity,
        "subject": figure.subject,
        "date": figure.date,
        "convention": figure.convention,
        "bound": figure.bound,
    }


def _driver(driver: Driver) -> DriverEntry:
    return {
        "fact": driver.fact,
        "share": driver.share,
        "low": driver.low,
        "high": driver.high,
        "unit": driver.unit,
    }


def _decision(decision: Decision) -> DecisionEntry:
    return {"decides": decision.decides, "facts": list(decision.facts), "sources": list(decision.sources)}


def _source(id: str, answer: Answer) -> SourceEntry:
    source = answer.sources.get(id)
    if source is None:
        return {"id": id, "title": "", "url": "", "grade": ""}
    return {"id": id, "title": source.title, "url": source.url, "grade": grade_of(source)}


def _table(table: Table) -> TableEntry:
    return {
        "title": table.title,
        "columns": list(table.columns),
        "units": ["1" if unit == "%" else unit for unit in table.units],
        "rows": [[_cell(cell, unit) for cell, unit in zip(row, table.units, strict=True)] for row in table.rows],
        "note": table.note,
        "key": table.key,
    }


def _cell(cell: Cell, unit: str) -> NumberEntry | str:
    if isinstance(cell, str):
        return cell
    number = cell if isinstance(cell, Number) else Number(value=cell)
    symbol = number.unit or unit or "1"
    entry: NumberEntry = {"value": plain(number.value), "unit": "1" if symbol == "%" else symbol}
    if symbol == "%":
        entry["percent"] = True
    if number.low is not None or number.high is not None:
        entry["low"], entry["high"] = plain(number.low), plain(number.high)
    if number.share is not None:
        entry["share"] = number.share
    if number.bound:
        entry["bound"] = number.bound
    if number.suffix:
        entry["suffix"] = number.suffix
    return entry


def _chart(chart: Chart) -> ChartEntry:
    return {
        "title": chart.title,
        "kind": chart.kind,
        "unit": chart.unit,
        "x_title": chart.x_title,
        "x_unit": chart.x_unit,
        "log": chart.log,
        "note": chart.note,
        "series": [_series(series) for series in chart.series],
        "reference": dict(chart.reference),
    }


def _series(series: Series) -> SeriesEntry:
    return {
        "name": series.name,
        "x": plain(series.x),
        "y": plain(series.y),
        "low": plain(series.low),
        "high": plain(series.high),
    }
