"""Derive the problem of a campaign from a scenario: causes of failures, spares, tiers of checkpoints."""

from dataclasses import replace
from typing import Any

import numpy as np

from lindos import campaign, transformer
from lindos.campaign import (
    ALL_DEVICES,
    ENDLESS,
    Cause,
    CheckpointTier,
    Conditions,
    PoolSpares,
    Problem,
    Stragglers,
    Workload,
)
from lindos.catalog.facts import Fact
from lindos.catalog.sampling import sampled_fact
from lindos.errors import InconsistentError, InputError
from lindos.formulas import checkpoint
from lindos.problem.job import Goal
from lindos.scenario.campaign import TIERS, CampaignSpec, CheckpointSpec
from lindos.scenario.resolve import goal_of
from lindos.study.campaign.basis import Basis, Changes, column, online, settled
from lindos.study.campaign.failures import causes_of, set_aside, working_devices
from lindos.study.plan import tray_devices
from lindos.units import render


def goal(basis: Basis) -> Goal:
    """Return the scenario's goal; in a sampled world, a published range of it is sampled too.

    Parameters
    ----------
    basis
        Inputs of the campaign in one world.
    """
    spec = basis.goal
    if spec is None:
        raise LookupError("the scenario has no goal")
    target = goal_of(spec)
    low, high, mode = target.training_flop_low, target.training_flop_high, target.training_flop
    if not basis.is_sampled or mode is None or low is None or high is None or not low < high:
        return target
    published = Fact(path="job.goal.training_flop", content=mode, unit="FLOP", low=low, high=high)
    return Goal(training_flop=sampled_fact(published, basis.num_draws, 0).value, label=target.label)


def workload_of(basis: Basis) -> Workload:
    """Describe what the steps of the scenario's campaign train.

    Parameters
    ----------
    basis
        Inputs of the campaign in one world.
    """
    return Workload(
        step_time=column(basis.step_time),
        tokens_per_step=column(basis.tokens_per_step),
        flops_per_token=column(transformer.model_flops_per_token(basis.job.model, basis.job.sequence_length)),
        law=campaign.scaling_law(basis.catalog),
        extra_tokens_factor=column(basis.extra_tokens_factor),
    )


def conditions(basis: Basis) -> Conditions:
    """Gather failure rates, checkpoint costs and recovery times; the scenario's values come first.

    Parameters
    ----------
    basis
        Inputs of the campaign in one world.
    """
    spec = basis.campaign
    usual = campaign.conditions(
        basis.catalog,
        [(pool.accelerator.name, pool.num_devices) for pool in basis.cluster.pools],
        float(transformer.num_params(basis.job.model)),
        device_mtbf=spec.device_mtbf,
        checkpoint_bandwidth=spec.checkpoint_bandwidth,
        restart_time=spec.restart_time,
    )
    return replace(
        usual,
        detection_time=usual.detection_time if spec.detection_time is None else spec.detection_time,
        repair_time=settled(basis, "campaign.repair_time", spec.repair_time, usual.repair_time),
    )


def problem_of(basis: Basis, target: Goal, changes: Changes | None = None) -> Problem:
    """Derive the campaign of one world as a problem for both solvers.

    Parameters
    ----------
    basis
        Inputs of the campaign in one world.
    target
        Goal of the campaign.
    changes
        How the campaign differs from the scenario's.
    """
    change = changes or Changes()
    spec = basis.campaign
    usual = conditions(basis)
    _check_maintenance(spec)
    _check_duration(basis, target, usual)
    maintenance = spec.maintenance
    stall: Any = usual.replica_stall_time if change.stall_time is None else change.stall_time
    problem = Problem(
        **_work(basis, target),
        causes=tuple(causes_of(basis, usual, change)),
        tiers=_tiers(basis, usual, change),
        num_devices=float(basis.num_devices) * change.size,
        replica_devices=float(basis.replica_devices),
        pools=_stock(basis, change),
        recovery=change.recovery or spec.recovery,
        elastic=spec.elastic,
        stall_groups=change.stall_groups or spec.stall_groups,
        startup_time=column(usual.restart_time),
        restart_time=column(usual.restart_time) * change.restart,
        stall_time=column(stall) * change.stall,
        diagnosis_time=column(settled(basis, "campaign.diagnosis_time", spec.diagnosis_time, 0.0)),
        misdiagnosis=spec.misdiagnosis,
        repair_teams=float("inf") if spec.repair_teams is None else float(spec.repair_teams),
        announced=spec.announced,
        maintenance_every=float("inf") if maintenance is None else maintenance.every,
        maintenance_time=0.0 if maintenance is None else maintenance.lasting,
        **_disturbances(basis, float(basis.num_devices) * change.size),
        joins=joins(basis),
    )
    fixed = tuple(tier.interval for tier in spec.checkpoints)
    return campaign.with_best_intervals(problem, least=column(basis.step_time), fixed=fixed)


