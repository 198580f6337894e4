"""Power and money of the scenario's cluster at its site."""

from dataclasses import dataclass
from typing import Annotated

from lindos import site
from lindos.catalog.records import SiteFacts
from lindos.quantities import Count, Real, Usd, Watts
from lindos.results import Why
from lindos.scenario.resolve import site_of
from lindos.scenario.schema import SiteSpec
from lindos.site import SiteEstimate
from lindos.study.cluster import CLUSTER, ClusterResult, equivalents
from lindos.study.floor import Floor, World
from lindos.study.reference import priced


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """All machines that are online on a date; None is unknown."""

    date: str
    num_devices: float
    h100_equivalents: Annotated[Count, Why("8-bit dense")] | None
    power: Annotated[Watts, Why("facility power of all that works")] | None
    capex: Annotated[Usd, Why("capital cost of all that works")] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteResult:
    """The site, its power and money, and its stages; pools without a date come first."""

    place: SiteFacts
    estimate: SiteEstimate
    stages: tuple[Built, ...]
    capex_per_h100_equivalent: Annotated[Usd, Why("everything bought and built, over 8-bit dense equivalents")] | None


def compute(world: World, result: ClusterResult) -> SiteResult:
    """Add up power and money of the site, and refuse a cluster beyond its power limit.

    Parameters
    ----------
    world
        Scenario and catalogue.
    result
        Cluster.
    """
    spec = world.scenario.site or SiteSpec()
    place, costs = site_of(spec, world.catalog), site.costs(world.catalog)
    cluster = result.cluster
    estimate = priced(cluster, spec, world.catalog)
    if world.kind == "point":
        site.check_power(cluster, place, estimate.power)
    stages = site.timeline(cluster, place, costs, volume_discount=spec.volume_discount)
    total = estimate.capex.total
    return SiteResult(
        place=place,
        estimate=estimate,
        stages=tuple(
            Built(
                date=stage.date,
                num_devices=float(stage.num_devices),
                h100_equivalents=equivalents(cluster, world.catalog, day=stage.date),
                power=stage.power,
                capex=stage.capex,
            )
            for stage in stages
        ),
        capex_per_h100_equivalent=_ratio(total, _all_equivalents(result)),
    )


def _all_equivalents(result: ClusterResult) -> Real | None:
    """Return the H100-equivalents of the cluster; None if those of a pool are unknown, since a ratio has no bound."""
    return None if result.gaps.get("h100_equivalents") else result.size.h100_equivalents


def _ratio(total: Real | None, count: Real | None) -> Real | None:
    return None if total is None or count is None else total / count


SITE = Floor(
    name="site",
    question="What power does the site draw, and what does it cost?",
    compute=compute,
    needs=(CLUSTER,),
    reads=("site",),
)
