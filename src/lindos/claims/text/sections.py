"""An audited text as an answer: the text with its marks, wrong numbers, and every number with its arithmetic."""

import datetime
import re
from collections.abc import Sequence
from typing import Any

from lindos.catalog import Catalog
from lindos.claims.text.audit import Audit, audit_text
from lindos.claims.text.fleets import ContextOf
from lindos.claims.text.judge import Judgement
from lindos.claims.text.numeral import Numeral
from lindos.claims.text.promises import Promise, promises
from lindos.claims.text.relation import written
from lindos.claims.text.swaps import Swap
from lindos.elements import Cell, Mark, Number, Passage, Section, Table

#: Name of each kind of error for a reader.
KINDS = {
    "billion_billionen": "billion read as Billion: a thousandfold",
    "prefix_1000": "a prefix off by a thousand",
    "precision_mixup": "another precision",
    "dies_as_packages": "dies counted as GPUs",
    "power_vs_energy": "power and energy mixed up",
    "power_per_gpu": "power for each device does not fit",
    "wrong_subject": "the figure of another subject",
    "price_total": "a total or a price that does not fit",
    "date_contradiction": "dates that contradict each other",
    "percent_vs_factor": "percentage and factor mixed up",
    "decimal_slip": "a decimal mark that slipped",
    "top500_precision": "an AI rate over an FP64 result",
    "mfu_over_100": "more work than the devices can do",
    "schedule": "late",
    "direction": "a rise that is a fall, or a fall that is a rise",
    "share_sum": "shares that do not add up to the whole",
}


#: How tables name a verdict.
_VERDICTS = {"consistent": "holds", "wrong": "does not hold", "unchecked": "not checked"}


def sections(
    text: str, catalog: Catalog, date: datetime.date, path: str, context_of: ContextOf | None = None
) -> tuple[tuple[Section, ...], dict[str, Any], list[str]]:
    """Audit a text and show the result.

    Parameters
    ----------
    text
        German or English prose.
    catalog
        Facts that the text is checked against.
    date
        Day of the article.
    path
        Name of the file, for messages.
    context_of
        Returns power and cost per device; without it only chips are counted.

    Returns
    -------
    tuple
        Sections, further parts of the document, and ids of the sources.
    """
    audit = audit_text(text, catalog, date, path, context_of)
    wrong = [(n, j) for n, j in audit.judgements.items() if j.verdict == "wrong"]
    document = {
        "language": audit.reading.language,
        "date": audit.reading.date.isoformat(),
        "numerals": [_numeral(n, j, audit, catalog) for n, j in audit.judgements.items() if n.kind != "unread"],
        "not_understood": [{"text": n.text, "start": n.start} for n in audit.judgements if n.kind == "unread"],
    }
    promised = list(promises(audit.reading, catalog))
    document["promises"] = [_promise(promise) for promise in promised]
    sources = [s for n, j in audit.judgements.items() if j.relation for s in _sources(j, audit.swaps.get(n, ()))]
    sources += [source for p in promised for source in p.sources]
    first = Section(
        name="text",
        title="The text, with its numbers marked",
        summary=_summary(audit),
        passages=(_passage(audit),),
        tables=(
            *((_wrong(wrong, audit, catalog),) if wrong else ()),
            *((_promised(promised, catalog),) if promised else ()),
            _checked(audit, catalog),
        ),
    )
    return (first,), document, list(dict.fromkeys(sources))


def _promise(promise: Promise) -> dict[str, Any]:
    """Make the entry of one promise in the document."""
    return {
        "text": promise.numeral.text,
        "start": promise.numeral.start,
        "by": promise.deadline.isoformat(),
        "outcome": promise.outcome,
        "evidence": promise.evidence,
        "sources": list(promise.sources),
    }


def _cited(sources: Sequence[str], catalog: Catalog) -> str:
    """Name who published the sources: ``Epoch AI; Tom's Hardware``."""
    publishers = (re.split(r": |, | \(", catalog.source(source).title)[0] for source in sources)
    return "; ".join(dict.fromkeys(publishers))


def _sources(judgement: Judgement, swaps: Sequence[Swap]) -> tuple[str, ...]:
    relation = judgement.relation
    return (*(relation.sources if relation else ()), *(source for swap in swaps for source in swap.sources))


def _numeral(numeral: Numeral, judgement: Judgement, audit: Audit, catalog: Catalog) -> dict[str, Any]:
    """Make the entry of one numeral in the document, in SI."""
    relation = judgement.relation
    swaps = audit.swaps.get(numeral, ())
    value: Any = numeral.date or None
    if numeral.values:
        value = list(numeral.values) if len(numeral.values) > 1 else numeral.values[0]
    return {
        "text": numeral.text,
        "start": numeral.start,
        "value": value,
        "unit": _unit(numeral),
        "subject": _subject(numeral, judgement, catalog),
        "verdict": judgement.verdict,
        "factor": relation.factor if relation and judgement.verdict == "wrong" else None,
        "reading": _reading(numeral, judgement, swaps) if judgement.verdict == "wrong" else "",
        "kind": relation.kind if relation and judgement.verdict == "wrong" else numeral.kind,
        "arithmetic": relation.arithmetic if relation else "",
        "sources": list(relation.sources) if relation else [],
        "swaps": [{"reading": s.reading, "value": s.value, "unit": s.unit, "factor": s.factor} for s in swaps],
    }


