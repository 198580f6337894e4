"""What a plan can buy, and where: devices priced and powered by the site of each place, and the queue for its power."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from lindos import roadmap
from lindos.catalog import Catalog
from lindos.quantities import Count
from lindos.roadmap import Generation
from lindos.scenario.roadmap import CampusSpec, RoadmapSpec
from lindos.scenario.schema import SiteSpec
from lindos.study.floor import World
from lindos.study.reference import NUM_DEVICES, system_cost

#: Facility power of a block where nothing is said of a place, in W: power then comes as it is needed.
_ANY_BLOCK = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Campus:
    """A place to build at.

    Parameters
    ----------
    name
        Name in the plan.
    terms
        Site that gives prices and cooling.
    queue
        When its power comes; None for the buyer's share of the power that the world adds.
    """

    name: str
    terms: SiteSpec
    queue: CampusSpec | None = None

    @property
    def block(self) -> float:
        """Facility power of a block in W."""
        return self.queue.block if self.queue else _ANY_BLOCK


def campuses(world: World, spec: RoadmapSpec) -> tuple[Campus, ...]:
    """List the places of a plan.

    Parameters
    ----------
    world
        Scenario and catalogue.
    spec
        The roadmap of the scenario.
    """
    terms = world.scenario.site or SiteSpec()
    if not spec.campuses:
        return (Campus(name=terms.location or terms.name, terms=terms),)
    return tuple(
        Campus(
            name=place.name,
            terms=terms
            if place.site == terms.name
            else SiteSpec(name=place.site, volume_discount=terms.volume_discount, years=terms.years),
            queue=place,
        )
        for place in spec.campuses
    )


def offers(
    world: World, spec: RoadmapSpec, place: Campus, end: str, sizes: Mapping[tuple[str, str], int]
) -> tuple[Generation, ...]:
    """List what can be bought for one place until a day, with its cost and power there.

    Parameters
    ----------
    world
        Scenario with a roadmap, and catalogue.
    spec
        The roadmap of the scenario.
    place
        The place.
    end
        Last day of purchase, ISO.
    sizes
        Devices bought by place and system: they share a network, whose levels follow from their number.
    """
    names = tuple(spec.devices) or roadmap.DEFAULT
    last = date.fromisoformat(end)
    listed = [item for item in roadmap.generations(world.catalog, names) if item.available <= last]
    roadmap.check_start(date.fromisoformat(spec.start), listed)
    recent = _from_standing(listed, date.fromisoformat(spec.start))
    size_of = {system: size for (name, system), size in sizes.items() if name == place.name}
    costed = [priced(world.catalog, item, place.terms, NUM_DEVICES, size_of) for item in recent]
    return roadmap.complete(costed, world.catalog, roadmap.trends(world.catalog), last)


def unpriced(world: World, spec: RoadmapSpec) -> tuple[str, ...]:
    """List devices on sale during a plan that cannot be bought, since their price or power is unknown.

    Parameters
    ----------
    world
        Scenario with a roadmap, and catalogue.
    spec
        The roadmap of the scenario.
    """
    end = spec.by or spec.start
    place = campuses(world, spec)[0]
    names = tuple(spec.devices) or roadmap.DEFAULT
    listed = [item for item in roadmap.generations(world.catalog, names) if item.available.isoformat() <= end]
    names_offered = {item.name for item in offers(world, spec, place, end, {})}
    return tuple(
        item.name for item in _from_standing(listed, date.fromisoformat(spec.start)) if item.name not in names_offered
    )


def _from_standing(listed: Sequence[Generation], start: date) -> list[Generation]:
    """Leave out what was replaced twice before the start: nobody makes it any more, and pricing it takes time."""
    replaced = [item for item in listed if item.available <= start]
    return [item for item in listed if item not in replaced[:-3]]


def priced(
    catalog: Catalog, generation: Generation, terms: SiteSpec, size: int, size_of: Mapping[str, int] | None = None
) -> Generation:
    """Add the system of a device with the cost and power of one H100-equivalent; unknown if a part is.

    Parameters
    ----------
    catalog
        Systems and costs.
    generation
        The device.
    terms
        Site.
    size
        Devices of a cluster of it, which decide the levels of its network.
    size_of
        The same for single systems.
    """
    system = catalog.largest_system(generation.name)
    count: Count | None = generation.h100_equivalents
    if system is None or count is None:
        return generation
    cost = system_cost(catalog, system.name, terms, (size_of or {}).get(system.name, size))
    if cost.capex is None or cost.facility_power is None:
        return replace(generation, system=system.name)
    return replace(
        generation,
        system=system.name,
        capex=cost.capex / count,
        facility_power=cost.facility_power / count,
        construction=None if cost.construction is None else cost.construction / count,
        running=None if cost.running is None else cost.running / count,
        negotiable=None if cost.negotiable is None else cost.negotiable / count,
    )
