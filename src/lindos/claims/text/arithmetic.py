"""Checks of a text against itself."""

from collections.abc import Iterator

from lindos.claims.text.energy import energies
from lindos.claims.text.growth import growths, multiples
from lindos.claims.text.read import Reading
from lindos.claims.text.relation import Relation
from lindos.claims.text.totals import parts, shares_of_totals, twice_printed, yearly_totals


def relations(reading: Reading) -> Iterator[Relation]:
    """Yield every relation between the text's own numbers.

    Parameters
    ----------
    reading
        The text and its numerals.
    """
    numerals = [
        n
        for n in reading.numerals
        if n.claim and n.kind in ("amount", "factor", "fraction") and "denied" not in n.marks
    ]
    yield from shares_of_totals(numerals)
    yield from yearly_totals(numerals)
    yield from growths(reading, numerals)
    yield from multiples(numerals)
    yield from energies(reading, numerals)
    yield from parts(reading, numerals)
    yield from twice_printed(reading, numerals)
