"""Pools of the same kind of device and network, searched in one pass over their devices and sequences."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, NamedTuple

import numpy as np

from lindos.planning.hunt import Question
from lindos.planning.levelling import Times
from lindos.planning.one_pool import Choice, choice_of, easy, pool_limits
from lindos.planning.ranking import Limits, Ranked, Tally
from lindos.planning.refusals import Refusal, refusal, refuse_full_memory
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

#: Largest difference, in micro-batches, between the part of a pool and its share of the batch by speed.
_MARGIN = 3


class Share(NamedTuple):
    """Sequences for one pool (largest number, or smallest if rounded up), and a plan to start the search from."""

    pool: int
    size: int
    round_up: bool
    warm_start: Plan | None


class Option(NamedTuple):
    """The best plan of a pool for its share, its tokens per second, and its search."""

    share: Share
    ranked: Ranked
    speed: float
    search: Search
    tally: Tally

    @property
    def plan(self) -> Plan:
        """The plan, in plain numbers."""
        return self.ranked.plan


class Refused(NamedTuple):
    """A share for which no plan of its pool is feasible; the error is made on demand."""

    pool: int
    search: Search
    limits: Limits
    tally: Tally

    def error(self) -> Refusal:
        """Make the error that says why."""
        return refusal(self.search, self.limits, self.tally)


class Kinds:
    """The pools of a cluster; pools of one kind are searched in one pass."""

    def __init__(self, job: Job, pools: Sequence[Pool], fixed: Mapping[str, int], assumptions: Assumptions) -> None:
        """Sort the pools by kind; nothing is evaluated yet."""
        self.job, self.pools, self.fixed, self.assumptions = job, pools, fixed, assumptions
        #: Smallest batch of a pool, in sequences, under the fixed degrees.
        self.fewest = fixed.get("data_parallel", 1) * fixed.get("micro_batch_size", 1)
        self.kind: list[int] = []
        self.models: list[Pool] = []  # the largest pool of each kind
        for pool in pools:
            matches = [index for index, model in enumerate(self.models) if are_alike(pool, model)]
            if not matches:
                self.models.append(pool)
            self.kind.append(matches[0] if matches else len(self.models) - 1)
            if pool.num_devices > self.models[self.kind[-1]].num_devices:
                self.models[self.kind[-1]] = pool
        free = Batch(size=1, is_free=True)
        self.searches = [Search(job, model, free, fixed, assumptions) for model in self.models]
        self._answers: dict[tuple[int, int, bool], Option | Refused] = {}
        self._times: dict[tuple[int, int, bool], Times] = {}

    def options(self, shares: Sequence[Share]) -> list[Option | Refused]:
        """Search the best plan of every share, in the order of the shares; equal shares are searched once."""
        wanted: dict[tuple[int, int, bool], Share] = {}
        for share in shares:
            wanted.setdefault(share[:3], share)
        for kind, search in enumerate(self.searches):
            new = [key for key in wanted if self.kind[key[0]] == kind and key not in self._answers]
            self._answers.update(zip(new, self._options(search, [wanted[key] for key in new]), strict=True))
        return [self._answers[share[:3]] for share in shares]

    def planned(self, pool: int) -> list[Option]:
        """List the best plans of a pool for all shares that were searched so far.

        Parameters
        ----------
        pool
            Index of the pool.
        """
        answers = [answer for key, answer in self._answers.items() if key[0] == pool]
        return [answer for answer in answers if isinstance(answer, Option)]

    def _options(self, search: Search, shares: Sequence[Share]) -> list[Option | Refused]:
        """Search plans that leave memory free first, as :func:`lindos.planning.one_pool.choice` does."""
        questions = [self._question(share) for share in shares]
        tallies = search.best_of_each([replace(q, limits=easy(q.limits, self.assumptions)) for q in questions])
        missing = [number for number, part in enumerate(tallies) if not part.best]
        for number, part in zip(missing, search.best_of_each([questions[number] for number in missing]), strict=True):
            if part.best:
                refuse_full_memory(search, questions[number].limits)
            tallies[number] = part
        planned = [number for number, part in enumerate(tallies) if part.best]
        plans = [tallies[number].best[0] for number in planned]
        speeds = (
            dict(zip(planned, self._evaluated(search.pool, plans).tokens_per_second, strict=True)) if planned else {}
        )
        answers: list[Option | Refused] = []
        for number, (share, question, part) in enumerate(zip(shares, questions, tallies, strict=True)):
            batch_search = search.of_batch(question.batch)
            if part.best:
                answers.append(Option(share, part.best[0], float(speeds[number]), batch_search, part))
            else:
                answers.append(Refused(share.pool, batch_search, question.limits, part))
        return answers

    def _question(self, share: Share) -> Question:
        batch = Batch(size=share.size, is_free=True, round_up=share.round_up)
        return Question(batch=batch, limits=pool_limits(self.pools[share.pool]), warm_start=share.warm_start)

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
        """Make the choice of an option, with the counts of its search."""
        pool = self.pools[option.share.pool]
        return choice_of(option.search, option.tally, [option.ranked], num_devices=pool.num_devices)

    def tables(self, options: Sequence[Sequence[Option]]) -> list[list[Times]]:
        """Compute step times of plans, in seconds, at their smallest batch and at batches around their share.

        Parameters
        ----------
        options
            Plans of each pool.
        """
        new = {option.share[:3]: option for pool in options for option in pool if option.share[:3] not in self._times}
        rows = [(key, size) for key, option in new.items() for size in self._sizes(option.plan, option.share.size)]
        tables: dict[tuple[int, int, bool], dict[int, float]] = {key: {} for key in new}
        for kind, search in enumerate(self.searches):
            selected = [(key, size) for key, size in rows if self.kind[key[0]] == kind]
            if not selected:
                continue
            plan = stacked(new[key].plan for key, _ in selected)
            batch = np.asarray([float(size) for _, size in selected])
            time = estimate(self.job, search.pool, plan, global_batch_size=batch, assumptions=self.assumptions).time
            for (key, size), seconds in zip(selected, np.asarray(time), strict=True):
                tables[key][size] = float(seconds)
        self._times.update(tables)
        return [[self._times[option.share[:3]] for option in pool] for pool in options]

    @staticmethod
    def _sizes(plan: Plan, wanted: float) -> list[int]:
        p = int(plan.pipeline_parallel)
        unit = int(plan.data_parallel * plan.micro_batch_size) * (p if plan.virtual_stages > 1 else 1)
        least = int(fewest_micro_batches(plan.schedule, p))
        middle = max(least, round(wanted / unit))
        counts = {least, *range(max(least, middle - _MARGIN), middle + _MARGIN + 1)}
        return [unit * count for count in sorted(counts)]

    def steps(self, options: Sequence[Option], sizes: Sequence[int]) -> list[PoolStep]:
        """Evaluate the part of a step of every option.

        Parameters
        ----------
        options
            Plans of pools.
        sizes
            Batch of each, in sequences.
        """
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
    """Stack plans of plain numbers into one plan of arrays.

    Parameters
    ----------
    plans
        Plans of plain numbers.
    """
    rows = list(plans)
    return Plan(**{f.name: np.asarray([float(getattr(plan, f.name)) for plan in rows]) for f in fields(Plan)})


def are_alike(first: Pool, second: Pool) -> bool:
    """Tell whether plans take the same time in both pools: they differ in nothing but the number of devices.

    Parameters
    ----------
    first, second
        Pools of equal devices; the size of the last tier may differ.
    """
    parts = ("accelerator", "kernels", "system", "fabric")
    has_equal_parts = all(getattr(first, name) == getattr(second, name) for name in parts)
    has_equal_tiers = first.tiers[:-1] == second.tiers[:-1] and len(first.tiers) > 1
    return has_equal_parts and has_equal_tiers and replace(first.tiers[-1], size=1) == replace(second.tiers[-1], size=1)
