"""Scalars of a user's file: texts, which the field that they belong to gives a type.

A number is read as English and programming languages write it: a point before the decimals, commas or underscores only
between groups of three digits. A number that another locale, or YAML 1.1, reads differently is refused with both
readings, never guessed: ``0,07`` is 0.07 in Germany and 7 to a reader that drops commas; ``0100`` is 64 to YAML 1.1 and
100 to YAML 1.2.
"""

import re
from typing import NamedTuple

from lindos.errors import InputError, NumeralError

#: No number with its unit needs more characters.
MAX_LENGTH = 100

# Blanks are matched possessively, so that a long run of them is read only once.
_HEAD = re.compile(r"(?P<about>~?)\s*+(?P<sign>[-+]?)\s*+(?P<dollar>\$?)\s*+(?P<inner>[-+]?)(?P<digits>[0-9.,_]++)")
_EXPONENT = re.compile(r"[eE][-+]?[0-9]++")
_PLAIN = re.compile(r"[0-9]++(\.[0-9]*+)?|\.[0-9]++")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(,[0-9]{3})++(\.[0-9]*+)?|[1-9][0-9]{0,2}(_[0-9]{3})++(\.[0-9]*+)?")
_COMMA_DECIMAL = re.compile(r"([0-9]{1,3}(\.[0-9]{3})+|[0-9]+),[0-9]*")
_POINT_GROUPED = re.compile(r"[0-9]{1,3}(\.[0-9]{3}){2,}")
#: Three digits after a point, the last of them a zero: decimals are seldom written so, groups of thousands often.
_POINT_DECIMAL_OR_GROUPS = re.compile(r"[1-9][0-9]{0,2}\.[0-9]{2}0")
_OCTAL = re.compile(r"0[0-7]+")


class Numeral(NamedTuple):
    """A number at the beginning of a text: its value, whether a dollar sign precedes it, and the text after it."""

    value: float
    dollar: bool
    rest: str
    digits: str  # as written, without sign and exponent


def numeral(text: str, path: str) -> Numeral | None:
    """Read the number at the beginning of a text.

    Parameters
    ----------
    text
        The text.
    path
        Name of the field, for the error message.

    Returns
    -------
    Numeral or None
        None where the text does not begin with a number.

    Raises
    ------
    NumeralError
        If another locale, or another reader of YAML, would read another number; or the text is far too long.

    Examples
    --------
    >>> numeral("$31.7k", "price")
    Numeral(value=31.7, dollar=True, rest='k', digits='31.7')
    >>> numeral("230,000 GPUs", "gpus").value, numeral("-5 %", "share").value
    (230000.0, -5.0)
    >>> numeral("$0,07/kWh", "price")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    lindos.errors.NumeralError: price is '$0,07/kWh', but must be a number that can be read in one way only: ...
    """
    text = text.strip().replace("\N{MINUS SIGN}", "-")
    if len(text) > MAX_LENGTH:
        raise NumeralError(path, text, f"a number with its unit, in at most {MAX_LENGTH} characters")
    match = _HEAD.match(text)
    if match is None or (match["sign"] and match["inner"]):
        return None
    digits = match["digits"]
    if not _PLAIN.fullmatch(digits) and not _GROUPED.fullmatch(digits):
        _refuse(text, match.span("digits"), path)
        return None
    if _POINT_DECIMAL_OR_GROUPS.fullmatch(digits):
        raise _either_reading(text, match.span("digits"), path)
    if len(digits) > 1 and digits[0] == "0" and digits[1].isdigit():
        raise _leading_zero(text, match.span("digits"), path)
    exponent = _EXPONENT.match(text, match.end())
    end = exponent.end() if exponent else match.end()
    rest = text[end:].strip()
    if rest.startswith(":") and rest[1:2].isdigit():
        raise NumeralError(path, text, "a number without a colon", "Write a time with its unit, such as '90 min'.")
    written = digits.replace(",", "").replace("_", "") + (exponent[0] if exponent else "")
    negative = "-" in (match["sign"], match["inner"])
    return Numeral(-float(written) if negative else float(written), bool(match["dollar"]), rest, digits)


