"""The closed form of a training campaign: from seconds per step and a failure rate to weeks."""

from typing import Any, NamedTuple

from lindos.campaign.optimal import ScalingLaw, compute_optimal
from lindos.campaign.result import CampaignEstimate, CampaignTime
from lindos.errors import InputError
from lindos.formulas import checkpoint, reliability, scaling
from lindos.problem.job import RECOVERIES, Goal
from lindos.quantities import (
    Bytes,
    BytesPerSecond,
    Count,
    FlopPerToken,
    Fraction,
    PerSecond,
    Seconds,
    Tokens,
    namespace,
)

#: Quantile of the normal law that leaves one moment in a hundred short of spares.
_SPARE_DEVIATIONS = 2.326
#: Young's and Daly's expansions assume a save much shorter than the time between failures: a tenth is "much" here.
_SHORT = 0.1


class _Shares(NamedTuple):
    """Seconds of each bucket for one second of productive time."""

    save: Any
    restore: Any
    wasted: Any
    slow: Any
    recovery: Any


def estimate(
    *,
    goal: Goal,
    law: ScalingLaw,
    step_time: Seconds,
    tokens_per_step: Tokens,
    flops_per_token: FlopPerToken,
    num_devices: Count,
    device_failure_rate: PerSecond,
    checkpoint_bytes: Bytes,
    checkpoint_bandwidth: BytesPerSecond,
    restart_time: Seconds,
    detection_time: Seconds = 0.0,
    repair_time: Seconds = 0.0,
    devices_per_failure: Count = 1.0,
    spares: Count = 0.0,
    extra_tokens_factor: Fraction = 1.0,
    recovery: str = "restart",
    replica_devices: Count = 1.0,
    replica_stall_time: Seconds = 0.0,
) -> CampaignEstimate:
    """Estimate a training run under failures; every number may be an array.

    Parameters
    ----------
    goal
        Exactly one of tokens, training FLOP, or a duration to make the most of.
    law
        Scaling law for the compute-optimal model (:func:`lindos.campaign.scaling_law`).
    step_time
        Of one optimiser step.
    tokens_per_step
        Tokens in one global batch.
    flops_per_token
        Model FLOPs of training one token.
    num_devices
        Devices that work; any of them stops the job when it fails.
    device_failure_rate
        Failures per device and time, all causes.
    checkpoint_bytes
        Of one checkpoint.
    checkpoint_bandwidth
        Of the storage, to all devices together.
    restart_time
        From detection until steps run again, restoring not counted.
    detection_time
        From a failure until it is noticed.
    repair_time
        Until a device that failed can be used again; sets the spares.
    devices_per_failure
        Devices taken out together: those of a node, a tray or a rack.
    spares
        Devices that stand by.
    extra_tokens_factor
        Tokens needed over those needed at a small batch (see :mod:`lindos.formulas.batch`). The goal is not raised by
        it: it only says what the tokens are worth.
    recovery
        ``"restart"``: every failure stops the whole job. ``"replica"``: the others wait `replica_stall_time` and go on.
    replica_devices
        Devices of one data-parallel replica.
    replica_stall_time
        How long the others wait in ``"replica"``.

    Returns
    -------
    CampaignEstimate
        Finite always; where ``sustainable`` is 0 the times only say that the run does not end.

    Raises
    ------
    InputError
        If `recovery` is unknown, or `goal` does not name exactly one goal.

    Notes
    -----
    Not modelled here, but simulated (:func:`lindos.campaign.simulate`): planned pauses, slow devices, failures that
    are not memoryless or come together, a lack of spares, saving behind the steps. In ``"replica"`` the missing
    replica's share of each batch counts as slow steps, and it takes its state from the others: no checkpoint brings
    work back, so none is counted.
    """
    if recovery not in RECOVERIES:
        raise InputError("recovery", recovery, f"one of {', '.join(RECOVERIES)}")
    mtbf = 1 / reliability.job_failure_rate(num_devices, device_failure_rate)
    save = checkpoint.checkpoint_time(checkpoint_bytes, checkpoint_bandwidth)
    xp = namespace(mtbf, save, step_time)
    outage = detection_time + restart_time
    interval: Seconds | None = None
    if recovery == "restart":
        interval = xp.maximum(checkpoint.daly_interval(save, mtbf), step_time)
        wait, least = outage + save, outage + 2 * save
        shares = _restart_shares(interval, save, outage, mtbf)
    else:
        wait = least = replica_stall_time
        outages = reliability.job_failure_rate(replica_devices, device_failure_rate) * (outage + save)
        shares = _replica_shares(wait, mtbf, outages)
    time = _time(goal, shares, restart_time, step_time, tokens_per_step, flops_per_token)
    tokens = time.productive / step_time * tokens_per_step
    best = compute_optimal(tokens * flops_per_token, law)
    return CampaignEstimate(
        time=time,
        num_steps=time.productive / step_time,
        tokens=tokens,
        effective_tokens=tokens / extra_tokens_factor,
        training_flop=tokens * flops_per_token,
        num_failures=reliability.expected_failures(1 / mtbf, time.total),
        job_mtbf=mtbf,
        checkpoint_time=save,
        checkpoint_interval=interval,
        recovery_time=wait,
        spares_needed=devices_per_failure * reliability.spares_for_confidence(repair_time / mtbf, _SPARE_DEVIATIONS),
        spares_given=spares,
        largest_job=1 / (device_failure_rate * least),
        compute_optimal_params=best.num_params,
        compute_optimal_tokens=best.tokens,
        sustainable=xp.where(mtbf > least, 1.0, 0.0),
        young_valid=xp.where(save < _SHORT * mtbf, 1.0, 0.0),
    )


