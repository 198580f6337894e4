"""Facts of software in the time of a step: kernels of attention, functions one by one, launches, early stops."""

from dataclasses import replace
from typing import Any

import pytest

from lindos.problem.job import Job
from lindos.problem.plan import Plan, Recompute
from lindos.step import StepEstimate, estimate
from lindos.step.attention_kernels import kernel_share
from lindos.step.host import waiting
from step_fixtures import assumptions, job, pool

PLAN = Plan(data_parallel=8)


def under(work: Job, **changes: Any) -> Job:
    return replace(work, stack=replace(work.stack, **changes))


def timed(work: Job, plan: Plan = PLAN, **changes: Any) -> StepEstimate:
    return estimate(work, pool(), plan, global_batch_size=64, assumptions=assumptions(**changes))


@pytest.mark.parametrize(
    ("kernel", "family", "share"),
    [
        ("device", "ampere", 1.0),
        ("flash-2", "ampere", 1.0),
        ("flash-1", "ampere", 0.5),
        ("flash-2", "hopper", 0.57),
        ("torch-sdpa", "blackwell", 0.3),
        ("flash-1", "hopper", 0.57 * 0.5),
        ("cudnn", "hopper", 0.9),
        ("device", "blackwell", 1.2),
        ("splash", "tpu", 1.0),
    ],
)
def test_a_kernel_runs_at_the_rate_of_its_generation(kernel: str, family: str, share: float) -> None:
    facts = assumptions(hopper_attention_share=0.9, blackwell_attention_share=1.2)
    assert kernel_share(kernel, family, facts) == pytest.approx(share)


def test_functions_one_by_one_move_more_bytes() -> None:
    work = job()
    assert work.model.gated
    fused, apart = timed(work), timed(under(work, fused_norms=False, fused_activations=False, loss="torch"))
    assert float(apart.elementwise) > 1.5 * float(fused.elementwise)
    assert apart.matmul == fused.matmul


def test_a_slow_host_sets_the_pace_and_graphs_free_it() -> None:
    fast, slow = timed(job()), timed(job(), launch_time=1.0)
    assert float(fast.exposed_host) == 0.0
    assert float(slow.exposed_host) > 10 * float(fast.time)
    assert float(timed(under(job(), has_graphs=True), launch_time=1.0).exposed_host) == 0.0
    assert float(timed(under(job(), compiled=True), launch_time=1.0).time) < float(slow.time)


def test_a_host_that_is_ahead_costs_nothing() -> None:
    assert waiting(1.0, 0.0) == 0.0
    assert waiting(1.0, 0.1) < 1e-4
    assert waiting(1.0, 100.0) == pytest.approx(99.0, rel=1e-3)


def test_full_recomputation_that_stops_early_leaves_out_the_last_product() -> None:
    plan = replace(PLAN, recompute=int(Recompute.FULL))
    whole, early = timed(job(), plan), timed(under(job(), stops_early=True), plan)
    assert float(early.recompute) < float(whole.recompute)
    assert float(early.recomputed_flops) < float(whole.recomputed_flops)
    layer = job().model.hidden_size * job().model.ffn_hidden_size * job().model.num_layers
    assert float(whole.recomputed_flops - early.recomputed_flops) == pytest.approx(2 * layer * float(whole.tokens))
    assert timed(under(job(), stops_early=True)).time == timed(job()).time


def test_norms_and_activations_of_a_kernel_library_quantise_as_they_write() -> None:
    apart, carried = timed(job(precision="fp8")), timed(job(precision="fp8"), quantise_share=0.5)
    assert float(carried.elementwise) < float(apart.elementwise)
    compiled = under(job(precision="fp8"), compiled=True)
    assert timed(compiled, quantise_share=0.5).elementwise == apart.elementwise
