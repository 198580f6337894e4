"""Turn relations into verdicts: decide which numeral is wrong if numbers contradict each other."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from lindos.claims.text.numeral import Numeral
from lindos.claims.text.plausible import suspicion
from lindos.claims.text.relation import Relation


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The verdict on one numeral, and the relation that it rests on."""

    verdict: str  # consistent, wrong or unchecked
    relation: Relation | None = None


def judge(numerals: Sequence[Numeral], relations: Sequence[Relation]) -> dict[Numeral, Judgement]:
    """Judge numerals by the fewest wrong ones that explain every contradiction.

    A relation with one member, to a fact of the catalogue or a unit, blames that member. Otherwise the first member
    without other support is blamed; among those, one of unusual size comes first, and then one in several
    contradictions.

    Parameters
    ----------
    numerals
        Numerals of the text.
    relations
        Relations between them.
    """
    supports: dict[Numeral, Relation] = {}
    holding = [relation for relation in relations if relation.holds]
    for relation in holding:
        # The check of a number itself says more about it than one in which it is a factor.
        supports.setdefault(relation.members[0], relation)
    for relation in holding:
        for member in relation.members:
            supports.setdefault(member, relation)
    _support_repeats(numerals, supports)
    wrong: dict[Numeral, Relation] = {}
    for relation in relations:
        if not relation.holds and len(relation.members) == 1:
            wrong.setdefault(relation.members[0], relation)
    contradictions = [r for r in relations if not r.holds and len(r.members) > 1]
    contradictions = [r for r in contradictions if any(m not in supports for m in r.hypothesis or r.blamable)]
    while contradictions := [r for r in contradictions if not set(r.members) & set(wrong)]:
        counts = _weights(contradictions, supports)
        relation = max(contradictions, key=lambda r: max((counts[m] for m in r.blamable), default=0))
        blamed = _blamed(relation, supports, counts)
        wrong[blamed] = relation
    _repeat(numerals, wrong, supports)
    return {numeral: _judgement(numeral, wrong, supports) for numeral in numerals}


_AMOUNT = re.compile(r"\d[\d,]*(?:\.\d+)?")


def _value_in(right: str) -> str:
    """Return the amount of a reading with two digits and its unit, so that two checks that ask for one value agree."""
    match = _AMOUNT.search(right)
    if match is None:
        return ""
    unit = right[match.end() :].split()[:1]
    return f"{float(match.group().replace(',', '')):.2g} {' '.join(unit)}"


def _weights(contradictions: Sequence[Relation], supports: dict[Numeral, Relation]) -> Counter[Numeral]:
    """Count, for each member without support, the contradictions that one other value of it would resolve."""
    pairs = Counter(
        (member, _value_in(relation.right_of(member)) if relation.rights or member is relation.members[0] else "")
        for relation in contradictions
        for member in relation.blamable
        if member not in supports
    )
    weights: Counter[Numeral] = Counter()
    for (member, _), number in pairs.items():
        weights[member] = max(weights[member], number)
    return weights


def _support_repeats(numerals: Sequence[Numeral], supports: dict[Numeral, Relation]) -> None:
    """Let an amount with a unit that the text prints again have the support of its first print."""
    supported = {_printed(n): supports[n] for n in numerals if n in supports and _has_unit(n)}
    for numeral in numerals:
        relation = supported.get(_printed(numeral))
        if relation is not None and _has_unit(numeral):
            supports.setdefault(numeral, relation)


def _printed(numeral: Numeral) -> tuple[object, ...]:
    return numeral.values, numeral.unit, numeral.per.replace("year", "")


def _has_unit(numeral: Numeral) -> bool:
    return numeral.kind == "amount" and numeral.unit not in ("1", "s", "factor")


def _blamed(relation: Relation, supports: dict[Numeral, Relation], counts: Counter[Numeral]) -> Numeral:
    free = [member for member in relation.blamable if member not in supports] or list(relation.blamable)
    most = max((suspicion(member), counts[member]) for member in free)
    return next(member for member in free if (suspicion(member), counts[member]) == most)


def _repeat(numerals: Sequence[Numeral], wrong: dict[Numeral, Relation], supports: dict[Numeral, Relation]) -> None:
    """Mark a wrong amount as wrong wherever the text prints it again."""
    for blamed, relation in list(wrong.items()):
        if not _has_unit(blamed):
            continue
        for numeral in numerals:
            is_repeated = numeral.values == blamed.values and numeral.unit == blamed.unit and numeral.per == blamed.per
            if (
                is_repeated
                and numeral.claim
                and numeral not in wrong
                and numeral not in supports
                and (numeral.subject == blamed.subject or ("", "") in (numeral.subject, blamed.subject))
                and "denied" not in numeral.marks
                and numeral.device == blamed.device
            ):
                wrong[numeral] = relation


def _judgement(numeral: Numeral, wrong: dict[Numeral, Relation], supports: dict[Numeral, Relation]) -> Judgement:
    if numeral in wrong:
        return Judgement(verdict="wrong", relation=wrong[numeral])
    if numeral in supports and not set(supports[numeral].members) & set(wrong):
        return Judgement(verdict="consistent", relation=supports[numeral])
    return Judgement(verdict="unchecked")
