"""Growth, shares and multiples against the amounts around them."""

import re
from collections.abc import Iterator, Sequence

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
    late_first,
    off_by,
    written,
)
from lindos.units import render

_UP = re.compile(
    r"(?i:\b(?:mehr|plus|wuchs\w*|wächst|stieg\w*|steigt|gestiegen|kletter\w*|anstieg|zuwachs\w*|wachstum|gewachsen|"
    r"zugelegt|zulegen|"
    r"erhöh\w*|up|rose|rises?|risen|grew|grown|grow\w*|increas\w*|jump\w*|climb\w*|higher|more than a year|surg\w*|"
    r"gain\w*|expand\w*|soar\w*|abstand|vorsprung|unterschied|lead|gap|ahead|faster|pricier|dearer|more|larger|bigger|"
    r"schneller|teurer|größer|grösser|höher|stärker|sprang|springt|sprung|schnellte\w*|schoss|legte\w*|leap\w*|added|"
    r"advanc\w*|hike\w*|verteuer\w*|vergrößer\w*|ausgeweitet|steiger\w*|upswing|boost\w*)\b)"
)
_DOWN = re.compile(
    r"(?i:\b(?:weniger|minus|sank|sinkt|gesunken|fiel|gefallen|rückgang|down|fell|fall\w*|drop\w*|declin\w*|lower|"
    r"cheaper|billiger|less than a year|günstiger|reduced|cut|shrank)\b)"
)
_SHARE = re.compile(
    r"(?i:\b(?:of (?:it|its|the|that|this|which|them)|davon|anteil\w*|share|entfallen|entfällt|marge|\w*marge|"
    r"margin|stamm\w*|des umsatzes|"
    r"accounts? for|accounted|holds?|hält|halten|makes? up|macht|sind das|das sind|that is|trägt|tragen|zahlt|"
    r"equivalent to|entspricht|nämlich|or)\b)"
)
_EARLIER = re.compile(
    r"(?i:\b(?:damals|vorher|zuvor|zuletzt|vorjahr\w*|earlier|before|previous\w*|was|were|waren|from|von|ago|a year|"
    r"vor einem|vor zwei|vor drei|vorjahr|nach|after|compared|gegenüber|against|last year)\b)"
)

_ADDED = re.compile(
    r"(?i:\b(?:on top of|additional|extra|added|zusätzlich\w*|zusatz|obendrauf|hinzu|new load|neue last)\b)"
)

# Growth, shares, multiples


def growths(reading: Reading, numerals: list[Numeral]) -> Iterator[Relation]:
    """Check percentages and fractions against the amounts around them, as growth and as a share.

    Parameters
    ----------
    reading
        The text and its numerals.
    numerals
        Numerals to check.
    """
    for fraction in numerals:
        if fraction.kind != "fraction" or fraction.unit == "points" or not fraction.values or fraction.value <= 0:
            continue
        preceding = reading.text[max(0, fraction.start - 16) : fraction.start]
        if TOLERANCE.search(preceding):
            continue
        sentence = reading.sentence_of(fraction)
        offset = fraction.start - reading.sentences[fraction.sentence].start
        clause = sentence[max(0, offset - 70) : offset + len(fraction.text) + 60]
        grows, shrinks = bool(_UP.search(clause)), bool(_DOWN.search(clause))
        pairs = _pairs(fraction, numerals, 1)
        wide = [*pairs, *_wholes(fraction, numerals)]
        here = [pair for pair in pairs if _in_sentence(fraction, pair)]
        fitting = [r for r in (_fitting(fraction, a, b, grows, shrinks) for a, b in [*here, *wide]) if r]
        nearer = [] if any(r.members[1:] and _in_sentence(fraction, r.members[1:]) for r in fitting[:1]) else here
        nearer = nearer or [pair for pair in here if grows and _only_by_rounding(fraction, *pair)]
        mixed = list(_as_factor(fraction, nearer)) if grows and fraction.value >= 0.2 else []
        if mixed:
            yield mixed[0]
            continue
        if fitting:
            yield fitting[0]
            continue
        far = _far_pairs(fraction, numerals, sentences=0) if grows and fraction.value >= 1.5 else []
        rise = next((r for r in (_growth(fraction, a, b, grows, False) for a, b in far) if r), None)
        if rise is not None:
            yield rise
            continue
        yield from _as_factor(fraction, far)
        if grows or shrinks:
            yield from _wrong_growth(reading, fraction, pairs, grows)
        if _ADDED.search(sentence) or (
            _SHARE.search(sentence) and not (grows and _UP.search(reading.text[fraction.end : fraction.end + 12]))
        ):
            yield from _wrong_share(fraction, numerals)


