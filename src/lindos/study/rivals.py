"""Programmes of other buyers beside a plan: what they want, and what is left when deliveries are shared."""

from collections.abc import Sequence
from datetime import date

import numpy as np

from lindos import roadmap
from lindos.quantities import Count, Real
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
    """Spread what each rival wants, and in the last row what a plan wants, evenly over time, shape (R + 1, T).

    In H100-equivalents a period.

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
        [
            float(rival.h100_equivalents)
            * roadmap.share_between(first, date.fromisoformat(rival.end), period.begin, period.end)
            for period in periods
        ]
        for rival in sized
    ]
    return np.array([*others, [wanted * period.years / total for period in periods]])


def portion(share: float, largest: float, claims: Floats | None, index: int, delivered: Count) -> Real:
    """Compute the most of what is delivered in a period that a buyer gets, a number for each draw.

    Parameters
    ----------
    share
        Most of it whatever others want.
    largest
        Most of it that a rival gets.
    claims
        What rivals and the buyer want, as :func:`claims_by_period` has it; None if others do not count.
    index
        The period.
    delivered
        H100-equivalents that all suppliers deliver in it.

    Notes
    -----
    The rule is that of :func:`lindos.roadmap.demand`: nobody wants more than the most, and where all together want more
    than is delivered, each gets the same share of that. Where they do not, what the others leave is there.

    Examples
    --------
    Rivals want 30 of 20 and the buyer 10: it gets a quarter, and all that is left where 50 are delivered:

    >>> claims = np.array([[30.0], [10.0]])
    >>> [float(portion(1.0, 1.0, claims, 0, delivered)) for delivered in (40.0, 50.0)]
    [0.25, 0.4]
    """
    if claims is None:
        return share
    made = np.maximum(np.asarray(delivered, dtype=float), 1e-9)
    others = sum((np.minimum(want, largest * made) for want in claims[:-1, index]), np.zeros_like(made))
    own = np.minimum(claims[-1, index], share * made)
    left = np.maximum(made - others, 0.0)
    part: Floats = np.where(left >= own, left / made, own / np.maximum(others + own, 1e-9))
    return np.minimum(share, part)
