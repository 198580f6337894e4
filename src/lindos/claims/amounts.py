"""Checks of amounts: rates, power, money, H100-equivalents and ratios, from counts of devices and the catalogue."""

import operator
from collections.abc import Iterable
from dataclasses import dataclass, replace

from lindos.catalog.facts import Fact
from lindos.catalog.records import Accelerator
from lindos.claims.context import Context
from lindos.claims.schema import (
    Check,
    ComputeCheck,
    DevicesSpec,
    EquivalentsCheck,
    MissingCheck,
    MoneyCheck,
    PowerCheck,
    RatioCheck,
    ShareCheck,
)
from lindos.claims.span import PerDevice, Span, bounded, shown
from lindos.claims.verdict import CONSISTENT_WITHIN, Finding, Ruling, judged
from lindos.formats import PEAKS, number_format
from lindos.formulas import equivalents as formulas
from lindos.quantities import Real

#: The device that H100-equivalents are counted in, and the precision that they are counted in unless said otherwise.
REFERENCE_DEVICE = "h100-sxm"
REFERENCE_PRECISION = "fp8"
PRECISION_NAMES = {name: number_format(name).peak_title for name in PEAKS}


@dataclass(frozen=True, slots=True)
class Group:
    """Equal devices, counted; ``how`` writes the count as the claim gave it."""

    accelerator: Accelerator
    count: Span
    how: str


def groups_of(devices: list[DevicesSpec], context: Context) -> tuple[Group, ...]:
    """Count the devices of a claim; H100-equivalents are turned into devices by their dense 8-bit peaks."""
    groups = []
    for part in devices:
        accelerator = context.catalog.accelerator(part.accelerator)
        title = accelerator.title.split(",")[0].removeprefix("NVIDIA ")
        if part.gpus is not None:
            count = Span.of(part.gpus)
            how = f"{shown(count, '1')} {title}"
        else:
            count = Span.through(
                formulas.devices_for_equivalents,
                float(part.h100_equivalents or 0.0),
                accelerator.peak(REFERENCE_PRECISION),
                _reference(context, REFERENCE_PRECISION),
            )
            how = f"{shown(count, '1')} {title} ({shown(part.h100_equivalents or 0.0, '1')} H100e in 8-bit)"
        groups.append(Group(accelerator, count, how))
    return tuple(groups)


def rate_of(groups: tuple[Group, ...], precision: str) -> Span:
    """Dense peak rate of all groups together."""
    return total(Span.through(operator.mul, g.count, g.accelerator.peak(precision)) for g in groups)


def equivalents_of(groups: tuple[Group, ...], context: Context, precision: str) -> Span:
    """H100-equivalents of all groups together, in ``precision``."""
    reference = _reference(context, precision)
    return total(
        Span.through(formulas.h100_equivalents, g.count, g.accelerator.peak(precision), reference) for g in groups
    )


def total(spans: Iterable[Span]) -> Span:
    """Sum of spans; zero for none."""
    result = Span(0.0, 0.0, 0.0)
    for span in spans:
        result += span
    return result


def _reference(context: Context, precision: str) -> Fact[Real]:
    device: Accelerator = context.catalog.accelerator(REFERENCE_DEVICE)
    return device.peak(precision)


def found(
    question: str, unit: str, claimed: Span | float | None, computed: Span, arithmetic: str, note: str = ""
) -> Finding:
    """A finding by the common rule; without a claimed number it says what follows."""
    if claimed is None:
        ruling, factor, remark = Ruling.CONSEQUENCE, None, ""
    else:
        ruling, factor, remark = judged(claimed, computed, unit)
    return Finding(
        question=question,
        unit=unit,
        claimed=None if claimed is None else Span.of(claimed).value,
        computed=computed.value,
        low=computed.low,
        high=computed.high,
        factor=factor,
        ruling=ruling,
        arithmetic=arithmetic,
        note="; ".join(part for part in (remark, note) if part),
    )


def _claimed(check: ComputeCheck | PowerCheck | MoneyCheck | EquivalentsCheck) -> Span | None:
    """The claimed number with the range it was given, None where none was claimed."""
    if check.claimed is None:
        return None
    low = check.claimed if check.claimed_low is None else check.claimed_low
    high = check.claimed if check.claimed_high is None else check.claimed_high
    return Span(check.claimed, low, high)


