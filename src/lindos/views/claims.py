"""Statements checked against the physics, with the arithmetic shown."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from lindos import claims
from lindos.claims import Finding, Ruling, Verdict
from lindos.elements import Cell, Number, Section, Table
from lindos.study.claims import CLAIMS, ClaimsResult, discounts, verdicts
from lindos.study.floor import Outcome
from lindos.views.figures import Figures
from lindos.views.site import AS_BUILT, built_by
from lindos.views.view import Context, View

TITLE = "What was claimed, and what holds"
_OF_CLUSTER = {
    "power": ("facility_power", "Facility power", "W", "power.total"),
    "money": ("capital_cost", "Capital cost", "USD", "capex.total"),
}


def view(context: Context, outcome: Outcome[ClaimsResult]) -> Section:
    """Show every statement with its verdict.

    Parameters
    ----------
    context
        Scenario and catalogue.
    outcome
        Statements, and the values that they are checked against.
    """
    checked = verdicts(outcome, context.catalog)
    rulings = [verdict.ruling for verdict in checked]
    return Section(
        name="claims",
        title=TITLE,
        summary=_summary(rulings),
        figures=_figures(outcome).all(),
        tables=(_verdicts(checked), _findings(checked), *_discounts(outcome, context)),
        notes=tuple(f"{ruling.value}: {claims.MEANING[ruling]}." for ruling in dict.fromkeys(_all_rulings(checked))),
    )


def _figures(outcome: Outcome[ClaimsResult]) -> Figures[ClaimsResult]:
    """Make figures of the named clusters that statements are checked against; their own reports show the same."""
    figures = Figures(outcome)
    for name, totals in outcome.point.clusters.items():
        checks = [check for claim in outcome.point.claimed.claims.values() for check in claim.checks]
        kinds = {check.kind for check in checks if getattr(check, "cluster", None) == name}
        for kind in (kind for kind in _OF_CLUSTER if kind in kinds):
            quantity, title, unit, part = _OF_CLUSTER[kind]
            figures.add(
                f"claims.{name}.{quantity}",
                f"{title} of {name}, as built",
                unit,
                _site_total(name, part),
                why="the value that statements about this cluster are checked against",
                quantity=quantity,
                subject=name,
                date=built_by(totals.cluster),
                convention=AS_BUILT,
                bound="least" if totals.site.gaps_of(part) else "",
            )
    return figures


def _site_total(name: str, part: str) -> Callable[[ClaimsResult], Any]:
    room, _, field = part.partition(".")
    return lambda result: getattr(getattr(result.clusters[name].site, room), field)


def _all_rulings(checked: Iterable[Verdict]) -> list[Ruling]:
    return [finding.ruling for verdict in checked for finding in verdict.findings]


def _summary(rulings: Sequence[Ruling]) -> str:
    counts = {ruling: rulings.count(ruling) for ruling in dict.fromkeys(rulings)}
    words = {Ruling.CONSEQUENCE: "with figures worked out, none to compare"}
    listed = ", ".join(f"{count} {words.get(ruling, ruling.value)}" for ruling, count in counts.items())
    return f"{len(rulings)} statement{'s' if len(rulings) != 1 else ''} checked: {listed}."


def _verdicts(checked: Iterable[Verdict]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for verdict in checked:
        head = verdict.headline
        source = " / ".join(dict.fromkeys(text for text in (verdict.speaker, verdict.outlet) if text))
        date = f", {verdict.date}" if verdict.date else ""
        rows.append((verdict.claim, f"{source}{date}", verdict.statement, head.ruling.value, _factor_cell(head)))
    return Table(
        name="claims.verdicts",
        key=True,
        title="Verdicts",
        columns=("id", "who, when", "said", "verdict", "off by"),
        units=("", "", "", "", "1"),
        rows=tuple(rows),
        note="The verdict is the strongest contradiction of the speaker; every reading is listed below.",
    )


def _findings(checked: Iterable[Verdict]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for verdict in checked:
        for finding in verdict.findings:
            question = f"{finding.question} ({finding.reading})" if finding.reading else finding.question
            remark = f"{finding.arithmetic}. {finding.note}".strip(" .") if finding.note else finding.arithmetic
            rows.append(
                (
                    verdict.claim,
                    question,
                    "none" if finding.claimed is None else Number(value=finding.claimed, unit=finding.unit),
                    Number(value=finding.computed, unit=finding.unit),
                    _range(finding),
                    _factor_cell(finding),
                    finding.ruling.value,
                    remark,
                )
            )
    return Table(
        name="claims.findings",
        title="The arithmetic",
        columns=("id", "what", "claimed", "computed", "range", "off by", "verdict", "how"),
        units=("", "", "1", "1", "1", "1", "", ""),
        rows=tuple(rows),
    )


def _discounts(outcome: Outcome[ClaimsResult], context: Context) -> tuple[Table, ...]:
    """Tabulate the total of a plan by generation and by discount on the devices."""
    rows = discounts(outcome, context.catalog)
    if not rows:
        return ()
    return (
        Table(
            name="claims.discounts",
            title="Depending on price agreements: the total by generation and discount on nodes and racks",
            columns=(
                *("id", "built of", "devices", "devices alone"),
                *(f"{discount:.0%} off" for discount in claims.DISCOUNTS),
                "discount that takes the upper figure to the lower",
            ),
            units=("", "", "1", "USD", *("USD" for _ in claims.DISCOUNTS), "%"),
            rows=tuple(
                (
                    *(
                        row.claim,
                        row.title if row.is_complete else f"{row.title}, devices alone",
                        row.count,
                        row.devices,
                    ),
                    *row.totals,
                    "more than all of it" if row.needed is None else row.needed,
                )
                for row in rows
            ),
            note=(
                "Totals include system, network and building where they are known; a discount is on nodes and racks, "
                "as in the tables of the roadmap, and storage falls with it."
            ),
        ),
    )


def _range(finding: Finding) -> Cell:
    """Return the range of the computed number; nothing if its ends print the same."""
    low, high = finding.low, finding.high
    if low is None or high is None or math.isclose(low, high, rel_tol=2e-3):
        return ""
    return Number(value=None, unit=finding.unit, low=low, high=high)


def _factor_cell(finding: Finding) -> Cell:
    """Return the factor between claimed and computed; text if there is none."""
    if finding.factor is None:
        return ""
    if finding.factor < 1.005:
        return "nothing"
    qualifier = ", within the ranges" if finding.ruling is Ruling.CONSISTENT else ""
    return Number(value=finding.factor, unit="1", suffix=f"x{qualifier}")


VIEW = View(floor=CLAIMS, title=TITLE, show=view)
