"""Checks of amounts: rates, power, money, H100-equivalents and ratios, from counts of devices and the catalogue."""

import operator
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

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
from lindos.claims.span import PerDevice, Span, bounded, brief
from lindos.claims.supercomputer import machine_peak
from lindos.claims.verdict import CONSISTENT_WITHIN, Finding, Ruling, judged
from lindos.formats import PEAKS, number_format
from lindos.formulas import equivalents as formulas
from lindos.quantities import Real
from lindos.units import render

#: The device that H100-equivalents are counted in, and their precision by default.
REFERENCE_DEVICE = "h100-sxm"
REFERENCE_PRECISION = "fp8"
PRECISION_NAMES = {name: number_format(name).peak_title for name in PEAKS}


@dataclass(frozen=True, slots=True)
class Group:
    """Equal devices and their count; ``text`` is the count as the claim gives it."""

    accelerator: Accelerator
    count: Span
    text: str


def groups_of(devices: list[DevicesSpec], context: Context) -> tuple[Group, ...]:
    """Count the devices of a claim; H100-equivalents are turned into devices by their dense 8-bit peaks.

    Parameters
    ----------
    devices
        Devices as the claim gives them.
    context
        The catalogue, and power and cost per device.
    """
    groups = []
    for part in devices:
        accelerator = context.catalog.accelerator(part.accelerator)
        title = accelerator.title.split(",")[0].removeprefix("NVIDIA ")
        if part.gpus is not None:
            count = Span.make(part.gpus)
            text = f"{brief(count, '1')} {title}"
        else:
            count = Span.apply(
                formulas.devices_for_equivalents,
                float(part.h100_equivalents or 0.0),
                accelerator.counted_peak(REFERENCE_PRECISION),
                _reference(context, REFERENCE_PRECISION),
            )
            text = f"{brief(count, '1')} {title} ({brief(part.h100_equivalents or 0.0, '1')} H100e in 8-bit)"
        groups.append(Group(accelerator, count, text))
    return tuple(groups)


def rate_of(groups: tuple[Group, ...], precision: str) -> Span:
    """Compute the dense peak rate of all groups together, in FLOP/s.

    Parameters
    ----------
    groups
        Devices with their counts.
    precision
        Number format, such as ``"bf16"``.
    """
    return total(Span.apply(operator.mul, g.count, g.accelerator.counted_peak(precision)) for g in groups)


def equivalents_of(groups: tuple[Group, ...], context: Context, precision: str) -> Span:
    """Compute the H100-equivalents of all groups together.

    Parameters
    ----------
    groups
        Devices with their counts.
    context
        The catalogue, for the peak of the H100.
    precision
        Number format of both peaks.
    """
    reference = _reference(context, precision)
    return total(
        Span.apply(formulas.h100_equivalents, g.count, g.accelerator.counted_peak(precision), reference) for g in groups
    )


def total(spans: Iterable[Span]) -> Span:
    """Add up spans; the total of none is zero.

    Parameters
    ----------
    spans
        Spans in one unit.
    """
    result = Span(0.0, 0.0, 0.0)
    for span in spans:
        result += span
    return result


def _reference(context: Context, precision: str) -> Fact[Real]:
    device: Accelerator = context.catalog.accelerator(REFERENCE_DEVICE)
    return device.counted_peak(precision)


def finding_of(
    question: str, unit: str, claimed: Span | float | None, computed: Span, arithmetic: str, note: str = ""
) -> Finding:
    """Make a finding by the common rule; without a claimed number it states the consequence.

    Parameters
    ----------
    question
        What is compared, such as ``"dense BF16 rate"``.
    unit
        SI unit of both numbers.
    claimed
        The claimed number with its range; None if the statement has no number.
    computed
        The computed number with its range.
    arithmetic
        The computation in one line of text.
    note
        Further remark.
    """
    if claimed is None:
        ruling, factor, remark = Ruling.CONSEQUENCE, None, ""
    else:
        ruling, factor, remark = judged(claimed, computed, unit)
    return Finding(
        question=question,
        unit=unit,
        claimed=None if claimed is None else Span.make(claimed).value,
        computed=computed.value,
        low=computed.low,
        high=computed.high,
        factor=factor,
        ruling=ruling,
        arithmetic=arithmetic,
        note="; ".join(part for part in (remark, note) if part),
    )