def flag(value: object) -> bool | None:
    """Read true or false, as YAML 1.2 spells them.

    Parameters
    ----------
    value
        The value of a file; None is returned for any other word, such as ``yes``, ``on`` or ``1``.

    Examples
    --------
    >>> flag("true"), flag(False), flag("off")
    (True, False, None)
    """
    if isinstance(value, bool):
        return value
    return {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}.get(
        value if isinstance(value, str) else ""
    )


def thousands(digits: str) -> str:
    """Write digits whose points may group thousands with commas; empty where they cannot.

    Parameters
    ----------
    digits
        Digits with points, ``"16.384"``.

    Examples
    --------
    >>> thousands("16.384"), thousands("1.5"), thousands("0.125")
    ('16,384', '', '')
    """
    return digits.replace(".", ",") if re.fullmatch(r"[1-9][0-9]{0,2}\.[0-9]{3}", digits) else ""


def _either_reading(text: str, span: tuple[int, int], path: str) -> NumeralError:
    """Make the error of digits whose point may stand before decimals or group thousands."""
    digits = text[slice(*span)]
    decimal, grouped = f"{float(digits):g}", digits.replace(".", ",")
    plain, shown = (text[: span[0]] + form + text[span[1] :] for form in (decimal, grouped))
    return NumeralError(
        path,
        text,
        f"a number that can be read in one way only: this is {decimal} where a point stands before the decimals, and "
        f"{digits.replace('.', '')} where it groups digits",
        f"Write {plain!r} or {shown!r}.",
    )


def _refuse(text: str, span: tuple[int, int], path: str) -> None:
    """Raise an error if the digits are a number in another locale; else return."""
    digits = text[slice(*span)]
    dropped = digits.replace(",", "")
    if _COMMA_DECIMAL.fullmatch(digits):
        decimal = digits.replace(".", "").replace(",", ".")
        readings = [(decimal, "where a comma stands before the decimals")]
        if _PLAIN.fullmatch(dropped):
            readings.append((dropped, "where it groups digits"))
    elif _POINT_GROUPED.fullmatch(digits):
        readings = [(digits.replace(".", ","), "where points group digits")]
    elif "," in digits and _PLAIN.fullmatch(dropped):
        readings = [(dropped, "if commas may group any number of digits")]
    else:
        return
    written = [(_short(number), circumstance) for number, circumstance in readings]
    reading_text = ", and ".join(f"{number} {circumstance}" for number, circumstance in written)
    fixes = " or ".join(f"'{text[: span[0]]}{number}{text[span[1] :]}'" for number, _ in written)
    expected = f"a number that can be read in one way only: this is {reading_text}"
    raise NumeralError(path, text, expected, f"Write {fixes}.")


def _leading_zero(text: str, span: tuple[int, int], path: str) -> InputError:
    digits = text[slice(*span)]
    readings = [_short(digits)]
    reading_text = f"this is {readings[0]} as it stands"
    if _OCTAL.fullmatch(digits) and int(digits, 8) != int(digits):
        readings.append(str(int(digits, 8)))
        reading_text += f", and {readings[1]} to YAML 1.1, which reads it in base 8"
    fixes = " or ".join(f"'{text[: span[0]]}{number}{text[span[1] :]}'" for number in readings)
    return NumeralError(path, text, f"a number without leading zeros: {reading_text}", f"Write {fixes}.")


def _short(digits: str) -> str:
    """A number without zeros that change nothing; commas stay."""
    head, _, tail = digits.partition(".")
    head, tail = head.lstrip("0") or "0", tail.rstrip("0")
    return f"{head}.{tail}" if tail else head
