"""The roadmap: a plan quarter by quarter with what limits it, or many programmes against the supply."""

from collections.abc import Iterator
from operator import attrgetter
from typing import Any

from lindos.elements import Section
from lindos.problem.cluster import Cluster
from lindos.results import rows
from lindos.roadmap import PlanResult
from lindos.scenario.roadmap import RoadmapSpec
from lindos.site import SiteEstimate
from lindos.study.cluster import CLUSTER, ClusterResult
from lindos.study.floor import Outcome
from lindos.study.ranges import number
from lindos.study.roadmap import ROADMAP, RoadmapResult
from lindos.study.site import SITE, SiteResult
from lindos.units import render
from lindos.views.figures import Figures, titled
from lindos.views.gaps import gaps_table, gaps_warning, with_gaps
from lindos.views.roadmap_actual import actual_series, actual_table
from lindos.views.roadmap_charts import charts
from lindos.views.roadmap_contracts import contracts_charts, contracts_table, has_contracts
from lindos.views.roadmap_demand import demand_section
from lindos.views.roadmap_entries import entries
from lindos.views.roadmap_prices import price_tables
from lindos.views.roadmap_tables import (
    chances_table,
    clash_table,
    compared_table,
    gain,
    holdings_table,
    limits_table,
    plan_table,
    purchases_table,
    stages_table,
    world_table,
)
from lindos.views.roadmap_verdict import listed
from lindos.views.site import AS_BUILT, built_by, written
from lindos.views.view import Context, View

TITLE = "Roadmap"
_PLAN_TITLE = "The plan to the target"
_TITLES = {
    "required_growth": "Growth needed, times a year",
    "record_growth": "Growth of the largest site, times a year",
    "leading_growth": "Growth of leading supercomputers, times a year",
    "final_power": "Facility power at the target",
    "total_capex": "Spent from start to target",
    "peak_share_of_supply": "Largest share of a year's world supply",
    "time_at_record_growth": "Time to the target at record growth",
    "start_h100_equivalents": "H100-equivalents at the start",
    "start_power": "Facility power at the start",
    "ordered_h100_equivalents": "H100-equivalents that come online as ordered",
    "ordered_power": "Facility power of ordered machines",
    "ordered_capex": "Capital cost of ordered machines",
    "bought_h100_equivalents": "H100-equivalents bought beyond that",
    "bought_power": "Facility power of purchases",
    "bought_capex": "Machines and network bought",
    "target_h100_equivalents": "H100-equivalents at the target",
    "pace": "Growth needed over the record",
    "built_capex": "Buildings and plant for them",
    "running_cost": "Energy and maintenance until the target",
    "contract_cost": "Rent and interest",
    "contract_income": "Income from leases and resale",
    "net_present_cost": "Present value of capital, running and contract costs",
    "delivered": "H100-equivalent-years until the target",
    "last_year_share": "Share of purchases in the last year",
    "share_of_power": "Share of the power for AI that the world adds",
}
_HEADLINE = (
    "roadmap.target_h100_equivalents",
    "roadmap.total_capex",
    "roadmap.final_power",
    "roadmap.peak_share_of_supply",
    "roadmap.share_of_power",
    "roadmap.probability",
    "roadmap.required_growth",
    "roadmap.record_growth",
    "roadmap.over_budget",
)
_SHARES = frozenset(("peak_share_of_supply", "last_year_share", "share_of_power"))
#: Totals that are lower bounds if power or price of machines that are online or ordered is unknown.
_POWER = ("start_power", "ordered_power", "final_power")
_MONEY = ("ordered_capex", "total_capex")


