"""The cluster compared with the leading supercomputers, precision by precision."""

from dataclasses import dataclass

from lindos.claims import Comparison, compare_top500, peaks_of
from lindos.study.cluster import CLUSTER, ClusterResult
from lindos.study.floor import Floor, World


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonResult:
    """One row for each compared figure; none if the catalogue has no list."""

    rows: tuple[Comparison, ...]


def compute(world: World, result: ClusterResult) -> ComparisonResult:
    """Compare the cluster with the newest list at the scenario's date.

    Parameters
    ----------
    world
        Date of the scenario, and catalogue.
    result
        Cluster.
    """
    machines = [(pool.accelerator, float(pool.num_devices)) for pool in result.cluster.pools]
    return ComparisonResult(rows=compare_top500(world.catalog, peaks_of(machines), world.scenario.date or "9999"))


COMPARISON = Floor(
    name="comparison",
    question="How large is it beside the leading supercomputers?",
    compute=compute,
    needs=(CLUSTER,),
    reads=("date",),
    is_decision=True,
)
