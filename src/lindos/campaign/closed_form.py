"""The closed form of a campaign: the duration of a run from its failure rates, without simulation."""

from typing import Any, NamedTuple

import numpy as np

from lindos.campaign.causes import Cause
from lindos.campaign.optimal import compute_optimal
from lindos.campaign.problem import Problem, Workload, flattened
from lindos.campaign.progress import ENDLESS, saving_share, tier_for
from lindos.campaign.result import CampaignEstimate, CampaignTime
from lindos.campaign.shortage import in_repair, short_of_replicas, staffed_share
from lindos.errors import InputError
from lindos.formulas import checkpoint, reliability
from lindos.quantities import Fraction, PerSecond, Real, Seconds, namespace

#: Standard deviations of the normal law below which 99 % of moments lie: the others are short of spares.
_SPARE_DEVIATIONS = 2.326
#: Largest share of the replicas that stalls may take, so that times stay finite.
_MOST_STALLED = 0.999
#: Young's and Daly's expansions assume that a save takes less than this share of the time between failures.
_SHORT = 0.1


class _Shares(NamedTuple):
    """Seconds of each bucket for one second of productive time."""

    save: Fraction
    restore: Fraction
    wasted: Fraction
    slow: Fraction
    recovery: Fraction


def estimate(problem: Problem, workload: Workload) -> CampaignEstimate:
    """Estimate a training run under failures at a constant rate.

    Parameters
    ----------
    problem
        The campaign, with the intervals between its checkpoints (:func:`lindos.campaign.with_best_intervals`). Arrays
        of draws give arrays of draws.
    workload
        What the steps train.

    Returns
    -------
    CampaignEstimate
        Always finite; if ``sustainable`` is 0, the run never ends and its times have no meaning.

    Raises
    ------
    InputError
        If the problem does not name exactly one goal.

    Notes
    -----
    Failures come at the long-run rate of each cause. Not modelled here, but simulated
    (:func:`lindos.campaign.simulate`): planned pauses, slow devices, flapping links, silent corruption, hardware that
    joins, failures that are not memoryless, early warnings, few repair teams. In recovery by replica the missing
    replica's share of each batch counts as slow steps, and it takes its state from the other replicas. A shortage of
    spares counts in the mean over the run: those in repair follow a Poisson law.
    """
    problem, workload = flattened(problem), flattened(workload)
    if (problem.work is None) == (problem.duration is None):
        raise InputError("problem", "both or neither", "exactly one goal, work or duration")
    stopping = [cause for cause in problem.causes if problem.stops_all(cause)]
    partial = [cause for cause in problem.causes if not problem.stops_all(cause)]
    mtbf = 1 / problem.failure_rate
    remote = problem.tiers[-1]
    save = remote.blocking_time + remote.write_time
    xp = namespace(mtbf, save)
    restarts = problem.recovery == "restart"
    outage = _outage(problem, stopping)
    wait = outage if restarts else problem.stall_time
    shares = _added(_restart_shares(problem, stopping, outage), _replica_shares(problem, partial))
    time = _time(problem, shares)
    trained = trained_in(time.productive, workload)
    busy = in_repair(problem)
    least = wait + save if restarts else wait / problem.stall_groups
    interval = problem.tiers[0].interval
    return CampaignEstimate(
        time=time,
        **trained,
        num_failures=reliability.expected_failures(problem.failure_rate, time.total),
        job_mtbf=mtbf,
        checkpoint_time=save,
        checkpoint_interval=None if np.min(interval) >= ENDLESS else interval,
        recovery_time=wait,
        devices_in_repair=busy.devices_per_repair * reliability.spares_for_confidence(busy.repairs, _SPARE_DEVIATIONS),
        spares_given=min(
            sum(pool.spares + pool.rack_spares * pool.num_racks for pool in problem.pools), problem.num_devices
        ),
        largest_job=problem.num_devices * mtbf / least,
        sustainable=xp.where(mtbf > least, 1.0, 0.0),
        young_valid=xp.where(save < _SHORT * mtbf, 1.0, 0.0),
    )


def trained_in(productive: Seconds, workload: Workload) -> dict[str, Any]:
    """Compute what a productive time trains: steps, tokens, FLOP, and the dense model that would use them best.

    Parameters
    ----------
    productive
        Seconds of steps that count, at full speed.
    workload
        What the steps train.

    Returns
    -------
    dict
        The fields of :class:`lindos.campaign.CampaignEstimate` that follow from the productive time alone.
    """
    num_steps = productive / workload.step_time
    tokens = num_steps * workload.tokens_per_step
    flop = tokens * workload.flops_per_token
    # A run that trains nothing has no best model: it is given a budget of one FLOP.
    best = compute_optimal(namespace(flop).maximum(flop, 1.0), workload.law)
    return {
        "num_steps": num_steps,
        "tokens": tokens,
        "effective_tokens": tokens / workload.extra_tokens_factor,
        "training_flop": flop,
        "compute_optimal_params": best.num_params,
        "compute_optimal_tokens": best.tokens,
    }


def _rate(causes: list[Cause]) -> PerSecond:
    return sum((cause.rate for cause in causes), start=0.0)


