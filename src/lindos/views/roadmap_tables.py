"""Tables of a plan: quarters, limits, comparisons, agreements on price, and the world's supply."""

import math
from collections.abc import Mapping
from datetime import date
from itertools import pairwise

import numpy as np

from lindos.elements import Cell, Number, Table
from lindos.roadmap import Growth, PlanResult
from lindos.scenario.roadmap import RoadmapSpec
from lindos.study.contracts import equivalents_per_saving
from lindos.study.floor import Outcome
from lindos.study.holdings import Holdings
from lindos.study.ranges import number, span
from lindos.study.reference import SYSTEM
from lindos.study.roadmap import RoadmapResult
from lindos.units import render
from lindos.views.view import Context

#: What the price of a limit counts, by the objective of the plan.
_PRICED: Mapping[str, str] = {
    "cost": "Present value of cost and of missing compute",
    "compute": "Present value of compute that is delivered, less its cost",
    "stock": "H100-equivalents on the last day",
}
_INPUTS: Mapping[str, str] = {
    "packaging": "packaging",
    "memory": "memory",
    "logic": "logic",
    "power": "power",
    "money": "money",
}


def ranged(draws: object) -> Cell:
    """Make a cell of the range of some draws; empty where they do not differ.

    Parameters
    ----------
    draws
        Draws, in any unit.
    """
    low, high = span(draws)
    return "" if low is None else Number(value=None, low=low, high=high)


def plan_table(outcome: Outcome[RoadmapResult]) -> Table:
    """Tabulate the plan by quarter: devices by generation, H100-equivalents, power and money with their ranges.

    Parameters
    ----------
    outcome
        The plan in all worlds.
    """
    plan, sampled = outcome.point.plan, outcome.sampled.plan
    assert plan is not None
    assert sampled is not None
    body: list[tuple[Cell, ...]] = []
    bought = list(
        dict.fromkeys(name for quarter in plan.quarters for name, amount in quarter.devices.items() if amount)
    )
    for quarter, draws in zip(plan.quarters, sampled.quarters, strict=True):
        body.append(
            (
                quarter.name,
                *(float(quarter.devices.get(name, 0.0)) for name in bought),
                *(number(quarter.power), ranged(draws.power)),
                *(number(quarter.capex), ranged(draws.capex)),
                number(quarter.h100_equivalents),
                number(quarter.cumulative_capex),
                number(quarter.share_of_supply),
            )
        )
    return Table(
        name="roadmap.plan",
        key=True,
        title="Quarter by quarter",
        columns=(
            "quarter",
            *(f"{name} bought" for name in bought),
            *("power", "its range", "spent", "its range", "H100e online", "spent so far", "of world supply"),
        ),
        units=("", *("1" for _ in bought), "W", "W", "USD", "USD", "1", "USD", "%"),
        rows=tuple(body),
        note=(
            "H100-equivalents (H100e) count dense 8-bit rates. Of world supply: purchases over what all suppliers "
            "deliver in the quarter. Ranges: 80 % of draws of prices, power and supply, for the same purchases."
        ),
    )


def purchases_table(outcome: Outcome[RoadmapResult]) -> tuple[Table, ...]:
    """Tabulate purchases by quarter, place and generation, if anything is bought.

    Parameters
    ----------
    outcome
        The plan in all worlds.
    """
    plan, sampled = outcome.point.plan, outcome.sampled.plan
    assert plan is not None
    assert sampled is not None
    body: list[tuple[Cell, ...]] = []
    for quarter, draws in zip(plan.quarters, sampled.quarters, strict=True):
        for order, drawn in zip(quarter.orders, draws.orders, strict=True):
            body.append(
                (
                    *(quarter.name, order.place, order.generation, order.vendor, order.devices),
                    number(order.h100_equivalents),
                    *(number(order.power), ranged(drawn.power)),
                    *(number(order.capex), ranged(drawn.capex)),
                )
            )
    table = Table(
        name="roadmap.purchases",
        title="Purchases by place and generation",
        columns=(
            *("quarter", "place", "generation", "maker", "GPUs", "H100e", "power", "its range"),
            *("price", "its range"),
        ),
        units=("", "", "", "", "1", "1", "W", "W", "USD", "USD"),
        rows=tuple(body),
        note="The price is that of machines and network, after what is agreed; buildings are paid by block.",
    )
    return (table,) if body else ()


