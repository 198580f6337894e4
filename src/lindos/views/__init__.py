"""The registry of floors with their views: one line per floor, in the order of an answer."""

from typing import Any

from lindos.study.campaign import CAMPAIGN, RUN_COST
from lindos.study.claims import CLAIMS
from lindos.study.cluster import CLUSTER
from lindos.study.comparison import COMPARISON
from lindos.study.fleet import FLEET, PROVIDER
from lindos.study.floor import Floor
from lindos.study.plan import ALTERNATIVES, PLAN
from lindos.study.roadmap import ROADMAP
from lindos.study.site import SITE
from lindos.study.step import STEP
from lindos.views import campaign, claims, cluster, comparison, fleet, roadmap, site, step
from lindos.views.view import Context, View

#: The registry: order, sections of commands, sweeps, documents and tests read it.
FLOORS: tuple[View, ...] = (
    View(floor=CLUSTER, title=cluster.TITLE, show=cluster.view),
    View(floor=STEP, title=step.TITLE, show=step.view, supplements=(PLAN, ALTERNATIVES)),
    View(floor=CAMPAIGN, title=campaign.TITLE, show=campaign.view, supplements=(RUN_COST,)),
    View(floor=SITE, title=site.TITLE, show=site.view, supplements=(CLUSTER,)),
    View(floor=FLEET, title=fleet.TITLE, show=fleet.view, supplements=(PROVIDER,)),
    View(floor=ROADMAP, title=roadmap.TITLE, show=roadmap.view, supplements=(CLUSTER, SITE)),
    View(floor=CLAIMS, title=claims.TITLE, show=claims.view),
    View(floor=COMPARISON, title=comparison.TITLE, show=comparison.view),
)


def sections_of(name: str) -> tuple[str, ...]:
    """List the names of a section and of the sections whose results it needs, in the order of an answer.

    >>> sections_of("campaign"), sections_of("fleet")
    (('cluster', 'step', 'campaign'), ('fleet',))

    Parameters
    ----------
    name
        Name of the section's floor.
    """
    needed: set[str] = set()

    def add(floor: Floor[Any]) -> None:
        needed.add(floor.name)
        for required in floor.needs:
            add(required)

    add(next(view.floor for view in FLOORS if view.floor.name == name))
    return tuple(view.floor.name for view in FLOORS if view.floor.name in needed)


__all__ = ["FLOORS", "Context", "View", "sections_of"]
