"""Rates in time: the same rate in two periods, and deliveries between two dated counts."""

import datetime
from collections.abc import Iterator

from lindos.claims.text import units
from lindos.claims.text.numeral import Numeral
from lindos.claims.text.read import Reading
from lindos.claims.text.relation import Relation, amount, distance, is_power, late_first, off_by, written
from lindos.units import DAY, YEAR

#: Seconds of the periods that rates are given in.
PERIODS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": DAY, "week": 7 * DAY, "month": YEAR / 12, "year": YEAR}
#: Two rates are one within this factor, beyond their rounding.
TOLERANCE = 1.04
#: A slip leaves the digits within this factor.
SAME_DIGITS = 1.06


def conversions(numerals: list[Numeral]) -> Iterator[Relation]:
    """Check a rate that a text gives in two periods: ``1.3 quadrillion a month, about 500 million every second``.

    Parameters
    ----------
    numerals
        Numerals to check.
    """
    rates = [n for n in numerals if n.kind == "amount" and n.per in PERIODS and n.value > 0 and n.unit != "FLOP/s"]
    for i, first in enumerate(rates):
        for second in rates[i + 1 : i + 4]:
            alike = first.unit == second.unit and (first.noun == second.noun or not first.noun or not second.noun)
            if not alike or first.per == second.per or abs(first.sentence - second.sentence) > 1:
                continue
            times = PERIODS[second.per] / PERIODS[first.per]
            expected = first.value * times
            line = f"{written(first)} a {first.per} = {amount(expected, second.unit)} a {second.per}"
            factor = off_by(expected, second)
            if distance(first.low * times, first.high * times, second) <= TOLERANCE:
                members = late_first(first, second)
                yield Relation(kind="rate", members=members, holds=True, arithmetic=line, factor=1.0)
            elif is_power(factor, SAME_DIGITS):
                yield Relation(
                    kind="prefix_1000" if factor > 300 else "decimal_slip",
                    members=late_first(first, second),
                    holds=False,
                    factor=factor,
                    arithmetic=f"{line}, not {written(second)}",
                    rights=_rights(first, second, times),
                )


def _rights(first: Numeral, second: Numeral, times: float) -> tuple[str, ...]:
    right = {first: amount(second.value / times, first.unit), second: amount(first.value * times, second.unit)}
    return tuple(right[n] for n in late_first(first, second))


def deliveries(reading: Reading, numerals: list[Numeral]) -> Iterator[Relation]:
    """Check a rate of deliveries against the difference of two counts, and the time between their dates.

    Parameters
    ----------
    reading
        The text and its numerals.
    numerals
        Numerals to check.
    """
    for rate in numerals:
        if rate.per not in ("day", "week", "month", "quarter") or rate.unit != "1" or rate.kind != "amount":
            continue
        neighbours = [n for n in numerals if n.paragraph == rate.paragraph and abs(n.sentence - rate.sentence) <= 3]
        counts = [
            n
            for n in neighbours
            if n is not rate
            and n.kind == "amount"
            and n.unit == "1"
            and not n.per
            and n.value > rate.value / 50
            and (n.noun == rate.noun or not n.noun or not rate.noun)
            and n.value >= 100
        ]
        spans = _spans(reading, neighbours, rate)
        options: list[tuple[float, tuple[Numeral, ...]]] = [(c.value, (c,)) for c in counts]
        options += [(abs(b.value - a.value), (b, a)) for i, a in enumerate(counts) for b in counts[i + 1 :]]
        yield from _delivery(rate, [(amount, members) for amount, members in options if amount > 0], spans)


def _spans(reading: Reading, neighbours: list[Numeral], rate: Numeral) -> list[tuple[float, str, tuple[Numeral, ...]]]:
    """Return the times that deliveries may have taken, in seconds: those of the text, and between its dates."""
    spans: list[tuple[float, str, tuple[Numeral, ...]]] = [
        (n.value * units.SECONDS[n.unit], written(n), (n,))
        for n in neighbours
        if n.unit in units.DURATIONS and n.kind == "amount" and n.value * units.SECONDS[n.unit] >= 2 * DAY
    ]
    dates = [n for n in reading.numerals if n.kind == "date" and len(n.date) == 10 and n.claim]
    dates = [n for n in dates if n.paragraph == rate.paragraph and abs(n.sentence - rate.sentence) <= 3]
    for i, first in enumerate(dates):
        for last in dates[i + 1 :]:
            days = abs((datetime.date.fromisoformat(last.date) - datetime.date.fromisoformat(first.date)).days)
            if days >= 2:
                spans.append((days * DAY, f"{days} days", (first, last)))
    return spans


def _delivery(
    rate: Numeral,
    options: list[tuple[float, tuple[Numeral, ...]]],
    spans: list[tuple[float, str, tuple[Numeral, ...]]],
) -> Iterator[Relation]:
    wrong: list[tuple[float, Relation]] = []
    for delivered, members in options:
        for seconds, words, _ in spans:
            expected = delivered * PERIODS.get(rate.per, YEAR / 4) / seconds
            counted = f"({' - '.join(written(n) for n in members)})" if len(members) > 1 else written(members[0])
            line = f"{counted} / {words} = {amount(expected, '1')} a {rate.per}"
            factor = off_by(expected, rate)
            slack = max(rate.rounding, 0.02) + 0.05 * bool(rate.qualifier)
            if factor <= 1 + slack + 0.04:
                yield Relation(kind="delivery", members=(rate, *members), holds=True, arithmetic=line, factor=1.0)
                return
            if is_power(factor, 1.08):
                relation = Relation(
                    kind="decimal_slip" if factor < 300 else "prefix_1000",
                    members=(rate, *members),
                    holds=False,
                    factor=factor,
                    arithmetic=f"{line}, not {written(rate)}",
                    rights=(amount(expected, "1"), *("" for _ in members)),
                )
                wrong.append((len(members), relation))
    if wrong:
        yield min(wrong, key=lambda pair: pair[0])[1]
