"""Causes of failures in a scenario's campaign: those of the catalogue, lemons, and those of the scenario."""

from dataclasses import replace
from typing import Any

import numpy as np

from lindos import campaign
from lindos.campaign import ALL_DEVICES, Cause, Conditions
from lindos.errors import InputError
from lindos.problem.cluster import Pool
from lindos.scenario.campaign import FailureSpec
from lindos.step import PoolStep
from lindos.study.campaign.basis import Basis, Changes, column, online, settled
from lindos.study.plan import tray_devices

#: Causes of the catalogue and whether they break a device.
CAUSES = {"gpu": True, "host": True, "network": True, "software": False}


def causes_of(basis: Basis, usual: Conditions, change: Changes) -> list[Cause]:
    """List the causes of failures in each pool: those of the catalogue, lemons, and those of the scenario.

    Parameters
    ----------
    basis
        Inputs of the campaign in one world.
    usual
        Failure rates and times of the catalogue or the user.
    change
        How the campaign differs from the scenario's.
    """
    spec = basis.campaign
    causes: list[Cause] = []
    _check_failures(spec.failures)
    shares = {name: basis.catalog.parameter(f"reliability.cause_share.{name}", "1").value for name in CAUSES}
    # The shares are sampled independently, so that they do not add up to one.
    total: Any = sum(shares.values())
    pools = list(zip(basis.cluster.pools, basis.pools, strict=True))
    for index, (pool, part) in enumerate(pools):
        mtbf: Any = spec.device_mtbf
        if mtbf is None:
            mtbf = campaign.mean_failure_rate(basis.catalog, [(pool.accelerator.name, 1)]).device_mtbf
        out = _out_of_service(basis, pool, part)
        listed = tuple(
            Cause(
                name=name,
                units=float(working_devices(part)) * change.size,
                mtbf=column(mtbf * total / shares[name]) * change.mtbf,
                devices=out if breaks else 0,
                blast=out,
                repair_time=column(usual.repair_time),
                detection_time=column(usual.detection_time) * change.detection,
                online=online(basis, pool),
                pool=index,
            )
            for name, breaks in CAUSES.items()
        )
        causes += _with_lemons(basis, listed, pool)
        for failure in spec.failures:
            if failure.of in ("device", "node", "rack", "switch", "pod"):
                causes.append(
                    _scenario_cause(basis, failure, (index, pool, part), working_devices(part), usual, change)
                )
    largest = max(range(len(pools)), key=lambda index: pools[index][0].num_devices)
    working = sum(working_devices(part) for part in basis.pools)
    for failure in spec.failures:
        if failure.of in ("feed", "software", "operator"):
            causes.append(_scenario_cause(basis, failure, (largest, *pools[largest]), working, usual, change))
    return causes


def _check_failures(failures: list[FailureSpec]) -> None:
    """Refuse names that are used already, and shapes that cannot be simulated."""
    sources = dict.fromkeys((*CAUSES, "lemons"), "the catalogue lists it")
    for index, failure in enumerate(failures):
        path = f"campaign.failures.{index}"
        if failure.name in sources:
            raise InputError(
                f"{path}.name", failure.name, "a unique name", f"There is one already: {sources[failure.name]}."
            )
        sources[failure.name] = path
        campaign.check_shape(f"{path}.shape", failure.law, failure.shape)


def working_devices(part: PoolStep) -> int:
    """Return the devices at work in one pool.

    Parameters
    ----------
    part
        The step of the pool.
    """
    return int(part.num_devices - part.idle_devices)


def set_aside(basis: Basis, share: float) -> list[float]:
    """Return the spare devices of each pool for a share of those at work, in whole nodes or trays.

    Parameters
    ----------
    basis
        Inputs of the campaign in one world.
    share
        Spares over devices at work.
    """
    units = [_repair_unit(basis, pool) for pool in basis.cluster.pools]
    pools = zip(basis.pools, units, strict=True)
    return [float(np.floor(working_devices(part) * share / unit) * unit) for part, unit in pools]


