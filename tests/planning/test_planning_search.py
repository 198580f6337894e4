"""The search: it finds what evaluating every plan finds, whatever is asked, and says what became of the others."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given as cases
from hypothesis import settings
from hypothesis import strategies as st

from lindos.planning.hunt import Question
from lindos.planning.nodes import every_plan
from lindos.planning.ranking import OBJECTIVES, Limits, Tally
from lindos.planning.search import Search
from lindos.planning.space import Batch, candidate, size, subset
from lindos.planning.tiles import retiled
from lindos.problem.job import Job
from lindos.problem.plan import Plan, Schedule, Sharding
from lindos.step import estimate, feasibility, memory
from lindos.step.estimate import least_time, pace_of_plans, sharded_time
from lindos.step.feasibility import Reason, shape_codes
from lindos.step.memory import least_memory
from step_fixtures import DENSE, LATENT_EXPERTS, accelerator, assumptions, job, pool

SMALL = replace(DENSE, num_layers=3, hidden_size=512, num_attention_heads=4, num_kv_heads=2, ffn_hidden_size=2048)
EXPERTS = replace(
    LATENT_EXPERTS,
    num_layers=3,
    hidden_size=512,
    num_attention_heads=4,
    num_kv_heads=4,
    num_experts=8,
    experts_per_token=2,
    num_expert_groups=0,
    expert_groups_per_token=0,
    expert_ffn_hidden_size=256,
    num_dense_layers=1,
    num_mtp_layers=0,
)


def first_of_its_kind(search: Search, plan: Plan, batch: Any) -> Any:
    """Index of one plan of each execution: one stage has no schedule, and a whole copy per rank shards nothing."""
    p, c, d = plan.pipeline_parallel, plan.context_parallel, plan.data_parallel
    whole, shared = (
        memory(
            search.job,
            search.pool,
            replace(plan, sharding=np.full(np.shape(batch), int(sharding)), sharding_group=np.zeros_like(batch)),
            global_batch_size=batch,
            assumptions=search.assumptions,
        ).total
        for sharding in (Sharding.NONE, Sharding.OPTIMIZER)
    )
    alone = (c * d == 1) & (whole == shared)
    told_apart = {name: getattr(plan, name) for name in Plan.__dataclass_fields__} | {
        "schedule": np.where(p == 1, 0, plan.schedule),
        "sharding": np.where(alone & (plan.sharding < int(Sharding.PARAMETERS)), 0, plan.sharding),
    }
    rows = np.stack([np.broadcast_to(value, np.shape(batch)) for value in (*told_apart.values(), batch)])
    return np.unique(rows, axis=1, return_index=True)[1]


def brute_force(search: Search, limits: Limits, minimise: str, top: int) -> list[float]:
    """Scores of the best plans, every plan of the space evaluated."""
    scores: list[Any] = []
    for plan, batch in every_plan(search.space, limits.devices):
        codes = feasibility(search.job, search.pool, plan, global_batch_size=batch, assumptions=search.assumptions)
        asked = {"global_batch_size": batch, "assumptions": search.assumptions}
        speed = np.minimum(batch, search.counted) * search.job.sequence_length
        speed = speed / estimate(search.job, search.pool, plan, **asked).time
        holds = (codes == 0) & (memory(search.job, search.pool, plan, **asked).total <= limits.memory)
        holds &= (plan.num_devices <= limits.devices) & (speed >= limits.speed)
        holds &= speed >= limits.speed_per_device * plan.num_devices
        devices = plan.num_devices
        score = {"time": speed, "device_time": speed / devices, "devices": -devices + speed / (1 + speed)}[minimise]
        holds = np.flatnonzero(holds)
        different = holds[first_of_its_kind(search, subset(plan, holds), batch[holds])]
        scores.append(score[different])
    return sorted(np.concatenate([np.zeros(0), *scores]), reverse=True)[:top]


@settings(max_examples=40, deadline=None)
@cases(
    num_devices=st.integers(1, 24),
    batch=st.integers(1, 48),
    is_free=st.booleans(),
    round_up=st.booleans(),
    model=st.sampled_from([SMALL, EXPERTS]),
    minimise=st.sampled_from(OBJECTIVES),
    share=st.floats(0.02, 1.0),
    slack=st.floats(0.0, 1.2),
    slower=st.floats(0.0, 1.2),
    domain=st.sampled_from([1, 2, 8]),
    stages=st.sampled_from([None, 1, 2]),
)
def test_finds_what_brute_force_finds(
    num_devices: int,
    batch: int,
    is_free: bool,
    round_up: bool,
    model: Any,
    minimise: str,
    share: float,
    slack: float,
    slower: float,
    domain: int,
    stages: int | None,
) -> None:
    """Over the unpruned space: dense and with experts, under any objective and any limits."""
    task, cluster = job(model, sequence_length=2048), pool(num_devices, domain=min(domain, num_devices))
    asked = Batch(size=batch, is_free=is_free, round_up=is_free and round_up)
    fixed = {"context_parallel": 1, **({"pipeline_parallel": stages} if stages else {})}
    search = Search(task, cluster, asked, fixed, assumptions())
    most = 80e9 * share
    free = search.best(Limits(memory=most, devices=num_devices))
    assert [r.score for r in free.best] == pytest.approx(
        brute_force(search, Limits(memory=most, devices=num_devices), "time", 1), rel=1e-12
    )
    speed = free.best[0].score if free.best else 1.0
    limits = Limits(
        memory=most,
        devices=max(1, num_devices - 2),
        speed=speed * slack,
        speed_per_device=speed / num_devices * slower,
    )
    found = search.best(limits, minimise=minimise, top=3)
    assert [r.score for r in found.best] == pytest.approx(brute_force(search, limits, minimise, 3), rel=1e-12)
    assert found.num_slower >= 0


@pytest.mark.parametrize("model", [SMALL, EXPERTS])
@pytest.mark.parametrize(("num_devices", "size_of_batch", "is_free"), [(1, 8, False), (4, 16, True), (6, 12, True)])
def test_no_two_plans_are_the_same_execution(model: Any, num_devices: int, size_of_batch: int, is_free: bool) -> None:
    """Nor do their times and memories agree to the last part; what is left out has a reason and is counted."""
    batch = Batch(size=size_of_batch, is_free=is_free)
    search = Search(job(model, sequence_length=8192), pool(num_devices), batch, {}, assumptions())
    limits = Limits(memory=80e9, devices=num_devices)
    tally = search.best(limits, top=10_000)
    assert len(tally.best) >= 24
    executions = set()
    for ranked in tally.best:
        how = {"global_batch_size": ranked.batch, "assumptions": search.assumptions}
        parts = (
            estimate(search.job, search.pool, ranked.plan, **how),
            memory(search.job, search.pool, ranked.plan, **how),
        )
        numbers = [getattr(part, name) for part in parts for name in type(part).__dataclass_fields__]
        shown = tuple(f"{number:.9g}" for number in numbers if not isinstance(number, str))
        executions.add((int(ranked.plan.num_devices), ranked.batch, *shown))
    assert len(executions) == len(tally.best) == tally.num_weighed
    assert tally.rejected[Reason.REPEATED] > 0
    assert tally.num_weighed + tally.rejected.total() + tally.num_slower == tally.num_candidates == search.space.size
    assert tally.num_slower >= 0


def test_an_axis_that_the_user_fixes_repeats_nothing() -> None:
    fixed = {"pipeline_parallel": 1, "schedule": int(Schedule.ZERO_BUBBLE), "sharding": int(Sharding.GRADIENTS)}
    search = Search(job(SMALL, sequence_length=2048), pool(1), Batch(size=8), fixed, assumptions())
    tally = search.best(Limits(memory=80e9, devices=1))
    assert {name: getattr(tally.best[0].plan, name) for name in fixed} == fixed


def some_plans(task: Job, num_devices: int, batch: Batch) -> tuple[Plan, Any]:
    where = Search(task, pool(num_devices), batch, {}, assumptions()).space
    rng = np.random.default_rng(0)
    picked = []
    for plan, sizes in every_plan(where, num_devices):
        index = rng.integers(0, size(plan), min(400, size(plan)))
        picked.append((subset(plan, index), sizes[index], np.zeros(len(index), dtype=int)))
    ((plan, sizes, _),) = retiled(picked, 10**9)
    return plan, sizes


@pytest.mark.parametrize("model", [SMALL, EXPERTS])
@pytest.mark.parametrize("is_free", [False, True])
def test_bounds_hold(model: Any, is_free: bool) -> None:
    """No plan is faster or smaller than its bounds say."""
    task, cluster = job(model, sequence_length=8192), pool(64)
    plan, batch = some_plans(task, 64, Batch(size=48, is_free=is_free))
    codes = feasibility(task, cluster, plan, global_batch_size=batch, assumptions=assumptions())
    holds = np.flatnonzero((codes == 0) | (codes == int(Reason.MEMORY)))
    plan, batch = subset(plan, holds), batch[holds]
    asked = {"global_batch_size": batch, "assumptions": assumptions()}
    assert len(holds) > 500
    time = estimate(task, cluster, plan, **asked).time
    pace = pace_of_plans(task, cluster, plan, **asked)
    assert np.all(least_time(task, plan, pace, **asked) <= time * (1 + 1e-12))
    np.testing.assert_allclose(sharded_time(task, cluster, plan, pace, **asked), time, rtol=1e-12)
    needed = memory(task, cluster, plan, **asked).total
    assert np.all(least_memory(task, cluster, plan, **asked) <= needed * (1 + 1e-12))
    bare = replace(plan, sharding=np.full(len(batch), float(Sharding.NONE)))
    assert pace.micro_batch.tolist() == pace_of_plans(task, cluster, bare, **asked).micro_batch.tolist()
    assert np.all(sharded_time(task, cluster, bare, pace, **asked) >= least_time(task, bare, pace, **asked))


def test_memory_of_devices_that_narrow_gradients_is_bounded_too() -> None:
    """What does not fit with FP32 gradients may fit with BF16 ones: the bound counts these."""
    task = job(SMALL, sequence_length=8192)
    plan, batch = some_plans(task, 16, Batch(size=16))
    holds = np.flatnonzero(shape_codes(task, 16, plan, batch) == int(Reason.OK))
    plan, batch = subset(plan, holds), batch[holds]
    assert len(holds) > 500
    for share in (1e-3, 1e-2, 3e-2):
        cluster = pool(16, device=accelerator(memory=80e9 * share))
        asked = {"global_batch_size": batch, "assumptions": assumptions(context=0.0, communicator=0.0)}
        assert np.all(least_memory(task, cluster, plan, **asked) <= memory(task, cluster, plan, **asked).total)


def test_what_is_found_does_not_depend_on_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask() -> Tally:
        search = Search(job(LATENT_EXPERTS), pool(4096), Batch(size=3072), {}, assumptions())
        return search.best(Limits(memory=80e9, devices=4096), top=4)

    alone = ask()
    monkeypatch.setattr("sys._is_gil_enabled", lambda: False, raising=False)
    assert ask() == alone


def test_every_plan_is_accounted_for() -> None:
    """Weighed, refused for a reason, or set aside as slower."""
    search = Search(job(), pool(512), Batch(size=1024), {}, assumptions())
    found = search.best(Limits(memory=80e9, devices=512))
    assert found.num_candidates == search.space.size
    assert found.num_weighed > 0
    assert found.num_slower > 0
    assert found.num_weighed + found.num_slower + found.rejected.total() == found.num_candidates


def test_a_search_may_be_asked_again() -> None:
    """Fewer devices and less memory never make a faster plan."""
    search = Search(job(), pool(256), Batch(size=512), {}, assumptions())
    speeds = [
        search.best(Limits(memory=most, devices=n)).best[0].score for most, n in ((80e9, 256), (60e9, 256), (60e9, 100))
    ]
    assert speeds == sorted(speeds, reverse=True)
    fewest = search.best(Limits(memory=80e9, devices=256, speed=speeds[0] / 4), minimise="devices").best[0]
    assert fewest.plan.num_devices < 256 / 3


def test_the_best_are_kept_in_order_and_equal_ones_by_size() -> None:
    plans = Plan(
        tensor_parallel=np.array([4.0, 2.0, 1.0, 8.0]),
        **{name: np.ones(4) for name in Plan.__dataclass_fields__ if name != "tensor_parallel"},
    )
    found, batch = Tally(top=2), np.full(4, 8.0)
    found.rank(plans, batch, np.array([1.0, 3.0, -np.inf, 3.0]))
    assert [r.plan.tensor_parallel for r in found.best] == [2, 8]
    assert found.bar == 3.0
    found.rank(plans, batch, np.array([1.0, 2.0, 3.0, 2.0]))
    assert [r.plan.tensor_parallel for r in found.best] == [1, 2]
    other = Tally(top=2)
    other.rank(plans, batch, np.array([9.0, 0.0, 0.0, 0.0]))
    found.add(other)
    assert [r.plan for r in found.best] == [candidate(plans, 0), candidate(plans, 2)]


def test_where_nothing_holds_the_nearest_is_known() -> None:
    search = Search(job(), pool(8), Batch(size=8), {}, assumptions())
    found = search.best(Limits(memory=1e9, devices=8))
    assert not found.best
    needed, plan, batch = found.nearest[Reason.MEMORY]
    assert needed > 1e9
    assert batch == 8
    assert plan.num_devices == 8


def test_questions_asked_together_are_answered_as_each_alone() -> None:
    """Questions differ in batch, devices and memory; some have a warm start."""
    ground = Search(job(EXPERTS, sequence_length=2048), pool(64), Batch(size=1, is_free=True), {}, assumptions())
    warm_start = Plan(tensor_parallel=2, data_parallel=8, micro_batch_size=2)
    questions = [
        Question(
            batch=Batch(size=batch, is_free=True, round_up=round_up),
            limits=Limits(memory=memory, devices=devices),
            warm_start=warm_start if batch == 50 else None,
        )
        for batch in (13, 50, 301)
        for round_up in (False, True)
        for memory, devices in ((80e9, 64), (8e9, 40))
    ]
    together = ground.best_of_each(questions)
    for question, found in zip(questions, together, strict=True):
        alone = ground.of_batch(question.batch).best(question.limits)
        assert [(r.plan, r.batch, r.score) for r in found.best] == [(r.plan, r.batch, r.score) for r in alone.best]
        assert found.num_slower >= 0
    assert sum(bool(found.best) for found in together) == 12
