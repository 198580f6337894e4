"""Replicas of a campaign, simulated as arrays: failure by failure, all replicas of a tile at once.

The course of a campaign is a line of stops (:mod:`lindos.campaign.stops`). From each stop a recovery runs until steps
go on; where another failure strikes meanwhile, the later end counts. Between two stops steps run at the speed of what
is there. Everything follows from running maxima and sums along the line, so that no event is looped over.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import Annotated, Any, NamedTuple

import numpy as np

from lindos.campaign.course import Course, drawn
from lindos.campaign.progress import KEEPS, corrupted, losses, saving_share
from lindos.campaign.repair import integral
from lindos.campaign.result import CampaignTime
from lindos.campaign.stops import Found, Stops, found
from lindos.errors import InputError
from lindos.quantities import Count, Fraction, Seconds
from lindos.results import Why

#: Failures in one tile of replicas: its arrays stay in the processor's cache.
TILE = 49_152
#: Replicas of a tile at most: those of short campaigns are many.
_MOST_ROWS = 256
#: A replica that has not reached its goal in so many times the time it was expected to take does not end.
_PATIENCE = 8.0
#: Nor does one that would not at so many times the pace it had.
_HOPE = 4.0
#: Events of one replica at most: its arrays take some gigabytes.
_MOST_EVENTS = 2e7


@dataclass(frozen=True, slots=True, kw_only=True)
class Replicas:
    """Simulated replicas of a campaign; every number has one entry for each."""

    time: CampaignTime
    num_failures: Annotated[Count, Why("failures of any kind until the goal was reached")]
    num_stops: Annotated[Count, Why("failures that stopped the whole job")]
    finished: Annotated[Fraction, Why("1 where the goal was reached")]

    @property
    def goodput(self) -> Fraction:
        """Share of the wall clock that moves training forward for good."""
        return self.time.productive / self.time.total

    @property
    def effective_training_time(self) -> Fraction:
        """Share of the wall clock in steps that count, however slow they are."""
        return (self.time.productive + self.time.slow_steps) / self.time.total

    @property
    def num_replicas(self) -> int:
        """Replicas that were simulated."""
        return int(np.size(self.finished))


def rows_of(course: Course, expected: Seconds) -> int:
    """Replicas in one tile; alternatives that are to meet the same failures must be given the same."""
    events = float(np.max(course.event_rate * expected)) + 1.0
    return int(min(max(TILE // events, 1), _MOST_ROWS))


def simulate(
    course: Course,
    *,
    expected: Seconds,
    num_replicas: int,
    seed: int = 0,
    first: int = 0,
    rows: int | None = None,
    threads: int = 1,
) -> Replicas:
    """Simulate replicas of a campaign.

    Parameters
    ----------
    course
        The campaign; its arrays have `num_replicas` rows, or none where all replicas are alike.
    expected
        About how long the campaign takes; only speed depends on it.
    num_replicas
        How many.
    seed
        The same seed gives the same failures, also to an alternative course (common random numbers): a cause with
        another mean time has the same failures at other times.
    first
        Tile to begin with, for replicas beyond those simulated before.
    rows
        Replicas in a tile (:func:`rows_of`); set it where alternatives are compared.
    threads
        Tiles that are simulated side by side.

    Raises
    ------
    InputError
        If the course does not name exactly one goal, or more strikes one replica than can be simulated.

    Examples
    --------
    A hundred devices that fail every ten thousand hours, a save of a minute each hour:

    >>> from lindos.campaign import Cause, CheckpointTier, Course, simulate
    >>> remote = CheckpointTier(
    ...     name="remote", interval=3600.0, blocking_time=60.0, write_time=0.0, restore_time=60.0, survives=1e12
    ... )
    >>> device = Cause(name="device", units=100, mtbf=1e4 * 3600.0, devices=1, detection_time=60.0)
    >>> course = Course(
    ...     duration=90 * 86_400.0, causes=(device,), tiers=(remote,), num_devices=100, replica_devices=100,
    ...     restart_time=600.0,
    ... )
    >>> ran = simulate(course, expected=90 * 86_400.0, num_replicas=200)
    >>> bool(0.97 < ran.goodput.mean() < 0.98), bool(20 < ran.num_failures.mean() < 23)
    (True, True)
    """
    if (course.work is None) == (course.duration is None):
        raise InputError("course", "both or neither", "exactly one goal, work or duration")
    if (events := float(np.max(course.event_rate * expected))) > _MOST_EVENTS:
        raise InputError(
            "campaign", f"{events:.3g} failures in one run", f"at most {_MOST_EVENTS:,.0f}", "Check every mtbf in it."
        )
    each = rows or rows_of(course, expected)
    starts = range(0, num_replicas, each)

    def one(begin: int) -> Replicas:
        # Whole tiles are drawn: the first replicas are the same however many are asked for.
        whole, _ = tile(course, expected=expected, rows=each, seed=seed, number=first + begin // each)
        return _taken(whole, min(each, num_replicas - begin))

    if threads == 1 or len(starts) == 1:
        return joined([one(begin) for begin in starts])
    with ThreadPoolExecutor(threads) as pool:
        return joined(list(pool.map(one, starts)))


@dataclass(frozen=True, slots=True)
class Line:
    """A tile of replicas as stretches of steps between stops; shape (replicas, stops)."""

    stops: Stops
    gap: Any  # from a stop to the next
    down: Any  # of which no steps run
    up: Any
    compute: Any  # of which not waiting for checkpoints
    work: Any  # at full speed, done
    lost: Any  # of that, at the stop at its end
    before: Any  # net work when the stretch begins

    @property
    def start(self) -> Any:
        """When steps go on."""
        return self.stops.time + self.down


def tile(course: Course, *, expected: Seconds, rows: int, seed: int, number: int) -> tuple[Replicas, Line]:
    """One tile of replicas, over longer and longer horizons until all have reached their goal or never will."""
    course, expected = drawn((course, expected), number * rows + np.arange(rows))
    if course.duration is not None:
        horizon = np.broadcast_to(np.asarray(course.duration, dtype=float), (rows, 1))
        line = _line(course, found(course, horizon, rows, seed, number), horizon)
        return _at_end(course, line, horizon), line
    longer = 1.25
    while True:
        horizon = longer * np.broadcast_to(np.asarray(expected, dtype=float), (rows, 1)) + course.startup_time
        line = _line(course, found(course, horizon, rows, seed, number), horizon)
        result = _at_goal(course, line, horizon)
        if longer >= _PATIENCE or np.all((result.finished == 1) | _hopeless(course, result, longer)):
            return result, line
        longer *= 2


def _hopeless(course: Course, result: Replicas, longer: float) -> Any:
    """Replicas so slow that a longer horizon will not do; while hardware joins, none is."""
    reached = result.time.productive * _HOPE * _PATIENCE / longer
    return (reached < np.ravel(np.asarray(course.work, dtype=float))) & (len(course.joins) == 1)


def _line(course: Course, happened: Found, horizon: Any) -> Line:
    stops = happened.stops
    rows = stops.time.shape[0]
    following = np.concatenate([stops.time[:, 1:], np.broadcast_to(horizon, (rows, 1))], axis=1)
    gap = following - stops.time
    # A recovery that is struck by a failure ends when both are recovered from.
    until = np.maximum.accumulate(stops.until, axis=1)
    down = np.clip(until - stops.time, 0.0, gap)
    up = gap - down
    speed = _speed(happened, following - up, following, up, horizon)
    # Time between checkpoints counts in work, so that slow steps are not saved more often.
    compute = up / (1 + saving_share(course.tiers) * speed)
    work = compute * speed
    effect = np.concatenate([stops.effect[:, 1:], np.full((rows, 1), KEEPS, dtype=np.int8)], axis=1)
    rate = work / np.where(up > 0, up, 1.0)
    lost = losses(work, effect, rate, course.tiers)
    after = np.cumsum(work - lost, axis=1)
    if happened.corruptions is not None:
        undone = _corrupted(course, happened, stops, work, lost, after, following - up)
        lost, after = lost + undone, after - np.cumsum(undone, axis=1)
    return Line(stops, gap, down, up, compute, work, lost, after - (work - lost))


def _speed(happened: Found, start: Any, end: Any, up: Any, horizon: Any) -> Any:
    """Mean speed of each stretch of steps, as a share of the full one."""
    if not happened.reductions:
        return np.ones_like(up)
    missing: Any = 0.0
    for one in happened.reductions:
        missing = missing + integral(end, one.times, one.amount, horizon)
        missing -= integral(start, one.times, one.amount, horizon)
    return np.clip(1 - missing / np.where(up > 0, up, 1.0), 0.0, 1.0)


def _corrupted(course: Course, happened: Found, stops: Stops, work: Any, lost: Any, after: Any, start: Any) -> Any:
    """Work undone where silent corruption is detected."""
    assert happened.corruptions is not None
    onset, seen = happened.corruptions
    rows, count = onset.shape
    at, ends = np.full((rows, count), -1), np.full((rows, count), -1)
    reached = np.zeros((rows, count))
    before = after - (work - lost)
    for row in range(rows):
        known = np.isfinite(onset[row])
        # The stop of a detection ends the stretch before it.
        ends[row, known] = np.searchsorted(stops.time[row], seen[row, known]) - 1
        at[row, known] = np.searchsorted(stops.time[row], onset[row, known], side="right") - 1
        column = np.maximum(at[row], 0)
        begin, done = start[row, column], work[row, column]
        end = np.append(stops.time[row, 1:], np.inf)[column]
        part = np.clip((np.where(known, onset[row], 0.0) - begin) / np.maximum(end - begin, 1e-9), 0.0, 1.0)
        reached[row] = before[row, column] + part * done
    return corrupted(after, reached, onset, ends, at, course.tiers[-1].interval)


class Pauses(NamedTuple):
    """What the time between a stop and the next steps goes into, in this order; each of shape (replicas, stops)."""

    planned: Any
    recovery: Any
    waited: Any
    restore: Any


def pauses(stops: Stops, down: Any) -> Pauses:
    """Divide the time that no steps run, stretch by stretch; a stop may strike in the recovery from another."""
    until = np.maximum.accumulate(stops.until, axis=1)
    planned = np.zeros_like(down)
    if stops.planned.any():
        ends = np.maximum.accumulate(np.where(stops.planned, stops.until, 0.0), axis=1)
        planned = np.clip(ends - stops.time, 0.0, down)
    restore = stops.restore
    if (stops.until < until).any():
        # The recovery that ends last is the one that restores.
        last = np.where(stops.until == until, np.arange(until.shape[1]), 0)
        restore = np.take_along_axis(restore, np.maximum.accumulate(last, axis=1), axis=1)
    # Restoring is the end of a recovery: what another stop cuts off is cut off there.
    left = restore - (until - stops.time - down)
    restore = np.where(np.isfinite(left), np.clip(left, 0.0, down - planned), 0.0)
    waited = np.clip(stops.waited, 0.0, down - planned - restore)
    return Pauses(planned, down - planned - restore - waited, waited, restore)


def _parts(line: Line, down: Any, up_share: Any) -> dict[str, Any]:
    """Seconds of each bucket but productive and wasted ones; ``up_share`` of a stretch counts."""
    pause = pauses(line.stops, down)
    compute, work = line.compute * up_share, line.work * up_share
    return {
        "checkpoint_save": (line.up * up_share - compute).sum(axis=1),
        "checkpoint_restore": pause.restore.sum(axis=1),
        # The first stop is the start.
        "infrastructure_recovery": pause.recovery[:, 1:].sum(axis=1),
        "spare_wait": pause.waited.sum(axis=1),
        "planned_maintenance": pause.planned.sum(axis=1),
        "startup": pause.recovery[:, 0],
        "slow_steps": (compute - work).sum(axis=1),
        "work": work.sum(axis=1),
    }


def _result(line: Line, parts: dict[str, Any], productive: Any, counted: Any, finished: Any) -> Replicas:
    stops = line.stops
    work = parts.pop("work")
    # Where nothing is lost, the two sums differ by rounding alone.
    wasted = np.where(work - productive > 1e-12 * work, work - productive, 0.0)
    return Replicas(
        time=CampaignTime(productive=productive, wasted_progress=wasted, **parts),
        num_failures=(stops.failed & counted).sum(axis=1).astype(float),
        num_stops=(stops.failed & counted & (stops.effect != KEEPS)).sum(axis=1).astype(float),
        finished=np.asarray(finished, dtype=float),
    )


def _at_end(course: Course, line: Line, horizon: Any) -> Replicas:
    """What a campaign of a given duration has done when it ends: what is not yet saved counts."""
    parts = _parts(line, line.down, 1.0)
    productive = line.before[:, -1] + line.work[:, -1]
    return _result(line, parts, productive, line.stops.time < horizon, np.ones(productive.shape))


def _at_goal(course: Course, line: Line, horizon: Any) -> Replicas:
    """What each replica has done when it reaches its goal, or at the horizon."""
    rows, count = line.work.shape
    goal = np.broadcast_to(np.asarray(course.work, dtype=float), (rows, 1))
    reaches = (line.before + line.work >= goal) & (line.work > 0)
    finished = reaches.any(axis=1)
    last = np.where(finished, reaches.argmax(axis=1), count - 1)[:, None]
    column = np.arange(count)
    share = np.where(column < last, 1.0, 0.0)
    need = (goal - np.take_along_axis(line.before, last, axis=1)) / np.maximum(
        np.take_along_axis(line.work, last, axis=1), 1e-300
    )
    np.put_along_axis(share, last, np.where(finished[:, None], np.clip(need, 0.0, 1.0), 1.0), axis=1)
    counted = column <= last
    parts = _parts(line, np.where(counted, line.down, 0.0), share)
    productive = np.where(finished, goal[:, 0], line.before[:, -1] + line.work[:, -1])
    return _result(line, parts, productive, counted & (line.stops.time < horizon), finished)


def _columns(one: Replicas) -> Iterator[tuple[str, Any]]:
    for field in fields(CampaignTime):
        yield field.name, getattr(one.time, field.name)


def _taken(one: Replicas, count: int) -> Replicas:
    time = CampaignTime(**{name: value[:count] for name, value in _columns(one)})
    return Replicas(
        time=time,
        num_failures=one.num_failures[:count],  # type: ignore[index]
        num_stops=one.num_stops[:count],  # type: ignore[index]
        finished=one.finished[:count],  # type: ignore[index]
    )


def joined(parts: list[Replicas]) -> Replicas:
    """Replicas of several simulations as one."""
    if len(parts) == 1:
        return parts[0]
    times: dict[str, list[Any]] = {}
    for part in parts:
        for name, value in _columns(part):
            times.setdefault(name, []).append(value)
    return Replicas(
        time=CampaignTime(**{name: np.concatenate(values) for name, values in times.items()}),
        num_failures=np.concatenate([part.num_failures for part in parts]),
        num_stops=np.concatenate([part.num_stops for part in parts]),
        finished=np.concatenate([part.finished for part in parts]),
    )
