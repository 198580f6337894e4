"""Money in other currencies, read into dollars at the rate of a day.

The rates are data of the catalogue, which stands above this floor: it says with :func:`provide` how to load them. Who
reads a file states its day with :func:`exchange`, and learns what was converted.
"""

import datetime
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from lindos.errors import UnitError

#: Signs that stand for one currency. The yen and the yuan share a sign, which is refused.
SIGNS = {"€": "EUR", "£": "GBP", "₩": "KRW", "₹": "INR"}
_NAMES = {"euro": "EUR", "euros": "EUR", "RMB": "CNY"}
_SHARED = "¥"
#: Days between a rate and the day that it is used for, at most.
MAX_DISTANCE = 366

_TOKEN = re.compile(
    r"(?<![A-Za-z])(?P<prefix>[kKMGT]?)(?P<word>[€£₩₹¥]|euros?\b|RMB\b|(?!USD)[A-Z]{3}(?![A-Za-z]))(?P<tail>\s*)"
)
#: Words of three capitals that are no currency.
_UNITS = frozenset({"GPU", "CPU", "TPU", "MWh", "GWh"})


class Rate(NamedTuple):
    """Dollars for one unit of a currency on a day."""

    currency: str
    day: str
    dollars: float
    source: str  # its title


class Conversion(NamedTuple):
    """An amount that was read at a rate."""

    text: str
    rate: Rate

    def sentence(self) -> str:
        """Say what was read at which rate."""
        rate = self.rate
        when = f"of {rate.day} " if rate.day else ""
        return f"{self.text} is read at {rate.dollars:.4g} dollars for one {rate.currency} {when}({rate.source})."


@dataclass
class _Exchange:
    day: str = ""
    stated: Mapping[str, float] = field(default_factory=dict)
    conversions: list[Conversion] = field(default_factory=list)


_CURRENT: ContextVar[_Exchange | None] = ContextVar("_CURRENT", default=None)
_LOADERS: list[Callable[[], Iterable[Rate]]] = []


def provide(load: Callable[[], Iterable[Rate]]) -> None:
    """State how the rates are loaded.

    Parameters
    ----------
    load
        Returns the rates; it is called when an amount in another currency is read for the first time.
    """
    _LOADERS[:] = [load]
    rates.cache_clear()


@cache
def rates() -> Mapping[str, tuple[Rate, ...]]:
    """Get all rates by currency, oldest first."""
    by_currency: dict[str, list[Rate]] = {}
    for load in _LOADERS:
        for rate in load():
            by_currency.setdefault(rate.currency, []).append(rate)
    return {currency: tuple(sorted(items, key=lambda rate: rate.day)) for currency, items in by_currency.items()}


@contextmanager
def exchange(day: str = "", stated: Mapping[str, float] | None = None) -> Iterator[list[Conversion]]:
    """Read amounts at the rates of a day inside the block, and collect what was converted.

    Parameters
    ----------
    day
        ISO date; the newest rates if empty.
    stated
        Dollars for one unit by currency, which precede the rates of the day.
    """
    current = _Exchange(day, stated or {})
    token = _CURRENT.set(current)
    try:
        yield current.conversions
    finally:
        _CURRENT.reset(token)


def in_dollars(text: str, path: str) -> tuple[str, float] | None:
    """Write an amount of another currency as one of dollars, and give the rate to multiply it with.

    Parameters
    ----------
    text
        ``"€0.18/kWh"``, ``"EUR 0.18/kWh"``, ``"0.18 EUR/kWh"``.
    path
        Name of the field, for the error message.

    Returns
    -------
    tuple of (str, float) or None
        The text with a dollar in the place of the currency, and dollars for one unit; None if it names no other
        currency.

    Raises
    ------
    UnitError
        If the currency is unknown, or has no rate near the day.
    """
    match = _TOKEN.search(text)
    if match is None or match["word"] in _UNITS:
        return None
    word = match["word"]
    before, after = text[: match.start()], text[match.end() :]
    is_first = not before.strip(" ~+-")
    if is_first and match["prefix"]:
        return None
    rate = _rate(SIGNS.get(word) or _NAMES.get(word) or word, text, path)
    return f"{before}${after}" if is_first else f"{before}{match['prefix']}USD{match['tail']}{after}", rate


def _rate(currency: str, text: str, path: str) -> float:
    current = _CURRENT.get() or _Exchange()
    if currency == _SHARED:
        raise UnitError(path, text, "an amount in one currency: ¥ is the yen and the yuan", "Write JPY or CNY.")
    if currency in current.stated:
        rate = Rate(currency, "", float(current.stated[currency]), "exchange_rates of the scenario")
    else:
        rate = _nearest(currency, current.day, text, path)
    current.conversions.append(Conversion(text.strip(), rate))
    return rate.dollars


def _nearest(currency: str, day: str, text: str, path: str) -> Rate:
    """Get the rate of the day that is nearest; the newest if no day is stated."""
    listed = rates().get(currency)
    fix = f"Write dollars, or add exchange_rates: {{{currency}: 1.1}}, dollars for one {currency}."
    if not listed:
        codes = ", ".join(["USD", *sorted(rates())])
        raise UnitError(path, text, f"an amount in a currency with a rate: {codes}", fix)
    if not day:
        return listed[-1]
    nearest = min(listed, key=lambda rate: abs(_days(rate.day) - _days(day)))
    if abs(_days(nearest.day) - _days(day)) > MAX_DISTANCE and not _is_pegged(listed):
        span = " and ".join(rate.day for rate in listed)
        raise UnitError(path, text, f"an amount with a rate near {day}: those of {currency} are of {span}", fix)
    return nearest


def _is_pegged(listed: tuple[Rate, ...]) -> bool:
    """Tell whether a currency has had one rate on all its days, at least two of them."""
    return len(listed) > 1 and len({rate.dollars for rate in listed}) == 1


def _days(day: str) -> int:
    """Number the days; a date without month or day counts from its first."""
    head = re.match(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?", day)
    assert head is not None  # dates are checked where they are read
    return datetime.date(int(head[1]), int(head[2] or 1), int(head[3] or 1)).toordinal()
