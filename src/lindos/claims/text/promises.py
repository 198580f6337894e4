"""Promises of a text, such as a gigawatt by June 2026, against what was seen later."""

import calendar
import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass

from lindos.catalog import Catalog
from lindos.claims.text.numeral import Numeral
from lindos.claims.text.places import Sighting, sightings
from lindos.claims.text.read import Reading
from lindos.claims.text.relation import amount

_FUTURE = re.compile(
    r"(?i:\b(?:will|wird|werden|soll\w*|plan\w*|promise\w*|versprach\w*|versprochen|verspricht|target\w*|"
    r"ziel\w*|expect\w*|"
    r"erwart\w*|due|scheduled|announce\w*|angekündigt\w*|kündigt\w*|aims?|wants?|will be|to reach|in aussicht|would|"
    r"würde\w*|in kürze|intends?|on track|goal|vow\w*|pledge\w*)\b)"
)
_SOON = re.compile(
    r"(?i:\b(?:in[  ](?:a[  ]few|einigen|wenigen|several|ein paar)[  ](?P<unit>weeks?|wochen|months?|monaten?|"
    r"days|tagen))\b)"
)
#: Days that "a few" of a unit is read as.
_SHORT_TERMS = {"w": 60, "m": 180, "d": 14, "t": 14}
#: An amount is reached if this share of it was seen.
REACHED = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """An amount that a text promises by a day, and what was seen around that day."""

    numeral: Numeral
    deadline: datetime.date
    outcome: str  # kept, late or open
    evidence: str
    subject: str
    sources: tuple[str, ...] = ()


def promises(reading: Reading, catalog: Catalog) -> Iterator[Promise]:
    """Yield the promises of a text about sites, each with what was seen later.

    A promise is not judged as a number of the text: it may be rightly quoted, and be broken.

    Parameters
    ----------
    reading
        The text and its numerals.
    catalog
        Source of what was seen.
    """
    for numeral in reading.numerals:
        field = {"W": "facility_power", "1": "num_devices"}.get(numeral.unit)
        if not field or numeral.kind != "amount" or not numeral.claim or numeral.per or "denied" in numeral.marks:
            continue
        if numeral.subject[0] != "sites" or numeral.carried or (field == "num_devices" and numeral.noun != "device"):
            continue
        sentence = reading.sentence_of(numeral)
        deadline = _deadline(reading, numeral, sentence)
        if deadline is None or not _FUTURE.search(sentence):
            continue
        seen = [s for s in sightings(catalog, field) if s.site == numeral.subject[1] and s.status == "seen"]
        yield _outcome(numeral, deadline, seen, catalog)


def _deadline(reading: Reading, numeral: Numeral, sentence: str) -> datetime.date | None:
    """Return the last day of a promise: the nearest date or year behind the amount, or a few weeks from the text."""
    soon = _SOON.search(sentence)
    if soon is not None:
        spoken = _said_on(reading, numeral)
        return spoken + datetime.timedelta(days=_SHORT_TERMS[soon.group("unit")[0].lower()])
    dated = [n for n in reading.numerals if n.sentence == numeral.sentence and n.kind in ("date", "year") and n.claim]
    if not dated:
        return None
    nearest = min(dated, key=lambda n: abs(n.start - numeral.start))
    if nearest.kind == "year":
        return datetime.date(int(nearest.values[-1]), 12, 31) if 1 <= nearest.values[-1] <= 9_999 else None
    year, month, *day = (int(part) for part in nearest.date.split("-"))
    return datetime.date(year, month, day[0] if day else calendar.monthrange(year, month)[1])


def _said_on(reading: Reading, numeral: Numeral) -> datetime.date:
    """Return the day of a quoted post: the next whole date of the text within two sentences, else the article's day."""
    for n in reading.numerals:
        if n.kind == "date" and len(n.date) == 10 and 0 <= n.sentence - numeral.sentence <= 2:
            return datetime.date.fromisoformat(n.date)
    return reading.date


def _outcome(numeral: Numeral, deadline: datetime.date, seen: list[Sighting], catalog: Catalog) -> Promise:
    site = catalog.site(numeral.subject[1]).title
    preceding = [s for s in seen if _day(s.date) <= deadline]
    following = [s for s in seen if _day(s.date) > deadline]
    in_time = next((s for s in preceding if _value(s, catalog) >= REACHED * numeral.low), None)
    reached = next((s for s in following if _value(s, catalog) >= REACHED * numeral.low), None)
    missed = next((s for s in following if _value(s, catalog) < REACHED * numeral.low), None)
    witness = in_time or missed
    outcome = "kept" if in_time else "late" if missed else "open"
    evidence = _evidence(witness, catalog) if witness else "nothing was seen following that day"
    if outcome == "late" and reached is not None:
        evidence += f"; {_evidence(reached, catalog)}"
    if outcome == "open" and preceding:
        evidence = f"{_evidence(preceding[-1], catalog)}; {evidence}"
    sources = tuple(dict.fromkeys(source for s in (witness, reached) if s for source in s.value.sources))
    return Promise(
        numeral=numeral,
        deadline=deadline,
        outcome=outcome,
        evidence=evidence,
        subject=site,
        sources=sources,
    )


def _value(sighting: Sighting, catalog: Catalog) -> float:
    """Return the amount that was seen; power of the computers alone is raised to that of the site."""
    value = float(sighting.value.value)
    if sighting.is_it_power:
        return value * float(catalog.parameter("claims.facility_over_it_power", "1").value)
    return value


def _evidence(sighting: Sighting, catalog: Catalog) -> str:
    seen = amount(float(sighting.value.value), sighting.value.unit)
    if sighting.is_it_power:
        return f"seen {sighting.date}: {seen} of IT power, about {amount(_value(sighting, catalog), 'W')} of the site"
    return f"seen {sighting.date}: {seen}"


def _day(text: str) -> datetime.date:
    year, month, day = (*text.split("-"), "1", "1")[:3]
    return datetime.date(int(year), int(month), int(day))
