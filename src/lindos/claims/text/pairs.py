"""Pairs of comparable amounts around a number, and their quotients."""

from lindos.claims.text import units
from lindos.claims.text.numeral import Numeral
from lindos.claims.text.relation import close

#: Most that rounding adds to a quotient; beyond it, numbers with few digits would fit anything.
MOST_SLACK = 0.08
#: Widest range that is compared with others; "several billion" is no amount.
MOST_SPAN = 9.0


def pairs_near(numeral: Numeral, numerals: list[Numeral], sentences: int) -> list[tuple[Numeral, Numeral]]:
    """Return pairs of comparable amounts near a numeral, the smaller first.

    Parameters
    ----------
    numeral
        The number between whose neighbours a ratio is sought.
    numerals
        Numerals of the text.
    sentences
        Largest distance, in sentences.
    """
    nearby = [
        n
        for n in numerals
        if n is not numeral
        and n.kind == "amount"
        and n.values
        and n.unit not in units.DURATIONS
        and max(n.values) <= MOST_SPAN * min(n.values)
        and close(n, numeral, sentences)
    ]
    result = []
    for i, first in enumerate(nearby[:12]):
        for second in nearby[i + 1 : 12]:
            is_comparable = first.unit == second.unit and is_same_thing(first, second) and first.per == second.per
            if is_comparable and first.value > 0 and second.value > 0 and first.value != second.value:
                result.append((first, second) if first.value < second.value else (second, first))
    result.sort(
        key=lambda pair: sum(abs(n.start - numeral.start) + 400 * (n.sentence != numeral.sentence) for n in pair)
    )
    pairs_of_one = [(n, n) for n in nearby if len(n.values) == 2 and n.values[0] != n.values[1]]
    return result + pairs_of_one


def pairs_afar(factor: Numeral, numerals: list[Numeral], sentences: int = 1) -> list[tuple[Numeral, Numeral]]:
    """Return pairs over the whole text with one member near the factor, since a ratio may refer to earlier amounts.

    Parameters
    ----------
    factor
        The number between whose neighbours a ratio is sought.
    numerals
        Numerals of the text.
    sentences
        Largest distance, in sentences.
    """
    nearby = [
        n
        for n in numerals
        if n.kind == "amount" and n.values and close(n, factor, sentences) and n.unit not in units.DURATIONS
    ]
    result = []
    for n in nearby[:6]:
        for far in numerals[:200]:
            is_comparable = (
                far.kind == "amount"
                and far.values
                and far.unit == n.unit
                and far.per == n.per
                and is_same_thing(far, n)
            )
            if is_comparable and far is not n and far.value > 0 and n.value > 0 and far.value != n.value:
                result.append((n, far) if n.value < far.value else (far, n))
    return result


def is_same_thing(first: Numeral, second: Numeral) -> bool:
    """Tell whether two counts are of one thing; a large number without noun takes that of its neighbour.

    Parameters
    ----------
    first
        An amount.
    second
        Another amount.
    """
    if first.unit != "1":
        return True
    if first.noun and first.noun == second.noun:
        return True
    return (not first.noun or not second.noun) and min(first.value, second.value) >= 1e6


def ratio_of(small: Numeral, large: Numeral) -> tuple[float, float, float]:
    """Divide two amounts; return the value, and the least and largest value by their printed digits.

    Parameters
    ----------
    small
        The smaller amount.
    large
        The larger amount; the smaller again for a pair in one numeral.
    """
    if small is large:
        value = max(small.values) / min(small.values)
        return value, value * 0.97, value * 1.03
    # Of "from 470 to 590" the last value is compared.
    value = large.values[-1] / small.values[-1]
    slack = min(small.rounding + large.rounding, MOST_SLACK)
    return value, value * (1 - slack), value * (1 + slack)
