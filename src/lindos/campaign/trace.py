"""The timeline of one trial, and the progress of trials through time."""

from dataclasses import dataclass

import numpy as np

from lindos.campaign.arrays import SecondsArray
from lindos.campaign.line import Line, pauses

#: States of a trial.
STATES = (
    *("steps", "steps lost", "recovery", "restore", "waiting for spares"),
    *("planned maintenance", "startup"),
)
#: Order of the states in a stop and the stretch of steps after it.
_ORDER = ("planned maintenance", "startup", "recovery", "waiting for spares", "restore", "steps", "steps lost")
#: Points of a curve of progress, the start and the end included.
POINTS = 121


@dataclass(frozen=True, slots=True)
class Trace:
    """Timeline of one trial: the ``starts`` of stretches of time, each in one of :data:`STATES`, until ``end``."""

    starts: SecondsArray
    states: tuple[str, ...]
    end: float


def trace_of(line: Line, end: float) -> Trace:
    """List what the first trial of a tile does until its end; saves are part of the steps.

    Parameters
    ----------
    line
        The trials of the tile.
    end
        End of the first trial, in seconds from its start.
    """
    stops = line.stops
    count = max(int((stops.time[0] < end).sum()), 1)
    pause = pauses(stops, line.down)
    work, up = line.work[0, :count], line.up[0, :count]
    undone = _undone(work, line.lost[0, :count])
    lost_time = up * np.divide(undone, work, out=np.zeros_like(work), where=work > 0)
    recovery = pause.recovery[0, :count]
    starting = np.arange(count) == 0
    lasting = np.stack(
        [
            pause.planned[0, :count],
            np.where(starting, recovery, 0.0),
            np.where(starting, 0.0, recovery),
            pause.waited[0, :count],
            pause.restore[0, :count],
            up - lost_time,
            lost_time,
        ],
        axis=1,
    )
    begin = stops.time[0, :count, None] + np.cumsum(lasting, axis=1) - lasting
    visible = (lasting > 0) & (begin < end)
    names = np.broadcast_to(np.arange(len(_ORDER)), lasting.shape)[visible]
    return Trace(begin[visible], tuple(_ORDER[index] for index in names.tolist()), end)


def _undone(work: SecondsArray, lost: SecondsArray) -> SecondsArray:
    """Return the work of each stretch that is lost at some stop; a stop may undo more than the stretch that it ends.

    The loss at the end of the last stretch does not count, since the campaign ends there without a stop.
    """
    undone, pending = [0.0] * work.size, 0.0
    losses = [*lost[:-1].tolist(), 0.0]
    for index in range(work.size - 1, -1, -1):
        pending += losses[index]
        undone[index] = min(pending, float(work[index]))
        pending -= undone[index]
    return np.array(undone)


def progress_curves(line: Line, ends: SecondsArray) -> SecondsArray:
    """Return the net work of each trial at :data:`POINTS` equal distances from its start to its end.

    Parameters
    ----------
    line
        The trials of the tile.
    ends
        End of each trial, in seconds from its start; shape (trials,).

    Returns
    -------
    array
        Seconds of work at full speed, shape (trials, points).
    """
    times = ends[:, None] * np.linspace(0.0, 1.0, POINTS)
    knots = np.stack([line.start, line.start + line.up], axis=2).reshape(ends.size, -1)
    heights = np.stack([line.progress, line.progress + line.work], axis=2).reshape(ends.size, -1)
    curves: SecondsArray = np.stack([np.interp(*trial) for trial in zip(times, knots, heights, strict=True)])
    return curves
