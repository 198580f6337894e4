"""Durations that a text gives twice: how long one run, or one piece of building work, has taken."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from lindos.claims.text import units
from lindos.claims.text.holders import HYPOTHETICAL
from lindos.claims.text.numeral import Numeral
from lindos.claims.text.read import Reading
from lindos.claims.text.relation import Relation, amount, distance, written
from lindos.units import DAY

#: Two durations of one thing contradict each other beyond this factor.
CONTRADICTS = 1.6
#: Farthest sentences that speak of one thing.
REACH = 8
_WORKS = {
    "training": re.compile(r"(?i:\b(?:pre-?)?train\w*|\btrainingsl[aä]uf\w*)"),
    "building": re.compile(r"(?i:\b(?:built|construct\w*|gebaut|bauzeit|errichtet|hochgezogen)\b)"),
}
_TOOK = re.compile(
    r"(?i:\b(?:after|took|takes|lasted|within|in|over|for|nach|dauerte|dauert|binnen|innerhalb|brauchte|benötigte|the|"
    r"die|these|diese[rn]?)[  ](?:(?:just|only|about|around|some|roughly|nur|rund|etwa|gut|knapp|fast|nearly)[  ])?)$"
)
_AFTER = re.compile(r"(?i:^\W*(?:after|nach)\b)")
_OTHER_TIME = re.compile(
    r"(?i:\b(?:phase\w*|stages?|step\w*|schritt\w*|post-?train\w*|fine-?tun\w*|nachtrain\w*|second|zweite\w*|further|"
    r"weitere\w*|another|another's|doubl\w*|verdoppel\w*|earlier|previous\w*|predecessor|vorgänger\w*|früher\w*|usually|"
    r"normally|üblich\w*|normalerweise|instead|statt|planned|geplant\w*|expect\w*|predict\w*|rechnete\w*|later|später|"
    r"every|alle|each|per|first|ersten?|next|nächste\w*|last|letzte\w*|average|restart\w*|failure\w*|ausf[aä]ll\w*|"
    r"interrupt\w*|unterbrech\w*|deliver\w*|liefer\w*|faster|schneller|another)\b)"
)


class Stretch(NamedTuple):
    """A duration, and the kind of work that its sentence says it is of."""

    numeral: Numeral
    work: str
    days: float


def lasting(reading: Reading, numerals: list[Numeral]) -> Iterator[Relation]:
    """Compare the durations of one run, or of one site's construction, that a text gives more than once.

    Parameters
    ----------
    reading
        The text and its numerals.
    numerals
        Numerals to check.
    """
    stretches = [stretch for n in numerals if (stretch := _stretch(reading, n))]
    names = {
        place: {n.text.lower() for n in reading.numerals if n.kind == "name" and n.sentence == place}
        for place in {stretch.numeral.sentence for stretch in stretches}
    }
    for i, second in enumerate(stretches):
        for first in stretches[:i]:
            gap = second.numeral.sentence - first.numeral.sentence
            if first.work != second.work or not 0 < gap <= REACH:
                continue
            named_first, named_second = names[first.numeral.sentence], names[second.numeral.sentence]
            if named_first and named_second and not named_first & named_second:
                continue  # two models, or two kinds of devices
            scale = units.SECONDS[first.numeral.unit] / units.SECONDS[second.numeral.unit]
            low, high = first.numeral.low * scale, first.numeral.high * scale
            factor = max(first.days / second.days, second.days / first.days)
            line = f"the {first.work} took {written(first.numeral)}"
            members = (second.numeral, first.numeral)
            if factor <= 1.05:
                yield Relation(kind="lasting", members=members, holds=True, arithmetic=line, factor=1.0)
            elif distance(low, high, second.numeral) > CONTRADICTS:
                yield Relation(
                    kind="date_contradiction",
                    members=members,
                    holds=False,
                    factor=factor,
                    arithmetic=f"{line} by one sentence, {written(second.numeral)} by another",
                    rights=(amount(first.days * DAY, "s"), amount(second.days * DAY, "s")),
                    is_stated=True,
                )


def _stretch(reading: Reading, numeral: Numeral) -> Stretch | None:
    """Return the work that took a duration, if the words before it say that it did."""
    if numeral.kind != "amount" or numeral.unit not in units.DURATIONS or numeral.per or len(numeral.values) != 1:
        return None
    days = numeral.value * units.SECONDS[numeral.unit] / DAY
    sentence = reading.sentence_of(numeral)
    preceding = reading.text[max(reading.sentences[numeral.sentence].start, numeral.start - 30) : numeral.start]
    if not 1 <= days <= 1_000 or not _TOOK.search(preceding):
        return None
    if _OTHER_TIME.search(sentence) or HYPOTHETICAL.search(sentence):
        return None
    works = [work for work, words in _WORKS.items() if words.search(sentence)]
    if not works and numeral.sentence and _AFTER.search(sentence):
        earlier = reading.sentences[numeral.sentence - 1]
        if earlier.paragraph == numeral.paragraph:
            works = [w for w, words in _WORKS.items() if words.search(reading.text[earlier.start : earlier.end])]
    return Stretch(numeral, works[0], days) if len(works) == 1 else None
