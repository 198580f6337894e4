"""Progress and its loss: the work that tiers of checkpoints restore after each stop.

Rows are trials of the campaign, columns the stretches between two stops. Work is in seconds at full speed.
"""

import math
from dataclasses import dataclass

import numpy as np

from lindos.campaign.arrays import FractionArray, Indexes, Mask, SecondsArray
from lindos.quantities import Count, Fraction, Seconds

#: Effects of a stop on unsaved work that are no index of a tier to restart from.
KEEPS, SAVES = -1, -2
#: Rounding error of sums of work, as a share of an interval.
_ROUNDING = 1e-9
#: An interval that never ends, in seconds; finite, so that no result is NaN.
ENDLESS = 1e30


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointTier:
    """One place for checkpoints; its times may be arrays of draws, as in :class:`lindos.campaign.Problem`.

    Parameters
    ----------
    name
        ``"memory"``, ``"local"`` or ``"remote"``.
    interval
        Seconds of work between checkpoints: a multiple of the interval of the tier before.
    blocking_time
        Seconds that training waits for one checkpoint.
    write_time
        Seconds after the wait until it can be restored from; 0 if training waits for the whole save.
    restore_time
        Seconds to read it back.
    survives
        Devices of the largest failure after which it is readable.
    """

    name: str
    interval: Seconds
    blocking_time: Seconds
    write_time: Seconds
    restore_time: Seconds
    survives: Count


def saving_share(tiers: tuple[CheckpointTier, ...]) -> Fraction:
    """Return the seconds that training waits for checkpoints per second of work at full speed.

    Parameters
    ----------
    tiers
        Tiers of checkpoints with their intervals.
    """
    return sum((tier.blocking_time / tier.interval for tier in tiers), start=0.0 * tiers[0].interval)


def tier_for(devices: int, tiers: tuple[CheckpointTier, ...]) -> int:
    """Return the index of the freshest tier that survives a failure; the last tier survives every failure.

    Parameters
    ----------
    devices
        Devices that the failure takes out.
    tiers
        Tiers of checkpoints from the freshest to the last.
    """
    for index, tier in enumerate(tiers[:-1]):
        if devices <= tier.survives:
            return index
    return len(tiers) - 1


def losses(work: SecondsArray, stop: Indexes, rate: FractionArray, tiers: tuple[CheckpointTier, ...]) -> SecondsArray:
    """Compute the work lost at the stop that ends each stretch.

    Parameters
    ----------
    work
        Work done in each stretch, in seconds at full speed; shape (trials, stretches).
    stop
        Effect of the stop: the index of a tier to restart from, :data:`KEEPS` or :data:`SAVES`.
    rate
        Work per second of the stretch; a checkpoint that is still being written lags behind by its write time.
    tiers
        Tiers of checkpoints from the freshest to the last.

    Notes
    -----
    From tier 0, :math:`x` being the work since the last reset and :math:`d` the work done while a checkpoint is
    written, :math:`x - \\tau_0 \\lfloor (x - d)^+ / \\tau_0 \\rfloor` is lost. The work that remains is a
    multiple of :math:`\\tau_0`; a stop that reaches tier 1 loses the part of it after the last checkpoint of tier 1 by
    the same rule, and so on.
    """
    lost = np.zeros_like(work)
    for level, tier in enumerate(tiers):
        reaches = stop >= level
        if not reaches.any():
            break
        since = _since_reset(work - lost, reaches | (stop == SAVES))
        lag = np.maximum(since - rate * tier.write_time, 0.0)
        restored = np.floor(lag / tier.interval + _ROUNDING) * tier.interval
        lost = lost + np.where(reaches, np.maximum(since - restored, 0.0), 0.0)
    return lost


def _since_reset(gain: SecondsArray, resets: Mask) -> SecondsArray:
    """Sum `gain` over the stretches after the last stop that reset the sum, this stretch included."""
    if resets[:, :-1].all():
        return gain
    total = np.cumsum(gain, axis=1)
    last = np.where(resets, np.arange(gain.shape[1]), -1)
    last = np.maximum.accumulate(last, axis=1)
    previous = np.concatenate([np.full((gain.shape[0], 1), -1), last[:, :-1]], axis=1)
    base = np.take_along_axis(total, np.maximum(previous, 0), axis=1)
    return total - np.where(previous >= 0, base, 0.0)


def corrupted(
    progress: SecondsArray,
    reached: SecondsArray,
    onset: SecondsArray,
    stop_column: Indexes,
    onset_column: Indexes,
    interval: Seconds,
) -> SecondsArray:
    """Compute the work lost to silent corruption: at each detection all since the last checkpoint before its onset.

    Parameters
    ----------
    progress
        Net work at the end of each stretch, before any corruption is detected, in seconds at full speed; shape (trials,
        stretches).
    reached
        Net work at each onset; shape (trials, corruptions). Rows are in order of detection.
    onset
        Times of onset in seconds; infinity if there is none.
    stop_column, onset_column
        Index of the stretch that the detection ends, and of the stretch of the onset.
    interval
        Work between the checkpoints that are stored for long, in seconds.

    Returns
    -------
    array
        Work lost at the end of each stretch, in the shape of `progress`.
    """
    rows = progress.shape[0]
    intervals = np.broadcast_to(np.reshape(np.asarray(interval, dtype=float), -1), (rows,)).tolist()
    occurs = np.isfinite(onset) & (stop_column >= 0)
    lost = np.zeros_like(progress)
    # The loss at one detection depends on the detections before it, so that these few events need a loop.
    for row in range(rows):
        stops, begins = stop_column[row, occurs[row]], onset_column[row, occurs[row]]
        # Number of detections before each detection, and before its onset.
        earlier = np.minimum(np.searchsorted(stops, [stops, begins]), np.arange(stops.size))
        lines = (progress[row, stops], reached[row, occurs[row]], earlier)
        nows, thens, (before_stops, before_onsets) = (line.tolist() for line in lines)
        undone, amounts, tau = [0.0], [], intervals[row]
        for progress_now, progress_then, by_now, by_then in zip(nows, thens, before_stops, before_onsets, strict=True):
            restored = math.floor(max(progress_then - undone[by_then], 0.0) / tau + _ROUNDING) * tau
            amounts.append(max(progress_now - undone[by_now] - restored, 0.0))
            undone.append(undone[-1] + amounts[-1])
        np.add.at(lost[row], stops, amounts)
    return lost
