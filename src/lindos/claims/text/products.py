"""Totals against the product of a count and an amount of one, over all quantities that a text multiplies."""

import math
import re
from collections.abc import Iterator
from typing import NamedTuple

from lindos.claims.text import units
from lindos.claims.text.numeral import Numeral
from lindos.claims.text.plausible import is_plausible
from lindos.claims.text.read import Reading
from lindos.claims.text.relation import Relation, amount, distance, is_power, late_first, off_by, written
from lindos.units import DAY, YEAR

#: Units of which a text takes multiples.
_MULTIPLIED = frozenset({"W", "J", "FLOP/s", "FLOP", "B", "B/s", "kg", "l", "m3", "m2", "sqft"}) | units.MONEY
#: A product is that of the text within this factor, beyond its rounding.
TOLERANCE = 1.015
#: A slip by a power of ten leaves the digits within this factor, beyond their rounding.
SAME_DIGITS = 1.02
#: Most that rounding adds to it.
MOST_SLACK = 0.06
#: Farthest sentences of one product, and of a slip.
REACH, SLIP_REACH = 4, 2
#: Most numerals of one paragraph that are multiplied with each other.
MOST = 60
_PART_CUE = re.compile(
    r"(?i:\b(?:each|every|apiece|per|pro|je|jeweils|jede[nrsm]?|stück|stückpreis|preis|price[sd]?|single|einzeln\w*|"
    r"rated|genehmigt|schluckt|braucht|draws?|zieht|kostet|kosten|costs?|at|zu|von|mit|bei|of|a|eine[rsmn]?)\b)"
)
_TOTAL_CUE = re.compile(
    r"(?i:\b(?:zusammen|gemeinsam|jointly|insgesamt|macht|machen|ergibt|ergeben|entspricht|entsprechen|summiert|"
    r"beläuft|beliefe|"
    r"käme[n]?|"
    r"kommt|kommen|kämen|wären|wäre|sind das|das sind|demnach|somit|damit|also|mithin|folglich|rechnerisch|gesamt\w*|"
    r"braucht|benötigt|zieht|zöge|kostet|kosten|kostete|koste|total\w*|together|altogether|combined|adds? up|"
    r"adding up|comes? to|"
    r"came to|works? out|works? to|amounts?|amounted|means?|makes?|equals?|equivalent|worth|thus|therefore|"
    r"hence|so|that is|that's|"
    r"would|needs?|require[sd]?|draws?|costs?|cost|bill|price tag|sum|in all|all told|overall|give|gives|giving|"
    r"yield\w*|brings?|allein|alone|on their own)\b)"
)
_NOT_COUNTED = ("token", "parameter", "gpuhour")


class Product(NamedTuple):
    """A total that a text may have computed, and its factors."""

    total: Numeral
    factors: tuple[Numeral, ...]
    value: float
    low: float
    high: float
    line: str
    #: Whether the factors are tied to each other by their units alone.
    typed: bool


def products(reading: Reading, numerals: list[Numeral]) -> Iterator[Relation]:
    """Check totals against products: ``9,216 chips ... one kilowatt each ... 9.2 megawatts``.

    Parameters
    ----------
    reading
        The text and its numerals.
    numerals
        Numerals to check.
    """
    paragraphs: dict[int, list[Numeral]] = {}
    for numeral in numerals:
        if numeral.kind in ("amount", "fraction") and len(numeral.values) == 1 and numeral.value > 0:
            paragraphs.setdefault(numeral.paragraph, []).append(numeral)
    for group in paragraphs.values():
        yield from _paragraph(reading, group[:MOST])
    for place in paragraphs:
        yield from _afar(reading, [n for p in range(place - AFAR, place + 1) for n in paragraphs.get(p, ())][:MOST])


#: Paragraphs over which a total, a count and an exact amount of one are compared.
AFAR = 6
FAR_REACH = 100


def _afar(reading: Reading, group: list[Numeral]) -> Iterator[Relation]:
    """Check an amount of one against a count and a total in other paragraphs, if their digits agree."""
    seen: set[Numeral] = set()
    for total in group:
        for product in (*_counted(total, group, FAR_REACH), *_priced(reading, total, group)):
            members = (total, *product.factors)
            part = product.factors[-1]
            apart = len({n.paragraph for n in members}) > 1
            strict = product.typed or (part.per in ("device", "rack", "node") and product.factors[0].noun == part.per)
            if not apart or not strict or part in seen or part.per == "hour" or len(members) > 3:
                continue
            if not product.typed and total.unit in units.MONEY | {"W"} and total.subject != product.factors[0].subject:
                continue
            factor = off_by(product.value, total)
            exact = product.typed or max(n.rounding for n in members) <= 0.12
            if exact and factor <= 1.006:
                seen.add(part)
                yield Relation(
                    kind="product", members=late_first(*members), holds=True, arithmetic=product.line, factor=1.0
                )
            elif exact and is_power(factor, 1.006 + min(total.rounding, 0.02)) and _usual_if_right(product):
                yield _slip(product)