def chances_table(outcome: Outcome[RoadmapResult]) -> tuple[Table, ...]:
    """Tabulate how often the target can be reached, and how much of it.

    Parameters
    ----------
    outcome
        The plan in all worlds.
    """
    chances, purchases = outcome.sampled.chances, outcome.point.purchases
    if chances is None:
        return ()
    reached = [float(value) for value in np.quantile(chances.shares, (0.1, 0.5, 0.9)) * purchases.wanted]
    is_power = purchases.plan is not None and purchases.plan.question.target_power is not None
    unit = "W" if is_power else "1"
    table = Table(
        name="roadmap.chances",
        key=True,
        title="Can it be reached by the day?",
        columns=("", "probability", "a tenth reach less than", "half of the draws", "nine tenths"),
        units=("", "%", unit, unit, unit),
        rows=(("the target, under other supply, prices, efficiency and queues", chances.probability, *reached),),
        note=(
            f"{len(chances.shares)} draws; in each the best purchases are sought anew, and power comes as much later "
            "than announced as it did in 2026. More than the target is not sought."
        ),
    )
    return (table,)


def stages_table(outcome: Outcome[RoadmapResult]) -> tuple[Table, ...]:
    """Tabulate first orders that are planned for many draws at once, beside those of the plan and of foresight.

    Parameters
    ----------
    outcome
        The plan in all worlds.
    """
    stages, plan = outcome.sampled.two_stage, outcome.point.purchases.plan
    if stages is None or plan is None:
        return ()
    policies = (
        ("for all draws at once", stages.stochastic),
        ("for the values of the catalogue", stages.deterministic),
        ("with the draw known from the first day", stages.foresight),
    )
    names = plan.question.generations
    ordered = [kind for kind in range(len(names)) if any(policy.bought[kind].sum() > 0.5 for _, policy in policies)]
    count = len(stages.stochastic.costs)
    last = plan.question.periods[int(stages.first_stage[-1])].name if len(stages.first_stage) else "none"
    table = Table(
        name="roadmap.stages",
        key=True,
        title="First orders, before prices, supply, efficiency and queues are known",
        columns=("planned", *(f"{names[kind]} ordered" for kind in ordered), "above foresight", "reaches the target"),
        units=("", *("1" for _ in ordered), "USD", "%"),
        rows=tuple(
            (
                title,
                *(float(policy.bought[kind].sum()) for kind in ordered),
                max(policy.expected_cost - stages.foresight.expected_cost, 0.0),
                policy.probability,
            )
            for title, policy in policies
        ),
        note=(
            f"{count} draws; orders for deliveries until {last} are the first stage, and later ones are the best of "
            f"each draw. Planning for all draws at once is worth {_worth(stages.value)} in the mean (the value of the "
            f"stochastic solution), knowing the draw {_worth(stages.value_of_information)} more. Above foresight: "
            "expected present value of capital, running costs and missing compute over that of who knows the draw. "
            "What is missing on the last day is rented for the life of machines, where that costs less than to reach "
            "the target. Lots may be split here."
        ),
    )
    return (table,)


def _worth(amount: float) -> str:
    """Write an amount; a difference within the tolerance of the solver is nothing."""
    return render(amount, "USD") if amount > 1e5 else "nothing"


def gain(result: RoadmapResult, spec: RoadmapSpec, saving: float) -> str:
    """Write what one more unit of a limit gains, by the objective of the plan.

    Parameters
    ----------
    result
        The plan in the point world.
    spec
        The roadmap of the scenario.
    saving
        Saving in USD of the objective.
    """
    plan = result.purchases.plan
    if spec.objective == "stock" and plan is not None:
        return f"add {render(saving * equivalents_per_saving(plan.question), '1')} H100-equivalents"
    return f"{'bring' if spec.objective == 'compute' else 'save'} {render(saving, 'USD')}"


