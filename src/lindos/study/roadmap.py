"""The path to a target, or many programmes against the world's supply."""

from dataclasses import dataclass

from lindos import roadmap
from lindos.quantities import Count
from lindos.roadmap import Demand, Growth, Programme
from lindos.scenario.schema import ProgrammeSpec, RoadmapSpec
from lindos.study.floor import Floor, World
from lindos.study.holdings import HOLDINGS, Holdings
from lindos.study.purchases import PURCHASES, Purchases, generations, growth, stated_equivalents
from lindos.study.site import SITE, SiteResult


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadmapResult:
    """A path, or the programmes of many buyers."""

    growth: Growth | None = None
    demand: Demand | None = None
    over_budget: Count | None = None  # total cost divided by the stated budget
    holdings: Holdings


def compute(world: World, holdings: Holdings, purchases: Purchases, site: SiteResult | None) -> RoadmapResult:
    """Compute the path to the target, or add up the programmes.

    Parameters
    ----------
    world
        Scenario with a roadmap, and catalogue.
    holdings
        Machines that are online at the start.
    purchases
        Devices bought of each system.
    site
        Site of the scenario's cluster; None if it has none.
    """
    spec = world.scenario.roadmap
    assert spec is not None
    if spec.programmes:
        return RoadmapResult(demand=_demand(world, spec), holdings=holdings)
    path = growth(world, spec, holdings, purchases, site)
    ratio = None if spec.budget is None else path.total_capex / spec.budget
    return RoadmapResult(growth=path, over_budget=ratio, holdings=holdings)


def _demand(world: World, spec: RoadmapSpec) -> Demand:
    programmes = [_programme(world, plan, index) for index, plan in enumerate(spec.programmes)]
    offered = generations(world, max(programme.end for programme in programmes))
    trends = roadmap.trends(world.catalog)
    return roadmap.demand(programmes=programmes, start=spec.start, trends=trends, generations=offered)


def _programme(world: World, spec: ProgrammeSpec, index: int) -> Programme:
    size: Count | None = spec.h100_equivalents
    if spec.gpus is not None:
        path = f"roadmap.programmes.{index}.accelerator"
        size = stated_equivalents(world, float(spec.gpus), spec.accelerator or "", path)
    return Programme(name=spec.name, h100_equivalents=size, facility_power=spec.facility_power, end=spec.by)


ROADMAP = Floor(
    name="roadmap",
    question="What has to be bought when, and can it be?",
    compute=compute,
    needs=(HOLDINGS, PURCHASES),
    wants=(SITE,),
    reads=("roadmap", "site"),
)
