"""What the world can deliver while a roadmap runs."""

from datetime import date

from lindos import roadmap
from lindos.scenario.schema import SiteSpec
from lindos.study.floor import Floor, World
from lindos.study.offers import priced
from lindos.study.reference import NUM_DEVICES, SITE

#: Devices whose packages the wafers of the world carry: NVIDIA's, and as much of other makers as of NVIDIA.
LINE = (*("a100-80gb-sxm", "h100-sxm", "b200-sxm", "gb200", "gb300", "rubin-vr200", "rubin-ultra-vr300", "feynman"),)


def compute(world: World) -> roadmap.World:
    """Compute deliveries of the world until the last day of the roadmap.

    Parameters
    ----------
    world
        Scenario with a roadmap, and catalogue.
    """
    spec = world.scenario.roadmap
    assert spec is not None
    last = max([spec.by or spec.start, *(programme.by for programme in spec.programmes)])
    day = date.fromisoformat(last)
    return roadmap.world(world.catalog, line(world, day), day)


def line(world: World, last: date) -> tuple[roadmap.Generation, ...]:
    """List the generations that the wafers of the world carry until a day, with cost and power at a usual site.

    Parameters
    ----------
    world
        Catalogue.
    last
        Day until which successors are added.
    """
    terms = SiteSpec(name=SITE)
    listed = [priced(world.catalog, item, terms, NUM_DEVICES) for item in roadmap.generations(world.catalog, LINE)]
    return roadmap.complete(listed, world.catalog, roadmap.trends(world.catalog), last)


SUPPLY = Floor(
    name="supply",
    question="What can the world deliver?",
    compute=compute,
    reads=("roadmap",),
    section="roadmap",
)
