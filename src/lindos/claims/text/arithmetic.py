"""Checks of a text against itself."""

from collections.abc import Iterator

from lindos.claims.text.energy import energies
from lindos.claims.text.equations import equations
from lindos.claims.text.growth import TOLERANCE, growths
from lindos.claims.text.lasting import lasting
from lindos.claims.text.multiples import multiples
from lindos.claims.text.products import products
from lindos.claims.text.read import Reading
from lindos.claims.text.relation import Relation
from lindos.claims.text.rhythm import conversions, deliveries
from lindos.claims.text.stated import stated
from lindos.claims.text.sums import full_shares, sums
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
    yield from stated(reading, numerals)
    yield from lasting(reading, numerals)
    yield from products(reading, numerals)
    yield from equations(reading, numerals)
    yield from sums(reading, numerals)
    yield from full_shares(reading, numerals)
    yield from conversions(numerals)
    yield from deliveries(reading, numerals)
    yield from yearly_totals(numerals)
    levels = [n for n in numerals if not TOLERANCE.search(reading.text[max(0, n.start - 18) : n.start])]
    yield from unexplained([*growths(reading, levels), *multiples(reading, levels)])
    yield from directions(reading, numerals)
    yield from shares_afar(reading, numerals)
    yield from compounds(reading, numerals)
    yield from energies(reading, numerals)
    yield from parts(reading, numerals)
    yield from twice_printed(reading, numerals)


def unexplained(relations: list[Relation]) -> Iterator[Relation]:
    """Leave out contradictions to two amounts whose growth or share another number of the text has right.

    Parameters
    ----------
    relations
        Relations of percentages and factors, first member, with two amounts.
    """
    explained = [{n for n in r.members if n.kind == "amount"} for r in relations if r.holds and len(r.members) == 3]
    for relation in relations:
        first = next((n for n in relation.members if n.kind != "amount"), relation.members[0])
        pair = [n for n in relation.members if n is not first]
        apart = any(n.sentence != first.sentence for n in pair)
        if relation.holds or not apart or set(pair) not in explained:
            yield relation
