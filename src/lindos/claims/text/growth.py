"""Growth and shares against the amounts around them."""

import re
from collections.abc import Iterator, Sequence

from lindos.claims.text import units
from lindos.claims.text.numeral import Numeral
from lindos.claims.text.pairs import is_same_thing, pairs_afar, pairs_near, ratio_of
from lindos.claims.text.read import Reading
from lindos.claims.text.relation import (
    DISAGREE,
    Relation,
    amount,
    close,
    distance,
    is_power,
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
        pairs = pairs_near(fraction, numerals, 1)
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
        far = pairs_afar(fraction, numerals, sentences=0) if grows and fraction.value >= 1.5 else []
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
    ratio = ratio_of(small, large)[0]
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
        if total.unit == part.unit and total.value > part.value > 0 and is_same_thing(part, total) and not total.per
    ]


TOLERANCE = re.compile(r"(?i:plus/minus|plus or minus|plus oder minus|±|give or take|\+/-)\s*$")


def _fitting(fraction: Numeral, small: Numeral, large: Numeral, grows: bool, shrinks: bool) -> Relation | None:
    """Read the pair as growth if the words speak of growth, else as a share."""
    as_share = None if grows and fraction.value > 1 else _share(fraction, small, large)
    if not grows and not shrinks:
        return as_share
    return _growth(fraction, small, large, grows, shrinks) or as_share


def _growth(fraction: Numeral, small: Numeral, large: Numeral, grows: bool, shrinks: bool) -> Relation | None:
    ratio, low, high = ratio_of(small, large)
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
    ratio, low, high = ratio_of(small, large)
    if distance(1 / high, 1 / low, fraction) > 1.03 or (
        fraction.rounding < 0.01 and off_by(1 / ratio, fraction) > 1.06
    ):
        return None
    line = f"{written(small)} / {written(large)} = {amount(1 / ratio, 'fraction')}"
    return Relation(kind="share", members=(fraction, *{small, large}), holds=True, arithmetic=line, factor=1.0)


def _wrong_growth(
    reading: Reading, fraction: Numeral, pairs: list[tuple[Numeral, Numeral]], grows: bool
) -> Iterator[Relation]:
    units_of_sentence = {n.unit for pair in pairs for n in pair if n.sentence == fraction.sentence}
    for small, large in pairs:
        if small.unit in units_of_sentence and fraction.sentence not in (small.sentence, large.sentence):
            continue  # the percentage is that of an amount in its own sentence
        ratio, low, high = ratio_of(small, large)
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
        slip = is_power(off_by(right, fraction), 1.04) and right > 0 and not _is_worded_share(fraction)
        plain = (
            same_sentence
            and small is not large
            and _from_to(reading, small, large)
            and off_by(right, fraction) > DISAGREE
        )
        compared = same_sentence or _EARLIER.search(reading.sentence_of(fraction))
        moved = fraction.value < 1 and compared and same_sentence_pair and _amount_slip(fraction, ratio, grows)
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
            members=(fraction, small, large),
            holds=False,
            factor=off_by(right, fraction),
            arithmetic=line,
            reading=reading_text,
        )
        return


def _is_worded_share(fraction: Numeral) -> bool:
    """Tell whether a share is a word without decimal mark, as "a third" is."""
    return fraction.in_words and re.search(r"(?i:pro[zc]ent|per ?cent)", fraction.text) is None


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
        ratio, _, _ = ratio_of(small, large)
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
