"""How many spares a plan gets: all that there are, as few as the deadline allows, or as many as cost least."""

from collections.abc import Callable
from functools import cache

from lindos.study.search.question import Question
from lindos.study.search.runs import Run


def staffed(question: Question, run_with: Callable[[int], Run], working: int, unit: int, most: int) -> Run:
    """Choose the spares of a plan, and estimate its run with them.

    A run takes the less time the more spares there are. Its device time falls with the first spares, which save more
    than they take, and grows with further ones.

    Parameters
    ----------
    question
        What is minimised, and limits of the run.
    run_with
        Estimate of the run on a cluster of a number of devices.
    working
        Devices of the plan.
    unit
        Devices that stand in together for those that one failure takes out of service.
    most
        Largest number of devices of the cluster.

    Returns
    -------
    Run
        A run beyond the limits if no number of spares keeps to them.
    """
    count = max(0, (most - working) // unit)

    @cache
    def run(spares: int) -> Run:
        return run_with(working + spares * unit)

    if question.objective == "time" and question.budget is None:
        return run_with(max(most, working))
    longest = run(count)
    if not longest.sustained or longest.duration is None:
        return run(0)
    if not keeps_time(question, longest):
        return longest
    fewest = _first(0, count, lambda spares: keeps_time(question, run(spares)))
    if question.objective == "devices" and keeps_budget(question, run(fewest)):
        return run(fewest)
    cheapest = max(fewest, _first(0, count, lambda spares: _device_time(run(spares)) <= _device_time(run(spares + 1))))
    if question.objective == "device_time" or not keeps_budget(question, run(cheapest)):
        return run(cheapest)
    if question.objective == "devices":
        return run(_first(fewest, cheapest, lambda spares: keeps_budget(question, run(spares))))
    return run(_first(cheapest, count, lambda spares: not keeps_budget(question, run(spares + 1))))


def keeps(question: Question, run: Run) -> bool:
    """Tell whether a run keeps to all limits.

    Parameters
    ----------
    question
        Limits of the run.
    run
        The run.
    """
    return keeps_time(question, run) and keeps_budget(question, run)


def keeps_time(question: Question, run: Run) -> bool:
    """Tell whether a run ends in time, or at all where no deadline is set.

    Parameters
    ----------
    question
        Limits of the run.
    run
        The run.
    """
    return run.sustained and (
        question.deadline is None or (run.duration is not None and run.duration <= question.deadline)
    )


def keeps_budget(question: Question, run: Run) -> bool:
    """Tell whether a run costs no more than the budget; an unknown part of the cost counts as nothing.

    Parameters
    ----------
    question
        Limits of the run.
    run
        The run.
    """
    return question.budget is None or run.cost is None or run.cost <= question.budget


def _device_time(run: Run) -> float:
    return run.devices * (run.duration or 0.0)


def _first(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """Find the first number from ``low`` to ``high`` under a condition that holds for all larger ones."""
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low
