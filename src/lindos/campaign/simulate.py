"""Trials of a campaign, simulated as arrays: failure by failure, all trials of a tile at once.

A trial is one possible history of a campaign: a line of stops (:mod:`lindos.campaign.stops`) with stretches of steps
between them (:mod:`lindos.campaign.line`), cut off where the goal is reached.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from typing import Annotated, Any

import numpy as np

from lindos.campaign.arrays import FractionArray, Mask, SecondsArray
from lindos.campaign.line import Line, line_of, pauses
from lindos.campaign.problem import Problem, take_draws
from lindos.campaign.progress import KEEPS
from lindos.campaign.result import CampaignTime
from lindos.campaign.stops import interruptions
from lindos.campaign.trace import Trace, progress_curves, trace_of
from lindos.errors import InputError
from lindos.quantities import Count, Fraction, Seconds
from lindos.results import Why
from lindos.units import render

#: Number of failures in one tile of trials, so that its arrays stay in the cache of the processor.
TILE = 49_152
#: Largest number of trials per tile; short campaigns have many.
_LARGEST_ROWS = 256
#: A trial is declared unfinished after this multiple of its expected time,
_PATIENCE = 8.0
#: and so is a trial that would not finish even at this multiple of its pace so far.
_HOPE = 4.0
#: Largest number of events of one trial; its arrays then take some 300 MB.
LARGEST_EVENTS = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """Simulated trials of a campaign; every number has one entry per trial.

    ``progress`` is the net work of each trial, in seconds at full speed, at equal distances from its start to its end
    (:data:`lindos.campaign.trace.POINTS` columns); ``trace`` is the timeline of the first trial. Both are None unless
    they are asked for.
    """

    time: CampaignTime
    num_failures: Annotated[Count, Why("failures of any kind until the goal was reached")]
    num_stops: Annotated[Count, Why("failures that stopped the whole job")]
    finished: Annotated[Fraction, Why("1 where the goal was reached")]
    progress: SecondsArray | None = None
    trace: Trace | None = None

    @property
    def goodput(self) -> Fraction:
        """Share of the wall clock that moves training forward for good."""
        return self.time.productive / self.time.total

    @property
    def effective_training_time(self) -> Fraction:
        """Share of the wall clock in steps that count, however slow they are."""
        return (self.time.productive + self.time.slow_steps) / self.time.total

    @property
    def num_trials(self) -> int:
        """Trials that were simulated."""
        return int(np.size(self.finished))

    def progress_at(self, times: SecondsArray) -> SecondsArray:
        """Return the net work of each trial at `times` in seconds, constant after its end; shape (trials, times)."""
        assert self.progress is not None
        ends = np.ravel(np.asarray(self.time.total))[:, None]
        last = self.progress.shape[1] - 1
        # The points of a trial lie at equal distances, so that their indices follow from the times.
        place = np.minimum(times / ends, 1.0) * last
        index = np.minimum(place.astype(int), last - 1)
        before = np.take_along_axis(self.progress, index, axis=1)
        after = np.take_along_axis(self.progress, index + 1, axis=1)
        reached: SecondsArray = before + (place - index) * (after - before)
        return reached


def tile_rows(problem: Problem, expected: Seconds) -> int:
    """Return the number of trials per tile; alternatives that should meet the same failures need the same number.

    Parameters
    ----------
    problem
        The campaign.
    expected
        Expected duration of a trial, in seconds.
    """
    events = max(float(np.max(problem.event_rate * expected)) + 1.0, problem.units_drawn_at_once)
    return int(min(max(TILE // events, 1), _LARGEST_ROWS))


def simulate(
    problem: Problem,
    *,
    expected: Seconds,
    num_trials: int,
    seed: int = 0,
    first: int = 0,
    rows: int | None = None,
    threads: int = 1,
    observed: bool = False,
    traced: bool = False,
) -> Trials:
    """Simulate trials of a campaign.

    Parameters
    ----------
    problem
        The campaign; its arrays have a row per draw, and trials take the draws in turn.
    expected
        Expected duration of the campaign in seconds; only the speed of the simulation depends on it.
    num_trials
        Number of trials.
    seed
        The same seed gives the same failures, also to an alternative problem (common random numbers): a cause with
        another mean time has the same failures at other times.
    first
        Index of the first tile, for trials after those simulated before.
    rows
        Trials per tile (:func:`tile_rows`); set it to compare alternatives.
    threads
        Tiles that are simulated at the same time.
    observed
        Return the progress of each trial through time.
    traced
        Return the timeline of the first trial.

    Returns
    -------
    Trials
        One entry per trial.

    Raises
    ------
    InputError
        If the problem does not name exactly one goal, or one trial has more events than can be simulated.

    Examples
    --------
    A hundred devices that fail every ten thousand hours, a save of a minute each hour:

    >>> from lindos.campaign import Cause, CheckpointTier, Problem, simulate
    >>> remote = CheckpointTier(
    ...     name="remote", interval=3600.0, blocking_time=60.0, write_time=0.0, restore_time=60.0, survives=1e12
    ... )
    >>> device = Cause(name="device", units=100, mtbf=1e4 * 3600.0, devices=1, detection_time=60.0)
    >>> problem = Problem(
    ...     duration=90 * 86_400.0, causes=(device,), tiers=(remote,), num_devices=100, replica_devices=100,
    ...     restart_time=600.0,
    ... )
    >>> trials = simulate(problem, expected=90 * 86_400.0, num_trials=200)
    >>> bool(0.97 < trials.goodput.mean() < 0.98), bool(20 < trials.num_failures.mean() < 23)
    (True, True)
    """
    check_size(problem, expected)
    per_tile = rows or tile_rows(problem, expected)
    starts = range(0, num_trials, per_tile)

    def simulate_tile(begin: int) -> Trials:
        # Whole tiles are drawn, so that the first trials do not depend on the number of trials.
        number = first + begin // per_tile
        trials, line = tile(problem, expected=expected, rows=per_tile, seed=seed, number=number)
        if observed:
            trials = _observed(trials, line)
        if traced and number == 0:
            trials = replace(trials, trace=trace_of(line, float(np.ravel(np.asarray(trials.time.total))[0])))
        return _first_trials(trials, min(per_tile, num_trials - begin))

    if threads == 1 or len(starts) == 1:
        return concatenated([simulate_tile(begin) for begin in starts])
    with ThreadPoolExecutor(threads) as pool:
        return concatenated(list(pool.map(simulate_tile, starts)))


def check_size(problem: Problem, expected: Seconds) -> None:
    """Refuse a problem without exactly one goal, or with more events in one trial than can be simulated.

    Parameters
    ----------
    problem
        The campaign.
    expected
        Expected duration of a trial, in seconds.

    Raises
    ------
    InputError
        If the problem does not name exactly one goal, or one trial has too many events.
    """
    if (problem.work is None) == (problem.duration is None):
        raise InputError("problem", "both or neither", "exactly one goal, work or duration")
    events = max(float(np.max(problem.event_rate * expected)), problem.units_drawn_at_once)
    if events > LARGEST_EVENTS:
        raise InputError(
            "campaign",
            f"{render(events, '1')} failures in one run",
            f"at most {LARGEST_EVENTS:,.0f}",
            "Check every mtbf in it.",
        )


def tile(problem: Problem, *, expected: Seconds, rows: int, seed: int, number: int) -> tuple[Trials, Line]:
    """Simulate one tile of trials, over longer and longer horizons until each has reached its goal or never will.

    Parameters
    ----------
    problem, expected, seed
        As for :func:`simulate`.
    rows
        Trials of the tile.
    number
        Index of the tile; it sets the random numbers, and the draws that the trials take.
    """
    problem, expected = take_draws((problem, expected), number * rows + np.arange(rows))
    if problem.duration is not None:
        horizon = np.broadcast_to(np.asarray(problem.duration, dtype=float), (rows, 1))
        line = line_of(problem, interruptions(problem, horizon, rows, seed, number), horizon)
        return _at_end(line, horizon), line
    longer = 1.25
    while True:
        horizon = longer * np.broadcast_to(np.asarray(expected, dtype=float), (rows, 1)) + problem.startup_time
        line = line_of(problem, interruptions(problem, horizon, rows, seed, number), horizon)
        trials = _at_goal(problem, line, horizon)
        too_many = rows * float(np.max(problem.event_rate * expected)) * 2 * longer > 2 * LARGEST_EVENTS
        if longer >= _PATIENCE or too_many or np.all((trials.finished == 1) | _hopeless(problem, trials, longer)):
            return trials, line
        longer *= 2


def _hopeless(problem: Problem, trials: Trials, longer: float) -> Mask:
    """Tell which trials are so slow that a longer horizon does not help; while hardware joins, none is."""
    reached = trials.time.productive * _HOPE * _PATIENCE / longer
    return (reached < np.ravel(np.asarray(problem.work, dtype=float))) & (len(problem.joins) == 1)


def _observed(trials: Trials, line: Line) -> Trials:
    ends = np.ravel(np.asarray(trials.time.total, dtype=float))
    reached = np.asarray(trials.time.productive, dtype=float)
    curves = progress_curves(line, ends)
    # After the goal the line goes on and may lose work again: progress is limited to what is reached at the end.
    curves = np.minimum(curves, reached[:, None])
    curves[:, -1] = reached
    return replace(trials, progress=curves)


def _parts(line: Line, down: SecondsArray, up_share: FractionArray | float) -> dict[str, SecondsArray]:
    """Sum up the seconds of each bucket except productive and wasted time; ``up_share`` of each stretch counts."""
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


def _result(
    line: Line, parts: dict[str, SecondsArray], productive: SecondsArray, counted: Mask, finished: FractionArray | Mask
) -> Trials:
    stops = line.stops
    work = parts.pop("work")
    # If nothing is lost, the two sums differ only by rounding.
    wasted = np.where(work - productive > 1e-12 * work, work - productive, 0.0)
    return Trials(
        time=CampaignTime(productive=productive, wasted_progress=wasted, **parts),
        num_failures=(stops.failed & counted).sum(axis=1).astype(float),
        num_stops=(stops.failed & counted & (stops.effect != KEEPS)).sum(axis=1).astype(float),
        finished=np.asarray(finished, dtype=float),
    )


def _at_end(line: Line, horizon: SecondsArray) -> Trials:
    """Account for campaigns of a fixed duration; work that is not saved at the end counts."""
    parts = _parts(line, line.down, 1.0)
    productive = line.progress[:, -1] + line.work[:, -1]
    return _result(line, parts, productive, line.stops.time < horizon, np.ones(productive.shape))


def _at_goal(problem: Problem, line: Line, horizon: SecondsArray) -> Trials:
    """Account for each trial until it reaches its goal, or until the horizon."""
    rows, count = line.work.shape
    goal = np.broadcast_to(np.asarray(problem.work, dtype=float), (rows, 1))
    reaches = (line.progress + line.work >= goal) & (line.work > 0)
    finished: Mask = np.asarray(reaches.any(axis=1))
    last = np.where(finished, reaches.argmax(axis=1), count - 1)[:, None]
    column = np.arange(count)
    share = np.where(column < last, 1.0, 0.0)
    need = (goal - np.take_along_axis(line.progress, last, axis=1)) / np.maximum(
        np.take_along_axis(line.work, last, axis=1), 1e-300
    )
    np.put_along_axis(share, last, np.where(finished[:, None], np.clip(need, 0.0, 1.0), 1.0), axis=1)
    counted = column <= last
    parts = _parts(line, np.where(counted, line.down, 0.0), share)
    productive = np.where(finished, goal[:, 0], line.progress[:, -1] + line.work[:, -1])
    return _result(line, parts, productive, counted & (line.stops.time < horizon), finished)


def _columns(trials: Trials) -> Iterator[tuple[str, Any]]:
    for field in fields(CampaignTime):
        yield field.name, getattr(trials.time, field.name)


def _first_trials(trials: Trials, count: int) -> Trials:
    time = CampaignTime(**{name: value[:count] for name, value in _columns(trials)})
    return replace(
        trials,
        time=time,
        num_failures=np.asarray(trials.num_failures)[:count],
        num_stops=np.asarray(trials.num_stops)[:count],
        finished=np.asarray(trials.finished)[:count],
        progress=None if trials.progress is None else trials.progress[:count],
    )


def concatenated(parts: list[Trials]) -> Trials:
    """Join the trials of several simulations; the trace is that of the first.

    Parameters
    ----------
    parts
        Simulations of the same problem.
    """
    if len(parts) == 1:
        return parts[0]
    times: dict[str, list[Any]] = {}
    for part in parts:
        for name, value in _columns(part):
            times.setdefault(name, []).append(value)
    observed = all(part.progress is not None for part in parts)
    return Trials(
        time=CampaignTime(**{name: np.concatenate(values) for name, values in times.items()}),
        num_failures=np.concatenate([part.num_failures for part in parts]),
        num_stops=np.concatenate([part.num_stops for part in parts]),
        finished=np.concatenate([part.finished for part in parts]),
        progress=np.concatenate([part.progress for part in parts]) if observed else None,
        trace=parts[0].trace,
    )
