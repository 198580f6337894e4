"""Dates as the roadmap uses them: a path cut into years that start at its first day."""

from datetime import date, timedelta

import numpy as np

from lindos.errors import InconsistentError, InputError
from lindos.quantities import Seconds

DAY = 86_400.0
YEAR = 365.25 * DAY
#: Longest path, in years: the trends of the catalogue mean nothing after a few decades.
_LONGEST = 50


def day(text: str, path: str) -> date:
    """Parse an ISO date.

    Parameters
    ----------
    text
        Date such as ``2030-07-22``.
    path
        Field of the scenario, for the message.

    Raises
    ------
    InputError
        If ``text`` is not a date.
    """
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        raise InputError(path, text, "a date", "Write for example '2030-07-22'.") from None


def seconds_between(first: date, last: date) -> Seconds:
    """Compute the time from one day to another, in s; negative if the last day is the earlier one.

    Parameters
    ----------
    first, last
        Days.
    """
    return (last - first).days * DAY


def share_between(first: date, last: date, begin: date, end: date) -> float:
    """Compute the share of a programme from ``first`` to ``last`` that falls between ``begin`` and ``end``.

    Parameters
    ----------
    first, last
        Days of the programme, which buys evenly.
    begin, end
        Days between which purchases count.
    """
    overlap = (min(last, end) - max(first, begin)).days
    return max(0, overlap) / (last - first).days


def span(seconds: Seconds) -> timedelta:
    """Convert a duration to days of the calendar: a date is no draw, so an array counts with its median.

    Parameters
    ----------
    seconds
        Duration in s.
    """
    return timedelta(seconds=float(np.median(np.asarray(seconds, dtype=float))))


def year_ends(first: str, last: str) -> tuple[date, ...]:
    """List the first day, each anniversary of it, and the last day.

    Parameters
    ----------
    first, last
        ISO dates.

    Raises
    ------
    InconsistentError
        If the last day is not after the first, or more than fifty years after it.
    """
    begin, end = day(first, "roadmap.start"), day(last, "roadmap.by")
    if end <= begin:
        raise InconsistentError("roadmap.by", last, "roadmap.start", first, "be later than the second")
    if seconds_between(begin, end) > _LONGEST * YEAR:
        raise InconsistentError("roadmap.by", last, "roadmap.start", first, "be at most 50 years after the second")
    days = [begin]
    while (following := _anniversary(begin, len(days))) < end:
        days.append(following)
    return (*days, end)


def _anniversary(first: date, years: int) -> date:
    leap_day = (first.month, first.day) == (2, 29)
    return first.replace(year=first.year + years, day=28 if leap_day else first.day)
