"""What a contradiction needs before it becomes a verdict: a strong tie, a size beyond the words, a kind of error."""

import re
from collections.abc import Iterable, Iterator, Sequence

from lindos.claims.text.cues import RESULT, UTILISED
from lindos.claims.text.holders import HYPOTHETICAL, Tie, clause_of, holder_tie
from lindos.claims.text.numeral import Numeral
from lindos.claims.text.read import Reading
from lindos.claims.text.relation import Relation, is_power
from lindos.claims.text.subjects import Mention

#: Kinds of things whose figures are facts of the catalogue, and that a text names as subjects.
_SUBJECTS = {"sites": ("sites",), "supercomputers": ("supercomputers", "sites")}
#: Kinds of relations that rest on words alone.
_WORDED = frozenset({"power_vs_energy", "top500_precision", "date_contradiction", "direction", "share_sum"})
#: Kinds of error in what was multiplied.
_COMPUTED = frozenset({"price_total", "decimal_slip", "prefix_1000", "billion_billionen"})
#: Kinds that rest on words of their own.
_OF_OWN_TIE = frozenset({"percent_vs_factor", "mfu_over_100", "dies_as_packages", "precision_mixup"})
#: Most that rounding and hedges together leave open, and sentences of numbers that stand side by side.
MOST_OPEN, ADJACENT = 0.08, 1
#: A slip of a decimal mark leaves the digits within this factor.
MOST_DECIMAL = 1.045
#: A slip by ten or a hundred needs numbers whose rounding together stays below this share.
MOST_ROUNDING = 0.045
#: A factor of error from which a slip is one of a magnitude word or a prefix.
THOUSANDFOLD = 300.0
#: What a number of one device, rack or node is held against.
_PARTS = {
    "device": ("accelerators", "family"),
    "rack": ("systems", "accelerators"),
    "node": ("systems", "accelerators"),
}
#: Sentences before a number in which its product may be named.
NAMED_BEFORE = 2
#: Characters between the name of a product and a number that has slipped from its own.
FARTHEST_NAME = 700
#: A number has the very digits of a fact, a power of ten away, within this factor.
EXACT = 1.006
_ARTICLE = re.compile(r"(?i:^(?:an?|one|eine?[nrms]?)[  ])")


def admitted(reading: Reading, mentions: Sequence[Mention], relations: Iterable[Relation]) -> Iterator[Relation]:
    """Yield the relations that agree, and those contradictions whose evidence bears a verdict.

    Parameters
    ----------
    reading
        The text and its numerals.
    mentions
        Names in the text, in order.
    relations
        What the checks say.
    """
    listed = list(relations)
    holding = [set(relation.members) for relation in listed if relation.holds and len(relation.members) > 2]
    rates = [relation.members for relation in listed if relation.holds and relation.kind == "rate"]
    for relation in listed:
        if relation.kind == "power_vs_energy" and any(relation.members[0] in pair for pair in rates):
            continue  # gigawatts a week, and those of a year
        if relation.holds or (_refutes(reading, mentions, relation) and not _is_explained(relation, holding)):
            yield relation


def _is_explained(relation: Relation, holding: Sequence[set[Numeral]]) -> bool:
    """Tell whether the factors of a contradiction have their product right behind them, and it stands ahead of them."""
    members = set(relation.members)
    if len(members) < 3 or relation.kind not in _COMPUTED:
        return False
    for rivals in holding:
        wrong, right = list(members - rivals), list(rivals - members)
        if len(wrong) != 1 or len(right) != 1 or (wrong[0].unit, wrong[0].per) != (right[0].unit, right[0].per):
            continue
        last = max(members & rivals, key=lambda n: n.start)
        places = {n.sentence for n in members & rivals}
        if right[0].sentence in places and wrong[0].sentence not in places:
            return True
        if wrong[0].start < last.start < right[0].start and right[0].sentence - last.sentence <= 1:
            return True
    return False


def _refutes(reading: Reading, mentions: Sequence[Mention], relation: Relation) -> bool:
    """Tell whether a contradiction is evidence against one of its members."""
    if relation.kind in _WORDED:
        return True
    if len(relation.members) == 1:
        return _refuted_by_fact(reading, mentions, relation, relation.members[0])
    return _refuted_by_numbers(reading, relation)