def _claimed(check: ComputeCheck | PowerCheck | MoneyCheck | EquivalentsCheck) -> Span | None:
    """Return the claimed number with its range; None if no number is claimed."""
    if check.claimed is None:
        return None
    low = check.claimed if check.claimed_low is None else check.claimed_low
    high = check.claimed if check.claimed_high is None else check.claimed_high
    return Span(check.claimed, low, high)


def compute(check: ComputeCheck, context: Context) -> Finding:
    """Check a rate against the dense peak of the devices.

    Parameters
    ----------
    check
        The claimed rate in FLOP/s, and the devices.
    context
        The catalogue, and power and cost per device.
    """
    groups = groups_of(check.devices, context)
    rate = rate_of(groups, check.precision)
    parts = (f"{g.text} x {brief(Span.make(g.accelerator.counted_peak(check.precision)), 'FLOP/s')}" for g in groups)
    question = f"dense {PRECISION_NAMES[check.precision]} rate"
    return finding_of(question, "FLOP/s", _claimed(check), rate, f"{' + '.join(parts)} = {bounded(rate, 'FLOP/s')}")


def power(check: PowerCheck, context: Context) -> Finding:
    """Check a power against that of the chips or of the facility.

    The facility power of a named cluster is that of its own site; otherwise it is the study's power per device.

    Parameters
    ----------
    check
        The claimed power in watts, and the devices.
    context
        The catalogue, and power and cost per device.
    """
    return _whole_or_chips(check, context, _POWER, context.facility_power)


def money(check: MoneyCheck, context: Context) -> Finding:
    """Check a cost against the price of the chips or of all that they need.

    The all-in cost of a named cluster is that of its own site; otherwise it is the study's cost per device.

    Parameters
    ----------
    check
        The claimed cost in USD, and the devices.
    context
        The catalogue, and power and cost per device.
    """
    return _whole_or_chips(check, context, _MONEY, context.unit_cost)


class _Amount(NamedTuple):
    """Words of an amount that counts the whole of a site, or its chips alone."""

    scope: str  # of a check that means the whole
    field: str  # of a site
    whole: str
    chips: str
    of_device: str  # field of a device
    unit: str


_POWER = _Amount("facility", "facility_power", "facility power", "power of the chips", "board_power", "W")
_MONEY = _Amount("all-in", "capex", "all-in cost", "price of the chips", "price", "USD")


def _whole_or_chips(
    check: PowerCheck | MoneyCheck, context: Context, amount: _Amount, whole_per_device: PerDevice
) -> Finding:
    """Check an amount against that of the whole, or of the chips alone where this is meant or no more is known."""
    means_whole = check.scope == amount.scope
    if means_whole and (named := _of_cluster(check, context, amount.field, amount.whole, amount.unit)):
        return named
    groups = groups_of(check.devices, context)
    per_device = whole_per_device if means_whole else {}
    spans, texts, missing = _per_device(groups, per_device, amount.of_device, amount.unit)
    question = amount.whole if means_whole and not missing else amount.chips
    text = f"{' + '.join(texts)} = {bounded(spans, amount.unit)}"
    finding = finding_of(question, amount.unit, _claimed(check), spans, text)
    if not means_whole or not missing:
        return finding
    return _lower_bound(finding, f"no {amount.whole} is known for {', '.join(missing)}: the chips alone are counted")