def _restart_shares(interval: Seconds, save: Seconds, restart: Seconds, mtbf: Seconds) -> _Shares:
    """Exact means under failures that stop everything, for each second of work done."""
    segment = interval + save
    recovery = checkpoint.recovery_time_per_segment(segment, restart + save, mtbf)
    outage = restart + save
    xp = namespace(outage)
    restoring = save / xp.where(outage > 0, outage, 1.0)
    return _Shares(
        save=save / interval,
        restore=recovery * restoring / interval,
        wasted=checkpoint.lost_time(segment, mtbf) / interval,
        slow=0.0 * interval,
        recovery=recovery * (1 - restoring) / interval,
    )


def _replica_shares(stall: Seconds, mtbf: Seconds, outages: Count) -> _Shares:
    """Others wait ``stall`` at each failure; ``outages`` is the mean number of outages under way per replica."""
    # A replica is present 1 / (1 + outages) of the time, so work takes 1 + outages as long. A failure that strikes
    # while the others wait has them wait from its own moment on, as a restart begins again.
    nothing = 0.0 * outages
    waits = checkpoint.failed_attempts(stall, mtbf)
    return _Shares(save=nothing, restore=nothing, wasted=nothing, slow=outages, recovery=(1 + outages) * waits)


def _time(
    goal: Goal,
    shares: _Shares,
    startup: Seconds,
    step_time: Seconds,
    tokens_per_step: Tokens,
    flops_per_token: FlopPerToken,
) -> CampaignTime:
    """The buckets of a run to its goal."""
    slowdown = 1 + shares.save + shares.restore + shares.wasted + shares.slow + shares.recovery
    if sum(part is not None for part in (goal.tokens, goal.training_flop, goal.duration)) != 1:
        raise InputError("goal", goal.label or "of several kinds", "exactly one of tokens, training_flop or duration")
    first = startup
    if goal.duration is not None:
        xp = namespace(startup, slowdown)
        first = xp.minimum(startup, goal.duration)
        productive = (goal.duration - first) / slowdown
    elif goal.tokens is not None:
        productive = goal.tokens / tokens_per_step * step_time
    else:
        flop: Any = goal.training_flop
        productive = scaling.tokens_from_flop(flop, flops_per_token) / tokens_per_step * step_time
    return CampaignTime(
        productive=productive,
        checkpoint_save=productive * shares.save,
        checkpoint_restore=productive * shares.restore,
        wasted_progress=productive * shares.wasted,
        slow_steps=productive * shares.slow,
        infrastructure_recovery=productive * shares.recovery,
        spare_wait=0.0 * productive,
        planned_maintenance=0.0 * productive,
        startup=first,
    )
