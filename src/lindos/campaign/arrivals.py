"""When failures strike: for every replica of a campaign the sorted times of a cause, as one array.

Rows are replicas. Rows with fewer failures are filled up with the horizon, where nothing happens any more.
"""

import zlib
from dataclasses import replace
from typing import Any

import numpy as np

from lindos.campaign.causes import Cause, cumulative_hazard, lifetime

#: Columns beyond the mean, in standard deviations and in number: a row that needs more comes once in a billion.
_DEVIATIONS, _MORE = 6.0, 12
#: Lives of a unit that are drawn at once.
_MOST_LIVES = 65_536


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
    units are drawn at once, in order (:func:`_first`), then the second ones of those that failed, and so on: exactly
    the superposition of as many renewal processes as there are units. No failure depends on how far the horizon is.
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
    gaps = rng.standard_exponential((_enough(span / each), num_replicas))
    return np.ascontiguousarray(np.cumsum(gaps, axis=0, out=gaps).T) * each


def _enough(mean: Any) -> int:
    """Columns for as many failures as this on average."""
    most = float(np.max(mean, initial=0.0))
    return int(most + _DEVIATIONS * most**0.5) + _MORE


def _drained(cause: Cause, num_replicas: int, rng: np.random.Generator) -> Any:
    """Few units, each with at most so many failures; only the first life begins at their age."""
    units = int(cause.units)
    if units < 1:
        return np.full((num_replicas, 1), np.inf)
    drawn = rng.standard_exponential((num_replicas, (cause.most or 1) * units))
    worn = drawn[:, :units] + cumulative_hazard(cause, cause.age)
    lives = np.concatenate([lifetime(cause, worn) - cause.age, lifetime(cause, drawn[:, units:])], axis=1)
    return np.sort(np.cumsum(lives.reshape(num_replicas, -1, units), axis=1).reshape(num_replicas, -1), axis=1)


def _renewals(cause: Cause, span: Any, num_replicas: int, rng: np.random.Generator) -> Any:
    latest = _first(cause, span, num_replicas, rng.spawn(1)[0])
    found, lives = [latest], 1
    while np.any(latest < span):
        rows = int((latest < span).sum(axis=1).max())
        # Those that failed start again as new, in order of time: what a longer horizon adds comes after them.
        latest = np.sort(np.where(latest < span, latest, np.inf), axis=1)[:, :rows]
        drawn = rng.spawn(1)[0].standard_exponential((rows, lives, num_replicas)).transpose(2, 0, 1)
        # Ever more lives at once: a unit may fail a million times.
        each = latest[:, :, None] + np.cumsum(lifetime(_deeper(cause), drawn), axis=2)
        found.append(each.reshape(num_replicas, -1))
        latest, lives = each[:, :, -1], min(2 * lives, _MOST_LIVES)
    return np.sort(np.concatenate(found, axis=1), axis=1)


def _deeper(cause: Cause) -> Cause:
    """The cause with a mean time for each replica that serves two axes of draws."""
    return replace(cause, mtbf=np.expand_dims(cause.mtbf, -1)) if np.ndim(cause.mtbf) else cause


def _first(cause: Cause, span: Any, num_replicas: int, rng: np.random.Generator) -> Any:
    """First failures of all units in order, as many as come within the span.

    Between the order statistics of `n` draws from the exponential law lie independent draws over n, n - 1, ... [1]_;
    on the clock of the hazard, lives follow that law.

    References
    ----------
    .. [1] A. Renyi, "On the theory of order statistics," Acta Mathematica Academiae Scientiarum Hungaricae, vol. 4,
       pp. 191-231, 1953.
    """
    units = int(cause.units)
    if units < 1:
        return np.full((num_replicas, 1), np.inf)
    before = cumulative_hazard(cause, cause.age)
    within = -np.expm1(before - cumulative_hazard(cause, cause.age + span))
    drawn = columns(rng.standard_exponential, min(_enough(units * within), units), num_replicas)
    hazard = np.cumsum(drawn / (units - np.arange(drawn.shape[1])), axis=1)
    return np.maximum(lifetime(cause, before + hazard) - cause.age, 0.0)