def _disturbances(basis: Basis, devices: float) -> dict[str, Any]:
    """Make those of slow devices, flapping links and silent corruption that the scenario has."""
    spec = basis.campaign
    slow, flaps = spec.stragglers, spec.link_flaps
    stragglers = slow and Stragglers(
        units=devices,
        mtbf=column(settled(basis, "campaign.stragglers.mtbf", slow.mtbf)),
        slowdown=slow.slowdown,
        duration=column(settled(basis, "campaign.stragglers.duration", slow.duration)),
    )
    link_flaps = flaps and Cause(
        name="link flaps",
        units=devices,
        mtbf=column(settled(basis, "campaign.link_flaps.mtbf", flaps.mtbf)),
        devices=0,
        detection_time=column(settled(basis, "campaign.link_flaps.lasting", flaps.lasting)),
    )
    return {"stragglers": stragglers, "flaps": link_flaps, "corruption": _corruption(basis, devices)}


def _check_duration(basis: Basis, target: Goal, usual: Conditions) -> None:
    if target.duration is None or basis.is_sampled:
        return
    longest = float(np.max(usual.restart_time))
    if target.duration > longest:
        return
    start = render(longest, "s")
    raise InputError("job.goal.duration", render(float(target.duration), "s"), f"longer than a start, {start}")


def _work(basis: Basis, target: Goal) -> dict[str, Any]:
    if target.duration is not None:
        return {"duration": column(target.duration)}
    if target.tokens is not None:
        return {"work": column(target.tokens / basis.tokens_per_step * basis.step_time)}
    per_token = transformer.model_flops_per_token(basis.job.model, basis.job.sequence_length)
    flop: Any = target.training_flop
    return {"work": column(flop / per_token / basis.tokens_per_step * basis.step_time)}


def _check_maintenance(spec: CampaignSpec) -> None:
    planned = spec.maintenance
    if planned is not None and planned.lasting >= planned.every:
        lasting, period = render(planned.lasting, "s"), render(planned.every, "s")
        path = "campaign.maintenance"
        raise InconsistentError(f"{path}.lasting", lasting, f"{path}.every", period, "be shorter than the second")


def _tiers(basis: Basis, usual: Conditions, change: Changes) -> tuple[CheckpointTier, ...]:
    """Return the tiers of checkpoints: those of the scenario, or one remote tier that steps wait for."""
    listed = basis.campaign.checkpoints or [CheckpointSpec(tier="remote")]
    order = [TIERS.index(spec.tier) for spec in listed]
    if order != sorted(set(order)) or listed[-1].tier != "remote":
        raise InputError(
            "campaign.checkpoints",
            ", ".join(spec.tier for spec in listed),
            "in the order memory, local, remote, each once, and end with remote",
            "Only remote storage survives every failure.",
        )
    return tuple(_tier(basis, index, spec, usual, change) for index, spec in enumerate(listed))


