"""Equations among the numbers of a text: every product of two to four of them whose dimension is that of another."""

import math
import re
from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

from lindos.claims.text import units
from lindos.claims.text.cues import MEAN, RESULT, UTILISED, YEARLY
from lindos.claims.text.dimensions import Measure, dimension, measures
from lindos.claims.text.numeral import Numeral
from lindos.claims.text.read import Reading
from lindos.claims.text.relation import Relation, amount, is_power, late_first, written
from lindos.units import YEAR

#: Farthest sentences of one equation, and most numbers around a total that are multiplied.
REACH, MOST = 2, 10
#: An equation holds within this factor beyond the rounding of its numbers.
HOLDS = 1.02
#: A slip leaves the digits within this factor beyond their rounding, and within this one at most.
SAME_DIGITS, MOST_SLACK = 1.015, 1.12
#: A slip by ten or a hundred must leave the digits within this factor.
MOST_DECIMAL_SLACK = 1.05
#: An equation that the text states with all its factors is wrong beyond this factor.
MISSED = 1.5
#: Least share of full load that a total over a time may silently be of.
LEAST_LOAD = 0.2
_ENERGY, _OPERATIONS = dimension(W=1, s=1), dimension(FLOP=1)
_PER_WATT = dimension(FLOP=1, s=-1, W=-1)
_TIMED = (_ENERGY, _OPERATIONS)


class Term(NamedTuple):
    """A number read as one quantity."""

    numeral: Numeral
    measure: Measure


class Equation(NamedTuple):
    """A total and the factors whose product it should be, in SI."""

    total: Term
    factors: tuple[Term, ...]
    share: Numeral | None  # of the time or of the peak
    years: float  # a time that only words give; 0 where the numbers do

    @property
    def members(self) -> tuple[Numeral, ...]:
        """All numbers of the equation, the total first."""
        shares = (self.share,) if self.share is not None else ()
        return (self.total.numeral, *(term.numeral for term in self.factors), *shares)

    @property
    def value(self) -> float:
        """The product, in the unit of the total."""
        product = math.prod(term.numeral.value * term.measure.scale for term in self.factors)
        product *= self.years * YEAR if self.years else 1.0
        return product * (self.share.value if self.share is not None else 1.0) / self.total.measure.scale

    @property
    def slack(self) -> float:
        """How far the printed digits and words leave the equation open, as a factor."""
        share = 0.0
        for numeral in self.members:
            is_counted = numeral.unit == "1" and numeral.value < 1_000 and not numeral.qualifier
            share += 0.0 if is_counted else min(numeral.rounding, 0.05)
            share += {"rough": 0.03, "min": 0.05, "max": 0.05}.get(numeral.qualifier, 0.0)
        return 1.0 + share

    @property
    def reach(self) -> int:
        """Characters from the first to the last number."""
        places = [numeral.start for numeral in self.members]
        return max(places) - min(places)

    @property
    def sentences(self) -> int:
        """Sentences from the first to the last number."""
        places = [numeral.sentence for numeral in self.members]
        return max(places) - min(places)


def equations(reading: Reading, numerals: list[Numeral]) -> Iterator[Relation]:
    """Check every number against the products of the numbers around it.

    Parameters
    ----------
    reading
        The text and its numerals.
    numerals
        Numerals to check.
    """
    amounts = [n for n in numerals if n.kind == "amount" and len(n.values) == 1 and n.value > 0]
    terms = {n: [Term(n, measure) for measure in measures(reading, n)] for n in amounts}
    shares = [n for n in numerals if n.kind == "fraction" and n.values and 0 < n.value <= 1 and _is_share(reading, n)]
    for total in amounts:
        if terms[total]:
            yield from _judged(reading, list(_options(reading, total, terms, shares)))


def _is_share(reading: Reading, fraction: Numeral) -> bool:
    """Tell whether a fraction is one of the time or of a peak."""
    preceding = reading.text[max(0, fraction.start - 50) : fraction.start]
    return bool(UTILISED.search(preceding) or UTILISED.search(reading.text[fraction.end : fraction.end + 40]))


def _options(
    reading: Reading, total: Numeral, terms: dict[Numeral, list[Term]], shares: list[Numeral]
) -> Iterator[Equation]:
    """Yield the equations of one total whose dimensions agree."""
    neighbours = [n for n in terms if n is not total and _is_near(n, total)]
    neighbours = sorted(neighbours, key=lambda n: abs(n.start - total.start))[:MOST]
    factors = [term for n in neighbours for term in terms[n]]
    share = min(
        (s for s in shares if s.paragraph == total.paragraph and abs(s.sentence - total.sentence) <= 1),
        key=lambda s: abs(s.start - total.start),
        default=None,
    )
    words = reading.sentence_of(total)
    yearly = bool(YEARLY.search(words) or (total.unit == "J" and MEAN.search(words)))
    if yearly and terms[total][0].measure.dimension == _ENERGY and share is not None:
        factors += [t for n in terms if n not in neighbours and n.unit == "W" and not n.per for t in terms[n]][:MOST]
    for wanted in terms[total]:
        for number in (1, 2, 3):
            for group in combinations(factors, number):
                if len({term.numeral for term in group}) == number:
                    yield from _matching(wanted, group, share, yearly)


