"""Multiples against the amounts around them."""

import re
from collections.abc import Iterator

from lindos.claims.text.holders import HYPOTHETICAL
from lindos.claims.text.numeral import Numeral
from lindos.claims.text.pairs import pairs_afar, pairs_near, ratio_of
from lindos.claims.text.read import Reading
from lindos.claims.text.relation import AGREE, DISAGREE, Relation, distance, is_power, late_first, off_by, written
from lindos.units import render

_RISE = re.compile(r"[  ](?:auf|to)[  ]")


def multiples(reading: Reading, numerals: list[Numeral]) -> Iterator[Relation]:
    """Check factors against the amounts around them.

    Parameters
    ----------
    reading
        The text and its numerals.
    numerals
        Numerals to check.
    """
    for factor in numerals:
        if factor.kind != "factor" or not factor.values or any(0 <= n.start - factor.end <= 1 for n in numerals):
            continue  # "72 times 288 gigabytes" multiplies
        pairs = pairs_near(factor, numerals, 2)
        wide = [*pairs, *pairs_afar(factor, numerals)]
        goal = factor if factor.value >= 1 else None
        fitting = next(((a, b) for a, b in pairs if _times_fit(factor, a, b)), None)
        slipped = list(_slipped_multiple(factor, pairs)) if fitting is None and factor.value >= 1 else []
        if slipped:
            yield from slipped
            continue
        fitting = fitting or next(((a, b) for a, b in wide if _times_fit(factor, a, b)), None)
        if fitting is not None:
            small, large = fitting
            line = f"{written(large)} / {written(small)} = {render(ratio_of(small, large)[0], '1')}"
            yield Relation(kind="multiple", members=(factor, *{small, large}), holds=True, arithmetic=line, factor=1.0)
            continue
        if goal is None:
            continue
        yield from _risen(factor, numerals)
        in_sentence = [
            (a, b)
            for a, b in pairs
            if a.sentence == b.sentence == factor.sentence
            and a is not b
            and (a.unit != "1" or a.noun == b.noun == "device")
        ]
        for small, large in in_sentence[:1] if len({id(n) for pair in in_sentence for n in pair}) == 2 else []:
            ratio, low, high = ratio_of(small, large)
            places = sorted((factor, small, large), key=lambda n: n.start)
            stretch = reading.text[places[0].start : places[-1].end]
            if ";" in stretch or HYPOTHETICAL.search(stretch):
                continue  # statements of their own
            if distance(low, high, factor) > DISAGREE and off_by(ratio, factor) > 1.4:
                yield Relation(
                    kind="percent_vs_factor" if not is_power(off_by(ratio, factor)) else "decimal_slip",
                    members=late_first(factor, small, large),
                    holds=False,
                    factor=off_by(ratio, factor),
                    arithmetic=f"{written(large)} / {written(small)} = {render(ratio, '1')}, not {written(factor)}",
                    reading=f"{render(ratio, '1')} times",
                )


def _slipped_multiple(factor: Numeral, pairs: list[tuple[Numeral, Numeral]]) -> Iterator[Relation]:
    """Report a multiple that is a power of ten off the quotient of an amount in its sentence and one just before."""
    sentences = {n.sentence for pair in pairs for n in pair}
    for small, large in pairs:
        ratio, _, _ = ratio_of(small, large)
        reach = 3 if small.unit == "FLOP" else 1
        is_near = factor.sentence in (small.sentence, large.sentence) and abs(small.sentence - large.sentence) <= reach
        before = small.sentence == large.sentence == factor.sentence - 1 and factor.sentence not in sentences
        error = off_by(ratio, factor)
        if before and is_power(error, 1.02 + min(factor.rounding, 0.03)):
            is_near = True
        if is_near and small is not large and small.unit != "1" and is_power(error, 1.06) and factor.value >= 1.5:
            yield Relation(
                kind="decimal_slip",
                members=late_first(small, large, factor),
                holds=False,
                factor=error,
                arithmetic=f"{written(large)} / {written(small)} = {render(ratio, '1')}, not {written(factor)}",
                reading=f"a power of ten: {render(ratio, '1')} times",
            )
            return


def _risen(factor: Numeral, numerals: list[Numeral]) -> Iterator[Relation]:
    """Check a multiple after a rise that is printed as a pair: ``from 12 to 36 billion, and so doubled``."""
    earlier = [n for n in numerals if n.sentence == factor.sentence and n.kind == "amount" and n.start < factor.start]
    if len(earlier) != 1 or len(earlier[0].values) != 2 or not _RISE.search(earlier[0].text):
        return
    ratio = earlier[0].values[1] / earlier[0].values[0]
    if earlier[0].stated_rise and off_by(ratio, factor) > 1.3:
        yield Relation(
            kind="percent_vs_factor",
            members=(factor, earlier[0]),
            holds=False,
            factor=off_by(ratio, factor),
            arithmetic=f"{written(earlier[0])}: a factor of {render(ratio, '1')}, not {written(factor)}",
            reading=f"{render(ratio, '1')} times",
        )


def _times_fit(factor: Numeral, small: Numeral, large: Numeral) -> bool:
    _, low, high = ratio_of(small, large)
    goal = factor.value
    if goal < 1:
        return bool(distance(1 / high, 1 / low, factor) <= AGREE)
    return bool(distance(low, high, factor) <= AGREE)
