"""The best plan of each split over tensor, pipeline and expert parallelism, beside the best of all."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from lindos.planning import Choice, alternative
from lindos.problem.plan import Plan
from lindos.study.search.option import Option
from lindos.study.search.runs import Planned, Run

#: Fields of a plan in which the compared plans differ.
SPLIT = ("tensor_parallel", "pipeline_parallel", "expert_parallel")


class Compared(NamedTuple):
    """The best plan of a split, and the number of other plans of the split that are about as good."""

    planned: Planned
    num_variants: int | None  # None if the search has not listed the split


def compared(option: Option, best: Choice) -> tuple[Compared, ...]:
    """Search for the best plan of each split on at most as many devices as the best of all, which comes first.

    Plans of a split differ in what moves their time little: micro-batches, chunks, sharding, a few replicas. If the
    user fixed the split, all plans are compared.

    Parameters
    ----------
    option
        Option of a search; its question says how many plans it shows.
    best
        The best plan.
    """
    question, search = option.question, option.search
    kind = SPLIT if any(name not in search.space.fixed for name in SPLIT) else ()
    tally = search.best(
        replace(option.limits_with_headroom, devices=int(best.plan.num_devices)),
        minimise="time" if question.objective == "devices" else question.objective,
        top=question.top,
        kind=kind,
        warm_start=best.plan,
    )
    plans = [alternative(search, ranked) for ranked in tally.best if not _is_alike(ranked.plan, best.plan, kind)]
    plans = [plan for plan in plans if option.keeps(plan)]
    plans.sort(key=lambda plan: _place(option, option.run(plan)))
    shown: list[Planned] = [best, *plans]
    return tuple(Compared(plan, tally.num_variants(plan.plan)) for plan in shown[: question.top])


def _is_alike(first: Plan, second: Plan, kind: Sequence[str]) -> bool:
    """Tell whether two plans have the same split, or are the same plan if all of it is fixed."""
    return all(getattr(first, name) == getattr(second, name) for name in kind) if kind else first == second


def _place(option: Option, run: Run) -> float:
    """Get the number by which runs are ranked; zero for all if there is no run, which keeps the order of steps."""
    duration = run.duration or 0.0
    return duration * run.devices if option.question.objective == "device_time" else duration