def _is_near(numeral: Numeral, total: Numeral) -> bool:
    return numeral.paragraph == total.paragraph and abs(numeral.sentence - total.sentence) <= REACH


def _matching(wanted: Term, group: tuple[Term, ...], share: Numeral | None, yearly: bool) -> Iterator[Equation]:
    """Yield the equations of a total with one group of factors: with and without a share, over a year in words."""
    missing = wanted.measure.dimension - sum(term.measure.dimension for term in group)
    timed = any(term.measure.dimension in _TIMED for term in (wanted, *group)) or _is_rent(wanted, group)
    if missing == 0 and len(group) > 1:
        yield Equation(wanted, group, None, 0.0)
        if share is not None and timed:
            yield Equation(wanted, group, share, 0.0)
    elif missing == 0 and wanted.numeral.unit == "J" and group[0].numeral.unit == "W":
        yield Equation(wanted, group, None, 0.0)
        if share is not None:
            yield Equation(wanted, group, share, 0.0)
    elif missing == dimension(s=1) and yearly and not wanted.numeral.per:
        yield Equation(wanted, group, None, 1.0)
        if share is not None:
            yield Equation(wanted, group, share, 1.0)


def _is_rent(wanted: Term, group: tuple[Term, ...]) -> bool:
    """Tell whether a sum of money pays for hours of devices, or for the energy of a power."""
    return wanted.numeral.unit in units.MONEY and any(t.numeral.per == "hour" or t.numeral.unit == "W" for t in group)


def _judged(reading: Reading, options: list[Equation]) -> Iterator[Relation]:
    """Yield the equations of one total that hold; if none does, the nearest that a known kind of error explains."""
    options = [e for e in options if not _is_trivial(e)]
    holding = [e for e in options if _error_of(e) <= HOLDS * min(e.slack, MOST_SLACK)]
    if holding:
        for equation in sorted(holding, key=lambda e: e.reach)[:2]:
            yield _relation(equation, holds=True)
        return
    for equation in sorted(options, key=lambda e: (len(e.factors) == 1, e.share is None, e.reach)):
        if _is_error(reading, equation):
            yield _relation(equation, holds=False)
            return


def _is_trivial(equation: Equation) -> bool:
    """Tell whether an equation says no more than that a number is itself: "a gigawatt costs $50 billion"."""
    total = equation.total.numeral
    priced = [t for t in equation.factors if t.measure.dimension < 0 or t.numeral.per in ("power", "energy")]
    if any(t.numeral.value * t.measure.scale * p.measure.scale == 1.0 for p in priced for t in equation.factors):
        return True  # "a gigawatt" is the unit that the price is of
    return any(term.numeral.values == total.values and term.numeral.unit == total.unit for term in equation.factors)


def _is_spent_over_time(equation: Equation) -> bool:
    """Tell whether an equation is a yearly sum times a duration, which need not be those of one contract."""
    total, factors = equation.total.numeral, [term.numeral for term in equation.factors]
    return total.unit in units.MONEY | {"1"} and len(factors) == 2 and any(n.unit in units.DURATIONS for n in factors)


def _error_of(equation: Equation) -> float:
    ratio = equation.value / equation.total.numeral.value
    return max(ratio, 1 / ratio)


def _is_error(reading: Reading, equation: Equation) -> bool:
    """Tell whether an equation is off by a kind of error that writers make, and the words tie its numbers."""
    factor = _error_of(equation)
    if _is_spent_over_time(equation):
        return False
    last = max(equation.members, key=lambda n: n.start)
    cued = _is_result(reading, last)
    slack = SAME_DIGITS * equation.slack
    if factor >= 300:
        tight = _is_thousandfold(factor, 1.03)
        if _is_thousandfold(factor, min(slack, MOST_SLACK)) and (cued or equation.sentences <= 1 or tight):
            return True
    if equation.sentences > 1 or not cued:
        return False
    if is_power(factor, min(slack, MOST_DECIMAL_SLACK)):
        return True
    return _is_impossible(equation) or _is_mean_wrong(reading, equation) or _misses_parts(reading, equation)


def _is_mean_wrong(reading: Reading, equation: Equation) -> bool:
    """Tell whether a mean power misses the energy of its year, which one sentence states."""
    total, power = equation.total.numeral, equation.factors[0].numeral
    if len(equation.factors) > 1 or equation.sentences > 0 or (total.unit, power.unit) != ("J", "W"):
        return False
    preceding = reading.text[max(0, power.start - 40) : power.start]
    return MEAN.search(preceding) is not None and _error_of(equation) > MISSED * equation.slack


