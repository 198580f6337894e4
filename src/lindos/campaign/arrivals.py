"""Times of failures: the sorted times of one cause in every trial of a campaign, as one array.

Rows are trials. A row with fewer failures than the longest is padded with the horizon.
"""

import zlib
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from lindos.campaign.arrays import CountArray, FractionArray, SecondsArray
from lindos.campaign.causes import Cause, cumulative_hazard, lifetime

#: Columns above the mean, in standard deviations and in number; one row in a billion needs more.
_DEVIATIONS, _EXTRA = 6.0, 12
#: Largest number of lives of a unit that are drawn at once, and that of a unit that is drained.
_LARGEST_LIVES, _LARGEST_BLOCK = 65_536, 64


def stream(seed: int, tile: int, name: str) -> np.random.Generator:
    """Make the random numbers of one purpose, so that other purposes do not shift them.

    Parameters
    ----------
    seed
        Seed of the simulation.
    tile
        Index of the tile of trials.
    name
        Name of the purpose.
    """
    return np.random.default_rng([seed, tile, zlib.crc32(name.encode())])


def columns(rng_draw: Callable[[tuple[int, int]], FractionArray], num_columns: int, num_trials: int) -> FractionArray:
    """Draw random numbers of shape (trials, columns); the first columns do not depend on the number of columns.

    Parameters
    ----------
    rng_draw
        Method of a generator that draws an array of a shape.
    num_columns
        Number of columns.
    num_trials
        Number of rows.
    """
    return np.ascontiguousarray(rng_draw((num_columns, num_trials)).T)


def arrivals(cause: Cause, horizon: SecondsArray, num_trials: int, rng: np.random.Generator) -> SecondsArray:
    """Draw the times of the failures of one cause up to the horizon of each trial, sorted along rows.

    Parameters
    ----------
    cause
        Its mean time has the shape () or (trials, 1).
    horizon
        Seconds from the start; shape (trials, 1).
    num_trials
        Number of rows.
    rng
        Generator of this cause alone (:func:`stream`).

    Returns
    -------
    array
        Shape (trials, largest number of failures of a trial).

    Notes
    -----
    Failures at a constant rate come from one Poisson process for all units. For another law the first failures of all
    units are drawn in order (:func:`_first`), then the second failures of the units that failed, and so on: this is
    exactly the superposition of one renewal process per unit. No failure depends on the horizon.
    """
    span = np.maximum(horizon - cause.online, 0.0)
    if cause.most is not None:
        times = _drained(cause, span, num_trials, rng)
    elif cause.law == "exponential":
        times = _poisson(cause, span, num_trials, rng)
    else:
        times = _renewals(cause, span, num_trials, rng)
    times = np.minimum(cause.online + times, horizon)
    return times[:, : max(1, int((times < horizon).sum(axis=1).max(initial=0)))]


def _poisson(cause: Cause, span: SecondsArray, num_trials: int, rng: np.random.Generator) -> SecondsArray:
    if float(cause.units) <= 0:
        return np.full((num_trials, 1), np.inf)
    gap = cause.mtbf / cause.units
    gaps = rng.standard_exponential((_num_columns(span / gap), num_trials))
    return np.ascontiguousarray(np.cumsum(gaps, axis=0, out=gaps).T) * gap


def _num_columns(mean: CountArray) -> int:
    """Return the number of columns that hold the failures of every row, if `mean` are expected on average."""
    largest = float(np.max(mean, initial=0.0))
    return int(largest + _DEVIATIONS * largest**0.5) + _EXTRA


def _drained(cause: Cause, span: SecondsArray, num_trials: int, rng: np.random.Generator) -> SecondsArray:
    """Draw the failures of a few units, each drained after `most` of them; only the first life begins at their age.

    Lives are drawn in blocks that double in length while any unit still fails within the span, so that memory follows
    the failures that happen and not the number after which a unit is drained.
    """
    units = int(cause.units)
    if units < 1:
        return np.full((num_trials, 1), np.inf)
    worn = rng.standard_exponential((num_trials, units)) + cumulative_hazard(cause, cause.age)
    latest: SecondsArray = np.asarray(lifetime(cause, worn)) - cause.age
    blocks, done, block = [latest], 1, 1
    while done < (cause.most or 1) and np.any(latest < span):
        lives = lifetime(_deeper(cause), rng.standard_exponential((num_trials, units, block)))
        times = latest[:, :, None] + np.cumsum(lives, axis=2)[:, :, : (cause.most or 1) - done]
        blocks.append(np.where(times < span[:, :, None], times, np.inf).reshape(num_trials, -1))
        latest, done, block = times[:, :, -1], done + block, min(2 * block, _LARGEST_BLOCK)
    failures = np.sort(np.concatenate(blocks, axis=1), axis=1)
    return failures[:, : max(1, int((failures < span).sum(axis=1).max(initial=0)))]


def _renewals(cause: Cause, span: SecondsArray, num_trials: int, rng: np.random.Generator) -> SecondsArray:
    latest = _first(cause, span, num_trials, rng.spawn(1)[0])
    blocks, lives = [latest], 1
    while np.any(latest < span):
        rows = int((latest < span).sum(axis=1).max())
        # Units that failed start again as new, in order of time, so that a longer horizon only adds failures.
        latest = np.sort(np.where(latest < span, latest, np.inf), axis=1)[:, :rows]
        gaps = rng.spawn(1)[0].standard_exponential((rows, lives, num_trials)).transpose(2, 0, 1)
        # The number of lives per draw doubles, since a unit may fail a million times.
        times = latest[:, :, None] + np.cumsum(lifetime(_deeper(cause), gaps), axis=2)
        blocks.append(times.reshape(num_trials, -1))
        latest, lives = times[:, :, -1], min(2 * lives, _LARGEST_LIVES)
    return np.sort(np.concatenate(blocks, axis=1), axis=1)


def _deeper(cause: Cause) -> Cause:
    """Return the cause with a mean time per trial that broadcasts over two axes of draws."""
    return replace(cause, mtbf=np.expand_dims(cause.mtbf, -1)) if np.ndim(cause.mtbf) else cause


def _first(cause: Cause, span: SecondsArray, num_trials: int, rng: np.random.Generator) -> SecondsArray:
    """Draw the first failures of all units in order, as many as happen within the span.

    The differences between the order statistics of `n` draws from the exponential law are independent draws over n, n -
    1, ... [1]_; measured in cumulative hazard, lives follow that law.

    References
    ----------
    .. [1] A. Renyi, "On the theory of order statistics," Acta Mathematica Academiae Scientiarum Hungaricae, vol. 4,
       pp. 191-231, 1953.
    """
    units = int(cause.units)
    if units < 1:
        return np.full((num_trials, 1), np.inf)
    start = cumulative_hazard(cause, cause.age)
    probability = -np.expm1(start - cumulative_hazard(cause, cause.age + span))
    drawn = columns(rng.standard_exponential, min(_num_columns(units * probability), units), num_trials)
    hazard = np.cumsum(drawn / (units - np.arange(drawn.shape[1])), axis=1)
    return np.maximum(lifetime(cause, start + hazard) - cause.age, 0.0)
