"""Problems to solve, small and with everything switched on, and a loop over events that simulates them again."""

import heapq
from typing import Any

import numpy as np

from lindos.campaign import (
    ALL_DEVICES,
    ENDLESS,
    CampaignEstimate,
    CampaignTime,
    Cause,
    CheckpointTier,
    PoolSpares,
    Problem,
    ScalingLaw,
    Stragglers,
    Trace,
    Trials,
    Workload,
    estimate,
    simulate,
    with_best_intervals,
)
from lindos.campaign.arrivals import arrivals, columns, stream

HOUR, DAY = 3600.0, 86_400.0
BUCKETS = tuple(CampaignTime.__dataclass_fields__)


def remote(interval: float = 1200.0, save: float = 20.0, **changes: Any) -> CheckpointTier:
    """A remote tier that steps wait for."""
    given = {"blocking_time": save, "write_time": 0.0, "restore_time": save, "survives": ALL_DEVICES}
    return CheckpointTier(name="remote", interval=interval, **(given | changes))


def device(mtbf: float = 20_000 * HOUR, **changes: Any) -> Cause:
    """A device of 1,024 that takes its node of 8 with it."""
    given: dict[str, Any] = {
        "name": "device", "units": 1024, "devices": 8, "repair_time": DAY, "detection_time": 60.0
    }  # fmt: skip
    return Cause(mtbf=mtbf, **(given | changes))


def problem(**changes: Any) -> Problem:
    """Twenty days on 1,024 devices that fail every 20 hours, restarted whole."""
    given: dict[str, Any] = {
        "duration": 20 * DAY,
        "causes": (device(),),
        "tiers": (remote(),),
        "num_devices": 1024,
        "replica_devices": 64,
        "startup_time": 600.0,
        "restart_time": 600.0,
        "stall_time": 180.0,
    }
    if "work" in changes:
        given["duration"] = None
    return Problem(**(given | changes))


def everything(**changes: Any) -> Problem:
    """All that can be switched on: laws, pools, racks, teams, tiers, pauses, slow devices, corruption, joining."""
    causes = (
        device(name="infant", law="weibull", shape=0.6, mtbf=40_000 * HOUR),
        device(name="wear", units=128, law="lognormal", shape=0.7, mtbf=9_000 * HOUR, age=2_000 * HOUR),
        device(name="lemon", units=4, mtbf=200 * HOUR, most=3),
        device(name="tray", pool=1, online=5 * DAY, devices=4),
        device(name="feed", pool=1, units=4, mtbf=4_000 * HOUR, devices=256, repair_time=6 * HOUR),
        device(name="software", units=1, mtbf=60 * HOUR, devices=0, blast=ALL_DEVICES),
    )
    tiers = (
        CheckpointTier(name="memory", interval=60.0, blocking_time=0.2, write_time=20.0, restore_time=5.0, survives=8),
        remote(1800.0, 5.0, write_time=120.0, restore_time=60.0),
    )
    given: dict[str, Any] = {
        "causes": causes,
        "tiers": tiers,
        "pools": (PoolSpares(spares=64), PoolSpares(spares=72, num_racks=15, rack_devices=68, rack_spares=4)),
        "elastic": False,
        "diagnosis_time": 120.0,
        "misdiagnosis": 0.1,
        "repair_teams": 8,
        "announced": 0.2,
        "maintenance_every": 6 * DAY,
        "maintenance_time": 2 * HOUR,
        "stragglers": Stragglers(units=1024, mtbf=40_000 * HOUR, slowdown=0.3, duration=4 * HOUR),
        "flaps": Cause(name="flaps", units=1024, mtbf=20_000 * HOUR, devices=0, detection_time=30.0),
        "corruption": Cause(name="corruption", units=1024, mtbf=90_000 * HOUR, devices=0, detection_time=5 * HOUR),
        "joins": ((0.0, 0.6), (5 * DAY, 1.0)),
    }
    return problem(**(given | changes))


