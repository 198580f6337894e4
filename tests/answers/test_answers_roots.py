"""Every crossing of a curve: monotone or not, with steps, gaps and whole numbers."""

import math

import pytest

from lindos.answers.roots import crossings

GRID = [0.1 * step for step in range(1, 101)]


def test_a_monotone_curve_crosses_once() -> None:
    (crossing,) = crossings(lambda x: math.log(x) - 0.5, GRID)
    assert crossing.low == pytest.approx(math.exp(0.5), rel=1e-12)


def test_every_crossing_of_a_curve_that_turns_is_found() -> None:
    found = crossings(lambda x: math.sin(x), GRID)
    assert [crossing.low for crossing in found] == pytest.approx([math.pi, 2 * math.pi, 3 * math.pi], rel=1e-12)


def test_two_crossings_between_two_points_are_found_at_a_turn() -> None:
    found = crossings(lambda x: (x - 5.0) ** 2 - 0.01, [1.0, 2.0, 3.0, 4.2, 5.3, 6.5, 8.0])
    assert [crossing.low for crossing in found] == pytest.approx([4.9, 5.1], rel=1e-9)


def test_a_zero_on_a_point_is_exact_and_counted_once() -> None:
    (crossing,) = crossings(lambda x: x - 2.0, [1.0, 2.0, 3.0])
    assert crossing.is_exact
    assert crossing.low == 2.0


def test_a_step_has_neighbours_without_a_zero_between() -> None:
    (crossing,) = crossings(lambda x: 1.0 if x > 2.5 else -1.0, [1.0, 4.0])
    assert crossing.low <= 2.5 < crossing.high
    assert (crossing.at_low, crossing.at_high) == (-1.0, 1.0)
    assert math.nextafter(crossing.low, math.inf) == crossing.high


def test_whole_numbers_are_neighbours() -> None:
    (crossing,) = crossings(lambda x: x**2 - 200, [1, 100], is_whole=True)
    assert (crossing.low, crossing.high) == (14, 15)


def test_a_crossing_beside_the_end_of_where_there_is_an_answer_is_found() -> None:
    (crossing,) = crossings(lambda x: x - 6.9 if x < 7 else None, [1.0, 5.0, 9.0, 10.0])
    assert crossing.low == pytest.approx(6.9)


def test_no_crossing_is_an_empty_list() -> None:
    assert crossings(lambda x: x * x + 1, [-1.0, 0.0, 1.0]) == []
    assert crossings(lambda x: None, [0.0, 1.0]) == []