def _tier(basis: Basis, index: int, spec: CheckpointSpec, usual: Conditions, change: Changes) -> CheckpointTier:
    """Make one tier of checkpoints; its interval is chosen later."""
    path = f"campaign.checkpoints.{index}"
    bandwidth: Any = spec.bandwidth
    if bandwidth is None:
        if spec.tier != "remote":
            raise InputError(f"{path}.bandwidth", None, "given", f"No source states one for {spec.tier}.")
        bandwidth = usual.checkpoint_bandwidth
        if basis.campaign.checkpoint_bandwidth is None:
            bandwidth = bandwidth * change.size  # storage grows with the cluster
    duration = column(checkpoint.checkpoint_time(usual.checkpoint_bytes, bandwidth)) / change.bandwidth
    if spec.asynchronous and spec.blocking_time is None:
        raise InputError(f"{path}.blocking_time", None, "given where saving is asynchronous", "Add it.")
    blocking = float(spec.blocking_time or 0.0) if spec.asynchronous else duration
    return CheckpointTier(
        name=spec.tier,
        interval=ENDLESS,
        blocking_time=blocking,
        write_time=np.maximum(duration - blocking, 0.0) if spec.asynchronous else 0.0,
        restore_time=duration,
        survives=_survives(basis, spec),
    )


def _survives(basis: Basis, spec: CheckpointSpec) -> int:
    """Return the devices of the largest failure that a tier survives; memory is copied to another rack or node."""
    if spec.survives is not None and spec.tier != "remote":
        return spec.survives
    domain = max(int(pool.tiers[0].size) for pool in basis.cluster.pools)
    return {"memory": domain, "local": 0, "remote": ALL_DEVICES}[spec.tier]


def _stock(basis: Basis, change: Changes) -> tuple[PoolSpares, ...]:
    """Return the spares of each pool: idle devices or those set aside, and its share of spares beside the cluster."""
    spec = basis.campaign
    working = [working_devices(part) for part in basis.pools]
    wanted = None
    if change.spares is not None:
        is_finite = np.isfinite(change.spares)
        wanted = set_aside(basis, change.spares) if is_finite else [float("inf")] * len(working)
    stock: list[PoolSpares] = []
    for index, (pool, part) in enumerate(zip(basis.cluster.pools, basis.pools, strict=True)):
        domain = int(pool.tiers[0].size)
        per_rack = (
            spec.rack_standby if spec.rack_standby and tray_devices(basis.campaign, basis.catalog) < domain else 0
        )
        racks = float(pool.num_devices) / domain
        shared = spec.shared_standby * working[index] / sum(working)
        spares = max(float(part.idle_devices) - per_rack * racks, 0.0) + shared
        stock.append(
            PoolSpares(
                spares=(spares if wanted is None else wanted[index]) * change.size,
                num_racks=racks * change.size,
                rack_devices=domain - per_rack,
                rack_spares=per_rack,
            )
        )
    return tuple(stock)


def _corruption(basis: Basis, devices: float) -> Cause | None:
    spec = basis.campaign.silent_corruption
    if spec is None:
        return None
    mtbf = settled(basis, "campaign.silent_corruption.device_mtbf", spec.device_mtbf)
    if mtbf is None:
        mtbf = basis.catalog.parameter("reliability.corruption_mtbf", "s").value
    return Cause(
        name="silent corruption",
        units=devices,
        mtbf=column(mtbf),
        devices=0,
        detection_time=column(settled(basis, "campaign.silent_corruption.detection_time", spec.detection_time)),
    )


def joins(basis: Basis) -> tuple[tuple[float, float], ...]:
    """Return when pools join, and the speed from then on.

    Parameters
    ----------
    basis
        Inputs of the campaign in one world.

    Returns
    -------
    tuple
        Pairs of seconds from the start, and the share of the batch of the pools that work from then on.
    """
    pools = basis.pools
    batch = float(sum(pool.global_batch_size for pool in pools))
    times = [online(basis, pool) for pool in basis.cluster.pools]
    if min(times) > 0:
        raise InconsistentError(
            "campaign.start", basis.campaign.start, "cluster.pools", "none online by then", "be later"
        )
    moments = sorted(set(times))
    return tuple(
        (
            moment,
            sum(pool.global_batch_size for pool, time in zip(pools, times, strict=True) if time <= moment) / batch,
        )
        for moment in moments
    )
