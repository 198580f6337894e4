"""Rises that fall, shares of amounts further up, and amounts that grow by a factor a year."""

import re
from collections.abc import Iterator

from lindos.claims.text import units
from lindos.claims.text.numeral import Numeral
from lindos.claims.text.read import Reading
from lindos.claims.text.relation import Relation, amount, distance, is_power, off_by, written
from lindos.units import YEAR

#: An amount that is told as a rise is wrong if it lies below the earlier one by this factor.
AGAINST = 1.04
_UP_FROM = re.compile(
    r"(?i:\b(?:up|rise|rose|risen|increase[ds]?|climb\w*|grew|growing|jump\w*|more than doubled|"
    r"improv\w*)[  ](?:\w+[  ]){0,2}from|"
    r"(?:gestiegen|gewachsen|erhöht|verbessert|angehoben|zugelegt) von|nach zuvor nur|statt bisher nur)[  ]"
    r"(?:just[  ]|only[  ]|about[  ]|nearly[  ]|nur[  ]|rund[  ]|etwa[  ])?$"
)
_DOWN_FROM = re.compile(
    r"(?i:\b(?:down|fell|fallen|drop\w*|declin\w*|cut|reduced|shrank)[  ](?:\w+[  ]){0,2}from|"
    r"(?:gefallen|gesunken|gesenkt|reduziert) von)[  ](?:about[  ]|nearly[  ]|rund[  ]|etwa[  ])?$"
)
_ONWARD = re.compile(r"[  ](?:\w+[  ]){0,3}?(?:to|auf)[  ]")
_SHARE_OF = re.compile(
    r"(?i:\b(?:cut|share|levy|tax|fee|portion|slice|part of|of (?:that|it|this|them)|anteil|abgabe|davon|daran|"
    r"provision|beteiligung|steuer|interest|coupon|zins\w*|yield|dividend\w*)\b)"
)
_INTEREST = re.compile(r"(?i:\b(?:interest|zinsen|zinskosten|coupons?|fees?|tax)\b)")
_YEARLY_FACTOR = re.compile(
    r"(?i:\b(?:im jahr|pro jahr|jährlich|jedes jahr|a year|per year|every year|each year|annually|yearly|von jahr zu "
    r"jahr|year over year))"
)


def directions(reading: Reading, numerals: list[Numeral]) -> Iterator[Relation]:
    """Report an amount that is called up from a larger one, or down from a smaller one.

    Parameters
    ----------
    reading
        The text and its numerals.
    numerals
        Numerals to check.
    """
    amounts = [n for n in numerals if n.kind in ("amount", "fraction") and len(n.values) == 1]
    for place, earlier in enumerate(amounts):
        preceding = reading.text[max(reading.sentences[earlier.sentence].start, earlier.start - 60) : earlier.start]
        rises, falls = bool(_UP_FROM.search(preceding)), bool(_DOWN_FROM.search(preceding))
        if not (rises or falls) or _ONWARD.match(reading.text, earlier.end):
            continue
        candidates = [n for n in amounts[:place] if n.sentence == earlier.sentence and n.unit == earlier.unit]
        later = candidates[-1] if candidates else None
        if later is not None and (later.noun != earlier.noun or later.kind != earlier.kind):
            continue
        if later is None or earlier.start - later.end > 90:
            continue
        ratio = later.value / earlier.value if rises else earlier.value / later.value
        if ratio * AGAINST < 1:
            word = "up" if rises else "down"
            yield Relation(
                kind="direction",
                members=(later, earlier),
                holds=False,
                factor=1 / ratio,
                arithmetic=f"{written(later)} is not {word} from {written(earlier)}",
                rights=(f"{'more' if rises else 'less'} than {written(earlier)}", ""),
            )