def _usual_if_right(product: Product) -> bool:
    """Tell whether the amount of one would have a usual size where it is the wrong number."""
    part = product.factors[-1]
    return product.typed or bool(
        is_plausible(part.unit, part.per, part.value * product.total.value / product.value)
        or is_plausible(part.unit, part.per, part.value)
    )


def _paragraph(reading: Reading, group: list[Numeral]) -> Iterator[Relation]:
    options = [product for total in group for product in _options(reading, total, group)]
    supported: set[Numeral] = set()
    for product in sorted(options, key=_span):
        if distance(product.low, product.high, product.total) <= TOLERANCE and _is_worded(reading, product):
            members = late_first(product.total, *product.factors)
            supported |= set(members)
            yield Relation(kind="product", members=members, holds=True, arithmetic=product.line, factor=1.0)
    for product in sorted(options, key=_span):
        if (
            not supported >= {product.total, product.factors[-1]}
            and product.total not in supported
            and _slipped(reading, product)
        ):
            supported.add(product.total)
            yield _slip(product)


def _span(product: Product) -> int:
    places = [n.start for n in (product.total, *product.factors)]
    return max(places) - min(places)


def _options(reading: Reading, total: Numeral, group: list[Numeral]) -> Iterator[Product]:
    neighbours = [n for n in group if n is not total and abs(n.sentence - total.sentence) <= REACH]
    yield from _counted(total, neighbours)
    yield from _priced(reading, total, neighbours)
    yield from _lasting(reading, total, neighbours)
    yield from _per_power(reading, total, neighbours)


def _product(total: Numeral, factors: tuple[Numeral, ...], scale: float, line: str, typed: bool = True) -> Product:
    value = low = high = scale
    for factor in factors:
        exact = factor.unit == "1" and factor.value < 1_000 and not factor.qualifier
        value = value * factor.value
        low, high = low * (factor.value if exact else factor.low), high * (factor.value if exact else factor.high)
    text = f"{line} = {amount(value, total.unit)}"
    return Product(total, factors, value, low, high, text, typed)


def _counted(total: Numeral, neighbours: list[Numeral], reach: int = REACH) -> Iterator[Product]:
    """Yield counts times amounts of one: devices, racks, halls and anything else that has a number."""
    if total.kind != "amount" or total.unit not in _MULTIPLIED:
        return
    counts = [n for n in neighbours if _is_count(n)]
    for part in neighbours:
        is_part = (
            part.unit == total.unit and part.kind == "amount" and part.value < total.value and _parted(part, total)
        )
        if not is_part:
            continue
        for count in counts:
            if not _may_be(total.value / (count.value * part.value)):
                continue
            if abs(count.sentence - part.sentence) <= reach and _counts(count, part) and count.per in ("", total.per):
                yield _product(total, (count, part), 1.0, f"{written(count)} x {written(part)}", typed=False)


def _may_be(ratio: float) -> bool:
    """Tell whether a total over a product is near one, or near a power of ten; most pairs are neither."""
    if 0.6 < ratio < 1.7:
        return True
    digits = math.log10(ratio)
    return abs(digits - round(digits)) < 0.06


def _is_count(numeral: Numeral) -> bool:
    return (
        numeral.kind == "amount"
        and numeral.unit == "1"
        and numeral.value >= 2
        and numeral.per in ("", "node", "rack")
        and numeral.noun not in _NOT_COUNTED
        and "equivalent" not in numeral.marks
        and len(numeral.values) == 1
        and (numeral.decimals == 0 or numeral.value >= 1_000)
    )


def _parted(part: Numeral, total: Numeral) -> bool:
    """Tell whether an amount may be of one: its unit is per what the total is not per."""
    return part.per != total.per or not part.per


def _counts(count: Numeral, part: Numeral) -> bool:
    """Tell whether a count is of what the amount is per, as far as the words say."""
    return not (count.noun and part.per in ("device", "rack", "node", "host", "household", "person", "plant")) or (
        count.noun in (part.per, "them") or {count.noun, part.per} <= {"rack", "node"}
    )


