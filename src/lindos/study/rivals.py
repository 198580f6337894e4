"""Programmes of other buyers beside a plan: what they want, and what is left when deliveries are shared."""

from collections.abc import Sequence
from datetime import date

import numpy as np

from lindos import roadmap
from lindos.quantities import Count, Real, namespace
from lindos.roadmap import Period, Programme
from lindos.roadmap.program import Floats
from lindos.scenario.roadmap import ProgrammeSpec, RoadmapSpec
from lindos.scenario.schema import SiteSpec
from lindos.study.agreements import rival_programmes
from lindos.study.floor import World
from lindos.study.offers import priced
from lindos.study.reference import NUM_DEVICES, equivalents_per_device


def priced_generations(
    world: World, programmes: Sequence[Programme]
) -> tuple[tuple[roadmap.Generation, ...], roadmap.Trends]:
    """List what programmes stated in watts can buy, with the power of an H100-equivalent.

    Parameters
    ----------
    world
        Catalogue, and the site of the scenario.
    programmes
        Programmes, at least one.
    """
    last = date.fromisoformat(max(programme.end for programme in programmes))
    terms, trends = world.scenario.site or SiteSpec(), roadmap.trends(world.catalog)
    listed = [priced(world.catalog, item, terms, NUM_DEVICES) for item in roadmap.generations(world.catalog)]
    return roadmap.complete(listed, world.catalog, trends, last), trends


def programme(world: World, spec: ProgrammeSpec, index: int) -> Programme:
    """Read a programme.

    Parameters
    ----------
    world
        Catalogue.
    spec
        The programme.
    index
        Its place in the list, for messages.
    """
    size: Count | None = spec.h100_equivalents
    if spec.gpus is not None:
        path = f"roadmap.programmes.{index}.accelerator"
        size = float(spec.gpus) * equivalents_per_device(world.catalog, spec.accelerator or "", path)
    return Programme(name=spec.name, h100_equivalents=size, facility_power=spec.facility_power, end=spec.by)


def sized_rivals(world: World, spec: RoadmapSpec) -> tuple[tuple[roadmap.Wanted, ...], str]:
    """Convert the programmes of rivals to H100-equivalents; none where the roadmap names none.

    Parameters
    ----------
    world
        Catalogue, and the site of the scenario.
    spec
        The roadmap of the scenario.

    Returns
    -------
    tuple of Wanted
        Programmes that are not complete by the first day.
    str
        Day on which they begin to buy.
    """
    if spec.rivals is None:
        return (), spec.start
    rivals = rival_programmes(spec)
    programmes = [programme(world, part, index) for index, part in enumerate(rivals.programmes)]
    if not programmes:
        return (), rivals.start
    listed, trends = priced_generations(world, programmes)
    return roadmap.sized_programmes(programmes, rivals.start, trends, listed), rivals.start


def claims_by_period(world: World, spec: RoadmapSpec, periods: Sequence[Period], wanted: float) -> Floats:
    """Spread what rivals want, and what a plan wants, evenly over time, in H100-equivalents a period, shape (2, T).

    Parameters
    ----------
    world
        Scenario and catalogue, in the point world.
    spec
        The roadmap of the scenario.
    periods
        Quarters of the plan.
    wanted
        H100-equivalents that the plan wants from its first to its last day.
    """
    sized, start = sized_rivals(world, spec)
    first = date.fromisoformat(start)
    total = sum(period.years for period in periods)
    others = [
        sum(
            float(rival.h100_equivalents)
            * roadmap.share_between(first, date.fromisoformat(rival.end), period.begin, period.end)
            for rival in sized
        )
        for period in periods
    ]
    return np.array([others, [wanted * period.years / total for period in periods]])


def portion(share: Real, claims: Floats | None, index: int, delivered: Count) -> Real:
    """Compute the most of what is delivered in a period that a buyer gets.

    Parameters
    ----------
    share
        Most of it whatever others want.
    claims
        What rivals and the buyer want, as :func:`claims_by_period` has it; None if others do not count.
    index
        The period.
    delivered
        H100-equivalents that all suppliers deliver in it.

    Notes
    -----
    Where all together want more than is delivered, each gets the same share of what it wants; where they do not, what
    the others leave is there.

    Examples
    --------
    Rivals want 30 of 20 and the buyer 10: it gets a quarter, and all that is left where 40 are delivered:

    >>> claims = np.array([[30.0], [10.0]])
    >>> [float(portion(1.0, claims, 0, delivered)) for delivered in (20.0, 50.0)]
    [0.25, 0.4]
    """
    if claims is None:
        return share
    others, own = claims[:, index]
    xp = namespace(share, delivered)
    left = 1.0 - others / xp.maximum(delivered, 1e-9)
    return xp.minimum(share, xp.maximum(own / max(own + others, 1e-9), left))  # type: ignore[no-any-return]
