"""The plan whose run takes least GPU time, its spares included: the cheapest, and that of least energy."""

from dataclasses import replace
from typing import NamedTuple

from lindos.planning import Choice, Limits, Search
from lindos.planning.one_pool import alternative, choice_of
from lindos.planning.ranking import Tally
from lindos.study.search.question import Question
from lindos.study.search.runs import Planned, Run, Runs
from lindos.study.search.spares import keeps, staffed

#: Largest number of rounds in which the goodput of a run sets the limits of the next search.
_ROUNDS = 12
#: Part of the devices by which the next search has fewer.
_PART = 32


class _Ranked(NamedTuple):
    """Plans of one search that keep to the limits, by GPU time, and the least of it; the best goodput of all."""

    choice: Choice | None
    device_time: float
    goodput: float


def cheapest(search: Search, runs: Runs, question: Question, limits: Limits, tokens: float) -> Choice | None:
    """Search for the plans of least GPU time that keep to the limits; None if no plan does.

    A run takes longer than its steps, so that the goodput of a plan is put back into the limits of its step until the
    run keeps to those of the question.

    Parameters
    ----------
    search
        Space with its splits.
    runs
        Runs on clusters of the pool's devices.
    question
        Limits of the run.
    limits
        Limits of a plan; as many devices as the cluster may have.
    tokens
        Tokens of the run.
    """
    goodput = 1.0
    for _ in range(_ROUNDS):
        within = _of_step(runs, question, limits, tokens, goodput)
        best = _ranked(search, runs, question, within, limits.devices)
        if best is None:
            return None
        if best.choice is not None:
            return _with_fewer(search, runs, question, within, best)
        if not best.goodput:
            return None
        goodput = min(best.goodput, goodput * (1 - 1e-3))
    return None


def _with_fewer(search: Search, runs: Runs, question: Question, limits: Limits, best: _Ranked) -> Choice | None:
    """Search on fewer and fewer devices as long as that saves GPU time.

    For a free batch the numbers of replicas in the space are sparse far below the number of devices. A search on fewer
    devices has all numbers close to it.
    """
    most = limits.devices
    while search.space.batch.is_free and best.choice is not None:
        used = int(best.choice.plan.num_devices)
        fewer = replace(limits, devices=used - max(1, used // _PART))
        smaller = _ranked(search, runs, question, fewer, most) if fewer.devices else None
        if smaller is None or smaller.device_time >= best.device_time:
            break
        best = smaller
    return best.choice


def _of_step(runs: Runs, question: Question, limits: Limits, tokens: float, goodput: float) -> Limits:
    """Get the limits on a step from those on the run; an unknown part of the cost counts as nothing."""
    speed = 0.0 if question.deadline is None else tokens / (question.deadline * goodput)
    cost = runs.site(limits.devices).device_cost
    has_budget = question.budget is not None and cost is not None
    per_device = tokens * float(cost or 0.0) / ((question.budget or 1.0) * goodput) if has_budget else 0.0
    return replace(limits, speed=speed, speed_per_device=per_device)


def _ranked(search: Search, runs: Runs, question: Question, limits: Limits, most: int) -> _Ranked | None:
    """Rank the plans of a step by the GPU time of their runs; None if there are none."""
    tally: Tally = search.best(limits, minimise="device_time", top=question.top)
    if not tally.best:
        return None
    planned = [alternative(search, ranked) for ranked in tally.best]
    made = [_run(runs, question, plan, most) for plan in planned]
    good = [number for number, run in enumerate(made) if keeps(question, run)]
    good.sort(key=lambda number: _device_time(made[number]))
    goodput = max((run.goodput or 0.0 for run in made), default=0.0)
    if not good:
        return _Ranked(None, float("inf"), goodput)
    choice = choice_of(search, tally, [tally.best[number] for number in good])
    return _Ranked(choice, _device_time(made[good[0]]), goodput)


def _run(runs: Runs, question: Question, planned: Planned, most: int) -> Run:
    working = int(planned.plan.num_devices)
    return staffed(question, lambda devices: runs.run(planned, devices), working, runs.unit(planned), most)


def _device_time(run: Run) -> float:
    return run.devices * (run.duration or 0.0)
