"""What limits a plan: prices of limits, limits that exclude each other, and the least that would loosen them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from lindos.errors import SolverError
from lindos.roadmap.assembly import BILLION, assemble
from lindos.roadmap.expansion import Expansion
from lindos.roadmap.program import INFINITY, Indices, Program
from lindos.roadmap.solver import Solution, Solver


def _none() -> Indices:
    return np.zeros(0, np.int64)


#: A limit has a price if loosening it saves more than this share of the objective.
_LEAST_PRICE = 1e-6
_LEAST_YEAR = 0.5
#: Precision of a share that is found by halving.
_STEP = 1e-3
#: Share of a target that counts as all of it.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Limit:
    """A limit that a person can loosen: rows of the program, or upper bounds of columns.

    Parameters
    ----------
    name
        In words: "supply of gb300".
    kind
        "supply", "queue", "budget", "yearly budget", "last year", "target" or "inference".
    rows, columns
        Rows of the limit, and columns whose upper bounds it is.
    """

    name: str
    kind: str
    rows: Indices = field(default_factory=_none)
    columns: Indices = field(default_factory=_none)


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one more unit of a limit saves.

    Parameters
    ----------
    limit
        In words.
    step
        The unit, in words: "one more GW from 2028 on".
    saving
        USD of the first day, in the objective of the plan.
    """

    limit: str
    step: str
    saving: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxation:
    """The least by which one limit alone must be loosened for a plan to exist.

    Parameters
    ----------
    limit, kind
        The limit.
    factor
        Times its size; below one for a target.
    """

    limit: str
    kind: str
    factor: float


def limits(question: Expansion, program: Program) -> tuple[Limit, ...]:
    """List the limits of a question that a person can loosen.

    Parameters
    ----------
    question
        The question.
    program
        Its program.
    """
    rows, columns = program.rows_of, program.columns_of
    listed = [
        Limit(name=f"supply of {name}", kind="supply", rows=_present(rows["supply"][index]))
        for index, name in enumerate(question.generations)
    ]
    listed += [
        Limit(name=f"power of {name}", kind="queue", columns=_present(columns["energised"][index]))
        for index, name in enumerate(question.sites)
    ]
    titles = {
        "budget": "budget",
        "last_year": "share of purchases in the last year",
        "demand": "inference to carry",
        "target": "target of H100-equivalents",
        "target_power": "target of power",
        "target_flop": "compute to deliver",
    }
    listed += [
        Limit(name=title, kind=name, rows=_present(rows[name])) for name, title in titles.items() if name in rows
    ]
    for index, (first, last, _) in enumerate(question.yearly_budgets):
        span = f"{question.periods[first].name} to {question.periods[last - 1].name}"
        cells = rows["yearly_budgets"][index : index + 1]
        listed.append(Limit(name=f"budget of {span}", kind="budget", rows=_present(cells)))
    if "debt" in columns:
        listed.append(Limit(name="debt", kind="debt", columns=_present(columns["debt"])))
    return tuple(limit for limit in listed if limit.rows.size + limit.columns.size)


def _present(cells: Indices) -> Indices:
    flat = cells.ravel()
    return flat[flat >= 0]


def loosened(program: Program, dropped: Sequence[Limit]) -> Program:
    """Return a program without some limits.

    Parameters
    ----------
    program
        The program.
    dropped
        Limits that no longer hold.
    """
    lower, row_upper, upper = program.row_lower.copy(), program.row_upper.copy(), program.upper.copy()
    for limit in dropped:
        lower[limit.rows], row_upper[limit.rows], upper[limit.columns] = -INFINITY, INFINITY, INFINITY
    return replace(program, row_lower=lower, row_upper=row_upper, upper=upper)


