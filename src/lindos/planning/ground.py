"""Shared part of all searches for a job on one kind of device: micro-batches of all splits, and bounds from them."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from lindos.formulas import pipeline
from lindos.planning.space import Space, size, subset
from lindos.problem.cluster import Pool
from lindos.problem.job import Job
from lindos.problem.plan import SPLITS, Plan, Schedule
from lindos.quantities import Seconds
from lindos.step.assumptions import Assumptions
from lindos.step.feasibility import OF_SPLITS, Reason, shape_codes
from lindos.step.layout import lay_out
from lindos.step.micro_batch import MicroBatch, job_rates, micro_batch
from lindos.step.tile_cache import joined

#: Candidates in one evaluation: their arrays fit the second-level cache.
TILE = 32_000
#: Largest number of pairs of a split and a number of stages whose bounds are cached: about 64 MB.
_REMEMBERED = 4_000_000


class Ground:
    """Evaluated splits of a space, and bounds on their plans for any batch and any number of devices."""

    def __init__(self, job: Job, pool: Pool, space: Space, assumptions: Assumptions) -> None:
        """Store the axes of ``space``; nothing is evaluated yet."""
        self.job, self.pool, self.space, self.assumptions = job, pool, space, assumptions

    @cached_property
    def codes(self) -> Any:
        """Codes of the reasons for which splits alone are not feasible, on any number of devices."""
        splits = self.space.splits
        return shape_codes(self.job, 2**62, splits, splits.micro_batch_size, reasons=OF_SPLITS)

    @cached_property
    def ranks(self) -> Any:
        """Devices of one stage of a replica, by split."""
        return np.asarray(self.space.splits.tensor_parallel * self.space.splits.context_parallel)

    @cached_property
    def micro(self) -> MicroBatch:
        """One micro-batch of every split."""
        splits, rate = self.space.splits, job_rates(self.job, self.pool, self.assumptions)
        count = size(splits)
        parts = [subset(splits, slice(start, start + TILE // 4)) for start in range(0, count, TILE // 4)]

        def evaluated(part: Plan) -> MicroBatch:
            spread = lay_out(self.job, part, part.micro_batch_size)
            return micro_batch(self.job, self.pool, part, spread, rate, self.assumptions)

        return joined([evaluated(part) for part in parts], [size(part) for part in parts])

    @cached_property
    def passes(self) -> tuple[Any, Any]:
        """Forward and backward pass of a micro-batch of every split, in seconds.

        Expert traffic counts as under the schedule that hides most of it.
        """
        micro = self.micro
        has_dual = bool(np.any(self.space.inner.schedule == int(Schedule.DUAL_PIPE)))
        expert = micro.expert_dual if has_dual else micro.expert
        parts = (*micro.parts, expert)
        return sum(part.forward for part in parts), sum(part.backward for part in parts)

    @cached_property
    def speed_per_device(self) -> Any:
        """Upper bound on tokens per second and device, by split; zero for splits that are not feasible."""
        speed = self.space.splits.micro_batch_size * self.job.sequence_length / (sum(self.passes) * self.ranks)
        return np.where(self.codes == int(Reason.OK), speed, 0.0)

    def index(self, plan: Plan) -> int | None:
        """Get the position of the split of a plan; None if it is not in the space or not feasible."""
        matches = self.codes == int(Reason.OK)
        for name in SPLITS:
            matches = matches & (getattr(self.space.splits, name) == getattr(plan, name))
        positions = np.flatnonzero(matches)
        return int(positions[0]) if len(positions) else None

    def pair_bounds(self, splits: Any) -> tuple[Any, Any]:
        """Compute lower bounds on stage time and bubble, in seconds, by split (rows) and number of stages (columns)."""
        if size(self.space.splits) * len(self.space.stages) > _REMEMBERED:
            return self._pair_bounds(splits)
        stage, bubble = self._all_pair_bounds
        return stage[splits], bubble[splits]

    @cached_property
    def _all_pair_bounds(self) -> tuple[Any, Any]:
        step = max(1, TILE // len(self.space.stages))
        starts = range(0, size(self.space.splits), step)
        parts = [self._pair_bounds(np.arange(start, min(start + step, starts.stop))) for start in starts]
        stage, bubble = (np.concatenate(column) for column in zip(*parts, strict=True))
        return stage, bubble

    def _pair_bounds(self, splits: Any) -> tuple[Any, Any]:
        bounds = self.pipelines(splits[:, None], self.space.stages[None, :])
        bubble = np.minimum(bounds.plain, bounds.interleaved)
        for candidate in (bounds.zero, bounds.dual):
            bubble = bubble if candidate is None else np.minimum(bubble, candidate)
        return bounds.stage, bubble

    def pipelines(self, splits: Any, stages: Any) -> "Pipelines":
        """Compute lower bounds on the pipelines of splits over stages.

        The slowest stage has a whole number of layers, and at least the mean over stages.

        Parameters
        ----------
        splits
            Indices of splits.
        stages
            Numbers of stages; broadcasts with ``splits``.
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
        uses = {schedule: bool(np.any(self.space.inner.schedule == int(schedule))) for schedule in Schedule}
        return Pipelines(
            stages=stages,
            stage=np.where(stages > 1, np.maximum(mean, fullest), mean),
            plain=pipeline.one_f_one_b_bubble_time(forward, backward, stages, 1.0),
            interleaved=pipeline.one_f_one_b_bubble_time(forward, backward, stages, chunks),
            zero=pipeline.zero_bubble_time(forward, inputs, weight, stages) if uses[Schedule.ZERO_BUBBLE] else None,
            dual=pipeline.dual_pipe_bubble_time(forward, inputs, weight, stages) if uses[Schedule.DUAL_PIPE] else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipelines:
    """Lower bounds of splits over stages: time of a micro-batch on the slowest stage, and bubbles by schedule."""

    stages: Any
    stage: Seconds
    plain: Seconds  # one forward one backward
    interleaved: Seconds  # over the most chunks of layers in the space
    zero: Seconds | None  # zero-bubble, if it is among the schedules
    dual: Seconds | None  # DualPipe

    def least(
        self, micro_batches: Any, interleaves: Any, *, only_interleaved: bool, most: Any = None, is_whole: Any = True
    ) -> Seconds:
        """Compute a lower bound on the time of a step under any schedule, in seconds.

        Parameters
        ----------
        micro_batches
            Micro-batches of a step; the smallest number if ``most`` is set.
        interleaves
            Whether a plan may have several virtual stages.
        only_interleaved
            Whether such a plan must have several virtual stages.
        most
            Largest number of micro-batches of a step; ``micro_batches`` by default.
        is_whole
            Whether the micro-batches of interleaved plans are a multiple of the stages; otherwise they are at least as
            many as the stages.
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
        return np.where(interleaves, chunked if only_interleaved else np.minimum(chunked, straight), straight)