def _only_by_rounding(fraction: Numeral, small: Numeral, large: Numeral) -> bool:
    """Tell whether a percentage is the quotient itself, and the rise only because few digits were printed."""
    ratio = _ratio(small, large)[0]
    return ratio > 1.01 and off_by(ratio, fraction) <= 1.005 and off_by(ratio - 1, fraction) > 1.05


def _in_sentence(fraction: Numeral, members: Sequence[Numeral]) -> bool:
    """Tell whether all amounts of a growth stand in the sentence of the percentage."""
    return all(n.sentence == fraction.sentence for n in members)


def _wholes(fraction: Numeral, numerals: list[Numeral]) -> list[tuple[Numeral, Numeral]]:
    """Return pairs of a part in the sentence of a share, and a whole up to three sentences before."""
    parts_here = [
        n for n in numerals if n.sentence == fraction.sentence and n.kind == "amount" and n.values and not n.per
    ]
    nearby = [n for n in numerals if n.kind == "amount" and n.values and close(n, fraction, 3)]
    return [
        (part, total)
        for part in parts_here[:6]
        for total in nearby
        if total.unit == part.unit and total.value > part.value > 0 and _same_noun(part, total) and not total.per
    ]


TOLERANCE = re.compile(r"(?i:plus/minus|plus or minus|plus oder minus|±|give or take|\+/-)\s*$")


def _fitting(fraction: Numeral, small: Numeral, large: Numeral, grows: bool, shrinks: bool) -> Relation | None:
    """Read the pair as growth if the words speak of growth, else as a share."""
    as_share = None if grows and fraction.value > 1 else _share(fraction, small, large)
    if not grows and not shrinks:
        return as_share
    return _growth(fraction, small, large, grows, shrinks) or as_share


def _pairs(numeral: Numeral, numerals: list[Numeral], sentences: int) -> list[tuple[Numeral, Numeral]]:
    """Return pairs of comparable amounts near a numeral, the smaller first."""
    nearby = [
        n
        for n in numerals
        if n is not numeral
        and n.kind == "amount"
        and n.values
        and n.unit not in units.DURATIONS
        and close(n, numeral, sentences)
    ]
    result = []
    for i, first in enumerate(nearby[:12]):
        for second in nearby[i + 1 : 12]:
            is_comparable = first.unit == second.unit and _same_noun(first, second) and first.per == second.per
            if is_comparable and first.value > 0 and second.value > 0 and first.value != second.value:
                result.append((first, second) if first.value < second.value else (second, first))
    result.sort(
        key=lambda pair: sum(abs(n.start - numeral.start) + 400 * (n.sentence != numeral.sentence) for n in pair)
    )
    pairs_of_one = [(n, n) for n in nearby if len(n.values) == 2 and n.values[0] != n.values[1]]
    return result + pairs_of_one


def _same_noun(first: Numeral, second: Numeral) -> bool:
    """Tell whether two counts are of one thing; a large number without noun takes that of its neighbour."""
    if first.unit != "1":
        return True
    if first.noun and first.noun == second.noun:
        return True
    return (not first.noun or not second.noun) and min(first.value, second.value) >= 1e6


#: Most that rounding adds to a quotient; beyond it, numbers with few digits would fit anything.
MOST_SLACK = 0.08


def _ratio(small: Numeral, large: Numeral) -> tuple[float, float, float]:
    """Divide two amounts; return the value, and the least and largest value by their printed digits."""
    if small is large:
        value = max(small.values) / min(small.values)
        return value, value * 0.97, value * 1.03
    # Of "from 470 to 590" the last value is compared.
    value = large.values[-1] / small.values[-1]
    slack = min(small.rounding + large.rounding, MOST_SLACK)
    return value, value * (1 - slack), value * (1 + slack)


def _growth(fraction: Numeral, small: Numeral, large: Numeral, grows: bool, shrinks: bool) -> Relation | None:
    ratio, low, high = _ratio(small, large)
    rises = grows and (
        distance(max(low - 1, 1e-9), max(high - 1, 1e-9), fraction) <= 1.03 or abs(ratio - 1 - fraction.value) <= 0.006
    )
    falls = (
        shrinks and fraction.value < 1 and distance(max(1 - 1 / low, 1e-9), max(1 - 1 / high, 1e-9), fraction) <= 1.03
    )
    if not rises and not falls:
        return None
    return Relation(
        kind="growth",
        members=(fraction, *{small, large}),
        holds=True,
        factor=1.0,
        arithmetic=(
            f"{written(large)} / {written(small)} = {render(ratio, '1')}, {'plus' if rises else 'minus'} "
            f"{amount(ratio - 1 if rises else 1 - 1 / ratio, 'fraction')}"
        ),
    )


