"""Calculations that one or two sentences state with all their numbers: shares, rises, yearly sums, hours of devices."""

import re
from collections.abc import Iterator
from itertools import pairwise

from lindos.claims.text import units
from lindos.claims.text.cues import AVERAGED, RESULT
from lindos.claims.text.holders import HYPOTHETICAL
from lindos.claims.text.numeral import Numeral
from lindos.claims.text.read import Reading
from lindos.claims.text.relation import Relation, amount, distance, is_power, off_by, written
from lindos.units import DAY, YEAR, render

#: A stated result is wrong beyond this factor of what the printed digits leave open.
MISSED = 1.25
#: A sum over a time may rest on weeks without work, and on devices that were added late.
MISSED_OVER_TIME = 1.6
#: A share and a rise have to miss by this much besides.
LEAST_POINTS = 0.03
_RESULTS_IN = re.compile(
    r"(?i:\b(?:or|also|thus|so|that is|that's|das sind|sind das|das entspricht|entspricht|equivalent to|macht|mithin|"
    r"somit|damit|demnach|which is|which makes|makes|makes it|equals)[  ,]*(?:(?:about|around|roughly|some|just|rund|"
    r"etwa|ungefähr|knapp|gut|over|more than|nearly|almost|fast)[  ])?)$"
)
_OF_WHOLE = re.compile(r"(?i:\b(?:of|out of|von|unter)[  ](?:(?:the|its|their|all|den|der|allen|seinen|ihren)[  ])?)$")
_ORIGIN = re.compile(r"(?i:\b(?:from|von|vom)[  ](?:(?:about|around|roughly|rund|etwa|knapp|gut|over|nearly)[  ])?)$")
_GOAL = re.compile(
    r"(?i:^(?:[  ](?:an hour|a year|a month|a day|pro \w+|je \w+|per \w+|im jahr|in \d{4}|[\w-]+)){0,3}[  ,]*"
    r"(?:to|auf)[  ](?:(?:about|around|roughly|rund|etwa|knapp|gut|over|nearly)[  ])?$)"
)
_UP = re.compile(
    r"(?i:\b(?:rose|rises?|risen|grew|grows?|grown|up|increas\w*|climb\w*|jump\w*|gain\w*|plus|surg\w*|stieg\w*|"
    r"steig\w*|gestiegen|wuchs\w*|wächst|gewachsen|zuwachs|zunahme|anstieg|erhöh\w*|kletter\w*|legte[n]?)\b)"
)
_DOWN = re.compile(
    r"(?i:\b(?:fell|falls?|fallen|drop\w*|declin\w*|down|decreas\w*|shr[aiu]nk\w*|cut|reduc\w*|lower\w*|minus|sank\w*|"
    r"sink\w*|gesunken|fiel\w*|fällt|gefallen|schrumpf\w*|rückgang|abnahme|reduzier\w*|gesenkt|senk\w*)\b)"
)
_TO_SHARE = re.compile(r"(?i:\b(?:to|auf|of|von)[  ](?:\w+[  ])?)$")
_IN_TOTAL = re.compile(
    r"(?i:\b(?:in total|in all|all told|altogether|together|combined|add(?:s|ing)? up to|insgesamt|zusammen|"
    r"summiert\w*|a total of)\b)"
)
_PART_NAMES = ("device", "unit", "rack", "node")
_PERIODS = {"day": DAY, "week": 7 * DAY, "month": YEAR / 12}
_OVER_YEAR = re.compile(
    r"(?i:\b(?:over (?:the|a) (?:full |whole )?year|in a year|a year|per year|annually|im jahr|pro jahr|jährlich|"
    r"übers jahr|in einem jahr)\b)"
)
_BEST_CASE = re.compile(r"(?i:\b(?:up to|bis zu|at least|mindestens|record|rekord\w*|ramp\w*|hochlauf\w*)\b)")


def stated(reading: Reading, numerals: list[Numeral]) -> Iterator[Relation]:
    """Check calculations whose numbers stand side by side, whatever the size of the error.

    Parameters
    ----------
    reading
        The text and its numerals.
    numerals
        Numerals to check.
    """
    sentences: dict[int, list[Numeral]] = {}
    for numeral in numerals:
        if numeral.values and numeral.value > 0:
            sentences.setdefault(numeral.sentence, []).append(numeral)
    for place, group in sentences.items():
        if HYPOTHETICAL.search(reading.sentence_of(group[0])):
            continue
        yield from _shares(reading, group)
        yield from _rises(reading, group)
        yield from _totals(reading, group)
        following = [n for n in sentences.get(place + 1, []) if n.paragraph == group[0].paragraph]
        yield from _yearly_sums(reading, group, following)
        yield from _device_hours(reading, group, following)
        yield from _periods(reading, group, following)


def _amounts(group: list[Numeral], *wanted: str) -> list[Numeral]:
    return [n for n in group if n.kind == "amount" and n.unit in wanted]


