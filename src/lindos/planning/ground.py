"""What every search of a job on one kind of device shares: micro-batches of all splits, and bounds that follow."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from lindos.formulas import pipeline
from lindos.planning.space import Space, size, taken
from lindos.problem.cluster import Pool
from lindos.problem.job import Job
from lindos.problem.plan import SPLITS, Plan, Schedule
from lindos.quantities import Seconds
from lindos.step.assumptions import Assumptions
from lindos.step.feasibility import OF_SPLITS, Reason, shape_codes
from lindos.step.layout import lay_out
from lindos.step.micro_batch import MicroBatch, job_rates, micro_batch
from lindos.step.tile_cache import joined

#: Candidates evaluated at a time: their arrays fit the second-level cache.
TILE = 32_000
#: Pairs of a split and a number of stages whose bounds are remembered: some 64 MB.
_REMEMBERED = 4_000_000


class Ground:
    """Splits of a space evaluated, and what no plan of each can beat; whatever the batch and the number of devices."""

    def __init__(self, job: Job, pool: Pool, space: Space, assumptions: Assumptions) -> None:
        """Take the axes of ``space``; nothing is evaluated yet."""
        self.job, self.pool, self.space, self.assumptions = job, pool, space, assumptions

    @cached_property
    def codes(self) -> Any:
        """Reasons for which splits alone do not hold; how many devices they take is not asked here."""
        splits = self.space.splits
        return shape_codes(self.job, 2**62, splits, splits.micro_batch_size, reasons=OF_SPLITS)

    @cached_property
    def ranks(self) -> Any:
        """Devices that one stage of a replica takes, by split."""
        return np.asarray(self.space.splits.tensor_parallel * self.space.splits.context_parallel)

    @cached_property
    def micro(self) -> MicroBatch:
        """One micro-batch of every split."""
        splits, rate = self.space.splits, job_rates(self.job, self.pool, self.assumptions)
        count = size(splits)
        parts = [taken(splits, slice(start, start + TILE // 4)) for start in range(0, count, TILE // 4)]

        def evaluated(part: Plan) -> MicroBatch:
            spread = lay_out(self.job, part, part.micro_batch_size)
            return micro_batch(self.job, self.pool, part, spread, rate, self.assumptions)

        return joined([evaluated(part) for part in parts], [size(part) for part in parts])

    @cached_property
    def passes(self) -> tuple[Any, Any]:
        """Forward and backward pass of a micro-batch of every split, experts hidden as well as any schedule hides."""
        micro = self.micro
        has_dual = bool(np.any(self.space.inner.schedule == int(Schedule.DUAL_PIPE)))
        expert = micro.expert_dual if has_dual else micro.expert
        parts = (micro.matmul, micro.attention, micro.elementwise, micro.tensor, micro.context, expert)
        return sum(part.forward for part in parts), sum(part.backward for part in parts)

    @cached_property
    def speed_per_device(self) -> Any:
        """Tokens per second and device that no plan of each split exceeds; zero where it does not hold."""
        speed = self.space.splits.micro_batch_size * self.job.sequence_length / (sum(self.passes) * self.ranks)
        return np.where(self.codes == int(Reason.OK), speed, 0.0)

    def index(self, plan: Plan) -> int | None:
        """Position of the split of a plan; None where it is not in the space or does not hold."""
        alike = self.codes == int(Reason.OK)
        for name in SPLITS:
            alike = alike & (getattr(self.space.splits, name) == getattr(plan, name))
        positions = np.flatnonzero(alike)
        return int(positions[0]) if len(positions) else None

    def pair_bounds(self, splits: Any) -> tuple[Any, Any]:
        """Stage time and bubble of some splits, a row each, under every number of stages; of many micro-batches."""
        if size(self.space.splits) * len(self.space.stages) > _REMEMBERED:
            return self._pair_bounds(splits)
        stage, bubble = self._all_pair_bounds
        return stage[splits], bubble[splits]

    @cached_property
    def _all_pair_bounds(self) -> tuple[Any, Any]:
        return self._pair_bounds(np.arange(size(self.space.splits)))

    def _pair_bounds(self, splits: Any) -> tuple[Any, Any]:
        bounds = self.pipelines(splits[:, None], self.space.stages[None, :])
        bubble = np.minimum(bounds.plain, bounds.interleaved)
        for other in (bounds.zero, bounds.dual):
            bubble = bubble if other is None else np.minimum(bubble, other)
        return bounds.stage, bubble

    def pipelines(self, splits: Any, stages: Any) -> "Pipelines":
        """What no pipeline of some splits (their indices) over so many stages beats; arrays that broadcast.

        The slowest stage holds a whole number of layers, the mean over stages at least.
        """
        forward, backward = (seconds[splits] / stages for seconds in self.passes)
        weight = np.asarray(self.micro.weight)[splits] / stages
        model = self.job.model
        layers = model.num_layers + model.num_mtp_layers
        chunks = np.minimum(np.maximum(np.floor((layers + 2) / stages), 1.0), np.max(self.space.inner.virtual_stages))
        mean = forward + backward
        in_layers = mean - np.asarray(self.micro.last)[splits] / stages
        fullest = np.ceil(layers / stages) * in_layers * stages / layers * (1 - 1e-12)
        inputs = backward - weight
        has = {schedule: bool(np.any(self.space.inner.schedule == int(schedule))) for schedule in Schedule}
        return Pipelines(
            stages=stages,
            stage=np.where(stages > 1, np.maximum(mean, fullest), mean),
            plain=pipeline.one_f_one_b_bubble_time(forward, backward, stages, 1.0),
            interleaved=pipeline.one_f_one_b_bubble_time(forward, backward, stages, chunks),
            zero=pipeline.zero_bubble_time(forward, inputs, weight, stages) if has[Schedule.ZERO_BUBBLE] else None,
            dual=pipeline.dual_pipe_bubble_time(forward, inputs, weight, stages) if has[Schedule.DUAL_PIPE] else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipelines:
    """Bounds of splits over stages: the least time of a micro-batch on the slowest stage, and the least bubbles."""

    stages: Any
    stage: Seconds
    plain: Seconds  # one forward one backward
    interleaved: Seconds  # over as many chunks of layers as there may be
    zero: Seconds | None  # zero-bubble, where it is among the schedules
    dual: Seconds | None  # DualPipe

    def least(
        self, micro_batches: Any, interleaves: Any, *, alone: bool, most: Any = None, is_whole: Any = True
    ) -> Seconds:
        """Time of a step that no schedule beats.

        Parameters
        ----------
        micro_batches
            Of a step: exactly so many, or so many at least where ``most`` is given.
        interleaves
            Whether virtual stages may be several.
        alone
            Whether, where they may be, they must be.
        most
            Micro-batches of a step at most.
        is_whole
            Whether micro-batches are a multiple of the stages where virtual stages are several; else they are as many
            as stages at least.
        """
        m, most = micro_batches, micro_batches if most is None else most
        rounds = np.where(is_whole, np.ceil(m / self.stages) * self.stages, np.maximum(m, self.stages))
        chunked = np.where(interleaves & (rounds <= most), rounds * self.stage + self.interleaved, np.inf)
        straight = m * self.stage + self.plain
        if self.zero is not None:
            longer = np.maximum(m, self.stages)
            straight = np.where(longer <= most, np.minimum(straight, longer * self.stage + self.zero), straight)
        if self.dual is not None:
            longer = np.maximum(m, 2 * self.stages)
            straight = np.where(longer <= most, np.minimum(straight, longer * self.stage + self.dual), straight)
        return np.where(interleaves, chunked if alone else np.minimum(chunked, straight), straight)
