"""Charts of a plan: purchases, stock by generation, power by place, money, and the trend beside it."""

from lindos.elements import Chart, Series
from lindos.study.floor import Outcome
from lindos.study.ranges import number, span
from lindos.study.roadmap import RoadmapResult


def charts(outcome: Outcome[RoadmapResult], seen: tuple[Series, ...] = ()) -> tuple[Chart, ...]:
    """Draw a plan.

    Parameters
    ----------
    outcome
        The plan in all worlds.
    seen
        What was seen of the operator's sites.
    """
    return (
        _online(outcome, seen),
        _purchases(outcome),
        _stock(outcome),
        _power(outcome),
        _money(outcome),
    )


def _quarters(outcome: Outcome[RoadmapResult]) -> tuple[str, ...]:
    plan = outcome.point.plan
    assert plan is not None
    return tuple(quarter.end for quarter in plan.quarters)


def _line(outcome: Outcome[RoadmapResult], title: str, field: str) -> Series:
    point, sampled = outcome.point.plan, outcome.sampled.plan
    assert point is not None
    assert sampled is not None
    spans = [span(getattr(quarter, field)) for quarter in sampled.quarters]
    return Series(
        name=title,
        x=_quarters(outcome),
        y=tuple(number(getattr(quarter, field)) for quarter in point.quarters),
        low=tuple(low for low, _ in spans),
        high=tuple(high for _, high in spans),
    )


def _online(outcome: Outcome[RoadmapResult], seen: tuple[Series, ...]) -> Chart:
    series = [_line(outcome, "this plan", "h100_equivalents"), *seen]
    trend = outcome.point.trend
    if trend is not None:
        days = (trend.start, *(year.end for year in trend.years))
        counts = (trend.start_h100_equivalents, *(year.h100_equivalents for year in trend.years))
        series.append(Series(name="the trend", x=days, y=tuple(number(count) for count in counts)))
    return Chart(
        name="roadmap.online",
        title="H100-equivalents online (8-bit dense)",
        kind="lines",
        unit="1",
        series=tuple(series),
        x_title="end of quarter",
        log=True,
    )


def _purchases(outcome: Outcome[RoadmapResult]) -> Chart:
    plan = outcome.point.purchases.plan
    assert plan is not None
    amounts = plan.bought.sum(axis=1) * plan.question.equivalents[:, None]
    return Chart(
        name="roadmap.bought",
        title="H100-equivalents bought by generation",
        kind="stack",
        unit="1",
        series=tuple(
            Series(name=name, x=tuple(period.name for period in plan.question.periods), y=tuple(map(float, row)))
            for name, row in zip(plan.question.generations, amounts, strict=True)
            if row.sum()
        ),
        x_title="quarter",
    )


def _stock(outcome: Outcome[RoadmapResult]) -> Chart:
    plan = outcome.point.purchases.plan
    assert plan is not None
    amounts = plan.stock.sum(axis=1) * plan.question.equivalents[:, None]
    return Chart(
        name="roadmap.stock",
        title="H100-equivalents of purchases that work, by generation",
        kind="stack",
        unit="1",
        series=tuple(
            Series(name=name, x=tuple(period.name for period in plan.question.periods), y=tuple(map(float, row)))
            for name, row in zip(plan.question.generations, amounts, strict=True)
            if row.sum()
        ),
        x_title="end of quarter",
    )


def _power(outcome: Outcome[RoadmapResult]) -> Chart:
    point, plan = outcome.point.plan, outcome.point.purchases.plan
    assert point is not None
    assert plan is not None
    by_place = [
        Series(name=place, x=_quarters(outcome), y=tuple(number(quarter.sites[place]) for quarter in point.quarters))
        for place in plan.question.sites
    ]
    return Chart(
        name="roadmap.power",
        title="Facility power",
        kind="lines",
        unit="W",
        series=(_line(outcome, "all", "power"), *by_place),
        x_title="end of quarter",
    )


def _money(outcome: Outcome[RoadmapResult]) -> Chart:
    return Chart(
        name="roadmap.capex",
        title="Spent",
        kind="lines",
        unit="USD",
        series=(
            _line(outcome, "in the quarter", "capex"),
            _line(outcome, "since the start", "cumulative_capex"),
        ),
        x_title="end of quarter",
    )
