"""Judge a claim: each check is computed from the catalogue, and names the sources that it read."""

import math
from collections.abc import Callable
from typing import Any

from lindos.catalog.facts import Fact, ledger
from lindos.claims import amounts, times
from lindos.claims.context import Context
from lindos.claims.schema import Check, Claim, GrowthCheck, ScheduleCheck
from lindos.claims.verdict import Finding, Verdict
from lindos.errors import UnknownValueError

_CHECKS: dict[str, Callable[[Any, Context], Finding]] = {
    "compute": amounts.compute,
    "power": amounts.power,
    "money": amounts.money,
    "equivalents": amounts.equivalents,
    "ratio": amounts.ratio,
    "share": amounts.share,
    "growth": times.growth,
    "per-device": times.per_device,
    "efficiency": times.efficiency,
    "schedule": times.schedule,
    "first": times.first,
    "not-checkable": amounts.missing,
}


_OVERFLOW = "its numbers lie beyond what can be computed"


def check(claim: Claim, context: Context) -> Verdict:
    """Judge a claim by the physics of the catalogue, and by power and cost per device.

    A check that needs an unpublished value is "not checkable" and names that value; it never raises.

    Parameters
    ----------
    claim
        The statement with its checks.
    context
        The catalogue, and power and cost per device.
    """
    return Verdict(
        claim=claim.id,
        statement=claim.statement,
        speaker=claim.speaker,
        outlet=claim.outlet or "",
        date=claim.date or "",
        findings=tuple(_finding(part, context) for part in claim.checks),
        sources=tuple(claim.source),
        note=claim.note or "",
    )


def _finding(part: Check, context: Context) -> Finding:
    with ledger() as touched:
        try:
            finding = _CHECKS[part.kind](part, context)
        except UnknownValueError as error:
            finding = amounts.uncheckable(part, str(error))
        except (OverflowError, ZeroDivisionError):
            finding = amounts.uncheckable(part, _OVERFLOW)
    if any(number is not None and not math.isfinite(number) for number in (finding.low, finding.high, finding.factor)):
        finding = amounts.uncheckable(part, _OVERFLOW)
    notes = (finding.note, part.note or "")
    return Finding(
        question=finding.question,
        reading=part.reading or "",
        stated_by=part.stated_by or "",
        unit=finding.unit,
        claimed=finding.claimed,
        computed=finding.computed,
        low=finding.low,
        high=finding.high,
        factor=finding.factor,
        ruling=finding.ruling,
        arithmetic=finding.arithmetic,
        note="; ".join(note for note in notes if note),
        sources=_sources(part, touched.values()),
    )


def _sources(part: Check, facts: Any) -> tuple[str, ...]:
    """Return the sources of the check itself, then of every fact it read, each once and in order."""
    sources = list(part.source)
    if isinstance(part, ScheduleCheck):
        sources += [source for seen in part.observed for source in seen.source]
    if isinstance(part, GrowthCheck):
        sources += part.start.source
    sources += [source for rival in getattr(part, "others", ()) for source in rival.source]
    sources += [source for fact in facts for source in fact.sources if isinstance(fact, Fact)]
    return tuple(dict.fromkeys(sources))
