"""Numbers as text for people, the same in the terminal and in the page."""

import math
from collections.abc import Iterable, Mapping

from lindos.elements import Cell, Figure, Number, Section, Table
from lindos.problem.plan import AXES
from lindos.units import render
from lindos.views.cites import words_of

UNKNOWN = "unknown"
NO_RANGE = "—"
#: Width over value from which a range says what it comes from.
_WIDE = 0.5


def number(value: float | None, unit: str) -> str:
    """Write a number with its unit.

    Parameters
    ----------
    value
        In ``unit``; None is unknown.
    unit
        SI unit; ``"%"`` is a fraction that is written as a percentage.

    Examples
    --------
    >>> number(0.453, "%"), number(1.2e9, "W"), number(None, "s")
    ('45.3 %', '1.2 GW', 'unknown')
    """
    if value is None or not math.isfinite(value):
        return UNKNOWN
    return f"{render(100.0 * value, '1')} %" if unit == "%" else render(value, unit)


def signed(value: float | None, unit: str) -> str:
    """Write a difference with its sign and unit.

    Parameters
    ----------
    value
        In ``unit``; None is unknown.
    unit
        SI unit, or ``"%"``.

    Examples
    --------
    >>> signed(1.2e9, "W"), signed(-0.01, "%"), signed(-2.0e9, "USD")
    ('+1.2 GW', '−1 %', '−$2 billion')
    """
    if value is None:
        return UNKNOWN
    return f"{'−' if value < 0 else '+'}{number(abs(value), unit)}"


def span(low: float | None, high: float | None, unit: str) -> str:
    """Write an interval, with the unit once where both ends share it.

    Parameters
    ----------
    low, high
        Ends in ``unit``; None is open.
    unit
        SI unit, or ``"%"``.

    Examples
    --------
    >>> span(1.1e9, 1.4e9, "W"), span(0.9e9, 1.4e9, "W"), span(None, None, "W")
    ('1.1 – 1.4 GW', '900 MW – 1.4 GW', '—')
    >>> span(9.2e8, 1.1e9, "token/s")
    '920 million – 1.1 billion tokens/s'
    """
    ends = [end for end in (low, high) if end is not None and math.isfinite(end)]
    if not ends:
        return NO_RANGE
    if len(ends) == 1:
        return f"{'≥' if ends[0] == low else '≤'} {number(ends[0], unit)}"
    first, last = (number(end, unit) for end in ends)
    first_words, last_words = first.split(" "), last.split(" ")
    while len(first_words) > 1 and len(last_words) > 1 and first_words[-1] == last_words[-1]:
        first_words.pop()
        last_words.pop()
    return f"{' '.join(first_words)} – {last}"


def unit_of(figure: Figure) -> str:
    """Get the unit in which a figure is shown: ``"%"`` for a fraction that is read as a percentage.

    Parameters
    ----------
    figure
        The figure.
    """
    return "%" if figure.percent else figure.unit


def value_of(figure: Figure) -> str:
    """Write the value of a figure.

    Parameters
    ----------
    figure
        The figure.
    """
    amount = number(figure.value, unit_of(figure))
    return amount if figure.value is None else f"{_BOUNDS[figure.bound]}{amount}"


def span_of(figure: Figure) -> str:
    """Write the 80 % interval of a figure; a dash where none of the digits shown is uncertain.

    Parameters
    ----------
    figure
        The figure.
    """
    unit = unit_of(figure)
    if number(figure.low, unit) == number(figure.high, unit) == value_of(figure):
        return NO_RANGE
    return span(figure.low, figure.high, unit)


def origin_of(figure: Figure) -> str:
    """Write what the range of a figure comes from, the largest share first; empty without a range.

    Parameters
    ----------
    figure
        The figure.
    """
    if figure.low is None or not figure.drivers:
        return ""
    return ", ".join(f"{100 * driver.share:.0f} % {words_of(driver.fact)}" for driver in figure.drivers)


