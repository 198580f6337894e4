"""Repairs and spares: when failed devices are repaired, and when enough devices work for the job to go on.

All arrays have a row for each trial of the campaign and a column for each failure, in order of time; ``weight`` is in
devices, 0 if nothing is broken. Sorted lines are merged by a stable sort, which is many times faster on them than other
sorts.
"""

from typing import Any, NamedTuple

import numpy as np

from lindos.campaign.arrays import CountArray, Indexes, SecondsArray
from lindos.quantities import Count


class Missing(NamedTuple):
    """Devices out of service through time: ``amount`` devices from each of ``times`` to the next.

    ``order`` is the index of each moment among the failures, followed by the repairs.
    """

    times: SecondsArray
    amount: CountArray
    order: Indexes


def in_order(order: Indexes, *columns: Any) -> tuple[Any, ...]:
    """Return arrays with each row sorted by `order`.

    Parameters
    ----------
    order
        Indexes of the columns in their new order, shape (rows, columns).
    columns
        Arrays of shape (rows, columns).
    """
    rows, width = columns[0].shape
    flat = order if rows == 1 else order + width * np.arange(rows)[:, None]
    return tuple(np.take(np.ascontiguousarray(column), flat) for column in columns)


def repaired(times: SecondsArray, durations: SecondsArray, teams: float) -> SecondsArray:
    """Compute when each failure is repaired, by teams that work side by side.

    With fewer teams than failures, repairs queue: the teams take failures in turn, and each team finishes one before
    its next. With one team this is the queue in order of arrival.

    Parameters
    ----------
    times
        Times of the failures in seconds, shape (trials, failures).
    durations
        Seconds that each repair takes, same shape.
    teams
        Number of teams; infinity for one per failure.
    """
    if not np.isfinite(teams):
        return times + durations
    rows, count = times.shape
    lanes = int(min(teams, count))
    short = -count % lanes
    shape = (rows, (count + short) // lanes, lanes)
    start = np.pad(times, ((0, 0), (0, short)), constant_values=np.inf).reshape(shape)
    work = np.cumsum(np.pad(durations, ((0, 0), (0, short))).reshape(shape), axis=1)
    earlier = np.concatenate([np.zeros((rows, 1, lanes)), work[:, :-1]], axis=1)
    done = work + np.maximum.accumulate(start - earlier, axis=1)
    return done.reshape(rows, -1)[:, :count]


def missing(times: SecondsArray, back: SecondsArray, weight: CountArray) -> Missing:
    """Compute the devices out of service after each failure and each repair.

    Parameters
    ----------
    times
        Times of the failures in seconds, shape (trials, failures).
    back
        Times at which they are repaired, same shape.
    weight
        Devices that each failure takes out, same shape.
    """
    events = np.concatenate([times, back], axis=1)
    order = np.argsort(events, axis=1, kind="stable")
    change = np.concatenate([weight, -weight], axis=1)
    moments, change = in_order(order, events, change)
    return Missing(moments, np.cumsum(change, axis=1), order)


def staffed(shortage: Missing, spares: Count, shape: tuple[int, int]) -> SecondsArray:
    """Return the first moment after each failure when spares stand in for all missing devices.

    It is infinity if repairs do not end.

    Parameters
    ----------
    shortage
        Devices that are missing through time.
    spares
        Number of spare devices.
    shape
        Shape (trials, failures) of the result.
    """
    covered = np.where(shortage.amount <= spares, shortage.times, np.inf)
    first = np.minimum.accumulate(covered[:, ::-1], axis=1)[:, ::-1]
    return first[shortage.order < shape[1]].reshape(shape)


def missing_beyond_racks(
    times: SecondsArray,
    back: SecondsArray,
    weight: CountArray,
    num_racks: float,
    spares: float,
    rack_devices: float,
    rng: np.random.Generator,
) -> Missing:
    """Compute the devices that are missing once the spares inside racks stand in for their own rack.

    A rack with more failures than spares is out as a whole until it has enough devices again. Failures hit racks at
    random. A failure larger than a rack is not covered by the spares inside racks.

    Parameters
    ----------
    times
        Times of the failures in seconds, shape (trials, failures).
    back
        Times at which they are repaired, same shape.
    weight
        Devices that each failure takes out, same shape.
    num_racks
        Number of racks of the pool.
    spares
        Spare devices inside each rack.
    rack_devices
        Devices that are out while a rack is short.
    rng
        Generator that chooses the rack of each failure.
    """
    rows, count = times.shape
    small = weight <= rack_devices + spares
    racks = np.tile(np.floor(rng.random((count, rows)).T * max(num_racks, 1.0)), 2)
    events = np.concatenate([times, back], axis=1)
    # Sorted by rack: all failures of a rack are repaired before the next rack begins, so that one sum serves all racks.
    line = np.lexsort((events, racks), axis=1)
    small_weight, large_weight = np.where(small, weight, 0.0), np.where(small, 0.0, weight)
    out = (
        np.cumsum(np.take_along_axis(np.concatenate([small_weight, -small_weight], axis=1), line, axis=1), axis=1)
        > spares
    )
    change = np.diff(out.astype(float), axis=1, prepend=0.0) * rack_devices
    change += np.take_along_axis(np.concatenate([large_weight, -large_weight], axis=1), line, axis=1)
    order = np.argsort(np.take_along_axis(events, line, axis=1), axis=1, kind="stable")
    amount = np.cumsum(np.take_along_axis(change, order, axis=1), axis=1)
    order = np.take_along_axis(line, order, axis=1)
    return Missing(np.take_along_axis(events, order, axis=1), amount, order)


def integral(queries: SecondsArray, times: SecondsArray, amount: CountArray, horizon: SecondsArray) -> CountArray:
    """Integrate an amount that changes in steps, from 0 to each query.

    Parameters
    ----------
    queries
        Times in seconds, sorted along rows; shape (trials, queries).
    times
        Times of the steps in seconds, sorted along rows; shape (trials, steps).
    amount
        Amount from each step to the next, same shape.
    horizon
        Seconds beyond which nothing changes, shape (trials, 1).

    Returns
    -------
    array
        Amount times seconds, in the shape of `queries`.
    """
    rows = times.shape[0]
    start, end = np.zeros((rows, 1)), horizon + 1.0
    knots = np.concatenate([start, np.minimum(times, end), end], axis=1)
    steps = np.concatenate([start, amount], axis=1) * np.diff(knots, axis=1)
    total = np.concatenate([start, np.cumsum(steps, axis=1)], axis=1)
    # All rows are interpolated as one line, in which an offset separates the knots of each row.
    offset = np.arange(rows)[:, None] * (float(np.max(horizon)) + 2.0)
    flat = np.interp((np.minimum(queries, end) + offset).ravel(), (knots + offset).ravel(), total.ravel())
    integrals: CountArray = flat.reshape(queries.shape)
    return integrals
