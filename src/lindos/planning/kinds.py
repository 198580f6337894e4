"""Pools of one kind of device and network asked together: what differs is how many devices and sequences they have."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, NamedTuple

import numpy as np

from lindos.planning.hunt import Question
from lindos.planning.levelling import Times
from lindos.planning.one_pool import Choice, choice_of, easy, limits
from lindos.planning.ranking import Found, Limits, Ranked
from lindos.planning.refusals import Refusal, refusal
from lindos.planning.search import Search
from lindos.planning.space import Batch
from lindos.problem.cluster import Pool
from lindos.problem.job import Job
from lindos.problem.plan import Plan
from lindos.step.assumptions import Assumptions
from lindos.step.cluster import PoolStep
from lindos.step.estimate import estimate
from lindos.step.feasibility import fewest_micro_batches
from lindos.step.memory import memory
from lindos.step.tile_cache import picked

#: Micro-batches more or fewer than its share that a pool may be given to finish with the others.
_AROUND = 3


class Share(NamedTuple):
    """Sequences for one pool: at most so many, or at least where rounded up, planned near a plan that is known."""

    pool: int
    size: int
    round_up: bool
    near: Plan | None


class Option(NamedTuple):
    """The best plan of a pool for its share, its tokens per second, and the search that led to it."""

    share: Share
    ranked: Ranked
    speed: float
    search: Search
    found: Found

    @property
    def plan(self) -> Plan:
        """The plan, in plain numbers."""
        return self.ranked.plan


class Refused(NamedTuple):
    """A share that no plan of its pool can do; why is found out only where somebody asks."""

    search: Search
    limits: Limits
    found: Found

    def error(self) -> Refusal:
        """The reason."""
        return refusal(self.search, self.limits, self.found)


class Kinds:
    """The pools of a cluster, those of one kind searched in one pass."""

    def __init__(self, job: Job, pools: Sequence[Pool], fixed: Mapping[str, int], assumptions: Assumptions) -> None:
        """Sort the pools; nothing is evaluated yet."""
        self.job, self.pools, self.fixed, self.assumptions = job, pools, fixed, assumptions
        #: Sequences that degrees which are fixed need in every pool.
        self.fewest = fixed.get("data_parallel", 1) * fixed.get("micro_batch_size", 1)
        self.kind: list[int] = []
        self.models: list[Pool] = []  # of each kind the largest pool
        for pool in pools:
            alike = [index for index, model in enumerate(self.models) if are_alike(pool, model)]
            if not alike:
                self.models.append(pool)
            self.kind.append(alike[0] if alike else len(self.models) - 1)
            if pool.num_devices > self.models[self.kind[-1]].num_devices:
                self.models[self.kind[-1]] = pool
        free = Batch(size=1, is_free=True)
        self.searches = [Search(job, model, free, fixed, assumptions) for model in self.models]

    def options(self, shares: Sequence[Share]) -> list[Option | Refused]:
        """The best plan of every share, or why there is none."""
        answers: dict[int, Option | Refused] = {}
        for kind, search in enumerate(self.searches):
            numbers = [number for number, share in enumerate(shares) if self.kind[share.pool] == kind]
            answers.update(zip(numbers, self._options(search, [shares[number] for number in numbers]), strict=True))
        return [answers[number] for number in range(len(shares))]

    def _options(self, search: Search, shares: Sequence[Share]) -> list[Option | Refused]:
        """Plans that leave some memory free go first, as in :func:`lindos.planning.one_pool.choice`."""
        questions = [self._question(share) for share in shares]
        found = search.best_of_each([replace(q, limits=easy(q.limits, self.assumptions)) for q in questions])
        missing = [number for number, part in enumerate(found) if not part.best]
        for number, part in zip(missing, search.best_of_each([questions[number] for number in missing]), strict=True):
            found[number] = part
        held = [number for number, part in enumerate(found) if part.best]
        plans = [found[number].best[0] for number in held]
        speeds = dict(zip(held, self._evaluated(search.pool, plans).tokens_per_second, strict=True)) if held else {}
        answers: list[Option | Refused] = []
        for number, (share, question, part) in enumerate(zip(shares, questions, found, strict=True)):
            own = search.of_batch(question.batch)
            if part.best:
                answers.append(Option(share, part.best[0], float(speeds[number]), own, part))
            else:
                answers.append(Refused(own, question.limits, part))
        return answers

    def _question(self, share: Share) -> Question:
        batch = Batch(size=share.size, is_free=True, round_up=share.round_up)
        return Question(batch=batch, limits=limits(self.pools[share.pool]), near=share.near)

    def _evaluated(self, pool: Pool, plans: Sequence[Ranked]) -> Any:
        sizes = np.asarray([float(ranked.batch) for ranked in plans])
        return estimate(
            self.job,
            pool,
            stacked(ranked.plan for ranked in plans),
            global_batch_size=sizes,
            assumptions=self.assumptions,
        )

    def choice(self, option: Option) -> Choice:
        """The plan of an option with all that it was weighed against."""
        pool = self.pools[option.share.pool]
        return choice_of(option.search, option.found, [option.ranked], num_devices=pool.num_devices)

    def times(self, options: Sequence[Option], wanted: Sequence[float]) -> list[Times]:
        """Step times of plans at the least batch that each can run, and at batches around the one it should get."""
        sizes = [self._sizes(option.plan, float(share)) for option, share in zip(options, wanted, strict=True)]
        rows = [(number, size) for number, part in enumerate(sizes) for size in part]
        tables: list[dict[int, float]] = [{} for _ in options]
        for kind, search in enumerate(self.searches):
            mine = [(number, size) for number, size in rows if self.kind[options[number].share.pool] == kind]
            if not mine:
                continue
            plan = stacked(options[number].plan for number, _ in mine)
            batch = np.asarray([float(size) for _, size in mine])
            time = estimate(self.job, search.pool, plan, global_batch_size=batch, assumptions=self.assumptions).time
            for (number, size), seconds in zip(mine, np.asarray(time), strict=True):
                tables[number][size] = float(seconds)
        return list(tables)

    @staticmethod
    def _sizes(plan: Plan, wanted: float) -> list[int]:
        p = int(plan.pipeline_parallel)
        unit = int(plan.data_parallel * plan.micro_batch_size) * (p if plan.virtual_stages > 1 else 1)
        least = int(fewest_micro_batches(plan.schedule, p))
        middle = max(least, round(wanted / unit))
        counts = {least, *range(max(least, middle - _AROUND), middle + _AROUND + 1)}
        return [unit * count for count in sorted(counts)]

    def steps(self, options: Sequence[Option], sizes: Sequence[int]) -> list[PoolStep]:
        """The part of a step that every option does of so many sequences."""
        answers: dict[int, PoolStep] = {}
        for kind, search in enumerate(self.searches):
            numbers = [number for number, option in enumerate(options) if self.kind[option.share.pool] == kind]
            if not numbers:
                continue
            plan = stacked(options[number].plan for number in numbers)
            batch = np.asarray([float(sizes[number]) for number in numbers])
            step = estimate(self.job, search.pool, plan, global_batch_size=batch, assumptions=self.assumptions)
            needed = memory(self.job, search.pool, plan, global_batch_size=batch, assumptions=self.assumptions)
            for row, number in enumerate(numbers):
                pool = self.pools[options[number].share.pool]
                answers[number] = PoolStep(
                    name=pool.name,
                    plan=options[number].plan,
                    global_batch_size=sizes[number],
                    num_devices=pool.num_devices,
                    idle_devices=pool.num_devices - int(options[number].plan.num_devices),
                    estimate=picked(step, row),
                    memory=picked(needed, row),
                )
        return [answers[number] for number in range(len(options))]


def stacked(plans: Iterable[Plan]) -> Plan:
    """Plans in plain numbers as one plan of arrays."""
    rows = list(plans)
    return Plan(**{f.name: np.asarray([float(getattr(plan, f.name)) for plan in rows]) for f in fields(Plan)})


def are_alike(first: Pool, second: Pool) -> bool:
    """Whether plans take the same time in both: all is equal but the number of devices, which the last tier joins."""
    same = all(getattr(first, name) == getattr(second, name) for name in ("accelerator", "kernels", "system", "fabric"))
    inner = first.tiers[:-1] == second.tiers[:-1] and len(first.tiers) > 1
    return same and inner and replace(first.tiers[-1], size=1) == replace(second.tiers[-1], size=1)
