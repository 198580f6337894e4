"""Numbers in digits: decimal marks and thousands of either language; and what stands around a number."""

import re
from typing import NamedTuple


class Atom(NamedTuple):
    """A number as printed, before its magnitude and unit."""

    value: float
    end: int
    step: float  # of its last digit
    decimals: int
    in_words: bool


def literal(text: str, language: str) -> tuple[float, float, int] | None:
    """Value, step of the last digit and decimals of a number in digits; None where its marks make no number.

    >>> literal("230.000", "de")[0], literal("3,191", "de")[0], literal("1.379", "en")[0], literal("1,250.5", "en")[0]
    (230000.0, 3.191, 1.379, 1250.5)
    """
    plain = re.sub(r"['’\u00a0\u202f]", "", text)
    decimal, group = (",", ".") if language == "de" else (".", ",")
    if decimal in plain and group in plain and plain.rfind(group) > plain.rfind(decimal):
        decimal, group = group, decimal
    whole, *parts = plain.split(decimal)
    if group in plain and decimal not in plain and not _grouped(plain.split(group)):
        # A mark that cannot group thousands is the other language's decimal mark, if it stands once.
        whole, *parts = plain.split(group)
    elif len(parts) > 1 and _grouped(plain.split(decimal)):
        whole, parts = plain, []
    if len(parts) > 1 or (group in whole and not _grouped(whole.split(group))):
        return None
    digits = re.sub(r"[.,]", "", whole)
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
    """Step of the last digit of a number in words."""
    return 1.0 if value < 20 or value % 10 else 10.0 if value % 100 else 100.0


def is_year(text: str, atom: Atom) -> bool:
    """Whether four digits without marks may be a year."""
    return (
        not atom.in_words
        and 1900 <= atom.value <= 2100
        and text[atom.end - 4 : atom.end].isdigit()
        and atom.decimals == 0
    )


def stands_before(text: str, start: int, options: tuple[str, ...]) -> bool:
    """Whether one of ``options`` stands before ``start``, with at most one short word between."""
    before = re.split(r"\W{4,}", text[max(0, start - 40) : start].lower())[-1]
    return any(word in options for word in re.findall(r"\w+", before)[-2:])


def word_at(text: str, position: int) -> str:
    """Word that begins at ``position``, with the unit digit of an English compound such as ``forty-two``."""
    match = re.compile(r"[A-Za-zÄÖÜäöüß]+(?:-(?:one|two|three|four|five|six|seven|eight|nine)(?![a-z]))?").match(
        text, position
    )
    return match.group() if match else ""


def end_of_token(text: str, start: int) -> int:
    """End of digits and marks that make no number."""
    match = re.compile(r"[\d.,'’]{0,200}\d").match(text, start)
    return match.end() if match else start + 1
