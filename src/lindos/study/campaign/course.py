"""From a scenario to the course of its campaign: what fails, what stands by, where checkpoints go."""

import datetime
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lindos import campaign as floor
from lindos import transformer
from lindos.campaign import EVERYTHING, NEVER, Cause, CheckpointTier, Conditions, Course, PoolSpares, Stragglers
from lindos.catalog.facts import Fact
from lindos.catalog.sampling import sampled_fact
from lindos.errors import InconsistentError, InputError
from lindos.formulas import checkpoint
from lindos.problem.cluster import Pool
from lindos.problem.job import Goal
from lindos.scenario.campaign import TIERS, CampaignSpec, CheckpointSpec, FailureSpec, Span
from lindos.study.old_step import StepAnswer
from lindos.study.world import World
from lindos.units import render

#: Causes of the catalogue and whether they break a device.
CAUSES = {"gpu": True, "host": True, "network": True, "software": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """A campaign that is not quite the scenario's: each number multiplies what it names."""

    mtbf: float = 1.0
    restart: float = 1.0  # restart, and the wait of the other replicas
    detection: float = 1.0
    bandwidth: float = 1.0  # of checkpoints
    size: float = 1.0  # devices, at the same step time
    interval: float = 1.0  # of the freshest checkpoints
    spares: float | None = None  # devices that stand by, as a share of those at work; None leaves the scenario's


def column(value: Any) -> Any:
    """Draws as a column: a row for each replica."""
    plain = np.asarray(value, dtype=float)
    return plain[:, None] if plain.ndim == 1 else float(plain)


def settled(world: World, name: str, value: float | Span | None, otherwise: Any = None) -> Any:
    """A user's value, drawn from its range in a sampled world; `otherwise` where it is not given."""
    if value is None:
        return otherwise
    if not isinstance(value, Span):
        return value
    fact = Fact(path=name, content=value.middle, unit="s", low=value.low, high=value.high)
    return sampled_fact(fact, world.num_draws, 0).value if world.is_sampled else value.middle


def conditions(world: World) -> Conditions:
    """What fails, what a checkpoint costs and how recovery goes, the scenario's own values first."""
    spec = world.scenario.campaign
    found = floor.conditions(
        world.catalog,
        [(pool.accelerator.name, pool.num_devices) for pool in world.cluster.pools],
        float(transformer.num_params(world.job.model)),
        device_mtbf=spec.device_mtbf,
        checkpoint_bandwidth=spec.checkpoint_bandwidth,
        restart_time=spec.restart_time,
    )
    return replace(
        found,
        detection_time=found.detection_time if spec.detection_time is None else spec.detection_time,
        repair_time=settled(world, "campaign.repair_time", spec.repair_time, found.repair_time),
    )


def course_of(world: World, asked: Goal, *, recovery: str = "", changes: Changes | None = None) -> Course:
    """The campaign of one world to `asked`, under the scenario's recovery or another."""
    change = changes or Changes()
    spec, step = world.scenario.campaign, world.results["step"]
    given = conditions(world)
    _check_maintenance(spec)
    maintenance, flaps, slow = spec.maintenance, spec.link_flaps, spec.stragglers
    devices = float(step.num_devices) * change.size
    course = Course(
        **_goal(world, asked, step),
        causes=tuple(_causes(world, given, change)),
        tiers=_tiers(world, given, change),
        num_devices=devices,
        replica_devices=float(step.replica_devices),
        pools=_stock(world, step, change),
        recovery=recovery or spec.recovery,
        elastic=spec.elastic,
        startup_time=column(given.restart_time),
        restart_time=column(given.restart_time) * change.restart,
        stall_time=column(given.replica_stall_time) * change.restart,
        diagnosis_time=column(settled(world, "campaign.diagnosis_time", spec.diagnosis_time, 0.0)),
        misdiagnosis=spec.misdiagnosis,
        repair_teams=float("inf") if spec.repair_teams is None else float(spec.repair_teams),
        announced=spec.announced,
        maintenance_every=float("inf") if maintenance is None else maintenance.every,
        maintenance_time=0.0 if maintenance is None else maintenance.lasting,
        stragglers=None
        if slow is None
        else Stragglers(
            units=devices,
            mtbf=column(settled(world, "campaign.stragglers.mtbf", slow.mtbf)),
            slowdown=slow.slowdown,
            duration=column(settled(world, "campaign.stragglers.duration", slow.duration)),
        ),
        flaps=None
        if flaps is None
        else Cause(
            name="link flaps",
            units=devices,
            mtbf=column(settled(world, "campaign.link_flaps.mtbf", flaps.mtbf)),
            devices=0,
            detection_time=column(settled(world, "campaign.link_flaps.lasting", flaps.lasting)),
        ),
        corruption=_corruption(world, devices),
        joins=joins(world),
    )
    fixed = tuple(one.interval for one in spec.checkpoints)
    course = floor.with_best_intervals(course, least=column(step.time), given=fixed)
    if change.interval == 1.0:
        return course
    tiers = (replace(one, interval=np.minimum(one.interval * change.interval, NEVER)) for one in course.tiers)
    return replace(course, tiers=tuple(tiers))


def _goal(world: World, asked: Goal, step: StepAnswer) -> dict[str, Any]:
    if asked.duration is not None:
        return {"duration": column(asked.duration)}
    if asked.tokens is not None:
        return {"work": column(asked.tokens / step.tokens * step.time)}
    each = transformer.model_flops_per_token(world.job.model, world.job.sequence_length)
    flop: Any = asked.training_flop
    return {"work": column(flop / each / step.tokens * step.time)}


def _causes(world: World, given: Conditions, change: Changes) -> list[Cause]:
    """The catalogue's causes for each pool, its lemons apart, and the scenario's own."""
    spec = world.scenario.campaign
    found: list[Cause] = []
    _check_failures(spec.failures)
    shares = {name: world.catalog.parameter(f"reliability.cause_share.{name}", "1").value for name in CAUSES}
    # Drawn apart, the shares would not add up to one.
    total: Any = sum(shares.values())
    for index, (pool, working) in enumerate(zip(world.cluster.pools, _working(world), strict=True)):
        mtbf: Any = spec.device_mtbf
        if mtbf is None:
            mtbf = floor.hazard(world.catalog, [(pool.accelerator.name, 1)]).device_mtbf
        taken = _taken(world, pool)
        listed = tuple(
            Cause(
                name=name,
                units=float(working) * change.size,
                mtbf=column(mtbf * total / shares[name]) * change.mtbf,
                devices=taken if breaks else 0,
                blast=taken,
                repair_time=column(given.repair_time),
                detection_time=column(given.detection_time) * change.detection,
                online=online(world, pool),
                pool=index,
            )
            for name, breaks in CAUSES.items()
        )
        found += _with_lemons(world, listed, pool)
        for own in spec.failures:
            if own.of in ("device", "node", "rack", "switch", "pod"):
                found.append(_own_cause(world, own, pool, index, working, given, change))
    largest = max(range(len(world.cluster.pools)), key=lambda at: world.cluster.pools[at].num_devices)
    for own in spec.failures:
        if own.of in ("feed", "software", "operator"):
            pool = world.cluster.pools[largest]
            found.append(_own_cause(world, own, pool, largest, sum(_working(world)), given, change))
    return found


def _check_failures(failures: list[FailureSpec]) -> None:
    """What each word by itself allows, and all together do not."""
    known = dict.fromkeys((*CAUSES, "lemons"), "the catalogue lists it")
    for index, own in enumerate(failures):
        if own.name in known:
            raise InputError(
                f"campaign.failures.{index}.name",
                own.name,
                "a name of its own",
                f"There is one already: {known[own.name]}.",
            )
        known[own.name] = f"campaign.failures.{index}"
        floor.check_shape(f"campaign.failures.{index}.shape", own.law, own.shape)


def _working(world: World) -> list[int]:
    """Devices at work in each pool."""
    return [int(pool.num_devices - pool.idle_devices) for pool in world.results["step"].found.pools]


def _check_maintenance(spec: CampaignSpec) -> None:
    planned = spec.maintenance
    if planned is not None and planned.lasting >= planned.every:
        lasting, every = render(planned.lasting, "s"), render(planned.every, "s")
        path = "campaign.maintenance"
        raise InconsistentError(f"{path}.lasting", lasting, f"{path}.every", every, "be shorter than the second")


def set_aside(world: World, share: float) -> list[float]:
    """Devices of each pool that stand by where `share` of those at work are to: whole nodes or racks."""
    domains = [int(pool.tiers[0].size) for pool in world.cluster.pools]
    return [float(np.floor(n * share / each) * each) for n, each in zip(_working(world), domains, strict=True)]


def _taken(world: World, pool: Pool) -> int:
    """Devices that stop with one: those of its scale-up domain, or of its tray where the rack has spares inside."""
    spec, domain = world.scenario.campaign, int(pool.tiers[0].size)
    return min(spec.tray_devices, domain) if spec.rack_standby and spec.tray_devices < domain else domain


def _with_lemons(world: World, listed: tuple[Cause, ...], pool: Pool) -> tuple[Cause, ...]:
    """What breaks nodes apart in sound nodes and lemons; one unit of it is then a node."""
    spec = world.scenario.campaign.lemons
    if spec is None:
        return listed
    each = float(pool.system.num_devices.value)
    nodes = tuple(replace(one, units=one.units / each, mtbf=one.mtbf / each) for one in listed if one.devices)
    others = tuple(one for one in listed if not one.devices)
    return (*floor.lemons(nodes, spec.fraction, spec.factor, spec.drained_after), *others)


def _own_cause(
    world: World, own: FailureSpec, pool: Pool, index: int, working: int, given: Conditions, change: Changes
) -> Cause:
    """One of the scenario's own causes in one pool, or of the whole job."""
    domain, unit = int(pool.tiers[0].size), int(pool.system.num_devices.value)
    levels = {tier.name: int(tier.size) for tier in pool.tiers}
    leaf, pod = levels.get("leaf", domain), levels.get("pod", int(pool.tiers[-1].size))
    whole = own.of in ("software", "operator")
    sizes = {"device": 1, "node": min(unit, domain), "rack": unit, "switch": leaf, "pod": pod}
    if own.devices is None and own.of == "feed":
        raise InputError(
            f"campaign.failures ({own.name})", None, "given with devices", "Say how many GPUs one power feed carries."
        )
    each = sizes.get(own.of, own.devices or 1)
    takes = (0 if whole else max(each, _taken(world, pool))) if own.devices is None else own.devices
    units = own.units if own.units is not None else 1 if whole else max(1, round(working / each))
    path = f"campaign.failures.{own.name}"
    return Cause(
        name=own.name,
        units=float(units) * (1.0 if whole else change.size),
        mtbf=column(settled(world, f"{path}.mtbf", own.mtbf)) * change.mtbf,
        devices=takes,
        blast=EVERYTHING if whole else max(takes, _taken(world, pool)),
        law=own.law,
        shape=own.shape,
        age=own.age or 0.0,
        repair_time=column(settled(world, f"{path}.repair_time", own.repair_time, given.repair_time)),
        detection_time=column(settled(world, f"{path}.detection_time", own.detection_time, given.detection_time))
        * change.detection,
        online=0.0 if whole else online(world, pool),
        pool=index,
    )


def _tiers(world: World, given: Conditions, change: Changes) -> tuple[CheckpointTier, ...]:
    """Where checkpoints go: what the scenario lists, or one remote place that steps wait for."""
    listed = world.scenario.campaign.checkpoints or [CheckpointSpec(tier="remote")]
    order = [TIERS.index(one.tier) for one in listed]
    if order != sorted(set(order)) or listed[-1].tier != "remote":
        raise InputError(
            "campaign.checkpoints",
            ", ".join(one.tier for one in listed),
            "in the order memory, local, remote, each once, and end with remote",
            "Only remote storage survives every failure.",
        )
    found: list[CheckpointTier] = []
    for index, one in enumerate(listed):
        bandwidth: Any = one.bandwidth
        if bandwidth is None:
            if one.tier != "remote":
                raise InputError(
                    f"campaign.checkpoints.{index}.bandwidth", None, "given", f"No source states one for {one.tier}."
                )
            bandwidth = given.checkpoint_bandwidth
            if world.scenario.campaign.checkpoint_bandwidth is None:
                bandwidth = bandwidth * change.size  # storage grows with the cluster
        whole = column(checkpoint.checkpoint_time(given.checkpoint_bytes, bandwidth)) / change.bandwidth
        if one.asynchronous and one.blocking_time is None:
            raise InputError(
                f"campaign.checkpoints.{index}.blocking_time", None, "given where saving is asynchronous", "Add it."
            )
        blocking = float(one.blocking_time or 0.0) if one.asynchronous else whole
        found.append(
            CheckpointTier(
                name=one.tier,
                interval=NEVER,
                blocking_time=blocking,
                write_time=np.maximum(whole - blocking, 0.0) if one.asynchronous else 0.0,
                restore_time=whole,
                survives=_survives(world, one),
            )
        )
    return tuple(found)


def _survives(world: World, one: CheckpointSpec) -> int:
    """Devices of the largest failure that a tier survives: memory is kept on a peer in another rack or node."""
    if one.survives is not None and one.tier != "remote":
        return one.survives
    domain = max(int(pool.tiers[0].size) for pool in world.cluster.pools)
    return {"memory": domain, "local": 0, "remote": EVERYTHING}[one.tier]


def _stock(world: World, step: StepAnswer, change: Changes) -> tuple[PoolSpares, ...]:
    """What stands by in each pool: what the scenario sets aside or the plan leaves idle."""
    spec, found = world.scenario.campaign, []
    for index, (pool, idle) in enumerate(zip(world.cluster.pools, _idle(world), strict=True)):
        domain = int(pool.tiers[0].size)
        inside = spec.rack_standby if spec.rack_standby and spec.tray_devices < domain else 0
        racks = float(pool.num_devices) / domain
        spares = float("inf")
        if change.spares is not None:
            spares = set_aside(world, change.spares)[index]
        elif spec.spare_fraction is not None:
            spares = max(idle - inside * racks, 0.0)
        found.append(
            PoolSpares(
                spares=spares * change.size,
                num_racks=racks * change.size,
                rack_devices=domain - inside,
                rack_spares=inside,
            )
        )
    return tuple(found)


def _idle(world: World) -> list[float]:
    return [float(pool.idle_devices) for pool in world.results["step"].found.pools]


def _corruption(world: World, devices: float) -> Cause | None:
    spec = world.scenario.campaign.silent_corruption
    if spec is None:
        return None
    mtbf = settled(world, "campaign.silent_corruption.device_mtbf", spec.device_mtbf)
    if mtbf is None:
        mtbf = world.catalog.parameter("reliability.corruption_mtbf", "s").value
    return Cause(
        name="silent corruption",
        units=devices,
        mtbf=column(mtbf),
        devices=0,
        detection_time=column(settled(world, "campaign.silent_corruption.detection_time", spec.detection_time)),
    )


def first_day(world: World) -> datetime.date | None:
    """Day the campaign begins: the scenario's, or that on which the last pool is online."""
    spec = world.scenario.campaign
    days = [pool.online for pool in world.cluster.pools if pool.online]
    text = spec.start or (max(days) if days else world.scenario.date)
    return datetime.date.fromisoformat(text) if text else None


def online(world: World, pool: Pool) -> float:
    """Seconds from the start of the campaign until a pool works."""
    start = first_day(world)
    if world.scenario.campaign.start is None or start is None or not pool.online:
        return 0.0
    return max((datetime.date.fromisoformat(pool.online) - start).days, 0) * 86_400.0


def joins(world: World) -> tuple[tuple[float, float], ...]:
    """When pools join, and the speed from then on: what they take of the batch."""
    pools = world.results["step"].found.pools
    batch = float(sum(pool.global_batch_size for pool in pools))
    times = [online(world, pool) for pool in world.cluster.pools]
    if min(times) > 0:
        raise InconsistentError(
            "campaign.start", world.scenario.campaign.start, "cluster.pools", "none online by then", "be later"
        )
    moments = sorted(set(times))
    return tuple(
        (
            moment,
            sum(pool.global_batch_size for pool, time in zip(pools, times, strict=True) if time <= moment) / batch,
        )
        for moment in moments
    )
