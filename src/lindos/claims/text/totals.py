"""Totals and amounts of one, rates and times, parts and wholes, figures that are printed twice."""

import re
from collections.abc import Iterator
from itertools import pairwise

from lindos.claims.text import units
from lindos.claims.text.numeral import Numeral
from lindos.claims.text.read import Reading
from lindos.claims.text.relation import (
    AGREE,
    DISAGREE,
    Relation,
    amount,
    close,
    distance,
    is_power,
    is_slip,
    late_first,
    off_by,
    written,
)
from lindos.units import YEAR, render

_DIVIDED = frozenset({"W", "FLOP/s", "J", "B", "1", "kg"}) | units.MONEY
_PARTS = ("device", "rack", "node", "unit", "hour")

# Totals


def shares_of_totals(numerals: list[Numeral]) -> Iterator[Relation]:
    """Check totals against a count times an amount of one: ``$43 billion ... half a million GPUs ... $8,600 per GPU``.

    Parameters
    ----------
    numerals
        Numerals to check.
    """
    for part in numerals:
        if part.per not in _PARTS or part.unit not in _DIVIDED or part.kind != "amount":
            continue
        if part.unit == "1" and part.noun not in ("device", "host"):
            continue
        triples = [(total, count) for total in _totals(part, numerals) for count in _counts(part, total, numerals)]
        yield from _judge_part(part, triples)


def _totals(part: Numeral, numerals: list[Numeral]) -> list[Numeral]:
    """Return amounts of which ``part`` may be one share: larger, near, and in the same unit."""
    return [
        n
        for n in numerals
        if n is not part
        and n.unit == part.unit
        and n.kind == "amount"
        and n.value > part.value
        and (n.per == "" or (n.per == "rack" and part.per == "device"))
        and abs(n.paragraph - part.paragraph) <= 1
        and (n.unit != "1" or n.noun == part.noun)
    ]


def _counts(part: Numeral, total: Numeral, numerals: list[Numeral]) -> list[Numeral]:
    """Return counts of the thing that ``part`` is an amount of, over the same whole as ``total``."""
    return [
        n
        for n in numerals
        if n is not part
        and n is not total
        and n.kind == "amount"
        and n.unit == "1"
        and n.value > 1
        and (_counted_by(n, part) or (part.per == "unit" and n.noun and n.noun not in ("token", "parameter", "person")))
        and _over_same(n, total, part)
        and "equivalent" not in n.marks
    ]


def _judge_part(part: Numeral, triples: list[tuple[Numeral, Numeral]]) -> Iterator[Relation]:
    fitting = [(total, count) for total, count in triples if _quotient(part, total, count) <= AGREE]
    if fitting:
        total, count = min(fitting, key=lambda pair: _reach(part, *pair))
        kind = "price_total" if part.unit in units.MONEY else "part_of_total"
        yield Relation(
            kind=kind,
            members=late_first(part, total, count),
            holds=True,
            arithmetic=_division(total, count),
            factor=1.0,
        )
        return
    nearby = [
        (total, count)
        for total, count in triples
        if close(part, total, 1) and (_said_before(count, part) or count.sentence == total.sentence)
    ]
    if not nearby:
        return
    total, count = min(nearby, key=lambda pair: _reach(part, *pair))
    expected = total.value / count.value
    factor = off_by(expected, part)
    is_close = close(part, total, 0) and close(part, count, 1)
    adjacent = close(part, total, 1) and close(part, count, 3)
    if part.per == "unit" and count.start > part.start:
        is_close = False  # "at 700 watts each, 35 gigawatts, the output of 35 reactors"
    named = is_close or (is_slip(factor) and adjacent) or (is_power(factor) and close(part, total, 0))
    if _quotient(part, total, count) < DISAGREE or not named:
        return
    kind = "price_total" if part.unit in units.MONEY else "power_per_gpu" if part.unit == "W" else "decimal_slip"
    members = late_first(part, total, count)
    if is_power(factor, 1.12) and factor > 300 and re.search(r"(?i:billion|trillion)", total.text):
        # The slip is the word that means a thousandfold in the other language.
        kind, members = "billion_billionen", (total, part, count)
    yield Relation(
        kind=kind,
        members=members,
        holds=False,
        factor=factor,
        arithmetic=f"{_division(total, count)}, not {written(part)}",
        reading=(
            amount(part.value * count.value, part.unit)
            if members[0] is total
            else f"{amount(expected, part.unit)} each"
        ),
    )


