"""Each mechanism that stops or slows a campaign, by itself."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from campaign_problems import (
    DAY,
    HOUR,
    UNSAVED,
    device,
    everything,
    goodput,
    problem,
    ran,
    remote,
    struck,
)
from lindos.campaign import (
    ALL_DEVICES,
    Cause,
    CheckpointTier,
    PoolSpares,
    ScalingLaw,
    Stragglers,
    Workload,
    estimate,
)
from lindos.campaign import stops as stops_of_campaign
from lindos.campaign.arrivals import stream
from lindos.campaign.simulate import tile


@pytest.mark.parametrize("teams", [2.0, float("inf")])
def test_repairs_that_never_end_are_as_very_long_ones(teams: float) -> None:
    never, long = (
        ran(problem(causes=(device(repair_time=time),), pools=(PoolSpares(spares=16.0),), repair_teams=teams), 8)
        for time in (float("inf"), 1e15)
    )
    assert np.all(np.isfinite(never.goodput))
    assert never.goodput == pytest.approx(long.goodput)


def test_corruption_that_never_strikes_changes_nothing() -> None:
    never = Cause(name="c", units=1, mtbf=1e30, devices=0, detection_time=60.0)
    quiet = problem(causes=())
    assert ran(replace(quiet, corruption=never), 2).time.wasted_progress.max() == 0.0


@pytest.mark.parametrize("interval", [1200.0, 777.7])
def test_corruption_seen_at_once_is_a_failure_of_everything(interval: float, monkeypatch: pytest.MonkeyPatch) -> None:
    def same(seed: int, tile_number: int, name: str) -> np.random.Generator:
        return stream(seed, tile_number, {"0 crash": "corruption"}.get(name, name))

    monkeypatch.setattr(stops_of_campaign, "stream", same)
    crash = Cause(name="crash", units=1, mtbf=5 * HOUR, devices=0, blast=ALL_DEVICES)
    silent = problem(causes=(), corruption=crash, tiers=(remote(interval),))
    loud = problem(causes=(crash,), tiers=(remote(interval),))
    assert ran(silent, 16, rows=16).time.wasted_progress == pytest.approx(ran(loud, 16, rows=16).time.wasted_progress)


def test_corruption_seen_late_loses_what_came_after_its_onset() -> None:
    # Found ten days on, on average: what was done before the onset stays, but for an interval.
    late = Cause(name="c", units=1, mtbf=8 * DAY, devices=0, detection_time=4 * DAY)
    given = problem(causes=(), corruption=late, startup_time=0.0)
    _, line = tile(given, expected=20 * DAY, rows=32, seed=0, number=0)
    happened = stops_of_campaign.interruptions(given, np.full((32, 1), 20 * DAY), 32, 0, 0)
    assert happened.corruptions is not None
    pace = 1200 / 1220
    for row, (onset, seen) in enumerate(zip(*(one[:, 0] for one in happened.corruptions), strict=True)):
        if not np.isfinite(onset):
            continue
        at = int(np.searchsorted(line.stops.time[row], seen))
        kept = line.progress[row, at]
        # The first to be seen: nothing was undone before, so progress at its onset is all steps until then.
        assert onset * pace - 1200 - 1e-6 <= kept <= onset * pace + 1e-6


@pytest.mark.parametrize(("size", "devices"), [(1024, 8), (512, 520)])
def test_a_failure_that_hits_all_replicas_restarts_the_job(size: int, devices: int) -> None:
    found = ran(problem(causes=(device(devices=devices),), recovery="replica", replica_devices=size), 16)
    assert found.time.wasted_progress.mean() > 0
    assert np.array_equal(found.num_stops, found.num_failures)


def test_a_replica_without_a_spare_is_missing_once() -> None:
    once = Cause(name="x", units=1, mtbf=5 * DAY, devices=8, most=1, repair_time=1e12, detection_time=5 * HOUR)
    given = problem(
        causes=(once,),
        recovery="replica",
        num_devices=128,
        pools=(PoolSpares(spares=0),),
        startup_time=0.0,
        stall_time=0.0,
    )
    found, line = tile(replace(given, tiers=UNSAVED), expected=20 * DAY, rows=4, seed=0, number=0)
    # One of two replicas is missing from the failure on.
    assert found.time.slow_steps == pytest.approx(0.5 * (20 * DAY - line.stops.time[:, -1]))


def test_a_unit_repaired_while_its_replica_restarts_replaces_no_failed_unit() -> None:
    gone = Cause(name="gone", units=1, mtbf=2 * DAY, devices=8, most=1, repair_time=1e12)
    mended = Cause(name="mended", units=1, mtbf=5 * DAY, devices=8, most=1, repair_time=1e-3, detection_time=5 * HOUR)
    quick: dict[str, Any] = {"startup_time": 0.0, "restart_time": 0.0, "stall_time": 0.0, "tiers": UNSAVED}
    given = problem(
        causes=(gone, mended),
        recovery="replica",
        num_devices=256,
        pools=(PoolSpares(spares=0),),
        **quick,
    )
    found = ran(given, 16, rows=16)
    expected = np.zeros(16)
    for row, failures in enumerate(struck(given, 20 * DAY, 16, 0)):
        for time, cause, _ in failures:
            expected[row] += (20 * DAY - time if cause.name == "gone" else min(5 * HOUR, 20 * DAY - time)) / 4
    assert found.time.slow_steps == pytest.approx(expected)


def test_one_rack_is_missing_once() -> None:
    broken = (device(300 * HOUR, devices=4, repair_time=1e15),)
    rack = PoolSpares(spares=0.0, num_racks=1, rack_devices=64, rack_spares=4)
    found = ran(problem(causes=broken, elastic=True, pools=(rack,)), 16)
    steps = found.time.slow_steps + found.time.productive + found.time.wasted_progress
    assert np.all(found.time.slow_steps > 0)
    assert np.all(found.time.slow_steps <= steps / 16 + 1e-6)


def test_no_two_things_are_drawn_from_one_stream() -> None:
    asked: list[tuple[Any, ...]] = []

    def told(seed: int, tile_number: int, name: str) -> np.random.Generator:
        asked.append((seed, tile_number, name))
        return stream(seed, tile_number, name)

    given = everything()
    both = (*given.causes, device(name="tray"))  # of one name in two pools
    given = replace(given, causes=both, pools=(given.pools[1], given.pools[1]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stops_of_campaign, "stream", told)
        ran(given, 2, rows=2)
    assert len(set(asked)) == len(asked)


def test_silent_corruption_costs_more_the_later_it_is_noticed() -> None:
    def wasted(hours: float) -> float:
        corruption = Cause(name="c", units=1024, mtbf=40_000 * HOUR, devices=0, detection_time=hours * HOUR)
        return float(np.mean(ran(problem(causes=(), corruption=corruption)).time.wasted_progress))

    assert 0 < wasted(0.01) < wasted(2.0) < wasted(10.0)
    # 12 in twenty days, each undone from its onset: two hours and half an interval.
    assert wasted(2.0) == pytest.approx(12.3 * (2 * HOUR + 600), rel=0.2)


def test_memory_brings_back_more_than_remote_storage() -> None:
    memory = CheckpointTier(
        name="memory", interval=60.0, blocking_time=0.1, write_time=5.0, restore_time=5.0, survives=8
    )
    near, far = problem(tiers=(memory, remote())), problem()
    assert ran(near).time.wasted_progress.mean() < 0.1 * ran(far).time.wasted_progress.mean()
    # A failure beyond what memory survives falls back to remote storage.
    wide = (device(devices=16),)
    lost = [ran(replace(one, causes=wide)).time.wasted_progress.mean() for one in (near, far)]
    assert lost[0] == pytest.approx(lost[1], rel=0.1)


def test_saving_behind_the_steps_costs_little_and_lags() -> None:
    behind = remote(blocking_time=1.0, write_time=300.0)
    found, waits = ran(problem(tiers=(behind,))), ran(problem())
    assert found.time.checkpoint_save.mean() < 0.1 * waits.time.checkpoint_save.mean()
    assert found.time.wasted_progress.mean() > waits.time.wasted_progress.mean()
    assert np.all(found.time.wasted_progress <= found.num_stops * (1200.0 + 300.0))


def test_stragglers_slow_all() -> None:
    always = Stragglers(units=1024, mtbf=100 * HOUR, slowdown=0.25, duration=1e9)
    quiet: dict[str, Any] = {"causes": (), "startup_time": 0.0, "tiers": UNSAVED}
    assert goodput(problem(**quiet, stragglers=always), 8) == pytest.approx(0.8, abs=1e-3)
    # At 1,024 x 1 h / 8,192 h one in eight hours, slow for 2 h: slow for 1 - exp(-1/4) of the time.
    some = Stragglers(units=1024, mtbf=8_192 * HOUR, slowdown=0.25, duration=2 * HOUR)
    found = goodput(problem(**quiet, stragglers=some), 200)
    assert found == pytest.approx(1 - 0.2 * (1 - np.exp(-0.25)), abs=0.003)


def test_flaps_and_maintenance_lose_time_and_no_work() -> None:
    flaps = Cause(name="flaps", units=1024, mtbf=1_024 * HOUR, devices=0, detection_time=36.0)
    found = ran(problem(causes=(), flaps=flaps, startup_time=0.0))
    assert np.all(found.time.wasted_progress == 0)
    assert found.time.infrastructure_recovery.mean() / (20 * DAY) == pytest.approx(1 - np.exp(-0.01), rel=0.05)
    assert found.num_failures.sum() == 0
    kept = ran(problem(causes=(), maintenance_every=5 * DAY, maintenance_time=HOUR, startup_time=0.0), 4)
    assert kept.time.planned_maintenance == pytest.approx(3 * HOUR)
    assert np.all(kept.time.wasted_progress == 0)


def test_failures_do_not_change_the_time_of_planned_maintenance() -> None:
    often = (device(500 * HOUR),)  # every half hour
    time = ran(problem(causes=often, maintenance_every=5 * DAY, maintenance_time=6 * HOUR), 8).time
    assert time.planned_maintenance == pytest.approx(3 * 6 * HOUR)


def test_restoring_goes_on_while_links_flap() -> None:
    once = Cause(name="once", units=1, mtbf=2 * DAY, devices=8, most=1)
    flaps = Cause(name="flaps", units=1, mtbf=HOUR / 6, devices=0, detection_time=1.0)
    given = problem(causes=(once,), flaps=flaps, tiers=(remote(restore_time=5 * HOUR),), duration=60 * DAY)
    time = ran(given, 8).time
    assert time.checkpoint_restore == pytest.approx(5 * HOUR, abs=2.0)


def test_hardware_that_joins_speeds_up() -> None:
    joins = ((0.0, 0.5), (10 * DAY, 1.0))
    found = ran(problem(causes=(), joins=joins, startup_time=0.0, tiers=UNSAVED), 2)
    assert found.goodput == pytest.approx(0.75 - 600 / (20 * DAY), rel=1e-6)
    assert found.effective_training_time == pytest.approx(1 - 600 / (20 * DAY), rel=1e-6)


def test_an_announced_failure_is_not_waited_to_be_noticed() -> None:
    late = device(5 * DAY, units=1, most=1)
    for share, lasting in ((0.0, 660.0), (1.0, 600.0)):
        time = ran(problem(causes=(late,), announced=share, duration=60 * DAY), 4).time
        assert time.infrastructure_recovery == pytest.approx(lasting)
        assert time.checkpoint_restore == pytest.approx(20.0)


def test_slow_steps_are_not_saved_more_often() -> None:
    always = Stragglers(units=1024, mtbf=100 * HOUR, slowdown=0.25, duration=1e9)
    time = ran(problem(stragglers=always), 4).time
    assert time.checkpoint_save == pytest.approx((time.productive + time.wasted_progress) * 20 / 1200)


def test_the_slowest_sets_the_pace_however_slow() -> None:
    crawls = Stragglers(units=1024, mtbf=HOUR, slowdown=9.0, duration=1e12)
    given = problem(causes=(), startup_time=0.0, tiers=UNSAVED, stragglers=crawls, duration=DAY)
    assert goodput(given, 8) == pytest.approx(0.1, abs=1e-3)


def test_slow_devices_at_once_slow_no_more_than_one() -> None:
    # Two slow devices at a time on average: at least one for 1 - exp(-2) of the time.
    often = Stragglers(units=1024, mtbf=1_024 * HOUR, slowdown=0.25, duration=2 * HOUR)
    found = goodput(problem(causes=(), startup_time=0.0, tiers=UNSAVED, stragglers=often), 100)
    assert found == pytest.approx(1 - 0.2 * (1 - np.exp(-2)), abs=0.003)


def test_corruption_is_noticed_after_an_exponential_time() -> None:
    corruption = Cause(name="c", units=1024, mtbf=20_000 * HOUR, devices=0, detection_time=HOUR)
    happened = stops_of_campaign.interruptions(
        problem(causes=(), corruption=corruption), np.full((64, 1), 20 * DAY), 64, 0, 0
    )
    assert happened.corruptions is not None
    onset, seen = happened.corruptions
    delays = (seen - onset)[np.isfinite(onset)]
    assert delays.mean() == pytest.approx(HOUR, rel=0.1)
    assert delays.std() == pytest.approx(HOUR, rel=0.15)


def test_a_rack_without_enough_spares_is_missing_whole() -> None:
    once = Cause(name="x", units=1, mtbf=2 * DAY, devices=8, most=1, repair_time=1e15)
    rack = PoolSpares(spares=0.0, num_racks=8, rack_devices=128, rack_spares=4)
    for spares, missing_replicas in ((4, 2), (8, 0)):
        pools = (replace(rack, rack_spares=spares),)
        given = problem(causes=(once,), elastic=True, pools=pools, tiers=UNSAVED, duration=60 * DAY)
        found, line = tile(given, expected=60 * DAY, rows=4, seed=0, number=0)
        steps = 60 * DAY - line.stops.time[:, -1] - 600.0
        assert found.time.slow_steps == pytest.approx(steps * missing_replicas / 16)


def test_announced_failures_lose_no_work() -> None:
    found = ran(problem(announced=1.0))
    assert np.all(found.time.wasted_progress == 0)
    assert found.time.infrastructure_recovery.mean() > 0
    half = ran(problem(announced=0.5)).time.wasted_progress.mean()
    assert half == pytest.approx(ran(problem()).time.wasted_progress.mean() / 2, rel=0.2)


def test_wrong_diagnoses_repeat_the_recovery() -> None:
    once, again = (ran(problem(misdiagnosis=share), rows=64).time for share in (0.0, 0.5))
    # Half of the recoveries are done again, half of those again, ...: twice as many in all.
    assert again.infrastructure_recovery.mean() == pytest.approx(2 * once.infrastructure_recovery.mean(), rel=0.1)


def test_spares_in_the_rack_save_the_rack() -> None:
    given = problem(causes=(device(2_000 * HOUR, devices=4, repair_time=2 * DAY),), elastic=True)
    racks = {"num_racks": 16, "rack_devices": 64}
    whole = (device(2_000 * HOUR, devices=64, repair_time=2 * DAY),)
    without = goodput(replace(given, causes=whole, pools=(PoolSpares(spares=0),)), rows=64)
    inside = goodput(replace(given, pools=(PoolSpares(spares=0, **racks, rack_spares=12),)), rows=64)
    assert inside > without
    # Where a rack has one spare tray too few, all of it is missing.
    scarce = goodput(replace(given, pools=(PoolSpares(spares=0, **racks, rack_spares=4),)), rows=64)
    assert scarce < inside


def test_a_failure_of_everything_stops_replicas_too() -> None:
    operator = Cause(name="operator", units=1, mtbf=2 * DAY, devices=0, blast=ALL_DEVICES, detection_time=60.0)
    found = ran(problem(causes=(operator,), recovery="replica"))
    assert found.time.wasted_progress.mean() > 0
    assert found.num_stops.mean() == pytest.approx(10.0, rel=0.2)


@pytest.mark.parametrize("groups", [1, 4, 16])
def test_a_failure_stalls_only_the_replicas_of_its_group(groups: int) -> None:
    often = device(2_000 * HOUR)
    given = problem(causes=(often,), recovery="replica", stall_groups=groups, stall_time=1_000.0, startup_time=0.0)
    law = ScalingLaw(
        fit="replication",
        irreducible=1.8,
        params_coefficient=482.0,
        params_exponent=0.35,
        tokens_coefficient=2085.0,
        tokens_exponent=0.37,
        flop_per_param_token=6.0,
    )
    closed = estimate(given, Workload(step_time=5.0, tokens_per_step=1e6, flops_per_token=1e9, law=law))
    assert goodput(given, 200) == pytest.approx(float(closed.goodput), abs=0.005)
    assert goodput(given, 20) < goodput(replace(given, stall_groups=2 * groups), 20)
