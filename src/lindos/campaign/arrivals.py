"""When failures strike: for every replica of a campaign the sorted times of a cause, as one array.

Rows are replicas. Rows with fewer failures are filled up with the horizon, where nothing happens any more.
"""

import zlib
from dataclasses import replace
from typing import Any

import numpy as np

from lindos.campaign.causes import Cause, cumulative, lifetime

#: Columns beyond the mean, in standard deviations and in number: a row that needs more comes once in a billion.
_DEVIATIONS, _MORE = 6.0, 12


def stream(seed: int, tile: int, name: str) -> np.random.Generator:
    """The random numbers of one purpose: others draw theirs without shifting these."""
    return np.random.default_rng([seed, tile, zlib.crc32(name.encode())])


def columns(rng_draw: Any, num_columns: int, num_replicas: int) -> Any:
    """Draws of shape (replicas, columns) whose first columns do not depend on how many there are."""
    return np.ascontiguousarray(rng_draw((num_columns, num_replicas)).T)


def arrivals(cause: Cause, horizon: Any, num_replicas: int, rng: np.random.Generator) -> Any:
    """Times of the failures of one cause up to the horizon of each replica, sorted along rows.

    Parameters
    ----------
    cause
        With a mean time of shape () or (replicas, 1).
    horizon
        Shape (replicas, 1).
    num_replicas
        Rows.
    rng
        Of this cause alone (:func:`stream`).

    Returns
    -------
    array
        Shape (replicas, most failures of a row).

    Notes
    -----
    Failures at a constant rate come from one Poisson process for all units. Of another law the first failures of all
    units are drawn at once (how many: binomial; when: by the inverse of the law), then the second ones of those that
    failed, and so on: exactly the superposition of as many renewal processes as there are units.
    """
    span = np.maximum(horizon - cause.online, 0.0)
    if cause.most is not None:
        times = _drained(cause, num_replicas, rng)
    elif cause.law == "exponential":
        times = _poisson(cause, span, num_replicas, rng)
    else:
        times = _renewals(cause, span, num_replicas, rng)
    times = np.minimum(cause.online + times, horizon)
    return times[:, : max(1, int((times < horizon).sum(axis=1).max(initial=0)))]


def _poisson(cause: Cause, span: Any, num_replicas: int, rng: np.random.Generator) -> Any:
    if float(cause.units) <= 0:
        return np.full((num_replicas, 1), np.inf)
    each = cause.mtbf / cause.units
    mean = float(np.max(span / each, initial=0.0))
    count = int(mean + _DEVIATIONS * mean**0.5) + _MORE
    gaps = rng.standard_exponential((count, num_replicas))
    return np.ascontiguousarray(np.cumsum(gaps, axis=0, out=gaps).T) * each


def _drained(cause: Cause, num_replicas: int, rng: np.random.Generator) -> Any:
    """Few units, each with at most so many failures."""
    units = int(cause.units)
    if units < 1:
        return np.full((num_replicas, 1), np.inf)
    # A mean for each replica is one for all its units.
    each = replace(cause, mtbf=np.expand_dims(cause.mtbf, -1) if np.ndim(cause.mtbf) else cause.mtbf)
    lives = lifetime(each, rng.random((num_replicas, units, cause.most or 1)))
    return np.sort(np.cumsum(lives, axis=2).reshape(num_replicas, -1), axis=1)


def _renewals(cause: Cause, span: Any, num_replicas: int, rng: np.random.Generator) -> Any:
    before, after = cumulative(cause, cause.age), cumulative(cause, cause.age + span)
    alive = np.maximum(1 - before, 1e-300)
    share = np.broadcast_to((after - before) / alive, (num_replicas, 1))
    counts = rng.binomial(int(cause.units), np.clip(share, 0.0, 1.0))
    most = int(counts.max(initial=0))
    drawn = columns(rng.random, max(most, 1), num_replicas)
    first = lifetime(cause, before + (after - before) * drawn) - cause.age
    first = np.where(np.arange(max(most, 1)) < counts, first, np.inf)
    found, latest = [first], first
    while np.any(latest < span):
        rows = (latest < span).sum(axis=1).max()
        # Those that failed start again as new; the others are done.
        latest = np.sort(np.where(latest < span, latest, np.inf), axis=1)[:, :rows]
        latest = latest + lifetime(cause, columns(rng.random, int(rows), num_replicas))
        found.append(latest)
    return np.sort(np.concatenate(found, axis=1), axis=1)
