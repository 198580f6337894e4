"""The best plan of a pool: what is idle, what is refused and why, and how long it takes to find."""

import re
import time
from dataclasses import replace

import numpy as np
import pytest

import lindos
from lindos.errors import InconsistentError, InfeasibleError, InputError
from lindos.planning import Batch, Search, best_plan, beyond_software, global_batch
from lindos.planning.lightest import lightest
from lindos.planning.nodes import every_plan
from lindos.planning.space import subset
from lindos.problem.plan import Plan
from lindos.step import Reason, check, critical_batch_tokens, estimate, memory
from lindos.step.feasibility import shape_codes
from pace import stretched
from step_fixtures import DENSE, LATENT_EXPERTS, accelerator, assumptions, fact, job, pool


def test_a_prime_number_of_devices_leaves_spares() -> None:
    """7,919 devices: no degree above one divides them."""
    found = best_plan(job(), pool(7919), global_batch_size=2048, assumptions=assumptions())
    assert found.idle_devices == 7919 - found.plan.num_devices
    assert 0 < found.idle_devices < 7919
    check(job(), pool(7919), found.plan, global_batch_size=2048, assumptions=assumptions())


def test_the_choice_is_of_plain_numbers_and_holds() -> None:
    found = best_plan(job(LATENT_EXPERTS, "fp8"), pool(2048), global_batch_size=15_360, assumptions=assumptions())
    assert all(isinstance(getattr(found.plan, name), int) for name in Plan.__dataclass_fields__)
    assert found.memory.total <= 80e9
    assert found.num_candidates > 1000
    assert found.rejected[Reason.MEMORY] > 0
    assert sum(found.rejected.values()) + found.num_weighed + found.num_slower == found.num_candidates
    assert np.ndim(found.estimate.time) == 0


def test_fixed_degrees_are_kept() -> None:
    fixed = {"tensor_parallel": 4, "pipeline_parallel": 2}
    found = best_plan(job(), pool(64), global_batch_size=64, fixed=fixed, assumptions=assumptions())
    assert (found.plan.tensor_parallel, found.plan.pipeline_parallel) == (4, 2)


def test_fixed_degrees_that_contradict_are_named() -> None:
    with pytest.raises(InconsistentError, match=r"plan\.tensor_parallel is 3 and model\.num_attention_heads is 32"):
        best_plan(job(), pool(64), global_batch_size=64, fixed={"tensor_parallel": 3}, assumptions=assumptions())


