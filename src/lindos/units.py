"""Text to SI and back: ``"450 GB/s"``, ``"80 GiB"``, ``"550k"``, ``"1.2 GW"``, ``"90 days"``, ``"$0.07/kWh"``.

The only place where a unit other than SI exists. A unit is a product of atoms over a product of atoms; each atom has a
factor to SI and a dimension in the basis (time, information, computation, energy, money, token).
"""

import math
import re
from functools import cache
from typing import NamedTuple

from lindos.currencies import SIGNS, in_dollars
from lindos.errors import CountError, NumeralError, UnitError
from lindos.scalars import Numeral, numeral, thousands

_BASIS = ("s", "B", "FLOP", "J", "USD", "token")
_MONEY = _BASIS.index("USD")
_PREFIX = {
    "n": 1e-9,
    "u": 1e-6,
    "µ": 1e-6,
    "m": 1e-3,
    "": 1.0,
    "k": 1e3,
    "K": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
}
_PREFIX |= {"P": 1e15, "E": 1e18, "Z": 1e21, "Y": 1e24}
_BINARY = {"Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50, "Ei": 2.0**60}
#: ``550k GPUs``, ``405B``, ``15.6T tokens``, ``$2tn``: magnitudes written directly after a number.
_MAGNITUDE = {"k": 1e3, "K": 1e3, "M": 1e6, "m": 1e6, "B": 1e9, "bn": 1e9, "G": 1e9, "T": 1e12, "tn": 1e12}
_MAGNITUDE |= {"P": 1e15, "E": 1e18, "Z": 1e21, "": 1.0}
_MAGNITUDE_WORDS = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "quadrillion": 1e15}

#: Seconds of a day and of the mean (Julian) year.
DAY = 86_400.0
YEAR = 365.25 * DAY
_WHOLE_WORDS: dict[str, tuple[float, str]] = {
    **dict.fromkeys(("sec", "second", "seconds"), (1.0, "s")),
    **dict.fromkeys(("min", "minute", "minutes"), (60.0, "s")),
    **dict.fromkeys(("h", "hr", "hour", "hours"), (3_600.0, "s")),
    **dict.fromkeys(("d", "day", "days"), (DAY, "s")),
    **dict.fromkeys(("week", "weeks"), (7 * DAY, "s")),
    **dict.fromkeys(("month", "months"), (YEAR / 12, "s")),
    **dict.fromkeys(("y", "yr", "year", "years"), (YEAR, "s")),
    **dict.fromkeys(("byte", "bytes"), (1.0, "B")),
    **dict.fromkeys(("tok", "token", "tokens"), (1.0, "token")),
    **dict.fromkeys(("$", "USD", "usd", "dollar", "dollars"), (1.0, "USD")),
    **dict.fromkeys(("", "1"), (1.0, "")),
    "%": (0.01, ""),
}
#: Words for what a pure number counts, and what each means.
_NOUNS = {
    **dict.fromkeys(("GPU", "GPUs", "gpu", "gpus", "device", "devices", "chip", "chips"), "GPU"),
    **dict.fromkeys(("node", "nodes", "server", "servers"), "node"),
    **dict.fromkeys(("rack", "racks"), "rack"),
    **dict.fromkeys(("sequence", "sequences"), "sequence"),
    **dict.fromkeys(("layer", "layers"), "layer"),
    **dict.fromkeys(("param", "params", "parameter", "parameters"), "parameter"),
    **dict.fromkeys(("H100e", "h100e", "H100-equivalents", "H100s"), "H100-equivalent"),
    "x": "time",
}
#: Nouns that contain an unknown number of GPUs: a count of racks is no count of GPUs.
_CONTAINERS = frozenset({"node", "rack"})
#: Atoms that take an SI prefix; the value is (factor, basis unit).
_PREFIXED = {
    "s": (1.0, "s"),
    "B": (1.0, "B"),
    "b": (0.125, "B"),
    "bit": (0.125, "B"),
    "FLOP": (1.0, "FLOP"),
    "FLOPs": (1.0, "FLOP"),
    "OP": (1.0, "FLOP"),
    "J": (1.0, "J"),
    "Wh": (3_600.0, "J"),
    "token": (1.0, "token"),
    "tokens": (1.0, "token"),
    "USD": (1.0, "USD"),
}
_WATT_PREFIXED = {"W": 1.0, "VA": 1.0}
_FLOPS = re.compile(r"^([kKMGTPEZY]?)(?:FLOPS|FLOP/S|OPS)$")


class Measure(NamedTuple):
    """A unit as a factor to SI and exponents over the basis."""

    factor: float
    dimension: tuple[int, ...]


