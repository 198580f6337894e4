"""The same question under many draws of prices, power, supply and queues: how often its target can be reached."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from lindos.roadmap.agreements import without_commitments
from lindos.roadmap.assembly import assemble
from lindos.roadmap.expansion import Expansion
from lindos.roadmap.limits import shortfall_program
from lindos.roadmap.program import Floats
from lindos.roadmap.solver import Solver

#: Deviations within which 80 % of a normal distribution lie.
_TENTH = 1.2816
#: A share of a target that counts as all of it: the tolerance of the solver.
_ALL = 1.0 - 1e-7


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chances:
    """The largest share of the target that each draw allows on its day, shape (num_draws,)."""

    shares: Floats

    @property
    def probability(self) -> float:
        """Share of the draws in which the target can be reached."""
        return float(np.mean(self.shares >= _ALL))

    @property
    def probability_range(self) -> tuple[float, float]:
        """80 % range of the probability itself, which a number of draws tells only so well (Wilson's interval).

        Examples
        --------
        >>> [round(end, 3) for end in Chances(shares=np.array([1.0] * 64 + [0.5] * 64)).probability_range]
        [0.444, 0.556]
        """
        count, share = len(self.shares), self.probability
        weight = _TENTH**2 / count
        middle = (share + 0.5 * weight) / (1.0 + weight)
        half = _TENTH * np.sqrt(share * (1.0 - share) / count + 0.25 * weight / count) / (1.0 + weight)
        return float(middle - half), float(middle + half)


def delayed(question: Expansion, delay: float) -> Expansion:
    """Return a question whose power comes later than its queues say.

    Parameters
    ----------
    question
        The question.
    delay
        Years by which every block comes later.
    """
    ends = np.cumsum(question.durations)
    shifted = np.array([np.interp(ends - delay, ends, row, left=0.0) for row in question.queue])
    # What could be energised at once from the start, such as a share of the world's power, is there by the delay.
    return replace(question, queue=np.minimum(shifted, question.queue))


def chances(draws: Iterable[Expansion], progress: Callable[[int], object] = lambda count: None) -> Chances:
    """Compute the share of the target that each draw allows, each program from the basis of the one before.

    Parameters
    ----------
    draws
        The question under each draw; all of one shape.
    progress
        Function that is called with the number of draws that are done.
    """
    solver, shares = Solver(), list[float]()
    for count, question in enumerate(map(without_commitments, draws), 1):
        solution = solver.solve(shortfall_program(question, assemble(question)), is_hot=True)
        shares.append(1.0 - float(solution.values[-1]) if solution.is_optimal else 0.0)
        progress(count)
    return Chances(shares=np.array(shares))
