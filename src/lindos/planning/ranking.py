"""Limits and results of a search: the best plans, and counts of the rejected ones."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from lindos.planning.space import candidate
from lindos.problem.plan import Plan
from lindos.quantities import Bytes, TokensPerSecond
from lindos.step.feasibility import Reason

#: Objectives of a search: most tokens per second; most tokens per second and device, which is the least device time,
#: energy and cost; or fewest devices, with ties decided by tokens per second.
OBJECTIVES = ("time", "device_time", "devices")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of a plan."""

    memory: Bytes  # largest, of a device
    devices: int  # largest number
    fewest_devices: int = 0  # smallest number
    speed: TokensPerSecond = 0.0  # smallest
    speed_per_device: TokensPerSecond = 0.0  # smallest


class Ranked(NamedTuple):
    """A feasible plan with its sort keys."""

    score: float  # the larger the better
    order: tuple[float, ...]  # ties go to the plan with fewer devices, then lower degrees
    plan: Plan
    batch: int


def ranked(plan: Plan, batch: int, score: float) -> Ranked:
    """Make the sort keys of a plan.

    Parameters
    ----------
    plan
        One plan of plain numbers.
    batch
        Sequences of a step.
    score
        Value to maximise; its unit depends on the objective.
    """
    return Ranked(score, (float(plan.num_devices), *(float(getattr(plan, name)) for name in _FIELDS)), plan, batch)


_FIELDS = tuple(Plan.__dataclass_fields__)
#: Relative difference in score up to which a plan is a variant of the best plan of its kind.
NEAR = 0.01


@dataclass(slots=True, kw_only=True)
class Tally:
    """The best plans in order, and counts of the others; tallies of parts of a search can be added.

    If ``kind`` names fields of a plan, only the best plan of each combination of their values is in the list.
    """

    top: int = 1
    kind: tuple[str, ...] = ()
    variants: dict[tuple[float, ...], Any] = field(default_factory=dict)  # scores near the best of its kind, by kind
    floor: float = -np.inf  # lower bound on the scores of the best plans
    best: list[Ranked] = field(default_factory=list)
    num_candidates: int = 0  # combinations of the axes
    num_weighed: int = 0  # feasible plans that were evaluated in full
    rejected: Counter[Reason] = field(default_factory=Counter)
    nearest: dict[Reason, tuple[float, Plan, int]] = field(default_factory=dict)  # closest to feasible, by reason

    @property
    def bar(self) -> float:
        """Smallest score of a plan that counts: that of the last among the best plans, or near it."""
        if len(self.best) < self.top:
            return self.floor
        return self.best[-1].score * (1 - NEAR) if self.kind else self.best[-1].score

    @property
    def num_slower(self) -> int:
        """Plans skipped because a bound proves that they are not among the best."""
        return self.num_candidates - self.num_weighed - self.rejected.total()

    def reject(
        self, reason: Reason, count: int, short: Any = None, plan: Plan | None = None, batch: Any = None
    ) -> None:
        """Count rejected plans.

        Parameters
        ----------
        reason
            Reason of the rejection.
        count
            Number of plans.
        short
            Lack of each plan, in the unit of the reason.
        plan
            Plans of arrays; the one with the smallest lack is recorded as the nearest.
        batch
            Sequences of a step of each plan.
        """
        if not count:
            return
        self.rejected[reason] += count
        if plan is None:
            return
        index = int(np.argmin(short))
        least = float(np.asarray(short)[index])
        if reason not in self.nearest or least < self.nearest[reason][0]:
            self.nearest[reason] = least, candidate(plan, index), int(batch[index])

    def rank(self, plan: Plan, batch: Any, score: Any) -> None:
        """Merge feasible plans into the best plans by their scores."""
        good = np.flatnonzero((score >= self.bar) & (score > -np.inf))
        if self.kind:
            good = self._best_of_kinds(plan, score, good)
        elif len(good) > self.top:
            last = np.partition(-score[good], self.top - 1)[self.top - 1]
            good = good[-score[good] <= last]
        new = [ranked(candidate(plan, int(i)), int(batch[i]), float(score[i])) for i in good]
        self._keep(new)

    def _best_of_kinds(self, plan: Plan, score: Any, good: Any) -> Any:
        """Get the best plans of each kind, and note the scores of their variants."""
        columns = [np.broadcast_to(getattr(plan, name), np.shape(score))[good] for name in self.kind]
        kinds, place = np.unique(np.stack(columns), axis=1, return_inverse=True)
        best: list[Any] = []
        for number, values in enumerate(kinds.T):
            rows = good[place == number]
            self._note_variants(tuple(values.tolist()), score[rows])
            best.append(rows[score[rows] == score[rows].max()])
        return np.concatenate(best) if best else good

    def _note_variants(self, values: tuple[float, ...], score: Any) -> None:
        every = np.concatenate([self.variants.get(values, score[:0]), score])
        self.variants[values] = every[every >= every.max() * (1 - NEAR)]

    def num_variants(self, plan: Plan) -> int | None:
        """Count the other plans of a plan's kind whose scores are near the best of it; None if the kind is not listed.

        Parameters
        ----------
        plan
            Any plan.
        """
        values = self._kind_of(plan)
        is_listed = any(self._kind_of(ranked.plan) == values for ranked in self.best)
        return len(self.variants[values]) - 1 if self.kind and is_listed else None

    def _kind_of(self, plan: Plan) -> tuple[float, ...]:
        return tuple(float(getattr(plan, name)) for name in self.kind)

    def add(self, part: "Tally") -> None:
        """Add the tally of another part of the search."""
        self.num_weighed += part.num_weighed
        self.rejected.update(part.rejected)
        for reason, closest in part.nearest.items():
            if reason not in self.nearest or closest[0] < self.nearest[reason][0]:
                self.nearest[reason] = closest
        for values, score in part.variants.items():
            self._note_variants(values, score)
        self._keep(part.best)

    def _keep(self, new: list[Ranked]) -> None:
        best = sorted([*self.best, *new], key=lambda candidate: (-candidate.score, candidate.order))
        if self.kind:
            first: dict[tuple[float, ...], Ranked] = {}
            for candidate_plan in best:
                first.setdefault(self._kind_of(candidate_plan.plan), candidate_plan)
            best = list(first.values())
        self.best = best[: self.top]