def shares_afar(reading: Reading, numerals: list[Numeral]) -> Iterator[Relation]:
    """Check the share of an amount against a percentage that the text has named before: ``the Treasury's cut``.

    Parameters
    ----------
    reading
        The text and its numerals.
    numerals
        Numerals to check.
    """
    fractions = [n for n in numerals if n.kind == "fraction" and n.unit == "fraction" and 0 < n.value < 1]
    amounts = [n for n in numerals if n.kind == "amount" and n.unit in units.MONEY | {"W", "1"} and len(n.values) == 1]
    for part in amounts:
        preceding = reading.text[max(reading.sentences[part.sentence].start, part.start - 70) : part.start]
        following = reading.text[part.end : part.end + 28]
        if not (_SHARE_OF.search(preceding) or _INTEREST.search(following)) or part.per not in ("", "year"):
            continue
        totals = [
            n
            for n in amounts
            if n is not part
            and n.unit == part.unit
            and n.noun == part.noun
            and 0 <= part.sentence - n.sentence <= 2
            and n.paragraph == part.paragraph
            and n.value > part.value
            and n.start < part.start
        ]
        shares = [n for n in fractions if n.start < part.start and part.paragraph - n.paragraph <= 2]
        neighbours = [n for n in shares if part.sentence - n.sentence <= 1]
        pairs = [(w, s) for w in totals[-4:] for s in neighbours[-1:]] or [
            (w, s) for w in totals[-2:] for s in shares[-3:]
        ]
        yield from _share_afar(part, pairs)


def _share_afar(part: Numeral, pairs: list[tuple[Numeral, Numeral]]) -> Iterator[Relation]:
    slips = []
    for total, share in pairs:
        expected = total.value * share.value
        line = f"{written(share)} of {written(total)} = {amount(expected, part.unit)}"
        factor = off_by(expected, part)
        if factor <= 1.02 + min(part.rounding, 0.03):
            yield Relation(kind="share", members=(part, total, share), holds=True, arithmetic=line, factor=1.0)
            return
        if is_power(factor, 1.02):
            slips.append((line, total, share, expected, factor))
    for line, total, share, expected, factor in slips[:1]:
        yield Relation(
            kind="price_total" if part.unit in units.MONEY else "decimal_slip",
            members=(part, total, share),
            holds=False,
            factor=factor,
            arithmetic=f"{line}, not {written(part)}",
            rights=(amount(expected, part.unit), "", ""),
        )


def compounds(reading: Reading, numerals: list[Numeral]) -> Iterator[Relation]:
    """Check amounts that grow by a factor a year: ``by 3.3 a year, 50 million after one and 160 million after two``.

    Parameters
    ----------
    reading
        The text and its numerals.
    numerals
        Numerals to check.
    """
    for growth in numerals:
        following = reading.text[growth.end : growth.end + 24]
        yearly = growth.per == "year" or _YEARLY_FACTOR.match(following.lstrip(" \u00a0-,"))
        if not yearly or growth.kind not in ("factor", "fraction") or len(growth.values) != 1:
            continue
        factor = growth.value if growth.kind == "factor" else 1 + growth.value
        if not 1.05 <= factor <= 20:
            continue
        neighbours = [
            n for n in numerals if n.paragraph == growth.paragraph and n.kind == "amount" and len(n.values) == 1
        ]
        bases = [n for n in neighbours if n.unit not in units.DURATIONS and n.value > 0 and n.start < growth.start]
        for result in neighbours:
            span = _span_of(result, neighbours)
            if result.start < growth.start or span is None or result.unit in units.DURATIONS:
                continue
            yield from _grown(result, [b for b in bases if b.unit == result.unit], growth, factor, span)


def _span_of(result: Numeral, neighbours: list[Numeral]) -> Numeral | None:
    """Return the years after which an amount is reached: the duration right before it, or after it, in its clause."""
    spans = [
        n for n in neighbours if n.unit == "s" and 0.9 * YEAR <= n.value <= 20 * YEAR and n.sentence == result.sentence
    ]
    spans = [n for n in spans if -40 <= result.start - n.end <= 25 or -25 <= n.start - result.end <= 25]
    return min(spans, key=lambda n: abs(n.start - result.start), default=None)


def _grown(result: Numeral, bases: list[Numeral], growth: Numeral, factor: float, span: Numeral) -> Iterator[Relation]:
    years = span.value / YEAR
    for base in bases[-1:]:
        expected = base.value * factor**years
        line = f"{written(base)} x {factor:.3g}^{years:.2g} = {amount(expected, result.unit)}"
        slack = 1.04 + years * growth.rounding
        if distance(expected / slack, expected * slack, result) <= 1.02:
            yield Relation(kind="compound", members=(result, base, growth), holds=True, arithmetic=line, factor=1.0)
        elif is_power(off_by(expected, result), slack):
            error = off_by(expected, result)
            yield Relation(
                kind="prefix_1000" if error > 300 else "decimal_slip",
                members=(result, base, growth),
                holds=False,
                factor=error,
                arithmetic=f"{line}, not {written(result)}",
                rights=(amount(expected, result.unit), "", ""),
            )
