"""The enumeration: what it holds, what it leaves out, and that it agrees with brute force."""

from collections.abc import Iterator
from dataclasses import fields, replace
from itertools import product

import numpy as np
import pytest
from step_fixtures import DENSE, LATENT_EXPERTS, given, job, pool

from lindos.scenario.plan import Plan, Schedule, Sharding
from lindos.step import Reason, best_plan, estimate, feasibility
from lindos.step.candidates import MOST_PLANS, _thinned, candidates
from lindos.step.feasibility import shape_codes

SMALL = replace(DENSE, num_layers=4, hidden_size=512, num_attention_heads=4, num_kv_heads=4, ffn_hidden_size=2048)


def every_plan(num_devices: int) -> Iterator[Plan]:
    """All plans of a dense model whose degrees multiply to at most ``num_devices``, nothing left out."""
    degrees = range(1, num_devices + 1)
    for t, p, d in product(degrees, degrees, degrees):
        if t * p * d > num_devices:
            continue
        for v, m, r, s, k in product((1, 2, 3, 4), (1, 2, 4, 8), (0, 1, 2), Sharding, Schedule):
            yield Plan(
                tensor_parallel=t,
                pipeline_parallel=p,
                data_parallel=d,
                virtual_stages=v,
                micro_batch_size=m,
                recompute=r,
                sharding=int(s),
                schedule=int(k),
            )


@pytest.mark.parametrize("num_devices", [4, 7, 8])
def test_agrees_with_brute_force(num_devices: int) -> None:
    """The best of the enumeration is within 1 % of the best of all plans."""
    task, cluster, book = job(SMALL, sequence_length=2048), pool(num_devices), given()
    plans = list(every_plan(num_devices))
    arrays = Plan(**{f.name: np.array([float(getattr(p, f.name)) for p in plans]) for f in fields(Plan)})
    codes = feasibility(task, cluster, arrays, global_batch_size=64, given=book)
    held = Plan(**{f.name: getattr(arrays, f.name)[codes == 0] for f in fields(Plan)})
    brute = np.max(estimate(task, cluster, held, global_batch_size=64, given=book).tokens_per_second)
    found = best_plan(task, cluster, global_batch_size=64, given=book)
    assert found.estimate.tokens_per_second >= 0.99 * brute
    assert found.estimate.tokens_per_second <= brute * (1 + 1e-9)


@pytest.mark.parametrize("num_devices", [1, 13, 7919, 230_000])
def test_candidates_use_at_most_the_devices(num_devices: int) -> None:
    plans, batches = candidates(job(), num_devices, 8, batch=1024, batch_is_free=False, fixed={})
    assert len(batches)
    assert np.all(plans.num_devices <= num_devices)
    assert np.all(batches == 1024)
    codes = shape_codes(job(), num_devices, plans, batches)
    assert np.all(codes == int(Reason.OK))


def test_a_free_batch_is_rounded_to_whole_rounds() -> None:
    for round_up, bound in ((False, np.less_equal), (True, np.greater_equal)):
        plans, batches = candidates(job(), 1000, 8, batch=1000, batch_is_free=True, fixed={}, round_up=round_up)
        assert np.all(bound(batches, 1000))
        assert np.all(shape_codes(job(), 1000, plans, batches) == int(Reason.OK))


def test_fixed_degrees_stay() -> None:
    fixed = {"tensor_parallel": 4, "pipeline_parallel": 2, "recompute": 2, "sharding": 1}
    plans, _ = candidates(job(), 64, 8, batch=64, batch_is_free=False, fixed=fixed)
    for name, value in fixed.items():
        assert np.all(getattr(plans, name) == value)


def test_tensor_parallel_stays_inside_the_scale_up_domain() -> None:
    plans, _ = candidates(job(), 1024, 4, batch=1024, batch_is_free=False, fixed={})
    assert set(np.unique(plans.tensor_parallel)) == {1, 2, 4}


def test_experts_spread_over_divisors() -> None:
    plans, _ = candidates(job(LATENT_EXPERTS), 2048, 8, batch=15_360, batch_is_free=False, fixed={})
    assert set(np.unique(plans.expert_parallel)) <= {2**i for i in range(9)}
    assert np.max(plans.expert_parallel) >= 64


def test_long_sequences_are_split() -> None:
    plans, _ = candidates(job(sequence_length=131_072), 2048, 8, batch=64, batch_is_free=False, fixed={})
    assert np.max(plans.context_parallel) == 32
    short, _ = candidates(job(sequence_length=4096), 2048, 8, batch=64, batch_is_free=False, fixed={})
    assert np.all(short.context_parallel == 1)


@pytest.mark.parametrize("num_experts", [0, 384, 720_720])
def test_no_job_makes_more_plans_than_the_cap(num_experts: int) -> None:
    """Long sequences, a rack as one domain and a number of experts with 240 divisors."""
    model = replace(LATENT_EXPERTS, num_experts=num_experts) if num_experts else DENSE
    task = job(model, sequence_length=2**20)
    plans, batches = candidates(task, 1_000_000, 576, batch=2**16, batch_is_free=True, fixed={})
    assert 1000 < len(batches) <= MOST_PLANS
    assert set(np.unique(plans.context_parallel)) >= {1, 256}


def test_thinning_takes_from_the_longest_and_keeps_both_ends() -> None:
    fixed = {"virtual_stages": 1, "micro_batch_size": 1, "sharding": 1}
    (thin,) = _thinned({"short": [1, 2], "long": list(range(1000)), "also": list(range(700))}, fixed)
    assert thin["short"] == [1, 2]
    assert (thin["long"][0], thin["long"][-1], len(thin["long"])) == (0, 999, 251)
    assert (thin["also"][0], thin["also"][-1], len(thin["also"])) == (0, 699, 351)
    assert _thinned({"few": [1, 2, 3]}, fixed) == [{"few": [1, 2, 3]}]


def test_splitting_a_sequence_goes_before_more_of_them_in_a_micro_batch() -> None:
    """What is left out, more than one sequence split over ranks, is never faster than half of both."""
    task, cluster = job(sequence_length=32_768), pool(256)
    wide = Plan(tensor_parallel=8, context_parallel=4, data_parallel=8, micro_batch_size=2)
    for m, c in product((2, 4), (2, 4, 8)):
        both = replace(wide, context_parallel=c, micro_batch_size=m, data_parallel=32 // c)
        half = replace(both, context_parallel=c // 2, micro_batch_size=m // 2, data_parallel=64 // c)
        slow, fast = (estimate(task, cluster, plan, global_batch_size=256, given=given()).time for plan in (both, half))
        assert fast <= slow
    plans, _ = candidates(task, 256, 8, batch=256, batch_is_free=False, fixed={})
    assert not np.any((plans.context_parallel > 1) & (plans.micro_batch_size > 1))
    fixed, _ = candidates(task, 256, 8, batch=256, batch_is_free=False, fixed={"micro_batch_size": 2})
    assert np.any(fixed.context_parallel > 1)
