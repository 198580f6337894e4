"""Placements of a job on several kinds of device: replicas in every pool, one pipeline across them, or fewer pools."""

from dataclasses import dataclass, replace

from lindos import planning
from lindos.planning import Across
from lindos.problem.plan import Plan
from lindos.scenario.schema import Scenario
from lindos.step import ClusterStep
from lindos.study.chain import Study
from lindos.study.cluster import CLUSTER
from lindos.study.floor import World
from lindos.study.job import JOB
from lindos.study.plan import ALTERNATIVES, request, working_cluster
from lindos.study.step import STEP


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedPool:
    """Part of a pool in the job: its share of the batch in sequences, or its stages and the layers of the fullest."""

    name: str
    plan: Plan
    sequences: int = 0
    stages: int = 0
    layers: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """The best plan of one placement: working devices, seconds of a step, tokens per second."""

    title: str
    num_devices: float
    time: float
    tokens_per_second: float
    pools: tuple[PlacedPool, ...]


def placements(study: Study, scenario: Scenario) -> list[Placement]:
    """Compare all placements of the job, the fastest first.

    Parameters
    ----------
    study
        Outcomes of the cluster, the job, the step and its alternatives.
    scenario
        Cluster, job and campaign.
    """
    cluster, job, step = study.outcome(CLUSTER), study.outcome(JOB), study.outcome(STEP)
    alternatives = study.outcome(ALTERNATIVES)
    assert cluster is not None
    assert job is not None
    assert step is not None
    ways = [_replicas("replicas in every pool", step.point.step)]
    for name, rest in (alternatives.point.without.steps if alternatives else {}).items():
        ways.append(_replicas(f"replicas, without {name}", rest))
    world = World(scenario=scenario, catalog=study.catalog, folder=None)
    active = working_cluster(cluster.point.cluster, scenario.campaign, study.catalog)
    wanted = request(world, job.point, cluster.point.cluster)
    pipeline = planning.across(job.point, active, **wanted.arguments())
    if pipeline is not None:
        ways.append(_pipeline(pipeline, [pool.name for pool in active.pools]))
    return sorted(ways, key=lambda way: -way.tokens_per_second)


def _replicas(title: str, step: ClusterStep) -> Placement:
    return Placement(
        title=title,
        num_devices=float(step.num_devices),
        time=float(step.time),
        tokens_per_second=float(step.tokens_per_second),
        pools=tuple(
            PlacedPool(name=part.name, plan=part.plan, sequences=part.global_batch_size) for part in step.pools
        ),
    )


def _pipeline(pipeline: Across, names: list[str]) -> Placement:
    plan = replace(pipeline.plan, pipeline_parallel=1)
    return Placement(
        title="one pipeline across the pools",
        num_devices=float(pipeline.num_devices),
        time=float(pipeline.time),
        tokens_per_second=float(pipeline.tokens_per_second),
        pools=tuple(
            PlacedPool(name=name, plan=plan, stages=int(count), layers=int(layers))
            for name, count, layers in zip(names, pipeline.stages, pipeline.layers, strict=True)
        ),
    )