def _unit(numeral: Numeral) -> str:
    if numeral.kind in ("name", "term", "time", "phone", "link"):
        return numeral.kind
    return f"{numeral.unit}/{numeral.per}" if numeral.per else numeral.unit


def _subject(numeral: Numeral, judgement: Judgement, catalog: Catalog) -> str:
    if judgement.relation and judgement.relation.subject:
        return judgement.relation.subject
    kind, id = numeral.subject
    if kind == "sites":
        return catalog.site(id).title
    if numeral.device in catalog.names("accelerators"):
        return catalog.accelerator(numeral.device).title
    if kind == "models":
        return catalog.model(id).title
    return catalog.supercomputers[id].title if kind == "supercomputers" and id in catalog.supercomputers else ""


def _reading(numeral: Numeral, judgement: Judgement, swaps: Sequence[Swap]) -> str:
    relation = judgement.relation
    right = relation.right_of(numeral) if relation else ""
    readings = [right] if right else []
    readings += [f"{swap.reading}" for swap in swaps]
    return "; or ".join(readings)


def _summary(audit: Audit) -> str:
    counts = {
        verdict: sum(j.verdict == verdict for j in audit.judgements.values()) for verdict in ("consistent", "wrong")
    }
    claims = sum(n.claim and n.kind not in ("name", "term", "unread") for n in audit.judgements)
    unread = sum(n.kind == "unread" for n in audit.judgements)
    language = {"de": "German", "en": "English"}[audit.reading.language]
    rest = claims - counts["consistent"] - counts["wrong"]
    tail = f" {unread} could not be read." if unread else ""
    return (
        f"{len(audit.judgements)} numerals in a {language} text of {audit.reading.date}, {claims} of them statements: "
        f"do not hold: {counts['wrong']}, hold: {counts['consistent']}, not checked: {rest}.{tail}"
    )


def _passage(audit: Audit) -> Passage:
    marks = []
    for numeral, judgement in audit.judgements.items():
        if numeral.kind in ("name", "term", "link", "phone", "time", "pixels") or not numeral.claim:
            continue
        relation = judgement.relation
        note = relation.arithmetic if relation else ""
        if judgement.verdict == "wrong":
            note = f"{note}. {_reading(numeral, judgement, audit.swaps.get(numeral, ()))}".strip(". ")
        verdict = "unread" if numeral.kind == "unread" else judgement.verdict
        marks.append(Mark(start=numeral.start, end=numeral.end, verdict=verdict, note=note))
    return Passage(name="text.marked", text=audit.reading.printed, marks=tuple(marks))


def _wrong(wrong: Sequence[tuple[Numeral, Judgement]], audit: Audit, catalog: Catalog) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for numeral, judgement in wrong:
        relation = judgement.relation
        if relation is None:
            continue
        swaps = audit.swaps.get(numeral, ())
        factor = relation.factor
        error: Cell = Number(value=factor, unit="1", suffix="x") if factor and factor > 1.005 else ""
        rows.append(
            (
                numeral.text,
                KINDS.get(relation.kind, relation.kind),
                error,
                relation.arithmetic,
                _reading(numeral, judgement, swaps),
                _cited(_sources(judgement, swaps), catalog),
            )
        )
    return Table(
        name="text.wrong",
        key=True,
        title="What does not hold",
        columns=("printed", "what is wrong", "off by", "arithmetic", "what would hold", "source"),
        units=("", "", "1", "", "", ""),
        rows=tuple(rows),
    )


def _promised(promised: Sequence[Promise], catalog: Catalog) -> Table:
    return Table(
        name="text.promises",
        title="What was promised, and what came",
        columns=("printed", "of what", "by", "outcome", "evidence"),
        units=("", "", "", "", ""),
        rows=tuple(
            (p.numeral.text, p.subject, p.deadline.isoformat(), p.outcome, _evidence(p, catalog)) for p in promised
        ),
        note="Observations after the day of the text count here; a promise that was broken is no error of the text.",
    )


def _evidence(promise: Promise, catalog: Catalog) -> str:
    return f"{promise.evidence} ({_cited(promise.sources, catalog)})" if promise.sources else promise.evidence


def _checked(audit: Audit, catalog: Catalog) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for numeral, judgement in audit.judgements.items():
        if numeral.kind in ("name", "term", "link", "phone", "time", "pixels") or not numeral.claim:
            continue
        rows.append(
            (
                numeral.text,
                written(numeral) if numeral.values else numeral.date or "",
                _subject(numeral, judgement, catalog),
                _VERDICTS[judgement.verdict] if numeral.kind != "unread" else "not understood",
                judgement.relation.arithmetic if judgement.relation else "",
                _cited(judgement.relation.sources, catalog) if judgement.relation else "",
            )
        )
    return Table(
        name="text.numerals",
        title="Every statement in numbers",
        columns=("printed", "read as", "of what", "verdict", "arithmetic", "source"),
        units=("", "", "", "", "", ""),
        rows=tuple(rows),
        note="Not checked is not wrong: nothing in the text or the catalogue says how large it would have to be.",
    )
