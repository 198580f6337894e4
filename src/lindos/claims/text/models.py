"""Checks of the parameters and training tokens of a model against the catalogue."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from lindos.catalog import Catalog
from lindos.claims.text.numeral import Numeral
from lindos.claims.text.read import Reading
from lindos.claims.text.relation import Relation, amount, distance, is_power, off_by, written
from lindos.claims.text.subjects import Mention


class Size(NamedTuple):
    """A published size of a model."""

    model: str
    title: str
    value: float
    sources: tuple[str, ...]


def relations(reading: Reading, mentions: list[Mention], catalog: Catalog) -> Iterator[Relation]:
    """Yield relations between the text's sizes of models and the catalogue's.

    Parameters
    ----------
    reading
        The text and its numerals.
    mentions
        Names in the text.
    catalog
        Source of the models.
    """
    named = {m.id for m in mentions if m.kind == "models"}
    if not named:
        return
    tables = {noun: sizes(catalog, noun) for noun in ("token", "parameter")}
    for numeral in reading.numerals:
        usable = numeral.claim and numeral.kind == "amount" and numeral.unit == "1" and "denied" not in numeral.marks
        if usable and numeral.noun in tables and numeral.value >= 1e8:
            yield from _size(reading, numeral, mentions, tables[numeral.noun], named)
        elif numeral.unit == "FLOP" and numeral.kind == "amount" and numeral.claim and "denied" not in numeral.marks:
            yield from _size(reading, numeral, mentions, sizes(catalog, "operation"), named)


def sizes(catalog: Catalog, noun: str) -> list[Size]:
    """Return the published tokens or parameters of every model.

    Parameters
    ----------
    catalog
        Source of the models.
    noun
        ``"token"``, ``"parameter"`` or ``"operation"``, which is of the training.
    """
    result = []
    for id in catalog.names("models"):
        model = catalog.published_model(id)
        fact = {"token": model.training_tokens, "operation": model.training_flop}.get(noun, model.published_params)
        if fact is not None and fact.is_known:
            result.append(Size(id, model.title, float(fact.value), fact.sources))
    return result


def _size(
    reading: Reading, numeral: Numeral, mentions: list[Mention], table: list[Size], named: set[str]
) -> Iterator[Relation]:
    subject = _subject(reading, numeral, mentions)
    if numeral.unit == "FLOP" and not subject:
        return
    for size in table:
        is_named = size.model == subject if subject and numeral.unit == "1" else size.model in named
        if is_named and distance(size.value, size.value, numeral) <= 1.03:
            line = _line(size, numeral)
            yield Relation(
                kind="model",
                members=(numeral,),
                holds=True,
                arithmetic=line,
                factor=1.0,
                subject=size.title,
                sources=size.sources,
            )
            return
    size_of_subject = next((size for size in table if size.model == subject), None)
    if size_of_subject is not None:
        yield from _wrong_size(reading, numeral, size_of_subject, table, named)


def _subject(reading: Reading, numeral: Numeral, mentions: list[Mention]) -> str:
    """Return the model that the sentence names last before the numeral; for operations, that of the paragraph."""
    start = reading.sentences[numeral.sentence].start
    if numeral.unit == "FLOP":
        start = next(s.start for s in reading.sentences if s.paragraph == numeral.paragraph)
    preceding = [m for m in mentions if m.kind == "models" and start <= m.start < numeral.start]
    return preceding[-1].id if preceding else ""


#: Tokens that a text gives to the training of a model are wrong beyond this factor.
MISSTATED = 1.5
_TRAINED = re.compile(
    r"(?i:train\w*|gesehen|gelesen|gelernt|seen|saw|read|learned|fed|gefüttert|corpus|korpus|datensatz)"
)


def _wrong_size(
    reading: Reading, numeral: Numeral, size: Size, table: list[Size], named: set[str]
) -> Iterator[Relation]:
    """Report the size of another model, or one that slipped."""
    factor = off_by(size.value, numeral)
    rivals = [s for s in table if s.model != size.model and off_by(s.value, numeral) <= 1.01]
    rivals.sort(key=lambda s: s.model not in named)
    rival = next((s for s in rivals if s.model in named or numeral.rounding < 0.01), None)
    tolerance = 1.12 if numeral.unit == "FLOP" else 1.03
    trained = numeral.noun == "token" and bool(_TRAINED.search(reading.sentence_of(numeral)))
    far = trained and factor > MISSTATED and not numeral.per
    if not (rival and factor > 1.04) and not is_power(factor, tolerance) and not far:
        return
    rival = rival or (rivals[0] if rivals and far else None)
    kind = "wrong_subject" if rival else "prefix_1000" if factor > 300 else "decimal_slip"
    yield Relation(
        kind=kind,
        members=(numeral,),
        holds=False,
        factor=factor,
        subject=size.title,
        arithmetic=f"{_line(size, numeral)}, not {written(numeral)}",
        reading=f"that of {rival.title}" if rival else amount(size.value, numeral.unit),
        sources=size.sources,
    )


def _line(size: Size, numeral: Numeral) -> str:
    """Write a published size: tokens, parameters, or operations of the training."""
    unit = "for the training" if numeral.unit == "FLOP" else f"{numeral.noun}s"
    return f"{size.title}: {amount(size.value, numeral.unit)} {unit}"