def _of_cluster(
    check: PowerCheck | MoneyCheck, context: Context, field: str, question: str, unit: str
) -> Finding | None:
    """Make a finding from the site of a named cluster; None if the check names none, or if the total is unknown."""
    cluster = context.clusters.get(check.cluster or "")
    amount: Span | None = getattr(cluster, field) if cluster else None
    if cluster is None or amount is None:
        return None
    parts = (brief(float(count), "1") + f" {_short(context, name)}" for name, count in cluster.devices.items())
    text = f"{' + '.join(parts)} at their site = {bounded(amount, unit)}"
    finding = finding_of(question, unit, _claimed(check), amount, text)
    is_bound = cluster.power_is_bound if field == "facility_power" else cluster.capex_is_bound
    return _lower_bound(finding, "parts of the site are unknown") if is_bound else finding


def _short(context: Context, accelerator: str) -> str:
    title: str = context.catalog.accelerator(accelerator).title
    return title.split(",")[0].removeprefix("NVIDIA ")


def _lower_bound(finding: Finding, note: str) -> Finding:
    """Treat the computed number as a lower bound: it can refute a smaller claim, but no larger claim."""
    if finding.claimed is None or finding.computed is None or finding.claimed < finding.computed:
        return replace(finding, note="; ".join(part for part in (finding.note, note) if part))
    return replace(finding, ruling=Ruling.NOT_CHECKABLE, factor=None, note=f"{note}, and a larger claim is not refuted")


def _per_device(
    groups: tuple[Group, ...], per_device: PerDevice, field: str, unit: str
) -> tuple[Span, list[str], tuple[str, ...]]:
    """Multiply counts by the amount of one device, from ``per_device`` or else from the catalogue's ``field``."""
    spans, texts, missing = [], [], []
    for group in groups:
        name = group.accelerator.name
        unit_amount = (
            Span.make(per_device[name]) if name in per_device else Span.make(getattr(group.accelerator, field))
        )
        if name not in per_device:
            missing.append(name)
        spans.append(Span.apply(lambda count, amount: count * amount, group.count, unit_amount))
        texts.append(f"{group.text} x {brief(unit_amount, unit)}")
    return total(spans), texts, tuple(missing)


def equivalents(check: EquivalentsCheck, context: Context) -> Finding:
    """Check H100-equivalents against devices, or against the devices that a facility power can supply.

    Parameters
    ----------
    check
        The claimed H100-equivalents, with devices or a power in watts.
    context
        The catalogue, and power and cost per device.
    """
    name = PRECISION_NAMES[check.precision]
    reference = Span.make(_reference(context, check.precision))
    reference_text = f"{brief(reference, 'FLOP/s')}"
    if check.devices is not None:
        groups = groups_of(check.devices, context)
        amount = equivalents_of(groups, context, check.precision)
        parts = (
            f"{g.text} x {brief(Span.make(g.accelerator.counted_peak(check.precision)), 'FLOP/s')}" for g in groups
        )
        text = f"({' + '.join(parts)}) / {reference_text} = {bounded(amount, '1')}"
        return finding_of(f"H100-equivalents, dense {name}", "1", _claimed(check), amount, text)
    accelerator = context.catalog.accelerator(check.accelerator or "")
    has_facility_power = accelerator.name in context.facility_power
    device_power = Span.make(
        context.facility_power[accelerator.name] if has_facility_power else accelerator.board_power
    )
    peak = Span.make(accelerator.counted_peak(check.precision))
    amount = Span.apply(formulas.equivalents_at_power, check.power or 0.0, device_power, peak, reference)
    text = (
        f"{brief(check.power or 0.0, 'W')} / {brief(device_power, 'W')} x {brief(peak, 'FLOP/s')} / {reference_text}"
        f" = {bounded(amount, '1')}"
    )
    finding = finding_of(f"H100-equivalents, dense {name}", "1", _claimed(check), amount, text)
    if has_facility_power:
        return finding
    note = f"no facility power is known for {accelerator.name}: its chip alone is counted, so a facility carries fewer"
    ruling = Ruling.CONSEQUENCE if check.claimed is None else Ruling.NOT_CHECKABLE
    return replace(finding, ruling=ruling, factor=None, note=note)