def _misses_parts(reading: Reading, equation: Equation) -> bool:
    """Tell whether a total misses a count times an amount of one, where the sentences have no other such numbers."""
    total = equation.total.numeral
    parts = [t.numeral for t in equation.factors if t.numeral.per in ("device", "unit", "rack", "node")]
    counts = [t.numeral for t in equation.factors if t.numeral.unit == "1" and not t.numeral.per]
    if len(equation.factors) != 2 or len(parts) != 1 or len(counts) != 1 or total.per or equation.share is not None:
        return False
    if (
        total.unit not in ("W", "FLOP/s", "B")
        or parts[0].unit != total.unit
        or not _is_alone(reading, equation, counts[0])
    ):
        return False
    ratio = total.value / equation.value
    most = MOST_OVERHEAD if total.unit == "W" else MISSED
    return ratio > most * equation.slack or ratio * equation.slack < 1 / MISSED


#: A total may be this multiple of its devices, with buildings, networks and cooling.
MOST_OVERHEAD = 3.5


def _is_alone(reading: Reading, equation: Equation, count: Numeral) -> bool:
    """Tell whether no other number of the sentences of an equation could take the place of one of its members."""
    members = equation.members
    places = {n.sentence for n in members}
    unit = equation.total.numeral.unit
    for n in reading.numerals:
        if n.sentence in places and n not in members and n.kind == "amount":
            is_count = n.unit == "1" and (n.noun == count.noun or not n.noun) and n.value >= 2
            if n.unit == unit or is_count or len(n.values) != 1:
                return False
    text = reading.text[min(n.start for n in members) : max(n.end for n in members)]
    return UTILISED.search(text) is None and max(places) - min(places) <= 1


def _is_thousandfold(factor: float, tolerance: float) -> bool:
    return any(max(factor / power, power / factor) <= tolerance for power in (1e3, 1e6, 1e9))


def _is_impossible(equation: Equation) -> bool:
    """Tell whether a total misses the product that one sentence states in full: over a time, or at a price of energy.

    Without a share of the time, a total may be less than the product of full load.
    """
    total = equation.total.numeral
    price = dimension(**{total.unit: 1, "W": -1, "s": -1}) if total.unit in units.MONEY else None
    over_time = total.unit in ("J", "FLOP") or any(term.measure.dimension == price for term in equation.factors)
    if not over_time or equation.sentences > 0:
        return False
    ratio = total.value / equation.value
    least = 1 / MISSED if equation.share is not None else LEAST_LOAD
    return ratio > MISSED * equation.slack or ratio * equation.slack < least


def _is_result(reading: Reading, numeral: Numeral) -> bool:
    """Tell whether the words before a number, or right behind it, make it the result of a calculation."""
    start = max(reading.sentences[numeral.sentence].start, numeral.start - 90)
    preceding, following = reading.text[start : numeral.start], reading.text[numeral.end : numeral.end + 24]
    return bool(
        numeral.per in ("device", "unit", "rack", "node") or RESULT.search(preceding) or RESULT.search(following)
    )


def _relation(equation: Equation, holds: bool) -> Relation:
    total, factors = equation.total.numeral, [term.numeral for term in equation.factors]
    words = [written(n) + (f" a {n.per}" if n.per else "") for n in factors]
    words += [written(equation.share)] if equation.share is not None else []
    words += [f"{YEAR / 3600:,.0f} h"] if equation.years else []
    line = f"{' x '.join(words)} = {amount(equation.value, total.unit)}"
    members = late_first(*equation.members)
    if _error_of(equation) >= 300 and not total.bare and members[0].per not in ("device", "rack", "node", "unit"):
        members = (total, *late_first(*equation.members[1:]))  # the slip is that of the magnitude
    members = tuple(sorted(members, key=lambda n: not _is_absurd(equation, n)))
    if holds:
        return Relation(kind="equation", members=members, holds=True, arithmetic=line, factor=1.0)
    ratio, factor = equation.value / total.value, _error_of(equation)
    return Relation(
        kind=_kind_of_error(equation, factor),
        members=members,
        holds=False,
        factor=factor,
        arithmetic=f"{line}, not {written(total)}",
        hypothesis=(total, factors[-1]),
        is_stated=not is_power(factor, MOST_SLACK),
        rights=tuple(_right(n, equation, ratio) for n in members),
    )


#: Operations a second for each watt that no device reaches in any precision.
MOST_PER_WATT = 2e13


def _is_absurd(equation: Equation, member: Numeral) -> bool:
    """Tell whether a member is a rate for each watt that no device reaches."""
    terms = [t for t in equation.factors if t.numeral is member and t.measure.dimension == _PER_WATT]
    return any(member.value * t.measure.scale > MOST_PER_WATT for t in terms)


def _kind_of_error(equation: Equation, factor: float) -> str:
    total = equation.total.numeral
    if factor >= 300 and re.search(r"(?i:[bt]rill?ion|billion|milliarde)", total.text):
        return "billion_billionen"
    if factor >= 300:
        return "prefix_1000"
    return "price_total" if total.unit in units.MONEY else "decimal_slip"


def _right(member: Numeral, equation: Equation, ratio: float) -> str:
    """Return the value that a member would have to have where it is the wrong one."""
    if member is equation.share or member.unit in units.DURATIONS:
        return ""
    if member is equation.total.numeral:
        return amount(member.value * ratio, member.unit)
    return amount(member.value / ratio, member.unit)