def irreducible_set(question: Expansion, program: Program) -> tuple[Limit, ...]:
    """List limits that exclude each other: without any one of them there is a plan under the rest of them.

    Parameters
    ----------
    question
        A question without a plan.
    program
        Its program without whole numbers.

    Notes
    -----
    A deletion filter: limits are dropped one by one, and stay dropped if there is still no plan.
    """
    solver, dropped = Solver(), list[Limit]()
    listed = limits(question, program)
    feasible = replace(program, cost=np.zeros(program.num_columns))
    for limit in listed:
        if not solver.solve(loosened(feasible, [*dropped, limit])).is_optimal:
            dropped.append(limit)
    names = {limit.name for limit in dropped}
    return tuple(limit for limit in listed if limit.name not in names)


def attainable_share(question: Expansion, *, is_whole: bool = False) -> float:
    """Compute the largest share of the target that has a plan; one if the target has.

    Parameters
    ----------
    question
        The question, with a target of stock or of power.
    is_whole
        Whether the plan is one of whole lots and blocks.
    """
    program = assemble(question, is_whole=is_whole)
    if not _target_rows(program).size:
        return 1.0
    widened = shortfall_program(question, program)
    solution = Solver().solve(widened)
    if not solution.is_optimal:
        raise SolverError("there is no plan even without a target")
    step = float(solution.values[-1])
    return 1.0 if step < _ROUNDING else 1.0 - step


def shortfall_program(question: Expansion, program: Program) -> Program:
    """Return the program that minimises the share of the target that is missing: its last column.

    Parameters
    ----------
    question
        The question, with a target of stock or of power.
    program
        Its program.
    """
    rows = _target_rows(program)
    return program.with_slack(rows, np.abs(program.row_lower[rows]))


def _target_rows(program: Program) -> Indices:
    """Rows of the target of stock, of power or of compute; none where there is none."""
    names = [name for name in ("target", "target_power", "target_flop") if name in program.rows_of]
    return np.concatenate([_present(program.rows_of[name]) for name in names]) if names else _none()


def relaxations(question: Expansion, program: Program, chosen: Sequence[Limit]) -> tuple[Relaxation, ...]:
    """Compute, for each of some limits, the least by which it alone must be loosened.

    Parameters
    ----------
    question
        A question without a plan.
    program
        Its program without whole numbers.
    chosen
        Limits, for example those of `irreducible_set`.

    Returns
    -------
    tuple of Relaxation
        Limits that cannot make a plan possible alone are left out.
    """
    listed = []
    for limit in chosen:
        if limit.kind == "last_year":
            listed += _later(question, limit)
            continue
        widened = _loosened(program, limit)
        solution = Solver().solve(widened)
        if solution.is_optimal:
            step = float(solution.values[-1])
            factor = 1.0 - step if limit.kind.startswith("target") else 1.0 + step
            listed.append(Relaxation(limit=limit.name, kind=limit.kind, factor=factor))
    return tuple(listed)


def _later(question: Expansion, limit: Limit) -> list[Relaxation]:
    """Find the least share of the last year, by halving: the share multiplies every purchase."""
    solver, low, high = Solver(), question.last_share, 1.0
    if not solver.solve(assemble(replace(question, last_share=1.0))).is_optimal:
        return []
    while high - low > _STEP:
        middle = 0.5 * (low + high)
        has_plan = solver.solve(assemble(replace(question, last_share=middle))).is_optimal
        low, high = (low, middle) if has_plan else (middle, high)
    return [Relaxation(limit=limit.name, kind=limit.kind, factor=high / question.last_share)]


def _loosened(program: Program, limit: Limit) -> Program:
    """Add a column that is the share by which a limit is loosened, and is all that costs."""
    if limit.kind in ("queue", "debt"):
        # An upper bound of a column becomes a row, so that the share can enter it.
        return _with_bound_rows(program, limit)
    is_least = np.isfinite(program.row_lower[limit.rows]) & ~np.isfinite(program.row_upper[limit.rows])
    sizes = np.where(is_least, program.row_lower[limit.rows], program.row_upper[limit.rows])
    return program.with_slack(limit.rows, np.where(is_least, np.abs(sizes), -np.abs(sizes)))


