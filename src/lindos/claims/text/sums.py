"""Totals against the amounts that they add up, and shares that add up to the whole."""

import re
from collections.abc import Iterator, Sequence

from lindos.claims.text import units
from lindos.claims.text.numeral import Numeral
from lindos.claims.text.read import Reading
from lindos.claims.text.relation import Relation, amount, is_power, off_by, written

#: A total is a sum within the last digits of all, but at least and at most within these shares of it.
LEAST_ERROR, LARGEST_ERROR = 0.001, 0.012
#: A total has the digits of a sum within this factor.
TOLERANCE = 1.006
#: A total beside its terms is wrong beyond this factor.
MISSED = 1.03
#: A sum that is stated as one is wrong beyond this factor.
WRONG = 1.08
#: Shares are those of a whole if their sum lies in this range, and no shares of one above it.
FULL, MOST_SHARES = (0.985, 1.015), 1.03
_MOST_TERMS = 8
_SUM_CUE = re.compile(
    r"(?i:\b(?:zusammen\w*|insgesamt|in summe|summiert|addier\w*|alles in allem|together|combined|in total|totall?\w*|"
    r"altogether|all told|adds? up|sum|in all|gemeinsam|jointly|das sind|macht|between them|gesamt\w*|overall)\b)"
)
_ADDABLE = frozenset({"W", "J", "FLOP/s", "B", "1"}) | units.MONEY
_DIVIDES = re.compile(
    r"(?i:\b(?:rest\w*|remain\w*|übrige\w*|nobody else|no one else|sonst niemand|others?|andere\w*|entf[aä]ll\w*|"
    r"verteil\w*|split|breakdown|shares?|anteil\w*|markt\w*|market|hold\w*|hält|halten|stamm\w*|made up|makes? up|"
    r"accounts? for|accounted|gehör\w*|trägt|tragen|zahl\w*|pays?|comes? from|came from|units|ownership|owns?|"
    r"davon|of "
    r"which|mix)\b)"
)
_CHANGES = re.compile(
    r"(?i:\b(?:stieg\w*|gestiegen|wuchs\w*|legte\w*|plus|minus|mehr als im|rose|grew|up|down|fell|jump\w*|increas\w*|"
    r"gain\w*|climb\w*|wachstum|growth|auslastung|utili[sz]ation|marge\w*|margin\w*|rabatt\w*|discount\w*|zins\w*|"
    r"interest|yield|prozentpunkte)\b)"
)


def sums(reading: Reading, numerals: list[Numeral]) -> Iterator[Relation]:
    """Check totals against the amounts right before or after them.

    Parameters
    ----------
    reading
        The text and its numerals.
    numerals
        Numerals to check.
    """
    for unit in _ADDABLE:
        row = [n for n in numerals if n.kind == "amount" and n.unit == unit and n.value > 0 and not n.per]
        if len(row) < 3:
            continue
        for place, total in enumerate(row):
            if unit == "1" and total.noun != "device" and total.value < 1_000:
                continue
            relation = _sum(reading, total, row, place)
            if relation is not None:
                yield relation


def _sum(reading: Reading, total: Numeral, row: list[Numeral], place: int) -> Relation | None:
    cue = bool(_SUM_CUE.search(reading.sentence_of(total)))
    runs = list(_runs(total, row, place))
    for run in runs:
        in_sentence = all(n.sentence == total.sentence for n in run)
        if (cue or in_sentence or len(run) >= 3) and _adds_up(total, run):
            return Relation(kind="sum", members=(total, *run), holds=True, arithmetic=_line(run), factor=1.0)
    if not cue:
        return None
    for run in runs:
        value = sum(n.value for n in run)
        if len(run) >= 3 and is_power(off_by(value, total), TOLERANCE):
            return _wrong(total, run, value)
    slipped = next((r for r in (_slipped_term(total, run) for run in runs if len(run) <= 4) if r), None)
    if slipped is not None:
        return slipped
    stated = _stated(reading, total, row) or _listed(reading, total, row)
    value = sum(n.value for n in stated)
    if len(stated) >= 2 and not _adds_up(total, stated) and off_by(value, total) > MISSED:
        return _wrong(total, stated, value)
    for run in runs:
        low, high = _ends(run, 0), _ends(run, -1)
        if _is_counted(reading, total, run, row) and (total.low > high * WRONG or total.high * WRONG < low):
            return _wrong(total, run, low if total.qualifier == "min" else (low + high) / 2)
    return None


