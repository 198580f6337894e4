"""Progress and its loss: what checkpoints in tiers bring back after each stop.

Rows are replicas of the campaign, columns the stretches between two stops. Work is in seconds at full speed.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from lindos.quantities import Count, Seconds

#: What a stop does to unsaved work, where it is no index of a tier to restart from.
KEEPS, SAVES = -1, -2
#: Share of an interval by which sums of work may be off.
_ROUNDING = 1e-9
#: An interval that never comes; finite, so that nothing becomes NaN.
NEVER = 1e30


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointTier:
    """One place that checkpoints are kept; its times may be arrays of draws, as in :class:`lindos.campaign.Problem`.

    Parameters
    ----------
    name
        memory, local, remote.
    interval
        Work between checkpoints here: a multiple of that of the tier before.
    blocking_time
        How long training waits for one.
    write_time
        Until it can be restored from, beyond the wait: 0 where training waits for all of it.
    restore_time
        To read it back.
    survives
        Devices of the largest failure that leaves it readable.
    """

    name: str
    interval: Seconds
    blocking_time: Seconds
    write_time: Seconds
    restore_time: Seconds
    survives: Count


def saving_share(tiers: tuple[CheckpointTier, ...]) -> Any:
    """Seconds that training waits for checkpoints for each second of work at full speed."""
    return sum((tier.blocking_time / tier.interval for tier in tiers), start=0.0 * tiers[0].interval)


def tier_for(devices: int, tiers: tuple[CheckpointTier, ...]) -> int:
    """Index of the freshest tier that survives a failure of so many devices; the last one survives all."""
    for index, tier in enumerate(tiers[:-1]):
        if devices <= tier.survives:
            return index
    return len(tiers) - 1


def losses(work: Any, stop: Any, rate: Any, tiers: tuple[CheckpointTier, ...]) -> Any:
    """Work lost at the stop that ends each stretch.

    Parameters
    ----------
    work
        Done in each stretch.
    stop
        What its end does: the index of a tier, :data:`KEEPS` or :data:`SAVES`.
    rate
        Work per time in the stretch: what a checkpoint still being written lags behind.
    tiers
        From the freshest to the one that survives everything.

    Notes
    -----
    From tier 0, :math:`x` being the work since the last reset and :math:`d` the work done while a checkpoint is
    written, :math:`x - \\tau_0 \\lfloor (x - d)^+ / \\tau_0 \\rfloor` is lost. What is left is a multiple of
    :math:`\\tau_0`; a stop that reaches tier 1 loses of that, by the same rule, what came after its last checkpoint
    there, and so on.
    """
    lost = np.zeros_like(work)
    for level, tier in enumerate(tiers):
        reaches = stop >= level
        if not reaches.any():
            break
        since = _since_reset(work - lost, reaches | (stop == SAVES))
        lag = np.maximum(since - rate * tier.write_time, 0.0)
        kept = np.floor(lag / tier.interval + _ROUNDING) * tier.interval
        lost = lost + np.where(reaches, np.maximum(since - kept, 0.0), 0.0)
    return lost


def _since_reset(gain: Any, resets: Any) -> Any:
    """Sum of `gain` over the stretches since the last one whose end reset the sum, this one included."""
    if resets[:, :-1].all():
        return gain
    total = np.cumsum(gain, axis=1)
    last = np.where(resets, np.arange(gain.shape[1]), -1)
    last = np.maximum.accumulate(last, axis=1)
    before = np.concatenate([np.full((gain.shape[0], 1), -1), last[:, :-1]], axis=1)
    base = np.take_along_axis(total, np.maximum(before, 0), axis=1)
    return total - np.where(before >= 0, base, 0.0)


def corrupted(progress: Any, reached: Any, onset: Any, stop_column: Any, onset_column: Any, interval: Any) -> Any:
    """Work lost to silent corruption: at each detection all since the last checkpoint before its onset.

    Parameters
    ----------
    progress
        Net work at the end of each stretch, before any corruption is found; shape (replicas, stretches).
    reached
        Work at each onset, likewise; shape (replicas, corruptions). Rows are in order of detection.
    onset
        Times of onset; infinity where there is none.
    stop_column, onset_column
        Stretch that the detection ends, and stretch of the onset.
    interval
        Of the checkpoints that are kept for long.

    Returns
    -------
    array
        Shape of `progress`: lost at the end of each stretch.
    """
    rows = progress.shape[0]
    each = np.broadcast_to(np.reshape(np.asarray(interval, dtype=float), -1), (rows,)).tolist()
    there = np.isfinite(onset) & (stop_column >= 0)
    lost = np.zeros_like(progress)
    # What one detection undoes hangs on those before it, so these few events are looped over.
    for row in range(rows):
        stops, begins = stop_column[row, there[row]], onset_column[row, there[row]]
        # How many were found before each one, and before its onset.
        earlier = np.minimum(np.searchsorted(stops, [stops, begins]), np.arange(stops.size))
        lines = (progress[row, stops], reached[row, there[row]], earlier)
        nows, thens, (before_stops, before_onsets) = (line.tolist() for line in lines)
        undone, amounts, tau = [0.0], [], each[row]
        for now, then, by_now, by_then in zip(nows, thens, before_stops, before_onsets, strict=True):
            kept = math.floor(max(then - undone[by_then], 0.0) / tau + _ROUNDING) * tau
            amounts.append(max(now - undone[by_now] - kept, 0.0))
            undone.append(undone[-1] + amounts[-1])
        np.add.at(lost[row], stops, amounts)
    return lost