def limits_table(result: RoadmapResult, spec: RoadmapSpec) -> tuple[Table, ...]:
    """Tabulate what limits the plan: what one more unit of each limit saves, or brings.

    Parameters
    ----------
    result
        The plan in the point world.
    spec
        The roadmap of the scenario.
    """
    prices, plan = result.purchases.prices, result.purchases.plan
    if not prices or plan is None:
        return ()
    is_stock = spec.objective == "stock"
    factor = equivalents_per_saving(plan.question) if is_stock else 1.0
    title = {"cost": "saves", "compute": "brings"}.get(spec.objective, "adds, H100e")
    table = Table(
        name="roadmap.limits",
        key=True,
        title="What limits the plan",
        columns=("limit", "one step", title),
        units=("", "", "1" if is_stock else "USD"),
        rows=tuple((price.limit, price.step, factor * price.saving) for price in prices[:12]),
        note=_PRICED[spec.objective] + "; a price holds for small steps.",
    )
    return (table,)


def clash_table(result: RoadmapResult) -> tuple[Table, ...]:
    """Tabulate limits that exclude the target together, and the least that would loosen each alone.

    Parameters
    ----------
    result
        The plan in the point world.
    """
    purchases = result.purchases
    if not purchases.clash:
        return ()
    factors = {row.limit: row.factor for row in purchases.relaxations}
    rows = tuple(
        (name, Number(value=factors[name], suffix="x") if name in factors else "not enough alone")
        for name in purchases.clash
    )
    table = Table(
        name="roadmap.clash",
        key=True,
        title="Why the target cannot be reached",
        columns=("limit", "least change that makes it possible"),
        units=("", "1"),
        rows=rows,
        note=(
            "Without any one of these limits the others could all be kept. "
            + (
                f"All of them kept, the target could be reached by {purchases.possible_by}."
                if purchases.possible_by
                else "All of them kept, the target could not be reached within four years of its day either."
            )
        ),
    )
    return (table,)


def compared_table(outcome: Outcome[RoadmapResult]) -> Table:
    """Tabulate the plan beside the cheapest one and beside constant growth.

    Parameters
    ----------
    outcome
        The plan in all worlds.
    """
    point, sampled = outcome.point, outcome.sampled
    body: list[tuple[Cell, ...]] = []
    for title, name in (("this plan", "plan"), ("the cheapest: compute before the date is worth nothing", "cheapest")):
        plan, draws = getattr(point, name), getattr(sampled, name)
        if plan is not None:
            body.append(
                (
                    title,
                    *(number(plan.total_capex), ranged(draws.total_capex)),
                    *(number(plan.final_power), ranged(draws.final_power)),
                    number(plan.delivered),
                    number(plan.last_year_share),
                    number(plan.peak_share_of_supply),
                )
            )
    if point.trend is not None and sampled.trend is not None:
        body.append(_trend_row(point.trend, sampled.trend))
    return Table(
        name="roadmap.compared",
        key=True,
        title="Plans to the same target",
        columns=(
            "",
            "spent",
            "its range",
            "power at the end",
            "its range",
            "H100e-years delivered",
            "bought in the last year",
            "of world supply",
        ),
        units=("", "USD", "USD", "W", "W", "1", "%", "%"),
        rows=tuple(body),
        note=(
            "The trend is constant growth, bought as the newest generation of each year whether or not it can be had: "
            "no plan, but the pace of the statement."
        ),
    )


def _trend_row(trend: Growth, draws: Growth) -> tuple[Cell, ...]:
    years = [number(year.bought) or 0.0 for year in trend.years]
    return (
        "the trend: constant growth, no limits",
        *(number(trend.total_capex), ranged(draws.total_capex)),
        *(number(trend.final_power), ranged(draws.final_power)),
        _delivered(trend),
        years[-1] / sum(years) if sum(years) else 0.0,
        number(trend.peak_share_of_supply),
    )


