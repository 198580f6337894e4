"""The floors and how each is shown: one line a floor, in the order in which an answer shows them."""

from lindos.study.cluster import CLUSTER
from lindos.study.plan import ALTERNATIVES, PLAN
from lindos.study.step import STEP
from lindos.views import cluster, step
from lindos.views.view import Context, View

#: The registry: order, sections of commands, sweeps, documents and tests read it.
FLOORS: tuple[View, ...] = (
    View(floor=CLUSTER, title=cluster.TITLE, show=cluster.view),
    View(floor=STEP, title=step.TITLE, show=step.view, beside=(PLAN, ALTERNATIVES)),
)

__all__ = ["FLOORS", "Context", "View"]