def parse(text: object, unit: str, path: str = "value", counted: str | None = None) -> float:
    """Read ``text`` as a number in the SI unit ``unit``.

    Parameters
    ----------
    text
        ``"450 GB/s"``. A bare number passes only where ``unit`` is ``"1"``.
    unit
        SI unit expected, for example ``"B/s"``, ``"USD/J"`` or ``"1"``.
    path
        Name of the field, for the error message.
    counted
        What a pure number counts: ``"GPU"`` takes ``550k GPUs`` and refuses ``550k H100e``, ``""`` takes no such word.
        Where left out, anything but nodes and racks, which contain an unknown number of GPUs.

    Returns
    -------
    float
        Finite, in SI.

    Raises
    ------
    NumeralError
        If the number may be read in two ways.
    CountError
        If it counts something else.
    UnitError
        If the unit is missing or measures something else, the number is not finite, or its currency has no rate.

    Examples
    --------
    >>> parse("450 GB/s", "B/s")
    450000000000.0
    >>> parse("80 GiB", "B")
    85899345920.0
    >>> parse("550k", "1"), parse("15.6T tokens", "token"), parse("$31.7k", "USD")
    (550000.0, 15600000000000.0, 31700.0)
    >>> round(parse("$0.07/kWh", "USD/J") * 3.6e6, 4)
    0.07
    >>> round(parse("EUR 0.18/kWh", "USD/J") / parse("1 EUR/kWh", "USD/J"), 2)
    0.18
    >>> parse("90", "s", "job.duration")
    Traceback (most recent call last):
        ...
    lindos.errors.UnitError: job.duration is 90, but must be a duration with its unit. Write for example '90 days'.
    """
    wanted = _measure(unit)
    if wanted is None:
        raise ValueError(f"unit {unit!r} is not known to lindos.units")
    if isinstance(text, bool) or not isinstance(text, (int, float, str)):
        raise _wrong(path, text, unit)
    if not isinstance(text, str):
        number = float(text) if abs(text) < 1e300 else math.inf
        if not math.isfinite(number):
            raise UnitError(path, text, "a finite number")
        if any(wanted.dimension):
            raise _wrong(path, text, unit)
        return number
    if wanted.dimension[_MONEY]:
        amount = in_dollars(text, path)
        if amount is not None:
            return _converted(amount, text, unit, path, counted)
    number_at_head = numeral(text, path)
    value = None if number_at_head is None else _read(number_at_head, wanted, text, path, counted)
    if value is None:
        raise _wrong(path, text, unit)
    if not math.isfinite(value):
        raise UnitError(path, text, "a finite number")
    return value


def _converted(amount: tuple[str, float], text: str, unit: str, path: str, counted: str | None) -> float:
    """Read an amount that is written in dollars in the place of another currency; errors show what the user wrote."""
    dollars, rate = amount
    try:
        return parse(dollars, unit, path, counted) * rate
    except UnitError as error:
        sign = text.strip()[:1]
        hint = error.hint.replace("$", sign) if sign in SIGNS else error.hint
        raise type(error)(path, text, error.expected, hint) from None


def render(value: float, unit: str, digits: int = 3) -> str:
    """Write an SI value with the unit that readers expect.

    Parameters
    ----------
    value
        In ``unit``.
    unit
        SI unit, as :func:`parse` takes it.
    digits
        Significant digits.

    Examples
    --------
    >>> render(450e9, "B/s"), render(1.2e9, "W"), render(7_776_000.0, "s"), render(4.4e10, "USD")
    ('450 GB/s', '1.2 GW', '90 days', '$44 billion')
    >>> render(549_312, "1"), render(549_312.4, "1"), render(448_981.0, "USD"), render(0.07 / 3.6e6, "USD/J")
    ('549,312', '549,000', '$449,000', '$0.07/kWh')
    """
    if value is None or not math.isfinite(value):
        return "unknown"
    if unit in _RENDERERS:
        factor, prefix, suffix = _RENDERERS[unit]
        sign = "-" if value < 0 else ""
        return f"{sign}{prefix}{_plain(abs(value) * factor, digits)}{suffix}"
    if unit in ("1", "token", "token/s"):
        if unit == "1" and abs(value) < 999_500 and value == int(value):
            return f"{int(value):,}"  # whole counts are exact: somebody buys, places or numbers them
        return _counted(value, digits) + _COUNTED[unit]
    if unit == "s":
        return _duration(value, digits)
    if unit == "FLOP" and abs(value) >= 1e21:
        # Training compute is written as 5e26 FLOP.
        return f"{value:.{digits}g} FLOP".replace("e+", "e")
    if unit == "J" and abs(value) >= 3.6e6:
        scaled, prefix = _scaled(value / 3_600.0)
        return f"{_plain(scaled, digits)} {prefix}Wh"
    if unit == "USD":
        return _money(value, digits)
    scaled, prefix = _scaled(value)
    return f"{_plain(scaled, digits)} {prefix}{unit}"