def _slipped_term(total: Numeral, run: list[Numeral]) -> Relation | None:
    """Report a term that would complete the sum with another magnitude word or decimal mark."""
    for term in run:
        rest = sum(n.value for n in run) - term.value
        needed = total.value - rest
        error = total.value * total.rounding + sum(n.value * n.rounding for n in run if n is not term)
        if needed <= 0 or error > 0.05 * needed or term.value < 10 * needed:
            continue
        factor = off_by(needed, term)
        if is_power(factor, 1.01 + error / needed):
            kind = "billion_billionen" if factor > 300 and term.unit in units.MONEY else "decimal_slip"
            kind = "prefix_1000" if factor > 300 and kind == "decimal_slip" else kind
            line = f"{_line(run)}, not {written(total)}"
            rights = tuple(amount(needed, n.unit) if n is term else "" for n in run)
            members = (total, *run)
            return Relation(
                kind=kind, members=members, holds=False, factor=factor, arithmetic=line, rights=("", *rights)
            )
    return None


def _stated(reading: Reading, total: Numeral, row: list[Numeral]) -> list[Numeral]:
    """Return the amounts of one sentence that it calls a total: "150,000 H100, 50,000 H200, 230,000 in total"."""
    behind = reading.text[total.end : total.end + 22]
    if not _IN_TOTAL.match(behind):
        return []
    terms = [n for n in row if n.sentence == total.sentence and n.start < total.start]
    if len({n.noun for n in terms} | ({total.noun} - {""})) > 1:
        return []
    return terms if all(n.value < total.value for n in terms) else []


def _listed(reading: Reading, total: Numeral, row: list[Numeral]) -> list[Numeral]:
    """Return three amounts or more that a paragraph lists before it says "All told": one total, and nothing else."""
    start = reading.sentences[total.sentence].start
    opening = reading.text[start : start + 24]
    alone = [n for n in row if n.sentence == total.sentence] == [total]
    terms = [n for n in row if n.paragraph == total.paragraph and n.start < total.start]
    if not (_OPENS.match(opening) and alone and len(terms) >= 3 and total.unit != "1"):
        return []
    return terms if all(n.value < total.value for n in terms) and sum(n.value for n in terms) > total.value / 2 else []


_OPENS = re.compile(r"(?i:all told|in total|altogether|together|in all|zusammen|insgesamt|in summe|alles in allem)\b")
_IN_TOTAL = re.compile(
    r"(?:[  ][\w-]+)?[  ](?i:in total|in all|altogether|all told|insgesamt|zusammen|overall|combined)\b"
)


def _adds_up(total: Numeral, run: Sequence[Numeral]) -> bool:
    """Tell whether amounts add up to a total within their last digits."""
    error = sum(n.value * n.rounding for n in (*run, total))
    error = max(min(error, LARGEST_ERROR * total.value), LEAST_ERROR * total.value)
    if min(n.value for n in run) <= error:
        return False  # a term that is lost in the rounding of the total adds nothing to it
    return any(abs(value - v) <= error for value in {_ends(run, 0), _ends(run, -1)} for v in total.values)


def _runs(total: Numeral, row: list[Numeral], place: int) -> Iterator[list[Numeral]]:
    """Yield amounts that a total may add up: those next to it, those of its paragraph, and those of the next."""
    preceding, following = row[max(0, place - _MOST_TERMS) : place], row[place + 1 : place + 1 + _MOST_TERMS]
    neighbours = (
        [n for n in preceding if total.sentence - n.sentence <= 1],
        [n for n in following if n.sentence - total.sentence <= 1],
    )
    for length in range(2, _MOST_TERMS + 1):
        for side in (neighbours[0][-length:], neighbours[1][:length]):
            if len(side) == length:
                yield side
    here = [n for n in row if n.paragraph == total.paragraph]
    groups = [[n for n in here if n.start < total.start], [n for n in here if n.start > total.start]]
    if not groups[1]:
        groups.append([n for n in following if n.paragraph == total.paragraph + 1])
    for group in groups:
        yield from _subsets(group)


