"""The Pareto front of plans: what giving up speed buys in memory left free and in devices, energy and cost.

Traced by the epsilon-constraint method [1]_: the fastest plan, then the fastest that needs a tenth less memory than
the one before, and so on; and the fastest on half as many devices, a quarter, and so on. Each is the best of the whole
space under its limit. Energy and cost of a token follow devices over speed.

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

#: Memory that each plan needs at most of what the one before needed, and plans of either chain at most.
_LESS, _LONGEST = 0.9, 6


def front(search: Search, within: Limits) -> tuple[Alternative, ...]:
    """Plans of which none is faster, smaller, cheaper and on fewer devices than another; fastest first."""
    found: list[Alternative] = []
    for one in (*_by_memory(search, within), *_by_devices(search, within)):
        if not any(_dominates(other, one) for other in found):
            found = [other for other in found if not _dominates(one, other)] + [one]
    return tuple(sorted(found, key=lambda one: -float(one.estimate.tokens_per_second)))


def _by_memory(search: Search, within: Limits) -> Iterator[Alternative]:
    near: Plan | None = None
    for _ in range(_LONGEST):
        one = _best(search, within, near)
        if one is None:
            return
        yield one
        near, within = one.plan, replace(within, memory=_LESS * float(one.memory.total))


def _by_devices(search: Search, within: Limits) -> Iterator[Alternative]:
    near: Plan | None = None
    for _ in range(_LONGEST):
        within = replace(within, devices=within.devices // 2)
        one = _best(search, within, near) if within.devices else None
        if one is None:
            return
        yield one
        near = replace(one.plan, data_parallel=max(1, int(one.plan.data_parallel) // 2))


def _best(search: Search, within: Limits, near: Plan | None) -> Alternative | None:
    """The fastest plan; a plan that is nearly as good shortens the search."""
    (found,) = search.best_of_each([Question(batch=search.space.batch, limits=within, near=near)])
    return alternative(search, found.best[0]) if found.best else None


def _dominates(one: Alternative, other: Alternative) -> bool:
    """Whether ``one`` is as good as ``other`` in everything; of two equal ones the first stays."""
    return all(a >= b for a, b in zip(_goods(one), _goods(other), strict=True))


def _goods(one: Alternative) -> tuple[float, ...]:
    """What more of is better: speed, memory left free, devices left free, tokens for the energy and cost."""
    speed, devices = float(one.estimate.tokens_per_second), float(one.plan.num_devices)
    return speed, -float(one.memory.total), -devices, speed / devices