def _count(value: Any) -> int:
    """Return a number of parts, which is the same in every draw and column, as an integer."""
    return round(float(np.ravel(np.asarray(value, dtype=float))[0]))


def _repair_unit(basis: Basis, pool: Pool) -> int:
    """Return the devices that are repaired together: a tray of a rack, or the whole node."""
    node = _count(pool.system.num_devices.value)
    return (
        min(tray_devices(basis.campaign, basis.catalog), node)
        if pool.system.unit == "rack"
        else min(node, int(pool.tiers[0].size))
    )


def _out_of_service(basis: Basis, pool: Pool, part: PoolStep) -> int:
    """Return the devices that are out of service with a failed device until it is repaired.

    These are the tray or node that is repaired together, and the devices that the plan ties to it inside the scale-up
    domain: a group of tensor- or expert-parallel ranks does not work without one of its members (Arfeen et al. 2025,
    arXiv 2504.06095).
    """
    unit, domain = _repair_unit(basis, pool), int(pool.tiers[0].size)
    tied = int(max(part.plan.tensor_parallel, part.plan.expert_parallel * part.plan.expert_tensor_parallel))
    return min(-(-min(tied, domain) // unit) * unit, domain)


def _with_lemons(basis: Basis, listed: tuple[Cause, ...], pool: Pool) -> tuple[Cause, ...]:
    """Split the causes that break nodes into those of sound nodes and of lemons; their units are then nodes."""
    spec = basis.campaign.lemons
    if spec is None:
        return listed
    size = float(_count(pool.system.num_devices.value))
    nodes = tuple(replace(cause, units=cause.units / size, mtbf=cause.mtbf / size) for cause in listed if cause.devices)
    rest = tuple(cause for cause in listed if not cause.devices)
    return (*campaign.lemons(nodes, spec.fraction, spec.factor, spec.drained_after), *rest)


def _scenario_cause(
    basis: Basis,
    failure: FailureSpec,
    place: tuple[int, Pool, PoolStep],
    working: int,
    usual: Conditions,
    change: Changes,
) -> Cause:
    """Make one of the scenario's causes, of one pool or of the whole job."""
    index, pool, part = place
    domain, unit = int(pool.tiers[0].size), _count(pool.system.num_devices.value)
    levels = {tier.name: int(tier.size) for tier in pool.tiers}
    leaf, pod = levels.get("leaf", domain), levels.get("pod", int(pool.tiers[-1].size))
    stops_job = failure.of in ("software", "operator")
    sizes = {"device": 1, "node": min(unit, domain), "rack": unit, "switch": leaf, "pod": pod}
    if failure.devices is None and failure.of == "feed":
        raise InputError(
            f"campaign.failures ({failure.name}).devices",
            None,
            "given for a power feed",
            "Say how many GPUs one power feed carries.",
        )
    size = sizes.get(failure.of, failure.devices or 1)
    out = _out_of_service(basis, pool, part)
    takes = (0 if stops_job else max(size, out)) if failure.devices is None else failure.devices
    units = failure.units if failure.units is not None else 1 if stops_job else max(1, round(working / size))
    path = f"campaign.failures.{failure.name}"
    detection = settled(basis, f"{path}.detection_time", failure.detection_time, usual.detection_time)
    return Cause(
        name=failure.name,
        units=float(units) * (1.0 if stops_job else change.size),
        mtbf=column(settled(basis, f"{path}.mtbf", failure.mtbf)) * change.mtbf,
        devices=takes,
        blast=ALL_DEVICES if stops_job else max(takes, out),
        law=failure.law,
        shape=failure.shape,
        age=failure.age or 0.0,
        repair_time=column(settled(basis, f"{path}.repair_time", failure.repair_time, usual.repair_time)),
        detection_time=column(detection) * change.detection,
        online=0.0 if stops_job else online(basis, pool),
        pool=index,
    )
