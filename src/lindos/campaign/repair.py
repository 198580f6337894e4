"""Repairs and spares: when what failed is back, and when enough devices are there to go on.

All arrays have a row for each trial of the campaign and a column for each failure, in order of time; ``weight`` is in
devices, 0 where nothing is broken. Lines that are sorted already are merged by a stable sort, which is many times
faster on them than any other.
"""

from typing import Any, NamedTuple

import numpy as np

from lindos.quantities import Count


class Missing(NamedTuple):
    """Devices out of service through time: ``amount`` holds from each of ``times`` to the next.

    ``order`` says which of the failures, or of the repairs after them, each moment is.
    """

    times: Any
    amount: Any
    order: Any


def in_order(order: Any, *columns: Any) -> tuple[Any, ...]:
    """Return arrays of shape (rows, columns) with each row in the order that `order` gives it."""
    rows, width = columns[0].shape
    flat = order if rows == 1 else order + width * np.arange(rows)[:, None]
    return tuple(np.take(np.ascontiguousarray(column), flat) for column in columns)


def repaired(times: Any, durations: Any, teams: float) -> Any:
    """When each failure is repaired, by `teams` that work side by side.

    With fewer teams than failures to repair, repairs queue: the teams take failures in turn, and each finishes one
    before its next. With one team this is the queue in order of arrival.
    """
    if not np.isfinite(teams):
        return times + durations
    rows, count = times.shape
    lanes = int(min(teams, count))
    short = -count % lanes
    shape = (rows, (count + short) // lanes, lanes)
    start = np.pad(times, ((0, 0), (0, short)), constant_values=np.inf).reshape(shape)
    work = np.cumsum(np.pad(durations, ((0, 0), (0, short))).reshape(shape), axis=1)
    before = np.concatenate([np.zeros((rows, 1, lanes)), work[:, :-1]], axis=1)
    done = work + np.maximum.accumulate(start - before, axis=1)
    return done.reshape(rows, -1)[:, :count]


def missing(times: Any, back: Any, weight: Any) -> Missing:
    """Devices out of service after each failure and each repair."""
    both = np.concatenate([times, back], axis=1)
    order = np.argsort(both, axis=1, kind="stable")
    change = np.concatenate([weight, -weight], axis=1)
    moments, change = in_order(order, both, change)
    return Missing(moments, np.cumsum(change, axis=1), order)


def staffed(shortage: Missing, spares: Count, shape: tuple[int, int]) -> Any:
    """Return the first moment from each failure on when no more devices are missing than `spares` stand in for.

    Never, infinity, where repairs do not end.
    """
    enough = np.where(shortage.amount <= spares, shortage.times, np.inf)
    first = np.minimum.accumulate(enough[:, ::-1], axis=1)[:, ::-1]
    return first[shortage.order < shape[1]].reshape(shape)


def missing_beyond_racks(
    times: Any, back: Any, weight: Any, num_racks: float, spares: float, taken: float, rng: np.random.Generator
) -> Missing:
    """Devices that are missing once racks stand in for their own: a rack with too few takes out `taken` until it can.

    Failures fall on racks at random. What is larger than a rack is missing as it is.
    """
    rows, count = times.shape
    small = weight <= taken + spares
    racks = np.tile(np.floor(rng.random((count, rows)).T * max(num_racks, 1.0)), 2)
    both = np.concatenate([times, back], axis=1)
    # Rack after rack: all that fails in one is back when the next begins, so that one sum serves all.
    line = np.lexsort((both, racks), axis=1)
    inside, apart = np.where(small, weight, 0.0), np.where(small, 0.0, weight)
    out = np.cumsum(np.take_along_axis(np.concatenate([inside, -inside], axis=1), line, axis=1), axis=1) > spares
    change = np.diff(out.astype(float), axis=1, prepend=0.0) * taken
    change += np.take_along_axis(np.concatenate([apart, -apart], axis=1), line, axis=1)
    order = np.argsort(np.take_along_axis(both, line, axis=1), axis=1, kind="stable")
    amount = np.cumsum(np.take_along_axis(change, order, axis=1), axis=1)
    order = np.take_along_axis(line, order, axis=1)
    return Missing(np.take_along_axis(both, order, axis=1), amount, order)


def integral(queries: Any, times: Any, amount: Any, horizon: Any) -> Any:
    """Integral from 0 to each of the sorted `queries` of an amount that is constant from each of `times` on."""
    rows = times.shape[0]
    start, end = np.zeros((rows, 1)), horizon + 1.0
    knots = np.concatenate([start, np.minimum(times, end), end], axis=1)
    steps = np.concatenate([start, amount], axis=1) * np.diff(knots, axis=1)
    total = np.concatenate([start, np.cumsum(steps, axis=1)], axis=1)
    # All rows in one line: knots of a row lie between those of its neighbours.
    offset = np.arange(rows)[:, None] * (float(np.max(horizon)) + 2.0)
    flat = np.interp((np.minimum(queries, end) + offset).ravel(), (knots + offset).ravel(), total.ravel())
    return flat.reshape(queries.shape)
