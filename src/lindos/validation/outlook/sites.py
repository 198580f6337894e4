"""Forecasts of a site from what was known on a day: draws, the announced date, and the trend."""

import math
from datetime import date

import numpy as np
from numpy.typing import NDArray

from lindos.roadmap.calendar import YEAR, seconds_between
from lindos.validation.outlook.knowledge import WORLD, Announcement, Knowledge, Reading

Floats = NDArray[np.float64]

NUM_DRAWS = 2000
# Judgements that were written down before any score was computed; none is fitted to what happened.
#: Spread of the logarithm of the time that is left until an announced day, and of the amount that then stands.
_TIME_SPREAD, _AMOUNT_SPREAD = 0.35, 0.2
#: Mean delay of what is overdue on the day of the forecast, in years.
_OVERDUE = 0.25
#: Growth a year of a site of which nothing is announced: spread of its logarithm before sites have been seen to grow,
#: and how many sites that counts for.
_GROWTH_SPREAD, _GROWTH_WEIGHT = 0.7, 5
#: Shortest time between readings that tells a growth, in years.
_SHORTEST = 0.4


def years_between(first: date, last: date) -> float:
    """Compute the time between two days in years.

    Parameters
    ----------
    first, last
        Days.
    """
    return float(seconds_between(first, last)) / YEAR


def drawn(knowledge: Knowledge, name: str, quantity: str, day: date, rng: np.random.Generator) -> Floats:
    """Draw what stands at a site on a day: announcements come late and not in full, and the rest grows.

    Parameters
    ----------
    knowledge
        What was known.
    name, quantity
        Site, and what is forecast of it.
    day
        Day of the forecast.
    rng
        Source of the draws.

    Returns
    -------
    ndarray
        `NUM_DRAWS` values.
    """
    readings = knowledge.readings_of(name, quantity)
    base = readings[-1].value if readings else 0.0
    pending = knowledge.announced(name, quantity)
    passed = years_between(knowledge.origin, day)
    if not pending:
        return base * np.exp(_growths(knowledge, quantity, rng) * passed)
    slower, smaller = rng.normal(size=(2, NUM_DRAWS))
    times, values = [np.zeros(NUM_DRAWS)], [np.full(NUM_DRAWS, base)]
    for row in pending:
        left = years_between(knowledge.origin, row.end)
        late = left * np.exp(_TIME_SPREAD * slower) if left > 0.0 else _OVERDUE * np.abs(slower)
        times.append(np.maximum(late, times[-1] + 1e-3))
        values.append(np.maximum(row.value * np.exp(_AMOUNT_SPREAD * smaller), values[-1]))
    return _interpolated(passed, times, values)


def _interpolated(passed: float, times: list[Floats], values: list[Floats]) -> Floats:
    """Sites come on line in stages: evenly from one announced amount to the next."""
    amounts = values[0].copy()
    for begin, end, low, high in zip(times, times[1:], values, values[1:], strict=False):
        amounts += (high - low) * np.clip((passed - begin) / (end - begin), 0.0, 1.0)
    return amounts


def _growths(knowledge: Knowledge, quantity: str, rng: np.random.Generator) -> Floats:
    """Logarithms of growth a year: those of sites that have been seen to grow, and a broad prior."""
    names = {row.name for row in knowledge.readings if row.name != WORLD}
    seen = [rate for name in sorted(names) if (rate := _rate(knowledge.readings_of(name, quantity))) is not None]
    prior = np.abs(rng.normal(0.0, _GROWTH_SPREAD, NUM_DRAWS))
    if not seen:
        return prior
    sampled = rng.choice(np.array(seen), NUM_DRAWS)
    return np.where(rng.random(NUM_DRAWS) < len(seen) / (len(seen) + _GROWTH_WEIGHT), sampled, prior)


def _rate(readings: tuple[Reading, ...]) -> float | None:
    """Logarithm of growth a year between the first and the last reading; None if they say nothing about it."""
    if len(readings) < 2 or not readings[0].value > 0.0:
        return None
    passed = years_between(readings[0].day, readings[-1].day)
    return math.log(readings[-1].value / readings[0].value) / passed if passed >= _SHORTEST else None


def announced(knowledge: Knowledge, name: str, quantity: str, day: date) -> float:
    """Take announcements at their word: each amount stands on its day, and nothing else comes.

    Parameters
    ----------
    knowledge, name, quantity, day
        As in `drawn`.
    """
    readings = knowledge.readings_of(name, quantity)
    due: list[Announcement] = [row for row in knowledge.announced(name, quantity) if row.end <= day]
    return max([row.value for row in due] + [readings[-1].value if readings else 0.0])


def trend(knowledge: Knowledge, name: str, quantity: str, day: date) -> float:
    """Continue the growth up to the last reading; what was seen once stays, what was not seen is not there.

    Growth is that since the reading before it, which is nearly half a year older at least.

    Parameters
    ----------
    knowledge, name, quantity, day
        As in `drawn`.
    """
    readings = knowledge.readings_of(name, quantity)
    if not readings:
        return 0.0
    last = readings[-1]
    earlier = [row for row in readings if years_between(row.day, last.day) >= _SHORTEST]
    rate = (_rate((earlier[-1], last)) if earlier else None) or 0.0
    return readings[-1].value * math.exp(rate * years_between(readings[-1].day, day))
