"""Ranges of forecasts, stretched until they hold as often as they say: fitted on the forecasts from the days left over.

A forecast knows its own spread and not how good the judgements behind it are. The stretch of a kind of forecast is the
least with which four fifths of the forecasts from other days would have held. It works on square roots, so that
nothing at all can be in the range.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from lindos.validation.outlook.knowledge import WORLD
from lindos.validation.outlook.score import Forecast, percentiles, ranked_probability_score
from lindos.validation.outlook.sites import Floats

#: Share of the forecasts that a range is to hold.
SHARE = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """How far the ranges of a kind of forecast from a day are stretched, and what that rests on.

    Parameters
    ----------
    origin
        Day of the forecasts that are stretched; None for forecasts from any later day.
    kind
        Kind of forecast.
    count
        Number of forecasts from other days that the factor is fitted to.
    factor
        Factor on the distance of every draw from the median, in square roots.
    """

    origin: date | None
    kind: str
    count: int
    factor: float


def stretched(draws: Floats, factor: float) -> Floats:
    """Move every draw away from the median by a factor, in square roots; none gets below zero.

    Parameters
    ----------
    draws
        Draws of a forecast, none below zero.
    factor
        The factor; 1 changes nothing.

    Examples
    --------
    >>> stretched(np.array([1.0, 4.0, 9.0]), 2.0).tolist()
    [0.0, 4.0, 16.0]
    """
    roots = np.sqrt(draws)
    middle = np.median(roots)
    widened: Floats = np.maximum(middle + factor * (roots - middle), 0.0) ** 2
    return widened


def distance(row: Forecast) -> float:
    """Compute by which factor a range must be stretched to reach what happened; 1 is its end.

    Parameters
    ----------
    row
        A forecast with what happened.
    """
    truth, middle = math.sqrt(row.truth), math.sqrt(row.middle)
    end = math.sqrt(row.high if truth > middle else row.low)
    return abs(truth - middle) / abs(end - middle)


def least_factor(distances: Sequence[float], share: float = SHARE) -> float:
    """Compute the least factor with which a share of forecasts holds, the next forecast counted among them.

    Parameters
    ----------
    distances
        Factor that each forecast would have needed.
    share
        Share that is to hold.

    Examples
    --------
    Of five forecasts and the next, four fifths are five:

    >>> least_factor([0.1, 3.0, 0.5, 1.2, 0.9])
    3.0
    """
    ordered = sorted(distances)
    return ordered[min(math.ceil((len(ordered) + 1) * share), len(ordered)) - 1]


def stretches(rows: Iterable[Forecast]) -> tuple[Stretch, ...]:
    """Fit the stretch of every kind for every day to the forecasts from other days, and for later days to all.

    Parameters
    ----------
    rows
        Forecasts with what happened.
    """
    forecasts, listed = tuple(rows), []
    for kind in sorted({row.kind for row in forecasts}):
        origins = sorted({row.origin for row in forecasts if row.kind == kind})
        for origin in (*origins, None):
            rest = [distance(row) for row in forecasts if row.kind == kind and row.origin != origin]
            if rest:
                listed.append(Stretch(origin=origin, kind=kind, count=len(rest), factor=least_factor(rest)))
    return tuple(listed)


def calibrated(rows: Iterable[Forecast]) -> tuple[Forecast, ...]:
    """Stretch the range of every forecast as far as the forecasts from other days say.

    Parameters
    ----------
    rows
        Forecasts with what happened.
    """
    forecasts = tuple(rows)
    factors = {(item.origin, item.kind): item.factor for item in stretches(forecasts)}
    return tuple(_stretched(row, factors.get((row.origin, row.kind), 1.0)) for row in forecasts)


def _stretched(row: Forecast, factor: float) -> Forecast:
    draws = stretched(row.draws, factor)
    low, middle, high = percentiles(draws)
    score = ranked_probability_score(draws, row.truth)
    return replace(row, draws=draws, score=score, low=low, middle=middle, high=high)


def outlook_error(rows: Iterable[Forecast]) -> tuple[float, float]:
    """Compute the 80 % range of what the world delivers over what its wafers had let one forecast.

    Deliveries count from the last count of the stock. The range is even in logarithms, since three days say nothing
    about a side.

    Parameters
    ----------
    rows
        Forecasts with what happened.
    """
    ratios = [
        (row.truth - row.counted) / (row.middle - row.counted)
        for row in rows
        if row.name == WORLD and row.quantity == "h100_equivalents"
    ]
    factor = math.exp(least_factor([abs(math.log(ratio)) for ratio in ratios]))
    return 1.0 / factor, factor