def view(
    context: Context,
    outcome: Outcome[RoadmapResult],
    cluster: Outcome[ClusterResult] | None,
    site: Outcome[SiteResult] | None,
) -> Section:
    """Show the plan to the target, or programmes against supply.

    Parameters
    ----------
    context
        Scenario and catalogue.
    outcome
        Plan or programmes.
    cluster, site
        Cluster and site of the scenario; None if it has none.
    """
    if outcome.point.demand is not None:
        return demand_section(context, outcome, outcome.point.demand)
    plan, spec = outcome.point.plan, context.scenario.roadmap
    assert plan is not None
    assert spec is not None
    pools = cluster.point.cluster if cluster else Cluster(name="", pools=())
    return Section(
        name="roadmap",
        title=_PLAN_TITLE,
        summary=_statement(outcome.point, spec, plan) + _probability(outcome),
        headline=_HEADLINE,
        figures=_figures(context, outcome, pools, spec).all(),
        tables=(
            *clash_table(outcome.point),
            plan_table(outcome),
            *chances_table(outcome),
            *stages_table(outcome),
            *actual_table(context, plan),
            *contracts_table(outcome.point),
            *limits_table(outcome.point, spec),
            compared_table(outcome),
            holdings_table(plan, outcome.point.holdings, context),
            *price_tables(outcome.point, plan, _at_once(outcome.point, site)),
            world_table(outcome),
            *purchases_table(outcome),
            *gaps_table("roadmap.gaps", plan.gaps),
        ),
        charts=(*charts(outcome, actual_series(context, plan)), *contracts_charts(outcome.point)),
        notes=(*_notes(context, outcome.point, plan, site),),
        warnings=(*_clash_warning(outcome.point, plan), *gaps_warning(plan.gaps)),
        entries=entries(outcome),
    )


def _at_once(result: RoadmapResult, site: Outcome[SiteResult] | None) -> SiteEstimate | None:
    """Site of a cluster that answers what all of it would cost at once; None if its prices are not known."""
    if site is None or not result.holdings.is_hypothetical or site.point.estimate.capex.gaps_of("total"):
        return None
    return site.point.estimate


def _figures(
    context: Context, outcome: Outcome[RoadmapResult], cluster: Cluster, spec: RoadmapSpec
) -> Figures[RoadmapResult]:
    plan, end = outcome.point.plan, spec.by or spec.start
    figures = Figures(outcome, subject=f"roadmap of {context.scenario.name}", date=end)
    for row in rows(plan):
        if row.name.startswith("contract_") and not has_contracts(outcome.point):
            continue
        is_bound = bool(plan and plan.gaps) and row.name in (*_POWER, *_MONEY)
        figures.add(
            f"roadmap.{row.name}",
            _TITLES.get(row.name, titled(row.name)),
            row.unit,
            attrgetter(f"plan.{row.name}"),
            why=with_gaps(row.why, plan.gaps if plan and is_bound else ()),
            percent=row.name in _SHARES,
            bound="least" if is_bound else "",
            follows=True,
            **_of_machines(context, outcome.point, cluster, spec, row.name),
        )
    chances = outcome.sampled.chances
    if chances is not None:
        probability, (low, high) = chances.probability, chances.probability_range
        figures.add(
            "roadmap.probability",
            "Probability of the target by its day",
            "1",
            lambda _: probability,
            why=(
                f"share of {len(chances.shares)} draws of supply, prices, efficiency and queues in which it can be "
                "reached; the range is that of so many draws"
            ),
            percent=True,
            low=low,
            high=high,
        )
    if spec.budget is not None:
        figures.add(
            "roadmap.over_budget",
            "Total cost over the stated budget",
            "1",
            lambda result: result.over_budget,
            why=f"against a budget of {render(spec.budget, 'USD')}; above 1 the budget is exceeded",
        )
    return figures


def _of_machines(
    context: Context, result: RoadmapResult, cluster: Cluster, spec: RoadmapSpec, name: str
) -> dict[str, str]:
    """Return what a figure describes, if it is a total of a cluster that a site states too."""
    holdings, dates = result.holdings, [pool.online for pool in cluster.pools]
    as_site = {"subject": context.scenario.name, "date": built_by(cluster), "convention": AS_BUILT}
    if name == "start_power":
        named = holdings.start_cluster
        if named is not None and not any(holdings.is_online(date) for date in dates):
            pools = named.cluster.pools if named.cluster else []
            online = max((pool.online or "" for pool in pools), default="")
            return {"quantity": "facility_power", "subject": named.name, "date": online, "convention": AS_BUILT}
        is_stated = spec.start_h100_equivalents is not None or bool(spec.start_sites)
        is_own = bool(dates) and all(holdings.is_online(date) for date in dates) and not is_stated
        return {"quantity": "facility_power", **as_site} if named is None and is_own else {"date": spec.start}
    of_cluster = {"ordered_power": "facility_power", "ordered_capex": "capital_cost"}
    is_whole = bool(dates) and all(spec.start < date <= (spec.by or spec.start) for date in dates)
    return {"quantity": of_cluster[name], **as_site} if name in of_cluster and is_whole else {}


