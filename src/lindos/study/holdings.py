"""Machines that are online when the roadmap starts: decided once, with the catalogue's own values."""

from dataclasses import dataclass, replace

from lindos.errors import InconsistentError
from lindos.scenario.roadmap import RoadmapSpec
from lindos.scenario.schema import Scenario
from lindos.study.cluster import CLUSTER, ClusterResult, equivalents
from lindos.study.floor import Floor, World
from lindos.study.reference import settled

#: Share by which the cluster may exceed the stated start: pools are whole racks.
_ROUNDING = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """Machines that are online at the start.

    Parameters
    ----------
    start
        First day of the roadmap, ISO.
    undated_online
        Whether pools without a date are online at the start. If not, the cluster is a separate question: what if all
        of it were built at once?
    has_undated
        Whether the cluster has pools without a date.
    start_cluster
        The settled scenario whose cluster is online at the start; None if the roadmap names none.
    """

    start: str
    undated_online: bool
    has_undated: bool
    start_cluster: Scenario | None

    def is_online(self, date: str) -> bool:
        """Tell whether a pool is online at the start.

        Parameters
        ----------
        date
            ISO date of the pool; empty if unknown.
        """
        return (bool(date) and date <= self.start) or (not date and self.undated_online)

    @property
    def is_hypothetical(self) -> bool:
        """Whether the cluster is neither online at the start nor ordered."""
        return self.has_undated and not self.undated_online


def compute(world: World, result: ClusterResult | None) -> Holdings:
    """Determine the machines that are online at the start.

    Parameters
    ----------
    world
        Scenario with a roadmap, and catalogue.
    result
        Cluster of the scenario; None if it has none.

    Raises
    ------
    InconsistentError
        If the pools that are online by then exceed the stated start.
    UnknownValueError
        If the 8-bit peak of a device that is online or ordered is unknown.
    """
    spec = world.scenario.roadmap
    assert spec is not None
    named = None if spec.start_cluster is None else settled(spec.start_cluster, world.catalog, "roadmap.start_cluster")
    pools = result.cluster.pools if result else ()
    _check(world, spec, result)
    has_undated = any(not pool.online for pool in pools)
    holdings = Holdings(
        start=spec.start,
        undated_online=_undated_online(world, spec, result) if has_undated else False,
        has_undated=has_undated,
        start_cluster=named,
    )
    for pool in () if spec.programmes else pools:
        if holdings.is_online(pool.online) or spec.start < pool.online <= (spec.by or spec.start):
            # The path counts H100-equivalents: a device without an 8-bit peak has none, and the catalogue says so.
            _ = pool.accelerator.counted_peak("fp8").value
    return holdings


def _check(world: World, spec: RoadmapSpec, result: ClusterResult | None) -> None:
    """Refuse a start that is smaller than the dated pools that are online by then."""
    stated = spec.start_h100_equivalents
    if stated is None or result is None:
        return
    dated = replace(result.cluster, pools=tuple(pool for pool in result.cluster.pools if pool.online))
    counted = equivalents(dated, world.catalog, day=spec.start)
    if counted is not None and float(counted) > (1 + _ROUNDING) * stated:
        raise InconsistentError(
            *("roadmap.start_h100_equivalents", stated, f"H100-equivalents of cluster.pools online by {spec.start}"),
            *(
                round(float(counted)),
                "be at least the second",
                "Leave out the first: the pools with their dates give the start.",
            ),
        )


def _undated_online(world: World, spec: RoadmapSpec, result: ClusterResult | None) -> bool:
    """Tell whether pools without a date are online at the start: if the stated start is large enough, or missing."""
    is_counted = spec.start_cluster is None and not spec.start_sites and spec.start_h100_equivalents is not None
    counted = equivalents(result.cluster, world.catalog, day=spec.start) if result and is_counted else None
    return stands_at_start(spec, None if counted is None else float(counted))


def stands_at_start(spec: RoadmapSpec, h100_equivalents: float | None) -> bool:
    """Tell whether a cluster without dates is part of what a roadmap starts from; else it is a question of its own.

    Parameters
    ----------
    spec
        The roadmap.
    h100_equivalents
        Size of the cluster; None if it is unknown.
    """
    if spec.start_cluster is not None or spec.start_sites:
        return False
    if spec.start_h100_equivalents is None:
        return True
    return h100_equivalents is not None and h100_equivalents <= (1 + _ROUNDING) * spec.start_h100_equivalents


HOLDINGS = Floor(
    name="holdings",
    question="Which machines are online when the roadmap starts?",
    compute=compute,
    wants=(CLUSTER,),
    reads=("roadmap",),
    section="roadmap",
    is_decision=True,
    decides="the machines that are online at the start",
)
