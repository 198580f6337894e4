"""Checks of what is said of sites against what was seen, forecast or announced of them."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from lindos.catalog import Catalog
from lindos.catalog.facts import Fact
from lindos.claims.text.numeral import Numeral
from lindos.claims.text.read import Reading
from lindos.claims.text.relation import Relation, amount, distance, is_power, off_by, written
from lindos.claims.text.subjects import Mention

#: A printed figure is that of an observation within this factor; rounding and qualifiers come on top.
SAME = 1.04
#: Beyond this many times the largest figure that anybody gave, a figure of a site is wrong.
BEYOND = 3.5
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

    @property
    def words(self) -> str:
        """The figure in words."""
        return f"{self.title}, {self.status} {self.date}: {amount(float(self.value.value), self.value.unit)}"


def relations(reading: Reading, mentions: list[Mention], catalog: Catalog) -> Iterator[Relation]:
    """Relations between the text's figures of sites and the catalogue's."""
    sites = {m.id for m in mentions if m.kind == "sites"}
    for numeral in reading.numerals:
        if not numeral.claim or numeral.kind != "amount" or "denied" in numeral.marks or numeral.per:
            continue
        if numeral.subject[0] == "sites" or (sites and numeral.unit in ("W", "1", "USD")):
            yield from _site(reading, numeral, sites, catalog)


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
    """Every figure of one kind over all sites."""
    result = []
    for row in catalog.observations:
        fields = (field, "it_power") if field == "facility_power" else (field,)
        for name in fields:
            fact = getattr(row, name)
            if fact.is_known:
                result.append(Sighting(row.site, catalog.site(row.site).title, fact, row.date, row.status))
    return result


def _matches(sighting: Sighting, numeral: Numeral) -> bool:
    low, high = _span(sighting)
    if len(numeral.values) == 2:
        return any(low / SAME <= value <= high * SAME for value in numeral.values)
    return distance(low, high, numeral) <= SAME


def _site(reading: Reading, numeral: Numeral, sites: set[str], catalog: Catalog) -> Iterator[Relation]:
    field = _field(numeral)
    if not field:
        return
    every = sightings(catalog, field)
    explicit = numeral.subject[1] if numeral.subject[0] == "sites" and not numeral.carried else ""
    for sighting in every:
        if sighting.site in sites and (not explicit or sighting.site == explicit) and _matches(sighting, numeral):
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
    mine = [s for s in every if s.site == topic]
    if not mine or _PLACE_ONLY.search(_clause(reading, numeral)):
        return
    yield from _elsewhere(numeral, mine, every, sites, catalog)


def _clause(reading: Reading, numeral: Numeral) -> str:
    sentence = reading.sentences[numeral.sentence]
    return reading.text[max(sentence.start, numeral.start - 60) : min(sentence.end, numeral.end + 40)]


def _span(sighting: Sighting) -> tuple[float, float]:
    """Least and largest value that the source of a sighting leaves."""
    fact = sighting.value
    low = float(fact.low if fact.low is not None else fact.value)
    high = float(fact.high if fact.high is not None else fact.value)
    return low, high


def _elsewhere(
    numeral: Numeral, mine: list[Sighting], every: list[Sighting], sites: set[str], catalog: Catalog
) -> Iterator[Relation]:
    """A figure that is none of its site's: that of another, or one that slipped."""
    rival = _rival(numeral, mine, every, sites, catalog)
    if rival is not None:
        reference = max(mine, key=lambda s: s.status == "announced")
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
    else:
        yield from () if numeral.carried else _slipped(numeral, mine)


def _rival(
    numeral: Numeral, mine: list[Sighting], every: list[Sighting], sites: set[str], catalog: Catalog
) -> Sighting | None:
    """Figure of another site, named in the text or of the same operator, that the numeral is instead."""
    operator = catalog.site(mine[0].site).operator
    rivals = [
        s
        for s in every
        if s.site != mine[0].site
        and _matches(s, numeral)
        and (s.site in sites or catalog.site(s.site).operator == operator)
    ]
    rivals.sort(key=lambda s: (s.site not in sites, off_by(float(s.value.value), numeral)))
    largest, least = max(_span(s)[1] for s in mine), min(_span(s)[0] for s in mine)
    beyond = numeral.low > largest * 1.3 or numeral.high < least / 1.3
    apart = min(distance(*_span(s), numeral) for s in mine)
    exact = numeral.rounding <= 0.002 if numeral.carried else beyond or numeral.rounding <= 0.01
    return rivals[0] if rivals and exact and apart > 1.3 else None


def _slipped(numeral: Numeral, mine: list[Sighting]) -> Iterator[Relation]:
    """A figure a power of ten off one of its site's, or far beyond the largest of them."""
    largest, least = max(_span(s)[1] for s in mine), min(_span(s)[0] for s in mine)
    slip = next((s for s in mine if is_power(off_by(float(s.value.value), numeral), 1.03)), None)
    # Less than a site costs may be a part of it; less than it draws is no figure of the site.
    apart = numeral.low > largest * 1.5 or (numeral.unit != "USD" and numeral.high < least / 5)
    if not (slip and apart) and numeral.low <= largest * BEYOND:
        return
    right = slip or max(mine, key=lambda s: float(s.value.value))
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
