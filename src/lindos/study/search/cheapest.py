"""The plan whose run takes least GPU time, its spares included: the cheapest, and that of least energy."""

from dataclasses import replace
from typing import Any, NamedTuple

from lindos.planning import Choice, Limits, Search
from lindos.planning.one_pool import alternative, choice_of
from lindos.planning.ranking import Tally
from lindos.study.search.question import CANDIDATES, OF_RUNS, Question
from lindos.study.search.runs import Planned, Run, Runs
from lindos.study.search.spares import keeps, staffed

#: Largest number of rounds in which the goodput of a run sets the limits of the next search.
_ROUNDS = 12
#: Part of the devices by which the next search in an octave has fewer.
_PART = 32


class _Ranked(NamedTuple):
    """The best plan that keeps to the limits, if any; what its run takes; and the best goodput of all plans."""

    choice: Choice | None
    value: float  # USD, J, or device-seconds where the price or the power is unknown
    goodput: float


def cheapest(search: Search, runs: Runs, question: Question, limits: Limits, tokens: float) -> Choice | None:
    """Search for the plan of least GPU time that keeps to the limits; None if no plan does.

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
        best = _best_of_octaves(search, runs, question, within, tokens)
        if best.choice is not None:
            return best.choice
        if not best.goodput:
            return None
        goodput = min(best.goodput, goodput * (1 - 1e-3))
    return None


def _best_of_octaves(search: Search, runs: Runs, question: Question, limits: Limits, tokens: float) -> _Ranked:
    """Search every octave of working devices, and compare the runs of the best plans of each.

    Small clusters take less GPU time for a step, and cannot afford spares; large ones fail more often. A run takes at
    least the GPU time of its steps, at no less than the rate of the smallest or the largest cluster of its octave. That
    bounds the plans of an octave that can be better.
    """
    best, warm_start = _Ranked(None, float("inf"), 0.0), None
    ranges = [(_power_below(most) + 1, most) for most in reversed(_octaves(limits.devices))]
    while ranges:
        fewest, most = ranges.pop()
        if most < fewest:
            continue
        rate = min(_rate(runs, question, devices) for devices in (fewest, most))
        tally = search.best(
            replace(limits, devices=most, fewest_devices=fewest),
            minimise="device_time",
            top=CANDIDATES,
            kind=OF_RUNS,
            floor=tokens * rate / best.value,
            warm_start=warm_start,
        )
        if not tally.best:
            continue
        warm_start, before = tally.best[0].plan, best.choice
        best = _better(search, runs, question, tally, limits.devices, best, tokens * rate)
        if best.choice is not None and best.choice is not before:
            # Of a free batch the space has the more numbers of replicas the closer they are to all devices.
            used = int(best.choice.plan.num_devices)
            ranges.append((fewest, used - max(1, used // _PART)))
    return best


def _octaves(devices: int) -> list[int]:
    """List the powers of two below a number, and the number itself."""
    return [2**power for power in range((devices - 1).bit_length())] + [devices]


def _power_below(number: int) -> int:
    """Get the largest power of two below a number; zero below one."""
    return 2 ** ((number - 1).bit_length() - 1) if number > 1 else 0


def _rate(runs: Runs, question: Question, devices: int) -> float:
    """Get the dollars or joules of a device and second in a cluster of so many devices; 1 if they are unknown."""
    site: Any = runs.site(devices)
    rate = site.device_cost if question.minimise == "cost" else (site.power.mean or 0.0) / devices
    return float(rate) if rate else 1.0


def _of_step(runs: Runs, question: Question, limits: Limits, tokens: float, goodput: float) -> Limits:
    """Get the limits on a step from those on the run; an unknown part of the cost counts as nothing."""
    speed = 0.0 if question.deadline is None else tokens / (question.deadline * goodput)
    cost = runs.site(limits.devices).device_cost
    has_budget = question.budget is not None and cost is not None
    per_device = tokens * float(cost or 0.0) / ((question.budget or 1.0) * goodput) if has_budget else 0.0
    return replace(limits, speed=speed, speed_per_device=per_device)


def _better(
    search: Search, runs: Runs, question: Question, tally: Tally, most: int, best: _Ranked, least: float
) -> _Ranked:
    """Get the best of some plans and the best so far; a run takes at least ``least`` over the score of its plan."""
    for ranked in tally.best:
        if least / ranked.score >= best.value:
            break
        run = _run(runs, question, alternative(search, ranked), most)
        best = best._replace(goodput=max(best.goodput, run.goodput or 0.0))
        if keeps(question, run) and _value(question, run) < best.value:
            best = _Ranked(choice_of(search, tally, [ranked]), _value(question, run), best.goodput)
    return best


def _run(runs: Runs, question: Question, planned: Planned, most: int) -> Run:
    working = int(planned.plan.num_devices)
    return staffed(question, lambda devices: runs.run(planned, devices), working, runs.unit(planned), most)


def _value(question: Question, run: Run) -> float:
    """Get what the question minimises; GPU time if it is unknown."""
    value = run.cost if question.minimise == "cost" else run.energy
    return run.devices * (run.duration or 0.0) if value is None else value