def compute(check: ComputeCheck, context: Context) -> Finding:
    """Dense peak rate of the devices."""
    groups = groups_of(check.devices, context)
    rate = rate_of(groups, check.precision)
    parts = (f"{g.how} x {shown(Span.of(g.accelerator.peak(check.precision)), 'FLOP/s')}" for g in groups)
    question = f"dense {PRECISION_NAMES[check.precision]} rate"
    return found(question, "FLOP/s", _claimed(check), rate, f"{' + '.join(parts)} = {bounded(rate, 'FLOP/s')}")


def power(check: PowerCheck, context: Context) -> Finding:
    """Power of the chips, or of the facility: a named cluster's own, else what the study knows per device."""
    if check.scope == "facility" and (named := _of_cluster(check, context, "facility_power", "facility power", "W")):
        return named
    given = context.facility_power if check.scope == "facility" else {}
    groups = groups_of(check.devices, context)
    spans, texts, missing = _per_device(groups, given, "board_power", "W")
    chips = check.scope == "chips" or missing
    text = f"{' + '.join(texts)} = {bounded(spans, 'W')}"
    finding = found("power of the chips" if chips else "facility power", "W", _claimed(check), spans, text)
    if check.scope == "chips" or not missing:
        return finding
    return _lower_bound(finding, f"no facility power is known for {', '.join(missing)}: the chips alone are counted")


def money(check: MoneyCheck, context: Context) -> Finding:
    """Price of the chips, or of all that they need: a named cluster's own, else what the study knows per device."""
    if check.scope == "all-in" and (named := _of_cluster(check, context, "capex", "all-in cost", "USD")):
        return named
    given = context.unit_cost if check.scope == "all-in" else {}
    groups = groups_of(check.devices, context)
    spans, texts, missing = _per_device(groups, given, "price", "USD")
    chips = check.scope == "chips" or missing
    text = f"{' + '.join(texts)} = {bounded(spans, 'USD')}"
    finding = found("price of the chips" if chips else "all-in cost", "USD", _claimed(check), spans, text)
    if check.scope == "chips" or not missing:
        return finding
    return _lower_bound(finding, f"no all-in cost is known for {', '.join(missing)}: the chips alone are counted")


def _of_cluster(
    check: PowerCheck | MoneyCheck, context: Context, field: str, question: str, unit: str
) -> Finding | None:
    """A total of a named cluster, as its own site has it; None where the check names none or the total is unknown."""
    cluster = context.clusters.get(check.cluster or "")
    amount: Span | None = getattr(cluster, field) if cluster else None
    if cluster is None or amount is None:
        return None
    parts = (shown(float(count), "1") + f" {_short(context, name)}" for name, count in cluster.devices.items())
    text = f"{' + '.join(parts)} at their site = {bounded(amount, unit)}"
    finding = found(question, unit, _claimed(check), amount, text)
    is_bound = cluster.power_is_bound if field == "facility_power" else cluster.capex_is_bound
    return _lower_bound(finding, "parts of the site are unknown") if is_bound else finding


def _short(context: Context, accelerator: str) -> str:
    title: str = context.catalog.accelerator(accelerator).title
    return title.split(",")[0].removeprefix("NVIDIA ")


def _lower_bound(finding: Finding, note: str) -> Finding:
    """What chips alone amount to bounds the whole from below: it can refute a smaller claim, and no larger one."""
    if finding.claimed is None or finding.computed is None or finding.claimed < finding.computed:
        return replace(finding, note="; ".join(part for part in (finding.note, note) if part))
    return replace(finding, ruling=Ruling.NOT_CHECKABLE, factor=None, note=f"{note}, and a larger claim is not refuted")


def _per_device(
    groups: tuple[Group, ...], given: PerDevice, field: str, unit: str
) -> tuple[Span, list[str], tuple[str, ...]]:
    """Counts times what one device has, by ``given`` or else by the catalogue's ``field``."""
    spans, texts, missing = [], [], []
    for group in groups:
        name = group.accelerator.name
        each = Span.of(given[name]) if name in given else Span.of(getattr(group.accelerator, field))
        if name not in given:
            missing.append(name)
        spans.append(Span.through(lambda count, one: count * one, group.count, each))
        texts.append(f"{group.how} x {shown(each, unit)}")
    return total(spans), texts, tuple(missing)