def _mean(causes: list[Cause], values: list[Real]) -> Real:
    """Return the mean over failures of a value that differs by cause."""
    weighted = sum(cause.rate * value for cause, value in zip(causes, values, strict=True))
    return weighted / _rate(causes)


def _outage(problem: Problem, causes: list[Cause]) -> Seconds:
    """Return the mean time from a failure that restarts the job until steps run again, restoring included."""
    if not causes:
        return problem.restart_time + problem.tiers[-1].restore_time
    restores = [problem.tiers[tier_for(cause.reach, problem.tiers)].restore_time for cause in causes]
    after = problem.restart_time + _mean(causes, restores)
    notice = problem.diagnosis_time + _mean(causes, [cause.detection_time for cause in causes])
    # A wrong diagnosis costs a whole recovery; the number of them before the right one is geometric.
    wrong = problem.misdiagnosis / (1 - problem.misdiagnosis)
    outage: Seconds = notice + after + wrong * (notice + after)
    return outage


def _restart_shares(problem: Problem, causes: list[Cause], outage: Seconds) -> _Shares:
    """Compute exact means under failures that stop everything, per second of work done."""
    zero = 0.0 * problem.failure_rate
    saving = saving_share(problem.tiers)
    if not causes:
        return _Shares(save=saving + zero, restore=zero, wasted=zero, slow=zero, recovery=zero)
    mtbf = 1 / _rate(causes)
    reached = [problem.tiers[tier_for(cause.reach, problem.tiers)] for cause in causes]
    interval = _mean(causes, [tier.interval for tier in reached])
    segment = interval * (1 + saving)
    recovery = checkpoint.recovery_time_per_segment(segment, outage, mtbf) / interval
    restore = _mean(causes, [tier.restore_time for tier in reached])
    restoring = restore / namespace(outage).where(outage > 0, outage, 1.0)
    # A checkpoint that is still being written at a failure cannot be restored from.
    unwritten = _mean(causes, [tier.write_time for tier in reached]) / mtbf
    return _Shares(
        save=saving,
        restore=recovery * restoring,
        wasted=checkpoint.lost_time(segment, mtbf) / interval + unwritten,
        slow=zero,
        recovery=recovery * (1 - restoring),
    )


def _replica_shares(problem: Problem, causes: list[Cause]) -> _Shares:
    """Compute means under failures that take out some replicas; the other replicas stall for a moment and go on."""
    zero = 0.0 * problem.failure_rate
    if not causes:
        return _Shares(save=zero, restore=zero, wasted=zero, slow=zero, recovery=zero)
    # Each failure takes its replicas out until they are restarted and have their state back.
    hit = _mean(causes, [problem.replicas_hit(cause) for cause in causes])
    outages = _rate(causes) * _outage(problem, causes) * hit / problem.num_replicas
    # A replica is present 1 / (1 + outages) of the time, so that work takes 1 + outages as long. A failure during a
    # stall starts the stall again, as a failure during a restart starts the restart again.
    if problem.stall_groups == 1:
        waits = checkpoint.failed_attempts(problem.stall_time, 1 / _rate(causes))
        return _Shares(save=zero, restore=zero, wasted=zero, slow=outages, recovery=(1 + outages) * waits)
    # One group of replicas stalls at each failure: the job runs at the speed of the other groups.
    stalled = _rate(causes) * problem.stall_time / problem.stall_groups
    slow = (1 + outages) / (1 - namespace(stalled).minimum(stalled, _MOST_STALLED)) - 1
    return _Shares(save=zero, restore=zero, wasted=zero, slow=slow, recovery=zero)


def _added(restart: _Shares, replica: _Shares) -> _Shares:
    return _Shares(*(first + second for first, second in zip(restart, replica, strict=True)))


def _uninterrupted(first: Seconds, rate: PerSecond) -> Seconds:
    """Return the mean time of the first start until it ends or a failure strikes; what follows counts as recovery."""
    failures = first * rate
    xp = namespace(failures)
    some = xp.where(failures > 0, failures, 1.0)
    uninterrupted: Seconds = first * xp.where(failures > 0, -xp.expm1(-some) / some, 1.0)
    return uninterrupted


def _time(problem: Problem, shares: _Shares) -> CampaignTime:
    """Divide the time of a run to its goal into buckets."""
    missing: Fraction = 0.0
    staffed: Fraction = 1.0
    if problem.waits_for_repairs:
        staffed = staffed_share(problem)
    else:
        missing = short_of_replicas(problem)
    slow = (1 + shares.slow) / (1 - missing) - 1
    running = 1 + shares.save + shares.restore + shares.wasted + slow + shares.recovery
    waiting = running * (1 / staffed - 1)
    first = _uninterrupted(problem.startup_time, problem.failure_rate)
    xp = namespace(first, running)
    if problem.duration is not None:
        first = xp.minimum(first, problem.duration)
        productive: Seconds = (problem.duration - first) / (running + waiting)
    else:
        assert problem.work is not None
        productive = problem.work
    return CampaignTime(
        productive=productive,
        checkpoint_save=productive * shares.save,
        checkpoint_restore=productive * shares.restore,
        wasted_progress=productive * shares.wasted,
        slow_steps=productive * slow,
        infrastructure_recovery=productive * shares.recovery,
        spare_wait=productive * waiting,
        planned_maintenance=0.0 * productive,
        startup=first,
    )
