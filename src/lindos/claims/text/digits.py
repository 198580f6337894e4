"""Numbers in digits, with decimal marks and thousands of both languages, and the text around a number."""

import re
from typing import NamedTuple

#: The last word or two before the end of a text, with no long gap.
_TWO_WORDS = re.compile(r"(?:(\w+)\W{1,3})?(\w+)\W{0,3}$")


class Atom(NamedTuple):
    """A number as printed, before its magnitude and unit."""

    value: float
    end: int
    step: float  # of its last digit
    decimals: int
    in_words: bool


def literal(text: str, language: str) -> tuple[float, float, int] | None:
    """Read a number in digits: its value, the step of its last digit and its decimals; None if it is no number.

    Parameters
    ----------
    text
        Digits with their marks.
    language
        ``"de"`` or ``"en"``.

    Examples
    --------
    >>> literal("230.000", "de")[0], literal("3,191", "de")[0], literal("1.379", "en")[0], literal("1,250.5", "en")[0]
    (230000.0, 3.191, 1.379, 1250.5)
    """
    plain = re.sub(r"['’\u00a0\u202f]", "", text)
    decimal, group = (",", ".") if language == "de" else (".", ",")
    if decimal in plain and group in plain and plain.rfind(group) > plain.rfind(decimal):
        decimal, group = group, decimal
    integer_part, *parts = plain.split(decimal)
    if group in plain and decimal not in plain and not _grouped(plain.split(group)):
        # A single mark that cannot group thousands is the decimal mark of the other language.
        integer_part, *parts = plain.split(group)
    elif len(parts) > 1 and _grouped(plain.split(decimal)):
        integer_part, parts = plain, []
    if len(parts) > 1 or (group in integer_part and not _grouped(integer_part.split(group))):
        return None
    digits = re.sub(r"[.,]", "", integer_part)
    fraction = parts[0] if parts else ""
    if not digits.isdigit() or (fraction and not fraction.isdigit()):
        return None
    value = float(f"{digits}.{fraction or 0}")
    return value, _step(digits, fraction), len(fraction)


def _grouped(parts: list[str]) -> bool:
    return 1 <= len(parts[0]) <= 3 and parts[0] != "0" and len(parts) > 1 and all(len(part) == 3 for part in parts[1:])


def _step(digits: str, fraction: str) -> float:
    if fraction:
        return 10.0 ** -len(fraction)
    zeros = len(digits) - len(digits.rstrip("0"))
    return 10.0 ** (zeros if zeros < len(digits) else 0)


def word_step(value: float) -> float:
    """Return the step of the last digit of a number in words.

    Parameters
    ----------
    value
        The number.
    """
    return 1.0 if value < 20 or value % 10 else 10.0 if value % 100 else 100.0


def is_year(text: str, atom: Atom) -> bool:
    """Tell whether four digits without marks may be a year.

    Parameters
    ----------
    text
        The whole text.
    atom
        The number in it.
    """
    return (
        not atom.in_words
        and 1900 <= atom.value <= 2100
        and text[atom.end - 4 : atom.end].isdigit()
        and atom.decimals == 0
    )


def stands_before(text: str, start: int, options: tuple[str, ...]) -> bool:
    """Tell whether one of some words precedes a position, with at most one short word in between.

    Parameters
    ----------
    text
        The whole text.
    start
        Position in characters.
    options
        The words in lower case.
    """
    match = _TWO_WORDS.search(text[max(0, start - 40) : start].lower())
    return match is not None and (match.group(1) in options or match.group(2) in options)


def word_at(text: str, position: int) -> str:
    """Return the word at a position, with the unit digit of an English compound such as ``forty-two``.

    Parameters
    ----------
    text
        The whole text.
    position
        Position in characters.
    """
    match = re.compile(r"[A-Za-zÄÖÜäöüß]+(?:-(?:one|two|three|four|five|six|seven|eight|nine)(?![a-z]))?").match(
        text, position
    )
    return match.group() if match else ""


def end_of_token(text: str, start: int) -> int:
    """Return the end of digits and marks that are no number.

    Parameters
    ----------
    text
        The whole text.
    start
        Position of the first digit, in characters.
    """
    match = re.compile(r"[\d.,'’]{0,200}\d").match(text, start)
    return match.end() if match else start + 1