def equivalents(check: EquivalentsCheck, context: Context) -> Finding:
    """H100-equivalents of devices, or of what a facility power carries."""
    name = PRECISION_NAMES[check.precision]
    reference = Span.of(_reference(context, check.precision))
    beside = f"{shown(reference, 'FLOP/s')}"
    if check.devices is not None:
        groups = groups_of(check.devices, context)
        amount = equivalents_of(groups, context, check.precision)
        parts = (f"{g.how} x {shown(Span.of(g.accelerator.peak(check.precision)), 'FLOP/s')}" for g in groups)
        text = f"({' + '.join(parts)}) / {beside} = {bounded(amount, '1')}"
        return found(f"H100-equivalents, dense {name}", "1", _claimed(check), amount, text)
    accelerator = context.catalog.accelerator(check.accelerator or "")
    known = accelerator.name in context.facility_power
    each = Span.of(context.facility_power[accelerator.name] if known else accelerator.board_power)
    peak = Span.of(accelerator.peak(check.precision))
    amount = Span.through(formulas.equivalents_at_power, check.power or 0.0, each, peak, reference)
    text = (
        f"{shown(check.power or 0.0, 'W')} / {shown(each, 'W')} x {shown(peak, 'FLOP/s')} / {beside}"
        f" = {bounded(amount, '1')}"
    )
    finding = found(f"H100-equivalents, dense {name}", "1", _claimed(check), amount, text)
    if known:
        return finding
    note = f"no facility power is known for {accelerator.name}: its chip alone is counted, so a facility carries fewer"
    ruling = Ruling.CONSEQUENCE if check.claimed is None else Ruling.NOT_CHECKABLE
    return replace(finding, ruling=ruling, factor=None, note=note)


def ratio(check: RatioCheck, context: Context) -> Finding:
    """Rate over that of a supercomputer, in the same precision or marked as not."""
    machine = context.catalog.supercomputers[check.supercomputer]
    groups = groups_of(check.devices, context)
    if check.precision == REFERENCE_PRECISION:
        ours, theirs = equivalents_of(groups, context, check.precision), Span.of(machine.h100_equivalents)
        unit, name, note = " H100e", "8-bit H100-equivalents", ""
        text = f"{shown(ours, '1')}{unit} / {shown(theirs, '1')}{unit}"
    else:
        ours, theirs = rate_of(groups, check.precision), Span.of(machine.rmax)
        name = f"dense {PRECISION_NAMES[check.precision]} peak over HPL in FP64"
        note = "a peak against a measured HPL result" if check.precision == "fp64" else "precisions differ"
        text = f"{shown(ours, 'FLOP/s')} / {shown(theirs, 'FLOP/s')}"
    times = Span.through(lambda a, b: a / b, ours, theirs)
    text = f"{' + '.join(group.how for group in groups)}: {text} = {bounded(times, '1')}"
    finding = found(f"{name}, against {machine.title}", "1", check.claimed, times, text, note)
    # Two quantities of unlike precision have a ratio, but it tests nothing.
    differ = check.precision not in (REFERENCE_PRECISION, "fp64")
    return replace(finding, ruling=Ruling.NOT_CHECKABLE, factor=None) if differ else finding


def share(check: ShareCheck, context: Context) -> Finding:
    """Devices against the world's stock: a claim is within it or beyond it."""
    groups = groups_of(check.devices, context)
    ours = equivalents_of(groups, context, REFERENCE_PRECISION)
    stock = context.catalog.parameter(check.stock, "1")
    there = Span.of(stock)
    part = Span.through(lambda a, b: a / b, ours, there)
    ruling = Ruling.CONSISTENT if part.low <= CONSISTENT_WITHIN else Ruling.BEYOND
    how = " + ".join(group.how for group in groups)
    return Finding(
        question="8-bit H100-equivalents, against all installed in the world",
        claimed=ours.value,
        computed=there.value,
        low=there.low,
        high=there.high,
        factor=max(1.0, part.value),
        ruling=ruling,
        arithmetic=f"{how} = {shown(ours, '1')} H100e, {part.value:.2g} times the {shown(there, '1')} H100e installed",
        note=stock.note,
    )


def missing(check: MissingCheck, context: Context) -> Finding:
    """Nothing to compute with: says what would be needed."""
    del context
    return Finding(question="", ruling=Ruling.NOT_CHECKABLE, note=f"needs {check.missing}")


def uncheckable(check: Check, why: str) -> Finding:
    """A check that cannot be computed; what was claimed still stands beside it."""
    claimed = getattr(check, "claimed", None)
    return Finding(
        question=check.kind,
        unit=_UNITS.get(check.kind, "1"),
        claimed=claimed if isinstance(claimed, float) else None,
        ruling=Ruling.NOT_CHECKABLE,
        note=why,
    )


_UNITS = {"compute": "FLOP/s", "power": "W", "money": "USD"}
