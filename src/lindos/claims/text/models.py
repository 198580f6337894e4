"""Checks of the parameters and training tokens of a model against the catalogue."""

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


def sizes(catalog: Catalog, noun: str) -> list[Size]:
    """Return the published tokens or parameters of every model.

    Parameters
    ----------
    catalog
        Source of the models.
    noun
        ``"token"`` or ``"parameter"``.
    """
    result = []
    for id in catalog.names("models"):
        model = catalog.published_model(id)
        fact = model.training_tokens if noun == "token" else model.published_params
        if fact is not None and fact.is_known:
            result.append(Size(id, model.title, float(fact.value), fact.sources))
    return result


def _size(
    reading: Reading, numeral: Numeral, mentions: list[Mention], table: list[Size], named: set[str]
) -> Iterator[Relation]:
    subject = _subject(reading, numeral, mentions)
    for size in table:
        is_named = size.model == subject if subject else size.model in named
        if is_named and distance(size.value, size.value, numeral) <= 1.03:
            line = f"{size.title}: {amount(size.value, '1')} {numeral.noun}s"
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
        yield from _wrong_size(numeral, size_of_subject, table, named)


def _subject(reading: Reading, numeral: Numeral, mentions: list[Mention]) -> str:
    """Return the model that the sentence names last before the numeral."""
    sentence = reading.sentences[numeral.sentence]
    preceding = [m for m in mentions if m.kind == "models" and sentence.start <= m.start < numeral.start]
    return preceding[-1].id if preceding else ""


def _wrong_size(numeral: Numeral, size: Size, table: list[Size], named: set[str]) -> Iterator[Relation]:
    """Report the size of another model, or one that slipped."""
    factor = off_by(size.value, numeral)
    rivals = [s for s in table if s.model != size.model and off_by(s.value, numeral) <= 1.01]
    rivals.sort(key=lambda s: s.model not in named)
    rival = next((s for s in rivals if s.model in named or numeral.rounding < 0.01), None)
    if not (rival and factor > 1.04) and not is_power(factor, 1.03):
        return
    kind = "wrong_subject" if rival else "prefix_1000" if factor > 300 else "decimal_slip"
    yield Relation(
        kind=kind,
        members=(numeral,),
        holds=False,
        factor=factor,
        subject=size.title,
        arithmetic=f"{size.title}: {amount(size.value, '1')} {numeral.noun}s, not {written(numeral)}",
        reading=f"that of {rival.title}" if rival else amount(size.value, "1"),
        sources=size.sources,
    )
