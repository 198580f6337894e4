"""The closed form of a scenario's campaign, and its goal."""

from typing import Any

from lindos import campaign as floor
from lindos import transformer
from lindos.campaign import CampaignEstimate
from lindos.catalog.facts import Fact
from lindos.catalog.sampling import sampled_fact
from lindos.errors import InputError
from lindos.problem.job import Goal
from lindos.scenario.resolve import goal_of
from lindos.study.campaign.course import conditions
from lindos.study.figures import number
from lindos.study.old_step import StepAnswer, batch_limit
from lindos.study.world import World
from lindos.units import render


def goal(world: World) -> Goal:
    """The scenario's goal; in a sampled world a published range of it is drawn too."""
    spec = world.scenario.job.goal if world.scenario.job else None
    if spec is None:
        raise LookupError("the scenario has no goal")
    found = goal_of(spec)
    low, high, mode = found.training_flop_low, found.training_flop_high, found.training_flop
    if not world.is_sampled or mode is None or low is None or high is None or not low < high:
        return found
    published = Fact(path="job.goal.training_flop", content=mode, unit="FLOP", low=low, high=high)
    return Goal(training_flop=sampled_fact(published, world.num_draws, 0).value, label=found.label)


def estimate(world: World, recovery: str = "", size: Any = 1.0) -> CampaignEstimate:
    """The campaign in one world, from the step that was found below.

    ``recovery`` stands in for the scenario's; ``size`` multiplies devices at the same step time, storage with them.
    """
    step: StepAnswer = world.results["step"]
    spec = world.scenario.campaign
    model = world.job.model
    given = conditions(world)
    asked = goal(world)
    if asked.duration is not None and not world.is_sampled and asked.duration <= given.restart_time:
        start = render(number(given.restart_time) or 0.0, "s")
        raise InputError(
            "job.goal.duration", render(number(asked.duration) or 0.0, "s"), f"longer than a start, {start}"
        )
    # What stops together: the devices of a scale-up domain that is a rack, or of a node.
    blast = max(pool.tiers[0].size for pool in world.cluster.pools)
    own_storage = spec.checkpoint_bandwidth is not None
    return floor.estimate(
        recovery=recovery or spec.recovery,
        replica_devices=step.replica_devices,
        replica_stall_time=given.replica_stall_time,
        goal=asked,
        law=floor.scaling_law(world.catalog),
        step_time=step.time,
        tokens_per_step=step.tokens,
        flops_per_token=transformer.model_flops_per_token(model, world.job.sequence_length),
        num_devices=step.num_devices * size,
        device_failure_rate=given.device_failure_rate,
        checkpoint_bytes=given.checkpoint_bytes,
        checkpoint_bandwidth=given.checkpoint_bandwidth * (1.0 if own_storage else size),
        restart_time=given.restart_time,
        detection_time=given.detection_time,
        repair_time=given.repair_time,
        devices_per_failure=float(blast),
        spares=step.found.idle_devices,
        extra_tokens_factor=batch_limit(world, step.tokens).tokens_factor,
    )