def why_of(figure: Figure) -> str:
    """Write what a figure is, and beside a wide range what most of its width comes from.

    Parameters
    ----------
    figure
        The figure.
    """
    if not figure.drivers or figure.value is None or figure.low is None or figure.high is None:
        return figure.why
    if figure.high - figure.low < _WIDE * abs(figure.value):
        return figure.why
    parts = [
        f"{100 * driver.share:.0f} % {driver.fact.removeprefix('parameters.')} "
        f"({span(driver.low, driver.high, driver.unit).replace(' – ', ' to ')})"
        for driver in figure.drivers
    ]
    why = figure.why.rstrip(".")
    return f"{why}{'. ' if why else ''}Of the range comes from: {', '.join(parts)}."


def cell(value: Cell, unit: str) -> str:
    """Write one cell of a table.

    Parameters
    ----------
    value
        The cell: text, a number in the unit of the column, or a number with its own unit.
    unit
        Unit of the column; empty for text.

    Examples
    --------
    >>> cell(Number(value=0.26, unit="s", share=0.512), ""), cell(Number(value=1.4e9, bound="least"), "W")
    ('260 ms (51 %)', 'at least 1.4 GW')
    """
    if isinstance(value, str):
        return value
    if not isinstance(value, Number):
        return number(value, unit or "1")
    return _number_cell(value, value.unit or unit or "1")


def _number_cell(value: Number, unit: str) -> str:
    if value.value == 0 and value.share is not None:
        return "none"
    if value.value is None and value.low is None and value.high is None:
        return UNKNOWN
    amount = span(value.low, value.high, unit) if value.value is None else number(value.value, unit)
    share = "" if value.share is None else f" ({render(100 * value.share, '1', 2)} %)"
    return f"{_BOUNDS[value.bound]}{amount}{value.suffix}{share}"


_BOUNDS = {"": "", "least": "at least ", "most": "at most "}


def is_number(unit: str, cells: Iterable[Cell] = ()) -> bool:
    """Tell a column of numbers, which is aligned right, from a column of text.

    Parameters
    ----------
    unit
        Unit of the column; empty for text.
    cells
        Its cells.
    """
    values = [value for value in cells if value is not None]
    return bool(unit) or any(isinstance(value, (int, float, Number)) for value in values)


def headline(section: Section) -> tuple[tuple[Figure, ...], tuple[Figure, ...]]:
    """Split the figures of a section into headline figures and the rest.

    Parameters
    ----------
    section
        The section.

    Returns
    -------
    first : tuple of Figure
        Those that the section names as its headline, in that order.
    rest : tuple of Figure
        All others, in the order of the section.
    """
    figures = {figure.name: figure for figure in section.figures}
    first = tuple(figures[name] for name in dict.fromkeys(section.headline) if name in figures)
    names = {figure.name for figure in first}
    return first, tuple(figure for figure in section.figures if figure.name not in names)


#: Rows of a table of plans that belong to a plan, beside its axes; the others are its outcomes.
_OF_A_PLAN = ("GPUs at work", "idle", "idle or spare", "batch, sequences", "memory")
#: Words of a plan that say that an axis is not used.
_UNUSED = ("1", "none", "no", "0", "all replicas")


def plan_lines(tables: Mapping[str, Table]) -> list[str]:
    """Write the parallel plan of each pool in one line, without the axes that it does not use.

    Parameters
    ----------
    tables
        Tables of an answer by name; the plan is ``step.plan``, or the first of ``search.plans``.
    """
    pools, plans = tables.get("step.plan"), tables.get("search.plans")
    if pools is not None:
        lines = [(name, _plan_line(pools, index)) for index, name in enumerate(pools.columns)][1:]
        return [f"{name}: {line}" if name and len(lines) > 1 else line for name, line in lines]
    return [] if plans is None else [_plan_line(plans, 1)]


def _plan_line(table: Table, index: int) -> str:
    cells = [(cell(row[0], ""), cell(row[index], table.units[index])) for row in table.rows]
    cells = [(label, value) for label, value in cells if label in _OF_A_PLAN or label.replace(" ", "_") in AXES]
    used = [_axis(label, value) for label, value in cells if value not in _UNUSED and value != "yes"]
    return ", ".join([*used, *(label for label, value in cells if value == "yes")])


def _axis(label: str, value: str) -> str:
    return f"batch of {value} sequences" if label == "batch, sequences" else f"{label} {value}"
