"""The value of one input at which a figure has a wanted value: solutions, and the curve that they lie on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lindos.elements import Cell, Chart, Figure, Number, Section, Series, Table
from lindos.units import render

#: Rows of the curve in the table, at most.
_ROWS = 24
#: Relative distance at which a whole number of the input is as good as the solution.
_ROUND = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """Two neighbouring values of the input with the figure there; equal if the figure is exactly as wanted.

    ``nearest`` is the one of the two where the figure is nearer to the wanted value. ``is_step`` marks a figure that
    jumps over the wanted value.
    """

    low: float
    high: float
    at_low: float
    at_high: float
    nearest: float
    is_step: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """The answer to "at which value of the input is the figure so?".

    Parameters
    ----------
    path, unit, current
        The input, its SI unit (empty for a day), and its value now.
    is_whole
        Whether it is a whole number or a day.
    written
        Function that writes a value of the input.
    figure
        The figure at the first solution, with its range.
    target
        The wanted value.
    solutions
        From the lowest value of the input to the highest.
    curve
        Values of the input, each with the figure; None where there is no answer.
    """

    path: str
    unit: str
    current: float | None
    is_whole: bool
    written: Callable[[float], str]
    figure: Figure
    target: float
    solutions: tuple[Solution, ...]
    curve: tuple[tuple[float, float | None], ...]


def solved(result: Solved) -> Section:
    """Show the solutions.

    Parameters
    ----------
    result
        Solutions and curve.
    """
    return Section(
        name="solved",
        title=f"{result.path} for {_title(result.figure)} of {_written(result.target, result.figure)}",
        summary=" ".join(_sentences(result)),
        figures=tuple(_figure(result, index) for index in range(len(result.solutions))),
        headline=tuple(f"solved.{index + 1}" for index in range(len(result.solutions))) if result.unit else (),
        tables=(*((_solutions(result),) if _has_neighbours(result) else ()), _curve(result)),
        charts=(_chart(result),),
    )


def _unit(figure: Figure) -> str:
    return "%" if figure.percent else figure.unit


def _title(figure: Figure) -> str:
    return figure.title if figure.title[:2].isupper() else figure.title[:1].lower() + figure.title[1:]


def _written(value: float | None, figure: Figure) -> str:
    if value is None:
        return "unknown"
    return f"{render(100 * value, '1')} %" if figure.percent else render(value, figure.unit)


def _has_neighbours(result: Solved) -> bool:
    return any(solution.low != solution.high for solution in result.solutions) and (
        result.is_whole or any(solution.is_step for solution in result.solutions)
    )


def _sentences(result: Solved) -> list[str]:
    count, title = len(result.solutions), _title(result.figure)
    sentences = []
    if count > 1:
        values = ", ".join(result.written(solution.nearest) for solution in result.solutions)
        sentences.append(f"{count} values of {result.path} do it: {values}.")
    for solution in result.solutions[:1] if count == 1 else result.solutions:
        sentences.append(_sentence(result, solution))
    figure = result.figure
    if figure.low is not None and figure.high is not None:
        low, high = (_written(end, figure) for end in (figure.low, figure.high))
        place = f"At {result.written(result.solutions[0].nearest)}"
        sentences.append(f"{place} {title} has a range of {low} to {high}.")
    return sentences


def _sentence(result: Solved, solution: Solution) -> str:
    title, target = _title(result.figure), _written(result.target, result.figure)
    ends = [
        f"{result.written(x)} ({_written(y, result.figure)})"
        for x, y in ((solution.low, solution.at_low), (solution.high, solution.at_high))
    ]
    if solution.is_step:
        between = f"between {ends[0]} and {ends[1]}"
        return f"{title[:1].upper()}{title[1:]} steps over {target} {between}: it is never exactly that."
    best = solution.at_low if solution.nearest == solution.low else solution.at_high
    if abs(best - result.target) > _ROUND * abs(result.target):
        return f"{title[:1].upper()}{title[1:]} passes {target} between {ends[0]} and {ends[1]}."
    return f"{_change(result, solution.nearest)}: then {title} is {target}."


def _change(result: Solved, value: float) -> str:
    """Say by how much the input must rise or fall from what it is."""
    current = result.current
    if current is None:
        return f"{result.path} must be {result.written(value)}"
    if abs(value - current) <= 1e-9 * abs(current):
        return f"{result.path} is already {result.written(value)}"
    verb = "rise" if value > current else "fall"
    if not result.unit:
        side = "later" if value > current else "earlier"
        return f"{result.path} must be {result.written(value)}, {abs(value - current):,.0f} days {side}"
    share = f" by {render(100 * abs(value / current - 1), '1')} %" if current and value < 10 * current else ""
    return f"{result.path} must {verb}{share}, from {result.written(current)} to {result.written(value)}"


def _figure(result: Solved, index: int) -> Figure:
    solution = result.solutions[index]
    return Figure(
        name=f"solved.{index + 1}",
        title=result.path if len(result.solutions) == 1 else f"{result.path}, solution {index + 1}",
        value=solution.nearest,
        unit=result.unit or "1",
        why=f"where {_title(result.figure)} is {_written(result.target, result.figure)}"
        + ("" if result.unit else ", as a day counted from the year 1"),
        sources=result.figure.sources,
        facts=result.figure.facts,
    )


def _solutions(result: Solved) -> Table:
    unit = _unit(result.figure)
    return Table(
        name="solved.neighbours",
        key=True,
        title="On either side of the wanted value",
        columns=(result.path, _title(result.figure), f"next {result.path}", f"{_title(result.figure)} there"),
        units=("", unit, "", unit),
        rows=tuple(
            (result.written(solution.low), solution.at_low, result.written(solution.high), solution.at_high)
            for solution in result.solutions
        ),
    )


def _curve(result: Solved) -> Table:
    unit = _unit(result.figure)
    points = result.curve
    step = max(1, -(-len(points) // _ROWS))
    rows: list[tuple[Cell, ...]] = [
        (result.written(x), Number(value=y, unit=unit) if y is not None else "no answer") for x, y in points[::step]
    ]
    return Table(
        name="solved.curve",
        title="Along the way",
        columns=(result.path, _title(result.figure)),
        units=("", unit),
        rows=tuple(rows),
    )


def _chart(result: Solved) -> Chart:
    points: Sequence[tuple[float, float | None]] = result.curve
    return Chart(
        name="solved",
        title=f"{result.figure.title} over {result.path}",
        kind="lines",
        unit=_unit(result.figure),
        x_title=result.path,
        x_unit=result.unit,
        series=(
            Series(
                name=result.figure.title,
                x=tuple(x if result.unit else result.written(x) for x, _ in points),
                y=tuple(y for _, y in points),
            ),
        ),
        reference=(("wanted", result.target),),
    )
