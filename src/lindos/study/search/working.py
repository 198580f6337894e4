"""How many of a cluster's devices work and how many stand by as spares: the best division of all.

More devices at work make steps faster and failures more frequent; more spares make failures cheaper. The search divides
the numbers of working devices into intervals. The fastest plan on at most ``n`` devices bounds the speed of every plan
in an interval that ends at ``n``, and a run at that speed with the failures of the interval's fewest devices bounds its
runs. Intervals are looked at in the order of this bound, until none can hold a better run.
"""

import heapq
from dataclasses import replace
from typing import NamedTuple

from lindos.planning import Choice, Limits, Search
from lindos.planning.one_pool import alternative, choice_of
from lindos.planning.ranking import Tally
from lindos.study.search.question import CANDIDATES, OF_RUNS, Question
from lindos.study.search.runs import Planned, Run, Runs
from lindos.study.search.spares import keeps, staffed

#: Relative difference of two runs below which the faster one is not searched for, without and under a budget.
_TOLERANCE, _ROUGH = 1e-3, 1e-2
#: Relative difference of two runs above which plans that are nearly as fast are not looked at.
_NEAR = 0.03
#: Room above the expected number of working devices.
_MARGIN = 1.01


class _Interval(NamedTuple):
    """Numbers of working devices, in the order of the bound on their runs."""

    bound: tuple[float, float]
    least: int
    most: int


class Division:
    """Search for the best division of one pool's devices into working devices and spares."""

    def __init__(self, search: Search, runs: Runs, question: Question, limits: Limits) -> None:
        """Store what is asked; nothing is evaluated yet.

        Parameters
        ----------
        search
            Space with its splits.
        runs
            Runs on clusters of the pool's devices.
        question
            What is minimised (``time`` or ``devices``), and limits of the run.
        limits
            Limits of a plan; as many devices as the cluster may have.
        """
        self.search, self.runs, self.question, self.limits = search, runs, question, limits
        self.tokens: float = 0.0
        self.best: tuple[float, float] = (float("inf"), float("inf"))
        self.choice: Choice | None = None
        self._seen: dict[tuple[object, int], Run] = {}

    def solve(self, tokens: float, *, first: bool = False) -> Choice | None:
        """Find the best plan that keeps to the limits of the question; None if there is none.

        Parameters
        ----------
        tokens
            Tokens of the run.
        first
            Whether any plan that keeps to the limits will do.
        """
        self.tokens = tokens
        fastest_pace = float(self.search.ground.speed_per_device.max(initial=0.0))
        if not fastest_pace:
            return None
        least = 1 if self.question.deadline is None else int(tokens / self.question.deadline / fastest_pace)
        intervals = [_Interval((0.0, 0.0), max(1, least), self.limits.devices)]
        while intervals:
            interval = heapq.heappop(intervals)
            if not self._may_be_better(interval.bound) or (first and self.choice is not None):
                break
            for part in self._divided(interval):
                heapq.heappush(intervals, part)
        return self.choice

    def run(self, planned: Planned) -> Run:
        """Estimate the run under a plan with the spares that suit the question best.

        Parameters
        ----------
        planned
            The plan.
        """
        key = planned.plan, planned.global_batch_size
        if key not in self._seen:
            unit, working = self.runs.unit(planned), int(planned.plan.num_devices)
            self._seen[key] = staffed(
                self.question, lambda devices: self.runs.run(planned, devices), working, unit, self.limits.devices
            )
        return self._seen[key]

    def _divided(self, interval: _Interval) -> list[_Interval]:
        """Evaluate the fastest plans of an interval, and divide what is left of it."""
        tally = self._fastest(interval.most)
        if not tally.best:
            return []
        fastest = alternative(self.search, tally.best[0])
        run = self.run(fastest)
        if self.choice is None or self._is_near(run):
            self._take(tally)
        used = int(fastest.plan.num_devices)
        if used <= interval.least:
            return []
        middle = self._expected(fastest)
        if not interval.least <= middle < used - 1:
            middle = (interval.least + used - 1) // 2
        parts = [(interval.least, middle), (middle + 1, used - 1)] if middle < used - 1 else [(interval.least, middle)]
        bounded = [_Interval(self._bound(fastest, least), least, most) for least, most in parts]
        return [part for part in bounded if self._may_be_better(part.bound)]

    def _fastest(self, devices: int) -> Tally:
        """Search for the fastest plans on at most so many devices, among those that can be fast enough at all."""
        longest = min(self.question.deadline or float("inf"), self.best[1] if self._is_time else float("inf"))
        limits = replace(self.limits, devices=devices, speed=self.tokens / longest)
        return self.search.best(limits, top=CANDIDATES, kind=OF_RUNS)

    @property
    def _is_time(self) -> bool:
        return self.question.objective == "time"

    def _is_near(self, run: Run) -> bool:
        """Tell whether a run comes near the best: another plan that is nearly as fast may then be better."""
        place = 1 if self._is_time else 0
        return self._value(run)[place] <= self.best[place] * (1 + _NEAR)

    def _take(self, tally: Tally) -> None:
        """Take the best of an interval's plans if it is the best so far."""
        made = [self.run(alternative(self.search, ranked)) for ranked in tally.best]
        good = [number for number, run in enumerate(made) if keeps(self.question, run)]
        good.sort(key=lambda number: self._value(made[number]))
        if good and self._value(made[good[0]]) < self.best:
            self.best = self._value(made[good[0]])
            self.choice = choice_of(self.search, tally, [tally.best[good[0]]])

    def _value(self, run: Run) -> tuple[float, float]:
        """Get numbers that are smaller for the better run, the last its duration."""
        duration = float("inf") if run.duration is None else run.duration
        return (0.0 if self._is_time else float(run.devices), duration)

    def _may_be_better(self, bound: tuple[float, float]) -> bool:
        shorter = self.best[1] * (1 - (_TOLERANCE if self.question.budget is None else _ROUGH))
        return bound < self.best and (bound[0] < self.best[0] or bound[1] < shorter)

    def _bound(self, fastest: Planned, least: int) -> tuple[float, float]:
        """Bound the runs of plans on at least so many devices that are no faster than a plan."""
        run = staffed(
            self.question,
            lambda devices: self.runs.at_best(fastest, least, devices),
            least,
            self.runs.least_unit(fastest),
            self.limits.devices,
        )
        return self._value(run) if keeps(self.question, run) else (float("inf"), float("inf"))

    def _expected(self, fastest: Planned) -> int:
        """Guess how many devices work in the best division, from the spares and the goodput of a plan."""
        used, spares = int(fastest.plan.num_devices), self.runs.spares_wanted(fastest)
        if self._is_time:
            return self.limits.devices - spares
        run = self.runs.run(fastest, used + spares)
        if self.question.deadline is None or run.goodput is None:
            return 0
        needed = self.tokens / (self.question.deadline * run.goodput)
        return int(used * needed / float(fastest.estimate.tokens_per_second) * _MARGIN)