def _shares(reading: Reading, group: list[Numeral]) -> Iterator[Relation]:
    """Check ``of the 100,000 chips, 32,000 are new, or 32 percent``."""
    fractions = [n for n in group if n.kind == "fraction" and n.unit != "points"]
    if len(fractions) != 1 or fractions[0].value >= 1:
        return
    share = fractions[0]
    if not _RESULTS_IN.search(reading.text[max(0, share.start - 40) : share.start]):
        return
    earlier = [n for n in group if n.kind == "amount" and len(n.values) == 1 and n.start < share.start and not n.per]
    pairs = [(a, b) for a in earlier for b in earlier if a.unit == b.unit and a.value < b.value]
    pairs = [(a, b) for a, b in pairs if _OF_WHOLE.search(reading.text[max(0, b.start - 24) : b.start])]
    if len(pairs) != 1 or len(earlier) != 2:
        return
    part, total = pairs[0]
    quotient = part.value / total.value
    yield from _compared(share, (part, total), quotient, f"{written(part)} / {written(total)}", "percent_vs_factor")


def _rises(reading: Reading, group: list[Numeral]) -> Iterator[Relation]:
    """Check ``from $8 to $2, a fall of 75 percent`` and ``doubled from 100,000 to 200,000``."""
    changes = [n for n in group if n.kind == "factor" or (n.kind == "fraction" and n.unit != "points")]
    pairs = list(_pairs(reading, group))
    if len(changes) != 1 or len(pairs) != 1 or len(changes[0].values) != 1:
        return
    change, (members, old, new) = changes[0], pairs[0]
    sentence = reading.sentences[change.sentence]
    low, high = min(change.start, *(m.start for m in members)), max(change.end, *(m.end for m in members))
    if re.search(r";|\b(?:while|während|whereas)\b", reading.text[low:high]) or high - low > 140:
        return
    words = reading.text[sentence.start : sentence.end]
    grows, shrinks = bool(_UP.search(words)), bool(_DOWN.search(words))
    line = f"{amount(new, members[-1].unit)} / {amount(old, members[0].unit)}"
    if change.kind == "factor":
        if change.value > 1 and new > old:
            yield from _compared(change, members, new / old, line, "percent_vs_factor")
        return
    if grows == shrinks or grows != (new > old) or change.in_words:
        return
    if _TO_SHARE.search(reading.text[max(0, change.start - 18) : change.start]) and not _DOWN.search(
        reading.text[max(0, change.start - 24) : change.start]
    ):
        preceding = reading.text[max(0, change.start - 30) : change.start]
        if not re.search(r"(?i:\b(?:increase|rise|jump|gain|plus|anstieg|zuwachs|fall|drop|rückgang)\b)", preceding):
            return
    right = new / old - 1 if grows else 1 - new / old
    yield from _compared(change, members, right, f"{line} - 1" if grows else f"1 - {line}", "percent_vs_factor")


def _pairs(reading: Reading, group: list[Numeral]) -> Iterator[tuple[tuple[Numeral, ...], float, float]]:
    """Yield the old and new value of what a sentence says to have gone from one amount to another."""
    amounts = [n for n in group if n.kind == "amount" and n.unit not in units.DURATIONS]
    for n in amounts:
        if len(n.values) == 2 and n.stated_rise and min(n.values) > 0:
            yield (n,), n.values[0], n.values[1]
    for first, second in pairwise(amounts):
        gap = reading.text[first.end : second.start]
        if (
            first.unit == second.unit
            and len(first.values) == len(second.values) == 1
            and second.per in ("", first.per)
            and _ORIGIN.search(reading.text[max(0, first.start - 20) : first.start])
            and _GOAL.search(gap)
        ):
            yield (first, second), first.value, second.value


def _totals(reading: Reading, group: list[Numeral]) -> Iterator[Relation]:
    """Check ``eight halls of 150 megawatts each, 1.2 gigawatts in total``."""
    for unit in ("W", "B", "FLOP/s", *sorted(units.MONEY)):
        amounts = _amounts(group, unit)
        parts, wholes = [n for n in amounts if n.per in _PART_NAMES], [n for n in amounts if not n.per]
        counts = [n for n in _amounts(group, "1") if not n.per and n.value >= 2 and len(n.values) == 1]
        if (len(parts), len(wholes), len(counts)) != (1, 1, 1) or len(parts[0].values) + len(wholes[0].values) != 2:
            continue
        total, part, count = wholes[0], parts[0], counts[0]
        stretch = reading.text[max(0, total.start - 30) : total.end + 16]
        if not _IN_TOTAL.search(stretch) or total.start < max(part.start, count.start) or count.start > part.start:
            continue
        kind = "price_total" if unit in units.MONEY else "decimal_slip"
        line = f"{written(count)} x {written(part)}"
        yield from _compared(total, (part, count), count.value * part.value, line, kind)


