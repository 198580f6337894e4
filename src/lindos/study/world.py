"""Two worlds: the catalogue as it stands, and the same with every uncertain fact drawn many times.

A study computes each floor in both. The first gives the value, the second the range that 80 % of the draws fall in,
and the ledger of the first the sources that the value rests on. What must be decided once (the parallel plan, the
provider) is decided in the first world and only re-evaluated in the second.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from lindos.catalog import Catalog
from lindos.catalog.facts import Fact, ledger
from lindos.problem.cluster import Cluster
from lindos.problem.job import Job
from lindos.scenario.resolve import cluster_of, counted, job_of
from lindos.scenario.schema import Scenario

T = TypeVar("T")

#: Draws of every uncertain fact; the 10th and 90th percentile of a result are then known to about 3 % of its spread.
NUM_DRAWS = 512


@dataclass(kw_only=True)
class World:
    """A catalogue and what a scenario means in it; ``results`` holds each floor's answer, for the floors above."""

    scenario: Scenario
    catalog: Catalog
    folder: Path | None
    is_sampled: bool = False
    results: dict[str, Any] = field(default_factory=dict)

    @property
    def num_draws(self) -> int:
        """Draws of every uncertain fact in this world."""
        return NUM_DRAWS if self.is_sampled else 1

    @property
    def cluster(self) -> Cluster:
        """The scenario's cluster, resolved once."""
        if "_cluster" not in self.results:
            if self.scenario.cluster is None:
                raise LookupError("the scenario has no cluster")
            self.results["_cluster"] = cluster_of(self.scenario.cluster, self.scenario.name, self.catalog)
        cluster: Cluster = self.results["_cluster"]
        return cluster

    @property
    def job(self) -> Job:
        """The scenario's job, resolved once."""
        if "_job" not in self.results:
            if self.scenario.job is None:
                raise LookupError("the scenario has no job")
            self.results["_job"] = job_of(self.scenario.job, self.catalog, self.folder)
        job: Job = self.results["_job"]
        return job


@dataclass(frozen=True, slots=True)
class Worlds:
    """The scenario as the catalogue stands, and sampled; ``decisions`` are made in the first for both."""

    point: World
    sampled: World
    decisions: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Pair(Generic[T]):
    """One floor's result in both worlds, and the facts that the first one rests on."""

    point: T
    sampled: T
    facts: dict[str, Fact[object]]


def worlds(scenario: Scenario, catalog: Catalog, folder: Path | None, seed: int = 0) -> Worlds:
    """Both worlds of a scenario; reproducible from ``seed``."""
    settled = counted(scenario, catalog)
    sampled = catalog.sampled(NUM_DRAWS, seed)
    return Worlds(
        World(scenario=settled, catalog=catalog, folder=folder),
        World(scenario=settled, catalog=sampled, folder=folder, is_sampled=True),
    )


def both(both_worlds: Worlds, name: str, compute: Callable[[World], T]) -> Pair[T]:
    """Compute one floor in both worlds and leave it in their results under ``name``."""
    with ledger() as facts:
        point = compute(both_worlds.point)
    both_worlds.point.results[name] = point
    sampled = compute(both_worlds.sampled)
    both_worlds.sampled.results[name] = sampled
    return Pair(point, sampled, facts)
