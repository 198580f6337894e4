"""Checks of plans counted in devices, by the code that also checks claims files."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lindos.catalog import Catalog
from lindos.claims.check import check
from lindos.claims.context import Context
from lindos.claims.schema import Claim
from lindos.claims.text.numeral import Numeral
from lindos.claims.text.read import Reading
from lindos.claims.text.relation import Relation, off_by
from lindos.claims.verdict import Finding, Ruling

#: Returns the power and cost per device of a study, for the ids of accelerators.
ContextOf = Callable[[tuple[str, ...]], Context]
_REFERS = re.compile(
    r"(?i:\b(?:diese[srnm]?|das|dies|die geplante|der plan|geplante[nr]?|vorhaben|damit|this|that|these|such|"
    r"the plan|the target|the goal|planned|it|they|programme?|projekt)\b)"
)
#: Words that speak of the whole plan: with them, a figure far from any reading of its devices is refuted.
_PLAN = re.compile(
    r"(?i:\b(?:geplante[nrs]?|plans?|planned|vorhaben\w*|projekt\w*|targets?|goals?|programm\w*|ziel)\b)"
)
VERY_FAR = 30.0
#: Least and most devices of a fleet.
FLEET = (1e6, 1e12)
#: Least cost of a fleet of a million devices, in dollars; less is the price of one.
LEAST_COST = 1e8
#: Money that is not the cost of a fleet.
_PART_OF_COST = re.compile(
    r"(?i:\b(?:cut|tax\w*|fees?|levy|duty|profits?|margins?|revenues?|turnover|earnings|stakes?|anteil\w*|steuer\w*|"
    r"abgabe\w*|gewinn\w*|umsatz\w*|umsätze|erlös\w*|marge\w*|beteiligung\w*|kapitalerhöhung|invest\w*|bewert\w*|"
    r"valu\w*|electricity|strom\w*|a year|im jahr|rent\w*|lease\w*|miet\w*|debt|schulden|loan\w*|kredit\w*)\b)"
)
#: A plan is wrong if its figure is off by this factor in every reading.
FAR = 3.0


def relations(reading: Reading, catalog: Catalog, context_of: ContextOf | None) -> Iterator[Relation]:
    """Yield checks of rates and costs of a fleet that the sentence, or the one before, has counted.

    Parameters
    ----------
    reading
        The text and its numerals.
    catalog
        Facts about the devices.
    context_of
        Returns power and cost per device; without it only chips are counted.
    """
    amounts = [n for n in reading.numerals if n.claim and n.kind == "amount" and "denied" not in n.marks]
    names = catalog.names("accelerators")
    fleets = [n for n in amounts if n.noun == "device" and n.device in names and not n.per and _is_plan_sized(n)]
    for numeral in amounts:
        if (
            numeral.per
            or numeral.unit not in ("FLOP/s", "USD")
            or (numeral.subject[0] in ("sites", "supercomputers") and not numeral.carried)
            or (
                numeral.unit == "USD"
                and (numeral.value < LEAST_COST or _PART_OF_COST.search(reading.sentence_of(numeral)))
            )
        ):
            continue
        nearby = [f for f in fleets if f.paragraph == numeral.paragraph and 0 <= numeral.sentence - f.sentence <= 2]
        rivals = [
            n
            for n in amounts
            if n.noun == "device" and not n.per and n.paragraph == numeral.paragraph and n not in nearby
        ]
        sentence = reading.sentence_of(numeral)
        if len(nearby) != 1 or rivals or (numeral.sentence != nearby[0].sentence and not _REFERS.search(sentence)):
            continue
        yield from _fleet(numeral, nearby[0], catalog, context_of, _PLAN.search(sentence) is not None)


def _is_plan_sized(numeral: Numeral) -> bool:
    """Tell whether a count is that of a whole plan, and one that a claim may have."""
    least, most = FLEET
    return least <= numeral.low and numeral.high <= most


def findings_of(checks: list[Mapping[str, Any]], context: Context) -> tuple[Finding, ...]:
    """Compute the findings of structured checks, by the code that also checks claims files.

    Parameters
    ----------
    checks
        Checks as in a claims file.
    context
        The catalogue, and power and cost per device.
    """
    claim = Claim.model_validate({"speaker": "text", "statement": "text", "checks": checks})
    return check(claim, context).findings


def _fleet(
    numeral: Numeral, fleet: Numeral, catalog: Catalog, context_of: ContextOf | None, is_of_plan: bool
) -> Iterator[Relation]:
    devices = [{"accelerator": fleet.device, "gpus": round(fleet.value)}]
    printed: dict[str, Any] = {"claimed": _text(numeral.value, numeral.unit), "devices": devices}
    printed |= {"claimed_low": _text(numeral.low, numeral.unit), "claimed_high": _text(numeral.high, numeral.unit)}
    context = Context(catalog=catalog)
    if numeral.unit == "FLOP/s":
        stated = next((m.partition(":")[2] for m in numeral.marks if m.startswith("precision:")), "bf16")
        checks: list[Mapping[str, Any]] = [{"kind": "compute", "precision": stated, **printed}]
        if stated == "bf16" and catalog.accelerator(fleet.device).counted_peak("fp8").is_known:
            checks.append({"kind": "compute", "precision": "fp8", **printed})
    else:
        checks = [{"kind": "money", "scope": "chips", **printed}]
        if context_of is not None:
            context = context_of((fleet.device,))
            checks.append({"kind": "money", "scope": "all-in", **printed})
    findings = findings_of(checks, context)
    ruled = [f for f in findings if f.factor is not None]
    if not ruled:
        return
    best = min(ruled, key=lambda f: f.factor or 1.0)
    holds = best.ruling in (Ruling.CONSISTENT, Ruling.STRAINED)
    is_in_range = (
        numeral.unit == "USD"
        and len(ruled) > 1
        and min(f.low or 0 for f in ruled) <= numeral.high
        and numeral.low <= max(f.high or 0 for f in ruled)
    )
    if holds or is_in_range:
        yield Relation(
            kind="fleet",
            members=(numeral, fleet),
            holds=True,
            arithmetic=best.arithmetic,
            factor=1.0,
            sources=best.sources,
            subject=_name(fleet),
        )
    elif (best.factor or 1.0) >= FAR:
        yield Relation(
            kind="prefix_1000" if best.ruling is Ruling.UNIT_SLIP else "wrong_subject",
            members=(numeral, fleet),
            holds=False,
            factor=best.factor,
            arithmetic=best.arithmetic,
            reading=best.note,
            sources=best.sources,
            subject=_name(fleet),
            is_stated=is_of_plan and (best.factor or 1.0) >= VERY_FAR,
        )


def _name(fleet: Numeral) -> str:
    return f"the {fleet.text} {fleet.device.partition('-')[0].upper()}"


def _text(value: float, unit: str) -> str:
    return f"{value!r} {unit}"


def announced(reading: Reading, claims: Mapping[str, Claim]) -> Iterator[Relation]:
    """Yield counts that match the catalogue's statements, if their speaker or his company is named.

    Parameters
    ----------
    reading
        The text and its numerals.
    claims
        Statements by id.
    """
    for numeral in reading.numerals:
        if (
            numeral.kind != "amount"
            or numeral.unit != "1"
            or numeral.noun != "device"
            or numeral.value < LEAST_ANNOUNCED
            or not numeral.claim
        ):
            continue
        for claim in claims.values():
            values = [v for part in claim.checks for v in _counts(part, numeral)]
            if claim.speaker.split()[-1] in reading.text and any(off_by(v, numeral) <= 1.005 for v in values):
                date_text = f", {claim.date}" if claim.date else ""
                yield Relation(
                    kind="announced",
                    members=(numeral,),
                    holds=True,
                    arithmetic=f"{claim.speaker}{date_text}: {claim.statement}",
                    factor=1.0,
                    subject=f"a statement of {claim.speaker} (claim {claim.id})",
                    sources=tuple(claim.source),
                )
                break


#: Least number of devices that is held against a statement; below a million, the device has to be named.
LEAST_ANNOUNCED = 10_000


def _counts(part: Any, numeral: Numeral) -> Iterator[float]:
    if part.kind in ("growth", "equivalents") and part.claimed is not None:
        yield float(part.claimed)
    for devices in getattr(part, "devices", None) or ():
        count = devices.gpus or devices.h100_equivalents
        if count and (numeral.value >= 1e6 or devices.accelerator == numeral.device):
            yield float(count)