def _share(fraction: Numeral, small: Numeral, large: Numeral) -> Relation | None:
    ratio, low, high = _ratio(small, large)
    if distance(1 / high, 1 / low, fraction) > 1.03 or (
        fraction.rounding < 0.01 and off_by(1 / ratio, fraction) > 1.06
    ):
        return None
    line = f"{written(small)} / {written(large)} = {amount(1 / ratio, 'fraction')}"
    return Relation(kind="share", members=(fraction, *{small, large}), holds=True, arithmetic=line, factor=1.0)


def _wrong_growth(
    reading: Reading, fraction: Numeral, pairs: list[tuple[Numeral, Numeral]], grows: bool
) -> Iterator[Relation]:
    for small, large in pairs:
        ratio, low, high = _ratio(small, large)
        right = ratio - 1 if grows else 1 - 1 / ratio
        same_sentence = small.sentence == large.sentence == fraction.sentence
        stretch = reading.text[
            min(small.start, large.start, fraction.start) - 40 if min(small.start, large.start) > 40 else 0 : max(
                small.end, large.end, fraction.end
            )
            + 40
        ]
        paired = small.sentence == large.sentence and abs(fraction.sentence - small.sentence) <= 1
        if not same_sentence and not paired and not _EARLIER.search(stretch):
            continue
        same_sentence_pair = fraction.sentence in (small.sentence, large.sentence) and small is not large
        as_factor = grows and distance(low, high, fraction) <= 1.02 and ratio >= 1.3
        slip = is_power(off_by(right, fraction), 1.04) and right > 0
        plain = (
            same_sentence
            and small is not large
            and _from_to(reading, small, large)
            and off_by(right, fraction) > DISAGREE
        )
        moved = fraction.value < 1 and same_sentence_pair and _amount_slip(fraction, ratio, grows)
        if moved and not (as_factor or slip or plain):
            yield _slipped_amount(reading, fraction, small, large, ratio, grows)
            return
        if not (as_factor or slip or plain):
            continue
        line = (
            f"{written(large)} / {written(small)} = {render(ratio, '1')}: {'plus' if grows else 'minus'} "
            f"{amount(right, 'fraction')}, not {written(fraction)}"
        )
        reading_text = (
            f"to {written(fraction)} of the old value, that is by {amount(right, 'fraction')}"
            if as_factor
            else amount(right, "fraction")
        )
        yield Relation(
            kind="percent_vs_factor" if as_factor or not slip else "decimal_slip",
            members=_blame_decimals(fraction, small, large) if slip and not as_factor else (fraction, small, large),
            holds=False,
            factor=off_by(right, fraction),
            arithmetic=line,
            reading=reading_text,
        )
        return


def _amount_slip(fraction: Numeral, ratio: float, grows: bool) -> bool:
    """Tell whether two amounts are a power of ten further apart than the percentage between them says."""
    right = 1 + fraction.value if grows else 1 / (1 - fraction.value)
    return is_power(max(ratio / right, right / ratio), 1.02)


