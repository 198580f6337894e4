"""The simulation: against a loop over every event, at its limits, beside the closed form, and under chance."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_problems import (
    BUCKETS,
    DAY,
    HOUR,
    SEVERAL,
    THREE_TIERS,
    UNSAVED,
    check_time,
    device,
    everything,
    goodput,
    problem,
    ran,
    recoveries,
    remote,
    struck,
    told_by_hand,
)
from lindos.campaign import (
    ALL_DEVICES,
    CheckpointTier,
    PoolSpares,
    Problem,
    Sampling,
    ScalingLaw,
    Workload,
    estimate,
    simulate,
    simulate_until,
    with_best_intervals,
)
from lindos.campaign.simulate import concatenated, tile
from lindos.campaign.trials import confidence
from lindos.errors import InputError
from lindos.formulas import checkpoint

LAW = ScalingLaw(
    fit="replication",
    irreducible=1.8,
    params_coefficient=482.0,
    params_exponent=0.35,
    tokens_coefficient=2085.0,
    tokens_exponent=0.37,
    flop_per_param_token=6.0,
)


# Every bucket adds up


@given(
    st.sampled_from(["restart", "replica"]),
    st.booleans(),
    st.sampled_from([0.0, 72.0, float("inf")]),
    st.integers(0, 1000),
    st.floats(0.0, 0.6),
)
@settings(max_examples=25, deadline=None)
def test_time_is_conserved_with_everything_switched_on(
    recovery: str, elastic: bool, spares: float, seed: int, share: float
) -> None:
    pools = (PoolSpares(spares=spares), PoolSpares(spares=spares, num_racks=15, rack_devices=68, rack_spares=4))
    given = everything(
        recovery=recovery, elastic=elastic, pools=pools, misdiagnosis=share, announced=share, repair_teams=3
    )
    found = ran(given, 8, seed=seed)
    check_time(found)
    assert np.abs(found.time.total / given.duration - 1).max() < 1e-9


@pytest.mark.parametrize("recovery", ["restart", "replica"])
def test_a_goal_in_work_is_reached_to_the_second(recovery: str) -> None:
    given = everything(work=4 * DAY, recovery=recovery, pools=(PoolSpares(), PoolSpares()))
    found = ran(given, 32)
    check_time(found)
    assert np.all(found.finished == 1)
    assert found.time.productive == pytest.approx(4 * DAY, rel=1e-12)
    assert np.all(found.time.total > 4 * DAY)


def laws() -> st.SearchStrategy[dict[str, Any]]:
    """What a cause may be like."""
    law = st.sampled_from([("exponential", 1.0), ("weibull", 0.6), ("weibull", 2.0), ("lognormal", 0.9)])
    return st.fixed_dictionaries(
        {
            "mtbf": st.floats(2_000.0, 40_000.0).map(lambda hours: hours * HOUR),
            "devices": st.sampled_from([0, 1, 8, 72, 512]),
            "blast": st.sampled_from([None, 8, ALL_DEVICES]),
            "repair_time": st.sampled_from([0.0, HOUR, 2 * DAY]),
            "online": st.sampled_from([0.0, 3 * DAY]),
            "age": st.sampled_from([0.0, 200 * HOUR]),
            "pool": st.sampled_from([0, 1]),
            "law": law,
        }
    ).map(lambda one: one | {"law": one["law"][0], "shape": one["law"][1]})


@given(
    st.lists(laws(), max_size=3),
    st.sampled_from([THREE_TIERS, (remote(blocking_time=0.0, write_time=900.0),), UNSAVED]),
    st.sampled_from([{"work": 4 * DAY}, {"duration": 10 * DAY}]),
    st.sampled_from(["restart", "replica"]),
    st.booleans(),
    st.sampled_from([0.0, 16.0, float("inf")]),
    st.integers(0, 99),
)
@settings(max_examples=40, deadline=None)
def test_time_is_conserved_on_random_problems(
    causes: list[dict[str, Any]],
    tiers: Any,
    goal: dict[str, float],
    recovery: str,
    elastic: bool,
    spares: float,
    seed: int,
) -> None:
    given = everything(
        **goal,
        causes=tuple(device(**(one | {"name": str(at)})) for at, one in enumerate(causes)),
        tiers=tiers,
        recovery=recovery,
        elastic=elastic,
        pools=(PoolSpares(spares=spares), PoolSpares(spares=spares, num_racks=9, rack_devices=68, rack_spares=4)),
        repair_teams=2,
    )
    found = ran(given, 4, seed=seed, rows=4)
    check_time(found)
    total, productive = found.time.total, found.time.productive
    if given.work is None:
        assert total == pytest.approx(float(given.duration), rel=1e-9)
    else:
        done = found.finished == 1
        assert productive[done] == pytest.approx(4 * DAY, rel=1e-9)
        assert np.all(productive[~done] < 4 * DAY)
    assert np.all(found.num_stops <= found.num_failures)


# Against a loop


BEHIND = (replace(THREE_TIERS[0], write_time=45.0), THREE_TIERS[2])


@pytest.mark.parametrize("goal", [{}, {"work": 8 * DAY}])
@pytest.mark.parametrize("spares", [0.0, 8.0, 80.0, 200.0, float("inf")])
@pytest.mark.parametrize("tiers", [(remote(1200 / 7),), BEHIND, THREE_TIERS])
def test_restarts_are_those_of_a_queue_of_failures_and_repairs(
    tiers: tuple[CheckpointTier, ...], spares: float, goal: dict[str, float]
) -> None:
    # Some nine repairs go on at a time: one team falls behind for good, twelve keep up.
    for teams in (1.0, 12.0, float("inf")):
        given = problem(
            causes=SEVERAL,
            tiers=tiers,
            pools=(PoolSpares(spares=spares),),
            repair_teams=teams,
            diagnosis_time=50.0,
            **goal,
        )
        expected = 12 * DAY
        found = simulate(given, expected=expected, num_trials=6, rows=6, seed=3)
        time, never = found.time, found.finished == 0
        horizon = float(given.duration or 10 * expected + 600.0)
        if never.any():  # those that would take far longer are given up early
            horizon = float(time.total[never].max())
            assert (horizon - 600.0) / expected in [pytest.approx(1.25 * 2**at) for at in range(4)]
        down = time.checkpoint_restore + time.infrastructure_recovery + time.spare_wait + time.startup
        for row, failures in enumerate(struck(given, horizon, 6, 3)):
            told = told_by_hand(given, horizon, failures)
            near = {"rel": 1e-9, "abs": 1e-9 * 20 * DAY}
            assert time.productive[row] == pytest.approx(told["productive"], **near)
            assert time.wasted_progress[row] == pytest.approx(told["wasted"], **near)
            assert time.checkpoint_save[row] == pytest.approx(told["save"], **near)
            assert down[row] == pytest.approx(told["down"], **near)
            assert time.total[row] == pytest.approx(told["total"], **near)
            assert (found.num_stops[row], found.finished[row]) == (told["stops"], told["finished"])


def ceiling(devices: float, each: float) -> float:
    return float(np.ceil(max(devices, 0.0) / each - 1e-9))


def test_elastic_restarts_run_at_the_speed_of_what_is_left() -> None:
    given = problem(
        causes=SEVERAL[:2],
        tiers=UNSAVED,
        elastic=True,
        pools=(PoolSpares(spares=8.0),),
        announced=0.0,
        startup_time=0.0,
    )
    found = simulate(given, expected=20 * DAY, num_trials=4, rows=4, seed=2)
    always = replace(given, pools=(PoolSpares(),))  # restarts wait for no repair
    for row, failures in enumerate(struck(given, 20 * DAY, 4, 2)):
        ends = [(time, time + lasting, cause.devices) for time, cause, lasting in failures]
        backs = recoveries(always, failures)
        edges = sorted({0.0, 20 * DAY, *(x for one in ends for x in one[:2]), *backs})
        slow = 0.0
        for begin, end in pairwise(edges):
            moment = (begin + end) / 2
            if moment > 20 * DAY or any(t <= moment < b for (t, _, _), b in zip(ends, backs, strict=True)):
                continue
            out = sum(devices for t, b, devices in ends if t <= moment < b)
            slow += (end - begin) * ceiling(out - 8.0, 64) / 16
        assert found.time.slow_steps[row] == pytest.approx(slow, rel=1e-9)


def test_replicas_that_fail_are_missing_until_they_are_back() -> None:
    given = problem(causes=SEVERAL[:2], tiers=UNSAVED, recovery="replica", startup_time=0.0)
    found = simulate(given, expected=20 * DAY, num_trials=4, rows=4, seed=2)
    for row, failures in enumerate(struck(given, 20 * DAY, 4, 2)):
        backs = recoveries(given, failures)
        edges = sorted({0.0, 20 * DAY, *backs, *(t + x for t, _, _ in failures for x in (0.0, 180.0))})
        slow = waits = 0.0
        for begin, end in pairwise(edges):
            moment = (begin + end) / 2
            if moment > 20 * DAY:
                continue
            if any(t <= moment < t + 180.0 for t, _, _ in failures):
                waits += end - begin
            else:
                slow += (end - begin) * sum(t <= moment < b for (t, _, _), b in zip(failures, backs, strict=True)) / 16
        assert found.time.slow_steps[row] == pytest.approx(slow, rel=1e-9)
        assert found.time.infrastructure_recovery[row] == pytest.approx(waits, rel=1e-9)
        assert (found.num_failures[row], found.num_stops[row]) == (len(failures), 0)
        assert found.time.wasted_progress[row] == 0


def by_hand(given: Problem, rows: int, seed: int) -> list[dict[str, float]]:
    """Each replica event by event: one tier, all failures stop everything, one pool with spares and repairs."""
    _, line = tile(given, expected=given.duration, rows=rows, seed=seed, number=0)
    tier, horizon = given.tiers[0], float(given.duration)
    told = []
    for row in range(rows):
        time, until, unsaved, kept = 0.0, float(given.startup_time), 0.0, 0.0
        down = lost = saving = 0.0
        # Steps and saves take turns; a save is spread over the work between.
        pace = 1 / (1 + float(tier.blocking_time / tier.interval))
        failed = line.stops.failed[row]
        events = [*zip(line.stops.time[row][failed], line.stops.end[row][failed], strict=True), (horizon, horizon)]
        for moment, recovered in events:
            up = max(0.0, moment - max(time, until))
            down += moment - time - up
            unsaved += up * pace
            saving += up * (1 - pace)
            if moment < horizon:
                whole = np.floor(unsaved / float(tier.interval) * (1 + 1e-12)) * float(tier.interval)
                kept, lost, unsaved = kept + whole, lost + unsaved - whole, 0.0
            time, until = moment, max(until, recovered)
        told.append({"productive": kept + unsaved, "wasted": lost, "save": saving, "down": down})
    return told


@pytest.mark.parametrize("spares", [8.0, 40.0, float("inf")])
def test_trials_are_those_of_a_loop_over_events(spares: float) -> None:
    given = problem(causes=(device(4_000 * HOUR),), pools=(PoolSpares(spares=spares),), repair_teams=9)
    found = simulate(given, expected=given.duration, num_trials=6, rows=6, seed=3)
    time = found.time
    stopped = time.checkpoint_restore + time.infrastructure_recovery + time.spare_wait + time.startup
    for row, told in enumerate(by_hand(given, 6, 3)):
        assert time.productive[row] == pytest.approx(told["productive"], abs=1e-4)
        assert time.wasted_progress[row] == pytest.approx(told["wasted"], abs=1e-4)
        assert time.checkpoint_save[row] == pytest.approx(told["save"], abs=1e-4)
        assert stopped[row] == pytest.approx(told["down"], abs=1e-4)


# Limits


def test_what_never_fails_only_saves() -> None:
    given = problem(causes=(device(1e30),), startup_time=0.0)
    assert goodput(given, 4) == pytest.approx(1200 / 1220, rel=1e-12)
    nothing = ran(problem(causes=(), startup_time=0.0), 2)
    assert nothing.goodput == pytest.approx(1200 / 1220, rel=1e-12)


def test_without_spares_and_repair_the_job_stops_for_good() -> None:
    broken = device(repair_time=1e15)
    for changes in ({}, {"work": 40 * DAY}):
        found = ran(problem(causes=(broken,), pools=(PoolSpares(spares=0.0),), **changes), 32)
        check_time(found)
        assert np.all(found.time.spare_wait > 0.5 * found.time.total)
        assert np.all(found.num_stops >= 1)
    assert np.all(found.finished == 0)
    # Software breaks nothing, so nothing is waited for.
    crashes = ran(problem(causes=(replace(broken, devices=0, blast=8),), pools=(PoolSpares(spares=0.0),)), 32)
    assert np.all(crashes.time.spare_wait == 0)
    assert float(np.mean(crashes.goodput)) > 0.9


def test_an_elastic_job_goes_on_with_what_is_left() -> None:
    broken = problem(causes=(device(repair_time=1e15),), pools=(PoolSpares(spares=0.0),))
    waits, goes_on = goodput(broken), goodput(replace(broken, elastic=True))
    assert waits < 0.15
    # Some 24 failures in twenty days: by the end 3 of 16 replicas are missing, 1.5 on average, rounded up.
    assert 0.78 < goes_on < 0.92


# More of what helps never hurts, under the same failures


@given(st.integers(0, 500), st.floats(500.0, 8_000.0), st.sampled_from([1.0, 4.0, float("inf")]))
@settings(max_examples=25, deadline=None)
def test_goodput_does_not_fall_with_more_spares(seed: int, hours: float, teams: float) -> None:
    given = problem(causes=(device(hours * HOUR),), repair_teams=teams)
    before = np.full(16, -1.0)
    for spares in (0.0, 8.0, 16.0, 40.0, 200.0, float("inf")):
        after = ran(replace(given, pools=(PoolSpares(spares=spares),)), 16, seed=seed, rows=16).goodput
        assert np.all(after >= before - 1e-9)
        before = after


@pytest.mark.parametrize("changes", [{"elastic": True}, {"recovery": "replica", "tiers": UNSAVED}])
def test_expected_goodput_does_not_fall_with_more_spares(changes: dict[str, Any]) -> None:
    given = problem(causes=(device(1_500 * HOUR, repair_time=3 * DAY),), **changes)
    means = [goodput(replace(given, pools=(PoolSpares(spares=s),)), rows=64) for s in (0, 24, 64, 128, 400)]
    assert means == sorted(means)
    assert means[-1] > means[0] + 0.02


@pytest.mark.parametrize(
    "better",
    [
        {"causes": (device(5_000 * HOUR),)},
        {"restart_time": 60.0},
        {"causes": (device(2_500 * HOUR, detection_time=1.0),)},
        {"diagnosis_time": 0.0},
        {"misdiagnosis": 0.0},
    ],
)
def test_what_is_better_helps(better: dict[str, Any]) -> None:
    worse = problem(causes=(device(2_500 * HOUR),), diagnosis_time=300.0, misdiagnosis=0.2)
    assert goodput(replace(worse, **better), rows=64) > goodput(worse, rows=64)


# Beside the closed form


@pytest.mark.parametrize("devices", [1_000, 10_000, 50_000, 100_000])
def test_restarts_agree_with_the_closed_form(devices: int) -> None:
    mtbf, save = 40_000 * HOUR, 25.0
    cause = device(mtbf, units=devices)
    given = problem(
        causes=(cause,), tiers=(remote(1.0, save),), num_devices=devices, duration=60 * DAY, startup_time=0.0
    )
    given = with_best_intervals(given, least=5.0)
    found = ran(given, 128)
    closed = float(checkpoint.goodput(given.tiers[0].interval, save, 600 + 60 + save, mtbf / devices))
    error = float(np.std(found.goodput)) / 128**0.5
    assert abs(float(np.mean(found.goodput)) - closed) < 4 * error + 2e-4
    assert float(np.mean(found.num_failures)) == pytest.approx(60 * DAY * devices / mtbf, rel=0.05)


@pytest.mark.parametrize("recovery", ["restart", "replica"])
@pytest.mark.parametrize("spares", [float("inf"), 96.0])
def test_a_whole_run_agrees_with_the_estimate(recovery: str, spares: float) -> None:
    """One problem, two solvers."""
    cause = device(30_000 * HOUR, units=10_000)
    size: dict[str, Any] = {"num_devices": 10_000, "replica_devices": 100, "pools": (PoolSpares(spares=spares),)}
    given = problem(causes=(cause,), tiers=(remote(1.0, 25.0),), work=1e6, recovery=recovery, **size)
    given = with_best_intervals(given, least=5.0)
    workload = Workload(step_time=5.0, tokens_per_step=5e6, flops_per_token=6e11, law=LAW)
    closed = estimate(given, workload)
    found = ran(given, 200)
    error = float(np.std(found.time.total)) / 200**0.5
    # What one run waits for repairs is not what it waits in the long run: at the start nothing is broken.
    rough = 0.02 if np.isfinite(spares) else 0.001
    assert abs(float(np.mean(found.time.total)) - float(closed.duration)) < 4 * error + rough * 1e6
    for bucket in BUCKETS:
        mean = float(np.mean(getattr(found.time, bucket)))
        if bucket not in ("spare_wait", "slow_steps") or not np.isfinite(spares):
            assert mean == pytest.approx(float(getattr(closed.time, bucket)), rel=0.1, abs=600.0), bucket


# Reproducible


def test_the_same_seed_gives_the_same_trials_whatever_is_asked_with_them() -> None:
    given = everything()
    first = ran(given, 24, rows=8)
    assert np.array_equal(first.goodput, ran(given, 24, rows=8).goodput)
    assert np.array_equal(first.goodput, ran(given, 24, rows=8, threads=2).goodput)
    assert np.array_equal(first.goodput[:12], ran(given, 12, rows=8).goodput)
    parts = [ran(given, 8, rows=8, first=number) for number in range(3)]
    assert np.array_equal(first.goodput, concatenated(parts).goodput)
    assert not np.array_equal(first.goodput, ran(given, 24, rows=8, seed=1).goodput)


def test_trials_take_draws_in_turn() -> None:
    times = np.array([[60.0], [600.0], [6000.0]])
    drawn = ran(problem(restart_time=times), 12, rows=4)
    for at, time in enumerate((60.0, 600.0, 6000.0)):
        alone = ran(problem(restart_time=time), 12, rows=4)
        assert np.array_equal(drawn.goodput[at::3], alone.goodput[at::3])


def test_more_trials_until_the_tolerance_is_met() -> None:
    given = problem(causes=(device(2_000 * HOUR),))
    loose, tight = (
        simulate_until(given, expected=20 * DAY, sampling=Sampling(tolerance=tolerance, min_trials=16, max_trials=4096))
        for tolerance in (0.02, 0.002)
    )
    assert loose.num_trials < tight.num_trials
    assert confidence(tight.goodput) <= 0.002 < confidence(tight.goodput[: tight.num_trials // 2])
    seen: list[int] = []
    capped = simulate_until(
        given,
        expected=20 * DAY,
        sampling=Sampling(tolerance=1e-9, max_trials=300),
        report=lambda done, reached: seen.append(done),
    )
    assert capped.num_trials == seen[-1] == 300


def test_a_percentile_lies_in_its_confidence_interval() -> None:
    rng = np.random.default_rng(0)
    misses = sum(abs(np.percentile(x, 10) + 1.2816) > confidence(x) for x in rng.standard_normal((400, 200)))
    assert misses < 0.12 * 400  # the widest of three intervals, so mostly well inside


def test_the_expected_time_changes_nothing_under_constant_rates() -> None:
    always = [replace(cause, law="exponential", shape=1.0, age=0.0) for cause in everything().causes]
    given = everything(work=6 * DAY, causes=tuple(always))
    short, long = (ran(given, 6, rows=6, expected=days * DAY).time.total for days in (4.0, 60.0))
    assert short == pytest.approx(long, rel=1e-9)


def test_the_expected_time_changes_nothing_under_any_law() -> None:
    given = problem(work=6 * DAY, causes=(device(2_000 * HOUR, law="weibull", shape=0.6),))
    short, long = (ran(given, 6, rows=6, expected=days * DAY).time.total for days in (4.0, 60.0))
    assert short == pytest.approx(long, rel=1e-9)


# Refused


def test_more_than_can_be_simulated_gets_a_sentence() -> None:
    with pytest.raises(InputError, match=r"failures in one run', but must be at most 1,000,000"):
        ran(problem(causes=(device(1.0),)), 1)


@pytest.mark.parametrize("changes", [{"work": 1.0, "duration": 1.0}, {"work": None, "duration": None}])
def test_a_problem_has_one_goal(changes: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="exactly one goal, work or duration"):
        simulate(replace(problem(), **changes), expected=DAY, num_trials=1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"causes": (device(pool=1),)}, r"cause device: pool is 1, but must be below 1"),
        ({"causes": (device(), device())}, r"cause is 'device', but must be a unique name"),
        ({"misdiagnosis": np.array([[0.1], [0.2]])}, r"misdiagnosis is .*one number for all trials"),
        ({"causes": (device(units=np.ones((2, 1))),)}, r"units is .*one number for all trials"),
        ({"pools": (PoolSpares(spares=np.ones((2, 1))),)}, r"spares is .*one number for all trials"),
    ],
)
def test_a_problem_that_cannot_be_simulated_gets_a_sentence(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        problem(**changes)