def ratio(check: RatioCheck, context: Context) -> Finding:
    """Check a ratio of rates to a supercomputer, in the same precision or marked as different.

    Parameters
    ----------
    check
        The claimed ratio, the devices and the supercomputer.
    context
        The catalogue.
    """
    machine = context.catalog.supercomputers[check.supercomputer]
    groups = groups_of(check.devices, context)
    if check.precision == REFERENCE_PRECISION:
        fleet, reference = equivalents_of(groups, context, check.precision), Span.make(machine.h100_equivalents)
        unit, name, note = " H100e", "8-bit H100-equivalents", ""
        text = f"{brief(fleet, '1')}{unit} / {brief(reference, '1')}{unit}"
    else:
        peak = machine_peak(context.catalog, machine, check.precision)
        is_peak = check.precision != "fp64" and peak.is_known
        fleet, reference = rate_of(groups, check.precision), Span.make(peak if is_peak else machine.rmax)
        name = f"dense {PRECISION_NAMES[check.precision]} peak" + (", both" if is_peak else " over HPL in FP64")
        note = "a peak against a measured HPL result" if check.precision == "fp64" else "precisions differ"
        note = "" if is_peak else note
        text = f"{brief(fleet, 'FLOP/s')} / {brief(reference, 'FLOP/s')}"
    times = Span.apply(lambda a, b: a / b, fleet, reference)
    text = f"{' + '.join(group.text for group in groups)}: {text} = {bounded(times, '1')}"
    finding = finding_of(f"{name}, against {machine.title}", "1", check.claimed, times, text, note)
    # The ratio of two quantities in different precisions tests nothing.
    differ = note == "precisions differ"
    return replace(finding, ruling=Ruling.NOT_CHECKABLE, factor=None) if differ else finding


def share(check: ShareCheck, context: Context) -> Finding:
    """Check devices against the world's stock: a claim is within it or beyond it.

    Parameters
    ----------
    check
        The devices, and the catalogue parameter of the stock.
    context
        The catalogue.
    """
    groups = groups_of(check.devices, context)
    fleet = equivalents_of(groups, context, REFERENCE_PRECISION)
    stock = context.catalog.parameter(check.stock, "1")
    installed = Span.make(stock)
    part = Span.apply(lambda a, b: a / b, fleet, installed)
    ruling = Ruling.CONSISTENT if part.low <= CONSISTENT_WITHIN else Ruling.EXCEEDS_STOCK
    counts = " + ".join(group.text for group in groups)
    return Finding(
        question="8-bit H100-equivalents, against all installed in the world",
        claimed=fleet.value,
        computed=installed.value,
        low=installed.low,
        high=installed.high,
        factor=max(1.0, part.value),
        ruling=ruling,
        arithmetic=(
            f"{counts} = {brief(fleet, '1')} H100e, {render(part.value, '1', 2)} times the "
            f"{brief(installed, '1')} H100e installed"
        ),
        note=stock.note,
    )


def missing(check: MissingCheck, context: Context) -> Finding:
    """Return the finding of a statement that no number can test; it names the number that is needed.

    Parameters
    ----------
    check
        The statement.
    context
        Not used; all checks take it.
    """
    del context
    return Finding(question="", ruling=Ruling.NOT_CHECKABLE, note=f"needs {check.missing}")


def uncheckable(check: Check, why: str) -> Finding:
    """Return the finding of a check that cannot be computed, with the claimed number.

    Parameters
    ----------
    check
        The check.
    why
        The reason, as a sentence.
    """
    claimed = getattr(check, "claimed", None)
    return Finding(
        question=check.kind,
        unit=_UNITS.get(check.kind, "1"),
        claimed=claimed if isinstance(claimed, float) else None,
        ruling=Ruling.NOT_CHECKABLE,
        note=why,
    )


_UNITS = {"compute": "FLOP/s", "power": "W", "money": "USD"}
