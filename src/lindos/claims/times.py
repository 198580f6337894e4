"""Checks in time: growth against trends, what one device must become, dates against observations."""

import datetime

from lindos.claims.amounts import PRECISION_NAMES, found, groups_of, rate_of
from lindos.claims.context import Context
from lindos.claims.schema import EfficiencyCheck, FirstCheck, GrowthCheck, ObservedSpec, PerDeviceCheck, ScheduleCheck
from lindos.claims.span import Span, bounded, shown
from lindos.claims.verdict import Finding, Ruling
from lindos.formulas import equivalents
from lindos.formulas import growth as growth_formulas
from lindos.units import parse, render

_YEAR = "1 year"


def seconds_between(start: str, end: str) -> float:
    """Time from one ISO day to another; ``2025``, ``2025-07`` and ``2025-H2`` mean their first day."""
    return (_day(end) - _day(start)).total_seconds()


def _day(text: str) -> datetime.datetime:
    year, month, day = (*text.split("-"), "1", "1")[:3]
    # "2026-H2" and "2026-Q3" mean the first day of the half or quarter.
    spans = {"H": 6, "Q": 3}
    first = spans[month[0]] * (int(month[1:]) - 1) + 1 if month[0] in spans else int(month)
    return datetime.datetime(int(year), first, int(day), tzinfo=datetime.UTC)


def growth(check: GrowthCheck, context: Context) -> Finding:
    """Where the trend leads from the start, beside what is claimed; the growth that the claim needs is in the line."""
    duration, year = seconds_between(check.start.date, check.by), parse(_YEAR, "s")
    trend = Span.of(context.catalog.parameter(check.trend, "1"))
    start = Span.of(check.start.h100_equivalents)
    there = Span.through(growth_formulas.extrapolated, start, trend, duration, year)
    needed = growth_formulas.growth_factor(start.value, check.claimed, duration, year)
    text = (
        f"{shown(start, '1')} x {bounded(trend, '1')} a year ^ {duration / year:.1f} years = {bounded(there, '1')}; "
        f"the claim needs x {needed:.2f} a year"
    )
    return found("H100-equivalents, against the trend", "1", check.claimed, there, text)


def per_device(check: PerDeviceCheck, context: Context) -> Finding:
    """Rate that each device must have, beside the trend of single devices."""
    target = rate_of(groups_of(check.devices, context), check.precision)
    needed = Span.through(equivalents.rate_per_device, target, float(check.gpus))
    peak = Span.of(context.catalog.accelerator(check.reference).peak(check.precision))
    there, how = _on_trend(peak, "FLOP/s", check, context)
    text = f"{shown(target, 'FLOP/s')} / {shown(float(check.gpus), '1')} = {shown(needed, 'FLOP/s')} each; trend: {how}"
    return found(f"dense {PRECISION_NAMES[check.precision]} rate of one device", "FLOP/s", needed.value, there, text)


def efficiency(check: EfficiencyCheck, context: Context) -> Finding:
    """Rate per watt that the target needs, beside the trend of single chips."""
    target = rate_of(groups_of(check.devices, context), check.precision)
    needed = Span.through(equivalents.rate_per_watt, target, check.power)
    reference = context.catalog.accelerator(check.reference)
    now = Span.through(equivalents.rate_per_watt, reference.peak(check.precision), reference.board_power)
    there, how = _on_trend(now, "FLOP/J", check, context)
    text = f"{shown(target, 'FLOP/s')} / {shown(check.power, 'W')} = {shown(needed, 'FLOP/J')}; trend of chips: {how}"
    return found(f"dense {PRECISION_NAMES[check.precision]} FLOP per joule", "FLOP/J", needed.value, there, text)


