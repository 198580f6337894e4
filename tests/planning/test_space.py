"""The space of plans: what its axes hold, and that nothing between them is left out."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from lindos.planning.nodes import every_plan
from lindos.planning.space import Batch, candidate, divisors, make_space, size
from lindos.problem.plan import Plan, Schedule, Sharding
from lindos.step.feasibility import Reason, shape_codes
from step_fixtures import DENSE, LATENT_EXPERTS, job

SMALL = replace(DENSE, num_layers=3, hidden_size=512, num_attention_heads=4, num_kv_heads=4, ffn_hidden_size=2048)


def holding(num_devices: int, batch: Batch, **fixed: int) -> set[tuple[Plan, int]]:
    """Every plan of the space of the small model whose shape holds, with its batch."""
    task = job(SMALL, sequence_length=2048)
    found = set()
    for plan, sizes in every_plan(make_space(task, num_devices, 4, batch, fixed), num_devices):
        codes = shape_codes(task, num_devices, plan, sizes)
        found |= {(candidate(plan, int(i)), int(sizes[i])) for i in np.flatnonzero(codes == int(Reason.OK))}
    return found


def by_hand(num_devices: int, batch: int) -> Iterator[Plan]:
    """Plans of the small model written as plain loops, in the words of a practitioner."""
    for t, sequence_parallel, b, p, d in product((1, 2, 4), (0, 1), (1, 2, 4, 8, 16, 32), range(1, 4), range(1, 17)):
        if t * p * d > num_devices or batch % (d * b) or (t == 1 and not sequence_parallel):
            continue
        m = batch // (d * b)
        ways = [(Schedule.ONE_F_ONE_B, v) for v in range(1, 17) if p * v <= 5 and (v == 1 or (p > 1 and m % p == 0))]
        ways += [(Schedule.ZERO_BUBBLE, 1)] * (m >= p) + [(Schedule.DUAL_PIPE, 1)] * (p % 2 == 0 and m >= 2 * p)
        for (schedule, v), recompute, sharding in product(ways, range(3), Sharding):
            yield Plan(
                tensor_parallel=t,
                sequence_parallel=sequence_parallel,
                micro_batch_size=b,
                pipeline_parallel=p,
                data_parallel=d,
                virtual_stages=v,
                schedule=int(schedule),
                recompute=recompute,
                sharding=int(sharding),
            )


@pytest.mark.parametrize(("num_devices", "batch"), [(1, 8), (6, 12), (16, 32), (13, 7)])
def test_holds_every_plan_that_a_practitioner_can_write_down(num_devices: int, batch: int) -> None:
    assert holding(num_devices, Batch(size=batch)) == {(plan, batch) for plan in by_hand(num_devices, batch)}


def test_a_free_batch_is_taken_in_whole_rounds() -> None:
    for round_up, bound in ((False, np.less_equal), (True, np.greater_equal)):
        found = holding(7, Batch(size=50, is_free=True, round_up=round_up))
        assert len(found) > 1000
        assert all(
            bound(batch, 50) and batch % (plan.data_parallel * plan.micro_batch_size) == 0 for plan, batch in found
        )
        assert {plan.data_parallel for plan, _ in found} == set(range(1, 8))


def test_a_free_batch_of_few_devices_holds_every_number_of_replicas() -> None:
    """Where half-octaves are finer than whole numbers nothing is skipped."""
    plans = {plan for plan, _ in holding(8, Batch(size=64, is_free=True), pipeline_parallel=1, tensor_parallel=1)}
    assert {plan.data_parallel for plan in plans} == set(range(1, 9))


@pytest.mark.parametrize("num_devices", [1, 13, 7919, 230_000])
def test_takes_at_most_the_devices(num_devices: int) -> None:
    fixed = {"tensor_parallel": 1, "micro_batch_size": 1, "pipeline_parallel": 1}
    for batch in (Batch(size=1024), Batch(size=1024, is_free=True)):
        for plan, _ in every_plan(make_space(job(), num_devices, 8, batch, fixed), num_devices):
            assert np.all(plan.num_devices <= num_devices)


def test_fixed_degrees_are_axes_of_one_value() -> None:
    fixed = {"tensor_parallel": 4, "pipeline_parallel": 2, "recompute": 2, "sharding": 1, "data_parallel": 8}
    for plan, _ in every_plan(make_space(job(), 64, 8, Batch(size=64), fixed), 64):
        for name, value in fixed.items():
            assert np.all(getattr(plan, name) == value)


def test_tensor_parallel_stays_inside_the_scale_up_domain() -> None:
    found = make_space(job(), 1024, 4, Batch(size=1024), {}).splits
    assert set(np.unique(found.tensor_parallel)) == {1, 2, 4}


def test_experts_spread_over_divisors() -> None:
    found = make_space(job(LATENT_EXPERTS), 2048, 8, Batch(size=15_360), {}).splits
    assert set(np.unique(found.expert_parallel)) == {2**i for i in range(9)}
    assert set(np.unique(found.expert_tensor_parallel)) == {1, 2, 4, 8}


def test_long_sequences_are_split() -> None:
    long = make_space(job(sequence_length=131_072), 2048, 8, Batch(size=64), {}).splits
    assert np.max(long.context_parallel) == 32
    short = make_space(job(sequence_length=4096), 2048, 8, Batch(size=64), {}).splits
    assert np.all(short.context_parallel == 1)


def test_size_counts_combinations() -> None:
    """At least as many as have a replica, at most all of them."""
    where = make_space(job(SMALL, sequence_length=2048), 8, 4, Batch(size=16), {})
    built = sum(size(plan) for plan, _ in every_plan(where, 8))
    assert built < where.size == size(where.splits) * 3 * 5 * where.plans_per_node


def test_divisors() -> None:
    assert divisors(1) == [1]
    assert divisors(36) == [1, 2, 3, 4, 6, 9, 12, 18, 36]
    assert divisors(7919) == [1, 7919]


def test_axes_that_are_not_searched_stay_as_the_user_set_them() -> None:
    fixed = {"offload": 3, "sharding_group": 2}
    where = make_space(job(), 64, 8, Batch(size=64), fixed)
    plan, _ = next(every_plan(where, 64))
    assert (plan.offload, plan.sharding_group) == (3, 2)
    assert (where.splits.offload, where.splits.sharding_group) == (3, 2)
