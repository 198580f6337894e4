"""The Pareto front of plans: speed against free memory, devices, energy and cost.

The front is traced by the epsilon-constraint method [1]_. One chain has the fastest plan, then the fastest plan with a
tenth less memory than the plan before, and so on. The other has the fastest plan on half of the devices, on a quarter,
and so on. Each plan is the best of the whole space under its limit. Energy and cost of a token are proportional to
devices over speed.

References
----------
.. [1] Y. Haimes, L. Lasdon and D. Wismer, "On a Bicriterion Formulation of the Problems of Integrated System
       Identification and System Optimization," IEEE Trans. SMC 1(3), 1971.
"""

from collections.abc import Iterator
from dataclasses import replace

from lindos.planning.hunt import Question
from lindos.planning.one_pool import Alternative, alternative
from lindos.planning.ranking import Limits
from lindos.planning.search import Search
from lindos.problem.plan import Plan

#: Largest memory of a plan over that of the plan before it, and largest number of plans of a chain.
_LESS, _LONGEST = 0.9, 6


def front(search: Search, limits: Limits) -> tuple[Alternative, ...]:
    """Search for plans that no other plan beats in speed, memory, devices and cost at once; the fastest first.

    Parameters
    ----------
    search
        Space with its splits.
    limits
        Limits of the fastest plan.
    """
    plans: list[Alternative] = []
    for candidate in (*_by_memory(search, limits), *_by_devices(search, limits)):
        if not any(_dominates(rival, candidate) for rival in plans):
            plans = [rival for rival in plans if not _dominates(candidate, rival)] + [candidate]
    return tuple(sorted(plans, key=lambda candidate: -float(candidate.estimate.tokens_per_second)))


def _by_memory(search: Search, limits: Limits) -> Iterator[Alternative]:
    warm_start: Plan | None = None
    for _ in range(_LONGEST):
        candidate = _best(search, limits, warm_start)
        if candidate is None:
            return
        yield candidate
        warm_start, limits = candidate.plan, replace(limits, memory=_LESS * float(candidate.memory.total))


def _by_devices(search: Search, limits: Limits) -> Iterator[Alternative]:
    warm_start: Plan | None = None
    for _ in range(_LONGEST):
        limits = replace(limits, devices=limits.devices // 2)
        candidate = _best(search, limits, warm_start) if limits.devices else None
        if candidate is None:
            return
        yield candidate
        warm_start = replace(candidate.plan, data_parallel=max(1, int(candidate.plan.data_parallel) // 2))


def _best(search: Search, limits: Limits, warm_start: Plan | None) -> Alternative | None:
    """Search for the fastest plan; a good plan to start from shortens the search."""
    (plans,) = search.best_of_each([Question(batch=search.space.batch, limits=limits, warm_start=warm_start)])
    return alternative(search, plans.best[0]) if plans.best else None


def _dominates(candidate: Alternative, rival: Alternative) -> bool:
    """Tell whether ``candidate`` is at least as good as ``rival`` in everything."""
    return all(a >= b for a, b in zip(_goods(candidate), _goods(rival), strict=True))


def _goods(candidate: Alternative) -> tuple[float, ...]:
    """Get the quantities to maximise: speed, negative memory, negative devices, and speed per device."""
    speed, devices = float(candidate.estimate.tokens_per_second), float(candidate.plan.num_devices)
    return speed, -float(candidate.memory.total), -devices, speed / devices
