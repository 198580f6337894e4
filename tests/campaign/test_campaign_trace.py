"""One trial as stretches of time, and how far trials are through time."""

import numpy as np
import pytest

from campaign_problems import DAY, HOUR, SEVERAL, THREE_TIERS, device, everything, problem, ran, remote, trace
from lindos.campaign import STATES, Cause, Problem, simulate


@pytest.mark.parametrize("given", [problem(), everything(), everything(work=5 * DAY)])
def test_a_timeline_covers_all_the_time(given: Problem) -> None:
    expected = 20 * DAY
    told = trace(given, expected=expected, rows=4)
    whole = simulate(given, expected=expected, num_trials=4, rows=4)
    assert told.end == pytest.approx(whole.time.total[0])
    assert set(told.states) <= set(STATES)
    lengths = np.diff(np.append(told.starts, told.end))
    assert told.starts[0] == 0.0
    assert np.all(lengths >= -1e-6)
    lost = lengths[[state == "steps lost" for state in told.states]].sum()
    down = lengths[[state not in ("steps", "steps lost") for state in told.states]].sum()
    time = whole.time
    stopped = time.total - time.productive - time.wasted_progress - time.slow_steps - time.checkpoint_save
    assert down == pytest.approx(stopped[0], rel=1e-6)
    assert (lost > 0) == (time.wasted_progress[0] > 0)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("causes", [(device(2_000 * HOUR),), SEVERAL])
def test_a_timeline_tells_what_is_lost(seed: int, causes: tuple[Cause, ...]) -> None:
    # Stops that reach a deeper tier undo more than the stretch before them.
    given = problem(causes=causes, tiers=THREE_TIERS)
    told = trace(given, expected=20 * DAY, seed=seed)
    time = ran(given, 1, rows=1, seed=seed).time
    lengths = np.diff(np.append(told.starts, told.end))
    spent = {state: lengths[[one == state for one in told.states]].sum() for state in STATES}
    pace = 1 / (1 + sum(tier.blocking_time / tier.interval for tier in THREE_TIERS))
    assert spent["steps lost"] * pace == pytest.approx(time.wasted_progress[0])
    assert spent["steps"] * pace == pytest.approx(time.productive[0])
    assert spent["startup"] == time.startup[0]
    assert spent["recovery"] == pytest.approx(time.infrastructure_recovery[0])
    assert spent["restore"] == pytest.approx(time.checkpoint_restore[0])


def test_a_timeline_of_a_goal_in_work_tells_what_is_lost() -> None:
    given = problem(work=2 * DAY, causes=(device(6_000 * HOUR),), tiers=(remote(5_000.0),))
    for seed in range(20):
        told = trace(given, expected=3 * DAY, seed=seed)
        time = ran(given, 1, rows=1, seed=seed, expected=3 * DAY).time
        lengths = np.diff(np.append(told.starts, told.end))
        lost = lengths[[state == "steps lost" for state in told.states]].sum()
        assert lost * 5_000 / 5_020 == pytest.approx(time.wasted_progress[0], abs=1e-3)


def test_curves_do_not_fall_once_the_goal_is_reached() -> None:
    given = problem(work=1.03 * DAY, causes=(device(2_000 * HOUR),), tiers=(remote(7_000.0),))
    times = np.linspace(0, 10 * DAY, 4001)
    trials = simulate(given, expected=3 * DAY, num_trials=32, rows=32, observed=True)
    found, total = trials.progress_at(times), trials.time.total
    for row in range(32):
        assert np.all(found[row, times >= total[row] + 1] >= 1.03 * DAY - 1)


def test_curves_of_draws_end_at_their_own_goals() -> None:
    given = problem(work=np.array([[10 * DAY], [5 * DAY], [7 * DAY]]))
    trials = simulate(given, expected=12 * DAY, num_trials=2, rows=2, first=1, observed=True)
    found = trials.progress_at(np.array([30 * DAY]))
    assert found[:, 0] == pytest.approx([7 * DAY, 10 * DAY])


def test_curves_reach_the_goal_and_stay() -> None:
    given = problem(work=10 * DAY)
    times = np.linspace(0, 30 * DAY, 61)
    trials = simulate(given, expected=12 * DAY, num_trials=8, rows=8, observed=True)
    found = trials.progress_at(times)
    assert np.all(found <= 10 * DAY)
    assert found[:, 0] == pytest.approx(0.0)
    assert found[:, -1] == pytest.approx(10 * DAY)
    total = trials.time.total
    reached = times[(found >= 10 * DAY - 1).argmax(axis=1)]
    assert np.all((reached >= total - 1) & (reached <= total + 0.5 * DAY + 1))
