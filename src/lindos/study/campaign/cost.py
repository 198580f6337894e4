"""Cost of the run: a separate floor, so that a changed price does not simulate the campaign again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np

from lindos import site
from lindos.catalog.gaps import Gap
from lindos.quantities import Count, Joules, Usd, UsdPerSecond
from lindos.results import Why
from lindos.site import SiteEstimate
from lindos.study.campaign.alternatives import SpareOption
from lindos.study.campaign.result import CAMPAIGN, CampaignResult
from lindos.study.floor import Floor, World
from lindos.study.site import SITE, SiteResult
from lindos.study.step import STEP, StepResult


@dataclass(frozen=True, slots=True, kw_only=True)
class SpareCost:
    """Cost of a number of spares in USD: capital for those beyond the scenario's, and the run with all of them."""

    capex: float
    run: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCost:
    """Money and energy of the run; lower bounds where something is missing."""

    run_cost: Annotated[Usd, Why("GPU-hours of all GPUs of the cluster, idle and spare ones too, at the site's cost")]
    idle_cost: Annotated[Usd, Why("the part of the run's cost that pays for idle and spare GPUs")]
    run_energy: Annotated[Joules, Why("at the meter, of the GPUs at work with their share of network and cooling")]
    cost_of_time: Annotated[UsdPerSecond, Why("all GPUs of the cluster for a second, capital included")]
    spares: tuple[SpareCost | None, ...] = ()
    gaps: Mapping[str, tuple[Gap, ...]] = field(default_factory=dict)  # what the number of a field leaves out


def compute(world: World, step: StepResult, campaign: CampaignResult, result: SiteResult | None) -> RunCost | None:
    """Price the run with the site's cost of a GPU-hour.

    Parameters
    ----------
    world
        Scenario and catalogue of one world.
    step
        The step, for the devices at work.
    campaign
        The run.
    result
        Power and money of the site, if there is one.

    Returns
    -------
    RunCost or None
        None if there is no site, or if nothing of its cost or its power is known.
    """
    if result is None or result.estimate.device_cost is None or result.estimate.power.mean is None:
        return None
    return priced(result.estimate, step.cluster.num_devices, step.num_devices, campaign)


def priced(estimate: SiteEstimate, cluster_devices: Count, working: Count, campaign: CampaignResult) -> RunCost:
    """Price the run.

    Parameters
    ----------
    estimate
        Power and money of the site.
    cluster_devices, working
        GPUs of the cluster, and GPUs at work.
    campaign
        The run.
    """
    duration = campaign.estimate.duration
    options = campaign.alternatives.spares.options if campaign.alternatives is not None else ()
    return RunCost(
        run_cost=site.run_cost(estimate, cluster_devices * duration),
        idle_cost=site.run_cost(estimate, (cluster_devices - working) * duration),
        run_energy=site.run_energy(estimate, working, duration),
        cost_of_time=site.run_cost(estimate, cluster_devices),
        spares=tuple(_spare_cost(estimate, cluster_devices, campaign, option) for option in options),
        gaps={
            **dict.fromkeys(("run_cost", "idle_cost"), estimate.gaps_of("device_cost")),
            "run_energy": estimate.power.gaps_of("mean"),
        },
    )


def _spare_cost(
    estimate: SiteEstimate, cluster_devices: Count, campaign: CampaignResult, option: SpareOption
) -> SpareCost | None:
    """Price a number of spares; None for an unlimited number."""
    if not np.isfinite(option.devices) or not np.isfinite(option.duration):
        return None
    extra = max(option.devices - float(campaign.estimate.spares_given), 0.0)
    return SpareCost(
        capex=float(estimate.capex_per_device or 0.0) * extra,
        run=float(site.run_cost(estimate, (cluster_devices + extra) * option.duration)),
    )


RUN_COST = Floor(
    name="run_cost",
    question="What does the run cost, and what would spares cost?",
    compute=compute,
    needs=(STEP, CAMPAIGN),
    wants=(SITE,),
    section="campaign",
)
