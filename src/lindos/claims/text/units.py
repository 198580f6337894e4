"""Magnitudes, units and counted nouns of German and English texts, as patterns to match after a number."""

import re
from dataclasses import dataclass

from lindos.units import DAY, YEAR

_PREFIX = {"": 1.0, "kilo": 1e3, "mega": 1e6, "giga": 1e9, "tera": 1e12, "peta": 1e15, "exa": 1e18, "zetta": 1e21}
_PREFIX |= {"yotta": 1e24, "milli": 1e-3}
_SYMBOL = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18, "Z": 1e21}

_MAGNITUDES_DE = {
    "Tausend": 1e3,
    "tausend": 1e3,
    "Tsd.": 1e3,
    "Million": 1e6,
    "Millionen": 1e6,
    "Mio.": 1e6,
    "Mio": 1e6,
}
_MAGNITUDES_DE |= {"Milliarde": 1e9, "Milliarden": 1e9, "Mrd.": 1e9, "Mrd": 1e9, "Billion": 1e12, "Billionen": 1e12}
_MAGNITUDES_DE |= {"Bio.": 1e12, "Billiarde": 1e15, "Billiarden": 1e15, "Trillion": 1e18, "Trillionen": 1e18}
_MAGNITUDES_DE |= {"million": 1e6, "billion": 1e9, "trillion": 1e12, "bn": 1e9}
_MAGNITUDES_EN = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "millions": 1e6, "billion": 1e9, "billions": 1e9}
_MAGNITUDES_EN |= {"trillion": 1e12, "trillions": 1e12, "quadrillion": 1e15, "quintillion": 1e18, "bn": 1e9, "tn": 1e12}
_MAGNITUDES_EN |= {"thousands": 1e3, "quadrillions": 1e15, "mn": 1e6, "Billion": 1e9, "Million": 1e6, "Trillion": 1e12}
_ATTACHED = {"k": 1e3, "K": 1e3, "m": 1e6, "M": 1e6, "bn": 1e9, "b": 1e9, "B": 1e9, "T": 1e12, "tn": 1e12, "t": 1e12}


def _alternatives(words: object) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))  # type: ignore[call-overload]


MAGNITUDE = {
    "de": re.compile(rf"[ \u00a0\u202f-]?({_alternatives(_MAGNITUDES_DE)})(?![a-zäöüß])"),
    "en": re.compile(rf"[ \u00a0\u202f-]?({_alternatives(_MAGNITUDES_EN)})(?![a-z])"),
}
ATTACHED = re.compile(rf"({_alternatives(_ATTACHED)})(?![A-Za-zäöüß0-9])")


def magnitude_of(word: str, language: str) -> float:
    """Return the factor of a magnitude word; German ``Billion`` is 1e12, English ``billion`` 1e9.

    Parameters
    ----------
    word
        The word.
    language
        ``"de"`` or ``"en"``.
    """
    return (_MAGNITUDES_DE if language == "de" else _MAGNITUDES_EN)[word]


def attached_of(word: str) -> float:
    """Return the factor of a magnitude letter right after a number: ``550k``, ``405B``.

    Parameters
    ----------
    word
        The letter or letters.
    """
    return _ATTACHED[word]


@dataclass(frozen=True, slots=True)
class Unit:
    """Unit as results write it, and its factor; ``kind`` groups what can be compared."""

    symbol: str
    factor: float = 1.0


_WORDS: dict[str, Unit] = {}
_CASED: dict[str, Unit] = {}


def _add(words: str, unit: Unit) -> None:
    for word in words.split("|"):
        _WORDS[word.lower()] = unit


for _name, _factor in _PREFIX.items():
    _add(f"{_name}watt|{_name}watts", Unit("W", _factor))
    _add(f"{_name}wattstunde|{_name}wattstunden|{_name}watt-hours|{_name}watt-hour", Unit("J", 3600 * _factor))
    _add(f"{_name}watt hours|{_name}watt hour|{_name}watthours", Unit("J", 3600 * _factor))
    _add(f"{_name}joule|{_name}joules", Unit("J", _factor))
    _add(
        f"{_name}byte je sekunde|{_name}byte pro sekunde|{_name}bytes per second|{_name}bytes a second",
        Unit("B/s", _factor),
    )
    _add(f"{_name}bit pro sekunde|{_name}bits per second|{_name}bits a second", Unit("bit/s", _factor))
    _add(f"{_name}byte|{_name}bytes", Unit("B", _factor))
    if _name:
        _add(f"{_name}bit|{_name}bits", Unit("bit", _factor))
        _add(f"{_name}flop|{_name}flops|{_name}flop/s|{_name}flops/s|{_name}flop pro sekunde", Unit("FLOP/s", _factor))
        _add(f"{_name}ops", Unit("FLOP/s", _factor))
