"""Checks in time: growth against trends, the rate that one device must reach, dates against observations."""

import datetime

from lindos.claims.amounts import PRECISION_NAMES, finding_of, groups_of, rate_of
from lindos.claims.context import Context
from lindos.claims.schema import EfficiencyCheck, FirstCheck, GrowthCheck, ObservedSpec, PerDeviceCheck, ScheduleCheck
from lindos.claims.span import Span, bounded, brief
from lindos.claims.verdict import Finding, Ruling
from lindos.formulas import equivalents
from lindos.formulas import growth as growth_formulas
from lindos.units import parse, render

_YEAR = "1 year"


def seconds_between(start: str, end: str) -> float:
    """Return the seconds from one ISO day to another; ``2025``, ``2025-07`` and ``2025-H2`` mean their first day.

    Parameters
    ----------
    start
        First day.
    end
        Second day.
    """
    return (_day(end) - _day(start)).total_seconds()


def _day(text: str) -> datetime.datetime:
    year, month, day = (*text.split("-"), "1", "1")[:3]
    # "2026-H2" and "2026-Q3" mean the first day of the half or quarter.
    spans = {"H": 6, "Q": 3}
    first = spans[month[0]] * (int(month[1:]) - 1) + 1 if month[0] in spans else int(month)
    return datetime.datetime(int(year), first, int(day), tzinfo=datetime.UTC)


def growth(check: GrowthCheck, context: Context) -> Finding:
    """Check a number at a date against a trend; the arithmetic shows the growth that the claim needs.

    Parameters
    ----------
    check
        The claimed H100-equivalents, the start and the trend.
    context
        The catalogue.
    """
    duration, year = seconds_between(check.start.date, check.by), parse(_YEAR, "s")
    trend = Span.make(context.catalog.parameter(check.trend, "1"))
    start = Span.make(check.start.h100_equivalents)
    projected = Span.apply(growth_formulas.extrapolated, start, trend, duration, year)
    needed = growth_formulas.growth_factor(start.value, check.claimed, duration, year)
    text = (
        f"{brief(start, '1')} x {bounded(trend, '1')} a year ^ {duration / year:.1f} years "
        f"= {bounded(projected, '1')}; the claim needs x {needed:.2f} a year"
    )
    return finding_of("H100-equivalents, against the trend", "1", check.claimed, projected, text)


def per_device(check: PerDeviceCheck, context: Context) -> Finding:
    """Check the rate that each device must have against the trend of single devices.

    Parameters
    ----------
    check
        The devices to replace, their new number and the trend.
    context
        The catalogue.
    """
    target = rate_of(groups_of(check.devices, context), check.precision)
    needed = Span.apply(equivalents.rate_per_device, target, float(check.gpus))
    peak = Span.make(context.catalog.accelerator(check.reference).counted_peak(check.precision))
    projected, trend_text = _on_trend(peak, "FLOP/s", check, context)
    rate = f"{brief(target, 'FLOP/s')} / {brief(float(check.gpus), '1')} = {brief(needed, 'FLOP/s')} each"
    text = f"{rate}; trend: {trend_text}"
    return finding_of(
        f"dense {PRECISION_NAMES[check.precision]} rate of one device", "FLOP/s", needed.value, projected, text
    )


def efficiency(check: EfficiencyCheck, context: Context) -> Finding:
    """Check the rate per watt that a target needs against the trend of single chips.

    Parameters
    ----------
    check
        The devices, the power in watts and the trend.
    context
        The catalogue.
    """
    target = rate_of(groups_of(check.devices, context), check.precision)
    needed = Span.apply(equivalents.rate_per_watt, target, check.power)
    reference = context.catalog.accelerator(check.reference)
    current = Span.apply(equivalents.rate_per_watt, reference.counted_peak(check.precision), reference.board_power)
    projected, trend_text = _on_trend(current, "FLOP/J", check, context)
    rate = f"{brief(target, 'FLOP/s')} / {brief(check.power, 'W')} = {brief(needed, 'FLOP/J')}"
    text = f"{rate}; trend of chips: {trend_text}"
    return finding_of(
        f"dense {PRECISION_NAMES[check.precision]} FLOP per joule", "FLOP/J", needed.value, projected, text
    )


def _on_trend(current: Span, unit: str, check: PerDeviceCheck | EfficiencyCheck, context: Context) -> tuple[Span, str]:
    """Extrapolate a figure of the reference device along its trend, from its launch to the date of the check."""
    reference = context.catalog.accelerator(check.reference)
    duration, year = seconds_between(str(reference.launch_date.value), check.by), parse(_YEAR, "s")
    trend = Span.make(context.catalog.parameter(check.trend, "1"))
    projected = Span.apply(growth_formulas.extrapolated, current, trend, duration, year)
    text = (
        f"{reference.title} {brief(current, unit)} x {bounded(trend, '1')} a year ^ {duration / year:.1f} years"
        f" = {bounded(projected, unit)}"
    )
    return projected, text


def schedule(check: ScheduleCheck, context: Context) -> Finding:
    """Check a promise against observations around its date: kept, late or open.

    Parameters
    ----------
    check
        The promised amount in watts or devices, its date and the observations.
    context
        The catalogue.
    """
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
    earlier = [entry for entry in seen if entry[0] <= check.by]
    after = [entry for entry in seen if entry[0] > check.by]
    reached = next((date for date, amount, _ in seen if amount.high >= check.claimed.value), None)
    observed = earlier[-1][1] if earlier else Span(0.0, 0.0, 0.0)
    observed = Span(observed.value, observed.low, after[0][1].high) if after else observed
    if reached is not None and reached <= check.by:
        ruling, note = Ruling.MET, ""
    elif not after:
        ruling, note = Ruling.OPEN, f"last observation before {check.by}: {earlier[-1][0]}"
    else:
        ruling, note = Ruling.LATE, _lateness(check.by, reached, seen[-1][0])
    texts = [f"{date}: {bounded(amount, unit)}" for date, amount, _ in (*earlier[-1:], *after)]
    return Finding(
        question=question,
        unit=unit,
        claimed=check.claimed.value,
        computed=observed.value,
        low=observed.low,
        high=observed.high,
        factor=max(1.0, check.claimed.value / observed.value) if observed.value else None,
        ruling=ruling,
        arithmetic=f"{brief(check.claimed.value, unit)} by {check.by}; observed {'; '.join(texts)}",
        note=note,
    )


def _lateness(promised: str, reached: str | None, last: str) -> str:
    if reached is None:
        return f"not reached at the last observation, {render(seconds_between(promised, last), 's', 2)} later"
    return f"seen as reached {render(seconds_between(promised, reached), 's', 2)} later"


def _facility(observed: ObservedSpec, context: Context) -> Span:
    """Return the facility power; IT power is multiplied by the catalogue's usual ratio of the two."""
    if not observed.it_power:
        return Span.make(observed.amount.value)
    ratio = context.catalog.parameter("claims.facility_over_it_power", "1")
    return Span.apply(lambda a, b: a * b, observed.amount.value, ratio)


def first(check: FirstCheck, context: Context) -> Finding:
    """Rank the speaker by date among others who did the same.

    Parameters
    ----------
    check
        The dates.
    context
        Not used; all checks take it.
    """
    del context
    ahead = sorted((rival.date, rival.name) for rival in check.others if check.date is None or rival.date < check.date)
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
