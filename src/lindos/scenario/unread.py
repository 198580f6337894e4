"""Fields of a scenario that no section reads: an answer has a warning for each.

Each rule names fields and the reason why they have no effect. Only fields that the user wrote are named, no defaults.
"""

from collections.abc import Iterator

from pydantic import BaseModel

from lindos.catalog import Catalog
from lindos.errors import UnknownValueError
from lindos.scenario.campaign import CampaignSpec
from lindos.scenario.resolve import cluster_of, counted
from lindos.scenario.roadmap import TARGETS, RoadmapSpec
from lindos.scenario.schema import Scenario

#: Fields that only a plan of one buyer reads.
_OF_A_PLAN = (
    *("target_accelerator", "start_h100_equivalents", "start_sites", "by", "budget", "rent", "lease", "inference"),
    *("finance", "resale", "life", "objective", "recourse", "agreements", "price_decline", "rivals", "sharing"),
    *("mfu", "token_rate"),
)


def unread(scenario: Scenario, catalog: Catalog) -> tuple[str, ...]:
    """Write a sentence for each field or section that the scenario gives and nothing reads.

    >>> from lindos.catalog import load_catalog
    >>> from lindos.scenario.read import scenario_from
    >>> data = {"name": "x", "title": "t", "inference": {"model": "grok-2", "input_tokens": "1T tokens/day",
    ...         "output_tokens": "1T tokens/day"}, "campaign": {"spare_fraction": "5 %"}}
    >>> unread(scenario_from(data), load_catalog())
    ('campaign is given, but nothing reads it: only a job with a goal is simulated. Add job.goal.',)

    Parameters
    ----------
    scenario
        Scenario as it was read.
    catalog
        Systems and fabrics of its cluster.
    """
    return tuple(f"{path} is given, but nothing reads it: {reason}" for path, reason in _idle(scenario, catalog))


def _idle(scenario: Scenario, catalog: Catalog) -> Iterator[tuple[str, str]]:
    yield from _idle_in_cluster(counted(scenario, catalog), catalog)
    if "campaign" in scenario.model_fields_set and (scenario.job is None or scenario.job.goal is None):
        yield "campaign", "only a job with a goal is simulated. Add job.goal."
    else:
        yield from _idle_in_campaign(scenario.campaign)
    if "compare_top500" in scenario.model_fields_set and scenario.compare_top500 and scenario.cluster is None:
        yield "compare_top500", "only a cluster is compared. Add cluster."
    converted = {conversion.rate.currency for conversion in scenario.conversions}
    for currency in scenario.exchange_rates.model_fields_set:
        if currency not in converted:
            yield f"exchange_rates.{currency}", f"no amount is written in {currency}."
    if scenario.roadmap is not None:
        yield from _idle_in_roadmap(scenario.roadmap)
    if scenario.site is not None and scenario.cluster is None:
        for field in ("electricity_price", "power_limit", "budget", "years"):
            if _is_given(scenario.site, field):
                yield f"site.{field}", "a roadmap without a cluster has no yearly costs and no limit of one site."


def _idle_in_cluster(scenario: Scenario, catalog: Catalog) -> Iterator[tuple[str, str]]:
    if scenario.cluster is None:
        return
    try:
        pools = cluster_of(scenario.cluster, scenario.name, catalog).pools
    except UnknownValueError:
        # The section of the cluster names the unknown value.
        return
    for index, (spec, pool) in enumerate(zip(scenario.cluster.pools, pools, strict=True)):
        if (spec.oversubscription or 1.0) > 1.0 and all(tier.oversubscription == 1.0 for tier in pool.tiers):
            reason = f"nothing leaves the first switches, which join all {pool.num_devices:,} GPUs."
            yield f"cluster.pools.{index}.oversubscription", reason


def _idle_in_campaign(spec: CampaignSpec) -> Iterator[tuple[str, str]]:
    if _is_given(spec, "tray_devices") and not spec.rack_standby:
        yield "campaign.tray_devices", "trays matter only if racks have standby GPUs. Add campaign.rack_standby."
    if spec.elastic and spec.recovery == "replica":
        yield "campaign.elastic", "it is for campaign.recovery: restart; a lost replica drops out anyway."
    for index, kind in enumerate(spec.failures):
        path = f"campaign.failures.{index}"
        if kind.law == "exponential":
            for field in ("shape", "age"):
                if _is_given(kind, field):
                    yield f"{path}.{field}", "an exponential law has no memory. Add law: weibull or lognormal."
    for index, tier in enumerate(spec.checkpoints):
        if _is_given(tier, "blocking_time") and not tier.asynchronous:
            reason = "steps wait for the whole checkpoint unless it is asynchronous. Add asynchronous: true."
            yield f"campaign.checkpoints.{index}.blocking_time", reason
    if _is_given(spec, "checkpoint_bandwidth") and spec.checkpoints and all(t.bandwidth for t in spec.checkpoints):
        yield "campaign.checkpoint_bandwidth", "every entry of campaign.checkpoints has a bandwidth of its own."


def _idle_in_roadmap(spec: RoadmapSpec) -> Iterator[tuple[str, str]]:
    if spec.programmes:
        for field in (*TARGETS, *_OF_A_PLAN):
            if _is_given(spec, field):
                yield f"roadmap.{field}", "programmes are compared with supply, and no path to a target is sought."
    elif _is_given(spec, "target_accelerator") and spec.target_gpus is None:
        yield "roadmap.target_accelerator", "it is the device that roadmap.target_gpus counts."
    elif _is_given(spec, "mfu") and spec.target_flop is None:
        yield "roadmap.mfu", "it turns roadmap.target_flop into H100-equivalents."
    elif _is_given(spec, "token_rate") and spec.target_tokens is None:
        yield "roadmap.token_rate", "it turns roadmap.target_tokens into H100-equivalents."
    if not spec.programmes and spec.recourse and not spec.has_second_stage:
        yield "roadmap.recourse", "its day does not lie between the first and the last day of the plan."
    for index, programme in enumerate(spec.programmes):
        if _is_given(programme, "accelerator") and programme.gpus is None:
            yield f"roadmap.programmes.{index}.accelerator", "it is the device that gpus counts."


def _is_given(part: BaseModel, field: str) -> bool:
    return field in part.model_fields_set and getattr(part, field) is not None
