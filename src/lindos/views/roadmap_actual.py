"""A plan beside what was seen of the operator's sites since its start."""

from dataclasses import dataclass
from datetime import date

from lindos.catalog.records import Observation
from lindos.elements import Series, Table
from lindos.roadmap import PlanResult
from lindos.study.ranges import number
from lindos.views.view import Context


@dataclass(frozen=True, slots=True)
class Sight:
    """What was there on a day: H100-equivalents, 8-bit dense, as last seen of each site, and what the plan has then."""

    day: str
    seen: float
    planned: float
    sites: str


def sights(context: Context, plan: PlanResult) -> tuple[Sight, ...]:
    """List the days on which one of the operator's sites was seen, from the start of a plan to its end.

    Parameters
    ----------
    context
        Scenario, whose roadmap names the sites, and catalogue.
    plan
        The plan in the point world.
    """
    spec = context.scenario.roadmap
    if spec is None or not spec.actual_sites:
        return ()
    names = {context.catalog.site(name).name for name in spec.actual_sites}
    rows: list[Observation] = [
        row
        for row in context.catalog.records("observations").values()
        if row.site in names and row.status == "seen" and row.h100_equivalents.content is not None
    ]
    latest: dict[str, float] = {}
    listed: dict[str, Sight] = {}
    for row in sorted(rows, key=lambda observation: observation.date):
        latest[row.site] = float(row.h100_equivalents.content or 0.0)
        if plan.start <= row.date <= plan.end and len(row.date) == len(plan.start):
            # Sites that were seen on the same day are one row: that of the last of them counts all.
            names_seen = ", ".join(sorted(latest))
            listed[row.date] = Sight(row.date, sum(latest.values()), _planned(plan, row.date), names_seen)
    return tuple(listed.values())


def _planned(plan: PlanResult, day: str) -> float:
    """H100-equivalents of the plan on a day: purchases come online evenly within their quarter."""
    reached = number(plan.start_h100_equivalents) or 0.0
    begin = date.fromisoformat(plan.start)
    for quarter in plan.quarters:
        end, online = date.fromisoformat(quarter.end), number(quarter.h100_equivalents) or 0.0
        if quarter.end >= day:
            passed = (date.fromisoformat(day) - begin).days / (end - begin).days
            return reached + (online - reached) * passed
        begin, reached = end, online
    return reached


def actual_table(context: Context, plan: PlanResult) -> tuple[Table, ...]:
    """Tabulate what was seen beside the plan; nothing where the roadmap names no sites.

    Parameters
    ----------
    context
        Scenario and catalogue.
    plan
        The plan in the point world.
    """
    rows = sights(context, plan)
    if not rows:
        return ()
    table = Table(
        name="roadmap.actual",
        key=True,
        title="The plan and what was seen",
        columns=("on", "seen, H100e", "the plan has", "seen over planned", "sites"),
        units=("", "1", "1", "%", ""),
        rows=tuple((row.day, row.seen, row.planned, row.seen / row.planned, row.sites) for row in rows),
        note=(
            "What was last seen of each site by then. A plan orders on its first day, and nothing that it buys arrives "
            "within the lead time; the operator had ordered before. To plan again from a day, start from what is there."
        ),
    )
    return (table,)


def actual_series(context: Context, plan: PlanResult) -> tuple[Series, ...]:
    """Return the line of what was seen; nothing where the roadmap names no sites.

    Parameters
    ----------
    context
        Scenario and catalogue.
    plan
        The plan in the point world.
    """
    rows = sights(context, plan)
    if not rows:
        return ()
    return (Series(name="seen", x=tuple(row.day for row in rows), y=tuple(row.seen for row in rows)),)
