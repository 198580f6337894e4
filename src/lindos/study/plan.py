"""The parallel plan of a job on a cluster: the axes that the scenario fixes, and the best values of the others."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from lindos import planning
from lindos.catalog import Catalog
from lindos.errors import InconsistentError, InfeasibleError
from lindos.planning import Alternative, Choice, PoolDecision, WithoutPools
from lindos.problem.cluster import Cluster, Pool
from lindos.problem.job import Job
from lindos.problem.plan import Schedule
from lindos.scenario.campaign import CampaignSpec
from lindos.scenario.peaks import check_peaks
from lindos.scenario.resolve import check_precision, fixed_degrees
from lindos.step import Assumptions, ClusterStep, cluster_step, load_assumptions
from lindos.study.cluster import CLUSTER, ClusterResult
from lindos.study.floor import Floor, World
from lindos.study.job import JOB, training_tokens
from lindos.study.residual import Residual, residual

#: Setting that names the plan: decisions of :mod:`lindos.planning`, one for each pool.
PLAN_SETTING = "plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plans:
    """The plan of every pool, the step under it, and the error of its time."""

    pools: tuple[PoolDecision, ...]
    step: ClusterStep
    residual: Residual


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Arguments of a search: the batch in sequences, the fixed axes, and parameters of the catalogue."""

    global_batch_size: int
    batch_is_free: bool
    fixed: Mapping[str, int]
    assumptions: Assumptions

    def arguments(self) -> dict[str, Any]:
        """Get the keyword arguments of the functions of :mod:`lindos.planning`."""
        return {
            "global_batch_size": self.global_batch_size,
            "batch_is_free": self.batch_is_free,
            "fixed": self.fixed,
            "assumptions": self.assumptions,
        }


def compute(world: World, result: ClusterResult, job: Job) -> Plans:
    """Search for the plan with the catalogue's own values, unless a setting names it.

    Parameters
    ----------
    world
        Scenario and catalogue.
    result
        Cluster.
    job
        Job with model, batch and software.
    """
    cluster = result.cluster
    check_precision(job, cluster)
    check_peaks(job, cluster, world.catalog)
    wanted = request(world, job, cluster)
    chosen: tuple[PoolDecision, ...] | None = world.settings.get(PLAN_SETTING)
    if chosen is not None:
        step = cluster_step(job, cluster, chosen, assumptions=wanted.assumptions)
        return Plans(pools=chosen, step=step, residual=residual(world.catalog, job, cluster, step))
    active = working_cluster(cluster, world.scenario.campaign, world.catalog)
    decisions = tuple(
        replace(decision, idle_devices=pool.num_devices - part.num_devices + decision.idle_devices)
        for decision, pool, part in zip(
            planning.decide(job, active, **wanted.arguments()), cluster.pools, active.pools, strict=True
        )
    )
    step = cluster_step(job, cluster, decisions, assumptions=wanted.assumptions)
    return Plans(pools=decisions, step=step, residual=residual(world.catalog, job, cluster, step))


def request(world: World, job: Job, cluster: Cluster) -> Request:
    """Collect the batch and the fixed axes for a search.

    Parameters
    ----------
    world
        Scenario and catalogue.
    job, cluster
        Job and its cluster.
    """
    spec, assumptions = world.scenario.job, load_assumptions(world.catalog)
    if spec is not None and spec.memory_headroom is not None:
        free = replace(assumptions.headroom, content=spec.memory_headroom, sources=("user",))
        assumptions = replace(assumptions, headroom=free)
    return Request(
        global_batch_size=planning.global_batch(job, training_tokens(world, job, cluster), assumptions),
        batch_is_free=job.global_batch_size is None,
        fixed=fixed_degrees(spec.plan) if spec else {},
        assumptions=assumptions,
    )


def tray_devices(campaign: CampaignSpec, catalog: Catalog) -> int:
    """Get the devices of a tray, the part of a rack that is repaired as a whole: the scenario's, or the catalogue's.

    Parameters
    ----------
    campaign
        Campaign of the scenario.
    catalog
        Default number of devices.
    """
    if campaign.tray_devices is not None:
        return campaign.tray_devices
    return int(catalog.parameter("reliability.tray_devices", "1").value)