#: Causes that differ in what they break and what they stop.
SEVERAL = (
    device(4_000 * HOUR),
    device(2_000 * HOUR, name="rack", units=16, devices=64),
    device(9_000 * HOUR, name="chip", devices=1),
    # Breaks nothing, so no team repairs it, however long that would take.
    device(60 * HOUR, name="software", units=1, devices=0, blast=ALL_DEVICES, repair_time=9 * DAY),
    # Stops many devices and breaks none: their memory can still be read.
    Cause(name="hang", units=1, mtbf=90 * HOUR, devices=0, blast=100),
)

#: Tiers where nothing is ever saved: for recoveries that read no checkpoint.
UNSAVED = (remote(ENDLESS, 0.0, restore_time=0.0),)

#: Three of them; steps wait for the last one.
THREE_TIERS = (
    CheckpointTier(name="memory", interval=60.0, blocking_time=0.2, write_time=0.0, restore_time=5.0, survives=8),
    CheckpointTier(name="local", interval=300.0, blocking_time=1.0, write_time=0.0, restore_time=15.0, survives=64),
    remote(1800.0, 10.0, restore_time=60.0),
)


def ran(given: Problem, number: int = 64, **changes: Any) -> Trials:
    expected = float(given.duration if given.duration is not None else 1.2 * float(np.max(given.work)))
    return simulate(given, **({"expected": expected, "num_trials": number} | changes))


def trace(given: Problem, *, expected: float, seed: int = 0, rows: int = 1) -> Trace:
    """What the first trial does when."""
    trials = simulate(given, expected=expected, num_trials=rows, rows=rows, seed=seed, traced=True)
    assert trials.trace is not None
    return trials.trace


def estimated(
    *,
    work: float | None = None,
    duration: float | None = None,
    num_devices: Any = 10_000.0,
    mtbf: Any = 50_000 * HOUR,
    save: Any = 1.2,
    restart_time: Any = 600.0,
    detection_time: Any = 60.0,
    repair_time: Any = DAY,
    devices_per_failure: int = 1,
    recovery: str = "restart",
    replica_devices: float = 1.0,
    stall_time: Any = 180.0,
    spares: float = float("inf"),
    elastic: bool = False,
    step_time: float = 5.0,
    tokens_per_step: float = 10e6,
    flops_per_token: float = 6e11,
    law: ScalingLaw,
    extra_tokens_factor: float = 1.0,
) -> CampaignEstimate:
    """The closed form of a job of equal devices that saves to one remote tier."""
    cause = Cause(
        name="device",
        units=num_devices,
        mtbf=_column(mtbf),
        devices=devices_per_failure,
        repair_time=_column(repair_time),
        detection_time=_column(detection_time),
    )
    problem = Problem(
        work=work,
        duration=duration,
        causes=(cause,),
        tiers=(remote(ENDLESS, _column(save)),),
        num_devices=num_devices,
        replica_devices=replica_devices,
        pools=(PoolSpares(spares=spares),),
        recovery=recovery,
        elastic=elastic,
        startup_time=_column(restart_time),
        restart_time=_column(restart_time),
        stall_time=_column(stall_time),
    )
    workload = Workload(
        step_time=step_time,
        tokens_per_step=tokens_per_step,
        flops_per_token=flops_per_token,
        law=law,
        extra_tokens_factor=extra_tokens_factor,
    )
    return estimate(with_best_intervals(problem, least=step_time), workload)


def _column(value: Any) -> Any:
    plain = np.asarray(value, dtype=float)
    return plain[:, None] if plain.ndim == 1 else float(plain)


def goodput(given: Problem, number: int = 64, **changes: Any) -> float:
    return float(np.mean(ran(given, number, **changes).goodput))


def check_time(found: Trials) -> None:
    """Parts are not negative and add up to the wall clock."""
    parts = np.array([getattr(found.time, name) for name in BUCKETS])
    assert np.all(parts >= -1e-6)
    assert np.all(np.isfinite(parts))
    assert np.abs(parts.sum(axis=0) / found.time.total - 1).max() < 1e-12