def _refuted_by_fact(reading: Reading, mentions: Sequence[Mention], relation: Relation, numeral: Numeral) -> bool:
    """Tell whether a fact of the catalogue refutes a number: its subject has to be the holder of the number."""
    if _ARTICLE.match(numeral.text) and numeral.value == 10 ** round(_digits(numeral)):
        return False  # "a gigawatt" is a measure and not a figure
    if numeral.per in _PARTS and not _is_named_near(reading, mentions, numeral):
        return _is_slip(relation.factor) and _is_last_product(mentions, numeral)
    factor = relation.factor or 1.0
    if numeral.per in _PARTS and factor >= THOUSANDFOLD and not is_power(factor):
        return False  # no slip makes a device's amount of that of a whole site
    if numeral.unit == "FLOP/s" and numeral.per and UTILISED.search(clause_of(reading, numeral)):
        return False  # a rate that was measured
    kind, id = numeral.subject
    about_subject = kind in _SUBJECTS and not numeral.per
    if not about_subject:
        return True
    tie = holder_tie(reading, mentions, numeral, _SUBJECTS[kind], id)
    if HYPOTHETICAL.search(clause_of(reading, numeral)) and tie < Tie.STRONG:
        return False
    if tie is Tie.STRONG:
        return True
    if tie is Tie.FAIR:
        is_choice = len({m.id for m in mentions if m.kind == kind}) > 1
        return numeral.rounding <= MOST_ROUNDING and (
            is_choice or relation.kind != "wrong_subject" or numeral.rounding <= EXACT - 1
        )
    return (
        (relation.factor or 1.0) >= THOUSANDFOLD
        and is_power(relation.factor or 1.0, EXACT)
        and numeral.rounding <= EXACT - 1
    )


def _is_named_near(reading: Reading, mentions: Sequence[Mention], numeral: Numeral) -> bool:
    """Tell whether the product that a number is held against is named in its sentence, or in one just before."""
    kinds = _PARTS[numeral.per]
    first = reading.sentences[max(0, numeral.sentence - NAMED_BEFORE)].start
    end = reading.sentences[numeral.sentence].end
    paragraph = next(s.start for s in reading.sentences if s.paragraph == numeral.paragraph)
    return any(m.kind in kinds and max(first, paragraph) <= m.start < end for m in mentions)


def _is_slip(factor: float | None) -> bool:
    """Tell whether a factor of error is a power of ten, or that of the dies of a package."""
    return factor is not None and (is_power(factor) or factor in (2.0, 4.0))


def _is_last_product(mentions: Sequence[Mention], numeral: Numeral) -> bool:
    """Tell whether the text has named the product of a number last of its kind, not long before."""
    kinds = _PARTS[numeral.per]
    earlier = [m for m in mentions if m.kind in kinds and 0 <= numeral.start - m.end <= FARTHEST_NAME]
    return bool(earlier) and (numeral.per != "device" or earlier[-1].id == numeral.device)


def _digits(numeral: Numeral) -> float:
    return 0.0 if numeral.value <= 0 else len(f"{int(numeral.value)}") - 1.0


def _refuted_by_numbers(reading: Reading, relation: Relation) -> bool:
    """Tell whether the other numbers of the text refute one of them, beyond what their rounding explains.

    A slip of a word or a prefix may lie some sentences apart; one of a mark needs a result that the text computes; any
    other factor of error needs the numbers side by side.
    """
    factor = relation.factor
    if not (factor and is_power(factor, 1.02)) and any(
        _is_passed_over(reading, relation, member) for member in relation.members[1:]
    ):
        return False
    if factor is None or relation.is_stated or relation.kind in _OF_OWN_TIE:
        return True
    slack = 1.02 + min(sum(_uncertainty(n) for n in relation.members), MOST_OPEN)
    places = [n.sentence for n in relation.members]
    span = max(places) - min(places)
    if factor >= THOUSANDFOLD:
        return is_power(factor, slack)
    if is_power(factor, min(slack, MOST_DECIMAL)):
        return span == 0 or is_power(factor, 1.02) or any(_is_result(reading, n) for n in relation.members)
    return span <= ADJACENT and any(_is_result(reading, n) for n in relation.members)


def _is_result(reading: Reading, numeral: Numeral) -> bool:
    """Tell whether the words before a number, or right behind it, make it the result of a calculation."""
    start = max(reading.sentences[numeral.sentence].start, numeral.start - 60)
    preceding, following = reading.text[start : numeral.start], reading.text[numeral.end : numeral.end + 24]
    return bool(RESULT.search(preceding) or RESULT.search(following))


def _is_passed_over(reading: Reading, relation: Relation, member: Numeral) -> bool:
    """Tell whether a number of the same kind lies nearer to the blamed one than a member that it is computed from."""
    blamed = relation.members[0]
    if member.kind != "amount" or member.unit != "1" or member.noun not in ("device", "rack", "node"):
        return False
    low, high = sorted((blamed.start, member.start))
    return any(
        low < n.start < high
        and n not in relation.members
        and (n.kind, n.unit, n.noun, n.per) == (member.kind, member.unit, member.noun, member.per)
        for n in reading.numerals
    )


def _uncertainty(numeral: Numeral) -> float:
    """Return how far the printed words leave a number open, as a share of it."""
    if numeral.unit == "1" and numeral.in_words:
        return 0.0
    return min(numeral.rounding, 0.1) + (0.05 if numeral.qualifier else 0.0)