def working_cluster(cluster: Cluster, campaign: CampaignSpec, catalog: Catalog) -> Cluster:
    """Get the devices that the plan may use: all except spares.

    Parameters
    ----------
    cluster
        All devices.
    campaign
        Shares and numbers of spares.
    catalog
        Devices of a tray.

    Raises
    ------
    InconsistentError
        If a rack does not have more GPUs than its spares.
    """
    share = 1.0 - (campaign.spare_fraction or 0.0)
    standby = campaign.rack_standby or 0
    pools: list[Pool] = []
    for pool in cluster.pools:
        rack = pool.tiers[0].size
        standby_share = standby / rack if standby and tray_devices(campaign, catalog) < rack else 0.0
        if standby_share >= 1:
            raise InconsistentError("campaign.rack_standby", standby, "GPUs of a rack", rack, "be below the second")
        pools.append(replace(pool, num_devices=max(1, math.floor(pool.num_devices * min(share, 1.0 - standby_share)))))
    return replace(cluster, pools=tuple(pools))


PLAN = Floor(
    name="plan",
    question="How is the job split over the devices?",
    compute=compute,
    needs=(CLUSTER, JOB),
    reads=("cluster", "job", "campaign"),
    section="step",
    is_decision=True,
    decides="the parallel plan and its batch",
    setting=PLAN_SETTING,
)


#: Virtual stages that are tried if a scenario fixes the pipeline without them.
_CHUNKS = (1, 2, 4, 8)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenStages:
    """The best plan with one number of virtual stages, or the reason why there is none."""

    virtual_stages: int
    choice: Choice | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternatives:
    """The step without each pool; a fixed pipeline with other virtual stages; other software."""

    without: WithoutPools
    stages: tuple[OpenStages, ...]
    beyond_software: Alternative | None  # a faster plan that the software does not ship, in the only pool


def compute_alternatives(world: World, result: ClusterResult, job: Job, plans: Plans) -> Alternatives:
    """Search again without each pool in turn, and for numbers of virtual stages that the scenario does not fix.

    Parameters
    ----------
    world
        Scenario and catalogue.
    result
        Cluster.
    job
        Job with model, batch and software.
    plans
        Plan of every pool.
    """
    wanted = request(world, job, result.cluster)
    active = working_cluster(result.cluster, world.scenario.campaign, world.catalog)
    without = planning.leaving_out(job, active, warm_starts=plans.pools, **wanted.arguments())
    return Alternatives(
        without=without,
        stages=_open_stages(job, result.cluster, wanted),
        beyond_software=_beyond_software(job, active, wanted, plans),
    )


def _beyond_software(job: Job, cluster: Cluster, wanted: Request, plans: Plans) -> Alternative | None:
    choice = plans.pools[0].choice
    if len(cluster.pools) > 1 or choice is None:
        return None
    batch = planning.Batch(size=wanted.global_batch_size, is_free=wanted.batch_is_free)
    search = planning.Search(job, cluster.pools[0], batch, wanted.fixed, wanted.assumptions)
    return planning.beyond_software(search, choice)


def _open_stages(job: Job, cluster: Cluster, wanted: Request) -> tuple[OpenStages, ...]:
    fixed, batch = wanted.fixed, job.global_batch_size
    if fixed.get("pipeline_parallel", 1) < 2 or "virtual_stages" in fixed or batch is None or len(cluster.pools) > 1:
        return ()
    return tuple(_with_stages(job, cluster.pools[0], batch, wanted, chunks) for chunks in _CHUNKS)


def _with_stages(job: Job, pool: Pool, batch: int, wanted: Request, chunks: int) -> OpenStages:
    fixed = {**wanted.fixed, "virtual_stages": chunks, "schedule": int(Schedule.ONE_F_ONE_B)}
    try:
        choice = planning.best_plan(job, pool, global_batch_size=batch, fixed=fixed, assumptions=wanted.assumptions)
    except (InconsistentError, InfeasibleError) as error:
        return OpenStages(virtual_stages=chunks, choice=None, reason=str(error))
    return OpenStages(virtual_stages=chunks, choice=choice)


ALTERNATIVES = Floor(
    name="alternatives",
    question="How fast would the job be without one of the pools, or with other virtual stages?",
    compute=compute_alternatives,
    needs=(CLUSTER, JOB, PLAN),
    reads=("cluster", "job", "campaign"),
    section="step",
    is_decision=True,
)
