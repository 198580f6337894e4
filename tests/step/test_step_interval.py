"""Intervals of step times: wider with every kind of distance from measured runs."""

from dataclasses import replace

import pytest

from lindos.problem.plan import Plan
from lindos.step.interval import difficulty, interval, interval_facts
from step_fixtures import job, pool

FACTS = interval_facts()


def test_an_interval_holds_its_prediction() -> None:
    low, high = interval(2.0, 1.0, FACTS)
    assert low < 2.0 < high
    wider = interval(2.0, 2.0, FACTS)
    assert wider[0] < low
    assert high < wider[1]


def test_distance_widens() -> None:
    usual, plan = job(), Plan(data_parallel=8)
    near = replace(pool(), accelerator=replace(pool().accelerator, family="hopper"))
    base = difficulty(usual, near, plan, facts=FACTS)
    assert base == 1.0
    assert difficulty(usual, pool(), plan, facts=FACTS) > base
    assert difficulty(usual, near, replace(plan, data_parallel=10**6), facts=FACTS) > base
    assert difficulty(replace(usual, precision="nvfp4"), near, plan, facts=FACTS) > base


@pytest.mark.parametrize("number", [1, 3, 100])
def test_what_is_filled_in_never_narrows(number: int) -> None:
    near = replace(pool(), accelerator=replace(pool().accelerator, family="hopper"))
    found = difficulty(job(), near, Plan(), num_filled=number, facts=FACTS)
    assert found >= difficulty(job(), near, Plan(), facts=FACTS)
