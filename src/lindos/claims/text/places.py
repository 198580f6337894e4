"""Checks of figures of sites against observations, forecasts and announcements."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from lindos.catalog import Catalog
from lindos.catalog.facts import Fact
from lindos.claims.text.numeral import Numeral
from lindos.claims.text.read import Reading
from lindos.claims.text.relation import Relation, amount, distance, is_power, off_by, written
from lindos.claims.text.subjects import Mention

#: A printed figure matches an observation within this factor, beyond its rounding and qualifiers.
MATCH = 1.04
#: Rounding of a number that is printed with three digits, so that its digits are those of few others.
THREE_DIGITS = 0.005
#: Rounding of a number that is printed with two digits or more.
TWO_DIGITS = 0.06
#: An energy has the digits of a power within this factor.
EXACT = 1.01
#: A figure of a site is wrong above this multiple of the largest published one.
FAR_ABOVE = 3.5
_PLACE_ONLY = re.compile(
    r"(?i:turbin\w*|batter\w*|megapack|substation|umspannwerk|grid|netz\b|cooling|kühl\w*|solar|gas\w*|first phase|"
    r"erste\w* phase|phase|diesel|generator\w*|bond\w*|anleihe\w*|venture|loan\w*|kredit\w*|debt|a year|im jahr)"
)


class Sighting(NamedTuple):
    """One figure of a site with its date and source."""

    site: str
    title: str
    value: Fact[float]
    date: str
    status: str
    is_it_power: bool = False

    @property
    def words(self) -> str:
        """The figure in words."""
        return f"{self.title}, {self.status} {self.date}: {amount(float(self.value.value), self.value.unit)}"


def relations(reading: Reading, mentions: list[Mention], catalog: Catalog) -> Iterator[Relation]:
    """Yield relations between the text's figures of sites and the catalogue's.

    Parameters
    ----------
    reading
        The text and its numerals.
    mentions
        Names in the text.
    catalog
        Source of the sites.
    """
    sites = {m.id for m in mentions if m.kind == "sites"}
    for numeral in reading.numerals:
        if not numeral.claim or numeral.kind != "amount" or "denied" in numeral.marks or numeral.per:
            continue
        named = {m.id for m in mentions if m.kind == "sites" and _paragraph_of(reading, m) == numeral.paragraph}
        named |= {numeral.subject[1]} if numeral.subject[0] == "sites" else set()
        if numeral.unit == "J" and numeral.subject[0] == "sites":
            yield from _as_energy(numeral, sightings(catalog, "facility_power"))
        elif numeral.subject[0] == "sites" or (named and numeral.unit in ("W", "1", "USD")):
            sentence = reading.sentences[numeral.sentence]
            named_here = {m.id for m in mentions if m.kind == "sites" and sentence.start <= m.start < sentence.end}
            yield from _site(reading, numeral, named, named_here, sites, catalog)


def _as_energy(numeral: Numeral, known: list[Sighting]) -> Iterator[Relation]:
    """Report the power of a site that is printed in watt-hours."""
    watts = replace(numeral, values=tuple(value / 3600 for value in numeral.values), unit="W")
    for sighting in known:
        digits = numeral.rounding <= (0.002 if numeral.carried else TWO_DIGITS)
        if sighting.site == numeral.subject[1] and digits and distance(*_span(sighting), watts) <= EXACT:
            yield Relation(
                kind="power_vs_energy",
                members=(numeral,),
                holds=False,
                arithmetic=f"{sighting.words}; {written(numeral)} is an energy",
                subject=sighting.title,
                reading=f"{amount(watts.value, 'W')}, a power",
                sources=sighting.value.sources,
            )
            return


def _paragraph_of(reading: Reading, mention: Mention) -> int:
    """Return the paragraph of a mention."""
    starts = [sentence.start for sentence in reading.sentences]
    return reading.sentences[bisect_right(starts, mention.start) - 1].paragraph


def _field(numeral: Numeral) -> str:
    if numeral.unit == "W":
        return "facility_power"
    if numeral.unit == "USD":
        return "capex"
    if numeral.unit == "1" and numeral.noun == "device":
        return (
            "h100_equivalents" if numeral.device.startswith("h100") and "equivalent" in numeral.marks else "num_devices"
        )
    return ""


def sightings(catalog: Catalog, field: str) -> list[Sighting]:
    """Return every figure of one kind over all sites.

    Parameters
    ----------
    catalog
        Source of the sites.
    field
        Name of the field of an observation.
    """
    result = []
    for row in catalog.observations:
        fields = (field, "it_power") if field == "facility_power" else (field,)
        for name in fields:
            fact = getattr(row, name)
            if fact.is_known:
                title = catalog.site(row.site).title
                result.append(Sighting(row.site, title, fact, row.date, row.status, name == "it_power"))
    return result


def _matches(sighting: Sighting, numeral: Numeral) -> bool:
    low, high = _span(sighting)
    if len(numeral.values) == 2:
        return any(low / MATCH <= value <= high * MATCH for value in numeral.values)
    return distance(low, high, numeral) <= MATCH


def _site(
    reading: Reading, numeral: Numeral, named: set[str], named_here: set[str], sites: set[str], catalog: Catalog
) -> Iterator[Relation]:
    field = _field(numeral)
    if not field:
        return
    all_sightings = sightings(catalog, field)
    explicit = numeral.subject[1] if numeral.subject[0] == "sites" and not numeral.carried else ""
    for sighting in all_sightings:
        if sighting.site in named and (not explicit or sighting.site == explicit) and _matches(sighting, numeral):
            yield Relation(
                kind="site",
                members=(numeral,),
                holds=True,
                arithmetic=sighting.words,
                factor=1.0,
                subject=sighting.title,
                sources=sighting.value.sources,
            )
            return
    topic = numeral.subject[1] if numeral.subject[0] == "sites" else ""
    site_sightings = [s for s in all_sightings if s.site == topic]
    if not site_sightings or _PLACE_ONLY.search(_clause(reading, numeral)):
        return
    is_named = topic in named_here
    is_planned = _PLANNED.search(_clause(reading, numeral)) is not None
    yield from _elsewhere(numeral, site_sightings, all_sightings, sites, catalog, is_named, is_planned)


#: A figure is that of another site within this factor.
SAME_FIGURE = 1.006
_PLANNED = re.compile(
    r"(?i:\b(?:is|are|was) (?:due )?to\b|\b(?:will|plan\w*|soll(?:en|te)?|wird|geplant\w*|eventually|fully built|"
    r"endausbau|ausbau\w*|grow to|wachsen|expand\w*)\b)"
)


def _clause(reading: Reading, numeral: Numeral) -> str:
    sentence = reading.sentences[numeral.sentence]
    return reading.text[max(sentence.start, numeral.start - 60) : min(sentence.end, numeral.end + 40)]


def _span(sighting: Sighting) -> tuple[float, float]:
    """Return the least and largest value that the source of a sighting allows."""
    fact = sighting.value
    low = float(fact.low if fact.low is not None else fact.value)
    high = float(fact.high if fact.high is not None else fact.value)
    return low, high


def _elsewhere(
    numeral: Numeral,
    site_sightings: list[Sighting],
    all_sightings: list[Sighting],
    sites: set[str],
    catalog: Catalog,
    is_named: bool,
    is_planned: bool,
) -> Iterator[Relation]:
    """Report a figure that does not belong to its site: that of another site, or one that slipped."""
    rival = _rival(numeral, site_sightings, all_sightings, sites, catalog)
    if rival is not None and is_planned and off_by(float(rival.value.value), numeral) > SAME_FIGURE:
        return  # what a site is to reach need not be known; only the very figure of another site refutes it
    if rival is not None:
        reference = max(site_sightings, key=lambda s: s.status == "announced")
        yield Relation(
            kind="wrong_subject",
            members=(numeral,),
            holds=False,
            factor=off_by(float(reference.value.value), numeral),
            subject=reference.title,
            arithmetic=f"{reference.words}; {rival.words}",
            reading=f"the figure of {rival.title}",
            sources=tuple(dict.fromkeys((*reference.value.sources, *rival.value.sources))),
        )
    elif not numeral.carried or (numeral.rounding <= THREE_DIGITS and len(sites) == 1):
        yield from _slipped(numeral, site_sightings, is_named)


def _rival(
    numeral: Numeral, site_sightings: list[Sighting], all_sightings: list[Sighting], sites: set[str], catalog: Catalog
) -> Sighting | None:
    """Find the figure of another site, named in the text or of the same operator, that the numeral matches."""
    operator = catalog.site(site_sightings[0].site).operator
    rivals = [
        s
        for s in all_sightings
        if s.site != site_sightings[0].site
        and _matches(s, numeral)
        and (s.site in sites or catalog.site(s.site).operator == operator)
    ]
    rivals.sort(key=lambda s: (s.site not in sites, off_by(float(s.value.value), numeral)))
    largest, least = max(_span(s)[1] for s in site_sightings), min(_span(s)[0] for s in site_sightings)
    is_outside = numeral.low > largest * 1.3 or numeral.high < least / 1.3
    deviation = min(distance(*_span(s), numeral) for s in site_sightings)
    exact = numeral.rounding <= 0.002 if numeral.carried else is_outside or numeral.rounding <= 0.01
    return rivals[0] if rivals and exact and deviation > 1.3 else None


def _slipped(numeral: Numeral, site_sightings: list[Sighting], is_named: bool) -> Iterator[Relation]:
    """Report a figure that is a power of ten off one of its site's, or far above the largest of them."""
    largest, least = max(_span(s)[1] for s in site_sightings), min(_span(s)[0] for s in site_sightings)
    # A figure with one digit has those of many others.
    digits = numeral.rounding <= TWO_DIGITS
    slip = next(
        (
            s
            for s in site_sightings
            if digits and is_power(off_by(float(s.value.value), numeral), 1.006 if numeral.carried else 1.03)
        ),
        None,
    )
    # An amount below the cost of a site may be a part of it; a power below its own is wrong.
    is_far = numeral.low > largest * 1.5 or (numeral.unit != "USD" and numeral.high < least / 5)
    exact = (
        slip is not None
        and numeral.rounding <= THREE_DIGITS
        and is_power(off_by(float(slip.value.value), numeral), 1.004)
    )
    if not (slip and (is_far or exact)) and not (is_named and numeral.low > largest * FAR_ABOVE):
        return
    right = slip or max(site_sightings, key=lambda s: float(s.value.value))
    factor = off_by(float(right.value.value), numeral)
    kind = "price_total" if numeral.unit == "USD" else "wrong_subject"
    if slip:
        kind = "decimal_slip" if factor < 300 else "prefix_1000"
    yield Relation(
        kind=kind,
        members=(numeral,),
        holds=False,
        factor=factor,
        arithmetic=f"{right.words}, not {written(numeral)}",
        subject=right.title,
        reading=amount(float(right.value.value), right.value.unit),
        sources=right.value.sources,
    )