def struck(given: Problem, horizon: float, rows: int, seed: int) -> list[list[tuple[float, Cause, float]]]:
    """Failures of the only pool for each replica: when, what, and how long its repair takes."""
    bound = np.full((rows, 1), horizon)
    times = [arrivals(cause, bound, rows, stream(seed, 0, f"0 {cause.name}")) for cause in given.causes]
    told = []
    for row in range(rows):
        line = [(float(t), c) for c, found in zip(given.causes, times, strict=True) for t in found[row] if t < horizon]
        told.append(sorted(line, key=lambda one: one[0]))
    most = max(1, *map(len, told))
    repairs = columns(stream(seed, 0, "repair 0").standard_exponential, most, rows)
    return [
        [(time, cause, float(repairs[row, at] * cause.repair_time)) for at, (time, cause) in enumerate(line)]
        for row, line in enumerate(told)
    ]


def recoveries(given: Problem, failures: list[tuple[float, Cause, float]]) -> list[float]:
    """When the job could go on after each failure by itself: a queue of events, failures and repairs, in turn."""
    free = [0.0] * int(min(given.repair_teams, max(len(failures), 1)))
    events: list[tuple[float, int, int]] = []
    for at, (time, cause, lasting) in enumerate(failures):
        lane = at % len(free)  # teams take turns
        free[lane] = max(free[lane], time) + (lasting if cause.devices else 0.0)
        heapq.heappush(events, (time, 0, at))
        if cause.devices:
            heapq.heappush(events, (free[lane], 1, at))
    out, short, staffed = 0, [], [float("inf")] * len(failures)
    while events:
        moment, repaired, at = heapq.heappop(events)
        out += failures[at][1].devices * (-1 if repaired else 1)
        if not repaired:
            short.append(at)
        if out <= given.pools[0].spares:
            for waiting in short:
                staffed[waiting] = moment
            short = []
    found = []
    for (time, cause, _), enough in zip(failures, staffed, strict=True):
        known = time + float(cause.detection_time) + float(given.diagnosis_time)
        tier = given.tiers[level_of(given, cause)]
        found.append(max(known, enough) + float(given.restart_time) + float(tier.restore_time))
    return found


def level_of(given: Problem, cause: Cause) -> int:
    """The freshest tier that outlives a cause."""
    reach = ALL_DEVICES if cause.stopped >= ALL_DEVICES else cause.devices
    return next(at for at, tier in enumerate(given.tiers) if reach <= tier.survives)


def told_by_hand(given: Problem, horizon: float, failures: list[tuple[float, Cause, float]]) -> dict[str, float]:
    """One replica that restarts whole, second by second of its events: what `simulate` says in arrays."""
    goal = float("inf") if given.work is None else float(given.work)
    share = sum(float(tier.blocking_time) / float(tier.interval) for tier in given.tiers)
    pace = 1 / (1 + share)  # a save is spread over the work between
    saved = [0.0] * len(given.tiers)  # the progress that each tier keeps
    done = wasted = down = steps = 0.0
    time, until, stops = 0.0, float(given.startup_time), 0
    ends = [*zip(failures, recoveries(given, failures), strict=True), (None, 0.0)]
    for failure, back in ends:
        moment = horizon if failure is None else failure[0]
        start = min(max(time, until), moment)
        up = moment - start
        if done + up * pace >= goal:
            up = (goal - done) / pace
            down, steps, done = down + start - time, steps + up, goal
            time = start + up
            break
        down, steps, done = down + start - time, steps + up, done + up * pace
        time = moment
        if failure is None:
            break
        stops, until = stops + 1, max(until, back)
        before, level = done, level_of(given, failure[1])
        for at in range(level + 1):
            tier = given.tiers[at]
            # Checkpoints since the last reset of this tier, of which the last ones may not be written yet.
            begin, lag = saved[at], pace * float(tier.write_time)
            number = int(max(done - begin - lag, 0.0) / float(tier.interval) + 1e-9)
            done = begin + number * float(tier.interval)
        saved[: level + 1] = [done] * (level + 1)
        wasted += before - done
    return {
        "productive": done,
        "wasted": wasted,
        "save": steps * (1 - pace),
        "down": down,
        "total": time,
        "stops": float(stops),
        "finished": float(done >= goal or given.work is None),
    }
