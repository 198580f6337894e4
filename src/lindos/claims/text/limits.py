"""Amounts that no company, site or contract can have: more than the whole world has."""

import re
from collections.abc import Iterator

from lindos.claims.text import units
from lindos.claims.text.numeral import Numeral
from lindos.claims.text.read import Reading
from lindos.claims.text.relation import Relation, amount, written
from lindos.units import YEAR

#: Economic output of the world in a year, in dollars (IMF: about 117 trillion in 2025).
WORLD_OUTPUT = 1.2e14
#: Mean electric power that the world uses, in watts (IEA: about 31,000 TWh in 2024).
WORLD_POWER = 3.6e12
#: More than any company has been worth, in dollars (about five trillion in 2025).
COMPANY_WORTH = 7e12
_NATION = re.compile(
    r"(?i:\b(?:debt|schulden|economy|economies|wirtschaft\w*|gdp|bip|markets?|märkte\w*|funds?|fonds|assets|household\w*|"
    r"wealth|vermögen|government|staat\w*|united states|america\w*|china|europ\w*|nation\w*|countr\w+|länder\w*|"
    r"industr\w+|combined|together|zusammen|all companies)\b)"
)
_WORLD = re.compile(
    r"(?i:\b(?:world\w*|welt\w*|global\w*|earth|erde|planet\w*|sun|sonne|mankind|menschheit|humanity|solar|dyson|orbit\w*|"
    r"space|weltraum|all countries|alle länder|debt of all|gdp|bip)\b)"
)
_THOUSAND = 1e3


def relations(reading: Reading) -> Iterator[Relation]:
    """Yield amounts that exceed those of the world, where the sentence does not speak of the world.

    Parameters
    ----------
    reading
        The text and its numerals.
    """
    for numeral in reading.numerals:
        if not numeral.claim or numeral.kind != "amount" or "denied" in numeral.marks or not numeral.values:
            continue
        limit, words = _limit(numeral)
        if limit == WORLD_OUTPUT and not _NATION.search(reading.sentence_of(numeral)):
            limit, words = COMPANY_WORTH, "any company has been worth"
        if 0 < limit < numeral.low and not _WORLD.search(reading.sentence_of(numeral)):
            yield Relation(
                kind="billion_billionen" if numeral.unit in units.MONEY else "prefix_1000",
                members=(numeral,),
                holds=False,
                factor=_THOUSAND,
                arithmetic=f"{written(numeral)} is more than {words}, about {amount(limit, numeral.unit)}",
                reading=f"{amount(numeral.value / _THOUSAND, numeral.unit)}, if it is a thousand times too much",
            )


def _limit(numeral: Numeral) -> tuple[float, str]:
    """Return the amount of the world in the unit of a numeral, and what it is; zero where none is set."""
    if numeral.unit in ("USD", "EUR", "GBP", "CHF"):
        return WORLD_OUTPUT, "the economic output of the world in a year"
    if numeral.unit == "W" and not numeral.per:
        return WORLD_POWER, "the electric power that the world uses"
    if numeral.unit == "J" and numeral.per in ("", "year"):
        return WORLD_POWER * YEAR, "the electricity that the world uses in a year"
    return 0.0, ""
