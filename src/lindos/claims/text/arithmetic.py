"""Checks of a text against itself."""

from collections.abc import Iterator

from lindos.claims.text.energy import energies
from lindos.claims.text.growth import growths, multiples
from lindos.claims.text.products import products
from lindos.claims.text.read import Reading
from lindos.claims.text.relation import Relation
from lindos.claims.text.rhythm import conversions, deliveries
from lindos.claims.text.sums import sums, whole
from lindos.claims.text.totals import parts, shares_of_totals, twice_printed, yearly_totals
from lindos.claims.text.trend import compounds, directions, shares_afar


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
    yield from products(reading, numerals)
    yield from sums(reading, numerals)
    yield from whole(reading, numerals)
    yield from conversions(numerals)
    yield from deliveries(reading, numerals)
    yield from yearly_totals(numerals)
    yield from growths(reading, numerals)
    yield from multiples(numerals)
    yield from directions(reading, numerals)
    yield from shares_afar(reading, numerals)
    yield from compounds(reading, numerals)
    yield from energies(reading, numerals)
    yield from parts(reading, numerals)
    yield from twice_printed(reading, numerals)