_ENERGY_PRICE = re.compile(
    r"[  ]?(?:/|(?i:je|pro|per|a|an|for each|die|the)[  ])(?:\w{2,12}[  ])?"
    r"(?P<unit>(?i:kilowattstunde|megawattstunde|kilowatt-hour|megawatt-hour|kilowatt hour|megawatt hour|kwh|mwh))"
)
_ENERGY_COSTS = re.compile(
    r"(?i:\b(?:eine|one|a|each|every|jede|pro|je|per)[  ](?P<unit>kilowattstunde|megawattstunde|kilowatt-hour|"
    r"megawatt-hour|"
    r"kwh|mwh)\b[^.;:]{0,48})$"
)
_TOKEN_PRICE = re.compile(
    r"[  ]?(?:/|(?i:je|pro|per|for every|for)[  ])(?P<scale>(?i:million|million(?:en)?|tausend|thousand))[  ]"
    r"(?:\w+[  ])?(?i:tokens?)|[  ]?(?:/|per[  ])(?P<letter>M)\b"
)
_ENERGIES = {"k": 3.6e6, "m": 3.6e9}


def _priced(reading: Reading, total: Numeral, neighbours: list[Numeral]) -> Iterator[Product]:
    """Yield energies, tokens and hours of devices times their price."""
    if total.kind != "amount" or total.unit not in units.MONEY:
        return
    for price in neighbours:
        if price.unit != total.unit and not {price.unit, total.unit} <= {"USD", "EUR"}:
            continue
        following = reading.text[price.end : price.end + 48]
        energy, tokens = _ENERGY_PRICE.match(following), _TOKEN_PRICE.match(following)
        energy = energy or _ENERGY_COSTS.search(_preceding(reading, price, 70))
        for quantity in neighbours:
            line = f"{written(quantity)} x {written(price)}"
            if energy and quantity.unit == "J":
                joules = _ENERGIES[energy.group("unit")[0].lower()]
                yield _product(total, (quantity, price), 1 / joules, f"{line} per {energy.group('unit')}")
            elif tokens and (quantity.noun == "token" or (quantity.unit == "1" and quantity.value >= 1e9)):
                lot = 1e3 if (tokens.group("scale") or "M").lower().startswith(("t", "th")) else 1e6
                yield _product(total, (quantity, price), 1 / lot, f"{line} {tokens.group().strip()}")
            elif price.per == "hour" and quantity.unit == "s" and quantity.value >= LEAST_DEVICE_HOURS * 3600:
                yield _product(total, (quantity, price), 1 / 3600, f"{line} an hour")
            elif price.per == "hour" and _is_count(quantity) and quantity.noun in ("device", "node"):
                yield from _rented(total, quantity, price, neighbours)


#: Hours above which a duration is that of many devices together.
LEAST_DEVICE_HOURS = 20_000
_PER_POWER = re.compile(
    r"[  ]?(?:/|(?i:je|pro|per|for each|for every|each|every|das|a)[  ])(?:\w+[  ])?"
    r"(?P<unit>(?i:gigawatt|megawatt|kilowatt|watt|GW|MW|kW))\b"
)
_POWER_COSTS = re.compile(
    r"(?i:\b(?:ein|one|a|each|every|jedes|pro|je|per)[  ](?P<unit>gigawatt|megawatt|kilowatt|GW|MW|kW)\b[^.;:]{0,28})$"
)
_POWERS = {"g": 1e9, "m": 1e6, "k": 1e3, "w": 1.0}


def _per_power(reading: Reading, total: Numeral, neighbours: list[Numeral]) -> Iterator[Product]:
    """Yield powers times the money, devices or people that the text gives for one gigawatt or megawatt."""
    if total.kind != "amount" or total.unit not in units.MONEY | {"1"}:
        return
    for price in neighbours:
        if price.unit != total.unit or price.kind != "amount" or price is total:
            continue
        behind = _PER_POWER.match(reading.text, price.end)
        ahead = _POWER_COSTS.search(_preceding(reading, price, 48)) if price.unit in units.MONEY else None
        match = behind or ahead
        if match is None:
            continue
        scale = _POWERS[match.group("unit")[0].lower()]
        for power in neighbours:
            if power.unit == "W" and not power.per and power.value > scale * 1.01:
                line = f"{written(power)} x {written(price)} per {amount(scale, 'W')}"
                yield _product(total, (power, price), 1 / scale, line)


_PERIODS = {"day": DAY, "week": 7 * DAY, "month": YEAR / 12, "year": YEAR}


