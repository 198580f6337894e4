"""Dimensions of the numbers of a text: what may be multiplied with what."""

import re
from typing import NamedTuple

from lindos.claims.text import units
from lindos.claims.text.numeral import Numeral
from lindos.claims.text.read import Reading
from lindos.units import DAY, YEAR

#: Base quantities; a dimension is a whole number that holds the power of each in four bits, so that it adds up.
_BASES = ("W", "s", "FLOP", "B", "device", "rack", "thing", "household", "kg", "l", "m2", *sorted(units.MONEY))
_PLACE = {base: 16**place for place, base in enumerate(_BASES)}
#: A number without dimension.
NONE = 0
#: Seconds of the periods that rates are given in.
PERIODS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": DAY, "week": 7 * DAY, "month": YEAR / 12, "year": YEAR}
#: Hours above which a duration is that of many devices together.
LEAST_DEVICE_HOURS = 20_000
#: Least number that counts things without a noun; smaller ones are those of everything.
LEAST_UNNAMED = 100
_COUNTED = {"device": ("device",), "rack": ("rack",), "node": ("rack",), "household": ("household",)}
_UNNAMED = ("device", "rack", "thing")
_PER_ENERGY = re.compile(
    r"[  ]?(?:/|(?i:je|pro|per|a|an|for each|die|the)[  ])(?:\w{2,12}[  ])?"
    r"(?P<unit>(?i:kilowattstunde|megawattstunde|kilowatt-hour|megawatt-hour|kilowatt hour|megawatt hour|kwh|mwh))"
)
_ENERGY_AT = re.compile(
    r"(?i:\b(?:eine|one|a|each|every|jede|pro|je|per)[  ](?P<unit>kilowattstunde|megawattstunde|kilowatt-hour|"
    r"megawatt-hour|kwh|mwh)\b[^.;:]{0,48})$"
)
_PER_POWER = re.compile(
    r"[  ]?(?:/|(?i:je|pro|per|for each|for every|each|every|das|a)[  ])(?:\w+[  ])?"
    r"(?P<unit>(?i:gigawatt|megawatt|kilowatt|watt|GW|MW|kW))\b(?![- ]?(?i:hour|stunde))"
)
_POWER_AT = re.compile(
    r"(?i:\b(?:ein|one|a|each|every|jedes)[  ](?P<unit>gigawatt|megawatt|kilowatt|GW|MW|kW)\b[^.;:]{0,28})$"
)
#: Largest price of a unit of energy.
MOST_ENERGY_PRICE = 1_000
_WATTS = {"g": 1e9, "m": 1e6, "k": 1e3, "w": 1.0}


class Measure(NamedTuple):
    """One way to read a number as a quantity: its dimension, and the factor from its value to SI."""

    dimension: int
    scale: float


def dimension(**powers: int) -> int:
    """Return the dimension of a product of powers of base quantities.

    Parameters
    ----------
    powers
        Power of each base quantity.
    """
    return sum(power * _PLACE[base] for base, power in powers.items())


def measures(reading: Reading, numeral: Numeral) -> tuple[Measure, ...]:
    """Return the ways to read a number as a quantity; none where its words do not say what it measures.

    Parameters
    ----------
    reading
        The text and its numerals.
    numeral
        An amount.
    """
    plain = _plain(numeral)
    if not plain:
        return ()
    priced = _per_supply(reading, numeral)
    if priced is not None:
        return tuple(Measure(m.dimension - priced.dimension, m.scale / priced.scale) for m in plain)
    if numeral.per in PERIODS:
        rated = tuple(Measure(m.dimension - _PLACE["s"], m.scale / PERIODS[numeral.per]) for m in plain)
        if numeral.per == "hour" and numeral.unit in units.MONEY:
            by_device = tuple(Measure(m.dimension - _PLACE["device"], m.scale) for m in rated)
            return by_device + rated
        return rated
    if numeral.per:
        things = _COUNTED.get(numeral.per) or (_UNNAMED if numeral.per == "unit" else ())
        return tuple(Measure(m.dimension - _PLACE[thing], m.scale) for m in plain for thing in things)
    return plain


def _plain(numeral: Numeral) -> tuple[Measure, ...]:
    """Read a number without what it is per."""
    unit = numeral.unit
    if unit in units.DURATIONS:
        seconds = units.SECONDS[unit]
        if numeral.value * seconds >= LEAST_DEVICE_HOURS * 3600 and "our" in numeral.text + " hour":
            return (Measure(dimension(s=1), seconds), Measure(dimension(s=1, device=1), seconds))
        return (Measure(dimension(s=1), seconds),)
    fixed = {
        "J": dimension(W=1, s=1),
        "FLOP/s": _PLACE["FLOP"] - _PLACE["s"],
        "B/s": dimension(B=1, s=-1),
    }
    if unit in fixed:
        return (Measure(fixed[unit], 1.0),)
    if unit in _PLACE:
        return (Measure(_PLACE[unit], 1.0),)
    if unit != "1":
        return ()
    if numeral.noun == "gpuhour":
        return (Measure(dimension(s=1, device=1), 3600.0),)
    if numeral.noun in _COUNTED:
        return tuple(Measure(_PLACE[thing], 1.0) for thing in _COUNTED[numeral.noun])
    if numeral.noun in ("", "them") and numeral.value >= (
        LEAST_UNNAMED if numeral.in_words or numeral.noun == "" else 2
    ):
        return tuple(Measure(_PLACE[thing], 1.0) for thing in _UNNAMED)
    return ()


def _per_supply(reading: Reading, numeral: Numeral) -> Measure | None:
    """Return the energy or power that an amount is the price of."""
    if numeral.unit not in units.MONEY | {"1", "FLOP/s"}:
        return None
    start = max(reading.sentences[numeral.sentence].start, numeral.start - 70)
    preceding = reading.text[start : numeral.start]
    energy = _PER_ENERGY.match(reading.text, numeral.end) or (
        _ENERGY_AT.search(preceding) if numeral.value < MOST_ENERGY_PRICE else None
    )
    if energy is not None and numeral.unit in units.MONEY:
        return Measure(dimension(W=1, s=1), 3600 * _WATTS[energy.group("unit")[0].lower()])
    power = _PER_POWER.match(reading.text, numeral.end)
    if power is None and numeral.unit in units.MONEY and numeral.value >= 1e6:
        power = _POWER_AT.search(preceding[-48:])
    return None if power is None else Measure(_PLACE["W"], _WATTS[power.group("unit")[0].lower()])
