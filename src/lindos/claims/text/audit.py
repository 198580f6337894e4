"""Audit a text: find all its numerals and judge each of them."""

import datetime
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from lindos.catalog import Catalog
from lindos.claims.read import load
from lindos.claims.schema import Claim
from lindos.claims.text import (
    arithmetic,
    calendar,
    clusters,
    fleets,
    hardware,
    limits,
    machines,
    models,
    places,
    prefixes,
    training,
)
from lindos.claims.text.contexts import Contexts
from lindos.claims.text.evidence import admitted
from lindos.claims.text.fleets import ContextOf
from lindos.claims.text.judge import Judgement, judge
from lindos.claims.text.numeral import Numeral
from lindos.claims.text.read import Reading, read_text
from lindos.claims.text.relation import Relation, is_power
from lindos.claims.text.subjects import Mention, mentions_of
from lindos.claims.text.swaps import Swap, Swaps
from lindos.errors import InputError

#: Largest text and largest number of numerals that are read; an article has about a hundred.
MAX_CHARACTERS = 1_000_000
MAX_NUMERALS = 800
#: Numerals that are compared with each other, and the number of them that the next block repeats.
BLOCK, OVERLAP = 160, 40
#: Longest run of one character, or word, of an article.
LONGEST_RUN = 2_000
_RUN = re.compile(rf"(\W)\1{{{LONGEST_RUN},}}|[\w.,]{{{LONGEST_RUN},}}|(?:\w-){{{LONGEST_RUN},}}")
_DIGIT_RUN = re.compile(r"\d[\d.,]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """A text with its numerals, and the judgement of each."""

    reading: Reading
    mentions: tuple[Mention, ...]
    relations: tuple[Relation, ...]
    judgements: dict[Numeral, Judgement]
    swaps: dict[Numeral, tuple[Swap, ...]]


def audit_text(
    text: str, catalog: Catalog, date: datetime.date, path: str = "FILE", context_of: ContextOf | None = None
) -> Audit:
    """Read a text and check its numbers against physics, the catalogue and each other.

    Parameters
    ----------
    text
        German or English prose.
    catalog
        Facts that the text is checked against.
    date
        Day of the article; later facts are not used.
    path
        Name of the file, for error messages.
    context_of
        Returns power and cost per device; without it only chips are counted.

    Returns
    -------
    Audit
        A judgement for every numeral.

    Raises
    ------
    InputError
        If the text is empty, longer than a million characters, or has more than 1,000 numbers.
    """
    _refuse(text, path)
    reading = read_text(text, catalog, date)
    mentions = mentions_of(reading.text, catalog) if reading.numerals else []
    Contexts(reading, mentions, catalog).fill()
    claims = load(catalog)
    relations = tuple(
        relation
        for block in _blocks(reading)
        for relation in admitted(reading, mentions, _relations(block, mentions, catalog, claims, context_of))
    )
    judgements = judge(reading.numerals, relations)
    wrong = [numeral for numeral, judgement in judgements.items() if judgement.verdict == "wrong"]
    titles = {catalog.site(m.id).title for m in mentions if m.kind == "sites"}
    offered = Swaps(catalog, claims, titles)
    swaps = {n: (*_in_text(n, judgements), *offered.swaps_for(n, _has_slipped(judgements[n]))) for n in wrong}
    return Audit(reading=reading, mentions=tuple(mentions), relations=relations, judgements=judgements, swaps=swaps)


def _has_slipped(judgement: Judgement) -> bool:
    """Tell whether another power of ten explains the number: a like value of a site not named then explains nothing."""
    factor = judgement.relation.factor if judgement.relation is not None else None
    return factor is not None and is_power(factor)


def _in_text(blamed: Numeral, judgements: dict[Numeral, Judgement]) -> Iterator[Swap]:
    """Yield the subject to which the text itself gives the blamed figure elsewhere, where it holds."""
    if blamed.kind != "amount" or blamed.unit in ("1", "s"):
        return
    for numeral, judgement in judgements.items():
        relation = judgement.relation
        fits = numeral.unit == blamed.unit and blamed.value in numeral.values and numeral is not blamed
        if fits and judgement.verdict == "consistent" and relation is not None and relation.subject:
            words = f"the text's own figure of {relation.subject}: {numeral.text} ({relation.arithmetic})"
            yield Swap(reading=words, value=blamed.value, unit=blamed.unit, factor=1.0, sources=relation.sources)
            return


def _relations(
    reading: Reading,
    mentions: list[Mention],
    catalog: Catalog,
    claims: Mapping[str, Claim],
    context_of: ContextOf | None,
) -> Iterator[Relation]:
    """Run all checks on one block of numerals."""
    yield from hardware.relations(reading, mentions, catalog)
    yield from prefixes.relations(reading, mentions, catalog)
    yield from places.relations(reading, mentions, catalog)
    yield from fleets.relations(reading, catalog, context_of)
    yield from fleets.announced(reading, claims)
    yield from clusters.relations(reading, catalog)
    yield from training.relations(reading, catalog)
    yield from models.relations(reading, mentions, catalog)
    yield from machines.relations(reading, mentions, catalog)
    yield from arithmetic.relations(reading)
    yield from calendar.relations(reading)
    yield from limits.relations(reading)


def _blocks(reading: Reading) -> Iterator[Reading]:
    """Divide a long text into overlapping blocks, so that the work grows with its length and not with its square.

    Amounts of zero are left out, since no rate and no share of them can be checked.
    """
    numerals = [numeral for numeral in reading.numerals if numeral.kind != "amount" or numeral.value != 0]
    if len(numerals) <= BLOCK:
        yield replace(reading, numerals=numerals)
        return
    for start in range(0, len(numerals), BLOCK - OVERLAP):
        yield replace(reading, numerals=numerals[start : start + BLOCK])


def _refuse(text: str, path: str) -> None:
    if not text.strip():
        raise InputError(path, text[:20], "a text with at least one sentence")
    if len(text) > MAX_CHARACTERS:
        raise InputError(
            path, f"{len(text):,} characters", f"at most {MAX_CHARACTERS:,} characters", "Audit it in parts."
        )
    if _RUN.search(text):
        raise InputError(path, f"a run of {LONGEST_RUN:,} characters without a word", "prose", "Save the text alone.")
    count = sum(1 for _ in zip(_DIGIT_RUN.finditer(text), range(MAX_NUMERALS + 1), strict=False))
    if count > MAX_NUMERALS:
        raise InputError(
            path, f"more than {MAX_NUMERALS:,} numbers", "prose", "Audit it in parts, or as a claims file."
        )
