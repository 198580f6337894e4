"""The value of one input at which a figure is as wanted."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from lindos.answers.answer import Answer
from lindos.answers.points import Points
from lindos.answers.roots import Crossing, crossings
from lindos.answers.scenario import Question, question_of
from lindos.answers.variable import Variable, variable_at
from lindos.catalog import Catalog
from lindos.elements import Figure
from lindos.errors import InfeasibleError, InputError, LindosError, UnitError
from lindos.scenario.schema import Scenario
from lindos.study.purchases import PURCHASES_SETTING, SPLIT_LOTS
from lindos.units import parse, render
from lindos.views.solved import Solution, Solved, solved

#: Values of the input that are looked at first; fewer where each takes a search or a simulation.
_POINTS, _FEW_POINTS = 33, 13
_SLOW = ("step", "campaign", "fleet", "roadmap")
#: Relative distance to the wanted value at which a figure counts as equal to it.
_EQUAL = 1e-6


def solve_scenario(
    scenario: str | Path | Mapping[str, Any] | Scenario,
    vary: str,
    until: str,
    catalog: str | Path | Sequence[str | Path] | Catalog = (),
    *,
    low: str | None = None,
    high: str | None = None,
    changes: Mapping[str, Any] | None = None,
    begins: Callable[[str], object] = lambda question: None,
) -> Answer:
    """Find the values of one input at which a figure has a wanted value.

    Parameters
    ----------
    scenario, catalog, changes
        As in :func:`lindos.run`.
    vary
        Dotted path of a number or a day: ``"site.electricity_price"``, ``"catalog.systems.hgx-h100.price"``.
    until
        Figure and wanted value: ``"site.device_cost=$2/h"``.
    low, high
        Ends of the range of the input, as text; a hundredth and a hundred times its current value if None, within its
        bounds.
    begins
        Function that is called with each question before it is computed.

    Raises
    ------
    InputError
        If a path or a value is wrong.
    InfeasibleError
        If no value in the range does it; says what the figure comes to.

    Examples
    --------
    >>> answer = solve_scenario("one-node", "site.electricity_price", "site.device_cost=$1.70/h")
    >>> round(3.6e6 * answer["solved.1"].value, 2)
    0.19
    """
    question = question_of(scenario, catalog, begins)
    solver = _Solver(question, vary, _figure_name(until), dict(changes or {}), begins)
    points = solver.variable.points(low, high, solver.num_points)
    # The first figure gives the unit, so that a wrong value is told before the others are computed.
    next((point for point in points if solver.value(point) is not None), None)
    target = _target(until, solver.any_figure())
    for point in points:
        solver.value(point)
    crossed = crossings(lambda x: solver.distance(x, target), points, is_whole=solver.variable.is_whole)
    if not crossed:
        raise solver.refusal(target, points)
    return solver.answer(target, crossed)


def _figure_name(until: str) -> str:
    name, equals, value = until.partition("=")
    if not equals or not name.strip() or not value.strip():
        raise InputError("--until", until, "FIGURE=VALUE", "Write for example --until site.device_cost=$2/h.")
    return name.strip()


def _target(until: str, figure: Figure) -> float:
    text = until.partition("=")[2].strip()
    try:
        return parse(text, figure.unit)
    except UnitError as error:
        raise UnitError("--until", text, error.expected, error.hint) from None


class _Solver:
    """Evaluates one figure under values of one input, each once."""

    def __init__(
        self,
        question: Question,
        path: str,
        name: str,
        changes: Mapping[str, Any],
        begins: Callable[[str], object],
    ) -> None:
        self._question, self._name, self._changes = question, name, changes
        # Plans of years change evenly with an input if lots may be split, and are found in a tenth of the time.
        self._points = Points(question.folder, begins, {PURCHASES_SETTING: SPLIT_LOTS})
        scenario, facts = question.scenario(changes), question.facts(changes)
        self.variable: Variable = variable_at(path, scenario, facts)
        self.num_points = _FEW_POINTS if name.partition(".")[0] in _SLOW else _POINTS
        self._figures: dict[float, Figure | None] = {}
        self._error: LindosError | None = None

    def _all_changes(self, x: float) -> dict[str, Any]:
        return {**self._changes, self.variable.path: self.variable.write(x)}

    def value(self, x: float) -> float | None:
        """Return the figure at a value of the input; None where there is no answer."""
        if x not in self._figures:
            changes = self._all_changes(x)
            try:
                scenario, facts = self._question.scenario(changes), self._question.facts(changes)
                self._figures[x] = self._points.figure(scenario, facts, self._name)
            except LindosError as error:
                self._figures[x], self._error = None, self._error or error
        figure = self._figures[x]
        return None if figure is None else figure.value

    def distance(self, x: float, target: float) -> float | None:
        """Return the figure less the wanted value."""
        value = self.value(x)
        return None if value is None else value - target

    def any_figure(self) -> Figure:
        """Return the figure at any value that has an answer; raise the first error if none has."""
        figure = next((figure for figure in self._figures.values() if figure is not None), None)
        if figure is None:
            assert self._error is not None
            raise self._error
        return figure

    def refusal(self, target: float, points: Sequence[float]) -> InfeasibleError:
        """Say what the figure comes to in the range, if it is never as wanted."""
        values = {x: value for x, f in self._figures.items() if f is not None and (value := f.value) is not None}
        unit, write = self.any_figure().unit, self.variable.text
        span = f"from {write(points[0])} to {write(points[-1])}"
        reason = f"No {self.variable.path} {span} makes {self._name} {render(target, unit)}"
        if not values:
            return InfeasibleError(reason, "it is unknown there", "Vary another field")
        lowest, highest = min(values.values()), max(values.values())
        nearest = min(values, key=lambda x: abs(values[x] - target))
        shortfall = f"it lies between {render(lowest, unit)} and {render(highest, unit)}"
        if len(values) < len(self._figures):
            shortfall += f", and has no answer at {len(self._figures) - len(values)} of {len(self._figures)} values"
        remedy = f"Nearest is {write(nearest)}; widen the range with --from and --to, or vary another field"
        return InfeasibleError(reason, shortfall, remedy)

    def answer(self, target: float, crossed: Sequence[Crossing]) -> Answer:
        """Answer the scenario at the solution nearest to its value, with all solutions before its sections."""
        solutions = tuple(self._solution(crossing, target) for crossing in crossed)
        current = self.variable.current
        x = min((solution.nearest for solution in solutions), key=lambda value: abs(value - (current or 0.0)))
        changes = self._all_changes(x)
        sections = frozenset({self._name.partition(".")[0]})
        base = self._question.ask(changes, sections=None, campaign=None, command="solve")
        floors = tuple(section for section in base.sections if section.name in sections)
        result = Solved(
            path=self.variable.path,
            unit=self.variable.unit,
            current=current,
            is_whole=self.variable.is_whole,
            written=self.variable.text,
            figure=base[self._name],
            target=target,
            solutions=solutions,
            curve=tuple(sorted((x, None if f is None else f.value) for x, f in self._figures.items())),
        )
        section = solved(result)
        return replace(base, title=section.title, sections=(section, *floors), statement=base.title, verdict=None)

    def _solution(self, crossing: Crossing, target: float) -> Solution:
        """Tell a value at which the figure is as wanted from a step over it, and from two whole neighbours."""
        close = _EQUAL * max(abs(target), abs(crossing.at_low + target))
        is_step = not self.variable.is_whole and max(abs(crossing.at_low), abs(crossing.at_high)) > close
        low, high = crossing.low, crossing.high
        if not self.variable.is_whole and not is_step:
            low = high = low if abs(crossing.at_low) <= abs(crossing.at_high) else high
        values = [(self.value(x) or 0.0) for x in (low, high)]
        nearest = low if abs(crossing.at_low) <= abs(crossing.at_high) else high
        return Solution(low=low, high=high, at_low=values[0], at_high=values[1], nearest=nearest, is_step=is_step)
