"""Statements held against the physics, with the arithmetic shown."""

from collections.abc import Iterable, Mapping, Sequence

from lindos import claims as floor
from lindos.catalog import Catalog
from lindos.claims import Claim, Context, Finding, Ruling, Span, Verdict
from lindos.elements import Cell, Section, Table
from lindos.errors import InputErrors, UnknownNameError
from lindos.study.figures import number, span
from lindos.study.reference import device_cost, pool_cost, system_of
from lindos.study.world import World, Worlds
from lindos.units import render


def context(claims: Iterable[Claim], catalog: Catalog, sampled: Catalog, worlds: Worlds | None = None) -> Context:
    """What claims need of power and money per device, built up from parts; a scenario's own devices as it has them."""
    return context_for(floor.accelerators_of(tuple(claims), catalog), catalog, sampled, worlds)


def context_for(
    accelerators: Iterable[str], catalog: Catalog, sampled: Catalog, worlds: Worlds | None = None
) -> Context:
    """Power and money per device of some accelerators, for claims and texts alike."""
    power: dict[str, Span] = {}
    money: dict[str, Span] = {}
    for accelerator in accelerators:
        own = [pool_cost(world, accelerator) for world in (worlds.point, worlds.sampled)] if worlds else [None, None]
        system = system_of(catalog, accelerator)
        if system is None:
            continue
        point, drawn = own[0] or device_cost(catalog, system), own[1] or device_cost(sampled, system)
        if point.facility_power is not None:
            power[accelerator] = _span(point.facility_power, drawn.facility_power)
        if point.capex is not None:
            money[accelerator] = _span(point.capex, drawn.capex)
    return Context(catalog=catalog, facility_power=power, unit_cost=money)


def _span(point: object, drawn: object) -> Span:
    value = number(point) or 0.0
    low, high = span(drawn)
    return Span(value, low if low is not None else value, high if high is not None else value)


def chosen(world: World) -> dict[str, Claim]:
    """The claims that the scenario names, or an error for those that do not exist."""
    known = floor.load(world.catalog)
    wanted = world.scenario.claims
    errors = [
        UnknownNameError(f"claims.{index}", name, known) for index, name in enumerate(wanted) if name not in known
    ]
    if errors:
        raise errors[0] if len(errors) == 1 else InputErrors(errors)
    return {name: known[name] for name in wanted}


def section(worlds: Worlds) -> Section:
    """The scenario's claims, each with its verdict."""
    return of(chosen(worlds.point), worlds.point.catalog, worlds.sampled.catalog, worlds)


def of(claims: Mapping[str, Claim], catalog: Catalog, sampled: Catalog, worlds: Worlds | None = None) -> Section:
    """Any claims, each with its verdict; ``worlds`` are those of the scenario that asks, if one does."""
    known = context(claims.values(), catalog, sampled, worlds)
    verdicts = [floor.check(claim, known) for claim in claims.values()]
    rulings = [verdict.ruling for verdict in verdicts]
    return Section(
        name="claims",
        title="What was claimed, and what holds",
        summary=_summary(rulings),
        tables=(_verdicts(verdicts), _findings(verdicts)),
        notes=tuple(f"{ruling.value}: {floor.MEANING[ruling]}." for ruling in dict.fromkeys(_all_rulings(verdicts))),
    )


def _all_rulings(verdicts: Iterable[Verdict]) -> list[Ruling]:
    return [finding.ruling for verdict in verdicts for finding in verdict.findings]


def _summary(rulings: Sequence[Ruling]) -> str:
    counts = {ruling: rulings.count(ruling) for ruling in dict.fromkeys(rulings)}
    listed = ", ".join(f"{count} {ruling.value}" for ruling, count in counts.items())
    return f"{len(rulings)} statement{'s' if len(rulings) != 1 else ''} checked: {listed}."


def _verdicts(verdicts: Iterable[Verdict]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for verdict in verdicts:
        head = verdict.headline
        who = " / ".join(dict.fromkeys(text for text in (verdict.speaker, verdict.outlet) if text))
        when = f", {verdict.date}" if verdict.date else ""
        rows.append((verdict.claim, f"{who}{when}", verdict.statement, head.ruling.value, _off(head)))
    return Table(
        name="claims.verdicts",
        key=True,
        title="Verdicts",
        columns=("id", "who, when", "said", "verdict", "off by"),
        units=("", "", "", "", ""),
        rows=tuple(rows),
        note="The verdict is on the number the statement is about; every reading of it stands below.",
    )


def _findings(verdicts: Iterable[Verdict]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for verdict in verdicts:
        for finding in verdict.findings:
            question = f"{finding.question} ({finding.reading})" if finding.reading else finding.question
            remark = f"{finding.arithmetic}. {finding.note}".strip(" .") if finding.note else finding.arithmetic
            rows.append(
                (
                    verdict.claim,
                    question,
                    _written(finding.claimed, finding.unit),
                    _range(finding),
                    _off(finding),
                    finding.ruling.value,
                    remark,
                )
            )
    return Table(
        name="claims.findings",
        title="The arithmetic",
        columns=("id", "what", "claimed", "computed", "off by", "verdict", "how"),
        units=("", "", "", "", "", "", ""),
        rows=tuple(rows),
    )


def _written(value: float | None, unit: str) -> str:
    return "none" if value is None else render(value, unit)


def _range(finding: Finding) -> str:
    if finding.computed is None:
        return "unknown"
    text = render(finding.computed, finding.unit)
    if finding.low is None or finding.high is None:
        return text
    low, high = render(finding.low, finding.unit), render(finding.high, finding.unit)
    return text if low == high else f"{text} ({low} to {high})"


def _off(finding: Finding) -> str:
    if finding.factor is None:
        return ""
    if finding.factor < 1.005:
        return "nothing"
    text = f"{render(finding.factor, '1')}x"
    return f"{text}, within the ranges" if finding.ruling is Ruling.CONSISTENT else text
