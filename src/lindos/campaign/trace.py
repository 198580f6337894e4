"""One replica told: what it does when, and how far replicas are at given times."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from lindos.campaign.course import Course, drawn
from lindos.campaign.simulate import Line, tile
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
    until = np.maximum.accumulate(stops.until, axis=1)
    told: list[tuple[float, str]] = []
    for at in range(stops.time.shape[1]):
        begin, down, up = (float(x[0, at]) for x in (stops.time, line.down, line.up))
        if begin >= end:
            break
        left = float(stops.restore[0, at]) - (float(until[0, at]) - begin - down)
        restore = min(max(left if np.isfinite(left) else 0.0, 0.0), down)
        waited = min(max(float(stops.waited[0, at]), 0.0), down - restore)
        work = float(line.work[0, at])
        kept = min(float(line.lost[0, at]) / work, 1.0) if work > 0 else 0.0
        name = "startup" if at == 0 else "planned maintenance" if stops.planned[0, at] else "recovery"
        moments = (
            *((name, down - restore - waited), ("waiting for spares", waited), ("restore", restore)),
            *(("steps", up * (1 - kept)), ("steps lost", up * kept)),
        )
        for state, lasting in moments:
            if lasting > 0 and begin < end:
                told.append((begin, state))
            begin += lasting
    return Trace(np.array([begin for begin, _ in told]), tuple(state for _, state in told), end)


def curves(course: Course, times: Any, *, expected: Seconds, seed: int = 0, rows: int = 1, number: int = 0) -> Any:
    """Net progress at `times`, in seconds of work, of the replicas of one tile; shape (rows, times)."""
    _, line = tile(course, expected=expected, rows=rows, seed=seed, number=number)
    most: Any = np.inf
    if course.work is not None:
        most = np.asarray(drawn(course.work, number * rows + np.arange(rows)), dtype=float)
    return np.minimum(np.stack([_course_of(line, times, row) for row in range(rows)]), most)


def _course_of(line: Line, times: Any, row: int) -> Any:
    knots = np.stack([line.start[row], line.start[row] + line.up[row]], axis=1).ravel()
    heights = np.stack([line.before[row], line.before[row] + line.work[row]], axis=1).ravel()
    return np.interp(times, knots, heights)
