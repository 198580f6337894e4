"""The line of one tile of trials: stretches of steps between stops, and the time that passes in between.

From each stop a recovery runs until steps go on; if a second failure hits during a recovery, the recovery ends when
both have ended. Between two stops steps run at the speed of the working devices. Everything follows from running
maxima and sums along the line, without a loop over events.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lindos.campaign.arrays import FractionArray, SecondsArray
from lindos.campaign.problem import Problem
from lindos.campaign.progress import KEEPS, corrupted, losses, saving_share
from lindos.campaign.repair import in_order, integral
from lindos.campaign.stops import Interruptions, Reduction, Stops


@dataclass(frozen=True, slots=True)
class Line:
    """A tile of trials as stretches of steps between stops; arrays of shape (trials, stops)."""

    stops: Stops
    gap: SecondsArray  # seconds from a stop to the next
    down: SecondsArray  # seconds of it without steps
    up: SecondsArray  # seconds of it with steps
    compute: SecondsArray  # seconds of `up` that do not wait for checkpoints
    work: SecondsArray  # seconds of work at full speed that are done in the stretch
    lost: SecondsArray  # work lost at the stop that ends the stretch
    progress: SecondsArray  # net work when the stretch begins

    @property
    def start(self) -> SecondsArray:
        """Time at which steps go on after the stop, in seconds."""
        return self.stops.time + self.down


def line_of(problem: Problem, events: Interruptions, horizon: SecondsArray) -> Line:
    """Lay out the stretches of steps between the stops of each trial.

    Parameters
    ----------
    problem
        The campaign, with one row per trial.
    events
        Stops, reductions of speed and corruptions of each trial.
    horizon
        Seconds from the start up to which trials are simulated, shape (trials, 1).
    """
    stops = events.stops
    rows = stops.time.shape[0]
    following = np.concatenate([stops.time[:, 1:], np.broadcast_to(horizon, (rows, 1))], axis=1)
    gap = following - stops.time
    # If a second failure hits during a recovery, the recovery ends when both have ended.
    resumed = np.maximum.accumulate(stops.end, axis=1)
    down = np.clip(resumed - stops.time, 0.0, gap)
    up = gap - down
    speed = _speed(events.reductions, following - up, following, horizon)
    # Time between checkpoints counts in work, so that slow steps are not saved more often.
    compute = up / (1 + saving_share(problem.tiers) * speed)
    work = compute * speed
    effect = np.concatenate([stops.effect[:, 1:], np.full((rows, 1), KEEPS, dtype=np.int8)], axis=1)
    rate = work / np.where(up > 0, up, 1.0)
    lost = losses(work, effect, rate, problem.tiers)
    after = np.cumsum(work - lost, axis=1)
    if events.corruptions is not None:
        undone = _corrupted(problem, events, stops, work, lost, after, following - up)
        lost, after = lost + undone, after - np.cumsum(undone, axis=1)
    return Line(stops, gap, down, up, compute, work, lost, after - (work - lost))


def _speed(reductions: list[Reduction], start: SecondsArray, end: SecondsArray, horizon: SecondsArray) -> FractionArray:
    """Return the mean speed of each stretch of steps, as a share of full speed."""
    if not reductions:
        return np.ones_like(start)
    times = np.concatenate([part.times for part in reductions], axis=1)
    change = np.concatenate([part.change for part in reductions], axis=1)
    times, change = in_order(np.argsort(times, axis=1, kind="stable"), times, change)
    # Stretches follow each other, so that their starts and ends form one sorted line of queries.
    moments = np.stack([start, end], axis=2).reshape(start.shape[0], -1)
    missing = np.diff(integral(moments, times, np.cumsum(change, axis=1), horizon), axis=1)[:, ::2]
    up = end - start
    return np.clip(1 - missing / np.where(up > 0, up, 1.0), 0.0, 1.0)


def _corrupted(
    problem: Problem,
    events: Interruptions,
    stops: Stops,
    work: SecondsArray,
    lost: SecondsArray,
    after: SecondsArray,
    start: SecondsArray,
) -> SecondsArray:
    """Return the work that is undone when silent corruption is detected."""
    assert events.corruptions is not None
    onset, seen = events.corruptions
    rows, count = onset.shape
    begins, ends = np.full((rows, count), -1), np.full((rows, count), -1)
    reached = np.zeros((rows, count))
    base = after - (work - lost)
    for row in range(rows):
        finite = np.isfinite(onset[row])
        # The stop of a detection ends the stretch before it.
        ends[row, finite] = np.searchsorted(stops.time[row], seen[row, finite]) - 1
        begins[row, finite] = np.searchsorted(stops.time[row], onset[row, finite], side="right") - 1
        column = np.maximum(begins[row], 0)
        begin, done = start[row, column], work[row, column]
        end = np.append(stops.time[row, 1:], np.inf)[column]
        part = np.clip((np.where(finite, onset[row], 0.0) - begin) / np.maximum(end - begin, 1e-9), 0.0, 1.0)
        reached[row] = base[row, column] + part * done
    return corrupted(after, reached, onset, ends, begins, problem.tiers[-1].interval)


class Pauses(NamedTuple):
    """Seconds without steps after a stop by cause, in this order; arrays of shape (trials, stops)."""

    planned: SecondsArray
    recovery: SecondsArray
    waited: SecondsArray
    restore: SecondsArray


def pauses(stops: Stops, down: SecondsArray) -> Pauses:
    """Divide the time without steps after each stop into its causes; a stop may occur in the recovery from another.

    Parameters
    ----------
    stops
        Stops of each trial.
    down
        Seconds without steps after each stop, shape (trials, stops).
    """
    resumed = np.maximum.accumulate(stops.end, axis=1)
    planned = np.zeros_like(down)
    if stops.planned.any():
        ends = np.maximum.accumulate(np.where(stops.planned, stops.end, 0.0), axis=1)
        planned = np.clip(ends - stops.time, 0.0, down)
    restore = stops.restore
    if (stops.end < resumed).any():
        # The recovery that ends last is the one that restores.
        last = np.where(stops.end == resumed, np.arange(resumed.shape[1]), 0)
        restore = np.take_along_axis(restore, np.maximum.accumulate(last, axis=1), axis=1)
    # Restoring is the last part of a recovery: another stop cuts it off first.
    left = restore - (resumed - stops.time - down)
    restore = np.where(np.isfinite(left), np.clip(left, 0.0, down - planned), 0.0)
    waited = np.clip(stops.waited, 0.0, down - planned - restore)
    return Pauses(planned, down - planned - restore - waited, waited, restore)
