"""The result of a check: numerals that agree, or that contradict each other."""

import math
from dataclasses import dataclass

from lindos.claims.span import brief
from lindos.claims.text.numeral import Numeral
from lindos.claims.text.units import MONEY
from lindos.units import render

#: Amounts agree within this factor, beyond their rounding.
AGREE = 1.06
#: Amounts that differ by less than this factor are not reported.
DISAGREE = 1.25
#: A factor of error counts as a power of ten within this factor.
POWER_TOLERANCE = 1.12
POWERS = (10.0, 100.0, 1e3, 1e4, 1e6, 1e9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """Numerals that one check compares with each other or with a fact.

    ``members`` are in the order in which they are blamed if the relation does not hold.
    """

    kind: str
    members: tuple[Numeral, ...]
    holds: bool
    arithmetic: str
    factor: float | None = None  # of error, at least 1
    reading: str = ""  # under which the blamed numeral would be right
    subject: str = ""
    sources: tuple[str, ...] = ()
    rights: tuple[str, ...] = ()  # what each member would have to be, where it is the wrong one
    is_stated: bool = False  # whether the words state the calculation, as "in total" does
    hypothesis: tuple[Numeral, ...] = ()  # of a combination: it blames nothing if these have support

    @property
    def blamable(self) -> tuple[Numeral, ...]:
        """Members that may be the wrong one: all, or those with a right value of their own."""
        if not self.rights:
            return self.members
        return tuple(member for member, right in zip(self.members, self.rights, strict=True) if right)

    def right_of(self, numeral: Numeral) -> str:
        """Return the reading under which a blamed member would be right."""
        if self.rights and numeral in self.members:
            return self.rights[self.members.index(numeral)]
        return self.reading


def distance(low: float, high: float, numeral: Numeral) -> float:
    """Return the factor between the nearer ends of a computed range and the numeral's range; 1 if they overlap.

    Parameters
    ----------
    low
        Least computed value, in the unit of the numeral.
    high
        Largest computed value.
    numeral
        The printed number.
    """
    if low <= 0 or numeral.low <= 0:
        return math.inf
    return max(1.0, numeral.low / high, low / numeral.high)


def off_by(value: float, numeral: Numeral) -> float:
    """Return the factor between a value and a printed number, at least 1.

    Parameters
    ----------
    value
        The value, in the unit of the numeral.
    numeral
        The printed number.
    """
    printed = numeral.value
    if value <= 0 or printed <= 0:
        return math.inf
    return max(value / printed, printed / value)


def is_power(factor: float, tolerance: float = POWER_TOLERANCE) -> bool:
    """Tell whether a factor of error is a power of ten, as by a slip of a mark, a prefix or a word.

    Parameters
    ----------
    factor
        Factor of error, at least 1.
    tolerance
        Largest factor between it and a power of ten.
    """
    return any(max(factor / power, power / factor) <= tolerance for power in POWERS)


def is_slip(factor: float) -> bool:
    """Tell whether a factor of error is typical of a slip: a power of ten, a doubling, the hours of a year.

    Parameters
    ----------
    factor
        Factor of error, at least 1.
    """
    return is_power(factor) or any(max(factor / f, f / factor) <= 1.06 for f in (2.0, 4.0, 72.0, 8766.0))


def written(numeral: Numeral) -> str:
    """Write a numeral for a line of arithmetic.

    Parameters
    ----------
    numeral
        The printed number.
    """
    if not numeral.values:
        return numeral.text
    return "-".join(amount(value, numeral.unit) for value in numeral.values)


def amount(value: float, unit: str) -> str:
    """Write a value with its unit, as results do.

    Parameters
    ----------
    value
        The value, in its unit.
    unit
        SI unit, currency, or kind of number.
    """
    if unit in ("factor", "1", "rank", "ordinal"):
        return brief(value, "1")
    if unit in ("fraction", "points"):
        return f"{render(100 * value, '1')} %"
    if unit in MONEY - {"USD"}:
        return brief(value, "USD").replace("$", f"{unit} ")
    if unit in ("week", "month", "quarter"):
        return f"{value:g} {unit}{'s' if value != 1 else ''}"
    if unit == "year":
        return f"{value:.0f}"
    if unit in ("W", "J", "USD", "FLOP/s", "FLOP", "s", "B", "B/s"):
        return brief(value, unit)
    return f"{value:,.3g} {unit}"


def close(first: Numeral, second: Numeral, sentences: int) -> bool:
    """Tell whether two numerals are in one paragraph, and near each other.

    Parameters
    ----------
    first
        A numeral.
    second
        Another numeral.
    sentences
        Largest distance, in sentences.
    """
    return first.paragraph == second.paragraph and abs(first.sentence - second.sentence) <= sentences


def late_first(*members: Numeral) -> tuple[Numeral, ...]:
    """Sort numerals with the last of the text first: a derived number usually comes last and is blamed first.

    Parameters
    ----------
    members
        Numerals of a relation.
    """
    return tuple(sorted(members, key=lambda n: -n.start))