def _counted_by(count: Numeral, part: Numeral) -> bool:
    """Tell whether a count is of the thing that ``part`` is an amount of."""
    if part.per == "hour":
        return count.noun == "gpuhour"
    if {count.noun, part.per} <= {"rack", "node"}:
        return True
    return count.noun == part.per or (count.noun == "them" and part.per in ("device", "rack", "node"))


def _over_same(count: Numeral, total: Numeral, part: Numeral) -> bool:
    """Tell whether a count and a total are over the same whole: all of it, or one rack and its price."""
    if count.per == total.per:
        return True
    return total.per == "rack" and not count.per and count.value <= 1_000 and count.sentence == part.sentence


def _said_before(count: Numeral, part: Numeral) -> bool:
    """Tell whether a count precedes the amount of one, or is in its sentence."""
    return count.start < part.start or count.sentence == part.sentence


def _quotient(part: Numeral, total: Numeral, count: Numeral) -> float:
    return distance(total.low / count.high, total.high / count.low, part)


def _division(total: Numeral, count: Numeral) -> str:
    return f"{written(total)} / {written(count)} = {amount(total.value / count.value, total.unit)}"


def _reach(part: Numeral, total: Numeral, count: Numeral) -> int:
    return abs(part.start - total.start) + abs(part.start - count.start)


#: Largest slip of a total against a rate and a time: that of one word.
MOST_SLIP = 1_100.0


def yearly_totals(numerals: list[Numeral]) -> Iterator[Relation]:
    """Check totals against rates times durations: ``300 billion over five years ... 60 billion a year``.

    Parameters
    ----------
    numerals
        Numerals to check.
    """
    for rate in numerals:
        if rate.per not in ("year", "month", "week", "day") or rate.unit not in units.MONEY | {"1"}:
            continue
        period = {"year": YEAR, "month": YEAR / 12, "week": 7 * 86400.0, "day": 86400.0}[rate.per]
        totals = [
            n
            for n in numerals
            if n.unit == rate.unit and n.noun == rate.noun and not n.per and n.kind == "amount" and close(rate, n, 3)
        ]
        spans = [n for n in numerals if n.unit in units.DURATIONS and n.per == "" and close(rate, n, 2)]
        pairs = []
        for total in totals:
            for span in spans:
                times = span.value * units.SECONDS[span.unit] / period
                deviation = distance(
                    rate.low * times * (span.low / span.value), rate.high * times * (span.high / span.value), total
                )
                pairs.append((deviation, total, span, times))
        if not any(pair[0] <= AGREE for pair in pairs):
            yield from _spread_afar(rate, numerals, period)
        if not pairs:
            continue
        slips = (
            [p for p in pairs if p[0] <= AGREE]
            or [p for p in pairs if is_power(off_by(rate.value * p[3], p[1]))]
            or pairs
        )
        deviation, total, span, times = min(slips, key=lambda p: (p[0] > AGREE, abs(p[1].start - rate.start)))
        line = f"{written(rate)} a {rate.per} x {render(times, '1')} = {amount(rate.value * times, rate.unit)}"
        if deviation <= AGREE:
            yield Relation(kind="rate_times_time", members=(total, rate, span), holds=True, arithmetic=line)
            continue
        factor = off_by(rate.value * times, total)
        near = abs(total.sentence - rate.sentence) <= 1 and span.sentence in (total.sentence, rate.sentence)
        if is_power(factor, 1.06) and factor <= MOST_SLIP and (near or factor > 300):
            kind = "billion_billionen" if "illionen" in total.text or "trillion" in total.text else "prefix_1000"
            yield Relation(
                kind=kind,
                members=(total, rate) if factor > 300 else late_first(total, rate),
                holds=False,
                factor=factor,
                arithmetic=f"{line}, not {written(total)}",
                rights=_rights(total, rate, times, factor),
            )


#: Digits of a total in another paragraph agree with a mean rate within this factor.
SPREAD = 1.04


