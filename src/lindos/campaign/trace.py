"""One replica told: what it does when, and how far replicas are at given times."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from lindos.campaign.course import Course, drawn
from lindos.campaign.simulate import Line, pauses, tile
from lindos.quantities import Seconds

#: What a replica may be doing.
STATES = (
    *("steps", "steps lost", "recovery", "restore", "waiting for spares"),
    *("planned maintenance", "startup"),
)


@dataclass(frozen=True, slots=True)
class Trace:
    """What one replica does: the ``starts`` of stretches of time, each in one of :data:`STATES`, until ``end``."""

    starts: Any
    states: tuple[str, ...]
    end: float


def trace(course: Course, *, expected: Seconds, seed: int = 0, rows: int = 1) -> Trace:
    """What the first replica of :func:`lindos.campaign.simulate` does when; saves are part of the steps."""
    ran, line = tile(course, expected=expected, rows=rows, seed=seed, number=0)
    end = float(np.asarray(ran.time.total)[0])
    stops = line.stops
    count = max(int((stops.time[0] < end).sum()), 1)
    pause = pauses(stops, line.down)
    lost = _undone(line.work[0, :count], line.lost[0, :count])
    told: list[tuple[float, str]] = []
    for at in range(count):
        begin, up = float(stops.time[0, at]), float(line.up[0, at])
        gone = float(lost[at] / line.work[0, at]) if line.work[0, at] > 0 else 0.0
        moments = (
            ("planned maintenance", float(pause.planned[0, at])),
            ("recovery" if at else "startup", float(pause.recovery[0, at])),
            ("waiting for spares", float(pause.waited[0, at])),
            ("restore", float(pause.restore[0, at])),
            ("steps", up * (1 - gone)),
            ("steps lost", up * gone),
        )
        for state, lasting in moments:
            if lasting > 0 and begin < end:
                told.append((begin, state))
            begin += lasting
    return Trace(np.array([begin for begin, _ in told]), tuple(state for _, state in told), end)


def _undone(work: Any, lost: Any) -> Any:
    """Work of each stretch that is lost sooner or later: a stop may undo more than the stretch that it ends.

    What the last one reaches counts: its end is that of the campaign, not a stop.
    """
    found, beyond = np.zeros_like(work), 0.0
    for at in range(work.size - 1, -1, -1):
        beyond += float(lost[at]) if at < work.size - 1 else 0.0
        found[at] = min(beyond, float(work[at]))
        beyond -= found[at]
    return found


def curves(course: Course, times: Any, *, expected: Seconds, seed: int = 0, rows: int = 1, number: int = 0) -> Any:
    """Net progress at `times`, in seconds of work, of the replicas of one tile; shape (rows, times)."""
    ran, line = tile(course, expected=expected, rows=rows, seed=seed, number=number)
    found = np.stack([_course_of(line, times, row) for row in range(rows)])
    if course.work is None:
        return found
    goal = np.asarray(drawn(course.work, number * rows + np.arange(rows)), dtype=float)
    # The line goes on after the goal, and there loses again.
    done = (np.asarray(ran.finished) == 1)[:, None] & (times >= np.asarray(ran.time.total)[:, None])
    return np.where(done, goal, np.minimum(found, goal))


def _course_of(line: Line, times: Any, row: int) -> Any:
    knots = np.stack([line.start[row], line.start[row] + line.up[row]], axis=1).ravel()
    heights = np.stack([line.before[row], line.before[row] + line.work[row]], axis=1).ravel()
    return np.interp(times, knots, heights)
