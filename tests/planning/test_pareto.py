"""The front, and what better hardware buys."""

import numpy as np
import pytest

from lindos.planning import Batch, Limits, Search, best_plan, front
from lindos.problem.plan import Plan
from lindos.step import estimate, sensitivities
from lindos.step.sensitivity import BETTER, better, hardware
from step_fixtures import DENSE, LATENT_EXPERTS, assumptions, job, pool


def test_no_plan_of_the_front_is_better_in_everything_than_another() -> None:
    search = Search(job(), pool(256), Batch(size=512), {}, assumptions())
    found = front(search, Limits(memory=80e9, devices=256))
    goods = [
        (
            float(one.estimate.tokens_per_second),
            -float(one.memory.total),
            -one.plan.num_devices,
            float(one.estimate.tokens_per_second) / one.plan.num_devices,
        )
        for one in found
    ]
    assert len(found) > 5
    assert len({one.plan.num_devices for one in found}) > 3
    assert goods == sorted(goods, key=lambda good: -good[0])
    for i, one in enumerate(goods):
        for j, other in enumerate(goods):
            assert i == j or any(a > b for a, b in zip(one, other, strict=True))


def test_the_front_begins_with_the_best_plan() -> None:
    best = best_plan(job(), pool(256), global_batch_size=512, assumptions=assumptions())
    search = Search(job(), pool(256), Batch(size=512), {}, assumptions())
    assert front(search, Limits(memory=80e9, devices=256))[0].plan == best.plan


def test_where_nothing_holds_the_front_is_empty() -> None:
    search = Search(job(), pool(8), Batch(size=8), {}, assumptions())
    assert front(search, Limits(memory=1e9, devices=8)) == ()


@pytest.mark.parametrize("model", [DENSE, LATENT_EXPERTS])
def test_better_hardware_never_slows_a_step(model: object) -> None:
    plan = Plan(
        tensor_parallel=4, pipeline_parallel=2, data_parallel=16, expert_parallel=8 if model is not DENSE else 1
    )
    task, cluster = job(model), pool(128)
    found = sensitivities(task, cluster, plan, global_batch_size=256, assumptions=assumptions())
    gains = [one.gain for one in found]
    assert gains == sorted(gains, reverse=True)
    assert min(gains) >= 0
    assert gains[0] > 0.02
    assert model is not DENSE or found[0].name == "compute rate"
    assert sum(gains) < BETTER - 1 + 0.01
    assert {one.name for one in found} == set(hardware(task, cluster))


def test_all_of_it_better_is_a_step_as_much_faster() -> None:
    """Every rate twice as high and every latency half: half the time, but for what no hardware shortens."""
    task, cluster = job(), pool(128)
    plan = Plan(tensor_parallel=4, pipeline_parallel=2, data_parallel=16)
    twice = better(cluster, dict.fromkeys(hardware(task, cluster), 2.0))
    slow, fast = (
        estimate(task, one, plan, global_batch_size=256, assumptions=assumptions()).time for one in (cluster, twice)
    )
    assert fast == pytest.approx(slow / 2, rel=1e-9)


def test_the_gain_is_that_of_the_step_evaluated_again() -> None:
    task, cluster = job(), pool(128)
    plan = Plan(tensor_parallel=8, data_parallel=16)
    (found,) = (
        one
        for one in sensitivities(task, cluster, plan, global_batch_size=128, assumptions=assumptions())
        if one.name == "bandwidth of scale-up"
    )
    wide = better(cluster, {"bandwidth of scale-up": 1.1})
    assert wide.tiers[0].bandwidth == pytest.approx(1.1 * cluster.tiers[0].bandwidth)
    times = [
        float(estimate(task, one, plan, global_batch_size=128, assumptions=assumptions()).time)
        for one in (cluster, wide)
    ]
    assert found.gain == pytest.approx(times[0] / times[1] - 1)
    assert found.gain > 1e-4
    assert np.isfinite(found.value)
