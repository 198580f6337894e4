"""Search for the best plans of the whole space without evaluating all of it.

The method is branch and bound over nested loops (:mod:`lindos.planning.space`). The search skips plans only if a bound
proves that none of them is among the best:

* no plan of a *split* takes less device time for a sequence than its micro-batch does in kernels and in collectives
  that compute does not hide (:mod:`lindos.step.micro_batch`);
* no plan of a *pair* (a split with a number of stages) takes less time than its part of the batch on as many replicas
  as fit, and the smallest bubble of any schedule;
* no plan of a *node* (a pair with a number of micro-batches) takes less time than these micro-batches one after the
  other on its fullest stage and the smallest bubble, or less memory than :func:`lindos.step.memory.least_memory`;
* no sharding makes a plan faster than :func:`lindos.step.estimate.least_time`;
* no plan is faster than :func:`lindos.step.estimate.sharded_time`, whatever its memory: only plans that this leaves
  among the best are weighed.

:mod:`lindos.planning.ground` computes the bounds, :mod:`lindos.planning.hunt` loops over them. The memory of a search
depends on the number of pairs in one round, not on the size of the space.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from lindos.errors import InputError
from lindos.planning.ground import Ground
from lindos.planning.hunt import Hunt, Question
from lindos.planning.ranking import Limits, Tally
from lindos.planning.space import Batch, Space, make_space
from lindos.problem.cluster import Pool
from lindos.problem.job import Job
from lindos.problem.plan import Plan
from lindos.problem.software import check_software
from lindos.step.assumptions import Assumptions
from lindos.step.micro_batch import MicroBatch


class Search:
    """A space with its evaluated splits; `best` may be called many times under different limits."""

    def __init__(
        self,
        job: Job,
        pool: Pool,
        batch: Batch,
        fixed: Mapping[str, int],
        assumptions: Assumptions,
        ground: Ground | None = None,
    ) -> None:
        """Make the space.

        Parameters
        ----------
        job
            Model, sequence length, precision and software profile.
        pool
            Equal devices, with plain numbers.
        batch
            Sequences of a step.
        fixed
            Fields of a plan that the user set.
        assumptions
            Parameters of the catalogue.
        ground
            Ground of a search that differs in the batch alone, if there is one.
        """
        self.job, self.pool, self.assumptions = job, pool, assumptions
        if ground is None:
            check_software(job, fixed)
            self.space: Space = make_space(job, pool.num_devices, pool.tiers[0].size, batch, fixed)
            self.ground = Ground(job, pool, self.space, assumptions)
        else:
            self.space, self.ground = replace(ground.space, batch=batch), ground
        #: Largest number of sequences that count: those added by rounding up do not.
        self.counted = float(batch.size) if batch.is_free and batch.round_up else np.inf

    def of_batch(self, batch: Batch) -> "Search":
        """Make the same search for another batch."""
        shares = batch.is_free and self.space.batch.is_free
        return Search(
            self.job, self.pool, batch, self.space.fixed, self.assumptions, ground=self.ground if shares else None
        )

    @property
    def codes(self) -> Any:
        """Codes of the reasons for which splits alone are not feasible."""
        return self.ground.codes

    @property
    def micro(self) -> MicroBatch:
        """One micro-batch of every split."""
        return self.ground.micro

    def best(
        self,
        limits: Limits,
        *,
        minimise: str = "time",
        top: int = 1,
        floor: float = -np.inf,
        kind: tuple[str, ...] = (),
        warm_start: Plan | None = None,
    ) -> Tally:
        """Search for the best plans under limits.

        Parameters
        ----------
        limits
            Limits of a plan.
        minimise
            One of `OBJECTIVES`.
        top
            Number of plans.
        floor
            Plans with a score below this are skipped.
        kind
            Fields of a plan; of plans with equal values only the best is listed. Not for the fewest devices.
        warm_start
            Plan that was best under similar conditions; it changes the duration of the search, not its result.
        """
        question = Question(batch=self.space.batch, limits=limits, floor=floor, warm_start=warm_start)
        return self.best_of_each([question], minimise, top, kind)[0]

    def best_of_each(
        self, questions: Sequence[Question], minimise: str = "time", top: int = 1, kind: tuple[str, ...] = ()
    ) -> list[Tally]:
        """Search for the best plans of several questions.

        Questions that minimise time over free batches share a space and are answered in one pass, others one by one.

        Parameters
        ----------
        questions
            Batches and limits.
        minimise
            One of `OBJECTIVES`.
        top
            Number of plans of each.
        kind
            As `best`.
        """
        if top < 1:
            raise InputError("top", top, "at least 1")
        if not questions:
            return []
        is_shared = minimise == "time" and all(question.batch.is_free for question in questions)
        if len(questions) > 1 and not is_shared:
            return [
                self.of_batch(question.batch).best_of_each([question], minimise, top, kind)[0] for question in questions
            ]
        return Hunt(self.ground, questions, minimise, top, kind).run()
