"""What a search is asked, and what it found: the best plans, and what became of the others."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from lindos.planning.space import one
from lindos.problem.plan import Plan
from lindos.quantities import Bytes, TokensPerSecond
from lindos.step.feasibility import Reason

#: What "best" may mean: most tokens a second; most tokens a second and device, which is least device time, energy and
#: cost; or fewest devices, and of these most tokens a second.
OBJECTIVES = ("time", "device_time", "devices")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a plan must keep to."""

    memory: Bytes
    devices: int
    speed: TokensPerSecond = 0.0  # at least
    speed_per_device: TokensPerSecond = 0.0  # at least


class Ranked(NamedTuple):
    """A plan that holds, with what it is sorted by."""

    score: float  # the larger the better
    order: tuple[float, ...]  # of equal ones the plan of fewer devices, then of lower degrees
    plan: Plan
    batch: int


def ranked(plan: Plan, batch: int, score: float) -> Ranked:
    """A plan of plain numbers with its place."""
    return Ranked(score, (float(plan.num_devices), *(float(getattr(plan, name)) for name in _FIELDS)), plan, batch)


_FIELDS = tuple(Plan.__dataclass_fields__)


@dataclass(slots=True, kw_only=True)
class Found:
    """The best plans in order, and counts of the others; parts of a search are added up."""

    top: int = 1
    floor: float = -np.inf  # score that the best are known to reach
    best: list[Ranked] = field(default_factory=list)
    num_candidates: int = 0  # combinations of the axes
    num_weighed: int = 0  # of these evaluated in full, and holding
    rejected: Counter[Reason] = field(default_factory=Counter)
    nearest: dict[Reason, tuple[float, Plan, int]] = field(default_factory=dict)  # least short of holding

    @property
    def bar(self) -> float:
        """Score that a plan needs to be among the best."""
        return self.best[-1].score if len(self.best) == self.top else self.floor

    @property
    def num_slower(self) -> int:
        """Plans set aside because no plan like them can be among the best."""
        return self.num_candidates - self.num_weighed - self.rejected.total()

    def reject(
        self, reason: Reason, count: int, short: Any = None, plan: Plan | None = None, batch: Any = None
    ) -> None:
        """Note that ``count`` plans fell for ``reason``; of ``plan`` the one that is least ``short`` is kept."""
        if not count:
            return
        self.rejected[reason] += count
        if plan is None:
            return
        index = int(np.argmin(short))
        least = float(np.asarray(short)[index])
        if reason not in self.nearest or least < self.nearest[reason][0]:
            self.nearest[reason] = least, one(plan, index), int(batch[index])

    def rank(self, plan: Plan, batch: Any, score: Any) -> None:
        """Put the best of some plans that hold among the best."""
        good = np.flatnonzero((score >= self.bar) & (score > -np.inf))
        if len(good) > self.top:
            last = np.partition(-score[good], self.top - 1)[self.top - 1]
            good = good[-score[good] <= last]
        new = [ranked(one(plan, int(i)), int(batch[i]), float(score[i])) for i in good]
        self._keep(new)

    def add(self, part: "Found") -> None:
        """Add what a part of the search found."""
        self.num_weighed += part.num_weighed
        self.rejected.update(part.rejected)
        for reason, near in part.nearest.items():
            if reason not in self.nearest or near[0] < self.nearest[reason][0]:
                self.nearest[reason] = near
        self._keep(part.best)

    def _keep(self, new: list[Ranked]) -> None:
        self.best = sorted([*self.best, *new], key=lambda one: (-one.score, one.order))[: self.top]
