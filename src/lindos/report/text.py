"""Numbers as a reader sees them, the same in the terminal and in the page."""

import math
import re
from collections.abc import Iterable

from lindos.elements import Cell, Figure, Number, Section
from lindos.units import render

UNKNOWN = "unknown"
NO_RANGE = "—"
#: Text that is an amount: ``"260 ms (51 %)"``, ``"$44 billion"``, ``"1.38 GW to 1.41 GW"``; not a date, not a name.
_AMOUNT = re.compile(r"[-~≥≤<>]?\s?\$?\d[\d,.]*(e[-+]?\d+)?x?( \S+)?( to [-$]?\d\S*( \S+)?)?( \([^)]*\))?")
#: Longer text reads better from the left.
_LONGEST_AMOUNT = 24


def number(value: float | None, unit: str) -> str:
    """Write ``value`` with its unit; ``"%"`` is a fraction to show as a percentage, None is unknown.

    >>> number(0.453, "%"), number(1.2e9, "W"), number(None, "s")
    ('45.3 %', '1.2 GW', 'unknown')
    """
    if value is None or not math.isfinite(value):
        return UNKNOWN
    return f"{render(100.0 * value, '1')} %" if unit == "%" else render(value, unit)


def span(low: float | None, high: float | None, unit: str) -> str:
    """Write an interval, its unit once where both ends share it.

    >>> span(1.1e9, 1.4e9, "W"), span(0.9e9, 1.4e9, "W"), span(None, None, "W")
    ('1.1 – 1.4 GW', '900 MW – 1.4 GW', '—')
    >>> span(9.2e8, 1.1e9, "token/s")
    '920 million – 1.1 billion tokens/s'
    """
    known = [end for end in (low, high) if end is not None and math.isfinite(end)]
    if not known:
        return NO_RANGE
    if len(known) == 1:
        return f"{'≥' if known[0] == low else '≤'} {number(known[0], unit)}"
    first, last = (number(end, unit) for end in known)
    ahead, behind = first.split(" "), last.split(" ")
    while len(ahead) > 1 and len(behind) > 1 and ahead[-1] == behind[-1]:
        ahead.pop()
        behind.pop()
    return f"{' '.join(ahead)} – {last}"


def unit_of(figure: Figure) -> str:
    """The unit a figure is shown in: a fraction to read as a percentage has ``"%"``."""
    return "%" if figure.percent else figure.unit


def value_of(figure: Figure) -> str:
    """The value of ``figure`` as text."""
    amount = number(figure.value, unit_of(figure))
    return amount if figure.value is None else f"{_BOUNDS[figure.bound]}{amount}"


def span_of(figure: Figure) -> str:
    """The 80 % interval of ``figure`` as text; a dash where none of the digits shown is uncertain."""
    unit = unit_of(figure)
    if number(figure.low, unit) == number(figure.high, unit) == value_of(figure):
        return NO_RANGE
    return span(figure.low, figure.high, unit)


def cell(value: Cell, unit: str) -> str:
    """Write one cell of a table in its own unit, or in that of its column.

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
    share = "" if value.share is None else f" ({100 * value.share:.2g} %)"
    return f"{_BOUNDS[value.bound]}{amount}{value.suffix}{share}"


_BOUNDS = {"": "", "least": "at least ", "most": "at most "}


def is_number(unit: str, cells: Iterable[Cell] = ()) -> bool:
    """Tell a column of numbers, to be aligned right, from one of text."""
    values = [value for value in cells if value is not None]
    if any(isinstance(value, (int, float, Number)) for value in values):
        return True
    if unit:
        return True
    words = [value for value in values if isinstance(value, str) and value not in ("", "none", UNKNOWN, NO_RANGE)]
    return bool(words) and all(len(word) <= _LONGEST_AMOUNT and _AMOUNT.fullmatch(word) for word in words)


def headline(section: Section) -> tuple[tuple[Figure, ...], tuple[Figure, ...]]:
    """The figures to show first, in the order the section asks for, and the others in their own order."""
    known = {figure.name: figure for figure in section.figures}
    first = tuple(known[name] for name in dict.fromkeys(section.headline) if name in known)
    names = {figure.name for figure in first}
    return first, tuple(figure for figure in section.figures if figure.name not in names)
