"""Programs solved with HiGHS: from scratch, or from the basis of a program that was solved before."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from lindos.errors import SolverError
from lindos.roadmap.program import Floats, Program

#: Relative gap between a plan of whole lots and the best bound.
GAP = 1e-3
#: Longest time that a search for whole lots may take, in s; the gap that was reached is part of the solution.
LONGEST = 60.0
Status = Literal["optimal", "infeasible", "unbounded"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solution:
    """Values of the columns, and what one more unit of each row would change.

    Parameters
    ----------
    status
        Whether there is an optimum.
    objective
        Value of the objective; NaN without an optimum.
    values, row_values
        Columns and rows in their units; empty without an optimum.
    row_duals, column_duals
        Change of the objective per unit of a row or of a bound of a column; zero for whole numbers.
    gap
        Relative gap to the best bound; zero for linear programs.
    iterations
        Steps of the simplex method.
    """

    status: Status
    objective: float
    values: Floats
    row_values: Floats
    row_duals: Floats
    column_duals: Floats
    gap: float = 0.0
    iterations: int = 0

    @property
    def is_optimal(self) -> bool:
        """Whether there is an optimum."""
        return self.status == "optimal"


class Solver:
    """HiGHS with one program after the other; a basis is kept for programs of the same shape."""

    def __init__(self, *, gap: float = GAP, longest: float = LONGEST) -> None:
        """Start HiGHS without output, on one thread, so that results do not depend on the machine."""
        import highspy

        make: Any = highspy.Highs
        self._highs: Any = make()
        self._highs.silent()
        self._statuses = highspy.HighsModelStatus
        for name, value in (
            ("threads", 1),
            ("mip_rel_gap", gap),
            ("random_seed", 0),
            ("primal_feasibility_tolerance", 1e-9),
            ("dual_feasibility_tolerance", 1e-9),
        ):
            self._highs.setOptionValue(name, value)
        self._longest = longest
        self._shape: tuple[int, int] | None = None

    def solve(self, program: Program, *, is_hot: bool = False) -> Solution:
        """Minimise a program.

        Parameters
        ----------
        program
            The program.
        is_hot
            Whether to start from the basis of the program before, if that has the same shape.

        Raises
        ------
        SolverError
            If HiGHS stops without a solution.
        """
        highs, shape = self._highs, (program.num_columns, program.num_rows)
        basis = highs.getBasis() if is_hot and shape == self._shape else None
        highs.passModel(*_arguments(program))
        # The clock of HiGHS runs on from program to program, so only a search for whole numbers has a limit.
        limit = highs.getRunTime() + self._longest if program.is_integer.any() else float("inf")
        highs.setOptionValue("time_limit", limit)
        self._shape = shape
        if basis is not None and basis.valid:
            highs.setBasis(basis)
            highs.setOptionValue("presolve", "off")
        else:
            highs.setOptionValue("presolve", "choose")
        highs.run()
        return self._solution(program)

    def _solution(self, program: Program) -> Solution:
        highs, statuses = self._highs, self._statuses
        status = highs.getModelStatus()
        if status == statuses.kUnboundedOrInfeasible:
            # Presolve alone cannot tell which; the simplex method can.
            highs.setOptionValue("presolve", "off")
            highs.clearSolver()
            highs.run()
            status = highs.getModelStatus()
        if status in (statuses.kInfeasible, statuses.kUnbounded):
            empty = np.zeros(0)
            return Solution(
                status="unbounded" if status == statuses.kUnbounded else "infeasible",
                objective=float("nan"),
                values=empty,
                row_values=empty,
                row_duals=empty,
                column_duals=empty,
            )
        info, solved = highs.getInfo(), highs.getSolution()
        is_whole = bool(program.is_integer.any())
        if status != statuses.kOptimal and not (status == statuses.kTimeLimit and is_whole and solved.value_valid):
            raise SolverError(f"HiGHS stopped without a plan: {highs.modelStatusToString(status)}")
        return Solution(
            status="optimal",
            objective=float(info.objective_function_value),
            values=np.asarray(solved.col_value),
            row_values=np.asarray(solved.row_value),
            row_duals=np.zeros(program.num_rows) if is_whole else np.asarray(solved.row_dual),
            column_duals=np.zeros(program.num_columns) if is_whole else np.asarray(solved.col_dual),
            gap=float(info.mip_gap) if is_whole else 0.0,
            iterations=int(info.simplex_iteration_count),
        )


def solve(program: Program, *, gap: float = GAP, longest: float = LONGEST) -> Solution:
    """Minimise one program from scratch.

    Parameters
    ----------
    program
        The program.
    gap
        Relative gap that ends a search for whole numbers.
    longest
        Time after which it ends anyway, in s.
    """
    return Solver(gap=gap, longest=longest).solve(program)


def _arguments(program: Program) -> tuple[Any, ...]:
    shape = (program.num_columns, program.num_rows, len(program.values))
    by_column, minimise, offset = 1, 1, 0.0
    arrays = (
        *(program.cost, program.lower, program.upper, program.row_lower, program.row_upper),
        *(program.starts.astype(np.int32), program.rows.astype(np.int32), program.values),
    )
    if program.is_integer.any():
        return (*shape, by_column, minimise, offset, *arrays, program.is_integer.astype(np.int32))
    # The quadratic overload without a Hessian and without whole numbers has no short form: flags of zero mean real.
    return (*shape, by_column, minimise, offset, *arrays, np.zeros(program.num_columns, np.int32))