def _with_bound_rows(program: Program, limit: Limit) -> Program:
    """Turn upper bounds of columns into rows with a slack in proportion to them."""
    count = limit.columns.size
    added = program.num_rows + np.arange(count)
    order = np.argsort(np.concatenate((_columns_of_entries(program), limit.columns)), kind="stable")
    rows = np.concatenate((program.rows, added))[order]
    values = np.concatenate((program.values, np.ones(count)))[order]
    counts = np.diff(program.starts)
    counts[limit.columns] += 1
    sizes = program.upper[limit.columns]
    upper = program.upper.copy()
    upper[limit.columns] = INFINITY
    widened = replace(
        program,
        upper=upper,
        row_lower=np.append(program.row_lower, np.full(count, -INFINITY)),
        row_upper=np.append(program.row_upper, sizes),
        starts=np.concatenate(([0], np.cumsum(counts))),
        rows=rows,
        values=values,
    )
    return widened.with_slack(added, -sizes)


def _columns_of_entries(program: Program) -> Indices:
    return np.repeat(np.arange(program.num_columns), np.diff(program.starts))


def prices(question: Expansion, program: Program, solution: Solution) -> tuple[Price, ...]:
    """List what one more unit of each limit saves, the dearest first.

    Parameters
    ----------
    question
        The question.
    program, solution
        Its program without whole numbers, solved.

    Notes
    -----
    A price holds for small steps: it is the derivative of the objective.
    """
    listed = [*_queue_prices(question, program, solution), *_supply_prices(question, program, solution)]
    for limit in limits(question, program):
        if limit.kind == "budget":
            saving = -float(np.sum(solution.row_duals[limit.rows]))
            listed.append(Price(limit=limit.name, step="one more billion dollars", saving=saving * BILLION))
        if limit.kind == "target":
            saving = float(np.sum(solution.row_duals[limit.rows]))
            listed.append(Price(limit=limit.name, step="a million H100-equivalents less", saving=saving * BILLION))
        if limit.kind == "last_year":
            amount = question.last_share * float(np.sum(solution.values[_present(program.columns_of["online"])[-1:]]))
            saving = -float(np.sum(solution.row_duals[limit.rows])) * 0.1 * amount
            listed.append(Price(limit=limit.name, step="a tenth more bought in the last year", saving=saving * BILLION))
    least = _LEAST_PRICE * abs(solution.objective) * BILLION
    return tuple(sorted((price for price in listed if price.saving > least), key=lambda price: -price.saving))


def _years(question: Expansion) -> list[tuple[int, Indices]]:
    """List the calendar years of a plan with their periods, those that it has half of at least."""
    years = np.array([period.middle.year for period in question.periods])
    spans = [(int(year), np.nonzero(years == year)[0]) for year in np.unique(years)]
    return [(year, times) for year, times in spans if question.durations[times].sum() >= _LEAST_YEAR]


def _queue_prices(question: Expansion, program: Program, solution: Solution) -> list[Price]:
    """Price a gigawatt that can be energised from a year on."""
    listed = []
    for index, site in enumerate(question.sites):
        duals = -np.where(
            program.columns_of["energised"][index] >= 0,
            np.minimum(solution.column_duals[program.columns_of["energised"][index]], 0.0),
            0.0,
        )
        savings = [(year, float(duals[times[0] :].sum())) for year, times in _years(question)]
        afterwards = [saving for _, saving in savings[1:]] + [0.0]
        for (year, saving), later in zip(savings, afterwards, strict=False):
            if saving > later:
                step = f"one more GW at {site} from {year} on"
                listed.append(Price(limit=f"power of {site}", step=step, saving=saving * BILLION))
    return listed


def _supply_prices(question: Expansion, program: Program, solution: Solution) -> list[Price]:
    """Price a tenth more of a generation in a year."""
    listed = []
    for index, name in enumerate(question.generations):
        cells = program.rows_of["supply"][index]
        duals = np.where(cells >= 0, -solution.row_duals[cells], 0.0)
        for year, times in _years(question):
            saving = float(np.sum(duals[times] * 0.1 * question.supply[index, times] / question.lot[index]))
            listed.append(
                Price(limit=f"supply of {name}", step=f"a tenth more of {name} in {year}", saving=saving * BILLION)
            )
    return listed