def _on_trend(now: Span, unit: str, check: PerDeviceCheck | EfficiencyCheck, context: Context) -> tuple[Span, str]:
    """A figure of the reference device, carried along its trend from its launch to the date of the check."""
    reference = context.catalog.accelerator(check.reference)
    duration, year = seconds_between(str(reference.launch_date.value), check.by), parse(_YEAR, "s")
    trend = Span.of(context.catalog.parameter(check.trend, "1"))
    there = Span.through(growth_formulas.extrapolated, now, trend, duration, year)
    text = (
        f"{reference.title} {shown(now, unit)} x {bounded(trend, '1')} a year ^ {duration / year:.1f} years"
        f" = {bounded(there, unit)}"
    )
    return there, text


def schedule(check: ScheduleCheck, context: Context) -> Finding:
    """What was observed around the date that was given; kept, late or still open."""
    unit, question = check.claimed.unit, "facility power" if check.claimed.unit == "W" else "count"
    seen = sorted(((o.date, _facility(o, context), o) for o in check.observed), key=lambda entry: entry[0])
    if not seen or check.by is None:
        note = "needs an observation" if not seen else "needs the date by which it was promised"
        latest = seen[-1][1] if seen else None
        return Finding(
            question=question,
            unit=unit,
            claimed=check.claimed.value,
            computed=latest.value if latest else None,
            low=latest.low if latest else None,
            high=latest.high if latest else None,
            ruling=Ruling.OPEN if seen else Ruling.NOT_CHECKABLE,
            arithmetic=f"last seen on {seen[-1][0]}: {bounded(seen[-1][1], unit)}" if seen else "",
            note=note,
        )
    before = [entry for entry in seen if entry[0] <= check.by]
    after = [entry for entry in seen if entry[0] > check.by]
    reached = next((date for date, amount, _ in seen if amount.high >= check.claimed.value), None)
    at = before[-1][1] if before else Span(0.0, 0.0, 0.0)
    at = Span(at.value, at.low, after[0][1].high) if after else at
    if reached is not None and reached <= check.by:
        ruling, note = Ruling.KEPT, ""
    elif not after:
        ruling, note = Ruling.OPEN, f"last observation before {check.by}: {before[-1][0]}"
    else:
        ruling, note = Ruling.LATE, _lateness(check.by, reached, seen[-1][0])
    texts = [f"{date}: {bounded(amount, unit)}" for date, amount, _ in (*before[-1:], *after)]
    return Finding(
        question=question,
        unit=unit,
        claimed=check.claimed.value,
        computed=at.value,
        low=at.low,
        high=at.high,
        factor=max(1.0, check.claimed.value / at.value) if at.value else None,
        ruling=ruling,
        arithmetic=f"{shown(check.claimed.value, unit)} by {check.by}; observed {'; '.join(texts)}",
        note=note,
    )


def _lateness(by: str, reached: str | None, last: str) -> str:
    if reached is None:
        return f"not reached at the last observation, {render(seconds_between(by, last), 's', 2)} later"
    return f"seen as reached {render(seconds_between(by, reached), 's', 2)} later"


def _facility(observed: ObservedSpec, context: Context) -> Span:
    """Facility power; IT power is multiplied by the catalogue's usual ratio of the two."""
    if not observed.it_power:
        return Span.of(observed.amount.value)
    over = context.catalog.parameter("claims.facility_over_it_power", "1")
    return Span.through(lambda a, b: a * b, observed.amount.value, over)


def first(check: FirstCheck, context: Context) -> Finding:
    """Rank by date among those who were there."""
    del context
    ahead = sorted((other.date, other.name) for other in check.others if check.date is None or other.date < check.date)
    rank = 1.0 + len(ahead)
    return Finding(
        question="rank by date",
        claimed=1.0,
        computed=rank,
        low=rank,
        high=rank,
        factor=rank,
        ruling=Ruling.CONSISTENT if not ahead else Ruling.WRONG,
        arithmetic="; ".join(f"{name} {date}" for date, name in ahead) + f"; its own {check.date or 'not yet'}",
    )