def _slipped_amount(
    reading: Reading, fraction: Numeral, small: Numeral, large: Numeral, ratio: float, grows: bool
) -> Relation:
    """Report the amount of the two that lies farther from the others of the text."""
    right = 1 + fraction.value if grows else 1 / (1 - fraction.value)
    levels = sorted(n.value for n in reading.numerals if n.unit == small.unit and n.kind == "amount" and n.value > 0)
    middle = levels[len(levels) // 2]
    members = tuple(sorted((small, large), key=lambda n: -off_by(middle, n)))
    rights = {small: amount(large.value / right, small.unit), large: amount(small.value * right, large.unit)}
    return Relation(
        kind="decimal_slip",
        members=members,
        holds=False,
        factor=max(ratio / right, right / ratio),
        arithmetic=f"{written(large)} / {written(small)} = {ratio:.3g}, not {right:.3g} as {written(fraction)} says",
        rights=tuple(rights[n] for n in members),
    )


def _as_factor(fraction: Numeral, pairs: list[tuple[Numeral, Numeral]]) -> Iterator[Relation]:
    """Check a rise in per cent that equals the quotient itself, against an amount further up in the text."""
    for small, large in pairs:
        ratio, _, _ = _ratio(small, large)
        if (
            (ratio >= 1.2 or fraction.value >= 1)
            and off_by(ratio, fraction) <= (1.02 if fraction.qualifier == "rough" else 1.012)
            and abs(small.paragraph - large.paragraph) <= 2
        ):
            yield Relation(
                kind="percent_vs_factor",
                members=(fraction, small, large),
                holds=False,
                factor=off_by(ratio - 1, fraction),
                arithmetic=(
                    f"{written(large)} / {written(small)} = {render(ratio, '1')}: plus {amount(ratio - 1, 'fraction')}"
                ),
                reading=f"to {written(fraction)} of the old value, that is by {amount(ratio - 1, 'fraction')}",
            )
            return


def _from_to(reading: Reading, small: Numeral, large: Numeral) -> bool:
    """Tell whether the text says "from" the one amount "to" the other."""
    first, last = sorted((small, large), key=lambda n: n.start)
    preceding = reading.text[max(0, first.start - 22) : first.start]
    gap = reading.text[first.end : last.start]
    return (
        bool(re.search(r"(?i:\b(?:von|from)\b)", preceding))
        and bool(re.search(r"(?i:\b(?:auf|to)\b)", gap))
        and len(gap) < 60
    )


def _wrong_share(fraction: Numeral, numerals: list[Numeral]) -> Iterator[Relation]:
    """Report a share that is a power of ten off the quotient of a part near it and a whole."""
    amounts = [
        n
        for n in numerals
        if n.kind == "amount"
        and n.unit in units.MONEY | {"W", "J", "1"}
        and n.per in ("", "year")
        and n.values
        and n.paragraph == fraction.paragraph
        and -3 <= n.sentence - fraction.sentence <= 0
    ]
    here = sorted((n for n in amounts if n.sentence == fraction.sentence), key=lambda n: abs(n.start - fraction.start))
    pairs = [
        (part, total)
        for near in here[:1]
        for n in amounts
        if n is not near and n.unit == near.unit and _comparable(n, near)
        for part, total in [(near, n) if near.value < n.value else (n, near)]
        if part.value > 0 and (n.start < max(near.start, fraction.start))
    ]
    for part, total in pairs:
        quotient = part.value / total.value
        factor = off_by(quotient, fraction)
        slack = 1.03 if fraction.qualifier == "" else 1.05
        slack += fraction.rounding if fraction.qualifier == "rough" else 0.0
        if factor >= 9 and any(max(factor / p, p / factor) <= slack for p in (10.0, 1e3)) and 0 < fraction.value <= 1:
            line = f"{written(part)} / {written(total)} = {amount(quotient, 'fraction')}, not {written(fraction)}"
            members = _blame_decimals(part, fraction, total)
            yield Relation(
                kind="decimal_slip",
                members=members,
                holds=False,
                factor=factor,
                arithmetic=line,
                rights=tuple(_right_of_share(n, part, fraction, total) for n in members),
            )
            return


def _comparable(first: Numeral, second: Numeral) -> bool:
    """Tell whether two amounts may be a part and its whole: of one thing, or two large numbers."""
    return first.noun == second.noun or (first.unit == "1" and min(first.value, second.value) >= 1e6)


def _right_of_share(member: Numeral, part: Numeral, fraction: Numeral, total: Numeral) -> str:
    if member is fraction:
        return amount(part.value / total.value, "fraction")
    right = fraction.value * total.value if member is part else part.value / fraction.value
    return amount(right, member.unit)


def _blame_decimals(*members: Numeral) -> tuple[Numeral, ...]:
    """Sort numerals by blame: a mark that slipped leaves more decimals than its neighbours have."""
    return tuple(sorted(members, key=lambda n: (-n.decimals if n.decimals >= 3 else 0, -n.start)))


def multiples(numerals: list[Numeral]) -> Iterator[Relation]:
    """Check factors against the amounts around them.

    Parameters
    ----------
    numerals
        Numerals to check.
    """
    for factor in numerals:
        if factor.kind != "factor" or not factor.values or any(0 <= n.start - factor.end <= 1 for n in numerals):
            continue  # "72 times 288 gigabytes" multiplies
        pairs = _pairs(factor, numerals, 2)
        wide = [*pairs, *_far_pairs(factor, numerals)]
        goal = factor if factor.value >= 1 else None
        fitting = next(((a, b) for a, b in pairs if _times_fit(factor, a, b)), None)
        slipped = list(_slipped_multiple(factor, pairs)) if fitting is None and factor.value >= 1 else []
        if slipped:
            yield from slipped
            continue
        fitting = fitting or next(((a, b) for a, b in wide if _times_fit(factor, a, b)), None)
        if fitting is not None:
            small, large = fitting
            line = f"{written(large)} / {written(small)} = {render(_ratio(small, large)[0], '1')}"
            yield Relation(kind="multiple", members=(factor, *{small, large}), holds=True, arithmetic=line, factor=1.0)
            continue
        if goal is None:
            continue
        yield from _risen(factor, numerals)
        in_sentence = [
            (a, b)
            for a, b in pairs
            if a.sentence == b.sentence == factor.sentence
            and a is not b
            and (a.unit != "1" or a.noun == b.noun == "device")
        ]
        for small, large in in_sentence[:1] if len({id(n) for pair in in_sentence for n in pair}) == 2 else []:
            ratio, low, high = _ratio(small, large)
            if distance(low, high, factor) > DISAGREE and off_by(ratio, factor) > 1.4:
                yield Relation(
                    kind="percent_vs_factor" if not is_power(off_by(ratio, factor)) else "decimal_slip",
                    members=late_first(factor, small, large),
                    holds=False,
                    factor=off_by(ratio, factor),
                    arithmetic=f"{written(large)} / {written(small)} = {render(ratio, '1')}, not {written(factor)}",
                    reading=f"{render(ratio, '1')} times",
                )


def _slipped_multiple(factor: Numeral, pairs: list[tuple[Numeral, Numeral]]) -> Iterator[Relation]:
    """Report a multiple that is a power of ten off the quotient of an amount in its sentence and one just before."""
    sentences = {n.sentence for pair in pairs for n in pair}
    for small, large in pairs:
        ratio, _, _ = _ratio(small, large)
        reach = 3 if small.unit == "FLOP" else 1
        is_near = factor.sentence in (small.sentence, large.sentence) and abs(small.sentence - large.sentence) <= reach
        before = small.sentence == large.sentence == factor.sentence - 1 and factor.sentence not in sentences
        error = off_by(ratio, factor)
        if before and is_power(error, 1.02 + min(factor.rounding, 0.03)):
            is_near = True
        if is_near and small is not large and small.unit != "1" and is_power(error, 1.06) and factor.value >= 1.5:
            yield Relation(
                kind="decimal_slip",
                members=late_first(small, large, factor),
                holds=False,
                factor=error,
                arithmetic=f"{written(large)} / {written(small)} = {render(ratio, '1')}, not {written(factor)}",
                reading=f"a power of ten: {render(ratio, '1')} times",
            )
            return


_RISE = re.compile(r"[  ](?:auf|to)[  ]")


def _risen(factor: Numeral, numerals: list[Numeral]) -> Iterator[Relation]:
    """Check a multiple after a rise that is printed as a pair: ``from 12 to 36 billion, and so doubled``."""
    earlier = [n for n in numerals if n.sentence == factor.sentence and n.kind == "amount" and n.start < factor.start]
    if len(earlier) != 1 or len(earlier[0].values) != 2 or not _RISE.search(earlier[0].text):
        return
    ratio = earlier[0].values[1] / earlier[0].values[0]
    if earlier[0].stated_rise and off_by(ratio, factor) > 1.3:
        yield Relation(
            kind="percent_vs_factor",
            members=(factor, earlier[0]),
            holds=False,
            factor=off_by(ratio, factor),
            arithmetic=f"{written(earlier[0])}: a factor of {render(ratio, '1')}, not {written(factor)}",
            reading=f"{render(ratio, '1')} times",
        )


def _times_fit(factor: Numeral, small: Numeral, large: Numeral) -> bool:
    _, low, high = _ratio(small, large)
    goal = factor.value
    if goal < 1:
        return bool(distance(1 / high, 1 / low, factor) <= AGREE)
    return bool(distance(low, high, factor) <= AGREE)


def _far_pairs(factor: Numeral, numerals: list[Numeral], sentences: int = 1) -> list[tuple[Numeral, Numeral]]:
    """Return pairs over the whole text with one member near the factor, since a ratio may refer to earlier amounts."""
    nearby = [
        n
        for n in numerals
        if n.kind == "amount" and n.values and close(n, factor, sentences) and n.unit not in units.DURATIONS
    ]
    result = []
    for n in nearby[:6]:
        for far in numerals[:200]:
            is_comparable = (
                far.kind == "amount" and far.values and far.unit == n.unit and far.per == n.per and _same_noun(far, n)
            )
            if is_comparable and far is not n and far.value > 0 and n.value > 0 and far.value != n.value:
                result.append((n, far) if n.value < far.value else (far, n))
    return result
