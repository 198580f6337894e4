"""A plan in two stages: what arrives until a day is ordered before the draws are known, the rest after.

One program holds every draw; the columns of the first stage are shared. Its expected cost stands beside that of the
first orders of the plan for the values of the catalogue (the difference is the value of the stochastic solution), and
beside that of a buyer who knows the draw from the first day.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from lindos.errors import SolverError
from lindos.roadmap.agreements import without_commitments
from lindos.roadmap.assembly import BILLION, MILLION, assemble
from lindos.roadmap.expansion import Expansion
from lindos.roadmap.program import Floats, Indices, Program, gather
from lindos.roadmap.solver import Solution, Solver

#: Columns that are decided in the first stage.
_DECIDED = ("bought", "blocks")
#: Share by which first orders may fall short where a limit is met exactly.
_SLACK = 1e-6
#: Share of a target that counts as all of it.
_ALL = 1.0 - 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Policy:
    """First orders, and what follows from them in every draw.

    Parameters
    ----------
    bought
        Devices by generation, site and period of the first stage, shape (G, S, T); mean over the draws where they
        differ from draw to draw.
    costs
        Present value of capital, running costs and missing compute in USD, shape (K,).
    reached
        Share of the target that stands on the last day, shape (K,).
    """

    bought: Floats
    costs: Floats
    reached: Floats

    @property
    def expected_cost(self) -> float:
        """Mean cost over the draws in USD."""
        return float(np.mean(self.costs))

    @property
    def probability(self) -> float:
        """Share of the draws in which the target is reached."""
        return float(np.mean(self.reached >= _ALL))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TwoStage:
    """The stochastic plan beside the deterministic one and beside perfect foresight.

    Parameters
    ----------
    first_stage
        Flags of the periods whose purchases are ordered before the draws are known, shape (T,).
    stochastic
        First orders that are best in the mean of the draws.
    deterministic
        First orders of the plan for the values of the catalogue, followed by the best of each draw.
    foresight
        First orders that are best for each draw alone.
    """

    first_stage: Indices
    stochastic: Policy
    deterministic: Policy
    foresight: Policy

    @property
    def value(self) -> float:
        """Value of the stochastic solution in USD: what is saved in the mean by planning for all draws at once."""
        return self.deterministic.expected_cost - self.stochastic.expected_cost

    @property
    def value_of_information(self) -> float:
        """Expected value of perfect information in USD: what knowing the draw from the first day would save."""
        return self.stochastic.expected_cost - self.foresight.expected_cost


def two_stage(base: Expansion, draws: Sequence[Expansion], first_stage: Floats, shortfall_price: float) -> TwoStage:
    """Plan in two stages.

    Parameters
    ----------
    base
        The question with the values of the catalogue, with a target of stock.
    draws
        The question under each draw; equal to `base` in the first stage (see `merged`).
    first_stage
        Flags of the periods of the first stage, shape (T,).
    shortfall_price
        Present value in USD of an H100-equivalent that is missing on the last day: the target may be missed.
    """
    flags = np.asarray(first_stage, bool)
    programs = [_soft(question, shortfall_price) for question in (base, *draws)]
    single, rest = programs[0], programs[1:]
    shared = _shared(single, flags)
    solver = Solver()
    planned = _solved(solver, single).values[shared]
    alone = [_solved(solver, program, is_hot=True) for program in rest]
    followed = [_solved(solver, _fixed(program, shared, planned), is_hot=True) for program in rest]
    chosen = _solved(Solver(), _stacked(rest, shared)).values[: len(shared)]
    best = [_solved(solver, _fixed(program, shared, chosen), is_hot=True) for program in rest]
    return TwoStage(
        first_stage=np.flatnonzero(flags),
        stochastic=_policy(draws, rest, best, flags),
        deterministic=_policy(draws, rest, followed, flags),
        foresight=_policy(draws, rest, alone, flags),
    )


def merged(base: Expansion, draw: Expansion, first_stage: Floats) -> Expansion:
    """Return a draw that is as the base until it is known: prices, supply, queues and devices of the first stage.

    Parameters
    ----------
    base
        The question with the values of the catalogue.
    draw
        The question under a draw.
    first_stage
        Flags of the periods of the first stage, shape (T,).
    """
    flags = np.asarray(first_stage, bool)
    is_early = np.any(base.supply[:, flags] > 0.0, axis=1)
    negotiable = draw.negotiable
    if base.negotiable is not None and negotiable is not None:
        negotiable = np.where(flags, base.negotiable, negotiable)
    standing = base.queue[:, flags].max(axis=1, initial=0.0)[:, None]
    return replace(
        draw,
        equivalents=np.where(is_early, base.equivalents, draw.equivalents),
        power=np.where(np.atleast_1d(is_early)[:, None], base.power, draw.power),
        price=np.where(flags, base.price, draw.price),
        negotiable=negotiable,
        construction=np.where(flags, base.construction, draw.construction),
        supply=np.where(flags, base.supply, draw.supply),
        # What was energised before stays.
        queue=np.where(flags, base.queue, np.maximum(draw.queue, standing)),
    )


def _soft(question: Expansion, shortfall_price: float) -> Program:
    """Write a question whose target may be missed: its last column is what is missing in millions."""
    program = assemble(without_commitments(question))
    cells = program.rows_of["target"].ravel()
    program = replace(program, cost=program.cost.copy())
    widened = program.with_slack(cells, np.ones(len(cells)), cost=shortfall_price * MILLION / BILLION)
    return replace(widened, cost=np.append(program.cost, widened.cost[-1]))


def _shared(program: Program, flags: Floats) -> Indices:
    """Columns of the first stage."""
    cells = [program.columns_of[name][..., np.asarray(flags, bool)].ravel() for name in _DECIDED]
    listed = np.concatenate(cells)
    return np.sort(listed[listed >= 0])


def _fixed(program: Program, columns: Indices, values: Floats) -> Program:
    """Fix some columns, within their own bounds."""
    lower, upper = program.lower.copy(), program.upper.copy()
    within = np.clip(values, lower[columns], upper[columns])
    # A solver's optimum lies within its tolerance of a limit: what is fixed leaves as much.
    lower[columns], upper[columns] = np.maximum(within - _SLACK * np.abs(within), lower[columns]), within
    return replace(program, lower=lower, upper=upper)


def _stacked(programs: Sequence[Program], shared: Indices) -> Program:
    """One program of all draws, each as likely: shared columns first, then those of each draw."""
    count, first = len(programs), programs[0]
    is_shared = np.zeros(first.num_columns, bool)
    is_shared[shared] = True
    private = np.flatnonzero(~is_shared)
    place = np.empty(first.num_columns, np.int64)
    place[shared] = np.arange(len(shared))
    columns, rows, values = [], [], []
    for index, program in enumerate(programs):
        place[private] = len(shared) + index * len(private) + np.arange(len(private))
        columns.append(place[np.repeat(np.arange(program.num_columns), np.diff(program.starts))])
        rows.append(program.rows + index * first.num_rows)
        values.append(program.values)
    all_columns, all_rows = np.concatenate(columns), np.concatenate(rows)
    order = np.lexsort((all_rows, all_columns))
    width = len(shared) + count * len(private)

    def joined(name: str) -> Floats:
        parts = [getattr(program, name) for program in programs]
        return np.concatenate([parts[0][shared], *(part[private] for part in parts)])

    cost = np.concatenate(
        [sum(program.cost[shared] for program in programs) / count, *(p.cost[private] / count for p in programs)]
    )
    return Program(
        cost=cost,
        lower=joined("lower"),
        upper=joined("upper"),
        is_integer=np.zeros(width, bool),
        row_lower=np.concatenate([program.row_lower for program in programs]),
        row_upper=np.concatenate([program.row_upper for program in programs]),
        starts=np.concatenate(([0], np.cumsum(np.bincount(all_columns, minlength=width)))).astype(np.int64),
        rows=all_rows[order],
        values=np.concatenate(values)[order],
        columns_of={},
        rows_of={},
    )


def _solved(solver: Solver, program: Program, *, is_hot: bool = False) -> Solution:
    solution = solver.solve(program, is_hot=is_hot)
    if not solution.is_optimal:
        raise SolverError(f"a stage of the plan is {solution.status}")
    return solution


def _policy(
    draws: Sequence[Expansion], programs: Sequence[Program], solutions: Sequence[Solution], flags: Floats
) -> Policy:
    bought = [
        gather(solution.values, program.columns_of["bought"]) * question.lot[:, None, None] * flags
        for question, program, solution in zip(draws, programs, solutions, strict=True)
    ]
    targets = np.array([question.target_equivalents for question in draws], float)
    missing = np.array([float(solution.values[-1]) for solution in solutions]) * MILLION
    return Policy(
        bought=np.mean(bought, axis=0),
        costs=np.array([solution.objective for solution in solutions]) * BILLION,
        reached=1.0 - missing / targets,
    )