def _subsets(group: list[Numeral]) -> Iterator[list[Numeral]]:
    """Yield all amounts of a group, the first of each sentence, and all but one that another is compared with."""
    if not 3 <= len(group) <= _MOST_TERMS:
        return
    yield group
    first: dict[int, Numeral] = {}
    for n in group:
        first.setdefault(n.sentence, n)
    if len(first) >= 3:
        yield list(first.values())
    for left_out in range(len(group)):
        if len(group) > 3:
            yield group[:left_out] + group[left_out + 1 :]


def _ends(run: Sequence[Numeral], end: int) -> float:
    return sum(n.values[end] for n in run)


def _is_counted(reading: Reading, total: Numeral, run: list[Numeral], row: list[Numeral]) -> bool:
    """Tell whether the sentence of a total says how many amounts it adds: "bei diesen drei", "the four of them"."""
    same = [n for n in row if n.paragraph == total.paragraph and n.start < total.start]
    if same != run:
        return False
    counts = [n for n in reading.numerals if n.sentence == total.sentence and n.unit == "1" and n.in_words]
    return any(n.value == len(run) for n in counts)


def _line(run: Sequence[Numeral]) -> str:
    low, high = _ends(run, 0), _ends(run, -1)
    total = amount(low, run[0].unit)
    if high > low * 1.001:
        total = f"{total} to {amount(high, run[0].unit)}"
    return f"{' + '.join(written(n) for n in run)} = {total}"


def _wrong(total: Numeral, run: list[Numeral], value: float) -> Relation:
    factor = off_by(value, total)
    kind = "price_total" if total.unit in units.MONEY else "decimal_slip"
    if is_power(factor) and factor > 300:
        kind = "billion_billionen" if re.search(r"(?i:[bt]rill?ion|billion)", total.text) else "prefix_1000"
    return Relation(
        kind=kind,
        members=(total, *run),
        holds=False,
        factor=factor,
        is_stated=True,
        arithmetic=f"{_line(run)}, not {written(total)}",
        rights=(amount(value, total.unit), *("" for _ in run)),
    )


def full_shares(reading: Reading, numerals: list[Numeral]) -> Iterator[Relation]:
    """Check that shares of one whole add up to it.

    Parameters
    ----------
    reading
        The text and its numerals.
    numerals
        Numerals to check.
    """
    shares = [n for n in numerals if n.kind == "fraction" and n.unit == "fraction" and 0 < n.value < 1]
    last = -1
    for sentence in dict.fromkeys(n.sentence for n in shares):
        if sentence <= last:
            continue
        for width in (1, 2, 3):
            group = [n for n in shares if sentence <= n.sentence < sentence + width]
            if len(group) < 2 or len({n.paragraph for n in group}) != 1:
                continue
            stop = reading.sentences[min(sentence + width, len(reading.sentences)) - 1]
            words = reading.text[reading.sentences[sentence].start : stop.end]
            relation = _full(group, words)
            if relation is not None:
                yield relation
                last = sentence + width - 1
                break


def _full(group: list[Numeral], words: str) -> Relation | None:
    value = sum(n.value for n in group)
    line = f"{' + '.join(written(n) for n in group)} = {amount(value, 'fraction')}"
    if FULL[0] <= value <= FULL[1] and _DIVIDES.search(words):
        return Relation(kind="whole", members=tuple(group), holds=True, arithmetic=line, factor=1.0)
    divided = len(group) >= 3 and _DIVIDES.search(words) and not _CHANGES.search(words)
    closed = _CLOSED.search(words)
    if divided and closed and (MOST_SHARES < value < 2.0 or 0.3 < value < 0.95):
        rights = tuple(amount(right, "fraction") if (right := 1 - value + n.value) > 0 else "" for n in group)
        return Relation(
            kind="share_sum",
            members=tuple(reversed(group)),
            holds=False,
            factor=max(value, 1 / value),
            arithmetic=f"{line}, and not the whole",
            rights=tuple(reversed(rights)),
        )
    return None


#: Words that say that nothing else has a share.
_CLOSED = re.compile(
    r"(?i:\b(?:rest\w*|remain\w*|übrige\w*|nobody else|no one else|sonst niemand|niemand sonst|the others?|"
    r"die anderen|"
    r"alle anderen|everyone else|nothing else|only (?:two|three|four|five)|verteil\w*|split\w*|breakdown|divided|"
    r"teilen sich|aufgeteilt|entf[aä]ll\w*|geht an|go(?:es)? to|teilt sich)\b)"
)