def _rented(total: Numeral, count: Numeral, price: Numeral, neighbours: list[Numeral]) -> Iterator[Product]:
    """Yield the rent of a number of devices over a day, a month, a year, or the time that the text says."""
    line = f"{written(count)} x {written(price)} an hour"
    if total.per in _PERIODS:
        hours = _PERIODS[total.per] / 3600
        yield _product(total, (count, price), hours, f"{line} x {hours:,.0f} h")
    for span in neighbours:
        if span.unit in units.DURATIONS and not total.per and span.value * units.SECONDS[span.unit] >= 3600:
            hours = units.SECONDS[span.unit] / 3600
            yield _product(total, (count, price, span), hours, f"{line} x {written(span)}")


def _lasting(reading: Reading, total: Numeral, neighbours: list[Numeral]) -> Iterator[Product]:
    """Yield powers times durations, and rates of operations times durations."""
    rated = {"J": "W", "FLOP": "FLOP/s"}.get(total.unit)
    if rated is None or total.kind != "amount" or total.per:
        return
    for rate in neighbours:
        if rate.unit != rated or (rate.per and rated == "W") or rate.kind != "amount":
            continue
        for span in neighbours:
            if span.unit in units.DURATIONS and span.value * units.SECONDS[span.unit] < 60 * YEAR:
                seconds = units.SECONDS[span.unit]
                yield _product(total, (rate, span), seconds, f"{written(rate)} x {written(span)}")


def _is_worded(reading: Reading, product: Product) -> bool:
    """Tell whether the words make an amount one of several, so that a product that fits is no chance."""
    part = product.factors[-1]
    if product.typed or part.per or _PER_ONE.search(reading.text[part.end : part.end + 24]):
        return True
    neighbours = max(n.sentence for n in (product.total, *product.factors)) - min(
        n.sentence for n in (product.total, *product.factors)
    )
    return (
        neighbours <= 1
        and bool(
            _PART_CUE.search(_preceding(reading, part, 24)) or _TOTAL_CUE.search(_preceding(reading, product.total, 60))
        )
        and off_by(product.value, product.total) <= 1.04
    )


_PER_ONE = re.compile(r"(?i:\b(?:each|apiece|jeweils|je|pro|per|das stück)\b)")


def _slipped(reading: Reading, product: Product) -> bool:
    """Tell whether a total has the digits of the product, a power of ten away, and the words make it the product."""
    total, factors = product.total, product.factors
    sentences = [n.sentence for n in (total, *factors)]
    if max(sentences) - min(sentences) > SLIP_REACH:
        return False
    factor = off_by(product.value, total)
    slack = sum(min(n.rounding, 0.05) for n in (total, *factors))
    slack += 0.03 * sum(bool(n.qualifier) for n in (total, *factors))
    if not is_power(factor, SAME_DIGITS + min(slack, MOST_SLACK)):
        return False
    if product.typed:
        return True
    count, part = factors
    if len({total.sentence, count.sentence, part.sentence}) == 3 and not part.per:
        return False
    if count.value < 8 and not part.per and not (factor > 300 and len(set(sentences)) == 1):
        return False
    cue = bool(_TOTAL_CUE.search(_preceding(reading, total, 90)))
    return (bool(part.per) or bool(_PART_CUE.search(_preceding(reading, part, 24)))) and cue


def _preceding(reading: Reading, numeral: Numeral, length: int) -> str:
    start = max(reading.sentences[numeral.sentence].start, numeral.start - length)
    return reading.text[start : numeral.start]


def _slip(product: Product) -> Relation:
    total = product.total
    factor = off_by(product.value, total)
    kind = "prefix_1000" if factor > 300 else "price_total" if total.unit in units.MONEY else "decimal_slip"
    if factor > 300 and re.search(r"(?i:[bt]rill?ion|billion)", total.text):
        kind = "billion_billionen"
    members = late_first(total, *product.factors)
    if factor > 300 and not total.bare:
        members = (total, *late_first(*product.factors))  # the slip is that of the magnitude
    ratio = total.value / product.value
    return Relation(
        kind=kind,
        members=members,
        holds=False,
        factor=factor,
        arithmetic=f"{product.line}, not {written(total)}",
        hypothesis=(total, product.factors[-1]),
        rights=tuple(_right(n, n is total, ratio) for n in members),
    )


def _right(member: Numeral, is_total: bool, ratio: float) -> str:
    """Return the value that a member would have to have; a duration is not the one that slipped."""
    if member.unit in units.DURATIONS and member.value * units.SECONDS[member.unit] < LEAST_DEVICE_HOURS * 3600:
        return ""
    return amount(member.value / ratio if is_total else member.value * ratio, member.unit)
