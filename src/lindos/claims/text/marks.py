"""Marks of a numeral: its precision and sparsity, whether it is denied, whether it counts equivalents."""

import re

from lindos.claims.text import context_words as patterns
from lindos.claims.text.hardware import SPARSE_BESIDE
from lindos.claims.text.numeral import Numeral
from lindos.claims.text.read import Reading


def marks_of(reading: Reading, numeral: Numeral, preceding: str, following: str) -> frozenset[str]:
    """Return what the words near a numeral say of it: precision, sparsity, a denial, an equivalent.

    Parameters
    ----------
    reading
        The text and its numerals.
    numeral
        The numeral.
    preceding
        Words of its sentence before it.
    following
        Words of its sentence behind it.
    """
    marks = set()
    sentence = reading.sentences[numeral.sentence]
    words = reading.text[sentence.start : sentence.end]
    offset = numeral.start - sentence.start
    end = offset + len(numeral.text)
    precisions = sorted((_gap(words, offset, end, m), m.lastgroup or "") for m in patterns.PRECISION.finditer(words))
    if precisions:
        marks.add(f"precision:{precisions[0][1]}")
    for name, pattern in (("sparse", patterns.SPARSE), ("dense", patterns.DENSE)):
        if pattern.search(words):
            marks.add(name)
    if numeral.unit == "FLOP/s" and _is_sparse_beside(reading, numeral):
        marks.add(SPARSE_BESIDE)
    index = numeral.sentence
    nearby = reading.sentences[index + 1] if index + 1 < len(reading.sentences) else None
    if (
        patterns.DENIED.search(words)
        or patterns.NEGATION.search(preceding)
        or (
            nearby
            and nearby.paragraph == numeral.paragraph
            and patterns.NEXT_DENIES.search(reading.text[nearby.start : nearby.end])
        )
    ):
        marks.add("denied")
    if numeral.noun == "device" and (
        patterns.EQUIVALENT.search(re.split(r"[,;.](?=\s)", preceding[-90:])[-1])
        or patterns.EQUIVALENT.search(following[:45])
    ):
        marks.add("equivalent")
    return frozenset(marks)


def _is_sparse_beside(reading: Reading, numeral: Numeral) -> bool:
    """Tell whether the words of the clause beside a rate say that it is one with sparsity."""
    sentence = reading.sentences[numeral.sentence]
    ahead = re.split(patterns.CLAUSE_MARK, reading.text[sentence.start : numeral.start])[-1]
    behind = re.split(patterns.CLAUSE_MARK, reading.text[numeral.end : sentence.end])[0]
    is_other = any(n.unit == "FLOP/s" and numeral.end <= n.start < numeral.end + 40 for n in reading.numerals)
    if is_other or patterns.DENSE.search(ahead) or patterns.DENSE.search(behind):
        return False
    return patterns.SPARSE_WORD.search(behind[:40]) is not None


def _gap(words: str, start: int, end: int, match: re.Match[str]) -> float:
    """Measure how far a word is from a numeral, in characters; each end of a clause between them adds more."""
    if match.start() >= end:
        gap, extra = words[end : match.start()], 0
    else:
        gap, extra = words[match.end() : start], 6
    return len(gap) + extra + 40 * len(re.findall(r"[;:](?=\s)|,(?=\s)", gap))
