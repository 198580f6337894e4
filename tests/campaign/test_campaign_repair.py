"""Repairs and spares against plain loops over every failure."""

import heapq

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lindos.campaign.repair import integral, missing, missing_beyond_racks, repaired, staffed

RNG = np.random.default_rng(7)


def failures(rows: int, count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sorted times, repair times and weights, some of which are 0."""
    rng = np.random.default_rng(seed)
    times = np.sort(rng.random((rows, count)) * 100, axis=1)
    return times, rng.exponential(8.0, (rows, count)), rng.choice([0.0, 8.0, 72.0], (rows, count))


@given(st.integers(1, 12), st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_one_team_repairs_in_order_of_arrival(count: int, seed: int) -> None:
    times, work, _ = failures(2, count, seed)
    for row, found in enumerate(repaired(times, work, 1)):
        free = 0.0
        for at in range(count):
            free = max(free, times[row, at]) + work[row, at]
            assert found[at] == pytest.approx(free)


def test_teams_take_turns_and_are_never_faster_than_a_common_queue() -> None:
    times, work, _ = failures(1, 300, 3)
    found = repaired(times, work, 5)[0]
    free, common = [0.0] * 5, []
    for time, lasting in zip(times[0], work[0], strict=True):
        done = max(heapq.heappop(free), time) + lasting
        heapq.heappush(free, done)
        common.append(done)
    lanes = [0.0] * 5
    for at, (time, lasting) in enumerate(zip(times[0], work[0], strict=True)):
        lanes[at % 5] = max(lanes[at % 5], time) + lasting
        assert found[at] == pytest.approx(lanes[at % 5])
    assert np.mean(found - times[0]) >= np.mean(np.array(common) - times[0])


def test_enough_teams_repair_at_once() -> None:
    times, work, _ = failures(3, 40, 1)
    assert np.array_equal(repaired(times, work, np.inf), times + work)
    assert repaired(times, work, 40) == pytest.approx(times + work)


def out_at(moment: float, times: np.ndarray, back: np.ndarray, weight: np.ndarray) -> float:
    return float(weight[(times <= moment) & (back > moment)].sum())


@given(st.integers(1, 30), st.integers(0, 999), st.sampled_from([0, 8, 72, 160, 1e9]))
@settings(max_examples=40, deadline=None)
def test_staffed_is_the_first_moment_that_spares_suffice(count: int, seed: int, spares: float) -> None:
    times, work, weight = failures(2, count, seed)
    back = times + work
    found = staffed(missing(times, back, weight), spares, times.shape)
    for row in range(2):
        moments = np.sort(np.concatenate([times[row], back[row]]))
        for at, time in enumerate(times[row]):
            later = [m for m in moments if m >= time and out_at(m, times[row], back[row], weight[row]) <= spares]
            assert found[row, at] == pytest.approx(later[0])


def test_what_is_never_repaired_is_waited_for_without_end() -> None:
    times = np.array([[1.0, 2.0]])
    found = staffed(missing(times, times + np.inf, np.full((1, 2), 8.0)), 8, (1, 2))
    assert found.tolist() == [[1.0, np.inf]]


@given(st.integers(0, 999), st.sampled_from([4.0, 8.0]), st.sampled_from([1.0, 1e6]))
@settings(max_examples=25, deadline=None)
def test_a_rack_with_too_few_spares_is_missing_once(seed: int, spares: float, longer: float) -> None:
    times, work, _ = failures(2, 40, seed)
    back = times + work * longer
    weight = np.random.default_rng(seed).choice([0.0, 4.0, 200.0], times.shape)
    again = np.random.default_rng(seed)
    found = missing_beyond_racks(times, back, weight, 5.0, spares, 64.0, np.random.default_rng(seed))
    racks = np.floor(again.random((40, 2)).T * 5)
    for row in range(2):
        assert found.times[row].tolist() == sorted([*times[row], *back[row]])
        assert (found.order[row] < 40).sum() == 40
        for moment, amount in zip(found.times[row], found.amount[row], strict=True):
            out = 0.0
            for rack in range(5):
                same = (racks[row] == rack) & (weight[row] < 68)
                out += 64 * (out_at(moment, times[row][same], back[row][same], weight[row][same]) > spares)
            large = weight[row] > 68
            assert amount == out + out_at(moment, times[row][large], back[row][large], weight[row][large])


def test_integral_of_steps() -> None:
    times = np.array([[1.0, 4.0, 6.0], [0.0, 5.0, 5.0]])
    amount = np.array([[2.0, 0.0, 1.0], [1.0, 3.0, 0.0]])
    queries = np.array([[0.5, 2.0, 5.0, 8.0], [0.0, 2.5, 5.0, 9.0]])
    found = integral(queries, times, amount, np.array([[10.0], [10.0]]))
    assert found == pytest.approx(np.array([[0.0, 2.0, 6.0, 8.0], [0.0, 2.5, 5.0, 5.0]]))


@given(st.integers(1, 20), st.integers(1, 30), st.integers(0, 999))
@settings(max_examples=30, deadline=None)
def test_integral_is_a_sum_over_steps(knots: int, queries: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    times = np.sort(rng.random((3, knots)) * 120, axis=1)  # some beyond the horizon
    amount, asked = rng.random((3, knots)), np.sort(rng.random((3, queries)) * 100, axis=1)
    found = integral(asked, times, amount, np.full((3, 1), 100.0))
    for row in range(3):
        ends = np.append(times[row, 1:], np.inf)
        for at, query in enumerate(asked[row]):
            spans = np.maximum(np.minimum(ends, query) - times[row], 0.0)
            assert found[row, at] == pytest.approx(float((amount[row] * spans).sum()), abs=1e-9)


@given(st.integers(1, 30), st.integers(0, 999))
@settings(max_examples=30, deadline=None)
def test_missing_counts_what_failed_and_is_not_back(count: int, seed: int) -> None:
    times, work, weight = failures(2, count, seed)
    back = times + work
    found = missing(times, back, weight)
    for row in range(2):
        assert found.times[row].tolist() == sorted([*times[row], *back[row]])
        for moment, amount in zip(found.times[row], found.amount[row], strict=True):
            assert amount == out_at(moment, times[row], back[row], weight[row])
        assert (found.order[row] < count).sum() == count


@given(st.integers(1, 40), st.integers(1, 50), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_no_team_works_on_two_repairs_at_once(count: int, teams: int, seed: int) -> None:
    times, work, _ = failures(2, count, seed)
    found = repaired(times, work, teams)
    assert np.all(found >= times + work - 1e-9)
    for row in range(2):
        for moment in found[row] - 1e-6:
            begun = found[row] - work[row]
            assert ((begun <= moment) & (moment < found[row])).sum() <= teams
