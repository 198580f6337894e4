"""What a check says: numerals that fit together, or that cannot all be right."""

import math
from dataclasses import dataclass

from lindos.claims.span import shown
from lindos.claims.text.numeral import Numeral

#: Amounts agree within this factor beyond the roundings that the text announces.
AGREE = 1.06
#: Amounts that are off by less than this factor are not held against a text.
DISAGREE = 1.25
#: How near a factor of error must come to a power of ten, a doubling or a year's hours to count as such a slip.
NEAR = 1.12
POWERS = (10.0, 100.0, 1e3, 1e4, 1e6, 1e9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """Numerals that one check holds against each other or against a fact.

    ``members`` stand in the order in which they are blamed where the relation does not hold.
    """

    kind: str
    members: tuple[Numeral, ...]
    holds: bool
    arithmetic: str
    factor: float | None = None  # of error, at least 1
    reading: str = ""  # under which the blamed numeral would be right
    subject: str = ""
    sources: tuple[str, ...] = ()


def distance(low: float, high: float, numeral: Numeral) -> float:
    """Factor between the nearer ends of a computed range and what the numeral allows; 1 where they overlap."""
    if low <= 0 or numeral.low <= 0:
        return math.inf
    return max(1.0, numeral.low / high, low / numeral.high)


def off_by(value: float, numeral: Numeral) -> float:
    """Factor between two values, at least 1."""
    printed = numeral.value
    if value <= 0 or printed <= 0:
        return math.inf
    return max(value / printed, printed / value)


def is_power(factor: float, near: float = NEAR) -> bool:
    """Whether a factor of error is a power of ten, as slips of a mark, a prefix or a word are."""
    return any(max(factor / power, power / factor) <= near for power in POWERS)


def is_slip(factor: float) -> bool:
    """Whether a factor of error has a name: a power of ten, a doubling, the hours of a year."""
    return is_power(factor) or any(max(factor / f, f / factor) <= 1.06 for f in (2.0, 4.0, 72.0, 8766.0))


def written(numeral: Numeral) -> str:
    """The numeral as a line of arithmetic shows it."""
    if not numeral.values:
        return numeral.text
    return "-".join(amount(value, numeral.unit) for value in numeral.values)


def amount(value: float, unit: str) -> str:
    """A value with its unit, as results write it."""
    if unit in ("factor", "1", "rank", "ordinal"):
        return shown(value, "1")
    if unit in ("fraction", "points"):
        return f"{100 * value:.3g} %"
    if unit in ("EUR", "GBP", "CNY", "JPY", "CHF"):
        return shown(value, "USD").replace("$", f"{unit} ")
    if unit in ("week", "month", "quarter"):
        return f"{value:g} {unit}{'s' if value != 1 else ''}"
    if unit == "year":
        return f"{value:.0f}"
    if unit in ("W", "J", "USD", "FLOP/s", "FLOP", "s", "B", "B/s"):
        return shown(value, unit)
    return f"{value:,.3g} {unit}"


def close(first: Numeral, second: Numeral, sentences: int) -> bool:
    """Whether two numerals stand in one paragraph, at most so many sentences apart."""
    return first.paragraph == second.paragraph and abs(first.sentence - second.sentence) <= sentences


def late_first(*members: Numeral) -> tuple[Numeral, ...]:
    """What is derived stands last in a text: it is blamed first."""
    return tuple(sorted(members, key=lambda n: -n.start))
