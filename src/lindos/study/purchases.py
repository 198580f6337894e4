"""The plan of a roadmap: decided once, with the catalogue's own values."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from lindos import roadmap
from lindos.errors import InfeasibleError, LindosError, SolverError
from lindos.roadmap import Expansion, Plan, Price, Relaxation
from lindos.scenario.roadmap import RoadmapSpec
from lindos.study.expansion import question
from lindos.study.floor import Floor, World
from lindos.study.holdings import HOLDINGS, Holdings
from lindos.study.offers import campuses, offers, unpriced
from lindos.study.site import SITE, SiteResult
from lindos.study.standing import Standing, standing
from lindos.study.supply import SUPPLY, line

#: Passes until the sizes of the purchases and the network that they need agree; sizes change by levels of a network.
_MAX_PASSES = 4
#: Most quarters of a plan in whole lots: in longer ones a lot matters less than the years, and takes long.
_MOST_WHOLE = 32
#: Setting that holds a decided plan fixed, whatever changes.
PURCHASES_SETTING = "purchases"
#: The same setting where lots may be split: a question that asks for many plans looks at how they change.
SPLIT_LOTS = "split lots"
#: Years after its day within which a target that cannot be reached is sought.
_LATER = 4
#: Shares of a target that is just possible which a plan in whole lots may leave: solvers work within tolerances.
_MARGINS = (1e-6, 1e-3, 1e-2, 0.1, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Purchases:
    """What is bought, and what limits it.

    Parameters
    ----------
    num_devices
        Devices by place and system: those of one place and system share a network, whose levels follow from it.
    plan
        The plan; None for programmes of many buyers.
    cheapest
        The cheapest plan if compute before the date is worth nothing; None if that is the plan, or there is none.
    prices
        What one more unit of each limit saves, the dearest first.
    wanted
        H100-equivalents, W or H100-equivalent-years that are wanted; the plan is the most that is possible if that is
        less.
    left_out
        Devices on sale whose price or power is unknown.
    clash, relaxations
        Limits that exclude each other, and the least by which each alone must be loosened; empty if the target is met.
    possible_by
        First end of a quarter by which a target that cannot be reached on its day could be; empty if it is reached, or
        not within four years.
    """

    num_devices: Mapping[tuple[str, str], int]
    plan: Plan | None = None
    cheapest: Plan | None = None
    prices: tuple[Price, ...] = ()
    wanted: float = 0.0
    left_out: tuple[str, ...] = ()
    clash: tuple[str, ...] = ()
    relaxations: tuple[Relaxation, ...] = ()
    possible_by: str = ""


def compute(world: World, holdings: Holdings, supply: roadmap.World, site: SiteResult | None) -> Purchases:
    """Determine what the roadmap buys when and where.

    Parameters
    ----------
    world
        Scenario with a roadmap, and catalogue.
    holdings
        Machines that are online at the start.
    supply
        Deliveries of the world.
    site
        Site of the scenario's cluster; None if it has none.
    """
    spec = world.scenario.roadmap
    assert spec is not None
    decided = world.settings.get(PURCHASES_SETTING)
    if isinstance(decided, Purchases):
        return decided
    if spec.programmes:
        return Purchases(num_devices={})
    machines = standing(world, spec, holdings, site)
    sizes: Mapping[tuple[str, str], int] = {}
    for _ in range(_MAX_PASSES):
        expansion = question(world, spec, machines, supply, sizes)
        rough, _, _ = roadmap.make_plan(_attainable(expansion), is_whole=False)
        assert rough is not None  # what is attainable has a plan
        bought = _num_devices(world, spec, rough)
        if bought == sizes:
            break
        sizes = bought
    is_split = decided == SPLIT_LOTS
    decided = _decided(question(world, spec, machines, supply, sizes), sizes, is_split=is_split)
    later = _possible_by(world, spec, machines, sizes) if decided.clash and not is_split else ""
    return replace(decided, left_out=unpriced(world, spec), possible_by=later)


def _possible_by(world: World, spec: RoadmapSpec, machines: Standing, sizes: Mapping[tuple[str, str], int]) -> str:
    """Find the first end of a quarter by which the target could be reached, searching years and then their quarters."""
    assert spec.by is not None
    last = date.fromisoformat(spec.by)
    days = [period.end for period in roadmap.quarters(last, last.replace(year=last.year + _LATER, day=28))]
    ends = days[3::4]
    for index, year_end in enumerate(ends):
        if _is_possible(world, spec, machines, sizes, year_end):
            within = days[4 * index : 4 * index + 3]
            first = next((day for day in within if _is_possible(world, spec, machines, sizes, day)), year_end)
            return first.isoformat()
    return ""


def _is_possible(
    world: World, spec: RoadmapSpec, machines: Standing, sizes: Mapping[tuple[str, str], int], end: date
) -> bool:
    """Tell whether the target has a plan by another day, lots split."""
    supply = roadmap.world(world.catalog, line(world, end), end)
    try:
        asked = question(world, spec.model_copy(update={"by": end.isoformat()}), machines, supply, sizes)
        return roadmap.attainable_share(asked) >= 1.0
    except LindosError:
        return False


def _decided(expansion: Expansion, sizes: Mapping[tuple[str, str], int], *, is_split: bool = False) -> Purchases:
    """Plan in whole lots; the most that is possible where the target is not."""
    is_whole = not is_split and len(expansion.periods) <= _MOST_WHOLE
    targets = (expansion.target_power, expansion.target_equivalents, expansion.target_flop)
    wanted = next((target for target in targets if target is not None), 0.0)
    plan, smooth, program = roadmap.make_plan(expansion, is_whole=is_whole)
    clash: tuple[str, ...] = ()
    relaxations: tuple[Relaxation, ...] = ()
    if plan is None:
        if not smooth.is_optimal:
            limits = roadmap.irreducible_set(expansion, program)
            clash = tuple(limit.name for limit in limits)
            relaxations = roadmap.relaxations(expansion, program, limits)
        expansion, plan, smooth, program = _most(expansion, is_whole)
    cheapest = None
    if expansion.target_equivalents is not None and np.any(expansion.missing_value > 0.0):
        worthless = replace(expansion, missing_value=0.0 * expansion.missing_value, last_share=1.0)
        cheapest, _, _ = roadmap.make_plan(worthless, is_whole=False)
    return Purchases(
        num_devices=sizes,
        plan=plan,
        cheapest=cheapest,
        prices=roadmap.prices(expansion, program, smooth),
        wanted=wanted,
        clash=clash,
        relaxations=relaxations,
    )


def _most(expansion: Expansion, is_whole: bool) -> tuple[Expansion, Plan, roadmap.Solution, roadmap.Program]:
    """Plan for the most of a target that is possible in whole lots."""
    for margin in _MARGINS:
        nearest = _attainable(expansion, is_whole=is_whole, margin=margin)
        plan, smooth, program = roadmap.make_plan(nearest, is_whole=is_whole)
        if plan is not None:
            return nearest, plan, smooth, program
    raise InfeasibleError(
        "The roadmap has no plan", "not even one that buys nothing", "Check the limits of roadmap and their dates"
    )


def _attainable(expansion: Expansion, *, is_whole: bool = False, margin: float = 1e-6) -> Expansion:
    """Return the question with its own target, or the most that is possible if that cannot be reached."""
    try:
        share = roadmap.attainable_share(expansion, is_whole=is_whole)
    except SolverError:
        reached = "not even one without its target: inference, cash or another limit cannot be met"
        raise InfeasibleError(
            "The roadmap has no plan", reached, "Lower roadmap.inference or add roadmap.rent"
        ) from None
    if share >= 1.0 and margin <= _MARGINS[0]:
        return expansion
    target, power, compute = expansion.target_equivalents, expansion.target_power, expansion.target_flop
    occupied = 0.0 if expansion.demand is None else float(np.sum(expansion.demand * expansion.durations))
    held = float(expansion.standing_equivalents[-1])
    share = min(share, 1.0) * (1.0 - margin)
    return replace(
        expansion,
        target_equivalents=None if target is None else max(held, share * target),
        target_power=None if power is None else share * power,
        target_flop=None if compute is None else share * (compute + occupied) - occupied,
    )


def _num_devices(world: World, spec: RoadmapSpec, plan: Plan) -> dict[tuple[str, str], int]:
    """Count the devices by place and system, in whole nodes or racks."""
    assert spec.by is not None
    counts: dict[tuple[str, str], float] = {}
    for index, place in enumerate(campuses(world, spec)):
        for kind, item in enumerate(_systems(world, spec, plan)):
            devices = float(plan.bought[kind, index].sum())
            if devices > 0.0:
                counts[place.name, item] = counts.get((place.name, item), 0.0) + devices
    sizes = {key: int(world.catalog.system(key[1]).num_devices.value) for key in counts}
    return {key: sizes[key] * max(1, math.ceil(round(devices / sizes[key], 6))) for key, devices in counts.items()}


def _systems(world: World, spec: RoadmapSpec, plan: Plan) -> list[str]:
    place = campuses(world, spec)[0]
    systems = {item.name: item.system for item in offers(world, spec, place, spec.by or spec.start, {})}
    return [systems[name] for name in plan.question.generations]


def offered_everywhere(world: World, spec: RoadmapSpec, purchases: Purchases) -> list[tuple[roadmap.Generation, ...]]:
    """List what each place can buy, with rate, power and cost in a world.

    Parameters
    ----------
    world
        Scenario and catalogue.
    spec
        The roadmap of the scenario.
    purchases
        The plan: how many share a network.
    """
    end = spec.by or spec.start
    return [offers(world, spec, place, end, purchases.num_devices) for place in campuses(world, spec)]


PURCHASES = Floor(
    name="purchases",
    question="What is bought when, and where?",
    compute=compute,
    needs=(HOLDINGS, SUPPLY),
    wants=(SITE,),
    reads=("roadmap", "site"),
    is_decision=True,
    setting=PURCHASES_SETTING,
    decides="the plan: what is bought when, where, and in how many lots",
    section="roadmap",
)

__all__ = ["PURCHASES", "Purchases", "Standing", "compute", "offered_everywhere"]