_add("floating-point operations|floating point operations|floating-point operation", Unit("FLOP"))
_add(
    "gleitkommaoperationen|rechenoperationen|rechenschritte|rechenschritten|fließkommaoperationen|flop|flops",
    Unit("FLOP"),
)
_add("floating-point operations per second|gleitkommaoperationen pro sekunde", Unit("FLOP/s"))
_add("us-dollar|dollar|dollars|us dollars|u.s. dollars|us-dollars", Unit("USD"))
_add("euro|euros", Unit("EUR"))
_add("pfund|pounds sterling", Unit("GBP"))
_add("us-cent|cent|cents", Unit("USD", 0.01))
_add("yuan|renminbi", Unit("CNY"))
_add("yen", Unit("JPY"))
_add("franken", Unit("CHF"))
_add("prozent|percent|per cent", Unit("fraction", 0.01))
_add("prozentpunkte|prozentpunkten|prozentpunkt|percentage points|percentage point", Unit("points", 0.01))
_add("sekunde|sekunden|second|seconds", Unit("s"))
_add("minute|minuten|minutes|min", Unit("s", 60))
_add("stunde|stunden|hour|hours", Unit("s", 3600))
_add("tag|tage|tagen|tages|day|days", Unit("s", DAY))
_add("woche|wochen|week|weeks", Unit("week"))
_add("monat|monate|monaten|month|months", Unit("month"))
_add("quartal|quartale|quartalen|quarters", Unit("quarter"))
_add("jahr|jahre|jahren|jahres|year|years", Unit("s", YEAR))
_add("jahrzehnt|jahrzehnte|jahrzehnten|decade|decades", Unit("s", 10 * YEAR))
_add("tonne|tonnen|tonnes|metric tons|tons|ton", Unit("kg", 1e3))
_add("kilogramm|kilograms|kilos", Unit("kg"))
_add("quadratmeter|quadratmetern|square metres|square meters", Unit("m2"))
_add("quadratkilometer|quadratkilometern|square kilometres|square kilometers", Unit("m2", 1e6))
_add("square feet|quadratfuß", Unit("sqft"))
_add("hektar", Unit("ha"))
_add("acres|acre", Unit("acre"))
_add("nanometer|nanometern|nanometre|nanometres|nanometers", Unit("m", 1e-9))
_add("kilometer|kilometern|kilometre|kilometres|kilometers", Unit("m", 1e3))
_add("meter|metern|metre|metres|meters", Unit("m"))
_add("miles|mile|meilen", Unit("mile"))
_add("gallons|gallonen", Unit("gal"))
_add("liter|litern|litres|liters", Unit("l"))
_add("milliliter|millilitern|millilitres|millilitre|milliliters", Unit("l", 1e-3))
_add("basispunkte|basispunkten|basis points|basis point", Unit("points", 1e-4))
_add("kubikmeter|kubikmetern|cubic metres|cubic meters|cubic metre|cubic meter", Unit("m3"))
_add("taiwan dollars|taiwan-dollar|new taiwan dollars", Unit("TWD"))
_add("hong kong dollars|hongkong-dollar", Unit("HKD"))
_add("canadian dollars|kanadische dollar|kanadischen dollar", Unit("CAD"))
_add("australian dollars|australische dollar|australischen dollar", Unit("AUD"))
_add("singapore dollars|singapur-dollar", Unit("SGD"))
_add("korean won|südkoreanische won", Unit("KRW"))
_add("rupees|rupien", Unit("INR"))
_add("dirhams|dirham", Unit("AED"))
_add("kronen|kroner|kronor", Unit("SEK"))
_add("grad celsius|grad|degrees celsius|degrees", Unit("degC"))
_add("bit|bits", Unit("bit"))
_add("hertz|kilohertz", Unit("Hz"))
for _symbol, _factor in _SYMBOL.items():
    _CASED |= {f"{_symbol}W": Unit("W", _factor), f"{_symbol}Wh": Unit("J", 3600 * _factor)}
    if _symbol:
        _CASED |= {
            f"{_symbol}{end}": Unit("FLOP/s", _factor) for end in ("FLOPS", "FLOP/s", "Flops", "Flop/s", "FLOPs")
        }
        _CASED |= {f"{_symbol}{end}": Unit("FLOP/s", _factor) for end in ("OPS", "OP/s")}
        _CASED |= {f"{_symbol}{end}": Unit("B/s", _factor) for end in ("B/s", "Byte/s")}
        _CASED |= {f"{_symbol}{end}": Unit("bit/s", _factor) for end in ("bit/s", "Bit/s", "bps", "b/s", "bit/Sekunde")}
        _CASED[f"{_symbol}B"] = Unit("B", _factor)