def _statement(result: RoadmapResult, spec: RoadmapSpec, plan: PlanResult) -> str:
    """Write the plan in a few sentences: what it reaches, what it takes, and what limits it."""
    pace, bound = number(plan.pace), bool(plan.gaps)
    faster = "slower" if pace is None or pace <= 1 else "faster"
    reached = written(plan.target_h100_equivalents, "1")
    sentence = (
        f"From {written(plan.start_h100_equivalents, '1')} to {reached} H100-equivalents (8-bit dense) takes "
        f"{_times(plan.required_growth)} a year, {faster} than the record of {_times(plan.record_growth)}; it ends at "
        f"{written(plan.final_power, 'W', is_bound=bound)} and {written(plan.total_capex, 'USD', is_bound=bound)}, and "
        f"takes up to {_percent(number(plan.peak_share_of_supply))} of what the world delivers in a year."
    )
    if result.purchases.clash:
        return f"{_excluded(result)} The plan is the most that can. {sentence}"
    steps: dict[str, str] = {}
    for price in result.purchases.prices:
        if not price.limit.startswith("target"):
            steps.setdefault(price.limit, f"{price.step} would {gain(result, spec, price.saving)}")
    dearest = list(steps.values())[:2]
    return sentence + (f" What limits it most: {', '.join(dearest)}." if dearest else "")


def _excluded(result: RoadmapResult) -> str:
    """Write which limits exclude the target together, and which of them would have to give least."""
    purchases = result.purchases
    ending = "exclude each other." if len(purchases.clash) > 1 else "excludes it."
    words = f"The target cannot be reached, with the values of the catalogue: {listed(purchases.clash)} {ending}"
    # A limit that gives way says more than a smaller target, which is left where no limit is enough alone.
    alone = sorted(purchases.relaxations, key=lambda row: (row.kind.startswith("target"), row.factor))
    if alone:
        words += f" Least change alone: {render(alone[0].factor, '1')} times the {alone[0].limit}."
    if purchases.possible_by:
        words += f" It could be reached by {purchases.possible_by}."
    return words


def _times(factor: Any) -> str:
    plain = number(factor)
    return "an unknown factor" if plain is None else f"{render(plain, '1')}x"


def _percent(share: float | None) -> str:
    return "an unknown share" if share is None else f"{render(100 * share, '1', 2)} %"


def _probability(outcome: Outcome[RoadmapResult]) -> str:
    chances = outcome.sampled.chances
    if chances is None:
        return ""
    return f" It can be reached by its day in {_percent(chances.probability)} of the draws."


def _clash_warning(result: RoadmapResult, plan: PlanResult) -> Iterator[str]:
    if result.purchases.clash:
        yield (
            f"These limits exclude the target together: {', '.join(result.purchases.clash)}. The plan shows the most "
            f"that is possible by {plan.end}."
        )


def _notes(
    context: Context, result: RoadmapResult, plan: PlanResult, site: Outcome[SiteResult] | None
) -> Iterator[str]:
    yield (
        "Machines that are online or ordered have the price and power of their own site. Purchases are whole lots of "
        "racks with network and building, at the price and power that the site of their place gives for a cluster of "
        "as many; a generation without a data sheet follows its forerunners (prior). Each quarter's purchases stay "
        "within the buyer's share of what the world delivers of that generation, and within the power of their place."
    )
    yield (
        "The plan weighs capital and running costs against what the compute that is missing before the date would "
        "cost to rent, which falls as performance per dollar rises; compute_value sets it, and $0/h asks for the "
        "cheapest plan. Shortage prices are not in it."
    )
    if result.purchases.left_out:
        names = ", ".join(result.purchases.left_out)
        yield f"Not on offer, since price or power is unknown: {names}. Give them in a catalogue file (--catalog FILE)."
    if result.holdings.is_hypothetical and site is not None:
        estimate = site.point.estimate
        yield (
            f"The cluster of {context.scenario.name} answers another question: all of it is built at once from its own "
            f"racks, at today's prices ({written(estimate.capex.total, 'USD')} and "
            f"{written(estimate.power.total, 'W')}). The plan buys from {plan.start} to {plan.end}."
        )


VIEW = View(floor=ROADMAP, title=TITLE, show=view, supplements=(CLUSTER, SITE))
