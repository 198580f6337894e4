"""The best plans of the whole space, found without evaluating all of it.

Branch and bound over nested loops (:mod:`lindos.planning.space`). Plans are set aside only where it is proved that
none of them belongs among the best:

* no plan of a *split* takes less device time for a sequence than its micro-batch does in kernels and in collectives
  that stay visible (:mod:`lindos.step.micro_batch`);
* no plan of a *pair* (a split with a number of stages) takes less time than its part of the batch on as many replicas
  as fit, and the smallest bubble of any schedule;
* no plan of a *node* (a pair with a number of micro-batches) takes less time than these micro-batches one after the
  other on its fullest stage and the smallest bubble, or less than :func:`lindos.step.memory.least_memory`;
* no sharding makes a plan faster than :func:`lindos.step.estimate.least_time`.

Bounds stand in :mod:`lindos.planning.ground`, the loop over them in :mod:`lindos.planning.hunt`. Memory is bounded by
the pairs that are held at a time, whatever the size of the space.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from lindos.errors import InputError
from lindos.planning.ground import Ground
from lindos.planning.hunt import Hunt, Question
from lindos.planning.ranking import Found, Limits
from lindos.planning.space import Batch, Space, space
from lindos.problem.cluster import Pool
from lindos.problem.job import Job
from lindos.problem.software import check_software
from lindos.step.assumptions import Assumptions
from lindos.step.micro_batch import MicroBatch


class Search:
    """A space with its splits evaluated; `best` may then be asked again and again under other limits."""

    def __init__(
        self,
        job: Job,
        pool: Pool,
        batch: Batch,
        fixed: Mapping[str, int],
        assumptions: Assumptions,
        ground: Ground | None = None,
    ) -> None:
        """Lay out the space; ``ground`` is that of a search that differs in the batch alone, if there was one."""
        self.job, self.pool, self.assumptions = job, pool, assumptions
        if ground is None:
            check_software(job, fixed)
            self.space: Space = space(job, pool.num_devices, pool.tiers[0].size, batch, fixed)
            self.ground = Ground(job, pool, self.space, assumptions)
        else:
            self.space, self.ground = replace(ground.space, batch=batch), ground
        #: Sequences that count at most: what a batch is rounded up by is done for nothing.
        self.counted = float(batch.size) if batch.is_free and batch.round_up else np.inf

    def of_batch(self, batch: Batch) -> "Search":
        """The same search for another batch."""
        shares = batch.is_free and self.space.batch.is_free
        return Search(
            self.job, self.pool, batch, self.space.fixed, self.assumptions, ground=self.ground if shares else None
        )

    @property
    def codes(self) -> Any:
        """Reasons for which splits alone do not hold."""
        return self.ground.codes

    @property
    def micro(self) -> MicroBatch:
        """One micro-batch of every split."""
        return self.ground.micro

    def best(self, limits: Limits, *, minimise: str = "time", top: int = 1, floor: float = -np.inf) -> Found:
        """The first ``top`` plans by ``minimise``, one of `OBJECTIVES`, that keep to ``limits``.

        Plans whose score is below ``floor`` are not looked for.
        """
        return self.best_of_each([Question(batch=self.space.batch, limits=limits, floor=floor)], minimise, top)[0]

    def best_of_each(self, questions: Sequence[Question], minimise: str = "time", top: int = 1) -> list[Found]:
        """What `best` finds for several questions, in one pass.

        Several questions minimise time over free batches: of these the space is the same.
        """
        if top < 1:
            raise InputError("top", top, "at least 1")
        if not questions:
            return []
        alike = minimise == "time" and all(question.batch.is_free for question in questions)
        if len(questions) > 1 and not alike:
            return [self.of_batch(question.batch).best_of_each([question], minimise, top)[0] for question in questions]
        return Hunt(self.ground, questions, minimise, top).run()