def _spread_afar(rate: Numeral, numerals: list[Numeral], period: float) -> Iterator[Relation]:
    """Report a sum in another paragraph that is a thousandfold of its yearly mean: "on average 3.4 billion a year"."""
    spans = [n for n in numerals if n.unit in units.DURATIONS and not n.per and n.sentence == rate.sentence]
    totals = [n for n in numerals if n.unit == rate.unit and n.unit in units.MONEY and not n.per and n.kind == "amount"]
    for span in spans:
        times = span.value * units.SECONDS[span.unit] / period
        for total in totals:
            factor = off_by(rate.value * times, total)
            apart = 0 < abs(total.paragraph - rate.paragraph) <= 3 and total.rounding <= 0.03
            if times >= 1.5 and apart and factor > 300 and is_power(factor, SPREAD) and factor <= MOST_SLIP:
                line = f"{written(rate)} a {rate.per} x {render(times, '1')} = {amount(rate.value * times, rate.unit)}"
                yield Relation(
                    kind="billion_billionen",
                    members=(total, rate),
                    holds=False,
                    factor=factor,
                    arithmetic=f"{line}, not {written(total)}",
                    rights=_rights(total, rate, times, factor),
                )
                return


def _rights(total: Numeral, rate: Numeral, times: float, factor: float) -> tuple[str, ...]:
    """Return what a total and a rate would have to be, in the order of blame."""
    right = {total: amount(rate.value * times, rate.unit), rate: amount(total.value / times, rate.unit)}
    return tuple(right[n] for n in ((total, rate) if factor > 300 else late_first(total, rate)))


# Parts and repetitions


_THEREOF = re.compile(r"(?i:\b(?:davon|darunter|including|of which|of them|thereof|among them|of those)\b)")


def parts(reading: Reading, numerals: list[Numeral]) -> Iterator[Relation]:
    """Check that a part is less than its whole: ``230,000 GPUs, 30,000 of them GB200``.

    Parameters
    ----------
    reading
        The text and its numerals.
    numerals
        Numerals to check.
    """
    for total, part in pairwise(numerals):
        is_comparable = (
            total.unit == part.unit
            and total.kind == part.kind == "amount"
            and total.sentence == part.sentence
            and total.per == part.per
        )
        if (
            not is_comparable
            or (total.unit == "1" and not (total.noun == part.noun == "device"))
            or total.unit in units.DURATIONS
        ):
            continue
        stretch = reading.text[total.end : part.end + 12]
        if _THEREOF.match(stretch.lstrip()):
            continue  # "100 of them, 800 GPUs": the first is the part of something earlier
        if _THEREOF.search(stretch) and len(stretch) < 60 and "denied" not in part.marks:
            line = f"{written(part)} of {written(total)}"
            if part.low > total.high * 1.001:
                yield Relation(
                    kind="decimal_slip",
                    members=(part, total),
                    holds=False,
                    factor=off_by(total.value, part),
                    arithmetic=f"{line}: a part is more than its whole",
                    reading=amount(part.value / 10, part.unit),
                )


_LEADING = re.compile(r"\d+(?:[.,]\d+)?")


def twice_printed(reading: Reading, numerals: list[Numeral]) -> Iterator[Relation]:
    """Report a figure that is printed twice, once a thousandfold, in one sentence or in a headline and below.

    Parameters
    ----------
    reading
        The text and its numerals.
    numerals
        Numerals to check.
    """
    money = [
        n
        for n in numerals
        if n.unit in units.MONEY | {"W", "FLOP/s", "J"} and n.kind == "amount" and not n.per and not n.bare
    ]
    for i, first in enumerate(money[:150]):
        for second in money[i + 1 : 150]:
            if (
                first.unit != second.unit
                or off_by(first.value, second) < 500
                or not is_power(off_by(first.value, second), 1.001)
            ):
                continue
            digits = [match.group() for n in (first, second) if (match := _LEADING.search(n.text))]
            is_repeated = len(digits) == 2 and digits[0] == digits[1] and len(digits[0]) >= 2
            headline = first.paragraph == 0 and second.paragraph > 0
            quoted = first.sentence == second.sentence and bool(
                re.search(r"[„“\"”]", reading.text[first.end : second.end + 2])
            )
            if is_repeated and (headline or quoted):
                members = (first, second)
                yield Relation(
                    kind="billion_billionen",
                    members=members,
                    holds=False,
                    factor=off_by(first.value, second),
                    arithmetic=f"{written(first)} here, {written(second)} there",
                    reading=written(second),
                )