def _delivered(trend: Growth) -> float:
    """H100-equivalent-years of constant growth: each year has the logarithmic mean of its ends."""
    stocks = (trend.start_h100_equivalents, *(year.h100_equivalents for year in trend.years))
    counts = [number(stock) or 0.0 for stock in stocks]
    days = [date.fromisoformat(trend.start), *(date.fromisoformat(year.end) for year in trend.years)]
    spans = [(end - begin).days / 365.25 for begin, end in pairwise(days)]
    parts = zip(spans, pairwise(counts), strict=True)
    return sum(years * ((b - a) / math.log(b / a) if a > 0.0 and b != a else 0.5 * (a + b)) for years, (a, b) in parts)


def world_table(outcome: Outcome[RoadmapResult]) -> Table:
    """Tabulate what the world can deliver by year, and which input bounds it.

    Parameters
    ----------
    outcome
        The supply in all worlds.
    """
    supply, sampled = outcome.point.supply, outcome.sampled.supply
    body: list[tuple[Cell, ...]] = []
    for year, draws in zip(supply.years, sampled.years, strict=True):
        bounds = {name: number(amount) or 0.0 for name, amount in year.bounds.items()}
        binding = min(bounds, key=lambda name: bounds[name])
        day = next(period.end for period in reversed(supply.periods) if period.middle.year == year.year)
        body.append(
            (
                str(year.year),
                *(number(year.delivered), ranged(draws.delivered)),
                number(supply.stock(day)),
                number(year.power),
                number(year.capex),
                _INPUTS[binding],
            )
        )
    return Table(
        name="roadmap.world",
        title="What the world can deliver",
        columns=(
            *("year", "H100e delivered", "its range", "H100e ever delivered", "power they draw", "cost of them"),
            "bound by",
        ),
        units=("", "1", "1", "1", "W", "USD", ""),
        rows=tuple(body),
        note=(
            "Wafers of packaging of half a year before, less what memory, logic, added power and published spending of "
            "the year do not allow. Power is that of NVIDIA's systems with cooling; cost is theirs with buildings, "
            "less what custom chips save."
        ),
    )


def holdings_table(plan: PlanResult, holdings: Holdings, context: Context) -> Table:
    """Tabulate the parts of the plan: online at the start, ordered and bought, each at its price.

    Parameters
    ----------
    plan
        The plan.
    holdings
        Machines that are online at the start.
    context
        Scenario and catalogue.
    """
    bound = "least" if plan.gaps else ""
    body: list[tuple[Cell, ...]] = [
        (
            f"online on {plan.start}: {_origin(context, holdings)}",
            number(plan.start_h100_equivalents),
            Number(value=number(plan.start_power), bound=bound),
            "",
        )
    ]
    if number(plan.ordered_h100_equivalents):
        body.append(
            (
                "ordered: the cluster's pools, as they come online",
                number(plan.ordered_h100_equivalents),
                Number(value=number(plan.ordered_power), bound=bound),
                Number(value=number(plan.ordered_capex), bound=bound),
            )
        )
    if number(plan.bought_h100_equivalents):
        body.append(
            (
                "bought beyond that, with buildings",
                number(plan.bought_h100_equivalents),
                number(plan.bought_power),
                number(plan.bought_capex + plan.built_capex),
            )
        )
    body.append(
        (
            f"online on {plan.end}",
            number(plan.target_h100_equivalents),
            Number(value=number(plan.final_power), bound=bound),
            Number(value=number(plan.total_capex), bound=bound),
        )
    )
    return Table(
        name="roadmap.holdings",
        title="Parts of the plan",
        columns=("", "H100-equivalents, 8-bit dense", "facility power", "capital cost"),
        units=("", "1", "W", "USD"),
        rows=tuple(body),
    )


def _origin(context: Context, holdings: Holdings) -> str:
    spec = context.scenario.roadmap
    pools = context.scenario.cluster.pools if context.scenario.cluster else []
    parts = []
    if holdings.start_cluster is not None:
        parts.append(f"the cluster of {holdings.start_cluster.name}, as built")
    if any(holdings.is_online(pool.online or "") for pool in pools):
        parts.append("the cluster above, as built")
    if spec is not None and spec.start_sites:
        parts.append(f"{', '.join(spec.start_sites)}, as last seen")
    if spec is not None and spec.start_h100_equivalents is not None:
        parts.append(f"{'others' if parts else 'taken'} as {SYSTEM} racks")
    return " and ".join(parts) or "nothing"
