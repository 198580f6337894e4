"""The plan to a target in every world, or many programmes against the world's supply."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lindos import roadmap
from lindos.quantities import Count
from lindos.roadmap import Demand, Growth, PlanResult
from lindos.scenario.roadmap import RoadmapSpec
from lindos.study.expansion import draws_of
from lindos.study.floor import Floor, World
from lindos.study.holdings import HOLDINGS, Holdings
from lindos.study.purchases import PURCHASES, Purchases, offered_everywhere
from lindos.study.recourse import ordered_before, shortfall_price
from lindos.study.rivals import priced_generations, programme, sized_rivals
from lindos.study.site import SITE, SiteResult
from lindos.study.standing import standing
from lindos.study.supply import SUPPLY, line

#: Draws under which a plan is sought anew: a probability is then known to 4 percentage points.
_NUM_CHANCES = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadmapResult:
    """A plan with its comparators, or the programmes of many buyers."""

    plan: PlanResult | None = None
    cheapest: PlanResult | None = None  # if compute before the date is worth nothing
    trend: Growth | None = None  # the same target at constant growth, whatever can be had
    demand: Demand | None = None
    two_stage: roadmap.TwoStage | None = None  # only under draws: first orders for all of them at once
    chances: roadmap.Chances | None = None  # only under draws: how often the target can be reached
    over_budget: Count | None = None  # total cost divided by the stated budget
    rivals: tuple[roadmap.RivalYear, ...] = ()
    holdings: Holdings
    purchases: Purchases
    supply: roadmap.World


def compute(
    world: World, holdings: Holdings, purchases: Purchases, supply: roadmap.World, site: SiteResult | None
) -> RoadmapResult:
    """Compute what the plan costs and draws, or add up the programmes.

    Parameters
    ----------
    world
        Scenario with a roadmap, and catalogue.
    holdings
        Machines that are online at the start.
    purchases
        What is bought when and where.
    supply
        Deliveries of the world.
    site
        Site of the scenario's cluster; None if it has none.
    """
    spec = world.scenario.roadmap
    assert spec is not None
    base = RoadmapResult(holdings=holdings, purchases=purchases, supply=supply)
    if spec.programmes:
        return replace(base, demand=_demand(world, spec, supply))
    machines, offered = standing(world, spec, holdings, site), offered_everywhere(world, spec, purchases)
    trends = roadmap.trends(world.catalog)

    def evaluated(plan: roadmap.Plan) -> PlanResult:
        return roadmap.evaluate(
            plan,
            offered=offered,
            start_h100_equivalents=machines.h100_equivalents,
            start_power=machines.power,
            deliveries=machines.deliveries,
            world=supply,
            trends=trends,
            gaps=machines.gaps,
        )

    assert purchases.plan is not None
    plan = evaluated(purchases.plan)
    return replace(
        base,
        plan=plan,
        cheapest=None if purchases.cheapest is None else evaluated(purchases.cheapest),
        trend=roadmap.growth(
            start_h100_equivalents=machines.h100_equivalents,
            start_power=machines.power,
            target_h100_equivalents=plan.target_h100_equivalents,
            start=spec.start,
            end=spec.by or spec.start,
            trends=trends,
            world=supply,
            generations=offered[0],
            deliveries=machines.deliveries,
        ),
        two_stage=_two_stage(world, spec, purchases, supply, offered) if world.is_sampled else None,
        chances=_chances(world, spec, purchases, supply, offered) if world.is_sampled else None,
        over_budget=None if spec.budget is None else plan.total_capex / spec.budget,
        rivals=_rivals(world, spec, plan),
    )


def _two_stage(
    world: World,
    spec: RoadmapSpec,
    purchases: Purchases,
    supply: roadmap.World,
    offered: Sequence[Sequence[roadmap.Generation]],
) -> roadmap.TwoStage | None:
    """First orders that are best in the mean of the draws, beside those of the plan."""
    assert purchases.plan is not None
    base = purchases.plan.question
    if not spec.has_second_stage or base.target_equivalents is None or not purchases.plan.bought.any():
        return None
    assert spec.recourse is not None
    wanted = replace(base, target_equivalents=purchases.wanted)
    early = ordered_before(base.periods, spec, world.catalog)
    draws = draws_of(wanted, spec, world.catalog, offered, supply, spec.recourse.draws)
    price = shortfall_price(wanted, world.catalog)
    return roadmap.two_stage(wanted, [roadmap.merged(wanted, draw, early) for draw in draws], early, price)


def _rivals(world: World, spec: RoadmapSpec, plan: PlanResult) -> tuple[roadmap.RivalYear, ...]:
    """What the programmes of other buyers want in the years of the plan."""
    sized, start = sized_rivals(world, spec)
    return roadmap.rivalry(plan, sized, start) if sized else ()


def _chances(
    world: World,
    spec: RoadmapSpec,
    purchases: Purchases,
    supply: roadmap.World,
    offered: Sequence[Sequence[roadmap.Generation]],
) -> roadmap.Chances | None:
    """How often the target can be reached by its day, if what is bought may differ from draw to draw."""
    assert purchases.plan is not None
    base = purchases.plan.question
    if not purchases.plan.bought.any():
        return None
    if base.target_equivalents is not None:
        wanted = replace(base, target_equivalents=purchases.wanted)
    elif base.target_power is not None:
        wanted = replace(base, target_power=purchases.wanted)
    elif base.target_flop is not None:
        wanted = replace(base, target_flop=purchases.wanted)
    else:
        return None
    return roadmap.chances(draws_of(wanted, spec, world.catalog, offered, supply, _NUM_CHANCES))


def _demand(world: World, spec: RoadmapSpec, supply: roadmap.World) -> Demand:
    programmes = [programme(world, plan, index) for index, plan in enumerate(spec.programmes)]
    listed, trends = priced_generations(world, programmes)
    share = world.catalog.parameter("supply.largest_share", "1").value
    return roadmap.demand(
        programmes=programmes,
        start=spec.start,
        trends=trends,
        world=supply,
        generations=listed,
        line=line(world, supply.periods[-1].end),
        largest_share=spec.share_of_supply if spec.share_of_supply is not None else share,
    )


ROADMAP = Floor(
    name="roadmap",
    question="What has to be bought when, and can it be?",
    compute=compute,
    needs=(HOLDINGS, PURCHASES, SUPPLY),
    wants=(SITE,),
    reads=("roadmap", "site"),
)