def test_a_model_that_never_fits_says_how_far_it_is() -> None:
    huge = replace(DENSE, num_layers=128, hidden_size=16_384, num_attention_heads=128, ffn_hidden_size=65_536)
    with pytest.raises(InfeasibleError, match="does not fit in the memory of Test") as refused:
        best_plan(job(huge), pool(8), global_batch_size=8, assumptions=assumptions())
    assert "because the step does not fit in device memory" in str(refused.value)
    # The best plan there is, by its parts, and a remedy that was tried.
    assert re.search(
        r"the best needs 8\d\d GB a device of 80 GB \(tensor 8, .*recompute full\): 490 GB optim", str(refused.value)
    )
    gpus = int(re.search(r"Use about (\d+) GPUs", str(refused.value))[1])  # type: ignore[index]
    best_plan(job(huge), pool(gpus), global_batch_size=8, assumptions=assumptions())
    with pytest.raises(InfeasibleError, match="does not fit"):
        best_plan(job(huge), pool(gpus // 2), global_batch_size=8, assumptions=assumptions())


def test_a_refusal_keeps_to_what_was_fixed() -> None:
    """Full recompute that is fixed is never called for; what was fixed and stands in the way is."""
    fixed = {"recompute": 2, "tensor_parallel": 1, "pipeline_parallel": 1, "sharding": 0}
    big = replace(DENSE, num_layers=64)
    with pytest.raises(InfeasibleError, match="does not fit") as refused:
        best_plan(job(big), pool(64), global_batch_size=64, fixed=fixed, assumptions=assumptions())
    text = str(refused.value)
    assert "with recompute full, tensor_parallel 1, pipeline_parallel 1, sharding none is feasible" in text
    assert "ecompute more" not in text
    assert "Leave tensor_parallel open or leave pipeline_parallel open or leave sharding open" in text
    for name in ("tensor_parallel", "pipeline_parallel", "sharding"):
        rest = {key: value for key, value in fixed.items() if key != name}
        best_plan(job(big), pool(64), global_batch_size=64, fixed=rest, assumptions=assumptions())


def test_no_plan_needs_less_than_the_lightest() -> None:
    """Against every plan of the space, with and without experts."""
    for model in (DENSE, LATENT_EXPERTS):
        task = job(replace(model, num_layers=6), sequence_length=2048)
        search = Search(task, pool(8), Batch(size=16), {"micro_batch_size": 1, "context_parallel": 1}, assumptions())
        best = lightest(search, 8)
        least = np.inf
        for plan, batch in every_plan(search.space, 8):
            holds = np.flatnonzero(np.asarray(shape_codes(task, 8, plan, batch)) == 0)
            if len(holds):
                part = subset(plan, holds)
                totals = memory(task, pool(8), part, global_batch_size=batch[holds], assumptions=assumptions()).total
                least = min(least, float(np.min(totals)))
        assert best is not None
        assert float(best.memory.total) == pytest.approx(least, rel=1e-12)


def test_some_memory_is_left_free_where_a_plan_allows_it() -> None:
    tight = best_plan(job(), pool(8), global_batch_size=128, assumptions=assumptions())
    easy = best_plan(job(), pool(8), global_batch_size=128, assumptions=assumptions(headroom=0.3))
    assert easy.memory.total <= 0.7 * 80e9
    assert easy.estimate.tokens_per_second <= tight.estimate.tokens_per_second
    # Where no plan leaves so much free, the one that fits is taken.
    least = float(easy.memory.total)
    narrow = pool(8, device=accelerator(memory=least * 1.02))
    assert (
        best_plan(job(), narrow, global_batch_size=128, assumptions=assumptions(headroom=0.9)).memory.total
        <= least * 1.02
    )


def test_every_plan_leaves_the_headroom_and_the_first_is_the_fastest_of_them() -> None:
    """A stated limit: faster plans that leave less are not among the alternatives, whatever their number."""
    fixed = {"tensor_parallel": 8, "pipeline_parallel": 1, "sharding": 1}
    free = best_plan(job(), pool(8), global_batch_size=128, fixed=fixed, assumptions=assumptions(headroom=0.0), top=50)
    half = best_plan(job(), pool(8), global_batch_size=128, fixed=fixed, assumptions=assumptions(headroom=0.5), top=50)
    assert (free.headroom, half.headroom) == (0.0, 0.5)
    for found in (free, half):
        plans = [found, *found.alternatives]
        speeds = [float(one.estimate.tokens_per_second) for one in plans]
        assert speeds == sorted(speeds, reverse=True)
        assert all(one.memory.total <= (1.0 - found.headroom) * 80e9 for one in plans)
    assert len(half.alternatives) < len(free.alternatives)
    # Where no plan leaves so much, that is said, and those that fill all memory are ranked.
    least = min(float(one.memory.total) for one in (free, *free.alternatives))
    narrow = pool(8, device=accelerator(memory=least * 1.02))
    found = best_plan(job(), narrow, global_batch_size=128, fixed=fixed, assumptions=assumptions(headroom=0.5))
    assert found.headroom == 0.0


def test_alternatives_follow_the_best_in_order() -> None:
    alone = best_plan(job(), pool(256), global_batch_size=512, assumptions=assumptions())
    found = best_plan(job(), pool(256), global_batch_size=512, assumptions=assumptions(), top=5)
    assert alone.alternatives == ()
    assert found.plan == alone.plan
    speeds = [float(one.estimate.tokens_per_second) for one in (found, *found.alternatives)]
    assert len(speeds) == 5
    assert speeds == sorted(speeds, reverse=True)
    assert len({one.plan for one in (found, *found.alternatives)}) == 5
    for one in found.alternatives:
        check(job(), pool(256), one.plan, global_batch_size=one.global_batch_size, assumptions=assumptions())
        assert one.idle_devices == 256 - one.plan.num_devices


def test_no_more_alternatives_than_plans_that_hold() -> None:
    fixed = {
        "tensor_parallel": 8,
        "pipeline_parallel": 1,
        "virtual_stages": 1,
        "context_parallel": 1,
        "micro_batch_size": 1,
        "sharding": 1,
        "schedule": 0,
    }
    found = best_plan(job(), pool(64), global_batch_size=64, fixed=fixed, assumptions=assumptions(), top=50)
    assert len(found.alternatives) == found.num_weighed - 1
    assert found.num_slower == 0
    with pytest.raises(InputError, match="top is 0, but must be at least 1"):
        best_plan(job(), pool(64), global_batch_size=64, assumptions=assumptions(), top=0)


def test_a_job_without_a_batch_takes_the_critical_one() -> None:
    """32 million tokens at the reference are 7,812 sequences of 4,096."""
    defaults = assumptions()
    assert critical_batch_tokens(16e12, defaults) == 32e6
    assert global_batch(job(), 16e12, defaults) == 7812
    assert global_batch(job(), 64e12, defaults) == 15_625
    assert global_batch(job(), 1.0, defaults) == 1
    assert global_batch(replace(job(), global_batch_size=1000), 16e12, defaults) == 1000


def test_a_free_batch_never_exceeds_what_was_asked_for() -> None:
    found = best_plan(job(), pool(1000), global_batch_size=1001, batch_is_free=True, assumptions=assumptions())
    assert found.global_batch_size <= 1001


def test_rounding_up_has_the_batch_done_first() -> None:
    """No slower for 100 sequences than the plan that rounds down, given one more round to finish them."""
    task, cluster = job(), pool(96)
    down = best_plan(task, cluster, global_batch_size=100, batch_is_free=True, assumptions=assumptions())
    up = best_plan(task, cluster, global_batch_size=100, batch_is_free=True, assumptions=assumptions(), round_up=True)
    assert up.global_batch_size >= 100 >= down.global_batch_size
    plan = down.plan
    unit = plan.data_parallel * plan.micro_batch_size * (plan.pipeline_parallel if plan.virtual_stages > 1 else 1)
    finished = estimate(task, cluster, plan, global_batch_size=unit * -(-100 // unit), assumptions=assumptions())
    assert up.estimate.time <= finished.time * (1 + 1e-9)


def test_half_a_million_devices_take_seconds() -> None:
    start = time.process_time()
    best_plan(
        job(LATENT_EXPERTS, "fp8"),
        pool(550_000, domain=72),
        global_batch_size=61_440,
        batch_is_free=True,
        assumptions=assumptions(),
    )
    elapsed = time.process_time() - start
    assert elapsed < stretched(3.0)


def test_few_sequences_do_not_pass_a_long_pipeline_for_nothing() -> None:
    """One sequence crosses stages one after the other: whatever the schedule, its pipeline idles."""
    found = best_plan(job(), pool(512), global_batch_size=1, fixed={"pipeline_parallel": 16}, assumptions=assumptions())
    work = found.estimate.matmul + found.estimate.attention + found.estimate.elementwise
    assert found.estimate.pipeline_bubble >= 14 * work


def test_plans_keep_to_what_the_software_ships() -> None:
    """And what lies beyond it is found where it is faster, or asked for."""
    stack = replace(
        job().stack, schedules=fact("one-f-one-b"), recomputes=fact("none, full"), stage_layers=fact("equal")
    )
    task = replace(job(), stack=stack)
    cluster, degrees = pool(256), {"pipeline_parallel": 8, "tensor_parallel": 1}
    found = best_plan(task, cluster, global_batch_size=256, fixed=degrees, assumptions=assumptions(), top=20)
    for one in (found, *found.alternatives):
        assert (one.plan.schedule, one.plan.virtual_stages) == (0, 1)
        assert one.plan.recompute != 1
    search = Search(task, cluster, Batch(size=256), degrees, assumptions())
    better = beyond_software(search, found)
    assert better is not None
    assert (better.plan.schedule, better.plan.virtual_stages) != (0, 1)
    assert better.estimate.tokens_per_second > found.estimate.tokens_per_second
    anything = best_plan(
        replace(task, any_software=True), cluster, global_batch_size=256, fixed=degrees, assumptions=assumptions()
    )
    assert anything.plan == better.plan
    assert set(Search(task, cluster, Batch(size=256), {}, assumptions()).space.stages) == {1, 2, 4, 8, 16, 32}
    with pytest.raises(InconsistentError, match=r"plan\.schedule is 'dual-pipe' and job\.stack is"):
        best_plan(task, cluster, global_batch_size=256, fixed={"schedule": 2}, assumptions=assumptions())
    with pytest.raises(InputError, match=r"schedules is 'gpipe', but must be some of"):
        best_plan(replace(task, stack=replace(stack, schedules=fact("gpipe"))), cluster, global_batch_size=8)


def test_a_headroom_that_no_plan_leaves_is_refused_with_the_largest_that_one_does() -> None:
    def step(headroom: str) -> object:
        return lindos.estimate_step("llama-3.1-8b", "hgx-h100", 8, memory_headroom=headroom)

    with pytest.raises(InfeasibleError, match=r"No plan leaves 90 % of the memory free .* at most 78\.\d %") as refused:
        step("90 %")
    most = re.search(r"at most ([\d.]+) %", str(refused.value))
    assert most is not None
    step(f"{most.group(1)} %")
    with pytest.raises(InfeasibleError):
        step(f"{float(most.group(1)) + 0.2:.3g} %")