def _yearly_sums(reading: Reading, group: list[Numeral], following: list[Numeral]) -> Iterator[Relation]:
    """Check ``$11.9 billion over five years, or about $2.4 billion a year``."""
    spans = [n for n in _amounts(group, "s") if n.value >= 1.5 * YEAR and not n.per]
    sums = [n for n in _amounts([*group, *following], *units.MONEY) if len(n.values) == 1]
    yearly, totals = [n for n in sums if n.per == "year"], [n for n in sums if not n.per]
    if (len(spans), len(yearly), len(totals)) != (1, 1, 1) or yearly[0].unit != totals[0].unit:
        return
    rate, total, span = yearly[0], totals[0], spans[0]
    if rate.start < total.start or total.sentence != span.sentence or not _leads(reading, rate):
        return
    years = span.value / YEAR
    line = f"{written(total)} / {years:g} years"
    yield from _compared(rate, (total, span), total.value / years, line, "price_total")


def _device_hours(reading: Reading, group: list[Numeral], following: list[Numeral]) -> Iterator[Relation]:
    """Check ``6.4 million GPU hours on 4,096 devices, or 65 days``."""
    listed = [*group, *following]
    hours = [n for n in group if n.noun == "gpuhour" and len(n.values) == 1]
    counts = [n for n in _amounts(listed, "1") if n.noun == "device" and not n.per and len(n.values) == 1]
    spans = [n for n in _amounts(listed, *units.DURATIONS) if len(n.values) == 1 and not n.per]
    if (len(hours), len(counts), len(spans)) != (1, 1, 1):
        return
    seconds = 3600 * hours[0].value / counts[0].value
    line = f"{written(hours[0])} GPU hours / {written(counts[0])}"
    span = spans[0]
    scale = units.SECONDS[span.unit]
    members = (hours[0], counts[0])
    yield from _compared(span, members, seconds / scale, line, "date_contradiction", MISSED_OVER_TIME)


def _periods(reading: Reading, group: list[Numeral], following: list[Numeral]) -> Iterator[Relation]:
    """Check ``1,000 racks a week`` against ``52,000 racks over the year``."""
    for rate in (n for n in _amounts(group, "1") if n.per in _PERIODS and n.noun and len(n.values) == 1):
        for total in _amounts([*group, *following], "1"):
            words = reading.text[max(0, total.start - 50) : total.end + 30]
            if total.noun != rate.noun or total.per not in ("", "year") or len(total.values) != 1:
                continue
            if total.start < rate.start or not (total.per == "year" or _OVER_YEAR.search(words)):
                continue
            if _BEST_CASE.search(reading.text[max(0, rate.start - 60) : total.end]):
                continue
            line = f"{written(rate)} a {rate.per} x {YEAR / _PERIODS[rate.per]:.0f}"
            right = rate.value * YEAR / _PERIODS[rate.per]
            yield from _compared(total, (rate,), right, line, "decimal_slip", MISSED_OVER_TIME)


def _leads(reading: Reading, numeral: Numeral) -> bool:
    """Tell whether the words before a number make it a result or a mean."""
    start = max(reading.sentences[numeral.sentence].start, numeral.start - 60)
    preceding = reading.text[start : numeral.start]
    return bool(RESULT.search(preceding) or AVERAGED.search(preceding))


def _compared(
    result: Numeral, members: tuple[Numeral, ...], right: float, line: str, kind: str, missed: float = MISSED
) -> Iterator[Relation]:
    """Yield whether a stated result is what its numbers give, within what their digits and words leave open."""
    if right <= 0:
        return
    slack = sum(min(n.rounding, 0.1) for n in members if not (n.unit == "1" and n.in_words))
    slack += sum(0.05 for n in members if n.qualifier and n.unit not in units.DURATIONS)
    low, high = right * (1 - slack), right * (1 + slack)
    unit = result.unit
    factor = off_by(right, result)
    text = f"{line} = {amount(right, unit) if unit not in ('factor', '1') else render(right, '1')}"
    if distance(low, high, result) <= 1.03:
        yield Relation(kind="stated", members=(result, *members), holds=True, arithmetic=text, factor=1.0)
        return
    is_small = result.kind == "fraction" and abs(result.value - right) < LEAST_POINTS
    is_word = result.kind == "factor" and result.in_words  # "doubled" is no range
    if is_small or (off_by(right, result) / (1 + slack) if is_word else distance(low, high, result)) <= missed:
        return
    yield Relation(
        kind=("prefix_1000" if factor > 300 else "decimal_slip") if is_power(factor, 1.05) else kind,
        members=(result, *members),
        holds=False,
        factor=factor,
        arithmetic=f"{text}, not {written(result)}",
        reading=amount(right, unit),
        rights=(amount(right, unit), *("" for _ in members)),
        is_stated=True,
    )