_RENDERERS = {
    "USD/s": (3_600.0, "$", "/h"),
    "USD/J": (3.6e6, "$", "/kWh"),
    "USD/W": (1.0, "$", "/W"),
    "USD/token": (1e6, "$", "/Mtoken"),
    "USD/FLOP": (1e18, "$", "/EFLOP"),
    "1/s": (DAY, "", " per day"),
}


def _plain(value: float, digits: int) -> str:
    if value == 0:
        return "0"
    magnitude = math.floor(math.log10(abs(value)))
    if magnitude >= 15 or magnitude < -4:
        return f"{value:.{digits - 1}e}"
    decimals = max(0, digits - 1 - magnitude)
    if magnitude >= digits:
        value = round(value, digits - 1 - magnitude)
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if decimals else text


def _scaled(value: float) -> tuple[float, str]:
    for prefix, factor in (
        ("Z", 1e21),
        ("E", 1e18),
        ("P", 1e15),
        ("T", 1e12),
        ("G", 1e9),
        ("M", 1e6),
        ("k", 1e3),
    ):
        if abs(value) >= factor * 0.9995:
            return value / factor, prefix
    if 0 < abs(value) < 0.9995:
        for prefix, factor in (("m", 1e-3), ("µ", 1e-6), ("n", 1e-9)):
            if abs(value) >= factor * 0.9995:
                return value / factor, prefix
    return value, ""


_COUNTED = {"1": "", "token": " tokens", "token/s": " tokens/s"}


def _counted(value: float, digits: int) -> str:
    scale = ((1e15, " quadrillion"), (1e12, " trillion"), (1e9, " billion"), (1e6, " million"))
    for factor, name in scale:
        if factor * 0.9995 <= abs(value) < 1e18:
            return _plain(value / factor, digits) + name
    return _plain(value, digits)


def _duration(value: float, digits: int) -> str:
    for factor, name in ((YEAR, "years"), (DAY, "days"), (3_600.0, "h"), (60.0, "min")):
        if abs(value) >= 2 * factor:
            return f"{_plain(value / factor, digits)} {name}"
    scaled, prefix = _scaled(value)
    return f"{_plain(scaled, digits)} {prefix}s" if prefix in ("", "m", "µ", "n") else f"{_plain(value, digits)} s"


def _money(value: float, digits: int) -> str:
    sign = "-" if value < 0 else ""
    for factor, name in ((1e12, " trillion"), (1e9, " billion"), (1e6, " million")):
        if abs(value) >= factor * 0.9995:
            return f"{sign}${_plain(abs(value) / factor, digits)}{name}"
    return f"{sign}${_plain(abs(value), digits)}"


def parse_whole(value: object, path: str = "value", counted: str | None = None) -> int:
    """Read a whole number such as ``8``, ``16,384`` or ``550k``.

    Parameters
    ----------
    value
        The text or number.
    path
        Name of the field, for the error message.
    counted
        What the number counts, as in :func:`parse`.

    Raises
    ------
    NumeralError
        If its point may group thousands, as in ``16.384``, or it may be read in two ways otherwise.
    UnitError
        If it is no number, or not whole.

    Examples
    --------
    >>> parse_whole("550k GPUs")
    550000
    """
    number = parse(value, "1", path, counted)
    if isinstance(value, str) and "%" in value:
        raise UnitError(path, value, "a whole number")
    digits = numeral(value, path).digits if isinstance(value, str) else ""  # type: ignore[union-attr]
    grouped = thousands(digits)
    if grouped and value.strip() == digits:  # type: ignore[attr-defined]
        expected = (
            f"a whole number that can be read in one way only: a point stands before decimals, so this is {number:g}"
        )
        fix = f"'{grouped}'" if number != int(number) else f"'{grouped}' or '{number:.0f}'"
        raise NumeralError(path, value, expected, f"Write {fix}.")
    if number != int(number):
        raise UnitError(path, value, "a whole number")
    return int(number)


