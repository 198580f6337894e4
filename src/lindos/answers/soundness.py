"""Checks before an answer is shown: every number is finite, and possible for its quantity."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from lindos.elements import Chart, Figure, Number, Section, Table
from lindos.errors import InfeasibleError
from lindos.units import render


class Span(NamedTuple):
    """Smallest and largest possible value of a quantity, in SI."""

    least: float
    most: float


#: Largest possible values by unit: for example more time than the age of the universe, more power than sunlight.
_MOST: Mapping[str, float] = {
    "s": 1e18,
    "1/s": 1e18,
    "B": 1e30,
    "B/s": 1e30,
    "FLOP": 1e45,
    "FLOP/s": 1e36,
    "FLOP/token": 1e30,
    "token": 1e36,
    "token/s": 1e30,
    "W": 1e18,
    "J": 1e30,
    "USD": 1e21,
    "USD/s": 1e21,
    "USD/J": 1e6,
    "USD/W": 1e12,
    "USD/token": 1e12,
}
_MOST_OTHERS = 1e30
#: Relative rounding error of a sum of shares.
_ROUNDING = 1e-9
#: Last words of the names of shares, which are parts of a whole.
_SHARES = ("mfu", "hfu", "goodput", "badput", "utilisation", "share", "fraction", "coverage", "probability")
#: Words in the names of differences, which may fall below zero.
_DIFFERENCES = ("change", "difference", "saving", "savings", "slack", "margin", "bias", "balance", "cash", "gap")


def span_of(name: str, unit: str) -> Span:
    """Return the range of possible values of a figure.

    >>> span_of("step.mfu", "1"), span_of("site.capex.total", "USD").least
    (Span(least=0.0, most=1.0), 0.0)

    Parameters
    ----------
    name
        Dotted name of the figure; its last word tells shares and differences.
    unit
        SI unit of the figure.
    """
    last = name.rpartition(".")[2].split("_")
    most = 1.0 if unit == "1" and last[-1] in _SHARES else _MOST.get(unit, _MOST_OTHERS)
    return Span(-most if set(last) & set(_DIFFERENCES) else 0.0, most)


def user_paths(layers: Iterable[Any]) -> list[str]:
    """List the dotted paths of the values in the user's own catalogue files.

    >>> user_paths([{"parameters": {"economics": {"it_life": {"value": "5 years"}}}}])
    ['economics.it_life']

    Parameters
    ----------
    layers
        Plain data of the files.
    """
    return list(dict.fromkeys(path for layer in layers for path in _leaves(layer, "")))


def _leaves(data: Any, path: str) -> Iterator[str]:
    if isinstance(data, Mapping) and not set(data) & {"value", "low", "high"}:
        for key, part in data.items():
            yield from _leaves(part, f"{path}.{key}" if path else "" if key == "parameters" else str(key))
    else:
        yield path


def check_sections(sections: Iterable[Section], suspects: Sequence[str] = ()) -> None:
    """Refuse sections with an impossible number.

    Parameters
    ----------
    sections
        Sections of an answer.
    suspects
        Paths of the values that the user's own catalogue files set: the first places to look.

    Raises
    ------
    InfeasibleError
        If a number is not finite or outside the range of its quantity; names it.
    """
    for section in sections:
        check_figures(section.figures, suspects)
        for table in section.tables:
            _check_rest(table.title, _cells(table), suspects)
        for chart in section.charts:
            _check_rest(chart.title, _points(chart), suspects)


def check_figures(figures: Iterable[Figure], suspects: Sequence[str] = ()) -> None:
    """Refuse figures with an impossible value, low or high.

    Parameters
    ----------
    figures
        Figures of an answer.
    suspects
        Paths of the values that the user's own catalogue files set.

    Raises
    ------
    InfeasibleError
        With the figure, its value, and those of the suspects that it depends on.
    """
    for figure in figures:
        span = span_of(figure.name, figure.unit)
        for number in (figure.value, figure.low, figure.high):
            # Comparisons with NaN are false.
            if number is not None and not span.least <= number <= span.most * (1 + _ROUNDING):
                guilty = [path for path in suspects if path in figure.facts] or suspects
                raise _refusal(f"{figure.title} ({figure.name})", number, figure.unit, span, guilty)


def _check_rest(title: str, numbers: Iterable[tuple[float | None, str]], suspects: Sequence[str]) -> None:
    """Check the numbers of tables and charts, which have no names: finite and below the limit of their unit."""
    for number, unit in numbers:
        most = _MOST.get(unit, _MOST_OTHERS)
        if number is not None and not abs(number) <= most:
            raise _refusal(f"A number of {title!r}", number, unit, Span(-most, most), suspects)


def _cells(table: Table) -> Iterator[tuple[float | None, str]]:
    for row in table.rows:
        for cell, unit in zip(row, table.units, strict=True):
            if isinstance(cell, Number):
                yield from ((number, cell.unit or unit) for number in (cell.value, cell.low, cell.high))
            elif isinstance(cell, int | float):
                yield cell, unit


def _points(chart: Chart) -> Iterator[tuple[float | None, str]]:
    for series in chart.series:
        yield from ((y, chart.unit) for y in (*series.y, *series.low, *series.high))
        yield from ((x, "") for x in series.x if not isinstance(x, str))


def _refusal(name: str, number: float, unit: str, span: Span, suspects: Sequence[str]) -> InfeasibleError:
    value = _text(number, unit)
    bound = f"at least {_text(span.least, unit)}" if number < span.least else f"at most {_text(span.most, unit)}"
    remaining = f" and {len(suspects) - 5} more" if len(suspects) > 5 else ""
    user_values = f"the values of your own catalogue ({', '.join(suspects[:5])}{remaining}), then " if suspects else ""
    remedy = f"Look for an unusual input: {user_values}the sizes, rates and prices of the scenario"
    return InfeasibleError(f"{name} cannot be", f"it comes out as {value}, and can be {bound}", remedy)


def _text(number: float, unit: str) -> str:
    if math.isnan(number):
        return "no number"
    if math.isinf(number):
        return "infinite" if number > 0 else "minus infinity"
    return render(number, unit)