_CASED |= {
    "EF": Unit("FLOP/s", 1e18),
    "PF": Unit("FLOP/s", 1e15),
    "TF": Unit("FLOP/s", 1e12),
    "ZF": Unit("FLOP/s", 1e21),
}
_CASED |= {
    "USD": Unit("USD"),
    "EUR": Unit("EUR"),
    "GBP": Unit("GBP"),
    "$": Unit("USD"),
    "US$": Unit("USD"),
    "€": Unit("EUR"),
}
_CASED |= {"£": Unit("GBP"), "%": Unit("fraction", 0.01), "kg": Unit("kg"), "m²": Unit("m2"), "nm": Unit("m", 1e-9)}
_CASED |= {
    "km": Unit("m", 1e3),
    "km²": Unit("m2", 1e6),
    "m³": Unit("m3"),
    "°C": Unit("degC"),
    "ha": Unit("ha"),
    "t": Unit("kg", 1e3),
}
_CASED |= {
    "ms": Unit("s", 1e-3),
    "GHz": Unit("Hz", 1e9),
    "MHz": Unit("Hz", 1e6),
    "sq ft": Unit("sqft"),
    "hrs": Unit("s", 3600),
}

_UNIT = re.compile(
    rf"[ \u00a0\u202f-]?(?:of )?(?:(?P<cased>{_alternatives(_CASED)})(?![\w/²]|-?[Bb]it)|"
    rf"(?P<word>(?i:{_alternatives(_WORDS)}))(?![A-Za-zäöüß]|/s))"
)
_GPU = re.compile(r"[ \u00a0](?:GPUs?|chips?)(?![A-Za-z-])")


def unit_at(text: str, position: int) -> tuple[Unit, int] | None:
    """Return the unit at a position, with or without a blank or hyphen before it, and its end.

    Parameters
    ----------
    text
        The whole text.
    position
        Position in characters.
    """
    match = _UNIT.match(text, position)
    if match is None:
        return None
    if match.group("cased"):
        return _CASED[match.group("cased")], match.end()
    return _WORDS[match.group("word").lower()], match.end()


def device_word_end(text: str, position: int) -> int:
    """Return the end of ``GPUs`` or ``chips`` right after a number, else the position itself.

    Parameters
    ----------
    text
        The whole text.
    position
        Position in characters.
    """
    match = _GPU.match(text, position)
    return match.end() if match else position


CURRENCIES = {"$": "USD", "US$": "USD", "€": "EUR", "£": "GBP", "USD": "USD", "EUR": "EUR", "GBP": "GBP"}
CURRENCIES |= {"¥": "JPY", "₹": "INR", "₩": "KRW", "C$": "CAD", "A$": "AUD", "NT$": "TWD", "HK$": "HKD", "S$": "SGD"}
CURRENCIES |= {"CHF": "CHF", "Fr.": "CHF", "SFr.": "CHF", "AUD": "AUD", "CAD": "CAD"}
MONEY = frozenset(
    {"USD", "EUR", "GBP", "CNY", "JPY", "CHF", "TWD", "HKD", "CAD", "AUD", "SGD", "KRW", "INR", "AED", "SEK"}
)
DURATIONS = frozenset({"s", "week", "month", "quarter"})
#: Seconds of the durations that are not written in SI.
SECONDS = {"s": 1.0, "week": 7 * DAY, "month": YEAR / 12, "quarter": YEAR / 4}


def unit_words() -> set[str]:
    """Return every unit that begins with a letter: a word that can stand after "a" or "the"."""
    return {word for word in (*_WORDS, *_CASED) if word[0].isalpha()}


def magnitude_words(language: str) -> set[str]:
    """Return every magnitude of a language.

    Parameters
    ----------
    language
        ``"de"`` or ``"en"``.
    """
    return set(_MAGNITUDES_DE if language == "de" else _MAGNITUDES_EN)