def _read(number: Numeral, wanted: Measure, text: str, path: str, counted: str | None) -> float | None:
    # In "$31.7k" and "$2.5/h" the currency precedes the number, and its unit follows.
    head, _, tail = number.rest.partition("/")
    for factor, words in _magnitudes(head.strip()):
        unit = ("USD" if number.dollar else "") + (f" {words}" if words else "")
        candidate = _measure(f"{unit.strip() or '1'}/{tail}" if tail else unit.strip() or "1")
        if candidate is not None and candidate.dimension == wanted.dimension:
            _check_noun(words, text, path, counted)
            return number.value * factor * candidate.factor / wanted.factor
    return None


def _check_noun(words: str, text: str, path: str, counted: str | None) -> None:
    """Refuse a count of something other than the field counts."""
    for word in words.split():
        noun = _NOUNS.get(word)
        if noun is None or noun == counted or (counted is None and noun not in _CONTAINERS):
            continue
        expected = f"a number of {counted}s" if counted else "a plain number"
        hint = f"It counts {noun}s."
        if noun in _CONTAINERS:
            hint += f" A pool takes '{noun}s: {text.split()[0]}'; elsewhere write the number of GPUs."
        raise CountError(path, text, expected, hint)


def _magnitudes(head: str) -> list[tuple[float, str]]:
    """Possible readings of the text after a number: as a unit, or as a magnitude and then a unit."""
    readings = [(1.0, head)]
    first, _, tail = head.partition(" ")
    for table in (_MAGNITUDE, _MAGNITUDE_WORDS):
        if first and first in table:
            readings.append((table[first], tail.strip()))
    return readings


@cache
def _measure(unit: str) -> Measure | None:
    numerator, *denominators = re.sub(r"\bper\b", "/", unit).split("/")
    factor, dimension = 1.0, [0] * len(_BASIS)
    flops = _FLOPS.match(numerator.strip())
    if flops:
        numerator, denominators = f"{flops.group(1)}FLOP", ["s", *denominators]
    for sign, part in [(1, numerator), *((-1, d) for d in denominators)]:
        for word in re.split(r"[\s*·]+", part.strip()):
            atom = _atom(word)
            if atom is None:
                return None
            factor *= atom.factor**sign
            dimension = [d + sign * e for d, e in zip(dimension, atom.dimension, strict=True)]
    return Measure(factor, tuple(dimension))


def _atom(word: str) -> Measure | None:
    if word in _WHOLE_WORDS:
        return _basis(*_WHOLE_WORDS[word])
    if word in _NOUNS:
        return _basis(1.0, "")
    for base, (factor, basis) in _PREFIXED.items():
        if word.endswith(base):
            prefix = word[: -len(base)]
            if prefix in _PREFIX:
                return _basis(factor * _PREFIX[prefix], basis)
            if prefix in _BINARY and basis == "B":
                return _basis(factor * _BINARY[prefix], basis)
    for base, factor in _WATT_PREFIXED.items():
        if word.endswith(base) and word[: -len(base)] in _PREFIX:
            joule = _basis(factor * _PREFIX[word[: -len(base)]], "J")
            return Measure(joule.factor, tuple(d - (b == "s") for d, b in zip(joule.dimension, _BASIS, strict=True)))
    return None


def _basis(factor: float, basis: str) -> Measure:
    return Measure(factor, tuple(int(b == basis) for b in _BASIS))


_EXPECTED = {
    "s": ("a duration with its unit", "90 days"),
    "B": ("an amount of data with its unit", "80 GB"),
    "B/s": ("a bandwidth with its unit", "450 GB/s"),
    "FLOP": ("an amount of computation with its unit", "5e26 FLOP"),
    "FLOP/s": ("a computing rate with its unit", "989 TFLOP/s"),
    "W": ("a power with its unit", "1.2 GW"),
    "J": ("an energy with its unit", "300 MWh"),
    "USD": ("an amount of money with its unit", "$31.7k"),
    "USD/s": ("a price per time with its unit", "$2.5/h"),
    "USD/J": ("an energy price with its unit", "$0.07/kWh"),
    "USD/W": ("a price per power with its unit", "$10.2/W"),
    "USD/token": ("a price per token with its unit", "$3/Mtoken"),
    "token": ("a number of tokens with its unit", "15.6T tokens"),
    "token/s": ("a token rate with its unit", "5e9 tokens/day"),
    "1/s": ("a rate with its unit", "0.002 /day"),
    "1": ("a plain number", "550k"),
}


def _wrong(path: str, value: object, unit: str) -> UnitError:
    expected, example = _EXPECTED.get(unit, (f"a number in {unit}", f"3 {unit}"))
    return UnitError(path, value, expected, f"Write for example '{example}'.")
